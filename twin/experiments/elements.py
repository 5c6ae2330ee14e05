"""Elements of an equivalent circuit, each a resistance times a shape of ``s^2 = i w tau``.

arc             1/(1 + s^2)              a resistance beside a capacitance, tau = R C
finite length   tanh(s)/s                salt that diffuses between two metals
finite space    coth(s)/s                sodium that diffuses in particles
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Kind = Literal["arc", "grains", "boundaries", "finite length", "finite space"]
ARCS: tuple[Kind, ...] = ("arc", "grains", "boundaries")
_FAR = 20.0  # |s| beyond which tanh is one


def shape(kind: Kind, omega: np.ndarray, tau: float) -> np.ndarray:
    """Return an element's impedance over its resistance."""
    square = 1j * omega * tau
    if kind in ARCS:
        return np.asarray(1 / (1 + square))
    s = np.sqrt(square)
    # tanh of a large argument is one; numpy's overflows on the way.
    tanh = np.where(s.real > _FAR, 1.0 + 0j, np.tanh(np.where(s.real > _FAR, 1.0, s)))
    if kind == "finite length":
        return np.asarray(tanh / s)
    return np.asarray(1 / (tanh * s))


def shapes(kinds: Sequence[Kind], omega: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """Return the shapes of several elements, a column each."""
    values = np.asarray(1 / (1 + 1j * omega[:, None] * taus))
    for column, kind in enumerate(kinds):
        if kind not in ARCS:
            values[:, column] = shape(kind, omega, taus[column])
    return values


def slopes(
    kinds: Sequence[Kind], omega: np.ndarray, taus: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Return the derivatives of shapes ``v`` in the logarithms of their times.

    An arc's is ``-v (1 - v)``; both tails' is ``(1 - v^2 s^2 - v)/2``.
    """
    derivatives = -values * (1 - values)
    tails = [column for column, kind in enumerate(kinds) if kind not in ARCS]
    v = values[:, tails]
    derivatives[:, tails] = (1 - v**2 * (1j * omega[:, None] * taus[tails]) - v) / 2
    return np.asarray(derivatives)
