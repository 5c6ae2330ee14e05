"""The criteria of a run: the modes' and the core's, as events, margins and verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twin.engine.aged import Aged
from twin.engine.outcome import CAPACITY as CAPACITY
from twin.engine.outcome import CORE as CORE
from twin.engine.outcome import RESISTANCE as RESISTANCE
from twin.engine.outcome import RISING as RISING
from twin.engine.outcome import Standing
from twin.model.names import TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.model.referred import referred, referred_name
from twin.modes import brought
from twin.modes.context import CellContext
from twin.modes.face import HIGHEST, LOWEST, ON
from twin.modes.mode import Criterion, FailureMode

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

EVENT = "Failure: "
INEFFICIENT = "energy lost"
OF_CYCLES = (CAPACITY, INEFFICIENT, RESISTANCE)
"""What may end a life at a cycle's end, whatever the modes."""
STILLBORN = "no capacity from the start"


@dataclass(frozen=True)
class Watched:
    """A criterion and the mode it belongs to."""

    mode: str
    criterion: Criterion

    @property
    def label(self) -> str:
        """``"mode: what"``, as in the event's name."""
        return f"{self.mode}: {self.criterion.what}"

    def standing(self, value: float) -> Standing:
        """Return where the criterion stands at a value of its variable."""
        c = self.criterion
        margin = c.margin(value)
        return Standing(self.mode, c.what, margin, c.variable, value, c.threshold, c.severity)

    def worst(self, values: np.ndarray | Sequence[float]) -> float:
        """Return the value nearest to failure; of those that are alike, the first."""
        above, seen = self.criterion.direction == "above", np.asarray(values, dtype=float)
        found = float(seen[seen.argmax() if above else seen.argmin()])
        if math.isnan(found):  # among numbers it is not the worst
            return float(max(values) if above else min(values))
        return found


def gather(cell: CellContext, modes: Iterable[FailureMode]) -> list[Watched]:
    """Return every criterion that can be watched inside a step."""
    watched = [Watched(CORE, c) for c in _core_criteria(cell)]
    for mode in modes:
        watched += [Watched(mode.id, c) for c in brought.criteria(mode, cell)]
    return watched


def _core_criteria(cell: CellContext) -> list[Criterion]:
    spec = cell.spec
    criteria = [
        Criterion(
            what="too hot",
            variable=TEMPERATURE,
            threshold=spec.end_of_life.maximum_temperature.si,
            direction="above",
            fresh=min(spec.thermal.ambient.si, spec.end_of_life.maximum_temperature.si - 1),
            says="the cell is hotter than it may get",
        )
    ]
    if cell.kind == "symmetric":
        for side, threshold, sign in (
            ("above", spec.window.upper.si, "positive"),
            ("below", spec.window.lower.si, "negative"),
        ):
            criteria.append(
                Criterion(
                    what=f"polarised ({sign})",
                    variable="Voltage [V]",
                    threshold=threshold,
                    direction=side,  # type: ignore[arg-type]
                    fresh=0.0,
                    says="the voltage between two electrodes of the same metal left its window",
                )
            )
    return criteria


def add_events(model: pybamm.BaseModel, watched: Iterable[Watched]) -> list[Watched]:
    """Add each fatal criterion to a model as a terminating event; return those it can watch.

    The event's expression is the criterion's margin, which is positive until failure. A
    criterion that is judged at the ambient temperature watches the variable referred to it.
    """
    usable = []
    for item in watched:
        if item.criterion.variable not in model.variables:
            continue
        item = as_judged(at_worst_patch(item, model), model)
        c = item.criterion
        usable.append(item)
        if c.severity != "fatal":
            continue
        x = model.variables[c.variable]
        threshold, fresh = c.threshold, c.fresh
        if c.scale == "log":
            x = pybamm.log(pybamm.maximum(x, 1e-300))
            threshold, fresh = math.log(max(threshold, 1e-300)), math.log(max(fresh, 1e-300))
        margin = (threshold - x) / (threshold - fresh)
        model.events.append(pybamm.Event(EVENT + item.label, margin))
    return usable


def at_worst_patch(item: Watched, model: pybamm.BaseModel) -> Watched:
    """Return a criterion that looks at the worst patch of a face, where it is to."""
    c = item.criterion
    if not c.of_worst_patch or c.variable + ON not in model.variables:
        return item
    from twin.model.patches import extreme

    name = extreme(model, c.variable, HIGHEST if c.direction == "above" else LOWEST)
    return replace(item, criterion=replace(c, variable=name))


def as_judged(item: Watched, model: pybamm.BaseModel) -> Watched:
    """Return a criterion that looks at its variable at the ambient temperature, where it is to."""
    c = item.criterion
    if not c.at_ambient:
        return item
    name = referred_name(c.variable)
    if name not in model.variables:
        model.variables[name] = referred(model.variables[c.variable], model.cell)
    return replace(item, criterion=replace(c, variable=name, at_ambient=False))


def cycle_standings(aged: Aged, cell: CellContext) -> list[Standing]:
    """Judge a finished cycle by the core's criteria on capacity, energy and resistance.

    The first capacity of its kind is judged too: does the cell hold any charge at all? A
    resistance that has risen kills where the cell's spec says so, and warns elsewhere.
    """
    end, standings = cell.spec.end_of_life, []
    held = aged.capacity
    if held is not None and held.share is not None:
        standings.append(
            _at_least(CAPACITY, "capacity share", held.share, end.capacity_fraction.si)
        )
        if held.first:
            share = held.value / nominal_capacity(cell.spec)
            limit = end.first_capacity_fraction.si
            standings.append(_at_least(STILLBORN, "share of nominal capacity", share, limit))
    if aged.energy_efficiency is not None and cell.spec.window.lower.si >= 0:
        # Against a counter-electrode near its own potential the energies are next to nothing.
        share, limit = aged.energy_efficiency, end.energy_efficiency.si
        standings.append(_at_least(INEFFICIENT, "energy efficiency", share, limit))
    if aged.resistance is not None:
        if end.resistance_factor is not None:
            standings.append(_risen(RESISTANCE, aged.resistance, end.resistance_factor.si, "fatal"))
        standings.append(_risen(RISING, aged.resistance, end.resistance_warning.si, "warning"))
    return standings


def _risen(what: str, ratio: float, limit: float, severity: str) -> Standing:
    margin = (limit - ratio) / (limit - 1)
    return Standing(CORE, what, margin, "resistance ratio", ratio, limit, severity)


def _at_least(what: str, variable: str, share: float, limit: float) -> Standing:
    return Standing(CORE, what, (share - limit) / (1 - limit), variable, share, limit)
