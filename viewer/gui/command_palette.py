"""Everything that can be done, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from viewer.gui.actions import Actions, group_name
from viewer.gui.key_words import readable
from viewer.gui.language import tr

_ENTRY = Qt.ItemDataRole.UserRole
_WIDTH_PX, _HEIGHT_PX = 620, 420
_MARGIN_PX = 9
_WORD_START, _IN_A_ROW, _FIRST = 8, 3, 2  # what a letter that was found is worth; in a row each more than the last
_IN_WORDS = 4  # and that all of it was found in what an entry is called
_LATE = 0.05  # and what each letter that was passed over costs


@dataclass(frozen=True)
class Entry:
    """Something that can be done. why_not says in a few words why it cannot be done now; empty if it can. also: by what
    other words it is found."""

    text: str
    group: str
    keys: str
    why_not: str
    act: Callable[[], object]
    also: str = ""


def command_entries(commands: Actions, but: QAction) -> list[Entry]:
    """All actions but one, as they can be taken now, and the windows that the series' file names."""
    entries = [
        Entry(
            action.text().replace("&", "").rstrip("…"),
            tr("Window preset") if group == "Presets" else group_name(group),
            tr(" or ").join(readable(key) for key in commands.keys_of(action)),
            commands.why_not(action),
            action.trigger,
            commands.in_english(action),
        )
        for group, actions in commands.groups.items()
        for action in actions
        if action is not but and (action.isVisible() or group != "Presets")
    ]
    windows = commands.file_windows
    return entries + [Entry(action.text(), tr("Window preset"), "", "", action.trigger) for action in windows]


class CommandPalette(QDialog):
    """A line to type in and what fits it, the best first; Enter does it, Esc leaves. It opens empty each time."""

    def __init__(self, entries: Sequence[Entry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # or Qt draws no frame around it
        self.setWindowTitle(tr("Commands"))
        self._entries, self._left = entries, False
        self.search = QLineEdit(placeholderText=tr("What do you want to do?"))
        self.search.setAccessibleName(tr("Find a command"))
        self.search.textChanged.connect(self._show)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_Row(self.list))
        self.list.itemClicked.connect(lambda item: self._do())
        self._nothing = QLabel(tr("Nothing fits"), alignment=Qt.AlignmentFlag.AlignCenter)
        self._nothing.setProperty("dimmed", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._nothing)
        room = parent.size()
        self.resize(min(_WIDTH_PX, room.width() - 20), min(_HEIGHT_PX, room.height() - 40))
        corner = parent.mapToGlobal(parent.rect().topLeft())
        self.move(corner.x() + (room.width() - self.width()) // 2, corner.y() + min(60, room.height() // 10))
        self._show("")
        self.search.setFocus()

    @property
    def shown(self) -> list[Entry]:
        """What fits, the best first."""
        return [self.list.item(n).data(_ENTRY) for n in range(self.list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            page = max(self.list.height() // max(self.list.sizeHintForRow(0), 1) - 1, 1)
            steps = {
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_PageUp: -page,
                Qt.Key.Key_PageDown: page,
            }
            if event.key() in steps:
                self._move(steps[Qt.Key(event.key())])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # its keys are no commands of the window below
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.reject()  # a click elsewhere leaves it
        super().changeEvent(event)

    def done(self, result: int) -> None:
        """Leave it, once: it is deactivated while it is hidden, and Qt hides a modal window twice at the price of the
        mouse, which the window below never gets back."""
        if not self._left:
            self._left = True
            super().done(result)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.search.setFocus()

    def _move(self, step: int) -> None:
        count = self.list.count()
        if count:
            row = self.list.currentRow() + step
            row = row % count if abs(step) == 1 else min(max(row, 0), count - 1)
            self.list.setCurrentRow(row)

    def _show(self, text: str) -> None:
        self.list.clear()
        for entry in fitting(self._entries, text):
            item = QListWidgetItem(self.list)
            item.setData(_ENTRY, entry)
            item.setText(entry.text)  # what a screen reader says
            item.setToolTip(entry.why_not)
        self.list.setCurrentRow(0)
        self.list.scrollToTop()
        self.list.setVisible(self.list.count() > 0)
        self._nothing.setVisible(self.list.count() == 0)

    def _do(self) -> None:
        item = self.list.currentItem()
        entry: Entry | None = item.data(_ENTRY) if item is not None else None
        if entry is None or entry.why_not:
            return  # it says why not
        self.accept()
        entry.act()


def fitting(entries: Sequence[Entry], text: str) -> list[Entry]:
    """The entries that hold the letters of a text in its order, the best first; of equal ones what can be done."""
    if not text.split():
        return sorted(entries, key=lambda entry: bool(entry.why_not))
    scores = [_fit_entry(text, entry) for entry in entries]
    found = [(score, n) for n, score in enumerate(scores) if score is not None]
    return [entries[n] for score, n in sorted(found, key=lambda one: (-one[0], bool(entries[one[1]].why_not), one[1]))]


def _fit_entry(typed: str, entry: Entry) -> float | None:
    """What is found in the words of an entry alone counts more than what is put together with its group and keys."""
    in_words, anywhere = fit(typed, entry.text), fit(typed, f"{entry.text} {entry.group} {entry.keys} {entry.also}")
    return anywhere if in_words is None or anywhere is None else max(in_words + _IN_WORDS, anywhere)


def fit(typed: str, text: str) -> float | None:
    """How well the letters typed fit a text that must hold the letters of each word in their order; None if it does
    not. Beginnings of words and letters in a row count more."""
    text = text.casefold()
    scores = [_fit_word(word, text) for word in typed.casefold().split()]
    return None if None in scores else sum(score for score in scores if score is not None)


def _fit_word(word: str, text: str) -> float | None:
    starts = [n for n, letter in enumerate(text) if letter == word[0]]
    scores = [score for score in (_fit_from(word, text, start) for start in starts) if score is not None]
    return max(scores, default=None)


def _fit_from(word: str, text: str, start: int) -> float | None:
    score, at, before, row = 0.0, start, start - 1, 0
    for n, letter in enumerate(word):
        at = start if n == 0 else text.find(letter, before + 1)
        if at < 0:
            return None
        begins = at == 0 or not text[at - 1].isalnum()
        row = row + 1 if n > 0 and at == before + 1 else 0
        score += 1 + _WORD_START * begins + _IN_A_ROW * row - _LATE * (at - before - 1)
        before = at
    return score + _FIRST * (start == 0)


class _Row(QStyledItemDelegate):
    """The text of an entry at the left, its keys at the right; where it cannot be done, dimmed and why not."""

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:
        return QSize(100, round(option.fontMetrics.height() * 1.75))  # pyright: ignore[reportAttributeAccessIssue]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        entry: Entry = index.data(_ENTRY)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]
        palette: QPalette = option.palette  # pyright: ignore[reportAttributeAccessIssue]
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        role, dimmed = QPalette.ColorRole.Text, QPalette.ColorRole.PlaceholderText
        painter.save()
        if selected:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
            role = dimmed = QPalette.ColorRole.HighlightedText
        inside = rect.adjusted(_MARGIN_PX, 0, -_MARGIN_PX, 0)
        metrics = option.fontMetrics  # pyright: ignore[reportAttributeAccessIssue]
        middle = Qt.AlignmentFlag.AlignVCenter
        right = entry.why_not or entry.keys
        right = metrics.elidedText(right, Qt.TextElideMode.ElideRight, round(inside.width() * 0.55))
        painter.setPen(palette.color(dimmed))
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignRight), right)
        if entry.why_not and not selected:
            role = QPalette.ColorRole.PlaceholderText
        room = inside.width() - metrics.horizontalAdvance(right) - 2 * _MARGIN_PX
        group = tr("{group}:  ").format(group=entry.group)
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignLeft), group)
        painter.setPen(palette.color(role))
        wide = metrics.horizontalAdvance(group)
        text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, round(room - wide))
        painter.drawText(inside.adjusted(wide, 0, 0, 0), int(middle | Qt.AlignmentFlag.AlignLeft), text)
        painter.restore()
