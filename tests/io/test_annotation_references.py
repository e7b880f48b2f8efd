"""Files of annotations that a look at a folder finds are listed under the series that they name."""

from __future__ import annotations

import pytest
from pydicom import dcmread

from tests.labelled_series import labelled, only_series, placed
from tests.marked_patient import write_slices
from viewer.core.measuring import Measurement, values_of
from viewer.core.study import Scan
from viewer.io import files
from viewer.io.label_export import save_labels
from viewer.io.library import Library
from viewer.io.reports import write_report


@pytest.fixture
def folder(tmp_path):
    """A scan with a segmentation, a structure set and a report of it beside its slices."""
    write_slices(tmp_path / "scan", "LPH", change=placed())
    series = only_series(tmp_path / "scan")
    save_labels(labelled(series), tmp_path / "scan" / "seg.dcm", "seg")
    save_labels(labelled(series), tmp_path / "scan" / "rt.dcm", "rtstruct")
    volume = files.read_series(series)
    length = Measurement(1, "length", ((2.0, 3.0, 3), (8.0, 7.0, 3)), 2)
    write_report(
        tmp_path / "scan" / "sr.dcm", [(length, values_of(length, volume, series))], series, volume.geometry, ""
    )
    return tmp_path / "scan"


def test_they_are_listed_under_the_series_that_they_name_and_go_with_it(folder, tmp_path):
    scan = files.scan([folder])
    (series,) = scan.series
    kinds = {one.file.name: (one.kind, one.series_uids) for one in scan.annotations}
    uids = (series.uid,)
    assert kinds == {"seg.dcm": ("segmentation", uids), "rt.dcm": ("structures", uids), "sr.dcm": ("report", uids)}
    library = Library(tmp_path / "library.sqlite")
    library.add(scan)
    listed = library.annotations([series.uid, "1.2.3"])
    assert {one.file.name: one.kind for one in listed[series.uid]} == {k: v[0] for k, v in kinds.items()}
    assert listed.keys() == {series.uid}
    library.remove(series.uid)
    library.add(Scan((series,)))
    assert library.annotations([series.uid]) == {}
    library.close()


def test_what_is_odd_in_the_references_of_an_image_does_not_matter_and_of_annotations_lists_them_nowhere(folder):
    for name in ("seg.dcm", sorted(file.name for file in folder.iterdir() if file.suffix != ".dcm")[0]):
        dataset = dcmread(folder / name)
        if "ReferencedSeriesSequence" in dataset:
            del dataset.ReferencedSeriesSequence
        dataset.save_as(folder / name)
        content = bytearray((folder / name).read_bytes())
        at = content.index(b"\x20\x00\x0d\x00")  # StudyInstanceUID, behind all of group 8
        content[at:at] = b"\x08\x00\x15\x11SQ\0\0\x06\0\0\0broken"
        (folder / name).write_bytes(bytes(content))
    scan = files.scan([folder])
    assert len(scan.series) == 1 and scan.series[0].frames == 26
    assert "seg.dcm" not in {one.file.name for one in scan.annotations}
    assert "a segmentation" in {one.file.name: one.reason for one in scan.refused}["seg.dcm"]
