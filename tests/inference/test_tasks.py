"""A network that thresholds its middle slice stands in for a trained one, so every label can be worked out by hand."""

import itertools

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
from onnx import TensorProto

from inference.manifest import ManifestError, ModelError, ModelManifest, load_manifest, write_manifest
from inference.models import ModelStore
from inference.preprocess import slice_axis
from inference.tasks import segment, slice_doubts
from tests.models import loaded, write_threshold_model


def rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    turn = sitk.Euler3DTransform()
    turn.SetRotation(*np.radians(degrees))
    return np.array(turn.GetMatrix()).reshape(3, 3)


def phantom(direction: np.ndarray) -> tuple[sitk.Image, np.ndarray]:
    """A bright box off the centre of a non-cubic, anisotropic grid, and the mask of its voxels (k, j, i)."""
    voxels = np.zeros((20, 34, 26), np.int16)
    box = (slice(3, 13), slice(6, 20), slice(9, 23))
    voxels[box] = 1000
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((2.0, 1.5, 3.0))
    image.SetOrigin((-31.0, 12.0, 7.5))
    image.SetDirection(direction.ravel().tolist())
    return image, voxels > 500


AXIS_ORDERS = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


@pytest.mark.parametrize("oblique", [(0, 0, 0), (12, -7, 18)])
@pytest.mark.parametrize("axes", AXIS_ORDERS[::3])
def test_result_lies_on_the_grid_of_the_image_in_any_orientation(tmp_path, axes, oblique):
    write_threshold_model(tmp_path)
    image, expected = phantom(rotation(oblique) @ axes)

    result = segment(image, loaded(tmp_path)).label_image

    assert result.GetSize() == image.GetSize()
    assert result.GetSpacing() == image.GetSpacing()
    assert result.GetOrigin() == image.GetOrigin()
    assert result.GetDirection() == image.GetDirection()
    labels = sitk.GetArrayFromImage(result)
    overlap = 2 * np.count_nonzero((labels == 1) & expected) / (np.count_nonzero(labels) + np.count_nonzero(expected))
    assert overlap > 0.9  # both ways of resampling together move a border by less than half a voxel
    centre_apart = np.abs(np.argwhere(labels).mean(0) - np.argwhere(expected).mean(0))
    assert centre_apart.max() < 0.25


def test_a_model_on_the_images_own_grid_gives_every_voxel_exactly(tmp_path):
    write_threshold_model(tmp_path, spacing_mm=2.0)
    image, expected = phantom(np.eye(3))
    image.SetSpacing((2.0, 2.0, 2.0))

    labels = sitk.GetArrayFromImage(segment(image, loaded(tmp_path)).label_image)

    np.testing.assert_array_equal(labels == 1, expected)


def test_volume_is_counted_in_millilitres_of_the_image(tmp_path):
    write_threshold_model(tmp_path)
    image, expected = phantom(np.eye(3))
    image.SetSpacing((2.0, 2.0, 2.0))

    volumes = segment(image, loaded(tmp_path)).volumes_ml

    assert volumes["Bright"] == pytest.approx(np.count_nonzero(expected) * 8 / 1000)


def test_only_the_slices_asked_for_are_computed(tmp_path):
    write_threshold_model(tmp_path)
    image, expected = phantom(np.eye(3))
    image.SetSpacing((2.0, 2.0, 2.0))

    labels = sitk.GetArrayFromImage(segment(image, loaded(tmp_path), model_slices=range(5, 8)).label_image)

    np.testing.assert_array_equal(labels[5:8] == 1, expected[5:8])
    assert not labels[:5].any()
    assert not labels[8:].any()


def test_progress_that_raises_cancels_the_run(tmp_path):
    write_threshold_model(tmp_path)

    def cancel(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        segment(phantom(np.eye(3))[0], loaded(tmp_path), progress=cancel)


def test_output_that_is_not_a_number_never_becomes_a_label(tmp_path):
    write_threshold_model(tmp_path, scale=float("nan"))

    with pytest.raises(ModelError, match="not numbers"):
        segment(phantom(np.eye(3))[0], loaded(tmp_path))


def test_output_with_another_number_of_classes_is_refused(tmp_path):
    write_threshold_model(tmp_path, classes=4)

    with pytest.raises(ModelError, match="its manifest says"):
        segment(phantom(np.eye(3))[0], loaded(tmp_path))


def test_constant_image_is_refused(tmp_path):
    write_threshold_model(tmp_path)

    with pytest.raises(ModelError, match="same value everywhere"):
        segment(sitk.Image(20, 20, 20, sitk.sitkInt16), loaded(tmp_path))


def test_constant_output_is_refused(tmp_path):
    write_threshold_model(tmp_path, classes=2, scale=0.0)

    with pytest.raises(ModelError, match="same value everywhere"):
        segment(phantom(np.eye(3))[0], loaded(tmp_path))


def test_voxels_that_are_not_numbers_do_not_spoil_the_rest(tmp_path):
    write_threshold_model(tmp_path)
    image, expected = phantom(np.eye(3))
    voxels = sitk.GetArrayFromImage(image).astype(np.float32)
    voxels[0, 0, 0], voxels[1, 1, 1] = np.nan, np.inf
    damaged = sitk.GetImageFromArray(voxels)
    damaged.CopyInformation(image)

    labels = sitk.GetArrayFromImage(segment(damaged, loaded(tmp_path)).label_image)

    assert np.count_nonzero((labels == 1) & expected) > 0.9 * np.count_nonzero(expected)


def test_provider_is_what_onnxruntime_really_uses(tmp_path):
    write_threshold_model(tmp_path)
    model = loaded(tmp_path)

    assert model.provider + "ExecutionProvider" == model.sessions[0].get_providers()[0]


class TestManifest:
    def test_changed_network_is_refused(self, tmp_path):
        write_threshold_model(tmp_path)
        with (tmp_path / "model.onnx").open("ab") as file:
            file.write(b"!")

        with pytest.raises(ManifestError, match="was changed"):
            load_manifest(tmp_path)

    def test_unknown_schema_version_is_refused(self, tmp_path):
        write_threshold_model(tmp_path)
        path = tmp_path / "manifest.json"
        path.write_text(path.read_text().replace('"schema_version": 2', '"schema_version": 9'))

        with pytest.raises(ManifestError, match="version 9 is unknown"):
            load_manifest(tmp_path)

    @pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "sub/file"])
    def test_file_outside_the_folder_is_refused(self, tmp_path, name):
        manifest = write_threshold_model(tmp_path)
        escaped = manifest.model_copy(update={"files": manifest.files | {name: "0" * 64}})
        (tmp_path / "manifest.json").write_text(escaped.model_dump_json())

        with pytest.raises(ManifestError, match="outside its folder"):
            load_manifest(tmp_path)

    def test_link_to_another_file_is_refused(self, tmp_path):
        write_threshold_model(tmp_path / "model")
        elsewhere = tmp_path / "elsewhere.onnx"
        (tmp_path / "model" / "model.onnx").rename(elsewhere)
        (tmp_path / "model" / "model.onnx").symlink_to(elsewhere)

        with pytest.raises(ManifestError, match="not a plain file"):
            load_manifest(tmp_path / "model")

    def test_external_data_is_not_loaded_even_through_a_hard_link(self, tmp_path):
        folder, secret = tmp_path / "model", tmp_path / "secret"
        write_threshold_model(folder)
        model = onnx.load(folder / "model.onnx")
        secret.write_bytes(model.graph.initializer[0].raw_data)
        (folder / "weights.bin").hardlink_to(secret)
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        manifest = ModelManifest.model_validate_json((folder / "manifest.json").read_text())
        write_manifest(manifest, folder)

        with pytest.raises(ModelError, match="cannot be loaded"):
            loaded(folder)


class TestModelStore:
    @pytest.fixture
    def store(self, tmp_path):
        write_threshold_model(tmp_path / "shipped" / "threshold")
        return ModelStore(tmp_path / "shipped", tmp_path / "installed")

    def install(self, store, tmp_path, version):
        write_threshold_model(tmp_path / f"new-{version}", version=version)
        return store.install(tmp_path / f"new-{version}")

    def test_shipped_version_is_active_until_another_is_activated(self, store, tmp_path):
        self.install(store, tmp_path, "1.1.0")
        assert store.get("threshold").manifest.version == "1.0.0"

        store.activate("threshold", "1.1.0")

        assert store.get("threshold").manifest.version == "1.1.0"
        assert [record.active for record in store.list()] == [False, True]

    def test_rollback_goes_back_one_activation_at_a_time(self, store, tmp_path):
        for version in ("1.1.0", "1.2.0"):
            self.install(store, tmp_path, version)
            store.activate("threshold", version)

        assert store.rollback("threshold").manifest.version == "1.1.0"
        assert store.rollback("threshold").manifest.version == "1.0.0"
        with pytest.raises(ManifestError, match="no earlier version"):
            store.rollback("threshold")

    def test_activation_is_kept_for_the_next_start(self, store, tmp_path):
        self.install(store, tmp_path, "1.1.0")
        store.activate("threshold", "1.1.0")

        again = ModelStore(tmp_path / "shipped", tmp_path / "installed")

        assert again.get("threshold").manifest.version == "1.1.0"

    def test_a_version_is_never_replaced(self, store, tmp_path):
        with pytest.raises(ManifestError, match="installed already"):
            self.install(store, tmp_path, "1.0.0")

    def test_damaged_model_is_left_out_and_named_while_others_work(self, store, tmp_path):
        folder = self.install(store, tmp_path, "1.1.0").folder
        (folder / "model.onnx").write_bytes(b"broken")

        assert [record.manifest.version for record in store.list()] == ["1.0.0"]
        assert "1.1.0: model.onnx was changed" in store.problems()[0]

    def test_damaged_activation_file_falls_back_to_the_shipped_version(self, store, tmp_path):
        self.install(store, tmp_path, "1.1.0")
        store.activate("threshold", "1.1.0")
        (tmp_path / "installed" / "active.json").write_text("{")

        assert store.get("threshold").manifest.version == "1.0.0"

    def test_unknown_name_is_refused_with_the_names_there_are(self, store):
        with pytest.raises(ManifestError, match="installed: threshold"):
            store.get("liver")


@pytest.mark.parametrize("axes", AXIS_ORDERS[::5])
def test_a_model_is_unsure_of_the_slice_whose_values_lie_at_its_border(tmp_path, axes):
    """Logits 0 and 10 (x - 0.5): at 0.5 both classes are as likely, which is one bit; at 0 and 1 there is no doubt."""
    write_threshold_model(tmp_path)
    model = loaded(tmp_path)
    image, _ = phantom(axes)
    voxels = np.zeros((20, 34, 26), np.int16)
    axis = slice_axis(image, model.manifest.preprocessing)
    count = voxels.shape[2 - axis]
    along = [slice(None)] * 3
    for places, value in ((slice(0, 4), 1000), (slice(count - 5, count), 500)):
        along[2 - axis] = places
        voxels[tuple(along)] = value
    odd = sitk.GetImageFromArray(voxels)
    odd.CopyInformation(image)

    doubts = slice_doubts(odd, model, [1, count // 2, count - 2])

    assert doubts[count - 2].bits == pytest.approx(1.0, abs=0.02) and doubts[count - 2].label == "Bright"
    assert doubts[1].bits < 0.1 and doubts[count // 2].bits == 0 and doubts[count // 2].label == ""


def test_asking_for_doubts_can_be_cancelled(tmp_path):
    write_threshold_model(tmp_path)

    def stop(fraction, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slice_doubts(phantom(np.eye(3))[0], loaded(tmp_path), [3], progress=stop)
