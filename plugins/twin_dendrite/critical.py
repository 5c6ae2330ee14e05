"""The plating current that an interface bears: where ``K_I`` reaches ``K_c``.

The tip overpotential is a sum of the reaction's and of ohmic parts, at the tip's current
``j = 2 j_0 sinh y``; where the current takes some of the toughness, less is needed::

    A y + C j + H (1 - k_inf) j/(j + j_chi) = eta_c,    A = 2RT/F

``eta_c`` is that of the whole toughness, ``H`` its part that ``K_Ic`` alone makes. The root
lies under ``eta_c/A`` and under ``asinh(eta_c/(2 j_0 C))``; from the lesser of the two
Newton's steps go down to it.

Limits: the reaction alone (Porz) and the detour alone, ``sigma V_m K_Ic/(F sqrt(pi)
l^(3/2))``.
"""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np
import pybamm

_STEPS = 12
# Keeps the first guess finite where nothing is ohmic.
_TINY = 1e-30


def critical_current(eta_c: Any, A: Any, j_0: Any, C: Any, lost: Any, half: Any) -> pybamm.Symbol:
    """Return the tip current [A.m-2] at which ``K_I`` is ``K_c``, as one PyBaMM function.

    Parameters
    ----------
    eta_c : symbol
        The critical overpotential of the sound electrolyte [V]; nought or less gives none.
    A : symbol
        ``2RT/F`` [V].
    j_0 : symbol
        Exchange current density [A.m-2].
    C : symbol
        Ohmic part of the overpotential, per tip current [Ohm.m2].
    lost, half : symbol
        ``H (1 - k_inf)`` [V] and ``j_chi`` [A.m-2].
    """
    return pybamm.Function(_root, eta_c, A, j_0, C, lost, half)


def _root(*given: Any) -> Any:
    """Solve for the current; takes arrays, and CasADi's symbols."""
    math: Any = casadi if any(isinstance(x, casadi.MX) for x in given) else np
    eta_c, A, j_0, C, lost, half = given
    eta = math.fmax(eta_c, 0)
    y = math.fmin(eta / A, math.arcsinh(eta / (2 * j_0 * C + _TINY)))
    for _ in range(_STEPS):
        j, slope = 2 * j_0 * math.sinh(y), 2 * j_0 * math.cosh(y)
        value = A * y + C * j + lost * j / (j + half) - eta
        y = math.fmax(y - value / (A + (C + lost * half / (j + half) ** 2) * slope), 0)
    return 2 * j_0 * math.sinh(y)
