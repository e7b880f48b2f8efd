"""Annotations in DICOM objects of others, SEG, RTSTRUCT and SR: read by a process of their own, with limits.

The process says what it found in JSON, which is validated, followed by bits and points; a file that crashes, hangs or
bloats it costs that process alone, and gets one sentence.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from viewer.core.geometry import Geometry
from viewer.core.laying import Contour, Found, Mask, Segment, Source
from viewer.core.study import SeriesError
from viewer.io import archives
from viewer.io.dicom_header import begins_like_dicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_CLASSES = "1.2.840.10008.5.1.4.1.1."
_SEGMENTATIONS = (f"{_CLASSES}66.4", f"{_CLASSES}66.7")
_STRUCTURES = f"{_CLASSES}481.3"
_REPORTS = tuple(f"{_CLASSES}88.{n}" for n in (11, 22, 33, 34))

_PROGRAM = (sys.executable, "-P", "-m", "viewer.io.found_objects")
_LIMIT_S = 120.0
_CHECK_EVERY_S = 0.05
_MOST_MEMORY = 4 << 30
_LONGEST_HEADER = 64 << 20
_MOST_BYTES = 1 << 30
_MOST_VOXELS = 1 << 31  # of all masks together
_MOST_FRAMES = 100_000
_MOST_POINTS = 10_000_000
_MOST_SEGMENTS = 65_535
_CUT = 63  # characters: names as long as this were perhaps cut to the 64 that their element holds
TISSUE = ("85756007", "SCT", "Tissue")  # the code of which nothing more is told: PS3.16 CID 7150; ours, dcmqi's

_DAMAGED = "the file is damaged, or not what it says it is; fetch it again"


@dataclass(frozen=True)
class FoundRun:
    """The model that a report of ours names for a box, its score (0 to 1) and what is told of its run."""

    name: str
    version: str
    score: float
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundShape:
    """A measurement in a report: what kind of graphic it is, its points, and the words to it.

    points are LPS mm (places "space"), or columns and rows from the corner of the first pixel of a frame of the
    instance (places "image"; two numbers each). value, unit are those that the report gives it. made_as is the kind
    of a measurement of ours, empty in reports of others; what shares a tracking_uid is of one measurement. plane tells
    how the oblique plane of one of ours lies: the index axis from which it was turned, and the directions of its rows
    and columns, three numbers each (LPS, unit vectors).
    """

    graphic: str
    places: str
    points: tuple[tuple[float, ...], ...]
    instance_uid: str = ""
    frame: int = 0
    frame_of_reference: str = ""
    text: str = ""
    value: float | None = None
    unit: str = ""
    concept: str = ""
    made_as: str = ""
    tracking_uid: str = ""
    plane: tuple[float, ...] = ()
    run: FoundRun | None = None


@dataclass(frozen=True)
class FoundReport:
    """The measurements of a structured report."""

    source: Source
    shapes: tuple[FoundShape, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plane:
    segment: int
    columns: int
    rows: int
    origin: tuple[float, float, float]
    cosines: tuple[float, float, float, float, float, float]
    spacing: tuple[float, float, float]
    image: tuple[str, int] | None = None  # of a picture without a place in the patient: which, and its frame from 0


@dataclass(frozen=True)
class _Outline:
    segment: int
    points: int


@dataclass
class _Told:
    """The header of the answer of the process. error is a sentence, instead of all else."""

    kind: str = ""
    error: str = ""
    source: Source = field(default_factory=Source)
    segments: list[Segment] = field(default_factory=list)
    planes: list[_Plane] = field(default_factory=list)
    outlines: list[_Outline] = field(default_factory=list)
    between_mm: float | None = None
    picture_size: tuple[int, int] | None = None
    notes: list[str] = field(default_factory=list)
    shapes: list[FoundShape] = field(default_factory=list)


@cache
def _adapter() -> TypeAdapter[_Told]:
    return TypeAdapter(_Told)


# In the window's process


def read_found(path: Path, check: Callable[[], None] = lambda: None) -> Found | FoundReport:
    """What a DICOM object of annotations holds. check is called often and may raise to cancel.

    Raises SeriesError with one sentence for what is no such object, for a damaged one, and for one that takes too long
    or too much memory.
    """
    answer = _asked(path, check)
    try:
        (length,) = struct.unpack_from("<I", answer)
        told = _adapter().validate_json(answer[4 : 4 + length])
        if told.error:
            raise SeriesError(told.error)
        if told.kind == "report":
            return FoundReport(told.source, tuple(told.shapes), tuple(told.notes))
        return _found(told, memoryview(answer)[4 + length :])
    except (struct.error, ValidationError, ValueError) as error:
        raise SeriesError(_DAMAGED) from error


def _found(told: _Told, rest: memoryview) -> Found:
    """Raises ValueError if the answer is not whole or contradicts itself."""
    masks, contours, at = [], [], 0
    if sum(plane.columns * plane.rows for plane in told.planes) > _MOST_VOXELS:
        raise ValueError("more voxels than can be held")
    for plane in told.planes:
        if plane.columns < 1 or plane.rows < 1 or not 0 <= plane.segment < len(told.segments):
            raise ValueError("no such plane")
        length = (plane.columns * plane.rows + 7) // 8
        bits = np.frombuffer(rest[at : at + length], np.uint8)
        at += length
        voxels = np.unpackbits(bits, count=plane.columns * plane.rows).view(bool)
        i, j = np.array(plane.cosines[:3]), np.array(plane.cosines[3:])
        direction = np.column_stack([i, j, np.cross(i, j)])
        size, placed = (plane.columns, plane.rows, 1), plane.image is None
        geometry = Geometry(size, plane.spacing, np.array(plane.origin), direction, patient_space=placed)
        masks.append(Mask(plane.segment, geometry, voxels.reshape(1, plane.rows, plane.columns), plane.image))
    for outline in told.outlines:
        if not 0 < outline.points <= _MOST_POINTS or not 0 <= outline.segment < len(told.segments):
            raise ValueError("no such outline")
        length = outline.points * 24
        points = np.frombuffer(rest[at : at + length], np.float64).reshape(outline.points, 3)
        at += length
        if not np.isfinite(points).all() or np.abs(points).max() > 1e6:
            raise ValueError("no points of a patient")
        contours.append(Contour(outline.segment, points))
    if at != len(rest):
        raise ValueError("not as long as it says")
    segments, notes = tuple(told.segments), tuple(told.notes)
    between_mm, size = told.between_mm, told.picture_size
    return Found(told.kind, told.source, segments, tuple(masks), tuple(contours), between_mm, notes, size)


def _asked(path: Path, check: Callable[[], None]) -> bytes:
    """What the process answers."""
    process = subprocess.Popen(
        [*_PROGRAM, os.fspath(path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    answer, too_long = bytearray(), threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        while chunk := process.stdout.read1(1 << 20):  # type: ignore[attr-defined]
            answer.extend(chunk)
            if len(answer) > _MOST_BYTES:
                too_long.set()
                return

    listener = threading.Thread(target=listen, name="annotations", daemon=True)
    listener.start()
    end_s = time.monotonic() + _LIMIT_S
    try:
        while listener.is_alive():
            check()
            if time.monotonic() > end_s:
                raise SeriesError(f"reading it took longer than {_LIMIT_S:.0f} seconds; the file may be damaged")
            listener.join(_CHECK_EVERY_S)
    finally:
        process.kill()
        process.wait()
        listener.join()
        if process.stdout is not None:
            process.stdout.close()
    if too_long.is_set() or not answer:
        raise SeriesError("it needs more memory than it may have, or ended its reader; the file may be damaged")
    return bytes(answer)


def is_annotation(storage: str) -> bool:
    """True for a storage class whose objects read_found reads."""
    return storage.startswith((*_SEGMENTATIONS, _STRUCTURES)) or storage in _REPORTS


# In the process


def main(path: str) -> None:
    """Answer on the standard output."""
    out = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    sys.modules["requests"] = None  # type: ignore[assignment]  # with which pydicom would fetch its test files
    _limit()
    blobs: list[bytes] = []
    try:
        told = _read(Path(path), blobs)
    except SeriesError as error:
        told, blobs = _Told(error=str(error)), []
    except MemoryError:
        told, blobs = _Told(error="it needs more memory than it may have; the file may be damaged"), []
    except OSError as error:
        told, blobs = _Told(error=f"the file cannot be read ({error.strerror or 'it is damaged'})"), []
    except Exception:  # whatever a hostile file does to a parser is one sentence
        told, blobs = _Told(error=_DAMAGED), []
    _answer(out, told, blobs)


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(_LIMIT_S), int(_LIMIT_S)))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, resource.RLIM_INFINITY))


def _answer(out: BinaryIO, told: _Told, blobs: Sequence[bytes]) -> None:
    header = _adapter().dump_json(told)
    if len(header) > _LONGEST_HEADER:
        header, blobs = _adapter().dump_json(_Told(error="it holds more than can be shown")), []
    out.write(struct.pack("<I", len(header)))
    out.write(header)
    for blob in blobs:
        out.write(blob)
    out.flush()


def _read(path: Path, blobs: list[bytes]) -> _Told:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    with archives.open_file(path) as stream:
        head = stream.read(132)
        stream.seek(0)
        if head[128:] != b"DICM" and not begins_like_dicom(head):
            raise SeriesError("this is no DICOM object")
        try:
            dataset = dcmread(io.BytesIO(stream.read()), force=True)
        except InvalidDicomError as error:
            raise SeriesError("this is no DICOM object") from error
    storage = str(dataset.get("SOPClassUID", ""))
    if storage.startswith(_SEGMENTATIONS):
        return _segmentation(dataset, blobs)
    if storage == _STRUCTURES:
        return _structures(dataset, blobs)
    if storage in _REPORTS:
        from viewer.io.found_reports import report_in

        found = report_in(dataset)
        return _Told("report", source=found.source, shapes=list(found.shapes), notes=list(found.notes))
    raise SeriesError("this DICOM object holds no segmentation, structure set or report of measurements")


def source_of(dataset: Dataset, series: Sequence[str], instances: Sequence[str], frame_of_reference: str) -> Source:
    """What an object says of the scan that it was drawn on."""
    return Source(
        str(dataset.get("StudyInstanceUID", "") or ""),
        tuple(dict.fromkeys(filter(None, series))),
        tuple(dict.fromkeys(filter(None, instances))),
        frame_of_reference,
        str(dataset.get("PatientID", "") or ""),
    )


def code_in(item: Dataset, keyword: str) -> tuple[str, str, str] | None:
    """The first code of a sequence."""
    codes = item.get(keyword)
    if not codes:
        return None
    code = codes[0]
    value = code.get("CodeValue") or code.get("LongCodeValue") or code.get("URNCodeValue") or ""
    return str(value), str(code.get("CodingSchemeDesignator", "")), str(code.get("CodeMeaning", ""))


# Segmentations


def _segmentation(dataset: Dataset, blobs: list[bytes]) -> _Told:
    kind = str(dataset.get("SegmentationType", "")).upper() or "BINARY"
    if dataset.get("DimensionOrganizationType") == "TILED_FULL" or "TotalPixelMatrixRows" in dataset:
        raise SeriesError("it segments a slide in tiles, which this version does not show")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if not 0 < count <= _MOST_FRAMES or len(groups) != count or rows * columns > 1 << 26:
        raise SeriesError(_DAMAGED)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    numbers: dict[int, int] = {}
    segments: list[Segment] = []
    for item in dataset.SegmentSequence:
        code = code_in(item, "SegmentedPropertyTypeCodeSequence")
        number = int(item.SegmentNumber)
        if kind == "LABELMAP" and (number == 0 or (code and code[:2] == ("125040", "DCM"))):
            continue  # what is no structure
        numbers[number] = len(segments)
        if code and code[:2] == TISSUE[:2]:
            code = None  # which says that nothing more is told
        name = _whole(str(item.get("SegmentLabel", "") or (code[2] if code else "")), item.get("SegmentDescription"))
        segments.append(Segment(name, _srgb(item.get("RecommendedDisplayCIELabValue")), code, number))
    if len(segments) > _MOST_SEGMENTS:
        raise SeriesError(_DAMAGED)
    told = _Told(kind.lower(), segments=segments)
    instances, unknown, gaps = [], 0, []
    thickness = None
    if not any("PlanePositionSequence" in group for group in (*groups, shared or {})):
        told.picture_size = columns, rows
    for n, frame in enumerate(_frames(dataset, count, rows, columns)):
        group = groups[n]
        instances += _derived_from(group)
        image = _image_of(group) if told.picture_size else None
        if image is not None:
            place, cosines, spacing, between, thick = (
                (0.0, 0.0, 0.0),
                (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
                (1.0, 1.0),
                None,
                None,
            )
        else:
            place, cosines, spacing, between, thick = _place(group, shared)
        told.between_mm, thickness = between or told.between_mm, thick
        gaps.append(float(np.dot(place, np.cross(cosines[:3], cosines[3:]))))
        step = between or thick or 1.0
        for number, mask in _masks(dataset, kind, frame, group, shared):
            if number not in numbers:
                unknown += int(np.count_nonzero(mask))
                continue
            there = _cropped(mask)
            if there is None:
                continue
            j, i, crop = there
            origin = np.array(place) + i * spacing[0] * np.array(cosines[:3]) + j * spacing[1] * np.array(cosines[3:])
            x, y, z = origin.tolist()
            size = crop.shape[1], crop.shape[0]
            told.planes.append(
                _Plane(numbers[number], *size, (x, y, z), cosines, (spacing[0], spacing[1], step), image)
            )
            blobs.append(np.packbits(crop).tobytes())
    if told.between_mm is None and thickness:
        apart = np.diff(np.unique(np.round(gaps, 3)))
        if len(apart) and abs(apart.min() - thickness) < 0.01 * thickness:
            told.between_mm = float(apart.min())  # slices side by side are as far apart as they are thick
    if kind == "FRACTIONAL":
        told.notes.append("It holds fractions: a voxel belongs to a segment from one half on.")
    if unknown:
        told.notes.append(f"{unknown} voxels of segments that its table does not name were left out.")
    series = [str(item.get("SeriesInstanceUID", "")) for item in dataset.get("ReferencedSeriesSequence") or []]
    for item in dataset.get("ReferencedSeriesSequence") or []:
        instances += [str(x.get("ReferencedSOPInstanceUID", "")) for x in item.get("ReferencedInstanceSequence") or []]
    told.source = source_of(dataset, series, instances, str(dataset.get("FrameOfReferenceUID", "") or ""))
    return told


def _frames(dataset: Dataset, count: int, rows: int, columns: int) -> Any:
    """The stored pixels of each frame, [j, i]."""
    syntax = dataset.file_meta.TransferSyntaxUID if hasattr(dataset, "file_meta") else None
    if int(dataset.BitsAllocated) != 1 or (syntax is not None and syntax.is_encapsulated):
        from pydicom.pixels.utils import iter_pixels

        yield from iter_pixels(dataset, raw=True)
        return
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    pixels = rows * columns
    if len(packed) * 8 < count * pixels:
        raise SeriesError("its pixels are cut off; fetch the file again")
    for n in range(count):
        first = n * pixels
        part = np.unpackbits(packed[first // 8 : (first + pixels + 7) // 8], bitorder="little")
        yield part[first % 8 : first % 8 + pixels].reshape(rows, columns)


def _masks(dataset: Dataset, kind: str, frame: NDArray, group: Dataset, shared: Dataset | None) -> Any:
    """Each segment of a frame with its mask."""
    if frame.ndim != 2:
        raise SeriesError(_DAMAGED)
    if kind == "LABELMAP":
        padding = dataset.get("PixelPaddingValue")
        for value in np.unique(frame).tolist():
            if value not in (0, padding):
                yield int(value), frame == value
        return
    found = group.get("SegmentIdentificationSequence") or (shared or {}).get("SegmentIdentificationSequence")
    number = int(found[0].ReferencedSegmentNumber) if found else 1
    if kind == "FRACTIONAL":
        most = int(dataset.get("MaximumFractionalValue", 255) or 255)
        yield number, frame.astype(np.int64) * 2 >= most
    else:
        yield number, frame > 0


def _place(group: Dataset, shared: Dataset | None) -> Any:
    """Where a frame lies: position, cosines of i and j, spacing along i and j, what is told of it across."""

    def item(keyword: str) -> Dataset:
        found = group.get(keyword) or (shared.get(keyword) if shared is not None else None)
        if not found:
            raise SeriesError("it does not tell where its frames lie in the patient")
        return found[0]

    position = tuple(float(x) for x in item("PlanePositionSequence").ImagePositionPatient)
    cosines = tuple(float(x) for x in item("PlaneOrientationSequence").ImageOrientationPatient)
    measures = item("PixelMeasuresSequence")
    down, right = (float(x) for x in measures.PixelSpacing)
    between, thick = (measures.get(name) for name in ("SpacingBetweenSlices", "SliceThickness"))
    if len(position) != 3 or len(cosines) != 6:
        raise SeriesError(_DAMAGED)
    return position, cosines, (right, down), abs(float(between or 0)) or None, abs(float(thick or 0)) or None


# Rows and columns of a picture, as _place gives the place of a frame
_IN_PICTURE: Any = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (1.0, 1.0), None, None)


def _image_of(group: Dataset) -> tuple[str, int]:
    """The one image, and its frame from 0, that a frame without a place is a segmentation of."""
    images = [x for d in group.get("DerivationImageSequence") or [] for x in d.get("SourceImageSequence") or []]
    frames = images[0].get("ReferencedFrameNumber", 1) if len(images) == 1 else None
    if frames is None or (hasattr(frames, "__len__") and not isinstance(frames, str)):
        raise SeriesError("it does not tell where its frames lie in the patient, nor of which image each of them is")
    return str(images[0].get("ReferencedSOPInstanceUID", "")), int(frames or 1) - 1


def _whole(label: str, description: Any) -> str:
    """A name that had to be cut for its element, as the description has all of it."""
    whole = " ".join(str(description or "").split())
    plain = " ".join(whole.replace("\\", " ").split())  # as a name may not have it
    return whole if label and plain.startswith(label) and len(label) >= _CUT else label


def _derived_from(group: Dataset) -> list[str]:
    images = [x for d in group.get("DerivationImageSequence") or [] for x in d.get("SourceImageSequence") or []]
    return [str(image.get("ReferencedSOPInstanceUID", "")) for image in images]


def _cropped(mask: NDArray[np.bool_]) -> tuple[int, int, NDArray[np.bool_]] | None:
    """First row, first column and the part of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _srgb(lab: Any) -> tuple[int, int, int] | None:
    """A colour in DICOM's CIELab as sRGB; None where it is none. PS3.3 C.10.7.1.1, IEC 61966-2-1.

    The white is that of D65, with which dcmtk, dcmqi, 3D Slicer, OHIF and highdicom all write it, though the standard
    names D50: read so, a saturated colour would come back as another.
    """
    if lab is None or len(lab) != 3:
        return None
    lightness, a, b = (float(x) / 65535 for x in lab)
    fy = (100 * lightness + 16) / 116
    f = np.array([fy + (255 * a - 128) / 500, fy, fy - (255 * b - 128) / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.95047, 1.0, 1.08883)
    linear = _XYZ_TO_SRGB @ xyz
    values = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    red, green, blue = np.clip(np.rint(values * 255), 0, 255).astype(int).tolist()
    return red, green, blue


_XYZ_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


# Structure sets


def _structures(dataset: Dataset, blobs: list[bytes]) -> _Told:
    told = _Told("structures")
    spaces = [str(x.get("FrameOfReferenceUID", "")) for x in dataset.get("ReferencedFrameOfReferenceSequence") or []]
    series, instances = [], []
    for space in dataset.get("ReferencedFrameOfReferenceSequence") or []:
        for study in space.get("RTReferencedStudySequence") or []:
            for one in study.get("RTReferencedSeriesSequence") or []:
                series.append(str(one.get("SeriesInstanceUID", "")))
                images = one.get("ContourImageSequence") or []
                instances += [str(x.get("ReferencedSOPInstanceUID", "")) for x in images]
    regions = {int(x.ROINumber): x for x in dataset.get("StructureSetROISequence") or []}
    own = [str(x.get("ReferencedFrameOfReferenceUID", "")) for x in regions.values()]
    used = [uid for uid in dict.fromkeys([*own, *spaces]) if uid]
    if len(set(filter(None, own))) > 1:
        raise SeriesError("its structures lie in several frames of reference")
    codes = {
        int(x.ReferencedROINumber): code_in(x, "RTROIIdentificationCodeSequence")
        for x in dataset.get("RTROIObservationsSequence") or []
        if "ReferencedROINumber" in x
    }
    total, other, missing = 0, 0, []
    for item in dataset.get("ROIContourSequence") or []:
        number = int(item.ReferencedROINumber)
        region = regions.get(number)
        name = f"ROI {number}"
        if region is not None:
            name = _whole(str(region.get("ROIName", "")), region.get("ROIDescription"))
        colour = item.get("ROIDisplayColor")
        rgb = tuple(min(max(int(x), 0), 255) for x in colour) if colour is not None and len(colour) == 3 else None
        n, before = len(told.segments), len(told.outlines)
        for contour in item.get("ContourSequence") or []:
            instances += [str(x.get("ReferencedSOPInstanceUID", "")) for x in contour.get("ContourImageSequence") or []]
            points = np.array([float(x) for x in contour.get("ContourData") or []])
            kind = str(contour.get("ContourGeometricType", ""))
            if not kind.startswith("CLOSED") or len(points) < 9 or len(points) % 3:
                other += 1
                continue
            total += len(points) // 3
            if total > _MOST_POINTS:
                raise SeriesError("its outlines have more points than can be shown")
            told.outlines.append(_Outline(n, len(points) // 3))
            blobs.append(points.astype("<f8").tobytes())
        if len(told.outlines) == before:
            missing.append(name)
            continue
        told.segments.append(Segment(name, rgb, codes.get(number)))  # type: ignore[arg-type]
    if not told.segments:
        raise SeriesError("it holds no closed outline")
    if other:
        told.notes.append(f"{other} points and open lines, which enclose nothing, were left out.")
    if missing:
        told.notes.append(f"Structures without an outline were left out: {', '.join(missing[:6])}.")
    told.source = source_of(dataset, series, instances, used[0] if used else "")
    return told


if __name__ == "__main__":
    main(sys.argv[1])
