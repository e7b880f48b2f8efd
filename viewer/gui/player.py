"""Plays what changes from picture to picture: the moments of a sequence, or the frames of a cine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import NOTHING_OPEN, icon
from viewer.gui.bar_list import BarList
from viewer.gui.language import said, tr
from viewer.workflows import Workflows

_USUAL_MS = 1000 / 15  # between pictures, where the file does not say
_PERIODS_MS = (10.0, 250.0)  # a volume every two seconds, as of functional MR, is played faster than it was made
_SETTLE_MS = 300  # on one moment before it is opened with its labels
_NAME_PX = 160
_SPEEDS = (("¼×", 0.25), ("½×", 0.5), ("1×", 1.0), ("2×", 2.0), ("4×", 4.0))


class Player(QFrame):
    """A slim bar under the panes with a slider over moments or frames; hidden where there is nothing to play.

    It belongs to the series that is worked on if that can be played, else to the one that it belonged to before, as
    long as that is on the screen: work on a series beside a film neither stops the film nor moves any picture. shown
    tells the sessions on the screen.

    What is shown follows the clock, so that pictures are left out, never queued, where the panes cannot keep up. A
    moment that is passed is shown without its labels; one that is stayed at is opened with them. Whoever listens to
    the session that is worked on calls apply() once per turn of the event loop, for the others hear().
    """

    changed = Signal()  # it plays or rests, or has something else to play

    def __init__(
        self, workflows: Workflows, shown: Callable[[], Sequence[Session]] = tuple, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._workflows, self._shown = workflows, shown
        self._session = workflows.session
        self._number = self._started_at = 0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._stay)
        self._icons = icon("play"), icon("pause")
        self._button = QToolButton()
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.clicked.connect(self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName(tr("Moment"))
        self.slider.valueChanged.connect(self._dragged)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.speed = BarList()
        self.speed.setToolTip(tr("Speed"))
        self.speed.setAccessibleName(tr("Speed"))
        for text, factor in _SPEEDS:
            self.speed.addItem(text, factor)
        self.speed.setCurrentText("1×")
        self.speed.currentIndexChanged.connect(self._keep_time)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 2)
        layout.addWidget(self._button)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        layout.addWidget(self.name)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        layout.addWidget(self.speed)
        self.apply(What.SERIES | What.VIEW)

    @property
    def session(self) -> Session:
        """The session that the bar belongs to."""
        return self._session

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def kind(self) -> Literal["moments", "frames", ""]:
        """What its series can be played as; empty if it cannot."""
        return _kind(self._session)

    @property
    def waits_for(self) -> str:
        """Why it cannot be played now; empty if it can."""
        if self._session.volume is None:
            return tr(NOTHING_OPEN)
        if not self.kind:
            return tr("This series has nothing to play")
        if self._session.loading or (self.kind == "moments" and not self._session.moments):
            return tr("Still being read")
        return ""

    def toggle(self) -> None:
        """Play, or rest where it is."""
        if self.playing:
            self.pause()
        elif not self.waits_for:
            self._settle.stop()
            self._keep_time()
            self._timer.start()
            self.changed.emit()

    def pause(self) -> None:
        """Stay at the picture that is shown; a moment is opened with its labels."""
        if self.playing:
            self._timer.stop()
            self._stay()
            self._show_state()
            self.changed.emit()

    def step(self, pictures: int) -> None:
        """Go on by a number of pictures, from the last one to the first."""
        if self.kind:
            self.pause()
            self._go((self._number + pictures) % self._count)

    def dress(self) -> None:
        """Draw the icons in the colours of the theme."""
        self._icons = icon("play"), icon("pause")
        self._show_state()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session that is worked on, or which one that is."""
        if what & (What.SERIES | What.VIEW):
            self._choose()
        if self._session is self._workflows.session:
            self._apply(what)
        else:
            self._show_state()

    def hear(self, session: Session, what: What) -> None:
        """Show what changed in any session on the screen."""
        if session is self._session and session is not self._workflows.session:
            self._choose()
            self._apply(what)
            self.changed.emit()

    def _choose(self) -> None:
        """Which series the bar is for from now on."""
        now, shown = self._workflows.session, self._shown()
        there = [now, *(session for session in (self._session, *shown) if session in shown)]
        chosen = next((session for session in there if _kind(session)), now)
        if chosen is not self._session:
            if self._session in shown:
                self.pause()
            self._timer.stop()
            self._settle.stop()
            self._session = chosen
            self._number = self._number_now()
            self.label.setMinimumWidth(0)
            self.changed.emit()

    def _apply(self, what: What) -> None:
        if what & What.VIEW:
            self._timer.stop()
            self._settle.stop()
            self.label.setMinimumWidth(0)
            self.changed.emit()
        if what & (What.SERIES | What.VOXELS | What.CURSOR):
            if not self.playing and not self._settle.isActive():
                self._number = self._number_now()
            self._show_state()

    # What is shown

    @property
    def _count(self) -> int:
        if self.kind == "moments":
            return len(self._session.moment_series)
        volume = self._session.volume
        return volume.geometry.size[2] if volume is not None else 0

    def _number_now(self) -> int:
        session = self._session
        if self.kind == "moments" and session.series is not None:
            passed = (n for n, volume in enumerate(session.moments) if volume is session.shown)
            opened = (n for n, series in enumerate(session.moment_series) if series.uid == session.series.uid)
            return next(passed, next(opened, 0))
        return session.cursor_ijk[2] if self.kind == "frames" else 0

    @property
    def _period_ms(self) -> float:
        series = self._session.series
        period = (series.frame_time_ms if series is not None else None) or _USUAL_MS
        return min(max(period, _PERIODS_MS[0]), _PERIODS_MS[1]) / float(self.speed.currentData())

    def _keep_time(self) -> None:
        self._started_at = self._number
        self._clock.start()
        self._timer.setInterval(max(round(self._period_ms), 1))

    def _tick(self) -> None:
        if self.waits_for:
            self.pause()
            return
        number = (self._started_at + int(self._clock.elapsed() / self._period_ms)) % self._count
        if number != self._number:
            self._show(number)

    def _dragged(self, number: int) -> None:
        self.pause()
        self._go(number)

    def _go(self, number: int) -> None:
        self._show(number)
        if self.kind == "moments":
            self._settle.start()

    def _show(self, number: int) -> None:
        session = self._session
        self._number = number
        if self.kind == "frames":
            session.move_cursor((*session.cursor_ijk[:2], number))
        elif session.moments:
            session.show_moment_volume(session.moments[number])
        else:
            self._show_state()  # else apply() does, when the panes hear of it, too: both name what is painted

    def _stay(self) -> None:
        """Open the moment that is shown with its own labels."""
        self._settle.stop()
        session = self._session
        if self.kind != "moments" or session.series is None:
            return
        if session.moment_series[self._number].uid == session.series.uid:
            session.show_moment_volume(None)
        else:
            self._workflows.show_moment(self._number, session)

    def _show_state(self) -> None:
        kind = self.kind
        self.setVisible(bool(kind))
        if not kind:
            return
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, self._count - 1)
            self.slider.setValue(self._number)
        series = self._session.series if len(self._shown()) > 1 else None  # alone, it is no question whose bar it is
        name = (series.description or series.modality) if series is not None else ""
        self.name.setText(self.name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME_PX))
        self.name.setToolTip(name)
        self.name.setVisible(bool(name))
        place = tr("{n} of {count}").format(n=self._number + 1, count=self._count)
        moment = self._session.moment_series[self._number].moment if kind == "moments" else None
        self.label.setText(f"{said(moment.label)} · {place}" if moment is not None and moment.label else place)
        self.label.setMinimumWidth(max(self.label.minimumWidth(), self.label.sizeHint().width()))  # or it would jump
        why_not = self.waits_for
        self._button.setIcon(self._icons[self.playing])
        self._button.setEnabled(not why_not)
        self._button.setToolTip(why_not or (tr("Pause") if self.playing else tr("Play")))


def _kind(session: Session) -> Literal["moments", "frames", ""]:
    if session.volume is None:
        return ""
    if len(session.moment_series) > 1:
        return "moments"
    return "frames" if not session.volume.geometry.is_grid and session.volume.geometry.size[2] > 1 else ""
