"""A spread of particle sizes: classes that share an electrode's potential and its current.

The radii of a composite's particles are lognormal, ``ln R`` with the standard deviation ``s``
(``size_spread``; the same whether particles are counted by number, area or volume). ``K`` classes
stand for them at the nodes ``xi_k`` of the Gauss-Hermite rule with its weights ``w_k``, which are
their shares of the particles' area::

    R_k = R exp(s xi_k)/sum_i w_i exp(s xi_i)        so that   sum_k w_k R_k = R

``R``, the cell's ``particle_radius``, is then volume over area times three: the electrode's
``a = 3 eps_s/R`` and what it holds are the same whatever the spread. All classes at one place have
the same potential difference; each has its own filling, so its own open-circuit potential, exchange
current and flux::

    dc_k/dt = (1/r^2) d/dr(r^2 D dc_k/dr),  -D dc_k/dr = j_k/F at R_k,    j = sum_k w_k j_k

The equations are PyBaMM's own for a size distribution (T. L. Kirk, J. Evans, C. P. Please,
S. J. Chapman, SIAM J. Appl. Math. 82 (2022) 625, recalled). Its mesh of radii is exchanged for the
nodes, so that the spread is a number of the built model, and nought is the single size. A
single-particle model solves for its potential difference there (surface form ``"algebraic"``).

The heat has what PyBaMM's means over the classes leave out (:func:`heat_of_the_spread`), but not
the heat of mixing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.modes.context import CellContext
from twin.specs.schema import CellSpec, PorousElectrode

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

CLASSES = 3
"""Exact for what is a polynomial of degree 5 in ``xi``."""
_CURRENT = "{} interfacial current density [A.m-2]"
_DOMAINS = {"anode": "negative", "cathode": "positive"}


def spread_places(spec: CellSpec) -> list[str]:
    """Return the electrodes whose particles have a spread of sizes."""
    places = []
    for place in _DOMAINS:
        electrode = getattr(spec, place)
        if isinstance(electrode, PorousElectrode) and electrode.size_spread is not None:
            places.append(place)
    return places


def size_options(spec: CellSpec) -> dict[str, Any]:
    """Return the PyBaMM options that a spread of sizes needs."""
    places = spread_places(spec)
    if not places:
        return {}
    sizes = tuple("distribution" if place in places else "single" for place in _DOMAINS)
    return {"particle size": sizes, "heat of mixing": "false"}


def size_parameters(spec: CellSpec) -> dict[str, Any]:
    """Return the parameters that PyBaMM asks for: its coordinate is ``xi``, all weights in it."""
    values: dict[str, Any] = {}
    for place in spread_places(spec):
        Domain = _DOMAINS[place].capitalize()
        values |= {
            f"{Domain} minimum particle radius [m]": 0.0,
            f"{Domain} maximum particle radius [m]": 1.0,
            f"{Domain} area-weighted particle-size distribution [m-1]": lambda xi: 0 * xi + 1,
        }
    return values


@cache
def _hermite_submesh() -> Any:
    """Return PyBaMM's kind of mesh for the classes, once PyBaMM is there."""

    class HermiteSubMesh(pybamm.SubMesh1D):
        """The classes' nodes, each as wide as its share of the area."""

        def __init__(self, lims: Any, npts: Any):
            coordinate, _, _ = self.read_lims(lims)
            count = npts[coordinate.name]
            nodes, weights = np.polynomial.hermite_e.hermegauss(count)
            shares = weights / np.sum(weights)
            super().__init__(np.append(0.0, np.cumsum(shares)), coord_sys=coordinate.coord_sys)
            self.nodes = nodes
            self.d_edges = shares
            self.d_nodes = np.diff(nodes)

    return HermiteSubMesh


def on_sizes(spec: CellSpec, what: str) -> dict[Any, Any]:
    """Return what the classes add to a model's ``"points"`` or ``"submesh"`` types."""
    by_domain: dict[Any, Any] = {}
    for place in spread_places(spec):
        domain = _DOMAINS[place]
        if what == "points":
            by_domain[f"R_{domain[0]}"] = CLASSES
        else:
            by_domain[f"{domain} particle size"] = pybamm.MeshGenerator(_hermite_submesh())
    return by_domain


def of_sizes(kind: Any, cell: CellContext, place: str) -> Any:
    """Return a PyBaMM class of diffusion in particles whose sizes are the classes'."""

    class Sized(kind):
        def _get_distribution_variables(self, xi: Any) -> dict[str, Any]:
            domain, Domain = self.domain_Domain
            spread = cell.parameter(f"{place}.size_spread")
            even = self.phase_param.f_a_dist(xi)
            share = even / pybamm.Integral(even, xi)
            shape = pybamm.exp(spread * xi)
            ratio = shape / pybamm.Integral(share * shape, xi)
            volume = share * ratio
            mean = volume
            if xi.domains["secondary"] == [f"{domain} electrode"]:
                mean = pybamm.x_average(volume)
            else:
                volume = pybamm.SecondaryBroadcast(mean, [f"{domain} electrode"])
            return {
                f"{Domain} particle sizes": ratio,
                f"{Domain} particle sizes [m]": ratio * self.phase_param.R_typ,
                f"{Domain} volume-weighted particle-size distribution [m-1]": volume,
                f"X-averaged {domain} volume-weighted particle-size distribution [m-1]": mean,
            }

    Sized.__name__ = Sized.__qualname__ = f"{kind.__name__}OfSizes"
    return Sized


def single_size(options: Any) -> Any:
    """Return a model's options with one size: what the electrode's area is worked out with."""
    return pybamm.BatteryModelOptions(dict(options) | {"particle size": "single"})


def heat_of_the_spread(param: Any, place: str, variables: dict[str, Any]) -> pybamm.Symbol:
    """Return what the classes' means leave out of an electrode's heat [W.m-2].

    ``eta_k`` and ``-U_k`` differ by what is the same for all classes, so that the heat
    ``a sum_k w_k j_k (eta_k + T dU_k/dT)`` less that of the means needs ``U`` and its slope alone.
    """
    domain = _DOMAINS[place]
    name = f"{domain.capitalize()} electrode"
    j = variables[f"{name} interfacial current density distribution [A.m-2]"]
    U = variables[f"{name} open-circuit potential distribution [V]"]
    slope = variables[f"{name} entropic change (size-dependent) [V.K-1]"]
    T = variables[f"{name} temperature [K]"]
    area = variables[f"{name} surface area to volume ratio [m-1]"]

    def together(value: Any, mean: str) -> Any:
        own = variables[f"{name} {mean}"]
        return pybamm.size_average(j * value) - variables[_CURRENT.format(name)] * own

    lost = T * together(slope, "entropic change [V.K-1]")
    lost = lost - together(U, "open-circuit potential [V]")
    return pybamm.x_average(area * lost) * getattr(param, domain[0]).L
