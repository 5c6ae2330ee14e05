"""Weights of lives: how many they leave, by what power of a likelihood, and what quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import norm, qmc

SEED = 19
"""Of the quasi-random points of the draws: the same for everybody."""


def effective_size(weights: np.ndarray) -> float:
    """Return the effective sample size of some weights, ``(sum w)^2/sum w^2``."""
    top = float(weights.max(initial=0.0))
    if top <= 0:
        return 0.0
    share = weights / top
    return float(share.sum() ** 2 / (share**2).sum())


def tempered(
    prior: np.ndarray,
    log_likelihood: np.ndarray,
    wanted: float,
) -> tuple[np.ndarray, float]:
    """Return weights by the largest power of the likelihood that leaves a sample size.

    Parameters
    ----------
    prior : ndarray
        Weights before.
    log_likelihood : ndarray
        Of each life.
    wanted : float
        The effective sample size.

    Returns
    -------
    weights : ndarray
        Adding up to one.
    power : float
        Between 0 and 1.
    """

    def at(power: float) -> np.ndarray:
        logs = power * (log_likelihood - log_likelihood.max())
        weights: np.ndarray = prior * np.exp(logs)
        total: np.ndarray = weights / weights.sum()
        return total

    if effective_size(at(1.0)) >= wanted:
        return at(1.0), 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if effective_size(at(middle)) >= wanted else (low, middle)
    return at(low), low


def quantile(values: np.ndarray, weights: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Return weighted quantiles: the smallest value by which a share of the weight has come."""
    order = np.argsort(values, kind="stable")
    up = np.cumsum(weights[order])
    places = np.searchsorted(up, np.asarray(shares) * up[-1] * (1 - 1e-12))
    value: np.ndarray = values[order][np.minimum(places, len(order) - 1)]
    return value


@lru_cache(maxsize=8)
def normal_points(count: int, dimensions: int) -> np.ndarray:
    """Return quasi-random normal scores, shape (count, dimensions)."""
    power = int(np.ceil(np.log2(max(count, 2))))
    cube = qmc.Sobol(dimensions, rng=SEED).random_base2(power)[:count]
    value: np.ndarray = norm.ppf(np.clip(cube, 1e-6, 1 - 1e-6))
    return value
