"""Says what onnxruntime runs slowly in another way, which gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

_LEAST_FILTERS = 8  # of a convolution, or onnxruntime is no quicker in two dimensions
_LEAST_OPSET = 13  # in which the axes of Squeeze are an input


def quickened(network: bytes) -> bytes:
    """An ONNX file in which each PRelu of one slope is a LeakyRelu.

    The two give the same bits, but onnxruntime takes ten times as long for a PRelu and cannot make it part of the
    convolution before it: a third of a 2-D U-Net's time on the CPU, a fifth of a 3-D one's. What is no ONNX file stays
    as it is; external data is not looked at.
    """
    model = _parsed(network) if b"PRelu" in network else None
    if model is None:
        return network
    slopes = _single_constants(model.graph, {node.input[1] for node in model.graph.node if node.op_type == "PRelu"})
    for place, node in enumerate(model.graph.node):
        if node.op_type == "PRelu" and node.input[1] in slopes:
            slope = slopes[node.input[1]]
            leaky = helper.make_node("LeakyRelu", node.input[:1], node.output, node.name, alpha=slope)
            model.graph.node[place].CopyFrom(leaky)
    return model.SerializeToString()


def by_slices(network: bytes, sizes: Sequence[int]) -> bytes:
    """An ONNX file, for one image of sizes (channels, K, J, I) at once, in which a convolution of three dimensions is a
    sum of convolutions of two: of each plane of its filters with the slices that it meets.

    The result is the same but for the rounding of sums. Of two dimensions onnxruntime has convolutions for the CPU that
    need no matrix of neighbours and take 0.7 of the time. What is no ONNX file, or takes several images or another
    size, stays as it is.
    """
    model = _parsed(network)
    if model is None or not _fix_sizes(model, (1, *sizes)):
        return network
    filters = {one.name: one for one in model.graph.initializer if one.data_location != onnx.TensorProto.EXTERNAL}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        tensor = filters.get(node.input[1]) if node.op_type == "Conv" else None
        found = None if tensor is None else _of_planes(node, numpy_helper.to_array(tensor))
        if found is None:
            nodes.append(node)
            continue
        nodes.extend(found[0])
        model.graph.initializer.extend(found[1])
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def _parsed(network: bytes) -> onnx.ModelProto | None:
    model = onnx.ModelProto()
    try:
        model.ParseFromString(network)
    except DecodeError:
        return None
    return model


def _fix_sizes(model: onnx.ModelProto, sizes: Sequence[int]) -> bool:
    """Have a network take images of these sizes and no others; False if it cannot."""
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    if opset < _LEAST_OPSET or len(inputs) != 1:
        return False
    axes = inputs[0].type.tensor_type.shape.dim
    if [axis.dim_value or size for axis, size in zip(axes, sizes, strict=False)] != [*sizes]:
        return False
    for axis, size in zip(axes, sizes, strict=True):
        axis.dim_value = size
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")  # onnxruntime finds it, of all between as well
    del model.graph.value_info[:]
    return True


def _of_planes(node: onnx.NodeProto, filters: np.ndarray) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]] | None:
    """The nodes and constants that a convolution by filters (filters, channels, K, J, I) of one image becomes; None for
    one that is better left as it is."""
    told = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    padding = told.get("auto_pad", b"NOTSET")
    dilations, strides = told.get("dilations", [1, 1, 1]), told.get("strides", [1, 1, 1])
    if filters.ndim != 5 or filters.shape[0] < _LEAST_FILTERS or filters.shape[3:] == (1, 1):
        return None
    if padding != b"NOTSET" or told.get("group", 1) != 1 or dilations[0] != 1:
        return None
    before, top, left, after, bottom, right = told.get("pads", [0] * 6)
    planes, name = filters.shape[2], node.output[0]
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(about: str, values: Sequence[int] | np.ndarray) -> str:
        value = values if isinstance(values, np.ndarray) else np.array(values, np.int64)
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{name}/{about}"))
        return constants[-1].name

    def add(kind: str, inputs: Sequence[str], about: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [f"{name}/{about}"], f"{name}/{about}", **attributes))
        return nodes[-1].output[0]

    first = constant("first", [0])
    image = add("Squeeze", [node.input[0], first], "image")
    slices = add("Transpose", [image], "slices", perm=[1, 0, 2, 3])
    total = ""
    for k in range(planes):
        part = slices
        moved = (before - k, after - (planes - 1 - k))  # below 0 slices are left out
        if moved != (0, 0):
            pads = constant(f"pads {k}", [moved[0], 0, 0, 0, moved[1], 0, 0, 0])
            part = add("Pad", [part, pads], f"met by {k}")
        if strides[0] != 1:
            ends = [constant(f"{about} {k}", [n]) for about, n in (("from", 0), ("to", 2**31), ("axis", 0))]
            part = add("Slice", [part, *ends, constant(f"step {k}", [strides[0]])], f"taken by {k}")
        weights, bias = constant(f"filters {k}", filters[:, :, k]), node.input[2:] if k == 0 else []
        plane = {"kernel_shape": filters.shape[3:], "strides": strides[1:], "dilations": dilations[1:]}
        found = add("Conv", [part, weights, *bias], f"plane {k}", pads=[top, left, bottom, right], **plane)
        total = add("Add", [total, found], f"sum {k}") if total else found
    image = add("Transpose", [total], "result", perm=[1, 0, 2, 3])
    nodes.append(helper.make_node("Unsqueeze", [image, first], node.output, f"{name}/whole"))
    return nodes, constants


def _single_constants(graph: onnx.GraphProto, names: Iterable[str]) -> dict[str, float]:
    """Those of some tensors that are one float32 known from the file."""
    given = {one.name for one in graph.input}  # which whoever runs the network may change
    known = {one.name: one for one in graph.initializer if one.name not in given}
    made = {node.output[0]: node for node in graph.node if node.op_type in ("Identity", "Constant")}
    found: dict[str, float] = {}
    for name in names:
        at = name
        while at in made and made[at].op_type == "Identity":
            at = made[at].input[0]
        tensor = known.get(at)
        if tensor is None and at in made:
            tensor = next((one.t for one in made[at].attribute if one.name == "value"), None)
        if tensor is None or tensor.data_type != onnx.TensorProto.FLOAT or int(np.prod(tensor.dims)) != 1:
            continue
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            found[name] = float(numpy_helper.to_array(tensor).ravel()[0])
    return found
