"""Panes of other libraries with the slices and labels of a session, to time beside ours in `make bench`.

The methods of a pane show its nth change, painted at once: another slice as it was acquired, another window, a maximum
projection of several slices, and an oblique plane as the session has it turned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLookupTable, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkRenderingCore import (
    vtkImageMapper3D,
    vtkImageSlice,
    vtkImageSliceMapper,
    vtkRenderer,
    vtkRenderWindow,
)
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from viewer.core.display import label_colours
from viewer.core.geometry import Plane
from viewer.core.oblique import ObliqueAxes
from viewer.core.session import Session

PANE_PX = 1024
SLAB_SLICES = 20
_HALF_MM = 0.35 * 512  # of what a pane shows
_NORMALS: dict[Plane, int] = {"sagittal": 0, "coronal": 1, "axial": 2}  # of a grid along the patient's axes
_UP: dict[Plane, tuple[float, float, float]] = {"sagittal": (0, 0, 1), "coronal": (0, 0, 1), "axial": (0, -1, 0)}


class Pyqtgraph:
    """Two ImageItems in a view without axes. With texts, as a reader of pictures needs them: the grey one smooth, the
    texts as TextItems, two of which change with each slice, and a cross-hair."""

    def __init__(self, session: Session, plane: Plane, texts: Sequence[tuple[str, QRectF]] = ()) -> None:
        self._session, self._normal = session, _NORMALS[plane]
        self._voxels, self._label_map = _voxels(session)
        self._view = pyqtgraph.GraphicsLayoutWidget()
        box = self._view.addViewBox(lockAspect=True, invertY=True)
        self._grey = (_Smooth if texts else pyqtgraph.ImageItem)(axisOrder="row-major")
        self._labels = pyqtgraph.ImageItem(axisOrder="row-major")
        self._labels.setLookupTable(label_colours(session.labels, 0.5))
        box.addItem(self._grey)
        box.addItem(self._labels)
        self._view.resize(PANE_PX, PANE_PX)
        self._view.show()
        rows, columns = self._slice(self._voxels, 0).shape
        self._words = [pyqtgraph.TextItem(text, "w") for text, _ in texts]
        for word, (_, rect) in zip(self._words, texts, strict=True):
            box.addItem(word, ignoreBounds=True)
            word.setPos(rect.left() / PANE_PX * columns, rect.top() / PANE_PX * rows)
        self._lines = [pyqtgraph.InfiniteLine(angle=angle, pen="y") for angle in (0, 90)] if texts else []
        for line in self._lines:
            box.addItem(line, ignoreBounds=True)

    def acquired(self, n: int) -> None:
        self._show(self._slice(self._voxels, n), self._slice(self._label_map, n), n)

    def window(self, n: int) -> None:
        self._grey.setLevels((40 + n - (400 + n) / 2, 40 + n + (400 + n) / 2))
        self._paint(f"L {40 + n} W {400 + n}")

    def slab(self, n: int) -> None:
        first = _nth(n) - SLAB_SLICES // 2
        grey = self._voxels[first : first + SLAB_SLICES].max(axis=0)
        self._show(grey, self._label_map[first : first + SLAB_SLICES].max(axis=0), n)

    def oblique(self, n: int) -> None:
        axes = _oblique(self._session)
        columns, rows = axes.shape(axes.geometry.size)
        right, down, _, first = axes.sampling(_depth(axes, n))[::-1].T
        grey, labels = (
            pyqtgraph.affineSlice(values, (rows, columns), first, (down, right), (0, 1, 2), order=order)
            for values, order in ((self._voxels, 1), (self._label_map, 0))
        )
        self._show(grey, labels, n)

    def _slice(self, values: NDArray, n: int) -> NDArray:
        return values[(slice(None),) * (2 - self._normal) + (_nth(n),)]

    def _show(self, grey: NDArray, labels: NDArray, n: int) -> None:
        self._grey.setImage(grey, levels=(-160, 240), autoLevels=False)
        self._labels.setImage(labels, levels=(0, 255), autoLevels=False)
        for line in self._lines:
            line.setPos(_nth(n))
        self._paint(f"Slice {_nth(n)} / 300", f"Value {grey[0, 0]}")

    def _paint(self, *words: str) -> None:
        for item, word in zip(self._words, words, strict=False):
            item.setText(word)
        self._view.viewport().repaint()


class _Smooth(pyqtgraph.ImageItem):
    def paint(self, painter: QPainter, *rest: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, *rest)


class Vtk:
    """Two image slices, rendered off-screen and painted as the 3-D pane paints them."""

    def __init__(self, session: Session, plane: Plane) -> None:
        self._session, self._normal = session, _NORMALS[plane]
        self._renderer, self._target, self._at = vtkRenderer(), vtkRenderWindow(), vtkPlane()
        self._target.SetOffScreenRendering(True)
        self._target.SetSize(PANE_PX, PANE_PX)
        self._target.AddRenderer(self._renderer)
        self._mappers: list[tuple[vtkImageSlice, vtkImageSliceMapper, vtkImageResliceMapper]] = []
        for values in _voxels(session):
            image = vtkImageData()
            image.SetDimensions(*values.shape[::-1])
            image.SetSpacing(0.7, 0.7, 1.0)
            image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=False))
            along, across, shown = vtkImageSliceMapper(), vtkImageResliceMapper(), vtkImageSlice()
            along.SetInputData(image)
            along.SetOrientation(self._normal)
            across.SetInputData(image)
            across.SetSlicePlane(self._at)
            across.SetSlabTypeToMax()
            look = shown.GetProperty()
            if values.dtype == np.uint8:
                table = vtkLookupTable()
                table.SetTable(numpy_to_vtk(label_colours(session.labels, 0.5), deep=True))
                table.SetRange(0, 255)
                look.SetLookupTable(table)
                look.UseLookupTableScalarRangeOn()
                look.SetInterpolationTypeToNearest()
            else:
                look.SetColorWindow(400)
                look.SetColorLevel(40)
            self._mappers.append((shown, along, across))
            self._renderer.AddViewProp(shown)
        self._facing: tuple[float, ...] = ()
        self._picture = _Picture(self._target)
        self._picture.resize(PANE_PX, PANE_PX)
        self._picture.show()
        self._up = _UP[plane]
        self.acquired(0)

    def acquired(self, n: int) -> None:
        for shown, along, _ in self._mappers:
            along.SetSliceNumber(_nth(n))
            self._use(shown, along)
        self._paint(np.eye(3)[self._normal], self._up)

    def window(self, n: int) -> None:
        look = self._mappers[0][0].GetProperty()
        look.SetColorWindow(400 + n)
        look.SetColorLevel(40 + n)
        self._paint(np.eye(3)[self._normal], self._up)

    def slab(self, n: int) -> None:
        self._cut((0.0, 0.0, 1.0 * _nth(n)), np.eye(3)[2], _UP["axial"], SLAB_SLICES - 1.0)

    def oblique(self, n: int) -> None:
        axes = _oblique(self._session)
        middle = np.array([*(np.array(axes.shape(axes.geometry.size)) / 2), 0.0, 1.0])
        at = axes.sampling(_depth(axes, n)) @ middle * axes.geometry.spacing
        self._cut(at, np.array(axes.towards), -np.array(axes.down), 0.0)

    def _cut(self, at: Sequence[float] | NDArray, normal: NDArray, up: Sequence[float] | NDArray, thick: float) -> None:
        self._at.SetOrigin(*at)
        self._at.SetNormal(*normal)
        for shown, _, across in self._mappers:
            across.SetSlabThickness(thick)
            self._use(shown, across)
        self._paint(normal, up)

    def _use(self, shown: vtkImageSlice, mapper: vtkImageMapper3D) -> None:
        if shown.GetMapper() is not mapper:
            shown.SetMapper(mapper)

    def _paint(self, normal: NDArray, up: Sequence[float] | NDArray) -> None:
        if self._facing != (facing := (*normal, *up)):
            self._facing = facing
            camera = self._renderer.GetActiveCamera()
            camera.ParallelProjectionOn()
            camera.SetPosition(*(camera.GetFocalPoint() - 1000 * np.array(normal)))
            camera.SetViewUp(*up)
            self._renderer.ResetCamera()
            camera.SetParallelScale(_HALF_MM)
        self._target.Render()
        self._picture.repaint()


class _Picture(QWidget):
    """What a render window has drawn; upside down, which takes no longer."""

    def __init__(self, target: vtkRenderWindow) -> None:
        super().__init__()
        self._target, self._pixels = target, vtkUnsignedCharArray()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._target.GetRGBACharPixelData(0, 0, PANE_PX - 1, PANE_PX - 1, 1, self._pixels)
        rows = vtk_to_numpy(self._pixels).reshape(PANE_PX, PANE_PX, 4)
        with QPainter(self) as painter:
            painter.drawImage(0, 0, QImage(rows.data, PANE_PX, PANE_PX, QImage.Format.Format_RGBX8888))


def _nth(n: int) -> int:
    return 100 + n % 100


def _voxels(session: Session) -> tuple[NDArray, NDArray[np.uint8]]:
    assert session.volume is not None and session.label_map is not None
    return session.volume.voxels, session.label_map.voxels


def _oblique(session: Session) -> ObliqueAxes:
    axes = session.axes("axial")
    assert isinstance(axes, ObliqueAxes)
    return axes


def _depth(axes: ObliqueAxes, n: int) -> float:
    return axes.depth_of((200, 200, 150)) + n % 20 * axes.step_mm(axes.geometry.spacing)
