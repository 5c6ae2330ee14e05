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
from twin_delamination.shell import Shell, pressure_in_a_die

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
        "strain_lag": "1 min",
        "fracture_energy": "1e9 J/m^2",
        "initial_damage": 0.0,
    }
    numbers |= FOIL if place == "anode" else HOST_OF
    return {f"modes.delamination.{place}.{k}": v for k, v in (numbers | values).items()}


FOIL = {
    "opening_factor": 1.0,
    "adhesion": "0 Pa",
    "overload": "griffith",
    "fatigue": "strain",
    "fatigue_factor": 0.0,
    "fatigue_exponent": 4.0,
    "fatigue_reference_stress": "20 MPa",
    "saturation_exponent": 0.0,
    "recontact": "off",
}
HOST_OF = {"fatigue_strain": 1e9, "fatigue_exponent": 6.0, "fatigue_spread": 0.4}


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

CHARGE = ("Charge at C/5 until 3.9 V", "Rest for 1 hour")
CYCLE = [(-2.0, 4 * HOUR), (0.0, HOUR), (2.0, 3 * HOUR), (0.0, HOUR)]
SHARP = {"rtol": 1e-8, "atol": 1e-10}
FREE = side("cathode") | {"stack.pressure": "0 Pa"}
SWELLS = 0.0905  # NVP, relative to empty
NVP = Shell(90 * GPA, 0.25, 80 * GPA, 0.26, 0.5 / 0.85)
STRONG = 98 * MPA  # NZSP cracks before it yields
CAP = 2 / 3 * STRONG * math.log(0.85 / 0.5)


def share(z):
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def test_misfit_of_a_particle_follows_its_filling(make_cell, run):
    strong = {"electrolyte.material.fracture_strength": "1e12 Pa"}
    seen = run(make_cell("na-nzsp-nvp", FREE | strong), CYCLE, MODE, model="spm")
    x = seen["Cathode stoichiometry"]
    strain = SWELLS / 3 * (x - x[0])
    assert seen["Cathode misfit strain"] == pytest.approx(strain, rel=1e-9, abs=1e-15)
    felt = seen["Cathode felt misfit strain"]
    assert felt.min() == pytest.approx(strain.min(), rel=1e-6)
    stress = seen["Cathode misfit stress [Pa]"]
    assert stress == pytest.approx(felt / NVP.compliance, rel=1e-9)
    # A particle that shrinks pulls at the matrix, and at its bond, with all of its stress.
    for name in ("electrolyte tensile stress [Pa]", "opening traction [Pa]"):
        assert seen[f"Cathode {name}"].max() == pytest.approx(-stress.min(), rel=1e-9)
    G = seen["Cathode opening energy release rate [J.m-2]"].max()
    assert pytest.approx(stress.min() ** 2 * NVP.compliance * 0.5e-6 / 2, rel=1e-9) == G


def test_a_shell_that_cracks_bears_no_more(make_cell, run):
    seen = run(make_cell("na-nzsp-nvp", FREE), CYCLE, MODE, model="spm")
    assert seen["Cathode misfit stress [Pa]"].min() == pytest.approx(-CAP, rel=1e-12)
    assert seen["Cathode opening traction [Pa]"].max() == pytest.approx(CAP, rel=1e-12)
    # One that yields is pulled no harder; one that cracks is pulled beyond its strength.
    assert seen["Cathode electrolyte tensile stress [Pa]"].max() > 3 * STRONG
    yields = FREE | {"electrolyte.material.yield_strength": f"{STRONG} Pa"}
    soft = run(make_cell("na-nzsp-nvp", yields), CYCLE, MODE, model="spm")
    assert soft["Cathode electrolyte tensile stress [Pa]"].max() == pytest.approx(CAP, rel=1e-12)


def test_a_particle_that_swells_holds_its_bond(make_cell, run):
    # Put together empty it presses on its shell: nothing parts, no gap opens.
    values = {"stress_free_stoichiometry": 0.0, "initial_damage": 0.5, "fatigue_strain": 1e-3}
    strong = {"electrolyte.material.fracture_strength": "1e12 Pa"}
    spec = make_cell("na-nzsp-nvp", FREE | side("cathode", **values) | strong)
    seen = run(spec, CYCLE, MODE, model="spm")
    assert (seen["Cathode misfit strain"] >= 0).all()
    assert seen.end("Cathode Miner sum") == pytest.approx(0, abs=1e-12)
    assert seen["Cathode bonded contact fraction"] == pytest.approx(1.0, abs=1e-4)
    # The inside of the shell is stretched.
    f, stress = NVP.fraction, seen["Cathode misfit stress [Pa]"]
    hoop = stress * (1 + 2 * f) / (2 * (1 - f))
    assert seen["Cathode electrolyte tensile stress [Pa]"] == pytest.approx(hoop, rel=1e-9)


@pytest.mark.parametrize("m", [4.0, 6.5])
@pytest.mark.parametrize("pressure", [0, 20, 200])
def test_miner_sum_of_a_cycle(make_cell, run, m, pressure):
    # (range_max/sigma_b)^m a cycle, half of it on the way out; exact, whatever the course.
    values = {"fatigue_exponent": m, "fatigue_strain": 0.05}
    overrides = FREE | side("cathode", **values) | {"stack.pressure": f"{pressure} MPa"}
    seen = run(make_cell("na-nzsp-nvp", overrides), CYCLE, MODE, model="spm", **SHARP)
    shrunk = -seen["Cathode misfit strain"].min()
    pull = NVP.traction(-shrunk)
    even = pressure_in_a_die(pressure * MPA, 0.26, STRONG)
    left = max(pull - even * max(NVP.pressure_factor, pull / CAP), 0)
    cycle = (left * NVP.compliance / 0.05) ** m
    half = float(seen.at("Cathode Miner sum", 5 * HOUR))
    assert half == pytest.approx(cycle / 2, rel=1e-5, abs=1e-12)
    # It ends a quarter emptier than it began.
    back = -seen["Cathode misfit strain"][-1] / shrunk
    assert back < 0.3
    assert seen.end("Cathode Miner sum") == pytest.approx(cycle, rel=back**m + 1e-5, abs=1e-12)
    if pressure == 200:
        assert cycle == 0


def test_particles_part_one_after_the_other(make_cell, run):
    # m = 6, s = 0.4: 0.169 at a tenth of the life of half of them, 0.38 a decade there.
    spread = [share(math.log(M) / 2.4) for M in (0.1, 1.0, 10.0)]
    assert spread == pytest.approx([0.169, 0.5, 0.831], abs=5e-4)
    assert share(math.log(10) / 4.8) - share(-math.log(10) / 4.8) == pytest.approx(0.38, abs=0.02)
    values = side("cathode", fatigue_strain=0.04)
    seen = run(make_cell("na-nzsp-nvp", FREE | values), CYCLE, MODE, model="spm")
    parted, M = seen["Cathode delaminated fraction"], seen["Cathode Miner sum"]
    assert parted == pytest.approx([share(math.log(max(x, 0) + 1e-12) / 2.4) for x in M], abs=1e-9)
    assert 0.05 < parted[-1] < 0.9
    assert (np.diff(parted) >= -1e-9).all()


def test_at_once_go_those_above_the_critical_radius(make_cell, run):
    # D_1 is the share of particles with R > R_c, at the end of the charge and ever after.
    traction = min(NVP.traction(-0.02), CAP)
    radius = NVP.critical_radius(traction, 0.02)
    assert 0.3e-6 < radius < 2e-6
    values = side("cathode", fracture_energy="0.02 J/m^2", size_spread=0.6)
    seen = run(make_cell("na-nzsp-nvp", FREE | values), CYCLE, MODE, model="spm")
    expected = share(math.log(0.5e-6 / radius) / 0.6)
    assert seen.end("Cathode delaminated fraction") == pytest.approx(expected, rel=1e-6)
    pressed = run(
        make_cell("na-nzsp-nvp", FREE | values | {"stack.pressure": "200 MPa"}),
        CYCLE,
        MODE,
        model="spm",
    )
    assert pressed.end("Cathode delaminated fraction") == 0


def gap(pressure, shrunk, rest=0.2, spread=0.5):
    closes = min(NVP.closing_pressure(shrunk), CAP)
    return rest + (1 - rest) * share(math.log((pressure + 1e5) / (closes + 1e4)) / spread)


@pytest.mark.parametrize("pressure", [0, 30, 150])
def test_a_gap_opens_with_the_filling_and_closes_under_pressure(make_cell, run, pressure):
    overrides = FREE | side("cathode", initial_damage=0.6) | {"stack.pressure": f"{pressure} MPa"}
    seen = run(make_cell("na-nzsp-nvp", overrides), CYCLE, MODE, model="spm")
    even = pressure_in_a_die(pressure * MPA, 0.26, STRONG)
    shrunk = np.maximum(-seen["Cathode felt misfit strain"], 0)
    touching = np.array([1 - 0.6 * (1 - gap(even, x)) for x in shrunk])
    contact = seen["Cathode bonded contact fraction"]
    assert contact == pytest.approx(touching, rel=1e-6)
    # Whole as assembled, worst when charged, better again when discharged: reversible in x.
    assert contact[0] == pytest.approx(1, abs=1e-4)
    if pressure == 0:
        assert contact.min() == pytest.approx(1 - 0.6 * 0.8, abs=1e-6)
    if pressure == 150:
        assert contact.min() > 0.95
    # What is cut off goes by the widest gap, not by the filling of the moment.
    widest = gap(even, shrunk.max())
    active = seen.end("Cathode active material fraction")
    assert active == pytest.approx(1 - 0.6 * 0.25 * (1 - widest), rel=1e-5)


def test_pressing_after_cycling_returns_capacity_and_resistance(tmp_path):
    # Shi 2020: the gaps close, and what was cut off comes back with its sodium.
    text = "schema = 1\ntitle = 'pressed after two cycles'\n"
    for name, pressure in (("loose", "0.1 MPa"), ("pressed", "300 MPa")):
        text += f"[[phase]]\nname = '{name}'\ncycles = 2\nsteps = [\n"
        for do in ("Charge at C/5 until {upper}", "Discharge at C/5 until {lower}"):
            text += f"{{ do = '{do}', pressure = '{pressure}' }},\n"
            text += f"{{ do = 'Rest for 1 hour', pressure = '{pressure}' }},\n"
        text += "]\n"
    file = tmp_path / "pressing.toml"
    file.write_text(text)
    rows = twin.simulate(
        "na-nzsp-nvp",
        cycles=4,
        model="spm",
        modes=MODE,
        store="sqlite://",
        protocol=file,
        overrides=side("cathode", initial_damage=0.6, isolated_share=0.5)
        | {"end_of_life.capacity_fraction": 0.1},
    ).rows
    loose, tight = rows[1], rows[3]
    assert loose["Cathode connected active fraction"] == pytest.approx(0.76, abs=0.01)
    assert tight["Cathode connected active fraction"] > 0.99
    gained = tight["capacity_Ah"] / loose["capacity_Ah"]
    assert gained == pytest.approx(1 / 0.76, rel=0.02)


def test_sodium_of_host_cut_off_is_in_the_ledger(make_cell, run):
    values = side("cathode", fatigue_strain=0.03, isolated_share=1.0)
    seen = run(make_cell("na-nzsp-nvp", FREE | values), CYCLE, MODE, model="spm", **TIGHT)
    active, x = seen["Cathode active material fraction"], seen["Cathode stoichiometry"]
    spec = make_cell("na-nzsp-nvp")
    cathode = spec.cathode
    sites = twin.FARADAY * cathode.material.maximum_concentration.si
    sites *= cathode.active_fraction.si * cathode.thickness.si
    sites *= twin.CellContext(spec).utilisation_now("cathode")
    held = seen["Cathode isolated host sodium"]
    assert active[-1] < 0.9
    # The anode has what the cathode, connected or not, lacks.
    total = sites * (active * x + held) + seen["Anode sodium [C.m-2]"]
    assert np.abs(total - total[0]).max() < 1e-8 * 2 * 2 * 4 * HOUR
    # Cut off while the cell was charged, it went nearly empty.
    assert held[-1] / (1 - active[-1]) < 0.5


def test_fatigue_orders_the_hosts_by_their_volume_change(make_cell, run):
    # 8.3 % against 2 %: Na2FeP2O7 outlives NVP, by the range of strain to the sixth.
    sums = {}
    for change in (0.083, 0.02):
        values = side("cathode", fatigue_strain=0.05) | {"cathode.material.volume_change": change}
        seen = run(make_cell("na-nzsp-nvp", FREE | values), CYCLE, MODE, model="spm", **SHARP)
        sums[change] = seen.end("Cathode Miner sum")
    assert sums[0.083] / sums[0.02] == pytest.approx(4.15**6, rel=1e-3)


def test_stack_pressure_tells_two_cells_apart(make_cell, run):
    # Case X13: 3 MPa fades, 70 MPa does not. The same small strain under either.
    values = {
        "cathode.material.volume_change": 0.003,
        "cathode.material.youngs_modulus": "150 GPa",
        "electrolyte.material.youngs_modulus": "10 GPa",
        "electrolyte.material.poisson_ratio": 0.3,
    }
    sums = {}
    for p in (3, 70):
        overrides = FREE | values | side("cathode", fatigue_strain=5e-4)
        spec = make_cell("na-nzsp-nvp", overrides | {"stack.pressure": f"{p} MPa"})
        sums[p] = run(spec, CYCLE, MODE, model="spm").end("Cathode Miner sum")
    assert sums[3] > 1e-3
    assert sums[70] == 0


def test_life_hangs_little_on_stiffness(make_cell, run):
    # What parts a particle past the yield point is a range of strain: half or one and a half
    # of both moduli changes the sum of a cycle by what the pressure's part does.
    sums = []
    for factor in (0.5, 1.0, 1.5):
        stiff = {
            "cathode.material.youngs_modulus": f"{90 * factor} GPa",
            "electrolyte.material.youngs_modulus": f"{80 * factor} GPa",
        }
        overrides = side("cathode", fatigue_strain=0.05) | stiff | {"stack.pressure": "5 MPa"}
        seen = run(make_cell("na-nzsp-nvp", overrides), CYCLE, MODE, model="spm")
        sums.append(seen.end("Cathode Miner sum"))
    assert max(sums) / min(sums) < 1.02


def test_composite_anode_in_a_solid_follows_its_filling(make_cell, run):
    # Where a composite anode's electrolyte is a solid, its particles are bonded too.
    solid = {
        "electrolyte.material.youngs_modulus": "20 GPa",
        "electrolyte.material.poisson_ratio": 0.3,
        "anode.material.youngs_modulus": "15 GPa",
        "anode.material.poisson_ratio": 0.3,
        "stack.pressure": "0 Pa",
    }
    values = side("composite_anode", fatigue_strain=0.01, stress_free_stoichiometry=1.0)
    seen = run(
        make_cell("na-ion-chayambuka2022", solid | values), [(-2.0, HOUR)], MODE, model="spm"
    )
    x = seen["Anode stoichiometry"]
    assert x[-1] > x[0]
    swells = make_cell("na-ion-chayambuka2022").anode.material.volume_change.si
    strain = swells / 3 * (x - 1)
    assert seen["Anode misfit strain"] == pytest.approx(strain, rel=1e-9, abs=1e-15)
    assert seen.end("Anode Miner sum") > 0


def test_a_host_that_flows_follows_its_shell(make_cell, run):
    flows = {"anode.material.yield_strength": "5 MPa", "stack.pressure": "0 Pa"}
    values = side("composite_anode", stress_free_stoichiometry=1.0)
    seen = run(make_cell("nasn-nbh-nco", flows | values), [(-2.0, HOUR)], MODE, model="spm")
    strain, stress = seen["Anode misfit strain"], seen["Anode misfit stress [Pa]"]
    # Elastically it would be a gigapascal.
    assert strain[-1] < -0.01
    assert stress[-1] == pytest.approx(-5e6, rel=1e-6)


def test_jumps_leave_the_miner_sum_exact():
    # M += N dM: over cycles that are alike a jumped life has the sum of one cycle by one.
    sums = [
        twin.life(
            "na-nzsp-nvp",
            cycles=80,
            exact=exact,
            model="spm",
            modes=MODE,
            store="sqlite://",
            overrides=side("cathode", fatigue_strain=0.08, isolated_share=0.0)
            # Every cycle from where the last one began: the first is like the others.
            | {"cathode.initial_stoichiometry": 0.98},
        )
        for exact in (False, True)
    ]
    assert sums[0].cycles_simulated < 40
    last = [life.rows[-1]["Cathode Miner sum"] for life in sums]
    assert last[0] == pytest.approx(last[1], rel=1e-4)


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
            if not name.endswith("-na")  # a symmetric cell has one model
        ),
    ],
)
def test_every_cell_lives_through_its_first_cycles(cell, model):
    result = twin.simulate(cell, cycles=2, model=model, modes=MODE, store="sqlite://")
    assert result.outcome.kind == "completed"
    # What is parted by default in two cycles does not show.
    for row in result.rows:
        for place in ("Anode", "Cathode"):
            assert row.get(f"{place} delaminated fraction", 0) < 0.02
    solid = cell != "na-ion-chayambuka2022"
    assert ("Cathode delaminated fraction" in result.rows[0]) == solid


def test_a_composite_of_weak_bonds_dies_of_delamination():
    result = twin.simulate(
        "na-nzsp-nvp",
        cycles=10,
        model="spm",
        modes=MODE,
        store="sqlite://",
        overrides=side("cathode", fatigue_strain=0.035, isolated_share=1.0),
    )
    outcome = result.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "delamination")
    assert outcome.criterion == "capacity lost"
    assert outcome.evidence["delamination"]["says"]


@pytest.mark.parametrize("place", ["anode", "composite_anode", "cathode"])
def test_a_spec_of_the_old_law_is_told_what_took_its_place(place):
    key = f"modes.delamination.{place}.constrained_share"
    with pytest.raises(twin.SpecError) as raised:
        twin.load_cell("na-nzsp-nvp", overrides={key: 0.2})
    (problem,) = raised.value.problems
    assert problem.key == key and problem.fix == "remove it"
    assert "no longer a key" in problem.message and "stiffnesses" in problem.message


def test_a_stored_cell_of_the_old_law_says_that_it_is_of_an_earlier_version():
    from twin.runs.stored import understood

    def load():
        with understood("run x", "cell spec"):
            twin.load_cell(
                "na-nzsp-nvp", overrides={"modes.delamination.cathode.constrained_share": 0.2}
            )

    with pytest.raises(twin.StoreError) as raised:
        load()
    problem = raised.value.problem
    assert "earlier version" in problem.message and "constrained_share" in problem.message
    assert "start a new run" in problem.fix and problem.key == "run x"


@settings(max_examples=6, deadline=None)
@given(exponent=st.floats(1, 8), factor=st.floats(0, 1e5), q=st.floats(0, 2))
def test_damage_is_a_share_and_never_heals_by_itself(warmed, exponent, factor, q):
    seen = warmed(fatigue_exponent=exponent, fatigue_factor=factor, saturation_exponent=q)
    damage = seen["Anode delaminated fraction"]
    assert np.isfinite(damage).all()
    assert (np.diff(damage) >= -1e-9).all()
    assert 0 <= damage[-1] <= 1
