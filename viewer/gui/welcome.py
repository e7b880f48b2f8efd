"""The page that is shown while nothing is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.gui.language import tr
from viewer.gui.scrolled import scrolled


def welcome_page(
    open_folder: Callable[[], None], open_files: Callable[[], None], open_demo: Callable[[], None]
) -> QWidget:
    """What can be opened, and a button for each way to it."""
    page = QWidget()
    title = QLabel(tr("Open a scan to begin"))
    font = title.font()
    font.setPointSizeF(font.pointSizeF() * 1.6)
    font.setBold(True)
    title.setFont(font)
    hint = QLabel(
        tr("Drop folders or files anywhere in this window: DICOM, also in ZIP archives, NIfTI, NRRD, MHA, PNG or JPEG.")
    )
    hint.setProperty("dimmed", True)
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
    layout = QVBoxLayout(page)
    layout.addStretch(2)
    for widget in (title, hint):
        widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
        widget.setWordWrap(True)
        layout.addWidget(widget)
    layout.addSpacing(14)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addLayout(buttons)
    row.addStretch(1)
    layout.addLayout(row)
    layout.addSpacing(14)
    layout.addWidget(warning, alignment=Qt.AlignmentFlag.AlignCenter)
    layout.addStretch(3)
    return scrolled(page)
