"""Models in a process of their own: the same result, and nothing that a model does reaches further."""

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
from onnx import TensorProto, helper

from inference.manifest import ModelError, Preprocessing, StoredIntensity, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.tasks import probabilities, segment, slice_doubts
from inference.worker import Worker, _read
from tests.models import loaded, manifest, write_threshold_model

ENDLESS = "endless"


@pytest.fixture
def worker():
    with closing(Worker()) as worker:
        yield worker


@pytest.fixture
def record(tmp_path) -> ModelRecord:
    write_threshold_model(tmp_path / "model")
    return record_of(tmp_path / "model")


def record_of(folder: Path) -> ModelRecord:
    return ModelRecord(load_manifest(folder), folder, shipped=False, active=True)


def head(shape=(9, 14, 11)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 100, shape).astype(np.int16))
    image.SetSpacing((2.0, 1.5, 3.0))
    image.SetOrigin((-31.0, 12.0, 7.5))
    image.SetDirection((0, 1, 0, 1, 0, 0, 0, 0, 1))
    return image


def write_hostile(folder: Path, nodes, *initializers, domain: str = "", preprocessing=None) -> ModelRecord:
    """A model whose graph is nodes, from "seen" to "logits"."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", 1, "j", "i"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    described = manifest("hostile", ("Bright",), 1.0, "1.0.0")
    preprocessing = preprocessing or Preprocessing(intensity=StoredIntensity())
    write_manifest(described.model_copy(update={"preprocessing": preprocessing}), folder)
    return record_of(folder)


def endless(folder: Path) -> ModelRecord:
    """A Loop that never ends."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["value", "value"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, None),
        ],
    )
    go = onnx.numpy_helper.from_array(np.array(True), "go")
    return write_hostile(folder, [helper.make_node("Loop", ["", "go", "seen"], ["logits"], body=body)], go)


def filling(folder: Path, shape: list[int]) -> ModelRecord:
    """A tensor of a shape, filled, of which the sum is told."""
    size = onnx.numpy_helper.from_array(np.array(shape, np.int64), "size")
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["large"], value=one),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["seen", "sum"], ["logits"]),
    ]
    return write_hostile(folder, nodes, size)


def test_the_result_is_that_of_a_run_in_this_process(worker, record):
    expected = segment(head(), loaded(record.folder), with_certainty=True)
    told = []

    found = worker.segment(record, head(), with_certainty=True, progress=lambda *at: told.append(at))

    for image in (found.label_image, expected.label_image):
        assert image.GetDirection() == head().GetDirection()
    np.testing.assert_array_equal(*(sitk.GetArrayFromImage(one.label_image) for one in (found, expected)))
    for name in ("likeliest", "probability", "entropy"):
        np.testing.assert_array_equal(getattr(found.certainty, name), getattr(expected.certainty, name))
    assert found.volumes_ml == expected.volumes_ml
    assert replace(found.run, seconds=expected.run.seconds) == expected.run and expected.run.sha256
    assert worker.provider == found.run.provider
    assert told[-1][0] == 1.0


def test_doubts_are_those_of_a_run_in_this_process(worker, record):
    assert worker.slice_doubts(record, head(), [1, 3]) == slice_doubts(head(), loaded(record.folder), [1, 3])


def test_probabilities_are_those_of_a_run_in_this_process(worker, record):
    expected, found = probabilities(head(), loaded(record.folder), [1]), worker.probabilities(record, head(), [1])

    np.testing.assert_array_equal(found.of_labels, expected.of_labels)
    np.testing.assert_array_equal(found.entropy, expected.entropy)


def test_the_model_stays_ready_for_the_next_run(worker, record):
    worker.segment(record, head())
    process = worker._child._process

    worker.segment(record, head((5, 8, 7)))

    assert worker._child._process is process


def test_a_refusal_is_told_and_the_next_run_goes_on(worker, record):
    with pytest.raises(ModelError, match="same value everywhere"):
        worker.segment(record, sitk.Image(9, 9, 9, sitk.sitkInt16))

    assert worker.segment(record, head()).volumes_ml


def test_a_network_that_was_changed_after_it_was_listed_is_refused(worker, record):
    (record.folder / "model.onnx").write_bytes(b"another")

    with pytest.raises(ModelError, match="was changed"):
        worker.segment(record, head())


def test_a_network_that_never_ends_is_ended_within_a_second_of_cancelling(worker, record, tmp_path):
    hostile, asked = endless(tmp_path / "endless"), []

    def cancel(fraction: float, text: str) -> None:
        if worker._child is not None:
            asked.append(worker._child._process)
        if len(asked) > 20:
            asked.append(time.monotonic())
            raise InterruptedError

    with pytest.raises(InterruptedError):
        worker.segment(hostile, head(), progress=cancel)
    took_s = time.monotonic() - asked[-1]

    assert asked[0].poll() == -signal.SIGKILL
    assert took_s < 1
    assert worker.segment(record, head()).volumes_ml


def test_a_network_that_says_nothing_for_too_long_is_ended(tmp_path):
    with closing(Worker(silence_s=1.5)) as worker, pytest.raises(ModelError, match="did not come to an end"):
        worker.segment(endless(tmp_path / "endless"), head())


@pytest.mark.parametrize("shape", [[1 << 40], [1 << 20, 1 << 15]])
def test_a_tensor_larger_than_the_memory_is_refused(worker, tmp_path, shape):
    with pytest.raises(ModelError):
        worker.segment(filling(tmp_path / "filling", shape), head())


def test_the_process_may_not_take_more_than_its_share_of_the_memory(worker, record):
    worker.segment(record, head())
    limits = Path(f"/proc/{worker._child._process.pid}/limits")
    if not limits.exists():
        pytest.skip("this system does not tell the limits of a process")

    (row,) = (line for line in limits.read_text().splitlines() if line.startswith("Max data size"))

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert int(row.split()[3]) < memory


def test_operators_of_others_are_refused(worker, tmp_path):
    node = helper.make_node("Steal", ["seen"], ["logits"], domain="org.evil")

    with pytest.raises(ModelError, match="cannot be loaded"):
        worker.segment(write_hostile(tmp_path / "custom", [node], domain="org.evil"), head())


@pytest.mark.parametrize("content", [b"", b"\x08\x09garbage", None])
def test_a_file_that_is_no_network_is_refused(worker, record, content):
    network = record.folder / "model.onnx"
    network.write_bytes(network.read_bytes()[:200] if content is None else content)
    write_manifest(record.manifest, record.folder)

    with pytest.raises(ModelError, match="cannot be loaded"):
        worker.segment(record_of(record.folder), head())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_output_that_is_no_number_never_becomes_a_label(worker, tmp_path, value):
    nothing = onnx.numpy_helper.from_array(np.array(value, np.float32), "nothing")
    twice = helper.make_node("Concat", ["seen", "seen"], ["two"], axis=1)
    hostile = write_hostile(tmp_path / "nan", [twice, helper.make_node("Mul", ["two", "nothing"], ["logits"])], nothing)

    with pytest.raises(ModelError, match="not numbers"):
        worker.segment(hostile, head())


def test_output_of_another_shape_is_refused(worker, tmp_path):
    with pytest.raises(ModelError, match="its manifest says"):
        worker.segment(write_hostile(tmp_path / "shape", [helper.make_node("Identity", ["seen"], ["logits"])]), head())


def test_a_process_that_dies_is_told_and_replaced(worker, record):
    worker.segment(record, head())

    def kill(fraction: float, text: str) -> None:
        if worker._child is not None and fraction < 1:
            worker._child._process.kill()

    with pytest.raises(ModelError, match="has ended"):
        worker.segment(record, head((60, 200, 200)), progress=kill)

    assert worker.segment(record, head()).volumes_ml


def window(folder: Path, script: str) -> subprocess.Popen:
    """Another Python that runs a model as the window does, with the model's record and an image at hand."""
    begin = (
        "import sys; from contextlib import closing; from pathlib import Path; import numpy; import SimpleITK as sitk\n"
        "import viewer.workflows; from inference.worker import Worker\n"
        "from inference.manifest import load_manifest; from inference.models import ModelRecord\n"
        "folder = Path(sys.argv[1]); record = ModelRecord(load_manifest(folder), folder, False, True)\n"
        "image = sitk.GetImageFromArray(numpy.random.default_rng(0).random((9, 14, 11), dtype='f4'))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", begin + script, folder], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )


def test_the_process_ends_with_the_window_though_its_model_never_does(tmp_path):
    endless(tmp_path / "endless")
    script = (
        "worker = Worker(silence_s=30)\n"
        "def tell(fraction, text):\n"
        "    if text.startswith('Running'): print(worker._child._process.pid, flush=True)\n"
        "worker.segment(record, image, progress=tell)\n"
    )
    parent = window(tmp_path / "endless", script)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not Path(f"/proc/{pid}").exists()


def test_the_window_itself_loads_no_onnxruntime(record):
    script = (
        "with closing(Worker()) as worker: worker.segment(record, image)\n"
        "print([name for name in ('onnxruntime', 'onnx', 'torch') if name in sys.modules])\n"
    )

    said, _ = window(record.folder, script).communicate()

    assert said == "[]\n"


@pytest.mark.parametrize(
    "message",
    [
        b"not JSON\n",
        b'{"told": {}}\n',
        b'{"told": {}, "arrays": {"labels": ["object", [1]]}}\n' + bytes(8),
        b'{"told": {}, "arrays": {"labels": ["uint8", [-1]]}}\n',
        b'{"told": {}, "arrays": {"labels": "uint8"}}\n',
        b"[]\n",
    ],
)
def test_what_is_no_message_of_ours_is_not_read(message):
    with pytest.raises((ValueError, KeyError, TypeError)):
        _read(io.BytesIO(message))


def test_a_message_that_breaks_off_is_an_end():
    assert _read(io.BytesIO(b'{"told": {}, "arrays": {"labels": ["uint8", [9]]}}\n' + bytes(5))) is None


def test_the_runtime_that_models_run_in_reports_to_nobody(tmp_path):
    """onnxruntime's reports begin with an identifier of the computer among the user's files; it makes none in a test
    that says it is one, so nothing but the home is told."""
    plain = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", "import inference.runtime"], env=plain, check=True, cwd=tmp_path)
    assert list(tmp_path.rglob("*")) == []
