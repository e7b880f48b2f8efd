"""The look: colours that code paints with, and the style sheet for everything else."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

import resources
from viewer.core.geometry import Plane

ACCENT = QColor("#4c9ffe")
BACKGROUND = QColor("#1e1f22")
RAISED = QColor("#2b2d31")
SUNKEN = QColor("#17181a")
BORDER = QColor("#3a3d43")
TEXT = QColor("#dfe1e5")
DIMMED_TEXT = QColor("#9a9fa8")
WARNING = QColor("#f2b84b")
GOOD = QColor("#5fc77f")
PROPOSAL = QColor("#b794f6")
VIEWPORT = QColor("#000000")
ON_IMAGE = QColor("#e4e7ec")
MEASURE = QColor("#5be3ea")
MEASURE_SELECTED = QColor("#ffd866")

# 3D Slicer's, vtkMRMLAbstractViewNode.cxx: what neuro- and interventional radiologists have learnt to read.
PLANE_COLOURS: dict[Plane, QColor] = {
    "axial": QColor("#f34a33"),
    "sagittal": QColor("#edd54c"),
    "coronal": QColor("#6eb04b"),
}
VOLUME_COLOUR = QColor("#7483e9")

_POINT_SIZES = (9.0, 11.0)  # what a system's own font size is held to


def apply_style(app: QApplication) -> None:
    """Give the application its dark theme. The font family stays the system's; its size is held within reason."""
    app.setStyle("Fusion")  # the one style that looks the same everywhere and obeys the palette
    app.setPalette(_palette())
    font = QFont(app.font())
    if font.pointSizeF() > 0:
        font.setPointSizeF(min(max(font.pointSizeF(), _POINT_SIZES[0]), _POINT_SIZES[1]))
        app.setFont(font)
    sheet = resources.path("style", "slicewise.qss").read_text(encoding="utf-8")
    app.setStyleSheet(sheet.replace("ICONS", resources.path("icons").as_posix()))


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, BACKGROUND),
        (role.WindowText, TEXT),
        (role.Base, SUNKEN),
        (role.AlternateBase, BACKGROUND),
        (role.Text, TEXT),
        (role.PlaceholderText, DIMMED_TEXT),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, WARNING),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.Highlight, QColor("#2f5f9e")),
        (role.HighlightedText, QColor("#ffffff")),
        (role.Accent, ACCENT),
        (role.Link, ACCENT),
        (role.LinkVisited, ACCENT),
        (role.Light, BORDER),
        (role.Midlight, BORDER),
        (role.Mid, BORDER),
        (role.Dark, SUNKEN),
        (role.Shadow, VIEWPORT),
    ):
        palette.setColor(where, colour)
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor("#6b7079"))
    return palette
