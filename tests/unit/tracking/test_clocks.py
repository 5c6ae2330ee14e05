"""Lives on other clocks: closed forms, and what a clock of another law does to a forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from twin.tracking.checkups import CheckUp, Reading
from twin.tracking.clocks import Clocks, Prior, bandwidth, drawn_clocks, fitted_clocks
from twin.tracking.observables import observables
from twin.tracking.posterior import Method
from twin.tracking.steps import quantiles, step_at, to_dict

EXACT = {key: replace(of, noise=0.01, offset=0.0, drift=0.0) for key, of in observables().items()}
OTHER = Method(own=0.3, clock=0.4, onward=0.1)


def one(cycle=100.0, pace=1.0, exponent=1.0, onward=None):
    as_array = [np.array([v]) for v in (pace, exponent, exponent if onward is None else onward)]
    return Clocks(cycle, np.array([0]), *as_array, np.ones(1))


def test_a_clock_agrees_with_the_life_now_and_runs_by_its_powers_before_and_after():
    clock = one(exponent=2.0, onward=0.5)
    assert clock.read_at(np.array([10.0, 100.0, 400.0]))[0] == pytest.approx([1.0, 100.0, 200.0])
    assert clock.ends(np.array([200.0])) == pytest.approx([400.0])  # what is read at the end is it
    fast = one(pace=1.5)
    assert fast.now == pytest.approx([150.0])
    assert fast.read_at(np.array([10.0, 200.0]))[0] == pytest.approx([15.0, 300.0])
    assert fast.ends(np.array([600.0, 0.0]))[0] == pytest.approx(400.0)
    assert fast.ends(np.array([120.0])) == pytest.approx([100.0])  # dead by now


def test_the_library_s_own_clock_changes_nothing():
    clocks = drawn_clocks(3, 4, 50)
    cycles = np.array([1.0, 7.0, 50.0, 90.0])
    assert np.array_equal(clocks.lives, np.repeat([0, 1, 2], 4))
    assert clocks.read_at(cycles) == pytest.approx(np.tile(cycles, (12, 1)))
    ends = np.array([60.0, 70.0, 80.0])
    assert clocks.ends(ends) == pytest.approx(ends[clocks.lives])
    assert np.bincount(clocks.lives, clocks.weights) == pytest.approx([1, 1, 1])


def test_the_bandwidth_is_silverman_s():
    values = norm.ppf((np.arange(1000) + 0.5) / 1000)
    w = np.full(1000, 1e-3)
    assert bandwidth(values, w) == pytest.approx(1.06 * 1000**-0.2, rel=5e-3)
    assert bandwidth(np.append(values, 50.0), np.append(w, 0.0)) == pytest.approx(
        bandwidth(values, w)
    )


def test_draws_around_a_fit_are_weighted_back_to_the_prior():
    # ln y = c: a normal prior of 0.5 and a reading of 0.3 with noise 0.2 have a normal posterior.
    noise, sigma, reading = 0.2, 0.5, 0.3
    found = fitted_clocks(
        2, 2048, 100, Prior(pace=sigma), False, lambda on: np.log(on.paces)[:, None],
        np.array([reading]), np.array([[noise]]),
    )  # fmt: skip
    logs = np.log(found.paces)
    w = found.weights * norm.pdf(reading, logs, noise)
    middle = reading * sigma**2 / (sigma**2 + noise**2)
    spread = sigma * noise / np.hypot(sigma, noise)
    mean = w @ logs / w.sum()
    assert mean == pytest.approx(middle, abs=0.01)
    assert np.sqrt(w @ (logs - mean) ** 2 / w.sum()) == pytest.approx(spread, rel=0.03)
    evidence = w.sum() / 2  # by life: what the reading was expected to be, before it
    assert evidence == pytest.approx(norm.pdf(reading, 0, np.hypot(sigma, noise)), rel=0.03)


def test_the_exponents_of_other_laws_have_their_spread():
    prior = Prior(own=0.3, spread=0.4, onward=0.0, pace=0.2)
    # A reading that says nothing: the posterior is the prior.
    own, other = (
        fitted_clocks(
            1,
            4096,
            100,
            prior,
            free,
            lambda on: np.zeros((len(on.lives), 1)),
            np.zeros(1),
            np.eye(1),
        )
        for free in (False, True)
    )
    assert (own.exponents == 1.0).all()
    logs, w = np.log(other.exponents), other.weights / other.weights.sum()
    assert np.sqrt(w @ logs**2) == pytest.approx(0.4, rel=0.05)
    assert np.array_equal(other.onward, other.exponents)
    assert [of.weights.sum() for of in (own, other)] == pytest.approx([1, 1], rel=0.02)


def straight(pace, cycles, power=1.0):
    return [CheckUp(n, {"resistance": Reading(1e-2 * (1 + (pace * n) ** power))}) for n in cycles]


def test_a_cell_of_another_law_is_followed_and_its_exponent_told(lives, paces):
    # All lives grow with the root of the cycles; the cell in a straight line, dead at 1000.
    table = lives(paces(300, 3e-4, 0.8), horizon=20_000, power=0.5)
    cell = straight(1e-3, (1, 10, 25, 50, 75, 100, 150, 200))
    fine = {key: replace(of, noise=0.002) for key, of in EXACT.items()}
    own = step_at(table, cell, known=fine, method=Method())
    other = step_at(table, cell, known=fine, method=OTHER)
    narrow, found = (
        quantiles(np.exp(s.posterior.log_remaining), s.posterior.weights) for s in (own, other)
    )
    assert narrow["p05"] > 3 * 800 and own.outside
    assert found["p05"] <= 800 <= found["p95"] and found["median"] == pytest.approx(800, rel=0.2)
    assert not other.outside
    exponent = quantiles(np.exp(other.posterior.targets["log clock"]), other.posterior.weights)
    assert exponent["median"] == pytest.approx(2.0, abs=0.15)
    told = to_dict(other, None, None, step_at(table, [], method=OTHER))
    assert told["clock"]["p05"] > 1.5 and told["told"] > 0.9


def test_a_cell_of_the_library_s_law_is_known_nearly_as_well_with_other_clocks(made):
    table, cycles = made(), (1, 25, 50, 100, 150, 200, 250, 300)
    widths = []
    for method in (Method(), OTHER):
        step = step_at(table, straight(1e-3, cycles), known=EXACT, method=method)
        q = quantiles(np.exp(step.posterior.log_remaining), step.posterior.weights)
        assert q["p05"] <= 700 <= q["p95"] and q["median"] == pytest.approx(700, rel=0.15)
        widths.append(q["p95"] - q["p05"])
    assert 1.0 < widths[1] / widths[0] < 4
