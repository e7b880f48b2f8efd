"""What a model folder says of itself: `manifest.json` beside `model.onnx`, checked file by file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

SCHEMA_VERSION = 1
MANIFEST_FILE = "manifest.json"
NETWORK_FILE = "model.onnx"
WEIGHTS_FILE = "weights.safetensors"

JsonValue = Any


class ManifestError(Exception):
    """A model folder is not to be trusted or not understood; one sentence says which file and why."""


class ModelError(Exception):
    """A model cannot run or gave a result that must not be shown; one sentence says why."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(_Frozen):
    """A coded concept, DICOM PS3.3 section 8: e.g. ("4421005", "SCT", "Cell structure")."""

    value: str
    scheme: str
    meaning: str


class LabelClass(_Frozen):
    """One class that a segmentation model gives: its channel and value, its name, an sRGB colour 0..255."""

    value: Annotated[int, Field(ge=1, le=254)]
    name: str
    colour: tuple[int, int, int]
    code: Code | None = None


class PercentileIntensity(_Frozen):
    """Values between two percentiles of the volume's finite voxels go to [0, 1]; those beyond are clipped."""

    rule: Literal["percentile"] = "percentile"
    lower: float = 0.5
    upper: float = 99.5


class Preprocessing(_Frozen):
    """How an image becomes the model's input.

    spacing_mm is along i, j, k of a grid whose axes run nearest to L, P, S. The model sees context_slices
    slices along k as channels (2.5-D) and predicts the middle one. In-plane sizes are padded to a multiple
    of size_multiple.
    """

    orientation: Literal["LPS"] = "LPS"
    spacing_mm: tuple[float, float, float]
    context_slices: Annotated[int, Field(ge=1)]
    size_multiple: Annotated[int, Field(ge=1)]
    intensity: PercentileIntensity = PercentileIntensity()

    @field_validator("context_slices")
    @classmethod
    def _odd(cls, context_slices: int) -> int:
        if context_slices % 2 == 0:
            raise ValueError("context_slices must be odd: the slice and as many neighbours on either side")
        return context_slices


class ParentModel(_Frozen):
    """The version a model was fine-tuned from; sha256 is that of its model.onnx."""

    name: str
    version: str
    sha256: str


class ModelManifest(_Frozen):
    """Everything that is needed to run a model and to say afterwards what was run.

    files maps each file of the folder but the manifest to its SHA-256. network is the description from which
    training can build the network again; training is a summary for people and for a repeated run.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]*$")]
    title: str
    description: str = ""
    task: Literal["segmentation"]
    modalities: list[str]
    body_part: str
    labels: list[LabelClass]
    preprocessing: Preprocessing
    activation: Literal["softmax"] = "softmax"
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

    @property
    def classes(self) -> int:
        """Number of output channels: the labels and the background."""
        return len(self.labels) + 1


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
    if NETWORK_FILE not in manifest.files:
        raise ManifestError(f"{folder.name}: the manifest does not list {NETWORK_FILE}")
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
