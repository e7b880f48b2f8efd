"""Label surfaces as files: which labels, in which format, into which folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.labels import Label
from viewer.core.session import Session
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.question import agreed
from viewer.io.meshes import write_mesh
from viewer.jobs import Job, JobQueue

_FORMATS = (
    (QT_TR_NOOP("STL, binary"), ".stl"),
    (QT_TR_NOOP("PLY, binary, with colour"), ".ply"),
    (QT_TR_NOOP("OBJ, with colour"), ".obj"),
)
_SHOWN_NAMES = 6


class ExportDialog(QDialog):
    """Writes the surfaces of chosen labels of the session, a file each, named after the label."""

    def __init__(
        self, session: Session, jobs: JobQueue, tell: Callable[[str], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export label surfaces"))
        self._session, self._jobs, self._tell = session, jobs, tell
        self.labels = QListWidget()
        self.labels.setAccessibleName(tr("Labels to export"))
        for label in session.labels:
            item = QListWidgetItem(swatch(label.colour), tr(label.name))
            item.setData(Qt.ItemDataRole.UserRole, label.value)
            item.setCheckState(Qt.CheckState.Checked if label.visible else Qt.CheckState.Unchecked)
            self.labels.addItem(item)
        self.format = QComboBox()
        for text, suffix in _FORMATS:
            self.format.addItem(tr(text), suffix)
        self.smooth = QCheckBox(tr("Smooth, by at most half a voxel"))
        self.smooth.setChecked(True)
        note = QLabel(
            tr(
                "Coordinates are in the patient's system (LPS), in mm. Each file is read back and compared before it "
                "is called saved. Labels that are nowhere in the scan are passed over."
            ),
            wordWrap=True,
        )
        note.setProperty("dimmed", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export = buttons.addButton(tr("Export…"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.rejected.connect(self.reject)
        buttons.accepted.connect(self._ask_folder)
        form = QFormLayout()
        form.addRow(tr("Format"), self.format)
        form.addRow("", self.smooth)
        layout = QVBoxLayout(self)
        layout.addWidget(self.labels, 1)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(buttons)
        self.resize(380, 420)

    def _chosen(self) -> list[Label]:
        items = [self.labels.item(n) for n in range(self.labels.count())]
        values = {i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked}
        return [label for label in self._session.labels if label.value in values]

    def _ask_folder(self) -> None:
        labels = self._chosen()
        if not labels:
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the surfaces"))
        if not folder:
            return
        paths = files_for(labels, Path(folder), self.format.currentData())
        there = [path.name for path in paths if path.exists()]
        if there and not self._replace(there):
            return
        self._write(labels, paths, bool(there))
        self.accept()

    def _replace(self, names: Sequence[str]) -> bool:
        rest = len(names) - _SHOWN_NAMES
        more = tr(" and {count} more").format(count=rest) if rest > 0 else ""
        shown = tr(", ").join(names[:_SHOWN_NAMES])
        return agreed(self, tr("{names}{more}: there already. Replace?").format(names=shown, more=more))

    def _write(self, labels: Sequence[Label], paths: Sequence[Path], overwrite: bool) -> None:
        session = self._session
        assert session.label_map is not None and session.volume is not None
        voxels, geometry = session.label_map.voxels.copy(), session.volume.geometry
        smooth = self.smooth.isChecked()

        def work(job: Job) -> list[str]:
            from viewer.render.surfaces import label_mesh  # VTK takes most of a second to import

            saved = []
            for n, (label, path) in enumerate(zip(labels, paths, strict=True)):
                job.report(n / len(labels), tr(label.name))
                mesh = label_mesh(voxels, geometry, label, smooth=smooth)
                if mesh is not None:
                    write_mesh(mesh, path, overwrite)
                    saved.append(path.name)
            return saved

        def done(saved: list[str]) -> None:
            if not saved:
                self._tell(tr("Nothing was exported: these labels are nowhere in the scan"))
            else:
                more = tr(" and {count} more").format(count=len(saved) - 1) if len(saved) > 1 else ""
                self._tell(tr("Saved {name}{more}, read back and compared").format(name=saved[0], more=more))

        self._jobs.submit(tr("Exporting surfaces"), work, done, self._tell)


def files_for(labels: Sequence[Label], folder: Path, suffix: str) -> list[Path]:
    """A file for each label, named after it in characters that every system takes, no two alike."""
    names: list[str] = []
    for label in labels:
        name = re.sub(r"[^\w\-. ]+", "_", label.name).strip(". ") or f"label-{label.value}"
        while name.lower() in (other.lower() for other in names):
            name = f"{name}-{label.value}"
        names.append(name)
    return [folder / f"{name}{suffix}" for name in names]
