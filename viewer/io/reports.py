"""What was measured and marked on a series as DICOM objects of its study: a structured report (TID 1500), a list of key
images, a presentation state; and as JSON. Each file is read back and compared before it gets its name."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry
from viewer.core.history import SlicePlace
from viewer.core.label_set import LabelSet, Making
from viewer.core.labels import Label
from viewer.core.measuring import BOXED, REGIONS, Found, Measurement, Values
from viewer.core.score_set import GivenAnswer, ScoreSet
from viewer.core.study import Series, SeriesError
from viewer.io import archives
from viewer.io.dicom_source import leave_odd_values_empty
from viewer.io.found_reports import AT_DETECTOR, CORRECTED, FOUND_AT, KIND, PLANE, measurements_of, report_in
from viewer.io.report_origin import algorithm_of, certainty
from viewer.io.saving import saved_when_complete
from viewer.io.score_groups import Image, answer_groups, class_groups, compare_groups, left_out

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code

Measured = Sequence[tuple[Measurement, Values]]
Check = Callable[[], None]

_MAKER, _MODEL = "Slicewise", "Slicewise"
_ROUNDED = 1e-3  # voxels and mm: coordinates in a report are 32-bit numbers
_WITHOUT_NUMBER = ("arrow", "text", "box", "path")  # kinds that are places with words, or longer than a line
_LAYER = "MEASUREMENTS"


@dataclass(frozen=True)
class _Writing:
    """A series as its objects are referred to."""

    series: Series
    geometry: Geometry

    def dataset(self, k: int) -> Dataset:
        """The header of the file that holds slice k."""
        from pydicom import dcmread

        with archives.open_file(self.series.files[min(k, len(self.series.files) - 1)]) as stream:
            dataset = dcmread(stream, stop_before_pixels=True, force=True)
        dataset.decode()  # here, as its own character set may be empty or unknown, which highdicom refuses
        dataset.SpecificCharacterSet = "ISO_IR 192"
        leave_odd_values_empty(dataset)
        return dataset

    def image(self, k: int, evidence: dict[str, Dataset]) -> Image:
        """Slice k as it is referred to; its header is put into evidence."""
        uid = self.series.instance_uids[min(k, len(self.series.instance_uids) - 1)]
        if uid not in evidence:
            evidence[uid] = self.dataset(k)
        return str(evidence[uid].SOPClassUID), str(evidence[uid].SOPInstanceUID), self.frame(k)

    def frame(self, k: int) -> int | None:
        """The number of slice k in its file, from 1; None of a file of one image."""
        several = len(self.series.files) < self.series.frames or len(set(self.series.files)) < len(self.series.files)
        return self.series.frame_numbers[k] + 1 if several and self.series.frame_numbers else None


def why_no_objects(series: Series) -> str:
    """Why nothing in DICOM can refer to a series, in one sentence; empty if it can."""
    if not series.instance_uids or not series.files:
        return "The files of this series name no DICOM images to which such an object could refer."
    if "~" in series.uid:
        return "This series was made here, of others: such objects refer to images as they are stored."
    if not series.study_uid:
        return "The files name no study (StudyInstanceUID is missing), to which a report could belong."
    return ""


# Structured report


def write_report(
    path: Path,
    measured: Measured,
    series: Series,
    geometry: Geometry,
    observer: str,
    *,
    labels: LabelSet | None = None,
    answers: Sequence[GivenAnswer] = (),
    overwrite: bool = False,
) -> list[str]:
    """Write measurements as a Comprehensive 3D SR after TID 1500; returns sentences on what has no place in it.

    Lengths, angles and regions on stored slices are given as coordinates in their images, those on other planes in the
    frame of reference. observer is the name of the person who measured, empty for none. Of labels those that a model
    made, whole or in part, stand there with their volume, the model and what is known of its run; and so do answers to
    findings, with the model of those that were given by a score. Raises SeriesError with one sentence if the series
    cannot be referred to or nothing is left to be written, and OSError.
    """
    _refuse(series)
    writing = _Writing(series, geometry)
    evidence: dict[str, Dataset] = {}
    groups, written, missed = [], [], 0
    for measurement, values in measured:
        place = _Place.of(measurement, writing)
        group = _group(measurement, values, place, evidence) if place is not None else None
        if group is None:
            missed += 1
        else:
            if measurement.spread is not None:
                group[0].ContentSequence.append(_plane(measurement, geometry))
            groups.append(group)
            written.append(measurement)
    of_models = _made_by_models(labels) if labels is not None and geometry.calibrated else []
    groups += [_label_group(labels, label) for label in of_models if labels is not None]
    of_answers, nowhere = answer_groups(answers, lambda k: writing.image(k, evidence))
    groups += [one.written() for one in of_answers]
    if not groups:
        raise SeriesError("There is no length, angle or region that a report has a place for.")
    dataset = _report(groups, evidence or {"": writing.dataset(0)}, observer, "Measurements, not for diagnostic use")
    with saved_when_complete(path, overwrite) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
        _compare_report(temporary, written, series, geometry)
        if labels is not None:
            _compare_models(temporary, labels, of_models)
        compare_groups(temporary, of_answers)
    sentences = [f"{missed} measurements have no place in a report, which lie on no image of it."] if missed else []
    return [*sentences, *_answers_left_out(nowhere)]


def write_score_report(
    path: Path, told: ScoreSet, *, overwrite: bool = False, check: Check = lambda: None
) -> list[str]:
    """Write what a classification model says of a series, and a person's answers to its classes, as a report of the
    same kind; returns sentences on what has no place in it. check is called for each image and may raise to cancel.
    Raises as write_report does."""
    series = told.series
    _refuse(series)
    writing, evidence = _Writing(series, told.geometry), {}
    for k in range(series.frames):  # all of it is what the model saw
        check()
        writing.image(k, evidence)

    def image(k: int) -> Image:
        return writing.image(k, evidence)

    given, nowhere = answer_groups(told.answers.values(), image)
    groups = [*class_groups(told, image), *given]
    dataset = _report([one.written() for one in groups], evidence, told.observer, "Scores, not for diagnostic use")
    with saved_when_complete(path, overwrite) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
        compare_groups(temporary, groups)
    return [*left_out(told), *_answers_left_out(nowhere)]


def _answers_left_out(count: int) -> list[str]:
    return [f"{count} answers to slices across the stored ones have no place in a report."] if count else []


def _report(groups: Sequence[Any], evidence: dict[str, Dataset], observer: str, description: str) -> Dataset:
    """Groups of measurements as a report. Raises SeriesError as _made does."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    content = hd.sr.MeasurementReport(
        hd.sr.ObservationContext(*_observers(observer)), codes.LN.DiagnosticImagingReport, groups,
        codes.DCM.ImagingMeasurementReport,
    )  # fmt: skip
    dataset = _made(
        lambda: hd.sr.Comprehensive3DSR(
            list(evidence.values()), content[0], hd.UID(), 1001, hd.UID(), 1, _MAKER,
            manufacturer_model_name=_MODEL, software_versions=version("slicewise"), device_serial_number="0",
        )
    )  # fmt: skip
    dataset.SeriesDescription = description
    return dataset


@dataclass(frozen=True)
class _Place:
    """Points of a measurement as a report gives them: columns and rows of an image, or LPS mm."""

    points: NDArray[np.float64]
    writing: _Writing
    k: int | None  # the slice, None for points in space

    @classmethod
    def of(cls, measurement: Measurement, writing: _Writing) -> _Place | None:
        points = _outline(measurement)
        k = round(points[0, 2])
        stored = measurement.spread is None and measurement.normal == 2 and 0 <= k < writing.series.frames
        if stored and np.abs(points[:, 2] - k).max() < _ROUNDED:
            return cls(points[:, :2] + 0.5, writing, k)
        geometry = writing.geometry
        if not writing.series.frame_of_reference or not geometry.patient_space or not geometry.is_grid:
            return None
        return cls(geometry.index_to_lps(points), writing, None)

    def source(self, evidence: dict[str, Dataset]) -> Any:
        import highdicom as hd

        assert self.k is not None
        class_uid, uid, frame = self.writing.image(self.k, evidence)
        return hd.sr.SourceImageForRegion(class_uid, uid, [frame] if frame else None)


def _outline(measurement: Measurement) -> NDArray[np.float64]:
    """The points of a measurement as indices, an ellipse by the ends of its axes, the longer first; outlines closed."""
    points = np.array(measurement.points, dtype=np.float64)
    if measurement.kind not in BOXED:
        return np.vstack([points, points[:1]]) if measurement.kind in REGIONS else points
    (a0, b0), (a1, b1) = measurement.flat(points)
    if measurement.kind != "ellipse":
        return measurement.lifted([(a0, b0), (a1, b0), (a1, b1), (a0, b1), (a0, b0)])
    a, b = (a0 + a1) / 2, (b0 + b1) / 2
    axes = [[(a0, b), (a1, b)], [(a, b0), (a, b1)]]
    if abs(b1 - b0) > abs(a1 - a0):
        axes.reverse()
    return measurement.lifted([*axes[0], *axes[1]])


def _group(measurement: Measurement, values: Values, place: _Place, evidence: dict[str, Dataset]) -> Any:
    """The measurement group of a measurement; None for kinds that have no place in a report."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    if measurement.kind == "path" and place.k is None:  # a region lies on one plane
        return None
    name = " ".join(measurement.text.split()) or f"{measurement.kind.capitalize()} {measurement.number}"
    if values.length_unit == "mm at detector":
        name += AT_DETECTOR
    tracking = hd.sr.TrackingIdentifier(hd.UID(), name)
    kind = hd.sr.CodedConcept(measurement.kind, KIND[1], measurement.kind.capitalize())
    kinds = [hd.sr.QualitativeEvaluation(hd.sr.CodedConcept(*KIND), kind)]
    if measurement.kind in (*REGIONS, *_WITHOUT_NUMBER):
        graphic = "ELLIPSE" if measurement.kind == "ellipse" else "POLYLINE" if place.k is not None else "POLYGON"
        if measurement.kind in ("arrow", "path"):
            graphic = "POLYLINE"
        elif measurement.kind == "text":
            graphic = "POINT"
        if place.k is not None:
            region = hd.sr.ImageRegion(graphic, place.points, place.source(evidence))
        else:
            region = hd.sr.ImageRegion3D(graphic, place.points, place.writing.series.frame_of_reference)
        found = [hd.sr.Measurement(*one[:3], derivation=one[3]) for one in _of_region(values)]
        if measurement.found is not None:
            found.append(certainty(measurement.found.score))
        if measurement.kind == "path" and values.length is not None:
            found = [hd.sr.Measurement(codes.SCT.Length, values.length, _length_unit(values))]
        return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking, region, measurements=found or None, qualitative_evaluations=kinds,
            algorithm_id=_algorithm(measurement, measurement.found, place.writing),
        )  # fmt: skip
    if measurement.kind in ("length", "profile") and values.length is not None:
        said = (codes.SCT.Length, values.length, _length_unit(values))
    elif measurement.kind in ("angle", "cobb") and values.angle is not None:
        said = (codes.SCT.CobbAngle if measurement.kind == "cobb" else codes.SCT.Angle, values.angle, codes.UCUM.Degree)
    elif measurement.kind == "probe" and values.value is not None:
        name_, unit = _quantity(values)
        said = (name_, values.value, unit)
    else:
        return None
    pieces = [place.points[:2], place.points[2:]] if measurement.kind == "cobb" else [place.points]
    graphic = "POINT" if measurement.kind == "probe" else "POLYLINE"
    if place.k is not None:
        source = place.source(evidence)
        where = [hd.sr.CoordinatesForMeasurement(graphic, piece, source) for piece in pieces]
    else:
        space = place.writing.series.frame_of_reference
        where = [hd.sr.CoordinatesForMeasurement3D(graphic, piece, space) for piece in pieces]
    measured = [hd.sr.Measurement(*said, referenced_coordinates=where)]
    return hd.sr.MeasurementsAndQualitativeEvaluations(tracking, measurements=measured, qualitative_evaluations=kinds)


def _made_by_models(labels: LabelSet) -> list[Label]:
    """The labels of which a model made something."""
    return [one for one in labels.labels if labels.counts[one.value] and labels.made[one.value].kind != "MANUAL"]


def _label_group(labels: LabelSet, label: Label) -> Any:
    """The measurement group of a label that a model made: its volume, and the model (TID 4019)."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    made = labels.made[label.value]
    unit = hd.sr.CodedConcept("mL", "UCUM", "milliliter")
    volume = hd.sr.Measurement(codes.SCT.Volume, labels.counts[label.value] * labels.geometry.voxel_volume_ml, unit)
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        hd.sr.TrackingIdentifier(hd.UID(), " ".join(label.name.split()) or f"Label {label.value}"),
        algorithm_id=hd.sr.AlgorithmIdentification(made.algorithm or _MODEL, made.version or "-", _parameters(made)),
        measurements=[volume],
        finding_type=hd.sr.CodedConcept(*label.code) if label.code else None,
    )


def _parameters(made: Making) -> list[str]:
    how = "as the model said" if made.kind == "AUTOMATIC" else "changed by a person since"
    return [*(f"{name}: {text}" for name, text in made.facts), f"Voxels: {how}"]


def _compare_models(file: Path, labels: LabelSet, of_models: Sequence[Label]) -> None:
    """Raises SeriesError if a report that was read back does not name the model of each label, and its run."""
    from pydicom import dcmread

    told = []
    groups = [item for item in dcmread(file).ContentSequence if item.get("ContentSequence")]
    while groups:
        item = groups.pop()
        children = item.get("ContentSequence") or []
        texts = [str(child.TextValue) for child in children if child.get("ValueType") == "TEXT"]
        told.append(texts)
        groups += [child for child in children if child.get("ContentSequence")]
    for label in of_models:
        made = labels.made[label.value]
        wanted = {" ".join(label.name.split()), made.algorithm, *_parameters(made)}
        if not any(wanted <= set(texts) for texts in told):
            raise SeriesError(f"The report does not name the model that made {label.name}; not saved.")


def _algorithm(measurement: Measurement, found: Found | None, writing: _Writing) -> Any:
    """The model that found a box, with what is known of its run and of what a person changed; None for others."""
    if found is None:
        return None
    told = [f"score: {found.score:.4f}", f"label: {' '.join(found.label.split())}", f"number: {found.number}"]
    place = _Place.of(replace(measurement, points=found.points, text=""), writing)
    if place is not None:  # in the same space as the box itself
        corners = place.points[[0, 2]].ravel().tolist()
        told.append(FOUND_AT + " ".join(f"{number:.9g}" for number in corners))
    told.append(CORRECTED if measurement.corrected else "accepted by a person as it was found")
    return algorithm_of(found.origin, told)


def _plane(measurement: Measurement, geometry: Geometry) -> Any:
    """The words by which the oblique plane of a measurement comes back (FoundShape.plane)."""
    import highdicom as hd

    assert measurement.spread is not None
    middle = geometry.index_to_lps(np.zeros((1, 3)))
    directions = geometry.index_to_lps(np.array(measurement.spread)) - middle
    words = " ".join([str(measurement.normal), *(f"{x:.9f}" for x in directions.ravel())])
    return hd.sr.TextContentItem(hd.sr.CodedConcept(*PLANE), words, hd.sr.RelationshipTypeValues.CONTAINS)


def _of_region(values: Values) -> Iterator[tuple[Code, float, Code, Code | None]]:
    """Name, value, unit and derivation of all that is said of a region."""
    from pydicom.sr.codedict import codes

    if values.area is not None:
        unit = codes.UCUM.SquareMillimeter if values.length_unit != "px" else _no_unit("{pixels}2", "square pixels")
        yield codes.SCT.Area, values.area, unit, None
    name, unit = _quantity(values)
    derivations = {
        "mean": codes.SCT.Mean,
        "sd": codes.SCT.StandardDeviation,
        "minimum": codes.SCT.Minimum,
        "maximum": codes.SCT.Maximum,
    }
    for field, derivation in derivations.items():
        value = getattr(values, field)
        if value is not None and math.isfinite(value):
            yield name, value, unit, derivation


def _quantity(values: Values) -> tuple[Code, Code]:
    """What the voxels hold, and their unit."""
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    if values.unit == "HU":
        return codes.DCM.AttenuationCoefficient, codes.UCUM.HounsfieldUnit
    if values.unit == "BQML":
        return codes.DCM.NuclearMedicineTomographicActivity, codes.UCUM.BecquerelsPerMilliliter
    return Code("STORED-VALUE", "99SLICEWISE", "Value of stored pixels"), _no_unit("1", "no units")


def _length_unit(values: Values) -> Code:
    from pydicom.sr.codedict import codes

    return codes.UCUM.Millimeter if values.length_unit != "px" else _no_unit("{pixels}", "pixels")


def _no_unit(value: str, meaning: str) -> Code:
    from pydicom.sr.coding import Code

    return Code(value, "UCUM", meaning)


def _compare_report(file: Path, written: Sequence[Measurement], series: Series, geometry: Geometry) -> None:
    """Raises SeriesError if a report that was read back does not hold each measurement where it is."""
    from pydicom import dcmread

    found = measurements_of(report_in(dcmread(file)), series, geometry)[0]
    for measurement in written:
        alike = [one for one in found if (one.kind, one.normal) == (measurement.kind, measurement.normal)]
        there = [one for one in alike if _same(one, measurement)]
        if not there:
            raise SeriesError(f"The report does not hold {measurement.kind} {measurement.number} as it is; not saved.")
        if not any(_same_run(one.found, measurement.found) for one in there):
            raise SeriesError(f"The report does not name the model that found box {measurement.number}; not saved.")


def _same_run(one: Found | None, other: Found | None) -> bool:
    """True if both tell of one find of a model, as nearly as a report can tell."""
    if one is None or other is None:
        return one is other
    told = [
        (found.number, " ".join(found.label.split()), replace(found.origin, seconds=round(found.origin.seconds, 3)))
        for found in (one, other)
    ]
    corners = [np.sort(np.array(found.points), axis=0) for found in (one, other)]
    near = bool(np.abs(corners[0] - corners[1]).max() < 10 * _ROUNDED)
    return told[0] == told[1] and near and math.isclose(one.score, other.score, abs_tol=1e-6)


def _same(one: Measurement, other: Measurement) -> bool:
    """True if two of one kind lie at one place of one plane, as nearly as a report can tell."""
    if (one.spread is None) != (other.spread is None) or len(one.points) != len(other.points):
        return False
    if one.spread is not None and np.abs(np.array(one.spread) - np.array(other.spread)).max() > _ROUNDED:
        return False
    points = []
    for measurement in (one, other):
        flat = measurement.flat(measurement.points)
        if measurement.kind in BOXED:
            flat = [flat.min(axis=0), flat.max(axis=0)]  # which corner comes first says nothing
            points.append(measurement.lifted(flat))
        else:
            points.append(np.array(measurement.points))
    return bool(np.abs(points[0] - points[1]).max() < 10 * _ROUNDED)


# Key images


def write_key_images(
    path: Path,
    key_images: frozenset[SlicePlace],
    series: Series,
    geometry: Geometry,
    observer: str,
    *,
    overwrite: bool = False,
) -> list[str]:
    """Write the stored slices among key images as a Key Object Selection; returns sentences on what was left out.

    Raises SeriesError with one sentence if there are none, and OSError.
    """
    import highdicom as hd
    from pydicom import dcmread
    from pydicom.sr.codedict import codes

    _refuse(series)
    stored = sorted(k for axis, k in key_images if axis == 2 and 0 <= k < series.frames)
    if not stored:
        raise SeriesError("No stored slice is a key image: slices across the stored ones are no images of the file.")
    writing = _Writing(series, geometry)
    datasets = {dataset.SOPInstanceUID: dataset for dataset in map(writing.dataset, stored)}
    person, device = _observers(observer)
    content = hd.ko.KeyObjectSelection(codes.DCM.OfInterest, list(datasets.values()), person, device)
    dataset = _made(
        lambda: hd.ko.KeyObjectSelectionDocument(
            list(datasets.values()), content, hd.UID(), 1002, hd.UID(), 1, _MAKER, manufacturer_model_name=_MODEL,
            software_versions=version("slicewise"), device_serial_number="0",
        )
    )  # fmt: skip
    with saved_when_complete(path, overwrite) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
        again = dcmread(temporary)
        images = [x.ReferencedSOPSequence[0] for x in again.ContentSequence if x.ValueType == "IMAGE"]
        if {x.ReferencedSOPInstanceUID for x in images} != set(datasets):
            raise SeriesError("The file that was written does not name the key images; not saved.")
    others = len(key_images) - len(stored)
    sentences = [f"{others} key images across the stored slices were left out."] if others else []
    if len(datasets) < len(stored):
        sentences.append("Several key images are frames of one image: the image is named as a whole.")
    return sentences


# Presentation state


def write_presentation(
    path: Path,
    measured: Sequence[tuple[Measurement, str]],
    series: Series,
    geometry: Geometry,
    window: WindowLevel | None,
    inverted: bool,
    *,
    overwrite: bool = False,
) -> list[str]:
    """Write the window and the measurements on stored slices, each with the words that are shown at it, as a Grayscale
    Softcopy Presentation State of the series; returns sentences on what was left out.

    Raises SeriesError with one sentence if the series has colours or cannot be referred to, and OSError.
    """
    import highdicom as hd
    from pydicom import dcmread

    _refuse(series)
    if series.colour:
        raise SeriesError("A presentation state of grey levels cannot be made of a series in colour.")
    writing = _Writing(series, geometry)
    layer = hd.pr.GraphicLayer(_LAYER, 1, "Measurements, not for diagnostic use")
    first_of = {file: k for k, file in reversed(list(enumerate(series.files)))}
    datasets = {d.SOPInstanceUID: d for d in map(writing.dataset, sorted(first_of.values()))}
    annotations, left_out = [], 0
    for measurement, words in measured:
        points, k = _outline(measurement), round(measurement.points[0][2])
        if measurement.spread is not None or measurement.normal != 2 or not 0 <= k < series.frames:
            left_out += 1
            continue
        uid = series.instance_uids[min(k, len(series.instance_uids) - 1)]
        flat = points[:, :2] + 0.5
        pieces = [flat[:2], flat[2:]] if measurement.kind == "cobb" else [flat]
        kind = {"ellipse": "ELLIPSE", "probe": "POINT", "text": "POINT"}.get(measurement.kind, "POLYLINE")
        graphics = [hd.pr.GraphicObject(kind, piece, "PIXEL") for piece in pieces]
        at = measurement.text_at or measurement.points[0]
        anchor = (max(float(at[0]) + 0.5, 0.0), max(float(at[1]) + 0.5, 0.0))
        texts = [hd.pr.TextObject(words[:1024], "PIXEL", anchor_point=anchor)] if words else None
        annotations.append(
            hd.pr.GraphicAnnotation(
                [datasets[uid]],
                layer,
                referenced_frame_number=writing.frame(k),
                graphic_objects=graphics,
                text_objects=texts,
            )
        )
    transform = None
    if window is not None:
        function = {"linear": "LINEAR", "linear_exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}.get(
            str(window.function).lower(), "LINEAR"
        )
        transform = [hd.pr.SoftcopyVOILUTTransformation(window.centre, window.width, voi_lut_function=function)]
    scale = _scale_of_frames(list(datasets.values()))
    dataset = _made(
        lambda: hd.pr.GrayscaleSoftcopyPresentationState(
            list(datasets.values()), hd.UID(), 1003, hd.UID(), 1, _MAKER, _MODEL, version("slicewise"), "0",
            "MEASUREMENTS", "Not for diagnostic use", annotations or None, [layer] if annotations else None,
            concept_name=None, modality_lut_transformation=scale, voi_lut_transformations=transform,
            presentation_lut_transformation=hd.PresentationLUTTransformation("INVERSE" if inverted else "IDENTITY"),
        )
    )  # fmt: skip
    if "Laterality" not in dataset:
        dataset.Laterality = ""  # the images do not tell it
    with saved_when_complete(path, overwrite) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
        again = dcmread(temporary)
        drawn = sum(len(x.GraphicObjectSequence) for x in again.get("GraphicAnnotationSequence") or [])
        if drawn != sum(len(x.GraphicObjectSequence) for x in annotations):
            raise SeriesError("The file that was written does not hold the measurements; not saved.")
    return [f"{left_out} measurements that lie on no stored slice were left out."] if left_out else []


def _scale_of_frames(datasets: Sequence[Dataset]) -> Any:
    """The rescale that all frames of enhanced images share; None where there is none or highdicom finds it itself.

    Raises SeriesError where they differ: a presentation state has one for all of its images, PS3.3 C.11.1.
    """
    import highdicom as hd

    found: set[tuple[float, float, str]] = set()
    for dataset in datasets:
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
        for frame in dataset.get("PerFrameFunctionalGroupsSequence") or []:
            told = frame.get("PixelValueTransformationSequence") or shared.get("PixelValueTransformationSequence")
            if told:
                kind = str(told[0].get("RescaleType", "") or "US")
                found.add((float(told[0].RescaleSlope), float(told[0].RescaleIntercept), kind))
    if len(found) > 1:
        raise SeriesError(
            "The frames of this series are scaled to values in different ways, and a presentation state has one way "
            "for all. Export a structured report instead."
        )
    if not found:
        return None
    slope, intercept, kind = found.pop()
    return hd.ModalityLUTTransformation(rescale_intercept=intercept, rescale_slope=slope, rescale_type=kind)


# Secondary capture


def write_capture(path: Path, picture: NDArray[np.uint8], series: Series, k: int, *, overwrite: bool = False) -> None:
    """Write a picture of a pane, (rows, columns, 3), red, green, blue, as a Secondary Capture of the study of a series;
    k is a slice of it that the picture shows.

    Raises SeriesError with one sentence if the series cannot be referred to, and OSError.
    """
    import highdicom as hd
    from pydicom import dcmread

    _refuse(series)
    reference = _Writing(series, series.geometry).dataset(k)
    dataset = _made(
        lambda: hd.sc.SCImage.from_ref_dataset(
            reference, np.ascontiguousarray(picture), "RGB", 8, "PATIENT", hd.UID(), 1004, hd.UID(), 1, _MAKER,
            patient_orientation=("L", "P"), transfer_syntax_uid="1.2.840.10008.1.2.1",
        )
    )  # fmt: skip
    dataset.SeriesDescription = "Picture, not for diagnostic use"
    dataset.BurnedInAnnotation = "NO"  # of who the patient is
    dataset.PatientOrientation = None  # the letters are in the picture: that of a turned pane has no name
    if "Laterality" not in dataset:
        dataset.Laterality = ""
    with saved_when_complete(path, overwrite) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
        again = dcmread(temporary)
        if again.PhotometricInterpretation != "RGB" or not np.array_equal(again.pixel_array, picture):
            raise SeriesError("The file that was written does not hold the picture; not saved.")


# JSON


def write_json(path: Path, measured: Measured, geometry: Geometry, *, overwrite: bool = False) -> None:
    """Write measurements as JSON: points as continuous indices (i, j, k) and, where the series has a place in the
    patient, in LPS, mm; what they say with units. Never who the patient is. Raises OSError, and SeriesError if what is
    read back is something else."""
    known = geometry.slice_origins is None or len(geometry.slice_origins) > 0
    placed = geometry.patient_space and geometry.calibrated and known
    rows = []
    for measurement, values in measured:
        row: dict[str, Any] = {"number": measurement.number, "kind": measurement.kind, "text": measurement.text}
        row["points_ijk"] = [list(map(float, point)) for point in measurement.points]
        if measurement.found is not None:
            row["found_by_model"] = told_of(measurement)
        if placed:
            row["points_lps_mm"] = geometry.index_to_lps(measurement.points).tolist()
        row["values"] = {
            name: value
            for name, value in vars(values).items()
            if value not in (None, "") and not (isinstance(value, float) and not math.isfinite(value))
        }
        rows.append(row)
    content = {
        "program": "Slicewise",
        "note": "Not for diagnostic use",
        "coordinates": "points_ijk: voxel indices from 0, column, row, slice; points_lps_mm: DICOM patient system",
        "measurements": rows,
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    with saved_when_complete(path, overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
        if json.loads(temporary.read_text(encoding="utf-8")) != json.loads(text):
            raise SeriesError("The file that was written is not what was measured; not saved.")


# Parts


def told_of(measurement: Measurement) -> dict[str, Any] | None:
    """What a model told of a box, for a table; None if a person drew it."""
    found = measurement.found
    if found is None:
        return None
    origin = asdict(found.origin)
    points = [list(map(float, point)) for point in found.points]
    told = {"label": found.label, "score": found.score, "points_ijk": points, "corrected": measurement.corrected}
    overridden, notes = list(map(list, found.origin.overridden)), list(found.origin.notes)
    return {**told, **origin, "overridden": overridden, "notes": notes}


def _refuse(series: Series) -> None:
    if problem := why_no_objects(series):
        raise SeriesError(problem)


def _made(make: Callable[[], Any]) -> Any:
    """What make returns, in UTF-8. Raises SeriesError where the files lack what an object has to repeat
    of them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the patient's name
            dataset = make()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        return dataset
    except (AttributeError, ValueError, TypeError, KeyError) as error:
        raise SeriesError(f"The headers of this series do not allow it ({error}).") from error


def _observers(name: str) -> tuple[Any, Any]:
    """The person, if there is a name, and the program."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    person = None
    if words := " ".join(name.split()):
        identified = hd.sr.PersonObserverIdentifyingAttributes(words if "^" in words else f"{words}^")
        person = hd.sr.ObserverContext(codes.DCM.Person, identified)
    device = hd.sr.DeviceObserverIdentifyingAttributes(hd.UID(), _MODEL, _MAKER, _MODEL)
    return person, hd.sr.ObserverContext(codes.DCM.Device, device)
