"""A staircase of currents as the engine runs it: each current is a cycle of its own."""

from __future__ import annotations

from twin.engine.plan import Plan, PlanPhase, PlanStep
from twin.errors import InputError
from twin.validation.schema import Ramp

_MOST = 2000


def levels(ramp: Ramp) -> list[float]:
    """Return the currents of a ramp [A.m-2].

    Raises
    ------
    InputError
        If there are more than two thousand.
    """
    found = [ramp.first.si]
    while True:
        last = found[-1]
        following = last * ramp.factor.si if ramp.factor is not None else last + ramp.step.si
        if following > ramp.last.si * (1 + 1e-9):
            return found
        found.append(following)
        if len(found) > _MOST:
            raise InputError(
                f"the ramp has more than {_MOST} currents", key="ramp", fix="take larger steps"
            )


def ramp_plan(ramp: Ramp, area: float) -> Plan:
    """Return a ramp's plan for a cell of an area [m2]."""
    ways = {"strip": ("Discharge",), "plate": ("Charge",), "both": ("Discharge", "Charge")}
    phases = []
    for j in levels(ramp):
        steps: list[PlanStep] = []
        for way in ways[ramp.direction]:
            steps.append(PlanStep(f"{way} at {j * area:.10g} A for {ramp.hold.si:.10g} seconds"))
            if ramp.rest.si > 0:
                steps.append(PlanStep(f"Rest for {ramp.rest.si:.10g} seconds"))
        phases.append(PlanPhase(f"{j:.6g} A/m2", 1, tuple(steps)))
    return Plan(tuple(phases))
