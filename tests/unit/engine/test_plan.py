"""Plans: which phase a cycle belongs to, and which steps are the same to the solver."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from twin.engine.plan import Plan, PlanPhase, PlanStep
from twin.specs.drive import Drive

REST, CHARGE = PlanStep("Rest for 1 hour"), PlanStep("Charge at C/5 until 3.9 V")


def phase(name: str, cycles: int | None, *steps: PlanStep) -> PlanPhase:
    return PlanPhase(name, cycles, steps or (REST,))


def test_phases_come_in_order_and_the_last_goes_on():
    plan = Plan((phase("formation", 2), phase("ageing", None)))
    assert [plan.phase(n).name for n in (1, 2, 3, 400)] == [
        "formation",
        "formation",
        "ageing",
        "ageing",
    ]
    assert plan.total is None


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_every_cycle_of_a_finite_plan_has_its_phase(counts):
    plan = Plan(tuple(phase(str(i), n) for i, n in enumerate(counts)))
    assert plan.total == sum(counts)
    names = [plan.phase(n).name for n in range(1, plan.total + 1)]
    assert names == [str(i) for i, n in enumerate(counts) for _ in range(n)]
    assert plan.phase(plan.total + 1) is None


def test_steps_that_differ_only_in_pressure_are_one_to_the_solver():
    light, heavy = (
        PlanStep("Rest for 1 hour", pressure=1e6),
        PlanStep("Rest for 1 hour", pressure=9e6),
    )
    warm = PlanStep("Rest for 1 hour", temperature=333.15)
    plan = Plan((phase("a", 1, light, heavy, warm), phase("b", None, light)))
    assert len(plan.unique_steps) == 2
    assert phase("a", 1, light).fingerprint != phase("a", 1, heavy).fingerprint


def test_a_phase_is_known_by_what_runs_stored_earlier_knew_it_by():
    words = "(PlanStep(do='Rest for 1 hour', temperature=None, pressure=None, period=None),)"
    phase = PlanPhase("a", 1, (replace(REST, place=3),))
    assert phase.fingerprint == hashlib.sha256(words.encode()).hexdigest()[:12]
    drives = [Drive("current", (0.0, 1.0), (0.0, last)) for last in (1.0, 2.0)]
    kinds = {PlanPhase("a", 1, (replace(REST, drive=d),)).fingerprint for d in drives}
    assert len(kinds | {phase.fingerprint}) == 3
    plans = [Plan((PlanPhase("a", 1, (replace(REST, drive=d),)),)) for d in drives]
    assert plans[0].but_for_currents != plans[1].but_for_currents
