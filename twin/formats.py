"""Numbers and times as people read them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

_PARTS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def short(value: float | None, digits: int = 3) -> str:
    """Return a number with a few significant digits; ``"-"`` for none."""
    if value is None or not math.isfinite(value):
        return "-"
    if 10**digits - 0.5 <= abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent."""
    return "-" if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f} %"


def duration(seconds: float | None) -> str:
    """Return a time span: ``4.2 s``, ``12 min``, ``3 h 05 min``, ``12.3 d``."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{seconds / 86400:.1f} d"


def ago(moment: datetime) -> str:
    """Return how long ago something was: ``12 min``, ``3 d``."""
    seconds = max((datetime.now(UTC) - _in_utc(moment)).total_seconds(), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(when: datetime) -> str:
    """Return a time in UTC."""
    return f"{_in_utc(when):%Y-%m-%d %H:%M} UTC"


def _in_utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def margin_text(margin: float) -> str:
    """Return a margin with three decimals, never as minus zero."""
    return f"{round(margin, 3) + 0.0:.3f}"


def bar(margin: float, width: int = 8, encoding: str = "utf-8") -> str:
    """Return a margin as a bar: full for the fresh cell, empty at failure."""
    share = min(max(margin, 0.0), 1.0)
    if not encoding.lower().startswith("utf"):
        filled = max(round(share * width), 1 if margin > 0 else 0)
        return "#" * filled + "." * (width - filled)
    # The last sliver stays visible until the criterion is really met.
    eighths = max(round(share * width * 8), 1 if margin > 0 else 0)
    full, part = divmod(eighths, 8)
    return ("█" * full + _PARTS[part]).ljust(width, "░")


_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_UNITS = (
    (re.compile(r"\*m\^0\.5\b"), " √m"),
    (re.compile(r"\b[oO]hm\b"), "Ω"),
    (re.compile(r"(?<![A-Za-zµ])u(?=[mAVgls]\b)"), "µ"),
    (re.compile(r"\bdegC\b"), "°C"),
    # A unit's own exponent: mA/cm2, A.m-2; not that of 2e-3 or of Na3V2.
    (re.compile(r"(?<![A-Za-z])([kcmµndM]?[mKsVAJW])(-[1-3]|[23])(?![\w(]|\.\d)"), r"\1^\2"),
    (re.compile(r"(?<=A)[*. ]h(?:ours?)?\b"), "h"),
    (re.compile(r"(?<=[A-Za-zΩ²³])[*.](?=[A-Za-zµΩ])"), " "),
    (re.compile(r"(?<=\^\d)[*.](?=[A-Za-zµΩ])"), " "),
)
_EXPONENT = re.compile(r"\^(-?\d+)(?![.\d])")


def typeset(text: str) -> str:
    """Return a number with its unit, or a unit, as it is printed: ``mA/cm²``, ``Ω cm²``, ``µm``.

    One way for all figures and pages; files and commands keep what can be typed. It is for
    values and units, not for prose.
    """
    for pattern, instead in _UNITS:
        text = pattern.sub(instead, text)
    return _EXPONENT.sub(lambda match: match[1].translate(_SUPERSCRIPT), text)
