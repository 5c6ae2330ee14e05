"""Which failure mode a death of the whole cell is put down to.

What every mode cost since the reference cycle is computed from its contributions
(:mod:`twin.engine.costs`); a mode's own ``diagnose`` adds words. On one scale, that of the
discharge that the core's criteria look at, a cost is its polarisation as a share of the voltage
window plus its capacity as a share of the nominal. The mode that cost most is responsible, if
what it cost has a part in the loss that ended the run, on the same scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from twin.engine.costs import Cost, Costs, Ported
from twin.engine.criteria import CORE, Watched
from twin.engine.plan import PlanStep
from twin.engine.prepare import Prepared
from twin.engine.taken import Taken
from twin.model.names import TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.modes import brought
from twin.modes.mode import Evidence, RunRecord
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


@dataclass(frozen=True)
class Found:
    """What is known of a mode's part in a death.

    ``polarisation`` [V], ``capacity`` [A.h], what of it leaked [A.h] and the heat [V] are
    computed from its contributions, ``taken`` is the sodium its currents took, by place
    [C.m-2], and ``says`` is the mode's own.
    """

    polarisation: float = 0.0
    capacity: float = 0.0
    leaked: float = 0.0
    heat: float = 0.0
    taken: Mapping[str, float] = field(default_factory=dict)
    says: str = ""


def gather_evidence(
    prepared: Prepared,
    first: Mapping[str, float],
    last: Mapping[str, float],
    current: float,
    taken: Taken | None = None,
) -> dict[str, Found]:
    """Return what every mode that acts cost between the reference cycle and now, and its words.

    ``taken`` is the charge that the modes' own currents took in between.
    """
    taken = taken or Taken()
    costs = Costs(prepared, first, last, taken, current)
    record = run_record(prepared, first, last, current)
    evidence = {}
    for mode in prepared.acting:
        cost = costs.of(mode.id)
        of_places = {place: by[mode.id] for place, by in taken.total.items() if mode.id in by}
        says = brought.evidence(mode, record, prepared.cell).says
        evidence[mode.id] = Found(**asdict(cost), taken=of_places, says=says)
    return evidence


def run_record(
    prepared: Ported, first: Mapping[str, float], last: Mapping[str, float], current: float
) -> RunRecord:
    """Return what a mode is shown of a run when it is asked for evidence."""
    spec = prepared.spec
    return RunRecord(
        first=first,
        last=last,
        current_density=current,
        temperature=float(last.get(TEMPERATURE, spec.thermal.ambient.si)),
        area=spec.geometry.area.si,
        nominal_capacity=nominal_capacity(spec),
    )


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


def window_share(volts: float, prepared: Ported) -> float:
    """Return a voltage as a share of the cell's window."""
    window = prepared.spec.window
    value: float = volts / (window.upper.si - window.lower.si)
    return value


def weight(evidence: Cost | Found | Evidence, prepared: Ported) -> float:
    """Return a mode's cost on one scale.

    Polarisation as a share of the voltage window plus capacity as a share of the
    nominal: both shorten the discharge that the criteria look at.
    """
    lost = evidence.capacity / nominal_capacity(prepared.spec)
    return window_share(evidence.polarisation, prepared) + lost


def heating(evidence: Mapping[str, Found]) -> dict[str, Found]:
    """Return of the evidence what heats a cell: polarisation, what a short leaks, own heat."""
    return {
        mode: replace(e, polarisation=e.polarisation + e.heat, capacity=e.leaked)
        for mode, e in evidence.items()
    }


def answerable(item: Watched, prepared: Prepared, evidence: Mapping[str, Found]) -> str:
    """Return the mode that has brought what a criterion looks at.

    It is the criterion's own, unless that watches what several modes take together, the sodium
    lost: then it is the one whose currents took most of it.
    """
    variable, cell = item.criterion.variable, prepared.cell
    if item.mode == CORE:
        return CORE
    for i in cell.interfaces:
        if variable == i("sodium lost [C.m-2]"):
            lost = {mode: e.taken.get(i.place, 0.0) for mode, e in sorted(evidence.items())}
            return _most(lost, item.mode)
    return item.mode


def _most(amounts: Mapping[str, float], own: str) -> str:
    """Return who has most of something; ``own`` where nobody has any, or as much."""
    most = first_best(amounts, amounts.__getitem__) if amounts else own
    return most if amounts.get(most, 0.0) > amounts.get(own, 0.0) else own


def responsible(
    evidence: Mapping[str, Found],
    prepared: Ported,
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


def plain(evidence: Mapping[str, Found], prepared: Ported) -> dict[str, dict[str, Any]]:
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
