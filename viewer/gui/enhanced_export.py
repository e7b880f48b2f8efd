"""The synthetic picture of the open series as a derived DICOM series, in a new folder."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.study import SYNTHETIC
from viewer.gui.actions import Actions
from viewer.gui.enhanced_panel import NO_PICTURE
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.where_to_save import keep_folder, last_folder
from viewer.io.derived_series import why_no_derived_series
from viewer.workflows import Workflows


class EnhancedExport(QObject):
    """The command. notify shows a sentence for a while."""

    def __init__(self, workflows: Workflows, commands: Actions, parent: QWidget, notify: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._workflows, self._commands, self._window, self._notify = workflows, commands, parent, notify
        self.action = commands.add(
            "File",
            QT_TR_NOOP("Export the synthetic picture as DICOM series…"),
            self._ask,
            tip=QT_TR_NOOP("A derived series of the same study, marked as synthetic, in a new folder"),
        )
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        if what & (What.SERIES | What.ENHANCED):
            reason = self._why_not()
            self._commands.allow(self.action, not reason, reason)

    def _why_not(self) -> str:
        session = self._workflows.session
        if session.series is None or session.volume is None or session.enhanced is None:
            return tr(NO_PICTURE)
        return said(why_no_derived_series(session.series, session.volume, session.enhanced))

    def _ask(self) -> None:
        enhanced = self._workflows.session.enhanced
        title = tr("The new series gets a folder of its own in…")
        chosen = QFileDialog.getExistingDirectory(self._window, title, str(last_folder()))
        if chosen and enhanced is not None:
            folder = _new_folder(Path(chosen), f"{SYNTHETIC}-{enhanced.origin.model}")
            keep_folder(folder)
            self._workflows.export_enhanced(folder, self._saved)

    def _saved(self, folder: Path) -> None:
        self._notify(tr("Saved, read back and compared: {path}").format(path=folder))


def _new_folder(within: Path, name: str) -> Path:
    """A folder that is not there yet: NAME, NAME-2, NAME-3 ..."""
    names = (within / (name if n == 1 else f"{name}-{n}") for n in count(1))
    return next(path for path in names if not path.exists())
