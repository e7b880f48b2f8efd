"""What a model folder says of itself: `manifest.json` beside `model.onnx`, checked file by file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

SCHEMA_VERSION = 2
MANIFEST_FILE = "manifest.json"
NETWORK_FILE = "model.onnx"
WEIGHTS_FILE = "weights.safetensors"
CARD_FILE = "card.md"

OWN_AXES = "KJI"
_THEIRS = ("aligned", "scaled", "cropped", "centred", "steps", "weights")  # ways of others; of segmentation alone
_PAIR = {"L": "LR", "R": "LR", "P": "PA", "A": "PA", "S": "SI", "I": "SI"}

JsonValue = Any


class ManifestError(Exception):
    """A model folder is not to be trusted or not understood; one sentence says which file and why."""


class ModelError(Exception):
    """A model cannot run or gave a result that must not be shown; one sentence says why."""


def of_the_image(axes: str) -> bool:
    """Whether axes of a model are axes of the image, in any order, and not directions in the patient."""
    return sorted(axes) == sorted(OWN_AXES)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(_Frozen):
    """A coded concept, DICOM PS3.3 section 8: e.g. ("4421005", "SCT", "Cell structure")."""

    value: str
    scheme: str
    meaning: str


class LabelClass(_Frozen):
    """One structure that a segmentation model gives: its value, its name, an sRGB colour 0..255. threshold: the
    probability from which a voxel belongs to it, where labels are told one by one, or from which a box is shown at
    first."""

    value: Annotated[int, Field(ge=1, le=254)]
    name: str
    colour: tuple[int, int, int]
    code: Code | None = None
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5


class PercentileIntensity(_Frozen):
    """Values between two percentiles of the image's finite voxels go to a range; those beyond are clipped."""

    rule: Literal["percentile"] = "percentile"
    lower: float = 0.5
    upper: float = 99.5
    to: tuple[float, float] = (0.0, 1.0)


class WindowIntensity(_Frozen):
    """Values from low to high, in the image's unit (HU of a CT), go to a range; those beyond are clipped."""

    rule: Literal["window"] = "window"
    low: float
    high: float
    to: tuple[float, float] = (0.0, 1.0)

    @model_validator(mode="after")
    def _rising(self) -> WindowIntensity:
        if self.high <= self.low:
            raise ValueError("high must be above low")
        return self


class StandardIntensity(_Frozen):
    """Values minus their mean, by their standard deviation: that of the image's finite voxels, or of those but zero,
    which then stay zero (nnU-Net's use_mask_for_norm, MONAI's nonzero)."""

    rule: Literal["standard"] = "standard"
    but_zero: bool = False


class FixedIntensity(_Frozen):
    """Values clipped to low..high, minus a mean, by a standard deviation, all known from the training set in the
    image's unit: what nnU-Net does to CT."""

    rule: Literal["fixed"] = "fixed"
    low: float
    high: float
    mean: float
    deviation: Annotated[float, Field(gt=0)]


class StoredIntensity(_Frozen):
    """Values as they are."""

    rule: Literal["stored"] = "stored"


Intensity = Annotated[
    PercentileIntensity | WindowIntensity | StandardIntensity | FixedIntensity | StoredIntensity,
    Field(discriminator="rule"),
]


class Preprocessing(_Frozen):
    """How an image becomes the model's input.

    axes: the directions in which the model's axes k, j, i grow, the last three of its input; "SPL" is a grid whose
    slices follow one another towards the head, rows towards the back and columns towards the left. The image's axes
    that run nearest to these are taken. The letters of OWN_AXES, in any order: axes of the image, whatever they are;
    "IJK" is a model whose first axis is that along which columns follow one another. spacing_mm is along i, j, k; None:
    the image's own, of k alone with 2 dimensions, or of all. size: rows and columns to which a slice is stretched,
    whatever its spacing.

    With 2 dimensions the model sees context_slices slices along k as channels (2.5-D from 3 on) and predicts the
    middle one; with 3 it sees a block, with one channel. copies: how often the channels are repeated, for a network
    that was made for colour. patch: rows and columns, or slices, rows and columns, that it sees at once, sliding over
    the image with an overlap; None: all of a slice, or of the volume. Sizes are padded to a multiple of size_multiple,
    and to the patch, by what padding says of the scaled values. mirrors: the axes along which a mirrored image is as
    good as the image, for test-time augmentation; not the one from left to right where labels have sides.

    Others resample, pad and slide in other ways, and a segmentation model is right only with its own. aligned: by the
    edges of the first voxels of the image and of the resampled one, by their centres, or by the edges of the first and
    of the last, so that the image is stretched a little. scaled: before or after the image is resampled. cropped: what
    is 0 all around is left out first, and is background then. centred: padded before as much as after, and not only
    after. steps: patches lie evenly apart, or as far as the overlap lets them but for the last. weights, by which
    overlapping patches are blended: nnunet is its Gaussian, half a voxel further on and smaller at the ends.
    """

    axes: str = "SPL"
    spacing_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat | None] | None = None
    size: tuple[PositiveInt, PositiveInt] | None = None
    dimensions: Literal[2, 3] = 2
    context_slices: PositiveInt = 1
    copies: PositiveInt = 1
    patch: tuple[PositiveInt, PositiveInt] | tuple[PositiveInt, PositiveInt, PositiveInt] | None = None
    overlap: Annotated[float, Field(ge=0, le=0.9)] = 0.5
    size_multiple: PositiveInt = 1
    padding: Literal["zero", "edge", "reflect"] = "zero"
    aligned: Literal["edges", "centres", "ends"] = "edges"
    scaled: Literal["before", "after"] = "before"
    cropped: bool = False
    centred: bool = False
    steps: Literal["even", "fixed"] = "even"
    weights: Literal["gaussian", "nnunet", "equal"] = "gaussian"
    intensity: Intensity = PercentileIntensity()
    mirrors: frozenset[Literal["k", "j", "i"]] = frozenset()

    @field_validator("axes")
    @classmethod
    def _each_direction_once(cls, axes: str) -> str:
        if not of_the_image(axes) and sorted(_PAIR.get(letter, "") for letter in axes) != ["LR", "PA", "SI"]:
            raise ValueError(f"axes must be those of {OWN_AXES} or one each of L or R, P or A, S or I, e.g. SPL")
        return axes

    @field_validator("context_slices")
    @classmethod
    def _odd(cls, context_slices: int) -> int:
        if context_slices % 2 == 0:
            raise ValueError("context_slices must be odd: the slice and as many neighbours on either side")
        return context_slices

    @model_validator(mode="after")
    def _of_one_kind(self) -> Preprocessing:
        if self.dimensions == 3 and self.context_slices != 1:
            raise ValueError("a model of three dimensions has no context_slices")
        if self.dimensions == 3 and self.spacing_mm is not None and self.spacing_mm[2] is None:
            raise ValueError("a model of three dimensions has all of spacing_mm, or none of it")
        if self.size is not None and self.aligned != "edges":
            raise ValueError("slices that are stretched to a size are aligned by their edges")
        if self.patch is not None and len(self.patch) != self.dimensions:
            raise ValueError(f"patch must have {self.dimensions} sizes, as the model has dimensions")
        if self.patch is not None and any(side % self.size_multiple for side in self.patch):
            raise ValueError("the sizes of patch must be multiples of size_multiple")
        return self

    def differs_in(self, name: str) -> bool:
        """Whether a field is not as models of ours have it."""
        return getattr(self, name) != type(self).model_fields[name].default

    @property
    def channels(self) -> int:
        """How many channels the network's input has."""
        return self.context_slices * self.copies


class ParentModel(_Frozen):
    """The version a model was fine-tuned from; sha256 is that of its model.onnx."""

    name: str
    version: str
    sha256: str


class Scores(_Frozen):
    """What a classification model scores, its classes being the manifest's labels. activation, temperature and the
    labels' thresholds make probabilities and answers of its first output, (N, classes), which has no background.

    of "slice": the network sees slices one by one, N of them; the series' score of a class is the mean, or the max,
    of its slices' probabilities, as gathered says. of "series": it sees the series at once, N being 1: of three
    dimensions a block (1, channels, K, J, I), of two dimensions its slices as a sequence, (1, K, channels, J, I).
    over "time": a sequence is a slice at all time points, (1, T, channels, J, I), their values scaled alike; the
    network sees the slices one after the other, and gathered makes the series' score of theirs.
    slices: how many slices, or time points, evenly apart (the nearest of the model's grid, so some twice where it has
    fewer); None: all.

    Outputs by their names, each a part of the graph: cam, heat maps (N, classes, h, w), or those that a linear layer
    behind a global mean has from features (N, C, h, w) and weights (classes, C). h and w reach over what the network
    sees. Of a sequence N is K there; of a block there is an axis more, (1, classes or C, d, h, w). attention (1, K):
    the weight of each slice of a sequence.
    """

    of: Literal["slice", "series"] = "slice"
    over: Literal["slices", "time"] = "slices"
    gathered: Literal["mean", "max"] = "max"
    slices: PositiveInt | None = None
    cam: str | None = None
    features: str | None = None
    weights: str | None = None
    attention: str | None = None

    @model_validator(mode="after")
    def _one_kind_of_heat(self) -> Scores:
        if (self.features is None) != (self.weights is None):
            raise ValueError("features and weights make heat maps together: the manifest names only one of them")
        if self.cam is not None and self.features is not None:
            raise ValueError("heat maps are cam, or made of features and weights, not both")
        if self.over == "time" and self.of != "series":
            raise ValueError("a sequence over time points is of the series")
        if self.of == "slice" and (self.slices is not None or self.attention is not None):
            raise ValueError("slices and attention are of models that see a series at once")
        return self

    @property
    def by_slice(self) -> bool:
        """Whether each slice has scores of its own, of which gathered makes those of the series."""
        return self.of == "slice" or self.over == "time"

    @property
    def has_heat(self) -> bool:
        """Whether the graph tells where its scores come from."""
        return self.cam is not None or self.features is not None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The graph's outputs that are named."""
        return tuple(name for name in (self.cam, self.features, self.weights, self.attention) if name is not None)


class Boxes(_Frozen):
    """What a detection model finds on each slice, or in each block, that it sees, its classes being the manifest's
    labels.

    places, scores and labels are the names of its outputs: boxes (N, M, 4) of x0, y0, x1, y1, or (N, M, 6) of x0, y0,
    z0, x1, y1, z1 of a model of three dimensions, in pixels of its input, 0 being the outer edge of the first one;
    scores (N, M), which the manifest's activation and temperature make probabilities; and labels (N, M), of which
    first_label is the first one's number. A model of one label may lack these (None). Heat maps and anchors are made
    boxes within the graph.

    lowest: the score below which nothing is told to anybody; from which score a box is shown at first is told by the
    thresholds of the labels. overlap: of two boxes of a label whose intersection is a larger part of their union, the
    one of the lower score is dropped. joined: boxes of a label on neighbouring slices whose intersection is a larger
    part of their union are one finding; None: each is one for itself.
    """

    places: str = "boxes"
    scores: str = "scores"
    labels: str | None = "labels"
    first_label: Literal[0, 1] = 1
    lowest: Annotated[float, Field(gt=0, lt=1)] = 0.05
    overlap: Annotated[float, Field(ge=0, le=1)] = 0.3
    joined: Annotated[float, Field(ge=0, lt=1)] | None = 0.3


class Contrast(_Frozen):
    """The synthetic contrast that a translation gives: its modality and unit, and the values that its output's 0 and 1
    stand for."""

    modality: str
    unit: str = ""
    low: float
    high: float

    @model_validator(mode="after")
    def _rising(self) -> Contrast:
        if not self.low < self.high < float("inf"):
            raise ValueError("high must be above low")
        return self


class Picture(_Frozen):
    """What image an enhancement or translation model makes of what it sees.

    The first output is (N, 1, [K,] scale * J, scale * I), scaled as the input is. Of an enhancement it is the input,
    interpolated linearly to scale times its rows and columns (as cv2.resize or ONNX Resize, half_pixel), plus a
    residual that the network itself keeps within residual_bound, in scaled values: y = x + a * tanh(r). The residual
    is put back into the image's unit by the intensity rule and added to the image. A translation has no bound, for it
    gives a synthetic contrast, which gives describes. figures: what the card tells of its quality, PSNR for instance.
    """

    scale: Annotated[int, Field(ge=1, le=8)] = 1
    residual_bound: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    gives: Contrast | None = None
    figures: dict[str, float] = {}

    @model_validator(mode="after")
    def _bound_or_synthetic(self) -> Picture:
        if (self.residual_bound is None) == (self.gives is None):
            raise ValueError("a picture has either a residual_bound or, of a translation, a synthetic contrast (gives)")
        if self.gives is not None and self.scale != 1:
            raise ValueError("a translation keeps the grid: its scale is 1")
        return self


class Clicks(_Frozen):
    """What an interactive model sees of a picture, a channel each: grey values, discs on pixels of the region, discs on
    others, if box is set the inside of a person's box (all, without one), and the region as it was before. radius: of
    the discs, in pixels of the input. Its one label is the region."""

    radius: PositiveFloat = 3.0
    box: bool = False

    @property
    def channels(self) -> int:
        return 4 + self.box


class Within(_Frozen):
    """Where a segmentation model looks: about what another model finds in the image first, and nowhere else.

    model: the other's name; labels: those of its labels that are looked about, each by itself, margin_mm on all sides
    of its largest piece. An image that is nowhere longer than alone_mm shows little else: it is looked at whole,
    without the other model.
    """

    model: str
    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    margin_mm: Annotated[float, Field(ge=0)]
    alone_mm: PositiveFloat

    def shows_little_else(self, size: Sequence[int], spacing_mm: Sequence[float]) -> bool:
        """Whether an image of so many voxels, and so far apart along each axis, is looked at whole."""
        return max(n * mm for n, mm in zip(size, spacing_mm, strict=True)) <= self.alone_mm


Task = Literal["segmentation", "classification", "detection", "enhancement", "translation", "interactive"]
_SECTION: dict[Task, str] = {
    "classification": "scores",
    "detection": "boxes",
    "enhancement": "picture",
    "translation": "picture",
    "interactive": "clicks",
}
Statistic = Literal[
    "p10", "p50", "p90", "foreground", "gradient", "field_k_mm", "field_j_mm", "field_i_mm", "undecided"
]


class SeenImages(_Frozen):
    """What the images looked like that a model learnt from: of each statistic of inference.seen its 1st and its 99th
    percentile over so many images. Written when a model is exported; without it nothing is said of how usual an image
    is."""

    images: PositiveInt
    ranges: dict[Statistic, tuple[float, float]]

    @field_validator("ranges")
    @classmethod
    def _rising(cls, ranges: dict[Statistic, tuple[float, float]]) -> dict[Statistic, tuple[float, float]]:
        if any(not low <= high for low, high in ranges.values()):  # not <=: neither is one a number that is none
            raise ValueError("each range must go from the lower to the higher value")
        return ranges


def model_name(title: str) -> str:
    """A name for a model, as a manifest allows it, that resembles its title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "model"


class ModelManifest(_Frozen):
    """Everything that is needed to run a model and to say afterwards what was run.

    files maps each file of the folder but the manifest to its SHA-256. network is the description from which
    training can build the network again; training is a summary for people and for a repeated run.

    activation makes probabilities of the network's output. softmax: one class of each voxel, the first channel being
    the background. sigmoid: each label by itself, one channel a label. probabilities, each: the output is that of a
    softmax, or of sigmoids, already. Outputs are divided by temperature before (Guo et al. 2017); what are
    probabilities already, as the logits that they came from. several: whose a voxel is that several labels have, told
    one by one: the most probable one's, or that of the last of them (nnU-Net's regions, which lie in one another).
    networks: the files whose mean is the answer, an ensemble if there are several; mean_of says of what. resampled:
    what is resampled to the image, of which the labels then are.
    scores, boxes, picture, clicks: what only models of such a task have; within only some that segment.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]*$")]
    title: str
    description: str = ""
    task: Task
    modalities: list[str]
    body_part: str
    labels: list[LabelClass]
    preprocessing: Preprocessing
    activation: Literal["softmax", "sigmoid", "probabilities", "each"] = "softmax"
    several: Literal["likeliest", "last"] = "likeliest"
    temperature: PositiveFloat = 1.0
    mean_of: Literal["probabilities", "logits"] = "probabilities"
    resampled: Literal["logits", "probabilities"] = "logits"
    networks: Annotated[list[str], Field(min_length=1)] = [NETWORK_FILE]
    scores: Scores | None = None
    boxes: Boxes | None = None
    picture: Picture | None = None
    clicks: Clicks | None = None
    within: Within | None = None
    seen: SeenImages | None = None
    licence_code: str
    licence_weights: str
    parent: ParentModel | None = None
    training: dict[str, JsonValue] = {}
    network: dict[str, JsonValue] = {}
    created: str
    files: dict[str, str] = {}

    @model_validator(mode="after")
    def _labels_are_channels(self) -> ModelManifest:
        if [label.value for label in self.labels] != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must be numbered 1, 2, 3, ... in the order of the model's channels")
        return self

    @model_validator(mode="after")
    def _of_its_task(self) -> ModelManifest:
        own = _SECTION.get(self.task)
        for name in dict.fromkeys(_SECTION.values()):
            if (getattr(self, name) is not None) != (name == own):
                raise ValueError(f"a model of {self.task} has {own or 'none'} of scores, boxes, picture and clicks")
        if self.within is not None and (self.task != "segmentation" or self.within.model == self.name):
            raise ValueError("only a segmentation model looks within what another one finds")
        if self.picture is not None:
            self._check_picture(self.picture)
        if own is not None and (theirs := [name for name in _THEIRS if self.preprocessing.differs_in(name)]):
            raise ValueError(f"only a segmentation model has its own {', '.join(theirs)}")
        if bool(self.labels) != (own != "picture"):
            raise ValueError("labels are what a model tells apart; one that makes pictures has none")
        if self.clicks is not None and (
            len(self.labels) != 1 or self.activation != "sigmoid" or self.preprocessing.size is None
        ):
            raise ValueError("an interactive model has one label, a sigmoid activation, and a size that it sees")
        if self.boxes is not None:
            self._check_boxes(self.boxes)
        if self.scores is not None:
            self._sees_it_whole(self.scores)
        return self

    def _check_boxes(self, boxes: Boxes) -> None:
        if self.activation == "softmax":
            raise ValueError("scores of boxes are told one by one: their activation is sigmoid or probabilities")
        if len(self.networks) > 1:
            raise ValueError("boxes of several networks have no mean")
        if boxes.labels is None and len(self.labels) > 1:
            raise ValueError("a model of several labels has to tell which one a box is of")
        if any(label.threshold < boxes.lowest for label in self.labels):
            raise ValueError("no label can have a threshold below the lowest score that is told")

    def _sees_it_whole(self, scores: Scores) -> None:
        if self.preprocessing.patch is not None:
            raise ValueError("a classification model sees slices, or blocks, whole: it has no patch")
        if len(self.networks) != 1:
            raise ValueError("a classification model has one network")
        if self.preprocessing.dimensions == 3 and scores.of == "slice":
            raise ValueError("a classification model of three dimensions scores the series")
        if self.preprocessing.dimensions == 3 and scores.over == "time":
            raise ValueError("a sequence over time points is of slices: it has two dimensions")
        if self.preprocessing.dimensions == 3 and scores.attention is not None:
            raise ValueError("attention is of sequences of slices, not of a block")

    def _check_picture(self, picture: Picture) -> None:
        if (self.task == "enhancement") != (picture.residual_bound is not None):
            raise ValueError("an enhancement has a residual_bound, a translation says which contrast it gives")
        if self.preprocessing.spacing_mm is not None or self.preprocessing.size is not None:
            raise ValueError("a model that makes pictures sees the image's own grid: no spacing_mm and no size")
        if self.preprocessing.dimensions == 3 and picture.scale != 1:
            raise ValueError("a model of three dimensions keeps the grid: its scale is 1")
        if len(self.networks) != 1:
            raise ValueError("a model that makes pictures has one network")

    @property
    def one_by_one(self) -> bool:
        """Whether each label is told by itself and not as one class of several."""
        return self.activation in ("sigmoid", "each")

    @property
    def classes(self) -> int:
        """Number of output channels: the labels and, if they exclude one another, the background; of scores only the
        labels."""
        return len(self.labels) + (not self.one_by_one and self.scores is None)

    @property
    def over_time(self) -> bool:
        """Whether it sees the time points of a series."""
        return self.scores is not None and self.scores.over == "time"

    @property
    def input_axes(self) -> int:
        """How many axes the network's input has."""
        sequence = self.scores is not None and self.scores.of == "series"
        return 5 if sequence else 2 + self.preprocessing.dimensions


def load_manifest(folder: Path) -> ModelManifest:
    """The manifest of a model folder, after every file in it has been found to be the one it names.

    Raises ManifestError for a missing or unreadable manifest, an unknown schema version, a file that is
    missing, changed, not a plain file of this folder, or not listed.
    """
    path = folder / MANIFEST_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"{folder.name}: {MANIFEST_FILE} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ManifestError(f"{folder.name}: {MANIFEST_FILE} is not JSON ({error})") from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        raise ManifestError(
            f"{folder.name}: manifest version {version!r} is unknown; this program reads version {SCHEMA_VERSION}"
        )
    try:
        manifest = ModelManifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ManifestError(f"{folder.name}: {MANIFEST_FILE} is wrong at {where or 'top'}: {first['msg']}") from error
    for name in manifest.networks:
        if name not in manifest.files:
            raise ManifestError(f"{folder.name}: the manifest does not list {name}")
    for name, expected in manifest.files.items():
        _check_file(folder, name, expected)
    return manifest


def write_manifest(manifest: ModelManifest, folder: Path) -> ModelManifest:
    """Write the manifest of a folder with the hashes of all the files in it; returns it as written."""
    listed = [file for file in sorted(folder.iterdir()) if file.is_file() and file.name != MANIFEST_FILE]
    manifest = manifest.model_copy(update={"files": {file.name: file_sha256(file) for file in listed}})
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_file(folder: Path, name: str, expected: str) -> None:
    if Path(name).name != name or name in ("", ".", ".."):
        raise ManifestError(f"{folder.name}: the manifest names a file outside its folder: {name!r}")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise ManifestError(f"{folder.name}: {name} is missing or is not a plain file")
    if file_sha256(path) != expected:
        raise ManifestError(f"{folder.name}: {name} was changed after the model was made (its hash is another one)")
