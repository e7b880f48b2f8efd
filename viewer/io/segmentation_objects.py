"""Labels as DICOM segmentations, and maps of numbers as DICOM parametric maps, written with highdicom.

Each file is read again, and each of its frames compared with the slice that it has to be, before it gets its name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.label_set import LabelSet, Making
from viewer.core.labels import Label
from viewer.core.study import Series, SeriesError
from viewer.io.dicom_source import (
    MANUFACTURER,
    NO_PLACE,
    NOT_FOR_DIAGNOSIS,
    DicomSource,
    add_patient_and_study,
    check_corners,
    decimals,
    person_name,
    program_version,
    read_source,
    short_text,
)
from viewer.io.saving import saved_when_complete

if TYPE_CHECKING:
    import highdicom
    from pydicom.dataset import Dataset

SegmentationKind = Literal["BINARY", "LABELMAP"]
Code = tuple[str, str, str]  # value, scheme, meaning
Report = Callable[[float, str], None]
_Frames = set[tuple[int, int | None]]  # slice k, and the number of a segment or None where a frame is of all

# What the standard has for tissue of which nothing more is told; 3D Slicer and dcmqi write the same.
TISSUE: Code = ("85756007", "SCT", "Tissue")
ANATOMICAL: Code = ("91723000", "SCT", "Anatomical Structure")
_ALTERED: Code = ("49755003", "SCT", "Morphologically Abnormal Structure")
_CATEGORIES: tuple[tuple[Code, tuple[int, ...]], ...] = (  # of the property types in these context groups of PS3.16
    (_ALTERED, (7159, 7194, 7199)),
    (ANATOMICAL, (7152, 7153, 7154, 7155, 7156, 7160, 7192)),
)
_ARTIFICIAL_INTELLIGENCE: Code = ("123110", "DCM", "Artificial Intelligence")  # CID 7162
_STANDS_FOR_PLACED, _STANDS_FOR_UNPLACED = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
_MAX_FRACTION = 255
_PROCESSING: Code = ("109102", "DCM", "Processing Equipment")  # CID 7005
_MOST_DESCRIPTION = 1024
_SERIES_NUMBERS_FROM = 1000  # so that the new series stand behind those of the scanner
_SHARE_OF_MAKING = 0.5  # of the time; the rest is reading again
_MADE_BADLY = (ValueError, TypeError, AttributeError, KeyError, IndexError)  # what highdicom says of odd headers


def write_segmentation(
    labels: LabelSet,
    path: Path,
    kind: SegmentationKind = "BINARY",
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> None:
    """Write the labels that have voxels as one DICOM segmentation, of a bit a voxel and label (which every reader
    knows) or as a label map (Label Map Segmentation Storage, since 2024).

    report gets a share and may raise to cancel. Raises SeriesError with a sentence if the series can have none, or if
    what was written comes back different, FileExistsError, OSError.
    """
    import highdicom

    present = labels.present
    source = _source(labels.series, labels.geometry, report)
    numbers = {label.value: n for n, label in enumerate(present, 1)}
    if kind == "LABELMAP":
        numbers = {label.value: label.value for label in present}
    lookup = np.zeros(256, dtype=np.uint8)
    lookup[list(numbers)] = list(numbers.values())
    numbered = lookup[labels.voxels]
    described = [_description(label, numbers[label.value], labels.made[label.value]) for label in present]
    report(0.1, "Making the segmentation")
    try:
        made = highdicom.seg.Segmentation(
            source_images=_stand_ins(source, labels.geometry),
            pixel_array=numbered,
            segmentation_type=kind,
            segment_descriptions=described,
            content_label="SEGMENTATION",
            content_creator_name=person_name(labels.observer) or None,
            **_told(labels.series, "Segmentation"),
        )
    except _MADE_BADLY as error:
        raise SeriesError(f"No DICOM segmentation can be made of this series ({error})") from error
    _finish(made, source)
    full_names = {numbers[label.value]: label.name for label in present}
    for item in made.SegmentSequence:
        if item.SegmentNumber:  # 0 is the background of a label map
            item.SegmentDescription = full_names[item.SegmentNumber][:1024]

    def expected(k: int, segment: int | None) -> NDArray:
        return numbered[k] if segment is None else numbered[k] == segment

    wanted: _Frames = set()
    for k, one_slice in enumerate(numbered):
        wanted |= {(k, None if kind == "LABELMAP" else n) for n in np.unique(one_slice).tolist() if n}
    with saved_when_complete(path, overwrite) as temporary:
        report(0.4, f"Writing {path.name}")
        made.save_as(temporary)
        del made
        _check(path.name, temporary, source, labels.geometry, expected, wanted, report)
        _check_table(path.name, temporary, present, numbers)
        _check_made(path.name, temporary, [(numbers[one.value], labels.made[one.value]) for one in present])


def write_fractions(
    series: Series,
    geometry: Geometry,
    probabilities: Mapping[Label, NDArray[np.float32]],
    path: Path,
    made: Making | None = None,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> None:
    """Write the probability of each label, [k, j, i] in [0, 1], as one fractional DICOM segmentation. It holds steps of
    1/255. Raises as write_segmentation does, and ValueError for maps of another shape or of values beyond [0, 1]."""
    import highdicom

    for label, values in probabilities.items():
        if values.shape != geometry.shape or not (values.min() >= 0 and values.max() <= 1):
            raise ValueError(f"probabilities of {label.name} are not numbers from 0 to 1 on the series' grid")
    source = _source(series, geometry, report)
    stacked = np.stack(list(probabilities.values()), axis=-1).astype(np.float32, copy=False)
    report(0.1, "Making the segmentation")
    try:
        segmentation = highdicom.seg.Segmentation(
            source_images=_stand_ins(source, geometry),
            pixel_array=stacked,
            segmentation_type="FRACTIONAL",
            fractional_type="PROBABILITY",
            max_fractional_value=_MAX_FRACTION,
            segment_descriptions=[
                _description(label, n, made or Making("AUTOMATIC")) for n, label in enumerate(probabilities, 1)
            ],
            content_label="PROBABILITIES",
            **_told(series, "Probabilities"),
        )
    except _MADE_BADLY as error:
        raise SeriesError(f"No DICOM segmentation can be made of this series ({error})") from error
    _finish(segmentation, source)
    stored = np.around(stacked * np.float32(_MAX_FRACTION)).astype(np.uint8)

    def expected(k: int, segment: int | None) -> NDArray:
        assert segment is not None
        return stored[k, :, :, segment - 1]

    wanted: _Frames = {(int(k), int(n) + 1) for k, n in np.argwhere(stored.any(axis=(1, 2)))}
    with saved_when_complete(path, overwrite) as temporary:
        segmentation.save_as(temporary)
        _check(path.name, temporary, source, geometry, expected, wanted, report, within=1)


def write_parametric_map(
    series: Series,
    geometry: Geometry,
    values: NDArray[np.float32],
    quantity: Code,
    unit: Code,
    path: Path,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
    made: Making | None = None,
) -> None:
    """Write a number for each voxel, [k, j, i] float32, finite, as a DICOM parametric map: an uncertainty, for example.

    quantity: what the numbers are, as a coded concept; unit: theirs, in UCUM, ("1", "UCUM", "no units") for a share;
    made: by which model they are, and what is known of its run, which stands there as contributing equipment.
    Raises as write_segmentation does, and ValueError for a map of another shape or with numbers that are not finite.
    """
    import highdicom

    if values.shape != geometry.shape or not np.isfinite(values).all():
        raise ValueError("the map is not of finite numbers on the series' grid")
    values = values.astype(np.float32, copy=False)
    source = _source(series, geometry, report)
    low, high = float(values.min()), float(values.max())
    mapping = highdicom.pm.RealWorldValueMapping(
        lut_label=short_text(quantity[2], 16),
        lut_explanation=short_text(quantity[2]),
        unit=_coded(unit),
        value_range=(low, high),
        slope=1.0,
        intercept=0.0,
        quantity_definition=_coded(quantity),
    )
    window = highdicom.VOILUTTransformation(
        window_center=(low + high) / 2,
        window_width=max(high - low, 1e-6),
        voi_lut_function="LINEAR_EXACT",  # the only linear one whose width may be less than 1
    )
    report(0.1, "Making the parametric map")
    try:
        written = highdicom.pm.ParametricMap(
            source_images=_stand_ins(source, geometry),
            pixel_array=values,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            voi_lut_transformations=[window],
            content_qualification="RESEARCH",
            content_label="MAP",
            **_told(series, short_text(f"{quantity[2]}, {made.algorithm} {made.version}" if made else quantity[2])),
        )
    except _MADE_BADLY as error:
        raise SeriesError(f"No DICOM parametric map can be made of this series ({error})") from error
    _finish(written, source)
    written.Laterality = ""  # type 2C: it may be that of a paired organ
    if made is not None:
        equipment = [*written.get("ContributingEquipmentSequence", ()), _equipment(made)]
        written.add_new("ContributingEquipmentSequence", "SQ", equipment)
    wanted: _Frames = {(k, None) for k in range(len(values))}
    with saved_when_complete(path, overwrite) as temporary:
        written.save_as(temporary)
        _check(path.name, temporary, source, geometry, lambda k, _: values[k], wanted, report)
        _check_equipment(path.name, temporary, made)


# Making


def _equipment(made: Making) -> Dataset:
    """A model as equipment that contributed to an object (PS3.3 C.12.1)."""
    from pydicom.dataset import Dataset

    model = Dataset()
    model.PurposeOfReferenceCodeSequence = [_coded(_PROCESSING)]
    model.Manufacturer = MANUFACTURER
    model.ManufacturerModelName = short_text(made.algorithm)
    model.SoftwareVersions = short_text(made.version)
    model.ContributionDescription = _described(made)
    return model


def _described(made: Making) -> str:
    return "; ".join(f"{name}: {text}" for name, text in made.facts)[:_MOST_DESCRIPTION]


def _source(series: Series, geometry: Geometry, report: Report) -> DicomSource:
    source = read_source(series, geometry, lambda: report(0.0, "Reading the headers of the series"))
    if not source.frame_of_reference and len(source.frames) > 1:
        raise SeriesError(NO_PLACE)
    return source


def _told(series: Series, description: str) -> dict[str, Any]:
    """Who made the object, and its identity."""
    import highdicom

    return {
        "series_instance_uid": highdicom.UID(),
        "sop_instance_uid": highdicom.UID(),
        "series_number": _SERIES_NUMBERS_FROM + max(series.number or 0, 0),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MANUFACTURER,
        "device_serial_number": "1",
        "software_versions": program_version(),
        "content_description": NOT_FOR_DIAGNOSIS,
        "series_description": description,
    }


def _stand_ins(source: DicomSource, geometry: Geometry) -> list[Dataset]:
    """A single image for each slice, with the place that its own header has, of which highdicom makes the object.

    The true source may be frames of files of many frames, in any order and mixed with others, or slices whose cosines
    differ in the last digit, which highdicom would refuse. _finish puts the true references in.
    """
    from pydicom.dataset import Dataset

    orientation = decimals(geometry.direction[:, :2].T)
    images = []
    for k, frame in enumerate(source.frames):
        image = Dataset()
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
            setattr(image, keyword, "")  # _finish has them, of any kind that the source has
        for keyword in ("AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            setattr(image, keyword, None)
        image.StudyInstanceUID = source.patient_and_study.StudyInstanceUID
        image.SeriesInstanceUID, image.SOPInstanceUID = source.series_uid, _stand_in_uid(k)
        image.Modality, image.Rows, image.Columns = source.modality or "OT", source.rows, source.columns
        image.SOPClassUID = _STANDS_FOR_UNPLACED
        if geometry.calibrated:
            image.PixelSpacing = decimals(np.array([geometry.spacing[1], geometry.spacing[0]]))
            image.SliceThickness = decimals(np.array(geometry.spacing[2:]))[0]
        if source.frame_of_reference:
            image.SOPClassUID = _STANDS_FOR_PLACED
            image.FrameOfReferenceUID, image.PositionReferenceIndicator = source.frame_of_reference, ""
            image.ImageOrientationPatient = orientation
            image.ImagePositionPatient = decimals(_position(frame.position_lps, geometry, k))
        images.append(image)
    return images


def _position(told: Sequence[float] | None, geometry: Geometry, k: int) -> NDArray[np.float64]:
    return geometry.index_to_lps((0, 0, k)) if told is None else np.array(told, dtype=np.float64)


def _stand_in_uid(k: int) -> str:
    return f"2.25.{k + 1}"


def _finish(made: Dataset, source: DicomSource) -> None:
    """Put in whom it shows, and in place of stand-ins the images that they stand for."""
    from pydicom.dataset import Dataset

    add_patient_and_study(made, source)
    made.SpecificCharacterSet = "ISO_IR 192"
    if not source.frame_of_reference:
        made.PatientOrientation = list(source.sides or ())
    of_uid = {_stand_in_uid(k): frame for k, frame in enumerate(source.frames)}
    for groups in made.PerFrameFunctionalGroupsSequence:
        for derivation in groups.get("DerivationImageSequence", ()):
            for image in derivation.SourceImageSequence:
                frame = of_uid.get(image.ReferencedSOPInstanceUID)
                if frame is None:
                    continue  # frames of one slice share the item: it is done
                image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = frame.class_uid, frame.instance_uid
                if frame.frame is not None:
                    image.ReferencedFrameNumber = frame.frame
    references = []
    for instance_uid, class_uid in source.instances.items():
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = class_uid, instance_uid
        references.append(reference)
    made.SourceImageSequence = references
    of_series = Dataset()
    of_series.SeriesInstanceUID, of_series.ReferencedInstanceSequence = source.series_uid, references
    made.ReferencedSeriesSequence = [of_series]


def _description(label: Label, number: int, made: Making) -> highdicom.seg.SegmentDescription:
    import highdicom

    algorithm = None
    if made.kind != "MANUAL":
        algorithm = highdicom.AlgorithmIdentificationSequence(
            short_text(made.algorithm) or MANUFACTURER,
            _coded(_ARTIFICIAL_INTELLIGENCE),
            short_text(made.version) or program_version(),
            parameters=dict(made.facts) or None,
        )
    kind = label.code or TISSUE
    return highdicom.seg.SegmentDescription(
        number,
        short_text(label.name) or f"Label {label.value}",
        _coded(category_of(kind)),
        _coded(kind),
        made.kind,
        algorithm,
        display_color=highdicom.color.CIELabColor.from_rgb(*label.colour),
    )


def category_of(kind: Code) -> Code:
    """The category (CID 7150) of a property type: that of the context groups of the standard in which it stands, or
    tissue, which claims least."""
    return next((category for category, groups in _CATEGORIES if kind[:2] in _members(groups)), TISSUE)


@lru_cache(maxsize=4)
def _members(groups: tuple[int, ...]) -> frozenset[tuple[str, str]]:
    from pydicom.sr.codedict import codes

    found = set()
    for group in groups:
        of_group = getattr(codes, f"cid{group}")
        for name in of_group.dir():
            code = getattr(of_group, name)
            found.add((code.value, code.scheme_designator))
    return frozenset(found)


def _coded(code: Code) -> highdicom.sr.CodedConcept:
    import highdicom

    return highdicom.sr.CodedConcept(short_text(code[0]), short_text(code[1], 16), short_text(code[2]))


# Reading again


def _check(
    name: str,
    file: Path,
    source: DicomSource,
    geometry: Geometry,
    expected: Callable[[int, int | None], NDArray],
    wanted: _Frames,
    report: Report,
    within: int = 0,
) -> None:
    """Raise SeriesError unless a written file has the frames that are wanted, by slice k and by segment (None where a
    frame is of all), each where its slice is, referring to it, with its pixels: equal, or different by at most within.
    """
    import highdicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of highdicom's, on what it wrote itself
        image = highdicom.imread(file, lazy_frame_retrieval=True)
    stored = _numbers_of(file) if "SegmentSequence" not in image else lambda n: image.get_stored_frame(n + 1)
    (shared,) = image.SharedFunctionalGroupsSequence
    if source.frame_of_reference and image.FrameOfReferenceUID != source.frame_of_reference:
        raise SeriesError(f"{name} came back with another frame of reference; nothing was saved")
    found: _Frames = set()
    for n, groups in enumerate(image.PerFrameFunctionalGroupsSequence):
        report(_SHARE_OF_MAKING + (1 - _SHARE_OF_MAKING) * n / image.NumberOfFrames, f"Reading {name} again")
        k = _slice_of(name, groups, shared, source, geometry)
        segment = None
        if identified := groups.get("SegmentIdentificationSequence") or shared.get("SegmentIdentificationSequence"):
            segment = int(identified[0].ReferencedSegmentNumber)
        _check_reference(name, groups, source, k)
        back, there = stored(n), expected(k, segment)
        same = np.array_equal(back, there)
        if not same and within:
            same = bool((np.abs(back.astype(np.int32) - there.astype(np.int32)) <= within).all())
        if not same:
            raise SeriesError(f"{name} came back with other voxels in slice {k + 1}; nothing was saved")
        if (k, segment) in found:
            raise SeriesError(f"{name} came back with slice {k + 1} twice; nothing was saved")
        found.add((k, segment))
    if missing := wanted - found:
        raise SeriesError(f"{name} came back without {len(missing)} of its slices; nothing was saved")


def _numbers_of(file: Path) -> Callable[[int], NDArray]:
    """The frames of a file of 32-bit numbers, by their place in it, from 0; highdicom reads whole numbers only."""
    from pydicom import dcmread

    back = dcmread(file)
    frames = np.frombuffer(back.FloatPixelData, "<f4").reshape(-1, back.Rows, back.Columns)
    return lambda n: frames[n]


def _slice_of(name: str, groups: Dataset, shared: Dataset, source: DicomSource, geometry: Geometry) -> int:
    """The slice that a frame is, by its place alone."""
    if not source.frame_of_reference:
        return 0
    position = _in(groups, shared, "PlanePositionSequence").ImagePositionPatient
    k = source.slice_at(position)
    if k is None:
        raise SeriesError(f"{name} came back with a slice where there is none; nothing was saved")
    orientation = _in(groups, shared, "PlaneOrientationSequence").ImageOrientationPatient
    measures = _in(groups, shared, "PixelMeasuresSequence")
    check_corners(name, position, orientation, measures.PixelSpacing, geometry, k)
    return k


def _in(groups: Dataset, shared: Dataset, keyword: str) -> Dataset:
    return (groups.get(keyword) or shared[keyword].value)[0]


def _check_reference(name: str, groups: Dataset, source: DicomSource, k: int) -> None:
    (derivation,) = groups.DerivationImageSequence
    (image,) = derivation.SourceImageSequence
    refers_to = image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")
    if refers_to != (source.frames[k].instance_uid, source.frames[k].frame):
        raise SeriesError(f"{name} came back with slice {k + 1} referring to another image; nothing was saved")


def _check_equipment(name: str, file: Path, made: Making | None) -> None:
    from pydicom import dcmread

    if made is None:
        return
    told = dcmread(file, specific_tags=["ContributingEquipmentSequence", "SpecificCharacterSet"])
    model = (told.get("ContributingEquipmentSequence") or [None])[-1]
    if model is None or (model.ManufacturerModelName, model.ContributionDescription) != (
        short_text(made.algorithm),
        _described(made),
    ):
        raise SeriesError(f"{name} came back without the model that gave it; nothing was saved")


def _check_made(name: str, file: Path, labels: Sequence[tuple[int, Making]]) -> None:
    """Raise SeriesError unless each segment names the model that made it, and what is known of its run."""
    from pydicom import dcmread

    table = dcmread(file, specific_tags=["SegmentSequence", "SpecificCharacterSet"]).SegmentSequence
    items = {int(item.SegmentNumber): item for item in table}
    for number, made in labels:
        item, told = items[number], None
        if identified := item.get("SegmentationAlgorithmIdentificationSequence"):
            told = identified[0].AlgorithmName, identified[0].get("AlgorithmParameters", "")
        wanted = None if made.kind == "MANUAL" else (short_text(made.algorithm) or MANUFACTURER, _parameters(made))
        if item.SegmentAlgorithmType != made.kind or told != wanted:
            raise SeriesError(f"{name} came back without the model that made a label; nothing was saved")


def _parameters(made: Making) -> str:
    """As highdicom writes them."""
    return ",".join(f"{name}={text}" for name, text in made.facts)


def _check_table(name: str, file: Path, present: Sequence[Label], numbers: Mapping[int, int]) -> None:
    from pydicom import dcmread

    table = dcmread(file, specific_tags=["SegmentSequence", "SpecificCharacterSet"]).SegmentSequence
    back = [(int(item.SegmentNumber), item.SegmentLabel) for item in table if int(item.SegmentNumber)]
    if back != [(numbers[label.value], short_text(label.name) or f"Label {label.value}") for label in present]:
        raise SeriesError(f"{name} came back with other names of labels; nothing was saved")
