"""What a person sees of a synthetic picture beside the panes: where it is from, how far it can be trusted, and ways to
look at it; with the commands for these."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from viewer.core.enhanced import Enhanced, EnhancedView
from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.actions import Actions
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.magnifier import key_place
from viewer.gui.overlay import number_text

NO_PICTURE = QT_TR_NOOP("No synthetic picture of this series has been made")
_NO_DIFFERENCE = QT_TR_NOOP("A translation shows another contrast: there is no difference to look at")
_HOLD = QT_TR_NOOP("Original while the key is held")
_HOLD_TIP = QT_TR_NOOP("Held while the original is shown it shows the synthetic picture")
_VIEWS: tuple[tuple[EnhancedView, str, str, str], ...] = (
    ("swipe", QT_TR_NOOP("Swipe"), QT_TR_NOOP("Swipe the synthetic picture over the original"), "Alt+7"),
    ("alone", QT_TR_NOOP("Blink"), QT_TR_NOOP("Blink between the original and the synthetic picture"), "Alt+8"),
    ("difference", QT_TR_NOOP("Difference"), QT_TR_NOOP("Difference of the synthetic picture"), "Alt+9"),
)
_BUTTONS: tuple[tuple[EnhancedView, str], ...] = (
    ("original", QT_TR_NOOP("Original")),
    *((view, name) for view, name, _, _ in _VIEWS),
)
_FIGURES: dict[str, tuple[str, bool]] = {  # in the order in which they are told; whether they have the image's unit
    "residual_max": (QT_TR_NOOP("Largest change: {value}"), True),
    "residual_rms": (QT_TR_NOOP("Change, root mean square: {value}"), True),
    "noise_sigma": (QT_TR_NOOP("Noise of the original, standard deviation: {value}"), True),
    "consistency_rms": (QT_TR_NOOP("Averaged back to the original's pixels it differs by {value} (RMS)"), True),
    "consistency_sigmas": (QT_TR_NOOP("That is {value} of the noise's standard deviation"), False),
    "block_mean_max": (QT_TR_NOOP("Largest mean change of 16 × 16 pixels: {value} (0 if only noise went)"), True),
    "autocorrelation": (QT_TR_NOOP("Neighbouring changes correlate by {value} (0 if only noise went)"), False),
}


class EnhancedCommands(QObject):
    """The ways to look at a synthetic picture, each one key; a second press shows the original again. One more key
    shows the other of the two as long as it is held."""

    def __init__(self, session: Callable[[], Session], commands: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._commands = session, commands
        self.actions: dict[EnhancedView, QAction] = {
            view: commands.add("AI", text, partial(self._toggle, view), key, checkable=True)
            for view, _, text, key in _VIEWS
        }
        self._pressed: tuple[int, int] | None = None  # the key of hold, while it is down
        self._held_by: tuple[int, int] | None = None
        self._held: tuple[Session, Enhanced, EnhancedView, EnhancedView] | None = None  # as it was, and as it is shown
        self.hold = commands.add("AI", _HOLD, self._hold, "Y", tip=_HOLD_TIP)
        self.hold.setAutoRepeat(False)
        window.installEventFilter(self)
        self.remove = commands.add("AI", QT_TR_NOOP("Discard the synthetic picture"), lambda: session().drop_enhanced())
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if not what & (What.SERIES | What.ENHANCED):
            return
        session = self._session()
        nothing = "" if session.enhanced is not None else tr(NO_PICTURE)
        for view, action in self.actions.items():
            why_not = nothing
            if session.enhanced is not None and view == "difference" and session.enhanced.translated:
                why_not = tr(_NO_DIFFERENCE)
            self._commands.allow(action, not why_not, why_not)
            action.setChecked(session.enhanced_view == view)
        for action in (self.hold, self.remove):
            self._commands.allow(action, not nothing, nothing)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if event.type() == QEvent.Type.ShortcutOverride:
                hold = QKeySequence(event.keyCombination()) in self.hold.shortcuts()
                self._pressed = key_place(event) if hold else None
            elif event.type() == QEvent.Type.KeyRelease:
                self._pressed = None
                if self._held_by == key_place(event):
                    self._let_go()
        elif event.type() == QEvent.Type.WindowDeactivate:  # nobody would hear that the key is let go
            self._pressed = None
            self._let_go()
        return False

    def _hold(self) -> None:
        self._let_go()
        session = self._session()
        if session.enhanced is None:
            return
        before = session.enhanced_view
        other: EnhancedView = "alone" if before == "original" else "original"
        session.look_at_enhanced(other)
        if self._pressed is not None:  # else it was chosen in a menu, and stays
            self._held_by, self._held = self._pressed, (session, session.enhanced, before, other)

    def _let_go(self) -> None:
        held, self._held, self._held_by = self._held, None, None
        if held is not None:
            session, enhanced, before, shown = held
            if session.enhanced is enhanced and session.enhanced_view == shown:
                session.look_at_enhanced(before)

    def _toggle(self, view: EnhancedView) -> None:
        session = self._session()
        session.look_at_enhanced("original" if session.enhanced_view == view else view)


class EnhancedBox(QWidget):
    """Part of the panel of models; shown only while there is a synthetic picture."""

    def __init__(self, session: Callable[[], Session], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        heading = QLabel(tr("Synthetic picture"))
        heading.setProperty("heading", True)
        self.told = QLabel(wordWrap=True)
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("dimmed", True)
        self.buttons: dict[EnhancedView, QToolButton] = {}
        views = QGridLayout()
        views.setSpacing(4)
        for n, (view, name) in enumerate(_BUTTONS):
            button = QToolButton()
            button.setText(tr(name))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(self.told.sizePolicy())
            button.clicked.connect(partial(self._look, view))
            self.buttons[view] = button
            views.addWidget(button, n // 2, n % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading)
        layout.addWidget(self.told)
        layout.addLayout(views)
        layout.addWidget(self._about)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if not what & (What.SERIES | What.ENHANCED):
            return
        session = self._session()
        enhanced = session.enhanced
        self.setVisible(enhanced is not None)
        for view, button in self.buttons.items():
            button.setChecked(session.enhanced_view == view)
        if enhanced is None:
            return
        self.buttons["difference"].setEnabled(not enhanced.translated)
        self.buttons["difference"].setToolTip(tr(_NO_DIFFERENCE) if enhanced.translated else "")
        kept = tr("It is kept beside the original, which is what is shown, measured and segmented.")
        self.told.setText(kept)
        unit = session.volume.unit if session.volume is not None else ""
        self._about.setText("\n".join(_facts(enhanced, unit)))

    def _look(self, view: EnhancedView) -> None:
        self._session().look_at_enhanced(view)
        self.apply(What.ENHANCED)  # a click on the view that is shown already has unchecked its button


def _facts(enhanced: Enhanced, unit: str) -> list[str]:
    origin = enhanced.origin
    lines = [
        f"{said(origin.source)} · {origin.short_hash}",
        tr("Made {made} on {device}, {seconds:.1f} s").format(
            made=origin.made.replace("T", " ").removesuffix("+00:00"), device=origin.provider, seconds=origin.seconds
        ),
    ]
    if enhanced.bound is not None:
        bound = f"{number_text(enhanced.bound)} {unit}".rstrip()
        lines.append(tr("No value is changed by more than {bound}: the network's own bound").format(bound=bound))
    else:
        lines.append(tr("Another contrast, made up by a model: nothing of it was scanned"))
    for name, (words, in_unit) in _FIGURES.items():
        if name in enhanced.figures:
            value = f"{enhanced.figures[name]:.3g}"
            lines.append(tr(words).format(value=f"{value} {unit}".rstrip() if in_unit else value))
    if enhanced.untouched:
        lines.append(
            tr("{percent:.2f} % of the values lie beyond what the model sees; they are as they were").format(
                percent=100 * enhanced.untouched
            )
        )
    return [*lines, *(said(sentence) for _, sentence in origin.overridden), *(said(note) for note in origin.notes)]
