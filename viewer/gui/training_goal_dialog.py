"""What a training is to make: a model further or a new one, of which labels, from which scans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.goal import Goal, Task, common_folder
from viewer.core.readiness import Learnable
from viewer.core.study import Series
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.training_readiness import about_strangers
from viewer.workflows import Workflows

_TASKS: dict[Task, str] = {
    "segmentation": QT_TR_NOOP("Segmentation: structures on confirmed slices"),
    "classification": QT_TR_NOOP("Classification: findings that were answered"),
    "detection": QT_TR_NOOP("Detection: boxes with a label"),
}
_LACKING: dict[Task, str] = {
    "segmentation": QT_TR_NOOP("No slice is confirmed yet: draw or correct structures and confirm the slice."),
    "classification": QT_TR_NOOP(
        "No finding is answered yet, of a slice or of a scan of one slice: the list is in the panel Findings."
    ),
    "detection": QT_TR_NOOP("No box has a label yet: draw boxes with the box tool and name what they show."),
}
_UID = Qt.ItemDataRole.UserRole


class TrainingGoalDialog(QDialog):
    """chosen gets the goal. goal is what it begins with, learnable what is annotated."""

    def __init__(
        self,
        workflows: Workflows,
        goal: Goal,
        learnable: Learnable,
        chosen: Callable[[Goal], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workflows, self._learnable, self._chosen = workflows, learnable, chosen
        self.setWindowTitle(tr("What to train"))
        self.task = QComboBox()
        for task in get_args(Task):
            self.task.addItem(tr(_TASKS[task]), task)
        self.model = QComboBox()
        self.title = QLineEdit(placeholderText=tr("Name of the new model"))
        self.title.setMaxLength(60)
        self.labels, self.scans = _tree((tr("Label"), tr("Annotated"))), _tree((tr("Scan"), tr("Annotated")))
        self.labels.setAccessibleName(tr("Labels"))
        self.scans.setAccessibleName(tr("Scans to learn from"))
        self.unlabelled = QCheckBox(tr("Learn also from scans that nobody has annotated"))
        self.unlabelled.setToolTip(tr("A few of the same modality, without labels: semi-supervised"))
        self.unlabelled.setChecked(goal.unlabelled)
        self.one_kind = QCheckBox()
        self.one_kind.setToolTip(tr("Files that are not DICOM do not tell what kind of scan they are: you do"))
        self.told = QLabel(wordWrap=True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.ok = buttons.button(standard.Ok)
        self.ok.setText(tr("Choose"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Task"), self.task)
        form.addRow(tr("Model"), self.model)
        form.addRow(tr("Name"), self.title)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.labels, 2)
        layout.addWidget(self.scans, 3)
        layout.addWidget(self.unlabelled)
        layout.addWidget(self.one_kind)
        layout.addWidget(self.told)
        layout.addWidget(buttons)
        self.resize(520, 560)

        self._form, self._begun_with = form, goal
        self._folder: Path | None = None
        self.task.setCurrentIndex(self.task.findData(goal.task))
        self.title.setText(goal.title)
        self._list_models()
        self.model.setCurrentIndex(max(self.model.findData(goal.model), 0))
        self._list_labels()
        self._list_scans()
        self.one_kind.setChecked(goal.of_one_kind is not None)
        self.task.currentIndexChanged.connect(self._task_changed)
        self.model.currentIndexChanged.connect(self._model_changed)
        self.title.textChanged.connect(self._tell)
        self.unlabelled.toggled.connect(self._tell)
        self.labels.itemChanged.connect(self._tell)
        self.scans.itemChanged.connect(self._tell)
        self._tell()

    @property
    def goal(self) -> Goal:
        """What is chosen now."""
        task: Task = self.task.currentData()
        model: str = self.model.currentData()
        left_out = frozenset(uid for uid, ticked in _ticks(self.scans).items() if not ticked)
        unlabelled = self.unlabelled.isChecked()
        folder = self._folder if unlabelled and self.one_kind.isChecked() else None
        if model:
            return Goal(task, model, "", (), left_out, unlabelled, folder)
        labels = tuple(name for name, ticked in _ticks(self.labels).items() if ticked)
        return Goal(task, "", self.title.text().strip(), labels, left_out, unlabelled, folder)

    def accept(self) -> None:
        super().accept()
        self._chosen(self.goal)

    def _task_changed(self) -> None:
        self._list_models()
        self._list_labels()
        self._list_scans()
        self._tell()

    def _model_changed(self) -> None:
        self._list_labels()
        self._tell()

    def _list_models(self) -> None:
        """The models of the task that can be trained further, and none."""
        self.model.blockSignals(True)
        self.model.clear()
        self.model.addItem(tr("New model, from nothing"), "")
        for record in self._workflows.models.list():
            manifest = record.manifest
            fits = record.active and manifest.task == self.task.currentData()
            if fits and not self._workflows.training.cannot_learn(manifest.name):
                self.model.addItem(tr("{title}, further").format(title=said(manifest.title)), manifest.name)
        self.model.blockSignals(False)

    def _list_labels(self) -> None:
        """Those that are annotated, of a new model to choose from; else those of the model."""
        name, there = self.model.currentData(), _labels(self._learnable, self.task.currentData())
        self.labels.blockSignals(True)
        self.labels.clear()
        listed = list(there)
        if name:
            listed = [label.name for label in self._workflows.models.get(name).manifest.labels]
        for label in listed:
            item = QTreeWidgetItem([said(label), there.get(label, tr("nothing"))])
            item.setData(0, _UID, label)
            if not name:
                begun = self._begun_with.labels
                item.setCheckState(0, Qt.CheckState.Checked if label in begun or not begun else Qt.CheckState.Unchecked)
            self.labels.addTopLevelItem(item)
        self.labels.blockSignals(False)
        self._form.setRowVisible(self.title, not name)

    def _list_scans(self) -> None:
        self.scans.blockSignals(True)
        self.scans.clear()
        listed = {one.uid: one for one in self._workflows.library.all_series()}
        for uid, count in _scans(self._learnable, self.task.currentData()).items():
            series = listed.get(uid) or self._workflows.session.series
            told = (series.patient_name, series.study_date, series.description) if series is not None else ()
            words = " · ".join(part for part in dict.fromkeys(told) if part)
            item = QTreeWidgetItem([words or tr("Scan without a name"), count])
            item.setToolTip(0, words)
            item.setData(0, _UID, uid)
            out = uid in self._begun_with.left_out
            item.setCheckState(0, Qt.CheckState.Unchecked if out else Qt.CheckState.Checked)
            self.scans.addTopLevelItem(item)
        self.scans.blockSignals(False)
        self._show_folder(listed)

    def _show_folder(self, listed: Mapping[str, Series]) -> None:
        """Ask whether the other files beside the annotated ones show the same, where files do not tell."""
        annotated = _ticks(self.scans).keys()
        self._folder = common_folder(listed[uid] for uid in annotated if uid in listed)
        others = 0
        if self._folder is not None:
            others = sum(
                not one.modality and uid not in annotated and one.files[0].is_relative_to(self._folder)
                for uid, one in listed.items()
            )
            words = tr("The others in the folder {folder} ({n}) are of the same kind of scan")
            self.one_kind.setText(words.format(folder=self._folder.name, n=others))
        self.one_kind.setVisible(others > 0)
        if not others:
            self._folder = None

    def _tell(self) -> None:
        """Say what is missing, or what of the annotations does not count, in a sentence."""
        goal, learnable = self.goal, self._learnable
        self.unlabelled.setEnabled(bool(self.scans.topLevelItemCount()))
        self.one_kind.setEnabled(self.unlabelled.isEnabled() and self.unlabelled.isChecked())
        problem = ""
        if not self.scans.topLevelItemCount():
            problem = tr(_LACKING[goal.task])
        elif not any(_ticks(self.scans).values()):
            problem = tr("Choose at least one scan.")
        else:
            problem = said(self._workflows.training.cannot_start(goal))
            if not problem and goal.task == "segmentation":
                problem = about_strangers(self._learnable, self._names(goal))
        self.ok.setEnabled(not problem)
        self.told.setText(problem or self._note(goal, learnable))

    def _names(self, goal: Goal) -> tuple[str, ...]:
        return goal.labels or tuple(label.name for label in self._workflows.models.get(goal.model).manifest.labels)

    def _note(self, goal: Goal, learnable: Learnable) -> str:
        names = self._names(goal)
        if goal.task == "segmentation":
            others = sorted(_labels(learnable, goal.task).keys() - set(names))
            if others:
                return tr("Not learnt, so background to the model: {labels}.").format(
                    labels=tr(", ").join(map(said, others))
                )
        elif goal.task == "classification":
            there = [one for one in learnable.judged if one.uid not in goal.left_out]
            whole = [one for one in there if all(name in one.answers for name in names)]
            if len(whole) < len(there):
                return tr("{n} of {all} answered slices count: those with an answer to each of the findings.").format(
                    n=len(whole), all=len(there)
                )
        else:
            return tr("A slice with a box, or confirmed in a scan with boxes, counts as boxed in full.")
        return ""


def _tree(heads: tuple[str, str]) -> QTreeWidget:
    tree = QTreeWidget(columnCount=2)
    tree.setHeaderLabels(list(heads))
    tree.setRootIsDecorated(False)
    tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    return tree


def _ticks(tree: QTreeWidget) -> dict[str, bool]:
    """Which of the entries that can be ticked are."""
    items = [item for n in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(n)) is not None]
    return {item.data(0, _UID): item.checkState(0) == Qt.CheckState.Checked for item in items}


def _labels(learnable: Learnable, task: Task) -> dict[str, str]:
    """How often each label is annotated, in words, the most frequent first."""
    if task == "segmentation":
        slices = Counter(name for one in learnable.confirmed for names in one.slices for name in names)
        return {name: tr("slices {n}").format(n=n) for name, n in slices.most_common()}
    if task == "classification":
        yes = Counter(name for one in learnable.judged for name, there in one.answers.items() if there)
        every = Counter(name for one in learnable.judged for name in one.answers)
        words = tr("yes {yes}, no {no}")
        return {name: words.format(yes=yes[name], no=n - yes[name]) for name, n in every.most_common()}
    boxes = Counter(name for one in learnable.boxed for name in one.boxes)
    return {name: tr("boxes {n}").format(n=n) for name, n in boxes.most_common()}


def _scans(learnable: Learnable, task: Task) -> Mapping[str, str]:
    """How much of each series is annotated, in words, by its uid."""
    if task == "segmentation":
        slices = Counter({one.uid: len(one.slices) for one in learnable.confirmed if one.slices})
        return {uid: tr("slices {n}").format(n=n) for uid, n in slices.items()}
    if task == "classification":
        judged = Counter(one.uid for one in learnable.judged)
        return {uid: tr("slices {n}").format(n=n) for uid, n in judged.items()}
    return {one.uid: tr("boxes {n}").format(n=len(one.boxes)) for one in learnable.boxed}
