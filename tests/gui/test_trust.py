"""How sure a model is, where its labels are from, and what a person says to them, by mouse and keys in the window."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.proposal import Certainty, Proposal
from viewer.gui import slice_picture

ORIGIN = Origin("tiny", "1.0.0", "CPU", 1.0, "ab" * 32, "2026-01-02T03:04:05+00:00")


@pytest.fixture
def proposed(opened, qtbot):
    """The window with a proposal in two blocks, the left half of the lower ones unsure."""
    shape = opened.session.volume.voxels.shape
    voxels = np.zeros(shape, np.uint8)
    voxels[4:16, 8:24, 8:18] = 1
    voxels[4:16, 8:24, 24:36] = 2
    probability = np.where(voxels > 0, 230, 20).astype(np.uint8)
    probability[:, 8:16, 8:18] = 128
    entropy = np.where(probability == 128, 255, 0).astype(np.uint8)
    labels = (Label(1, "Bright", (200, 30, 30)), Label(2, "Dim", (30, 200, 30)))
    sure = Certainty(np.maximum(voxels, 1), probability, entropy)
    opened.panels.setCurrentWidget(opened.model_panel)
    opened.session.propose(Proposal(voxels, labels, ORIGIN, sure))
    qtbot.waitUntil(lambda: opened.model_panel.part.table.topLevelItemCount() == 2)
    qtbot.waitUntil(lambda: "…" not in opened.model_panel.part._rows()[0].text(1), timeout=5000)
    return opened


def place(window, i, j, k) -> tuple:
    window.session.move_cursor((i, j, k))
    pane = window.room.panes["axial"]
    pane._begin()
    x, y = pane.view.to_pane((i, j, k))
    return pane, QPoint(round(x), round(y))


def picture(pane):
    return pane.grab().toImage()


def test_the_slider_redraws_what_is_seen_and_that_is_accepted(proposed, qtbot):
    part = proposed.model_panel.part
    row = part._rows()[0]
    assert row.text(1) == f"{12 * 16 * 10 * 8 / 1000:.1f}" and row.text(2) == f"{50 * (128 + 230) / 255:.0f} %"
    part.threshold.setValue(80)
    seen = proposed.session.proposal.all_seen()
    assert not seen[:, 8:16, 8:18].any() and (seen[5, 20, 10], seen[5, 20, 30]) == (1, 2)
    qtbot.waitUntil(lambda: row.text(1) == f"{12 * 8 * 10 * 8 / 1000:.2f}", timeout=5000)
    assert "80 %" in part._threshold_text.text()
    np.testing.assert_array_equal(proposed.session.proposal.latest, seen)  # what 3-D shows
    part._rows()[1].setCheckState(0, Qt.CheckState.Unchecked)
    proposed.workflows.accept_proposal()
    qtbot.waitUntil(lambda: proposed.session.proposal is None, timeout=5000)
    np.testing.assert_array_equal(proposed.session.label_map.voxels, np.where(seen == 1, 1, 0))
    assert proposed.session.accepted[0].by == proposed.workflows.annotation_store.by != ""


def test_a_click_tells_where_it_is_from_and_judges_the_region(proposed, qtbot):
    pane, at = place(proposed, 12, 20, 8)
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=at)
    card = proposed.trusting.card
    assert card.isVisible()
    for fact in ("Bright", "Proposed", "90 %", "tiny 1.0.0", ORIGIN.short_hash, "CPU"):
        assert fact in card.text
    card.buttons[True, False].click()
    qtbot.waitUntil(lambda: bool(proposed.session.accepted), timeout=5000)
    assert not card.isVisible() and proposed.session.label_map.voxels[8, 20, 12] == 1
    pane, at = place(proposed, 30, 20, 8)
    qtbot.mouseMove(pane, at)
    proposed.commands.named["AI/Reject this region of the proposal"].trigger()
    qtbot.waitUntil(lambda: not proposed.session.proposal.all_seen().any(), timeout=5000)
    proposed.commands.named["Labels/Undo"].trigger()
    assert proposed.session.proposal.all_seen()[8, 20, 30] == 2
    pane, at = place(proposed, 12, 20, 8)
    qtbot.mouseMove(pane, at)
    proposed.commands.named["AI/Where is this label from?"].trigger()
    assert card.isVisible() and "Accepted as the model said it" in card.text and not card.judging.isVisible()
    qtbot.waitUntil(lambda: "no voxel of Bright changed" in card.text, timeout=5000)
    proposed.session.label_map.voxels[8, 20, 14] = 0
    proposed.trusting.ask()
    qtbot.waitUntil(lambda: "1 voxels of Bright changed" in card.text, timeout=5000)
    proposed.session.label_map.voxels[8, 20, 14] = 1
    proposed.workflows.accept_proposal()
    qtbot.waitUntil(lambda: proposed.session.proposal is None, timeout=5000)
    pane, at = place(proposed, 12, 20, 8)
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=at)
    assert not proposed.trusting.card.isVisible()


def test_uncertainty_is_off_at_first_and_colours_only_what_is_unsure(proposed, qtbot, monkeypatch):
    pane, unsure = place(proposed, 12, 12, 8)
    _, sure = place(proposed, 14, 20, 8)
    proposed.session.move_cursor((30, 28, 8))
    before = picture(pane)
    proposed.trusting.uncertainty.trigger()
    qtbot.wait(50)
    after = picture(pane)
    assert before.pixelColor(unsure) != after.pixelColor(unsure)
    assert before.pixelColor(sure) == after.pixelColor(sure)
    words = pane._words.all(pane.view, proposed.session.series, proposed.session.volume, None)
    badge = next(badge for badge in words.badges if "Uncertainty" in badge.text)
    assert "entropy of the model's probabilities" in badge.detail
    assert (words.left_bar.top, words.left_bar.bottom) == ("1 unsure", "0 sure")
    threads, real = [], slice_picture.doubt_layer
    monkeypatch.setattr(
        "viewer.gui.slice_pane.doubt_layer",
        lambda *given: threads.append(threading.current_thread()) or real(*given),
    )
    proposed.session.turn_planes("coronal", 0.3)  # on oblique planes, too, and by another thread
    qtbot.waitUntil(lambda: bool(threads), timeout=3000)
    qtbot.wait(100)
    assert any(thread is not threading.main_thread() for thread in threads)
    assert proposed.session.is_oblique("axial") and pane._doubt.get() is not None


def test_a_small_window_says_what_the_colours_of_uncertainty_are(proposed, qtbot):
    proposed.resize(1024, 580)
    proposed.trusting.uncertainty.trigger()
    qtbot.wait(100)
    for name in ("axial", "coronal", "sagittal"):
        pane = proposed.room.panes[name]
        pane.grab()
        assert any("0 sure" in piece.text for piece in pane.written), (name, pane.size())


def test_closing_and_opening_again_keeps_who_made_what(proposed, start, scan_folder, qtbot):
    proposed.workflows.accept_proposal()
    qtbot.waitUntil(lambda: proposed.session.proposal is None, timeout=5000)
    accepted = proposed.session.accepted
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    assert window.session.accepted == accepted and accepted[0].origin == ORIGIN
    pane, at = place(window, 12, 20, 8)
    qtbot.mouseMove(pane, at)
    window.trusting.ask()
    assert "not kept" in window.trusting.card.text and ORIGIN.short_hash in window.trusting.card.text
