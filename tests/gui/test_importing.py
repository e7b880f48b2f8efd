"""Annotations of others dropped on the window or chosen, and measurements exported as objects, in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog

from viewer.core.volume import to_image
from viewer.gui import object_export, where_to_save
from viewer.gui.importing import ImportDialog
from viewer.gui.language import tr

SPACE = "1.2.826.0.1.3680043.10.1338.7"


@pytest.fixture
def window(start, write_dicom, tmp_path, oblique_phantom, qtbot):
    """A small series of a known frame of reference, open."""

    def change(dataset, k):
        dataset.FrameOfReferenceUID = SPACE
        dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "101112", "1", ""
        dataset.ReferringPhysicianName = ""

    write_dicom(tmp_path / "ct", oblique_phantom, change=change)
    window = start()
    window.open_paths([tmp_path / "ct"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    return window


def structure_set(window, path, k: float, space: str = SPACE):
    """A square on a slice of the open series, or between two, as a radiotherapy structure set."""
    series, geometry = window.session.series, window.session.volume.geometry
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Modality = "RTSTRUCT"
    one, study, frame = Dataset(), Dataset(), Dataset()
    one.SeriesInstanceUID = series.uid
    study.RTReferencedSeriesSequence = [one]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = space, [study]
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    region, drawn, contour = Dataset(), Dataset(), Dataset()
    region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = 1, "Heart", space
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
    points = geometry.index_to_lps([(2.6, 2.6, k), (7.4, 2.6, k), (7.4, 7.4, k), (2.6, 7.4, k)])
    contour.ContourData = [f"{x:.10g}" for x in points.ravel()]
    drawn.ReferencedROINumber, drawn.ROIDisplayColor, drawn.ContourSequence = 1, [10, 20, 30], [contour]
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [region], [drawn]
    dataset.save_as(path, enforce_file_format=True)
    return path


def dialog_after(window, qtbot) -> ImportDialog:
    qtbot.waitUntil(lambda: window.findChild(ImportDialog) is not None, timeout=20_000)
    return window.findChild(ImportDialog)


def rest(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.workflows.jobs.idle, timeout=20_000)


def test_a_dropped_structure_set_becomes_a_label_by_one_edit(window, tmp_path, qtbot):
    window.open_paths([structure_set(window, tmp_path / "rt.dcm", 3)])
    dialog = dialog_after(window, qtbot)
    assert dialog.take.isEnabled() and dialog.resample.isHidden()
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    session = window.session
    qtbot.waitUntil(lambda: session.label_map.voxels.any(), timeout=20_000)
    truth = np.zeros(session.label_map.voxels.shape, np.uint8)
    truth[3, 3:8, 3:8] = 1
    np.testing.assert_array_equal(session.label_map.voxels, truth)
    assert [(label.name, label.colour) for label in session.labels] == [("Heart", (10, 20, 30))]
    assert session.history.undo_title == "Import annotations"
    session.undo()
    assert not session.label_map.voxels.any() and session.labels[0].name == "Region 1"


def test_annotations_found_in_a_folder_are_rows_of_their_series_and_open_with_it(window, tmp_path, qtbot, monkeypatch):
    structure_set(window, tmp_path / "ct" / "rt.dcm", 3)
    uid = window.session.series.uid
    window.open_paths([tmp_path / "ct"])
    rest(window, qtbot)
    (row,) = [item for item in window.browser.series_items() if item.childCount()]
    assert row.child(0).text(0) == "Structure set · rt.dcm" and not window._left_out.isVisible()
    window.browser.tree.itemActivated.emit(row.child(0), 0)
    dialog = dialog_after(window, qtbot)
    assert window.session.series.uid == uid and dialog.segments.count() == 1
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(ImportDialog) is None, timeout=5_000)
    asked = []

    def choose_first(parent, title, words, names, **more):
        asked.append(names)
        return names[0], True

    monkeypatch.setattr("viewer.gui.importing.QInputDialog.getItem", choose_first)
    window.commands.named["File/Import annotations…"].trigger()
    assert asked[0][0] == "rt.dcm" and len(asked[0]) == 2
    assert dialog_after(window, qtbot).segments.count() == 1


def test_annotations_are_opened_with_a_series_that_is_not_on_the_screen(window, start, tmp_path, qtbot):
    structure_set(window, tmp_path / "ct" / "rt.dcm", 3)
    window.open_paths([tmp_path / "ct"])
    rest(window, qtbot)
    again = start()
    assert again.session.series is None
    (row,) = [item for item in again.browser.series_items() if item.childCount()]
    again.browser.tree.itemActivated.emit(row.child(0), 0)
    assert dialog_after(again, qtbot).segments.count() == 1 and again.session.editable


def test_what_lies_between_slices_is_resampled_only_if_a_person_says_so(window, tmp_path, qtbot):
    window.importing.offer(structure_set(window, tmp_path / "rt.dcm", 3.4))
    dialog = dialog_after(window, qtbot)
    assert not dialog.take.isEnabled() and "between the slices" in dialog.notes.text()
    dialog.resample.setChecked(True)
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.label_map.voxels.any(), timeout=20_000)
    assert window.session.history.undo_title == "Import annotations, resampled"


def test_annotations_of_another_place_are_refused_in_a_sentence(window, tmp_path, qtbot):
    window.importing.offer(structure_set(window, tmp_path / "rt.dcm", 3, space=SPACE + ".9"))
    rest(window, qtbot)
    assert "another frame of reference" in window._failure.text.text()
    assert window.findChild(ImportDialog) is None


def test_a_label_file_keeps_what_is_labelled_already_unless_asked(window, tmp_path, qtbot):
    session = window.session
    session.draw("Draw", (slice(2, 3), slice(0, 4), slice(0, 4)), np.ones((1, 4, 4), bool))
    labels = np.zeros(session.label_map.voxels.shape, np.uint8)
    labels[2:4, :4, :4] = 7
    sitk.WriteImage(to_image(labels, session.volume.geometry), str(tmp_path / "labels.nii.gz"))
    for index, expected in ((0, 1), (1, 7)):
        window.importing.offer(tmp_path / "labels.nii.gz")
        dialog = dialog_after(window, qtbot)
        assert "only you can know" in dialog.notes.text()
        dialog.there.setCurrentIndex(index)
        QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
        rest(window, qtbot)
        qtbot.waitUntil(lambda: window.findChild(ImportDialog) is None, timeout=5_000)
        assert session.label_map.voxels[2, 0, 0] == expected and session.label_map.voxels[3, 0, 0] == 7
        session.undo()


def test_measurements_written_as_a_report_come_back_from_it(window, tmp_path, qtbot):
    session = window.session
    session.add_measurement("length", [(2.25, 3.5, 3), (8, 7.75, 3)], 2, "Lesion")
    session.add_measurement("ellipse", [(2, 3, 4), (8, 9, 4)], 2)
    before = session.measurements
    window._settings.keep(observer="Ada")
    for kind, name in ((object_export._REPORT, "sr.dcm"), (object_export._JSON, "m.json")):
        window.object_export.write(kind, tmp_path / name)
        rest(window, qtbot)
        assert (tmp_path / name).stat().st_size > 0
    for one in before:
        session.delete_measurement(one.number)
    window.open_paths([tmp_path / "sr.dcm"])
    qtbot.waitUntil(lambda: len(session.measurements) == 2, timeout=20_000)
    for one, other in zip(session.measurements, before, strict=True):
        assert one.kind == other.kind
        np.testing.assert_allclose(one.points, other.points, atol=1e-3)
    window.open_paths([tmp_path / "sr.dcm"])  # once more
    qtbot.waitUntil(lambda: "are there already" in window._failure.text.text(), timeout=20_000)
    assert len(session.measurements) == 2
    session.undo()
    assert session.measurements == ()


def test_confirmed_slices_that_an_import_changes_are_confirmed_no_longer(window, tmp_path, qtbot):
    session = window.session
    for k in (3, 5):
        session.move_cursor((2, 2, k))
        session.toggle_confirmed("axial")
    confirmed = session.confirmed
    assert len(confirmed) == 2
    window.open_paths([structure_set(window, tmp_path / "rt.dcm", 3)])
    QTest.mouseClick(dialog_after(window, qtbot).take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.label_map.voxels.any(), timeout=20_000)
    assert session.confirmed == {(2, 5)}
    assert "no longer confirmed" in window._failure.text.text()
    session.undo()
    assert session.confirmed == confirmed and not session.label_map.voxels.any()


def test_pictures_and_presentation_states_are_written_from_the_window(window, tmp_path, qtbot):
    window.session.toggle_key_image(window.room.plane)
    window._settings.keep(observer="")
    for kind, name in ((object_export._STATE, "pr.dcm"), (object_export._CAPTURE, "sc.dcm")):
        window.object_export.write(kind, tmp_path / name)
        rest(window, qtbot)
        assert (tmp_path / name).stat().st_size > 0, window._failure.text.text()


def test_measurements_are_saved_where_one_was_saved_last_and_replaced_only_if_a_person_says_so(
    window, tmp_path, qtbot, monkeypatch
):
    asked, answers = [], [True, False, True]
    json, proposed = tr(object_export._FORMATS[object_export._JSON]), []

    def choose(parent, title, path, kinds, first, **more):
        proposed.append(path)
        return ("", "") if len(proposed) == 4 else (str(tmp_path / "own" / "m"), json)

    monkeypatch.setattr(where_to_save, "_last", [])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.setattr(where_to_save, "agreed", lambda parent, question: asked.append(question) or answers[len(asked)])
    (tmp_path / "own").mkdir()
    window.session.add_measurement("length", [(2.25, 3.5, 3), (8, 7.75, 3)], 2, "Lesion")
    window.object_export._ask()
    rest(window, qtbot)
    file = tmp_path / "own" / "m.json"
    assert file.exists() and not asked
    assert str(file) in window.status_bar.currentMessage()
    file.write_text("mine")
    window.object_export._ask()  # no, so it asks for a name again; yes
    rest(window, qtbot)
    assert asked == ["m.json exists already. Replace it?"] * 2 and file.read_text() != "mine"
    window.object_export._ask()
    home = Path.home() / "measurements"
    assert proposed == [str(home), str(file.parent / "measurements"), str(file), str(file.parent / "measurements")]


def test_of_a_series_that_no_object_can_refer_to_only_tables_are_offered(window, monkeypatch):
    offered = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **more: offered.append(args[3]) or ("", ""))
    window.object_export._ask()
    window.session.series = replace(window.session.series, study_uid="")
    window.object_export._ask()
    assert ["DICOM" in kinds for kinds in offered] == [True, False]


def test_what_was_said_of_the_last_export_goes_when_the_next_one_begins_and_a_table_is_confirmed(
    window, tmp_path, qtbot
):
    window.show_failure("It could not be written.")
    window.object_export.write(object_export._CSV, tmp_path / "m.csv")
    rest(window, qtbot)
    assert window._failure.isHidden()
    assert str(tmp_path / "m.csv") in window.status_bar.currentMessage()


def test_who_has_measured_is_asked_once_and_can_be_changed_by_whoever_is_next(window, tmp_path, qtbot, monkeypatch):
    names, asked = ["Ada", "Grace"], []

    def answer(parent, title, words, **more):
        asked.append((words, more.get("text")))
        return names[len(asked) - 1], True

    monkeypatch.setattr(QInputDialog, "getText", answer)
    window.session.add_measurement("length", [(2.25, 3.5, 3), (8, 7.75, 3)], 2, "Lesion")
    for name in ("1.dcm", "2.dcm"):
        window.object_export.write(object_export._REPORT, tmp_path / name)
        rest(window, qtbot)
    window.commands.named["File/Your name in reports…"].trigger()
    window.object_export.write(object_export._REPORT, tmp_path / "3.dcm")
    rest(window, qtbot)
    assert [text for _, text in asked] == ["", "Ada"]
    assert "“Your name in reports” changes it" in asked[0][0]
    observers = ["Ada" in str(dcmread(tmp_path / f"{n}.dcm").ContentSequence[2].PersonName) for n in (1, 2, 3)]
    assert observers == [True, True, False]
