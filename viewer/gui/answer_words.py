"""What a slice pane says of a person's answers to findings."""

from __future__ import annotations

from viewer.core.geometry import Plane
from viewer.core.session import Session
from viewer.gui.language import tr
from viewer.gui.overlay import Badge, Rank
from viewer.gui.style import ACCENT, DIMMED_TEXT

_MOST_NAMED = 3  # findings; of more their number is told


def answer_badges(session: Session, plane: Plane) -> list[Badge]:
    """One badge for what is there, one for what is not: of the slice, its series and its study. What is not answered
    is not told."""
    given: dict[bool, list[str]] = {True: [], False: []}
    for finding in session.hand.findings:
        place = session.place_of(finding.level, plane)
        yes = None if place is None else session.answers.get((finding.number, place))
        if yes is not None and finding.name not in given[yes]:  # of the slice and of the series, for instance
            given[yes].append(finding.name)
    badges = []
    for yes, words, colour in ((True, tr("Yes: {names}"), ACCENT), (False, tr("No: {names}"), DIMMED_TEXT)):
        names = given[yes]
        if names:
            many = tr("{count} findings").format(count=len(names))
            named = many if len(names) > _MOST_NAMED else ", ".join(names)
            rank = Rank.NOTICE if yes else Rank.USUAL
            badges.append(Badge(words.format(names=named), colour, words.format(names=", ".join(names)), rank))
    return badges
