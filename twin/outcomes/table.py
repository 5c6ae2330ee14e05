"""A table of published outcomes: one measured number a row, as CSV.

Two kinds of columns are read. *As published*: ``paper, id, family, anode, electrolyte, cathode,
additive_or_interlayer, temperature_C, pressure_MPa, …, quantity, at_cycle, value, bound,
how_read``; the classes are then told from the words. *Coded*: ``paper, id, quantity, lo, hi, N, T,
electrolyte, cathode, anode, wet, interlayer, control, cls, read``, where they are given. What a row
leaves out is not known; nothing is guessed here.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from twin.catalog.cells import library
from twin.errors import InputError
from twin.outcomes.measures import ends_of, half_cycle, measure, plain, put_on, why_not
from twin.outcomes.recognise import class_of, marks_of, number_of, words

RETENTION = "retention_pct"
RESISTANCE = "r_interface_ohm_cm2"
CRITICAL = "ccd_mA_cm2"
LIFE = "life_h"
PUBLISHED = "published"
"""The name of the library's own table."""
SCORED = (RETENTION, RESISTANCE, CRITICAL, LIFE)
"""The quantities that are predicted and scored; others are read and left."""

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
    pressed_at : float or None
        How hard the metal was put on before [MPa]; 0 if no harder than it is held.
    half_cycle : float or None
        How long a half cycle takes [h].
    thickness, loading : float or None
        Of the electrolyte [um]; active material of the cathode [mg.cm-2].
    window : tuple
        Lower and upper voltage limit [V], as far as they are told.
    classes : mapping
        ``electrolyte``, ``cathode``, ``anode``, and ``face`` (bare, pressed, coated, soft, alloy).
    marks : frozenset
        ``wet``, ``interlayer``, ``pressed``, ``control`` (the paper's own negative control),
        ``plating`` (of one face, never stripped), ``full text``.
    words : mapping
        The set-up as the source has it.
    again : int
        How many rows before it have its paper, id and quantity.
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
    pressed_at: float | None = None
    half_cycle: float | None = None
    thickness: float | None = None
    loading: float | None = None
    window: tuple[float | None, float | None] = (None, None)
    classes: Mapping[str, str | None] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    again: int = 0

    @property
    def measured(self) -> bool:
        """Whether it says anything of its quantity: one that does not is predicted, not scored."""
        return self.lo > 0 or self.hi < (100 if self.quantity == RETENTION else math.inf)

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
        Those of a quantity that is scored. What a cell says and nobody can read is not known; a row
        whose value is no number is predicted and not scored.
    left : list of str
        A line on every other row, and on what could not be read of those.

    Raises
    ------
    InputError
        If the file cannot be read, or a column is missing.
    """
    columns, lines = _lines(Path(path))
    rows: list[Row] = []
    left: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, clean in lines:
        where = f"line {number}" + (f", {clean['id']}" if clean["id"] else "")
        clean["id"] = clean["id"] or f"line {number}"
        clean["quantity"] = _QUANTITIES.get(clean["quantity"].lower(), clean["quantity"])
        if clean["quantity"] not in SCORED:
            said = clean["quantity"] or "no quantity"
            left.append(f"{where}: {said} is not scored; one of {', '.join(SCORED)} is")
            continue
        coded = {"lo", "hi"} <= columns and (clean["lo"] or clean["hi"] or "value" not in columns)
        row = (_coded if coded else _published)(clean)
        odd = [*_unread(clean), *(_odd_ends(clean) if coded else _odd_words(clean))]
        left += [f"{where}: {what}" for what in odd]
        if not row.measured:
            left.append(f"{where}: no value is read: predicted, not scored")
        key = (row.paper, row.id, row.quantity)
        rows.append(replace(row, again=seen.get(key, 0)))
        seen[key] = seen.get(key, 0) + 1
    return _with_controls(rows), left


def read_tables(paths: Sequence[str | Path]) -> tuple[list[Row], list[str]]:
    """Read several tables as one; ``published`` is the library's own.

    Returns as :func:`read_outcomes` does; what was left says of which file, where there are
    several.
    """
    rows: list[Row] = []
    left: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    for path in paths:
        more, unread = read_outcomes(published() if str(path) == PUBLISHED else path)
        left += [f"{path}: {line}" if len(paths) > 1 else line for line in unread]
        for row in more:
            key = (row.paper, row.id, row.quantity)
            rows.append(replace(row, again=seen.get(key, 0)))
            seen[key] = seen.get(key, 0) + 1
    return rows, left


def published() -> Path:
    """Return the library's own table."""
    for folder in library().directories:
        if (path := folder / "outcomes" / f"{PUBLISHED}.csv").is_file():
            return path
    raise InputError(
        "the library has no table of published outcomes", fix="reinstall the twin, or give a file"
    )


_QUANTITIES = {name.lower(): name for name in SCORED}
_MEASURES = {
    "temperature": ("temperature_C", "T"),
    "pressure": ("pressure_MPa", "p_MPa"),
    "thickness": ("electrolyte_thickness_um",),
    "loading": ("cathode_loading_mg_cm2",),
    "current": ("current_mA_cm2", "j"),
    "charge": ("capacity_per_half_cycle_mAh_cm2", "q_half"),
    "rate": ("rate_C",),
    "cycles": ("at_cycle", "N"),
}
"""The columns of what is measured of a set-up, as published and coded."""


def _unread(data: Mapping[str, str]) -> list[str]:
    """Return what says something that is no number, and why."""
    return [
        f"{column} {_short(data[column])} is not read: it {why}"
        for name, columns in _MEASURES.items()
        for column in columns
        if data.get(column) and (why := why_not(data[column], name))
    ]


def _odd_words(data: Mapping[str, str]) -> list[str]:
    """Return which words of a set-up stand for nothing that is known."""
    told = {"anode": data.get("anode", "")}
    told["electrolyte"] = f"{data.get('electrolyte', '')} {data.get('family', '')}".strip()
    if data["quantity"] == RETENTION:  # others may be of symmetric cells
        told["cathode"] = data.get("cathode", "")
    odd = [
        f"{what} {_short(text)} is of no class that is known (words.toml)"
        for what, text in told.items()
        if text and class_of(what, text) is None
    ]
    bound = plain(data.get("bound")).lower()
    if bound not in words()["bound"]["known"] and not bound.startswith(("<", ">")):
        odd.append(f"bound {_short(data['bound'])} is not read: =, >=, <=, range or trend")
    if data.get("how_read", "").lower() not in words()["how_read"]["known"]:
        odd.append(f"how_read {_short(data['how_read'])} is not read: F (full text) or A")
    return odd


def _odd_ends(data: Mapping[str, str]) -> list[str]:
    """Return what is odd about a coded interval."""
    lo, hi = ends_of(data["lo"]), ends_of(data["hi"])
    if lo and hi and lo[0] > hi[-1]:
        return [f"lo {_short(data['lo'])} is above hi {_short(data['hi'])}: taken the other way"]
    return []


def _short(text: str) -> str:
    """Return a cell's text, quoted and not longer than a line."""
    return repr(text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…")


_MOST_SAID = 40
"""So much of a cell's text is said again."""


def _measured(data: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row says of its set-up in numbers."""
    measured: dict[str, float | None] = {}
    for name, columns in _MEASURES.items():
        said = next((data[column] for column in columns if data.get(column)), None)
        measured[name] = measure(said, name)
    for name in ("rate", "current", "charge", "loading", "thickness", "cycles"):
        measured[name] = measured[name] or None  # nought of it is none
    pressure = data.get("pressure_told") or data.get("pressure_MPa")
    measured["pressed_at"] = put_on(pressure, data.get("anode_told") or data.get("anode"))
    measured["half_cycle"] = half_cycle(data.get("note"))
    return measured | {"window": _window(data.get("voltage_window_V", ""))}


def _lines(path: Path) -> tuple[set[str], list[tuple[int, dict[str, str]]]]:
    """Return the columns, and each row with the line that it ends on; empty ones are left out."""
    text = _text(path)
    reader = _reader(text)
    lines = []
    before = csv.field_size_limit(max(len(text), 1))  # what is one cell is not an error
    try:
        columns = set(reader.fieldnames or ())
        _check(columns, str(path))
        for data in reader:
            clean = {k: (v or "").strip() for k, v in data.items() if isinstance(k, str)}
            if any(clean.values()):
                lines.append((reader.line_num, clean))
    finally:
        csv.field_size_limit(before)
    return columns, lines


def _reader(text: str) -> csv.DictReader[str]:
    """Return the rows; commas, semicolons or tabs between cells, as the header has most."""
    header = text.split("\n", 1)[0]
    comma = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=comma)
    if reader.fieldnames is not None:
        reader.fieldnames = [name.strip() for name in reader.fieldnames]
    return reader


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the table cannot be read: {error.strerror}", file=str(path), fix="give a CSV file"
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


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
    marks = {name for name in ("wet", "interlayer", "control") if data.get(name) == "1"}
    if data.get("read", "").upper() == "F":
        marks.add("full text")
    marks |= marks_of({"note": data.get("note", "")}) & {"plating"}
    face = data.get("cls") or None
    if face == "pressed":
        marks.add("pressed")
    words = {"note": data.get("note", "")}
    for name in ("anode", "electrolyte", "cathode"):
        words[name] = data.get(f"{name}_told", "")
    words["additive_or_interlayer"] = data.get("additive_or_interlayer", "")
    told = _measured(data)
    if told["pressure"] is None:
        told["pressure"] = measure(data.get("pressure_told"), "pressure")
    return Row(
        data["paper"],
        data["id"],
        data["quantity"],
        *_ends(data),
        classes={
            "electrolyte": data.get("electrolyte") or None,
            "cathode": data.get("cathode") or None,
            "anode": data.get("anode") or None,
            "face": face,
        },
        marks=frozenset(marks),
        words=words,
        **told,
    )


def _ends(data: Mapping[str, str]) -> tuple[float, float]:
    """Return the coded interval; an end that is not told is that of all there is."""
    quantity = data["quantity"]
    most = 100.0 if quantity == RETENTION else math.inf
    ends = [ends_of(data[name]) for name in ("lo", "hi")]
    if any(not _can_be(quantity, v) for of in ends for v in of):
        return 0.0, most
    lo = ends[0][0] if ends[0] else 0.0
    hi = ends[1][-1] if ends[1] else most
    if hi >= _ENDLESS.get(quantity, math.inf):
        hi = math.inf
    return _ordered(lo, hi, most)


def _can_be(quantity: str, value: float) -> bool:
    """Return whether a quantity can have a value: an absurd one is misread."""
    return 0 <= value <= (_most_retained() if quantity == RETENTION else math.inf)


def _most_retained() -> float:
    return float(words()["plausible"]["retention"][1])


def _ordered(lo: float, hi: float, most: float) -> tuple[float, float]:
    lo, hi = (min(max(v, 0.0), most) for v in (lo, hi))
    return (lo, hi) if lo <= hi else (hi, lo)


def _window(text: str) -> tuple[float | None, float | None]:
    """Return both limits of "2.0-3.25"; the upper one alone of "-3.5"."""
    match = re.fullmatch(
        r"\s*(\d+(?:\.\d+)?)?\s*v?\s*(?:-|to)\s*(\d+(?:\.\d+)?)\s*v?.*", plain(text).lower()
    )
    if match is None:
        return None, None
    low, high = match.groups()
    lower, upper = (None if low is None else float(low)), float(high)
    return (None, None) if lower is not None and lower >= upper else (lower, upper)


def _published(data: Mapping[str, str]) -> Row:
    words = {
        name: data.get(name, "")
        for name in ("family", "anode", "electrolyte", "cathode", "additive_or_interlayer", "note")
    }
    told = {k: v for k, v in words.items() if k != "family"}
    marks = set(marks_of(told | {"pressure": data.get("pressure_MPa", "")}))
    added = words["additive_or_interlayer"].lower()
    if added and added != "none":
        marks.add("interlayer")
    if data.get("how_read", "").upper() == "F":
        marks.add("full text")
    electrolyte = class_of("electrolyte", words["electrolyte"] + " " + words["family"])
    anode = class_of("anode", words["anode"])
    return Row(
        data["paper"],
        data["id"],
        data["quantity"],
        *_interval(data["quantity"], data.get("bound", "="), data.get("value", "")),
        classes={
            "electrolyte": electrolyte,
            "cathode": class_of("cathode", words["cathode"]),
            "anode": anode,
            "face": _face(electrolyte, anode, marks),
        },
        marks=frozenset(marks),
        words=words,
        **_measured(data),
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
    treated = {r.paper for r in rows if r.quantity == RETENTION and "interlayer" in r.marks}
    rows_with = []
    for row in rows:
        bare = row.words.get("additive_or_interlayer", "").lower() == "none"
        if row.quantity == RETENTION and bare and row.paper in treated:
            row = replace(row, marks=row.marks | {"control"})
        rows_with.append(row)
    return rows_with


def _interval(quantity: str, bound: str, value: str) -> tuple[float, float]:
    """Return the interval that a value and its bound mean; all there is for words."""
    most = 100.0 if quantity == RETENTION else math.inf
    said, bound = plain(value).lower(), plain(bound).lower()
    ends = ends_of(said)
    if not ends or bound == "trend" or (re.search(r"[a-z]{3}", said) and len(ends) < 2):
        return 0.0, most
    if said[0] in "<>" and not bound.startswith(("<", ">")):
        bound = said
    first = ends[0]
    if not all(_can_be(quantity, end) for end in ends) or first >= _ENDLESS.get(quantity, math.inf):
        return 0.0, most
    if bound.startswith(">"):
        return _ordered(first, most, most)
    if bound.startswith("<"):
        return _ordered(0.0, ends[-1], most)
    if quantity == RETENTION and first >= 100:
        return float(number_of("scores", "no_loss")), 100.0
    return _ordered(first, ends[-1], most)
