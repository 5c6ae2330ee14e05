"""Numbers as tables have them: ``C/10``, ``-20 °C``, ``333 K``, ``50–70``, ``1,000``, ``2 GPa``.

What cannot be read is not known; it is never an error. A unit beside a number counts as
``words.toml`` has it for the column (``[units]``); a number with nothing but a unit that is not
there is not known. Where no unit is said the column's own holds.
"""

from __future__ import annotations

import math
import re

from twin.outcomes.recognise import words

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT = r"[a-z°%][^\s,;()]*(?:\s*/\s*[^\s,;()]+)?"
_ALIKE = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "≥": ">=", "≤": "<=", "≈": "~", "μ": "u", "µ": "u", "\xa0": " "}
)


def plain(text: str | None) -> str:
    """Return a text with one kind of dash, of micro and of decimal point."""
    said = (text or "").translate(_ALIKE).strip()
    said = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", said)  # 1,000
    return re.sub(r"(?<=\d),(?=\d)", ".", said)  # 93,5


def ends_of(text: str | None) -> tuple[float, ...]:
    """Return the numbers that a text begins with: both ends of a range, or one; none."""
    said = plain(text)
    spread = re.search(rf"({_NUMBER})[^\d+-]*(?:\+/?-|±|\+-)", said)
    ranged = re.search(rf"((?>{_NUMBER}))\s*[^\d\s.+-]{{0,6}}\s*(?:-|to|\.\.)\s*({_NUMBER})", said)
    if ranged is not None and spread is None:
        ends = sorted((float(ranged[1]), float(ranged[2])))
    else:
        match = re.search(_NUMBER, said)
        ends = [float(match[0])] if match else []
    return tuple(ends) if all(math.isfinite(v) for v in ends) else ()


def measure(text: str | None, column: str) -> float | None:
    """Return what a column says in its own unit: the middle of a range; None if it is no number.

    Parameters
    ----------
    text : str or None
        What stands there.
    column : str
        ``temperature``, ``pressure``, ``thickness``, ``loading``, ``current``, ``charge``,
        ``rate`` or ``cycles``.
    """
    return _read(text, column)[0]


def why_not(text: str | None, column: str) -> str:
    """Return why a column's text is no measure; nothing where it is one."""
    return _read(text, column)[1]


def _read(text: str | None, column: str) -> tuple[float | None, str]:
    """Return a measure, or why it is none."""
    said = plain(text)
    lower = said.lower()
    known = words()["said"].get(column, {})
    for word, value in known.items():
        if lower == word:
            return float(value), ""
    if column == "rate" and (by := re.fullmatch(rf"\s*c\s*/\s*({_NUMBER})\s*", lower)):
        return (1 / float(by[1]), "") if float(by[1]) else (None, "is no number")
    ends = ends_of(said)
    if not ends:
        return None, "is no number"
    value = sum(ends) / len(ends)
    if column == "rate" and re.search(r"ma\s*/?\s*(g|cm)", lower):
        return None, "is a current, not a rate"  # the capacity behind it is not told
    factor, offset = 1.0, 0.0
    beside = re.sub(_NUMBER, "0", lower)  # the e of 1e-3 is no unit
    unit = re.search(rf"(?<=[\d.\s)])({_UNIT})", beside)
    if unit is not None:
        found = _factor(unit[1], column)
        if found is None and re.fullmatch(rf"[^a-z]*{re.escape(unit[1])}\.?", beside):
            return None, f"has a unit that is not known here, {unit[1]!r}"
        factor, offset = found or (factor, offset)
    value = value * factor + offset
    low, high = words()["plausible"].get(column, (-math.inf, math.inf))
    if not low <= value <= high:
        return None, f"is beyond what can be, {low:g} to {high:g}"
    return value, ""


def _factor(unit: str, column: str) -> tuple[float, float] | None:
    """Return the factor and offset of a unit to its column's; None where it is not known."""
    for name, (factor, offset) in words()["units"].get(column, {}).items():
        if re.match(rf"{re.escape(name)}(?![a-z])", unit):
            return float(factor), float(offset)
    return None


def put_on(pressure: str | None, anode: str | None) -> float | None:
    """Return how hard the metal was put on before the test [MPa]; 0 if no harder than it is held.

    ``0.25 after prior 30 MPa press`` says 30, ``0.25, no prior press`` 0, an anode ``attached at
    ~12 MPa`` 12; None where nothing is said of it.
    """
    known = words()["put_on"]
    said, of_anode = plain(pressure).lower(), plain(anode).lower()
    if any(word in f"{said} {of_anode}" for word in known["none"]):
        return 0.0
    after = rf"(?:{'|'.join(known['words'])})\D*({_NUMBER}\s*[kmg]?pa)"
    match = re.search(after, said) or re.search(rf"({_NUMBER}\s*[kmg]?pa)", of_anode)
    return None if match is None else measure(match[1], "pressure")


def half_cycle(note: str | None) -> float | None:
    """Return how long a half cycle takes [h]: of ``5 min half cycles``, ``(0.5 h half cycles)``."""
    match = re.search(rf"({_NUMBER})\s*(min|h)\w*\.?\s+half[ -]cycle", plain(note).lower())
    if match is None or float(match[1]) <= 0:
        return None
    return float(match[1]) / (60 if match[2] == "min" else 1)


__all__ = ["ends_of", "half_cycle", "measure", "plain", "put_on", "why_not"]
