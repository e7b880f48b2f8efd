"""What has been opened, by patient, study and series: the left side of the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.study import Series
from viewer.gui.overlay import iso_date, person_name
from viewer.gui.style import BORDER, VIEWPORT
from viewer.io.library import THUMBNAIL_PIXELS
from viewer.workflows import Workflows

_ICON_PX = 52
_UID = Qt.ItemDataRole.UserRole
_WORDS = Qt.ItemDataRole.UserRole + 1  # what the filter looks at
_EMPTY = "Drop a folder or files here,\nor press Ctrl+O."


class StudyBrowser(QWidget):
    """The library as a tree with thumbnails; a double click or Enter asks for a series."""

    seriesRequested = Signal(str)  # uid

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = workflows.library
        self._session = workflows.session
        self.filter = QLineEdit(placeholderText="Find a patient, study or series", clearButtonEnabled=True)
        self.filter.textChanged.connect(self._filter)
        self.tree = QTreeWidget(columnCount=1)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(10)
        self.tree.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setAccessibleName("Studies")
        self.tree.itemActivated.connect(self._activated)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu)
        hint = QLabel(_EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        hint.setProperty("dimmed", True)
        self._stack = QStackedLayout()
        self._stack.addWidget(hint)
        self._stack.addWidget(self.tree)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 4, 6)
        layout.addWidget(self.filter)
        layout.addLayout(self._stack, 1)
        workflows.on_library_change(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the library anew; what was folded stays folded."""
        folded = {_key(item) for item in self._items() if item.childCount() and not item.isExpanded()}
        self.tree.clear()
        for patient in self._library.tree():
            name = person_name(patient.name) or "No name"
            patient_id = patient.studies[0].series[0].patient_id
            top = QTreeWidgetItem([f"{name}   {patient_id}".rstrip()])
            top.setData(0, _WORDS, f"{name} {patient_id}")
            top.setToolTip(0, f"{name}\n{patient_id}")
            font = top.font(0)
            font.setBold(True)
            top.setFont(0, font)
            self.tree.addTopLevelItem(top)
            for study in patient.studies:
                title = "   ".join(part for part in (iso_date(study.date), study.description) if part) or "Study"
                branch = QTreeWidgetItem(top, [title])
                branch.setData(0, _WORDS, f"{title} {name} {patient_id}")
                branch.setToolTip(0, title)
                for series in study.series:
                    self._add_series(branch, series, title)
        for item in self._items():
            item.setExpanded(_key(item) not in folded)
        self._stack.setCurrentIndex(1 if self.tree.topLevelItemCount() else 0)
        self._filter(self.filter.text())
        self.show_open()

    def show_open(self) -> None:
        """Mark the series that is open."""
        series = self._session.series
        for item in self._items():
            uid = item.data(0, _UID)
            if uid is not None:
                opened = series is not None and uid == series.uid
                font = item.font(0)
                font.setBold(opened)
                item.setFont(0, font)
                if opened:
                    self.tree.setCurrentItem(item)

    def select(self, uid: str) -> None:
        """Show a series in the tree and select it."""
        for item in self._items():
            if item.data(0, _UID) == uid:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)

    def series_items(self) -> list[QTreeWidgetItem]:
        """The rows of series, from top to bottom."""
        return [item for item in self._items() if item.data(0, _UID) is not None]

    def _add_series(self, branch: QTreeWidgetItem, series: Series, study: str) -> None:
        name = series.description or series.modality or "Series"
        facts = [series.modality, f"{series.frames} images" if series.frames > 1 else "1 image"]
        if not series.verdict.is_volume:
            facts.append(f"⚠ {series.verdict.kind}")
        item = QTreeWidgetItem(branch, [f"{name}\n{' · '.join(f for f in facts if f)}"])
        item.setData(0, _UID, series.uid)
        item.setData(0, _WORDS, f"{name} {study} {series.modality} {series.patient_name} {series.patient_id}")
        item.setIcon(0, _icon(self._library.thumbnail(series.uid)))
        item.setToolTip(0, f"{name}\n{series.verdict.detail}\nDouble click to open")

    def _items(self) -> list[QTreeWidgetItem]:
        found: list[QTreeWidgetItem] = []
        pending = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        while pending:
            item = pending.pop(0)
            if item is not None:
                found.append(item)
                pending[:0] = [item.child(n) for n in range(item.childCount())]
        return found

    def _filter(self, text: str) -> None:
        wanted = text.lower().split()
        for item in reversed(self._items()):
            children = [child for n in range(item.childCount()) if (child := item.child(n)) is not None]
            if children:
                item.setHidden(all(child.isHidden() for child in children))
            else:
                words = str(item.data(0, _WORDS)).lower()
                item.setHidden(not all(word in words for word in wanted))

    def _activated(self, item: QTreeWidgetItem) -> None:
        uid = item.data(0, _UID)
        if uid is None:
            item.setExpanded(not item.isExpanded())
        else:
            self.seriesRequested.emit(uid)

    def _menu(self, at: QPoint) -> None:
        item = self.tree.itemAt(at)
        uid = item.data(0, _UID) if item is not None else None
        if uid is None:
            return
        menu = QMenu(self)
        opening = QAction("Open", menu)
        opening.triggered.connect(lambda: self.seriesRequested.emit(uid))
        removing = QAction("Take off the list (the files stay)", menu)
        removing.triggered.connect(lambda: self._remove(uid))
        menu.addActions([opening, removing])
        menu.popup(self.tree.viewport().mapToGlobal(at))

    def _remove(self, uid: str) -> None:
        self._library.remove(uid)
        self.refresh()


def _icon(grey: NDArray[np.uint8] | None) -> QIcon:
    """A thumbnail in the middle of a black square."""
    square = QPixmap(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
    square.fill(VIEWPORT)
    with QPainter(square) as painter:
        if grey is not None:
            grey = np.ascontiguousarray(grey)
            rows, columns = grey.shape
            picture = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
            painter.drawImage((THUMBNAIL_PIXELS - columns) // 2, (THUMBNAIL_PIXELS - rows) // 2, picture)
        painter.setPen(BORDER)
        painter.drawRect(0, 0, THUMBNAIL_PIXELS - 1, THUMBNAIL_PIXELS - 1)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(square, mode)  # a selected thumbnail is not tinted: its grey levels mean something
    return icon


def _key(item: QTreeWidgetItem) -> tuple[str, str]:
    parent = item.parent()
    return (parent.text(0) if parent is not None else "", item.text(0))
