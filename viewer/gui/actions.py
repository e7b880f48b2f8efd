"""Every command that has a key, a menu entry or a tool button: one QAction each, so that all of them agree."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

import resources
from viewer.core.colour_maps import COLOUR_MAPS, ColourMap
from viewer.core.display import VoiTable, WindowLevel, WindowPreset, load_presets
from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.hand import FOLLOWING, LABELLING, REGION_TOOLS, RegionTool
from viewer.core.measuring import KINDS
from viewer.core.painting import Box
from viewer.core.session import Session, Tool
from viewer.core.volume import looks_like_ct
from viewer.gui.icons import glyph_icon
from viewer.gui.key_words import readable, with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.style import theme
from viewer.workflows import Workflows

_PAGE = 10  # slices for Shift+arrow, as the names of the actions say
_RADIUS_STEP = 1.2
READ_ONLY = QT_TR_NOOP(
    "Another window of Slicewise has this series open: its labels and measurements can be looked at here, not changed."
)
NOT_MEASURED = QT_TR_NOOP(
    "This series is synthetic: a model made it, in part or whole. It is looked at, not measured; measure on the series "
    "that it was made of."
)
OBLIQUE_KEY = QT_TR_NOOP(
    "Slices of the scan can be key images, an oblique plane cannot: {Display/Planes along the scan} sets the planes "
    "along the scan"
)
OBLIQUE_CONFIRM = QT_TR_NOOP(
    "Slices of the scan can be confirmed, an oblique plane cannot: {Display/Planes along the scan} sets the planes "
    "along the scan"
)
OBLIQUE_ANSWER = QT_TR_NOOP(
    "Slices of the scan can be answered, an oblique plane cannot: {Display/Planes along the scan} sets the planes "
    "along the scan"
)
NO_PATH_HERE = QT_TR_NOOP("A path needs a volume of several slices that make a regular grid")
CURVED_CONFIRM = QT_TR_NOOP("Slices can be confirmed or be key images, a curved view cannot: choose a pane with slices")
_NO_WINDOW = QT_TR_NOOP("Colours are shown as they are stored: there is no window to choose")
_OWN_COLOURS = QT_TR_NOOP("This picture has colours of its own")
NOTHING_OPEN = QT_TR_NOOP("No series is open")
_NO_MODALITY = QT_TR_NOOP("The file does not say its modality: there are no window presets for it")
LOCKED = QT_TR_NOOP("The label is locked: its row in the table unlocks it")
COLOURS_HAVE_NO_VALUES = QT_TR_NOOP("This tool follows grey values, and this picture has colours")
STILL_READ = QT_TR_NOOP("Still being read")
_NOT_NOW = QT_TR_NOOP("Not possible now")

Group = Literal[
    "File",
    "Slices",
    "Display",
    "Presets",
    "Colours",
    "3-D",
    "Layout",
    "Tools",
    "Measuring",
    "Labels",
    "Findings",
    "AI",
    "Window",
]
Keys = tuple[str, ...]  # each as Qt's portable text ("Ctrl+Shift+Z")

_TOOLS: tuple[tuple[Tool, str, str, str, str], ...] = (
    (
        "window",
        QT_TR_NOOP("Window"),
        "W",
        "contrast-circle",
        QT_TR_NOOP("Drag right: wider; up: brighter. Click: move the cross-hair"),
    ),
    (
        "crosshair",
        QT_TR_NOOP("Cross-hair"),
        "T",
        "crosshairs",
        QT_TR_NOOP("Click or drag: all planes show this point (also Shift + move)"),
    ),
    (
        "pan",
        QT_TR_NOOP("Pan"),
        "P",
        "cursor-move",
        QT_TR_NOOP("Drag the picture (also the middle button with every tool)"),
    ),
    (
        "zoom",
        QT_TR_NOOP("Zoom"),
        "Z",
        "magnify",
        QT_TR_NOOP("Drag up or down (also the right button, or Ctrl + wheel, with every tool)"),
    ),
    (
        "brush",
        QT_TR_NOOP("Brush"),
        "B",
        "brush",
        QT_TR_NOOP(
            "Paint the chosen label on the slice, Ctrl takes away; Shift + wheel or {Labels/Smaller brush} "
            "{Labels/Larger brush} change the size"
        ),
    ),
    (
        "eraser",
        QT_TR_NOOP("Eraser"),
        "X",
        "eraser",
        QT_TR_NOOP("Take labels away; Shift + wheel or {Labels/Smaller brush} {Labels/Larger brush} change the size"),
    ),
)

_REGIONS: tuple[tuple[RegionTool, str, str, str, str], ...] = (  # Ctrl takes away with each
    (
        "outline",
        QT_TR_NOOP("Draw polygon"),
        "N",
        "vector-polygon-variant",
        QT_TR_NOOP("Click the corners of a region for the label; double click or Return closes it. Ctrl takes away"),
    ),
    (
        "lasso",
        QT_TR_NOOP("Draw lasso"),
        "O",
        "gesture",
        QT_TR_NOOP("Drag around a region for the label. Ctrl takes away"),
    ),
    (
        "livewire",
        QT_TR_NOOP("Live wire"),
        "Shift+D",
        "magnet",
        QT_TR_NOOP(
            "Click points along an edge: the line follows it from each to the next; double click or Return closes it. "
            "Ctrl takes away"
        ),
    ),
    (
        "flood",
        QT_TR_NOOP("Flood fill"),
        "U",
        "format-color-fill",
        QT_TR_NOOP(
            "Click: the label gets all that is joined to the pixel and as bright, on this slice; drag up or down for "
            "the range. Ctrl takes away"
        ),
    ),
    (
        "flood3d",
        QT_TR_NOOP("Flood fill in 3-D"),
        "Shift+U",
        "cube-scan",
        QT_TR_NOOP(
            "Click: the label gets all that is joined to the voxel and as bright, through all slices; drag up or down "
            "for the range. Ctrl takes away"
        ),
    ),
    (
        "click",
        QT_TR_NOOP("Click to segment"),
        "Shift+S",
        "gesture-tap",
        QT_TR_NOOP(
            "Click a structure and its outline is found; more clicks and drags refine it, with Ctrl what does not "
            "belong to it"
        ),
    ),
    (
        "level",
        QT_TR_NOOP("Level tracing"),
        "Shift+Y",
        "circle-double",
        QT_TR_NOOP(
            "The contour line through the pixel under the mouse; a click takes what it encloses. Ctrl takes away"
        ),
    ),
)

_MEASURING: tuple[tuple[Tool, str, str, str, str], ...] = (
    ("length", QT_TR_NOOP("Length"), "L", "ruler", QT_TR_NOOP("Drag, or click twice")),
    ("angle", QT_TR_NOOP("Angle"), "A", "angle-acute", QT_TR_NOOP("Three clicks, the vertex second")),
    (
        "cobb",
        QT_TR_NOOP("Cobb angle"),
        "Shift+C",
        "angle-obtuse",
        QT_TR_NOOP("Two lines, each dragged or of two clicks"),
    ),
    (
        "ellipse",
        QT_TR_NOOP("Ellipse"),
        "E",
        "ellipse-outline",
        QT_TR_NOOP("Drag from corner to corner: mean, SD, min, max, area"),
    ),
    (
        "rectangle",
        QT_TR_NOOP("Rectangle"),
        "Shift+E",
        "rectangle-outline",
        QT_TR_NOOP("Drag from corner to corner: mean, SD, min, max, area"),
    ),
    (
        "polygon",
        QT_TR_NOOP("Polygon"),
        "Shift+F",
        "vector-polygon",
        QT_TR_NOOP("Click each corner; double click or Return closes it"),
    ),
    ("freehand", QT_TR_NOOP("Freehand"), "F", "lasso", QT_TR_NOOP("Drag around a region")),
    ("probe", QT_TR_NOOP("Probe"), "Shift+V", "eyedropper", QT_TR_NOOP("Click: the stored value of the voxel")),
    (
        "profile",
        QT_TR_NOOP("Line profile"),
        "Shift+L",
        "chart-bell-curve",
        QT_TR_NOOP("Drag, or click twice: the values along the line"),
    ),
    (
        "path",
        QT_TR_NOOP("Curved path"),
        "D",
        "vector-polyline",
        QT_TR_NOOP("Click along it, on any slices; Return or a double click ends it"),
    ),
    ("arrow", QT_TR_NOOP("Arrow"), "Shift+A", "arrow-top-left", QT_TR_NOOP("Drag from what it points at; then write")),
    ("text", QT_TR_NOOP("Text"), "Shift+T", "format-text", QT_TR_NOOP("Click and write")),
    (
        "box",
        QT_TR_NOOP("Box of the label"),
        "Ctrl+B",
        "selection",
        QT_TR_NOOP("Drag from corner to corner: where something of the chosen label is, for models that detect"),
    ),
)


def icon(name: str, colour: QColor | None = None, colour_on: QColor | None = None) -> QIcon:
    """A Material Design icon, sharp at every size; in the colour of the theme's text unless another is given.
    colour_on is for a checked button."""
    usual = colour or theme().text
    disabled = theme().disabled_text
    return glyph_icon(name, usual, colour_on, disabled)


class Actions(QObject):
    """The window's actions. Those of the session are made here; what else has commands adds them with add().

    active_plane tells which plane the keys act on. Actions of scope "viewer" listen only while the panes have
    the keyboard, because lists and sliders need the same keys. An action's name, under which a person's own keys for
    it are kept, is its group and the text that it was added with, as the program's source has it.
    """

    keysChanged = Signal(object)  # dict of name to Keys, or to None where an action has its own again

    def __init__(
        self, window: QWidget, viewer: QWidget, workflows: Workflows, active_plane: Callable[[], Plane]
    ) -> None:
        super().__init__(window)
        self._window, self._viewer, self._workflows = window, viewer, workflows
        self._active_plane = active_plane
        self._table = load_presets(resources.path("presets", "window_level.json"))
        self._needs_series: list[QAction] = []
        self._tips: dict[QAction, tuple[str, str]] = {}  # a title and more, without the keys
        self._why_not: dict[QAction, str] = {}
        self._pictures: dict[QAction, str] = {}
        self._own_keys: dict[str, Keys] = {}
        self._chosen_keys: dict[str, Keys] = {}  # those of a person
        self.named: dict[str, QAction] = {}
        self.file_windows: list[QAction] = []
        self.groups: dict[Group, list[QAction]] = {}
        self._add_slices()
        self._add_display()
        self._add_tools()
        self._add_labels()
        self.apply(What.SERIES)

    @property
    def _session(self) -> Session:
        return self._workflows.session

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
        """A new action, listed in its group of the keys and in the command palette; its tooltip shows its key.

        Raises ValueError if the group has an action of this text already.
        """
        name = f"{group}/{text}"
        if name in self.named:
            raise ValueError(f"there are two actions {name}")
        action = QAction(tr(text), self._window)
        action.setObjectName(name)
        self.named[name] = action
        self._own_keys[name] = keys
        if picture:
            self._pictures[action] = picture
        action.setCheckable(checkable)
        self._tips[action] = tr(text).rstrip("…"), tr(tip) if tip else ""
        self._give_keys(action)
        self._show_tip(action)
        self._dress(action)
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
        """Enable an action or not; where it is forbidden for a reason, its tooltip and the palette say why."""
        action.setEnabled(allowed and not why_not)
        if self._why_not.get(action, "") != why_not:
            self._why_not[action] = why_not
            self._show_tip(action)

    def why_not(self, action: QAction) -> str:
        """Why an action cannot be taken now, in a few words; empty if it can."""
        if action.isEnabled():
            return ""
        if reason := self._why_not.get(action):
            return with_keys(reason, self._window)
        return tr(NOTHING_OPEN) if self._session.volume is None else tr(_NOT_NOW)

    def forbidden_with(self, key: QKeySequence) -> QAction | None:
        """The action that a key is for, if it cannot be taken now."""
        waiting = (action for action in self.named.values() if not action.isEnabled())
        return next((action for action in waiting if key in action.shortcuts()), None)

    def in_english(self, action: QAction) -> str:
        """The words of an action in the program's source, by which it is found in every language; empty where they
        are those that are shown."""
        keys = {action: key for key, action in self.preset_actions.items()}
        preset = next((preset.name for preset in self.presets if preset.key == keys.get(action)), "")
        text = (preset or action.objectName().partition("/")[2]).rstrip("…")
        return "" if text in action.text() else text

    def dress(self) -> None:
        """Draw all icons in the colours of the theme."""
        for action in self._pictures:
            self._dress(action)

    # Keys

    def use_keys(self, chosen: Mapping[str, Keys]) -> None:
        """Give actions the keys that a person has chosen, by name. Other actions keep their own, but for those that
        have been chosen for another; names that no action has are passed over."""
        self._chosen_keys = {name: tuple(keys) for name, keys in chosen.items() if name in self.named}
        for action in self.named.values():
            self._give_keys(action)
        for action in self.named.values():  # a tip may name the key of another
            self._show_tip(action)

    def keys_of(self, action: QAction) -> Keys:
        """The keys that an action has now."""
        return tuple(key.toString() for key in action.shortcuts())

    def has_own_keys(self, action: QAction) -> bool:
        """True unless a person has given it others."""
        return action.objectName() not in self._chosen_keys

    def owner_of(self, key: str, but: QAction) -> QAction | None:
        """Another action than `but` that has a key."""
        wanted = QKeySequence(key)
        return next((a for a in self.named.values() if a is not but and wanted in a.shortcuts()), None)

    def set_keys(self, changed: Mapping[QAction, Keys]) -> None:
        """Give actions other keys, all at once, and announce it. Keys that another action has are taken from it."""
        taken = {QKeySequence(key).toString() for keys in changed.values() for key in keys}
        wanted = {action.objectName(): keys for action, keys in changed.items()}
        for name, keys in self._chosen_keys.items():  # an action without chosen keys loses them by the choice alone
            if name not in wanted and taken.intersection(keys):
                wanted[name] = tuple(key for key in keys if key not in taken)
        names = {name: None if _same(keys, self._own_keys[name]) else keys for name, keys in wanted.items()}
        kept = {name: keys for name, keys in self._chosen_keys.items() if name not in names}
        self.use_keys(kept | {name: keys for name, keys in names.items() if keys is not None})
        self.keysChanged.emit(names)

    def give_back_keys(self, action: QAction) -> None:
        """Let an action have its own keys again; who has them now loses them."""
        self.set_keys({action: self._own_keys[action.objectName()]})

    def give_back_all_keys(self) -> None:
        """Let every action have its own keys again."""
        names = dict.fromkeys(self._chosen_keys)
        self.use_keys({})
        self.keysChanged.emit(names)

    def _give_keys(self, action: QAction) -> None:
        name = action.objectName()
        keys = self._chosen_keys.get(name)
        if keys is None:
            taken = {QKeySequence(key).toString() for chosen in self._chosen_keys.values() for key in chosen}
            keys = tuple(key for key in self._own_keys[name] if QKeySequence(key).toString() not in taken)
        action.setShortcuts([QKeySequence(key) for key in keys])

    def explained(self, action: QAction) -> str:
        """What an action does, in a sentence or two, as its tooltip says; empty where its title says it all."""
        return with_keys(self._tips[action][1], self._window)

    def entitle(self, action: QAction, title: str) -> None:
        """Give an action's tooltip another title, and nothing more."""
        if self._tips[action] != (title, ""):
            self._tips[action] = title, ""
            self._show_tip(action)

    def _show_tip(self, action: QAction) -> None:
        title, more = self._tips[action]
        keys = self.keys_of(action)
        lines = [
            html.escape(f"{title} ({readable(keys[0])})" if keys else title),
            html.escape(with_keys(more, self._window)),
        ]
        if why_not := self._why_not.get(action):
            lines.append(f"<b>{html.escape(with_keys(why_not, self._window))}</b>")
        action.setToolTip("<br>".join(line for line in lines if line))

    def _dress(self, action: QAction) -> None:
        if picture := self._pictures.get(action):
            action.setIcon(icon(picture, colour_on=theme().strong_text))

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
        if what & What.SERIES:  # and at no other change, or what others forbid for a reason would be allowed again
            for action in self._needs_series:
                self.allow(action, opened, "" if opened else tr(NOTHING_OPEN))
        why_not = tr(READ_ONLY) if session.read_only else ""
        if what & (What.SERIES | What.MEASUREMENTS | What.TOOL):
            self.allow(self.delete_measurement, session.selected is not None and session.editable, why_not)
            self.measurements_visible.setChecked(session.hand.measurements_visible)
        if what & (
            What.SERIES
            | What.LABELS
            | What.PROPOSAL
            | What.TOOL
            | What.MEASUREMENTS
            | What.KEY_IMAGES
            | What.CONFIRMED
            | What.FINDINGS
        ):
            for action, word, words, nothing, title in (
                (self.undo, tr("Undo"), tr("Undo {what}"), tr("Nothing to undo"), session.history.undo_title),
                (self.redo, tr("Redo"), tr("Redo {what}"), tr("Nothing to redo"), session.history.redo_title),
            ):
                text = words.format(what=said(title)) if title else word
                action.setText(text)
                action.setIconText(word)
                self.entitle(action, text)
                self.allow(action, title is not None, why_not or ("" if title else nothing))
        if what & (What.SERIES | What.TOOL):
            for tool in ("eraser", *KINDS):
                self.allow(self.tools[tool], True, why_not)
            if opened and not session.loading and not session.can_turn_planes:
                self.allow(self.tools["path"], False, why_not or tr(NO_PATH_HERE))
            self.tools[session.hand.tool].setChecked(True)
            self.drag_up_darkens.setChecked(session.hand.drag_up_darkens)
        if what & (What.SERIES | What.TOOL | What.LABEL_TABLE | What.VOXELS):
            for tool in ("brush", *REGION_TOOLS):
                self.allow(self.tools[tool], True, why_no_drawing(session, tool))
        if what & (What.SERIES | What.DISPLAY | What.WINDOW):
            self.labels_visible.setChecked(session.hand.overlay_visible)
            self.invert.setChecked(session.inverted)
            self.smooth.setChecked(session.hand.smooth)
            self.neurological.setChecked(session.hand.neurological)
            colour = session.volume is not None and session.volume.colour
            for colour_map, action in self.colour_maps.items():
                action.setChecked(session.colour_map == colour_map)
            for action in (*self.colour_maps.values(), self.next_colour_map):
                self.allow(action, opened, tr(NOTHING_OPEN) if not opened else tr(_OWN_COLOURS) if colour else "")
            self.file_overlay.setChecked(session.hand.file_overlay_visible)
        if what & What.SERIES:
            self._offer_windows()
            known = {preset.key: preset for preset in self.presets}
            for key, action in self.preset_actions.items():
                preset = known.get(key)
                action.setVisible(preset is not None)
                self.allow(action, preset is not None, "" if preset else self._why_no_preset())
                text = tr("Window preset {key}").format(key=key)
                if preset is not None:
                    window = preset.window
                    text = f"{tr(preset.name)}  (W {window.width:g} L {window.centre:g})"
                action.setText(text)
                self.entitle(action, text)

    def _why_no_preset(self) -> str:
        series, volume = self._session.series, self._session.volume
        if series is None or volume is None:
            return tr(NOTHING_OPEN)
        if volume.colour:
            return tr(_NO_WINDOW)
        return tr("This modality has no such preset") if series.modality else tr(_NO_MODALITY)

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
                windows.append((tr("table"), session.series.voi_table))
            for n, window in enumerate(session.series.windows, 1):
                size = f"(W {window.width:g} L {window.centre:g})"
                name = tr(window.name) if window.name else tr("window {n}").format(n=n)
                windows.append((f"{name}  {size}", window))
            for text, window in windows:
                action = QAction(tr("From the file: {window}").format(window=text), self)
                action.triggered.connect(lambda checked=False, window=window: self._session.set_window(window))
                self.file_windows.append(action)
        for action in (self.invert, self.auto_window):
            self.allow(action, session.volume is not None and not colour, tr(_NO_WINDOW) if colour else "")
        overlay = session.volume is not None and session.volume.overlay is not None
        drawn = overlay or session.volume is None
        self.allow(self.file_overlay, overlay, "" if drawn else tr("This file draws nothing over its picture"))

    # Groups of actions

    def _add_slices(self) -> None:
        for text, key, slices in (
            (QT_TR_NOOP("Next slice towards head, front or left"), "Up", 1),
            (QT_TR_NOOP("Next slice towards feet, back or right"), "Down", -1),
            (QT_TR_NOOP("10 slices on"), "Shift+Up", _PAGE),
            (QT_TR_NOOP("10 slices back"), "Shift+Down", -_PAGE),
        ):
            self.add("Slices", text, partial(self._scroll, slices), key, scope="viewer", needs_series=True)
        for text, key, way in (
            (QT_TR_NOOP("Last slice that way"), "Home", 1),
            (QT_TR_NOOP("Last slice this way"), "End", -1),
        ):
            self.add("Slices", text, partial(self._to_end, way), key, scope="viewer", needs_series=True)

    def _scroll(self, slices: int) -> None:
        self._session.scroll(self._active_plane(), slices)

    def _to_end(self, way: int) -> None:
        volume = self._session.volume
        if volume is not None:
            self._session.scroll(self._active_plane(), way * sum(volume.geometry.size))  # it ends where the scan ends

    def _add_display(self) -> None:
        hand = self._session.hand
        self.auto_window = self.add(
            "Display", QT_TR_NOOP("Window of the file, or automatic"), lambda: self._session.reset_window(), "0"
        )
        self.preset_actions: dict[int, QAction] = {}
        for key in range(1, 10):
            preset = self.add("Presets", f"Window preset {key}", lambda key=key: self._use_preset(key), str(key))
            self.preset_actions[key] = preset
        self.invert = self.add(
            "Display", QT_TR_NOOP("Invert grey levels"), lambda: self._session.toggle_inverted(), "I", checkable=True
        )
        self.colour_maps: dict[ColourMap, QAction] = {}
        one_of = QActionGroup(self)
        for colour_map, text in COLOUR_MAPS.items():
            action = self.add(
                "Colours",
                text,
                lambda colour_map=colour_map: self._session.set_colour_map(colour_map),
                checkable=True,
            )
            one_of.addAction(action)
            self.colour_maps[colour_map] = action
        self.next_colour_map = self.add(
            "Colours", QT_TR_NOOP("Next colour map"), lambda: self._session.next_colour_map(), "Shift+P"
        )
        self.smooth = self.add(
            "Display",
            QT_TR_NOOP("Smooth magnified pictures"),
            lambda: hand.set_smooth(not hand.smooth),
            "Shift+I",
            tip=QT_TR_NOOP("Off: each voxel is a sharp block"),
            checkable=True,
        )
        self.neurological = self.add(
            "Display",
            QT_TR_NOOP("Neurological convention: patient's left on the left"),
            lambda: hand.set_neurological(not hand.neurological),
            "Shift+N",
            tip=QT_TR_NOOP("Axial and coronal planes of scans; radiographs stay as they are"),
            checkable=True,
        )
        self.overlay_text = self.add(
            "Display",
            QT_TR_NOOP("Text on the panes: all, image only, none"),
            hand.cycle_overlay_text,
            "Space",
            scope="viewer",
            needs_series=True,
        )
        self.labels_visible = self.add(
            "Display",
            QT_TR_NOOP("Show labels"),
            lambda: hand.set_overlay(visible=not hand.overlay_visible),
            "G",
            checkable=True,
        )

        self.file_overlay = self.add(
            "Display", QT_TR_NOOP("Overlays of the file"), hand.toggle_file_overlay, "Shift+G", checkable=True
        )

    def _use_preset(self, key: int) -> None:
        for preset in self.presets:
            if preset.key == key:
                self._session.set_window(preset.window)

    def _add_tools(self) -> None:
        self.tools: dict[Tool, QAction] = {}
        group = QActionGroup(self)
        for tool, text, key, picture, tip in (*_TOOLS, *_REGIONS, *_MEASURING):
            action = self.add(
                "Measuring" if tool in KINDS else "Labels" if tool in REGION_TOOLS else "Tools",
                text,
                lambda tool=tool: self._choose_tool(tool),
                key,
                picture=picture,
                tip=tip,
                checkable=True,
            )
            group.addAction(action)
            self.tools[tool] = action
        hand = self._session.hand
        self.drag_up_darkens = self.add(
            "Tools",
            QT_TR_NOOP("Window/level: dragging up makes darker"),
            lambda: hand.set_drag_up_darkens(not hand.drag_up_darkens),
            checkable=True,
        )
        self.add("Tools", QT_TR_NOOP("Leave the tool: back to window/level"), self._leave_tool, "Esc")
        self.delete_measurement = self.add(
            "Measuring",
            QT_TR_NOOP("Delete the measurement"),
            self._delete_measurement,
            "Del",
            picture="trash-can-outline",
        )
        self.measurements_visible = self.add(
            "Measuring",
            QT_TR_NOOP("Show measurements"),
            lambda: hand.show_measurements(not hand.measurements_visible),
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
        if tool in LABELLING and not session.hand.overlay_visible:
            session.hand.set_overlay(visible=True)  # nobody paints what cannot be seen
        if tool in KINDS and not session.hand.measurements_visible:
            session.hand.show_measurements(True)

    def _add_labels(self) -> None:
        self.undo = self.add(
            "Labels", QT_TR_NOOP("Undo"), lambda: self._workflows.editing.undo(), "Ctrl+Z", picture="undo"
        )
        self.redo = self.add(
            "Labels",
            QT_TR_NOOP("Redo"),
            lambda: self._workflows.editing.redo(),
            "Ctrl+Shift+Z",
            "Ctrl+Y",
            picture="redo",
        )
        self.add("Labels", QT_TR_NOOP("Previous label"), lambda: self._step_label(-1), "Shift+Q", needs_series=True)
        self.add("Labels", QT_TR_NOOP("Next label"), lambda: self._step_label(1), "Shift+W", needs_series=True)
        self.add("Labels", QT_TR_NOOP("Smaller brush"), lambda: self._scale_brush(1 / _RADIUS_STEP), "[")
        self.add("Labels", QT_TR_NOOP("Larger brush"), lambda: self._scale_brush(_RADIUS_STEP), "]")

    def _step_label(self, step: int) -> None:
        values = [label.value for label in self._session.labels]
        place = values.index(self._session.active_label)
        self._session.choose_label(values[(place + step) % len(values)])

    def _scale_brush(self, factor: float) -> None:
        self._session.hand.set_brush_radius(self._session.hand.brush_radius_mm * factor)


def why_no_drawing(session: Session, tool: Tool | None = None) -> str:
    """Why nothing can be drawn with the active label now, by a tool or a command; empty if it can."""
    if session.read_only:
        return tr(READ_ONLY)
    if session.volume is not None and not session.editable and tool != "brush":  # it waits for its slice alone
        return tr(STILL_READ)
    if tool in FOLLOWING and session.volume is not None and session.volume.colour:
        return tr(COLOURS_HAVE_NO_VALUES)
    return tr(LOCKED) if session.is_locked(session.active_label) else ""


def group_name(group: str) -> str:
    """A group of actions as a person reads it."""
    return {
        "File": tr("File"),
        "Slices": tr("Slices"),
        "Display": tr("Display"),
        "Presets": tr("Presets"),
        "Colours": tr("Colours"),
        "3-D": tr("3-D"),
        "Layout": tr("Layout"),
        "Tools": tr("Tools"),
        "Measuring": tr("Measuring"),
        "Labels": tr("Labels"),
        "Findings": tr("Findings"),
        "AI": tr("AI"),
        "Window": tr("Window", "of the program"),
    }[group]


def _same(some: Keys, others: Keys) -> bool:
    return [QKeySequence(key) for key in some] == [QKeySequence(key) for key in others]


def no_longer_confirmed(count: int) -> str:
    """What an act says that changed confirmed slices."""
    one = tr("1 slice that this changed is no longer confirmed.")
    many = tr("{count} slices that this changed are no longer confirmed.")
    return (one if count == 1 else many).format(count=count)
