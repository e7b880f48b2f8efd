"""Clicks answered by a network: the marks lie where the clicks were, whatever the picture's shape and pixels."""

from contextlib import closing

import numpy as np
import pytest

from inference.interactive import Clicked, answer_clicks
from inference.manifest import ManifestError, ModelError, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import LoadedModel
from inference.worker import Worker
from tests.click_model import write_click_model
from tests.models import loaded


@pytest.fixture
def model(tmp_path) -> LoadedModel:
    write_click_model(tmp_path / "clicks")
    return loaded(tmp_path / "clicks")


def picture(shape=(90, 131), box=(20, 30, 60, 100)) -> np.ndarray:
    """A bright oblong on a dark ground, a dot of its brightness apart from it, and a part without values."""
    values = np.zeros(shape, np.float32)
    values[box[0] : box[2], box[1] : box[3]] = 100
    values[70:78, 110:118] = 100
    values[:, :5] = np.nan
    return values


def answered(model, values, positives, negatives=(), pixel_mm=(1.0, 1.0), box=None, previous=None):
    before = np.zeros(values.shape, bool) if previous is None else previous
    return answer_clicks(Clicked(values, pixel_mm, positives, negatives, box, before), model)


def dice(one, other) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("pixel_mm", [(1.0, 1.0), (0.5, 1.3), (2.0, 0.7)])
@pytest.mark.parametrize("shape", [(90, 131), (97, 149), (211, 280)])
def test_the_region_is_where_it_was_clicked(model, shape, pixel_mm):
    values = picture(shape)
    bright = np.nan_to_num(values) == 100

    found = answered(model, values, [(40, 60)], pixel_mm=pixel_mm)
    assert dice(found, bright) > 0.9
    dark = answered(model, values, [(10, 60)], pixel_mm=pixel_mm)
    assert dice(dark, (values == 0)) > 0.9 and not dark[:, :5].any(), "where there is no value there is no region"


def test_a_negative_click_takes_away_and_several_clicks_count(model):
    values = picture()
    without = answered(model, values, [(40, 60)], [(74, 114)])
    assert not without[73:75, 113:115].any() and without[40, 60]


def test_a_small_region_is_seen_again_enlarged(model):
    values = np.zeros((512, 512), np.float32)
    rows, columns = np.ogrid[:512, :512]
    small = (rows - 300) ** 2 + (columns - 200) ** 2 < 15**2
    values[small] = 100

    assert dice(answered(model, values, [(300, 200)]), small) > 0.95  # 0.9 without


def test_a_box_bounds_what_the_network_is_told(tmp_path):
    write_click_model(tmp_path / "boxed", box=True)
    values = picture()
    inside = (15, 25, 65, 80)

    found = answered(loaded(tmp_path / "boxed"), values, [(40, 60)], box=inside)

    expected = np.zeros(values.shape, bool)
    expected[20:60, 30:81] = True
    assert dice(found, expected) > 0.9


def test_the_worker_gives_the_same_and_refuses_what_does_not_fit(model, tmp_path, monkeypatch):
    record = ModelRecord(load_manifest(tmp_path / "clicks"), tmp_path / "clicks", shipped=False, active=True)
    values = picture()
    with closing(Worker()) as worker:
        before = np.zeros(values.shape, bool)
        found = worker.answer_clicks(record, Clicked(values, (1.0, 1.0), [(40, 60)], [], None, before))
        np.testing.assert_array_equal(found, answered(model, values, [(40, 60)]))
        write_click_model(tmp_path / "none", gives=np.nan)
        broken = ModelRecord(load_manifest(tmp_path / "none"), tmp_path / "none", shipped=False, active=True)
        with pytest.raises(ModelError, match="not numbers"):
            worker.answer_clicks(broken, Clicked(values, (1.0, 1.0), [(40, 60)], [], None, before))


@pytest.mark.parametrize("change", [{"clicks": None}, {"activation": "softmax"}, {"task": "segmentation"}])
def test_a_manifest_that_is_not_of_an_interactive_model_is_refused(tmp_path, change):
    write_click_model(tmp_path)
    write_manifest(load_manifest(tmp_path).model_copy(update=change), tmp_path)
    with pytest.raises(ManifestError):
        load_manifest(tmp_path)
