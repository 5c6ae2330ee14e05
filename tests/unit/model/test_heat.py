"""Energy of the full cell: what is not delivered or still stored has become heat."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import Port

T_REF = 298.15
HOUR = 3600.0
# Discharged to the middle and left until the particles are even again: the state of charge
# then says what is stored.
STEPS = [(11.0, 0.8 * HOUR), (0.0, 3 * HOUR)]
CELL = {
    "thermal.model": "lumped",
    "thermal.heat_transfer": "0 W/(m^2*K)",
    "cathode.initial_stoichiometry": 0.1,
}
# PyBaMM leaves the heat of mixing inside particles out unless asked for it.
MIXING = {"heat of mixing": "true"}
TOLERANCES = {"rtol": 1e-7, "atol": 1e-9}


def open_circuit(spec, stoichiometry, temperature):
    """U(s, T) of the cathode against sodium [V]."""
    law = twin.parameter_values(spec)["Positive electrode OCP [V]"]
    values = twin.parameter_values(spec).evaluate(law(pybamm.Vector(stoichiometry)))
    entropic = spec.cathode.material.entropic_change.value.si
    return np.asarray(values).reshape(-1) + entropic * (temperature - T_REF)


def balance(spec, seen, steps):
    """Heat stored as temperature, heat expected, and energy delivered [J.m-2].

    Expected is the integral of ``(i_cell + i_side)(U - T dU/dT) - i V - i_side phi_c``: an
    oxidation at the cathode is paid for by sodium that enters the host, and takes
    ``i_side phi_c`` along as chemical energy, of which no account is kept.
    """
    entropic = spec.cathode.material.entropic_change.value.si
    expected = delivered = began = 0.0
    for i, seconds in steps:
        t = np.linspace(began + 1e-6, began + seconds - 1e-6, 20001)
        began += seconds
        voltage = seen.at("Voltage [V]", t)
        temperature = seen.at("Volume-averaged cell temperature [K]", t)
        through = i + seen.at("Internal short current density [A.m-2]", t)
        side = seen.at(Port.PARASITIC_CURRENT.at("cathode").variable, t)
        stored = open_circuit(spec, seen.at("Cathode stoichiometry", t), temperature)
        lost = i * voltage + side * seen.at("Cathode potential vs sodium [V]", t)
        entering = (through + side) * (stored - temperature * entropic)
        expected += np.trapezoid(entering - lost, t)
        delivered += np.trapezoid(abs(i * voltage), t)
    rise = seen.end("Volume-averaged cell temperature [K]") - T_REF
    return spec.thermal.heat_capacity.si * rise, expected, delivered


@pytest.mark.parametrize(
    ("model", "mesh", "of_heat"),
    [
        ("spm", None, 5e-4),
        pytest.param(
            "dfn",
            {"x_n": 20, "x_s": 400, "x_p": 40, "r_n": 20, "r_p": 20},
            1e-3,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_energy_is_conserved(make_cell, run, model, mesh, of_heat, limit):
    spec = make_cell("na-nzsp-nvp", CELL)
    seen = run(spec, STEPS, model=model, options=MIXING, var_pts=mesh, **TOLERANCES)
    heat, expected, _ = balance(spec, seen, STEPS)
    limit(f"E22 heat of a full cell, {model}", heat, expected, of_heat)


FINER = {"x_n": 20, "x_s": 20, "x_p": 60, "r_n": 20, "r_p": 20}


@pytest.mark.parametrize(
    ("model", "mesh"),
    [("spm", None), ("dfn", None), pytest.param("dfn", FINER, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("network", ["continuous", "mixed powders"])
def test_energy_is_conserved_as_the_cell_comes(make_cell, run, limit, model, mesh, network):
    # On the mesh that a cell comes with, whatever the step in conductivity between separator and
    # composite, and on one with three times the places in the cathode.
    spec = make_cell("na-nzsp-nvp", CELL | {"cathode.mixing.network": network})
    seen = run(spec, STEPS, model=model, var_pts=mesh, **TOLERANCES)
    heat, expected, _ = balance(spec, seen, STEPS)
    on = "default" if mesh is None else "finer"
    limit(f"E22 heat of a full cell, {model}, {network}, {on} mesh", heat, expected, 2e-3)


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_energy_is_conserved_where_particles_are_filled_by_detours(make_cell, run, limit, model):
    # The heat of mixing counts with the diffusivity that fills them, not with the solid's own.
    spec = make_cell("na-nzsp-nvp", CELL | {"cathode.mixing.contact": 0.3})
    seen = run(spec, STEPS, model=model, **TOLERANCES)
    heat, expected, _ = balance(spec, seen, STEPS)
    limit(f"E22 heat where particles are filled by detours, {model}", heat, expected, 1e-3)


def test_energy_is_conserved_with_every_port_at_work(make_cell, run, pin):
    ports = {
        Port.CONTACT_FRACTION.at("anode"): 0.3,
        Port.CONTACT_FRACTION.at("cathode"): 0.8,
        Port.INTERFACE_RESISTANCE.at("anode"): 1e-3,
        Port.INTERFACE_RESISTANCE.at("cathode"): 2e-3,
        Port.CONDUCTIVITY_FACTOR.at("separator"): 0.5,
        Port.CONDUCTIVITY_FACTOR.at("cathode"): 0.8,
        Port.SHORT_CONDUCTANCE.at(): 0.05,
        Port.HEAT_SOURCE.at(): 0.1,
    }
    spec = make_cell("na-nzsp-nvp", CELL)
    seen = run(spec, STEPS, [pin(ports)], model="spm", options=MIXING, **TOLERANCES)
    heat, expected, _ = balance(spec, seen, STEPS)
    expected += 0.1 * sum(seconds for _, seconds in STEPS)
    assert heat == pytest.approx(expected, rel=5e-4)


# Every mode does something to see within hours: an oxidised catholyte that takes active
# material, bonds that part, boundaries that block, an electrolyte that leaks.
ALIVE = {
    "stack.pressure": "0.5 MPa",
    "modes.pressure.voids.refill_current": "0.05 mA/cm^2",
    "stack.fixture": "spring",
    "stack.stiffness": "1e10 Pa/m",
    "electrolyte.material.electronic_conductivity": "1e-5 S/m",
    "modes.interphase.anode.conductivity": "1e-6 S/m",
    "modes.interphase.anode.rate_constant": "1e-11 m/s",
    "modes.interphase.cathode.kind": "mixed-conducting",
    "modes.interphase.cathode.stability_limit": "3.2 V",
    "modes.interphase.cathode.reference_drive": "0.1 V",
    "modes.interphase.cathode.rate_constant": "1e-14 m/s",
    "modes.interphase.cathode.active_consumed": 1.0,
    "modes.delamination.cathode.fatigue_strain": 0.04,
    "modes.delamination.cathode.stress_free_stoichiometry": 1.0,
    "modes.blocking.separator.field_ageing_rate": "1e-6 1/s",
    "modes.blocking.space_charge.anode.potential": "0.2 V",
}
DID = {
    "Anode conducting fraction": -0.05,
    "Anode interphase resistance [Ohm.m2]": 1e-5,
    "Cathode active material fraction": -1e-3,
    "Cathode delaminated fraction": 1e-3,
    "Separator grain-boundary damage": 1e-3,
    "Internal short charge [C.m-2]": 10.0,
    "Stack pressure [Pa]": -1e4,
}


@pytest.mark.parametrize(
    ("model", "of_heat"), [("spm", 5e-4), pytest.param("dfn", 1e-3, marks=pytest.mark.slow)]
)
def test_energy_is_conserved_with_all_modes_at_once(make_cell, run, limit, model, of_heat):
    spec = make_cell("na-nzsp-nvp", CELL | ALIVE)
    modes = [m.id for m in twin.plugin_manager().select(None, (), spec.kind)]
    assert len(modes) >= 5
    steps = [(3.0, 2 * HOUR), (0.0, 3 * HOUR)]
    seen = run(spec, steps, modes, model=model, options=MIXING, **TOLERANCES)
    for name, change in DID.items():
        did = seen.end(name) - seen[name][0]
        assert did * np.sign(change) > abs(change), (name, did)
    heat, expected, delivered = balance(spec, seen, steps)
    limit(f"E22 heat with all modes at once, {model}", heat, expected, of_heat)
    limit(f"E22 the same, of the energy delivered, {model}", heat, expected, 1e-3, of=delivered)


def test_work_is_heat_with_all_modes_at_once_in_a_symmetric_cell(make_cell, run, limit):
    own = {k: v for k, v in (CELL | ALIVE).items() if "cathode" not in k}
    own |= {"modes.interphase.anode.conductivity": "1e-5 S/m"}
    spec = make_cell("na-nzsp-na", own)
    modes = [m.id for m in twin.plugin_manager().select(None, (), spec.kind)]
    steps = [(5.0, HOUR), (0.0, HOUR), (-5.0, HOUR)]
    seen = run(spec, steps, modes, rtol=1e-9, atol=1e-11)
    work = began = 0.0
    for i, seconds in steps:
        t = np.linspace(began + 1e-6, began + seconds - 1e-6, 20001)
        began += seconds
        work -= i * np.trapezoid(seen.at("Voltage [V]", t), t)
    rise = seen.end("Volume-averaged cell temperature [K]") - T_REF
    assert rise > 0.1
    exact = spec.thermal.heat_capacity.si * rise
    limit("E22 work is heat with all modes at once, symmetric cell", work, exact, 1e-5)
