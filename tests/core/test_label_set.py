"""What leaves with the labels of a series: which of them, and how each came about."""

import numpy as np
import pytest

from viewer.core.label_set import Making, label_set
from viewer.core.labels import Label
from viewer.core.study import GeometryVerdict, Series, SeriesError

SERIES = Series("1.2", "1.1", "", "", "MR", "", (), GeometryVerdict("regular", ""))
LABELS = tuple(Label(n, f"Region {n}", (n, n, n)) for n in (1, 2, 3, 4))


def test_a_label_is_made_by_hand_by_a_model_or_by_both(oblique_phantom):
    geometry = oblique_phantom.geometry
    seen, proposed = (np.zeros(geometry.shape, dtype=np.uint8) for _ in range(2))
    seen[0, 0], seen[1, 0], seen[2, 0] = 1, 2, 3
    proposed[1, 0], proposed[2, 0, :5] = 2, 3
    found = label_set(SERIES, geometry, seen, proposed, LABELS, "liver-ct 1.2.0", {1, 2, 3, 4})
    model = ("liver-ct", "1.2.0")
    assert found.made == {
        1: Making("MANUAL"),
        2: Making("AUTOMATIC", *model),
        3: Making("SEMIAUTOMATIC", *model),
        4: Making("MANUAL"),
    }
    assert found.counts == {1: 14, 2: 14, 3: 14, 4: 0}
    assert [label.value for label in found.present] == [1, 2, 3]


def test_only_chosen_labels_leave_and_the_label_map_stays(oblique_phantom):
    geometry = oblique_phantom.geometry
    seen = np.full(geometry.shape, 2, dtype=np.uint8)
    seen[0], seen[1] = 1, 77  # of which no table tells
    before = seen.copy()
    found = label_set(SERIES, geometry, seen, np.zeros_like(seen), LABELS, "", {1, 3})
    np.testing.assert_array_equal(found.voxels, np.where(before == 1, 1, 0))
    np.testing.assert_array_equal(seen, before)
    assert found.voxel_count == int((before == 1).sum())


def test_labels_that_are_nowhere_are_refused_in_a_sentence(oblique_phantom):
    empty = np.zeros(oblique_phantom.geometry.shape, dtype=np.uint8)
    with pytest.raises(SeriesError, match="anywhere in the scan: nothing was saved"):
        _ = label_set(SERIES, oblique_phantom.geometry, empty, empty, LABELS, "", {1}).present
