"""Models of others run as their authors run them: axes in any order, outputs that are probabilities already, regions in
one another, networks that were exported for one image."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
from onnx import TensorProto, helper

from inference.manifest import LabelClass, ModelError, ModelManifest, Preprocessing, StoredIntensity, write_manifest
from inference.models import ModelStore
from inference.preprocess import degrees_off, model_grid
from inference.runtime import load_model
from inference.tasks import segment
from inference.worker import Worker
from tests.models import loaded
from viewer.bringing import Answers, Bringing
from viewer.jobs import JobQueue

SHAPE = (6, 7, 8)


def image_of(voxels: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(voxels, np.float32))
    image.SetSpacing(spacing)
    return image


def write_model(folder, weights, bias, *, activation, last="", batch="n", sizes=("j", "i"), **more) -> ModelManifest:
    """Each output channel is one weight times the image plus a bias, perhaps through an operator."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.asarray(weights, np.float32).reshape(-1, 1, *[1] * len(sizes))
    nodes = [helper.make_node("Conv", ["seen", "w", "b"], ["scores" if last else "out"])]
    if last:
        nodes.append(helper.make_node(last, ["scores"], ["out"]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, [batch, 1, *sizes])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [batch, len(weights), *sizes])],
        [
            onnx.numpy_helper.from_array(weights, "w"),
            onnx.numpy_helper.from_array(np.asarray(bias, np.float32), "b"),
        ],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx"
    )
    labels = len(weights) - (activation in ("softmax", "probabilities"))
    described = ModelManifest(
        name="brought",
        version="1.0.0",
        title="Brought",
        task="segmentation",
        modalities=["MR"],
        body_part="HEAD",
        labels=[LabelClass(value=n + 1, name=f"Label {n + 1}", colour=(1, 2, 3)) for n in range(labels)],
        preprocessing=Preprocessing(axes="KJI", intensity=StoredIntensity(), dimensions=2),
        activation=activation,
        licence_code="MIT",
        licence_weights="MIT",
        created="2026-01-01",
        **more,
    )
    return write_manifest(described, folder)


def labels_of(image, folder) -> np.ndarray:
    return sitk.GetArrayFromImage(segment(image, loaded(folder)).label_image)


@pytest.fixture
def image() -> sitk.Image:
    return image_of(np.random.default_rng(1).normal(size=SHAPE))


class TestActivation:
    def test_a_sigmoid_in_the_network_is_not_followed_by_another(self, tmp_path, image):
        write_model(tmp_path / "a", [4, -4], [0, -1], activation="sigmoid")
        write_model(tmp_path / "b", [4, -4], [0, -1], activation="each", last="Sigmoid")
        write_model(tmp_path / "twice", [4, -4], [0, -1], activation="sigmoid", last="Sigmoid")

        expected = labels_of(image, tmp_path / "a")

        np.testing.assert_array_equal(labels_of(image, tmp_path / "b"), expected)
        assert (labels_of(image, tmp_path / "twice") != expected).any()

    @pytest.mark.parametrize(("activation", "scale"), [("each", [3, 3]), ("probabilities", [3, 3])])
    def test_what_are_no_probabilities_is_not_taken_for_them(self, tmp_path, image, activation, scale):
        write_model(tmp_path / "a", scale, [0, 0], activation=activation)

        with pytest.raises(ModelError, match="no probabilities"):
            labels_of(image, tmp_path / "a")

    def test_of_regions_in_one_another_the_last_has_the_voxel(self, tmp_path, image):
        values = sitk.GetArrayViewFromImage(image)
        whole_then_core = {"weights": [4, 1], "bias": [0, -1], "activation": "sigmoid"}
        write_model(tmp_path / "last", **whole_then_core, several="last")
        write_model(tmp_path / "likeliest", **whole_then_core)

        expected = np.where(values >= 1, 2, np.where(values >= 0, 1, 0))

        np.testing.assert_array_equal(labels_of(image, tmp_path / "last"), expected)
        assert (labels_of(image, tmp_path / "likeliest") != expected).any()


class TestAxes:
    @pytest.mark.parametrize("axes", ["KJI", "JKI", "IJK", "IKJ"])
    def test_they_are_those_of_the_image_in_any_order(self, axes):
        image = image_of(np.zeros(SHAPE), spacing=(1.0, 2.0, 3.0))
        image.SetDirection((0, 0, -1, 1, 0, 0, 0, -1, 0))
        sizes, mm = dict(zip("IJK", image.GetSize(), strict=True)), dict(zip("IJK", image.GetSpacing(), strict=True))

        grid = model_grid(image, Preprocessing(axes=axes))

        assert grid.shape == tuple(sizes[letter] for letter in axes)
        assert grid.spacing_mm == tuple(mm[letter] for letter in axes)
        assert grid.flipped == (False, False, False) and degrees_off(image.GetDirection(), axes) == 0
        voxels = np.arange(np.prod(SHAPE)).reshape(SHAPE)
        np.testing.assert_array_equal(grid.restore(grid.reorient(voxels)), voxels)

    @pytest.mark.parametrize("axes", ["KKI", "KJ", "SPX"])
    def test_others_are_refused(self, axes):
        with pytest.raises(ValueError, match="axes must be"):
            Preprocessing(axes=axes)

    def test_slices_may_stay_as_far_apart_as_they_are(self):
        image = image_of(np.zeros(SHAPE), spacing=(1.0, 1.0, 5.0))

        grid = model_grid(image, Preprocessing(axes="KJI", spacing_mm=(2.0, 0.5, None)))

        assert (grid.shape, grid.spacing_mm) == ((6, 14, 4), (5.0, 0.5, 2.0))

    def test_blocks_are_resampled_along_all_axes_or_none(self):
        with pytest.raises(ValueError, match="all of spacing_mm"):
            Preprocessing(dimensions=3, spacing_mm=(1, 1, None))


def test_a_network_for_one_image_gets_one_at_a_time(tmp_path, image):
    """torch.onnx.export makes such a network where it is not told that sizes may change."""
    write_model(tmp_path / "one", [0, 4], [0, 0], activation="softmax", batch=1, sizes=(7, 8))
    write_model(tmp_path / "any", [0, 4], [0, 0], activation="softmax")

    np.testing.assert_array_equal(labels_of(image, tmp_path / "one"), labels_of(image, tmp_path / "any"))


def test_it_still_gets_one_at_a_time_after_the_gpu_ran_out_of_memory(tmp_path):
    write_model(tmp_path / "one", [0, 4], [0, 0], activation="softmax", batch=1, sizes=(7, 8))
    model = loaded(tmp_path / "one")
    model.provider = "CUDA"

    assert model._make_do(1)

    assert model.run(np.zeros((3, 1, 7, 8), np.float32)).shape == (3, 2, 7, 8)


def write_folds(folder, weights):
    """An nnU-Net model of two dimensions, of a network for each of some weights."""
    for n, of_fold in enumerate(weights):
        write_model(folder / f"fold_{n}", of_fold, [0] * len(of_fold), activation="softmax")
        (folder / f"fold_{n}" / "manifest.json").unlink()
    configuration = {"patch_size": [8, 8], "spacing": [1, 1], "normalization_schemes": ["NoNormalization"]}
    (folder / "plans.json").write_text(json.dumps({"configurations": {"2d": configuration}}))
    dataset = {"channel_names": {"0": "MRI"}, "labels": {"background": 0, "Bright": 1}}
    (folder / "dataset.json").write_text(json.dumps(dataset))
    return folder


class TestUseCase:
    """From a file to a model of the store."""

    ANSWERS = Answers(
        "Bright",
        "",
        "HEAD",
        (("Bright", (9, 8, 7)),),
        "MIT",
        "unknown",
        {
            "modalities": ["MR"],
            "activation": "softmax",
            "axes": "KJI",
            "dimensions": 2,
            "intensity": {"rule": "stored"},
        },
    )

    @pytest.fixture
    def store(self, tmp_path):
        return ModelStore(tmp_path / "shipped", tmp_path / "installed")

    def test_what_lies_there_is_not_changed_and_the_model_is_in_use(self, tmp_path, store, image):
        folder = tmp_path / "theirs"
        write_model(folder, [0, 4], [0, 0], activation="softmax")
        (folder / "manifest.json").unlink()
        before = {file.name: file.read_bytes() for file in folder.iterdir()}
        changed, found, added, failed = [], [], [], []
        bringing = Bringing(JobQueue(0), store, lambda: changed.append(True))

        bringing.look(folder / "model.onnx", found.append, failed.append)
        bringing.install(found[0], self.ANSWERS, added.append, failed.append)

        assert (added, failed, changed) == (["bright"], [], [True])
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
        assert not found[0].copy.exists()
        record = store.get("bright")
        assert record.active and not record.shipped and "Unverified" in (record.folder / "card.md").read_text()
        labels = sitk.GetArrayFromImage(segment(image, load_model(record)).label_image)
        np.testing.assert_array_equal(labels, sitk.GetArrayViewFromImage(image) > 0)

        bringing.look(folder / "model.onnx", found.append, failed.append)
        bringing.install(found[1], self.ANSWERS, added.append, failed.append)
        assert "There is a model called Bright already" in failed[0]
        bringing.leave(found[1])
        assert not found[1].copy.exists()

    def test_folds_become_one_model_of_their_mean(self, tmp_path, store, image):
        folder = write_folds(tmp_path / "Trainer__plans__2d", [[0, 4], [0, -1]])
        found, added = [], []
        bringing = Bringing(JobQueue(0), store, lambda: None)

        bringing.look(folder, found.append, pytest.fail)
        known = self.ANSWERS.fields | found[0].known
        bringing.install(found[0], replace(self.ANSWERS, fields=known), added.append, pytest.fail)
        bringing.look(folder / "fold_1" / "model.onnx", found.append, pytest.fail)

        assert [one.folds for one in found] == [2, 1], "a fold that is chosen itself is alone"
        record = store.get(added[0])
        assert record.manifest.networks == ["model.onnx", "model-001.onnx"]
        assert "2 folds" in (record.folder / "card.md").read_text()
        logits = load_model(record).run(np.ones((1, 1, 8, 8), np.float32))
        np.testing.assert_allclose(logits[0, :, 0, 0], [0, 1.5], atol=1e-5)
        bringing.leave(found[1])

    def test_a_fold_unlike_the_others_is_refused(self, tmp_path, store):
        folder = write_folds(tmp_path / "Trainer__plans__2d", [[0, 4], [0, -1, 2]])
        failed = []

        Bringing(JobQueue(0), store, lambda: None).look(folder, pytest.fail, failed.append)

        assert failed == ["the network of fold_1 is not like that of fold_0"]

    def test_what_cannot_be_used_leaves_nothing_behind(self, tmp_path, store, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
        (tmp_path / "copies").mkdir()
        (tmp_path / "wrong.onnx").write_bytes(b"wrong")
        found, failed = [], []

        Bringing(JobQueue(0), store, lambda: None).look(tmp_path / "wrong.onnx", found.append, failed.append)

        assert (found, failed) == ([], ["wrong.onnx is not an ONNX file"])
        assert not list((tmp_path / "copies").iterdir())

    def test_it_is_never_run_in_this_process(self, tmp_path, store, monkeypatch):
        """A network that would take all memory or never end is one of the child's."""
        write_model(tmp_path / "theirs", [0, 4], [0, 0], activation="softmax")
        monkeypatch.setattr("onnxruntime.InferenceSession", None)
        found = []

        Bringing(JobQueue(0), store, lambda: None).look(tmp_path / "theirs" / "model.onnx", found.append, pytest.fail)

        assert found[0].classes == 2


@pytest.mark.parametrize(
    "lie", [{"patch": [0, 8]}, {"patch": [8]}, {"classes": -1}, {"values": "?"}, {"channels": None}]
)
def test_what_a_process_tells_of_a_network_is_checked(tmp_path, monkeypatch, lie):
    told = {"dimensions": 2, "channels": 1, "patch": None, "classes": 2, "values": "any", "multiple": 1}
    answer = type("Message", (), {"told": told | lie})
    worker = Worker()
    monkeypatch.setattr(worker, "_request", lambda *arguments: answer)

    with pytest.raises(ModelError, match="could not be tried"):
        worker.try_network(tmp_path / "model.onnx")
