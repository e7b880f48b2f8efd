"""The window: browser, four panes and panels, and what happens between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QIcon, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QGridLayout,
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
from viewer.core.geometry import PLANES, Plane
from viewer.core.measuring import KINDS
from viewer.core.painting import Box
from viewer.core.resample import can_be_resampled
from viewer.core.study import Refusal, Scan
from viewer.gui.actions import READ_ONLY, Actions, KeysDialog, icon
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.label_panel import LabelPanel
from viewer.gui.measure_panel import MeasurePanel
from viewer.gui.model_panel import ModelPanel
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS, person_name
from viewer.gui.player import Player
from viewer.gui.slice_pane import SlicePane
from viewer.gui.study_browser import StudyBrowser
from viewer.gui.training_panel import TrainingPanel
from viewer.gui.volume_pane import VolumePane
from viewer.jobs import Job
from viewer.workflows import Workflows

DEMO_STUDY = resources.path("demo", "mni152-t1")

_SHOW_JOB_AFTER_MS = 300  # shorter jobs would only flicker
_NOTICE_MS = 8000
_MOST_REFUSALS = 5000  # rows of the list: more would make the window wait, and nobody reads them
_PRESETS = "Window presets (keys 0 to 9)"
_BROWSER_SHARE, _BROWSER_PX = 0.17, (196, 260)  # of the window's width, and at least and at most
_PANELS_SHARE, _PANELS_PX = 0.25, (250, 320)
_PLACES = {"axial": (0, 0), "3d": (0, 1), "coronal": (1, 0), "sagittal": (1, 1)}  # as 3D Slicer's four-up


class MainWindow(QMainWindow):
    """Shows one Session; every change of it reaches the widgets once per turn of the event loop."""

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workflows, self.session = workflows, workflows.session
        self._plane: Plane = "axial"
        self._maximised = ""
        self._layout_wished = ""  # as _maximised, by a person, for series that have all planes
        self._active_name = "axial"
        self._tool = self.session.tool
        self._closed = self._arranged = False
        self.setWindowTitle("Slicewise")
        self.setWindowIcon(QIcon(str(resources.path("icons", "slicewise.svg"))))
        self.setAcceptDrops(True)

        self.panes = {plane: SlicePane(self.session, plane) for plane in PLANES}
        self.volume_pane = VolumePane(self.session)
        self._grid = self._make_grid()
        self.player = Player(workflows)
        self.browser = StudyBrowser(workflows)
        self.label_panel = LabelPanel(workflows, lambda: self._plane)
        self.label_panel.finished.connect(self.focus_pane)
        self.measure_panel = MeasurePanel(workflows)
        self.measure_panel.finished.connect(self.focus_pane)
        self.model_panel = ModelPanel(workflows)
        self.training_panel = TrainingPanel(workflows, self.model_panel)
        self.panels = QTabWidget(documentMode=True)
        self.panels.tabBar().setDrawBase(False)
        self.panels.addTab(self.model_panel, "AI")
        self.panels.addTab(self.label_panel, "Labels")
        self.panels.addTab(self.measure_panel, "Measure")
        self.panels.addTab(self.training_panel, "Training")
        self._failure = _Bar("Close")
        self._failure.first.clicked.connect(self._failure.hide)
        self._refusals: tuple[Refusal, ...] = ()
        self._left_out = _Bar("Show which", "Close")
        self._left_out.first.clicked.connect(self._show_refusals)
        self._left_out.second.clicked.connect(self._left_out.hide)
        self._proposal = _Bar("Accept", "Reject")
        self._proposal.first.setProperty("primary", True)
        self._viewer = QStackedWidget()
        self._viewer.addWidget(self._make_welcome())
        self._study_page = self._make_study_page()
        self._viewer.addWidget(self._study_page)

        self.commands = Actions(self, self._viewer, self.session, lambda: self._plane)
        self._add_commands()
        self._proposal.first.clicked.connect(workflows.accept_proposal)
        self._proposal.second.clicked.connect(self.session.reject_proposal)
        self.setCentralWidget(self._make_centre())
        self._make_menus()
        self.addToolBar(self._make_toolbar())
        self._make_status_bar()

        self.browser.seriesRequested.connect(self.open_series)
        self.browser.locateRequested.connect(self._locate)
        for pane in (*self.panes.values(), self.volume_pane):
            pane.contextMenuRequested.connect(self._pane_menu)
            pane.maximiseRequested.connect(self.toggle_maximised)
            pane.activated.connect(self._activate)
            pane.activated.connect(self.player.pause)
            pane.resampleRequested.connect(workflows.resample_series)
        self._gatherer = ChangeGatherer(
            self.session,
            [
                *(pane.apply for pane in self.panes.values()),
                self.volume_pane.apply,
                self.player.apply,
                self.commands.apply,
                self.label_panel.apply,
                self.measure_panel.apply,
                self.model_panel.apply,
                self.training_panel.apply,
                self._apply,
            ],
            self,
        )
        workflows.on_failure(self.show_failure)
        workflows.jobs.subscribe(self._job_changed)
        for what, damaged in (
            ("list of studies", workflows.library.put_aside),
            ("file of annotations", workflows.annotation_store.put_aside),
        ):
            if damaged is not None:
                self.show_failure(f"The {what} was damaged and begun anew. The old one is kept: {damaged}")
        self._activate("axial")
        self._enable()
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

    def open_series(self, uid: str) -> None:
        """Read a listed series and show it."""
        self._failure.hide()
        self.workflows.open_series(uid, self._opened)

    def show_training(self) -> None:
        """Bring the training panel to the front."""
        self.panels.setCurrentWidget(self.training_panel)

    def job_fraction(self) -> float:
        """How far the job in the status bar is, 0 to 1; 0 with none."""
        return self._jobs[-1].fraction if self._jobs else 0.0

    def show_failure(self, sentence: str) -> None:
        """Show one sentence over the panes until it is closed or another replaces it; without one, take it away."""
        self._viewer.unsetCursor()
        self._failure.show_text(sentence)
        self._failure.setVisible(bool(sentence))

    def focus_pane(self) -> None:
        """Give the keyboard back to the active pane."""
        self._all_panes()[self._active_name].setFocus()

    def toggle_maximised(self, name: str) -> None:
        """One pane alone ("axial", "coronal", "sagittal", "3d"), or all four again."""
        self._show_large("" if self._maximised else name)
        if len(self.session.planes) > 1:
            self._layout_wished = self._maximised

    def _show_large(self, name: str) -> None:
        """Give one pane all the room, or, without a name, each its part."""
        self._maximised = name
        layout = self._grid.layout()
        assert isinstance(layout, QGridLayout)
        for other, pane in self._all_panes().items():
            pane.setVisible(not self._maximised or other == self._maximised)
        self._share_room(layout)
        if self._maximised:
            self._activate(self._maximised)

    # Parts

    def _make_grid(self) -> QWidget:
        grid = QWidget()
        layout = QGridLayout(grid)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for name, pane in self._all_panes().items():
            layout.addWidget(pane, *_PLACES[name])
        self._share_room(layout)
        return grid

    def _share_room(self, layout: QGridLayout) -> None:
        """All room to the maximised pane, or equal parts: an empty row that may stretch would keep its place."""
        for n in range(2):
            row, column = _PLACES[self._maximised] if self._maximised else (n, n)
            layout.setRowStretch(n, int(n == row))
            layout.setColumnStretch(n, int(n == column))

    def _all_panes(self) -> dict[str, SlicePane | VolumePane]:
        return {**self.panes, "3d": self.volume_pane}

    def _make_study_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._grid, 1)
        layout.addWidget(self.player)
        return page

    def _make_welcome(self) -> QWidget:
        page = QWidget()
        title = QLabel("Open a scan to begin")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        title.setFont(font)
        hint = QLabel(
            "Drop folders or files anywhere in this window: DICOM, also in ZIP archives, NIfTI, NRRD, MHA, PNG or JPEG."
        )
        hint.setProperty("dimmed", True)
        self.open_demo_button = QPushButton("Open the demo study")
        self.open_demo_button.clicked.connect(self.open_demo)
        folder = QPushButton("Open a folder…")
        folder.setProperty("primary", True)
        folder.clicked.connect(self._ask_folder)
        files = QPushButton("Open files…")
        files.clicked.connect(self._ask_files)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (folder, files, self.open_demo_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        warning = QLabel(f"{NOT_FOR_DIAGNOSIS}.")
        warning.setProperty("warning", True)
        layout = QVBoxLayout(page)
        layout.addStretch(2)
        for widget in (title, hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            widget.setWordWrap(True)
            layout.addWidget(widget)
        layout.addSpacing(14)
        layout.addLayout(buttons)
        layout.addSpacing(14)
        layout.addWidget(warning, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)
        return page

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
        self.open_folder_action = add("File", "Open folder…", self._ask_folder, "Ctrl+O", picture="folder-open")
        self.open_files_action = add("File", "Open files…", self._ask_files, "Ctrl+Shift+O", picture="file-outline")
        self.demo_action = add("File", "Open the demo study", self.open_demo, picture="head-outline")
        self.quit_action = add("File", "Quit", self.close, "Ctrl+Q")
        self.reset_action = add(
            "Display", "Reset view", self._reset_views, "R", picture="fit-to-screen-outline", needs_series=True
        )
        self.maximise_action = add(
            "Display",
            "One pane large, or all four",
            lambda: self.toggle_maximised(self._active_name),
            "M",
            needs_series=True,
        )
        self.confirm_action = add(
            "Labels",
            "Confirm the slice",
            lambda: self.session.toggle_confirmed(self._plane),
            "Return",
            "Enter",
            picture="check-circle-outline",
            tip="Everything on it is as it should be: training learns from it",
            scope="viewer",
            needs_series=True,
        )
        self.write_action = add("Measuring", "Write to the measurement…", self._write_to_measurement, "F2")
        self.play_action = add(
            "Slices",
            "Play",
            self.player.toggle,
            "C",
            picture="play",
            tip="The frames of a cine or moments of a sequence",
        )
        self._play_icons = icon("play"), icon("pause")
        self.resample_action = add("Display", "Resample to a regular grid…", self.workflows.resample_series)
        self.step_actions = [
            add("Slices", text, lambda step=step: self.player.step(step), key)
            for text, key, step in (("Previous frame or moment", ",", -1), ("Next frame or moment", ".", 1))
        ]
        self.player.changed.connect(self._show_playing)
        self.segment_action = add(
            "AI", "Segment", self._segment, "Ctrl+G", picture="creation", tip="Run the chosen model on this series"
        )
        self.accept_action = add("AI", "Accept the proposal", self.workflows.accept_proposal, "Ctrl+Return")
        self.reject_action = add("AI", "Reject the proposal", self.session.reject_proposal, "Ctrl+Backspace")
        self.training_action = add("AI", "Training…", self.show_training, "Ctrl+T", picture="school-outline")
        self.browser_action = add("Window", "Studies", lambda: _toggle(self.browser), "F8")
        self.panels_action = add("Window", "Panels", lambda: _toggle(self.panels), "F9")
        self.keys_action = add("Window", "Keys and mouse…", self._show_keys, "?", "F1", picture="keyboard-outline")
        self.about_action = add("Window", "About Slicewise…", self._show_about)

    def _make_menus(self) -> None:
        bar, commands = self.menuBar(), self.commands
        file = bar.addMenu("&File")
        file.addActions([self.open_folder_action, self.open_files_action, self.demo_action])
        file.addSeparator()
        file.addAction(self.quit_action)
        edit = bar.addMenu("&Edit")
        edit.addActions([commands.undo, commands.redo])
        edit.addSeparator()
        edit.addActions([commands.tools["brush"], commands.tools["eraser"], self.confirm_action])
        measure = bar.addMenu("&Measure")
        measure.addActions([commands.tools[kind] for kind in KINDS])
        measure.addSeparator()
        measure.addActions([self.write_action, commands.delete_measurement, commands.measurements_visible])
        view = bar.addMenu("&View")
        view.addActions([self.reset_action, self.maximise_action])
        view.addMenu(self._window_menu("Window presets", view))
        view.addActions([commands.invert, commands.labels_visible, commands.file_overlay, commands.overlay_text])
        view.addSeparator()
        view.addActions([self.play_action, *self.step_actions, self.resample_action])
        view.addSeparator()
        view.addActions([self.browser_action, self.panels_action])
        ai = bar.addMenu("&AI")
        ai.addActions([self.segment_action, self.accept_action, self.reject_action])
        ai.addSeparator()
        ai.addAction(self.training_action)
        bar.addMenu("&Help").addActions([self.keys_action, self.about_action])

    def _window_menu(self, title: str, parent: QWidget) -> QMenu:
        menu = QMenu(title, parent)
        self.commands.fill_window_menu(menu)
        menu.aboutToShow.connect(lambda: self.commands.fill_window_menu(menu))  # each series brings its own
        return menu

    def _make_toolbar(self) -> QToolBar:
        bar, commands = QToolBar("Tools"), self.commands
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
        presets.setText("Presets")
        presets.setIcon(icon("contrast-box"))
        presets.setToolTip(_PRESETS)
        presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        presets.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        presets.setMenu(self._window_menu("Window presets", presets))
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
        self.cancel_job = QPushButton("Cancel")
        self.cancel_job.clicked.connect(self._cancel_job)
        self._job_timer = QTimer(self, singleShot=True, interval=_SHOW_JOB_AFTER_MS)
        self._job_timer.timeout.connect(self._show_job)
        self._device = QLabel()
        self._device.setToolTip("What the last model really ran on, as the engine reports it")
        warning = QLabel(NOT_FOR_DIAGNOSIS)
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
                self._proposal.show_text(f"{proposal.source} proposes the hatched labels. Nothing is changed yet.")
        if what & What.TOOL and session.tool in ("brush", "eraser") and self._tool not in ("brush", "eraser"):
            self.panels.setCurrentWidget(self.label_panel)  # which label is painted must be seen
        if what & What.TOOL and session.tool in KINDS:
            self.measure_button.setDefaultAction(self.commands.tools[session.tool])
        self._tool = session.tool
        self._device.setText(f"AI on {self.workflows.device}" if self.workflows.device else "")
        self._enable()

    def _enable(self) -> None:
        """Allow what makes sense with what is open."""
        session, allow = self.session, self.commands.allow
        why_not = READ_ONLY if session.read_only else ""
        allow(self.accept_action, session.proposal is not None, why_not)
        self.reject_action.setEnabled(session.proposal is not None)
        allow(self.segment_action, session.editable and self.model_panel.run.isEnabled(), why_not)
        allow(self.confirm_action, session.editable, why_not)
        self.write_action.setEnabled(session.selected is not None and session.editable)
        self._proposal.first.setEnabled(not session.read_only)
        self._proposal.first.setToolTip(why_not)
        series, volume = session.series, session.volume
        resample = series is not None and volume is not None and can_be_resampled(volume, series.verdict)
        self.resample_action.setEnabled(resample and not session.loading)

    def _show_series(self, anew: bool) -> None:
        """Show what is open now; anew: with the panes that it has a use for, and the keyboard in one of them."""
        session, planes = self.session, self.session.planes
        name = person_name(session.series.patient_name) if session.series is not None else ""
        description = session.series.description if session.series is not None else ""
        title = " · ".join(x for x in (name, description) if x)
        self.setWindowTitle(f"{title} – Slicewise" if title else "Slicewise")
        self.browser.show_open()
        self._presets.setEnabled(session.volume is None or not session.volume.colour)
        self._presets.setToolTip(_PRESETS if self._presets.isEnabled() else "Colours have no window to choose")
        if not anew:
            return
        self._viewer.setCurrentIndex(int(session.series is not None))
        if session.series is not None:
            self._show_large(planes[0] if len(planes) == 1 else self._layout_wished)
            if self._plane not in planes:
                self._activate(planes[0])
            self.focus_pane()

    def _write_to_measurement(self) -> None:
        """Write where the selected measurement is seen, or in the table."""
        for pane in self.panes.values():
            if pane.isVisible() and any(s.measurement.number == self.session.selected for s in pane.measuring.shapes):
                pane.measuring.write_to(self.session.selected or 0)
                return
        self.panels.setCurrentWidget(self.measure_panel)
        self.measure_panel.edit_text()

    def _show_playing(self) -> None:
        playing, why_not = self.player.playing, self.player.waits_for
        self.play_action.setIcon(self._play_icons[playing])
        self.play_action.setText("Pause" if playing else "Play")
        self.play_action.setEnabled(not why_not)
        self.play_action.setToolTip(why_not or f"{self.play_action.text()} (C)")
        for action in self.step_actions:
            action.setEnabled(bool(self.player.kind))

    def _locate(self, uid: str) -> None:
        """Look for the files of a listed series in another folder."""
        folder = QFileDialog.getExistingDirectory(self, "Where are the images now?")
        if folder:
            self.open_paths([Path(folder)])

    def _scanned(self, scan: Scan) -> None:
        self._viewer.unsetCursor()
        self._refusals = scan.refused
        taken = {file for series in scan.series for file in series.files}
        if scan.refused and (scan.series or len(scan.refused) > 1):
            count, total = len(scan.refused), len(scan.refused) + len(taken)
            were = "file was" if count == 1 else "files were"
            self._left_out.show_text(f"{count:,} of {total:,} {were} left out.")
        else:
            self._left_out.hide()
        sequences = {series.moment.sequence_uid if series.moment else series.uid for series in scan.series}
        if len(sequences) == 1:
            self.open_series(min(scan.series, key=lambda s: s.moment.number if s.moment else 0).uid)
        elif scan.series:
            self.browser.select(scan.series[0].uid)
            self.statusBar().showMessage(f"{len(sequences)} series found: double click one to open it", _NOTICE_MS)

    def _show_refusals(self) -> None:
        dialog = RefusalsDialog(self._refusals, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _opened(self) -> None:
        self._failure.hide()

    def _segment(self) -> None:
        self.panels.setCurrentWidget(self.model_panel)
        self.model_panel.segment()

    def _activate(self, name: str) -> None:
        if name in self.panes:
            self._plane = name  # type: ignore[assignment]
            self.label_panel.show_plane()
        self._active_name = name
        for other, pane in self._all_panes().items():
            pane.set_active(other == name)

    def _reset_views(self) -> None:
        for pane in self._all_panes().values():
            pane.reset_view()

    def _pane_menu(self, name: str, at: QPoint) -> None:
        self._activate(name)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if name in self.panes:
            menu.addMenu(self._window_menu("Window presets", menu))
            menu.addActions([self.commands.invert, self.commands.labels_visible, self.commands.file_overlay])
            menu.addSeparator()
            if self.session.selected is not None:
                menu.addActions([self.write_action, self.commands.delete_measurement])
                menu.addSeparator()
            menu.addAction(self.confirm_action)
            menu.addSeparator()
        else:
            self.volume_pane.fill_menu(menu)
            menu.addSeparator()
        menu.addActions([self.reset_action, self.maximise_action])
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
            self._job_text.setText(f"{job.title}: {job.text}{more}" if job.text else f"{job.title}{more}")
            self._job_progress.setRange(0, 1000 if job.fraction > 0 else 0)  # 0: busy, nobody knows for how long
            self._job_progress.setValue(round(1000 * job.fraction))

    def _cancel_job(self) -> None:
        if self._jobs:
            self._jobs[-1].cancel()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a folder of images")
        if folder:
            self.open_paths([Path(folder)])

    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open images")
        if names:
            self.open_paths([Path(name) for name in names])

    def _show_keys(self) -> None:
        dialog = KeysDialog(self.commands.groups, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_about(self) -> None:
        from importlib.metadata import version

        QMessageBox.about(
            self,
            "About Slicewise",
            f"<b>Slicewise {version('slicewise')}</b><p>A radiology viewer whose AI models learn from the slices you "
            f"correct.</p><p><b>{NOT_FOR_DIAGNOSIS}.</b></p><p>Apache License 2.0</p>",
        )

    # Show, drop and close

    def showEvent(self, event: QShowEvent) -> None:
        if not self._arranged:
            self._arranged = True
            low, high = _BROWSER_PX
            browser = min(max(round(_BROWSER_SHARE * self.width()), low), high)
            low, high = _PANELS_PX
            panels = min(max(round(_PANELS_SHARE * self.width()), low), high)
            self._splitter.setSizes([browser, self.width() - browser - panels, panels])
        super().showEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and (warning := self._lost_by_closing()) and not self._ask(warning):
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self.hide()  # jobs may take a moment to end
            self.volume_pane.close_scene(timeout_s=0.0)  # a step of it may take seconds: nothing waits for that
            self.workflows.close()
        super().closeEvent(event)

    def _lost_by_closing(self) -> str:
        """What would be lost if the window closed now, in a sentence; empty if nothing."""
        run = self.workflows.training
        if self.workflows.unsaved:
            return "Your last changes could not be saved yet, for want of space perhaps. Closing loses them."
        if run is not None and not run.ended:
            return "A training is running. Closing ends it."
        if run is not None and run.undecided:
            return "A newly trained model waits for your decision. Closing keeps the current one."
        return ""

    def _ask(self, warning: str) -> bool:
        answer = QMessageBox.question(self, "Slicewise", f"{warning} Close nevertheless?")
        return answer == QMessageBox.StandardButton.Yes


class RefusalsDialog(QDialog):
    """Which files were left out and why, as text that can be copied."""

    def __init__(self, refusals: Sequence[Refusal], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Files that were left out")
        self.resize(760, 460)
        entries = [f"{Path(r.file.parent.name, r.file.name)}\n    {r.reason}" for r in refusals[:_MOST_REFUSALS]]
        if len(refusals) > _MOST_REFUSALS:
            entries.append(f"and {len(refusals) - _MOST_REFUSALS:,} more")
        self.text = QPlainTextEdit("\n".join(entries), readOnly=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy = QPushButton("Copy all", autoDefault=False)
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
        self.first, self.second = QPushButton(first), QPushButton(second)
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


def _toggle(widget: QWidget) -> None:
    widget.setVisible(not widget.isVisible())
