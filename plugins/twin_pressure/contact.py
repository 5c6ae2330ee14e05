"""How much of a rough interface touches, and what the constriction costs.

Under the pressure ``p`` the share in contact is::

    plastic   theta_r = 1 - exp(-p/H)
    elastic   theta_r = erf(sqrt(2) p/(E* h'_rms))     (Persson; 1.60 p/(E* h') at low p)
    creep     d theta_r/dt = (1 - theta_r) C_r e_0(T) (p/(3 theta_r s_0))^n, from elastic

The creeping contact starts after the dwell ``t_d`` under the applied pressure, by the
dilute solution ``theta^(n+1) = theta_el^(n+1) + (n+1) C_r e_0 (p/(3 s_0))^n t_d``, which
holds below full contact and is cut off just under it.

Current funnels through the spots left, of radius ``a`` (Cooper, Mikic, Yovanovich)::

    R_con = pi a (1 - sqrt(theta))^(3/2) / (4 sigma_SE theta)          [Ohm.m2]

References: B. N. J. Persson, J. Chem. Phys. 115 (2001) 3840; M. G. Cooper et al.,
Int. J. Heat Mass Transfer 12 (1969) 279.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_pressure.creep import creep_exponent, norton_rate

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Full contact is only reached in infinite time.
_ALMOST_FULL = 0.999


class RoughContact(ModeSubModel):
    """Roughness contact and constriction at one sodium interface."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.law = cell.parameters(mode_id).contact.law

    @property
    def _fraction(self) -> str:
        return self.interface("pressed contact fraction")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the contact where it is a state."""
        return {self._fraction: self.state(self._fraction)} if self.law == "creep" else {}

    def _from_pressure(self, pressure: Any) -> pybamm.Symbol:
        p = pybamm.maximum(pressure, 0)
        if self.law == "plastic":
            return 1 - pybamm.exp(-p / self.p("contact.hardness"))
        scale = self.p("contact.effective_modulus") * self.p("contact.roughness_slope")
        return pybamm.erf(2**0.5 * p / scale)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Contact from pressure."""
        if self.law != "creep":
            variables[self._fraction] = self._from_pressure(variables["Stack pressure [Pa]"])
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Asperities flatten by creep."""
        if self.law == "creep":
            theta = variables[self._fraction]
            stress = pybamm.maximum(variables["Stack pressure [Pa]"], 0) / (3 * theta)
            rate = norton_rate(self.cell, self.interface.place, stress, variables[TEMPERATURE])
            self.rhs = {theta: (1 - theta) * self.p("contact.creep_factor") * rate}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Creep starts from the contact reached during the dwell."""
        if self.law == "creep":
            pressure = pybamm.Parameter("Applied stack pressure [Pa]")
            place = self.interface.place
            T = pybamm.Parameter("Initial temperature [K]")
            power = creep_exponent(self.cell, place) + 1
            rate = norton_rate(self.cell, place, pressure / 3, T)
            grown = power * self.p("contact.creep_factor") * rate * self.p("contact.dwell")
            start = (self._from_pressure(pressure) ** power + grown) ** (1 / power)
            self.initial_conditions = {
                variables[self._fraction]: pybamm.minimum(start, _ALMOST_FULL)
            }


class Constriction(ModeSubModel):
    """What funnelling the current through the contact spots costs."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``R_con = pi a (1 - sqrt(theta))^(3/2)/(4 sigma theta)``."""
        theta = pybamm.maximum(variables[self.interface("conducting fraction")], 1e-8)
        thickness = self.cell.parameter("electrolyte.thickness")
        sigma = thickness / variables["Separator resistance [Ohm.m2]"]
        gap = pybamm.maximum(1 - theta**0.5, 0) ** 1.5
        radius = self.p("contact.spot_radius")
        variables[self.interface("constriction resistance [Ohm.m2]")] = (
            np.pi * radius * gap / (4 * sigma * theta)
        )
        return variables
