"""A model on many series: a command, and a window of its own that says what to run where and fills with the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.session import Proposal
from viewer.core.study import Scan, Series
from viewer.gui.actions import Actions
from viewer.gui.beside import undo_beside
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import iso_date, person_name
from viewer.gui.where_to_save import ask_where, last_folder
from viewer.io.run_results import RunRecord, write_table
from viewer.jobs import Job
from viewer.study_runs import TABLE, TABLE_JSON, StudyRuns, not_of_a_run, proposal_of
from viewer.workflows import Workflows

_UID = Qt.ItemDataRole.UserRole
_NUMBER = Qt.ItemDataRole.UserRole + 1  # by which a cell is sorted
_COLUMNS = (
    QT_TR_NOOP("Series"),
    QT_TR_NOOP("Patient"),
    QT_TR_NOOP("Verdict"),
    QT_TR_NOOP("Seconds"),
    QT_TR_NOOP("Mean Dice"),
    QT_TR_NOOP("Remark"),
)
_SERIES, _PATIENT, _VERDICT, _SECONDS, _DICE, _REMARK = range(len(_COLUMNS))
_WIDTHS = (200, 150, 190, 70, 80, 240)
_WORDS = {
    "green": QT_TR_NOOP("✓ Fits"),
    "amber": QT_TR_NOOP("▲ Fits with doubts"),
    "red": QT_TR_NOOP("✕ Skipped: it should not run"),
    "never": QT_TR_NOOP("– Skipped: it cannot run"),
}
_FAILED = QT_TR_NOOP("✕ Failed")
_ABOUT = QT_TR_NOOP(
    "Series that the model should not run on are skipped. A run that was ended goes on where it was when it is started "
    "into the same folder again. Double click a row to open the series with its result as a proposal."
)

Open = Callable[[str, Callable[[], object]], None]  # a series by its uid, and what is to be done once it is open


class ManyRuns(QObject):
    """The command. open_series opens a listed series in the window; fail shows one sentence."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        window: QWidget,
        model: Callable[[], str],
        open_series: Open,
        notify: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._window, self._model = workflows, commands, window, model
        self._open_series, self._notify, self._fail = open_series, notify, fail
        self.dialog: ManyRunsDialog | None = None
        commands.add("AI", QT_TR_NOOP("Run on many series…"), self.show)

    def show(self) -> None:
        """Show the window, as it was left."""
        if self.dialog is None:
            self.dialog = ManyRunsDialog(self._workflows, self._open_series, self._notify, self._fail, self._window)
            undo_beside(self.dialog, self._commands)
        self.dialog.refresh(self._model())
        self.dialog.show()
        self.dialog.activateWindow()


class ManyRunsDialog(QDialog):
    """What to run, on which series, where the results go, and the results. Stays open beside the panes; closing it ends
    no run."""

    def __init__(
        self,
        workflows: Workflows,
        open_series: Open,
        notify: Callable[[str], None],
        fail: Callable[[str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Run on many series"))
        self._workflows, self._open_series, self._notify, self._fail = workflows, open_series, notify, fail
        self._series: dict[str, Series] = {}
        self._records: dict[str, RunRecord] = {}
        self._results = Path()  # the folder of these records
        self._labels: list[str] = []  # of the label columns
        self._job: Job | None = None

        self.models = QComboBox()
        self.study = QPushButton(tr("Open study"))
        self.study.clicked.connect(self.take_study)
        self.listed = QPushButton(tr("All listed series"))
        self.listed.clicked.connect(self.take_listed)
        self.from_folder = QPushButton(tr("Folder…"))
        self.from_folder.clicked.connect(self._ask_scans)
        self.all = QCheckBox(tr("All"))
        self.all.setChecked(True)
        self.all.clicked.connect(self._tick_all)
        self.count = QLabel()
        self.folder, choose_folder = _path_field(self, tr("Folder for the results"))
        self.references, choose_references = _path_field(self, tr("Folder of references"))
        self._settings = (
            *(self.models, self.study, self.listed, self.from_folder, self.all),
            *(self.folder, choose_folder, self.references, choose_references),
        )
        self.folder.setPlaceholderText(tr("Choose a folder for the results."))
        self.references.setPlaceholderText(tr("Optional: label maps to compare with"))
        self.folder.textChanged.connect(self._show_state)
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("dimmed", True)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("warning", True)
        self.problem.hide()
        self.table = self._make_table()
        self.progress = QProgressBar(textVisible=False)
        self.progress.setRange(0, 1000)
        self.step = QLabel()
        self.export = QPushButton(tr("Export CSV…"))
        self.export.clicked.connect(self._export)
        self.run = QPushButton(tr("Run"))
        self.run.setProperty("primary", True)
        self.run.clicked.connect(self.start)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.clicked.connect(self._cancel)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.close)

        form = QFormLayout()
        form.addRow(tr("Model"), self.models)
        form.addRow(tr("Series"), _row(self.study, self.listed, self.from_folder, None, self.count))
        form.addRow(tr("Results"), _row(self.folder, choose_folder))
        form.addRow(tr("References"), _row(self.references, choose_references))
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.hint)
        layout.addWidget(self.problem)
        layout.addWidget(self.all)
        layout.addWidget(self.table, 1)
        layout.addLayout(_row(self.progress, self.step, None))
        layout.addLayout(_row(self.export, None, self.run, self.cancel, close))
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.progress.setFixedWidth(180)
        self.resize(920, 560)
        workflows.jobs.subscribe(self._job_changed)
        self._show_state()

    # What to run

    @property
    def running(self) -> bool:
        return self._job is not None and not self._job.ended

    @property
    def ticked(self) -> list[str]:
        """The uids of the series that are ticked, in the order of the table."""
        items = (self.table.item(row, _SERIES) for row in range(self.table.rowCount()))
        return [item.data(_UID) for item in items if item is not None and item.checkState() == Qt.CheckState.Checked]

    def refresh(self, model: str) -> None:
        """Offer the models that there are, this one first; and, as long as none are chosen, the series of the open
        study."""
        if self.running:
            return
        chosen = self.models.currentData() or model
        self.models.clear()
        for record in self._workflows.models.list():
            if record.active and record.manifest.task == "segmentation":
                title = f"{tr(record.manifest.title)} {record.manifest.version}"
                self.models.addItem(title, record.manifest.name)
        self.models.setCurrentIndex(max(self.models.findData(chosen), 0))
        if not self._series:
            self.take_study()
        self._show_state()

    def take_study(self) -> None:
        """Offer the series of the study that is open."""
        series = self._workflows.session.series
        if series is None:
            return

        def work(job: Job) -> list[Series]:
            listed = [*self._workflows.library.of_study(series.study_uid)] if series.study_uid else []
            return listed or [self._workflows.library.series(series.uid.partition("~")[0])]

        self._workflows.jobs.submit(tr("Looking through the list"), work, self.offer, self._refuse)

    def take_listed(self) -> None:
        """Offer all series of the list of studies, none of them ticked."""
        self._workflows.jobs.submit(
            tr("Looking through the list"),
            lambda job: self._workflows.library.all_series(),
            lambda found: self.offer(found, ticked=False),
            self._refuse,
        )

    def take_folder(self, folder: Path) -> None:
        """List what is in a folder, and offer it."""

        def scanned(scan: Scan) -> None:
            self.offer([*not_of_a_run(scan.series, self._own_folders(but=folder))])

        self._workflows.add_paths([folder], scanned)

    def offer(self, found: Sequence[Series], ticked: bool = True) -> None:
        """Show series to be run; what is known of them from before is not shown any more."""
        if self.running:
            return
        self._series = {series.uid: series for series in found}
        self._records = {}
        self._labels = []
        self.all.setChecked(ticked)
        self.table.setSortingEnabled(False)
        self.table.setColumnCount(len(_COLUMNS))
        self.table.setRowCount(len(self._series))
        blocker = QSignalBlocker(self.table)  # or each of them would have all the others counted
        for row, series in enumerate(self._series.values()):
            name = series.description or series.modality or tr("Series")
            item = _cell(f"{series.number}  {name}" if series.number is not None else name)
            item.setData(_UID, series.uid)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.table.setItem(row, _SERIES, item)
            patient = person_name(series.patient_name)
            parts = ("" if patient == name else patient, iso_date(series.study_date))  # a plain file has one name
            self.table.setItem(row, _PATIENT, _cell("  ".join(part for part in parts if part)))
        blocker.unblock()
        self.table.setSortingEnabled(True)
        self._show_state()

    def _own_folders(self, but: Path) -> list[Path]:
        """Those of results and references, unless a person has named them as that of the scans."""
        folders = [Path(field.text()) for field in (self.folder, self.references) if field.text()]
        return [folder for folder in folders if folder.resolve() != but.resolve()]

    def _ask_scans(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder of scans"), str(last_folder()))
        if folder:
            self.take_folder(Path(folder))

    def _tick_all(self, ticked: bool) -> None:
        state = Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        with QSignalBlocker(self.table):
            for row in range(self.table.rowCount()):
                item = self.table.item(row, _SERIES)
                if item is not None:
                    item.setCheckState(state)
        self._show_state()

    # The run

    def start(self) -> None:
        """Run the model on the ticked series, or go on with such a run."""
        if self.running or not self.run.isEnabled():
            return
        model, folder = self._workflows.models.get(self.models.currentData()), Path(self.folder.text())
        references = Path(self.references.text()) if self.references.text() else None
        chosen = [self._series[uid] for uid in self.ticked]
        self._refuse("")
        self._records, self._results = {}, folder
        self._set_columns([label.name for label in model.manifest.labels], references is not None)
        jobs, workflows = self._workflows.jobs, self._workflows

        def work(job: Job) -> int:
            runs = StudyRuns(model, folder, workflows.reader, workflows.runs.worker, references)

            def arrived(n: int, record: RunRecord) -> None:
                jobs.deliver(partial(self._show_record, record))

            records = runs.run(chosen, job.report, arrived)
            return sum(record.state == "done" for record in records)

        def finish(done: int) -> None:
            words = tr("{done} of {count} series have a result: {path}")
            self._notify(words.format(done=done, count=len(chosen), path=folder / TABLE))

        title = tr("Running {model} on {count} series").format(model=model.manifest.name, count=len(chosen))
        self._job = jobs.submit(title, work, finish, self._refuse)
        self._show_state()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.step.setText(tr("Stopping…"))

    def _job_changed(self, job: Job) -> None:
        if job is not self._job:
            return
        if job.ended:
            self._show_state()
        elif not job.cancelled:
            self.progress.setValue(round(1000 * job.fraction))
            number, colon, what = job.text.partition(": ")
            self.step.setText(f"{number}: {said(what)}" if colon else said(job.text))

    def _show_state(self) -> None:
        """Allow what makes sense now."""
        running, series = self.running, len(self.ticked)
        for widget in self._settings:
            widget.setEnabled(not running)
        for field in (self.folder, self.references):
            field.setClearButtonEnabled(not running)
        self.study.setEnabled(not running and self._workflows.session.series is not None)
        self.count.setText(tr("{ticked} of {count} ticked").format(ticked=series, count=self.table.rowCount()))
        wanting = ""
        if not self.models.count():
            wanting = tr("No model is installed.")
        elif not series:
            wanting = tr("Tick the series to run on.")
        elif not self.folder.text():
            wanting = tr("Choose a folder for the results.")
        self.run.setVisible(not running)
        self.run.setEnabled(not wanting)
        self.run.setToolTip(wanting)
        self.cancel.setVisible(running)
        self.progress.setVisible(running)
        self.step.setVisible(running)
        self.export.setEnabled(bool(self._records))
        there = bool(self.folder.text()) and (Path(self.folder.text()) / TABLE_JSON).exists()
        here = tr("This folder holds results already: what fits is not run again.")
        self.hint.setText(here if there and not running else tr(_ABOUT))

    def _refuse(self, sentence: str) -> None:
        self.problem.setText(said(sentence) if sentence else "")
        self.problem.setVisible(bool(sentence))

    # The results

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_COLUMNS))
        table.setHorizontalHeaderLabels([tr(name) for name in _COLUMNS])
        table.setAccessibleName(tr("Series and results"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        for column, width in enumerate(_WIDTHS):
            table.setColumnWidth(column, width)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.itemChanged.connect(lambda item: self._ticked(item))
        table.itemDoubleClicked.connect(lambda item: self.open_result(self._uid_of(item.row())))
        return table

    def _ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == _SERIES:
            self._show_state()

    def _uid_of(self, row: int) -> str:
        item = self.table.item(row, _SERIES)
        return item.data(_UID) if item is not None else ""

    def _set_columns(self, labels: Sequence[str], compared: bool) -> None:
        """The columns of labels, each with its overlap if there is something to compare with; all results are empty."""
        self._labels = [*labels]
        heads = [tr(name) for name in _COLUMNS]
        for label in labels:
            heads += [tr("{label}, ml").format(label=tr(label))]
            heads += [tr("{label}, Dice").format(label=tr(label))] if compared else []
        self.table.setSortingEnabled(False)
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        for row in range(self.table.rowCount()):
            for column in range(_VERDICT, len(heads)):
                self.table.setItem(row, column, _cell(""))
        for column in range(len(_COLUMNS), len(heads)):
            self.table.resizeColumnToContents(column)
        self.table.setColumnHidden(_DICE, not compared)
        self.table.setSortingEnabled(True)

    def _show_record(self, record: RunRecord) -> None:
        """Write a result into the row of its series."""
        self._records[record.series] = record
        self.export.setEnabled(True)
        row = next((n for n in range(self.table.rowCount()) if self._uid_of(n) == record.series), None)
        if row is None:
            return
        sentences = [record.error, record.reference_error, *(reason.sentence for reason in record.reasons)]
        remarks = [said(sentence) for sentence in sentences if sentence]
        verdict = tr(_FAILED if record.state == "failed" else _WORDS[record.level])
        cells = {
            _VERDICT: _cell(verdict),
            _SECONDS: _cell(f"{record.seconds:.1f}", record.seconds) if record.state == "done" else _cell(""),
            _DICE: _number(record.mean_dice, 3),
            _REMARK: _cell(" ".join(dict.fromkeys(remarks))),
        }
        compared = self.table.columnCount() > len(_COLUMNS) + len(self._labels)
        for n, label in enumerate(record.labels):
            column = len(_COLUMNS) + n * (2 if compared else 1)
            cells[column] = _number(label.volume_ml, 2)
            if compared:
                cells[column + 1] = _number(label.dice, 3)
        self.table.setSortingEnabled(False)  # or the row would move while it is written
        first = self.table.item(row, _SERIES)
        name = first.text() if first is not None else ""
        for column, cell in cells.items():
            cell.setToolTip(cell.text() if column < len(_COLUMNS) else f"{name}: {cell.text()}")
            self.table.setItem(row, column, cell)
        self.table.setSortingEnabled(True)

    def open_result(self, uid: str) -> None:
        """Open a series with its result as a proposal, which nobody has accepted yet; without one, open it."""
        record, workflows = self._records.get(uid), self._workflows
        if record is None or record.state != "done":
            if uid:
                self._open_series(uid, lambda: None)
            return
        models = [m.manifest for m in workflows.models.list() if m.manifest.name == record.model]
        manifest = next((one for one in models if one.version == record.version), None)
        read = partial(proposal_of, record, self._results)

        def opened() -> None:
            session = workflows.session
            volume = session.volume
            if volume is None:
                return

            def work(job: Job) -> Proposal:
                return read(volume.geometry, manifest, workflows.reader)

            def finish(proposal: Proposal) -> None:
                if session.volume is volume:
                    session.propose(proposal)

            workflows.jobs.submit(tr("Opening a result"), work, finish, self._fail)

        self._open_series(uid, opened)

    def _export(self) -> None:
        answer = ask_where(self, tr("Export CSV"), TABLE, {tr("Table (*.csv)"): ".csv"})
        if answer is None:
            return
        records = [
            self._records[uid] for uid in map(self._uid_of, range(self.table.rowCount())) if uid in self._records
        ]
        path = answer[0]
        self._workflows.jobs.submit(
            tr("Exporting"),
            lambda job: write_table(path, records),
            lambda _: self._notify(tr("Saved: {path}").format(path=path)),
            self._refuse,
        )


class _Cell(QTableWidgetItem):
    """Sorted by its number if it has one, after those that have none."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        own, others = self.data(_NUMBER), other.data(_NUMBER)
        if own is None and others is None:
            return self.text().casefold() < other.text().casefold()
        return own is None or (others is not None and own < others)


def _cell(text: str, number: float | None = None) -> _Cell:
    cell = _Cell(" ".join(text.split()))
    if number is not None:
        cell.setData(_NUMBER, number)
        cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return cell


def _number(value: float | None, digits: int) -> _Cell:
    return _cell("" if value is None else f"{value:.{digits}f}", value)


def _path_field(parent: QWidget, title: str) -> tuple[QLineEdit, QPushButton]:
    """A field for a folder, and a button that asks for it."""
    field = QLineEdit()
    field.setAccessibleName(title)
    button = QPushButton(tr("Choose…"))

    def ask() -> None:
        folder = QFileDialog.getExistingDirectory(parent, title, field.text() or str(last_folder()))
        if folder:
            field.setText(folder)

    button.clicked.connect(ask)
    return field, button


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets beside each other; None is room that is left."""
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
