"""The coded names of structures and findings, as DICOM has them for segments, and how one is found by a few letters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Code = tuple[str, str, str]  # value, scheme, meaning


@dataclass(frozen=True)
class Term:
    """A concept of DICOM PS3.16 CID 7151 and its category, of CID 7150."""

    code: Code
    category: Code

    @property
    def meaning(self) -> str:
        return self.code[2]


@cache
def load_terms(path: Path) -> tuple[Term, ...]:
    """The terms of resources/codes/segments.json, by their meaning."""
    table = json.loads(path.read_text(encoding="utf-8"))
    categories = {value: (value, scheme, meaning) for value, (scheme, meaning) in table["categories"].items()}
    return tuple(
        Term((value, scheme, meaning), categories[category]) for value, scheme, meaning, category in table["terms"]
    )


def find_terms(terms: Sequence[Term], text: str, most: int = 60) -> list[Term]:
    """Terms in whose meaning or code every word of a text occurs, the closest first: the same, then those that begin
    with it, then those of which a word does, then shorter ones."""
    words = text.lower().split()

    def rank(term: Term) -> tuple[bool, bool, bool, int, str]:
        meaning = term.meaning.lower()
        begun = all(any(part.startswith(word) for part in _parts(meaning)) for word in words)
        whole = " ".join(words)
        return meaning != whole, not meaning.startswith(whole), not begun, len(meaning), meaning

    found = [t for t in terms if all(word in t.meaning.lower() or word == t.code[0].lower() for word in words)]
    return sorted(found, key=rank)[:most]


def category_of(terms: Sequence[Term], code: Code) -> Code | None:
    """The category of a coded concept; None of one that is not listed."""
    return next((term.category for term in terms if term.code[:2] == code[:2]), None)


def _parts(meaning: str) -> list[str]:
    return meaning.replace(",", " ").replace("-", " ").replace("(", " ").split()
