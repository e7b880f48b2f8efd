"""From a change of the session to the painted pane, beside a pane of pyqtgraph and one of VTK's OpenGL slices.

512 x 512 x 300 int16 with a label overlay, panes of 1024 x 1024 pixels. The figures are the 95th percentile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import WindowLevel, label_colours
from viewer.core.events import Change, What
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

_SHAPE = (300, 512, 512)
_PANE_PX = 1024
_ROUNDS = 60
_WARM_UP = 5

Tell = Callable[[str, float, str, str, float], None]


def panes(tell_share: Tell) -> None:
    """Time each kind of pane in turn, so that a machine whose speed drifts treats all alike."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from viewer.gui.app import (
        _application,
        build_window,  # noqa: F401  dresses the application as the window does
    )

    app = _application()
    session = _session()
    ours = _our_panes(session, 1)
    four = _our_panes(session, 4)
    app.processEvents()
    plot, vtk = _pyqtgraph(session), _vtk(session)
    app.processEvents()

    def move(n: int) -> None:
        session.move_cursor((200 + n % 100, 200 + n % 100, 100 + n % 100))

    def window(n: int) -> None:
        session.set_window(WindowLevel(40 + n, 400 + n))

    ours[0].set_slab(None)
    columns: dict[str, list[float]] = {}
    acts: dict[str, Callable[[int], None]] = {
        "acquired plane": lambda n: (move(n), _paint(session, ours))[0],
        "window/level": lambda n: (window(n), _paint(session, ours))[0],
        "slab": lambda n: (move(n), _paint(session, ours))[0],
        "four panes": lambda n: (move(n), _paint(session, four))[0],
        "pyqtgraph": plot,
        "VTK": vtk,
    }
    for name, act in acts.items():
        if name == "slab":
            ours[0].set_slab("MIP")
            ours[0].thicken_slab(20 - ours[0].slab.slices)
        times = []
        for n in range(_WARM_UP + _ROUNDS):
            started = time.perf_counter()
            act(n)
            times.append(1000 * (time.perf_counter() - started))
        columns[name] = times[_WARM_UP:]
        ours[0].set_slab(None)
    p95 = {name: float(np.percentile(times, 95)) for name, times in columns.items()}
    for name, key, allowed in (
        ("slice change to painted pane, acquired plane, p95", "acquired plane", 16.0),
        ("window/level drag to painted pane, p95", "window/level", 16.0),
        ("slice change to painted pane, slab of 20 slices, p95", "slab", 40.0),
        ("slice change to four painted panes, p95", "four panes", 45.0),
    ):
        tell_share(name, p95[key], "ms", "allowed", allowed)
    tell_share(
        "the same in one pane, acquired plane", p95["acquired plane"], "pyqtgraph's ImageItems", p95["pyqtgraph"]
    )
    tell_share("the same in one pane, acquired plane", p95["acquired plane"], "VTK's OpenGL slice", p95["VTK"])


def _session() -> Session:
    grid = Geometry(_SHAPE[::-1], (0.7, 0.7, 1.0), np.zeros(3), np.eye(3))
    voxels = np.random.default_rng(0).integers(-1000, 2000, _SHAPE).astype(np.int16)
    series = Series(
        "1", "1", "ID1", "Doe^Jane", "CT", "Abdomen", (Path("x"),), GeometryVerdict("regular", ""), grid.size
    )
    session = Session()
    session.open(series, Volume(voxels, grid))
    z, y, x = np.ogrid[: _SHAPE[0], : _SHAPE[1], : _SHAPE[2]]
    labels = np.zeros(_SHAPE, np.uint8)
    for value, (k, j, i, radius) in enumerate([(150, 200, 200, 90), (150, 330, 300, 70), (140, 250, 380, 50)], 1):
        labels[(z - k) ** 2 + (0.7 * (y - j)) ** 2 + (0.7 * (x - i)) ** 2 < radius**2] = value
    session.replace_voxels("Phantom", (slice(0, 300), slice(0, 512), slice(0, 512)), labels)
    return session


def _our_panes(session: Session, count: int) -> list[Any]:
    from viewer.gui.slice_pane import SlicePane

    made = [SlicePane(session, plane) for plane in ("axial", "coronal", "sagittal", "axial")[:count]]
    for pane in made:
        pane.resize(_PANE_PX, _PANE_PX)
        pane.show()
    changes: list[Change] = []
    session.subscribe(changes.append)
    made[0].setProperty("changes", None)
    _CHANGES[id(made)] = changes
    return made


_CHANGES: dict[int, list[Change]] = {}


def _paint(session: Session, made: list[Any]) -> None:
    what = What(0)
    for change in _CHANGES[id(made)]:
        what |= change.what
    _CHANGES[id(made)].clear()
    for pane in made:
        pane.apply(what)
        pane.repaint()


def _pyqtgraph(session: Session) -> Callable[[int], None]:
    """The same slice and labels as two ImageItems in a PlotWidget without axes."""
    import pyqtgraph

    view = pyqtgraph.GraphicsLayoutWidget()
    box = view.addViewBox(lockAspect=True, invertY=True)
    grey, labels = pyqtgraph.ImageItem(axisOrder="row-major"), pyqtgraph.ImageItem(axisOrder="row-major")
    labels.setLookupTable(label_colours(session.labels, 0.5))
    box.addItem(grey)
    box.addItem(labels)
    view.resize(_PANE_PX, _PANE_PX)
    view.show()
    voxels, overlay = _voxels(session)

    def act(n: int) -> None:
        k = 100 + n % 100
        grey.setImage(voxels[k], levels=(-160, 240), autoLevels=False)
        labels.setImage(overlay[k], levels=(0, 255), autoLevels=False)
        view.viewport().repaint()

    return act


def _vtk(session: Session) -> Callable[[int], None]:
    """The same slice and labels as two image slices, rendered off-screen and painted as the 3-D pane paints them."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtWidgets import QWidget
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkLookupTable, vtkUnsignedCharArray
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper, vtkRenderer, vtkRenderWindow

    renderer, target = vtkRenderer(), vtkRenderWindow()
    target.SetOffScreenRendering(True)
    target.SetSize(_PANE_PX, _PANE_PX)
    target.AddRenderer(renderer)
    mappers = []
    for values in _voxels(session):
        image = vtkImageData()
        image.SetDimensions(*values.shape[::-1])
        image.SetSpacing(0.7, 0.7, 1.0)
        image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=False))
        mapper, shown = vtkImageSliceMapper(), vtkImageSlice()
        mapper.SetInputData(image)
        shown.SetMapper(mapper)
        mappers.append(mapper)
        renderer.AddViewProp(shown)
        if values.dtype == np.uint8:
            table = vtkLookupTable()
            table.SetTable(numpy_to_vtk(label_colours(session.labels, 0.5), deep=True))
            table.SetRange(0, 255)
            shown.GetProperty().SetLookupTable(table)
            shown.GetProperty().UseLookupTableScalarRangeOn()
        else:
            shown.GetProperty().SetColorWindow(400)
            shown.GetProperty().SetColorLevel(40)
    renderer.ResetCamera()
    pixels = vtkUnsignedCharArray()

    class Picture(QWidget):
        def paintEvent(self, event: object) -> None:
            target.GetRGBACharPixelData(0, 0, _PANE_PX - 1, _PANE_PX - 1, 1, pixels)
            rows = vtk_to_numpy(pixels).reshape(_PANE_PX, _PANE_PX, 4)
            with QPainter(self) as painter:
                painter.drawImage(0, 0, QImage(rows.data, _PANE_PX, _PANE_PX, QImage.Format.Format_RGBX8888))

    picture = Picture()
    picture.resize(_PANE_PX, _PANE_PX)
    picture.show()

    def act(n: int) -> None:
        for mapper in mappers:
            mapper.SetSliceNumber(100 + n % 100)
        target.Render()
        picture.repaint()

    return act


def _voxels(session: Session) -> tuple[NDArray, NDArray[np.uint8]]:
    assert session.volume is not None and session.label_map is not None
    return session.volume.voxels, session.label_map.voxels
