"""What was measured on a series as a table for other programs: comma-separated, with units, never with a patient."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from viewer.core.geometry import Geometry
from viewer.core.label_sizes import LabelSize
from viewer.core.measuring import Measurement, Values
from viewer.core.study import Series
from viewer.io.saving import saved_when_complete
from viewer.io.score_files import ORIGIN_COLUMNS, origin_row

COLUMNS = (
    "number",
    "kind",
    "text",
    "slice_axis",  # the index axis normal to the slice, or "oblique"
    "slice",  # from 1, as the window counts; none of an oblique plane
    "length",
    "length_unit",
    "angle_degrees",
    "area",
    "area_unit",
    "count",
    "mean",
    "sd",  # of a sample (n - 1)
    "minimum",
    "maximum",
    "value",
    "unit",
    "suv_mean",
    "suv_sd",
    "suv_minimum",
    "suv_maximum",
    "suv_value",
    "volume_ml",
    "longest_diameter_mm",
    "points_ijk",  # continuous voxel indices from 0, the points parted by ";"
    "points_lps_mm",
    "found_by_model",  # the box of a person who accepted what this model had found: else empty
    "model_score",
    "model_corrected",  # whether the person changed it since, yes or no
    *ORIGIN_COLUMNS[1:],
)
_AREA_UNITS = {"mm": "mm2", "mm at detector": "mm2 at detector", "px": "px2"}
_SUV = ("mean", "sd", "minimum", "maximum", "value")
_STATISTICS = ("length", "area", "count", "mean", "sd", "minimum", "maximum", "value")


def write_measurements(
    path: Path,
    measured: Sequence[tuple[Measurement, Values]],
    geometry: Geometry,
    label_sizes: Mapping[str, LabelSize],
    series: Series | None = None,
) -> None:
    """Write one row a measurement, then one a label, over what was there, whole or not at all.

    Numbers are written with all their digits and a point. The text begins with a byte order mark, without which some
    spreadsheets misread other letters than English ones. series adds columns with its modality, date and description.
    Raises OSError.
    """
    described = {} if series is None else _description(series)
    table = io.StringIO()
    writer = csv.DictWriter(table, (*described, *COLUMNS), restval="")
    writer.writeheader()
    for measurement, values in measured:
        writer.writerow({**described, **_row(measurement, values, geometry)})
    for name, size in label_sizes.items():
        sizes = {"volume_ml": repr(size.volume_ml), "longest_diameter_mm": repr(size.longest_mm)}
        writer.writerow({**described, "kind": "label", "text": name, **sizes})
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8-sig", newline="")


def _description(series: Series) -> dict[str, str]:
    return {
        "modality": series.modality,
        "study_date": series.study_date,
        "study_description": series.study_description,
        "series_number": "" if series.number is None else str(series.number),
        "series_description": series.description,
    }


def _row(measurement: Measurement, values: Values, geometry: Geometry) -> dict[str, str]:
    row = {
        "number": str(measurement.number),
        "kind": measurement.kind,
        "text": measurement.text,
        "slice_axis": "ijk"[measurement.normal] if measurement.spread is None else "oblique",
        "slice": str(measurement.slice_index + 1) if measurement.on_one_slice else "",
        "points_ijk": _points(measurement.points),
    }
    for name in _STATISTICS:
        row[name] = _number(getattr(values, name))
    row["angle_degrees"] = _number(values.angle)
    if values.length is not None:
        row["length_unit"] = values.length_unit
    if values.area is not None:
        row["area_unit"] = _AREA_UNITS[values.length_unit]
    if values.mean is not None or values.value is not None:
        row["unit"] = values.unit
    if values.suv_factor is not None:
        for name in _SUV:
            stored = getattr(values, name)
            row[f"suv_{name}"] = "" if stored is None else _number(stored * values.suv_factor)
    if values.colour is not None:
        row["value"] = " ".join(map(str, values.colour))
        row["unit"] = "RGB"
    if measurement.found is not None:
        of_run = origin_row(measurement.found.origin)
        row["found_by_model"] = of_run.pop("model")
        row["model_score"] = _number(measurement.found.score)
        row |= {"model_corrected": "yes" if measurement.corrected else "no", **of_run}
    known = geometry.slice_origins is None or len(geometry.slice_origins) > 0
    if geometry.patient_space and geometry.calibrated and known:
        row["points_lps_mm"] = _points(geometry.index_to_lps(measurement.points))
    return row


def _points(points: Sequence[Sequence[float]] | np.ndarray) -> str:
    return ";".join(" ".join(repr(float(x)) for x in point) for point in points)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
