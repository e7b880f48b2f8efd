"""The scan and the label surfaces in three dimensions, drawn off-screen with VTK. One thread owns a scene."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingOpenGL2
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  registers the drawing back ends
from numpy.typing import ArrayLike, NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLogger, vtkLookupTable, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkColorTransferFunction,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkGPUVolumeRayCastMapper

from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.volume import Volume
from viewer.render.scene_thread import Frame, SceneError
from viewer.render.surfaces import Grid, label_surface, thinned, upright

LARGEST_EDGE = 256  # voxels along an axis of what is drawn; larger scans are averaged down
_COARSE_EDGE = 128  # of the label surfaces while the camera moves
_TARGET_S = 0.05  # for a frame while the camera moves
_PIXELS_PER_RAY = (1.0, 6.0)  # range of the distance between rays, in pixels, while the camera moves
_GLASS = 0.05  # how much of its opacity a scan keeps while label surfaces are shown inside it
_DEGREES_PER_PANE = 200.0  # of rotation for a drag across the whole pane
_REDUCED = "3-D shown at reduced resolution"
_NO_OPENGL = "3-D is off: this computer offers no OpenGL (on Linux install libegl1 and libgl1-mesa-dri)."

Point = tuple[float, float]


class VolumeScene:
    """An off-screen scene in LPS mm. Every call has to come from the thread that made it.

    Raises SceneError if nothing can be drawn on this machine.
    """

    def __init__(self) -> None:
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # which window class VTK tried first interests nobody
        self._window = vtkRenderWindow()
        if self._window.GetClassName() == "vtkOSOpenGLRenderWindow" and not _has_osmesa():
            # VTK's last resort; without its library the first Render() ends the process.
            raise SceneError(_NO_OPENGL)
        self._window.SetOffScreenRendering(True)
        self._window.SetMultiSamples(0)
        self._window.SetSize(64, 64)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._window.AddRenderer(self._renderer)
        self._window.Render()
        if not self._window.GetInitialized():
            raise SceneError(_NO_OPENGL)
        self.opengl = _renderer_name(self._window)
        self._software = any(name in self.opengl.lower() for name in ("llvmpipe", "softpipe", "swrast", "software"))
        self._mapper = vtkFixedPointVolumeRayCastMapper() if self._software else vtkGPUVolumeRayCastMapper()
        self._mapper.SetAutoAdjustSampleDistances(False)
        self._volume = vtkVolume()
        self._volume.SetMapper(self._mapper)
        self._grid: Grid | None = None
        self._opacity = vtkPiecewiseFunction()
        self._glass = vtkPiecewiseFunction()
        self._surfaces = [_surface_actor(), _surface_actor()]  # coarse, fine
        self._label_grids: list[Grid | None] = [None, None]
        self._labels_shown = np.zeros(256, dtype=bool)
        self._fine_due = False
        self._pixels_per_ray = 3.0
        self._wants_volume = self._wants_labels = True
        self._middle = np.zeros(3)
        self._radius = 100.0
        self._interrupted: Callable[[], bool] = lambda: False
        self._window.AddObserver("AbortCheckEvent", self._look_for_interrupt)
        self.notice = ""

    def close(self) -> None:
        """Give the graphics memory back."""
        self._window.Finalize()

    # What is shown

    def set_volume(self, volume: Volume | None) -> None:
        """Show a scan from the front; None shows nothing. Labels of the scan before are taken away."""
        self._renderer.RemoveViewProp(self._volume)
        self._grid = None
        self.notice = ""
        self.set_labels(None, None, ())
        if volume is None:
            return
        whole = upright(volume.voxels, volume.geometry)
        factors = _factors(whole, LARGEST_EDGE)
        self.notice = _REDUCED if max(factors) > 1 else ""
        self._grid = _for_mapper(thinned(whole, factors, mean=True))
        self._mapper.SetInputData(self._grid.image())
        self._volume.SetUserMatrix(self._grid.matrix)
        look = _look_of_ct(volume.voxels.dtype) if volume.unit == "HU" else _look_of_mr(self._grid.voxels)
        self._opacity, self._glass = look.GetScalarOpacity(), _glass_of(look.GetScalarOpacity())
        self._volume.SetProperty(look)
        self._renderer.AddVolume(self._volume)
        geometry = volume.geometry
        self._middle = geometry.index_to_lps((np.array(geometry.size) - 1) / 2)
        self._radius = float(np.linalg.norm(np.array(geometry.size) * geometry.spacing)) / 2
        self._arrange()
        self.reset_camera()

    def set_labels(self, voxels: NDArray[np.uint8] | None, geometry: Geometry | None, labels: Sequence[Label]) -> None:
        """Show the surfaces of the visible labels of voxels[k, j, i]; None takes them away.

        Surfaces at half resolution are made at once, those at full resolution with the next full frame.
        """
        for actor in self._surfaces:
            self._renderer.RemoveActor(actor)
        self._label_grids = [None, None]
        self._fine_due = False
        if voxels is not None and geometry is not None:
            whole = upright(voxels, geometry)
            self._labels_shown = np.zeros(256, dtype=bool)
            self._labels_shown[[label.value for label in labels if label.visible]] = True
            self._labels_shown[0] = False
            for n, edge in enumerate((_COARSE_EDGE, LARGEST_EDGE)):
                self._label_grids[n] = thinned(whole, _factors(whole, edge), mean=False)
                self._surfaces[n].GetMapper().SetLookupTable(_lookup_table(labels))
                self._surfaces[n].VisibilityOff()
            self._fine_due = self._make_surface(0)
        self._arrange()

    def show(self, *, volume: bool, labels: bool) -> None:
        """Show or hide the scan and the label surfaces. Inside a shown scan labels are seen as through glass."""
        self._wants_volume, self._wants_labels = volume, labels
        self._arrange()

    def resize(self, width: int, height: int) -> None:
        """Size of the frames in pixels."""
        self._window.SetSize(max(width, 16), max(height, 16))

    # The camera

    def reset_camera(self) -> None:
        """Look at the patient from the front, head up: the patient's right is on the left of the frame."""
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*self._middle)
        camera.SetPosition(*(self._middle - [0.0, 4 * self._radius, 0.0]))
        camera.SetViewUp(0, 0, 1)
        camera.SetViewAngle(25)
        self._clip()

    def rotate(self, right: float, down: float) -> None:
        """Turn what is seen; a drag across the whole frame is 1."""
        camera = self._renderer.GetActiveCamera()
        camera.Azimuth(-right * _DEGREES_PER_PANE)
        camera.Elevation(down * _DEGREES_PER_PANE)
        camera.OrthogonalizeViewUp()
        self._clip()

    def pan(self, right: float, down: float) -> None:
        """Move what is seen, in fractions of the frame's height."""
        camera = self._renderer.GetActiveCamera()
        right_lps, up_lps = self._screen_axes()
        high = 2 * camera.GetDistance() * np.tan(np.radians(camera.GetViewAngle() / 2))
        shift = (-right * right_lps + down * up_lps) * high
        camera.SetFocalPoint(*(np.array(camera.GetFocalPoint()) + shift))
        camera.SetPosition(*(np.array(camera.GetPosition()) + shift))
        self._clip()

    def zoom(self, factor: float) -> None:
        camera = self._renderer.GetActiveCamera()
        factor = min(max(factor, camera.GetDistance() / (20 * self._radius)), camera.GetDistance() / (0.4 * self._radius))
        camera.Dolly(factor)
        self._clip()

    def project(self, point_lps: ArrayLike) -> Point:
        """The (column, row) of the frame, from its top left corner, at which a physical point is drawn."""
        self._renderer.SetWorldPoint(*np.asarray(point_lps, dtype=np.float64), 1.0)
        self._renderer.WorldToDisplay()
        x, y, _ = self._renderer.GetDisplayPoint()
        return x, self._window.GetSize()[1] - 1 - y

    # Drawing

    def render(self, full: bool, interrupted: Callable[[], bool] = lambda: False) -> Frame | None:
        """One frame, of full quality or as fast as it takes to move smoothly. None if it was interrupted.

        interrupted is asked now and then in a full frame.
        """
        if full and self._fine_due and self._wants_labels:
            self._fine_due = False
            self._make_surface(1)
            self._arrange()
        self._choose_quality(full)
        self._interrupted = interrupted if full else lambda: False
        self._window.SetAbortRender(0)
        started = time.perf_counter()
        self._window.Render()
        seconds = time.perf_counter() - started
        if full and interrupted():
            return None
        if not full and self._volume.GetVisibility():
            aim = self._pixels_per_ray * (seconds / _TARGET_S) ** 0.5
            self._pixels_per_ray = float(np.clip(0.5 * (self._pixels_per_ray + aim), *_PIXELS_PER_RAY))
        right, up = self._screen_axes()
        return Frame(self._pixels(), full, self.notice, right, up, seconds)

    def _choose_quality(self, full: bool) -> None:
        if self._grid is not None:
            finest = min(self._grid.spacing)
            self._mapper.SetSampleDistance(finest * (0.5 if full else 1.5))
            self._mapper.SetImageSampleDistance(1.0 if full else self._pixels_per_ray)
        coarse, fine = self._surfaces
        has_fine = bool(fine.GetMapper().GetInput() and fine.GetMapper().GetInput().GetNumberOfCells())
        use_fine = has_fine and not self._fine_due and (full or not self._software)
        fine.SetVisibility(use_fine)
        coarse.SetVisibility(not use_fine)
        self._renderer.SetUseFXAA(full and self._labels_drawn)

    def _pixels(self) -> NDArray[np.uint8]:
        width, height = self._window.GetSize()
        read = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, read, 0)
        return vtk_to_numpy(read).reshape(height, width, 3)[::-1].copy()

    def _look_for_interrupt(self, window: vtkRenderWindow, event: str) -> None:
        if self._interrupted():
            window.SetAbortRender(1)

    @property
    def _labels_drawn(self) -> bool:
        return self._wants_labels and self._label_grids[0] is not None and bool(self._renderer.GetActors().GetNumberOfItems())

    def _make_surface(self, which: int) -> bool:
        """Cut the coarse (0) or fine (1) surface of the current labels; False if there is nothing to see."""
        grid = self._label_grids[which]
        surface = label_surface(grid, self._labels_shown) if grid is not None else None
        actor = self._surfaces[which]
        actor.GetMapper().SetInputData(surface)
        if grid is not None:
            actor.SetUserMatrix(grid.matrix)
        return surface is not None

    def _arrange(self) -> None:
        for actor in self._surfaces:
            self._renderer.RemoveActor(actor)
            surface = actor.GetMapper().GetInput()
            if self._wants_labels and self._label_grids[0] is not None and surface is not None:
                self._renderer.AddActor(actor)
        self._volume.SetVisibility(self._wants_volume and self._grid is not None)
        look = self._volume.GetProperty()
        look.SetScalarOpacity(self._glass if self._labels_drawn else self._opacity)
        self._clip()

    def _screen_axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        camera = self._renderer.GetActiveCamera()
        up = np.array(camera.GetViewUp())
        right = np.cross(camera.GetDirectionOfProjection(), up)
        return right / np.linalg.norm(right), up / np.linalg.norm(up)

    def _clip(self) -> None:
        camera = self._renderer.GetActiveCamera()
        away = float(np.linalg.norm(np.array(camera.GetPosition()) - self._middle))
        camera.SetClippingRange(max(away - 1.05 * self._radius, 0.01 * self._radius), away + 1.05 * self._radius)


def check() -> str:
    """Draw one empty frame and name what drew it. Raises SceneError if nothing can."""
    scene = VolumeScene()
    name = scene.opengl
    scene.close()
    return name


def _has_osmesa() -> bool:
    for name in ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so", "osmesa.dll"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _renderer_name(window: vtkRenderWindow) -> str:
    for line in window.ReportCapabilities().splitlines():
        if line.startswith("OpenGL renderer string:"):
            return line.split(":", 1)[1].strip()
    return f"OpenGL on {sys.platform}"


def _factors(grid: Grid, largest: int) -> tuple[int, int, int]:
    i, j, k = (-(-n // largest) for n in grid.voxels.shape[::-1])
    return i, j, k


def _for_mapper(grid: Grid) -> Grid:
    """The grid in a type that VTK's mappers take fast: integers of at most 16 bits as they are, others scaled."""
    voxels = grid.voxels
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize <= 2:
        return grid
    finite = np.nan_to_num(voxels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) * (65535.0 / max(high - low, 1e-12))
    return Grid(scaled.astype(np.uint16), grid.spacing, grid.origin_lps, grid.to_lps)


def _look_of_ct(dtype: np.dtype) -> vtkVolumeProperty:
    return vtkVolumeProperty()


def _look_of_mr(voxels: NDArray) -> vtkVolumeProperty:
    return vtkVolumeProperty()
