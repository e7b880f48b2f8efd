"""Who the patient is stands in no file of annotations, and in none that is written for research; who annotated does."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt

from viewer.gui import object_export
from viewer.gui.importing import ImportDialog

CANARIES = {
    "PatientName": "CANARYNAME^Jane",
    "PatientID": "CANARYID",
    "PatientBirthDate": "19010203",
    "AccessionNumber": "CANARYACC",
    "StudyID": "CANARYSTUDY",
    "InstitutionName": "CANARYPLACE",
    "ReferringPhysicianName": "CANARYDOCTOR",
    "StudyDescription": "CANARYTEXT",
    "SeriesDescription": "CANARYSERIES",
}
WORDS = (b"CANARY", b"Jane", b"19010203")
MAPS = ("nrrd", "nifti", "mha")


@pytest.fixture
def window(start, write_dicom, tmp_path, oblique_phantom, qtbot):
    def change(dataset, k):
        dataset.FrameOfReferenceUID, dataset.StudyTime = "1.2.826.0.1.3680043.10.1338.7", "101112"
        for keyword, value in CANARIES.items():
            setattr(dataset, keyword, value)

    write_dicom(tmp_path / "CANARYFOLDER", oblique_phantom, change=change)
    window = start()
    window.open_paths([tmp_path / "CANARYFOLDER"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    return window


def rest(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.workflows.jobs.idle, timeout=30_000)


def telling(folder: Path) -> list[str]:
    """The files below a folder in which a canary stands, packed or not."""
    found = []
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for unpack in (gzip.decompress, zlib.decompress):
            try:
                content += unpack(content)
            except (OSError, EOFError, zlib.error):
                continue
        if any(word in content for word in WORDS):
            found.append(file.name)
    return found


def annotate(window, tmp_path, qtbot) -> None:
    session = window.session
    session.draw("Draw", (slice(2, 4), slice(0, 4), slice(0, 4)), np.ones((2, 4, 4), bool))
    session.add_measurement("length", [(2.25, 3.5, 3), (8, 7.75, 3)], 2, "Lesion")
    out = tmp_path / "dicom"
    out.mkdir()
    window._settings.keep(observer="Ada Lovelace")
    values = [label.value for label in session.labels]
    window.workflows.export_labels(out / "CANARYFILE.dcm", "seg", values, observer="Ada Lovelace")
    rest(window, qtbot)
    window.importing.offer(out / "CANARYFILE.dcm")
    qtbot.waitUntil(lambda: window.findChild(ImportDialog) is not None, timeout=20_000)
    dialog = window.findChild(ImportDialog)
    dialog.there.setCurrentIndex(1)
    session.draw("Erase", (slice(2, 4), slice(0, 4), slice(0, 4)), np.ones((2, 4, 4), bool), erase=True)
    dialog.take.click()
    rest(window, qtbot)
    assert session.history.undo_title == "Import annotations"
    session.toggle_confirmed("axial")  # after the import, which takes it back from slices that it changes


def test_annotations_and_files_for_research_do_not_tell_the_patient(window, tmp_path, qtbot):
    annotate(window, tmp_path, qtbot)
    out = tmp_path / "research"
    out.mkdir()
    values = [label.value for label in window.session.labels]
    for kind, suffix in zip(MAPS, (".seg.nrrd", ".nii.gz", ".mha"), strict=True):
        window.workflows.export_labels(out / f"{kind}{suffix}", kind, values, observer="Ada Lovelace")
        rest(window, qtbot)
    for kind, name in ((object_export._JSON, "m.json"), (object_export._CSV, "m.csv")):
        window.object_export.write(kind, out / name)
        rest(window, qtbot)
    assert len(list(out.iterdir())) == 7  # with the two tables
    assert telling(out) == []
    kept = tmp_path / "kept"
    kept.mkdir()
    stored = list((tmp_path / "user").glob("annotations.sqlite*"))
    assert stored
    for file in stored:
        (kept / file.name).write_bytes(file.read_bytes())
    assert telling(kept) == []
    assert telling(tmp_path / "dicom") == ["CANARYFILE.dcm"]  # a DICOM object is of its patient: it would be found


def test_objects_name_their_author_and_the_list_who_confirmed(window, tmp_path, qtbot):
    annotate(window, tmp_path, qtbot)
    assert str(dcmread(tmp_path / "dicom" / "CANARYFILE.dcm").ContentCreatorName).rstrip("^") == "Ada Lovelace"
    panel = window.label_panel
    qtbot.waitUntil(lambda: bool(window.workflows.confirmations()) and panel.confirmed.count() > 0, timeout=10_000)
    ((place, (name, moment)),) = window.workflows.confirmations().items()
    (item,) = [panel.confirmed.item(n) for n in range(panel.confirmed.count())]
    assert item.data(Qt.ItemDataRole.UserRole) == place
    panel.confirmed.itemEntered.emit(item)
    assert f"by {name}, {moment[:4]}" in item.toolTip()
