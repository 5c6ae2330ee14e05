"""What a library of lives says of a cell, given its check-ups: reweighting and local regression.

Readings ``y`` (logarithms; :mod:`twin.tracking.observables`) about lives ``f_j`` on clocks that
suit the readings (:mod:`twin.tracking.clocks`), with covariance ``S``, have the log likelihoods
``l_j = -(y - f_j)' S^-1 (y - f_j)/2``. Where many lives are near, the weights ``w_j exp(l_j)`` are
the posterior: nothing else is done. A few hundred lives are not always near enough. Then:

1.  weights are ``w_j Z_j^b``, with ``Z_j`` the evidence of a life, its likelihood over all its
    clocks, and the largest power ``b`` that leaves an effective sample size ``(sum w)^2/sum w^2``
    as wanted; the clocks of one life keep their own weights;
2.  what the power left of a likelihood, ``exp((1 - b) l_j)``, is that of the same readings with
    the covariance ``S/(1 - b)``: each life is read with such noise, ``y* = f_j + e``,
    ``e ~ N(0, S/(1 - b))``;
3.  a weighted regression ``t = m(y*) + r`` of the logarithm of the remaining life ``t`` on features
    of ``y*`` moves each to ``m(y) + r``; the shares of modes are moved likewise.

For linear relations, normal numbers and lives of one clock this is exact, whatever ``b``. It is
approximate Bayesian computation with regression adjustment (Beaumont et al. 2002), the kernel a
tempered likelihood.

A life that was not followed to its end tells that it is longer: its remaining life is drawn from
the regression's distribution beyond what is known (expectation-maximisation: Schmee and Hahn
1979), so a survivor is never taken for a death at the horizon.

References: M. A. Beaumont, W. Zhang, D. J. Balding, Genetics 162 (2002) 2025; J. Schmee,
G. J. Hahn, Technometrics 21 (1979) 417.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import chi2, norm

from twin.tracking.clocks import Prior
from twin.tracking.regression import Regression, survivors_drawn
from twin.tracking.weights import effective_size, normal_points, tempered


@dataclass(frozen=True)
class Method:
    """How a posterior is made (``method.toml`` has the values, and why).

    Attributes
    ----------
    effective : float
        The effective sample size that weights leave.
    draws : int
        Clocks, and readings with noise, of each life.
    thin : float
        A library whose full likelihood leaves fewer effective lives is thin here.
    far : float
        Standard deviations beyond which a cell is outside the model.
    near : int
        How many of the nearest lives that is told by.
    own : float
        The probability that the cell's clock is the library's.
    clock : float
        The standard deviation of the logarithm of the exponent of other clocks.
    onward : float
        That of its change from now on.
    """

    effective: float = 40.0
    draws: int = 16
    thin: float = 10.0
    far: float = 3.0
    near: int = 5
    own: float = 1.0
    clock: float = 0.0
    onward: float = 0.0

    def clocks(self, pace: float = 0.0) -> Prior:
        """Return what is known of clocks before any reading."""
        return Prior(self.own, self.clock, self.onward, pace)


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
        The same, by life.
    log_remaining : ndarray, shape (draws,)
        The natural logarithm of the remaining life [cycles].
    targets : dict
        Draws of the other targets.
    dense : bool
        Whether lives were near enough for their likelihoods alone.
    effective, effective_full : float
        Effective sample sizes of these weights, and by the likelihoods alone.
    distance : float
        How far the readings are from the nearest lives [standard deviations].
    misfit : float
        The same from what lies between the nearest lives, as a normal score.
    strange : float
        How unlike the lives are that the posterior rests on, by the features, as a normal score.
    outside : bool
        Whether both of the first are too far, or the last is.
    log_evidence : float
        The logarithm of the likelihood over all lives and their clocks: how well this law of the
        cycles told beforehand what was read.
    """

    lives: np.ndarray
    weights: np.ndarray
    life_weights: np.ndarray
    log_remaining: np.ndarray
    targets: dict[str, np.ndarray]
    dense: bool
    effective: float
    effective_full: float
    distance: float
    misfit: float
    strange: float
    outside: bool
    log_evidence: float = 0.0


def features(y: np.ndarray, groups: Sequence[np.ndarray], scales: Sequence[float]) -> np.ndarray:
    """Return what a remaining life is regressed on, of readings of shape (n, readings).

    Of each kind: the mean of its readings; the growth since the first, as ``asinh(x/(2 s))`` with
    ``s`` its noise, a logarithm where it is large against the noise (a life is a power of it) and
    straight where it is lost in it, over the later half of the readings; and by how much that
    exceeds the same over the earlier half, the growth's exponent.
    """
    parts = []
    for rows, scale in zip(groups, scales, strict=True):
        of = y[:, rows]
        parts.append(of.mean(axis=1))
        if len(rows) < 2:
            continue
        halves = np.array_split(np.arange(1, len(rows)), min(len(rows) - 1, 2))
        grown = [
            np.arcsinh((of[:, h].mean(axis=1) - of[:, 0]) / (2 * scale / np.sqrt(len(h))))
            for h in halves
        ]
        parts.append(grown[-1])
        if len(grown) > 1:
            parts.append(grown[-1] - grown[0])
    return np.array(parts).T


def posterior(
    predicted: np.ndarray,
    readings: np.ndarray,
    covariance: np.ndarray,
    groups: Sequence[np.ndarray],
    scales: Sequence[float],
    prior: np.ndarray,
    rows: np.ndarray,
    log_remaining: np.ndarray,
    known: np.ndarray,
    modes: Sequence[str],
    targets: Mapping[str, np.ndarray],
    lives: np.ndarray,
    paces: np.ndarray,
    method: Method,
    wanted: float,
) -> Posterior:
    """Return what lives say of a cell with some readings.

    Lives come as rows, several of one life where it is held on several clocks.

    Parameters
    ----------
    predicted : ndarray, shape (rows, readings)
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
    rows : ndarray, shape (rows,)
        Those of the rows of each life.
    log_remaining, known : ndarray, shape (rows,)
        The logarithm of the remaining life, and whether it is known; else it is longer.
    modes : sequence of str
        What each died of; empty for those not known to have died.
    targets : mapping
        What else is asked, shape (rows,) each.
    lives : ndarray, shape (rows,)
        The life of each row.
    paces : ndarray, shape (rows,)
        The logarithm of the pace at which it is held; 0 is its own.
    method : Method
        How.
    wanted : float
        The effective number of lives that weights leave.
    """
    lower = np.linalg.cholesky(covariance)
    left = np.linalg.solve(lower, (readings - predicted).T)
    squares = (left**2).sum(axis=0)
    of = _Asked(readings, lower, groups, scales, log_remaining, known, modes, lives, paces)
    evidence, within = _by_life(rows, -0.5 * squares, lives, len(prior))
    full, _ = tempered(prior, evidence, 0.0)
    tamed, power = tempered(prior, evidence, wanted)
    each = tamed[lives] * within
    nearest = _nearest(squares, lives)
    distance, misfit = _how_far(
        predicted[nearest], readings, covariance, squares[nearest], prior, method
    )
    moved = {name: np.asarray(values) for name, values in targets.items()}
    t, strange = log_remaining, 0.0
    if power >= 1:
        z = features(predicted, groups, scales)
        u = norm.cdf(normal_points(len(z), predicted.shape[1] + 1)[:, -1])
        local = Regression(z, each, of.effective(each), paces)
        t = local.to_own(survivors_drawn(local, log_remaining, known, each, u))
    else:
        each, t, moved, strange = _regressed(of, predicted, moved, each, power)
    by_life = np.bincount(lives, each)
    return Posterior(
        lives,
        each,
        by_life,
        t,
        moved,
        power >= 1,
        effective_size(by_life),
        effective_size(full),
        distance,
        misfit,
        strange,
        bool((distance > method.far and misfit > method.far) or strange > method.far),
        float(logsumexp(evidence, b=prior)),
    )


def _by_life(
    rows: np.ndarray, log_likelihood: np.ndarray, lives: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each life's evidence (its logarithm), and the weights of its rows within it."""
    with np.errstate(divide="ignore"):
        logs = np.log(rows) + log_likelihood
    top = np.full(count, -np.inf)
    np.maximum.at(top, lives, logs)
    there = np.isfinite(top)
    apart = np.exp(logs - np.where(there, top, 0.0)[lives])
    total = np.bincount(lives, apart, count)
    some = np.where(total > 0, total, 1.0)
    evidence = np.where(there, top + np.log(some), _NO_EVIDENCE)
    return evidence, apart / some[lives]


_NO_EVIDENCE = -1e6
"""Of a life that is dead on all of its clocks."""


def _nearest(squares: np.ndarray, lives: np.ndarray) -> np.ndarray:
    """Return the row of each life that is nearest to the readings."""
    order = np.lexsort((np.arange(len(lives)), squares, lives))
    value: np.ndarray = order[np.unique(lives[order], return_index=True)[1]]
    return value


@dataclass(frozen=True)
class _Asked:
    """The arguments of :func:`posterior`, but for what is read and weighted."""

    readings: np.ndarray
    lower: np.ndarray
    groups: Sequence[np.ndarray]
    scales: Sequence[float]
    log_remaining: np.ndarray
    known: np.ndarray
    modes: Sequence[str]
    lives: np.ndarray
    paces: np.ndarray

    def effective(self, weights: np.ndarray) -> float:
        """Return how many lives some weights of rows leave."""
        return effective_size(np.bincount(self.lives, weights))


def _regressed(
    of: _Asked,
    predicted: np.ndarray,
    targets: dict[str, np.ndarray],
    weights: np.ndarray,
    power: float,
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], float]:
    """Return weights, and targets moved by what a power of the likelihood left (see the module)."""
    score = normal_points(len(weights), predicted.shape[1] + 1)
    noise = score[:, :-1] @ of.lower.T
    x, at = _told(of, predicted + noise / np.sqrt(1 - power))
    # At another pace a life is not quite the one that ages so: what it dies by (the fresh cell's
    # value, say) does not go along. The regression takes all to the pace that is their own.
    local = Regression(x, weights, of.effective(weights), of.paces)
    drawn = survivors_drawn(local, of.log_remaining, of.known, weights, norm.cdf(score[:, -1]))
    moved = {
        name: local.moved(held, at) if np.isfinite(held).all() else held
        for name, held in targets.items()
    }
    looks, cell = _told(of, predicted + noise)
    strange = _strange(looks, cell[None, :], weights)
    return _by_mode(of, local, at, weights), local.moved(drawn, at), moved, strange


def _told(of: _Asked, noisy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what noisy readings tell of each row, and what the cell's tell: within the rows'."""
    both = [
        np.column_stack([features(y, of.groups, of.scales), _latest(y, of.groups)])
        for y in (noisy, of.readings[None, :])
    ]
    # Far from all lives a line would run away: the cell is no further than the furthest.
    return both[0], np.clip(both[1][0], both[0].min(axis=0), both[0].max(axis=0))


def _by_mode(of: _Asked, local: Regression, at: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weights whose shares by mode are those that the regression has for the cell."""
    names = np.array(of.modes)
    tilted = weights.copy()
    for mode in sorted(set(of.modes)):
        mine = names == mode
        share = float(weights[mine].sum())
        if share * of.effective(weights) >= _FEW:
            there = float(np.clip(local.at(mine.astype(float), at), 0.0, 1.0))
            tilted[mine] *= there / share
    total: np.ndarray = tilted / tilted.sum()
    return total


def _strange(x: np.ndarray, at: np.ndarray, weights: np.ndarray) -> float:
    """Return how far features are from those of weighted draws, as a normal score.

    Summaries say which lives end as the cell will, if it is one of their kind; this says whether it
    looks like one: the square of the distance by the draws' own covariance, noise included, is one
    of chi squared.
    """
    mean = weights @ x
    apart = x - mean
    covariance = (apart * weights[:, None]).T @ apart
    scale = np.trace(covariance) / len(covariance)
    off = at[0] - mean
    square = off @ np.linalg.solve(covariance + 1e-6 * scale * np.eye(len(off)), off)
    return float(norm.isf(min(max(chi2.sf(float(square), len(off)), 1e-300), 1.0) / 2))


def _latest(y: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Return the latest reading of each kind: what a cell is now is nearest to it."""
    value: np.ndarray = y[:, [rows[-1] for rows in groups]]
    return value


_FEW = 8.0
"""Of fewer lives (effectively) no mode is told apart."""


_BETWEEN = 3
"""The lives between which a cell may lie: so many times the nearest."""


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
    wanted = min(_BETWEEN * method.near, 0.8 * effective_size(prior))
    wide, _ = tempered(prior, -0.5 * squares, wanted)
    middle = wide @ predicted
    apart = predicted - middle
    spread = (apart * wide[:, None]).T @ apart
    off = readings - middle
    square = float(off @ np.linalg.solve(spread + covariance, off))
    return distance, float(norm.isf(min(max(chi2.sf(square, count), 1e-300), 1.0) / 2))
