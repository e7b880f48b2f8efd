"""Networks of others: what their files tell of how they are to be run, and what a person has to be asked.

Understood are an nnU-Net v2 model folder (plans.json, dataset.json), a MONAI bundle (configs/metadata.json,
configs/inference.json) and any other network, of which only its shapes are known. nnU-Net resamples by cubic splines
and crops what is zero all around; here images are resampled linearly and not cropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inference.manifest import (
    OWN_AXES,
    FixedIntensity,
    Intensity,
    ManifestError,
    PercentileIntensity,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
)

Question = Literal["modalities", "labels", "spacing_mm", "intensity", "axes", "activation"]

_TRY_SIDE = 64  # of an input whose size is free; a multiple of what any usual network halves it to
_NNUNET_CONFIGURATIONS = ("3d_fullres", "2d", "3d_lowres")
_MODALITIES = {"ct": "CT", "mr": "MR", "mri": "MR", "pt": "PT", "pet": "PT", "us": "US", "cr": "CR", "dx": "DX"}


@dataclass(frozen=True)
class Network:
    """What a network's input and output are like: dimensions 2 or 3; sizes None where they may be any.

    values: what it made of noise: "any" logits, "shares" of 1 (a softmax is in it), "each" from 0 to 1 (a sigmoid is).
    """

    dimensions: Literal[2, 3]
    channels: int
    patch: tuple[int, ...] | None
    classes: int
    values: Literal["any", "shares", "each"]


@dataclass(frozen=True)
class Brought:
    """What is known of a network of others. known holds fields of a manifest and of its preprocessing, by name; ask
    says which of them a person has to tell; labels are the names of its labels, in the order of its channels. notes:
    sentences on what will not be quite as its authors did it."""

    kind: Literal["nnU-Net", "MONAI", "plain"]
    known: Mapping[str, Any]
    ask: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def try_network(path: Path) -> Network:
    """Look into an ONNX file and run it once on noise. Raises ManifestError for what cannot be a segmentation network.

    Runs code that is not ours: only where it can be ended, and not in the window.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises bare classes of its own
        raise ManifestError(f"{path.name} is not a network that can be run ({_first_line(error)})") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) not in (4, 5):
        raise ManifestError(f"{path.name} does not take one image of two or three dimensions as float numbers")
    _, channels, *sizes = inputs[0].shape
    if not isinstance(channels, int):
        raise ManifestError(f"{path.name} does not say how many channels its input has")
    fixed = tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)
    shape = tuple(size or _TRY_SIDE for size in fixed)
    noise = np.random.default_rng(0).random((1, channels, *shape), dtype=np.float32)
    try:
        output = np.asarray(session.run(None, {inputs[0].name: noise})[0])
    except Exception as error:
        raise ManifestError(f"{path.name} cannot be run on an image ({_first_line(error)})") from error
    if output.ndim != noise.ndim or output.shape[2:] != shape:
        made = f"{path.name} makes {_shape(output.shape)} of an image of {_shape(noise.shape)}"
        raise ManifestError(f"{made}: it is no segmentation network")
    return Network(
        3 if len(shape) == 3 else 2,
        channels,
        shape if all(fixed) else None,
        output.shape[1],
        _values_of(output),
    )


def look_into(folder: Path, network: Network) -> Brought:
    """What the files beside a network, or in the folders above it, tell. Raises ManifestError where they contradict
    it."""
    for place in (folder, *folder.parents[:2]):
        if (place / "plans.json").is_file() and (place / "dataset.json").is_file():
            return _of_nnunet(_read(place / "plans.json"), _read(place / "dataset.json"), network)
        for configs in (place, place / "configs"):
            if (configs / "metadata.json").is_file():
                steps = configs / "inference.json"
                return _of_monai(_read(configs / "metadata.json"), _read(steps) if steps.is_file() else {}, network)
    known = _of_network(network)
    unsure: tuple[Question, ...] = () if "activation" in known else ("activation",)
    return Brought("plain", known, ("modalities", "labels", "spacing_mm", "intensity", "axes", *unsure))


def _of_network(network: Network) -> dict[str, Any]:
    known: dict[str, Any] = {"dimensions": network.dimensions}
    if network.patch is not None:
        known["patch"] = network.patch
    if network.dimensions == 2 and network.channels > 1:
        known |= {"context_slices": network.channels} if network.channels % 2 else {}
    if network.values == "shares":
        known["activation"] = "probabilities"
    elif network.classes == 1:
        known["activation"] = "sigmoid"
    return known


def _of_nnunet(plans: Mapping[str, Any], dataset: Mapping[str, Any], network: Network) -> Brought:
    """plans.json and dataset.json of nnU-Net v2 (Isensee et al. 2021), of the configuration whose dimensions fit."""
    configurations = plans.get("configurations", {})
    name = next((n for n in _NNUNET_CONFIGURATIONS if _dimensions(configurations.get(n)) == network.dimensions), "")
    if not name:
        raise ManifestError(f"plans.json has no configuration of {network.dimensions} dimensions, as the network has")
    configuration = configurations[name]
    channels = dataset.get("channel_names") or dataset.get("modality") or {}
    if len(channels) != 1 or network.channels != 1:
        raise ManifestError("this nnU-Net model needs several images at once; models here take one")
    if list(plans.get("transpose_forward", [0, 1, 2])) != [0, 1, 2]:
        raise ManifestError("this nnU-Net model turns the axes of its images, which is not understood here yet")
    values: dict[int, str] = {
        int(value): name
        for name, value in dataset.get("labels", {}).items()
        if not isinstance(value, list) and int(value) > 0
    }
    by_region = "regions_class_order" in dataset
    labels = (
        tuple(values[value] for value in sorted(values))
        if not by_region
        else tuple(name for name, value in dataset["labels"].items() if name != "background")
    )
    activation = "sigmoid" if by_region else "probabilities" if network.values == "shares" else "softmax"
    _check_classes(len(labels) + (not by_region), network)
    schemes = configuration.get("normalization_schemes") or [plans.get("normalization_schemes", {}).get("0", "")]
    masked = bool((configuration.get("use_mask_for_norm") or [False])[0])
    statistics = plans.get("foreground_intensity_properties_per_channel", {}).get("0", {})
    spacing = [float(mm) for mm in configuration["spacing"]]
    known = _of_network(network) | {
        "axes": OWN_AXES,
        "patch": tuple(int(side) for side in configuration["patch_size"]),
        "intensity": _nnunet_intensity(schemes[0], masked, statistics),
        "activation": activation,
        "modalities": _modalities([str(next(iter(channels.values())))]),
    }
    if len(spacing) == 3:
        known["spacing_mm"] = tuple(reversed(spacing))
    ask: tuple[Question, ...] = () if known["modalities"] else ("modalities",)
    notes = ["nnU-Net resamples by cubic splines, here images are resampled linearly: results differ a little."]
    if len(spacing) == 2:
        notes.append("The pixel size is that of the slices: images of another one are not resampled to it.")
    return Brought("nnU-Net", known, ask, tuple(notes), labels)


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
    formats = metadata.get("network_data_format", {})
    image: Mapping[str, Any] = next(iter(formats.get("inputs", {}).values()), {})
    output: Mapping[str, Any] = next(iter(formats.get("outputs", {}).values()), {})
    if network.channels != 1:
        raise ManifestError("this MONAI model needs several images at once; models here take one")
    known = _of_network(network)
    steps = _steps(inference)
    labels = tuple(name for _, name in sorted(output.get("channel_def", {}).items(), key=lambda item: int(item[0])))
    each_by_itself = any(step.get("sigmoid") is True for step in steps.get("Activationsd", []))
    if each_by_itself:
        known["activation"] = "sigmoid"
    elif network.classes > 1:
        known["activation"] = "probabilities" if network.values == "shares" else "softmax"
        labels = labels[1:]
    if labels:
        _check_classes(len(labels) + (not each_by_itself), network)
    if modalities := _modalities([str(image.get("modality", ""))]):
        known["modalities"] = modalities
    for step in steps.get("Orientationd", []):
        known["axes"] = step.get("axcodes", "")  # a tensor's axes run along x, y, z
    for step in steps.get("Spacingd", []):
        if isinstance(step.get("pixdim"), list) and len(step["pixdim"]) == 3:
            known["spacing_mm"] = tuple(float(mm) for mm in reversed(step["pixdim"]))
    if (intensity := _monai_intensity(steps)) is not None:
        known["intensity"] = intensity
    for inferer in _all_of(inference, "SlidingWindowInferer"):
        roi = inferer.get("roi_size")
        if isinstance(roi, list) and len(roi) == network.dimensions and all(isinstance(n, int) and n > 0 for n in roi):
            known["patch"] = tuple(roi)
        if isinstance(inferer.get("overlap"), float):
            known["overlap"] = inferer["overlap"]
    ask: list[Question] = [
        name for name in ("modalities", "spacing_mm", "intensity", "axes", "activation") if name not in known
    ]
    return Brought("MONAI", known, (*ask, *(() if labels else ("labels",))), (), labels)


def _monai_intensity(steps: Mapping[str, Sequence[Mapping[str, Any]]]) -> Intensity | None:
    for step in steps.get("ScaleIntensityRanged", []):
        if all(isinstance(step.get(name), (int, float)) for name in ("a_min", "a_max", "b_min", "b_max")):
            return WindowIntensity(low=step["a_min"], high=step["a_max"], to=(step["b_min"], step["b_max"]))
    for step in steps.get("NormalizeIntensityd", []):
        if "subtrahend" not in step and "divisor" not in step:
            return StandardIntensity(but_zero=step.get("nonzero") is True)
    for step in steps.get("ScaleIntensityRangePercentilesd", []):
        if all(isinstance(step.get(name), (int, float)) for name in ("lower", "upper", "b_min", "b_max")):
            return PercentileIntensity(lower=step["lower"], upper=step["upper"], to=(step["b_min"], step["b_max"]))
    for step in steps.get("ScaleIntensityd", []):
        return PercentileIntensity(lower=0, upper=100, to=(step.get("minv", 0.0), step.get("maxv", 1.0)))
    return None


def _steps(configuration: Any) -> dict[str, list[Mapping[str, Any]]]:
    """All parts of a MONAI configuration by the last word of their class."""
    found: dict[str, list[Mapping[str, Any]]] = {}

    def look(part: Any) -> None:
        if isinstance(part, Mapping):
            if isinstance(part.get("_target_"), str) and part.get("_disabled_") is not True:
                found.setdefault(part["_target_"].rpartition(".")[2], []).append(part)
            for inner in part.values():
                look(inner)
        elif isinstance(part, list):
            for inner in part:
                look(inner)

    look(configuration)
    return found


def _all_of(configuration: Any, target: str) -> list[Mapping[str, Any]]:
    return _steps(configuration).get(target, [])


def _check_classes(told: int, network: Network) -> None:
    if told != network.classes:
        raise ManifestError(f"the files tell of {told} classes, the network gives {network.classes}")


def _modalities(names: Sequence[str]) -> list[str]:
    found = (_MODALITIES.get(name.lower().split("_")[0].split(" ")[0]) for name in names)
    return [modality for modality in found if modality is not None]


def _dimensions(configuration: Any) -> int:
    return len(configuration.get("patch_size", ())) if isinstance(configuration, Mapping) else 0


def _values_of(output: NDArray[np.float32]) -> Literal["any", "shares", "each"]:
    if not (np.isfinite(output).all() and output.min() >= 0 and output.max() <= 1):
        return "any"
    return "shares" if output.shape[1] > 1 and np.allclose(output.sum(axis=1), 1, atol=1e-3) else "each"


def _read(path: Path) -> dict[str, Any]:
    try:
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
