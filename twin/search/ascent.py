"""Finding the best place of the unit cube, by gradients or by search.

``Found.score`` is what is maximised (the logarithm of a life); a place is allowed where
no ``slack`` is negative. Of two places the better is the allowed one, then the one of the
higher score; where none is allowed, the one that breaks its limits least.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from twin.ties import MARGIN, first_best

Place = tuple[float, ...]
# A place is one of a fine grid, so that the same question is not asked twice.
_DIGITS = 4
_ALLOWED = 1e-9


@dataclass(frozen=True)
class Found:
    """What was found at a place."""

    place: Place
    score: float
    slack: tuple[float, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether every limit is kept."""
        return all(s >= -_ALLOWED for s in self.slack)

    @property
    def broken(self) -> float:
        """By how much the worst limit is broken: 0 or less."""
        return min([0.0, *self.slack])


Ask = Callable[[Sequence[Place]], list[Found]]


class Enough(Exception):
    """No more may be asked."""


def rounded(u: Any) -> Place:
    """Return a place inside the cube, on the fine grid."""
    return tuple(round(float(x), _DIGITS) for x in np.clip(np.asarray(u, dtype=float), 0, 1))


def best(points: Sequence[Found]) -> Found:
    """Return the best of some places (the first of equals)."""
    allowed = [f for f in points if f.allowed]
    if allowed:
        return first_best(allowed, lambda f: f.score)
    nearest = max(f.broken for f in points)
    return first_best([f for f in points if f.broken >= nearest - MARGIN], lambda f: f.score)


def scattered(dimensions: int, seed: int = 0) -> list[Place]:
    """Return places that fill the cube evenly: the start of a search."""
    power = 3 if dimensions <= 2 else 4
    return [rounded(u) for u in qmc.Sobol(dimensions, rng=seed).random_base2(power)]


def search(ask: Ask, start: Found, most: int, step: float = 0.15) -> None:
    """Go uphill from a place by linear models of what was found (Powell's COBYLA).

    Parameters
    ----------
    ask : callable
        Returns what is at some places; raises :class:`Enough` when no more may be asked.
    start : Found
        Where to begin.
    most : int
        No more steps than this.
    step : float
        The first step, as a share of each range.
    """
    limits = len(start.slack)

    def loss(u: np.ndarray) -> float:
        return -ask([rounded(u)])[0].score

    constraints = [
        {"type": "ineq", "fun": lambda u, k=k: ask([rounded(u)])[0].slack[k]} for k in range(limits)
    ]
    try:
        minimize(
            loss,
            np.array(start.place),
            method="COBYLA",
            bounds=[(0, 1)] * len(start.place),
            constraints=constraints,
            options={"maxiter": most, "rhobeg": step, "tol": 5e-3},
        )
    except Enough:
        return


def climb(
    value: Callable[[np.ndarray], tuple[float, np.ndarray]], start: Place, most: int = 30
) -> Place:
    """Go uphill by gradients (L-BFGS-B) and return where that ends.

    Parameters
    ----------
    value : callable
        The score of a place and its gradient.
    start : tuple of float
        Where to begin.
    most : int
        No more evaluations than this.
    """

    def loss(u: np.ndarray) -> tuple[float, np.ndarray]:
        score, slope = value(u)
        return -score, -slope

    done = minimize(
        loss, np.array(start), jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(start),
        options={"maxfun": most, "ftol": 1e-6},
    )  # fmt: skip
    return rounded(done.x)


def differences(
    ask: Ask, at: Place, step: float = 0.03
) -> tuple[np.ndarray, list[tuple[Found, Found]]]:
    """Return the score's slope by differences: central, or one-sided at a face of the cube."""
    pairs = []
    for k in range(len(at)):
        low, high = list(at), list(at)
        low[k], high[k] = max(at[k] - step, 0.0), min(at[k] + step, 1.0)
        pairs += [rounded(low), rounded(high)]
    answers = ask(pairs)
    both = list(zip(answers[::2], answers[1::2], strict=True))
    slope = [(b.score - a.score) / (b.place[k] - a.place[k]) for k, (a, b) in enumerate(both)]
    return np.array(slope), both


def window(ask: Ask, at: Found, axis: int, share: float, halvings: int = 3) -> tuple[float, float]:
    """Return between which places of one axis the score stays within ``share`` of the best.

    The ends are found by halving, so they lie inside the true ones.
    """
    floor = at.score + np.log(share)

    def good(u: float) -> bool:
        place = list(at.place)
        place[axis] = u
        answer = ask([rounded(place)])[0]
        return answer.score >= floor and (answer.allowed or not at.allowed)

    ends = []
    for end in (0.0, 1.0):
        inside = at.place[axis]
        if inside == end or good(end):
            ends.append(end)
            continue
        outside = end
        for _ in range(halvings):
            middle = (inside + outside) / 2
            if good(middle):
                inside = middle
            else:
                outside = middle
        ends.append(inside)
    return ends[0], ends[1]
