"""The scalar solver has PyBaMM's functions, entry by entry, and PyBaMM's solutions."""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np
import pybamm
import pytest

import twin
from twin.model.pybamm_solver import ScalarIDAKLUSolver, sparse_jacobian

MODES = ("blocking", "delamination", "dendrite", "interphase", "pressure")
STEP = "Charge at 0.3 mA for 20 minutes"


@pytest.fixture(scope="module")
def solved(make_cell, build) -> dict[type, tuple[Any, Any]]:
    """Return the solved SPM with every mode on, by the class of its solver."""
    spec = make_cell("na-nzsp-nvp")

    def solve(kind: type) -> tuple[Any, Any]:
        simulation = pybamm.Simulation(
            build(spec, MODES, "spm"),
            parameter_values=twin.parameter_values(spec),
            experiment=pybamm.Experiment([STEP]),
            experiment_model_mode="unified",
            solver=kind(rtol=1e-8, atol=1e-10),
        )
        return simulation.solve(calc_esoh=False), simulation._built_experiment_model

    return {kind: solve(kind) for kind in (pybamm.IDAKLUSolver, ScalarIDAKLUSolver)}


def _point(solution: Any, model: Any) -> tuple[float, np.ndarray, np.ndarray]:
    cycle = solution.cycles[0].steps[0]
    inputs = casadi.vertcat(*[np.ravel(v) for v in cycle.all_inputs[0].values()])
    return float(cycle.t[-1]), np.asarray(cycle.y)[:, -1], np.asarray(inputs)


@pytest.mark.parametrize(
    "name",
    ["rhs_algebraic_eval", "jac_rhs_algebraic_eval", "algebraic_eval", "jac_algebraic_eval"],
)
def test_each_function_has_the_values_of_pybamms(solved, name):
    solution, model = solved[pybamm.IDAKLUSolver]
    _, scalar = solved[ScalarIDAKLUSolver]
    t, y, inputs = _point(solution, model)
    # A little off the solution, whose residuals may be zero to the last bit.
    point = (t, y * (1 + 1e-3 * np.linspace(-1, 1, len(y))), inputs)
    theirs = np.asarray(casadi.densify(getattr(model, name)(*point)))
    ours = np.asarray(casadi.densify(getattr(scalar, name)(*point)))
    assert getattr(scalar, name).is_a("SXFunction")
    assert np.any(theirs)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9 * np.abs(theirs).max())


def test_the_jacobian_along_a_direction_is_the_jacobian_times_it(solved):
    solution, model = solved[ScalarIDAKLUSolver]
    point = _point(solution, model)
    v = np.linspace(-1, 1, len(point[1]))
    along = np.asarray(model.jac_rhs_algebraic_action_eval(*point, v)).ravel()
    whole = np.asarray(model.jac_rhs_algebraic_eval(*point) @ v).ravel()
    assert along == pytest.approx(whole, rel=1e-9, abs=1e-12)


def test_each_event_has_the_value_of_pybamms(solved):
    solution, model = solved[pybamm.IDAKLUSolver]
    _, scalar = solved[ScalarIDAKLUSolver]
    point = _point(solution, model)
    theirs = [float(event(*point)) for event in model.terminate_events_eval]
    ours = [float(event(*point)) for event in scalar.terminate_events_eval]
    assert len(theirs) == len(ours) > 2
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_the_solutions_are_the_same_to_the_tolerance(solved):
    t = np.linspace(0, 1200, 50)
    theirs, ours = (solved[k][0]["Voltage [V]"](t) for k in solved)
    assert ours == pytest.approx(theirs, abs=1e-8)


def test_a_model_with_a_table_keeps_matrix_functions_and_is_solved():
    model = pybamm.BaseModel()
    y = pybamm.Variable("y")
    table = pybamm.Interpolant(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0]), y)
    model.rhs = {y: -table}
    model.initial_conditions = {y: pybamm.Scalar(1)}
    model.variables = {"y": y}
    solution = ScalarIDAKLUSolver(rtol=1e-8, atol=1e-10).solve(model, [0, 1])
    # Below one the table is the identity.
    assert solution["y"].entries[-1] == pytest.approx(np.exp(-1), rel=1e-6)
    assert model.jac_rhs_algebraic_eval.is_a("MXFunction")


def _sweeps(monkeypatch, value, y):
    rows = []
    plain = casadi.jacobian

    def noted(part, by):
        rows.append(part.shape[0])
        return plain(part, by)

    monkeypatch.setattr(casadi, "jacobian", noted)
    return sparse_jacobian(value, y), rows


@pytest.mark.parametrize("long_rows", [0, 1, 2])
def test_a_jacobian_with_a_few_long_rows_is_found_in_two_parts(monkeypatch, long_rows):
    n = 30
    y = casadi.SX.sym("y", n)
    rows = [casadi.sin(y[i]) * y[(i + 1) % n] for i in range(n)]
    for at in (7, 19)[:long_rows]:
        rows[at] = casadi.sum1(y**3)
    value = casadi.vertcat(*rows)
    found, parts = _sweeps(monkeypatch, value, y)
    assert sorted(parts) == sorted(filter(None, [long_rows, n - long_rows]))
    point = np.linspace(0.1, 2, n)
    theirs, ours = (
        np.asarray(casadi.densify(casadi.Function("f", [y], [j])(point)))
        for j in (casadi.jacobian(value, y), found)
    )
    assert np.array_equal(ours, theirs)
    assert found.nnz() == casadi.jacobian(value, y).nnz()
