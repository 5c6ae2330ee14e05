"""Impedance against closed forms: arcs, the salt's diffusion, a short, a cell that has aged."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.errors import InputError, ModelError
from twin.experiments.circuit import VACUUM_PERMITTIVITY
from twin.experiments.eis import Frequencies, ImpedanceBench, as_data, measure_impedance
from twin.modes.mode import FailureMode
from twin.modes.ports import Port
from twin.modes.submodel import ModeSubModel

F, R, T = twin.FARADAY, twin.GAS_CONSTANT, 298.15
RTF = R * T / F
L = 5e-4
# Plain numbers, so that every closed form can be worked out by hand.
PLAIN = {
    "electrolyte.material.conductivity": "0.2 S/m",
    "electrolyte.material.relative_permittivity": 20,
    "interfaces.anode.exchange_current": "40 A/m^2",
    "interfaces.anode.resistance": "5e-4 ohm*m^2",
    "interfaces.anode.double_layer_capacitance": "0.2 F/m^2",
    "interfaces.anode.film_capacitance": "0.02 F/m^2",
}
R_CT = RTF / 40
INSULATING = {"modes.interphase.anode.kind": "insulating"}


def arc(f, resistance, capacitance):
    return resistance / (1 + 2j * np.pi * f * resistance * capacitance)


def closed_form(f, theta=1.0):
    layer = arc(f, L / 0.2, 20 * VACUUM_PERMITTIVITY / L)
    return layer + 2 * arc(f, 5e-4 / theta, 0.02) + 2 * arc(f, R_CT / theta, 0.2)


def test_a_symmetric_cell_is_its_closed_form(make_cell):
    found = measure_impedance(
        make_cell("na-nzsp-na", PLAIN), [], frequencies=Frequencies(), rest=1.0
    )
    assert found.z == pytest.approx(closed_form(found.frequency), rel=1e-9)
    assert found.frequency[0] > 1e8 and found.frequency[-1] == pytest.approx(0.01)
    assert len(found.fit.arcs) == 3


@pytest.mark.parametrize(
    ("cell", "sigma"),
    [("na-nzsp-na", None), ("na-base-na", None), ("na-peo-na", None), ("na-nzsp-na", "0.03 mS/cm")],
)
def test_a_known_conductivity_comes_back_within_one_percent(cell, sigma):
    overrides = {} if sigma is None else {"electrolyte.material.conductivity": sigma}
    found = twin.eis(cell, overrides=overrides, low="1 mHz")
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=1e-3)
    if sigma is not None:
        assert found.conductivity == pytest.approx(3e-3, rel=1e-9)


def test_a_full_cell_gives_its_electrolytes_conductivity_too():
    found = twin.eis("na-nzsp-nvp", model="spm", overrides={"cathode.initial_stoichiometry": 0.5})
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=0.01)
    assert found.voltage == pytest.approx(3.4, abs=0.01)


def test_grains_and_boundaries_are_told_apart_where_a_mode_tells_them_apart():
    found = twin.eis("na-base-na", modes=["blocking"])
    ratio = twin.load_cell("na-base-na").modes["blocking"].separator.resistance_ratio.si
    bulk, boundary = (found.fit.resistance(w) for w in ("bulk", "grain boundary"))
    assert boundary / bulk == pytest.approx(ratio, rel=1e-4)
    assert found.fit.capacitance("grain boundary") / found.fit.capacitance("bulk") == pytest.approx(
        100, rel=1e-4
    )


def test_lost_contact_widens_the_charge_transfer_arc(make_cell, pin):
    spec = make_cell("na-nzsp-na", PLAIN)
    ports = {Port.CONTACT_FRACTION.at(p): 0.25 for p in ("anode", "cathode")}
    found = measure_impedance(spec, [pin(ports)], frequencies=Frequencies(), rest=1.0)
    assert found.z == pytest.approx(closed_form(found.frequency, theta=0.25), rel=1e-9)


def test_an_internal_short_stands_beside_the_cell(make_cell, pin):
    spec, G = make_cell("na-nzsp-na", PLAIN), 150.0
    short = pin({Port.SHORT_CONDUCTANCE.at(): G})
    found = measure_impedance(spec, [short], frequencies=Frequencies(), rest=1.0)
    z = closed_form(found.frequency)
    assert found.z == pytest.approx(z / (1 + G * z), rel=1e-7)


def test_a_contribution_that_gives_its_capacitance_has_an_arc_of_its_own(make_cell):
    class Film(ModeSubModel):
        def get_coupled_variables(self, variables):
            import pybamm

            i = self.interface
            for name, value in ((i("skin resistance [Ohm.m2]"), 3e-3), (CAPACITANCE, 5.0)):
                variables[name] = pybamm.PrimaryBroadcast(value, "current collector")
            return variables

    CAPACITANCE = "Anode skin capacitance [F.m-2]"

    class Skin(FailureMode):
        id = "skin"
        writes = (Port.INTERFACE_RESISTANCE,)

        def submodels(self, cell):
            return {"film": Film(cell, self.id, cell.interfaces[0])}

        def contributions(self, cell):
            return {Port.INTERFACE_RESISTANCE.at("anode"): "Anode skin resistance [Ohm.m2]"}

    found = measure_impedance(
        make_cell("na-nzsp-na", PLAIN), [Skin()], frequencies=Frequencies(), rest=1.0
    )
    z = closed_form(found.frequency) + arc(found.frequency, 3e-3, 5.0)
    assert found.z == pytest.approx(z, rel=1e-9)


def test_the_salts_diffusion_is_a_finite_warburg(make_cell):
    # Z_d = R_d tanh(s)/s, s = sqrt(i w L^2/(4 D)), R_d = chi (RT/F) (1 - t+) L/(F D c).
    D, t_plus, c = 2e-11, 0.4, 1000.0
    binary = PLAIN | {
        "electrolyte.material.transport": "binary",
        "electrolyte.material.transference_number": t_plus,
        "electrolyte.material.diffusivity": f"{D} m^2/s",
        "electrolyte.material.salt_concentration": f"{c} mol/m^3",
    }
    spec = make_cell("na-nzsp-na", binary)
    bench = ImpedanceBench(spec, [], var_pts={"x_s": 400})
    found = bench.measure(Frequencies(low=1e-5, high=1e3))
    s = np.sqrt(2j * np.pi * found.frequency * L**2 / (4 * D))
    R_d = 2 * (1 - t_plus) ** 2 * RTF * L / (F * D * c)
    z = closed_form(found.frequency) + R_d * np.tanh(s) / s
    # At the face the kinetics feel c^1/2, but at rest they carry nothing to feel it with.
    assert found.z == pytest.approx(z, rel=2e-3)
    low = found.frequency < 1e-3
    assert found.z[low] == pytest.approx(z[low], rel=1e-4)
    assert found.fit.bend == pytest.approx((R_d, L**2 / (4 * D)), rel=0.01)


# ------------------------------------------------------------ at any state of health


@pytest.fixture(scope="module")
def aged(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('eis') / 'runs.db'}"
    run = twin.simulate(
        "na-nzsp-na", cycles=6, modes=["interphase"], overrides=INSULATING, store=url
    )
    rows = run.rows
    run.store.close()
    return url, run.id, rows


@pytest.mark.parametrize("cycle", [1, 6])
def test_after_a_cycle_the_interface_is_as_far_as_the_run_had_it(aged, cycle):
    url, run, rows = aged
    found = twin.eis(run=run, cycle=cycle, rest="1 s", store=url)
    row = rows[cycle - 1]
    series = sum(row[f"{p} series resistance [Ohm.m2]"] for p in ("Anode", "Cathode"))
    transfer = sum(row[f"{p} charge-transfer resistance [Ohm.m2]"] for p in ("Anode", "Cathode"))
    assert found.fit.resistance("interface") == pytest.approx(series + transfer, rel=1e-3)
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=1e-3)


def test_it_grows_over_the_cycles_and_starts_fresh(aged):
    url, run, _ = aged
    seen = [
        twin.eis(run=run, cycle=n, rest="1 s", store=url).fit.resistance("interface")
        for n in (0, 6)
    ]
    assert seen[1] > 1.05 * seen[0]
    fresh = twin.eis("na-nzsp-na", modes=["interphase"], overrides=INSULATING).fit.resistance(
        "interface"
    )
    assert seen[0] == pytest.approx(fresh, rel=1e-9)


@pytest.mark.slow
def test_a_stored_full_cell_is_measured_where_it_stands(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    run = twin.simulate("na-nzsp-nvp", cycles=1, model="spm", modes=["pressure"], store=url)
    found = twin.eis(run=run.id, store=url)
    run.store.close()
    # Discharged to its lower limit, and risen from there in an hour of rest.
    assert 2.5 < found.voltage < 3.4
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=0.02)


def test_the_document_is_in_ohm_cm2():
    data = as_data(twin.eis("na-nzsp-na", modes=[], overrides=PLAIN))
    assert data["fit"]["bulk_ohm_cm2"] == pytest.approx(25, rel=1e-6)
    assert data["z_re_ohm_cm2"][-1] == pytest.approx(25 + 10 + 2e4 * R_CT, rel=1e-6)
    assert data["fit"]["conductivity_S_cm"] == pytest.approx(2e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "cell"),
        ({"cell": "na-nzsp-na", "cycle": 3}, "cycle"),
        ({"cell": "na-nzsp-na", "low": "1 V"}, "low"),
        ({"cell": "na-nzsp-na", "low": "1 kHz", "high": "2 kHz"}, "high"),
        ({"cell": "na-nzsp-na", "per_decade": 0}, "per_decade"),
        ({"cell": "na-nzsp-na", "rest": "-1 s"}, "rest"),
    ],
)
def test_what_cannot_be_measured_is_said(given, key):
    with pytest.raises(InputError) as error:
        twin.eis(**given)
    assert error.value.problem.key == key and error.value.problem.fix


def test_a_run_is_not_of_another_cell_and_has_its_own_modes(aged):
    url, run, _ = aged
    for given in ({"cell": "na-base-na"}, {"modes": ["pressure"]}, {"overlays": ["warm-60C"]}):
        with pytest.raises(InputError):
            twin.eis(run=run, store=url, **given)


@pytest.mark.parametrize("rest", ["1e30 s", "11 a"])
def test_a_rest_that_no_solver_resolves_is_refused(rest):
    with pytest.raises(InputError, match="too long") as raised:
        twin.eis("na-nzsp-na", rest=rest)
    assert str(raised.value).startswith("rest")


def test_a_law_that_is_read_by_other_equations_than_pybamms_is_refused():
    name = "Exchange-current density for lithium metal electrode [A.m-2]"
    law = {"law": "pybamm", "set": "Xu2019", "parameter": name}
    with pytest.raises(ModelError, match="'pybamm' serves what") as raised:
        twin.eis("na-nzsp-nvp", overrides={"interfaces.anode.exchange_current": law})
    assert str(raised.value).startswith("interfaces.anode.exchange_current")


@pytest.mark.parametrize(
    "cell", ["na-nbh-nco", pytest.param("hc-nzsp-nvp", marks=pytest.mark.slow)]
)
def test_a_full_cells_conductivity_is_its_own(cell):
    """Once 2e20 mS/cm, and 7 % off."""
    found = twin.eis(cell, per_decade=6, low="100 Hz")
    assert found.refusal is None
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=0.01)
