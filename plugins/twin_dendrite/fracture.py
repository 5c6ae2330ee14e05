"""A crack pressed open by the sodium plated into it: linear elastic fracture mechanics.

Plating against the pressure ``p`` costs ``V_m p/F`` of overpotential; the overpotential at
a filament's tip is therefore good for the pressure ::

    p_f = chi_p (F/V_m) eta_tip                        0.246 mV per MPa for chi_p = 1

but for what the electrolyte can hold: a cavity in a soft solid grows without limit under
five sixths of Young's modulus (an elastomer of the Neo-Hookean kind, whose modulus bounds
what sodium can press in it; in a ceramic that is tens of gigapascals and never met)::

    p_f <= 5 E/6

The pressure opens the crack it fills against the compression of its plane, helped by
whatever pulls at it::

    p_net = p_f + sigma_0 - p_c
    K_I   = Y p_net sqrt(pi l)

A crack under the pressure ``p_net`` opens by ``4 p_net l/E*``, ``E* = E/(1 - nu^2)``. The
sodium that arrives has to fill that opening, so it can lengthen at most at::

    dl/dt = (V_m/F) j_n E*/(4 p_net)

Under the tip's current the electrolyte may be corroded and break more easily::

    K_c(j) = K_Ic [ 1 - (1 - k_inf) j/(j + j_chi) ]

Every function takes numbers and PyBaMM symbols alike, in SI units.

References: L. Porz et al., Adv. Energy Mater. 7 (2017) 1701003 (recalled); M. Klinsmann et
al., J. Power Sources 442 (2019) 227226 (recalled); C. D. Fincher et al., Nature 2026, as
reported second hand (toughness under current); A. N. Gent, P. B. Lindley, Proc. R. Soc. A
249 (1959) 195 (recalled; that cavities also tear is argued in arXiv 2312.14797, abstract).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm

from twin import FARADAY

# How much the critical overpotential rises per pressure beyond what can be held: no
# current reaches it.
_STEEP = 1e3


def held_pressure(E: Any) -> Any:
    """Return the pressure [Pa] under which a cavity grows without limit, ``5 E/6``."""
    return 5 * E / 6


def filament_pressure(eta: Any, V_m: Any, share: Any, most: Any = None) -> Any:
    """Return ``p_f`` [Pa] of a tip overpotential [V], at most what is held."""
    pressure = share * FARADAY / V_m * eta
    return pressure if most is None else pybamm.minimum(pressure, most)


def stress_intensity(Y: Any, pressure: Any, length: Any) -> Any:
    """Return ``K_I`` [Pa.m0.5] of a crack under a net opening pressure [Pa]."""
    return Y * pressure * (np.pi * length) ** 0.5


def critical_overpotential(
    K_c: Any, Y: Any, length: Any, V_m: Any, share: Any, compression: Any, most: Any = None
) -> Any:
    """Return the tip overpotential [V] at which ``K_I = K_c``.

    ``compression`` is ``p_c - sigma_0`` [Pa]. For none and ``Y = chi_p = 1`` it is Porz's
    ``V_m K_Ic/(F sqrt(pi l))``. Where more pressure is needed than the electrolyte holds it
    is out of reach.
    """
    needed = K_c / (Y * (np.pi * length) ** 0.5) + compression
    if most is not None:
        needed = needed + _STEEP * pybamm.maximum(needed - most, 0)
    return V_m / (FARADAY * share) * needed


def plane_modulus(E: Any, nu: Any) -> Any:
    """Return ``E* = E/(1 - nu^2)`` [Pa]."""
    return E / (1 - nu**2)


def filling_speed(j: Any, pressure: Any, modulus: Any, V_m: Any) -> Any:
    """Return how fast the sodium plated at ``j`` [A.m-2] lengthens an open crack [m.s-1]."""
    return V_m / FARADAY * modulus / (4 * pressure) * j


def toughness(K_Ic: Any, j: Any, limit: Any, j_chi: Any) -> Any:
    """Return ``K_c(j)`` [Pa.m0.5]; ``limit`` is ``k_inf``."""
    return K_Ic * (1 - (1 - limit) * j / (j + j_chi))
