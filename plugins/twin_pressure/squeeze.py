"""Friction that holds back a thin layer squeezed between plates.

A disc of radius ``R`` and height ``h`` that creeps as ``de/dt = A s^n`` is pressed at the
rate ``de/dt = v/h``. Frictionless, it needs the pressure ``s``. Sticking to the plates it
must also be sheared: with the von Mises equivalents ``tau = B 3^(-(1+v)/2) g^v`` of
``s = B e^v`` (``v = 1/n``) the flux ``v r/2`` through a gap takes the gradient::

    -dp/dr = (2 K/h) [(2 + n) v r/h^2]^(1/n),    K = B 3^(-(1+1/n)/2)

(Scott), whose mean over the disc, in units of ``s`` at the same rate, is
``C_n (R/h)^(1+1/n)``. Dissipation in the bulk and at the plates add, the latter in
proportion to the friction factor ``m`` (0 lubricated, 1 sticking)::

    p/s = Q = 1 + m C_n (R/h)^(1+1/n),    C_n = 2 . 3^(-(1+1/n)/2) (n + 2)^(1/n)/(3 + 1/n)

so that the layer thins at ``de/dt = A (p/Q)^n``. ``n = 1`` is Stefan's
``p = 3 eta R^2 v/(2 h^3)``; ``n`` to infinity is the plastic disc, ``1 + m d/(3 sqrt(3) h)``.

References: J. R. Scott, Trans. Inst. Rubber Ind. 7 (1931) 169; R. Hill, The
Mathematical Theory of Plasticity (1950) ch. X; for sodium, Wang et al. 2020, Materialia
100792.
"""

from __future__ import annotations

from typing import Any


def constraint_factor(exponent: Any, slenderness: Any, friction: Any) -> Any:
    """Return ``Q``, pressure over flow stress, of a disc between rough plates.

    Parameters
    ----------
    exponent : number or symbol
        Norton exponent n.
    slenderness : number or symbol
        Radius over height, R/h.
    friction : number or symbol
        Friction factor m: 0 lubricated, 1 sticking.
    """
    v = 1 / exponent
    coefficient = 2 * 3 ** (-(1 + v) / 2) * (exponent + 2) ** v / (3 + v)
    return 1 + friction * coefficient * slenderness ** (1 + v)
