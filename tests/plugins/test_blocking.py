"""Blocking against its closed forms: brick layer, Mott–Schottky layer, salt depletion."""

from __future__ import annotations

import math

import numpy as np
import pytest
import twin_blocking
import twin_delamination
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erfi
from twin_blocking.spacecharge import barrier_factor

import twin
from twin import Port
from twin.specs import percolation

F, R, T_REF = twin.FARADAY, twin.GAS_CONSTANT, 298.15
CHARGE, BOLTZMANN = 1.602176634e-19, 1.380649e-23
VACUUM = 8.8541878128e-12
MODE = ("blocking",)
TIGHT = {"rtol": 1e-10, "atol": 1e-12}
HOUR = 3600.0
THICKNESS = 5e-4
CELLS = ("na-nzsp-nvp", "na-base-nvp", "na-nzsp-na", "na-base-na", "na-ion-chayambuka2022")


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The modes in the process's plugin manager, whether installed or not."""
    manager = twin.plugin_manager()
    by_hand = [
        (plugin, name)
        for plugin, name in ((twin_blocking, "blocking"), (twin_delamination, "delamination"))
        if name not in manager.modes
    ]
    for plugin, name in by_hand:
        manager.register(plugin, name)
    yield
    if by_hand:
        twin.plugin_manager.cache_clear()


def grains(layer="separator", **values):
    """One layer's table, without ageing: each test brings its own cause."""
    numbers = {
        "resistance_ratio": 2.0,
        "reference_temperature": "298.15 K",
        "grain_size": "1 um",
        "reference_grain_size": "1 um",
        "field_ageing_rate": "0 1/s",
        "reference_field": "1 V/m",
        "strain_ageing": 0.0,
    }
    return {f"modes.blocking.{layer}.{k}": v for k, v in (numbers | values).items()}


def charge(side="anode", **values):
    numbers = {"potential": "0 V", "carrier_density": "1e25 1/m^3", "relative_permittivity": 15.0}
    return {f"modes.blocking.space_charge.{side}.{k}": v for k, v in (numbers | values).items()}


NEUTRAL = grains() | grains("cathode") | charge() | charge("cathode")
PLAIN = NEUTRAL | {
    "electrolyte.material.conductivity": "0.5 S/m",
    "anode.thickness": "5 mm",
    "window.lower": "-1e5 V",
    "window.upper": "1e5 V",
}


@pytest.fixture(scope="module")
def cell(make_cell, run):
    """Solve a plain symmetric cell, changed as a test wants it."""

    def solve(steps=((0.0, 1.0),), overrides=None, modes=MODE, **solver):
        spec = make_cell("na-nzsp-na", PLAIN | dict(overrides or {}))
        return run(spec, steps, modes, **(TIGHT | solver))

    return solve


def resistance(seen):
    return seen.end("Separator resistance [Ohm.m2]")


# ------------------------------------------------------------ brick layer


def test_total_is_grains_and_boundaries_in_series(cell):
    # 15 mS/cm in the grains and 5 in all: boundaries hold twice the grains' resistance.
    assert 15 / 5 - 1 == 2
    whole = resistance(cell())
    assert whole == pytest.approx(THICKNESS / 0.5, rel=1e-12)
    crystal = resistance(cell(overrides=grains(grain_size="inf m")))
    assert crystal == pytest.approx(THICKNESS / 1.5, rel=1e-12)
    large = resistance(cell(overrides=grains(grain_size="1 m")))
    assert large == pytest.approx(crystal, rel=1e-5)


@pytest.mark.parametrize("size", [0.1, 3.0, 20.0])
def test_boundary_resistance_goes_with_one_over_the_grain_size(cell, size):
    seen = cell(overrides=grains(grain_size=f"{size} um"))
    assert resistance(seen) == pytest.approx(THICKNESS / 0.5 * (1 + 2 / size) / 3, rel=1e-12)
    ratio = seen.end("Separator grain-boundary resistance ratio")
    assert ratio == pytest.approx(2 / size, rel=1e-12)


ACTIVATED = {
    "electrolyte.material.conductivity": {
        "law": "arrhenius",
        "form": "sigma-T",
        "reference": "0.5 S/m",
        "activation_energy": "0.30 eV",
        "reference_temperature": "298.15 K",
    }
}


def apparent_energy(cell, overrides):
    """Return the activation energy of ``sigma T`` half a kelvin around 25 degC [eV]."""
    values, colder, hotter = [], T_REF - 0.5, T_REF + 0.5
    for T in (colder, hotter):
        seen = cell(overrides=ACTIVATED | overrides | {"thermal.ambient": f"{T!r} K"})
        values.append(math.log(T / resistance(seen)))
    return (values[0] - values[1]) / (1 / hotter - 1 / colder) * R / F


@pytest.mark.parametrize(
    ("size", "energy"),
    [("1 pm", 0.75), ("inf m", 0.30), ("1 um", 0.30 + 2 / 3 * 0.45)],
    ids=["boundaries rule", "a single crystal", "two thirds boundaries"],
)
def test_total_activation_energy(cell, size, energy):
    seen = apparent_energy(cell, grains(grain_size=size, activation_energy="0.75 eV"))
    assert seen == pytest.approx(energy, abs=1e-5)


@pytest.mark.parametrize("given_energy", [{}, {"activation_energy": "0.30 eV"}])
@pytest.mark.parametrize("temperature", [253.15, 333.15])
def test_boundaries_like_the_grains_leave_the_law_alone(cell, given_energy, temperature):
    overrides = ACTIVATED | {"thermal.ambient": f"{temperature} K"}
    bare = resistance(cell(overrides=overrides, modes=()))
    split = resistance(cell(overrides=overrides | grains(**given_energy)))
    assert split == pytest.approx(bare, rel=1e-13)


# ------------------------------------------------------------ ageing


def ageing(rate="1e-5 1/s", **values):
    return grains(field_ageing_rate=rate, reference_field="10 V/m", **values)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
@pytest.mark.parametrize("j", [10.0, -10.0])
def test_ageing_at_constant_current(cell, ratio, j):
    seen = cell([(j, 20 * HOUR)], ageing(resistance_ratio=ratio))
    a, b = 1e-5 * 10 / (0.5 * 10), ratio / (1 + ratio)
    exact = np.expm1(a * b * seen.t) / b
    damage = seen["Separator grain-boundary damage"]
    assert damage[-1] > 0.1
    assert damage == pytest.approx(exact, rel=1e-6, abs=1e-10)
    # Boundaries alone are hit: R_b + R_gb (1 + r).
    formula = THICKNESS / 0.5 * (1 + ratio * (1 + damage)) / (1 + ratio)
    assert seen["Separator resistance [Ohm.m2]"] == pytest.approx(formula, rel=1e-12)
    factor = seen["Separator blocking factor"]
    assert factor == pytest.approx(formula * 0.5 / THICKNESS, rel=1e-12)
    # The cell feels it.
    extra = seen["Area-specific resistance [Ohm.m2]"]
    assert extra - extra[0] == pytest.approx(formula - THICKNESS / 0.5, rel=1e-9, abs=1e-12)


def test_no_ageing_at_rest(cell):
    seen = cell([(0.0, 1000 * HOUR)], ageing("1 1/s"))
    assert (seen["Separator grain-boundary damage"] == 0).all()


def test_composite_ages_in_its_own_field(make_cell, run):
    # Half the current in a conductor K as good.
    spec = make_cell("na-nzsp-nvp", NEUTRAL | ageing("1e-9 1/s") | {
        k.replace("separator", "cathode"): v for k, v in ageing("1e-9 1/s").items()
    })  # fmt: skip
    seen = run(spec, ("Charge at C/5 for 1 hour",), MODE, model="spm", **TIGHT)
    separator, cathode = (
        seen.end(f"{layer} grain-boundary damage") for layer in ("Separator", "Cathode")
    )
    K = percolation.efficiency(0.35 / 0.85, 0.15, 1.0)
    assert cathode / separator == pytest.approx(0.5 / K, rel=1e-4)


def test_strain_of_a_debonding_interface_cracks_the_boundaries(cell):
    # Delamination q = 0: D = B (M/s_0)^m e^(m+1)/(m+1), so int D de = … e^(m+2)/(m+1)(m+2).
    E, nu, mismatch, B, m = 85e9, 0.26, 4e-6, 3000.0, 4.0
    side = {
        "stress_free_temperature": "298.15 K",
        "opening_factor": 1.0,
        "fracture_energy": "1e9 J/m^2",
        "fatigue_factor": B,
        "fatigue_exponent": m,
        "fatigue_reference_stress": "20 MPa",
        "saturation_exponent": 0.0,
    }
    overrides = {f"modes.delamination.anode.{k}": v for k, v in side.items()} | {
        "anode.material.youngs_modulus": "85 GPa",
        "anode.material.poisson_ratio": nu,
        "anode.material.yield_strength": "1e9 MPa",
        "anode.material.thermal_expansion": "8.1e-6 1/K",
        "electrolyte.material.thermal_expansion": "4.1e-6 1/K",
        "stack.pressure": "0 Pa",
        "thermal.ambient": "338.15 K",
    }
    overrides |= grains(strain_ageing=1e5)
    strain = mismatch * 40
    exact = 1e5 * B * (E / (1 - nu) / 20e6) ** m * strain ** (m + 2) / (m + 1) / (m + 2)
    seen = cell([(0.0, HOUR)], overrides, modes=("blocking", "delamination"))
    assert seen.end("Separator grain-boundary damage") == pytest.approx(exact, rel=1e-5)
    assert exact > 0.1
    alone = cell([(0.0, HOUR)], overrides)
    assert alone.end("Separator grain-boundary damage") == 0


# ------------------------------------------------------------ space charge


def exact_factor(Y):
    return math.sqrt(math.pi) / 2 * erfi(np.sqrt(Y)) / np.sqrt(Y)


def test_barrier_factor_against_scipy():
    Y = np.concatenate([np.geomspace(1e-12, 1e-2, 50), np.linspace(0.01, 40, 2000)])
    assert np.abs(barrier_factor(Y) / exact_factor(Y) - 1).max() < 1e-12
    assert barrier_factor(0.0) == pytest.approx(1, abs=1e-14)


@given(Y=st.floats(0, 40))
def test_barrier_factor_of_a_symbol(Y):
    import pybamm

    symbol = barrier_factor(pybamm.InputParameter("Y"))
    assert symbol.evaluate(inputs={"Y": Y}) == pytest.approx(barrier_factor(Y), rel=1e-13)


@given(Y=st.floats(5, 60))
def test_barrier_factor_goes_to_its_asymptote(Y):
    # e^Y/2Y (1 + 1/2Y + 3/4Y^2 + …)
    excess = barrier_factor(Y) / (math.exp(Y) / (2 * Y)) - 1
    assert 0 < excess < 1 / (2 * Y) + 3 / Y**2
    assert excess * 2 * Y == pytest.approx(1, abs=6 / Y)


def width(potential, density=1e25):
    return math.sqrt(2 * 15 * VACUUM * potential / (CHARGE * density))


@pytest.fixture(scope="module")
def layer(cell):
    """A depletion layer against grains of 0.1 S/m at both faces."""

    def solve(potential, density=1e25, overrides=None, **kwargs):
        values = charge(potential=f"{potential} V", carrier_density=f"{density} 1/m^3")
        values |= grains(resistance_ratio=0.0)
        values |= {"electrolyte.material.conductivity": "0.1 S/m"}
        return cell(overrides=values | dict(overrides or {}), **kwargs)

    return solve


@pytest.mark.parametrize(
    ("potential", "density", "ohm_cm2", "digits"),
    [(0.257, 1e25, 0.76, 0.005), (0.5, 1e25, 6.8e3, 50), (0.257, 1e26, 0.24, 0.005)],
)
def test_depletion_layer(layer, potential, density, ohm_cm2, digits):
    seen = layer(potential, density)
    Y, w = potential * F / R / T_REF, width(potential, density)
    for place in ("Anode", "Cathode"):
        found = seen.end(f"{place} space-charge resistance [Ohm.m2]")
        assert found == pytest.approx(w / 0.1 * exact_factor(Y), rel=1e-9)
        assert abs(found * 1e4 - ohm_cm2) < digits
        assert seen.end(f"{place} space-charge width [m]") == pytest.approx(w, rel=1e-9)
        capacitance = seen.end(f"{place} space-charge capacitance [F.m-2]")
        assert capacitance == pytest.approx(15 * VACUUM / w, rel=1e-9)
    if density == 1e25 and potential == 0.257:
        assert w * 1e9 == pytest.approx(6.5, abs=0.05)


def test_no_potential_no_layer(layer):
    seen = layer(0)
    assert (seen["Anode space-charge resistance [Ohm.m2]"] == 0).all()
    assert np.isfinite(seen["Anode space-charge capacitance [F.m-2]"]).all()


@settings(max_examples=5, deadline=None)
@given(potential=st.floats(1e-9, 1e-3))
def test_a_faint_layer_is_its_width_in_bulk(layer, potential):
    found = layer(potential).end("Anode space-charge resistance [Ohm.m2]")
    Y = potential * F / R / T_REF
    assert found == pytest.approx(width(potential) / 0.1 * (1 + Y / 3), rel=1e-3)


def test_layer_is_in_series_with_the_contact_there_is(layer, pin):
    half = pin({Port.CONTACT_FRACTION.at("anode"): 0.5})
    whole, parted = layer(0.3), layer(0.3, modes=(*MODE, half))
    name = "space-charge resistance [Ohm.m2]"
    assert parted.end(f"Anode {name}") == pytest.approx(2 * whole.end(f"Anode {name}"), rel=1e-12)
    assert parted.end(f"Cathode {name}") == pytest.approx(whole.end(f"Cathode {name}"), rel=1e-12)
    bare = layer(0)
    added = whole.end("Area-specific resistance [Ohm.m2]") - bare.end(
        "Area-specific resistance [Ohm.m2]"
    )
    assert added == pytest.approx(2 * whole.end(f"Anode {name}"), rel=1e-9)


def test_layer_lies_in_the_grains(layer):
    # Of 0.1 S/m in all with boundaries of twice the grains' resistance: grains of 0.3 S/m.
    ratio = layer(0.3).end("Anode space-charge resistance [Ohm.m2]") / layer(
        0.3, overrides=grains(resistance_ratio=2.0)
    ).end("Anode space-charge resistance [Ohm.m2]")
    assert ratio == pytest.approx(3, rel=1e-12)


def test_layer_of_a_composite_has_the_particles_area(make_cell, run):
    overrides = NEUTRAL | charge("cathode", potential="0.257 V")
    seen = run(make_cell("na-nzsp-nvp", overrides), [(0.0, 1.0)], MODE, model="spm")
    area = seen.end("Cathode particle area per cell area")
    exact = width(0.257) / 1.5 * exact_factor(0.257 * F / R / T_REF) / area
    assert seen.end("Cathode space-charge resistance [Ohm.m2]") == pytest.approx(exact, rel=1e-6)


# ------------------------------------------------------------ salt

SALT = {
    "electrolyte.material.transport": "binary",
    "electrolyte.material.transference_number": 0.4,
    "electrolyte.material.diffusivity": "2e-11 m^2/s",
    "electrolyte.material.salt_concentration": "1000 mol/m^3",
}
LIMIT = 2 * F * 2e-11 * 1000 / (0.6 * THICKNESS)


@pytest.mark.parametrize("share", [0.3, -0.8])
def test_limiting_current_and_the_salt_it_leaves(cell, share):
    seen = cell([(share * LIMIT, 40 * THICKNESS**2 / 2e-11)], SALT)
    assert seen.end("Limiting current density [A.m-2]") == pytest.approx(LIMIT, rel=1e-9)
    assert seen.end("Limiting current share") == pytest.approx(abs(share), rel=1e-9)
    # The steady profile is a line: 1 - share is left at the poorer face.
    assert seen.end("Salt depletion margin") == pytest.approx(1 - abs(share), rel=1e-6)
    assert not any("grain" in name for name in seen.model.variables)


def test_a_porous_separator_limits_the_current_further(cell):
    porous = {"electrolyte.electrolyte_fraction": 0.5, "electrolyte.tortuosity_exponent": 2.0}
    seen = cell(overrides=SALT | porous)
    assert seen.end("Limiting current density [A.m-2]") == pytest.approx(LIMIT / 4, rel=1e-9)


def test_salt_criteria():
    result = twin.simulate(
        "na-nzsp-na",
        cycles=2,
        modes=MODE,
        store="sqlite://",
        overrides=SALT | {"electrolyte.material.diffusivity": "5e-13 m^2/s"},
    )
    outcome = result.outcome
    assert (outcome.kind, outcome.mode, outcome.criterion) == (
        "cell-failed",
        "blocking",
        "salt depleted",
    )
    # Above the limiting current on the way there, which is a warning.
    assert result.rows[-1]["Limiting current share (worst)"] > 1


# ------------------------------------------------------------ in the cell


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


def test_neutral_parameters_are_the_bare_symmetric_cell(cell):
    bare, with_mode = (cell([(3.0, HOUR)], modes=modes) for modes in ((), MODE))
    assert with_mode.end("Voltage [V]") == pytest.approx(bare.end("Voltage [V]"), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        *((name, "spm") for name in CELLS),
        *(
            pytest.param(name, "dfn", marks=pytest.mark.slow if name.startswith("na-ion") else ())
            for name in CELLS
            if not name.endswith("-na")  # a symmetric cell has one model
        ),
    ],
)
def test_every_cell_lives_through_its_first_cycles(name, model):
    result = twin.simulate(name, cycles=2, model=model, modes=MODE, store="sqlite://")
    assert result.outcome.kind == "completed"
    liquid = name == "na-ion-chayambuka2022"
    for row in result.rows:
        assert ("Salt depletion margin" in row) == liquid
        assert row.get("Separator blocking factor", 1) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "law",
    [
        {
            "law": "vtf",
            "prefactor": "1582 S*K^0.5/m",
            "pseudo_activation": "1000 K",
            "ideal_glass_temperature": "195 K",
        },
        {
            "law": "table",
            "over": "temperature",
            "x": [200.0, 400.0],
            "y": [0.1, 1.0],
            "unit": "S/m",
        },
    ],
    ids=["vtf", "table"],
)
def test_no_grains_where_the_law_is_no_ceramics(cell, law):
    overrides = {"electrolyte.material.conductivity": law} | charge(potential="0.3 V")
    seen, bare = (cell(overrides=overrides, modes=modes) for modes in (MODE, ()))
    assert resistance(seen) == resistance(bare)
    assert not any("space-charge" in name for name in seen.model.variables)


def test_a_composites_own_electrolyte_has_its_own_law(make_cell, run):
    # The composite's boundaries are split off the law of the electrolyte that is in it.
    overrides = NEUTRAL | {
        "cathode.electrolyte": "base-poly",
        "thermal.ambient": "333.15 K",
        "modes.blocking.cathode.activation_energy": "0.29 eV",
    }
    seen = run(make_cell("na-nzsp-nvp", overrides), [(0.0, 1.0)], MODE, model="spm")
    assert seen.end("Cathode grain conductivity factor") == pytest.approx(1, rel=1e-12)
    assert seen.end("Separator grain conductivity factor") == pytest.approx(1, rel=1e-12)


def test_death_by_blocked_boundaries():
    result = twin.simulate(
        "na-base-na",
        cycles=20,
        modes=MODE,
        store="sqlite://",
        overrides={
            "modes.blocking.separator.field_ageing_rate": "2e-5 1/s",
            "modes.blocking.resistance_factor_limit": 2.5,
        },
    )
    outcome = result.outcome
    assert (outcome.kind, outcome.mode) == ("cell-failed", "blocking")
    assert outcome.criterion == "grain boundaries block"
    assert outcome.evidence["blocking"]["polarisation_V"] > 0


@settings(max_examples=5, deadline=None)
@given(ratio=st.floats(0, 100), rate=st.floats(0, 1e-2))
def test_ageing_only_ever_blocks(cell, ratio, rate):
    seen = cell([(10.0, HOUR)], ageing(f"{rate} 1/s", resistance_ratio=ratio))
    factor = seen["Separator blocking factor"]
    assert np.isfinite(factor).all()
    assert (np.diff(factor) >= -1e-12 * factor[:-1]).all()
    assert (factor >= 1 - 1e-12).all()
