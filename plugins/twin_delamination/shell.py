"""A particle that does not fit the electrolyte around it: Lame's sphere in a shell.

A sphere of radius ``R`` sits in a shell of electrolyte that holds the rest of the volume of
the two, ``f`` being the sphere's share. With ``eps`` the misfit of the sphere (linear; negative
where it is too small), and moduli ``K = E/3(1 - 2 nu)``, ``G = E/2(1 + nu)``::

    C_m      = [f/(3 K_m) + 1/(4 G_m)]/(1 - f)          the shell's cavity, per traction on it
    C        = C_m + 1/(3 K_p)                           and the particle's
    sigma_el = -eps/C                                    traction on the bond, elastic
    chi      = 1/(3 K_p C)                               of what a rigid shell would take
    A        = [1/(3 K_m) + 1/(4 G_m)]/[(1 - f) C]       traction that a pressure p takes off, A p
    p_el     = |eps| (1 - f)/[1/(3 K_m) + 1/(4 G_m)]     pressure that closes the gap it leaves
    p_pl     = 2/3 sigma_y ln(1/f)                       the shell yields through
    G        = sigma_i^2 C R/2,   R_c = 2 Gamma/(sigma_i^2 C)

Exactly ``A = sigma_el/p_el``. A single particle in an endless matrix is the limit ``f = 0``:
``chi = 4 G_m/(4 G_m + 3 K_p)``, Selsing's.

Limits: spherical and isotropic; neighbours count through ``f`` alone; a shell that has partly
yielded counts as elastic; pores and carbon give way in neither direction.

Every function takes numbers and PyBaMM symbols alike, in SI units.

References: Lame's thick-walled sphere, as in S. Timoshenko, J. N. Goodier, Theory of Elasticity,
sec. 142 (recalled), and checked against the linear system; J. Selsing, J. Am. Ceram. Soc. 44
(1961) 419 (recalled); R. Hill, The Mathematical Theory of Plasticity, ch. V (the shell that
yields; recalled).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def bulk_modulus(E: Any, nu: Any) -> Any:
    """Return ``K = E/3(1 - 2 nu)`` [Pa]."""
    return E / (3 * (1 - 2 * nu))


def shear_modulus(E: Any, nu: Any) -> Any:
    """Return ``G = E/2(1 + nu)`` [Pa]."""
    return E / (2 * (1 + nu))


@dataclass(frozen=True)
class Shell:
    """A particle and its shell, elastic.

    Attributes
    ----------
    E_particle, nu_particle : number or symbol
        Young's modulus [Pa] and Poisson's ratio of the particle.
    E_matrix, nu_matrix : number or symbol
        Those of the electrolyte around it.
    fraction : number or symbol
        The particle's share ``f`` of the volume of the two.
    """

    E_particle: Any
    nu_particle: Any
    E_matrix: Any
    nu_matrix: Any
    fraction: Any

    @property
    def _uniform(self) -> Any:
        """``1/(3 K_m) + 1/(4 G_m)`` [1/Pa]."""
        shear = shear_modulus(self.E_matrix, self.nu_matrix)
        return 1 / (3 * bulk_modulus(self.E_matrix, self.nu_matrix)) + 1 / (4 * shear)

    @property
    def shell_compliance(self) -> Any:
        """``C_m``, by which the cavity opens per traction on it [1/Pa]."""
        bulk = bulk_modulus(self.E_matrix, self.nu_matrix)
        shear = shear_modulus(self.E_matrix, self.nu_matrix)
        return (self.fraction / (3 * bulk) + 1 / (4 * shear)) / (1 - self.fraction)

    @property
    def compliance(self) -> Any:
        """``C``, misfit per traction [1/Pa]."""
        return self.shell_compliance + 1 / (3 * bulk_modulus(self.E_particle, self.nu_particle))

    @property
    def constraint(self) -> Any:
        """``chi``, the share of the misfit that the particle has to take up."""
        return 1 / (3 * bulk_modulus(self.E_particle, self.nu_particle) * self.compliance)

    @property
    def pressure_factor(self) -> Any:
        """``A``, by how much traction an even pressure takes off the bond."""
        return self._uniform / ((1 - self.fraction) * self.compliance)

    def traction(self, misfit: Any) -> Any:
        """Return ``sigma_el`` [Pa] of a misfit, positive where it pulls at the bond."""
        return -misfit / self.compliance

    def closing_pressure(self, shrunk: Any) -> Any:
        """Return ``p_el`` [Pa], which closes the gap of a particle too small by ``shrunk``."""
        return shrunk * (1 - self.fraction) / self._uniform

    def release_rate(self, traction: Any, radius: Any) -> Any:
        """Return the energy set free per area parted, ``G`` [J.m-2]."""
        return traction**2 * self.compliance * radius / 2

    def critical_radius(self, traction: float, energy: float) -> float:
        """Return ``R_c`` [m], from which on a particle parts at once at ``Gamma`` [J.m-2]."""
        value: float = 2 * energy / (traction**2 * self.compliance)
        return value


def yield_traction(strength: Any, fraction: Any) -> Any:
    """Return ``p_pl = 2/3 sigma_y ln(1/f)`` [Pa], at which the shell has yielded through."""
    return 2 / 3 * strength * -np.log(fraction)


def pressure_in_a_die(pressure: Any, nu: Any, strength: Any | None = None) -> Any:
    """Return the even part of a stack pressure on a layer that cannot spread [Pa].

    Elastic, the sides carry ``nu/(1 - nu)`` of it: ``p (1 + nu)/3(1 - nu)``. They differ from
    the face by no more than the yield strength::

        p - 2/3 min(p (1 - 2 nu)/(1 - nu), sigma_y)
    """
    shear = pressure * (1 - 2 * nu) / (1 - nu)
    if strength is not None:
        shear = lesser(shear, strength)
    return pressure - 2 / 3 * shear


def lesser(a: Any, b: Any) -> Any:
    """Return the smaller of two numbers or symbols."""
    import pybamm

    if isinstance(a, pybamm.Symbol) or isinstance(b, pybamm.Symbol):
        return pybamm.minimum(a, b)
    return np.minimum(a, b)


def greater(a: Any, b: Any) -> Any:
    """Return the larger of two numbers or symbols."""
    import pybamm

    if isinstance(a, pybamm.Symbol) or isinstance(b, pybamm.Symbol):
        return pybamm.maximum(a, b)
    return np.maximum(a, b)
