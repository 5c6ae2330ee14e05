"""Where several are as good, the first is taken: never whichever the last bit prefers."""

from __future__ import annotations

import numpy as np
import pytest

from twin.engine.cause_of_death import nearest
from twin.engine.outcome import Standing
from twin.lifetime.envelope import Envelope
from twin.lifetime.fast_state import FastState
from twin.lifetime.interpolation import last_span
from twin.search.ascent import Found, best
from twin.ties import first_best, first_least

HERE = np.array([2.0, 5.0, 20.0, 60.0])
CURVES = {
    "straight": 1 - 1e-3 * HERE,
    "root": 1 - 1e-2 * np.sqrt(HERE),
    "logarithm": 1 - 1e-2 * np.log1p(HERE),
    "knee": np.array([1.0, 0.99, 0.98, 0.80]),
    "constant": np.full(4, 0.7),
}


def shaken(values, seed):
    """The same numbers with other last bits, as another processor would find them."""
    bits = np.random.default_rng(seed).integers(-4, 5, np.shape(values))
    return values * (1 + bits * np.finfo(float).eps)


def test_the_first_within_the_margin_is_taken():
    assert first_least([3e-12, 0.0, 1.0], 1e-9) == 0
    assert first_least([3e-8, 0.0, 1.0], 1e-9) == 1
    table = np.array([[1e-12, 2.0], [0.0, 1.0]])
    assert first_least(table, np.array([1e-9, 1e-9])).tolist() == [0, 1]
    assert first_best("ab", {"a": 1 - 1e-12, "b": 1.0}.__getitem__) == "a"
    assert first_best("ab", {"a": 1 - 1e-6, "b": 1.0}.__getitem__) == "b"


def test_there_is_no_best_of_nothing():
    with pytest.raises(ValueError, match="empty"):
        first_best([], float)


@pytest.mark.parametrize("points", [2, 3, 4])
@pytest.mark.parametrize("curve", CURVES)
def test_the_curve_between_and_its_doubt_do_not_hang_on_the_last_bit(curve, points):
    here, table = HERE[-points:], CURVES[curve][-points:, None]
    wanted = np.arange(here[-2] + 1, here[-1])
    plain = last_span(here, table, wanted)
    for seed in range(30):
        other = last_span(here, shaken(table, seed), wanted)
        assert other[0] == pytest.approx(plain[0], abs=1e-11)
        assert other[1] == pytest.approx(plain[1], abs=1e-11)


@pytest.mark.parametrize("curve", CURVES)
def test_a_predicted_sum_does_not_hang_on_the_last_bit(curve):
    def predicted(values):
        envelope = Envelope()
        for index, value in zip((2, 5, 20), values, strict=False):
            envelope.add(index, np.array([value]))
        return envelope.predicted(21, 200)[0]

    plain = predicted(CURVES[curve])
    for seed in range(30):
        assert predicted(shaken(CURVES[curve], seed)) == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("curve", CURVES)
def test_a_carried_state_does_not_hang_on_the_last_bit(curve):
    def carried(values):
        known = FastState(lambda y: y)
        for cycle, value in zip((2, 5, 20, 60), values, strict=True):
            known.add(cycle, np.array([value]))
        return known.at(120)[0]

    plain = carried(CURVES[curve])
    for seed in range(30):
        assert carried(shaken(CURVES[curve], seed)) == pytest.approx(plain, rel=1e-9)


def test_of_places_as_good_the_first_is_best():
    lives = [Found((float(n),), 2.0 + bit * 1e-15, ()) for n, bit in enumerate((0, 3, 1))]
    assert best(lives) is lives[0]
    broken = [Found((0.0,), 5.0, (-0.2,)), Found((1.0,), 3.0, (-0.1,))]
    assert best(broken) is broken[1]
    assert best([*broken, lives[2]]) is lives[2]


def test_of_two_criteria_as_near_the_first_is_the_nearest():
    """The two sides of a cell of equal electrodes differ in the last bit only."""
    sides = [
        Standing("pressure", f"{side} contact lost", margin, "x", 0.5, 0.05)
        for side, margin in (("anode", 0.4 + 1e-13), ("cathode", 0.4), ("far", 0.7))
    ]
    assert nearest(sides) is sides[0]
    assert nearest([sides[2], *sides[:2]]) is sides[0]
    assert nearest(sides, ("pressure", "anode contact lost")) is sides[1]
    assert nearest([]) is None
