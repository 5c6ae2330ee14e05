"""With nothing that ages it, the twin's full cell is PyBaMM's, to the last bit."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import Port

CYCLE = (
    "Charge at C/5 until 3.9 V",
    "Hold at 3.9 V until C/20",
    "Rest for 10 minutes",
    "Discharge at C/5 until 2.5 V",
)
LIQUID_CYCLE = (
    "Discharge at C/2 until 2.5 V",
    "Rest for 10 minutes",
    "Charge at C/2 until 4.1 V",
    "Hold at 4.1 V until C/10",
)
MESH = dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), 10)
PYBAMM = {"dfn": pybamm.lithium_ion.DFN, "spm": pybamm.lithium_ion.SPMe}
# Values at which every term of the two modes is exactly neutral.
NEUTRAL = {
    "modes.interphase.anode.kind": "stable",
    "modes.interphase.cathode.kind": "stable",
    "modes.interphase.anode.conductivity": "1e30 S/m",
    "modes.interphase.cathode.conductivity": "1e30 S/m",
    "modes.pressure.contact.hardness": "1 Pa",
    "modes.pressure.stack.stress_potential": "off",
    "modes.pressure.voids.refill_current": "1e6 A/m^2",
}


def reference(spec, model, options=None):
    """PyBaMM's own model of a cell, a single-ion electrolyte at constant concentration."""
    anode = "positive" if spec.anode.kind == "metal" else "both"
    built = PYBAMM[model]({"working electrode": anode} | dict(options or {}), build=False)
    if spec.electrolyte.material.transport == "single-ion":
        built.submodels["electrolyte diffusion"] = (
            pybamm.electrolyte_diffusion.ConstantConcentration(built.param, built.options)
        )
    built.build_model()
    return built


def largest_difference(one, other):
    """Compare two voltages over the whole of two runs [V]."""
    t = np.linspace(0, min(one.t[-1], other.t[-1]), 400)
    at_ends = abs(one.t[-1] - other.t[-1]) / one.t[-1]
    return np.abs(one.at("Voltage [V]", t) - other.at("Voltage [V]", t)).max(), at_ends


@pytest.mark.parametrize("model", ["dfn", "spm"])
@pytest.mark.parametrize(
    ("cell", "cycle"), [("na-nzsp-nvp", CYCLE), ("na-ion-chayambuka2022", LIQUID_CYCLE)]
)
def test_bare_cell_equals_pybamm(make_cell, run, cell, cycle, model):
    # Single-ion with a metal anode, and a binary electrolyte between two porous electrodes.
    # The bare interface resistances are the twin's own: PyBaMM has none.
    spec = make_cell(cell, {"interfaces.anode.resistance": "0 ohm*m^2"})
    options = {"x-average side reactions": "true"} if model == "spm" else None
    # Equal on every mesh; a coarse one is quicker, where the tables are slow.
    mesh = MESH if cell == "na-ion-chayambuka2022" else None
    # PyBaMM's solver for both: the same expressions make the same steps.
    solver = {"rtol": 1e-6, "atol": 1e-8, "var_pts": mesh, "kind": pybamm.IDAKLUSolver}
    ours = run(spec, cycle, model=model, **solver)
    theirs = run(spec, cycle, model=reference(spec, model, options), mesh_of=ours.model, **solver)
    volts, seconds = largest_difference(theirs, ours)
    assert volts <= 1e-9
    assert seconds <= 1e-9


LUMPED = {"thermal": "lumped", "use lumped thermal capacity": "true", "heat of mixing": "true"}


@pytest.mark.parametrize(
    ("model", "options"),
    # The heat of a DFN at a metal is mended (test_heat.py), that of an SPMe is PyBaMM's own.
    [("spm", LUMPED), ("dfn", {"surface form": "differential"})],
    ids=["lumped", "double-layer"],
)
def test_bare_cell_equals_pybamm_with_options(make_cell, run, model, options):
    spec = make_cell(
        "na-nzsp-nvp",
        {"interfaces.anode.resistance": "0 ohm*m^2", "cathode.initial_stoichiometry": 0.5},
    )
    values = twin.parameter_values(spec)
    values.update(
        {f"{d} electrode double-layer capacity [F.m-2]": 0.2 for d in ("Negative", "Positive")}
    )
    steps, tolerances = [(5.0, 1800.0)], {"rtol": 1e-6, "atol": 1e-8, "values": values}
    tolerances["kind"] = pybamm.IDAKLUSolver
    ours = run(spec, steps, model=model, options=options, **tolerances)
    plain = reference(spec, model, options)
    theirs = run(spec, steps, model=plain, mesh_of=ours.model, **tolerances)
    volts, _ = largest_difference(theirs, ours)
    assert volts <= 1e-9
    t = np.linspace(0, 1800, 50)
    name = "Volume-averaged cell temperature [K]"
    assert np.abs(theirs.at(name, t) - ours.at(name, t)).max() <= 1e-9


def test_double_layer_leaves_the_steady_state_alone(make_cell, run, pin):
    # The metal has another submodel with a double layer; contact and film cost the same there.
    # (The two forms themselves differ by 0.4 mV on PyBaMM's own mesh, by 0.01 mV on a fine one.)
    spec = make_cell("na-nzsp-nvp", {"cathode.initial_stoichiometry": 0.5})
    values = twin.parameter_values(spec)
    values.update(
        {f"{d} electrode double-layer capacity [F.m-2]": 0.2 for d in ("Negative", "Positive")}
    )
    ports = {Port.CONTACT_FRACTION.at("anode"): 0.3, Port.INTERFACE_RESISTANCE.at("anode"): 3e-3}
    cost = []
    for options in ({}, {"surface form": "differential"}):
        bare, aged = (
            run(spec, [(5.0, 600.0)], modes, values=values, options=options, rtol=1e-6, atol=1e-8)
            for modes in ((), [pin(ports)])
        )
        cost.append(bare.end("Voltage [V]") - aged.end("Voltage [V]"))
    assert cost[0] == pytest.approx(cost[1], abs=1e-7)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_neutral_modes_change_nothing(make_cell, run, model):
    # The modes bring states of their own, so the solver takes other steps: equality is to
    # its tolerance.
    # Away from the steep end of the curve, where the solver's own noise is a voltage.
    start = {"cathode.initial_stoichiometry": 0.98}
    spec = make_cell("na-nzsp-nvp", {"interfaces.anode.resistance": "0 ohm*m^2"} | NEUTRAL | start)
    tight = {"rtol": 1e-8, "atol": 1e-10}
    bare = run(spec, CYCLE[:1], model=model, **tight)
    with_modes = run(spec, CYCLE[:1], ("interphase", "pressure"), model=model, **tight)
    volts, seconds = largest_difference(bare, with_modes)
    assert volts <= 1e-7
    assert seconds <= 1e-8


def test_short_port_at_zero_changes_nothing(make_cell, run, pin):
    spec = make_cell("na-nzsp-nvp")
    tight = {"rtol": 1e-8, "atol": 1e-10}
    bare = run(spec, CYCLE[:1], **tight)
    neutral = {
        port.at(place): port.neutral
        for port in Port
        for place in port.places
        if (port, place) != (Port.ACTIVE_FRACTION, "anode")
    }
    pinned = run(spec, CYCLE[:1], [pin(neutral)], **tight)
    volts, _ = largest_difference(bare, pinned)
    assert volts <= 1e-7


@pytest.mark.parametrize(
    "points",
    [20, pytest.param(40, marks=pytest.mark.slow), pytest.param(80, marks=pytest.mark.slow)],
)
def test_chayambuka_cell_equals_pybamms_sodium_ion_model(make_cell, points):
    # BasicDFN was written apart from the DFN; on one mesh the two should agree.
    spec = make_cell("na-ion-chayambuka2022")
    mesh = dict.fromkeys(("x_n", "x_s", "x_p", "r_n", "r_p"), points)
    solutions = []
    for model, values in (
        (twin.build_model(spec, modes=[]), twin.parameter_values(spec)),
        (pybamm.sodium_ion.BasicDFN(), pybamm.ParameterValues("Chayambuka2022")),
    ):
        simulation = pybamm.Simulation(
            model,
            parameter_values=values,
            solver=pybamm.IDAKLUSolver(rtol=1e-5, atol=1e-7),
            var_pts=mesh,
            submesh_types=pybamm.lithium_ion.DFN().default_submesh_types,
        )
        solutions.append(simulation.solve([0, 3600]))
    ends = [s.t[-1] for s in solutions]
    assert ends[0] == pytest.approx(ends[1], rel=1e-5)
    t = np.linspace(0, 0.999 * min(ends), 300)
    ours, theirs = (s["Voltage [V]"](t) for s in solutions)
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize(
    "name", ["SolidStateSodiumDFN", "SolidStateSodiumSPM", "SodiumSymmetricCell"]
)
def test_pybamm_finds_the_models_by_name(name):
    # Through the entry points of the installed package.
    model = pybamm.Model(name)
    assert type(model).__name__ == name
    assert "Voltage [V]" in model.variables
