"""Asks what of a pane is to be written, and shows it before."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.core.settings import ExportChoices, PictureFormat, Resolution
from viewer.gui.exporting import Export, Run, doubts, file_name, key_image_names, picture_when_there
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.pane import Pane
from viewer.gui.question import agreed
from viewer.gui.slice_pane import SlicePane
from viewer.gui.volume_pane import VolumePane
from viewer.render.slices import SliceView

_PREVIEW_PX = 300
_POLL_MS = 30  # between two looks whether the picture is there
_SUFFIXES: dict[PictureFormat, str] = {"png": ".png", "jpeg": ".jpg", "gif": ".gif"}
_NAMES: dict[PictureFormat, str] = {
    "png": QT_TR_NOOP("PNG picture"),
    "jpeg": QT_TR_NOOP("JPEG picture"),
    "gif": QT_TR_NOOP("GIF film"),
}
_RUNS: dict[Run, str] = {
    "slices": QT_TR_NOOP("Slices, as a film"),
    "moments": QT_TR_NOOP("Moments, as a film"),
    "key images": QT_TR_NOOP("Key images"),
    "turn": QT_TR_NOOP("A full turn, as a film"),
}


class ExportDialog(QDialog):
    """What to write, how large, and whether with the patient's name, which is never asked for by itself.

    After it was accepted, export holds the answer, and choices what is to be remembered.
    """

    def __init__(self, pane: Pane, choices: ExportChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pane = pane
        self.choices, self.export = choices, None
        self.setWindowTitle(tr("Export pictures"))
        self.what = QComboBox()
        self.what.addItem(tr("This picture"), None)
        for run in _runs_of(pane):
            self.what.addItem(tr(_RUNS[run]), run)
        self.format = QComboBox()
        for name in ("png", "jpeg"):
            self.format.addItem(tr(_NAMES[name]), name)
        self.format.setCurrentIndex(max(self.format.findData(choices.format), 0))
        self.scale = QComboBox()
        screen = pane.devicePixelRatioF()
        sizes: tuple[tuple[Resolution, str, float], ...] = (
            ("screen", tr("As on this screen"), screen),
            ("1x", "1 ×", 1.0),
            ("2x", "2 ×", 2.0),
        )
        for kind, text, ratio in sizes:
            pixels = f"{round(pane.width() * ratio)} × {round(pane.height() * ratio)}"
            self.scale.addItem(tr("{size}  ({pixels} pixels)").format(size=text, pixels=pixels), (kind, ratio))
        kinds = [kind for kind, _, _ in sizes]
        self.scale.setCurrentIndex(kinds.index(choices.resolution))
        self.first, self.last = QSpinBox(), QSpinBox()
        self.speed = QDoubleSpinBox(decimals=1, suffix=tr(" pictures/s"))
        self.speed.setRange(1, 50)
        series = pane.session.series
        of_file = series.frame_time_ms if series is not None else None
        self.speed.setValue(1000 / of_file if of_file else choices.frames_per_second)
        self.identified = QCheckBox(tr("With the patient's name and the study's data"))
        self.identified.toggled.connect(self._show_preview)
        self.what.currentIndexChanged.connect(self._choose_run)
        self.format.currentIndexChanged.connect(self._choose_format)
        self.preview = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.preview.setFixedSize(_PREVIEW_PX, _PREVIEW_PX)
        self.preview.setAccessibleName(tr("Preview"))
        self.doubts = QLabel(wordWrap=True)
        self.doubts.setProperty("warning", True)
        between = QHBoxLayout()
        between.addWidget(self.first)
        between.addWidget(QLabel(tr("to")))
        between.addWidget(self.last)
        self._form = form = QFormLayout()
        form.addRow(tr("What"), self.what)
        self._between = QWidget()
        self._between.setLayout(between)
        between.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("From"), self._between)
        form.addRow(tr("Format"), self.format)
        form.addRow(tr("Speed"), self.speed)  # which the format of key images decides about
        form.addRow(tr("Size"), self.scale)
        form.addRow(self.identified)
        form.addRow(self.doubts)
        save = QPushButton(tr("Save as…"), default=True)
        save.clicked.connect(self._save)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(save, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        upper = QHBoxLayout()
        upper.addLayout(form, 1)
        upper.addWidget(self.preview)
        layout = QVBoxLayout(self)
        layout.addLayout(upper)
        layout.addWidget(buttons)
        self._choose_run()
        self._previews: Generator[QImage | float, None, None] | None = None
        self._look_again = QTimer(self, singleShot=True, interval=_POLL_MS)
        self._look_again.timeout.connect(self._show_when_there)
        self.finished.connect(self._drop_preview)
        QTimer.singleShot(0, self, self._show_preview)

    @property
    def run(self) -> Run | None:
        """Which run of pictures is chosen; None for one picture."""
        return self.what.currentData()

    def _choose_run(self) -> None:
        run = self.run
        count = _count(self._pane, run)
        for spin, value in ((self.first, 1), (self.last, count)):
            spin.setRange(1, max(count, 1))
            spin.setValue(value)
        film = self.format.findData("gif")
        if run == "key images" and film < 0:
            self.format.addItem(tr(_NAMES["gif"]), "gif")
        elif run != "key images" and film >= 0:
            self.format.removeItem(film)
        self._form.setRowVisible(self._between, run in ("slices", "moments"))
        self._form.setRowVisible(self.format, run in (None, "key images"))
        self._choose_format()

    def _choose_format(self) -> None:
        single = self.run is None or (self.run == "key images" and self.format.currentData() != "gif")
        self._form.setRowVisible(self.speed, not single)

    def _show_preview(self) -> None:
        identified = self.identified.isChecked()
        self._drop_preview()
        self._previews = picture_when_there(self._pane, identified=identified)
        self._show_when_there()
        named = tr("The patient's name will be on it.") if identified else doubts(self._pane)
        self.doubts.setText(named)
        self.doubts.setVisible(bool(named))

    def _show_when_there(self) -> None:
        found = next(self._previews, None) if self._previews is not None else None
        if not isinstance(found, QImage):
            if found is not None:
                self.preview.setText(tr("Working it out: {percent} %").format(percent=round(100 * found)))
                self._look_again.start()
            return
        self._drop_preview()
        picture = QPixmap.fromImage(found)
        ratio = self.devicePixelRatioF()
        side = round(_PREVIEW_PX * ratio)
        smooth = Qt.TransformationMode.SmoothTransformation
        picture = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        picture.setDevicePixelRatio(ratio)
        self.preview.setPixmap(picture)

    def _drop_preview(self) -> None:
        self._look_again.stop()
        if self._previews is not None:
            self._previews.close()
            self._previews = None

    def _save(self) -> None:
        kind: PictureFormat = self.format.currentData() if self.run in (None, "key images") else "gif"
        suffix = _SUFFIXES[kind]
        if self.run == "key images" and kind != "gif":
            self._save_key_images(suffix)
            return
        proposed = Path.home() / file_name(self._pane, self.run, suffix)
        path = self._ask_path(proposed, f"{tr(_NAMES[kind])} (*{suffix})")
        if path is None:
            return
        if path.suffix.lower() not in ((".jpg", ".jpeg") if kind == "jpeg" else (suffix,)):
            path = path.with_name(path.name + suffix)
        overwrite = os.path.lexists(path)
        if overwrite and not self._may_replace(path):
            return
        self._accept(path, overwrite)

    def _save_key_images(self, suffix: str) -> None:
        """Each as a picture in a folder."""
        folder = self._ask_folder()
        if folder is None:
            return
        there = [name for name in key_image_names(self._pane, suffix) if os.path.lexists(folder / name)]
        if there and not self._may_replace(folder / there[0]):
            return
        self._accept(folder, bool(there), suffix)

    def _accept(self, path: Path, overwrite: bool, suffix: str = "") -> None:
        resolution, ratio = self.scale.currentData()
        first, last = sorted((self.first.value() - 1, self.last.value() - 1))
        self.export = Export(
            path,
            self.identified.isChecked(),
            ratio,
            self.run,
            first if self.run else 0,
            last if self.run else 0,
            1000 / self.speed.value(),
            overwrite,
            suffix,
        )
        self.choices = ExportChoices(
            format=self.format.currentData(), resolution=resolution, frames_per_second=self.speed.value()
        )
        self.accept()

    def _ask_folder(self) -> Path | None:
        name = QFileDialog.getExistingDirectory(self, tr("Write the key images to"))
        return Path(name) if name else None

    def _ask_path(self, proposed: Path, kinds: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save as"), str(proposed), kinds, options=QFileDialog.Option.DontConfirmOverwrite
        )
        return Path(name) if name else None

    def _may_replace(self, path: Path) -> bool:
        return agreed(self, tr("{name} exists already. Replace it?").format(name=path.name))


def _runs_of(pane: Pane) -> list[Run]:
    runs: list[Run] = []
    if isinstance(pane, VolumePane):
        runs.append("turn")
    elif _count(pane, "slices") > 1:
        runs.append("slices")
    if isinstance(pane, SlicePane) and len(pane.session.moments) > 1:
        runs.append("moments")
    if isinstance(pane, SlicePane) and pane.session.key_images_in_order:
        runs.append("key images")
    return runs


def _count(pane: Pane, run: Run | None) -> int:
    if run == "moments":
        return len(pane.session.moments)
    view: SliceView | None = pane.view if isinstance(pane, SlicePane) else None
    return view.count if run == "slices" and view is not None else 1
