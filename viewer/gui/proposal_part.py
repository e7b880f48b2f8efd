"""What a model proposes, label by label: which of them are wanted, how large, how sure, and from which probability."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSlider,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.proposal import LabelSeen, Proposal
from viewer.core.session import Session
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.trust_words import doubt_text
from viewer.workflows import Workflows

_SETTLED_MS = 250  # after the last step of the slider all of the proposal is worked out
_VALUE = Qt.ItemDataRole.UserRole
_USUAL_STEP = 50
_BESIDE_NAME_PX, _ROUND_NAME_PX = 60, 9  # the tick and the colour; above and below
_THRESHOLD_TIP = QT_TR_NOOP(
    "Propose each voxel's likeliest label where that is at least so probable. What you see is what you accept."
)
_HINT = QT_TR_NOOP("Click a hatched region on a picture to see where it is from, and to accept or reject it alone.")


class _Names(QStyledItemDelegate):
    """Rows as high as their names, which take several lines in a narrow panel: Qt breaks them but makes no room."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint, table = super().sizeHint(option, index), option.widget  # type: ignore[attr-defined]
        if isinstance(table, QTreeWidget) and index.column() == 0:
            room = QRect(0, 0, max(table.columnWidth(0) - _BESIDE_NAME_PX, 1), 1)
            name = table.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, index.data())
            hint.setHeight(max(hint.height(), name.height() + _ROUND_NAME_PX))
        return hint


class ProposalPart(QWidget):
    """Of the session that is worked on. Whoever listens to it calls apply() once per turn of the event loop."""

    def __init__(self, workflows: Workflows) -> None:
        super().__init__()
        self._workflows = workflows
        self._shown: Proposal | None = None
        self._seen: dict[int, LabelSeen] = {}
        self._soon = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._soon.timeout.connect(self._settle)
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(False)
        self.table.setWordWrap(True)  # in a narrow panel several names begin alike
        self.table.setItemDelegate(_Names(self.table))
        self.table.setAccessibleName(tr("Proposed labels"))
        self.table.setHeaderLabels([tr("Label"), tr("ml"), "p"])
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(self.table.scheduleDelayedItemsLayout)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        headed = self.table.headerItem()
        headed.setToolTip(1, tr("Volume of what is proposed, in millilitres"))
        headed.setToolTip(2, tr("Mean probability of the label where it is proposed"))
        self.table.setMinimumHeight(110)
        self.table.setMaximumHeight(230)
        self.table.itemChanged.connect(self._ticked)
        self.every, self.none = QPushButton(tr("All")), QPushButton(tr("None"))
        self.every.setToolTip(tr("Accept every label"))
        self.none.setToolTip(tr("Tick none: then choose"))
        self.every.clicked.connect(lambda: self._tick_all(True))
        self.none.clicked.connect(lambda: self._tick_all(False))
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(5, 99)
        self.threshold.setValue(_USUAL_STEP)
        self.threshold.setAccessibleName(tr("Probability threshold"))
        self.threshold.setToolTip(tr(_THRESHOLD_TIP))
        self.threshold.valueChanged.connect(self._slid)
        self._threshold_text = QLabel(wordWrap=True)
        self.usual = QPushButton(tr("As the model decides"))
        self.usual.clicked.connect(lambda: self._session.set_proposal_threshold(None))
        for button in (self.every, self.none, self.usual):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("dimmed", True)
        ticks = QHBoxLayout()
        for widget in (self.every, self.none):
            ticks.addWidget(widget)
        ticks.addStretch(1)
        self._sure = QWidget()
        sliding = QVBoxLayout(self._sure)
        sliding.setContentsMargins(0, 0, 0, 0)
        sliding.setSpacing(3)
        for widget in (self._threshold_text, self.threshold, self.usual):
            sliding.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.table)
        layout.addLayout(ticks)
        layout.addWidget(self._sure)
        layout.addWidget(self._about)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def apply(self, what: What) -> None:
        """Show what changed in the session."""
        if not what & (What.SERIES | What.PROPOSAL | What.THRESHOLD | What.TOOL):
            return
        before, now = self._shown, self._session.proposal
        self._shown = now
        if now is None:
            self._soon.stop()
            return
        same = before if before is not None and before.number == now.number else None
        if same is None:
            self._seen = {}
        if same is None or same.labels != now.labels:
            self._fill(now)
        self._show_threshold(now)
        if same is None or not same.looks_like(now):
            self._show_sizes(stale=same is not None)
            self._soon.start()

    def _fill(self, proposal: Proposal) -> None:
        at = self.table.verticalScrollBar().value()
        with QSignalBlocker(self.table):
            if [row.data(0, _VALUE) for row in self._rows()] != [label.value for label in proposal.labels]:
                at = 0
                self.table.clear()
                for label in proposal.labels:
                    row = QTreeWidgetItem([tr(label.name), "", ""])
                    row.setData(0, _VALUE, label.value)
                    row.setIcon(0, swatch(label.colour))
                    row.setToolTip(0, tr(label.name))
                    for column in (1, 2):
                        row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.table.addTopLevelItem(row)
            for row, label in zip(self._rows(), proposal.labels, strict=True):
                row.setCheckState(0, Qt.CheckState.Checked if label.visible else Qt.CheckState.Unchecked)
        self.table.verticalScrollBar().setValue(at)
        self._show_sizes()

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.table.topLevelItem(n) for n in range(self.table.topLevelItemCount()))
        return [row for row in rows if row is not None]

    def _show_sizes(self, stale: bool = False) -> None:
        volume = self._session.volume
        calibrated = volume is not None and volume.geometry.calibrated
        with QSignalBlocker(self.table):
            for row in self._rows():
                seen = self._seen.get(row.data(0, _VALUE))
                ml, probability = "…", "…"
                if seen is not None and not stale:
                    ml = _three_digits(seen.voxels * volume.geometry.voxel_volume_ml) if calibrated and volume else "–"
                    probability = "–" if seen.probability is None else f"{100 * seen.probability:.0f} %"
                    row.setHidden(not seen.voxels)
                row.setText(1, ml)
                row.setText(2, probability)

    def _show_threshold(self, proposal: Proposal) -> None:
        sure, threshold = proposal.certainty, proposal.threshold
        self._sure.setVisible(sure is not None)
        self.usual.setEnabled(threshold is not None)
        with QSignalBlocker(self.threshold):
            self.threshold.setValue(_USUAL_STEP if threshold is None else round(100 * threshold))
        if threshold is None:
            self._threshold_text.setText(tr("Probability threshold: as the model decides"))
        else:
            self._threshold_text.setText(tr("Probability threshold: {n:.0f} %").format(n=100 * threshold))
        about = [tr(_HINT)]
        if sure is not None:
            about.append(doubt_text(sure))
        self._about.setText("\n".join(about))

    def _slid(self, percent: int) -> None:
        self._session.set_proposal_threshold(percent / 100)

    def _ticked(self, row: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            ticked = row.checkState(0) == Qt.CheckState.Checked
            self._session.tick_proposal_labels([row.data(0, _VALUE)], ticked)

    def _tick_all(self, ticked: bool) -> None:
        self._session.tick_proposal_labels([row.data(0, _VALUE) for row in self._rows()], ticked)

    def _settle(self) -> None:
        """Have all of the proposal worked out, once the slider rests and nothing else is going on."""
        if self._session.proposal is None:
            return
        if not self._workflows.jobs.idle:
            self._soon.start()
            return
        self._workflows.settle_proposal(self._settled)

    def _settled(self, seen: dict[int, LabelSeen]) -> None:
        self._seen = seen
        self._show_sizes()


def _three_digits(ml: float) -> str:
    """As many as fit into a narrow column, and no more than are true."""
    return f"{ml:.0f}" if ml >= 100 else f"{ml:.1f}" if ml >= 10 else f"{ml:.2f}"
