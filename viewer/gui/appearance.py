"""How the program looks to a person: theme, language, and label colours that everybody can tell apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication

from viewer.core.hand import Hand
from viewer.core.settings import Theme
from viewer.gui import style
from viewer.gui.actions import Actions
from viewer.gui.language import QT_TR_NOOP
from viewer.gui.translator import LANGUAGES, Language, chinese_can_be_shown
from viewer.io.settings_file import SettingsFile

NO_CHINESE = (
    "No font of this computer has Simplified Chinese, so the window stays English. "
    "本机没有简体中文字体，界面将保持英文。"
)
_NEXT_TIME: dict[Language, str] = {  # in both languages: who chose by mistake can read it
    "en": "The window will be in English when Slicewise is started the next time. "
    "下次启动 Slicewise 时，界面将使用英文。",
    "zh_CN": "The window will be in Simplified Chinese when Slicewise is started the next time. "
    "下次启动 Slicewise 时，界面将使用简体中文。",
}


class Appearance(QObject):
    """The commands that change it; each choice is remembered. shown is the language that the window is in now: another
    is for the next start. tell shows a person a sentence, an empty one taking the last away."""

    themeChanged = Signal()  # icons are to be drawn anew

    def __init__(
        self,
        commands: Actions,
        settings_file: SettingsFile,
        hand: Hand,
        shown: Language,
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(commands)
        self._settings_file, self._hand, self._shown, self._tell = settings_file, hand, shown, tell
        settings = settings_file.settings
        self._safe_colours = commands.add(
            "Labels",
            QT_TR_NOOP("Label colours for every colour vision"),
            self._toggle_safe_colours,
            tip=QT_TR_NOOP("The default labels in the colours of Okabe and Ito"),
            checkable=True,
        )
        self._safe_colours.setChecked(settings.safe_label_colours)
        self._light = commands.add("Window", QT_TR_NOOP("Light theme"), self._toggle_theme, checkable=True)
        self._light.setChecked(settings.theme == "light")
        self.language_actions: dict[Language, QAction] = {}
        one_of = QActionGroup(self)
        for language, name in LANGUAGES.items():
            action = commands.add(
                "Window", f"Language: {name}", partial(self._choose_language, language), checkable=True
            )
            action.setText(name)  # the menu says that it is a language
            action.setChecked(language == shown)
            one_of.addAction(action)
            self.language_actions[language] = action

    def _toggle_safe_colours(self) -> None:
        safe = not self._hand.safe_label_colours
        self._hand.set_safe_label_colours(safe)
        self._settings_file.keep(safe_label_colours=safe)

    def _toggle_theme(self) -> None:
        wanted: Theme = "light" if style.current() == "dark" else "dark"
        use_theme(wanted)
        self._settings_file.keep(theme=wanted)
        self._light.setChecked(wanted == "light")
        self.themeChanged.emit()

    def _choose_language(self, wanted: Language) -> None:
        """Remember the language of the next start, and say so in both."""
        self._settings_file.keep(language=wanted)
        if wanted == "zh_CN" and not chinese_can_be_shown():
            self._tell(NO_CHINESE)
        else:
            self._tell(_NEXT_TIME[wanted] if wanted != self._shown else "")


def use_theme(wanted: Theme) -> None:
    """Draw the program in the colours of a theme."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        style.apply_style(app, wanted)
