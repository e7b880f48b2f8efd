"""The tools that draw labels, beside the table of labels, and the settings of the one that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.hand import BRUSH_RADIUS_RANGE_MM, LABELLING
from viewer.core.painting import Box
from viewer.gui.actions import READ_ONLY, Actions
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.threshold import MaskingRow
from viewer.workflows import Workflows

WHOLE_LABEL = (  # commands that change all of a label at once; an empty one is a line
    "Labels/Grow from seeds",
    "Labels/Threshold…",
    "",
    "Labels/Fill between the slices of the active plane",
    "Labels/Fill holes in the label",
    "Labels/Keep the largest part of the label",
    "Labels/Shape of the label…",
    "Labels/Combine with another label…",
)
_COLUMNS = 5
_FIELD_PX = 78  # two beside each other in the narrowest panel
_RADIUS_TIP = QT_TR_NOOP(
    "Radius of brush and eraser; also {Labels/Smaller brush} and {Labels/Larger brush}, or Shift + wheel over a pane"
)
_SHAPE_TIP = QT_TR_NOOP(
    "A disc draws on the shown plane, a sphere in the slices around it, too ({Labels/Brush as a sphere})"
)
_CHOOSE = QT_TR_NOOP("Choose a tool to draw the chosen label with.")


class DrawingTools(QWidget):
    """Whoever listens to the session calls apply() once per turn of the event loop."""

    finished = Signal()  # something was chosen: the keyboard is no longer needed here

    def __init__(self, commands: Actions, workflows: Workflows) -> None:
        super().__init__()
        self._commands, self._workflows = commands, workflows
        hand = workflows.session.hand
        grid = QGridLayout()
        grid.setSpacing(2)
        drawing = [commands.tools[tool] for tool in LABELLING]
        for n, action in enumerate((*drawing, commands.named["Labels/Grow from seeds"])):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(button, *divmod(n, _COLUMNS))
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("dimmed", True)

        self.radius = QDoubleSpinBox(decimals=1, singleStep=0.5, suffix=" mm")
        self.radius.setRange(*BRUSH_RADIUS_RANGE_MM)
        self.radius.valueChanged.connect(hand.set_brush_radius)
        self.radius.editingFinished.connect(self.finished)
        self.shape = QComboBox()
        self.shape.setAccessibleName(tr("Shape of the brush"))
        for shape, text in (("disc", tr("Disc")), ("sphere", tr("Sphere"))):
            self.shape.addItem(text, shape)
        self.shape.activated.connect(lambda: hand.set_brush_shape(self.shape.currentData()))
        self.shape.activated.connect(self.finished)
        self._radius_name = QLabel(tr("Radius"))
        self._radius_name.setBuddy(self.radius)
        settings = QGridLayout()
        settings.addWidget(self._radius_name, 0, 0)
        of_brush = QHBoxLayout()
        for widget in (self.radius, self.shape):
            widget.setMinimumWidth(_FIELD_PX)
        of_brush.addWidget(self.radius, 1)
        of_brush.addWidget(self.shape, 1)
        settings.addLayout(of_brush, 0, 1)
        settings.setColumnStretch(1, 1)
        self.masking = MaskingRow(settings, 1, lambda: workflows.session)
        self.masking.chosen.connect(self.finished)

        whole = QPushButton(tr("Change the whole label"))
        whole.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(whole)
        for name in WHOLE_LABEL:
            if name:
                menu.addAction(commands.named[name])
            else:
                menu.addSeparator()
        whole.setMenu(menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addWidget(self.hint)
        column.addLayout(settings)
        column.addWidget(whole)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show which tool is chosen and how it draws."""
        session = self._workflows.session
        hand = session.hand
        if what & (What.SERIES | What.TOOL):
            with QSignalBlocker(self.radius), QSignalBlocker(self.shape):
                self.radius.setValue(hand.brush_radius_mm)
                self.shape.setCurrentIndex(self.shape.findData(hand.brush_shape))
            for widget in (self._radius_name, self.radius, self.shape):
                widget.setEnabled(not session.read_only)
                widget.setVisible(hand.tool in ("brush", "eraser"))
            self.show_keys()
        if what & (What.SERIES | What.TOOL | What.LABEL_TABLE | What.VOXELS):
            self.masking.apply(what)

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        session, window = self._workflows.session, self.window()
        tool = session.hand.tool
        self.hint.setText(self._commands.explained(self._commands.tools[tool]) if tool in LABELLING else tr(_CHOOSE))
        for widget, tip in ((self.radius, _RADIUS_TIP), (self.shape, _SHAPE_TIP)):
            widget.setToolTip(with_keys(tr(READ_ONLY if session.read_only else tip), window))
