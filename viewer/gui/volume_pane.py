"""The open series in three dimensions: shows the drawing thread's frames and turns the mouse into its commands."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QVBoxLayout, QWidget

import resources
from viewer.core.display import WindowLevel, bracketing_window
from viewer.core.events import What
from viewer.core.geometry import Geometry
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.volume_look import ValueHistogram, VolumeLook, in_values, load_looks, looks_for
from viewer.gui.bridge import Courier
from viewer.gui.enhanced_picture import burn
from viewer.gui.icons import glyph_icon
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.lettering import CornerTexts, Words
from viewer.gui.overlay import (
    EDGE_PX,
    NOT_FOR_DIAGNOSIS,
    Badge,
    Line,
    Rank,
    draw_orientation_cube,
    draw_progress,
    draw_text,
    identity_lines,
    told,
    warning_line,
)
from viewer.gui.pane import LOADING, STRIP_PX, ZOOM_PER_NOTCH, Drag, Pane, why_no_grid
from viewer.gui.style import (
    DIMMED_TEXT,
    PROPOSAL,
    TEXT,
    VIEWPORT,
    VOLUME_COLOUR,
    WARNING,
)
from viewer.gui.surface_export import ExportDialog
from viewer.gui.trust_words import only_on_slices
from viewer.gui.volume_settings import VolumeSettings
from viewer.io.saving import saved_when_complete
from viewer.jobs import Job, JobQueue
from viewer.render.frame import NO_CUT, Cut, CutPlane, Frame, LabelLayer, Side
from viewer.render.scene_thread import SceneRenderer

NAME = "3d"  # what this pane's signals carry where a slice pane's carry their plane

SIDES: tuple[tuple[Side, str, str], ...] = (
    ("anterior", "A", QT_TR_NOOP("From the front (anterior)")),
    ("posterior", "P", QT_TR_NOOP("From behind (posterior)")),
    ("left", "L", QT_TR_NOOP("From the patient's left")),
    ("right", "R", QT_TR_NOOP("From the patient's right")),
    ("superior", "H", QT_TR_NOOP("From the head (superior)")),
    ("inferior", "F", QT_TR_NOOP("From the feet (inferior)")),
)

_BUTTON_PX = 22
_CUBE_PX = (46.0, 78.0)
_STROKE_PAUSE_MS = 500  # without a change of the labels before their surfaces are made again
_ARRIVAL_MS = 200  # between two pictures of how much has arrived
_NOTICE_MS = 6000
_FRAME_PX = 12  # of a window, at its sides and below
_PREPARING = QT_TR_NOOP("Preparing the 3-D view…")
_SPIN_MS, _SPIN_S = 30, 10.0  # between two steps of a turn, and of a whole one
_DRAGS_PER_TURN = 1.8  # across the whole pane
_DENSE = 0.2  # opacity per mm
_CUT_PER_NOTCH = 1 / 60  # of the scan's greatest extent


class VolumePane(Pane):
    """Shows the session's volume and the surfaces of its labels, or of a proposal over them.

    Whoever listens to the session calls apply() once per turn of the event loop, and close_scene() before the
    program ends. Nothing is drawn while the pane is hidden.
    """

    frameShown = Signal(bool)  # a new picture is in the pane; True for one of full quality
    settingsChanged = Signal()  # what the scan looks like in 3-D, and what is cut away

    def __init__(self, session: Session, jobs: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(session, NAME, VOLUME_COLOUR, parent)
        self._jobs = jobs
        self._table = load_looks(resources.path("presets", "volume_rendering.json"))
        self.looks: tuple[VolumeLook, ...] = ()  # presets for the open scan
        self._look: VolumeLook | None = None
        self.glass = True
        self.cut = NO_CUT
        self.settings: VolumeSettings | None = None
        self._for_full: list[Callable[[], None]] = []  # what waits for a picture of full quality
        self._notice = ""
        self._notice_timer = QTimer(self, singleShot=True, interval=_NOTICE_MS)
        self._notice_timer.timeout.connect(lambda: self.tell(""))
        self._since_step = QElapsedTimer()
        self._spinning = QTimer(self, interval=_SPIN_MS)
        self._spinning.timeout.connect(self._step_spin)
        self._courier = Courier(self)
        self._renderer: SceneRenderer | None = None
        self._ending: SceneRenderer | None = None
        self._generation = -1
        self._frame: Frame | None = None
        self._picture: QImage | None = None
        self._said = ""
        self._failed = ""
        self._volume_due = self._labels_due = False
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._labels_rest)
        self._arrival = QTimer(self, singleShot=True, interval=_ARRIVAL_MS)
        self._arrival.timeout.connect(self.update)
        self.show_volume = self._toggle(tr("Scan in 3-D"), "cube-outline")
        self.show_labels = self._toggle(tr("Label surfaces in 3-D"), "layers-triple")
        self.show_volume.toggled.connect(self._send_visibility)
        self.show_labels.toggled.connect(self._send_visibility)
        self.spin = self._toggle(tr("Spin"), "rotate-360", on=False)
        self.spin.toggled.connect(self._set_spinning)
        self.open_settings = QAction(glyph_icon("tune-variant", DIMMED_TEXT), tr("3-D settings…"), self)
        self.open_settings.setToolTip(tr("Opacity and colours, cuts, labels"))
        self.open_settings.triggered.connect(self.show_settings)
        self._side_actions = [self._side_action(*side) for side in SIDES]
        self._buttons = self._make_buttons()
        self.setAccessibleName(tr("3-D view"))
        self.apply(What.SERIES)

    # What the window asks of a pane

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session. Painted labels appear after a pause, so that strokes stay smooth."""
        if what & What.VIEW:
            self._look, self.glass, self.cut = None, True, NO_CUT
            self.spin.setChecked(False)
        if what & What.SERIES:
            self._drag = None
            self._for_full.clear()
            self._forget_frame()
            self._volume_due = self._labels_due = True
            self._pause.stop()
            self._send()
            self._offer_resampling(self.why_not)
        elif what & (What.LABEL_TABLE | What.PROPOSAL):
            self._labels_due = True
            self._pause.start(0)
        elif what & What.LABELS:
            self._labels_due = True
            self._pause.start(_STROKE_PAUSE_MS)
        if what & What.DISPLAY:
            self._send_visibility()
        if what & What.WINDOW and self.cut.image is not None:
            self.set_cut(replace(self.cut, image=self.grey_range()))
        if self.settings is not None:
            self.settings.apply(what)
        if what & (What.SERIES | What.DISPLAY | What.PROPOSAL):
            self.update()
        elif what & What.VOXELS and not self._arrival.isActive():
            self._arrival.start()

    def reset_view(self) -> None:
        """Look from the front again, the whole scan in view."""
        if self._renderer is not None:
            self._renderer.reset_camera()

    def look_from(self, side: Side) -> None:
        """Look straight at one side of the patient."""
        if self._renderer is not None:
            self._renderer.look_from(side)

    def zoom_by(self, factor: float) -> None:
        """Magnify the scene."""
        if self._renderer is not None:
            self._renderer.zoom(factor)

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be done with the pane to a context menu."""
        menu.addActions([self.show_volume, self.show_labels])
        menu.addSeparator()
        if self.look is not None:
            menu.addMenu(self._presets_menu(menu))
            menu.addActions([self.open_settings, self.spin])
            menu.addSeparator()
            menu.addAction(tr("Copy picture"), self.copy_picture)
            menu.addAction(tr("Save picture…"), self.ask_picture_file)
            menu.addAction(
                tr("Save picture with the patient's name…"), lambda: self.ask_picture_file(with_patient=True)
            )
            menu.addAction(tr("Export label surfaces…"), self.export_surfaces).setEnabled(self.has_surfaces)
            menu.addSeparator()
        if self.knows_sides:
            menu.addActions(self._side_actions)
            menu.addSeparator()
        menu.addAction(tr("Reset 3-D view"), self.reset_view)

    def _presets_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(tr("Look"), parent)
        group = QActionGroup(menu)
        for look in self.looks:
            action = menu.addAction(tr(look.name))
            action.setCheckable(True)
            action.setChecked(self._look is not None and look.name == self._look.name and not self.glass_shown)
            action.triggered.connect(lambda checked=False, look=look: self.choose_look(look))
            group.addAction(action)
        menu.addSeparator()
        glass = menu.addAction(tr("Glass around labels"))
        glass.setCheckable(True)
        glass.setChecked(self.glass)
        glass.toggled.connect(self.set_glass)
        return menu

    # What the scan looks like

    @property
    def look(self) -> VolumeLook | None:
        """How the scan is shown in 3-D: a preset, or what a person made of it. None with no scan in 3-D."""
        return self._look if self.session.volume is not None and not self.why_not else None

    @property
    def look_in_values(self) -> VolumeLook | None:
        """The look with its points in the scan's values; None before there is a picture."""
        look, histogram, volume = self.look, self.histogram, self.session.volume
        if look is None or histogram is None or volume is None:
            return None
        return in_values(look, histogram, volume.suv_factor)

    @property
    def histogram(self) -> ValueHistogram | None:
        """How often values occur in the scan; None before there is a picture."""
        return self._frame.histogram if self._frame is not None else None

    @property
    def glass_shown(self) -> bool:
        """Whether the scan is as of glass in the picture, around labels."""
        return self._frame is not None and self._frame.glass

    @property
    def _labels_shown(self) -> bool:
        return self.show_labels.isChecked() and self.session.hand.overlay_visible

    @property
    def dense(self) -> bool:
        """Whether most tissue is so opaque that a cut through the scan shows nothing behind it."""
        look, histogram = self.look_in_values, self.histogram
        if look is None or histogram is None or look.blend == "maximum" or self.glass_shown:
            return False
        return look.at(histogram.percentile_of_tissue(50)).opacity > _DENSE

    @property
    def preset(self) -> VolumeLook | None:
        """The preset that the look was made from."""
        return next((look for look in self.looks if self._look is not None and look.name == self._look.name), None)

    def choose_look(self, look: VolumeLook) -> None:
        """Show the scan by a preset, or as a person has changed one. Around labels it is no longer of glass."""
        self._look, self.glass = look, False
        self._send_look()

    def set_glass(self, glass: bool) -> None:
        """Whether the scan is as of glass while label surfaces are shown."""
        self.glass = glass
        self._send_look()

    def _send_look(self) -> None:
        if self._renderer is not None and self._look is not None:
            self._renderer.set_look(self._look, glass=self.glass)
        self.settingsChanged.emit()
        self.update()

    # Cuts

    def set_cut(self, cut: Cut) -> None:
        """Take parts of the scan away."""
        self.cut = cut
        if self._renderer is not None:
            self._renderer.set_cut(cut)
        self.settingsChanged.emit()
        self.update()

    @property
    def extent_lps(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner, LPS mm, of the box along the patient's axes around the open scan."""
        volume = self.session.volume
        assert volume is not None
        return _extent(volume.geometry)

    def cut_from(self, normal_lps: np.ndarray, depth_mm: float) -> None:
        """Cut by a plane, depth_mm before the scan's middle towards the side that is taken away."""
        low, high = self.extent_lps
        limit = float(np.linalg.norm(high - low)) / 2
        normal = normal_lps / np.linalg.norm(normal_lps)
        point = (low + high) / 2 + min(max(depth_mm, -limit), limit) * normal
        x, y, z = point.tolist()
        a, b, c = normal.tolist()
        self.set_cut(replace(self.cut, plane=CutPlane((x, y, z), (a, b, c))))

    @property
    def cut_depth_mm(self) -> float:
        """How far the plane lies before the scan's middle; 0 without one."""
        if self.cut.plane is None:
            return 0.0
        low, high = self.extent_lps
        return float((np.array(self.cut.plane.point_lps) - (low + high) / 2) @ self.cut.plane.normal_lps)

    def cut_facing(self) -> None:
        """Turn the plane towards the eye: what lies before it is taken away."""
        if self._frame is not None:
            self.cut_from(np.cross(self._frame.right_lps, self._frame.up_lps), self.cut_depth_mm)

    def cut_at_cursor(self) -> None:
        """Put the plane through the cross-hair, turned as it is."""
        volume, plane = self.session.volume, self.cut.plane
        if volume is None or plane is None:
            return
        low, high = self.extent_lps
        cursor = volume.geometry.index_to_lps(self.session.cursor_ijk)
        self.cut_from(np.array(plane.normal_lps), float((cursor - (low + high) / 2) @ plane.normal_lps))

    def _turn_cut(self, right: float, down: float) -> None:
        """Turn the plane as the mouse goes, in fractions of the pane."""
        if self.cut.plane is None or self._frame is None:
            return
        axis = self._frame.up_lps * right + self._frame.right_lps * down
        length = float(np.linalg.norm(axis))
        if length > 0:
            normal = _turned(np.array(self.cut.plane.normal_lps), axis / length, length * 2 * math.pi / _DRAGS_PER_TURN)
            self.cut_from(normal, self.cut_depth_mm)

    def grey_range(self) -> tuple[float, float]:
        """Values that are black and white in the slices."""
        window = self.session.window
        window = window if isinstance(window, WindowLevel) else bracketing_window(window)
        return window.centre - window.width / 2, window.centre + window.width / 2

    # Turning by itself

    def _set_spinning(self, on: bool) -> None:
        if on and self.isVisible():
            self._since_step.start()
            self._spinning.start()
        else:
            self._spinning.stop()

    def _step_spin(self) -> None:
        seconds = self._since_step.restart() / 1000
        if self._renderer is not None:
            self._renderer.rotate(seconds / _SPIN_S * _DRAGS_PER_TURN, 0.0)

    # Pictures and surfaces

    def show_settings(self) -> None:
        """Open the window of opacity, colours, cuts and labels, or bring it to the front."""
        if self.settings is None:
            self.settings = VolumeSettings(self)
            self.settings.move(self._place_beside(self.settings.size()))
        self.settings.show()
        self.settings.raise_()
        self.settings.activateWindow()

    def _place_beside(self, size: QSize) -> QPoint:
        """Where on the screen a window of a size hides the least of the pane, rather at a side of the screen than over
        other panes; a window system may overrule it."""
        pane = QRect(self.mapToGlobal(QPoint(0, 0)), self.size())
        room = self.screen().availableGeometry()
        hidden: dict[tuple[int, int], int] = {}
        beside = (pane.left() - size.width() - _FRAME_PX, pane.right() + 1)
        for left in (room.left(), room.right() - size.width(), *beside):
            for top in (pane.top(), pane.bottom() - size.height(), room.top() + _FRAME_PX):
                left_in = max(min(left, room.right() - size.width() - _FRAME_PX), room.left())
                top_in = max(min(top, room.bottom() - size.height() - _FRAME_PX), room.top())
                over = QRect(QPoint(left_in, top_in), size) & pane
                hidden[left_in, top_in] = over.width() * over.height()
        return QPoint(*min(hidden, key=lambda place: hidden[place]))

    def when_full(self, act: Callable[[], None]) -> None:
        """Call act as soon as a picture of full quality is shown."""
        if self._frame is None:
            return
        self.spin.setChecked(False)
        if self._frame.full:
            act()
        else:
            self._for_full.append(act)

    def picture(self, with_patient: bool = False) -> QImage:
        """The picture that is shown, with the warning and the cube in it, but with the patient's name only if asked."""
        assert self._frame is not None and self._picture is not None
        picture = self._picture.convertToFormat(QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(1.0)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            font = QFont(self.font())
            font.setPixelSize(max(round(min(picture.height(), picture.width()) / 32), 11))
            painter.setFont(font)
            metrics, edge = QFontMetricsF(font), font.pixelSize() * 0.8
            lines = identity_lines(self.session.series) if with_patient and self.session.series is not None else ()
            for n, line in enumerate(lines):
                draw_text(painter, QPointF(edge, edge + metrics.ascent() + n * metrics.height()), line.text, TEXT)
            draw_text(painter, QPointF(edge, picture.height() - edge), tr(NOT_FOR_DIAGNOSIS), TEXT)
            if self.knows_sides:
                size = 0.15 * min(picture.width(), picture.height())
                centre = QPointF(picture.width() - size / 2 - edge, picture.height() - size / 2 - edge)
                draw_orientation_cube(painter, centre, size, self._frame.right_lps, self._frame.up_lps, font)
            burn(painter, self.session, QRectF(picture.rect()))
        return picture

    def copy_picture(self) -> None:
        """Copy the picture, in full quality and without the patient's name, for other programs."""

        def copy() -> None:
            QGuiApplication.clipboard().setImage(self.picture())
            self.tell(tr("Picture copied, without the patient's name"))

        self.when_full(copy)

    def ask_picture_file(self, with_patient: bool = False) -> None:
        """Ask for a PNG file and save the picture there."""
        name, _ = QFileDialog.getSaveFileName(self, tr("Save picture"), "3-D.png", "PNG (*.png)")
        if name:
            path = Path(name) if Path(name).suffix.lower() == ".png" else Path(f"{name}.png")
            # the dialog has asked before it replaces the file that was chosen, but no other
            self.when_full(lambda: self.save_picture(path, with_patient, overwrite=path == Path(name)))

    def save_picture(self, path: Path, with_patient: bool = False, overwrite: bool = False) -> None:
        """Save the picture as PNG; it is read back before it is called saved."""
        picture = self.picture(with_patient)

        def work(job: Job) -> None:
            with saved_when_complete(path, overwrite) as temporary:
                if not picture.save(str(temporary)):
                    raise OSError(tr("{name} could not be written").format(name=path.name))
                if QImage(str(temporary)).convertToFormat(picture.format()) != picture:
                    sentence = tr("{name} came back with other pixels than were written; nothing was saved")
                    raise OSError(sentence.format(name=path.name))

        saved = tr("Saved {name}").format(name=path.name)
        self._jobs.submit(tr("Saving the picture"), work, lambda _: self.tell(saved), self.tell)

    def export_surfaces(self) -> None:
        """Ask which labels to write as surfaces, in which format and where."""
        if self.has_surfaces:
            dialog = ExportDialog(self.session, self._jobs, self.tell, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def tell(self, sentence: str) -> None:
        """Say something in the pane for a while."""
        self._notice = said(sentence) if sentence else ""
        if sentence:
            self._notice_timer.start()
        self.update()

    @property
    def frame(self) -> Frame | None:
        """The frame in the pane; None while there is none of the open series."""
        return self._frame

    @property
    def sentence(self) -> str:
        """What the pane says in place of a picture; empty if it shows one or has nothing to show."""
        if self.why_not:
            return self.why_not
        if self._failed or self._frame is not None or self.session.volume is None:
            return self._failed
        return tr(LOADING) if self.session.loading else self._said or tr(_PREPARING)

    def close_scene(self, timeout_s: float = 2.0) -> bool:
        """End the drawing thread, which needs at most the rest of one step. True if it ended within timeout_s."""
        self._pause.stop()
        self._ending, self._renderer = self._renderer or self._ending, None
        return self._ending is None or self._ending.close(timeout_s)

    # Mouse

    def _kind_of_left(self, event: QMouseEvent) -> str:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return "pan"
        cuts = event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.cut.plane is not None
        return "cut" if cuts else "rotate"

    def _begin_drag(self, drag: Drag) -> None:
        self.spin.setChecked(False)

    def _drag_on(self, drag: Drag, at: QPointF, step: QPointF) -> None:
        across = max(min(self.width(), self.height()), 1)
        if drag.moved and drag.kind == "cut" and self._renderer is not None:
            self._turn_cut(step.x() / across, step.y() / across)
        elif drag.moved and drag.kind == "rotate" and self._renderer is not None:
            self._renderer.rotate(step.x() / across, step.y() / across)
        else:
            super()._drag_on(drag, at, step)

    def _pan(self, step: QPointF) -> None:
        if self._renderer is not None:
            self._renderer.pan(step.x() / self.height(), step.y() / self.height())

    def _zoom(self, factor: float, about: QPointF) -> None:
        self.zoom_by(factor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = self._notches(event)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.cut.plane is not None:
            low, high = self.extent_lps
            step = _CUT_PER_NOTCH * float(np.linalg.norm(high - low))
            self.cut_from(np.array(self.cut.plane.normal_lps), self.cut_depth_mm - notches * step)
        else:
            self.zoom_by(ZOOM_PER_NOTCH**notches)

    # Between the session and the drawing thread

    @property
    def why_not(self) -> str:
        """Why the open series has no 3-D view; empty if it has one."""
        volume, series = self.session.volume, self.session.series
        if volume is None or series is None:
            return ""
        if min(volume.geometry.size) < 2:
            return tr("A single image has no 3-D view.")
        if not (volume.geometry.is_grid and series.verdict.is_volume):
            return why_no_grid(series)
        if volume.colour:
            return tr("Colours have no 3-D view.")
        return ""

    @property
    def knows_sides(self) -> bool:
        """Whether the scan's place in the patient is known."""
        volume = self.session.volume
        return volume is not None and volume.geometry.patient_space

    def _send(self) -> None:
        """Bring the drawing thread up to date, unless nobody would see it."""
        self._arrange_buttons()
        if not self.isVisible():
            return
        volume = self.session.volume if not self.why_not and not self.session.loading else None
        if self._renderer is None:
            if volume is None or self._failed:
                return
            self._start()
        assert self._renderer is not None
        if self._volume_due:
            self._volume_due = False
            if volume is not None:
                self.looks = looks_for(volume, self._table)
                self._look = self._look or self.looks[0]
            self._generation = self._renderer.set_volume(volume, self._look if volume is not None else None)
            if volume is not None and self._look is not None and not self.glass:
                self._renderer.set_look(self._look, glass=False)
            if volume is not None and self.cut != NO_CUT:
                self._renderer.set_cut(self.cut)
            self.settingsChanged.emit()
        if self._labels_due:
            self._labels_due = False
            self._pause.stop()
            layers = self._layers() if volume is not None else []
            if volume is not None:
                self._renderer.set_labels(layers, volume.geometry)
            self._arrange_buttons()

    def _start(self) -> None:
        courier = self._courier
        self._renderer = SceneRenderer(
            lambda frame: courier.deliver(lambda: self._take(frame)),
            lambda text: courier.deliver(lambda: self._hear(text)),
            lambda text: courier.deliver(lambda: self._fail(text)),
        )
        self._volume_due = self._labels_due = True
        self._send_size()
        self._send_visibility()

    def _layers(self) -> list[LabelLayer]:
        session = self.session
        layers = []
        if session.label_map is not None and not session.label_map.blank:
            layers.append(LabelLayer(session.label_map.voxels, session.labels))
        if session.proposal is not None:
            layers.append(LabelLayer(session.proposal.latest, session.proposal.labels))
        return layers

    @property
    def has_surfaces(self) -> bool:
        """Whether there are labels of a person's own, or accepted ones."""
        return self.session.label_map is not None and not self.session.label_map.blank and not self.why_not

    def _labels_rest(self) -> None:
        if self.session.painting:
            self._pause.start(_STROKE_PAUSE_MS)
        else:  # a stroke may have ended since, and be told in this turn of the event loop: it is sent along
            QTimer.singleShot(0, self, self._send)

    def _send_visibility(self) -> None:
        if self._renderer is not None:
            self._renderer.show(volume=self.show_volume.isChecked(), labels=self._labels_shown)

    def _send_size(self) -> None:
        if self._renderer is not None and self.isVisible():
            ratio = self.devicePixelRatioF()
            self._renderer.resize(round(self.width() * ratio), round(self.height() * ratio))

    def _take(self, frame: Frame) -> None:
        if self._renderer is None or frame.generation != self._generation or self.why_not or self.session.loading:
            return  # of a series that is no longer open
        first, self._frame = self._frame is None, frame
        rows, columns = frame.pixels.shape[:2]
        self._picture = QImage(frame.pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        self.update()
        if first:
            self.settingsChanged.emit()
        if frame.full:
            waiting, self._for_full = self._for_full, []
            for act in waiting:
                act()
        self.frameShown.emit(frame.full)

    def _hear(self, text: str) -> None:
        self._said = said(text) if text else ""
        self.update()

    def _fail(self, text: str) -> None:
        self._failed = said(text) if text else ""
        self._forget_frame()
        self._arrange_buttons()
        self.close_scene()
        self.update()

    def _forget_frame(self) -> None:
        self._frame = self._picture = None
        self._said = ""

    # Small buttons

    def _toggle(self, text: str, icon: str, on: bool = True) -> QAction:
        picture = glyph_icon(icon, DIMMED_TEXT, VOLUME_COLOUR.lighter(125))
        return QAction(picture, text, self, checkable=True, checked=on)

    def _side_action(self, side: Side, letter: str, text: str) -> QAction:
        action = QAction(tr(text), self)
        action.setIconText(letter)
        action.triggered.connect(lambda: self.look_from(side))
        return action

    def _make_buttons(self) -> QWidget:
        column = QWidget(self)
        column.setStyleSheet(
            f"QToolButton {{ background: transparent; border: 0; border-radius: 4px; padding: 0;"
            f" color: {DIMMED_TEXT.name()}; }} QToolButton:hover {{ background: #2f3237; color: {TEXT.name()}; }}"
        )
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._side_buttons: list[QToolButton] = []
        self._usual_buttons: list[QToolButton] = []
        for action in (*self._usual_actions, *self._side_actions):
            button = QToolButton(column)
            button.setDefaultAction(action)
            button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(action.text())
            button.setAccessibleName(action.text())
            button.setCursor(Qt.CursorShape.ArrowCursor)
            layout.addWidget(button)
            (self._side_buttons if action in self._side_actions else self._usual_buttons).append(button)
        return column

    @property
    def _usual_actions(self) -> tuple[QAction, ...]:
        return self.show_volume, self.show_labels, self.open_settings, self.spin

    def _arrange_buttons(self) -> None:
        some = self.session.volume is not None and not (self.why_not or self._failed or self.session.loading)
        self._buttons.setVisible(some)
        cube = min(max(0.15 * min(self.width(), self.height()), _CUBE_PX[0]), _CUBE_PX[1])
        fitting = int((self.height() - cube - 2 * EDGE_PX) // _BUTTON_PX)
        all_fit = fitting >= len(self._side_buttons) + len(self._usual_buttons)
        for button in self._side_buttons:
            button.setVisible(self.knows_sides and all_fit)
        for n, button in enumerate(self._usual_buttons):
            button.setVisible(n < fitting)
        self._buttons.adjustSize()
        self._buttons.move(self.width() - self._buttons.width() - 5, round(STRIP_PX) + 5)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # ends with the event whatever happens: a second one would crash in Qt
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), VIEWPORT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pane = QRectF(self.rect())
        self._badges = []
        self._paint_picture(painter, pane)
        volume = self.session.volume
        if volume is not None:
            if self.session.loading and volume.arrived is not None and not self.why_not:
                draw_progress(painter, pane, float(volume.arrived.mean()))
            self._paint_texts(painter, pane.adjusted(0, STRIP_PX, 0, 0))
        self._paint_strip(painter)
        if self._picture is not None and not self.why_not:
            burn(painter, self.session, pane, self.badges_end)

    def _paint_picture(self, painter: QPainter, pane: QRectF) -> None:
        if self._picture is None or self.why_not:
            return
        picture, scale = self._picture, pane.height() / self._picture.height()
        width = picture.width() * scale  # of another width than the pane's only until the next frame
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(pane.center().x() - width / 2, pane.top(), width, pane.height()), picture)

    def _paint_texts(self, painter: QPainter, inside: QRectF) -> None:
        session, frame = self.session, self._frame
        name = [Line(tr("3-D"), VOLUME_COLOUR.lighter(120), Rank.NOTICE)]
        if session.hand.overlay_text == "all" and session.series is not None:
            name += identity_lines(session.series)
        taken = [QRectF(w.geometry()) for w in (self._buttons, self.resample_button) if w.isVisible()]
        lines: list[Line] = []
        badges: list[Badge] = []
        if frame is not None and not self.sentence:
            lines = self._lines(frame)
            if session.hand.overlay_text != "none" and self.knows_sides:
                taken.append(self._paint_cube(painter, inside, frame))
            if session.proposal is not None and session.hand.overlay_visible and self.show_labels.isChecked():
                text = tr("AI proposal: {model}{hidden}").format(model=said(session.proposal.source), hidden="")
                badges.append(Badge(text, PROPOSAL))
            badges.extend(only_on_slices(session, uncertainty=False))
        colour = WARNING if self._failed else DIMMED_TEXT
        series = session.series
        described = () if series is None or session.hand.overlay_text != "all" else told(Line(series.description))
        corners = CornerTexts(tuple(name), bottom_left=tuple(lines), bottom_right=described)
        area = self._sentence_area
        self._place(inside, Words(corners, None, None, tuple(badges), self.sentence, colour, area, tuple(taken)))
        self._write(painter)

    def _lines(self, frame: Frame) -> list[Line]:
        session = self.session
        lines = []
        if session.shown is not session.volume and session.series is not None and session.series.moment is not None:
            text = tr("3-D stays at {moment}").format(moment=said(session.series.moment.label))
            lines.append(Line(text, DIMMED_TEXT, Rank.PLACE))
        if self._said:
            lines.append(Line(self._said, rank=Rank.NOTICE))
        if self._notice:
            lines.append(Line(self._notice, rank=Rank.NOTICE))
        if session.hand.overlay_text != "none" and self._look is not None and self.show_volume.isChecked():
            lines.append(Line(self._look_words(), DIMMED_TEXT))
        if session.hand.overlay_text != "none" and frame.notice:
            lines.append(Line(said(frame.notice), DIMMED_TEXT))
        return [*lines, warning_line(self.width())]

    def _look_words(self) -> str:
        assert self._look is not None
        changed = self._look not in self.looks
        name = tr("Glass") if self.glass_shown else tr(self._look.name) + (tr(", changed") if changed else "")
        box, plane = self.cut.box_lps, self.cut.plane  # a box begins around the whole scan
        cut = plane is not None or (box is not None and not np.allclose(box, self.extent_lps))
        return tr("{look} · parts cut away").format(look=name) if cut else name

    def _paint_cube(self, painter: QPainter, inside: QRectF, frame: Frame) -> QRectF:
        low, high = _CUBE_PX
        size = min(max(0.15 * min(inside.width(), inside.height()), low), high)
        centre = QPointF(inside.right() - size / 2 - 8, inside.bottom() - size / 2 - 8)
        draw_orientation_cube(painter, centre, size, frame.right_lps, frame.up_lps, self.font())
        return QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)

    # State of the widget

    def show_session(self, session: Session) -> None:
        """Show another series from now on."""
        if session is not self.session:
            self.session = session
            self.apply(What.SERIES | What.VIEW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange_buttons()
        self._offer_resampling(self.why_not)
        self._send_size()

    def showEvent(self, event: QShowEvent) -> None:
        self._send_size()
        self._send()

    def hideEvent(self, event: QHideEvent) -> None:
        self.spin.setChecked(False)
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._send_size()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_scene()
        super().closeEvent(event)


def _extent(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[-0.5, n - 0.5] for n in geometry.size])
    at_lps = geometry.index_to_lps([[corners[axis][n[axis]] for axis in range(3)] for n in np.ndindex(2, 2, 2)])
    return at_lps.min(axis=0), at_lps.max(axis=0)


def _turned(vector: np.ndarray, axis: np.ndarray, angle: float) -> np.ndarray:
    """A vector turned about a unit vector by an angle in radians (Rodrigues' formula)."""
    return (
        vector * math.cos(angle)
        + np.cross(axis, vector) * math.sin(angle)
        + axis * (axis @ vector) * (1 - math.cos(angle))
    )
