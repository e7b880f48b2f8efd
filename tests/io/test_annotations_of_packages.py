"""The segmentations, structure sets and reports that pydicom ships: each in its place, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread

from tests.listed_series import listed_series
from viewer.core.geometry import Geometry
from viewer.core.laying import Found, lay, why_not_of
from viewer.core.study import SeriesError
from viewer.io.files import look
from viewer.io.found_objects import FoundReport, read_found

FOLDER = Path(next(iter(pydicom.data.__path__))) / "test_files"
LIVER_OF = "1.2.392.200103.20080913.113635.1.2009.6.22.21.43.10.23430.1"


@pytest.mark.parametrize("name", ["liver_1frame.dcm", "liver_expb_1frame.dcm"])
def test_a_segmentation_with_fewer_pixels_than_frames_is_refused_and_belongs_to_its_series(name):
    with pytest.raises(SeriesError, match="damaged, or not what it says it is"):
        read_found(FOLDER / name)
    seen = look(FOLDER / name)
    assert (seen.annotation, seen.annotates) == ("segmentation", (LIVER_OF,))


@pytest.mark.parametrize(
    ("name", "shapes"), [("reportsi.dcm", 0), ("reportsi_with_empty_number_tags.dcm", 0), ("test-SR.dcm", 1)]
)
def test_reports_hold_the_shapes_that_they_hold(name, shapes):
    found = read_found(FOLDER / name)
    assert isinstance(found, FoundReport) and len(found.shapes) == shapes
    assert look(FOLDER / name).annotation == "report"


def test_the_point_of_the_sample_report_is_on_its_image():
    found = read_found(FOLDER / "test-SR.dcm")
    assert isinstance(found, FoundReport)
    (shape,) = found.shapes
    (item,) = [x for x in dcmread(FOLDER / "test-SR.dcm").iterall() if x.keyword == "GraphicData"]
    assert np.ravel(shape.points).tolist() == pytest.approx(list(map(float, np.ravel(item.value))))


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtplan.dcm", "CT_small.dcm"])
def test_what_is_no_annotation_is_refused(name):
    with pytest.raises(SeriesError, match="holds no segmentation, structure set or report"):
        read_found(FOLDER / name)
    assert look(FOLDER / name).annotation is None


def test_the_structure_of_the_sample_lies_where_its_outlines_are():
    found = read_found(FOLDER / "rtstruct.dcm")
    assert isinstance(found, Found)
    dataset = dcmread(FOLDER / "rtstruct.dcm", force=True)
    contours = [
        np.array(one.ContourData, float).reshape(-1, 3)
        for of_region in dataset.ROIContourSequence
        for one in of_region.ContourSequence
        if one.ContourGeometricType == "CLOSED_PLANAR"
    ]
    points = np.concatenate(contours)
    heights = np.unique(points[:, 2])
    fine = 0.25
    step = float(np.diff(heights).min()) if len(heights) > 1 else 1.0
    low = points.min(axis=0) - (4.3, 4.7, step)
    size = np.ceil((points.max(axis=0) + 5 - low) / (fine, fine, step)).astype(int) + 1
    onto = Geometry((size[0], size[1], size[2]), (fine, fine, step), low, np.eye(3))
    series = listed_series(look(FOLDER / "rtstruct.dcm").annotates[0])
    assert not why_not_of(found.source, series)
    assert "another series" in why_not_of(found.source, listed_series("1.2.3.4"))
    (one,) = lay(found, onto)
    places = np.argwhere(one.voxels) + [span.start for span in one.box]
    areas, middles = [], []
    for contour in contours:  # the shoelace formula
        x, y = contour[:, 0], contour[:, 1]
        cross = x * np.roll(y, -1) - np.roll(x, -1) * y
        areas.append(abs(cross.sum() / 2))
        middles.append([((x + np.roll(x, -1)) * cross).sum(), ((y + np.roll(y, -1)) * cross).sum()] / (3 * cross.sum()))
    assert one.count * fine**2 == pytest.approx(sum(areas), rel=0.02)
    middle = np.average(middles, axis=0, weights=areas)
    np.testing.assert_allclose(onto.index_to_lps(places[:, ::-1]).mean(axis=0)[:2], middle, atol=0.2)
