"""Stress and energy of two bonded solids that do not fit each other.

A film whose misfit strain ``eps`` a thick neighbour prevents is under the biaxial stress
``M eps``; a spherical particle in a matrix presses on it (or pulls at it)::

    film        M = E/(1 - nu)
    inclusion   M = 1 / [ (1 + nu_m)/(2 E_m) + (1 - 2 nu_p)/E_p ]       (Selsing)

Parting the film sets free, once the crack is long against its thickness ``h``::

    G = (1 - nu^2) sigma^2 h / (2 E)         h_crit = 2 E Gamma/((1 - nu^2) sigma^2)

Bonded to a plate of thickness ``h_2`` it bends the two (Timoshenko), with ``m = h_1/h_2`` and
``n = M_1/M_2``::

    kappa = 6 eps (1 + m)^2 / [ (h_1 + h_2) (3 (1 + m)^2 + (1 + m n)(m^2 + 1/(m n))) ]

which for a thin film is Stoney's ``6 M_1 h_1 eps/(M_2 h_2^2)``.

Every function takes numbers and PyBaMM symbols alike, in SI units.

References: J. W. Hutchinson, Z. Suo, Adv. Appl. Mech. 29 (1992) 63; J. Selsing, J. Am.
Ceram. Soc. 44 (1961) 419; S. Timoshenko, J. Opt. Soc. Am. 11 (1925) 233. All recalled, not
re-read; the inclusion's M is Lame's sphere in an infinite matrix.
"""

from __future__ import annotations

from typing import Any


def biaxial_modulus(E: Any, nu: Any) -> Any:
    """Return ``E/(1 - nu)`` [Pa]."""
    return E / (1 - nu)


def inclusion_modulus(E_matrix: Any, nu_matrix: Any, E_particle: Any, nu_particle: Any) -> Any:
    """Return the pressure on a sphere per unit of linear misfit strain [Pa]."""
    return 1 / ((1 + nu_matrix) / (2 * E_matrix) + (1 - 2 * nu_particle) / E_particle)


def release_rate(stress: Any, thickness: Any, E: Any, nu: Any) -> Any:
    """Return the energy released per area parted, ``G`` [J.m-2]."""
    return (1 - nu**2) * stress**2 * thickness / (2 * E)


def bilayer_curvature(strain: Any, M_film: Any, h_film: Any, M_plate: Any, h_plate: Any) -> Any:
    """Return the curvature [m-1] of two bonded plates whose free lengths differ by ``strain``."""
    m, n = h_film / h_plate, M_film / M_plate
    # Times m n, so that a film of no thickness bends nothing.
    stiffness = 3 * (1 + m) ** 2 * m * n + (1 + m * n) * (m**3 * n + 1)
    return 6 * strain * (1 + m) ** 2 * m * n / ((h_film + h_plate) * stiffness)
