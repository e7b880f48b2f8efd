"""Values of measurements on phantoms whose answers are worked out by hand, by the grid or by SimpleITK."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.core.geometry import Geometry
from viewer.core.label_sizes import label_sizes, longest_diameter_mm
from viewer.core.labels import Label
from viewer.core.measuring import (
    Measurement,
    histogram,
    line_profile,
    region_mask,
    region_values,
    values_of,
)
from viewer.core.study import GeometryVerdict, Series, UltrasoundRegion
from viewer.core.volume import Volume, to_image

SERIES = Series("1.2", "1", "P", "Name", "CT", "", (), GeometryVerdict("regular", ""), calibration="PixelSpacing")
PLANE_POINTS = {
    0: ((5.0, 1.25, 0.5), (5.0, 8.0, 4.0)),
    1: ((1.5, 4.0, 0.25), (9.0, 4.0, 5.5)),
    2: ((1, 2, 3), (9.5, 7, 3)),
}


def measured(kind, points, volume, series=SERIES, normal=2):
    return values_of(Measurement(1, kind, tuple(points), normal), volume, series)


def flat(voxels, spacing=(0.5, 2.0, 3.0), **more) -> Volume:
    """One slice of voxels[j, i]."""
    voxels = np.asarray(voxels)[None]
    size = (voxels.shape[2], voxels.shape[1], 1)
    return Volume(voxels, Geometry(size, spacing, np.zeros(3), np.eye(3)), **more)


# Lengths and angles


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_a_length_is_that_between_the_points_in_the_patient(phantom, normal):
    points = PLANE_POINTS[normal]

    values = measured("length", points, phantom, normal=normal)

    start, end = phantom.geometry.index_to_lps(points)
    assert values.length == pytest.approx(np.linalg.norm(end - start), abs=1e-9)
    assert values.length_unit == "mm"


def test_a_length_worked_out_by_hand_on_anisotropic_pixels():
    volume = flat(np.zeros((20, 20), np.int16))

    assert measured("length", ((2, 3, 0), (8, 7, 0)), volume).length == pytest.approx(np.hypot(3, 8))


def test_without_a_pixel_size_lengths_are_in_pixels():
    volume = flat(np.zeros((20, 20), np.int16), spacing=(1, 1, 1))
    volume = replace(volume, geometry=replace(volume.geometry, calibrated=False, patient_space=False))

    values = measured("length", ((2, 3, 0), (5, 7, 0)), volume, replace(SERIES, calibration="none"))

    assert (values.length, values.length_unit) == (5.0, "px")


def test_the_detectors_spacing_says_so():
    values = measured(
        "ellipse", ((2, 3, 0), (5, 7, 0)), flat(np.zeros((20, 20))), replace(SERIES, calibration="ImagerPixelSpacing")
    )

    assert values.length_unit == "mm at detector"


def test_slices_that_make_no_volume_are_measured_within_a_slice():
    origins = np.array([[0, 0, 0], [3, -2, 7], [9, 9, 30.0]])
    geometry = Geometry((10, 8, 3), (0.5, 2, 1), np.zeros(3), np.eye(3), slice_origins=origins)
    volume = Volume(np.arange(240).reshape(3, 8, 10).astype(np.int16), geometry)
    series = replace(SERIES, verdict=GeometryVerdict("uneven", ""))

    assert measured("length", ((0, 1, 1), (6, 3, 1)), volume, series).length == pytest.approx(5.0)
    assert measured("rectangle", ((0, 0, 2), (1, 0, 2)), volume, series).mean == pytest.approx(160.5)


REGIONS = (UltrasoundRegion((0, 0, 10, 20), (0.2, 0.4)), UltrasoundRegion((10, 0, 20, 20), (0.1, 0.1)))


@pytest.mark.parametrize(
    ("points", "length", "unit"),
    [
        (((1, 1, 0), (4, 6, 0)), np.hypot(0.6, 2.0), "mm"),
        (((-0.4, 0, 0), (9.4, 19.4, 0)), np.hypot(1.96, 7.76), "mm"),  # to the edges of its outer pixels
        (((12, 1, 0), (15, 5, 0)), 0.5, "mm"),
        (((8, 1, 0), (12, 4, 0)), 5.0, "px"),  # from one region into another
        (((15, 18, 0), (15, 24, 0)), 6.0, "px"),  # out of all regions
    ],
)
def test_ultrasound_is_measured_by_its_region(points, length, unit):
    volume = flat(np.zeros((30, 25), np.uint8), spacing=(1, 1, 1))
    volume = replace(volume, geometry=replace(volume.geometry, calibrated=False))
    series = replace(SERIES, modality="US", calibration="US regions", regions=REGIONS)

    values = measured("length", points, volume, series)

    assert values.length == pytest.approx(length)
    assert values.length_unit == unit


def test_beside_the_only_ultrasound_region_nothing_is_in_mm():
    volume = flat(np.zeros((30, 25), np.uint8), spacing=(0.2, 0.4, 1))
    series = replace(SERIES, calibration="US regions", regions=REGIONS[:1])

    assert measured("rectangle", ((1, 1, 0), (6, 6, 0)), volume, series).area == pytest.approx(5 * 0.2 * 5 * 0.4)
    assert measured("rectangle", ((1, 1, 0), (16, 6, 0)), volume, series).area == pytest.approx(75)


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_an_angle_is_that_in_the_patient(phantom, normal):
    a, b = (axis for axis in range(3) if axis != normal)
    points = np.full((3, 3), 4.0)
    points[:, a], points[:, b] = (1.0, 3.5, 6.0), (5.5, 2.0, 4.25)

    angle = measured("angle", [tuple(p) for p in points], phantom, normal=normal).angle

    one, vertex, other = phantom.geometry.index_to_lps(points)
    cosine = (one - vertex) @ (other - vertex) / np.linalg.norm(one - vertex) / np.linalg.norm(other - vertex)
    assert angle == pytest.approx(np.degrees(np.arccos(cosine)))


def test_an_angle_worked_out_by_hand_on_anisotropic_pixels():
    volume = flat(np.zeros((20, 20)))  # 0.5 by 2 mm: 4 columns are as long as one row

    assert measured("angle", ((9, 5, 0), (5, 5, 0), (9, 6, 0)), volume).angle == pytest.approx(45)
    assert measured("angle", ((5, 5, 0), (5, 5, 0), (9, 6, 0)), volume).angle is None


def tilted(middle, degrees, half=4.0):
    along = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0]) * half
    return tuple(np.add(middle, -along)), tuple(np.add(middle, along))


@pytest.mark.parametrize(("upper", "lower", "cobb"), [(20, -15, 35), (55, -50, 105), (10, 12, 2), (0, 0, 0)])
@pytest.mark.parametrize("turned", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_cobbs_angle_does_not_depend_on_the_way_the_lines_were_drawn(upper, lower, cobb, turned):
    volume = flat(np.zeros((60, 40)), spacing=(1, 1, 1))
    one, other = tilted((20, 10, 0), upper), tilted((22, 50, 0), lower)
    one, other = (line[::-1] if turn else line for line, turn in zip((one, other), turned, strict=True))

    assert measured("cobb", (*one, *other), volume).angle == pytest.approx(cobb, abs=1e-9)


# Regions


def test_a_rectangle_worked_out_by_hand():
    voxels = np.arange(30, dtype=np.int16).reshape(5, 6)

    values = measured("rectangle", ((1.6, 0.9, 0), (3.2, 2.4, 0)), flat(voxels, unit="HU"))

    inside = [8, 9, 14, 15]  # columns 2, 3 of rows 1, 2
    assert (values.count, values.mean, values.minimum, values.maximum) == (4, 11.5, 8, 15)
    assert values.sd == pytest.approx(np.sqrt(sum((x - 11.5) ** 2 for x in inside) / 3))
    assert values.area == pytest.approx(1.6 * 0.5 * 1.5 * 2.0)
    assert (values.unit, values.length_unit) == ("HU", "mm")


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_a_region_takes_the_voxels_of_its_own_slice(phantom, normal):
    (i0, j0, k0), (i1, j1, k1) = PLANE_POINTS[normal]

    values = region_values(Measurement(1, "rectangle", ((i0, j0, k0), (i1, j1, k1)), normal), phantom)

    k, j, i = np.indices(phantom.geometry.shape)
    inside = (i0 <= i) & (i <= i1) & (j0 <= j) & (j <= j1) & (k0 <= k) & (k <= k1)
    assert sorted(values) == sorted(phantom.voxels[inside])
    assert len(values) > 20


def test_an_ellipse_is_round_in_mm_and_has_its_area():
    volume = flat(np.ones((100, 400), np.float32), spacing=(0.25, 1.0, 1))
    values = measured("ellipse", ((80.2, 30.1, 0), (240.2, 70.1, 0)), volume)  # 40 by 40 mm

    assert values.area == pytest.approx(np.pi * 20**2)
    assert values.count * 0.25 == pytest.approx(np.pi * 20**2, rel=0.01)


def test_padding_nan_and_infinity_are_no_values():
    voxels = np.array([[1, 2, -2000], [np.nan, 4, np.inf], [7, -1900, 9]], np.float32)

    values = measured("rectangle", ((0, 0, 0), (2, 2, 0)), flat(voxels, padding=(-2000, -1900)))

    assert (values.count, values.minimum, values.maximum) == (5, 1, 9)
    assert values.mean == pytest.approx(4.6)


def test_one_voxel_has_no_standard_deviation_and_none_has_no_mean():
    volume = flat(np.arange(9).reshape(3, 3))

    one = measured("rectangle", ((0.6, 0.6, 0), (1.4, 1.4, 0)), volume)
    none = measured("rectangle", ((0.6, 0.6, 0), (0.7, 0.7, 0)), volume)

    assert (one.count, one.mean, one.sd) == (1, 4, None)
    assert (none.count, none.mean) == (0, None)


def test_parts_of_a_region_outside_the_picture_have_no_voxels():
    volume = flat(np.arange(9).reshape(3, 3))

    assert measured("rectangle", ((-5, -5, 0), (0.4, 7, 0)), volume).count == 3
    assert measured("polygon", ((-9, -9, 0), (-5, -9, 0), (-7, -3, 0)), volume).count == 0
    assert measured("ellipse", ((10, 1, 0), (14, 2, 0)), volume).count == 0


def test_of_colours_only_the_area_is_told():
    geometry = Geometry((4, 4, 1), (2, 2, 1), np.zeros(3), np.eye(3))
    volume = Volume(np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3), geometry)

    values = measured("rectangle", ((0, 0, 0), (2, 2, 0)), volume)

    assert (values.area, values.mean, values.count) == (16, None, None)
    assert measured("probe", ((1.2, 2.4, 0),), volume).colour == tuple(volume.voxels[0, 2, 1])


def off_grid(shift):
    """Coordinates such that no edge runs through a voxel's centre, where either answer is right."""
    return st.floats(-3, 14, allow_nan=False).map(lambda x: round(x, 3) + shift)


corner = st.tuples(off_grid(0.0003717), off_grid(0.0007193))


@settings(max_examples=150, deadline=None)
@given(st.lists(corner, min_size=3, max_size=9))
def test_an_outline_encloses_the_voxels_that_a_ray_says(corners):
    """Compared with a ray towards the top, voxel by voxel; outlines may cross themselves."""
    geometry = Geometry((12, 10, 1), (1, 1, 1), np.zeros(3), np.eye(3))
    shape = Measurement(1, "polygon", tuple((x, y, 0.0) for x, y in corners), 2)

    part, first_row, first_column = region_mask(shape, geometry)

    mask = np.zeros((10, 12), bool)
    mask[first_row : first_row + part.shape[0], first_column : first_column + part.shape[1]] = part
    for j in range(10):
        for i in range(12):
            odd = False
            for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                if (x0 <= i) != (x1 <= i) and y0 + (i - x0) * (y1 - y0) / (x1 - x0) > j:
                    odd = not odd
            assert mask[j, i] == odd, (i, j)


@settings(max_examples=60, deadline=None)
@given(st.lists(corner, min_size=3, max_size=8))
def test_the_area_of_an_outline_is_what_counting_on_a_fine_grid_gives(corners):
    values = measured("freehand", [(x, y, 0.0) for x, y in corners], flat(np.zeros((12, 12)), spacing=(1, 1, 1)))

    fine = 20
    geometry = Geometry((18 * fine, 18 * fine, 1), (1, 1, 1), np.zeros(3), np.eye(3))
    points = tuple(((x + 3.5) * fine, (y + 3.5) * fine, 0.0) for x, y in corners)
    counted = region_mask(Measurement(1, "freehand", points, 2), geometry)[0].sum() / fine**2
    perimeter = sum(np.hypot(*np.subtract(p, q)) for p, q in zip(corners, corners[1:] + corners[:1], strict=True))
    assert values.area == pytest.approx(counted, abs=0.01 + perimeter / fine)


def test_areas_of_a_simple_and_of_a_crossing_outline():
    volume = flat(np.zeros((12, 12)), spacing=(1, 1, 1))

    assert measured("polygon", ((0, 0, 0), (4, 0, 0), (4, 3, 0)), volume).area == pytest.approx(6)
    bow = ((0, 0, 0), (4, 4, 0), (4, 0, 0), (0, 4, 0))  # two triangles of 4
    assert measured("polygon", bow, volume).area == pytest.approx(8)


# Probe, profile, histogram


def test_a_probe_tells_the_stored_value_of_the_nearest_voxel(phantom):
    values = measured("probe", ((8.6, 3.4, 5.0),), phantom)

    assert (values.value, values.unit) == (1900, "HU")


def test_a_probe_on_padding_or_beside_the_picture_tells_nothing():
    volume = flat(np.array([[5, -2000]], np.int16), padding=(-2000, -2000))

    assert measured("probe", ((1, 0, 0),), volume).value is None
    assert measured("probe", ((2.2, 0, 0),), volume).value is None
    assert measured("probe", ((0, 0, 0),), volume).value == 5


def test_pet_carries_its_suv_factor():
    values = measured("rectangle", ((0, 0, 0), (1, 1, 0)), flat([[100.0, 300], [200, 400]], suv_factor=0.01))

    assert (values.mean, values.suv_factor) == (250, 0.01)


def test_a_profile_follows_the_stored_voxels():
    voxels = np.arange(60, dtype=np.int16).reshape(6, 10)
    volume = flat(voxels, padding=(34, 34))

    along, values = line_profile(Measurement(1, "profile", ((1, 3, 0), (7, 3, 0)), 2), volume, SERIES)

    np.testing.assert_allclose(along, np.arange(7) * 0.5)
    np.testing.assert_array_equal(values, [31, 32, 33, np.nan, 35, 36, 37])


def test_a_profile_leaves_the_picture_as_gaps():
    _, values = line_profile(Measurement(1, "profile", ((-2, 0, 0), (2, 0, 0)), 2), flat([[5, 6, 7]]), SERIES)

    np.testing.assert_array_equal(values, [np.nan, np.nan, 5, 6, 7])


@given(st.lists(st.integers(-1024, 3000), min_size=1, max_size=300))
def test_a_histogram_counts_each_value_once(values):
    counts, edges = histogram(np.array(values, dtype=np.float64))

    assert counts.sum() == len(values)
    assert len(counts) == len(edges) - 1 <= 64
    assert len(set(np.rint(np.diff(edges)))) == 1


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300))
def test_a_histogram_of_whole_numbers_is_the_same_however_they_are_stored(values):
    stored, as_floats = histogram(np.array(values, np.int16)), histogram(np.array(values, np.float64))

    np.testing.assert_array_equal(stored[0], as_floats[0])
    np.testing.assert_array_equal(stored[1], as_floats[1])


@given(st.lists(st.integers(0, 48), min_size=4, max_size=4), st.sampled_from([1.0, 0.5, 0.1]))
def test_an_ellipse_holds_the_centres_that_its_equation_says(corners, step):
    """Also those that lie on its line, where rounding decides."""
    a, b, c, d = (corner * step for corner in corners)
    volume = flat(np.zeros((50, 50), np.int16))
    mask, row, column = region_mask(Measurement(1, "ellipse", ((a, b, 0), (c, d, 0)), 2), volume.geometry)

    half = np.maximum([abs(c - a) / 2, abs(d - b) / 2], 1e-12)
    i, j = np.arange(column, column + mask.shape[1]), np.arange(row, row + mask.shape[0])[:, None]
    centre = np.mean([[a, b], [c, d]], axis=0)
    np.testing.assert_array_equal(mask, ((j - centre[1]) / half[1]) ** 2 + ((i - centre[0]) / half[0]) ** 2 <= 1.0)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_statistics_of_a_large_region_are_those_of_numpy(dtype):
    voxels = np.random.default_rng(4).integers(0, 200, (400, 300)).astype(dtype)
    values = measured("rectangle", ((0, 0, 0), (299, 399, 0)), flat(voxels))

    assert values.count == voxels.size
    assert values.mean == voxels.mean(dtype=np.float64)
    assert values.sd == pytest.approx(voxels.std(dtype=np.float64, ddof=1), rel=1e-13)


# Labels


def brute_diameter(mask, spacing):
    """Between the centres of all outer faces, pair by pair."""
    padded = np.pad(mask, 1)
    points = []
    for axis in range(3):
        for way in (-1, 1):
            outer = padded & ~np.roll(padded, -way, axis)
            k, j, i = np.nonzero(outer)
            ijk = np.stack([i, j, k], axis=-1) - 1.0
            ijk[:, 2 - axis] += way / 2
            points.append(ijk)
    placed = np.concatenate(points) * spacing
    return max(np.linalg.norm(placed - p, axis=1).max() for p in placed)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.9))
def test_the_longest_diameter_is_that_of_all_pairs(seed, share):
    mask = np.random.default_rng(seed).random((4, 6, 5)) < share
    mask[1, 2, 3] = True
    spacing = (0.8, 1.3, 2.5)

    assert longest_diameter_mm(mask, spacing) == pytest.approx(brute_diameter(mask, spacing), abs=1e-9)


def test_the_longest_diameter_of_a_voxel_a_bar_and_a_ball():
    bar = np.zeros((5, 5, 30), bool)
    assert longest_diameter_mm(bar, (1, 1, 1)) == 0
    bar[2, 2, 3] = True
    assert longest_diameter_mm(bar, (0.5, 0.7, 3.0)) == pytest.approx(3.0)
    bar[2, 2, 3:23] = True
    assert longest_diameter_mm(bar, (0.5, 0.7, 3.0)) == pytest.approx(10.0)
    k, j, i = np.indices((60, 80, 100))
    ball = ((i - 50) * 0.8) ** 2 + ((j - 40) * 1.0) ** 2 + ((k - 30) * 1.5) ** 2 <= 30**2
    assert longest_diameter_mm(ball, (0.8, 1.0, 1.5)) == pytest.approx(61.5)  # and the half voxels at its ends


def test_sizes_of_labels_agree_with_simpleitk(phantom):
    voxels = np.zeros(phantom.geometry.shape, np.uint8)
    voxels[1:5, 2:9, 3:12], voxels[0, 0, 0] = 2, 7
    labels = (Label(2, "Box", (1, 2, 3)), Label(7, "Dot", (1, 2, 3)), Label(9, "Absent", (1, 2, 3)))

    sizes = label_sizes(voxels, phantom.geometry, labels)

    of_itk = sitk.LabelShapeStatisticsImageFilter()
    of_itk.ComputeFeretDiameterOn()
    of_itk.Execute(to_image(voxels, phantom.geometry))
    assert set(sizes) == {"Box", "Dot"}
    assert sizes["Box"].volume_ml == pytest.approx(of_itk.GetPhysicalSize(2) / 1000)
    assert sizes["Dot"].volume_ml == pytest.approx(of_itk.GetPhysicalSize(7) / 1000)
    # SimpleITK measures between the centres of voxels, which lie half a voxel further in.
    assert 0 < sizes["Box"].longest_mm - of_itk.GetFeretDiameter(2) < np.linalg.norm(phantom.geometry.spacing)
