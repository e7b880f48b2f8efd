"""The bar under the panes while one segments by clicks: what a click says, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import ref

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from viewer.core.click_segment import CLASSICAL
from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.hand import ClickMeans
from viewer.core.oblique import ObliqueAxes
from viewer.core.painting import Box
from viewer.gui.actions import Actions
from viewer.gui.click_answers import ClickAnswers, answers_of
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.workflows import Workflows

_SLICES = 5  # at first
_SPIN_PX = 70
_MEANS: tuple[tuple[ClickMeans, str, str], ...] = (
    ("belongs", "+", QT_TR_NOOP("A click or a drag says: this belongs to it")),
    ("excluded", "−", QT_TR_NOOP("A click or a drag says: this does not belong to it (Ctrl + click)")),
    ("box", "▭", QT_TR_NOOP("A drag draws a box: nothing outside belongs to it")),
)
_CLICKED = QT_TR_NOOP("Clicks: {count}. {method}")
_ELSEWHERE = QT_TR_NOOP("What was found waits on its slice")


class ClickBar(QFrame):
    """Shown while the tool is chosen or an answer is open. Whoever listens to the session calls apply() once per turn
    of the event loop. focus gives the keyboard back to the panes; tell shows a sentence."""

    def __init__(
        self, commands: Actions, workflows: Workflows, focus: Callable[[], None], tell: Callable[[str], None]
    ) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._workflows, self._focus, self._tell = workflows, focus, tell
        self._listened: ClickAnswers | None = None
        self.text = QLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text.setMinimumWidth(0)
        self.means: dict[ClickMeans, QToolButton] = {}
        group = QButtonGroup(self)
        for means, sign, tip in _MEANS:
            button = QToolButton()
            button.setText(sign)
            button.setCheckable(True)
            button.setToolTip(tr(tip))
            button.setAccessibleName(tr(tip))
            button.clicked.connect(partial(self._mean, means))
            group.addButton(button)
            self.means[means] = button
        self.take = _button(tr("Take it"), tr("Give it to the label (Return)"))
        self.take.setProperty("primary", True)
        self.drop = _button(tr("Drop"), tr("Forget it (Esc)"))
        self.undo = _button(tr("Undo"), tr("Take the last click back (Backspace)"))
        self.slices = QSpinBox(minimum=1, maximum=999, value=_SLICES)
        self.slices.setMaximumWidth(_SPIN_PX)
        self.slices.setAccessibleName(tr("Slices in each direction"))
        self.slices.setToolTip(tr("Slices in each direction"))
        self.slices.editingFinished.connect(self._back)
        self.all = QCheckBox(tr("until it ends"))
        self.all.toggled.connect(lambda on: self.slices.setDisabled(on))
        tip = tr("Take it, and find it again in the slices beside it, in both directions: one edit")
        self.spread = _button(tr("To neighbours"), tip)
        for button in (*self.means.values(), self.take, self.drop, self.undo, self.all, self.spread):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.slices.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.take.clicked.connect(self._take)
        self.drop.clicked.connect(lambda: self._answers.drop())
        self.undo.clicked.connect(lambda: self._answers.undo())
        self.spread.clicked.connect(self._spread)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.text, 1)
        for part in (*self.means.values(), self.undo, self.drop, self.take):
            first.addWidget(part)
        second.addWidget(QWidget(), 1)
        for part in (self.spread, self.slices, self.all):
            second.addWidget(part)
        layout = QGridLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        layout.setVerticalSpacing(3)
        layout.addLayout(first, 0, 0)
        layout.addLayout(second, 1, 0)
        commands.add("Labels", QT_TR_NOOP("Take what was clicked"), self._take)
        commands.add("Labels", QT_TR_NOOP("What was clicked to neighbouring slices"), self._spread)
        self.hide()
        self.apply(What.SERIES)

    @property
    def _answers(self) -> ClickAnswers:
        return answers_of(self._workflows.session)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if not what & (
            What.SERIES | What.VIEW | What.TOOL | What.CURSOR | What.PLANES | What.LABEL_TABLE | What.LABELS
        ):
            return
        answers = self._answers
        if self._listened is not answers:
            if self._listened is not None:
                self._listened.changed.disconnect(self._show)
            answers.changed.connect(self._show)
            runs = ref(self._workflows.runs)  # which lead to the session, by which answers are kept
            answers.answering = lambda: CLASSICAL if (found := runs()) is None else found.click_answering()
            self._listened = answers
        self._show()

    def _show(self) -> None:
        session, answers = self._workflows.session, self._answers
        answer = answers.open
        chosen = session.hand.tool == "click" and session.volume is not None
        self.setVisible(chosen or answer is not None)
        if not chosen and answer is None:
            return
        for means, button in self.means.items():
            button.setChecked(session.hand.click_means == means)
        words = answers.method
        if answer is not None:
            words = tr(_CLICKED).format(count=len(answer.prompts.strokes), method=words)
            plane = answer.raster.axes.plane
            if plane in session.planes and answer.place[1] != self._depth(plane):
                words = f"{tr(_ELSEWHERE)}. {words}"
        self.text.setText(words)
        self.text.setToolTip(words)
        why_not = answers.why_not
        for button in (self.take, self.drop, self.undo):
            button.setEnabled(answer is not None)
        self.take.setEnabled(answer is not None and not why_not)
        self.spread.setEnabled(answer is not None and not why_not and answers.can_spread)

    def _depth(self, plane: Plane) -> float:
        """Of the plane that is shown, as an answer's place tells it."""
        session = self._workflows.session
        axes = session.axes(plane)
        return axes.depth_of(session.cursor_at) if isinstance(axes, ObliqueAxes) else session.cursor_ijk[axes.normal]

    def _mean(self, means: ClickMeans, checked: bool = True) -> None:
        self._workflows.session.hand.set_click_means(means)

    def _take(self) -> None:
        if refused := self._answers.take():
            self._tell(refused)

    def _spread(self) -> None:
        search = self._answers.spread(None if self.all.isChecked() else self.slices.value(), self._tell)
        if search is not None:
            self._workflows.editing.find_region(search)

    def _back(self) -> None:
        if self.slices.hasFocus():
            self._focus()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
