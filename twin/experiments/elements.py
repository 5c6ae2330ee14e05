"""Elements of an equivalent circuit, each a resistance times a shape of ``s^2 = i w tau``.

arc             1/(1 + s^2)              a resistance beside a capacitance, tau = R C
finite length   tanh(s)/s                salt that diffuses between two metals
finite space    coth(s)/s                sodium that diffuses in particles
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Kind = Literal["arc", "grains", "boundaries", "finite length", "finite space"]
ARCS: tuple[Kind, ...] = ("arc", "grains", "boundaries")
_FAR = 20.0  # |s| beyond which tanh is one
_STEP = 1e-5


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


def slope(kind: Kind, omega: np.ndarray, tau: float, value: np.ndarray) -> np.ndarray:
    """Return the derivative of a shape in the logarithm of its time."""
    if kind in ARCS:
        return np.asarray(-value * (1 - value))
    return np.asarray((shape(kind, omega, tau * np.exp(_STEP)) - value) / _STEP)
