"""From a change of the session to the painted pane, beside a pane of pyqtgraph and one of VTK's OpenGL slices.

512 x 512 x 300 int16 with a label overlay, panes of 1024 x 1024 pixels. The figures are the 95th percentile.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from viewer.core.display import WindowLevel, label_colours
from viewer.core.events import Change, What
from viewer.core.fusion import laid_over
from viewer.core.geometry import Geometry, Plane
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

_SHAPE = (300, 512, 512)
_PANE_PX = 1024
_ROUNDS = 60
_WARM_UP = 5
_SLAB_SLICES = 20

Tell = Callable[[str, float, str, str, float], None]


def panes(tell_share: Tell) -> None:
    """Time our panes and the peers'."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from viewer.gui.app import _application

    app = _application()
    session = _session()
    one, four = _Ours(session, 1), _Ours(session, 4)
    app.processEvents()
    one.paint()
    bare, read, vtk = _pyqtgraph(session), _pyqtgraph(session, one.written), _vtk(session)
    app.processEvents()

    def move(ours: _Ours, n: int) -> None:
        session.move_cursor((200 + n % 100, 200 + n % 100, 100 + n % 100))
        ours.paint()

    def window(n: int) -> None:
        session.set_window(WindowLevel(40 + n, 400 + n))
        one.paint()

    def scroll(ours: _Ours, n: int) -> None:
        session.scroll("axial", 1 if n % 40 < 20 else -1)
        ours.paint()

    times: dict[str, list[float]] = {}
    acts: dict[str, Callable[[int], None]] = {
        "acquired plane": lambda n: move(one, n),
        "acquired plane, in turn": lambda n: move(one, n),
        "pyqtgraph": read,
        "pyqtgraph, bare": bare,
        "VTK": vtk,
        "window/level": window,
        "slab": lambda n: move(one, n),
        "fused": lambda n: move(one, n),
        "four panes": lambda n: move(four, n),
        "oblique": lambda n: scroll(one, n),
        "oblique slab": lambda n: scroll(one, n),
    }
    compared = ("acquired plane, in turn", "pyqtgraph", "pyqtgraph, bare")  # a machine's speed drifts
    for names in (*((name,) for name in acts if name not in compared), compared):
        one.show_slab(_SLAB_SLICES if "slab" in names[0] else 0)
        _turn_planes(session, names[0].startswith("oblique"))
        _lay_over(session, names[0] == "fused")
        one.paint()
        for name in names:
            times[name] = []
        for n in range(_WARM_UP + _ROUNDS):
            for name in names:
                started = time.perf_counter()
                acts[name](n)
                times[name].append(1000 * (time.perf_counter() - started))
    p95 = {name: float(np.percentile(some[_WARM_UP:], 95)) for name, some in times.items()}
    for name, key, allowed in (
        ("slice change to painted pane, acquired plane, p95", "acquired plane", 16.0),
        ("window/level drag to painted pane, p95", "window/level", 16.0),
        ("slice change to painted pane, slab of 20 slices, p95", "slab", 40.0),
        ("slice change to four painted panes, p95", "four panes", 45.0),
        ("slice change to painted pane, oblique plane, p95", "oblique", 40.0),
        ("slice change to painted pane, oblique slab of 20 slices, p95", "oblique slab", 100.0),
        ("slice change to painted pane, 128 x 128 x 300 float laid over, p95", "fused", 40.0),
    ):
        tell_share(name, p95[key], "ms", "allowed", allowed)
    middle = {name: float(np.median(some[_WARM_UP:])) for name, some in times.items()}
    alone, in_turn = "acquired plane", "acquired plane, in turn"
    for peer, key, ours in (
        ("pyqtgraph's ImageItems, smooth, with our texts and cross-hair", "pyqtgraph", in_turn),
        ("pyqtgraph's ImageItems alone, not smoothed, without a word", "pyqtgraph, bare", in_turn),
        ("VTK's OpenGL slices alone, linear, without a word", "VTK", alone),
    ):
        for rank, found in (("p95", p95), ("median", middle)):
            name = f"slice change to painted pane, acquired plane, {rank}"
            tell_share(name, found[ours], "ms", peer, found[key])


def _turn_planes(session: Session, oblique: bool) -> None:
    session.reset_planes()
    if oblique:
        session.move_cursor((200, 200, 150))
        for plane, degrees in (("coronal", 30), ("sagittal", 25)):
            session.turn_planes(plane, math.radians(degrees))


def _lay_over(session: Session, fused: bool) -> None:
    """Lay a volume like PET over the session's, or take it away."""
    session.unfuse()
    if fused:
        grid = Geometry((128, 128, 300), (2.8, 2.8, 1.0), np.zeros(3), np.eye(3))
        voxels = np.random.default_rng(1).uniform(0, 2e4, grid.shape).astype(np.float32)
        series = Series("2", "1", "ID1", "Doe^Jane", "PT", "PET", (), GeometryVerdict("regular", ""), grid.size)
        session.fuse(laid_over(series, Volume(voxels, grid, unit="BQML", modality="PT", suv_factor=3e-4)))


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


class _Ours:
    """Panes that show a session, as the window has them, painted at once."""

    def __init__(self, session: Session, count: int) -> None:
        from viewer.gui.slice_pane import SlicePane

        planes: tuple[Plane, ...] = ("axial", "coronal", "sagittal", "axial")
        self._panes = [SlicePane(session, plane) for plane in planes[:count]]
        for pane in self._panes:
            pane.resize(_PANE_PX, _PANE_PX)
            pane.show()
        self._changed = What(0)
        session.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        self._changed |= change.what

    def paint(self) -> None:
        changed, self._changed = self._changed, What(0)
        for pane in self._panes:
            pane.apply(changed)
        for pane in self._panes:
            pane.repaint()

    @property
    def written(self) -> list[tuple[str, QRectF]]:
        return [(piece.text, piece.rect) for piece in self._panes[0].written]

    def show_slab(self, slices: int) -> None:
        pane = self._panes[0]
        pane.set_slab("MIP" if slices else None)
        if pane.slab is not None:
            pane.thicken_slab(slices - pane.slab.slices)


def _pyqtgraph(session: Session, texts: Sequence[tuple[str, QRectF]] = ()) -> Callable[[int], None]:
    """The same slice and labels as two ImageItems in a view without axes; with texts, as a reader of pictures needs
    them: the grey one smooth, the texts as TextItems, two of which change with each slice, and a cross-hair."""
    import pyqtgraph
    from PySide6.QtGui import QPainter

    class Smooth(pyqtgraph.ImageItem):
        def paint(self, painter: QPainter, *rest: object) -> None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            super().paint(painter, *rest)

    view = pyqtgraph.GraphicsLayoutWidget()
    box = view.addViewBox(lockAspect=True, invertY=True)
    grey = (Smooth if texts else pyqtgraph.ImageItem)(axisOrder="row-major")
    labels = pyqtgraph.ImageItem(axisOrder="row-major")
    labels.setLookupTable(label_colours(session.labels, 0.5))
    box.addItem(grey)
    box.addItem(labels)
    view.resize(_PANE_PX, _PANE_PX)
    view.show()
    voxels, overlay = _voxels(session)
    columns, rows = voxels.shape[:0:-1]
    words = [pyqtgraph.TextItem(text, "w") for text, _ in texts]
    for word, (_, rect) in zip(words, texts, strict=True):
        box.addItem(word, ignoreBounds=True)
        word.setPos(rect.left() / _PANE_PX * columns, rect.top() / _PANE_PX * rows)
    lines = [pyqtgraph.InfiniteLine(angle=angle, pen="y") for angle in (0, 90)] if texts else []
    for line in lines:
        box.addItem(line, ignoreBounds=True)

    def act(n: int) -> None:
        k = 100 + n % 100
        grey.setImage(voxels[k], levels=(-160, 240), autoLevels=False)
        labels.setImage(overlay[k], levels=(0, 255), autoLevels=False)
        for line in lines:
            line.setPos(200 + n % 100)
        for word, text in zip(words, (f"Slice {k} / 300", f"Value {voxels[k, k, k]}"), strict=False):
            word.setText(text)
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
