"""Each window preset shows the tissues that it is named after: none of them black or white, and told from one another.

Two shipped presets of other viewers fail here: a liver window of 2000 at -500, and a lung window of 500 at -200.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import resources
from viewer.core.display import WindowLevel, WindowPreset, load_presets

PRESETS = load_presets(resources.path("presets", "window_level.json"))

# HU. Prokop, Spiral and Multislice Computed Tomography of the Body (2003), and Buzug, Computed Tomography (2008), as
# tabulated by MEFANET (radclass.mudr.org); spongy and compact bone and the whole range of lung from radgray.com;
# vessels filled with contrast medium of 250 to 400 are what a CT angiography aims at.
LUNG, DEFLATED_LUNG = (-910, -850), (-950, -550)
FAT, WATER, MUSCLE, BLOOD, CLOT = (-100, -50), (0, 0), (35, 55), (45, 65), (40, 90)
WHITE_MATTER, GREY_MATTER = (20, 30), (37, 45)
LIVER, SPLEEN, KIDNEY = (45, 65), (35, 55), (20, 40)
ENHANCED_LIVER = (90, 130)
SPONGY_BONE, COMPACT_BONE = (50, 200), (250, 1000)
ENHANCED_VESSEL = (250, 400)


@dataclass(frozen=True)
class Shows:
    """Ranges of HU that a preset must show in shades of grey; values that a reader must be able to tell apart, each
    with the least number of grey levels of 255 between them; and which of the tissues is what it is for: its middle
    lies in the middle half of the greys."""

    tissues: tuple[tuple[int, int], ...]
    apart: tuple[tuple[float, float, int], ...]
    subject: tuple[int, int]


SHOWS = {
    ("CT", "Soft tissue"): Shows((FAT, WATER, MUSCLE, BLOOD, LIVER, SPLEEN, KIDNEY), ((-75, 45, 60),), MUSCLE),
    ("CT", "Lung"): Shows((LUNG, DEFLATED_LUNG, FAT, MUSCLE), ((-880, -700, 25), (-880, 45, 120)), DEFLATED_LUNG),
    ("CT", "Bone"): Shows((FAT, MUSCLE, SPONGY_BONE, COMPACT_BONE), ((125, 625, 60), (45, 250, 20)), COMPACT_BONE),
    ("CT", "Brain"): Shows((GREY_MATTER, WHITE_MATTER, (40, 75)), ((25, 41, 40), (8, 25, 40)), GREY_MATTER),
    ("CT", "Abdomen"): Shows(
        (FAT, WATER, MUSCLE, LIVER, SPLEEN, KIDNEY, ENHANCED_LIVER), ((-75, 45, 80), (55, 110, 35)), LIVER
    ),
    ("CT", "Mediastinum"): Shows((FAT, WATER, MUSCLE, BLOOD), ((-75, 45, 80),), MUSCLE),
    ("CT", "Liver"): Shows((LIVER, SPLEEN, ENHANCED_LIVER), ((55, 75, 30), (90, 110, 30)), (45, 130)),
    ("CT", "Stroke"): Shows((GREY_MATTER, (22, 30)), ((25, 41, 90), (39, 41, 10)), GREY_MATTER),
    ("CT", "Angiography"): Shows((WATER, MUSCLE, ENHANCED_VESSEL), ((45, 300, 90),), (150, 400)),
}


def grey(hu: float, window: WindowLevel) -> float:
    """DICOM PS3.3 C.11.2.1.2.1, LINEAR, before it is cut off at 0 and 255."""
    return ((hu - (window.centre - 0.5)) / (window.width - 1) + 0.5) * 255


def faults(window: WindowLevel, shows: Shows) -> list[str]:
    """What a preset does not show as it should, in words."""
    found = []
    for low, high in shows.tissues:
        if not (grey(low, window) > 0 and grey(high, window) < 255):
            found.append(f"{low} to {high} HU is not all grey")
    for one, other, levels in shows.apart:
        shades = np.clip([grey(one, window), grey(other, window)], 0, 255)
        if abs(shades[1] - shades[0]) < levels:
            found.append(f"{one} and {other} HU are {abs(shades[1] - shades[0]):.0f} levels apart")
    if not 64 <= grey(sum(shows.subject) / 2, window) <= 191:
        found.append(f"{shows.subject} HU is far from the middle of the greys")
    return found


@pytest.mark.parametrize(
    ("modality", "preset"),
    [(modality, preset) for modality, presets in PRESETS.items() for preset in presets],
    ids=lambda value: value.name if isinstance(value, WindowPreset) else value,
)
def test_preset_brackets_its_tissue(modality, preset):
    assert (modality, preset.name) in SHOWS, "say here what this preset has to show"
    assert faults(preset.window, SHOWS[modality, preset.name]) == []


def test_each_modality_has_each_key_and_name_once():
    assert {preset.key for preset in PRESETS["CT"]} == set(range(1, 10))
    for presets in PRESETS.values():
        assert len({preset.key for preset in presets}) == len({preset.name for preset in presets}) == len(presets)
        assert all(1 <= preset.key <= 9 for preset in presets)
    assert {name for _, name in SHOWS} == {preset.name for preset in PRESETS["CT"]}


@pytest.mark.parametrize(
    ("name", "width", "centre"),
    [
        ("Liver", 2000, -500),  # as one viewer ships it
        ("Lung", 500, -200),  # as another one does
        ("Soft tissue", 1500, -600),
        ("Lung", 400, 40),
        ("Bone", 400, 40),
        ("Brain", 400, 40),
        ("Brain", 80, 140),
        ("Abdomen", 350, 400),
        ("Mediastinum", 350, -50),
        ("Liver", 150, 900),
        ("Stroke", 80, 40),
        ("Angiography", 600, 20),
        ("Angiography", 200, 600),  # width and centre exchanged
    ],
)
def test_wrong_presets_are_noticed(name, width, centre):
    assert faults(WindowLevel(centre, width), SHOWS["CT", name])
