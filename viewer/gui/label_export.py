"""Labels as files: in which format, which of them, and what a person should know of it before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.settings import LabelFormat
from viewer.gui.actions import NOTHING_OPEN, STILL_READ, Actions
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.where_to_save import keep_folder, last_folder, may_replace, with_suffix
from viewer.io.label_export import SUFFIXES, SavedLabels, files_of, is_dicom, why_not
from viewer.io.settings_file import SettingsFile
from viewer.workflows import Workflows

_FORMATS: tuple[tuple[LabelFormat, str, str, str], ...] = (  # with what it is for, and a name for the file
    (
        "seg",
        QT_TR_NOOP("DICOM segmentation (SEG)"),
        QT_TR_NOOP("For a PACS and other viewers, with names, colours and codes. A bit for each voxel and label."),
        "segmentation",
    ),
    (
        "seg-labelmap",
        QT_TR_NOOP("DICOM segmentation, as label map"),
        QT_TR_NOOP("The same in one value a voxel: new in the standard, and few programs read it yet."),
        "segmentation",
    ),
    (
        "rtstruct",
        QT_TR_NOOP("DICOM structure set (RTSTRUCT)"),
        QT_TR_NOOP("For radiotherapy planning: outlines on each slice, along the edges of the voxels."),
        "structure-set",
    ),
    (
        "nrrd",
        QT_TR_NOOP("NRRD, for 3D Slicer"),
        QT_TR_NOOP("A label map with names, colours and codes as 3D Slicer keeps them; others read its voxels."),
        "labels",
    ),
    (
        "nifti",
        QT_TR_NOOP("NIfTI"),
        QT_TR_NOOP("A label map for research. It has no room for names: they go into a table beside it (JSON)."),
        "labels",
    ),
    (
        "mha",
        QT_TR_NOOP("MetaImage (MHA)"),
        QT_TR_NOOP("A label map for ITK programs. It has no room for names: they go into a table beside it (JSON)."),
        "labels",
    ),
)
_WITH_PATIENT = QT_TR_NOOP("It belongs to the study: the patient's name and the study's data are in it.")
_WITHOUT_PATIENT = QT_TR_NOOP("Nothing in it names the patient, unless the names of labels do.")
_READ_BACK = QT_TR_NOOP("The file is read back and compared voxel by voxel before it is called saved.")
_NO_LABELS = QT_TR_NOOP("Nothing is labelled yet")


class LabelExport(QObject):
    """The command. notify shows a sentence for a while, tell until it is read; an empty one takes that away."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        settings_file: SettingsFile,
        notify: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room = workflows, commands, room
        self._settings_file, self._notify, self._tell = settings_file, notify, tell
        self._action = commands.add("File", QT_TR_NOOP("Export labels…"), self._ask, "Ctrl+Shift+E")
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        if what & (What.SERIES | What.VOXELS | What.LABELS):
            session = self._workflows.session
            reason = tr(STILL_READ) if session.loading else tr(NOTHING_OPEN) if session.label_map is None else ""
            if session.label_map is not None and session.label_map.blank:
                reason = reason or tr(_NO_LABELS)
            self._commands.allow(self._action, not reason, reason)

    def _ask(self) -> None:
        dialog = LabelExportDialog(
            self._workflows.session, self._settings_file.settings.label_format, self._room.window()
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export(dialog))
        dialog.open()

    def _export(self, dialog: LabelExportDialog) -> None:
        if dialog.path is None or dialog.session is not self._workflows.session:
            return
        self._settings_file.keep(label_format=dialog.format)
        self._tell("")
        observer = self._settings_file.settings.observer or ""
        self._workflows.export_labels(
            dialog.path, dialog.format, dialog.values, self._saved, dialog.overwrite, observer
        )

    def _saved(self, saved: SavedLabels) -> None:
        one = tr("Saved and read back: {voxels} voxels in 1 label agree. {path}")
        many = tr("Saved and read back: {voxels} voxels in {labels} labels agree. {path}")
        self._notify(
            (one if saved.labels == 1 else many).format(
                voxels=f"{saved.voxels:,}", labels=saved.labels, path=saved.path
            )
        )


class LabelExportDialog(QDialog):
    """After it was accepted, path says where to write, values which labels, and overwrite whether what is there may be
    replaced."""

    def __init__(self, session: Session, chosen: LabelFormat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export labels"))
        self.session, self.path, self.overwrite = session, None, False
        self.formats = QComboBox()
        for kind, text, _, _ in _FORMATS:
            self.formats.addItem(tr(text), kind)
        series = session.series
        possible = [kind for kind, *_ in _FORMATS if series is None or not why_not(series, kind)]
        first = chosen if chosen in possible or not possible else possible[0]
        self.formats.setCurrentIndex(max(self.formats.findData(first), 0))
        self.formats.currentIndexChanged.connect(self._show_format)
        self.about = QLabel(wordWrap=True)
        self.about.setProperty("dimmed", True)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("warning", True)
        self.labels = QListWidget()
        self.labels.setAccessibleName(tr("Labels to export"))
        for label in session.labels:
            item = QListWidgetItem(swatch(label.colour), tr(label.name))
            item.setData(Qt.ItemDataRole.UserRole, label.value)
            self.labels.addItem(item)
        self.choose_visible()
        self.labels.itemChanged.connect(self._show_format)
        every, visible = QPushButton(tr("All")), QPushButton(tr("Visible ones"))
        every.clicked.connect(self.choose_all)
        visible.clicked.connect(self.choose_visible)
        choice = QHBoxLayout()
        choice.addWidget(QLabel(tr("Labels that are nowhere in the scan are passed over.")), 1)
        for button in (every, visible):
            button.setAutoDefault(False)
            choice.addWidget(button)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(tr("Save as…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.save.setDefault(True)
        self.save.clicked.connect(self._save)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("Format"), self.formats)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.about)
        layout.addWidget(self.problem)
        layout.addWidget(self.labels, 1)
        layout.addLayout(choice)
        layout.addWidget(buttons)
        self.resize(460, 460)
        self._show_format()

    @property
    def format(self) -> LabelFormat:
        return self.formats.currentData()

    @property
    def values(self) -> tuple[int, ...]:
        """Values of the labels that are ticked."""
        ticked = (item for item in self._items() if item.checkState() == Qt.CheckState.Checked)
        return tuple(item.data(Qt.ItemDataRole.UserRole) for item in ticked)

    def choose_all(self) -> None:
        for item in self._items():
            item.setCheckState(Qt.CheckState.Checked)

    def choose_visible(self) -> None:
        """Tick those that are shown on the panes."""
        for item, label in zip(self._items(), self.session.labels, strict=True):
            item.setCheckState(Qt.CheckState.Checked if label.visible else Qt.CheckState.Unchecked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.labels.item(n) for n in range(self.labels.count())]

    def _show_format(self) -> None:
        _, _, about, _ = _FORMATS[self.formats.currentIndex()]
        patient = _WITH_PATIENT if is_dicom(self.format) else _WITHOUT_PATIENT
        self.about.setText(f"{tr(about)}\n{tr(patient)}\n{tr(_READ_BACK)}")
        series = self.session.series
        problem = "" if series is None else said(why_not(series, self.format))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.save.setEnabled(not problem and bool(self.values))

    def _save(self) -> None:
        suffix, (_, text, _, name) = SUFFIXES[self.format], _FORMATS[self.formats.currentIndex()]
        path = self._ask_path(last_folder() / f"{name}{suffix}", f"{tr(text)} (*{suffix})")
        if path is None:
            return
        path = with_suffix(path, suffix)
        there = [file.name for file in files_of(path, self.format) if file.exists()]
        if there and not self._may_replace(there):
            return
        keep_folder(path)
        self.path, self.overwrite = path, bool(there)
        self.accept()

    def _ask_path(self, proposed: Path, kinds: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save as"), str(proposed), kinds, options=QFileDialog.Option.DontConfirmOverwrite
        )
        return Path(name) if name else None

    def _may_replace(self, names: Sequence[str]) -> bool:
        return may_replace(self, names)
