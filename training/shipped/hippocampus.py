"""`hippocampus-mr`: anterior and posterior hippocampus on MR, from crops of the Medical Segmentation Decathlon."""

from __future__ import annotations

import shutil
from pathlib import Path

from inference.manifest import Code, LabelClass, Within
from training.shipped.published import every_nth, published, write_patients
from training.shipped.segmentation import ShippedSegmentation

_CODE = Code(value="5366008", scheme="SCT", meaning="Hippocampus")


def write_dataset(data: Path, dataset: Path) -> None:
    """Of hippocampus-mr/images and hippocampus-mr/labels; every image is of a patient of its own."""
    source = published(data, "hippocampus-mr")
    patients = {}
    for part in ("images", "labels"):
        (dataset / part).mkdir(parents=True)
        for file in sorted((source / part).glob("hippocampus_*.nii.gz")):
            shutil.copyfile(file, dataset / part / file.name)
            patients[file.name.split(".")[0]] = file.name.split(".")[0]
    write_patients(dataset, patients, every_nth(patients, 5))


MODEL = ShippedSegmentation(
    name="hippocampus-mr",
    title="Hippocampus, head MR",
    description="Anterior and posterior hippocampus on T1-weighted MR about the hippocampus.",
    modalities=("MR",),
    body_part="BRAIN",
    labels=(
        LabelClass(value=1, name="Anterior hippocampus", colour=(226, 122, 63), code=_CODE),
        LabelClass(value=2, name="Posterior hippocampus", colour=(69, 178, 157), code=_CODE),
    ),
    recipe="segmentation-supervised",
    steps=4000,
    batch=4,
    dimensions=3,
    mirrors=frozenset({"i"}),  # the crops are all of one side
    within=Within(
        model="brain-structures-mr", labels=("Left hippocampus", "Right hippocampus"), margin_mm=8, alone_mm=80
    ),
    write_dataset=write_dataset,
    data="""\
Task04 of the Medical Segmentation Decathlon (Antonelli et al., Nature Communications 13, 2022; Simpson et al.,
arXiv:1902.09063; Vanderbilt University Medical Center): T1-weighted MPRAGE of adults, healthy and with psychotic
disorders, 1 mm, cropped about one hippocampus, traced by hand. DIR/hippocampus-mr has its imagesTr and labelsTr as
images and labels. Licence of the data: CC BY-SA 4.0.""",
    split="""\
Every fifth image in the order of the names is kept apart, all others are trained on. Nothing was chosen on those
kept apart.""",
    licence="CC BY-SA 4.0, as the data; name the Medical Segmentation Decathlon",
    intended_use="""\
A first draft of the hippocampus, in front and behind, for a person to look at and correct, on T1-weighted scans of
adults of about 1 mm. It was trained on crops of about 35 x 50 x 35 mm about a hippocampus; on a whole head it looks
within 8 mm of what brain-structures-mr takes for the left and the right hippocampus, and nowhere else. Not for
diagnosis, not for follow-up of volumes, not for other contrasts.""",
    fails="""\
Of the patients kept apart the worst have noisy images or a thin tail: the end of the tail and the border between front
and back are off by one to three slices, and the hook of the uncus in front is left out or drawn too large. On a whole
head it can be no better than brain-structures-mr: where that finds no hippocampus, or beside it, nothing is looked at.
Lesions, resections and heads of children were in no image.""",
)
