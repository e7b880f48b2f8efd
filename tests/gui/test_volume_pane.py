"""The 3-D pane passes the mouse and the session on to the drawing thread, and never waits for it."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu

from tests.gui.painted_words import assert_nothing_overlaps
from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.session import Proposal, Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.gui import volume_pane
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.volume_pane import VolumePane
from viewer.jobs import JobQueue
from viewer.render.frame import Frame

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO_KEY, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
SERIES = Series("1.2", "1", "CANARY-7", "Canary^Patient", "CT", "Phantom", (), GeometryVerdict("regular", "fine"))


class FakeRenderer:
    """Notes what the pane asks for; the test plays the drawing thread."""

    made: list["FakeRenderer"] = []  # noqa: RUF012  emptied by the fixture

    def __init__(self, deliver, say, fail) -> None:
        self.deliver, self.say, self.fail = deliver, say, fail
        self.calls: list[tuple] = []
        self.generation = 0
        FakeRenderer.made.append(self)

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.values()))

    def set_volume(self, volume, look) -> int:
        self.calls.append(("set_volume", volume))
        self.generation += 1
        return self.generation

    def called(self, name):
        return [call[1:] for call in self.calls if call[0] == name]

    def frame(self, generation=None, full=True, colour=(10, 200, 30)) -> Frame:
        pixels = np.full((330, 420, 3), colour, np.uint8)
        return Frame(pixels, full, "", np.eye(3)[0], np.eye(3)[2], 0.01, generation or self.generation)


@pytest.fixture
def renderers(monkeypatch):
    FakeRenderer.made = []
    monkeypatch.setattr(volume_pane, "SceneRenderer", FakeRenderer)
    monkeypatch.setattr(volume_pane, "_STROKE_PAUSE_MS", 40)
    return FakeRenderer.made


@pytest.fixture
def session(oblique_phantom) -> Session:
    session = Session()
    session.open(SERIES, oblique_phantom)
    return session


@pytest.fixture
def pane_of(qtbot):
    def make(session: Session, shown: bool = True) -> VolumePane:
        pane = VolumePane(session, JobQueue(0))
        qtbot.addWidget(pane)
        pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
        pane.resize(420, 330)
        if shown:
            pane.show()
        return pane

    return make


def drag(pane, start, *stops, button=LEFT, keys=NO_KEY):
    def send(handler, kind, point, pressed, held):
        at = QPointF(*point)
        handler(QMouseEvent(kind, at, pane.mapToGlobal(at), pressed, held, keys))

    send(pane.mousePressEvent, QMouseEvent.Type.MouseButtonPress, start, button, button)
    for stop in stops:
        send(pane.mouseMoveEvent, QMouseEvent.Type.MouseMove, stop, Qt.MouseButton.NoButton, button)
    end = stops[-1] if stops else start
    send(pane.mouseReleaseEvent, QMouseEvent.Type.MouseButtonRelease, end, button, Qt.MouseButton.NoButton)


def colour_in_the_middle(pane) -> tuple[int, int, int]:
    colour = pane.grab().toImage().pixelColor(pane.width() // 2, pane.height() // 2)
    return colour.red(), colour.green(), colour.blue()


def test_progress_is_told_until_the_first_picture_is_there(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    assert pane.sentence == "Preparing the 3-D view…"

    renderers[0].say("Reading…")
    qtbot.waitUntil(lambda: pane.sentence == "Reading…")
    renderers[0].deliver(renderers[0].frame())
    qtbot.waitUntil(lambda: pane.frame is not None)

    assert pane.sentence == ""
    assert colour_in_the_middle(pane) == (10, 200, 30)


def test_pictures_of_a_series_that_is_no_longer_open_are_not_shown(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    late = renderers[0].frame()
    session.open(replace(SERIES, uid="1.3"), session.volume)
    qtbot.waitUntil(lambda: renderers[0].generation == 2)

    renderers[0].deliver(late)
    qtbot.wait(20)

    assert pane.frame is None and pane.sentence


def test_the_mouse_rotates_pans_and_zooms(session, pane_of, renderers):
    pane = pane_of(session)
    drag(pane, (100, 100), (133, 100), (166, 67))
    drag(pane, (100, 100), (133, 133), button=MIDDLE)
    drag(pane, (100, 100), (133, 133), keys=SHIFT)
    drag(pane, (100, 100), (100, 60), button=RIGHT)
    at = QPointF(50, 50)
    turn = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False
    )
    pane.wheelEvent(turn)

    np.testing.assert_allclose(renderers[0].called("rotate"), ((0.1, 0.0), (0.1, -0.1)))  # 330 pixels high
    np.testing.assert_allclose(renderers[0].called("pan"), ((0.1, 0.1), (0.1, 0.1)))
    assert all(factor[0] > 1.1 for factor in renderers[0].called("zoom")) and len(renderers[0].called("zoom")) == 2


def test_a_right_click_asks_for_the_menu_a_double_click_for_the_whole_window(session, pane_of, renderers):
    pane, asked = pane_of(session), []
    pane.contextMenuRequested.connect(lambda name, at: asked.append(("menu", name)))
    pane.maximiseRequested.connect(lambda name: asked.append(("large", name)))
    pane.activated.connect(lambda name: asked.append(("active", name)))

    drag(pane, (100, 100), button=RIGHT)
    at = QPointF(9, 9)
    pane.mouseDoubleClickEvent(QMouseEvent(QMouseEvent.Type.MouseButtonDblClick, at, at, LEFT, LEFT, NO_KEY))

    assert asked == [("active", "3d"), ("menu", "3d"), ("large", "3d")]
    assert renderers[0].called("zoom") == []


def test_the_menu_offers_layers_and_sides(session, pane_of, renderers):
    pane, menu = pane_of(session), QMenu()
    pane.fill_menu(menu)
    by_name = {action.text(): action for action in menu.actions()}

    by_name["From the head (superior)"].trigger()
    by_name["Reset 3-D view"].trigger()
    by_name["Scan in 3-D"].trigger()

    assert renderers[0].called("look_from") == [("superior",)]
    assert renderers[0].called("reset_camera") == [()]
    assert renderers[0].called("show")[-1] == (False, True)


def test_hiding_the_overlay_hides_the_surfaces(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    session.hand.set_overlay(visible=False)
    qtbot.waitUntil(lambda: renderers[0].called("show")[-1] == (True, False))

    session.hand.set_overlay(visible=True)
    qtbot.waitUntil(lambda: renderers[0].called("show")[-1] == (True, True))
    pane.show_labels.trigger()

    assert renderers[0].called("show")[-1] == (True, False)


def test_strokes_are_passed_on_once_after_a_pause(session, pane_of, renderers, qtbot):
    pane_of(session)
    before = len(renderers[0].called("set_labels"))
    session.choose_tool("brush")
    session.begin_stroke("axial", (7.0, 5.0, 3.0))
    for n in range(10):
        session.stroke_to((7.0 + n % 3, 5.0, 3.0))
        qtbot.wait(10)
    qtbot.wait(100)  # the mouse rests, the button is still down
    assert len(renderers[0].called("set_labels")) == before  # still painting
    session.end_stroke()
    qtbot.waitUntil(lambda: len(renderers[0].called("set_labels")) > before)
    qtbot.wait(100)

    assert len(renderers[0].called("set_labels")) == before + 1
    layers, _ = renderers[0].called("set_labels")[-1]
    assert [layer.voxels is session.label_map.voxels for layer in layers] == [True]


def test_a_stroke_that_ends_as_the_pause_runs_out_is_passed_on_once(session, pane_of, renderers, qtbot):
    pane_of(session)
    before = len(renderers[0].called("set_labels"))
    session.choose_tool("brush")
    session.begin_stroke("axial", (7.0, 5.0, 3.0))
    qtbot.wait(20)
    time.sleep(0.2)  # the window is busy until the pause is over
    session.end_stroke()
    qtbot.waitUntil(lambda: len(renderers[0].called("set_labels")) > before)
    qtbot.wait(100)

    assert len(renderers[0].called("set_labels")) == before + 1


def test_a_proposal_is_shown_over_the_labels_until_it_is_rejected(session, pane_of, renderers, qtbot):
    pane_of(session)
    session.replace_voxels("x", (slice(0, 1),) * 3, np.ones((1, 1, 1), np.uint8))
    voxels = np.full(session.volume.voxels.shape, 5, np.uint8)
    proposal = Proposal(voxels, (Label(5, "five", (1, 2, 3)),), Origin("m", "1", "CPU", 1.0))

    session.propose(proposal)
    qtbot.waitUntil(lambda: len(renderers[0].called("set_labels")[-1][0]) == 2)
    own, proposed = renderers[0].called("set_labels")[-1][0]
    assert own.voxels is session.label_map.voxels
    assert proposed.voxels is voxels and proposed.labels == proposal.labels

    session.reject_proposal()
    qtbot.waitUntil(lambda: len(renderers[0].called("set_labels")[-1][0]) == 1)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (
            replace(SERIES, verdict=GeometryVerdict("missing", "2 of 9 slices are missing.")),
            "2 of 9 slices are missing.",
        ),
        (replace(SERIES, verdict=GeometryVerdict("2d", "one")), "A single image has no 3-D view."),
    ],
)
def test_series_that_are_no_volume_are_told_apart(oblique_phantom, pane_of, renderers, series, said):
    session = Session()
    one = series.verdict.kind == "2d"
    geometry = oblique_phantom.geometry
    volume = oblique_phantom
    if one:
        geometry = replace(geometry, size=(*geometry.size[:2], 1))
        volume = replace(volume, voxels=volume.voxels[:1].copy(), geometry=geometry)
    session.open(series, volume)

    pane = pane_of(session)

    assert said in pane.sentence
    assert not renderers
    pane.grab()


def sides_offered(pane) -> bool:
    menu = QMenu()
    pane.fill_menu(menu)
    return any("anterior" in action.text() for action in menu.actions())


def test_sides_are_named_only_where_they_are_known(oblique_phantom, pane_of, renderers, monkeypatch, qtbot):
    cubes = []
    # the painter must not outlive the painting, so it is not kept
    monkeypatch.setattr(volume_pane, "draw_orientation_cube", lambda *args: cubes.append(True))
    for known in (True, False):
        cubes.clear()
        session = Session()
        geometry = replace(oblique_phantom.geometry, patient_space=known)
        session.open(SERIES, replace(oblique_phantom, geometry=geometry))
        pane = pane_of(session)
        renderers[-1].deliver(renderers[-1].frame())
        qtbot.waitUntil(lambda pane=pane: pane.frame is not None)
        pane.grab()

        assert bool(cubes) == known
        assert sides_offered(pane) == known
        pane.hide()


def test_a_scene_that_cannot_be_made_is_explained_and_the_window_lives(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    renderers[0].fail("3-D is off: this computer offers no OpenGL.")
    qtbot.waitUntil(lambda: pane.sentence == "3-D is off: this computer offers no OpenGL.")

    drag(pane, (100, 100), (150, 100))
    pane.reset_view()
    session.open(replace(SERIES, uid="1.3"), session.volume)
    qtbot.wait(20)
    pane.grab()

    assert renderers[0].called("close") and len(renderers) == 1
    assert pane.sentence.startswith("3-D is off")


def test_a_hidden_pane_draws_nothing_and_catches_up_when_it_is_shown(session, pane_of, renderers):
    pane = pane_of(session, shown=False)
    assert not renderers

    pane.show()

    assert renderers[0].called("set_volume") == [(session.volume,)]
    assert renderers[0].called("resize")[-1] == (420, 330)


def test_the_size_is_told_in_device_pixels(session, pane_of, renderers, monkeypatch):
    pane = pane_of(session)
    monkeypatch.setattr(pane, "devicePixelRatioF", lambda: 2.0)

    pane.resize(300, 240)

    assert renderers[0].called("resize")[-1] == (600, 480)


@pytest.mark.parametrize("size", [(140, 110), (300, 240), (1200, 800)])
def test_every_size_can_be_painted_with_the_buttons_inside(session, pane_of, renderers, qtbot, size):
    pane = pane_of(session)
    pane.resize(*size)
    renderers[0].deliver(renderers[0].frame())
    qtbot.waitUntil(lambda: pane.frame is not None)
    pane.grab()

    assert pane.rect().contains(pane._buttons.geometry())


@pytest.mark.parametrize("shown", ["picture", "sentence"])
def test_no_two_texts_overlap_at_any_size_and_the_name_stays(session, pane_of, renderers, qtbot, ink, shown):
    series = replace(SERIES, patient_name="Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine", birth_date="19140404")
    session.open(series, session.volume)
    pane = pane_of(session)
    if shown == "picture":
        notice = "Reduced to 256 voxels a side, as the memory of the graphics card is small"
        renderers[0].deliver(replace(renderers[0].frame(), notice=notice))
        renderers[0].say("Making the surfaces of 29 structures…")
        session.propose(
            Proposal(
                np.ones(session.volume.voxels.shape, np.uint8), (), Origin("brain-structures-mr", "1.0.0", "", 1.0)
            )
        )
        qtbot.waitUntil(lambda: pane.frame is not None and session.proposal is not None and not pane.sentence)
    for width in (140, 200, 260, 340, 520, 1200):
        for height in (110, 160, 230, 330, 800):
            pane.resize(width, height)
            assert_nothing_overlaps(pane, ink, pane._buttons)
            assert ("top left", 1) in [piece.key for piece in pane.written], (width, height)


def test_a_real_scene_comes_and_goes_without_keeping_the_window(session, pane_of, qtbot):
    session.replace_voxels("x", (slice(1, 4),) * 3, np.ones((3, 3, 3), np.uint8))
    pane = pane_of(session)
    qtbot.waitUntil(lambda: pane.sentence.startswith("3-D is off") or pane.frame is not None, timeout=20_000)
    if pane.frame is None:
        pytest.skip(pane.sentence)
    with qtbot.waitSignal(pane.frameShown, timeout=20_000, check_params_cb=lambda full: full):
        started = time.perf_counter()
        drag(pane, (100, 100), (150, 110), (200, 120))
        assert time.perf_counter() - started < 0.1

    pane.close_scene()

    assert "3-D" not in {thread.name for thread in threading.enumerate()}


def test_a_series_that_is_still_being_read_is_drawn_when_all_of_it_is_there(oblique_phantom, pane_of, renderers, qtbot):
    session = Session()
    slices = oblique_phantom.geometry.size[2]
    session.open(SERIES, replace(oblique_phantom, arrived=np.arange(slices) < 3))
    pane = pane_of(session)
    assert pane.sentence == "Loading…" and not renderers

    session.complete(oblique_phantom)
    qtbot.waitUntil(lambda: bool(renderers) and renderers[0].called("set_volume") == [(oblique_phantom,)])
    assert pane.sentence == "Preparing the 3-D view…"


def test_the_old_picture_goes_when_another_series_begins_to_arrive(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    renderers[0].deliver(renderers[0].frame())
    qtbot.waitUntil(lambda: pane.frame is not None)
    slices = session.volume.geometry.size[2]
    session.open(replace(SERIES, uid="1.3"), replace(session.volume, arrived=np.arange(slices) < 3))
    qtbot.waitUntil(lambda: pane.frame is None)
    assert renderers[0].called("set_volume")[-1] == (None,) and pane.sentence == "Loading…"
    renderers[0].deliver(renderers[0].frame())
    qtbot.wait(20)
    assert pane.frame is None


def test_slices_that_make_no_volume_offer_a_grid_and_colours_say_why(oblique_phantom, pane_of, renderers, qtbot):
    session, asked = Session(), []
    geometry = oblique_phantom.geometry
    origins = geometry.index_to_lps([(0, 0, k + (k > 3)) for k in range(geometry.size[2])])
    stack = replace(oblique_phantom, geometry=replace(geometry, slice_origins=origins))
    session.open(replace(SERIES, verdict=GeometryVerdict("missing", "1 slice is missing.")), stack)
    pane = pane_of(session)
    pane.resampleRequested.connect(lambda: asked.append(True))
    assert "1 slice is missing." in pane.sentence and not renderers
    pane.resample_button.click()
    assert asked == [True] and pane.resample_button.isVisible()

    colours = np.zeros((*geometry.shape, 3), np.uint8)
    session.open(SERIES, Volume(colours, geometry))
    assert "Colours" in pane.sentence
    qtbot.waitUntil(lambda: not pane.resample_button.isVisible())
    assert not renderers


def test_the_pane_calls_the_scan_glass_when_the_picture_shows_it_so(session, pane_of, renderers, qtbot):
    pane = pane_of(session)
    assert not pane.glass_shown  # before there is a picture
    for glass in (True, False):
        renderers[-1].deliver(replace(renderers[-1].frame(), glass=glass))
        qtbot.waitUntil(lambda glass=glass: pane.glass_shown == glass)
        assert (pane._look_words() == "Glass") == glass
