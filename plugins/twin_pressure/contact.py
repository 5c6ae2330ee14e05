"""How much of a rough interface touches, and what the constriction costs.

Under the pressure ``p`` the share in contact is::

    plastic   theta_r = 1 - exp(-p/H)
    elastic   theta_r = erf(sqrt(2) p/(E* h'_rms))     (Persson; 1.60 p/(E* h') at low p)
    fractal   theta_r = 1 - exp(-(p/H)^m)              (theta ~ p^m, so R_int ~ p^-m)
    creep     d theta_r/dt = (1 - theta_r) C_r e_0(T) (p/(3 theta_r s_0))^n, from elastic

or it is set when sodium is plated (``nucleation.py``). The plastic law is linear at low
pressure, with every spot at its hardness. On a surface that is rough on all scales
larger load brings larger spots too, and the contact grows with a power below one;
m = 1/2 gives the resistance ~ p^-1/2 measured on Li6PS5Cl.

The creeping contact starts after the dwell ``t_d`` under the applied pressure, by the
dilute solution ``theta^(n+1) = theta_el^(n+1) + (n+1) C_r e_0 (p/(3 s_0))^n t_d``, which
holds below full contact and is cut off just under it.

Current funnels through the spots left, of radius ``a`` (Cooper, Mikic, Yovanovich)::

    R_con = pi a (1 - sqrt(theta))^(3/2) / (4 sigma_SE theta)          [Ohm.m2]

References: B. N. J. Persson, J. Chem. Phys. 115 (2001) 3840; M. G. Cooper et al.,
Int. J. Heat Mass Transfer 12 (1969) 279; A. Majumdar, C. L. Tien, J. Heat Transfer 113
(1991) 516 (fractal contacts); R_int ~ p^-1/2: arXiv 2501.00600.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_pressure.creep import creep_exponent, norton_rate
from twin_pressure.melting import TEMPERATURE, toward_wetted

PRESSURE = "Stack pressure [Pa]"
# Full contact is only reached in infinite time.
_ALMOST_FULL = 0.999
# Share of the hardness below which (p/H)^m is linear: keeps its slope finite at p = 0.
_ROUNDED = 1e-12


class PressedContact(ModeSubModel):
    """Contact of one sodium interface that follows the pressure at once."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.law = cell.parameters(mode_id).contact.law

    def _from_pressure(self, pressure: Any) -> pybamm.Symbol:
        p = pybamm.maximum(pressure, 0)
        if self.law == "plastic":
            return 1 - pybamm.exp(-p / self.p("contact.hardness"))
        if self.law == "fractal":
            m = self.p("contact.fractal_exponent")
            load = (p / self.p("contact.hardness") + _ROUNDED) ** m - _ROUNDED**m
            return 1 - pybamm.exp(-load)
        scale = self.p("contact.effective_modulus") * self.p("contact.roughness_slope")
        return pybamm.erf(2**0.5 * p / scale)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Contact from pressure."""
        fraction = self._from_pressure(variables[PRESSURE])
        variables[self.interface("pressed contact fraction")] = fraction
        return variables


class CreepingContact(PressedContact):
    """Contact that starts elastic and grows as the asperities flatten by creep."""

    @property
    def _fraction(self) -> str:
        return self.interface("pressed contact fraction")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the contact, a state."""
        return {self._fraction: self.state(self._fraction)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Nothing follows from the pressure at once."""
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Asperities flatten by creep, and fill by melting."""
        theta = variables[self._fraction]
        stress = pybamm.maximum(variables[PRESSURE], 0) / (3 * theta)
        rate = norton_rate(self, self.interface.place, stress, variables[TEMPERATURE])
        creep = (1 - theta) * self.p("contact.creep_factor") * rate
        self.rhs = {theta: creep + toward_wetted(self, variables, theta)}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Creep starts from the contact reached during the dwell."""
        pressure = self.cell.parameter("stack.pressure")
        place = self.interface.place
        T = pybamm.Parameter("Initial temperature [K]")
        power = creep_exponent(self.cell, place) + 1
        rate = norton_rate(self, place, pressure / 3, T)
        grown = power * self.p("contact.creep_factor") * rate * self.p("contact.dwell")
        start = (self._from_pressure(pressure) ** power + grown) ** (1 / power)
        self.initial_conditions = {variables[self._fraction]: pybamm.minimum(start, _ALMOST_FULL)}


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


def contact_submodel(cell: CellContext, mode_id: str, interface: Interface) -> ModeSubModel:
    """Return the contact submodel of the law that the cell asks for."""
    from twin_pressure.nucleation import NucleatedContact

    law = cell.parameters(mode_id).contact.law
    chosen = {"creep": CreepingContact, "nucleation": NucleatedContact}.get(law, PressedContact)
    return chosen(cell, mode_id, interface)
