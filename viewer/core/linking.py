"""Series beside each other that are looked at together: one place in the patient, one window, one magnification."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from viewer.core.events import Change, What
from viewer.core.fusion import has_places, registered
from viewer.core.session import Session


@dataclass(frozen=True)
class Linked:
    """What goes from one series to the others."""

    place: bool = True  # cross-hair, slices and turned planes
    window: bool = False
    zoom: bool = True
    reference_lines: bool = True


class Links:
    """Keeps sessions together, those whose positions are known to be in one space.

    These share a frame of reference (DICOM PS3.3 C.7.4.1), or, without one, a grid, or a person has said that their
    cross-hairs stand at the same place. Whoever has the sessions calls follow() with each change of one of them.
    """

    def __init__(self) -> None:
        self.linked = Linked()
        self._by_hand: dict[Session, NDArray[np.float64]] = {}  # from a session's LPS to a space in common, mm
        self._following = False

    def follow(self, leader: Session, change: Change, others: tuple[Session, ...]) -> None:
        """Have other sessions do what one did."""
        if self._following:
            return
        self._following = True
        try:
            for other in others:
                if other is leader or other.volume is None or leader.volume is None:
                    continue
                if change.what & What.PLANES and self.linked.place and self.shift_between(leader, other) is not None:
                    other.turn_like(leader)
                if change.what & What.CURSOR and self.linked.place:
                    self._go_along(leader, other)
                if change.what & What.WINDOW and self.linked.window and _one_scale(leader, other):
                    other.look_through(leader.window, leader.inverted)
        finally:
            self._following = False

    def meet(self, leader: Session, others: tuple[Session, ...]) -> None:
        """Bring other sessions to where one is."""
        self.follow(leader, Change(What.CURSOR | What.PLANES | What.WINDOW), others)

    def shift_between(self, one: Session, other: Session) -> NDArray[np.float64] | None:
        """What to add to positions of one session to have those of the other, (3,) LPS mm; None if nobody knows."""
        if one in self._by_hand and other in self._by_hand:
            return self._by_hand[one] - self._by_hand[other]
        return np.zeros(3) if in_one_space(one, other) else None

    def comparable(self, one: Session, other: Session) -> bool:
        """True if one magnification suits both: those of one space, or of one modality. An ultrasound film would be
        tiny beside a CT."""
        alike = one.series is not None and other.series is not None and one.series.modality == other.series.modality
        return alike or self.shift_between(one, other) is not None

    def link_here(self, sessions: tuple[Session, ...]) -> None:
        """Say that the cross-hairs of sessions are at the same place in the patient, and the axes those of the body.
        Said again it is taken back. Sessions of one space need no such word."""
        placed = [session for session in sessions if _has_places(session)]
        known = all(in_one_space(placed[0], other) for other in placed[1:]) if placed else True
        self._by_hand = {} if self._by_hand or known else {session: -_place_of(session) for session in placed}

    def by_hand(self, session: Session) -> bool:
        """True for one that is linked because a person said so."""
        return session in self._by_hand

    def forget(self, session: Session) -> None:
        """Take back what was said of a session, which shows another series now or is gone."""
        self._by_hand.pop(session, None)
        if len(self._by_hand) < 2:
            self._by_hand.clear()

    def _go_along(self, leader: Session, other: Session) -> None:
        shift = self.shift_between(leader, other)
        if shift is None or other.volume is None:
            return
        place = _place_of(leader) + shift
        if other.volume.geometry.contains_point(place):
            index = other.volume.geometry.lps_to_index(place)
            other.move_cursor((float(index[0]), float(index[1]), float(index[2])))


def in_one_space(one: Session, other: Session) -> bool:
    """True if the positions of two series can be compared as they are."""
    if one.series is None or other.series is None or one.volume is None or other.volume is None:
        return False
    return registered(one.series, one.volume.geometry, other.series, other.volume.geometry)


def why_no_common_window(sessions: tuple[Session, ...]) -> str:
    """Why no two of the sessions on the screen can be seen through one window, in a sentence; empty if two can, or if
    that is not known before they are read."""
    if len(sessions) < 2:
        return "Windows can be linked once two series are side by side: right click one in the list to open it beside."
    read = [session for session in sessions if session.volume is not None]
    pairs = list(combinations(read, 2))
    if len(read) < len(sessions) or any(_one_scale(one, other) for one, other in pairs):
        return ""
    if any(session.volume is not None and session.volume.colour for session in read):
        return "A picture in colour has no window: windows are linked between series of measured values only."
    kinds = tuple(dict.fromkeys(session.series.modality for session in read if session.series is not None))
    if len(kinds) == 2 and all(kinds):
        return f"Values of {kinds[0]} and {kinds[1]} cannot be compared: a window of one does not suit the other."
    return "The values of these series cannot be compared: a window of one does not suit the other."


def _has_places(session: Session) -> bool:
    return session.volume is not None and has_places(session.volume.geometry)


def _place_of(session: Session) -> NDArray[np.float64]:
    assert session.volume is not None
    return session.volume.geometry.index_to_lps(session.cursor_at)


def _one_scale(one: Session, other: Session) -> bool:
    """True if the same values mean the same in both: a window of one suits the other."""
    if one.series is None or other.series is None or one.volume is None or other.volume is None:
        return False
    colour = one.volume.colour or other.volume.colour
    return not colour and (one.series.modality, one.volume.unit) == (other.series.modality, other.volume.unit)
