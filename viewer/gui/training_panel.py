"""Retraining as a person sees it: what it learns from, its curves, the comparison, and the decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.goal import Goal
from viewer.core.painting import Box
from viewer.core.readiness import Learnable
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.model_panel import ModelPanel
from viewer.gui.plots import plots_are_loaded, quiet_plot
from viewer.gui.scrolled import scrolled
from viewer.gui.style import theme
from viewer.gui.training_case_view import TrainingCaseView
from viewer.gui.training_cases import TrainingCases
from viewer.gui.training_comparison import ARM_NAMES, TrainingComparison
from viewer.gui.training_goal_dialog import TrainingGoalDialog
from viewer.gui.training_readiness import TrainingReadiness
from viewer.gui.training_samples import TrainingSamples
from viewer.gui.training_study import TrainingStudy
from viewer.io.training_samples import read_compared
from viewer.training_runs import TrainingRun
from viewer.workflows import Workflows

if TYPE_CHECKING:
    import pyqtgraph as pg

_STEPS, _STEPS_FROM_NOTHING = 80, 600
_TRIALS = 12
_MOST_PLOT_PX = 130
_NONE_CONFIRMED = QT_TR_NOOP(
    "Segment, correct some slices and confirm them ({Labels/Confirm the slice}). Then the model can learn from them."
)
_LEARNT_FROM = {
    "classification": QT_TR_NOOP(
        "The model learns from the slices on which each of its findings is answered, and from others that nobody has "
        "answered; some patients are held out to measure the gain. It needs three patients at least."
    ),
    "detection": QT_TR_NOOP(
        "The model learns from the boxes that you drew, and from slices that nobody has looked at; some patients are "
        "held out to measure the gain. It needs three patients with boxes at least."
    ),
}
_STEPS_RANGE = (10, 5000)
_MINUTES, _MINUTES_RANGE = 10, (1, 24 * 60)
_ARMS = ("semi-supervised", "supervised")  # the second is the twin: same slices and steps, nothing unlabelled
_STATES = {
    "preparing": QT_TR_NOOP("Preparing the training data…"),
    "paused": QT_TR_NOOP("Paused."),
    "stopping": QT_TR_NOOP("Stopping: what was learnt so far is compared…"),
    "installing": QT_TR_NOOP("Installing the new model…"),
    "accepted": QT_TR_NOOP("The new model is in use. “Roll back” makes the earlier one active again."),
    "discarded": QT_TR_NOOP("The current model was kept."),
}


class TrainingPanel(QWidget):
    """Starts and steers a retraining of the model that the model panel has chosen. finished gives the keyboard back."""

    finished = Signal()

    def __init__(self, workflows: Workflows, models: ModelPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows, self._models = workflows, models
        self._chosen: tuple[str, Goal] | None = None  # and the model that the model panel had then
        self.aim = QLabel(wordWrap=True)
        self.aim.setTextFormat(Qt.TextFormat.PlainText)
        self._ready = QLabel(wordWrap=True)
        self._ready.setProperty("dimmed", True)
        self.readiness = TrainingReadiness(workflows)
        self.readiness.counted_anew.connect(self._enable_start)
        self.steps = QSpinBox(value=_STEPS, singleStep=10)
        self.steps.setRange(*_STEPS_RANGE)
        self.steps.setValue(_STEPS)
        self.steps.setToolTip(
            tr("Training steps of the new model and of its twin; more take longer and may learn more")
        )
        self.minutes = QSpinBox(value=_MINUTES)
        self.minutes.setRange(*_MINUTES_RANGE)
        self.minutes.setToolTip(tr("As many steps as fit into that time, by a few that are timed first"))
        self.minutes.hide()
        self.length = QComboBox()
        self.length.addItems([tr("Steps"), tr("Minutes")])
        self.length.setAccessibleName(tr("How long the training is: by steps or by minutes"))
        self.length.currentIndexChanged.connect(self._length_changed)
        self.tune = QCheckBox(tr("Look for better settings first"))
        self.tune.setToolTip(
            tr(
                "Tries {count} settings on parts of the patients to train on, and takes others than the usual ones "
                "only for a gain that is not chance. It takes several times as long as the training, and six annotated "
                "patients."
            ).format(count=_TRIALS)
        )
        self.choose = QPushButton(tr("Choose what to train…"))
        self.choose.setToolTip(tr("Another task, a new model, which labels, and from which scans"))
        self.choose.clicked.connect(self._choose)
        self.start = QPushButton(tr("Train"))
        self.start.setProperty("primary", True)
        self.start.clicked.connect(self._start)
        self.pause = QPushButton(tr("Pause"))
        self.pause.clicked.connect(self._pause)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setToolTip(tr("End early; what was learnt so far is still compared with the current model"))
        self.stop.clicked.connect(workflows.training.stop)
        self.progress = QProgressBar(textVisible=False)
        self._status = QLabel(wordWrap=True)
        self._status.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._status.setMinimumHeight(2 * self._status.fontMetrics().lineSpacing())  # what is below it stays in place

        self.study = TrainingStudy()
        self.samples = TrainingSamples()
        self.cases = TrainingCases()
        self.side_by_side = QPushButton(tr("Side by side…"))
        self.side_by_side.setToolTip(tr("Held-out slices with your labels, the current model's and the new one's"))
        self.side_by_side.clicked.connect(self._show_side_by_side)
        self._plots = QVBoxLayout()
        self._until_loaded = QTimer(self, singleShot=True, interval=30)
        self._until_loaded.timeout.connect(lambda: self._draw_curves(workflows.training.run))
        self.comparison = TrainingComparison()
        self._reason = QLabel(wordWrap=True)
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.use = QPushButton(tr("Use new model"))
        self.use.clicked.connect(lambda: workflows.training.accept())
        self.keep = QPushButton(tr("Keep current"))
        self.keep.clicked.connect(workflows.training.discard)
        self.roll_back = QPushButton(tr("Roll back"))
        self.roll_back.clicked.connect(self._roll_back)
        self.go_on = QPushButton(tr("Go on"))
        self.go_on.setProperty("primary", True)
        self.go_on.setToolTip(tr("Go on from the last checkpoint; the result is as if it had never been interrupted"))
        self.go_on.clicked.connect(workflows.training.go_on)
        self.discard = QPushButton(tr("Discard"))
        self.discard.setToolTip(tr("Give this training up; the current model stays in use"))
        self.discard.clicked.connect(workflows.training.discard)

        length = QHBoxLayout()
        length.addWidget(self.length)
        length.addWidget(self.steps, 1)
        length.addWidget(self.minutes, 1)
        steering = QHBoxLayout()
        for widget in (self.start, self.pause, self.stop):
            steering.addWidget(widget)
        decision = QHBoxLayout()
        for button in (self.use, self.keep, self.roll_back, self.go_on, self.discard):
            decision.addWidget(button)
        for button in (
            self.choose,
            self.start,
            self.pause,
            self.stop,
            self.side_by_side,
            self.use,
            self.keep,
            self.roll_back,
            self.go_on,
            self.discard,
        ):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 4)
        layout.setSpacing(7)
        layout.addWidget(self.aim)
        layout.addWidget(self.choose)
        layout.addWidget(self._ready)
        layout.addWidget(self.readiness)
        layout.addLayout(length)
        layout.addWidget(self.tune)
        layout.addLayout(steering)
        layout.addWidget(self.progress)
        layout.addWidget(self._status)
        layout.addWidget(self.study)
        layout.addWidget(self.comparison)
        layout.addWidget(self._reason)
        layout.addWidget(self.cases)
        layout.addWidget(self.side_by_side)
        layout.addWidget(self.samples)
        layout.addLayout(self._plots, 4)
        layout.addStretch(1)
        decision.setContentsMargins(8, 0, 8, 8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(content), 1)  # the decision's buttons are always seen
        whole.addLayout(decision)
        workflows.training.on_change(self._changed)
        self._show_run()

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self._show_ready()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if what & (What.SERIES | What.CONFIRMED):
            self._show_ready()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_ready()

    def dress(self) -> None:
        """Draw the plots and the comparison in the colours of the theme."""
        if "_curves" in vars(self):
            del self._curves
            while (item := self._plots.takeAt(0)) is not None:
                plot = item.widget()
                assert plot is not None
                plot.hide()
                plot.deleteLater()
        self.samples.dress()
        self.study.dress()
        self._show_run()

    @property
    def goal(self) -> Goal | None:
        """What a person chose to train, or the model panel's model further, if that can learn."""
        name = self._models.model_name
        if self._chosen is not None and self._chosen[0] == name:
            return self._chosen[1]
        task = self._workflows.models.get(name).manifest.task if name else ""
        return Goal(task, name) if task in ("segmentation", "classification", "detection") else None

    def _choose(self) -> None:
        """Ask what to train; what is annotated is read before."""
        begun = self.goal or Goal("segmentation")

        def show(learnable: Learnable) -> None:
            TrainingGoalDialog(self._workflows, begun, learnable, self._take, self).open()

        self._workflows.training.look(show)

    def _take(self, goal: Goal) -> None:
        self._chosen = self._models.model_name, goal
        self.steps.setValue(_STEPS if goal.model else _STEPS_FROM_NOTHING)
        self._show_ready()

    def _start(self) -> None:
        if self.goal is not None:
            trials = _TRIALS if self.goal.task == "segmentation" and self.tune.isChecked() else 0
            minutes = self.minutes.value() if self._by_minutes else None
            self._workflows.training.start(self.goal, steps=self.steps.value(), minutes=minutes, trials=trials)
            self._show_run()
            self.finished.emit()

    @property
    def _by_minutes(self) -> bool:
        return self.length.currentIndex() == 1

    def _length_changed(self) -> None:
        self.steps.setVisible(not self._by_minutes)
        self.minutes.setVisible(self._by_minutes)

    def _show_side_by_side(self) -> None:
        run = self._workflows.training.run
        if run is None:
            return
        compared = read_compared(run.folder / "out" / "cases", ("current", run.best_new))
        if not compared.slices:
            self._status.setText(tr("These slices cannot be read."))
            return
        view = TrainingCaseView(run, compared, self)
        view.chosen.connect(self.cases.chosen)
        view.show()

    def _pause(self) -> None:
        run = self._workflows.training.run
        if run is not None and run.state == "paused":
            self._workflows.training.resume()
        else:
            self._workflows.training.pause()

    def _roll_back(self) -> None:
        run = self._workflows.training.run
        if run is not None:
            self._workflows.roll_back(run.name)

    def _changed(self, run: TrainingRun, event: dict[str, Any]) -> None:
        if event.get("event") in ("progress", "evaluation", "message", "started", "rewound", "checkpoint", "trial"):
            self._show_progress(run, event)
        else:
            self._show_run()

    def _show_ready(self) -> None:
        run, goal = self._workflows.training.run, self.goal
        cannot = self._workflows.training.cannot_start(goal) if goal is not None else ""
        self._enable_start()
        self.aim.setText(self._aim(goal))
        self.tune.setVisible(goal is not None and goal.task == "segmentation")
        if goal is None:
            text = tr("The chosen model is of a kind that is not trained here: choose what to train.")
        elif goal.task != "segmentation":
            text = said(cannot) or tr(_LEARNT_FROM[goal.task])
        elif goal.model and (cannot_learn := self._workflows.training.cannot_learn(goal.model)):
            text = said(cannot_learn)
        elif cannot:
            text = with_keys(tr(_NONE_CONFIRMED), self.window())
        else:
            text = tr("The model learns from the confirmed slices of all scans; some are held out to measure the gain.")
            if goal.unlabelled:
                text += " " + tr("It learns from slices nobody has labelled, too.")
        self._ready.setText(text)
        self._ready.setVisible(run is None or not run.undecided)  # the comparison needs the room
        if goal is not None:
            labels = goal.labels
            if goal.model:
                labels = tuple(label.name for label in self._workflows.models.get(goal.model).manifest.labels)
            self.readiness.look(labels if goal.task == "segmentation" else None)

    def _enable_start(self) -> None:
        run, goal, found = self._workflows.training.run, self.goal, self.readiness.learnable
        busy = run is not None and (not run.ended or run.undecided or run.state == "interrupted")
        there = {
            "segmentation": bool(self._workflows.session.confirmed) or any(one.slices for one in found.confirmed),
            "classification": bool(found.judged),
            "detection": bool(found.boxed),
        }
        self.choose.setEnabled(not busy)
        ready = goal is not None and there[goal.task] and not self._workflows.training.cannot_start(goal)
        self.start.setEnabled(ready and not busy and not self.readiness.cannot)

    def _aim(self, goal: Goal | None) -> str:
        """What is trained, in one line, with what was left out."""
        if goal is None:
            return ""
        if goal.model:
            words = tr("{title}, further").format(title=said(self._workflows.models.get(goal.model).manifest.title))
        else:
            words = tr("New model {title}: {labels}").format(
                title=goal.title, labels=tr(", ").join(map(said, goal.labels))
            )
        if goal.left_out:
            words += " · " + tr("scans left out: {n}").format(n=len(goal.left_out))
        return words

    def _show_run(self) -> None:
        """Show everything of the run: its state changed, or another one began."""
        run = self._workflows.training.run
        self._show_ready()
        state = run.state if run is not None else ""
        running = run is not None and not run.ended
        steerable = state in ("running", "paused")
        self.pause.setEnabled(steerable)
        self.pause.setText(tr("Resume") if state == "paused" else tr("Pause"))
        self.stop.setEnabled(steerable)
        self.choose.setVisible(not running)
        for widget in (self.length, self.steps, self.minutes):
            widget.setEnabled(not running)
        self.tune.setEnabled(not running)
        self.progress.setVisible(running)
        if state == "preparing":
            self.progress.setRange(0, 0)
        if run is None:
            self._status.clear()
        elif run.state in ("failed", "interrupted"):
            self._status.setText(said(run.message))
        elif run.state == "accepted" and self._in_use(run) != run.installed:
            self._status.setText(tr("Version {version} is in use.").format(version=self._in_use(run)))
        elif run.state == "accepted" and run.model is None:
            self._status.setText(tr("The new model is in use: it stands in the list of models."))
        elif run.state == "discarded" and run.model is None:
            self._status.setText(tr("The new model was discarded."))
        elif run.state in _STATES:
            self._status.setText(tr(_STATES[run.state]))
        elif run.state == "running":
            self._show_last(run)
        self._status.setVisible(run is not None)
        self._draw_curves(run)
        self._show_comparison(run)

    def _show_last(self, run: TrainingRun) -> None:
        """Show how far a run is that this window has not followed from its beginning."""
        self.progress.setRange(0, 0)
        for event in reversed(run.events):
            if event["event"] == "progress":
                self._show_progress(run, event)
                return
        self._status.setText(tr("The training is getting ready…"))

    def _show_progress(self, run: TrainingRun, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "message":
            self._status.setText(said(event["text"]))
        elif kind == "trial":
            self.progress.setRange(0, event["trials"])
            self.progress.setValue(event["trial"])
            words = tr("Looking for better settings · {time} left")
            self._status.setText(words.format(time=_duration(event["eta_s"])))
        elif kind == "started":
            self._status.setText(
                tr(
                    "{labelled} labelled and {unlabelled} unlabelled slices; {held_out} held out. Device: {device}."
                ).format(
                    labelled=event["labelled_slices"],
                    unlabelled=event["unlabelled_slices"],
                    held_out=event["held_out_slices"],
                    device=event["device"],
                )
            )
        elif kind == "progress":
            reached = {e["arm"]: e["step"] / e["steps"] for e in run.events if e["event"] == "progress"}
            arms = next((e["arms"] for e in run.events if e["event"] == "started"), _ARMS)
            done = sum(reached.values()) / len(arms)
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * done))
            eta_s = event.get("eta_s")
            left = ""
            if eta_s is not None and math.isfinite(eta_s):
                left = tr(" · {time} left").format(time=_duration(eta_s))
            words = tr("{model}, step {step} of {steps}{left}")
            self._status.setText(
                words.format(model=tr(ARM_NAMES[event["arm"]]), step=event["step"], steps=event["steps"], left=left)
            )
        self._draw_curves(run)

    @cached_property
    def _curves(self) -> dict[str, pg.PlotDataItem]:
        """The curves of both plots, which are made when there is first something to draw."""
        colours = theme()
        loss = _plot(
            tr("Loss"),
            (
                (tr("labelled"), colours.accent),
                (tr("unlabelled"), colours.warning),
                (tr("twin"), colours.dimmed_text),
            ),
        )
        dice = _plot(
            "Dice",
            (
                (tr("training"), colours.accent),
                (tr("held out"), colours.good),
                (tr("twin"), colours.dimmed_text),
            ),
        )
        pseudo = _plot(
            tr("Pseudo-labels"),
            ((tr("share used"), colours.good), (tr("weight"), colours.warning)),
        )
        for plot in (loss, dice, pseudo):
            self._plots.addWidget(plot)
        self._of_segmentations = (dice, pseudo)
        return {
            "utilisation": _curve(pseudo, colours.good),
            "consistency_weight": _curve(pseudo, colours.warning),
            "loss of the twin": _curve(loss, colours.dimmed_text),
            "loss": _curve(loss, colours.accent),
            "loss_unlabelled": _curve(loss, colours.warning),
            "dice": _curve(dice, colours.accent),
            "held out of the twin": _curve(dice, colours.dimmed_text, points=True),
            "held out": _curve(dice, colours.good, points=True),
        }

    def _draw_curves(self, run: TrainingRun | None) -> None:
        self.samples.show_run(run)
        self.study.show_run(run)
        if run is None:
            return
        if not plots_are_loaded():
            self._until_loaded.start()
            return
        series: dict[str, list[tuple[float, float]]] = {name: [] for name in self._curves}
        for event in run.events:
            twin = " of the twin" if event.get("arm") == "supervised" else ""
            if event["event"] == "progress":
                _append(series["loss" + twin], event, "loss")
                if not twin:
                    _append(series["loss_unlabelled"], event, "loss_unlabelled")
                    _append(series["dice"], event, "dice")
                    _append(series["utilisation"], event, "utilisation")
                    _append(series["consistency_weight"], event, "consistency_weight")
            elif event["event"] == "evaluation":
                _append(series["held out" + twin], event, "dice")
        for name, curve in self._curves.items():
            curve.setData([step for step, _ in series[name]], [value for _, value in series[name]])
        drawn = run.task == "segmentation"  # others tell neither on the way
        for plot in self._of_segmentations:
            plot.setVisible(drawn)

    def _show_comparison(self, run: TrainingRun | None) -> None:
        report = run.report if run is not None else None
        state = run.state if run is not None else ""
        self.cases.show_run(run)
        self.side_by_side.setVisible(run is not None and run.task == "segmentation" and run.undecided)
        self.comparison.show_run(run)
        self._reason.setVisible(report is not None)
        self.go_on.setVisible(state == "interrupted")
        self.discard.setVisible(state == "interrupted")
        self.use.setVisible(state == "finished")
        self.keep.setVisible(state == "finished")
        taken = run is not None and state == "accepted" and run.model is not None
        self.roll_back.setVisible(run is not None and taken and self._in_use(run) == run.installed)
        if report is None or run is None:
            return
        self._reason.setText(said(report["decision"]["reason"]))
        better = run.recommended != "current"
        for button, primary in ((self.use, better), (self.keep, not better)):
            button.setProperty("primary", primary)
            button.style().unpolish(button)
            button.style().polish(button)
        self.use.setText(tr("Use new model") if better else tr("Use new anyway"))
        self.keep.setText(tr("Keep current") if run.model is not None else tr("Discard"))
        if state == "finished":
            minutes = report.get("seconds", 0) / 60
            words = tr("Compared on held-out {unit} after {minutes:.1f} min. The choice is yours.")
            self._status.setText(words.format(unit=said(report["unit"]), minutes=minutes))

    def _in_use(self, run: TrainingRun) -> str:
        return self._workflows.models.get(run.name).manifest.version


def _plot(title: str, legend: Sequence[tuple[str, QColor]]) -> pg.PlotWidget:
    """An empty plot whose title names the colours of its curves: a legend inside would hide them when it is small."""
    plot = quiet_plot(92)
    plot.setMaximumHeight(_MOST_PLOT_PX)  # three of them beside what they lead to
    keys = "&nbsp;&nbsp; ".join(f"<span style='color:{colour.name()}'>{name}</span>" for name, colour in legend)
    plot.setTitle(f"<b>{title}</b>&nbsp;&nbsp; {keys}", color=theme().text, size="8pt")
    return plot


def _curve(plot: pg.PlotWidget, colour: QColor, points: bool = False) -> pg.PlotDataItem:
    import pyqtgraph as pg

    return plot.plot(
        [],
        [],
        pen=pg.mkPen(colour, width=1.6),
        antialias=True,
        symbol="o" if points else None,
        symbolSize=6,
        symbolBrush=colour,
        symbolPen=None,
    )


def _append(points: list[tuple[float, float]], event: dict[str, Any], name: str) -> None:
    value = event.get(name)
    if value is not None and math.isfinite(value):
        points.append((event["step"], value))


def _duration(seconds: float) -> str:
    return tr("{s:.0f} s").format(s=seconds) if seconds < 90 else tr("{min:.0f} min").format(min=seconds / 60)
