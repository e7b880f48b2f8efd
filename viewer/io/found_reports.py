"""Measurements in structured reports of others (TID 1500 and its like), and which of them are ones of ours exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.measuring import BOXED, KINDS, OUTLINES, POINTS, Found, Kind, Measurement
from viewer.core.study import Series
from viewer.io.found_objects import FoundReport, FoundRun, FoundShape, code_in, source_of
from viewer.io.report_origin import CERTAINTY, NAME, PARAMETERS, VERSION, origin_of, texts_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MOST_SHAPES = 10_000
_MOST_PARAMETERS = 200
_ON_PLANE_MM = 0.01
_ON_SLICE = 0.02  # voxels: points this near to a slice lie on it
KIND = ("KIND", "99SLICEWISE", "Kind of measurement")  # by which ours come back as what they were
PLANE = ("PLANE", "99SLICEWISE", "Directions of the oblique plane")  # see FoundShape.plane
CORRECTED = "accepted by a person, corrected"  # of a box that a model found
FOUND_AT = "found at: "  # two corners, as the points of the shape are
AT_DETECTOR = " (mm at the detector)"
_STRAIGHT = 1e-3  # voxels: what differs by less is the same column or row
_TRACKING, _TRACKING_UID, _FINDING = "112039", "112040", "121071"
_KINDS: dict[str, Kind] = {kind: kind for kind in KINDS}
_ANGLES = ("1483009", "445579007")

# In the reader's process


def report_in(dataset: Dataset) -> FoundReport:
    """The shapes that a report tells of, with the words and the value next to each."""
    shapes: dict[tuple, FoundShape] = {}
    _walk(dataset, _Group(), None, shapes)
    series, instances = [], []
    for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in dataset.get(name) or []:
            for one in study.get("ReferencedSeriesSequence") or []:
                series.append(str(one.get("SeriesInstanceUID", "")))
                images = one.get("ReferencedSOPSequence") or []
                instances += [str(x.get("ReferencedSOPInstanceUID", "")) for x in images]
    spaces = {shape.frame_of_reference for shape in shapes.values()} - {""}
    space = spaces.pop() if len(spaces) == 1 else ""
    return FoundReport(source_of(dataset, series, instances, space), tuple(shapes.values()))


@dataclass(frozen=True)
class _Group:
    """What a group of measurements says of all in it."""

    text: str = ""
    made_as: str = ""
    tracking_uid: str = ""
    plane: tuple[float, ...] = ()
    run: FoundRun | None = None


def _walk(item: Dataset, group: _Group, number: Dataset | None, shapes: dict[tuple, FoundShape]) -> None:
    children = list(item.get("ContentSequence") or [])
    own = {(code_in(c, "ConceptNameCodeSequence") or ("",))[0]: c for c in reversed(children)}
    if _TRACKING in own or _FINDING in own:
        words = [str(own[_TRACKING].get("TextValue", ""))] if _TRACKING in own else []
        finding = code_in(own[_FINDING], "ConceptCodeSequence") if _FINDING in own else None
        text = " · ".join(filter(None, [*words, finding[2] if finding else ""]))
        kind = code_in(own[KIND[0]], "ConceptCodeSequence") if KIND[0] in own else None
        made_as = kind[0] if kind is not None and kind[1] == KIND[1] else ""
        uid = str(own[_TRACKING_UID].get("UID", "")) if _TRACKING_UID in own else ""
        plane = _plane_in(own[PLANE[0]]) if made_as and PLANE[0] in own else ()
        run = _run_in(children) if made_as == "box" else None
        group = _Group(_own_words(text, made_as) if made_as else text, made_as, uid, plane, run)
    values = [child for child in children if child.get("ValueType") == "NUM"]
    for child in children:
        kind = child.get("ValueType")
        if kind in ("SCOORD", "SCOORD3D"):
            shape = _shape(child, group, number if number is not None else values[0] if len(values) == 1 else None)
            if shape is not None and len(shapes) < _MOST_SHAPES:
                whose = shape.tracking_uid if shape.made_as else ""  # two of ours may lie at one place
                shapes.setdefault((shape.graphic, shape.instance_uid, shape.frame, shape.points, whose), shape)
        _walk(child, group, child if kind == "NUM" else number, shapes)


def _run_in(children: Sequence[Dataset]) -> FoundRun | None:
    """The model that found a box of ours; None if a person drew it."""
    name, version, told = (texts_of(children, code) for code in (NAME, VERSION, PARAMETERS))
    scores = [
        float(child.MeasuredValueSequence[0].NumericValue) / 100
        for child in children
        if child.get("MeasuredValueSequence")
        and (code_in(child, "ConceptNameCodeSequence") or ("",))[0] == CERTAINTY[0]
    ]
    if not name or not version or len(scores) != 1 or not 0 <= scores[0] <= 1:
        return None
    return FoundRun(name[0], version[0], scores[0], tuple(told[:_MOST_PARAMETERS]))


def _plane_in(item: Dataset) -> tuple[float, ...]:
    """Seven numbers as FoundShape.plane has them; none if they are no plane."""
    try:
        numbers = tuple(float(x) for x in str(item.get("TextValue", "")).split())
    except ValueError:
        return ()
    if len(numbers) != 7 or numbers[0] not in (0, 1, 2):
        return ()
    directions = np.array(numbers[1:]).reshape(2, 3)
    return numbers if np.allclose(directions @ directions.T, np.eye(2), atol=_STRAIGHT) else ()


def _own_words(name: str, made_as: str) -> str:
    """What a person wrote to a measurement of ours: its name, but for one that was made up for the report."""
    name = name.removesuffix(AT_DETECTOR)
    return "" if re.fullmatch(rf"{re.escape(made_as.capitalize())} \d+", name) else name


def _shape(item: Dataset, group: _Group, number: Dataset | None) -> FoundShape | None:
    flat = item.ValueType == "SCOORD"
    numbers = [float(x) for x in item.get("GraphicData") or []]
    each = 2 if flat else 3
    if not numbers or len(numbers) % each or not np.isfinite(numbers).all():
        return None
    points = tuple(tuple(numbers[n : n + each]) for n in range(0, len(numbers), each))
    image = next((x for x in item.get("ContentSequence") or [] if x.get("ValueType") == "IMAGE"), None)
    reference = image.ReferencedSOPSequence[0] if image is not None else None
    frames = reference.get("ReferencedFrameNumber") if reference is not None else None
    frame = int(frames if not hasattr(frames, "__len__") or isinstance(frames, str) else frames[0]) if frames else 1
    measured = (number.get("MeasuredValueSequence") or [None])[0] if number is not None else None
    return FoundShape(
        str(item.get("GraphicType", "")),
        "image" if flat else "space",
        points,
        str(reference.get("ReferencedSOPInstanceUID", "")) if reference is not None else "",
        frame - 1,
        str(item.get("ReferencedFrameOfReferenceUID", "") or ""),
        group.text,
        float(measured.NumericValue) if measured is not None else None,
        (code_in(measured, "MeasurementUnitsCodeSequence") or ("",))[0] if measured is not None else "",
        (code_in(number, "ConceptNameCodeSequence") or ("",))[0] if number is not None else "",
        group.made_as,
        group.tracking_uid,
        group.plane,
        group.run,
    )


# In the window's process


def measurements_of(
    report: FoundReport, series: Series, geometry: Geometry, first_number: int = 1
) -> tuple[list[Measurement], list[str]]:
    """The shapes of a report as measurements on the slices of a series, as far as they are exactly ones of ours, and a
    sentence for each reason why others are left out. What they say is measured anew."""
    fitting: list[Measurement] = []
    elsewhere = between = unknown = 0
    for shape in _joined(report.shapes):
        index = _index_of(shape, series, geometry)
        if index is None:
            elsewhere += 1
            continue
        if (oblique := _oblique(shape, index, geometry)) is not None:
            oblique = replace(oblique, number=first_number + len(fitting))
            fitting.append(replace(oblique, found=_found(shape, oblique, series, geometry)))
            continue
        normal = _normal_of(index, geometry)
        if normal is None:
            between += 1
            continue
        made = list(_made(shape, index, normal, geometry))
        unknown += not made
        for kind, points in made:
            flat = np.array(points)
            flat[:, normal] = np.rint(flat[:, normal])
            places = tuple((i, j, k) for i, j, k in flat.tolist())
            one = Measurement(first_number + len(fitting), kind, places, normal, shape.text)
            fitting.append(replace(one, found=_found(shape, one, series, geometry)))
    sentences = []
    if elsewhere:
        all_ = len(report.shapes)
        sentences.append(f"{elsewhere} of {all_} measurements lie on other images than those of this series.")
    if between:
        sentences.append(f"{between} measurements that lie on no slice of this series were left out.")
    if unknown:
        sentences.append(f"{unknown} measurements of a shape that Slicewise does not have were left out.")
    if not report.shapes:
        sentences.append("The report holds no measurement with a place on an image.")
    return fitting, sentences


def _found(shape: FoundShape, box: Measurement, series: Series, geometry: Geometry) -> Found | None:
    """What a model told of a box that was accepted, as a report of ours tells it."""
    if shape.run is None or box.kind != "box":
        return None
    run, points = shape.run, box.points
    told = dict(text.split(": ", 1) for text in run.parameters if ": " in text)
    if CORRECTED in run.parameters:
        each = len(shape.points[0])
        try:
            numbers = [float(x) for x in told[FOUND_AT.removesuffix(": ")].split()]
            corners = (tuple(numbers[:each]), tuple(numbers[each:]))
            index = _index_of(replace(shape, points=corners), series, geometry)
        except (KeyError, ValueError):
            return None
        if index is None or index.shape != (2, 3) or not np.isfinite(index).all():
            return None
        points = tuple((i, j, k) for i, j, k in index.tolist())
    number = told.get("number", "")
    label = told.get("label", box.text) if CORRECTED in run.parameters else box.text
    origin = origin_of(run.name, run.version, run.parameters)
    return Found(origin, int(number) if re.fullmatch(r"[0-9]{1,6}", number) else 0, label, run.score, points)


def _joined(shapes: Sequence[FoundShape]) -> list[FoundShape]:
    """The same, the two lines of each of our Cobb angles as one shape of four points."""
    joined: list[FoundShape] = []
    lines: dict[tuple[str, str, int], int] = {}
    for shape in shapes:
        if shape.made_as == "cobb" and shape.tracking_uid and len(shape.points) == 2:
            first = lines.setdefault((shape.tracking_uid, shape.instance_uid, shape.frame), len(joined))
            if first < len(joined):
                joined[first] = replace(joined[first], points=(*joined[first].points, *shape.points))
                continue
        joined.append(shape)
    return joined


def _index_of(shape: FoundShape, series: Series, geometry: Geometry) -> NDArray[np.float64] | None:
    """Continuous indices (n, 3) of the points of a shape; None if they are on no image of the series. In an image the
    corner of the first pixel is (0, 0), its centre (0.5, 0.5): DICOM PS3.3 C.18.6.1.2."""
    points = np.array(shape.points)
    if shape.places == "space":
        if not series.frame_of_reference or shape.frame_of_reference != series.frame_of_reference:
            return None
        return geometry.lps_to_index(points) if geometry.patient_space else None
    frames = series.frame_numbers or (0,) * len(series.instance_uids)
    instances = list(zip(series.instance_uids, frames, strict=False))
    place = (shape.instance_uid, shape.frame)
    if place not in instances:
        return None
    return np.column_stack([points - 0.5, np.full(len(points), float(instances.index(place)))])


def _oblique(shape: FoundShape, index: NDArray[np.float64], geometry: Geometry) -> Measurement | None:
    """A measurement of ours on the oblique plane on which it was drawn; None if the shape tells of none."""
    if not shape.plane or shape.places != "space":
        return None
    normal, directions = int(shape.plane[0]), np.array(shape.plane[1:]).reshape(2, 3)
    right, down = (geometry.lps_to_index(directions) - geometry.lps_to_index(np.zeros((1, 3)))).tolist()
    plane = Measurement(0, "probe", (tuple(index[0].tolist()),), normal, shape.text, spread=(tuple(right), tuple(down)))
    flat = plane.flat(index)
    if np.abs((index - plane.lifted(flat)) * geometry.spacing).max() > _ON_PLANE_MM:
        return None
    made = list(_made(shape, np.column_stack([flat, np.zeros(len(flat))]), 2, geometry))
    if len(made) != 1:
        return None
    kind, points = made[0]
    return replace(plane, kind=kind, points=tuple((i, j, k) for i, j, k in plane.lifted(points[:, :2]).tolist()))


def _normal_of(index: NDArray[np.float64], geometry: Geometry) -> int | None:
    """The index axis that is normal to the slice on which points lie; the third if it may be."""
    for axis in (2, 1, 0):
        along = index[:, axis]
        if np.abs(along - np.rint(along[0])).max() < _ON_SLICE and 0 <= round(along[0]) < geometry.size[axis]:
            return axis
    return None


def _made(
    shape: FoundShape, index: NDArray[np.float64], normal: int, geometry: Geometry
) -> Iterator[tuple[Kind, NDArray[np.float64]]]:
    count, closed = len(index), bool(len(index) > 3 and np.allclose(index[0], index[-1], atol=_STRAIGHT))
    in_plane = [axis for axis in range(3) if axis != normal]
    if (own := _own(shape, index, in_plane, closed)) is not None:
        yield own
        return
    match shape.graphic:
        case "POINT" | "MULTIPOINT":
            for point in index:
                yield "probe", point[None]
        case "POLYLINE" | "POLYGON" if count == 2:
            yield "length", index
        case "POLYLINE" if count == 3 and shape.concept in _ANGLES:
            yield "angle", index
        case "POLYLINE" | "POLYGON" if closed:
            corners = index[:-1]
            if _is_box(corners, in_plane):
                yield "rectangle", np.array([corners.min(axis=0), corners.max(axis=0)])
            else:
                yield "polygon", corners
        case "CIRCLE" if count == 2:
            step = np.ones(3) if shape.places == "image" else np.array(geometry.spacing)
            radius = float(np.linalg.norm((index[1] - index[0]) * step))
            reach = np.zeros(3)
            reach[in_plane] = radius / step[in_plane]
            yield "ellipse", np.array([index[0] - reach, index[0] + reach])
        case "ELLIPSE" if count == 4:
            low, high = index.min(axis=0), index.max(axis=0)
            axes = [np.abs(index[1] - index[0]), np.abs(index[3] - index[2])]
            if all(np.count_nonzero(axis[in_plane] > _STRAIGHT) == 1 for axis in axes):
                yield "ellipse", np.array([low, high])


def _own(
    shape: FoundShape, index: NDArray[np.float64], in_plane: Sequence[int], closed: bool
) -> tuple[Kind, NDArray[np.float64]] | None:
    """A measurement that we wrote as what it was; None for others, and for what no measurement of its kind can be."""
    kind = _KINDS.get(shape.made_as)
    if kind is None or kind == "ellipse":  # which its graphic tells as well
        return None
    if kind in BOXED:
        corners = index[:-1]
        box = closed and _is_box(corners, in_plane)
        return (kind, np.array([corners.min(axis=0), corners.max(axis=0)])) if box else None
    if kind in OUTLINES:
        return (kind, index[:-1]) if closed else None
    fits = len(index) >= 2 if kind == "path" else len(index) == POINTS[kind]
    return (kind, index) if fits else None


def _is_box(corners: NDArray[np.float64], in_plane: Sequence[int]) -> bool:
    """True for four corners of a rectangle along the rows and columns, one after another."""
    if len(corners) != 4:
        return False
    sides = np.abs(np.roll(corners, -1, axis=0) - corners)[:, in_plane] > _STRAIGHT
    return bool((sides.sum(axis=1) == 1).all() and (sides[0] == sides[2]).all() and (sides[0] != sides[1]).all())
