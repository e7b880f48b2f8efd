"""From the activity in a PET picture to the standardised uptake value by body weight, or why that cannot be said."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

_DAY_S = 86_400.0
_UNDATED_HALF_LIFE_S = 6 * 3600.0  # a longer-lived tracer may have been given days before the scan
_DOSE_BQ = (1e5, 1e11)  # 0.1 MBq to 100 GBq: outside, the dose is in another unit than the standard's
_WEIGHT_KG = (0.005, 700.0)  # a mouse to more than any scanner carries
_HALF_LIVES = 8  # after so many the patient is not scanned any more: the times are wrong


@dataclass(frozen=True)
class Tracer:
    """What the header of a PET file says of the tracer and of its times.

    Times are seconds as `seconds_of` gives them; injected_dated is False where the file tells the time of day alone.
    series_factor is a vendor's own factor from the stored unit to SUVbw, Philips (7053,1000).
    """

    unit: str
    suv_type: str = ""
    corrected: tuple[str, ...] = ()
    decay_correction: str = ""
    weight_kg: float | None = None
    dose_bq: float | None = None
    half_life_s: float | None = None
    injected_s: float | None = None
    injected_dated: bool = False
    series_s: float | None = None
    acquired_s: float | None = None
    scan_s: float | None = None  # GE (0009,100D)
    series_factor: float | None = None


def suv_factor(tracer: Tracer, first_acquired_s: float | None) -> tuple[float | None, str]:
    """Factor from stored activity to SUVbw in g/ml, or None and one sentence why there is none.

    first_acquired_s is the earliest acquisition in the whole series. SUVbw = activity [Bq/ml] x weight [g] / dose
    [Bq], the dose decayed to the time to which the activity was corrected: QIBA FDG-PET/CT profile, "SUV vendor
    neutral pseudo-code" (2012), and DICOM PS3.3 C.8.9.1 for Units, Decay Correction and Corrected Image.
    """
    if tracer.unit == "GML":
        if tracer.suv_type in ("", "BW"):
            return 1.0, ""
        return None, f"No SUV by body weight: the values are SUV of type {tracer.suv_type}."
    if tracer.unit == "CNTS":
        if tracer.series_factor:
            return tracer.series_factor, ""
        return None, "No SUV: the values are counts without a factor."
    if tracer.unit != "BQML":
        return None, f"No SUV: the values are in {tracer.unit or 'an unknown unit'}."
    lacking = _lacking(tracer)
    if lacking:
        return None, f"No SUV: the file does not tell {lacking}."
    assert tracer.dose_bq is not None and tracer.weight_kg is not None
    if not _DOSE_BQ[0] <= tracer.dose_bq <= _DOSE_BQ[1]:
        return None, f"No SUV: a dose of {tracer.dose_bq:g} Bq cannot be right."
    if not _WEIGHT_KG[0] <= tracer.weight_kg <= _WEIGHT_KG[1]:
        return None, f"No SUV: a weight of {tracer.weight_kg:g} kg cannot be right."
    if "ATTN" not in tracer.corrected or not {"DECY", "DECAY"} & set(tracer.corrected):  # the standard writes DECY
        return None, "No SUV: the values are not corrected for attenuation and decay."
    if tracer.decay_correction == "ADMIN":
        return tracer.weight_kg * 1000.0 / tracer.dose_bq, ""
    if tracer.decay_correction != "START":
        return None, f"No SUV: the decay correction is {tracer.decay_correction or 'not told'}."
    return _factor_at_start(tracer, first_acquired_s)


def _lacking(tracer: Tracer) -> str:
    needs = {"the weight": tracer.weight_kg, "the injected dose": tracer.dose_bq}
    if tracer.decay_correction == "START":
        needs |= {"the half-life": tracer.half_life_s, "the time of injection": tracer.injected_s}
        if tracer.series_s is None and tracer.acquired_s is None and tracer.scan_s is None:
            needs["the time of the scan"] = None
    return ", ".join(name for name, value in needs.items() if value is None)


def _factor_at_start(tracer: Tracer, first_acquired_s: float | None) -> tuple[float | None, str]:
    assert tracer.dose_bq and tracer.weight_kg and tracer.half_life_s is not None and tracer.injected_s is not None
    start_s = _start_s(tracer, first_acquired_s)
    if start_s is None:
        return None, "No SUV: the file does not tell the time of the scan."
    waited_s = start_s - tracer.injected_s
    if not tracer.injected_dated:
        if not tracer.half_life_s <= _UNDATED_HALF_LIFE_S:
            return None, "No SUV: the file does not tell on which day the tracer was given."
        waited_s %= _DAY_S  # the time of day alone: within the day before the scan, perhaps across midnight
    if not (tracer.half_life_s > 0 and 0 <= waited_s <= _HALF_LIVES * tracer.half_life_s):
        return None, "No SUV: the times of injection and scan or the half-life cannot be right."
    return tracer.weight_kg * 1000.0 / (tracer.dose_bq * 2.0 ** (-waited_s / tracer.half_life_s)), ""


def _start_s(tracer: Tracer, first_acquired_s: float | None) -> float | None:
    """To when the scanner has corrected the decay. A series time after the acquisition is when a copy was made, and
    then GE tells the time itself; others correct to the first acquisition."""
    first = tracer.acquired_s if first_acquired_s is None else first_acquired_s
    if tracer.series_s is not None and (first is None or tracer.series_s <= first):
        return tracer.series_s
    return first if tracer.scan_s is None else tracer.scan_s


def seconds_of(date: str, time: str) -> float | None:
    """Seconds of a DICOM date (DA) and time (TM), to compare with each other; None unless both are valid.

    Accepts the old forms with dots and colons. DICOM PS3.5 6.2.
    """
    whole, _, fraction = time.strip().replace(":", "").partition(".")
    if len(whole) not in (2, 4, 6) or not (whole + fraction).isdecimal():
        return None
    midnight_s = _midnight_s(date)
    if midnight_s is None:
        return None
    hours, minutes, seconds = int(whole[:2]), int(whole[2:4] or 0), int(whole[4:] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:  # 60: a leap second
        return None
    return midnight_s + hours * 3600.0 + minutes * 60.0 + seconds + (float(f"0.{fraction}") if fraction else 0.0)


@lru_cache(maxsize=256)
def _midnight_s(date: str) -> float | None:
    day = date.strip().replace(".", "")
    try:
        return datetime.date(int(day[:4]), int(day[4:6]), int(day[6:8])).toordinal() * _DAY_S
    except ValueError:
        return None


def seconds_of_datetime(text: str, zone: str = "") -> float | None:
    """Seconds of a DICOM date and time in one (DT); None unless it has a time of day. DICOM PS3.5 6.2.

    zone is that of the file's other times, TimezoneOffsetFromUTC ("+0100"), to which a DT with a zone of its own is
    brought; where one of the two is not told, they are taken for the same.
    """
    if not text:  # as most are: a scan of thousands of files waits for this
        return None
    local = re.split("[+-]", text.strip())[0]
    seconds = seconds_of(local[:8], local[8:]) if len(local) >= 10 else None
    own_s, files_s = _offset_s(text.strip()[len(local) :]), _offset_s(zone.strip())
    if seconds is None or own_s is None or files_s is None:
        return seconds
    return seconds - own_s + files_s


def _offset_s(zone: str) -> float | None:
    """Seconds east of Greenwich of "+HHMM"; None for anything else."""
    if not re.fullmatch(r"[+-]\d{4}", zone, re.ASCII):
        return None
    seconds = int(zone[1:3]) * 3600.0 + int(zone[3:]) * 60.0
    return -seconds if zone[0] == "-" else seconds
