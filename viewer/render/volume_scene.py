"""The scan and the label surfaces in three dimensions, drawn off-screen with VTK. One thread owns a scene."""

from __future__ import annotations

import ctypes
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import vtkmodules.vtkRenderingOpenGL2
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  both register VTK's drawing back ends
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkCommand, vtkLogger, vtkLookupTable, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction, vtkPlane, vtkPlaneCollection
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
from viewer.core.labels import Label, merge_labels
from viewer.core.volume import Volume
from viewer.core.volume_look import Blend, ValueHistogram, VolumeLook, in_values, seen_as_ct
from viewer.render.cut_slice import CutSlice
from viewer.render.frame import NO_CUT, Cut, CutPlane, Frame, LabelLayer, SceneError, Side
from viewer.render.surfaces import Grid, label_surface, labelled, thinned, upright

LARGEST_EDGE = 256  # voxels along an axis of what is drawn; larger scans are averaged down
_COARSE_EDGE = 128  # of the label surfaces while the camera moves
_TARGET_S = 0.05  # for a frame while the camera moves
_PIXELS_PER_RAY = (1.0, 6.0)  # range of the distance between rays, in pixels, while the camera moves
_MOST_COARSE = 1.8  # beyond it: the square of this is how much longer the steps along a ray may become
_STEPS_PER_VOXEL = (2.0, 5.0)  # along a ray of a full frame: fewer show as rings, more are not seen
_MOST_QUICK_PIXELS = 300_000  # of a frame drawn without a graphics card while the camera moves
_MOST_RAYS = 600_000  # of a full frame drawn without a graphics card
_STEPS = 900  # across the scan at most, beyond the fewest per voxel
_DEGREES_PER_PANE = 200.0  # of rotation for a drag across the whole pane
_TOP = 4095  # twelve bits for the scan's values
_HU_RANGE = (-1024.0, 3071.0)
_GLASS_BONE_HU = (200.0, 600.0)
_BINS = 512  # of the histogram; a divisor of _TOP + 1
_SAMPLE = 200_000  # voxels that are enough for percentiles
_REDUCED = "3-D shown at reduced resolution"
_NO_OPENGL = "3-D is off: this computer offers no OpenGL (on Linux install libegl1 and libgl1-mesa-dri)."

_MARGIN = 1.06
_FILL = 0.85  # a head or a trunk does not reach into the corners of the box around it
_VIEW_ANGLE = 25.0  # degrees, top to bottom
_SIDES: dict[Side, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    # where the camera is, and what is up in the frame, in LPS; from the feet as axial slices are seen
    "anterior": ((0, -1, 0), (0, 0, 1)),
    "posterior": ((0, 1, 0), (0, 0, 1)),
    "left": ((1, 0, 0), (0, 0, 1)),
    "right": ((-1, 0, 0), (0, 0, 1)),
    "superior": ((0, 0, 1), (0, -1, 0)),
    "inferior": ((0, 0, -1), (0, -1, 0)),
}


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
        self._size = (64, 64)
        self._window.SetSize(*self._size)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        # Surfaces are a layer of their own over the scan: the glass around them does not change their colours.
        self._front = vtkRenderer()
        self._front.SetLayer(1)
        self._front.SetActiveCamera(self._renderer.GetActiveCamera())
        self._window.SetNumberOfLayers(2)
        self._window.AddRenderer(self._renderer)
        self._window.AddRenderer(self._front)
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
        self._histogram: ValueHistogram | None = None
        self._suv_factor: float | None = None
        self._blend: Blend = "shaded"
        self._unit_distance_mm = 1.0
        self._glass_wanted = True
        self._cut = NO_CUT
        self._opacity = vtkPiecewiseFunction()
        self._glass = vtkPiecewiseFunction()
        self._meshes = [_surface_mapper(), _surface_mapper()]  # coarse, fine
        self._surfaces = [_surface_actor(mapper) for mapper in self._meshes]
        self._translucent = False
        self._cut_slices: list[CutSlice] = []  # those that are seen
        self._spare_slices = [CutSlice() for _ in range(7)]
        self._label_grids: list[Grid | None] = [None, None]
        self._labels_shown = np.zeros(256, dtype=bool)
        self._fine_due = False
        self._pixels_per_ray = 3.0
        self._wants_volume = self._wants_labels = True
        self._middle = np.zeros(3)
        self._corners = np.zeros((8, 3))  # in LPS, of the box around what is seen of the scan
        self._reach = 100.0  # from _middle to the farthest of what is seen of the scan
        self._radius = 100.0  # and of all of it
        self._interrupted: Callable[[], bool] = lambda: False
        self._window.AddObserver(vtkCommand.AbortCheckEvent, self._look_for_interrupt)
        self.notice = ""

    def close(self) -> None:
        """Give the graphics memory back."""
        self._window.Finalize()

    # What is shown

    def set_volume(self, volume: Volume | None, look: VolumeLook | None) -> None:
        """Show a scan whole, from the front; None shows nothing. Labels of the scan before are taken away."""
        self._renderer.RemoveViewProp(self._volume)
        self._grid = self._histogram = None
        self._glass_wanted = True
        self.notice = ""
        self._take_labels_away()
        self.set_cut(NO_CUT)
        if volume is None or look is None:
            self._arrange()
            return
        whole = upright(volume.voxels, volume.geometry)
        factors = _factors(whole, LARGEST_EDGE)
        self.notice = _REDUCED if max(factors) > 1 else ""
        smaller = thinned(whole, factors, mean=True)
        is_ct, self._suv_factor = seen_as_ct(volume), volume.suv_factor
        low, high = _HU_RANGE if volume.unit == "HU" else _range_of(smaller)
        self._grid = _levels_within_air(smaller, low, high)
        self._histogram = _histogram_of(self._grid, low, high, -400.0 if is_ct else None)
        self._mapper.SetInputData(self._grid.image())
        self._volume.SetUserMatrix(self._grid.matrix)
        bone = tuple(self._level_of(hu) for hu in _GLASS_BONE_HU) if is_ct else ()
        self._glass = _glass(self._level_of(self._histogram.threshold), bone)
        self._unit_distance_mm = 1.0 if is_ct else min(self._grid.spacing)
        self._use(look)
        self._renderer.AddVolume(self._volume)
        first_mm, last_mm = _extent_mm(self._grid, self._opacity)
        self._middle = self._grid.to_world((first_mm + last_mm) / 2)
        ends = np.stack([first_mm, last_mm])
        self._corners = np.array([self._grid.to_world(ends[list(n), range(3)]) for n in np.ndindex(2, 2, 2)])
        self._reach = float(np.linalg.norm(last_mm - first_mm)) / 2
        whole_mm = np.array(self._grid.voxels.shape[::-1]) * self._grid.spacing
        centre = self._grid.to_world(whole_mm / 2)
        self._radius = float(np.linalg.norm(whole_mm) / 2 + np.linalg.norm(centre - self._middle))
        self._arrange()
        self.reset_camera()

    def set_look(self, look: VolumeLook, *, glass: bool) -> None:
        """Show the scan in another way. glass: as of glass, whatever the look, while there are label surfaces."""
        self._glass_wanted = glass
        if self._grid is not None:
            self._use(look)
        self._arrange()

    def set_cut(self, cut: Cut) -> None:
        """Take parts of the scan away, and of the label surfaces if the cut says so."""
        inner_before, self._cut = self._inner_faces, cut
        planes = _clipping_planes(cut)
        self._mapper.SetClippingPlanes(planes)
        for mesh in self._meshes:
            mesh.SetClippingPlanes(planes if cut.labels else vtkPlaneCollection())
        if self._inner_faces != inner_before:
            self._cut_surfaces_anew()
        self._stand_slices()
        self._arrange()

    def _stand_slices(self) -> None:
        """Put a slice of the scan where each plane of the cut goes through it."""
        for renderer in (self._renderer, self._front):
            for one in self._cut_slices:
                renderer.RemoveActor(one.actor)
        self._cut_slices = []
        if self._grid is None or self._histogram is None or self._cut.image is None:
            return
        black, white = (self._level_of(value) for value in self._cut.image)
        air = self._level_of(self._histogram.threshold)
        whole_mm = (np.array(self._grid.voxels.shape[::-1]) - 1) * self._grid.spacing
        corners = np.array([self._grid.to_world(whole_mm * n) for n in np.ndindex(2, 2, 2)])
        planes = _planes_of(self._cut)
        for spare, plane in zip(self._spare_slices, planes, strict=False):
            beyond = (corners - plane.point_lps) @ plane.normal_lps
            if beyond.min() < 0 < beyond.max():
                spare.show(self._grid, plane, [other for other in planes if other is not plane], black, white, air)
                self._cut_slices.append(spare)

    def _use(self, look: VolumeLook) -> None:
        assert self._histogram is not None
        look = in_values(look, self._histogram, self._suv_factor)
        shown = _property_of([(self._level_of(p.value), p.opacity, p.colour) for p in look.points])
        shown.SetScalarOpacityUnitDistance(self._unit_distance_mm)
        if look.blend == "maximum":
            shown.ShadeOff()
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()
        self._blend = look.blend
        self._opacity = shown.GetScalarOpacity()
        self._volume.SetProperty(shown)

    def _level_of(self, value: float) -> float:
        assert self._histogram is not None
        low, high = self._histogram.low, self._histogram.high
        return (value - low) * _TOP / max(high - low, 1e-12)

    def set_labels(self, layers: Sequence[LabelLayer], geometry: Geometry) -> None:
        """Show the surfaces of the visible labels; where two layers have one, the later layer's is shown.

        The voxels are copied. Coarse surfaces are made at once, those at full resolution with the next full frame.
        """
        self._take_labels_away()
        if layers:
            wholes = [upright(layer.voxels, geometry) for layer in layers]
            tables = [layer.labels for layer in layers]
            table: Sequence[Label] = ()
            for n, edge in enumerate((_COARSE_EDGE, LARGEST_EDGE)):
                parts = labelled([thinned(whole, _factors(whole, edge), mean=False) for whole in wholes])
                self._label_grids[n], table = _overlaid(parts, tables)
                self._meshes[n].SetLookupTable(_lookup_table(table))
            seen = [label for label in table if label.visible and label.surface_opacity > 0]
            self._labels_shown[[label.value for label in seen]] = True
            self._labels_shown[0] = False
            self._translucent = any(label.surface_opacity < 1 for label in seen)
            self._fine_due = self._make_surface(0)
        self._arrange()

    def _take_labels_away(self) -> None:
        self._label_grids = [None, None]
        self._labels_shown = np.zeros(256, dtype=bool)
        self._fine_due = self._translucent = False
        for mesh in self._meshes:
            mesh.SetInputData(None)

    @property
    def _inner_faces(self) -> bool:
        """Whether faces between two labels can be seen."""
        return self._translucent or self._cut.labels

    def _cut_surfaces_anew(self) -> None:
        if self._label_grids[0] is not None:
            self._fine_due = self._make_surface(0)

    def show(self, *, volume: bool, labels: bool) -> None:
        """Show or hide the scan and the label surfaces."""
        self._wants_volume, self._wants_labels = volume, labels
        self._arrange()

    def resize(self, width: int, height: int) -> None:
        """Size of full frames in pixels; quick ones may be smaller, of the same shape. What filled the frame fills the
        new one."""
        fitting = self._fitting_distance
        self._size = max(width, 16), max(height, 16)
        if self._grid is not None:
            self._renderer.GetActiveCamera().Dolly(fitting / self._fitting_distance)
            self._clip()

    # The camera

    def reset_camera(self) -> None:
        """Look at the patient from the front, head up: the patient's right is on the left of the frame."""
        self._renderer.GetActiveCamera().SetViewAngle(_VIEW_ANGLE)
        self._place_camera("anterior", self._fitting_distance)

    @property
    def _fitting_distance(self) -> float:
        """How far from the middle the camera sees the whole patient, also turned about the long axis, in mm."""
        half = math.radians(_VIEW_ANGLE / 2)
        shape = self._size[0] / self._size[1]
        half_across = math.atan(math.tan(half) * shape)
        right, back, up = np.abs(self._corners - self._middle).max(axis=0).tolist()
        return max(
            _FILL * self._reach / math.sin(half),
            _FILL * math.hypot(right, back) / math.sin(half_across),
            _MARGIN * max(up, right / shape) / math.tan(half) + back,
        )

    def look_from(self, side: Side) -> None:
        """Look straight at one side of the patient from as far away as now, head or (from above and below) front up."""
        self._place_camera(side, self._renderer.GetActiveCamera().GetDistance())

    def _place_camera(self, side: Side, distance: float) -> None:
        outwards, up = _SIDES[side]
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*self._middle)
        camera.SetPosition(*(self._middle + distance * np.array(outwards)))
        camera.SetViewUp(*up)
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
        """Magnify by coming nearer."""
        camera = self._renderer.GetActiveCamera()
        nearest, farthest = 0.4 * self._reach, 20 * self._radius
        factor = min(max(factor, camera.GetDistance() / farthest), camera.GetDistance() / nearest)
        camera.Dolly(factor)
        self._clip()

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
            low, high = _PIXELS_PER_RAY
            aim = self._pixels_per_ray * (seconds / _TARGET_S) ** 0.5
            share = 1.0 if aim > self._pixels_per_ray else 0.3  # a frame too slow is felt, one too coarse hardly
            aim = self._pixels_per_ray + share * (aim - self._pixels_per_ray)
            self._pixels_per_ray = float(np.clip(aim, low, high * _MOST_COARSE))
        right, up = self._screen_axes()
        glass, histogram = self._glass_drawn, self._histogram
        return Frame(self._pixels(), full, self.notice, right, up, seconds, histogram=histogram, glass=glass)

    def _choose_quality(self, full: bool) -> None:
        width, height = self._size
        quick = (_MOST_QUICK_PIXELS / (width * height)) ** 0.5
        if self._software and not full and quick < 1:
            width, height = round(width * quick), round(height * quick)
        if (width, height) != self._window.GetSize():
            self._window.SetSize(width, height)
        if self._grid is not None:
            finest = min(self._grid.spacing)
            steps = float(np.clip(_STEPS * finest / (2 * self._reach), *_STEPS_PER_VOXEL))
            steps = _STEPS_PER_VOXEL[0] if self._glass_drawn else steps  # glass shows no rings, and is slow
            spared = max((width * height / _MOST_RAYS) ** 0.5, 1.0) if self._software else 1.0
            longer = max(self._pixels_per_ray / _PIXELS_PER_RAY[1], 1.0) ** 2
            self._mapper.SetSampleDistance(finest / steps if full else 1.5 * finest * longer)
            between = min(self._pixels_per_ray, _PIXELS_PER_RAY[1])
            self._mapper.SetImageSampleDistance(spared if full else max(between, spared))
        coarse, fine = self._surfaces
        use_fine = _has_cells(self._meshes[1]) and (full or not self._software)
        fine.SetVisibility(self._labels_drawn and use_fine)
        coarse.SetVisibility(self._labels_drawn and not use_fine)
        self._front.SetUseFXAA(full and self._labels_drawn)

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
        return self._wants_labels and self._label_grids[0] is not None and _has_cells(self._meshes[0])

    def _make_surface(self, which: int) -> bool:
        """Cut the coarse (0) or fine (1) surface of the current labels; False if there is nothing to see."""
        grid = self._label_grids[which]
        assert grid is not None
        surface = label_surface(grid, self._labels_shown, inner_faces=self._inner_faces)
        self._meshes[which].SetInputData(surface)
        self._surfaces[which].SetUserMatrix(grid.matrix)
        return surface is not None

    def _arrange(self) -> None:
        seen = self._wants_volume and self._grid is not None
        self._volume.SetVisibility(seen)
        look = self._volume.GetProperty()
        glass = self._glass_drawn
        look.SetScalarOpacity(self._glass if glass else self._opacity)
        # Among the scan's own voxels surfaces hide and are hidden, but only opaque ones: a ray stops at those alone.
        own, other = (self._front, self._renderer) if glass or self._translucent else (self._renderer, self._front)
        for actor in self._surfaces:
            other.RemoveActor(actor)
            if not own.HasViewProp(actor):
                own.AddActor(actor)
            actor.SetForceOpaque(not self._translucent)
            actor.SetForceTranslucent(self._translucent)
        self._front.SetUseDepthPeeling(self._translucent)
        for one in self._cut_slices:  # each hides rays, and surfaces where they are drawn
            self._renderer.AddActor(one.actor)
            if own is self._front and self._labels_drawn:
                self._front.AddActor(one.actor)
            else:
                self._front.RemoveActor(one.actor)
            one.actor.SetVisibility(seen)
        self._clip()

    @property
    def _glass_drawn(self) -> bool:
        return self._labels_drawn and self._glass_wanted and self._blend == "shaded"

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


def _levels_within_air(grid: Grid, low: float, high: float) -> Grid:
    """The grid with its values from low to high as 0.._TOP, the integers that VTK's mappers are fastest with, and with
    a layer of the lowest around it: where the scan ends within the patient the light then falls on a flat face, and not
    on the noise of single voxels."""
    levels = np.zeros(np.array(grid.voxels.shape) + 2, dtype=np.uint16)
    inner = levels[1:-1, 1:-1, 1:-1]
    for values, out in zip(grid.voxels, inner, strict=True):  # slice by slice: all as floats would need much memory
        scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(_TOP / max(high - low, 1e-12))
        out[...] = np.nan_to_num(np.clip(scaled, 0, _TOP), nan=0.0)
    origin = grid.origin_lps - grid.to_lps @ np.array(grid.spacing)
    return Grid(levels, grid.spacing, origin, grid.to_lps)


def _extent_mm(grid: Grid, opacity: vtkPiecewiseFunction) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Opposite corners, in the grid's own mm, of the box around what is not transparent; of all if nothing is."""
    table = np.array([opacity.GetValue(level) for level in range(_TOP + 1)]) > 0.1
    seen = table[grid.voxels]
    first, last = [], []
    for axis in (2, 1, 0):
        hits = np.flatnonzero(seen.any(axis=tuple({0, 1, 2} - {axis})))
        ends = (int(hits[0]), int(hits[-1]) + 1) if hits.size else (0, grid.voxels.shape[axis])
        first.append(ends[0])
        last.append(ends[1])
    return np.array(first) * grid.spacing, np.array(last) * grid.spacing


def _range_of(grid: Grid) -> tuple[float, float]:
    """Values that only a few voxels lie beyond: markers of missing data below, vessels and artefacts above."""
    step = max(1, round((grid.voxels.size / _SAMPLE) ** (1 / 3)))
    sample = grid.voxels[::step, ::step, ::step]
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, (0.1, 99.8)) if sample.size else (0.0, 1.0)
    return float(low), float(high)


def _histogram_of(grid: Grid, low: float, high: float, threshold: float | None) -> ValueHistogram:
    """Of a grid of levels that stand for low to high, without the layer around it. With no threshold Otsu's is
    taken."""
    per_level = np.zeros(_TOP + 1, dtype=np.int64)
    for one_slice in grid.voxels[1:-1, 1:-1, 1:-1]:  # piece by piece: numpy counts without letting other threads run
        per_level += np.bincount(one_slice.ravel(), minlength=_TOP + 1)
    counts = per_level.reshape(_BINS, -1).sum(axis=1)
    if threshold is None:
        threshold = low + _threshold(per_level) * (high - low) / _TOP
    return ValueHistogram(counts, low, high if high > low else low + 1e-12, threshold)


def _threshold(per_level: NDArray[np.int64]) -> float:
    """Level between air and tissue: Otsu's, IEEE Trans. Syst. Man Cybern. 9(1), 1979."""
    counts, edges = per_level.reshape(128, -1).sum(axis=1), np.linspace(0, _TOP, 129)
    middles = (edges[:-1] + edges[1:]) / 2
    below, moment = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (moment / below - (moment[-1] - moment) / above) ** 2
    between = np.nan_to_num(between)
    return float(middles[between >= between.max() * (1 - 1e-6)].mean())  # the middle, where many do as well


def _property_of(points: Sequence[tuple[float, float, tuple[int, int, int]]]) -> vtkVolumeProperty:
    """Points of level, opacity and colour as VTK takes them, lit as in an operating theatre: a little gloss."""
    rgb = vtkColorTransferFunction()
    for level, _, colour in points:
        rgb.AddRGBPoint(level, *(c / 255 for c in colour))
    shown = vtkVolumeProperty()
    shown.SetScalarOpacity(_opacity_of([(level, opacity) for level, opacity, _ in points]))
    shown.SetColor(rgb)
    shown.SetInterpolationTypeToLinear()
    shown.ShadeOn()
    shown.SetAmbient(0.18)
    shown.SetDiffuse(0.85)
    shown.SetSpecular(0.18)
    shown.SetSpecularPower(18)
    return shown


def _planes_of(cut: Cut) -> list[CutPlane]:
    """The planes of a cut, seven at most; their normals point to what is taken away."""
    planes = []
    for corner, sign in zip(cut.box_lps or (), (-1.0, 1.0), strict=False):
        planes += [
            CutPlane(corner, (sign, 0.0, 0.0)),
            CutPlane(corner, (0.0, sign, 0.0)),
            CutPlane(corner, (0.0, 0.0, sign)),
        ]
    return planes if cut.plane is None else [*planes, cut.plane]


def _clipping_planes(cut: Cut) -> vtkPlaneCollection:
    """The planes of a cut as VTK takes them, their normals pointing to what stays."""
    planes = vtkPlaneCollection()
    for plane in _planes_of(cut):
        clipping = vtkPlane()
        clipping.SetOrigin(*plane.point_lps)
        clipping.SetNormal(*(-c for c in plane.normal_lps))
        planes.AddItem(clipping)
    return planes


def _glass(skin: float, bone: Sequence[float]) -> vtkPiecewiseFunction:
    """The scan around label surfaces: a shell where its outside is and, of a CT, a hint of bone."""
    shell = ((0.5 * skin, 0.0), (0.8 * skin, 0.22), (1.1 * skin, 0.05), (1.35 * skin, 0.0))
    return _opacity_of((*shell, *zip(bone, (0.0, 0.05), strict=False)))


def _opacity_of(nodes: Sequence[tuple[float, float]]) -> vtkPiecewiseFunction:
    alpha = vtkPiecewiseFunction()
    for level, value in nodes:
        alpha.AddPoint(level, value)
    return alpha


def _has_cells(mesh: vtkPolyDataMapper) -> bool:
    surface = mesh.GetInput()
    return surface is not None and surface.GetNumberOfCells() > 0


def _overlaid(grids: Sequence[Grid], tables: Sequence[Sequence[Label]]) -> tuple[Grid, Sequence[Label]]:
    """Label maps of one grid as one, the later over the earlier, and the table of its values."""
    voxels, table = grids[0].voxels, tables[0]
    for grid, incoming in zip(grids[1:], tables[1:], strict=True):
        if not voxels.any():  # nothing to keep apart from, so the incoming table may keep its own values
            voxels, table = grid.voxels, incoming
            continue
        table, value_of = merge_labels(table, incoming)
        lookup = np.zeros(256, dtype=np.uint8)
        lookup[list(value_of)] = list(value_of.values())
        over = lookup[grid.voxels]
        voxels = np.where(over > 0, over, voxels)
    return replace(grids[0], voxels=voxels), table


def _surface_mapper() -> vtkPolyDataMapper:
    mapper = vtkPolyDataMapper()
    mapper.SetColorModeToMapScalars()  # bytes would be taken for grey levels
    mapper.SetScalarModeToUseCellFieldData()
    mapper.SelectColorArray("label")
    mapper.SetScalarRange(0, 255)
    mapper.UseLookupTableScalarRangeOn()
    return mapper


def _surface_actor(mapper: vtkPolyDataMapper) -> vtkActor:
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.ForceOpaqueOn()
    actor.GetProperty().SetAmbient(0.15)
    actor.GetProperty().SetDiffuse(0.85)
    actor.GetProperty().SetSpecular(0.2)
    actor.GetProperty().SetSpecularPower(20)
    return actor


def _lookup_table(labels: Sequence[Label]) -> vtkLookupTable:
    table = vtkLookupTable()
    table.SetNumberOfTableValues(256)
    table.SetTableRange(0, 255)
    table.Build()  # or the values of no label are whatever was in memory, and a part of the table transparent
    for label in labels:
        red, green, blue = (c / 255 for c in label.colour)
        table.SetTableValue(label.value, red, green, blue, label.surface_opacity)
    return table
