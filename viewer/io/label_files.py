"""Label maps as NIfTI, NRRD and MetaImage files, without anything that tells the patient.

Each is read again by SimpleITK and by our own reader, and compared voxel for voxel and corner for corner, before it
gets its name. NRRD holds the names and colours of labels as 3D Slicer writes and reads them. The others have no room
for them: a table, NAME.labels.json, is written beside them.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.label_set import LabelSet
from viewer.core.labels import Label
from viewer.core.study import SeriesError
from viewer.core.volume import geometry_of, to_image
from viewer.io import volume_files
from viewer.io.saving import saved_when_complete
from viewer.io.segmentation_objects import TISSUE, Report, category_of

NO_VOLUME = (
    "These slices make no volume, and this format holds nothing else. Save the labels as a DICOM segmentation, or "
    "resample the series to a regular grid first."
)
LABEL_SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha")

_SAME_PLACE_MM = 0.01
_NIFTI_INTENT_LABEL = 1002  # nifti1.h
_NIFTI_HEADER_BYTES = 352  # with the empty list of extensions behind it
_INTENT_AT, _QFORM_AT, _SFORM_AT = 68, 252, 254
# The terminology that 3D Slicer uses where nothing else is chosen; its Segmentations module reads these words.
_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_ANATOMIC_CONTEXT = "Anatomic codes - DICOM master list"
_META_PLACES = ("TransformMatrix", "Offset", "CenterOfRotation", "AnatomicalOrientation")


def table_beside(path: Path) -> Path | None:
    """Where the table of labels goes that a file has no room for; None if it has."""
    suffix = volume_files.suffix_of(path)
    return None if suffix == ".nrrd" else path.with_name(f"{path.name[: -len(suffix)]}.labels.json")


def write_label_map(
    labels: LabelSet,
    path: Path,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> None:
    """Write a label map as NIfTI, NRRD or MetaImage, by the file's name, and the table beside it if it needs one.

    report gets a share and may raise to cancel. Raises SeriesError with a sentence for slices that make no volume, for
    another suffix, for labels that are nowhere in the scan and for a copy that came back different, FileExistsError,
    OSError.
    """
    if not path.name.lower().endswith(LABEL_SUFFIXES):
        raise SeriesError(f"{path.name}: label maps are written as {', '.join(LABEL_SUFFIXES)}")
    if not labels.geometry.is_grid:
        raise SeriesError(NO_VOLUME)
    assert labels.present  # or it says that nothing was saved
    table = table_beside(path)
    if table is None:
        _write_volume(labels, path, overwrite, report)
        return
    with saved_when_complete(table, overwrite) as temporary:
        content = _table(labels, path.name)
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        if json.loads(temporary.read_text(encoding="utf-8")) != content:
            raise SeriesError(f"{table.name} came back with other content; nothing was saved")
        _write_volume(labels, path, overwrite, report)


def _write_volume(labels: LabelSet, path: Path, overwrite: bool, report: Report) -> None:
    import SimpleITK as sitk

    suffix = volume_files.suffix_of(path)
    image = to_image(labels.voxels, labels.geometry)
    if suffix == ".nrrd":
        for key, value in _slicer_segments(labels).items():
            image.SetMetaData(key, value)
    with saved_when_complete(path, overwrite) as temporary:
        report(0.2, f"Writing {path.name}")
        try:
            if suffix in (".nii", ".nii.gz"):
                _write_nifti(image, labels, temporary)
            else:
                sitk.WriteImage(image, str(temporary), useCompression=True)
                if not labels.geometry.patient_space:
                    _take_place_away(temporary, suffix)
            report(0.6, f"Reading {path.name} again")
            written = sitk.ReadImage(str(temporary))
        except RuntimeError as error:
            raise SeriesError(f"{path.name} cannot be written ({_last_line(error)})") from error
        if not np.array_equal(sitk.GetArrayViewFromImage(written), labels.voxels):
            raise SeriesError(f"{path.name} came back with other voxels than were written; nothing was saved")
        if not geometry_of(written).same_grid(labels.geometry, _SAME_PLACE_MM):
            raise SeriesError(f"{path.name} cannot hold this geometry exactly; nothing was saved, try .seg.nrrd")
        report(0.8, f"Reading {path.name} again")
        _check_by_our_reader(temporary, path.name, labels)
        if suffix == ".nrrd":
            segments = {key: value for key, value in _slicer_segments(labels).items() if written.HasMetaDataKey(key)}
            if any(written.GetMetaData(key) != value for key, value in segments.items()) or not segments:
                raise SeriesError(f"{path.name} came back with other names of labels; nothing was saved")


def _write_nifti(image: Any, labels: LabelSet, file: Path) -> None:
    """As ITK writes it, qform and sform both "scanner"; both "unknown" where pictures have no place in a patient."""
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory(prefix="slicewise-") as folder:
        plain = Path(folder) / "labels.nii"
        sitk.WriteImage(image, str(plain))
        content = bytearray(plain.read_bytes())
    if len(content) != _NIFTI_HEADER_BYTES + labels.voxels.nbytes:  # ITK does not notice that a disk is full
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    struct.pack_into("<h", content, _INTENT_AT, _NIFTI_INTENT_LABEL)
    if not labels.geometry.patient_space:
        struct.pack_into("<h", content, _QFORM_AT, 0)
        struct.pack_into("<h", content, _SFORM_AT, 0)
    packed = volume_files.suffix_of(file) == ".nii.gz"
    file.write_bytes(gzip.compress(content, 6, mtime=0) if packed else content)


def _take_place_away(file: Path, suffix: str) -> None:
    """Have the header of a NRRD or a MetaImage tell voxel sizes alone, as its pictures have no place in a patient."""
    content = file.read_bytes()
    if suffix == ".nrrd":
        head, voxels = content.split(b"\n\n", 1)
        head = re.sub(rb"\nspace: [^\n]*", b"\nspace dimension: 3", head)
        head = re.sub(rb"\nspace origin: [^\n]*", b"", head)
        file.write_bytes(head + b"\n\n" + voxels)
    else:
        mark = b"ElementDataFile = LOCAL\n"
        head, voxels = content.split(mark, 1)
        lines = [line for line in head.split(b"\n") if line.split(b" ")[0].decode() not in _META_PLACES]
        file.write_bytes(b"\n".join(lines) + mark + voxels)


def _check_by_our_reader(file: Path, name: str, labels: LabelSet) -> None:
    found = volume_files.series_in(file)
    if len(found) != 1 or found[0].verdict.kind not in ("regular", "2d"):
        raise SeriesError(f"{name} cannot hold this geometry exactly; nothing was saved, try .seg.nrrd")
    geometry, wanted = found[0].geometry, labels.geometry
    if geometry.patient_space != wanted.patient_space or not geometry.same_grid(wanted, _SAME_PLACE_MM):
        raise SeriesError(f"{name} came back at another place; nothing was saved")
    back = np.zeros(labels.voxels.shape, dtype=found[0].value_type)
    volume_files.read_voxels(found[0], range(len(back)), back, lambda k: None)
    if not np.array_equal(back, labels.voxels):
        raise SeriesError(f"{name} came back with other voxels than were written; nothing was saved")


def _table(labels: LabelSet, name: str) -> dict[str, Any]:
    geometry = labels.geometry
    rows = []
    for label in labels.present:
        row: dict[str, Any] = {"value": label.value, "name": label.name, "colour": list(label.colour)}
        if label.code is not None:
            row["code"] = dict(zip(("value", "scheme", "meaning"), label.code, strict=True))
        row["voxels"] = labels.counts[label.value]
        if geometry.calibrated:
            row["volume_ml"] = labels.counts[label.value] * geometry.voxel_volume_ml
        made = labels.made[label.value]
        row["made"] = made.kind.lower()
        if made.algorithm:
            row["model"] = f"{made.algorithm} {made.version}"
        rows.append(row)
    return {"label_map": name, "background": 0, "labels": rows, "program": "Slicewise, not for diagnostic use"}


def _slicer_segments(labels: LabelSet) -> dict[str, str]:
    """What 3D Slicer's Segmentations module keeps in a .seg.nrrd of one layer; other programs pass it over."""
    columns, rows, slices = labels.geometry.size
    extent = f"0 {columns - 1} 0 {rows - 1} 0 {slices - 1}"
    told = {
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ConversionParameters": "",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_SourceRepresentation": "Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for n, label in enumerate(labels.present):
        told |= {
            f"Segment{n}_ID": f"Segment_{label.value}",
            f"Segment{n}_Name": _one_line(label.name) or f"Label {label.value}",
            f"Segment{n}_NameAutoGenerated": "0",
            f"Segment{n}_Color": " ".join(f"{c / 255:.6g}" for c in label.colour),
            f"Segment{n}_ColorAutoGenerated": "0",
            f"Segment{n}_Extent": extent,
            f"Segment{n}_LabelValue": str(label.value),
            f"Segment{n}_Layer": "0",
            f"Segment{n}_Tags": _slicer_tags(label),
        }
    return {key: value for key, value in told.items() if value}


def _slicer_tags(label: Label) -> str:
    kind = label.code or TISSUE
    coded = ["^".join((scheme, value, meaning)) for value, scheme, meaning in (category_of(kind), kind)]
    parts = [_CONTEXT, *coded, "^^", _ANATOMIC_CONTEXT, "^^", "^^"]
    return f"TerminologyEntry:{_one_line('~'.join(parts))}|"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:160]
