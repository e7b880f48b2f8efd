"""DICOM in: headers to stacks with a verdict, pixels to values; SimpleITK and hand-made phantoms are the judges."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydicom import dcmread
from pydicom.data import get_testdata_file, get_testdata_files
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import MPEG2MPML, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless, generate_uid

from viewer.core.geometry import Geometry
from viewer.core.study import Scan, Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import files
from viewer.io.dicom import series_of
from viewer.io.dicom_header import read_header
from viewer.io.dicom_instance import Instance, check_unchanged
from viewer.io.files import look, read_series, scan

WriteDicom = Callable[..., list[Path]]

TEST_DATA = os.environ.get("SLICEWISE_TEST_DATA", "")


def listed(files: Iterable[Path]) -> Scan:
    return scan(list(files))


def only(scan: Scan) -> Series:
    assert [refusal.reason for refusal in scan.refused] == []
    assert len(scan.series) == 1
    return scan.series[0]


def instances_of(files: Iterable[Path]) -> list[Instance]:
    found = [look(file).instance for file in files]
    return [instance for instance in found if instance is not None]


def write_volumes(
    folder: Path, volume: Volume, write_dicom: WriteDicom, count: int, tell: Callable[[Dataset, int, int], None]
) -> list[Path]:
    """One series with the same slices count times; tell(dataset, n, k) says what sets the n-th volume apart."""
    files: list[Path] = []
    for n in range(count):

        def change(dataset: Dataset, k: int, n: int = n) -> None:
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(n), str(k)])
            tell(dataset, n, k)

        files += write_dicom(folder / f"volume {n}", volume, modality="MR", change=change)
    return files


def labels(found: Scan) -> list[str]:
    """What a person reads of each volume, in the order in which they are played."""
    moments = [series.moment for series in found.series]
    assert [moment.number for moment in moments if moment] == list(range(len(found.series)))
    assert {moment.count for moment in moments if moment} == {len(found.series)}
    assert len({moment.sequence_uid for moment in moments if moment}) == 1
    assert len({series.uid for series in found.series}) == len(found.series)
    assert {series.verdict.kind for series in found.series} == {"regular"}
    return [moment.label for moment in moments if moment]


def bundled(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


def marker_lps(voxels: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Where the brightest voxel lies in the patient."""
    k, j, i = np.unravel_index(np.argmax(voxels), voxels.shape)
    return geometry.index_to_lps((i, j, k))


def enlarged(volume: Volume) -> Volume:
    """The phantom repeated in its plane: the JPEG 2000 encoder takes no picture smaller than 32 pixels."""
    voxels = np.tile(volume.voxels, (1, 4, 3))
    size = (voxels.shape[2], voxels.shape[1], voxels.shape[0])
    return Volume(voxels, replace(volume.geometry, size=size), unit=volume.unit, modality=volume.modality)


def read_by_simpleitk(files: Sequence[Path]) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(file) for file in files])
    return reader.Execute()


def assert_equals_simpleitk(volume: Volume, image: sitk.Image) -> None:
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
    corners = [(0, 0, 0), tuple(n - 1 for n in image.GetSize()), (image.GetSize()[0] - 1, 0, 0)]
    for corner in corners:
        np.testing.assert_allclose(
            volume.geometry.index_to_lps(corner), image.TransformIndexToPhysicalPoint(corner), atol=1e-3
        )


# Good series


def test_marker_keeps_its_place_in_the_patient(tmp_path, phantom, write_dicom):
    volume = read_series(only(listed(write_dicom(tmp_path, phantom))))
    apart = marker_lps(volume.voxels, volume.geometry) - marker_lps(phantom.voxels, phantom.geometry)
    assert np.abs(apart).max() < 0.01
    assert volume.voxels.max() == phantom.voxels.max()


def test_volume_equals_the_phantom_it_was_written_from(tmp_path, oblique_phantom, write_dicom):
    series = only(listed(write_dicom(tmp_path, oblique_phantom)))
    volume = read_series(series)
    assert series.verdict.kind == "regular"
    assert series.size == oblique_phantom.geometry.size
    assert volume.geometry.same_grid(oblique_phantom.geometry)
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.voxels.dtype == np.int16
    assert (volume.unit, volume.modality) == ("HU", "CT")


def test_volume_equals_simpleitk(tmp_path, phantom, write_dicom):
    write_dicom(tmp_path, phantom)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    volume = read_series(only(listed(tmp_path.iterdir())))
    assert_equals_simpleitk(volume, read_by_simpleitk([Path(name) for name in names]))


def assert_same_in_any_order(instances: list[Instance]) -> None:
    expected = series_of(instances)

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.permutations(instances))
    def shuffled(order: list[Instance]) -> None:
        assert series_of(order) == expected

    shuffled()


def test_order_of_files_changes_nothing(tmp_path, oblique_phantom, write_dicom):
    assert_same_in_any_order(instances_of(write_dicom(tmp_path, oblique_phantom)))


def test_order_of_files_changes_nothing_where_nothing_fits_together(tmp_path, oblique_phantom, write_dicom):
    """Two series, one of two volumes without numbers to sort by, the other of several stacks with gaps and copies."""

    def in_time(dataset: Dataset, t: int, k: int) -> None:
        dataset.TemporalPositionIdentifier = 4 - t
        del dataset.InstanceNumber

    def spoil(dataset: Dataset, k: int) -> None:
        dataset.InstanceNumber = 1
        if k == 1:
            dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        if k in (3, 4):
            dataset.ConvolutionKernel = "B70f"
        if k == 5:
            dataset.SOPInstanceUID = "1.2.3"

    files = write_volumes(tmp_path, oblique_phantom, write_dicom, 2, in_time)
    files += write_dicom(tmp_path / "x", oblique_phantom, series="x", change=spoil)
    files += [Path(shutil.copy(files[n], tmp_path / f"copy{n}.dcm")) for n in (15, 19)]
    assert_same_in_any_order(instances_of(files))


def test_instance_survives_the_way_through_json(tmp_path, oblique_phantom, write_dicom):
    adapter = TypeAdapter(Instance)
    instances = instances_of([*write_dicom(tmp_path, oblique_phantom), bundled("examples_ybr_color.dcm")])
    assert len(instances) == 8
    for instance in instances:
        assert adapter.validate_json(adapter.dump_json(instance)) == instance


def test_slice_thickness_is_not_taken_for_the_spacing(tmp_path, oblique_phantom, write_dicom):
    series = only(listed(write_dicom(tmp_path, oblique_phantom)))
    assert series.spacing_mm == pytest.approx(oblique_phantom.geometry.spacing)


def test_header_fields_reach_the_series(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.WindowCenter, dataset.WindowWidth = [40, 500], [400, 1500]
        dataset.LossyImageCompression = "01"

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert (series.patient_name, series.patient_id) == ("Canary^Patient", "CANARY-7")
    assert (series.modality, series.description, series.number) == ("CT", "phantom", 4)
    assert [(window.centre, window.width) for window in series.windows] == [(40, 400), (500, 1500)]
    assert series.lossy
    assert (series.birth_date, series.sex, series.study_date) == ("19500102", "O", "20200304")
    assert series.study_description == "Study"
    assert (series.value_type, series.calibration, series.unit) == ("int16", "PixelSpacing", "HU")
    assert len(series.instance_uids) == 7


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_slices_decode_to_the_same_values(tmp_path, oblique_phantom, write_dicom, syntax):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(syntax, generate_instance_uid=False)

    large = enlarged(oblique_phantom)
    volume = read_series(only(listed(write_dicom(tmp_path, large, change=change))))
    np.testing.assert_array_equal(volume.voxels, large.voxels)


BUNDLED = [
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_expb.dcm",
    "MR_small_implicit.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_padded.dcm",
    "examples_overlay.dcm",
    "693_J2KI.dcm",
]


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_slice_equals_simpleitk(name):
    file = Path(str(get_testdata_file(name)))
    series = only(listed([file]))
    image = sitk.ReadImage(str(file))
    volume = read_series(series)
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
    assert series.verdict.kind == "2d"
    np.testing.assert_allclose(volume.geometry.origin, image.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(volume.geometry.spacing[:2], image.GetSpacing()[:2], atol=1e-6)
    np.testing.assert_allclose(volume.geometry.direction.ravel(), image.GetDirection(), atol=1e-4)


def test_bundled_series_equals_simpleitk():
    folder = Path(str(get_testdata_file("dicomdirtests/98892001/CT5N/2062"))).parent
    series = only(listed(folder.iterdir()))
    assert series.verdict.kind == "regular"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    assert_equals_simpleitk(read_series(series), read_by_simpleitk([Path(name) for name in names]))


def test_single_slice_says_that_nothing_is_measured_across_it(tmp_path, oblique_phantom, write_dicom):
    series = only(listed(write_dicom(tmp_path, oblique_phantom)[:1]))
    assert series.verdict.kind == "2d"
    assert series.spacing_mm == pytest.approx((*oblique_phantom.geometry.spacing[:2], None))
    assert series.geometry.is_grid
    np.testing.assert_allclose(read_series(series).geometry.origin, oblique_phantom.geometry.origin, atol=1e-6)


# Values


def test_each_slice_has_its_own_rescale(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = k + 1, -1024 - 10 * k

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    series = only(listed(files))
    volume = read_series(series)
    for k, file in enumerate(series.files):
        image = sitk.ReadImage(str(file))
        np.testing.assert_array_equal(volume.voxels[k], sitk.GetArrayViewFromImage(image)[0])


def test_fractional_slope_gives_real_numbers(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope = "0.25"

    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, change=change))))
    assert volume.voxels.dtype == np.float32
    np.testing.assert_allclose(volume.voxels, (oblique_phantom.voxels + 1024) * 0.25 - 1024, atol=1e-3)


def test_ct_without_a_rescale_has_no_hounsfield_units(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        del dataset.RescaleSlope
        del dataset.RescaleIntercept

    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, change=change))))
    assert volume.unit == ""
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels + 1024)


def test_mr_values_have_no_unit(tmp_path, oblique_phantom, write_dicom):
    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, modality="MR"))))
    assert (volume.unit, volume.modality) == ("", "MR")


def test_signed_twelve_bit_pixels_keep_their_sign(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 12, 11
        dataset.RescaleIntercept = 0
        dataset.PixelData = oblique_phantom.voxels[k].astype("<i2").tobytes()

    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)


def test_values_beyond_sixteen_bits_do_not_wrap(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
        stored = np.full((dataset.Rows, dataset.Columns), 2**32 - 6, dtype="<u4")
        dataset.PixelData = stored.tobytes()

    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_allclose(volume.voxels, 2.0**32 - 6 - 1024, rtol=1e-6)


def test_large_whole_slopes_do_not_wrap(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = 2**21, 0  # 2**32 / 2**21 = 2048 wraps to 0 in 32 bits
        dataset.PixelData = np.full((dataset.Rows, dataset.Columns), 2048, dtype="<u2").tobytes()

    volume = read_series(only(listed(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_allclose(volume.voxels, 2.0**32, rtol=1e-6)


@pytest.mark.parametrize(("slope", "intercept"), [("0", "0"), ("1", "1e30"), ("1e-40", "0"), ("1e200", "0")])
def test_impossible_rescale_gives_stored_values_without_a_unit(
    tmp_path, oblique_phantom, write_dicom, slope, intercept
):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert series.unit == ""
    assert any("rescale is impossible" in note for note in series.notes)
    np.testing.assert_array_equal(read_series(series).voxels, oblique_phantom.voxels + 1024)


# Verdicts


def verdict_of(tmp_path, volume, write_dicom, change=lambda dataset, k: None, without=()) -> tuple[str, str]:
    files = write_dicom(tmp_path, volume, change=change)
    series = only(listed(file for k, file in enumerate(files) if k not in without))
    assert series.geometry.is_grid == (series.verdict.kind == "regular")
    assert series.frames == read_series(series).voxels.shape[0]  # whatever it is, it can be looked at
    return series.verdict.kind, series.verdict.detail


def moved(dataset: Dataset, vector_lps: np.ndarray) -> None:
    position = np.array(dataset.ImagePositionPatient, dtype=float) + vector_lps
    dataset.ImagePositionPatient = [f"{p:.10g}" for p in position]


def test_missing_slices_are_counted_and_placed(tmp_path, oblique_phantom, write_dicom):
    kind, detail = verdict_of(tmp_path, oblique_phantom, write_dicom, without=(3,))
    along = oblique_phantom.geometry.index_to_lps((0, 0, 2)) @ oblique_phantom.geometry.direction[:, 2]
    assert kind == "missing"
    assert detail == f"1 slice is missing, after {along:.1f} mm."


def test_duplicate_position_is_found(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 4:
            moved(dataset, -oblique_phantom.geometry.spacing[2] * oblique_phantom.geometry.direction[:, 2])

    assert verdict_of(tmp_path, oblique_phantom, write_dicom, change)[0] == "duplicate"


def test_uneven_gap_is_found(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k >= 4:
            moved(dataset, 0.4 * oblique_phantom.geometry.direction[:, 2])

    assert verdict_of(tmp_path, oblique_phantom, write_dicom, change)[0] == "uneven"


def test_gantry_tilt_is_measured(tmp_path, oblique_phantom, write_dicom):
    geometry = oblique_phantom.geometry

    def change(dataset: Dataset, k: int) -> None:
        moved(dataset, k * geometry.spacing[2] * np.tan(np.radians(12)) * geometry.direction[:, 1])

    kind, detail = verdict_of(tmp_path, oblique_phantom, write_dicom, change)
    assert kind == "tilted"
    assert "12.0 degrees" in detail


def test_one_slice_shifted_sideways_is_no_regular_grid(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 3:
            moved(dataset, 5.0 * oblique_phantom.geometry.direction[:, 0])

    assert verdict_of(tmp_path, oblique_phantom, write_dicom, change)[0] != "regular"


def test_gaps_that_drift_are_no_regular_grid(tmp_path, oblique_phantom, write_dicom):
    """Each gap is within rounding of the next, yet the slices end far from where a regular grid has them."""
    geometry = replace(oblique_phantom.geometry, size=(14, 11, 70))
    long = Volume(np.repeat(oblique_phantom.voxels, 10, axis=0), geometry)

    def change(dataset: Dataset, k: int) -> None:
        moved(dataset, 0.009 * max(0, k - 35) * geometry.direction[:, 2])

    assert verdict_of(tmp_path, long, write_dicom, change)[0] == "uneven"


@pytest.mark.parametrize("decimals", [2, 3])
def test_positions_rounded_by_the_scanner_are_a_regular_grid(tmp_path, oblique_phantom, write_dicom, decimals):
    def change(dataset: Dataset, k: int) -> None:
        position = [round(float(p), decimals) for p in dataset.ImagePositionPatient]
        dataset.ImagePositionPatient = position

    assert verdict_of(tmp_path, oblique_phantom, write_dicom, change)[0] == "regular"


BROKEN_GEOMETRY = {
    "zero pixel spacing": lambda dataset: setattr(dataset, "PixelSpacing", [0, 0]),
    "negative pixel spacing": lambda dataset: setattr(dataset, "PixelSpacing", [-1, 1]),
    "no pixel spacing": lambda dataset: delattr(dataset, "PixelSpacing"),
    "zero orientation": lambda dataset: setattr(dataset, "ImageOrientationPatient", [0] * 6),
    "orientation of length 2": lambda dataset: setattr(dataset, "ImageOrientationPatient", [2, 0, 0, 0, 2, 0]),
    "parallel orientation": lambda dataset: setattr(dataset, "ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
    "short position": lambda dataset: setattr(dataset, "ImagePositionPatient", [1, 2]),
    "no position": lambda dataset: delattr(dataset, "ImagePositionPatient"),
}


@pytest.mark.parametrize("fault", list(BROKEN_GEOMETRY))
def test_unusable_geometry_is_browsed_and_not_repaired(tmp_path, oblique_phantom, write_dicom, fault):
    def change(dataset: Dataset, k: int) -> None:
        BROKEN_GEOMETRY[fault](dataset)

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert series.verdict.kind == "no-position"
    assert not series.geometry.patient_space
    assert series.geometry.calibrated == ("pixel spacing" not in fault)
    assert series.spacing_mm is None or series.spacing_mm[2] is None
    assert read_series(series).voxels.shape == oblique_phantom.voxels.shape


@pytest.mark.parametrize("fault", ["zero orientation", "short position", "no position"])
def test_single_slice_without_a_place_has_no_patient_space(tmp_path, oblique_phantom, dicom_slice, fault):
    dataset = dicom_slice(oblique_phantom, 0)
    BROKEN_GEOMETRY[fault](dataset)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = read_series(only(listed([tmp_path / "a.dcm"])))
    assert not volume.geometry.patient_space


# Stacks


def test_localiser_of_another_orientation_is_a_stack_of_its_own(tmp_path, oblique_phantom, write_dicom, dicom_slice):
    files = write_dicom(tmp_path, oblique_phantom)
    scout = dicom_slice(oblique_phantom, 0)
    scout.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    scout.SOPInstanceUID = generate_uid(entropy_srcs=["scout"])
    scout.save_as(tmp_path / "scout.dcm", enforce_file_format=True)
    scan = listed([tmp_path / "scout.dcm", *files])
    assert sorted(series.verdict.kind for series in scan.series) == ["2d", "regular"]
    assert len({series.uid for series in scan.series}) == 2


def test_other_matrix_becomes_a_stack_of_its_own(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 0:
            dataset.Rows -= 1
            dataset.PixelData = dataset.PixelData[: 2 * dataset.Rows * dataset.Columns]

    scan = listed(write_dicom(tmp_path, oblique_phantom, change=change))
    assert sorted(series.verdict.kind for series in scan.series) == ["2d", "regular"]


@pytest.mark.parametrize("middle", [0.0005, 0.0015, 0.7005])
def test_rounding_of_direction_cosines_does_not_split_a_stack(tmp_path, oblique_phantom, write_dicom, middle):
    """Scanners write cosines that differ in the last digits; no value of a cosine may sit on an edge of a bin."""

    def change(dataset: Dataset, k: int) -> None:
        cosine = middle + (1e-6 if k % 2 else -1e-6)
        row = np.array([np.sqrt(1 - cosine**2), cosine, 0.0])
        dataset.ImageOrientationPatient = [f"{c:.9f}" for c in (*row, -row[1], row[0], 0.0)]
        dataset.ImagePositionPatient = [0, 0, 2.5 * k]

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert series.verdict.kind == "regular"


def test_cosines_on_both_sides_of_the_first_stay_one_stack(tmp_path, oblique_phantom, write_dicom):
    """Slices within the tolerance of the first may be twice as far from each other; they are read all the same."""

    def change(dataset: Dataset, k: int) -> None:
        cosine = 0.3 + {0: -9e-4, 6: 0.0}.get(k, 9e-4)  # the last has the lowest number
        row = np.array([np.sqrt(1 - cosine**2), cosine, 0.0])
        dataset.ImageOrientationPatient = [f"{c:.9f}" for c in (*row, -row[1], row[0], 0.0)]
        dataset.ImagePositionPatient = [0, 0, 2.5 * k]

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    np.testing.assert_array_equal(read_series(series).voxels, oblique_phantom.voxels)


def test_files_without_uids_are_kept_together_and_keep_their_name(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.StudyInstanceUID = dataset.SeriesInstanceUID = dataset.SOPClassUID = ""

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    first, again = only(listed(files)), only(listed(reversed(files)))
    assert first.verdict.kind == "regular"
    assert first.uid
    assert first.study_uid
    assert (first.uid, first.study_uid) == (again.uid, again.study_uid)


def test_two_series_stay_two(tmp_path, oblique_phantom, write_dicom):
    files = [*write_dicom(tmp_path, oblique_phantom, series="a"), *write_dicom(tmp_path, oblique_phantom, series="b")]
    scan = listed(files)
    assert sorted(series.description for series in scan.series) == ["a", "b"]
    assert {series.verdict.kind for series in scan.series} == {"regular"}


# Refusals


@pytest.mark.parametrize(
    "name",
    [
        "rtplan.dcm",
        "rtstruct.dcm",
        "rtdose_1frame.dcm",
        "reportsi.dcm",
        "test-SR.dcm",
        "waveform_ecg.dcm",
        "liver_1frame.dcm",
        "rtdose.dcm",
        "rtdose_rle.dcm",
        "liver_expb_1frame.dcm",
        "badVR.dcm",
    ],
)
def test_what_is_no_picture_is_refused_with_one_sentence(name):
    scan = listed([Path(str(get_testdata_file(name)))])
    assert scan.series == ()
    assert len(scan.refused) == 1
    assert "\n" not in scan.refused[0].reason
    assert scan.refused[0].reason


def test_a_text_that_says_it_is_dicom_is_refused(tmp_path):
    file = tmp_path / "a.dcm"
    file.write_bytes(b"\0" * 128 + b"DICM" + b"this is no DICOM at all" * 20)
    scan = listed([file])
    assert scan.series == ()
    assert [refusal.file for refusal in scan.refused] == [file]


def test_a_damaged_file_does_not_keep_the_others_from_being_found(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(files[0].read_bytes()[:200])
    scan = listed([broken, *files])
    assert [series.verdict.kind for series in scan.series] == ["regular"]
    assert [refusal.file for refusal in scan.refused] == [broken]


NUMBERS_AS_TEXT = {
    "PixelSpacing": b"one\\two ",
    "ImagePositionPatient": b"here\\there\\x ",
    "ImageOrientationPatient": b"up\\down ",
    "SeriesNumber": b"four",
    "InstanceNumber": b"last",
    "WindowCenter": b"mid ",
    "RescaleSlope": b"text",
    "NumberOfFrames": b"many",
}


@pytest.mark.parametrize("keyword", list(NUMBERS_AS_TEXT))
def test_text_where_a_number_belongs_ends_in_a_verdict_or_a_sentence(tmp_path, oblique_phantom, write_dicom, keyword):
    def change(dataset: Dataset, k: int) -> None:
        if k == 2:
            tag, text = Tag(keyword), NUMBERS_AS_TEXT[keyword]
            vr = "IS" if keyword in ("SeriesNumber", "InstanceNumber", "NumberOfFrames") else "DS"
            dataset[tag] = RawDataElement(tag, vr, len(text), text, 0, False, True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = write_dicom(tmp_path, oblique_phantom, change=change)
        scan = listed(files)
        for series in scan.series:
            if series.verdict.is_volume:
                read_series(series)
            if keyword == "RescaleSlope":
                assert (series.unit == "HU") == (len(series.files) == 6)
    assert sum(len(series.files) for series in scan.series) + len(scan.refused) == len(files)


def test_bogus_character_set_is_shown_somehow(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 0)
    dataset.PatientName = "Name"
    dataset.add(DataElement(Tag("SpecificCharacterSet"), "CS", "ISO_IR 999"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        assert only(listed([tmp_path / "a.dcm"])).patient_name


def test_slice_without_pixels_is_refused_and_missed(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 3:
            del dataset.PixelData

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    found = listed(files)
    assert [refusal.file for refusal in found.refused] == [files[3]]
    assert "pixels" in found.refused[0].reason
    assert [series.verdict.kind for series in found.series] == ["missing"]


@pytest.mark.parametrize("lost_bytes", [1, 40, 250])
def test_truncated_slice_is_refused_and_missed(tmp_path, oblique_phantom, write_dicom, lost_bytes):
    files = write_dicom(tmp_path, oblique_phantom)
    files[2].write_bytes(files[2].read_bytes()[:-lost_bytes])
    found = listed(files)
    assert [refusal.file for refusal in found.refused] == [files[2]]
    assert "truncated" in found.refused[0].reason
    assert [series.verdict.kind for series in found.series] == ["missing"]
    assert found.series[0].notes[0].startswith(f"Left out: {files[2].name}: it is truncated")
    assert not found.series[0].whole


def test_what_is_left_of_a_truncated_end_looks_whole_and_says_that_it_is_not(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    assert only(listed(files)).whole
    files[-1].write_bytes(files[-1].read_bytes()[:-200])
    (series,) = listed(files).series
    assert (series.verdict.kind, len(series.files), series.whole) == ("regular", len(files) - 1, False)


def test_a_series_of_which_many_files_are_truncated_is_refused(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    few = len(files) // 4
    for file in files[:few]:
        file.write_bytes(file.read_bytes()[:-200])
    (series,) = listed(files).series
    assert len(series.notes) == few
    files[few].write_bytes(files[few].read_bytes()[:-200])
    found = listed(files)
    assert not found.series
    assert sorted(refusal.file for refusal in found.refused) == sorted(files)
    assert f"{few + 1} files of its series are damaged ({files[0].name}: " in found.refused[-1].reason


def test_a_truncated_copy_of_a_slice_that_is_there_is_not_missed(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(files[2].read_bytes()[:-200])
    found = listed([*files, copy])
    assert [refusal.file for refusal in found.refused] == [copy]
    assert [series.whole for series in found.series] == [True]


@pytest.mark.parametrize("lost_bytes", [1, 40, 250])
def test_truncated_pixels_are_refused_and_never_shown_as_zeros(tmp_path, oblique_phantom, write_dicom, lost_bytes):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(listed(files))
    files[2].write_bytes(files[2].read_bytes()[:-lost_bytes])
    with pytest.raises(SeriesError, match=r"fetch (it|the file) again|cannot be decoded"):
        read_series(series)


PROMISES = {
    "a huge matrix": {"Rows": 65535, "Columns": 65535},
    "two billion frames": {"NumberOfFrames": 2_000_000_000},
    "no frame": {"NumberOfFrames": 0},
    "fewer than no frames": {"NumberOfFrames": -5},
    "frames as text": {"NumberOfFrames": "1A"},
    "no rows": {"Rows": 0},
    "more bits than there is room": {"BitsStored": 17},
    "no bits": {"BitsStored": 0},
    "a kind that does not exist": {"PhotometricInterpretation": "BOGUS"},
    "a palette without its colours": {"PhotometricInterpretation": "PALETTE COLOR"},
    "three colours in one value": {"PhotometricInterpretation": "RGB"},
    "one value of three": {"SamplesPerPixel": 3},
    "single bits": {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0},
}


@pytest.mark.parametrize("lie", list(PROMISES))
def test_header_that_cannot_be_true_is_refused_by_the_header_alone(tmp_path, oblique_phantom, dicom_slice, lie):
    dataset = dicom_slice(oblique_phantom, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in PROMISES[lie].items():
            if isinstance(value, str) and keyword == "NumberOfFrames":
                dataset[Tag(keyword)] = RawDataElement(Tag(keyword), "IS", 2, value.encode(), 0, False, True)
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    found = listed([tmp_path / "a.dcm"])
    assert found.series == ()
    assert len(found.refused) == 1
    assert ";" in found.refused[0].reason  # the cause and the next step


@pytest.mark.parametrize(("frames", "why"), [(20_000, "truncated"), (2_000_000_000, "2000000000 frames")])
def test_frames_that_no_compressed_file_could_hold_are_refused(tmp_path, frames, why):
    dataset = dcmread(bundled("MR_small_RLE.dcm"))
    dataset.NumberOfFrames = frames
    dataset.save_as(tmp_path / "a.dcm")
    assert why in listed([tmp_path / "a.dcm"]).refused[0].reason


def test_pixels_that_claim_to_reach_beyond_the_file_are_refused(tmp_path, oblique_phantom, write_dicom):
    file = write_dicom(tmp_path, oblique_phantom)[0]
    whole, length = file.read_bytes(), 2 * 14 * 11
    head = b"\xe0\x7f\x10\x00OW\0\0"
    at = whole.index(head) + len(head)
    assert int.from_bytes(whole[at : at + 4], "little") == length
    file.write_bytes(whole[:at] + (0xFFFFFFFE).to_bytes(4, "little") + whole[at + 4 :])
    assert "fetch the file again" in listed([file]).refused[0].reason


def test_video_is_refused_by_its_transfer_syntax(tmp_path):
    dataset = dcmread(bundled("MR_small_RLE.dcm"))
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.save_as(tmp_path / "a.dcm")
    assert "video" in listed([tmp_path / "a.dcm"]).refused[0].reason


def test_codestream_of_another_size_than_the_header_is_refused(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        dataset.Columns += 2

    series = only(listed(write_dicom(tmp_path, enlarged(oblique_phantom), change=change)))
    with pytest.raises(SeriesError):
        read_series(series)


def test_files_replaced_after_the_scan_are_refused(tmp_path, oblique_phantom, write_dicom, dicom_slice):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(listed(files))
    other = dicom_slice(oblique_phantom, 2)
    other.Rows -= 1
    other.PixelData = other.PixelData[: 2 * other.Rows * other.Columns]
    other.save_as(files[2], enforce_file_format=True)
    with pytest.raises(SeriesError):
        read_series(series)


def test_file_moved_to_another_position_after_the_scan_is_refused(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(listed(files))
    dataset = dcmread(files[2])
    moved(dataset, 40 * oblique_phantom.geometry.direction[:, 2])
    dataset.save_as(files[2], enforce_file_format=True)
    with pytest.raises(SeriesError):
        read_series(series)


def test_series_replaced_by_another_after_the_scan_is_refused(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(listed(files))
    for file in files:
        dataset = dcmread(file)
        dataset.SeriesInstanceUID = generate_uid()
        dataset.save_as(file, enforce_file_format=True)
    with pytest.raises(SeriesError, match="changed since it was listed"):
        read_series(series)


@pytest.mark.parametrize("lost_bytes", [20, 200, 900])
def test_truncated_codestream_is_refused(tmp_path, oblique_phantom, write_dicom, lost_bytes):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)

    files = write_dicom(tmp_path, enlarged(oblique_phantom), change=change)
    series = only(listed(files))
    files[2].write_bytes(files[2].read_bytes()[:-lost_bytes])
    with pytest.raises(SeriesError, match=r"fetch (it|the file) again|cannot be decoded"):
        read_series(series)


@pytest.mark.parametrize(("name", "seed", "first"), [("CT_small.dcm", 7, 132), ("MR_small_RLE.dcm", 8, 1600)])
def test_damaged_bytes_end_in_a_series_or_a_refusal(tmp_path, name, seed, first):
    """Bytes of a real header, or of run lengths, are changed at random; only SeriesError may leave the reader."""
    source = Path(str(get_testdata_file(name))).read_bytes()
    dice = random.Random(seed)
    file = tmp_path / "flip.dcm"
    for _ in range(60):
        flipped = bytearray(source)
        for _ in range(4):
            flipped[dice.randrange(first, min(6000, len(source)))] = dice.randrange(256)
        file.write_bytes(flipped)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for series in listed([file]).series:
                try:
                    read_series(series)
                except SeriesError:
                    continue


# Several volumes in one series


def test_time_series_is_split_by_its_temporal_position(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.TemporalPositionIdentifier = 3 - n
        dataset.AcquisitionDate, dataset.AcquisitionTime = "20200304", f"0900{10 - 4 * n:02d}.5"

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell))
    assert labels(found) == ["0 s", "4 s", "8 s"]
    assert {series.moment.kind for series in found.series if series.moment} == {"time"}
    assert {series.frame_time_ms for series in found.series} == {4000.0}
    for series, n in zip(found.series, (2, 1, 0), strict=True):
        assert {file.parent.name for file in series.files} == {f"volume {n}"}
        np.testing.assert_allclose(series.geometry.origin, oblique_phantom.geometry.origin, atol=1e-6)


def test_echoes_are_split_and_sorted(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.EchoTime = ("10.4", "5.2")[n]
        dataset.EchoNumbers = 2 - n

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, tell))
    assert labels(found) == ["TE 5.2 ms", "TE 10.4 ms"]
    assert {series.moment.kind for series in found.series if series.moment} == {"echo"}


def test_diffusion_is_split_by_b_value_and_direction(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.DiffusionBValue = float((0, 1000, 1000)[n])
        if n:
            dataset.DiffusionGradientOrientation = [float(n == 2), float(n == 1), 0.0]

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell))
    assert labels(found) == ["b 0 s/mm²", "b 1000 s/mm², direction 1", "b 1000 s/mm², direction 2"]
    assert {series.moment.kind for series in found.series if series.moment} == {"b-value"}


def test_cardiac_phases_with_their_own_times_at_each_place_are_ranked(tmp_path, oblique_phantom, write_dicom):
    """The heart beats differently while each slice is taken: no two places share a trigger time but the first."""

    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.TriggerTime = n * (40.0 + k)
        dataset.AcquisitionTime = f"09{k:02d}00"

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell))
    assert labels(found) == ["trigger 0 ms", "trigger 43 ms", "trigger 86 ms"]
    assert [{file.parent.name for file in series.files} for series in found.series] == [
        {"volume 0"}, {"volume 1"}, {"volume 2"},
    ]  # fmt: skip


def test_volumes_that_only_their_times_tell_apart_are_put_in_order(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.ContentDate = "20200304"
        dataset.ContentTime = f"0900{20 * (1 - n) + k:02d}"  # each slice has its own

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, tell))
    assert labels(found) == ["0 s", "20 s"]
    assert {file.parent.name for file in found.series[0].files} == {"volume 1"}


def test_echoes_of_each_time_are_split_within_it(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.TemporalPositionIdentifier = n // 2 + 1
        dataset.EchoTime = 5 * (n % 2 + 1)

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 4, tell))
    assert labels(found) == ["time 1, TE 5 ms", "time 1, TE 10 ms", "time 2, TE 5 ms", "time 2, TE 10 ms"]


@pytest.mark.parametrize("place_first", [False, True])
def test_image_numbers_split_volumes_as_the_last_resort_and_say_so(tmp_path, oblique_phantom, write_dicom, place_first):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.InstanceNumber = 3 * k + n if place_first else 7 * n + k

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell))
    assert labels(found) == ["volume 1", "volume 2", "volume 3"]
    assert all("by image number alone" in series.notes[0] for series in found.series)
    assert {file.parent.name for file in found.series[1].files} == {"volume 1"}


def test_volumes_that_nothing_sets_apart_stay_duplicates(tmp_path, oblique_phantom, write_dicom):
    series = only(listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, lambda dataset, n, k: None)))
    assert series.verdict.kind == "duplicate"
    assert series.frames == 14
    assert not series.geometry.is_grid
    assert series.moment is None


def test_number_that_sets_only_some_slices_apart_makes_no_volumes(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.EchoTime = 5 + n * (k < 5)

    series = only(listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, tell)))
    assert series.verdict.kind == "duplicate"


def test_times_that_are_the_same_at_some_places_make_no_volumes(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.AcquisitionDate, dataset.AcquisitionTime = "20200304", f"0900{k + 20 * n * (k < 5):02d}"

    series = only(listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, tell)))
    assert series.verdict.kind == "duplicate"


def test_last_volume_of_a_scan_that_was_stopped_stands_apart(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.TemporalPositionIdentifier = n + 1

    files = write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell)[:-3]
    found = listed(files)
    whole = [series for series in found.series if series.moment]
    (stopped,) = (series for series in found.series if not series.moment)
    assert labels(Scan(tuple(whole))) == ["time 1", "time 2"]
    assert stopped.frames == 4
    assert "Time 3 of the series has 4 of 7 slices." in stopped.notes
    assert stopped.description == "time 3 · phantom"


def test_uid_of_a_volume_does_not_depend_on_the_others(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.TemporalPositionIdentifier = n + 1

    files = write_volumes(tmp_path, oblique_phantom, write_dicom, 3, tell)
    all_three, last_two = listed(files).series, listed(files[7:]).series
    assert [series.uid for series in all_three[1:]] == [series.uid for series in last_two]


# Enhanced multi-frame


def enhanced(volume: Volume, order: Sequence[int]) -> Dataset:
    """An enhanced MR whose n-th frame is slice order[n] of a volume; what all frames share is told once."""
    geometry, dataset = volume.geometry, Dataset()
    dataset.file_meta = dcmread(bundled("MR_small.dcm")).file_meta
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", generate_uid(entropy_srcs=["enhanced"])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.Modality = "1.2.3", "1.2.3.4", "MR"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = geometry.size[1], geometry.size[0], len(order)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    shared = Dataset()
    shared.PixelMeasuresSequence = [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = [geometry.spacing[1], geometry.spacing[0]]
    shared.PixelMeasuresSequence[0].SliceThickness = 99
    shared.PlaneOrientationSequence = [Dataset()]
    cosines = [f"{c:.10g}" for c in geometry.direction[:, :2].T.ravel()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = cosines
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = Items()
    for k in order:
        frame = Dataset()
        frame.PlanePositionSequence, frame.FrameContentSequence = [Dataset()], [Dataset()]
        position = [f"{p:.10g}" for p in geometry.index_to_lps((0, 0, k))]
        frame.PlanePositionSequence[0].ImagePositionPatient = position
        frame.FrameContentSequence[0].StackID = "1"
        dataset.PerFrameFunctionalGroupsSequence.append(frame)
    dataset.PixelData = volume.voxels[list(order)].astype("<i2").tobytes()
    return dataset


def saved(dataset: Dataset, file: Path) -> Path:
    dataset.save_as(file, enforce_file_format=True)
    return file


def test_frames_of_an_enhanced_file_are_sorted_by_their_positions(tmp_path, oblique_phantom):
    file = saved(enhanced(oblique_phantom, (3, 0, 6, 1, 5, 2, 4)), tmp_path / "a.dcm")
    series = only(listed([file]))
    assert series.verdict.kind == "regular"
    assert series.frame_numbers == (1, 3, 5, 0, 6, 4, 2)
    assert series.geometry.same_grid(oblique_phantom.geometry)
    np.testing.assert_array_equal(read_series(series).voxels, oblique_phantom.voxels)


def test_frame_has_its_own_rescale_and_window(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, range(7))
    for k, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        frame.PixelValueTransformationSequence, frame.FrameVOILUTSequence = [Dataset()], [Dataset()]
        rescale, voi = frame.PixelValueTransformationSequence[0], frame.FrameVOILUTSequence[0]
        rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 2, 10 * k, "US"
        voi.WindowCenter, voi.WindowWidth, voi.WindowCenterWidthExplanation = 100 + k, 400, f"of {k}"
    series = only(listed([saved(dataset, tmp_path / "a.dcm")]))
    (window,) = series.windows
    assert (window.centre, window.width, window.name) == (103, 400, "of 3")
    expected = oblique_phantom.voxels.astype(int) * 2 + 10 * np.arange(7)[:, None, None]
    np.testing.assert_array_equal(read_series(series).voxels, expected)


def test_frame_s_own_pixel_size_comes_before_the_shared_one(tmp_path, oblique_phantom):
    """No file may tell an attribute twice, but if one does, the closer word counts."""
    dataset = enhanced(oblique_phantom, range(7))
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.PixelMeasuresSequence = [Dataset()]
        frame.PixelMeasuresSequence[0].PixelSpacing = [0.4, 0.6]
    series = only(listed([saved(dataset, tmp_path / "a.dcm")]))
    assert series.spacing_mm == pytest.approx((0.6, 0.4, 2.5), abs=1e-6)


def test_fraction_in_one_frame_s_rescale_makes_the_volume_real_numbers(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, range(7))
    for k, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        frame.PixelValueTransformationSequence = [Dataset()]
        frame.PixelValueTransformationSequence[0].RescaleSlope = 0.5 if k == 6 else 1
        frame.PixelValueTransformationSequence[0].RescaleIntercept = 0
    assert only(listed([saved(dataset, tmp_path / "a.dcm")])).value_type == "float32"


def test_time_points_in_one_enhanced_file_are_volumes(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, [*range(7), *range(7)])
    for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content = frame.FrameContentSequence[0]
        content.TemporalPositionIndex = n // 7 + 1
        content.FrameAcquisitionDateTime = f"202003041200{n // 7 * 12:02d}.500000"
    found = listed([saved(dataset, tmp_path / "a.dcm")])
    assert labels(found) == ["0 s", "12 s"]
    assert found.series[1].frame_numbers == tuple(range(7, 14))


def test_file_s_own_dimensions_split_what_no_known_number_does(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, [*range(7), *range(7)])
    for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].DimensionIndexValues = [1, n % 7 + 1, n // 7 + 4]
    found = listed([saved(dataset, tmp_path / "a.dcm")])
    assert labels(found) == ["index 4", "index 5"]


def test_stacks_and_kinds_of_frames_are_kept_apart(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, [*range(7), *range(7), *range(7)])
    for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].StackID = "2" if n < 7 else "1"
        frame.MRImageFrameTypeSequence = [Dataset()]
        kind = "FIELD_MAP" if n >= 14 else "T2"
        frame.MRImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "X", kind]
    found = listed([saved(dataset, tmp_path / "a.dcm")])
    assert [series.verdict.kind for series in found.series] == ["regular"] * 3
    assert {series.frame_numbers[0] for series in found.series} == {0, 7, 14}
    assert all("stack number and image type differ" in series.notes[0] for series in found.series)


def test_frame_that_the_file_does_not_describe_has_no_place(tmp_path, oblique_phantom):
    dataset = enhanced(oblique_phantom, range(7))
    del dataset.PerFrameFunctionalGroupsSequence[-1]
    found = listed([saved(dataset, tmp_path / "a.dcm")])
    assert sorted((series.frames, series.verdict.kind) for series in found.series) == [(1, "2d"), (6, "regular")]
    assert all("The file describes 6 of its 7 frames." in series.notes for series in found.series)


@pytest.mark.parametrize(("name", "frames"), [("examples_ybr_color.dcm", 30), ("SC_rgb_rle_2frame.dcm", 2)])
def test_film_keeps_its_frames_in_order_and_is_no_volume(name, frames):
    series = only(listed([bundled(name)]))
    dataset = dcmread(bundled(name), stop_before_pixels=True)
    assert series.verdict.kind == "no-position"
    assert series.verdict.detail.startswith(f"{frames} frames")
    assert (series.frames, series.frame_numbers) == (frames, tuple(range(frames)))
    assert series.frame_time_ms == (float(dataset.FrameTime) if "FrameTime" in dataset else None)
    assert series.colour
    assert not series.geometry.patient_space


FRAME_TIMES = {
    "FrameTime": ({"FrameTime": "40"}, 40.0),
    "FrameTimeVector": ({"FrameTimeVector": [0, 20, 30, 20, 20, 25, 20]}, 20.0),
    "CineRate": ({"CineRate": "25"}, 40.0),
    "RecommendedDisplayFrameRate": ({"RecommendedDisplayFrameRate": "50"}, 20.0),
    "no time": ({"FrameTime": "0"}, None),
}


@pytest.mark.parametrize("told", list(FRAME_TIMES))
def test_time_between_frames_is_the_file_s(tmp_path, oblique_phantom, told):
    dataset = enhanced(oblique_phantom, range(7))
    del dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence
    for keyword, value in FRAME_TIMES[told][0].items():
        setattr(dataset, keyword, value)
    assert only(listed([saved(dataset, tmp_path / "a.dcm")])).frame_time_ms == FRAME_TIMES[told][1]


@pytest.mark.skipif(not TEST_DATA, reason="SLICEWISE_TEST_DATA names no folder")
def test_enhanced_mr_of_two_vendors_is_split_into_its_volumes():
    folder = Path(TEST_DATA) / "enhanced-mr-dicom"
    if not folder.is_dir():
        pytest.skip("the folder holds no enhanced-mr-dicom")
    in_time = listed(folder.glob("Siemens/XA10/6_*.dcm"))
    assert labels(in_time) == ["0 s", "0.5 s", "1 s", "1.5 s"]
    assert {series.size for series in in_time.series} == {(64, 64, 6)}
    assert all(series.spacing_mm == pytest.approx((3.375, 3.375, 2.4), abs=1e-3) for series in in_time.series)
    magnitude, field_map = listed(folder.glob("Philips/*.dcm")).series
    assert {magnitude.frame_numbers, field_map.frame_numbers} == {tuple(range(32)), tuple(range(32, 64))}
    assert {magnitude.verdict.kind, field_map.verdict.kind} == {"regular"}
    assert magnitude.origins[0] == pytest.approx((-127.24297738075, -119.7766046524, -38.35459083526))
    dataset = dcmread(magnitude.files[0])
    for series in (magnitude, field_map):
        groups = dataset.PerFrameFunctionalGroupsSequence[series.frame_numbers[5]].PixelValueTransformationSequence[0]
        stored = dataset.pixel_array[series.frame_numbers[5]]
        expected = stored * float(groups.RescaleSlope) + float(groups.RescaleIntercept)
        np.testing.assert_allclose(read_series(series).voxels[5], expected, rtol=1e-6)


# What belongs to one stack


def stacks(tmp_path: Path, volume: Volume, write_dicom: WriteDicom, change: Callable[[Dataset], None]) -> Scan:
    """A series whose slices 4 to 6 were changed."""

    def of_some(dataset: Dataset, k: int) -> None:
        if k >= 4:
            change(dataset)

    return listed(write_dicom(tmp_path, volume, modality="MR", change=of_some))


SETS_APART = {
    "reconstruction kernel": {"ConvolutionKernel": "B70f"},
    "frame of reference": {"FrameOfReferenceUID": "1.2.3"},
    "part of the signal": {"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]},
    "inversion": {"PhotometricInterpretation": "MONOCHROME1"},
    "patient": {"PatientID": "another"},
    "study": {"StudyInstanceUID": "1.2.3"},
    "modality": {"Modality": "OT"},
    "having a position": {"ImagePositionPatient": [1, 2]},
    "pixel spacing": {"PixelSpacing": [1.3, 0.9]},
}


@pytest.mark.parametrize("name", list(SETS_APART))
def test_slices_that_differ_are_stacks_of_their_own_and_say_why(tmp_path, oblique_phantom, write_dicom, name):
    def change(dataset: Dataset) -> None:
        for keyword, value in SETS_APART[name].items():
            setattr(dataset, keyword, value)

    found = stacks(tmp_path, oblique_phantom, write_dicom, change)
    assert sorted(series.frames for series in found.series) == [3, 4]
    assert {series.notes[0] for series in found.series} == {f"One of 2 stacks in this series: {name} differs."}
    assert len({series.uid for series in found.series}) == 2
    assert len({series.uid.partition("#")[0] for series in found.series}) == 1


PARTS = {
    "kernel": ({"ConvolutionKernel": "B70f"}, {"kernel B70f", "no kernel"}),
    "signal": ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, {"phase", "no image type"}),
    "field map": ({"ImageType": ["DERIVED", "PRIMARY", "R", "SE", "FIELD_MAP"]}, {"real", "no image type"}),
    "inversion": ({"PhotometricInterpretation": "MONOCHROME1"}, {"MONOCHROME1", "MONOCHROME2"}),
    "position": ({"ImagePositionPatient": [1, 2]}, {"without a place", "axial"}),
    "spacing": ({"PixelSpacing": [1.3, 0.9]}, {"0.8 × 1.3 mm", "0.9 × 1.3 mm"}),
    "plane": ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, {"sagittal", "axial"}),
    "nothing to say": ({"FrameOfReferenceUID": "1.2.3"}, {"stack 1 of 2", "stack 2 of 2"}),
    "elsewhere in the list": ({"StudyInstanceUID": "1.2.3"}, {""}),
}


@pytest.mark.parametrize("name", list(PARTS))
def test_each_stack_says_in_its_description_which_part_of_the_series_it_is(
    tmp_path, oblique_phantom, write_dicom, name
):
    changes, parts = PARTS[name]

    def change(dataset: Dataset) -> None:
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)

    found = stacks(tmp_path, oblique_phantom, write_dicom, change)
    said = {series.description for series in found.series}
    assert said == {f"{part} · phantom" if part else "phantom" for part in parts}


def test_stacks_take_no_more_words_than_tell_them_apart_and_are_numbered_where_none_do(
    tmp_path, oblique_phantom, write_dicom
):
    """Kernels tell three stacks apart, of which one has other pixels too; the last slice lies in another frame."""

    def change(dataset: Dataset, k: int) -> None:
        dataset.ConvolutionKernel = "AABBCCC"[k]
        if k in (2, 3):
            dataset.PixelSpacing = [1.1, 1.1]
        if k == 6:
            dataset.FrameOfReferenceUID = "1.2.3"

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    said = {(series.description, series.frames) for series in listed(files).series}
    numbered = {("kernel C, stack 1 of 2 · phantom", 1), ("kernel C, stack 2 of 2 · phantom", 2)}
    assert said == {("kernel A · phantom", 2), ("kernel B · phantom", 2), *numbered}
    assert {(series.description, series.frames) for series in listed(files[::-1]).series} == said


def test_one_slice_without_hounsfield_units_is_kept_from_the_others(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 6:
            dataset.RescaleType = "US"

    found = listed(write_dicom(tmp_path, oblique_phantom, change=change))
    assert sorted((series.frames, series.unit) for series in found.series) == [(1, ""), (6, "HU")]


def test_image_types_beside_each_other_stay_one_stack(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset) -> None:
        dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]

    assert only(stacks(tmp_path, oblique_phantom, write_dicom, change)).verdict.kind == "regular"


def test_image_types_at_the_same_places_are_two_stacks(tmp_path, oblique_phantom, write_dicom):
    def tell(dataset: Dataset, n: int, k: int) -> None:
        dataset.ImageType = ["DERIVED", "PRIMARY", "DIXON", ("WATER", "FAT")[n]]

    found = listed(write_volumes(tmp_path, oblique_phantom, write_dicom, 2, tell))
    assert [(series.frames, series.verdict.kind, series.moment) for series in found.series] == [
        (7, "regular", None)
    ] * 2
    assert any("image type differs" in note for note in found.series[0].notes)
    assert {series.description for series in found.series} == {"WATER · phantom", "FAT · phantom"}


def test_radiographs_of_one_series_are_pictures_of_their_own(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.Modality = "DX"
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
        dataset.WindowCenter, dataset.WindowWidth = 100 + k, 50

    found = listed(write_dicom(tmp_path, oblique_phantom, change=change))
    assert [series.verdict.kind for series in found.series] == ["2d"] * 7
    assert {series.windows[0].centre for series in found.series} == {100 + k for k in range(7)}
    assert found.series[0].notes[0] == "One of 7 pictures in this series."
    assert {series.description for series in found.series} == {f"picture {n} of 7 · phantom" for n in range(1, 8)}


def test_mosaic_of_slices_has_no_place_in_the_patient(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]

    series = only(listed(write_dicom(tmp_path, oblique_phantom, modality="MR", change=change)[:1]))
    assert not series.geometry.patient_space
    assert any("mosaic" in note for note in series.notes)


# Copies


def test_identical_copies_are_left_out_and_counted(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    copies = [Path(shutil.copy(file, tmp_path / f"z-copy-{n}.dcm")) for n, file in enumerate(files[:3])]
    series = only(listed([*files, *copies]))
    assert series.verdict.kind == "regular"
    assert set(series.files) == set(files)
    assert series.notes == ("3 identical copies were left out.",)
    alone = only(listed(files))
    assert replace(series, notes=()) == alone


def test_files_that_claim_to_be_the_same_image_but_differ_are_both_kept(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    dataset = dcmread(files[3])
    dataset.PixelData = bytes(len(dataset.PixelData))
    other = saved(dataset, tmp_path / "other.dcm")
    assert other.stat().st_size == files[3].stat().st_size  # only their bytes tell
    copy = Path(shutil.copy(other, tmp_path / "z.dcm"))
    series = only(listed([*files, other, copy]))
    assert series.verdict.kind == "duplicate"
    assert set(series.files) == {*files, other}
    assert "1 identical copy was left out." in series.notes
    assert not series.geometry.is_grid
    (note,) = [note for note in series.notes if "other.dcm" in note]
    assert note.startswith("1 image is there more than once with different contents (")
    assert files[3].name in note
    assert "into another folder" in note


def test_a_series_that_is_there_in_two_compressions_says_so_once(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    packed: list[Path] = []
    for n, file in enumerate(files):
        dataset = dcmread(file)
        dataset.compress(RLELossless, generate_instance_uid=False)
        packed.append(saved(dataset, tmp_path / f"packed-{n}.dcm"))
    series = only(listed([*files, *packed]))
    assert series.verdict.kind == "duplicate"
    (note,) = series.notes
    assert note.startswith(f"{len(files)} images are there more than once with different contents (")
    assert "may be a compressed or an edited copy" in note


def test_comparing_copies_can_be_cancelled(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    instances = instances_of([*files, Path(shutil.copy(files[3], tmp_path / "copy.dcm"))])

    def cancel() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        series_of(instances, cancel)


def test_images_that_are_claimed_twice_are_never_sorted_into_volumes(tmp_path, oblique_phantom, write_dicom):
    files: list[Path] = []
    for n in range(2):

        def change(dataset: Dataset, k: int, n: int = n) -> None:
            dataset.TemporalPositionIdentifier = n + 1

        files += write_dicom(tmp_path / str(n), oblique_phantom, change=change)
    assert [series.verdict.kind for series in listed(files).series] == ["duplicate"]


@pytest.mark.parametrize("gone", [["copy.dcm"], ["copy.dcm", "phantom-003.dcm"]])
def test_copy_that_is_gone_again_is_not_taken_for_the_same(tmp_path, oblique_phantom, write_dicom, gone):
    files = write_dicom(tmp_path, oblique_phantom)
    instances = instances_of([*files, Path(shutil.copy(tmp_path / "phantom-003.dcm", tmp_path / "copy.dcm"))])
    for name in gone:
        (tmp_path / name).unlink()
    (series,) = series_of(instances)
    assert series.verdict.kind == "duplicate"


# Positions


def test_tilt_is_told_of_a_stack_with_a_gap_as_well(tmp_path, oblique_phantom, write_dicom):
    geometry = oblique_phantom.geometry

    def change(dataset: Dataset, k: int) -> None:
        moved(dataset, k * geometry.spacing[2] * np.tan(np.radians(7.5)) * geometry.direction[:, 1])

    kind, detail = verdict_of(tmp_path, oblique_phantom, write_dicom, change, without=(2,))
    assert kind == "missing"
    assert "7.5 degrees" in detail


def test_gaps_are_all_named(tmp_path, oblique_phantom, write_dicom):
    along = [
        oblique_phantom.geometry.index_to_lps((0, 0, k)) @ oblique_phantom.geometry.direction[:, 2] for k in (0, 3)
    ]
    _, detail = verdict_of(tmp_path, oblique_phantom, write_dicom, without=(1, 4))
    assert detail == f"2 slices are missing, after {along[0]:.1f}, {along[1]:.1f} mm."


def test_gaps_that_are_multiples_of_an_odd_one_out_are_uneven_and_not_missing(tmp_path, oblique_phantom, write_dicom):
    along = np.cumsum([0, 0.5, 2.5, 3.5, 4.0, 2.5, 3.0])

    def change(dataset: Dataset, k: int) -> None:
        moved(dataset, (along[k] - 2.5 * k) * oblique_phantom.geometry.direction[:, 2])

    assert verdict_of(tmp_path, oblique_phantom, write_dicom, change)[0] == "uneven"


def test_slices_that_make_no_volume_keep_their_own_places(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    geometry = only(listed(files[:3] + files[4:])).geometry
    for n, k in enumerate((0, 1, 2, 4, 5, 6)):
        expected = oblique_phantom.geometry.index_to_lps((3, 2, k))
        np.testing.assert_allclose(geometry.index_to_lps((3, 2, n)), expected, atol=1e-4)


def test_slices_of_a_micro_ct_are_no_duplicates(tmp_path, oblique_phantom, write_dicom):
    small = replace(oblique_phantom.geometry, spacing=(0.009, 0.009, 0.01))
    series = only(listed(write_dicom(tmp_path, Volume(oblique_phantom.voxels, small))))
    assert series.verdict.kind == "regular"
    assert series.spacing_mm == pytest.approx((0.009, 0.009, 0.01), abs=1e-6)


@pytest.mark.parametrize("lengths", [(0.9995, 1.0), (1.0, 1.0005)])
def test_cosines_at_the_edge_of_what_is_accepted_give_a_geometry(tmp_path, oblique_phantom, dicom_slice, lengths):
    """Geometry is stricter with axes that are not perpendicular than with the rounding of their lengths."""
    for slant in np.linspace(0, 1.2e-3, 25):
        dataset = dicom_slice(oblique_phantom, 0)
        cosines = [lengths[0], 0, 0, lengths[1] * slant, lengths[1] * np.sqrt(1 - slant**2), 0]
        dataset.ImageOrientationPatient = [f"{c:.10f}" for c in cosines]
        assert only(listed([saved(dataset, tmp_path / "a.dcm")])).geometry.size == (14, 11, 1)


# Scale


CALIBRATIONS = {
    "no pixel size": ("DX", {}, "none", None),
    "PixelSpacing alone": ("DX", {"PixelSpacing": [0.3, 0.2]}, "PixelSpacing", (0.2, 0.3)),
    "ImagerPixelSpacing alone": ("DX", {"ImagerPixelSpacing": [0.3, 0.2]}, "ImagerPixelSpacing", (0.2, 0.3)),
    "both the same": (
        "CR", {"PixelSpacing": [0.3, 0.2], "ImagerPixelSpacing": [0.3, 0.2]}, "ImagerPixelSpacing", (0.2, 0.3)
    ),
    "both the same by a fiducial": (
        "MG",
        {"PixelSpacing": [0.3, 0.2], "ImagerPixelSpacing": [0.3, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
        "PixelSpacing",
        (0.2, 0.3),
    ),
    "different ones": (
        "XA", {"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.3, 0.2]}, "PixelSpacing", (0.1, 0.2)
    ),
    "the scanner of a film": ("OT", {"NominalScannedPixelSpacing": [0.3, 0.2]}, "none", None),
    "the detector of a slice": ("OT", {"ImagerPixelSpacing": [0.3, 0.2]}, "none", None),
    "nothing at a negative size": ("DX", {"PixelSpacing": [-0.3, 0.2]}, "none", None),
    "nothing at a size below any atom": ("OT", {"PixelSpacing": ["1e-12", "0.2"]}, "none", None),
}  # fmt: skip


def picture(volume: Volume, dicom_slice: Callable[..., Dataset], modality: str, **told: object) -> Dataset:
    """A picture without a place in the patient."""
    dataset = dicom_slice(volume, 2, modality="MR")
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.PixelSpacing
    dataset.Modality = modality
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("case", list(CALIBRATIONS))
def test_pixel_size_is_that_of_the_patient_of_the_detector_or_none(tmp_path, oblique_phantom, dicom_slice, case):
    modality, told, calibration, spacing_mm = CALIBRATIONS[case]
    series = only(listed([saved(picture(oblique_phantom, dicom_slice, modality, **told), tmp_path / "a.dcm")]))
    assert series.calibration == calibration
    assert (series.spacing_mm and series.spacing_mm[:2]) == spacing_mm
    assert series.geometry.calibrated == (spacing_mm is not None)
    assert any("at the detector" in note for note in series.notes) == (calibration == "ImagerPixelSpacing")


def region(x: float, y: float, box: tuple[int, int, int, int], units: int = 3, kind: int = 1) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = kind, 1
    corners = ("MinX0", "MinY0", "MaxX1", "MaxY1")
    for corner, value in zip(corners, box, strict=True):
        setattr(item, f"RegionLocation{corner}", value)
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
    return item


def ultrasound(tmp_path: Path, volume: Volume, dicom_slice: Callable[..., Dataset], *regions: Dataset) -> Series:
    dataset = picture(volume, dicom_slice, "US", SequenceOfUltrasoundRegions=Items(regions))
    return only(listed([saved(dataset, tmp_path / "a.dcm")]))


def test_ultrasound_has_the_scale_of_its_regions(tmp_path, oblique_phantom, dicom_slice):
    strip = region(0.5, 0.5, (0, 9, 13, 10), units=4, kind=1)  # seconds, not centimetres
    graphics = region(0.5, 0.5, (0, 0, 13, 1), kind=5)
    series = ultrasound(tmp_path, oblique_phantom, dicom_slice, region(0.02, -0.03, (1, 2, 8, 7)), strip, graphics)
    assert series.calibration == "US regions"
    assert series.spacing_mm == pytest.approx((0.2, 0.3, None))
    (part,) = series.regions
    assert (part.box, part.mm_per_pixel) == ((1, 2, 9, 8), pytest.approx((0.2, 0.3)))


def test_ultrasound_with_two_scales_has_them_only_in_its_regions(tmp_path, oblique_phantom, dicom_slice):
    regions = region(0.02, 0.02, (0, 0, 6, 10)), region(0.04, 0.04, (7, 0, 99, 10))
    series = ultrasound(tmp_path, oblique_phantom, dicom_slice, *regions)
    assert series.spacing_mm is None
    assert not series.geometry.calibrated
    assert [one.box for one in series.regions] == [(0, 0, 7, 11), (7, 0, 14, 11)]
    assert [one.mm_per_pixel for one in series.regions] == [pytest.approx((0.2, 0.2)), pytest.approx((0.4, 0.4))]


def test_ultrasound_without_a_spatial_region_has_no_scale(tmp_path, oblique_phantom, dicom_slice):
    series = ultrasound(tmp_path, oblique_phantom, dicom_slice, region(0.02, 0.02, (0, 0, 6, 10), units=0))
    assert (series.calibration, series.spacing_mm, series.regions) == ("none", None, ())


# Values


def of_one(tmp_path: Path, dataset: Dataset) -> Series:
    return only(listed([saved(dataset, tmp_path / "a.dcm")]))


@pytest.mark.parametrize(
    ("signed", "padding", "limit", "expected"),
    [(0, 64536, None, (63512, 63512)), (1, -1000, None, (-2024, -2024)), (1, -1000, -900, (-2024, -1924))],
)
def test_padding_goes_through_the_rescale(tmp_path, oblique_phantom, dicom_slice, signed, padding, limit, expected):
    dataset = dicom_slice(oblique_phantom, 2)
    dataset.PixelRepresentation = signed
    vr = "SS" if signed else "US"
    dataset.add(DataElement(Tag("PixelPaddingValue"), vr, padding))
    if limit is not None:
        dataset.add(DataElement(Tag("PixelPaddingRangeLimit"), vr, limit))
    assert of_one(tmp_path, dataset).padding == expected


def test_padding_that_differs_from_slice_to_slice_is_none_and_noted(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.add(DataElement(Tag("PixelPaddingValue"), "US", 7))
        dataset.RescaleIntercept = -1024 - (k == 3)

    series = only(listed(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert series.padding is None
    assert any("padding differs" in note for note in series.notes)
    assert any("different rescales" in note for note in series.notes)


def test_windows_keep_their_function_and_name(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 2)
    dataset.WindowCenter, dataset.WindowWidth = [40, 7, 500], [400, 0, 1500]  # a width of 0 is no window
    dataset.WindowCenterWidthExplanation, dataset.VOILUTFunction = ["SOFT", "X", "BONE"], "SIGMOID"
    windows = of_one(tmp_path, dataset).windows
    assert [(w.centre, w.width, w.name, w.function) for w in windows] == [
        (40, 400, "SOFT", "SIGMOID"),
        (500, 1500, "BONE", "SIGMOID"),
    ]


def with_table(dataset: Dataset, first: int, bits: int, entries: list[int]) -> Dataset:
    item = Dataset()
    item.add(DataElement(Tag("LUTDescriptor"), "US", [len(entries), first % 65536, bits]))
    item.add(DataElement(Tag("LUTData"), "OW", np.array(entries, "<u2").tobytes()))
    dataset.VOILUTSequence = [item]
    return dataset


@pytest.mark.parametrize(("intercept", "first", "expected"), [(-1024, -1000, -1000), (0, 40000, 40000)])
def test_table_to_grey_begins_where_the_rescaled_values_do(
    tmp_path, oblique_phantom, dicom_slice, intercept, first, expected
):
    dataset = dicom_slice(oblique_phantom, 2)
    dataset.RescaleIntercept = intercept
    table = of_one(tmp_path, with_table(dataset, first, 12, [0, 7, 4095])).voi_table
    assert table is not None
    assert (table.first, table.bits, table.entries) == (expected, 12, (0, 7, 4095))


def test_damaged_table_to_grey_is_left_aside(tmp_path, oblique_phantom, dicom_slice):
    dataset = with_table(dicom_slice(oblique_phantom, 2), 0, 12, [0, 7, 4095])
    dataset.VOILUTSequence[0].LUTData = b"\0\1"
    series = of_one(tmp_path, dataset)
    assert series.voi_table is None
    assert any("table" in note for note in series.notes)


LOSSY = {
    "the tag": ({"LossyImageCompression": "01", "LossyImageCompressionRatio": "12.5"}, "12 to 1"),
    "the ratio alone": ({"LossyImageCompressionRatio": ["3", "7.25"]}, "7.2 to 1"),
    "nothing": ({"LossyImageCompression": "00"}, None),
}


@pytest.mark.parametrize("told", list(LOSSY))
def test_loss_is_told_by_the_tag_or_the_ratio(tmp_path, oblique_phantom, dicom_slice, told):
    dataset = dicom_slice(oblique_phantom, 2)
    for keyword, value in LOSSY[told][0].items():
        setattr(dataset, keyword, value)
    series = of_one(tmp_path, dataset)
    assert series.lossy == (LOSSY[told][1] is not None)
    assert any(str(LOSSY[told][1]) in note for note in series.notes) == series.lossy


def test_loss_is_told_by_the_codec_where_the_tag_is_silent(tmp_path):
    dataset = dcmread(bundled("SC_rgb_jpeg_dcmtk.dcm"))
    assert dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    dataset.pop("LossyImageCompression", None)
    dataset.pop("LossyImageCompressionRatio", None)
    assert of_one(tmp_path, dataset).lossy


def test_monochrome1_is_inverted_and_other_pictures_are_not(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 2)
    assert not of_one(tmp_path, dataset).inverted
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert of_one(tmp_path, dataset).inverted


@pytest.mark.parametrize(("kind", "unit"), [("HU", "HU"), ("", "HU"), ("US", ""), ("HU_MOD", "HU_MOD")])
def test_unit_of_a_ct_is_what_its_rescale_says(tmp_path, oblique_phantom, dicom_slice, kind, unit):
    dataset = dicom_slice(oblique_phantom, 2)
    dataset.RescaleType = kind
    assert of_one(tmp_path, dataset).unit == unit


@pytest.mark.parametrize(("kind", "unit"), [("HU", "HU"), ("US", "")])
def test_unit_of_a_ct_with_a_table_is_what_the_table_says(tmp_path, oblique_phantom, dicom_slice, kind, unit):
    dataset, item = dicom_slice(oblique_phantom, 2), Dataset()
    del dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType
    item.add(DataElement(Tag("LUTDescriptor"), "US", [4, 0, 16]))
    item.add(DataElement(Tag("LUTData"), "OW", np.array([0, 100, 200, 40000], "<u2").tobytes()))
    item.ModalityLUTType = kind
    dataset.ModalityLUTSequence = [item]
    series = of_one(tmp_path, dataset)
    assert (series.unit, series.value_type) == (unit, "int32")


def test_overlay_is_announced(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 2)
    assert not of_one(tmp_path, dataset).overlays
    dataset.add_new(0x60000010, "US", 11)
    dataset.add_new(0x60000011, "US", 14)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60000100, "US", 1)
    dataset.add_new(0x60000102, "US", 0)
    dataset.add_new(0x60003000, "OB", bytes(20))
    assert of_one(tmp_path, dataset).overlays


def test_doubtful_character_set_is_noted(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 2)
    dataset.add(DataElement(Tag("SpecificCharacterSet"), "CS", "ISO_IR 999"))
    dataset[Tag("PatientName")] = RawDataElement(Tag("PatientName"), "PN", 4, b"M\xe4rz", 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        series = of_one(tmp_path, dataset)
    assert "character set" in series.notes[0]


def pet(volume: Volume, dicom_slice: Callable[..., Dataset], **told: object) -> Dataset:
    """70 kg, 370 MBq of FDG, one half-life (6,586.2 s = 1 h 49 min 46.2 s) from injection to scan."""
    dataset = dicom_slice(volume, 2, modality="MR")
    dataset.SOPClassUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.128", "PT"
    dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "START", ["NORM", "ATTN", "DECY"]
    dataset.PatientWeight = "70"
    dataset.SeriesDate = dataset.AcquisitionDate = "20200304"
    dataset.SeriesTime, dataset.AcquisitionTime = "104946.2", "105000"
    tracer = Dataset()
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "370000000", "6586.2"
    tracer.RadiopharmaceuticalStartTime = "090000"
    dataset.RadiopharmaceuticalInformationSequence = [tracer]
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    return dataset


def test_suv_factor_is_weight_over_the_decayed_dose(tmp_path, oblique_phantom, dicom_slice):
    series = of_one(tmp_path, pet(oblique_phantom, dicom_slice))
    assert series.suv_factor == pytest.approx(70_000 / 185e6, rel=1e-12)
    assert (series.unit, series.notes) == ("BQML", ())


@pytest.mark.parametrize("scanned_in", ["+0100", "-0330"])
def test_suv_counts_the_zone_of_the_injection_once(tmp_path, oblique_phantom, dicom_slice, scanned_in):
    nine_there = {"+0100": "20200304090000+0100", "-0330": "20200304133000+0100"}[scanned_in]
    dataset = pet(oblique_phantom, dicom_slice, TimezoneOffsetFromUTC=scanned_in)
    dataset.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = nine_there
    assert of_one(tmp_path, dataset).suv_factor == pytest.approx(70_000 / 185e6, rel=1e-12)


def test_suv_of_a_copy_made_later_begins_at_the_first_acquisition(tmp_path, oblique_phantom, dicom_slice):
    """All slices of a series have the factor of the first acquired, whichever stack or bed they are of."""
    files = []
    for n, acquired in enumerate(("112000", "104946.2", "113000")):
        dataset = pet(oblique_phantom, dicom_slice, SeriesTime="180000", AcquisitionTime=acquired)
        dataset.SOPInstanceUID = f"1.2.3.{n}"
        moved(dataset, 30.0 * n * oblique_phantom.geometry.direction[:, 2])
        if n == 2:
            dataset.ConvolutionKernel = "another"
        files.append(saved(dataset, tmp_path / f"{n}.dcm"))
    found = listed(files)
    assert len(found.series) == 2
    assert [series.suv_factor for series in found.series] == [pytest.approx(70_000 / 185e6, rel=1e-12)] * 2


def test_suv_of_general_electric_begins_at_its_private_scan_time(tmp_path, oblique_phantom, dicom_slice):
    dataset = pet(oblique_phantom, dicom_slice, SeriesTime="180000", AcquisitionTime="120000")
    dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20200304104946.20")
    assert of_one(tmp_path, dataset).suv_factor == pytest.approx(70_000 / 185e6, rel=1e-12)


def test_suv_of_philips_counts_is_the_private_factor(tmp_path, oblique_phantom, dicom_slice):
    dataset = pet(oblique_phantom, dicom_slice, Units="CNTS")
    dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.000534")
    assert of_one(tmp_path, dataset).suv_factor == 0.000534


def test_missing_weight_leaves_no_suv_and_says_so(tmp_path, oblique_phantom, dicom_slice):
    series = of_one(tmp_path, pet(oblique_phantom, dicom_slice, PatientWeight=""))
    assert series.suv_factor is None
    assert series.notes == ("No SUV: the file does not tell the weight.",)


# Unchanged


def check(series: Series, k: int) -> None:
    file = series.files[k]
    with file.open("rb") as stream:
        check_unchanged(read_header(stream, file.stat().st_size), series, k)


CHANGES = {
    "another image": lambda dataset: setattr(dataset, "SOPInstanceUID", "1.2.3"),
    "another series": lambda dataset: setattr(dataset, "SeriesInstanceUID", "1.2.3"),
    "another matrix": lambda dataset: setattr(dataset, "Rows", 10),
    "another orientation": lambda dataset: setattr(dataset, "ImageOrientationPatient", [1, 0, 0, 0, 1, 0]),
    "another pixel size": lambda dataset: setattr(dataset, "PixelSpacing", [1.3, 0.81]),
    "another position": lambda dataset: moved(dataset, np.array([0, 0, 0.2])),
    "no position": lambda dataset: delattr(dataset, "ImagePositionPatient"),
    "no pixel size": lambda dataset: delattr(dataset, "PixelSpacing"),
}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("change", list(CHANGES))
def test_file_that_is_no_longer_its_slice_is_told(tmp_path, oblique_phantom, write_dicom, change, whole):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(listed(files if whole else files[:3] + files[4:]))  # a grid, or slices each with its own place
    for k in range(series.frames):
        check(series, k)
    dataset = dcmread(series.files[4])
    CHANGES[change](dataset)
    saved(dataset, series.files[4])
    check(series, 3)
    with pytest.raises(SeriesError, match="changed since it was listed"):
        check(series, 4)


def test_frames_of_one_file_are_checked_each_at_its_place(tmp_path, oblique_phantom):
    file = saved(enhanced(oblique_phantom, (3, 0, 6, 1, 5, 2, 4)), tmp_path / "a.dcm")
    series = only(listed([file]))
    for k in range(7):
        check(series, k)
    saved(enhanced(oblique_phantom, (3, 0, 6, 2, 5, 1, 4)), file)
    check(series, 0)
    for k in (1, 2):
        with pytest.raises(SeriesError):
            check(series, k)


def test_every_bundled_file_is_listed_or_refused_and_stays_what_it_was():
    """Whatever is in pydicom's folder: one of the two, one sentence, a geometry, and an unchanged header."""
    files = [Path(name) for name in get_testdata_files() if Path(name).suffix == ".dcm"]
    looks = [look(file) for file in files]
    assert all(one.refused == one.instance.damage for one in looks if one.instance)
    found = series_of([one.instance for one in looks if one.instance and not one.refused])
    assert len(found) > 20
    for series in found:
        assert series.geometry.size == series.size
        for k in range(len(series.files)):
            check(series, k)


# The rest of a series


def test_the_rest_of_a_moment_takes_in_no_other_moment_of_its_file(tmp_path, oblique_phantom):
    for change in (
        lambda content, n: setattr(content, "TemporalPositionIndex", n // 7 + 1),
        lambda content, n: setattr(content, "DimensionIndexValues", [1, n % 7 + 1, n // 7 + 4]),
    ):
        dataset = enhanced(oblique_phantom, [*range(7), *range(7)])
        for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            change(frame.FrameContentSequence[0], n)
        one, _ = files.scan([saved(dataset, tmp_path / "both.dcm")]).series
        rest = files.without(one, {3: "frame 4 is damaged"})
        assert rest.frame_numbers == tuple(n for n in one.frame_numbers if n != one.frame_numbers[3])
        assert (rest.moment, rest.verdict.kind) == (one.moment, "missing")


def test_the_rest_of_a_pet_series_has_the_factor_of_the_whole(tmp_path, oblique_phantom, dicom_slice):
    paths = []
    for n, acquired in enumerate(("104946.2", "112000", "113000")):
        dataset = pet(oblique_phantom, dicom_slice, SeriesTime="180000", AcquisitionTime=acquired)
        dataset.SOPInstanceUID = f"1.2.3.{n}"
        moved(dataset, 3.0 * n * oblique_phantom.geometry.direction[:, 2])
        paths.append(saved(dataset, tmp_path / f"{n}.dcm"))
    series = only(listed(paths))
    first = series.files.index(paths[0])
    assert files.without(series, {first: "it is damaged"}).suv_factor == series.suv_factor


def test_the_rest_of_what_is_in_doubt_is_not_judged_anew(tmp_path, oblique_phantom, write_dicom):
    paths = write_dicom(tmp_path, oblique_phantom)
    twin = dcmread(paths[3])
    twin.ConvolutionKernel = "another"
    saved(twin, tmp_path / "twin.dcm")
    series = max(listed([*paths, tmp_path / "twin.dcm"]).series, key=lambda series: series.frames)
    assert series.verdict.kind == "duplicate"
    with pytest.raises(SeriesError, match="more than once"):
        files.without(series, {0: "it is damaged"})


# Radiographs, which have no position but sides


def radiograph(dicom_slice, phantom, path: Path, **told) -> Path:
    dataset = dicom_slice(phantom, 0)
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("told", "sides"),
    [
        (["L", "F"], ("L", "F")),
        (["P", "FR"], ("P", "FR")),
        (["L", "R"], None),  # rows and columns along one line
        (["L", "L"], None),
        (["LE", "D"], None),  # an animal
        (["L"], None),
        ("", None),
        (["l", "f"], None),
        (["X", "F"], None),
    ],
)
def test_a_radiograph_has_the_sides_that_its_file_gives(tmp_path, oblique_phantom, dicom_slice, told, sides):
    path = radiograph(dicom_slice, oblique_phantom, tmp_path / "a.dcm", PatientOrientation=told)
    assert only(listed([path])).sides == sides


def test_the_file_of_a_radiograph_names_its_view(tmp_path, oblique_phantom, dicom_slice):
    path = radiograph(dicom_slice, oblique_phantom, tmp_path / "a.dcm", ImageLaterality="R", ViewPosition="CC")
    assert only(listed([path])).view == "R CC"


def test_pictures_that_lie_differently_have_no_sides_in_common(tmp_path, oblique_phantom, dicom_slice):
    for name, way in (("a", "L"), ("b", "R")):
        radiograph(dicom_slice, oblique_phantom, tmp_path / name, PatientOrientation=[way, "F"], ViewPosition=way)
    for series in listed([tmp_path / "a", tmp_path / "b"]).series:
        assert len(series.files) == 1 or (series.sides, series.view) == (None, "")


def test_a_position_says_more_than_the_sides(tmp_path, oblique_phantom, write_dicom):
    def change(dataset, k):
        dataset.PatientOrientation = ["R", "H"]

    assert only(listed(write_dicom(tmp_path, oblique_phantom, change=change))).sides is None
