"""Bands of a prediction: the posterior's members, each with the model's own error."""

from __future__ import annotations

import numpy as np

LEVEL = 0.9
_DRAWS = 40


def bands(
    told: np.ndarray, error: np.ndarray, seed: int, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the band that holds a share of what is expected at each point.

    Parameters
    ----------
    told : ndarray, shape (members, points)
        The members' predictions.
    error : ndarray, shape (points,)
        Standard deviation of the model's own error.
    seed : int
        Of the error's draws.
    level : float
        The share.
    """
    noise = np.random.default_rng([seed, 2]).standard_normal((_DRAWS * len(told), 1))
    mixed = np.repeat(told, _DRAWS, axis=0) + noise * error
    low, high = np.quantile(mixed, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
