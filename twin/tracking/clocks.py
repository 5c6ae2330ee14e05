"""Lives on other clocks: what if the cell ages by another law of the cycles than the library's?

A life whose clock runs at a pace ``c`` and with an exponent ``g`` is in the cycle ``n`` what the
library's life was in the cycle ``s``, with ``n0`` the latest check-up::

    s(n) = c n0 (n/n0)^g,        and dies in  n0 (end/(c n0))^(1/g)

The **pace** fills what is between the lives of a library: ``ln c ~ N(0, h^2)`` with the bandwidth
``h = 1.06 sigma N^(-1/5)`` of a kernel density of ``N`` lives whose logarithms of the end spread by
``sigma`` (B. W. Silverman, Density Estimation, 1986).

The **exponent** is what the model may have wrong in its structure. No mechanism has the law of its
growth for certain: root or straight line, levelling off or ever faster; a root on a clock of
``g = 2`` is a straight line. With the probability ``own`` it is 1; else ``ln g ~ N(0, spread^2)``,
and onward another one, ``ln g' = ln g + N(0, onward^2)``: laws change. What the check-ups say of it
is worked out along with all else, by their likelihood: the structural discrepancy (M. C. Kennedy,
A. O'Hagan, J. R. Stat. Soc. B 63 (2001) 425) has the posterior that the cell's own readings give
it, and where noise hides ``g`` the band is as wide as that leaves it. Powers of the time from
below a half to beyond one are what cells are seen to follow (P. M. Attia et al., J. Electrochem.
Soc. 169 (2022) 060517).

Each life is fitted to the readings by its clock (Gauss-Newton), and draws from the normal
distribution around that are weighted by prior and likelihood over their own density: importance
sampling, life by life.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, qmc

SEED = 23
"""Of the quasi-random clocks: the same for everybody."""
Predicted = Callable[["Clocks"], np.ndarray]


@dataclass(frozen=True)
class Clocks:
    """Lives on several clocks each, as rows.

    Attributes
    ----------
    cycle : float
        ``n0``, the latest check-up.
    lives : ndarray, shape (rows,)
        The life of each row.
    paces, exponents : ndarray, shape (rows,)
        ``c`` and ``g``.
    onward : ndarray, shape (rows,)
        ``g'``, the exponent from ``n0`` on.
    weights : ndarray, shape (rows,)
        Of each row of a life, before any reading.
    """

    cycle: float
    lives: np.ndarray
    paces: np.ndarray
    exponents: np.ndarray
    onward: np.ndarray
    weights: np.ndarray

    @property
    def now(self) -> np.ndarray:
        """The cycle of the library's life that is now, ``c n0``."""
        value: np.ndarray = self.paces * max(self.cycle, 1.0)
        return value

    def read_at(self, cycles: np.ndarray) -> np.ndarray:
        """Return the cycles of the library's lives, shape (rows, cycles)."""
        ratio = np.maximum(np.asarray(cycles, dtype=float), 1.0) / max(self.cycle, 1.0)
        past = self.now[:, None] * ratio[None, :] ** self.exponents[:, None]
        later = self.now[:, None] * ratio[None, :] ** self.onward[:, None]
        value: np.ndarray = np.where(ratio[None, :] > 1, later, past)
        return value

    def ends(self, ends: np.ndarray) -> np.ndarray:
        """Return when each row dies, of the ends of the lives; at ``n0`` if it would be dead."""
        left = np.maximum(ends[self.lives] / self.now, 1.0)
        value: np.ndarray = max(self.cycle, 1.0) * left ** (1 / self.onward)
        return value


@dataclass(frozen=True)
class Prior:
    """What is known of clocks before any reading (see the module)."""

    own: float = 1.0
    spread: float = 0.0
    onward: float = 0.0
    pace: float = 0.0

    def laws(self) -> list[tuple[bool, float]]:
        """Return the laws that are possible: whether it is another one, and its probability."""
        if self.spread <= 0:
            return [(False, 1.0)]
        return [(free, p) for free, p in ((False, self.own), (True, 1 - self.own)) if p > 0]


def bandwidth(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the bandwidth ``1.06 sigma N^(-1/5)`` of a kernel density of some values."""
    w = weights / weights.sum()
    sigma = float(np.sqrt(w @ (values - w @ values) ** 2))
    count = float(1 / (w**2).sum())
    return max(1.06 * sigma * float(count**-0.2), _NARROWEST)


_NARROWEST = 1e-6
_STEPS, _DIFFERENCE, _WIDER, _FURTHEST = 6, 0.02, 1.2, 4.0


def drawn_clocks(count: int, each: int, cycle: float) -> Clocks:
    """Return lives on the library's own clock, several times each, equally likely."""
    ones = np.ones(count * each)
    return Clocks(float(cycle), np.repeat(np.arange(count), each), ones, ones, ones, ones / each)


def _scores(count: int, dimensions: int) -> np.ndarray:
    power = int(np.ceil(np.log2(max(count, 2))))
    cube = qmc.Sobol(dimensions, rng=SEED).random_base2(power)[:count]
    value: np.ndarray = norm.ppf(np.clip(cube, 1e-6, 1 - 1e-6))
    return value


def fitted_clocks(
    count: int,
    each: int,
    cycle: float,
    prior: Prior,
    free: bool,
    predicted: Predicted,
    readings: np.ndarray,
    lower: np.ndarray,
) -> Clocks:
    """Return lives on clocks drawn around those that suit the readings, weighted by the prior.

    Parameters
    ----------
    count : int
        Lives.
    each : int
        Clocks of a life.
    cycle : float
        The latest check-up.
    prior : Prior
        Of the clocks.
    free : bool
        Whether the exponent is another one than the library's.
    predicted : callable
        What lives on clocks would have read, shape (rows, readings); finite.
    readings : ndarray
        What was read.
    lower : ndarray
        The Cholesky factor of the readings' covariance.
    """
    sigma = np.array([prior.pace, prior.spread] if free else [prior.pace])
    d = len(sigma)

    def at(theta: np.ndarray, lives: np.ndarray, change: np.ndarray | float = 0.0) -> Clocks:
        g = theta[:, 1] if free else np.zeros(len(theta))
        return Clocks(
            float(cycle), lives, np.exp(theta[:, 0]), np.exp(g), np.exp(g + change),
            np.ones(len(theta)),
        )  # fmt: skip

    def off(theta: np.ndarray, lives: np.ndarray) -> np.ndarray:
        """Return residuals in standard deviations, those of the prior last."""
        left = np.linalg.solve(lower, (readings - predicted(at(theta, lives))).T).T
        return np.hstack([left, -theta / sigma])

    every = np.arange(count)
    theta = np.zeros((count, d))
    r, curvature = off(theta, every), np.zeros((count, d, d))
    damping = np.full(count, 1e-3)
    for _ in range(_STEPS):
        slopes = np.stack(
            [(off(theta + _DIFFERENCE * unit, every) - r) / _DIFFERENCE for unit in np.eye(d)],
            axis=2,
        )
        curvature = np.einsum("nkd,nke->nde", slopes, slopes)
        down = np.einsum("nkd,nk->nd", slopes, r)
        damped = curvature + damping[:, None, None] * curvature * np.eye(d)
        step = -np.linalg.solve(damped, down[:, :, None])[:, :, 0]
        tried = np.clip(theta + step, -_FURTHEST * sigma, _FURTHEST * sigma)
        new = off(tried, every)
        better = (new**2).sum(axis=1) < (r**2).sum(axis=1)
        theta, r = np.where(better[:, None], tried, theta), np.where(better[:, None], new, r)
        damping = np.where(better, damping / 5, damping * 10)
    lives = np.repeat(every, each)
    z = _scores(count * each, d + 1)
    root = np.linalg.cholesky(np.linalg.inv(curvature)) * _WIDER
    drawn = theta[lives] + np.einsum("nde,ne->nd", root[lives], z[:, :d])
    inverse = np.log(np.abs(np.diagonal(root, axis1=1, axis2=2))).sum(axis=1)[lives]
    log_q = -0.5 * (z[:, :d] ** 2).sum(axis=1) - inverse
    log_p = -0.5 * ((drawn / sigma) ** 2).sum(axis=1) - np.log(sigma).sum()
    clocks = at(drawn, lives, prior.onward * z[:, d] if free else 0.0)
    weights = np.exp(log_p - log_q) / each
    return Clocks(
        clocks.cycle, clocks.lives, clocks.paces, clocks.exponents, clocks.onward, weights
    )
