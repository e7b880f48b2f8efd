"""The 3-D picture shows the patient the right way round, and its thread never keeps anybody waiting."""

import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import resources
from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.volume import Volume
from viewer.core.volume_look import load_looks, looks_for
from viewer.io import files
from viewer.render import volume_scene
from viewer.render.frame import Cut, CutPlane, Frame, LabelLayer, SceneError
from viewer.render.scene_thread import SceneRenderer
from viewer.render.volume_scene import VolumeScene

SIZE_IJK, SPACING_MM = (44, 30, 18), (0.8, 1.3, 2.5)  # some 35 x 39 x 45 mm
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
PIXELS = 160
LOOKS = load_looks(resources.path("presets", "volume_rendering.json"))
LOOK = LOOKS["MR"][0]
CT = {look.name: look for look in LOOKS["CT"]}


@pytest.fixture(scope="module")
def shared_scene():
    try:
        scene = VolumeScene()
    except SceneError as error:
        pytest.skip(str(error))
    scene.resize(PIXELS, PIXELS)
    yield scene
    scene.close()


@pytest.fixture
def scene(shared_scene):
    shared_scene.set_volume(None, None)
    shared_scene.show(volume=True, labels=True)
    shared_scene.resize(PIXELS, PIXELS)
    return shared_scene


@pytest.fixture
def geometry(phantom) -> Geometry:
    """A grid of some centimetres with the axes of each phantom in turn."""
    return Geometry(SIZE_IJK, SPACING_MM, np.array((-41.5, 17.25, 103.0)), phantom.geometry.direction)


@pytest.fixture
def straight() -> Geometry:
    return Geometry(SIZE_IJK, SPACING_MM, np.array((10.0, -20.0, 30.0)), np.eye(3))


def middle_lps(geometry: Geometry) -> np.ndarray:
    return geometry.index_to_lps((np.array(geometry.size) - 1) / 2)


def ball(geometry: Geometry, centre_lps, radius_mm: float) -> np.ndarray:
    """True within radius_mm of a point of the patient; (k, j, i)."""
    k, j, i = np.indices(geometry.shape)
    place = geometry.origin + (np.stack([i, j, k], axis=-1) * geometry.spacing) @ geometry.direction.T
    return np.linalg.norm(place - centre_lps, axis=-1) <= radius_mm


def labels_at(geometry: Geometry, **offsets_lps) -> tuple[LabelLayer, ...]:
    """One ball of each colour at its offset from the middle of the grid."""
    colours = {"red": (1, RED), "green": (2, GREEN), "blue": (3, BLUE)}
    voxels = np.zeros(geometry.shape, np.uint8)
    for name, offset in offsets_lps.items():
        voxels[ball(geometry, middle_lps(geometry) + offset, 4.0)] = colours[name][0]
    return (LabelLayer(voxels, [Label(value, name, rgb) for name, (value, rgb) in colours.items()]),)


def empty_scan(geometry: Geometry) -> Volume:
    return Volume(np.zeros(geometry.shape, np.int16), geometry)


def place_of(frame: Frame, colour) -> np.ndarray | None:
    """Mean (column, row) of the pixels in which a colour outweighs the others."""
    channel = colour.index(255)
    others = [c for c in range(3) if c != channel]
    pixels = frame.pixels.astype(int)
    strong = pixels[..., channel] > 60 + pixels[..., others].max(axis=-1)
    rows, columns = np.nonzero(strong)
    return np.array([columns.mean(), rows.mean()]) if rows.size else None


SEEN_FROM = {  # where the patient's left, back and head point on the screen: (right, down)
    "anterior": ((1, 0), (0, 0), (0, -1)),
    "posterior": ((-1, 0), (0, 0), (0, -1)),
    "left": ((0, 0), (1, 0), (0, -1)),
    "right": ((0, 0), (-1, 0), (0, -1)),
    "superior": ((-1, 0), (0, 1), (0, 0)),
    "inferior": ((1, 0), (0, 1), (0, 0)),
}


@pytest.mark.parametrize("side", SEEN_FROM)
def test_left_back_and_head_are_where_they_belong(scene, geometry, side):
    scene.set_volume(empty_scan(geometry), LOOK)
    for axis, expected in enumerate(SEEN_FROM[side]):
        if expected == (0, 0):
            continue  # towards or away from the camera
        offset = np.zeros(3)
        offset[axis] = 10.0
        scene.set_labels(labels_at(geometry, green=-offset, red=offset), geometry)
        scene.look_from(side)
        frame = scene.render(full=False)
        moved = place_of(frame, RED) - place_of(frame, GREEN)
        np.testing.assert_allclose(moved / np.linalg.norm(moved), expected, atol=0.12)


def test_a_new_scan_is_seen_from_the_front(scene, geometry):
    scene.set_volume(empty_scan(geometry), LOOK)

    frame = scene.render(full=False)

    np.testing.assert_allclose(frame.right_lps, (1, 0, 0), atol=1e-9)
    np.testing.assert_allclose(frame.up_lps, (0, 0, 1), atol=1e-9)


def test_scan_and_surface_of_the_same_thing_cover_each_other(scene, geometry):
    thing = ball(geometry, middle_lps(geometry) + np.array((7.0, -3.0, 9.0)), 7.0) | ball(
        geometry, middle_lps(geometry), 5.0
    )
    scene.set_volume(Volume(np.where(thing, 900, 0).astype(np.int16), geometry), LOOK)
    scene.set_labels((LabelLayer(thing.astype(np.uint8), [Label(1, "thing", GREEN)]),), geometry)
    scene.rotate(0.2, 0.13)

    scene.show(volume=True, labels=False)
    scan = scene.render(full=True).pixels.max(axis=-1) > 40
    scene.show(volume=False, labels=True)
    surface = scene.render(full=True).pixels.max(axis=-1) > 40

    assert scan.sum() > 500
    assert (scan & surface).sum() / (scan | surface).sum() > 0.85


def test_dragging_takes_the_front_along(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels(labels_at(straight, red=(0.0, -12.0, 0.0)), straight)
    start = place_of(scene.render(full=False), RED)

    scene.rotate(0.1, 0.0)
    right = place_of(scene.render(full=False), RED) - start
    scene.rotate(-0.1, 0.1)
    down = place_of(scene.render(full=False), RED) - start

    assert right[0] > 5 and abs(right[1]) < 2
    assert down[1] > 5 and abs(down[0]) < 2


def test_panning_follows_the_mouse_and_zooming_magnifies(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels(labels_at(straight, red=(0.0, 0.0, 0.0)), straight)
    first = scene.render(full=False)

    scene.pan(0.25, 0.125)
    moved = place_of(scene.render(full=False), RED) - place_of(first, RED)
    scene.reset_camera()
    scene.zoom(1.5)
    larger = scene.render(full=False)

    np.testing.assert_allclose(moved, (0.25 * PIXELS, 0.125 * PIXELS), atol=2)
    assert (larger.pixels.max(axis=-1) > 40).sum() > 1.8 * (first.pixels.max(axis=-1) > 40).sum()


@pytest.mark.parametrize("size", [(60, 200), (200, 60), (160, 160)])
@pytest.mark.parametrize("resized", [False, True])
def test_the_patient_is_whole_in_a_narrow_and_in_a_low_frame(scene, straight, size, resized):
    trunk = ball(straight, middle_lps(straight), 1e3)  # the whole grid
    k, j, i = (np.indices(straight.shape) - np.array(straight.shape)[:, None, None, None] / 2 + 0.5) / (
        np.array(straight.shape)[:, None, None, None] / 2
    )
    trunk &= (i**2 + j**2 <= 1) & (abs(k) <= 0.95)
    if not resized:
        scene.resize(*size)
    scene.set_volume(Volume(np.where(trunk, 900, 0).astype(np.int16), straight), LOOK)
    if resized:
        scene.resize(*size)
    extents = []
    for turn in (0.0, 0.13, 0.25):
        scene.rotate(turn, 0.0)
        seen = scene.render(full=False).pixels.max(axis=-1) > 40
        assert seen.any()
        assert not seen[:, [0, -1]].any() and not seen[[0, -1]].any(), "nothing is cut"
        extents.append(max(np.ptp(np.nonzero(seen)[0]) / seen.shape[0], np.ptp(np.nonzero(seen)[1]) / seen.shape[1]))
    assert min(extents) > 0.55, "nor is it lost in the frame"


def test_zooming_stops_before_the_camera_is_lost(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels(labels_at(straight, red=(0.0, 0.0, 0.0)), straight)
    for factor in (1e-9, 1e9):
        scene.zoom(factor)
        scene.render(full=False)
    scene.reset_camera()

    assert place_of(scene.render(full=False), RED) is not None


def test_a_proposal_is_shown_with_the_labels_and_over_them(scene, straight):
    own = labels_at(straight, red=(-10.0, 0.0, 0.0), green=(0.0, 0.0, 0.0))[0]
    voxels = np.zeros(straight.shape, np.uint8)
    voxels[ball(straight, middle_lps(straight), 5.0)] = 1  # "other" hides green and has red's value
    proposal = LabelLayer(voxels, [Label(1, "other", BLUE)])
    scene.set_volume(empty_scan(straight), LOOK)

    scene.set_labels((own, proposal), straight)
    frame = scene.render(full=True)

    assert place_of(frame, RED) is not None
    assert place_of(frame, BLUE) is not None
    assert place_of(frame, GREEN) is None


def test_surfaces_hide_what_is_behind_them(scene, straight):
    front = ball(straight, middle_lps(straight) + np.array((0.0, -12.0, 0.0)), 7.0)
    back = ball(straight, middle_lps(straight) + np.array((0.0, 12.0, 0.0)), 6.0)
    voxels = (front + 2 * back).astype(np.uint8)
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels((LabelLayer(voxels, [Label(1, "front", RED), Label(2, "back", GREEN)]),), straight)

    frame = scene.render(full=True)
    red, green, _ = frame.pixels[PIXELS // 2, PIXELS // 2]
    assert red > 150 and green < 80
    assert place_of(frame, GREEN) is None

    scene.look_from("posterior")
    frame = scene.render(full=True)
    assert frame.pixels[PIXELS // 2, PIXELS // 2, 1] > 150


def test_only_visible_labels_are_drawn(scene, straight):
    layer = labels_at(straight, red=(-10.0, 0.0, 0.0), green=(10.0, 0.0, 0.0))[0]
    red, green, _ = layer.labels
    hidden = LabelLayer(layer.voxels, [red, Label(green.value, green.name, green.colour, visible=False)])
    scene.set_volume(empty_scan(straight), LOOK)

    scene.set_labels((hidden,), straight)
    frame = scene.render(full=True)
    assert place_of(frame, RED) is not None and place_of(frame, GREEN) is None

    scene.show(volume=True, labels=False)
    assert not scene.render(full=True).pixels.any()


def test_the_brush_cannot_change_a_surface_that_is_being_made(scene, straight):
    layer = labels_at(straight, red=(0.0, 0.0, 0.0))[0]
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels((layer,), straight)

    layer.voxels[:] = 2  # the surface of full resolution is cut with the next full frame

    assert place_of(scene.render(full=True), GREEN) is None


def test_frames_have_the_size_asked_for(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)
    scene.resize(210, 90)

    assert scene.render(full=False).pixels.shape == (90, 210, 3)


def test_a_full_frame_can_be_interrupted(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)

    assert scene.render(full=True, interrupted=lambda: True) is None
    assert scene.render(full=True).full


def test_a_scan_too_large_is_reduced_and_says_so(scene):
    geometry = Geometry((300, 6, 5), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    scene.set_volume(Volume(np.zeros(geometry.shape, np.uint8), geometry), LOOK)

    assert "reduced" in scene.render(full=False).notice


@pytest.mark.parametrize("unit", ["HU", ""])
def test_scans_of_any_type_are_drawn(scene, straight, unit):
    thing = ball(straight, middle_lps(straight), 12.0)
    values = np.where(thing, 700.0, -1000.0).astype(np.float32)
    values[0, 0, :5] = (np.nan, np.inf, -np.inf, 1e30, -1e30)
    volume = Volume(values, straight, unit=unit)
    scene.set_volume(volume, looks_for(volume, LOOKS)[0])

    frame = scene.render(full=True)

    assert frame.pixels[PIXELS // 2, PIXELS // 2].max() > 60
    assert frame.pixels[2, 2].max() == 0


# Looks, cuts and opacities


def ct(geometry: Geometry, *balls: tuple[tuple[float, float, float], float, float], around: float = -1000) -> Volume:
    """Balls, by their offset from the middle in LPS, radius in mm and HU, in something of another HU."""
    values = np.full(geometry.shape, around, np.int16)
    for offset, radius_mm, hu in balls:
        values[ball(geometry, middle_lps(geometry) + offset, radius_mm)] = hu
    return Volume(values, geometry, unit="HU", modality="CT")


def halves(frame: Frame) -> tuple[float, float]:
    """Mean brightness of the left and of the right half of the frame."""
    grey = frame.pixels.max(axis=-1).astype(float)
    return grey[:, : PIXELS // 2].mean(), grey[:, PIXELS // 2 :].mean()


def test_bone_is_bright_and_soft_tissue_is_not_there(scene, geometry):
    volume = ct(geometry, ((-9.0, 0.0, 0.0), 6.0, 1000), ((9.0, 0.0, 0.0), 6.0, 40))
    scene.set_volume(volume, CT["Skin"])
    bone, soft = halves(scene.render(full=True))  # the patient's right is on the left of the frame
    assert bone > 10 and soft > 5

    scene.set_look(CT["Bone"], glass=True)
    bone, soft = halves(scene.render(full=True))
    assert bone > 5 and soft < 0.5


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_left_is_left_in_a_file_of_every_format_from_every_side(scene, geometry, tmp_path, suffix):
    """By the scan's own rays, without a label."""
    offsets = {0: ((12.0, 0.0, 0.0), 900), 1: ((0.0, 12.0, 0.0), 900), 2: ((0.0, 0.0, 14.0), 900)}
    for axis, (offset, hu) in offsets.items():
        path = tmp_path / f"axis{axis}{suffix}"
        body = ct(geometry, ((0.0, 0.0, 0.0), 3.0, hu), (offset, 3.0, hu))
        files.write_image(body.voxels, body.geometry, path)
        series = files.scan([path]).series[0]  # NIfTI's quaternion of a half turn is coarse: by its sform
        scene.set_volume(files.read_series(series), CT["Bone"])
        for side, expected in SEEN_FROM.items():
            if expected[axis] == (0, 0):
                continue
            scene.look_from(side)
            seen = scene.render(full=False).pixels.max(axis=-1).astype(float)
            scene.set_cut(Cut(plane=CutPlane(tuple(middle_lps(geometry) + np.array(offset) / 2), tuple(offset))))
            near = scene.render(full=False).pixels.max(axis=-1).astype(float)  # the ball in the middle alone
            scene.set_cut(Cut())
            moved = _centre(np.clip(seen - near, 0, None)) - _centre(near)
            np.testing.assert_allclose(moved / np.linalg.norm(moved), expected[axis], atol=0.15)


def _centre(grey: np.ndarray) -> np.ndarray:
    """Mean (column, row) of what is bright."""
    rows, columns = np.nonzero(grey > 40)
    return np.array([columns.mean(), rows.mean()])


def test_a_look_of_percentiles_does_not_depend_on_the_scale_of_the_values(scene, straight):
    values = np.where(ball(straight, middle_lps(straight), 12.0), 90.0, 3.0)
    values += np.random.default_rng(0).normal(0, 1, values.shape)
    pictures = []
    for scaled in (values, values * 77 - 400):
        scene.set_volume(Volume(scaled.astype(np.float32), straight, modality="MR"), LOOK)
        pictures.append(scene.render(full=True).pixels.astype(int))
    assert pictures[0].max() > 100
    assert np.abs(pictures[0] - pictures[1]).mean() < 1


def test_the_maximum_is_seen_through_what_is_before_it(scene, straight):
    at = CT["MIP"].at(600)
    grey = at.colour[0] * at.opacity  # over black
    back, front = ((0.0, 10.0, 0.0), 5.0, 600), ((0.0, -10.0, 0.0), 8.0, 100)
    scene.set_volume(ct(straight, back, front), CT["MIP"])
    scene.render(full=True)
    both = int(scene.render(full=True).pixels[PIXELS // 2, PIXELS // 2, 0])
    scene.set_volume(ct(straight, front), CT["MIP"])
    one = int(scene.render(full=True).pixels[PIXELS // 2, PIXELS // 2, 0])
    assert abs(both - grey) <= 6
    assert one < both - 60

    scene.set_volume(ct(straight, back, front), CT["Skin"])
    shaded = scene.render(full=True).pixels[PIXELS // 2, PIXELS // 2].astype(int)
    assert shaded[0] > shaded[2] + 10  # the skin of the ball in front


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_box_along_the_patients_axes_takes_away_what_is_outside(scene, geometry, side):
    scene.set_volume(ct(geometry, ((0.0, 0.0, 0.0), 13.0, 1000)), CT["Bone"])
    middle = middle_lps(geometry)
    low, high = middle - 100, middle + 100
    (low if side == "left" else high)[0] = middle[0]
    scene.set_cut(Cut(box_lps=(tuple(low), tuple(high))))
    right_half, left_half = halves(scene.render(full=True))  # of the patient
    kept, gone = (left_half, right_half) if side == "left" else (right_half, left_half)
    assert kept > 15 and gone < 4

    scene.set_cut(Cut())
    assert min(halves(scene.render(full=True))) > 15


def test_a_plane_takes_away_the_side_that_its_normal_points_to(scene, geometry):
    scene.set_volume(ct(geometry, ((0.0, 0.0, 0.0), 13.0, 1000)), CT["Bone"])
    middle = tuple(middle_lps(geometry))
    scene.set_cut(Cut(plane=CutPlane(middle, (1.0, 0.0, 0.0))))
    right_half, left_half = halves(scene.render(full=True))
    assert right_half > 15 and left_half < 1

    scene.set_cut(Cut(plane=CutPlane(middle, (0.0, 0.0, 1.0))))  # the upper half goes
    grey = scene.render(full=True).pixels.max(axis=-1).astype(float)
    assert grey[PIXELS // 2 + 2 :].mean() > 15 and grey[: PIXELS // 2 - 2].mean() < 1


@pytest.mark.parametrize("by", ["plane", "box"])
def test_the_slice_stands_where_the_scan_is_cut_with_left_on_the_right(scene, geometry, by):
    hidden = ((7.0, 0.0, 3.0), 3.0, 200)  # towards the patient's left and head, within soft tissue
    scene.set_volume(ct(geometry, ((0.0, 0.0, 0.0), 15.0, 40), hidden), CT["Skin"])
    middle = middle_lps(geometry)
    cut = Cut(plane=CutPlane(tuple(middle), (0.0, -1.0, 0.0)), image=(0.0, 200.0))
    if by == "box":
        corner = middle - 100
        corner[1] = middle[1]
        cut = Cut(box_lps=(tuple(corner), tuple(middle + 100)), image=(0.0, 200.0))
    scene.set_cut(cut)

    pixels = scene.render(full=True).pixels.astype(int)

    seen = np.argwhere(pixels.max(axis=-1) > 30)
    centre, radius = (seen.min(axis=0) + seen.max(axis=0)) / 2, np.ptp(seen, axis=0) / 2
    bright = np.argwhere(pixels.min(axis=-1) > 180).mean(axis=0) - centre  # rows down, columns to the right
    np.testing.assert_allclose(bright / radius * 15, (-3, 7), atol=1.2)  # mm
    middle_grey = pixels[PIXELS // 2, PIXELS // 2]
    assert np.ptp(middle_grey) <= 2 and middle_grey[0] == pytest.approx(0.2 * 255, abs=12)  # 40 of 0 to 200 HU
    assert pixels[5, 5].max() == 0  # air around the patient is left out


def test_labels_stay_whole_unless_they_are_to_be_cut(scene, straight):
    scene.set_volume(empty_scan(straight), LOOK)
    scene.set_labels(labels_at(straight, red=(-9.0, 0.0, 0.0), green=(9.0, 0.0, 0.0)), straight)
    plane = CutPlane(tuple(middle_lps(straight)), (1.0, 0.0, 0.0))
    for labels in (False, True):
        scene.set_cut(Cut(plane=plane, labels=labels))
        frame = scene.render(full=True)
        assert place_of(frame, RED) is not None
        assert (place_of(frame, GREEN) is None) == labels


def opaque_as(layer: LabelLayer, **opacities: float) -> LabelLayer:
    table = [replace(label, surface_opacity=opacities.get(label.name, 1.0)) for label in layer.labels]
    return LabelLayer(layer.voxels, table)


def test_a_label_without_opacity_is_hidden_and_a_translucent_one_is_seen_through(scene, straight):
    front = ball(straight, middle_lps(straight) + np.array((0.0, -12.0, 0.0)), 7.0)
    back = ball(straight, middle_lps(straight) + np.array((0.0, 12.0, 0.0)), 6.0)
    table = [Label(1, "front", RED), Label(2, "back", GREEN)]
    layer = LabelLayer((front + 2 * back).astype(np.uint8), table)
    scene.set_volume(empty_scan(straight), LOOK)
    middles = {}
    for opacity in (1.0, 0.5, 0.0):
        scene.set_labels((opaque_as(layer, front=opacity),), straight)
        middles[opacity] = scene.render(full=True).pixels[PIXELS // 2, PIXELS // 2].astype(int)
    assert middles[1.0][0] > 150 and middles[1.0][1] < 80
    assert middles[0.5][0] > 60 and middles[0.5][1] > 60
    assert middles[0.0][0] < 80 and middles[0.0][1] > 150


def test_bone_hides_a_label_behind_it_unless_it_is_as_of_glass(scene, straight):
    wall = ct(straight, around=-1000).voxels.copy()
    wall[:, 2:6, :] = 1500
    scene.set_volume(Volume(wall, straight, unit="HU", modality="CT"), CT["Bone"])
    scene.set_labels(labels_at(straight, green=(0.0, 8.0, 0.0)), straight)
    frame = scene.render(full=True)
    assert place_of(frame, GREEN) is not None and frame.glass

    scene.set_look(CT["Bone"], glass=False)
    frame = scene.render(full=True)
    assert place_of(frame, GREEN) is None and not frame.glass

    scene.look_from("posterior")
    assert place_of(scene.render(full=True), GREEN) is not None


def test_without_a_label_left_the_scan_is_no_longer_as_of_glass(scene, straight):
    scene.set_volume(ct(straight, around=-1000), CT["Bone"])
    scene.set_labels(labels_at(straight, green=(0.0, 8.0, 0.0)), straight)
    assert scene.render(full=True).glass
    scene.set_labels((LabelLayer(np.zeros(straight.shape, np.uint8), ()),), straight)
    assert not scene.render(full=True).glass


def test_where_the_scan_ends_in_the_patient_is_a_flat_face_and_no_noise(scene, straight):
    noise = np.random.default_rng(0).normal(40, 20, straight.shape)
    scene.set_volume(Volume(noise.astype(np.int16), straight, unit="HU", modality="CT"), CT["Skin"])
    middle = scene.render(full=True).pixels[70:90, 70:90].astype(float)
    assert middle.mean() > 90 and middle.std(axis=(0, 1)).max() < 8


def test_frames_tell_how_often_values_occur(scene, straight):
    scene.set_volume(ct(straight, ((0.0, 0.0, 0.0), 10.0, 500)), CT["Bone"])
    histogram = scene.render(full=False).histogram
    assert histogram.counts.sum() == np.prod(SIZE_IJK)
    centres = np.linspace(histogram.low, histogram.high, 513)[:-1]
    assert np.abs(centres[histogram.counts > 0] - np.array((-1000, 500))).max() < 10


# The thread


class FakeScene:
    """Notes what is asked of it; a frame takes as long as the test lets it."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.go_on = threading.Semaphore(10_000)
        self.closed = False

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.values()))

    def render(self, full, interrupted=lambda: False):
        self.go_on.acquire()
        self.calls.append(("render", full))
        return Frame(np.zeros((2, 2, 3), np.uint8), full, "", np.eye(3)[0], np.eye(3)[2], 0.0)

    def close(self):
        self.closed = True

    def called(self, name):
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture
def fake(monkeypatch) -> FakeScene:
    scene = FakeScene()
    monkeypatch.setattr(volume_scene, "VolumeScene", lambda: scene)
    return scene


@pytest.fixture
def listened():
    """A renderer and what it told, closed at the end."""
    told = SimpleNamespace(frames=[], said=[], failed=[])
    renderers = []

    def start() -> tuple[SceneRenderer, SimpleNamespace]:
        renderer = SceneRenderer(told.frames.append, told.said.append, told.failed.append)
        renderers.append(renderer)
        return renderer, told

    yield start
    for renderer in renderers:
        renderer.close()


def wait_for(true, timeout_s=10.0):
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def test_movements_add_up_and_newer_wishes_replace_older_ones_while_a_frame_is_drawn(fake, listened):
    fake.go_on = threading.Semaphore(0)
    renderer, told = listened()
    renderer.resize(10, 10)
    wait_for(lambda: fake.called("resize"))
    started = time.perf_counter()
    for n in range(200):
        renderer.rotate(0.25, -0.5)
        renderer.zoom(2.0 if n % 2 else 0.5)
        renderer.resize(n, n)
    assert time.perf_counter() - started < 0.5  # nobody waits for the frame that is stuck

    fake.go_on.release(1000)
    wait_for(lambda: told.frames and told.frames[-1].full)

    assert fake.called("resize") == [(10, 10), (199, 199)]
    assert fake.called("rotate") == [(50.0, -100.0)]
    assert fake.called("zoom") == []
    assert [frame.full for frame in told.frames] == [False, False, True]


def test_frames_tell_which_volume_they_show_and_labels_of_the_volume_before_are_dropped(fake, listened):
    fake.go_on = threading.Semaphore(0)
    renderer, told = listened()
    first = renderer.set_volume(None, None)
    wait_for(lambda: fake.called("set_volume"))
    renderer.set_labels((), None)
    second = renderer.set_volume(None, None)
    fake.go_on.release(1000)
    wait_for(lambda: told.frames and told.frames[-1].full)

    assert first != second
    assert [frame.generation for frame in told.frames] == [first, second, second]
    assert fake.called("set_labels") == []


def test_a_closed_renderer_leaves_no_thread_and_says_no_more(fake, listened):
    renderer, told = listened()
    renderer.resize(10, 10)
    wait_for(lambda: told.frames)

    assert renderer.close(5.0)

    frames = len(told.frames)
    renderer.resize(20, 20)
    time.sleep(0.05)
    assert fake.closed
    assert len(told.frames) == frames
    assert "3-D" not in {thread.name for thread in threading.enumerate()}


def test_closing_does_not_wait_for_a_frame_that_hangs(fake, listened):
    fake.go_on = threading.Semaphore(0)
    renderer, _ = listened()
    renderer.resize(10, 10)
    wait_for(lambda: fake.called("resize"))

    assert not renderer.close(0.05)

    fake.go_on.release(1000)
    assert renderer.close(5.0)


@pytest.mark.parametrize("problem", [SceneError("3-D is off: no OpenGL."), RuntimeError("driver lost")])
def test_a_scene_that_cannot_be_made_says_why_in_a_sentence(monkeypatch, listened, problem):
    def fail():
        raise problem

    monkeypatch.setattr(volume_scene, "VolumeScene", fail)
    _, told = listened()
    wait_for(lambda: told.failed)

    assert len(told.failed) == 1 and told.failed[0].startswith("3-D is off: ") and "\n" not in told.failed[0]


def test_a_machine_without_vtk_is_told_so(monkeypatch, listened):
    monkeypatch.setitem(sys.modules, "viewer.render.volume_scene", None)
    _, told = listened()
    wait_for(lambda: told.failed)

    assert "VTK" in told.failed[0]


def test_a_real_scene_is_drawn_on_its_thread(shared_scene, straight, listened):
    renderer, told = listened()
    renderer.resize(64, 48)
    generation = renderer.set_volume(empty_scan(straight), LOOK)
    renderer.set_labels(labels_at(straight, red=(0.0, 0.0, 0.0)), straight)
    wait_for(lambda: told.failed or (told.frames and told.frames[-1].full), 30.0)

    assert not told.failed
    assert told.frames[-1].generation == generation
    assert told.frames[-1].pixels.shape == (48, 64, 3)
    assert place_of(told.frames[-1], RED) is not None
    assert told.said[0] and not told.said[-1]


def test_check_names_what_draws(shared_scene):
    assert volume_scene.check()
