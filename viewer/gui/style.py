"""The look: colours that code paints with, and the style sheet for everything else.

The colours with names of their own are those on pictures, which stay black in every theme; what stands around the
pictures asks theme() when it is painted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

import resources
from viewer.core.geometry import Plane
from viewer.core.settings import Theme

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


@dataclass(frozen=True)
class Colours:
    """The colours of one theme around the pictures. strong_text stands on chosen buttons."""

    background: QColor
    raised: QColor
    sunken: QColor
    border: QColor
    text: QColor
    strong_text: QColor
    dimmed_text: QColor
    disabled_text: QColor
    accent: QColor
    warning: QColor
    good: QColor
    highlight: QColor
    highlighted_text: QColor


_THEMES: dict[Theme, Colours] = {
    "dark": Colours(
        BACKGROUND,
        RAISED,
        SUNKEN,
        BORDER,
        TEXT,
        QColor("#ffffff"),
        DIMMED_TEXT,
        QColor("#6b7079"),
        ACCENT,
        WARNING,
        GOOD,
        QColor("#2f5f9e"),
        QColor("#ffffff"),
    ),
    "light": Colours(
        QColor("#f3f4f6"),
        QColor("#ffffff"),
        QColor("#ffffff"),
        QColor("#c3c8d0"),
        QColor("#1d2026"),
        QColor("#0b2a4f"),
        QColor("#565c67"),
        QColor("#8b919c"),
        QColor("#1565c0"),
        QColor("#8a5200"),
        QColor("#1d7a3d"),
        QColor("#1f66b8"),
        QColor("#ffffff"),
    ),
}

# What each colour of the style sheet, which is written for the dark theme, is in the light one.
_LIGHT_SHEET = {
    "#ff7d76": "#b3261e",
    "#1e1f22": "#f3f4f6",
    "#111214": "#d4d8de",
    "#4c9ffe": "#1565c0",
    "#2b2d31": "#ffffff",
    "#dfe1e5": "#1d2026",
    "#4a4e56": "#b3b9c3",
    "#2f3237": "#e2e6ec",
    "#43474f": "#c3c8d0",
    "#2f5f9e": "#1f66b8",
    "#ffffff": "#0b2a4f",
    "#6b7079": "#8b919c",
    "#3a3d43": "#c3c8d0",
    "#26282c": "#e8ebf0",
    "#24405f": "#cfe2f8",
    "#17181a": "#ffffff",
    "#b6bac2": "#4a505a",
    "#9a9fa8": "#565c67",
    "#34373d": "#ffffff",
    "#464a52": "#b3b9c3",
    "#3d4148": "#edf0f4",
    "#2a2c31": "#dde1e7",
    "#33363b": "#d4d8de",
    "#2d6fbf": "#1f66b8",
    "#3f86db": "#1a5aa3",
    "#3580d6": "#2a74c9",
    "#2a3441": "#d5dfeb",
    "#7f8894": "#7f8894",
    "#9a4b44": "#c0564c",
    "#ff9d94": "#a3261b",
    "#4a2c2a": "#fbe3e1",
    "#1b1c1f": "#f7f8fa",
    "#f2b84b": "#8a5200",
    "#5fc77f": "#1d7a3d",
    "#fefefe": "#ffffff",  # on the accent, and on what is chosen in a list
}

_theme: Theme = "dark"


def theme() -> Colours:
    """The colours in force around the pictures."""
    return _THEMES[_theme]


def current() -> Theme:
    """Which theme is in force."""
    return _theme


def apply_style(app: QApplication, wanted: Theme = "dark") -> None:
    """Give the application a theme. The font family stays the system's; its size is held within reason.

    May be called again with another theme: open windows follow at once.
    """
    global _theme
    _theme = wanted
    app.setStyleSheet("")  # to replace one sheet by another takes five times as long
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")  # the one style that looks the same everywhere and obeys the palette
    app.setPalette(_palette(theme()))
    font = QFont(app.font())
    size = min(max(font.pointSizeF(), _POINT_SIZES[0]), _POINT_SIZES[1])
    if font.pointSizeF() > 0 and font.pointSizeF() != size:
        font.setPointSizeF(size)
        app.setFont(font)
    app.setStyleSheet(style_sheet(wanted))


def style_sheet(wanted: Theme) -> str:
    """The style sheet in a theme. Controls on pictures keep their colours, which are written as rgba()."""
    sheet = resources.path("style", "slicewise.qss").read_text(encoding="utf-8")
    if wanted == "light":
        head, on_pictures, tail = sheet.partition("/* Controls that lie on a picture. */")
        pictures, bars, tail = tail.partition("/* The bars over the panes")
        sheet = f"{_lit(head)}{on_pictures}{pictures}{bars}{_lit(tail)}"
        sheet = re.sub(r"(up|down)\.svg", r"\1-on-light.svg", sheet)
    return sheet.replace("ICONS", resources.path("icons").as_posix())


def _lit(sheet: str) -> str:
    return re.sub(r"#[0-9a-f]{6}\b", lambda colour: _LIGHT_SHEET[colour[0]], sheet)


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, colour in (
        (role.Window, colours.background),
        (role.WindowText, colours.text),
        (role.Base, colours.sunken),
        (role.AlternateBase, colours.background),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.dimmed_text),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.warning),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.highlight),
        (role.HighlightedText, colours.highlighted_text),
        (role.Accent, colours.accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Light, colours.border),
        (role.Midlight, colours.border),
        (role.Mid, colours.border),
        (role.Dark, colours.sunken),
        (role.Shadow, VIEWPORT),
    ):
        palette.setColor(where, colour)
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, colours.disabled_text)
    return palette
