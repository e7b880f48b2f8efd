"""Which pane is active and how it shows what it shows: zoom, slabs, turned pictures and planes, sides in 3-D."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.gui.actions import STILL_READ, Actions
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.slice_pane import SlicePane
from viewer.gui.volume_pane import SIDES, VolumePane

_ZOOM_STEP = 1.25
_TURNS: tuple[Callable[[SlicePane], None], ...] = (lambda pane: pane.turn(1), lambda pane: pane.turn(-1))


class DisplayCommands(QObject):
    """Changes how the active pane shows its series. Whoever listens to the session calls apply() once per turn of the
    event loop."""

    def __init__(self, commands: Actions, room: ReadingRoom) -> None:
        super().__init__(commands)
        self._commands, self._room = commands, room
        self._of_flat_panes: list[QAction] = []
        add = commands.add
        add(
            "Display",
            QT_TR_NOOP("Reset view"),
            self.reset_views,
            "R",
            picture="fit-to-screen-outline",
            needs_series=True,
        )
        add(
            "Display",
            QT_TR_NOOP("One pane large, or all"),
            lambda: room.toggle_large(room.active),
            "M",
            needs_series=True,
        )
        for text, act, key in (
            (QT_TR_NOOP("Slab: MIP, MinIP, mean, single slices"), lambda pane: pane.next_slab(), "S"),
            (QT_TR_NOOP("Thicker slab"), lambda pane: pane.thicken_slab(1), "Ctrl+Up"),
            (QT_TR_NOOP("Thinner slab"), lambda pane: pane.thicken_slab(-1), "Ctrl+Down"),
        ):
            slab = add("Display", text, lambda act=act: act(self._slab_pane), key, scope="viewer", needs_series=True)
            self._of_flat_panes.append(slab)
        for text, act, key in (
            (QT_TR_NOOP("Mirror left and right"), SlicePane.mirror, "H"),
            (QT_TR_NOOP("Mirror above and below"), lambda pane: pane.mirror(upside_down=True), "V"),
            (QT_TR_NOOP("Turn clockwise"), _TURNS[0], "Ctrl+]"),
            (QT_TR_NOOP("Turn anticlockwise"), _TURNS[1], "Ctrl+["),
        ):
            lay = add("Display", text, lambda act=act: self._lay(act), key, scope="viewer", needs_series=True)
            self._of_flat_panes.append(lay)
        self._turn_actions = [
            add("Display", text, partial(self.turn_planes, degrees), key, scope="viewer", needs_series=True)
            for text, key, degrees in (
                (QT_TR_NOOP("Turn the other planes clockwise by 5°"), "Alt+Right", 5.0),
                (QT_TR_NOOP("Turn the other planes anticlockwise by 5°"), "Alt+Left", -5.0),
                (QT_TR_NOOP("Turn the other planes clockwise by 1°"), "Alt+Shift+Right", 1.0),
                (QT_TR_NOOP("Turn the other planes anticlockwise by 1°"), "Alt+Shift+Left", -1.0),
            )
        ]
        self._along_action = add(
            "Display",
            QT_TR_NOOP("Planes along the scan"),
            lambda: room.session.reset_planes(),
            "Shift+R",
            scope="viewer",
            needs_series=True,
        )
        for text, keys, factor in (
            (QT_TR_NOOP("Zoom in"), ("+", "="), _ZOOM_STEP),
            (QT_TR_NOOP("Zoom out"), ("-",), 1 / _ZOOM_STEP),
        ):
            add("Display", text, partial(self._zoom, factor), *keys, scope="viewer", needs_series=True)
        for text, key, step in ((QT_TR_NOOP("Next pane"), "Right", 1), (QT_TR_NOOP("Previous pane"), "Left", -1)):
            add("Display", text, partial(self._step_pane, step), key, scope="viewer", needs_series=True)
        for side, _, text in SIDES:
            add("3-D", text, partial(room.volume_pane.look_from, side), needs_series=True)
        for text, switch in (
            (QT_TR_NOOP("Show or hide the scan in 3-D"), room.volume_pane.show_volume),
            (QT_TR_NOOP("Show or hide label surfaces in 3-D"), room.volume_pane.show_labels),
        ):
            add("3-D", text, switch.trigger, needs_series=True)
        self._of_scene = [
            add("3-D", QT_TR_NOOP("3-D settings…"), room.volume_pane.show_settings, needs_series=True),
            add("3-D", QT_TR_NOOP("Spin"), room.volume_pane.spin.trigger, needs_series=True),
        ]
        self._export_surfaces = add(
            "3-D", QT_TR_NOOP("Export label surfaces…"), room.volume_pane.export_surfaces, needs_series=True
        )
        magnify = add(
            "Tools",
            QT_TR_NOOP("Magnifier while the key is held"),
            room.magnifier.toggle,
            "Q",
            picture="magnify-scan",
            tip=QT_TR_NOOP("The wheel makes it stronger; chosen here it stays until Esc"),
            scope="viewer",
            needs_series=True,
        )
        magnify.setAutoRepeat(False)
        room.activeChanged.connect(self._enable)
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open."""
        self._enable()

    def reset_views(self) -> None:
        """All planes along their scans, and every picture fitted into its pane."""
        for session in self._room.sessions:
            session.reset_planes()
        for pane in self._room.shown:
            pane.reset_view()

    def turn_planes(self, degrees: float) -> None:
        """Turn the planes that cross the active one, as its pane shows them."""
        self._room.slice_pane.planes.turn(math.radians(degrees))

    def _enable(self) -> None:
        session, allow = self._room.session, self._commands.allow
        opened = session.volume is not None
        still = tr(STILL_READ) if session.loading else ""
        no_planes = "" if session.can_turn_planes or not opened else tr("This series has no three planes to turn")
        flat = not isinstance(self._room.active, VolumePane)
        not_flat = "" if flat or not opened else tr("The active pane shows no slice: click one")
        for action in self._of_flat_panes:
            allow(action, opened, not_flat)
        for action in self._turn_actions:
            allow(action, session.can_turn_planes, still or no_planes or not_flat)
        along = "" if session.rotation is not None or not opened else tr("The planes are those of the scan")
        allow(self._along_action, session.rotation is not None, along)
        scene = self._room.volume_pane
        no_scene = still or scene.why_not
        for action in self._of_scene:
            allow(action, opened, no_scene)
        no_labels = "" if scene.has_surfaces or not opened else tr("There are no labels to export")
        allow(self._export_surfaces, opened, no_scene or no_labels)

    @property
    def _slab_pane(self) -> SlicePane | CurvedPane:
        active = self._room.active
        return active if isinstance(active, CurvedPane) else self._room.slice_pane

    def _lay(self, act: Callable[[SlicePane], None]) -> None:
        """Mirror or turn the picture of the active pane. A curved one only lies or stands."""
        active = self._room.active
        if not isinstance(active, CurvedPane):
            act(self._room.slice_pane)
        elif act in _TURNS:
            active.turn()

    def _zoom(self, factor: float) -> None:
        self._room.active.zoom_by(factor)

    def _step_pane(self, step: int) -> None:
        """Make the next pane the active one; the next one large, if one is large."""
        if self._room.step(step) is not None:
            self._room.active.setFocus()
