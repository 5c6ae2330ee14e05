"""What all submodels of one interphase share: its parameter table and its area."""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_interphase.parameters import table_of

TEMPERATURE = "Volume-averaged cell temperature [K]"
# What conducts nothing still divides.
_LEAST_CONTACT = 1e-8


class SideSubModel(ModeSubModel):
    """A submodel of one interphase."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.side = table_of(interface)
        self.table = getattr(cell.parameters(mode_id), self.side)
        self.grows = self.table.kind != "stable"

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
