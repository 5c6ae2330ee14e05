"""Material laws and parameter sets against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pybamm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import ModelError
from twin.specs.naming import parameter_name, walk_quantities

F, R = twin.FARADAY, twin.GAS_CONSTANT
SIGMA = "electrolyte.material.conductivity"


def evaluate(values, name, *arguments):
    """A PyBaMM parameter at numbers, whether it is a number or a function."""
    entry = values[name]
    symbol = entry(*(pybamm.Scalar(a) for a in arguments)) if callable(entry) else entry
    return float(np.squeeze(values.evaluate(pybamm.convert_to_symbol(symbol))))


def conductivity(make_cell, law, T, c_e=1000.0):
    values = twin.parameter_values(make_cell("na-nzsp-na", {SIGMA: law}))
    return evaluate(values, "Electrolyte conductivity [S.m-1]", c_e, T)


# ------------------------------------------------------------ laws


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        # 1 mS/cm at 25 degC and 0.30 eV, at 60 degC: exp(1.226697) = 3.4099..., and 298.15/333.15.
        ("plain", 0.1 * math.exp(0.30 * F / R * (1 / 298.15 - 1 / 333.15))),
        ("sigma-T", 0.1 * 298.15 / 333.15 * math.exp(0.30 * F / R * (1 / 298.15 - 1 / 333.15))),
    ],
)
def test_arrhenius(make_cell, form, expected):
    law = {"law": "arrhenius", "form": form, "reference": "1 mS/cm", "activation_energy": "0.3 eV"}
    assert conductivity(make_cell, law, 333.15) == pytest.approx(expected, rel=1e-9)
    assert conductivity(make_cell, law, 298.15) == pytest.approx(0.1, rel=1e-12)


def test_arrhenius_by_hand(make_cell):
    # E/k_B = 0.3/8.617333e-5 = 3481.355 K; 1/298.15 - 1/333.15 = 3.523673e-4; product 1.226716.
    law = {"law": "arrhenius", "reference": "1 mS/cm", "activation_energy": "0.3 eV"}
    assert conductivity(make_cell, law, 333.15) == pytest.approx(0.34100, rel=1e-4)


def test_sigma_t_product_is_what_is_activated(make_cell, limit):
    law = {
        "law": "arrhenius",
        "form": "sigma-T",
        "reference": "5 mS/cm",
        "activation_energy": "0.32 eV",
    }
    T = np.array([260.0, 300.0, 360.0])
    product = np.log([conductivity(make_cell, law, t) * t for t in T])
    slope = np.polyfit(1 / T, product, 1)[0]
    limit("E17 Arrhenius slope", -slope, 0.32 * F / R)


def test_vtf_polymer(make_cell):
    # PEO20:NaTFSI, physics.md C2: 1.0e-3 S/cm at 70 degC, 5.6e-5 at 25 degC.
    law = {
        "law": "vtf",
        "prefactor": "1582 S*K^0.5/m",
        "pseudo_activation": "1000 K",
        "ideal_glass_temperature": "195 K",
    }
    by_hand = 1582 / math.sqrt(343.15) * math.exp(-1000 / 148.15)
    assert conductivity(make_cell, law, 343.15) == pytest.approx(by_hand, rel=1e-12)
    assert conductivity(make_cell, law, 343.15) == pytest.approx(0.1, rel=0.01)
    assert conductivity(make_cell, law, 298.15) == pytest.approx(5.6e-3, rel=0.01)


def test_vtf_without_a_glass_temperature_is_arrhenius(make_cell, limit):
    # T_0 = 0: sigma sqrt(T) activated with B = E_a/k_B.
    law = {
        "law": "vtf",
        "prefactor": "1e6 S*K^0.5/m",
        "pseudo_activation": "4000 K",
        "ideal_glass_temperature": "0 K",
    }
    cold, hot = (conductivity(make_cell, law, T) * math.sqrt(T) for T in (298.15, 333.15))
    limit("E17 VTF, T_0 = 0", hot / cold, math.exp(-4000 * (1 / 333.15 - 1 / 298.15)))


@pytest.mark.parametrize(("at", "expected"), [(300.0, 0.1), (310.0, 0.15), (325.0, 0.25)])
def test_table_over_temperature_is_linear_between_its_points(make_cell, at, expected):
    law = {
        "law": "table",
        "over": "temperature",
        "x": [280.0, 300.0, 320.0, 330.0],
        "y": [0.5, 1.0, 2.0, 3.0],
        "unit": "mS/cm",
    }
    assert conductivity(make_cell, law, at) == pytest.approx(expected, rel=1e-9)


def test_table_with_an_activation_energy(make_cell):
    law = {
        "law": "table",
        "over": "concentration",
        "x": [500.0, 1000.0, 1500.0],
        "y": [0.1, 0.2, 0.1],
        "unit": "S/m",
        "activation_energy": "20 kJ/mol",
    }
    factor = math.exp(-20e3 / R * (1 / 320 - 1 / 298.15))
    assert conductivity(make_cell, law, 320.0, 750.0) == pytest.approx(0.15 * factor, rel=1e-9)


@pytest.mark.parametrize(
    ("sto", "by_hand"),
    [
        # 3.4 + 0.005 ln((1-s)/s) + 0.7 e^(-s/0.01) - 1.0 e^(-(1-s)/0.01)
        (0.5, 3.4),
        (0.1, 3.410986),  # + 0.005 ln 9, + 0.7 e^-10
        (0.005, 3.851038),  # + 0.005 ln 199, + 0.7 e^-0.5
        (0.99, 3.009145),  # - 0.005 ln 99, - e^-1
    ],
)
def test_plateau(make_cell, sto, by_hand):
    law = {
        "law": "plateau",
        "plateau": "3.4 V",
        "width": "5 mV",
        "slope": "0 V",
        "rise": "0.7 V",
        "fall": "1.0 V",
        "end_width": 0.01,
    }
    spec = make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": law})
    found = evaluate(twin.parameter_values(spec), "Positive electrode OCP [V]", sto)
    assert found == pytest.approx(by_hand, abs=5e-5)


def test_plateau_slope(make_cell):
    law = {"law": "plateau", "plateau": "3.4 V", "width": "1 nV", "slope": "0.2 V"}
    spec = make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": law})
    values = twin.parameter_values(spec)
    found = [evaluate(values, "Positive electrode OCP [V]", s) for s in (0.25, 0.75)]
    assert found == pytest.approx([3.45, 3.35], abs=1e-7)


@pytest.mark.parametrize(
    # 3.7 + 0.5 (1 - tanh((s - 0.5)/0.05))/2
    ("sto", "by_hand"),
    [(0.1, 4.2), (0.45, 4.140399), (0.5, 3.95), (0.9, 3.7)],
)
def test_a_second_plateau_stands_above_the_first(make_cell, sto, by_hand):
    law = {"law": "plateau", "plateau": "3.7 V", "width": "1 nV", "slope": "0 V"}
    law |= {"step": "0.5 V", "step_at": 0.5, "step_width": 0.05}
    spec = make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": law})
    found = evaluate(twin.parameter_values(spec), "Positive electrode OCP [V]", sto)
    assert found == pytest.approx(by_hand, abs=1e-6)


PLATEAUS = {
    "law": "plateaus",
    "shares": [0.6, 0.4],
    "at": [2076, 2076],
    "drops": [0, 296],
    "unit": "mV",
    "step_width": 0.02,
    "width": "1 nV",
}


@pytest.mark.parametrize(
    # a flat 2.076 V over 0.6 of the filling, then down by 0.296 V; at the step half of each
    ("sto", "by_hand"),
    [(0.1, 2.076), (0.5, 2.076), (0.6, 2.076), (0.8, 1.928), (0.99, 1.7874)],
)
def test_plateaus_follow_each_other(make_cell, sto, by_hand):
    spec = make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": PLATEAUS})
    found = evaluate(twin.parameter_values(spec), "Positive electrode OCP [V]", sto)
    assert found == pytest.approx(by_hand, abs=5e-5)


def test_a_discharged_host_on_plateaus_begins_where_its_own_curve_says(make_cell):
    # Down from 3.6 V by 1.2 V over the second half: 2.7 V at 0.5 + 0.5 * 0.9/1.2 = 0.875.
    law = PLATEAUS | {"shares": [0.5, 0.5], "at": [3600, 3600], "drops": [0, 1200]}
    overrides = {"cathode.material.open_circuit_potential": law, "window.lower": "2.7 V"}
    values = twin.parameter_values(make_cell("na-nzsp-nvp", overrides))
    found = values.evaluate(values["Cathode initial stoichiometry"])
    assert found == pytest.approx(0.875, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shares": [0.6, 0.3]}, "add up to 0.9"),
        ({"shares": [1.0]}, "1 shares and 2 of at"),
        ({"drops": [0]}, "2 shares and 1 of drops"),
        ({"at": [2.0, 2.1]}, "must fall"),
        ({"unit": "Ohm"}, "Ohm"),
    ],
)
def test_plateaus_that_are_none_are_refused(make_cell, change, says):
    with pytest.raises(twin.SpecError, match=says):
        make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": PLATEAUS | change})


def test_half_a_second_plateau_is_refused(make_cell):
    law = {"law": "plateau", "plateau": "3.7 V", "width": "1 mV", "slope": "0 V", "step": "0.5 V"}
    with pytest.raises(twin.SpecError, match="step_at, step_width"):
        make_cell("na-nzsp-nvp", {"cathode.material.open_circuit_potential": law})


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.98), st.floats(0.001, 0.02))
def test_a_fuller_host_has_a_lower_potential(make_cell, sto, step):
    values = twin.parameter_values(make_cell("na-nzsp-nvp"))
    full, empty = (
        evaluate(values, "Positive electrode OCP [V]", s) for s in (min(sto + step, 0.995), sto)
    )
    assert full < empty


def test_exchange_current_is_given_at_half_filling(make_cell):
    values = twin.parameter_values(make_cell("na-nzsp-nvp"))
    name = "Positive electrode exchange-current density [A.m-2]"
    c_max = 13870.0
    half = evaluate(values, name, 1000.0, c_max / 2, c_max, 298.15)
    assert half == pytest.approx(0.02, rel=1e-12)
    # 2 sqrt(s (1 - s)) at s = 0.1 is 0.6; and the square root of the salt.
    tenth = evaluate(values, name, 250.0, 0.1 * c_max, c_max, 298.15)
    assert tenth == pytest.approx(0.02 * 0.6 * 0.5, rel=1e-12)


# ------------------------------------------------------------ catholyte


@pytest.mark.parametrize("T", [298.15, 333.15])
def test_catholyte_counts_by_the_ratio_of_conductivities(make_cell, run, T):
    spec = make_cell(
        "na-nzsp-nvp",
        {
            "cathode.electrolyte": "nzsp",
            "thermal.ambient": f"{T} K",
            "cathode.initial_stoichiometry": 0.98,
            "cathode.mixing.network": "continuous",
        },
    )
    seen = run(spec, [(0.0, 1.0)])
    # x = 2: 1.1 mS/cm, 0.34 eV; x = 2.4: the library's own, both with sigma T activated.
    own = spec.electrolyte.material.conductivity
    shift = (1 / T - 1 / 298.15) / R
    separator = own.reference.si * math.exp(-own.activation_energy.si * shift)
    catholyte = 0.11 * math.exp(-0.34 * F * shift)
    efficiency = seen.end("X-averaged positive electrolyte transport efficiency")
    assert efficiency == pytest.approx(0.35**2 * catholyte / separator, rel=1e-6)
    assert seen.end("X-averaged separator electrolyte transport efficiency") == pytest.approx(1)


def test_catholyte_needs_single_ion_conductors_on_both_sides(make_cell):
    with pytest.raises(ModelError, match="single-ion"):
        twin.parameter_values(
            make_cell("na-nzsp-nvp", {"cathode.electrolyte": "napf6-ecpc-chayambuka"})
        )


# ------------------------------------------------------------ parameter sets


@pytest.mark.parametrize("cell", ["na-nzsp-nvp", "na-nzsp-na", "na-ion-chayambuka2022"])
def test_every_quantity_is_a_parameter_in_si(make_cell, cell):
    spec = make_cell(cell)
    values = twin.parameter_values(spec)
    quantities = list(walk_quantities(spec))
    assert len(quantities) > 50
    for key, quantity in quantities:
        assert evaluate(values, parameter_name(key, quantity.unit)) == quantity.si


def test_parameter_names(make_cell):
    values = twin.parameter_values(make_cell("na-nzsp-nvp"))
    assert values["Stack pressure [Pa]"] == pytest.approx(5e6)
    assert values["Electrolyte thickness [m]"] == pytest.approx(5e-4)
    assert values["Interphase anode rate constant [m.s-1]"] > 0
    assert values["Anode material molar volume [m3.mol-1]"] == pytest.approx(2.375e-5)
    assert evaluate(values, "Separator thickness [m]") == pytest.approx(5e-4)


def test_nominal_capacity_is_the_hosts_sodium(make_cell):
    values = twin.parameter_values(make_cell("na-nzsp-nvp"))
    charge = F * 13870 * 0.5 * 60e-6 * 1.131e-4 / 3600
    assert evaluate(values, "Nominal cell capacity [A.h]") == pytest.approx(charge, rel=1e-12)


# ------------------------------------------------------------ units


def test_a_cell_written_in_other_units_is_the_same_cell(make_cell, run, limit):
    written = [
        {
            "interfaces.anode.exchange_current": "3.67 mA/cm^2",
            "interfaces.anode.resistance": "7 ohm*cm^2",
            "electrolyte.thickness": "0.5 mm",
            SIGMA: "5 mS/cm",
            "stack.pressure": "5 MPa",
            "modes.interphase.anode.rate_activation_energy": "0.6 eV",
            "modes.pressure.voids.refill_current": "0.05 mA/cm^2",
            "thermal.ambient": "30 degC",
        },
        {
            "interfaces.anode.exchange_current": "36.7 A/m^2",
            "interfaces.anode.resistance": "7e-4 ohm*m^2",
            "electrolyte.thickness": "500 um",
            SIGMA: "0.5 S/m",
            "stack.pressure": "50 bar",
            "modes.interphase.anode.rate_activation_energy": f"{0.6 * F} J/mol",
            "modes.pressure.voids.refill_current": "0.5 A/m^2",
            "thermal.ambient": "303.15 K",
        },
    ]
    seen = [
        run(make_cell("na-nzsp-na", w), [(3.0, 3600.0)], ("interphase", "pressure"))
        for w in written
    ]
    t = np.linspace(0, 3600, 50)
    one, other = (s.at("Voltage [V]", t) for s in seen)
    limit("E24 units", one, other)
    thickness = [s.end("Anode interphase thickness [m]") for s in seen]
    assert thickness[0] == pytest.approx(thickness[1], rel=1e-8)


@pytest.mark.parametrize(
    ("cell", "sto", "volts"),
    [
        # Two liquids to Na2S5.2, 57.7 % of the charge; then down by 1.05 V per Na in S to 1.78 V.
        ("na-base-s-330c", 0.3, 2.076),
        ("na-base-s-330c", 0.7, 2.076 - 0.296 * 0.123 / 0.423),
        # Formation data: 2.639 V at 25 degC, -0.136 mV/K, and another -0.073 above 98 degC.
        ("na-base-nicl2-300c", 0.5, 2.587),
    ],
)
def test_molten_cells_have_their_potential_where_they_run(make_cell, cell, sto, volts):
    spec = make_cell(cell)
    values, T = twin.parameter_values(spec), spec.thermal.ambient.si
    U = evaluate(values, "Positive electrode OCP [V]", sto)
    slope = evaluate(values, "Positive electrode OCP entropic change [V.K-1]", sto)
    assert U + (T - 298.15) * slope == pytest.approx(volts, abs=1.5e-3)


# Nearer to the ends the width of the plateaus, which is drawn, counts for 2 mV.
@pytest.mark.parametrize("sto", [0.3, 0.45, 0.7, 0.8])
def test_sulfur_gives_up_one_enthalpy_at_all_fillings(make_cell, sto):
    """``T dU/dT = U - 2.064 V``: -47.6 kcal a mole of sodium, work and heat together."""
    spec = make_cell("na-base-s-330c")
    values, T = twin.parameter_values(spec), spec.thermal.ambient.si
    U = evaluate(values, "Positive electrode OCP [V]", sto)
    slope = evaluate(values, "Positive electrode OCP entropic change [V.K-1]", sto)
    at_T = U + (T - 298.15) * slope
    assert at_T - T * slope == pytest.approx(47.6 * 4184 / twin.FARADAY, abs=1.5e-3)
    assert (slope > 0) == (sto < 0.577)
