"""A folder of images and the boxes that a person drew: who looked at which slices, what is held out, what a step draws.

    images/      PNG, JPEG, NIfTI, NRRD or MHA files, of one slice or of several
    boxes.csv    case, label, x, y, width, height; slice, of images of several
    checked.csv  case; slice: slices on which everything that there is has been drawn, so nothing where no box is
    patients.csv case, patient

case is a file's name, with or without its ending. x and y are the left and upper edge in pixels of the slice, 0 being
the outer edge of the first pixel: a box around the first pixel of the first row is 0, 0, 1, 1. slice is the index along
the image's third axis, from 0. Whoever draws a box on a slice draws all that is there: a slice with a box has been
looked at. A line of checked.csv without a slice is of all slices of the case. What has neither a box nor a line there
is unlabelled: nobody knows what is on it, and it is not learnt from as if nothing were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.manifest import Preprocessing
from inference.preprocess import model_grid, to_model_grid
from training.classified_pictures import image_files, read_patients, rows_of, stem_of
from training.dataset import Case, DataError, Learnt, NativeSlice, Split, Unit, known_as, read_image, read_image_file

BOXES_FILE = "boxes.csv"
CHECKED_FILE = "checked.csv"

_HELD_OUT = 1 / 3  # of the patients with boxes, and of those without
_LEAST_PATIENTS = 3
_BEYOND_PX = 1.0  # so far a box may reach out of its image: what rounding does
_EMPTY_SHARE = 0.25  # of the slices of a step, if there are any without a box
_UNLABELLED_SLICES = 32  # of an image: neighbours differ by little
_ROTATION_DEGREES, _LARGEST_SCALE, _SHIFT = 10.0, 1.25, 0.1


@dataclass(frozen=True)
class Box:
    """A box on a slice k of an image. corners: x0, y0, x1, y1 in pixels, 0 being the outer edge of the first one."""

    label: str
    k: int
    corners: tuple[float, float, float, float]


@dataclass(frozen=True)
class BoxedImages:
    """The cases of a folder, whose slices are those that a person has looked at, and the boxes by case."""

    cases: tuple[Case, ...]
    boxes: Mapping[str, tuple[Box, ...]]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({box.label for boxes in self.boxes.values() for box in boxes}))

    def on(self, case: str, k: int) -> tuple[Box, ...]:
        """The boxes on a slice of a case."""
        return tuple(box for box in self.boxes.get(case, ()) if box.k == k)


def read_boxed_images(folder: Path) -> BoxedImages:
    """The images of a folder, in the order of their names, with their boxes.

    Raises DataError for what is missing, or does not fit in boxes.csv, checked.csv or patients.csv.
    """
    files = image_files(folder / "images")
    if not files:
        raise DataError("the dataset has no images: put PNG, JPEG, NIfTI, NRRD or MHA files into its folder images")
    patients = read_patients(folder / "patients.csv", files)
    grids = {}
    for stem, file in files.items():
        image = read_image_file(file)
        grids[stem] = image.GetSize(), image.GetSpacing()
    sizes = {stem: size for stem, (size, _) in grids.items()}
    boxes = _read_boxes(folder / BOXES_FILE, sizes)
    looked_at = _read_checked(folder / CHECKED_FILE, sizes)
    for stem, drawn in boxes.items():
        looked_at.setdefault(stem, set()).update(box.k for box in drawn)
    cases = []
    for stem, file in files.items():
        size, spacing = grids[stem]
        slices: tuple[NativeSlice, ...] = tuple((2, k) for k in sorted(looked_at.get(stem, ())))
        cases.append(Case(stem, patients.get(stem, stem), file, None, size, spacing, slices))
    return BoxedImages(tuple(cases), {stem: tuple(drawn) for stem, drawn in boxes.items()})


def split_boxed_images(images: BoxedImages, seed: int, learnt: Learnt) -> Split:
    """Hold out a third of the patients with boxes and a third of those who have none, by the seed and their names.

    Patients held out before stay so, and none that the model was trained on is held out. A patient without whom a label
    would have nobody to be learnt from is not held out either. Raises DataError for fewer than three patients with
    boxes.
    """
    known = [case for case in images.cases if case.slices]
    patients = sorted({case.patient for case in known})
    labels_of = {patient: _labels_of(images, patient) for patient in patients}
    with_boxes = [patient for patient in patients if labels_of[patient]]
    if len(with_boxes) < _LEAST_PATIENTS:
        raise DataError(f"images of {len(with_boxes)} patients have boxes: {_LEAST_PATIENTS} are needed at least")
    drawn = [patients[n] for n in np.random.default_rng(seed).permutation(len(patients))]
    names = {patient: known_as("patient", patient) for patient in patients}
    held = [one for one in drawn if names[one] in learnt.held_out and names[one] not in learnt.trained_on]
    fresh = [one for one in drawn if names[one] not in learnt.held_out | learnt.trained_on]
    for group in (with_boxes, [patient for patient in patients if not labels_of[patient]]):
        wanted = max(1, int(len(group) * _HELD_OUT)) if group else 0
        for one in (one for one in fresh if one in group):
            if len([other for other in held if other in group]) >= wanted:
                break
            left = {label for other in patients if other not in [*held, one] for label in labels_of[other]}
            if labels_of[one] <= left:
                held.append(one)
    units = tuple(Unit(name, tuple(case for case in known if case.patient == name)) for name in sorted(held))
    train = tuple(case for case in images.cases if case.patient not in held)
    return Split("patients", train, units, {}, len(patients))


def slice_boxes(images: BoxedImages, case: str, k: int, labels: Sequence[str]) -> tuple[Tensor, Tensor]:
    """The boxes (n, 4) on a slice, x0, y0, x1, y1 in pixels of the image, and their labels' numbers (n,), from 0."""
    boxes = images.on(case, k)
    corners = torch.tensor([box.corners for box in boxes], dtype=torch.float32).reshape(-1, 4)
    return corners, torch.tensor([labels.index(box.label) for box in boxes], dtype=torch.int64)


class BoxSampler:
    """Draws batches of slices that a person has looked at, each in a pose of its own, with their boxes.

    Labels are drawn equally often, a quarter of the slices are such without a box, so that neither rare things nor
    nothing at all are drowned by the others. What a step gets depends only on the seed and the step's number.
    """

    def __init__(
        self, split: Split, images: BoxedImages, labels: Sequence[str], preprocessing: Preprocessing, seed: int
    ) -> None:
        self._seed = seed
        self._slices: list[tuple[Tensor, Tensor, Tensor]] = []
        self._with_label: list[list[int]] = [[] for _ in labels]
        self._empty: list[int] = []
        for case in split.train:
            if not case.slices:
                continue
            image = read_image(case)
            grid = model_grid(image, preprocessing)
            voxels = to_model_grid(image, grid, preprocessing.intensity)
            rows, columns = (a / b for a, b in zip(grid.image_spacing_mm[1:], grid.spacing_mm[1:], strict=True))
            for _, k in case.slices:
                corners, numbers = slice_boxes(images, case.name, k, labels)
                for number in set(numbers.tolist()):
                    self._with_label[number].append(len(self._slices))
                if not len(numbers):
                    self._empty.append(len(self._slices))
                scaled = corners * torch.tensor([columns, rows, columns, rows])
                self._slices.append((torch.from_numpy(voxels[k].astype(np.float16)), scaled, numbers))
        self._by_patient = _not_looked_at(split, preprocessing)
        missing = [label for label, found in zip(labels, self._with_label, strict=True) if not found]
        if missing:
            raise DataError(f"no image that is left to train on has {missing[0]}: draw more of them, or none")

    @property
    def unlabelled_slices(self) -> int:
        return sum(map(len, self._by_patient))

    def generator(self, step: int, purpose: int) -> torch.Generator:
        """Random numbers of a step, for one purpose; those of different ones have nothing to do with each other."""
        seeds = np.random.SeedSequence((self._seed, step, purpose)).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(seeds[0] >> 1))

    def drawn(self, step: int, count: int) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Slices (count, 1, J, I) float32 in [0, 1], and of each its boxes (n, 4) in pixels of it and their labels."""
        generator = self.generator(step, 0)
        pictures, boxes = [], []
        for _ in range(count):
            empty = self._empty and float(torch.rand((), generator=generator)) < _EMPTY_SHARE
            label = int(torch.randint(len(self._with_label), (), generator=generator))
            among = self._empty if empty else self._with_label[label]
            picture, corners, numbers = self._slices[among[int(torch.randint(len(among), (), generator=generator))]]
            shown, moved, kept = posed(picture.float(), corners, generator)
            pictures.append(shown[None])
            boxes.append((moved, numbers[kept]))
        return torch.stack(pictures), boxes

    def unlabelled(self, step: int, count: int) -> Tensor:
        """Slices (count, 1, J, I) that nobody has looked at, in poses: uniformly over patients, then over theirs."""
        generator = self.generator(step, 1)
        shown = []
        for patient in torch.randint(len(self._by_patient), (count,), generator=generator).tolist():
            own = self._by_patient[patient]
            picture = own[int(torch.randint(len(own), (), generator=generator))]
            shown.append(posed(picture.float(), torch.zeros(0, 4), generator)[0][None])
        return torch.stack(shown)


def posed(picture: Tensor, corners: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A picture (J, I) rotated up to 10 degrees, scaled 0.8 to 1.25 and shifted up to 10 %, never mirrored, 0 outside;
    its boxes (m, 4) there, and which of those before (n, 4) they are, (n,) bool.

    A box becomes the one about the ellipse that it held: about its own corners it would grow with each degree. One
    whose middle has left the picture is dropped.
    """
    angle, size, down, right = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    turn, scale = math.radians(_ROTATION_DEGREES * angle), _LARGEST_SCALE**size
    cosine, sine = math.cos(turn), math.sin(turn)
    sides = torch.tensor(picture.shape, dtype=torch.float32)
    forth = scale * torch.tensor([[cosine, sine], [-sine, cosine]])  # of rows and columns, from the picture to the pose
    shift = _SHIFT * sides * torch.tensor([down, right])
    rows, columns = (torch.arange(n, dtype=torch.float32) + 0.5 for n in picture.shape)
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1) - sides / 2 - shift
    sources = places @ torch.linalg.inv(forth).T + sides / 2
    grid = (2 * sources / sides - 1).flip(-1)[None]  # grid_sample wants columns first
    shown = F.grid_sample(picture[None, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0, 0]
    low, high = corners[:, [1, 0]], corners[:, [3, 2]]  # rows first
    middle = ((low + high) / 2 - sides / 2) @ forth.T + shift + sides / 2
    reach = (((high - low) / 2) ** 2 @ (forth**2).T).sqrt()
    kept = ((middle > 0) & (middle < sides)).all(dim=1)
    low = (middle - reach).clamp(min=0)[kept]
    high = torch.minimum(middle + reach, sides)[kept]
    return shown, torch.cat([low.flip(1), high.flip(1)], dim=1), kept


def _not_looked_at(split: Split, preprocessing: Preprocessing) -> list[list[Tensor]]:
    """By patient the slices (J, I) float16 of images to train on that nobody has looked at, some of a large volume."""
    found: dict[str, list[Tensor]] = {}
    for case in split.train:
        looked_at = {k for _, k in case.slices or ()}
        free = [k for k in range(case.size[2]) if k not in looked_at]
        if not free:
            continue
        image = read_image(case)
        voxels = to_model_grid(image, model_grid(image, preprocessing), preprocessing.intensity)
        some = free[:: -(-len(free) // _UNLABELLED_SLICES)]
        found.setdefault(case.patient, []).extend(torch.from_numpy(voxels[k].astype(np.float16)) for k in some)
    return [found[patient] for patient in sorted(found)]


def _labels_of(images: BoxedImages, patient: str) -> set[str]:
    own = [case.name for case in images.cases if case.patient == patient]
    return {box.label for name in own for box in images.boxes.get(name, ())}


def _read_boxes(file: Path, sizes: Mapping[str, Sequence[int]]) -> dict[str, list[Box]]:
    if not file.exists():
        raise DataError(f"the dataset has no {BOXES_FILE}: what a person has drawn, a box a line")
    found: dict[str, list[Box]] = {}
    for number, row in enumerate(rows_of(file), 2):
        where = f"{BOXES_FILE}, line {number}"
        stem = _case_of(row, sizes, where)
        size = sizes[stem]
        if not row.get("label"):
            raise DataError(f"{where}: it needs a label")
        x, y, width, height = (_number(row, name, where) for name in ("x", "y", "width", "height"))
        if not (width > 0 and height > 0):
            raise DataError(f"{where}: a box has a width and a height above 0")
        if min(x, y) < -_BEYOND_PX or x + width > size[0] + _BEYOND_PX or y + height > size[1] + _BEYOND_PX:
            raise DataError(f"{where}: the box reaches out of its image, which has {size[0]} x {size[1]} pixels")
        k = _slice_of(row, size[2], where)
        if k is None:
            raise DataError(f"{where}: the image has {size[2]} slices, so the column slice has to say which one")
        corners = (max(x, 0.0), max(y, 0.0), min(x + width, size[0]), min(y + height, size[1]))
        box = Box(row["label"], k, corners)
        if box in found.setdefault(stem, []):
            raise DataError(f"{where}: the same box is there twice")
        found[stem].append(box)
    if not found:
        raise DataError(f"{BOXES_FILE} has no box: there is nothing to learn")
    return found


def _read_checked(file: Path, sizes: Mapping[str, Sequence[int]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for number, row in enumerate(rows_of(file) if file.exists() else (), 2):
        where = f"{CHECKED_FILE}, line {number}"
        stem = _case_of(row, sizes, where)
        k = _slice_of(row, sizes[stem][2], where)
        found.setdefault(stem, set()).update(range(sizes[stem][2]) if k is None else (k,))
    return found


def _case_of(row: Mapping[str, str], sizes: Mapping[str, Sequence[int]], where: str) -> str:
    name = row.get("case", "")
    stem = stem_of(name) or name
    if not name:
        raise DataError(f"{where}: it needs the column case, the name of an image")
    if stem not in sizes:
        raise DataError(f"{where}: {name} is not in images")
    return stem


def _number(row: Mapping[str, str], name: str, where: str) -> float:
    try:
        value = float(row.get(name) or "nothing")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {name} has to be a number, not {row.get(name) or 'nothing'}")
    return value


def _slice_of(row: Mapping[str, str], slices: int, where: str) -> int | None:
    """The slice that a line names; of an image of one slice that one; None if it names none."""
    said = row.get("slice", "")
    if not said:
        return 0 if slices == 1 else None
    if not said.isdecimal() or int(said) >= slices:
        raise DataError(f"{where}: there is no slice {said}, the image has {slices}, counted from 0")
    return int(said)
