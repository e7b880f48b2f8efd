"""DICOM files to series: the stacks that their frames make, the volumes of a stack, and a verdict on each.

Geometry is read, never guessed or repaired. The headers of single files are dicom_instance's, pixels dicom_pixels'.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import (
    DERIVED_NOTE,
    SYNTHETIC_NOTE,
    GeometryVerdict,
    Moment,
    Series,
    SeriesError,
    UltrasoundRegion,
)
from viewer.io.archives import digest_of, shown_name
from viewer.io.dicom_instance import SINGLE_PICTURES, Cosines, Frame, Instance, Vector, near, widest
from viewer.io.slice_positions import arrange, places
from viewer.io.suv import suv_factor

MomentKind = Literal["time", "phase", "echo", "b-value", "part"]
Digests = Callable[[Sequence[Path], Callable[[], None]], Mapping[Path, str]]

_SAME_ORIENTATION = 1e-3  # largest difference of a direction cosine within one stack
_SAME_PIXEL_SPACING_MM = 1e-4
_NOTES = 12  # sentences that a person still reads
_OVER_TIME = ("US", "XA", "RF", "ES", "XC", "GM", "IVUS")  # whose frames without positions are a film


class _Slice(NamedTuple):
    instance: Instance
    frame: Frame


class _Kind(NamedTuple):
    """What all slices of a stack have in common to the letter. The names are those that a person reads."""

    patient: str
    study: str
    series: str
    modality: str
    matrix: tuple[int, int]
    colour: bool
    inversion: bool
    unit: str
    frame_of_reference: str
    reconstruction_kernel: str
    part_of_the_signal: str
    stack_number: str
    ultrasound_regions: tuple[UltrasoundRegion, ...]
    having_a_position: bool
    picture: str  # that stands alone: a radiograph, a film


@dataclass
class _Stack:
    """Slices that belong together; orientation and spacing are those of its first slice. image_type is told only
    where it sets this stack apart; part is what a person calls it beside the other stacks of its series."""

    kind: _Kind
    orientation: Cosines | None
    spacing_mm: tuple[float, float] | None
    slices: list[_Slice]
    image_type: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        """Tells the stacks of one series apart, whatever the order of files: what is not the same has another name."""
        cosines = None if self.orientation is None else [round(c / _SAME_ORIENTATION) for c in self.orientation]
        spacing = None if self.spacing_mm is None else [round(s / _SAME_PIXEL_SPACING_MM) for s in self.spacing_mm]
        return _short_hash((tuple(self.kind), cosines, spacing, self.image_type))


def _short_hash(value: Any) -> str:
    return hashlib.sha256(repr(value).encode(errors="backslashreplace")).hexdigest()[:12]


def digests_here(files: Sequence[Path], check: Callable[[], None]) -> dict[Path, str]:
    """Digests of the bytes of files, taken in this process, without those that cannot be read."""
    digests: dict[Path, str] = {}
    for file in files:
        check()
        with contextlib.suppress(OSError, SeriesError):
            digests[file] = digest_of(file)
    return digests


def series_of(
    instances: Sequence[Instance],
    check: Callable[[], None] = lambda: None,
    digests: Digests = digests_here,
) -> list[Series]:
    """Group files into stacks by what their headers say, each sorted by position and with a geometry verdict.

    A stack with several slices at each place is split into volumes, related by Series.moment. Copies with the same
    bytes are left out; only for these are files opened, by digests, which gets check and may raise to cancel. The
    result does not depend on the order of the instances. No file is refused: what makes no volume is still looked at
    slice by slice.
    """
    kept, left_out, contested = _without_copies(instances, check, digests)
    stacks: dict[str, list[_Stack]] = defaultdict(list)
    for stack in _stacks([_Slice(instance, frame) for instance in kept for frame in instance.frames]):
        stacks[stack.kind.series].append(stack)
    first_acquired_s = _first_acquired_s(kept)
    found = []
    for series_uid, of_series in stacks.items():
        apart = _apart(of_series)
        for stack in _named(of_series):
            uid = f"{series_uid}#{stack.name}" if len(of_series) > 1 else series_uid
            files = list(dict.fromkeys(one.instance.file for one in stack.slices))
            claims = list({id(claim): claim for file in files if (claim := contested.get(file))}.values())
            said = [apart, _claims_note(claims), _copies_note(sum(left_out[file] for file in files))]
            found += _series_of_stack(uid, stack, bool(claims), said, first_acquired_s.get(series_uid))
    return sorted(found, key=_listed_order)


def _listed_order(series: Series) -> tuple[str, int, str, int, str]:
    number = 0 if series.moment is None else series.moment.number
    uid = series.uid if series.moment is None else series.moment.sequence_uid
    return series.study_uid, series.number or 0, uid, number, series.uid


def _first_acquired_s(instances: Sequence[Instance]) -> dict[str, float]:
    first: dict[str, float] = {}
    for instance in instances:
        if instance.tracer is not None and instance.tracer.acquired_s is not None:
            seconds = instance.tracer.acquired_s
            first[instance.series_uid] = min(first.get(instance.series_uid, seconds), seconds)
    return first


# Copies


def _without_copies(
    instances: Sequence[Instance], check: Callable[[], None], digests: Digests
) -> tuple[list[Instance], Counter[Path], dict[Path, tuple[Instance, ...]]]:
    """The instances in order of number and name without those whose bytes are another's, how many were left out for
    each file kept, and for each file that claims to be the same image as others but is not, all of these."""
    by_path = {instance.file: instance for instance in instances}
    ordered = sorted(by_path.values(), key=lambda instance: (instance.number or 0, str(instance.file)))
    of_uid: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for instance in ordered:
        of_uid[instance.series_uid, instance.sop_uid].append(instance)
    alike = [same for (_, sop_uid), same in of_uid.items() if len(same) > 1 and sop_uid]
    perhaps_copies = [instance.file for same in alike for instance in _of_one_size(same)]
    content_of = digests(perhaps_copies, check) if perhaps_copies else {}
    dropped: set[Path] = set()
    left_out: Counter[Path] = Counter()
    contested: dict[Path, tuple[Instance, ...]] = {}
    for same in alike:
        originals: dict[str | Path, Instance] = {}  # by what is equal for files with equal bytes only
        for instance in same:
            original = originals.setdefault(content_of.get(instance.file, instance.file), instance)
            if original is not instance:
                dropped.add(instance.file)
                left_out[original.file] += 1
        different = tuple(originals.values())
        if len(different) > 1:
            contested |= dict.fromkeys((instance.file for instance in different), different)
    return [instance for instance in ordered if instance.file not in dropped], left_out, contested


def _copies_note(count: int) -> str:
    if count == 0:
        return ""
    return "1 identical copy was left out." if count == 1 else f"{count} identical copies were left out."


def _claims_note(claims: Sequence[tuple[Instance, ...]]) -> str:
    """What a person can do about files that claim to be the same image (DICOM PS3.3 C.12.1: the SOP Instance UID) but
    differ. A whole series may be there twice, so one sentence names the first only."""
    if not claims:
        return ""
    first, second = (shown_name(instance.file) for instance in claims[0][:2])
    same = "Their headers agree, so one may be a compressed or an edited copy of the other. "
    alike = all(_all_but_storage(instance) == _all_but_storage(group[0]) for group in claims for instance in group)
    return (
        f"{'1 image is' if len(claims) == 1 else f'{len(claims)} images are'} there more than once with different "
        f"contents ({first} and {second}). {same if alike else ''}"
        "Move all but one version into another folder, then open the folder again."
    )


def _all_but_storage(instance: Instance) -> Instance:
    return replace(instance, file=Path(), size_bytes=0, value_type="int16", lossy=False, notes=())


def _of_one_size(instances: Sequence[Instance]) -> list[Instance]:
    """Those that have the size of another: the others are the copy of none."""
    count = Counter(instance.size_bytes for instance in instances)
    return [instance for instance in instances if count[instance.size_bytes] > 1]


# Stacks


def _stacks(slices: list[_Slice]) -> list[_Stack]:
    """The stacks that slices, in order of number and name, make."""
    of_kind: dict[_Kind, list[_Stack]] = defaultdict(list)
    known: dict[tuple[Any, ...], _Stack] = {}  # of what is equal to the last digit, as most of it is
    for one in slices:
        frame = one.frame
        kind = _kind(one)
        orientation = frame.orientation if kind.having_a_position else None
        exactly = (kind, orientation, frame.spacing_mm)
        stack = known.get(exactly)
        if stack is None:
            stack = next((stack for stack in of_kind[kind] if _fits(stack, orientation, frame.spacing_mm)), None)
        if stack is None:
            stack = _Stack(kind, orientation, frame.spacing_mm, [])
            of_kind[kind].append(stack)
        known[exactly] = stack
        stack.slices.append(one)
    return [part for of_one in of_kind.values() for stack in of_one for part in _by_image_type(stack)]


def _kind(one: _Slice) -> _Kind:
    instance, frame = one
    alone = not frame.placed and (len(instance.frames) > 1 or instance.modality in SINGLE_PICTURES)
    return _Kind(
        instance.patient_id,
        instance.study_uid,
        instance.series_uid,
        instance.modality,
        (instance.columns, instance.rows),
        instance.colour,
        instance.inverted,
        frame.unit,
        instance.frame_of_reference,
        frame.kernel,
        frame.component,
        frame.stack_id,
        instance.regions,
        frame.placed,
        (instance.sop_uid or str(instance.file)) if alone else "",
    )


def _fits(stack: _Stack, orientation: Cosines | None, spacing_mm: tuple[float, float] | None) -> bool:
    return near(stack.orientation, orientation, _SAME_ORIENTATION) and near(
        stack.spacing_mm, spacing_mm, _SAME_PIXEL_SPACING_MM
    )


def _by_image_type(stack: _Stack) -> list[_Stack]:
    """The stack's parts by image type (magnitude and field map, original and derived), if these share places; slices
    of different types that lie beside each other, as some scanners write them, stay together."""
    of_type: dict[str, list[_Slice]] = defaultdict(list)
    for one in stack.slices:
        of_type[one.frame.image_type].append(one)
    if len(of_type) == 1 or not stack.kind.having_a_position:
        return [stack]
    at_place: dict[int, set[str]] = defaultdict(set)
    for place, one in zip(_places(stack).tolist(), stack.slices, strict=True):
        at_place[place].add(one.frame.image_type)
    if all(len(types) == 1 for types in at_place.values()):
        return [stack]
    return [replace(stack, image_type=name, slices=slices) for name, slices in sorted(of_type.items())]


def _places(stack: _Stack) -> NDArray[np.int64]:
    assert stack.orientation is not None and stack.spacing_mm is not None
    return places(_positions(stack), stack.orientation, min(stack.spacing_mm))


def _positions(stack: _Stack) -> list[Vector]:
    return [cast(Vector, one.frame.position) for one in stack.slices]


def _apart(stacks: list[_Stack]) -> str:
    """What sets the stacks of one series apart, in one sentence; empty if there is only one."""
    if len(stacks) == 1:
        return ""
    names = [name for name in _Kind._fields if len({getattr(stack.kind, name) for stack in stacks}) > 1]
    for name, of, tolerance in (
        ("orientation", [stack.orientation for stack in stacks if stack.orientation], _SAME_ORIENTATION),
        ("pixel spacing", [stack.spacing_mm for stack in stacks], _SAME_PIXEL_SPACING_MM),
    ):
        if not all(near(one, of[0], tolerance) for one in of):
            names.append(name)
    if len({stack.image_type for stack in stacks}) > 1:
        names.append("image type")
    names = [name.replace("_", " ") for name in names if name != "picture" or len(names) == 1]
    if names == ["picture"]:
        return f"One of {len(stacks)} pictures in this series."
    return (
        f"One of {len(stacks)} stacks in this series: {_and(names)} {'differ' if len(names) > 1 else 'differs'}."
        if names
        else ""
    )


def _named(stacks: list[_Stack]) -> list[_Stack]:
    """The stacks of one series, each with as few words as tell it from the others; what no word tells is numbered."""
    if len(stacks) == 1:
        return stacks
    common = set.intersection(*(set(_image_types(stack)) for stack in stacks))
    told: list[tuple[str, ...]] = [(s.kind.patient, s.kind.study, s.kind.modality) for s in stacks]  # listed anyway
    parts: list[list[str]] = [[] for _ in stacks]
    for word_of in _WORDS:
        words = [word_of(stack, common) for stack in stacks]
        finer = [(*known, word) for known, word in zip(told, words, strict=True)]
        if len(set(finer)) > len(set(told)):
            told = finer
            for part, word in zip(parts, words, strict=True):
                part.append(word)
    count, number = Counter(told), Counter[tuple[str, ...]]()
    for stack, known, part in zip(stacks, told, parts, strict=True):
        number[known] += 1
        if count[known] > 1:
            part.append(f"{'picture' if stack.kind.picture else 'stack'} {number[known]} of {count[known]}")
    return [replace(stack, part=", ".join(part)) for stack, part in zip(stacks, parts, strict=True)]


def _image_types(stack: _Stack) -> list[str]:
    """The values of the image type that all slices have, in the file's order."""
    first, *others = (name.split("\\") for name in dict.fromkeys(one.frame.image_type for one in stack.slices))
    return [name for name in first if all(name in other for other in others)]


def _signal_word(stack: _Stack, common: set[str]) -> str:
    return stack.kind.part_of_the_signal or _type_word(stack, common)


def _type_word(stack: _Stack, common: set[str]) -> str:
    types = _image_types(stack)
    return " ".join([name for name in types if name not in common][-2:] or types[-1:]) or "no image type"


def _plane_word(stack: _Stack, common: set[str]) -> str:
    """The plane that the slices are nearest to."""
    if stack.orientation is None:
        return "without a place"
    normal = np.cross(stack.orientation[:3], stack.orientation[3:])
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(normal)))]


def _pixel_word(stack: _Stack, common: set[str]) -> str:
    if stack.spacing_mm is None:
        return "no pixel size"
    return f"{' × '.join(dict.fromkeys(f'{mm:.4g}' for mm in stack.spacing_mm))} mm"


_WORDS: tuple[Callable[[_Stack, set[str]], str], ...] = (  # the most telling first
    _signal_word,
    _plane_word,
    lambda stack, _: f"kernel {stack.kind.reconstruction_kernel}" if stack.kind.reconstruction_kernel else "no kernel",
    _type_word,
    lambda stack, _: f"stack number {stack.kind.stack_number}" if stack.kind.stack_number else "no stack number",
    lambda stack, _: "colour" if stack.kind.colour else "grey",
    lambda stack, _: stack.kind.unit or "no unit",
    lambda stack, _: f"{stack.kind.matrix[0]} × {stack.kind.matrix[1]}",
    _pixel_word,
    lambda stack, _: "MONOCHROME1" if stack.kind.inversion else "MONOCHROME2",
)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# Volumes of a stack


class _Separation(NamedTuple):
    """A way to tell the volumes of a stack apart: what a slice says, and how a person reads that or that it is untold.

    ranked: the values themselves differ from place to place, as times do, and their order at each place counts.
    """

    kind: MomentKind
    value: Callable[[Frame], Any]
    label: Callable[[Any, int], str]
    untold: str = "unnamed"
    ranked: bool = False


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


_SEPARATIONS = (
    _Separation("time", lambda f: f.temporal_position, lambda v, n: f"time {v}"),
    _Separation("phase", lambda f: _rounded(f.cardiac_phase_percent, 2), lambda v, n: f"phase {v:g} %"),
    _Separation("phase", lambda f: _rounded(f.trigger_ms, 2), lambda v, n: f"trigger {v:.4g} ms"),
    _Separation("phase", lambda f: f.trigger_ms, lambda v, n: f"trigger {v:.4g} ms", ranked=True),
    _Separation("echo", lambda f: _rounded(f.echo_ms, 3), lambda v, n: f"TE {v:g} ms"),
    _Separation("echo", lambda f: f.echo_number, lambda v, n: f"echo {v}"),
    _Separation("b-value", lambda f: _rounded(f.b_value, 1), lambda v, n: f"b {v:g} s/mm²", "no b-value"),
    _Separation("b-value", lambda f: f.gradient, lambda v, n: f"direction {n + 1}", "no direction"),
    _Separation("part", lambda f: _rounded(f.inversion_ms, 2), lambda v, n: f"TI {v:g} ms"),
    _Separation("part", lambda f: _rounded(f.flip_degrees, 2), lambda v, n: f"flip angle {v:g}°"),
    _Separation("time", lambda f: f.acquisition_number, lambda v, n: f"acquisition {v}"),
    _Separation("time", lambda f: f.acquired_s, lambda v, n: f"time {n + 1}"),
    _Separation("time", lambda f: f.acquired_s, lambda v, n: f"time {n + 1}", ranked=True),
    _Separation("time", lambda f: f.content_s, lambda v, n: f"time {n + 1}"),
    _Separation("time", lambda f: f.content_s, lambda v, n: f"time {n + 1}", ranked=True),
)
_TOLD = [one for one in _SEPARATIONS[:11] if not one.ranked]  # not times: so that an incomplete volume is one, too


@dataclass(frozen=True, eq=False)
class _Part:
    """One volume of a stack. path says what sets it apart, outermost first; slices are indices into the stack's."""

    path: tuple[tuple[MomentKind, Any, str], ...]
    slices: NDArray[np.int64]


def _volumes(stack: _Stack) -> tuple[list[_Part], list[_Part], str]:
    """The complete volumes of a stack whose places repeat, its incomplete ones, and a note; or no volumes at all."""
    place = _places(stack)
    everything = np.arange(len(stack.slices))
    found = _separated(stack.slices, everything, place, _SEPARATIONS) or _by_dimension_index(stack.slices, place)
    if found:
        return found, [], ""
    for separation in _TOLD:
        parts = _partition(stack.slices, everything, place, separation)
        counts = [np.bincount(place[part.slices], minlength=place.max() + 1) for part in parts]
        complete = [part for part, count in zip(parts, counts, strict=True) if count.min() == 1]
        if len(parts) > 1 and complete and max(count.max() for count in counts) == 1:
            return complete, [part for part in parts if part not in complete], ""
    found = _by_image_number(stack.slices, place)
    note = f"Split into {len(found)} volumes by image number alone: the files do not say what sets them apart."
    return found, [], note if found else ""


def _separated(
    slices: Sequence[_Slice],
    among: NDArray[np.int64],
    place: NDArray[np.int64],
    separations: Sequence[_Separation],
) -> list[_Part]:
    """Volumes with one slice at each place, by one separation or by several within each other; [] if none does it."""
    counts = np.bincount(place[among], minlength=place.max() + 1)
    if counts.max() == 1:
        return [_Part((), among)]
    for n, separation in enumerate(separations):
        parts = _partition(slices, among, place, separation)
        if len(parts) < 2 or not all(_covers_evenly(place, part.slices) for part in parts):
            continue
        volumes = []
        for part in parts:
            inner = _separated(slices, part.slices, place, separations[n + 1 :])
            if not inner:
                break
            volumes += [_Part((*part.path, *one.path), one.slices) for one in inner]
        else:
            return volumes
    return []


def _covers_evenly(place: NDArray[np.int64], among: NDArray[np.int64]) -> bool:
    counts = np.bincount(place[among], minlength=place.max() + 1)
    return bool(counts.min() == counts.max())


def _partition(
    slices: Sequence[_Slice], among: NDArray[np.int64], place: NDArray[np.int64], separation: _Separation
) -> list[_Part]:
    """Slices by their value, unknown first, then in its order; or, ranked, by its order at each place."""
    values = [separation.value(slices[n].frame) for n in among]
    if separation.ranked:
        return _ranked(among, place, values, separation)
    of_value: dict[Any, list[int]] = defaultdict(list)
    for n, value in zip(among.tolist(), values, strict=True):
        of_value[value].append(n)
    parts = []
    for value in sorted(of_value, key=lambda value: (value is not None, value if value is not None else 0)):
        label = separation.untold if value is None else separation.label(value, len(parts))
        parts.append(_Part(((separation.kind, value, label),), np.array(of_value[value])))
    return parts


def _ranked(
    among: NDArray[np.int64], place: NDArray[np.int64], values: Sequence[float | None], separation: _Separation
) -> list[_Part]:
    """The n-th slice by value of every place as part n; [] unless all values are told and differ at their place."""
    if any(value is None for value in values):
        return []
    told = np.array(values, dtype=np.float64)
    order = np.lexsort((told, place[among]))
    starts = np.unique(place[among][order], return_index=True)[1]
    count, rest = divmod(len(among), len(starts))
    if rest or count < 2 or not np.array_equal(starts, np.arange(len(starts)) * count):
        return []
    by_place = told[order].reshape(len(starts), count)
    if (np.diff(by_place, axis=1) <= 0).any():
        return []
    columns = among[order].reshape(len(starts), count).T
    labels = [separation.label(float(by_place[:, n].mean()), n) for n in range(count)]
    return [_Part(((separation.kind, n, labels[n]),), columns[n]) for n in range(count)]


def _by_dimension_index(slices: Sequence[_Slice], place: NDArray[np.int64]) -> list[_Part]:
    """Volumes by the indices of the file's own dimensions (DICOM PS3.3 C.7.6.17) other than the place."""
    indices = [one.frame.dimension_indices for one in slices]
    if len({len(one) for one in indices}) != 1 or not indices[0]:
        return []
    table = np.array(indices)
    beside = [c for c in range(table.shape[1]) if any(np.ptp(table[place == p, c]) for p in range(place.max() + 1))]
    of_row: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for n, row in enumerate(table[:, beside].tolist()):
        of_row[tuple(row)].append(n)
    if any(len(part) != place.max() + 1 or not _covers_evenly(place, np.array(part)) for part in of_row.values()):
        return []
    return [
        _Part((("part", row, f"index {', '.join(map(str, row))}"),), np.array(of_row[row])) for row in sorted(of_row)
    ]


def _by_image_number(slices: Sequence[_Slice], place: NDArray[np.int64]) -> list[_Part]:
    """Volumes by the numbers of images, if these run through all places again and again, or stay at each place in
    turn; [] if they do neither."""
    numbers = [(one.instance.number, one.frame.number) for one in slices]
    count, rest = divmod(len(slices), int(place.max()) + 1)
    if rest or len(set(numbers)) < len(numbers) or any(number is None for number, _ in numbers):
        return []
    order = np.array(sorted(range(len(slices)), key=lambda n: cast(tuple[int, int], numbers[n])))
    for volumes in (order.reshape(count, -1), order.reshape(-1, count).T):
        if all(_covers_evenly(place, volume) for volume in volumes):
            return [_Part((("part", n, f"volume {n + 1}"),), volume) for n, volume in enumerate(volumes)]
    return []


# Series


def _series_of_stack(
    uid: str, stack: _Stack, disputed: bool, notes: list[str], first_acquired_s: float | None
) -> list[Series]:
    """The series that a stack makes: one, or one for each of its volumes."""
    if disputed or not stack.kind.having_a_position or _places(stack).max() + 1 == len(stack.slices):
        return [_series(uid, stack, notes, first_acquired_s, disputed)]
    volumes, incomplete, note = _volumes(stack)
    if not volumes:
        return [_series(uid, stack, notes, first_acquired_s)]
    return [
        *_moments(uid, stack, volumes, [note, *notes], first_acquired_s),
        *(_incomplete(uid, stack, part, notes, first_acquired_s) for part in incomplete),
    ]


def _incomplete(uid: str, stack: _Stack, part: _Part, notes: list[str], first_acquired_s: float | None) -> Series:
    label = ", ".join(label for _, _, label in part.path)
    name = ", ".join(filter(None, (stack.part, label)))
    volume = replace(stack, slices=[stack.slices[n] for n in part.slices], part=name)
    of_all = int(_places(stack).max()) + 1
    part_of = label[:1].upper() + label[1:]
    note = f"{part_of} of the series has {len(part.slices)} of {of_all} slices."
    return _series(_volume_uid(uid, part), volume, [note, *notes], first_acquired_s)


def _volume_uid(uid: str, part: _Part) -> str:
    """Stable whatever other volumes there are."""
    return f"{uid}{'-' if '#' in uid else '#'}{_short_hash([(kind, value) for kind, value, _ in part.path])}"


def _moments(
    uid: str, stack: _Stack, parts: list[_Part], notes: list[str], first_acquired_s: float | None
) -> list[Series]:
    labels, step_ms = _labels(stack, parts)
    found = []
    for number, (part, label) in enumerate(zip(parts, labels, strict=True)):
        volume = replace(stack, slices=[stack.slices[n] for n in part.slices])
        series = _series(_volume_uid(uid, part), volume, notes, first_acquired_s)
        moment = Moment(uid, part.path[0][0], number, len(parts), label)
        found.append(replace(series, moment=moment, frame_time_ms=step_ms))
    return found


def _labels(stack: _Stack, parts: list[_Part]) -> tuple[list[str], float | None]:
    """What a person reads of each volume, and the usual time between two if they follow each other in time."""
    labels = [", ".join(label for _, _, label in part.path) for part in parts]
    kind = parts[0].path[0][0]
    if kind not in ("time", "phase") or len(parts[0].path) > 1:
        return labels, None
    if kind == "phase":
        starts = [_start(stack, part, lambda f: f.trigger_ms) for part in parts]
    else:
        starts = [
            _start(stack, part, lambda f: f.content_s if f.acquired_s is None else f.acquired_s) for part in parts
        ]
    told = [start for start in starts if start is not None]
    steps = np.diff(told)
    if len(told) < len(parts) or (steps <= 0).any():
        return labels, None
    if kind == "phase":
        return labels, float(np.median(steps))
    return [f"{round(start - told[0], 2):g} s" for start in told], float(np.median(steps)) * 1000.0


def _start(stack: _Stack, part: _Part, value: Callable[[Frame], float | None]) -> float | None:
    values = [value(stack.slices[n].frame) for n in part.slices]
    told = [value for value in values if value is not None]
    return min(told) if len(told) == len(values) else None


def _series(
    uid: str, stack: _Stack, notes: Sequence[str], first_acquired_s: float | None, disputed: bool = False
) -> Series:
    """One series of the slices of a stack, in order of position, or of number where they have none."""
    slices, verdict, spacing_mm, origins = _judge(stack)
    if disputed:
        verdict = GeometryVerdict("duplicate", "Some images are there more than once with different contents.")
        spacing_mm = None if spacing_mm is None else (*spacing_mm[:2], None)
        origins = tuple(cast(Vector, one.frame.position) for one in slices if one.frame.placed)
    first, middle = slices[0].instance, slices[len(slices) // 2]
    files = list({id(one.instance): one.instance for one in slices}.values())
    padding, padding_note = _padding(slices)
    factor, suv_note = (None, "") if first.tracer is None else suv_factor(first.tracer, first_acquired_s)
    said = [
        _how_made(slices),
        *notes,
        padding_note,
        suv_note,
        _rescale_note(slices),
        *(note for instance in files for note in instance.notes),
    ]
    frame_numbers = tuple(one.frame.number for one in slices)
    return Series(
        uid=uid,
        study_uid=first.study_uid,
        patient_id=first.patient_id,
        patient_name=first.patient_name,
        modality=first.modality,
        description=" · ".join(filter(None, (stack.part, first.description))),
        files=tuple(one.instance.file for one in slices),
        verdict=verdict,
        size=(first.columns, first.rows, len(slices)),
        spacing_mm=spacing_mm,
        depth_mm=first.depth_mm if len(slices) == 1 else None,
        number=first.series_number,
        study_description=first.study_description,
        study_date=first.study_date,
        birth_date=first.birth_date,
        sex=first.sex,
        institution=first.institution,
        body_part=first.body_part,
        windows=middle.frame.windows,
        lossy=any(instance.lossy for instance in files),
        frame_numbers=frame_numbers if any(frame_numbers) else (),
        direction=_direction(stack.orientation) if stack.kind.having_a_position and stack.orientation else None,
        origins=origins,
        sides=first.sides if not stack.kind.having_a_position and len({one.sides for one in files}) == 1 else None,
        view=first.view if len({one.view for one in files}) == 1 else "",
        frame_of_reference=first.frame_of_reference if stack.kind.having_a_position else "",
        instance_uids=tuple(one.instance.sop_uid for one in slices) if any(i.sop_uid for i in files) else (),
        value_type=widest(instance.value_type for instance in files),
        calibration=first.calibration if spacing_mm is not None or first.regions else "none",
        regions=first.regions,
        frame_time_ms=first.frame_time_ms,
        unit=stack.kind.unit,
        suv_factor=factor,
        padding=padding,
        voi_table=middle.instance.voi_table,
        inverted=first.inverted,
        colour=first.colour,
        overlays=any(instance.overlays for instance in files),
        notes=tuple(dict.fromkeys(note for note in said if note))[:_NOTES],
    )


def _how_made(slices: list[_Slice]) -> str:
    """A note where the files say that the values are not those of a scanner."""
    if any(one.instance.synthetic for one in slices):
        return SYNTHETIC_NOTE
    return DERIVED_NOTE if all(one.frame.image_type.startswith("DERIVED") for one in slices) else ""


def _judge(
    stack: _Stack,
) -> tuple[list[_Slice], GeometryVerdict, tuple[float, float, float | None] | None, tuple[Vector, ...]]:
    """The slices in order, the verdict, the spacing, and the origin of the grid or, without one, of each slice."""
    if not stack.kind.having_a_position:
        spacing_mm = None if stack.spacing_mm is None else (*stack.spacing_mm, None)
        return stack.slices, _judge_without_positions(stack), spacing_mm, ()
    assert stack.orientation is not None and stack.spacing_mm is not None
    positions = _positions(stack)
    found = arrange(positions, stack.orientation, min(stack.spacing_mm))
    slices, origins = [stack.slices[n] for n in found.order], tuple(positions[n] for n in found.order)
    return (
        slices,
        found.verdict,
        (*stack.spacing_mm, found.spacing_mm),
        origins[:1] if found.verdict.is_volume else origins,
    )


def _judge_without_positions(stack: _Stack) -> GeometryVerdict:
    count, first = len(stack.slices), stack.slices[0]
    if count == 1:
        return GeometryVerdict("2d", "A single picture without a place in the patient.")
    if len(first.instance.frames) > 1:
        over_time = first.instance.frame_time_ms is not None or first.instance.modality in _OVER_TIME
        frames = f"{count} frames {'over time' if over_time else 'without positions'}"
        return GeometryVerdict("no-position", f"{frames}: nothing is measured across them.")
    if first.frame.spacing_mm is None and first.frame.position is not None:
        return GeometryVerdict("no-position", f"{count} slices whose pixel size is missing or not positive.")
    return GeometryVerdict("no-position", f"{count} pictures whose positions or orientations are missing or unusable.")


def _direction(orientation: Cosines) -> tuple[float, ...]:
    """Rows of the matrix whose columns are the unit vectors of i, j and k."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    axes = np.stack([row, column, np.cross(row, column)], axis=1)
    return tuple((axes / np.linalg.norm(axes, axis=0)).ravel().tolist())


def _padding(slices: Sequence[_Slice]) -> tuple[tuple[float, float] | None, str]:
    found = {one.frame.padding for one in slices}
    if len(found) == 1:
        return found.pop(), ""
    return None, "Its padding differs from slice to slice and is shown like a measurement."


def _rescale_note(slices: Sequence[_Slice]) -> str:
    if slices[0].instance.modality == "PT" or len({one.frame.rescale for one in slices}) == 1:
        return ""
    return "Slices have different rescales: each has its own applied."
