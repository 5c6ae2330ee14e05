"""Measured points beside a run: legs, and differences that are known."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.report.beside import Leg, _thinned, differences_to, legs, legs_of_run


@pytest.fixture
def data(tmp_path, fake):
    """The fake run's own cycle as a file, its voltage moved by so many mV."""

    def make(moved_mV=0.0, scale=1.0, turned=1.0):
        _, table = next(iter(fake(1).iter_series()))
        path = tmp_path / "cycle.bdf.csv"
        rows = zip(table["Time [s]"], table["Voltage [V]"], table["Current [A]"], strict=True)
        lines = [f"{t * scale},{v + 1e-3 * moved_mV},{-turned * i}" for t, v, i in rows]
        path.write_text("\n".join(["Test Time / s,Voltage / V,Current / A", *lines]))
        return twin.import_file(path)

    return make


def test_a_run_beside_itself_differs_by_nothing(fake, data):
    found = differences_to(fake(1), data())
    assert {d.kind for d in found} == {"charge", "discharge"}
    assert all(d.rms_mV < 1e-9 and d.shared == pytest.approx(1) for d in found)
    assert all(d.capacity_Ah == pytest.approx(0.5e-3, rel=1e-6) for d in found)


@pytest.mark.parametrize("moved", [-20.0, 35.0])
def test_a_voltage_that_is_moved_differs_by_just_that(fake, data, moved):
    for difference in differences_to(fake(1), data(moved)):
        assert difference.rms_mV == pytest.approx(abs(moved), rel=1e-9)
        assert difference.largest_mV == pytest.approx(abs(moved), rel=1e-9)


def test_a_longer_discharge_is_compared_as_far_as_both_go(fake, data):
    for difference in differences_to(fake(1), data(scale=2.0)):
        assert difference.data_capacity_Ah == pytest.approx(2 * difference.capacity_Ah)
        assert difference.shared == pytest.approx(0.5)


def test_a_rest_parts_no_leg_and_a_turn_does():
    t = np.arange(0.0, 70.0, 1.0)
    i = np.repeat([1.0, 0.0, 1.0, -1.0, 0.0, 1.0, 1.0], 10)
    found = legs(t, i, 3 - 0.001 * t, 1, 1.0)
    assert [leg.kind for leg in found] == ["discharge", "charge", "discharge"]
    # The rest passes no charge: nine intervals of a second on either side of it.
    assert found[0].passed == pytest.approx(18 / 3600)
    assert (np.diff(found[0].charge) >= 0).all()


def test_a_long_leg_is_thinned_and_ends_where_it_ended():
    leg = Leg(1, "discharge", np.linspace(0, 1, 99_999), np.linspace(4, 3, 99_999))
    thin = _thinned(leg, 500)
    assert 400 <= len(thin.charge) <= 501
    assert thin.passed == 1.0 and thin.voltage[-1] == 3.0


def test_a_run_without_series_says_how_to_have_them(fake):
    run = fake(1)
    run.iter_series = lambda cycles=None: iter(())
    with pytest.raises(twin.InputError, match="no time series") as caught:
        legs_of_run(run)
    assert "--series-every 1" in caught.value.problem.fix


def test_a_spectrum_cannot_be_laid_over_a_voltage(fake, tmp_path):
    path = tmp_path / "z.csv"
    rows = "".join(f"{10.0**n},{5 + n},{-1.0}\n" for n in range(8, 0, -1))
    path.write_text("Frequency (Hz),Z' (ohm),Z'' (ohm)\n" + rows)
    with pytest.raises(twin.InputError, match="impedance spectrum"):
        differences_to(fake(1), twin.import_file(path))
