"""What trainings learn from: the confirmed slices, answers and boxes of all listed series, gathered for a goal.

What was annotated counts only where it was made: a series whose files were replaced has none. Scans that nobody has
annotated are added for semi-supervised learning, of many patients, as far as memory allows.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.manifest import ModelManifest
from viewer.core.findings import Place
from viewer.core.goal import Goal
from viewer.core.labels import Label
from viewer.core.readiness import BoxedSeries, ConfirmedSeries, JudgedPicture, Learnable
from viewer.core.session import Annotations, ConfirmedSlice, Session, corrected_labels
from viewer.core.study import Series, SeriesError
from viewer.core.volume import LabelMap, Volume, part_of
from viewer.io.annotation_store import AnnotationStore
from viewer.io.library import Library
from viewer.io.reader import Reader
from viewer.io.training_set import (
    BoxedCase,
    DrawnBox,
    TrainingCase,
    TrainingPicture,
    write_boxes,
    write_dataset,
    write_pictures,
)

Check = Callable[[], None]
Part = tuple[slice, slice, slice]  # of voxels[k, j, i]
Find = Callable[[Volume], Sequence[Part] | None]  # None: the whole
_OWN_AXIS = 2  # of the slices that a scan was stored in: those that pictures are made of
_LEAST_UNLABELLED_SERIES, _MOST_UNLABELLED_SERIES = 3, 60
_MOST_UNLABELLED_TO_FIND_IN = 10  # scans in which another model has to run first
_MOST_UNLABELLED_VOXELS = 50_000_000  # of scans beyond the least: training holds them in memory
_MOST_UNLABELLED_SLICES = 200
_MOST_OTHER_SCANS = 300  # each has to be read, if only to see that it was annotated at another place
_MOST_UNLABELLED_OF_A_SERIES = 20
_MOST_LABELS = 40  # in a label map
_LOOKED_AT = 200_000  # voxels


@dataclass(frozen=True)
class Snapshot:
    """The open series as it was when the training was asked for; key is the one that its work is kept under."""

    series: Series
    volume: Volume
    annotations: Annotations
    key: str


@dataclass(frozen=True)
class Gathered:
    """series: uids by the names that cases and patients have in the folder, for the memory of the program only.
    modalities and labels: of what was annotated."""

    series: dict[str, str]
    modalities: tuple[str, ...]
    labels: tuple[Label, ...]


class TrainingMaterial:
    """Reads series and what is kept of them; not for the GUI thread, but for is_confirmed."""

    def __init__(self, library: Library, annotations: AnnotationStore, reader: Reader) -> None:
        self._library, self._annotations, self._reader = library, annotations, reader
        self._seen_confirmed: dict[str, tuple[frozenset[ConfirmedSlice], tuple[frozenset[str], ...]]] = {}

    def write(
        self,
        goal: Goal,
        manifest: ModelManifest | None,
        open_: Snapshot | None,
        folder: Path,
        key: bytes,
        check: Check,
        find: Find | None = None,
    ) -> Gathered:
        """Write the training folder of a goal, whose model to go on from is that of the manifest. key names patients
        and series (training_set). find tells where in a scan a model looks that looks within what another finds: it
        learns from these parts. Raises SeriesError where there is nothing to learn from, and OSError."""
        names = _labels_of(goal, manifest)
        if goal.task == "segmentation":
            cases, labels = self._cases(goal, manifest, open_, names, check)
            if not any(case.confirmed for case, _ in cases.values()):
                raise SeriesError(
                    "Confirm at least one corrected slice first: no scan that the model can learn from has one."
                )
            modalities = {one for case, one in cases.values() if case.confirmed}
            most = _MOST_UNLABELLED_SERIES if find is None else _MOST_UNLABELLED_TO_FIND_IN
            more = self._unlabelled(goal, manifest.modalities if manifest else modalities, open_, cases, check, most)
            annotated = (case for case, _ in cases.values())
            if find is not None:
                annotated = [part for case in annotated for part in _parts(case, find)]
                more = (part for case in more for part in _parts(case, find))
                if not any(case.confirmed for case in annotated):
                    raise SeriesError("None of the confirmed slices shows the part of a scan that this model looks at.")
            series = write_dataset(folder, itertools.chain(annotated, more), check, key)
            return Gathered(series, _modalities(modalities), labels)
        told: list[str] = []
        if goal.task == "classification":
            exclusive = manifest is not None and manifest.activation == "softmax"
            pictures = self._pictures(goal, manifest, names, exclusive, told, check)
            series = write_pictures(folder, pictures, exclusive, key)
            lacking = "No slice of the chosen scans has an answer to each of these findings."
        else:
            series = write_boxes(folder, self._boxed(goal, manifest, names, told, check), key)
            lacking = "None of the chosen scans has a box of these labels on one of its own slices."
        if not told:
            raise SeriesError(lacking)
        return Gathered(series, _modalities(told), ())

    def is_confirmed(self) -> bool:
        """True if any slice of any series is."""
        return bool(self._annotations.all_confirmed())

    def learnable(self, open_: ConfirmedSeries | None, open_key: str, check: Check) -> Learnable:
        """What is annotated in all listed series, label by label.

        open_ is what is confirmed in the open one (confirmed_in), whose work is kept under
        open_key.
        """
        listed = {one.uid: one for one in self._library.all_series()}
        return Learnable(
            (*([] if open_ is None else [open_]), *self._confirmed(listed, open_key, check)),
            tuple(self._judged(listed)),
            tuple(self._boxed_series(listed)),
        )

    # What is there

    def _confirmed(self, listed: Mapping[str, Series], open_key: str, check: Check) -> Iterator[ConfirmedSeries]:
        for uid, slices in self._annotations.all_confirmed().items():
            check()
            if uid not in listed or uid == open_key:
                continue  # its files are not listed any more: no training would find them
            if self._seen_confirmed.get(uid, (None,))[0] != slices:
                geometry = self._annotations.grid_of(uid)
                kept = self._annotations.load(uid, geometry) if geometry is not None else None
                if kept is None:
                    continue
                names = {label.value: label.name for label in kept.labels}
                self._seen_confirmed[uid] = slices, _names_on(kept.label_map.voxels, kept.confirmed, names)
            series = listed[uid]
            yield ConfirmedSeries(_patient(series) or series.uid, self._seen_confirmed[uid][1], uid)

    def _judged(self, listed: Mapping[str, Series]) -> Iterator[JudgedPicture]:
        for uid, answers in self._answers().items():
            series = listed.get(_own_uid(uid))
            if series is not None:
                for said in _said_of_slices(answers, series.frames).values():
                    yield JudgedPicture(_patient(series) or series.uid, series.uid, said)

    def _boxed_series(self, listed: Mapping[str, Series]) -> Iterator[BoxedSeries]:
        for uid, drawn in self._boxes().items():
            series = listed.get(_own_uid(uid))
            if series is not None:
                labels = tuple(box.label for box in drawn)
                yield BoxedSeries(_patient(series) or series.uid, series.uid, labels)

    # What is learnt from

    def _cases(
        self,
        goal: Goal,
        manifest: ModelManifest | None,
        open_: Snapshot | None,
        names: tuple[str, ...],
        check: Check,
    ) -> tuple[dict[str, tuple[TrainingCase, str]], tuple[Label, ...]]:
        """Every annotated series once, though there be copies of it, by the key of its work; with their modalities, and
        the labels that were met."""
        value_of = {name: n for n, name in enumerate(names, 1)}
        cases: dict[str, tuple[TrainingCase, str]] = {}
        met: dict[str, Label] = {}
        if open_ is not None and open_.series.uid not in goal.left_out and _fits(open_.series, manifest):
            met |= {label.name: label for label in open_.annotations.labels}
            case = _case(open_.series, open_.volume, open_.annotations, value_of)
            cases[open_.key] = case, open_.series.modality
        for series in self._library.all_series():
            if series.uid in goal.left_out or not series.verdict.is_volume or not _fits(series, manifest):
                continue
            if not self._annotations.is_confirmed(series.uid) or (open_ is not None and series.uid == open_.series.uid):
                continue
            found = self._read(series, check)
            if found is None or found[1] in cases or (open_ is not None and found[1] == open_.key):
                continue
            volume, key, annotations = found
            if annotations is not None and annotations.confirmed:
                met |= {label.name: label for label in annotations.labels if label.name not in met}
                cases[key] = _case(series, volume, annotations, value_of), series.modality
        return cases, tuple(met[name] for name in names if name in met)

    def _unlabelled(
        self,
        goal: Goal,
        modalities: Collection[str],
        open_: Snapshot | None,
        cases: Mapping[str, tuple[TrainingCase, str]],
        check: Check,
        most: int,
    ) -> Iterator[TrainingCase]:
        """Up to so many scans that nobody has annotated, each once, of as many patients as may be, read one by one."""
        known = {case.series_uid for case, _ in cases.values()} | goal.left_out
        keys = set(cases)
        if open_ is not None:
            known |= {open_.series.uid}
            keys |= {open_.key}
        others = [one for one in self._library.all_series() if one.uid not in known and _alike(one, goal, modalities)]
        taken = voxels = 0
        for series in _patients_in_turn(others) if goal.unlabelled else ():
            enough = taken >= _LEAST_UNLABELLED_SERIES and voxels >= _MOST_UNLABELLED_VOXELS
            if enough or taken == most:
                return
            found = self._read(series, check) if series.verdict.is_volume else None
            if found is None or found[1] in keys or (found[2] is not None and found[2].confirmed):
                continue
            volume, key, _ = found
            keys.add(key)
            if not _is_blank(volume.voxels) and _is_picture(series, volume.voxels):
                taken += 1
                voxels += volume.voxels.size
                yield TrainingCase(series.uid, _patient(series), volume)

    def _pictures(
        self,
        goal: Goal,
        manifest: ModelManifest | None,
        names: tuple[str, ...],
        exclusive: bool,
        told: list[str],
        check: Check,
    ) -> Iterator[TrainingPicture]:
        """The slices of which all findings are answered, and some others of the same modalities; told gets the modality
        of each of the first."""
        answers = self._answers()
        unlabelled = 0
        for series, volume, key in self._scans(goal, manifest, answers, told, check):
            said = _said_of_slices(answers.get(key, {}), len(volume.voxels))
            others: list[int] = []
            for k in range(len(volume.voxels)):
                if _is_blank(volume.voxels[k]):
                    continue
                classes = _classes(said.get(k, {}), names, exclusive)
                if classes is None:
                    others.append(k)
                else:
                    told.append(series.modality)
                    yield TrainingPicture(series.uid, _patient(series), volume, k, classes)
            if goal.unlabelled and series.modality in told and _is_picture(series, volume.voxels):
                few = _spread(others, min(_MOST_UNLABELLED_OF_A_SERIES, _MOST_UNLABELLED_SLICES - unlabelled))
                unlabelled += len(few)
                for k in few:
                    yield TrainingPicture(series.uid, _patient(series), volume, k, None)

    def _boxed(
        self, goal: Goal, manifest: ModelManifest | None, names: tuple[str, ...], told: list[str], check: Check
    ) -> Iterator[BoxedCase]:
        """The scans with boxes, or of which a person said that nothing to box is there, and a few others of the same
        modalities; told gets the modality of each with boxes."""
        boxes, answers, confirmed = self._boxes(), self._answers(), self._annotations.all_confirmed()
        unlabelled = 0
        for series, volume, key in self._scans(goal, manifest, {**answers, **boxes}, told, check):
            drawn = tuple(box for box in boxes.get(key, ()) if box.label in names)
            nothing = _without_findings(answers.get(key, {}), len(volume.voxels), names)
            if drawn:
                told.append(series.modality)
                nothing |= {k for axis, k in confirmed.get(key, ()) if axis == _OWN_AXIS}
            elif not nothing:
                if not goal.unlabelled or series.modality not in told or unlabelled >= _MOST_UNLABELLED_SLICES:
                    continue
                if not _is_picture(series, volume.voxels):
                    continue
                unlabelled += len(volume.voxels)
            yield BoxedCase(series.uid, _patient(series), volume, drawn, frozenset(nothing))

    def _scans(
        self, goal: Goal, manifest: ModelManifest | None, kept: Collection[str], told: list[str], check: Check
    ) -> Iterator[tuple[Series, Volume, str]]:
        """Each series in grey that may be learnt from, once, though there be copies of it, and the key of its work.
        First those of which something is kept, then, of modalities that were told of until then, some others."""
        annotated = {_own_uid(key) for key in kept}
        keys: set[str] = set()
        others = 0
        every = [one for one in self._library.all_series() if one.uid not in goal.left_out and not one.colour]
        for series in sorted(every, key=lambda one: one.uid not in annotated):  # the order is kept otherwise
            if not _fits(series, manifest):
                continue
            if series.uid not in annotated:
                if others == _MOST_OTHER_SCANS or not _alike(series, goal, told):
                    continue
                others += 1
            try:
                volume = self._reader.read(series, lambda fraction, text: check())
            except SeriesError:
                continue  # as in _read
            key = self._annotations.key_of(series.uid, volume)
            if key not in keys and not volume.colour and not _is_blank(volume.voxels):
                keys.add(key)
                yield series, volume, key

    def _read(self, series: Series, check: Check) -> tuple[Volume, str, Annotations | None] | None:
        """A series, its key and what is kept of it; None if its files are gone or damaged, or are not those that were
        annotated: there is enough to learn from without it."""
        try:
            volume = self._reader.read(series, lambda fraction, text: check())
            key = self._annotations.key_of(series.uid, volume)
            return volume, key, self._annotations.load(key, volume.geometry)
        except SeriesError:
            return None

    def _answers(self) -> dict[str, dict[Place, dict[str, bool]]]:
        """By the uid that they are kept under and by place, the answers to findings by name."""
        names = {finding.number: finding.name for finding in self._annotations.findings()}
        found: dict[str, dict[Place, dict[str, bool]]] = {}
        for uid, number, place, yes in self._annotations.all_answers():
            found.setdefault(uid, {}).setdefault(place, {})[names[number]] = yes
        return found

    def _boxes(self) -> dict[str, list[DrawnBox]]:
        """By the uid that they are kept under, the boxes on one of a scan's own slices."""
        found: dict[str, list[DrawnBox]] = {}
        for uid, box, _ in self._annotations.all_boxes():
            if box.on_one_slice and box.normal == _OWN_AXIS and box.text:
                low, high = np.min(box.points, axis=0), np.max(box.points, axis=0)
                corners = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
                found.setdefault(uid, []).append(DrawnBox(box.text, box.slice_index, corners))
        return found


def confirmed_in(session: Session) -> ConfirmedSeries | None:
    """What is confirmed in the open series, if anything is; on the session's thread, and copies no labels."""
    series, label_map = session.series, session.label_map
    if series is None or label_map is None or not session.confirmed:
        return None
    names = {label.value: label.name for label in session.labels}
    drawn = _names_on(label_map.voxels, session.confirmed, names)
    return ConfirmedSeries(_patient(series) or series.uid, drawn, series.uid)


def snapshot(session: Session, key: str) -> Snapshot | None:
    """The open series, if slices of it are confirmed; on the session's thread."""
    series, volume, label_map, machine = session.series, session.volume, session.label_map, session.machine
    if series is None or volume is None or label_map is None or machine is None or not session.confirmed:
        return None
    annotations = Annotations(
        LabelMap(label_map.voxels.copy()),
        machine.copy(),
        session.labels,
        session.confirmed,
        session.source,
        session.measurements,
    )
    return Snapshot(series, volume, annotations, key)


def _fits(series: Series, manifest: ModelManifest | None) -> bool:
    """True if what a person annotated of a series may be learnt from by a model."""
    return manifest is None or not series.modality or series.modality in manifest.modalities


def _alike(series: Series, goal: Goal, modalities: Collection[str]) -> bool:
    """Whether a scan that nobody has annotated is of the kind of those that a goal learns from."""
    if series.modality:
        return series.modality in modalities
    return goal.of_one_kind is not None and series.files[0].is_relative_to(goal.of_one_kind)


def _is_picture(series: Series, voxels: NDArray[Any]) -> bool:
    """False for what looks like a label map among files that do not tell: it has few values, and all are whole."""
    if series.modality:
        return True
    some = voxels.ravel()[:: max(1, voxels.size // _LOOKED_AT)]
    values = np.unique(some)
    return len(values) > _MOST_LABELS or bool((values != np.rint(values)).any())


def _patients_in_turn(series: Iterable[Series]) -> list[Series]:
    """The first of each patient, then the second of each, and so on."""
    turns: Counter[str] = Counter()
    turn_of: dict[str, int] = {}
    listed = list(series)
    for one in listed:
        turn_of[one.uid] = turns[_patient(one)]
        turns[_patient(one)] += 1
    return sorted(listed, key=lambda one: turn_of[one.uid])


def _labels_of(goal: Goal, manifest: ModelManifest | None) -> tuple[str, ...]:
    return goal.labels if manifest is None else tuple(label.name for label in manifest.labels)


def _modalities(told: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({one or "OT" for one in told}))


def _patient(series: Series) -> str:
    """Whom a series is of; of files that do not say it, all of a study are of one."""
    return series.patient_id or series.study_uid


def _own_uid(key: str) -> str:
    """The uid of the series that a key of kept work is of."""
    return key.partition("@")[0]


def _said_of_slices(answers: Mapping[Place, Mapping[str, bool]], slices: int) -> dict[int, dict[str, bool]]:
    """The answers that are of one of a scan's own slices; those to a scan of one slice are of that."""
    found: dict[int, dict[str, bool]] = {}
    for place, said in answers.items():
        if place.level == "slice" and place.axis == _OWN_AXIS:
            found.setdefault(place.index, {}).update(said)
        elif place.level == "series" and slices == 1:
            found.setdefault(0, {}).update(said)
    return found


def _classes(said: Mapping[str, bool], names: tuple[str, ...], exclusive: bool) -> tuple[str, ...] | None:
    """What is on a slice, by the answers; None if they do not tell. Of classes that exclude one another one yes tells
    all, else no is an answer and silence is none."""
    there = tuple(name for name in names if said.get(name))
    if exclusive:
        return there if len(there) == 1 else None
    return there if all(name in said for name in names) else None


def _without_findings(answers: Mapping[Place, Mapping[str, bool]], slices: int, names: tuple[str, ...]) -> set[int]:
    """The slices of which a person said that none of the named is on them."""
    said = _said_of_slices(answers, slices)
    return {k for k, one in said.items() if all(one.get(name) is False for name in names)}


def _is_blank(voxels: NDArray[Any]) -> bool:
    """True if there is nothing to see, as on the outermost slices of some scans; models refuse such pictures."""
    return bool(voxels.min() == voxels.max())


def _spread(numbers: list[int], count: int) -> list[int]:
    """At most so many of the numbers, far apart."""
    if len(numbers) <= count:
        return numbers
    return [numbers[n] for n in np.linspace(0, len(numbers) - 1, max(count, 0)).astype(int)]


def _names_on(
    voxels: NDArray[np.uint8], confirmed: frozenset[ConfirmedSlice], names: dict[int, str]
) -> tuple[frozenset[str], ...]:
    """The labels on each confirmed slice of voxels (k, j, i), by name."""
    on = [np.unique(np.take(voxels, index, 2 - axis)) for axis, index in sorted(confirmed)]
    return tuple(frozenset(names[value] for value in values.tolist() if value in names) for values in on)


def _case(series: Series, volume: Volume, annotations: Annotations | None, value_of: Mapping[str, int]) -> TrainingCase:
    """A series with its labels in the model's own values; labels the model does not know become background."""
    confirmed = frozenset() if annotations is None else _drawn_in_full(annotations, value_of)
    if annotations is None or not confirmed:
        return TrainingCase(series.uid, _patient(series), volume)
    lookup = np.zeros(256, dtype=np.uint8)
    for label in annotations.labels:
        lookup[label.value] = value_of.get(label.name, 0)
    corrected = corrected_labels(annotations.label_map.voxels, annotations.machine, confirmed)
    return TrainingCase(
        series.uid,
        _patient(series),
        volume,
        lookup[annotations.label_map.voxels],
        confirmed,
        tuple(sorted({int(lookup[value]) for value in corrected} - {0})),
    )


def _parts(case: TrainingCase, find: Find) -> Iterator[TrainingCase]:
    """The parts of a scan that a model looks at, with the confirmed slices that cross them; of a scan with such slices
    a part that none of them crosses is left out."""
    places = find(case.volume)
    if places is None:
        yield case
        return
    for place in places:
        first = place[2].start, place[1].start, place[0].start
        confirmed = frozenset(
            (axis, index - first[axis])
            for axis, index in case.confirmed
            if place[2 - axis].start <= index < place[2 - axis].stop
        )
        if confirmed or not case.confirmed:
            labels = case.label_voxels[place] if case.label_voxels is not None else None
            volume = part_of(case.volume, place)
            yield replace(case, volume=volume, label_voxels=labels, confirmed=confirmed, at_ijk=first)


def _drawn_in_full(annotations: Annotations, known: Collection[str]) -> frozenset[ConfirmedSlice]:
    """The confirmed slices but for those that a box of a known label crosses in which nothing of the label is drawn: it
    is there, a person said so, and a model would learn from the slice that it is not."""
    value_of = {label.name: label.value for label in annotations.labels}
    lacking: set[ConfirmedSlice] = set()
    for box in annotations.measurements:
        if box.kind != "box" or box.spread is not None or box.text not in known:
            continue
        first = np.rint(np.min(box.points, axis=0)).astype(int).clip(0)
        last = np.rint(np.max(box.points, axis=0)).astype(int)
        place = tuple(slice(a, b + 1) for a, b in zip(first[::-1], last[::-1], strict=True))
        drawn = annotations.label_map.voxels[place] == value_of.get(box.text, -1)
        for axis, index in annotations.confirmed:
            if first[axis] <= index <= last[axis] and not drawn.take(index - first[axis], 2 - axis).any():
                lacking.add((axis, index))
    return annotations.confirmed - lacking
