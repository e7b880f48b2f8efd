"""Detection: boxes at their place in the image and in the patient, each once, and nothing else."""

import io
from contextlib import closing
from dataclasses import replace

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
from onnx import TensorProto, helper
from pydantic import ValidationError

from inference.detect import _Answers, _Boxes, _in_image, _moved, _thinned, detect
from inference.manifest import ModelError, ModelManifest, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.preprocess import ModelGrid
from inference.worker import Worker, _detections, _Message, _Runner
from tests.models import SIDE, loaded, write_peak_model
from viewer.core.volume import to_image

SIZE_IJK = (37, 29, 11)  # odd and prime


def image_of(spots: dict[tuple[int, int, int], int], size=SIZE_IJK, spacing=(0.9, 1.3, 2.5)):
    """Dark, with values at some indices (i, j, k)."""
    voxels = np.zeros(size[::-1], np.int16)
    for (i, j, k), value in spots.items():
        voxels[k, j, i] = value
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    image.SetOrigin((-31.0, 12.5, 7.0))
    return image


def around(i: int, j: int, size=SIZE_IJK) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the box around a pixel ends along i and j, within the picture."""
    ends = [(max(n - SIDE / 2, -0.5), min(n + SIDE / 2, side - 0.5)) for n, side in zip((i, j), size, strict=False)]
    return ends[0], ends[1]


@pytest.fixture
def model(tmp_path):
    write_peak_model(tmp_path / "peaks", axes="KJI")
    return loaded(tmp_path / "peaks")


def test_a_box_lies_around_what_was_found_with_its_score_and_label(model):
    found = detect(image_of({(20, 9, 4): 600, (2, 28, 7): 900}), model).found
    assert [(one.label, round(one.score, 6)) for one in found] == [(2, 0.9), (1, 0.6)]
    mass, nodule = found
    for one, (i, j, k) in ((mass, (2, 28, 7)), (nodule, (20, 9, 4))):
        (left, right), (top, bottom) = around(i, j)
        assert one.low == (left, top, k - 0.5) and one.high == (right, bottom, k + 0.5)
        assert one.on_slice == (one.low, one.high) and (one.normal, one.slice_index) == (2, k)


@pytest.mark.parametrize("axes", ["SPL", "IAR", "LSA"])
def test_corners_are_right_in_the_patient_for_any_orientation(tmp_path, phantom, axes):
    """Resampled, padded, over patches, on oblique and left-handed grids: the box is around the very place."""
    write_peak_model(tmp_path / "m", axes=axes, patch=(16, 24), overlap=0.5, size_multiple=8)
    i, j, k = 9, 3, 5
    voxels = np.zeros(phantom.geometry.shape, np.int16)
    voxels[k, j, i] = 800
    image = to_image(voxels, phantom.geometry)
    (found,) = detect(image, loaded(tmp_path / "m")).found
    low, high = np.array(found.low), np.array(found.high)
    middle = phantom.geometry.index_to_lps((low + high) / 2)
    grid = np.array(phantom.geometry.size)
    wanted = np.clip(np.array((i, j, k)) + SIDE / 2 * np.array([[-1], [1]]), -0.5, grid - 0.5)
    wanted[:, found.normal] = np.array((i, j, k))[found.normal] + np.array([-0.5, 0.5])
    np.testing.assert_allclose([low, high], wanted, atol=1e-9)
    np.testing.assert_allclose(middle, phantom.geometry.index_to_lps(wanted.mean(axis=0)), atol=1e-9)
    assert found.slice_index == (i, j, k)[found.normal]


def test_a_box_is_resampled_back_by_its_edges(tmp_path):
    """On pixels of another size a box is as large in mm, and its middle where the spot is."""
    write_peak_model(tmp_path / "m", axes="KJI", spacing_mm=(0.45, 0.65, 2.5))
    (found,) = detect(image_of({(21, 12, 6): 900}), loaded(tmp_path / "m")).found
    size_mm = (np.array(found.high) - found.low) * (0.9, 1.3, 2.5)
    np.testing.assert_allclose(size_mm, (SIDE * 0.45, SIDE * 0.65, 2.5))
    assert np.abs((np.array(found.low) + found.high) / 2 - (21, 12, 6)).max() <= 0.26  # of two equal pixels the first


def test_a_mirrored_axis_counts_from_the_other_edge():
    grid = ModelGrid((0, 1, 2), (True, False, True), (11, 29, 37), (1.0, 1.0, 1.0), (11, 29, 37), (1.0, 1.0, 1.0))
    low, high = _in_image(np.array([[0.0, 3.0, 0.0], [1.0, 8.0, 5.0]]), grid)
    assert (low, high) == ((31.5, 2.5, 9.5), (36.5, 7.5, 10.5))


def test_neighbouring_slices_make_one_finding_with_the_slice_of_the_highest_score(model, tmp_path):
    spots = {(15, 12, 3): 400, (16, 12, 4): 700, (17, 12, 5): 600, (15, 12, 7): 500}
    found = detect(image_of(spots), model).found
    assert [(one.score, one.slice_index) for one in found] == [(pytest.approx(0.7), 4), (pytest.approx(0.5), 7)]
    assert found[0].low == (12.5, 9.5, 2.5) and found[0].high == (19.5, 14.5, 5.5)
    assert found[0].on_slice == ((13.5, 9.5, 3.5), (18.5, 14.5, 4.5))
    write_peak_model(tmp_path / "apart", axes="KJI", boxes={"joined": None})
    assert len(detect(image_of(spots), loaded(tmp_path / "apart")).found) == 4


def test_of_two_that_overlap_the_likelier_stays_and_labels_do_not_drop_each_other(tmp_path):
    spots = {(15, 12, 4): 900, (18, 12, 4): 850, (15, 15, 4): 300}
    write_peak_model(tmp_path / "m", axes="KJI", boxes={"overlap": 0.2})
    found = detect(image_of(spots), loaded(tmp_path / "m")).found
    assert [(one.label, round(one.score, 2)) for one in found] == [(2, 0.9), (1, 0.3)]
    write_peak_model(tmp_path / "all", axes="KJI", boxes={"overlap": 0.3})
    assert len(detect(image_of(spots), loaded(tmp_path / "all")).found) == 3


def test_at_seams_of_patches_nothing_is_found_twice_or_cut(tmp_path):
    spots = {(i, j, 2): 500 + 9 * i + j for i in range(3, 37, 8) for j in range(3, 29, 8)}
    write_peak_model(tmp_path / "whole", axes="KJI", most=40)
    write_peak_model(tmp_path / "patches", axes="KJI", most=40, patch=(16, 16), overlap=0.4)
    whole, patched = (detect(image_of(spots), loaded(tmp_path / name)).found for name in ("whole", "patches"))
    assert len(whole) == len(spots)
    assert [(one.low, one.high) for one in patched] == [(one.low, one.high) for one in whole]


@pytest.mark.parametrize(
    ("corners", "scores", "cut", "kept"),
    [
        # The half at the edge is likelier than the whole: the whole one stays.
        ([[[2, 2], [12, 12]], [[2, 2], [12, 6]]], [0.6, 0.9], [False, True], [[[2, 2], [12, 12]]]),
        # Of a thing larger than the overlap there are two halves only.
        ([[[2, 2], [12, 16]], [[2, 12], [12, 20]]], [0.6, 0.9], [True, True], [[[2, 2], [12, 20]]]),
        # A small thing within a large one is no half of it.
        ([[[2, 2], [12, 12]], [[2, 2], [12, 4]]], [0.9, 0.6], [False, False], [[[2, 2], [12, 12]], [[2, 2], [12, 4]]]),
    ],
)
def test_what_the_edge_of_a_patch_cut_gives_way_to_the_whole(model, corners, scores, cut, kept):
    boxes = _Boxes(np.array(corners, float), np.array(scores), np.ones(len(scores), np.int64), np.array(cut))
    found = _thinned(boxes, _Answers(model, model.manifest.boxes))
    np.testing.assert_array_equal(found.corners, kept)


def test_a_box_at_the_edge_of_a_patch_is_cut_unless_the_image_ends_there():
    box = _Boxes(np.array([[[0.0, 3.0], [5.0, 8.0]]]), np.array([0.5]), np.array([1]), np.array([False]))
    for window, cut in (((0, 8), False), ((4, 12), True)):
        moved = _moved(box, (slice(*window), slice(4, 12)), (12, 12))
        assert moved.cut.tolist() == [cut] and moved.corners[0, 0].tolist() == [window[0], 7.0]


def test_scores_are_calibrated(tmp_path):
    for temperature, expected in ((1.0, 0.8), (2.0, 2 / 3)):  # sigmoid(log(4) / 2) = 2 / (2 + 1)
        write_peak_model(tmp_path / "m", axes="KJI")
        loaded_model = loaded(tmp_path / "m")
        loaded_model.manifest = loaded_model.manifest.model_copy(update={"temperature": temperature})
        (found,) = detect(image_of({(9, 9, 3): 800}), loaded_model).found
        assert found.score == pytest.approx(expected, rel=1e-5)
    as_logits = loaded_model.manifest.model_copy(update={"temperature": 1.0, "activation": "sigmoid"})
    loaded_model.manifest = as_logits
    found = detect(image_of({(9, 9, 3): 800}), loaded_model).found
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-0.8)), rel=1e-5)


def constant_nodes(boxes, scores, labels):
    """A network that says the same of whatever one slice it sees."""
    nodes = []
    for name, value in (("boxes", boxes), ("scores", scores), ("labels", labels)):
        value = onnx.numpy_helper.from_array(np.asarray(value), name)
        nodes.append(helper.make_node("Constant", [], [name], value=value))
    return nodes


def flood(count):
    """So many boxes, made in the graph."""
    size = onnx.numpy_helper.from_array(np.array([1, count, 4], np.int64), "n4")
    flat = onnx.numpy_helper.from_array(np.array([1, count], np.int64), "n")
    place = onnx.numpy_helper.from_array(np.array([1, 1, 5, 5], np.float32), "place")
    one = helper.make_tensor("v", TensorProto.FLOAT, [1], [0.9])
    return [
        helper.make_node("Constant", [], ["n4"], value=size),
        helper.make_node("Constant", [], ["n"], value=flat),
        helper.make_node("Constant", [], ["place"], value=place),
        helper.make_node("Expand", ["place", "n4"], ["boxes"]),
        helper.make_node("ConstantOfShape", ["n"], ["scores"], value=one),
        helper.make_node("Cast", ["scores"], ["zeros"], to=TensorProto.INT64),
        helper.make_node("Add", ["zeros", "one"], ["labels"]),
    ]


ONE = [[[2.0, 2.0, 9.0, 9.0]]]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ((np.float32([[[2, 2, np.nan, 9]]]), np.float32([[0.9]]), np.int64([[1]])), "not numbers"),
        ((np.float32([[[2, 2, 9, 9]]]), np.float32([[np.inf]]), np.int64([[1]])), "not numbers"),
        ((np.float32([[[2, 2, 90, 9]]]), np.float32([[0.9]]), np.int64([[1]])), "outside"),
        ((np.float32([[[9, 2, 2, 9]]]), np.float32([[0.9]]), np.int64([[1]])), "exchanged"),
        ((np.float32(ONE), np.float32([[0.9]]), np.int64([[3]])), "label"),
        ((np.float32(ONE), np.float32([[1.5]]), np.int64([[1]])), "no probabilities"),
        ((np.float32([[[2, 2, 9]]]), np.float32([[0.9]]), np.int64([[1]])), "shape"),
        ((np.float32(ONE), np.float32([[0.9, 0.9]]), np.int64([[1]])), "shape"),
        ((np.float32(ONE), np.float32([[0.9]]), np.int64([[1, 1]])), "shape"),
    ],
)
def test_what_no_box_can_be_is_refused_in_a_sentence(tmp_path, said, about):
    write_peak_model(tmp_path / "m", axes="KJI", nodes=constant_nodes(*said))
    with pytest.raises(ModelError, match=about):
        detect(image_of({(9, 9, 0): 500}, size=(37, 29, 1)), loaded(tmp_path / "m"))


@pytest.mark.parametrize("count", [2_000, 1_000_000])
def test_a_flood_of_boxes_is_refused(tmp_path, count):
    write_peak_model(tmp_path / "m", axes="KJI", nodes=flood(count))
    with pytest.raises(ModelError, match=f"gave {count} boxes at once"):
        detect(image_of({(9, 9, 0): 500}, size=(37, 29, 1)), loaded(tmp_path / "m"))


@pytest.mark.parametrize(("slices", "patch"), [(1, None), (4, None), (1, (16, 16))])
def test_the_same_boxes_whatever_it_sees_are_refused(tmp_path, slices, patch):
    one_image = np.float32(ONE[0]), np.float32([0.9]), np.int64([1])
    nodes = [
        *constant_nodes(*(value[None] for value in one_image)),
        helper.make_node("Shape", ["seen"], ["sides"]),
        helper.make_node("Gather", ["sides", "first"], ["count"], axis=0),
    ]
    for node, name in zip(nodes[:3], ("boxes", "scores", "labels"), strict=True):
        node.output[0] = f"one_{name}"
        ones = helper.make_tensor(
            f"ones_{name}", TensorProto.INT64, [2 if name == "boxes" else 1], [1] * (1 + (name == "boxes"))
        )
        nodes.append(helper.make_node("Constant", [], [f"ones_{name}"], value=ones))
        nodes.append(helper.make_node("Concat", ["count", f"ones_{name}"], [f"shape_{name}"], axis=0))
        nodes.append(helper.make_node("Expand", [f"one_{name}", f"shape_{name}"], [name]))
    zero = helper.make_tensor("first", TensorProto.INT64, [1], [0])
    nodes.insert(0, helper.make_node("Constant", [], ["first"], value=zero))
    write_peak_model(tmp_path / "m", axes="KJI", nodes=nodes, patch=patch)
    spots = {(9 + k, 9, k): 500 for k in range(slices)}
    with pytest.raises(ModelError, match="the same boxes whatever it saw"):
        detect(image_of(spots, size=(37, 29, slices)), loaded(tmp_path / "m"))


def test_boxes_that_all_have_one_score_are_refused(tmp_path):
    write_peak_model(tmp_path / "m", axes="KJI", most=12)
    network = onnx.load(tmp_path / "m" / "model.onnx")
    for node in network.graph.node:
        for names in (node.input, node.output):
            names[:] = ["value" if name == "scores" else name for name in names]
    network.graph.node.extend(
        [helper.make_node("Mul", ["value", "none"], ["zeros"]), helper.make_node("Add", ["zeros", "full"], ["scores"])]
    )
    for name, value in (("none", 0), ("full", 1)):
        network.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value, np.float32), name))
    onnx.save(network, tmp_path / "m" / "model.onnx")
    described = ModelManifest.model_validate_json((tmp_path / "m" / "manifest.json").read_text())
    write_manifest(described, tmp_path / "m")
    with pytest.raises(ModelError, match="every box the same score"):
        detect(image_of({(20, 9, 4): 600, (2, 28, 7): 900}), loaded(tmp_path / "m"))


def test_three_dimensions(tmp_path):
    nodes = constant_nodes(
        np.float32([[[4, 6, 1, 10, 13, 5], [0, 0, 0, 3, 3, 3]]]), np.float32([[1.8, 0.02]]), np.int64([[2, 1]])
    )
    nodes[1].output[0] = "likely"
    nodes.append(helper.make_node("ReduceMax", ["seen"], ["brightest"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["likely", "brightest"], ["scores"]))
    write_peak_model(tmp_path / "m", axes="KJI", nodes=nodes)
    network = onnx.load(tmp_path / "m" / "model.onnx")
    network.graph.input[0].CopyFrom(helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["n", 1, "k", "j", "i"]))
    onnx.save(network, tmp_path / "m" / "model.onnx")
    described = ModelManifest.model_validate_json((tmp_path / "m" / "manifest.json").read_text())
    seen = described.preprocessing.model_copy(update={"dimensions": 3})
    write_manifest(described.model_copy(update={"preprocessing": seen}), tmp_path / "m")
    (found,) = detect(image_of({(9, 9, 3): 500}), loaded(tmp_path / "m")).found
    assert (found.low, found.high) == ((3.5, 5.5, 0.5), (9.5, 12.5, 4.5))
    assert (found.normal, found.slice_index) == (2, 2)


@pytest.mark.parametrize(
    "wrong",
    [{"activation": "softmax"}, {"boxes": {"labels": None}}, {"boxes": {"lowest": 0.6}}, {"boxes": None}],
    ids=str,
)
def test_a_manifest_says_all_that_is_needed(tmp_path, wrong):
    described = write_peak_model(tmp_path / "m").model_dump()
    with pytest.raises(ValidationError):
        ModelManifest.model_validate({**described, **wrong})


def test_the_process_gives_the_same_and_what_it_tells_is_checked(tmp_path, model):
    record = ModelRecord(load_manifest(tmp_path / "peaks"), tmp_path / "peaks", shipped=False, active=True)
    image = image_of({(20, 9, 4): 600, (2, 28, 7): 900})
    with closing(Worker()) as worker:
        found = worker.detect(record, image)
    assert found.found == detect(image, model).found and found.run.sha256
    (row, *_) = ([*vars(one).values()] for one in found.found)
    assert _detections(record, [row], image.GetSize())
    low, high = row[2], row[3]
    for n, wrong in (
        (0, 7), (1, float("nan")), (1, 1.5), (2, (-3.0, 0.0, 0.0)), (3, low), (2, high[:2]), (4, 3), (5, 11),
        (6, (low, low)),
    ):  # fmt: skip
        with pytest.raises(ModelError, match="does not fit"):
            _detections(record, [[*row[:n], wrong, *row[n + 1 :]]], image.GetSize())
    with pytest.raises(ModelError, match="does not fit"):
        _detections(record, [row] * 2001, image.GetSize())


def test_a_model_that_takes_no_more_memory_than_was_free_is_measured(tmp_path, model, monkeypatch):
    monkeypatch.setattr("inference.worker._peak_bytes", lambda: 0)
    told = {"models": [[str(tmp_path / "peaks"), ""]], "spacing": (1, 1, 1), "origin": (0, 0, 0)}
    request = _Message({**told, "direction": tuple(np.eye(3).ravel())}, {"voxels": np.eye(29, 37)[None]})
    measured, _ = _Runner(io.BytesIO())._measure(request)
    assert measured["grown_bytes"] == 0 and measured["run_s"] > 0 and measured["voxel_s"] > 0


def test_nothing_is_found_where_nothing_is(model):
    image = image_of({(20, 9, 4): 30})
    assert detect(image, model).found == ()
    assert replace(detect(image, model).run, seconds=0.0).name == "peaks"
