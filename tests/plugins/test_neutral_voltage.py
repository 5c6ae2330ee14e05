"""Neutral parameters leave the DFN's voltage alone to 1e-9, the solver's noise taken out.

Two runs agree to the solver's tolerance and no further. So the states are taken from one
run, and the algebraic equations of the bare cell and of the cell with the mode are each
solved at them by Newton's method, far beyond that tolerance: what is left is the models' own
difference.
"""

from __future__ import annotations

import casadi
import numpy as np
import pybamm
import pytest

import twin

NEUTRAL = {
    "interphase": {
        f"modes.interphase.{place}.{key}": value
        for place in ("anode", "cathode")
        for key, value in {"kind": "stable", "conductivity": "1e30 S/m"}.items()
    },
    "delamination": {
        f"modes.delamination.{place}.{key}": value
        for place, values in {
            "anode": {"fatigue_factor": 0.0},
            "cathode": {"fatigue_strain": 1e9},
        }.items()
        for key, value in {"fracture_energy": "1e9 J/m^2", **values}.items()
    },
    "blocking": {
        f"modes.blocking.{layer}.{key}": value
        for layer in ("separator", "cathode")
        for key, value in {"field_ageing_rate": "0 1/s", "strain_ageing": 0.0}.items()
    },
    "fade": {"modes.fade.polyanion.loss": 0.0},
    "pulverisation": {
        f"modes.pulverisation.{loss}": 0.0
        for loss in ("first_loss", "early_loss", "lasting_loss", "opened_loss")
    },
    "plating": {"modes.plating.exchange_current": "0 A/m^2"},
}
# A cell in which the mode has something to do, and where it starts.
CELLS = {
    "plating": ("hc-nzsp-nvp", {"anode.initial_stoichiometry": 0.45}),
    "pulverisation": ("sn-nbh-nco", {"cathode.initial_stoichiometry": 0.9}),
}
TIMES = np.linspace(0, 2 * 3600, 4)
AMBIENT = "Ambient temperature [K]"


def solved(spec, modes, current):
    """Charge at a constant current; return the built model and the states at the times."""
    values = twin.parameter_values(spec)
    values["Current function [A]"] = current * spec.geometry.area.si
    # An input, as in an experiment (see twin.testing).
    values[AMBIENT] = "[input]"
    simulation = pybamm.Simulation(
        twin.build_model(spec, modes=modes),
        parameter_values=values,
        solver=pybamm.IDAKLUSolver(rtol=1e-6, atol=1e-8),
    )
    inputs = {AMBIENT: spec.thermal.ambient.si}
    solution = simulation.solve(TIMES, inputs=inputs, calc_esoh=False)
    return simulation.built_model, np.asarray(solution.y), inputs


def settled_voltage(model, t, y, inputs):
    """Solve a model's algebraic equations at its other states; return the voltage [V]."""
    x, z = (casadi.MX.sym(name, n) for name, n in (("x", model.len_rhs), ("z", model.len_alg)))
    state = casadi.vertcat(x, z)
    residual = model.concatenated_algebraic.to_casadi(t, state, inputs=inputs)
    newton = casadi.Function("newton", [x, z], [residual, casadi.jacobian(residual, z)])
    # Each model starts from a guess of its own, a tenth of a millivolt off.
    given, random = y[: model.len_rhs], np.random.default_rng(model.len_alg)
    found = y[model.len_rhs :] + 1e-4 * random.random(model.len_alg)
    for _ in range(6):
        value, slope = newton(given, found)
        step = np.linalg.solve(np.array(slope), np.array(value)).flatten()
        found -= step
    # Quadratic: the last step is what rounding leaves.
    assert np.abs(step).max() < 1e-9
    whole = np.concatenate([given, found])
    voltage = model.get_processed_variable("Voltage [V]").evaluate(t, whole, inputs=inputs)
    return float(np.asarray(voltage).item())


def given_to(bare, whole, y):
    """Return the states of ``bare`` among those of ``whole``."""
    there = {variable.name: slices for variable, slices in whole.y_slices.items()}
    own = np.zeros(bare.len_rhs_and_alg)
    for variable, slices in bare.y_slices.items():
        for mine, theirs in zip(slices, there[variable.name], strict=True):
            own[mine] = y[theirs]
    return own


@pytest.mark.parametrize("mode", sorted(NEUTRAL))
def test_neutral_voltage(make_cell, record_property, mode):
    cell, start = CELLS.get(mode, ("na-nzsp-nvp", {"cathode.initial_stoichiometry": 0.5}))
    spec = make_cell(cell, NEUTRAL[mode] | start)
    whole, y, inputs = solved(spec, [mode], -2.0)
    bare, _, _ = solved(spec, [], -2.0)
    worst = 0.0
    for k, t in enumerate(TIMES[: y.shape[1]]):
        with_mode = settled_voltage(whole, t, y[:, k], inputs)
        alone = settled_voltage(bare, t, given_to(bare, whole, y[:, k]), inputs)
        worst = max(worst, abs(with_mode - alone))
    record_property("neutral, V", worst)
    assert worst < 1e-9
