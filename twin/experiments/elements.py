"""Elements of an equivalent circuit, each a resistance times a shape of ``s^2 = i w tau``.

    arc             1/(1 + s^2)              a resistance beside a capacitance, tau = R C
    finite length   tanh(s)/s                salt that diffuses between two metals
    finite space    coth(s)/s                sodium that diffuses in particles
    pore            coth(s)/s - 1/s^2        a composite's electrolyte, tau = R C

The pore is a blocking transmission line, ``R coth(s)/s`` (R. de Levie, Electrochim. Acta 8
(1963) 751, recalled), less its own capacitance ``1/(i w C)``, which the arcs of film and double
layer stand for: a third of ``R`` at low frequency, ``R/s`` at high.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Kind = Literal["arc", "finite length", "finite space", "pore"]
_FAR, _NEAR = 20.0, 0.05  # |s| beyond which tanh is one, below which the series is exact
_STEP = 1e-5


def shape(kind: Kind, omega: np.ndarray, tau: float) -> np.ndarray:
    """Return an element's impedance over its resistance."""
    square = 1j * omega * tau
    if kind == "arc":
        return np.asarray(1 / (1 + square))
    s = np.sqrt(square)
    # tanh of a large argument is one; numpy's overflows on the way.
    tanh = np.where(s.real > _FAR, 1.0 + 0j, np.tanh(np.where(s.real > _FAR, 1.0, s)))
    if kind == "finite length":
        return np.asarray(tanh / s)
    blocking = 1 / (tanh * s)
    if kind == "finite space":
        return np.asarray(blocking)
    series = 1 / 3 - square / 45 + 2 * square**2 / 945
    return np.where(np.abs(s) < _NEAR, series, blocking - 1 / square)


def slope(kind: Kind, omega: np.ndarray, tau: float, value: np.ndarray) -> np.ndarray:
    """Return the derivative of a shape in the logarithm of its time."""
    if kind == "arc":
        return np.asarray(-value * (1 - value))
    return np.asarray((shape(kind, omega, tau * np.exp(_STEP)) - value) / _STEP)
