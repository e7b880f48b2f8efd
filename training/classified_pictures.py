"""A folder of pictures and what a person said of them: which classes there are, what is held out, what a step draws.

    images/      PNG, JPEG, NIfTI, NRRD or MHA files of one slice each
    labels.csv   image (a file's name), then either `label`, one class of several that exclude one another, or
                 `findings`, those that are there, apart by |, "No Finding" being none; optionally `patient`
    patients.csv case, patient; if labels.csv does not say

A picture that labels.csv does not name, or of which it leaves the field empty, is unlabelled.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.manifest import Preprocessing
from inference.preprocess import model_grid, to_model_grid
from training.augment import weak_affine
from training.dataset import DataError, Learnt, known_as, read_image_file

NO_FINDING = "No Finding"
LABELS_FILE = "labels.csv"

Kind = Literal["label", "findings"]

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".png", ".jpg", ".jpeg")
_HELD_OUT = 1 / 3  # of the patients with labels
_CALIBRATION = 0.1  # of the patients with labels: the temperature has to be found on others than it is judged on
_LEAST_PATIENTS = 3


@dataclass(frozen=True)
class Picture:
    """One picture. classes: those that a person found in it, () being none of them; None is unlabelled."""

    name: str
    patient: str
    file: Path
    classes: tuple[str, ...] | None


@dataclass(frozen=True)
class PictureSplit:
    """Pictures to train on, labelled or not; to find the temperature on; and to measure on. No patient is in two."""

    kind: Kind
    classes: tuple[str, ...]
    train: tuple[Picture, ...]
    calibration: tuple[Picture, ...]
    held_out: tuple[Picture, ...]

    def known_after(self, learnt: Learnt) -> Learnt:
        """Whom a model knows that was trained and calibrated on this split, too."""
        trained = {known_as("patient", picture.patient) for picture in (*self.labelled, *self.calibration)}
        held = {known_as("patient", picture.patient) for picture in self.held_out}
        return Learnt(frozenset((learnt.held_out | held) - trained), learnt.trained_on | trained)

    @property
    def labelled(self) -> tuple[Picture, ...]:
        return tuple(picture for picture in self.train if picture.classes is not None)


def read_pictures(folder: Path) -> tuple[Kind, list[Picture]]:
    """The pictures of a folder, in the order of their names, and whether their classes exclude one another ("label").

    No picture is read yet. Raises DataError for what is missing, or does not fit in labels.csv or patients.csv.
    """
    files = image_files(folder / "images")
    if not files:
        raise DataError("the dataset has no images: put PNG, JPEG, NIfTI, NRRD or MHA files into its folder images")
    kind, rows = _read_labels(folder / LABELS_FILE, files)
    patients = read_patients(folder / "patients.csv", files)
    pictures = []
    for stem, file in files.items():
        row = rows.get(stem, {})
        patient = row.get("patient") or patients.get(stem) or stem
        pictures.append(Picture(stem, patient, file, _classes(row.get(kind, ""), kind, file.name)))
    return kind, pictures


def split_pictures(kind: Kind, pictures: Sequence[Picture], seed: int, learnt: Learnt | None = None) -> PictureSplit:
    """Hold out a third of the patients with labels, and a tenth more for calibration, by the seed and their names.

    Patients held out before stay so, and none that the model has learnt is held out or calibrated on. Classes are those
    of all labels, by name. Raises DataError for fewer than three patients with labels or fewer than two classes that
    exclude one another, if a class is in none of the pictures to train on, or if nobody is left to judge the model by.
    """
    learnt = learnt or Learnt()
    with_labels = sorted({picture.patient for picture in pictures if picture.classes is not None})
    if len(with_labels) < _LEAST_PATIENTS:
        raise DataError(f"pictures of {len(with_labels)} patients have labels: {_LEAST_PATIENTS} are needed at least")
    classes = tuple(sorted({name for picture in pictures for name in picture.classes or ()}))
    if len(classes) < (2 if kind == "label" else 1):
        raise DataError(f"{LABELS_FILE} names {len(classes)} classes: there is nothing to tell apart")
    order = [with_labels[n] for n in np.random.default_rng(seed).permutation(len(with_labels))]
    held, more = max(1, int(len(order) * _HELD_OUT)), int(len(order) * _CALIBRATION)
    unknown = [one for one in order if known_as("patient", one) not in learnt.trained_on]
    before = [one for one in unknown if known_as("patient", one) in learnt.held_out]
    fresh = [one for one in unknown if one not in before]
    new = max(0, held - len(before))
    measured, calibrated = {*before, *fresh[:new]}, set(fresh[new : new + more])
    if not measured:
        raise DataError("the model has learnt from all patients with labels: add pictures of others to judge it by")
    known = [picture for picture in pictures if picture.classes is not None]
    split = PictureSplit(
        kind,
        classes,
        tuple(picture for picture in pictures if picture.patient not in measured | calibrated),
        tuple(picture for picture in known if picture.patient in calibrated),
        tuple(picture for picture in known if picture.patient in measured),
    )
    return _with_each_class(split)


def keep_labelled_pictures(split: PictureSplit, count: int, seed: int) -> PictureSplit:
    """The split with only `count` of its labelled training pictures, drawn by seed; the rest become unlabelled.

    The first drawn are one of each class, so that none is lost; the others are drawn as they come. No more pictures
    than these, or ten, are left for calibration either. Raises DataError if there are fewer pictures, or more classes.
    """
    labelled = split.labelled
    if not len(split.classes) <= count <= len(labelled):
        raise DataError(
            f"{count} labelled pictures were asked for; {len(labelled)} are there to train on, of {len(split.classes)} "
            "classes"
        )
    draw = np.random.default_rng(seed)
    order = [labelled[n] for n in draw.permutation(len(labelled))]
    kept: dict[str, Picture] = {}
    for name in split.classes:
        first = next(picture for picture in order if name in (picture.classes or ()))
        kept.setdefault(first.name, first)
    for picture in order:
        if len(kept) < count:
            kept.setdefault(picture.name, picture)
    train = tuple(picture if picture.name in kept else replace(picture, classes=None) for picture in split.train)
    fewer = draw.permutation(len(split.calibration))[: max(10, count)]
    return replace(split, train=train, calibration=tuple(split.calibration[n] for n in sorted(fewer)))


def load_picture(picture: Picture, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """A picture on the model's grid, (1, J, I) in [0, 1]. Raises DataError for a file of several slices."""
    image = read_image_file(picture.file)
    if image.GetSize()[2] != 1:
        raise DataError(
            f"images/{picture.file.name} has {image.GetSize()[2]} slices; classifiers are trained on pictures of one"
        )
    return to_model_grid(image, model_grid(image, preprocessing), preprocessing.intensity)


def target_of(pictures: Sequence[Picture], classes: Sequence[str]) -> Tensor:
    """(N, classes) bool: what a person found in pictures that have labels."""
    return torch.tensor([[name in (picture.classes or ()) for name in classes] for picture in pictures])


class PictureSampler:
    """Draws batches of weakly augmented pictures from those to train on.

    What a step gets depends only on the seed and the step's number, so each arm of a comparison sees the same labelled
    pictures in the same poses. shares (labelled pictures), if given, is how often each is drawn.
    """

    def __init__(
        self, split: PictureSplit, preprocessing: Preprocessing, seed: int, shares: Tensor | None = None
    ) -> None:
        self._seed = seed
        self._labelled = [load_picture(p, preprocessing).astype(np.float16) for p in split.labelled]
        unlabelled = [p for p in split.train if p.classes is None]
        self._unlabelled = [load_picture(p, preprocessing).astype(np.float16) for p in unlabelled]
        self._target = target_of(split.labelled, split.classes)
        self._shares = torch.ones(len(self._labelled)) if shares is None else shares
        of_patient: dict[str, list[int]] = {}
        for n, picture in enumerate(unlabelled):
            of_patient.setdefault(picture.patient, []).append(n)
        self._of_patient = [of_patient[patient] for patient in sorted(of_patient)]

    @property
    def unlabelled_pictures(self) -> int:
        return len(self._unlabelled)

    def plain(self, unlabelled: bool, batch: int = 64) -> Iterator[Tensor]:
        """Batches (N, 1, J, I) of the labelled pictures as they are, and, if asked for, of the unlabelled ones."""
        every = self._labelled + (self._unlabelled if unlabelled else [])
        parts = max(1, len(every) // batch)  # none is left with a single picture
        for part in range(parts):
            yield torch.from_numpy(np.stack(every[part::parts]).astype(np.float32))

    def generator(self, step: int, purpose: int) -> torch.Generator:
        """Random numbers of a step; those of different purposes have nothing to do with each other."""
        seeds = np.random.SeedSequence((self._seed, step, purpose)).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(seeds[0] >> 1))

    def labelled(self, step: int, count: int) -> tuple[Tensor, Tensor]:
        """Pictures (count, 1, J, I) float32 in [0, 1] and their classes (count, classes) bool."""
        generator = self.generator(step, 0)
        drawn = torch.multinomial(self._shares, count, replacement=True, generator=generator)
        pictures = [_posed(self._labelled[int(n)], generator) for n in drawn]
        return torch.stack(pictures), self._target[drawn]

    def unlabelled(self, step: int, count: int, views: int) -> list[Tensor]:
        """So many views (count, 1, J, I), each in poses of its own, of the same pictures.

        Drawn uniformly over patients, then over their pictures.
        """
        generator = self.generator(step, 1)
        drawn = []
        for patient in torch.randint(len(self._of_patient), (count,), generator=generator).tolist():
            own = self._of_patient[patient]
            drawn.append(own[int(torch.randint(len(own), (), generator=generator))])
        return [torch.stack([_posed(self._unlabelled[n], generator) for n in drawn]) for _ in range(views)]


def _posed(voxels: NDArray[np.float16], generator: torch.Generator) -> Tensor:
    _, rows, columns = voxels.shape
    nothing = torch.zeros(rows, columns, dtype=torch.uint8)
    centre = (rows - 1) / 2, (columns - 1) / 2
    picture = torch.from_numpy(voxels.astype(np.float32))
    return weak_affine(picture, nothing, centre, (rows, columns), generator)[0]


def _with_each_class(split: PictureSplit) -> PictureSplit:
    found = {name for picture in split.labelled for name in picture.classes or ()}
    missing = [name for name in split.classes if name not in found]
    if missing:
        raise DataError(f"no picture that is left to train on has {missing[0]}: label more of them, or none")
    return split


def image_files(folder: Path) -> dict[str, Path]:
    """The image files of a folder by their names without the ending. Raises DataError where two have one name."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        stem = stem_of(file.name)
        if stem is None:
            continue
        if stem in found:
            raise DataError(f"images has {found[stem].name} and {file.name}: names must differ before their ending")
        found[stem] = file
    return found


def stem_of(name: str) -> str | None:
    """A file's name without the ending of an image; None if it has no such ending."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return None


def _read_labels(file: Path, files: dict[str, Path]) -> tuple[Kind, dict[str, dict[str, str]]]:
    rows = list(rows_of(file))
    columns = rows[0].keys() if rows else ()
    given = [kind for kind in ("label", "findings") if kind in columns]
    if "image" not in columns or len(given) != 1:
        raise DataError(f"{LABELS_FILE} needs the column image and either label or findings")
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        stem = stem_of(row["image"]) or row["image"]
        if stem not in files:
            raise DataError(f"{LABELS_FILE} names {row['image'] or 'no image'}, which is not in images")
        if stem in found:
            raise DataError(f"{LABELS_FILE} names {row['image']} twice")
        found[stem] = row
    return ("label" if "label" in given else "findings"), found


def read_patients(file: Path, files: dict[str, Path]) -> dict[str, str]:
    """Whose images they are, by the names of image_files, as a table of case and patient says; {} without the table.
    Raises DataError."""
    if not file.exists():
        return {}
    found: dict[str, str] = {}
    for row in rows_of(file):
        case = row.get("case", "")
        stem = stem_of(case) or case
        if not row.get("patient") or stem not in files:
            raise DataError(f"{file.name} needs the columns case and patient, and only cases that are in images")
        found[stem] = row["patient"]
    return found


def rows_of(file: Path) -> Iterator[dict[str, str]]:
    """The lines of a table by its columns. Raises DataError for what is no table."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {str(key): (value or "").strip() for key, value in row.items() if isinstance(value, str | None)}
    except OSError as error:
        raise DataError(f"{file.name} cannot be read ({error.strerror})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{file.name} is no table of text ({error})") from error


def _classes(field: str, kind: Kind, image: str) -> tuple[str, ...] | None:
    names = tuple(dict.fromkeys(name.strip() for name in field.split("|") if name.strip()))
    if not names:
        return None
    if kind == "label":
        if len(names) > 1:
            raise DataError(f"{LABELS_FILE} gives {image} two labels; what may be there together are findings")
        return names
    none = [name for name in names if name.lower() == NO_FINDING.lower()]
    if none and len(names) > 1:
        raise DataError(f"{LABELS_FILE} says of {image} both {NO_FINDING} and {names[names[0] in none]}")
    return () if none else names
