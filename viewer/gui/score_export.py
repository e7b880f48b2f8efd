"""What a classification model says of the open series as files: scores with answers, and maps of their origin."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.scores import HeatKind
from viewer.gui.actions import Actions
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.where_to_save import ask_where
from viewer.io.label_export import SCORE_SUFFIXES, SavedLabels, ScoreFormat, why_no_heat, why_no_scores
from viewer.io.settings_file import SettingsFile
from viewer.workflows import Workflows

_SCORES: dict[ScoreFormat, str] = {
    "report": QT_TR_NOOP("Scores and answers: DICOM structured report (*.dcm)"),
    "json": QT_TR_NOOP("Scores and answers as JSON (*.json)"),
    "table": QT_TR_NOOP("Scores and answers as a table (*.csv)"),
}
_HEAT: dict[HeatKind, str] = {
    "cam": QT_TR_NOOP("Heat map of {name}: DICOM parametric map (*.dcm)"),
    "occlusion": QT_TR_NOOP("Occlusion map of {name}: DICOM parametric map (*.dcm)"),
}
_NO_SCORES = QT_TR_NOOP("Classify the series first.")


class ScoreExport(QObject):
    """The command. chosen tells whose map is meant, notify shows a sentence for a while, fail one that stays."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        settings: SettingsFile,
        chosen: Callable[[], int],
        notify: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._settings = workflows, commands, room, settings
        self._chosen, self._notify, self._fail = chosen, notify, fail
        self._action = commands.add(
            "AI",
            QT_TR_NOOP("Export scores and heat maps…"),
            self._ask,
            tip=QT_TR_NOOP("DICOM structured report, JSON or table of the scores; heat maps as DICOM parametric maps"),
        )
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        if what & (What.SERIES | What.PROPOSAL):
            there = self._workflows.session.scores is not None
            self._commands.allow(self._action, there, "" if there else tr(_NO_SCORES))

    def _ask(self) -> None:
        series, scores = self._workflows.session.series, self._workflows.session.scores
        if series is None or scores is None:
            return
        of = self._chosen()
        name = " ".join(scores.classes[of].name.replace(";", " ").split())
        kinds: dict[str, tuple[str, Callable]] = {
            tr(text): (SCORE_SUFFIXES[kind], self._writing(kind))
            for kind, text in _SCORES.items()
            if not why_no_scores(series, kind)
        }
        for kind, text in _HEAT.items() if not why_no_heat(series) else ():
            if scores.map_of(of, kind) is not None:
                kinds[tr(text).format(name=name)] = ".dcm", self._writing_map(of, kind)
        endings = {text: suffix for text, (suffix, _) in kinds.items()}
        answer = ask_where(self._room.window(), tr("Export scores and heat maps"), "scores", endings)
        if answer is not None:
            path, text = answer
            kinds[text][1](path, path.exists())  # which a person has agreed to

    def _writing(self, kind: ScoreFormat) -> Callable:
        observer = self._settings.settings.observer or ""
        return lambda path, over: self._workflows.export_scores(path, kind, self._saved, over, observer)

    def _writing_map(self, of: int, kind: HeatKind) -> Callable:
        return lambda path, over: self._workflows.export_heat(path, of, kind, self._saved, over)

    def _saved(self, saved: SavedLabels) -> None:
        words = tr("Saved, read back and compared: {path}").format(path=saved.path)
        if saved.notes:
            self._fail(". ".join([words, " ".join(map(said, saved.notes))]))
        else:
            self._notify(words)
