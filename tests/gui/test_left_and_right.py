"""What is on the patient's left is painted on the right of the screen, the head above, the front above or on the left.

Measured on the pixels that the real panes paint, for every format: a mark is looked for in the picture and its place
compared with where the patient has it, in mm. The letters at the edges must say the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from tests import marked_patient as patient
from tests.marked_patient import ALL_AXES, MARK_MM, TILTED, UPRIGHT
from viewer.core.display import WindowLevel
from viewer.io.files import read_series, scan
from viewer.io.thumbnails import make_thumbnail

LEFT, FRONT, HEAD = MARK_MM * (1, -1, 1)  # mm from the patient's centre
SEEN = {  # in each plane: mm to the right of the screen and upwards; and the letters on the left, right, top, bottom
    "axial": ((LEFT, FRONT), "RLAP"),
    "coronal": ((LEFT, HEAD), "RLHF"),
    "sagittal": ((-FRONT, HEAD), "APHF"),
}
VOLUME_FILES = ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.mhd")
TOLERANCE_MM = 1.2  # voxels are up to 1.5 mm wide, and the mark is made of whole ones
ALL_BLACK, MARK_WHITE, ALL_WHITE = WindowLevel(9000, 2), WindowLevel(800, 2), WindowLevel(-9000, 2)


@pytest.fixture
def window(shared_window):
    shared_window.volume_pane.hide()  # it would draw each series in 3-D
    return shared_window


@pytest.fixture
def open_path(window, qtbot):
    """Opens a file or a folder as a person does, and waits until all of it is there."""

    def open_path(path: Path) -> None:
        window.session.close_series()
        window.open_paths([path])
        qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
        qtbot.wait(5)

    return open_path


def painted(pane) -> NDArray[np.uint8]:
    """The brightest of the three colours of each pixel, (rows, columns)."""
    image = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).max(axis=2)


def assert_seen_right(window, letters: str, *, planes: int = 3) -> None:
    """The mark is painted where the patient has it, and the letters agree, in as many panes as show a picture.

    letters are the axes that the file was written with. What differs between a pane all black, with the mark white, and
    all white is the mark, and the patient, whatever lines lie over them.
    """
    session = window.session
    panes = {plane: pane for plane, pane in window.panes.items() if pane.isVisible() and not pane.sentence}
    assert len(panes) == planes
    session.move_cursor(np.argwhere(session.volume.voxels > 800).mean(axis=0)[::-1])  # on the slices that show the mark
    black, marked, white = paint_thrice(window, panes)
    assert_marks_lie_right(letters, black, marked, white)
    for plane, pane in panes.items():
        assert edge_letters(pane) == SEEN[plane][1], f"{letters} in the {plane} pane"


def assert_marks_lie_right(letters: str, black, marked, white) -> None:
    """In each plane of the three kinds of pictures the mark is where the patient has it."""
    extent_mm = np.abs(patient.axes_of(letters)) @ (np.array(patient.SIZE) * patient.SPACING_MM)  # left, back, head
    for plane in black:
        right_mm, up_mm = SEEN[plane][0]
        across, upwards = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[plane]
        size_mm = extent_mm[across], extent_mm[upwards]
        seen = place_of_mark(marked[plane] - black[plane], white[plane] - black[plane], size_mm)
        assert seen == pytest.approx((right_mm, up_mm), abs=TOLERANCE_MM), f"{letters} in the {plane} pane"


def paint_thrice(window, panes) -> list[dict[str, NDArray]]:
    """The panes all black, with the mark white, and all white; without text, which the keyboard brings back."""
    while window.session.hand.overlay_text != "none":
        QTest.keyClick(window.panes["axial"], Qt.Key.Key_Space)
    pictures = []
    for level in (ALL_BLACK, MARK_WHITE, ALL_WHITE):
        window.session.set_window(level)
        QTest.qWait(2)
        pictures.append({plane: painted(pane).astype(int) for plane, pane in panes.items()})
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_Space)
    QTest.qWait(2)
    return pictures


def place_of_mark(mark: NDArray, body: NDArray, size_mm: tuple[float, float]) -> tuple[float, float]:
    """mm to the right of the middle of the painted body, size_mm wide and high, and upwards."""
    rows, columns = np.nonzero(body > 128)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    scale = (right - left) / size_mm[0]
    assert (bottom - top) / size_mm[1] == pytest.approx(scale, rel=0.02), "a mm is as long upwards as sideways"
    rows, columns = np.nonzero(mark > 128)
    assert rows.size > 30, "the mark is not painted"
    x, y = columns.mean() + 0.5 - (left + right) / 2, (top + bottom) / 2 - rows.mean() - 0.5
    return x / scale, y / scale


def edge_letters(pane) -> str:
    """The strongest letter painted at the left, right, upper and lower edge, by where it stands."""
    pane.grab()  # or on a busy machine they are those of the painting before
    pieces = [piece for piece in pane.written if piece.key[0] == "letter"]
    assert len(pieces) == 4
    by_x, by_y = sorted(pieces, key=lambda p: p.rect.center().x()), sorted(pieces, key=lambda p: p.rect.center().y())
    return "".join(piece.text[0] for piece in (by_x[0], by_x[-1], by_y[0], by_y[-1]))


# The phantoms themselves


def test_other_programs_find_the_mark_where_the_patient_has_it(tmp_path):
    assert len(set(ALL_AXES)) == 48
    assert (np.sign(TILTED @ MARK_MM) == np.sign(MARK_MM)).all(), "tilted too it is on the left, in front, above"
    for letters, lying in (("LPH", UPRIGHT), ("RPH", TILTED), ("HAR", TILTED), ("FLP", UPRIGHT)):
        volumes = [patient.write_volume(tmp_path / name, letters, lying) for name in VOLUME_FILES]
        volumes += [
            patient.write_volume(tmp_path / f"{f}.nii.gz", letters, lying, only_form=f) for f in ("sform", "qform")
        ]
        slices = patient.write_slices(tmp_path / letters, letters, lying)
        enhanced = patient.write_enhanced(tmp_path / "enhanced.dcm", letters, lying)
        for found in (
            *(patient.mark_by_simpleitk([file]) for file in volumes),
            patient.mark_by_simpleitk(slices),
            patient.mark_by_the_standard(slices),
            patient.mark_by_the_standard([enhanced]),
        ):
            np.testing.assert_allclose(found, patient.mark_lps(lying), atol=0.75)


# Formats


def test_volumes_of_every_order_and_sign_of_the_axes(window, tmp_path, qtbot):
    """24 of them are left-handed; half are NIfTI, half NRRD, half of each tilted. Read in this process, for speed."""
    for n, letters in enumerate(ALL_AXES):
        lying = (UPRIGHT, TILTED)[n // 2 % 2]
        patient.write_volume(tmp_path / f"{letters}{('.nii', '.nrrd')[n % 2]}", letters, lying)
    found = scan([tmp_path])
    assert len(found.series) == 48
    for series in found.series:
        window.session.open(series, read_series(series))
        qtbot.wait(2)
        assert_seen_right(window, series.files[0].name[:3])


@pytest.mark.parametrize("name", VOLUME_FILES)
def test_volume_files(window, open_path, tmp_path, name):
    open_path(patient.write_volume(tmp_path / name, "RPH", TILTED))
    assert_seen_right(window, "RPH")


@pytest.mark.parametrize(("letters", "name"), [("LAF", "a.nii"), ("HAR", "a.mha"), ("PLF", "a.nrrd")])
def test_volumes_of_colours(window, open_path, tmp_path, letters, name):
    """Colours have no window: the file itself is black, white where the mark is, and white; all with a little colour,
    or they would be read as grey."""
    mark = patient.stored(letters) > 800
    pictures = []
    for number, white in enumerate((np.zeros_like(mark), mark, np.ones_like(mark))):
        colours = np.where(white[..., None], np.uint8((255, 255, 254)), np.uint8((0, 0, 1)))
        open_path(patient.write_volume(tmp_path / str(number) / name, letters, TILTED, voxels=colours))
        assert window.session.volume.colour
        window.session.move_cursor(np.argwhere(mark).mean(axis=0)[::-1])
        while window.session.hand.overlay_text != "none":
            QTest.keyClick(window.panes["axial"], Qt.Key.Key_Space)
        QTest.qWait(2)
        pictures.append({plane: painted(pane).astype(int) for plane, pane in window.panes.items()})
    assert_marks_lie_right(letters, *pictures)


def test_nrrd_in_ras(window, open_path, tmp_path):
    open_path(patient.to_ras(patient.write_volume(tmp_path / "a.nrrd", "LAF", TILTED)))
    assert_seen_right(window, "LAF")


@pytest.mark.parametrize(("letters", "form"), [("RAH", "sform"), ("LAH", "qform"), ("HPL", "sform"), ("PHR", "qform")])
def test_nifti_with_one_form_only(window, open_path, tmp_path, letters, form):
    open_path(patient.write_volume(tmp_path / "a.nii.gz", letters, TILTED, only_form=form))
    assert_seen_right(window, letters)


@pytest.mark.parametrize(
    ("letters", "lying", "modality"),
    [
        ("LPH", UPRIGHT, "CT"),  # axial, as it is usual
        ("LPF", UPRIGHT, "CT"),  # the slices counted from the head
        ("RPH", UPRIGHT, "MR"),  # rows run to the right
        ("LAH", TILTED, "CT"),  # columns run to the front
        ("ALF", UPRIGHT, "CT"),  # turned by a quarter
        ("LFP", UPRIGHT, "MR"),  # coronal
        ("RHA", TILTED, "CT"),
        ("PFL", UPRIGHT, "MR"),  # sagittal
        ("AFR", TILTED, "MR"),
    ],
)
def test_dicom_slices_in_every_plane(window, open_path, tmp_path, letters, lying, modality):
    patient.write_slices(tmp_path / f"{letters}{modality}", letters, lying, modality=modality)
    open_path(tmp_path / f"{letters}{modality}")
    assert_seen_right(window, letters)


@pytest.mark.parametrize("syntax", ["RLE", "JPEG-LS", "JPEG 2000"])
def test_compressed_dicom(window, open_path, tmp_path, syntax):
    patient.write_slices(tmp_path / syntax, "RAH", TILTED, change=patient.compressed(syntax))
    open_path(tmp_path / syntax)
    assert_seen_right(window, "RAH")


@pytest.mark.parametrize("letters", ["LPH", "RHP", "HAL"])
def test_enhanced_multi_frame_dicom(window, open_path, tmp_path, letters):
    open_path(patient.write_enhanced(tmp_path / f"enhanced {letters}.dcm", letters, TILTED))
    assert_seen_right(window, letters)


def test_dicom_in_a_zip(window, open_path, tmp_path):
    patient.write_slices(tmp_path / "packed", "RPF", TILTED)
    open_path(patient.zipped(tmp_path / "packed", tmp_path / "packed.zip"))
    assert_seen_right(window, "RPF")


def test_dicom_by_its_dicomdir(window, open_path, tmp_path):
    files = patient.write_slices(tmp_path / "listed", "LAF", TILTED)
    open_path(patient.with_dicomdir(tmp_path / "disc", files))
    assert_seen_right(window, "LAF")


@pytest.mark.parametrize("letters", ["RPH", "LHP", "HAR"])
def test_slices_that_make_no_volume_show_their_own_plane(window, open_path, tmp_path, letters):
    there = [k for k in range(patient.SIZE[2]) if k not in (2, 3)]
    patient.write_slices(tmp_path / f"gap {letters}", letters, TILTED, slices=there)
    open_path(tmp_path / f"gap {letters}")
    assert window.session.series.verdict.kind == "missing"
    assert_seen_right(window, letters, planes=1)


def test_a_single_slice(window, open_path, tmp_path):
    for letters, k in (("RAH", 16), ("RFP", 7), ("PHL", 21)):
        patient.write_slices(tmp_path / f"one {letters}", letters, slices=[k])
        open_path(tmp_path / f"one {letters}")
        assert_seen_right(window, letters, planes=1)


def test_thumbnails_of_axial_scans(tmp_path):
    axial = [letters for letters in ALL_AXES if letters[2] in "HF"]
    for letters in axial:
        patient.write_volume(tmp_path / f"{letters}.nii", letters, TILTED)
    found = scan([tmp_path]).series
    assert len(found) == len(axial) == 16
    for series in found:
        letters = series.files[0].name[:3]
        thumbnail = make_thumbnail(read_series(series)).astype(int)
        extent_mm = np.abs(patient.axes_of(letters)) @ (np.array(patient.SIZE) * patient.SPACING_MM)
        seen = place_of_mark(thumbnail, np.full(thumbnail.shape, 255), extent_mm[:2])
        assert seen == pytest.approx((LEFT, FRONT), abs=TOLERANCE_MM), letters


# Pictures without a place


@pytest.mark.parametrize(
    ("sides", "letters"),
    [("L\\F", "RLHF"), ("R\\F", "LRHF"), ("P\\F", "APHF"), ("F\\R", "HFLR")],
)
def test_radiographs_are_painted_as_stored_with_the_letters_of_their_file(window, open_path, tmp_path, sides, letters):
    """Keys that mirror and turn take the letters along with what they name."""
    picture = np.full((60, 80), 300, np.uint16)
    picture[10:20, 55:65] = 1200  # in the upper right of what is stored: 20 right of and 15 above the middle
    open_path(patient.write_radiograph(tmp_path / f"{letters}.dcm", sides, picture))
    pane = window.panes["axial"]
    pane.setFocus()
    turned = "".join(letters[n] for n in (3, 2, 0, 1))  # what was below is left, what was on the left is above
    plain, ctrl = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
    for key, keys, place, expected, size in (
        (None, plain, (20, 15), letters, (80, 60)),
        ("h", plain, (-20, 15), letters[1] + letters[0] + letters[2:], (80, 60)),
        ("v", plain, (-20, -15), letters[1] + letters[0] + letters[3] + letters[2], (80, 60)),
        ("r", plain, (20, 15), letters, (80, 60)),
        (Qt.Key.Key_BracketRight, ctrl, (15, -20), turned, (60, 80)),
        (Qt.Key.Key_BracketLeft, ctrl, (20, 15), letters, (80, 60)),
    ):
        if key is not None:
            QTest.keyClick(pane, key, keys)
        black, marked, white = (pictures["axial"] for pictures in paint_thrice(window, {"axial": pane}))
        assert place_of_mark(marked - black, white - black, size) == pytest.approx(place, abs=TOLERANCE_MM)
        assert edge_letters(pane) == expected


@pytest.mark.parametrize("sides", ["", "L", "L\\R", "X\\Y"])
def test_radiographs_whose_file_does_not_tell_two_sides_have_no_letters(window, open_path, tmp_path, sides):
    name = "none" if not sides else sides.replace("\\", "-")
    open_path(patient.write_radiograph(tmp_path / f"{name}.dcm", sides, np.full((60, 80), 300, np.uint16)))
    window.panes["axial"].grab()
    assert not [piece for piece in window.panes["axial"].written if piece.key[0] == "letter"]
