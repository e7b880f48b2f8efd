"""A model for a dataset that none is made for: its grid, its labels and its network, from what the images are."""

from __future__ import annotations

import datetime
import re

import numpy as np

from inference.manifest import LabelClass, ModelManifest, Preprocessing
from inference.preprocess import model_grid
from training.dataset import DataError, Split, read_image, read_labels
from training.networks import unet_spec

_LONGEST_SIDE = 256  # voxels in the plane of a slice
_COLOURS = ((226, 122, 63), (69, 178, 157), (239, 201, 76), (120, 170, 240), (210, 110, 180), (150, 210, 90))


def plan_model(split: Split, name: str, longest: int = _LONGEST_SIDE) -> ModelManifest:
    """A model for a dataset without a parent: its labels' values as classes, the median spacing of its images.

    Large pictures are made smaller, to `longest` voxels along the longer side of a slice.
    """
    unknown = Preprocessing(spacing_mm=(1, 1, 1), context_slices=1, size_multiple=1)
    grids = [model_grid(read_image(case), unknown) for case in split.train]
    depth_mm, *in_plane = np.median([grid.image_spacing_mm for grid in grids], axis=0).tolist()
    extent_mm = np.median([max(np.multiply(g.image_shape, g.image_spacing_mm)[1:]) for g in grids])
    plane_mm = max(*in_plane, float(extent_mm) / longest)
    slices = np.median([grid.image_shape[0] for grid in grids])
    context = 1 if slices == 1 else 5 if depth_mm <= 3 else 3
    annotated = [*split.train, *(part for unit in split.held_out for part in unit.parts)]
    classes = 1 + max(int(read_labels(case, 255).max()) for case in annotated if case.slices != ())
    if classes == 1:
        raise DataError("the labels are empty: there is no class to learn")
    return ModelManifest(
        name=re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model",
        version="0.0.0",
        title=name,
        task="segmentation",
        modalities=["OT"],
        body_part="",
        labels=[
            LabelClass(value=v, name=f"Class {v}", colour=_COLOURS[(v - 1) % len(_COLOURS)]) for v in range(1, classes)
        ],
        preprocessing=Preprocessing(
            spacing_mm=(plane_mm, plane_mm, depth_mm), context_slices=context, size_multiple=16
        ),
        licence_code="Apache-2.0",
        licence_weights="that of the images it was trained on",
        network=unet_spec(context, classes),
        created=datetime.date.today().isoformat(),
    )
