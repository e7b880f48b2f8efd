"""A slim bar under the panes for the series that is laid over another: how dense, in which colours and window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

import resources
from viewer.core.colour_maps import COLOUR_MAPS
from viewer.core.display import WindowLevel, load_presets
from viewer.core.events import What
from viewer.core.fusion import Fusion, in_stored_values, usual_window
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.bar_list import BarList
from viewer.gui.fusion_words import window_text
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.workflows import Workflows

_SUV_ENDS = (5.0, 6.0, 10.0, 15.0, 20.0)  # windows from 0 that are read with: OHIF's, Horos', and larger ones
_OPACITY_TIP = QT_TR_NOOP("How dense the upper series is ({Display/Fusion denser}, {Display/Fusion fainter})")
_COLOURS_TIP = QT_TR_NOOP("Colours of the upper series")
_WINDOW_TIP = QT_TR_NOOP("Window of the upper series (Ctrl + drag on a pane)")
_SLIDER_PX = (50, 220)
_NAME_PX = 60
_COLOURS_LETTERS = (5, 11)  # the least that a list has room for, of the widest letters, and what it would have
_WINDOW_LETTERS = (7, 12)  # likewise; "1.23 to 9.77 SUV" for a window that was dragged
_OWN_KEYS = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Space,
)


class FusionBar(QFrame):
    """Shown only while a series lies over the one that is worked on. Whoever listens to the session calls apply() once
    per turn of the event loop. visible and remove are the window's actions, on buttons here."""

    def __init__(self, workflows: Workflows, visible: QAction, remove: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._workflows = workflows
        self._presets = load_presets(resources.path("presets", "window_level.json"))
        self._windows_of: object = None  # whose windows are offered
        self._name = _Shortened()
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setMinimumWidth(_NAME_PX)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setMinimumWidth(_SLIDER_PX[0])
        self.opacity.setMaximumWidth(_SLIDER_PX[1])
        self.opacity.setAccessibleName(tr("Opacity of the fusion"))
        self.opacity.valueChanged.connect(lambda percent: self._session.set_fusion_opacity(percent / 100))
        self._percent = QLabel()
        self._percent.setMinimumWidth(self._percent.fontMetrics().horizontalAdvance("100 %"))
        self.colours = BarList()
        self.colours.setAccessibleName(tr("Colours of the fusion"))
        for colour_map, text in COLOUR_MAPS.items():
            self.colours.addItem(tr(text.partition(":")[0]), colour_map)
        self.colours.activated.connect(lambda _: self._session.set_fusion_colour_map(self.colours.currentData()))
        self.window_choice = BarList()
        self.window_choice.setAccessibleName(tr("Window of the fusion"))
        self.window_choice.activated.connect(self._window_chosen)
        for box in (self.colours, self.window_choice):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.colours.setMinimumWidth(_wide_for(self.colours, _COLOURS_LETTERS[0]))
        self.colours.setMinimumContentsLength(_COLOURS_LETTERS[1])
        self._window_px, self._roomy_window_px = (_wide_for(self.window_choice, n) for n in _WINDOW_LETTERS)
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for part in (self.opacity, self.colours, self.window_choice):
            part.installEventFilter(self)
        self._rows = (QHBoxLayout(), QHBoxLayout())
        first, second = self._rows
        first.addWidget(_button(visible))
        first.addWidget(self._name, 1)
        second.addWidget(self.opacity, 1)
        second.addWidget(self._percent)
        second.addWidget(self.colours)
        second.addWidget(self.window_choice)
        self._remove = _button(remove)
        second.addWidget(self._remove)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(6, 2, 6, 2)
        for row in self._rows:
            self._layout.addLayout(row, 1)
        self.apply(What.SERIES)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self.opacity.setToolTip(with_keys(tr(_OPACITY_TIP), self.window()))

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if what & (What.FUSION | What.SERIES):
            fusion = self._session.fusion
            self.setVisible(fusion is not None)
            if fusion is not None:
                self._show(fusion)
            else:
                self._windows_of = None  # or it would keep the volume's memory

    def minimumSizeHint(self) -> QSize:
        """That of two rows, which it takes where one has no room."""
        margins, spare = self._layout.contentsMargins(), self.window_choice.minimumWidth() - self._window_px
        first, second = self._least_px()
        wide = max(first, second - spare) + margins.left() + margins.right()
        return QSize(wide, super().minimumSizeHint().height())

    def _least_px(self) -> tuple[int, int]:
        """How wide both rows are at least, now: they remember what was asked of their parts before."""
        first, second = self._rows
        for row in self._rows:
            row.invalidate()
        return first.minimumSize().width(), second.minimumSize().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        margins = self._layout.contentsMargins()
        room = event.size().width() - margins.left() - margins.right() - self._layout.spacing()
        self.window_choice.setMinimumWidth(self._roomy_window_px)
        fits = sum(self._least_px()) <= room
        if not fits:
            self.window_choice.setMinimumWidth(self._window_px)
        way = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if way != self._layout.direction():
            self._layout.setDirection(way)
            first, second = self._rows  # the upper of two has the more room
            if fits:
                second.insertWidget(1, self._percent)
            else:
                first.addWidget(self._percent)
            (second if fits else first).addWidget(self._remove)
            self.updateGeometry()
        if not fits:
            roomy = self._least_px()[1] - self._window_px + self._roomy_window_px <= room
            self.window_choice.setMinimumWidth(self._roomy_window_px if roomy else self._window_px)
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that a slider or a list needs are no commands of the panes while it has the keyboard."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() in _OWN_KEYS:
            event.accept()
        return event.isAccepted()

    def _show(self, fusion: Fusion) -> None:
        name = " · ".join(part for part in (tr(fusion.name), fusion.series.description) if part)
        self._name.setText(name)
        self._name.setToolTip(name)
        percent = round(100 * fusion.opacity)
        self._percent.setText(f"{percent} %")
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(percent)
        self.colours.setCurrentIndex(self.colours.findData(fusion.colour_map))
        self.window_choice.setEnabled(fusion.colour_map != "masks")
        if self._windows_of is not fusion.series:
            self._windows_of = fusion.series
            self._offer_windows(fusion)
        windows = [self.window_choice.itemData(n) for n in range(1, self.window_choice.count())]
        self.window_choice.setItemText(0, window_text(fusion))
        self.window_choice.setCurrentIndex(windows.index(fusion.window) + 1 if fusion.window in windows else 0)
        for box, tip in ((self.colours, _COLOURS_TIP), (self.window_choice, _WINDOW_TIP)):
            box.setToolTip(f"{box.currentText()}\n{tr(tip)}")  # where there is little room it is written in part

    def _offer_windows(self, fusion: Fusion) -> None:
        """First the window that is in force, whatever it is; then those that suit the modality, and the first one."""
        offered: list[tuple[str, WindowLevel]] = []
        if fusion.volume.suv_factor:
            for end in _SUV_ENDS:
                window = in_stored_values(WindowLevel(end / 2, end, "LINEAR_EXACT"), fusion.volume)
                offered.append((tr("SUV 0 to {end:g}").format(end=end), window))
        else:
            offered.append((tr("As at first"), usual_window(fusion.series, fusion.volume)))
            presets = self._presets.get(fusion.series.modality, ())
            offered += [(tr(preset.name), preset.window) for preset in presets]
        self.window_choice.clear()
        self.window_choice.addItem("", None)
        for text, window in offered:
            self.window_choice.addItem(text, window)

    def _window_chosen(self, number: int) -> None:
        window = self.window_choice.itemData(number)
        if window is not None:
            self._session.set_fusion_window(window)


def _wide_for(box: QComboBox, letters: int) -> int:
    """How wide a list is that has room for so many of the widest letters, in pixels. It hints at it afterwards."""
    box.setMinimumContentsLength(letters)
    return box.sizeHint().width()


class _Shortened(QLabel):
    """A line of text that ends in an ellipsis where there is no room for all of it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
