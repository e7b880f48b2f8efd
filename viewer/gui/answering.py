"""The commands by which findings are answered without a look at the list, and by which one goes on to the next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from viewer.core.events import What
from viewer.core.findings import Finding, at_level
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import OBLIQUE_ANSWER, READ_ONLY, STILL_READ, Actions
from viewer.gui.findings_panel import KEYS, FindingsPanel, answered_slices
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.where_to_save import ask_where
from viewer.io.finding_table import ClassLabels
from viewer.workflows import Workflows

_NO_FINDING = QT_TR_NOOP("There is no such finding: write it into the list of findings")
_NOT_ANSWERED = QT_TR_NOOP("{name} is not answered any longer")
_FORMATS = (
    (QT_TR_NOOP("Answers as a table (*.csv)"), ".csv", False),
    (QT_TR_NOOP("Answers as a table, with the names of files (*.csv)"), ".csv", True),
    (QT_TR_NOOP("Answers and boxes as JSON (*.json)"), ".json", False),
    (QT_TR_NOOP("Answers and boxes as JSON, with the names of files (*.json)"), ".json", True),
)
_ALL_ANSWERED = QT_TR_NOOP("All series that are listed below are answered")
_TOO_EARLY = QT_TR_NOOP("The next series is still being read: nothing was answered")
_SAID = {True: QT_TR_NOOP("{name}: yes"), False: QT_TR_NOOP("{name}: no")}


class Answering(QObject):
    """Whoever listens to the session calls apply() once per turn of the event loop. below tells the series that are
    listed below the open one, open_series shows one of them; show_panel brings the list to the front; notify says a
    sentence."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        panel: FindingsPanel,
        below: Callable[[], list[str]],
        open_series: Callable[[str], None],
        show_panel: Callable[[], None],
        notify: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._panel = workflows, commands, room, panel
        self._below, self._open_series, self._notify = below, open_series, notify
        self.answers = {
            (n, yes): commands.add("Findings", text.format(number=n), partial(self._answer, n, yes), f"{keys}+{n}")
            for keys, yes, text in (
                ("Shift", True, QT_TR_NOOP("Yes to finding {number}")),
                ("Ctrl+Shift", False, QT_TR_NOOP("No to finding {number}")),
            )
            for n in range(1, KEYS + 1)
        }
        self.rest_action = commands.add(
            "Findings",
            QT_TR_NOOP("No to the rest"),
            self.answer_rest,
            "Shift+0",
            tip=QT_TR_NOOP("Answers with no what is not answered yet of this slice"),
        )
        self.next_action = commands.add(
            "Findings", QT_TR_NOOP("Next slice or series to answer"), self.go_on, "Shift+PgDown", scope="viewer"
        )
        commands.add("Findings", QT_TR_NOOP("Findings…"), show_panel)
        self._export = commands.add(
            "File",
            QT_TR_NOOP("Export findings and boxes…"),
            self._ask_export,
            tip=QT_TR_NOOP("The answers of all series as training data, as a table, or as JSON with all boxes"),
        )
        panel.exportRequested.connect(self._export.trigger)
        panel.nextRequested.connect(self.go_on)
        panel.restRequested.connect(self.answer_rest)
        room.activeChanged.connect(self._panel.show_answers)
        room.activeChanged.connect(self._enable)
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what can be answered."""
        self._panel.apply(what, box)
        if what & (What.SERIES | What.PLANES | What.FINDINGS | What.TOOL):
            self._enable()

    def go_on(self) -> None:
        """Show the next slice of the active pane's plane that is not answered, or else the next such series."""
        session, plane = self._session, self._room.plane
        here = session.place_of("slice", plane)
        if here is not None and at_level(session.hand.findings, "slice"):
            waiting = np.flatnonzero(~answered_slices(session, here.axis))
            others = [*waiting[waiting > here.index], *waiting[waiting < here.index]]
            if others:
                session.go_to_slice(plane, int(others[0]))
                return
        self._to_next_series()

    def _to_next_series(self) -> None:
        findings, library = self._session.hand.findings, self._workflows.library
        counts = self._workflows.annotation_store.answer_counts()
        of_slice, of_series = (len(at_level(findings, level)) for level in ("slice", "series"))
        listed = self._below()
        for uid in listed:
            count = counts.get(uid, 0)
            if not count or count < of_slice * library.series(uid).frames + of_series:
                self._open_series(uid)
                return
        self._notify(tr(_ALL_ANSWERED) if listed else tr("That was the last series of the list"))

    def answer_rest(self) -> None:
        """Say no to what is not answered yet of the slice."""
        place = self._session.place_of("slice", self._room.plane)
        if place is None or self._comes_another():
            return
        count = self._session.answer_rest(place)
        self._notify(tr("No to {count} findings").format(count=count) if count else tr("All answered."))

    def export(self, path: Path, with_files: bool = False) -> None:
        """Write the answers of all series, and say how many."""

        def done(labels: ClassLabels) -> None:
            one, many = tr("1 answer"), tr("{count} answers")
            counts = [_counted(len(labels.answers), one, many)]
            if path.suffix == ".json":
                counts.append(_counted(len(labels.boxes), tr("1 box"), tr("{count} boxes")))
            words = tr("Saved {name}, read back and compared: {counts}")
            told = words.format(name=path.name, counts=", ".join(counts))
            if path.suffix == ".json" and labels.left_out:
                one = tr("; 1 box on an oblique plane was left out")
                told += _counted(labels.left_out, one, tr("; {count} boxes on oblique planes were left out"))
            self._notify(told)

        self._workflows.export_findings(path, done, with_files=with_files)

    def _ask_export(self) -> None:
        kinds = {tr(text): (suffix, with_files) for text, suffix, with_files in _FORMATS}
        endings = {text: suffix for text, (suffix, _) in kinds.items()}
        answer = ask_where(self._panel.window(), tr("Export findings and boxes"), "findings", endings)
        if answer is not None:
            path, text = answer
            self.export(path, kinds[text][1])

    def _comes_another(self) -> bool:
        """True, with a sentence, while the next series is on its way: a key that comes too early is meant for that, and
        must not change the answers of the one before."""
        if self._workflows.opening:
            self._notify(tr(_TOO_EARLY))
        return self._workflows.opening

    @property
    def _session(self) -> Session:
        return self._workflows.session

    def _finding(self, number: int) -> Finding | None:
        findings = self._session.hand.findings
        return findings[number - 1] if number <= len(findings) else None

    def _answer(self, number: int, yes: bool) -> None:
        """Answer, or take the same answer back."""
        session, finding = self._session, self._finding(number)
        place = session.place_of(finding.level, self._room.plane) if finding is not None else None
        if finding is None or place is None or self._comes_another():
            return
        again = session.answers.get((finding.number, place)) is yes
        session.answer(finding.number, place, None if again else yes)
        words = tr(_NOT_ANSWERED if again else _SAID[yes])
        self._notify(words.format(name=finding.name))

    def _enable(self) -> None:
        session, allow = self._session, self._commands.allow
        why_not = tr(READ_ONLY) if session.read_only else tr(STILL_READ) if session.loading else ""
        slice_ = session.place_of("slice", self._room.plane)
        oblique = "" if slice_ is not None or session.volume is None else tr(OBLIQUE_ANSWER)
        for (number, yes), action in self.answers.items():
            finding = self._finding(number)
            words = tr("Yes to finding {number}") if yes else tr("No to finding {number}")
            text = words.format(number=number) if finding is None else tr(_SAID[yes]).format(name=finding.name)
            action.setText(text.replace("&", "&&"))
            self._commands.entitle(action, text)
            missing = tr(_NO_FINDING) if finding is None else oblique if finding.level == "slice" else ""
            allow(action, session.editable, why_not or (missing if session.volume is not None else ""))
        asked = bool(at_level(session.hand.findings, "slice"))
        missing = "" if asked or session.volume is None else tr(_NO_FINDING)
        allow(self.rest_action, session.editable, why_not or missing or oblique)
        allow(self.next_action, session.volume is not None and bool(session.hand.findings))


def _counted(count: int, one: str, many: str) -> str:
    return (one if count == 1 else many).format(count=count)
