"""Weighted regressions on what was read, with lives that were not followed to their ends."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

_SAME_PACE = 1e-8
"""Of a smaller variance of the pace's logarithm all rows count as having one pace."""
_RIDGES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4)


class Regression:
    """A weighted linear regression on standardised features, with a ridge.

    What rows are ``off`` by, that of the cell being nothing, is regressed on without a ridge: how
    surely it moves a target does not hang on how noisy the features are.

    The ridge is the one of the least generalised cross-validation (P. Craven, G. Wahba, Numer.
    Math. 31 (1979) 377), ``RSS/(1 - df/n)^2``, with the effective number of lives for ``n``.
    """

    def __init__(
        self, x: np.ndarray, weights: np.ndarray, lives: float, off: np.ndarray | None = None
    ):
        w = weights / weights.sum()
        self._off = np.zeros(len(w)) if off is None else off
        self._off_mean = float(w @ self._off)
        self._apart = self._off - self._off_mean
        self._off_variance = float(w @ self._apart**2)
        self._w = w
        self._x_line = np.array([self._line(column) for column in x.T])
        x = x - self._apart[:, None] * self._x_line
        self._mean = w @ x
        spread = np.sqrt(w @ (x - self._mean) ** 2)
        self._scale = np.where(spread > 1e-12 * (1 + np.abs(self._mean)), spread, np.inf)
        self._z = (x - self._mean) / self._scale
        self._lives = lives
        gram = (self._z * w[:, None]).T @ self._z
        self._values, self._vectors = np.linalg.eigh(gram)
        self._values = np.maximum(self._values, 0.0)
        self._scores = self._z @ self._vectors

    def _line(self, t: np.ndarray) -> float:
        """Return the slope of a target, or a feature, over what rows are off by."""
        if self._off_variance <= _SAME_PACE:
            return 0.0
        return float(self._w @ (t * self._apart)) / self._off_variance

    def _slopes(self, t: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Return the mean, the slopes along the eigenvectors, and the degrees of freedom."""
        middle = float(self._w @ t)
        t = t - self._apart * self._line(t)
        along = self._scores.T @ (self._w * (t - middle))
        total = float(self._w @ (t - middle) ** 2)
        best = (np.inf, along * 0, 0.0)
        for ridge in _RIDGES:
            slopes = along / (self._values + ridge)
            left = total - float(slopes @ (2 * along - self._values * slopes))
            df = 1 + float((self._values / (self._values + ridge)).sum())
            df += float(self._off_variance > _SAME_PACE)
            if df < 0.8 * self._lives:
                score = max(left, 0.0) / (1 - df / self._lives) ** 2
                if score < best[0] * (1 - 1e-9):
                    best = (score, slopes, df)
        return middle, best[1], best[2]

    def fitted(self, t: np.ndarray) -> np.ndarray:
        """Return the regression of a target at its own features."""
        middle, slopes, _ = self._slopes(t)
        value: np.ndarray = middle + self._apart * self._line(t) + self._scores @ slopes
        return value

    def to_own(self, t: np.ndarray) -> np.ndarray:
        """Return a target's draws with what rows are off by taken out of them."""
        value: np.ndarray = t - self._off * self._line(t)
        return value

    def at(self, t: np.ndarray, x: np.ndarray) -> float:
        """Return the regression of a target at some features, of a row that is off by nothing."""
        middle, slopes, _ = self._slopes(t)
        return self._there(t, x, middle, slopes)

    def _there(self, t: np.ndarray, x: np.ndarray, middle: float, slopes: np.ndarray) -> float:
        z = (x + self._off_mean * self._x_line - self._mean) / self._scale
        return middle - self._off_mean * self._line(t) + float(z @ self._vectors @ slopes)

    def moved(self, t: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return a target's draws at some features: the regression there, and what it left.

        What a regression leaves of the lives that it was made of is less than of another one, by
        ``1 - df/n``: it is widened by that.
        """
        middle, slopes, df = self._slopes(t)
        left = t - middle - self._apart * self._line(t) - self._scores @ slopes
        value: np.ndarray = self._there(t, x, middle, slopes) + left / (1 - df / self._lives)
        return value


def survivors_drawn(
    fit: Regression, t: np.ndarray, known: np.ndarray, weights: np.ndarray, u: np.ndarray
) -> np.ndarray:
    """Return targets with those of survivors drawn beyond what is known of them."""
    if known.all():
        return t
    _, mean, spread = _with_survivors(fit, t, known, weights)
    hidden = ~known
    z = (t[hidden] - mean[hidden]) / spread
    # Of the upper tail, in its own terms: far out 1 - Phi is what is left of the digits.
    drawn = t.copy()
    tail = np.clip(norm.sf(z) * (1 - u[hidden]), 1e-300, 1.0)
    drawn[hidden] = np.maximum(mean[hidden] + spread * norm.isf(tail), t[hidden])
    return drawn


def _with_survivors(
    fit: Regression, t: np.ndarray, known: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return targets with survivors at their expectation, the regression, and its spread.

    Expectation-maximisation for a normal distribution that is cut off: with ``z`` the score of
    what is known, a survivor is expected at ``m + s h(z)``, ``h = phi/(1 - Phi)``, and its
    variance is ``s^2 (1 + z h - h^2)``.
    """
    w = weights / weights.sum()
    now = t.copy()
    hidden = ~known
    spread = 1.0
    mean = fit.fitted(now)
    extra = np.zeros(len(t))
    for _ in range(200 if hidden.any() else 1):
        mean = fit.fitted(now)
        before = spread
        spread = float(np.sqrt(max(w @ ((now - mean) ** 2 + extra), 1e-12)))
        if not hidden.any():
            break
        z = (t[hidden] - mean[hidden]) / spread
        h = np.exp(norm.logpdf(z) - norm.logsf(z))
        expected = mean[hidden] + spread * h
        extra[hidden] = spread**2 * np.clip(1 + z * h - h**2, 0.0, 1.0)
        step = float(np.abs(expected - now[hidden]).max())
        now[hidden] = expected
        if step < 1e-6 and abs(spread - before) < 1e-6:
            break
    return now, mean, spread


def explained(o: np.ndarray, x: np.ndarray, weights: np.ndarray, lives: float) -> float:
    """Return the share of a target's variance that readings explain, by a regression on them.

    The regression is one on the readings and their squares; what it would explain by chance is
    taken off: with ``p`` of these and ``n`` lives it is ``1 - (1 - R^2) (n - 1)/(n - p - 1)``
    (the adjusted coefficient of determination).

    Parameters
    ----------
    o : ndarray, shape (draws, readings)
        The readings, with their noise.
    x : ndarray, shape (draws,)
        The target.
    weights : ndarray, shape (draws,)
        Of the draws.
    lives : float
        How many lives they come from, effectively.
    """
    w = weights / weights.sum()
    spread = np.sqrt(w @ (o - w @ o) ** 2)
    z = (o - w @ o) / np.where(spread > 0, spread, np.inf)
    z = np.column_stack([z, z**2 - w @ z**2])
    y = x - w @ x
    total = float(w @ y**2)
    if total <= 0 or lives <= z.shape[1] + 2:
        return 0.0
    gram = (z * w[:, None]).T @ z
    slopes = np.linalg.lstsq(gram, z.T @ (w * y), rcond=1e-9)[0]
    left = float(w @ (y - z @ slopes) ** 2) / total
    told = 1 - left * (lives - 1) / (lives - z.shape[1] - 1)
    return float(np.clip(told, 0.0, 1.0))
