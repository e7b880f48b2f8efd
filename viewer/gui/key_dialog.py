"""All keys and mouse gestures: looked up, and given to other actions by pressing them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.gui.actions import Actions, group_name
from viewer.gui.key_words import readable
from viewer.gui.language import QT_TR_NOOP, tr

_ACTION = Qt.ItemDataRole.UserRole
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
_HINT = QT_TR_NOOP("Choose an action and press Change. Keys of slices and panes act while a pane has the keyboard.")
_PRESS = QT_TR_NOOP("Press the new key for “{action}”, or Esc to leave it.")

_MOUSE = (
    (QT_TR_NOOP("Left drag"), QT_TR_NOOP("The chosen tool; window/level at first")),
    (QT_TR_NOOP("Click"), QT_TR_NOOP("Moves the cross-hair (window/level and cross-hair tools)")),
    (QT_TR_NOOP("Shift + move"), QT_TR_NOOP("Moves the cross-hair with any tool")),
    (QT_TR_NOOP("Middle drag"), QT_TR_NOOP("Pan")),
    (QT_TR_NOOP("Right drag"), QT_TR_NOOP("Zoom")),
    (QT_TR_NOOP("Right click"), QT_TR_NOOP("Menu of the pane")),
    (QT_TR_NOOP("Wheel"), QT_TR_NOOP("Scroll through the slices")),
    (QT_TR_NOOP("Ctrl + wheel"), QT_TR_NOOP("Zoom")),
    (QT_TR_NOOP("Ctrl + left drag"), QT_TR_NOOP("Window of what is laid over the series, with the window tool")),
    (QT_TR_NOOP("Ctrl + drop of a series"), QT_TR_NOOP("Lay it over the one that is shown")),
    (QT_TR_NOOP("Shift + wheel"), QT_TR_NOOP("Brush size, while painting; thickness of a slab")),
    (QT_TR_NOOP("Double click"), QT_TR_NOOP("One pane large, and back; on a measurement: write to it")),
    (QT_TR_NOOP("Drag a measurement"), QT_TR_NOOP("Moves it, its words, or one of its handles")),
    (QT_TR_NOOP("Ctrl + click"), QT_TR_NOOP("Begins a new measurement on top of another")),
)


class KeysDialog(QDialog):
    """A list of all actions with their keys, and of what the mouse does. A change holds at once."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._pending: tuple[QAction, str, bool] | None = None  # action, key and whether it is added: to be confirmed
        self.setWindowTitle(tr("Keys and mouse"))
        room = self.screen().availableSize()
        self.resize(min(680, round(room.width() * 0.9)), min(620, round(room.height() * 0.85)))
        self.search = QLineEdit(placeholderText=tr("Find an action or a key"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Find an action or a key"))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self._ask_key(add=False))
        self.tree = QTreeWidget(columnCount=2)
        self.tree.setHeaderLabels([tr("Action"), tr("Keys")])
        self.tree.setAccessibleName(tr("Actions and their keys"))
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.itemActivated.connect(lambda item, column: self._ask_key(add=False))
        self.tree.currentItemChanged.connect(lambda *_: self._rest())
        self.capture = KeyCapture()
        self.capture.pressed.connect(self._pressed)
        self.capture.left.connect(self._rest)
        self.text = QLabel(wordWrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.change = self._button(tr("Change"), lambda: self._ask_key(add=False))
        self.more = self._button(tr("Add another"), lambda: self._ask_key(add=True))
        self.none = self._button(tr("No key"), self._take_keys)
        self.own = self._button(tr("Default"), self._give_back)
        self.all_own = self._button(tr("All default"), self._give_back_all)
        self.swap = self._button(tr("Swap"), self._swap)
        self.take = self._button(tr("Take it"), self._take)
        self.keep = self._button(tr("Leave it"), self._rest)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        close.rejected.connect(self.reject)
        question = QHBoxLayout()
        question.addWidget(self.text, 1)
        for widget in (self.capture, self.swap, self.take, self.keep):
            question.addWidget(widget)
        buttons = QHBoxLayout()
        for button in (self.change, self.more, self.none, self.own, self.all_own):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(question)
        layout.addLayout(buttons)
        self._fill()
        self._rest()
        self.search.setFocus()

    def choose(self, action: QAction) -> None:
        """Select the row of an action."""
        for item in self._rows():
            if item.data(0, _ACTION) is action:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self._choose_one_shown()
            self.tree.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QPushButton):
            focused.click()  # none is the default button, so Return would do nothing
        else:
            super().keyPressEvent(event)

    # The list

    def _fill(self) -> None:
        for group, actions in self._actions.groups.items():
            top = self._heading(group_name(group))
            for action in actions:
                item = QTreeWidgetItem(top)
                item.setData(0, _ACTION, action)
        top = self._heading(tr("Mouse"))
        for gesture, text in _MOUSE:
            QTreeWidgetItem(top, [tr(text), tr(gesture)])
        self._show_keys()

    def _heading(self, text: str) -> QTreeWidgetItem:
        top = QTreeWidgetItem(self.tree, [text])
        font = top.font(0)
        font.setBold(True)
        top.setFont(0, font)
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        top.setExpanded(True)
        return top

    def _headings(self) -> list[QTreeWidgetItem]:
        tops = (self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount()))
        return [top for top in tops if top is not None]

    def _rows(self) -> list[QTreeWidgetItem]:
        return [row for top in self._headings() for row in _children(top)]

    def _show_keys(self) -> None:
        for item in self._rows():
            action = item.data(0, _ACTION)
            if action is None:
                continue
            item.setText(0, action.text().replace("&", "").rstrip("…"))
            item.setText(1, tr(" or ").join(readable(key) for key in self._actions.keys_of(action)))
            font = item.font(1)
            font.setBold(not self._actions.has_own_keys(action))
            item.setFont(1, font)
            item.setToolTip(1, "" if self._actions.has_own_keys(action) else tr("Chosen by you"))
        self._filter(self.search.text())

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for top in self._headings():
            for row in _children(top):
                action = row.data(0, _ACTION)
                english = self._actions.in_english(action) if action is not None else ""
                line = f"{top.text(0)} {row.text(0)} {row.text(1)} {english}".casefold()
                row.setHidden(not all(word in line for word in words))
            top.setHidden(all(row.isHidden() for row in _children(top)))
        if words:
            self._choose_one_shown()

    def _choose_one_shown(self) -> None:
        """Select the first action of the list, unless one that is shown is selected."""
        if self._action is None:
            shown = (row for row in self._rows() if not row.isHidden() and row.data(0, _ACTION) is not None)
            self.tree.setCurrentItem(next(shown, None))  # pyright: ignore[reportArgumentType]

    @property
    def _action(self) -> QAction | None:
        item = self.tree.currentItem()
        return item.data(0, _ACTION) if item is not None and not item.isHidden() else None

    # What is asked and answered

    def _rest(self) -> None:
        """Ask nothing."""
        self._pending = None
        had_keyboard = any(w.hasFocus() for w in (self.capture, self.swap, self.take, self.keep))
        for widget in (self.capture, self.swap, self.take, self.keep):
            widget.hide()
        if had_keyboard:
            self.tree.setFocus()
        action = self._action
        for button in (self.change, self.more, self.none):
            button.setEnabled(action is not None)
        self.own.setEnabled(action is not None and not self._actions.has_own_keys(action))
        self.all_own.setEnabled(any(not self._actions.has_own_keys(a) for a in self._actions.named.values()))
        self.text.setText(tr(_HINT))

    def _ask_key(self, add: bool) -> None:
        action = self._action
        if action is None:
            return
        self._rest()
        self._pending = action, "", add
        self.text.setText(tr(_PRESS).format(action=action.text()))
        self.capture.show()
        self.capture.setFocus()

    def _pressed(self, key: str) -> None:
        if self._pending is None:
            return
        action, _, add = self._pending
        owner = self._actions.owner_of(key, action)
        if owner is None:
            self._give(action, key, add)
            return
        self._rest()
        self._pending = action, key, add
        self.text.setText(tr("{key} is the key of “{action}”.").format(key=readable(key), action=owner.text()))
        mine = self._actions.keys_of(action)
        self.swap.setVisible(not add and bool(mine))
        if mine:
            gets = tr("“{action}” gets {key}").format(action=owner.text(), key=readable(mine[0]))
            self.swap.setToolTip(gets)
        self.take.setToolTip(tr("“{action}” is left without it").format(action=owner.text()))
        self.take.show()
        self.keep.show()
        (self.swap if self.swap.isVisibleTo(self) else self.take).setFocus()

    def _give(self, action: QAction, key: str, add: bool) -> None:
        keys = (*self._actions.keys_of(action), key) if add else (key,)
        self._actions.set_keys({action: tuple(dict.fromkeys(keys))})
        self._changed()

    def _take(self) -> None:
        if self._pending is not None:
            self._give(*self._pending)

    def _swap(self) -> None:
        if self._pending is None:
            return
        action, key, _ = self._pending
        owner = self._actions.owner_of(key, action)
        if owner is not None:
            mine, others = self._actions.keys_of(action), self._actions.keys_of(owner)
            kept = tuple(mine[0] if other == key else other for other in others)
            self._actions.set_keys({action: (key,), owner: kept})
        self._changed()

    def _take_keys(self) -> None:
        if self._action is not None:
            self._actions.set_keys({self._action: ()})
        self._changed()

    def _give_back(self) -> None:
        if self._action is not None:
            self._actions.give_back_keys(self._action)
        self._changed()

    def _give_back_all(self) -> None:
        self._actions.give_back_all_keys()
        self._changed()

    def _changed(self) -> None:
        self._show_keys()
        self._rest()
        self.tree.setFocus()

    def _button(self, text: str, act) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(lambda: act())
        return button


class KeyCapture(QLineEdit):
    """Takes the next key with its modifiers, whatever it would do elsewhere; Esc leaves without one."""

    pressed = Signal(str)  # as Qt's portable text
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setPlaceholderText(tr("Press a key"))
        self.setAccessibleName(tr("The new key"))
        self.setFixedWidth(130)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:  # before Tab moves the keyboard on
            self._take(event)
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.left.emit()

    def _take(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() not in (*_MODIFIERS, Qt.Key.Key_unknown, 0) and not event.isAutoRepeat():
            self.pressed.emit(key_text(event))


def key_text(event: QKeyEvent) -> str:
    """A key press as the text of a shortcut. Shift is left out where it only makes another sign ("?"), and the
    keypad's keys are as good as the others."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    sign = event.text()
    if modifiers & Qt.KeyboardModifier.ShiftModifier and sign.isprintable() and sign.strip() and not sign.isalnum():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    key = event.key()
    if key == Qt.Key.Key_Backtab:
        key = Qt.Key.Key_Tab
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(key))).toString()


def _children(top: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    rows = (top.child(n) for n in range(top.childCount()))
    return [row for row in rows if row is not None]
