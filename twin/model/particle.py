"""Diffusion inside the particles of a composite, with the port on its diffusivity."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.core import scalar, spread
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port


def diffusivity_factor(place: str) -> str:
    """Name what the diffusivity of a composite's particles is multiplied by."""
    return f"{place.capitalize()} particle diffusivity factor"


class PortedDiffusion(pybamm.particle.FickianDiffusion):
    """PyBaMM's Fickian diffusion with ``D_eff = D_s(x, T) g/f(theta_0)``.

    ``g`` is the gathered port, ``f`` the detour of particles that touch the electrolyte on a
    share ``theta_0`` only (``mixing.contact``; :func:`twin.specs.percolation.detour`). The flux
    at the particle's surface stays ``j/F``, what the balance of charge asks.
    """

    def __init__(
        self,
        param: Any,
        domain: str,
        options: Any,
        cell: CellContext,
        interface: Interface,
        *,
        x_average: bool,
    ):
        super().__init__(param, domain, options, x_average=x_average)
        self.cell = cell
        self.interface = interface
        self._factor: pybamm.Symbol = pybamm.Scalar(1)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Take the port before PyBaMM asks for the diffusivity."""
        place = self.interface.place
        factor = variables[Port.SOLID_DIFFUSIVITY_FACTOR.at(place).variable]
        key = f"{place}.mixing.contact"
        if self.cell.has(key):
            detour = self.cell.diffusion_detour(place, self.cell.parameter(key))
            factor = factor / detour
        # A name of its own for each place of the electrode: heat multiplies what is there.
        variables[diffusivity_factor(place)] = spread(factor, f"{self.domain} electrode")
        over = scalar(factor) if self.x_average else spread(factor, f"{self.domain} electrode")
        if self.size_distribution:
            over = pybamm.PrimaryBroadcast(over, [f"{self.domain} particle size"])
        self._factor = pybamm.PrimaryBroadcast(over, [f"{self.domain} particle"])
        value: dict[str, Any] = super().get_coupled_variables(variables)
        return value

    def _get_effective_diffusivity(self, c: Any, T: Any, current: Any) -> pybamm.Symbol:
        return super()._get_effective_diffusivity(c, T, current) * self._factor
