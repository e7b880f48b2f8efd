"""How much there is to train on, and in one sentence what would help most."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.core.readiness import Advice, Learnable, Readiness, readiness, strangers
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.jobs import Job
from viewer.workflows import Workflows

_MOST_LABELS = 4
_ADVICE: dict[Advice, str] = {
    "confirm": "",
    "second": QT_TR_NOOP("Confirm a second slice: one is learnt from, the other measures the gain."),
    "patients": QT_TR_NOOP(
        "Confirm one or two slices in another patient: from three patients on, the gain is measured on patients whom "
        "the model has not seen."
    ),
    "label": QT_TR_NOOP("Confirm another slice with {label}: it is on {n} only."),
    "empty": QT_TR_NOOP("Confirm a slice on which nothing is: else the model learns that something is everywhere."),
    "more": QT_TR_NOOP("Further slices help most in further patients."),
}


class TrainingReadiness(QWidget):
    """Counts anew when what is confirmed changes, a moment later; asked: for the slices that are suggested next.
    learnable is what it counted last; cannot says why these labels cannot be learnt from that, if so."""

    asked = Signal()
    counted_anew = Signal()

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self._labels: tuple[str, ...] | None = ()
        self._job: Job | None = None
        self.learnable = Learnable()
        self.cannot = ""
        self._soon = QTimer(self, singleShot=True, interval=300)
        self._soon.timeout.connect(self._count)
        self.counted = QLabel(wordWrap=True)
        self.counted.setProperty("dimmed", True)
        self.counted.setTextFormat(Qt.TextFormat.PlainText)
        self.advice = QLabel(wordWrap=True)
        self.advice.setTextFormat(Qt.TextFormat.PlainText)
        self.suggest = QPushButton(tr("Show which slice next"))
        self.suggest.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.suggest.clicked.connect(self.asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.counted, self.advice, self.suggest):
            layout.addWidget(widget)
        self.hide()

    def look(self, labels: tuple[str, ...] | None) -> None:
        """Count soon what there is to learn these labels of structures from; None: of something else, for which there
        is no advice."""
        self._labels = labels
        self._soon.start()

    def _count(self) -> None:
        parent = self.parentWidget()
        if parent is None or not parent.isVisible():
            return  # it is looked at anew once the panel is shown
        if self._job is not None:
            self._job.cancel()
        self._job = self._workflows.training.look(self._show)

    def _show(self, learnable: Learnable) -> None:
        self.learnable = learnable
        self.cannot = "" if self._labels is None else about_strangers(learnable, self._labels)
        self.counted_anew.emit()
        found = readiness(learnable.confirmed, self._labels or ())
        run = self._workflows.training.run
        self.setVisible(
            self._labels is not None and found.slices > 0 and (run is None or (run.ended and not run.undecided))
        )
        if found.slices:
            self.counted.setText(_counted(found))
            number = found.by_label.get(found.label, 0)
            words = tr(_ADVICE[found.advice]).format(label=tr(found.label), n=number)
            self.advice.setText(self.cannot or words)
            self.suggest.setVisible(not self.cannot)


def about_strangers(learnable: Learnable, labels: Iterable[str]) -> str:
    """What to do where structures are confirmed, but none that a model knows; "" where one is, or nothing at all."""
    if not (drawn := strangers(learnable, labels)):
        return ""
    return tr("None of the labels of this model is on a confirmed slice: for {labels} choose a new model.").format(
        labels=tr(", ").join(map(said, drawn))
    )


def _counted(found: Readiness) -> str:
    words = tr("Confirmed in all scans: slices {slices}, patients {patients}, slices with nothing {empty}.")
    told = [words.format(slices=found.slices, patients=found.patients, empty=found.empty)]
    if found.by_label:
        most = sorted(found.by_label.items(), key=lambda item: (-item[1], item[0]))
        named = tr(", ").join(f"{tr(name)} {n}" for name, n in most[:_MOST_LABELS])
        more = len(most) - _MOST_LABELS
        told.append(named + (tr(" and {n} more").format(n=more) if more > 0 else ""))
    return "\n".join(told)
