"""What a person measures on a slice, and the values of it: from stored voxels and the grid, never from the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.curved import curve_length, smooth_curve
from viewer.core.geometry import Geometry
from viewer.core.oblique import Axes, ObliqueAxes, parallel
from viewer.core.origin import Origin
from viewer.core.painting import Point
from viewer.core.study import Series
from viewer.core.volume import Volume

Kind = Literal[
    "length",
    "angle",
    "cobb",
    "ellipse",
    "rectangle",
    "polygon",
    "freehand",
    "probe",
    "arrow",
    "text",
    "profile",
    "path",
    "box",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MARKS: tuple[Kind, ...] = ("arrow", "text", "path", "box")  # which show something, and measure nothing
REGIONS: tuple[Kind, ...] = ("ellipse", "rectangle", "polygon", "freehand")
BOXED: tuple[Kind, ...] = ("ellipse", "rectangle", "box")  # of two opposite corners
OUTLINES: tuple[Kind, ...] = ("polygon", "freehand")  # regions of as many points as a person sets
POINTS: dict[Kind, int] = {
    "length": 2,
    "angle": 3,
    "cobb": 4,
    "ellipse": 2,
    "rectangle": 2,
    "polygon": 3,
    "freehand": 3,
    "probe": 1,
    "arrow": 2,
    "text": 1,
    "profile": 2,
    "path": 2,
    "box": 2,
}  # of each kind; the fewest for outlines and paths

LengthUnit = Literal["mm", "mm at detector", "px"]
Spread = tuple[Point, Point]  # what an index grows by for each mm along two perpendicular directions of a plane
_MOST_BINS = 64
_PIECE = 1 << 15  # values
_ON_PLANE_MM = 1e-3
_BETWEEN = 1e-6  # voxels: a plane this near to a border of voxels lies on it


@dataclass(frozen=True)
class Found:
    """What a model told of a box that a person accepted: number within its run, label, score 0 to 1, and corners."""

    origin: Origin
    number: int
    label: str
    score: float
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Measurement:
    """A shape on one slice. number is its name within the series.

    points are continuous voxel indices (i, j, k) of the series' own grid, so that they are exact with and without a
    patient space; normal is the index axis that is normal to the slice they lie on. An ellipse, a rectangle and a box
    have two opposite corners, an angle its vertex in the middle, Cobb's angle two points for each line, an
    arrow its tip first. A path is a smooth curve through its points, which may lie on any slices: normal and spread
    tell of the plane on which it was begun, and it is seen on all. text is what a person wrote to it; text_at is where
    a person moved the words to, None where the program places them. A box says where something of a label is, for
    models that detect: its text is the name of the label, and found tells of the model that proposed it, if one did.

    On a plane that cuts across the grid, spread tells how it lies, normal being that of the slices from which it was
    turned, and the sides of a box run along the directions of spread. None for a slice of the grid.
    """

    number: int
    kind: Kind
    points: tuple[Point, ...]
    normal: int
    text: str = ""
    text_at: Point | None = None
    spread: Spread | None = None
    found: Found | None = None

    @property
    def corrected(self) -> bool:
        """True if a person changed what a model had found."""
        return self.found is not None and (self.points, self.text) != (self.found.points, self.found.label)

    @property
    def slice_index(self) -> int:
        """The slice of the grid that it lies on; means nothing on an oblique plane."""
        return int(round(self.points[0][self.normal]))

    def lies_on(self, axes: Axes, depth: float, geometry: Geometry) -> bool:
        """True if a plane that is shown is the one it was drawn on; for a path any plane is."""
        if self.kind == "path":
            return True
        if self.spread is None:
            return axes.acquired is axes and axes.acquired.normal == self.normal and self.slice_index == depth
        if not isinstance(axes, ObliqueAxes) or not self.parallel_to(axes, geometry):
            return False
        return abs(axes.depth_of(self.points[0]) - depth) < _ON_PLANE_MM

    def parallel_to(self, axes: Axes, geometry: Geometry) -> bool:
        """True if a plane has the direction of the one it was drawn on; for a path any has."""
        if self.kind == "path":
            return True
        if isinstance(axes, ObliqueAxes):
            return self.spread is not None and parallel(axes.normal_mm, self.normal_mm(geometry))
        return self.spread is None and axes.normal == self.normal

    def normal_mm(self, geometry: Geometry) -> NDArray[np.float64]:
        """The unit normal of its plane along i, j and k in mm, either way."""
        if self.spread is None:
            return np.eye(3)[self.normal]
        right, down = np.array(self.spread) * geometry.spacing
        return np.cross(right, down)

    def flat(self, points_ijk: ArrayLike) -> NDArray[np.float64]:
        """Where points (n, 3) of its plane lie on it, (n, 2): by the index axes of its slice, or in mm along the
        directions of spread, from its first point."""
        points = np.asarray(points_ijk, dtype=np.float64)
        if self.spread is None:
            return points[:, self.in_plane]
        return (points - self.points[0]) @ np.linalg.pinv(np.array(self.spread))

    def lifted(self, flat: ArrayLike) -> NDArray[np.float64]:
        """The indices (n, 3) of points (n, 2) as flat gives them."""
        places = np.asarray(flat, dtype=np.float64)
        if self.spread is not None:
            return np.array(self.points[0]) + places @ np.array(self.spread)
        points = np.tile(np.array(self.points[0], dtype=np.float64), (len(places), 1))
        points[:, self.in_plane] = places
        return points

    @property
    def on_one_slice(self) -> bool:
        """True if slice_index tells where all of it lies."""
        return self.spread is None and len({round(point[self.normal]) for point in self.points}) == 1

    @property
    def in_plane(self) -> tuple[int, int]:
        """The two index axes of the slice, ascending."""
        first, second = (axis for axis in range(3) if axis != self.normal)
        return first, second

    def moved(self, by_ijk: Point) -> Measurement:
        """The whole shape with its words elsewhere on its slice; a path anywhere."""
        still = self.normal if self.spread is None and self.kind != "path" else None
        step = tuple(0.0 if axis == still else by_ijk[axis] for axis in range(3))
        shifted = [
            None if point is None else (point[0] + step[0], point[1] + step[1], point[2] + step[2])
            for point in (*self.points, self.text_at)
        ]
        return replace(self, points=tuple(shifted[:-1]), text_at=shifted[-1])


@dataclass(frozen=True)
class Values:
    """What a measurement says; None where it does not say it.

    length, in length_unit; angle in degrees; area in the square of length_unit. mean, sd, minimum and maximum are of
    the count voxels whose centres lie inside a region and that are measurements (no padding, no NaN), in unit, and
    value is that of the voxel under a probe. sd is the standard deviation of a sample (n - 1). Each times suv_factor is
    SUVbw in g/ml. colour is what a probe finds in a colour picture, of which regions tell the area alone.
    """

    length: float | None = None
    angle: float | None = None
    area: float | None = None
    count: int | None = None
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    value: float | None = None
    colour: tuple[int, int, int] | None = None
    length_unit: LengthUnit = "px"
    unit: str = ""
    suv_factor: float | None = None


def values_of(measurement: Measurement, volume: Volume, series: Series) -> Values:
    """The values of a measurement on the voxels of its series. Some ms for a region as large as a radiograph."""
    spacing, unit = spacing_of(measurement.points, volume.geometry, series)
    known = Values(length_unit=unit, unit=volume.unit, suv_factor=volume.suv_factor)
    placed = np.array(measurement.points) * spacing
    if measurement.kind in ("length", "profile"):
        return replace(known, length=_distance(placed[0], placed[1]))
    if measurement.kind == "path":
        return replace(known, length=curve_length(smooth_curve(placed)))
    if measurement.kind == "angle":
        return replace(known, angle=_angle_between(placed[0] - placed[1], placed[2] - placed[1]))
    if measurement.kind == "cobb":
        return replace(known, angle=_cobb_angle(placed, measurement.flat(measurement.points)))
    if measurement.kind == "probe":
        return _probe(measurement, volume, known)
    if measurement.kind in REGIONS:
        first, second = measurement.in_plane
        pixel = float(spacing[first] * spacing[second]) if measurement.spread is None else 1.0
        area = _area(measurement) * pixel
        return replace(_statistics(region_values(measurement, volume), known), area=area)
    return known


def spacing_of(
    points_ijk: Sequence[Point], geometry: Geometry, series: Series
) -> tuple[NDArray[np.float64], LengthUnit]:
    """The size of a voxel along i, j and k where the points lie, and its unit: the axes of a grid are perpendicular, so
    lengths and angles need nothing else.

    (1, 1, 1) pixels where nothing says how large they are, or where points lie in no common region of an ultrasound
    picture (DICOM PS3.3 C.8.5.5).
    """
    if series.regions:
        scales = {region.mm_per_pixel for region in series.regions if all(_within(region.box, p) for p in points_ijk)}
        if len(scales) != 1:
            return np.ones(3), "px"
        return np.array([*scales.pop(), 1.0]), "mm"
    if not geometry.calibrated:
        return np.ones(3), "px"
    at_detector = series.calibration == "ImagerPixelSpacing"
    return np.array(geometry.spacing), "mm at detector" if at_detector else "mm"


def region_values(measurement: Measurement, volume: Volume) -> NDArray | None:
    """The values of the voxels whose centres lie inside a region on its slice, without padding, NaN and infinity; None
    for colours. On an oblique plane they are those of the voxels that it passes through and whose centres, seen along
    its normal, lie inside: each once, and none interpolated."""
    if volume.colour:
        return None
    if measurement.spread is not None:
        i, j, k = _voxels_inside(measurement, volume.geometry).T
        values = volume.voxels[k, j, i]
        return values[volume.measured(values)]
    mask, first_row, first_column = region_mask(measurement, volume.geometry)
    layer = np.take(volume.voxels, measurement.slice_index, axis=2 - measurement.normal)
    rows, columns = mask.shape
    values = layer[first_row : first_row + rows, first_column : first_column + columns][mask]
    measured = volume.measured(values)
    return values if measured.all() else values[measured]


def region_mask(measurement: Measurement, geometry: Geometry) -> tuple[NDArray[np.bool_], int, int]:
    """Which voxels of the slice have their centre inside a region: (mask, first row, first column).

    Rows run along the higher index axis of the slice, columns along the lower. An outline that crosses itself encloses
    what the even-odd rule says.
    """
    a, b = measurement.in_plane
    points = np.array(measurement.points)
    low = np.clip(np.ceil(points.min(axis=0)), 0, geometry.size).astype(int)
    high = np.clip(np.floor(points.max(axis=0)) + 1, low, geometry.size).astype(int)
    columns, rows = np.arange(low[a], high[a]), np.arange(low[b], high[b])
    if measurement.kind == "rectangle":
        mask = np.ones((len(rows), len(columns)), dtype=bool)
    elif measurement.kind == "ellipse":
        centre, half = points.mean(axis=0), np.maximum(np.ptp(points, axis=0) / 2, 1e-12)
        across = ((columns - centre[a]) / half[a]) ** 2
        along = ((rows - centre[b]) / half[b]) ** 2
        mask = _inside_ellipse(along, across)
    else:
        mask = _inside_outline(points[:, a], points[:, b], columns, rows)
    return mask, int(low[b]), int(low[a])


def _inside_ellipse(along: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where along[:, None] + across <= 1, without working out each of the sums: in each row that holds for as many of
    the columns with the smallest across as there are."""
    order = np.argsort(across, kind="stable")
    rising = np.concatenate([across[order], [np.inf]])
    count = np.searchsorted(rising, 1.0 - along, side="right")
    while (more := along + rising[count] <= 1.0).any():  # the sum is rounded otherwise than the difference
        count = count + more
    while (fewer := (count > 0) & (along + rising[count - 1] > 1.0)).any():
        count = count - fewer
    rank = np.empty(len(across), dtype=np.int32)
    rank[order] = np.arange(len(across), dtype=np.int32)
    return rank < count.astype(np.int32)[:, None]


def _voxels_inside(measurement: Measurement, geometry: Geometry) -> NDArray[np.intp]:
    """The voxels (n, 3) that an oblique plane passes through and whose centres, seen along its normal, lie inside a
    region on it. A plane that runs between two voxels passes through the one after it."""
    normal, spacing = measurement.normal_mm(geometry), np.array(geometry.spacing)
    outline = measurement.flat(measurement.points)
    low, high = outline.min(axis=0), outline.max(axis=0)
    corners = measurement.lifted([(a, b) for a in (low[0], high[0]) for b in (low[1], high[1])])
    weights = normal * spacing  # mm along the normal for each step along i, j and k
    reach_mm = float(np.abs(weights).sum()) / 2  # from its centre a voxel extends so far
    along = int(np.abs(weights).argmax())  # the axis along which the plane passes through few voxels
    others = [axis for axis in range(3) if axis != along]
    first = np.clip(np.ceil(corners.min(axis=0) - 1.5), 0, geometry.size).astype(int)
    last = np.clip(np.floor(corners.max(axis=0) + 1.5) + 1, first, geometry.size).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(first[a], last[a]) for a in others), indexing="ij"), axis=-1).reshape(-1, 2)
    away = float(weights @ np.array(measurement.points[0]))
    middle = (away - grid @ weights[others]) / weights[along]  # where the plane meets each line of voxels
    reach = reach_mm / abs(float(weights[along]))
    start = np.floor(middle - reach + _BETWEEN).astype(int) + 1
    steps = np.arange(int(math.ceil(2 * reach)) + 1)
    found = np.empty((len(grid), len(steps), 3), dtype=np.intp)
    found[..., others] = grid[:, None, :]
    found[..., along] = start[:, None] + steps
    found = found.reshape(-1, 3)
    passed = found[:, along] <= np.repeat(middle + reach, len(steps)) + _BETWEEN
    passed &= (found[:, along] >= 0) & (found[:, along] < geometry.size[along])
    found = found[passed]
    if not len(found):
        return found
    feet = found - ((found @ weights - away)[:, None] * (normal / spacing))
    places = measurement.flat(feet)
    return found[_inside(measurement.kind, outline, places)]


def _inside(kind: Kind, outline: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which places (n, 2) lie inside a region whose points are outline."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    if kind == "rectangle":
        return np.all((places >= low) & (places <= high), axis=1)
    if kind == "ellipse":
        half = np.maximum((high - low) / 2, 1e-12)
        return (((places - (low + high) / 2) / half) ** 2).sum(axis=1) <= 1.0
    order = np.argsort(places[:, 1])
    a, b = places[order].T
    odd = np.zeros(len(places), dtype=bool)
    for one, other in zip(outline, np.roll(outline, -1, axis=0), strict=True):  # by the even-odd rule
        lower, upper = (one, other) if one[1] <= other[1] else (other, one)
        span = slice(*np.searchsorted(b, (lower[1], upper[1])))
        if span.stop > span.start:
            crossing = lower[0] + (b[span] - lower[1]) / (upper[1] - lower[1]) * (upper[0] - lower[0])
            odd[span] ^= crossing < a[span]
    inside = np.empty(len(places), dtype=bool)
    inside[order] = odd
    return inside


def histogram(values: NDArray) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Counts and the edges of their bins, at most 64. Whole numbers get bins of a whole width, so that none of them is
    empty for want of a value that could fall into it."""
    if not values.size:
        return np.zeros(1, dtype=np.intp), np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    whole = values.dtype.kind in "iu"
    if whole or np.array_equal(values, np.rint(values)):
        step = max(math.ceil((high - low + 1) / _MOST_BINS), 1)
        edges = np.arange(low - 0.5, high + 0.5 + step, step)
        if whole:  # many times faster than a search among the edges
            bins = (values.astype(np.int64) - int(low)) // step
            return np.bincount(bins, minlength=len(edges) - 1), edges
    else:
        edges = np.linspace(low, high, min(max(int(math.sqrt(values.size)), 8), _MOST_BINS) + 1)
    counts, edges = np.histogram(values, edges)
    return counts, edges


def line_profile(
    measurement: Measurement, volume: Volume, series: Series
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances from the first point, in the unit of the length, and the stored values there.

    They are those of the nearest voxels, one for each step along the axis on which the line runs longest; NaN outside
    the picture and in padding.
    """
    if volume.colour:
        return np.zeros(0), np.zeros(0)
    start, end = np.array(measurement.points[0]), np.array(measurement.points[1])
    steps = max(int(np.ceil(np.abs(end - start).max())), 1)
    along = np.linspace(0.0, 1.0, steps + 1)
    voxels = np.rint(start + along[:, None] * (end - start)).astype(int)
    values = np.full(steps + 1, np.nan)
    inside = np.all((voxels >= 0) & (voxels < volume.geometry.size), axis=1)
    i, j, k = voxels[inside].T
    values[inside] = volume.voxels[k, j, i]
    if volume.padding is not None:
        values[(values >= volume.padding[0]) & (values <= volume.padding[1])] = np.nan
    spacing, _ = spacing_of(measurement.points, volume.geometry, series)
    return along * _distance(start * spacing, end * spacing), values


def _within(box: tuple[int, int, int, int], point: Point) -> bool:
    left, top, right, bottom = box
    return left - 0.5 <= point[0] <= right - 0.5 and top - 0.5 <= point[1] <= bottom - 0.5


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(other - one))


def _angle_between(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Degrees in [0, 180] between two vectors; None if one has no length."""
    if not (one.any() and other.any()):
        return None
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other)))


def _cobb_angle(placed: NDArray[np.float64], flat: NDArray[np.float64]) -> float | None:
    """Between two lines, each taken towards the same side of the line that joins their middles: so that it does not
    matter which way they were drawn, and a severe curve gives more than 90 degrees (Cobb 1948)."""
    upper, lower = placed[1] - placed[0], placed[3] - placed[2]
    along = flat[2:].mean(axis=0) - flat[:2].mean(axis=0)
    sides = [along[0] * line[1] - along[1] * line[0] for line in (flat[1] - flat[0], flat[3] - flat[2])]
    return _angle_between(upper, -lower if sides[0] * sides[1] < 0 else lower)


def _probe(measurement: Measurement, volume: Volume, known: Values) -> Values:
    if not volume.geometry.contains_index(measurement.points[0]):
        return known
    i, j, k = volume.geometry.clamp_index(measurement.points[0])
    if volume.colour:
        red, green, blue = volume.voxels[k, j, i].tolist()
        return replace(known, colour=(red, green, blue))
    value = volume.value_at((i, j, k))
    return replace(known, value=value if value is not None and math.isfinite(value) else None)


def _statistics(values: NDArray | None, known: Values) -> Values:
    if values is None:
        return known
    if not values.size:
        return replace(known, count=0)
    mean = float(values.mean(dtype=np.float64))
    return replace(
        known,
        count=int(values.size),
        mean=mean,
        sd=_sample_sd(values, mean) if values.size > 1 else None,
        minimum=float(values.min()),
        maximum=float(values.max()),
    )


def _sample_sd(values: NDArray, mean: float) -> float:
    """As numpy.std with ddof 1 and float64, but in pieces that stay in the processor's cache."""
    squares = 0.0
    for start in range(0, values.size, _PIECE):
        away = values[start : start + _PIECE] - np.float64(mean)
        squares += float(np.einsum("i,i->", away, away))  # no BLAS: its threads wait for one another
    return math.sqrt(squares / (values.size - 1))


def _area(measurement: Measurement) -> float:
    """In voxels of the slice, or mm² on an oblique plane: that of the shape itself, not of the voxels inside."""
    a, b = measurement.flat(measurement.points).T
    if measurement.kind in OUTLINES:
        return _area_of_outline(a, b)
    box = float(np.ptp(a) * np.ptp(b))
    return box * math.pi / 4 if measurement.kind == "ellipse" else box


def _inside_outline(
    a: NDArray[np.float64], b: NDArray[np.float64], columns: NDArray[np.intp], rows: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Centres (row, column) with an odd number of edges of the closed outline (a, b) to their left."""
    next_a, next_b = np.roll(a, -1), np.roll(b, -1)
    row, edge = np.nonzero((b[None, :] <= rows[:, None]) != (next_b[None, :] <= rows[:, None]))
    along = (rows[row] - b[edge]) / (next_b[edge] - b[edge])
    crossing = a[edge] + along * (next_a[edge] - a[edge])
    turns = np.zeros((len(rows), len(columns) + 1), dtype=np.int32)
    first = columns[0] if len(columns) else 0
    np.add.at(turns, (row, np.clip(np.ceil(crossing) - first, 0, len(columns)).astype(int)), 1)
    return np.cumsum(turns, axis=1)[:, :-1] % 2 == 1


def _area_of_outline(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The area by the even-odd rule of a closed outline, which may cross itself: cut at each corner and crossing into
    strips, in which the edges are the sides of trapezes."""
    next_a, next_b = np.roll(a, -1), np.roll(b, -1)
    cuts = np.unique(np.concatenate([b, _crossings(a, b, next_a - a, next_b - b)]))
    middles, heights = (cuts[1:] + cuts[:-1]) / 2, np.diff(cuts)
    if not len(heights):
        return 0.0
    crossed = (b[None, :] <= middles[:, None]) != (next_b[None, :] <= middles[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a + (middles[:, None] - b) / (next_b - b) * (next_a - a)
    at = np.sort(np.where(crossed, at, np.inf), axis=1)
    at[~np.isfinite(at)] = 0.0
    widths = at[:, 1::2].sum(axis=1) - at[:, 0 : 2 * (at.shape[1] // 2) : 2].sum(axis=1)
    return float((heights * widths).sum())


def _crossings(
    a: NDArray[np.float64], b: NDArray[np.float64], step_a: NDArray[np.float64], step_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where edges (a, b) + t (step_a, step_b) cross one another: the second coordinates."""
    first, second = np.triu_indices(len(a), k=2)
    across = step_a[first] * step_b[second] - step_b[first] * step_a[second]
    apart_a, apart_b = a[second] - a[first], b[second] - b[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (apart_a * step_b[second] - apart_b * step_a[second]) / across
        u = (apart_a * step_b[first] - apart_b * step_a[first]) / across
    there = (across != 0) & (t > 0) & (t < 1) & (u > 0) & (u < 1)
    return b[first][there] + t[there] * step_b[first][there]
