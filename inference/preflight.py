"""Before a run: whether a model fits an image, why not, and what the run will take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from inference.manifest import (
    OWN_AXES,
    FixedIntensity,
    ModelManifest,
    Preprocessing,
    Statistic,
    WindowIntensity,
    of_the_image,
)
from inference.models import ModelRecord
from inference.preprocess import ModelGrid, degrees_off, model_grid_of, padded_sizes, sampled
from inference.seen import how_far_outside
from inference.sliding_window import BATCH, BLOCKS, starts

if TYPE_CHECKING:  # ITK, which the window does not wait for when it starts
    import SimpleITK as sitk

Level = Literal["green", "amber", "red", "never"]  # never: it cannot run, whatever a person says

_LEVELS: tuple[Level, ...] = ("green", "amber", "red", "never")
_COARSE = 3.0  # times the model's spacing: two of three planes that it would see are then made up between real ones
_TURNED_DEG = 20.0  # by how much training.augment turns images at most: beyond it a model has seen nothing
# Out-of-distribution score: a quarter of the width of what 98 % of the training images had, beyond its end. Of twenty
# normal ones the range is 3.7 standard deviations wide: one in 200 lies beyond by chance.
_USUAL = 0.25
_HELD_BACK = 0.01  # share of voxels that a window has to hold
_AIR_HU = -500.0  # no other modality has values down to here
_SAMPLED = 50_000  # voxels
_MOST_PROBED = 32_000_000  # values given to a network that takes a whole slice or volume, only to measure it
WINDOWS_PER_SIDE = (7, 5, 4, 3)  # of a check by occlusion: the first whose windows take no longer than a person waits
_MOST_OCCLUDING_S = 60.0
_FLOAT, _PLANES_HELD = 4, 6  # planes of all classes on the image's grid: two known ones and what is made of them

# The words of BodyPartExamined (PS3.16 annex L) that name a part of a larger one. What is not here is its own region.
_REGIONS = {
    "HEAD": "BRAIN SKULL HEADNECK FACE ORBIT NEURO",
    "CHEST": "LUNG HEART THORAX BREAST MEDIASTINUM RIB TSPINE",
    "ABDOMEN": "LIVER KIDNEY PANCREAS SPLEEN ABDOMENPELVIS LSPINE",
    "PELVIS": "PROSTATE BLADDER UTERUS ABDOMENPELVIS HIP",
    "NECK": "HEADNECK CSPINE THYROID",
}
_ANYWHERE = {"WHOLEBODY", "PARTIALBODY", "BODY", "ANY"}


@dataclass(frozen=True)
class Headers:
    """What headers tell of an image, empty where they do not. size and spacing_mm are along i, j, k; direction row by
    row, LPS. geometry is one sentence on why it is no regular grid, unless grid. patient_space: it is known how the
    image lies in the patient; calibrated: how large its voxels are; ambiguous: its file tells two places for it;
    times: how many time points it has."""

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    direction: tuple[float, ...]
    modality: str = ""
    body_part: str = ""
    unit: str = ""
    geometry: str = ""
    grid: bool = True
    patient_space: bool = True
    calibrated: bool = True
    ambiguous: bool = False
    colour: bool = False
    complete: bool = True
    value_bytes: int = 2
    synthetic: bool = False  # a model made it, in part or whole, by its own word
    times: int = 1


@dataclass(frozen=True)
class Finding:
    """One reason, in one sentence. about: a word for records, "modality" for instance."""

    level: Level
    about: str
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Whether a model fits an image. Green has no findings; those of others begin with the worst. score: how unusual
    the image is to the model (inference.seen), None if that is not known."""

    findings: tuple[Finding, ...] = ()
    score: float | None = None

    @property
    def level(self) -> Level:
        return self.findings[0].level if self.findings else "green"

    @property
    def can_run(self) -> bool:
        return self.level != "never"

    @property
    def red(self) -> tuple[Finding, ...]:
        """What a person has to override for the model to run."""
        return tuple(finding for finding in self.findings if finding.level == "red")

    @property
    def refusal(self) -> str:
        """Why the model does not run without a person's word, or at all, in one sentence; empty if it does."""
        return self.findings[0].sentence if self.level in ("red", "never") else ""


@dataclass(frozen=True)
class Measured:
    """What a try of a model on this machine took (Worker.measure). run_s: of the model, once, with as much as it gets
    at once; voxel_s: all other work, by voxel of the image; process_bytes: what the process had before; grown_bytes:
    its peak with the model on probe_headers beyond that."""

    provider: str
    run_s: float
    voxel_s: float
    process_bytes: float
    grown_bytes: float


@dataclass(frozen=True)
class Expected:
    """What a run will take. memory_bytes: the peak of the process that runs the model, all in all."""

    seconds: float
    memory_bytes: int
    provider: str


def looks_first(record: ModelRecord, headers: Headers) -> ModelRecord:
    """The model that sees an image first: the one that finds where another looks, where it is needed, or itself."""
    within = record.manifest.within
    if within is None or record.finder is None or within.shows_little_else(headers.size, headers.spacing_mm):
        return record
    return record.finder


def as_met(record: ModelRecord, headers: Headers) -> ModelManifest:
    """A model as preflight is to see it: what it was made for, on the grid, and by the usual images, of the one that
    sees the image first."""
    first = looks_first(record, headers)
    if first is record:
        return record.manifest
    seen = {"preprocessing": first.manifest.preprocessing, "seen": first.manifest.seen, "within": None}
    return record.manifest.model_copy(update=seen)


def preflight(
    manifest: ModelManifest,
    headers: Headers,
    voxels: NDArray | None = None,
    statistics: Mapping[Statistic, float] | None = None,
) -> Verdict:
    """Whether a model fits an image; of one that looks within what another finds, as_met gives the manifest.

    voxels (k, j, i), of which a regular sample is looked at; without them nothing is said of the values. statistics:
    inference.seen.image_statistics of the image, for the out-of-distribution score. A few milliseconds.
    """
    never = _never(manifest, headers)
    if never is not None:
        other = _of_another_modality(manifest, headers) if never.about != "reading" else None
        return Verdict((never,) if other is None else (never, replace(other, level="never")))
    findings = [*_about_headers(manifest, headers)]
    if voxels is not None:
        findings += _about_values(manifest, headers, voxels)
    score: float | None = None
    if statistics is not None and manifest.seen is not None:
        score, strangest = how_far_outside(statistics, manifest.seen)
        if strangest is not None and score > _USUAL:
            findings.append(Finding("amber", "likeness", _strange(strangest, score)))
    findings.sort(key=lambda finding: -_LEVELS.index(finding.level))
    return Verdict(tuple(findings), score)


def _never(manifest: ModelManifest, headers: Headers) -> Finding | None:
    """What no word of a person can change."""
    title, preprocessing = manifest.title, manifest.preprocessing
    single = preprocessing.axes == OWN_AXES and preprocessing.dimensions == 2 and headers.size[2] == 1
    if manifest.over_time and headers.times < 2:
        needs = f"{title} sees what changes over time; this series has no pictures that follow one another in time."
        return Finding("never", "time", needs)
    if not headers.complete:
        return Finding("never", "reading", "The series is still being read.")
    if headers.colour:
        return Finding("never", "colour", f"{title} needs grey values; this series is in colour.")
    if headers.size[2] == 1 and not single:
        return Finding("never", "grid", f"{title} needs several slices; this series is a single picture.")
    if not headers.grid or (min(headers.size) < 2 and not single):
        return Finding("never", "grid", f"{title} needs a regular volume. This series: {headers.geometry}")
    within = manifest.within
    if within is not None and not within.shows_little_else(headers.size, headers.spacing_mm):
        needs = f"{title} looks about what the model {within.model} finds first, and that is not there."
        return Finding("never", "model", needs)
    if not headers.calibrated and preprocessing.spacing_mm is not None:
        return Finding("never", "spacing", f"{title} needs to know the size of voxels; this series does not tell.")
    return None


def _of_another_modality(manifest: ModelManifest, headers: Headers) -> Finding | None:
    if not headers.modality or headers.modality in manifest.modalities:
        return None
    made_for = ", ".join(manifest.modalities)
    return Finding("red", "modality", f"{manifest.title} was made for {made_for}; this series is {headers.modality}.")


def _about_headers(manifest: ModelManifest, headers: Headers) -> list[Finding]:
    found, preprocessing, made_for = [], manifest.preprocessing, ", ".join(manifest.modalities)
    if not headers.modality:
        found.append(
            Finding("amber", "modality", f"The file does not say its modality; this model was made for {made_for}.")
        )
    elif (other := _of_another_modality(manifest, headers)) is not None:
        found.append(other)
    if headers.synthetic:
        made_up = f"This series is synthetic: a model made it, in part or whole. {manifest.title} was made for scans."
        found.append(Finding("red", "synthetic", made_up))
    if _elsewhere(manifest.body_part, headers.body_part):
        part = f"{manifest.title} was made for {manifest.body_part}; the headers say {headers.body_part}."
        found.append(Finding("amber", "body part", part))  # people choose it by the protocol, and it is often wrong
    if not headers.patient_space and not of_the_image(preprocessing.axes):
        found.append(
            Finding(
                "red",
                "position",
                f"{manifest.title} needs to know where the slices lie in the patient; this series does not tell.",
            )
        )
    elif headers.ambiguous:
        found.append(Finding("amber", "position", "The file tells two places for this volume; you chose one."))
    if headers.patient_space:
        found += _about_directions(headers, preprocessing)
    return found + _about_spacing(headers, preprocessing)


def _about_directions(headers: Headers, preprocessing: Preprocessing) -> list[Finding]:
    degrees = degrees_off(headers.direction, preprocessing.axes)
    if degrees <= _TURNED_DEG:
        return []
    oblique = f"The slices are oblique by {degrees:.0f}°; the model is made for straight ones and does not turn them."
    return [Finding("amber", "orientation", oblique)]


def _about_spacing(headers: Headers, preprocessing: Preprocessing) -> list[Finding]:
    if preprocessing.spacing_mm is None or not headers.calibrated:
        return []
    grid = _grid(headers, preprocessing)
    image_mm, model_mm = max(zip(grid.image_spacing_mm, grid.spacing_mm, strict=True), key=lambda two: two[0] / two[1])
    if image_mm <= _COARSE * model_mm:
        return []
    coarse = f"Voxels are {image_mm:.1f} mm apart, far coarser than the {model_mm:.1f} mm the model sees."
    return [Finding("amber", "spacing", coarse)]


def _about_values(manifest: ModelManifest, headers: Headers, voxels: NDArray) -> list[Finding]:
    sample = sampled(voxels, _SAMPLED)
    finite = sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample
    found: list[Finding] = []
    if finite.size < sample.size:
        share = 100 * (1 - finite.size / sample.size)
        found.append(
            Finding("amber", "values", f"{share:.1f} % of the voxels are no number; the model sees them as 0.")
        )
    if not finite.size:
        return found
    lowest, rule, title = float(finite.min()), manifest.preprocessing.intensity, manifest.title
    if "CT" not in manifest.modalities and not headers.modality and lowest <= _AIR_HU:
        made_for = ", ".join(manifest.modalities)
        of_a_ct = f"{title} was made for {made_for}; the values of this series, down to air, are those of a CT."
        found.append(Finding("red", "values", of_a_ct))
    if not isinstance(rule, WindowIntensity | FixedIntensity):
        return found  # any unit will do
    if manifest.modalities == ["CT"] and headers.unit != "HU":
        if headers.modality or lowest > _AIR_HU:
            found.append(
                Finding("red", "values", f"{title} needs Hounsfield units; the values of this series are none.")
            )
        else:
            likely = "Nobody says that the values are Hounsfield units; they reach down to air, as those of a CT do."
            found.append(Finding("amber", "values", likely))
    within = float(np.mean((finite >= rule.low) & (finite <= rule.high)))
    if within < _HELD_BACK:
        outside = (
            f"The model sees values from {rule.low:g} to {rule.high:g}; "
            f"those of this series go from {lowest:g} to {float(finite.max()):g}, with hardly any between."
        )
        found.append(Finding("red", "values", outside))
    return found


def _elsewhere(made_for: str, told: str) -> bool:
    """Whether two body parts are known and surely not the same, nor one in the other."""
    first, second = (_letters(part) for part in (made_for, told))
    if not first or not second or first == second or {first, second} & _ANYWHERE:
        return False
    return not (_regions(first) & _regions(second))


def _letters(part: str) -> str:
    return "".join(letter for letter in part.upper() if letter.isalpha())


def _regions(part: str) -> set[str]:
    return {part} | {region for region, parts in _REGIONS.items() if part in parts.split()}


def _strange(statistic: Statistic, score: float) -> str:
    of = f" (score {score:.2f}, usual up to {_USUAL:.2f})"
    match statistic:
        case "field_k_mm" | "field_j_mm" | "field_i_mm":
            return f"The scan reaches less or more far than those that the model learnt from{of}."
        case "undecided":
            return f"The model hesitates over more of this scan than of those that it learnt from{of}."
        case "gradient":
            return f"The scan is noisier or more blurred than those that the model learnt from{of}."
        case _:
            return f"Dark and bright are shared out otherwise than in the scans that the model learnt from{of}."


# What a run takes


def probe_headers(manifest: ModelManifest, headers: Headers) -> Headers:
    """The place of a small image on which a model does once what it does again and again on the whole one."""
    preprocessing, grid = manifest.preprocessing, _grid(headers, manifest.preprocessing)
    seen: list[float] = list(grid.shape)
    if preprocessing.dimensions == 3:
        if preprocessing.patch is not None:
            seen = [min(n, side) for n, side in zip(grid.shape, preprocessing.patch, strict=True)]
            seen[2] = min(grid.shape[2], seen[2] * (BLOCKS - (BLOCKS - 1) * preprocessing.overlap))
    else:
        seen[0] = min(seen[0], 1 if manifest.over_time else BATCH)
        if preprocessing.patch is not None:
            seen[0] = 1
            seen[1:] = [min(n, 2 * side) for n, side in zip(seen[1:], preprocessing.patch, strict=True)]
    if preprocessing.patch is None and preprocessing.size is None and math.prod(seen) > _MOST_PROBED:
        less = (_MOST_PROBED / math.prod(seen)) ** (1 / preprocessing.dimensions)
        seen[-preprocessing.dimensions :] = [max(1, n * less) for n in seen[-preprocessing.dimensions :]]
    size = list(headers.size)
    for axis in range(3):
        part = 1.0 if preprocessing.size is not None and axis > 0 else seen[axis] / grid.shape[axis]
        of_image = 2 - grid.order[axis]
        size[of_image] = max(1, min(size[of_image], round(size[of_image] * part)))
    told = {"value_bytes": headers.value_bytes, "times": headers.times}
    return Headers(tuple(size), headers.spacing_mm, headers.direction, **told)  # type: ignore[arg-type]


def probe_image(manifest: ModelManifest, headers: Headers) -> sitk.Image:
    """An image of noise, of values that the model expects, where probe_headers has it."""
    import SimpleITK as sitk

    rule, probe = manifest.preprocessing.intensity, probe_headers(manifest, headers)
    low, high = (rule.low, rule.high) if isinstance(rule, WindowIntensity | FixedIntensity) else (0.0, 1000.0)
    draw, images = np.random.default_rng(0), []
    for _ in range(probe.times if manifest.over_time else 1):
        noise = draw.random(probe.size[::-1], dtype=np.float32)
        images.append(sitk.GetImageFromArray(np.float32(low) + noise * np.float32(high - low)))
        images[-1].SetSpacing(probe.spacing_mm)
        images[-1].SetDirection(probe.direction)
    return sitk.JoinSeries(images) if manifest.over_time else images[0]


def expected(
    manifest: ModelManifest,
    headers: Headers,
    measured: Measured,
    *,
    mirrored: bool = False,
    with_certainty: bool = False,
) -> Expected:
    """What inference.tasks.segment of an image will take in the worker, by what was measured on its probe_headers.

    Time: the runs of the network by their time, and all else by the number of voxels. Memory: what the process had at
    its peak on the probe, and what the image, on its own and on the model's grid, needs beyond that of the probe.
    """
    probe = probe_headers(manifest, headers)
    passes = 2 ** len(manifest.preprocessing.mirrors) if mirrored else 1
    runs = passes * network_runs(manifest, headers)
    larger = 1.0
    if manifest.preprocessing.patch is None:  # the network got less than it will get
        larger = _values_at_once(manifest, headers) / _values_at_once(manifest, probe)
    times = headers.times if manifest.over_time else 1
    seconds = runs * measured.run_s * larger + times * math.prod(headers.size) * measured.voxel_s
    more = _buffers(manifest, headers, with_certainty) - _buffers(manifest, probe, False)
    grown = measured.grown_bytes * larger
    return Expected(seconds, round(measured.process_bytes + grown + max(0, more)), measured.provider)


@dataclass(frozen=True)
class OcclusionCost:
    """What a check by occlusion takes at most. per_side: as how many times a window the sides of the slice are long;
    finest, finest_s: the same of windows as small as they are where nobody has to wait for them."""

    per_side: int
    seconds: float
    finest: int
    finest_s: float

    @property
    def coarse(self) -> bool:
        return self.per_side < self.finest


def occlusion_expected(manifest: ModelManifest, headers: Headers, seconds: float) -> OcclusionCost:
    """What inference.classify.occlude will take, by the seconds that the model took on the same image, with the finest
    windows that take no longer than a person waits."""
    at_once = 1 if manifest.scores is not None and manifest.scores.of == "series" else BATCH
    run_s = seconds / network_runs(manifest, headers)
    takes = {n: run_s * (1 + math.ceil((2 * n - 1) ** 2 / at_once)) for n in WINDOWS_PER_SIDE}
    short = (n for n, one in takes.items() if one <= _MOST_OCCLUDING_S)
    chosen, finest = next(short, WINDOWS_PER_SIDE[-1]), WINDOWS_PER_SIDE[0]
    return OcclusionCost(chosen, takes[chosen], finest, takes[finest])


def network_runs(manifest: ModelManifest, headers: Headers) -> int:
    """How often inference.sliding_window has a model run for an image."""
    preprocessing = manifest.preprocessing
    shape = _grid(headers, preprocessing).shape
    if manifest.scores is not None and manifest.scores.of == "series":
        return shape[0] if manifest.over_time else 1
    sizes = padded_sizes(shape[-preprocessing.dimensions :], preprocessing)
    patch = preprocessing.patch or sizes
    overlap, fixed = preprocessing.overlap, preprocessing.steps == "fixed"
    along = [len(starts(size, side, overlap, fixed)) for size, side in zip(sizes, patch, strict=True)]
    if preprocessing.dimensions == 3:
        return along[0] * math.ceil(math.prod(along[1:]) / BLOCKS)
    return math.ceil(shape[0] / BATCH) if patch == sizes else shape[0] * math.ceil(math.prod(along) / BATCH)


def _values_at_once(manifest: ModelManifest, headers: Headers) -> int:
    preprocessing = manifest.preprocessing
    shape = _grid(headers, preprocessing).shape
    at_once = math.prod(padded_sizes(shape[-preprocessing.dimensions :], preprocessing))
    if manifest.scores is not None and manifest.scores.of == "series" and preprocessing.dimensions == 2:
        return (manifest.scores.slices or (headers.times if manifest.over_time else shape[0])) * at_once
    return at_once if preprocessing.dimensions == 3 else min(BATCH, shape[0]) * at_once


def _buffers(manifest: ModelManifest, headers: Headers, with_certainty: bool) -> int:
    """What the worker holds at most of an image, in bytes, without what a network takes while it runs: the image, as it
    arrived and for ITK at first, its values on the model's grid, what the model says of some planes, and the results,
    of the labels two more for ITK."""
    preprocessing, grid = manifest.preprocessing, _grid(headers, manifest.preprocessing)
    voxels, results = math.prod(headers.size), 4 if with_certainty else 1
    planes = _PLANES_HELD * (manifest.classes + 2 * with_certainty) * math.prod(grid.image_shape[1:]) * _FLOAT
    held = 0
    times = headers.times if manifest.over_time else 1
    padded = times * math.prod(grid.shape) * _FLOAT
    if manifest.picture is not None:  # float pictures and residuals, in the image's order and for ITK
        held_pictures = 4 * _FLOAT * manifest.picture.scale**2 * voxels
        return 2 * voxels * headers.value_bytes + padded + held_pictures + planes
    if preprocessing.dimensions == 3:
        deep, *sizes = padded_sizes(grid.shape, preprocessing)
        padded += deep * math.prod(sizes) * _FLOAT
        deep = preprocessing.patch[0] if preprocessing.patch else deep
        held = (manifest.classes + 2) * deep * math.prod(sizes) * _FLOAT
    elif preprocessing.patch is not None:
        held = 2 * manifest.classes * math.prod(padded_sizes(grid.shape[1:], preprocessing)) * _FLOAT
    image = times * voxels * headers.value_bytes
    return max(2 * image, image + padded + held + planes + (results + 2) * voxels)


def _grid(headers: Headers, preprocessing: Preprocessing) -> ModelGrid:
    return model_grid_of(headers.size, headers.spacing_mm, headers.direction, preprocessing)
