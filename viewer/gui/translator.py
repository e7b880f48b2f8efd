"""Which language the window speaks, and the files of Qt Linguist that hold its words."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QFontDatabase

import resources
from viewer.gui.language import set_language

Language = Literal["en", "zh_CN"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh_CN": "简体中文"}  # each in its own words

_loaded: list[QTranslator] = []


def speak(wanted: Language | Literal[""]) -> Language:
    """Have all words from now on in a language, "" meaning that of the system: what is shown already stays as it is.

    Returns the language that it is: English where no font of the machine has Simplified Chinese. GUI thread.
    """
    app = QCoreApplication.instance()
    assert app is not None
    for translator in _loaded:
        app.removeTranslator(translator)
    _loaded.clear()
    set_language("en")
    if (wanted or system_language()) == "en" or not chinese_can_be_shown():
        return "en"
    of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for folder, name in (
        (of_qt, "qtbase_zh_CN"),  # standard buttons and dialogs
        (str(resources.path("translations")), "slicewise_zh_CN"),
    ):
        translator = QTranslator(app)
        if translator.load(name, folder):
            app.installTranslator(translator)
            _loaded.append(translator)
    set_language("zh_CN")
    return "zh_CN"


def system_language() -> Language:
    """The language of the person's system, as far as the window speaks it."""
    languages = QLocale.system().uiLanguages()
    first = QLocale(languages[0]) if languages else QLocale.system()
    simplified = first.script() == QLocale.Script.SimplifiedHanScript
    return "zh_CN" if first.language() == QLocale.Language.Chinese and simplified else "en"


def chinese_can_be_shown() -> bool:
    """Whether a font of the machine has Simplified Chinese."""
    return bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))
