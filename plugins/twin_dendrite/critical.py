"""The plating current that an interface bears: where the steady ``K`` reaches ``K_c``.

At rest in its pressure a crack takes in what it loses (``drive.py``). With the current of
the contact, ``j = 2 j_0 sinh y``, the drive is a sum of the reaction's and of ohmic parts; where
the current takes some of the toughness, less is needed; where sodium is squeezed out of
the critical crack, at ``J``, that has to be brought too::

    A y + C j + H (1 - k_inf) j/(j + j_chi) = eta_c + J (A y/j + D),    A = s 2RT/F

``eta_c`` is ``v`` times the pressure that makes the sound electrolyte critical, ``H`` its
part that ``K_Ic`` alone makes. As ``A y/j <= A/(2 j_0)``, the right side is at most
``E = eta_c + J (A/(2 j_0) + D)``, and the root lies under ``E/A`` and under
``asinh(E/(2 j_0 C))``; from the lesser of the two Newton's steps go down to it.

Limits: the reaction or a film alone (Porz) ``j R = v p_c``, and the detour alone,
``sigma V_m K_Ic/(F Y sqrt(pi) l^(3/2))``.
"""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np
import pybamm

_STEPS = 30
# Keeps what is divided by away from nought.
_TINY = 1e-30


def critical_current(
    eta_c: Any, A: Any, j_0: Any, C: Any, lost: Any, half: Any, J: Any, D: Any
) -> pybamm.Symbol:
    """Return the current density of the contact [A.m-2] at which ``K`` comes to ``K_c``.

    Parameters
    ----------
    eta_c : symbol
        The critical overpotential of the sound electrolyte [V]; nought or less gives none.
    A : symbol
        ``s 2RT/F`` [V], with the share ``s`` of the drop that acts at the tip.
    j_0 : symbol
        Exchange current density [A.m-2].
    C : symbol
        Ohmic part of the drive, per current [Ohm.m2].
    lost, half : symbol
        ``H (1 - k_inf)`` [V] and ``j_chi`` [A.m-2].
    J, D : symbol
        What the critical crack loses [A.m-2], and the ohmic resistance of its flank [Ohm.m2].
    """
    return pybamm.Function(_root, eta_c, A, j_0, C, lost, half, J, D)


def _root(*given: Any) -> Any:
    """Solve for the current; takes arrays, and CasADi's symbols."""
    math: Any = casadi if any(isinstance(x, casadi.MX) for x in given) else np
    eta_c, A, j_0, C, lost, half, J, D = given
    eta, J = math.fmax(eta_c, 0), math.fmax(J, 0)
    most = eta + J * (A / (2 * j_0) + D)
    y = math.fmin(most / (A + _TINY), math.arcsinh(most / (2 * j_0 * C + _TINY)))
    for _ in range(_STEPS):
        j, slope = 2 * j_0 * math.sinh(y), 2 * j_0 * math.cosh(y)
        chord = (y + _TINY) / (j + 2 * j_0 * _TINY)
        value = A * y + C * j + lost * j / (j + half) - eta - J * (A * chord + D)
        fed = J * A * (1 - slope * chord) / (j + _TINY)
        y = math.fmax(y - value / (A + (C + lost * half / (j + half) ** 2) * slope - fed), 0)
    return 2 * j_0 * math.sinh(y)
