"""`click`: whatever a person clicks on, from all label sets that are used here, and made-up regions."""

from __future__ import annotations

import csv
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from inference.interactive import Clicked, answer_clicks
from inference.manifest import CARD_FILE, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from training.arms import Tell
from training.brain_structures import TEST, anatomy, class_names, load_label_maps
from training.brain_structures_release import CONDITIONS, synthetic_head
from training.clicker import MOST_CLICKS, export_clicker
from training.clicks import HeldOut, compare, held_out_of, structures_of, table
from training.dataset import leaving_out, read_dataset, split_cases
from training.export import halve_stored_weights, load_network, round_to_half
from training.gate import SUPERVISED
from training.job import SCHEMA_VERSION, Job, NewModel, train_and_compare
from training.process import json_ready
from training.shipped import hippocampus, left_ventricle, lungs
from training.shipped.published import published, write_patients
from training.shipped.segmentation import FIGURES_FILE, hardware

NAME = "click"
STEPS = 8000
_TIMED = 20
_NAMES = {1: "Anterior hippocampus", 2: "Posterior hippocampus", 3: "Left ventricular cavity", 4: "Lung"}
_FIRST_OF_BRAIN = 11
# Of the brain what hangs together on a slice; both sides are one structure, for each piece is a region of its own.
_OF_BRAIN = (
    *("lateral ventricle", "thalamus", "caudate nucleus", "putamen", "globus pallidus", "hippocampus", "amygdala"),
    *("cerebellar cortex", "cerebellar white matter", "Brainstem", "Third ventricle", "Fourth ventricle"),
)
# Of the CT of the trunk and of the abdomen, by the numbers of TotalSegmentator: nothing of a CT is learnt.
_UNSEEN = {1: "Spleen", 2: "Right kidney", 3: "Left kidney", 5: "Liver", 6: "Stomach", 52: "Aorta", 63: "Vena cava"}


def reproduce(data: Path, out: Path, tell: Tell, steps: int = 0, version: str = "1.0.0") -> Path:
    """Make the model again in out, or go on with that; the folder of what would be shipped.

    steps, if any, are other than the recipe's. Raises one of training.job.EXPECTED, or OSError.
    """
    seen, unseen = out / "dataset", out / "unseen"
    for folder, write in ((seen, write_dataset), (unseen, write_unseen)):
        if not (folder / "patients.csv").exists():
            shutil.rmtree(folder, ignore_errors=True)
            write(data, folder)
    job = Job(
        schema_version=SCHEMA_VERSION,
        recipe="interactive-supervised",
        new=NewModel(name=NAME, title="Click to segment", modalities=("MR", "CT", "CR", "DX", "US", "PT", "XA", "OT")),
        data=seen,
        out=out / "trained",
        steps=steps or STEPS,
    )
    if not (job.out / "report.json").exists():
        train_and_compare(job, tell, lambda: None, go_on=True)
    return release(job, unseen, out / NAME, version)


def write_dataset(data: Path, dataset: Path) -> None:
    """Those of the other recipes in one, with structures numbered anew, and heads made of label maps of the brain."""
    patients: dict[str, str] = {}
    kept: set[str] = set()
    for model, values in ((hippocampus.MODEL, {1: 1, 2: 2}), (left_ventricle.MODEL, {1: 3}), (lungs.MODEL, {1: 4})):
        part = dataset / "parts" / model.name
        model.write_dataset(data, part)
        for case in read_dataset(part):
            if case.label_file is None:
                continue
            name = f"{model.name}-{case.name}"
            patients[name] = f"{model.name}-{case.patient}"
            kept |= {patients[name]} if case.kept else set()
            _write(sitk.ReadImage(str(case.image_file)), dataset / "images" / f"{name}.nii.gz")
            labels = sitk.ReadImage(str(case.label_file))
            voxels = sitk.GetArrayFromImage(labels)
            voxels = np.where(voxels == 255, 1, voxels).astype(np.intp)  # 255 is the usual mask of a picture
            new = sitk.GetImageFromArray(np.array([0, *(values[n] for n in sorted(values))], np.uint8)[voxels])
            new.CopyInformation(labels)
            _write(new, dataset / "labels" / f"{name}.nii.gz")
    names = dict(_NAMES)
    for name, image, labels in _brains(published(data, "brain-label-maps")):
        patients[name] = name
        kept |= {name} if name.removeprefix("brain-") in TEST else set()
        _write(image, dataset / "images" / f"{name}.nii.gz")
        _write(labels, dataset / "labels" / f"{name}.nii.gz")
    names |= {_FIRST_OF_BRAIN + n: name for n, name in enumerate(_OF_BRAIN)}
    _write_structures(dataset, names)
    shutil.rmtree(dataset / "parts")
    write_patients(dataset, patients, kept)


def write_unseen(data: Path, dataset: Path) -> None:
    """Of trunk-ct and abdomen-ct-dicom what is only measured on."""
    trunk, abdomen = published(data, "trunk-ct"), published(data, "abdomen-ct-dicom")
    reader = sitk.ImageSeriesReader()
    files = reader.GetGDCMSeriesFileNames(str(abdomen), reader.GetGDCMSeriesIDs(str(abdomen))[0], False, True)
    reader.SetFileNames(files)
    both = (
        ("trunk", sitk.ReadImage(str(trunk / "example_ct.nii.gz")), trunk / "example_seg_fast_force_split.nii.gz"),
        ("abdomen", reader.Execute(), trunk / "example_seg_dicom.nii.gz"),
    )
    for name, image, file in both:
        labels = sitk.Resample(sitk.ReadImage(str(file)), image, sitk.Transform(), sitk.sitkNearestNeighbor)
        voxels = sitk.GetArrayFromImage(labels)
        chosen = sitk.GetImageFromArray(np.where(np.isin(voxels, list(_UNSEEN)), voxels, 0).astype(np.uint8))
        chosen.CopyInformation(image)
        _write(image, dataset / "images" / f"{name}.nii.gz")
        _write(chosen, dataset / "labels" / f"{name}.nii.gz")
    _write_structures(dataset, _UNSEEN)
    write_patients(dataset, {"trunk": "trunk", "abdomen": "abdomen"}, {"trunk", "abdomen"})


def release(job: Job, unseen: Path, folder: Path, version: str) -> Path:
    """The model folder to ship, of what a job has trained: weights stored in half precision, figures of that network
    on the patients kept apart and on structures that it never saw, card."""
    trained = load_manifest(job.out / SUPERVISED)
    told = json.loads((job.out / "report.json").read_text(encoding="utf-8"))
    network = load_network(job.out / SUPERVISED, trained)
    round_to_half(network)
    run = {"hours": round(told["seconds"] / 3600, 2), "hardware": hardware()}
    manifest = trained.model_copy(
        update={
            "version": version,
            "description": "What you click on, slice by slice, on any modality.",
            "licence_weights": "CC BY-SA 4.0; name what the card names under Data",
            "training": trained.training | run,
        }
    )
    shutil.rmtree(folder, ignore_errors=True)
    manifest = export_clicker(network, manifest, folder)
    halve_stored_weights(folder)
    record = ModelRecord(write_manifest(manifest, folder), folder, shipped=True, active=True)

    seen = held_out_of(split_cases(read_dataset(job.data), job.seed))
    cases = read_dataset(unseen)
    never = held_out_of(leaving_out(cases, [case.patient for case in cases], len(cases)))
    reports = [
        compare({SUPERVISED: record}, held_out, structures_of(data))
        for held_out, data in ((seen, job.data), (never, unseen))
    ]
    found = [report["models"][SUPERVISED] for report in reports]
    seconds = _seconds(record, seen)
    figures = {"seen": found[0], "unseen": found[1], "seconds": seconds}
    (folder / FIGURES_FILE).write_text(json.dumps(json_ready(figures), indent=1), encoding="utf-8")
    (folder / CARD_FILE).write_text(
        _card(manifest.training, version, found, len(seen.regions), seconds), encoding="utf-8"
    )
    write_manifest(manifest, folder)
    return folder


def _brains(folder: Path):
    """Name, image and labels of each label map, in ways of imaging that take turns."""
    parts = anatomy()
    number = np.zeros(1 + len(class_names()), np.uint8)
    for value, name in enumerate(class_names(), 1):
        plain = name.removeprefix("Left ").removeprefix("Right ")
        if plain in _OF_BRAIN:
            number[value] = _FIRST_OF_BRAIN + _OF_BRAIN.index(plain)
    for n, (which, generation) in enumerate(load_label_maps(folder, parts).items()):
        labels = sitk.GetImageFromArray(number[parts.classes[generation.numpy()]])
        image = synthetic_head(generation.numpy(), parts, CONDITIONS[n % 3], seed=n)
        yield f"brain-{which}", sitk.Cast(1000 * image, sitk.sitkInt16), labels


def _write(image: sitk.Image, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(file), useCompression=True)


def _write_structures(dataset: Path, names: dict[int, str]) -> None:
    with (dataset / "structures.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("value", "name"), *names.items()])


def _seconds(record: ModelRecord, held_out: HeldOut) -> float:
    """What a click takes, on average."""
    model, took = load_model(record), []
    for region in held_out.regions[:_TIMED]:
        picture, mask, pixel_mm = held_out.pictures.of(region)
        started = time.monotonic()
        answer_clicks(Clicked(picture, pixel_mm, [region.pixel], [], None, np.zeros_like(mask)), model)
        took.append(time.monotonic() - started)
    return float(np.mean(took))


def _card(training: dict, version: str, found: list[dict], regions: int, seconds: float) -> str:
    return f"""# Click to segment ({NAME} {version})

**Not for diagnostic use.** Not a medical device, not validated on patients of yours.

**How it was trained.** {training["steps"]} steps of {training["batch"]} pictures with
{training["labelled_slices"]} regions that a person drew, and a fifth of made-up ones, in {training["hours"]} h
on {training["hardware"]}.

    python -m training reproduce {NAME} --data DIR --out OUT

**Data.** Hippocampus (Medical Segmentation Decathlon Task04, CC BY-SA 4.0), left ventricle (Sunnybrook Cardiac
Data, CC0), lungs (COVID-19 Image Data Collection, CC BY; masks of V7 Labs), as the cards of hippocampus-mr,
left-ventricle-cine-mr and lungs-chest-xray name them; and images made of the 16 whole-head label maps of
SynthSeg (Billot et al., Medical Image Analysis 86, 2023; Apache-2.0), DIR/brain-label-maps. Only measured on: a
CT of the trunk and one of the abdomen with labels by TotalSegmentator (Apache-2.0), DIR/trunk-ct and
DIR/abdomen-ct-dicom.

**Licence of the weights.** CC BY-SA 4.0.

**Split.** The patients that the other models keep apart, and label maps {", ".join(TEST)}, are kept apart.
Nothing was chosen on them, nor on the CTs.

**Network.** 2-D residual U-Net on 128 pixels. It sees the picture, the clicks, a box, and its last answer.

## Intended use

To draw whatever can be told by its grey from what is about it, slice by slice, each answer looked at and
corrected by a person. Not for diagnosis.

## Figures

The network as it is shipped, through the code that answers a person's clicks, on {regions} regions of patients
kept apart. Clicks are simulated, each in the middle of the largest fault; a region that {MOST_CLICKS} clicks do
not bring to a Dice of 0.9 counts as {MOST_CLICKS + 1}. 95 % bootstrap intervals over patients.

{table(found[0])}

Structures that it never saw, on CT, which it never saw either (two patients, labels that are a model's, not a
person's):

{table(found[1])}

Time of a click on {os.cpu_count()} CPU cores: {1000 * seconds:.0f} ms on average.

## Where it fails

Not looked at yet: trust nothing.
"""
