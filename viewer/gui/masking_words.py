"""Where tools may draw, in words."""

from __future__ import annotations

from viewer.core.hand import Hand
from viewer.core.masking import Masking
from viewer.core.measuring import KINDS
from viewer.core.volume import Volume
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.overlay import Badge, Rank, number_text
from viewer.gui.style import WARNING

_NOT_DRAWING = ("window", "crosshair", "pan", "zoom", *KINDS)
_MASKED = QT_TR_NOOP(
    "Tools that draw leave everything else as it is, also in the other slices. The panel Labels changes that; "
    "{Labels/Draw everywhere, on all values} ends it."
)


def values_text(values: tuple[float, float], unit: str) -> str:
    """A range of stored values."""
    low, high = (number_text(value) for value in values)
    return tr("{low} to {high} {unit}").format(low=low, high=high, unit=unit).rstrip()


def over_text(masking: Masking) -> str:
    """What may be drawn upon."""
    if masking.over == "label":
        return tr("Only inside {name}").format(name=tr(masking.label))
    return tr("Only what has no label") if masking.over == "unlabelled" else tr("Everything")


def masking_badges(hand: Hand, volume: Volume) -> list[Badge]:
    """What a person who draws must know, or the brush would seem not to paint."""
    masking = hand.masking
    values = masking.values if not volume.colour else None
    if hand.tool in _NOT_DRAWING or (values is None and masking.over == "everything"):
        return []
    words = [tr("Only {values}").format(values=values_text(values, volume.unit))] if values is not None else []
    words += [over_text(masking)] if masking.over != "everything" else []
    return [Badge(" · ".join((f"◩ {tr('Drawing')}", *words)), WARNING, tr(_MASKED), Rank.MUST)]
