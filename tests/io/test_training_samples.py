"""What a training shows of held-out slices is read back exactly, and what is torn is not shown."""

import json

import numpy as np
import pytest

from viewer.io.training_samples import Compared, read_compared, read_samples


@pytest.fixture
def folder(tmp_path):
    rows = np.arange(35, dtype=np.uint8).reshape(5, 7)
    np.savez(tmp_path / "slices.npz", image_0=rows, reference_0=rows % 3, image_1=rows[:, :4], reference_1=rows[:, :4])
    np.savez(tmp_path / "a-000010.npz", predicted_0=rows % 2, predicted_1=rows[:, :4] % 2)
    return tmp_path


def test_slices_of_any_size_are_read_in_order(folder):
    first, second = read_samples(folder, "a-000010.npz")
    assert first.image.shape == (5, 7) and second.image.shape == (5, 4)
    np.testing.assert_array_equal(first.predicted, first.image % 2)
    np.testing.assert_array_equal(first.reference, first.image % 3)


@pytest.mark.parametrize("look", ["", "none.npz", "../slices.npz", "slices.npz"])
def test_what_is_no_look_shows_nothing(folder, look):
    assert read_samples(folder, look) == ()


def test_a_torn_file_shows_nothing(folder):
    content = (folder / "a-000010.npz").read_bytes()
    (folder / "a-000010.npz").write_bytes(content[: len(content) // 2])
    assert read_samples(folder, "a-000010.npz") == ()


def test_a_slice_that_does_not_fit_is_left_out(folder):
    np.savez(folder / "b.npz", predicted_0=np.zeros((9, 9), np.uint8), predicted_1=np.zeros((5, 4), np.uint8))
    assert [one.image.shape for one in read_samples(folder, "b.npz")] == [(5, 4)]


def test_objects_that_would_be_unpickled_are_not_read(folder):
    np.savez(folder / "c.npz", predicted_0=np.array([{"a": 1}], dtype=object), predicted_1=np.zeros((5, 4), np.uint8))
    assert read_samples(folder, "c.npz") == ()


@pytest.fixture
def compared(tmp_path):
    rows = np.arange(35, dtype=np.uint8).reshape(5, 7)
    listed = [{"case": "case-a", "axis": 2, "index": 4, "spacing_mm": [1.5, 0.5], "n": n} for n in range(3)]
    labels = [{"value": 1, "name": "Blob", "colour": [1, 2, 3]}]
    (tmp_path / "slices.json").write_text(json.dumps({"labels": labels, "slices": listed}))
    arrays = {f"{name}_{n}": rows for n in range(3) for name in ("image", "reference", "current", "supervised")}
    np.savez(tmp_path / "slices.npz", **(arrays | {"current_1": rows[:2]}))
    return tmp_path


def test_what_models_marked_is_read_by_arm_and_what_does_not_fit_is_left_out(compared):
    found = read_compared(compared, ("current", "supervised", "semi-supervised"))
    first, third = found.slices
    assert found.labels == ((1, "Blob", (1, 2, 3)),)
    assert (first.case, first.axis, first.index, first.spacing_mm) == ("case-a", 2, 4, (1.5, 0.5))
    assert set(third.by_arm) == {"current", "supervised"}


@pytest.mark.parametrize("name", ["slices.json", "slices.npz"])
def test_a_torn_comparison_shows_nothing(compared, name):
    content = (compared / name).read_bytes()
    (compared / name).write_bytes(content[: len(content) // 2])
    assert read_compared(compared, ("current",)) == Compared()
