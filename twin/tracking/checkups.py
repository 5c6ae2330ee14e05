"""Check-ups of a measured cell: from a table or from measured data to readings by cycle.

A table is a CSV with headings that name a quantity and its unit::

    cycle, capacity [mAh], resistance [ohm*cm^2], pressure [MPa]
    1,     1.21,           182,                   5.0
    50,    1.19,           187,

Empty cells were not measured. ``capacity [%]`` or ``capacity [1]`` is a share of the fresh cell's,
``resistance [1]`` a multiple of it. A resistance in ohm is one of the whole cell and is multiplied
by its area.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import InputError
from twin.tracking.method import number_of
from twin.tracking.observables import Observable, observables
from twin.units import UnitError, to_si

if TYPE_CHECKING:
    from twin.measured.measured import Measured
    from twin.store import Store

MOST_BYTES = 4_000_000
MOST_ROWS = 2_000
_SHARES = {"%": 0.01, "percent": 0.01, "1": 1.0, "-": 1.0, "share": 1.0}


@dataclass(frozen=True)
class Reading:
    """One reading: in the observable's unit, or a share of the fresh cell's value."""

    value: float
    share: bool = False


@dataclass(frozen=True)
class CheckUp:
    """What was measured at one cycle.

    Attributes
    ----------
    cycle : int
        How many cycles the cell had been through.
    readings : mapping
        By observable.
    """

    cycle: int
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "cycle": self.cycle,
            "readings": {k: {"value": r.value, "share": r.share} for k, r in self.readings.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CheckUp:
        """Return what :meth:`to_dict` gave."""
        return cls(
            int(data["cycle"]),
            {k: Reading(float(r["value"]), bool(r["share"])) for k, r in data["readings"].items()},
        )


def read_checkups(
    sources: Sequence[str],
    *,
    area_m2: float,
    store: Store | None = None,
    resistance_after: str = "10s",
) -> tuple[list[CheckUp], list[str]]:
    """Read the check-ups of one cell from tables, cyclers' files and measured data.

    Parameters
    ----------
    sources : sequence of str
        CSV tables of check-ups, cyclers' files, or measured data by id; ``NAME@CYCLE`` says at
        which cycle an impedance spectrum was taken, or what is added to a file's own cycles.
    area_m2 : float
        The cell's area, for resistances of the whole cell [m2].
    store : Store, optional
        Where measured data are.
    resistance_after : str
        After which time the resistance of a pulse is taken: ``"1s"``, ``"10s"`` or ``"30s"``.

    Returns
    -------
    checkups : list of CheckUp
        In the order of cycles; readings of the same cycle are put together.
    told : list of str
        What was taken for granted.

    Raises
    ------
    InputError
        If something cannot be used: the file, the row, and what to do.
    """
    parts: list[tuple[str, list[CheckUp]]] = []
    told: list[str] = []
    for source in sources:
        name, at = _at(source)
        text = _table_text(name)
        if text is not None:
            checkups = _of_table(text, name, area_m2)
            if at is not None:
                checkups = [CheckUp(c.cycle + at, c.readings) for c in checkups]
        else:
            checkups = _of_measured(name, at, area_m2, store, resistance_after, told)
        parts.append((name, checkups))
    merged = _merged(parts)
    if not merged:
        raise InputError("there is no check-up in the data", key="data", fix=_HOW)
    return merged, told


_HOW = 'give a table with "cycle, capacity [mAh], resistance [ohm*cm^2]", or cyclers\' files'


def _at(source: str) -> tuple[str, int | None]:
    name, sign, cycle = source.rpartition("@")
    if sign and cycle.isdigit() and not Path(source).expanduser().is_file():
        return name, int(cycle)
    return source, None


def _table_text(name: str) -> str | None:
    """Return a file's text if it is a table of check-ups: its first column is the cycle."""
    path = Path(name).expanduser()
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return None
    try:
        text = path.read_text("utf-8-sig")
    except (UnicodeDecodeError, OSError):
        return None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    names = [_named(cell)[0] for cell in _split(lines[0], _delimiter(lines[0]))]
    # A cycler's file has time, current and voltage; a table of check-ups has none of these.
    if "cycle" in names and not {"time", "current", "voltage"} & set(names):
        return "\n".join(lines)
    return None


def _delimiter(line: str) -> str:
    return max((";", "\t", ","), key=line.count)


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter, skipinitialspace=True))


def _named(heading: str) -> tuple[str, str | None]:
    """Return a heading's quantity, and its unit if it has one."""
    name, bracket, rest = heading.strip().partition("[")
    if not bracket:
        name, bracket, rest = heading.strip().partition("(")
    unit = rest.strip().rstrip("])").strip() if bracket else None
    key = "_".join(name.strip().lower().replace("-", " ").split())
    return _ALIASES.get(key, key), unit


_ALIASES = {
    "cycles": "cycle",
    "cycle_number": "cycle",
    "n": "cycle",
    "discharge_capacity": "capacity",
    "capacity_share": "capacity",
    "asr": "resistance",
    "area_specific_resistance": "resistance",
    "r_electrolyte": "electrolyte_resistance",
    "r_interface": "interface_resistance",
    "stack_pressure": "pressure",
}


def _of_table(text: str, file: str, area_m2: float) -> list[CheckUp]:
    lines = text.splitlines()
    delimiter = _delimiter(lines[0])
    headings = [_named(cell) for cell in _split(lines[0], delimiter)]
    if len(lines) - 1 > MOST_ROWS:
        raise InputError(
            f"{len(lines) - 1} check-ups are more than {MOST_ROWS}",
            file=file,
            fix="leave some out: a dozen say nearly all",
        )
    names = [name for name, _ in headings]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two columns are called {twice}", file=file, key=twice, fix=_HOW)
    for name, unit in headings:
        _check_heading(name, unit, file)
    checkups = []
    before = -1
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in _split(line, delimiter)]
        if not any(cells):
            continue
        row = dict(zip(headings, cells, strict=False))
        cycle = _cycle(next(v for (name, _), v in row.items() if name == "cycle"), number, file)
        if cycle < before:
            raise InputError(
                f"row {number}: cycle {cycle} comes after cycle {before}; check-ups are out of "
                "order",
                file=file,
                key="cycle",
                fix="put the rows in the order of cycles",
            )
        if cycle == before:
            raise InputError(
                f"row {number}: cycle {cycle} is there twice", file=file, key="cycle",
                fix="keep one of the two",
            )  # fmt: skip
        before = cycle
        readings = {
            name: _reading(name, cell, unit or "", number, file, area_m2, delimiter)
            for (name, unit), cell in row.items()
            if name != "cycle" and cell
        }
        if readings:
            checkups.append(CheckUp(cycle, readings))
    return checkups


def _check_heading(name: str, unit: str | None, file: str) -> None:
    known = observables()
    if name == "cycle":
        return
    if name not in known:
        raise InputError(
            f"no check-up is known to measure {name!r}",
            file=file,
            key=name,
            fix=f"the columns are cycle, {', '.join(known)}; leave others out",
        )
    of = known[name]
    if unit is None or not unit:
        shown = {"A*hour": "mAh", "ohm*m^2": "ohm*cm^2", "Pa": "MPa"}[of.unit]
        share = f', or "{name} [%]" of the fresh cell' if of.ratio else ""
        raise InputError(
            f"the column {name!r} names no unit",
            file=file,
            key=name,
            fix=f'as "{name} [{shown}]"{share}',
        )
    if unit in _SHARES and not of.ratio:
        raise InputError(
            f"{of.words} is not told as a share", file=file, key=name, fix=f"in {of.unit}"
        )
    if unit not in _SHARES:
        _si(1.0, unit, of, name, file, 1.0)


def _cycle(text: str, number: int, file: str) -> int:
    try:
        value = float(text)
        if not (value >= 0 and value == int(value) and value < 1e9):
            raise ValueError
    except (ValueError, OverflowError):
        raise InputError(
            f"row {number}: {text!r} is no number of cycles", file=file, key="cycle",
            fix="a whole number, 0 or more",
        ) from None  # fmt: skip
    return max(int(value), 1)


def _reading(
    name: str, cell: str, unit: str, number: int, file: str, area_m2: float, delimiter: str
) -> Reading:
    written = cell.replace(",", ".") if delimiter != "," else cell
    try:
        value = float(written)
        if not (np.isfinite(value) and value > 0):
            raise ValueError
    except ValueError:
        raise InputError(
            f"row {number}: {cell!r} is no positive number", file=file, key=name,
            fix="leave the cell empty where it was not measured",
        ) from None  # fmt: skip
    if unit in _SHARES:
        return Reading(value * _SHARES[unit], share=True)
    return Reading(_si(value, unit, observables()[name], name, file, area_m2))


def _si(value: float, unit: str, of: Observable, name: str, file: str, area_m2: float) -> float:
    text = f"{value!r} {_UNITS.get(unit, unit)}"
    try:
        return to_si(text, of.unit) / to_si(f"1 {of.unit}", of.unit)
    except UnitError as error:
        if of.unit == "ohm*m^2":
            try:
                return to_si(text, "ohm") * area_m2
            except UnitError:
                pass
        raise InputError(
            f"{of.words} is not measured in {unit!r}: {error}",
            file=file,
            key=name,
            fix=f"give it in {of.unit}, or a unit like it",
        ) from None


_UNITS = {"Ah": "A*hour", "mAh": "mA*hour", "A.h": "A*hour", "mA.h": "mA*hour", "uAh": "uA*hour"}


def _of_measured(
    name: str,
    at: int | None,
    area_m2: float,
    store: Store | None,
    after: str,
    told: list[str],
) -> list[CheckUp]:
    from twin.measured.measured import import_file, load_measured

    if Path(name).expanduser().is_file():
        measured = import_file(name)
    elif store is not None:
        measured = load_measured(name, store=store)
    else:
        raise InputError(f"there is no file {name}", file=name, key="data", fix=_HOW)
    if measured.info.kind == "impedance":
        return [_of_spectrum(measured, at, area_m2, told)]
    return _of_cycler(measured, at or 0, area_m2, after, told)


def _of_cycler(
    measured: Measured, offset: int, area_m2: float, after: str, told: list[str]
) -> list[CheckUp]:
    contents = measured.found
    cycles = [c for c in (contents.cycles if contents is not None else []) if c.discharge_Ah > 0]
    if not cycles:
        raise InputError(
            "there is no discharge in it", file=measured.name, key="data",
            fix="give a file with whole cycles, or a table of check-ups",
        )  # fmt: skip
    assert contents is not None
    least = float(number_of("checkups", "full")) * max(c.discharge_Ah for c in cycles)
    whole = [c for c in cycles if c.discharge_Ah >= least]
    ohms: dict[int, list[float]] = {}
    for step in contents.resistances:
        value = step.resistance_Ohm.get(after)
        if value is not None and value > 0:
            ohms.setdefault(step.cycle, []).append(value)
    most = int(number_of("checkups", "most"))
    if len(whole) > most:
        places = np.unique(np.round(np.linspace(0, (len(whole) - 1) ** 0.5, most) ** 2))
        whole = [whole[int(i)] for i in places]
        told.append(f"{measured.name}: {len(whole)} of its cycles are taken as check-ups")
    made = []
    for cycle in whole:
        readings = {"capacity": Reading(cycle.discharge_Ah)}
        if cycle.cycle in ohms:
            readings["resistance"] = Reading(float(np.median(ohms[cycle.cycle])) * area_m2)
        made.append(CheckUp(cycle.cycle + offset, readings))
    if not any("resistance" in c.readings for c in made):
        told.append(f"{measured.name}: no resistance after {after} can be told in these cycles")
    return made


def _of_spectrum(measured: Measured, at: int | None, area_m2: float, told: list[str]) -> CheckUp:
    if at is None:
        raise InputError(
            f"{measured.name} is an impedance spectrum, and does not say at which cycle",
            file=measured.name,
            key="data",
            fix=f"name the cycle: {measured.name}@120",
        )
    spectrum = measured.spectra[0]
    series, arcs = arcs_of(spectrum.frequency, spectrum.impedance)
    if spectrum.check.verdict != "sound":
        told.append(f"{measured.name}: the spectrum is {spectrum.check.verdict} (Kramers-Kronig)")
    readings = {"electrolyte_resistance": Reading(series * area_m2)}
    if arcs > 0:
        readings["interface_resistance"] = Reading(arcs * area_m2)
    return CheckUp(max(at, 1), readings)


def arcs_of(frequency: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Return the series resistance of a spectrum, and that of its arcs [Ohm].

    The series resistance is the real part where the spectrum meets the real axis at its
    high-frequency end (its least there if it does not). The arcs end where ``-Im Z`` is least
    after its largest: below, diffusion rises again.

    Parameters
    ----------
    frequency : ndarray
        Falling [Hz].
    z : ndarray
        Complex [Ohm].
    """
    order = np.argsort(-frequency, kind="stable")
    re, im = z.real[order], -z.imag[order]
    crossing = np.flatnonzero((im[:-1] < 0) & (im[1:] >= 0))
    if len(crossing):
        k = int(crossing[0])
        share = -im[k] / (im[k + 1] - im[k])
        series = float(re[k] + share * (re[k + 1] - re[k]))
    else:
        k = 0
        series = float(re[0])
    past = im[k:]
    inside = np.flatnonzero((past[1:-1] > past[:-2]) & (past[1:-1] >= past[2:])) + 1
    top = int(inside[0]) if len(inside) else int(np.argmax(past))
    # The last arc: beyond every top there is a least.
    end = top
    for place in inside:
        later = past[place:]
        end = int(place) + int(np.argmin(later[: _next_rise(later)]))
    end = max(end, top)
    return series, float(re[k + end] - series)


def _next_rise(falling: np.ndarray) -> int:
    """Return how many points it falls before it rises for good."""
    up = np.flatnonzero(np.diff(falling) > 0)
    return int(up[0]) + 1 if len(up) else len(falling)


def _merged(parts: Iterable[tuple[str, Sequence[CheckUp]]]) -> list[CheckUp]:
    by_cycle: dict[int, dict[str, Reading]] = {}
    for name, checkups in parts:
        for one in checkups:
            there = by_cycle.setdefault(one.cycle, {})
            both = sorted(set(there) & set(one.readings))
            if both:
                raise InputError(
                    f"{both[0]} at cycle {one.cycle} is there twice", file=name, key="data",
                    fix="give each reading once",
                )  # fmt: skip
            there.update(one.readings)
    return [CheckUp(cycle, by_cycle[cycle]) for cycle in sorted(by_cycle)]


def check_sense(checkups: Sequence[CheckUp], dead_below: float | None) -> list[CheckUp]:
    """Return the check-ups of a cell while it lived, after a look at whether they make sense.

    Parameters
    ----------
    checkups : sequence of CheckUp
        In the order of cycles.
    dead_below : float or None
        The share of the fresh capacity at which the cell counts as dead.

    Raises
    ------
    InputError
        If a capacity is larger than the fresh cell's, or the cell was dead at its first check-up.
    """
    most = float(number_of("checkups", "above"))
    first: float | None = None
    alive: list[CheckUp] = []
    for one in checkups:
        reading = one.readings.get("capacity")
        if reading is not None:
            if reading.share:
                left = reading.value
            else:
                first = reading.value if first is None else first
                left = reading.value / first
            if left > most:
                raise InputError(
                    f"the capacity at cycle {one.cycle} is {100 * left:.0f} % of the fresh cell's",
                    key="capacity",
                    fix="begin with a check-up of the fresh cell at the same rate and temperature, "
                    "or give shares of it",
                )
            if dead_below is not None and left <= dead_below:
                break
        alive.append(one)
    if not alive:
        raise InputError(
            f"the cell is dead (capacity at or below {100 * (dead_below or 0):.0f} %) at its first "
            "check-up",
            key="data",
            fix="there has to be a check-up before its death",
        )
    return alive
