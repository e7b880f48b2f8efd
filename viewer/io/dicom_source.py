"""The images that a DICOM object is made from: whom and which study they show, and where each of them lies."""

from __future__ import annotations

import datetime
import io
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.study import Series, SeriesError
from viewer.io import archives
from viewer.io.dicom_header import read_header
from viewer.io.dicom_instance import check_unchanged, position_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "Slicewise"
NO_PLACE = "The DICOM files do not say where these slices lie. Save the labels as NIfTI, NRRD or MHA instead."
NOT_FOR_DIAGNOSIS = "Not for diagnostic use"
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
SAME_PLACE_MM = 0.1  # of a corner from where the grid has it: what the reader allows a slice of a regular stack
_PATIENT_AND_STUDY = (  # the modules that objects of one study share; DICOM PS3.3 C.7.1.1, C.7.2.1, C.7.2.2
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientBirthTime",
    "OtherPatientIDs", "EthnicGroup", "PatientComments", "PatientIdentityRemoved", "DeidentificationMethod",
    "DeidentificationMethodCodeSequence", "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "StudyDescription", "PatientAge", "PatientSize", "PatientWeight",
)  # fmt: skip
NEVER_ABSENT = (  # type 2: empty where they are not known
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
_FORMS = {  # PS3.5 6.2
    "PatientBirthDate": r"\d{8}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2,6}(\.\d{1,6})?",
    "PatientBirthTime": r"\d{2,6}(\.\d{1,6})?",
    "PatientAge": r"\d{3}[DWMY]",
}
_SEXES = ("M", "F", "O", "")


@dataclass(frozen=True)
class SourceFrame:
    """One slice of the source: the image that it is, its frame counted from 1 if the image has several, and the centre
    of its first voxel, LPS mm, if it has a place."""

    class_uid: str
    instance_uid: str
    frame: int | None
    position_lps: tuple[float, float, float] | None


@dataclass(frozen=True, eq=False)
class DicomSource:
    """What an object made from a series takes from it. patient_and_study holds the attributes of these modules, frames
    are in the order of the slices. sides says where rows and columns of a picture without a place lead."""

    patient_and_study: Dataset
    series_uid: str
    frame_of_reference: str
    modality: str
    frames: tuple[SourceFrame, ...]
    rows: int
    columns: int
    sides: tuple[str, str] | None

    @property
    def instances(self) -> dict[str, str]:
        """The class of each image of the series, by its UID."""
        return {frame.instance_uid: frame.class_uid for frame in self.frames}

    def slice_at(self, position_lps: Sequence[float]) -> int | None:
        """The slice whose first voxel lies at a position to a thousandth of a mm, None if there is none."""
        places = np.array([frame.position_lps for frame in self.frames], dtype=np.float64)
        apart = np.abs(places - np.asarray(position_lps, dtype=np.float64)).max(axis=1)
        nearest = int(apart.argmin())
        return nearest if apart[nearest] <= 1e-3 else None


def why_no_dicom_object(series: Series) -> str:
    """Why no DICOM object can be made from a series, in a sentence that says what to do instead; empty if one can."""
    instead = "Save the labels as NIfTI, NRRD or MHA instead."
    if not series.instance_uids:
        return f"These files name no DICOM images (SOPInstanceUID) that a DICOM object could belong to. {instead}"
    if "~resampled" in series.uid:
        return f"These slices were resampled to a grid that none of the DICOM files has. {instead}"
    if not _UID.fullmatch(series.study_uid):
        return f"The DICOM files name no study (StudyInstanceUID) that a DICOM object could belong to. {instead}"
    if series.verdict.kind == "duplicate":
        return f"Several slices lie at one place: a DICOM object could not tell them apart. {instead}"
    if not all(series.instance_uids):
        return f"Some of the DICOM files name no instance (SOPInstanceUID) that could be referred to. {instead}"
    return ""


def read_source(series: Series, geometry: Geometry, check: Callable[[], None] = lambda: None) -> DicomSource:
    """Read the headers of a series again, for an object that refers to its images.

    Raises SeriesError if none can be made from it, or if its files are gone or no longer what they were, OSError.
    check is called for each file and may raise to cancel.
    """
    if problem := why_no_dicom_object(series):
        raise SeriesError(problem)
    numbers = series.frame_numbers or (0,) * len(series.files)
    frames: list[SourceFrame] = []
    series_uid, patient_and_study = "", None
    for file, run in itertools.groupby(range(len(series.files)), key=lambda k: series.files[k]):
        check()
        try:
            with archives.open_file(file) as stream:
                size = archives.size_of(file)
                header = read_header(stream, size)
                if patient_and_study is None:
                    stream.seek(0)
                    # Of a member of a ZIP pydicom wants a name that it has not.
                    member = archives.is_member(file)
                    patient_and_study = _patient_and_study(io.BytesIO(stream.read()) if member else stream)
            class_uid = header.text("SOPClassUID") or header.text("MediaStorageSOPClassUID")
            series_uid = header.text("SeriesInstanceUID")
            if not class_uid or not series_uid:
                raise SeriesError("it does not say what it is or which series it belongs to")
            several = (header.whole("NumberOfFrames") or 1) > 1 or "NumberOfFrames" in header
            for k in run:
                check_unchanged(header, series, k)
                frame = numbers[k] + 1 if several else None
                frames.append(SourceFrame(class_uid, series.instance_uids[k], frame, position_of(header, numbers[k])))
        except SeriesError as error:
            raise SeriesError(f"{archives.shown_name(file)}: {error}") from error
        except FileNotFoundError as error:
            raise SeriesError(
                f"{archives.shown_name(file)} is no longer where it was; open its folder again"
            ) from error
    assert patient_and_study is not None
    rows, columns = geometry.shape[1:]
    frame_of_reference = series.frame_of_reference if geometry.patient_space else ""
    if not geometry.patient_space:
        frames = [SourceFrame(f.class_uid, f.instance_uid, f.frame, None) for f in frames]
    return DicomSource(
        patient_and_study,
        series_uid,
        frame_of_reference,
        series.modality,
        tuple(frames),
        rows,
        columns,
        series.sides,
    )


def add_patient_and_study(dataset: Dataset, source: DicomSource) -> None:
    """Give an object the patient and the study of its source, in which alone it has a meaning."""
    for element in source.patient_and_study:
        dataset[element.tag] = element


def program_version() -> str:
    return metadata.version("slicewise")


def corner_mm_apart(
    position_lps: Sequence[float],
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    geometry: Geometry,
    k: int,
) -> float:
    """How far the corners of a written frame lie from those of slice k at most, mm.

    orientation and pixel_spacing are as DICOM has them: the cosines of the rows, then of the columns; the distance of
    rows, then of columns. PS3.3 C.7.6.2.1.1.
    """
    columns, rows, _ = geometry.size
    along_row, along_column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    apart = 0.0
    for i, j in itertools.product((0, columns - 1), (0, rows - 1)):
        there = np.array(position_lps, float) + along_row * (float(pixel_spacing[1]) * i)
        there = there + along_column * (float(pixel_spacing[0]) * j)
        apart = max(apart, float(np.linalg.norm(there - geometry.index_to_lps((i, j, k)))))
    return apart


def check_corners(
    name: str,
    position_lps: Sequence[float],
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    geometry: Geometry,
    k: int,
) -> None:
    """Raise SeriesError if a written frame is not where slice k is."""
    apart = corner_mm_apart(position_lps, orientation, pixel_spacing, geometry, k)
    if not apart <= SAME_PLACE_MM:
        raise SeriesError(f"{name} came back {apart:.3g} mm from its place in slice {k + 1}; nothing was saved")


def now() -> tuple[str, str]:
    """Date and time as DICOM writes them."""
    moment = datetime.datetime.now()
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")


def short_text(text: str, length: int = 64) -> str:
    """A text that a DICOM element of some length takes: without backslashes and control characters."""
    return " ".join(re.sub(r"[\\\x00-\x1f\x7f]", " ", text).split())[:length].strip()


def person_name(name: str) -> str:
    """A name as a person wrote it as a DICOM person name: all of it in the place of the family name, unless parted."""
    words = short_text(name).replace("=", " ")
    return words if not words or "^" in words else f"{words}^"


def decimal(number: float) -> str:
    """A number as a decimal string of DICOM, which has at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return format_number_as_ds(float(number))


def decimals(numbers: NDArray[np.float64]) -> list[str]:
    return [f"{number:.10g}" for number in numbers.ravel().tolist()]


def _patient_and_study(stream: BinaryIO) -> Dataset:
    """As the source has it, in UTF-8, but for what the standard does not allow there: that is left empty."""
    from pydicom import dcmread
    from pydicom.dataset import Dataset

    found = dcmread(stream, force=True, specific_tags=[*_PATIENT_AND_STUDY, "SpecificCharacterSet"])
    found.decode()
    kept = Dataset()
    for keyword in _PATIENT_AND_STUDY:
        if keyword not in found:
            continue
        element = found[keyword]
        if element.VR == "PN":
            setattr(kept, keyword, str(element.value or ""))
        else:
            kept[element.tag] = element
    leave_odd_values_empty(kept)
    return kept


def leave_odd_values_empty(dataset: Dataset) -> None:
    """Take out what the standard does not allow to be said of patient and study, and put in what must not be absent."""
    for keyword in NEVER_ABSENT:
        if dataset.get(keyword) is None:
            setattr(dataset, keyword, "")
    if dataset.PatientSex not in _SEXES:
        dataset.PatientSex = ""
    for keyword, form in _FORMS.items():
        if not re.fullmatch(form, str(dataset.get(keyword) or "")):
            if keyword in NEVER_ABSENT:
                setattr(dataset, keyword, "")
            elif keyword in dataset:
                delattr(dataset, keyword)
