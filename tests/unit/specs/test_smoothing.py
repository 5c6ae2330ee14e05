"""Tables with rounded corners, laws with a scale, transport efficiencies as such."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin.errors import SpecError
from twin.model.parameters import number_at, parameter_values
from twin.model.tables import table
from twin.specs.dump import cell_hash, cell_to_data, with_values
from twin.specs.smoothing import smoothed

CELL = "na-ion-chayambuka2022"
X, Y = np.array([0.0, 0.2, 0.5, 1.0]), np.array([4.0, 3.0, 2.9, 1.0])


def test_a_rounded_table_is_the_tables_mean_over_a_logistic_distribution():
    w = 0.02
    u = np.linspace(-1, 2, 300_001)
    for at in (0.1, 0.2, 0.47, 0.9):
        density = np.exp(-np.abs(u - at) / w) / (1 + np.exp(-np.abs(u - at) / w)) ** 2 / w
        mean = np.trapezoid(np.interp(u, X, Y) * density, u)
        assert smoothed(X, Y, w, at) == pytest.approx(mean, abs=1e-6)


def test_it_stays_within_the_points_falls_where_they_fall_and_holds_its_ends():
    at = np.linspace(-1, 2, 999)
    value = smoothed(X, Y, 0.03, at)
    assert np.all(np.diff(value) <= 1e-12)
    assert value[0] == pytest.approx(4.0) and value[-1] == pytest.approx(1.0)


def test_the_model_takes_the_same_curve():
    at = pybamm.Vector(np.linspace(0, 1, 101))
    symbol = table(X, Y, at, "cathode.material.x", "stoichiometry", 0.02)
    told = np.asarray(symbol.evaluate()).ravel()
    assert np.allclose(told, smoothed(X, Y, 0.02, np.linspace(0, 1, 101)), atol=2e-3)
    assert not np.allclose(told, np.interp(np.linspace(0, 1, 101), X, Y), atol=1e-2)


def test_a_cell_without_the_new_keys_is_as_it_was():
    data = str(cell_to_data(twin.load_cell(CELL)))
    assert not any(word in data for word in ("smoothing", "scale'", "transport_efficiency"))
    assert cell_hash(twin.load_cell(CELL)) == (
        "2da5d7286108a0b088d5553a49e7212ac1847e1aed637074531d90ae6d6a377f"
    )


def test_a_scale_multiplies_the_law_and_keeps_its_source():
    spec = twin.load_cell(CELL)
    name = "Negative particle diffusivity [m2.s-1]"
    new = with_values(spec, {"anode.material.diffusivity.scale": 2.5})
    before, after = (number_at(s, name, 0.5, 298.15) for s in (spec, new))
    assert after == pytest.approx(2.5 * before)
    assert new.anode.material.diffusivity.source == spec.anode.material.diffusivity.source
    again = with_values(new, {"anode.material.diffusivity.scale": 5.0})
    assert number_at(again, name, 0.5, 298.15) == pytest.approx(5 * before)
    assert again.anode.material.diffusivity.source == spec.anode.material.diffusivity.source


def test_an_efficiency_stands_in_the_place_of_porosity_and_exponent():
    spec = twin.load_cell(CELL)
    share, b = spec.cathode.electrolyte_fraction.si, spec.cathode.tortuosity_exponent.si
    name = "Positive electrode Bruggeman coefficient (electrolyte)"
    same = with_values(spec, {"cathode.transport_efficiency": share**b})
    assert parameter_values(same).evaluate(parameter_values(same)[name]) == pytest.approx(b)
    other = with_values(spec, {"cathode.transport_efficiency": 0.2})
    values = parameter_values(other)
    assert share ** values.evaluate(values[name]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"anode.material.diffusivity.smoothing": 0.9}, "share of the table's span"),
        ({"anode.material.diffusivity.scale": -1}, "is not above"),
        ({"cathode.transport_efficiency": 1.5}, "is above"),
        (
            {"electrolyte.electrolyte_fraction": 1, "electrolyte.transport_efficiency": 0.5},
            "something besides",
        ),
    ],
)
def test_what_cannot_be_is_refused(change, says):
    with pytest.raises(SpecError, match=says):
        with_values(twin.load_cell(CELL), change)
