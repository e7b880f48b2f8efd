"""At every scale of the screen clicks land where the eye is, and pictures have the screen's own pixels."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
app = QApplication(sys.argv[:1])
from pathlib import Path
from viewer.core.display import WindowLevel
from viewer.core.events import What
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.gui.slice_pane import SlicePane

voxels = np.zeros((9, 21, 17), np.int16)
at = (11, 6, 5)
voxels[at[2], at[1], at[0]] = 1000
grid = Geometry(voxels.shape[::-1], (1.5, 1.0, 3.0), np.zeros(3), np.diag([-1.0, 1.0, 1.0]))
series = Series("1", "1", "P", "", "MR", "", (Path("x"),), GeometryVerdict("regular", ""), grid.size)
session = Session()
session.open(series, Volume(voxels, grid))
session.move_cursor((0, 0, at[2]))
for _ in range(2):
    session.hand.cycle_overlay_text()
pane = SlicePane(session, "axial")
pane.resize(333, 287)
pane.show()
QTest.qWait(50)
def lights(window):
    session.set_window(window)
    pane.apply(What.WINDOW)
    picture = pane.grab().toImage()
    rows, columns = range(picture.height()), range(picture.width())
    return np.array([[picture.pixelColor(x, y).lightness() for x in columns] for y in rows])
shown = lights(WindowLevel(500, 1000)) - lights(WindowLevel(5000, 1000))
ratio = pane.devicePixelRatioF()
rows, columns = np.nonzero(shown > 128)
seen = float(columns.mean() + 0.5) / ratio, float(rows.mean() + 0.5) / ratio
QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(round(seen[0]), round(seen[1])))
print(json.dumps({"ratio": ratio, "seen": seen, "placed": pane.view.to_pane(at), "cursor": session.cursor_ijk,
                  "wanted": at, "pixels": shown.shape[::-1]}))
"""


@pytest.mark.parametrize("factor", [1.0, 1.25, 1.5, 2.0])
def test_a_click_on_what_is_seen_meets_the_voxel_that_is_seen(factor):
    places = {"QT_SCALE_FACTOR": str(factor), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | places,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["ratio"] == factor
    assert told["pixels"] == pytest.approx([333 * factor, 287 * factor], abs=1), "the screen's own pixels"
    assert told["seen"] == pytest.approx(told["placed"], abs=1.0)
    assert told["cursor"] == told["wanted"]
