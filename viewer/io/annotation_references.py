"""Which series a DICOM object of annotations was drawn on, by its header alone: what a look at a folder tells of it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from viewer.core.study import AnnotationKind, SeriesError
from viewer.io.dicom_header import Elements, Header, read_references

_CLASSES = "1.2.840.10008.5.1.4.1.1."
_KINDS: tuple[tuple[str, AnnotationKind], ...] = (
    (f"{_CLASSES}66.4", "segmentation"),
    (f"{_CLASSES}66.7", "segmentation"),
    (f"{_CLASSES}481.3", "structures"),
    *((f"{_CLASSES}88.{n}", "report") for n in (11, 22, 33, 34)),
)
_MOST_SERIES = 64  # that one object is listed under
_LONGEST_UID = 64


def annotation_kind(header: Header) -> AnnotationKind | None:
    """Which kind of annotations an object holds; None for others."""
    storage = header.text("SOPClassUID") or header.text("MediaStorageSOPClassUID")
    return next((kind for uid, kind in _KINDS if storage == uid), None)


def series_referred_to(stream: BinaryIO, size: int) -> tuple[str, ...]:
    """The SeriesInstanceUIDs that an object of annotations names; none where it names none or is damaged."""
    try:
        header = read_references(stream, size)
    except (SeriesError, struct.error):
        return ()
    found = dict.fromkeys(uid for uid in _series_in(header) if 0 < len(uid) <= _LONGEST_UID)
    return tuple(found)[:_MOST_SERIES]


def _series_in(header: Header) -> Iterator[str]:
    for studies in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in header.items(studies):
            yield from _uids(study, "ReferencedSeriesSequence")
    for space in header.items("ReferencedFrameOfReferenceSequence"):
        for study in space.items("RTReferencedStudySequence"):
            yield from _uids(study, "RTReferencedSeriesSequence")
    yield from _uids(header, "ReferencedSeriesSequence")


def _uids(of: Elements, sequence: str) -> Iterator[str]:
    return (series.text("SeriesInstanceUID") for series in of.items(sequence))
