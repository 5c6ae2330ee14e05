"""How far readings lie from a life that was fitted to them: noise, offset and drift of each kind.

With ``r = ln y - ln f`` at the fit ``z`` and the slopes ``J`` the fit has taken up some of the
error, so the misfit from the priors' middle is normal with the covariance of both
(:mod:`twin.calibration.discrepancy`)::

    r + J z ~ N(0, R(noise, offset, drift) + J J^T)

The three of each kind are those of the largest posterior density; beforehand their logarithms are
normal about the numbers of ``observables.toml``. One cell tells its offset once: what it says of
that is little, and the number stays near the one assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import minimize

from twin.ageing.series import Series
from twin.calibration.method import number_of
from twin.tracking.observables import ERRORS, covariance

SPREAD = number_of("ageing", "error_spread")
"""Of the logarithm of each number beforehand."""
_FURTHEST = 3.0


def estimated_errors(
    series: Sequence[Series], fit: Sequence[np.ndarray], slopes: np.ndarray, z: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return noise, offset and drift of each kind of reading, by its key.

    Parameters
    ----------
    series : sequence of Series
        The readings; those kept back tell nothing.
    fit : sequence of ndarray
        ``ln f``, series by series.
    slopes : ndarray, shape (readings, numbers)
        ``J``, of all series one after another.
    z : ndarray
        The coordinates of the fit.
    """
    own = ~np.concatenate([one.held for one in series])
    log = np.concatenate([one.log for one in series])
    J = slopes[own]
    off = (log - np.concatenate(list(fit)))[own] + J @ z
    keys = sorted({one.of.key for one in series})
    assumed = {one.of.key: np.array([getattr(one.of, name) for name in ERRORS]) for one in series}

    def at(u: np.ndarray) -> dict[str, np.ndarray]:
        parts = np.exp(SPREAD * u).reshape(len(keys), len(ERRORS))
        return {key: assumed[key] * part for key, part in zip(keys, parts, strict=True)}

    def cost(u: np.ndarray) -> float:
        values = at(u)
        R = block_diag(*(_block(one, f, values[one.of.key]) for one, f in zip(
            series, fit, strict=True)))[np.ix_(own, own)]  # fmt: skip
        half = np.linalg.cholesky(R + J @ J.T)
        white = np.linalg.solve(half, off)
        return float(white @ white / 2 + np.log(np.diag(half)).sum() + u @ u / 2)

    start = np.zeros(len(keys) * len(ERRORS))
    bounds = [(-_FURTHEST, _FURTHEST)] * len(start)
    best = minimize(cost, start, method="L-BFGS-B", bounds=bounds).x
    return {
        key: dict(zip(ERRORS, map(float, values), strict=True)) for key, values in at(best).items()
    }


def _block(one: Series, f: np.ndarray, values: np.ndarray) -> np.ndarray:
    of = replace(one.of, **dict(zip(ERRORS, values, strict=True)))
    return covariance(of, f if one.share else f - f[0], share=one.share)
