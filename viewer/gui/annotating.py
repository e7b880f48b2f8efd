"""Going through many slices: confirming them, saying that nothing is on them, and on to the next one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.labels import Label
from viewer.core.next_slice import Suggestion
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import CURVED_CONFIRM, LOCKED, OBLIQUE_CONFIRM, READ_ONLY, STILL_READ, Actions
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.next_panel import NextPanel
from viewer.gui.reading_room import ReadingRoom
from viewer.next_slices import NextSlices, patient_of
from viewer.workflows import Workflows

_WAITS = QT_TR_NOOP("A model's result waits for you: accept or reject it before you go on")
_NO_MORE = QT_TR_NOOP("There is no further slice to suggest: open more studies, or choose a slice yourself")


class Annotating(QObject):
    """The commands and the list of suggestions. Whoever listens to the session calls apply() once per turn of the event
    loop. open_series shows a listed series, go_to_slice a slice of the open one; model tells the chosen model's
    name; notify says a sentence."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        panel: NextPanel,
        open_series: Callable[[str], None],
        go_to_slice: Callable[[Plane, int], None],
        model: Callable[[], str],
        notify: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._panel = workflows, commands, room, panel
        self._open_series, self._go_to_slice, self._model = open_series, go_to_slice, model
        self._notify, self._fail = notify, fail
        self.queue = NextSlices(workflows)
        self.suggestions: tuple[Suggestion, ...] = ()
        self._wanted = False  # suggestions, by a person, who then has them kept up to date
        self._going_on = False  # to the first that is found
        self._going_to: tuple[str, Plane, int] | None = None  # in a series that is being opened
        self._carried: tuple[str, tuple[Label, ...], str] | None = None  # to it: labels, and the name of the active one
        add = commands.add
        self.go_on_action = add(
            "Labels",
            QT_TR_NOOP("Confirm, and on to the next suggestion"),
            self.confirm_and_go_on,
            "Shift+Return",
            "Shift+Enter",
            tip=QT_TR_NOOP("Of another patient first, unlike those that are confirmed, where the model is unsure"),
            scope="viewer",
            needs_series=True,
        )
        self.nothing_action = add(
            "Labels",
            QT_TR_NOOP("Nothing on this slice: clear and confirm it"),
            self.nothing_here,
            "Shift+Del",
            tip=QT_TR_NOOP("Takes all labels off the slice: training learns that nothing is there"),
            scope="viewer",
            needs_series=True,
        )
        panel.asked.connect(lambda: self.find(read_others=True))
        panel.cancelled.connect(self._cancel)
        panel.chosen.connect(self.go_to)
        room.activeChanged.connect(self._enable)
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what can be done, and go to the suggested slice of a series that has come."""
        if what & What.SERIES:
            if self._going_to is not None and self._session.series is not None and what & What.VIEW:
                another = self._session.series.uid != self._going_to[0]
                self._going_to = None if another else self._going_to  # a person chose it meanwhile
            self._arrive()
            self._carry_labels()
        if what & (What.SERIES | What.CONFIRMED) and not self._session.loading:
            self.queue.note_confirmed()
            if self._wanted and not self._going_on and not self.queue.looking:
                self.find(read_others=False)
        if what & What.DISPLAY and self.suggestions:
            self._show()  # names may be hidden now
        self._enable()

    def confirm_and_go_on(self) -> None:
        """Confirm the slice, unless it is, and go to the one that is suggested next."""
        session, plane = self._session, self._room.plane
        if not session.is_confirmed(plane):
            session.toggle_confirmed(plane)
        if session.proposal is not None:
            self._notify(tr(_WAITS))
            return
        self._going_on = True
        self.find(read_others=True)

    def nothing_here(self) -> None:
        """Take the labels off the slice and confirm that nothing is on it."""
        if not self._session.confirm_empty(self._room.plane):
            self._notify(tr(LOCKED))

    def find(self, *, read_others: bool) -> None:
        """Look for suggestions; in the window they replace those that are shown."""
        self._wanted = True
        job = self.queue.find(self._plane, self._model(), self._found, self._ended, read_others=read_others)
        if job is None:
            self._going_on = False
        self._panel.show_looking(self.queue.looking and read_others)

    def go_to(self, suggestion: Suggestion) -> None:
        """Show a suggested slice, opening its series if it is not the open one."""
        uid = suggestion.candidate.series_uid
        opened = self._session.series
        if opened is not None and opened.uid == uid:
            _, plane, index = self.queue.take(suggestion)
            self._show_slice(plane, index)
            self.find(read_others=False)
        elif self._session.proposal is not None:
            self._notify(tr(_WAITS))
        else:
            _, plane, index = self.queue.take(suggestion)
            self._going_to = uid, plane, index
            self._carried = uid, self._session.labels, self._label_name(self._session.active_label)
            self._open_series(uid)
            self._arrive()
            self._carry_labels()

    @property
    def _session(self) -> Session:
        return self._workflows.session

    @property
    def _plane(self) -> Plane:
        return self._room.plane

    def _found(self, suggestions: tuple[Suggestion, ...]) -> None:
        self.suggestions = suggestions
        looking = self.queue.looking
        self._panel.show_looking(looking)
        self._show()
        if not self._going_on:
            return
        if suggestions and (not looking or suggestions[0].of_patient == 0):
            self._going_on = False
            self.go_to(suggestions[0])
        elif not looking:
            self._going_on = False
            self._notify(tr(_NO_MORE))

    def _show(self) -> None:
        session, queue = self._session, self.queue
        self._panel.show_suggestions(self.suggestions, queue.series_of, session, queue.model, patient_of)

    def _ended(self, message: str) -> None:
        self._going_on = False
        self._panel.show_looking(False)
        if message:
            self._fail(message)

    def _cancel(self) -> None:
        self._going_on = False
        self.queue.cancel()

    def _arrive(self) -> None:
        """Go to the slice for whose sake a series was opened, if that one is here; with another one, nowhere."""
        series, going = self._session.series, self._going_to
        if going is not None and series is not None and series.uid == going[0]:
            self._going_to = None
            self._show_slice(going[1], going[2])

    def _show_slice(self, plane: Plane, index: int) -> None:
        self._session.reset_planes()
        self._go_to_slice(plane, index)

    def _carry_labels(self) -> None:
        """Go on with the labels of the series before in one in which nobody has made labels yet."""
        session, carried = self._session, self._carried
        if carried is None or session.series is None or session.series.uid != carried[0] or not session.editable:
            return
        _, labels, active = carried
        self._carried = None
        if not session.labels_in_use():
            session.use_table(labels)
        value = next((label.value for label in session.labels if label.name == active), session.active_label)
        session.choose_label(value)

    def _label_name(self, value: int) -> str:
        return next((label.name for label in self._session.labels if label.value == value), "")

    def _enable(self) -> None:
        session, room, allow = self._session, self._room, self._commands.allow
        why_not = tr(READ_ONLY) if session.read_only else tr(STILL_READ) if session.loading else ""
        why_not = why_not or (tr(CURVED_CONFIRM) if room.active is room.curved_pane else "")
        oblique = session.is_oblique(room.plane)
        for action in (self.go_on_action, self.nothing_action):
            allow(action, session.editable and not oblique, why_not or (tr(OBLIQUE_CONFIRM) if oblique else ""))
