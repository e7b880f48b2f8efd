"""What is said in another way to onnxruntime gives the same, and whatever is not known for sure stays as it is."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.quicken import by_slices, quickened


def network(slope: np.ndarray, where: str = "initializer") -> bytes:
    """A PRelu, its slope behind an Identity as torch writes one that several share."""
    tensor = numpy_helper.from_array(slope, "slope")
    nodes = [helper.make_node("Identity", ["slope"], ["shared"]), helper.make_node("PRelu", ["x", "shared"], ["y"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, None])]
    if where == "node":
        nodes.insert(0, helper.make_node("Constant", [], ["slope"], value=tensor))
    if where == "input":
        inputs.append(helper.make_tensor_value_info("slope", TensorProto.FLOAT, slope.shape))
    inits = [] if where == "node" else [tensor]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, None])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, inits)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def answer(network: bytes, values: np.ndarray) -> np.ndarray:
    return ort.InferenceSession(network, providers=["CPUExecutionProvider"]).run(None, {"x": values})[0]


def kinds(network: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_model_from_string(network).graph.node}


@pytest.mark.parametrize("where", ["initializer", "node"])
def test_a_single_slope_is_said_as_leaky_relu_and_gives_the_same_bits(where):
    before = network(np.array([0.2371], np.float32), where)
    values = np.random.default_rng(0).normal(size=(1, 3, 999)).astype(np.float32)

    after = quickened(before)

    assert "LeakyRelu" in kinds(after) and "PRelu" not in kinds(after)
    told = [answer(one, values) for one in (before, after)]
    np.testing.assert_array_equal(*told)
    assert (told[0] != values).any()


@pytest.mark.parametrize(
    "before",
    [
        network(np.array([[0.1], [0.2], [0.3]], np.float32)),  # one for each channel
        network(np.array([0.1], np.float32), "input"),  # whoever runs it may give another
        b"PRelu, but no network",
    ],
)
def test_what_is_not_one_known_slope_stays_as_it_is(before):
    after = quickened(before)
    assert after == before or kinds(after) == kinds(before)


SIZES = (2, 7, 9, 12)  # channels, K, J, I


def convolution(kernel=(3, 3, 3), filters=8, sizes=("n", 2, "k", "j", "i"), opset=17, **attributes) -> bytes:
    random = np.random.default_rng(1)
    groups = attributes.get("group", 1)
    weights = random.normal(size=(filters, SIZES[0] // groups, *kernel)).astype(np.float32)
    tensors = {"w": weights, "b": random.normal(size=filters).astype(np.float32)}
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], **attributes)
    shapes = {"x": [*sizes], "y": ["n", filters, "a", "b", "c"]}
    values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    known = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    graph = helper.make_graph([node], "g", [values["x"]], [values["y"]], known)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("kernel", "attributes"),
    [
        ((3, 3, 3), {"pads": [1] * 6}),
        ((3, 3, 3), {"pads": [1] * 6, "strides": [2, 2, 2]}),
        ((3, 3, 3), {"pads": [0, 1, 2, 2, 0, 1], "strides": [3, 1, 2], "dilations": [1, 2, 1]}),
        ((2, 3, 1), {}),
        ((5, 3, 3), {"pads": [2, 1, 1, 2, 1, 1], "strides": [2, 1, 1]}),
        ((1, 3, 3), {"pads": [0, 1, 1, 0, 1, 1], "strides": [1, 2, 2]}),  # as nnU-Net's, of thick slices
    ],
)
def test_a_convolution_of_three_dimensions_is_one_of_slices(kernel, attributes):
    before = convolution(kernel, **attributes)
    after = by_slices(before, SIZES)
    values = np.random.default_rng(0).normal(size=(1, *SIZES)).astype(np.float32)

    assert after != before and "Transpose" in kinds(after)
    told = [answer(one, values) for one in (before, after)]
    assert told[0].shape == told[1].shape
    np.testing.assert_allclose(*told, atol=2e-5)


@pytest.mark.parametrize(
    "before",
    [
        convolution(sizes=(2, 2, "k", "j", "i")),  # for two images at once
        convolution(sizes=(1, 2, 8, 9, 12)),  # for others
        convolution(opset=12),
        convolution(filters=4),
        convolution(group=2),
        convolution(dilations=[2, 1, 1]),
        convolution(auto_pad="SAME_UPPER"),
        convolution((3, 1, 1)),
        b"no network",
    ],
)
def test_what_onnxruntime_is_no_quicker_with_stays_a_convolution_of_three_dimensions(before):
    after = by_slices(before, SIZES)
    assert after == before or "Transpose" not in kinds(after)
