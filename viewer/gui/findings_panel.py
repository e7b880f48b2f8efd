"""The list of findings with a person's answers: of the slice in the active pane, of its series and of its study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.findings import LEVELS, Finding, JudgedScore, Level, Place, at_level
from viewer.core.geometry import Plane
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import READ_ONLY
from viewer.gui.finding_code_dialog import FindingCodeDialog
from viewer.gui.kept_keys import keep_keys
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import is_picture, plane_name
from viewer.gui.question import agreed
from viewer.gui.scrolled import scrolled
from viewer.workflows import Workflows

KEYS = 9  # findings that have keys
_FINDING = Qt.ItemDataRole.UserRole
_NUMBER, _NAME, _YES, _NO = range(4)
_NONE = QT_TR_NOOP(
    "Write the first question above, “Pneumothorax” for instance. The list stays for all series; "
    "your answers are what classifiers learn from."
)
_HINT = QT_TR_NOOP(
    "{Findings/Yes to finding 1} is yes, {Findings/No to finding 1} is no, once more takes it back; 2 to 9 the next "
    "ones. {Findings/No to the rest} says no to the rest of the slice, {Findings/Next slice or series to answer} goes "
    "on. Without an answer training learns nothing; no is an answer."
)


class FindingsPanel(QWidget):
    """Shows the findings, level by level, each with a box for yes and one for no. finished gives the keyboard back."""

    finished = Signal()
    refused = Signal(str)
    restRequested = Signal()  # no to what is not answered yet of the slice
    nextRequested = Signal()
    exportRequested = Signal()

    def __init__(self, workflows: Workflows, active_plane: Callable[[], Plane], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows, self._active_plane = workflows, active_plane
        self.name = QLineEdit(placeholderText=tr("New finding"), clearButtonEnabled=True)
        self.name.setAccessibleName(tr("New finding"))
        self.name.returnPressed.connect(self._add)
        self.name.installEventFilter(self)
        self.level = QComboBox()
        self.level.setAccessibleName(tr("What is asked"))
        for level, text in zip(LEVELS, (tr("of a slice"), tr("of a series"), tr("of a study")), strict=True):
            self.level.addItem(text, level)
        self.level.activated.connect(self.name.setFocus)
        self.table = QTreeWidget(columnCount=4)
        self.table.setRootIsDecorated(False)
        self.table.setIndentation(0)
        self.table.setHeaderLabels(["", tr("Finding"), tr("Yes"), tr("No")])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.table.setAccessibleName(tr("Findings"))
        self.table.setSizeAdjustPolicy(QAbstractItemView.SizeAdjustPolicy.AdjustToContents)
        self.table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)  # what is next stands below
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(16)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_NUMBER, _YES, _NO):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemChanged.connect(self._changed)
        self.table.itemDoubleClicked.connect(self._edit)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.rest = QPushButton(tr("No to the rest"))
        self.next = QPushButton(tr("Next"))
        self.rest.clicked.connect(self.restRequested)
        self.next.clicked.connect(self.nextRequested)
        self.export = QPushButton(tr("Export…"))
        self.export.clicked.connect(self.exportRequested)
        for button in (self.rest, self.next, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.progress = QLabel(wordWrap=True)
        self._hint = QLabel(wordWrap=True)
        self._hint.setProperty("dimmed", True)
        new, buttons = QHBoxLayout(), QHBoxLayout()
        new.addWidget(self.name, 1)
        new.addWidget(self.level)
        buttons.addWidget(self.rest, 1)
        buttons.addWidget(self.next, 1)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addLayout(new)
        layout.addWidget(self.table)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        layout.addWidget(self.export)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(content))
        self._listed: tuple[Finding, ...] = ()
        self.apply(What.SERIES)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Esc in the line for a new finding drops what was written and gives the keyboard back to the panes, where
        digits answer."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if watched is not self.name or event.type() not in kinds or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)  # type: ignore[arg-type]
        if event.key() != Qt.Key.Key_Escape:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self.name.clear()
            self.finished.emit()
        return True

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if what & (What.SERIES | What.CURSOR | What.PLANES | What.FINDINGS | What.TOOL):
            self.show_answers()

    def show_answers(self) -> None:
        """Show the findings, and the answers of the slice that is looked at."""
        session = self._session
        if session.hand.findings != self._listed or not self.table.topLevelItemCount():
            self._listed = session.hand.findings
            self._fill()
        plane = self._active_plane()
        with QSignalBlocker(self.table):
            for top in self._rows():
                finding: Finding | None = top.data(0, _FINDING)
                if finding is None:
                    continue
                place = session.place_of(finding.level, plane)
                yes = None if place is None else session.answers.get((finding.number, place))
                words = judged_words(session.judged_scores.get((finding.number, place)) if place is not None else None)
                for column, mark in ((_YES, True), (_NO, False)):
                    top.setToolTip(column, words if yes is mark else "")
                    top.setCheckState(column, Qt.CheckState.Checked if yes is mark else Qt.CheckState.Unchecked)
            for level, heading in self._headings.items():
                heading.setText(0, self.place_name(level, plane))
        here = session.place_of("slice", plane)
        self.rest.setEnabled(session.editable and bool(self._unanswered(here)))
        self.next.setEnabled(session.volume is not None and bool(self._listed))
        self.table.setVisible(bool(self._listed))
        self._show_progress(here)
        self.show_keys()

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        read_only = self._session.read_only
        words = READ_ONLY if read_only else _HINT if self._listed else _NONE
        self._hint.setText(with_keys(tr(words), self.window()))

    def place_name(self, level: Level, plane: Plane) -> str:
        """Of what the findings of a level are answered now, in words."""
        session = self._session
        place = session.place_of(level, plane)
        if level == "series":
            return tr("This series")
        if level == "study":
            return tr("This study")
        if session.volume is None:
            return tr("This slice")
        if place is None:
            return tr("This slice: an oblique plane has none")
        if is_picture(session):
            return (
                tr("This image: {number}").format(number=place.index + 1)
                if session.volume.geometry.size[place.axis] > 1
                else tr("This image")
            )
        return tr("This slice: {plane} {number}").format(plane=plane_name(plane), number=place.index + 1)

    def _unanswered(self, place: Place | None) -> list[Finding]:
        asked = at_level(self._listed, place.level) if place is not None else ()
        return [finding for finding in asked if (finding.number, place) not in self._session.answers]

    def _show_progress(self, here: Place | None) -> None:
        """How many slices are answered, and what is not."""
        session = self._session
        asked = at_level(self._listed, "slice")
        self.progress.setVisible(session.volume is not None and bool(self._listed))
        if session.volume is None or not self._listed:
            return
        open_ = [
            finding
            for finding in self._listed
            if (place := session.place_of(finding.level, self._active_plane())) is not None
            and (finding.number, place) not in session.answers
        ]
        told = tr("All answered.") if not open_ else tr("{count} not answered.").format(count=len(open_))
        if asked and here is not None and (count := session.volume.geometry.size[here.axis]) > 1:
            done = int(np.count_nonzero(answered_slices(session, here.axis)))
            words = tr("{done} of {count} slices are answered.").format(done=done, count=count)
            told = f"{told} {words}"
        self.progress.setText(told)

    def _fill(self) -> None:
        with QSignalBlocker(self.table):
            self.table.clear()
            self._headings: dict[Level, QTreeWidgetItem] = {}
            number = 0
            for level in LEVELS:
                asked = at_level(self._listed, level)
                if asked:
                    heading = QTreeWidgetItem(self.table)
                    heading.setFirstColumnSpanned(True)
                    heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
                    font = heading.font(0)
                    font.setBold(True)
                    heading.setFont(0, font)
                    self._headings[level] = heading
                for finding in asked:
                    number += 1
                    item = QTreeWidgetItem([str(number) if number <= KEYS else "", finding.name, "", ""])
                    item.setData(0, _FINDING, finding)
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
                    code = finding.code
                    told = f"{code[2]} ({code[1]} {code[0]})" if code else tr("no code")
                    item.setToolTip(_NAME, f"{finding.name}\n{told}")
                    item.setData(_YES, Qt.ItemDataRole.AccessibleTextRole, tr("Yes"))
                    item.setData(_NO, Qt.ItemDataRole.AccessibleTextRole, tr("No"))
                    self.table.addTopLevelItem(item)

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.table.topLevelItem(n) for n in range(self.table.topLevelItemCount()))
        return [row for row in rows if row is not None]

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        finding: Finding | None = item.data(0, _FINDING)
        if finding is None:
            return
        if column == _NAME:
            if item.text(_NAME).strip() != finding.name:
                self._change(replace(finding, name=item.text(_NAME)))
                self.finished.emit()
            return
        place = self._session.place_of(finding.level, self._active_plane())
        if place is not None and column in (_YES, _NO):
            checked = item.checkState(column) == Qt.CheckState.Checked
            self._session.answer(finding.number, place, (column == _YES) if checked else None)
        QTimer.singleShot(0, self.show_answers)  # also where nothing could be answered

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _NAME and item.data(0, _FINDING) is not None:
            self.table.editItem(item, _NAME)

    def _add(self) -> None:
        if not self.name.text().strip():
            self.finished.emit()
            return
        try:
            self._workflows.new_finding(self.name.text(), self.level.currentData())
        except ValueError as error:
            self.refused.emit(said(str(error)))
            return
        self.name.clear()  # for the next one

    def _change(self, finding: Finding) -> None:
        try:
            self._workflows.change_finding(finding)
        except ValueError as error:
            self.refused.emit(said(str(error)))
            self._listed = ()
            QTimer.singleShot(0, self.show_answers)  # an editor of the table may still be closing

    def _show_menu(self, at: QPoint) -> None:
        item = self.table.itemAt(at)
        finding: Finding | None = item.data(0, _FINDING) if item is not None else None
        if item is None or finding is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Rename…"), lambda: self.table.editItem(item, _NAME))
        menu.addAction(tr("Code…"), lambda: self._choose_code(finding))
        menu.addSeparator()
        menu.addAction(tr("Take off the list…"), lambda: self._take_off(finding))
        keep_keys(menu)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _choose_code(self, finding: Finding) -> None:
        dialog = FindingCodeDialog(finding, self._change, self.window())
        dialog.finished.connect(self.finished)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _take_off(self, finding: Finding) -> None:
        count = self._workflows.annotation_store.answer_count(finding.number)
        question = tr(
            "Take {name} off the list for all series? Its answers ({count}) are kept, and are there again when a "
            "finding of this name is added."
        )
        if not count or agreed(self.window(), question.format(name=finding.name, count=count)):
            self._workflows.take_finding_off(finding.number)


def judged_words(score: JudgedScore | None) -> str:
    """Which model's score an answer was given by; empty for one that a person gave without."""
    if score is None:
        return ""
    words = tr(
        "By judging a score: {model} · {hash} · {device} · {made}\n{name}: {percent:.0f} %, threshold {threshold:.0f} %"
    )
    origin = score.origin
    return words.format(
        model=said(origin.source), hash=origin.short_hash, device=origin.provider, made=origin.made, name=score.label,
        percent=100 * score.probability, threshold=100 * score.threshold,
    )  # fmt: skip


def answered_slices(session: Session, axis: int) -> np.ndarray:
    """Which slices along an index axis have an answer to each finding of slices, (slices,) bool."""
    assert session.volume is not None
    asked = {finding.number for finding in at_level(session.hand.findings, "slice")}
    counts = np.zeros(session.volume.geometry.size[axis], dtype=int)
    for number, place in session.answers:
        if number in asked and place.level == "slice" and place.axis == axis:
            counts[place.index] += 1
    return counts == len(asked)
