"""Sodium on a host anode: where it starts, what strips, what is dead, where it all is."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import FARADAY, GAS_CONSTANT, CellContext, Port
from twin.catalog import card

F, R = FARADAY, GAS_CONSTANT
RTF = R * 298.15 / F
V_M = 23.75e-6
HOUR = 3600.0
MODE = ("plating",)
CELL = "hc-nzsp-nvp"
# Half full on both sides, so that the exchange current is its law's own; no film.
HALF = {
    "anode.initial_stoichiometry": 0.5,
    "cathode.initial_stoichiometry": 0.5,
    "interfaces.anode.resistance": "0 ohm*m^2",
}
PLATED, DEAD = "Anode plated sodium [C.m-2]", "Anode dead plated sodium [C.m-2]"
RESERVE = "Anode plating reserve [V]"
CURRENT = "Anode sodium plating current density [A.m-2]"
# As tight as either model can be solved.
TIGHT = {
    "spm": {"rtol": 1e-10, "atol": 1e-12},
    "dfn": {"rtol": 1e-8, "atol": 1e-10},
}
# A charge that plates, a rest, a discharge that strips all of it, a rest.
CYCLE = [(-8.0, HOUR), (0.0, 600.0), (4.0, 1.5 * HOUR), (0.0, HOUR)]
PARTLY = {"anode.initial_stoichiometry": 0.45}
MODELS = pytest.mark.parametrize("model", ["dfn", "spm"])
# All of the cathode is used, from a filling away from the curve's steep end.
CATHODE = {
    "cathode.mixing.network": "continuous",
    "cathode.mixing.utilisation": 1.0,
    "cathode.initial_stoichiometry": 0.98,
}


@pytest.fixture(scope="module")
def make_cell(make_cell):
    """The cell with its cathode out of the way."""

    def make(name, overrides=None):
        return make_cell(name, (CATHODE if name == CELL else {}) | dict(overrides or {}))

    return make


def sites(spec, place):
    """What a host holds per cell area [C.m-2]."""
    host = getattr(spec, place)
    volume = host.active_fraction.si * host.thickness.si
    return F * host.material.maximum_concentration.si * volume


def grown(spec, seen, place):
    """The charge of an interphase [C.m-2]."""
    own = getattr(spec.modes["interphase"], place)
    volume = seen[f"{place.capitalize()} interphase grown [m]"]
    return own.electrons.si * F / own.molar_volume.si * volume


def areas(spec):
    """Particle area per cell area."""
    anode = spec.anode
    return 3 * anode.active_fraction.si * anode.thickness.si / anode.particle_radius.si


# ------------------------------------------------------------ where it starts


@pytest.fixture(scope="module")
def at_once(make_cell, run):
    """The reserve as a current begins [V], and what has plated after a second [C.m-2]."""

    def find(current, overrides=None, model="spm"):
        spec = make_cell(CELL, HALF | dict(overrides or {}))
        seen = run(spec, [(-current, 1.0)], MODE, model=model, **TIGHT[model])
        return seen[RESERVE][0], seen.end(PLATED)

    return find


def test_starts_where_the_host_has_polarised_by_its_potential(make_cell, at_once, limit):
    # j* = U/R, with the reaction's own resistance: 2 j_0 aL sinh(F(U + v p)/2RT).
    spec = make_cell(CELL, HALF)
    rest, none = at_once(0.0)
    assert none < 1e-9
    j_0 = spec.interfaces.anode.exchange_current.reference.si * areas(spec)
    start = 2 * j_0 * np.sinh(rest / (2 * RTF))
    # No metal yet: there it takes a little of the current, as its start is rounded.
    off = {"modes.plating.exchange_current": "0 A/m^2"}
    limit("E25 plating starts at j = U/R", at_once(start, off)[0], 0.0, 1e-6)
    half = rest - 2 * RTF * np.arcsinh(start / 4 / j_0)
    # PyBaMM keeps what its arcsinh divides by away from nought.
    limit("E25 reserve at half of it", at_once(start / 2)[0], half, 1e-5)
    below, above = (at_once(share * start)[1] for share in (0.9, 1.1))
    assert below < 1e-6 * above and above > 1e-3


def test_the_reserve_is_the_hosts_potential_and_the_pressures_share(make_cell, at_once, limit):
    spec = make_cell(CELL, HALF)
    values = twin.parameter_values(spec)
    name = "Negative electrode OCP [V]"
    sto = pybamm.Scalar(0.5)
    U = float(values.process_symbol(pybamm.FunctionParameter(name, {"sto": sto})).evaluate())
    assert 0.05 < U < 0.1
    for pressure in (0.0, 5e6, 200e6):
        reserve, _ = at_once(0.0, {"stack.pressure": f"{pressure} Pa"})
        limit("E25 reserve U + V_m p/F", reserve, U + V_M * pressure / F, 1e-6)
    assert pytest.approx(0.246e-3, rel=1e-3) == V_M * 1e6 / F


def test_pressure_hinders(make_cell, run):
    free, pressed = (
        run(make_cell(CELL, PARTLY | {"stack.pressure": p}), CYCLE[:1], MODE, model="spm").end(
            PLATED
        )
        for p in ("0 MPa", "50 MPa")
    )
    assert 0 < pressed < 0.95 * free


@pytest.mark.slow
@MODELS
def test_none_at_a_fiftieth_c(run, make_cell, model):
    spec = make_cell(CELL)
    steps = (f"Charge at C/50 until {spec.window.upper.si} V", "Discharge at C/50 for 10 hours")
    seen = run(spec, steps, MODE, model=model)
    assert np.abs(seen[PLATED]).max() < 1e-9
    assert seen[RESERVE].min() > 0.03


@MODELS
def test_a_slow_charge_plates_nothing(run, make_cell, model):
    seen = run(make_cell(CELL, PARTLY), [(-0.25, 8 * HOUR)], MODE, model=model)
    assert np.abs(seen[PLATED]).max() < 1e-9
    assert seen[RESERVE].min() > 0.03


# ------------------------------------------------------------ what it does


def plain_pybamm(spec, j_0):
    """PyBaMM's own DFN of a cell, with its own reversible plating."""
    options = {"working electrode": "both", "lithium plating": ("reversible", "none")}
    built = pybamm.lithium_ion.DFN(options, build=False)
    built.submodels["electrolyte diffusion"] = pybamm.electrolyte_diffusion.ConstantConcentration(
        built.param, built.options
    )
    built.build_model()
    values = twin.parameter_values(spec)
    values.update(
        {
            "Exchange-current density for plating [A.m-2]": j_0,
            "Exchange-current density for stripping [A.m-2]": j_0,
            "Initial plated lithium concentration [mol.m-3]": 0.0,
            "Typical plated lithium concentration [mol.m-3]": 1000.0,
            "Lithium plating transfer coefficient": 0.5,
            "Lithium metal partial molar volume [m3.mol-1]": V_M,
            "Initial SEI thickness [m]": 0.0,
            "Negative electrode partial molar volume [m3.mol-1]": 0.0,
        },
        check_already_exists=False,
    )
    return built, values


def test_with_plenty_of_metal_it_is_pybamms_own_plating(make_cell, run, limit):
    # From a full host at a current that plates from the first moment, so that PyBaMM strips
    # nothing that is not there; then a discharge that leaves most of it.
    changes = {
        "anode.initial_stoichiometry": 0.9,
        "interfaces.anode.resistance": "0 ohm*m^2",
        "stack.pressure": "0 MPa",
        "modes.plating.continuity_thickness": "1e-17 m",
        "modes.plating.dead_share": 0.0,
    }
    spec = make_cell(CELL, changes)
    steps = [(-20.0, 600.0), (6.0, 300.0)]
    ours = run(spec, steps, MODE, **TIGHT["dfn"])
    model, values = plain_pybamm(spec, spec.modes["plating"].exchange_current.si)
    theirs = run(spec, steps, model=model, values=values, **TIGHT["dfn"])
    thickness = spec.anode.thickness.si
    concentration = "X-averaged negative lithium plating concentration [mol.m-3]"
    t = np.linspace(1, 899, 60)
    expected = F * thickness * theirs.at(concentration, t)
    found = ours.at(PLATED, t)
    assert found.min() > 0 and found[-1] < found.max()
    limit("E25 PyBaMM's reversible plating", found, expected, 1e-6, of=found.max())
    volts = [seen.at("Voltage [V]", t) for seen in (ours, theirs)]
    limit("E25 its voltage", volts[0], volts[1], 1e-7)
    # Place by place: nine tenths of the way up the electrode, at the separator's face.
    local = "Negative lithium plating concentration [mol.m-3]"
    assert (
        np.abs(
            ours["Anode local plated sodium [C.m-2]"][:, -1] / F / thickness - theirs[local][:, -1]
        ).max()
        <= 1e-6 * theirs[local][:, -1].max()
    )


@MODELS
def test_what_plates_is_not_taken_up(make_cell, run, model):
    # The host's overpotential is that of the current left to it, also in a single-particle model.
    spec = make_cell(CELL, PARTLY)
    charge = [(-8.0, 0.8 * HOUR)]  # both get as far
    bare = run(spec, charge, model=model)
    seen = run(spec, charge, MODE, model=model)
    assert seen.end(RESERVE) < 0 and bare.t[-1] == seen.t[-1]
    name = "Anode potential vs sodium [V]"
    assert seen.end(name) - bare.end(name) > 0.02
    x, y = (s.end("Anode stoichiometry") * sites(spec, "anode") for s in (seen, bare))
    assert y - x == pytest.approx(seen.end(PLATED) + seen.end(DEAD), rel=1e-6)


def test_both_models_plate_alike(make_cell, run):
    spec = make_cell(CELL, PARTLY)
    dfn, spm = (run(spec, CYCLE, MODE, model=model) for model in ("dfn", "spm"))
    assert spm[PLATED].max() == pytest.approx(dfn[PLATED].max(), rel=0.05)
    assert spm.end(DEAD) == pytest.approx(dfn.end(DEAD), rel=0.05)


def test_it_is_worst_at_the_separator(make_cell, run):
    thick = PARTLY | {"anode.thickness": "200 um", "cathode.thickness": "150 um"}
    seen = run(make_cell(CELL, thick), [(-10.0, HOUR)], MODE)
    local = seen["Anode local plated sodium [C.m-2]"][:, -1]
    assert (np.diff(local) >= 0).all() and local[-1] > 1.5 * local[0]
    assert seen.end(PLATED) == pytest.approx(local.mean(), rel=1e-6)
    reserve = seen["Anode local plating reserve [V]"][:, -1]
    assert reserve.min() <= seen[RESERVE].flatten()[-1] <= reserve[-2]


@MODELS
def test_plated_sodium_is_stripped_first(make_cell, run, model):
    # Metal that reacts at once keeps the anode at its own potential until it is gone.
    spec = make_cell(CELL, PARTLY | {"modes.plating.exchange_current": "100 A/m^2"})
    seen = run(spec, [*CYCLE[:1], (4.0, 600.0)], MODE, model=model)
    later = seen.t > HOUR + 1
    plated, filling = seen[PLATED][later], seen["Anode stoichiometry"][later]
    assert plated[-1] > 0.1 * plated[0]
    assert (np.diff(filling) > 0).all()  # the host even takes some of it up
    # No reserve but what pressure gives, and what drives the metal's own current.
    assert np.abs(seen[RESERVE].flatten()[later]).max() < 1e-3


@MODELS
def test_at_rest_it_goes_into_the_host(make_cell, run, model):
    spec = make_cell(CELL, PARTLY | {"modes.plating.dead_share": 0.0})
    seen = run(spec, [*CYCLE[:1], (0.0, 5 * HOUR)], MODE, model=model)
    host = seen["Anode stoichiometry"] * sites(spec, "anode")
    most = np.argmax(seen[PLATED])
    assert seen.end(PLATED) < 1e-3 * seen[PLATED][most]
    resting = seen.t >= HOUR + 1
    total = host[resting] + seen[PLATED][resting]
    assert np.ptp(total) < 1e-6 * seen[PLATED][most]


@MODELS
@pytest.mark.parametrize("share", [0.0, 0.1, 0.36])
def test_of_a_full_strip_the_dead_share_stays(make_cell, run, limit, model, share):
    spec = make_cell(CELL, PARTLY | {"modes.plating.dead_share": share})
    seen = run(spec, CYCLE, MODE, model=model, **TIGHT[model])
    most = np.argmax(seen[PLATED])
    plated, dead = seen[PLATED], seen[DEAD]
    stripped = plated[most] - plated[-1]
    assert stripped > 100 and plated[-1] < 1e-3 * stripped
    # At the peak some places of a DFN strip while others plate, so from the peak of all on
    # the share is that of what has gone since; in one particle it is exact.
    within = 1e-8 if model == "spm" else 2e-3
    limit("E25 dead share", dead[-1] - dead[most], share * stripped, within, of=stripped)
    assert (np.diff(dead) >= -1e-9).all() and plated.min() > -1e-5


# ------------------------------------------------------------ where it all is


@MODELS
def test_sodium_and_charge_are_all_somewhere(make_cell, run, limit, model):
    spec = make_cell(CELL, PARTLY | {"thermal.ambient": "40 degC"})
    seen = run(spec, CYCLE, ("plating", "interphase"), model=model, **TIGHT[model])
    anode, cathode = (
        seen[f"{p.capitalize()} stoichiometry"] * sites(spec, p) for p in ("anode", "cathode")
    )
    plated, dead = seen[PLATED], seen[DEAD]
    taken, freed = grown(spec, seen, "anode"), grown(spec, seen, "cathode")
    assert plated.max() > 100 and dead[-1] > 10 and taken[-1] > 1
    total = anode + plated + dead + taken + cathode - freed
    limit("E25 sodium in host, metal, dead, interphase", total, total[0], 1e-8)
    passed = seen["Discharge capacity [A.h]"] * 3600 / spec.geometry.area.si
    ours = anode + plated + dead + taken
    limit("E25 charge", ours[0] - ours, passed, 1e-8, of=total[0])


def test_energy_is_conserved(make_cell, run, limit):
    # Sodium that plates and then goes into the host at rest: what neither electrode stores and
    # nobody charged has become heat.
    changes = {
        "thermal.model": "lumped",
        "thermal.heat_transfer": "0 W/(m^2*K)",
        "stack.pressure": "0 MPa",
        "modes.plating.dead_share": 0.0,
    }
    spec = make_cell(CELL, PARTLY | changes)
    steps = [(-8.0, 2400.0), (0.0, 20 * HOUR)]
    options = {"heat of mixing": "true"}
    seen = run(spec, steps, MODE, model="spm", options=options, rtol=1e-8, atol=1e-10)
    values = twin.parameter_values(spec)
    entropic = spec.cathode.material.entropic_change.value.si

    def stored(place, stoichiometry):
        curve = values[f"{place} electrode OCP [V]"](pybamm.Vector(stoichiometry))
        return np.asarray(values.evaluate(curve)).reshape(-1)

    expected = plated = began = 0.0
    for current, seconds in steps:
        t = np.linspace(began + 1e-6, began + seconds - 1e-6, 20001)
        began += seconds
        k = seen.at(CURRENT, t)
        host = (current - k) * stored("Negative", seen.at("Anode stoichiometry", t))
        T = seen.at("Volume-averaged cell temperature [K]", t)
        cathode = stored("Positive", seen.at("Cathode stoichiometry", t)) - 298.15 * entropic
        assert T.max() < 330
        expected += np.trapezoid(current * cathode - host - current * seen.at("Voltage [V]", t), t)
        plated += np.trapezoid(seen.at("Plating heat [W.m-2]", t), t)
    heat = spec.thermal.heat_capacity.si * (
        seen.end("Volume-averaged cell temperature [K]") - 298.15
    )
    assert seen.end(PLATED) < 1e-3 * seen[PLATED].max()
    assert plated > 0.03 * heat
    limit("E25 heat of a host that plates", heat, expected, 1e-3)


@pytest.mark.parametrize("model", ["spm", pytest.param("dfn", marks=pytest.mark.slow)])
def test_a_jump_finds_what_is_dead(model):
    fast = {"modes.plating.dead_share": 0.2, "protocol.rate": "C/2"}
    found = {}
    for exact in (True, False):
        run = twin.life(
            CELL,
            cycles=40,
            exact=exact,
            model=model,
            modes=MODE,
            overrides=fast,
            store="sqlite://",
        )
        found[exact] = run.rows[-1]
        if not exact:
            assert run.outcome.numerics["cycles_simulated"] < 25
    assert found[True]["cycle"] == found[False]["cycle"]
    for name in (DEAD, "capacity_Ah"):
        assert found[False][name] == pytest.approx(found[True][name], rel=0.01)
    assert found[True][DEAD] > 1000


# ------------------------------------------------------------ whose business it is


def test_a_metal_anode_is_not_bothered(build):
    mode = twin.plugin_manager().modes["plating"]
    spec = twin.load_cell("na-nzsp-nvp")
    cell = CellContext(spec)
    for asked in (
        mode.submodels,
        mode.contributions,
        mode.criteria,
        mode.outputs,
        mode.slow_states,
    ):
        assert not asked(cell)
    bare, whole = build(spec), build(spec, MODE)
    assert set(bare.rhs) == set(whole.rhs) and set(bare.algebraic) == set(whole.algebraic)
    assert not [name for name in whole.variables if "plated" in name]
    hot = twin.load_cell("na-base-s-330c")
    assert not [text for text in card.warnings(hot) if "plating" in text]
    kinds = {m.id for m in twin.plugin_manager().select(None, (), "symmetric")}
    assert "plating" not in kinds


def test_it_warns_once_and_does_not_kill():
    run = twin.simulate(
        CELL,
        cycles=2,
        model="spm",
        modes=MODE,
        overrides={"protocol.rate": "1C"},
        store="sqlite://",
    )
    assert run.outcome.kind == "completed"
    warned = [e for e in run.store.events(run.id) if e["mode"] == "plating"]
    assert [e["criterion"] for e in warned] == ["anode plates sodium"]
    assert warned[0]["value"] < 0 and "more capacity" in warned[0]["says"]


def test_a_place_may_plate_more_than_another(make_cell, run, build, pin, limit):
    # The port takes a scalar too, and adds it to a local one.
    spec = make_cell(CELL, PARTLY)
    at = Port.PLATING_CURRENT.at("anode")
    both = run(spec, [(-8.0, 600.0)], [*MODE, pin({at: -1.0})], **TIGHT["dfn"])
    gathered, own = both[at.variable], both[CURRENT]
    assert gathered.shape == own.shape and gathered.ndim == 2
    limit("E25 the port adds up", gathered, own - 1.0, 1e-9)
    inside = both["Anode stoichiometry"] * sites(spec, "anode")
    known = both[PLATED] + both[DEAD] + both.t * 1.0
    limit("E25 the host takes the rest", inside - inside[0], both.t * 8.0 - known, 1e-6, of=4800.0)


def test_sodiums_molar_volume_is_one_number():
    """The mode's own, for a host whose ``metal`` is not named, is that of the material sodium."""
    own = twin.load_cell("na-nzsp-nvp").modes["plating"].molar_volume
    of_sodium = twin.load_cell("na-nzsp-na").anode.material.molar_volume
    named = twin.load_cell("hc-nzsp-nvp").anode.metal.molar_volume
    assert own.si == of_sodium.si == named.si
    assert own.text == of_sodium.text
