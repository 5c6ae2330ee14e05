"""Laws asked where they say nothing: refused as the cell is read, or its protocol."""

from __future__ import annotations

import pytest

import twin
from twin.catalog.cells import load_protocol
from twin.specs.protocol import Protocol

SIGMA = "electrolyte.material.conductivity"
WARM = {"law": "table", "over": "temperature", "unit": "mS/cm"}
WARM |= {"x": [298.15, 323.15, 353.15], "y": [1.0, 2.0, 4.0]}


def problem(overrides, cell="na-nzsp-na"):
    with pytest.raises(twin.SpecError) as caught:
        twin.load_cell(cell, overrides=overrides)
    (found,) = caught.value.problems
    return found


def test_a_cell_colder_than_its_table_is_refused_and_one_at_its_end_is_not():
    found = problem({SIGMA: WARM, "thermal.ambient": "-20 degC"})
    assert found.key == f"{SIGMA}.x" and "298.15 to 353.15 K" in found.message
    assert "253.15 K (-20 degC)" in found.message and "arrhenius" in found.fix
    for ambient in ("25 degC", "80 degC"):
        twin.load_cell("na-nzsp-na", overrides={SIGMA: WARM, "thermal.ambient": ambient})
    assert "81 degC" in problem({SIGMA: WARM, "thermal.ambient": "81 degC"}).message


def test_degrees_celsius_in_a_table_are_noticed():
    found = problem({SIGMA: WARM | {"x": [25.0, 50.0, 80.0]}})
    assert "no room" in found.message and "add 273.15" in found.fix
    # Above 100 degC the numbers could be kelvins: the cell's own temperature tells.
    hot = WARM | {"x": [150.0, 200.0, 350.0]}
    found = problem({SIGMA: hot, "thermal.ambient": "300 degC"})
    assert "150 to 350 K" in found.message and "add 273.15" in found.fix


@pytest.mark.parametrize(
    ("key", "unit", "over"),
    [
        (SIGMA, "S/m", "temperature or concentration"),
        ("electrolyte.material.transference_number", "", "temperature or concentration"),
        ("interfaces.anode.exchange_current", "A/m^2", "temperature"),
        ("interfaces.anode.resistance", "ohm*m^2", "temperature"),
    ],
)
def test_a_table_over_what_its_place_does_not_know_is_refused(key, unit, over):
    law = {"law": "table", "x": [0.0, 1.0], "y": [0.5, 0.6], "unit": unit}
    found = problem({key: law})
    assert found.key in (f"{key}.over", f"{key}.x") and "not stoichiometry" in found.message
    assert all(word in found.message for word in over.split(" or "))


@pytest.mark.parametrize("key", ["open_circuit_potential", "entropic_change"])
def test_a_potential_is_over_the_stoichiometry_only(key):
    unit = "V" if key == "open_circuit_potential" else "V/K"
    law = {"law": "table", "over": "temperature", "x": X, "y": [3.0, 3.1], "unit": unit}
    found = problem({f"cathode.material.{key}": law}, "na-nzsp-nvp")
    assert "over stoichiometry, not temperature" in found.message


X = [280.0, 330.0]


def test_a_salt_outside_its_table_is_refused():
    law = {"law": "table", "over": "concentration", "x": [0.5, 1.5], "y": [0.1, 0.2]}
    found = problem({SIGMA: law | {"unit": "S/m"}})
    assert "0.5 to 1.5 mol/m^3" in found.message and "1000 mol/m^3" in found.message


def test_a_vtf_law_below_its_glass_temperature_is_refused():
    law = {"law": "vtf", "prefactor": "1582 S*K^0.5/m", "pseudo_activation": "1000 K"}
    law |= {"ideal_glass_temperature": "260 K"}
    assert "260 K" in problem({SIGMA: law, "thermal.ambient": "-20 degC"}).message
    twin.load_cell("na-nzsp-na", overrides={SIGMA: law})


@pytest.mark.parametrize("place", ["phase", "step"])
def test_a_protocol_colder_than_a_table_is_refused_as_it_is_resolved(place):
    cell = twin.load_cell("na-nzsp-na", overrides={SIGMA: WARM})
    data = load_protocol("galvanostatic-symmetric", cell).to_data()
    phase = data["phase"][0]
    (phase if place == "phase" else phase["steps"][1])["temperature"] = "-20 degC"
    with pytest.raises(twin.SpecError) as caught:
        Protocol.from_data(data).resolve(cell)
    (found,) = caught.value.problems
    where = "phase[0].temperature" if place == "phase" else "phase[0].steps[1].temperature"
    assert found.key == where and SIGMA in found.message and "253.15 K" in found.message
