"""A classification model in the window: what it says, where it looked, and a person's word on it."""

import json

import numpy as np
import pytest

from inference.manifest import PercentileIntensity, Preprocessing
from tests.gui.test_main_window import wheel
from tests.inference.test_classify import HEAT, write_scorer
from viewer.core.findings import SERIES
from viewer.core.scores import Scores
from viewer.core.volume import Volume
from viewer.gui import score_export


@pytest.fixture
def scored(opened, tmp_path, qtbot):
    """The window with a series classified."""
    seen = Preprocessing(axes="SPL", intensity=PercentileIntensity(), size_multiple=4)
    opened.workflows.models.install(write_scorer(tmp_path / "scorer", HEAT, preprocessing=seen))
    panel = opened.model_panel
    panel.refresh()
    panel.models.setCurrentIndex(panel.models.findData("scorer"))
    assert panel.run.text() == "Classify"
    panel.start()
    qtbot.waitUntil(lambda: opened.session.scores is not None, timeout=20_000)
    qtbot.waitUntil(lambda: panel.scores.isVisibleTo(panel))
    return opened


def scores_of(window) -> Scores:
    assert window.session.scores is not None
    return window.session.scores


def says_in_words_what_is_above_its_threshold_and_where_it_came_from(scored):
    panel, scores = scored.model_panel.scores, scores_of(scored)
    assert "scorer 1.0.0" in panel._about.text() and scores.origin.short_hash in panel._about.text()
    said = [panel._rows.itemAt(n).widget() for n in range(panel._rows.count())]
    words = [widget.text() for widget in said if hasattr(widget, "text")]
    assert sum("above threshold 50 %" in word for word in words) == sum(one.above for one in scores.classes) > 0
    assert len(panel._answers) == sum(one.above for one in scores.classes)
    assert scored.session.heat is None, "a map is shown only when it is asked for"


def lays_a_map_that_changes_no_value_and_goes_with_its_series(scored, qtbot):
    session, panel = scored.session, scored.model_panel.scores
    before = session.volume.voxels.copy()
    panel.toggle_heat()
    qtbot.waitUntil(panel.top.isEnabled)
    panel.top.click()
    at = session.heat.over.index_under(session.volume.geometry, session.cursor_ijk)
    highest = np.unravel_index(session.heat.over.volume.voxels.argmax(), session.heat.over.volume.voxels.shape)[::-1]
    assert np.abs(at - highest).max() <= 0.51
    assert session.heat.kind == "cam" and session.heat.top == pytest.approx(session.heat.over.volume.voxels.max())
    assert np.array_equal(session.volume.voxels, before)
    assert panel._takes.text().startswith("At most ")
    pane = scored.room.panes["axial"]

    def told() -> str:
        words = pane._words.all(pane.view, session.series, session.shown, None)
        return " ".join(badge.text for badge in words.badges)

    assert pane._heat_seen is session.heat and "AI heat map" in told()
    session.show_moment_volume(Volume(before, session.volume.geometry))  # of another moment nothing is known
    assert pane._heat_seen is None and "AI heat map" not in told()
    session.show_moment_volume(None)
    panel.check.click()
    qtbot.waitUntil(lambda: session.heat is not None and session.heat.kind == "occlusion", timeout=20_000)
    assert "rank correlation" in panel._found.text()
    session.close_series()
    assert session.heat is None and session.scores is None


def keeps_its_choices_when_the_wheel_scrolls_over_them(scored):
    panel, models = scored.model_panel.scores, scored.model_panel.models
    before = panel.level.currentIndex(), panel.opacity.value(), models.currentIndex()
    for widget in (panel.level, panel.opacity, models):
        wheel(widget, -1)
    assert (panel.level.currentIndex(), panel.opacity.value(), models.currentIndex()) == before


def answers_by_a_persons_word_alone_which_can_be_undone(scored, qtbot):
    session, panel = scored.session, scored.model_panel.scores
    n, _, accept, reject = panel._answers[0]
    name = scores_of(scored).classes[n].name
    assert not session.answers
    panel.level.setCurrentIndex(panel.level.findData("series"))
    accept.click()
    finding = next(one for one in session.hand.findings if one.name == name)
    assert session.answers == {(finding.number, SERIES): True}
    qtbot.waitUntil(lambda: not accept.isEnabled())
    reject.click()
    assert session.answers == {(finding.number, SERIES): False}
    session.undo()
    session.undo()
    assert not session.answers
    panel.level.setCurrentIndex(panel.level.findData("all"))
    accept.click()
    slices = scores_of(scored).slices[:, n]
    assert len(session.answers) == len(session.judged_scores) == 1 + len(slices) > 2
    assert sum(session.answers.values()) == 1 + np.count_nonzero(slices >= 0.5)
    qtbot.waitUntil(lambda: not accept.isEnabled() and reject.isEnabled())
    session.undo()
    assert not session.answers and not session.judged_scores


def exports_what_is_read_back_in_one_dialog(scored, qtbot, monkeypatch, path):
    offered = []

    def ask(parent, title, name, kinds):
        offered.append(kinds)
        return path, next(text for text, suffix in kinds.items() if suffix == ".json")

    monkeypatch.setattr(score_export, "ask_where", ask)
    scored.model_panel.scores.export.click()
    qtbot.waitUntil(lambda: "read back and compared" in scored.status_bar.currentMessage(), timeout=20_000)
    (kinds,) = offered
    assert sorted(kinds.values()) == [".csv", ".json"], "files that name no images have no DICOM objects"
    told = json.loads(path.read_text())
    assert [one["name"] for one in told["classes"]] == [one.name for one in scores_of(scored).classes]
    assert told["model"]["sha256"] == scores_of(scored).origin.sha256


def test_the_panel(scored, qtbot, monkeypatch, tmp_path):
    """One test: to open a window takes longer than all of this."""
    says_in_words_what_is_above_its_threshold_and_where_it_came_from(scored)
    keeps_its_choices_when_the_wheel_scrolls_over_them(scored)
    answers_by_a_persons_word_alone_which_can_be_undone(scored, qtbot)
    exports_what_is_read_back_in_one_dialog(scored, qtbot, monkeypatch, tmp_path / "scores.json")
    lays_a_map_that_changes_no_value_and_goes_with_its_series(scored, qtbot)
