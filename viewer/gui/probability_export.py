"""What a model says before anything is decided, as files: how probable its labels are, and how unsure it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.labels import Label
from viewer.core.painting import Box
from viewer.gui.actions import NOTHING_OPEN, Actions
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.where_to_save import ask_where
from viewer.io.label_export import ProbabilityFormat, SavedLabels, why_not
from viewer.model_runs import labels_of
from viewer.workflows import Workflows

_FORMATS: tuple[tuple[ProbabilityFormat, str, str, str], ...] = (  # with what it holds, and a name for the file
    (
        "fractions",
        QT_TR_NOOP("Probabilities of labels: DICOM segmentation, fractional"),
        QT_TR_NOOP("For each voxel and label the model's probability, in steps of 1/255."),
        "probabilities",
    ),
    (
        "entropy",
        QT_TR_NOOP("Uncertainty: DICOM parametric map"),
        QT_TR_NOOP("For each voxel the entropy of the model's classes: 0 where it is sure, 1 where it cannot tell."),
        "uncertainty",
    ),
)
_SUFFIX = ".dcm"
_ABOUT = QT_TR_NOOP(
    "{model} is run once more. The file belongs to the study: the patient's name and the study's data are in it. It is "
    "read back and compared before it is called saved."
)
_BYTES_OF_A_VOXEL = 12  # while the file is made, for each label
_MOST_BYTES = 4 << 30


class ProbabilityExport(QObject):
    """The command. model tells the chosen model's name; notify shows a sentence for a while."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        model: Callable[[], str],
        notify: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room = workflows, commands, room
        self._model, self._notify = model, notify
        self._action = commands.add("AI", QT_TR_NOOP("Export probabilities and uncertainty…"), self._ask)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        if what & (What.SERIES | What.VOXELS):
            reason = self._why_not()
            self._commands.allow(self._action, not reason, reason)

    def _why_not(self) -> str:
        series, model = self._workflows.session.series, self._model()
        if series is None or self._workflows.session.volume is None:
            return tr(NOTHING_OPEN)
        if not model:
            return tr("No model is installed.")
        return said(self._workflows.runs.cannot_segment(model) or why_not(series, "seg"))

    def _ask(self) -> None:
        volume, model = self._workflows.session.volume, self._model()
        if volume is None or not model:
            return
        manifest = self._workflows.models.get(model).manifest
        most = max(_MOST_BYTES // (_BYTES_OF_A_VOXEL * math.prod(volume.geometry.size)), 1)
        shown = {label.name for label in self._workflows.session.labels if label.visible}
        dialog = ProbabilityDialog(tr(manifest.title), labels_of(manifest), shown, most, self._room.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export(dialog, model))
        dialog.open()

    def _export(self, dialog: ProbabilityDialog, model: str) -> None:
        kind, text, _, name = _FORMATS[dialog.formats.currentIndex()]
        answer = ask_where(self._room.window(), tr("Save as"), name, {tr(text): _SUFFIX})
        if answer is not None:
            overwrite = answer[0].exists()  # which a person has agreed to
            self._workflows.export_probabilities(answer[0], kind, model, dialog.names, self._saved, overwrite)

    def _saved(self, saved: SavedLabels) -> None:
        self._notify(tr("Saved, read back and compared: {path}").format(path=saved.path))


class ProbabilityDialog(QDialog):
    """names are those of the ticked labels after it was accepted. ticked: those that are ticked at first, as far as
    most allows, which is how many can be written at once."""

    def __init__(
        self, title: str, labels: Sequence[Label], ticked: Collection[str], most: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export probabilities and uncertainty"))
        self._most = most
        self.formats = QComboBox()
        for kind, text, _, _ in _FORMATS:
            self.formats.addItem(tr(text), kind)
        self.formats.currentIndexChanged.connect(self._show)
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("dimmed", True)
        run = QLabel(tr(_ABOUT).format(model=title), wordWrap=True)
        run.setProperty("dimmed", True)
        self.labels = QListWidget()
        self.labels.setAccessibleName(tr("Labels to export"))
        first = [label.name for label in labels if label.name in ticked][: min(most, 5)]
        for label in labels:
            item = QListWidgetItem(swatch(label.colour), tr(label.name))
            item.setData(Qt.ItemDataRole.UserRole, label.name)
            item.setCheckState(Qt.CheckState.Checked if label.name in first else Qt.CheckState.Unchecked)
            self.labels.addItem(item)
        self.labels.itemChanged.connect(self._show)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("warning", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(tr("Save as…"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("Format"), self.formats)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        for widget in (self._about, run):
            layout.addWidget(widget)
        layout.addWidget(self.labels, 1)
        layout.addStretch()  # in place of the list where there is none
        for widget in (self.problem, buttons):
            layout.addWidget(widget)
        self.resize(520, 480)
        self._show()

    @property
    def names(self) -> tuple[str, ...]:
        items = (self.labels.item(n) for n in range(self.labels.count()))
        return tuple(
            item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def _show(self) -> None:
        kind, _, about, _ = _FORMATS[self.formats.currentIndex()]
        self._about.setText(tr(about))
        of_labels, count = kind == "fractions", len(self.names)
        self.labels.setVisible(of_labels)
        problem = ""
        if of_labels and not count:
            problem = tr("Choose a label.")
        elif of_labels and count > self._most:
            problem = tr("At most {count} labels of a scan of this size can be written at once.")
        self.problem.setText(problem.format(count=self._most))
        self.problem.setVisible(bool(problem))
        self.save.setEnabled(not problem)
