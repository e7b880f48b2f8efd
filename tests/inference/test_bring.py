"""What the files of other programs tell of a network, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inference.bring import (
    Answers,
    Brought,
    look_into,
    manifest_of,
    networks_in,
    try_network,
    with_its_folds,
    write_model,
)
from inference.manifest import (
    FixedIntensity,
    ManifestError,
    PercentileIntensity,
    Preprocessing,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
    load_manifest,
)


def write_network(
    path: Path,
    *,
    classes=2,
    channels=1,
    sizes=("j", "i"),
    last="",
    name="seen",
    kind=TensorProto.FLOAT,
    weight=None,
    halvings=0,
):
    """One convolution, after it perhaps as many halvings and doublings, and a softmax or a sigmoid at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    side = [1] * len(sizes)
    nodes = [helper.make_node("Conv", [name, "w"], ["logits" if not halvings else "full0"], kernel_shape=side)]
    halving = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes += [helper.make_node("MaxPool", [f"full{n}"], [f"full{n + 1}"], **halving) for n in range(halvings)]
    if halvings:
        nodes.append(helper.make_node("Resize", [f"full{halvings}", "", "scales"], ["logits"]))
    if last:
        nodes.append(helper.make_node(last, ["logits"], ["out"], **({"axis": 1} if last == "Softmax" else {})))
    weights = np.random.default_rng(0).normal(size=(classes, channels, *side)).astype(np.float32)
    if weight is not None:
        weights[:] = weight
    scales = np.array([1, 1, *[2.0**halvings] * len(sizes)], np.float32)
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(name, kind, ["n", channels, *sizes])],
        [helper.make_tensor_value_info("out" if last else "logits", TensorProto.FLOAT, ["n", classes, *sizes])],
        [onnx.numpy_helper.from_array(weights, "w"), onnx.numpy_helper.from_array(scales, "scales")],
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


def test_what_several_channels_are_is_asked_for(tmp_path):
    write_network(tmp_path / "model.onnx", channels=5)

    assert "channels" in brought(tmp_path).ask


@pytest.mark.parametrize(("last", "activation"), [("Softmax", "probabilities"), ("Sigmoid", "each")])
def test_what_a_network_has_done_already_is_not_done_again(tmp_path, last, activation):
    write_network(tmp_path / "model.onnx", last=last, classes=3)

    assert brought(tmp_path).known["activation"] == activation


def test_small_scores_of_a_convolution_are_no_probabilities(tmp_path):
    path = write_network(tmp_path / "model.onnx", classes=1, weight=0.5)

    assert (try_network(path).values, try_network(path, "Conv").values) == ("each", "any")


@pytest.mark.parametrize(("halvings", "multiple"), [(0, 1), (1, 2), (2, 4)])
def test_what_multiple_its_sizes_have_to_be_is_tried(tmp_path, halvings, multiple):
    path = write_network(tmp_path / "model.onnx", halvings=halvings)

    assert try_network(path).multiple == multiple


class TestWhatWasChosen:
    def test_the_networks_of_a_folder_are_found(self, tmp_path):
        there = [write_network(tmp_path / fold / "model.onnx") for fold in ("fold_0", "fold_1")]

        assert networks_in(tmp_path) == there

    def test_weights_of_torch_have_to_be_exported_first(self, tmp_path):
        (tmp_path / "checkpoint_final.pth").touch()

        with pytest.raises(ManifestError, match=r"PyTorch weights \(checkpoint_final\.pth\) but no ONNX file"):
            networks_in(tmp_path)

    def test_nothing_is_said_of_a_folder_without_a_network(self, tmp_path):
        with pytest.raises(ManifestError, match="has no ONNX file"):
            networks_in(tmp_path)


FIELDS = {
    "modalities": ["CT"],
    "activation": "each",
    "axes": "JKI",
    "dimensions": 3,
    "patch": (28, 64, 64),
    "size_multiple": 16,
    "intensity": {"rule": "window", "low": -10, "high": 10},
}


class TestManifest:
    ANSWERS = Answers("Spleen, CT", "", "ABDOMEN", (("spleen", (1, 2, 3)),), "MIT", "unknown", FIELDS)

    def test_it_holds_what_was_said(self):
        manifest = manifest_of(self.ANSWERS)

        assert (manifest.name, manifest.version, manifest.classes) == ("spleen-ct", "1.0.0", 1)
        assert manifest.preprocessing.patch == (28, 64, 64)  # no multiple of 16: it never sees another size

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"title": "脾"}, "Latin"),
            ({"fields": {**FIELDS, "axes": "KKI"}}, "axes"),
            ({"fields": {**FIELDS, "intensity": {"rule": "window", "low": 10, "high": 10}}}, "high must be above low"),
        ],
    )
    def test_what_is_wrong_is_said(self, change, words):
        with pytest.raises(ManifestError, match=words):
            manifest_of(replace(self.ANSWERS, **change))

    def test_the_card_says_that_nobody_has_measured_it(self, tmp_path):
        write_network(tmp_path / "model.onnx", sizes=("k", "j", "i"), classes=1)
        found = look_into(tmp_path, try_network(tmp_path / "model.onnx"))

        manifest = write_model(tmp_path, manifest_of(self.ANSWERS), found, "a_file.onnx")

        card = (tmp_path / "card.md").read_text(encoding="utf-8")
        assert "Unverified: brought by hand." in card and "a\\_file.onnx" in card
        assert set(manifest.files) == {"model.onnx", "card.md"} and load_manifest(tmp_path) == manifest


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
            aligned="ends",
            cropped=True,
            centred=True,
            weights="nnunet",
            intensity=FixedIntensity(low=-15, high=197, mean=99.4, deviation=39.4),
        )
        assert found.known["mean_of"] == "logits"

    def test_its_folds_are_found_as_one_network(self, tmp_path):
        for fold in (0, 1, 10, 2):
            write_network(tmp_path / f"fold_{fold}" / "model.onnx")
        (tmp_path / "fold_3").mkdir()
        write_network(tmp_path / "other" / "model.onnx")
        first, other = tmp_path / "fold_0" / "model.onnx", tmp_path / "other" / "model.onnx"
        assert len(networks_in(tmp_path)) == 5 and with_its_folds(first) == [first], "no nnU-Net model"

        (tmp_path / "plans.json").write_text("{}")

        assert networks_in(tmp_path) == [first, other]
        assert [file.parent.name for file in with_its_folds(first)] == ["fold_0", "fold_1", "fold_2", "fold_10"]
        assert with_its_folds(other) == [other]

    def test_the_configuration_is_that_of_the_networks_dimensions(self, tmp_path):
        write_network(tmp_path / "model.onnx", classes=3)

        found = brought(tmp_path, plans=PLANS, dataset=DATASET)

        assert found.known["patch"] == (512, 448)
        assert found.known["spacing_mm"] == (0.7, 0.8, None)  # slices stay as far apart as they are

    def test_a_configuration_that_its_folder_is_named_after_goes_first(self, tmp_path):
        folder = tmp_path / "Trainer__plans__3d_lowres"
        write_network(folder / "model.onnx", classes=3, sizes=("k", "j", "i"))
        lowres = {"inherits_from": "3d_fullres", "spacing": [3.0, 1.6, 1.4]}
        plans = PLANS | {"configurations": PLANS["configurations"] | {"3d_lowres": lowres}}

        found = brought(folder, plans=plans, dataset=DATASET)

        assert (found.known["spacing_mm"], found.known["patch"]) == ((1.4, 1.6, 3.0), (64, 128, 96))

    def test_turned_axes_are_those_of_the_image_in_another_order(self, folder):
        found = brought(folder, plans=PLANS | {"transpose_forward": [1, 0, 2]}, dataset=DATASET)

        assert Preprocessing(axes=found.known["axes"]).axes == "JKI"

    def test_a_reader_that_turns_images_to_the_patient_is_followed(self, folder):
        plans = PLANS | {"image_reader_writer": "NibabelIOWithReorient", "transpose_forward": [2, 0, 1]}

        assert brought(folder, plans=plans, dataset=DATASET).known["axes"] == "RSA"

    def test_the_size_that_a_network_is_fixed_to_goes_before_the_plans(self, tmp_path):
        write_network(tmp_path / "model.onnx", classes=3, sizes=(32, 32, 32))

        found = brought(tmp_path, plans=PLANS, dataset=DATASET)

        assert found.known["patch"] == (32, 32, 32) and "patch" in found.notes[0]

    def test_what_is_to_be_ignored_is_no_label(self, folder):
        dataset = DATASET | {"labels": {**DATASET["labels"], "ignore": 3}}

        assert brought(folder, plans=PLANS, dataset=dataset).labels == ("liver", "tumour")

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
        assert found.known["several"] == "last"  # the core lies in the whole

    @pytest.mark.parametrize(
        ("plans", "dataset", "words"),
        [
            ({"transpose_forward": [1, 0, 3]}, {}, "turns axes that are not"),
            ({"configurations": {}}, {}, "no configuration of 3 dimensions"),
            ({}, {"channel_names": {"0": "T1", "1": "T2"}}, "several images"),
            ({}, {"labels": {"background": 0, "liver": 1}}, "tell of 2 classes, the network gives 3"),
            ({"configurations": {"3d_fullres": {"patch_size": [8, 8, 8]}}}, {}, "is not as nnU-Net writes it"),
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
            aligned="centres",
            scaled="after",
            centred=True,
            steps="fixed",
            weights="equal",
            intensity=WindowIntensity(low=-57, high=164),
        )

    def test_what_its_inferer_does_not_say_is_as_monai_has_it(self, folder):
        said = {"_target_": "SlidingWindowInferer", "mode": "gaussian", "padding_mode": "replicate", "overlap": 0.6}
        silent = {"_target_": "monai.inferers.SlidingWindowInferer"}
        names = ("overlap", "weights", "padding")

        found = [brought(folder, metadata=METADATA, inference={"inferer": one}).known for one in (said, silent)]

        assert [[known[name] for name in names] for known in found] == [
            [0.6, "gaussian", "edge"],
            [0.25, "equal", "zero"],
        ]

    @pytest.mark.parametrize("steps", [["ScaleIntensityd", "Spacingd"], ["ScaleIntensityd"]])
    def test_values_are_scaled_where_its_steps_do(self, folder, steps):
        found = brought(folder, metadata=METADATA, inference={"preprocessing": [{"_target_": one} for one in steps]})

        assert "scaled" not in found.known

    @pytest.mark.parametrize("first", ["Activationsd", "Invertd"])
    def test_what_is_resampled_are_probabilities_where_they_are_made_before(self, folder, first):
        steps = [{"_target_": first}, *({"_target_": one} for one in {"Activationsd", "Invertd"} - {first})]

        found = brought(folder, metadata=METADATA, inference={"postprocessing": steps})

        assert found.known.get("resampled") == ("probabilities" if first == "Activationsd" else None)

    def test_what_it_does_to_its_result_that_is_not_done_here_is_named(self, folder):
        steps = [{"_target_": "Activationsd"}, {"_target_": "KeepLargestConnectedComponentd"}]

        found = brought(folder, metadata=METADATA, inference={"postprocessing": steps})

        assert [note for note in found.notes if note.endswith("not done here: KeepLargestConnectedComponent.")]

    def test_what_it_calls_itself_is_proposed(self, folder):
        named = {"name": "Spleen\n CT", "description": 7, "license": "MIT"}

        assert brought(folder, metadata=METADATA | named).proposed == {
            "title": "Spleen CT",
            "licence_weights": "MIT",
            "patch": (96, 96, 96),
        }

    def test_without_its_steps_they_are_asked_for(self, folder):
        found = brought(folder, metadata=METADATA)

        assert set(found.ask) == {"spacing_mm", "intensity", "axes", "patch"}

    def test_what_is_asked_for_by_reference_is_not_guessed(self, folder):
        steps = [{"_target_": "Spacingd", "pixdim": "@pixdim"}, {"_target_": "ScaleIntensityRanged", "a_min": "@low"}]

        found = brought(folder, metadata=METADATA, inference={"preprocessing": {"transforms": steps}})

        assert {"spacing_mm", "intensity"} <= set(found.ask)

    def test_what_is_there_by_reference_is_looked_up(self, folder):
        steps = [{"_target_": "Orientationd", "axcodes": "LAS"}, {"_target_": "Spacingd", "pixdim": "@sizes#0"}]

        found = brought(
            folder, metadata=METADATA, inference={"sizes": [[1.0, 2.0, 3.0]], "preprocessing": {"transforms": steps}}
        )

        assert (found.known["axes"], found.known["spacing_mm"]) == ("LAS", (3.0, 2.0, 1.0))

    def test_tensors_that_are_not_turned_have_the_axes_of_the_file(self, folder):
        found = brought(folder, metadata=METADATA, inference={"preprocessing": [{"_target_": "LoadImaged"}]})

        assert (found.known["axes"], found.known["spacing_mm"]) == ("IJK", None)

    @pytest.mark.parametrize(("along", "axes", "mm"), [(2, "SRA", (2, 1, 3)), (0, "RAS", (3, 2, 1))])
    def test_slices_lie_across_the_axis_that_the_inferer_names(self, tmp_path, along, axes, mm):
        write_network(tmp_path / "model.onnx")
        steps = [{"_target_": "Orientationd", "axcodes": "RAS"}, {"_target_": "Spacingd", "pixdim": [1, 2, 3]}]
        slices = {"_target_": "SliceInferer", "spatial_dim": along, "roi_size": [64, 64]}

        found = brought(tmp_path, metadata=METADATA, inference={"preprocessing": steps, "inferer": slices})

        assert (found.known["axes"], found.known["spacing_mm"]) == (axes, mm)
        assert "axes" in brought(tmp_path, metadata=METADATA, inference={"preprocessing": steps}).ask

    def test_two_rules_for_values_are_not_taken_for_one(self, folder):
        steps = [INFERENCE["preprocessing"]["transforms"][-1], {"_target_": "NormalizeIntensityd"}]

        assert "intensity" in brought(folder, metadata=METADATA, inference={"preprocessing": steps}).ask

    def test_steps_that_are_not_done_here_are_named(self, folder):
        steps = [{"_target_": "CropForegroundd"}, {"_target_": "EnsureChannelFirstd"}]

        found = brought(folder, metadata=METADATA, inference={"preprocessing": steps})

        assert [note for note in found.notes if "CropForeground." in note]

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
