"""Pictures and films hold pixels and nothing else, appear whole, and never in the place of another file."""

import errno
import os

import numpy as np
import pytest
from PIL import Image

from viewer.io.picture_files import write_film, write_picture


def colours(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (23, 41, 3)).astype(np.uint8)


def greys(shift: int) -> np.ndarray:
    """All 256 grey levels, none twice in a row."""
    levels = (np.arange(23 * 41).reshape(23, 41) * 7 + shift) % 256
    return np.repeat(levels[..., None], 3, axis=2).astype(np.uint8)


def test_a_png_holds_exactly_the_pixels_and_no_metadata(tmp_path):
    write_picture(colours(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as read:
        np.testing.assert_array_equal(np.array(read), colours())
        assert read.info == {}
        assert not read.getexif()
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_jpeg_is_close_and_without_metadata(tmp_path):
    smooth = np.zeros((64, 80, 3), np.uint8)
    smooth[..., 0] = np.linspace(0, 255, 80)
    smooth[..., 1] = np.linspace(0, 255, 64)[:, None]
    write_picture(smooth, tmp_path / "a.JPG")
    with Image.open(tmp_path / "a.JPG") as read:
        assert np.abs(np.array(read).astype(int) - smooth).max() <= 12
        assert set(read.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not read.getexif()


def test_a_film_has_every_frame_in_order_with_every_grey_level(tmp_path):
    told = []
    red = greys(9) * np.array([1, 0, 0], np.uint8)  # needs colours of its own
    frames = [greys(0), greys(3), greys(3), red]  # two alike, which must not be dropped
    write_film(iter(frames), tmp_path / "a.gif", 104.0, written=told.append)
    with Image.open(tmp_path / "a.gif") as read:
        assert read.n_frames == 4
        assert read.info["loop"] == 0
        for n, frame in enumerate(frames):
            read.seek(n)
            assert read.info["duration"] == 100
            np.testing.assert_array_equal(np.array(read.convert("RGB")), frame)
        assert "comment" not in read.info
    assert told == [1, 2, 3, 4]
    assert os.listdir(tmp_path) == ["a.gif"]


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path, name):
    path = tmp_path / name

    def write(**how):
        if name.endswith(".gif"):
            write_film([colours()], path, 100, **how)
        else:
            write_picture(colours(), path, **how)

    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write()
    assert path.read_bytes() == b"mine"
    write(overwrite=True)
    with Image.open(path) as read:
        assert read.size == (41, 23)
    assert os.listdir(tmp_path) == [name]


def test_a_file_that_another_program_makes_meanwhile_stays(tmp_path):
    path = tmp_path / "a.gif"

    def frames():
        yield colours()
        path.write_bytes(b"mine")

    with pytest.raises(FileExistsError):
        write_film(frames(), path, 100)
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["a.gif"]


def test_what_is_stopped_or_fails_leaves_nothing(tmp_path, monkeypatch):
    def stop(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film([colours()] * 5, tmp_path / "a.gif", 100, written=stop)
    with pytest.raises(ValueError, match="needs a frame"):
        write_film([], tmp_path / "a.gif", 100)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_picture(colours(), tmp_path / "a.png")
    assert os.listdir(tmp_path) == []
