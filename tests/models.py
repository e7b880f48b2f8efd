"""Small models for tests, so that every label can be worked out by hand and nothing takes long."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from inference.manifest import (
    Boxes,
    Contrast,
    LabelClass,
    ModelManifest,
    Picture,
    Preprocessing,
    WindowIntensity,
    load_manifest,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from training.export import export_model
from training.networks import build_network, unet_spec

CONTEXT = 3


def manifest(name: str, labels: tuple[str, ...], spacing_mm: float, version: str, **more) -> ModelManifest:
    return ModelManifest(
        name=name,
        version=version,
        title=name.capitalize(),
        task="segmentation",
        modalities=["MR"],
        body_part="HEAD",
        labels=[LabelClass(value=n + 1, name=label, colour=(200, 40 * n, 0)) for n, label in enumerate(labels)],
        preprocessing=Preprocessing(spacing_mm=(spacing_mm,) * 3, context_slices=CONTEXT, size_multiple=16),
        licence_code="Apache-2.0",
        licence_weights="Apache-2.0",
        created="2026-01-01",
        **more,
    )


def write_threshold_model(
    folder: Path,
    *,
    version: str = "1.0.0",
    spacing_mm: float = 2.0,
    classes: int = 2,
    scale: float = 10.0,
    preprocessing: Preprocessing | None = None,
    **more,
) -> ModelManifest:
    """Label 1, "Bright", where the middle slice of the stack is above 0.5: logits (0, scale * (x - 0.5), ...)."""
    kernel = np.zeros((classes, preprocessing.channels if preprocessing else CONTEXT, 1, 1), np.float32)
    kernel[1, kernel.shape[1] // 2] = scale
    bias = np.full(classes, -100.0, np.float32)
    bias[0], bias[1] = 0.0, -scale / 2
    if scale == 0:
        bias[:] = 0.0
    if preprocessing is not None and preprocessing.dimensions == 3:
        kernel = kernel[..., None]
    described = manifest("threshold", ("Bright",), spacing_mm, version, **more)
    if preprocessing is not None:
        described = described.model_copy(update={"preprocessing": preprocessing})
    return write_linear_model(folder, described, (kernel, bias))


def write_linear_model(
    folder: Path, described: ModelManifest, *networks: tuple[np.ndarray, np.ndarray]
) -> ModelManifest:
    """A model of networks that are one convolution each: kernel (classes, channels, [k,] j, i) and bias (classes)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["model.onnx", *(f"model-{n}.onnx" for n in range(2, len(networks) + 1))]
    for name, (kernel, bias) in zip(names, networks, strict=True):
        axes = ["k", "j", "i"][-(kernel.ndim - 2) :]
        pads = [side // 2 for side in kernel.shape[2:]]
        graph = helper.make_graph(
            [helper.make_node("Conv", ["seen", "w", "b"], ["logits"], kernel_shape=kernel.shape[2:], pads=pads + pads)],
            "linear",
            [helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", kernel.shape[1], *axes])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(bias), *axes])],
            [
                onnx.numpy_helper.from_array(np.asarray(kernel, np.float32), "w"),
                onnx.numpy_helper.from_array(np.asarray(bias, np.float32), "b"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, folder / name)
    return write_manifest(described.model_copy(update={"networks": names}), folder)


def write_trainable_model(folder: Path, *, seed: int = 0, version: str = "1.0.0") -> ModelManifest:
    """A tiny untrained U-Net of two labels, "Bright" and "Dim", that the training package can fine-tune."""
    torch.manual_seed(seed)
    spec = unet_spec(CONTEXT, 3, (4, 8, 8))
    described = manifest("tiny", ("Bright", "Dim"), 2.0, version, network=spec)
    return export_model(build_network(spec), described, folder)


def loaded(folder: Path) -> LoadedModel:
    return load_model(ModelRecord(load_manifest(folder), folder, shipped=True, active=True))


SIDE = 5  # of the boxes of write_peak_model: a multiple of the image's pixels


def write_peak_model(
    folder: Path, *, boxes: dict | None = None, most: int = 8, nodes=None, **preprocessing
) -> ModelManifest:
    """Finds bright spots: a box of SIDE pixels around each of the pixels, at most `most`, that are the largest around
    them, with their scaled value as score. Values above 0.75 are "Mass" (2), others "Nodule" (1).

    nodes: other ones that make boxes, scores and labels of "seen" (N, 1, J, I).
    """
    folder.mkdir(parents=True, exist_ok=True)
    constant = onnx.numpy_helper.from_array
    half = SIDE / 2
    graph = helper.make_graph(
        nodes
        or [
            helper.make_node("MaxPool", ["seen"], ["around"], kernel_shape=[SIDE, SIDE], pads=[SIDE // 2] * 4),
            helper.make_node("Equal", ["seen", "around"], ["peak"]),
            helper.make_node("Cast", ["peak"], ["is_peak"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["seen", "is_peak"], ["heat"]),
            helper.make_node("Shape", ["seen"], ["shape"]),
            helper.make_node("Gather", ["shape", "three"], ["wide"], axis=0),
            helper.make_node("Flatten", ["heat"], ["flat"]),
            helper.make_node("TopK", ["flat", "most"], ["scores", "at"], axis=1),
            helper.make_node("Div", ["at", "wide"], ["row"]),
            helper.make_node("Mul", ["row", "wide"], ["begins"]),
            helper.make_node("Sub", ["at", "begins"], ["column"]),
            *(helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT) for name in ("row", "column")),
            *(helper.make_node("Unsqueeze", [f"{name}_f", "last"], [name[0]]) for name in ("row", "column")),
            helper.make_node("Concat", ["c", "r", "c", "r"], ["corner"], axis=2),
            helper.make_node("Add", ["corner", "reach"], ["boxes"]),
            helper.make_node("Greater", ["scores", "large"], ["is_mass"]),
            helper.make_node("Cast", ["is_mass"], ["mass"], to=TensorProto.INT64),
            helper.make_node("Add", ["mass", "one"], ["labels"]),
        ],
        "peaks",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", 1, "j", "i"])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("labels", TensorProto.INT64, None),
        ],
        [
            constant(np.array(3, np.int64), "three"),
            constant(np.array([most], np.int64), "most"),
            constant(np.array([2], np.int64), "last"),
            constant(np.array([0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half], np.float32), "reach"),
            constant(np.array(0.75, np.float32), "large"),
            constant(np.array(1, np.int64), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    described = manifest("peaks", ("Nodule", "Mass"), 1.0, "1.0.0").model_dump()
    seen = Preprocessing(**{"intensity": WindowIntensity(low=0, high=1000), "spacing_mm": None, **preprocessing})
    more = {"task": "detection", "activation": "probabilities", "boxes": Boxes(**(boxes or {})), "preprocessing": seen}
    return write_manifest(ModelManifest(**{**described, **more}), folder)


def write_picture_model(folder: Path, kind: str, *, preprocessing: dict | None = None) -> ModelManifest:
    """A model that makes pictures of values -1000 to 1000. kind: "denoise", a Gaussian smoother whose residual is
    bounded by 0.05 within the graph; "finer", a linear x 2 with a bounded residual; "invert", a translation to 0..100;
    or a fault: "too much", "not a number", "wrong shape", "constant"."""
    kernel = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)[None, None] / 16
    kernel[0, 0, 1, 1] -= 1
    constants = {"w": kernel, "a": 0.05, "gain": 20.0, "one": 1.0, "half": 0.5, "zero": 0.0}
    node = helper.make_node
    bounded = [
        node("Pad", ["x", "pads"], ["wider"], mode="edge"),
        node("Conv", ["wider", "w"], ["r"], kernel_shape=[3, 3]),
        node("Mul", ["r", "gain"], ["r20"]),
        node("Tanh", ["r20"], ["t"]),
        node("Mul", ["t", "a"], ["at"]),
    ]
    constants["pads"] = np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
    constants["scales"] = np.array([1, 1, 2, 2], np.float32)
    modes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    finer = [node("Resize", [name, "", "scales"], [f"{name}2"], **modes) for name in ("x", "at")]
    nodes = {
        "denoise": [*bounded, node("Add", ["x", "at"], ["y"])],
        "finer": [*bounded, *finer, node("Add", ["x2", "at2"], ["y"])],
        "invert": [node("Sub", ["one", "x"], ["y"])],
        "too much": [node("Add", ["x", "half"], ["y"])],
        "not a number": [node("Div", ["x", "zero"], ["y"])],
        "wrong shape": [finer[0], node("Identity", ["x2"], ["y"])],
        "constant": [node("Mul", ["x", "zero"], ["y"])],
    }[kind]
    needed = {name for one in nodes for name in one.input}
    arrays = [
        onnx.numpy_helper.from_array(value if name == "pads" else np.asarray(value, np.float32), name)
        for name, value in constants.items()
        if name in needed
    ]
    graph = helper.make_graph(
        nodes,
        "picture",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "j", "i"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        arrays,
    )
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx"
    )
    translates = kind in ("invert", "constant")
    contrast = Contrast(modality="MR", low=0, high=100) if translates else None
    return write_manifest(
        ModelManifest(
            name=kind.replace(" ", "-"),
            version="1.0.0",
            title=kind.capitalize(),
            task="translation" if translates else "enhancement",
            modalities=["CT", "MR"],
            body_part="",
            labels=[],
            preprocessing=Preprocessing(
                **{
                    "axes": "KJI",
                    "padding": "edge",
                    "intensity": WindowIntensity(low=-1000, high=1000),
                    **(preprocessing or {}),
                }
            ),
            picture=Picture(
                scale=2 if kind == "finer" else 1, residual_bound=None if translates else 0.05, gives=contrast
            ),
            licence_code="Apache-2.0",
            licence_weights="Apache-2.0",
            created="2026-01-01",
        ),
        folder,
    )
