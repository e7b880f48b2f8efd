"""Whole series as they come from scanners and archives equal SimpleITK in voxels, spacing, origin and direction.

With SLICEWISE_TEST_DATA set to a folder of DICOM series, NIfTI or other volumes, each series in it is compared as well.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file

import resources
from viewer.core.study import Series
from viewer.io.files import read_series, scan

TEST_DATA = os.environ.get("SLICEWISE_TEST_DATA", "")


def read_by_simpleitk(series: Series) -> sitk.Image:
    if len(series.files) > 1:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(file) for file in series.files])
        return reader.Execute()
    image = sitk.ReadImage(str(series.files[0]))
    if image.GetDimension() == 4:
        size = [*image.GetSize()[:3], 0]
        image = sitk.Extract(image, size, [0, 0, 0, series.frame_numbers[0]])
    return image if image.GetDimension() == 3 else sitk.JoinSeries(image)


def assert_equals_simpleitk(series: Series) -> None:
    volume, image = read_series(series), read_by_simpleitk(series)
    geometry = volume.geometry
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
    # Of a single slice SimpleITK takes its thickness for a distance to the next.
    axes = 3 if geometry.size[2] > 1 else 2
    if geometry.calibrated:
        np.testing.assert_allclose(geometry.spacing[:axes], image.GetSpacing()[:axes], rtol=1e-5)
    if geometry.patient_space:
        np.testing.assert_allclose(geometry.origin, image.GetOrigin(), atol=1e-3)
        np.testing.assert_allclose(geometry.direction.ravel(), image.GetDirection(), atol=1e-5)
        last = [n - 1 for n in geometry.size]
        np.testing.assert_allclose(geometry.index_to_lps(last), image.TransformIndexToPhysicalPoint(last), atol=1e-2)


def is_comparable(series: Series) -> bool:
    """SimpleITK knows no place of files with many frames, keeps colours as they are stored and opens no archives."""
    one_frame_each = len(set(series.files)) == len(series.files) == len(series.frame_numbers or series.files)
    return series.verdict.is_volume and not series.colour and one_frame_each and series.files[0].is_file()


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_bundled_slice_equals_simpleitk(name):
    found = scan([Path(str(get_testdata_file(name)))])
    assert len(found.series) == 1
    assert_equals_simpleitk(found.series[0])


def test_demo_study_equals_simpleitk():
    found = scan([resources.path("demo", "mni152-t1")])
    assert [series.verdict.kind for series in found.series] == ["regular"]
    assert found.refused == ()
    assert_equals_simpleitk(found.series[0])


@pytest.mark.skipif(not TEST_DATA, reason="SLICEWISE_TEST_DATA names no folder")
def test_every_series_of_the_test_data_equals_simpleitk():
    compared = 0
    for series in scan([Path(TEST_DATA)]).series:
        if is_comparable(series):
            assert_equals_simpleitk(series)
            compared += 1
    assert compared > 0
