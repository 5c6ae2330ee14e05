"""The criteria of a run: the modes' and the core's, as events, margins and verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pybamm

from twin.engine.outcome import Standing
from twin.model.core import TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.modes.context import CellContext
from twin.modes.mode import Criterion, FailureMode

CORE = "core"
EVENT = "Failure: "
CAPACITY, RESISTANCE = "capacity lost", "resistance risen"
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

    def worst(self, values: Iterable[float]) -> float:
        """Return the value nearest to failure."""
        return max(values) if self.criterion.direction == "above" else min(values)


def gather(cell: CellContext, modes: Iterable[FailureMode]) -> list[Watched]:
    """Return every criterion that can be watched inside a step."""
    watched = [Watched(CORE, c) for c in _core_criteria(cell)]
    for mode in modes:
        watched += [Watched(mode.id, c) for c in mode.criteria(cell)]
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

    The event's expression is the criterion's margin, which is positive until failure.
    """
    usable = []
    for item in watched:
        c = item.criterion
        if c.variable not in model.variables:
            continue
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


def first_cycle_standings(row: Mapping[str, float], cell: CellContext) -> list[Standing]:
    """Judge the first cycle that counts: does the cell hold any charge at all?"""
    if cell.kind != "full":
        return []
    limit = cell.spec.end_of_life.first_capacity_fraction.si
    share = row["capacity_Ah"] / nominal_capacity(cell.spec)
    margin = (share - limit) / (1 - limit)
    return [Standing(CORE, STILLBORN, margin, "share of nominal capacity", share, limit)]


def cycle_standings(
    row: Mapping[str, float], reference: Mapping[str, float], cell: CellContext
) -> list[Standing]:
    """Judge a finished cycle by the core's criteria on capacity and resistance.

    Parameters
    ----------
    row, reference : mapping
        The cycle's row and that of the first cycle that did the same steps.
    cell : CellContext
        The cell.
    """
    end = cell.spec.end_of_life
    found = []
    if cell.kind == "full" and reference.get("capacity_Ah", 0) > 0:
        limit = end.capacity_fraction.si
        share = row["capacity_Ah"] / reference["capacity_Ah"]
        found.append(
            Standing(CORE, CAPACITY, (share - limit) / (1 - limit), "capacity share", share, limit)
        )
    if reference.get("resistance_Ohm_m2", 0) > 0:
        limit = end.resistance_factor.si
        ratio = row["resistance_Ohm_m2"] / reference["resistance_Ohm_m2"]
        found.append(
            Standing(
                CORE, RESISTANCE, (limit - ratio) / (limit - 1), "resistance ratio", ratio, limit
            )
        )
    return found
