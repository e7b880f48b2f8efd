"""A device with too little memory: less at once, then the CPU; the result is the same and says so."""

import io
import json

import numpy as np
import pytest

from inference import runtime
from inference.manifest import ModelError, Preprocessing, StoredIntensity
from inference.models import ModelRecord
from inference.runtime import LoadedModel
from inference.tasks import segment
from inference.worker import _Message, _run, _Runner
from tests.inference.test_engine import image_of, linear, noise

CUDA = "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : CUDA failure 2: out of memory ; GPU=0"
MESSAGES = [
    CUDA,
    "bfc_arena.cc:376 BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1024",
    "Non-zero status code returned while running Conv node. Name:'Conv_1' Status Message: bad allocation",
    "CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED",
    "std::bad_alloc",
]


class Poor:
    """A session that runs at most some images at once."""

    def __init__(self, session, most: int, message: str = CUDA) -> None:
        self._session, self._most, self._message = session, most, message
        self.asked: list[int] = []

    def get_inputs(self):
        return self._session.get_inputs()

    def get_outputs(self):
        return self._session.get_outputs()

    def run(self, names, feeds):
        (batch,) = feeds.values()
        self.asked.append(len(batch))
        if len(batch) > self._most:
            raise RuntimeError(self._message)
        return self._session.run(names, feeds)


@pytest.fixture
def model(tmp_path) -> LoadedModel:
    kernel = np.random.default_rng(0).normal(size=(2, 3, 3, 3))
    return linear(
        tmp_path, kernel, [0, 0.1], preprocessing=Preprocessing(context_slices=3, intensity=StoredIntensity())
    )


def poor(model: LoadedModel, most: int, message: str = CUDA, provider: str = "CUDA", on_cpu=True):
    session = Poor(model.sessions[0], most, message)
    return LoadedModel(model.manifest, (session,), provider, (lambda: model.sessions) if on_cpu else None), session


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize(("most", "asked"), [(2, [4, 2, 2]), (1, [4, 2, 1, 1, 1, 1]), (4, [4])])
def test_fewer_images_at_once_give_exactly_the_same(model, message, most, asked):
    batch = noise(4, 3, 9, 7)
    device, session = poor(model, most, message)

    found = device.run(batch)

    np.testing.assert_array_equal(found, model.run(batch))
    assert session.asked == asked
    assert device.provider == "CUDA"
    assert [note.split(":")[0] for note in device.notes] == (["The GPU had too little memory"] if most < 4 else [])


def test_images_that_go_side_by_side_give_the_same_and_too_little_memory_ends_it(model):
    batch = noise(5, 3, 9, 7)
    expected = model.run(batch)
    lanes = [Poor(model.sessions[0], 9) for _ in range(2)]
    device = LoadedModel(model.manifest, model.sessions, "CPU", beside=lambda: [(lane,) for lane in lanes])

    np.testing.assert_array_equal(device.run(batch), expected)
    assert [lane.asked for lane in lanes] == [[1, 1, 1], [1, 1]], "in turn"
    device.run(batch[:1])
    assert [len(lane.asked) for lane in lanes] == [3, 2], "a single one has the whole processor"

    short = Poor(model.sessions[0], 0)
    device = LoadedModel(model.manifest, model.sessions, "CPU", beside=lambda: [model.sessions, (short,)])
    np.testing.assert_array_equal(device.run(batch[:2]), expected[:2])
    assert short.asked == [1] and [note.split(":")[0] for note in device.notes] == [
        "The computer had too little memory"
    ]


def test_what_fits_is_remembered(model):
    device, session = poor(model, 2)
    device.run(noise(4, 3, 9, 7))
    session.asked.clear()

    device.run(noise(3, 3, 9, 7))

    assert session.asked == [2, 1]


def test_a_device_that_runs_not_even_one_is_left_for_the_cpu_and_the_result_says_so(model):
    image = image_of(noise(9, 8, 7))
    expected = segment(image, model, with_certainty=True)
    device, _ = poor(model, 0)
    told = []

    found = segment(image, device, with_certainty=True, progress=lambda part, text: told.append(text))

    np.testing.assert_array_equal(found.label_image, expected.label_image)
    assert expected.certainty is not None and found.certainty is not None
    for name, values in vars(expected.certainty).items():
        np.testing.assert_array_equal(getattr(found.certainty, name), values)
    assert (device.provider, found.run.provider) == ("CPU", "CPU")
    assert "The GPU had too little memory: it went on on the CPU" in found.run.notes
    assert expected.run.notes == ()
    assert told[1].endswith("on CUDA") and told[-1].endswith("on CPU")


def test_memory_that_runs_out_in_the_middle_of_mirrored_runs(tmp_path):
    preprocessing = Preprocessing(mirrors=frozenset("ij"), intensity=StoredIntensity())
    model = linear(tmp_path, np.random.default_rng(0).normal(size=(2, 1, 3, 3)), [0, 0], preprocessing=preprocessing)
    device, session = poor(model, 4)
    counted = []

    def run(names, feeds, run=model.sessions[0].run):
        counted.append(1)
        if len(counted) > 2:
            raise RuntimeError(CUDA)
        return run(names, feeds)

    session.run = run

    np.testing.assert_array_equal(device.run(noise(3, 1, 9, 7), True), model.run(noise(3, 1, 9, 7), True))
    assert device.provider == "CPU"


@pytest.mark.parametrize("provider", ["CPU", "CUDA"])
def test_where_nothing_is_left_to_try_it_is_refused(model, provider):
    device, session = poor(model, 0, provider=provider, on_cpu=provider == "CPU")

    with pytest.raises(ModelError, match="out of memory"):
        device.run(noise(4, 3, 9, 7))

    assert session.asked == [4, 2, 1]
    assert device.provider == provider


def test_a_run_that_fails_for_another_reason_is_not_tried_again(model):
    device, session = poor(model, 0, "Non-zero status code returned while running Gather node: indices out of bounds")

    with pytest.raises(ModelError, match="out of bounds"):
        device.run(noise(4, 3, 9, 7))

    assert session.asked == [4]
    assert device.notes == []


def test_notes_reach_the_window(model):
    device, _ = poor(model, 0)
    runner = _Runner(io.BytesIO())
    runner._model = lambda request: device
    grid = {"spacing": (1.0, 1.0, 1.0), "origin": (0.0, 0.0, 0.0), "direction": tuple(np.eye(3).ravel())}

    told, _ = runner._segment(_Message({**grid, "options": {}}, {"voxels": noise(9, 8, 7)}))

    assert told["provider"] == "CPU"
    run = _run(json.loads(json.dumps(told)))
    assert list(run.notes) == device.notes != []


def test_a_gpu_that_a_training_has_filled_before_the_model_is_loaded_is_done_without(tmp_path, monkeypatch):
    """A request during a training never fails for the memory that the training takes."""
    kernel, plain = np.random.default_rng(0).normal(size=(2, 1, 3, 3)), Preprocessing(intensity=StoredIntensity())
    model = linear(tmp_path, kernel, [0, 0], preprocessing=plain)
    real, asked = runtime.ort.InferenceSession, []

    def session(network: bytes, options: object, providers: list[str]):
        asked.append(providers)
        if "CUDAExecutionProvider" in providers:
            raise RuntimeError(CUDA)
        return real(network, options, providers=providers)

    monkeypatch.setattr(runtime.ort, "InferenceSession", session)
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(runtime.ort, "get_available_providers", lambda: providers)

    loaded = runtime.load_model(ModelRecord(model.manifest, tmp_path, shipped=False, active=True))

    assert asked == [providers, providers[1:]]
    assert (loaded.provider, loaded.notes) == ("CPU", ["The GPU had too little memory: it ran on the CPU"])
    np.testing.assert_array_equal(loaded.run(noise(2, 1, 9, 7)), model.run(noise(2, 1, 9, 7)))


def test_a_model_that_cannot_be_loaded_for_another_reason_is_refused_at_once(model, tmp_path, monkeypatch):
    asked: list[list[str]] = []

    def session(*_: object, providers: list[str]):
        asked.append(providers)
        raise RuntimeError("the graph is invalid")

    monkeypatch.setattr(runtime.ort, "InferenceSession", session)

    with pytest.raises(ModelError, match="cannot be loaded: the graph is invalid"):
        runtime.load_model(ModelRecord(model.manifest, tmp_path, shipped=False, active=True))
    assert len(asked) == 1
