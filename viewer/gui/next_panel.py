"""The slices that are suggested to be annotated next, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from viewer.core.geometry import PLANES, Plane, plane_axes
from viewer.core.next_slice import PICTURE_PIXELS, Suggestion
from viewer.core.session import Session
from viewer.core.study import Series
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.overlay import person_name, plane_name
from viewer.gui.style import VIEWPORT

_ICON_PX = 44
_SUGGESTION = Qt.ItemDataRole.UserRole
_SURE_BITS = 0.1
_HINT = QT_TR_NOOP("{Labels/Confirm, and on to the next suggestion} confirms and goes to the slice that teaches most.")
_HINT_TIP = QT_TR_NOOP(
    "{Labels/Confirm, and on to the next suggestion} confirms the slice and goes to the one that teaches most: of "
    "another patient, unlike those that are confirmed, where the model is unsure."
)


class NextPanel(QWidget):
    """Lists suggestions; a click asks for one."""

    chosen = Signal(object)  # Suggestion
    asked = Signal()  # for suggestions
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = False
        title = QLabel(tr("Next to annotate"))
        title.setProperty("heading", True)
        self.ask = QPushButton(tr("Suggest"))
        self.ask.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.ask.clicked.connect(lambda: (self.cancelled if self._looking else self.asked).emit())
        self.list = QListWidget()
        self.list.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.list.setWordWrap(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(tr("Next to annotate"))
        self.list.setMinimumHeight(_ICON_PX + 10)
        self.list.setMaximumHeight(4 * (_ICON_PX + 14))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(_SUGGESTION)))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.data(_SUGGESTION)))
        self.list.hide()
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("dimmed", True)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.hint)
        layout.addWidget(self.list)

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        self.hint.setToolTip(with_keys(tr(_HINT_TIP), self.window()))
        if not self.list.count():
            self.hint.setText(with_keys(tr(_HINT), self.window()))

    def show_looking(self, looking: bool) -> None:
        """Whether suggestions are being looked for."""
        self._looking = looking
        self.ask.setText(tr("Cancel") if looking else tr("Suggest"))

    def show_suggestions(
        self,
        suggestions: Sequence[Suggestion],
        series_of: Callable[[Suggestion], Series],
        session: Session,
        model: str,
        patient_of: Callable[[Series], str],
    ) -> None:
        """Fill the list. model: the title of the one that was asked, empty of none. Names of patients are shown as they
        are on the panes."""
        self.list.clear()
        opened = session.series
        for one in suggestions:
            series = series_of(one)
            here = opened is not None and series.uid == opened.uid
            same = opened is not None and patient_of(series) == patient_of(opened)
            why = reason(one, same, known=bool(series.patient_id))
            item = QListWidgetItem(_icon(one), f"{_where(one, series, session, here)}\n{why}")
            item.setData(_SUGGESTION, one)
            item.setToolTip(f"{_where(one, series, session, here)}\n{why}")
            self.list.addItem(item)
        self.list.setVisible(bool(suggestions))
        if suggestions:
            words = (
                tr("Asked: {model}; a bit is full doubt between two.").format(model=tr(model))
                if model
                else _without_model()
            )
            self.hint.setText(words)
        else:
            self.show_keys()


def reason(suggestion: Suggestion, same_patient: bool, known: bool) -> str:
    """Why a slice is suggested, in plain words. same_patient: as the open series; known: the files tell the patient."""
    if suggestion.of_patient == 0:
        other = tr("Another patient, none confirmed yet") if known else tr("Another scan, none confirmed yet")
        first = tr("Nothing of this patient is confirmed") if same_patient else other
    elif suggestion.of_series == 0:
        first = tr("Another series of a patient who is begun")
    else:
        first = tr("Unlike the other slices of this series")
    doubt = suggestion.candidate.doubt
    if doubt is None:
        return first
    if doubt.bits < _SURE_BITS or not doubt.label:
        return tr("{first}; model rather sure").format(first=first)
    words = tr("{first}; model unsure of {label} (entropy {bits:.2f} bit)")
    return words.format(first=first, bits=doubt.bits, label=tr(doubt.label))


def _without_model() -> str:
    return tr("No model was asked: chosen by how unlike slices are, other patients first.")


def _where(suggestion: Suggestion, series: Series, session: Session, here: bool) -> str:
    axis, index = suggestion.candidate.look.place
    number = tr("Image")
    if series.size is not None and series.frames > 1:
        plane: Plane = next(p for p in PLANES if plane_axes(series.geometry, p).normal == axis)
        number = f"{plane_name(plane)} {index + 1}"
    name = person_name(series.patient_name) if session.hand.overlay_text == "all" else ""
    whose = tr("this series") if here else " · ".join(x for x in dict.fromkeys((name, series.description)) if x)
    return " · ".join(x for x in (number, whose) if x)


def _icon(suggestion: Suggestion) -> QIcon:
    picture = np.ascontiguousarray(suggestion.candidate.look.picture)
    rows, columns = picture.shape
    square = np.full((PICTURE_PIXELS, PICTURE_PIXELS), VIEWPORT.lightness(), np.uint8)
    top, left = (PICTURE_PIXELS - rows) // 2, (PICTURE_PIXELS - columns) // 2
    square[top : top + rows, left : left + columns] = picture
    image = QImage(square.data, PICTURE_PIXELS, PICTURE_PIXELS, PICTURE_PIXELS, QImage.Format.Format_Grayscale8)
    pixmap, icon = QPixmap.fromImage(image.copy()), QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(pixmap, mode)
    return icon
