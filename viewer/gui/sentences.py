"""Sentences of the tiers below in another language: they come ready made, in English, with values already in them.

resources/translations/slicewise_sentences_zh_CN.ts, which Qt Linguist edits and packaging/sentences.py collects, holds
them as templates, "{0} of its {1} files are encrypted". A sentence is read as the templates that explain most of its
letters; values in it stay as they are, unless they are sentences or names themselves.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")
_COLON = re.compile(r": +")
_IN_BRACKETS = re.compile(r"(.*\S) (\(.+\))", re.DOTALL)
_NUMBER = r"[-+]?(?:\d[\d.,]*(?:e[-+]?\d+)?%?|nan|inf)"
_FIGURED = re.compile(r"(.+?) ([-+]?\d+\.\d+)")
_OF_THE_FILE = re.compile(r"[-\d.,×+/ ]+(?:%|°|mm|ms|s|s/mm²)?|[A-Z][A-Z\d_]+(?: [A-Z][A-Z\d_]+)*")  # in a list
_CHINESE, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z0-9]")
_WORD = re.compile(r"[A-Za-z]{2}")
_FEW_LETTERS = 8  # a template of fewer fits many a text that people wrote: its values have to look like those of files
_VALUE = re.compile(r"(?:(?:\S*\d\S*|[A-Z_]+|[sq]form)(?: |$))+")
_MOST_PLACES = 12  # at which one text is split
_MOST_IN_ONE = 4  # sentences in one template
_DEEPEST = 4  # sentences in sentences


class _Reading(NamedTuple):
    """A text in the other language, and how many of its English letters are words that are known."""

    text: str
    letters: int


class _Template:
    def __init__(self, source: str, translation: str, numbers: str) -> None:
        """numbers are the placeholders that stand for numbers, "0 2"."""
        self.source, self.translation, self._numbers = source, translation, set(numbers.split())
        pieces = _PLACEHOLDER.split(source)[::2]
        self.letters = sum(map(len, pieces))
        self.longest = max(pieces, key=len)
        self.weak = sum(not c.isspace() for piece in pieces for c in piece) < _FEW_LETTERS

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Values as short as may be; one right behind a full stop is another sentence, or nothing."""
        pieces = _PLACEHOLDER.split(self.source)
        made = [re.escape(pieces[0])]
        for before, name, after in zip(pieces[0::2], pieces[1::2], pieces[2::2], strict=False):
            value = _NUMBER if name in self._numbers else r"|\s+[A-Z].*?" if before.endswith(".") else ".*?"
            made.append(f"(?P<v{name}>{value}){re.escape(after)}")
        return re.compile("".join(made), re.DOTALL)

    def values_in(self, text: str) -> dict[str, str] | None:
        """The values by their numbers, if the text is one of this template."""
        found = self.pattern.fullmatch(text) if self.longest in text else None
        return None if found is None else {name[1:]: value for name, value in found.groupdict().items()}

    def filled(self, values: dict[str, str], known: Iterable[str]) -> str:
        """The translation with values; of those that are known sentences, the full stop goes before another stop."""
        pieces = _PLACEHOLDER.split(self.translation)
        for n in range(1, len(pieces), 2):
            value = values[pieces[n]]
            stopped = pieces[n] in known and pieces[n + 1][:1] in ("。", "；", "，", "：", "）")
            pieces[n] = value.removesuffix("。") if stopped else value
            pieces[n - 1], pieces[n + 1] = _beside(pieces[n - 1], pieces[n]), _beside(pieces[n + 1], pieces[n], False)
        return "".join(pieces)


class Sentences:
    """The translations of one file; none if it cannot be read, for English is better than no sentence."""

    def __init__(self, file: Path) -> None:
        self._exact: dict[str, str] = {}
        self._templates: list[_Template] = []
        try:
            messages = list(ET.parse(file).iter("message"))
        except (OSError, ET.ParseError):
            messages = []
        for message in messages:
            source, translation = message.findtext("source", ""), message.findtext("translation", "")
            if translation and not _PLACEHOLDER.search(source):
                self._exact[source] = translation
            elif translation:
                self._templates.append(_Template(source, translation, message.findtext("extra-numbers", "")))
        self._templates.sort(key=lambda template: -template.letters)
        self.said = lru_cache(4096)(self._said)

    def _said(self, sentence: str) -> str:
        small = sentence.lower()
        reading = _Reader(self._exact, [t for t in self._templates if t.longest.lower() in small]).read(sentence)
        return sentence if reading is None else reading.text


class _Reader:
    """Finds the best reading of one text with the templates that may occur in it. deep: how often a part of a part may
    still be looked at."""

    def __init__(self, exact: dict[str, str], templates: list[_Template]) -> None:
        self._exact, self._templates = exact, templates
        self._clauses: dict[tuple[str, int], _Reading | None] = {}
        self._matched: dict[str, list[tuple[_Template, dict[str, str]]]] = {}

    def read(self, text: str) -> _Reading | None:
        """The best reading of a text of which some sentences may be unknown; None if nothing is known."""
        return _best((self._text(text, _DEEPEST), self._sentences(text, _DEEPEST, all_known=False)))

    def _text(self, text: str, deep: int) -> _Reading | None:
        """One or more sentences, all known but for their values."""
        return _best((self._clause(text, deep), self._sentences(text, deep, all_known=True)))

    def _clause(self, text: str, deep: int) -> _Reading | None:
        """A name, a part of a sentence or a whole one."""
        if not text or deep < 0:
            return None
        key = text, deep
        if key not in self._clauses:
            self._clauses[key] = _best((*self._as_one(text, deep), *self._joined(text, deep)))
            if self._clauses[key] is None and text[:1].isupper():  # what is written small may have begun a sentence
                self._clauses[key] = _best(self._as_one(text[0].lower() + text[1:], deep))
        return self._clauses[key]

    def _as_one(self, text: str, deep: int) -> Iterator[_Reading | None]:
        if text in self._exact:
            yield _Reading(self._exact[text], len(text))
        for template, values in self._matches(text):
            strict = template.weak and (deep < _DEEPEST or not template.source[0].isupper())
            if strict and not all(map(_VALUE.fullmatch, values.values())):
                continue
            readings = {name: self._value(value.strip(), deep - 1) for name, value in values.items()}
            known = {name: reading for name, reading in readings.items() if reading is not None}
            told = template.filled(values | {name: one.text for name, one in known.items()}, known)
            yield _Reading(told, template.letters + sum(one.letters for one in known.values()))

    def _matches(self, text: str) -> list[tuple[_Template, dict[str, str]]]:
        if text not in self._matched:
            found = ((template, template.values_in(text)) for template in self._templates)
            self._matched[text] = [(template, values) for template, values in found if values is not None]
        return self._matched[text]

    def _value(self, text: str, deep: int) -> _Reading | None:
        """A value that is a name, a sentence or a list of such; None for all others, which are never touched."""
        if not _WORD.search(text) or len(_END_OF_SENTENCE.findall(text)) >= _MOST_IN_ONE:
            return None
        return _best((self._text(text, deep), self._list(text, deep)))

    def _list(self, text: str, deep: int) -> _Reading | None:
        """ "orientation, pixel spacing and image type", "supervised 0.812 and semi-supervised 0.834"."""
        parts = re.split(r", | and ", text)
        figures = any(_FIGURED.fullmatch(part) for part in parts)
        if deep < 0 or (len(parts) == 1 and not figures):
            return None
        readings = [self._item(part, deep) for part in parts]
        known = [reading for reading in readings if reading is not None]
        if len(known) < len(parts) or not any(reading.letters for reading in known):
            return None
        last = "和" if " and " in text and not figures else "、"
        told = "".join(f"{reading.text}、" for reading in known[:-2])
        told += last.join(reading.text for reading in known[-2:])
        return _Reading(told, sum(reading.letters for reading in known))

    def _item(self, text: str, deep: int) -> _Reading | None:
        if reading := self._clause(text, deep - 1):
            return reading
        if (figured := _FIGURED.fullmatch(text)) and (name := self._clause(figured[1], deep - 1)):
            return _Reading(f"{name.text} {figured[2]}", name.letters)
        return _Reading(text, 0) if _OF_THE_FILE.fullmatch(text) else None

    # What the tiers below or the window have joined

    def _joined(self, text: str, deep: int) -> Iterator[_Reading | None]:
        if not deep:
            return
        for colon in list(_COLON.finditer(text))[:_MOST_PLACES]:  # any name may stand before a sentence
            if rest := self._clause(text[colon.end() :], deep - 1):
                before = text[: colon.start()]
                name = self._clause(before, deep - 1) if " " in before else None
                if name is None and text.count(" ", colon.end()) < 2:
                    continue
                letters = rest.letters + (name.letters + 1 if name else 0)
                yield _Reading(f"{name.text if name else before}：{rest.text}", letters)
        yield self._clauses_of_one(text, deep)
        yield self._pieces_of_a_name(text, deep)
        if found := _IN_BRACKETS.fullmatch(text):
            first, second = self._clause(found[1], deep - 1), self._clause(found[2], deep - 1)
            if first and second:
                yield _Reading(first.text.removesuffix("。") + second.text, first.letters + second.letters)
        if text.endswith(".") and not text.endswith("..") and (ended := self._clause(text[:-1], deep - 1)):
            yield _Reading(ended.text.removesuffix("。") + "。", ended.letters)

    def _clauses_of_one(self, text: str, deep: int) -> _Reading | None:
        clauses = text.split("; ")
        known = [one for one in (self._clause(clause, deep - 1) for clause in clauses) if one is not None]
        if len(clauses) == 1 or len(known) < len(clauses):
            return None
        return _Reading("；".join(one.text for one in known), sum(one.letters for one in known))

    def _pieces_of_a_name(self, text: str, deep: int) -> _Reading | None:
        """ "sagittal, 0.5 mm · T1": the first piece may be all that the program has said."""
        pieces = text.split(" · ")
        readings = [self._value(piece, deep - 1) for piece in pieces]
        if len(pieces) == 1 or not any(readings):
            return None
        told = [reading.text if reading else piece for reading, piece in zip(readings, pieces, strict=True)]
        return _Reading(" · ".join(told), sum(reading.letters for reading in readings if reading))

    def _sentences(self, text: str, deep: int, all_known: bool) -> _Reading | None:
        """Sentences one after another: the way to part them that explains most. best: from each start on."""
        ends = list(_END_OF_SENTENCE.finditer(text))[:_MOST_PLACES]
        if not ends or deep < 1:
            return None
        starts, stops = [0, *(end.end() for end in ends)], [*(end.start() for end in ends), len(text)]
        gaps = [*(end.group() for end in ends), ""]
        best: list[_Reading | None] = [None] * len(starts) + [_Reading("", 0)]
        for first in reversed(range(len(starts))):
            for last in range(first, min(first + _MOST_IN_ONE, len(stops))):
                rest = best[last + 1]
                if rest is None or (first, last) == (0, len(stops) - 1):
                    continue
                part = text[starts[first] : stops[last]]
                reading = self._clause(part, deep - 1) if last == first else _best(self._as_one(part, deep - 1))
                if reading is None and (all_known or last > first):
                    continue
                told, gap = (part if reading is None else reading.text), gaps[last]
                if reading is not None and told.endswith(("。", "…")) and "\n" not in gap:
                    gap = ""
                letters = rest.letters + (reading.letters if reading else 0)
                so_far = best[first]
                if so_far is None or letters > so_far.letters:
                    best[first] = _Reading(told + gap + rest.text, letters)
        return best[0] if best[0] and best[0].letters else None


def _best(readings: Iterable[_Reading | None]) -> _Reading | None:
    """The one that explains most; of equals the first."""
    return max((one for one in readings if one is not None), key=lambda one: one.letters, default=None)


def _beside(words: str, value: str, before: bool = True) -> str:
    """Words of a translation as they stand before or behind a value: apart from it by a space where one is Chinese and
    the other Latin, and not where both are Chinese."""
    close = words.rstrip(" ") if before else words.lstrip(" ")
    if not close or not value:
        return close if not value and words != " " else words
    inner, outer = (close[-1], value[0]) if before else (close[0], value[-1])
    if _CHINESE.match(inner) and (_CHINESE.match(outer) or outer in "（）“”《》。，；："):
        return close
    mixed = (_CHINESE.match(inner) and _LATIN.match(outer)) or (_LATIN.match(inner) and _CHINESE.match(outer))
    if not mixed:
        return words
    return f"{close} " if before else f" {close}"
