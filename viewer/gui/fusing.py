"""How a person lays one series over another: commands, the choice of a series, and the word that places agree."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from viewer.core.events import What
from viewer.core.fusion import Shift
from viewer.core.painting import Box
from viewer.core.study import Series
from viewer.gui.actions import Actions
from viewer.gui.fusion_bar import FusionBar
from viewer.gui.kept_keys import keep_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.slice_words import series_number
from viewer.workflows import Workflows

_OPACITY_STEP = 0.1
_MOST_OFFERED = 30
_NOTHING_OVER = QT_TR_NOOP("Nothing is laid over this series")


class Fusing(QObject):
    """The window's part in fusion; bar stands under the panes. Whoever listens to the session calls apply() once per
    turn of the event loop."""

    def __init__(self, workflows: Workflows, commands: Actions, room: ReadingRoom, window: QWidget) -> None:
        super().__init__(window)
        self._workflows, self._commands, self._room, self._window = workflows, commands, room, window
        add = commands.add
        self.choose_action = add(
            "Display",
            QT_TR_NOOP("Lay another series over this one…"),
            self.choose,
            "Alt+O",
            picture="layers-plus",
            tip=QT_TR_NOOP("PET over CT, or any two whose places in the patient agree"),
            needs_series=True,
        )
        self.visible_action = add(
            "Display",
            QT_TR_NOOP("Show what is laid over the series"),
            self._toggle,
            "Shift+O",
            picture="layers-outline",
            tip=QT_TR_NOOP("Off and on, to compare"),
            checkable=True,
        )
        self.denser_action = add(
            "Display", QT_TR_NOOP("Fusion denser"), lambda: self._step(1), "Alt+Up", scope="viewer"
        )
        self.fainter_action = add(
            "Display", QT_TR_NOOP("Fusion fainter"), lambda: self._step(-1), "Alt+Down", scope="viewer"
        )
        self.remove_action = add(
            "Display",
            QT_TR_NOOP("Take away what is laid over the series"),
            self._remove,
            "Alt+Shift+O",
            picture="layers-off-outline",
        )
        self.bar = FusionBar(workflows, self.visible_action, self.remove_action)
        room.seriesDroppedOver.connect(self.lay_over)
        room.arranged.connect(self._keep_place)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        self.bar.apply(what, box)
        if what & (What.FUSION | What.SERIES):
            self._keep_place()
        if what & (What.FUSION | What.SERIES):
            fusion = self._workflows.session.fusion
            for action in (self.visible_action, self.denser_action, self.fainter_action, self.remove_action):
                self._commands.allow(action, fusion is not None, "" if fusion is not None else tr(_NOTHING_OVER))
            self.visible_action.setChecked(fusion is not None and fusion.visible)

    def _keep_place(self) -> None:
        """Let the bar's place stay free while another series on the screen has one laid over it: pictures must not
        grow and shrink as a person works on one and then on the other."""
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(any(session.fusion is not None for session in self._room.sessions))
        self.bar.setSizePolicy(policy)

    def choose(self) -> None:
        """Offer the series that may be laid over the open one, in a menu on its pane."""
        series = self._workflows.session.series

        def offer(found: tuple[Series, ...]) -> None:
            if self._workflows.session.series is series:
                self._menu_of(found).popup(self._room.active.mapToGlobal(self._room.active.rect().center()))

        self._workflows.find_to_lay_over(offer)

    def lay_over(self, uid: str, by_hand: bool = False) -> None:
        """Lay a listed series over the open one."""
        shift = self._said_shift(uid)
        self._workflows.lay_over(uid, partial(self._ask, uid), self._laid, shift_lps=shift, by_hand=by_hand)

    def _laid(self) -> None:
        self._room.active.setFocus()

    def _said_shift(self, uid: str) -> Shift | None:
        """What to add to positions of the open series to have those of another, where a person has linked both."""
        links, session = self._room.links, self._workflows.session
        other = next((s for s in self._room.sessions if s.series is not None and s.series.uid == uid), None)
        if other is None or other is session or not (links.by_hand(session) and links.by_hand(other)):
            return None
        shift = links.shift_between(session, other)
        return None if shift is None else (float(shift[0]), float(shift[1]), float(shift[2]))

    def _menu_of(self, found: tuple[Series, ...]) -> QMenu:
        menu = QMenu(self._window)
        for series in found[:_MOST_OFFERED]:
            name = series.description or series_number(series) or tr("Series")
            text = " · ".join(part for part in (series.modality, name) if part).replace("&", "&&")
            menu.addAction(text, partial(self.lay_over, series.uid))
        if not found:
            menu.addAction(tr("No other series of this study can be laid over this one")).setEnabled(False)
        elif len(found) > _MOST_OFFERED:
            menu.addAction(tr("More by a right click in the list of studies")).setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        keep_keys(menu)
        return menu

    def _ask(self, uid: str, series: Series) -> None:
        """Have a person say that the places of two series agree, which no file tells."""
        question = QMessageBox(
            QMessageBox.Icon.Question,
            "Slicewise",
            tr("Treat as registered?"),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            self._window,
        )
        question.setInformativeText(
            tr(
                "The files do not say that {series} and the shown series lie in the same space. If you know that they "
                "do, they are laid over one another, and every picture says that they were registered by hand."
            ).format(series=series.description or series.modality)
        )
        question.setDefaultButton(QMessageBox.StandardButton.No)
        open_now = self._workflows.session.series

        def answered(button: int) -> None:
            if button == QMessageBox.StandardButton.Yes.value and self._workflows.session.series is open_now:
                self.lay_over(uid, by_hand=True)
            question.deleteLater()

        question.finished.connect(answered)
        question.open()

    def _toggle(self) -> None:
        fusion = self._workflows.session.fusion
        if fusion is not None:
            self._workflows.session.show_fusion(not fusion.visible)

    def _step(self, steps: int) -> None:
        fusion = self._workflows.session.fusion
        if fusion is not None:
            self._workflows.session.set_fusion_opacity(fusion.opacity + steps * _OPACITY_STEP)

    def _remove(self) -> None:
        self._workflows.session.unfuse()
