"""The whole way from a checkpoint to a model folder, with a tiny network and a made-up head of FreeSurfer's numbers."""

import copy
import dataclasses
import json

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
import torch
from pydicom.sr.codedict import codes
from safetensors.numpy import load_file

from inference.manifest import ManifestError, ModelManifest, load_manifest
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from training import brain_structures_release as release
from training.brain_structures import anatomy, class_names, load_label_maps
from training.export import load_network
from training.loops import LoopSettings, training_steps
from training.networks import build_network, unet_spec

CHANNELS = (4, 8, 8)
RUN = {"command": "python -m training.brain_structures --label-maps DIR --out OUT --minutes 1", "hardware": "a test"}
SHAPE_KJI = (40, 52, 46)
WHITE_LEFT, WHITE_RIGHT, CORTEX_LEFT, FLUID, SKULL = 2, 41, 3, 24, 516


def head_values() -> np.ndarray:
    """FreeSurfer's numbers (k, j, i), i towards the left: a large left and a smaller right hemisphere."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in SHAPE_KJI), indexing="ij")
    radius = np.sqrt(((k - 20) / 19) ** 2 + ((j - 26) / 25) ** 2 + ((i - 23) / 22) ** 2)
    values = np.where(radius < 1, SKULL, 0)
    values[radius < 0.88] = FLUID
    values[(radius < 0.8) & (i > 24)] = CORTEX_LEFT
    values[(radius < 0.6) & (i > 24)] = WHITE_LEFT
    values[(radius < 0.5) & (i < 21)] = WHITE_RIGHT
    return values


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Three steps of the real loop: what is exported must be the average, which differs from the last weights."""
    torch.manual_seed(4)
    network = build_network(unet_spec(5, len(class_names()) + 1, CHANNELS))
    ema = copy.deepcopy(network)
    images = torch.rand(2, 5, 16, 24)
    file = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    settings = LoopSettings(steps=3, learning_rate=0.05)
    for _ in training_steps(network, ema, lambda _: (network(images).square().mean(), {}), settings, checkpoint=file):
        pass
    return file


@pytest.fixture(scope="module")
def model(checkpoint, tmp_path_factory) -> tuple[LoadedModel, ModelManifest]:
    folder = tmp_path_factory.mktemp("model")
    manifest = release.export_checkpoint(checkpoint, "0.3.0", folder, run=RUN, channels=CHANNELS)
    return load_model(ModelRecord(manifest, folder, shipped=True, active=True)), manifest


@pytest.fixture(scope="module")
def maps(tmp_path_factory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("maps")
    image = sitk.GetImageFromArray(head_values().astype(np.int32))
    for number in ("03", "11"):
        sitk.WriteImage(sitk.DICOMOrient(image, "RAS"), str(folder / f"training_seg_{number}.nii.gz"))
    return {number: m.numpy() for number, m in load_label_maps(folder, anatomy()).items()}


class TestLabels:
    def test_every_class_has_its_own_name_colour_and_number_of_freesurfer(self):
        labels = release.labels()

        assert [label.name for label in labels] == list(class_names())
        assert len({label.colour for label in labels}) == len(labels) == 29
        numbers = release.freesurfer_numbers()
        assert len(set(numbers.values())) == 29
        assert {label.name: numbers[label.value] for label in labels}.items() >= {
            "Left hippocampus": 17,
            "Right cerebral cortex": 42,
            "Left lateral ventricle": 4,
            "Brainstem": 16,
        }.items()

    @pytest.mark.parametrize("label", release.labels(), ids=lambda label: label.name)
    def test_code_is_one_of_dicoms_brain_structures(self, label):
        known = {(code.scheme_designator, code.value): code.meaning for code in codes.cid7140.concepts.values()}
        assert known[label.code.scheme, label.code.value] == label.code.meaning


class TestExport:
    def test_averaged_weights_are_exported_in_half_precision(self, checkpoint):
        saved = torch.load(checkpoint, weights_only=True)
        folder = checkpoint.parent / "again"

        release.export_checkpoint(checkpoint, "0.3.0", folder, run=RUN, channels=CHANNELS)

        stored = load_file(folder / "weights.safetensors")
        for name, value in saved["ema"].items():
            np.testing.assert_array_equal(stored[name], value.half().numpy(), err_msg=name)
        assert any(not torch.equal(saved["ema"][n].half(), saved["network"][n].half()) for n in saved["ema"])
        assert stored.keys() == saved["ema"].keys()
        assert {value.dtype for value in stored.values()} == {np.dtype(np.float16)}
        kinds = {t.data_type for t in onnx.load(folder / "model.onnx").graph.initializer if len(t.dims) == 4}
        assert kinds == {onnx.TensorProto.FLOAT16}

    def test_network_that_runs_and_network_that_is_trained_further_are_the_same(self, model, checkpoint):
        loaded, manifest = model
        release.export_checkpoint(checkpoint, "0.3.0", checkpoint.parent / "more", run=RUN, channels=CHANNELS)
        stacks = np.random.default_rng(2).random((3, 5, 20, 36), dtype=np.float32)

        logits = loaded.run(stacks)

        with torch.no_grad():
            expected = load_network(checkpoint.parent / "more", manifest).eval()(torch.from_numpy(stacks)).numpy()
        assert expected.std() > 1e-3
        np.testing.assert_allclose(logits, expected, atol=1e-4 * expected.std())

    def test_export_over_an_earlier_one_leaves_nothing_of_it(self, checkpoint, tmp_path):
        manifest = release.export_checkpoint(checkpoint, "0.1.0", tmp_path, run=RUN, channels=CHANNELS)
        (tmp_path / "examples.png").write_bytes(b"old picture")
        release.write_card(manifest, release.Figures(), "", tmp_path)

        release.export_checkpoint(checkpoint, "0.2.0", tmp_path, run=RUN, channels=CHANNELS)

        assert load_manifest(tmp_path).files.keys() == {"model.onnx", "weights.safetensors"}

    def test_manifest_says_how_it_was_trained(self, model):
        _, manifest = model
        assert manifest.training["steps"] == 3
        assert manifest.training["command"] == RUN["command"]
        assert manifest.training["test_maps"] == ["03", "11", "17"]
        assert manifest.preprocessing.size_multiple == 4
        assert manifest.modalities == ["MR"]

    def test_weights_can_be_read_by_everybody(self, checkpoint, tmp_path):
        release.export_checkpoint(checkpoint, "0.1.0", tmp_path, run=RUN, channels=CHANNELS)
        assert (tmp_path / "weights.safetensors").stat().st_mode & 0o444 == 0o444


class TestSyntheticHead:
    def test_left_of_the_map_is_left_in_the_image(self, maps):
        head = release.synthetic_head(maps["03"], anatomy(), release.Condition("T1", "T1", stripped=True), seed=1)

        voxels = sitk.GetArrayFromImage(head)
        middle = np.array(voxels.shape) // 2
        assert head.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)  # LPS, as the map is: i towards the left
        assert voxels[middle[0], middle[1], middle[2] + 14] > 0.4  # left white matter reaches farther out
        assert voxels[middle[0], middle[1], middle[2] - 14] < 0.2  # on the right there is fluid, which is stripped

    def test_contrasts_order_the_tissues_as_mr_does(self, maps):
        parts = anatomy()
        classes = parts.classes[maps["03"]]
        fluid = parts.values[maps["03"]] == FLUID

        def medians(contrast) -> tuple[float, float, float]:
            head = release.synthetic_head(maps["03"], parts, release.Condition(contrast, contrast), seed=3)
            voxels = sitk.GetArrayFromImage(head)
            return tuple(float(np.median(voxels[mask])) for mask in (classes == 1, classes == 3, fluid))

        white, cortex, csf = medians("T1")
        assert white > cortex > csf
        white, cortex, csf = medians("T2")
        assert white < cortex < csf
        white, cortex, csf = medians("FLAIR")
        assert csf < white < cortex

    @pytest.mark.parametrize(("axis", "thickness"), [(0, 5), (2, 4), (1, 3)])
    def test_thick_slices_lie_where_the_thin_ones_did(self, maps, axis, thickness):
        condition = release.Condition("T1", "T1")
        thin = release.synthetic_head(maps["03"], anatomy(), condition, seed=5)
        thick = release.synthetic_head(
            maps["03"], anatomy(), dataclasses.replace(condition, thickness_mm=thickness, axis=axis), seed=5
        )

        spacing = [1.0, 1.0, 1.0]
        spacing[2 - axis] = thickness
        assert thick.GetSpacing() == tuple(spacing)

        def centre(image: sitk.Image) -> np.ndarray:
            weight = sitk.GetArrayFromImage(image) > 0.4
            index = np.argwhere(weight).mean(0)[::-1]
            return np.array(image.TransformContinuousIndexToPhysicalPoint(index.tolist()))

        assert np.abs(centre(thick) - centre(thin)).max() < 1.0


class TestFigures:
    def test_every_map_is_measured_in_every_condition_on_its_own_grid(self, model, maps, monkeypatch):
        loaded, _ = model
        parts = anatomy()
        shifted = []

        def segment_perfectly(head, model):
            """The map itself, on the head's grid; for thick slices as near as they can show it."""
            number = "03" if len(shifted) < 2 else "11"
            reference = sitk.GetImageFromArray(parts.classes.astype(np.uint8)[maps[number]])
            shifted.append(head.GetSpacing())
            label_image = sitk.Resample(reference, head, sitk.Transform(), sitk.sitkNearestNeighbor)
            return type("Result", (), {"label_image": label_image, "run": type("Run", (), {"seconds": 1.0})})

        monkeypatch.setattr(release, "segment", segment_perfectly)
        found = release.measure(loaded, maps, parts, (release.CONDITIONS[0], release.CONDITIONS[3]))

        assert [(row.map, row.condition) for row in found] == [
            (number, release.CONDITIONS[n].name) for number in ("03", "11") for n in (0, 3)
        ]
        assert found[0].dice[1] == 1.0 and found[0].hd95_mm[1] == 0.0
        assert 0.75 < found[1].dice[1] < 1.0  # 5 mm slices lose something
        assert np.isnan(found[0].dice[29])  # no brainstem in this head, none found

    def test_tissues_are_compared_where_tissue_maps_say_something(self, model, monkeypatch):
        loaded, manifest = model
        value = {label.name: label.value for label in manifest.labels}
        found = np.zeros((3, 4, 5), np.uint8)
        found[0] = value["Left cerebral white matter"]
        found[1] = value["Right cerebral cortex"]
        found[2] = value["Left thalamus"]
        tissues = np.zeros((3, 4, 5), np.uint8)
        tissues[0] = 2
        tissues[1, :2] = 1
        tissues[2] = 1  # the map calls the thalamus grey; it must not count
        result = type("Result", (), {"label_image": sitk.GetImageFromArray(found)})
        monkeypatch.setattr(release, "segment", lambda head, model: result)

        scores = release.tissue_agreement(loaded, sitk.Image(5, 4, 3, sitk.sitkUInt8), sitk.GetImageFromArray(tissues))

        assert scores["white matter"] == 1.0
        assert scores["grey matter"] == pytest.approx(2 * 10 / (10 + 20))

    def test_intervals_count_heads_and_not_images(self):
        """Two heads imaged three times each are two cases: the interval must reach from one head to the other."""
        rows = [
            release.Measured(head, c, {1: dice}, {1: 1.0}, 2.0)
            for head, dice in (("03", 0.2), ("11", 0.6))
            for c in "abc"
        ]

        cells = release._with_interval([row.dice[1] for row in rows], rows, 2)

        assert cells == "0.40 | 0.20 to 0.60"


class TestCard:
    def figures(self) -> release.Figures:
        values = range(1, 30)
        images = [
            release.Measured(number, condition, dict.fromkeys(values, dice), dict.fromkeys(values, 2.5), 12.0)
            for number, dice in (("03", 0.5), ("11", 0.7))
            for condition in ("T1-like, 1 mm", "T2-like, 5 mm axial slices")
        ]
        images[0].dice[29] = float("nan")
        return release.Figures(images, {"grey matter": 0.81, "white matter": 0.84}, {"T1 and T2": {1: 0.9, 2: 0.4}})

    def test_first_lines_say_what_it_is_and_how_to_train_it_again(self, checkpoint, tmp_path):
        manifest = release.export_checkpoint(checkpoint, "0.1.0", tmp_path, run=RUN, channels=CHANNELS)

        release.write_card(manifest, self.figures(), "Misses what is small.", tmp_path)

        card = (tmp_path / "card.md").read_text(encoding="utf-8")
        first = "\n".join(card.splitlines()[:20])
        for told in ("Not for diagnostic use", "3 steps", "a test", RUN["command"], "Apache-2.0", "SynthSeg"):
            assert told in first, told
        assert "| Left hippocampus | 17 | 0.600 | 0.500 to 0.700 | 2.5 | 2.5 to 2.5 |" in card
        assert "grey matter 0.810" in card
        assert "| T1 and T2 | 0.650 | Right cerebral white matter 0.400 |" in card
        assert "Misses what is small." in card
        assert "nan" not in card
        assert "examples.png" not in card  # there is none in this folder

    def test_card_and_figures_are_guarded_by_the_manifest(self, checkpoint, tmp_path):
        manifest = release.export_checkpoint(checkpoint, "0.1.0", tmp_path, run=RUN, channels=CHANNELS)
        release.write_card(manifest, self.figures(), "", tmp_path)

        assert load_manifest(tmp_path).files.keys() >= {"card.md", "figures.json"}
        images = json.loads((tmp_path / "figures.json").read_text())["images"]
        assert len(images) == 4
        assert images[0]["dice"]["29"] is None
        (tmp_path / "figures.json").write_text("{}")
        with pytest.raises(ManifestError, match="was changed"):
            load_manifest(tmp_path)

    def test_card_without_figures_does_not_pretend(self, checkpoint, tmp_path):
        manifest = release.export_checkpoint(checkpoint, "0.1.0", tmp_path, run=RUN, channels=CHANNELS)
        release.write_card(manifest, release.Figures(), "", tmp_path)

        card = (tmp_path / "card.md").read_text(encoding="utf-8")
        assert "Not measured for this version" in card
        assert "trust nothing" in card
        assert not (tmp_path / "figures.json").exists()


def test_picture_shows_the_patients_left_at_the_right(model):
    _, manifest = model
    label = manifest.labels[0]
    voxels = np.full((12, 20, 16), 100, np.int16)
    labels = np.zeros_like(voxels, np.uint8)
    labels[:8, 8:12, 12:14] = label.value  # i towards the left
    head, label_image = (sitk.GetImageFromArray(a) for a in (voxels, labels))
    voxels[0, 0, 0] = 0
    for image in (head, label_image):
        image.SetSpacing((1.0, 1.0, 2.0))
    left_handed = [sitk.DICOMOrient(image, "RSP") for image in (head, label_image)]

    pictures = [release.picture_of(*pair, manifest) for pair in ((head, label_image), left_handed)]

    np.testing.assert_array_equal(pictures[0], pictures[1])
    axial = pictures[0][:20, :32]  # 1 mm: plain, then labelled
    labelled = axial[:, axial.shape[1] // 2 :] != axial[:, : axial.shape[1] // 2]
    columns = np.argwhere(labelled.any(axis=(0, 2))).ravel()
    assert columns.min() > 8


def test_demo_head_and_its_tissues_lie_on_one_another():
    head, tissues = release.demo_head()

    assert head.GetSize() == tissues.GetSize()
    np.testing.assert_allclose(head.GetOrigin(), tissues.GetOrigin(), atol=1e-3)
    brain = sitk.GetArrayViewFromImage(head) > 0
    assert brain[sitk.GetArrayViewFromImage(tissues) > 0].mean() > 0.99
