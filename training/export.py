"""From a trained network to a model folder, checked by the code that will run it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save_file
from torch import nn

from inference.manifest import MANIFEST_FILE, NETWORK_FILE, WEIGHTS_FILE, ModelError, ModelManifest, write_manifest
from inference.models import ModelRecord
from inference.preprocess import as_seen, model_grid, padded_for, to_model_grid, unpadded
from inference.runtime import LoadedModel, load_model
from inference.sliding_window import logit_planes
from training.networks import build_network

T = TypeVar("T")

_TOLERANCE = 2e-3  # of the logits' own spread
_OPSET = 17
_LARGE = 211, 197  # rows and columns of a real image, both prime
_SLICES = 5
_PROBES = ((64, 64), (150, 90), (37, 53))  # rows and columns of pictures


class ExportError(Exception):
    """The exported network does not do what the trained one does."""


class _Tempered(nn.Module):
    """A network whose logits are divided by a temperature, as a part of its graph."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, stacks: torch.Tensor) -> torch.Tensor:
        return self.network(stacks) / self.temperature


def export_model(network: nn.Module, manifest: ModelManifest, folder: Path, temperature: float = 1.0) -> ModelManifest:
    """Write model.onnx, weights.safetensors and manifest.json to folder; returns the manifest with its hashes.

    temperature goes into the graph, so that whoever runs the file has it; the manifest's own is then 1, for the engine
    would divide by it once more. The weights are those without it. The ONNX file has dynamic batch and sizes.
    It is run by onnxruntime at several sizes, two of them prime and padded as inference does, and as a whole image by
    inference itself, and compared with the network: raises ExportError if they differ, or if the network's output is so
    flat that the comparison would prove nothing.
    """
    weights = network.eval().cpu().state_dict()
    if temperature != 1:
        network = _Tempered(network, temperature).eval()
    manifest = manifest.model_copy(update={"temperature": 1.0})
    multiple = manifest.preprocessing.size_multiple
    space = "kji"[-manifest.preprocessing.dimensions :]
    example = torch.rand(2, manifest.preprocessing.channels, *(n * multiple for n in (2, 4, 3)[-len(space) :]))
    dynamic = {0: "n", **dict(enumerate(space, 2))}
    axes = {"stacks": dynamic, "logits": dynamic}
    return write_checked(network, weights, manifest, folder, example, axes, ["logits"], partial(_compare, network))


def write_checked(
    graph: nn.Module,
    weights: Mapping[str, torch.Tensor],
    manifest: ModelManifest,
    folder: Path,
    example: torch.Tensor,
    axes: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
    check: Callable[[LoadedModel], None],
    *,
    folding: bool = True,
) -> ModelManifest:
    """Write a graph as model.onnx, the weights to train it further by, and manifest.json; the manifest with its hashes.

    axes are those whose size is not fixed, by the name of the input, which comes first, and of outputs. check gets the
    model as inference runs it and raises ExportError if it does not do what was trained: then the folder is no model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors writes files that only their owner may read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter warns of its end; the other one takes a minute
        torch.onnx.export(
            graph,
            (example,),
            str(folder / NETWORK_FILE),
            input_names=[next(iter(axes))],
            output_names=list(outputs),
            dynamic_axes={name: dict(own) for name, own in axes.items()},
            opset_version=_OPSET,
            dynamo=False,
            do_constant_folding=folding,
        )
    manifest = write_manifest(manifest, folder)
    try:
        check(load_model(ModelRecord(manifest, folder, shipped=False, active=False)))
    except ExportError:
        (folder / MANIFEST_FILE).unlink()  # without it the folder is no model
        raise
    return manifest


def probed(
    run: Callable[[sitk.Image, LoadedModel], T], model: LoadedModel
) -> Iterator[tuple[sitk.Image, T, torch.Tensor]]:
    """Pictures of several sizes, what a model run as for a person answers, and what its network sees of each, (1, 1,
    rows, columns). Raises ExportError if inference refuses the answer."""
    preprocessing, draw = model.manifest.preprocessing, np.random.default_rng(0)
    for rows, columns in _PROBES:
        coarse = sitk.GetImageFromArray(draw.random((1, 5, 4), dtype=np.float32))  # no noise, but something to see
        coarse.SetSpacing((columns / 4, rows / 5, 1.0))
        picture = sitk.Resample(coarse, (columns, rows, 1), sitk.Transform(), sitk.sitkLinear, (0, 0, 0), (1, 1, 1))
        try:
            told = run(picture, model)
        except ModelError as error:
            raise ExportError(f"the exported network cannot be used: {error}") from error
        grid = model_grid(picture, preprocessing)
        yield picture, told, torch.from_numpy(to_model_grid(picture, grid, preprocessing.intensity))[None]


def round_to_half(network: nn.Module) -> None:
    """Round a network's weights to what half precision can hold, so that storing them so changes nothing."""
    network.load_state_dict({name: value.half().float() for name, value in network.state_dict().items()})


def halve_stored_weights(folder: Path) -> None:
    """Store the weights of model.onnx and weights.safetensors as float16, cast to float32 when they are loaded."""
    model = onnx.load(folder / NETWORK_FILE)
    casts = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(half)
        casts.append(helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
    for cast in casts:
        model.graph.node.insert(0, cast)
    onnx.save(model, folder / NETWORK_FILE)
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({name: value.half() for name, value in weights.items()}, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors writes files that only their owner may read


def load_network(folder: Path, manifest: ModelManifest) -> nn.Module:
    """The network of a model folder with its weights, ready to be trained further."""
    network = build_network(manifest.network)
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return network


def _compare(network: nn.Module, model: LoadedModel) -> None:
    preprocessing, multiple = model.manifest.preprocessing, model.manifest.preprocessing.size_multiple
    rng = np.random.default_rng(0)
    two = ((1, 2 * multiple, 5 * multiple), (3, 6 * multiple, multiple), (1, 37, 53), (1, *_LARGE))
    three = ((1, multiple, 2 * multiple, 3 * multiple), (2, multiple, multiple, multiple), (1, 11, 23, 17))
    for count, *sizes in two if preprocessing.dimensions == 2 else three:
        stacks = padded_for(rng.random((count, preprocessing.channels, *sizes), dtype=np.float32), preprocessing)
        expected = _logits(network, stacks)
        spread = float(expected.std())
        if spread < 1e-3:
            raise ExportError("the network's output is flat, so the export cannot be checked")
        apart = float(np.abs(model.run(stacks) - expected).max())
        if apart > _TOLERANCE * spread:
            raise ExportError(
                f"the exported network differs from the trained one by {apart:.2g} at {' x '.join(map(str, sizes))}"
            )
    own_grid = preprocessing.spacing_mm is not None and preprocessing.size is None
    if own_grid and preprocessing.dimensions == 2 and preprocessing.patch is None:
        _compare_as_inference(network, model, rng)


def _compare_as_inference(network: nn.Module, model: LoadedModel, rng: np.random.Generator) -> None:
    """Labels that inference gives of a whole image on the model's own grid, of prime sizes and with no two slices
    alike, against those that the network gives of the same image, stack by stack, without inference's tiling."""
    preprocessing = model.manifest.preprocessing
    assert preprocessing.spacing_mm is not None
    image = sitk.GetImageFromArray(rng.random((_SLICES, *_LARGE), dtype=np.float32))
    image.SetSpacing([mm or 1.0 for mm in preprocessing.spacing_mm])
    voxels = as_seen(image, model_grid(image, preprocessing), preprocessing)
    half = preprocessing.context_slices // 2
    expected = []
    for k in range(len(voxels)):
        # written out here, for what is checked must not be what checks
        near = [voxels[min(max(k + n, 0), len(voxels) - 1)] for n in range(-half, half + 1)]
        logits = _logits(network, padded_for(np.stack(near)[None], preprocessing))[0]
        expected.append(logits[:, *unpadded(voxels.shape[1:], preprocessing)])
    found = list(logit_planes(voxels, model, range(len(voxels))))
    apart = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
    if apart > _TOLERANCE * float(np.std(expected)):
        raise ExportError(f"inference with the exported network differs from the trained one by {apart:.2g}")


def _logits(network: nn.Module, stacks: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return network(torch.from_numpy(stacks)).numpy()
