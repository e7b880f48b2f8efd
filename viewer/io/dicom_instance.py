"""What the header of one DICOM file says of its picture and of each of its frames. Geometry is read, never repaired."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, cast, get_args

import numpy as np

from viewer.core.display import VoiTable, WindowFunction, WindowLevel
from viewer.core.study import Calibration, Series, SeriesError, UltrasoundRegion
from viewer.io.archives import ToldPath
from viewer.io.dicom_header import DEFLATED, Elements, Header
from viewer.io.dicom_pixels import Rescale, ValueType, rescale_of, value_type
from viewer.io.overlays import has_overlays, overlay_problems
from viewer.io.pixel_format import PixelFormat, pixel_format
from viewer.io.suv import Tracer, seconds_of, seconds_of_datetime

Vector = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]  # of i, then of j

SINGLE_PICTURES = ("CR", "DX", "MG", "PX", "IO", "RG")  # each has a window and a scale of its own: never a stack
_PROJECTIONS = (*SINGLE_PICTURES, "XA", "RF")

_UNIT_TOLERANCE = 1e-3  # of the length of a direction cosine
_SLANT_TOLERANCE = 9e-4  # of their dot product; less than the 1e-3 that Geometry allows, as lengths may be 0.999
_FARTHEST_MM = 1e6  # a position or pixel beyond is damage
_FINEST_MM = 1e-6  # a pixel below is damage, and pixels that differ by less are the same
_PLACE_TOLERANCE_MM = 0.1  # of a slice from where its series was listed
_ORIENTATION_TOLERANCE = 2e-3  # slices of one stack may differ from its first by half of it
_SPACING_TOLERANCE_MM = 2e-4
_LARGE_TABLE = 4096  # entries of a table to grey that each slice of a stack may carry along
_DEFLATE_RATIO = 1032  # no deflate stream grows more
_MOST_FRAMES = 100_000  # in one file; the header parser allows no more
_CENTIMETRES = 3  # PhysicalUnitsXDirection, DICOM PS3.3 C.8.5.5.1.3

# Objects that are no pictures, or whose pixels are doses, marks or fractions that need a scale or a legend of their
# own. Storage class UIDs by their beginning, the longest that fits; DICOM PS3.4 B.5.
_CLASSES = "1.2.840.10008.5.1.4.1.1."
_NOT_SHOWN = {
    "1.2.840.10008.1.3.10": "a DICOMDIR, an index of other files; open the folder it lies in",
    f"{_CLASSES}481.1": "",  # RT Image is a radiograph
    f"{_CLASSES}481.2": "a radiotherapy dose, which this version does not show yet",
    f"{_CLASSES}481.3": (
        "a radiotherapy structure set; open the series that it was drawn on, then choose Import annotations in the "
        "menu File"
    ),
    f"{_CLASSES}481.": "a radiotherapy plan or record, which holds no picture",
    "1.2.840.10008.5.1.4.34.": "a radiotherapy plan or record, which holds no picture",
    f"{_CLASSES}66.4": (
        "a segmentation; open the series that it was drawn on, then choose Import annotations in the menu File"
    ),
    f"{_CLASSES}66.7": (
        "a segmentation; open the series that it was drawn on, then choose Import annotations in the menu File"
    ),
    f"{_CLASSES}66": "raw data, a registration or a surface, which holds no picture",
    f"{_CLASSES}30": "a parametric map, which this version does not show yet",
    f"{_CLASSES}88.59": "a list of key images, which holds no picture",
    f"{_CLASSES}88.67": "a report of radiation dose, which holds no picture",
    f"{_CLASSES}88.": (
        "a structured report; if it holds measurements, open the series that it was made on, then choose Import "
        "annotations in the menu File"
    ),
    f"{_CLASSES}104.1": "a PDF document; open it with a program for PDF",
    f"{_CLASSES}104.": "a document or model in a DICOM envelope, which holds no picture",
    f"{_CLASSES}11.": "a presentation state, which says how to show other pictures and holds none",
    f"{_CLASSES}9.": "a waveform (ECG, sound ...), which holds no picture",
    f"{_CLASSES}4.2": "MR spectroscopy, which holds no picture",
    f"{_CLASSES}77.1.6": "a microscopy slide in tiles, which this version does not show",
}
_NOT_SHOWN_MODALITIES = {
    "RTDOSE": f"{_CLASSES}481.2",
    "RTSTRUCT": f"{_CLASSES}481.3",
    "RTPLAN": f"{_CLASSES}481.",
    "SEG": f"{_CLASSES}66.4",
    "SR": f"{_CLASSES}88.",
    "KO": f"{_CLASSES}88.59",
    "PR": f"{_CLASSES}11.",
}

_VIDEO_SYNTAXES = ("1.2.840.10008.1.2.4.10", "1.2.840.10008.1.2.7.")  # MPEG and HEVC 4.100 to 4.108, SMPTE ST 2110
_LOSSY_SYNTAXES = (  # JPEG baseline and extended, JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
)

# What part of an MR signal the values are: parts are never mixed in one volume. ImageType as vendors write it, and
# ComplexImageComponent.
_COMPONENTS = {
    "magnitude": ("M", "MAGNITUDE", "M_FFE", "M_SE", "M_IR", "M_PCA"),
    "phase": ("P", "PHASE", "PHASE MAP", "P_FFE", "P_SE", "P_IR", "P_PCA"),
    "real": ("R", "REAL", "R_FFE", "R_SE", "R_IR"),
    "imaginary": ("I", "IMAGINARY", "I_FFE", "I_SE", "I_IR"),
}
_COMPONENT_OF = {name: component for component, names in _COMPONENTS.items() for name in names}


@dataclass(frozen=True)
class Frame:
    """What one frame of a file says of itself; None or empty for what it does not, or not usably.

    number counts from 0. position is the centre of the first voxel, LPS mm; orientation the direction cosines of i and
    j. spacing_mm is along i, then along j. unit and padding are those of the values after the rescale. Times are
    seconds as `seconds_of` gives them.
    """

    number: int = 0
    position: Vector | None = None
    orientation: Cosines | None = None
    spacing_mm: tuple[float, float] | None = None
    unit: str = ""
    rescale: tuple[float, float] | None = None
    padding: tuple[float, float] | None = None
    windows: tuple[WindowLevel, ...] = ()
    image_type: str = ""
    component: str = ""
    kernel: str = ""
    stack_id: str = ""
    temporal_position: int | None = None
    cardiac_phase_percent: float | None = None
    trigger_ms: float | None = None
    echo_ms: float | None = None
    echo_number: int | None = None
    b_value: float | None = None
    gradient: tuple[float, ...] | None = None
    inversion_ms: float | None = None
    flip_degrees: float | None = None
    acquisition_number: int | None = None
    acquired_s: float | None = None
    content_s: float | None = None
    dimension_indices: tuple[int, ...] = ()

    @property
    def placed(self) -> bool:
        """True if the file says where in the patient every pixel of the frame lies."""
        return self.position is not None and self.orientation is not None and self.spacing_mm is not None


@dataclass(frozen=True)
class Instance:
    """What the header of one DICOM file with a picture says: of itself, and of each of its frames.

    series_uid is a hash of the folder where the file has none. notes are sentences for a person. Made of plain types,
    so that it can be sent as JSON.
    """

    file: ToldPath
    size_bytes: int
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    study_description: str
    study_date: str
    institution: str
    modality: str
    description: str
    series_number: int | None
    body_part: str
    frame_of_reference: str
    number: int | None
    rows: int
    columns: int
    colour: bool
    inverted: bool
    value_type: ValueType
    frames: tuple[Frame, ...]
    calibration: Calibration = "none"
    regions: tuple[UltrasoundRegion, ...] = ()
    frame_time_ms: float | None = None
    voi_table: VoiTable | None = None
    overlays: bool = False
    depth_mm: float | None = None  # SpacingBetweenSlices of a single picture
    lossy: bool = False
    tracer: Tracer | None = None
    notes: tuple[str, ...] = ()
    sides: tuple[str, str] | None = None
    view: str = ""
    damage: str = ""  # why its pixels cannot all be there
    synthetic: bool = False  # by its own word, made artificially at least in part


def instance_of(file: Path, header: Header, size: int) -> Instance:
    """What a DICOM file of size bytes says of its picture, by its header alone.

    Raises SeriesError with one sentence for what holds no picture, for kinds that are not shown, and for headers
    that contradict themselves.
    """
    _refuse_other_objects(header)
    pixels = pixel_format(header)
    damage = _damage(header, pixels, size)
    groups = _FunctionalGroups(header)
    modality = header.text("Modality")
    notes = _declared_lies(header, groups, pixels)
    overlays = bool(header.overlay_groups())
    if overlays:
        notes += overlay_problems(header)
    scale = _scale(header, groups, modality, pixels)
    rescales = [rescale_of(header, n) for n in range(pixels.frames)]
    notes += [rescale.problem for rescale in rescales if rescale.problem]
    frames = tuple(_frame(groups, n, modality, pixels, rescales[n], scale, notes) for n in range(pixels.frames))
    lossy = _lossy(header, notes)
    series_uid = header.text("SeriesInstanceUID") or _folder_uid(file)
    return Instance(
        file=file,
        size_bytes=size,
        sop_uid=header.text("SOPInstanceUID"),
        series_uid=series_uid,
        study_uid=header.text("StudyInstanceUID") or f"{series_uid}-study",
        patient_id=header.text("PatientID"),
        patient_name=header.text("PatientName"),
        birth_date=header.text("PatientBirthDate"),
        sex=header.text("PatientSex"),
        study_description=header.text("StudyDescription"),
        study_date=header.text("StudyDate"),
        institution=header.text("InstitutionName"),
        modality=modality,
        description=header.text("SeriesDescription"),
        series_number=header.whole("SeriesNumber"),
        body_part=header.text("BodyPartExamined"),
        frame_of_reference=header.text("FrameOfReferenceUID"),
        number=header.whole("InstanceNumber"),
        rows=pixels.rows,
        columns=pixels.columns,
        colour=pixels.colour,
        inverted=pixels.photometric == "MONOCHROME1",
        value_type=value_type(pixels, rescales),
        frames=frames,
        calibration=scale.calibration,
        regions=scale.regions,
        frame_time_ms=_frame_time_ms(header) if pixels.frames > 1 else None,
        voi_table=None if pixels.colour else _voi_table(header, groups, pixels, frames, notes),
        overlays=overlays and has_overlays(header),
        depth_mm=_depth_mm(header) if pixels.frames == 1 else None,
        lossy=lossy,
        tracer=_tracer(header) if modality == "PT" else None,
        notes=tuple(dict.fromkeys([*header.warnings, *notes, *scale.notes])),  # the warnings are of the texts above
        sides=_sides(header) if pixels.frames == 1 else None,
        view=_view(header),
        damage=damage,
        synthetic=header.text("SyntheticData").upper() == "YES",
    )


def _sides(header: Header) -> tuple[str, str] | None:
    """Where rows and columns of a single picture lead in a person who stands on two legs; None if the file does not
    tell, or contradicts itself. DICOM PS3.3 C.7.6.1.1.1."""
    told = header.texts("PatientOrientation")
    if len(told) != 2 or not all(re.fullmatch("[APRLHF]{1,3}", way) for way in told):
        return None
    axes = [["RL", "AP", "HF"].index(next(pair for pair in ("RL", "AP", "HF") if way[0] in pair)) for way in told]
    return (told[0], told[1]) if axes[0] != axes[1] else None


def _view(header: Header) -> str:
    """Side and projection of a radiograph, "R CC". DICOM PS3.3 C.8.11.7, C.8.1.1."""
    return " ".join(
        filter(None, (header.text("ImageLaterality") or header.text("Laterality"), header.text("ViewPosition")))
    )


def _depth_mm(header: Header) -> float | None:
    depth = header.number("SpacingBetweenSlices")
    return depth if depth is not None and depth > 0 else None


def check_unchanged(header: Header, series: Series, k: int) -> None:
    """Raise SeriesError if a file, by its header, is not slice k of the series as it was listed: another image, matrix,
    pixel size, orientation or position."""
    number = series.frame_numbers[k] if series.frame_numbers else 0
    groups = _FunctionalGroups(header)
    size = (header.whole("Columns"), header.whole("Rows"))
    series_uid = header.text("SeriesInstanceUID")
    same = (
        (series.size is None or size == series.size[:2])
        and (not series.instance_uids or header.text("SOPInstanceUID") == series.instance_uids[k])
        and (not series_uid or f"{series.uid}#".startswith(f"{series_uid}#"))
        and 0 <= number < (header.whole("NumberOfFrames") or 1)
        and _same_place(groups, number, series, k)
        and _same_spacing(header, groups, number, series)
    )
    if not same:
        raise SeriesError("the file has changed since it was listed; open its folder again")


def position_of(header: Header, frame_number: int) -> Vector | None:
    """The centre of a frame's first voxel as its file gives it, LPS mm; None where it has none."""
    return _position(_FunctionalGroups(header), frame_number)


def _same_place(groups: _FunctionalGroups, frame_number: int, series: Series, k: int) -> bool:
    if series.direction is None or not series.origins:
        return True  # where no place was listed, none is shown
    position, orientation = _position(groups, frame_number), _orientation(groups, frame_number)
    if position is None or orientation is None:
        return False
    rows = [series.direction[n : n + 3] for n in (0, 3, 6)]
    expected = series.origins[k if len(series.origins) > 1 else 0]
    if len(series.origins) == 1 and series.spacing_mm is not None and series.spacing_mm[2] is not None:
        along = k * series.spacing_mm[2]
        expected = [p + along * row[2] for p, row in zip(expected, rows, strict=True)]
    listed = [row[axis] for axis in (0, 1) for row in rows]
    return near(orientation, listed, _ORIENTATION_TOLERANCE) and near(position, expected, _PLACE_TOLERANCE_MM)


def _same_spacing(header: Header, groups: _FunctionalGroups, frame_number: int, series: Series) -> bool:
    if series.calibration not in ("PixelSpacing", "ImagerPixelSpacing") or series.spacing_mm is None:
        return True
    spacing = _spacing_of(header, groups, frame_number, series.calibration)
    return near(spacing, series.spacing_mm[:2], _SPACING_TOLERANCE_MM)


def near(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    """True if all numbers of two equally long rows differ by at most tolerance, or both are None."""
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def widest(types: Iterable[ValueType]) -> ValueType:
    """The type that holds the values of all of them."""
    return max(types, key=get_args(ValueType).index)


# Refusals


def _refuse_other_objects(header: Header) -> None:
    if why_not := why_no_picture(header):
        raise SeriesError(why_not)
    storage = header.text("SOPClassUID") or header.text("MediaStorageSOPClassUID")
    if header.pixels is None and not header.whole("Rows") and not header.whole("Columns"):
        from pydicom.uid import UID

        name = UID(storage).name if UID(storage).is_valid else ""
        raise SeriesError(f"this DICOM object holds no picture ({name if name != storage else 'of no known kind'})")
    if header.transfer_syntax.startswith(_VIDEO_SYNTAXES):
        raise SeriesError("its picture is a video (MPEG or similar), which this version does not play; export frames")


@lru_cache(maxsize=256)
def _not_shown(storage: str, modality: str) -> str:
    """What an object is that is not shown, "" for one that is."""
    fitting = [begin for begin in _NOT_SHOWN if storage.startswith(begin)]
    return _NOT_SHOWN.get(max(fitting, key=len, default=_NOT_SHOWN_MODALITIES.get(modality, "")), "")


def why_no_picture(header: Header) -> str:
    """What an object is that is of a kind which is not shown, in one sentence; empty for others."""
    storage = header.text("SOPClassUID") or header.text("MediaStorageSOPClassUID")
    kind = _not_shown(storage, header.text("Modality"))
    return f"this DICOM object is {kind}" if kind else ""


def holds_annotations(reason: str) -> bool:
    """True if a file was refused because it holds annotations on another one."""
    return reason in {f"this DICOM object is {kind}" for kind in _NOT_SHOWN.values() if "Import annotations" in kind}


def _damage(header: Header, pixels: PixelFormat, size: int) -> str:
    """One sentence on a header that promises more than the file can hold; "" for others.

    Raises SeriesError where there may be any number of frames, before anything is made of each.
    """
    assert header.pixels is not None  # pixel_format has looked
    if pixels.frames > _MOST_FRAMES:
        raise SeriesError(f"its header speaks of {pixels.frames} frames; no image needs so many, fetch the file again")
    promised, here = pixels.frames * pixels.frame_bytes, max(0, size - header.pixels.offset)
    if header.transfer_syntax == DEFLATED:
        here = size * _DEFLATE_RATIO
    elif header.pixels.length is None:
        promised = pixels.frames * 8  # compressed: each frame has the head of a fragment at least
    elif header.pixels.length > here:
        promised = header.pixels.length
    else:
        here = header.pixels.length
    if promised <= here:
        return ""
    sentence = (
        f"it is truncated or its header is wrong: at least {promised} bytes of pixels are promised, {here} are "
        "there; fetch the file again"
    )
    if pixels.frames > 1:
        raise SeriesError(sentence)
    return sentence


def _folder_uid(file: Path) -> str:
    return "folder-" + hashlib.sha256(str(file.parent.absolute()).encode(errors="surrogateescape")).hexdigest()[:24]


def _declared_lies(header: Header, groups: _FunctionalGroups, pixels: PixelFormat) -> list[str]:
    lies = []
    if groups.enhanced and groups.described < pixels.frames:
        lies.append(f"The file describes {groups.described} of its {pixels.frames} frames.")
    if "PhotometricInterpretation" not in header:
        lies.append("The file does not tell whether small values are dark or bright: they are shown dark.")
    return lies


# Where a frame lies


class _FunctionalGroups:
    """Where the attributes of each frame are told: in the functional groups of an enhanced multi-frame file, its own
    before the shared ones (DICOM PS3.3 C.7.6.16), else in the header itself."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self._shared = header.items("SharedFunctionalGroupsSequence")[:1]
        self._per_frame = header.items("PerFrameFunctionalGroupsSequence")
        self.enhanced = bool(self._shared or self._per_frame)
        self.described = len(self._per_frame)
        # Siemens lays slices out as the tiles of one picture, whose position is that of no tile.
        self.mosaic = b"MOSAIC" in (header.raw("ImageType") or b"")

    def of(self, frame_number: int, *sequences: str) -> Elements:
        """The elements of a frame's functional group: of the first of the sequences that it has."""
        if not self.enhanced:
            return self.header
        groups = (*self._per_frame[frame_number : frame_number + 1], *self._shared)
        for sequence in sequences:
            for group in groups:
                for item in group.items(sequence)[:1]:
                    return item
        return _NOTHING


def _position(groups: _FunctionalGroups, frame_number: int) -> Vector | None:
    position = _numbers(groups.of(frame_number, "PlanePositionSequence"), "ImagePositionPatient", 3)
    if position is None or max(map(abs, position)) > _FARTHEST_MM or groups.mosaic:
        return None
    return cast(Vector, position)


def _orientation(groups: _FunctionalGroups, frame_number: int) -> Cosines | None:
    """The direction cosines if they are perpendicular unit vectors (DICOM PS3.3 C.7.6.2.1.1), else None."""
    cosines = _numbers(groups.of(frame_number, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    if cosines is None:
        return None
    row, column = cosines[:3], cosines[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    slant = abs(sum(a * b for a, b in zip(row, column, strict=True)))
    good = max(abs(lengths[0] - 1), abs(lengths[1] - 1)) <= _UNIT_TOLERANCE and slant <= _SLANT_TOLERANCE
    return cast(Cosines, cosines) if good else None


def _numbers(elements: Elements, keyword: str, count: int) -> tuple[float, ...] | None:
    """count finite numbers, or None: a short or garbled value is as good as none."""
    numbers = elements.numbers(keyword)
    return numbers if numbers is not None and len(numbers) == count else None


# How large a pixel is


class _Scale(NamedTuple):
    """How the size of a pixel is known, if it is. spacing_mm is that of the regions, else each frame has its own."""

    calibration: Calibration
    regions: tuple[UltrasoundRegion, ...] = ()
    spacing_mm: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def _scale(header: Header, groups: _FunctionalGroups, modality: str, pixels: PixelFormat) -> _Scale:
    regions = _ultrasound_regions(header, pixels)
    if regions:
        scales = {region.mm_per_pixel for region in regions}
        alike = all(near(scale, regions[0].mm_per_pixel, _SPACING_TOLERANCE_MM) for scale in scales)
        note = () if alike else ("Parts of the picture have scales of their own: measure within one part.",)
        return _Scale("US regions", regions, regions[0].mm_per_pixel if alike else None, note)
    at_detector = _spacing_of(header, groups, 0, "ImagerPixelSpacing")
    calibrated = _spacing_of(header, groups, 0, "PixelSpacing")
    if modality not in _PROJECTIONS or (calibrated and groups.enhanced):
        return _Scale("PixelSpacing", notes=_unusable(header, "PixelSpacing", calibrated))
    return _projection_scale(header, calibrated, at_detector)


def _projection_scale(
    header: Header, calibrated: tuple[float, float] | None, at_detector: tuple[float, float] | None
) -> _Scale:
    """The scale of a radiograph, DICOM PS3.3 10.7.1.3: a PixelSpacing is that of the patient only if it differs from
    the detector's or says how it was calibrated."""
    if calibrated is None and at_detector is None:
        notes = _unusable(header, "PixelSpacing", None) or _unusable(header, "ImagerPixelSpacing", None)
        return _Scale("none", notes=notes)
    said = header.text("PixelSpacingCalibrationType") in ("GEOMETRY", "FIDUCIAL")
    if calibrated is not None and (said or (at_detector is not None and not near(calibrated, at_detector, _FINEST_MM))):
        return _Scale("PixelSpacing")
    if at_detector is None:
        note = "The file does not say whether its pixel size is that of the patient or of the detector."
        return _Scale("PixelSpacing", notes=(note,))
    factor = header.number("EstimatedRadiographicMagnificationFactor")
    by = f" of about {factor:g}" if factor is not None and factor > 1 else ""
    note = f"The pixel size is that at the detector: real sizes are smaller by the magnification{by}."
    return _Scale("ImagerPixelSpacing", notes=(note,))


def _unusable(header: Header, keyword: str, spacing: tuple[float, float] | None) -> tuple[str, ...]:
    told = spacing is None and header.text(keyword)
    return ("The pixel size of the file is not positive and is not used.",) if told else ()


def _spacing_of(
    header: Header, groups: _FunctionalGroups, frame_number: int, calibration: Calibration
) -> tuple[float, float] | None:
    """Spacing (i, j), which DICOM writes as (between rows, between columns), PS3.3 10.7.1.3; None if unusable."""
    sequence = "PixelMeasuresSequence" if calibration == "PixelSpacing" else "FramePixelDataPropertiesSequence"
    spacing = _numbers(groups.of(frame_number, sequence), calibration, 2)
    if spacing is None or min(spacing) < _FINEST_MM or max(spacing) > _FARTHEST_MM:
        return None
    return spacing[1], spacing[0]


def _ultrasound_regions(header: Header, pixels: PixelFormat) -> tuple[UltrasoundRegion, ...]:
    """The parts of an ultrasound picture that show the body in two dimensions, in mm. DICOM PS3.3 C.8.5.5."""
    regions = []
    for item in header.items("SequenceOfUltrasoundRegions"):
        units = item.whole("PhysicalUnitsXDirection"), item.whole("PhysicalUnitsYDirection")
        if item.whole("RegionSpatialFormat") != 1 or units != (_CENTIMETRES, _CENTIMETRES):
            continue
        corners = [item.whole(f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        deltas = item.number("PhysicalDeltaX"), item.number("PhysicalDeltaY")
        if any(corner is None for corner in corners) or not (deltas[0] and deltas[1]):
            continue
        left, top, right, bottom = cast(list[int], corners)
        box = max(left, 0), max(top, 0), min(right + 1, pixels.columns), min(bottom + 1, pixels.rows)
        mm = abs(deltas[0]) * 10.0, abs(deltas[1]) * 10.0  # a negative delta says which way the tissue runs
        if box[0] < box[2] and box[1] < box[3] and min(mm) > _FINEST_MM and max(mm) < _FARTHEST_MM:
            regions.append(UltrasoundRegion(box, mm))
    return tuple(regions)


# What the values of a frame are


def _frame(
    groups: _FunctionalGroups,
    n: int,
    modality: str,
    pixels: PixelFormat,
    rescale: Rescale,
    scale: _Scale,
    notes: list[str],
) -> Frame:
    header = groups.header
    position, orientation = _position(groups, n), _orientation(groups, n)
    _note_unusable_place(groups, n, position, orientation, notes)
    spacing_mm = scale.spacing_mm
    if scale.calibration in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing_mm = _spacing_of(header, groups, n, scale.calibration)
    content, cardiac = groups.of(n, "FrameContentSequence"), groups.of(n, "CardiacSynchronizationSequence")
    timing, diffusion = groups.of(n, "MRTimingAndRelatedParametersSequence"), groups.of(n, "MRDiffusionSequence")
    directed = diffusion.items("DiffusionGradientDirectionSequence")[:1] or [diffusion]
    image_type = _image_type(groups, n)
    return Frame(
        number=n,
        position=position,
        orientation=orientation,
        spacing_mm=spacing_mm,
        unit="" if pixels.colour or rescale.problem else _unit(groups, n, modality, rescale),
        rescale=None if rescale.table is not None else (rescale.slope, rescale.intercept),
        padding=None if pixels.colour else _padding(header, pixels, rescale),
        windows=() if pixels.colour else _windows(groups.of(n, "FrameVOILUTSequence")),
        image_type="\\".join(image_type),
        component=_component(groups, n, image_type) if modality == "MR" else "",
        kernel=groups.of(n, "CTReconstructionSequence").text("ConvolutionKernel"),
        stack_id=content.text("StackID"),
        temporal_position=_first_whole(content, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        cardiac_phase_percent=cardiac.number("NominalPercentageOfCardiacPhase"),
        trigger_ms=_first_number(cardiac, "NominalCardiacTriggerDelayTime", "TriggerTime"),
        echo_ms=_first_number(groups.of(n, "MREchoSequence"), "EffectiveEchoTime", "EchoTime"),
        echo_number=groups.of(n, "MREchoSequence").whole("EchoNumbers"),
        b_value=diffusion.number("DiffusionBValue"),
        gradient=_numbers(directed[0], "DiffusionGradientOrientation", 3),
        inversion_ms=_first_number(groups.of(n, "MRModifierSequence"), "InversionTimes", "InversionTime"),
        flip_degrees=timing.number("FlipAngle"),
        acquisition_number=_first_whole(content, "FrameAcquisitionNumber", "AcquisitionNumber"),
        acquired_s=_acquired_s(content),
        content_s=None if groups.enhanced else _seconds(header, "Content"),
        dimension_indices=tuple(int(index) for index in content.numbers("DimensionIndexValues") or ()),
    )


def _note_unusable_place(
    groups: _FunctionalGroups, n: int, position: Vector | None, orientation: Cosines | None, notes: list[str]
) -> None:
    if groups.mosaic:
        notes.append("This is a mosaic of slices: the place of a tile in the patient is not known.")
    elif position is None and groups.of(n, "PlanePositionSequence").text("ImagePositionPatient"):
        notes.append("The position of a slice is not three numbers and is not used.")
    if orientation is None and groups.of(n, "PlaneOrientationSequence").text("ImageOrientationPatient"):
        notes.append("The orientation of a slice is no pair of perpendicular unit vectors and is not used.")


def _unit(groups: _FunctionalGroups, n: int, modality: str, rescale: Rescale) -> str:
    """Unit of the values after the rescale; "" where the file does not tell. HU need a rescale: without one, the
    numbers of a CT are the scanner's own. DICOM PS3.3 C.8.2.1.1.2, C.11.1.1.2, C.8.9.1."""
    if modality == "PT":
        return groups.header.text("Units")
    if modality != "CT":
        return ""
    if rescale.table is not None:
        kind = groups.header.items("ModalityLUTSequence")[0].text("ModalityLUTType")
        return "" if kind in ("US", "UNSPECIFIED") else kind
    told = groups.of(n, "PixelValueTransformationSequence")
    told = told if "RescaleSlope" in told else groups.header
    kind = told.text("RescaleType") or "HU"
    return "" if not told.text("RescaleSlope") or kind in ("US", "UNSPECIFIED") else kind


def _image_type(groups: _FunctionalGroups, n: int) -> tuple[str, ...]:
    own = groups.of(n, "MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")
    return own.texts("FrameType") or groups.header.texts("ImageType")


def _component(groups: _FunctionalGroups, n: int, image_type: tuple[str, ...]) -> str:
    told = groups.of(n, "MRImageFrameTypeSequence").text("ComplexImageComponent")
    return next((_COMPONENT_OF[name] for name in (told, *image_type[2:]) if name in _COMPONENT_OF), "")


def _windows(elements: Elements) -> tuple[WindowLevel, ...]:
    """All usable windows of the file with its own names for them. DICOM PS3.3 C.11.2.1.2."""
    centres, widths = elements.numbers("WindowCenter") or (), elements.numbers("WindowWidth") or ()
    names = (*elements.texts("WindowCenterWidthExplanation"), *[""] * len(centres))
    told = elements.text("VOILUTFunction")
    function = cast(WindowFunction, told if told in get_args(WindowFunction) else "LINEAR")
    pairs = zip(centres, widths, names, strict=False)
    return tuple(WindowLevel(centre, width, function, name) for centre, width, name in pairs if width > 0)


def _padding(header: Header, pixels: PixelFormat, rescale: Rescale) -> tuple[float, float] | None:
    """Values from..to that fill up the picture, after the rescale. DICOM PS3.3 C.7.5.1.1.2."""
    first = _stored_number(header, "PixelPaddingValue", pixels.signed)
    if first is None or pixels.keyword != "PixelData" or rescale.table is not None:
        return None
    last = _stored_number(header, "PixelPaddingRangeLimit", pixels.signed)
    ends = [stored * rescale.slope + rescale.intercept for stored in (first, first if last is None else last)]
    return min(ends), max(ends)


def _stored_number(header: Header, keyword: str, signed: bool) -> int | None:
    """A 16-bit value with the sign of the pixels, whatever VR the file gives it."""
    raw = header.raw(keyword)
    if raw is None or len(raw) < 2:
        return None
    return int.from_bytes(raw[:2], "little" if header.little_endian else "big", signed=signed)


def _voi_table(
    header: Header, groups: _FunctionalGroups, pixels: PixelFormat, frames: tuple[Frame, ...], notes: list[str]
) -> VoiTable | None:
    """The file's first table from values to grey. DICOM PS3.3 C.11.2.1.1.

    The first value has the sign of what the modality rescale gives, whatever VR the file gives it.
    """
    places = header, groups.of(0, "FrameVOILUTSequence")
    item = next((item for place in places for item in place.items("VOILUTSequence")), None)
    layout, raw = (item.raw("LUTDescriptor"), item.raw("LUTData")) if item is not None else (None, None)
    if item is None:
        return None
    order = "little" if header.little_endian else "big"
    if layout is None or raw is None or len(layout) < 6:
        notes.append("Its table from values to grey is damaged and is not used.")
        return None
    count, first, bits = (int.from_bytes(layout[n : n + 2], order) for n in (0, 2, 4))
    count = count or 65536
    if frames[0].placed and count > _LARGE_TABLE:
        notes.append(f"Its table of {count} greys is left aside: each slice has one of its own.")
        return None
    wide = len(raw) >= 2 * count
    if not 8 <= bits <= 16 or len(raw) < count or (not wide and bits > 8):
        notes.append("Its table from values to grey is damaged and is not used.")
        return None
    entries = np.frombuffer(raw, f"{'<' if header.little_endian else '>'}u2" if wide else "u1", count)
    slope, intercept = frames[0].rescale or (1.0, 0.0)
    lowest = min(slope * end + intercept for end in pixels.stored_range)
    first = first - 65536 if first >= 32768 and lowest < 0 else first
    return VoiTable(first, bits, tuple((entries.astype(np.int64) & ((1 << bits) - 1)).tolist()))


def _lossy(header: Header, notes: list[str]) -> bool:
    """True if the pixels were once compressed with loss, by the file's own word or by its compression. DICOM PS3.3
    C.7.6.1.1.5."""
    ratios = [ratio for ratio in header.numbers("LossyImageCompressionRatio") or () if ratio > 1]
    lossy = header.text("LossyImageCompression") == "01" or header.transfer_syntax in _LOSSY_SYNTAXES or len(ratios) > 0
    if lossy:
        by = f", {round(ratios[-1], None if ratios[-1] >= 10 else 1)} to 1" if ratios else ""
        notes.append(f"The pictures were compressed with loss{by}.")
    return lossy


# When a frame was made


def _acquired_s(elements: Elements) -> float | None:
    for keyword in ("FrameAcquisitionDateTime", "FrameReferenceDateTime"):
        seconds = seconds_of_datetime(elements.text(keyword))
        if seconds is not None:
            return seconds
    seconds = _seconds(elements, "Acquisition")
    return seconds_of_datetime(elements.text("AcquisitionDateTime")) if seconds is None else seconds


def _seconds(elements: Elements, event: str) -> float | None:
    """Time of an event to order frames by: without a date, on a day that is the same for all."""
    return seconds_of(elements.text(f"{event}Date") or "19000101", elements.text(f"{event}Time"))


def _first_whole(elements: Elements, *keywords: str) -> int | None:
    return next((number for keyword in keywords if (number := elements.whole(keyword)) is not None), None)


def _first_number(elements: Elements, *keywords: str) -> float | None:
    return next((number for keyword in keywords if (number := elements.number(keyword)) is not None), None)


def _frame_time_ms(header: Header) -> float | None:
    """Time from one frame of a cine to the next. DICOM PS3.3 C.7.6.5."""
    time_ms = header.number("FrameTime")
    if time_ms is None or time_ms <= 0:
        steps = [step for step in header.numbers("FrameTimeVector") or () if step > 0]
        time_ms = float(np.median(steps)) if steps else None
    if time_ms is None:
        rate = _first_number(header, "CineRate", "RecommendedDisplayFrameRate")
        time_ms = 1000.0 / rate if rate is not None and rate > 0 else None
    return time_ms


def _tracer(header: Header) -> Tracer:
    given = next(iter(header.items("RadiopharmaceuticalInformationSequence")), _NOTHING)
    zone = header.text("TimezoneOffsetFromUTC")
    injected_s = seconds_of_datetime(given.text("RadiopharmaceuticalStartDateTime"), zone)
    series_day = header.text("SeriesDate") or header.text("AcquisitionDate")
    undated_s = seconds_of(series_day, given.text("RadiopharmaceuticalStartTime"))
    return Tracer(
        unit=header.text("Units"),
        suv_type=header.text("SUVType"),
        corrected=header.texts("CorrectedImage"),
        decay_correction=header.text("DecayCorrection"),
        weight_kg=header.number("PatientWeight"),
        dose_bq=given.number("RadionuclideTotalDose"),
        half_life_s=given.number("RadionuclideHalfLife"),
        injected_s=undated_s if injected_s is None else injected_s,
        injected_dated=injected_s is not None,
        series_s=seconds_of(header.text("SeriesDate"), header.text("SeriesTime")),
        acquired_s=seconds_of(header.text("AcquisitionDate"), header.text("AcquisitionTime")),
        scan_s=seconds_of_datetime(header.private(0x0009, "GEMS_PETD_01", 0x0D)),
        series_factor=_positive(header.private(0x7053, "Philips PET Private Group", 0x00)),
    )


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


_NOTHING = Elements(None)  # of a functional group that is absent
