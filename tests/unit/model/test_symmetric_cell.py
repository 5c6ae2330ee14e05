"""The symmetric cell against closed forms: ohm and Butler–Volmer, salt, heat, double layer."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from twin import FARADAY, GAS_CONSTANT

F, R = FARADAY, GAS_CONSTANT
T = 298.15
RTF = R * T / F
THICKNESS = 5e-4
TIGHT = {"rtol": 1e-10, "atol": 1e-12}

# Plain numbers everywhere, so that every closed form can be worked out by hand.
PLAIN = {
    "electrolyte.material.conductivity": "0.2 S/m",
    "interfaces.anode.exchange_current": "40 A/m^2",
    "interfaces.anode.resistance": "5e-4 ohm*m^2",
    # Sodium and a voltage window that no test comes to the end of.
    "anode.thickness": "5 mm",
    "window.lower": "-1e5 V",
    "window.upper": "1e5 V",
}
BINARY = PLAIN | {
    "electrolyte.material.transport": "binary",
    "electrolyte.material.transference_number": 0.4,
    "electrolyte.material.diffusivity": "2e-11 m^2/s",
    "electrolyte.material.salt_concentration": "1000 mol/m^3",
}
D, T_PLUS, C_0 = 2e-11, 0.4, 1000.0
LIMITING = 2 * F * D * C_0 / ((1 - T_PLUS) * THICKNESS)


def overpotential(i, j0=40.0):
    return 2 * RTF * np.arcsinh(i / (2 * j0))


@pytest.fixture(scope="module")
def plain(make_cell):
    return make_cell("na-nzsp-na", PLAIN)


# ------------------------------------------------------------ single-ion conductor


@pytest.mark.parametrize("i", [1e-3, 3.0, 40.0, 1000.0])
def test_voltage_is_ohm_and_two_inverse_butler_volmers(plain, run, i, limit):
    ohmic = i * (THICKNESS / 0.2 + 2 * 5e-4)
    forward, back = run(plain, [(i, 10)]), run(plain, [(-i, 10)])
    expected = -(ohmic + 2 * overpotential(i))
    limit("E16 V = iR + 2 eta", forward.end("Voltage [V]"), expected)
    limit("E16 odd in i", back.end("Voltage [V]"), -forward.end("Voltage [V]"))


def test_two_different_interfaces_add_up(make_cell, run):
    spec = make_cell(
        "na-nzsp-na",
        PLAIN
        | {
            "interfaces.cathode.exchange_current": "10 A/m^2",
            "interfaces.cathode.resistance": "2e-3 ohm*m^2",
        },
    )
    seen = run(spec, [(30.0, 10)])
    ohmic = 30 * (THICKNESS / 0.2 + 5e-4 + 2e-3)
    expected = -(ohmic + overpotential(30.0) + overpotential(30.0, 10.0))
    assert seen.end("Voltage [V]") == pytest.approx(expected, rel=1e-11)
    assert seen.end("Cathode reaction overpotential [V]") == pytest.approx(
        -overpotential(30.0, 10.0), rel=1e-11
    )


def test_slope_at_no_current_is_the_area_resistance(plain, run):
    seen = run(plain, [(1e-4, 1)])
    asr = seen.end("Area-specific resistance [Ohm.m2]")
    assert asr == pytest.approx(THICKNESS / 0.2 + 2 * (5e-4 + RTF / 40), rel=1e-11)
    assert -seen.end("Voltage [V]") / 1e-4 == pytest.approx(asr, rel=1e-11)


def test_charge_transfer_resistance_and_tafel_slope(plain, run, limit):
    seen = run(plain, [(1e-4, 1)])
    transfer = seen.end("Anode charge-transfer resistance [Ohm.m2]")
    limit("E16 R_ct = RT/(F j_0)", transfer, RTF / 40)
    # 118.3 mV a decade at 25 degC, far out on the Tafel line.
    eta = [run(plain, [(i, 1)]).end("Anode reaction overpotential [V]") for i in (4e5, 4e6)]
    assert (eta[1] - eta[0]) * 1e3 == pytest.approx(118.3, abs=0.05)
    limit("E16 Tafel", eta[1] - eta[0], 2 * RTF * math.log(10))


def test_temperature_moves_every_part(make_cell, run):
    overrides = PLAIN | {
        "electrolyte.material.conductivity": {
            "law": "arrhenius",
            "form": "sigma-T",
            "reference": "0.2 S/m",
            "activation_energy": "0.3 eV",
        },
        "thermal.ambient": "333.15 K",
    }
    seen = run(make_cell("na-nzsp-na", overrides), [(30.0, 1)])
    hot = 333.15
    sigma = 0.2 * 298.15 / hot * math.exp(-0.3 * F / R * (1 / hot - 1 / 298.15))
    eta = 2 * R * hot / F * math.asinh(30 / 80)
    assert seen.end("Voltage [V]") == pytest.approx(
        -(30 * (THICKNESS / sigma + 1e-3) + 2 * eta), rel=1e-9
    )


# ------------------------------------------------------------ binary electrolyte


@pytest.fixture(scope="module")
def binary(make_cell):
    return make_cell("na-nzsp-na", BINARY)


def test_steady_profile_is_linear_and_salt_is_kept(binary, run):
    i = 0.5 * LIMITING
    seen = run(binary, [(i, 40 * THICKNESS**2 / D)], **TIGHT)
    c = seen["Separator electrolyte concentration [mol.m-3]"][:, -1]
    n = len(c)
    x = (np.arange(n) + 0.5) / n * THICKNESS
    slope = -(1 - T_PLUS) * i / (F * D)
    assert c == pytest.approx(C_0 + slope * (x - THICKNESS / 2), rel=1e-8)
    mean = seen["X-averaged electrolyte concentration [mol.m-3]"]
    assert np.abs(mean / C_0 - 1).max() < 1e-10
    # At half the limiting current the cathode's face holds half the salt.
    assert seen.end("Cathode electrolyte concentration [mol.m-3]") == pytest.approx(500, rel=1e-8)
    assert seen.end("Anode electrolyte concentration [mol.m-3]") == pytest.approx(1500, rel=1e-8)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_steady_voltage_is_ohm_diffusion_and_kinetics(binary, run, share):
    i = share * LIMITING
    seen = run(binary, [(i, 40 * THICKNESS**2 / D)], **TIGHT)
    c_a, c_c = C_0 * (1 + share), C_0 * (1 - share)
    chi = 2 * (1 - T_PLUS)
    drop = i * THICKNESS / 0.2 + chi * RTF * math.log(c_a / c_c)
    eta = [overpotential(i, 40 * math.sqrt(c / C_0)) for c in (c_a, c_c)]
    assert seen.end("Voltage [V]") == pytest.approx(-(drop + sum(eta) + i * 1e-3), rel=1e-7)


def test_beyond_the_limiting_current_the_salt_runs_out(binary, run):
    steps = {share: [(share * LIMITING, 40 * THICKNESS**2 / D)] for share in (0.99, 1.01)}
    below = run(binary, steps[0.99])
    assert below.termination == "final time"
    # A mesh whose last cell's centre never runs dry: what counts is the face.
    above = run(binary, steps[1.01], var_pts={"x_s": 10})
    assert "Zero electrolyte concentration" in above.termination
    assert np.isfinite(above["Voltage [V]"]).all()


def test_mesh_error_of_the_steady_voltage_falls_with_its_square(make_cell, run):
    # A conductivity that falls with the salt makes the ohmic integral inexact on a mesh:
    # integral dx/(a + b c) over a line = L ln(kappa_a/kappa_c)/(kappa_a - kappa_c).
    law = {
        "law": "table",
        "over": "concentration",
        "x": [0.0, 2000.0],
        "y": [0.002, 0.402],
        "unit": "S/m",
    }
    spec = make_cell("na-nzsp-na", BINARY | {"electrolyte.material.conductivity": law})
    share = 0.8
    i = share * LIMITING
    kappa = [0.002 + 2e-4 * C_0 * (1 + s) for s in (share, -share)]
    ohmic = i * THICKNESS * math.log(kappa[0] / kappa[1]) / (kappa[0] - kappa[1])
    diffusion = 2 * (1 - T_PLUS) * RTF * math.log((1 + share) / (1 - share))
    eta = sum(overpotential(i, 40 * math.sqrt(1 + s)) for s in (share, -share))
    exact = -(ohmic + diffusion + eta + i * 1e-3)
    errors = []
    for points in (10, 20, 40):
        seen = run(spec, [(i, 40 * THICKNESS**2 / D)], var_pts={"x_s": points}, **TIGHT)
        errors.append(abs(seen.end("Voltage [V]") - exact))
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert all(order == pytest.approx(2, abs=0.15) for order in orders)
    assert errors[-1] / abs(exact) < 1e-3


def test_single_ion_limit_of_the_binary_model_is_pure_ohm(make_cell, run, limit):
    spec = make_cell("na-nzsp-na", BINARY | {"electrolyte.material.transference_number": 1.0})
    seen = run(spec, [(30.0, 3600)], **TIGHT)
    expected = -(30 * (THICKNESS / 0.2 + 1e-3) + 2 * overpotential(30.0))
    limit("E23 binary with t+ = 1", seen["Voltage [V]"], expected)


def test_salt_is_kept_where_the_transference_number_varies(make_cell, run):
    # eps dc/dt = div(D grad c) - i grad(t+)/F; at rest the profile obeys
    # D dc/dx = -(1 - t+(c)) i/F, here an exponential: t+ = 0.2 + c/5000.
    law = {"law": "table", "over": "concentration", "x": [0.0, 3000.0], "y": [0.2, 0.8], "unit": ""}
    spec = make_cell("na-nzsp-na", BINARY | {"electrolyte.material.transference_number": law})
    i = 0.5 * LIMITING
    seen = run(spec, [(i, 40 * THICKNESS**2 / D)], var_pts={"x_s": 100}, **TIGHT)
    mean = seen["X-averaged electrolyte concentration [mol.m-3]"]
    assert np.abs(mean / C_0 - 1).max() < 1e-8
    k = i / (F * D * 5000)
    x = (np.arange(100) + 0.5) / 100 * THICKNESS
    growth = k * THICKNESS / math.expm1(k * THICKNESS)
    exact = 4000 - (4000 - C_0) * growth * np.exp(k * x)
    assert seen["Separator electrolyte concentration [mol.m-3]"][:, -1] == pytest.approx(
        exact, rel=1e-5
    )


def test_early_concentration_follows_sand(binary, run):
    # c(0, t) - c_0 = 2 (1 - t+) i/F sqrt(t/(pi D)) while the other face is far away.
    i = 2 * LIMITING
    seen = run(binary, [(i, 100.0)], var_pts={"x_s": 1600})
    t = np.array([25.0, 50.0, 100.0])
    change = 2 * (1 - T_PLUS) * i / F * np.sqrt(t / (math.pi * D))
    assert seen.at("Anode electrolyte concentration [mol.m-3]", t) - C_0 == pytest.approx(
        change, rel=1e-4
    )


def test_depletion_time_falls_with_the_square_of_the_current(binary, run):
    # Sand's time, tau = pi D (c_0 F/(2 (1 - t+) i))^2.
    ends = {}
    for factor in (6.0, 12.0):
        i = factor * LIMITING
        tau = math.pi * D * (C_0 * F / (2 * (1 - T_PLUS) * i)) ** 2
        seen = run(binary, [(i, 3 * tau)], var_pts={"x_s": 1600})
        assert "Zero electrolyte concentration" in seen.termination
        ends[factor] = seen.t[-1]
        assert seen.t[-1] == pytest.approx(tau, rel=0.02)
    assert ends[6.0] / ends[12.0] == pytest.approx(4, rel=0.02)


# ------------------------------------------------------------ heat


def lumped(make_cell, transfer):
    return make_cell(
        "na-nzsp-na",
        PLAIN
        | {
            "thermal.model": "lumped",
            "thermal.heat_capacity": "1800 J/(m^2*K)",
            "thermal.heat_transfer": f"{transfer} W/(m^2*K)",
        },
    )


def test_all_electrical_work_becomes_heat(make_cell, run, limit):
    spec = lumped(make_cell, 0)
    i = 300.0
    seen = run(spec, [(i, 3600)], **TIGHT)
    t = np.linspace(0, 3600, 20001)
    work = np.trapezoid(-i * seen.at("Voltage [V]", t), t)
    rise = seen.end("Volume-averaged cell temperature [K]") - T
    assert rise > 50
    limit("E22 work is heat, symmetric cell", 1800 * rise, work)


def test_cooling_balances_heating(make_cell, run):
    i = 300.0
    seen = run(lumped(make_cell, 20), [(i, 40 * 1800 / 20)], **TIGHT)
    power = -i * seen.end("Voltage [V]")
    rise = seen.end("Volume-averaged cell temperature [K]") - T
    assert 20 * rise == pytest.approx(power, rel=1e-6)


# ------------------------------------------------------------ double layer


def test_double_layer_charges_with_its_own_time_constant(plain, run):
    import twin

    values = twin.parameter_values(plain)
    values.update({"Negative electrode double-layer capacity [F.m-2]": 0.2})
    i = 1e-3
    tau = RTF / 40 * 0.2
    seen = run(
        plain, [(i, 20 * tau)], values=values, options={"surface form": "differential"}, **TIGHT
    )
    t = np.linspace(0.2, 20, 30) * tau
    eta = seen.at("Anode reaction overpotential [V]", t)
    assert eta == pytest.approx(i * RTF / 40 * (1 - np.exp(-t / tau)), rel=1e-6)
    # Charged, it is out of the way.
    assert seen.end("Voltage [V]") == pytest.approx(
        run(plain, [(i, 1)]).end("Voltage [V]"), rel=1e-7
    )
