"""The label table and the slices that a person has confirmed, with room for what draws labels between them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QColorDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.geometry import PLANES, Plane, plane_axes
from viewer.core.label_sizes import LabelSize
from viewer.core.labels import OKABE_ITO, Label
from viewer.core.painting import Box
from viewer.core.session import ConfirmedSlice, Session
from viewer.gui.actions import OBLIQUE_CONFIRM, READ_ONLY, icon
from viewer.gui.code_dialog import CodeDialog
from viewer.gui.icons import swatch
from viewer.gui.kept_keys import keep_keys
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import is_picture, plane_name
from viewer.gui.question import agreed
from viewer.gui.scrolled import scrolled
from viewer.gui.slice_map import SliceMap
from viewer.gui.style import theme
from viewer.io.label_lists import read_label_list, write_label_list
from viewer.jobs import Job
from viewer.workflows import Workflows

_MEASURE_AFTER_MS = 500
_TABLE_PX = 110  # at least; on a small screen the panel scrolls
_CONFIRM_TIP = QT_TR_NOOP(
    "Training learns from confirmed slices: everything on them is as it should be ({Labels/Confirm the slice})"
)
_OPACITY_TIP = QT_TR_NOOP("How strongly labels cover the image; {Display/Show labels} hides and shows them")
_VALUE = Qt.ItemDataRole.UserRole
_LOCK = 3  # the column
_LOCK_IT = QT_TR_NOOP("Have no tool and no model change it")
_UNLOCK = QT_TR_NOOP("Let tools and models change it")
_OPACITIES = (100, 75, 50, 25, 10)  # percent of that of all labels
_NAME = Qt.ItemDataRole.UserRole + 1  # of the label, by which its sizes are known


class LabelPanel(QWidget):
    """Shows the session's labels with their volumes in ml, and the confirmed slices."""

    finished = Signal()  # a label or a size was chosen: the keyboard is no longer needed here
    refused = Signal(str)  # why a change cannot be made, a sentence

    def __init__(self, workflows: Workflows, active_plane: Callable[[], Plane], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows, self._active_plane = workflows, active_plane
        self._sizes: dict[str, LabelSize] = {}
        self._measuring: Job | None = None
        self._shown_labels: tuple[Label, ...] = ()
        self._map_axis = 2  # the slices that the map shows
        self.table = QTreeWidget(columnCount=4)
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels([tr("Label"), "ml", "⌀ mm", ""])
        self.table.headerItem().setToolTip(2, tr("Longest diameter in any direction, over all parts of the label"))
        self.table.headerItem().setToolTip(_LOCK, tr("A locked label is changed by no tool and no model"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName(tr("Labels"))
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, _LOCK):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.currentItemChanged.connect(self._chosen)
        self.table.itemChanged.connect(self._changed)
        self.table.itemClicked.connect(self._clicked)
        self.table.itemDoubleClicked.connect(self._edit)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.new_label = QPushButton(tr("New label"))
        self.new_label.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.new_label.clicked.connect(self._add)
        self.lists = QPushButton(tr("Lists"))
        self.lists.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.lists.setToolTip(tr("Names, colours and codes of labels, to be used again in other studies"))
        menu = QMenu(self.lists)
        menu.addAction(tr("Save the list of labels…"), self._save_list)
        menu.addAction(tr("Use a list of labels…"), self._use_list)
        self.lists.setMenu(menu)

        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(lambda percent: self._session.hand.set_overlay(opacity=percent / 100))
        self.confirm = QPushButton()
        self.confirm.setCheckable(True)
        self.confirm.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.confirm.clicked.connect(lambda: self._session.toggle_confirmed(self._active_plane()))
        self._progress = QLabel()
        self.slice_map = SliceMap()
        self.slice_map.chosen.connect(lambda index: self._session.go_to_slice(self._active_plane(), index))
        self.confirmed = QListWidget()
        self.confirmed.setMaximumHeight(76)
        self.confirmed.setAccessibleName(tr("Confirmed slices"))
        self.confirmed.itemClicked.connect(self._go_to)
        self.confirmed.setMouseTracking(True)
        self.confirmed.itemEntered.connect(self._tell_who)
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("dimmed", True)

        content = QWidget()
        self._column = layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        self.table.setMinimumHeight(_TABLE_PX)
        self.table.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored
        )  # what is left, at least that
        layout.addWidget(self.table, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new_label, 1)
        buttons.addWidget(self.lists)
        layout.addLayout(buttons)
        looks = QHBoxLayout()
        looks.addWidget(QLabel(tr("Opacity")))
        looks.addWidget(self.opacity, 1)
        layout.addLayout(looks)
        layout.addWidget(self.confirm)
        layout.addWidget(self.hint)
        layout.addWidget(self._progress)
        layout.addWidget(self.slice_map)
        layout.addWidget(self.confirmed)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(content))

        self._measure_soon = QTimer(self, singleShot=True, interval=_MEASURE_AFTER_MS)
        self._measure_soon.timeout.connect(self._measure)
        self.apply(What.SERIES)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Show diameters only where the names of labels leave room for them."""
        table = self.table
        wanted = sum(table.sizeHintForColumn(n) for n in range(table.columnCount()))
        table.setColumnHidden(2, wanted > table.viewport().width())

    def add_tools(self, tools: QWidget) -> None:
        """Put what draws the labels below their table."""
        self._column.insertWidget(self._column.indexOf(self.confirm), tools)

    def add_below(self, widget: QWidget) -> None:
        """Put another part at the foot of the panel."""
        self._column.addWidget(widget)

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        session = self._session
        opened = session.volume is not None
        if what & What.SERIES:
            self._sizes = {}
        if what & What.SERIES or session.labels != self._shown_labels:  # else a name may be being written
            self._fill_table()
        if what & (What.SERIES | What.LABELS | What.LABEL_TABLE):
            self._measure_soon.start()
        if what & (What.SERIES | What.TOOL):
            self._show_active()
        if what & (What.SERIES | What.DISPLAY):
            with QSignalBlocker(self.opacity):
                self.opacity.setValue(round(100 * session.hand.overlay_opacity))
        if what & (What.SERIES | What.CONFIRMED):
            self._fill_confirmed()
        seen = What.CONFIRMED | What.CURSOR | What.TOOL | What.VOXELS | What.LABELS | What.MEASUREMENTS
        if what & (What.SERIES | seen):
            self.show_plane()
        self.table.setEnabled(opened)
        self.new_label.setEnabled(session.editable)
        self.lists.setEnabled(session.editable)

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self.opacity.setToolTip(with_keys(tr(_OPACITY_TIP), self.window()))
        self.show_plane()

    def show_plane(self) -> None:
        """Name the slice that the button would confirm."""
        session, plane = self._session, self._active_plane()
        opened = session.volume is not None
        done = opened and session.is_confirmed(plane)
        oblique = opened and session.is_oblique(plane)
        self.confirm.setEnabled(session.editable and not oblique)
        tip = tr(READ_ONLY if session.read_only else OBLIQUE_CONFIRM if oblique else _CONFIRM_TIP)
        self.confirm.setToolTip(with_keys(tip, self.window()))
        self.confirm.setChecked(done)
        number = ""
        if session.volume is not None and not oblique:
            axis = plane_axes(session.volume.geometry, plane).normal
            number = f" {session.cursor_ijk[axis] + 1}"
        if is_picture(session):
            text = tr("Image{number} is confirmed") if done else tr("Confirm image{number}")
        else:
            text = tr("{plane} slice{number} is confirmed") if done else tr("Confirm {in_plane} slice{number}")
        self._show_progress(plane)
        self.confirm.setText(text.format(plane=plane_name(plane), in_plane=tr(plane), number=number))
        self._show_hint(plane)

    def _show_progress(self, plane: Plane) -> None:
        """How many slices of the plane are confirmed, and where."""
        session = self._session
        shown = session.volume is not None and not session.is_oblique(plane)
        axis = plane_axes(session.volume.geometry, plane).normal if session.volume is not None else 0
        count = session.volume.geometry.size[axis] if session.volume is not None and shown else 0
        done = frozenset(index for of, index in session.confirmed if of == axis)
        known = count > 1 and not session.loading  # earlier work comes with the last slice
        self._progress.setVisible(known)
        self.slice_map.setVisible(known)
        words = tr("{done} of {count} {in_plane} slices confirmed")
        self._progress.setText(words.format(done=len(done), count=count, in_plane=tr(plane)))
        self.slice_map.show_slices(count, session.cursor_ijk[axis], done)
        if axis != self._map_axis:
            self._map_axis = axis
            self._look_for_labels()

    def _look_for_labels(self) -> None:
        """Have the map show which slices have labels."""
        axis = self._map_axis
        self._workflows.find_labelled_slices(axis, lambda labelled: self._labelled(axis, labelled))

    def _labelled(self, axis: int, labelled: NDArray[np.bool_]) -> None:
        if axis == self._map_axis:
            self.slice_map.show_labelled(labelled)

    def _fill_table(self) -> None:
        self._shown_labels = self._session.labels
        if [row.data(0, _VALUE) for row in self._rows()] == [label.value for label in self._session.labels]:
            shown_at = self.table.verticalScrollBar().value()  # the same labels: stay where a person has scrolled to
        else:
            shown_at = 0
        with QSignalBlocker(self.table):
            self.table.clear()
            for label in self._session.labels:
                item = QTreeWidgetItem([tr(label.name), "", ""])
                item.setData(0, _VALUE, label.value)
                item.setData(0, _NAME, label.name)
                item.setIcon(0, swatch(label.colour))
                item.setCheckState(0, Qt.CheckState.Checked if label.visible else Qt.CheckState.Unchecked)
                code = f"{label.code[2]} ({label.code[1]} {label.code[0]})" if label.code else tr("no code")
                hint = tr("Alt + click: show only this one")
                item.setToolTip(0, "\n".join((tr(label.name), code, hint)))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                item.setIcon(_LOCK, icon("lock" if label.locked else "lock-open-variant-outline"))
                state, tip = (tr("locked"), tr(_UNLOCK)) if label.locked else (tr("not locked"), tr(_LOCK_IT))
                item.setData(_LOCK, Qt.ItemDataRole.AccessibleTextRole, state)
                item.setToolTip(_LOCK, tip)
                for column in (1, 2):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.addTopLevelItem(item)
            self._write_sizes()
        self._show_active()
        self._make_room()
        self.table.verticalScrollBar().setValue(shown_at)

    def _show_active(self) -> None:
        with QSignalBlocker(self.table):
            for item in self._rows():
                if item.data(0, _VALUE) == self._session.active_label:
                    self.table.setCurrentItem(item)

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.table.topLevelItem(n) for n in range(self.table.topLevelItemCount()))
        return [row for row in rows if row is not None]

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._session.choose_label(item.data(0, _VALUE))

    def _label_of(self, item: QTreeWidgetItem) -> Label:
        return next(label for label in self._session.labels if label.value == item.data(0, _VALUE))

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column != 0:
            return
        label, visible, name = self._label_of(item), item.checkState(0) == Qt.CheckState.Checked, item.text(0).strip()
        if visible != label.visible and _alt():
            QTimer.singleShot(0, self._fill_table)  # the click shows this one alone
        elif visible != label.visible:
            self._session.show_label(label.value, visible)
        elif name != tr(label.name):
            self._change(replace(label, name=name))
            self.finished.emit()

    def _change(self, label: Label) -> None:
        try:
            self._session.change_label(label)
        except ValueError as error:
            self.refused.emit(said(str(error)))
            QTimer.singleShot(0, self._fill_table)  # an editor of the table may still be closing

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        label = self._label_of(item)
        if column == 0 and _alt():
            self._session.show_only(label.value)
        if column == _LOCK:
            self._session.lock_label(label.value, not label.locked)
        if self.table.findChild(QLineEdit) is None:  # a double click on a name, which is being written
            self.finished.emit()

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0 and self._session.editable:
            self.table.editItem(item, 0)

    def _show_menu(self, at: QPoint) -> None:
        item = self.table.itemAt(at)
        if item is None:
            return
        label = self._label_of(item)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        session = self._session
        for text, act in (
            (tr("Rename…"), lambda: self.table.editItem(item, 0)),
            (tr("Colour…"), lambda: self._choose_colour(label)),
            (tr("Code…"), lambda: self._choose_code(label)),
        ):
            menu.addAction(text, act).setEnabled(session.editable)
        menu.addSeparator()
        alone = [other.value for other in session.labels if other.visible] == [label.value]
        menu.addAction(tr("Show all") if alone else tr("Show only this"), lambda: session.show_only(label.value))
        self._add_opacities(menu.addMenu(tr("Opacity on slices")), label)
        text = tr("Unlock") if label.locked else tr("Lock")
        menu.addAction(text, lambda: session.lock_label(label.value, not label.locked))
        menu.addSeparator()
        removable = session.editable and not label.locked and len(session.labels) > 1
        merge = menu.addMenu(tr("Merge into"))
        merge.setEnabled(removable)
        for other in session.labels:
            if other.value != label.value:
                row = merge.addAction(swatch(other.colour), tr(other.name).replace("&", "&&"))
                row.triggered.connect(lambda checked=False, into=other.value: self._merge(label, into))
                row.setEnabled(not other.locked)
        menu.addAction(tr("Delete"), lambda: self._delete(label)).setEnabled(removable)
        keep_keys(menu)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _add_opacities(self, menu: QMenu, label: Label) -> None:
        for percent in _OPACITIES:
            action = menu.addAction(f"{percent} %")
            action.setCheckable(True)
            action.setChecked(round(100 * label.opacity) == percent)
            action.triggered.connect(
                lambda checked=False, percent=percent: self._session.set_label_opacity(label.value, percent / 100)
            )

    def _merge(self, label: Label, into: int) -> None:
        self._workflows.editing.give_label_away(label.value, into)

    def _delete(self, label: Label) -> None:
        question = tr("Delete the label {name}? Its voxels will be no label's. Undo brings them back.")
        self._workflows.editing.give_label_away(
            label.value, 0, lambda: agreed(self.window(), question.format(name=tr(label.name)))
        )

    def _choose_code(self, label: Label) -> None:
        dialog = CodeDialog(label, self._change, self.window())
        dialog.finished.connect(self.finished)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _save_list(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the list of labels"), "labels.json", tr("Lists (*.json)"))
        if name:
            labels = self._session.labels
            self._workflows.jobs.submit(
                tr("Saving the list of labels"),
                lambda job: write_label_list(Path(name), labels),
                failed=lambda message: self.refused.emit(said(message)),
            )

    def _use_list(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("Use a list of labels"), "", tr("Lists (*.json)"))
        if name:
            self.use_list(Path(name))

    def use_list(self, path: Path) -> None:
        """Add the labels of a file to the table."""
        session = self._session

        def use(labels: tuple[Label, ...]) -> None:
            try:
                session.use_table(labels)
            except ValueError as error:
                self.refused.emit(said(str(error)))

        self._workflows.jobs.submit(
            tr("Reading a list of labels"),
            lambda job: read_label_list(path),
            use,
            lambda message: self.refused.emit(said(message)),
        )

    def _choose_colour(self, label: Label) -> None:
        colour = QColorDialog.getColor(QColor(*label.colour), self, tr("Colour of {name}").format(name=tr(label.name)))
        if colour.isValid():
            self._change(replace(label, colour=(colour.red(), colour.green(), colour.blue())))

    def _add(self) -> None:
        """A label with the next name, which can be changed at once, and the colour that is least like any other."""
        labels = self._session.labels
        names = {tr(label.name) for label in labels}
        numbered = tr("Region {number}")
        number = next(n for n in itertools.count(len(labels) + 1) if numbered.format(number=n) not in names)
        apart = {colour: min(math.dist(colour, label.colour) for label in labels) for colour in OKABE_ITO}
        colour = max(OKABE_ITO, key=lambda colour: apart[colour])
        try:
            self._session.add_label(numbered.format(number=number), colour)
        except ValueError as error:
            self.refused.emit(said(str(error)))
            return
        self._fill_table()
        item = self._rows()[-1]
        self.table.scrollToItem(item)
        self.table.editItem(item, 0)

    def _measure(self) -> None:
        if self._measuring is not None:
            self._measuring.cancel()  # what it counts is no longer there
        self._measuring = self._workflows.measure_labels(self._measured)
        self._look_for_labels()

    def _measured(self, sizes: dict[str, LabelSize]) -> None:
        self._sizes = sizes
        with QSignalBlocker(self.table):
            self._write_sizes()
        self._make_room()

    def _write_sizes(self) -> None:
        for item in self._rows():
            size = self._sizes.get(item.data(0, _NAME))
            ml, mm = (size.volume_ml, size.longest_mm) if size is not None else (0.0, 0.0)
            digits = 0 if ml >= 1000 else 1 if ml >= 0.1 else 4  # a small lesion is not nothing
            item.setText(1, "" if ml == 0 else f"{ml:.{digits}f}")
            item.setText(2, "" if mm == 0 else f"{mm:.1f}")
            item.setToolTip(1, "" if mm == 0 else f"⌀ {mm:.1f} mm")

    def _fill_confirmed(self) -> None:
        session = self._session
        self.confirmed.clear()
        planes: dict[int, Plane] = {}
        if session.volume is not None:
            planes = {plane_axes(session.volume.geometry, plane).normal: plane for plane in PLANES}
        for one in sorted(session.confirmed, reverse=True):
            text = tr("✓ Image {number}") if is_picture(session) else tr("✓ {plane} slice {number}")
            text = text.format(plane=plane_name(planes[one[0]]), number=one[1] + 1)
            item = QListWidgetItem(text)
            item.setForeground(theme().good)
            item.setData(_VALUE, one)
            item.setToolTip(tr("Click to go there"))
            self.confirmed.addItem(item)
        count = len(session.confirmed)
        self.confirmed.setVisible(count > 0)

    def _tell_who(self, item: QListWidgetItem) -> None:
        """Have the tooltip say by whom and when a slice was confirmed, as soon as that is written."""
        name, moment = self._workflows.confirmations().get(item.data(_VALUE), ("", ""))
        words = tr("Click to go there")
        if name and moment:
            day = datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
            words = f"{tr('Confirmed by {name}, {day}').format(name=name, day=day)}\n{words}"
        item.setToolTip(words)

    def _show_hint(self, plane: Plane) -> None:
        """What confirming this slice says."""
        session = self._session
        plain = session.editable and not session.is_oblique(plane) and not session.painting
        if session.read_only:
            text = tr(READ_ONLY)
        elif not plain or session.has_labels(plane) or session.has_boxes(plane):
            text = tr("Training learns from confirmed slices.")
        elif session.is_confirmed(plane):
            text = tr("Confirmed: nothing is here.")
        else:
            text = tr("Confirming says: nothing is here.")
        self.hint.setText(text)

    def _go_to(self, item: QListWidgetItem) -> None:
        one: ConfirmedSlice = item.data(_VALUE)
        cursor = list(self._session.cursor_ijk)
        cursor[one[0]] = one[1]
        self._session.move_cursor((cursor[0], cursor[1], cursor[2]))


def _alt() -> bool:
    return bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier)
