"""What a pane says of a series that is laid over the one it shows: badges, the value under the mouse, a colour bar."""

from __future__ import annotations

from viewer.core.display import window_ends
from viewer.core.fusion import Fusion
from viewer.core.geometry import Geometry
from viewer.core.painting import Point
from viewer.gui.colour_bar import ColourBar
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.overlay import Badge, Rank, number_text
from viewer.gui.style import ACCENT, DIMMED_TEXT, WARNING

_FUSION = QT_TR_NOOP(
    "Two series are seen as one. What lies above is interpolated between its own voxels for each picture; values under "
    "the mouse are those of the stored voxels of each, nearest to the place. Ctrl + drag changes the upper window."
)
_BY_HAND = QT_TR_NOOP(
    "No file says that the places of these two series agree: a person has. How the patient lay is not taken into "
    "account. Look at anatomy that both show before you trust what lies over what."
)


def fusion_badges(fusion: Fusion) -> tuple[Badge, ...]:
    """That something is laid over the picture, what, and by whose word."""
    name = " ".join(part for part in (tr(fusion.name), fusion.series.description) if part)
    if not fusion.visible:
        hidden = tr("Fusion hidden: {name}").format(name=tr(fusion.name))
        return (Badge(hidden, DIMMED_TEXT, tr("{name} lies over this series, hidden.").format(name=name)),)
    detail = f"{name}\n{tr(_FUSION)}"
    dense = tr("Fusion: {name} {percent:.0f} %").format(name=tr(fusion.name), percent=100 * fusion.opacity)
    text = " · ".join(part for part in (dense, fusion.series.description) if part)
    badges = (Badge(text, ACCENT, detail, Rank.MUST),)
    return (*badges, Badge(tr("⚠ Registered by hand"), WARNING, tr(_BY_HAND), Rank.MUST)) if fusion.by_hand else badges


def fusion_value(fusion: Fusion, base: Geometry, index_ijk: Point) -> tuple[str, ...]:
    """The stored value of what lies over a place of the open series: "PET 5.2 SUV"; none where it does not lie."""
    index = fusion.index_under(base, index_ijk)
    if not fusion.volume.geometry.contains_index(index):
        return ()
    value = fusion.value_under(base, index_ijk)
    if value is None:
        return (tr("{name}: padding").format(name=tr(fusion.name)),)
    factor, unit = fusion.unit
    return (f"{tr(fusion.name)} {number_text(factor * value)} {unit}".rstrip(),)


def fusion_bar(fusion: Fusion) -> ColourBar | None:
    """The colours of what lies over the picture with the values of their ends."""
    if not fusion.visible or fusion.colour_map == "masks":
        return None
    bottom, top = (value_text(fusion, value) for value in window_ends(fusion.window))
    return ColourBar(fusion.colour_map, top, bottom)


def window_text(fusion: Fusion) -> str:
    """The window of what lies over the picture, from its first to its last colour."""
    low, high = (number_text(fusion.unit[0] * value) for value in window_ends(fusion.window))
    return tr("{low} to {high} {unit}").format(low=low, high=high, unit=fusion.unit[1]).rstrip()


def value_text(fusion: Fusion, value: float) -> str:
    """A value in the volume's unit, as it is told."""
    factor, unit = fusion.unit
    about = "≈ " if fusion.window.function == "SIGMOID" else ""
    return f"{about}{number_text(factor * value)} {unit}".rstrip()
