"""Series as a scan would list them, for tests of what is done with a listing."""

from dataclasses import replace
from pathlib import Path

from viewer.core.study import GeometryVerdict, Series


def listed_series(uid: str, **fields: object) -> Series:
    """A CT series of one study as a scan would list it; fields replace what it says."""
    whole = Series(
        uid=uid,
        study_uid="study-1",
        patient_id="7",
        patient_name="Doe^Jane",
        modality="CT",
        description=f"series {uid}",
        files=(Path("/somewhere/1.dcm"),),
        verdict=GeometryVerdict("regular", "36 slices every 2.50 mm."),
        size=(64, 48, 36),
        study_date="20200101",
    )
    return replace(whole, **fields)
