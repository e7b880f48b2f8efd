"""The run of a model in structured reports: the algorithm identification (TID 4019) and what is read of it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from viewer.core.origin import Origin

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CERTAINTY = ("111012", "DCM", "Certainty of Finding")  # PS3.16; in percent
NAME, PARAMETERS, VERSION = "111001", "111002", "111003"  # of an algorithm, PS3.16 TID 4019
_OVERRIDDEN, _NOTE = re.compile(r"overridden \((.*?)\): (.*)", re.DOTALL), "note: "


def run_parameters(origin: Origin) -> list[str]:
    """What is known of a run, in words; only what is."""
    told = {
        "sha256": origin.sha256,
        "device": origin.provider,
        "seconds": f"{origin.seconds:.3f}" if origin.seconds else "",
        "made": origin.made,
    }
    return [
        *(f"{name}: {text}" for name, text in told.items() if text),
        *(f"overridden ({about}): {sentence}" for about, sentence in origin.overridden),
        *(_NOTE + sentence for sentence in origin.notes),
    ]


def algorithm_of(origin: Origin, more: Iterable[str] = ()) -> Any:
    """A model as the algorithm of a group; more: what else is to be told of it."""
    import highdicom as hd

    return hd.sr.AlgorithmIdentification(origin.model, origin.version or "-", [*run_parameters(origin), *more])


def certainty(probability: float) -> Any:
    """How probable a model holds a finding, in percent."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.sr.Measurement(hd.sr.CodedConcept(*CERTAINTY), 100 * probability, codes.UCUM.Percent)


def texts_of(children: Iterable[Dataset], code: str) -> list[str]:
    """The texts of the items of a group that have a concept."""
    return [
        str(child.get("TextValue", ""))
        for child in children
        if (names := child.get("ConceptNameCodeSequence")) and str(names[0].get("CodeValue", "")) == code
    ]


def origin_of(name: str, version: str, parameters: Sequence[str]) -> Origin:
    """The run that run_parameters tell of."""
    told = dict(text.split(": ", 1) for text in reversed(parameters) if ": " in text)
    overridden = tuple(found.groups() for text in parameters if (found := _OVERRIDDEN.fullmatch(text)))
    notes = tuple(text.removeprefix(_NOTE) for text in parameters if text.startswith(_NOTE))
    try:
        seconds = float(told.get("seconds", 0))
    except ValueError:
        seconds = 0.0
    sha256 = told.get("sha256", "") if re.fullmatch("[0-9a-f]{64}", told.get("sha256", "")) else ""
    words = [(about, sentence) for about, sentence in overridden]
    return Origin(name, version, told.get("device", ""), seconds, sha256, told.get("made", ""), tuple(words), notes)
