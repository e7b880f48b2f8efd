"""The language of the window: English as it is written in the source, or Simplified Chinese by Qt Linguist's file.

tr() is for words that stand in viewer/gui, said() for what the tiers below say in English, with values already in it.
Words are looked up when they are shown, never on import: a table of a module marks its words with QT_TR_NOOP and
they go through tr() where they are used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

import resources

if TYPE_CHECKING:
    from viewer.gui.sentences import Sentences

_language = "en"  # or "zh_CN"


def tr(text: str, comment: str | None = None) -> str:
    """These words in the language of the window. comment tells apart words that English spells alike. Values are put
    in afterwards: tr("{n} slices").format(n=n)."""
    return QCoreApplication.translate("", text, comment)


def language_now() -> str:
    """The language in which words are shown: "en" or "zh_CN"."""
    return _language


def set_language(language: str) -> None:
    """Note the language whose words the application has loaded. For translator.speak() alone."""
    global _language
    _language = language


def QT_TR_NOOP(text: str) -> str:
    """Words of a table, marked for the translator by the name that Qt Linguist knows; tr() is for where they are used.
    Qt's own function of this name does the same and is typed as object."""
    return text


def said(sentence: str) -> str:
    """A sentence, a name or a progress text of the tiers below, which know no Qt, in the language of the window.

    Values in it, names of files and people, stay as they are, and so does what is unknown. It may be several
    sentences, or one behind a name and a colon. Never raises.
    """
    return sentence if _language == "en" else _sentences(_language).said(sentence)


@cache
def _sentences(language: str) -> Sentences:
    """Read when the first is shown, never in English."""
    from viewer.gui.sentences import Sentences

    return Sentences(resources.path("translations", f"slicewise_sentences_{language}.ts"))
