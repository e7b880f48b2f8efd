"""What the panel says before a model runs, and the second step that a model needs which should not run."""

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inference.preflight import Measured
from tests.gui.conftest import head
from viewer.gui import model_panel
from viewer.io.files import write_image
from viewer.model_runs import _try_of, headers_of


@pytest.fixture
def unfit(opened, scan_folder, qtbot):
    """The window with a scan open that is a CT by its values, and a model for MR."""
    ct = head()
    write_image(ct.voxels - 1000, ct.geometry, scan_folder / "ct.nii.gz")
    opened.open_paths([scan_folder / "ct.nii.gz"])
    qtbot.waitUntil(lambda: opened.session.series.description == "ct.nii.gz", timeout=10_000)
    qtbot.waitUntil(lambda: opened.session.editable, timeout=10_000)
    qtbot.waitUntil(lambda: "Should not run" in opened.model_panel._level.text())
    return opened


def answers(monkeypatch, answer: bool) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(model_panel, "agreed", lambda parent, question: asked.append(question) or answer)
    return asked


def test_a_doubt_is_told_by_a_word_an_icon_and_a_colour_and_asks_nothing(opened, monkeypatch, qtbot):
    asked = answers(monkeypatch, False)
    panel = opened.model_panel
    assert panel._level.text() == "▲  Fits with doubts" and panel._level.property("warning")
    assert panel.run.text() == "Segment" and panel.run.property("primary")
    panel.start()
    qtbot.waitUntil(lambda: opened.session.proposal is not None, timeout=20_000)
    assert not asked and opened.session.proposal.source == "tiny 1.0.0"


def test_what_the_headers_say_right_is_green(opened, qtbot):
    session = opened.session
    session.series = replace(session.series, modality="MR")
    opened.workflows.runs._verdicts.clear()
    opened.model_panel._show_fit()
    assert opened.model_panel._level.text() == "✓  Fits this series" and opened.model_panel._level.property("good")


def test_a_model_that_should_not_run_does_not_without_a_word(unfit, monkeypatch, qtbot):
    asked = answers(monkeypatch, False)
    panel = unfit.model_panel
    assert panel._level.text() == "✕  Should not run on this series" and panel._level.property("bad")
    assert panel.run.isEnabled() and not panel.run.property("primary")
    panel.run.click()
    assert len(asked) == 1 and "those of a CT" in asked[0]
    assert unfit.session.proposal is None and not panel._running


def test_a_word_lets_it_run_and_the_result_says_so(unfit, monkeypatch, qtbot):
    answers(monkeypatch, True)
    unfit.segment_action.trigger()
    qtbot.waitUntil(lambda: unfit.session.proposal is not None, timeout=20_000)
    proposal = unfit.session.proposal
    assert proposal.source == "tiny 1.0.0 (overridden: values)"
    assert "those of a CT" in unfit.model_panel._proposal_text.text()
    unfit.workflows.accept_proposal()
    qtbot.waitUntil(lambda: unfit.session.proposal is None, timeout=10_000)
    assert unfit.session.source == "tiny 1.0.0 (overridden: values)"


def test_what_cannot_run_offers_no_override(opened, scan_folder, qtbot):
    picture = head()
    write_image(picture.voxels[:1].copy(), replace(picture.geometry, size=(40, 32, 1)), scan_folder / "one.nii.gz")
    opened.open_paths([scan_folder / "one.nii.gz"])
    qtbot.waitUntil(lambda: opened.session.series.description == "one.nii.gz", timeout=10_000)
    qtbot.waitUntil(lambda: "Cannot run" in opened.model_panel._level.text())
    panel = opened.model_panel
    assert panel.run.text() == "Segment" and not panel.run.isEnabled() and panel._cost.isHidden()
    assert opened.workflows.runs.start("tiny", override=True) is None and opened.session.proposal is None


def test_the_panel_tells_time_memory_and_device_from_a_try_off_its_own_thread(opened, qtbot):
    panel = opened.model_panel
    assert "not known yet" in panel._cost.text()
    qtbot.waitUntil(lambda: "of memory, on CPU" in panel._cost.text(), timeout=30_000)
    assert panel._cost.text().startswith("About 1 s, ")
    assert opened.workflows.runs.try_model("tiny") is None, "it is known now"
    assert not np.any(opened.session.label_map.voxels) and opened.session.proposal is None


def test_a_try_that_fails_is_told_and_not_repeated(opened, monkeypatch, qtbot):
    from inference.manifest import ModelError

    def fail(*arguments, **more):
        raise ModelError("tiny cannot be loaded: it is broken")

    monkeypatch.setattr(opened.workflows.runs.worker, "measure", fail)
    opened.model_panel._try()
    qtbot.waitUntil(lambda: opened.model_panel._cost.text() == "tiny cannot be loaded: it is broken", timeout=10_000)
    assert opened.workflows.runs.try_model("tiny") is None


def test_what_is_told_counts_mirrored_copies_and_what_is_kept_of_certainty(opened, monkeypatch):
    runs, panel, session = opened.workflows.runs, opened.model_panel, opened.session
    record = runs._models.get("tiny")
    seen = record.manifest.preprocessing.model_copy(update={"mirrors": frozenset("i")})
    mirroring = replace(record, manifest=record.manifest.model_copy(update={"preprocessing": seen}))
    monkeypatch.setattr(runs._models, "get", lambda name: mirroring)
    tried = _try_of(mirroring.manifest, headers_of(session.series, session.volume))
    runs._tries[tried] = Measured("CPU", run_s=5.0, voxel_s=0.0, process_bytes=1e8, grown_bytes=0.0)
    panel._show_fit()
    once, told = runs.expected("tiny"), panel._cost.text()
    panel.mirrored.setChecked(True)
    assert runs.expected("tiny").seconds == 2 * once.seconds and panel._cost.text() != told
    runs.with_certainty = False
    assert runs.expected("tiny").memory_bytes < once.memory_bytes


def test_cancelling_with_the_mouse_leaves_the_keyboard_with_the_panes(opened, qtbot):
    def work(job):
        while True:
            job.check()
            time.sleep(0.01)

    opened.activateWindow()
    opened.focus_pane()
    job = opened.workflows.jobs.submit("Segmenting with tiny", work)
    cancel = opened.status_bar.cancel_job
    qtbot.waitUntil(cancel.isVisible)
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: job.ended and not cancel.isVisible())
    assert opened.focusWidget() is opened.room.active
