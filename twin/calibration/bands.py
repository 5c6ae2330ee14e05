"""Bands of a prediction: the posterior's members, each with the model's own error."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

LEVEL = 0.9
_STRATA = 20
"""Of the error's distribution, in each of which it stands once for each member."""
_GOLDEN = 0.6180339887498949


def bands(
    told: np.ndarray, error: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the band that holds a share of what is expected at each point.

    Parameters
    ----------
    told : ndarray, shape (members, points)
        The members' predictions.
    error : ndarray, shape (points,)
        Standard deviation of the model's own error.
    level : float
        The share.
    """
    # In each stratum another place for each member, by the golden section: no seed, no gaps.
    within = np.mod((np.arange(len(told)) + 1) * _GOLDEN, 1.0)
    z = norm.ppf((np.arange(_STRATA)[None, :] + within[:, None]) / _STRATA)
    mixed = (told[:, None, :] + z[:, :, None] * error).reshape(-1, told.shape[1])
    low, high = np.quantile(mixed, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
