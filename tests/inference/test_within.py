"""Models that look within what another one finds: about it, and nowhere else; alone on an image that shows no more."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from inference.manifest import ModelError, Preprocessing, SeenImages, WindowIntensity, Within
from inference.models import ModelRecord, ModelStore
from inference.preflight import Headers, as_met, looks_first, preflight
from inference.runtime import load_model
from inference.tasks import probabilities, segment, slice_doubts
from inference.worker import Worker
from tests.models import manifest, write_linear_model, write_threshold_model

WITHIN = Within(model="threshold", labels=("Bright",), margin_mm=3, alone_mm=20)
AXES = np.array([[0, 0, -1], [1, 0, 0], [0, 1, 0]], float)  # columns follow one another towards P, rows S, slices R
HEADERS = {"direction": tuple(AXES.ravel()), "modality": "MR", "body_part": "HEAD"}


def head() -> tuple[sitk.Image, np.ndarray]:
    """An image of 26 x 34 x 20 mm with a bright box, something dim at its side, and the same far from it; and where
    the labels of the second model are to be."""
    voxels = np.full((20, 17, 26), 10, np.int16)  # k, j, i: 1, 2 and 1 mm
    voxels[4:9, 3:6, 5:12] = 1000
    voxels[15:17, 12:14, 15:17] = 1000  # a smaller piece, which is not looked about
    voxels[10, 4, 7], voxels[6, 7, 6] = 150, 150  # 2 mm behind its last slice; 2 rows, 4 mm, beyond its last row
    voxels[18, 15, 24] = 150
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.0, 2.0, 1.0))
    image.SetOrigin((-31.0, 12.0, 7.5))
    image.SetDirection(AXES.ravel().tolist())
    expected = voxels == 1000
    expected[15:17] = False
    expected[10, 4, 7] = expected[6, 7, 6] = True  # 3 mm are two rows of 2 mm
    return image, expected


def write_second(folder: Path, **more) -> None:
    """Whatever is above 100, of an image of the finder's size and spacing, is "Dim"."""
    seen = Preprocessing(axes="KJI", context_slices=1, intensity=WindowIntensity(low=0, high=200))
    described = manifest("second", ("Dim",), 1.0, "2.0.0", within=WITHIN, **more)
    described = described.model_copy(update={"preprocessing": seen})
    write_linear_model(folder, described, (np.array([0.0, 10.0]).reshape(2, 1, 1, 1), np.array([0.0, -5.0])))


@pytest.fixture
def store(tmp_path) -> ModelStore:
    axes = Preprocessing(axes="KJI", context_slices=1)
    write_threshold_model(tmp_path / "shipped" / "threshold", preprocessing=axes)
    write_second(tmp_path / "shipped" / "second")
    return ModelStore(tmp_path / "shipped", tmp_path / "installed")


def test_it_looks_about_what_the_other_finds_and_nowhere_else(store):
    image, expected = head()
    progress: list[float] = []
    model = load_model(store.get("second"))

    result = segment(image, model, with_certainty=True, progress=lambda share, text: progress.append(share))

    np.testing.assert_array_equal(sitk.GetArrayFromImage(result.label_image), expected)
    for told in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(result.label_image, told)() == getattr(image, told)()
    assert result.volumes_ml == {"Dim": pytest.approx(expected.sum() * 2 / 1000)}
    assert (result.run.name, result.run.notes) == ("second", ("Threshold 1.0.0 found where to look",))
    assert result.certainty is not None
    assert (result.certainty.probability[expected] > 128).all() and result.certainty.probability[18, 15, 24] == 0
    assert progress == sorted(progress) and progress[-1] == 1

    found = probabilities(image, model, [1]).of_labels[0]
    assert (found[expected] > 128).all() and found[18, 15, 24] == 0
    doubts = slice_doubts(image, model, [6, 18])
    assert list(doubts) == [6, 18] and doubts[18].bits == 0


def test_a_process_of_its_own_does_the_same(store):
    image, expected = head()
    with closing(Worker()) as worker:
        result = worker.segment(store.get("second"), image)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(result.label_image), expected)
        bare = replace(store.get("second"), finder=None)
        everywhere = worker.segment(bare, image)  # the model that is loaded has a finder, and is not the one asked for
    assert sitk.GetArrayFromImage(everywhere.label_image)[18, 15, 24] == 1
    assert everywhere.run.notes == ()


def test_an_image_that_shows_no_more_is_looked_at_whole(store):
    image, _ = head()
    part = image[18:, 9:, 10:]  # 8 x 16 x 10 mm, with nothing bright in it
    result = segment(part, load_model(store.get("second")))
    assert result.run.notes == ()
    assert np.argwhere(sitk.GetArrayFromImage(result.label_image)).tolist() == [[8, 6, 6]]


def test_where_nothing_is_found_a_sentence_says_so(store):
    record = store.get("second")
    absent = WITHIN.model_copy(update={"labels": ("Hippocampus",)})
    record = replace(record, manifest=record.manifest.model_copy(update={"within": absent}))
    with pytest.raises(ModelError, match="Second looks about Hippocampus; Threshold found nothing of that"):
        segment(head()[0], load_model(record))


def test_the_finder_is_the_version_in_use(store, tmp_path):
    write_threshold_model(tmp_path / "next", version="1.1.0")
    store.install(tmp_path / "next")
    assert found_by(store) == "1.0.0"
    store.activate("threshold", "1.1.0")
    assert found_by(store) == "1.1.0"


def found_by(store: ModelStore) -> str:
    finder = store.get("second").finder
    assert finder is not None
    return finder.manifest.version


def test_before_a_run_the_finder_tells_whether_an_image_is_usual(store, tmp_path):
    large = Headers((26, 17, 20), (1.0, 2.0, 1.0), **HEADERS)
    small = Headers((16, 8, 10), (1.0, 2.0, 1.0), **HEADERS)
    record = store.get("second")
    assert (looks_first(record, large), looks_first(record, small)) == (record.finder, record)

    usual = SeenImages(images=20, ranges={"gradient": (0.1, 0.2)})
    assert record.finder is not None
    finder = replace(record.finder, manifest=record.finder.manifest.model_copy(update={"seen": usual}))
    record = replace(record, finder=finder)
    verdict = preflight(as_met(record, large), large, statistics={"gradient": 0.9})
    assert [finding.about for finding in verdict.findings] == ["likeness"]
    assert preflight(as_met(record, small), small, statistics={"gradient": 0.9}).level == "green"
    ct = Headers((26, 17, 20), (1.0, 2.0, 1.0), **{**HEADERS, "modality": "CT"})
    assert "Second was made for MR; this series is CT" in preflight(as_met(record, ct), ct).refusal


def test_without_the_finder_it_is_not_run_on_a_whole_image(tmp_path):
    write_second(tmp_path / "shipped" / "second")
    record = ModelStore(tmp_path / "shipped", tmp_path / "installed").get("second")
    large = Headers((26, 17, 20), (1.0, 2.0, 1.0), **HEADERS)
    assert record.finder is None
    verdict = preflight(as_met(record, large), large)
    assert not verdict.can_run and "finds first, and that is not there" in verdict.refusal


def test_only_segmentations_look_within_and_never_within_themselves():
    with pytest.raises(ValidationError, match="looks within what another one finds"):
        manifest("threshold", ("Dim",), 1.0, "1.0.0", within=WITHIN)


def test_a_changed_finder_is_not_run(store, tmp_path):
    record: ModelRecord = store.get("second")
    (tmp_path / "shipped" / "threshold" / "model.onnx").write_bytes(b"changed")
    with closing(Worker()) as worker, pytest.raises(ModelError, match="was changed after the model was made"):
        worker.segment(record, head()[0])
