"""What clicks, scribbles and boxes find on phantoms, and the same region in the slices beside."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.core.click_segment import Prompts, Stroke, classical_answer
from viewer.core.propagation import spread

NOTHING = np.zeros((0, 0), bool)


def disc(shape, centre, radius_mm, pixel_mm=(1.0, 1.0)) -> np.ndarray:
    down, across = np.ogrid[: shape[0], : shape[1]]
    return np.hypot((down - centre[0]) * pixel_mm[0], (across - centre[1]) * pixel_mm[1]) <= radius_mm


def noisy(mask, contrast=100.0, noise=10.0, seed=0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (mask * contrast + random.normal(0, noise, mask.shape)).astype(np.float32)


def click(*at, positive=True) -> Stroke:
    return Stroke((at,), positive)


def answer(picture, *strokes, box=None, pixel_mm=(1.0, 1.0), previous=None) -> np.ndarray:
    """What is answered to strokes that come one after the other."""
    found = np.zeros(picture.shape, bool) if previous is None else previous
    prompts = Prompts(box=box)
    if box is not None and not strokes:
        return classical_answer(picture, pixel_mm, prompts, found)
    for stroke in strokes:
        prompts = prompts.with_stroke(stroke)
        found = classical_answer(picture, pixel_mm, prompts, found)
    return found


def dice(one, other) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("radius", [6, 15, 40])
@pytest.mark.parametrize("noise", [0.5, 10.0, 20.0])
def test_one_click_finds_a_disc_of_any_size_through_noise(radius, noise):
    truth = disc((200, 180), (90, 100), radius)
    assert dice(answer(noisy(truth, noise=noise), click(88, 101)), truth) > 0.9


def test_dark_is_found_like_bright_and_the_scale_of_values_does_not_matter():
    truth = disc((160, 160), (80, 70), 20)
    picture = noisy(truth)
    found = answer(picture, click(80, 70))
    for other in (-picture, picture * 1000 + 5e4, picture / 1e4):
        assert dice(answer(other.astype(np.float32), click(80, 70)), found) > 0.97


@pytest.mark.parametrize("pixel_mm", [(3.0, 1.0), (0.7, 2.1)])
def test_pixels_that_are_not_square(pixel_mm):
    shape = (int(150 / pixel_mm[0]), int(150 / pixel_mm[1]))
    centre = (int(70 / pixel_mm[0]), int(80 / pixel_mm[1]))
    truth = disc(shape, centre, 25, pixel_mm)
    assert dice(answer(noisy(truth), click(*centre), pixel_mm=pixel_mm), truth) > 0.9


def test_the_answer_turns_and_mirrors_with_the_picture():
    truth = disc((120, 120), (50, 64), 18)
    picture = noisy(truth)
    found = answer(picture, click(50, 64))
    assert dice(answer(np.ascontiguousarray(picture.T), click(64, 50)).T, found) > 0.98
    assert dice(answer(np.ascontiguousarray(picture[:, ::-1]), click(50, 119 - 64))[:, ::-1], found) > 0.98


def test_a_ring_keeps_its_hole_and_a_slope_of_brightness_is_no_edge():
    truth = disc((160, 160), (80, 80), 40) & ~disc((160, 160), (80, 80), 22)
    slope = np.linspace(0, 60, 160, dtype=np.float32)
    found = answer(noisy(truth) + slope, click(80, 49), Stroke(((50, 80),)), Stroke(((110, 80),)), Stroke(((80, 111),)))
    assert dice(found, truth) > 0.85 and not found[80, 80]


def test_positive_pixels_are_always_in_and_negative_ones_always_out():
    random = np.random.default_rng(3)
    for trial in range(12):
        picture = random.normal(0, 1, (60 + trial, 70)).astype(np.float32)
        picture += 5 * disc(picture.shape, (30, 30), 15)
        prompts, found = Prompts(), np.zeros(picture.shape, bool)
        said: dict[tuple[int, int], bool] = {}
        for n in range(8):
            pixel = int(random.integers(60)), int(random.integers(70))
            if pixel in said:
                continue
            said[pixel] = n == 0 or bool(random.integers(2))
            prompts = prompts.with_stroke(Stroke((pixel,), said[pixel]))
            found = classical_answer(picture, (1.0, 1.5), prompts, found)
            assert all(found[at] == positive for at, positive in said.items())


def test_a_click_changes_nothing_far_from_it():
    left, right = disc((120, 300), (60, 60), 25), disc((120, 300), (60, 240), 25)
    picture = noisy(left | right)
    one = answer(picture, click(60, 60))
    both = classical_answer(picture, (1.0, 1.0), Prompts((click(60, 60), click(60, 240))), one)
    assert dice(one, left) > 0.9 and dice(both, left | right) > 0.9
    np.testing.assert_array_equal(both[:, :150], one[:, :150])
    prompts = Prompts((click(60, 60), click(60, 240), click(60, 225, positive=False)))
    less = classical_answer(picture, (1.0, 1.0), prompts, both)
    np.testing.assert_array_equal(less[:, :150], one[:, :150])
    assert (less <= both).all()


def test_what_says_nothing_new_changes_nothing():
    truth = disc((100, 100), (50, 50), 20)
    found = answer(noisy(truth), click(50, 50))
    again = Prompts((click(50, 50), click(51, 52)))
    np.testing.assert_array_equal(classical_answer(noisy(truth), (1.0, 1.0), again, found), found)
    outside = Prompts((click(50, 50), click(5, 5, positive=False)))
    np.testing.assert_array_equal(classical_answer(noisy(truth), (1.0, 1.0), outside, found), found)


def test_a_negative_click_takes_away_what_was_joined_to_it():
    truth = disc((120, 160), (60, 50), 25)
    picture = noisy(truth) + noisy(disc((120, 160), (60, 105), 25), contrast=60)
    wide = truth | disc((120, 160), (60, 105), 25) | disc((120, 160), (60, 78), 8)
    found = answer(picture, click(60, 105, positive=False), previous=wide)
    assert dice(found, truth) > dice(wide, truth) + 0.1


def test_a_box_holds_the_answer_and_alone_finds_what_fills_it():
    truth = disc((150, 150), (70, 80), 22)
    box = (44, 54, 96, 106)
    inside = np.zeros(truth.shape, bool)
    inside[44:97, 54:107] = True
    found = answer(noisy(truth), box=box)
    assert dice(found, truth) > 0.93 and (found <= inside).all()
    half = answer(noisy(truth), click(70, 70), box=(40, 50, 100, 80))
    assert half.any() and not half[:, 81:].any()


def test_pixels_without_a_value_belong_to_nothing():
    truth = disc((100, 100), (50, 50), 20)
    picture = noisy(truth)
    picture[:, 60:] = np.nan
    found = answer(picture, click(50, 45))
    assert dice(found, truth & (np.arange(100) < 60)) > 0.9 and not found[:, 60:].any()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (40, 1), (5, 5)])
def test_tiny_and_flat_pictures_are_answered(shape):
    for picture in (np.zeros(shape, np.float32), np.arange(np.prod(shape), dtype=np.float32).reshape(shape)):
        assert answer(picture, click(0, 0))[0, 0]
        assert answer(picture, box=(0, 0, shape[0] - 1, shape[1] - 1)).shape == shape


def test_what_was_there_before_and_the_picture_are_left_alone():
    truth = disc((80, 80), (40, 40), 15)
    picture, before = noisy(truth), disc((80, 80), (40, 40), 8)
    copies = picture.copy(), before.copy()
    answer(picture, click(40, 52), previous=before)
    np.testing.assert_array_equal(picture, copies[0])
    np.testing.assert_array_equal(before, copies[1])


# The slices beside


def ball(count=40, radius=12.0, drift=0.0) -> np.ndarray:
    return np.stack(
        [
            disc(
                (90, 90),
                (45, 45 + drift * (k - count // 2)),
                float(np.sqrt(max(radius**2 - (k - count // 2) ** 2, -1) or 0)),
            )
            if abs(k - count // 2) < radius
            else np.zeros((90, 90), bool)
            for k in range(count)
        ]
    )


def spread_both_ways(volume, start, region, most=None):
    return [
        spread(lambda k: volume[k], len(volume), (1.0, 1.0), classical_answer, start, region, step, most)
        for step in (1, -1)
    ]


def test_a_ball_is_found_again_until_it_ends():
    truth = ball()
    volume = np.stack([noisy(part, noise=8, seed=k) for k, part in enumerate(truth)])
    ways = spread_both_ways(volume, 20, truth[20])
    found = truth[20:21].copy().repeat(len(truth), axis=0) & False
    found[20] = truth[20]
    for way in ways:
        assert way.end == "region ends" and 8 <= len(way.found) <= 12
        for number, mask in way.found:
            found[number] = mask
    assert dice(found, truth) > 0.9


def test_a_leaning_tube_is_followed_to_the_end_of_the_scan_and_no_further_than_asked():
    truth = np.stack([disc((90, 120), (45, 30 + 1.5 * k), 10) for k in range(30)])
    volume = np.stack([noisy(part, noise=8, seed=k) for k, part in enumerate(truth)])
    up, down = spread_both_ways(volume, 15, truth[15])
    assert (up.end, down.end) == ("end of the scan", "end of the scan")
    assert [number for number, _ in up.found] == list(range(16, 30))
    assert [number for number, _ in down.found] == list(range(14, -1, -1))
    assert min(dice(mask, truth[number]) for number, mask in (*up.found, *down.found)) > 0.85
    up, _ = spread_both_ways(volume, 15, truth[15], most=4)
    assert up.end == "as many as asked" and len(up.found) == 4


def test_it_stops_where_the_region_suddenly_becomes_another():
    truth = np.stack([disc((90, 90), (45, 45), 10 if k < 20 else 34) for k in range(30)])
    volume = np.stack([noisy(part, noise=8, seed=k) for k, part in enumerate(truth)])
    up, _ = spread_both_ways(volume, 12, truth[12])
    assert up.end in ("region changes", "region ends") and max(number for number, _ in up.found) in (18, 19)


def test_cancelling_while_it_spreads_is_passed_on():
    truth = ball()
    volume = np.stack([noisy(part) for part in truth])

    def report(number: int) -> None:
        if number == 23:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        spread(lambda k: volume[k], 40, (1.0, 1.0), classical_answer, 20, truth[20], 1, None, report)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_click_that_reaches_nothing_but_itself():
    picture = np.full((30, 30), np.nan, np.float32)
    picture[10, 10] = 5
    assert np.argwhere(answer(picture, click(10, 10))).tolist() == [[10, 10]]
