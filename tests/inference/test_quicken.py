"""What is said in another way to onnxruntime gives the same bits, and whatever is not known for sure stays as it is."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.quicken import quickened


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


def kinds(network: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_model_from_string(network).graph.node}


@pytest.mark.parametrize("where", ["initializer", "node"])
def test_a_single_slope_is_said_as_leaky_relu_and_gives_the_same_bits(where):
    before = network(np.array([0.2371], np.float32), where)
    values = np.random.default_rng(0).normal(size=(1, 3, 999)).astype(np.float32)

    after = quickened(before)

    assert "LeakyRelu" in kinds(after) and "PRelu" not in kinds(after)
    told = [
        ort.InferenceSession(one, providers=["CPUExecutionProvider"]).run(None, {"x": values})[0]
        for one in (before, after)
    ]
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
