"""Whether a model fits an image: each reason by an image that has it, what a run takes by runs that were counted."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

import resources
from inference.manifest import (
    FixedIntensity,
    ModelError,
    Preprocessing,
    SeenImages,
    StoredIntensity,
    WindowIntensity,
    load_manifest,
    write_manifest,
)
from inference.models import ModelRecord
from inference.preflight import Headers, Measured, expected, network_runs, preflight
from inference.seen import LEAST_IMAGES, how_far_outside, image_statistics, seen_images, undecided
from inference.tasks import segment
from inference.worker import Worker, _Timed
from tests.inference.test_worker import endless
from tests.models import loaded, manifest, write_threshold_model
from viewer.core.volume import to_image
from viewer.io import files

MR = manifest("tiny", ("Bright",), 2.0, "1.0.0")
CT = MR.model_copy(
    update={"modalities": ["CT"], "preprocessing": Preprocessing(intensity=WindowIntensity(low=-160, high=240))}
)
SIDES = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
HEAD = Headers((14, 11, 7), (2.0, 1.5, 3.0), SIDES, modality="MR", body_part="BRAIN")


def turned(degrees: float) -> tuple[float, ...]:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (1.0, 0.0, 0.0, 0.0, cos, -sin, 0.0, sin, cos)


def noise(low=0, high=100) -> np.ndarray:
    return np.random.default_rng(0).integers(low, high, (7, 11, 14)).astype(np.int16)


def of(verdict):
    return verdict.level, [finding.about for finding in verdict.findings]


def test_what_the_model_was_made_for_is_green():
    verdict = preflight(MR, HEAD, noise())
    assert of(verdict) == ("green", []) and verdict.can_run and not verdict.refusal


@pytest.mark.parametrize(
    ("change", "level", "about"),
    [
        ({"complete": False}, "never", "reading"),
        ({"colour": True}, "never", "colour"),
        ({"grid": False, "geometry": "Two slices are missing."}, "never", "grid"),
        ({"size": (14, 11, 1)}, "never", "grid"),
        ({"calibrated": False}, "never", "spacing"),
        ({"modality": "CT"}, "red", "modality"),
        ({"synthetic": True}, "red", "synthetic"),
        ({"patient_space": False}, "red", "position"),
        ({"modality": ""}, "amber", "modality"),
        ({"body_part": "PELVIS"}, "amber", "body part"),
        ({"ambiguous": True}, "amber", "position"),
        ({"spacing_mm": (2.0, 1.5, 6.5)}, "amber", "spacing"),
        ({"direction": turned(24)}, "amber", "orientation"),
        ({"direction": turned(90 + 24)}, "amber", "orientation"),
    ],
)
def test_what_headers_tell_against_it(change, level, about):
    verdict = preflight(MR, replace(HEAD, **change), noise())
    assert of(verdict) == (level, [about])
    assert verdict.can_run == (level != "never")
    assert bool(verdict.refusal) == (level != "amber")
    assert [finding.about for finding in verdict.red] == ([about] if level == "red" else [])


def test_a_film_is_told_that_it_is_one_picture_and_of_another_modality():
    verdict = preflight(MR, replace(HEAD, size=(14, 11, 1), modality="DX", grid=False), noise()[:1])
    assert of(verdict) == ("never", ["grid", "modality"]) and not verdict.red
    assert "single picture" in verdict.refusal and "this series is DX" in verdict.findings[1].sentence


@pytest.mark.parametrize(
    "change",
    [
        {"body_part": ""},
        {"body_part": "Whole body"},
        {"body_part": "HEADNECK"},
        {"spacing_mm": (2.0, 1.5, 5.9)},
        {"direction": turned(16)},
        {"direction": turned(90)},
        {"direction": (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)},
    ],
)
def test_what_is_no_reason(change):
    assert preflight(MR, replace(HEAD, **change), noise()).level == "green"


def test_the_worst_comes_first_and_all_are_told():
    verdict = preflight(MR, replace(HEAD, modality="CT", direction=turned(30), spacing_mm=(9.0, 1.5, 3.0)), noise())
    assert of(verdict) == ("red", ["modality", "orientation", "spacing"])


def test_a_model_that_takes_axes_and_spacing_as_they_are_needs_neither():
    own = MR.model_copy(update={"preprocessing": Preprocessing(axes="KJI")})
    single = replace(HEAD, size=(14, 11, 1), patient_space=False, calibrated=False, direction=turned(30))
    assert preflight(own, single, noise()[:1]).level == "green"


def test_a_model_of_hounsfield_units_is_not_given_other_values():
    ct = replace(HEAD, modality="CT", unit="HU")
    assert preflight(CT, ct, noise(-1000, 900)).level == "green"
    assert of(preflight(CT, replace(ct, unit=""), noise(-1000, 900))) == ("red", ["values"])
    told_nothing = replace(ct, unit="", modality="")
    assert of(preflight(CT, told_nothing, noise(-1000, 900))) == ("amber", ["modality", "values"])
    assert of(preflight(CT, told_nothing, noise(0, 90))) == ("red", ["values", "modality"])


@pytest.mark.parametrize(
    "high", [WindowIntensity(low=-160, high=240), FixedIntensity(low=-160, high=240, mean=0, deviation=1)]
)
def test_values_that_the_window_of_the_model_hardly_holds_are_red(high):
    model = CT.model_copy(update={"preprocessing": Preprocessing(intensity=high)})
    verdict = preflight(model, replace(HEAD, modality="CT", unit="HU"), noise(1000, 3000))
    assert of(verdict) == ("red", ["values"]) and "from -160 to 240" in verdict.refusal


def test_a_ct_whose_file_does_not_say_so_is_red_to_an_mr_model():
    assert of(preflight(MR, replace(HEAD, modality=""), noise(-1000, 900))) == ("red", ["values", "modality"])
    assert preflight(MR, HEAD, noise(-1000, 900)).level == "green", "phase images of MR go below zero"


def test_voxels_that_are_no_number_are_told():
    voxels = noise().astype(np.float32)
    voxels[2:5] = np.nan
    verdict = preflight(MR, HEAD, voxels)
    assert of(verdict) == ("amber", ["values"]) and "42.9 %" in verdict.findings[0].sentence


def image_of(voxels: np.ndarray, spacing=(2.0, 1.5, 3.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    return image


class TestLikeness:
    def test_statistics_are_those_that_can_be_worked_out_by_hand(self):
        voxels = np.zeros((10, 8, 6), np.float32)
        voxels[5:] = 1
        preprocessing = Preprocessing(intensity=StoredIntensity())
        found = image_statistics(image_of(voxels), preprocessing)
        assert (found["p10"], found["p90"], found["foreground"]) == (0, 1, 0.5)
        assert (found["field_k_mm"], found["field_j_mm"], found["field_i_mm"]) == (30, 12, 12)
        assert found["gradient"] == pytest.approx(
            np.sqrt((1 / 9) / 3) / 0.5
        )  # one step of nine, along one axis of three

    def test_an_image_unlike_those_of_training_is_amber_and_the_others_are_not(self):
        rng = np.random.default_rng(0)
        heads = [rng.normal(0, 1, (12, 12, 12)).astype(np.float32) for _ in range(LEAST_IMAGES)]
        statistics = [image_statistics(image_of(one), MR.preprocessing) for one in heads]
        model = MR.model_copy(update={"seen": seen_images(statistics)})
        usual = preflight(model, HEAD, noise(), statistics[3])
        assert usual.level == "green" and usual.score is not None and usual.score <= 0.25
        smooth = np.broadcast_to(np.arange(12, dtype=np.float32), (12, 12, 12)).copy()
        strange = preflight(model, HEAD, noise(), image_statistics(image_of(smooth), MR.preprocessing))
        assert of(strange) == ("amber", ["likeness"]) and strange.score > 0.25
        assert preflight(MR, HEAD, noise(), image_statistics(image_of(smooth), MR.preprocessing)).score is None

    def test_a_network_hesitates_over_grey_and_not_over_black_and_white(self, tmp_path):
        preprocessing = Preprocessing(intensity=StoredIntensity())
        write_threshold_model(tmp_path / "plane", preprocessing=preprocessing)
        model, half = loaded(tmp_path / "plane"), np.zeros((12, 8, 8), np.float32)
        half[:, 4:] = 1
        assert undecided(image_of(half), model) == 0
        assert undecided(image_of(np.full((12, 8, 8), 0.52, np.float32)), model) == 1
        assert undecided(image_of(np.zeros((12, 8, 8), np.float32)), model) is None
        blocks = Preprocessing(dimensions=3, patch=(8, 8, 8), intensity=StoredIntensity())
        write_threshold_model(tmp_path / "block", preprocessing=blocks)
        assert undecided(image_of(half), loaded(tmp_path / "block")) is None

    def test_it_is_asked_in_its_process_if_its_ranges_tell_of_it(self, tmp_path):
        made = write_threshold_model(tmp_path, preprocessing=Preprocessing(intensity=StoredIntensity()))
        grey = image_of(np.full((12, 8, 8), 0.52, np.float32))
        with closing(Worker()) as worker:
            for name, told in (("p10", None), ("undecided", 1.0)):
                seen = SeenImages(images=30, ranges={name: (0.0, 0.2)})
                written = write_manifest(made.model_copy(update={"seen": seen}), tmp_path)
                record = ModelRecord(written, tmp_path, shipped=False, active=True)
                assert worker.statistics(record, grey).get("undecided") == told

    def test_the_shipped_model_knows_a_head_from_what_is_none(self):
        folder = resources.path("models", "brain-structures-mr")
        model = load_manifest(folder)
        record = ModelRecord(model, folder, shipped=True, active=True)
        volume = files.read_series(files.scan([resources.path("demo", "mni152-t1")]).series[0])
        head = to_image(volume.voxels, volume.geometry)
        other = sitk.GetImageFromArray(volume.voxels.transpose(2, 1, 0).copy())  # lying on its side
        other.SetDirection(head.GetDirection())
        with closing(Worker()) as worker:
            usual, strange = (how_far_outside(worker.statistics(record, one), model.seen) for one in (head, other))
        assert usual[0] < 0.05
        assert strange[0] > 1 and strange[1] == "undecided"

    def test_the_score_counts_widths_of_the_range(self):
        seen = SeenImages(images=99, ranges={"p10": (0.0, 0.5), "p50": (1.0, 2.0)})
        assert how_far_outside({"p10": 1.5, "p50": 0.0}, seen) == (2.0, "p10")
        assert how_far_outside({"p10": 0.2, "p50": 2.0}, seen) == (0.0, None)

    def test_ranges_of_a_few_images_or_upside_down_are_refused(self):
        with pytest.raises(ValueError, match="at least 20"):
            seen_images([{"p10": 0.0}] * (LEAST_IMAGES - 1))
        for wrong in ((1.0, 0.0), (float("nan"), 1.0)):
            with pytest.raises(ValueError, match="lower to the higher"):
                SeenImages(images=30, ranges={"p10": wrong})

    def test_they_stand_in_the_manifest(self, tmp_path):
        write_threshold_model(tmp_path)
        seen = SeenImages(images=30, ranges={"gradient": (0.5, 1.5)})
        write_manifest(load_manifest(tmp_path).model_copy(update={"seen": seen}), tmp_path)
        assert load_manifest(tmp_path).seen == seen


PREPROCESSINGS = [
    Preprocessing(spacing_mm=(2.0, 2.0, 2.0), context_slices=3, size_multiple=16),
    Preprocessing(patch=(8, 8)),
    Preprocessing(dimensions=3, patch=(8, 16, 8)),
    Preprocessing(dimensions=3, size_multiple=8),
    Preprocessing(size=(32, 24)),
]


@pytest.mark.parametrize("preprocessing", PREPROCESSINGS)
def test_runs_are_counted_as_the_engine_makes_them(tmp_path, preprocessing):
    write_threshold_model(tmp_path, preprocessing=preprocessing)
    model = loaded(tmp_path)
    image = image_of(np.random.default_rng(0).random((19, 29, 23)).astype(np.float32))
    counting: Any = _Timed(model)

    segment(image, counting)

    headers = Headers(image.GetSize(), image.GetSpacing(), image.GetDirection())
    assert network_runs(model.manifest, headers) == counting.runs


@pytest.mark.parametrize("preprocessing", PREPROCESSINGS)
def test_a_model_is_tried_on_this_machine_and_says_what_it_really_runs_on(tmp_path, preprocessing):
    write_threshold_model(tmp_path, preprocessing=preprocessing)
    record = ModelRecord(load_manifest(tmp_path), tmp_path, shipped=False, active=True)
    headers = Headers((40, 36, 30), (2.0, 1.5, 3.0), turned(10))
    with closing(Worker()) as worker:
        measured = worker.measure(record, headers)
        told = expected(record.manifest, headers, measured)
        assert worker.provider == measured.provider == told.provider == loaded(tmp_path).provider
    assert 0 < told.seconds < 60 and measured.run_s > 0
    assert 20e6 < measured.process_bytes < told.memory_bytes < 2e9


def test_what_is_expected_grows_with_the_image():
    measured = Measured("CPU", run_s=0.5, voxel_s=1e-6, process_bytes=100e6, grown_bytes=50e6)
    small = expected(MR, replace(HEAD, size=(100, 100, 40), spacing_mm=(2.0, 2.0, 2.0)), measured)
    large = expected(MR, replace(HEAD, size=(100, 100, 80), spacing_mm=(2.0, 2.0, 2.0)), measured)
    assert small.seconds == pytest.approx(10 * 0.5 + 0.4) and large.seconds == pytest.approx(20 * 0.5 + 0.8)
    more = 40 * 100 * 100 * (2 + 4 + 3)  # the image, its values on the model's grid, three label maps
    assert large.memory_bytes - small.memory_bytes == more
    sure = expected(MR, replace(HEAD, size=(100, 100, 80), spacing_mm=(2.0, 2.0, 2.0)), measured, with_certainty=True)
    assert sure.memory_bytes > large.memory_bytes


def test_a_model_that_never_ends_is_not_waited_for(tmp_path):
    with closing(Worker(silence_s=1.0)) as worker, pytest.raises(ModelError, match="did not come to an end"):
        worker.measure(endless(tmp_path / "endless"), HEAD)
