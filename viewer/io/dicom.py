"""DICOM: headers to series with a geometry verdict, and pixels to voxels. Geometry is read, never guessed."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.uid import UID

from viewer.core.geometry import Geometry
from viewer.core.study import GeometryVerdict, Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume

Progress = Callable[[float, str], None]

_TAGS = [
    "TransferSyntaxUID", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDescription", "StudyDate", "InstitutionName",
    "SeriesDescription", "SeriesNumber", "BodyPartExamined", "InstanceNumber", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing", "Rows", "Columns", "NumberOfFrames",
    "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "PixelRepresentation",
    "RescaleSlope", "RescaleIntercept", "SpacingBetweenSlices", "WindowCenter", "WindowWidth",
    "LossyImageCompression", "SpecificCharacterSet",
]  # fmt: skip

_UNIT_TOLERANCE = 1e-3  # of the length of a direction cosine and of their dot product
_SPACING_TOLERANCE_MM = 0.01  # rounding of positions written as decimal strings
_SAME_ORIENTATION = 1e-3
_TILT_TOLERANCE_DEGREES = 0.05


@dataclass(frozen=True)
class _Header:
    """What one file tells of itself. position and orientation are None where absent or unusable."""

    file: Path
    data: Dataset
    rows: int
    columns: int
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    spacing_mm: tuple[float, float] | None  # along a row (i), along a column (j)

    @property
    def normal(self) -> NDArray[np.float64] | None:
        return None if self.orientation is None else np.cross(self.orientation[:3], self.orientation[3:])


def looks_like_dicom(file: Path) -> bool:
    """True for a file with the DICM prefix, or one without any preamble that begins with a plausible tag."""
    with file.open("rb") as stream:
        head = stream.read(132)
    return head[128:132] == b"DICM" or head[:4] in (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x02\x00\x00\x00")


def scan_dicom(files: Iterable[Path], check: Callable[[], None] = lambda: None) -> Scan:
    """Group files into stacks by their headers alone, each sorted by position and with a geometry verdict.

    check is called before each file and may raise to cancel. Files that are no images are refused.
    """
    groups: dict[tuple[Any, ...], list[_Header]] = {}
    refused: list[Refusal] = []
    for file in files:
        check()
        try:
            header = _read_header(file)
        except SeriesError as error:
            refused.append(Refusal(file, str(error)))
            continue
        groups.setdefault(_stack_key(header), []).append(header)
    parts_of: dict[str, int] = {}
    for key in groups:
        parts_of[key[0]] = parts_of.get(key[0], 0) + 1
    series = [_series(key[0], headers, split=parts_of[key[0]] > 1) for key, headers in groups.items()]
    return Scan(tuple(sorted(series, key=lambda s: (s.study_uid, s.number or 0, s.uid))), tuple(refused))


def read_dicom(series: Series, progress: Progress = lambda fraction, text: None) -> Volume:
    """Pixels of a stack after each slice's own rescale, as int16 if they all fit, else float32.

    Voxels are in the order of series.files, which is the order of positions along the normal. Raises
    SeriesError for a stack that is no regular grid, and for pixel data that is damaged or of another size than
    its header says; nothing is shown of such a series.
    """
    if not series.verdict.is_volume:
        raise SeriesError(f"{series.description or series.uid}: {series.verdict.detail}")
    slices: list[NDArray] = []
    headers: list[_Header] = []
    for n, file in enumerate(series.files):
        progress(n / len(series.files), f"Reading slice {n + 1} of {len(series.files)}")
        header = _read_header(file, pixels=True)
        headers.append(header)
        slices.append(_pixels(header))
    whole = all(s.dtype.kind == "i" for s in slices)
    voxels = np.stack(slices).astype(np.int16 if whole else np.float32, copy=False)
    rescaled = all("RescaleSlope" in header.data for header in headers)
    return Volume(
        np.ascontiguousarray(voxels),
        _geometry(headers, series),
        unit="HU" if series.modality == "CT" and rescaled else "",
        modality=series.modality,
    )


def _read_header(file: Path, pixels: bool = False) -> _Header:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if pixels:
                data = dcmread(file, force=True)
            else:
                data = dcmread(file, force=True, stop_before_pixels=True, specific_tags=list(_TAGS))
        rows, columns = int(data.get("Rows") or 0), int(data.get("Columns") or 0)
        frames = int(data.get("NumberOfFrames") or 1)
        samples = int(data.get("SamplesPerPixel") or 1)
    except OSError as error:
        raise SeriesError(f"the file cannot be read ({error.strerror})") from error
    except (InvalidDicomError, ValueError, TypeError, AttributeError, KeyError, RecursionError, OverflowError) as error:
        raise SeriesError("the file is not DICOM, or its header is damaged") from error
    except Exception as error:  # pydicom lets struct.error and others through on damaged files
        raise SeriesError(f"the header is damaged ({type(error).__name__})") from error
    if not rows or not columns:
        kind = UID(str(data.get("SOPClassUID") or "")).name or str(data.get("Modality") or "") or "no image"
        raise SeriesError(f"this DICOM object holds no picture ({kind})")
    if frames != 1:
        raise SeriesError("multi-frame images are not opened by this version yet; export it as single slices")
    if samples != 1:
        raise SeriesError("colour images are not opened by this version yet")
    if str(data.get("PhotometricInterpretation", "MONOCHROME2")) not in ("MONOCHROME1", "MONOCHROME2"):
        raise SeriesError(f"pictures of kind {data.PhotometricInterpretation} are not opened by this version yet")
    return _Header(
        file,
        data,
        rows,
        columns,
        _numbers(data.get("ImagePositionPatient"), 3),
        _orientation(data),
        _pixel_spacing(data),
    )


def _numbers(value: Any, count: int) -> NDArray[np.float64] | None:
    """count finite numbers, or None: a short or garbled value is as good as none."""
    try:
        numbers = np.array([float(v) for v in value], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None


def _orientation(data: Dataset) -> NDArray[np.float64] | None:
    """The direction cosines if they are perpendicular unit vectors (DICOM PS3.3 C.7.6.2.1.1), else None."""
    cosines = _numbers(data.get("ImageOrientationPatient"), 6)
    if cosines is None:
        return None
    row, column = cosines[:3], cosines[3:]
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > _UNIT_TOLERANCE or abs(float(row @ column)) > _UNIT_TOLERANCE:
        return None
    return np.concatenate([row, column])


def _pixel_spacing(data: Dataset) -> tuple[float, float] | None:
    """Spacing (i, j) from PixelSpacing, which DICOM writes as (between rows, between columns)."""
    spacing = _numbers(data.get("PixelSpacing"), 2)
    if spacing is None or spacing.min() <= 0:
        return None
    return float(spacing[1]), float(spacing[0])


def _stack_key(header: _Header) -> tuple[Any, ...]:
    """Files of one key make one stack: same series, matrix, spacing and orientation."""
    data = header.data
    uid = str(data.get("SeriesInstanceUID") or "")
    if not uid:
        uid = "folder-" + hashlib.sha256(str(header.file.parent.resolve()).encode()).hexdigest()[:24]
    cosines = None if header.orientation is None else tuple(np.round(header.orientation / _SAME_ORIENTATION).tolist())
    spacing = None if header.spacing_mm is None else tuple(round(s, 4) for s in header.spacing_mm)
    return uid, header.rows, header.columns, spacing, cosines


def _series(uid: str, headers: list[_Header], split: bool) -> Series:
    ordered, verdict, normal_mm = _judge(headers)
    first = ordered[0].data
    if split:
        uid = f"{uid}#{hashlib.sha256(repr(_stack_key(ordered[0])[1:]).encode()).hexdigest()[:8]}"
        if verdict.kind == "regular":
            verdict = GeometryVerdict("regular", f"{verdict.detail} One of several stacks in this series.")
    spacing = ordered[0].spacing_mm
    window = _window(first)
    return Series(
        uid=uid,
        study_uid=str(first.get("StudyInstanceUID") or "") or f"{uid}-study",
        patient_id=_text(first, "PatientID"),
        patient_name=_text(first, "PatientName"),
        modality=_text(first, "Modality"),
        description=_text(first, "SeriesDescription"),
        files=tuple(header.file for header in ordered),
        verdict=verdict,
        size=(ordered[0].columns, ordered[0].rows, len(ordered)),
        spacing_mm=None if spacing is None or normal_mm is None else (*spacing, normal_mm),
        number=_whole(first.get("SeriesNumber")),
        study_description=_text(first, "StudyDescription"),
        study_date=_text(first, "StudyDate"),
        birth_date=_text(first, "PatientBirthDate"),
        sex=_text(first, "PatientSex"),
        institution=_text(first, "InstitutionName"),
        body_part=_text(first, "BodyPartExamined"),
        window=window,
        lossy=_text(first, "LossyImageCompression") == "01",
    )


def _judge(headers: list[_Header]) -> tuple[list[_Header], GeometryVerdict, float | None]:
    """Headers in order of position, the verdict, and the spacing along the normal in mm if the stack has one."""
    by_number = sorted(headers, key=lambda h: (_whole(h.data.get("InstanceNumber")) or 0, h.file.name))
    first = headers[0]
    if len(headers) == 1:
        if first.position is None or first.orientation is None or first.spacing_mm is None:
            return by_number, GeometryVerdict("2d", "A single picture without a usable position or pixel size."), None
        return by_number, GeometryVerdict("2d", "A single slice: nothing can be measured across it."), None
    if first.spacing_mm is None:
        return by_number, GeometryVerdict("no-position", "The pixel size is missing or not positive."), None
    if first.orientation is None or any(header.position is None for header in headers):
        return by_number, GeometryVerdict("no-position", "Positions or orientations are missing or unusable."), None
    normal = first.normal
    assert normal is not None
    positions = np.array([header.position for header in headers])
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    ordered = [headers[n] for n in order]
    along, positions = along[order], positions[order]
    gaps = np.diff(along)
    if gaps.min() < _SPACING_TOLERANCE_MM:
        where = float(along[int(np.argmin(gaps))])
        return ordered, GeometryVerdict("duplicate", f"More than one slice lies at {where:.1f} mm."), None
    spacing = float(np.median(gaps))
    steps = gaps / spacing
    tolerance = max(_SPACING_TOLERANCE_MM, 0.001 * spacing)
    if np.abs(gaps - spacing).max() > tolerance:
        odd = along[:-1][np.abs(gaps - spacing) > tolerance]
        if np.abs(steps - np.rint(steps)).max() * spacing <= tolerance * max(steps):
            count = int(np.rint(steps - 1).sum())
            detail = f"{count} slices are missing, the first after {odd[0]:.1f} mm."
            return ordered, GeometryVerdict("missing", detail), None
        where = ", ".join(f"{p:.1f}" for p in odd[:5]) + (" ..." if len(odd) > 5 else "")
        return ordered, GeometryVerdict("uneven", f"The gaps between slices differ, after {where} mm."), None
    travel = positions[-1] - positions[0]
    tilt = math.degrees(math.acos(min(1.0, abs(float(travel @ normal)) / float(np.linalg.norm(travel)))))
    if tilt > _TILT_TOLERANCE_DEGREES:
        return ordered, GeometryVerdict("tilted", f"The stack is sheared by {tilt:.1f} degrees (gantry tilt)."), None
    mean_spacing = float((along[-1] - along[0]) / (len(along) - 1))
    return ordered, GeometryVerdict("regular", f"{len(headers)} slices every {mean_spacing:.2f} mm."), mean_spacing


def _geometry(headers: Sequence[_Header], series: Series) -> Geometry:
    first = headers[0]
    size = (first.columns, first.rows, len(headers))
    if first.position is None or first.orientation is None or first.spacing_mm is None:
        return Geometry(size, (*(first.spacing_mm or (1.0, 1.0)), 1.0), np.zeros(3), np.eye(3), False, False)
    normal = first.normal
    assert normal is not None
    across = _nominal_depth_mm(first.data) if series.spacing_mm is None else series.spacing_mm[2]
    direction = np.stack([first.orientation[:3], first.orientation[3:], normal], axis=1)
    direction /= np.linalg.norm(direction, axis=0)
    return Geometry(size, (*first.spacing_mm, across), first.position, direction)


def _nominal_depth_mm(data: Dataset) -> float:
    """Depth of the voxels of a single slice, as other readers have it. It is no spacing: there is no next slice,
    and the verdict "2d" forbids measuring along it. Stacks never come here: their spacing is that of positions."""
    depth = _numbers([data.get("SpacingBetweenSlices")], 1)
    return float(depth[0]) if depth is not None and depth[0] > 0 else 1.0


def _pixels(header: _Header) -> NDArray:
    """Pixels (rows, columns) of one file in the unit of its rescale: int32 if slope and intercept are whole."""
    data, name = header.data, header.file.name
    if "PixelData" not in data:
        raise SeriesError(f"{name} holds no pixels; the file may be truncated, fetch it again")
    bits = int(data.get("BitsAllocated") or 0)
    if bits not in (8, 16, 32):
        raise SeriesError(f"{name} stores {bits} bits per pixel, which this version does not read")
    syntax = UID(str(data.file_meta.get("TransferSyntaxUID", "")))
    if (
        not (syntax.is_transfer_syntax and syntax.is_compressed)
        and len(data.PixelData) < header.rows * header.columns * bits // 8
    ):
        raise SeriesError(f"{name} is truncated: it holds fewer pixels than its header says; fetch it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = data.pixel_array
    except Exception as error:  # each decoder raises classes of its own
        raise SeriesError(f"the pixels of {name} cannot be decoded ({str(error).splitlines()[0][:120]})") from error
    if stored.shape != (header.rows, header.columns):
        raise SeriesError(f"{name} decodes to {stored.shape}, its header says {(header.rows, header.columns)}")
    slope, intercept = _rescale(data, name)
    if slope == int(slope) and intercept == int(intercept):
        values = stored.astype(np.int32) * int(slope) + int(intercept)
        if values.min() >= -32768 and values.max() <= 32767:
            return values.astype(np.int16)
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _rescale(data: Dataset, name: str) -> tuple[float, float]:
    try:
        slope = float(data.get("RescaleSlope", 1) if data.get("RescaleSlope") is not None else 1)
        intercept = float(data.get("RescaleIntercept", 0) if data.get("RescaleIntercept") is not None else 0)
    except (TypeError, ValueError) as error:
        raise SeriesError(f"{name} has a rescale that is not a number") from error
    if slope == 0 or not math.isfinite(slope) or not math.isfinite(intercept) or abs(intercept) > 1e9:
        raise SeriesError(f"{name} has an impossible rescale (slope {slope:g}, intercept {intercept:g})")
    return slope, intercept


def _window(data: Dataset) -> tuple[float, float] | None:
    """The first window of the file as (centre, width)."""
    first = []
    for name in ("WindowCenter", "WindowWidth"):
        value = data.get(name)
        try:
            first.append(float(value[0] if isinstance(value, MultiValue) else value))  # type: ignore[arg-type]
        except (TypeError, ValueError, IndexError):
            return None
    centre, width = first
    return (centre, width) if width > 0 and math.isfinite(centre) else None


def _text(data: Dataset, name: str) -> str:
    return str(data.get(name) or "").strip().replace("\0", "")


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
