"""What is known of sodium and an electrolyte is said once, in the electrolyte's file."""

from __future__ import annotations

import pytest

import twin


def interphase(name, **overrides):
    return twin.load_cell(name, overrides=overrides).modes["interphase"].anode


def voids(name, **overrides):
    return twin.load_cell(name, overrides=overrides).modes["pressure"].voids


def test_the_class_of_an_interphase_goes_with_the_pair():
    kinds = {
        electrolyte: interphase("na-nzsp-na", **{"electrolyte.material": electrolyte}).kind
        for electrolyte in ("nzsp", "base-poly", "na3ps4", "na3sbs4", "nyzc", "nbh", "ncbb")
    }
    assert kinds == {
        "nzsp": "self-limiting",
        "base-poly": "stable",
        "na3ps4": "insulating",
        "na3sbs4": "mixed-conducting",
        "nyzc": "insulating",
        "nbh": "stable",
        "ncbb": "stable",
    }
    assert "Ortmann" in interphase("na-nzsp-na").limiting_resistance.source


def test_refilling_goes_with_the_pair():
    # 1 mA/cm2 at about 1 MPa on NCBB, between 5 and 10 MPa on NBH; no number is another's.
    assert voids("na-ncbb-na").refill_per_pressure.si == pytest.approx(9.5e-6)
    assert voids("na-nbh-nco").refill_per_pressure.si == pytest.approx(1.4e-6)
    measured = voids("na-base-na").refill_per_pressure
    assert (measured.si, measured.status) == (pytest.approx(2.8e-6), "fitted")
    unknown = voids("na-nps-na").refill_per_pressure
    assert (unknown.status, unknown.spread) == ("assumed", "lognormal 1.1")
    assert "no number was read" in unknown.source
    for cell in ("na-nzsp-na", "na-base-na", "na-nsso-na"):
        energy = voids(cell).refill_activation_energy
        assert "Lowack" in energy.source
        assert energy.si == pytest.approx(0.14 * twin.FARADAY, rel=1e-3)


def test_a_cell_says_otherwise_and_wins():
    key = "modes.pressure.voids.refill_per_pressure"
    assert voids("na-ncbb-na", **{key: "1e-6 A/(m^2*Pa)"}).refill_per_pressure.si == 1e-6


def test_a_pair_is_one_of_sodium_metal():
    # Tin, not sodium, faces the electrolyte: the mode's own defaults and the cell's words hold.
    spec = twin.load_cell("nasn-nbh-nco")
    assert spec.anode.kind == "porous"
    assert spec.modes["pressure"].voids.refill_per_pressure.status == "assumed"
    assert spec.electrolyte.material.against_sodium is None
