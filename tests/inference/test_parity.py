"""Exported networks give what torch gives, and our sliding window what MONAI's gives."""

import numpy as np
import onnx
import pytest
import torch
from monai.networks.nets.attentionunet import AttentionUnet
from monai.networks.nets.dynunet import DynUNet
from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.unet import UNet
from onnx import numpy_helper
from torch import nn

from inference.manifest import MANIFEST_FILE, ModelManifest, Preprocessing, StoredIntensity, write_manifest
from inference.preprocess import padded_for
from inference.runtime import load_model
from inference.sliding_window import logit_planes
from tests.bench_inference import by_monai, record_of, write_network, write_unet
from tests.models import manifest
from training.networks import build_network, unet_spec

STORED = StoredIntensity()
TOLERANCE = 2e-3  # of the spread of the output


def unet(dimensions: int) -> nn.Module:
    return UNet(dimensions, 1, 3, channels=(4, 8, 16), strides=(2, 2), num_res_units=1, norm="INSTANCE")


def dynunet(dimensions: int) -> nn.Module:
    return DynUNet(dimensions, 1, 3, [3, 3, 3], [1, 2, 2], [2, 2], filters=[4, 8, 16])


def attention(dimensions: int) -> nn.Module:
    return AttentionUnet(dimensions, 1, 3, channels=(4, 8, 16), strides=(2, 2))


def segresnet(dimensions: int) -> nn.Module:
    return SegResNet(dimensions, 8, 1, 3, blocks_down=(1, 1, 1), blocks_up=(1, 1), norm=("GROUP", {"num_groups": 4}))


def own(dimensions: int) -> nn.Module:
    return build_network(unet_spec(1, 3, (4, 8, 8)))


NETWORKS = [
    (unet, 2), (unet, 3), (dynunet, 2), (dynunet, 3), (attention, 2), (attention, 3), (segresnet, 2), (segresnet, 3),
    (own, 2),
]  # fmt: skip


def perturbed(network: nn.Module) -> nn.Module:
    """Every weight another one, statistics of batches, too: what is 0 or 1 at first would hide an error."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                noise = torch.randn(value.shape, generator=generator)
                value += 0.1 * (noise.abs() if name.endswith("running_var") else noise)
    return network


def apart(network: nn.Module, folder) -> float:
    """The largest difference between torch and onnxruntime at odd sizes, by the spread of what torch gives."""
    model = load_model(record_of(folder))
    preprocessing, worst = model.manifest.preprocessing, 0.0
    for sizes in ((37, 29, 41), (17, 23, 13)):
        values = np.random.default_rng(0).random((2, 1, *sizes[-preprocessing.dimensions :]), dtype=np.float32)
        seen = padded_for(values, preprocessing)
        with torch.no_grad():
            expected = network(torch.from_numpy(seen)).numpy()
        assert expected.std() > 1e-3, "a flat output proves nothing"
        worst = max(worst, float(np.abs(model.run(seen) - expected).max() / expected.std()))
    return worst


def written(make, dimensions, folder) -> nn.Module:
    torch.manual_seed(0)
    preprocessing = Preprocessing(dimensions=dimensions, size_multiple=8, intensity=STORED)
    described = manifest("net", ("A", "B"), 1.0, "1.0.0").model_copy(update={"preprocessing": preprocessing})
    return write_network(folder, perturbed(make(dimensions)), described)


@pytest.mark.parametrize(("make", "dimensions"), NETWORKS)
def test_an_exported_network_gives_what_torch_gives_at_odd_sizes(make, dimensions, tmp_path):
    assert apart(written(make, dimensions, tmp_path), tmp_path) < TOLERANCE


def test_weights_changed_after_the_export_are_noticed(tmp_path):
    network = written(unet, 2, tmp_path)
    path = tmp_path / "model.onnx"
    exported = onnx.load(path)
    weights = max(exported.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    values = numpy_helper.to_array(weights)
    noise = np.random.default_rng(0).normal(0, 0.1 * values.std(), values.shape)  # a factor would be normalised away
    weights.CopyFrom(numpy_helper.from_array((values + noise).astype(np.float32), weights.name))
    onnx.save(exported, path)
    write_manifest(load_described(tmp_path), tmp_path)

    assert apart(network, tmp_path) > TOLERANCE


def load_described(folder) -> ModelManifest:
    """The manifest, though a file of the folder has changed."""
    return ModelManifest.model_validate_json((folder / MANIFEST_FILE).read_text())


@pytest.mark.parametrize(
    ("shape", "preprocessing"),
    [
        ((48, 40, 64), Preprocessing(dimensions=3, patch=(16, 16, 32), overlap=0.5, intensity=STORED)),
        ((3, 64, 80), Preprocessing(patch=(32, 32), overlap=0.5, intensity=STORED)),
    ],
)
def test_the_sliding_window_gives_what_that_of_monai_gives(shape, preprocessing, tmp_path):
    """Sizes in which patches lie evenly: elsewhere ours spread over the axis and MONAI's last one moves back. At the
    border of a patch the least weight is a thousandth of the middle's, and of 1 in MONAI, which is a little more."""
    network = write_unet(tmp_path, preprocessing, 3, (4, 8, 16))
    voxels = np.random.default_rng(0).random(shape, dtype=np.float32)

    found = np.stack(list(logit_planes(voxels, load_model(record_of(tmp_path)), range(len(voxels)))))

    expected = by_monai(network, voxels, preprocessing, 2)
    difference = np.abs(found - expected) / expected.std()
    assert difference.max() < 0.15  # in the corners of blocks; a patch out of its place gives more than 1
    assert np.median(difference) < 1e-3
    assert difference.mean() < 5e-3
