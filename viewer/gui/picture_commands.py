"""Pictures of the active pane for other programs: what is copied, and what is exported after a person's choice."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QImage

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.gui.actions import NOTHING_OPEN, STILL_READ, Actions
from viewer.gui.export_dialog import ExportDialog
from viewer.gui.exporting import Copier, Exporter, doubts, is_there, picture_of, why_no_picture
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom, SomePane
from viewer.io.settings_file import SettingsFile
from viewer.jobs import JobQueue


class PictureCommands(QObject):
    """Copies and exports the picture of the active pane. notify shows a sentence for a while, tell until it is read; an
    empty one takes away what was told."""

    def __init__(
        self,
        commands: Actions,
        room: ReadingRoom,
        jobs: JobQueue,
        settings_file: SettingsFile,
        notify: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._commands, self._room, self._jobs, self._settings_file = commands, room, jobs, settings_file
        self._notify, self._tell = notify, tell
        add = commands.add
        self._actions = (
            add("File", QT_TR_NOOP("Export pictures…"), self._ask_export, "Ctrl+E", picture="image-move"),
            add(
                "File",
                QT_TR_NOOP("Copy the picture"),
                self.copy,
                "Ctrl+C",
                tip=QT_TR_NOOP("Without the patient's name"),
                scope="viewer",
            ),
            add(
                "File",
                QT_TR_NOOP("Copy the picture with the patient's name"),
                lambda: self.copy(identified=True),
                "Ctrl+Shift+C",
                scope="viewer",
            ),
        )
        room.activeChanged.connect(self._enable)
        self._enable()

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with what is open. Called once per turn of the event loop."""
        self._enable()

    def copy(self, identified: bool = False) -> None:
        """Put the picture of the active pane on the clipboard, now or when its values are there."""
        pane = self._room.active
        if why_not := why_no_picture(pane):
            self._notify(why_not)
            return
        copied = (
            tr("The picture was copied with the patient's name.")
            if identified
            else tr("The picture was copied without the patient's name.")
        )
        sentence = f"{copied} {doubts(pane)}"

        def copy(picture: QImage) -> None:
            QGuiApplication.clipboard().setImage(picture)
            self._notify(sentence)

        if is_there(pane):
            copy(picture_of(pane, identified=identified))
        else:
            Copier(self._jobs, pane, identified, copy, self._tell)

    def _enable(self) -> None:
        session = self._room.session
        why_not = tr(STILL_READ) if session.loading else tr(NOTHING_OPEN) if session.volume is None else ""
        for action in self._actions:
            self._commands.allow(action, not why_not, why_not)

    def _ask_export(self) -> None:
        pane = self._room.active
        if why_not := why_no_picture(pane):
            self._tell(why_not)
            return
        dialog = ExportDialog(pane, self._settings_file.settings.export, self._room.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export(pane, dialog))
        dialog.open()

    def _export(self, pane: SomePane, dialog: ExportDialog) -> None:
        if dialog.export is None:
            return
        self._settings_file.keep(export=dialog.choices)
        self._tell("")
        if dialog.export.suffix:
            written = tr("The key images were written to {folder}").format(folder=dialog.export.path)
        else:
            path = dialog.export.path
            written = tr("{name} was written to {folder}").format(name=path.name, folder=path.parent)
        Exporter(self._jobs, pane, dialog.export, lambda path: self._notify(written), self._tell)
