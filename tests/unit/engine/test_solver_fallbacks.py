"""The ladder: what is tried when the solver cannot go on, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import twin
from twin.engine.plan import Plan, PlanPhase, PlanStep
from twin.engine.prepare import RunSettings, prepare
from twin.engine.solver_fallbacks import FALLBACKS, FallbacksExhausted, solve_with_fallbacks
from twin.model.pybamm_compat import SolverSettings, StepFailed, StepInfeasible, StepResult

DONE = StepResult(np.array([0.0, 1.0]), np.zeros((3, 2)), "final time")


class StubbornCell:
    """A cell whose solver fails a given number of times."""

    def __init__(self, failures: int, error: Exception | None = None):
        self.failures, self.error = failures, error or StepFailed("IDA_CONV_FAIL")
        self.calls: list[tuple[SolverSettings | None, np.ndarray]] = []
        self.asked: list[tuple[float | None, float | None]] = []
        self.steps = [SimpleNamespace(duration=3600.0)]
        self.differential = 2
        self.forgotten = False

    def solve(self, index, t, y, user, *, settings=None, **how):
        self.calls.append((settings, y))
        self.asked.append((how.get("target"), how.get("duration")))
        if len(self.calls) <= self.failures:
            raise self.error
        return DONE

    def constant_current(self, index):
        return -2.0

    def initial_state(self, user):
        return np.array([9.0, 9.0, 7.0])

    def forget_solvers(self):
        self.forgotten = True


BASE = SolverSettings(1e-4, 1e-6)
Y = np.array([1.0, 2.0, 3.0])


def test_a_healthy_step_climbs_nothing():
    cell = StubbornCell(0)
    assert solve_with_fallbacks(cell, BASE, 0, 0.0, Y, {}) == (DONE, [])
    assert len(cell.calls) == 1


@pytest.mark.parametrize("failures", range(1, len(FALLBACKS) + 1))
def test_it_stops_at_the_first_rung_that_helps(failures):
    cell = StubbornCell(failures)
    _, tried = solve_with_fallbacks(cell, BASE, 0, 0.0, Y, {})
    assert tried == [rung.says for rung in FALLBACKS[:failures]]
    assert cell.forgotten


def test_the_rungs_do_what_they_say():
    cell = StubbornCell(len(FALLBACKS))
    solve_with_fallbacks(cell, BASE, 0, 0.0, Y, {})
    (_, tighter, looser, short, fresh) = cell.calls[:5]
    assert tighter[0].rtol == pytest.approx(1e-5) and tighter[0].atol == pytest.approx(1e-7)
    assert looser[0].rtol == pytest.approx(1e-3)
    assert short[0].dt_max == pytest.approx(3600 / 200)
    # Differential states are kept, algebraic ones start from the model's own guess.
    assert fresh[1].tolist() == [1.0, 2.0, 7.0]
    # The current comes up with its sign, a moment each, and only the potentials follow.
    shares, moments = zip(*cell.asked[5:-1], strict=True)
    assert list(shares) == sorted(shares, reverse=True) and -2 < shares[-1] < shares[0] < 0
    assert max(moments) <= 1e-6 and cell.asked[-1] == (None, None)
    assert cell.calls[-1][1].tolist() == [1.0, 2.0, 0.0]
    assert Y.tolist() == [1.0, 2.0, 3.0]


def test_when_nothing_helps_the_first_message_is_kept():
    with pytest.raises(FallbacksExhausted) as caught:
        solve_with_fallbacks(StubbornCell(99), BASE, 0, 0.0, Y, {})
    assert caught.value.message == "IDA_CONV_FAIL"
    assert len(caught.value.tried) == len(FALLBACKS)


def test_an_infeasible_step_is_no_failure():
    cell = StubbornCell(99, StepInfeasible("already below 2.5 V"))
    with pytest.raises(StepInfeasible):
        solve_with_fallbacks(cell, BASE, 0, 0.0, Y, {})
    assert len(cell.calls) == 1


def test_a_current_that_newton_does_not_find_in_one_go_is_raised_in_steps():
    # 20C through 10 um of a closo-borate: the DFN's potentials lie volts from those at rest.
    spec = twin.load_cell("na-nbh-nco", overrides={"electrolyte.thickness": "10 um"})
    found = {}
    for model in ("spm", "dfn"):
        plan = Plan((PlanPhase("a", 1, (PlanStep("Charge at 20C until 3.25 V"),)),))
        built = prepare(spec, [], plan, RunSettings(model))
        found[model] = solve_with_fallbacks(
            built.compiled, built.solver_settings, 0, 0.0, None, built.inputs(None)
        )
    (simple, none), (resolved, tried) = found["spm"], found["dfn"]
    assert none == [] and tried[-1] == "the current raised in steps"
    # Where they ended, and the charge until there; nothing has passed while it was raised.
    assert resolved.termination == simple.termination and resolved.t[0] == 0.0
    assert resolved.t[-1] == pytest.approx(simple.t[-1], rel=5e-3)


def test_what_is_no_constant_current_cannot_be_raised():
    spec = twin.load_cell("na-nzsp-nvp")
    steps = tuple(map(PlanStep, ("Hold at 3.4 V for 1 hour", "Charge at 1 mA for 1 hour")))
    built = prepare(spec, [], Plan((PlanPhase("a", 1, steps),)), RunSettings("spm"))
    assert built.compiled.constant_current(0) is None
    assert built.compiled.constant_current(1) == pytest.approx(-1e-3)
