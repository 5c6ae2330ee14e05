"""What is done to the cell that stands for a row: its rate, its cycles, a ramp of currents."""

from __future__ import annotations

import math
from typing import Any

from twin.catalog.cells import load_protocol
from twin.outcomes.recognise import drawn, number_of
from twin.outcomes.table import CRITICAL, RESISTANCE, RETENTION, Row
from twin.units import to_si


def rules_for(row: Row, spec: Any) -> tuple[Any, int]:
    """Return what is done to a row's cell, and how many cycles of it."""
    usual = drawn()
    if row.quantity == RETENTION:
        rate = row.rate or usual["rate"]["usual"]["value"]
        said = f"{rate:g}C" if rate >= 1 else f"C/{1 / rate:.6g}"
        cycles = min(max(round(cycles_of(row)), 1), number_of("full", "followed"))
        return load_protocol(None, spec, {"rate": said}), cycles
    if row.quantity == RESISTANCE:
        asked = {
            "current_density": number_of("resistance", "current"),
            "half_cycle": number_of("resistance", "half_cycle"),
        }
        return load_protocol("galvanostatic-symmetric", spec, asked), 1
    if row.quantity == CRITICAL:
        return staircase(row.charge, row.half_cycle), number_of("staircase", "levels")
    current = row.current or usual["current"]["usual"]["value"]
    hours = row.half_cycle or usual["current"]["half_cycle"]["value"]
    if row.charge:
        hours = row.charge / current
    asked = {"current_density": f"{current!r} mA/cm^2", "half_cycle": f"{hours!r} hour"}
    rules = load_protocol("galvanostatic-symmetric", spec, asked)
    horizon = to_si(number_of("symmetric", "horizon"), "s") / 3600
    return rules, max(1, math.ceil(horizon / (2 * hours)))


def cycles_of(row: Row) -> float:
    """Return at which cycle a row's retention is."""
    return row.cycles or float(number_of("full", "usual_cycles"))


def gone_on(left: float, cycles: float, followed: float) -> float:
    """Return what is left at a cycle beyond those followed: ``R^((N/N_f)^a)``."""
    return float(left ** (max(cycles / followed, 1.0) ** number_of("full", "exponent")))


def levels() -> list[float]:
    """Return the currents of the staircase [mA.cm-2]."""
    lowest = to_si(number_of("staircase", "lowest"), "A/m^2") / 10
    return [
        lowest * number_of("staircase", "step") ** i
        for i in range(number_of("staircase", "levels"))
    ]


def staircase(charge: float | None, hours: float | None = None) -> Any:
    """Return a ramp of currents, a cycle at each: so long, or a charge [mAh.cm-2], each way.

    Where the time is told it counts: a charge beside it is its product with the critical current,
    which is the result. Half an hour where nothing is.
    """
    from twin.specs.protocol import Protocol

    usual = hours or to_si(number_of("staircase", "half_cycle"), "s") / 3600
    if hours:
        charge = None
    parameters, phases = {}, []
    for number, current in enumerate(levels(), start=1):
        parameters[f"j{number}"] = f"{current:.6g} mA/cm^2"
        parameters[f"t{number}"] = f"{charge / current if charge else usual:.6g} hour"
        steps = [f"{way} at {{j{number}}} for {{t{number}}}" for way in ("Discharge", "Charge")]
        phases.append({"name": f"{current:.3g} mA/cm^2", "cycles": 1, "steps": steps})
    data = {"schema": 1, "name": "staircase", "title": "A staircase of currents"}
    return Protocol.from_data(
        data | {"kinds": ["symmetric"], "parameters": parameters, "phase": phases}
    )
