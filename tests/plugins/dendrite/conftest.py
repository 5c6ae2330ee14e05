"""A plain symmetric cell with the dendrite mode, and the mode's own expressions by themselves."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pybamm
import pytest
from twin_dendrite.growth import FilamentGrowth

import twin
from twin.modes.context import CellContext

MODE = ("dendrite",)
TIGHT = {"rtol": 1e-9, "atol": 1e-11}
K_C, E_STAR, NU = 1.3e6, 85.8e9, 0.26  # a NASICON ceramic
AREA = 1.131e-4

# The exact limits' own cell: a linear interface of 14 ohm cm2, no leak, no stack pressure, a
# tight mouth, and nothing that is an option. Each test brings back what it is about.
PLAIN = {
    "electrolyte.material.conductivity": "0.1 S/m",
    "electrolyte.material.electronic_conductivity": "0 S/m",
    "electrolyte.material.fracture_toughness": f"{K_C} Pa*m^0.5",
    "electrolyte.material.youngs_modulus": f"{E_STAR * (1 - NU**2)!r} Pa",
    "electrolyte.material.poisson_ratio": NU,
    "interfaces.anode.exchange_current": "1e12 A/m^2",
    "interfaces.anode.resistance": "14 ohm*cm^2",
    "anode.thickness": "50 mm",
    "stack.pressure": "0 Pa",
    "window.lower": "-1e6 V",
    "window.upper": "1e6 V",
    "modes.dendrite.flaw.length": "10 um",
    "modes.dendrite.flaw.reference_area": f"{AREA} m^2",
    "modes.dendrite.flaw.strength": {"value": 1.0, "spread": "weibull 10"},
    "modes.dendrite.flaw.weibull_modulus": 10,
    "modes.dendrite.flaw.thickness_share": 0.99,
    "modes.dendrite.drive.inflow_factor": math.pi,
    "modes.dendrite.plug.law": "tight",
    "modes.dendrite.short.severity": "warning",
}
CELL_READS = {
    "T": ("Volume-averaged cell temperature [K]", 298.15),
    "stack": ("Stack pressure [Pa]", 0.0),
    "separator": ("Separator resistance [Ohm.m2]", 5e-4 / 0.1),
    "voltage": ("Voltage [V]", 0.0),
}
READS = {
    "length": ("filament length [m]", 1e-5),
    "filling": ("filament filling", 0.0),
    "current": ("current density [A.m-2]", -60.0),
    "theta": ("conducting fraction", 1.0),
    "film": ("series resistance [Ohm.m2]", 14e-4),
    "narrow": ("constriction resistance [Ohm.m2]", 0.0),
    "j_0": ("reference exchange current density [A.m-2]", 1e12),
    "phi": ("void fraction", 0.0),
}
SEES = {
    "j": "tip current density [A.m-2]",
    "eta": "tip overpotential [V]",
    "pressure": "filament pressure [Pa]",
    "k": "stress intensity share",
    "K": "stress intensity [Pa.m0.5]",
    "steady": "steady stress intensity share",
    "inflow": "filament inflow [s-1]",
    "speed": "filament growth rate [m.s-1]",
    "critical": "critical plating current density [A.m-2]",
}


def own(**values):
    """``own(flaw_length="50 um")``: overrides of the mode's own table."""
    return {"modes.dendrite." + k.replace("_", ".", 1): v for k, v in values.items()}


@pytest.fixture(name="own", scope="session")
def _own():
    return own


@pytest.fixture(scope="session")
def plain():
    """The plain cell's overrides."""
    return dict(PLAIN)


@pytest.fixture(scope="session")
def cell(make_cell, run):
    """Solve the plain cell, changed as a test wants it."""

    def solve(steps, overrides=None, modes=MODE, name="na-nzsp-na", **solver):
        spec = make_cell(name, PLAIN | dict(overrides or {}))
        return run(spec, steps, modes, **(TIGHT | solver))

    return solve


@pytest.fixture(scope="session")
def laws():
    """``laws()(current=-18, length=1e-4).k``: the mode's own expressions at values of what
    they read; no cell is solved.
    """
    known: dict = {}

    def expressions(overrides=None, leave_out=()):
        key = (repr(sorted((overrides or {}).items(), key=str)), leave_out)
        if key in known:
            return known[key]
        spec = twin.load_cell("na-nzsp-na", overrides=PLAIN | dict(overrides or {}))
        context = CellContext(spec)
        anode = context.interfaces[0]
        names = {k: (anode(n), v) for k, (n, v) in READS.items() if k not in leave_out}
        names |= CELL_READS
        given = dict(names.values())
        variables = {name: pybamm.InputParameter(name) for name in given}
        # What nobody provides has the value that the mode declared, from the assembly.
        declared = twin.plugin_manager().modes["dendrite"].optional_reads
        for text, value in declared.items():
            variables.setdefault(text.format(interface=anode.prefix), pybamm.Scalar(value))
        FilamentGrowth(context, "dendrite", anode).get_coupled_variables(variables)
        values = twin.parameter_values(spec)
        seen = {k: values.process_symbol(variables[anode(v)]) for k, v in SEES.items()}

        def evaluate(**changes):
            inputs = given | {names[k][0]: v for k, v in changes.items()}
            found = {k: s.evaluate(inputs=inputs) for k, s in seen.items()}
            return SimpleNamespace(**{k: float(np.asarray(v).item()) for k, v in found.items()})

        known[key] = evaluate
        return evaluate

    return expressions
