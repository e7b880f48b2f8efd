"""Volumes in one file: NIfTI-1 and -2, NRRD and MetaImage. Read by ourselves, byte for byte and within bounds, because
the common readers repair impossible geometry in silence and fill in what a truncated file lacks."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import GeometryVerdict, Moment, Series, SeriesError, shown_mm
from viewer.io import archives
from viewer.io.dicom_pixels import ValuesDoNotFit
from viewer.io.meta_image import read_meta_image_header
from viewer.io.nifti import read_nifti_header
from viewer.io.nrrd import read_nrrd_header
from viewer.io.unpacking import Unpacked, read_fully
from viewer.io.volume_header import Encoding, Place, VolumeHeader

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")

_DEFLATE_RATIO = 1_040  # zlib cannot pack better than 1032 to 1
_SLACK_BYTES = 1 << 20  # bytes after the last voxel that some writers leave
_CHUNK_BYTES = 1 << 20


def suffix_of(file: Path) -> str:
    """The suffix in small letters, ".nii.gz" as one."""
    name = file.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def file_uid(name: str) -> str:
    """An identity for what has none of its own, the same at each scan."""
    return "file-" + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:24]


def series_in(file: Path) -> tuple[Series, ...]:
    """Every volume in a NIfTI, NRRD or MetaImage file, by its header alone: one, or one for each moment, and for each
    of two places that contradict each other.

    Raises SeriesError for a header that cannot be used or that promises more voxels than the file can hold, OSError.
    """
    header = _read_header(file)
    _check_bytes(file, header)
    series: list[Series] = []
    for place in header.places:
        of_place = _series_at(file, header, place)
        if header.volumes == 1:
            series.append(of_place)
            continue
        series.extend(
            replace(
                of_place,
                uid=f"{of_place.uid}#{number}",
                moment=_moment(header, of_place.uid, number),
                frame_numbers=(number,),
            )
            for number in range(header.volumes)
        )
    return tuple(series)


def read_voxels(series: Series, slices: Sequence[int], voxels: NDArray, done: Callable[[int], None]) -> None:
    """Fill voxels[k] for each k of slices, in rising order whatever the order of slices. done(k) follows each.

    A packed file is checked to its end, once, before the last slice is done. Raises SeriesError if the file is no
    longer what series says or its voxels are damaged or cut off, ValuesDoNotFit, OSError.
    """
    file = series.files[0]
    header = _read_header(file)
    _check_bytes(file, header)
    _check_unchanged(file, header, series)
    number = series.frame_numbers[0] if series.frame_numbers else 0
    ordered = sorted(slices)
    try:
        with _open_voxels(header) as voxel_bytes:
            for k in ordered:
                _read_slice(voxel_bytes, header, number, k, voxels[k])
                if k == header.size[2] - 1:  # done only if the checksum is right
                    voxel_bytes.check_to_end()
                done(k)
    except (EOFError, zlib.error) as error:
        raise SeriesError("its voxels are damaged or cut off; fetch it again") from error
    except OSError as error:
        if error.errno is None:  # from bz2, not from the disk
            raise SeriesError("its voxels are damaged; fetch it again") from error
        raise


def _check_unchanged(file: Path, header: VolumeHeader, series: Series) -> None:
    for place in header.places:
        now = _series_at(file, header, place)
        own_uid = series.uid if series.moment is None else series.moment.sequence_uid
        if own_uid == now.uid and (now.size, now.spacing_mm, now.direction, now.origins, now.colour) == (
            series.size,
            series.spacing_mm,
            series.direction,
            series.origins,
            series.colour,
        ):
            return
    raise SeriesError("it has changed since it was listed; open its folder again")


def _series_at(file: Path, header: VolumeHeader, place: Place) -> Series:
    uid = file_uid(str(file.resolve()))
    spacing = place.spacing
    flat = header.size[2] == 1
    notes = place.notes
    if flat:
        verdict = GeometryVerdict(
            "ambiguous" if place.name else "2d",
            f"A single slice{f', placed by its {place.name}' if place.name else ''}: "
            "nothing can be measured across it.",
        )
        notes = (*notes, place.impossible) if place.impossible else notes
    elif place.impossible:
        verdict = GeometryVerdict("no-position", f"{place.impossible} Distances are in pixels, slice by slice.")
    else:
        assert spacing is not None and spacing[2] is not None
        verdict = GeometryVerdict(
            "ambiguous" if place.name else "regular",
            f"{header.size[2]} slices every {shown_mm(spacing[2])}"
            f"{f', placed by its {place.name}' if place.name else ''}.",
        )
    direction: tuple[float, ...] | None = None
    origins: tuple[tuple[float, float, float], ...] = ()
    if place.direction is not None and place.origin is not None:
        direction = tuple(float(c) for c in place.direction.ravel())
        origins = (_three(place.origin.tolist()),)
    return Series(
        uid=f"{uid}#{place.name}" if place.name else uid,
        study_uid=f"{uid}-study",
        patient_id="",
        patient_name=file.name,
        modality="",
        description=f"by its {place.name} · {file.name}" if place.name else file.name,
        files=(file,),
        verdict=verdict,
        size=header.size,
        spacing_mm=spacing,
        direction=direction,
        origins=origins,
        value_type=header.value_type,
        calibration="none" if spacing is None else "voxel size",
        frame_time_ms=header.step_ms if header.over_time and header.volumes > 1 else None,
        colour=header.components > 1,
        notes=notes,
    )


def _moment(header: VolumeHeader, uid: str, number: int) -> Moment:
    if header.over_time and header.step_ms:
        return Moment(uid, "time", number, header.volumes, f"{number * header.step_ms / 1000:.6g} s")
    kind = "time" if header.over_time else "part"
    return Moment(uid, kind, number, header.volumes, f"{number + 1} of {header.volumes}")


def _read_header(file: Path) -> VolumeHeader:
    suffix = suffix_of(file)
    with archives.open_file(file) as stream:
        if suffix in (".nii", ".nii.gz"):
            return read_nifti_header(file, stream, suffix == ".nii.gz")
        if suffix in (".nrrd", ".nhdr"):
            return read_nrrd_header(file, stream)
        return read_meta_image_header(file, stream)


def _check_bytes(file: Path, header: VolumeHeader) -> None:
    """Refuse a header that promises more voxels than there can be, before anybody makes room for them."""
    try:
        held = archives.size_of(header.data_file)
    except FileNotFoundError as error:
        name = archives.shown_name(header.data_file)
        raise SeriesError(f"its voxels should be in {name} beside it, which is not there") from error
    if header.encoding == "raw":
        if held < max(header.offset, 0) + header.data_bytes:
            raise SeriesError("it is truncated: it holds fewer voxels than its header says; fetch it again")
    elif header.encoding != "bzip2" and header.data_bytes > held * _DEFLATE_RATIO:
        raise SeriesError("its header promises more voxels than the file can hold; fetch it again")


def _three(numbers: Sequence[float]) -> tuple[float, float, float]:
    return numbers[0], numbers[1], numbers[2]


# Voxels


class _VoxelBytes:
    """The bytes of the voxels: of a raw file at any place, of a packed one from the first on."""

    def __init__(self, stream: io.BufferedReader, header: VolumeHeader) -> None:
        self._stream = stream
        self._total = header.data_bytes
        self._unpacked: Unpacked | None = None
        self._start = header.offset if header.offset >= 0 else stream.seek(0, io.SEEK_END) - self._total
        self._encoding: Encoding = header.encoding
        self._skipped_bytes = header.skipped_bytes
        self._checked = False
        if header.encoding != "raw":
            self._restart()

    def read_into(self, position: int, target: memoryview) -> None:
        """Fill target with the bytes from a position. Raises EOFError if they are not all there."""
        source = self._stream.readinto
        if self._unpacked is None:
            self._stream.seek(self._start + position)
        else:
            self._skip_to(position)
            self._position += len(target)
            source = self._unpacked.readinto
        if read_fully(source, target) < len(target):
            raise EOFError

    def check_to_end(self) -> None:
        """Unpack what is left, to the checksum. Raises SeriesError if there is far more than the header says."""
        if self._unpacked is None or self._checked:
            return
        self._skip_to(self._total)
        room = memoryview(bytearray(_CHUNK_BYTES))
        while got := self._unpacked.readinto(room):
            self._position += got
            if self._position > self._total + _SLACK_BYTES:
                raise SeriesError("it unpacks to far more than its header says; fetch it again")
        self._checked = True

    def close(self) -> None:
        self._stream.close()

    __del__ = close  # what is kept open goes with the process

    def _restart(self) -> None:
        self._stream.seek(self._start)
        self._unpacked = Unpacked(self._stream, self._encoding)
        self._position = -self._skipped_bytes

    def _skip_to(self, position: int) -> None:
        if position < self._position:
            self._restart()
        assert self._unpacked is not None
        room = memoryview(bytearray(min(position - self._position, _CHUNK_BYTES)))
        while self._position < position:
            got = self._unpacked.readinto(room[: position - self._position])
            if not got:
                raise EOFError
            self._position += got


# The packed file of several volumes that was read last, with the place where its unpacking stands: to begin anew for
# each of 300 moments would unpack it 150 times. Taken out while it is used, so that no two threads have the same.
_kept_open: dict[tuple[str, int, int], _VoxelBytes] = {}


@contextlib.contextmanager
def _open_voxels(header: VolumeHeader) -> Iterator[_VoxelBytes]:
    keep = header.encoding != "raw" and header.volumes > 1 and not archives.is_member(header.data_file)
    key = _key(header) if keep else None
    voxel_bytes = _kept_open.pop(key, None) if key else None
    if voxel_bytes is None:
        voxel_bytes = _VoxelBytes(archives.open_file(header.data_file), header)
    try:
        yield voxel_bytes
    except BaseException:
        voxel_bytes.close()
        raise
    if key is None:
        voxel_bytes.close()
        return
    while _kept_open:
        _kept_open.popitem()[1].close()
    _kept_open[key] = voxel_bytes


def _key(header: VolumeHeader) -> tuple[str, int, int]:
    status = header.data_file.stat()
    return str(header.data_file), status.st_mtime_ns, status.st_size


def _read_slice(voxel_bytes: _VoxelBytes, header: VolumeHeader, number: int, k: int, out: NDArray) -> None:
    together = header.volumes if header.volumes_first else 1  # values next to each other that are not of one volume
    first = k * header.slice_values * together
    if not header.volumes_first:
        first += number * header.size[2] * header.slice_values
    as_stored = not header.scaled and header.components == 1 and out.dtype == header.dtype.newbyteorder("=")
    if as_stored and together == 1 and out.flags.c_contiguous:
        voxel_bytes.read_into(first * header.dtype.itemsize, out.data.cast("B"))
        if not header.dtype.isnative:
            out.byteswap(inplace=True)
        return
    stored = np.empty(header.slice_values * together, header.dtype)
    voxel_bytes.read_into(first * header.dtype.itemsize, stored.data.cast("B"))
    shape = (header.size[1], header.size[0], *([header.components] if header.components > 1 else []))
    _convert(stored[number::together].reshape(shape) if together > 1 else stored.reshape(shape), header, out)


def _convert(stored: NDArray, header: VolumeHeader, out: NDArray) -> None:
    if header.components == 4:
        out[...] = over_black(stored)
    elif header.scaled:
        with np.errstate(over="ignore"):
            out[...] = stored.astype(np.float64) * header.slope + header.intercept
    elif stored.dtype.name in ("int64", "uint64"):
        low, high = int(stored.min()), int(stored.max())
        if out.dtype.kind == "i" and not np.iinfo(out.dtype).min <= low <= high <= np.iinfo(out.dtype).max:
            raise ValuesDoNotFit("float64")
        if max(-low, high) > 2**53:
            raise SeriesError("its whole numbers are too large to be kept exactly; write it with 32 bits")
        out[...] = stored
    else:
        out[...] = stored


def over_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours of (..., 4) red, green, blue and opacity in front of black, (..., 3)."""
    return ((rgba[..., :3].astype(np.uint16) * rgba[..., 3:] + 127) // 255).astype(np.uint8)
