"""The window: where its parts stand, what is remembered of it, what happens between them, and how it closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

import resources
from viewer.core.events import What
from viewer.core.geometry import PLANES, Plane, plane_axes
from viewer.core.hand import LABELLING
from viewer.core.painting import Box
from viewer.core.resample import can_be_resampled
from viewer.core.session import Session
from viewer.core.settings import Settings, WindowPlace
from viewer.core.study import Scan
from viewer.gui import style
from viewer.gui.actions import READ_ONLY, STILL_READ, Actions, Keys
from viewer.gui.annotating import Annotating
from viewer.gui.answering import Answering
from viewer.gui.appearance import NO_CHINESE, Appearance, use_theme
from viewer.gui.click_bar import ClickBar
from viewer.gui.command_palette import CommandPalette, Entry, command_entries
from viewer.gui.display_commands import DisplayCommands
from viewer.gui.drawing_tools import DrawingTools
from viewer.gui.enhanced_export import EnhancedExport
from viewer.gui.enhanced_panel import EnhancedCommands
from viewer.gui.findings_panel import FindingsPanel
from viewer.gui.fusing import Fusing
from viewer.gui.habits import RecentStudies, fitting_place, recent_study
from viewer.gui.importing import Importing
from viewer.gui.kept_keys import keep_keys
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.label_combining import Combining
from viewer.gui.label_export import LabelExport
from viewer.gui.label_panel import LabelPanel
from viewer.gui.label_shape import Shaping
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.layout_commands import LayoutCommands
from viewer.gui.left_out import LeftOutBar
from viewer.gui.many_runs import ManyRuns
from viewer.gui.measure_panel import MeasurePanel
from viewer.gui.menus import fill_menu_bar, pane_menu
from viewer.gui.model_panel import ModelPanel
from viewer.gui.next_panel import NextPanel
from viewer.gui.object_export import ObjectExport
from viewer.gui.overlay import person_name
from viewer.gui.picture_commands import PictureCommands
from viewer.gui.player import Player
from viewer.gui.probability_export import ProbabilityExport
from viewer.gui.proposal_bar import ProposalBar
from viewer.gui.question import agreed, chosen
from viewer.gui.reading_room import ReadingRoom, View
from viewer.gui.score_export import ScoreExport
from viewer.gui.scrolled import scrolled
from viewer.gui.sentence_bar import SentenceBar
from viewer.gui.slice_commands import SliceCommands, key_image_name
from viewer.gui.slice_pane import SlicePane
from viewer.gui.status_bar import StatusBar
from viewer.gui.study_browser import StudyBrowser
from viewer.gui.tabs import Tabs
from viewer.gui.threshold import Thresholding
from viewer.gui.tool_bar import ToolBar
from viewer.gui.training_panel import TrainingPanel
from viewer.gui.translator import Language, speak
from viewer.gui.trust_card import Trusting
from viewer.gui.welcome import WelcomePage
from viewer.io.dicom_instance import holds_annotations
from viewer.io.settings_file import SettingsFile
from viewer.jobs import Job
from viewer.workflows import Workflows

DEMO_STUDY = resources.path("demo", "mni152-t1")

_BROWSER_SHARE, _BROWSER_PX = 0.17, (196, 260)  # of the window's width, and at least and at most
_WITH_LABELS = (*LABELLING, "box")  # tools that draw with the chosen label
_SAVE_AGAIN_MS = 300  # between tries to write what could not be written
_MOST_BESIDE_SHARE = 0.6  # of the window's width for both together, or the panes would be too small
_PANELS_SHARE, _PANELS_PX = 0.25, (250, 320)


class MainWindow(QMainWindow):
    """Puts the parts of the window together and lets them know of one another. They hear of each change of the session
    that is worked on once per turn of the event loop."""

    closed = Signal()

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workflows = workflows
        self._settings = SettingsFile(
            workflows.folder / "settings.json",
            lambda sentence: workflows.jobs.deliver(lambda: self.show_failure(sentence)),
        )
        settings = self._settings.settings
        self._recent = RecentStudies(workflows, lambda: self._settings.settings.recent)
        language = speak(settings.language)
        if settings.theme != style.current():
            use_theme(settings.theme)
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
        self.next_panel = NextPanel()
        self.label_panel.add_below(self.next_panel)
        self.findings_panel = FindingsPanel(workflows, lambda: self.room.plane)
        self.findings_panel.finished.connect(self.focus_pane)
        self.measure_panel = MeasurePanel(workflows)
        self.measure_panel.finished.connect(self.focus_pane)
        self.model_panel = ModelPanel(workflows)
        self.training_panel = TrainingPanel(workflows, self.model_panel)
        self.training_panel.finished.connect(self.focus_pane)
        self.panels = Tabs(_PANELS_PX[0])
        self.panels.addTab(self.model_panel, tr("AI"))
        self.panels.addTab(self.label_panel, tr("Labels"))
        self.panels.addTab(self.findings_panel, tr("Findings"))
        self.panels.addTab(self.measure_panel, tr("Measure"))
        self.panels.addTab(self.training_panel, tr("Training"))
        self._failure = SentenceBar(tr("Close"))
        self._failure.first.clicked.connect(self._failure.hide)
        self._left_out = LeftOutBar()
        self.status_bar = StatusBar(workflows.jobs)
        workflows.jobs.subscribe(self._job_changed)
        self._viewer = QStackedWidget()
        self.welcome = WelcomePage(self._ask_folder, self._ask_files, self.open_demo)
        self._viewer.addWidget(scrolled(self.welcome))
        self._viewer.addWidget(self._make_study_page())

        self.commands = Actions(self, self._viewer, workflows, lambda: self.room.plane)
        self._add_commands(language)
        self._study_column.insertWidget(1, self.fusing.bar)
        self._study_column.insertWidget(1, self.click_bar)
        self.commands.use_keys(settings.keys)
        self.commands.keysChanged.connect(self._keep_keys)
        self.setCentralWidget(self._make_centre())
        fill_menu_bar(self.menuBar(), self.commands, self._fill_recent, self.slice_commands.fill_key_images)
        self.tool_bar = ToolBar(self.commands, workflows)
        self.addToolBar(self.tool_bar)
        keep_keys(self)
        self.setStatusBar(self.status_bar)
        self.browser.setVisible(settings.browser_shown)
        self.panels.setVisible(settings.panels_shown)
        self.panels.setCurrentIndex(min(settings.panel, self.panels.count() - 1))

        self.browser.listed.connect(self.welcome.show_listed)
        self.welcome.show_listed(not self.browser.empty)
        self.browser.seriesRequested.connect(self.open_series)
        self.browser.annotationsRequested.connect(self._open_with_annotations)
        self.browser.besideRequested.connect(self.open_beside)
        self.browser.overRequested.connect(self.fusing.lay_over)
        self.browser.locateRequested.connect(self._locate)
        self.room.menuRequested.connect(self._pane_menu)
        self.room.pressed.connect(self._rest_film)
        self.room.wheeled.connect(self._wheel_film)
        self.room.changed.connect(self.player.hear)
        self.room.arranged.connect(lambda: self.player.apply(What.SERIES))
        self.room.arranged.connect(self.browser.mark_open)
        self.room.resampleRequested.connect(workflows.resample_series)
        self.room.refused.connect(self.status_bar.notify)
        self.label_panel.refused.connect(self.status_bar.notify)
        self.findings_panel.refused.connect(self.status_bar.notify)
        self.measure_panel.exported.connect(self.status_bar.notify)
        self.room.seriesDropped.connect(lambda uid, session: self.open_series(uid, session))
        self.room.activeChanged.connect(self.label_panel.show_plane)
        self.room.activeChanged.connect(self._enable)
        self.model_panel.fitChanged.connect(self._enable)
        self.room.subscribe(
            [
                self.player.apply,
                self.fusing.apply,
                self.enhanced.apply,
                self.enhanced_export.apply,
                self.commands.apply,
                self.label_panel.apply,
                self.drawing_tools.apply,
                self.measure_panel.apply,
                self.model_panel.apply,
                self.training_panel.apply,
                self._apply,
                self.picture_commands.apply,
                self.label_export.apply,
                self.probability_export.apply,
                self.score_export.apply,
                self.layout_commands.apply,
                self.display_commands.apply,
                self.slice_commands.apply,
                self.shaping.apply,
                self.annotating.apply,
                self.answering.apply,
                self.thresholding.apply,
                self.combining.apply,
                self.importing.apply,
                self.object_export.apply,
                self.proposal_bar.apply,
                self.trusting.apply,
                self.click_bar.apply,
                self.tool_bar.apply,
            ]
        )
        self._saving = QTimer(self, interval=_SAVE_AGAIN_MS)
        self._saving.timeout.connect(self._save)
        workflows.on_failure(self.show_failure)
        for what, damaged in (
            (tr("list of studies"), workflows.library.put_aside),
            (tr("file of annotations"), workflows.annotation_store.put_aside),
        ):
            if damaged is not None:
                sentence = tr("The {what} was damaged and begun anew. The old one is kept: {path}")
                self.show_failure(sentence.format(what=what, path=damaged))
        if settings.language == "zh_CN" and language == "en":
            self.show_failure(NO_CHINESE)
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

    def _open_with_annotations(self, uid: str, file: Path) -> None:
        """Open a series, if it is not the one that is worked on, and ask which annotations of a file it is to have."""
        self._open_and(uid, lambda: self.importing.offer(file))

    def _open_and(self, uid: str, act: Callable[[], object]) -> None:
        """Open a series, if it is not the one that is worked on, and do something with it once all of it is there."""
        series = self.session.series
        if series is not None and series.uid == uid and not self.session.loading:
            act()
            return
        self._failure.hide()
        session = self.session

        def opened() -> None:
            self._opened()
            if self.session is session and session.series is not None and session.series.uid == uid:
                act()

        self.workflows.open_series(uid, opened)

    def open_beside(self, uid: str) -> None:
        """Read a listed series and show it beside what is shown, to compare them."""
        if self.session.series is None:
            self.open_series(uid)
        elif not self.room.show_again(uid):
            self.open_series(uid, self.room.add_beside())

    def _suggest_slices(self) -> None:
        """Bring the suggestions of slices to the front and look for them."""
        self.panels.setCurrentWidget(self.label_panel)
        self.annotating.find(read_others=True)

    def _show_case(self, uid: str, axis: int, index: int) -> None:
        """Show a slice of a listed series, normal to an axis of its voxels; the series alone without one (-1)."""

        def go() -> None:
            series = self.session.series
            if series is None or series.uid != uid or axis < 0:
                return
            plane: Plane = next(p for p in PLANES if plane_axes(series.geometry, p).normal == axis)
            self.slice_commands.go_to_key_image(plane, index)

        if self.session.series is not None and self.session.series.uid == uid:
            go()
        else:
            self.workflows.open_series(uid, go)

    def show_training(self) -> None:
        """Bring the training panel to the front."""
        self.panels.setCurrentWidget(self.training_panel)

    def take_up_training(self) -> None:
        """Show the training that an earlier window has left, if there is one."""
        if self.workflows.training.take_up() is not None:
            self.show_training()

    def show_failure(self, sentence: str) -> None:
        """Show one sentence over the panes until it is closed or another replaces it; without one, take it away."""
        if sentence:
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

    def toggle_maximised(self, view: View) -> None:
        """One pane alone, or all of the layout again."""
        self.room.toggle_large(self.room.pane_of(view))

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

    def _make_study_page(self) -> QWidget:
        page = QWidget()
        self._study_column = layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.room, 1)
        layout.addWidget(self.player)
        return page

    def _make_centre(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._failure)
        column.addWidget(self._left_out)
        column.addWidget(self.proposal_bar)
        column.addWidget(self._viewer, 1)
        self._splitter = splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(3)
        for part in (self.browser, middle, self.panels):
            splitter.addWidget(part)
        self.browser.setMinimumWidth(150)
        middle.setMinimumWidth(290)
        splitter.setStretchFactor(1, 1)
        splitter.setCollapsible(1, False)
        return splitter

    def _add_commands(self, language: Language) -> None:
        """Build what has commands of its own and add the window's own, in the order in which lists show them."""
        add, commands, room, settings = self.commands.add, self.commands, self.room, self._settings
        add("File", QT_TR_NOOP("Open folder…"), self._ask_folder, "Ctrl+O", picture="folder-open")
        add("File", QT_TR_NOOP("Open files…"), self._ask_files, "Ctrl+Shift+O", picture="file-outline")
        add("File", QT_TR_NOOP("Open the demo study"), self.open_demo, picture="head-outline")
        jobs, notify = self.workflows.jobs, self.status_bar.notify
        self.picture_commands = PictureCommands(commands, room, jobs, settings, notify, self.show_failure)
        self.label_export = LabelExport(self.workflows, commands, room, settings, notify, self.show_failure)
        self.probability_export = ProbabilityExport(
            self.workflows, commands, room, lambda: self.model_panel.model_name, notify
        )
        scores = self.model_panel.scores
        self.score_export = ScoreExport(
            self.workflows, commands, room, settings, lambda: scores.chosen, notify, self.show_failure
        )
        scores.export.clicked.connect(commands.named["AI/Export scores and heat maps…"].trigger)
        self.importing = Importing(self.workflows, commands, self, notify, self.show_failure)
        self.object_export = ObjectExport(self.workflows, commands, room, settings, self, notify, self.show_failure)
        self.enhanced_export = EnhancedExport(self.workflows, commands, self, notify)
        self.measure_panel.export.menu().addAction(commands.named["File/Export measurements as…"])
        self._forget = add("File", QT_TR_NOOP("Forget recent studies"), self._forget_recent)
        add("File", QT_TR_NOOP("Quit"), self.close, "Ctrl+Q")
        self.layout_commands = LayoutCommands(
            commands, room, self.workflows, settings, self.open_series, self.show_failure, self.status_bar.notify
        )
        self.display_commands = DisplayCommands(commands, room)
        for text, key, step in (
            (QT_TR_NOOP("Next series of the list"), "PgDown", 1),
            (QT_TR_NOOP("Previous series of the list"), "PgUp", -1),
        ):
            add("Display", text, partial(self._step_series, step), key, scope="viewer", needs_series=True)
        self._resample = add("Display", QT_TR_NOOP("Resample to a regular grid…"), self.workflows.resample_series)
        self.fusing = Fusing(self.workflows, commands, room, self)
        self.enhanced = EnhancedCommands(lambda: self.session, commands, self)
        self.model_panel.enhanced.offer(self.enhanced_export.action, self.enhanced.remove)
        self.slice_commands = SliceCommands(commands, room, self.player)
        self.annotating = Annotating(
            self.workflows,
            commands,
            room,
            self.next_panel,
            self.open_series,
            self.slice_commands.go_to_key_image,
            lambda: self.model_panel.model_name,
            self.status_bar.notify,
            self.show_failure,
        )
        self.training_panel.readiness.asked.connect(self._suggest_slices)
        self.training_panel.cases.chosen.connect(self._show_case)
        self.answering = Answering(
            self.workflows,
            commands,
            room,
            self.findings_panel,
            self.browser.below_open,
            self.open_series,
            lambda: self.panels.setCurrentWidget(self.findings_panel),
            self.status_bar.notify,
        )
        self.shaping = Shaping(self.workflows, commands, room, self.status_bar.notify)
        self.thresholding = Thresholding(self.workflows, commands, room, self.status_bar.notify)
        self.combining = Combining(self.workflows, commands, room, self.status_bar.notify)
        self.drawing_tools = DrawingTools(commands, self.workflows)
        self.drawing_tools.finished.connect(self.focus_pane)
        self.drawing_tools.masking.thresholdRequested.connect(self.thresholding.show_dialog)
        self.label_panel.add_tools(self.drawing_tools)
        self._write = add("Measuring", QT_TR_NOOP("Write to the measurement…"), self._write_to_measurement, "F2")
        self.segment_action = add(
            "AI",
            QT_TR_NOOP("Segment"),
            self._segment,
            "Ctrl+G",
            picture="creation",
            tip=QT_TR_NOOP("Run the chosen model on this series"),
        )
        model = self.model_panel
        self.many_runs = ManyRuns(
            self.workflows, commands, self, lambda: model.model_name, self._open_and, notify, self.show_failure
        )
        self.proposal_bar = ProposalBar(commands, self.workflows)
        self.trusting = Trusting(commands, self.workflows, self.room, self.status_bar.notify, self)
        self.model_panel.boxes.add_commands(commands)
        commands.add(
            "AI", QT_TR_NOOP("Show or hide the heat map"), lambda: self.model_panel.scores.toggle_heat(), "Ctrl+H"
        )
        self.click_bar = ClickBar(commands, self.workflows, self.focus_pane, self.status_bar.notify)
        add(
            "AI",
            QT_TR_NOOP("Add a model…"),
            self._add_model,
            tip=QT_TR_NOOP("Use a model of others: an ONNX file, a MONAI bundle or an nnU-Net model"),
        )
        add("AI", QT_TR_NOOP("Training…"), self.show_training, "Ctrl+T", picture="school-outline")
        add("Window", QT_TR_NOOP("Studies"), lambda: _toggle(self.browser), "F8")
        add("Window", QT_TR_NOOP("Panels"), lambda: _toggle(self.panels), "F9")
        for text, key, step in (
            (QT_TR_NOOP("Next part of the window"), "F6", 1),
            (QT_TR_NOOP("Previous part of the window"), "Shift+F6", -1),
        ):
            add("Window", text, partial(self._step_part, step), key)
        hand = self.session.hand
        self.appearance = Appearance(commands, settings, hand, language, self.show_failure)
        self.appearance.themeChanged.connect(self._dress)
        self._find = add("Window", QT_TR_NOOP("Find a command…"), self._show_palette, "Ctrl+K", "Ctrl+Shift+P")
        add("Window", QT_TR_NOOP("Keys and mouse…"), self._show_keys, "?", "F1", picture="keyboard-outline")
        add("Window", QT_TR_NOOP("About Slicewise…"), self._show_about)

    # What happens

    def _job_changed(self, job: Job) -> None:
        if job.ended:  # it may have been a model's
            self.status_bar.show_device(self.workflows.runs.device)

    def _apply(self, what: What, box: Box | None = None) -> None:
        session = self.session
        if what & What.SERIES:
            self._show_series(anew=bool(what & What.VIEW))
        if what & (What.SERIES | What.CONFIRMED):
            self.browser.show_confirmed()
        if what & What.TOOL and session.hand.tool in _WITH_LABELS and self._tool not in _WITH_LABELS:
            self.panels.setCurrentWidget(self.label_panel)  # which label is painted must be seen
        hand, keep = session.hand, self._settings.keep
        self._tool = hand.tool
        if what & What.DISPLAY:
            keep(overlay_text=hand.overlay_text, smooth=hand.smooth, neurological=hand.neurological)
        if what & What.TOOL:
            keep(drag_up_darkens=hand.drag_up_darkens)
        self.status_bar.show_device(self.workflows.runs.device)
        self._enable()
        if self.workflows.unsaved and not self._saving.isActive():
            self._saving.start()

    def _save(self) -> None:
        saved = self.workflows.save_again(patience_s=0.0)
        self.status_bar.saving.setVisible(not saved)
        if saved:
            self._saving.stop()

    def _enable(self) -> None:
        """Allow what makes sense with what is open."""
        session, allow = self.session, self.commands.allow
        series, volume = session.series, session.volume
        why_not = tr(READ_ONLY) if session.read_only else ""
        still = tr(STILL_READ) if session.loading else ""
        fits = self.model_panel.run.isEnabled()
        unsuitable = "" if fits or volume is None else tr("The chosen model does not fit this series")
        self.segment_action.setText(self.model_panel.run_words)
        allow(self.segment_action, session.editable and fits, why_not or still or unsuitable)
        selected = "" if session.selected is not None else tr("No measurement is selected")
        allow(self._write, session.selected is not None and session.editable, why_not or selected)
        resample = series is not None and volume is not None and can_be_resampled(volume, series.verdict)
        fine = "" if resample or volume is None else tr("This series is a regular grid already, or cannot be made one")
        allow(self._resample, resample and not session.loading, still or fine)

    def _show_series(self, anew: bool) -> None:
        """Show what is open now; anew: with the panes that it has a use for, and the keyboard in one of them."""
        session = self.session
        name = person_name(session.series.patient_name) if session.series is not None else ""
        description = session.series.description if session.series is not None else ""
        title = " · ".join(x for x in dict.fromkeys((name, description)) if x)  # a plain file has one name for both
        self.setWindowTitle(f"{title} – Slicewise" if title else "Slicewise")
        self.browser.show_open()
        if not anew:
            return
        self._viewer.setCurrentIndex(int(session.series is not None))
        if session.series is not None:
            study = recent_study(session.series)
            self._settings.change(lambda settings: settings.with_recent(study))
            self._recent.refresh()
            if not self.room.comparing:
                self.layout_commands.hang()
            self.focus_pane()

    def _write_to_measurement(self) -> None:
        """Write where the selected measurement is seen, or in the table."""
        for pane in self.panes.values():
            if pane.isVisible() and any(s.measurement.number == self.session.selected for s in pane.measuring.shapes):
                pane.measuring.write_to(self.session.selected or 0)
                return
        self.panels.setCurrentWidget(self.measure_panel)
        self.measure_panel.edit_text()

    def _locate(self, uid: str) -> None:
        """Look for the files of a listed series in another folder."""
        folder = QFileDialog.getExistingDirectory(self, tr("Where are the images now?"))
        if folder:
            self.open_paths([Path(folder)])

    def _scanned(self, scan: Scan) -> None:
        self._viewer.unsetCursor()
        self._left_out.show_scan(scan)
        sequences = {series.moment.sequence_uid if series.moment else series.uid for series in scan.series}
        if len(sequences) == 1:
            self.open_series(min(scan.series, key=lambda s: s.moment.number if s.moment else 0).uid)
        elif scan.series:
            self.browser.select(scan.series[0].uid)
            words = tr("{count} series found: double click one to open it")
            self.status_bar.notify(words.format(count=len(sequences)))
        elif self.session.series is not None:
            self._take_annotations(scan)

    def _take_annotations(self, scan: Scan) -> None:
        """What was dropped holds no picture, but perhaps annotations of the one that is open."""
        found = [refusal.file for refusal in scan.refused if holds_annotations(refusal.reason)]
        if len(found) == 1:
            self.show_failure("")
            self.importing.offer(found[0])

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

    def _wheel_film(self) -> None:
        """The wheel chooses a frame of a film, which rests it; or a slice on which moments go on playing."""
        if self.player.kind == "frames":
            self._rest_film()

    def _segment(self) -> None:
        self.panels.setCurrentWidget(self.model_panel)
        self.model_panel.start()

    def _add_model(self, path: Path | None = None) -> None:
        self.panels.setCurrentWidget(self.model_panel)
        self.model_panel.add_model(path)

    def _pane_menu(self, at: QPoint) -> None:
        menu = pane_menu(self.room.active, self.commands, self)
        keep_keys(menu)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

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
        palette.show()  # not modal: a press beside it leaves it

    def _entries(self) -> list[Entry]:
        """All that the palette offers: actions, windows of the series, its key images and recent studies."""
        entries = command_entries(self.commands, but=self._find)
        for plane, index in self.session.key_images_in_order:
            act = partial(self.slice_commands.go_to_key_image, plane, index)
            entries.append(Entry(key_image_name(plane, index), tr("Key image"), "", "", act))
        for recent in self._recent.entries:
            act = partial(self.open_series, recent.series_uid)
            entries.append(Entry(recent.text, tr("Recent study"), "", recent.why_not, act))
        return entries

    # Habits

    def _keep_keys(self, changed: dict[str, Keys | None]) -> None:
        self._settings.change(lambda settings: settings.with_keys(changed))
        self._show_keys_in_words()

    def _show_keys_in_words(self) -> None:
        """Have what names keys name those that are in force."""
        panels = (
            self.label_panel,
            self.drawing_tools,
            self.next_panel,
            self.findings_panel,
            self.measure_panel,
            self.training_panel,
        )
        for part in (self.browser, self.welcome, *panels, self.fusing.bar):
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
        menu.addAction(self._forget)

    def _forget_recent(self) -> None:
        self._settings.keep(recent=())
        self._recent.refresh()

    def _dress(self) -> None:
        """Draw what is no style sheet's, icons above all, in the colours of the theme."""
        self.commands.dress()
        self.tool_bar.dress()
        self.slice_commands.dress()
        self.player.dress()
        self.measure_panel.dress()
        self.training_panel.dress()
        self.browser.refresh()

    def _step_series(self, step: int) -> None:
        uid = self.browser.beside_open(step)
        if uid is None:
            self.status_bar.notify(tr("That was the last series of the list"))
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
        self._settings.keep(**changed)

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say why the key of a command does nothing: those that can be taken do not come here."""
        key = QKeySequence(event.modifiers().value & ~Qt.KeyboardModifier.KeypadModifier.value | event.key())
        action = self.commands.forbidden_with(key)
        if action is None:
            super().keyPressEvent(event)
        else:
            self.status_bar.notify(self.commands.why_not(action))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            _accept_as_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        _accept_as_copy(event)
        if event.isAccepted():
            if len(paths) == 1 and paths[0].suffix.lower() == ".onnx":
                self._add_model(paths[0])
            else:
                self.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and (
            ((warning := self._lost_by_closing()) and not self._ask(warning)) or not self._settle_training()
        ):
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
            self.closed.emit()
        super().closeEvent(event)

    def _lost_by_closing(self) -> str:
        """What would be lost if the window closed now, in a sentence; empty if nothing."""
        if not self.workflows.save_again():
            return tr("Your last changes could not be saved yet, for want of space perhaps. Closing loses them.")
        return ""

    def _settle_training(self) -> bool:
        """Ask what shall become of a training that is running; False if the window shall stay open."""
        run = self.workflows.training.run
        if run is None or run.state not in ("running", "paused"):
            return True  # one that is being stopped only has to compare; what is undecided waits
        answer = self._ask_which(
            tr("A training is not done. It can go on without the window and is shown when you open Slicewise again."),
            (tr("Let it go on"), tr("Stop it and compare")),
        )
        if answer == 1:
            self.workflows.training.stop()
        elif answer == 0 and run.state == "paused":
            self.workflows.training.resume()
        return answer is not None

    def _ask_which(self, question: str, answers: Sequence[str]) -> int | None:
        return chosen(self, question, answers)

    def _ask(self, warning: str) -> bool:
        return agreed(self, tr("{warning} Close nevertheless?").format(warning=warning))


def _accept_as_copy(event: QDropEvent) -> None:
    """Never as a move, after which the other program may delete the files."""
    if event.possibleActions() & Qt.DropAction.CopyAction:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.ignore()


def _toggle(widget: QWidget) -> None:
    widget.setVisible(not widget.isVisible())
