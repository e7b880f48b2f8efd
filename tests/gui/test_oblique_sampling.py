"""An oblique slab or a plane of a padded volume: quick at first, whole once it is still."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer, QTimer

from viewer.core.geometry import Geometry, plane_axes
from viewer.core.oblique import turned_about, turned_axes
from viewer.core.volume import Volume
from viewer.gui.oblique_sampling import ObliqueSampling
from viewer.render.oblique import takes_long, values_on
from viewer.render.slabs import Slab

GRID = Geometry((200, 190, 180), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
NOISE = np.random.default_rng(3).integers(-1000, 2000, GRID.shape).astype(np.int16)
AXES = turned_axes(GRID, plane_axes(GRID, "axial"), turned_about(None, GRID, "coronal", 0.4))
PLAIN, PADDED = Volume(NOISE, GRID), Volume(NOISE, GRID, padding=(-1000.0, -950.0))


@pytest.mark.parametrize(
    ("volume", "slab"),
    [(PLAIN, Slab("MIP", 30)), (PLAIN, Slab("Mean", 30)), (PADDED, Slab("MinIP", 30)), (PADDED, None)],
)
def test_a_plane_that_takes_long_is_refined_when_it_is_still(qtbot, volume, slab):
    sampling = ObliqueSampling()
    quick = sampling.values(volume, AXES, 3.0, slab, False)
    assert sampling.refining

    with qtbot.waitSignal(sampling.refined, timeout=20_000):
        pass

    whole = sampling.values(volume, AXES, 3.0, slab, False)
    assert not sampling.refining
    np.testing.assert_array_equal(whole, values_on(volume, AXES, 3.0, slab))
    assert quick.shape != whole.shape or not np.array_equal(quick, whole)


def test_a_plain_plane_is_whole_at_once(qtbot):
    sampling = ObliqueSampling()

    found = sampling.values(PLAIN, AXES, 3.0, None, False)

    assert not sampling.refining
    np.testing.assert_array_equal(found, values_on(PLAIN, AXES, 3.0))


def begin_to_refine(sampling: ObliqueSampling, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the picture had rested and the work begun, all of which a quick machine does in two looks of a test."""
    with monkeypatch.context() as patch:
        patch.setattr("viewer.gui.oblique_sampling._STEP_S", 0.0)
        sampling._still.stop()
        sampling._begin()
    assert sampling._steps is not None


def test_what_is_refined_is_what_was_asked_for_last(qtbot, monkeypatch):
    sampling, slab = ObliqueSampling(), Slab("MIP", 30)
    sampling.values(PLAIN, AXES, 3.0, slab, False)
    begin_to_refine(sampling, monkeypatch)
    sampling.values(PLAIN, AXES, 9.0, slab, False)

    with qtbot.waitSignal(sampling.refined, timeout=20_000):
        pass

    np.testing.assert_array_equal(sampling.values(PLAIN, AXES, 9.0, slab, False), values_on(PLAIN, AXES, 9.0, slab))


def test_what_is_still_asked_for_is_not_sampled_again(qtbot):
    sampling, slab = ObliqueSampling(), Slab("MIP", 30)

    quick = sampling.values(PLAIN, AXES, 3.0, slab, False)
    assert sampling.values(PLAIN, AXES, 3.0, slab, False) is quick
    with qtbot.waitSignal(sampling.refined, timeout=20_000):
        pass
    whole = sampling.values(PLAIN, AXES, 3.0, slab, False)
    assert sampling.values(PLAIN, AXES, 3.0, slab, False) is whole
    assert not sampling.refining


def test_nothing_is_refined_once_it_is_forgotten(qtbot, monkeypatch):
    sampling = ObliqueSampling()
    sampling.values(PLAIN, AXES, 3.0, Slab("MIP", 30), False)
    begin_to_refine(sampling, monkeypatch)
    sampling.forget()

    with qtbot.assertNotEmitted(sampling.refined, wait=400):
        pass


def test_quick_values_take_few_samples(monkeypatch):
    taken = 0
    from viewer.render import oblique

    sampled = oblique.sampled

    def count(voxels, sampling, shape, **how):
        nonlocal taken
        taken += shape[0] * shape[1]
        return sampled(voxels, sampling, shape, **how)

    monkeypatch.setattr(oblique, "sampled", count)
    for volume, slab in ((PLAIN, Slab("MIP", 60)), (PADDED, Slab("Mean", 12)), (PADDED, None)):
        taken = 0
        assert takes_long(volume, AXES, slab)
        values_on(volume, AXES, 0.0, slab, quick=True)
        assert taken <= 600_000


def test_events_are_taken_between_the_steps(qtbot):
    sampling, beat, since, gaps = ObliqueSampling(), QTimer(interval=5), QElapsedTimer(), []
    sampling.values(PLAIN, AXES, 3.0, Slab("MIP", 100), False)
    beat.timeout.connect(lambda: gaps.append(since.restart()))
    since.start()
    beat.start()
    began = time.monotonic()

    with qtbot.waitSignal(sampling.refined, timeout=20_000):
        pass

    assert len(gaps) > 5 and max(gaps) < 0.5 * 1000 * (time.monotonic() - began)
