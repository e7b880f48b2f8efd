"""What the start of the window may not wait for."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage

from viewer.gui import app
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


def test_a_folder_that_cannot_be_used_is_said_and_another_can_be_chosen(qapp, tmp_path, monkeypatch):
    """A file in its place is refused to everybody, as a read-only folder is to all but root."""
    (tmp_path / "file").write_text("")
    asked, opened = [], []

    def choose(box):
        asked.append(box.text())
        next(button for button in box.buttons() if button.text().startswith(answer)).click()

    def build(folder, really=app.build_window):
        opened.append(really(folder))
        return opened[-1]

    monkeypatch.setattr(app, "user_folder", lambda: tmp_path / "file" / "slicewise")
    monkeypatch.setattr(app, "build_window", build)
    monkeypatch.setattr(app.QMessageBox, "exec", choose)
    monkeypatch.setattr(app.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "other"))
    monkeypatch.setattr(app.QApplication, "exec", lambda *_: 0 * opened[-1].close())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    answer = "Quit"
    assert app.run([]) == 2 and not opened
    answer = "Choose"
    assert app.run([]) == 0 and opened[-1].workflows.folder == tmp_path / "other"
    assert len(asked) == 2 and all("cannot be used" in text for text in asked)
