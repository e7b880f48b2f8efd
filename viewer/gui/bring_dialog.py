"""A model of others is added: its file is looked into, and a person says what no file tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.bringing import Answers, Bringing, Described, Found, is_described, wrong_with
from viewer.gui.bring_fields import (
    Channels,
    Choice,
    Field,
    IntensityRule,
    LabelNames,
    Modality,
    Patch,
    Spacing,
    Words,
    activation,
    axes,
    body_part,
    keep_still,
    licence,
)
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.scrolled import scrolled
from viewer.jobs import Job

_WHAT = QT_TR_NOOP(
    "Choose an ONNX file of a network that segments, or the folder of a MONAI bundle or of an nnU-Net model that holds "
    "one; or, of any task, the folder of a model with a manifest.json of its own. You can also drop it here."
)
_KINDS: dict[str, str] = {
    "plain": QT_TR_NOOP("Plain ONNX file"),
    "MONAI": QT_TR_NOOP("MONAI bundle"),
    "nnU-Net": QT_TR_NOOP("nnU-Net model"),
}
_TASKS: dict[str, str] = {
    "segmentation": QT_TR_NOOP("segmentation"),
    "classification": QT_TR_NOOP("classification"),
    "detection": QT_TR_NOOP("detection"),
    "enhancement": QT_TR_NOOP("enhancement"),
    "translation": QT_TR_NOOP("translation into another contrast"),
    "interactive": QT_TR_NOOP("clicks"),
}
_DOWN_PX, _NAMES_PX = 7, 140
_last: list[Path] = []  # the folder of the last file that was chosen


class BringDialog(QDialog):
    """Asks for a file, then for what is not known of it. added gets the name of the new model.

    Nothing of the person's own files is changed; closing the dialog leaves nothing behind.
    """

    def __init__(self, bringing: Bringing, added: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bringing, self._added = bringing, added
        self._path: Path | None = None
        self._found: Found | None = None
        self._described: Described | None = None
        self._job: Job | None = None
        self.fields: dict[str, Field] = {}
        self._sources: dict[str, tuple[QLabel, str, bool]] = {}
        self.setWindowTitle(tr("Add a model"))
        self.setAcceptDrops(True)
        self.resize(720, 640)
        self._chosen = QLabel(tr(_WHAT), wordWrap=True)
        self._chosen.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.file = QPushButton(tr("File…"))
        self.file.clicked.connect(self._ask_file)
        self.folder = QPushButton(tr("Folder…"))
        self.folder.clicked.connect(self._ask_folder)
        top = QHBoxLayout()
        top.addWidget(self._chosen, 1)
        for button in (self.file, self.folder):
            button.setAutoDefault(False)
            top.addWidget(button)
        self._networks = QComboBox()
        self._networks.setAccessibleName(tr("Network"))
        self._networks.activated.connect(self._choose_network)
        self._networks.hide()
        self._progress = QProgressBar(maximum=0)
        self._progress.setTextVisible(False)
        self._progress.hide()
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("warning", True)
        self._asked = QWidget()
        self._body = QVBoxLayout(self._asked)
        self._body.addStretch(1)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Cancel)
        self.add = buttons.addButton(tr("Add the model"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setProperty("primary", True)
        self.add.setEnabled(False)
        buttons.accepted.connect(self._install)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        for widget in (self._networks, self._progress):
            layout.addWidget(widget)
        layout.addWidget(scrolled(self._asked), 1)
        for widget in (self.problem, buttons):
            layout.addWidget(widget)
        self.finished.connect(self._leave)

    # What is looked into

    def look(self, path: Path, network: Path | None = None) -> None:
        """Look into a file or folder, in place of the one before."""
        self._stop()
        if self._path != path:
            self._networks.hide()
        self._path = path
        self._show_nothing()
        self._chosen.setText(path.name)
        self._chosen.setToolTip(str(path))
        self.problem.clear()
        self._busy(True)
        if is_described(path):
            job = self._bringing.read(path, self._read, self._refused)
        else:
            job = self._bringing.look(path, self._looked, self._refused, network)
        self._job = None if job.ended else job

    def _read(self, described: Described) -> None:
        self._job = None
        self._busy(False)
        self._described = described
        lines = [
            tr("{title} {version}, for {task}").format(
                title=described.title, version=described.version, task=tr(_TASKS[described.task])
            ),
            tr("Made for {modalities}").format(modalities=", ".join(described.modalities)),
            tr("Its own manifest says all that is needed, and its files are those that it means."),
            tr("Licence of the code: {code}; of the weights: {weights}").format(
                code=described.licences[0], weights=described.licences[1]
            ),
        ]
        if described.labels:
            lines.insert(2, tr("Labels: {labels}").format(labels=", ".join(described.labels)))
        self._body.takeAt(0)
        self._body.addWidget(QLabel("\n".join(lines), wordWrap=True, textFormat=Qt.TextFormat.PlainText))
        self._body.addStretch(1)
        self.add.setEnabled(True)
        self.add.setFocus()

    def _looked(self, found: Found) -> None:
        self._job = None
        self._busy(False)
        self._found = found
        self._networks.clear()
        for file in found.others:
            base = self._path if self._path is not None and self._path.is_dir() else file.parent
            self._networks.addItem(str(file.relative_to(base)), file)
        self._networks.setCurrentIndex(self._networks.findData(found.network))
        self._networks.setVisible(len(found.others) > 1)
        self._show_found(found)

    def _refused(self, sentence: str) -> None:
        self._job = None
        self._busy(False)
        self.problem.setText(said(sentence))

    def _busy(self, busy: bool) -> None:
        self._progress.setVisible(busy)
        for button in (self.file, self.folder, self._networks):
            button.setEnabled(not busy)
        if busy:
            self.add.setEnabled(False)

    def _stop(self) -> None:
        if self._job is not None and not self._job.ended:
            self._job.cancel()
        self._job = None
        self._described = None
        if self._found is not None:
            self._bringing.leave(self._found)
            self._found = None

    def _leave(self) -> None:
        self._stop()

    # What is asked

    def _show_nothing(self) -> None:
        self.fields, self._sources = {}, {}
        while self._body.count():
            item = self._body.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._body.addStretch(1)
        self.add.setEnabled(False)

    def _show_found(self, found: Found) -> None:
        self._show_nothing()
        known, ask = found.known, set(found.brought.ask)
        likely = found.brought.proposed
        acts = known.get("activation", likely.get("activation"))
        made: list[Field] = [
            Words("title", tr("Title"), likely.get("title", ""), hint=tr("how lists show it, e.g. Spleen on CT")),
            Words(
                "description", tr("What it does"), likely.get("description", ""), hint=tr("one sentence; may be empty")
            ),
            Modality(known.get("modalities")),
            body_part(),
            activation(found.classes, acts),
            LabelNames(found.brought.labels, found.channels_of(acts or "sigmoid")),
            axes(found.dimensions, known.get("axes")),
            Spacing(found.dimensions, known.get("spacing_mm"), "spacing_mm" in known),
            IntensityRule(known["intensity"].model_dump() if "intensity" in known else None),
        ]
        if "channels" in ask:
            made.append(Channels(found.channels))
        if "patch" in ask:
            made.append(Patch(likely["patch"], found.multiple))
        made += [
            licence("licence_code", tr("Licence of the code")),
            licence("licence_weights", tr("Licence of the weights"), likely.get("licence_weights", "")),
        ]
        self.fields = {field.name: field for field in made}
        unsaid = [f for f in made if f.name not in known and not (f.name == "labels" and found.brought.labels)]
        self._body.takeAt(0)
        self._body.addWidget(self._facts(found))
        self._body.addWidget(self._part(tr("Please say"), unsaid, found))
        rest = [field for field in made if field not in unsaid]
        if rest:
            self._body.addWidget(self._part(tr("Known from the files"), rest, found))
        self._body.addStretch(1)
        keep_still(self._asked)
        for field in made:
            field.changed.connect(self._judge)
        outputs = self.fields["activation"]
        assert isinstance(outputs, Choice)
        outputs.changed.connect(lambda: self._count_labels(found))
        self._judge()
        unsaid[0].setFocus()

    def _facts(self, found: Found) -> QLabel:
        file = found.file
        lines = [
            tr("{kind}: {file}, {size}, opset {opset}{producer}").format(
                kind=tr(_KINDS[found.brought.kind]),
                file=found.network.name,
                size=_size(found.bytes),
                opset=file.opset,
                producer=f", {file.producer}" if file.producer else "",
            ),
            tr("Takes {input}, gives {output}").format(
                input=_shape(file.inputs[0].shape), output=_shape(file.outputs[0].shape)
            ),
        ]
        if found.folds > 1:
            lines.append(tr("Its {n} folds become one model: its answer is their mean.").format(n=found.folds))
        if found.multiple > 1 and "patch" not in found.known:
            lines.append(tr("Sizes are padded to multiples of {n}.").format(n=found.multiple))
        if len(file.outputs) > 1:
            lines.append(tr("The first of its {n} outputs is used.").format(n=len(file.outputs)))
        if file.beside:
            lines.append(
                tr("Its weights are in {files}: they are copied into the model.").format(files=", ".join(file.beside))
            )
        lines += [said(note) for note in found.brought.notes]
        label = QLabel("\n".join(lines), wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _part(self, title: str, fields: list[Field], found: Found) -> QWidget:
        part = QWidget()
        grid = QGridLayout(part)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setColumnStretch(1, 1)
        heading = QLabel(title)
        heading.setProperty("heading", True)
        grid.addWidget(heading, 0, 0, 1, 3)
        for row, field in enumerate(fields, 1):
            label = QLabel(field.title)
            label.setBuddy(field)
            label.setMinimumWidth(_NAMES_PX)
            label.setContentsMargins(0, _DOWN_PX, 0, 0)  # level with the text in the field
            source = QLabel(wordWrap=True)
            source.setFixedWidth(130)
            source.setContentsMargins(0, _DOWN_PX, 0, 0)
            from_file = found.brought.sources.get(field.name, "")
            proposed = field.name in found.brought.proposed
            self._sources[field.name] = source, from_file, proposed
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(label, row, 0, top)
            grid.addWidget(field, row, 1)
            grid.addWidget(source, row, 2, top)
        return part

    def _count_labels(self, found: Found) -> None:
        labels, acts = self.fields["labels"], self.fields["activation"].value()
        if isinstance(labels, LabelNames) and acts is not None:
            labels.show_count(found.channels_of(acts))

    def _judge(self) -> None:
        """Say where each value comes from, and what is still to be said or wrong."""
        missing = []
        for name, (label, source, proposed) in self._sources.items():
            unsaid = self.fields[name].value() is None and name != "description"
            text = tr("from the network") if source == "the network" else tr("from {file}").format(file=source)
            if not source:
                text = tr("proposed: check it") if proposed else ""
            label.setText(tr("please say") if unsaid else text)
            for kind in ("warning", "dimmed"):
                label.setProperty(kind, (kind == "warning") == unsaid)
            label.style().unpolish(label)
            label.style().polish(label)
            if unsaid:
                missing.append(self.fields[name].title)
        problem = ""
        if not missing and (answers := self._answers()) is not None:
            problem = said(wrong_with(answers) or self._bringing.taken(answers.title))
        elif missing:
            problem = tr("Still to be said: {what}").format(what=tr(", ").join(missing))
        self.problem.setText(problem)
        self.add.setEnabled(not problem and self._found is not None and self._job is None)

    def _answers(self) -> Answers | None:
        if self._found is None:
            return None
        own = ("title", "description", "body_part", "labels", "licence_code", "licence_weights")
        told = {key: value for key, value in self._found.known.items() if key not in self.fields}
        for name, field in self.fields.items():
            if name not in own:
                told |= field.fields()
        said_of = {name: self.fields[name].value() for name in own}
        return Answers(**{**said_of, "description": said_of["description"] or ""}, fields=told)

    def _install(self) -> None:
        if self._described is not None:
            self._busy(True)
            job = self._bringing.take(self._described, self._installed, self._not_taken)
            self._job = None if job.ended else job
            return
        answers, found = self._answers(), self._found
        if answers is None or found is None or not self.add.isEnabled():
            return
        self._busy(True)
        self._asked.setEnabled(False)
        job = self._bringing.install(found, answers, self._installed, self._not_installed)
        self._job = None if job.ended else job

    def _installed(self, name: str) -> None:
        self._job = self._found = None
        self.accept()
        self._added(name)

    def _not_taken(self, sentence: str) -> None:
        self._job = self._described = None
        self._busy(False)
        self.problem.setText(said(sentence))

    def _not_installed(self, sentence: str) -> None:
        self._job = None
        self._busy(False)
        self._asked.setEnabled(True)
        self._judge()
        self.problem.setText(said(sentence))

    # Where it comes from

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("An ONNX file"), _start(), tr("ONNX files (*.onnx)"))
        if name:
            self._take(Path(name))

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("The folder of a model"), _start())
        if name:
            self._take(Path(name))

    def _take(self, path: Path) -> None:
        _last[:] = [path.parent]
        self.look(path)

    def _choose_network(self) -> None:
        if self._path is not None:
            self.look(self._path, self._networks.currentData())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()) is not None and self.file.isEnabled():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event.mimeData())
        if path is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._take(path)


def _dropped(data: QMimeData) -> Path | None:
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return paths[0] if len(paths) == 1 else None


def _start() -> str:
    return str(_last[0] if _last and _last[0].is_dir() else Path.home())


def _shape(sizes: tuple[int | None, ...]) -> str:
    return " × ".join(tr("any") if size is None else str(size) for size in sizes)


def _size(count: int) -> str:
    return tr("{n:.0f} MB").format(n=count / 1e6) if count >= 1e7 else tr("{n:.1f} MB").format(n=max(count / 1e6, 0.1))
