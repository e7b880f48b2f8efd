"""A card beside what was clicked: where it comes from, how sure the model was, and what a person says to it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.provenance import Provenance, provenance_at
from viewer.core.session import Session
from viewer.gui.actions import READ_ONLY, Actions
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.slice_pane import SlicePane
from viewer.gui.trust_words import facts, standing_text
from viewer.workflows import Workflows

_WIDE_PX = 300
_BESIDE_PX = 18
_NOTHING = QT_TR_NOOP("Nothing of a model is at this place")
_NO_PROPOSAL = QT_TR_NOOP("Nothing is proposed at this place")
_NO_SURENESS = QT_TR_NOOP("How sure a model is, is known only until the series is closed: run the model to see it")


class TrustCard(QFrame):
    """Facts of one voxel with, for a proposal, buttons that judge its region or its whole label."""

    def __init__(self, judge: Callable[[bool, bool], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._title, self._standing = QLabel(), QLabel(wordWrap=True)
        self._title.setProperty("heading", True)
        self._standing.setProperty("dimmed", True)
        self._facts = QLabel(wordWrap=True)
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.hide)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(close)
        self.judging = QWidget()
        grid = QGridLayout(self.judging)
        grid.setContentsMargins(0, 2, 0, 0)
        self.buttons: dict[tuple[bool, bool], QPushButton] = {}
        for row, (words, whole) in enumerate(((tr("This region"), False), (tr("All of this label"), True))):
            grid.addWidget(QLabel(words), row, 0)
            for column, (text, accepts) in enumerate(((tr("Accept"), True), (tr("Reject"), False)), 1):
                button = QPushButton(text)
                button.setAccessibleName(f"{words}: {text}")
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
                button.clicked.connect(lambda checked=False, a=accepts, w=whole: judge(a, w))
                grid.addWidget(button, row, column)
                self.buttons[accepts, whole] = button
        grid.setColumnStretch(0, 1)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        for widget in (self._standing, self._facts, self.judging):
            layout.addWidget(widget)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    @property
    def text(self) -> str:
        """All that it says, as it is read out."""
        return "\n".join((self._title.text(), self._standing.text(), self._facts.text()))

    def tell(self, found: Provenance, read_only: bool) -> None:
        """Say what is known of a voxel."""
        self._title.setText(tr(found.label.name))
        self._standing.setText(standing_text(found))
        self.show_facts(found)
        self.judging.setVisible(found.standing == "proposed")
        for button in self.buttons.values():
            button.setEnabled(not read_only)
            button.setToolTip(tr(READ_ONLY) if read_only else "")

    def show_facts(self, found: Provenance, changed: int | None = None) -> None:
        """changed: in how many voxels a person has the label otherwise, None while that is not known."""
        told = facts(found)
        if changed is not None:
            name = tr(found.said.name) if found.said is not None else ""
            words = tr("{n:,} voxels of {name} changed") if changed else tr("no voxel of {name} changed")
            told.append((tr("By a person"), words.format(n=changed, name=name)))
        rows = "".join(
            f"<tr><td><b>{escape(word)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>" for word, text in told
        )
        self._facts.setText(f"<table>{rows}</table>")
        self._facts.setVisible(bool(rows))

    def fit(self) -> None:
        """Be as high as what it says."""
        self._column.activate()
        self.resize(_WIDE_PX, self._column.totalHeightForWidth(_WIDE_PX))

    def show_in(self, pane: QWidget, at: QPointF) -> None:
        """Beside a place of a pane, within the window of it."""
        window = pane.window()
        self.setParent(window)
        self.setFixedWidth(_WIDE_PX)
        self.fit()
        origin = pane.mapTo(window, at.toPoint())
        room = QRect(pane.mapTo(window, pane.rect().topLeft()), pane.size())
        x = origin.x() + _BESIDE_PX
        if x + self.width() > window.width() - 4:
            x = origin.x() - _BESIDE_PX - self.width()
        y = min(max(origin.y() - self.height() // 3, room.top() + 4), window.height() - self.height() - 4)
        self.move(max(x, 4), max(y, 4))
        self.show()
        self.raise_()


class Trusting:
    """The commands and the card. Whoever listens to the session calls apply() once per turn of the event loop."""

    def __init__(
        self,
        commands: Actions,
        workflows: Workflows,
        room: ReadingRoom,
        notify: Callable[[str], None],
        window: QWidget,
    ) -> None:
        self._commands, self._workflows, self._room, self._notify = commands, workflows, room, notify
        self.card = TrustCard(self._judge_shown, window)  # which it is gone with
        self._of: tuple[Session, tuple[int, int, int]] | None = None
        self._judging: list[QAction] = []
        self._voxel = (0, 0, 0)
        self.uncertainty = commands.add(
            "AI",
            QT_TR_NOOP("Uncertainty of the model"),
            self._toggle,
            "Ctrl+U",
            tip=QT_TR_NOOP("Colours where the model is unsure, over the picture"),
            checkable=True,
            needs_series=True,
        )
        commands.add("AI", QT_TR_NOOP("Where is this label from?"), self.ask, "Ctrl+I", needs_series=True)
        for text, accepts, key in (
            (QT_TR_NOOP("Accept this region of the proposal"), True, "Ctrl+Shift+Return"),
            (QT_TR_NOOP("Reject this region of the proposal"), False, "Ctrl+Shift+Backspace"),
        ):
            action = commands.add("AI", text, lambda accepts=accepts: self._judge_pointed(accepts), key)
            self._judging.append(action)
        room.clicked.connect(self._clicked)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session: what the card said may be so no longer."""
        session = self._workflows.session
        self.uncertainty.setChecked(session.hand.uncertainty_visible)
        nothing = "" if session.proposal is not None else tr("No model has proposed anything")
        why_not = tr(READ_ONLY) if session.read_only else nothing
        for action in self._judging:
            self._commands.allow(action, not why_not, why_not)
        gone = What.SERIES | What.PROPOSAL | What.THRESHOLD | What.LABELS | What.LABEL_TABLE | What.PLANES | What.TOOL
        if what & gone or (what & What.CURSOR and self._of is not None and session.cursor_ijk != self._of[1]):
            self.card.hide()

    def ask(self) -> None:
        """Say where the label under the mouse, or at the cross-hair, is from."""
        pane = self._room.active
        place = pane.place_pointed_at if isinstance(pane, SlicePane) else None
        if place is None or not self._tell(pane, *place):
            self._notify(tr(_NOTHING))

    def _toggle(self) -> None:
        hand = self._workflows.session.hand
        hand.show_uncertainty(not hand.uncertainty_visible)
        if hand.uncertainty_visible and self._workflows.session.certainty is None:
            self._notify(tr(_NO_SURENESS))

    def _clicked(self, pane: SlicePane, at: QPointF) -> None:
        """A click on what waits to be judged, or while uncertainty is looked at, asks for it; other clicks only move
        the cross-hair."""
        session = pane.session
        index = pane.index_at(at)
        judging = session.proposal is not None or session.hand.uncertainty_visible
        if not judging or not session.hand.overlay_visible or index is None or not self._tell(pane, index, at):
            self.card.hide()

    def _tell(self, pane: QWidget, index: tuple[float, float, float], at: QPointF) -> bool:
        """Show the card of a place; False where nothing of a model is."""
        session = self._workflows.session
        if session.volume is None or not session.volume.geometry.contains_index(index):
            return False
        voxel = session.volume.geometry.clamp_index(index)
        found = provenance_at(session, voxel)
        if found is None:
            return False
        self._of = session, session.cursor_ijk
        self._voxel = voxel
        self.card.tell(found, session.read_only)
        self.card.show_in(pane, at)
        if found.said is not None:
            self._workflows.count_changed(found.said.value, lambda count: self._count(session, voxel, found, count))
        return True

    def _count(self, session: Session, voxel: tuple[int, int, int], found: Provenance, count: int) -> None:
        """Say how much of a label a person has changed, if the card still tells of it."""
        if self.card.isVisible() and self._of is not None and self._of[0] is session and self._voxel == voxel:
            self.card.show_facts(found, count)
            self.card.fit()

    def _judge_shown(self, accepts: bool, whole_label: bool) -> None:
        if self._of is not None and self._of[0] is self._workflows.session:
            self.card.hide()
            self._workflows.judge_region(self._voxel, accepts=accepts, whole_label=whole_label)

    def _judge_pointed(self, accepts: bool) -> None:
        pane, session = self._room.active, self._workflows.session
        place = pane.place_pointed_at if isinstance(pane, SlicePane) else None
        found = None
        if place is not None and session.volume is not None:
            voxel = session.volume.geometry.clamp_index(place[0])
            found = provenance_at(session, voxel)
        if found is None or found.standing != "proposed" or session.read_only:
            self._notify(tr(READ_ONLY if session.read_only else _NO_PROPOSAL))
            return
        self._workflows.judge_region(voxel, accepts=accepts)
