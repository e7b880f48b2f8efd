"""The window: browser, four panes and panels, and what happens between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QImage,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import resources
from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.measuring import KINDS
from viewer.core.painting import Box
from viewer.core.resample import can_be_resampled
from viewer.core.session import Session
from viewer.core.settings import LayoutName, Settings, WindowPlace
from viewer.core.study import Refusal, Scan, Series
from viewer.gui import style
from viewer.gui.actions import (
    CURVED_CONFIRM,
    OBLIQUE_CONFIRM,
    OBLIQUE_KEY,
    READ_ONLY,
    Actions,
    Group,
    Keys,
    group_name,
    icon,
)
from viewer.gui.command_palette import CommandPalette, Entry
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.export_dialog import ExportDialog
from viewer.gui.exporting import Copier, Exporter, doubts, is_there, picture_of, why_no_picture
from viewer.gui.fusing import Fusing
from viewer.gui.habits import RecentStudies, fitting_place, recent_study
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.key_words import readable
from viewer.gui.label_panel import LabelPanel
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.measure_panel import MeasurePanel
from viewer.gui.model_panel import ModelPanel
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS, person_name
from viewer.gui.player import Player
from viewer.gui.reading_room import ReadingRoom, SomePane, View
from viewer.gui.scrolled import scrolled
from viewer.gui.slice_pane import SlicePane
from viewer.gui.study_browser import StudyBrowser
from viewer.gui.training_panel import TrainingPanel
from viewer.gui.translator import LANGUAGES, Language, chinese_can_be_shown, speak
from viewer.gui.volume_pane import SIDES
from viewer.io.settings_file import SettingsFile
from viewer.jobs import Job
from viewer.workflows import Workflows

DEMO_STUDY = resources.path("demo", "mni152-t1")

_SHOW_JOB_AFTER_MS = 300  # shorter jobs would only flicker
_NOTICE_MS = 8000
_MOST_REFUSALS = 5000  # rows of the list: more would make the window wait, and nobody reads them
_MOST_LISTED = 20  # key images in their menu, which must fit on a small screen; the palette finds all
_PRESETS = QT_TR_NOOP("Window presets")
_ZOOM_STEP = 1.25
_BROWSER_SHARE, _BROWSER_PX = 0.17, (196, 260)  # of the window's width, and at least and at most
_MOST_BESIDE_SHARE = 0.6  # of the window's width for both together, or the panes would be too small
_PANELS_SHARE, _PANELS_PX = 0.25, (250, 320)
_MENUS: dict[Group, str] = {  # where actions stand that have no better place
    "File": QT_TR_NOOP("&File"),
    "Labels": QT_TR_NOOP("&Edit"),
    "Display": QT_TR_NOOP("&View"),
    "Presets": QT_TR_NOOP("&View"),
    "Colours": QT_TR_NOOP("&View"),
    "3-D": QT_TR_NOOP("&View"),
    "Layout": QT_TR_NOOP("&Layout"),
    "Slices": QT_TR_NOOP("&Slices"),
    "Tools": QT_TR_NOOP("&Tools"),
    "Measuring": QT_TR_NOOP("&Measure"),
    "AI": QT_TR_NOOP("&AI"),
    "Window": QT_TR_NOOP("&Window"),
}
_NEXT_TIME: dict[Language, str] = {  # in both languages: who chose by mistake can read it
    "en": "The window will be in English when Slicewise is started the next time. "
    "下次启动 Slicewise 时，界面将使用英文。",
    "zh_CN": "The window will be in Simplified Chinese when Slicewise is started the next time. "
    "下次启动 Slicewise 时，界面将使用简体中文。",
}
_NO_CHINESE = (
    "No font of this computer has Simplified Chinese, so the window stays English. "
    "本机没有简体中文字体，界面将保持英文。"
)
_TURNS: tuple[Callable[[SlicePane], None], ...] = (lambda pane: pane.turn(1), lambda pane: pane.turn(-1))


class MainWindow(QMainWindow):
    """Shows one Session; every change of it reaches the widgets once per turn of the event loop."""

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workflows = workflows
        self._settings = SettingsFile(
            workflows.folder / "settings.json",
            lambda sentence: workflows.jobs.deliver(lambda: self.show_failure(sentence)),
        )
        settings = self._settings.settings
        self._recent = RecentStudies(workflows, lambda: self._settings.settings.recent)
        self._language: Language = speak(settings.language)
        if settings.theme != style.current():
            self._use_theme(settings.theme)
        hand = self.session.hand
        hand.overlay_text, hand.smooth = settings.overlay_text, settings.smooth
        hand.neurological, hand.drag_up_darkens = settings.neurological, settings.drag_up_darkens
        hand.set_safe_label_colours(settings.safe_label_colours)
        self._tool = hand.tool
        self._closed = self._arranged = False
        self.setWindowTitle("Slicewise")
        self.setWindowIcon(QIcon(str(resources.path("icons", "slicewise.svg"))))
        self.setAcceptDrops(True)

        self.room = ReadingRoom(workflows)
        self.volume_pane = self.room.volume_pane
        self.magnifier = self.room.magnifier
        self.player = Player(workflows, lambda: self.room.sessions)
        self.browser = StudyBrowser(workflows)
        self.label_panel = LabelPanel(workflows, lambda: self.room.plane)
        self.label_panel.finished.connect(self.focus_pane)
        self.measure_panel = MeasurePanel(workflows)
        self.measure_panel.finished.connect(self.focus_pane)
        self.model_panel = ModelPanel(workflows)
        self.training_panel = TrainingPanel(workflows, self.model_panel)
        self.panels = QTabWidget(documentMode=True)
        self.panels.tabBar().setDrawBase(False)
        self.panels.addTab(self.model_panel, tr("AI"))
        self.panels.addTab(self.label_panel, tr("Labels"))
        self.panels.addTab(self.measure_panel, tr("Measure"))
        self.panels.addTab(self.training_panel, tr("Training"))
        self._failure = _Bar(tr("Close"))
        self._failure.first.clicked.connect(self._failure.hide)
        self._refusals: tuple[Refusal, ...] = ()
        self._left_out = _Bar(tr("Show which"), tr("Close"))
        self._left_out.first.clicked.connect(self._show_refusals)
        self._left_out.second.clicked.connect(self._left_out.hide)
        self._proposal = _Bar(tr("Accept"), tr("Reject"))
        self._proposal.first.setProperty("primary", True)
        self._viewer = QStackedWidget()
        self._viewer.addWidget(self._make_welcome())
        self._study_page = self._make_study_page()
        self._viewer.addWidget(self._study_page)

        self.commands = Actions(self, self._viewer, workflows, lambda: self.room.plane)
        self._add_commands()
        self.fusing = Fusing(workflows, self.commands, self.room, self)
        self._study_column.insertWidget(1, self.fusing.bar)
        self.commands.use_keys(settings.keys)
        self.commands.keysChanged.connect(self._keep_keys)
        self._proposal.first.clicked.connect(workflows.accept_proposal)
        self._proposal.second.clicked.connect(lambda: self.session.reject_proposal())
        self.setCentralWidget(self._make_centre())
        self._make_menus()
        self._show_linked()
        self.addToolBar(self._make_toolbar())
        self._make_status_bar()
        self.browser.setVisible(settings.browser_shown)
        self.panels.setVisible(settings.panels_shown)
        self.panels.setCurrentIndex(min(settings.panel, self.panels.count() - 1))

        self.browser.seriesRequested.connect(self.open_series)
        self.browser.besideRequested.connect(self.open_beside)
        self.browser.overRequested.connect(self.fusing.lay_over)
        self.browser.locateRequested.connect(self._locate)
        self.room.menuRequested.connect(self._pane_menu)
        self.room.pressed.connect(self._rest_film)
        self.room.changed.connect(self.player.hear)
        self.room.arranged.connect(lambda: self.player.apply(What.SERIES))
        self.room.resampleRequested.connect(workflows.resample_series)
        self.room.seriesDropped.connect(lambda uid, session: self.open_series(uid, session))
        self.room.activeChanged.connect(self.label_panel.show_plane)
        self.room.activeChanged.connect(self._enable)
        self.room.arranged.connect(self._arranged_anew)
        self.room.linksChanged.connect(self._show_linked)
        self.room.subscribe(
            [
                self.player.apply,
                self.fusing.apply,
                self.commands.apply,
                self.label_panel.apply,
                self.measure_panel.apply,
                self.model_panel.apply,
                self.training_panel.apply,
                self._apply,
            ]
        )
        workflows.on_failure(self.show_failure)
        workflows.jobs.subscribe(self._job_changed)
        for what, damaged in (
            (tr("list of studies"), workflows.library.put_aside),
            (tr("file of annotations"), workflows.annotation_store.put_aside),
        ):
            if damaged is not None:
                sentence = tr("The {what} was damaged and begun anew. The old one is kept: {path}")
                self.show_failure(sentence.format(what=what, path=damaged))
        if settings.language == "zh_CN" and self._language == "en":
            self.show_failure(_NO_CHINESE)
        if self._settings.said:
            self.show_failure(self._settings.said)
        workflows.on_library_change(self._recent.refresh)
        self._recent.refresh()
        self._enable()
        self._show_keys_in_words()
        self._viewer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._viewer.setFocus()
        self.commands.apply(What.SERIES)

    # What the demo, the command line and the tests ask for

    def open_paths(self, paths: Sequence[Path]) -> None:
        """List what lies in files and folders; a single series is opened at once."""
        self._failure.hide()
        self._viewer.setCursor(Qt.CursorShape.BusyCursor)
        self.workflows.add_paths(paths, self._scanned, self._viewer.unsetCursor)

    def open_demo(self) -> None:
        """Open the demo study that comes with the program."""
        self.open_paths([DEMO_STUDY])

    def open_series(self, uid: str, session: Session | None = None) -> None:
        """Read a listed series and show it, in place of the one that is worked on or of another session's. One that is
        shown beside it is gone to."""
        self._failure.hide()
        beside = [other.series for other in self.workflows.sessions if other not in (session, self.session)]
        if session is None and any(series is not None and series.uid == uid for series in beside):
            self.room.show_again(uid)
            return
        self.workflows.open_series(uid, self._opened, session)

    def open_beside(self, uid: str) -> None:
        """Read a listed series and show it beside what is shown, to compare them."""
        if self.session.series is None:
            self.open_series(uid)
        elif not self.room.show_again(uid):
            self.open_series(uid, self.room.add_beside())

    def show_training(self) -> None:
        """Bring the training panel to the front."""
        self.panels.setCurrentWidget(self.training_panel)

    def job_fraction(self) -> float:
        """How far the job in the status bar is, 0 to 1; 0 with none."""
        return self._jobs[-1].fraction if self._jobs else 0.0

    def show_failure(self, sentence: str) -> None:
        """Show one sentence over the panes until it is closed or another replaces it; without one, take it away."""
        self._viewer.unsetCursor()
        self._failure.show_text(said(sentence) if sentence else "")
        self._failure.setVisible(bool(sentence))

    def focus_pane(self) -> None:
        """Give the keyboard back to the active pane."""
        self.room.active.setFocus()

    @property
    def session(self) -> Session:
        """The session that is worked on."""
        return self.workflows.session

    @property
    def panes(self) -> dict[Plane, SlicePane]:
        """The planes of that session."""
        return self.room.panes

    def toggle_maximised(self, name: str) -> None:
        """One pane alone ("axial", "coronal", "sagittal", "3d"), or all of the layout again."""
        self.room.toggle_large(self._all_panes()[name])

    def show_as_before(self) -> None:
        """Show the window where it was left, on a screen that is there; maximised the first time."""
        place = self._settings.settings.window
        if place is None:
            self.resize(self.screen().availableGeometry().size() * 0.9)  # for when it is not maximised
        else:
            self.setGeometry(fitting_place(place, [s.availableGeometry() for s in QGuiApplication.screens()]))
        if place is None or place.maximised:
            self.showMaximized()
        else:
            self.show()

    @property
    def settings(self) -> Settings:
        """What is remembered of this window's use."""
        return self._settings.settings

    # Parts

    def _all_panes(self) -> dict[str, SomePane]:
        return {**self.panes, "3d": self.volume_pane, "curved": self.room.curved_pane}

    def _arranged_anew(self) -> None:
        """Remember the layout that a person chose, for series that have all planes."""
        room = self.room
        for name, action in self.layout_actions.items():
            action.setChecked(name == room.layout_name)
        if len(self.session.planes) > 1 and not room.comparing and self.isVisible():
            kept = room.large is not None and room.large is not room.curved_pane  # the next series may have no path
            large = room.large.name if room.large is not None and kept else ""
            self._remember(layout=room.layout_name, large_pane=large)

    def _make_study_page(self) -> QWidget:
        page = QWidget()
        self._study_column = layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.room, 1)
        layout.addWidget(self.player)
        return page

    def _make_welcome(self) -> QWidget:
        page = QWidget()
        title = QLabel(tr("Open a scan to begin"))
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        title.setFont(font)
        hint = QLabel(
            tr(
                "Drop folders or files anywhere in this window: DICOM, also in ZIP archives, NIfTI, NRRD, MHA, PNG or "
                "JPEG."
            )
        )
        hint.setProperty("dimmed", True)
        self.open_demo_button = QPushButton(tr("Open the demo study"))
        self.open_demo_button.clicked.connect(self.open_demo)
        folder = QPushButton(tr("Open a folder…"))
        folder.setProperty("primary", True)
        folder.clicked.connect(self._ask_folder)
        files = QPushButton(tr("Open files…"))
        files.clicked.connect(self._ask_files)
        buttons = QVBoxLayout()  # one below the other: there is room for that on the smallest screen
        for button in (folder, files, self.open_demo_button):
            buttons.addWidget(button)
        warning = QLabel(tr("Not for diagnostic use."))
        warning.setProperty("warning", True)
        layout = QVBoxLayout(page)
        layout.addStretch(2)
        for widget in (title, hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            widget.setWordWrap(True)
            layout.addWidget(widget)
        layout.addSpacing(14)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addLayout(buttons)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addSpacing(14)
        layout.addWidget(warning, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)
        return scrolled(page)

    def _make_centre(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._failure)
        column.addWidget(self._left_out)
        column.addWidget(self._proposal)
        column.addWidget(self._viewer, 1)
        self._splitter = splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(3)
        for part in (self.browser, middle, self.panels):
            splitter.addWidget(part)
        self.browser.setMinimumWidth(150)
        self.panels.setMinimumWidth(250)
        middle.setMinimumWidth(290)
        splitter.setStretchFactor(1, 1)
        splitter.setCollapsible(1, False)
        return splitter

    def _add_commands(self) -> None:
        add = self.commands.add
        self.open_folder_action = add(
            "File", QT_TR_NOOP("Open folder…"), self._ask_folder, "Ctrl+O", picture="folder-open"
        )
        self.open_files_action = add(
            "File", QT_TR_NOOP("Open files…"), self._ask_files, "Ctrl+Shift+O", picture="file-outline"
        )
        self.demo_action = add("File", QT_TR_NOOP("Open the demo study"), self.open_demo, picture="head-outline")
        self.export_action = add(
            "File", QT_TR_NOOP("Export pictures…"), self._ask_export, "Ctrl+E", picture="image-move"
        )
        self.copy_action = add(
            "File",
            QT_TR_NOOP("Copy the picture"),
            self._copy_picture,
            "Ctrl+C",
            tip=QT_TR_NOOP("Without the patient's name"),
            scope="viewer",
        )
        self.copy_named_action = add(
            "File",
            QT_TR_NOOP("Copy the picture with the patient's name"),
            lambda: self._copy_picture(identified=True),
            "Ctrl+Shift+C",
            scope="viewer",
        )
        self.forget_action = add("File", QT_TR_NOOP("Forget recent studies"), self._forget_recent)
        self.quit_action = add("File", QT_TR_NOOP("Quit"), self.close, "Ctrl+Q")
        self.reset_action = add(
            "Display",
            QT_TR_NOOP("Reset view"),
            self._reset_views,
            "R",
            picture="fit-to-screen-outline",
            needs_series=True,
        )
        self.maximise_action = add(
            "Display",
            QT_TR_NOOP("One pane large, or all"),
            lambda: self.room.toggle_large(self.room.active),
            "M",
            needs_series=True,
        )
        layouts: tuple[tuple[LayoutName, str, str], ...] = (
            ("1x1", QT_TR_NOOP("One pane"), "Alt+1"),
            ("1x2", QT_TR_NOOP("Two panes side by side"), "Alt+2"),
            ("1+3", QT_TR_NOOP("One large and three small panes"), "Alt+3"),
            ("2x2", QT_TR_NOOP("Four panes"), "Alt+4"),
            ("2x3", QT_TR_NOOP("Six panes"), "Alt+6"),
        )
        views: tuple[tuple[View, str, str], ...] = (
            ("axial", QT_TR_NOOP("Axial in this pane"), "Ctrl+1"),
            ("coronal", QT_TR_NOOP("Coronal in this pane"), "Ctrl+2"),
            ("sagittal", QT_TR_NOOP("Sagittal in this pane"), "Ctrl+3"),
            ("3d", QT_TR_NOOP("3-D in this pane"), "Ctrl+4"),
            ("curved", QT_TR_NOOP("Curved, along the path, in this pane"), "Ctrl+5"),
        )
        self.layout_actions = {
            name: add("Layout", text, partial(self.room.choose_layout, name), key, checkable=True, needs_series=True)
            for name, text, key in layouts
        }
        self.view_actions = {
            view: add("Layout", text, partial(self._show_view, view), key, needs_series=True)
            for view, text, key in views
        }
        self.only_action = add("Layout", QT_TR_NOOP("Only this series"), self._only_this, "Alt+0", needs_series=True)
        self.link_actions = {
            what: add("Layout", text, partial(self._switch_link, what), key, checkable=True)
            for what, text, key in (
                ("place", QT_TR_NOOP("Link places across series"), "J"),
                ("zoom", QT_TR_NOOP("Link magnification across series"), "Shift+J"),
                ("window", QT_TR_NOOP("Link windows across series"), "Ctrl+J"),
                ("reference_lines", QT_TR_NOOP("Reference lines"), "Alt+R"),
            )
        }
        self.link_here_action = add(
            "Layout",
            QT_TR_NOOP("The cross-hairs are at the same place"),
            self.room.link_here,
            "Alt+J",
            tip=QT_TR_NOOP("Links series of different examinations from here on, by your word"),
            needs_series=True,
        )
        self.slab_actions = [
            add("Display", text, lambda act=act: act(self._slab_pane), *keys, scope="viewer", needs_series=True)
            for text, act, keys in (
                (QT_TR_NOOP("Slab: MIP, MinIP, mean, single slices"), lambda pane: pane.next_slab(), ("S",)),
                (QT_TR_NOOP("Thicker slab"), lambda pane: pane.thicken_slab(1), ("Ctrl+Up",)),
                (QT_TR_NOOP("Thinner slab"), lambda pane: pane.thicken_slab(-1), ("Ctrl+Down",)),
            )
        ]
        self.turn_actions = [
            add("Display", text, lambda act=act: self._lay(act), key, scope="viewer", needs_series=True)
            for text, act, key in (
                (QT_TR_NOOP("Mirror left and right"), SlicePane.mirror, "H"),
                (QT_TR_NOOP("Mirror above and below"), lambda pane: pane.mirror(upside_down=True), "V"),
                (QT_TR_NOOP("Turn clockwise"), _TURNS[0], "Ctrl+]"),
                (QT_TR_NOOP("Turn anticlockwise"), _TURNS[1], "Ctrl+["),
            )
        ]
        self.oblique_actions = [
            add("Display", text, lambda d=degrees: self._turn_planes(d), key, scope="viewer", needs_series=True)
            for text, key, degrees in (
                (QT_TR_NOOP("Turn the other planes clockwise by 5°"), "Alt+Right", 5.0),
                (QT_TR_NOOP("Turn the other planes anticlockwise by 5°"), "Alt+Left", -5.0),
                (QT_TR_NOOP("Turn the other planes clockwise by 1°"), "Alt+Shift+Right", 1.0),
                (QT_TR_NOOP("Turn the other planes anticlockwise by 1°"), "Alt+Shift+Left", -1.0),
            )
        ]
        self.reset_planes_action = add(
            "Display",
            QT_TR_NOOP("Planes along the scan"),
            lambda: self.session.reset_planes(),
            "Shift+R",
            scope="viewer",
            needs_series=True,
        )
        self.zoom_actions = [
            add("Display", text, lambda f=factor: self._zoom(f), *keys, scope="viewer", needs_series=True)
            for text, keys, factor in (
                (QT_TR_NOOP("Zoom in"), ("+", "="), _ZOOM_STEP),
                (QT_TR_NOOP("Zoom out"), ("-",), 1 / _ZOOM_STEP),
            )
        ]
        self.pane_step_actions = [
            add("Display", text, lambda n=step: self._step_pane(n), key, scope="viewer", needs_series=True)
            for text, key, step in ((QT_TR_NOOP("Next pane"), "Right", 1), (QT_TR_NOOP("Previous pane"), "Left", -1))
        ]
        self.series_step_actions = [
            add("Display", text, lambda n=step: self._step_series(n), key, scope="viewer", needs_series=True)
            for text, key, step in (
                (QT_TR_NOOP("Next series of the list"), "PgDown", 1),
                (QT_TR_NOOP("Previous series of the list"), "PgUp", -1),
            )
        ]
        for side, _, text in SIDES:
            add("3-D", text, partial(self.volume_pane.look_from, side), needs_series=True)
        add("3-D", QT_TR_NOOP("Show or hide the scan in 3-D"), self.volume_pane.show_volume.trigger, needs_series=True)
        add(
            "3-D",
            QT_TR_NOOP("Show or hide label surfaces in 3-D"),
            self.volume_pane.show_labels.trigger,
            needs_series=True,
        )
        self.confirm_action = add(
            "Labels",
            QT_TR_NOOP("Confirm the slice"),
            lambda: self.session.toggle_confirmed(self.room.plane),
            "Return",
            "Enter",
            picture="check-circle-outline",
            tip=QT_TR_NOOP("Everything on it is as it should be: training learns from it"),
            scope="viewer",
            needs_series=True,
        )
        self.key_image_action = add(
            "Slices",
            QT_TR_NOOP("Key image"),
            lambda: self.session.toggle_key_image(self.room.plane),
            "K",
            picture="star-outline",
            tip=QT_TR_NOOP("Mark this slice, to find it again or to export it; marked once more, it is none"),
            checkable=True,
            scope="viewer",
            needs_series=True,
        )
        self.key_image_step_actions = [
            add("Slices", text, lambda n=step: self._step_key_image(n), key, scope="viewer")
            for text, key, step in (
                (QT_TR_NOOP("Next key image"), "Shift+K", 1),
                (QT_TR_NOOP("Previous key image"), "Ctrl+Shift+K", -1),
            )
        ]
        self.write_action = add("Measuring", QT_TR_NOOP("Write to the measurement…"), self._write_to_measurement, "F2")
        self.magnify_action = add(
            "Tools",
            QT_TR_NOOP("Magnifier while the key is held"),
            self.magnifier.toggle,
            "Q",
            picture="magnify-scan",
            tip=QT_TR_NOOP("The wheel makes it stronger; chosen here it stays until Esc"),
            scope="viewer",
            needs_series=True,
        )
        self.magnify_action.setAutoRepeat(False)
        self.play_action = add(
            "Slices",
            QT_TR_NOOP("Play"),
            self.player.toggle,
            "C",
            picture="play",
            tip=QT_TR_NOOP("The frames of a cine or moments of a sequence"),
        )
        self._play_icons = icon("play"), icon("pause")
        self.resample_action = add("Display", QT_TR_NOOP("Resample to a regular grid…"), self.workflows.resample_series)
        self.step_actions = [
            add("Slices", text, lambda step=step: self.player.step(step), key)
            for text, key, step in (
                (QT_TR_NOOP("Previous frame or moment"), ",", -1),
                (QT_TR_NOOP("Next frame or moment"), ".", 1),
            )
        ]
        self.player.changed.connect(self._show_playing)
        self.segment_action = add(
            "AI",
            QT_TR_NOOP("Segment"),
            self._segment,
            "Ctrl+G",
            picture="creation",
            tip=QT_TR_NOOP("Run the chosen model on this series"),
        )
        self.accept_action = add("AI", QT_TR_NOOP("Accept the proposal"), self.workflows.accept_proposal, "Ctrl+Return")
        self.reject_action = add(
            "AI", QT_TR_NOOP("Reject the proposal"), lambda: self.session.reject_proposal(), "Ctrl+Backspace"
        )
        self.training_action = add(
            "AI", QT_TR_NOOP("Training…"), self.show_training, "Ctrl+T", picture="school-outline"
        )
        self.browser_action = add("Window", QT_TR_NOOP("Studies"), lambda: _toggle(self.browser), "F8")
        self.panels_action = add("Window", QT_TR_NOOP("Panels"), lambda: _toggle(self.panels), "F9")
        for text, key, step in (
            (QT_TR_NOOP("Next part of the window"), "F6", 1),
            (QT_TR_NOOP("Previous part of the window"), "Shift+F6", -1),
        ):
            add("Window", text, lambda n=step: self._step_part(n), key)
        self.safe_colours_action = add(
            "Labels",
            QT_TR_NOOP("Label colours for every colour vision"),
            self._toggle_safe_colours,
            tip=QT_TR_NOOP("The default labels in the colours of Okabe and Ito"),
            checkable=True,
        )
        self.safe_colours_action.setChecked(self.settings.safe_label_colours)
        self.theme_action = add("Window", QT_TR_NOOP("Light theme"), self._toggle_theme, checkable=True)
        self.theme_action.setChecked(self.settings.theme == "light")
        self.language_actions: dict[Language, QAction] = {}
        one_of = QActionGroup(self)
        for language, name in LANGUAGES.items():
            action = add("Window", f"Language: {name}", partial(self._choose_language, language), checkable=True)
            action.setText(name)  # the menu says that it is a language
            action.setChecked(language == self._language)
            one_of.addAction(action)
            self.language_actions[language] = action
        self.palette_action = add("Window", QT_TR_NOOP("Find a command…"), self._show_palette, "Ctrl+K", "Ctrl+Shift+P")
        self.keys_action = add(
            "Window", QT_TR_NOOP("Keys and mouse…"), self._show_keys, "?", "F1", picture="keyboard-outline"
        )
        self.about_action = add("Window", QT_TR_NOOP("About Slicewise…"), self._show_about)

    def _make_menus(self) -> None:
        """Every action stands in a menu: in its place, or else at the end of its group's menu."""
        bar, commands = self.menuBar(), self.commands
        self._menus = menus = {title: bar.addMenu(tr(title)) for title in dict.fromkeys(_MENUS.values())}
        file = menus["&File"]
        file.addActions([self.open_folder_action, self.open_files_action])
        recent = file.addMenu(tr("Recent studies"))
        recent.aboutToShow.connect(lambda: self._fill_recent(recent))
        self._fill_recent(recent)
        file.addAction(self.demo_action)
        file.addSeparator()
        file.addActions([self.export_action, self.copy_action, self.copy_named_action])
        file.addSeparator()
        edit = menus["&Edit"]
        edit.addActions([commands.undo, commands.redo])
        edit.addSeparator()
        edit.addAction(self.confirm_action)
        measure = menus["&Measure"]
        measure.addActions([commands.tools[kind] for kind in KINDS])
        measure.addSeparator()
        measure.addActions([self.write_action, commands.delete_measurement, commands.measurements_visible])
        self._fill_view_menu(menus["&View"])
        self._fill_layout_menu(menus["&Layout"])
        slices = menus["&Slices"]
        slices.addActions([self.play_action, *self.step_actions])
        slices.addSeparator()
        slices.addActions([self.key_image_action, *self.key_image_step_actions])
        marked = slices.addMenu(tr("Key images"))
        marked.aboutToShow.connect(lambda: self._fill_key_images(marked))
        slices.addSeparator()
        menus["&AI"].addActions([self.segment_action, self.accept_action, self.reject_action])
        menus["&AI"].addSeparator()
        menus["&Window"].addActions([self.browser_action, self.panels_action])
        menus["&Window"].addSeparator()
        bar.addMenu(tr("&Help")).addActions([self.palette_action, self.keys_action, self.about_action])
        placed = set(_actions_in(bar.actions()))
        for group, actions in commands.groups.items():
            left = [action for action in actions if action not in placed and action is not self.quit_action]
            if group != "Presets":  # which come and go with the modality
                (menus.get(_MENUS[group]) or menus["&Window"]).addActions(left)
        file.addSeparator()
        file.addAction(self.quit_action)

    def _fill_view_menu(self, view: QMenu) -> None:
        """What is changed with nearly every study at hand, the rest behind the words that one looks for."""
        commands = self.commands
        view.addActions([self.reset_action, self.maximise_action])
        going = [self.zoom_actions, self.pane_step_actions, self.series_step_actions]
        view.addMenu(_submenu_of(view, tr("Zoom and go to"), going))
        view.addSeparator()
        view.addMenu(self._window_menu(tr("Window presets"), view))
        view.addMenu(self._colour_menu(view))
        view.addActions([commands.invert, commands.smooth])
        view.addSeparator()
        view.addActions([commands.labels_visible, commands.file_overlay, commands.overlay_text])
        view.addSeparator()
        view.addMenu(_submenu_of(view, tr("Slab"), [self.slab_actions]))
        view.addMenu(self._turn_menu(view))
        planes = [[self.reset_planes_action], self.oblique_actions]
        view.addMenu(_submenu_of(view, tr("Oblique planes"), planes))
        view.addMenu(self.fusing.menu(view))
        view.addMenu(_submenu_of(view, tr("3-D"), [commands.groups["3-D"]]))
        view.addAction(self.resample_action)
        view.addSeparator()
        languages = [list(self.language_actions.values())]
        self._language_menu = _submenu_of(view, tr("Language · 语言"), languages)  # found by who cannot read the window
        view.addMenu(self._language_menu)

    def _turn_menu(self, parent: QWidget) -> QMenu:
        return _submenu_of(parent, tr("Mirror and turn"), [self.turn_actions, [self.commands.neurological]])

    def _fill_layout_menu(self, menu: QMenu) -> None:
        """How many panes, what the active one shows, and what goes from one series to the others."""
        menu.addActions(list(self.layout_actions.values()))
        menu.addSeparator()
        menu.addActions(list(self.view_actions.values()))
        menu.addSeparator()
        menu.addActions([self.only_action, *self.link_actions.values(), self.link_here_action])

    def _window_menu(self, title: str, parent: QWidget) -> QMenu:
        menu = QMenu(title, parent)
        self.commands.fill_window_menu(menu)
        menu.aboutToShow.connect(lambda: self.commands.fill_window_menu(menu))  # each series brings its own
        return menu

    def _colour_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(tr("Colour map"), parent)
        menu.addActions(list(self.commands.colour_maps.values()))
        menu.addSeparator()
        menu.addAction(self.commands.next_colour_map)
        return menu

    def _make_toolbar(self) -> QToolBar:
        bar, commands = QToolBar(tr("Tools")), self.commands
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addAction(self.open_folder_action)
        bar.addSeparator()
        bar.addActions([action for tool, action in commands.tools.items() if tool not in KINDS])
        bar.addWidget(self._make_measure_button())
        bar.addSeparator()
        bar.addActions([commands.undo, commands.redo])
        bar.addSeparator()
        self._presets = presets = QToolButton()
        presets.setText(tr("Presets"))
        presets.setIcon(icon("contrast-box"))
        presets.setToolTip(tr(_PRESETS))
        presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        presets.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        presets.setMenu(self._window_menu(tr("Window presets"), presets))
        bar.addWidget(presets)
        bar.addActions([self.reset_action, self.play_action])
        bar.addSeparator()
        bar.addActions([self.segment_action, self.confirm_action])
        for action in (self.segment_action, self.confirm_action):
            button = bar.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        bar.addAction(self.keys_action)
        more = bar.findChild(QToolButton, "qt_toolbar_ext_button")  # Qt's own: it shows what has no room
        assert isinstance(more, QToolButton)
        self._more_tools = more
        more.setIcon(icon("chevron-double-right"))  # Qt's is drawn in black
        more.setToolTip(tr("More tools"))
        more.setAccessibleName(tr("More tools"))
        return bar

    def _make_measure_button(self) -> QToolButton:
        """One button for all measuring tools: it shows the one that was used last, and takes it up again."""
        self.measure_button = button = QToolButton()
        menu = QMenu(button)
        menu.addActions([self.commands.tools[kind] for kind in KINDS])
        menu.addSeparator()
        menu.addActions([self.commands.delete_measurement, self.commands.measurements_visible])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setDefaultAction(self.commands.tools["length"])
        return button

    def _make_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._jobs: list[Job] = []
        self._job_text = QLabel()
        self._job_progress = QProgressBar(textVisible=False)
        self._job_progress.setFixedWidth(150)
        self._job_progress.setRange(0, 1000)
        self.cancel_job = QPushButton(tr("Cancel"))
        self.cancel_job.clicked.connect(self._cancel_job)
        self._job_timer = QTimer(self, singleShot=True, interval=_SHOW_JOB_AFTER_MS)
        self._job_timer.timeout.connect(self._show_job)
        self._device = QLabel()
        self._device.setToolTip(tr("What the last model really ran on, as the engine reports it"))
        warning = QLabel(tr(NOT_FOR_DIAGNOSIS))
        warning.setProperty("warning", True)
        for widget in (self._job_text, self._job_progress, self.cancel_job):
            bar.addWidget(widget)
            widget.hide()
        bar.addPermanentWidget(self._device)
        bar.addPermanentWidget(warning)

    # What happens

    def _apply(self, what: What, box: Box | None = None) -> None:
        session = self.session
        if what & What.SERIES:
            self._show_series(anew=bool(what & What.VIEW))
        if what & (What.SERIES | What.VOXELS):
            self._show_playing()
        if what & (What.SERIES | What.PROPOSAL):
            proposal = session.proposal
            if proposal is None:
                self._proposal.hide()
            else:
                sentence = tr("{model} proposes the hatched labels. Nothing is changed yet.")
                self._proposal.show_text(sentence.format(model=said(proposal.source)))
        if what & What.TOOL and session.hand.tool in ("brush", "eraser") and self._tool not in ("brush", "eraser"):
            self.panels.setCurrentWidget(self.label_panel)  # which label is painted must be seen
        if what & What.TOOL and session.hand.tool in KINDS:
            self.measure_button.setDefaultAction(self.commands.tools[session.hand.tool])
        hand = session.hand
        self._tool = hand.tool
        if what & What.DISPLAY:
            self._remember(overlay_text=hand.overlay_text, smooth=hand.smooth, neurological=hand.neurological)
        if what & What.TOOL:
            self._remember(drag_up_darkens=hand.drag_up_darkens)
        device = self.workflows.device
        self._device.setText(tr("AI on {device}").format(device=device) if device else "")
        self._enable()

    def _enable(self) -> None:
        """Allow what makes sense with what is open."""
        session, allow = self.session, self.commands.allow
        why_not = tr(READ_ONLY) if session.read_only else ""
        no_proposal = "" if session.proposal is not None else tr("No model has proposed anything")
        allow(self.accept_action, session.proposal is not None, why_not or no_proposal)
        allow(self.reject_action, session.proposal is not None, no_proposal)
        opened = session.volume is not None
        still = tr("Still being read") if session.loading else ""
        unsuitable = (
            "" if self.model_panel.run.isEnabled() or not opened else tr("The chosen model does not fit this series")
        )
        allow(
            self.segment_action, session.editable and self.model_panel.run.isEnabled(), why_not or still or unsuitable
        )
        oblique = tr(OBLIQUE_CONFIRM) if session.is_oblique(self.room.plane) else ""
        curved = tr(CURVED_CONFIRM) if self.room.active is self.room.curved_pane else ""
        allow(self.confirm_action, session.editable and not oblique, why_not or still or curved or oblique)
        no_path = "" if session.path is not None or not opened else tr("Draw a path first")
        allow(self.view_actions["curved"], session.path is not None, still or no_path)
        no_planes = "" if session.can_turn_planes or not opened else tr("This series has no three planes to turn")
        for action in self.oblique_actions:
            allow(action, session.can_turn_planes, still or no_planes)
        along = "" if session.rotation is not None or not opened else tr("The planes are those of the scan")
        allow(self.reset_planes_action, session.rotation is not None, along)
        no_key = tr(OBLIQUE_KEY) if oblique else ""
        allow(self.key_image_action, session.editable and not oblique, why_not or still or curved or no_key)
        self.key_image_action.setChecked(session.is_key_image(self.room.plane) and not curved)
        for action in self.key_image_step_actions:
            none = "" if session.key_images else tr("No slice is marked as a key image")
            allow(action, bool(session.key_images), none)
        selected = "" if session.selected is not None else tr("No measurement is selected")
        allow(self.write_action, session.selected is not None and session.editable, why_not or selected)
        self._proposal.first.setEnabled(not session.read_only)
        self._proposal.first.setToolTip(why_not)
        series, volume = session.series, session.volume
        for action in (self.export_action, self.copy_action, self.copy_named_action):
            allow(action, opened and not session.loading, still or ("" if opened else tr("No series is open")))
        resample = series is not None and volume is not None and can_be_resampled(volume, series.verdict)
        fine = "" if resample or not opened else tr("This series is a regular grid already, or cannot be made one")
        allow(self.resample_action, resample and not session.loading, still or fine)

    def _show_series(self, anew: bool) -> None:
        """Show what is open now; anew: with the panes that it has a use for, and the keyboard in one of them."""
        session = self.session
        name = person_name(session.series.patient_name) if session.series is not None else ""
        description = session.series.description if session.series is not None else ""
        title = " · ".join(x for x in (name, description) if x)
        self.setWindowTitle(f"{title} – Slicewise" if title else "Slicewise")
        self.browser.show_open()
        self._presets.setEnabled(session.volume is None or not session.volume.colour)
        self._presets.setToolTip(tr(_PRESETS) if self._presets.isEnabled() else tr("Colours have no window to choose"))
        if not anew:
            return
        self._viewer.setCurrentIndex(int(session.series is not None))
        if session.series is not None:
            study = recent_study(session.series)
            self._settings.change(lambda settings: settings.with_recent(study))
            self._recent.refresh()
            if not self.room.comparing:
                self._hang(session)
            self.focus_pane()

    def _hang(self, session: Session) -> None:
        """Lay out a series: a picture alone, a plane that has no others large, all else as a person chose last."""
        settings, volume = self.settings, session.volume
        series = session.series
        if series is not None and series.other_breast:
            self.workflows.find_other_breast(series, partial(self._hang_breasts, series))
        over_time = series is not None and series.frame_time_ms is not None and len(session.planes) == 1
        if over_time or (volume is not None and volume.geometry.size[2] == 1):
            self.room.hang("1x1")
            return
        self.room.hang(settings.layout)
        alone = session.planes[0] if len(session.planes) == 1 else settings.large_pane
        if alone:
            self.room.maximise(self._all_panes()[alone])

    def _hang_breasts(self, series: Series, other_uid: str) -> None:
        """Both breasts in one projection back to back, the right one on the left."""
        if self.session.series is not series or self.room.comparing:
            return
        first, plane = self.room.slice_pane, self.room.plane
        other = self.room.add_beside()
        if series.view.startswith("L"):
            self.room.put(other, plane, 0)
        self.room.activate(first)
        self.open_series(other_uid, other)

    def _step_key_image(self, step: int) -> None:
        beside = self.session.key_image_beside(self.room.plane, step)
        if beside is not None:
            self._go_to_key_image(*beside)

    def _go_to_key_image(self, plane: Plane, slice_index: int) -> None:
        """Show a key image in the pane of its plane."""
        self.session.go_to_slice(plane, slice_index)
        pane = self.panes[plane]
        if self.room.place_of(pane) is None:
            self.room.put(self.session, plane, self.room.place_of(self.room.active) or 0)
        elif self.room.large is not None:
            self.room.maximise(pane)
        self.room.activate(pane)
        self.focus_pane()

    def _fill_key_images(self, menu: QMenu) -> None:
        menu.clear()
        marked = self.session.key_images_in_order
        for plane, index in marked[:_MOST_LISTED]:
            menu.addAction(_slice_name(plane, index), partial(self._go_to_key_image, plane, index))
        if len(marked) > _MOST_LISTED:
            menu.addAction(tr("{count} more…").format(count=len(marked) - _MOST_LISTED), self.palette_action.trigger)
        if menu.isEmpty():
            menu.addAction(tr("None yet")).setEnabled(False)

    def _write_to_measurement(self) -> None:
        """Write where the selected measurement is seen, or in the table."""
        for pane in self.panes.values():
            if pane.isVisible() and any(s.measurement.number == self.session.selected for s in pane.measuring.shapes):
                pane.measuring.write_to(self.session.selected or 0)
                return
        self.panels.setCurrentWidget(self.measure_panel)
        self.measure_panel.edit_text()

    def _show_view(self, view: View) -> None:
        """Another plane in the active pane."""
        place = self.room.place_of(self.room.active)
        planes = self.session.planes
        there = view in planes or (view == "3d" and len(planes) > 1) or (view == "curved" and bool(self.session.path))
        if place is not None and there:
            self.room.put(self.session, view, place)
            self.focus_pane()

    def _only_this(self) -> None:
        """End a comparison: the series that is worked on alone."""
        self._hang(self.session)
        self.focus_pane()

    def _switch_link(self, what: str) -> None:
        why_not = self.room.why_no_common_window if what == "window" else ""
        if why_not:
            self.show_failure(why_not)
        self.room.link(**{what: not why_not and not getattr(self.room.linked, what)})

    def _show_linked(self) -> None:
        """Tick what is linked; windows only where there are two that suit one another."""
        for what, action in self.link_actions.items():
            nothing = what == "window" and self.room.why_no_common_window
            action.setChecked(getattr(self.room.linked, what) and not nothing)

    def _show_playing(self) -> None:
        playing, why_not = self.player.playing, self.player.waits_for
        self.play_action.setIcon(self._play_icons[playing])
        self.play_action.setText(tr("Pause") if playing else tr("Play"))
        self.commands.allow(self.play_action, not why_not, why_not)
        for action in self.step_actions:
            self.commands.allow(action, bool(self.player.kind), "" if self.player.kind else why_not)

    def _locate(self, uid: str) -> None:
        """Look for the files of a listed series in another folder."""
        folder = QFileDialog.getExistingDirectory(self, tr("Where are the images now?"))
        if folder:
            self.open_paths([Path(folder)])

    def _scanned(self, scan: Scan) -> None:
        self._viewer.unsetCursor()
        self._refusals = scan.refused
        taken = {file for series in scan.series for file in series.files}
        if scan.refused and (scan.series or len(scan.refused) > 1):
            refused = {refusal.file for refusal in scan.refused}
            count, total = len(refused), len(refused | taken)
            one = tr("1 of 1 file was left out.") if total == 1 else tr("1 of {total:,} files was left out.")
            words = one if count == 1 else tr("{count:,} of {total:,} files were left out.")
            self._left_out.show_text(words.format(count=count, total=total))
        else:
            self._left_out.hide()
        sequences = {series.moment.sequence_uid if series.moment else series.uid for series in scan.series}
        if len(sequences) == 1:
            self.open_series(min(scan.series, key=lambda s: s.moment.number if s.moment else 0).uid)
        elif scan.series:
            self.browser.select(scan.series[0].uid)
            words = tr("{count} series found: double click one to open it")
            self.statusBar().showMessage(words.format(count=len(sequences)), _NOTICE_MS)

    def _show_refusals(self) -> None:
        dialog = RefusalsDialog(self._refusals, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _opened(self) -> None:
        self._failure.hide()
        series, player = self.session.series, self.player
        film = player.session is self.session and player.kind == "frames"
        if series is not None and series.modality == "US" and film and not player.playing:
            player.toggle()

    def _rest_film(self) -> None:
        """A press rests the film on which it was, none beside it."""
        if self.session is self.player.session:
            self.player.pause()

    def _segment(self) -> None:
        self.panels.setCurrentWidget(self.model_panel)
        self.model_panel.segment()

    def _turn_planes(self, degrees: float) -> None:
        """Turn the planes that cross the active one, as its pane shows them."""
        self.room.slice_pane.planes.turn(math.radians(degrees))

    @property
    def _slab_pane(self) -> SlicePane | CurvedPane:
        active = self.room.active
        return active if isinstance(active, CurvedPane) else self.room.slice_pane

    def _lay(self, act: Callable[[SlicePane], None]) -> None:
        """Mirror or turn the picture of the active pane. A curved one only lies or stands."""
        active = self.room.active
        if not isinstance(active, CurvedPane):
            act(self.room.slice_pane)
        elif act in _TURNS:
            active.turn()

    def _reset_views(self) -> None:
        for session in self.room.sessions:
            session.reset_planes()
        for pane in self.room.shown:
            pane.reset_view()

    def _pane_menu(self, at: QPoint) -> None:
        pane = self.room.active
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(pane, SlicePane):
            menu.addMenu(self._window_menu(tr("Window presets"), menu))
            menu.addMenu(self._colour_menu(menu))
            menu.addActions(
                [self.commands.invert, self.commands.smooth, self.commands.labels_visible, self.commands.file_overlay]
            )
            pane.fill_menu(menu)
            menu.addMenu(self.fusing.menu(menu))
            menu.addMenu(self._turn_menu(menu))
            if self.session.rotation is not None:
                menu.addAction(self.reset_planes_action)
            menu.addSeparator()
            if self.session.selected is not None:
                menu.addActions([self.write_action, self.commands.delete_measurement])
                menu.addSeparator()
            menu.addActions([self.confirm_action, self.key_image_action])
            menu.addSeparator()
        elif isinstance(pane, CurvedPane):
            menu.addMenu(self._window_menu(tr("Window presets"), menu))
            menu.addMenu(self._colour_menu(menu))
            menu.addActions([self.commands.invert, self.commands.smooth, self.commands.labels_visible])
            pane.fill_menu(menu)
            menu.addSeparator()
        else:
            self.volume_pane.fill_menu(menu)
            menu.addSeparator()
        layout = menu.addMenu(tr("Layout"))
        self._fill_layout_menu(layout)
        menu.addActions([self.reset_action, self.maximise_action])
        menu.addSeparator()
        menu.addActions([self.copy_action, self.export_action])
        menu.popup(at)

    def _job_changed(self, job: Job) -> None:
        if job.ended:
            self._jobs = [other for other in self._jobs if other is not job]
            if not self._jobs:
                self._job_timer.stop()
            self._show_job()
        elif job not in self._jobs:
            self._jobs.append(job)
            self._job_timer.start()
        elif not self._job_timer.isActive():
            self._show_job()

    def _show_job(self) -> None:
        job = self._jobs[-1] if self._jobs else None
        for widget in (self._job_text, self._job_progress, self.cancel_job):
            widget.setVisible(job is not None)
        if job is not None:
            more = f"  (+{len(self._jobs) - 1})" if len(self._jobs) > 1 else ""
            title, text = said(job.title), said(job.text) if job.text else ""
            doing = tr("{title}: {text}").format(title=title, text=text) if text else title
            self._job_text.setText(f"{doing}{more}")
            self._job_progress.setRange(0, 1000 if job.fraction > 0 else 0)  # 0: busy, nobody knows for how long
            self._job_progress.setValue(round(1000 * job.fraction))

    def _cancel_job(self) -> None:
        if self._jobs:
            self._jobs[-1].cancel()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Open a folder of images"))
        if folder:
            self.open_paths([Path(folder)])

    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, tr("Open images"))
        if names:
            self.open_paths([Path(name) for name in names])

    def _show_keys(self) -> None:
        dialog = KeysDialog(self.commands, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_palette(self) -> None:
        palette = CommandPalette(self._entries(), self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open()

    def _entries(self) -> list[Entry]:
        """All that the palette offers: actions, windows of the series and recent studies."""
        commands = self.commands
        entries = [
            Entry(
                action.text().replace("&", "").rstrip("…"),
                tr("Window preset") if group == "Presets" else group_name(group),
                tr(" or ").join(readable(key) for key in commands.keys_of(action)),
                commands.why_not(action),
                action.trigger,
                commands.in_english(action),
            )
            for group, actions in commands.groups.items()
            for action in actions
            if action is not self.palette_action and (action.isVisible() or group != "Presets")
        ]
        entries += [
            Entry(action.text(), tr("Window preset"), "", "", action.trigger) for action in commands.file_windows
        ]
        for plane, index in self.session.key_images_in_order:
            act = partial(self._go_to_key_image, plane, index)
            entries.append(Entry(_slice_name(plane, index), tr("Key image"), "", "", act))
        for recent in self._recent.entries:
            act = partial(self.open_series, recent.series_uid)
            entries.append(Entry(recent.text, tr("Recent study"), "", recent.why_not, act))
        return entries

    # Pictures for other programs

    def _copy_picture(self, identified: bool = False) -> None:
        pane = self.room.active
        if why_not := why_no_picture(pane):
            self.statusBar().showMessage(why_not, _NOTICE_MS)
            return
        copied = (
            tr("The picture was copied with the patient's name.")
            if identified
            else tr("The picture was copied without the patient's name.")
        )
        sentence = f"{copied} {doubts(pane)}"

        def copy(picture: QImage) -> None:
            QGuiApplication.clipboard().setImage(picture)
            self.statusBar().showMessage(sentence, _NOTICE_MS)

        if is_there(pane):
            copy(picture_of(pane, identified=identified))
        else:
            Copier(self.workflows.jobs, pane, identified, copy, self.show_failure)

    def _ask_export(self) -> None:
        pane = self.room.active
        if why_not := why_no_picture(pane):
            self.show_failure(why_not)
            return
        dialog = ExportDialog(pane, self.settings.export, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export(pane, dialog))
        dialog.open()

    def _export(self, pane: SomePane, dialog: ExportDialog) -> None:
        if dialog.export is None:
            return
        self._remember(export=dialog.choices)
        self._failure.hide()
        show = self.statusBar().showMessage
        if dialog.export.suffix:
            written = tr("The key images were written to {folder}").format(folder=dialog.export.path)
        else:
            path = dialog.export.path
            written = tr("{name} was written to {folder}").format(name=path.name, folder=path.parent)
        Exporter(
            self.workflows.jobs,
            pane,
            dialog.export,
            lambda path: show(written, _NOTICE_MS),
            self.show_failure,
        )

    # Habits

    def _remember(self, **changed: object) -> None:
        """Keep some settings; those that are as they were cost nothing."""
        self._settings.change(lambda settings: settings.model_copy(update=changed))

    def _keep_keys(self, changed: dict[str, Keys | None]) -> None:
        self._settings.change(lambda settings: settings.with_keys(changed))
        self._show_keys_in_words()

    def _show_keys_in_words(self) -> None:
        """Have what names keys name those that are in force."""
        for part in (self.browser, self.label_panel, self.measure_panel, self.training_panel, self.fusing.bar):
            part.show_keys()
        self.room.update()

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        for recent in self._recent.entries:
            text = recent.text.replace("&", "&&") + (f"  ({recent.why_not})" if recent.why_not else "")
            action = menu.addAction(text, partial(self.open_series, recent.series_uid))
            action.setEnabled(not recent.why_not)
        if not self._recent.entries:
            menu.addAction(tr("None yet")).setEnabled(False)
        menu.addSeparator()
        menu.addAction(self.forget_action)

    def _forget_recent(self) -> None:
        self._remember(recent=())
        self._recent.refresh()

    def _toggle_theme(self) -> None:
        wanted = "light" if style.current() == "dark" else "dark"
        self._use_theme(wanted)
        self._remember(theme=wanted)
        self.theme_action.setChecked(wanted == "light")
        self.commands.dress()
        self._dress()
        self.player.dress()
        self.measure_panel.dress()
        self.training_panel.dress()
        self.browser.refresh()

    def _choose_language(self, wanted: Language) -> None:
        """Remember the language of the next start, and say so in both."""
        self._remember(language=wanted)
        if wanted == "zh_CN" and not chinese_can_be_shown():
            self.show_failure(_NO_CHINESE)
        else:
            self.show_failure(_NEXT_TIME[wanted] if wanted != self._language else "")

    def _toggle_safe_colours(self) -> None:
        safe = not self.session.hand.safe_label_colours
        self.session.hand.set_safe_label_colours(safe)
        self._remember(safe_label_colours=safe)

    def _use_theme(self, wanted: style.Theme) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            style.apply_style(app, wanted)

    def _dress(self) -> None:
        """Draw the icons that are no action's in the colours of the theme."""
        self._play_icons = icon("play"), icon("pause")
        self._presets.setIcon(icon("contrast-box"))
        self._more_tools.setIcon(icon("chevron-double-right"))
        self._show_playing()

    def _zoom(self, factor: float) -> None:
        self.room.active.zoom_by(factor)

    def _step_pane(self, step: int) -> None:
        """Make the next pane the active one; the next one large, if one is large."""
        if self.room.step(step) is not None:
            self.focus_pane()

    def _step_series(self, step: int) -> None:
        uid = self.browser.beside_open(step)
        if uid is None:
            self.statusBar().showMessage(tr("That was the last series of the list"), _NOTICE_MS)
        else:
            self.open_series(uid)

    def _step_part(self, step: int) -> None:
        """Bring the keyboard from the list of studies to the panes, from there to the panels, and round again."""
        parts = [
            (self.browser, self.browser.filter),
            (self._viewer, self.room.active if self.session.volume is not None else None),
            (self.panels, self.panels.tabBar()),
        ]
        shown = [(part, target) for part, target in parts if part.isVisible()]
        focused = QApplication.focusWidget()
        within = [n for n, (part, _) in enumerate(shown) if focused and (part is focused or part.isAncestorOf(focused))]
        part, target = shown[((within[0] if within else -1) + step) % len(shown)]
        if target is None:  # the page without a series: its first button
            target = part.findChild(QPushButton)
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def _keep_place(self) -> None:
        """Remember where the window stands and how its room is shared."""
        normal = self.normalGeometry() if self.isMaximized() or self.isFullScreen() else self.geometry()
        changed: dict[str, object] = {
            "window": WindowPlace(
                left=normal.x(),
                top=normal.y(),
                width=max(normal.width(), 1),
                height=max(normal.height(), 1),
                maximised=self.isMaximized() or self.isFullScreen(),
            ),
            "browser_shown": not self.browser.isHidden(),
            "panels_shown": not self.panels.isHidden(),
            "panel": self.panels.currentIndex(),
            "overlay_text": self.session.hand.overlay_text,
        }
        sizes = tuple(self._splitter.sizes())
        if all(sizes):  # one that is hidden keeps the width that it had
            changed["splitter"] = sizes
        self._remember(**changed)

    def _show_about(self) -> None:
        from importlib.metadata import version

        QMessageBox.about(
            self,
            tr("About Slicewise"),
            f"<b>Slicewise {version('slicewise')}</b><p>"
            + tr("A radiology viewer whose AI models learn from the slices you correct.")
            + f"</p><p><b>{tr('Not for diagnostic use.')}</b></p><p>Apache License 2.0</p>",
        )

    # Show, drop and close

    def showEvent(self, event: QShowEvent) -> None:
        if not self._arranged:
            self._arranged = True
            low, high = _BROWSER_PX
            browser = min(max(round(_BROWSER_SHARE * self.width()), low), high)
            low, high = _PANELS_PX
            panels = min(max(round(_PANELS_SHARE * self.width()), low), high)
            remembered = self.settings.splitter
            if remembered is not None and remembered[0] + remembered[2] <= _MOST_BESIDE_SHARE * self.width():
                browser, _, panels = remembered
            self._splitter.setSizes([browser, self.width() - browser - panels, panels])
        super().showEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            _accept_as_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        _accept_as_copy(event)
        if event.isAccepted():
            self.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and (warning := self._lost_by_closing()) and not self._ask(warning):
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            if self._arranged:
                self._keep_place()
            self.hide()  # jobs may take a moment to end
            self.volume_pane.close_scene(timeout_s=0.0)  # a step of it may take seconds: nothing waits for that
            self.workflows.close()
            self._settings.close()
        super().closeEvent(event)

    def _lost_by_closing(self) -> str:
        """What would be lost if the window closed now, in a sentence; empty if nothing."""
        run = self.workflows.training
        if self.workflows.unsaved:
            return tr("Your last changes could not be saved yet, for want of space perhaps. Closing loses them.")
        if run is not None and not run.ended:
            return tr("A training is running. Closing ends it.")
        if run is not None and run.undecided:
            return tr("A newly trained model waits for your decision. Closing keeps the current one.")
        return ""

    def _ask(self, warning: str) -> bool:
        question = tr("{warning} Close nevertheless?").format(warning=warning)
        answer = QMessageBox.question(self, "Slicewise", question)
        return answer == QMessageBox.StandardButton.Yes


class RefusalsDialog(QDialog):
    """Which files were left out and why, as text that can be copied."""

    def __init__(self, refusals: Sequence[Refusal], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Files that were left out"))
        self.resize(760, 460)
        entries = [f"{Path(r.file.parent.name, r.file.name)}\n    {said(r.reason)}" for r in refusals[:_MOST_REFUSALS]]
        if len(refusals) > _MOST_REFUSALS:
            entries.append(tr("and {count:,} more").format(count=len(refusals) - _MOST_REFUSALS))
        self.text = QPlainTextEdit("\n".join(entries), readOnly=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy = QPushButton(tr("Copy all"), autoDefault=False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


class _Bar(QFrame):
    """A line of text over the panes with one or two buttons."""

    def __init__(self, first: str, second: str = "") -> None:
        super().__init__()
        self.setObjectName("bar")
        self.text = QLabel(wordWrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.first, self.second = QPushButton(first, self), QPushButton(second, self)
        for button in (self.first, self.second):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.second.setVisible(bool(second))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 6, 5)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.first)
        if second:
            layout.addWidget(self.second)
        self.hide()

    def show_text(self, text: str) -> None:
        self.text.setText(text)
        self.show()


def _accept_as_copy(event: QDropEvent) -> None:
    """Never as a move, after which the other program may delete the files."""
    if event.possibleActions() & Qt.DropAction.CopyAction:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.ignore()


def _slice_name(plane: Plane, index: int) -> str:
    return tr("Key image: {plane} {number}").format(plane=tr(plane), number=index + 1)


def _toggle(widget: QWidget) -> None:
    widget.setVisible(not widget.isVisible())


def _actions_in(actions: Sequence[QAction]) -> list[QAction]:
    """Actions and those of their submenus."""
    return [inner for action in actions for inner in (action, *_submenu(action))]


def _submenu_of(parent: QWidget, title: str, parts: Sequence[Sequence[QAction]]) -> QMenu:
    """A menu of actions with a line between its parts."""
    menu = QMenu(title, parent)
    for n, part in enumerate(parts):
        if n:
            menu.addSeparator()
        menu.addActions(part)
    return menu


def _submenu(action: QAction) -> list[QAction]:
    menu = action.menu()
    return _actions_in(menu.actions()) if isinstance(menu, QMenu) else []
