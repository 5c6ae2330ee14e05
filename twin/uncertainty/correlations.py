"""Numbers whose spreads go together: a Gaussian copula.

A point ``u`` of the unit cube has independent normal scores ``z = Phi^-1(u)``. With the
correlation matrix ``R = L L^T`` of a cell's ``[correlations]``::

    z' = L z,    u' = Phi(z')

has correlated scores, and each ``u'`` alone is still uniform, so every number keeps the
distribution of its own spread (M. Sklar 1959; R. B. Nelsen, An Introduction to Copulas).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr, ndtri

from twin.errors import InputError
from twin.specs.complaint import did_you_mean
from twin.uncertainty.spreads import Uncertain

_EDGE = 1e-12


def correlation_matrix(spec: Any, items: Sequence[Uncertain], modes: Sequence[str]) -> np.ndarray:
    """Return the correlation matrix of some uncertain numbers, as the cell states it.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    items : sequence of Uncertain
        The numbers, in the order of the matrix.
    modes : sequence of str
        The selected modes; a correlation with a number of another mode says nothing here.

    Raises
    ------
    InputError
        If a correlation names a number without a spread, mixes kinds of spread, or fits
        no joint distribution.
    """
    keys = [item.key for item in items]
    matrix = np.eye(len(items))
    for name, stated in (spec.correlations or {}).items():
        at = f"correlations.{name}"
        for key in stated.between:
            if key not in keys and not _of_another_mode(key, modes):
                raise InputError(
                    f"correlation {name!r} names {key!r}, which has no spread",
                    key=f"{at}.between",
                    fix=did_you_mean(key, keys, "name a number that has a spread"),
                )
        rows = [keys.index(key) for key in dict.fromkeys(stated.between) if key in keys]
        if len({items[row].aleatory for row in rows}) > 1:
            raise InputError(
                f"correlation {name!r} joins what differs from cell to cell with what nobody knows",
                key=f"{at}.between",
                fix='give the numbers it joins the same spread_kind ("aleatory" or "epistemic")',
            )
        for i in rows:
            for j in rows:
                if i != j:
                    matrix[i, j] = stated.coefficient.si
    if np.linalg.eigvalsh(matrix).min() <= 1e-10:
        raise InputError(
            "no numbers can be correlated like that: the correlation matrix is not positive",
            key="correlations",
            fix="make a coefficient smaller, or leave a contradiction out",
        )
    return matrix


def blocks(matrix: np.ndarray) -> list[list[int]]:
    """Return the rows that depend on each other, block by block; most blocks are one row."""
    count, label = connected_components(matrix != 0, directed=False)
    return [np.flatnonzero(label == number).tolist() for number in range(count)]


def joined(cube: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return points of the unit cube with their scores correlated."""
    points = cube.copy()
    for rows in blocks(matrix):
        if len(rows) > 1:
            lower = np.linalg.cholesky(matrix[np.ix_(rows, rows)])
            scores = ndtri(np.clip(cube[:, rows], _EDGE, 1 - _EDGE))
            points[:, rows] = ndtr(scores @ lower.T)
    return points


def _of_another_mode(key: str, modes: Sequence[str]) -> bool:
    head, _, rest = key.partition(".")
    return head == "modes" and rest.partition(".")[0] not in modes
