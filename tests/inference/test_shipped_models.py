"""Every model that comes with the program is whole, described, small and runs. Models are found by folder."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import onnx
import pytest
import SimpleITK as sitk

import resources
from inference.manifest import MANIFEST_FILE, NETWORK_FILE, WEIGHTS_FILE, ModelManifest, load_manifest
from inference.models import ModelRecord, ModelStore
from inference.runtime import LoadedModel, load_model
from inference.tasks import segment

FOLDERS = sorted(file.parent for file in resources.path("models").glob(f"*/{MANIFEST_FILE}"))
LARGEST_TOGETHER = 60_000_000  # bytes: a wheel stays below PyPI's 100 MB

each_model = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@cache
def loaded(folder) -> LoadedModel:
    return load_model(ModelRecord(load_manifest(folder), folder, shipped=True, active=True))


def phantom(manifest: ModelManifest) -> sitk.Image:
    """An oblique ellipsoid with a darker core, of no size or spacing that suits the model, and of left-handed axes."""
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in (13, 47, 38)), indexing="ij")
    radius = np.sqrt((k / 0.9) ** 2 + (j / 0.8) ** 2 + (i / 0.7) ** 2)
    voxels = 300.0 * (radius < 1) - 120.0 * (radius < 0.4)
    voxels += np.random.default_rng(3).normal(0, 5, voxels.shape)
    image = sitk.GetImageFromArray(voxels.astype(np.float32))
    image.SetSpacing([1.7 * (s or 1.0) for s in manifest.preprocessing.spacing_mm or (1.0, 1.0, 1.0)])
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.1, -0.05, 0.2)
    direction = np.array(turn.GetMatrix()).reshape(3, 3) @ np.diag([1.0, -1.0, 1.0])
    image.SetDirection(direction.ravel().tolist())
    return image


def noise(manifest: ModelManifest, count: int, sides: Sequence[int], seed: int = 0) -> np.ndarray:
    """What a network sees, with no more in it than noise: its patch, or sides in multiples of what it can see."""
    seen = manifest.preprocessing
    shape = seen.patch or [side * seen.size_multiple for side in sides[-seen.dimensions :]]
    return np.random.default_rng(seed).random((count, seen.channels, *shape), dtype=np.float32)


def test_models_are_shipped():
    assert {"brain-structures-mr", "hippocampus-mr"} <= {folder.name for folder in FOLDERS}


def test_what_a_model_looks_within_is_found_by_a_model_that_is_shipped_too(tmp_path):
    for record in ModelStore(resources.path("models"), tmp_path).list():
        if (within := record.manifest.within) is not None:
            assert record.finder is not None and record.finder.shipped
            assert set(within.labels) <= {label.name for label in record.finder.manifest.labels}


def test_store_finds_all_of_them_without_a_problem(tmp_path):
    store = ModelStore(resources.path("models"), tmp_path)

    assert not store.problems()
    assert sorted(r.manifest.name for r in store.list()) == [f.name for f in FOLDERS]
    assert all(record.active for record in store.list())


def test_weights_together_stay_small():
    files = [file for folder in FOLDERS for file in folder.iterdir()]
    assert sum(file.stat().st_size for file in files) < LARGEST_TOGETHER


@each_model
class TestModel:
    def test_every_file_is_the_one_the_manifest_lists(self, folder):
        manifest = load_manifest(folder)

        assert manifest.name == folder.name
        assert {file.name for file in folder.iterdir()} == {*manifest.files, MANIFEST_FILE}
        assert {NETWORK_FILE, WEIGHTS_FILE, "card.md"} <= manifest.files.keys()

    def test_labels_can_be_told_apart(self, folder):
        labels = load_manifest(folder).labels

        assert len({label.value for label in labels}) == len(labels)
        assert len({label.name for label in labels}) == len(labels)
        assert len({label.colour for label in labels}) == len(labels)
        assert all(0 <= part <= 255 for label in labels for part in label.colour)

    def test_card_begins_with_what_it_is_and_how_to_train_it_again(self, folder):
        manifest = load_manifest(folder)
        card = (folder / "card.md").read_text(encoding="utf-8")
        first = "\n".join(card.splitlines()[:25])

        assert card.startswith("# ") and f"{manifest.name} {manifest.version}" in card.splitlines()[0]
        assert "not for diagnostic use" in first.lower()
        for told in (
            r"python -m training( reproduce |\.)",
            r"[Ll]icence",
            r"\d steps",
            r"\d h on ",
            r"held out|kept apart",
        ):
            assert re.search(told, first), told
        assert "## Intended use" in card
        assert "## Where it fails" in card

    def test_card_shows_only_pictures_that_are_there(self, folder):
        card = (folder / "card.md").read_text(encoding="utf-8")
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", card):
            assert picture in load_manifest(folder).files

    def test_nothing_names_a_folder_of_the_machine_it_was_made_on(self, folder):
        for file in folder.iterdir():
            assert not re.search(rb"/(work|home|root|tmp|mnt|Users)/", file.read_bytes()), file.name

    def test_network_is_one_valid_onnx_file_of_a_widely_known_opset(self, folder):
        network = onnx.load(folder / NETWORK_FILE)

        onnx.checker.check_model(network)
        assert {o.domain: o.version for o in network.opset_import}[""] <= 21
        assert not any(t.external_data for t in network.graph.initializer)

    def test_network_takes_any_number_of_slices_of_any_size_it_names(self, folder):
        model = loaded(folder)
        for count, *sides in ((1, 2, 3, 2), (3, 4, 2, 3)):
            stacks = noise(model.manifest, count, sides)

            logits = model.run(stacks)  # checks the shape and that all are numbers

            assert logits.std() > 1e-3
            assert np.ptp(logits, axis=1).max() > 1e-3

    def test_answer_depends_on_the_image(self, folder):
        model = loaded(folder)

        one, other = (model.run(noise(model.manifest, 1, (1, 1, 1), seed)) for seed in (7, 8))

        assert np.abs(one - other).max() > 1e-3

    def test_phantom_is_segmented_on_its_own_grid(self, folder):
        model = loaded(folder)
        image = phantom(model.manifest)

        result = segment(image, model)

        assert result.label_image.GetSize() == image.GetSize()
        assert result.label_image.GetDirection() == image.GetDirection()
        found = sitk.GetArrayFromImage(result.label_image)
        assert found.dtype == np.uint8
        assert found.max() <= len(model.manifest.labels)
        assert set(result.volumes_ml) == {label.name for label in model.manifest.labels}
