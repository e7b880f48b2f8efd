"""Which panes a series is shown in: what a person chooses, what is remembered of it, and how the next one is hung."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.settings import LayoutName
from viewer.core.study import Series
from viewer.gui.actions import STILL_READ, Actions
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom, View
from viewer.io.settings_file import SettingsFile
from viewer.workflows import Workflows


class LayoutCommands(QObject):
    """Chooses layouts, views of the active pane, and what goes from one series to the others. open_series is called
    with a series' uid and the session in which it is to be shown, tell with a sentence for a person, notify with one
    that goes away by itself."""

    def __init__(
        self,
        commands: Actions,
        room: ReadingRoom,
        workflows: Workflows,
        settings_file: SettingsFile,
        open_series: Callable[[str, Session], None],
        tell: Callable[[str], None],
        notify: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._commands, self._room, self._workflows, self._settings_file = commands, room, workflows, settings_file
        self._open_series, self._tell, self._notify = open_series, tell, notify
        layouts: tuple[tuple[LayoutName, str, str], ...] = (
            ("1x1", QT_TR_NOOP("One pane"), "Alt+1"),
            ("1x2", QT_TR_NOOP("Two panes side by side"), "Alt+2"),
            ("1+3", QT_TR_NOOP("One large and three small panes"), "Alt+3"),
            ("2x2", QT_TR_NOOP("Four panes"), "Alt+4"),
            ("2x3", QT_TR_NOOP("Six panes"), "Alt+6"),
        )
        views: tuple[tuple[View, str, str], ...] = (
            ("axial", QT_TR_NOOP("Axial in this pane"), "Ctrl+1"),
            ("coronal", QT_TR_NOOP("Coronal in this pane"), "Ctrl+2"),
            ("sagittal", QT_TR_NOOP("Sagittal in this pane"), "Ctrl+3"),
            ("3d", QT_TR_NOOP("3-D in this pane"), "Ctrl+4"),
            ("curved", QT_TR_NOOP("Curved, along the path, in this pane"), "Ctrl+5"),
        )
        add = commands.add
        self.layout_actions = {
            name: add("Layout", text, partial(room.choose_layout, name), key, checkable=True, needs_series=True)
            for name, text, key in layouts
        }
        self.view_actions = {
            view: add("Layout", text, partial(self.show_view, view), key, needs_series=True)
            for view, text, key in views
        }
        self.only_action = add("Layout", QT_TR_NOOP("Only this series"), self._only_this, "Alt+0", needs_series=True)
        self.link_actions = {
            what: add("Layout", text, partial(self._switch_link, what), key, checkable=True)
            for what, text, key in (
                ("place", QT_TR_NOOP("Link places across series"), "J"),
                ("zoom", QT_TR_NOOP("Link magnification across series"), "Shift+J"),
                ("window", QT_TR_NOOP("Link windows across series"), "Ctrl+J"),
                ("reference_lines", QT_TR_NOOP("Reference lines"), "Alt+R"),
            )
        }
        self.link_here_action = add(
            "Layout",
            QT_TR_NOOP("The cross-hairs are at the same place"),
            room.link_here,
            "Alt+J",
            tip=QT_TR_NOOP("Links series of different examinations from here on, by your word"),
            needs_series=True,
        )
        room.arranged.connect(self._arranged_anew)
        room.linksChanged.connect(self._show_linked)
        room.activeChanged.connect(self._enable)
        self._show_linked()
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        self._enable()

    def hang(self) -> None:
        """Lay out the series that is worked on: a picture alone, a plane that has no others large, all else as a person
        chose last."""
        room, session, settings = self._room, self._room.session, self._settings_file.settings
        series, volume = session.series, session.volume
        if series is not None and series.other_breast:
            self._workflows.find_other_breast(series, partial(self._hang_breasts, series))
        over_time = series is not None and series.frame_time_ms is not None and len(session.planes) == 1
        if over_time or (volume is not None and volume.geometry.size[2] == 1):
            room.hang("1x1")
            return
        room.hang(settings.layout)
        alone = session.planes[0] if len(session.planes) == 1 else settings.large_pane
        if alone:
            room.maximise(room.pane_of(alone))

    def show_view(self, view: View) -> None:
        """Another plane in the active pane."""
        room, session = self._room, self._room.session
        place, planes = room.place_of(room.active), session.planes
        there = view in planes or (view == "3d" and len(planes) > 1) or (view == "curved" and bool(session.path))
        if place is not None and there:
            room.put(session, view, place)
            room.active.setFocus()

    def _hang_breasts(self, series: Series, other_uid: str) -> None:
        """Both breasts in one projection back to back, the right one on the left."""
        room = self._room
        if room.session.series is not series or room.comparing:
            return
        first, plane = room.slice_pane, room.plane
        other = room.add_beside()
        if series.view.startswith("L"):
            room.put(other, plane, 0)
        room.activate(first)
        self._open_series(other_uid, other)

    def _arranged_anew(self) -> None:
        """Remember the layout that a person chose, for series that have all planes."""
        room = self._room
        for name, action in self.layout_actions.items():
            action.setChecked(name == room.layout_name)
        if len(room.session.planes) > 1 and not room.comparing and room.window().isVisible():
            kept = room.large is not None and room.large is not room.curved_pane  # the next series may have no path
            large = room.large.name if room.large is not None and kept else ""
            self._settings_file.keep(layout=room.layout_name, large_pane=large)

    def _enable(self) -> None:
        session = self._room.session
        still = tr(STILL_READ) if session.loading else ""
        no_path = "" if session.path is not None or session.volume is None else tr("Draw a path first")
        self._commands.allow(self.view_actions["curved"], session.path is not None, still or no_path)

    def _only_this(self) -> None:
        """End a comparison: the series that is worked on alone."""
        self.hang()
        self._room.active.setFocus()

    def _switch_link(self, what: str) -> None:
        why_not = self._room.why_no_common_window if what == "window" else ""
        if why_not:
            self._tell(why_not)
        self._room.link(**{what: not why_not and not getattr(self._room.linked, what)})
        if not why_not:  # a key that links changes no picture: nobody would see what it did
            words = tr("{command}: on") if getattr(self._room.linked, what) else tr("{command}: off")
            self._notify(words.format(command=self.link_actions[what].text()))

    def _show_linked(self) -> None:
        """Tick what is linked; windows only where there are two that suit one another."""
        for what, action in self.link_actions.items():
            nothing = what == "window" and self._room.why_no_common_window
            action.setChecked(getattr(self._room.linked, what) and not nothing)
