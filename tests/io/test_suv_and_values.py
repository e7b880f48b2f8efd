"""Values are those of the files, each slice by its own rescale, whatever the slices are like: worked out here in plain
Python from the stored numbers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.generate import SIZE, Elements, ct, dicom
from viewer.io.files import read_series, scan

COUNT = SIZE[0] * SIZE[1]


def number(value: int) -> tuple[str, bytes]:
    return "US", struct.pack("<H", value)


def slice_of(k: int, stored: list[int], bits: int, signed: bool, slope: str, intercept: str) -> Elements:
    """A CT slice whose stored numbers take `bits` of 16 and leave the rest of each word to chance."""
    words = [(value & ((1 << bits) - 1)) | ((k * 977 + n * 31) << bits & 0xFFFF) for n, value in enumerate(stored)]
    return ct(k) | {
        0x00280101: number(bits),
        0x00280102: number(bits - 1),
        0x00280103: number(int(signed)),
        0x00281052: ("DS", intercept.encode()),
        0x00281053: ("DS", slope.encode()),
        0x7FE00010: ("OW", struct.pack(f"<{COUNT}H", *words)),
    }


SLOPES = st.sampled_from(["1", "2", "-1", "0.5", "0.0375", "1.000000E+00", "60000"])
INTERCEPTS = st.sampled_from(["0", "-1024", "-8192.5", "7", "100000"])


@st.composite
def slices(draw: st.DrawFn) -> list[tuple[int, list[int], int, bool, str, str]]:
    held = []
    for k in range(draw(st.integers(2, 4))):
        bits, signed = draw(st.sampled_from([8, 12, 16])), draw(st.booleans())
        low = -(1 << (bits - 1)) if signed else 0
        ends = (low, low + (1 << bits) - 1)
        values = draw(st.lists(st.one_of(st.integers(*ends), st.sampled_from(ends)), min_size=3, max_size=9))
        held.append((k, (values * COUNT)[:COUNT], bits, signed, draw(SLOPES), draw(INTERCEPTS)))
    return held


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=slices())
def test_every_value_is_the_stored_one_by_the_rescale_of_its_own_slice(tmp_path_factory, held):
    folder = tmp_path_factory.mktemp("slices")
    for k, *rest in held:
        (folder / f"{(7 * k + 3) % 10}.dcm").write_bytes(dicom(slice_of(k, *rest)))
    (series,) = scan([folder]).series
    volume = read_series(series)
    for k, stored, _, _, slope, intercept in held:
        truth = [value * float(slope) + float(intercept) for value in stored]
        found = volume.voxels[k].ravel()
        if found.dtype.kind == "i":
            assert found.tolist() == truth
        else:
            np.testing.assert_array_equal(found, np.array(truth).astype(found.dtype))


PET = {
    0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.128"),
    0x00080060: ("CS", b"PT"),
    0x00080021: ("DA", b"20200304"),
    0x00080022: ("DA", b"20200304"),
    0x00080031: ("TM", b"110000"),
    0x00080032: ("TM", b"110000"),
    0x00101030: ("DS", b"70"),
    0x00280051: ("CS", b"ATTN\\DECY"),
    0x00541001: ("CS", b"BQML"),
    0x00541102: ("CS", b"START"),
    0x00281052: ("DS", b"0"),
}


def pet(path: Path, start: str, dose: str, half_life: str, **without: int) -> Path:
    def element(tag: int, vr: str, text: str) -> bytes:
        value = (text + " " * (len(text) % 2)).encode()
        return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + struct.pack("<H", len(value)) + value

    tracer = element(0x00181072, "TM", start) + element(0x00181074, "DS", dose) + element(0x00181075, "DS", half_life)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(tracer)) + tracer
    elements = {tag: held for tag, held in (ct() | PET).items() if tag not in (0x00281054, *without.values())}
    path.write_bytes(dicom(elements | {0x00540016: ("SQ", item)}))
    return path


def test_suv_of_a_tracer_that_has_decayed_for_one_half_life(tmp_path):
    """70 kg and 400 MBq, injected one half-life (an hour) before the scan: 200 MBq are left, so that
    1000 Bq/ml are 1000 x 70000 / 200e6 = 0.35 g/ml. SUVbw of the QIBA FDG-PET/CT profile."""
    (series,) = scan([pet(tmp_path / "a.dcm", "100000", "400000000", "3600")]).series
    volume = read_series(series)
    assert (series.unit, series.modality) == ("BQML", "PT")
    assert volume.suv_factor == pytest.approx(70_000 / 200e6, rel=1e-9)
    assert volume.voxels[0, 3, 5] == 5 + 20 * 3 + 7  # the voxels stay in Bq/ml


@pytest.mark.parametrize("missing", [0x00101030, 0x00541102])
def test_suv_is_not_guessed_without_a_weight_or_a_kind_of_decay_correction(tmp_path, missing):
    (series,) = scan([pet(tmp_path / "a.dcm", "100000", "400000000", "3600", weight=missing)]).series
    assert series.suv_factor is None
    assert any("SUV" in note for note in series.notes)


@pytest.mark.parametrize(("dose", "half_life"), [("0", "3600"), ("-1", "3600"), ("400000000", "0"), ("much", "3600")])
def test_suv_is_not_guessed_from_an_impossible_dose_or_half_life(tmp_path, dose, half_life):
    (series,) = scan([pet(tmp_path / "a.dcm", "100000", dose, half_life)]).series
    assert series.suv_factor is None
    assert any("SUV" in note for note in series.notes)
