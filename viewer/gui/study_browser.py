"""What has been opened, by patient, study and series: the left side of the window."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QImage, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.session import Session
from viewer.core.study import LEFT_OUT, Annotations, Series, SeriesError, is_synthetic
from viewer.gui.kept_keys import keep_keys
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import iso_date, other_place, person_name
from viewer.gui.reading_room import dragged_series
from viewer.gui.style import BACKGROUND, BORDER, DIMMED_TEXT, VIEWPORT, WARNING, theme
from viewer.io.library import PatientEntry, SeriesEntry, StudyEntry
from viewer.io.thumbnails import THUMBNAIL_PIXELS
from viewer.jobs import Job
from viewer.workflows import Workflows

_ICON_PX, _SMALL_ICON_PX = 52, 36
_INDENT_PX, _SMALL_INDENT_PX = 10, 8
_NARROW_PX = 220  # below this the words need the room more than the pictures
_UID = Qt.ItemDataRole.UserRole
_ENTRY = Qt.ItemDataRole.UserRole + 1  # the entry of a patient, a study or a series
_EMPTY = QT_TR_NOOP("Drop a folder or files here,\nor press {File/Open folder…}.")
_NO_MATCH = QT_TR_NOOP("Nothing in the list matches.")
_GONE = QT_TR_NOOP("files not found")
_MEMBERS = Qt.ItemDataRole.UserRole + 2  # the uids of all series of a row
_ANNOTATIONS = Qt.ItemDataRole.UserRole + 3  # the file of annotations that a row is
_WARNING = "⚠"
_ALL = QT_TR_NOOP("All")
_DAYS: tuple[tuple[str, int | None], ...] = (
    (QT_TR_NOOP("Any date"), None),
    (QT_TR_NOOP("Today"), 0),
    (QT_TR_NOOP("Last 7 days"), 7),
    (QT_TR_NOOP("Last month"), 31),
    (QT_TR_NOOP("Last year"), 366),
)
_TYPING_MS = 150  # a search begins when a person pauses
_ELSEWHERE_MS = 2000
_SETTLED_MS = 300  # until the files of the rows in view are looked for
_UNFOLDED_SERIES = 60  # more than a screen holds; what lies below is filled when it is unfolded
_PATIENTS = 500  # that are listed at first; the last row asks for more
_MOMENTS = {
    "time": QT_TR_NOOP("{count:,} time points"),
    "phase": QT_TR_NOOP("{count:,} phases"),
    "echo": QT_TR_NOOP("{count:,} echoes"),
    "b-value": QT_TR_NOOP("{count:,} b-values"),
    "part": QT_TR_NOOP("{count:,} parts"),
}
_BADGES = {
    "tilted": QT_TR_NOOP("tilted"),
    "uneven": QT_TR_NOOP("uneven spacing"),
    "missing": QT_TR_NOOP("slices missing"),
    "duplicate": QT_TR_NOOP("duplicate slices"),
    "mixed": QT_TR_NOOP("mixed slices"),
    "no-position": QT_TR_NOOP("no positions"),
    "ambiguous": QT_TR_NOOP("one of two places"),
}


_ANNOTATION_KINDS = {
    "segmentation": QT_TR_NOOP("Segmentation"),
    "structures": QT_TR_NOOP("Structure set"),
    "report": QT_TR_NOOP("Report"),
}
_MOST_ANNOTATIONS = 5  # files of annotations that a series shows at once; more are folded


class StudyBrowser(QWidget):
    """The library as a tree with thumbnails; a double click or Enter asks for a series.

    Only what is unfolded is made, so that a large library costs no more than a small one.
    """

    seriesRequested = Signal(str)  # uid
    besideRequested = Signal(str)  # uid of a series to be compared with what is shown
    overRequested = Signal(str)  # uid of a series that is to be laid over the one that is worked on
    listed = Signal(bool)  # whether there are series, when the list was read anew
    annotationsRequested = Signal(str, object)  # uid of a series, and the file with annotations on it
    locateRequested = Signal(str)  # uid of a series whose files are not where they were

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library, self._jobs = workflows.library, workflows.jobs
        self._workflows = workflows
        self._patients: tuple[PatientEntry, ...] = ()  # that match
        self._rows: dict[str, QTreeWidgetItem] = {}  # of all series in the tree, by uid; moments share one
        self._unfolded: dict[str, bool] = {}  # how patients and studies stood when all of the list was last seen
        self._all_shown = False
        self._missing: set[str] = set()  # series whose files were not there when last looked for
        self._asked: set[str] = set()  # series whose files have been looked for since the last refresh
        self._removing: set[str] = set()
        self._confirmed: dict[str, int] = {}  # how many slices of a series are
        self._looking: Job | None = None
        self._budget, self._most_patients = 0, _PATIENTS

        self.filter = QLineEdit(placeholderText=tr("Find a patient, study or series"), clearButtonEnabled=True)
        self.filter.setAccessibleName(tr("Find a patient, study or series"))
        self.filter.returnPressed.connect(self._to_first)
        self.modality = QComboBox()
        self.modality.setToolTip(tr("Show one modality"))
        self.modality.setAccessibleName(tr("Modality"))
        self.modality.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.date = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.date.setCheckable(True)  # checked while it filters
        self.date.setToolTip(tr("Show studies of a time"))
        self.date.setAccessibleName(tr("Date of the study"))
        self._dates = self._make_dates()
        self.tree = self._make_tree()
        self.clear_filters = QPushButton(tr("Show all"))
        self.clear_filters.clicked.connect(self._clear_filters)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._show)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._settled.timeout.connect(self._look_for_files)
        self._elsewhere = QTimer(self, interval=_ELSEWHERE_MS)
        self._elsewhere.timeout.connect(lambda: self.refresh() if self._library.changed_elsewhere() else None)

        self._hint = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._hint.setProperty("dimmed", True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._make_hint_page())
        self._stack.addWidget(self.tree)
        filters = QHBoxLayout()
        filters.setSpacing(4)
        filters.addWidget(self.modality)
        filters.addWidget(self.date)
        filters.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 4, 6)
        layout.addWidget(self.filter)
        layout.addLayout(filters)
        layout.addLayout(self._stack, 1)

        self.filter.textChanged.connect(lambda: self._typing.start())
        self.modality.activated.connect(lambda: self._show())
        self._dates.triggered.connect(self._date_chosen)
        self._elsewhere.start()
        workflows.on_library_change(self.refresh)
        self.refresh()

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        if self.empty:
            self._hint.setText(with_keys(tr(_EMPTY), self.window()))

    @property
    def empty(self) -> bool:
        """Whether no series is listed, with or without filters."""
        return not self._patients and not self._filtered()

    def refresh(self) -> None:
        """Show the library anew; what was folded stays folded."""
        self._asked.clear()
        self._confirmed = self._workflows.confirmed_counts()
        self._show()

    def show_confirmed(self) -> None:
        """Write how many slices of the series on the screen are confirmed now."""
        for session in self._workflows.sessions:
            if session.series is None or session.loading:
                continue
            uid, count = session.series.uid, len(session.confirmed)
            if self._confirmed.get(uid, 0) != count:
                self._confirmed[uid] = count
                item = self._rows.get(uid)
                if item is not None:
                    self._describe(item)
                    self._describe_study(item.parent())

    def _describe_study(self, item: QTreeWidgetItem | None) -> None:
        """Write on the row of a study what it is, and of how many of its series slices are confirmed."""
        study = item.data(0, _ENTRY) if item is not None else None
        if item is None or not isinstance(study, StudyEntry):
            return
        title = _study_title(study)
        begun = sum(self._confirmed.get(uid, 0) > 0 for uid in study.series_uids)
        count = len(study.series_uids)
        item.setText(0, f"{title}   ✓ {begun} / {count}" if begun else title)
        words = tr("{begun} of {count} series with confirmed slices").format(begun=begun, count=count)
        item.setToolTip(0, _tooltip(title, words if begun else ""))

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def show_open(self) -> None:
        """Mark the series that is open, and unfold where it lies."""
        if self._session.series is not None:
            self._reveal(_listed_uid(self._session.series))
        opened = self.mark_open()
        if opened is not None:
            self.tree.setCurrentItem(opened)

    def select(self, uid: str) -> None:
        """Show a series in the tree and select it, without the filters if they leave it out."""
        item = self._reveal(uid)
        if item is None and self._filtered():
            self._clear_filters()
            item = self._reveal(uid)
        if item is not None:
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item)

    def beside_open(self, step: int) -> str | None:
        """The uid of the series that stands so many rows below the open one, of those that are unfolded."""
        series, items = self._session.series, self.series_items()
        opened = self._rows.get(_listed_uid(series)) if series is not None else None
        place = next((n for n, item in enumerate(items) if item is opened), -1) + step
        return items[place].data(0, _UID) if opened is not None and 0 <= place < len(items) else None

    def below_open(self) -> list[str]:
        """The uids of the series that stand below the open one, of those that are unfolded."""
        series, items = self._session.series, self.series_items()
        opened = self._rows.get(_listed_uid(series)) if series is not None else None
        place = next((n for n, item in enumerate(items) if item is opened), len(items))
        return [item.data(0, _UID) for item in items[place + 1 :]]

    def series_items(self) -> list[QTreeWidgetItem]:
        """The rows of series that are unfolded, from top to bottom, as what is typed in the search field asks for."""
        if self._typing.isActive():
            self._show()
        return [item for item in self._items() if item.data(0, _UID) is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = event.size().width() < _NARROW_PX
        icon_px = _SMALL_ICON_PX if narrow else _ICON_PX
        self.tree.setIconSize(QSize(icon_px, icon_px))
        self.tree.setIndentation(_SMALL_INDENT_PX if narrow else _INDENT_PX)
        super().resizeEvent(event)

    # What is shown

    def _show(self) -> None:
        self._typing.stop()
        if self._all_shown:
            self._unfolded |= {_key(item): item.isExpanded() for item in self._items() if _key(item)}
        self._all_shown = not self._filtered()
        scrolled = self.tree.verticalScrollBar().value()
        current = self.tree.currentItem()
        selected = current.data(0, _UID) if current is not None else None
        try:
            self._fill_modalities()
            self._patients = self._library.search(
                self.filter.text(),
                modality=self.modality.currentText() if self.modality.currentIndex() > 0 else None,
                from_date=self._first_day(),
            )
        except SeriesError as error:
            self._hint.setText(said(f"{error}."))
            self._stack.setCurrentIndex(0)
            return
        self._fill()
        self._hint.setText(with_keys(tr(_NO_MATCH if self._filtered() else _EMPTY), self.window()))
        self.clear_filters.setVisible(self._filtered())
        self._stack.setCurrentIndex(1 if self._patients else 0)
        self.listed.emit(not self.empty)
        opened = self.mark_open()
        item = self._rows.get(selected or "", opened)
        if item is not None:
            self.tree.setCurrentItem(item)
        self.tree.verticalScrollBar().setValue(scrolled)

    def _fill(self) -> None:
        self.tree.clear()
        self._rows.clear()
        self._budget = _UNFOLDED_SERIES
        tops = []
        for patient in self._patients[: self._most_patients]:
            name = _one_line(person_name(patient.name)) or tr("No name")
            top = QTreeWidgetItem([f"{name}   {_one_line(patient.patient_id)}".rstrip()])
            top.setData(0, _ENTRY, patient)
            top.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            born = " · ".join(part for part in (iso_date(patient.birth_date), patient.sex) if part)
            top.setToolTip(0, _tooltip(name, patient.patient_id, born))
            font = top.font(0)
            font.setBold(True)
            top.setFont(0, font)
            tops.append(top)
        self.tree.addTopLevelItems(tops)
        if len(self._patients) > len(tops):
            text = tr("… and {count:,} more patients").format(count=len(self._patients) - len(tops))
            more = QTreeWidgetItem([text])
            more.setToolTip(0, tr("Double click to list more, or type above to find one"))
            self.tree.addTopLevelItem(more)
        for top in tops:
            self._unfold_if_wanted(top)

    def _unfold_if_wanted(self, item: QTreeWidgetItem) -> None:
        known = self._unfolded.get(_key(item)) if self._all_shown else None  # what was searched for is shown
        if known or (known is None and self._budget > 0):
            item.setExpanded(True)

    def _expanded(self, item: QTreeWidgetItem) -> None:
        """Make what lies below a patient or a study when it is unfolded for the first time."""
        entry = item.data(0, _ENTRY)
        if item.childCount():
            return
        if isinstance(entry, PatientEntry):
            branches = [_study_item(study) for study in entry.studies]
            item.addChildren(branches)
            for branch in branches:
                self._describe_study(branch)
            for branch in branches:
                self._unfold_if_wanted(branch)
        elif isinstance(entry, StudyEntry):
            annotations = self._library.annotations(entry.series_uids)
            for members in _by_sequence(self._library.entries(entry)):
                if members[0].uid not in self._removing:
                    series = self._series_item(members)
                    item.addChild(series)
                    files = annotations.get(members[0].uid, ())
                    series.addChildren([_annotations_item(one) for one in files])
                    series.setExpanded(len(files) <= _MOST_ANNOTATIONS)
                    self._budget -= 1
            self._settled.start()

    def _series_item(self, members: Sequence[SeriesEntry]) -> QTreeWidgetItem:
        series = members[0]
        item = QTreeWidgetItem()
        item.setData(0, _UID, series.uid)
        item.setData(0, _ENTRY, series)
        item.setData(0, _MEMBERS, tuple(member.uid for member in members))
        item.setIcon(0, _icon(self._library.thumbnail(series.uid), series.modality, _badge(series)[:1]))
        self._rows |= dict.fromkeys((member.uid for member in members), item)
        self._describe(item)
        return item

    def _describe(self, item: QTreeWidgetItem) -> None:
        """Write on the row of a series what it is, and what a person should know of it."""
        series: SeriesEntry = item.data(0, _ENTRY)
        gone = series.uid in self._missing
        number = tr("Series {number}").format(number=series.number) if series.number is not None else tr("Series")
        name = _one_line(series.description) or number
        images = " · ".join(part for part in (series.modality, _images(series)) if part)
        done = sum(self._confirmed.get(uid, 0) for uid in item.data(0, _MEMBERS))
        progress = tr("✓ {count} confirmed").format(count=done) if done else ""
        lines = (name, images, _moments(series), progress, tr(_GONE) if gone else _badge(series))
        item.setText(0, "\n".join(line for line in lines if line))
        item.setForeground(0, theme().dimmed_text if gone else theme().text)
        size = f"{series.width} × {series.height} × {series.images}" if series.width else ""
        what_to_do = tr("Double click to open")
        if gone:
            what_to_do = tr("Its files are not where they were. Right click to say where they are now.")
        item.setToolTip(0, _tooltip(name, size, *map(said, (series.verdict.detail, *series.notes)), what_to_do))

    def mark_open(self) -> QTreeWidgetItem | None:
        """Have the rows of series that are on the screen in bold, and no others; returns that of the one that is
        worked on."""
        series = self._session.series
        opened = self._rows.get(_listed_uid(series)) if series is not None else None
        shown = [session.series for session in self._workflows.sessions if session.series is not None]
        all_opened = [self._rows.get(_listed_uid(one)) for one in shown]
        for item in set(self._rows.values()):
            font = item.font(0)
            if font.bold() != (item in all_opened):
                font.setBold(item in all_opened)
                item.setFont(0, font)
        return opened

    def _reveal(self, uid: str) -> QTreeWidgetItem | None:
        """The row of a series, unfolded; None if the filters leave it out."""
        if uid not in self._rows:
            for n, patient in enumerate(self._patients):
                for number, study in enumerate(patient.studies):
                    if uid in study.series_uids:
                        self._list_patient(n)
                        top = self.tree.topLevelItem(n)
                        if top is not None:
                            top.setExpanded(True)  # which makes its studies
                            top.child(number).setExpanded(True)  # pyright: ignore[reportOptionalMemberAccess]
        item = self._rows.get(uid)
        for parent in _parents(item):
            parent.setExpanded(True)
        return item

    def _list_patient(self, number: int) -> None:
        if number >= self._most_patients:
            self._most_patients = number + _PATIENTS
            self._fill()

    def _items(self) -> list[QTreeWidgetItem]:
        found: list[QTreeWidgetItem] = []
        pending = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        while pending:
            item = pending.pop(0)
            if item is not None:
                found.append(item)
                if item.isExpanded():
                    pending[:0] = [item.child(n) for n in range(item.childCount())]
        return found

    # Filters

    def _filtered(self) -> bool:
        return bool(self.filter.text().strip() or self.modality.currentIndex() > 0 or self._first_day())

    def _fill_modalities(self) -> None:
        """Offer the modalities that are listed; the chosen one stays chosen."""
        chosen = self.modality.currentText()
        offered = [tr(_ALL), *self._library.modalities()]
        if offered != [self.modality.itemText(n) for n in range(self.modality.count())]:
            self.modality.clear()
            self.modality.addItems(offered)
            self.modality.setCurrentText(chosen if chosen in offered else offered[0])
        self.modality.setVisible(len(offered) > 2 or self.modality.currentIndex() > 0)

    def _first_day(self) -> date | None:
        action = self._dates.checkedAction()
        days = action.data() if action is not None else None
        return None if days is None else date.today() - timedelta(days=days)

    def _date_chosen(self, action: QAction) -> None:
        self.date.setText(action.text())
        self.date.setChecked(action.data() is not None)
        self._show()

    def _clear_filters(self) -> None:
        self.filter.clear()
        self.modality.setCurrentIndex(0)
        self._dates.actions()[0].setChecked(True)
        self._date_chosen(self._dates.actions()[0])

    def _to_first(self) -> None:
        """From the search field to the first series found, so that Enter opens it."""
        found = self.series_items()
        if found:
            self.tree.setCurrentItem(found[0])
            self.tree.setFocus()

    # Files that are not there any more

    def _look_for_files(self) -> None:
        """Ask of each row whether its files are still there: on a network this can take long."""
        if self._looking is not None and not self._looking.ended:
            self._settled.start()
            return
        asked = {item.data(0, _UID) for item in self._rows.values()} - self._asked
        self._asked |= asked

        def work(job: Job) -> set[str]:
            missing = set()
            for uid in asked:
                job.check()
                if self._library.missing(uid):
                    missing.add(uid)
            return missing

        def finish(missing: set[str]) -> None:
            changed = (self._missing & asked) ^ missing
            self._missing = (self._missing - asked) | missing
            for uid in changed & self._rows.keys():
                self._describe(self._rows[uid])

        if asked:
            self._looking = self._jobs.submit(tr("Looking whether the files are there"), work, finish)

    # What a person asks for

    def _activated(self, item: QTreeWidgetItem) -> None:
        uid = item.data(0, _UID)
        if uid is not None:
            self.seriesRequested.emit(uid)
        elif (found := item.data(0, _ANNOTATIONS)) is not None:
            (series, *_) = _parents(item)
            self.annotationsRequested.emit(series.data(0, _UID), found.file)
        elif item.data(0, _ENTRY) is not None:
            item.setExpanded(not item.isExpanded())
        else:
            self._most_patients += _PATIENTS
            self._show()

    def _menu(self, at: QPoint) -> None:
        item = self.tree.itemAt(at)
        uid = item.data(0, _UID) if item is not None else None
        if uid is not None:
            self._menu_of(uid).popup(self.tree.viewport().mapToGlobal(at))

    def _lay_over(self, uid: str) -> None:
        self.overRequested.emit(uid)
        self.show_open()  # what is worked on stays what it was, and the row that was pressed is not it

    def _menu_of(self, uid: str) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open"), lambda: self.seriesRequested.emit(uid))
        beside = menu.addAction(tr("Open beside, to compare"), lambda: self.besideRequested.emit(uid))
        beside.setEnabled(self._session.series is not None)
        over = menu.addAction(tr("Lay over the shown series"), lambda: self._lay_over(uid))
        over.setEnabled(self._session.series is not None)
        if uid in self._missing:
            menu.addAction(tr("Find the folder…"), lambda: self.locateRequested.emit(uid))
        menu.addSeparator()
        menu.addAction(tr("Take off the list (the files stay)"), lambda: self._remove(uid))
        keep_keys(menu)
        return menu

    def _remove(self, uid: str) -> None:
        self._removing.add(uid)
        self._show()

        def ended(message: str = "") -> None:
            self._removing.discard(uid)
            self.refresh()
            if message:
                QMessageBox(QMessageBox.Icon.Warning, "Slicewise", said(message), parent=self).open()

        self._jobs.submit(
            tr("Taking a series off the list"), lambda job: self._library.remove(uid), lambda _: ended(), ended, ended
        )

    # Parts

    def _make_tree(self) -> QTreeWidget:
        tree = _Tree(columnCount=1)
        tree.setDragEnabled(True)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        tree.setHeaderHidden(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        tree.setExpandsOnDoubleClick(False)
        tree.setAccessibleName(tr("Studies"))
        tree.itemActivated.connect(self._activated)
        tree.itemExpanded.connect(self._expanded)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._menu)
        return tree

    def _make_dates(self) -> QActionGroup:
        menu, group = QMenu(self), QActionGroup(self)
        for text, days in _DAYS:
            action = menu.addAction(tr(text))
            action.setData(days)
            action.setCheckable(True)
            group.addAction(action)
        group.actions()[0].setChecked(True)
        self.date.setMenu(menu)
        self.date.setText(group.actions()[0].text())
        return group

    def _make_hint_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self._hint)
        column.addWidget(self.clear_filters, alignment=Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        return page


def _study_title(study: StudyEntry) -> str:
    return "   ".join(part for part in (iso_date(study.date), _one_line(study.description)) if part) or tr("Study")


def _study_item(study: StudyEntry) -> QTreeWidgetItem:
    branch = QTreeWidgetItem()
    branch.setData(0, _ENTRY, study)
    branch.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return branch


def _annotations_item(annotations: Annotations) -> QTreeWidgetItem:
    kind, name = tr(_ANNOTATION_KINDS[annotations.kind]), _one_line(annotations.file.name)
    item = QTreeWidgetItem([tr("{kind} · {name}").format(kind=kind, name=name)])
    item.setData(0, _ANNOTATIONS, annotations)
    item.setToolTip(0, _tooltip(name, kind, tr("Double click to open the series and import it")))
    return item


def _by_sequence(entries: Sequence[SeriesEntry]) -> list[list[SeriesEntry]]:
    """Series one by one, the moments of a sequence together."""
    together: dict[str, list[SeriesEntry]] = {}
    for entry in entries:
        together.setdefault(f"sequence {entry.moment.sequence_uid}" if entry.moment else entry.uid, []).append(entry)
    for members in together.values():
        members.sort(key=lambda entry: entry.moment.number if entry.moment else 0)
    return list(together.values())


def _images(series: SeriesEntry) -> str:
    if series.images == 1:
        return tr("1 image")
    words = tr("{count:,} images") if series.verdict.kind == "no-position" else tr("{count:,} slices")
    return words.format(count=series.images)


def _moments(series: SeriesEntry) -> str:
    return "" if series.moment is None else tr(_MOMENTS[series.moment.kind]).format(count=series.moment.count)


def _badge(series: SeriesEntry) -> str:
    """What there is to know of a series before it is opened, in a few words."""
    synthetic = f"{_WARNING} {tr('synthetic')}" if is_synthetic(series.notes, series.description) else ""
    return " · ".join(filter(None, (synthetic, _verdict_words(series))))


def _verdict_words(series: SeriesEntry) -> str:
    kind, detail = series.verdict.kind, series.verdict.detail
    not_whole = any(note.startswith(LEFT_OUT) for note in series.notes)
    if kind == "no-position" and series.frame_time_ms is not None:
        return tr("frames over time")
    if kind not in _BADGES:
        return f"{_WARNING} {tr('not whole')}" if not_whole else ""
    words = tr(_BADGES[kind])
    if kind == "tilted" and (angle := re.search(r"(\d+(?:\.\d+)?) ?(?:degrees|°)", detail)):
        words = tr("tilted {degrees:.0f}°").format(degrees=float(angle[1]))
    elif kind == "missing" and (count := re.match(r"(\d+) slices? (?:is|are) missing", detail)):
        words = tr("1 slice missing") if count[1] == "1" else tr("{count} slices missing").format(count=count[1])
    elif kind == "ambiguous":
        words = other_place(series.notes) or words
    return f"{_WARNING} {words}{tr(', not whole') if not_whole and kind != 'missing' else ''}"


def _icon(picture: NDArray[np.uint8] | None, modality: str, mark: str) -> QIcon:
    """A thumbnail in the middle of a black square, until there is one the modality; a mark, if any, in its corner."""
    square = QPixmap(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
    square.fill(VIEWPORT)
    whole = QRect(0, 0, THUMBNAIL_PIXELS - 1, THUMBNAIL_PIXELS - 1)
    with QPainter(square) as painter:
        if picture is not None:
            picture = np.ascontiguousarray(picture)
            rows, columns = picture.shape[:2]
            colours = QImage.Format.Format_RGB888 if picture.ndim == 3 else QImage.Format.Format_Grayscale8
            image = QImage(picture.data, columns, rows, picture.strides[0], colours)
            painter.drawImage((THUMBNAIL_PIXELS - columns) // 2, (THUMBNAIL_PIXELS - rows) // 2, image)
        else:
            font = painter.font()
            font.setPixelSize(THUMBNAIL_PIXELS // 4)
            painter.setFont(font)
            painter.setPen(DIMMED_TEXT)
            painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, modality)
        painter.setPen(BORDER)
        painter.drawRect(whole)
        if mark == _WARNING:
            corner = QRect(0, 0, THUMBNAIL_PIXELS // 3, THUMBNAIL_PIXELS // 3)
            corner.moveBottomRight(whole.bottomRight())
            painter.fillRect(corner, BACKGROUND)
            font = painter.font()
            font.setPixelSize(THUMBNAIL_PIXELS // 4)
            painter.setFont(font)
            painter.setPen(WARNING)
            painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, _WARNING)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(square, mode)  # a selected thumbnail is not tinted: its grey levels mean something
    return icon


def _tooltip(*lines: str) -> str:
    """Lines that wrap; a name in a file cannot bring markup of its own."""
    shown = (html.escape(_one_line(line)) for line in lines)
    return f"<qt>{'<br>'.join(line for line in shown if line)}</qt>"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _parents(item: QTreeWidgetItem | None) -> list[QTreeWidgetItem]:
    parent = item.parent() if item is not None else None
    return [] if parent is None else [parent, *_parents(parent)]


def _key(item: QTreeWidgetItem) -> str:
    entry = item.data(0, _ENTRY)
    if isinstance(entry, StudyEntry):
        return f"{_key(_parents(item)[0])}\n{entry.uid}"
    return entry.key if isinstance(entry, PatientEntry) else ""


class _Tree(QTreeWidget):
    """A tree whose series can be dragged onto a pane."""

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        uid = items[0].data(0, _UID) if items else None
        return dragged_series(uid) if uid is not None else QMimeData()

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction


def _listed_uid(series: Series) -> str:
    """Of the listed series that one on the screen was made from, resampled or without some slices."""
    return series.uid.partition("~")[0]
