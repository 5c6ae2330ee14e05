"""Which failure mode a death of the whole cell is put down to.

Every mode says what it cost since the reference cycle. On one scale, that of the discharge that
the core's criteria look at, it is its polarisation as a share of the voltage window plus
its capacity as a share of the nominal. The mode that cost most is responsible, if what it
cost has a part in the loss that ended the run, on the same scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twin.engine.criteria import CORE
from twin.engine.plan import PlanStep
from twin.engine.prepare import Prepared
from twin.model.core import TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.modes import brought
from twin.modes.mode import Evidence, RunRecord
from twin.modes.ports import Port
from twin.ties import first_best

LEAST_PART = 0.05
"""What a mode must have cost, as a part of the loss that ended the run, to be held responsible.
A twentieth is about what two cells built alike differ by: below it a mode has not decided
whether the cell lives, and to blame it hides what did, the protocol or the design."""

MAIN_PART = 0.5
"""The same where a limit ended the run that a sound cell can meet too: a step that drives it out of
its window, or heats it. What made such an event is mostly the protocol, unless a mode
made half of it: without that mode the cell would have come half as far, or not at all."""

SAME_TEMPERATURE = 1e-6
"""Temperatures nearer than this are the same one, rounded [K]."""


def gather_evidence(
    prepared: Prepared, first: Mapping[str, float], last: Mapping[str, float], current: float
) -> dict[str, Evidence]:
    """Ask every mode that acts what it cost between the reference cycle and now."""
    spec = prepared.spec
    record = RunRecord(
        first=first,
        last=last,
        current_density=current,
        temperature=float(last.get(TEMPERATURE, spec.thermal.ambient.si)),
        area=spec.geometry.area.si,
        nominal_capacity=nominal_capacity(spec),
    )
    found = {}
    for mode in prepared.acting:
        found[mode.id] = brought.evidence(mode, record, prepared.cell)
    return found


def as_aged(
    prepared: Prepared, seen: Mapping[str, float], step: PlanStep, t: float, y: Any
) -> Mapping[str, float]:
    """Return the stored variables of a state as they are at the cell's own temperature.

    What the modes cost is told between two moments, one of which may be cold: that a
    resistance was higher there is nothing that a mode has done.

    Parameters
    ----------
    prepared : Prepared
        The cell.
    seen : mapping
        The variables as they are stored.
    step, t, y : PlanStep, float, ndarray or None
        The step of that moment, its time [s] and the state.
    """
    ambient = prepared.spec.thermal.ambient.si
    if abs(seen.get(TEMPERATURE, ambient) - ambient) <= SAME_TEMPERATURE:
        return seen
    index, user = prepared.step_index[step.solved_as], prepared.inputs(step.pressure)
    return prepared.recorder.values_at(prepared.compiled, index, t, y, user, ambient)


def window_share(volts: float, prepared: Prepared) -> float:
    """Return a voltage as a share of the cell's window."""
    window = prepared.spec.window
    value: float = volts / (window.upper.si - window.lower.si)
    return value


def weight(evidence: Evidence, prepared: Prepared) -> float:
    """Return a mode's cost on one scale.

    Polarisation as a share of the voltage window plus capacity as a share of the
    nominal: both shorten the discharge that the criteria look at.
    """
    lost = evidence.capacity / nominal_capacity(prepared.spec)
    return window_share(evidence.polarisation, prepared) + lost


def heating(evidence: Mapping[str, Evidence], prepared: Prepared) -> dict[str, Evidence]:
    """Return of the evidence what heats a cell: polarisation, and the charge that a short leaks."""
    shorts = {mode.id for mode in prepared.modes if Port.SHORT_CONDUCTANCE in mode.writes}
    return {mode: e if mode in shorts else replace(e, capacity=0.0) for mode, e in evidence.items()}


def responsible(
    evidence: Mapping[str, Evidence],
    prepared: Prepared,
    loss: float = 1.0,
    part: float = LEAST_PART,
) -> str:
    """Return the mode that cost most; the core if none had a part in it that matters.

    Of modes that cost the same it is the first by name.

    Parameters
    ----------
    evidence : mapping
        What each mode cost.
    prepared : Prepared
        The cell.
    loss : float
        What ended the run, on the scale of :func:`weight`; where that cannot be told, all
        of the window.
    part : float
        What a mode must have cost, as a part of that.
    """
    costs = {mode: weight(e, prepared) for mode, e in sorted(evidence.items())}
    if not costs:
        return CORE
    most = first_best(costs, costs.__getitem__)
    return most if costs[most] > part * max(loss, 0.0) else CORE


def plain(evidence: Mapping[str, Evidence], prepared: Prepared) -> dict[str, dict[str, Any]]:
    """Return the evidence as plain data."""
    return {
        mode: {
            "polarisation_V": e.polarisation,
            "capacity_Ah": e.capacity,
            "weight": weight(e, prepared),
            "says": e.says,
        }
        for mode, e in evidence.items()
    }
