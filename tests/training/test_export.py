import copy

import numpy as np
import pytest
import torch
from torch import nn

import inference.sliding_window
import training.export
from inference.manifest import LabelClass, ManifestError, ModelManifest, Preprocessing, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.preprocess import padded_for
from inference.runtime import load_model
from training.export import ExportError, export_model, load_network
from training.networks import build_network, unet_spec


def small_manifest() -> ModelManifest:
    return ModelManifest(
        name="phantom",
        version="0.1.0",
        title="Phantom",
        task="segmentation",
        modalities=["MR"],
        body_part="HEAD",
        labels=[LabelClass(value=n, name=f"Class {n}", colour=(10 * n, 20, 30)) for n in (1, 2)],
        preprocessing=Preprocessing(spacing_mm=(1.5, 1.5, 2.0), context_slices=3, size_multiple=4),
        licence_code="Apache-2.0",
        licence_weights="Apache-2.0",
        created="2026-01-01",
        network=unet_spec(3, 3, (4, 6, 8)),
    )


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(5)
    return build_network(small_manifest().network)


def test_exported_model_gives_the_logits_of_the_network_at_sizes_it_was_not_exported_with(tmp_path, network):
    manifest = export_model(network, small_manifest(), tmp_path)
    model = load_model(ModelRecord(manifest, tmp_path, shipped=False, active=False))
    stacks = padded_for(
        np.random.default_rng(1).random((5, 3, 31, 17), dtype=np.float32), Preprocessing(size_multiple=4)
    )

    logits = model.run(stacks)

    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(stacks)).numpy()
    assert logits.shape == (5, 3, 32, 20)
    assert expected.std() > 1e-2
    np.testing.assert_allclose(logits, expected, atol=1e-4 * expected.std())


def test_model_folder_is_one_that_inference_accepts_and_training_can_go_on_from(tmp_path, network):
    export_model(network, small_manifest(), tmp_path)

    manifest = load_manifest(tmp_path)
    assert set(manifest.files) == {"model.onnx", "weights.safetensors"}
    restored = load_network(tmp_path, manifest)
    for name, value in network.state_dict().items():
        assert torch.equal(restored.state_dict()[name], value), name


def test_card_is_listed_and_guarded_like_the_network(tmp_path, network):
    manifest = export_model(network, small_manifest(), tmp_path / "model")
    (tmp_path / "model" / "card.md").write_text("Not for diagnostic use.")

    write_manifest(manifest, tmp_path / "model")

    assert "card.md" in load_manifest(tmp_path / "model").files
    (tmp_path / "model" / "card.md").write_text("For everything.")
    with pytest.raises(ManifestError, match="was changed"):
        load_manifest(tmp_path / "model")


def test_export_that_computes_something_else_is_refused_and_leaves_no_model(tmp_path, network, monkeypatch):
    export = torch.onnx.export

    def export_with_one_weight_changed(network, *arguments, **options):
        altered = copy.deepcopy(network)
        with torch.no_grad():
            altered[-1].bias[1] += 0.05
        return export(altered, *arguments, **options)

    monkeypatch.setattr(training.export.torch.onnx, "export", export_with_one_weight_changed)

    with pytest.raises(ExportError, match="differs from the trained one"):
        export_model(network, small_manifest(), tmp_path)
    with pytest.raises(ManifestError):
        load_manifest(tmp_path)


def test_flat_output_is_refused_because_it_would_agree_with_anything(tmp_path, network):
    with torch.no_grad():
        network[-1].weight.zero_()  # type: ignore[index, union-attr, operator]
        network[-1].bias.zero_()  # type: ignore[index, union-attr, operator]

    with pytest.raises(ExportError, match="flat"):
        export_model(network, small_manifest(), tmp_path)


def test_a_temperature_is_in_the_graph_and_applied_once(tmp_path, network):
    parents = small_manifest().model_copy(update={"temperature": 3.0})

    manifest = export_model(network, parents, tmp_path, temperature=2.0)

    model = load_model(ModelRecord(manifest, tmp_path, shipped=False, active=False))
    stacks = np.random.default_rng(1).random((1, 3, 16, 20), dtype=np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(stacks)).numpy()
    assert manifest.temperature == 1
    np.testing.assert_allclose(model.run(stacks), logits / 2, atol=1e-4)
    for name, value in load_network(tmp_path, manifest).state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name  # what is trained further has none


def test_inference_that_shows_the_network_something_else_is_refused(tmp_path, network, monkeypatch):
    stacks = inference.sliding_window.slice_stacks
    monkeypatch.setattr(
        inference.sliding_window,
        "slice_stacks",
        lambda voxels, ks, context: stacks(voxels, ks, context)[:, ::-1].copy(),
    )

    with pytest.raises(ExportError, match="inference with the exported network differs"):
        export_model(network, small_manifest(), tmp_path)
    with pytest.raises(ManifestError):
        load_manifest(tmp_path)
