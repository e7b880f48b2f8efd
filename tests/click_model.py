"""An interactive model whose answers can be worked out by hand."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference.manifest import Clicks, PercentileIntensity, Preprocessing, write_manifest
from tests.models import manifest

SIZE = 128


def write_click_model(folder: Path, *, near: float = 0.1, box: bool = False, gives: float = 1.0) -> None:
    """Those pixels whose value is that of the positive discs, on average, to within near; but the negative discs."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 4 + box
    names = ["grey", "belongs", "not", *(["box"] if box else []), "before"]
    one = numpy_helper.from_array(np.float32(1e-6), "least")
    consts = [
        one,
        numpy_helper.from_array(np.float32(near), "near"),
        numpy_helper.from_array(np.float32(1000 * gives), "steep"),
        numpy_helper.from_array(np.array([2, 3]), "plane"),
        numpy_helper.from_array(np.ones(count, np.int64), "each"),
    ]
    nodes = [
        helper.make_node("Split", ["seen", "each"], names, axis=1),
        helper.make_node("Mul", ["grey", "belongs"], ["clicked"]),
        helper.make_node("ReduceSum", ["clicked", "plane"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["belongs", "plane"], ["discs"], keepdims=1),
        helper.make_node("Max", ["discs", "least"], ["some"]),
        helper.make_node("Div", ["sum", "some"], ["mean"]),
        helper.make_node("Sub", ["grey", "mean"], ["off"]),
        helper.make_node("Abs", ["off"], ["away"]),
        helper.make_node("Sub", ["near", "away"], ["alike"]),
        helper.make_node("Sub", ["alike", "not"], ["kept"]),
        helper.make_node("Mul", ["kept", "steep"], ["logits"]),
    ]
    if box:
        nodes[-1:] = [
            helper.make_node("Sub", ["box", "kept"], ["gap"]),
            helper.make_node("Min", ["kept", "box"], ["inside"]),
            helper.make_node("Sub", ["inside", "least"], ["just"]),
            helper.make_node("Mul", ["just", "steep"], ["logits"]),
        ]
    graph = helper.make_graph(
        nodes,
        "clicks",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", count, None, None])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1, None, None])],
        consts,
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    described = manifest("clicks", ("Region",), 1.0, "1.0.0")
    described = type(described).model_validate(
        described.model_dump()
        | {
            "title": "Clicks",
            "task": "interactive",
            "activation": "sigmoid",
            "clicks": Clicks(radius=1.5, box=box).model_dump(),
            "preprocessing": Preprocessing(size=(SIZE, SIZE), intensity=PercentileIntensity(lower=0, upper=100)),
        }
    )
    write_manifest(described, folder)
