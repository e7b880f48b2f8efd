"""What a pane remembers of its last layout changes nothing of the next."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont

from viewer.gui.lettering import CornerTexts, Words, lay_out
from viewer.gui.overlay import Badge, Line, Rank, Ruler

RED = QColor("red")


def words(value="Value 12", number="Slice 3 / 40", name="Doe, Jane", badge="Lossy compression", **changes) -> Words:
    corners = CornerTexts(
        (Line("Axial", rank=Rank.NOTICE), Line(name, rank=Rank.MUST)),
        (Line("Abdomen with contrast, portal venous"), Line("2021-03-04", rank=Rank.VALUE, number=True)),
        (Line(value, rank=Rank.VALUE, number=True), Line("W 400  L 40", rank=Rank.WINDOW, number=True)),
        (Line("Thin slices · soft kernel"), Line(number, rank=Rank.SLICE, number=True, short="3 / 40")),
    )
    badges = (Badge(badge, RED, "Why."),)
    return Words(corners, ("R", "L", "A", "P"), Ruler(100.0, "50 mm"), badges, **changes)


def seen(pieces):
    return [(piece.key, piece.rank, piece.text, piece.rect) for piece in pieces]


@pytest.mark.parametrize("size", [(1024, 1024), (520, 400), (300, 400), (210, 230), (160, 120), (700, 140)])
def test_a_layout_after_another_is_that_of_a_pane_seen_for_the_first_time(qapp, size):
    pane, base = QRectF(0, 3, *size), QFont()
    some = [
        words(),
        words(value="Value 34"),
        words(value="Value -1024"),
        words(number="Slice 17 / 40"),
        words(number="Slice 8 / 40", value="Value 56"),
        words(value="Value -1024 HU within a very long text", number="Slice 8 of more than a thousand / 40"),
        words(value="Value 5", number="Slice 8 of more than a thousand, which takes all the room that there is / 40"),
        words(value="Value -1 HU within a very long text", number="Slice 8 of more than a thousand, which takes / 40"),
        words(value=""),
        words(value="Value 99"),
        words(name="Doe, John"),
        words(name="A very long name that has hardly any room beside others, Jane"),
        words(badge="Uncalibrated"),
        words(sentence="Loading…", sentence_area=QRectF(20, 40, 100, 60)),
        words(taken=(QRectF(size[0] - 90, 3, 90, 30),)),
        words(taken=(QRectF(size[0] - 90, 3, 90, 30),), value="Value 11"),
    ]

    for old, new in pairwise(some):
        before = lay_out(pane, old, base)
        assert seen(lay_out(pane, new, base, before).pieces) == seen(lay_out(pane, new, base).pieces)


def test_a_layout_for_another_pane_or_font_is_not_kept(qapp):
    before = lay_out(QRectF(0, 3, 1024, 1024), words(), QFont())
    larger = QFont()
    larger.setPointSizeF(2 * QFont().pointSizeF())

    for pane, base in ((QRectF(0, 3, 500, 500), QFont()), (QRectF(0, 3, 1024, 1024), larger)):
        assert seen(lay_out(pane, words(), base, before).pieces) == seen(lay_out(pane, words(), base).pieces)


def test_digits_that_change_are_written_without_finding_places_anew(qapp, monkeypatch):
    pane, base = QRectF(0, 3, 1024, 1024), QFont()
    before = lay_out(pane, words(), base)
    monkeypatch.setattr("viewer.gui.lettering._pieces", None)

    after = lay_out(pane, words(number="Slice 8 / 40", value="Value -1024"), base, before)

    assert {"Slice 8 / 40", "Value -1024"} <= {piece.text for piece in after.pieces}
