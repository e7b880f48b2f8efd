"""The page that is shown while no series is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr

_NOTHING_LISTED = (
    QT_TR_NOOP("Open a scan to begin"),
    QT_TR_NOOP(
        "Drop folders or files anywhere in this window: DICOM, also in ZIP archives, NIfTI, NRRD, MHA, PNG or JPEG."
    ),
)
_LISTED = (
    QT_TR_NOOP("Choose a series to begin"),
    QT_TR_NOOP(
        "Double click one in the list on the left ({Window/Studies} shows and hides it), "
        "or drop more folders or files anywhere in this window."
    ),
)


class WelcomePage(QWidget):
    """What to do next: choose what is listed, or open something, with a button for each way to it."""

    def __init__(
        self, open_folder: Callable[[], None], open_files: Callable[[], None], open_demo: Callable[[], None]
    ) -> None:
        super().__init__()
        self.title, self.hint = QLabel(), QLabel()
        self._listed = False
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        self.title.setFont(font)
        self.hint.setProperty("dimmed", True)
        folder = QPushButton(tr("Open a folder…"))
        folder.setProperty("primary", True)
        folder.clicked.connect(open_folder)
        files = QPushButton(tr("Open files…"))
        files.clicked.connect(open_files)
        demo = QPushButton(tr("Open the demo study"))
        demo.clicked.connect(open_demo)
        buttons = QVBoxLayout()  # one below the other: there is room for that on the smallest screen
        for button in (folder, files, demo):
            buttons.addWidget(button)
        warning = QLabel(tr("Not for diagnostic use."))
        warning.setProperty("warning", True)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        for label in (self.title, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addSpacing(14)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addLayout(buttons)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addSpacing(14)
        layout.addWidget(warning, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)

    def show_listed(self, listed: bool) -> None:
        """Name the next step of somebody who has series in the list, or none."""
        self._listed = listed
        self.show_keys()

    def show_keys(self) -> None:
        """Write the keys that a person has chosen."""
        title, hint = _LISTED if self._listed else _NOTHING_LISTED
        self.title.setText(tr(title))
        self.hint.setText(with_keys(tr(hint), self.window()))
