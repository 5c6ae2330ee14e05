"""What the data can tell of each number, and what they cannot.

With ``J = dV/dz`` and the covariance ``R`` of the model's error, the Gauss-Newton (Laplace)
posterior of the coordinates, whose prior has the covariance 1, is ``C = (J^T R^-1 J + 1)^-1``. The
matrix ``J^T R^-1 J`` is Fisher's information. ``C_kk^(1/2)`` is what is left of the prior's
width: 1 if the data say nothing of a number. Two numbers whose posterior correlation is near 1
or -1 are told only together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber

TOLD, IN_PART = number_of("told", "told"), number_of("told", "in_part")
"""Below, the data have told a number; below, in part; above, it keeps its prior."""
MOVED = number_of("told", "moved")
"""A number that the fit has moved by more is told in part, though its width there is the prior's:
beyond some value it no longer matters."""
TOGETHER = number_of("told", "together")
AT_BOUND = number_of("told", "at_bound")


@dataclass(frozen=True)
class Told:
    """What the data have told of a number.

    Attributes
    ----------
    key : str
        Its dotted key.
    share : float
        The posterior's width over the prior's.
    says : str
        ``"told"``, ``"in part"`` or ``"not told"``.
    bound : str
        ``"lower"`` or ``"upper"`` if the fit ended at that bound.
    together : str
        The number it can only be told with, if there is one, and how they go together.
    """

    key: str
    share: float
    says: str
    bound: str = ""
    together: str = ""


def laplace(jacobian: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return ``(J^T R^-1 J + 1)^-1``."""
    half = np.linalg.cholesky(covariance)
    white = np.linalg.solve(half, jacobian)
    value: np.ndarray = np.linalg.inv(white.T @ white + np.eye(jacobian.shape[1]))
    even: np.ndarray = (value + value.T) / 2
    return even


def what_is_told(items: Sequence[FreeNumber], z: np.ndarray, covariance: np.ndarray) -> list[Told]:
    """Return what the data have told of each number, by its posterior covariance."""
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    told = []
    for k, item in enumerate(items):
        share = float(sd[k])
        says = (
            "told"
            if share < TOLD
            else "in part"
            if share < IN_PART or abs(z[k]) > MOVED
            else "not told"
        )
        others = np.abs(correlation[k]).copy()
        others[k] = 0.0
        other = int(np.argmax(others)) if len(items) > 1 else k
        together = ""
        if others[other] > TOGETHER:
            sign = "ratio" if correlation[k, other] > 0 else "product"
            together = f"{items[other].key} ({sign})"
        low, high = item.z_bounds
        near = AT_BOUND * (high - low)
        bound = "lower" if z[k] - low < near else "upper" if high - z[k] < near else ""
        told.append(Told(item.key, share, says, bound, together))
    return told


@dataclass(frozen=True)
class Profile:
    """The least cost with one number held, over its coordinate.

    Attributes
    ----------
    key : str
        Its dotted key.
    x : tuple of float
        Its values, in SI.
    cost : tuple of float
        Twice the cost above the least one: 1 is one standard deviation.
    """

    key: str
    x: tuple[float, ...]
    cost: tuple[float, ...]
