"""The history of a model: what each version was trained from and with, how well it did, and what people noted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.where_to_save import ask_where, last_folder
from viewer.workflows import MODEL_FILE_ENDING, ModelRecord, Workflows

_VERSION = Qt.ItemDataRole.UserRole
_COLUMNS = (
    QT_TR_NOOP("Version"),
    QT_TR_NOOP("Date"),
    "Dice",
    QT_TR_NOOP("Gain"),
    QT_TR_NOOP("Slices"),
    QT_TR_NOOP("Patients"),
    QT_TR_NOOP("Note"),
)
_NUMBERS = range(2, 6)
_COUNTS = (  # of a version's training, and how a difference to the parent's is told
    ("labelled_slices", QT_TR_NOOP("{n:+d} annotated slices")),
    ("patients", QT_TR_NOOP("{n:+d} patients")),
    ("unlabelled_slices", QT_TR_NOOP("{n:+d} unlabelled slices")),
)


class ModelHistory(QDialog):
    """The versions of one model as a tree, and what can be done with each."""

    def __init__(self, workflows: Workflows, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._workflows, self._name = workflows, name
        self._tell = True
        self.setWindowTitle(tr("History of {model}").format(model=tr(workflows.models.get(name).manifest.title)))
        self.resize(820, 440)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(len(_COLUMNS))
        self.tree.setHeaderLabels([tr(column) for column in _COLUMNS])
        self.tree.setAccessibleName(tr("Versions"))
        self.tree.setUniformRowHeights(True)
        self.tree.currentItemChanged.connect(lambda now, before: self._show_version())
        self._about = QLabel(wordWrap=True)
        self._about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.note = QLineEdit()
        self.note.setPlaceholderText(tr("Your note on this version; it stays on this machine"))
        self.note.setAccessibleName(tr("Note"))
        self.note.editingFinished.connect(self._write_note)
        self.use = QPushButton(tr("Use this version"))
        self.use.clicked.connect(lambda: workflows.use_version(self._name, self.version))
        self.roll_back = QPushButton(tr("Roll back"))
        self.roll_back.setToolTip(tr("Use the version that was active before; nothing is deleted"))
        self.roll_back.clicked.connect(lambda: workflows.roll_back(self._name))
        self.export = QPushButton(tr("Export…"))
        self.export.setToolTip(tr("Save this version as one file, for another machine"))
        self.export.clicked.connect(self._export)
        self.bring = QPushButton(tr("Import…"))
        self.bring.setToolTip(tr("Add a version that was exported elsewhere; its file is checked first"))
        self.bring.clicked.connect(self._import)
        self._done = QLabel(wordWrap=True)
        self._done.setProperty("dimmed", True)
        buttons = QHBoxLayout()
        for button in (self.use, self.roll_back, self.export, self.bring):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tree, 1)
        for widget in (self._about, self.note, self._done):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self._unheard = workflows.on_models_change(self.refresh)
        self.finished.connect(self._closed)
        self.refresh()

    @property
    def version(self) -> str:
        """The version that is chosen in the tree."""
        item = self.tree.currentItem()
        return item.data(0, _VERSION) if item is not None else ""

    def refresh(self) -> None:
        """List the versions anew; the one that was chosen stays so, else it is the one in use."""
        records = self._records()
        chosen = self.version or next((r.manifest.version for r in records if r.active), "")
        self.tree.clear()
        items: dict[str, QTreeWidgetItem] = {}
        waiting = list(records)
        known = {record.manifest.version for record in records}
        while waiting:
            record = next((r for r in waiting if _parent(r) not in known or _parent(r) in items), waiting[0])
            waiting.remove(record)
            over = items.get(_parent(record))
            item = QTreeWidgetItem(over if over is not None else self.tree)
            items[record.manifest.version] = item
            self._fill(item, record)
        self.tree.expandAll()
        for column in range(len(_COLUMNS) - 1):
            self.tree.resizeColumnToContents(column)
        if chosen in items:
            self.tree.setCurrentItem(items[chosen])
        self.roll_back.setEnabled(self._workflows.models.can_roll_back(self._name))
        self._show_version()

    def _records(self) -> list[ModelRecord]:
        return [record for record in self._workflows.models.list() if record.manifest.name == self._name]

    def _fill(self, item: QTreeWidgetItem, record: ModelRecord) -> None:
        manifest, training = record.manifest, record.manifest.training
        measured = _measured(record)
        dice, before = (_number(measured.get(key)) for key in ("dice", "dice_of_current"))
        gain = dice - before if dice is not None and before is not None else None
        mark = "● " if record.active else ""
        origin = tr("shipped") if record.shipped else ""
        texts = [
            f"{mark}{manifest.version}" + (f" ({origin})" if origin else ""),
            manifest.created,
            f"{dice:.3f}" if dice is not None else "–",
            f"{gain:+.3f}" if gain is not None else "–",
            _count(training, "labelled_slices"),
            _count(training, "patients"),
            self._workflows.models.note(self._name, manifest.version),
        ]
        for column, text in enumerate(texts):
            item.setText(column, text)
            item.setToolTip(column, text)
            if column in _NUMBERS:
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if record.active:
                font = item.font(column)
                font.setBold(True)
                item.setFont(column, font)
        item.setData(0, _VERSION, manifest.version)

    def _show_version(self) -> None:
        record = next((r for r in self._records() if r.manifest.version == self.version), None)
        for widget in (self.use, self.export, self.note):
            widget.setEnabled(record is not None)
        if record is None:
            self._about.clear()
            return
        self.use.setEnabled(not record.active)
        self.note.setText(self._workflows.models.note(self._name, self.version))
        self._about.setText("\n".join(self._told(record)))

    def _told(self, record: ModelRecord) -> Sequence[str]:
        manifest = record.manifest
        parent = next((r for r in self._records() if r.manifest.version == _parent(record)), None)
        if manifest.parent is None:
            lines = [tr("It was trained from nothing.") if manifest.training else tr("It came as it is.")]
        else:
            from_whom = tr("Trained from {name} {version}.")
            lines = [from_whom.format(name=manifest.parent.name, version=manifest.parent.version)]
            if parent is not None and not _same_network(record, parent):
                lines.append(tr("The version of that number here is another one than it was trained from."))
        difference = difference_of_data(manifest.training, parent.manifest.training if parent is not None else {})
        if difference and parent is not None:
            lines.append(tr("Training data against its parent: {list}.").format(list=tr(", ").join(difference)))
        measured = _measured(record)
        if _number(measured.get("dice")) is not None:
            n = len(measured.get("held_out", ()))
            patients = measured.get("unit") == "patients"
            on = tr("{n} held-out patients") if patients else tr("{n} held-out slices; not verified on other patients")
            lines.append(tr("Measured on {what}.").format(what=on.format(n=n)))
        return lines

    def _write_note(self) -> None:
        if not self.version or self.note.text().strip() == self._workflows.models.note(self._name, self.version):
            return
        try:
            self._workflows.models.write_note(self._name, self.version, self.note.text())
        except OSError as error:
            self._done.setText(tr("The note could not be kept ({reason}).").format(reason=error))
            return
        item = self.tree.currentItem()
        assert item is not None  # a version is chosen
        item.setText(len(_COLUMNS) - 1, self.note.text().strip())

    def _export(self) -> None:
        version = self.version
        kinds = {tr("Models (*{ending})").format(ending=MODEL_FILE_ENDING): MODEL_FILE_ENDING}
        name = f"{self._name}-{version}{MODEL_FILE_ENDING}"
        asked = ask_where(self, tr("Export a version"), name, kinds)
        if asked is not None:
            path, _ = asked
            told = tr("{version} is saved as {file}.").format(version=version, file=path.name)
            self._workflows.export_model(self._name, version, path, lambda: self._say(told))

    def _import(self) -> None:
        kinds = tr("Models (*{ending})").format(ending=MODEL_FILE_ENDING)
        name, _ = QFileDialog.getOpenFileName(self, tr("Import a version"), str(last_folder()), kinds)
        if name:
            self._workflows.import_model(Path(name), self._imported)

    def _imported(self, record: ModelRecord) -> None:
        manifest = record.manifest
        words = tr("{name} {version} is here now; it is not in use yet.")
        self._say(words.format(name=tr(manifest.title), version=manifest.version))

    def _say(self, text: str) -> None:
        if self._tell:
            self._done.setText(text)

    def _closed(self) -> None:
        self._write_note()
        self._tell = False  # what still runs tells nobody: the dialog's parts are gone
        self._unheard()


def difference_of_data(training: dict[str, Any], of_parent: dict[str, Any]) -> list[str]:
    """How much more, or less, a version learnt from than its parent, as far as both tell."""
    told = []
    for key, words in _COUNTS:
        n, before = training.get(key), of_parent.get(key)
        if isinstance(n, int) and isinstance(before, int) and n != before:
            told.append(tr(words).format(n=n - before))
    return told


def _parent(record: ModelRecord) -> str:
    parent = record.manifest.parent
    return parent.version if parent is not None and parent.name == record.manifest.name else ""


def _same_network(record: ModelRecord, parent: ModelRecord) -> bool:
    told = record.manifest.parent
    return told is not None and told.sha256 in parent.manifest.files.values()


def _measured(record: ModelRecord) -> dict[str, Any]:
    measured = record.manifest.training.get("held_out")
    return measured if isinstance(measured, dict) else {}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _count(training: dict[str, Any], key: str) -> str:
    return str(training[key]) if isinstance(training.get(key), int) else "–"
