"""Networks of others: what their files tell of how they are to be run, and what a person has to be asked.

Understood are an nnU-Net v2 model folder (plans.json, dataset.json), a MONAI bundle (configs/metadata.json,
configs/inference.json) and any other network, of which only its shapes are known. Images go through a network as they
do in the program that it is from, but for the cubic splines by which nnU-Net resamples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from inference.manifest import (
    CARD_FILE,
    NETWORK_FILE,
    OWN_AXES,
    FixedIntensity,
    Intensity,
    LabelClass,
    ManifestError,
    ModelManifest,
    PercentileIntensity,
    Preprocessing,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
    write_manifest,
)
from inference.onnx_file import OnnxFile

Question = Literal["modalities", "labels", "spacing_mm", "intensity", "axes", "activation", "channels", "patch"]
Values = Literal["any", "shares", "each"]
Progress = Callable[[float, str], None]


_TRY_SIDE = 64  # of an input whose size is free; a multiple of what any usual network halves it to
_TRIED_FROM = 32  # sides that are no more than some multiple lie this far above it
_MULTIPLES = (1, 2, 4, 8, 16, 32)
_BLOCK_SIDE = 96  # of the patch that is proposed to a network of three dimensions that takes any
_MOST_JSON = 4 << 20
_MOST_LABELS = 254
_MOST_TEXT = 200
_FOLD = r"fold_[0-9]{1,3}"
_NNUNET_CONFIGURATIONS = ("3d_fullres", "2d", "3d_lowres", "3d_cascade_fullres")
_MODALITIES = {"ct": "CT", "mr": "MR", "mri": "MR", "pt": "PT", "pet": "PT", "us": "US", "cr": "CR", "dx": "DX"}
_LINEAR = {
    "Conv",
    "ConvTranspose",
    "Add",
    "Gemm",
    "MatMul",
    "BatchNormalization",
    "InstanceNormalization",
    "LogSoftmax",
}
# What MONAI does to an image that is done here, too, or that changes nothing of it.
_MONAI_DONE = {
    "Compose", "LoadImage", "EnsureChannelFirst", "AddChannel", "AsChannelFirst", "EnsureType", "ToTensor",
    "CastToType", "ToDevice", "Orientation", "Spacing", "ScaleIntensityRange", "NormalizeIntensity",
    "ScaleIntensityRangePercentiles", "ScaleIntensity", "DivisiblePad", "SpatialPad", "Identity", "SelectItems",
}  # fmt: skip
_MONAI_INTENSITY = ("ScaleIntensityRange", "NormalizeIntensity", "ScaleIntensityRangePercentiles", "ScaleIntensity")
# What it does to a result that is done here, too, or that changes nothing of it.
_MONAI_AFTER = {
    "Compose", "Activations", "AsDiscrete", "Invert", "SaveImage", "CopyItems", "EnsureType", "CastToType",
    "ToTensor", "ToDevice", "Identity", "SelectItems", "DeleteItems", "Squeeze", "SplitDim",
}  # fmt: skip
_MONAI_PADDING = {"constant": "zero", "replicate": "edge", "reflect": "reflect"}
_MONAI_OVERLAP = 0.25  # of a SlidingWindowInferer that does not say


@dataclass(frozen=True)
class Network:
    """What a network's input and output are like: dimensions 2 or 3; patch is None where the sizes may be any, then
    multiples of multiple.

    values: what it made of noise: "any" logits, "shares" of 1 (a softmax is in it), "each" from 0 to 1 (a sigmoid is).
    """

    dimensions: Literal[2, 3]
    channels: int
    patch: tuple[int, ...] | None
    classes: int
    values: Values
    multiple: int = 1


@dataclass(frozen=True)
class Brought:
    """What is known of a network of others. known holds fields of a manifest and of its preprocessing, by name;
    sources tells for each of them which file it is from, or "the network"; ask says which of them a person has to tell,
    proposed what is likely for some of these. labels are the names of its labels, in the order of its channels. notes:
    sentences on what will not be quite as its authors did it."""

    kind: Literal["nnU-Net", "MONAI", "plain"]
    known: Mapping[str, Any]
    ask: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)


def networks_in(path: Path) -> list[Path]:
    """The ONNX files of what a person chose: a file, or a folder with some up to three folders below it, nearest first;
    of those that are folds of one model the first.

    Raises ManifestError if there is none.
    """
    if not path.is_dir():
        if path.suffix.lower() != ".onnx":
            raise ManifestError(f"{path.name} is not an ONNX file: export the network by torch.onnx.export first")
        return [path]
    patterns = ("*.onnx", "*/*.onnx", "*/*/*.onnx", "*/*/*/*.onnx")
    found = [file for pattern in patterns for file in sorted(path.glob(pattern)) if file.is_file()]
    if found:
        return [file for file in found if file == with_its_folds(file)[0]]
    weights = next((file for end in ("pth", "pt", "ts") for file in sorted(path.rglob(f"*.{end}"))), None)
    if weights is not None:
        raise ManifestError(
            f"{path.name} has PyTorch weights ({weights.name}) but no ONNX file: export it by torch.onnx.export first"
        )
    raise ManifestError(f"{path.name} has no ONNX file")


def with_its_folds(network: Path) -> list[Path]:
    """A network, and those of the same name that nnU-Net's cross-validation trained beside it (fold_0/model.onnx,
    fold_1/model.onnx, ...), in their order."""
    place = network.parent.parent
    if not re.fullmatch(_FOLD, network.parent.name) or not (place / "plans.json").is_file():
        return [network]
    folds = [folder for folder in place.glob("fold_*") if re.fullmatch(_FOLD, folder.name)]
    folds.sort(key=lambda folder: int(folder.name.removeprefix("fold_")))
    return [folder / network.name for folder in folds if (folder / network.name).is_file()]


def check_usable(name: str, file: OnnxFile) -> None:
    """Raise ManifestError for what cannot be a segmentation network, by what its file says."""
    if file.foreign:
        raise ManifestError(f"{name} needs an operator that is not one of ONNX: {file.foreign[0]}")
    if len(file.inputs) != 1:
        names = ", ".join(port.name for port in file.inputs[:4])
        raise ManifestError(f"{name} needs {len(file.inputs)} inputs at once ({names}); models here take one image")
    seen = file.inputs[0]
    if seen.type != "float32":
        raise ManifestError(f"{name} takes {seen.type}; export it so that it takes float32")
    if len(seen.shape) not in (4, 5):
        raise ManifestError(
            f"{name} does not take one image of two or three dimensions: its input has {len(seen.shape)} axes"
        )
    if seen.shape[1] is None:
        raise ManifestError(f"{name} does not say how many channels its input has")
    if seen.shape[0] is not None and seen.shape[0] > 1:
        raise ManifestError(f"{name} takes {seen.shape[0]} images at once; export it for one, or for any number")
    if seen.shape[1] > 1 and (len(seen.shape) == 5 or seen.shape[1] % 2 == 0):
        raise ManifestError(f"{name} takes {seen.shape[1]} images at once as channels; models here take one")


def try_network(path: Path, last: str = "", progress: Progress = lambda fraction, text: None) -> Network:
    """Run an ONNX file a few times on noise. last: the operator that makes its output, if that is known.

    Runs code that is not ours: only where it can be ended, and not in the window. Raises ManifestError for what cannot
    be a segmentation network.
    """
    import onnxruntime as ort

    progress(0.0, "Trying the network on noise")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises bare classes of its own
        raise ManifestError(f"{path.name} is not a network that can be run ({_first_line(error)})") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) not in (4, 5):
        raise ManifestError(f"{path.name} does not take one image of two or three dimensions as float numbers")
    images, channels, *sizes = inputs[0].shape
    if not isinstance(channels, int):
        raise ManifestError(f"{path.name} does not say how many channels its input has")
    fixed = tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)
    shape = tuple(size or _TRY_SIDE for size in fixed)
    draw = np.random.default_rng(0)

    def made_of(count: int, sides: Sequence[int]) -> NDArray[np.float32]:
        noise = draw.random((count, channels, *sides), dtype=np.float32)
        name = session.get_outputs()[0].name
        return np.asarray(session.run([name], {inputs[0].name: noise})[0])

    try:
        output = made_of(1, shape)
    except Exception as error:
        raise ManifestError(f"{path.name} cannot be run on an image ({_first_line(error)})") from error
    if output.ndim != 2 + len(shape) or output.shape[2:] != shape or output.dtype.kind != "f":
        made = f"{path.name} makes {_shape(output.shape)} of an image of {_shape((1, channels, *shape))}"
        raise ManifestError(f"{made}: it is no segmentation network")
    if not np.isfinite(output).all():
        raise ManifestError(f"{path.name} makes of noise what are no numbers")
    if output.shape[1] > _MOST_LABELS:
        raise ManifestError(f"{path.name} gives {output.shape[1]} classes; models here have {_MOST_LABELS} at most")
    progress(0.5, "Trying the network on noise")
    if len(shape) == 2 and not (isinstance(images, int) and images > 0):
        try:
            two = made_of(2, shape).shape
        except Exception:
            two = ()
        if two != (2, *output.shape[1:]):
            raise ManifestError(f"{path.name} says that it takes any number of images, but not two: export it for one")
    multiple = 1
    if not any(fixed):
        multiple = next((m for m in _MULTIPLES if _fits(made_of, (_TRIED_FROM + m,) * len(shape))), _TRY_SIDE)
    return Network(
        3 if len(shape) == 3 else 2,
        channels,
        shape if any(fixed) else None,
        output.shape[1],
        _values_of(output, last),
        multiple,
    )


def _fits(made_of: Callable[[int, Sequence[int]], NDArray[np.float32]], sides: tuple[int, ...]) -> bool:
    """Whether a network makes of an image with such sides one of the same."""
    try:
        return made_of(1, sides).shape[2:] == sides
    except Exception:  # onnxruntime raises bare classes of its own
        return False


def look_into(folder: Path, network: Network) -> Brought:
    """What the files beside a network, or in the folders above it, tell. Raises ManifestError where they contradict
    it, or are not what they should be."""
    for place in (folder, *list(folder.parents)[:2]):
        if (place / "plans.json").is_file() and (place / "dataset.json").is_file():
            with _as_written("plans.json or dataset.json", "nnU-Net"):
                return _of_nnunet(_read(place / "plans.json"), _read(place / "dataset.json"), place.name, network)
        for configs in (place, place / "configs"):
            if (configs / "metadata.json").is_file():
                steps = configs / "inference.json"
                with _as_written("metadata.json or inference.json", "MONAI"):
                    return _of_monai(_read(configs / "metadata.json"), _read(steps) if steps.is_file() else {}, network)
    told = _of_network(network)
    return told.brought("plain")


@contextmanager
def _as_written(names: str, program: str) -> Iterator[None]:
    """What a file of another program lacks, or has in another form, is told as one sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration) as error:
        raise ManifestError(f"{names} is not as {program} writes it ({_first_line(error)})") from error


class _Told:
    """What has been found of a network so far, and where."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.known: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.proposed: dict[str, Any] = {}
        self.notes: list[str] = []
        self.labels: tuple[str, ...] = ()

    def add(self, source: str, **fields: Any) -> None:
        self.known |= fields
        self.sources |= dict.fromkeys(fields, source)

    def label(self, source: str, names: tuple[str, ...]) -> None:
        self.labels, self.sources["labels"] = names, source

    def propose_words(self, content: Mapping[str, Any]) -> None:
        """What a file calls itself and its licence, where it does so in a line of text."""
        names = {
            "name": "title",
            "description": "description",
            "licence": "licence_weights",
            "license": "licence_weights",
        }
        for key, field_name in names.items():
            text = content.get(key)
            if isinstance(text, str) and text.strip():
                self.proposed[field_name] = " ".join(text.split())[:_MOST_TEXT]

    def brought(self, kind: Literal["nnU-Net", "MONAI", "plain"]) -> Brought:
        questions: tuple[Question, ...] = ("modalities", "spacing_mm", "intensity", "axes", "activation")
        ask: list[Question] = [name for name in questions if name not in self.known]
        if not self.labels:
            ask.append("labels")
        if self.network.dimensions == 2 and self.network.channels > 1 and "context_slices" not in self.known:
            ask.append("channels")
        if self.network.dimensions == 3 and "patch" not in self.known:
            ask.append("patch")
        proposed = {name: value for name, value in self.proposed.items() if name not in self.known}
        return Brought(kind, self.known, tuple(ask), tuple(self.notes), self.labels, self.sources, proposed)


def _of_network(network: Network) -> _Told:
    told = _Told(network)
    told.add("the network", dimensions=network.dimensions)
    if network.patch is not None:
        told.add("the network", patch=network.patch)
    elif network.dimensions == 3:
        side = -(-_BLOCK_SIDE // network.multiple) * network.multiple
        told.proposed["patch"] = (side, side, side)
    if network.multiple > 1:
        told.add("the network", size_multiple=network.multiple)
    if network.values == "shares":
        told.add("the network", activation="probabilities")
    elif network.values == "each":
        told.add("the network", activation="each")
    elif network.classes == 1:
        told.add("the network", activation="sigmoid")
    else:
        told.proposed["activation"] = "softmax"
    return told


def _of_nnunet(plans: Mapping[str, Any], dataset: Mapping[str, Any], folder: str, network: Network) -> Brought:
    """plans.json and dataset.json of nnU-Net v2 (Isensee et al. 2021), of the configuration that the folder is named
    after, or else the one whose dimensions and patch fit."""
    told = _of_network(network)
    told.propose_words(dataset)
    name, configuration = _nnunet_configuration(plans, folder, network)
    channels = dataset.get("channel_names") or dataset.get("modality") or {}
    if len(channels) != 1 or network.channels != 1:
        raise ManifestError("this nnU-Net model needs several images at once; models here take one")
    if configuration.get("previous_stage") or name == "3d_cascade_fullres":
        raise ManifestError("this nnU-Net model needs the result of another one first, which is not done here")
    by_region = "regions_class_order" in dataset
    named = {
        label: value
        for label, value in dataset["labels"].items()
        if label not in ("background", "ignore") and value != 0
    }
    if not by_region:
        named = dict(sorted(named.items(), key=lambda item: int(item[1])))
    told.label("dataset.json", tuple(named))
    _check_classes(len(named) + (not by_region), network)
    if by_region:
        told.add("dataset.json", activation="each" if network.values == "each" else "sigmoid", several="last")
    elif network.values != "shares":
        told.add("dataset.json", activation="softmax")
    schemes = configuration.get("normalization_schemes") or [plans.get("normalization_schemes", {}).get("0", "")]
    masked = bool((configuration.get("use_mask_for_norm") or [False])[0])
    statistics = (
        plans.get("foreground_intensity_properties_per_channel")
        or plans.get("foreground_intensity_properties_by_modality")
        or {}
    ).get("0", {})
    turned = [int(axis) for axis in plans.get("transpose_forward", [0, 1, 2])]
    if sorted(turned) != [0, 1, 2]:
        raise ManifestError("plans.json turns axes that are not those of an image")
    own = "SAR" if plans.get("image_reader_writer") == "NibabelIOWithReorient" else OWN_AXES
    told.add(
        "plans.json",
        mean_of="logits",
        axes="".join(own[axis] for axis in turned),
        cropped=True,
        aligned="ends",
        centred=True,
        weights="nnunet",
        intensity=_nnunet_intensity(schemes[0], masked, statistics),
    )
    patch = tuple(int(side) for side in configuration["patch_size"])
    if network.patch is None:
        told.add("plans.json", patch=patch)
    elif network.patch != patch:
        told.notes.append(f"plans.json has a patch of {_shape(patch)}, the network one of {_shape(network.patch)}.")
    spacing = tuple(float(mm) for mm in reversed(configuration["spacing"]))
    told.add("plans.json", spacing_mm=spacing if len(spacing) == 3 else (*spacing, None))
    if modalities := _modalities([str(next(iter(channels.values())))]):
        told.add("dataset.json", modalities=modalities)
    told.notes.append(
        "nnU-Net resamples by cubic splines; here images are resampled linearly: where their voxels have another size "
        "than the network's, results differ a little."
    )
    return told.brought("nnU-Net")


def _nnunet_configuration(plans: Mapping[str, Any], folder: str, network: Network) -> tuple[str, Mapping[str, Any]]:
    configurations = {
        name: _inherited(plans.get("configurations", {}), name) for name in plans.get("configurations", {})
    }
    fitting = [name for name in configurations if _dimensions(configurations[name]) == network.dimensions]
    if not fitting:
        raise ManifestError(f"plans.json has no configuration of {network.dimensions} dimensions, as the network has")
    named = folder.rpartition("__")[2]  # of a folder Trainer__plans__configuration
    same = [name for name in fitting if tuple(configurations[name]["patch_size"]) == network.patch]
    usual = [name for name in _NNUNET_CONFIGURATIONS if name in fitting]
    name = named if named in fitting else next(iter([*same, *usual, *fitting]))
    return name, configurations[name]


def _inherited(configurations: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A configuration with what it takes over from others."""
    found: dict[str, Any] = {}
    for _ in configurations:
        found = {**configurations[name], **found}
        name = configurations[name].get("inherits_from", "")
        if name not in configurations:
            break
    return found


def _nnunet_intensity(scheme: str, masked: bool, statistics: Mapping[str, Any]) -> Intensity:
    if scheme == "CTNormalization":
        return FixedIntensity(
            low=statistics["percentile_00_5"],
            high=statistics["percentile_99_5"],
            mean=statistics["mean"],
            deviation=max(statistics["std"], 1e-8),
        )
    if scheme in ("ZScoreNormalization", ""):
        return StandardIntensity(but_zero=masked)
    if scheme == "RescaleTo01Normalization":
        return PercentileIntensity(lower=0, upper=100)
    if scheme == "NoNormalization":
        return StoredIntensity()
    raise ManifestError(f"this nnU-Net model scales its images by {scheme}, which is not known here")


def _of_monai(metadata: Mapping[str, Any], inference: Mapping[str, Any], network: Network) -> Brought:
    """configs/metadata.json and configs/inference.json of a MONAI bundle."""
    told = _of_network(network)
    told.propose_words(metadata)
    formats = metadata.get("network_data_format", {})
    image: Mapping[str, Any] = next(iter(formats.get("inputs", {}).values()), {})
    output: Mapping[str, Any] = next(iter(formats.get("outputs", {}).values()), {})
    if network.channels != 1:
        raise ManifestError("this MONAI model needs several images at once; models here take one")
    before = _steps(_section(inference, "preprocessing", "pre_transforms", "transforms"), inference)
    steps = _steps(inference, inference)
    labels = tuple(
        str(name) for _, name in sorted(output.get("channel_def", {}).items(), key=lambda item: int(item[0]))
    )
    each = any(step.get("sigmoid") is True for step in steps.get("Activations", []))
    if each:
        told.add("inference.json", activation="each" if network.values == "each" else "sigmoid")
    elif network.classes > 1 and network.values == "any" and steps.get("Activations"):
        told.add("inference.json", activation="softmax")
    elif network.classes > 1 and labels and labels[0].lower() == "background" and network.values != "shares":
        told.add("metadata.json", activation="softmax")
    if told.known.get("activation") in ("softmax", "probabilities"):
        labels = labels[1:]
    if labels:
        one_by_one = told.known.get("activation") in ("sigmoid", "each")
        if "activation" in told.known:
            _check_classes(len(labels) + (not one_by_one), network)
            told.label("metadata.json", labels)
    if modalities := _modalities([str(image.get("modality", ""))]):
        told.add("metadata.json", modalities=modalities)
    _monai_place(told, before, steps)
    rules = [rule for name in _MONAI_INTENSITY for step in before.get(name, []) if (rule := _monai_rule(name, step))]
    if len(rules) == 1 and sum(len(before.get(name, [])) for name in _MONAI_INTENSITY) == 1:
        told.add("inference.json", intensity=rules[0])
        order = list(before)
        if "Spacing" in order and order.index("Spacing") < order.index(
            next(name for name in order if name in _MONAI_INTENSITY)
        ):
            told.add("inference.json", scaled="after")
    left_out = [name for name in before if name not in _MONAI_DONE]
    if left_out:
        told.notes.append(f"The bundle prepares its images by steps that are not done here: {', '.join(left_out)}.")
    if any(step.get("clip") is not True for step in before.get("ScaleIntensityRange", [])):
        told.notes.append("The bundle does not clip values beyond its window; here they are clipped.")
    after = _section(inference, "postprocessing", "post_transforms")
    undone = [name for name in _steps(after, inference) if name not in _MONAI_AFTER] if after is not inference else []
    last = [name for name in _steps(after, inference) if name in ("Activations", "Invert")]
    if last == ["Activations", "Invert"]:
        told.add("inference.json", resampled="probabilities")
    if undone:
        told.notes.append(f"The bundle changes its result by steps that are not done here: {', '.join(undone)}.")
    for inferer in [*steps.get("SlidingWindowInferer", []), *steps.get("SliceInferer", [])]:
        mode, padding = (str(inferer.get(name, "constant")).lower() for name in ("mode", "padding_mode"))
        told.add("inference.json", centred=True, steps="fixed", padding=_MONAI_PADDING.get(padding, "zero"))
        told.add("inference.json", weights="gaussian" if mode == "gaussian" else "equal")
        if padding not in _MONAI_PADDING:
            told.notes.append(f"The bundle pads small images in a way that is not done here: {padding}.")
        roi = inferer.get("roi_size")
        if (
            network.patch is None
            and isinstance(roi, list)
            and len(roi) == network.dimensions
            and all(isinstance(n, int) and n > 0 for n in roi)
        ):
            told.add("inference.json", patch=tuple(roi))
        overlap = inferer.get("overlap", _MONAI_OVERLAP)
        if isinstance(overlap, int | float):
            told.add("inference.json", overlap=overlap)
    return told.brought("MONAI")


def _monai_place(
    told: _Told, before: Mapping[str, Sequence[Mapping[str, Any]]], steps: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Which way a bundle's tensors lie, and how far apart their voxels are. A tensor's axes are those of the image, i
    first, until Orientationd turns them; of a network of two dimensions the inferer names the one it goes along."""
    turned = [step.get("axcodes") for step in before.get("Orientation", [])]
    letters = turned[-1] if turned else "IJK" if before.get("LoadImage") else None
    if isinstance(letters, list | tuple):
        letters = "".join(map(str, letters))
    if not isinstance(letters, str) or len(letters) != 3:
        return
    order = [0, 1, 2]
    if told.network.dimensions == 2:
        along = [step.get("spatial_dim", 0) for step in steps.get("SliceInferer", [])]
        if len(along) != 1 or along[0] not in order:
            return
        order = [along[0], *(axis for axis in order if axis != along[0])]
    told.add("inference.json", axes="".join(letters[axis] for axis in order))
    spaced = [step.get("pixdim") for step in before.get("Spacing", [])]
    if len(spaced) == 1 and isinstance(spaced[0], list) and len(spaced[0]) == 3:
        if all(isinstance(mm, int | float) and mm > 0 for mm in spaced[0]):
            told.add("inference.json", spacing_mm=tuple(float(spaced[0][axis]) for axis in reversed(order)))
            if not any(step.get("scale_extent") is True for step in before["Spacing"]):
                told.add("inference.json", aligned="centres")
    elif not spaced and before:
        told.add("inference.json", spacing_mm=None)


def _monai_rule(name: str, step: Mapping[str, Any]) -> Intensity | None:
    def numbers(*names: str) -> bool:
        return all(isinstance(step.get(name), int | float) for name in names)

    if name == "ScaleIntensityRange" and numbers("a_min", "a_max", "b_min", "b_max"):
        return WindowIntensity(low=step["a_min"], high=step["a_max"], to=(step["b_min"], step["b_max"]))
    if name == "NormalizeIntensity" and step.get("subtrahend") is None and step.get("divisor") is None:
        return StandardIntensity(but_zero=step.get("nonzero") is True)
    if name == "ScaleIntensityRangePercentiles" and numbers("lower", "upper", "b_min", "b_max"):
        return PercentileIntensity(lower=step["lower"], upper=step["upper"], to=(step["b_min"], step["b_max"]))
    if name == "ScaleIntensity" and step.get("factor") is None:
        return PercentileIntensity(lower=0, upper=100, to=(step.get("minv", 0.0), step.get("maxv", 1.0)))
    return None


def _section(configuration: Mapping[str, Any], *names: str) -> Any:
    """The part of a configuration that has one of these names; all of it if there is none."""
    return next((configuration[name] for name in names if name in configuration), configuration)


def _steps(part: Any, whole: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """All parts of a MONAI configuration by the last word of their class, without the d of those for dictionaries. What
    is named by reference ("@name") is looked up; what would have to be run ("$...") stays as it is."""
    found: dict[str, list[dict[str, Any]]] = {}

    def look(part: Any, depth: int) -> None:
        if depth > 30:
            return
        if isinstance(part, Mapping):
            if isinstance(part.get("_target_"), str) and part.get("_disabled_") is not True:
                name = re.sub(r"(?<=[a-z])(d|D|Dict)$", "", part["_target_"].rpartition(".")[2])
                found.setdefault(name, []).append({key: _looked_up(value, whole) for key, value in part.items()})
            for inner in part.values():
                look(inner, depth + 1)
        elif isinstance(part, list):
            for inner in part:
                look(inner, depth + 1)

    look(part, 0)
    return found


def _looked_up(value: Any, whole: Mapping[str, Any]) -> Any:
    for _ in range(5):
        if not (isinstance(value, str) and value.startswith("@")):
            return value
        target: Any = whole
        for key in re.split("#|::", value[1:]):
            if isinstance(target, Mapping) and key in target:
                target = target[key]
            elif isinstance(target, list) and key.isdigit() and int(key) < len(target):
                target = target[int(key)]
            else:
                return value
        value = target
    return value


def _check_classes(told: int, network: Network) -> None:
    if told != network.classes:
        raise ManifestError(f"the files tell of {told} classes, the network gives {network.classes}")


def _modalities(names: Sequence[str]) -> list[str]:
    found = (_MODALITIES.get(name.lower().split("_")[0].split(" ")[0]) for name in names)
    return [modality for modality in found if modality is not None]


def _dimensions(configuration: Any) -> int:
    return len(configuration.get("patch_size", ())) if isinstance(configuration, Mapping) else 0


def _values_of(output: NDArray[np.float32], last: str) -> Values:
    if last in _LINEAR or not (output.min() >= 0 and output.max() <= 1):
        return "any"
    return "shares" if output.shape[1] > 1 and np.allclose(output.sum(axis=1), 1, atol=1e-3) else "each"


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_JSON:
            raise ManifestError(f"{path.name} is larger than such a file can be")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path.name} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise ManifestError(f"{path.name} does not hold what it should")
    return content


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


# Making a model of it


@dataclass(frozen=True)
class Answers:
    """All of a manifest that is not in the network's file: what was known of it, and what a person said. fields are
    those of ModelManifest and Preprocessing by name; labels are names with their colours, sRGB 0..255."""

    title: str
    description: str
    body_part: str
    labels: tuple[tuple[str, tuple[int, int, int]], ...]
    licence_code: str
    licence_weights: str
    fields: Mapping[str, Any]


def name_of(title: str) -> str:
    """What a model of a title is called: its letters and digits, and dashes between."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def manifest_of(answers: Answers) -> ModelManifest:
    """The manifest of a brought network. Raises ManifestError with one sentence on what is missing or wrong."""
    fields = dict(answers.fields)
    preprocessing = {key: fields.pop(key) for key in tuple(fields) if key in Preprocessing.model_fields}
    if preprocessing.get("patch") is not None:
        preprocessing.pop("size_multiple", None)  # it never sees another size
    if not name_of(answers.title):
        raise ManifestError("the model needs a title with at least one letter or digit of the Latin alphabet")
    try:
        return ModelManifest(
            name=name_of(answers.title),
            version="1.0.0",
            title=answers.title,
            description=answers.description,
            task="segmentation",
            body_part=answers.body_part,
            labels=[
                LabelClass(value=value, name=name, colour=colour)
                for value, (name, colour) in enumerate(answers.labels, 1)
            ],
            preprocessing=Preprocessing(**preprocessing),
            licence_code=answers.licence_code,
            licence_weights=answers.licence_weights,
            created=date.today().isoformat(),
            **fields,
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ManifestError(f"{where or 'the model'}: {first['msg']}") from error


def write_model(folder: Path, manifest: ModelManifest, brought: Brought, origin: str) -> ModelManifest:
    """Make a model of a folder that holds a brought network as model.onnx: its card and its manifest. Other ONNX files
    in it are folds of the same. origin: the name of the file that it came from."""
    if not (folder / NETWORK_FILE).is_file():
        raise ManifestError(f"{origin} is not there any more")
    others = sorted(file.name for file in folder.glob("*.onnx") if file.name != NETWORK_FILE)
    manifest = manifest.model_copy(update={"networks": [NETWORK_FILE, *others]})
    (folder / CARD_FILE).write_text(_card(manifest, brought, origin), encoding="utf-8")
    return write_manifest(manifest, folder)


def _card(manifest: ModelManifest, brought: Brought, origin: str) -> str:
    """What is known of a brought model, and who said so."""
    preprocessing = manifest.preprocessing
    intensity = ", ".join(f"{key} {value}" for key, value in preprocessing.intensity.model_dump().items())
    told = {
        "modalities": ", ".join(manifest.modalities),
        "body_part": manifest.body_part,
        "labels": ", ".join(label.name for label in manifest.labels),
        "activation": manifest.activation,
        "axes": preprocessing.axes,
        "spacing_mm": "the image's own"
        if preprocessing.spacing_mm is None
        else " × ".join("own" if mm is None else f"{mm:g}" for mm in preprocessing.spacing_mm),
        "intensity": intensity,
        "patch": "the whole" if preprocessing.patch is None else _shape(preprocessing.patch),
        **({"networks": f"{len(manifest.networks)} folds"} if len(manifest.networks) > 1 else {}),
        "licence_code": manifest.licence_code,
        "licence_weights": manifest.licence_weights,
    }
    sources = {"networks": "the network's folder", **brought.sources}
    rows = [
        f"| {name.replace('_', ' ')} | {_plain(value)} | {sources.get(name, 'the person who added it')} |"
        for name, value in told.items()
    ]
    notes = [f"- {note}" for note in brought.notes]
    return "\n".join(
        [
            f"# {_plain(manifest.title)}",
            "",
            "**Unverified: brought by hand.** Nobody has measured what this model does here. It was added from "
            f"{_plain(origin)} ({brought.kind}) on {manifest.created}. Not for diagnostic use.",
            "",
            _plain(manifest.description),
            "",
            "| | | from |",
            "|--|--|--|",
            *rows,
            *(["", "What is not as its authors do it:", "", *notes] if notes else []),
            "",
        ]
    )


def _plain(text: str) -> str:
    """Text of others in a card: no markup, no new lines."""
    return re.sub(r"([\\`*_\[\]<>|#!])", r"\\\1", " ".join(text.split()))
