"""What was measured on the open series: a table, and a plot of the row that is selected."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.geometry import PLANES, plane_axes
from viewer.core.measuring import REGIONS, Measurement, histogram, line_profile, region_values
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import READ_ONLY
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.measure_drawing import NAMES, found_words, short_value, value_words
from viewer.gui.plots import dress_plot, plots_are_loaded, quiet_plot
from viewer.gui.style import theme
from viewer.gui.where_to_save import ask_where
from viewer.workflows import Workflows

if TYPE_CHECKING:
    import pyqtgraph as pg

_SHORT = {"axial": QT_TR_NOOP("Ax"), "coronal": QT_TR_NOOP("Cor"), "sagittal": QT_TR_NOOP("Sag")}
_NUMBER = Qt.ItemDataRole.UserRole
_COLUMNS = (QT_TR_NOOP("Kind"), QT_TR_NOOP("Value"), QT_TR_NOOP("Slice"), QT_TR_NOOP("Text"))
_TEXT = _COLUMNS.index("Text")
_HINT = QT_TR_NOOP(
    "Draw on a picture: {Measuring/Length} length, {Measuring/Angle} angle, {Measuring/Ellipse} ellipse, "
    "{Measuring/Freehand} freehand; the other tools are in the menu Measure."
)


class MeasurePanel(QWidget):
    """Lists the session's measurements. A click goes to one, Del deletes it, a double click on its text writes."""

    finished = Signal()  # the keyboard is no longer needed here
    exported = Signal(str)  # a sentence

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self._plotted: tuple[object, ...] = ()
        self._until_loaded = QTimer(self, singleShot=True, interval=30)
        self._until_loaded.timeout.connect(self._show_plot)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels([tr(name) for name in _COLUMNS])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.table.setAccessibleName(tr("Measurements"))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_TEXT, QHeaderView.ResizeMode.Stretch)
        self.table.itemClicked.connect(self._clicked)
        self.table.currentItemChanged.connect(self._current_changed)
        self.table.itemChanged.connect(self._written)
        self.table.installEventFilter(self)
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("dimmed", True)
        self.delete = QPushButton(tr("Delete"))
        self.delete.clicked.connect(self._delete)
        self.export = QPushButton(tr("Export CSV"))
        menu = QMenu(self.export)
        self.export_action = menu.addAction(tr("Measurements alone…"), lambda: self._export(False))
        self.export_described_action = menu.addAction(tr("With the series' description…"), lambda: self._export(True))
        self.export.setMenu(menu)
        self.export.setToolTip(tr("The measurements and the sizes of labels as a table; never with the patient's name"))
        for button in (self.delete, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        buttons = QHBoxLayout()
        buttons.addWidget(self.delete)
        buttons.addWidget(self.export)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.table, 3)
        layout.addWidget(self.hint)
        layout.addLayout(buttons)
        self.apply(What.SERIES)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        session = self._session
        if what & (What.SERIES | What.MEASUREMENTS):
            self._fill()
            self._show_plot()
        if what & What.TOOL and (session.hand.tool in REGIONS or session.hand.tool == "profile"):
            plots_are_loaded()  # there will soon be one
        if what & (What.SERIES | What.MEASUREMENTS | What.TOOL | What.VOXELS):
            self.delete.setEnabled(session.editable and session.selected is not None)
            self.delete.setToolTip(tr(READ_ONLY) if session.read_only else "")
            self.export.setEnabled(session.volume is not None and not session.loading)
            self.show_keys()
            self.hint.setVisible(session.read_only or not session.measurements)

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self.hint.setText(with_keys(tr(READ_ONLY if self._session.read_only else _HINT), self.window()))

    @cached_property
    def plot(self) -> pg.PlotWidget:
        """Under the table; made when there is first something to draw."""
        plot = quiet_plot(120)
        plot.hide()
        self._layout.insertWidget(self._layout.indexOf(self.hint) + 1, plot, 2)
        return plot

    def dress(self) -> None:
        """Draw the plot in the colours of the theme."""
        if "plot" in vars(self):
            dress_plot(self.plot)
            self._plotted = ()
            self._show_plot()

    def edit_text(self) -> None:
        """Let a person write to the selected measurement in its row."""
        row = self._row_of(self._session.selected)
        item = self.table.item(row, _TEXT) if row is not None else None
        if item is not None:
            self.table.setFocus()
            self.table.editItem(item)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Return in the table gives the keyboard back to the panes."""
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if watched is self.table and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit()
            return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _fill(self) -> None:
        session = self._session
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(session.measurements) if session.volume is not None else 0)
            for row in range(self.table.rowCount()):
                measurement = session.measurements[row]
                values = session.values_of(measurement)
                words = "\n".join((*value_words(measurement, values), *found_words(measurement)))
                cells = (tr(NAMES[measurement.kind]), short_value(measurement, values), self._slice(measurement))
                for column, text in enumerate((*cells, measurement.text)):
                    item = QTableWidgetItem(text)
                    item.setData(_NUMBER, measurement.number)
                    item.setToolTip("\n".join(x for x in (measurement.text, words) if x))
                    writable = column == _TEXT and session.editable
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable if not writable else item.flags())
                    self.table.setItem(row, column, item)
            selected = self._row_of(session.selected)
            if selected is None:
                self.table.clearSelection()
                self.table.setCurrentCell(-1, -1)
            else:
                self.table.setCurrentCell(selected, max(self.table.currentColumn(), 0))

    def _slice(self, measurement: Measurement) -> str:
        volume = self._session.volume
        assert volume is not None
        if measurement.spread is not None:
            return tr("Oblique")
        if not measurement.on_one_slice:
            return tr("Several")
        number = f"{measurement.slice_index + 1}"
        if len(self._session.planes) < 2:
            return number
        planes = {plane_axes(volume.geometry, plane).normal: plane for plane in PLANES}
        return f"{tr(_SHORT[planes[measurement.normal]])} {number}"

    def _row_of(self, number: int | None) -> int | None:
        numbers = [measurement.number for measurement in self._session.measurements]
        return numbers.index(number) if number in numbers else None

    def _clicked(self, item: QTableWidgetItem) -> None:
        self._session.go_to_measurement(item.data(_NUMBER))

    def _current_changed(self, item: QTableWidgetItem | None) -> None:
        if item is not None:
            self._session.go_to_measurement(item.data(_NUMBER))

    def _written(self, item: QTableWidgetItem) -> None:
        found = self._session.measurement(item.data(_NUMBER))
        if item.column() == _TEXT and found is not None:
            text = item.text().strip()
            if text or found.kind != "text":
                self._session.change_measurement(replace(found, text=text))
            else:
                item.setText(found.text)  # a text without words would be nothing

    def _delete(self) -> None:
        if self._session.selected is not None:
            self._session.delete_measurement(self._session.selected)

    def _export(self, with_description: bool) -> None:
        answer = ask_where(self, tr("Export measurements"), "measurements", {tr("Tables (*.csv)"): ".csv"})
        if answer is not None:
            saved = tr("Saved {path}").format(path=answer[0])
            self._workflows.export_measurements(answer[0], with_description, lambda: self.exported.emit(saved))

    def _show_plot(self) -> None:
        """The histogram of a region, or the values along a profile."""
        session = self._session
        found = session.measurement(session.selected)
        drawn = found is not None and (found.kind in REGIONS or found.kind == "profile")
        colour = session.volume is None or session.volume.colour
        if found is None or session.volume is None or session.series is None or not drawn or colour:
            self._plotted = ()
            if "plot" in vars(self):
                self.plot.hide()
            return
        if not plots_are_loaded():
            self._until_loaded.start()
            return
        self.plot.show()
        wanted = (found.kind, found.points, session.volume)
        if wanted == self._plotted:
            return
        self._plotted = wanted
        import pyqtgraph as pg

        colours = theme()
        self.plot.clear()
        unit = f" ({session.volume.unit})" if session.volume.unit else ""
        if found.kind == "profile":
            along, values = line_profile(found, session.volume, session.series)
            self.plot.plot(along, values, pen=pg.mkPen(colours.accent, width=1.6), connect="finite", antialias=True)
            unit_of_length = session.values_of(found).length_unit
            title = tr("<b>Profile</b>: values{unit} along {length_unit}")
            self.plot.setTitle(title.format(unit=unit, length_unit=tr(unit_of_length)), color=colours.text, size="8pt")
        else:
            values = region_values(found, session.volume)
            counts, edges = histogram(values if values is not None else np.zeros(0))
            fill = pg.mkColor(colours.accent)
            fill.setAlpha(110)
            self.plot.plot(edges, counts, stepMode="center", fillLevel=0, brush=fill, pen=pg.mkPen(colours.accent))
            title = tr("<b>Histogram</b>: voxels over values{unit}").format(unit=unit)
            self.plot.setTitle(title, color=colours.text, size="8pt")
        self.plot.autoRange()
