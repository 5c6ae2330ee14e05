"""Times written as text: ``hh:mm:ss``, ``1d 02:03:04``, dates with and without a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

# RE2's syntax, which pyarrow uses.
_SPAN = (
    r"^\s*(?:(?P<d>\d{1,6})\s*(?:d|days?|[-. ])\s*,?\s*)?(?P<h>\d{1,7}):(?P<m>\d{1,2})"
    r"(?::(?P<s>\d{1,2}(?:[.,:]\d+)?))?\s*$"
)
_CLOCK = (
    r"(?:[T ]\s*(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:[.,]\d+)?))?)?"
    r"\s*(?P<p>[AaPp]\.?[Mm]\.?)?\s*(?P<z>Z|UTC|[+-]\d{2}:?\d{2})?\s*$"
)
_ISO = r"^\s*(?P<y>\d{4})[-/.](?P<b>\d{1,2})[-/.](?P<a>\d{1,2})" + _CLOCK
_NUMBERS = r"^\s*(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})" + _CLOCK
_NAMED = r"^\s*(?P<a>\d{1,2})[- ](?P<b>[A-Za-z]{3})[a-z]*[- ](?P<y>\d{4}|\d{2})" + _CLOCK
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY = 86400.0
EXCEL_EPOCH = -2209161600.0
"""Day 0 of spreadsheets, 1899-12-30, as seconds since 1970."""


def is_text_time(samples: Sequence[str]) -> bool:
    """Return whether most of these are times or dates written as text."""
    given = [s for s in samples if s.strip()]
    fits = sum(any(re.match(p, s) for p in (_SPAN, _ISO, _NUMBERS, _NAMED)) for s in given)
    return bool(given) and 2 * fits > len(given)


class TextTimes:
    """Reads one column of times; the form is decided by the first rows.

    Parameters
    ----------
    samples : sequence of str
        The first values.

    Attributes
    ----------
    dated : bool
        Whether they are dates, and so count from 1970.
    zoned : bool
        Whether they name their zone, and so are UTC.
    remark : str
        What had to be guessed; empty if nothing.
    """

    def __init__(self, samples: Sequence[str]):
        given = [s for s in samples if s.strip()]
        self.remark = ""
        forms = (_SPAN, _ISO, _NUMBERS, _NAMED)
        hits = [sum(bool(re.match(form, s)) for s in given) for form in forms]
        self._form = forms[int(np.argmax(hits))]
        self.dated = self._form != _SPAN
        self.zoned = self.dated and any(
            re.search(r"(Z|UTC|[+-]\d{2}:?\d{2})\s*$", s) for s in given
        )
        self._month_first = False
        if self._form == _NUMBERS and given:
            matches = [m for s in given if (m := re.match(_NUMBERS, s))]
            first, second = (max(int(m[key]) for m in matches) for key in "ab")
            self._month_first = second > 12 or (first <= 12 and "/" in given[0])
            if first <= 12 and second <= 12 and "/" in given[0]:
                self.remark = "its dates were read as month/day/year"

    def seconds(self, texts: Any) -> np.ndarray:
        """Return an array of text as seconds; NaN where it cannot be read."""
        import pyarrow as pa
        import pyarrow.compute as pc

        matched = pc.extract_regex(texts, self._form)
        parts = {field.name: pc.struct_field(matched, field.name) for field in matched.type}

        def number(name: str) -> np.ndarray:
            text = pc.replace_substring_regex(parts[name], "[,:]", ".")
            text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
            values = pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False)
            return np.asarray(values, dtype=float)

        def or_nought(name: str) -> np.ndarray:
            value: np.ndarray = np.nan_to_num(number(name))
            return value

        clock = 3600 * or_nought("h") + 60 * or_nought("m") + or_nought("s")
        lacking = ~np.asarray(pc.is_valid(matched).to_numpy(zero_copy_only=False), dtype=bool)
        if not self.dated:
            clock = clock + _DAY * or_nought("d")
            return np.where(lacking, np.nan, clock)
        day, month, year = number("a"), self._months(parts["b"]), number("y")
        if self._month_first:
            day, month = month, day
        year = np.where(year < 100, year + 2000, year)
        half = pc.utf8_lower(pc.fill_null(parts["p"], "")).to_numpy(zero_copy_only=False)
        half = np.char.replace(np.asarray(half, dtype=str), ".", "")
        hour = or_nought("h")
        clock = (
            clock + 43200 * ((half == "pm") & (hour < 12)) - 43200 * ((half == "am") & (hour == 12))
        )
        total = _DAY * _days(year, month, day) + clock - self._offset(parts["z"])
        good = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        return np.where(lacking | ~good, np.nan, total)

    def _months(self, texts: Any) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._form != _NAMED:
            text = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
            return np.asarray(pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False), float)
        index = pc.index_in(pc.utf8_lower(texts), value_set=pa.array(_MONTHS))
        return np.asarray(pc.cast(index, pa.float64()).to_numpy(zero_copy_only=False), float) + 1

    @staticmethod
    def _offset(texts: Any) -> np.ndarray:
        import pyarrow.compute as pc

        values = np.asarray(pc.fill_null(texts, "").to_numpy(zero_copy_only=False), dtype=str)
        offsets = np.zeros(len(values))
        for text in np.unique(values):
            match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", str(text))
            if match:
                size = 3600 * int(match[2]) + 60 * int(match[3])
                offsets[values == text] = -size if match[1] == "-" else size
        return offsets


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the days since 1970 of dates of the Gregorian calendar (Fliegel's way)."""
    y = year - (month <= 2)
    era = np.floor(y / 400)
    of_era = y - 400 * era
    of_year = np.floor((153 * (month + np.where(month > 2, -3, 9)) + 2) / 5) + day - 1
    in_era = 365 * of_era + np.floor(of_era / 4) - np.floor(of_era / 100) + of_year
    value: np.ndarray = era * 146097 + in_era - 719468
    return value


def number_moments(values: np.ndarray) -> tuple[np.ndarray, str]:
    """Return numbers that are moments as seconds since 1970, and what they were.

    Seconds, milliseconds, or a spreadsheet's days since 1899-12-30.
    """
    known = values[np.isfinite(values)]
    middle = float(np.median(known)) if len(known) else 0.0
    if 1e8 < middle < 1e11:
        return values, ""
    if 1e11 < middle < 1e14:
        return values / 1000, "its moments are in milliseconds"
    if 2e4 < middle < 1e5:
        return values * _DAY + EXCEL_EPOCH, "its moments are a spreadsheet's days"
    return np.full_like(values, np.nan), ""


def to_utc(local: np.ndarray, zone: str) -> np.ndarray:
    """Return local times of a zone [s since 1970] in UTC.

    Of an hour that a clock shows twice, the second that follows the first is meant.
    """
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    place = ZoneInfo(zone)
    quarters = np.floor(local / 900)
    result = np.array(local, dtype=float)
    again = naive_backwards(local)
    second_time = np.zeros(len(local), dtype=bool)
    if len(again):
        second_time[again[0] :] = True
    for quarter in np.unique(quarters[np.isfinite(quarters)]):
        naive = datetime.fromtimestamp(float(quarter) * 900, UTC).replace(tzinfo=place)
        here = quarters == quarter
        for fold, rows in ((0, here & ~second_time), (1, here & second_time)):
            offset = naive.replace(fold=fold).utcoffset()
            result[rows] -= offset.total_seconds() if offset else 0.0
    return result


def naive_backwards(local: np.ndarray) -> np.ndarray:
    """Return where a local clock goes back by half an hour or more."""
    return np.flatnonzero(np.diff(local) < -1700) + 1
