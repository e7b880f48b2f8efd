"""SUV factors against numbers worked out by hand: 70 kg, 370 MBq, a half-life of 6,586.2 s (fluorine 18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from viewer.io.suv import Tracer, seconds_of, seconds_of_datetime, suv_factor

_DAY_S = 86_400.0
NOON_S = seconds_of("20200304", "120000") or 0.0
FDG = Tracer(
    unit="BQML",
    corrected=("ATTN", "DECY"),
    decay_correction="START",
    weight_kg=70.0,
    dose_bq=370e6,
    half_life_s=6586.2,
    injected_s=NOON_S,
    series_s=NOON_S + 6586.2,
    acquired_s=NOON_S + 7000.0,
)
AFTER_ONE_HALF_LIFE = 70_000 / 185e6  # g / Bq = 3.7838e-4: 10,000 Bq/ml are an SUV of 3.78


@pytest.mark.parametrize(
    ("tracer", "factor"),
    [
        (FDG, AFTER_ONE_HALF_LIFE),
        (replace(FDG, series_s=NOON_S + 2 * 6586.2, acquired_s=NOON_S + 99_999), 70_000 / 92.5e6),
        (replace(FDG, decay_correction="ADMIN", injected_s=None, half_life_s=None), 70_000 / 370e6),
        (replace(FDG, corrected=("NORM", "DECAY", "ATTN")), AFTER_ONE_HALF_LIFE),
        (replace(FDG, unit="GML"), 1.0),
        (replace(FDG, unit="GML", suv_type="BW"), 1.0),
        (replace(FDG, unit="CNTS", series_factor=0.5), 0.5),
    ],
)
def test_factor_is_the_weight_over_the_decayed_dose(tracer, factor):
    assert suv_factor(tracer, tracer.acquired_s) == (pytest.approx(factor, rel=1e-12), "")


def test_series_time_after_the_acquisition_gives_way_to_the_first_acquisition():
    late = replace(FDG, series_s=NOON_S + 30_000, acquired_s=NOON_S + 20_000)
    assert suv_factor(late, NOON_S + 6586.2)[0] == pytest.approx(AFTER_ONE_HALF_LIFE, rel=1e-12)
    assert suv_factor(replace(late, scan_s=NOON_S + 6586.2), NOON_S + 9000)[0] == pytest.approx(AFTER_ONE_HALF_LIFE)


def test_time_of_day_alone_may_be_before_midnight():
    given = seconds_of("20200304", "230000") or 0.0  # read with the day of the scan: it was the day before
    scan = (seconds_of("20200304", "000000") or 0.0) + 6586.2 - 3600
    assert suv_factor(replace(FDG, injected_s=given, series_s=scan, acquired_s=scan), scan)[0] == pytest.approx(
        AFTER_ONE_HALF_LIFE, rel=1e-12
    )


def test_dated_injection_after_the_scan_is_refused():
    tracer = replace(FDG, injected_s=NOON_S + 6587, injected_dated=True)
    assert suv_factor(tracer, tracer.acquired_s) == (
        None,
        "No SUV: the times of injection and scan or the half-life cannot be right.",
    )


def test_long_lived_tracer_needs_the_day_of_its_injection():
    zirconium = replace(FDG, half_life_s=282_240.0, series_s=NOON_S + 5 * _DAY_S, acquired_s=None)
    assert "on which day" in suv_factor(zirconium, None)[1]
    dated = replace(zirconium, injected_dated=True)
    expected = 70_000 / (370e6 * 0.5 ** (5 * 86_400 / 282_240))
    assert suv_factor(dated, None)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weight_kg": None}, "does not tell the weight."),
        ({"weight_kg": None, "dose_bq": None}, "the weight, the injected dose."),
        ({"half_life_s": None}, "the half-life"),
        ({"injected_s": None}, "the time of injection"),
        ({"series_s": None, "acquired_s": None}, "the time of the scan"),
        ({"dose_bq": 370.0}, "a dose of 370 Bq"),
        ({"weight_kg": 0.0}, "a weight of 0 kg"),
        ({"corrected": ("DECY",)}, "not corrected for attenuation"),
        ({"corrected": ("ATTN",)}, "not corrected for attenuation"),
        ({"decay_correction": "NONE"}, "decay correction is NONE"),
        ({"decay_correction": ""}, "decay correction is not told"),
        ({"half_life_s": 0.0}, "cannot be right"),
        ({"series_s": NOON_S - 60}, "cannot be right"),  # almost a day, thirteen half-lives
        ({"unit": "CNTS"}, "counts without a factor"),
        ({"unit": "PROPCNTS"}, "in PROPCNTS"),
        ({"unit": ""}, "unknown unit"),
        ({"unit": "GML", "suv_type": "LBM"}, "type LBM"),
    ],
)
def test_what_is_lacking_or_wrong_is_named(change, why):
    tracer = replace(FDG, **change)
    factor, sentence = suv_factor(tracer, tracer.acquired_s)
    assert factor is None
    assert sentence.startswith("No SUV")
    assert why in sentence


@pytest.mark.parametrize(
    ("date", "time", "after_midnight_s"),
    [
        ("20200304", "010203.5", 3723.5),
        ("2020.03.04", "01:02:03", 3723.0),
        ("20200304", "0102", 3720.0),
        ("20200304", "01", 3600.0),
        ("20200304", "010203.000001", 3723.000001),
    ],
)
def test_times_are_read_in_all_forms_of_the_standard(date, time, after_midnight_s):
    midnight = seconds_of("20200304", "000000")
    found = seconds_of(date, time)
    assert midnight is not None
    assert found is not None
    assert found - midnight == pytest.approx(after_midnight_s, abs=1e-5)


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("", "120000"),
        ("20200304", ""),
        ("20201345", "12"),
        ("20200304", "noon"),
        ("20200304", "240000"),
        ("20200304", "1260"),
        ("20200304", "120061"),
    ],
)
def test_what_is_no_date_or_time_is_none(date, time):
    assert seconds_of(date, time) is None


def test_date_and_time_in_one_is_brought_to_the_zone_of_the_file():
    assert seconds_of_datetime("20200304120000.00+0100", "+0100") == NOON_S
    assert seconds_of_datetime("20200304120000.00+0100", "-0530") == NOON_S - 6.5 * 3600
    assert seconds_of_datetime("20200304120000-0500", "+0000") == NOON_S + 5 * 3600


def test_a_zone_that_is_not_told_or_damaged_is_taken_for_that_of_the_file():
    assert seconds_of_datetime("20200304120000.00+0100") == NOON_S
    assert seconds_of_datetime("20200304120000-0500", "east") == NOON_S
    assert seconds_of_datetime("20200304120000", "+0200") == NOON_S
    assert seconds_of_datetime("20200304120000+01", "+0200") == NOON_S
    assert seconds_of_datetime("20200304") is None
