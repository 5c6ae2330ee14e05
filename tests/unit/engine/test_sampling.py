"""A step is looked at often enough for its energy, wherever the solver stepped."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.engine.sampling import Sampled, at_period, sample, thin
from twin.model import pybamm_compat
from twin.model.pybamm_compat import StepResult

HOUR = 3600.0


def filling(points):
    """A host that fills linearly, seen by a solver at few points."""
    t = np.linspace(0, HOUR, points)
    return StepResult(t, (t / HOUR)[None, :], "final time", np.full((1, points), 1 / HOUR))


def knee(t, y):
    """A plateau with a knee in the last percents, at 1 A."""
    return np.ones(len(t)), 3.4 - np.exp(120 * (y[0] - 1))


def looked(result, power):
    """Return what looks at a step, of a function of times and states."""
    return lambda t: power(result.t, result.y) if t is None else power(t, result.at(t))


@pytest.mark.parametrize("points", [2, 3, 27])
def test_the_energy_of_a_knee_inside_one_solver_step(points):
    sampled = sample(filling(points), looked(filling(points), knee))
    exact = 3.4 - (1 - np.exp(-120)) / 120
    assert sampled.discharge_Wh == pytest.approx(exact, rel=1e-4)
    assert sampled.charge_Wh == 0
    assert np.all(np.diff(sampled.t) > 0) and len(sampled.t) < 300
    seen = knee(sampled.t, (sampled.t / HOUR)[None, :])[1]
    assert sampled.voltage == pytest.approx(seen, abs=1e-9)


def test_a_straight_line_needs_no_more_points():
    result = filling(5)
    sampled = sample(result, looked(result, lambda t, y: (-np.ones(len(t)), 3 + y[0])))
    assert len(sampled.t) == 9  # one look between each pair
    assert sampled.charge_Wh == pytest.approx(3.5, rel=1e-12) and sampled.discharge_Wh == 0


def test_a_rest_is_looked_at_where_the_solver_stepped():
    result = filling(5)
    sampled = sample(result, looked(result, lambda t, y: (np.zeros(len(t)), knee(t, y)[1])))
    assert np.array_equal(sampled.t, result.t)
    assert sampled.charge_Wh == 0 and sampled.discharge_Wh == 0


def test_after_a_corner_a_step_is_the_parabola_of_its_other_end():
    # 1 + 2 u + 3 u^2 from t = 1 on; the slope noted there is that from before.
    t, y, yp = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 17.0]), np.array([1.0, 9.0, 14.0])
    result = StepResult(t, y[None], "", yp[None], corners=np.array([1.0]))
    assert result.at(np.array([1.0, 1.5, 2.5, 3.0]))[0] == pytest.approx([1, 2.75, 10.75, 17])
    assert np.array_equal(result.at(t), y[None])


def test_a_step_of_one_time_is_that_time():
    one = StepResult(np.array([5.0]), np.array([[1.0], [2.0]]), "", np.zeros((2, 1)))
    assert one.at(np.array([5.0, 5.0])).tolist() == [[1.0, 1.0], [2.0, 2.0]]


def test_a_symmetric_cell_dissipates_i_squared_r_t_in_each_half_cycle():
    # 0.1 mA/cm2 for an hour each way, nothing ages: an ohmic cell.
    found = twin.simulate(
        "na-nzsp-na", cycles=1, modes=[], store="sqlite://",
        overrides={"protocol.current_density": "0.1 mA/cm^2", "protocol.half_cycle": "1 h"},
    )  # fmt: skip
    (row,) = found.rows
    area = twin.load_cell("na-nzsp-na").geometry.area.si
    heat = 1.0**2 * row["Area-specific resistance [Ohm.m2]"] * area * HOUR / 3600
    assert row["discharge_Wh"] == pytest.approx(heat, rel=1e-3)
    assert row["charge_Wh"] == pytest.approx(heat, rel=1e-3)
    assert row["discharge_Ah"] == pytest.approx(1.0 * area, rel=1e-6)


def test_states_between_the_points_follow_values_and_slopes():
    t = np.array([0.0, 1.0, 3.0])
    cubic = StepResult(t, (t**3)[None, :], "", (3 * t**2)[None, :])
    assert cubic.at(np.array([0.5, 2.0, 3.0]))[0] == pytest.approx([0.125, 8.0, 27.0])
    line = StepResult(t, (2 * t)[None, :], "")
    assert line.at(np.array([0.5, 2.0]))[0] == pytest.approx([1.0, 4.0])


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_energies_do_not_depend_on_where_the_solver_stepped(model, monkeypatch):
    def run():
        return twin.simulate(
            "na-nzsp-nvp", cycles=1, model=model, modes=["pressure"], store="sqlite://"
        ).rows[0]

    def often(step, span):
        return np.array([0.0, span]), np.append(np.arange(0.0, span, 20.0), span)

    coarse = run()
    monkeypatch.setattr(pybamm_compat, "_times", often)
    fine = run()
    for key in ("discharge_Wh", "charge_Wh"):
        assert coarse[key] == pytest.approx(fine[key], rel=2e-4)


@pytest.mark.parametrize(
    ("end", "period", "last"),
    [(7200.0, 1800.0, 5400.0), (13 * HOUR, 2 * HOUR, 12 * HOUR), (60.0, 3600.0, 0.0)],
)
def test_points_at_a_period_and_the_end(end, period, last):
    t = 1e7 + at_period(0.0, end, period)
    assert (t[0], t[-2], t[-1]) == (1e7, 1e7 + last, 1e7 + end)
    assert np.diff(t[:-1]) == pytest.approx(period)


def test_an_end_a_hair_past_the_last_period_is_no_point_of_its_own():
    for end in (np.nextafter(6.0, 7), np.nextafter(6.0, 5)):
        assert at_period(0.0, end, 2.0).tolist() == [0.0, 2.0, 4.0, end]


def bent(n: int, power: float) -> Sampled:
    """A voltage that falls slowly and then steeply, at a constant current."""
    t = np.linspace(0, 1, n) ** 3 * 3600
    voltage = 3.0 - 2.0 * (t / 3600) ** power
    current = np.full(n, 1e-3)
    wh = float(np.trapezoid(voltage * current, t)) / 3600
    return Sampled(t, 0.0, wh, current, voltage)


@pytest.mark.parametrize("limit", [2, 3, 60, 61])
def test_of_many_points_as_many_as_may_be_are_taken_each_once(limit):
    for n in range(limit + 1, 4 * limit):
        kept = thin(n, limit)
        assert len(kept) == limit and (np.diff(kept) > 0).all()
        assert (kept[0], kept[-1]) == (0, n - 1)


@pytest.mark.parametrize(("n", "power"), [(50, 1), (400, 1), (2000, 4), (2000, 60)])
def test_what_is_stored_of_a_step_holds_its_integrals(n, power):
    whole = bent(n, power)
    keep = whole.thinned()
    assert keep[0] == 0 and keep[-1] == n - 1
    watts = whole.voltage * whole.current
    stored = np.trapezoid(watts[keep], whole.t[keep]) / 3600
    assert stored == pytest.approx(whole.discharge_Wh, rel=1e-4)
    # No more than it takes: with half as many it would not hold.
    half = thin(n, max(len(keep) // 2, 2))
    if len(keep) > 60:
        assert abs(np.trapezoid(watts[half], whole.t[half]) / 3600 / whole.discharge_Wh - 1) > 1e-4
