"""Words on pictures: what is kept of them is what would be drawn."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from viewer.gui.overlay import draw_text, face_for

AT = QPointF(20, 40)


def picture(draw, ratio: float) -> np.ndarray:
    """Brightness [row, column] of what is drawn on black, 160 x 60 logical pixels."""
    image = QImage(round(160 * ratio), round(60 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("black"))
    with QPainter(image) as painter:
        draw(painter)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 1].copy()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("text", ["Slice 12 / 300", "Ågren, Jörg · 山田"])
def test_a_kept_word_stands_where_it_would_be_written(qapp, ratio, text):
    face = face_for(qapp.font(), 480, 480)
    white = QColor("white")

    def plainly(painter):
        painter.setFont(face.font)
        painter.setPen(white)
        painter.drawText(AT, text)

    expected = picture(plainly, ratio)
    for _ in range(2):  # when it is drawn, and when it is taken from what was drawn
        seen = picture(lambda painter: face.write(painter, AT, text, white), ratio)
        for axis in (0, 1):
            ink, other = (np.flatnonzero(rows.max(axis=axis) > 100) for rows in (seen, expected))
            assert abs(int(ink[0]) - int(other[0])) <= 1 and abs(int(ink[-1]) - int(other[-1])) <= 1


def test_each_text_colour_font_and_screen_has_a_picture_of_its_own(qapp):
    def of(text="A", colour="white", width=480, ratio=1.0):
        def draw(painter):
            painter.setFont(face_for(qapp.font(), width, width).font)
            draw_text(painter, AT, text, QColor(colour))

        return picture(draw, ratio)

    first = of()
    assert first.max() > 200
    np.testing.assert_array_equal(of(), first)
    for other in (of(text="B"), of(colour="#303030"), of(width=900)):
        assert not np.array_equal(other, first)
    assert (of(ratio=2.0) > 100).sum() > 2 * (first > 100).sum()


def test_words_can_be_read_on_white(qapp):
    face = face_for(QFont(qapp.font()), 480, 480)

    def draw(painter):
        painter.fillRect(0, 0, 160, 60, QColor("white"))
        face.write(painter, AT, "L", QColor("white"))

    assert picture(draw, 1.0).min() < 80  # its shadow
