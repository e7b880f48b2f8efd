"""How usual images look to brain-structures-mr, for the pre-flight check of those that it is given.

    python -m training.brain_structures_seen --label-maps DIR --out resources/models/NAME

makes heads of the label maps that the model was trained on, in the ways of imaging of the figures on its card, and
writes the ranges of their statistics into the manifest and the card. (Most training images are stranger than any scan:
ranges of those would tell nothing.)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import SimpleITK as sitk

from inference.manifest import CARD_FILE, SeenImages, Statistic, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from inference.seen import image_statistics, seen_images, undecided
from training.brain_structures import TEST, VALIDATION, anatomy, load_label_maps
from training.brain_structures_release import CONDITIONS, synthetic_head

# Of the field of view and of how bright its parts are nothing is said: those tell how much air lies around a head, and
# whether that was set to zero, which is nothing to the network.
_TITLE = "## How usual images look"
_TOLD: tuple[Statistic, ...] = ("gradient",)


def ranges(model: LoadedModel, images: Iterable[sitk.Image]) -> SeenImages:
    """Of each statistic, and of how much the network cannot decide about, what most of some images have."""
    found = []
    for image in images:
        statistics = image_statistics(image, model.manifest.preprocessing)
        told: dict[Statistic, float] = {name: statistics[name] for name in _TOLD}
        share = undecided(image, model)
        found.append(told if share is None else told | {"undecided": share})
        print(f"{len(found)} images, the last: {found[-1]}", flush=True)
    return seen_images(found)


def told(card: str, seen: SeenImages) -> str:
    """A card with, at its end, how usual images look."""
    before = card.partition(_TITLE)[0].rstrip()
    lines = [f"- {name}: {low:.3f} to {high:.3f}" for name, (low, high) in seen.ranges.items()]
    about = (
        f"Of 98 % of {seen.images} synthetic heads, made of the training maps in the ways of imaging of the figures"
        " above.\nThe viewer says before a run if an image lies outside."
    )
    return "\n\n".join((before, _TITLE, about, "\n".join(lines))) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label-maps", type=Path, required=True, help="those that the model was trained on")
    parser.add_argument("--out", type=Path, required=True, help="the model folder; only its manifest changes")
    options = parser.parse_args()
    manifest, parts = load_manifest(options.out), anatomy()
    maps = {n: m.numpy() for n, m in load_label_maps(options.label_maps, parts).items() if n not in VALIDATION + TEST}
    model = load_model(ModelRecord(manifest, options.out, shipped=True, active=True))
    images = (
        synthetic_head(labels, parts, condition, seed=1000 * n + int(number))
        for number, labels in maps.items()
        for n, condition in enumerate(CONDITIONS)
    )
    seen = ranges(model, images)
    card = options.out / CARD_FILE
    card.write_text(told(card.read_text(encoding="utf-8"), seen), encoding="utf-8")
    write_manifest(manifest.model_copy(update={"seen": seen}), options.out)


if __name__ == "__main__":
    main()
