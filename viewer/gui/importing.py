"""Annotations of others onto the open series: a file is chosen or dropped, a person says which of it and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.history import Edit, Made, MeasurementChange
from viewer.core.laying import (
    Found,
    Import,
    Laid,
    NotOnGrid,
    coloured,
    doubts_of,
    import_of,
    import_title,
    lay,
    on_pictures,
    why_not_of,
)
from viewer.core.measuring import Measurement
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.gui.actions import READ_ONLY, STILL_READ, Actions, no_longer_confirmed
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.io.found_label_files import is_label_file, read_label_file
from viewer.io.found_objects import FoundReport, read_found
from viewer.io.found_reports import measurements_of
from viewer.jobs import Job
from viewer.workflows import Workflows

_KINDS = {
    "binary": QT_TR_NOOP("DICOM segmentation"),
    "fractional": QT_TR_NOOP("DICOM segmentation, fractions"),
    "labelmap": QT_TR_NOOP("DICOM segmentation, label map"),
    "structures": QT_TR_NOOP("Radiotherapy structure set"),
    "label map": QT_TR_NOOP("Label map"),
}
_SAME_PLACE = 1e-3  # voxels
_FILES = QT_TR_NOOP("Annotations (*.dcm *.seg *.nii *.nii.gz *.nrrd *.mha *.mhd);;All files (*)")


@dataclass(frozen=True, eq=False)
class Offer:
    """What a file holds, as it would lie on a series. laid is empty where it lies between the voxels of the series,
    as between says."""

    path: Path
    found: Found
    laid: tuple[Laid, ...]
    between: str = ""


class Importing(QObject):
    """The command that imports annotations, and what becomes of a file."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        parent: QWidget,
        notify: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._workflows, self._commands, self._window = workflows, commands, parent
        self._notify, self._fail = notify, fail
        self.dialog: ImportDialog | None = None
        self._import = commands.add(
            "File",
            QT_TR_NOOP("Import annotations…"),
            self._ask,
            tip=QT_TR_NOOP("Segmentations, structure sets, label maps and measurements onto the open series"),
        )
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what makes sense with what is open."""
        if what & (What.SERIES | What.TOOL | What.VOXELS):
            session = self._workflows.session
            why_not = tr(READ_ONLY) if session.read_only else tr(STILL_READ) if session.loading else ""
            self._commands.allow(self._import, session.editable, why_not)

    def _ask(self) -> None:
        series = self._workflows.session.series
        if known := self._known(series):
            words, other = tr("Found on this series:"), tr("Another file…")
            chosen, agreed = QInputDialog.getItem(
                self._window, tr("Import annotations"), words, [*known, other], editable=False
            )
            if not agreed:
                return
            if chosen in known:
                self.offer(known[chosen])
                return
        beside = str(series.files[0].parent) if series is not None and series.files else ""
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Import annotations"), beside, tr(_FILES))
        if name:
            self.offer(Path(name))

    def _known(self, series: Series | None) -> dict[str, Path]:
        """The files of annotations that were found on a series, by what they are called."""
        uid = series.uid.partition("~")[0] if series is not None else ""
        files = [one.file for one in self._workflows.library.annotations([uid]).get(uid, ())]
        names = [file.name for file in files]
        return {name if names.count(name) == 1 else str(file): file for name, file in zip(names, files, strict=True)}

    def offer(self, path: Path) -> Job | None:
        """Look what a file holds, and ask a person how to take it; a sentence where it cannot be taken."""
        session = self._workflows.session
        series, volume = session.series, session.volume
        if series is None or volume is None or not session.editable:
            self._fail(tr("Open the series that the annotations belong to first, and wait until all of it is there."))
            return None
        self._fail("")
        reader = self._workflows.reader

        def work(job: Job) -> Offer | FoundReport:
            job.report(0.0, path.name)
            try:
                if is_label_file(path):
                    found = read_label_file(path, reader.look_all, lambda s: reader.read(s, job.report), job.check)
                else:
                    found = read_found(path, job.check)
                if problem := why_not_of(found.source, series):
                    raise SeriesError(problem)
                if isinstance(found, FoundReport):
                    return found
                found = on_pictures(found, series)
                try:
                    return Offer(path, found, lay(found, volume.geometry, check=job.check))
                except NotOnGrid as error:
                    if not volume.geometry.is_grid:
                        raise
                    return Offer(path, found, (), str(error))
            except SeriesError as error:
                raise SeriesError(f"{path.name}: {error}") from error

        def done(offer: Offer | FoundReport) -> None:
            if session.volume is not volume or session is not self._workflows.session:
                return
            if isinstance(offer, FoundReport):
                self._take_measurements(path, offer, session, series, volume)
            else:
                self._show(offer, session, series, volume)

        return self._workflows.jobs.submit(tr("Reading annotations"), work, done, self._fail)

    def _take_measurements(
        self, path: Path, report: FoundReport, session: Session, series: Series, volume: Volume
    ) -> None:
        first = 1 + max((m.number for m in session.measurements), default=0)
        found, left_out = measurements_of(report, series, volume.geometry, first)
        fitting = tuple(one for one in found if not any(_same(one, other) for other in session.measurements))
        if fitting:
            changes = tuple(MeasurementChange(None, one) for one in fitting)
            session.make(Edit(import_title(), measurements=changes))
        one, many = tr("1 measurement imported from {name}"), tr("{count} measurements imported from {name}")
        words = (one if len(fitting) == 1 else many).format(count=len(fitting), name=path.name)
        sentences = [said(sentence) for sentence in (*left_out, *report.notes)]
        if there := len(found) - len(fitting):
            one, many = tr("1 is there already."), tr("{count} are there already.")
            sentences.insert(0, (one if there == 1 else many).format(count=there))
        more = " ".join(sentences)
        if more or not fitting:
            self._fail(f"{words}. {more}")
        else:
            self._notify(words)

    def _show(self, offer: Offer, session: Session, series: Series, volume: Volume) -> None:
        dialog = self.dialog = ImportDialog(offer, series, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(
            lambda: self._take(offer, dialog.chosen, dialog.replaces, session, volume)  # as it is when it is accepted
        )
        dialog.open()

    def _take(
        self, offer: Offer, chosen: Sequence[int], replace_labels: bool, session: Session, volume: Volume
    ) -> None:
        """Make the chosen segments labels, the earlier before the later, off the window's thread, as one edit."""
        label_map = session.label_map
        if session.volume is not volume or label_map is None or not session.editable:
            return
        session.end_stroke()
        table, in_use, confirmed = session.labels, session.labels_in_use(), session.confirmed
        resampled = not offer.laid
        title = import_title(resampled)
        imports: list[Import] = []

        def prepare(job: Job) -> Made | None:
            laid = offer.laid or lay(offer.found, volume.geometry, resample=True, check=job.check)
            job.check()
            ordered = [laid[n] for n in chosen]
            found = import_of(
                title, ordered, label_map.voxels, table, in_use, replace_labels=replace_labels, confirmed=confirmed
            )
            imports.append(found)
            return None if found.edit is None else (found.edit, tuple(delta.voxels for delta in found.edit.deltas))

        def finish(made: Made | None) -> None:
            if made is not None:
                session.make(*made)
            self._tell(offer, imports[-1], resampled)

        def again() -> None:
            self._take(offer, chosen, replace_labels, session, volume)

        self._workflows.editing.edit_labels(session, title, prepare, finish, again)

    def _tell(self, offer: Offer, prepared: Import, resampled: bool) -> None:
        name, cut = offer.path.name, sum(prepared.cut)
        if prepared.edit is None:
            labelled = tr("{name}: nothing was imported, as all of it is labelled already")
            elsewhere = tr("{name}: nothing was imported, as none of it lies in this series")
            self._fail((labelled if cut else elsewhere).format(name=name))
            return
        labels = sum(count > 0 for count in prepared.taken)
        one, many = tr("1 label imported from {name}"), tr("{count} labels imported from {name}")
        words = (one if labels == 1 else many).format(count=labels, name=name)
        if resampled:
            words += tr(", resampled")
        if cut:
            words += tr("; {count:,} voxels were left to other labels").format(count=cut)
        if lost := len(prepared.edit.confirmed):
            self._fail(f"{words}. {no_longer_confirmed(lost)}")
        else:
            self._notify(words)


class ImportDialog(QDialog):
    """Which segments of a file become labels, in which order, and what becomes of the labels that are there."""

    def __init__(self, offer: Offer, series: Series, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import annotations"))
        found, laid = offer.found, offer.laid
        overlapping = any(one.shared for one in laid)
        what = QLabel(f"<b>{offer.path.name}</b><br>{tr(_KINDS.get(found.kind, found.kind))}", wordWrap=True)
        self.segments = QListWidget()
        self.segments.setAccessibleName(tr("Segments to import"))
        self.segments.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        order = list(range(len(found.segments)))
        if overlapping:  # a lesion within an organ stays whole
            order.sort(key=lambda n: laid[n].count)
        segments = coloured(found.segments)
        for n in order:
            segment = segments[n]
            words = _words(segment.name or tr("Segment {number}").format(number=n + 1), laid[n] if laid else None)
            item = QListWidgetItem(swatch(segment.colour or (0, 0, 0)), words)
            if segment.code is not None:
                item.setToolTip(" ".join(segment.code))
            item.setData(Qt.ItemDataRole.UserRole, n)
            there = not laid or laid[n].voxels.any()
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setCheckState(Qt.CheckState.Checked if there else Qt.CheckState.Unchecked)
            if not there:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.segments.addItem(item)
        self.segments.itemChanged.connect(self._allow)
        self.there = QComboBox()
        self.there.addItem(tr("Keep the labels that are there"), False)
        self.there.addItem(tr("Replace them, but for locked labels"), True)
        self.resample = QCheckBox(tr("Resample to this series' grid (nearest voxel)"))
        self.resample.setVisible(not laid)
        self.resample.toggled.connect(self._allow)
        sentences = [said(one) for one in (*doubts_of(found.source, series, found.grid_size), *found.notes)]
        if overlapping:
            sentences.append(
                tr(
                    "Some segments overlap, and a voxel has one label: that of the segment higher in the list. Drag "
                    "them into another order, or choose fewer."
                )
            )
        if not laid:
            reason = said(offer.between)
            sentences.append(tr("It lies on another grid: {reason}.").format(reason=reason))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = buttons.addButton(tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.take.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("Where a voxel has a label"), self.there)
        layout = QVBoxLayout(self)
        layout.addWidget(what)
        self.notes = QLabel("\n".join(sentences), wordWrap=True)
        self.notes.setVisible(bool(sentences))
        layout.addWidget(self.notes)
        layout.addWidget(self.segments, 1)
        layout.addWidget(self.resample)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.resize(460, 440)
        self._allow()

    @property
    def chosen(self) -> tuple[int, ...]:
        """The numbers of the chosen segments, in the order of the list."""
        items = [self.segments.item(n) for n in range(self.segments.count())]
        return tuple(i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked)

    @property
    def replaces(self) -> bool:
        """Whether labels that are there give way."""
        return bool(self.there.currentData())

    def _allow(self) -> None:
        sure = self.resample.isHidden() or self.resample.isChecked()
        self.take.setEnabled(bool(self.chosen) and sure)
        self.take.setToolTip("" if sure else tr("It lies on another grid: say first that it is to be resampled"))


def _same(one: Measurement, other: Measurement) -> bool:
    """Whether two measurements are one that came twice: a report holds points to some millionths of a voxel only."""
    if (one.kind, one.normal, one.text, len(one.points)) != (other.kind, other.normal, other.text, len(other.points)):
        return False
    return np.allclose(one.points, other.points, rtol=0, atol=_SAME_PLACE)


def _words(name: str, laid: Laid | None) -> str:
    if laid is None:
        return name
    if not laid.voxels.any():
        return tr("{name} · nowhere in this series").format(name=name)
    words = [name, tr("{count:,} voxels").format(count=laid.count)]
    if laid.shared:
        words.append(tr("{count:,} of them shared").format(count=laid.shared))
    if laid.outside:
        words.append(tr("{count:,} outside this series").format(count=laid.outside))
    return " · ".join(words)
