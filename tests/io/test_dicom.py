"""DICOM in: headers to stacks with a verdict, pixels to values; SimpleITK and hand-made phantoms are the judges."""

from __future__ import annotations

import random
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import JPEG2000Lossless, RLELossless, generate_uid

from viewer.core.geometry import Geometry
from viewer.core.study import Scan, Series, SeriesError
from viewer.core.volume import Volume
from viewer.io.dicom import read_dicom, scan_dicom


def only(scan: Scan) -> Series:
    assert [refusal.reason for refusal in scan.refused] == []
    assert len(scan.series) == 1
    return scan.series[0]


def marker_lps(voxels: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Where the brightest voxel lies in the patient."""
    k, j, i = np.unravel_index(np.argmax(voxels), voxels.shape)
    return geometry.index_to_lps((i, j, k))


def enlarged(volume: Volume) -> Volume:
    """The phantom repeated in its plane: the JPEG 2000 encoder takes no picture smaller than 32 pixels."""
    voxels = np.tile(volume.voxels, (1, 4, 3))
    size = (voxels.shape[2], voxels.shape[1], voxels.shape[0])
    return Volume(voxels, replace(volume.geometry, size=size), unit=volume.unit, modality=volume.modality)


def read_by_simpleitk(files: list[Path] | tuple[Path, ...]) -> sitk.Image:
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
    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, phantom))))
    apart = marker_lps(volume.voxels, volume.geometry) - marker_lps(phantom.voxels, phantom.geometry)
    assert np.abs(apart).max() < 0.01
    assert volume.voxels.max() == phantom.voxels.max()


def test_volume_equals_the_phantom_it_was_written_from(tmp_path, oblique_phantom, write_dicom):
    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom)))
    volume = read_dicom(series)
    assert series.verdict.kind == "regular"
    assert series.size == oblique_phantom.geometry.size
    assert volume.geometry.same_grid(oblique_phantom.geometry)
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.voxels.dtype == np.int16
    assert (volume.unit, volume.modality) == ("HU", "CT")


def test_volume_equals_simpleitk(tmp_path, phantom, write_dicom):
    write_dicom(tmp_path, phantom)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    volume = read_dicom(only(scan_dicom(tmp_path.iterdir())))
    assert_equals_simpleitk(volume, read_by_simpleitk([Path(name) for name in names]))


@pytest.mark.parametrize("seed", range(4))
def test_order_of_files_changes_nothing(tmp_path, oblique_phantom, write_dicom, seed):
    files = write_dicom(tmp_path, oblique_phantom)
    expected = only(scan_dicom(files))
    random.Random(seed).shuffle(files)
    assert only(scan_dicom(files)) == expected


def test_slice_thickness_is_not_taken_for_the_spacing(tmp_path, oblique_phantom, write_dicom):
    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom)))
    assert series.spacing_mm == pytest.approx(oblique_phantom.geometry.spacing)


def test_header_fields_reach_the_series(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.WindowCenter, dataset.WindowWidth = [40, 500], [400, 1500]
        dataset.LossyImageCompression = "01"

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert (series.patient_name, series.patient_id) == ("Canary^Patient", "CANARY-7")
    assert (series.modality, series.description, series.number) == ("CT", "phantom", 4)
    assert series.window == (40, 400)
    assert series.lossy


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_slices_decode_to_the_same_values(tmp_path, oblique_phantom, write_dicom, syntax):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(syntax, generate_instance_uid=False)

    large = enlarged(oblique_phantom)
    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, large, change=change))))
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
    series = only(scan_dicom([file]))
    image = sitk.ReadImage(str(file))
    volume = read_dicom(series)
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
    assert series.verdict.kind == "2d"
    np.testing.assert_allclose(volume.geometry.origin, image.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(volume.geometry.spacing[:2], image.GetSpacing()[:2], atol=1e-6)
    np.testing.assert_allclose(volume.geometry.direction.ravel(), image.GetDirection(), atol=1e-4)


def test_bundled_series_equals_simpleitk():
    folder = Path(str(get_testdata_file("dicomdirtests/98892001/CT5N/2062"))).parent
    series = only(scan_dicom(folder.iterdir()))
    assert series.verdict.kind == "regular"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    assert_equals_simpleitk(read_dicom(series), read_by_simpleitk([Path(name) for name in names]))


def test_single_slice_says_that_nothing_is_measured_across_it(tmp_path, oblique_phantom, write_dicom):
    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom)[:1]))
    assert series.verdict.kind == "2d"
    assert series.spacing_mm is None
    assert read_dicom(series).geometry.size[2] == 1


# Values


def test_each_slice_has_its_own_rescale(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = k + 1, -1024 - 10 * k

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    series = only(scan_dicom(files))
    volume = read_dicom(series)
    for k, file in enumerate(series.files):
        image = sitk.ReadImage(str(file))
        np.testing.assert_array_equal(volume.voxels[k], sitk.GetArrayViewFromImage(image)[0])


def test_fractional_slope_gives_real_numbers(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope = "0.25"

    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))))
    assert volume.voxels.dtype == np.float32
    np.testing.assert_allclose(volume.voxels, (oblique_phantom.voxels + 1024) * 0.25 - 1024, atol=1e-3)


def test_ct_without_a_rescale_has_no_hounsfield_units(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        del dataset.RescaleSlope
        del dataset.RescaleIntercept

    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))))
    assert volume.unit == ""
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels + 1024)


def test_mr_values_have_no_unit(tmp_path, oblique_phantom, write_dicom):
    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, modality="MR"))))
    assert (volume.unit, volume.modality) == ("", "MR")


def test_signed_twelve_bit_pixels_keep_their_sign(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 12, 11
        dataset.RescaleIntercept = 0
        dataset.PixelData = oblique_phantom.voxels[k].astype("<i2").tobytes()

    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)


def test_values_beyond_sixteen_bits_do_not_wrap(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
        stored = np.full((dataset.Rows, dataset.Columns), 2**32 - 6, dtype="<u4")
        dataset.PixelData = stored.tobytes()

    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_allclose(volume.voxels, 2.0**32 - 6 - 1024, rtol=1e-6)


def test_large_whole_slopes_do_not_wrap(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = 2**21, 0  # 2**32 / 2**21 = 2048 wraps to 0 in 32 bits
        dataset.PixelData = np.full((dataset.Rows, dataset.Columns), 2048, dtype="<u2").tobytes()

    volume = read_dicom(only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))))
    np.testing.assert_allclose(volume.voxels, 2.0**32, rtol=1e-6)


@pytest.mark.parametrize(("slope", "intercept"), [("0", "0"), ("1", "1e30"), ("1e-40", "0"), ("1e200", "0")])
def test_impossible_rescale_is_refused(tmp_path, oblique_phantom, write_dicom, slope, intercept):
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    with pytest.raises(SeriesError, match="rescale"):
        read_dicom(series)


# Verdicts


def verdict_of(tmp_path, volume, write_dicom, change=lambda dataset, k: None, without=()) -> tuple[str, str]:
    files = write_dicom(tmp_path, volume, change=change)
    series = only(scan_dicom(file for k, file in enumerate(files) if k not in without))
    if series.verdict.kind != "regular":
        with pytest.raises(SeriesError):
            read_dicom(series)
    return series.verdict.kind, series.verdict.detail


def moved(dataset: Dataset, vector_lps: np.ndarray) -> None:
    position = np.array(dataset.ImagePositionPatient, dtype=float) + vector_lps
    dataset.ImagePositionPatient = [f"{p:.10g}" for p in position]


def test_missing_slices_are_counted_and_placed(tmp_path, oblique_phantom, write_dicom):
    kind, detail = verdict_of(tmp_path, oblique_phantom, write_dicom, without=(3,))
    along = oblique_phantom.geometry.index_to_lps((0, 0, 2)) @ oblique_phantom.geometry.direction[:, 2]
    assert kind == "missing"
    assert detail.startswith("1 slice")
    assert f"{along:.1f} mm" in detail


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
def test_unusable_geometry_is_refused_and_not_repaired(tmp_path, oblique_phantom, write_dicom, fault):
    kind, _ = verdict_of(tmp_path, oblique_phantom, write_dicom, lambda dataset, k: BROKEN_GEOMETRY[fault](dataset))
    assert kind == "no-position"


@pytest.mark.parametrize("fault", ["zero orientation", "short position", "no position"])
def test_single_slice_without_a_place_has_no_patient_space(tmp_path, oblique_phantom, dicom_slice, fault):
    dataset = dicom_slice(oblique_phantom, 0)
    BROKEN_GEOMETRY[fault](dataset)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = read_dicom(only(scan_dicom([tmp_path / "a.dcm"])))
    assert not volume.geometry.patient_space


# Stacks


def test_localiser_of_another_orientation_is_a_stack_of_its_own(tmp_path, oblique_phantom, write_dicom, dicom_slice):
    files = write_dicom(tmp_path, oblique_phantom)
    scout = dicom_slice(oblique_phantom, 0)
    scout.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    scout.SOPInstanceUID = generate_uid(entropy_srcs=["scout"])
    scout.save_as(tmp_path / "scout.dcm", enforce_file_format=True)
    scan = scan_dicom([tmp_path / "scout.dcm", *files])
    assert sorted(series.verdict.kind for series in scan.series) == ["2d", "regular"]
    assert len({series.uid for series in scan.series}) == 2


def test_other_matrix_becomes_a_stack_of_its_own(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 0:
            dataset.Rows -= 1
            dataset.PixelData = dataset.PixelData[: 2 * dataset.Rows * dataset.Columns]

    scan = scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change))
    assert sorted(series.verdict.kind for series in scan.series) == ["2d", "regular"]


@pytest.mark.parametrize("middle", [0.0005, 0.0015, 0.7005])
def test_rounding_of_direction_cosines_does_not_split_a_stack(tmp_path, oblique_phantom, write_dicom, middle):
    """Scanners write cosines that differ in the last digits; no value of a cosine may sit on an edge of a bin."""

    def change(dataset: Dataset, k: int) -> None:
        cosine = middle + (1e-6 if k % 2 else -1e-6)
        row = np.array([np.sqrt(1 - cosine**2), cosine, 0.0])
        dataset.ImageOrientationPatient = [f"{c:.9f}" for c in (*row, -row[1], row[0], 0.0)]
        dataset.ImagePositionPatient = [0, 0, 2.5 * k]

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    assert series.verdict.kind == "regular"


def test_cosines_on_both_sides_of_the_first_stay_one_stack(tmp_path, oblique_phantom, write_dicom):
    """Slices within the tolerance of the first may be twice as far from each other; they are read all the same."""

    def change(dataset: Dataset, k: int) -> None:
        cosine = 0.3 + {0: -9e-4, 6: 0.0}.get(k, 9e-4)  # the last has the lowest number
        row = np.array([np.sqrt(1 - cosine**2), cosine, 0.0])
        dataset.ImageOrientationPatient = [f"{c:.9f}" for c in (*row, -row[1], row[0], 0.0)]
        dataset.ImagePositionPatient = [0, 0, 2.5 * k]

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    np.testing.assert_array_equal(read_dicom(series).voxels, oblique_phantom.voxels)


def test_files_without_uids_are_kept_together_and_keep_their_name(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.StudyInstanceUID = dataset.SeriesInstanceUID = dataset.SOPClassUID = ""

    files = write_dicom(tmp_path, oblique_phantom, change=change)
    first, again = only(scan_dicom(files)), only(scan_dicom(reversed(files)))
    assert first.verdict.kind == "regular"
    assert first.uid
    assert first.study_uid
    assert (first.uid, first.study_uid) == (again.uid, again.study_uid)


def test_two_series_stay_two(tmp_path, oblique_phantom, write_dicom):
    files = [*write_dicom(tmp_path, oblique_phantom, series="a"), *write_dicom(tmp_path, oblique_phantom, series="b")]
    scan = scan_dicom(files)
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
        "examples_rgb_color.dcm",
        "examples_palette.dcm",
        "SC_rgb_jpeg.dcm",
        "rtdose.dcm",
    ],
)
def test_what_is_no_grey_picture_is_refused_with_one_sentence(name):
    scan = scan_dicom([Path(str(get_testdata_file(name)))])
    assert scan.series == ()
    assert len(scan.refused) == 1
    assert "\n" not in scan.refused[0].reason
    assert scan.refused[0].reason


def test_a_text_that_says_it_is_dicom_is_refused(tmp_path):
    file = tmp_path / "a.dcm"
    file.write_bytes(b"\0" * 128 + b"DICM" + b"this is no DICOM at all" * 20)
    scan = scan_dicom([file])
    assert scan.series == ()
    assert [refusal.file for refusal in scan.refused] == [file]


def test_a_damaged_file_does_not_keep_the_others_from_being_found(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(files[0].read_bytes()[:200])
    scan = scan_dicom([broken, *files])
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
        scan = scan_dicom(files)
        for series in scan.series:
            if keyword == "RescaleSlope":
                with pytest.raises(SeriesError):
                    read_dicom(series)
            elif series.verdict.is_volume:
                read_dicom(series)
    assert sum(len(series.files) for series in scan.series) + len(scan.refused) == len(files)


def test_bogus_character_set_is_shown_somehow(tmp_path, oblique_phantom, dicom_slice):
    dataset = dicom_slice(oblique_phantom, 0)
    dataset.PatientName = "Name"
    dataset.add(DataElement(Tag("SpecificCharacterSet"), "CS", "ISO_IR 999"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        assert only(scan_dicom([tmp_path / "a.dcm"])).patient_name


def test_missing_pixels_are_refused_when_read(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        if k == 3:
            del dataset.PixelData

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    with pytest.raises(SeriesError, match="pixels"):
        read_dicom(series)


@pytest.mark.parametrize("lost_bytes", [1, 40, 250])
def test_truncated_pixels_are_refused_and_never_shown_as_zeros(tmp_path, oblique_phantom, write_dicom, lost_bytes):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan_dicom(files))
    files[2].write_bytes(files[2].read_bytes()[:-lost_bytes])
    with pytest.raises(SeriesError, match=r"fetch it again|cannot be decoded"):
        read_dicom(series)


def test_header_that_promises_more_pixels_than_there_are_is_refused(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.Rows = dataset.Columns = 65535

    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom, change=change)))
    with pytest.raises(SeriesError):
        read_dicom(series)


def test_codestream_of_another_size_than_the_header_is_refused(tmp_path, oblique_phantom, write_dicom):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        dataset.Columns += 2

    series = only(scan_dicom(write_dicom(tmp_path, enlarged(oblique_phantom), change=change)))
    with pytest.raises(SeriesError):
        read_dicom(series)


def test_files_replaced_after_the_scan_are_refused(tmp_path, oblique_phantom, write_dicom, dicom_slice):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan_dicom(files))
    other = dicom_slice(oblique_phantom, 2)
    other.Rows -= 1
    other.PixelData = other.PixelData[: 2 * other.Rows * other.Columns]
    other.save_as(files[2], enforce_file_format=True)
    with pytest.raises(SeriesError):
        read_dicom(series)


def test_file_moved_to_another_position_after_the_scan_is_refused(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan_dicom(files))
    dataset = dcmread(files[2])
    moved(dataset, 40 * oblique_phantom.geometry.direction[:, 2])
    dataset.save_as(files[2], enforce_file_format=True)
    with pytest.raises(SeriesError):
        read_dicom(series)


def test_series_replaced_by_another_after_the_scan_is_refused(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan_dicom(files))
    for file in files:
        dataset = dcmread(file)
        dataset.SeriesInstanceUID = generate_uid()
        dataset.save_as(file, enforce_file_format=True)
    with pytest.raises(SeriesError, match="changed since it was listed"):
        read_dicom(series)


@pytest.mark.parametrize("lost_bytes", [20, 200, 900])
def test_truncated_codestream_is_refused(tmp_path, oblique_phantom, write_dicom, lost_bytes):
    def change(dataset: Dataset, k: int) -> None:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)

    files = write_dicom(tmp_path, enlarged(oblique_phantom), change=change)
    series = only(scan_dicom(files))
    files[2].write_bytes(files[2].read_bytes()[:-lost_bytes])
    with pytest.raises(SeriesError, match=r"fetch it again|cannot be decoded"):
        read_dicom(series)


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
            for series in scan_dicom([file]).series:
                try:
                    read_dicom(series)
                except SeriesError:
                    continue


# Cancel


class Stop(Exception):
    """What a cancelled job raises."""


def test_scan_can_be_cancelled(tmp_path, oblique_phantom, write_dicom):
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Stop

    with pytest.raises(Stop):
        scan_dicom(write_dicom(tmp_path, oblique_phantom), check)
    assert len(calls) == 3


def test_reading_reports_progress_and_can_be_cancelled(tmp_path, oblique_phantom, write_dicom):
    series = only(scan_dicom(write_dicom(tmp_path, oblique_phantom)))
    fractions = []

    def progress(fraction: float, text: str) -> None:
        fractions.append(fraction)
        if len(fractions) == 4:
            raise Stop

    with pytest.raises(Stop):
        read_dicom(series, progress)
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
