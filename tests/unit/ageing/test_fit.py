"""Ageing constants on laws in closed form: the truth is found, and the posterior covers it."""

from __future__ import annotations

import numpy as np
import pytest

from twin.ageing.fit import fit_ageing, held_after
from twin.ageing.series import Series
from twin.calibration.parameters import FreeNumber
from twin.specs.quantity import parse_quantity
from twin.tracking.observables import Observable, covariance, observables

CYCLES = np.array([1.0, 50, 100, 200, 300, 400, 600, 800])
UNTIL = 300


def number(key, middle, width=0.7):
    quantity = parse_quantity(middle, "")
    reach = np.exp(3.5 * width)
    return FreeNumber(key, quantity, "log", width, middle / reach, middle * reach)


ITEMS = [number("fade", 0.005), number("film", 0.02)]


def lived(x):
    """Capacity lost with the root of the cycle, resistance grown with it."""
    root = np.sqrt(CYCLES)
    return [-x[0] * root, np.log(1 + x[1] * root)]


def predict(z):
    return lived([item.x(float(v)) for item, v in zip(ITEMS, z, strict=True)])


def drawn(seed, truth, until=UNTIL):
    """Readings as the error model has them: a cell with offset and drift of its own."""
    rng, series = np.random.default_rng(seed), []
    for key, log, share in zip(("capacity", "resistance"), lived(truth), (True, False),
                               strict=True):  # fmt: skip
        of = observables()[key]
        R = covariance(of, log if share else log - log[0], share=share)
        read = log + np.linalg.cholesky(R) @ rng.standard_normal(len(log))
        series.append(Series(of, CYCLES, read, share, np.zeros(len(log), dtype=bool)))
    return held_after(series, until)


def test_the_truth_is_found_from_readings_without_an_error():
    truth = [0.008, 0.05]
    series = [Series(observables()[key], CYCLES, log, share, np.zeros(len(log), dtype=bool))
              for key, log, share in zip(("capacity", "resistance"), lived(truth), (True, False),
                                         strict=True)]  # fmt: skip
    found = fit_ageing(predict, series, ITEMS)
    values = [item.x(float(z)) for item, z in zip(ITEMS, found.z, strict=True)]
    # The prior pulls it a little: by the share of its variance that is left.
    assert values == pytest.approx(truth, rel=0.05)
    assert [t.says for t in found.told] == ["told", "told"]
    assert found.lives <= 40


def test_the_posterior_covers_the_truth_and_the_bands_what_comes_later():
    """Numbers drawn from their priors, readings from the error's: 90 % of both lie within."""
    inside, later, widths = [], [], []
    for seed in range(120):
        z = np.random.default_rng(1000 + seed).standard_normal(2)
        truth = [item.x(float(v)) for item, v in zip(ITEMS, z, strict=True)]
        series = drawn(seed, truth)
        found = fit_ageing(predict, series, ITEMS)
        inside += list(np.abs(found.z - z) < 1.645 * np.sqrt(np.diag(found.covariance)))
        for one, mean, sd in zip(series, found.mean, found.sd, strict=True):
            later += list(np.abs(one.log - mean)[one.held] < 1.645 * sd[one.held])
            widths += list(sd[one.held])
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)
    assert np.mean(later) == pytest.approx(0.9, abs=0.06)
    assert np.median(widths) < 0.05  # it is a prediction, not a shrug


def test_what_is_kept_back_is_not_looked_at():
    one, other = drawn(1, [0.008, 0.05]), drawn(1, [0.008, 0.05])
    for series in other:
        series.log[series.held] += 1.0
    assert np.array_equal(
        fit_ageing(predict, one, ITEMS).z, fit_ageing(predict, other, ITEMS).z
    )  # fmt: skip


def test_readings_that_do_not_change_tell_nothing():
    flat = [Series(observables()["capacity"], CYCLES[:1], np.zeros(1), True, np.zeros(1, bool))]

    def still(z):
        return [np.zeros(1)]

    found = fit_ageing(still, flat, ITEMS)
    assert [t.says for t in found.told] == ["not told"] * 2
    assert np.allclose(found.covariance, np.eye(2))


def test_the_fit_ends_where_prior_and_readings_balance():
    """A curved law, told no better than by its prior: the least of S, found by a search."""
    from scipy.optimize import minimize_scalar

    of = Observable("capacity", "capacity", "A*hour", ("capacity_Ah",), noise=0.02)
    series = [Series(of, np.array([1.0, 9.0]), np.array([0.0, 0.1]), False, np.zeros(2, bool))]

    def curved(z):
        return [np.array([0.0, 0.02 * np.exp(z[0])])]

    def cost(z):
        return (0.1 - 0.02 * np.exp(z)) ** 2 / of.noise**2 + z**2

    best = minimize_scalar(cost, bounds=(-3, 3), method="bounded")
    found = fit_ageing(curved, series, ITEMS[:1])
    assert found.z[0] == pytest.approx(best.x, abs=0.05)
    assert cost(found.z[0]) < 1.02 * best.fun
