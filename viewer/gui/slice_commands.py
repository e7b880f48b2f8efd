"""What a person notes of single slices, confirmed or key image, how they are found again, and playing through them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.painting import Box
from viewer.gui.actions import CURVED_CONFIRM, OBLIQUE_CONFIRM, OBLIQUE_KEY, READ_ONLY, STILL_READ, Actions, icon
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.player import Player
from viewer.gui.reading_room import ReadingRoom

_MOST_LISTED = 20  # key images in their menu, which must fit on a small screen; the palette finds all


class SliceCommands(QObject):
    """Marks slices, goes to key images and plays. Whoever listens to the session calls apply() once per turn of the
    event loop."""

    def __init__(self, commands: Actions, room: ReadingRoom, player: Player) -> None:
        super().__init__(commands)
        self._commands, self._room, self._player = commands, room, player
        add = commands.add
        self.confirm_action = add(
            "Labels",
            QT_TR_NOOP("Confirm the slice"),
            lambda: room.session.toggle_confirmed(room.plane),
            "Return",
            "Enter",
            picture="check-circle-outline",
            tip=QT_TR_NOOP("Everything on it is as it should be: training learns from it"),
            scope="viewer",
            needs_series=True,
        )
        self.key_image_action = add(
            "Slices",
            QT_TR_NOOP("Key image"),
            lambda: room.session.toggle_key_image(room.plane),
            "K",
            picture="star-outline",
            tip=QT_TR_NOOP("Mark this slice, to find it again or to export it; marked once more, it is none"),
            checkable=True,
            scope="viewer",
            needs_series=True,
        )
        self._key_image_steps = [
            add("Slices", text, partial(self._step_key_image, step), key, scope="viewer")
            for text, key, step in (
                (QT_TR_NOOP("Next key image"), "Shift+K", 1),
                (QT_TR_NOOP("Previous key image"), "Ctrl+Shift+K", -1),
            )
        ]
        self.play_action = add(
            "Slices",
            QT_TR_NOOP("Play"),
            player.toggle,
            "C",
            picture="play",
            tip=QT_TR_NOOP("The frames of a cine or moments of a sequence"),
        )
        self._play_icons = icon("play"), icon("pause")
        self._picture_steps = [
            add("Slices", text, partial(player.step, step), key)
            for text, key, step in (
                (QT_TR_NOOP("Previous frame or moment"), ",", -1),
                (QT_TR_NOOP("Next frame or moment"), ".", 1),
            )
        ]
        player.changed.connect(self._show_playing)
        room.activeChanged.connect(self._enable)
        self._show_playing()
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what can be done with the slice that is shown, and whether pictures play."""
        if what & (What.SERIES | What.VOXELS):
            self._show_playing()
        self._enable()

    def dress(self) -> None:
        """Draw the icons in the colours of the theme."""
        self._play_icons = icon("play"), icon("pause")
        self._show_playing()

    def go_to_key_image(self, plane: Plane, slice_index: int) -> None:
        """Show a key image in the pane of its plane."""
        room = self._room
        room.session.go_to_slice(plane, slice_index)
        pane = room.panes[plane]
        if room.place_of(pane) is None:
            room.put(room.session, plane, room.place_of(room.active) or 0)
        elif room.large is not None:
            room.maximise(pane)
        room.activate(pane)
        room.active.setFocus()

    def fill_key_images(self, menu: QMenu) -> None:
        """Put the key images of the series into a menu, as many as fit on a screen."""
        menu.clear()
        marked = self._room.session.key_images_in_order
        for plane, index in marked[:_MOST_LISTED]:
            menu.addAction(key_image_name(plane, index), partial(self.go_to_key_image, plane, index))
        if len(marked) > _MOST_LISTED:
            find = self._commands.named["Window/Find a command…"]
            menu.addAction(tr("{count} more…").format(count=len(marked) - _MOST_LISTED), find.trigger)
        if menu.isEmpty():
            menu.addAction(tr("None yet")).setEnabled(False)

    def _step_key_image(self, step: int) -> None:
        beside = self._room.session.key_image_beside(self._room.plane, step)
        if beside is not None:
            self.go_to_key_image(*beside)

    def _enable(self) -> None:
        session, room, allow = self._room.session, self._room, self._commands.allow
        why_not = tr(READ_ONLY) if session.read_only else tr(STILL_READ) if session.loading else ""
        why_not = why_not or (tr(CURVED_CONFIRM) if room.active is room.curved_pane else "")
        oblique = session.is_oblique(room.plane)
        possible = session.editable and not oblique
        allow(self.confirm_action, possible, why_not or (tr(OBLIQUE_CONFIRM) if oblique else ""))
        allow(self.key_image_action, possible, why_not or (tr(OBLIQUE_KEY) if oblique else ""))
        shown = room.active is not room.curved_pane and session.is_key_image(room.plane)
        self.key_image_action.setChecked(shown)
        for action in self._key_image_steps:
            none = "" if session.key_images else tr("No slice is marked as a key image")
            allow(action, bool(session.key_images), none)

    def _show_playing(self) -> None:
        playing, why_not = self._player.playing, self._player.waits_for
        self.play_action.setIcon(self._play_icons[playing])
        self.play_action.setText(tr("Pause") if playing else tr("Play"))
        self._commands.allow(self.play_action, not why_not, why_not)
        for action in self._picture_steps:
            self._commands.allow(action, bool(self._player.kind), "" if self._player.kind else why_not)


def key_image_name(plane: Plane, index: int) -> str:
    """A key image as a person reads it. index: of the slice along its plane, from 0."""
    return tr("Key image: {plane} {number}").format(plane=tr(plane), number=index + 1)
