"""Transference numbers: what the spec was given comes back."""

from __future__ import annotations

import pytest

import twin
from twin.errors import InputError
from twin.experiments.transference import share_left, transference_number

F, R = twin.FARADAY, twin.GAS_CONSTANT


@pytest.mark.parametrize("t_plus", [0.3, 0.9])
def test_the_specs_transference_number_comes_back(t_plus):
    given = {"electrolyte.material.transference_number": t_plus}
    found = twin.transference("na-peo-na", modes=[], overrides=given)
    assert found.t_plus == pytest.approx(t_plus, abs=0.02)
    assert found.diffusivity == pytest.approx(8e-12, rel=0.02)
    assert found.steady_current < found.initial_current


def test_in_an_ideal_dilute_solution_bruce_and_vincent_need_no_help():
    # Nernst and Einstein: kappa = F^2 c (D+ + D-)/RT, D = 2 D+ D-/(D+ + D-), t+ = D+/(D+ + D-).
    D_plus, D_minus, c, T = 8e-12, 1.2e-11, 1000.0, 298.15
    total = D_plus + D_minus
    dilute = {
        "electrolyte.material.transport": "binary",
        "electrolyte.material.conductivity": f"{F**2 * c * total / (R * T)} S/m",
        "electrolyte.material.diffusivity": f"{2 * D_plus * D_minus / total} m^2/s",
        "electrolyte.material.transference_number": D_plus / total,
        "electrolyte.material.salt_concentration": f"{c} mol/m^3",
        "electrolyte.thickness": "100 um",
    }
    found = twin.transference("na-nzsp-na", modes=[], overrides=dilute)
    assert found.bruce_vincent == pytest.approx(0.4, abs=0.01)
    assert found.t_plus == pytest.approx(0.4, abs=0.01)
    assert found.notes == []


@pytest.mark.parametrize("modes", [[], ["interphase"]])
def test_a_single_ion_conductor_has_one(modes):
    found = twin.transference("na-nzsp-na", modes=modes)
    assert found.t_plus == pytest.approx(1.0, abs=2e-3)
    assert found.diffusivity is None


def test_a_growing_interface_is_taken_into_account():
    overrides = {"modes.interphase.anode.kind": "insulating"}
    found = twin.transference(
        "na-nzsp-na", modes=["interphase"], hold="20 hours", overrides=overrides
    )
    # The current has fallen by a third, and none of it is salt.
    assert found.steady_current < 0.7 * found.initial_current
    assert found.steady_resistance > 1.5 * found.initial_resistance
    # A tenth of the resistance is the electrolyte's: what is off by 0.1 % is off here by 1 %.
    assert found.t_plus == pytest.approx(1.0, abs=0.02)


def test_the_formula_forgives_the_interfaces():
    # 10 ohm m2 of electrolyte of which a quarter is left; interfaces of 3, then 5 ohm m2.
    dV, R_e = 0.01, 10e-4
    i_0, i_s = dV / (R_e + 3e-4), dV / (4 * R_e + 5e-4)
    assert share_left(dV, i_0, i_s, 3e-4, 5e-4) == pytest.approx(0.25, rel=1e-12)


def test_newmans_number_gives_the_transference_number_back():
    kappa, D, c, gamma, T, t_plus = 0.1, 8e-12, 1100.0, 1.7, 343.15, 0.3
    newman = 2 * gamma * kappa * R * T * (1 - t_plus) ** 2 / (F**2 * D * c)
    rho = 1 / (1 + newman)
    assert transference_number(rho, kappa, D, c, gamma, T) == pytest.approx(t_plus, rel=1e-9)
    assert transference_number(1.0, kappa, D, c, gamma, T) == 1.0


@pytest.mark.parametrize(
    ("cell", "given", "key"),
    [
        ("na-peo-na", {"voltage": "20 mV"}, "voltage"),
        ("na-peo-na", {"voltage": "10 mA"}, "voltage"),
        ("na-peo-na", {"hold": "0 s"}, "hold"),
        ("na-nzsp-nvp", {}, "kind"),
    ],
)
def test_what_cannot_be_measured_is_said(cell, given, key):
    with pytest.raises(InputError) as error:
        twin.transference(cell, **given)
    assert error.value.problem.key == key and error.value.problem.fix
