"""The window: browser, four panes and panels, and what happens between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
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
from viewer.core.painting import Box
from viewer.core.study import Scan
from viewer.gui.actions import Actions, KeysDialog, icon
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.label_panel import LabelPanel
from viewer.gui.model_panel import ModelPanel
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS, person_name
from viewer.gui.slice_pane import SlicePane
from viewer.gui.study_browser import StudyBrowser
from viewer.gui.training_panel import TrainingPanel
from viewer.gui.volume_pane import VolumePane
from viewer.jobs import Job
from viewer.workflows import Workflows

DEMO_STUDY = resources.path("demo", "mni152-t1")

_SHOW_JOB_AFTER_MS = 300  # shorter jobs would only flicker
_NOTICE_MS = 8000
_BROWSER_SHARE, _BROWSER_PX = 0.17, (150, 260)  # of the window's width, and at least and at most
_PANELS_SHARE, _PANELS_PX = 0.25, (250, 320)
_PLACES = {"axial": (0, 0), "3d": (0, 1), "coronal": (1, 0), "sagittal": (1, 1)}  # as 3D Slicer's four-up


class MainWindow(QMainWindow):
    """Shows one Session; every change of it reaches the widgets once per turn of the event loop."""

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workflows, self.session = workflows, workflows.session
        self._plane: Plane = "axial"
        self._maximised = ""
        self._tool = self.session.tool
        self._closed = self._arranged = False
        self.setWindowTitle("Slicewise")
        self.setWindowIcon(QIcon(str(resources.path("icons", "slicewise.svg"))))
        self.setAcceptDrops(True)

        self.panes = {plane: SlicePane(self.session, plane) for plane in PLANES}
        self.volume_pane = VolumePane(self.session)
        self._grid = self._make_grid()
        self.browser = StudyBrowser(workflows)
        self.label_panel = LabelPanel(workflows, lambda: self._plane)
        self.label_panel.finished.connect(self.focus_pane)
        self.model_panel = ModelPanel(workflows)
        self.training_panel = TrainingPanel(workflows, self.model_panel)
        self.panels = QTabWidget(documentMode=True)
        self.panels.tabBar().setDrawBase(False)
        self.panels.addTab(self.model_panel, "AI")
        self.panels.addTab(self.label_panel, "Labels")
        self.panels.addTab(self.training_panel, "Training")
        self._failure = _Bar("Close")
        self._failure.first.clicked.connect(self._failure.hide)
        self._proposal = _Bar("Accept", "Reject")
        self._proposal.first.setProperty("primary", True)
        self._viewer = QStackedWidget()
        self._viewer.addWidget(self._make_welcome())
        self._viewer.addWidget(self._grid)

        self.commands = Actions(self, self._viewer, self.session, lambda: self._plane)
        self._add_commands()
        self._proposal.first.clicked.connect(workflows.accept_proposal)
        self._proposal.second.clicked.connect(self.session.reject_proposal)
        self.setCentralWidget(self._make_centre())
        self._make_menus()
        self.addToolBar(self._make_toolbar())
        self._make_status_bar()

        self.browser.seriesRequested.connect(self.open_series)
        for pane in (*self.panes.values(), self.volume_pane):
            pane.contextMenuRequested.connect(self._pane_menu)
            pane.maximiseRequested.connect(self.toggle_maximised)
            pane.activated.connect(self._activate)
        self._gatherer = ChangeGatherer(
            self.session,
            [
                *(pane.apply for pane in self.panes.values()),
                self.volume_pane.apply,
                self.commands.apply,
                self.label_panel.apply,
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
        self._viewer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._viewer.setFocus()
        self.commands.apply(What.SERIES)

    # What the demo, the command line and the tests ask for

    def open_paths(self, paths: Sequence[Path]) -> None:
        """List what lies in files and folders; a single series is opened at once."""
        self._viewer.setCursor(Qt.CursorShape.BusyCursor)
        self.workflows.add_paths(paths, self._scanned, self._viewer.unsetCursor)

    def open_demo(self) -> None:
        """Open the demo study that comes with the program."""
        self.open_paths([DEMO_STUDY])

    def open_series(self, uid: str) -> None:
        """Read a listed series and show it."""
        if self.session.series is not None and self.session.series.uid == uid:
            self.workflows.cancel_opening()
        else:
            self.workflows.open_series(uid, self._opened)

    def show_training(self) -> None:
        """Bring the training panel to the front."""
        self.panels.setCurrentWidget(self.training_panel)

    def job_fraction(self) -> float:
        """How far the job in the status bar is, 0 to 1; 0 with none."""
        return self._jobs[-1].fraction if self._jobs else 0.0

    def show_failure(self, sentence: str) -> None:
        """Show one sentence over the panes until it is closed or another replaces it."""
        self._viewer.unsetCursor()
        self._failure.show_text(sentence)

    def focus_pane(self) -> None:
        """Give the keyboard back to the active pane."""
        self._all_panes()[self._active_name].setFocus()

    def toggle_maximised(self, name: str) -> None:
        """One pane alone ("axial", "coronal", "sagittal", "3d"), or all four again."""
        self._maximised = "" if self._maximised else name
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

    def _make_welcome(self) -> QWidget:
        page = QWidget()
        title = QLabel("Open a scan to begin")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        title.setFont(font)
        hint = QLabel("Drop a folder or files anywhere in this window: DICOM, NIfTI, NRRD or MHA.")
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
        view = bar.addMenu("&View")
        view.addActions([self.reset_action, self.maximise_action])
        view.addMenu(self._window_menu("Window presets", view))
        view.addActions([commands.invert, commands.labels_visible, commands.overlay_text])
        view.addSeparator()
        view.addActions([self.browser_action, self.panels_action])
        ai = bar.addMenu("&AI")
        ai.addActions([self.segment_action, self.accept_action, self.reject_action])
        ai.addSeparator()
        ai.addAction(self.training_action)
        bar.addMenu("&Help").addActions([self.keys_action, self.about_action])

    def _window_menu(self, title: str, parent: QWidget) -> QMenu:
        menu = QMenu(title, parent)
        menu.addAction(self.commands.auto_window)
        menu.addActions(list(self.commands.preset_actions.values()))
        return menu

    def _make_toolbar(self) -> QToolBar:
        bar, commands = QToolBar("Tools"), self.commands
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addAction(self.open_folder_action)
        bar.addSeparator()
        bar.addActions(list(commands.tools.values()))
        bar.addSeparator()
        bar.addActions([commands.undo, commands.redo])
        bar.addSeparator()
        presets = QToolButton()
        presets.setText("Presets")
        presets.setIcon(icon("contrast-box"))
        presets.setToolTip("Window presets (keys 0 to 9)")
        presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        presets.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        presets.setMenu(self._window_menu("Window presets", presets))
        bar.addWidget(presets)
        bar.addAction(self.reset_action)
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
        if what & What.SERIES and session.series is not None:
            self._viewer.setCurrentWidget(self._grid)
            name = person_name(session.series.patient_name)
            title = " · ".join(x for x in (name, session.series.description) if x)
            self.setWindowTitle(f"{title} – Slicewise" if title else "Slicewise")
            self.browser.show_open()
            self.focus_pane()
        if what & (What.SERIES | What.PROPOSAL):
            proposal = session.proposal
            self.accept_action.setEnabled(proposal is not None)
            self.reject_action.setEnabled(proposal is not None)
            if proposal is None:
                self._proposal.hide()
            else:
                self._proposal.show_text(f"{proposal.source} proposes the hatched labels. Nothing is changed yet.")
        if what & What.TOOL and session.tool in ("brush", "eraser") and self._tool not in ("brush", "eraser"):
            self.panels.setCurrentWidget(self.label_panel)  # which label is painted must be seen
        self._tool = session.tool
        self._device.setText(f"AI on {self.workflows.device}" if self.workflows.device else "")
        self.segment_action.setEnabled(session.volume is not None and self.model_panel.run.isEnabled())

    def _scanned(self, scan: Scan) -> None:
        self._viewer.unsetCursor()
        if scan.series and scan.refused:
            first = scan.refused[0]
            others = f" and {len(scan.refused) - 1} more" if len(scan.refused) > 1 else ""
            self.statusBar().showMessage(f"Left out: {first.file.name} ({first.reason}){others}", _NOTICE_MS)
        if len(scan.series) == 1:
            self.open_series(scan.series[0].uid)
        elif scan.series:
            self.browser.select(scan.series[0].uid)
            self.statusBar().showMessage(f"{len(scan.series)} series found: double click one to open it", _NOTICE_MS)

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
            menu.addActions([self.commands.invert, self.commands.labels_visible])
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
            self.volume_pane.close_scene()
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


class _Bar(QFrame):
    """A line of text over the panes with one or two buttons."""

    def __init__(self, first: str, second: Literal["Reject", ""] = "") -> None:
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
