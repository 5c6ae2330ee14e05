"""A sparse polynomial that stands for an ensemble's lives.

A Sobol index by its definition takes thousands of lives; members are few. So their
answer ``y`` is fitted by a sum of Hermite polynomials of the normal scores ``z`` of the
uncertain numbers (a polynomial chaos)::

    y(z) ~ sum_a c_a prod_i He_{a_i}(z_i) / sqrt(a_i!)

with powers up to the third of one score and products of two. Which terms are in it is
found by orthogonal matching pursuit: one term after the other, each the one that explains
most of what is left, until the leave-one-out error, corrected for small samples, rises.
How much of the answer the polynomial explains is then found by doing all of this without
a fifth of the members and predicting these, five times over.

References: G. Blatman, B. Sudret, J. Comput. Phys. 230 (2011) 2345 (sparse chaos, the
leave-one-out error and its correction).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.polynomial.hermite_e import hermeval

from twin.ties import MARGIN, first_least

_POWERS = 3
_PATIENCE = 3
_FOLDS = 5
Term = tuple[tuple[int, int], ...]
"""Which score in which power: ``((3, 1), (7, 1))`` is a product of two scores."""


@dataclass(frozen=True)
class Surrogate:
    """A fitted polynomial.

    Attributes
    ----------
    terms, coefficients : list of Term, ndarray
        The sum; the first term, empty, is the mean.
    explained : float
        The share of the variance it explains of members it was not fitted to (1 at
        best; 0 or less means that it says nothing).
    low, high : float
        The range of the answers it was fitted to; it never says more.
    """

    terms: list[Term]
    coefficients: np.ndarray
    explained: float
    low: float
    high: float

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the answers at scores ``z``, shape (points, numbers)."""
        value: np.ndarray = np.clip(
            _columns(self.terms, z) @ self.coefficients, self.low, self.high
        )
        return value


def fit(z: np.ndarray, y: np.ndarray) -> Surrogate:
    """Fit a sparse polynomial to answers ``y`` at scores ``z``, shape (members, numbers)."""
    terms, coefficients = _matched(z, y)
    low, high = float(y.min()), float(y.max())
    missed = np.empty(len(y))
    for fold in range(_FOLDS):
        out = np.arange(len(y)) % _FOLDS == fold
        kept, some = _matched(z[~out], y[~out])
        missed[out] = y[out] - np.clip(_columns(kept, z[out]) @ some, low, high)
    variance = float(np.var(y))
    explained = 1 - float(np.mean(missed**2)) / variance if variance > 0 else 0.0
    return Surrogate(terms, coefficients, explained, low, high)


def _matched(z: np.ndarray, y: np.ndarray) -> tuple[list[Term], np.ndarray]:
    """Return the terms that orthogonal matching pursuit finds, and their coefficients."""
    members, numbers = z.shape
    pool: list[Term] = [((i, p),) for i in range(numbers) for p in range(1, _POWERS + 1)]
    pool += [((i, 1), (j, 1)) for i, j in combinations(range(numbers), 2)]
    table = _columns(pool, z)
    chosen: list[int] = []
    rounding = MARGIN * float(np.var(y))
    best: tuple[float, list[int]] = (_left_out(np.ones((members, 1)), y), [])
    for _ in range(min(len(pool), members // 3)):
        basis = np.column_stack([np.ones(members), table[:, chosen]])
        residual = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
        # What of each candidate is new, given those chosen.
        q, _ = np.linalg.qr(basis)
        fresh = table - q @ (q.T @ table)
        norms = np.linalg.norm(fresh, axis=0)
        gain = np.abs(fresh.T @ residual) / np.where(norms > 1e-8, norms, np.inf)
        gain[chosen] = 0.0
        if not gain.max() > 0:
            break
        chosen.append(int(first_least(-gain, MARGIN * gain.max())))
        error = _left_out(np.column_stack([np.ones(members), table[:, chosen]]), y)
        if error < best[0] - rounding:
            best = (error, list(chosen))
        elif len(chosen) - len(best[1]) >= _PATIENCE:
            break
    terms: list[Term] = [(), *(pool[i] for i in best[1])]
    coefficients = np.linalg.lstsq(_columns(terms, z), y, rcond=None)[0]
    return terms, coefficients


def _columns(terms: list[Term], z: np.ndarray) -> np.ndarray:
    columns = np.ones((len(z), len(terms)))
    for column, term in enumerate(terms):
        for i, power in term:
            unit = np.zeros(power + 1)
            unit[power] = 1 / math.sqrt(math.factorial(power))
            columns[:, column] *= hermeval(z[:, i], unit)
    return columns


def _left_out(basis: np.ndarray, y: np.ndarray) -> float:
    """Return the mean square error of predicting each member from all others, corrected."""
    members, terms = basis.shape
    if terms >= members:
        return math.inf
    q, _ = np.linalg.qr(basis)
    leverage = np.minimum((q**2).sum(axis=1), 1 - 1e-9)
    residual = y - q @ (q.T @ y)
    plain = float(np.mean((residual / (1 - leverage)) ** 2))
    gram = np.linalg.pinv(basis.T @ basis / members)
    value: float = plain * members / (members - terms) * (1 + float(np.trace(gram)) / members)
    return value
