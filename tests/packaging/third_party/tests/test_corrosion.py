"""The twin's checks of any mode, and the closed form of this one."""

import pytest

import twin
from twin.testing import ModeConformance

NONE = {
    "modes.corrosion.initial_resistance": "0 ohm*m^2",
    "modes.corrosion.rate": "0 ohm*m^2/s",
}


class TestConformance(ModeConformance):
    mode_id = "corrosion"
    cell = "na-nzsp-na"
    neutral = NONE


class TestConformanceInAFullCell(ModeConformance):
    mode_id = "corrosion"
    cell = "na-nzsp-nvp"
    neutral = NONE
    current_density = -2.0


@pytest.mark.parametrize(("temperature", "speed"), [("25 degC", 1.0), ("60 degC", 7.7254)])
def test_the_film_grows_linearly_and_faster_when_warm(temperature, speed):
    cell = twin.load_cell("na-nzsp-na", overrides={"thermal.ambient": temperature})
    own = cell.modes["corrosion"]
    run = twin.simulate(cell, cycles=3, modes=["corrosion"], store="sqlite://")
    for row in run.rows:
        film = own.initial_resistance.si + speed * own.rate.si * row["t_end_s"]
        found = row["Anode collector film resistance [Ohm.m2]"]
        assert found == pytest.approx(film, rel=1e-4)
