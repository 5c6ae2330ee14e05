"""A robust linear model of what papers report: effects, laboratories, scatter; intervals as data.

``y = X b + u_paper + e`` with ``b ~ N(0, prior sd)``, ``u ~ N(0, tau)`` and ``e ~ sigma t_4``. A
row whose ``y`` is only known to lie in an interval is drawn there anew in each step (data
augmentation). Drawn by Gibbs sampling: the scale of each ``t_4`` is a gamma variable, so that every
conditional is a known law (Geweke 1993; Tanner and Wong 1987).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from twin.outcomes.recognise import number_of
from twin.outcomes.recognise import priors as priors_kept

DEGREES = float(number_of("sampler", "degrees"))
BURN, KEPT, THIN = (int(number_of("sampler", name)) for name in ("burn", "kept", "thin"))


class Mechanisms(Protocol):
    """What is said of each row before the regression: it is fitted to what they leave."""

    trust: float
    """How likely a row is as they say."""

    def draw(self, at: np.ndarray, sd: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return what is left of each row's ``y``, given its mean ``at`` and deviation ``sd``."""


@dataclass(frozen=True)
class Posterior:
    """Draws of a fitted model.

    Attributes
    ----------
    b : array of shape (draws, effects)
        The effects.
    lab, cell : array of shape (draws,)
        Scatter between laboratories, and of a cell within one (the scale of its ``t_4``).
    u : dict of array
        The offset of each paper.
    trust : array of shape (draws,)
        How likely a row is as the mechanisms say; nought without them.
    """

    b: np.ndarray
    lab: np.ndarray
    cell: np.ndarray
    u: dict[Hashable, np.ndarray]
    trust: np.ndarray = field(default_factory=lambda: np.zeros(1))

    def predict(
        self, x: np.ndarray, rng: np.random.Generator, paper: Hashable = None
    ) -> np.ndarray:
        """Return members of ``y`` of a new cell; of a paper's own laboratory where it is known."""
        n = len(self.lab)
        offset = self.u[paper] if paper in self.u else self.lab * rng.standard_normal(n)
        value: np.ndarray = self.b @ x + offset + self.cell * rng.standard_t(DEGREES, n)
        return value


def fit(
    X: np.ndarray,
    lo: np.ndarray,
    hi: np.ndarray,
    papers: Sequence[Hashable],
    prior_sd: np.ndarray,
    prior_mean: np.ndarray | None = None,
    seed: int = 0,
    mechanisms: Mechanisms | None = None,
    priors: tuple[tuple[float, float], tuple[float, float]] | None = None,
    between: Mapping[int, tuple[float, float]] | None = None,
) -> Posterior:
    """Fit the model.

    Parameters
    ----------
    X : array of shape (rows, effects)
        What is known of each row.
    lo, hi : array of shape (rows,)
        The interval that each ``y`` is in; equal where it is known.
    papers : sequence
        The paper of each row.
    prior_sd, prior_mean : array of shape (effects,)
        Of the effects.
    seed : int
        Of the sampler: the same numbers each time.
    mechanisms : Mechanisms, optional
        What is said of each row before: the model is of what they leave.
    priors : tuple, optional
        Shape and scale of the inverse gamma priors of ``tau^2`` and ``sigma^2``; those of
        ``priors.toml`` if not given.
    between : mapping, optional
        The least and the most that an effect can be, by its place.
    """
    rng = np.random.default_rng(seed)
    order = list(dict.fromkeys(papers))
    where = np.array([order.index(p) for p in papers])
    n, k, labs = len(lo), X.shape[1], len(order)
    mean = np.zeros(k) if prior_mean is None else prior_mean
    precision = np.diag(prior_sd**-2.0)
    known = lo == hi
    y = _start(lo, hi)
    u, tau2, sigma2, scale = np.zeros(labs), 0.2, 0.25, np.ones(n)
    of_lab, of_cell = scatters() if priors is None else priors
    kept: list[tuple[np.ndarray, float, float, np.ndarray, float]] = []
    if mechanisms is not None:
        y = mechanisms.draw(X @ mean, np.full(n, 1.0), rng)
    for step in range(BURN + KEPT * THIN):
        w = scale / sigma2
        chol = np.linalg.cholesky(X.T @ (w[:, None] * X) + precision)
        centre = _solved(chol, X.T @ (w * (y - u[where])) + precision @ mean)
        b = centre + np.linalg.solve(chol.T, rng.standard_normal(k))
        for at, (least, most) in (between or {}).items():
            b = _kept_between(b, at, least, most, centre, chol, rng)
        rest = y - X @ b
        weight = np.bincount(where, w, labs) + 1 / tau2
        u = np.bincount(where, w * rest, labs) / weight + rng.standard_normal(labs) / np.sqrt(
            weight
        )
        tau2 = (of_lab[1] + (u @ u) / 2) / rng.gamma(of_lab[0] + labs / 2)
        e = rest - u[where]
        scale = rng.gamma((DEGREES + 1) / 2, 2 / (DEGREES + e**2 / sigma2))
        sigma2 = (of_cell[1] + (scale @ e**2) / 2) / rng.gamma(of_cell[0] + n / 2)
        if mechanisms is not None:
            y = mechanisms.draw(X @ b + u[where], np.sqrt(sigma2 / scale), rng)
        elif not known.all():
            at, sd = (X @ b + u[where])[~known], np.sqrt(sigma2 / scale[~known])
            a, c = (lo[~known] - at) / sd, (hi[~known] - at) / sd
            y[~known] = at + sd * truncated(a, c, rng)
        if step >= BURN and (step - BURN) % THIN == 0:
            trust = 0.0 if mechanisms is None else mechanisms.trust
            kept.append((b, float(np.sqrt(tau2)), float(np.sqrt(sigma2)), u.copy(), trust))
    offsets = np.array([d[3] for d in kept])
    return Posterior(
        np.array([d[0] for d in kept]),
        np.array([d[1] for d in kept]),
        np.array([d[2] for d in kept]),
        {paper: offsets[:, i] for i, paper in enumerate(order)},
        np.array([d[4] for d in kept]),
    )


def scatters(name: str = "scatter") -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the priors of both scatters."""
    of = priors_kept()[name]
    laboratory, cell = (
        (float(of[level]["shape"]), float(of[level]["scale"])) for level in ("laboratory", "cell")
    )
    return laboratory, cell


def likelihood(lo: np.ndarray, hi: np.ndarray, width: float) -> np.ndarray:
    """Return how likely ``e ~ width t_4`` is in ``[lo, hi]``; its density where they are equal."""
    from scipy.stats import t

    with np.errstate(invalid="ignore"):
        inside = t.cdf(hi / width, DEGREES) - t.cdf(lo / width, DEGREES)
    value: np.ndarray = np.where(lo == hi, t.pdf(lo / width, DEGREES) / width, inside)
    return value


def _start(lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Return a value in each interval."""
    inside = np.where(np.isinf(lo), hi - 0.5, np.where(np.isinf(hi), lo + 0.5, (lo + hi) / 2))
    return np.where(lo == hi, lo, inside)


def _solved(chol: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.linalg.solve(chol.T, np.linalg.solve(chol, right))


def _kept_between(
    b: np.ndarray,
    at: int,
    least: float,
    most: float,
    centre: np.ndarray,
    chol: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return effects of which one is drawn anew from its law within limits, the rest given it."""
    covariance = _solved(chol, np.eye(len(b))[at])
    sd = np.sqrt(covariance[at])
    low, high = (np.array([(end - centre[at]) / sd]) for end in (least, most))
    drawn = centre[at] + sd * truncated(low, high, rng)[0]
    value: np.ndarray = b + covariance / covariance[at] * (drawn - b[at])
    return value


def truncated(a: np.ndarray, c: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return standard normal draws between ``a`` and ``c``, also where both are far out."""
    # In the lower tail probabilities keep their digits: what lies above 0 is mirrored.
    above = a > 0
    low, high = np.where(above, -c, a), np.where(above, -a, c)
    p = ndtr(low) + rng.uniform(size=len(a)) * (ndtr(high) - ndtr(low))
    x = np.clip(ndtri(np.maximum(p, 1e-300)), low, high)
    value: np.ndarray = np.where(above, -x, x)
    return value
