"""One cycle: its steps solved in turn, with what ended it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.columns import VOLTAGE
from twin.engine.checkup import AT_LIMIT, Limit, Taken
from twin.engine.criteria import EVENT, Watched
from twin.engine.finite import NoNumber
from twin.engine.plan import PlanPhase, PlanStep
from twin.engine.prepare import Prepared
from twin.engine.recorder import CycleRecord
from twin.engine.solver_fallbacks import FallbacksExhausted, solve_with_fallbacks
from twin.model.pybamm_compat import (
    EXPERIMENT_TAG,
    FailureAtStart,
    StepInfeasible,
)


@dataclass
class CycleEnd:
    """How a cycle ended.

    ``reason`` is ``"done"``, ``"criterion"`` (``watched`` says which), ``"limit"`` (one of
    PyBaMM's own events, in ``message``), ``"solver"`` or ``"stopped"``. ``step`` is the step that
    a criterion or a limit ended, ``unguarded`` says that it had no voltage to stop at, and
    ``start`` holds the stored variables as it began, if it could not begin; ``no_number`` says
    what of a mode is no number where the solver gave up.
    """

    reason: str
    t: float
    y: Any
    watched: Watched | None = None
    message: str = ""
    tried: tuple[str, ...] = ()
    seconds: float = 0.0
    step: str = ""
    unguarded: bool = False
    start: Mapping[str, float] = field(default_factory=dict)
    no_number: NoNumber | None = None


def run_cycle(
    prepared: Prepared,
    number: int,
    phase: PlanPhase,
    t: float,
    y: Any,
    should_stop: Any,
) -> tuple[CycleRecord, CycleEnd]:
    """Solve one cycle from a state.

    Parameters
    ----------
    prepared : Prepared
        The built cell.
    number : int
        The cycle's number.
    phase : PlanPhase
        What it does.
    t, y : float, ndarray or None
        Time [s] and state at its start.
    should_stop : callable
        Asked before each step; the cycle is given up when it says True.

    Returns
    -------
    record, end : CycleRecord, CycleEnd
        What was solved, and how it ended.
    """
    record = CycleRecord(number, phase.name, t)
    began = time.perf_counter()
    end = CycleEnd("done", t, y)
    for step in phase.steps:
        if should_stop():
            end = CycleEnd("stopped", t, y)
            break
        ended, t, y = _run_step(prepared, record, step, t, y)
        if ended is not None:
            end = ended
            break
        end = CycleEnd("done", t, y)
    end.seconds = time.perf_counter() - began
    return record, end


def _run_step(
    prepared: Prepared, record: CycleRecord, step: PlanStep, t: float, y: Any
) -> tuple[CycleEnd | None, float, Any]:
    index = prepared.step_index[step.solved_as]
    user = prepared.inputs(step.pressure)
    try:
        result, rungs = solve_with_fallbacks(
            prepared.compiled, prepared.solver_settings, index, t, y, user
        )
    except StepInfeasible:
        record.skipped.append(step.do)
        record.taken.append(_skipped(prepared, step, index))
        return None, t, y
    except FailureAtStart as dead:
        end = _named_end(prepared, str(dead), step, index, t, y)
        end.start = prepared.recorder.values_at(prepared.compiled, index, t, y, user)
        return end, t, y
    except FallbacksExhausted as error:
        told = f"in the step {step.do!r}: {error.message}"
        end = CycleEnd("solver", t, y, message=told, tried=tuple(error.tried))
        end.no_number = prepared.owners.inside(prepared.compiled, index, t, y, user)
        return end, t, y
    record.rungs += rungs
    inputs = prepared.compiled.inputs(index, t, user)
    prepared.recorder.add(record, step, result, inputs)
    record.taken.append(_taken(prepared, record, step))
    if result.termination == "final time" and prepared.compiled.steps[index].uses_default_duration:
        record.timed_out.append(step.do)
    t, y = float(result.t[-1]), result.y[:, -1].copy()
    if result.termination == "final time" or EXPERIMENT_TAG in result.termination:
        return None, t, y
    return _named_end(prepared, result.termination, step, index, t, y), t, y


def _taken(prepared: Prepared, record: CycleRecord, step: PlanStep) -> Taken:
    """Return what the step solved last has passed, and the limit it ended at."""
    charge, discharge = prepared.recorder.passed(record, -1)
    voltage = float(record.columns[VOLTAGE][-1][-1])
    lower, upper = _limits(prepared)
    reached: Limit | None = None
    if charge > discharge and voltage >= upper:
        reached = "upper"
    elif discharge > charge and voltage <= lower:
        reached = "lower"
    return Taken(step, charge, discharge, reached)


def _skipped(prepared: Prepared, step: PlanStep, index: int) -> Taken:
    """Return a step that had its limit behind it: what it was meant to do, and that limit."""
    meant, voltages = prepared.compiled.aim(index)
    lower, upper = _limits(prepared)
    if meant != "discharge" and any(v >= upper for v in voltages):
        return Taken(step, reached="upper", meant="charge")
    if meant != "charge" and any(v <= lower for v in voltages):
        return Taken(step, reached="lower", meant="discharge")
    return Taken(step)


def _limits(prepared: Prepared) -> tuple[float, float]:
    """Return the voltages at and beyond which the cell is at a limit of its window [V]."""
    window = prepared.spec.window
    near = AT_LIMIT * (window.upper.si - window.lower.si)
    return window.lower.si + near, window.upper.si - near


def _named_end(
    prepared: Prepared, event: str, step: PlanStep, index: int, t: float, y: Any
) -> CycleEnd:
    """Return the end that an event has put to a step."""
    if event.startswith(EVENT):
        label = event.removeprefix(EVENT)
        for item in prepared.watched:
            if item.label == label:
                return CycleEnd("criterion", t, y, watched=item, step=step.do)
    unguarded = not prepared.compiled.aim(index)[1]
    return CycleEnd("limit", t, y, message=event, step=step.do, unguarded=unguarded)
