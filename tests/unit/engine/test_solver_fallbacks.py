"""The ladder: what is tried when the solver cannot go on, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from twin.engine.solver_fallbacks import FALLBACKS, FallbacksExhausted, solve_with_fallbacks
from twin.model.pybamm_compat import SolverSettings, StepFailed, StepInfeasible, StepResult

DONE = StepResult(np.array([0.0, 1.0]), np.zeros((3, 2)), "final time")


class StubbornCell:
    """A cell whose solver fails a given number of times."""

    def __init__(self, failures: int, error: Exception | None = None):
        self.failures, self.error = failures, error or StepFailed("IDA_CONV_FAIL")
        self.calls: list[tuple[SolverSettings | None, np.ndarray]] = []
        self.steps = [SimpleNamespace(duration=3600.0)]
        self.model = SimpleNamespace(len_rhs=2)
        self.forgotten = False

    def solve(self, index, t, y, user, *, settings=None, **how):
        self.calls.append((settings, y))
        if len(self.calls) <= self.failures:
            raise self.error
        return DONE

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
    (_, tighter, looser, short, fresh) = cell.calls
    assert tighter[0].rtol == pytest.approx(1e-5) and tighter[0].atol == pytest.approx(1e-7)
    assert looser[0].rtol == pytest.approx(1e-3)
    assert short[0].dt_max == pytest.approx(3600 / 200)
    # Differential states are kept, algebraic ones start from the model's own guess.
    assert fresh[1].tolist() == [1.0, 2.0, 7.0]
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
