"""Scores, heat maps and occlusion: right in the patient whatever the orientation; refused where they say nothing."""

import itertools
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
import torch
from monai.networks.nets.densenet import DenseNet121
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError
from torch import nn

from inference.classify import classify, heat_image, occlude, on_grid_of, rank_correlation
from inference.manifest import (
    ManifestError,
    ModelError,
    PercentileIntensity,
    Preprocessing,
    Scores,
    StoredIntensity,
    write_manifest,
)
from inference.models import ModelStore
from inference.preflight import Headers, occlusion_expected, preflight
from inference.runtime import LoadedModel, load_model
from inference.worker import Worker
from tests.inference.test_parity import perturbed
from tests.inference.test_worker import record_of
from tests.models import manifest, write_threshold_model
from viewer.__main__ import main

HEAT = Scores(of="slice", gathered="max", features="features", weights="weights")
SEEN = Preprocessing(axes="SPL", intensity=StoredIntensity(), size_multiple=4)
STRAIGHT = np.eye(3)
GRAPH = {
    "slice": "n,1,j,i",
    "sequence": "1,k,1,j,i",
    "block": "1,1,k,j,i",
}


def described(scores: Scores, preprocessing: Preprocessing = SEEN, activation="sigmoid"):
    base = manifest("scorer", ("Bright", "Dark"), 1.0, "1.0.0").model_dump(exclude={"files"})
    return type(manifest("scorer", ("Bright", "Dark"), 1.0, "1.0.0")).model_validate(
        base | {"task": "classification", "scores": scores, "preprocessing": preprocessing, "activation": activation}
    )


def constant(name: str, values) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(values, np.float32), name))


def write_scorer(folder: Path, scores: Scores = HEAT, kind: str = "slice", nodes=None, preprocessing=SEEN) -> Path:
    """Class 1 is likelier the brighter the slice is somewhere, class 2 the opposite; features at half the size."""
    folder.mkdir(parents=True, exist_ok=True)
    kernel = np.zeros((2, 1, 2, 2), np.float32)
    kernel[0], kernel[1] = 0.25, -0.25
    nodes = nodes or [
        constant("kernel", kernel),
        helper.make_node("Conv", ["seen", "kernel"], ["raw"], strides=[2, 2]),
        helper.make_node("Relu", ["raw"], ["features"]),
        constant("w", [[1.0, 0.0], [-1.0, 0.0]]),
        helper.make_node("Identity", ["w"], ["weights"]),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w"], ["plain"], transB=1),
        constant("gain", [0.5, 0.5]),
        helper.make_node("Mul", ["plain", "gain"], ["scores"]),
    ]
    made = {name for node in nodes for name in node.output}
    outputs = [name for name in ("scores", *scores.outputs) if name in made]
    axes = [int(n) if n.isdigit() else n for n in GRAPH[kind].split(",")]
    graph = helper.make_graph(
        nodes,
        "scorer",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, axes)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    write_manifest(described(scores, preprocessing), folder)
    return folder


def scorer(folder: Path, *args, **kwargs) -> LoadedModel:
    return load_model(record_of(write_scorer(folder, *args, **kwargs)))


def straight() -> tuple[np.ndarray, np.ndarray]:
    """Voxels (k, j, i) of an axial image with one bright ball, and the ball's centre in LPS."""
    k, j, i = np.ogrid[:7, :22, :26]
    ball = 40.0 * (((k - 4) * 3.0) ** 2 + ((j - 6) * 2.0) ** 2 + ((i - 18) * 2.0) ** 2 < 7.0**2)
    noise = np.random.default_rng(0).random(ball.shape)
    return (ball + noise).astype(np.float32), np.array([18 * 2.0, 6 * 2.0, 4 * 3.0])


def image_of(voxels, order=(0, 1, 2), flips=(False, False, False), turned=STRAIGHT) -> sitk.Image:
    """The same patient with the axes of its array in another order and direction, turned about the origin."""
    spacing, size = np.array([3.0, 2.0, 2.0]), np.array(voxels.shape)
    array = voxels.transpose(order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    ways = np.eye(3)[::-1]  # of axes k, j, i in LPS
    columns, origin = [], np.zeros(3)
    for axis, flip in zip(order, flips, strict=True):
        columns.append(-ways[axis] if flip else ways[axis])
        origin += ways[axis] * (size[axis] - 1) * spacing[axis] * flip
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing([spacing[axis] for axis in order][::-1])
    image.SetDirection((turned @ np.stack(columns[::-1], axis=1)).ravel().tolist())
    image.SetOrigin((turned @ origin).tolist())
    return image


ORIENTATIONS = [
    ((0, 1, 2), (False, True, False)),  # left-handed
    ((1, 2, 0), (True, False, True)),
    ((2, 0, 1), (False, False, True)),
]


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
@pytest.mark.parametrize("degrees", [0, 11])
def test_scores_and_heat_lie_at_the_same_place_of_the_patient_in_every_orientation(order, flips, degrees, tmp_path):
    voxels, centre = straight()
    model = scorer(tmp_path)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    plain, other = image_of(voxels), image_of(voxels, order, flips, turned)
    first, second = classify(plain, model), classify(other, model)

    assert np.allclose(first.series, second.series, atol=1e-5) and second.axis == 2 - order.index(0)
    assert first.slices is not None and second.slices is not None
    assert np.allclose(first.slices, second.slices[:: -1 if flips[order.index(0)] else 1], atol=1e-5)
    found = on_grid_of(second.heat[0], other)
    expected = image_of(on_grid_of(first.heat[0], plain), order, flips, turned)
    assert np.allclose(found, sitk.GetArrayFromImage(expected), atol=1e-3)
    k, j, i = np.unravel_index(found.argmax(), found.shape)
    place = np.array(other.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))
    assert np.abs(turned.T @ place - centre).max() <= 4.0
    told = occlude(other, model, 1, int(np.argmax(second.slices[:, 0])))
    where = heat_image(told.heat)
    k, j, i = np.unravel_index(told.heat.voxels.argmax(), told.heat.voxels.shape)
    place = np.array(where.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))
    assert np.abs(turned.T @ place - centre).max() <= 5.0
    assert told.agreement is not None and told.agreement > 0.4 and told.lowest < 0


def test_a_slice_model_scores_the_series_as_its_manifest_says(tmp_path):
    image = image_of(straight()[0])
    highest = classify(image, scorer(tmp_path / "max"))
    mean = classify(image, scorer(tmp_path / "mean", HEAT.model_copy(update={"gathered": "mean"})))

    assert highest.slices is not None
    assert np.allclose(highest.series, highest.slices.max(axis=0)) and np.argmax(highest.slices[:, 0]) == 4
    assert np.allclose(mean.series, highest.slices.mean(axis=0))


def test_a_sequence_has_the_attention_of_each_slice(tmp_path):
    scores = Scores(of="series", slices=4, attention="attention")
    nodes = [
        helper.make_node("ReduceMax", ["seen"], ["most"], axes=[2, 3, 4], keepdims=0),
        helper.make_node("Softmax", ["most"], ["attention"], axis=1),
        constant("up", [[1.0, -1.0]]),
        helper.make_node("ReduceMean", ["most"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("MatMul", ["mean", "up"], ["scores"]),
    ]
    found = classify(image_of(straight()[0]), scorer(tmp_path, scores, "sequence", nodes))

    assert found.slices is None and found.attention is not None and found.attention.shape == (7,)
    assert found.attention[:2].max() < 1e-6 < found.attention[2:].min() and found.series[0] > 0.9 and found.heat == ()


def test_a_block_has_heat_in_three_dimensions(tmp_path):
    scores = Scores(of="series", cam="cam")
    nodes = [
        constant("up", np.array([1.0, -1.0]).reshape(1, 2, 1, 1, 1)),
        helper.make_node("AveragePool", ["seen"], ["small"], kernel_shape=[1, 2, 2], strides=[1, 2, 2]),
        helper.make_node("Mul", ["small", "up"], ["cam"]),
        helper.make_node("GlobalAveragePool", ["cam"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["scores"]),
    ]
    whole = Preprocessing(axes="SPL", dimensions=3, intensity=StoredIntensity())
    found = classify(image_of(straight()[0]), scorer(tmp_path, scores, "block", nodes, whole))

    assert found.heat[0].voxels.shape == (7, 11, 13)
    assert np.unravel_index(found.heat[0].voxels.argmax(), (7, 11, 13))[0] == 4


CHANGE = Scores(of="series", over="time", cam="cam", attention="attention")


def change_nodes() -> list[onnx.NodeProto]:
    """Class 1 is likelier the more something changes over the time points of a slice, which the heat map shows."""
    node = helper.make_node
    return [
        node("ReduceMean", ["seen"], ["steady"], axes=[1], keepdims=1),
        node("Sub", ["seen", "steady"], ["away"]),
        node("ReduceMean", ["away"], ["most"], axes=[2, 3, 4], keepdims=0),
        node("Softmax", ["most"], ["attention"], axis=1),
        node("ReduceMax", ["most"], ["change"], axes=[1], keepdims=1),
        constant("up", [[1.0, -1.0]]),
        node("MatMul", ["change", "up"], ["scores"]),
        node("Relu", ["away"], ["risen"]),
        helper.make_node("Constant", [], ["first"], value=numpy_helper.from_array(np.array([0], np.int64), "first")),
        node("Squeeze", ["risen", "first"], ["by_time"]),
        constant("of_class", np.array([1.0, 0.0]).reshape(1, 2, 1, 1)),
        node("Mul", ["by_time", "of_class"], ["cam"]),
    ]


def film_of(order=(0, 1, 2), flips=(False, False, False), times=5) -> sitk.Image:
    """straight() in other axes, whose ball is there at the fourth of some time points only."""
    voxels = straight()[0]
    without = np.minimum(voxels, 1.0)
    return sitk.JoinSeries([image_of(voxels if t == 3 else without, order, flips) for t in range(times)])


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (False, False, False)), *ORIENTATIONS])
def test_time_points_of_each_slice_are_a_sequence_in_every_orientation(order, flips, tmp_path):
    model = scorer(tmp_path, CHANGE, "sequence", change_nodes())
    found = classify(film_of(order, flips), model)
    at = [4, 2][bool(flips[order.index(0)])]  # of 7 slices
    assert found.axis == 2 - order.index(0) and found.slices is not None and found.attention is not None
    assert found.slices.shape == (7, 2) and found.slices[:, 0].argmax() == at
    assert found.series[0] == found.slices[:, 0].max() > 0.6
    assert found.attention.shape == (7, 5) and found.attention[at].argmax() == 3
    where = heat_image(found.heat[0])
    told = occlude(film_of(order, flips), model, 1, at)
    for heat in (where, heat_image(told.heat)):
        k, j, i = np.unravel_index(sitk.GetArrayViewFromImage(heat).argmax(), heat.GetSize()[::-1])
        place = np.array(heat.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))
        assert np.abs(place - straight()[1]).max() <= 6.0
    assert told.lowest < -0.05


def test_time_points_are_scaled_alike_and_a_process_of_its_own_gives_the_same(tmp_path):
    seen = Preprocessing(axes="SPL", intensity=PercentileIntensity(), size_multiple=4)
    nodes = change_nodes()
    record = record_of(write_scorer(tmp_path, CHANGE.model_copy(update={"slices": 3}), "sequence", nodes, seen))
    voxels = straight()[0]
    brighter = sitk.JoinSeries([image_of(voxels * gain) for gain in (1, 2, 4)])
    here = classify(brighter, load_model(record))
    assert here.series[0] > 0.501, "each by itself they would all be the same"
    with closing(Worker()) as worker:
        there = worker.classify(record, brighter)
        headers = Headers((26, 22, 7), (2.0, 2.0, 3.0), tuple(np.eye(3).ravel()), modality="MR", times=3)
        assert worker.measure(record, headers).run_s > 0
    assert np.array_equal(here.series, there.series)
    assert here.attention is not None and there.attention is not None
    assert np.array_equal(here.attention, there.attention) and here.attention.shape == (7, 3)


def test_a_series_without_time_is_refused_by_a_model_that_sees_time_points(tmp_path):
    model = scorer(tmp_path, CHANGE, "sequence", change_nodes())
    with pytest.raises(ModelError, match="needs the time points"):
        classify(image_of(straight()[0]), model)
    headers = Headers((26, 22, 7), (2.0, 2.0, 3.0), tuple(np.eye(3).ravel()), modality="MR")
    verdict = preflight(model.manifest, headers)
    assert not verdict.can_run and "follow one another in time" in verdict.refusal
    assert preflight(model.manifest, replace(headers, times=2)).can_run
    for wrong in ({"of": "slice", "over": "time"}, {"of": "series", "over": "echoes"}):
        with pytest.raises(ValidationError):
            Scores(**wrong)
    with pytest.raises(ValidationError, match="two dimensions"):
        described(CHANGE, Preprocessing(dimensions=3))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([constant("zero", [0.0, 0.0]), helper.make_node("GlobalAveragePool", ["seen"], ["m"]),
          helper.make_node("Flatten", ["m"], ["f"]), constant("none", [[0.0, 0.0]]),
          helper.make_node("MatMul", ["f", "none"], ["p"]), helper.make_node("Add", ["p", "zero"], ["scores"])],
         "same scores whatever"),
        ([helper.make_node("GlobalAveragePool", ["seen"], ["m"]), helper.make_node("Flatten", ["m"], ["f"]),
          constant("bad", [[np.nan, 1.0]]), helper.make_node("MatMul", ["f", "bad"], ["scores"])], "not numbers"),
        ([helper.make_node("GlobalAveragePool", ["seen"], ["m"]), helper.make_node("Flatten", ["m"], ["scores"])],
         "its manifest says"),
    ],
)  # fmt: skip
def test_outputs_that_say_nothing_are_refused(nodes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        classify(image_of(straight()[0]), scorer(tmp_path, Scores(), nodes=nodes))


def test_a_manifest_that_names_outputs_the_graph_does_not_have_is_refused(tmp_path):
    write_scorer(tmp_path)
    write_manifest(described(Scores(cam="heat")), tmp_path)
    with pytest.raises(ModelError, match="no output heat"):
        load_model(record_of(tmp_path))
    with pytest.raises(ValidationError, match="only one of them"):
        Scores(features="features")
    with pytest.raises((ValidationError, ManifestError), match="has no patch"):
        described(Scores(), Preprocessing(patch=(32, 32)))


def test_a_process_of_its_own_gives_the_same(tmp_path):
    record, image = record_of(write_scorer(tmp_path)), image_of(straight()[0], *ORIENTATIONS[1])
    model = load_model(record)
    here, covered = classify(image, model), occlude(image, model, 2, 3)
    with closing(Worker()) as worker:
        there, again = worker.classify(record, image), worker.occlude(record, image, 2, 3)

        def stop(fraction: float, text: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            worker.occlude(record, image, 1, 3, progress=stop)

    assert np.array_equal(here.series, there.series) and np.array_equal(
        np.asarray(here.slices), np.asarray(there.slices)
    )
    for one, other in itertools.zip_longest((*here.heat, covered.heat), (*there.heat, again.heat)):
        assert np.array_equal(one.voxels, other.voxels) and np.allclose(one.origin, other.origin)
        assert one.spacing_mm == other.spacing_mm and one.direction == other.direction
    assert again.agreement == covered.agreement and there.run.sha256 == record.manifest.files["model.onnx"]


def test_the_command_line_tells_probabilities_and_refuses_models_of_another_task(tmp_path, monkeypatch, capsys):
    store = ModelStore(tmp_path / "none", tmp_path / "models")
    store.install(write_scorer(tmp_path / "scorer"))
    write_threshold_model(tmp_path / "tiny")
    store.install(tmp_path / "tiny")
    monkeypatch.setattr("viewer.__main__._model_store", lambda: store)
    image = image_of(straight()[0])
    sitk.WriteImage(image, tmp_path / "scan.nii.gz")
    scan = str(tmp_path / "scan.nii.gz")

    assert main(["classify", scan, "--model", "scorer", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = classify(image, load_model(store.get("scorer"))).series
    assert np.allclose([row["probability"] for row in told["classes"]], expected, atol=1e-5)
    assert (
        told["classes"][0]["above_threshold"]
        and told["model"]["sha256"] == store.get("scorer").manifest.files["model.onnx"]
    )
    assert main(["classify", scan, "--model", "threshold"]) == 2
    assert "not of classification" in capsys.readouterr().err


def test_a_model_that_says_the_same_of_two_series_is_refused(tmp_path):
    nodes = [
        helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[1, 2, 3, 4], keepdims=0),
        constant("none", [[0.0, 0.0]]),
        helper.make_node("Mul", ["mean", "none"], ["zeros"]),
        constant("always", [[2.0, -1.0]]),
        helper.make_node("Add", ["zeros", "always"], ["scores"]),
    ]
    model = scorer(tmp_path, Scores(of="series"), "sequence", nodes)
    first, other = image_of(straight()[0]), image_of(straight()[0] + 3)
    classify(first, model)
    classify(first, model)
    with pytest.raises(ModelError, match="same scores whatever"):
        classify(other, model)


@pytest.mark.parametrize(
    ("of", "seconds", "per_side", "takes"),
    [("series", 0.1, 7, 17.0), ("series", 1.0, 4, 50.0), ("series", 9.0, 3, 234.0), ("slice", 3.0, 7, 44.0)],
)
def test_a_check_by_occlusion_takes_coarser_windows_where_it_would_take_long(of, seconds, per_side, takes):
    headers = Headers((26, 22, 11), (2.0, 2.0, 3.0), tuple(np.eye(3).ravel()))  # 3 runs of 4 slices at once
    cost = occlusion_expected(described(Scores(of=of)), headers, seconds)
    assert (cost.per_side, cost.coarse) == (per_side, per_side < 7) and cost.seconds == pytest.approx(takes, rel=0.15)
    assert cost.finest_s >= cost.seconds


def test_coarser_windows_are_as_large_as_was_told(tmp_path):
    told = occlude(image_of(straight()[0]), scorer(tmp_path), 1, 4, per_side=3)
    assert told.window_mm == (2.0 * round(22 / 3), 2.0 * round(26 / 3))


def test_rank_correlation_counts_ties_by_their_mean():
    assert rank_correlation(np.array([1, 2, 3]), np.array([10, 20, 90])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 1, 2, 3]), np.array([4, 3, 2, 1])) == pytest.approx(-0.9486833)
    assert rank_correlation(np.array([1, 1]), np.array([4, 3])) is None


class Exported(nn.Module):
    """A network of MONAI with what its heat maps are made of."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, seen):
        features = torch.relu(self.network.features(seen))
        head = self.network.class_layers.out
        return head(features.mean(dim=(2, 3))), features, head.weight + 0 * features.mean()


def dense(folder: Path, seed: int) -> tuple[nn.Module, LoadedModel]:
    torch.manual_seed(seed)
    net = DenseNet121(2, 1, 2, init_features=8, growth_rate=4, block_config=(2, 2, 2))
    network = Exported(perturbed(net) if seed == 0 else net).eval()
    folder.mkdir()
    torch.onnx.export(
        network, (torch.zeros(2, 1, 64, 64),), str(folder / "model.onnx"), input_names=["seen"],
        output_names=["scores", "features", "weights"], dynamo=False,
        dynamic_axes={"seen": {0: "n", 2: "j", 3: "i"}, "features": {0: "n"}, "scores": {0: "n"}},
    )  # fmt: skip
    write_manifest(described(HEAT, Preprocessing(size_multiple=32, intensity=StoredIntensity()), "softmax"), folder)
    return network, load_model(record_of(folder))


def test_a_densenet_scores_and_shows_where_as_torch_does_and_chance_shows_elsewhere(tmp_path):
    network, model = dense(tmp_path / "own", 0)
    voxels = np.random.default_rng(2).normal(size=(3, 64, 96)).astype(np.float32)
    voxels[1, 10:30, 20:50] += 3
    image = sitk.GetImageFromArray(voxels)
    found = classify(image, model)
    with torch.no_grad():
        scores, features, weights = network(torch.from_numpy(voxels[:, None]))
        expected = torch.softmax(scores, 1).numpy()
        heat = torch.einsum("cf,nfhw->cnhw", weights, features).clamp(min=0).numpy()

    assert found.slices is not None
    assert np.allclose(found.slices, expected, atol=1e-4)
    for one, other in zip(found.heat, heat, strict=True):
        assert np.abs(one.voxels - other).max() < 2e-3 * heat.max()
    chance = classify(image, dense(tmp_path / "chance", 7)[1])
    alike = [
        abs(rank_correlation(a.voxels.ravel(), b.voxels.ravel()) or 0)
        for a, b in zip(found.heat, chance.heat, strict=True)
    ]
    assert max(alike) < 0.6, "a heat map that weights do not change tells of the image and not of the network"
