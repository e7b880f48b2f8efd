"""Any path a person drops: what series are there, their voxels, and writing volumes back without loss."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.study import LEFT_OUT, AnnotationKind, Annotations, GeometryVerdict, Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume, geometry_of, to_image
from viewer.io import archives, pictures, volume_files
from viewer.io.annotation_references import annotation_kind, series_referred_to
from viewer.io.archives import ToldPath
from viewer.io.dicom import series_of
from viewer.io.dicom_header import begins_like_dicom, read_header
from viewer.io.dicom_instance import Instance, check_unchanged, instance_of, why_no_picture
from viewer.io.dicom_pixels import Frames, ValuesDoNotFit
from viewer.io.saving import saved_when_complete

if TYPE_CHECKING:
    import SimpleITK as sitk

Progress = Callable[[float, str], None]
Aspect = Literal["header", "contents", "digest"]

WRITABLE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")

_MOST_UNREADABLE = 16  # slices: with more the whole series is given up, as each may take its time limit;
_READABLE_SHARE = 0.75  # and so it is if fewer than these can be read
_SAME_PLACE_MM = 0.01
_BATCH = 1_000  # files that are listed before they are looked at: a folder of a million does not fill the memory
_ZIPPED_BYTES = 8 << 20  # of ZIPs in one batch: what they list is held by the window, and is less than they are
_NO_IMAGE = "this is no image that Slicewise knows (DICOM, NIfTI, NRRD, MHA, PNG, JPEG)"

_REFUSED_SUFFIXES = {  # in a folder, too, where other files that are no image are passed over
    ".dcm": _NO_IMAGE,
    ".hdr": "its voxels are in a file of their own (NIfTI or Analyze in two parts); save it as one .nii file",
}


@dataclass(frozen=True)
class Look:
    """What one file is: a DICOM instance, or series of its own, or refused, or (nothing set) no image at all.

    One that is refused although it is an instance lacks pixels that its header promises. One with annotations, refused
    as well, tells their kind and the SeriesInstanceUIDs that they are drawn on. contents and digest are told only if
    they were asked for.
    """

    file: ToldPath
    instance: Instance | None = None
    series: tuple[Series, ...] = ()
    refused: str = ""
    annotation: AnnotationKind | None = None
    annotates: tuple[str, ...] = ()
    contents: archives.Contents | None = None
    digest: str = ""


class LookAll(Protocol):
    """Gives a Look for each file, in their order; check is called often and may raise to cancel."""

    def __call__(
        self, files: Sequence[Path], check: Callable[[], None], at: Aspect = "header", /
    ) -> Iterator[Look]: ...


def look(file: Path, at: Aspect = "header") -> Look:
    """What a file or a member of a ZIP is, by its header alone; or, of any file, what it holds if it is a ZIP or a
    DICOMDIR, or the digest of its bytes. Never raises.
    """
    try:
        if at == "contents":
            return Look(file, contents=archives.contents_of(file))
        if at == "digest":
            return Look(file, digest=archives.digest_of(file))
        with archives.open_file(file) as stream:
            kind, size = _kind(file, stream), stream.seek(0, io.SEEK_END)
            if kind == "dicom":
                stream.seek(0)
                header = read_header(stream, size)
                if (held := annotation_kind(header)) is not None:
                    return Look(file, None, (), why_no_picture(header), held, series_referred_to(stream, size))
                instance = instance_of(file, header, size)
                return Look(file, instance=instance, refused=instance.damage)
        if kind == "volume":
            return Look(file, series=volume_files.series_in(file))
        if kind == "picture":
            return Look(file, series=(pictures.series_in(file),))
        return Look(file, refused=_REFUSED_SUFFIXES.get(file.suffix.lower(), ""))
    except SeriesError as error:
        return Look(file, refused=str(error))
    except OSError as error:
        return Look(file, refused=f"the file cannot be read ({error.strerror or 'it is damaged'})")
    except MemoryError:
        return Look(file, refused="it needs more memory than there is; the file may be damaged, fetch it again")
    except Exception:  # one hostile file must not keep all others from being found, whatever a parser overlooked
        return Look(file, refused="the file is damaged in an unforeseen way; fetch it again")


def look_here(files: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
    """look at each file, in this process; check is called before each and may raise to cancel."""
    for file in files:
        check()
        yield look(file, at)


def scan(
    paths: Sequence[Path],
    check: Callable[[], None] = lambda: None,
    look_all: LookAll = look_here,
) -> Scan:
    """Every series in some files, folders and archives, and every file that was refused and why.

    Files are opened only by look_all, mostly for their headers. check is called for each file and may raise to
    cancel. In a folder or an archive, files that are clearly something else (texts, tables) are passed over; a file
    named by itself is refused with a reason. A ZIP in a folder is one by its name, because text documents are ZIPs
    too; a file that was named itself is one by its content.
    """

    def digests(files: Sequence[Path], check: Callable[[], None]) -> dict[Path, str]:
        return {seen.file: seen.digest for seen in look_all(files, check, "digest") if seen.digest}

    instances: list[Instance] = []
    damaged: list[Instance] = []
    series: list[Series] = []
    singles: list[Series] = []
    refused: list[Refusal] = []
    annotations: list[Annotations] = []
    walk = archives.Walk(paths, check)
    while batch := _batch(walk):
        refused.extend(found for found in batch if isinstance(found, Refusal))
        named = {found[0]: found[1] for found in batch if not isinstance(found, Refusal)}
        holders = {file for file in named if archives.holds_others(file)}
        reasons: dict[Path, str] = {}
        for seen in look_all([file for file in named if file not in holders], check):
            if seen.instance is not None:
                (damaged if seen.refused else instances).append(seen.instance)
            (singles if seen.series and _is_picture(seen.file) else series).extend(seen.series)
            if seen.annotation is not None and seen.annotates:
                annotations.append(Annotations(seen.file, seen.annotation, seen.annotates))
            reason = seen.refused or (_NO_IMAGE if named[seen.file] and seen == Look(seen.file) else "")
            if reason:
                reasons[seen.file] = reason
        holders.update(file for file in reasons if named[file])  # a ZIP, perhaps, that is not called one
        inside = look_all([file for file in named if file in holders], check, "contents") if holders else ()
        for seen in reversed(tuple(inside)):
            if seen.contents is not None:
                reasons.pop(seen.file, None)
            elif seen.refused:
                reasons[seen.file] = seen.refused
            walk.enter(seen.file, seen.contents)
        refused.extend(Refusal(file, reason) for file, reason in reasons.items())
    of_dicom, given_up = _told_of_damage(series_of(instances, check, digests), damaged)
    return Scan((*of_dicom, *series, *pictures.stacked(singles)), (*refused, *given_up), tuple(annotations))


def may_lack(count: int) -> int:
    """How many of the slices of a series may be unreadable before all of it is given up."""
    return min(_MOST_UNREADABLE, int(count * (1 - _READABLE_SHARE)))


def _left_out(sentences: Iterable[str]) -> list[str]:
    return [f"{LEFT_OUT}{sentence}." for sentence in sentences]


def _told_of_damage(found: Sequence[Series], damaged: Sequence[Instance]) -> tuple[list[Series], list[Refusal]]:
    """DICOM series, each with notes on the instances that belong to it but lack pixels: what is left may look whole.
    Series that lack too many are refused, file by file."""
    notes: dict[str, list[str]] = {}
    refused: list[Refusal] = []
    for series_uid, of_series in itertools.groupby(sorted(damaged, key=_series_uid), key=_series_uid):
        stacks = [series for series in found if f"{series.uid}#".startswith(f"{series_uid}#")]
        sizes = {series.size[:2] for series in stacks if series.size is not None}
        uids = {uid for series in stacks for uid in series.instance_uids}  # of which there is a whole copy
        missed = [one for one in of_series if (one.columns, one.rows) in sizes and one.sop_uid not in uids]
        sentences = [f"{archives.shown_name(one.file)}: {one.damage}" for one in missed]
        notes |= dict.fromkeys((series.uid for series in stacks), _left_out(sentences))
        if len(missed) > may_lack(sum(series.frames for series in stacks) + len(missed)):
            many = f"{len(missed)} files of its series are damaged ({sentences[0]})"
            refused += [Refusal(file, many) for file in dict.fromkeys(f for series in stacks for f in series.files)]
    given_up = {refusal.file for refusal in refused}
    kept = [series for series in found if given_up.isdisjoint(series.files)]
    return [replace(series, notes=(*notes.get(series.uid, ()), *series.notes)) for series in kept], refused


def _series_uid(instance: Instance) -> str:
    return instance.series_uid


def without(
    series: Series,
    unreadable: Mapping[int, str],
    check: Callable[[], None] = lambda: None,
    look_all: LookAll = look_here,
) -> Series:
    """What the other slices of a series make: what is missing shows in the verdict.

    unreadable has the slices' numbers k, each with the sentence that says why. Raises SeriesError if the others do not
    make one series, or if there are doubts about which images belong to it.
    """
    if series.verdict.kind == "duplicate":
        raise SeriesError("some of its images are there more than once")
    numbers = series.frame_numbers or (0,) * len(series.files)
    kept = {place for k, place in enumerate(zip(series.files, numbers, strict=True)) if k not in unreadable}

    def look_at_kept(paths: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        for seen in look_all(paths, check, at):
            if seen.instance is not None:
                frames = tuple(f for f in seen.instance.frames if (seen.file, f.number) in kept)
                if frames:
                    yield replace(seen, instance=replace(seen.instance, frames=frames))
            elif (seen.file, 0) in kept:
                yield seen

    found = scan(tuple(dict.fromkeys(file for file, _ in kept)), check, look_at_kept).series
    if len(found) != 1:
        raise SeriesError("its other slices make no series")
    return replace(  # what takes the whole of it to tell stays as it was
        found[0],
        uid=series.uid,
        description=series.description,
        moment=series.moment,
        frame_time_ms=series.frame_time_ms,
        suv_factor=series.suv_factor,
        notes=tuple(dict.fromkeys((*_left_out(unreadable.values()), *series.notes, *found[0].notes))),
    )


def read_slices(
    series: Series,
    slices: Sequence[int],
    voxels: NDArray,
    overlay: NDArray[np.bool_] | None,
    done: Callable[[int], None],
) -> None:
    """Fill voxels[k], and overlay[k] if there is one, for each k of slices; done(k) follows each.

    voxels is the whole array of series.geometry.shape, with a last axis of 3 for colour. Raises SeriesError with one
    sentence that names the file if it is gone, damaged or no longer what series says, and ValuesDoNotFit if voxels
    must be of a wider type.
    """
    for file, run in itertools.groupby(slices, key=lambda k: series.files[min(k, len(series.files) - 1)]):
        of_file = list(run)
        try:
            with archives.open_file(file) as stream:
                kind = _kind(file, stream)
                if kind == "dicom":
                    _read_frames(stream, series, of_file, voxels, overlay, done)
            if kind == "volume":
                volume_files.read_voxels(series, of_file, voxels, done)
            elif kind == "picture":
                for k in of_file:
                    voxels[k] = pictures.read_pixels(file, series)
                    done(k)
            elif kind is None:
                raise SeriesError("it has changed since it was listed; open its folder again")
        except ValuesDoNotFit:
            raise
        except SeriesError as error:
            raise SeriesError(f"{archives.shown_name(file)}: {error}") from error
        except FileNotFoundError as error:
            gone = f"{archives.shown_name(file)} is no longer where it was; open its folder again"
            raise SeriesError(gone) from error
        except OSError as error:
            why = error.strerror or "it is damaged"
            raise SeriesError(f"{archives.shown_name(file)} cannot be read ({why})") from error


def read_series(series: Series, progress: Progress = lambda fraction, text: None) -> Volume:
    """The voxels of a series, read in this process. progress gets a fraction and a text and may raise to cancel.

    Raises SeriesError with one sentence if the files are gone, damaged or no longer what they were.
    """
    assert series.size is not None
    columns, rows, count = series.size
    read = itertools.count(1)

    def done(k: int) -> None:
        number = next(read)
        progress(number / count, f"Read slice {number} of {count}")

    progress(0.0, f"Reading {count} slices")
    value_type = series.value_type
    while True:
        voxels = np.zeros((count, rows, columns, 3) if series.colour else (count, rows, columns), value_type)
        overlay = np.zeros((count, rows, columns), np.bool_) if series.overlays else None
        try:
            read_slices(series, range(count), voxels, overlay, done)
        except ValuesDoNotFit as error:
            if error.value_type == value_type:
                raise
            value_type, read = error.value_type, itertools.count(1)
            continue
        growing = GrowingVolume(series, volume_of(series, voxels, overlay))
        for k in range(count):
            growing.add(k)
        return growing.volume


class GrowingVolume:
    """What the slices of a series make so far: grey, though its files hold colours, as long as no pixel has one.

    stored has memory that its slices are read into. volume is another one, which has had the same slices, from the
    first pixel on whose red, green and blue differ. The moments of a sequence keep their colours: each would be judged
    by itself.
    """

    def __init__(self, series: Series, stored: Volume) -> None:
        self.volume = self._stored = stored
        self._greys: NDArray | None = None
        if stored.colour and series.moment is None:
            self._greys = np.zeros(stored.geometry.shape, stored.voxels.dtype)
            self.volume = replace(stored, voxels=self._greys.view(), saved_as_colours=True)

    def add(self, k: int) -> None:
        """Slice k has been read."""
        if self._greys is not None:
            red, green, blue = np.moveaxis(self._stored.voxels[k], -1, 0)
            if np.array_equal(red, green) and np.array_equal(green, blue):
                self._greys[k] = red
            else:
                self._greys, self.volume = None, self._stored
        if self.volume.arrived is not None:
            self.volume.arrived[k] = True


def volume_of(
    series: Series,
    voxels: NDArray,
    overlay: NDArray[np.bool_] | None = None,
    arrived: NDArray[np.bool_] | None = None,
) -> Volume:
    """Voxels together with what the series says of them; they become read-only."""
    return Volume(
        voxels,
        series.geometry,
        unit=series.unit,
        modality=series.modality,
        padding=series.padding,
        suv_factor=series.suv_factor,
        overlay=overlay,
        arrived=arrived,
    )


def middle_of(series: Series) -> Series:
    """The middle slice of a series as a series of its own, for a thumbnail; where one file holds all, all of it."""
    if len(series.files) == 1 or series.size is None:
        return series
    k = len(series.files) // 2
    return replace(
        series,
        files=series.files[k : k + 1],
        verdict=GeometryVerdict("2d", "One slice."),
        size=(*series.size[:2], 1),
        frame_numbers=series.frame_numbers[k : k + 1],
        origins=series.origins[k : k + 1] if len(series.origins) == len(series.files) else _origin_of(series, k),
        instance_uids=series.instance_uids[k : k + 1],
        moment=None,
    )


def read_middle(series: Series) -> Volume:
    """A single slice from the middle of a series, for a thumbnail; whole files where one file holds all."""
    return read_series(middle_of(series))


def write_image(voxels: NDArray, geometry: Geometry, path: Path, overwrite: bool = False) -> None:
    """Write voxels[k, j, i] as NIfTI, NRRD or MHA, by the file's name.

    The file appears under its name only after it was read back and found equal, voxel for voxel and corner
    for corner. Raises SeriesError for an unknown suffix, an existing file or a copy that came back different.
    """
    import SimpleITK as sitk  # here, because the window need not wait for it when it starts

    suffix = volume_files.suffix_of(path)
    if suffix not in WRITABLE_SUFFIXES:
        raise SeriesError(f"{path.name}: volumes are written as {', '.join(WRITABLE_SUFFIXES)}")
    try:
        with saved_when_complete(path, overwrite) as temporary:
            sitk.WriteImage(to_image(voxels, geometry), str(temporary), useCompression=True)
            written = sitk.ReadImage(str(temporary))
            if not _same_voxels(temporary, written, voxels):
                raise SeriesError(f"{path.name} came back with other voxels than were written; nothing was saved")
            if not geometry_of(written).same_grid(geometry, _SAME_PLACE_MM):
                raise SeriesError(f"{path.name} cannot hold this geometry exactly; nothing was saved, try .nrrd")
    except (FileExistsError, FileNotFoundError) as error:
        raise SeriesError(str(error)) from error
    except RuntimeError as error:
        raise SeriesError(f"{path.name} cannot be written ({_first_line(error)})") from error


def _same_voxels(file: Path, written: sitk.Image, voxels: NDArray) -> bool:
    """True if a file came back as it was written, whether read by ITK or, as ITK makes zeros of NaN and infinity in
    NIfTI, by ourselves."""
    import SimpleITK as sitk

    if voxels.dtype.kind != "f" or np.isfinite(voxels).all():
        return np.array_equal(sitk.GetArrayViewFromImage(written), voxels)
    back = np.empty_like(voxels)
    (series,) = volume_files.series_in(file)
    volume_files.read_voxels(series, range(len(back)), back, lambda k: None)
    return np.array_equal(back, voxels, equal_nan=True)


def _origin_of(series: Series, k: int) -> tuple[tuple[float, float, float], ...]:
    if not series.origins:
        return ()
    point_lps = series.geometry.index_to_lps((0, 0, k)).tolist()
    return ((point_lps[0], point_lps[1], point_lps[2]),)


def _batch(walk: archives.Walk) -> list[archives.Found]:
    """The next files to look at, up to a DICOMDIR, whose files come next, or to ZIPs that may list very much."""
    batch: list[archives.Found] = []
    zipped_bytes = 0
    for found in itertools.islice(walk, _BATCH):
        batch.append(found)
        if not isinstance(found, Refusal) and archives.holds_others(found[0]):
            zipped_bytes += archives.stored_bytes(found[0])
            if zipped_bytes > _ZIPPED_BYTES or archives.is_file_set(found[0]):
                break
    return batch


def _kind(file: Path, stream: BinaryIO) -> Literal["dicom", "volume", "picture"] | None:
    """What an open file is: DICOM by its content, whatever it is called, volumes and pictures by their suffix."""
    head = stream.read(132)
    if head[128:] == b"DICM":
        return "dicom"
    if volume_files.suffix_of(file) in volume_files.VOLUME_SUFFIXES:
        return "volume"
    if _is_picture(file):
        return "picture"
    return "dicom" if len(head) == 132 and begins_like_dicom(head) else None


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in pictures.PICTURE_SUFFIXES


def _read_frames(
    stream: BinaryIO,
    series: Series,
    slices: Sequence[int],
    voxels: NDArray,
    overlay: NDArray[np.bool_] | None,
    done: Callable[[int], None],
) -> None:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    header = read_header(stream, size)
    frames = Frames(header, stream, size)
    for k in slices:
        check_unchanged(header, series, k)
        number = series.frame_numbers[k] if series.frame_numbers else 0
        frames.read(number, voxels[k], None if overlay is None else overlay[k])
        done(k)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "Error:" in line or "ERROR" in line or "error" in line]
    text = (lines or str(error).splitlines() or [type(error).__name__])[-1]
    return text.rsplit("):", 1)[-1].strip()[:160]
