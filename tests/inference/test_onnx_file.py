"""What an ONNX file says without being run, and its weights in one file with it."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from onnx.external_data_helper import convert_model_to_external_data

from inference.bring import check_usable
from inference.manifest import ManifestError
from inference.onnx_file import OnnxFile, read_onnx

WEIGHTS = np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3)


def write(path: Path, *, inputs=1, kind=TensorProto.FLOAT, shape=("n", 1, "j", "i"), domain="", beside="") -> Path:
    """A convolution whose weights may lie in a file beside it, in an If as torch.onnx.export writes some."""
    constant = helper.make_node("Constant", [], ["inner"], value=onnx.numpy_helper.from_array(WEIGHTS, "held"))
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("inner", 1, [2, 1, 3, 3])])
    nodes = [
        helper.make_node("If", ["yes"], ["w2"], then_branch=branch, else_branch=branch),
        helper.make_node("Conv", ["seen0", "w"], ["first"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["seen0", "w2"], ["second"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["first", "second"], ["out"], domain=domain),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(f"seen{n}", kind, shape) for n in range(inputs)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 2, "j", "i"])],
        [onnx.numpy_helper.from_array(WEIGHTS, "w"), onnx.numpy_helper.from_array(np.array(True), "yes")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)], ir_version=9
    )
    if beside:
        convert_model_to_external_data(model, location=beside, size_threshold=0, convert_attribute=True)
    onnx.save(model, path)
    return path


def read(path: Path) -> OnnxFile:
    return read_onnx(path, path.parent / "whole.onnx")


def test_it_says_what_it_takes_and_gives(tmp_path):
    told = read(write(tmp_path / "model.onnx"))

    assert [(port.name, port.type, port.shape) for port in told.inputs] == [("seen0", "float32", (None, 1, None, None))]
    assert [port.shape for port in told.outputs] == [(None, 2, None, None)]
    assert (told.opset, told.last, told.foreign, told.beside) == (17, "Add", (), ())


def test_weights_beside_it_come_into_one_file_that_gives_the_same(tmp_path):
    path = write(tmp_path / "model.onnx", beside="weights.bin")

    told = read(path)

    assert told.beside == ("weights.bin",)
    image = np.random.default_rng(0).random((1, 1, 8, 9), dtype=np.float32)
    found = []
    for one in (tmp_path / "whole.onnx", write(tmp_path / "never_apart.onnx")):
        session = ort.InferenceSession(one.read_bytes(), providers=["CPUExecutionProvider"])
        found.append(session.run(None, {"seen0": image})[0])
    np.testing.assert_array_equal(*found)


def test_a_whole_file_is_taken_over_byte_by_byte(tmp_path):
    path = write(tmp_path / "model.onnx")

    read(path)

    assert (tmp_path / "whole.onnx").read_bytes() == path.read_bytes()


class TestRefused:
    def moved(self, tmp_path, location: str) -> Path:
        path = write(tmp_path / "model.onnx", beside="weights.bin")
        path.write_bytes(path.read_bytes().replace(b"weights.bin", location.encode()))
        return path

    @pytest.mark.parametrize("location", ["../ghts.bin", "/etc/passwd"])
    def test_weights_outside_its_folder(self, tmp_path, location):
        (tmp_path / "theirs").mkdir()
        (tmp_path / "ghts.bin").write_bytes(bytes(1000))

        with pytest.raises(ManifestError, match="outside its folder"):
            read(self.moved(tmp_path / "theirs", location))

    @pytest.mark.parametrize("link", [os.symlink, os.link])
    def test_weights_that_are_a_link(self, tmp_path, link):
        path = write(tmp_path / "model.onnx", beside="weights.bin")
        (tmp_path / "weights.bin").rename(tmp_path / "secret")
        link(tmp_path / "secret", tmp_path / "weights.bin")

        with pytest.raises(ManifestError, match="is a link"):
            read(path)

    def test_weights_that_are_too_short(self, tmp_path):
        path = write(tmp_path / "model.onnx", beside="weights.bin")
        os.truncate(tmp_path / "weights.bin", 20)

        with pytest.raises(ManifestError, match=r"weights\.bin is shorter"):
            read(path)

    @pytest.mark.parametrize("content", [b"", b"no network", b"\xff" * 50, b"\x3a\x7f"])
    def test_what_is_no_onnx_file(self, tmp_path, content):
        (tmp_path / "model.onnx").write_bytes(content)

        with pytest.raises(ManifestError, match=r"model\.onnx is not an ONNX file"):
            read(tmp_path / "model.onnx")

    def test_any_part_of_a_file_cut_off(self, tmp_path):
        content = write(tmp_path / "model.onnx").read_bytes()
        for length in range(0, len(content) - 1, 7):
            (tmp_path / "model.onnx").write_bytes(content[:length])
            try:
                read(tmp_path / "model.onnx")
            except ManifestError:
                continue  # some lengths are whole messages of less

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"inputs": 2}, r"2 inputs at once \(seen0, seen1\)"),
            ({"kind": TensorProto.FLOAT16}, "takes float16"),
            ({"domain": "mine"}, r"operator that is not one of ONNX: mine\.Add"),
            ({"shape": ("n", 1, "i")}, "has 3 axes"),
            ({"shape": ("n", "c", "j", "i")}, "how many channels"),
            ({"shape": (4, 1, "j", "i")}, "4 images at once"),
            ({"shape": ("n", 2, "j", "i")}, "2 images at once as channels"),
        ],
    )
    def test_what_cannot_be_a_segmentation_network(self, tmp_path, change, words):
        told = read(write(tmp_path / "model.onnx", **change))

        with pytest.raises(ManifestError, match=words):
            check_usable("model.onnx", told)
