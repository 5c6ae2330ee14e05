"""What is read off one run: the words of the vocabulary that look at a single run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.engine.recorder import DISCHARGED
from twin.errors import InputError
from twin.specs.complaint import did_you_mean
from twin.status import UNTOLD, Status
from twin.units import to_si
from twin.validation.bench import RunData
from twin.validation.line import Curve
from twin.validation.schema import Observable
from twin.validation.stairs import StairData, read_stairs
from twin.validation.tolerance import Value

TIME = "Time [s]"
# Points at which a simulated curve is compared with a published one.
_GRID = 201
_BRACKET = re.compile(r"\[([^\]]*)\]\s*$")


def unit_of(variable: str) -> str:
    """Return the unit in a variable's name, as the unit parser reads it."""
    match = _BRACKET.search(variable)
    if match is None:
        return ""
    parts = (re.sub(r"(?<=[A-Za-z])(-?\d+)$", r"^\1", part) for part in match[1].split("."))
    return "*".join(parts).replace("Ohm", "ohm").replace("A*h", "A*hour")


def read(seen: Observable, data: RunData | StairData) -> Value:
    """Return what an observable reads off a run, in SI units.

    Raises
    ------
    InputError
        If the run does not hold what it asks for.
    """
    if isinstance(data, StairData):
        return read_stairs(seen, data)
    return _READERS[seen.take](seen, data)


def _column(data: RunData, cycle: int, variable: str) -> np.ndarray:
    table = data.tables.get(cycle)
    if table is None:
        raise InputError(f"nothing was solved ({data.outcome.says})", key=variable)
    if variable not in table:
        raise InputError(
            f"the run has no variable {variable!r}",
            key="variable",
            fix=did_you_mean(variable, table, "see `twin modes show MODE` for a mode's variables"),
        )
    return table[variable]


def _cycles(data: RunData) -> list[int]:
    if not data.tables:
        raise InputError(f"nothing was solved ({data.outcome.says})", fix="look at the protocol")
    return sorted(data.tables)


def _at(name: str, data: RunData, at: str) -> float:
    cycles = _cycles(data)
    if at == "start":
        return float(_column(data, cycles[0], name)[0])
    if at == "end":
        if data.outcome.kind != Status.COMPLETED:
            hours = f"{data.outcome.time_h or 0:.3g} h"
            raise InputError(f"the run ended after {hours}: {data.outcome.says}", key="at")
        return float(_column(data, cycles[-1], name)[-1])
    whole = np.concatenate([_column(data, c, name) for c in cycles])
    if at in ("max", "min"):
        return float(whole.max() if at == "max" else whole.min())
    t = np.concatenate([_column(data, c, TIME) for c in cycles])
    wanted = to_si(at, "s")
    if wanted > t[-1] * (1 + 1e-9):
        hours = f"{wanted / 3600:.3g} h"
        raise InputError(f"the run ended before {hours}: {data.outcome.says}", key="at")
    return float(np.interp(wanted, t, whole))


def _value(seen: Observable, data: RunData) -> float:
    return _at(str(seen.variable), data, seen.at)


def _ratio(seen: Observable, data: RunData) -> float:
    return _value(seen, data) / _at(str(seen.variable), data, "start")


def _change(seen: Observable, data: RunData) -> float:
    return _value(seen, data) - _at(str(seen.variable), data, "start")


def _interface_resistance(seen: Observable, data: RunData) -> float:
    """Return ``R_ct + R_series`` of one face [Ohm.m2], what an impedance's arcs add up to."""
    face = str(seen.face).capitalize()
    parts = ("charge-transfer resistance [Ohm.m2]", "series resistance [Ohm.m2]")
    if seen.cycle is None:
        return sum(_at(f"{face} {part}", data, seen.at) for part in parts)
    return sum(_half(data, seen.cycle, True, f"{face} {part}") for part in parts)


def _half(data: RunData, cycle: int, charging: bool, variable: str) -> float:
    """Return a variable at half of a cycle's charge, or of its discharge."""
    q, values = _branch(data, cycle, charging, variable)
    return float(np.interp(q[-1] / 2, q, values))


def _branch(
    data: RunData, cycle: int, charging: bool, variable: str = VOLTAGE
) -> tuple[np.ndarray, np.ndarray]:
    """Return charge since a branch's start [A.h] and a variable; rests are left out."""
    current = _column(data, cycle, CURRENT)
    on = current < 0 if charging else current > 0
    if np.count_nonzero(on) < 2:
        what = "charge" if charging else "discharge"
        raise InputError(f"cycle {cycle} does not {what}: {data.outcome.says}", key="cycle")
    passed = _column(data, cycle, DISCHARGED)[on]
    return np.abs(passed - passed[0]), _column(data, cycle, variable)[on]


def _polarisation(seen: Observable, data: RunData) -> float:
    """Return the voltage of a charge above that of the discharge, at half of each [V]."""
    assert seen.cycle is not None
    up, down = (_half(data, seen.cycle, charging, VOLTAGE) for charging in (True, False))
    return up - down


def _curve(seen: Observable, data: RunData) -> float:
    """Return the root mean square of a curve's misfit along the published charge [V].

    A simulated branch that ends before the published one stays at its last voltage.
    """
    published = np.array(sorted(seen.points)).T
    q = np.linspace(published[0][0], published[0][-1], _GRID)
    simulated = np.interp(q, *_simulated_curve(seen, data))
    return float(np.sqrt(np.mean((simulated - np.interp(q, *published)) ** 2)))


def _simulated_curve(seen: Observable, data: RunData) -> tuple[np.ndarray, np.ndarray]:
    """Return a branch's charge, in the unit of the published one, and its voltage [V]."""
    assert seen.cycle is not None
    charge, V = _branch(data, seen.cycle, seen.branch == "charge")
    return charge / to_si(f"1 {seen.points_unit}", "A*hour"), V


def drawn_curve(seen: Observable, data: RunData) -> Curve:
    """Return a curve beside the published points, as it is drawn; no more points than seen."""
    charge, V = _simulated_curve(seen, data)
    q = np.linspace(0.0, charge[-1], _GRID)
    measured = sorted(seen.points)
    return Curve(
        seen.points_unit,
        [x for x, _ in measured],
        [y for _, y in measured],
        [round(float(x), 6) for x in q],
        [round(float(y), 5) for y in np.interp(q, charge, V)],
    )


def _alive(data: RunData) -> bool:
    if data.outcome.dead:
        return False
    if data.outcome.kind in UNTOLD:
        gave_up = data.outcome.kind == Status.SOLVER_GAVE_UP
        why = "the solver gave up" if gave_up else "the protocol left the voltage window"
        raise InputError(f"{why}: {data.outcome.says}")
    return data.outcome.kind == Status.COMPLETED


def _outcome(seen: Observable, data: RunData) -> str:
    if _alive(data):
        return Status.COMPLETED
    return f"{data.outcome.mode}: {data.outcome.criterion}"


def _counts(row: dict[str, Any]) -> bool:
    return bool(row.get("complete", True))


def _row(data: RunData, cycle: int) -> dict[str, Any]:
    for row in data.rows:
        if row["cycle"] == cycle and _counts(row):
            return row
    raise InputError(f"the run did not finish cycle {cycle}: {data.outcome.says}", key="cycle")


def _dead_by(data: RunData, cycle: int) -> bool:
    """Return whether a cell had died before it could finish a cycle, or with it."""
    return not _alive(data) and data.outcome.cycle <= cycle


def _retention(seen: Observable, data: RunData) -> float:
    assert seen.cycle is not None
    if _dead_by(data, seen.cycle):
        return 0.0  # nothing is left of a dead cell
    if seen.first == "max":
        held = [_discharged(r) for r in data.rows if _counts(r) and r["cycle"] <= seen.cycle]
        return _discharged(_row(data, seen.cycle)) / max(held)
    return _discharged(_row(data, seen.cycle)) / _discharged(_row(data, seen.first))


def _discharged(row: dict[str, Any]) -> float:
    """Return what a cycler reports as a cycle's capacity: of a check-up, or what it discharged.

    An estimate from the state is nothing that a paper could have measured.
    """
    key = "discharge_Ah" if row.get("capacity_estimated") else "capacity_Ah"
    return float(row[key])


def _efficiency(seen: Observable, data: RunData) -> float:
    assert seen.cycle is not None
    efficiency = _row(data, seen.cycle)["coulombic_efficiency"]
    if efficiency is None:
        raise InputError(
            f"cycle {seen.cycle} charged or discharged too little to have an efficiency",
            key="cycle",
            fix="read the efficiency of a cycle that does both",
        )
    return float(efficiency)


def _capacity(seen: Observable, data: RunData) -> float:
    """Discharge capacity [A.h], per area [A.h.m-2] or per mass of active material [A.h.kg-1]."""
    assert seen.cycle is not None
    if _dead_by(data, seen.cycle):
        return 0.0
    capacity = _discharged(_row(data, seen.cycle))
    area = data.spec.geometry.area.si
    if seen.per == "mass":
        cathode: Any = data.spec.cathode
        density = cathode.material.density if cathode is not None else None
        if density is None:
            raise InputError("the cathode's material gives no density", key="per")
        mass = density.si * cathode.active_fraction.si * cathode.thickness.si * area
        value: float = capacity / mass
        return value
    return capacity / area if seen.per == "area" else capacity


def _precedes(seen: Observable, data: RunData) -> float:
    assert seen.share is not None
    if _alive(data):
        return 0.0
    name = str(seen.variable)
    extreme = _at(name, data, "min" if seen.share < 1 else "max") / _at(name, data, "start")
    return float(extreme < seen.share if seen.share < 1 else extreme > seen.share)


def _hours(seen: Observable, data: RunData) -> float:
    _alive(data)
    return float(data.outcome.time_h or math.nan)


_READERS: dict[str, Callable[[Observable, RunData], Value]] = {
    "value": _value,
    "ratio": _ratio,
    "change": _change,
    "hours": _hours,
    "cycles": lambda seen, data: float(sum(map(_counts, data.rows))),
    "alive": lambda seen, data: float(_alive(data)),
    "dead": lambda seen, data: float(not _alive(data)),
    "outcome": _outcome,
    "retention": _retention,
    "efficiency": _efficiency,
    "capacity": _capacity,
    "interface-resistance": _interface_resistance,
    "polarisation": _polarisation,
    "curve": _curve,
    "precedes": _precedes,
}

__all__ = ["drawn_curve", "read", "unit_of"]
