"""Run a model on the open series, judge its proposal, and choose which version is used."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from viewer.bringing import by_hand
from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import READ_ONLY
from viewer.gui.bring_dialog import BringDialog
from viewer.gui.detection_panel import DetectionPanel
from viewer.gui.enhanced_panel import EnhancedBox
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.model_history import ModelHistory
from viewer.gui.proposal_part import ProposalPart
from viewer.gui.question import agreed
from viewer.gui.score_panel import ScorePanel
from viewer.gui.scrolled import let_wheel_scroll, scrolled
from viewer.gui.trust_words import duration, when
from viewer.jobs import Job
from viewer.model_runs import copies_of
from viewer.workflows import Workflows

_TRY_AFTER_MS = 1500  # a person who looks through series does not wait for models that they do not ask for
_ICON: dict[str, str] = {"green": "✓", "amber": "▲", "red": "✕", "never": "–"}
_WORD: dict[str, str] = {
    "green": QT_TR_NOOP("Fits this series"),
    "amber": QT_TR_NOOP("Fits with doubts"),
    "red": QT_TR_NOOP("Should not run on this series"),
    "never": QT_TR_NOOP("Cannot run on this series"),
}
_PROPERTY: dict[str, str] = {"green": "good", "amber": "warning", "red": "bad", "never": "dimmed"}
_OVERRIDE_TIP = QT_TR_NOOP("Run the model though it should not; you are asked first, and the result says so")
_RUN: dict[str, str] = {
    "segmentation": QT_TR_NOOP("Segment"),
    "classification": QT_TR_NOOP("Classify"),
    "detection": QT_TR_NOOP("Detect"),
    "enhancement": QT_TR_NOOP("Enhance"),
    "translation": QT_TR_NOOP("Translate"),
    "interactive": QT_TR_NOOP("Click to segment"),
}
_RUNNING_TIP = QT_TR_NOOP("It runs on this series, or waits for its turn after another model")
_RUN_TIP = QT_TR_NOOP("Run the model in the background; the result waits for you as a proposal")


_MIRRORED_TIP = QT_TR_NOOP(
    "The model also sees mirror images, and its answer is the mean: where they disagree it is less sure"
)


class ModelPanel(QWidget):
    """What a model is for, whether it fits the open series, and its versions."""

    fitChanged = Signal()  # whether the chosen model can run now

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self.models = QComboBox()
        self.models.setAccessibleName(tr("Model"))
        self.models.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.models.currentIndexChanged.connect(self._show_model)
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("dimmed", True)
        self._level = QLabel(wordWrap=True)
        self._fit = QLabel(wordWrap=True)
        self._cost = QLabel(wordWrap=True)
        self._cost.setProperty("dimmed", True)
        self._soon = QTimer(self, singleShot=True, interval=_TRY_AFTER_MS)
        self._soon.timeout.connect(self._try)
        self._problems = QLabel(wordWrap=True)
        self._problems.setProperty("warning", True)
        self._begun: list[tuple[Session, str, Job]] = []  # runs that have not ended, of models by name
        self._trying: Job | None = None
        self._moments = 0, 0  # of the open sequence, that are known and that are read
        self.run = QPushButton(tr(_RUN["segmentation"]))
        self.run.setProperty("primary", True)
        self.run.clicked.connect(self.start)
        self.history = QPushButton(tr("History…"))
        self.history.setToolTip(tr("Which version was trained from which, how well each did; export and import"))
        self.history.clicked.connect(self._show_history)
        self.card = QPushButton(tr("About this model…"))
        self.card.clicked.connect(self._show_card)
        self.bring = QPushButton(tr("Add a model…"))
        self.bring.setToolTip(tr("Use a model of others: an ONNX file, a MONAI bundle or an nnU-Net model"))
        self.bring.clicked.connect(lambda: self.add_model())

        self.mirrored = QCheckBox()
        self.mirrored.setToolTip(tr(_MIRRORED_TIP))
        self.mirrored.toggled.connect(self._mirror)
        self.mirrored.hide()

        self._proposal = QFrame()
        self._proposal_text = QLabel(wordWrap=True)
        self.accept = QPushButton(tr("Accept"))
        self.accept.setProperty("primary", True)
        self.accept.clicked.connect(workflows.accept_proposal)
        self.reject = QPushButton(tr("Reject"))
        self.reject.clicked.connect(lambda: self._session.reject_proposal())
        buttons = QHBoxLayout()
        buttons.addWidget(self.accept)
        buttons.addWidget(self.reject)
        inside = QVBoxLayout(self._proposal)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(_heading(tr("Proposal")))
        inside.addWidget(self._proposal_text)
        self.part = ProposalPart(workflows)
        inside.addWidget(self.part)
        inside.addLayout(buttons)

        self.boxes = DetectionPanel(workflows)
        self.scores = ScorePanel(workflows)
        self.enhanced = EnhancedBox(lambda: self._session)

        self.versions = QListWidget()
        self.versions.setAccessibleName(tr("Versions"))
        self.versions.setMaximumHeight(130)
        self.roll_back = QPushButton(tr("Roll back"))
        self.roll_back.setToolTip(tr("Use the version that was active before; nothing is deleted"))
        self.roll_back.clicked.connect(lambda: workflows.roll_back(self.model_name))

        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(7)
        verdict = QVBoxLayout()
        verdict.setSpacing(2)
        for widget in (self._level, self._fit, self._cost):
            verdict.addWidget(widget)
        for widget in (_heading(tr("Model")), self.models, self._about):
            layout.addWidget(widget)
        layout.addLayout(verdict)
        layout.addWidget(self.mirrored)
        layout.addWidget(self.run)
        layout.addWidget(self._proposal)
        layout.addWidget(self.boxes)
        layout.addWidget(self.scores)
        layout.addWidget(self.enhanced)
        layout.addStretch(1)
        for widget in (_heading(tr("Versions")), self._problems, self.versions):
            layout.addWidget(widget)
        versions = QHBoxLayout()
        versions.addWidget(self.roll_back)
        versions.addWidget(self.history)
        layout.addLayout(versions)
        for widget in (self.card, self.bring):
            layout.addWidget(widget)
        for button in (self.run, self.accept, self.reject, self.roll_back, self.history, self.card, self.bring):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(content))
        let_wheel_scroll(content)
        self.versions.itemDoubleClicked.connect(self._use_version)
        self._task = "segmentation"  # of the chosen model
        workflows.on_models_change(self.refresh)
        workflows.jobs.subscribe(self._job_changed)
        self.refresh()

    @property
    def model_name(self) -> str:
        """The chosen model; empty if none is installed."""
        return self.models.currentData() or ""

    @property
    def run_words(self) -> str:
        """What the chosen model does, as the button says it."""
        return tr(_RUN[self._task])

    def start(self) -> None:
        """Run the chosen model, unless it is running already; one that should not run only if a person, told why, says
        that it shall."""
        if not self.model_name or self._running:
            return
        if self._task == "interactive":
            self._session.choose_tool("click")
            return
        against = self._workflows.runs.verdict(self.model_name).red if self._session.volume is not None else ()
        if against:
            reasons = "\n".join(said(finding.sentence) for finding in against)
            question = tr(
                "{reasons}\n\nRun it all the same? What it proposes, and exports of it, will say that you did."
            )
            if not agreed(self, question.format(reasons=reasons)):
                return
        job = self._workflows.runs.start(self.model_name, override=bool(against))
        if job is not None and not job.ended:
            self._begun.append((self._session, self.model_name, job))
        self._show_fit()

    @property
    def _running(self) -> bool:
        """True if the chosen model runs on the open series, or waits for its turn."""
        return any(session is self._session and name == self.model_name for session, name, _ in self._begun)

    def refresh(self) -> None:
        """List the models and versions anew: one was installed, activated or rolled back."""
        chosen = self.model_name
        names = {record.manifest.name: record.manifest.title for record in self._workflows.models.list()}
        with QSignalBlocker(self.models):
            self.models.clear()
            for name, title in names.items():
                self.models.addItem(tr(title), name)
            self.models.setCurrentIndex(max(self.models.findData(chosen), 0))
        self._show_model()

    def add_model(self, path: Path | None = None) -> None:
        """Ask for a model of others, or for what is not known of one that is there, and choose it."""

        def chosen(name: str) -> None:
            self.refresh()
            self.models.setCurrentIndex(self.models.findData(name))

        dialog = BringDialog(self._workflows.bringing, chosen, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        if path is not None:
            dialog.look(path)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        self.boxes.apply(what)
        self.scores.apply(what)
        self.enhanced.apply(what)
        moments = len(self._session.moment_series), len(self._session.moments)
        if what & (What.SERIES | What.TOOL) or moments != self._moments:
            self._moments = moments
            self._show_fit()
        if what & (What.SERIES | What.PROPOSAL | What.TOOL):
            self._show_proposal()
        self.part.apply(what)

    def _show_model(self) -> None:
        self._problems.setText("\n".join(self._workflows.models.problems()))
        self._problems.setVisible(bool(self._problems.text()))
        if not self.model_name:
            self._about.setText(tr("No model is installed."))
            for widget in (self._level, self._fit, self._cost):
                widget.hide()
            for widget in (self.run, self.card, self.roll_back, self.history):
                widget.setEnabled(False)
            self._task = "segmentation"
            return
        record = self._workflows.models.get(self.model_name)
        self._task = record.manifest.task
        version_text = tr("Version {version}").format(version=record.manifest.version)
        about = [tr(record.manifest.description), version_text]
        if by_hand(record):
            about.append(tr("Brought by hand: nobody has measured what it does here."))
        self._about.setText("\n".join(filter(None, about)))
        self.versions.clear()
        for version in self._workflows.models.list():
            if version.manifest.name == self.model_name:
                told = tr("unverified, {date}") if by_hand(version) else tr("trained here, {date}")
                here = told.format(date=version.manifest.created)
                origin = tr("shipped") if version.shipped else here
                mark = "●" if version.active else "○"
                in_use = tr(", in use") if version.active else ""
                item = QListWidgetItem(f"{mark} {version.manifest.version}\n     {origin}{in_use}")
                item.setData(Qt.ItemDataRole.UserRole, version.manifest.version)
                item.setToolTip(tr("Double click to use this version"))
                self.versions.insertItem(0, item)
        self.roll_back.setEnabled(self._workflows.models.can_roll_back(self.model_name))
        self._show_fit()
        self._show_proposal()

    def _show_fit(self) -> None:
        if not self.model_name:
            return
        shown = self._session.series is not None and self._session.volume is not None
        verdict = self._workflows.runs.verdict(self.model_name) if shown else None
        self._level.setVisible(shown)
        self._fit.setVisible(True)
        if verdict is None:
            self._fit.setText(tr("Open a series first."))
        else:
            level = verdict.level
            self._level.setText(f"{_ICON[level]}  {tr(_WORD[level])}")
            for name in _PROPERTY.values():
                self._level.setProperty(name, name == _PROPERTY[level])
            self._level.style().unpolish(self._level)
            self._level.style().polish(self._level)
            reasons = [said(finding.sentence) for finding in verdict.findings]
            self._fit.setText(
                "\n".join(reasons) or tr("Modality, geometry, orientation, spacing and values are right.")
            )
        against = verdict is not None and bool(verdict.red)
        runs = verdict is not None and verdict.can_run
        read_only = self._session.read_only
        self.run.setText(tr("Run anyway…") if against else tr(_RUN[self._task]))
        self.run.setProperty("primary", not against)
        self.run.style().unpolish(self.run)
        self.run.style().polish(self.run)
        self.run.setEnabled(runs and not read_only and not self._running)
        copies = copies_of(self._workflows.models.get(self.model_name).manifest)
        self.mirrored.setVisible(self._task == "segmentation" and copies > 1)
        self.mirrored.setText(tr("Mirror for certainty ({n} × the time)").format(n=copies))
        tip = READ_ONLY if read_only else _RUNNING_TIP if self._running else _OVERRIDE_TIP if against else _RUN_TIP
        self.run.setToolTip(tr(tip))
        self.fitChanged.emit()
        self._show_cost(runs and self._task != "interactive")

    def _show_cost(self, runs: bool) -> None:
        """What a run will take, as far as it is known; what is not known yet is tried soon."""
        expected = self._workflows.runs.expected(self.model_name) if runs else None
        self._cost.setVisible(runs)
        if expected is None:
            self._cost.setText(tr("Time, memory and device: not known yet"))
        elif isinstance(expected, str):
            self._cost.setText(said(expected))
        else:
            words = tr("About {time}, {memory:.1f} GB of memory, on {device}")
            time, memory = duration(expected.seconds), max(0.1, expected.memory_bytes / 1e9)
            self._cost.setText(words.format(time=time, memory=memory, device=expected.provider))
        if runs and self.isVisible() and not (self._trying is not None and not self._trying.ended):
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._cost.isVisibleTo(self):
            self._soon.start()

    def _mirror(self, wanted: bool) -> None:
        self._workflows.runs.mirrored = wanted
        self._show_fit()  # it takes longer

    def _try(self) -> None:
        """Have the model tried once nothing else is going on."""
        if not self.isVisible() or not self.model_name:
            return
        if not self._workflows.jobs.idle or self._session.loading:
            self._soon.start()
        elif self._session.volume is not None:
            self._trying = self._workflows.runs.try_model(self.model_name, self._tried)

    def _tried(self) -> None:
        self._trying = None
        self._show_fit()

    def _job_changed(self, job: Job) -> None:
        if job.ended and any(job is one for *_, one in self._begun):
            self._begun = [one for one in self._begun if one[2] is not job]
            self._show_fit()

    def _use_version(self, item: QListWidgetItem) -> None:
        self._workflows.use_version(self.model_name, item.data(Qt.ItemDataRole.UserRole))

    def _show_proposal(self) -> None:
        proposal = self._session.proposal
        self._proposal.setVisible(proposal is not None)
        self.accept.setEnabled(not self._session.read_only)
        self.accept.setToolTip(tr(READ_ONLY) if self._session.read_only else "")
        if proposal is not None:
            told = tr(
                "{model} ({hash}), {made}, on {device}, {seconds:.0f} s. Accepting keeps every voxel "
                "that you drew or confirmed, and can be undone."
            ).format(
                model=said(proposal.source),
                hash=proposal.origin.short_hash,
                made=when(proposal.origin.made),
                device=proposal.origin.provider,
                seconds=proposal.origin.seconds,
            )
            against = [said(sentence) for _, sentence in proposal.origin.overridden]
            waiting = [said(one.source) for one in self._session.waiting]
            then = [tr("Then: {models}").format(models=", ".join(waiting))] if waiting else []
            self._proposal_text.setText("\n".join([told, *against, *then]))

    def _show_history(self) -> None:
        dialog = ModelHistory(self._workflows, self.model_name, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_card(self) -> None:
        record = self._workflows.models.get(self.model_name)
        card = record.folder / "card.md"
        dialog = QDialog(self.window())
        dialog.setWindowTitle(f"{tr(record.manifest.title)} {record.manifest.version}")
        dialog.resize(820, 640)
        page = QTextBrowser(openExternalLinks=True)
        page.setSearchPaths([str(record.folder)])
        page.setMarkdown(card.read_text(encoding="utf-8") if card.exists() else record.manifest.description)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.addWidget(page)
        layout.addWidget(buttons)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("heading", True)
    return label
