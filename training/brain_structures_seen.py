"""What the images looked like that brain-structures-mr learnt from, for the pre-flight check of those it is given.

    python -m training.brain_structures_seen --label-maps DIR --out resources/models/NAME

makes heads as the training did, of fields of view as scanners have them, and writes the ranges of their statistics into
the manifest of a model that has its card already.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import SimpleITK as sitk
import torch
from torch import Tensor

from inference.manifest import SeenImages, Statistic, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from inference.seen import image_statistics, seen_images, undecided
from training.brain_structures import TEST, VALIDATION, anatomy, load_label_maps
from training.synthesis import Anatomy, LabelMapSampler, SlabSettings

_IMAGES = 200
_FIELDS = 20  # of view, with as many images each
_FIELD_MM = {"slices": (100, 200), "rows": (192, 270), "columns": (168, 260)}  # the least and the most
# Of the field of view nothing is said: a head may end where it likes, and the network sees a slab at a time.
_LEAST_BRAIN = 0.03  # of the voxels: an image of little but the neck is no head
_TOLD: tuple[Statistic, ...] = ("p10", "p50", "p90", "foreground", "gradient")


def heads(maps: Sequence[Tensor], parts: Anatomy, count: int, generator: torch.Generator) -> Iterator[sitk.Image]:
    """Synthetic heads as in training, but whole: each field of view with images of any contrast."""
    plain, made = SlabSettings(), 0
    while made < count:
        if made % max(1, count // _FIELDS) == 0:
            drawn = {
                name: int(torch.randint(low, high + 1, (), generator=generator) / plain.spacing_mm)
                for name, (low, high) in _FIELD_MM.items()
            }
            settings = replace(plain, **drawn)
            sampler = LabelMapSampler(list(maps), parts, settings)
        stacks, classes = sampler.sample(generator)
        if (classes > 0).float().mean() < _LEAST_BRAIN:
            continue
        image = sitk.GetImageFromArray(stacks[:, settings.context].numpy())
        image.SetSpacing((settings.spacing_mm,) * 3)
        made += 1
        yield image


def ranges(model: LoadedModel, images: Iterator[sitk.Image]) -> SeenImages:
    """Of each statistic, and of how much the model is undecided about, what most of some images have."""
    found = []
    for image in images:
        statistics = image_statistics(image, model.manifest.preprocessing)
        told: dict[Statistic, float] = {name: statistics[name] for name in _TOLD}
        share = undecided(image, model)
        found.append(told if share is None else told | {"undecided": share})
        print(found[-1], flush=True)
    return seen_images(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label-maps", type=Path, required=True, help="those that the model was trained on")
    parser.add_argument("--out", type=Path, required=True, help="the model folder; only its manifest changes")
    parser.add_argument("--images", type=int, default=_IMAGES)
    options = parser.parse_args()
    manifest, parts = load_manifest(options.out), anatomy()
    maps = [m for n, m in load_label_maps(options.label_maps, parts).items() if n not in VALIDATION + TEST]
    model = load_model(ModelRecord(manifest, options.out, shipped=True, active=True))
    images = heads(maps, parts, options.images, torch.Generator().manual_seed(0))
    seen = ranges(model, images)
    write_manifest(manifest.model_copy(update={"seen": seen}), options.out)
    for name, (low, high) in seen.ranges.items():
        print(f"{name}: {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
