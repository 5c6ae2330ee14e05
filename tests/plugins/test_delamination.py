"""Delamination against its closed forms: misfit stress, energy, fatigue, cohesive law."""

from __future__ import annotations

import math

import numpy as np
import pytest
import twin_delamination
from hypothesis import given, settings
from hypothesis import strategies as st
from twin_delamination.cohesive import BilinearLaw
from twin_delamination.mechanics import biaxial_modulus, inclusion_modulus, release_rate

import twin

MODE = ("delamination",)
TIGHT = {"rtol": 1e-10, "atol": 1e-12}
HOUR = 3600.0
GPA, MPA = 1e9, 1e6
CELLS = ("na-nzsp-nvp", "na-base-nvp", "na-nzsp-na", "na-base-na", "na-ion-chayambuka2022")


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The mode in the process's plugin manager, whether installed or not."""
    manager = twin.plugin_manager()
    by_hand = "delamination" not in manager.modes
    if by_hand:
        manager.register(twin_delamination, "delamination")
    yield
    if by_hand:
        twin.plugin_manager.cache_clear()


def side(place, **values):
    """One interface's table with nothing that parts it: each test brings its own cause."""
    numbers = {
        "stress_free_temperature": "298.15 K",
        "constrained_share": 1.0,
        "strain_lag": "1 min",
        "opening_factor": 1.0,
        "adhesion": "0 Pa",
        "fracture_energy": "1e9 J/m^2",
        "overload": "griffith",
        "initial_damage": 0.0,
        "fatigue": "strain",
        "fatigue_factor": 0.0,
        "fatigue_exponent": 4.0,
        "fatigue_reference_stress": "20 MPa",
        "saturation_exponent": 0.0,
        "recontact": "off",
    }
    return {f"modes.delamination.{place}.{k}": v for k, v in (numbers | values).items()}


# The pair of the reference example, 85 GPa and a mismatch of 4e-6/K, as an electrode that
# does not yield: 18.4 MPa at 40 K.
E, NU, MISMATCH = 85 * GPA, 0.26, 4e-6
PAIR = {
    "anode.material.youngs_modulus": "85 GPa",
    "anode.material.poisson_ratio": NU,
    "anode.material.yield_strength": "1e9 MPa",
    "anode.material.thermal_expansion": "8.1e-6 1/K",
    "electrolyte.material.thermal_expansion": "4.1e-6 1/K",
    "stack.pressure": "0 Pa",
}
STRAIN = MISMATCH * 40
M = E / (1 - NU)


@pytest.fixture(scope="module")
def warmed(make_cell, run):
    """Rest a symmetric cell of the example's pair at some temperature."""

    def solve(temperature=65, seconds=HOUR, more=None, **values):
        overrides = (
            PAIR | {"thermal.ambient": f"{temperature + 273.15!r} K"} | side("anode", **values)
        )
        return run(
            make_cell("na-nzsp-na", overrides | dict(more or {})), [(0.0, seconds)], MODE, **TIGHT
        )

    return solve


# ------------------------------------------------------------ stress and energy


def test_misfit_stress_of_the_oxide_pair(warmed):
    seen = warmed()
    assert seen.end("Anode misfit stress [Pa]") == pytest.approx(M * STRAIN, rel=1e-9)
    assert abs(M * STRAIN / MPA - 18.4) < 0.05
    # Cooled from 550 degC, an oxide of 200 GPa: 560 MPa.
    assert biaxial_modulus(200 * GPA, 0.25) * 4e-6 * 525 / MPA == pytest.approx(560, abs=1)


@pytest.mark.parametrize(
    ("temperature", "more"),
    [(25, {}), (65, {"anode.material.thermal_expansion": "4.1e-6 1/K"})],
    ids=["no change of temperature", "no mismatch"],
)
def test_no_misfit_no_stress(warmed, temperature, more):
    seen = warmed(temperature, more=more, fatigue_factor=1e6, fracture_energy="1e-15 J/m^2")
    # Nought to the last digit of a strain: 1e-19 of 1e11 Pa.
    for name in ("misfit stress [Pa]", "opening traction [Pa]"):
        assert np.abs(seen[f"Anode {name}"]).max() < 1e-6
    assert np.abs(seen["Anode delaminated fraction"]).max() == 0


def critical_thickness(energy):
    return 2 * E * energy / ((1 - NU**2) * (M * STRAIN) ** 2)


def test_critical_thickness(warmed):
    h = critical_thickness(1.0)
    assert h * 1e3 == pytest.approx(0.54, abs=0.005)
    seen = warmed(layer_thickness=f"{h!r} m")
    assert seen.end("Anode opening energy release rate [J.m-2]") == pytest.approx(1.0, rel=1e-9)


@given(
    stress=st.floats(1e3, 1e9),
    thickness=st.floats(1e-8, 1e-2),
    modulus=st.floats(1e9, 1e12),
    nu=st.floats(0, 0.49),
)
def test_release_rate(stress, thickness, modulus, nu):
    released = release_rate(stress, thickness, modulus, nu)
    assert released == pytest.approx((1 - nu**2) * stress**2 * thickness / 2 / modulus, rel=1e-12)
    twice = release_rate(-2 * stress, thickness, modulus, nu)
    assert twice == pytest.approx(4 * released, rel=1e-12)


def test_inclusion_modulus_limits():
    # A rigid particle feels the matrix's shear alone, 4 G; a rigid matrix three times the
    # particle's bulk modulus.
    assert inclusion_modulus(80e9, 0.26, 1e30, 0.25) == pytest.approx(4 * 80e9 / (2 * 1.26))
    assert inclusion_modulus(1e30, 0.26, 90e9, 0.25) == pytest.approx(3 * 90e9 / (3 * 0.5))


@pytest.mark.parametrize(("share", "runs"), [(0.99, False), (1.5, True)])
def test_bond_runs_off_where_the_energy_exceeds_the_toughness(warmed, share, runs):
    h = critical_thickness(1.0) * share
    seen = warmed(
        layer_thickness=f"{h!r} m",
        fracture_energy="1 J/m^2",
        strain_lag="1 ms",
        growth_time="1 hour",
    )
    # G is in excess by (share - 1): an hour parts 1 - exp(-(share - 1)).
    expected = 1 - math.exp(-(share - 1)) if runs else 0
    assert seen.end("Anode delaminated fraction") == pytest.approx(expected, abs=1e-6)


def test_pressure_holds_the_bond(warmed):
    h = 2 * critical_thickness(1.0)
    at = {
        p: warmed(
            layer_thickness=f"{h!r} m",
            fracture_energy="1 J/m^2",
            fatigue_factor=10.0,
            more={"stack.pressure": f"{p} MPa"},
        )
        for p in (0, 3, 10, 70)
    }
    damage = {p: seen.end("Anode delaminated fraction") for p, seen in at.items()}
    assert damage[0] > damage[3] > damage[10] > damage[70]
    assert damage[70] == 0
    for p, seen in at.items():
        left = max(M * STRAIN - p * MPA, 0)
        assert seen.end("Anode opening traction [Pa]") == pytest.approx(left, rel=1e-9)
        G = release_rate(left, h, E, NU)
        assert seen.end("Anode opening energy release rate [J.m-2]") == pytest.approx(G, rel=1e-8)


def test_adhesion_and_geometry_share_the_pull(warmed):
    seen = warmed(opening_factor=0.5, adhesion="2 MPa", more={"stack.pressure": "1 MPa"})
    pull = 0.5 * M * STRAIN - 3 * MPA
    assert seen.end("Anode opening traction [Pa]") == pytest.approx(pull, rel=1e-9)


@pytest.mark.parametrize("strain", [1e-7, 2.68e-3])
def test_a_metal_yields(warmed, strain):
    soft = {
        "anode.material.youngs_modulus": "4.6 GPa",
        "anode.material.poisson_ratio": 0.41,
        "anode.material.yield_strength": "0.24 MPa",
        "anode.material.thermal_expansion": f"{4.1e-6 + strain / 40} 1/K",
    }
    stress = warmed(more=soft).end("Anode misfit stress [Pa]")
    elastic = 4.6 * GPA / 0.59 * strain
    assert stress == pytest.approx(0.24 * MPA * math.tanh(elastic / 0.24 / MPA), rel=1e-6)
    assert stress <= 0.24 * MPA
    if strain < 1e-6:
        assert stress == pytest.approx(elastic, rel=1e-4)


# ------------------------------------------------------------ fatigue


def half_cycle(B, m, strain=STRAIN, reference=20 * MPA):
    """``B (M/sigma_0)^m eps_a^(m+1)/(m+1)``."""
    return B * (M / reference) ** m * strain ** (m + 1) / (m + 1)


@pytest.mark.parametrize("m", [1.0, 4.0, 6.5])
@pytest.mark.parametrize("lag", ["10 s", "5 min"])
def test_fatigue_of_a_half_cycle(warmed, m, lag):
    # However fast it gets there, the amplitude counts.
    seen = warmed(fatigue_factor=3000.0, fatigue_exponent=m, strain_lag=lag, seconds=3 * HOUR)
    assert seen.end("Anode delaminated fraction") == pytest.approx(half_cycle(3000, m), rel=1e-6)


def test_damage_slows_with_the_bond_left(warmed):
    seen = warmed(fatigue_factor=2e4, saturation_exponent=1.0)
    assert half_cycle(2e4, 4) > 0.3
    exact = 1 - math.exp(-half_cycle(2e4, 4))
    assert seen.end("Anode delaminated fraction") == pytest.approx(exact, rel=1e-6)


def swing(spec, temperatures, hold=HOUR):
    """Rest at each temperature in turn [degC]; return the solution."""
    import pybamm

    steps = [
        pybamm.step.current(0, duration=hold, temperature=f"{t + 273.15} K") for t in temperatures
    ]
    simulation = pybamm.Simulation(
        twin.build_model(spec, modes=list(MODE)),
        parameter_values=twin.parameter_values(spec),
        experiment=pybamm.Experiment([tuple(steps)]),
        experiment_model_mode="unified",
        solver=pybamm.IDAKLUSolver(**TIGHT),
    )
    return simulation.solve(calc_esoh=False)


def test_swings_count_up_and_down_alike(make_cell):
    values = side("anode", fatigue_factor=1000.0, strain_lag="30 s")
    spec = make_cell("na-nzsp-na", PAIR | values)
    solution = swing(spec, [65, 25, -15, 25])
    damage = [solution["Anode delaminated fraction"](k * HOUR) for k in range(5)]
    # Four half cycles of the same amplitude, two hot and two cold.
    assert np.diff(damage) == pytest.approx(np.full(4, half_cycle(1000, 4)), rel=1e-5)


def test_pressure_closes_a_compliant_bond(warmed):
    seen = warmed(
        fatigue_factor=1e4,
        strain_lag="10 s",
        recontact="pressure",
        recontact_pressure="2 MPa",
        recontact_exponent=2.0,
        recontact_time="2 hours",
        more={"stack.pressure": "1 MPa"},
    )
    t = np.linspace(0.3, 1, 5) * HOUR
    damage = seen.at("Anode delaminated fraction", t)
    assert damage[0] > 0.05
    exact = damage[0] * np.exp(-(t - t[0]) * (1 / 2) ** 2 / (2 * HOUR))
    assert damage == pytest.approx(exact, rel=1e-6)


# ------------------------------------------------------------ cohesive law

LAWS = st.builds(
    BilinearLaw.from_energy,
    strength=st.floats(1e5, 1e9),
    energy=st.floats(1e-2, 10),
    onset_share=st.floats(1e-3, 0.9),
)


@given(law=LAWS)
def test_area_under_the_law_is_the_fracture_energy(law):
    openings = np.array([0, law.onset, law.final])
    tractions = [law.traction(x, x) for x in openings]
    assert tractions == pytest.approx([0, law.strength, 0], abs=1e-6 * law.strength)
    # Straight lines between the corners: the trapezium is exact.
    middle = (law.onset + law.final) / 2
    assert law.traction(middle, middle) == pytest.approx(law.strength / 2, rel=1e-6)
    assert np.trapezoid(tractions, openings) == pytest.approx(
        law.strength * law.final / 2, rel=1e-6
    )
    assert law.energy == pytest.approx(law.strength * law.final / 2, rel=1e-12)


@given(law=LAWS, path=st.lists(st.floats(0, 1.5), min_size=2, max_size=20))
def test_damage_never_falls_and_unloading_goes_to_the_origin(law, path):
    largest, before = 0.0, 0.0
    for share in path:
        opening = share * law.final
        largest = max(largest, opening)
        damage = law.damage(largest)
        assert 0 <= before <= damage <= 1 + 1e-12
        secant = law.strength / law.onset * (1 - damage)
        traction = law.traction(opening, largest)
        assert traction == pytest.approx(secant * opening, rel=1e-9, abs=1e-9 * law.strength)
        assert traction <= law.strength * (1 + 1e-9)
        before = damage


@pytest.mark.parametrize("share", [0.04, 0.3, 1.2])
def test_cohesive_overload_softens_the_bond(warmed, share):
    # The opening is strain times thickness; half a day is all of time.
    law = BilinearLaw.from_energy(5 * MPA, 0.5, 0.05)
    opening = share * law.final
    seen = warmed(
        overload="cohesive",
        cohesive_strength="5 MPa",
        cohesive_onset=0.05,
        fracture_energy="0.5 J/m^2",
        layer_thickness=f"{opening / STRAIN!r} m",
        growth_time="10 min",
        seconds=5 * HOUR,
    )
    damage = seen["Anode delaminated fraction"]
    assert seen.end("Anode misfit opening [m]") == pytest.approx(opening, rel=1e-9)
    assert damage[-1] == pytest.approx(law.damage(opening), abs=1e-4 if share > 1 else 1e-9)
    assert (np.diff(damage) >= -1e-12).all()


# ------------------------------------------------------------ composite cathode

CHARGE = ("Charge at C/5 until 3.9 V",)
FREE = side("cathode") | {"stack.pressure": "0 Pa"}
HOST = 0.0905  # NVP, relative to empty


def test_misfit_of_a_particle_follows_its_filling(make_cell, run):
    seen = run(make_cell("na-nzsp-nvp", FREE), CHARGE, MODE, model="spm")
    x = seen["Cathode stoichiometry"]
    strain = HOST / 3 * (x - x[0])
    assert seen["Cathode misfit strain"] == pytest.approx(strain, rel=1e-9, abs=1e-15)
    modulus = 1 / (1.26 / (2 * 80e9) + 0.5 / 90e9)
    felt = seen["Cathode felt misfit strain"]
    # It trails by a minute's change.
    assert felt[-1] - strain[-1] == pytest.approx(-60 * strain[-1] / seen.t[-1], rel=0.01)
    stress = seen["Cathode misfit stress [Pa]"]
    assert stress == pytest.approx(modulus * felt, rel=1e-9)
    # A particle that shrinks pulls at the matrix with all of its stress.
    assert seen.end("Cathode electrolyte tensile stress [Pa]") == pytest.approx(-stress[-1])


def test_strain_can_be_free_at_another_filling(make_cell, run):
    start = {"cathode.initial_stoichiometry": 0.98}
    own = side("cathode", stress_free_stoichiometry=0.0)
    spec = make_cell("na-nzsp-nvp", FREE | own | start)
    seen = run(spec, [(0.0, HOUR)], MODE, model="spm")
    swollen = seen.end("Cathode misfit stress [Pa]")
    assert seen.end("Cathode misfit strain") == pytest.approx(HOST / 3 * 0.98, rel=1e-9)
    # A particle that has grown stretches the matrix by half its pressure.
    assert seen.end("Cathode electrolyte tensile stress [Pa]") == pytest.approx(swollen / 2)


FATIGUE = {"fatigue_exponent": 6.0, "fatigue_reference_stress": "1 GPa"}


def film(**values):
    return side("cathode", geometry="film", fatigue_factor=1e-3, **(FATIGUE | values))


def test_fatigue_orders_the_hosts_by_their_volume_change(make_cell, run):
    # 8.3 % against 2 %: (4.15)^(m+1) at the same swing of filling.
    damage = {}
    for change in (0.083, 0.02):
        overrides = FREE | film() | {"cathode.material.volume_change": change}
        seen = run(make_cell("na-nzsp-nvp", overrides), CHARGE, MODE, model="spm", **TIGHT)
        damage[change] = seen.end("Cathode delaminated fraction")
    assert damage[0.083] / damage[0.02] == pytest.approx(4.15**7, rel=1e-3)


def test_interface_lost_is_shared_between_area_and_material(make_cell, run):
    share = {"modes.delamination.cathode.active_loss_share": 0.3}
    overrides = FREE | side("cathode", fatigue_factor=3e-7, saturation_exponent=1.0) | share
    seen = run(make_cell("na-nzsp-nvp", overrides), CHARGE, MODE, model="spm")
    parted = seen["Cathode delaminated fraction"]
    assert 0.1 < parted[-1] < 0.8
    active, contact = seen["Cathode active material fraction"], seen["Cathode contact fraction"]
    assert active == pytest.approx((1 - parted) ** 0.3, rel=1e-10)
    assert active * contact == pytest.approx(1 - parted, rel=1e-10)
    # What the kinetics see of the particles' area.
    area = seen["Cathode particle area per cell area"] * seen["Cathode conducting fraction"]
    assert area / area[0] == pytest.approx(1 - parted, rel=1e-10)


def test_capacity_goes_with_the_particles_cut_off(make_cell):
    run = twin.simulate(
        "na-nzsp-nvp",
        cycles=6,
        model="spm",
        modes=MODE,
        store="sqlite://",
        overrides={
            "modes.delamination.cathode.fatigue_factor": 20.0,
            "modes.delamination.cathode.active_loss_share": 1.0,
            "modes.delamination.cathode.damage_limit": 0.99,
            "end_of_life.capacity_fraction": 0.1,
        },
    )
    rows = run.rows
    lost = 1 - rows[-1]["capacity_Ah"] / rows[0]["capacity_Ah"]
    cut = 1 - (
        rows[-1]["Cathode connected active fraction"] / rows[0]["Cathode connected active fraction"]
    )
    assert cut > 0.02
    assert lost == pytest.approx(cut, rel=0.2)


def test_stack_pressure_tells_two_cells_apart(make_cell, run):
    # Case X13: 3 MPa fades, 70 MPa does not. The same small strain under either.
    damage = {}
    for p in (3, 70):
        overrides = FREE | {"stack.pressure": f"{p} MPa", "cathode.material.volume_change": 0.005}
        overrides |= side("cathode", fatigue_factor=1e-3, constrained_share=0.3)
        seen = run(make_cell("na-nzsp-nvp", overrides), CHARGE, MODE, model="spm")
        damage[p] = seen.end("Cathode delaminated fraction")
    assert damage[3] > 0
    assert damage[70] == 0


def test_map_of_swelling_and_toughness(make_cell):
    # Case 26: whole only where the particle swells by less than 7.5 % and the electrolyte
    # (15 GPa) takes more than 4 J/m2. Strength sets the one, energy the other.
    modulus = biaxial_modulus(15 * GPA, 0.3)
    thickness = 4 / release_rate(modulus * 0.025, 1, 15 * GPA, 0.3)
    strength = modulus * 0.025
    assert thickness == pytest.approx(0.46e-6, rel=0.01)

    def breaks(swelling, toughness):
        overrides = FREE | side(
            "cathode",
            geometry="film",
            layer_thickness=f"{thickness!r} m",
            fracture_energy=f"{toughness} J/m^2",
            fracture="fatal",
            strength_factor=1.0,
            stress_free_stoichiometry=0.0,
            growth_time="1 min",
        )
        overrides |= {
            "electrolyte.material.youngs_modulus": "15 GPa",
            "electrolyte.material.poisson_ratio": 0.3,
            "electrolyte.material.fracture_strength": f"{strength!r} Pa",
            "cathode.material.volume_change": swelling,
            "cathode.initial_stoichiometry": 0.5,
            "modes.delamination.cathode.stress_free_stoichiometry": 0.0,
            "cathode.material.thermal_expansion": "4.1e-6 1/K",
        }
        result = twin.simulate(
            "na-nzsp-nvp",
            cycles=1,
            model="spm",
            modes=MODE,
            store="sqlite://",
            overrides=overrides,
        )
        assert result.outcome.kind in ("completed", "cell-failed")
        return result.outcome.mode == "delamination"

    # At full filling; the discharge ends at 0.99.
    assert not breaks(0.070, 5)
    assert breaks(0.083, 5)
    assert breaks(0.070, 3)
    assert breaks(0.083, 3)
    assert not breaks(0.02, 5)


def test_a_bond_that_never_was_whole(make_cell, run):
    # Case X12: a hand-mixed composite starts with part of its contact missing.
    overrides = FREE | side("cathode", initial_damage=0.6)
    seen = run(make_cell("na-nzsp-nvp", overrides), [(0.0, HOUR)], MODE, model="spm")
    assert seen["Cathode delaminated fraction"] == pytest.approx(0.6, rel=1e-12)
    whole = run(make_cell("na-nzsp-nvp", FREE), [(0.0, HOUR)], MODE, model="spm")
    transfer = "Cathode charge-transfer resistance [Ohm.m2]"
    assert seen.end(transfer) / whole.end(transfer) == pytest.approx(1 / 0.4, rel=1e-9)


def test_a_weak_bond_parts_at_a_tiny_strain(make_cell, run):
    # X12: NaCrO2 swells by less than 0.3 %; the hand-mixed bond still goes, the coated less.
    damage = {}
    for stress in ("8 MPa", "12 MPa"):
        overrides = FREE | {"cathode.material.volume_change": 0.003}
        overrides |= side(
            "cathode", fatigue_factor=1e-2, fatigue_exponent=4.0, fatigue_reference_stress=stress
        )
        seen = run(make_cell("na-nzsp-nvp", overrides), CHARGE, MODE, model="spm", **TIGHT)
        damage[stress] = seen.end("Cathode delaminated fraction")
    assert damage["8 MPa"] > 0.01
    assert damage["8 MPa"] / damage["12 MPa"] == pytest.approx(1.5**4, rel=1e-3)


def test_composite_anode_in_a_solid_follows_its_filling(make_cell, run):
    # Where a composite anode's electrolyte is a solid, its particles are bonded too.
    solid = {
        "electrolyte.material.youngs_modulus": "20 GPa",
        "electrolyte.material.poisson_ratio": 0.3,
        "anode.material.youngs_modulus": "15 GPa",
        "anode.material.poisson_ratio": 0.3,
        "stack.pressure": "0 Pa",
    }
    spec = make_cell("na-ion-chayambuka2022", solid | side("composite_anode", fatigue_factor=1.0))
    seen = run(spec, [(-2.0, HOUR)], MODE, model="spm")
    x = seen["Anode stoichiometry"]
    assert x[-1] > x[0]
    strain = spec.anode.material.volume_change.si / 3 * (x - x[0])
    assert seen["Anode misfit strain"] == pytest.approx(strain, rel=1e-9, abs=1e-15)
    assert seen.end("Anode delaminated fraction") > 0
    active, contact = seen["Anode active material fraction"], seen["Anode contact fraction"]
    parted = seen["Anode delaminated fraction"]
    assert active * contact == pytest.approx(1 - parted, rel=1e-10)


def test_a_host_that_yields_pulls_no_harder_than_that(make_cell, run):
    FREE_FLOW = {"anode.material.yield_strength": "15 MPa", "stack.pressure": "0 Pa"}
    spec = make_cell("nasn-nbh-nco", FREE_FLOW | side("composite_anode"))
    seen = run(spec, [(-2.0, HOUR)], MODE, model="spm")
    strain, stress = seen["Anode misfit strain"], seen["Anode misfit stress [Pa]"]
    # Elastically it would be a gigapascal.
    assert abs(strain[-1]) > 0.01
    assert abs(stress[-1]) == pytest.approx(15e6, rel=1e-6)


# ------------------------------------------------------------ in the cell

NEUTRAL = side("anode") | side("cathode")


# The mode's states let the solver take other steps: equal as far as it was asked to solve.
@pytest.mark.parametrize(
    ("model", "rtol", "volts"), [("spm", 1e-10, 1e-9), ("dfn", 1e-8, 2e-8)], ids=["spm", "dfn"]
)
def test_neutral_parameters_are_the_bare_cell(make_cell, run, model, rtol, volts):
    # Away from the curve's steep end, where the solver's own noise is a voltage.
    spec = make_cell("na-nzsp-nvp", NEUTRAL | {"cathode.initial_stoichiometry": 0.98})
    steps = ("Charge at C/5 for 3 hours", "Rest for 10 minutes", "Discharge at C/5 for 2 hours")
    tolerances = {"model": model, "rtol": rtol, "atol": rtol / 100}
    bare = run(spec, steps, **tolerances)
    with_mode = run(spec, steps, MODE, **tolerances)
    t = np.linspace(0, bare.t[-1], 300)
    difference = np.abs(bare.at("Voltage [V]", t) - with_mode.at("Voltage [V]", t))
    assert difference.max() < volts


def test_neutral_parameters_are_the_bare_symmetric_cell(make_cell, run):
    spec = make_cell("na-nzsp-na", NEUTRAL)
    bare, with_mode = (run(spec, [(3.0, HOUR)], modes) for modes in ((), MODE))
    assert with_mode.end("Voltage [V]") == pytest.approx(bare.end("Voltage [V]"), rel=1e-14)


@pytest.mark.parametrize(
    ("cell", "model"),
    [
        *((name, "spm") for name in CELLS),
        *(
            pytest.param(name, "dfn", marks=pytest.mark.slow if name.startswith("na-ion") else ())
            for name in CELLS
        ),
    ],
)
def test_every_cell_lives_through_its_first_cycles(cell, model):
    result = twin.simulate(cell, cycles=2, model=model, modes=MODE, store="sqlite://")
    assert result.outcome.kind == "completed"
    # What is parted by default in two cycles does not show.
    for row in result.rows:
        for place in ("Anode", "Cathode"):
            assert row.get(f"{place} delaminated fraction", 0) < 0.01
    solid = cell != "na-ion-chayambuka2022"
    assert ("Cathode delaminated fraction" in result.rows[0]) == solid


def test_a_wholly_constrained_composite_dies_of_delamination():
    result = twin.simulate(
        "na-nzsp-nvp",
        cycles=3,
        model="spm",
        modes=MODE,
        store="sqlite://",
        overrides={"modes.delamination.cathode.constrained_share": 1.0},
    )
    outcome = result.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "delamination")
    assert outcome.criterion == "cathode delaminated"
    assert outcome.evidence["delamination"]["says"]


@settings(max_examples=6, deadline=None)
@given(exponent=st.floats(1, 8), factor=st.floats(0, 1e5), q=st.floats(0, 2))
def test_damage_is_a_share_and_never_heals_by_itself(warmed, exponent, factor, q):
    seen = warmed(fatigue_exponent=exponent, fatigue_factor=factor, saturation_exponent=q)
    damage = seen["Anode delaminated fraction"]
    assert np.isfinite(damage).all()
    assert (np.diff(damage) >= -1e-9).all()
    assert 0 <= damage[-1] <= 1
