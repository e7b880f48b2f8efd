"""The window beside the 3-D view: its transfer function, what is cut away, and how dense the label surfaces are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.tabs import Tabs
from viewer.gui.transfer_editor import TransferEditor
from viewer.render.frame import NO_CUT, Cut, CutPlane

if TYPE_CHECKING:
    from viewer.gui.volume_pane import VolumePane

_STEPS = 400  # of a slider of the box
_LEAST_SHARE = 0.01  # of the scan's extent between two faces of the box
_FACES = (
    (QT_TR_NOOP("Right"), QT_TR_NOOP("Left")),
    (QT_TR_NOOP("Front"), QT_TR_NOOP("Back")),
    (QT_TR_NOOP("Feet"), QT_TR_NOOP("Head")),
)  # towards -, + of L, P and S
_UNKNOWN_FACES = (
    (QT_TR_NOOP("1st axis, from"), QT_TR_NOOP("1st axis, to")),
    (QT_TR_NOOP("2nd axis, from"), QT_TR_NOOP("2nd axis, to")),
    (QT_TR_NOOP("3rd axis, from"), QT_TR_NOOP("to")),
)
_VALUE = Qt.ItemDataRole.UserRole


class VolumeSettings(QWidget):
    """Shows the settings of the 3-D pane that it belongs to, and changes them."""

    def __init__(self, pane: VolumePane) -> None:
        super().__init__(pane, Qt.WindowType.Tool)
        self.setWindowTitle(tr("3-D settings"))
        self._pane = pane
        self.tabs = Tabs()
        self.tabs.addTab(self._make_look(), tr("Look"))
        self.tabs.addTab(self._make_cut(), tr("Cut"))
        self.tabs.addTab(self._make_labels(), tr("Labels"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        pane.settingsChanged.connect(self._show)
        self.resize(460, 430)
        self._show()
        self.apply(What.SERIES)

    def apply(self, what: What) -> None:
        """Show what changed in the session."""
        if what & (What.SERIES | What.LABEL_TABLE):
            self._fill_labels()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        self._show_look()
        self._show_cut()

    # Look

    def _make_look(self) -> QWidget:
        page = QWidget()
        self.presets = QComboBox()
        self.presets.setAccessibleName(tr("Look of the scan"))
        self.presets.activated.connect(lambda number: self._pane.choose_look(self._pane.looks[number]))
        self.reset = QPushButton(tr("Reset"))
        self.reset.setToolTip(tr("The preset as it was"))
        self.reset.clicked.connect(self._reset)
        self.editor = TransferEditor()
        self.editor.changed.connect(self._pane.choose_look)
        self.glass = QCheckBox(tr("As of glass while label surfaces are shown"))
        self.glass.clicked.connect(self._pane.set_glass)
        hint = QLabel(
            tr(
                "Drag a point, or all of them by dragging beside one. Double click: a new point, or the colour of one. "
                "Del removes, arrows move, the wheel magnifies."
            ),
            wordWrap=True,
        )
        hint.setProperty("dimmed", True)
        top = QHBoxLayout()
        top.addWidget(self.presets, 1)
        top.addWidget(self.reset)
        layout = QVBoxLayout(page)
        layout.addLayout(top)
        layout.addWidget(self.editor, 1)
        layout.addWidget(hint)
        layout.addWidget(self.glass)
        return page

    def _show_look(self) -> None:
        pane = self._pane
        look, volume = pane.look_in_values, pane.session.volume
        names = [preset.name for preset in pane.looks]
        with QSignalBlocker(self.presets):
            if [self.presets.itemData(n) for n in range(self.presets.count())] != names:
                self.presets.clear()
                for name in names:
                    self.presets.addItem(tr(name), name)
            if pane.look is not None:
                self.presets.setCurrentIndex(names.index(pane.look.name))
        self.reset.setEnabled(pane.look is not None and pane.look not in pane.looks)
        self.glass.setChecked(pane.glass)
        self.editor.show_look(look, pane.histogram, volume.unit if volume is not None else "")
        for widget in (self.presets, self.editor, self.glass):
            widget.setEnabled(pane.look is not None)

    def _reset(self) -> None:
        if self._pane.preset is not None:
            self._pane.choose_look(self._pane.preset)

    # Cut

    def _make_cut(self) -> QWidget:
        page = QWidget()
        self.box = QGroupBox(tr("Box along the patient's axes"), checkable=True)
        self.box.toggled.connect(self._box_changed)
        grid = QGridLayout(self.box)
        self.faces: list[tuple[QSlider, QSlider]] = []
        self._face_names: list[tuple[QLabel, QLabel]] = []
        for axis in range(3):
            sliders, names = (_slider(0, _STEPS), _slider(0, _STEPS)), (QLabel(), QLabel())
            for n, (slider, name) in enumerate(zip(sliders, names, strict=True)):
                slider.valueChanged.connect(lambda value, axis=axis, n=n: self._face_moved(axis, n))
                grid.addWidget(name, axis, 2 * n)
                grid.addWidget(slider, axis, 2 * n + 1)
            self.faces.append(sliders)
            self._face_names.append(names)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)

        self.plane = QGroupBox(tr("Oblique plane"), checkable=True)
        self.plane.toggled.connect(self._plane_toggled)
        self.turn, self.tilt, self.cut_depth = _slider(-180, 180), _slider(-90, 90), _slider(-_STEPS, _STEPS)
        self._plane_texts = [QLabel() for _ in range(3)]
        turning = QGridLayout(self.plane)
        for row, (name, slider) in enumerate(
            ((tr("Turn"), self.turn), (tr("Tilt"), self.tilt), (tr("Depth"), self.cut_depth))
        ):
            slider.valueChanged.connect(self._plane_moved)
            slider.setAccessibleName(name)
            turning.addWidget(QLabel(name), row, 0)
            turning.addWidget(slider, row, 1)
            turning.addWidget(self._plane_texts[row], row, 2)
            self._plane_texts[row].setMinimumWidth(self.fontMetrics().horizontalAdvance("-1000 mm "))
        self.facing = QPushButton(tr("Facing me"))
        self.facing.clicked.connect(self._pane.cut_facing)
        self.at_cursor = QPushButton(tr("At the cross-hair"))
        self.at_cursor.clicked.connect(self._pane.cut_at_cursor)
        self.other_side = QPushButton(tr("Other side"))
        self.other_side.clicked.connect(self._turn_round)
        row = QHBoxLayout()
        for button in (self.facing, self.at_cursor, self.other_side):
            row.addWidget(button)
        turning.addLayout(row, 3, 0, 1, 3)
        hint = QLabel(tr("In the picture: Ctrl + drag turns the plane, Ctrl + wheel moves it."), wordWrap=True)
        hint.setProperty("dimmed", True)
        turning.addWidget(hint, 4, 0, 1, 3)

        self.image = QCheckBox(tr("Show slices where the scan is cut"))
        self.image.clicked.connect(self._image_clicked)
        self.cut_labels = QCheckBox(tr("Cut the label surfaces too"))
        self.cut_labels.clicked.connect(lambda on: self._pane.set_cut(replace(self._pane.cut, labels=on)))
        self.whole = QPushButton(tr("Whole scan"))
        self.whole.clicked.connect(lambda: self._pane.set_cut(NO_CUT))
        below = QHBoxLayout()
        below.addWidget(self.cut_labels, 1)
        below.addWidget(self.whole)
        layout = QVBoxLayout(page)
        layout.addWidget(self.box)
        layout.addWidget(self.plane)
        layout.addWidget(self.image)
        layout.addLayout(below)
        layout.addStretch(1)
        return page

    def _show_cut(self) -> None:
        pane, cut = self._pane, self._pane.cut
        opened = pane.look is not None
        for group in (self.box, self.plane, self.image, self.cut_labels, self.whole):
            group.setEnabled(opened)
        if not opened:
            return
        low, high = pane.extent_lps
        with QSignalBlocker(self.box), QSignalBlocker(self.plane):
            self.box.setChecked(cut.box_lps is not None)
            self.plane.setChecked(cut.plane is not None)
        corners = cut.box_lps or (tuple(low), tuple(high))
        names = _FACES if pane.session.volume is not None and pane.knows_sides else _UNKNOWN_FACES
        for axis, sliders in enumerate(self.faces):
            for n, slider in enumerate(sliders):
                share = (corners[n][axis] - low[axis]) / (high[axis] - low[axis])
                _set_quietly(slider, round(share * _STEPS))
                name = tr(names[axis][n])
                self._face_names[axis][n].setText(name)
                slider.setAccessibleName(name)
                slider.setToolTip(f"{name}: {corners[n][axis]:.1f} mm")
        if cut.plane is not None:
            a, b, c = cut.plane.normal_lps
            limit = float(np.linalg.norm(high - low)) / 2
            tilt = math.degrees(math.asin(min(max(c, -1.0), 1.0)))
            if abs(c) < 0.999:  # of a plane that lies flat nobody can say how it is turned: the slider stays
                _set_quietly(self.turn, round(math.degrees(math.atan2(a, -b))))
            _set_quietly(self.tilt, round(tilt))
            _set_quietly(self.cut_depth, round(pane.cut_depth_mm / limit * _STEPS))
            self._plane_texts[0].setText(f"{self.turn.value()}°")
            self._plane_texts[1].setText(f"{self.tilt.value()}°")
            self._plane_texts[2].setText(f"{pane.cut_depth_mm:.0f} mm")
        self.image.setChecked(cut.image is not None)
        self.cut_labels.setChecked(cut.labels)

    def _box_changed(self, on: bool) -> None:
        low, high = self._pane.extent_lps
        box = (_point(low), _point(high)) if on else None
        self._pane.set_cut(replace(self._begun(), box_lps=box))

    def _begun(self) -> Cut:
        """The cut, which at its beginning shows slices if nothing is seen behind them anyway."""
        pane = self._pane
        begins = pane.cut.box_lps is None and pane.cut.plane is None
        return replace(pane.cut, image=pane.grey_range()) if begins and pane.dense else pane.cut

    def _face_moved(self, axis: int, end: int) -> None:
        if self._pane.cut.box_lps is None:
            return
        low, high = self._pane.extent_lps
        corners = [np.array(corner) for corner in self._pane.cut.box_lps]
        extent = high[axis] - low[axis]
        wished = low[axis] + extent * self.faces[axis][end].value() / _STEPS
        other, least = corners[1 - end][axis], _LEAST_SHARE * extent
        corners[end][axis] = min(wished, other - least) if end == 0 else max(wished, other + least)
        self._pane.set_cut(replace(self._pane.cut, box_lps=(_point(corners[0]), _point(corners[1]))))

    def _plane_toggled(self, on: bool) -> None:
        pane = self._pane
        if on:
            low, high = pane.extent_lps
            middle = CutPlane(_point((low + high) / 2), (0.0, -1.0, 0.0))
            pane.set_cut(replace(self._begun(), plane=middle))
        else:
            pane.set_cut(replace(pane.cut, plane=None))

    def _plane_moved(self) -> None:
        turn, tilt = math.radians(self.turn.value()), math.radians(self.tilt.value())
        flat = math.cos(tilt)
        normal = np.array((math.sin(turn) * flat, -math.cos(turn) * flat, math.sin(tilt)))
        low, high = self._pane.extent_lps
        self._pane.cut_from(normal, self.cut_depth.value() / _STEPS * float(np.linalg.norm(high - low)) / 2)

    def _turn_round(self) -> None:
        plane = self._pane.cut.plane
        if plane is not None:
            self._pane.cut_from(-np.array(plane.normal_lps), -self._pane.cut_depth_mm)

    def _image_clicked(self, on: bool) -> None:
        self._pane.set_cut(replace(self._pane.cut, image=self._pane.grey_range() if on else None))

    # Labels

    def _make_labels(self) -> QWidget:
        page = QWidget()
        self.labels = QTreeWidget(columnCount=2)
        self.labels.setRootIsDecorated(False)
        self.labels.setHeaderLabels([tr("Label"), tr("Opacity")])
        self.labels.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.labels.setAccessibleName(tr("Label surfaces"))
        self.labels.header().setStretchLastSection(False)
        self.labels.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.labels.itemSelectionChanged.connect(self._show_opacity)
        self.opacity = _slider(0, 100)
        self.opacity.setAccessibleName(tr("Opacity of the selected surfaces"))
        self.opacity.valueChanged.connect(self._opacity_moved)
        self.opacity.sliderReleased.connect(self._set_opacity)
        hint = QLabel(tr("The opacity of the surfaces, kept with the labels. Select several to change them at once."))
        hint.setWordWrap(True)
        hint.setProperty("dimmed", True)
        layout = QVBoxLayout(page)
        layout.addWidget(self.labels, 1)
        layout.addWidget(self.opacity)
        layout.addWidget(hint)
        return page

    def _fill_labels(self) -> None:
        selected = {item.data(0, _VALUE) for item in self.labels.selectedItems()}
        with QSignalBlocker(self.labels):
            self.labels.clear()
            for label in self._pane.session.labels:
                item = QTreeWidgetItem([tr(label.name), f"{100 * label.surface_opacity:.0f} %"])
                item.setData(0, _VALUE, label.value)
                item.setIcon(0, swatch(label.colour))
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.labels.addTopLevelItem(item)
                item.setSelected(label.value in selected)
        self._show_opacity()

    def _show_opacity(self) -> None:
        chosen = self._chosen()
        by_value = {label.value: label for label in self._pane.session.labels}
        self.opacity.setEnabled(bool(chosen) and not self._pane.session.read_only)
        if chosen:
            _set_quietly(self.opacity, round(100 * by_value[chosen[0]].surface_opacity))

    def _chosen(self) -> list[int]:
        return [item.data(0, _VALUE) for item in self.labels.selectedItems()]

    def _opacity_moved(self, percent: int) -> None:
        """Of a drag only the end counts: each change of the table is written to the disk."""
        if not self.opacity.isSliderDown():
            self._set_opacity()

    def _set_opacity(self) -> None:
        for value in self._chosen():
            self._pane.session.set_surface_opacity(value, self.opacity.value() / 100)


def _slider(low: int, high: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    return slider


def _set_quietly(slider: QSlider, value: int) -> None:
    if slider.value() != value and not slider.isSliderDown():
        with QSignalBlocker(slider):
            slider.setValue(value)


def _point(lps: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in lps)
    return x, y, z
