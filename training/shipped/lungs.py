"""`lungs-chest-xray`: the lung fields on frontal chest radiographs, semi-supervised."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import SimpleITK as sitk

from inference.manifest import Code, LabelClass
from training.shipped.published import every_nth, published, write_patients
from training.shipped.segmentation import ShippedSegmentation


def write_dataset(data: Path, dataset: Path) -> None:
    """Of chest-xray-lungs (images, labels, sources.csv), and, without labels, of chest-xray (images, labels.csv)."""
    annotated, others = published(data, "chest-xray-lungs"), published(data, "chest-xray")
    patients = {}
    with (annotated / "sources.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            patients[Path(row["image"]).stem] = f"covid-{row['patient']}"
    kept = every_nth(patients.values(), 4)
    for part in ("images", "labels"):
        (dataset / part).mkdir(parents=True)
        for case in patients:
            shutil.copyfile(annotated / part / f"{case}.png", dataset / part / f"{case}.png")
    with (others / "labels.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            case = f"nih-{Path(row['image']).stem}"
            patients[case] = f"nih-{row['patient']}"
            picture = sitk.ReadImage(str(others / "images" / row["image"]), sitk.sitkUInt8)
            sitk.WriteImage(picture, str(dataset / "images" / f"{case}.png"))
    write_patients(dataset, patients, kept)


MODEL = ShippedSegmentation(
    name="lungs-chest-xray",
    title="Lungs, chest radiograph",
    description="The lung fields on frontal chest radiographs.",
    modalities=("CR", "DX"),
    body_part="CHEST",
    labels=(
        LabelClass(
            value=1,
            name="Lungs",
            colour=(120, 170, 240),
            code=Code(value="39607008", scheme="SCT", meaning="Lung"),
        ),
    ),
    recipe="segmentation-semi-supervised",
    steps=2500,
    batch=4,
    write_dataset=write_dataset,
    data="""\
With labels: 75 radiographs of the COVID-19 Image Data Collection (Cohen et al., arXiv:2006.11988), CC BY each, with
masks of V7 Labs; DIR/chest-xray-lungs has images, labels and sources.csv, which names the source and the licence of
each. Without: 1,176 frontal radiographs of ChestX-ray14 (Wang et al., CVPR 2017; NIH Clinical Center, free use with
attribution), 384 pixels; DIR/chest-xray has images and labels.csv.""",
    split="""\
Every fourth patient of those with labels, in the order of the names, is kept apart, all others are trained on.
Nothing was chosen on those kept apart.""",
    licence="CC BY 4.0; name the COVID-19 Image Data Collection, V7 Labs and the NIH Clinical Center",
    intended_use="""\
A first draft of the lung fields on frontal chest radiographs of adults, PA or AP, for a person to look at and
correct. Both lungs are one label. Not for diagnosis, not for lateral views, not for children.""",
    fails="Not looked at yet: trust nothing.",
)
