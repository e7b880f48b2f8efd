"""Annotations made elsewhere, laid onto a series: voxel for voxel where grids agree, else only if a person says so.

Nothing is moved in silence: what lies between the voxels of the series or in another space is refused with a sentence.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.history import Edit, LabelDelta, SlicePlace, unconfirmed
from viewer.core.labels import MAX_LABELS, OKABE_ITO, Label, merge_labels, sparing_locked
from viewer.core.painting import Box, changed_box
from viewer.core.study import Series, SeriesError

_ON_GRID = 0.01  # voxels: what lies this near to a voxel's centre lies on it
_OTHER_STEP = 0.01  # of the distance between slices: what differs by more is another grid
_REGULAR = 0.05  # steps: slices this near to regular ones are
_MOST_VOXELS = 1 << 32
_SLAB = 8  # slices between two looks at whether it is still wanted

Check = Callable[[], None]


@dataclass(frozen=True)
class Source:
    """What a file says of the scan that it was drawn on; empty for what it does not say."""

    study_uid: str = ""
    series_uids: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()
    frame_of_reference: str = ""
    patient_id: str = ""
    knows: bool = True  # False for formats that have no room for it: NIfTI, NRRD, MetaImage


@dataclass(frozen=True)
class Segment:
    """One structure as a file names it. colour is sRGB, code is (value, scheme, meaning); value is its number there."""

    name: str
    colour: tuple[int, int, int] | None = None
    code: tuple[str, str, str] | None = None
    value: int | None = None


@dataclass(frozen=True, eq=False)
class Mask:
    """Where a segment is on a grid of its own: voxels[k, j, i] of bool, of as much of the grid as geometry holds.

    image is the SOPInstanceUID and the frame, from 0, of a picture without a place in the patient: the grid then
    counts its columns and rows.
    """

    segment: int
    geometry: Geometry
    voxels: NDArray[np.bool_]
    image: tuple[str, int] | None = None


@dataclass(frozen=True, eq=False)
class Contour:
    """A closed outline of a segment, points (n, 3) in LPS, mm, on one plane."""

    segment: int
    points_lps: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """What a file of annotations holds. A segment has masks or contours.

    between_mm is how far apart the file's slices are, None where it does not tell; it matters only with more slices
    than one. notes are sentences for a person, on what of the file was not taken. picture_size is (columns, rows) of
    the pictures that masks without a place belong to. grid_size is that of a label map, (i, j, k), None for others.
    """

    kind: str
    source: Source
    segments: tuple[Segment, ...]
    masks: tuple[Mask, ...] = ()
    contours: tuple[Contour, ...] = ()
    between_mm: float | None = None
    notes: tuple[str, ...] = ()
    picture_size: tuple[int, int] | None = None
    grid_size: tuple[int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class Laid:
    """A segment on the grid of a series: voxels[k, j, i] of bool in a box of it. outside counts its voxels, or points
    of its outlines, that lie nowhere in the series; shared those voxels that another segment has, too."""

    segment: Segment
    box: Box
    voxels: NDArray[np.bool_]
    outside: int = 0
    shared: int = 0

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.voxels))


class NotOnGrid(SeriesError):
    """What was found does not lie on the voxels of the series; the message says how it lies."""


def coloured(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same with a colour each, those without one in turn in those of Okabe and Ito."""
    usual = itertools.cycle(OKABE_ITO)
    return tuple(one if one.colour is not None else replace(one, colour=next(usual)) for one in segments)


# Whose it is


def why_not_of(source: Source, series: Series) -> str:
    """Why annotations cannot be laid onto a series at all, in one sentence; empty if they can."""
    if not source.knows or refers_to(source, series):
        return ""
    if not source.frame_of_reference or not series.frame_of_reference:
        return (
            "it was drawn on another series, and nothing says that the positions of both agree; open the series that "
            "it was drawn on"
        )
    if source.frame_of_reference != series.frame_of_reference:
        return (
            "it was drawn on another series, in another frame of reference: its positions are not those of this "
            "series; open the series that it was drawn on"
        )
    if source.patient_id and series.patient_id and source.patient_id != series.patient_id:
        return "it was drawn on another series, of another patient; open the series that it was drawn on"
    return ""


def refers_to(source: Source, series: Series) -> bool:
    """True if a file names the series, or an image of it, and no other place than that of the series."""
    uid = series.uid.partition("#")[0].partition("~")[0]
    named = uid in source.series_uids or not set(source.instance_uids).isdisjoint(series.instance_uids)
    places = {source.frame_of_reference, series.frame_of_reference} - {""}
    return named and len(places) < 2


def doubts_of(source: Source, series: Series, grid_size: tuple[int, int, int] | None = None) -> tuple[str, ...]:
    """What a person should know before annotations, a label map of a grid's size (i, j, k) or others, are laid onto a
    series that they may be of: sentences."""
    said = []
    if not source.knows:
        said.append("The file does not say which scan it was drawn on: only you can know that it is this one.")
    size = series.size
    if grid_size is not None and size is not None and sorted(grid_size) != sorted(size):  # turned ones have the same
        own, others = (" × ".join(map(str, one)) for one in (grid_size, size))
        said.append(f"It has {own} voxels and this series {others}: look whether the structures lie where they should.")
    if not source.knows:
        return tuple(said)
    if not refers_to(source, series):
        said.append("It was drawn on another series of the same frame of reference.")
    if source.patient_id and series.patient_id and source.patient_id != series.patient_id:
        said.append("It names another patient than this series does.")
    return tuple(said)


# Where it lies


def on_pictures(found: Found, series: Series) -> Found:
    """The same, with masks that name a picture in place of a position on the slices of the series that are these.

    Raises SeriesError where the pictures are of another size, or the series has a place that the masks do not tell.
    """
    if found.picture_size is None or series.size is None:
        return found
    onto = series.geometry
    if found.picture_size != onto.size[:2]:
        raise SeriesError("its frames are not as large as the images of this series")
    frames = series.frame_numbers or (0,) * len(series.instance_uids)
    slice_of = {place: k for k, place in enumerate(zip(series.instance_uids, frames, strict=False))}
    masks, elsewhere = [], 0
    for mask in found.masks:
        k = slice_of.get(mask.image) if mask.image is not None else None
        if k is None:
            elsewhere += 1
            continue
        first = (*mask.geometry.origin[:2], k)
        columns, rows = mask.geometry.size[:2]
        there = replace(onto, size=(columns, rows, 1), origin=onto.index_to_lps(first), slice_origins=None)
        masks.append(replace(mask, geometry=there))
    if not masks:
        raise SeriesError("it was drawn on other images than those of this series; open the series of these images")
    notes = found.notes
    if elsewhere:
        notes = (*notes, "What it holds of other images than those of this series was left out.")
    return replace(found, masks=tuple(masks), notes=notes)


def lay(found: Found, onto: Geometry, *, resample: bool = False, check: Check = lambda: None) -> tuple[Laid, ...]:
    """Each segment on the grid of a series, in the order of the file; those that are nowhere in it have no voxels.

    Masks are taken voxel for voxel: their grid may be turned by right angles, mirrored or cut, but its voxels have to
    lie on those of the series. Outlines have to lie on slices of the series, in any of its three directions; a voxel
    belongs to one if its centre lies inside, and of two outlines one within the other the inner is a hole. Raises
    NotOnGrid where they do not. With resample each voxel of the series has what lies nearest to its centre, not farther
    than half a slice.
    """
    placed = onto.patient_space and onto.calibrated and (onto.slice_origins is None or len(onto.slice_origins) > 0)
    if found.picture_size is None and not placed:
        raise SeriesError("nothing says where the slices of this series lie in the patient")
    if resample and not onto.is_grid:
        raise SeriesError("the slices of this series make no regular grid that could be sampled")
    if not resample and onto.is_grid:
        _check_steps(found, onto)
    laid = []
    for n, segment in enumerate(coloured(found.segments)):
        check()
        masks = [mask for mask in found.masks if mask.segment == n]
        contours = [contour for contour in found.contours if contour.segment == n]
        if contours:
            pieces, outside = _lay_contours(contours, onto, found.between_mm, resample, check)
            laid.append(_joined(segment, pieces, outside, np.logical_xor))
        elif resample:
            laid.append(_sampled(segment, masks, onto, found.between_mm, check))
        else:
            placed = [_placed(mask, onto) for mask in masks]
            outside = sum(lost for _, _, lost in placed)
            laid.append(_joined(segment, [(box, voxels) for box, voxels, _ in placed], outside, np.logical_or))
    return _with_shared(laid, check)


def _with_shared(laid: Sequence[Laid], check: Check) -> tuple[Laid, ...]:
    """The same, each with the count of its voxels that others have, too."""
    there = [one for one in laid if one.voxels.size]
    if not there:
        return tuple(laid)
    low = [min(one.box[a].start for one in there) for a in range(3)]
    high = [max(one.box[a].stop for one in there) for a in range(3)]
    times = np.zeros([h - b for b, h in zip(low, high, strict=True)], dtype=np.uint8)
    for one in there:
        check()
        part = times[_within(one.box, low)]
        np.add(part, one.voxels, out=part, where=part < 2)
    return tuple(
        replace(one, shared=int(np.count_nonzero(times[_within(one.box, low)][one.voxels] > 1)))
        if one.voxels.size
        else one
        for one in laid
    )


def _within(box: Box, low: Sequence[int]) -> Box:
    k, j, i = (slice(span.start - b, span.stop - b) for span, b in zip(box, low, strict=True))
    return k, j, i


def _check_steps(found: Found, onto: Geometry) -> None:
    """Raises NotOnGrid for slices that lie on those of the series, but stand for thicker or thinner ones."""
    if found.between_mm is None or not found.masks or len(found.masks) < 2:
        return
    normal = found.masks[0].geometry.direction[:, 2]
    along = np.abs(onto.direction.T @ normal)
    step = onto.spacing[int(along.argmax())]
    if onto.size[int(along.argmax())] > 1 and abs(found.between_mm - step) > _OTHER_STEP * step:
        raise NotOnGrid(f"its slices are {found.between_mm:.4g} mm apart, those of this series {step:.4g} mm")


def _placed(mask: Mask, onto: Geometry) -> tuple[Box, NDArray[np.bool_], int]:
    """A mask on the voxels of a series, cropped to it, and how many of its voxels lie outside."""
    corners = np.array(list(itertools.product(*((0, n - 1) if n > 1 else (0, 1) for n in mask.geometry.size))))
    flat = [axis for axis in range(3) if mask.geometry.size[axis] == 1]
    if flat:  # a slice has a place, but no step to the next that could be wrong
        corners = corners[(corners[:, flat] == 0).all(axis=1)]
    places = mask.geometry.index_to_lps(corners)
    index = onto.lps_to_index(places)
    nearest = np.rint(index)
    apart_mm = np.linalg.norm(onto.index_to_lps(nearest) - places, axis=1).max()
    if onto.is_grid:
        beside = np.abs(index - nearest).max()
    else:  # its numbers of slices are whole by themselves, and end with the last
        beside = apart_mm / min(onto.spacing[:2])
    if beside > _ON_GRID:
        raise NotOnGrid(f"its voxels lie between those of this series, up to {apart_mm:.2g} mm from the nearest")
    first = nearest[0]
    arr = mask.voxels
    axes, starts, flips = [-1, -1, -1], [0, 0, 0], [False, False, False]
    for axis in range(3):
        if mask.geometry.size[axis] == 1:
            continue
        step = nearest[(corners == np.eye(3)[axis] * (np.array(mask.geometry.size) - 1)).all(axis=1)][0] - first
        along = int(np.abs(step).argmax())
        if np.count_nonzero(step) != 1 or abs(step[along]) != mask.geometry.size[axis] - 1 or along in axes:
            raise NotOnGrid("its rows and columns are not those of this series, or its voxels have another size")
        axes[axis], flips[axis] = along, bool(step[along] < 0)
    for axis in range(3):
        if axes[axis] < 0:
            axes[axis] = next(free for free in (axis, 0, 1, 2) if free not in axes)
    for axis, along in enumerate(axes):
        starts[along] = int(first[along]) - (mask.geometry.size[axis] - 1 if flips[axis] else 0)
    arr = np.flip(arr, tuple(2 - axis for axis in range(3) if flips[axis]))
    arr = arr.transpose([2 - axes.index(along) for along in (2, 1, 0)])
    return _cropped(arr, starts[::-1], onto.shape)


def _cropped(
    voxels: NDArray[np.bool_], start_kji: Sequence[int], shape: tuple[int, int, int]
) -> tuple[Box, NDArray[np.bool_], int]:
    """What of a box lies in an array of some shape, and how many voxels do not."""
    low = [min(max(0, start), n) for start, n in zip(start_kji, shape, strict=True)]
    high = [max(b, min(n, s + m)) for b, s, m, n in zip(low, start_kji, voxels.shape, shape, strict=True)]
    k, j, i = (slice(b, h) for b, h in zip(low, high, strict=True))
    inside = voxels[tuple(slice(b - s, h - s) for b, h, s in zip(low, high, start_kji, strict=True))]
    return (k, j, i), inside, int(np.count_nonzero(voxels)) - int(np.count_nonzero(inside))


def _joined(
    segment: Segment,
    pieces: Sequence[tuple[Box, NDArray[np.bool_]]],
    outside: int,
    join: Callable[..., NDArray[np.bool_]],
) -> Laid:
    """Pieces of one segment in one box; join says what voxels are that two of them have."""
    pieces = [(box, voxels) for box, voxels in pieces if voxels.any()]
    if not pieces:
        nothing = slice(0, 0)
        return Laid(segment, (nothing, nothing, nothing), np.zeros((0, 0, 0), bool), outside)
    low = [min(box[a].start for box, _ in pieces) for a in range(3)]
    high = [max(box[a].stop for box, _ in pieces) for a in range(3)]
    whole = np.zeros([h - b for b, h in zip(low, high, strict=True)], dtype=bool)
    for box, voxels in pieces:
        part = whole[_within(box, low)]
        join(part, voxels, out=part)
    k, j, i = (slice(b, h) for b, h in zip(low, high, strict=True))
    return Laid(segment, (k, j, i), whole, outside)


# Resampling


def _sampled(segment: Segment, masks: Sequence[Mask], onto: Geometry, between_mm: float | None, check: Check) -> Laid:
    pieces = []
    for grid, voxels in _volumes(masks, between_mm):
        box = _reach(grid, onto)
        shape = [span.stop - span.start for span in box]
        sampled = np.zeros(shape, dtype=bool)
        j, i = np.mgrid[box[1], box[2]]
        for first in range(box[0].start, box[0].stop, _SLAB):
            check()
            for k in range(first, min(first + _SLAB, box[0].stop)):
                places = onto.index_to_lps(np.stack([i, j, np.full_like(i, k)], axis=-1))
                index = np.rint(grid.lps_to_index(places)).astype(int)
                inside = ((index >= 0) & (index < grid.size)).all(axis=-1)
                at = index[inside]
                sampled[k - box[0].start][inside] = voxels[at[:, 2], at[:, 1], at[:, 0]]
        pieces.append((box, sampled))
    return _joined(segment, pieces, 0, np.logical_or)


def _volumes(masks: Sequence[Mask], between_mm: float | None) -> list[tuple[Geometry, NDArray[np.bool_]]]:
    """Masks of single slices as one volume in regular steps; others as they are. Raises SeriesError for slices that
    are in no regular steps."""
    if any(mask.geometry.size[2] > 1 for mask in masks) or not masks:
        return [(mask.geometry, mask.voxels) for mask in masks]
    first = masks[0].geometry
    away = np.array([mask.geometry.origin - first.origin for mask in masks]) @ first.direction
    gaps = np.diff(np.unique(np.round(away[:, 2], 3)))
    step = between_mm or (float(gaps.min()) if len(gaps) else first.spacing[2])
    spacing = (*first.spacing[:2], step)
    places = away / spacing
    starts = np.rint(places).astype(np.int64)
    alike = all(
        np.allclose(mask.geometry.direction, first.direction, atol=1e-4)
        and np.allclose(mask.geometry.spacing[:2], first.spacing[:2], rtol=1e-4)
        for mask in masks
    )
    if not alike or np.abs(places - starts).max() > _REGULAR:
        raise SeriesError("its own slices make no regular grid that could be sampled")
    low = starts.min(axis=0)
    size = (starts + [mask.geometry.size for mask in masks]).max(axis=0) - low
    if float(np.prod(size.astype(float))) > _MOST_VOXELS:
        raise SeriesError("its own slices are too far apart to make a grid that could be sampled")
    columns, rows, count = size.tolist()
    volume = np.zeros((count, rows, columns), dtype=bool)
    for mask, (i, j, k) in zip(masks, starts - low, strict=True):
        volume[k, j : j + mask.geometry.size[1], i : i + mask.geometry.size[0]] |= mask.voxels[0]
    origin = first.origin + first.direction @ (low * spacing)
    return [(Geometry((columns, rows, count), spacing, origin, first.direction), volume)]


def _reach(grid: Geometry, onto: Geometry) -> Box:
    """The box of a series' voxels that may lie in another grid."""
    edges = np.array(list(itertools.product(*((-0.5, n - 0.5) for n in grid.size))))
    index = onto.lps_to_index(grid.index_to_lps(edges))
    low = np.clip(np.floor(index.min(axis=0)), 0, onto.size).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, low, onto.size).astype(int)
    return slice(low[2], high[2]), slice(low[1], high[1]), slice(low[0], high[0])


# Outlines


def _lay_contours(
    contours: Sequence[Contour], onto: Geometry, between_mm: float | None, resample: bool, check: Check
) -> tuple[list[tuple[Box, NDArray[np.bool_]]], int]:
    """The inside of each outline, on each slice that it stands for, and how many points lie outside the series."""
    placed = [(contour, *_flat_index(contour, onto)) for contour in contours]
    normals = {normal for _, _, normal in placed}
    if len(normals) > 1:
        raise SeriesError("the outlines of a structure lie in several directions")
    normal = normals.pop()
    depths = np.array([float(index[:, normal].mean()) for _, index, _ in placed])
    beside = np.abs(depths - np.rint(depths))
    if not onto.is_grid:
        beside = np.array([_off_slice(c.points_lps, onto) for c, _, _ in placed]) / min(onto.spacing[:2])
    if beside.max() > _ON_GRID and not resample:
        apart = float(beside.max()) * onto.spacing[normal]
        raise NotOnGrid(f"its outlines lie between the slices of this series, up to {apart:.2g} mm from the nearest")
    shared = np.unique(np.round(depths, 3))
    gaps = np.diff(shared)
    step = (between_mm / onto.spacing[normal] if between_mm else float(gaps.min()) if len(gaps) else 1.0) / 2
    pieces, outside = [], 0
    for n, (_, index, _) in enumerate(placed):
        check()
        outside += int(np.count_nonzero((index < -0.5) | (index > np.array(onto.size) - 0.5)))
        slices = [round(depths[n])]
        if resample and (beside.max() > _ON_GRID or step > 0.5 + _ON_GRID):
            low, high = int(np.ceil(depths[n] - step - 1e-6)), int(np.floor(depths[n] + step + 1e-6))
            slices = [
                k for k in range(max(low, 0), min(high, onto.size[normal] - 1) + 1)
                if shared[np.abs(shared - k).argmin()] == np.round(depths[n], 3)
            ]  # fmt: skip
        filled = _filled(index, normal, onto)
        if filled is not None:
            pieces += [_slice_of(filled, normal, k) for k in slices if 0 <= k < onto.size[normal]]
    return pieces, outside


def _flat_index(contour: Contour, onto: Geometry) -> tuple[NDArray[np.float64], int]:
    """The points of an outline as indices, and the index axis that is normal to its plane."""
    index = onto.lps_to_index(contour.points_lps)
    spread_mm = np.ptp(index, axis=0) * onto.spacing
    normal = int(spread_mm.argmin()) if onto.is_grid else 2
    if spread_mm[normal] > 2 * _ON_GRID * onto.spacing[normal]:
        raise SeriesError("its outlines lie across the slices of this series, which cannot be filled slice by slice")
    return index, normal


def _off_slice(points_lps: NDArray[np.float64], onto: Geometry) -> float:
    """How far points lie from the slice nearest to them, mm."""
    return float(np.linalg.norm(onto.index_to_lps(onto.lps_to_index(points_lps)) - points_lps, axis=-1).max())


def _filled(index: NDArray[np.float64], normal: int, onto: Geometry) -> tuple[int, int, NDArray[np.bool_]] | None:
    """Where the centres of a slice's voxels lie inside an outline by the even-odd rule: first row, first column, mask.

    Rows run along the higher index axis of the slice, columns along the lower. A centre on an edge counts on one side
    of the outline only, so that two that share an edge share no voxel.
    """
    a, b = (axis for axis in range(3) if axis != normal)
    columns, rows = index[:, a], index[:, b]
    low = np.clip(np.floor(index.min(axis=0)), 0, onto.size).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, low, onto.size).astype(int)
    width, height = int(high[a] - low[a]), int(high[b] - low[b])
    if not width or not height:
        return None
    next_c, next_r = np.roll(columns, -1), np.roll(rows, -1)
    toggles = np.zeros((height, width + 1), dtype=np.int32)
    for c0, r0, c1, r1 in zip(columns, rows, next_c, next_r, strict=True):
        first = max(int(np.ceil(min(r0, r1))), int(low[b]))
        last = min(int(np.ceil(max(r0, r1))), int(high[b]))  # exclusive: an end belongs to one of the edges at it
        if first >= last:
            continue
        crossed = np.arange(first, last)
        at = c0 + (crossed - r0) * (c1 - c0) / (r1 - r0)
        start = np.clip(np.ceil(at).astype(int) - low[a], 0, width)
        np.add.at(toggles, (crossed - low[b], start), 1)
    return int(low[b]), int(low[a]), np.cumsum(toggles, axis=1)[:, :width] % 2 == 1


def _slice_of(filled: tuple[int, int, NDArray[np.bool_]], normal: int, k: int) -> tuple[Box, NDArray[np.bool_]]:
    first_row, first_column, mask = filled
    a, b = (axis for axis in range(3) if axis != normal)
    box = [slice(0, 0)] * 3
    box[2 - normal] = slice(k, k + 1)
    box[2 - b] = slice(first_row, first_row + mask.shape[0])
    box[2 - a] = slice(first_column, first_column + mask.shape[1])
    return (box[0], box[1], box[2]), np.expand_dims(mask, 2 - normal)


# Into the label map


@dataclass(frozen=True)
class Import:
    """Segments ready to become labels as one edit; None if that would change nothing. taken counts, for each of them,
    the voxels that become its own; cut those that another has. Slices that the edit changes lose their confirmation
    by it."""

    edit: Edit | None
    taken: tuple[int, ...]
    cut: tuple[int, ...]


def import_title(resampled: bool = False) -> str:
    """How the history calls an import: without the file's name, which may be a patient's."""
    return "Import annotations, resampled" if resampled else "Import annotations"


def import_of(
    title: str,
    laid: Sequence[Laid],
    label_voxels: NDArray[np.uint8],
    table: Sequence[Label],
    in_use: Sequence[Label],
    *,
    replace_labels: bool,
    confirmed: Iterable[SlicePlace] = (),
) -> Import:
    """Segments as labels of a label map: of two that share a voxel the earlier has it, and one that is labelled already
    stays as it is unless replace_labels says otherwise; those of locked labels do in any case.

    label_voxels (k, j, i) are only read. table is that of the session, in_use those of its labels that are kept.
    Segments of a label's name become that label. Of the confirmed slices those whose voxels change are so no longer: a
    person called right what was there before. Raises SeriesError if the table is full. Not for the GUI thread.
    """
    labels = labels_for([one.segment for one in laid])
    try:
        merged, value_of = merge_labels(in_use, labels)
    except ValueError as error:
        raise SeriesError(str(error)) from error
    after = label_voxels.copy()
    free = np.ones(label_voxels.shape, bool) if replace_labels else label_voxels == 0
    for label, one in zip(labels, laid, strict=True):
        part = free[one.box]
        after[one.box][one.voxels & part] = value_of[label.value]
        part &= ~one.voxels
    after = sparing_locked(label_voxels, after, merged)
    taken = tuple(
        int(np.count_nonzero(one.voxels & (after[one.box] == value_of[label.value])))
        for label, one in zip(labels, laid, strict=True)
    )
    cut = tuple(one.count - count for one, count in zip(laid, taken, strict=True))
    box = changed_box(label_voxels, after)
    if box is None:
        return Import(None, taken, cut)
    kept = {label.value for label in in_use}  # a label of which nothing is left is none to be listed
    kept.update(value_of[label.value] for label, count in zip(labels, taken, strict=True) if count)
    merged = tuple(label for label in merged if label.value in kept)
    delta = LabelDelta.between("labels", box, label_voxels[box], after[box])
    lost = unconfirmed(confirmed, box, label_voxels[box], after[box])
    return Import(Edit(title, (delta,), table=(tuple(table), merged), confirmed=lost), taken, cut)


def labels_for(segments: Sequence[Segment]) -> tuple[Label, ...]:
    """A label for each segment, no two of one name, with the file's own number where that can be. Raises SeriesError
    for more than a label map holds."""
    if len(segments) > MAX_LABELS:
        raise SeriesError(f"a label map holds at most {MAX_LABELS} labels; choose fewer segments")
    own_values = [one.value for one in segments if one.value is not None and 0 < one.value <= MAX_LABELS]
    free = (value for value in range(1, MAX_LABELS + 1) if value not in own_values)
    usable = {value for value in own_values if own_values.count(value) == 1}
    if len(usable) < len(own_values):  # those of several layers
        usable, free = set(), iter(range(1, MAX_LABELS + 1))
    taken: set[str] = set()
    labels = []
    for n, segment in enumerate(coloured(segments)):
        own = name = " ".join(segment.name.split()) or f"Segment {n + 1}"
        more = itertools.count(2)
        while name in taken:
            name = f"{own} ({next(more)})"
        taken.add(name)
        value = segment.value if segment.value in usable else next(free)
        labels.append(Label(value or 0, name, segment.colour or OKABE_ITO[0], segment.code))
    return tuple(labels)
