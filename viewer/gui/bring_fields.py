"""What a person is asked of a brought model, field by field. Each has a value as the manifest wants it, or None while
nothing was said; it says `changed` when that is another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.labels import DEFAULT_LABELS
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, tr

_CHOOSE = QT_TR_NOOP("Please choose")
_MODALITIES = ("CT", "MR", "PT", "US", "CR", "DX", "MG", "XA", "NM", "OT")
_PARTS = ("HEAD", "NECK", "CHEST", "BREAST", "ABDOMEN", "PELVIS", "SPINE", "EXTREMITY", "WHOLEBODY")
_LICENCES = ("Apache-2.0", "MIT", "BSD-3-Clause", "GPL-3.0-only", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")
_UNKNOWN = QT_TR_NOOP("unknown")
_MOST_ROWS = 6  # of the labels' table before it scrolls
_HUGE = 1_000_000.0
_AXES: dict[str, str] = {
    "SPL": QT_TR_NOOP("head, back, left (axial slices)"),
    "KJI": QT_TR_NOOP("slices, rows, columns of the file (nnU-Net)"),
    "IJK": QT_TR_NOOP("columns, rows, slices of the file (MONAI)"),
    "RAS": QT_TR_NOOP("right, front, head"),
    "LPS": QT_TR_NOOP("left, back, head"),
    "SAR": QT_TR_NOOP("head, front, right"),
}
_FLAT_AXES = QT_TR_NOOP("To where slices, rows and columns follow one another in what the network sees.")
_DEEP_AXES = QT_TR_NOOP("To where the first, second and third axis of what the network sees grow.")
_ACTIVATIONS: dict[str, str] = {
    "softmax": QT_TR_NOOP("Scores of classes, background first (softmax)"),
    "sigmoid": QT_TR_NOOP("Scores of labels, one by one (sigmoid)"),
    "probabilities": QT_TR_NOOP("Probabilities of classes, background first"),
    "each": QT_TR_NOOP("Probabilities of labels, one by one"),
}
_RULES: dict[str, tuple[str, str]] = {
    "window": (
        QT_TR_NOOP("A fixed window"),
        QT_TR_NOOP("Values from low to high, Hounsfield units of a CT, go to 0 … 1; those beyond are clipped."),
    ),
    "percentile": (
        QT_TR_NOOP("Percentiles of the image"),
        QT_TR_NOOP("The darkest and brightest few per cent are clipped; what is between goes to 0 … 1. Usual for MR."),
    ),
    "standard": (
        QT_TR_NOOP("Mean 0, deviation 1 (z-score)"),
        QT_TR_NOOP("The image's own mean is subtracted, then divided by its standard deviation. nnU-Net's way for MR."),
    ),
    "fixed": (
        QT_TR_NOOP("Mean and deviation of the training images"),
        QT_TR_NOOP("Values are clipped, then a mean of the training images is subtracted. nnU-Net's way for CT."),
    ),
    "stored": (QT_TR_NOOP("As they are stored"), QT_TR_NOOP("The network scales the values itself.")),
}
_NUMBERS: dict[str, tuple[tuple[str, str, float], ...]] = {  # of each rule: field, name, what is offered
    "window": (("low", QT_TR_NOOP("Low"), -160.0), ("high", QT_TR_NOOP("High"), 240.0)),
    "percentile": (("lower", QT_TR_NOOP("Lower"), 0.5), ("upper", QT_TR_NOOP("Upper"), 99.5)),
    "standard": (),
    "fixed": (
        ("low", QT_TR_NOOP("Low"), -1000.0),
        ("high", QT_TR_NOOP("High"), 1000.0),
        ("mean", QT_TR_NOOP("Mean"), 0.0),
        ("deviation", QT_TR_NOOP("Deviation"), 100.0),
    ),
    "stored": (),
}
_RANGE = (("from", QT_TR_NOOP("to 0 …"), 0.0), ("to", QT_TR_NOOP("… 1"), 1.0))


class Field(QWidget):
    """One thing to say. name is that of the field of the manifest."""

    changed = Signal()

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.name, self.title = name, title
        self._row = QVBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)

    def value(self) -> Any:
        """None while nothing was said."""
        raise NotImplementedError

    def fields(self) -> dict[str, Any]:
        """What it says of the manifest."""
        return {self.name: self.value()}

    def explain(self, text: str) -> None:
        """Say below it what is meant."""
        self._row.addWidget(_dimmed(text))

    def _add(self, widget: QWidget) -> None:
        widget.setAccessibleName(widget.accessibleName() or self.title)
        self._row.addWidget(widget)
        if self.focusProxy() is None:
            self.setFocusProxy(widget)


class Words(Field):
    """A line of text; choices are offered, any other text will do."""

    def __init__(self, name: str, title: str, text: str = "", choices: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(name, title)
        self.line = QLineEdit(text)
        if choices:
            box = _combo()
            box.setEditable(True)
            box.setLineEdit(self.line)
            box.addItems(choices)
            box.setCurrentIndex(-1)
            self._add(box)
        else:
            self._add(self.line)
        self.line.setText(text)
        self.line.setPlaceholderText(hint)
        self.line.textChanged.connect(self.changed)

    def value(self) -> str | None:
        return self.line.text().strip() or None


class Choice(Field):
    """One of several, by what the manifest calls them; nothing is chosen at first unless chosen is given."""

    def __init__(self, name: str, title: str, texts: Mapping[str, str], chosen: str | None = None) -> None:
        super().__init__(name, title)
        self.box = _combo()
        self.box.addItem(tr(_CHOOSE), None)
        for value, text in texts.items():
            self.box.addItem(text, value)
            self.box.setItemData(self.box.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
        if chosen is not None:
            if self.box.findData(chosen) < 0:
                self.box.addItem(chosen, chosen)
            self.box.setCurrentIndex(self.box.findData(chosen))
        self._add(self.box)
        self.box.currentIndexChanged.connect(self._choose)

    def value(self) -> Any:
        return self.box.currentData()

    def _choose(self) -> None:
        self.changed.emit()


class Modality(Choice):
    def __init__(self, known: Sequence[str] | None) -> None:
        super().__init__("modalities", tr("Modality"), {code: code for code in _MODALITIES}, None)
        if known:
            text = ", ".join(known)
            if self.box.findText(text) < 0:
                self.box.addItem(text, text)
            self.box.setCurrentIndex(self.box.findText(text))

    def fields(self) -> dict[str, Any]:
        return {"modalities": str(self.value() or "").split(", ")}


def body_part() -> Words:
    return Words("body_part", tr("Body part"), choices=_PARTS, hint=tr("as DICOM writes it, e.g. CHEST"))


def licence(name: str, title: str, text: str = "") -> Words:
    return Words(name, title, text, choices=(*_LICENCES, tr(_UNKNOWN)), hint=tr("e.g. Apache-2.0, or unknown"))


def activation(classes: int, chosen: str | None) -> Choice:
    likely = [name for name in _ACTIVATIONS if classes > 1 or name in ("sigmoid", "each")]
    return Choice("activation", tr("Output"), {name: tr(_ACTIVATIONS[name]) for name in likely}, chosen)


def axes(dimensions: int, chosen: str | None) -> Choice:
    texts = {letters: f"{letters}: {tr(text)}" for letters, text in _AXES.items()}
    if chosen is not None and sorted(chosen) == ["I", "J", "K"]:
        names = tr(", ").join({"K": tr("slices"), "J": tr("rows"), "I": tr("columns")}[letter] for letter in chosen)
        texts.setdefault(chosen, tr("{letters}: {names} of the file").format(letters=chosen, names=names))
    field = Choice("axes", tr("Axes"), texts, chosen)
    field.explain(tr(_FLAT_AXES if dimensions == 2 else _DEEP_AXES))
    return field


class Channels(Choice):
    """What the channels of a network of two dimensions are."""

    def __init__(self, count: int) -> None:
        texts = {
            "context_slices": tr("{n} neighbouring slices; the middle one is segmented").format(n=count),
            "copies": tr("the same slice {n} times (a network made for colour)").format(n=count),
        }
        super().__init__("channels", tr("Channels"), texts)
        self._count = count

    def fields(self) -> dict[str, Any]:
        return {str(self.value()): self._count}


class Spacing(Field):
    """Along i, j, k of the model, in mm; of two dimensions perhaps not along k."""

    def __init__(self, dimensions: int, known: Sequence[float | None] | None, is_known: bool) -> None:
        super().__init__("spacing_mm", tr("Voxel size"))
        self.box = _combo()
        self.box.addItem(tr(_CHOOSE), None)
        self.box.addItem(tr("the image's own: any size will do"), "own")
        if dimensions == 2:
            self.box.addItem(tr("pixels of one size, slices as they are"), "plane")
        self.box.addItem(tr("one size: images are resampled to it"), "all")
        self._add(self.box)
        self.mm = [_number(tr(name), 1.0, 3, 0.001, 1000.0) for name in ("i", "j", "k")]
        names = [tr("first"), tr("second"), tr("third")]
        if dimensions == 2:
            names = [tr("slices"), tr("rows"), tr("columns")]
        self._line = _beside(self.mm[::-1], [tr("{axis}, mm").format(axis=name) for name in names])
        self._row.addWidget(self._line)
        if is_known:
            kind = "own" if known is None else "plane" if known[2] is None else "all"
            self.box.setCurrentIndex(self.box.findData(kind))
            for spin, mm in zip(self.mm, known or (), strict=False):
                spin.setValue(mm or 1.0)
        self.box.currentIndexChanged.connect(self._choose)
        for spin in self.mm:
            spin.valueChanged.connect(self.changed)
        self._choose()

    def value(self) -> Any:
        return self.box.currentData()

    def fields(self) -> dict[str, Any]:
        i, j, k = (spin.value() for spin in self.mm)
        return {"spacing_mm": {"plane": (i, j, None), "all": (i, j, k)}.get(self.value())}

    def _choose(self) -> None:
        self._line.setVisible(self.value() in ("plane", "all"))
        self._line.layout().itemAt(0).widget().setVisible(self.value() == "all")  # type: ignore[union-attr]
        self.changed.emit()


class IntensityRule(Field):
    """How the image's values become the network's input, with an explanation of what is chosen."""

    def __init__(self, known: Mapping[str, Any] | None) -> None:
        super().__init__("intensity", tr("Values"))
        self.box = _combo()
        self.box.addItem(tr(_CHOOSE), None)
        for rule, (text, _) in _RULES.items():
            self.box.addItem(tr(text), rule)
        self._add(self.box)
        self._explained = _dimmed("")
        self._row.addWidget(self._explained)
        self._but_zero = _combo()
        self._but_zero.setAccessibleName(tr("Voxels that count"))
        self._but_zero.addItem(tr("of all voxels"), False)
        self._but_zero.addItem(tr("of all voxels but those that are 0"), True)
        self._row.addWidget(self._but_zero)
        self._numbers: dict[str, dict[str, QDoubleSpinBox]] = {}
        self._lines: dict[str, QWidget] = {}
        for rule, numbers in _NUMBERS.items():
            more = _RANGE if rule in ("window", "percentile") else ()
            spins = {field: _number(tr(text), offered) for field, text, offered in (*numbers, *more)}
            if spins:
                self._numbers[rule] = spins
                self._lines[rule] = _beside(list(spins.values()), [tr(text) for _, text, _ in (*numbers, *more)])
                self._row.addWidget(self._lines[rule])
                for spin in spins.values():
                    spin.valueChanged.connect(self.changed)
        if known is not None:
            self._show(known)
        self.box.currentIndexChanged.connect(self._choose)
        self._but_zero.currentIndexChanged.connect(self.changed)
        self._choose()

    def value(self) -> str | None:
        return self.box.currentData()

    def fields(self) -> dict[str, Any]:
        rule = self.value()
        told: dict[str, Any] = {"rule": rule}
        spins = self._numbers.get(rule or "", {})
        told |= {field: spin.value() for field, spin in spins.items() if field not in ("from", "to")}
        if "to" in spins:
            told["to"] = (spins["from"].value(), spins["to"].value())
        if rule == "standard":
            told["but_zero"] = self._but_zero.currentData()
        return {"intensity": told}

    def _show(self, known: Mapping[str, Any]) -> None:
        self.box.setCurrentIndex(self.box.findData(known["rule"]))
        spins = self._numbers.get(known["rule"], {})
        for field, spin in spins.items():
            if field in known and field != "to":
                spin.setValue(known[field])
        if "to" in spins:
            for spin, number in zip((spins["from"], spins["to"]), known["to"], strict=True):
                spin.setValue(number)
        self._but_zero.setCurrentIndex(self._but_zero.findData(known.get("but_zero", False)))

    def _choose(self) -> None:
        rule = self.value()
        self._explained.setText(tr(_RULES[rule][1]) if rule else "")
        self._explained.setVisible(rule is not None)
        self._but_zero.setVisible(rule == "standard")
        for name, line in self._lines.items():
            line.setVisible(name == rule)
        self.changed.emit()


class Patch(Field):
    """How much of a volume a network sees at once, along its first, second and third axis."""

    def __init__(self, sizes: Sequence[int], multiple: int) -> None:
        super().__init__("patch", tr("Block"))
        self.sides = []
        for size in sizes:
            spin = QSpinBox()
            spin.setRange(multiple, 1024)
            spin.setSingleStep(multiple)
            spin.setValue(size)
            self.sides.append(spin)
            spin.valueChanged.connect(self.changed)
        self._row.addWidget(_beside(self.sides, [tr("first"), tr("second"), tr("third")]))
        self.explain(tr("Voxels that it sees at once along each axis: as many as in its training, if you know."))
        self.setFocusProxy(self.sides[0])

    def value(self) -> tuple[int, ...]:
        return tuple(spin.value() for spin in self.sides)


class LabelNames(Field):
    """The names and colours of the labels, in the order of the network's channels. Lines that are pasted become names,
    from the chosen row on."""

    def __init__(self, names: Sequence[str], count: int) -> None:
        super().__init__("labels", tr("Labels"))
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([tr("Name"), tr("Colour")])
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.itemChanged.connect(lambda item: self.changed.emit())
        self.table.cellDoubleClicked.connect(self._ask_colour)
        self.table.installEventFilter(self)
        self._add(self.table)
        self.show_count(count, names)

    def show_count(self, count: int, names: Sequence[str] = ()) -> None:
        """As many rows as the network has labels; what was written stays."""
        self.table.blockSignals(True)
        for row in range(self.table.rowCount(), count):
            self.table.insertRow(row)
            self.table.setItem(row, 0, QTableWidgetItem(names[row] if row < len(names) else ""))
            self._colour(row, _colour_of(row))
        self.table.setRowCount(count)
        self.table.setVerticalHeaderLabels([str(n + 1) for n in range(count)])
        self.table.blockSignals(False)
        rows = min(count, _MOST_ROWS) * self.table.verticalHeader().defaultSectionSize()
        header = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(header + rows + 2 * self.table.frameWidth() + 2)
        self.changed.emit()

    def value(self) -> tuple[tuple[str, tuple[int, int, int]], ...] | None:
        rows = [(self._name(row).strip(), self._colour_in(row)) for row in range(self.table.rowCount())]
        return tuple(rows) if rows and all(name for name, _ in rows) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.matches(QKeySequence.StandardKey.Paste):
                lines = [line.strip() for line in QGuiApplication.clipboard().text().splitlines() if line.strip()]
                first = max(self.table.currentRow(), 0)
                for row, line in enumerate(lines, first):
                    if row < self.table.rowCount():
                        self.table.setItem(row, 0, QTableWidgetItem(line))
                return True
            if self.table.currentColumn() == 1 and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
                self._ask_colour(self.table.currentRow(), 1)
                return True
        return super().eventFilter(watched, event)

    def _ask_colour(self, row: int, column: int) -> None:
        if column == 1:
            name, now = self._name(row) or str(row + 1), QColor(*self._colour_in(row))
            colour = QColorDialog.getColor(now, self, tr("Colour of {name}").format(name=name))
            if colour.isValid():
                self._colour(row, (colour.red(), colour.green(), colour.blue()))

    def _name(self, row: int) -> str:
        item = self.table.item(row, 0)
        return item.text() if item is not None else ""

    def _colour_in(self, row: int) -> tuple[int, int, int]:
        item = self.table.item(row, 1)
        return tuple(item.data(Qt.ItemDataRole.UserRole)) if item is not None else _colour_of(row)

    def _colour(self, row: int, colour: tuple[int, int, int]) -> None:
        item = QTableWidgetItem(swatch(colour), "")
        item.setData(Qt.ItemDataRole.UserRole, colour)
        item.setToolTip(tr("Double click, or Space, for another colour"))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        self.table.setItem(row, 1, item)


class _StillBox(QObject):
    """The wheel scrolls the dialog, not a box on its way."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def keep_still(widget: QWidget) -> None:
    """Have the boxes in a widget that scrolls take the wheel only when they have the keyboard."""
    still = _StillBox(widget)
    for box in (*widget.findChildren(QComboBox), *widget.findChildren(QSpinBox), *widget.findChildren(QDoubleSpinBox)):
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.installEventFilter(still)


def _combo() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def _number(name: str, value: float, decimals: int = 3, low: float = -_HUGE, high: float = _HUGE) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setAccessibleName(name)
    spin.setDecimals(decimals)
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setMinimumWidth(70)
    return spin


def _beside(widgets: Sequence[QWidget], names: Sequence[str]) -> QWidget:
    """Widgets in a line, the name of each above it."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    for widget, name in zip(widgets, names, strict=True):
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        label = _dimmed(name)
        widget.setAccessibleName(name)
        column.addWidget(label)
        column.addWidget(widget)
        row.addWidget(part, 1)
    return line


def _dimmed(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setProperty("dimmed", True)
    return label


def _colour_of(row: int) -> tuple[int, int, int]:
    """Those of the default labels, then others, each apart from the last."""
    if row < len(DEFAULT_LABELS):
        return DEFAULT_LABELS[row].colour
    hue = QColor.fromHsv((row * 137) % 360, 170 + 50 * (row % 2), 235)
    return hue.red(), hue.green(), hue.blue()
