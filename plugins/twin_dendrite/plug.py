"""Sodium in a crack's mouth: what holds the pressure in, or lets it out.

Sodium that is plated along both flanks of a slit of the width ``w`` and the length ``l``
flows out of its mouth. With the metal's law ``de/dt = A_c s^n`` (in shear
``dg/dt = A' tau^n``, ``A' = 3^((n+1)/2) A_c``), the flux ``j_out`` from each flank needs the
pressure ``p`` at the tip::

    p = (2/w) [4 (n+2) v j_out/(A' w^2)]^(1/n) l^(1+1/n) n/(n+1)

and so a crack under ``p`` loses ::

    j_out = A' w^(n+2)/(4 (n+2) v l^(n+1)) [(n+1)/(2n)]^n |p|^n sgn(p)

A melt of the viscosity ``mu`` is the case ``n = 1``, ``A' = 1/mu``: Poiseuille's
``p = 12 mu v j l^2/w^3``.

``w`` is the crack's own mean opening, so ``j_out ~ l^(-n) k^(n+2) |p/p_c|^n``: the shorter
a crack, the faster it is emptied. At its critical pressure sodium is squeezed back as
fast as it is plated where the crack is shorter than ``l_min(j)``, and such a flaw cannot crack. An
upper bound: sodium in small volumes is stronger than in bulk. In molten sodium the
pressure that stays is a few hundredths of the critical one at any current of use.

References: R. B. Bird et al., Dynamics of Polymeric Liquids 1 (1987) ch. 4 (recalled: the slit);
Wang, Chang, Wolfenstine, Sakamoto, Materialia (2020) 100792 (A_c, n); A. V. Virkar, J. Mater.
Sci. 16 (1981) 1142 (abstract: the current that a crack with Poiseuille flow bears).
"""

from __future__ import annotations

from typing import Any

# Keeps the power of the pressure smooth at nought, as a share of the critical pressure.
_SMOOTH = 1e-6


def outflow(
    fluidity: Any, n: Any, opening: Any, pressure: Any, scale: Any, length: Any, v: Any
) -> Any:
    """Return ``j_out`` [A.m-2], negative where the pressure is.

    Parameters
    ----------
    fluidity : symbol
        ``A'`` [Pa^-n.s-1].
    n : symbol
        Exponent of the flow law.
    opening : symbol
        Mean opening of the crack ``w`` [m].
    pressure, scale : symbol
        ``p`` [Pa], and a size of it (the critical one).
    length : symbol
        The crack's [m].
    v : symbol
        ``V_m/F`` [m3.C-1].
    """
    share = pressure / scale
    power = share * (share**2 + _SMOOTH**2) ** ((n - 1) / 2)
    slit = fluidity * opening ** (n + 2) / (4 * (n + 2) * v * length ** (n + 1))
    return slit * ((n + 1) / (2 * n) * scale) ** n * power


def shear_fluidity(creep: Any, n: Any) -> Any:
    """Return ``A'`` of a creep factor ``A_c`` [Pa^-n.s-1]."""
    return 3 ** ((n + 1) / 2) * creep


def shortest(j: Any, creep: Any, n: Any, K_c: Any, modulus: Any, v: Any) -> Any:
    """Return ``l_min`` [m]: at ``j`` [A.m-2] shorter cracks do not become critical."""
    from twin_dendrite.fracture import critical_pressure, mean_opening

    def lost(length: Any) -> Any:
        p = critical_pressure(K_c, length)
        opening = mean_opening(p, length, modulus)
        return outflow(shear_fluidity(creep, n), n, opening, p, p, length, v)

    return (lost(1.0) / j) ** (1 / n)  # j_out at p_c goes exactly with l^-n
