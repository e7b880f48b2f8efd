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
from numpy.typing import ArrayLike, NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.utils import pixel_array
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ParametricMapStorage,
    RTDoseStorage,
    SegmentationStorage,
)

from viewer.core.geometry import Geometry
from viewer.core.study import GeometryVerdict, Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume

Progress = Callable[[float, str], None]

_TAGS = [Tag(keyword) for keyword in (
    "TransferSyntaxUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDescription", "StudyDate", "InstitutionName",
    "SeriesDescription", "SeriesNumber", "BodyPartExamined", "InstanceNumber", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing", "Rows", "Columns", "NumberOfFrames",
    "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "PixelRepresentation",
    "RescaleSlope", "RescaleIntercept", "SpacingBetweenSlices", "WindowCenter", "WindowWidth",
    "LossyImageCompression", "SpecificCharacterSet",
)]  # fmt: skip

_UNIT_TOLERANCE = 1e-3  # of the length of a direction cosine and of their dot product
_SPACING_TOLERANCE_MM = 0.02  # positions rounded to 0.01 mm change a gap by up to 0.017 mm
_PLACE_TOLERANCE_MM = 0.05  # of a slice from its place on the line through the stack
_SAME_ORIENTATION = 1e-3  # largest difference of a direction cosine within one stack
_SAME_PIXEL_SPACING_MM = 1e-4
_TILT_TOLERANCE_DEGREES = 0.05

# Their pixels are doses, marks or fractions, which need a scale or a legend of their own.
_NO_GREY_PICTURES = ("RTDOSE", "SEG")
_NO_GREY_PICTURE_CLASSES = (RTDoseStorage, SegmentationStorage, ParametricMapStorage)


@dataclass(frozen=True)
class _Header:
    """What one file tells of itself. position and orientation are None where absent or unusable."""

    file: Path
    data: Dataset
    series_uid: str
    number: int | None
    rows: int
    columns: int
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    spacing_mm: tuple[float, float] | None  # along a row (i), along a column (j)

    @property
    def normal(self) -> NDArray[np.float64] | None:
        return None if self.orientation is None else np.cross(self.orientation[:3], self.orientation[3:])


def looks_like_dicom(file: Path) -> bool:
    """True for a file with the DICM prefix, or one without a preamble that begins with a tag that comes first:
    (0002,00xx) or (0008,0000) to (0008,0018), little endian."""
    with file.open("rb") as stream:
        head = stream.read(132)
    group, element = head[:2], int.from_bytes(head[2:4], "little")
    return head[128:132] == b"DICM" or (len(head) == 132 and group in (b"\x02\0", b"\x08\0") and element <= 0x18)


def scan_dicom(files: Iterable[Path], check: Callable[[], None] = lambda: None) -> Scan:
    """Group files into stacks by their headers alone, each sorted by position and with a geometry verdict.

    check is called before each file and may raise to cancel. Files that are no images are refused.
    """
    headers: list[_Header] = []
    refused: list[Refusal] = []
    for file in files:
        check()
        try:
            headers.append(_read_header(file))
        except SeriesError as error:
            refused.append(Refusal(file, str(error)))
    series = [
        _series(uid, stack, split=len(stacks) > 1) for uid, stacks in _stacks(headers).items() for stack in stacks
    ]
    return Scan(tuple(sorted(series, key=lambda s: (s.study_uid, s.number or 0, s.uid))), tuple(refused))


def read_dicom(series: Series, progress: Progress = lambda fraction, text: None) -> Volume:
    """Pixels of a stack after each slice's own rescale, as int16 if they all fit, else float32.

    Voxels are in the order of series.files, which is the order of positions along the normal. Raises
    SeriesError for a stack that is no regular grid, for files that are no longer what the scan found, and for
    pixel data that is damaged or of another size than its header says; nothing is shown of such a series.
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
    _check_unchanged(headers, series)
    whole = all(s.dtype.kind == "i" for s in slices)
    voxels = np.stack(slices).astype(np.int16 if whole else np.float32, copy=False)
    rescaled = all(_value(header.data, "RescaleSlope") is not None for header in headers)
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
    except OSError as error:
        raise SeriesError(f"the file cannot be read ({error.strerror})") from error
    except Exception as error:  # pydicom lets struct.error and others through on damaged files
        raise SeriesError("the file is not DICOM, or its header is damaged") from error
    rows, columns = (_whole(_value(data, name)) for name in ("Rows", "Columns"))
    if pixels and not (rows and columns):  # pydicom gives nothing of a file whose compressed pixels end early
        raise SeriesError(f"{file.name} is truncated or has changed since it was listed; fetch it again")
    if not rows or not columns:
        raise SeriesError(f"this DICOM object holds no picture ({_kind(data)})")
    if _value(data, "Modality") in _NO_GREY_PICTURES or _value(data, "SOPClassUID") in _NO_GREY_PICTURE_CLASSES:
        raise SeriesError(f"this DICOM object is no grey picture ({_kind(data)}) and is not opened by this version yet")
    if _whole(_value(data, "NumberOfFrames") or 1) != 1:
        raise SeriesError("multi-frame images are not opened by this version yet; export it as single slices")
    if _whole(_value(data, "SamplesPerPixel") or 1) != 1:
        raise SeriesError("colour images are not opened by this version yet")
    interpretation = _value(data, "PhotometricInterpretation") or "MONOCHROME2"
    if interpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise SeriesError(f"pictures of kind {str(interpretation)!r} are not opened by this version yet")
    return _Header(
        file,
        data,
        str(_value(data, "SeriesInstanceUID") or "") or _folder_uid(file),
        _whole(_value(data, "InstanceNumber")),
        rows,
        columns,
        _numbers(_value(data, "ImagePositionPatient"), 3),
        _orientation(data),
        _pixel_spacing(data),
    )


def _value(data: Dataset, name: str) -> Any:
    """A value of the header, None if it is absent. Raises SeriesError if it is damaged beyond decoding, which
    pydicom tries only when asked for it."""
    try:
        return data.get(name)
    except Exception as error:  # NotImplementedError, struct.error, BytesLengthException ...
        raise SeriesError(f"the header is damaged (its {name} cannot be decoded)") from error


def _folder_uid(file: Path) -> str:
    return "folder-" + hashlib.sha256(str(file.parent.resolve()).encode()).hexdigest()[:24]


def _kind(data: Dataset) -> str:
    storage = UID(_text(data, "SOPClassUID"))
    return storage.name if storage.name != storage else _text(data, "Modality") or "no image"


def _numbers(value: Any, count: int) -> NDArray[np.float64] | None:
    """count finite numbers, or None: a short or garbled value is as good as none."""
    try:
        numbers = np.array([float(v) for v in value], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None


def _orientation(data: Dataset) -> NDArray[np.float64] | None:
    """The direction cosines if they are perpendicular unit vectors (DICOM PS3.3 C.7.6.2.1.1), else None."""
    cosines = _numbers(_value(data, "ImageOrientationPatient"), 6)
    if cosines is None:
        return None
    row, column = cosines[:3], cosines[3:]
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > _UNIT_TOLERANCE or abs(float(row @ column)) > _UNIT_TOLERANCE:
        return None
    return np.concatenate([row, column])


def _pixel_spacing(data: Dataset) -> tuple[float, float] | None:
    """Spacing (i, j) from PixelSpacing, which DICOM writes as (between rows, between columns)."""
    spacing = _numbers(_value(data, "PixelSpacing"), 2)
    if spacing is None or spacing.min() <= 0:
        return None
    return float(spacing[1]), float(spacing[0])


def _stacks(headers: list[_Header]) -> dict[str, list[list[_Header]]]:
    """The stacks of each series UID, whatever the order of the files."""
    stacks: dict[str, list[list[_Header]]] = {}
    for header in sorted(headers, key=_by_number):
        of_series = stacks.setdefault(header.series_uid, [])
        stack = next((stack for stack in of_series if _same_stack(stack[0], header)), None)
        if stack is None:
            of_series.append([header])
        else:
            stack.append(header)
    return stacks


def _by_number(header: _Header) -> tuple[int, Path]:
    return header.number or 0, header.file


def _same_stack(one: _Header, other: _Header) -> bool:
    """True if two slices have the same series, matrix, pixel spacing and orientation, up to rounding in the files."""
    return (
        (one.rows, one.columns) == (other.rows, other.columns)
        and _near(one.spacing_mm, other.spacing_mm, _SAME_PIXEL_SPACING_MM)
        and _near(one.orientation, other.orientation, _SAME_ORIENTATION)
        and one.series_uid == other.series_uid
    )


def _near(one: ArrayLike | None, other: ArrayLike | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return float(np.abs(np.subtract(one, other)).max()) <= tolerance


def _stack_name(header: _Header) -> str:
    """Tells the stacks of one series apart: whatever is not the same stack has another name."""
    cosines = (
        None if header.orientation is None else np.rint(header.orientation / _SAME_ORIENTATION).astype(int).tolist()
    )
    spacing = None if header.spacing_mm is None else [round(s / _SAME_PIXEL_SPACING_MM) for s in header.spacing_mm]
    return hashlib.sha256(repr((header.rows, header.columns, spacing, cosines)).encode()).hexdigest()[:8]


def _series(uid: str, headers: list[_Header], split: bool) -> Series:
    ordered, verdict, normal_mm = _judge(headers)
    first = ordered[0].data
    if split:
        uid = f"{uid}#{_stack_name(headers[0])}"
        if verdict.kind == "regular":
            verdict = GeometryVerdict("regular", f"{verdict.detail} One of several stacks in this series.")
    spacing = ordered[0].spacing_mm
    window = _window(first)
    return Series(
        uid=uid,
        study_uid=_text(first, "StudyInstanceUID") or f"{uid}-study",
        patient_id=_text(first, "PatientID"),
        patient_name=_text(first, "PatientName"),
        modality=_text(first, "Modality"),
        description=_text(first, "SeriesDescription"),
        files=tuple(header.file for header in ordered),
        verdict=verdict,
        size=(ordered[0].columns, ordered[0].rows, len(ordered)),
        spacing_mm=None if spacing is None or normal_mm is None else (*spacing, normal_mm),
        number=_whole(_text(first, "SeriesNumber")),
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
    by_number = sorted(headers, key=_by_number)
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
    number = np.arange(len(positions))
    step, start = np.polyfit(number, positions, 1)
    astray = np.linalg.norm(positions - start - number[:, None] * step, axis=1)
    if astray.max() > _PLACE_TOLERANCE_MM:
        worst = int(np.argmax(astray))
        detail = f"Slices lie up to {astray[worst]:.1f} mm beside their place, at {along[worst]:.1f} mm."
        return ordered, GeometryVerdict("uneven", detail), None
    tilt = math.degrees(math.acos(min(1.0, abs(float(step @ normal)) / float(np.linalg.norm(step)))))
    if tilt > _TILT_TOLERANCE_DEGREES:
        return ordered, GeometryVerdict("tilted", f"The stack is sheared by {tilt:.1f} degrees (gantry tilt)."), None
    mean_spacing = float((along[-1] - along[0]) / (len(along) - 1))
    return ordered, GeometryVerdict("regular", f"{len(headers)} slices every {mean_spacing:.2f} mm."), mean_spacing


def _check_unchanged(headers: list[_Header], series: Series) -> None:
    """Raise SeriesError unless the files still make the stack that the scan listed."""
    stacks = _stacks(headers).get(series.uid.partition("#")[0], [])
    ordered, verdict, normal_mm = _judge(stacks[0] if stacks else headers)
    first = ordered[0]
    spacing_mm = None if first.spacing_mm is None or normal_mm is None else (*first.spacing_mm, normal_mm)
    same = (
        len(stacks) == 1
        and tuple(header.file for header in ordered) == series.files
        and verdict.kind == series.verdict.kind
        and (series.size is None or (first.columns, first.rows) == series.size[:2])
        and _near(spacing_mm, series.spacing_mm, _SAME_PIXEL_SPACING_MM)
    )
    if not same:
        raise SeriesError("the files of this series have changed since it was listed; open its folder again")


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
    depth = _numbers([_value(data, "SpacingBetweenSlices")], 1)
    return float(depth[0]) if depth is not None and depth[0] > 0 else 1.0


def _pixels(header: _Header) -> NDArray:
    """Pixels (rows, columns) of one file in the unit of its rescale: int16 if all are whole and fit, else float32."""
    data, name = header.data, header.file.name
    packed = _value(data, "PixelData")
    if packed is None:
        raise SeriesError(f"{name} holds no pixels; the file may be truncated, fetch it again")
    bits = _whole(_value(data, "BitsAllocated"))
    if bits not in (8, 16, 32):
        raise SeriesError(f"{name} stores {bits} bits per pixel, which this version does not read")
    syntax = _transfer_syntax(data)
    if (
        not (syntax.is_transfer_syntax and syntax.is_compressed)
        and len(packed) < header.rows * header.columns * bits // 8
    ):
        raise SeriesError(f"{name} is truncated: it holds fewer pixels than its header says; fetch it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = pixel_array(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # each decoder raises classes of its own, and the RLE one's are no Exceptions
        raise SeriesError(
            f"the pixels of {name} cannot be decoded ({(str(error) or type(error).__name__).splitlines()[0][:120]})"
        ) from error
    del packed, data.PixelData  # or the whole series would lie in memory twice
    if stored.shape != (header.rows, header.columns):
        raise SeriesError(f"{name} decodes to {stored.shape}, its header says {(header.rows, header.columns)}")
    slope, intercept = _rescale(data, name)
    if slope == int(slope) and intercept == int(intercept):
        ends = [int(value) * int(slope) + int(intercept) for value in (stored.min(), stored.max())]
        if min(ends) >= -32768 and max(ends) <= 32767:  # then, as the intercept is below 1e9, no step leaves 32 bits
            return (stored.astype(np.int32) * int(slope) + int(intercept)).astype(np.int16)
    return (stored.astype(np.float64) * slope + intercept).astype(np.float32)


def _transfer_syntax(data: Dataset) -> UID:
    """The transfer syntax; where a file has no preamble to name it, the uncompressed one that its header is in."""
    if "TransferSyntaxUID" not in data.file_meta:
        implicit, little = data.original_encoding
        data.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        )
    return UID(str(data.file_meta.TransferSyntaxUID))


def _rescale(data: Dataset, name: str) -> tuple[float, float]:
    slope, intercept = _value(data, "RescaleSlope"), _value(data, "RescaleIntercept")
    try:
        slope, intercept = float(1 if slope is None else slope), float(0 if intercept is None else intercept)
    except (TypeError, ValueError) as error:
        raise SeriesError(f"{name} has a rescale that is not a number") from error
    if not 1e-20 < abs(slope) < 1e20 or not abs(intercept) <= 1e9:  # float32 holds no more; NaN fails both
        raise SeriesError(f"{name} has an impossible rescale (slope {slope:g}, intercept {intercept:g})")
    return slope, intercept


def _window(data: Dataset) -> tuple[float, float] | None:
    """The first window of the file as (centre, width)."""
    try:
        centre, width = (float(_text(data, name).split("\\")[0]) for name in ("WindowCenter", "WindowWidth"))
    except ValueError:
        return None
    return (centre, width) if 0 < width < math.inf and math.isfinite(centre) else None


def _text(data: Dataset, name: str) -> str:
    """A value for a person to read, empty if it is absent or damaged."""
    try:
        value = _value(data, name)
    except SeriesError:
        return ""
    if isinstance(value, MultiValue):
        value = "\\".join(str(v) for v in value)
    return "" if value is None else str(value).strip().replace("\0", "")


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
