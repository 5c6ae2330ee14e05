"""What a library of lives says of a cell, given its check-ups: reweighting, then regression.

Readings ``y`` (logarithms; :mod:`twin.tracking.observables`) about lives ``f_j`` with covariance
``S`` have the log likelihoods ``l_j = -(y - f_j)' S^-1 (y - f_j)/2``. Where a few hundred lives
are near enough, their weights ``w_j exp(l_j)`` are the posterior. Where readings are sharp, next to
none is; then the likelihood is taken in two parts, as its powers ``a`` and ``1 - a``::

    1.  w_j <- w_j exp(a l_j),   a <= 1 the largest that leaves an effective sample size
        ESS = (sum w)^2/sum w^2 as wanted
    2.  a local regression, weighted by w, of a target t (the logarithm of the remaining life, a
        margin, ...) on features of y* = f_j + e, e ~ N(0, S/(1 - a)):  t = m(phi(y*)) + r;
        each life becomes draws  t_j + m(phi(y)) - m(phi(y*))

For a linear relation and normal numbers both parts together are exact, whatever ``a``. Part 2 is
the regression adjustment of Beaumont et al. 2002; the split is that of Frei and Künsch 2013.

A life that was not followed to its end tells that it is longer: its remaining life is drawn from
the regression's distribution beyond what is known (expectation-maximisation: Schmee and Hahn
1979), so a survivor is never taken for a death at the horizon.

References: M. A. Beaumont, W. Zhang, D. J. Balding, Genetics 162 (2002) 2025; M. Frei, H. R.
Künsch, Biometrika 100 (2013) 781; J. Schmee, G. J. Hahn, Technometrics 21 (1979) 417.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import chi2, norm, qmc

SEED = 19
"""Of the quasi-random points of the draws: the same for everybody."""


@dataclass(frozen=True)
class Method:
    """How a posterior is made (``method.toml`` has the values, and why).

    Attributes
    ----------
    effective : float
        The effective sample size that reweighting leaves.
    draws : int
        Draws a life.
    ridge : float
        Of the regression, against the mean square of the standardised features.
    thin : float
        A library whose full likelihood leaves fewer effective lives is thin here.
    far : float
        Standard deviations beyond which a cell is outside the model.
    near : int
        How many of the nearest lives that is told by.
    """

    effective: float = 40.0
    draws: int = 16
    ridge: float = 1e-3
    thin: float = 20.0
    far: float = 3.0
    near: int = 5


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of what is asked of a cell.

    Attributes
    ----------
    lives : ndarray, shape (draws,)
        The life each draw came from.
    weights : ndarray, shape (draws,)
        They add up to one.
    life_weights : ndarray, shape (lives,)
        Weights of the lives by the part of the likelihood that reweights.
    log_remaining : ndarray, shape (draws,)
        The natural logarithm of the remaining life [cycles].
    targets : dict
        Draws of the other targets.
    power : float
        The part ``a`` of the likelihood that reweights; 1 where the library is dense.
    effective, effective_full : float
        Effective sample sizes with that part, and with the whole likelihood.
    distance : float
        How far the readings are from the nearest lives [standard deviations].
    misfit : float
        The same from what lies between the nearest lives, as a normal score.
    outside : bool
        Whether both are too far.
    """

    lives: np.ndarray
    weights: np.ndarray
    life_weights: np.ndarray
    log_remaining: np.ndarray
    targets: dict[str, np.ndarray]
    power: float
    effective: float
    effective_full: float
    distance: float
    misfit: float
    outside: bool


def effective_size(weights: np.ndarray) -> float:
    """Return the effective sample size of some weights, ``(sum w)^2/sum w^2``."""
    total = float(weights.sum())
    return total**2 / float((weights**2).sum()) if total > 0 else 0.0


def tempered(
    prior: np.ndarray, log_likelihood: np.ndarray, wanted: float
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


def features(y: np.ndarray, groups: Sequence[np.ndarray], scales: Sequence[float]) -> np.ndarray:
    """Return what a remaining life is regressed on, of readings of shape (n, readings).

    Of each kind its mean, its changes from one third of the readings to the next, and the growth
    since its first reading as ``asinh(x/(2 s))`` with ``s`` its noise: a logarithm where it is large
    against the noise (a life is a power of it), straight where it is lost in it. The last is taken
    at the last reading and half the way.
    """
    parts = []
    for rows, scale in zip(groups, scales, strict=True):
        of = y[:, rows]
        parts.append(of.mean(axis=1))
        if len(rows) > 1:
            for part in np.array_split(np.arange(1, len(rows)), min(len(rows) - 1, _PARTS)):
                change = of[:, part].mean(axis=1) - of[:, 0]
                parts += [change, np.arcsinh(change / (2 * scale))]
    return np.array(parts).T


_PARTS = 2


def posterior(
    predicted: np.ndarray,
    readings: np.ndarray,
    covariance: np.ndarray,
    groups: Sequence[np.ndarray],
    scales: Sequence[float],
    prior: np.ndarray,
    log_remaining: np.ndarray,
    known: np.ndarray,
    targets: Mapping[str, np.ndarray],
    method: Method,
) -> Posterior:
    """Return what lives say of a cell with some readings.

    Parameters
    ----------
    predicted : ndarray, shape (lives, readings)
        What each life would have read, without noise (logarithms).
    readings : ndarray, shape (readings,)
        What was read (logarithms).
    covariance : ndarray
        Of the readings about the cell's own life.
    groups : sequence of ndarray
        The readings of each kind, in the order of time.
    scales : sequence of float
        The noise of each kind.
    prior : ndarray, shape (lives,)
        Weights before.
    log_remaining, known : ndarray, shape (lives,)
        The logarithm of the remaining life, and whether it is known; else it is longer.
    targets : mapping
        What else is asked, shape (lives,) each.
    method : Method
        How.
    """
    count, draws = len(prior), method.draws
    upper = np.linalg.cholesky(covariance)
    left = np.linalg.solve(upper, (readings - predicted).T)
    squares = (left**2).sum(axis=0)
    logs = -0.5 * squares
    full, _ = tempered(prior, logs, 0.0)
    weights, power = tempered(prior, logs, min(method.effective, 0.8 * effective_size(prior)))
    distance, misfit = _how_far(predicted, readings, covariance, squares, prior, method)

    lives = np.repeat(np.arange(count), draws)
    each = np.repeat(weights, draws) / draws
    score = normal_points(draws * count, predicted.shape[1] + 1)
    if power < 1:
        noise = score[:, :-1] @ upper.T / np.sqrt(1 - power)
        x = features(predicted[lives] + noise, groups, scales)
        at = features(readings[None, :], groups, scales)[0]
    else:  # nothing is left to be regressed on; survivors still need it
        x = features(predicted[lives], groups, scales)
        at = features(readings[None, :], groups, scales)[0]
    fit = _Regression(x, each, effective_size(weights))
    t, mean, spread = _with_survivors(fit, log_remaining[lives], known[lives], each)
    hidden = ~known[lives]
    if hidden.any():
        # Survivors: from the regression's distribution beyond what is known of them.
        place = norm.cdf((log_remaining[lives][hidden] - mean[hidden]) / spread)
        u = norm.cdf(score[hidden, -1])
        drawn = mean[hidden] + spread * norm.ppf(np.clip(place + u * (1 - place), 1e-12, 1 - 1e-12))
        t = t.copy()
        t[hidden] = np.maximum(drawn, log_remaining[lives][hidden])
    moved = {name: np.asarray(values)[lives] for name, values in targets.items()}
    if power < 1:
        t = fit.moved(t, at)
        for name, values in moved.items():
            ok = np.isfinite(values)
            if ok.all():
                moved[name] = fit.moved(values, at)
    return Posterior(
        lives,
        each / each.sum(),
        weights,
        t,
        moved,
        power,
        effective_size(weights),
        effective_size(full),
        distance,
        misfit,
        bool(distance > method.far and misfit > method.far),
    )


class _Regression:
    """A weighted linear regression on standardised features, with a ridge.

    The ridge is the one of the least generalised cross-validation (P. Craven, G. Wahba, Numer.
    Math. 31 (1979) 377), ``RSS/(1 - df/n)^2``, with the effective number of lives for ``n``.
    """

    def __init__(self, x: np.ndarray, weights: np.ndarray, lives: float):
        w = weights / weights.sum()
        self._mean = w @ x
        spread = np.sqrt(w @ (x - self._mean) ** 2)
        self._scale = np.where(spread > 1e-12 * (1 + np.abs(self._mean)), spread, np.inf)
        self._z = (x - self._mean) / self._scale
        self._w, self._lives = w, lives
        gram = (self._z * w[:, None]).T @ self._z
        self._values, self._vectors = np.linalg.eigh(gram)
        self._values = np.maximum(self._values, 0.0)
        self._scores = self._z @ self._vectors

    def _slopes(self, t: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Return the mean, the slopes along the eigenvectors, and the degrees of freedom."""
        middle = float(self._w @ t)
        along = self._scores.T @ (self._w * (t - middle))
        total = float(self._w @ (t - middle) ** 2)
        best = (np.inf, along * 0, 0.0)
        for ridge in _RIDGES:
            slopes = along / (self._values + ridge)
            left = total - float(slopes @ (2 * along - self._values * slopes))
            df = 1 + float((self._values / (self._values + ridge)).sum())
            if df < 0.8 * self._lives:
                score = max(left, 0.0) / (1 - df / self._lives) ** 2
                if score < best[0] * (1 - 1e-9):
                    best = (score, slopes, df)
        return middle, best[1], best[2]

    def fitted(self, t: np.ndarray) -> np.ndarray:
        """Return the regression of a target at its own features."""
        middle, slopes, _ = self._slopes(t)
        value: np.ndarray = middle + self._scores @ slopes
        return value

    def explained(self, t: np.ndarray) -> float:
        """Return the share of a target's variance that another life's would be explained by."""
        middle, slopes, df = self._slopes(t)
        total = float(self._w @ (t - middle) ** 2)
        if total <= 0:
            return 0.0
        left = float(self._w @ (t - middle - self._scores @ slopes) ** 2)
        return float(np.clip(1 - left / total / (1 - df / self._lives) ** 2, 0.0, 1.0))

    def moved(self, t: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return a target's draws at some features: the regression there, and what it left.

        What a regression leaves of the lives that it was made of is less than of another one, by
        ``1 - df/n``: it is widened by that.
        """
        middle, slopes, df = self._slopes(t)
        at = middle + float(((x - self._mean) / self._scale) @ self._vectors @ slopes)
        left = t - middle - self._scores @ slopes
        value: np.ndarray = at + left / (1 - df / self._lives)
        return value


_RIDGES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4)


def _with_survivors(
    fit: _Regression, t: np.ndarray, known: np.ndarray, weights: np.ndarray
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


def _how_far(
    predicted: np.ndarray,
    readings: np.ndarray,
    covariance: np.ndarray,
    squares: np.ndarray,
    prior: np.ndarray,
    method: Method,
) -> tuple[float, float]:
    """Return how far the readings are from the nearest lives, and from what is between them."""
    count = len(readings)
    near = np.argsort(squares, kind="stable")[: method.near]
    distance = float(np.sqrt(np.mean(squares[near]) / count))
    # Of many readings no life has just these, but what lies between the nearest may.
    wide, _ = tempered(prior, -0.5 * squares, min(method.effective, 0.8 * effective_size(prior)))
    middle = wide @ predicted
    apart = predicted - middle
    spread = (apart * wide[:, None]).T @ apart
    off = readings - middle
    square = float(off @ np.linalg.solve(spread + covariance, off))
    return distance, float(norm.isf(min(max(chi2.sf(square, count), 1e-300), 1.0) / 2))


def explained(o: np.ndarray, x: np.ndarray, weights: np.ndarray, lives: float) -> float:
    """Return the share of a target's variance that readings explain, by a regression on them.

    The regression is one on the readings, their squares and products; what it would explain by
    chance is taken off (generalised cross-validation).

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
    pairs = [z[:, i] * z[:, j] for i in range(z.shape[1]) for j in range(i, z.shape[1])]
    return _Regression(np.column_stack([z, *pairs]), w, lives).explained(x)
