"""What all submodels of one interphase share: its parameter table and its area."""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_interphase.parameters import table_of

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Beyond this many RT the reaction is never what limits; the cap keeps a solver's trial
# step from overflowing the exponential.
MAX_EXPONENT = 60
# What conducts nothing still divides.
_LEAST_CONTACT = 1e-8


class SideSubModel(ModeSubModel):
    """A submodel of one interphase."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.side = table_of(interface)
        self.table = getattr(cell.parameters(mode_id), self.side)
        self.grows = self.table.kind != "stable"

    @property
    def oxidised(self) -> bool:
        """Whether the electrolyte is oxidised here, not reduced."""
        return self.interface.place == "cathode" and self.interface.kind == "porous"

    def drive(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return how far the electrolyte is beyond its stability limit, w [V]."""
        potential = variables[self.interface("potential vs sodium [V]")]
        limit = self.own("stability_limit")
        return potential - limit if self.oxidised else limit - potential

    def beyond_the_limit(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return ``s = 1/(1 + exp(-F w/RT))``: nothing reacts inside the stability window."""
        F_RT = pybamm.constants.F / (pybamm.constants.R * variables[TEMPERATURE])
        exponent = pybamm.minimum(-F_RT * self.drive(variables), MAX_EXPONENT)
        return 1 / (1 + pybamm.exp(exponent))

    def own(self, name: str) -> pybamm.Parameter:
        """Return a parameter of this interface's table."""
        return self.p(f"{self.side}.{name}")

    def activated(self, energy: str, T: Any) -> pybamm.Symbol:
        """Return the Arrhenius factor of an activation energy of this interface's table."""
        return arrhenius(self.own(energy), T, self.own("reference_temperature"))

    def density(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return the share of the layer that is solid under the stack's pressure."""
        pressure = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        left = pybamm.exp(-pressure / self.own("densification_pressure"))
        return 1 - self.own("porosity") * left

    def contact(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return the conducting fraction, theta, above nought."""
        return pybamm.maximum(variables[self.interface("conducting fraction")], _LEAST_CONTACT)

    def own_area(self, variables: dict[str, Any]) -> Any:
        """Return the interface's own area that meets electrolyte, per cell area, A_i."""
        if self.interface.kind == "metal":
            return pybamm.Scalar(1)
        return self.own("area_share") * variables[self.interface("particle area per cell area")]

    def pristine_area(self) -> Any:
        """Return the same of the new cell, ``a 3 u eps_s L/R`` at a composite."""
        if self.interface.kind == "metal":
            return pybamm.Scalar(1)
        key = self.interface.place
        per_volume = (
            3
            * self.own("area_share")
            * self.cell.parameter(f"{key}.active_fraction")
            * self.cell.utilisation(key)
            / self.cell.parameter(f"{key}.particle_radius")
        )
        return per_volume * self.cell.parameter(f"{key}.thickness")
