"""Models that see time points: all moments of a sequence, or the frames of a film, as one result."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from inference.manifest import Preprocessing, WindowIntensity
from inference.models import ModelStore
from tests.gui.test_player import SERIES, cine, sequence
from tests.inference.test_classify import CHANGE, change_nodes, film_of, image_of, straight, write_scorer
from viewer.__main__ import main
from viewer.core.session import Session
from viewer.core.time_points import over_all_frames, time_points
from viewer.core.volume import Volume
from viewer.jobs import JobQueue
from viewer.workflows import Workflows

SEEN = Preprocessing(axes="KJI", intensity=WindowIntensity(low=0, high=41), size_multiple=4)


def write_film(path) -> None:
    moments = film_of(times=5)
    moments.SetSpacing((*moments.GetSpacing()[:3], 0.04))
    sitk.WriteImage(moments, path)


@pytest.fixture
def workflows(tmp_path):
    store = ModelStore(tmp_path / "shipped", tmp_path / "models")
    store.install(write_scorer(tmp_path / "scorer", CHANGE, "sequence", change_nodes(), SEEN))
    running = Workflows(Session(), JobQueue(workers=0), tmp_path / "user", store)
    running.messages = []
    running.on_failure(running.messages.append)
    (tmp_path / "scans").mkdir()
    write_film(tmp_path / "scans" / "moves.nii.gz")
    sitk.WriteImage(image_of(straight()[0]), tmp_path / "scans" / "still.nii.gz")
    running.add_paths([tmp_path / "scans"])
    yield running
    running.close()


def opened(workflows, name) -> Session:
    uid = next(one.uid for one in workflows.library.all_series() if name in one.description)
    workflows.open_series(uid)
    return workflows.session


def test_the_result_is_of_all_moments_and_stays_with_each_of_them(workflows):
    session = opened(workflows, "still")
    assert workflows.runs.start("scorer") is None and "follow one another in time" in workflows.messages[-1]
    session = opened(workflows, "moves")
    assert len(session.moments) == 5
    workflows.runs.start("scorer")
    scores = session.scores
    assert scores is not None and scores.times == 5 and scores.attention[4].argmax() == 3
    assert scores.slices[:, 0].argmax() == 4
    session.move_cursor((0, 0, 4))
    workflows.runs.occlude(0)
    workflows.show_moment(3)
    assert session.series.moment.number == 3 and session.scores.origin == scores.origin
    assert session.scores.occlusion(0).slice_number == 4
    opened(workflows, "still")
    assert session.scores is None


def test_the_command_line_takes_all_moments(workflows, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("viewer.__main__._model_store", lambda: workflows.models)
    assert main(["classify", str(tmp_path / "scans" / "moves.nii.gz"), "--model", "scorer", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert np.argmax(told["attention"][4]) == 3 and np.argmax(told["classes"][0]["slices"]) == 4
    assert main(["classify", str(tmp_path / "scans" / "still.nii.gz"), "--model", "scorer"]) == 2
    assert "follow one another in time" in capsys.readouterr().err


def test_what_follows_in_time_is_told_from_what_does_not():
    headers, volumes = sequence()
    found = time_points(headers[1], volumes[1], headers, volumes)
    assert (found.count, found.volumes, found.sequence) == (5, volumes, "9")
    assert time_points(headers[1], volumes[1], headers, ()).volumes == ()  # still being read

    for kind, label in (("echo", "1 ms"), ("time", "1 s, echo 2")):
        others = [replace(one, moment=replace(one.moment, kind=kind, label=label)) for one in headers]
        assert time_points(others[0], volumes[0], others, volumes).count == 1
    film = cine(6)
    frames = Volume(np.arange(film.voxels.size, dtype=np.int16).reshape(film.voxels.shape), film.geometry)
    found = time_points(replace(SERIES, frame_time_ms=40.0), frames, (), ())
    assert found.count == 6 and found.film is film.geometry and not found.sequence
    assert all(np.array_equal(one.voxels[0], frames.voxels[n]) for n, one in enumerate(found.volumes))
    assert time_points(SERIES, frames, (), ()).count == 1  # slices that make no volume: nobody tells of time
    on_all = over_all_frames(
        Volume(np.ones((1, 3, 4), np.float32), replace(film.geometry, size=(4, 3, 1), slice_origins=None)),
        film.geometry,
    )
    assert all(on_all.geometry.contains_point(film.geometry.index_to_lps((1, 1, k))) for k in (0, 5))
