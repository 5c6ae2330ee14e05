"""What a catholyte beyond its limit costs a cathode: a first layer, once, and contact."""

from __future__ import annotations

import math

import numpy as np
import pytest

import twin
from twin import FARADAY, GAS_CONSTANT, CellContext, Port
from twin.specs.dump import cell_hash

CELL = "nasn-nbh-nco"
KEY = "modes.interphase.cathode."
MODE = ("interphase",)
TIGHT = {"model": "spm", "rtol": 1e-9, "atol": 1e-12}
CURRENT = "Current collector current density [A.m-2]"
HOUR = 3600.0
# Far beyond the limit all the time, so that s(w) = 1 to 1e-17; no growth but the first layer's.
BEYOND = {
    KEY + "stability_limit": "1 V",
    KEY + "parabolic_constant": "0 m^2/s",
    "cathode.initial_stoichiometry": 0.6,
}
QUIET = {"modes.interphase.anode.kind": "stable"}


def first(charge="20 C/m^2", time="1 hour"):
    return {KEY + "first_layer.charge": charge, KEY + "first_layer.time": time}


@pytest.fixture
def cell(make_cell):
    return lambda *changes: make_cell(CELL, QUIET | dict(p for c in changes for p in c.items()))


def own_area(spec):
    electrode = spec.cathode
    used = CellContext(spec).utilisation_now("cathode")
    per_volume = 3 * electrode.active_fraction.si * used / electrode.particle_radius.si
    return per_volume * electrode.thickness.si


@pytest.mark.parametrize("charge", [5.0, 40.0])
def test_the_first_layer_takes_its_charge_once(cell, run, limit, charge):
    spec = cell(BEYOND, first(f"{charge} C/m^2"))
    seen = run(spec, [(0.0, 30 * HOUR)], MODE, **TIGHT)
    t = np.array([0.5, 1.0, 3.0, 30.0]) * HOUR
    table = spec.modes["interphase"].cathode
    thickness = table.molar_volume.si * charge / (table.electrons.si * FARADAY)
    formed = 1 - np.exp(-t / HOUR)
    grown = seen.at("Cathode dense interphase thickness [m]", t) - table.initial_thickness.si
    limit(f"E32 first layer, {charge} C/m2", grown, thickness * formed, 1e-6)
    # In charge: what the cathode gave beside the cell's current, over all of its area.
    current = seen["Cathode interphase current density [A.m-2]"]
    passed = np.trapezoid(current, seen["Time [s]"])
    assert passed == pytest.approx(charge * own_area(spec), rel=2e-3)  # quadrature
    volume = seen.end("Cathode interphase grown [m]")
    electrons = table.electrons.si * FARADAY / table.molar_volume.si
    limit("E32 first layer, charge", electrons * volume, charge * own_area(spec), 1e-6)


def test_inside_the_window_nothing_forms(cell, run):
    spec = cell(BEYOND, first(), {KEY + "stability_limit": "4.5 V"})
    seen = run(spec, [(0.0, 30 * HOUR)], MODE, **TIGHT)
    assert abs(seen.end("Cathode first layer formed")) < 1e-12


def test_what_grows_after_it_grows_the_more_slowly(cell, run, limit):
    # dL/dt = k_p/L once the layer is there: L^2 = L_1^2 + 2 k_p t.
    grows = {KEY + "parabolic_constant": "1e-22 m^2/s", KEY + "rate_constant": "1 m/s",
             KEY + "transport": "interstitial", KEY + "stability_limit": "1 V",
             KEY + "parabolic_activation_energy": "0 eV",
             "cathode.initial_stoichiometry": 0.6}  # fmt: skip
    spec = cell(grows, first("20 C/m^2", "1 s"))
    seen = run(spec, [(0.0, 500 * HOUR)], MODE, **TIGHT)
    t = np.array([50.0, 200.0, 500.0]) * HOUR
    found = seen.at("Cathode dense interphase thickness [m]", t)
    start = seen.at("Cathode dense interphase thickness [m]", np.array([60.0, 61.0]))[0]
    expected = np.sqrt(start**2 + 2e-22 * (t - 60.0))
    limit("E32 growth on a first layer", found, expected, 1e-5)


def cycled(cell, run, *changes, upper="3.6 V"):
    spec = cell(*changes)
    steps = (f"Charge at C/10 until {upper}", "Discharge at C/10 until 2.0 V")
    seen = run(spec, steps, MODE, **TIGHT)
    passed = [s["Discharge capacity [A.h]"].entries for s in seen.solution.cycles[0].steps]
    charged, given = (abs(p[-1] - p[0]) * 3600 / spec.geometry.area.si for p in passed)
    return spec, seen, charged, given


def test_the_first_efficiency_falls_by_what_is_oxidised(cell, run, limit):
    """Where the anode keeps a reserve: ``CE = 1 - q_o/Q_ch`` beside the sites left unfilled."""
    still = {KEY + "parabolic_constant": "0 m^2/s", KEY + "stability_limit": "3.2 V"}
    _, _, charged, given = cycled(cell, run, still, first("0 C/m^2"))
    unfilled = (charged - given) / charged
    for charge in (10.0, 40.0):
        spec, seen, charged, given = cycled(cell, run, still, first(f"{charge} C/m^2", "30 min"))
        oxidised = charge * own_area(spec) * seen.end("Cathode first layer formed")
        limit(f"E32 first efficiency, {charge} C/m2", given / charged,
              1 - unfilled - oxidised / charged, 2e-3)  # fmt: skip
        assert oxidised > 0.9 * charge * own_area(spec)


@pytest.mark.parametrize(("model", "rtol"), [("spm", 1e-10), ("dfn", 1e-8)])
def test_the_ledger_closes(cell, run, limit, model, rtol):
    """Both hosts hold what they began with, and what was oxidised."""
    own = {KEY + "contact_thickness": "30 nm", "cathode.initial_stoichiometry": 0.8}
    spec = cell(first("30 C/m^2"), own)
    steps = [(-2.0, 2 * HOUR), (0.0, HOUR), (2.0, HOUR)]
    seen = run(spec, steps, MODE, model=model, rtol=rtol, atol=rtol / 100)
    table = spec.modes["interphase"].cathode
    per_volume = table.electrons.si * FARADAY / table.molar_volume.si
    oxidised = per_volume * seen["Cathode interphase grown [m]"]
    assert oxidised[-1] > 500
    sites = CellContext(spec).host_sites
    total = sum(
        sites(place) * seen[f"{place.capitalize()} stoichiometry"] for place in ("anode", "cathode")
    )
    passed = sum(abs(current) * seconds for current, seconds in steps)
    off = np.abs(total - oxidised - total[0]).max()
    limit(f"E32 sodium of both hosts, {model}", off, 0.0, 1e-8, of=passed)


@pytest.mark.parametrize("width", [2e-9, 2e-8])
def test_a_layer_takes_contact(cell, run, limit, width):
    own = {KEY + "contact_thickness": f"{width} m"}
    seen = run(cell(BEYOND, first("20 C/m^2"), own), [(0.0, 10 * HOUR)], MODE, **TIGHT)
    spec = cell()
    grown = seen["Cathode dense interphase thickness [m]"] - (
        spec.modes["interphase"].cathode.initial_thickness.si
    )
    found = seen["Cathode interphase contact fraction"]
    limit("E32 contact exp(-(L - L_0)/L_c)", found, np.exp(-grown / width), 1e-8)
    assert found[0] == pytest.approx(1, abs=1e-12) and found[-1] < 0.9
    assert seen["Cathode contact fraction"] == pytest.approx(found)


def test_lost_contact_costs_kinetics_as_it_should(cell, run):
    """``eta = 2RT/F asinh(j/(2 j_0 theta))``: the pulse's drop after the layer has formed."""
    layer = first("20 C/m^2", "1 s")
    bare = {KEY + "conductivity": "1e6 S/m"}  # its own resistance is not what is looked at
    pulse = [(0.0, HOUR), (5.0, 1.0)]
    found = {}
    for name, own in (("kept", {}), ("taken", {KEY + "contact_thickness": "5 nm"})):
        seen = run(cell(BEYOND, bare, layer, own), pulse, MODE, **TIGHT)
        what = "X-averaged positive electrode {} [{}]"
        eta = abs(seen.end(what.format("reaction overpotential", "V")))
        thermal = 2 * GAS_CONSTANT * seen.end("Volume-averaged cell temperature [K]") / FARADAY
        # Less contact leaves less of a layer, and so another filling.
        exchange = seen.end(what.format("exchange current density", "A.m-2"))
        found[name] = exchange * math.sinh(eta / thermal), seen.end("Cathode contact fraction")
    assert found["kept"][1] == 1 and found["taken"][1] < 0.5
    assert found["taken"][0] == pytest.approx(found["kept"][0] / found["taken"][1], rel=1e-4)


def test_without_its_numbers_there_is_none_and_the_cell_is_the_same(cell):
    spec = twin.load_cell(CELL)
    table = spec.modes["interphase"].cathode
    assert table.first_layer is None and table.contact_thickness is None
    mode = twin.plugin_manager().modes["interphase"]
    context = CellContext(spec)
    assert Port.CONTACT_FRACTION.at("cathode") not in mode.contributions(context)
    assert not any("first layer" in name for name in mode.submodels(context))
    assert cell_hash(spec) == cell_hash(twin.load_cell(CELL))


def test_a_metal_symmetric_cell_has_none(make_cell):
    own = first() | {KEY + "contact_thickness": "5 nm"}
    context = CellContext(make_cell("na-nzsp-na", own))
    mode = twin.plugin_manager().modes["interphase"]
    assert not any("first layer" in n or "contact" in n for n in mode.submodels(context))


def test_a_life_by_jumps_is_the_exact_one(make_cell):
    own = first("20 C/m^2") | {KEY + "contact_thickness": "30 nm", KEY + "stability_limit": "2.9 V",
                               KEY + "parabolic_constant": "1e-21 m^2/s"}  # fmt: skip
    how = {"modes": ["interphase"], "overrides": own, "model": "spm", "cycles": 30,
           "store": "sqlite://"}  # fmt: skip
    exact = twin.simulate(CELL, series_every=0, **how).rows[-1]
    jumped = twin.life(CELL, **how).rows[-1]
    for key, within in (
        ("Cathode interphase contact fraction", 5e-3),  # e to the minus 2.4
        ("Cathode dense interphase thickness [m]", 2e-3),
        ("capacity_Ah", 2e-3),
    ):
        if key in exact:
            assert jumped[key] == pytest.approx(exact[key], rel=within), key
