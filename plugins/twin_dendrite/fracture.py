"""A crack wedged open by the sodium in it: linear elastic fracture mechanics.

A half-penny crack of radius ``l`` starts at the face and stands across the layer. The
volume ``V`` of sodium in it sets the pressure that opens it::

    P  = 3 E* V/(8 l^3)                    E* = E/(1 - nu^2)
    K  = Y P sqrt(pi l)                    Y  = 2/pi
    w  = 16 P l/(3 pi E*)                  its mean opening

``P`` is what acts on its walls beyond the compression of the electrolyte. With the
sodium's own pressure ``p`` above that of its electrode, ``p_s``, of which the share
``chi`` comes back as lateral confinement, and a compression ``s_r`` of the layer's plane::

    P = p + (1 - chi) p_s - s_r

so stack pressure opens a crack that is free to widen. It is critical at ``K_c``, under the
pressure ``p_c`` and with the sodium ``V_c``::

    p_c = K_c/(Y sqrt(pi l))
    V_c = B l^(5/2),    B = 8 K_c/(3 sqrt(pi) Y E*)

No crack holds more than ``K_c``: what is plated beyond it makes the crack longer. Hence
the share ``k = V/V_c = K/K_c = P/p_c``, and a critical crack that takes up the charge
``c_g j l^2`` runs from ``l_0`` to ``l_1`` on the charge per area ::

    Q_s = (2 K_c/(g E* v)) (sqrt(l_1) - sqrt(l_0)),    g = 2 c_g K_c/(5 B E*),  v = V_m/F

at any current. An empty one needs ``Q = B sqrt(l)/(c_g v)`` to be critical again.

Under the tip's current the electrolyte may be corroded and break more easily (an option)::

    K_c(j) = K_Ic [ 1 - (1 - k_inf) j/(j + j_chi) ]

The factors of a half-penny crack leave out its free surface (1.0-1.2 on Y) and the other
electrode (until ``l`` is close to the layer's thickness). A crack filled only at its
mouth would need more; it is not treated.

Every function takes numbers and PyBaMM symbols alike, in SI units.

References: I. N. Sneddon, Proc. R. Soc. A 187 (1946) 229 (recalled: the pressurised penny
crack); L. Porz et al., Adv. Energy Mater. 7 (2017) 1701003 (recalled); Z. Ning et al., Nature
618 (2023) 287 (abstract: initiation and propagation apart, the latter promoted by stack
pressure and by the charge of a half cycle); C. D. Fincher et al., Nature 2026, as
reported second hand (toughness under current).
"""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPE = 2 / np.pi
"""Y of a half-penny crack. Its volume and opening belong to the same shape."""


def plane_modulus(E: Any, nu: Any) -> Any:
    """Return ``E* = E/(1 - nu^2)`` [Pa]."""
    return E / (1 - nu**2)


def critical_pressure(K_c: Any, length: Any) -> Any:
    """Return ``p_c`` [Pa] at which ``K = K_c``."""
    return K_c / (SHAPE * (np.pi * length) ** 0.5)


def critical_volume_factor(K_c: Any, modulus: Any) -> Any:
    """Return ``B`` [m0.5]: a critical crack holds ``B l^(5/2)``."""
    return 8 * K_c / (3 * np.sqrt(np.pi) * SHAPE * modulus)


def mean_opening(pressure: Any, length: Any, modulus: Any) -> Any:
    """Return ``w`` [m] under the opening pressure ``P`` [Pa]."""
    return 16 * pressure * length / (3 * np.pi * modulus)


def charge_to_cross(
    K_c: Any, modulus: Any, inflow: Any, start: Any, end: Any, specific_volume: Any
) -> Any:
    """Return ``Q_s`` [C.m-2] on which a critical crack runs from ``start`` to ``end``."""
    g = 2 * inflow * K_c / (5 * critical_volume_factor(K_c, modulus) * modulus)
    return 2 * K_c / (g * modulus * specific_volume) * (end**0.5 - start**0.5)


def charge_to_fill(K_c: Any, modulus: Any, inflow: Any, length: Any, specific_volume: Any) -> Any:
    """Return the charge [C.m-2] that makes an empty crack critical."""
    return critical_volume_factor(K_c, modulus) * length**0.5 / (inflow * specific_volume)


def toughness_left(j: Any, limit: Any, j_chi: Any) -> Any:
    """Return ``K_c(j)/K_Ic``; ``limit`` is ``k_inf``."""
    return 1 - (1 - limit) * j / (j + j_chi)
