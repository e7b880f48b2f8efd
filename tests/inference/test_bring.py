"""What the files of other programs tell of a network, and what is refused."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inference.bring import Brought, look_into, try_network
from inference.manifest import (
    FixedIntensity,
    ManifestError,
    PercentileIntensity,
    Preprocessing,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
)


def write_network(path: Path, *, classes=2, channels=1, sizes=("j", "i"), last="", name="seen", kind=TensorProto.FLOAT):
    """One convolution, and a softmax or a sigmoid at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    side = [1] * len(sizes)
    nodes = [helper.make_node("Conv", [name, "w"], ["logits"], kernel_shape=side)]
    if last:
        nodes.append(helper.make_node(last, ["logits"], ["out"], **({"axis": 1} if last == "Softmax" else {})))
    weights = np.random.default_rng(0).normal(size=(classes, channels, *side)).astype(np.float32)
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(name, kind, ["n", channels, *sizes])],
        [helper.make_tensor_value_info("out" if last else "logits", TensorProto.FLOAT, ["n", classes, *sizes])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def brought(folder: Path, **files) -> Brought:
    """Of folder/model.onnx and files beside it."""
    for name, content in files.items():
        place = folder / f"{name}.json" if name in ("plans", "dataset") else folder / "configs" / f"{name}.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(content))
    return look_into(folder, try_network(folder / "model.onnx"))


class TestNetwork:
    @pytest.mark.parametrize(("sizes", "dimensions", "patch"), [(("j", "i"), 2, None), ((32, 48, 16), 3, (32, 48, 16))])
    def test_its_dimensions_and_sizes_are_those_of_its_input(self, tmp_path, sizes, dimensions, patch):
        network = try_network(write_network(tmp_path / "model.onnx", sizes=sizes, classes=3))

        assert (network.dimensions, network.channels, network.patch, network.classes) == (dimensions, 1, patch, 3)

    @pytest.mark.parametrize(("last", "values"), [("", "any"), ("Softmax", "shares"), ("Sigmoid", "each")])
    def test_what_it_makes_of_noise_tells_whether_its_output_is_probabilities(self, tmp_path, last, values):
        assert try_network(write_network(tmp_path / "model.onnx", last=last, classes=3)).values == values

    def test_what_is_no_network_is_refused(self, tmp_path):
        (tmp_path / "model.onnx").write_bytes(b"no network")

        with pytest.raises(ManifestError, match="is not a network"):
            try_network(tmp_path / "model.onnx")

    @pytest.mark.parametrize("change", [{"sizes": ("i",)}, {"kind": TensorProto.DOUBLE}])
    def test_what_takes_no_image_is_refused(self, tmp_path, change):
        with pytest.raises(ManifestError, match=r"not (take one image|a network)"):
            try_network(write_network(tmp_path / "model.onnx", **change))

    def test_what_makes_no_map_of_an_image_is_refused(self, tmp_path):
        path = tmp_path / "model.onnx"
        graph = helper.make_graph(
            [helper.make_node("GlobalAveragePool", ["seen"], ["score"])],
            "classifier",
            [helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", 1, 64, 64])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1, 1, 1])],
        )
        path.write_bytes(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
        )

        with pytest.raises(ManifestError, match="no segmentation network"):
            try_network(path)


def test_of_a_plain_network_only_its_shapes_are_known(tmp_path):
    write_network(tmp_path / "model.onnx", sizes=(32, 32, 32))

    found = brought(tmp_path)

    assert found.kind == "plain"
    assert found.known == {"dimensions": 3, "patch": (32, 32, 32)}
    assert set(found.ask) == {"modalities", "labels", "spacing_mm", "intensity", "axes", "activation"}


def test_slices_as_channels_are_context(tmp_path):
    write_network(tmp_path / "model.onnx", channels=5)

    assert brought(tmp_path).known["context_slices"] == 5


PLANS = {
    "transpose_forward": [0, 1, 2],
    "foreground_intensity_properties_per_channel": {
        "0": {"mean": 99.4, "std": 39.4, "percentile_00_5": -15.0, "percentile_99_5": 197.0}
    },
    "configurations": {
        "2d": {"patch_size": [512, 448], "spacing": [0.8, 0.7], "normalization_schemes": ["CTNormalization"]},
        "3d_fullres": {
            "patch_size": [64, 128, 96],
            "spacing": [3.0, 0.8, 0.7],
            "normalization_schemes": ["CTNormalization"],
            "use_mask_for_norm": [False],
        },
    },
}
DATASET = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1, "tumour": 2}}


class TestNnunet:
    @pytest.fixture
    def folder(self, tmp_path):
        write_network(tmp_path / "model.onnx", classes=3, sizes=("k", "j", "i"))
        return tmp_path

    def plans(self, **changes):
        configurations = PLANS["configurations"]
        return PLANS | {"configurations": configurations | {"3d_fullres": configurations["3d_fullres"] | changes}}

    def test_its_plans_tell_all_that_is_needed(self, folder):
        found = brought(folder, plans=PLANS, dataset=DATASET)

        assert (found.kind, found.labels, found.ask) == ("nnU-Net", ("liver", "tumour"), ())
        assert found.known["modalities"] == ["CT"]
        assert found.known["activation"] == "softmax"
        preprocessing = {name: value for name, value in found.known.items() if name in Preprocessing.model_fields}
        assert Preprocessing(**preprocessing) == Preprocessing(
            axes="KJI",
            spacing_mm=(0.7, 0.8, 3.0),
            dimensions=3,
            patch=(64, 128, 96),
            intensity=FixedIntensity(low=-15, high=197, mean=99.4, deviation=39.4),
        )

    def test_the_configuration_is_that_of_the_networks_dimensions(self, tmp_path):
        write_network(tmp_path / "model.onnx", classes=3)

        found = brought(tmp_path, plans=PLANS, dataset=DATASET)

        assert found.known["patch"] == (512, 448) and "spacing_mm" not in found.known

    @pytest.mark.parametrize(
        ("scheme", "masked", "rule"),
        [
            ("ZScoreNormalization", True, StandardIntensity(but_zero=True)),
            ("ZScoreNormalization", False, StandardIntensity()),
            ("RescaleTo01Normalization", False, PercentileIntensity(lower=0, upper=100)),
            ("NoNormalization", False, StoredIntensity()),
        ],
    )
    def test_its_ways_to_scale(self, folder, scheme, masked, rule):
        plans = self.plans(normalization_schemes=[scheme], use_mask_for_norm=[masked])

        assert brought(folder, plans=plans, dataset=DATASET).known["intensity"] == rule

    def test_regions_are_told_one_by_one(self, tmp_path):
        write_network(tmp_path / "model.onnx", sizes=("k", "j", "i"))
        dataset = {
            "channel_names": {"0": "T1"},
            "labels": {"background": 0, "whole": [1, 2], "core": [2]},
            "regions_class_order": [1, 2],
        }

        found = brought(tmp_path, plans=PLANS, dataset=dataset)

        assert (found.labels, found.known["activation"], found.ask) == (("whole", "core"), "sigmoid", ("modalities",))

    @pytest.mark.parametrize(
        ("plans", "dataset", "words"),
        [
            ({"transpose_forward": [1, 0, 2]}, {}, "turns the axes"),
            ({"configurations": {}}, {}, "no configuration of 3 dimensions"),
            ({}, {"channel_names": {"0": "T1", "1": "T2"}}, "several images"),
            ({}, {"labels": {"background": 0, "liver": 1}}, "tell of 2 classes, the network gives 3"),
        ],
    )
    def test_what_cannot_be_followed_is_refused(self, folder, plans, dataset, words):
        with pytest.raises(ManifestError, match=words):
            brought(folder, plans=PLANS | plans, dataset=DATASET | dataset)

    def test_a_rule_that_is_not_known_is_refused(self, folder):
        with pytest.raises(ManifestError, match="MyNormalization"):
            brought(folder, plans=self.plans(normalization_schemes=["MyNormalization"]), dataset=DATASET)


METADATA = {
    "network_data_format": {
        "inputs": {"image": {"modality": "CT", "num_channels": 1, "spatial_shape": [96, 96, 96]}},
        "outputs": {"pred": {"num_channels": 2, "channel_def": {"0": "background", "1": "spleen"}}},
    }
}
INFERENCE = {
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image"},
            {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
            {"_target_": "Spacingd", "keys": "image", "pixdim": [1.5, 1.6, 2.0], "mode": "bilinear"},
            {"_target_": "ScaleIntensityRanged", "a_min": -57, "a_max": 164, "b_min": 0, "b_max": 1, "clip": True},
        ],
    },
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [96, 96, 96], "sw_batch_size": 4, "overlap": 0.25},
    "postprocessing": {"transforms": [{"_target_": "Activationsd", "keys": "pred", "softmax": True}]},
}


class TestMonai:
    @pytest.fixture
    def folder(self, tmp_path):
        write_network(tmp_path / "model.onnx", sizes=("k", "j", "i"))
        return tmp_path

    def test_its_configuration_tells_all_that_is_needed(self, folder):
        found = brought(folder, metadata=METADATA, inference=INFERENCE)

        assert (found.kind, found.labels, found.ask) == ("MONAI", ("spleen",), ())
        assert (found.known["modalities"], found.known["activation"]) == (["CT"], "softmax")
        preprocessing = {name: value for name, value in found.known.items() if name in Preprocessing.model_fields}
        assert Preprocessing(**preprocessing) == Preprocessing(
            axes="RAS",
            spacing_mm=(2.0, 1.6, 1.5),  # along i, j, k, which are z, y, x of its tensors
            dimensions=3,
            patch=(96, 96, 96),
            overlap=0.25,
            intensity=WindowIntensity(low=-57, high=164),
        )

    def test_without_its_steps_they_are_asked_for(self, folder):
        found = brought(folder, metadata=METADATA)

        assert set(found.ask) == {"spacing_mm", "intensity", "axes"}

    def test_what_is_asked_for_by_reference_is_not_guessed(self, folder):
        steps = [{"_target_": "Spacingd", "pixdim": "@pixdim"}, {"_target_": "ScaleIntensityRanged", "a_min": "@low"}]

        found = brought(folder, metadata=METADATA, inference={"preprocessing": {"transforms": steps}})

        assert {"spacing_mm", "intensity"} <= set(found.ask)

    def test_a_step_that_is_switched_off_does_not_count(self, folder):
        steps = [{"_target_": "Orientationd", "axcodes": "RAS", "_disabled_": True}]

        assert "axes" in brought(folder, metadata=METADATA, inference={"preprocessing": steps}).ask

    @pytest.mark.parametrize(
        ("step", "rule"),
        [
            ({"_target_": "NormalizeIntensityd", "nonzero": True}, StandardIntensity(but_zero=True)),
            ({"_target_": "monai.transforms.NormalizeIntensityd"}, StandardIntensity()),
            ({"_target_": "ScaleIntensityd"}, PercentileIntensity(lower=0, upper=100)),
            (
                {"_target_": "ScaleIntensityRangePercentilesd", "lower": 1, "upper": 99, "b_min": -1, "b_max": 1},
                PercentileIntensity(lower=1, upper=99, to=(-1, 1)),
            ),
        ],
    )
    def test_its_ways_to_scale(self, folder, step, rule):
        found = brought(folder, metadata=METADATA, inference={"preprocessing": [step]})

        assert found.known["intensity"] == rule

    def test_files_that_contradict_the_network_are_refused(self, tmp_path):
        write_network(tmp_path / "model.onnx", sizes=("k", "j", "i"), classes=4)

        with pytest.raises(ManifestError, match="tell of 2 classes, the network gives 4"):
            brought(tmp_path, metadata=METADATA)

    def test_a_file_that_is_no_json_is_told_by_its_name(self, folder):
        (folder / "configs").mkdir()
        (folder / "configs" / "metadata.json").write_text("{")

        with pytest.raises(ManifestError, match=r"metadata\.json cannot be read"):
            brought(folder)
