"""The envelope's sums against closed forms."""

import numpy as np
import pytest

from twin.lifetime.envelope import Envelope, crossing, onward
from twin.lifetime.rows import between


def known(function, indices):
    envelope = Envelope()
    for j in indices:
        envelope.add(j, np.array([function(j)]))
    return envelope


def test_a_constant_rate_is_summed_exactly():
    assert known(lambda j: 0.25, [1, 2]).predicted(3, 997) == pytest.approx(0.25 * 997)


def test_an_increment_linear_in_the_clock_is_summed_exactly():
    envelope = known(lambda j: 1 + 2 * np.log1p(j), [1, 2, 3])
    exact = sum(1 + 2 * np.log1p(j) for j in range(10, 60))
    assert envelope.predicted(10, 50) == pytest.approx(exact)


@pytest.mark.parametrize("power", [-0.5, -0.9, 0.7])
def test_a_power_of_the_cycle_number_is_summed_exactly(power):
    envelope = known(lambda j: -3e-9 * (1 + j) ** power, [2, 6, 30])
    exact = sum(-3e-9 * (1.0 + j) ** power for j in range(31, 900))
    assert envelope.predicted(31, 869) == pytest.approx(exact, rel=1e-9)


def test_increments_that_change_sign_keep_the_parabola():
    envelope = known(lambda j: 1 - np.log1p(j) ** 2, [1, 2, 5])
    exact = sum(1 - np.log1p(j) ** 2 for j in range(6, 40))
    assert envelope.predicted(6, 34) == pytest.approx(exact)


def test_each_state_follows_its_own_curve():
    envelope = Envelope()
    for j in (2, 6, 30):
        envelope.add(j, np.array([(1.0 + j) ** -0.5, 2 + 0.1 * np.log1p(j), 0.0]))
    later = np.arange(31, 100)
    exact = [((1.0 + later) ** -0.5).sum(), (2 + 0.1 * np.log1p(later)).sum(), 0.0]
    assert envelope.predicted(31, 69) == pytest.approx(exact)


def test_the_corrector_beats_the_predictor_on_parabolic_growth():
    def rate(j):
        return np.sqrt(j + 1) - np.sqrt(j)

    envelope = known(rate, [5, 15, 39])
    exact = np.sqrt(100) - np.sqrt(40)
    predicted = envelope.predicted(40, 60)[0]
    corrected = envelope.corrected(40, 60, np.array([rate(100)]))[0]
    assert abs(corrected - exact) < abs(predicted - exact) / 3
    assert corrected == pytest.approx(exact, rel=1e-2)


def test_old_increments_are_replaced_and_forgotten():
    envelope = known(float, [1, 2, 3])
    envelope.add(3, np.array([7.0]))
    assert [(j, f[0]) for j, f in envelope.points] == [(1, 1.0), (2, 2.0), (3, 7.0)]
    envelope.forget(1)
    assert [j for j, _ in envelope.points] == [3]


def test_a_crossing_is_found_where_the_parabola_crosses():
    clock = np.array([0.0, 1.0, 2.0])
    ahead = np.linspace(2, 4, 201)
    found = crossing(9 - clock**2, onward(clock, ahead))
    assert ahead[found] == pytest.approx(3.0, abs=0.011)
    assert crossing(1 + clock, onward(clock, ahead)) is None


def row(cycle, value):
    margins = {"core: x": value}
    return {"cycle": cycle, "phase": "p", "complete": True, "capacity_Ah": value} | {
        "margins": margins,
        "min_margin": value,
    }


def test_rows_between_follow_a_straight_line_and_stay_in_range():
    rows = between([row(c, 1 - 0.001 * c) for c in (1, 5, 20, 100)])
    assert [r["cycle"] for r in rows] == list(range(21, 100))
    assert all(r["interpolated"] for r in rows)
    for r in rows:
        assert r["capacity_Ah"] == pytest.approx(1 - 0.001 * r["cycle"], abs=1e-12)
        assert r["margins"]["core: x"] == r["capacity_Ah"] == r["min_margin"]


def test_rows_between_follow_a_logarithm_too():
    rows = between([row(c, float(np.log1p(c))) for c in (1, 5, 20, 100)])
    assert rows[30]["capacity_Ah"] == pytest.approx(np.log1p(rows[30]["cycle"]), rel=1e-9)


def test_a_warning_is_never_the_smallest_margin_between():
    rows = [row(c, 1 - 0.001 * c) for c in (1, 5, 20, 100)]
    for r in rows:
        r["margins"]["core: warning"] = 0.1
    for r in between(rows, fatal={"core: x"}):
        assert r["min_margin_name"] == "core: x" and r["min_margin"] == r["margins"]["core: x"]
        assert r["margins"]["core: warning"] == pytest.approx(0.1)


def test_neighbours_have_nothing_between():
    assert between([row(3, 1.0), row(4, 0.9)]) == []
