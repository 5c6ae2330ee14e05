"""How much of a composite of mixed powders is connected, and how well its electrolyte conducts.

Active material and electrolyte are a random packing of two sorts of spheres. With ``eps`` the
pores, ``psi`` the electrolyte's share of the volume of the two, ``lambda`` the diameter of an
electrolyte particle over that of an active one::

    Z = 6 + 7.9 max(0, 0.36 - eps)^1/2          contacts of a particle
    S = psi/(psi + lambda (1 - psi))            electrolyte's share of the surface
    S_c = 0.312 (6/Z)^0.65                      a phase spans the layer above it
    psi_c = S_c lambda/(1 - S_c + S_c lambda)   the same as a share of volume
    P(S) = (1 - (1 - s)^(1.25 Z))^0.41,  s = max(0, (S - S_c)/(1 - S_c))
    K = (1 - eps)^1.5 max(0, (psi - psi_c)/(1 - psi_c))^1.8     sigma_eff/sigma
    u = P_e (1 - (1 - P(S))^m),  m = lambda^-0.7

``P`` is the share of a phase that hangs together through the layer, ``K`` its effective over
its bulk conductivity (so ``tau^2 = phi_SE/K``) and ``u`` the share of the active material that
both ions and electrons reach. Without carbon the active material is the path of the electrons:
``P_e = P(1 - S)``, and its ``K`` is that of ``1 - psi`` and ``1/lambda``; carbon above its own
threshold (about 4 % by mass) makes ``P_e = 1``. A particle touches the spanning cluster as often
as it belongs to it, so at ``lambda = 1`` ``u = P`` exactly; ``1 - (1 - P)^n`` with the number of
contacts is wrong.

In a layer thinner than 15 particles a path to one face is enough, and the threshold is blurred:
``max(0, x)`` becomes ``w ln(1 + exp(x/w))`` with ``w = 0.02``.

The rule ``S_c`` meets the site thresholds of lattices (0.312, 0.246, 0.199 at ``Z`` = 6, 8, 12:
0.312, 0.259, 0.199). Against soft-sphere packings of a solid share of 0.64 to 0.90: ``Z`` within
7 %, ``P`` within 5 % from ``S`` 0.30, ``K`` low by 2 to 25 % from ``S`` 0.35, ``psi_c`` within
0.05 for ``lambda`` 0.5 to 2. The exponent 1.5 of the pores is assumed.

A particle that touches the electrolyte on a share ``theta`` of its surface, in ``N`` patches, is
filled by way of them, and the paths inside it are longer (:func:`detour`)::

    D_eff = D_s/f,  f = 1 + 9.5/N^1/2 (theta^-1/2 - 1),  N = (1 + lambda^-2) Z S/2

``f`` is the mean excess of the surface over the mean filling, for a sphere with ``N`` round
patches of uniform flux, over the ``j R/5 F D`` of a sphere that is fed all around. Solved: 88.3,
24.0, 9.7, 5.0 for one patch at ``theta`` = 0.01, 0.1, 0.3, 0.5; 59, 15.0, 5.75, 2.98 for two
(the law is within 15 % for ``theta`` up to 0.3); 8.6, 6.6 for 6, 12 patches at random at 0.13.
The flux into the particle stays ``j/a L``: ``f`` acts on the diffusivity alone.

Valid for mixed powders (of agglomerates, with their ``lambda``); not for fibres, nor for
composites that are infiltrated, co-sintered or molten, whose phases all hang together.

References: C. S. O'Hern et al., Phys. Rev. E 68 (2003) 011306 (``Z``, recalled); M. Suzuki, T.
Oshima, Powder Technol. 35 (1983) 159 (contacts by surface, recalled); F. Strauss et al., ACS
Energy Lett. 3 (2018) 992, T. Shi et al., Adv. Energy Mater. 2020, doi:10.1002/aenm.201902881, L.
Froboese et al., J. Electrochem. Soc. 166 (2019) A318 (abstracts: what the law is held against).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Read = Callable[[str], Any]
"""Returns the number, or the symbol, of one of an electrode's keys."""

LEAST_EFFICIENCY = 1e-6
"""What is left of the electrolyte's conductivity where no path spans the layer."""
LEAST_SHARE = 1e-3
"""What is left of the active material there, so that there is a current to tell of."""
_THIN, _BLUR = 15, 0.02
_LEAST_CONTACT = 1e-4


def contacts(eps: Any, xp: Any = np) -> Any:
    """Return the contacts ``Z`` of a particle in a packing with pores ``eps``."""
    return 6 + 7.9 * xp.sqrt(xp.maximum(0.36 - eps, 0))


def surface_share(psi: Any, ratio: Any) -> Any:
    """Return ``S``, the share of the surface of a phase with the share ``psi`` of the volume."""
    return psi / (psi + ratio * (1 - psi))


def threshold(Z: Any) -> Any:
    """Return ``S_c``, the share of the surface above which a phase spans the layer."""
    return 0.312 * (6 / Z) ** 0.65


def volume_threshold(Z: Any, ratio: Any) -> Any:
    """Return ``psi_c``, the same as a share of the volume."""
    S_c = threshold(Z)
    return S_c * ratio / (1 - S_c + S_c * ratio)


def spanning(S: Any, Z: Any, xp: Any = np, thin: Any = 0) -> Any:
    """Return ``P(S)``, the share of a phase that spans the layer."""
    S_c = threshold(Z)
    s = _above(S - S_c, xp, thin) / (1 - S_c)
    return (1 - xp.maximum(1 - s, 0) ** (1.25 * Z)) ** 0.41


def efficiency(psi: Any, eps: Any, ratio: Any, xp: Any = np, thin: Any = 0) -> Any:
    """Return ``K``, a phase's effective over its bulk conductivity."""
    psi_c = volume_threshold(contacts(eps, xp), ratio)
    past = _above(psi - psi_c, xp, thin) / (1 - psi_c)
    return (1 - eps) ** 1.5 * past**1.8


def reached(
    psi: Any, eps: Any, ratio: Any, *, carbon: bool = True, xp: Any = np, thin: Any = 0
) -> Any:
    """Return ``u``, the share of the active material that ions and electrons reach."""
    Z, S = contacts(eps, xp), surface_share(psi, ratio)
    ions = 1 - (1 - spanning(S, Z, xp, thin)) ** (ratio**-0.7)
    return ions if carbon else ions * spanning(1 - S, Z, xp, thin)


def patches(psi: Any, eps: Any, ratio: Any, xp: Any = np) -> Any:
    """Return ``N``, the electrolyte particles that touch an active one."""
    return (1 + ratio**-2) * contacts(eps, xp) * surface_share(psi, ratio) / 2


def detour(theta: Any, N: Any) -> Any:
    """Return ``f``, by which ``N`` patches on a share ``theta`` slow down solid diffusion."""
    return 1 + 9.5 / N**0.5 * (theta**-0.5 - 1)


def _above(x: Any, xp: Any, thin: Any) -> Any:
    hard = xp.maximum(x, 0)
    if isinstance(thin, int | float) and not thin:
        return hard
    # max(x, 0) + w ln(1 + exp(-|x|/w)): the same, and it never overflows.
    return hard + thin * _BLUR * xp.log(1 + xp.exp(-abs(x) / _BLUR))


# ------------------------------------------------------------ of an electrode's table


def is_packed(electrode: Any) -> bool:
    """Return whether a composite is one of mixed powders, whose paths must percolate."""
    mixing = getattr(electrode, "mixing", None)
    return mixing is not None and mixing.network == "mixed powders"


def electrolyte_efficiency(electrode: Any, read: Read, xp: Any = np, left: Any = 1) -> Any:
    """Return an electrode's electrolyte's effective over its bulk conductivity.

    Of mixed powders it is ``K``, of anything else Bruggeman's ``phi^b``.

    Parameters
    ----------
    electrode : PorousElectrode
        The electrode.
    read : callable
        Returns what stands for the number at one of its keys.
    xp : module
        NumPy for numbers, PyBaMM for its symbols.
    left : number or symbol
        The share of the electrolyte that is left.
    """
    if not is_packed(electrode):
        return (read("electrolyte_fraction") * left) ** read("tortuosity_exponent")
    psi, eps, ratio, thin = _packing(electrode, read, left)
    return xp.maximum(efficiency(psi, eps, ratio, xp, thin), LEAST_EFFICIENCY)


def electron_efficiency(electrode: Any, read: Read, xp: Any = np) -> Any | None:
    """Return the same of the solid that carries the electrons; None where that is carbon."""
    if not is_packed(electrode) or electrode.mixing.carbon:
        return None
    psi, eps, ratio, thin = _packing(electrode, read)
    return xp.maximum(efficiency(1 - psi, eps, 1 / ratio, xp, thin), LEAST_EFFICIENCY)


def utilisation(electrode: Any, read: Read, xp: Any = np) -> Any:
    """Return the share of an electrode's active material that is used.

    It is what the mixing's table says, learned or measured, and else ``u`` of mixed powders:
    one stands in the other's place, as what is lost to agglomerates holds what is lost to
    percolation.
    """
    mixing = getattr(electrode, "mixing", None)
    if mixing is None:
        return 1
    if mixing.utilisation is not None:
        return read("mixing.utilisation")
    if not is_packed(electrode):
        return 1
    psi, eps, ratio, thin = _packing(electrode, read)
    u = reached(psi, eps, ratio, carbon=mixing.carbon, xp=xp, thin=thin)
    return xp.maximum(u, LEAST_SHARE)


def diffusion_detour(electrode: Any, theta: Any, read: Read, xp: Any = np) -> Any:
    """Return ``f`` of an electrode whose particles touch on a share ``theta``.

    Where nothing is mixed of powders an electrolyte wets all of a particle or leaves it: 1.
    """
    if not is_packed(electrode):
        return 1
    psi, eps, ratio, _ = _packing(electrode, read)
    return detour(xp.maximum(theta, _LEAST_CONTACT), xp.maximum(patches(psi, eps, ratio, xp), 1))


def _packing(electrode: Any, read: Read, left: Any = 1) -> tuple[Any, Any, Any, Any]:
    """Return ``psi``, ``eps``, ``lambda`` and whether the layer is thin (1) or not (0)."""
    fresh, active = read("electrolyte_fraction"), read("active_fraction")
    eps = 1 - fresh - active
    if electrode.mixing.porosity is not None:
        eps = read("mixing.porosity")
    psi = fresh * left / (fresh * left + active)
    thin = 1 * (read("thickness") < 2 * _THIN * read("particle_radius"))
    return psi, eps, read("mixing.size_ratio"), thin
