"""What the model gets wrong whatever its numbers: an error that is correlated along a curve.

The residuals ``r`` of the best fit at the points ``s`` of a curve (charge passed over the nominal
capacity, rests counted as C/10) are taken as

    r_i = h_i (d(s_i) + e_i),   cov(d, d') = tau^2 exp(-|s - s'|/l),   var(e) = sigma^2
    h_i^2 = 1 + (sigma_q dU/ds / sigma_V)^2

with ``h`` larger where the curve is steep (:mod:`twin.calibration.fit`); different curves are
independent. ``tau``, ``l`` and ``sigma`` are those of the largest marginal likelihood: the fit has
taken up some of the error, so with the Jacobian ``J`` and the coordinates ``z`` of the fit the
misfit from the prior's middle, ``r + J z``, has the covariance ``R + J J^T``, ``R`` that of
``r``. Few curves cannot tell ``tau`` well; what is estimated from ``m`` independent residuals is
uncertain by ``1/(2 m)^(1/2)``.

After M. C. Kennedy, A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425 (recalled); the covariance is
that of an Ornstein-Uhlenbeck process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.calibration.method import number_of

LEAST_V = number_of("discrepancy", "least_voltage")
_LENGTHS = (number_of("discrepancy", "shortest"), number_of("discrepancy", "longest"))
_MOST_V = number_of("discrepancy", "most")


@dataclass(frozen=True)
class Discrepancy:
    """The model's own error.

    Attributes
    ----------
    tau : float
        Standard deviation of the correlated part [V] (or [K]).
    length : float
        Its correlation length, in charge passed over the nominal capacity.
    sigma : float
        Standard deviation of what is not correlated.
    """

    tau: float
    length: float
    sigma: float

    @property
    def total(self) -> float:
        """The standard deviation of both together."""
        return float(np.hypot(self.tau, self.sigma))

    def covariance(self, s: np.ndarray, steep: np.ndarray | None = None) -> np.ndarray:
        """Return the covariance at the points ``s`` of one curve, with ``h`` in ``steep``."""
        gap = np.abs(s[:, None] - s[None, :])
        value = self.tau**2 * np.exp(-gap / self.length) + self.sigma**2 * np.eye(len(s))
        h = np.ones(len(s)) if steep is None else steep
        whole: np.ndarray = value * np.outer(h, h)
        return whole

    def to_dict(self) -> dict[str, float]:
        """Return it as plain data."""
        return {"tau": self.tau, "length": self.length, "sigma": self.sigma}


def blocks(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return a block-diagonal matrix."""
    from scipy.linalg import block_diag

    value: np.ndarray = block_diag(*parts)
    return value


def log_likelihood(
    found: Discrepancy,
    gap: np.ndarray,
    jacobian: np.ndarray,
    s: Sequence[np.ndarray],
    steep: Sequence[np.ndarray],
) -> float:
    """Return the logarithm of the likelihood of ``gap = r + J z`` under ``R + J J^T``."""
    parts = [found.covariance(a, h) for a, h in zip(s, steep, strict=True)]
    whole = blocks(parts) + jacobian @ jacobian.T
    half = np.linalg.cholesky(whole)
    white = np.linalg.solve(half, gap)
    return float(
        -0.5 * white @ white - np.sum(np.log(np.diag(half))) - 0.5 * len(gap) * np.log(2 * np.pi)
    )


def estimate(
    gap: np.ndarray,
    jacobian: np.ndarray,
    s: Sequence[np.ndarray],
    steep: Sequence[np.ndarray],
    *,
    least: float = LEAST_V,
) -> Discrepancy:
    """Return the discrepancy of the largest marginal likelihood.

    Parameters
    ----------
    gap : ndarray, shape (n,)
        ``r + J z``: measured less simulated at the fit, and what the fit has taken up.
    jacobian : ndarray, shape (n, numbers)
        ``dV/dz`` at the fit.
    s, steep : sequence of ndarray
        The points of each curve, and ``h`` there.
    least : float
        Neither part is smaller.
    """
    from scipy.optimize import minimize

    scale = max(float(np.std(gap)), 2 * least)
    low = np.log([least, _LENGTHS[0], least])
    high = np.log([_MOST_V * max(1.0, scale), _LENGTHS[1], _MOST_V * max(1.0, scale)])

    def of(p: np.ndarray) -> Discrepancy:
        tau, length, sigma = np.exp(np.clip(p, low, high))
        return Discrepancy(float(tau), float(length), float(sigma))

    def lost(p: np.ndarray) -> float:
        beyond = float(np.sum((p - np.clip(p, low, high)) ** 2))
        return -log_likelihood(of(p), gap, jacobian, s, steep) + 10 * beyond

    starts = [np.log([0.5 * scale, length, 0.2 * scale]) for length in (0.05, 0.3)]
    tried = [minimize(lost, p, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3})
             for p in (np.clip(p, low, high) for p in starts)]  # fmt: skip
    best = min(tried, key=lambda found: float(found.fun))
    return of(best.x)
