"""The best of several where more than one is as good: the first of them, on purpose.

Two sums of the same numbers in another order differ in their last bit, and which order a
machine takes depends on its processor. Where the best of several is picked, the last bit
must not decide: whatever comes within a margin of the best is as good, and the first of
those is taken. So the caller puts the simplest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

MARGIN = 1e-9
"""A difference between numbers of order one that rounding can cause and nobody can see."""

T = TypeVar("T")


def first_least(values: np.ndarray | Sequence[float], margin: np.ndarray | float) -> np.ndarray:
    """Return the index of the first value that is within a margin of the least.

    Parameters
    ----------
    values : array-like, shape (n, ...)
        The values, the simplest choice first along the first axis.
    margin : float or ndarray, shape (...)
        What counts as equal.

    Returns
    -------
    ndarray, shape (...)
        Indices along the first axis.
    """
    table = np.asarray(values, dtype=float)
    value: np.ndarray = np.argmax(table <= table.min(axis=0) + margin, axis=0)
    return value


def first_best(items: Iterable[T], score: Callable[[T], float], margin: float = MARGIN) -> T:
    """Return the first item whose score is within a margin of the largest.

    Parameters
    ----------
    items : iterable
        At least one, the simplest first.
    score : callable
        What is to be large; not NaN.
    margin : float
        What counts as equal; the default is for scores of order one.

    Raises
    ------
    ValueError
        If there are no items.
    """
    candidates = list(items)
    scores = [score(item) for item in candidates]
    best = max(scores)
    return next(item for item, s in zip(candidates, scores, strict=True) if s >= best - margin)
