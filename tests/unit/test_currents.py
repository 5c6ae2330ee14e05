"""The current of a step in the two ways in which it is spoken of."""

from __future__ import annotations

import pytest

import twin
from twin import Scenario, currents_in_words
from twin.model.parameters import nominal_capacity


def words(cell, **overrides):
    asked = Scenario.of(cell, cycles=1, overrides=overrides).resolve()
    return currents_in_words(asked.plan, asked.spec)


def test_a_symmetric_cell_has_a_current_density_only():
    assert set(words("na-base-na")) == {"0.3 mA/cm²"}
    assert set(words("na-base-na", **{"protocol.current_density": "3 A/m^2"})) == {"0.3 mA/cm²"}


@pytest.mark.parametrize("rate", [0.02, 0.2, 2.0])
def test_a_rate_is_over_the_nominal_capacity_and_the_density_over_the_area(rate):
    charge, hold, rest, discharge, _ = words("na-nzsp-nvp", **{"protocol.rate": f"{rate}C"})
    spec = twin.load_cell("na-nzsp-nvp")
    amperes = rate * nominal_capacity(spec)  # [A.h] over 1 h
    density = 1e3 * amperes / (1e4 * spec.geometry.area.si)  # [mA/cm2]
    assert charge == discharge == f"{rate:.3g}C, {density:.3g} mA/cm²"
    assert hold == rest == ""
