"""Panes paint what numpy works out from the voxels by the standard's formulas, pixel by pixel, within a tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from PySide6.QtTest import QTest

from tests.gui.reference_pictures import (
    assert_alike,
    by_window,
    labelled,
    magnified,
    painted,
    pane_size,
)
from tests.marked_patient import write_radiograph
from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.slice_pane import SlicePane
from viewer.io.files import read_series, scan

LEFT_MM, BACK_MM, HEAD_MM = 1.0, 1.2, 2.5  # spacing along the patient's left, back and head
WINDOW = WindowLevel(40, 400)
SERIES = Series("1.2", "1", "P", "", "CT", "", (), GeometryVerdict("regular", "fine"))
PIXEL_MM = {"axial": (BACK_MM, LEFT_MM), "coronal": (HEAD_MM, LEFT_MM), "sagittal": (HEAD_MM, BACK_MM)}
AT = (7, 9, 20)  # the slice of each plane that is looked at: towards the head, back, left


def scan_of_patient() -> np.ndarray:
    """[head, back, left], HU: nothing in it is symmetric, and neighbours differ."""
    h, p, left = np.indices((16, 24, 30))
    noise = np.random.default_rng(11).normal(0, 40, h.shape)
    values = 40 + 150 * np.sin(left / 4 + p / 9) + 8 * (h - 7) - 4 * (p - 9) + noise
    return values.astype(np.int16)


PATIENT = scan_of_patient()


def slice_of_patient(plane: str, block: np.ndarray = PATIENT) -> np.ndarray:
    """As it is seen: the patient's left on the right; front above or, from the side, on the left; head above."""
    head, back, left = AT
    if plane == "axial":
        return block[head]
    return block[::-1, back] if plane == "coronal" else block[::-1, :, left]


@pytest.fixture
def look(qtbot):
    """A pane that a slice fills, without text and with the cross-hair out of the way; the file's axes run to the
    patient's left, back and head, or all the other way."""

    def look(plane: str, backwards: bool = False, pixels_per_mm: float = 8.0, block: np.ndarray = PATIENT):
        voxels = np.ascontiguousarray(block[::-1, ::-1, ::-1] if backwards else block)
        direction = np.eye(3) * (-1 if backwards else 1)
        geometry = Geometry(voxels.shape[::-1], (LEFT_MM, BACK_MM, HEAD_MM), np.zeros(3), direction)
        session = Session()
        session.open(SERIES, Volume(voxels, geometry, unit="HU", modality="CT"))
        session.set_window(WINDOW)
        normal = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
        cursor = [0, 0, 0]
        at = {2: AT[0], 1: AT[1], 0: AT[2]}[normal]
        cursor[normal] = geometry.size[normal] - 1 - at if backwards else at
        session.move_cursor(tuple(cursor))
        rows, columns = slice_of_patient(plane, block).shape
        return shown(qtbot, session, plane, pane_size(rows, columns, PIXEL_MM[plane], pixels_per_mm))

    return look


def shown(qtbot, session: Session, plane: str, size: tuple[int, int]) -> SlicePane:
    pane = SlicePane(session, plane)
    qtbot.addWidget(pane)
    pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
    pane.resize(*size)
    while session.hand.overlay_text != "none":
        session.hand.cycle_overlay_text()
    pane.show()
    qtbot.wait(2)
    return pane


def size_of(pane) -> tuple[int, int]:
    return pane.width(), pane.height()


# Planes and slabs


@pytest.mark.parametrize("backwards", [False, True], ids=["as stored", "all axes backwards"])
@pytest.mark.parametrize("plane", list(PIXEL_MM))
def test_slices_of_an_anisotropic_volume(look, tmp_path, plane, backwards):
    pane = look(plane, backwards)
    expected = magnified(by_window(slice_of_patient(plane), 40, 400), PIXEL_MM[plane], size_of(pane))
    assert_alike(painted(pane), expected, tmp_path)


@pytest.mark.parametrize(("kind", "project"), [("MIP", np.max), ("MinIP", np.min), ("Mean", np.mean)])
@pytest.mark.parametrize(
    ("plane", "axis", "within"),
    [("axial", 0, slice(6, 10)), ("coronal", 1, slice(6, 14)), ("sagittal", 2, slice(16, 26))],
)
def test_slabs_of_ten_millimetres(look, tmp_path, plane, axis, within, kind, project):
    """4 slices of 2.5 mm, 8 of 1.2 mm, 10 of 1 mm: the slice itself, as many before it and one more after it."""
    pane = look(plane)
    pane.set_slab(kind)
    place = (slice(None),) * axis + (within,)
    projected = project(PATIENT[place].astype(float), axis=axis)
    as_seen = projected if plane == "axial" else projected[::-1]
    expected = magnified(by_window(as_seen, 40, 400), PIXEL_MM[plane], size_of(pane))
    assert_alike(painted(pane), expected, tmp_path)


@pytest.mark.parametrize(
    ("acts", "as_laid"),
    [
        (("mirror",), lambda picture: picture[:, ::-1]),
        (("upside down",), lambda picture: picture[::-1]),
        (("turn",), lambda picture: np.rot90(picture, -1)),
        (("mirror", "turn"), lambda picture: np.rot90(picture[:, ::-1], -1)),
        (("turn", "turn", "turn"), lambda picture: np.rot90(picture, 1)),
    ],
)
def test_mirrored_and_turned_panes(look, tmp_path, acts, as_laid):
    pane, pixel_mm = look("coronal"), PIXEL_MM["coronal"]
    for act in acts:
        {"mirror": pane.mirror, "upside down": lambda: pane.mirror(upside_down=True), "turn": lambda: pane.turn(1)}[
            act
        ]()
    if acts.count("turn") % 2:
        pane.resize(pane.height(), pane.width())
        pixel_mm = pixel_mm[::-1]
    expected = magnified(as_laid(by_window(slice_of_patient("coronal"), 40, 400)), pixel_mm, size_of(pane))
    assert_alike(painted(pane), expected, tmp_path)


# Grey and colour


def test_inverted_grey(look, tmp_path):
    pane = look("axial")
    pane.session.toggle_inverted()
    QTest.qWait(2)
    expected = magnified(255 - by_window(slice_of_patient("axial"), 40, 400), PIXEL_MM["axial"], size_of(pane))
    assert_alike(painted(pane), expected, tmp_path)


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        ("LINEAR_EXACT", lambda x: np.clip(((x - 40) / 400 + 0.5) * 255, 0, 255)),  # C.11.2.1.3.2
        ("SIGMOID", lambda x: 255 / (1 + np.exp(-4 * (x - 40.0) / 400))),  # C.11.2.1.3.1
    ],
)
def test_the_other_functions_of_a_window(look, tmp_path, function, by_hand):
    pane = look("sagittal")
    pane.session.set_window(WindowLevel(40, 400, function))
    QTest.qWait(2)
    expected = magnified(np.rint(by_hand(slice_of_patient("sagittal"))), PIXEL_MM["sagittal"], size_of(pane))
    assert_alike(painted(pane), expected, tmp_path)


ROWS, COLUMNS = 40, 50
STORED = (np.indices((ROWS, COLUMNS))[0] * 20 + np.indices((ROWS, COLUMNS))[1] * 7).astype(np.uint16)  # 0 .. 1123
STORED[5:12, 30:44] = 1100
STORED[25:35, 6:14] = 10


@pytest.fixture
def picture_pane(qtbot, tmp_path):
    """A pane with a single picture that was written to a file and read again."""

    def open_picture(change) -> SlicePane:
        file = tmp_path / "picture.dcm"
        write_radiograph(file, "L\\F", STORED)
        dataset = dcmread(file)
        change(dataset)
        dataset.save_as(file)
        (series,) = scan([file]).series
        session = Session()
        session.open(series, read_series(series))
        return shown(qtbot, session, "axial", pane_size(ROWS, COLUMNS, (1.0, 1.0), 8.0))

    return open_picture


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_monochrome_pictures(picture_pane, tmp_path, photometric):
    def change(dataset) -> None:
        dataset.PhotometricInterpretation = photometric
        dataset.WindowCenter, dataset.WindowWidth = 500, 900

    pane = picture_pane(change)
    grey = by_window(STORED.astype(float), 500, 900)
    grey = 255 - grey if photometric == "MONOCHROME1" else grey  # the smallest is white
    assert_alike(painted(pane), magnified(grey, (1.0, 1.0), size_of(pane)), tmp_path)


def test_palette_colours(picture_pane, tmp_path):
    entries = np.arange(256)
    tables = {"Red": 255 - entries, "Green": entries * entries // 255, "Blue": (entries * 3) % 256}
    stored = (STORED // 5).astype(np.uint8)

    def change(dataset) -> None:
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = stored.tobytes()
        for name, table in tables.items():
            dataset.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
            dataset.add_new(f"{name}PaletteColorLookupTableData", "OW", (table * 257).astype("<u2").tobytes())

    pane = picture_pane(change)
    colours = np.stack([tables[name][stored] for name in ("Red", "Green", "Blue")], axis=-1)
    # Blue wraps around twice: colours are smoothed after they were looked up, never the numbers before
    assert_alike(painted(pane), magnified(colours, (1.0, 1.0), size_of(pane)), tmp_path)


def test_voi_lut_of_the_file(picture_pane, tmp_path):
    table = (4095 * np.sqrt(np.arange(600) / 599)).astype("<u2")  # for the values 200 to 799

    def change(dataset) -> None:
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [600, 200, 12])
        item.add_new("LUTData", "OW", table.tobytes())
        dataset.VOILUTSequence = [item]
        dataset.WindowCenter, dataset.WindowWidth = 30, 10  # the table comes first

    pane = picture_pane(change)
    grey = np.rint(table[np.clip(STORED.astype(int) - 200, 0, 599)] / 4095 * 255)
    assert_alike(painted(pane), magnified(grey, (1.0, 1.0), size_of(pane)), tmp_path)


# Labels


@pytest.mark.parametrize("opacity", [0.2, 0.4, 1.0])
@pytest.mark.parametrize("plane", list(PIXEL_MM))
def test_labels_are_filled_and_outlined(look, tmp_path, plane, opacity):
    """Fill as dense as the opacity, outlines twice as dense, edges on those of the voxels; hidden ones are not seen."""
    pane = look(plane)
    session = pane.session
    red, green, unseen = (230, 40, 20), (20, 200, 60), (0, 0, 255)
    session.labels = (Label(1, "a", red), Label(2, "b", green), Label(3, "c", unseen))
    labels = np.zeros(PATIENT.shape, np.uint8)
    labels[3:10, 5:14, 8:22] = 1
    labels[6:9, 8:18, 12:26] = 2
    labels[4:12, 15:20, 10:21] = 3
    session.replace_voxels("draw", tuple(slice(0, n) for n in labels.shape), labels)
    session.show_label(3, False)
    session.hand.set_overlay(opacity=opacity)
    QTest.qWait(2)
    pixel_mm, size = PIXEL_MM[plane], size_of(pane)
    picture = magnified(by_window(slice_of_patient(plane), 40, 400), pixel_mm, size)
    seen = slice_of_patient(plane, labels)
    assert {1, 2} <= set(np.unique(seen))
    expected = labelled(picture, seen, {1: red, 2: green}, opacity, pixel_mm, size)
    assert_alike(painted(pane), expected, tmp_path)


# The comparison itself


def test_the_comparison_notices_what_an_eye_could_miss_and_keeps_the_pictures(look, tmp_path):
    pane = look("axial")
    actual, grey = painted(pane), by_window(slice_of_patient("axial"), 40, 400)
    good = magnified(grey, PIXEL_MM["axial"], size_of(pane))
    assert_alike(actual, good, tmp_path)
    assert list(tmp_path.iterdir()) == []
    speck = good.copy()
    speck[150, 140] += 20 if speck[150, 140, 0] < 128 else -20
    for wrong in (
        np.roll(good, 1, axis=1),
        good[:, ::-1],
        np.clip(good + 2, 0, 255),
        magnified(by_window(slice_of_patient("axial"), 40.0, 410), PIXEL_MM["axial"], size_of(pane)),
        speck,
    ):
        with pytest.raises(AssertionError, match=r"difference\.png"):
            assert_alike(actual, wrong, tmp_path)
        assert {file.name for file in tmp_path.iterdir()} == {"actual.png", "expected.png", "difference.png"}
