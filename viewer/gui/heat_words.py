"""What a pane says of a map that tells where a model's score comes from."""

from __future__ import annotations

from viewer.core.scores import HeatShown
from viewer.gui.colour_bar import ColourBar
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import Badge, Rank, number_text
from viewer.gui.style import PROPOSAL

_KIND = {"cam": QT_TR_NOOP("AI heat map"), "occlusion": QT_TR_NOOP("AI occlusion map")}
_DETAIL = QT_TR_NOOP(
    "Where the model's score of this class comes from, not why, and no outline of anything. The grey values below are "
    "as they were; nothing measures these colours. Small values fade away."
)


def heat_badge(heat: HeatShown) -> Badge:
    """That a map of a model lies over the picture, of which class and model, and what it is not."""
    text = tr("{kind}: {name} · {model} · where, not why").format(
        kind=tr(_KIND[heat.kind]), name=heat.name, model=said(heat.origin.source)
    )
    if heat.times > 1 and heat.kind == "cam":
        text = tr("{badge} · mean of {n} time points").format(badge=text, n=heat.times)
    return Badge(text, PROPOSAL, tr(_DETAIL), Rank.MUST)


def heat_bar(heat: HeatShown) -> ColourBar:
    """The colours of a map from 0 to its largest value: a lost probability, or the network's own figure."""
    top = tr("{points:.0f} % lost").format(points=100 * heat.top) if heat.kind == "occlusion" else number_text(heat.top)
    return ColourBar(heat.over.colour_map, top, "0")
