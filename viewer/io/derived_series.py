"""A synthetic picture as a derived DICOM series, in a folder of its own that is named once it was read and compared."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from viewer.core.enhanced import Enhanced
from viewer.core.study import SYNTHETIC, Series, SeriesError
from viewer.core.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STEPS = 65535
_SAME_PLACE_MM = 1e-3
_SAME_GRID_MM = 0.1  # of slices that count as evenly apart
_SCHEME = "99SLICEWISE"
_NOT_COPIED = (  # of the source's pixels, or no longer true
    "PixelData",
    "IconImageSequence",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "RealWorldValueMappingSequence",
    "VOILUTSequence",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
    "DataSetTrailingPadding",
    "DigitalSignaturesSequence",
    "MACParametersSequence",
    "ReferencedImageSequence",
    "PixelAspectRatio",
)
_KEPT = (  # of another contrast: who and where, and nothing of how the source was acquired
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize"),
    *("PatientWeight", "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber"),
    *("ReferringPhysicianName", "InstitutionName", "BodyPartExamined", "Laterality", "PatientPosition"),
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "InstanceNumber", "SliceThickness", "SpacingBetweenSlices"),
)
_STORAGE = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4"}
_OWN: dict[str, dict[str, object]] = {  # what objects of a contrast have to say, of one that nobody acquired
    "CT": {"KVP": None, "AcquisitionNumber": None},
    "MR": {
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "ScanOptions": None,
        "MRAcquisitionType": "",
        "RepetitionTime": None,
        "EchoTime": None,
        "EchoTrainLength": None,
    },
}
_EVEN_IF_EMPTY = (  # attributes of type 2: there, if need be without a value, though the source left them out
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "PatientPosition", "PositionReferenceIndicator"),
    *("SliceThickness", "AcquisitionNumber"),
)


class _Values(NamedTuple):
    """How values are stored: the value of 0, that of a step, and whether steps are counted below 0, too."""

    intercept: float
    slope: float
    signed: bool


def why_no_derived_series(series: Series, volume: Volume, enhanced: Enhanced) -> str:
    """Why a synthetic picture cannot be written as a DICOM series, in one sentence, as far as that is known without the
    files; empty if it can."""
    made = enhanced.volume
    known = bool(series.instance_uids) and len(set(series.files)) == len(series.files) == volume.geometry.size[2]
    if not known or not volume.geometry.is_grid or made.geometry.shape[0] != volume.geometry.shape[0]:
        return "Only a regular series with one DICOM file for each slice can have a derived series"
    if enhanced.translated and made.modality not in _STORAGE:
        return f"A synthetic {made.modality} cannot be written as a DICOM series, only CT and MR can"
    return ""


def write_derived_series(
    series: Series,
    volume: Volume,
    enhanced: Enhanced,
    folder: Path,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Path]:
    """Write a synthetic picture of a DICOM series, slice by slice, into a new folder; the files in order of k.

    The patient and the study are those of the source; series and instances are new. Of a translation nothing is kept
    of how the source was acquired. progress may raise to cancel. Raises SeriesError for a source that is no series of
    single-frame DICOM files on a grid, or that names no study, for a contrast that has no object here, for a folder
    that is there already or cannot be written, and for files that come back otherwise than they were written.
    """
    if why_not := why_no_derived_series(series, volume, enhanced):
        raise SeriesError(why_not)
    if folder.exists():
        raise SeriesError(f"{folder.name} is there already; nothing was written")
    values = _values_of(enhanced.volume.voxels, enhanced.volume.modality or series.modality)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            files = _write(series, volume, enhanced, temporary, values, progress)
            _compare(files, enhanced, values.slope, progress)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        folder.chmod(0o755)
    except OSError as error:
        raise SeriesError(f"{folder.name} could not be written: {error.strerror or error}") from error
    return [folder / file.name for file in files]


def _values_of(voxels: np.ndarray, modality: str) -> _Values:
    low, high = float(voxels.min()), float(voxels.max())
    if modality == "PT":  # DICOM PS3.3 C.8.9.4.1.4 allows no intercept
        return _Values(0.0, _digits(max(-low, high, 1e-12) / (_STEPS // 2)), True)
    return _Values(_digits(low), _digits(max((high - low) / _STEPS, 1e-12)), False)


def _digits(value: float) -> float:
    """As many as a decimal string has room for."""
    return float(f"{value:.9g}")


def _write(
    series: Series,
    volume: Volume,
    enhanced: Enhanced,
    folder: Path,
    values: _Values,
    progress: Callable[[float], None],
) -> list[Path]:
    from pydicom.uid import generate_uid

    now, series_uid, files = datetime.now(UTC).astimezone(), generate_uid(), []
    for k, source in enumerate(series.files):
        header = _source(series, volume, k)
        made = _of_another_contrast(header, enhanced) if enhanced.translated else _without_pixels(header)
        _mark(made, header, series, enhanced)
        made.SOPInstanceUID, made.SeriesInstanceUID = generate_uid(), series_uid
        made.SeriesNumber = 9000 + (series.number or 0) % 1000
        for what in ("InstanceCreation", "Series", "Content"):
            setattr(made, f"{what}Date", f"{now:%Y%m%d}")
            setattr(made, f"{what}Time", f"{now:%H%M%S}")
        _place(made, enhanced, k)
        _store(made, enhanced.volume.voxels[k], values, enhanced.volume.unit or volume.unit)
        files.append(folder / f"{k + 1:05d}.dcm")
        try:
            made.save_as(files[-1], enforce_file_format=True)
        except (ValueError, TypeError, AttributeError, KeyError, NotImplementedError) as error:
            raise SeriesError(
                f"The header of {source.name} cannot be written again ({error}); nothing was saved"
            ) from error
        progress((k + 1) / len(series.files) * 0.7)
    return files


def _source(series: Series, volume: Volume, k: int) -> Dataset:
    """The header of slice k, which has to be where it was and to say which object of which study it is."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    source = series.files[k]
    try:
        header = dcmread(source, stop_before_pixels=True)
        apart = np.array(header.ImagePositionPatient, float) - volume.geometry.index_to_lps((0, 0, k))
    except (InvalidDicomError, OSError, AttributeError, TypeError, ValueError) as error:
        raise SeriesError(f"{source.name} tells no place that a derived series could have") from error
    if not header.get("StudyInstanceUID"):
        raise SeriesError(f"{source.name} names no study (StudyInstanceUID is empty): a derived series would have none")
    storage, instance = (
        str(header.get(f"SOP{what}UID") or header.file_meta.get(f"MediaStorageSOP{what}UID") or "")
        for what in ("Class", "Instance")
    )
    if not storage or not instance:
        raise SeriesError(f"{source.name} does not say which object it is: a derived series cannot refer to it")
    if np.abs(apart).max() > _SAME_GRID_MM or int(header.get("NumberOfFrames") or 1) > 1:
        raise SeriesError(f"{source.name} lies elsewhere than its slice: a derived series cannot be written")
    header.SOPClassUID, header.SOPInstanceUID = storage, instance
    return header


def _without_pixels(made: Dataset) -> Dataset:
    """A source's header without what it says of its stored values, and without what is drawn over them."""
    made.remove_private_tags()  # some makers keep a scale of the stored values there
    for keyword in _NOT_COPIED:
        if keyword in made:
            del made[keyword]
    for element in [element.tag for element in made if 0x6000 <= element.tag.group <= 0x60FF]:
        del made[element]
    kept = [str(value) for value in made.get("ImageType", [])][2:] or ["OTHER"]
    made.ImageType = ["DERIVED", "SECONDARY", *kept]
    return made


def _of_another_contrast(source: Dataset, enhanced: Enhanced) -> Dataset:
    """A header of a contrast that was never acquired: whose it is and where it lies, as the source says."""
    from pydicom.dataset import Dataset

    modality, made = enhanced.volume.modality, Dataset()
    for keyword in _KEPT:
        if keyword in source:
            made[keyword] = source[keyword]
    made.Modality, made.SOPClassUID = modality, _STORAGE[modality]
    made.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if modality == "CT" else "OTHER"]
    for keyword, value in _OWN[modality].items():
        setattr(made, keyword, value)
    made.Manufacturer, made.ManufacturerModelName = "Slicewise", enhanced.origin.model[:64]
    scanner = Dataset()
    scanner.Manufacturer = source.get("Manufacturer") or "unknown"
    if source.get("ManufacturerModelName"):
        scanner.ManufacturerModelName = source.ManufacturerModelName
    scanner.ContributionDescription = "Acquired the source images, which show another contrast"
    scanner.PurposeOfReferenceCodeSequence = [_code("109101", "DCM", "Acquisition Equipment")]
    made.ContributingEquipmentSequence = [scanner]
    return made


def _mark(made: Dataset, source: Dataset, series: Series, enhanced: Enhanced) -> None:
    """Say that it is synthetic, what it was made of, how, and by what."""
    from pydicom.dataset import Dataset

    origin, modality = enhanced.origin, enhanced.volume.modality
    about = f"{SYNTHETIC} by {origin.source}, sha256 {origin.short_hash}, on {origin.provider}; not for measurement"
    if enhanced.translated:
        about += f"; a contrast ({modality}) that was not acquired"
        made.SeriesDescription = f"{SYNTHETIC} {modality} by {origin.model}"[:64].strip()
        codes = [_code("TRANSLATION", _SCHEME, "Contrast made up by a neural network")]
    else:
        if enhanced.bound is not None:
            about += f"; no value changed by more than {enhanced.bound:.4g} {series.unit}".rstrip()
        made.SeriesDescription = f"{SYNTHETIC} {series.description}"[:64].strip()
        codes = [_code("ENHANCEMENT", _SCHEME, "Enhanced by a neural network, within a bound")]
        if enhanced.volume.geometry.size != series.size:
            codes.append(_code("113085", "DCM", "Spatial resampling"))
    figures = "".join(f"; {name} {value:.4g}" for name, value in enhanced.figures.items())
    for keyword in _EVEN_IF_EMPTY:
        if keyword not in made:
            setattr(made, keyword, None)
    made.SyntheticData = "YES"
    made.DerivationDescription = f"{about}{figures}"[:1024]
    made.DerivationCodeSequence = [*made.get("DerivationCodeSequence", []), *codes]
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    reference.PurposeOfReferenceCodeSequence = [_code("121322", "DCM", "Source image for image processing operation")]
    made.SourceImageSequence = [reference]
    made.BurnedInAnnotation = "NO"
    equipment = Dataset()
    equipment.Manufacturer, equipment.ManufacturerModelName = "Slicewise", f"{origin.model} {origin.version}"[:64]
    equipment.SoftwareVersions = origin.short_hash
    equipment.ContributionDescription = about[:1024]
    equipment.PurposeOfReferenceCodeSequence = [_code("109103", "DCM", "Modifying Equipment")]
    made.ContributingEquipmentSequence = [*made.get("ContributingEquipmentSequence", []), equipment]


def _store(made: Dataset, plane: np.ndarray, values: _Values, unit: str) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    stored = np.rint((plane.astype(np.float64) - values.intercept) / values.slope)
    made.Rows, made.Columns = stored.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, int(values.signed)
    made.RescaleSlope, made.RescaleIntercept = f"{values.slope:.9g}", f"{values.intercept:.9g}"
    if "RescaleType" not in made:
        made.RescaleType = unit or "US"
    if values.signed:
        made.PixelData = np.clip(stored, -(_STEPS // 2), _STEPS // 2).astype("<i2").tobytes()
    else:
        made.PixelData = np.clip(stored, 0, _STEPS).astype("<u2").tobytes()
    made["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta = meta


def _place(header: Dataset, enhanced: Enhanced, k: int) -> None:
    geometry = enhanced.volume.geometry
    header.ImagePositionPatient = [f"{mm:.10g}" for mm in geometry.index_to_lps((0, 0, k)).tolist()]
    along = [*geometry.direction[:, 0].tolist(), *geometry.direction[:, 1].tolist()]
    header.ImageOrientationPatient = [f"{cosine:.12g}" for cosine in along]
    header.PixelSpacing = [f"{geometry.spacing[1]:.10g}", f"{geometry.spacing[0]:.10g}"]


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _compare(files: Iterable[Path], enhanced: Enhanced, slope: float, progress: Callable[[float], None]) -> None:
    from pydicom import dcmread

    geometry = enhanced.volume.geometry
    for k, file in enumerate(files):
        found = dcmread(file)
        values = found.pixel_array * float(found.RescaleSlope) + float(found.RescaleIntercept)
        row, column = np.split(np.array(found.ImageOrientationPatient, float), 2)
        j, i = map(float, found.PixelSpacing)
        position = np.array(found.ImagePositionPatient, float)
        corner = position + row * i * (geometry.size[0] - 1) + column * j * (geometry.size[1] - 1)
        last = geometry.index_to_lps((geometry.size[0] - 1, geometry.size[1] - 1, k))
        away = max(np.abs(position - geometry.index_to_lps((0, 0, k))).max(), np.abs(corner - last).max())
        off = np.abs(values - enhanced.volume.voxels[k]).max()
        same = off <= 0.501 * slope + 1e-6 * np.abs(values).max() and away <= _SAME_PLACE_MM
        if not same or found.SyntheticData != "YES" or SYNTHETIC not in found.SeriesDescription:
            raise SeriesError("The derived series came back otherwise than it was written; nothing was saved")
        progress(0.7 + 0.3 * (k + 1) / geometry.size[2])
