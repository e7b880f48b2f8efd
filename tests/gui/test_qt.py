"""That the installed Qt binding is one that the window can live with."""

import sys

import pytest
from PySide6.QtGui import QColor, QImage, QPainter


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_calls_that_return_nothing_lose_no_reference_to_none(qapp):
    """PySide6 6.12.0 loses one a call and the interpreter aborts after some thousands: see pyproject.toml."""
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    painter, colour = QPainter(image), QColor("red")
    painter.setPen(colour)
    before = sys.getrefcount(None)
    for _ in range(300):
        painter.setPen(colour)
    after = sys.getrefcount(None)
    painter.end()
    assert abs(after - before) < 100
