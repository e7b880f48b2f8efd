"""Phantoms that every test may use: non-cubic, anisotropic, one oblique, one left-handed, none symmetric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from viewer.core.geometry import Geometry
from viewer.core.volume import Volume

SIZE_IJK = (14, 11, 7)
SPACING_MM = (0.8, 1.3, 2.5)
ORIGIN_LPS = (-41.5, 17.25, 103.0)
MARKER_IJK = (9, 3, 5)  # not at a place that a mirrored or transposed grid would give again
MARKER = 1900


def _turned(degrees: tuple[float, float, float]) -> np.ndarray:
    """A rotation matrix about L, then P, then S."""
    a, b, c = np.radians(degrees)
    about_l = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_p = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_s = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_s @ about_p @ about_l


_OBLIQUE = _turned((12.0, -21.0, 33.0))
DIRECTIONS = {
    "oblique": _OBLIQUE,
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "left-handed": _OBLIQUE @ np.diag([1.0, 1.0, -1.0]),
}


def _phantom(direction: np.ndarray) -> Volume:
    geometry = Geometry(SIZE_IJK, SPACING_MM, np.array(ORIGIN_LPS), direction)
    k, j, i = np.indices(geometry.shape)
    voxels = (i + 20 * j + 300 * k - 1000).astype(np.int16)  # every voxel differs from every other
    voxels[MARKER_IJK[::-1]] = MARKER
    return Volume(voxels, geometry, unit="HU", modality="CT")


@pytest.fixture(params=list(DIRECTIONS))
def phantom(request: pytest.FixtureRequest) -> Volume:
    """A small CT of int16 HU whose voxels are all different, on an oblique, a coronal and a left-handed grid."""
    return _phantom(DIRECTIONS[request.param])


@pytest.fixture
def oblique_phantom() -> Volume:
    """The oblique, right-handed phantom alone, where one grid is enough."""
    return _phantom(DIRECTIONS["oblique"])


@pytest.fixture
def with_direction() -> Callable[[Volume, np.ndarray], Volume]:
    """Puts a phantom's voxels on a grid with other axes."""

    def turn(volume: Volume, direction: np.ndarray) -> Volume:
        return replace(volume, geometry=replace(volume.geometry, direction=direction))

    return turn


@pytest.fixture
def dicom_slice() -> Callable[..., Dataset]:
    """Makes slice k of a right-handed volume as a DICOM data set that can still be changed before it is saved."""
    return _dicom_slice


@pytest.fixture
def write_dicom() -> Callable[..., list[Path]]:
    """Writes a right-handed volume as a DICOM series into a folder; change(dataset, k) may spoil each slice."""

    def write(
        folder: Path,
        volume: Volume,
        *,
        modality: str = "CT",
        series: str = "phantom",
        change: Callable[[Dataset, int], None] = lambda dataset, k: None,
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for k in range(volume.geometry.size[2]):
            dataset = _dicom_slice(volume, k, modality=modality, series=series)
            change(dataset, k)
            files.append(folder / f"{series}-{(5 * k + 3) % 101:03d}.dcm")  # names that do not tell the order
            dataset.save_as(files[-1], enforce_file_format=True)
        return files

    return write


def _dicom_slice(volume: Volume, k: int, *, modality: str = "CT", series: str = "phantom") -> Dataset:
    geometry = volume.geometry
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    storage = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4"}[modality]
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = storage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(k)])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[series])
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = "Canary^Patient", "CANARY-7"
    dataset.PatientBirthDate, dataset.PatientSex = "19500102", "O"
    dataset.StudyDate, dataset.StudyDescription, dataset.SeriesDescription = "20200304", "Study", series
    dataset.SeriesNumber, dataset.InstanceNumber = 4, 100 - k  # numbers that fall while the position rises
    dataset.ImagePositionPatient = [f"{p:.10g}" for p in geometry.index_to_lps((0, 0, k))]
    dataset.ImageOrientationPatient = [f"{c:.10g}" for c in geometry.direction[:, :2].T.ravel()]
    dataset.PixelSpacing = [geometry.spacing[1], geometry.spacing[0]]  # between rows, then between columns
    dataset.SliceThickness = 99  # a lie that a reader must not believe
    dataset.Rows, dataset.Columns = geometry.size[1], geometry.size[0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    if modality == "CT":
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
        stored = volume.voxels[k].astype(np.int32) + 1024
    else:
        stored = volume.voxels[k].astype(np.int32) - int(volume.voxels.min())
    dataset.PixelData = stored.astype("<u2").tobytes()
    return dataset
