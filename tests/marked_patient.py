"""A patient with a mark on the left, in front and towards the head, on grids of any axes, in files of many formats.

Nothing here asks the program where anything lies. The patient is a box around CENTRE_LPS; MARK_MM says in words of the
patient where the mark is. Axes are told in letters: "LPH" is a grid whose i grows to the left, j to the back and k to
the head. Other programs (SimpleITK), or the standard's formula worked here, find the mark again in what was written.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from itertools import permutations, product
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless, generate_uid

SIZE = (40, 36, 26)  # i, j, k
SPACING_MM = (1.1, 1.0, 1.5)
CENTRE_LPS = np.array([-13.0, 21.0, 57.0])
MARK_MM = np.array([12.0, -8.0, 5.0])  # from the centre to the patient's left, back and head
MARK_HALF_MM = 6.0  # so that the middle axial slice shows it too
TISSUE, MARK = 300, 1200
_BETWEEN = 800
_LETTERS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "H": (2, 1), "F": (2, -1)}

ALL_AXES = [
    "".join(letters[axis][way] for axis, way in zip(order, ways, strict=True))
    for letters in (("LR", "PA", "HF"),)
    for order in permutations(range(3))
    for ways in product((0, 1), repeat=3)
]


def axes_of(letters: str) -> NDArray[np.float64]:
    """(3, 3), columns the unit vectors of i, j and k along left, back and head."""
    axes = np.zeros((3, 3))
    for n, letter in enumerate(letters):
        row, sign = _LETTERS[letter]
        axes[row, n] = sign
    return axes


def _tilt() -> NDArray[np.float64]:
    a, b, c = np.radians((10.0, -15.0, 20.0))
    about_l = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_p = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_s = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_s @ about_p @ about_l


UPRIGHT, TILTED = np.eye(3), _tilt()  # how the patient, and the grid with them, lies in the scanner


def stored(letters: str) -> NDArray[np.int16]:
    """The voxels [k, j, i]: tissue, and the mark where it is."""
    k, j, i = np.indices(SIZE[::-1])
    from_centre = (np.stack([i, j, k], axis=-1) - (np.array(SIZE) - 1) / 2) * SPACING_MM
    in_patient = from_centre @ axes_of(letters).T
    marked = (np.abs(in_patient - MARK_MM) <= MARK_HALF_MM).all(axis=-1)
    return np.where(marked, MARK, TISSUE).astype(np.int16)


def mark_lps(lying: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the middle of the mark is in the scanner, LPS mm."""
    return CENTRE_LPS + lying @ MARK_MM


def _origin(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    return CENTRE_LPS - directions @ ((np.array(SIZE) - 1) / 2 * SPACING_MM)


# Volume files, written by SimpleITK


def write_volume(
    path: Path,
    letters: str,
    lying: NDArray[np.float64] = UPRIGHT,
    only_form: str = "",
    voxels: NDArray[np.uint8] | None = None,
) -> Path:
    """NIfTI, NRRD or MetaImage after the path's suffix; of NIfTI only the "sform" or the "qform" is left if told.
    voxels are colours [k, j, i, 3] in place of the values."""
    directions = lying @ axes_of(letters)
    image = sitk.GetImageFromArray(stored(letters) if voxels is None else voxels, isVector=voxels is not None)
    image.SetSpacing(SPACING_MM)
    image.SetOrigin(_origin(directions).tolist())
    image.SetDirection(directions.ravel().tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))
    if only_form:  # nifti1.h: qform_code at byte 252, sform_code at 254
        packed = path.suffix == ".gz"
        content = bytearray(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
        other = {"sform": 252, "qform": 254}[only_form]
        content[other : other + 2] = b"\0\0"
        path.write_bytes(gzip.compress(content) if packed else bytes(content))
    if voxels is not None and path.suffix == ".nii":  # SimpleITK writes colours as vectors; nifti1.h: DT_RGB24 is 128
        header = bytearray(path.read_bytes()[:352])
        struct.pack_into("<8h", header, 40, 3, *SIZE, 1, 1, 1, 1)
        struct.pack_into("<3h", header, 68, 0, 128, 24)  # intent, datatype, bits
        path.write_bytes(bytes(header) + voxels.tobytes())
    return path


def to_ras(path: Path) -> Path:
    """A NRRD file's header rewritten from LPS, all that SimpleITK writes, to RAS: left and back change sign."""
    header, pixels = path.read_bytes().split(b"\n\n", 1)
    lines = []
    for line in header.decode().splitlines():
        if line.startswith(("space directions:", "space origin:")):
            vectors = re.findall(r"\(([^)]*)\)", line)
            turned = [np.array(vector.split(","), float) * (-1, -1, 1) for vector in vectors]
            line = line.split(":")[0] + ": " + " ".join("(" + ",".join(f"{n:.12g}" for n in v) + ")" for v in turned)
        lines.append(line.replace("left-posterior-superior", "right-anterior-superior"))
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + pixels)
    return path


def mark_by_simpleitk(files: Sequence[Path]) -> NDArray[np.float64]:
    """The middle of the mark as SimpleITK finds it in files, each read by itself, LPS mm."""
    points = []
    for file in files:
        image = sitk.ReadImage(str(file))
        places = np.argwhere(sitk.GetArrayFromImage(image) > _BETWEEN)[:, ::-1]
        points.extend(image.TransformIndexToPhysicalPoint(place.tolist()) for place in places)
    return np.mean(points, axis=0)


# DICOM, written by pydicom


def write_slices(
    folder: Path,
    letters: str,
    lying: NDArray[np.float64] = UPRIGHT,
    *,
    modality: str = "CT",
    slices: Sequence[int] = range(SIZE[2]),
    change: Callable[[Dataset], None] = lambda dataset: None,
) -> list[Path]:
    """Single-frame files, one for each slice k, in an order that neither names nor numbers tell."""
    folder.mkdir(parents=True, exist_ok=True)
    directions, voxels, files = lying @ axes_of(letters), stored(letters), []
    for k in slices:
        dataset = _instance(folder.name, str(k), modality)
        position = _origin(directions) + directions[:, 2] * (SPACING_MM[2] * k)
        dataset.ImagePositionPatient = [f"{p:.9g}" for p in position]
        dataset.ImageOrientationPatient = [f"{c:.9g}" for c in directions[:, :2].T.ravel()]
        dataset.PixelSpacing = [SPACING_MM[1], SPACING_MM[0]]  # between rows first
        dataset.InstanceNumber = (7 * k + 5) % 101
        if modality == "CT":
            dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
        offset = 1024 if modality == "CT" else 0
        dataset.PixelData = (voxels[k].astype(np.int32) + offset).astype("<u2").tobytes()
        change(dataset)
        files.append(folder / f"IM{(11 * k + 3) % 101:03d}")
        dataset.save_as(files[-1], enforce_file_format=True)
    return files


def write_enhanced(path: Path, letters: str, lying: NDArray[np.float64] = UPRIGHT) -> Path:
    """One enhanced MR with a frame for each slice, the frames in no order of space. DICOM PS3.3 C.7.6.16."""
    directions, voxels = lying @ axes_of(letters), stored(letters)
    order = [(7 * n + 3) % SIZE[2] for n in range(SIZE[2])]
    dataset = _instance(path.stem, "enhanced", "MR")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    dataset.NumberOfFrames = SIZE[2]
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [SPACING_MM[1], SPACING_MM[0]]
    orientation.ImageOrientationPatient = [f"{c:.9g}" for c in directions[:, :2].T.ravel()]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for k in order:
        frame, position, content = Dataset(), Dataset(), Dataset()
        place = _origin(directions) + directions[:, 2] * (SPACING_MM[2] * k)
        position.ImagePositionPatient = [f"{p:.9g}" for p in place]
        content.StackID = "1"
        frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.PixelData = voxels[order].astype("<u2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_radiograph(path: Path, sides: str, picture: NDArray[np.uint16]) -> Path:
    """A picture without a place in the patient; sides are its PatientOrientation, as "L\\F"."""
    dataset = _instance(path.stem, "1", "DX")
    dataset.PatientOrientation = sides
    dataset.ImagerPixelSpacing = [1.0, 1.0]
    dataset.Rows, dataset.Columns = picture.shape
    dataset.PixelData = picture.astype("<u2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _instance(series: str, instance: str, modality: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    kinds = {"CT": "2", "MR": "4", "DX": "1.1"}
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kinds[modality]}"
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series, instance])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["marked patient"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[series])
    dataset.Modality, dataset.PatientName, dataset.PatientID = modality, "Marked^Left", "MARKED-1"
    dataset.Rows, dataset.Columns = SIZE[1], SIZE[0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    return dataset


def compressed(syntax: str) -> Callable[[Dataset], None]:
    """What write_slices is to change to write "RLE", "JPEG-LS" or "JPEG 2000"."""
    uid = {"RLE": RLELossless, "JPEG-LS": JPEGLSLossless, "JPEG 2000": JPEG2000Lossless}[syntax]
    return lambda dataset: dataset.compress(uid, generate_instance_uid=False)


def mark_by_the_standard(files: Sequence[Path]) -> NDArray[np.float64]:
    """The middle of the mark by DICOM PS3.3 C.7.6.2.1.1, from the headers as pydicom reads them, LPS mm."""
    points = []
    for file in files:
        dataset = dcmread(file)
        pixels = dataset.pixel_array.astype(int) + int(dataset.get("RescaleIntercept", 0))
        if "NumberOfFrames" in dataset:
            shared = dataset.SharedFunctionalGroupsSequence[0]
            cosines = shared.PlaneOrientationSequence[0].ImageOrientationPatient
            spacing = shared.PixelMeasuresSequence[0].PixelSpacing
            groups = dataset.PerFrameFunctionalGroupsSequence
            positions = [group.PlanePositionSequence[0].ImagePositionPatient for group in groups]
        else:
            cosines, spacing = dataset.ImageOrientationPatient, dataset.PixelSpacing
            positions, pixels = [dataset.ImagePositionPatient], pixels[None]
        along_row, along_column = np.array(cosines[:3], float), np.array(cosines[3:], float)
        for position, frame in zip(positions, pixels, strict=True):
            for row, column in np.argwhere(frame > _BETWEEN):
                along = along_row * (float(spacing[1]) * column) + along_column * (float(spacing[0]) * row)
                points.append(np.array(position, float) + along)
    return np.mean(points, axis=0)


def zipped(folder: Path, archive: Path) -> Path:
    """The files of a folder in a ZIP."""
    with zipfile.ZipFile(archive, "w") as into:
        for file in sorted(folder.iterdir()):
            into.writestr(f"disc/{file.name}", file.read_bytes())
    return archive


def with_dicomdir(folder: Path, files: Sequence[Path]) -> Path:
    """A DICOMDIR beside files, written by pydicom's own file set."""
    from pydicom.fileset import FileSet

    listed = FileSet()
    for file in files:
        dataset = dcmread(io.BytesIO(file.read_bytes()))
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.SeriesNumber = "20200304", "101500", "1", 1
        dataset.AccessionNumber = "1"
        listed.add(dataset)
    listed.write(folder)
    return folder / "DICOMDIR"
