"""What leaves the window as a picture: without the patient unless a person wants it, and always with the warning."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.gui.conftest import head
from tests.gui.test_habits import back_to
from tests.gui.test_player import sequence
from viewer.core.display import WindowLevel
from viewer.core.events import Change, What
from viewer.core.session import Session
from viewer.gui import overlay
from viewer.gui.export_dialog import ExportDialog
from viewer.gui.exporting import Export, Exporter, _frames, doubts, file_name, picture_of, pixels_of, without_patient
from viewer.gui.overlay import Badge
from viewer.gui.slice_pane import SlicePane
from viewer.gui.style import WARNING

SECRETS = ("Canary", "CANARY-7", "1950", "Clinic of Canaries", "Canary study", "2020", "Canary series", "Canary window")


@pytest.fixture
def patient(opened, qtbot):
    """The window with a series that is full of a patient's data."""
    session = opened.session
    session.series = replace(
        session.series,
        patient_name="Canary^Patient",
        patient_id="CANARY-7",
        birth_date="19500102",
        sex="O",
        institution="Clinic of Canaries",
        study_description="Canary study",
        study_date="20200304",
        description="Canary series",
        modality="MR",
        number=4,
    )
    session._announce(Change(What.SERIES))
    session.set_window(WindowLevel(400, 900, name="Canary window"))
    opened.resize(1500, 1000)
    qtbot.wait(60)
    return opened


def words(ink) -> str:
    return " | ".join(text for _, text in ink)


@pytest.mark.parametrize("name", ["axial", "coronal", "3d"])
def test_without_the_patient_no_word_of_the_patient_reaches_the_painter(patient, ink, name, qtbot):
    pane = patient.room.pane_of(name)
    qtbot.waitUntil(lambda: patient.volume_pane.frame is not None, timeout=60_000)
    ink.clear()
    pane.grab()
    assert "Canary, Patient" in words(ink), "the pane itself shows whose picture it is"
    ink.clear()
    picture_of(pane, ratio=1.0)
    assert not [secret for secret in SECRETS if secret in words(ink)]
    assert "Not for diagnos" in words(ink)
    ink.clear()
    picture_of(pane, identified=True, ratio=1.0)
    assert "Canary, Patient" in words(ink)
    assert "Not for diagnos" in words(ink)


def test_without_the_patient_no_pixel_of_the_words_is_in_the_picture(patient, ink):
    pane = patient.panes["axial"]
    ink.clear()
    named = pixels_of(picture_of(pane, identified=True, ratio=1.0))
    places = [rect for rect, text in ink if any(secret in text for secret in SECRETS)]
    assert len(places) >= 6
    bare = pixels_of(picture_of(pane, ratio=1.0))
    patient.session.series = without_patient(patient.session.series)
    patient.session.set_window(WindowLevel(400, 900))
    never_named = pixels_of(picture_of(pane, identified=True, ratio=1.0))
    np.testing.assert_array_equal(bare, never_named)
    for rect in places[:4]:
        box = rect.toAlignedRect()
        region = slice(max(box.top(), 0), box.bottom()), slice(max(box.left(), 0), box.right())
        assert not np.array_equal(named[region], bare[region])


def test_scale_bar_letters_and_badges_stay_and_the_text_state_of_the_window_does_not_matter(patient, ink):
    pane, session = patient.panes["axial"], patient.session
    for _ in range(3):
        ink.clear()
        picture_of(pane, ratio=1.0)
        assert {"R", "L", "A", "P"} <= {text[:1] for _, text in ink if len(text) <= 3}
        assert " mm" in words(ink)
        assert "Slice " in words(ink) and "W 900" in words(ink)
        assert "Value" not in words(ink), "nobody sees where it is without the cross-hair"
        session.hand.cycle_overlay_text()


@pytest.mark.parametrize("name", ["axial", "3d"])
def test_badges_in_a_file_do_not_look_as_if_they_could_be_clicked(patient, name, monkeypatch, qtbot):
    pane, drawn = patient.room.pane_of(name), []
    qtbot.waitUntil(lambda: patient.volume_pane.frame is not None, timeout=60_000)
    badge = Badge("⚠ Missing slices · resample…", WARNING, "Two are missing.", mends=True)
    place = type(pane)._place
    monkeypatch.setattr(type(pane), "_place", lambda self, at, words: place(self, at, replace(words, badges=(badge,))))
    monkeypatch.setattr(
        overlay, "draw_badge", lambda _painter, _at, text, badge, _face: drawn.append((text, badge.detail))
    )
    for identified in (False, True):
        picture_of(pane, identified=identified, ratio=1.0)
    assert drawn == [("⚠ Missing slices", "")] * 2
    drawn.clear()
    pane.grab()
    assert drawn == [(badge.text, badge.detail)]


def test_one_is_asked_for_the_format_before_what_only_some_formats_have(patient):
    dialog = ExportDialog(patient.panes["axial"], patient.settings.export, patient)
    rows = [dialog._form.getWidgetPosition(field)[0] for field in (dialog.what, dialog.format, dialog.speed)]
    assert rows == sorted(rows)
    dialog.deleteLater()


def test_a_small_pane_still_says_that_it_is_not_for_diagnosis(patient, ink, monkeypatch):
    pane = patient.panes["axial"]
    written = []
    monkeypatch.setattr("viewer.gui.exporting.draw_text", lambda painter, at, text, colour: written.append(text))
    for size in ((140, 110), (60, 40), (300, 60)):
        pane.resize(*size)
        pane._view = pane._view.resized(*size)
        ink.clear()
        written.clear()
        picture = picture_of(pane, ratio=1.0)
        assert written and "Not for diagnos" in written[-1], size
        assert picture.height() > size[1], "below the picture, not over its texts"


def test_what_the_file_draws_over_the_picture_goes_with_the_patient(patient):
    """Overlays of a file are pixels, and may be a name."""
    session, pane = patient.session, patient.panes["axial"]
    bare = pixels_of(picture_of(pane, ratio=1.0))
    session.volume = replace(session.volume, overlay=np.ones(session.volume.voxels.shape, bool))
    session._announce(Change(What.SERIES))
    np.testing.assert_array_equal(pixels_of(picture_of(pane, ratio=1.0)), bare)
    assert not np.array_equal(pixels_of(picture_of(pane, identified=True, ratio=1.0)), bare)


def test_what_a_person_wrote_goes_with_the_patient_and_what_was_measured_stays(patient, ink):
    session, pane = patient.session, patient.panes["axial"]
    axes = pane.view.axes
    start, end = list(session.cursor_ijk), list(session.cursor_ijk)
    start[axes.right], end[axes.right] = 5.0, 15.0
    points = tuple(start), tuple(end)
    session.add_measurement("length", points, axes.normal)
    session.change_measurement(replace(session.measurements[-1], text="Canary lesion"))
    session.add_measurement("text", points[:1], axes.normal, text="Canary said")
    ink.clear()
    picture_of(pane, identified=True, ratio=1.0)
    assert "Canary lesion" in words(ink) and "Canary said" in words(ink)
    length = next(text for _, text in ink if text.endswith(" mm") and text[0].isdigit() and "." in text)
    ink.clear()
    picture_of(pane, ratio=1.0)
    assert "Canary" not in words(ink) and length in words(ink)


def test_the_picture_is_of_the_slab_and_lies_as_the_pane_does(patient, ink):
    pane = patient.panes["axial"]
    plain = pixels_of(picture_of(pane, ratio=1.0))
    pane.set_slab("MIP")
    pane.mirror()
    pane.turn(1)
    ink.clear()
    shown = pixels_of(picture_of(pane, ratio=1.0))
    assert {"MIP", "⚠ Mirrored", "Turned 90°"} <= {text.split(" 10")[0] for _, text in ink} | {
        text[:3] for _, text in ink
    }
    assert not np.array_equal(shown, plain)
    pane.set_slab(None)
    pane.turn(-1)
    pane.mirror()
    np.testing.assert_array_equal(pixels_of(picture_of(pane, ratio=1.0)), plain)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_picture_is_painted_at_the_resolution_that_was_asked_for(patient, ratio):
    pane = patient.panes["axial"]
    large = picture_of(pane, ratio=ratio)
    assert (large.width(), large.height()) == (int(np.ceil(pane.width() * ratio)), int(np.ceil(pane.height() * ratio)))
    # Painted, not enlarged: shrunk again it is near the one at 1, but not the same as one that was enlarged.
    small = pixels_of(picture_of(pane, ratio=1.0)).astype(float)
    again = np.array(Image.fromarray(pixels_of(large)).resize(small.shape[1::-1], Image.Resampling.BOX)).astype(float)
    assert np.abs(small - again).mean() < 4


def test_the_window_and_its_panes_are_as_before(patient):
    session, pane = patient.session, patient.volume_pane
    before = session.cursor_ijk, session.hand.overlay_text, session.series, len(session._listeners)
    written = pane.written
    for name in ("axial", "3d"):
        picture_of(patient.room.pane_of(name))
    assert (session.cursor_ijk, session.hand.overlay_text, session.series, len(session._listeners)) == before
    assert pane.session is session
    assert pane.written == written


def test_ctrl_c_in_a_pane_copies_its_picture_without_the_patient(patient, ink, qtbot):
    pane = patient.panes["coronal"]
    patient.room.activate(patient.panes["coronal"])
    patient.focus_pane()
    ink.clear()
    QTest.keyClick(pane, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == round(pane.width() * pane.devicePixelRatioF())
    np.testing.assert_array_equal(pixels_of(copied), pixels_of(picture_of(pane)))
    assert "Canary" not in words(ink)
    ink.clear()
    how = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(pane, Qt.Key.Key_C, how)
    assert "Canary, Patient" in words(ink)


def ask(window, qtbot) -> ExportDialog:
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(ExportDialog)
    qtbot.waitUntil(lambda: not dialog.preview.pixmap().isNull())
    return dialog


def save(dialog, path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(dialog, "_ask_path", lambda proposed, kinds: bool(asked.append(proposed)) or path)
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Save as…")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked
    assert not any(secret.lower() in str(asked[0].name).lower() for secret in SECRETS)


def test_a_picture_is_saved_without_the_patient_by_default(patient, tmp_path, monkeypatch, qtbot):
    patient.focus_pane()
    dialog = ask(patient, qtbot)
    assert not dialog.identified.isChecked()
    expected = pixels_of(picture_of(patient.panes["axial"]))
    save(dialog, tmp_path / "out", monkeypatch)
    qtbot.waitUntil((tmp_path / "out.png").exists, timeout=10_000)
    with Image.open(tmp_path / "out.png") as read:
        assert read.info == {}
        np.testing.assert_array_equal(np.array(read), expected)
    assert b"Canary" not in (tmp_path / "out.png").read_bytes()


def test_that_a_name_was_wanted_once_is_forgotten_but_size_and_format_are_not(patient, tmp_path, monkeypatch, qtbot):
    patient.focus_pane()
    dialog = ask(patient, qtbot)
    dialog.identified.click()
    dialog.format.setCurrentIndex(1)
    dialog.scale.setCurrentIndex(2)
    save(dialog, tmp_path / "named.jpg", monkeypatch)
    qtbot.waitUntil((tmp_path / "named.jpg").exists, timeout=10_000)
    with Image.open(tmp_path / "named.jpg") as read:
        assert read.width == 2 * patient.panes["axial"].width()
        assert not read.getexif()
    qtbot.waitUntil(lambda: patient.findChild(ExportDialog) is None)
    back_to(patient, qtbot)
    again = ask(patient, qtbot)
    assert not again.identified.isChecked()
    assert (again.format.currentData(), again.scale.currentIndex()) == ("jpeg", 2)


def test_a_file_is_not_replaced_without_asking(patient, tmp_path, monkeypatch, qtbot):
    patient.focus_pane()
    (tmp_path / "out.png").write_bytes(b"mine")
    dialog, asked = ask(patient, qtbot), []
    monkeypatch.setattr(dialog, "_may_replace", lambda path: bool(asked.append(path)))
    save(dialog, tmp_path / "out.png", monkeypatch)
    assert asked == [tmp_path / "out.png"]
    assert dialog.isVisible()
    monkeypatch.setattr(dialog, "_may_replace", lambda path: True)
    save(dialog, tmp_path / "out.png", monkeypatch)
    qtbot.waitUntil(lambda: (tmp_path / "out.png").read_bytes() != b"mine", timeout=10_000)


def test_a_run_of_slices_becomes_a_film_and_the_window_stays_where_it_is(patient, tmp_path, monkeypatch, qtbot):
    patient.focus_pane()
    before = patient.session.cursor_ijk
    dialog = ask(patient, qtbot)
    dialog.what.setCurrentIndex(1)
    dialog.first.setValue(3)
    dialog.last.setValue(7)
    dialog.speed.setValue(20)
    save(dialog, tmp_path / "run.gif", monkeypatch)
    qtbot.waitUntil((tmp_path / "run.gif").exists, timeout=20_000)
    assert patient.session.cursor_ijk == before
    with Image.open(tmp_path / "run.gif") as read:
        assert read.n_frames == 5
        assert read.info["duration"] == 50
        frames = [np.array((read.seek(n), read.convert("RGB"))[1]).astype(int) for n in range(5)]
    for k, frame in zip(range(2, 7), frames, strict=True):
        patient.session.move_cursor((*before[:2], k))
        shown = np.abs(frame - pixels_of(picture_of(patient.panes["axial"])))
        assert shown.mean() < 0.5 and np.percentile(shown, 99.5) <= 6, k


def test_a_film_can_be_cancelled_and_leaves_nothing(patient, tmp_path, qtbot, monkeypatch):
    export = Export(tmp_path / "run.gif", run="slices", first=0, last=head().voxels.shape[0] - 1)
    done, failed = [], []
    exporter = Exporter(patient.workflows.jobs, patient.panes["axial"], export, done.append, failed.append)
    exporter.job.cancel()
    qtbot.waitUntil(lambda: exporter.job.ended, timeout=10_000)
    qtbot.wait(50)
    assert (exporter.job.state, done, failed) == ("cancelled", [], [])
    assert not list(tmp_path.glob("*run*")) and not list(tmp_path.glob(".unfinished*"))


def test_a_folder_that_cannot_be_written_is_a_sentence(patient, tmp_path, qtbot):
    done, failed = [], []
    export = Export(tmp_path / "none" / "a.png")
    Exporter(patient.workflows.jobs, patient.panes["axial"], export, done.append, failed.append)
    qtbot.waitUntil(lambda: bool(failed), timeout=10_000)
    assert failed == [f"a.png was not written: there is no folder {tmp_path / 'none'}."]


def test_a_turn_comes_back_to_where_it_began(patient, tmp_path, qtbot, monkeypatch):
    pane = patient.volume_pane
    monkeypatch.setattr("viewer.gui.exporting.TURN_STEPS", 5)
    qtbot.waitUntil(lambda: pane.frame is not None and pane.frame.full, timeout=60_000)
    right = pane.frame.right_lps.copy()
    done, failed = [], []
    Exporter(patient.workflows.jobs, pane, Export(tmp_path / "t.gif", run="turn"), done.append, failed.append)
    qtbot.waitUntil(lambda: bool(done or failed), timeout=120_000)
    assert failed == []
    qtbot.waitUntil(lambda: np.allclose(pane.frame.right_lps, right, atol=1e-6), timeout=60_000)
    with Image.open(tmp_path / "t.gif") as read:
        assert read.n_frames == 5
        frames = [np.array((read.seek(n), read.convert("RGB"))[1]).astype(int) for n in range(5)]
    assert all(np.abs(a - b).max() > 20 for a, b in itertools.pairwise(frames))


def test_pictures_that_may_have_names_in_their_pixels_are_pointed_out(patient):
    assert doubts(patient.panes["axial"]) == ""
    assert "recognised" in doubts(patient.volume_pane)
    patient.session.series = replace(patient.session.series, modality="US")
    assert "Look before you share" in doubts(patient.panes["axial"])
    patient.session.series = replace(patient.session.series, modality="")  # as a NIfTI file's is
    assert "recognised" in doubts(patient.volume_pane) and "Look before" in doubts(patient.volume_pane)


def test_the_name_of_a_file_tells_where_it_is_from_and_not_of_whom(patient):
    k = patient.session.cursor_ijk[2] + 1
    assert file_name(patient.panes["axial"], None, ".png") == f"slicewise-mr-axial-{k}.png"
    assert file_name(patient.volume_pane, "turn", ".gif") == "slicewise-mr-3d-turn.gif"
    assert overlay.NOT_FOR_DIAGNOSIS


def test_the_moments_of_a_sequence_become_a_film(qtbot):
    session = Session()
    headers, volumes = sequence(4)
    session.open(headers[0], volumes[0])
    session.set_moments(headers, volumes)
    session.set_window(WindowLevel(2, 4))
    pane = SlicePane(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(300, 260)
    pane.reset_view()
    frames = [pixels_of(frame) for frame in _frames(pane, Export(Path("x.gif"), run="moments", first=1, last=3))]
    middle = [int(frame[130, 150, 0]) for frame in frames]
    assert len(set(middle)) == 3 and middle == sorted(middle)
    assert session.shown is volumes[0], "what the window shows stays"
