"""Watches where panes really write, whatever they believe themselves."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from viewer.gui import overlay
from viewer.gui.pane import Pane

Ink = list[tuple[QRectF, str]]


def watch(monkeypatch: pytest.MonkeyPatch) -> Ink:
    """From now on gets the rectangle and the words of each text that is painted."""
    seen: Ink = []

    def watched_text(face, painter, at, text, colour):
        seen.append((QFontMetricsF(face.font).tightBoundingRect(text).translated(at), text))
        write(face, painter, at, text, colour)

    def watched_badge(painter, rect, text, badge, face):
        seen.append((rect, text))
        draw_badge(painter, rect, text, badge, face)

    def watched_sentence(painter, area, text, colour, face):
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        seen.append((QFontMetricsF(face.font).boundingRect(area, int(flags), text), text))
        draw_sentence(painter, area, text, colour, face)

    write, draw_badge, draw_sentence = overlay.Face.write, overlay.draw_badge, overlay.draw_sentence
    monkeypatch.setattr(overlay.Face, "write", watched_text)
    monkeypatch.setattr(overlay, "draw_badge", watched_badge)
    monkeypatch.setattr(overlay, "draw_sentence", watched_sentence)
    return seen


def assert_nothing_overlaps(pane: Pane, ink: Ink, *widgets) -> None:
    """Neither another text, nor a button or one of the widgets, nor the edge of the pane."""
    ink.clear()
    pane.grab()
    area = pane.rect().toRectF()
    buttons = [widget.geometry().toRectF() for widget in (pane.resample_button, *widgets) if widget.isVisible()]
    assert ink
    for n, (rect, text) in enumerate(ink):
        assert area.contains(rect), f"{text!r} leaves the pane at {pane.size()}"
        for other, words in ink[:n]:
            assert not rect.intersects(other), f"{text!r} lies on {words!r} at {pane.size()}"
        assert not any(rect.intersects(button) for button in buttons), f"{text!r} lies under a button at {pane.size()}"
