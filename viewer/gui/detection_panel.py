"""The list of boxes that a model proposes: step through them, accept, reject, and choose the score they begin at."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.detections import Detection, Detections
from viewer.core.events import What
from viewer.core.geometry import PLANES, plane_axes
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import READ_ONLY, Actions
from viewer.gui.detection_drawing import origin_words
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.workflows import Workflows

_NUMBER, _VALUE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_SCORE, _LABEL, _SLICE, _STATE = range(4)
_STEPS = 100  # of the slider, from 0 to 1
_SHORT = {"axial": QT_TR_NOOP("Ax"), "coronal": QT_TR_NOOP("Cor"), "sagittal": QT_TR_NOOP("Sag")}
_REASONS = (
    QT_TR_NOOP("Normal structure"),
    QT_TR_NOOP("Artefact"),
    QT_TR_NOOP("Wrong label"),
    QT_TR_NOOP("Found twice"),
)
_HINT = QT_TR_NOOP(
    "{AI/Next box} the next, {AI/Previous box} the previous one, {AI/Accept the box} accepts, {AI/Reject the box} "
    "rejects. An accepted box is yours: drag its corners, {Labels/Undo} takes it back."
)


class _Row(QTreeWidgetItem):
    """Sorted by values, not by words."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = tree.sortColumn() if tree is not None else 0
        return self.data(column, _VALUE) < other.data(column, _VALUE)


class DetectionPanel(QWidget):
    """Shown while the session that is worked on has proposed boxes. Whoever listens to the session calls apply()."""

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self._listed: Detections | None = None
        self.about = QLabel(wordWrap=True)
        self.table = QTreeWidget(columnCount=4)
        self.table.setRootIsDecorated(False)
        self.table.setIndentation(0)
        self.table.setUniformRowHeights(True)
        self.table.setHeaderLabels([tr("Score"), tr("Label"), tr("Slice"), tr("Verdict")])
        self.table.setAccessibleName(tr("Proposed boxes"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.table.setMinimumHeight(120)
        self.table.setMaximumHeight(260)
        header = self.table.header()
        header.setStretchLastSection(False)
        for column in (_SCORE, _SLICE, _STATE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_LABEL, QHeaderView.ResizeMode.Stretch)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(_SCORE, Qt.SortOrder.DescendingOrder)
        self.table.currentItemChanged.connect(self._go_to)
        self.table.itemClicked.connect(self._go_to)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMaximum(_STEPS)
        self.slider.setAccessibleName(tr("Lowest score that is shown"))
        self.slider.valueChanged.connect(lambda value: self._session.show_boxes_from(value / _STEPS))
        self._from = QLabel()
        self.accept = QPushButton(tr("Accept"))
        self.accept.setProperty("primary", True)
        self.accept.clicked.connect(self.accept_chosen)
        self.reject = QToolButton()
        self.reject.setText(tr("Reject"))
        self.reject.setToolTip(tr("The arrow offers reasons"))
        self.reject.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.reject.clicked.connect(lambda: self.reject_chosen())
        reasons = QMenu(self.reject)
        for reason in _REASONS:
            reasons.addAction(tr(reason), lambda reason=reason: self.reject_chosen(reason))
        self.reject.setMenu(reasons)
        self.accept_all = QPushButton(tr("Accept all shown"))
        self.accept_all.clicked.connect(self.accept_shown)
        self.drop = QPushButton(tr("Drop the list"))
        self.drop.setToolTip(tr("What you accepted stays; running the model again brings the rest back"))
        self.drop.clicked.connect(lambda: self._session.propose_boxes(None))
        for button in (self.accept, self.reject, self.accept_all, self.drop):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._hint = QLabel(wordWrap=True)
        self._hint.setProperty("dimmed", True)
        heading = QLabel(tr("Proposed boxes"))
        heading.setProperty("heading", True)
        score, buttons = QHBoxLayout(), QGridLayout()
        score.addWidget(self._from)
        score.addWidget(self.slider, 1)
        for button, row, column, wide in (
            (self.accept, 0, 0, 1),
            (self.reject, 0, 1, 1),
            (self.accept_all, 1, 0, 2),
            (self.drop, 2, 0, 2),
        ):
            button.setSizePolicy(self.accept.sizePolicy())
            buttons.addWidget(button, row, column, 1, wide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (heading, self.about, score, self.table, buttons, self._hint):
            layout.addLayout(part) if isinstance(part, QHBoxLayout | QGridLayout) else layout.addWidget(part)
        self.apply(What.SERIES)

    def add_commands(self, commands: Actions) -> None:
        """Add the commands of the list, which have keys."""
        self._commands = commands
        self._actions = (
            commands.add("AI", QT_TR_NOOP("Next box"), lambda: self.step(1), "Alt+N"),
            commands.add("AI", QT_TR_NOOP("Previous box"), lambda: self.step(-1), "Alt+P"),
            commands.add("AI", QT_TR_NOOP("Accept the box"), self.accept_chosen, "Alt+Return"),
            commands.add("AI", QT_TR_NOOP("Reject the box"), lambda: self.reject_chosen(), "Alt+Backspace"),
            commands.add("AI", QT_TR_NOOP("Accept all boxes that are shown"), self.accept_shown),
        )
        commands.keysChanged.connect(lambda: self._show_keys())
        self.apply(What.SERIES)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    # What a person does

    def step(self, step: int) -> None:
        """Go to the next box of the list that waits for a word, or the previous one."""
        rows = (self.table.topLevelItem(n) for n in range(self.table.topLevelItemCount()))
        self._session.step_box(step, [row.data(0, _NUMBER) for row in rows if row is not None])

    def accept_chosen(self) -> None:
        """Make the chosen box, or else the first that waits, a person's own; it is selected there."""
        number = self._chosen_or_first()
        if number is not None:
            self._session.accept_boxes([number])

    def accept_shown(self) -> None:
        """Make all that are shown and wait a person's own."""
        self._session.accept_boxes([one.number for one in self._waiting])

    def reject_chosen(self, reason: str = "") -> None:
        """Reject the chosen box and go on to the next; one that is rejected already is brought back."""
        session, number = self._session, self._chosen_or_first()
        if number is None or session.detections is None:
            return
        if number in session.detections.rejected and not reason:
            session.restore_box(number)
        else:
            session.reject_box(number, reason)
            self.step(1)

    @property
    def _waiting(self) -> tuple[Detection, ...]:
        session = self._session
        return session.detections.open(session.measurements) if session.detections is not None else ()

    def _chosen_or_first(self) -> int | None:
        """The chosen box; where none is chosen, the first is, to be looked at before anything comes of it."""
        detections = self._session.detections
        if detections is None:
            return None
        if detections.chosen is None:
            self.step(1)
            return None
        return detections.chosen

    def _go_to(self, row: QTreeWidgetItem | None) -> None:
        if row is not None:
            self._session.go_to_box(row.data(0, _NUMBER))

    # What is shown

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if not what & (What.SERIES | What.DETECTIONS | What.MEASUREMENTS | What.TOOL | What.LABEL_TABLE):
            return
        detections = self._session.detections
        self.setVisible(detections is not None)
        if detections is not None:
            self._show(detections)
        elif self._listed is not None:
            self._listed = None
            self.table.clear()
        self._enable(detections)

    def _show(self, detections: Detections) -> None:
        session = self._session
        waiting = self._waiting
        with QSignalBlocker(self.slider):
            self.slider.setMinimum(math.floor(detections.lowest * _STEPS))
            self.slider.setValue(round(detections.shown_from * _STEPS))
        by_label = detections.threshold is None and len(set(detections.thresholds.values())) > 1
        score = tr("Score by label") if by_label else tr("Score from {score:.2f}").format(score=detections.shown_from)
        self._from.setText(score)
        self._from.setToolTip(tr("Each label begins at the threshold of its own") if by_label else "")
        origin = detections.origin
        counts = tr(
            "{waiting} wait for you, {accepted} accepted, {rejected} rejected; {below} have a lower score."
        ).format(
            waiting=len(waiting),
            accepted=len(detections.accepted(session.measurements)),
            rejected=len(detections.rejected),
            below=len(detections.found) - len(detections.shown),
        )
        if not detections.found:
            counts = tr("Nothing was found with a score of {score:.2f} or more.").format(score=detections.lowest)
        run = tr("{model}, {seconds:.1f} s").format(model=origin_words(origin), seconds=origin.seconds)
        against = [said(sentence) for _, sentence in origin.overridden]
        self.about.setText("\n".join([counts, run, *against, *map(said, origin.notes)]))
        self._fill(detections)
        self._show_keys()

    def _fill(self, detections: Detections) -> None:
        session = self._session
        accepted = detections.accepted(session.measurements)
        colours = {label.name: label.colour for label in (*detections.labels, *session.labels)}
        volume = session.volume
        single = volume is not None and {volume.geometry.size[one.normal] for one in detections.found} == {1}
        self.table.setColumnHidden(_SLICE, single)
        with QSignalBlocker(self.table):
            self.table.setSortingEnabled(False)
            self.table.clear()
            rows, chosen = [], None
            for one in detections.shown:
                state = self._state(one.number, detections, accepted)
                cells = (f"{one.score:.2f}", tr(one.label), self._slice(one), state)
                row = _Row(list(cells))
                for column, value in enumerate((one.score, tr(one.label), one.slice_index, state)):
                    row.setData(column, _VALUE, value)
                    row.setToolTip(column, "\n".join((cells[1], origin_words(detections.origin))))
                row.setData(0, _NUMBER, one.number)
                row.setForeground(_LABEL, QColor(*colours[one.label]).lighter(115))
                if state:
                    for column in (_SCORE, _LABEL, _SLICE, _STATE):
                        row.setForeground(column, self.palette().placeholderText().color())
                rows.append(row)
                chosen = row if one.number == detections.chosen else chosen
            self.table.addTopLevelItems(rows)
            self.table.setSortingEnabled(True)
            self.table.setCurrentItem(chosen) if chosen is not None else self.table.setCurrentIndex(
                self.table.model().index(-1, -1)
            )
            if chosen is not None:
                self.table.scrollToItem(chosen)
        self._listed = detections

    @staticmethod
    def _state(number: int, detections: Detections, accepted: frozenset[int]) -> str:
        if number in accepted:
            return tr("accepted")
        if number not in detections.rejected:
            return ""
        reason = detections.rejected[number]
        return tr("rejected: {reason}").format(reason=tr(reason)) if reason else tr("rejected")

    def _slice(self, one: Detection) -> str:
        volume, number = self._session.volume, str(one.slice_index + 1)
        if volume is None or len(self._session.planes) < 2:
            return number
        planes = {plane_axes(volume.geometry, plane).normal: plane for plane in PLANES}
        return f"{tr(_SHORT[planes[one.normal]])} {number}"

    def _show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self._hint.setText(with_keys(tr(READ_ONLY if self._session.read_only else _HINT), self.window()))

    def _enable(self, detections: Detections | None) -> None:
        session, waiting = self._session, bool(self._waiting)
        chosen = detections.chosen if detections is not None else None
        undecided = chosen is None or (
            detections is not None and chosen not in detections.accepted(session.measurements)
        )
        some = detections is not None and (waiting or chosen is not None) and undecided
        back = detections is not None and chosen in detections.rejected
        self.accept.setEnabled(session.editable and some)
        self.reject.setEnabled(some)
        self.reject.setText(tr("Bring back") if back else tr("Reject"))
        self.accept_all.setEnabled(session.editable and waiting)
        self.accept_all.setText(tr("Accept all shown ({count})").format(count=len(self._waiting)))
        for button in (self.accept, self.accept_all):
            button.setToolTip(tr(READ_ONLY) if session.read_only else "")
        if hasattr(self, "_commands"):
            none = "" if detections is not None else tr("No model has proposed boxes")
            read_only = tr(READ_ONLY) if session.read_only else ""
            needed = (waiting, waiting, session.editable and some, some, session.editable and waiting)
            for action, may in zip(self._actions, needed, strict=True):
                self._commands.allow(action, may, none or read_only)
