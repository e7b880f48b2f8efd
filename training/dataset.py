"""A dataset folder as training sees it: which voxels a person annotated, what is held out, what a step draws."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.manifest import Preprocessing
from inference.preprocess import ModelGrid, labels_to_model_grid, model_grid, padded_for, slice_stacks, to_model_grid
from training.augment import weak_affine
from training.losses import IGNORE

T = TypeVar("T")
NativeSlice = tuple[int, int]  # (index axis of the image: 0 i, 1 j, 2 k; slice index)

_PART = re.compile(r"(.+)-at-(\d+)-(\d+)-(\d+)")  # as viewer.io.training_set names a part of a scan
_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".png")
# Voxels a side of what a step sees, where the model has no patch: a step shall stay below a second or two on a CPU.
_LARGEST_SIDE = {2: 192, 3: 64}


class DataError(Exception):
    """A dataset folder cannot be used; one sentence says what is wrong with which file."""


@dataclass(frozen=True)
class Case:
    """One image of a dataset. slices are the annotated native slices, None meaning every one; () is unlabelled.

    corrected are the label values a person changed; None if that is not known, as for wholly annotated cases. kept: the
    dataset keeps its patient apart to measure by.
    """

    name: str
    patient: str
    image_file: Path
    label_file: Path | None
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    slices: tuple[NativeSlice, ...] | None
    corrected: tuple[int, ...] | None = None
    kept: bool = False


@dataclass(frozen=True)
class Unit:
    """What one line of the comparison is measured on: the held-out parts of a patient, or one held-out slice."""

    name: str
    parts: tuple[Case, ...]


@dataclass(frozen=True)
class Split:
    """Cases to train on, with only what may be learnt from in their slices, and the units kept apart.

    hidden are, by case, slices whose image too stays out of the unlabelled slices. nearest_mm is the distance
    from a held-out slice to the nearest parallel training slice of its case (None between patients).
    """

    unit: Literal["patients", "slices"]
    train: tuple[Case, ...]
    held_out: tuple[Unit, ...]
    hidden: dict[str, tuple[NativeSlice, ...]]
    patients: int
    nearest_mm: float | None = None


def read_dataset(folder: Path) -> list[Case]:
    """The cases of a folder: images/, labels/ with the same stems, optional patients.csv and confirmed.json.

    Only headers are read. Raises DataError for a missing or unreadable file, a label map on another grid than
    its image, and entries that name no case or no slice of it.
    """
    images, labels = _by_stem(folder / "images"), _by_stem(folder / "labels")
    if not images:
        raise DataError("the dataset has no images: put NIfTI, NRRD, MHA or PNG files into its folder images")
    stray = sorted(labels.keys() - images.keys())
    if stray:
        raise DataError(f"labels/{stray[0]} belongs to no file in images")
    (patients, kept), confirmed = _read_patients(folder, images), _read_confirmed(folder, images)
    cases = []
    for name, file in images.items():
        size, spacing, *place = _header(file)
        label_file = labels.get(name)
        if label_file is not None:
            label_size, label_spacing, *label_place = _header(label_file)
            if label_size != size:
                raise DataError(f"labels/{label_file.name} has another size than its image")
            if not _same_place(spacing, place, label_spacing, label_place):
                raise DataError(f"labels/{label_file.name} lies elsewhere in the patient than its image")
        slices, corrected = confirmed.get(name, ((), None) if label_file is None else (None, None))
        if slices and label_file is None:
            raise DataError(f"confirmed.json names slices of {name}, but labels has no file for it")
        if any(index >= size[axis] for axis, index in slices or ()):
            raise DataError(f"confirmed.json names a slice of {name} that is beyond its size {size}")
        patient = patients.get(name, name)
        cases.append(Case(name, patient, file, label_file, size, spacing, slices, corrected, patient in kept))
    return cases


@dataclass(frozen=True)
class Learnt:
    """What earlier trainings of a model held out and learnt the labels of: patients, cases and slices by known_as.

    A model never says whom it saw by name, and its next training knows them all the same. folds, of a model that is
    the mean of networks, are the patients whom each of these has not learnt, though others have.
    """

    held_out: frozenset[str] = frozenset()
    trained_on: frozenset[str] = frozenset()
    folds: tuple[frozenset[str], ...] = ()

    def after(self, split: Split) -> Learnt:
        """What is known once a split has been trained on, too."""
        trained = set(self.trained_on)
        for case in split.train:
            if case.slices != ():
                whole = known_as("case", _whole_of(case)[0])
                trained.add(known_as("patient", case.patient))
                trained |= {whole} if case.slices is None else {_slice_known_as(case, one) for one in case.slices}
        held = [part for unit in split.held_out for part in unit.parts]
        if split.unit == "patients":
            kept = {known_as("patient", part.patient) for part in held}
        else:
            kept = {_slice_known_as(part, one) for part in held for one in part.slices or ()}
        return Learnt(frozenset(kept | self.held_out) - trained, frozenset(trained))


def known_as(kind: str, name: str) -> str:
    """A name that stays the same from training to training and is not the name of a patient, case or slice itself.

    It hides no more than the name does: one that can be guessed, such as a number of a hospital, has to be replaced by
    a pseudonym before.
    """
    return hashlib.sha256(f"slicewise {kind} {name}".encode()).hexdigest()[:16]


def split_cases(cases: Sequence[Case], seed: int, learnt: Learnt | None = None) -> Split:
    """Hold out the patients that the dataset keeps apart; or about a third, of the patients where three or more are
    annotated, else of the annotated slices.

    The split depends only on the seed, the names and what the model has learnt: patients and slices held out before
    stay so, and none that it was trained on is held out, for a model is not judged by what it knows. If all the
    patients are such, slices are held out; with a single annotated slice, or if it was trained on all, nothing is.
    Raises DataError if nothing is annotated, or if the model was trained on a patient that is kept apart.
    """
    learnt = learnt or Learnt()
    annotated = [case for case in cases if case.slices != ()]
    patients = sorted({case.patient for case in annotated})
    if not annotated:
        raise DataError("nothing is annotated: training needs at least one confirmed slice")
    if kept := list({case.patient for case in annotated if case.kept}):
        if not learnt.trained_on.isdisjoint(known_as("patient", name) for name in kept):
            raise DataError("the model was trained on patients that patients.csv keeps for testing")
        return leaving_out(cases, kept, len(patients))
    if len(patients) >= 3:
        drawn = [patients[n] for n in np.random.default_rng(seed).permutation(len(patients))]
        held = _held_out([(known_as("patient", p), p) for p in drawn], max(1, len(patients) // 3), learnt)
        if held:
            return leaving_out(cases, held[: len(patients) - 1], len(patients))

    every = [(case, one) for case in annotated for one in _annotated_slices(case)]
    first = seed % 3 if len(every) > 3 else seed % len(every)
    wanted = every[first::3] if len(every) > 1 else []
    known = [  # those that are evenly apart come first
        (_slice_known_as(case, one), (case, one))
        for case, one in [*wanted, *(pair for pair in every if pair not in wanted)]
        if known_as("case", _whole_of(case)[0]) not in learnt.trained_on
    ]
    chosen = _held_out(known, len(wanted), learnt)[: len(every) - 1]
    held_out = [pair for pair in every if pair in chosen]
    units = tuple(
        Unit(f"{case.name} {'ijk'[one[0]]} {one[1]}", (replace(case, slices=(one,)),)) for case, one in held_out
    )
    hidden = {case.name: tuple(one for other, one in held_out if other is case) for case in annotated}
    train = tuple(
        replace(case, slices=tuple(s for s in _annotated_slices(case) if s not in hidden[case.name]))
        if case in annotated
        else case
        for case in cases
    )
    return Split("slices", train, units, hidden, len(patients), _nearest_mm(train, hidden))


def leaving_out(cases: Sequence[Case], patients: Sequence[str], annotated: int) -> Split:
    """The split that holds out some of so many annotated patients."""
    units = tuple(
        Unit(name, tuple(c for c in cases if c.patient == name and c.slices != ())) for name in sorted(patients)
    )
    return Split("patients", tuple(c for c in cases if c.patient not in patients), units, {}, annotated)


def _held_out(candidates: Sequence[tuple[str, T]], count: int, learnt: Learnt) -> list[T]:
    """Of what has never been trained on all that was held out before, and further ones up to a count."""
    unseen = [(known, one) for known, one in candidates if known not in learnt.trained_on]
    kept = [one for known, one in unseen if known in learnt.held_out]
    fresh = [one for known, one in unseen if known not in learnt.held_out]
    return kept + fresh[: max(0, count - len(kept))]


def _whole_of(case: Case) -> tuple[str, tuple[int, ...]]:
    """The scan that a case is of, by name, and where in it the case begins (i, j, k): a case may be a part of it."""
    found = _PART.fullmatch(case.name)
    return (case.name, (0, 0, 0)) if found is None else (found[1], tuple(map(int, found.groups()[1:])))


def _slice_known_as(case: Case, one: NativeSlice) -> str:
    scan, first = _whole_of(case)
    axis, index = one
    return known_as("slice", f"{scan} {axis} {index + first[axis]}")


def keep_labelled(split: Split, count: int, seed: int) -> Split:
    """The split with only `count` of its annotated training cases, drawn by seed; the rest become unlabelled."""
    labelled = [case.name for case in split.train if case.slices != ()]
    if not 1 <= count <= len(labelled):
        raise DataError(f"{count} labelled cases were asked for; {len(labelled)} are there to train on")
    kept = {labelled[n] for n in np.random.default_rng(seed).permutation(len(labelled))[:count]}
    train = tuple(case if case.name in kept else replace(case, slices=()) for case in split.train)
    return replace(split, train=train)


def read_image(case: Case) -> sitk.Image:
    """The image of a case, 3-D (a single picture becomes one slice) with one value per voxel; LPS, mm."""
    return read_image_file(case.image_file)


def read_image_file(file: Path) -> sitk.Image:
    """read_image of a file."""
    image = _read(file)
    if image.GetNumberOfComponentsPerPixel() > 1:
        channels = sitk.GetArrayViewFromImage(image)
        if (channels[..., :3] != channels[..., :1]).any():
            raise DataError(f"images/{file.name} is a colour picture; training needs one value per voxel")
        image = sitk.VectorIndexSelectionCast(image, 0)
    return image if image.GetDimension() == 3 else sitk.JoinSeries(image)


def read_labels(case: Case, classes: int) -> NDArray[np.uint8]:
    """The label map of a case, voxels[k, j, i]; in a mask of 0 and 255, the usual picture mask, 255 is class 1.

    Raises DataError for a value that is none of the model's classes.
    """
    assert case.label_file is not None
    image = _read(case.label_file)
    labels = sitk.GetArrayFromImage(image)
    if image.GetNumberOfComponentsPerPixel() > 1:
        labels = labels[..., 0]
    labels = labels.reshape(case.size[::-1])
    values = np.unique(labels)
    if 255 in values and set(values.tolist()) <= {0, 255}:
        return (labels == 255).astype(np.uint8)
    if values[0] < 0 or values[-1] >= classes or not np.array_equal(values, values.astype(np.uint8)):
        value = values[0] if values[0] < 0 else values[-1]
        raise DataError(
            f"labels/{case.label_file.name} holds the value {value}; the model has labels 1 to {classes - 1}"
        )
    return labels.astype(np.uint8)


def slice_on_grid(grid: ModelGrid, native: NativeSlice) -> tuple[int, int]:
    """Axis (0 k, 1 j, 2 i) and index of a native slice after ModelGrid.reorient: still image voxels."""
    axis = grid.order.index(2 - native[0])
    return axis, grid.image_shape[axis] - 1 - native[1] if grid.flipped[axis] else native[1]


def target_on_grid(
    label_voxels: NDArray[np.uint8], grid: ModelGrid, slices: Sequence[NativeSlice] | None
) -> NDArray[np.uint8]:
    """Labels on the model's grid (k, j, i), 255 where no person annotated.

    A model slice takes the labels of the annotated slice nearest to it, if that lies within half a slice of
    the thicker of the two grids; each annotated slice reaches at least one model slice.
    """
    if slices is None:
        return labels_to_model_grid(label_voxels, grid)
    oriented = grid.reorient(label_voxels)
    target = np.full(grid.shape, IGNORE, dtype=np.uint8)
    nearest = [
        np.clip(np.rint(_positions(grid, axis)), 0, grid.image_shape[axis] - 1).astype(np.intp) for axis in range(3)
    ]
    for axis in range(3):
        wanted = [index for on, index in (slice_on_grid(grid, one) for one in slices) if on == axis]
        for model_slice, image_slice in _met(grid, axis, wanted):
            source = [nearest[n] if n != axis else np.array([image_slice]) for n in range(3)]
            place: list[slice] = [slice(None)] * 3
            place[axis] = slice(model_slice, model_slice + 1)
            target[tuple(place)] = oriented[np.ix_(*source)]
    return target


@dataclass(frozen=True, eq=False)
class GridCase:
    """A case on the model's grid: voxels (k, j, i) in [0, 1], target with 255 = not annotated, and the slices
    (k) that may serve as unlabelled."""

    patient: str
    voxels: NDArray[np.float32]
    target: NDArray[np.uint8]
    unlabelled: tuple[int, ...]


def to_grid(case: Case, preprocessing: Preprocessing, classes: int, hidden: Sequence[NativeSlice] = ()) -> GridCase:
    """Read a case and bring it to the model's grid; hidden slices are neither labelled nor unlabelled."""
    image = read_image(case)
    grid = model_grid(image, preprocessing)
    voxels = to_model_grid(image, grid, preprocessing.intensity)
    target = np.full(grid.shape, IGNORE, dtype=np.uint8)
    if case.slices != ():
        target = target_on_grid(read_labels(case, classes), grid, case.slices)
    taken = (target != IGNORE).mean(axis=(1, 2)) > 0.5  # a single annotated line leaves a slice unlabelled
    across = [index for axis, index in (slice_on_grid(grid, one) for one in hidden) if axis == 0]
    taken[[model_slice for model_slice, _ in _met(grid, 0, across)]] = True
    return GridCase(case.patient, voxels, target, tuple(int(k) for k in np.flatnonzero(~taken)))


def seen_about(case: GridCase, k: int, preprocessing: Preprocessing) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """What a model sees at once of slice k, (1, channels, *space), padded as inference does, and what is annotated
    of that slice, (*space) without the padding, 255 elsewhere. A block lies about what is labelled there."""
    if preprocessing.dimensions == 2:
        return padded_for(slice_stacks(case.voxels, [k], preprocessing.context_slices), preprocessing), case.target[k]
    labelled = np.argwhere((case.target[k] != 0) & (case.target[k] != IGNORE))
    middle = labelled.mean(axis=0) if len(labelled) else np.array(case.target.shape[1:]) / 2
    window = []
    for centre, n, side in zip((k, *middle), case.target.shape, preprocessing.patch or case.target.shape, strict=True):
        first = int(np.clip(centre - side // 2, 0, max(0, n - side)))
        window.append(slice(first, min(n, first + side)))
    block = case.voxels[tuple(window)]
    known = np.full(block.shape, IGNORE, np.uint8)
    known[k - window[0].start] = case.target[k][tuple(window[1:])]
    return padded_for(block[None, None], preprocessing), known


class SliceSampler:
    """Draws batches of weakly augmented slice stacks, or of blocks about slices, from cases on the model's grid.

    A model of two dimensions gets stacks (context, J, I) and the target of the middle slice, (J, I); one of three
    gets blocks (1, K, J, I) and targets (K, J, I), of which all but the annotated slices is 255: a volume with a
    few confirmed slices is learnt from as a whole one is.

    What a step gets depends only on the seed and the step's number: a resumed run goes on exactly, and every
    arm of a comparison sees the same annotated slices in the same poses.
    """

    def __init__(self, cases: Sequence[GridCase], preprocessing: Preprocessing, seed: int) -> None:
        self._cases, self._preprocessing, self._seed = cases, preprocessing, seed
        self._blocks = preprocessing.dimensions == 3
        spacing = [mm for mm in (preprocessing.spacing_mm or ())[::-1] if mm is not None]
        self.spacing_mm = spacing if self._blocks and spacing else None  # by axis of a patch; None: as long as wide
        self._with_class: dict[int, list[tuple[int, int]]] = {}
        self._annotated: dict[tuple[int, int], float] = {}  # share of the slice that is annotated
        for n, case in enumerate(cases):
            for k in np.flatnonzero((case.target != IGNORE).any(axis=(1, 2))).tolist():
                self._annotated[n, k] = float((case.target[k] != IGNORE).mean())
                for value in np.unique(case.target[k]).tolist():
                    if value != IGNORE:
                        self._with_class.setdefault(value, []).append((n, k))
        self._by_patient: dict[str, list[tuple[int, int]]] = {}
        for n, case in enumerate(cases):
            if case.unlabelled:
                self._by_patient.setdefault(case.patient, []).extend((n, k) for k in case.unlabelled)
        multiple, dimensions = preprocessing.size_multiple, preprocessing.dimensions
        largest = max(_LARGEST_SIDE[dimensions] // multiple * multiple, multiple)
        sides = np.max([case.voxels.shape[-dimensions:] for case in cases], axis=0).tolist()
        cropped = tuple(min(-(-side // multiple) * multiple, largest) for side in sides)
        self.patch: tuple[int, ...] = preprocessing.patch or cropped

    @property
    def unlabelled_slices(self) -> int:
        return sum(map(len, self._by_patient.values()))

    @property
    def span(self) -> float:
        """Which share of a slice's side all its structures together span, along the longer of both: the median of the
        annotated slices on which there are some. 0 where patches are parts of an image, which cut structures anyway."""
        shares = []
        for n, k in self._annotated:
            target = self._cases[n].target[k]
            there = (target > 0) & (target != IGNORE)
            whole = not self._blocks and all(n <= side for n, side in zip(target.shape, self.patch, strict=True))
            if whole and there.any():
                reach = [np.ptp(np.flatnonzero(there.any(axis=1 - axis))) + 1 for axis in (0, 1)]
                shares.append(max(r / side for r, side in zip(reach, self.patch, strict=True)))
        return float(np.median(shares)) if shares else 0.0

    def labelled(self, step: int, count: int, *, with_places: bool = False) -> tuple[Tensor, Tensor]:
        """Stacks or blocks (count, channels, *patch) float32 and targets (count, *patch) int64, 255 = ignored.

        with_places adds three channels: where in its image a voxel lies along k, j and i, from -1 to 1.

        Each holds a class drawn uniformly from those annotated, so rare ones are not drowned by the others;
        of the slices that hold it, one that an annotated coronal slice crosses in a line counts as little.
        """
        generator = torch.Generator().manual_seed(2 * (self._seed * 1_000_003 + step))
        drawn = []
        for _ in range(count):
            value = _pick(sorted(self._with_class), generator)
            places = self._with_class[value]
            shares = torch.tensor([self._annotated[place] for place in places])
            place = places[int(torch.multinomial(shares, 1, generator=generator))]
            drawn.append(self._patch(*place, value, generator, with_places))
        return torch.stack([image for image, _ in drawn]), torch.stack([target for _, target in drawn])

    def unlabelled(self, step: int, count: int, *, with_places: bool = False) -> tuple[Tensor, Tensor]:
        """Stacks or blocks as from labelled, and (count, *patch) bool, False outside the image and, in a block, on
        slices that are not unlabelled.

        Drawn uniformly over patients, then over their slices.
        """
        generator = torch.Generator().manual_seed(2 * (self._seed * 1_000_003 + step) + 1)
        drawn = []
        for _ in range(count):
            patient = _pick(sorted(self._by_patient), generator)
            drawn.append(self._patch(*_pick(self._by_patient[patient], generator), None, generator, with_places))
        return torch.stack([image for image, _ in drawn]), torch.stack([inside != IGNORE for _, inside in drawn])

    def _patch(
        self, case: int, k: int, value: int | None, generator: torch.Generator, with_places: bool
    ) -> tuple[Tensor, Tensor]:
        """A randomly posed patch; where the image is larger than it, about a voxel of slice k that has the class (any
        voxel if None)."""
        shown = self._cases[case]
        if self._blocks:
            image, target = torch.from_numpy(shown.voxels)[None], shown.target
        else:
            stack = slice_stacks(shown.voxels, [k], self._preprocessing.context_slices)[0]
            image, target = torch.from_numpy(stack), shown.target[k]
        if with_places:
            image = torch.cat([image, _places(shown.voxels.shape, None if self._blocks else k)])
        centre = np.array([(n - 1) / 2 for n in target.shape])
        if any(n > side for n, side in zip(target.shape, self.patch, strict=True)):
            plane = shown.target[k]
            about = np.argwhere(np.ones_like(plane) if value is None else plane == value)
            seen = about[int(torch.randint(len(about), (), generator=generator))]
            if self._blocks:
                seen = np.array([k, *seen])
            reach = np.array(self.patch) / 2
            spread = (torch.rand(len(seen), generator=generator).numpy() - 0.5) * reach
            low, high = np.minimum(reach, centre), np.maximum(np.array(target.shape) - reach, centre)
            centre = np.clip(seen + spread, low, high)
        if value is None:
            target = np.zeros_like(target)
            if self._blocks:
                target += np.uint8(IGNORE)
                target[list(shown.unlabelled)] = 0
        posed = weak_affine(image, torch.from_numpy(target), centre.tolist(), self.patch, generator, self.spacing_mm)
        return self._mirrored(*posed, generator, with_places)

    def _mirrored(
        self, image: Tensor, target: Tensor, generator: torch.Generator, with_places: bool
    ) -> tuple[Tensor, Tensor]:
        """By chance mirrored along each of the axes along which the model takes that for as good; a stack of slices
        only within these."""
        for axis in sorted(self._preprocessing.mirrors - (frozenset() if self._blocks else {"k"})):
            if float(torch.rand((), generator=generator)) < 0.5:
                along = "kji".index(axis) - 3
                image, target = image.flip(along), target.flip(along)
                if with_places:
                    image[along] = -image[along]  # the last three channels tell of k, j and i
        return image, target


def _places(shape: Sequence[int], k: int | None) -> Tensor:
    """Where the voxels of an image (k, j, i), or of its slice k, lie in it: (3, *space) float32, -1 to 1 along each
    axis, 0 where there is but one."""
    along = [torch.linspace(-1, 1, n) if n > 1 else torch.zeros(1) for n in shape]
    if k is None:
        return torch.stack(torch.meshgrid(*along, indexing="ij"))
    along[0] = along[0][k : k + 1]
    return torch.stack(torch.meshgrid(*along, indexing="ij"))[:, 0]


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        for suffix in _SUFFIXES:
            if file.name.endswith(suffix):
                found[file.name.removesuffix(suffix)] = file
                break
    return found


def _read(file: Path) -> sitk.Image:
    try:
        return sitk.ReadImage(str(file))
    except RuntimeError as error:
        raise DataError(f"{file.parent.name}/{file.name} cannot be read as an image") from error


def _header(
    file: Path,
) -> tuple[tuple[int, int, int], tuple[float, float, float], tuple[float, ...], tuple[float, ...]]:
    """Size, spacing (mm), origin (LPS, mm) and direction, without reading the voxels."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise DataError(f"{file.parent.name}/{file.name} cannot be read as an image") from error
    if len(reader.GetSize()) > 3:
        raise DataError(f"{file.parent.name}/{file.name} is not a 3-D image")
    size, spacing = (*reader.GetSize(), 1)[:3], (*reader.GetSpacing(), 1.0)[:3]
    return size, spacing, reader.GetOrigin(), reader.GetDirection()  # type: ignore[return-value]


def _same_place(
    spacing: Sequence[float],
    place: Sequence[Sequence[float]],
    label_spacing: Sequence[float],
    label_place: Sequence[Sequence[float]],
) -> bool:
    """Whether two grids of one size agree, up to what writing a header in single precision loses."""
    (origin, direction), (label_origin, label_direction) = place, label_place
    return (
        len(origin) == len(label_origin)
        and np.allclose(spacing, label_spacing, rtol=1e-3)
        and np.allclose(origin, label_origin, atol=0.1 * min(spacing))
        and np.allclose(direction, label_direction, atol=1e-3)
    )


def _read_patients(folder: Path, images: dict[str, Path]) -> tuple[dict[str, str], set[str]]:
    """The patient of each case that is named, and the patients that are kept apart to measure by."""
    file = folder / "patients.csv"
    if not file.exists():
        return {}, set()
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if any(not row.get("case") or not row.get("patient") for row in rows):
        raise DataError("patients.csv needs the columns case and patient, filled in every line")
    unknown = [row["case"] for row in rows if row["case"] not in images]
    if unknown:
        raise DataError(f"patients.csv names {unknown[0]}, which is not in images")
    parts: dict[str, set[str]] = {}
    for row in rows:
        parts.setdefault(row["patient"], set()).add(row.get("part") or "train")
    for patient, named in parts.items():
        if wrong := sorted(named - {"train", "test"}):
            raise DataError(f"the column part of patients.csv says train or test, not {wrong[0]}")
        if len(named) > 1:
            raise DataError(f"patients.csv puts patient {patient} into train and test")
    return {row["case"]: row["patient"] for row in rows}, {name for name, part in parts.items() if part == {"test"}}


def _read_confirmed(
    folder: Path, images: dict[str, Path]
) -> dict[str, tuple[tuple[NativeSlice, ...], tuple[int, ...] | None]]:
    file = folder / "confirmed.json"
    if not file.exists():
        return {}
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        confirmed = {
            str(name): (
                tuple(sorted((int(axis), int(index)) for axis, index in entry["slices"])),
                None if entry.get("corrected_labels") is None else tuple(int(v) for v in entry["corrected_labels"]),
            )
            for name, entry in entries.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError('confirmed.json must map each case to {"slices": [[axis, index], ...]}') from error
    for name, (slices, _) in confirmed.items():
        if name not in images:
            raise DataError(f"confirmed.json names {name}, which is not in images")
        if any(axis not in (0, 1, 2) or index < 0 for axis, index in slices):
            raise DataError(f"confirmed.json names an impossible slice of {name}; axes are 0, 1, 2, indices from 0")
    return confirmed


def _annotated_slices(case: Case) -> tuple[NativeSlice, ...]:
    return tuple((2, k) for k in range(case.size[2])) if case.slices is None else case.slices


def _nearest_mm(train: Iterable[Case], hidden: dict[str, tuple[NativeSlice, ...]]) -> float | None:
    apart = [
        abs(index - other) * case.spacing_mm[axis]
        for case in train
        for axis, index in hidden.get(case.name, ())
        for on, other in case.slices or ()
        if on == axis
    ]
    return min(apart, default=None)


def _positions(grid: ModelGrid, axis: int) -> NDArray[np.float64]:
    """Where the model's slices lie along an axis, in image voxels."""
    centres_mm = (np.arange(grid.shape[axis], dtype=np.float64) + 0.5) * grid.spacing_mm[axis]
    return centres_mm / np.float64(grid.image_spacing_mm[axis]) - 0.5


def _met(grid: ModelGrid, axis: int, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Model slices and the annotated image slice each takes its labels from."""
    if not wanted:
        return
    image_slices = np.array(sorted(wanted))
    apart = np.abs(_positions(grid, axis)[:, None] - image_slices[None, :]) * grid.image_spacing_mm[axis]
    reach = max(grid.spacing_mm[axis], grid.image_spacing_mm[axis]) / 2 + 1e-6
    nearest_model = apart.argmin(0)
    for n, row in enumerate(apart):
        if row.min() <= reach or n in nearest_model:
            yield n, int(image_slices[row.argmin()])


def _pick(choices: Sequence[T], generator: torch.Generator) -> T:
    return choices[int(torch.randint(len(choices), (), generator=generator))]
