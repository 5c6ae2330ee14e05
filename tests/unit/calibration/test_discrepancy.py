"""The model's own error: its covariance in closed form, and found again from draws."""

from __future__ import annotations

import numpy as np
import pytest

from twin.calibration.bands import bands
from twin.calibration.discrepancy import (
    RATE_SPREAD,
    Discrepancy,
    State,
    by_state,
    estimate,
    log_likelihood,
)
from twin.calibration.identify import laplace, what_is_told
from twin.calibration.parameters import FreeNumber
from twin.specs.quantity import parse_quantity

S = np.linspace(0, 1, 80)


def test_the_covariance_is_that_of_an_ornstein_uhlenbeck_process_and_a_white_one():
    d = Discrepancy(0.03, 0.2, 0.004)
    C = d.covariance(np.array([0.0, 0.2, 0.6]))
    assert C[0, 0] == pytest.approx(0.03**2 + 0.004**2)
    assert C[0, 1] == pytest.approx(0.03**2 / np.e)
    assert C[0, 2] == pytest.approx(0.03**2 / np.e**3)
    # What lies between two points makes them independent of each other.
    pure = np.linalg.inv(Discrepancy(0.03, 0.2, 0.0).covariance(np.array([0.0, 0.2, 0.6])))
    assert pure[0, 2] == pytest.approx(0, abs=1e-9 * pure[0, 0])
    assert d.total == pytest.approx(np.hypot(0.03, 0.004))


def test_steep_points_are_wrong_by_more():
    d = Discrepancy(0.03, 0.2, 0.004)
    plain, steep = d.covariance(S[:2]), d.covariance(S[:2], np.array([1.0, 3.0]))
    assert steep[1, 1] == pytest.approx(9 * plain[1, 1])
    assert steep[0, 1] == pytest.approx(3 * plain[0, 1])


def test_the_likelihood_is_the_gaussian_one():
    from scipy.stats import multivariate_normal

    d = Discrepancy(0.03, 0.2, 0.01)
    J = np.column_stack([np.ones(5), S[:5]]) * 0.05
    gap = np.array([0.01, -0.02, 0.03, 0.0, 0.01])
    whole = d.covariance(S[:5]) + J @ J.T
    told = log_likelihood(d, gap, J, [S[:5]], [np.ones(5)])
    assert told == pytest.approx(multivariate_normal(np.zeros(5), whole).logpdf(gap))


def test_the_discrepancy_is_found_again_from_draws():
    """Over eight sets of curves: one set tells it to a quarter or so."""
    truth = Discrepancy(0.03, 0.1, 0.01)
    s = np.linspace(0, 1, 40)
    rng = np.random.default_rng(2)
    half = np.linalg.cholesky(truth.covariance(s))
    J = 0.05 * np.column_stack([np.ones(40), s])
    found = []
    for _ in range(8):
        z = rng.standard_normal(2)
        curves = [half @ rng.standard_normal(40) + J @ z for _ in range(2)]
        gap = np.concatenate(curves)
        found.append(estimate(gap, np.vstack([J] * 2), [s] * 2, [np.ones(40)] * 2))
    assert np.median([d.tau for d in found]) == pytest.approx(truth.tau, rel=0.25)
    assert np.median([d.length for d in found]) == pytest.approx(truth.length, rel=0.5)
    assert np.median([d.sigma for d in found]) == pytest.approx(truth.sigma, rel=0.3)


def number(key, text="0.5"):
    return FreeNumber(key, parse_quantity(float(text), ""), "log", 0.5, 0.1, 2.0)


def test_laplace_is_the_exact_posterior_and_says_what_is_told():
    # One number seen three times with an error of half its effect, one not at all.
    J, R = np.array([[2.0, 0.0]] * 3), np.eye(3)
    C = laplace(J, R)
    assert np.allclose(C, np.diag([1 / 13, 1.0]))
    one, two = what_is_told([number("a"), number("b")], np.zeros(2), C)
    assert (one.says, two.says) == ("told", "not told")
    assert one.share == pytest.approx(13**-0.5) and two.share == pytest.approx(1)
    _, moved = what_is_told([number("a"), number("b")], np.array([0.0, 2.0]), C)
    assert moved.says == "in part"  # the data have moved it, though its width is the prior's


def test_numbers_that_only_go_together_are_named():
    C = laplace(np.array([[9.0, 9.0]]), np.eye(1))
    one, two = what_is_told([number("a"), number("b")], np.zeros(2), C)
    assert one.together == "b (product)" and two.together == "a (product)"
    C = laplace(np.array([[9.0, -9.0]]), np.eye(1))
    one, _ = what_is_told([number("a"), number("b")], np.zeros(2), C)
    assert one.together == "b (ratio)"


def test_a_bound_that_was_hit_is_named():
    item = number("a")
    low, high = item.z_bounds
    C = np.array([[0.1]])
    assert what_is_told([item], np.array([low]), C)[0].bound == "lower"
    assert what_is_told([item], np.array([high]), C)[0].bound == "upper"
    assert what_is_told([item], np.array([0.0]), C)[0].bound == ""


def test_a_band_holds_the_share_that_it_says():
    told, error = np.zeros((200, 1)), np.array([0.1])
    low, high = bands(told, error)
    assert low[0] == pytest.approx(-0.1645, abs=0.004)
    assert high[0] == pytest.approx(0.1645, abs=0.004)
    wide, _ = bands(np.random.default_rng(0).normal(0, 0.1, (2000, 1)), error)
    assert wide[0] == pytest.approx(-0.1645 * 2**0.5, rel=0.05)


def test_a_rate_at_which_the_model_is_worse_is_told_apart():
    """Two curves drawn with three times the error at the higher rate, over five sets."""
    s, rng = np.linspace(0, 1, 60), np.random.default_rng(4)
    half = np.linalg.cholesky(Discrepancy(0.02, 0.05, 0.004).covariance(s))
    J, ones = np.zeros((120, 1)), [np.ones(60)] * 2
    rates = [np.full(60, 0.1), np.full(60, 1.4)]
    ratios, held = [], []
    for _ in range(5):
        one, two = half @ rng.standard_normal(60), 3 * half @ rng.standard_normal(60)
        gap = np.concatenate([one, two])
        plain = estimate(gap, J, [s] * 2, ones)
        found = by_state(plain, gap, J, [s] * 2, ones, rates)
        g = found.factors(np.array([0.1, 1.4]))
        ratios.append(g[1] / g[0])
        held.append(np.mean(np.abs(two) < 1.645 * found.total * g[1]))
        assert [state.rate for state in found.states] == [0.1, 1.4]
    assert np.median(ratios) == pytest.approx(3, rel=0.25)
    assert np.median(held) == pytest.approx(0.9, abs=0.06)


def test_rates_alike_are_one_and_one_rate_needs_no_factor():
    s, gap = np.linspace(0, 1, 20), 0.01 * np.sin(np.arange(20))
    plain = estimate(gap, np.zeros((20, 1)), [s], [np.ones(20)])
    same = by_state(plain, gap, np.zeros((20, 1)), [s], [np.ones(20)], [np.linspace(1, 1.1, 20)])
    assert same is plain
    assert np.all(plain.factors(np.array([0.0, 3.0])) == 1)


def test_an_error_between_two_rates_and_far_from_them():
    d = Discrepancy(0.02, 0.1, 0.0, (State(0.1, 0.5), State(1.0, 2.0)))
    assert d.factors(np.array([0.1, 1.0])) == pytest.approx([0.5, 2.0], rel=1e-6)
    # In the middle an Ornstein-Uhlenbeck process is known by half a decade from either side.
    a = np.exp(-0.5)
    left = RATE_SPREAD**2 * (1 - 2 * a**2 / (1 + np.exp(-1.0)))
    assert d.factors(np.array([10**-0.5]))[0] == pytest.approx(np.exp(left), rel=1e-6)
    # A decade beyond the last, a third of it is left.
    beyond = np.exp(np.log(2) / np.e + RATE_SPREAD**2 * (1 - np.exp(-2)))
    assert d.factors(np.array([10.0]))[0] == pytest.approx(beyond, rel=1e-6)
    # A rest was not among them: nothing is known of its error but the prior.
    assert d.factors(np.array([0.0]))[0] == pytest.approx(np.exp(RATE_SPREAD**2))
