"""Where threads and the session meet Qt: the only place that knows both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from viewer.core.events import Change, What
from viewer.core.painting import Box, union
from viewer.core.session import Session

Apply = Callable[[What, Box | None], None]


class Courier(QObject):
    """Brings functions from any thread into the thread it was made in, the GUI's. For JobQueue's deliver."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._act, Qt.ConnectionType.QueuedConnection)

    def deliver(self, act: Callable[[], None]) -> None:
        """Have act called by the event loop soon, never before this returns. Callable from any thread."""
        with contextlib.suppress(RuntimeError):  # the window is gone: nobody is left to tell
            self._posted.emit(act)

    def _act(self, act: Callable[[], None]) -> None:
        act()


class ChangeGatherer(QObject):
    """Gathers the session's changes of one turn of the event loop and tells each listener once.

    A listener gets the kinds of change OR-ed, and the box of the label voxels touched; the box is None if no
    label voxel changed or if they may have changed anywhere.
    """

    def __init__(self, session: Session, listeners: Iterable[Apply], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners = tuple(listeners)
        self._what = What(0)
        self._box: Box | None = None
        self._anywhere = False
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._tell)
        session.subscribe(self._gather)

    def _gather(self, change: Change) -> None:
        self._what |= change.what
        self._box = union(self._box, change.box)
        self._anywhere |= bool(change.what & (What.LABELS | What.SERIES)) and change.box is None
        self._timer.start()

    def _tell(self) -> None:
        what, box = self._what, None if self._anywhere else self._box
        self._what, self._box, self._anywhere = What(0), None, False
        for listener in self._listeners:
            listener(what, box)
