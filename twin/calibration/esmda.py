"""Ensemble smoother with multiple data assimilation (ES-MDA).

A prior ensemble ``Z`` [members x numbers] meets the data ``d`` in ``N_a`` steps, each with the
error covariance ``R`` inflated by ``a_i``, with ``sum_i 1/a_i = 1``::

    z_j <- z_j + C_zg (C_gg + a_i R)^-1 (d + (a_i)^(1/2) e_ij - g(z_j)),    e_ij ~ N(0, R)

``C_zg`` and ``C_gg`` are the ensemble's own covariances of numbers and predictions ``g``. For a
linear ``g`` and a Gaussian prior the ensemble tends to the exact posterior as it grows. The first
step may take a linear ``g``: prior members lie where a model is farthest from linear, and a fit
has its Jacobian.

Reference: A. A. Emerick, A. C. Reynolds, Computers & Geosciences 55 (2013) 3,
doi:10.1016/j.cageo.2012.03.011 (recalled); the inflation 9.333, 7, 4, 2 is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

INFLATION = (28 / 3, 7.0, 4.0, 2.0)
"""``a_i``: the first steps are small, as the model is farthest from linear there."""
LINEAR_FIRST = (4 / 3, 16.0, 8.0, 16.0)
"""Where the first step takes a linear ``g``: it has three quarters of the information."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Returns the predictions of one member's numbers."""


def prior_ensemble(members: int, numbers: int, seed: int) -> np.ndarray:
    """Return standard normal members with exactly the mean 0 and the covariance 1.

    Fewer members than numbers can have no such covariance: they are only centred.
    """
    z = np.random.default_rng(seed).standard_normal((members, numbers))
    z -= z.mean(axis=0)
    if members > numbers + 1:
        half = np.linalg.cholesky(np.cov(z.T).reshape(numbers, numbers))
        z = np.linalg.solve(half, z.T).T
    return z


def esmda(
    predict: Predict,
    data: np.ndarray,
    covariance: np.ndarray,
    ensemble: np.ndarray,
    seed: int,
    *,
    inflation: Sequence[float] = INFLATION,
    first: Predict | None = None,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    on_member: Callable[[], None] = lambda: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior ensemble, and its predictions.

    Parameters
    ----------
    predict : callable
        ``g``, of one member.
    data : ndarray, shape (n,)
        ``d``.
    covariance : ndarray, shape (n, n)
        ``R``.
    ensemble : ndarray, shape (members, numbers)
        The prior; what it holds is not changed.
    seed : int
        Of the perturbations.
    inflation : sequence of float
        ``a_i``; the sum of ``1/a_i`` must be 1.
    first : callable, optional
        What stands for ``g`` in the first step.
    bounds : tuple of ndarray, optional
        Where members are held.

    Raises
    ------
    ValueError
        If the inflation does not add up.
    """
    if abs(sum(1 / a for a in inflation) - 1) > 1e-6:
        raise ValueError("the inverse inflations must add up to 1")
    rng = np.random.default_rng([seed, 1])
    half = np.linalg.cholesky(covariance)
    z, members = ensemble.copy(), len(ensemble)

    def all_of(z: np.ndarray) -> np.ndarray:
        told = []
        for row in z:
            told.append(predict(row))
            on_member()
        return np.array(told)

    for number, a in enumerate(inflation):
        g = np.array([first(row) for row in z]) if first and number == 0 else all_of(z)
        dz, dg = z - z.mean(axis=0), g - g.mean(axis=0)
        noise = rng.standard_normal((members, len(data))) @ half.T
        noise -= noise.mean(axis=0)
        gap = data + np.sqrt(a) * noise - g
        # In units of R the system is as well conditioned as the data are told apart.
        white = np.linalg.solve(half, dg.T) / np.sqrt(members - 1)
        system = white @ white.T + a * np.eye(len(data))
        weights = np.linalg.solve(system, np.linalg.solve(half, gap.T))
        z = z + ((dz.T @ white.T) / np.sqrt(members - 1) @ weights).T
        if bounds is not None:
            z = np.clip(z, *bounds)
    return z, all_of(z)
