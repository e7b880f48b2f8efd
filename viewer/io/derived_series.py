"""A synthetic picture as a derived DICOM series, in a folder of its own that is named once it was read and compared."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.enhanced import SYNTHETIC, Enhanced
from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STEPS = 65535
_SAME_PLACE_MM = 1e-3
_SAME_GRID_MM = 0.1  # of slices that count as evenly apart
_NOT_COPIED = (  # of the source's pixels, or no longer true
    "PixelData",
    "IconImageSequence",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "ModalityLUTSequence",
    "VOILUTSequence",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
    "DataSetTrailingPadding",
    "DigitalSignaturesSequence",
    "ReferencedImageSequence",
    "PixelAspectRatio",
)


def write_derived_series(series: Series, volume: Volume, enhanced: Enhanced, folder: Path) -> list[Path]:
    """Write an enhancement of a DICOM series, slice by slice, into a new folder; the files in order of k.

    The patient and the study are those of the source; series and instances are new. Raises SeriesError for a source
    that is no series of single-frame DICOM files on a grid, for a folder that is there already, for a translation,
    and for files that come back otherwise than they were written.
    """
    if enhanced.residual is None:
        raise SeriesError("A translation has another modality than its series: it is not written as a series of it")
    made, shape = enhanced.volume, enhanced.volume.geometry.shape
    known = len(set(series.files)) == len(series.files) == volume.geometry.size[2]
    if not known or not volume.geometry.is_grid or shape[0] != volume.geometry.shape[0] or any(series.frame_numbers):
        raise SeriesError("Only a regular series with one DICOM file for each slice can have a derived series")
    if folder.exists():
        raise SeriesError(f"{folder.name} is there already; nothing was written")
    low, high = float(made.voxels.min()), float(made.voxels.max())
    whole = high - low <= _STEPS and made.modality == "CT"
    slope, intercept = (1.0, float(np.floor(low))) if whole else (max((high - low) / _STEPS, 1e-12), low)
    slope, intercept = float(f"{slope:.9g}"), float(f"{intercept:.9g}")
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        files = _write(series, volume, enhanced, temporary, slope, intercept)
        _compare(files, enhanced, slope)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    folder.chmod(0o755)
    return [folder / file.name for file in files]


def _write(
    series: Series, volume: Volume, enhanced: Enhanced, folder: Path, slope: float, intercept: float
) -> list[Path]:
    from pydicom import dcmread
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.errors import InvalidDicomError
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    now, series_uid, files = datetime.now(UTC).astimezone(), generate_uid(), []
    origin = enhanced.origin
    about = f"{SYNTHETIC} by {origin.source}, sha256 {origin.short_hash}, on {origin.provider}; not for measurement"
    if enhanced.bound is not None:
        about += f"; no value changed by more than {enhanced.bound:.4g} {enhanced.volume.unit}".rstrip()
    for k, source in enumerate(series.files):
        try:
            header = dcmread(source, stop_before_pixels=True)
            apart = np.array(header.ImagePositionPatient, float) - volume.geometry.index_to_lps((0, 0, k))
        except (InvalidDicomError, OSError, AttributeError, TypeError, ValueError) as error:
            raise SeriesError(f"{source.name} tells no place that a derived series could have") from error
        storage, instance = (
            str(header.get(f"SOP{what}UID") or header.file_meta.get(f"MediaStorageSOP{what}UID") or "")
            for what in ("Class", "Instance")
        )
        if not storage or not instance:
            raise SeriesError(f"{source.name} does not say which object it is: a derived series cannot refer to it")
        header.SOPClassUID = UID(storage)
        if np.abs(apart).max() > _SAME_GRID_MM or int(header.get("NumberOfFrames") or 1) > 1:
            raise SeriesError(f"{source.name} lies elsewhere than its slice: a derived series cannot be written")
        for keyword in _NOT_COPIED:
            if keyword in header:
                del header[keyword]
        for element in [element.tag for element in header if 0x6000 <= element.tag.group <= 0x60FF]:
            del header[element]  # what the source draws over its own pixels
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = storage, instance
        reference.PurposeOfReferenceCodeSequence = [
            _code("121322", "DCM", "Source image for image processing operation")
        ]
        header.SourceImageSequence = [reference]
        header.SOPInstanceUID, header.SeriesInstanceUID = generate_uid(), series_uid
        kept = [str(value) for value in header.get("ImageType", [])][2:] or ["OTHER"]
        header.ImageType = ["DERIVED", "SECONDARY", *kept]
        header.SeriesDescription = f"{SYNTHETIC} {series.description}"[:64].strip()
        header.SeriesNumber = 9000 + (series.number or 0) % 1000
        header.DerivationDescription = about[:1024]
        header.BurnedInAnnotation = "NO"
        header.InstanceCreationDate, header.InstanceCreationTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
        header.SeriesDate, header.SeriesTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
        equipment = Dataset()
        equipment.Manufacturer, equipment.ManufacturerModelName = "Slicewise", f"{origin.model} {origin.version}"[:64]
        equipment.SoftwareVersions = origin.short_hash
        equipment.ContributionDescription = about[:1024]
        equipment.PurposeOfReferenceCodeSequence = [_code("109103", "DCM", "Modifying Equipment")]
        header.ContributingEquipmentSequence = [*header.get("ContributingEquipmentSequence", []), equipment]
        _place(header, enhanced, k)
        stored = np.rint((enhanced.volume.voxels[k].astype(np.float64) - intercept) / slope)
        header.Rows, header.Columns = stored.shape
        header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
        header.BitsAllocated = header.BitsStored = 16
        header.HighBit, header.PixelRepresentation = 15, 0
        header.RescaleSlope, header.RescaleIntercept = f"{slope:.9g}", f"{intercept:.9g}"
        if "RescaleType" not in header:
            header.RescaleType = enhanced.volume.unit or "US"
        header.PixelData = np.clip(stored, 0, _STEPS).astype("<u2").tobytes()
        header["PixelData"].VR = "OW"
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(storage), header.SOPInstanceUID
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.file_meta = meta
        files.append(folder / f"{k + 1:05d}.dcm")
        header.save_as(files[-1], enforce_file_format=True)
    return files


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


def _compare(files: list[Path], enhanced: Enhanced, slope: float) -> None:
    from pydicom import dcmread

    geometry = enhanced.volume.geometry
    for k, file in enumerate(files):
        found = dcmread(file)
        values = found.pixel_array * float(found.RescaleSlope) + float(found.RescaleIntercept)
        place = np.array(found.ImagePositionPatient, float) - geometry.index_to_lps((0, 0, k))
        off = np.abs(values - enhanced.volume.voxels[k]).max()
        if off > 0.501 * slope + 1e-6 * np.abs(values).max() or np.abs(place).max() > _SAME_PLACE_MM:
            raise SeriesError("The derived series came back otherwise than it was written; nothing was saved")
