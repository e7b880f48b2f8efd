"""Labels as a DICOM RT structure set: outlines along the edges of the voxels, slice by slice.

The file is read again and its outlines are filled anew before it gets its name: all voxels have to come back. A hole is
cut into the outline of its part (keyhole), so that readers that unite the outlines of a slice and those that let them
exclude each other see the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.label_set import LabelSet
from viewer.core.labels import Label
from viewer.core.outlines import outlines, times_enclosed
from viewer.core.study import SeriesError
from viewer.io.dicom_source import (
    MANUFACTURER,
    NO_PLACE,
    NOT_FOR_DIAGNOSIS,
    SAME_PLACE_MM,
    DicomSource,
    add_patient_and_study,
    decimals,
    now,
    person_name,
    program_version,
    read_source,
    short_text,
)
from viewer.io.saving import saved_when_complete
from viewer.io.segmentation_objects import ANATOMICAL, Report, category_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STUDY = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, retired, which is what structure sets still name
_CONTOUR_DATA = 0x30060050
_SERIES_NUMBERS_FROM = 2000
_ON_THE_SLICE_MM = 1e-3


def write_structure_set(
    labels: LabelSet,
    path: Path,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> None:
    """Write the labels that have voxels as one structure set.

    report gets a share and may raise to cancel. Raises SeriesError with a sentence if the series can have none, or if
    what was written comes back different, FileExistsError, OSError.
    """
    present = labels.present
    source = read_source(labels.series, labels.geometry, lambda: report(0.0, "Reading the headers of the series"))
    if not source.frame_of_reference:
        raise SeriesError(NO_PLACE)
    made = _structure_set(labels, source)
    for n, label in enumerate(present, 1):
        report(0.1 + 0.4 * n / len(present), "Drawing outlines")
        made.ROIContourSequence.append(_contours(n, label, labels, source, lambda: report(0.1, "")))
    with saved_when_complete(path, overwrite) as temporary:
        report(0.5, f"Writing {path.name}")
        made.save_as(temporary, enforce_file_format=True)
        del made
        _check(path.name, temporary, labels, source, report)


# Making


def _structure_set(labels: LabelSet, source: DicomSource) -> Dataset:
    """Everything but the outlines."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # long outlines do not fit where the VR is told
    made.SpecificCharacterSet = "ISO_IR 192"
    add_patient_and_study(made, source)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None)
    date, time = now()
    made.InstanceCreationDate = made.StructureSetDate = date
    made.InstanceCreationTime = made.StructureSetTime = time
    made.Modality, made.SeriesInstanceUID = "RTSTRUCT", generate_uid(prefix=None)
    made.SeriesNumber = _SERIES_NUMBERS_FROM + max(labels.series.number or 0, 0)
    made.SeriesDescription, made.InstanceNumber, made.OperatorsName = "Structure set", 1, ""
    made.Manufacturer = made.ManufacturerModelName = MANUFACTURER
    made.SoftwareVersions = program_version()
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = source.frame_of_reference, ""
    made.StructureSetLabel, made.StructureSetDescription = "Labels", NOT_FOR_DIAGNOSIS
    made.ApprovalStatus = "UNAPPROVED"
    of_series, of_study, of_space = Dataset(), Dataset(), Dataset()
    of_series.SeriesInstanceUID = source.series_uid
    of_series.ContourImageSequence = [_reference(source, k) for k in range(len(source.frames))]
    of_study.ReferencedSOPClassUID = _STUDY
    of_study.ReferencedSOPInstanceUID = made.StudyInstanceUID
    of_study.RTReferencedSeriesSequence = [of_series]
    of_space.FrameOfReferenceUID = source.frame_of_reference
    of_space.RTReferencedStudySequence = [of_study]
    made.ReferencedFrameOfReferenceSequence = [of_space]
    made.StructureSetROISequence = [_region(n, label, labels, source) for n, label in enumerate(labels.present, 1)]
    made.ROIContourSequence = []
    made.RTROIObservationsSequence = [
        _observation(n, label, labels.observer) for n, label in enumerate(labels.present, 1)
    ]
    return made


def _reference(source: DicomSource, k: int) -> Dataset:
    from pydicom.dataset import Dataset

    frame, reference = source.frames[k], Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = frame.class_uid, frame.instance_uid
    if frame.frame is not None:
        reference.ReferencedFrameNumber = frame.frame
    return reference


def _name(label: Label) -> str:
    return short_text(label.name) or f"Label {label.value}"


def _region(number: int, label: Label, labels: LabelSet, source: DicomSource) -> Dataset:
    from pydicom.dataset import Dataset

    region, made = Dataset(), labels.made[label.value]
    region.ROINumber, region.ReferencedFrameOfReferenceUID = number, source.frame_of_reference
    region.ROIName, region.ROIGenerationAlgorithm = _name(label), made.kind
    if label.name != region.ROIName:
        region.ROIDescription = label.name[:1024]  # all of it
    if made.algorithm:
        region.ROIGenerationDescription = short_text(f"{made.algorithm} {made.version}")
    return region


def _observation(number: int, label: Label, observer: str) -> Dataset:
    from pydicom.dataset import Dataset

    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = "ORGAN" if label.code and category_of(label.code) == ANATOMICAL else ""
    observation.ROIInterpreter = person_name(observer)
    if label.code is not None:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = short_text(label.code[0], 16), short_text(label.code[1], 16)
        code.CodeMeaning = short_text(label.code[2])
        observation.RTROIIdentificationCodeSequence = [code]
    return observation


def _contours(number: int, label: Label, labels: LabelSet, source: DicomSource, check: Callable[[], None]) -> Dataset:
    """All outlines of a label. Their numbers are packed by ourselves: pydicom makes an object of each."""
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    of_region = Dataset()
    of_region.ROIDisplayColor, of_region.ReferencedROINumber = list(label.colour), number
    contours = []
    for k, one_slice in enumerate(labels.voxels):
        check()
        for outline in outlines(one_slice == label.value):
            contour = Dataset()
            contour.ContourImageSequence = [_reference(source, k)]
            contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(outline)
            text = "\\".join(decimals(_to_lps(outline, k, labels.geometry, source))).encode()
            text += b" " * (len(text) % 2)
            contour[_CONTOUR_DATA] = RawDataElement(Tag(_CONTOUR_DATA), "DS", len(text), text, 0, True, True)
            contours.append(contour)
    of_region.ContourSequence = contours
    return of_region


def _to_lps(points_ij: NDArray[np.float64], k: int, geometry: Geometry, source: DicomSource) -> NDArray[np.float64]:
    """On the slice where its own file has it."""
    in_plane = (points_ij * geometry.spacing[:2]) @ geometry.direction[:, :2].T
    return np.array(source.frames[k].position_lps, dtype=np.float64) + in_plane


# Reading again


def _check(name: str, file: Path, labels: LabelSet, source: DicomSource, report: Report) -> None:
    """Raise SeriesError unless the outlines of a written file, filled by each of the rules that readers follow, have
    the voxels of the labels, on the slices that they refer to."""
    from pydicom import dcmread

    back = dcmread(file)
    names = [(int(region.ROINumber), str(region.ROIName)) for region in back.StructureSetROISequence]
    if names != [(n, _name(label)) for n, label in enumerate(labels.present, 1)]:
        raise SeriesError(f"{name} came back with other names of labels; nothing was saved")
    slice_of = {(frame.instance_uid, frame.frame): k for k, frame in enumerate(source.frames)}
    shape = labels.geometry.shape[1:]
    for n, (region, label) in enumerate(zip(back.ROIContourSequence, labels.present, strict=True)):
        on_slice: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
        for contour in region.ContourSequence:
            (image,) = contour.ContourImageSequence
            k = slice_of[image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")]
            on_slice[k].append(_to_indices(name, contour, k, labels.geometry, source))
        for k, one_slice in enumerate(labels.voxels):
            report(0.6 + 0.4 * (n + k / len(labels.voxels)) / len(labels.present), f"Reading {name} again")
            times = times_enclosed(on_slice[k], (shape[0], shape[1])) if k in on_slice else np.zeros(shape, np.uint8)
            if not np.array_equal(times, (one_slice == label.value).astype(np.uint8)):
                raise SeriesError(f"{name} came back with other voxels in slice {k + 1}; nothing was saved")


def _to_indices(name: str, contour: Dataset, k: int, geometry: Geometry, source: DicomSource) -> NDArray[np.float64]:
    raw = contour.get_item(_CONTOUR_DATA).value  # type: ignore[union-attr]
    points = np.array(raw.rstrip(b" \0").split(b"\\"), dtype=np.float64).reshape(-1, 3)
    places = np.array([frame.position_lps for frame in source.frames], dtype=np.float64)
    away = points - places[k]
    apart = np.abs(away @ geometry.slice_normal).max()
    nearest = np.abs((places - points[0]) @ geometry.slice_normal).argmin()
    shifted = np.abs(geometry.index_to_lps((0, 0, k)) - places[k]).max()
    if (
        nearest != k
        or apart > _ON_THE_SLICE_MM
        or shifted > SAME_PLACE_MM
        or contour.NumberOfContourPoints != len(points)
    ):
        raise SeriesError(f"{name} came back with outlines beside slice {k + 1}; nothing was saved")
    return (away @ geometry.direction[:, :2]) / geometry.spacing[:2]
