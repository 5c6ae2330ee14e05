"""The integrator called directly does what PyBaMM's solver does with it."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import load_protocol, plan_of
from twin.engine.prepare import prepare
from twin.engine.settings import RunSettings
from twin.model.pybamm_compat import StepInfeasible
from twin.model.pybamm_solver import ScalarIDAKLUSolver
from twin.model.stepping import BeginsBeyond, SolveFailed, SolverFunctions


@pytest.fixture(scope="module")
def cell():
    spec = twin.load_cell("na-nzsp-nvp")
    modes = twin.plugin_manager().select(["pressure"], (), spec.kind)
    return prepare(spec, modes, plan_of(load_protocol(None, spec), spec), RunSettings("spm"))


def test_steps_are_those_of_pybamms_solver(cell):
    compiled, user = cell.compiled, cell.inputs(None)
    theirs = ScalarIDAKLUSolver(rtol=1e-5, atol=1e-7, options=compiled._options)
    t, y, solution = 0.0, None, pybamm.EmptySolution(t=0.0)
    for index, step in enumerate(compiled.steps):
        ours = compiled.solve(index, t, y, user)
        t_eval, t_interp = step.pybamms.setup_timestepping(theirs, step.duration)
        solution = theirs.step(
            solution, compiled.model, step.duration, t_eval, t_interp=t_interp, save=False,
            inputs=compiled.inputs(index, t, user),
        )  # fmt: skip
        assert ours.t == pytest.approx(solution.t, rel=1e-9)
        assert ours.y == pytest.approx(np.asarray(solution.y), rel=1e-7, abs=1e-9)
        assert ours.termination == solution.termination.removeprefix("event: ")
        t, y = float(ours.t[-1]), ours.y[:, -1].copy()
    assert index == 3 and t > 3600


def test_no_time_stands_twice_and_the_state_goes_on(cell):
    compiled, user = cell.compiled, cell.inputs(None)
    first = compiled.solve(2, 0.0, None, user, duration=60.0)
    second = compiled.solve(2, 60.0, first.y[:, -1], user, duration=60.0)
    assert first.t[0] == 0 and first.t[-1] == 60
    assert second.t[0] == np.nextafter(60.0, np.inf) and second.t[-1] == 120
    differential = compiled.differential
    assert second.y[:differential, 0] == pytest.approx(first.y[:differential, -1], rel=1e-12)


def test_a_limit_that_is_passed_at_the_start_is_no_step(cell):
    compiled, user = cell.compiled, cell.inputs(None)
    full = compiled.solve(0, 0.0, None, user)
    with pytest.raises(StepInfeasible):
        target = 1.05 * compiled.constant_current(0)
        compiled.solve(0, float(full.t[-1]), full.y[:, -1], user, target=target)


def test_events_that_hold_at_the_start_are_named_and_others_are_not(cell):
    compiled = cell.compiled
    functions, stepper = compiled.functions, compiled._default_stepper
    p = functions.values(compiled.inputs(0, 0.0, cell.inputs(None)))
    y, start = functions.start(p), np.array([0.0, 1.0])
    found = functions.margins(np.zeros(1), y[:, None], p)[:, 0]
    # What came nearest to zero is what happened.
    assert stepper._event(np.zeros(1), y, p, start) == functions.events[np.abs(found).argmin()]
    for at in (1, len(found) - 1):
        found = found.copy()
        found[at] = -1.0
        functions.__dict__["margins"] = lambda *_, found=found: found[:, None]
        with pytest.raises(BeginsBeyond) as beyond:
            stepper._event(np.zeros(1), y, p, start)
        assert beyond.value.names == [functions.events[i] for i in np.flatnonzero(found < 0)]
    del functions.__dict__["margins"]


def test_what_the_integrator_says_is_what_is_said(cell):
    functions = cell.compiled.functions
    p = functions.values(cell.compiled.inputs(0, 0.0, cell.inputs(None)))
    y = np.full(functions.states, np.nan)
    with pytest.raises(SolveFailed, match=r"\w"):
        cell.compiled._default_stepper(np.array([0.0, 1.0]), np.empty(0), y, p)


def test_functions_written_and_read_are_the_same(cell):
    functions = cell.compiled.functions
    again = SolverFunctions(**functions.to_data())
    p = functions.values(cell.compiled.inputs(0, 0.0, cell.inputs(None)))
    y = functions.start(p)
    assert np.array_equal(again.start(p), y)
    for one, other in ((functions.rates, again.rates), (functions.margins, again.margins)):
        assert np.array_equal(one(np.zeros(1), y[:, None], p), other(np.zeros(1), y[:, None], p))


def test_a_step_stops_where_pybamms_stops(cell, tmp_path):
    from twin.model.pybamm_compat import SolverSettings, _times
    from twin.specs.drive import read_drive
    from twin.specs.steps import known_step

    path, solver = tmp_path / "trip.csv", SolverSettings().make()
    path.write_text("Time [s],Current [A]\n0,1\n3,2\n7,-1\n20,0.5\n")
    drive = known_step("Drive trip.csv for 45 seconds", drive=read_drive(path))
    for step in (*cell.compiled.steps, drive):
        for share in (1.0, 0.31, 1e-3):
            span = share * step.duration
            for ours, theirs in zip(
                _times(step, span), step.pybamms.setup_timestepping(solver, span), strict=True
            ):
                assert np.array_equal(ours, theirs)
