"""What the start of the window may not wait for."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage

from viewer.gui.icons import glyph_icon

LATER = ("pydicom", "SimpleITK", "vtkmodules", "pyqtgraph", "qtawesome", "qtpy", "onnxruntime", "filelock", "PIL")

PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication

from viewer.gui.app import build_window

window = build_window(Path(sys.argv[1]))
window.show_as_before()
QApplication.processEvents()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
window.close()
"""


def test_first_window_is_there_before_the_large_libraries(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        check=True,
        capture_output=True,
        text=True,
    )

    imported = set(child.stdout.split())
    assert "numpy" in imported
    assert not imported.intersection(LATER)


@pytest.mark.parametrize("side", [16, 24, 48])
def test_icons_are_those_of_qtawesome(qapp, side):
    import qtawesome

    colour, disabled = QColor("#c8d0e0"), QColor("#606060")
    for name in ("ruler", "play", "cube-outline", "brush"):
        ours = glyph_icon(name, colour, QColor("red"), disabled)
        theirs = qtawesome.icon(f"mdi6.{name}", color=colour, color_on=QColor("red"), color_disabled=disabled)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
            for state in (QIcon.State.Off, QIcon.State.On):
                picture = pixels(ours, side, mode, state)
                assert picture.any()
                np.testing.assert_array_equal(picture, pixels(theirs, side, mode, state))


def pixels(icon: QIcon, side: int, mode: QIcon.Mode, state: QIcon.State) -> np.ndarray:
    image = icon.pixmap(QSize(side, side), 1.0, mode, state).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    return np.array(image.constBits()).reshape(image.height(), image.width(), 4)
