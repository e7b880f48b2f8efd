"""Any path a person drops: what series are there, their voxels, and writing volumes back without loss."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.study import GeometryVerdict, Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume, geometry_of, to_image
from viewer.io.dicom import Progress, looks_like_dicom, read_dicom, scan_dicom

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
WRITABLE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")

_SAME_PLACE_MM = 0.01
_PERPENDICULAR = 1e-3  # largest cosine between two axes of a grid, as in Geometry
_NIFTI_HEADER_BYTES = 348


def scan(paths: Sequence[Path], check: Callable[[], None] = lambda: None) -> Scan:
    """Every series in some files and folders, and every file that was refused and why.

    Only headers are read. check is called for each file and may raise to cancel. Links to folders are not
    followed, and only regular files are opened. In a folder, files that are clearly something else (texts,
    tables) are passed over; a file named by itself is refused with a reason.
    """
    dicom: list[Path] = []
    series: list[Series] = []
    refused: list[Refusal] = []
    for file, named in _walk(paths):
        check()
        try:
            suffix = _suffix(file)
            if suffix in VOLUME_SUFFIXES:
                series.append(_scan_volume(file))
            elif suffix in PICTURE_SUFFIXES:
                series.append(_scan_picture(file))
            elif looks_like_dicom(file):
                dicom.append(file)
            elif named or suffix == ".dcm":
                refused.append(
                    Refusal(file, "this is no image that Slicewise knows (DICOM, NIfTI, NRRD, MHA, PNG, JPEG)")
                )
        except SeriesError as error:
            refused.append(Refusal(file, str(error)))
        except OSError as error:
            refused.append(Refusal(file, f"the file cannot be read ({error.strerror})"))
    found = scan_dicom(dicom, check)
    return Scan((*found.series, *series), (*found.refused, *refused))


def read_series(series: Series, progress: Progress = lambda fraction, text: None) -> Volume:
    """The voxels of a series. progress gets a fraction and a text and may raise to cancel.

    Raises SeriesError with one sentence if the files are gone, damaged, or no regular volume.
    """
    missing = [file for file in series.files if not file.is_file()]
    if missing:
        raise SeriesError(f"{missing[0].name} is no longer where it was; open its folder again")
    suffix = _suffix(series.files[0])
    if suffix in VOLUME_SUFFIXES:
        return _read_volume(series)
    if suffix in PICTURE_SUFFIXES:
        return _read_picture(series)
    return read_dicom(series, progress)


def read_middle(series: Series) -> Volume:
    """A single slice from the middle of a series, for a thumbnail; whole files where one file holds all."""
    if len(series.files) == 1:
        return read_series(series)
    middle = series.files[len(series.files) // 2]
    single = replace(series, files=(middle,), spacing_mm=None, verdict=GeometryVerdict("2d", "One slice."))
    return read_dicom(single)


def write_image(voxels: NDArray, geometry: Geometry, path: Path, overwrite: bool = False) -> None:
    """Write voxels[k, j, i] as NIfTI, NRRD or MHA, by the file's name.

    The file appears under its name only after it was read back and found equal, voxel for voxel and corner
    for corner. Raises SeriesError for an unknown suffix, an existing file or a copy that came back different.
    """
    suffix = _suffix(path)
    if suffix not in WRITABLE_SUFFIXES:
        raise SeriesError(f"{path.name}: volumes are written as {', '.join(WRITABLE_SUFFIXES)}")
    if path.exists() and not overwrite:
        raise SeriesError(f"{path} exists already; choose another name")
    if not path.parent.is_dir():
        raise SeriesError(f"there is no folder {path.parent}")
    temporary = path.with_name(f".{path.name.removesuffix(suffix)}.unfinished{suffix}")
    try:
        sitk.WriteImage(to_image(voxels, geometry), str(temporary), useCompression=True)
        written = sitk.ReadImage(str(temporary))
        if not np.array_equal(sitk.GetArrayViewFromImage(written), voxels, equal_nan=voxels.dtype.kind == "f"):
            raise SeriesError(f"{path.name} came back with other voxels than were written; nothing was saved")
        if not geometry_of(written).same_grid(geometry, _SAME_PLACE_MM):
            raise SeriesError(f"{path.name} cannot hold this geometry exactly; nothing was saved, try .nrrd")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except RuntimeError as error:
        raise SeriesError(f"{path.name} cannot be written ({_first_line(error)})") from error
    finally:
        temporary.unlink(missing_ok=True)


def _walk(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each regular file once, however often and through whatever links it was dropped, and if it was named itself."""
    seen: set[str] = set()
    for file, named in _walk_all(paths):
        real = os.path.realpath(file)
        if real not in seen:
            seen.add(real)
            yield file, named


def _walk_all(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    file = Path(folder) / name
                    if not name.startswith(".") and _is_regular(file):
                        yield file, False
        elif _is_regular(path):
            yield path, True


def _is_regular(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False


def _suffix(file: Path) -> str:
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def _uid(file: Path) -> str:
    return "file-" + hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:24]


def _plain_series(
    file: Path, verdict: GeometryVerdict, size: tuple[int, int, int], spacing: tuple[float, ...] | None
) -> Series:
    uid = _uid(file)
    return Series(
        uid=uid,
        study_uid=f"{uid}-study",
        patient_id="",
        patient_name=file.name,
        modality="",
        description=file.name,
        files=(file,),
        verdict=verdict,
        size=size,
        spacing_mm=None if spacing is None else (spacing[0], spacing[1], spacing[2]),
    )


def _scan_volume(file: Path) -> Series:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    if _suffix(file) in (".nii", ".nii.gz"):
        _check_nifti(file)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise SeriesError(f"the header is damaged ({_first_line(error)})") from error
    _check_grid(reader)
    size = list(reader.GetSize())
    while len(size) > 3 and size[-1] == 1:
        size.pop()
    if len(size) not in (2, 3):
        raise SeriesError(f"images of {len(size)} dimensions are not opened by this version yet")
    if reader.GetNumberOfComponents() != 1:
        raise SeriesError("images with several values per voxel are not opened by this version yet")
    spacing = (*reader.GetSpacing(), 1.0)[:3]
    if len(size) == 2 or size[2] == 1:
        verdict = GeometryVerdict("2d", "A single slice: nothing can be measured across it.")
    else:
        verdict = GeometryVerdict("regular", f"{size[2]} slices every {spacing[2]:.2f} mm.")
    return _plain_series(file, verdict, (size[0], size[1], size[2] if len(size) == 3 else 1), spacing)


def _check_grid(reader: sitk.ImageFileReader) -> None:
    dimension = reader.GetDimension()
    axes = np.array(reader.GetDirection()).reshape(dimension, dimension)[:3, :3]
    if not np.isfinite([*reader.GetSpacing()[:3], *reader.GetOrigin()[:3]]).all() or min(reader.GetSpacing()[:3]) <= 0:
        raise SeriesError("its voxel size or its origin is zero or not a number")
    # Of a flat image's axes ITK keeps the part within two dimensions; its place is not used.
    if dimension > 2 and not np.abs(axes.T @ axes - np.eye(3)).max() <= _PERPENDICULAR:
        raise SeriesError("its axes are not perpendicular (sheared affine); resample it to a regular grid first")


def _read_volume(series: Series) -> Volume:
    file = series.files[0]
    listed = _scan_volume(file)
    if (listed.size, listed.spacing_mm) != (series.size, series.spacing_mm):
        raise SeriesError(f"{file.name} has changed since it was listed; open its folder again")
    _check_packed(file)
    try:
        image = sitk.ReadImage(str(file))
    except RuntimeError as error:
        raise SeriesError(f"{file.name} cannot be read ({_first_line(error)})") from error
    while image.GetDimension() > 3:
        image = sitk.Extract(image, [*image.GetSize()[:-1], 0], [0] * image.GetDimension())
    if image.GetDimension() == 3:
        return Volume(sitk.GetArrayFromImage(image), geometry_of(image), modality=series.modality)
    size, spacing = (*image.GetSize(), 1), (*image.GetSpacing(), 1.0)
    flat = Geometry(size, spacing, np.zeros(3), np.eye(3), patient_space=False)
    return Volume(sitk.GetArrayFromImage(image)[np.newaxis], flat, modality=series.modality)


def _check_packed(file: Path) -> None:
    """Refuse compressed voxels that end early or fail their checksum: SimpleITK shows them as if nothing were."""
    try:
        if _suffix(file) == ".nii.gz":
            with gzip.open(file) as stream:
                promised = _nifti_bytes(stream.read(_NIFTI_HEADER_BYTES))
                _check_size(
                    file, _NIFTI_HEADER_BYTES + sum(map(len, iter(lambda: stream.read(1 << 20), b""))), promised
                )
        elif _suffix(file) in (".mha", ".mhd"):
            _check_meta_image(file)
    except (OSError, EOFError, zlib.error) as error:
        raise SeriesError(f"{file.name} is damaged or truncated: its voxels cannot be unpacked") from error


def _check_meta_image(file: Path) -> None:
    """Unpack the compressed voxels of a MetaImage, to the checksum at their end. Raises zlib.error, EOFError."""
    fields: dict[str, str] = {}
    with file.open("rb") as stream:
        for line in iter(stream.readline, b""):
            name, _, value = line.decode("latin-1").partition("=")
            fields[name.strip()] = value.strip()
            if "ElementDataFile" in fields:
                break
        if fields.get("CompressedData", "").lower() != "true":
            return
        elsewhere = fields.get("ElementDataFile", "LOCAL")
        with stream if elsewhere.upper() == "LOCAL" else (file.parent / elsewhere).open("rb") as packed:
            unpacker = zlib.decompressobj()
            while part := packed.read(1 << 20):
                unpacker.decompress(part)
    if not unpacker.eof:
        raise EOFError


def _scan_picture(file: Path) -> Series:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise SeriesError(f"the picture is damaged ({_first_line(error)})") from error
    if reader.GetNumberOfComponents() != 1:
        raise SeriesError("colour pictures are not opened by this version yet")
    size = reader.GetSize()
    verdict = GeometryVerdict("2d", "A picture without a scale: distances are in pixels.")
    return _plain_series(file, verdict, (size[0], size[1], 1), None)


def _read_picture(series: Series) -> Volume:
    file = series.files[0]
    if _scan_picture(file).size != series.size:
        raise SeriesError(f"{file.name} has changed since it was listed; open its folder again")
    if _suffix(file) != ".png":
        _check_jpeg(file)
    try:
        image = sitk.ReadImage(str(file))
    except RuntimeError as error:
        raise SeriesError(f"{file.name} cannot be read ({_first_line(error)})") from error
    voxels = sitk.GetArrayFromImage(image)
    voxels = voxels.reshape(1, *voxels.shape[-2:])
    size = (voxels.shape[2], voxels.shape[1], 1)
    return Volume(voxels, Geometry(size, (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), False, False))


def _check_jpeg(file: Path) -> None:
    """Refuse a JPEG without an end after its last scan: libjpeg fills what is missing with grey."""
    content = file.read_bytes()
    if content.find(b"\xff\xd9", content.rfind(b"\xff\xda")) < 0:
        raise SeriesError(f"{file.name} is truncated; fetch it again")


def _check_size(file: Path, held_bytes: int, promised_bytes: int) -> None:
    if held_bytes < promised_bytes:
        raise SeriesError(f"{file.name} is truncated: it holds fewer voxels than its header says; fetch it again")


def _nifti_bytes(header: bytes) -> int:
    """Size of an unpacked NIfTI-1 file up to its last voxel, as its header promises."""
    order = _nifti_byte_order(header)
    dimensions, *size = struct.unpack(order + "8h", header[40:56])
    (bits,) = struct.unpack(order + "h", header[72:74])
    (offset,) = struct.unpack(order + "f", header[108:112])
    if not 0 <= offset < 1e9 or bits <= 0 or not 1 <= dimensions <= 7 or min(size[:dimensions]) < 1:
        raise SeriesError("the header is damaged: it does not say how many voxels there are")
    return max(352, int(offset)) + math.prod(size[:dimensions]) * bits // 8


def _nifti_byte_order(header: bytes) -> str:
    for order in "<>":
        (size,) = struct.unpack(order + "i", header[:4])
        if size == 540:
            raise SeriesError("NIfTI-2 is not opened by this version yet")
        if size == _NIFTI_HEADER_BYTES and header[344:348] == b"n+1\0":
            return order
    raise SeriesError("the file is not NIfTI in one part (it may be Analyze, which does not say where the voxels lie)")


def _check_nifti(file: Path) -> None:
    """Refuse what readers silently choose or repair: NIfTI-1 tells the voxel size and place up to three times, by
    pixdim, qform and sform."""
    packed = _suffix(file) == ".nii.gz"
    try:
        with gzip.open(file) if packed else file.open("rb") as stream:
            header = stream.read(_NIFTI_HEADER_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise SeriesError("the file is damaged: its compressed data cannot be unpacked") from error
    if len(header) < _NIFTI_HEADER_BYTES:
        raise SeriesError("the file is shorter than a NIfTI header")
    order, promised = _nifti_byte_order(header), _nifti_bytes(header)
    if not packed:
        _check_size(file, file.stat().st_size, promised)
    pixdim = struct.unpack(order + "8f", header[76:108])
    qform_code, sform_code = struct.unpack(order + "2h", header[252:256])
    quaternion = np.array(struct.unpack(order + "6f", header[256:280]))  # b, c, d and the offsets
    rows = np.array(struct.unpack(order + "12f", header[280:328]), dtype=np.float64).reshape(3, 4)
    if qform_code <= 0 and sform_code <= 0:
        raise SeriesError("the file does not say where the voxels lie (neither qform nor sform); nothing is guessed")
    if not all(math.isfinite(s) and s > 0 for s in pixdim[1:4]):
        raise SeriesError("the voxel size is zero, negative or not a number")
    if qform_code > 0 and not (np.isfinite(quaternion).all() and quaternion[:3] @ quaternion[:3] < 1.001):
        raise SeriesError("its qform is no rotation, so the voxels have no place")
    if sform_code <= 0:
        return
    if not np.isfinite(rows).all() or abs(np.linalg.det(rows[:, :3])) < 1e-9:
        raise SeriesError("its sform is zero or not a number, so the voxels have no place")
    lengths = np.linalg.norm(rows[:, :3], axis=0)
    unit = rows[:, :3] / lengths
    if np.abs(unit.T @ unit - np.eye(3)).max() > _PERPENDICULAR:
        raise SeriesError("its axes are not perpendicular (sheared affine); resample it to a regular grid first")
    last = np.array([max(0, n - 1) for n in struct.unpack(order + "8h", header[40:56])[1:4]], dtype=np.float64)
    tolerance = max(_SAME_PLACE_MM, 1e-4 * float(np.abs(rows).max()))
    if np.abs((lengths - pixdim[1:4]) * last).max() > tolerance:
        raise SeriesError("its sform and its voxel size (pixdim) disagree; nothing is guessed")
    if qform_code > 0:
        apart_by_index = _qform(quaternion, pixdim) - rows
        corners = [np.zeros(3), last, *(np.diag(last))]
        apart = max(float(np.abs(apart_by_index @ [*corner, 1.0]).max()) for corner in corners)
        if apart > tolerance:
            raise SeriesError(f"its qform and sform place the voxels up to {apart:.1f} mm apart; nothing is guessed")


def _qform(quaternion: NDArray[np.float64], pixdim: tuple[float, ...]) -> NDArray[np.float64]:
    """The 3 x 4 affine of a NIfTI-1 quaternion (nifti1.h, method 2)."""
    b, c, d, *offset = quaternion
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    scale = np.array([pixdim[1], pixdim[2], pixdim[3] * (-1.0 if pixdim[0] < 0 else 1.0)])
    return np.concatenate([rotation * scale, np.array(offset)[:, None]], axis=1)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "Error:" in line or "ERROR" in line or "error" in line]
    text = (lines or str(error).splitlines() or [type(error).__name__])[-1]
    return text.rsplit("):", 1)[-1].strip()[:160]
