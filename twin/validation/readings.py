"""What is read off one run: the words of the vocabulary that look at a single run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.specs.complaint import did_you_mean
from twin.units import to_si
from twin.validation.bench import RunData
from twin.validation.schema import Observable
from twin.validation.tolerance import Value

CURRENT, VOLTAGE, TIME = "Current [A]", "Voltage [V]", "Time [s]"
_BRACKET = re.compile(r"\[([^\]]*)\]\s*$")
# Unless a case says otherwise: a ramp's knee is 5 % off Ohm's line; contact counts as
# given way when half of what it was is left, or the resistance has doubled.
_KNEE_SHARE = 0.05


def unit_of(variable: str) -> str:
    """Return the unit in a variable's name, as the unit parser reads it."""
    match = _BRACKET.search(variable)
    if match is None:
        return ""
    parts = (re.sub(r"(?<=[A-Za-z])(-?\d+)$", r"^\1", part) for part in match[1].split("."))
    return "*".join(parts).replace("Ohm", "ohm").replace("A*h", "A*hour")


def read(seen: Observable, data: RunData) -> Value:
    """Return what an observable reads off a run, in SI units.

    Raises
    ------
    InputError
        If the run does not hold what it asks for.
    """
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


def _at(seen: Observable, data: RunData, at: str) -> float:
    cycles = _cycles(data)
    name = str(seen.variable)
    if at == "start":
        return float(_column(data, cycles[0], name)[0])
    if at == "end":
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
    return _at(seen, data, seen.at)


def _ratio(seen: Observable, data: RunData) -> float:
    return _at(seen, data, seen.at) / _at(seen, data, "start")


def _change(seen: Observable, data: RunData) -> float:
    return _at(seen, data, seen.at) - _at(seen, data, "start")


def _alive(data: RunData) -> bool:
    if data.outcome.kind == "solver-gave-up":
        raise InputError(f"the solver gave up: {data.outcome.says}")
    return data.outcome.kind == "completed"


def _outcome(seen: Observable, data: RunData) -> str:
    if _alive(data):
        return "completed"
    return f"{data.outcome.mode}: {data.outcome.criterion}"


def _row(data: RunData, cycle: int) -> dict[str, Any]:
    for row in data.rows:
        if row["cycle"] == cycle and row.get("complete", True):
            return row
    raise InputError(f"the run did not finish cycle {cycle}: {data.outcome.says}", key="cycle")


def _retention(seen: Observable, data: RunData) -> float:
    assert seen.cycle is not None
    first = _row(data, seen.first)["capacity_Ah"]
    return float(_row(data, seen.cycle)["capacity_Ah"] / first)


def _efficiency(seen: Observable, data: RunData) -> float:
    assert seen.cycle is not None
    return float(_row(data, seen.cycle)["coulombic_efficiency"])


def _capacity(seen: Observable, data: RunData) -> float:
    """Discharge capacity [A.h], per area [A.h.m-2] or per mass of active material [A.h.kg-1]."""
    assert seen.cycle is not None
    capacity = float(_row(data, seen.cycle)["capacity_Ah"])
    area = data.spec.geometry.area.si
    if seen.per == "mass":
        cathode: Any = data.spec.cathode
        density = cathode.material.density if cathode is not None else None
        if density is None:
            raise InputError("the cathode's material gives no density", key="per")
        mass = density.si * cathode.active_fraction.si * cathode.thickness.si * area
        return capacity / mass
    return capacity / area if seen.per == "area" else capacity


def _critical(seen: Observable, data: RunData) -> float:
    """The last current of a ramp at which the cell lived and the variable stayed in bounds.

    ``share`` below 1: the variable must not fall under that share of its first value;
    above 1: it must not rise over that multiple of it. Nought if not even the first
    current was borne.
    """
    borne = 0.0
    _alive(data)
    start = _at(seen, data, "start") if seen.variable is not None else 0.0
    for cycle, current in enumerate(data.levels, 1):
        finished = any(r["cycle"] == cycle and r.get("complete", True) for r in data.rows)
        if not finished:
            break
        if seen.variable is not None and seen.share is not None:
            ratio = _column(data, cycle, seen.variable) / start
            if (ratio.min() < seen.share) if seen.share < 1 else (ratio.max() > seen.share):
                break
        borne = current
    return borne


def _ends(data: RunData) -> tuple[np.ndarray, np.ndarray]:
    """Return current densities and voltages at the end of each finished step of a ramp."""
    done = [r["cycle"] for r in data.rows if r.get("complete", True)]
    if len(done) < 3:
        raise InputError("fewer than three currents of the ramp were borne", key="ramp")
    j = np.array([data.levels[c - 1] for c in done])
    return j, np.array([abs(_last_driven(data, c)) for c in done])


def _last_driven(data: RunData, cycle: int) -> float:
    driven = np.flatnonzero(np.abs(_column(data, cycle, CURRENT)) > 0)
    return float(_column(data, cycle, VOLTAGE)[driven[-1]])


def _knee(seen: Observable, data: RunData) -> float:
    j, V = _ends(data)
    excess = V / j / (V[0] / j[0]) - 1 - (seen.share or _KNEE_SHARE)
    beyond = np.flatnonzero(excess > 0)
    if not len(beyond):
        raise InputError("the voltage follows Ohm's line to the ramp's end", key="ramp")
    k = int(beyond[0])
    return float(np.interp(0.0, excess[k - 1 : k + 1], j[k - 1 : k + 1])) if k else float(j[0])


def _bend(seen: Observable, data: RunData) -> float:
    j, V = _ends(data)
    return float(((V[-1] - V[-2]) / (j[-1] - j[-2])) / ((V[1] - V[0]) / (j[1] - j[0])))


def _precedes(seen: Observable, data: RunData) -> float:
    assert seen.share is not None
    if _alive(data):
        return 0.0
    start = _at(seen, data, "start")
    extreme = _at(seen, data, "min" if seen.share < 1 else "max") / start
    return float(extreme < seen.share if seen.share < 1 else extreme > seen.share)


def _hours(seen: Observable, data: RunData) -> float:
    _alive(data)
    return float(data.outcome.time_h or math.nan)


_READERS: dict[str, Callable[[Observable, RunData], Value]] = {
    "value": _value,
    "ratio": _ratio,
    "change": _change,
    "hours": _hours,
    "cycles": lambda seen, data: float(
        sum(bool(row.get("complete", True)) for row in data.rows)
    ),
    "alive": lambda seen, data: float(_alive(data)),
    "dead": lambda seen, data: float(not _alive(data)),
    "outcome": _outcome,
    "retention": _retention,
    "efficiency": _efficiency,
    "capacity": _capacity,
    "critical-current": _critical,
    "knee": _knee,
    "bend": _bend,
    "precedes": _precedes,
}

__all__ = ["read", "unit_of"]
