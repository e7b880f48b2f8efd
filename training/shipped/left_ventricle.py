"""`left-ventricle-cine-mr`: the left ventricle's cavity on short-axis cine MR, from the Sunnybrook Cardiac Data."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from inference.manifest import Code, LabelClass
from training.shipped.published import every_nth, published, write_patients
from training.shipped.segmentation import ShippedSegmentation

_SPACING_MM = (1.25, 1.25, 8.0)  # the published field of view of 320 mm by 256 pixels; slices of 8 mm


def write_dataset(data: Path, dataset: Path) -> None:
    """Of cardiac-cine-mr/images and cardiac-cine-mr/labels, one slice a file, PNG: the published size is put in."""
    source = published(data, "cardiac-cine-mr")
    patients = {}
    for part in ("images", "labels"):
        (dataset / part).mkdir(parents=True)
        for file in sorted((source / part).glob("*.png")):
            case = file.name.removesuffix(".png").removesuffix(".dcm")
            slice_image = sitk.JoinSeries(sitk.ReadImage(str(file), sitk.sitkUInt8))
            slice_image.SetSpacing(_SPACING_MM)
            sitk.WriteImage(slice_image, str(dataset / part / f"{case}.nii.gz"))
            patients[case] = case.split("-IM-")[0]
    write_patients(dataset, patients, every_nth(patients.values(), 4))


MODEL = ShippedSegmentation(
    name="left-ventricle-cine-mr",
    title="Left ventricle, cine MR",
    description="The cavity of the left ventricle on short-axis cine MR, slice by slice.",
    modalities=("MR",),
    body_part="HEART",
    labels=(
        LabelClass(
            value=1,
            name="Left ventricular cavity",
            colour=(226, 90, 90),
            code=Code(value="87878005", scheme="SCT", meaning="Left ventricle"),
        ),
    ),
    recipe="segmentation-supervised",
    steps=5000,
    batch=8,
    write_dataset=write_dataset,
    data="""\
Sunnybrook Cardiac Data (Radau et al., The MIDAS Journal, 2009): short-axis cine MR (SSFP, 1.5 T, GE Signa) at the
end of diastole and of systole, of healthy persons, of heart failure with and without infarction, and of
hypertrophy; the endocardium traced by a cardiologist, papillary muscles within. DIR/cardiac-cine-mr has images and
labels as PNG, which do not tell how large a pixel is: it was taken to be 1.25 mm, the published field of 320 mm by
256 pixels. Distances in mm are right only as far as that is. Licence of the data: CC0.""",
    split="""\
Every fourth patient in the order of the names is kept apart, all others are trained on. Nothing was chosen on those
kept apart.""",
    licence="CC0, as the data",
    intended_use="""\
A first draft of the cavity of the left ventricle on short-axis cine MR, for a person to look at and correct;
volumes of a stack are sums of its slices. Not for diagnosis, not for long-axis planes, not for the myocardium, the
right ventricle or late enhancement.""",
    fails="Not looked at yet: trust nothing.",
)
