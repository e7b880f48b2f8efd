"""The whole way in the real window: open, scroll, segment, correct, confirm, train, compare, accept, roll back."""

import json

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.gui.conftest import BRIGHT, head
from tests.gui.test_main_window import drop, wheel
from viewer.core.geometry import plane_axes

STEPS = 12


def correct_by_hand(window, k: int) -> None:
    """Make axial slice k what a reader would: the bright block is "Bright", everything else nothing."""
    session = window.session
    truth = np.zeros((1, *head().voxels.shape[1:]), np.uint8)
    if k in range(BRIGHT[0].start, BRIGHT[0].stop):
        truth[(slice(0, 1), *BRIGHT[1:])] = next(x.value for x in session.labels if x.name == "Bright")
    box = slice(k, k + 1), slice(0, truth.shape[1]), slice(0, truth.shape[2])
    session.replace_voxels("Correct", box, truth)
    session.move_cursor((*session.cursor_ijk[:2], k))
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_Return)


def test_open_segment_correct_train_accept_and_roll_back(start, scan_folder, qtbot):
    window = start()
    session, workflows, pane = window.session, window.workflows, window.panes["axial"]

    drop(window, scan_folder)
    qtbot.waitUntil(lambda: session.editable, timeout=20_000)
    np.testing.assert_array_equal(session.volume.voxels, head().voxels)
    before = session.cursor_ijk
    wheel(pane, -3)
    assert abs(session.cursor_ijk[2] - before[2]) == 3

    window.model_panel.run.click()
    qtbot.waitUntil(lambda: session.proposal is not None, timeout=30_000)
    assert session.proposal.source == "tiny 1.0.0"
    qtbot.waitUntil(lambda: window.proposal_bar.isVisible())
    window.proposal_bar.first.click()
    qtbot.waitUntil(lambda: session.proposal is None, timeout=20_000)
    proposed = session.label_map.voxels.copy()

    QTest.keyClick(pane, "b")
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    QTest.mouseMove(pane, pane.rect().center() + QPoint(25, 10))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center() + QPoint(25, 10))
    k = session.cursor_ijk[plane_axes(session.volume.geometry, "axial").normal]
    changed = np.argwhere(session.label_map.voxels != proposed)
    assert set(changed[:, 0]) <= {k}
    qtbot.wait(20)
    QTest.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(session.label_map.voxels, proposed)

    for k in range(2, 18, 2):
        correct_by_hand(window, k)
    assert len(session.confirmed) == 8

    window.show_training()
    panel = window.training_panel
    qtbot.waitUntil(panel.start.isEnabled)
    panel.steps.setFocus()
    panel.steps.setValue(STEPS)
    panel.start.click()
    assert window.focusWidget() is window.room.active
    run = workflows.training.run
    qtbot.waitUntil(lambda: any(e["event"] == "progress" for e in run.events) or run.ended, timeout=120_000)
    panel.pause.click()
    qtbot.waitUntil(lambda: panel.pause.text() == "Resume")
    panel.pause.click()
    qtbot.waitUntil(lambda: run.ended, timeout=240_000)
    assert run.state == "finished", run.message

    report = run.report
    assert set(report["models"]) == {"current", "semi-supervised", "supervised"}
    assert report["unit"] == "slices" and not report["verified"]
    assert len(panel._curves["loss"].getData()[0]) >= 2
    shown = panel.comparison.arms
    assert shown.item(0, 0).text() == "Current"
    assert shown.item(0, 1).text() == f"{report['models']['current']['mean_dice']:.3f}"
    assert report["decision"]["reason"] in panel._reason.text()
    for button in panel.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()), button.text()

    panel.use.click()
    qtbot.waitUntil(lambda: run.state == "accepted", timeout=20_000)
    active = workflows.models.get("tiny")
    assert active.manifest.version != "1.0.0" and active.manifest.parent.version == "1.0.0"
    assert json.loads((run.folder / "out" / "report.json").read_text()) == report
    window.model_panel.run.click()
    qtbot.waitUntil(lambda: session.proposal is not None, timeout=30_000)
    assert session.proposal.origin.version == active.manifest.version
    session.reject_proposal()

    panel.roll_back.click()
    assert workflows.models.get("tiny").manifest.version == "1.0.0"
    assert not panel.roll_back.isVisible()
    qtbot.waitUntil(lambda: "1.0.0" in panel._status.text())
    assert session.confirmed and not np.array_equal(session.label_map.voxels, proposed), "the work stays"
