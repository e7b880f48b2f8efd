"""Every command that has a key, a menu entry or a tool button: one QAction each, so that all of them agree."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Literal

import qtawesome
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QMenu, QTextBrowser, QVBoxLayout, QWidget

import resources
from viewer.core.display import VoiTable, WindowLevel, WindowPreset, load_presets
from viewer.core.events import What
from viewer.core.geometry import Plane, plane_axes
from viewer.core.measuring import KINDS
from viewer.core.painting import Box
from viewer.core.session import Session, Tool
from viewer.core.volume import looks_like_ct
from viewer.gui.style import ACCENT, DIMMED_TEXT, TEXT

_PAGE = 10  # slices for Shift+arrow
_RADIUS_STEP = 1.2
READ_ONLY = (
    "Another window of Slicewise has this series open: its labels and measurements can be looked at here, not changed."
)
_NO_WINDOW = "Colours are shown as they are stored: there is no window to choose"

Group = Literal["File", "Slices", "Display", "Presets", "Tools", "Measuring", "Labels", "AI", "Window"]

_TOOLS: tuple[tuple[Tool, str, str, str, str], ...] = (
    ("window", "Window", "W", "contrast-circle", "Drag right: wider; up: brighter. Click: move the cross-hair"),
    ("crosshair", "Cross-hair", "T", "crosshairs", "Click or drag: all planes show this point (also Shift + move)"),
    ("pan", "Pan", "P", "cursor-move", "Drag the picture (also the middle button with every tool)"),
    ("zoom", "Zoom", "Z", "magnify", "Drag up or down (also the right button, or Ctrl + wheel, with every tool)"),
    ("brush", "Brush", "B", "brush", "Paint the chosen label on the slice; Shift + wheel or [ ] change the size"),
    ("eraser", "Eraser", "X", "eraser", "Take labels away; Shift + wheel or [ ] change the size"),
)

_MEASURING: tuple[tuple[Tool, str, str, str, str], ...] = (
    ("length", "Length", "L", "ruler", "Drag, or click twice"),
    ("angle", "Angle", "A", "angle-acute", "Three clicks, the vertex second"),
    ("cobb", "Cobb angle", "Shift+C", "angle-obtuse", "Two lines, each dragged or of two clicks"),
    ("ellipse", "Ellipse", "E", "ellipse-outline", "Drag from corner to corner: mean, SD, min, max, area"),
    ("rectangle", "Rectangle", "Shift+E", "rectangle-outline", "Drag from corner to corner: mean, SD, min, max, area"),
    ("polygon", "Polygon", "Shift+F", "vector-polygon", "Click each corner; double click or Return closes it"),
    ("freehand", "Freehand", "F", "lasso", "Drag around a region"),
    ("probe", "Probe", "Shift+V", "eyedropper", "Click: the stored value of the voxel"),
    ("profile", "Line profile", "Shift+L", "chart-bell-curve", "Drag, or click twice: the values along the line"),
    ("arrow", "Arrow", "Shift+A", "arrow-top-left", "Drag from what it points at; then write"),
    ("text", "Text", "Shift+T", "format-text", "Click and write"),
)

_MOUSE = (
    ("Left drag", "the chosen tool; window/level at first"),
    ("Click", "moves the cross-hair (window/level and cross-hair tools)"),
    ("Shift + move", "moves the cross-hair with any tool"),
    ("Middle drag", "pan"),
    ("Right drag", "zoom"),
    ("Right click", "menu of the pane"),
    ("Wheel", "scroll through the slices"),
    ("Ctrl + wheel", "zoom"),
    ("Shift + wheel", "brush size, while painting"),
    ("Double click", "one pane large, and back; on a measurement: write to it"),
    ("Drag a measurement", "moves it, its words, or one of its handles"),
    ("Ctrl + click", "begins a new measurement on top of another"),
)


def icon(name: str, colour: QColor = TEXT, colour_on: QColor | None = None) -> QIcon:
    """A Material Design icon, sharp at every size; colour_on is for a checked button."""
    return qtawesome.icon(f"mdi6.{name}", color=colour, color_on=colour_on or colour, color_disabled=QColor("#5a5f67"))


class Actions(QObject):
    """The window's actions. Those of the session are made here; the window adds its own with add().

    active_plane tells which plane the keys act on. Actions of scope "viewer" listen only while the panes have
    the keyboard, because lists and sliders need the same keys.
    """

    def __init__(self, window: QWidget, viewer: QWidget, session: Session, active_plane: Callable[[], Plane]) -> None:
        super().__init__(window)
        self._window, self._viewer, self._session = window, viewer, session
        self._active_plane = active_plane
        self._table = load_presets(resources.path("presets", "window_level.json"))
        self._needs_series: list[QAction] = []
        self._tips: dict[QAction, str] = {}
        self.file_windows: list[QAction] = []
        self.groups: dict[Group, list[QAction]] = {}
        self._add_slices()
        self._add_display()
        self._add_tools()
        self._add_labels()
        self.apply(What.SERIES)

    def add(
        self,
        group: Group,
        text: str,
        act: Callable[[], object],
        *keys: str,
        picture: str = "",
        tip: str = "",
        checkable: bool = False,
        scope: Literal["window", "viewer"] = "window",
        needs_series: bool = False,
    ) -> QAction:
        """A new action, listed in its group of the keyboard help if it has a key, which its tooltip shows."""
        action = QAction(text, self._window)
        if picture:
            action.setIcon(icon(picture))
        action.setCheckable(checkable)
        action.setShortcuts([QKeySequence(key) for key in keys])
        keys_text = f" ({_readable(keys[0])})" if keys else ""
        self._tips[action] = f"{text.rstrip('…')}{keys_text}" + (f"<br>{html.escape(tip)}" if tip else "")
        action.setToolTip(self._tips[action])
        action.setStatusTip("")
        action.triggered.connect(lambda checked=False: act())
        if scope == "viewer":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._viewer.addAction(action)
        else:
            self._window.addAction(action)
        if needs_series:
            self._needs_series.append(action)
        self.groups.setdefault(group, []).append(action)
        return action

    def allow(self, action: QAction, allowed: bool, why_not: str = "") -> None:
        """Enable an action or not; where it is forbidden for a reason, the tooltip says why."""
        action.setEnabled(allowed and not why_not)
        tip = self._tips[action]
        action.setToolTip(f"{tip}<br><b>{html.escape(why_not)}</b>" if why_not else tip)

    @property
    def presets(self) -> tuple[WindowPreset, ...]:
        """The window presets of the open series' modality; of CT, if the file names none and reaches down to air."""
        series, volume = self._session.series, self._session.volume
        if series is None or volume is None or volume.colour:
            return ()
        return self._table.get("CT" if not series.modality and looks_like_ct(volume) else series.modality, ())

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed: which tool is chosen, what can be undone, which presets there are."""
        session = self._session
        opened = session.volume is not None
        for action in self._needs_series:
            action.setEnabled(opened)
        why_not = READ_ONLY if session.read_only else ""
        if what & (What.SERIES | What.MEASUREMENTS | What.TOOL):
            self.allow(self.delete_measurement, session.selected is not None and session.editable, why_not)
            self.measurements_visible.setChecked(session.measurements_visible)
        if what & (What.SERIES | What.LABELS | What.PROPOSAL | What.TOOL | What.MEASUREMENTS):
            for action, word, title in (
                (self.undo, "Undo", session.history.undo_title),
                (self.redo, "Redo", session.history.redo_title),
            ):
                action.setText(f"{word} {title}" if title else word)
                action.setIconText(word)
                self._tips[action] = f"{word} {title or ''} ({_readable(action.shortcut().toString())})"
                self.allow(action, title is not None, why_not)
        if what & (What.SERIES | What.TOOL):
            for tool in ("brush", "eraser", *KINDS):
                self.allow(self.tools[tool], True, why_not)
            self.tools[session.tool].setChecked(True)
        if what & (What.SERIES | What.DISPLAY | What.WINDOW):
            self.labels_visible.setChecked(session.overlay_visible)
            self.invert.setChecked(session.inverted)
            self.file_overlay.setChecked(session.file_overlay_visible)
        if what & What.SERIES:
            self._offer_windows()
            known = {preset.key: preset for preset in self.presets}
            for key, action in self.preset_actions.items():
                preset = known.get(key)
                action.setVisible(preset is not None)
                action.setEnabled(preset is not None)
                if preset is not None:
                    window = preset.window
                    action.setText(f"{preset.name}  (W {window.width:g} L {window.centre:g})")

    def fill_window_menu(self, menu: QMenu) -> None:
        """Put the windows of the open series into a menu: the file's own first, then those of the modality."""
        menu.clear()
        menu.addAction(self.auto_window)
        menu.addActions(self.file_windows)
        menu.addSeparator()
        menu.addActions(list(self.preset_actions.values()))

    def _offer_windows(self) -> None:
        """Make the actions of the file's own windows anew, and say why colours have none."""
        session = self._session
        for action in self.file_windows:
            action.deleteLater()
        colour = session.volume is not None and session.volume.colour
        self.file_windows = []
        if session.series is not None and not colour:
            windows: list[tuple[str, WindowLevel | VoiTable]] = []
            if session.series.voi_table is not None:
                windows.append(("table", session.series.voi_table))
            for n, window in enumerate(session.series.windows, 1):
                size = f"(W {window.width:g} L {window.centre:g})"
                windows.append((f"{window.name or f'window {n}'}  {size}", window))
            for text, window in windows:
                action = QAction(f"From the file: {text}", self)
                action.triggered.connect(lambda checked=False, window=window: session.set_window(window))
                self.file_windows.append(action)
        for action, tip in ((self.invert, "Invert grey levels (I)"), (self.auto_window, "The file's window (0)")):
            action.setEnabled(session.volume is not None and not colour)
            action.setToolTip(_NO_WINDOW if colour else tip)
        overlay = session.volume is not None and session.volume.overlay is not None
        self.file_overlay.setEnabled(overlay)
        self.file_overlay.setToolTip("Overlays of the file" if overlay else "This file draws nothing over its picture")

    # Groups of actions

    def _add_slices(self) -> None:
        session, plane = self._session, self._active_plane

        def scroll(slices: int) -> Callable[[], None]:
            return lambda: session.scroll(plane(), slices)

        for text, key, slices in (
            ("Next slice towards head, front or left", "Up", 1),
            ("Next slice towards feet, back or right", "Down", -1),
            (f"{_PAGE} slices on", "Shift+Up", _PAGE),
            (f"{_PAGE} slices back", "Shift+Down", -_PAGE),
        ):
            self.add("Slices", text, scroll(slices), key, scope="viewer", needs_series=True)
        self.add("Slices", "Last slice that way", lambda: self._to_end(1), "Home", scope="viewer", needs_series=True)
        self.add("Slices", "Last slice this way", lambda: self._to_end(-1), "End", scope="viewer", needs_series=True)

    def _to_end(self, way: int) -> None:
        volume = self._session.volume
        if volume is not None:
            plane = self._active_plane()
            self._session.scroll(plane, way * volume.geometry.size[plane_axes(volume.geometry, plane).normal])

    def _add_display(self) -> None:
        session = self._session
        self.auto_window = self.add("Display", "Window of the file, or automatic", session.reset_window, "0")
        self.preset_actions: dict[int, QAction] = {}
        for key in range(1, 10):
            preset = self.add("Presets", f"Window preset {key}", lambda key=key: self._use_preset(key), str(key))
            self.preset_actions[key] = preset
        self.invert = self.add("Display", "Invert grey levels", session.toggle_inverted, "I", checkable=True)
        self.overlay_text = self.add(
            "Display",
            "Text on the panes: all, image only, none",
            session.cycle_overlay_text,
            "Space",
            scope="viewer",
            needs_series=True,
        )
        self.labels_visible = self.add(
            "Display",
            "Show labels",
            lambda: session.set_overlay(visible=not session.overlay_visible),
            "G",
            checkable=True,
        )

        self.file_overlay = self.add(
            "Display", "Overlays of the file", session.toggle_file_overlay, "Shift+G", checkable=True
        )

    def _use_preset(self, key: int) -> None:
        for preset in self.presets:
            if preset.key == key:
                self._session.set_window(preset.window)

    def _add_tools(self) -> None:
        self.tools: dict[Tool, QAction] = {}
        group = QActionGroup(self)
        for tool, text, key, picture, tip in (*_TOOLS, *_MEASURING):
            action = self.add(
                "Measuring" if tool in KINDS else "Tools",
                text,
                lambda tool=tool: self._choose_tool(tool),
                key,
                picture=picture,
                tip=tip,
                checkable=True,
            )
            action.setIcon(icon(picture, TEXT, QColor("#ffffff")))
            group.addAction(action)
            self.tools[tool] = action
        self.add("Tools", "Leave the tool: back to window/level", self._leave_tool, "Esc")
        session = self._session
        self.delete_measurement = self.add(
            "Measuring", "Delete the measurement", self._delete_measurement, "Del", picture="trash-can-outline"
        )
        self.measurements_visible = self.add(
            "Measuring",
            "Show measurements",
            lambda: session.show_measurements(not session.measurements_visible),
            "Shift+M",
            checkable=True,
        )

    def _leave_tool(self) -> None:
        self._choose_tool("window")
        self._session.select_measurement(None)

    def _delete_measurement(self) -> None:
        if self._session.selected is not None:
            self._session.delete_measurement(self._session.selected)

    def _choose_tool(self, tool: Tool) -> None:
        session = self._session
        session.choose_tool(tool)
        if tool in ("brush", "eraser") and not session.overlay_visible:
            session.set_overlay(visible=True)  # nobody paints what cannot be seen
        if tool in KINDS and not session.measurements_visible:
            session.show_measurements(True)

    def _add_labels(self) -> None:
        session = self._session
        self.undo = self.add("Labels", "Undo", session.undo, "Ctrl+Z", picture="undo")
        self.redo = self.add("Labels", "Redo", session.redo, "Ctrl+Shift+Z", "Ctrl+Y", picture="redo")
        self.add("Labels", "Previous label", lambda: self._step_label(-1), "Shift+Q", needs_series=True)
        self.add("Labels", "Next label", lambda: self._step_label(1), "Shift+W", needs_series=True)
        self.add("Labels", "Smaller brush", lambda: self._scale_brush(1 / _RADIUS_STEP), "[")
        self.add("Labels", "Larger brush", lambda: self._scale_brush(_RADIUS_STEP), "]")

    def _step_label(self, step: int) -> None:
        values = [label.value for label in self._session.labels]
        place = values.index(self._session.active_label)
        self._session.choose_label(values[(place + step) % len(values)])

    def _scale_brush(self, factor: float) -> None:
        self._session.set_brush_radius(self._session.brush_radius_mm * factor)


class KeysDialog(QDialog):
    """All keys and mouse gestures on one page."""

    def __init__(self, groups: dict[Group, list[QAction]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.resize(760, 600)
        page = QTextBrowser()
        page.setHtml(_keys_page(groups))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(page)
        layout.addWidget(buttons)


def _keys_page(groups: dict[Group, list[QAction]]) -> str:
    rows: dict[Group, list[tuple[str, str]]] = {
        name: [(" or ".join(_readable(k.toString()) for k in a.shortcuts()), a.text()) for a in actions]
        for name, actions in groups.items()
    }
    rows["Display"] += [("1 to 9", "Window presets of the modality")] * bool(rows.pop("Presets"))
    left, right = _halves(rows)
    return (
        f"<table width='100%'><tr><td width='50%' valign='top'>{''.join(left)}{_table('Mouse', _MOUSE)}</td>"
        f"<td width='50%' valign='top'>{''.join(right)}</td></tr></table>"
    )


def _halves(rows: dict[Group, list[tuple[str, str]]]) -> tuple[list[str], list[str]]:
    """Tables in two columns of about equal height; the left one also carries the mouse."""
    columns: tuple[list[str], list[str]] = ([], [])
    heights = [len(_MOUSE) + 2, 0]
    for name, lines in rows.items():
        shorter = int(heights[1] < heights[0])
        columns[shorter].append(_table(name, lines))
        heights[shorter] += 2 + sum(bool(keys) for keys, _ in lines)
    return columns


def _table(name: str, rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding:2px 14px 2px 0; color:{ACCENT.name()}; white-space:nowrap'><b>{html.escape(keys)}</b>"
        f"</td><td style='padding:2px 0'>{html.escape(text.rstrip('…'))}</td></tr>"
        for keys, text in rows
        if keys
    )
    heading = f"<p style='margin:12px 0 4px 0; color:{DIMMED_TEXT.name()}'><b>{name.upper()}</b></p>"
    return f"{heading}<table>{cells}</table>" if cells else ""


def _readable(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
