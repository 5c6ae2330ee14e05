"""Plans: which phase a cycle belongs to, and which steps are the same to the solver."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twin.engine.plan import Plan, PlanPhase, PlanStep

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
