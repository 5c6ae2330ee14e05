"""What the model gets wrong whatever its numbers: an error that is correlated along a curve.

The residuals ``r`` of the best fit at the points ``s`` of a curve (charge passed over the nominal
capacity, rests counted as C/10) are taken as

    r_i = h_i (d(s_i) + e_i),   cov(d, d') = tau^2 exp(-|s - s'|/l),   var(e) = sigma^2
    h_i^2 = g^2 (1 + (sigma_q dU/ds / sigma_V)^2)

with ``h`` larger where the curve is steep (:mod:`twin.calibration.fit`), and ``g`` at rates and
in rests at which the model is worse; different curves are independent. Beforehand ``ln g`` has the
mean 0 and the standard deviation ``s_g``; at the C-rates ``r_k`` of the fitted curves it is that of
the largest posterior density. Elsewhere it is a Gaussian process in ``log10 r``, with a correlation
that falls by ``e`` in a decade, and what is not known of it makes the error larger::

    g(r) = exp(m(r) + v(r)),    v = s_g^2 where nothing near was fitted: (E g^2)^1/2

Rests are a state of their own. ``tau``, ``l`` and ``sigma`` are those of the largest marginal
likelihood: the fit has taken up some of the error, so with the Jacobian ``J`` and the coordinates
``z`` of the fit the misfit from the prior's middle, ``r + J z``, has the covariance ``R + J J^T``,
``R`` that of ``r``. Few curves cannot tell ``tau`` well; what is estimated from ``m`` independent
residuals is uncertain by ``1/(2 m)^(1/2)``.

After M. C. Kennedy, A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425 (recalled); the covariance is
that of an Ornstein-Uhlenbeck process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.calibration.method import number_of

LEAST_V = number_of("discrepancy", "least_voltage")
_LENGTHS = (number_of("discrepancy", "shortest"), number_of("discrepancy", "longest"))
RATE_SPREAD = number_of("discrepancy", "rate_spread")
"""``s_g``."""
RATE_REACH = number_of("discrepancy", "rate_reach")
_SAME_RATE = number_of("discrepancy", "same_rate")
_MOST_V = number_of("discrepancy", "most")


@dataclass(frozen=True)
class State:
    """How much larger the model's error is while a current flows.

    Attributes
    ----------
    rate : float
        The C-rate [1/h]; 0 is a rest.
    factor : float
        ``g``.
    """

    rate: float
    factor: float


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
    states : tuple of State
        By how much it is larger at some rates; nowhere if there are none.
    """

    tau: float
    length: float
    sigma: float
    states: tuple[State, ...] = ()

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

    def factors(self, rates: np.ndarray) -> np.ndarray:
        """Return ``g`` where currents of some C-rates flow; 0 is a rest."""
        rates = np.asarray(rates, dtype=float)
        scales = np.ones(len(rates))
        if self.states:
            for rate in np.unique(rates):
                scales[rates == rate] = self._factor(float(rate))
        return scales

    def _factor(self, rate: float) -> float:
        known = [state for state in self.states if (state.rate == 0) == (rate == 0)]
        if rate == 0:
            # All rests are one state.
            return known[0].factor if known else float(np.exp(RATE_SPREAD**2))
        at = np.log10([state.rate for state in known])
        g = np.log([state.factor for state in known])
        if not known:
            return float(np.exp(RATE_SPREAD**2))
        own = _alike(at[:, None] - at[None, :]) + 1e-9 * np.eye(len(at))
        beside = _alike(np.log10(rate) - at)
        carried = np.linalg.solve(own, beside)
        left = RATE_SPREAD**2 * max(0.0, 1 - float(beside @ carried))
        return float(np.exp(carried @ g + left))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        states = [{"rate": one.rate, "factor": one.factor} for one in self.states]
        return {"tau": self.tau, "length": self.length, "sigma": self.sigma, "states": states}


def _alike(decades: np.ndarray) -> np.ndarray:
    """Return the correlation of ``ln g`` at rates that lie so many decades apart."""
    value: np.ndarray = np.exp(-np.abs(decades) / RATE_REACH)
    return value


def blocks(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return a block-diagonal matrix."""
    from scipy.linalg import block_diag

    value: np.ndarray = block_diag(*parts)
    return value


def log_likelihood(
    discrepancy: Discrepancy,
    gap: np.ndarray,
    jacobian: np.ndarray,
    s: Sequence[np.ndarray],
    steep: Sequence[np.ndarray],
) -> float:
    """Return the logarithm of the likelihood of ``gap = r + J z`` under ``R + J J^T``."""
    parts = [discrepancy.covariance(a, h) for a, h in zip(s, steep, strict=True)]
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
    best = min(tried, key=lambda attempt: float(attempt.fun))
    return of(best.x)


def by_state(
    discrepancy: Discrepancy,
    gap: np.ndarray,
    jacobian: np.ndarray,
    s: Sequence[np.ndarray],
    steep: Sequence[np.ndarray],
    rates: Sequence[np.ndarray],
) -> Discrepancy:
    """Return a discrepancy with its factors ``g`` at the rates of the fitted points.

    Parameters
    ----------
    discrepancy : Discrepancy
        That of all points alike, as :func:`estimate` has it.
    gap, jacobian, s, steep
        As there.
    rates : sequence of ndarray
        The C-rate at each point of each curve; 0 in a rest.
    """
    from scipy.optimize import minimize

    levels = _levels(np.concatenate([np.asarray(r, dtype=float) for r in rates]))
    if len(levels) < 2:
        return discrepancy
    nearest = [np.array([_level(levels, r) for r in own]) for own in rates]

    def of(p: np.ndarray) -> Discrepancy:
        tau, sigma = np.exp(p[:2])
        return replace(discrepancy, tau=float(tau), sigma=float(sigma))

    def lost(p: np.ndarray) -> float:
        own = [h * np.exp(p[2:])[k] for h, k in zip(steep, nearest, strict=True)]
        prior = 0.5 * float(np.sum((p[2:] / RATE_SPREAD) ** 2))
        return prior - log_likelihood(of(p), gap, jacobian, s, own)

    start = np.append(np.log([discrepancy.tau, discrepancy.sigma]), np.zeros(len(levels)))
    reach = np.append([0.0, 0.0], np.full(len(levels), 3 * RATE_SPREAD))
    # The factors' mean is in tau already: both move, within what one curve can tell.
    span = np.append([RATE_SPREAD, RATE_SPREAD], np.zeros(len(levels)))
    bounds = list(zip(start - reach - span, start + reach + span, strict=True))
    best = minimize(lost, start, method="L-BFGS-B", bounds=bounds)
    factors = np.exp(best.x[2:])
    states = tuple(State(float(r), float(g)) for r, g in zip(levels, factors, strict=True))
    return replace(of(best.x), states=states)


def _levels(rates: np.ndarray) -> np.ndarray:
    """Return the different rates, those within a few percent of each other once."""
    kept: list[float] = []
    for rate in np.unique(rates):
        if not kept or kept[-1] == 0 or np.log10(rate / kept[-1]) > _SAME_RATE:
            kept.append(float(rate))
    return np.array(kept)


def _level(levels: np.ndarray, rate: float) -> int:
    if rate == 0:
        return 0
    gaps = np.abs(np.log10(np.where(levels > 0, levels, 1e-30) / rate))
    return int(np.argmin(gaps))
