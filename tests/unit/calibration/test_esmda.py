"""ES-MDA against the exact posterior of a linear Gaussian problem."""

from __future__ import annotations

import numpy as np
import pytest

from twin.calibration.esmda import INFLATION, LINEAR_FIRST, esmda, prior_ensemble


def linear(numbers=3, points=12):
    rng = np.random.default_rng(5)
    G = rng.standard_normal((points, numbers))
    R = 0.3 * np.eye(points) + 0.2 * np.exp(-np.abs(np.subtract.outer(*[np.arange(points)] * 2)))
    truth = np.array([0.7, -1.1, 0.4])[:numbers]
    return G, R, G @ truth + np.linalg.cholesky(R) @ rng.standard_normal(points)


def exact(G, R, d):
    """``C = (G^T R^-1 G + 1)^-1``, ``m = C G^T R^-1 d`` for a standard normal prior."""
    information = G.T @ np.linalg.solve(R, G) + np.eye(G.shape[1])
    C = np.linalg.inv(information)
    return C @ G.T @ np.linalg.solve(R, d), C


@pytest.mark.parametrize("inflation", [INFLATION, LINEAR_FIRST, (1.0,), (2.0, 2.0)])
def test_a_linear_problem_gives_the_exact_posterior(inflation):
    G, R, d = linear()
    mean, C = exact(G, R, d)
    z, told = esmda(lambda z: G @ z, d, R, prior_ensemble(4000, 3, 1), 1, inflation=inflation)
    assert np.allclose(z.mean(axis=0), mean, atol=0.03)
    assert np.allclose(np.cov(z.T), C, atol=0.01, rtol=0.1)
    assert np.allclose(told, z @ G.T)


def test_a_linear_first_step_is_the_step_of_the_linear_model():
    G, R, d = linear()
    prior = prior_ensemble(50, 3, 1)
    plain, _ = esmda(lambda z: G @ z, d, R, prior, 1, inflation=LINEAR_FIRST)
    with_first, _ = esmda(
        lambda z: G @ z, d, R, prior, 1, inflation=LINEAR_FIRST, first=lambda z: G @ z
    )
    assert np.array_equal(plain, with_first)


def test_a_number_the_data_do_not_tell_keeps_its_prior():
    G, R, d = linear()
    G[:, 2] = 0
    z, _ = esmda(lambda z: G @ z, d, R, prior_ensemble(4000, 3, 1), 1)
    assert z[:, 2].mean() == pytest.approx(0, abs=0.05)
    assert z[:, 2].std() == pytest.approx(1, abs=0.05)
    assert z[:, 0].std() < 0.5


def test_the_same_seed_gives_the_same_members_and_another_others():
    G, R, d = linear()
    draws = [
        esmda(lambda z: G @ z, d, R, prior_ensemble(20, 3, seed), seed)[0] for seed in (3, 3, 4)
    ]
    assert np.array_equal(draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])


def test_the_prior_has_exactly_the_mean_and_covariance_it_should():
    z = prior_ensemble(30, 4, 0)
    assert np.allclose(z.mean(axis=0), 0) and np.allclose(np.cov(z.T), np.eye(4))


def test_members_stay_within_bounds_and_inflation_must_add_up():
    G, R, d = linear()
    bounds = (np.full(3, -0.5), np.full(3, 0.5))
    z, _ = esmda(lambda z: G @ z, d, R, prior_ensemble(40, 3, 1), 1, bounds=bounds)
    assert np.all(np.abs(z) <= 0.5)
    with pytest.raises(ValueError, match="add up to 1"):
        esmda(lambda z: G @ z, d, R, prior_ensemble(40, 3, 1), 1, inflation=(2.0, 3.0))
