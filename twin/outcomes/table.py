"""A table of published outcomes: one measured number a row, as CSV.

Two kinds of columns are read. *As published*: ``paper, id, family, anode, electrolyte, cathode,
additive_or_interlayer, temperature_C, pressure_MPa, …, quantity, at_cycle, value, bound,
how_read``; the classes are then told from the words. *Coded*: ``paper, id, quantity, lo, hi, N, T,
electrolyte, cathode, anode, wet, interlayer, control, cls, read``, where they are given. What a row
leaves out is not known; nothing is guessed here.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.outcomes.recognise import class_of, marks_of

RETENTION = "retention_pct"
RESISTANCE = "r_interface_ohm_cm2"
CRITICAL = "ccd_mA_cm2"
LIFE = "life_h"
SCORED = (RETENTION, RESISTANCE, CRITICAL, LIFE)
"""The quantities that are predicted and scored; others are read and left."""

_NO_LOSS = 98.5
"""A retention of "100 %" is one that rounds to it [%]."""
_ENDLESS = {LIFE: 1e6, CRITICAL: 1e3, RESISTANCE: 1e6}
"""A coded upper end of so much, or more, is none [the quantity's unit]."""


@dataclass(frozen=True)
class Row:
    """One published number.

    Attributes
    ----------
    paper, id, quantity : str
        Whose it is, and what was measured.
    lo, hi : float
        The interval it is in, in the quantity's unit; ``hi`` is infinite for "at least".
    cycles : float or None
        At which cycle.
    rate, temperature, pressure, current, charge : float or None
        C-rate [1/h], temperature [degC], stack pressure [MPa], current density [mA.cm-2] and charge
        of a half cycle [mAh.cm-2].
    thickness, loading : float or None
        Of the electrolyte [um]; active material of the cathode [mg.cm-2].
    window : tuple
        Lower and upper voltage limit [V], as far as they are told.
    classes : mapping
        ``electrolyte``, ``cathode``, ``anode``, and ``face`` (bare, pressed, coated, soft, alloy).
    marks : frozenset
        ``wet``, ``interlayer``, ``pressed``, ``control`` (the paper's own negative control),
        ``full text``.
    words : mapping
        The set-up as the source has it.
    """

    paper: str
    id: str
    quantity: str
    lo: float
    hi: float
    cycles: float | None = None
    rate: float | None = None
    temperature: float | None = None
    pressure: float | None = None
    current: float | None = None
    charge: float | None = None
    thickness: float | None = None
    loading: float | None = None
    window: tuple[float | None, float | None] = (None, None)
    classes: Mapping[str, str | None] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def two_sided(self) -> bool:
        """Whether it says how much, and not only how much at least or at most."""
        if self.quantity == RETENTION:
            return not (self.hi >= 100 and self.lo <= 90)
        return self.lo > 0 and math.isfinite(self.hi) and self.hi <= 30 * self.lo


def read_outcomes(path: str | Path) -> tuple[list[Row], list[str]]:
    """Read a table.

    Returns
    -------
    rows : list of Row
        Those of a quantity that is scored.
    left : list of str
        A line on every other row: what it says, and why it is left.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or a number is none: with the line.
    """
    reader = csv.DictReader(_text(Path(path)).splitlines())
    columns = set(reader.fieldnames or ())
    _check(columns, str(path))
    rows, left = [], []
    for number, data in enumerate(reader, start=2):
        clean = {k: (v or "").strip() for k, v in data.items() if isinstance(k, str)}
        try:
            row = _coded(clean) if {"lo", "hi"} <= columns else _published(clean)
        except ValueError as error:
            raise InputError(
                f"line {number}: {error}", file=str(path), fix="write a number, or leave it empty"
            ) from None
        if row is None or row.quantity not in SCORED:
            left.append(f"{clean.get('id', number)}: {clean['quantity']} is not scored")
        else:
            rows.append(row)
    return _with_controls(rows), left


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"the table cannot be read: {why}", file=str(path), fix="give a CSV file"
        ) from None


def _check(columns: set[str], path: str) -> None:
    for needed in ({"paper", "id", "quantity"}, {"lo", "hi"}, {"value"}):
        missing = needed - columns
        if (
            missing
            and not (needed == {"value"} and {"lo", "hi"} <= columns)
            and not (needed == {"lo", "hi"} and "value" in columns)
        ):
            raise InputError(
                f"there is no column {sorted(missing)[0]!r}",
                file=path,
                fix="paper, id, quantity, and either value with bound or lo and hi",
            )


def _coded(data: Mapping[str, str]) -> Row:
    lo, hi = float(data["lo"]), float(data["hi"])
    if hi >= _ENDLESS.get(data["quantity"], math.inf):
        hi = math.inf
    marks = {name for name in ("wet", "interlayer", "control") if data.get(name) == "1"}
    if data.get("read") == "F":
        marks.add("full text")
    face = data.get("cls") or None
    if face == "pressed":
        marks.add("pressed")
    words = {"note": data.get("note", "")}
    for name in ("anode", "electrolyte", "cathode"):
        words[name] = data.get(f"{name}_told", "")
    words["additive_or_interlayer"] = data.get("additive_or_interlayer", "")
    return Row(
        data["paper"],
        data["id"],
        data["quantity"],
        lo,
        hi,
        cycles=_number(data, "N"),
        rate=_number(data, "rate_C"),
        temperature=_number(data, "T"),
        pressure=_first(data.get("p_MPa") or data.get("pressure_told")),
        current=_number(data, "j"),
        charge=_number(data, "q_half"),
        classes={
            "electrolyte": data.get("electrolyte") or None,
            "cathode": data.get("cathode") or None,
            "anode": data.get("anode") or None,
            "face": face,
        },
        marks=frozenset(marks),
        words=words,
        **_dimensions(data),
    )


def _dimensions(data: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row says of layers and voltages."""
    return {
        "thickness": _first(data.get("electrolyte_thickness_um")),
        "loading": _first(data.get("cathode_loading_mg_cm2")),
        "window": _window(data.get("voltage_window_V", "")),
    }


def _window(text: str) -> tuple[float | None, float | None]:
    """Return both limits of "2.0-3.25"; the upper one alone of "-3.5"."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)?\s*-\s*(\d+(?:\.\d+)?)\s*", text)
    if found is None:
        return None, None
    low, high = found.groups()
    return (None if low is None else float(low)), float(high)


def _published(data: Mapping[str, str]) -> Row | None:
    interval = _interval(data["quantity"], data.get("bound", "="), data["value"])
    if interval is None:
        return None
    words = {
        name: data.get(name, "")
        for name in ("family", "anode", "electrolyte", "cathode", "additive_or_interlayer", "note")
    }
    told = {k: v for k, v in words.items() if k != "family"}
    marks = set(marks_of(told | {"pressure": data.get("pressure_MPa", "")}))
    added = words["additive_or_interlayer"].lower()
    if added and added != "none":
        marks.add("interlayer")
    if data.get("how_read") == "F":
        marks.add("full text")
    electrolyte = class_of("electrolyte", words["electrolyte"] + " " + words["family"])
    anode = class_of("anode", words["anode"])
    return Row(
        data["paper"],
        data["id"],
        data["quantity"],
        *interval,
        cycles=_first(data.get("at_cycle")),
        rate=_first(data.get("rate_C")),
        temperature=_temperature(data.get("temperature_C")),
        pressure=_first(data.get("pressure_MPa")),
        current=_first(data.get("current_mA_cm2")),
        charge=_first(data.get("capacity_per_half_cycle_mAh_cm2")),
        classes={
            "electrolyte": electrolyte,
            "cathode": class_of("cathode", words["cathode"]),
            "anode": anode,
            "face": _face(electrolyte, anode, marks),
        },
        marks=frozenset(marks),
        words=words,
        **_dimensions(data),
    )


def _face(electrolyte: str | None, anode: str | None, marks: Iterable[str]) -> str:
    """Return the class of the anode's face."""
    if electrolyte == "soft":
        return "soft"
    if "interlayer" in marks:
        return "coated"
    if anode in ("alloy", "sn"):
        return "alloy"
    return "pressed" if "pressed" in marks else "bare"


def _with_controls(rows: list[Row]) -> list[Row]:
    """Mark a paper's bare row as its control where another of the paper has what it lacks."""
    from dataclasses import replace

    treated = {r.paper for r in rows if r.quantity == RETENTION and "interlayer" in r.marks}
    found = []
    for row in rows:
        bare = row.words.get("additive_or_interlayer", "").lower() == "none"
        if row.quantity == RETENTION and bare and row.paper in treated:
            row = replace(row, marks=row.marks | {"control"})
        found.append(row)
    return found


def _interval(quantity: str, bound: str, value: str) -> tuple[float, float] | None:
    """Return the interval that a value and its bound mean; None for words."""
    ends = [float(v) for v in re.findall(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", value)]
    if not ends or (bound == "trend") or (re.search(r"[a-z]{3}", value) and bound != "range"):
        return None
    most = 100.0 if quantity == RETENTION else math.inf
    first = ends[0]
    if bound == "range" and len(ends) > 1:
        return min(ends[:2]), max(ends[:2])
    if bound.startswith(">"):
        return first, most
    if bound.startswith("<"):
        return 0.0, first
    if quantity == RETENTION and first >= 100:
        return _NO_LOSS, 100.0
    return first, first


def _number(data: Mapping[str, str], name: str) -> float | None:
    text = data.get(name, "")
    return float(text) if text else None


def _first(text: str | None) -> float | None:
    """Return the first number in a text, the middle of a range; None if there is none."""
    found = [float(v) for v in re.findall(r"\d+(?:\.\d+)?", text or "")]
    if not found:
        return None
    ranged = re.match(r"\s*\d+(?:\.\d+)?\s*-\s*\d", text or "") is not None
    return sum(found[:2]) / 2 if ranged and len(found) > 1 else found[0]


def _temperature(text: str | None) -> float | None:
    if (text or "").strip().upper() == "RT":
        return 25.0
    return _first(text)
