"""How much of a rough interface touches, and what the constriction costs.

Under the pressure ``p`` the share in contact comes to::

    plastic   theta_e = 1 - exp(-p/p_b)
    fractal   theta_e = 1 - exp(-(p/p_b)^m)            (theta ~ p^m, so R_int ~ p^-m)
    elastic   theta_e = erf(sqrt(2) p/(E* h'_rms))     (Persson; 1.60 p/(E* h') at low p)
    creep     d theta/dt = (1 - theta) C_r e_0(T) (p/(3 theta s_0))^n, from elastic

or it is set when sodium is plated (``nucleation.py``). The plastic law is linear at low
pressure, with every spot at its hardness. On a surface that is rough on all scales larger
load brings larger spots too, and the contact grows with a power below one.

**Memory.** Asperities that were flattened stay flat: the contact of the plastic and the
fractal law is a state that never falls on unloading (only voids and debonding take it)::

    d theta/dt = <theta_e(p) - theta>_+ / tau_b

It starts from the stack's history: put together at ``stack.assembled_at``, pressed at
``stack.pressed_at`` for ``stack.pressed_for`` (``t``), left under ``stack.pressure``::

    theta_1 = theta_a + <theta_e(p_pressed) - theta_a>_+ (1 - exp(-t/tau_b))
    theta_0 = max(theta_1, theta_e(p)),    1 where the face was treated

On Na3Zr2Si2PO12 660 ohm cm2 as assembled at 0.25 MPa fall to 14 after 30 MPa for 5 s, and
stay there at 0.25 MPa: two numbers, which give ``p_b`` = 12.95 MPa and 12.6 ohm cm2 at full
contact. That is fifteen times the hardness of sodium (3 sigma_y): skins and films resist, not
the metal; so 90 degC did not help. Elastic contact springs back.

The creeping contact starts after the dwell ``t_d`` under the applied pressure, by the
dilute solution ``theta^(n+1) = theta_el^(n+1) + (n+1) C_r e_0 (p/(3 s_0))^n t_d``, which
holds below full contact and is cut off just under it.

Current funnels through the spots. They are ``1/s^2`` in number, whatever the load, which
widens them to the radius ``a = s (theta/pi)^(1/2)``::

    R_con = (sqrt(pi)/4) (s/sigma_SE) psi(e)/e,    e = sqrt(theta)      [Ohm.m2]
    psi = 1 - 1.40978 e + 0.34406 e^3 + 0.0435 e^5 + 0.02271 e^7 - 0.00049 e^9

so ``R_con ~ p^-1/2`` where contact is dilute, and film and charge transfer ``~ p^-1``. The
last term closes the series at full contact. A measured interface resistance has its
constriction in it (``interfaces.*.contains``); then none is added.

References: Uchida et al. 2019, ACS Appl. Energy Mater., doi:10.1021/acsaem.9b00250 (660, 14,
14 ohm cm2); B. N. J. Persson, J. Chem. Phys. 115 (2001) 3840; A. Majumdar, C. L. Tien, J. Heat
Transfer 113 (1991) 516 (fractal contacts); K. J. Negus, M. M. Yovanovich (1984) (psi of a spot
on a cylinder; recalled); R_int ~ A^-1, p^-1/2 on Li6PS5Cl: arXiv 2501.00600.
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
# What does not touch at all still divides.
_LEAST = 1e-8
# The series of a spot on a coaxial cylinder, by powers of its relative radius.
_PSI = {0: 1.0, 1: -1.40978, 3: 0.34406, 5: 0.0435, 7: 0.02271}


class PressedContact(ModeSubModel):
    """Contact of one sodium interface that follows the pressure at once (elastic)."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.law = cell.parameters(mode_id).contact.law

    @property
    def _fraction(self) -> str:
        return self.interface("pressed contact fraction")

    def _beginning(self) -> pybamm.Symbol:
        """Return the contact that the cell begins with."""
        return self._from_pressure(self.cell.parameter("stack.pressure"))

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Say what there is to lose."""
        start = pybamm.maximum(self._beginning(), _LEAST)
        name = self.interface("first contact fraction")
        return {name: self.scalar(start)}

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
        variables[self._fraction] = self._from_pressure(variables[PRESSURE])
        return variables


class FlattenedContact(PressedContact):
    """Contact that stays as the highest pressure has made it (plastic, fractal)."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the contact, a state."""
        return super().get_fundamental_variables() | {self._fraction: self.state(self._fraction)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Nothing follows from the pressure at once."""
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Flatten what the pressure is enough for, and fill by melting."""
        theta = variables[self._fraction]
        missing = pybamm.maximum(self._from_pressure(variables[PRESSURE]) - theta, 0)
        rate = missing / self.p("contact.flattening_time")
        self.rhs = {theta: rate + toward_wetted(self, variables, theta)}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from the stack's history."""
        self.initial_conditions = {variables[self._fraction]: self._beginning()}

    def _beginning(self) -> pybamm.Symbol:
        if self.cell.spec.stack.treated:
            return pybamm.Scalar(1)
        made: Any = pybamm.Scalar(0)
        if self.cell.has("stack.assembled_at"):
            made = self._from_pressure(self.cell.parameter("stack.assembled_at"))
        if self.cell.has("stack.pressed_at"):
            pressed = self._from_pressure(self.cell.parameter("stack.pressed_at"))
            made = made + pybamm.maximum(pressed - made, 0) * self._flattened_share()
        return pybamm.maximum(made, super()._beginning())

    def _flattened_share(self) -> Any:
        if not self.cell.has("stack.pressed_for"):
            return 1
        times = self.cell.parameter("stack.pressed_for") / self.p("contact.flattening_time")
        return 1 - pybamm.exp(-times)


class CreepingContact(PressedContact):
    """Contact that starts elastic and grows as the asperities flatten by creep."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the contact, a state."""
        return super().get_fundamental_variables() | {self._fraction: self.state(self._fraction)}

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

    def _beginning(self) -> pybamm.Symbol:
        """Return what creep has come to during the dwell."""
        pressure = self.cell.parameter("stack.pressure")
        place = self.interface.place
        T = pybamm.Parameter("Initial temperature [K]")
        power = creep_exponent(self.cell, place) + 1
        rate = norton_rate(self, place, pressure / 3, T)
        grown = power * self.p("contact.creep_factor") * rate * self.p("contact.dwell")
        start = (self._from_pressure(pressure) ** power + grown) ** (1 / power)
        return pybamm.minimum(start, _ALMOST_FULL)

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Creep starts from the contact reached during the dwell."""
        self.initial_conditions = {variables[self._fraction]: self._beginning()}


class Constriction(ModeSubModel):
    """What funnelling the current through the contact spots costs."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``R_con = (sqrt(pi)/4) (s/sigma) psi(sqrt(theta))/sqrt(theta)``."""
        name = self.interface("constriction resistance [Ohm.m2]")
        if self.cell.contains(self.interface, "constriction"):
            variables[name] = self.scalar(0)
            return variables
        theta = pybamm.maximum(variables[self.interface("conducting fraction")], _LEAST)
        thickness = self.cell.parameter("electrolyte.thickness")
        sigma = thickness / variables["Separator resistance [Ohm.m2]"]
        spots = np.pi**0.5 / 4 * self.p("contact.spot_spacing") / sigma
        variables[name] = spots * spot_on_a_cylinder(theta**0.5) / theta**0.5
        return variables


def spot_on_a_cylinder(ratio: Any) -> Any:
    """Return ``psi``, what a spot's resistance keeps among others, of its relative radius."""
    return pybamm.maximum(
        sum(factor * ratio**power for power, factor in _PSI.items())
        - sum(_PSI.values()) * ratio**9,
        0,
    )


def contact_submodel(cell: CellContext, mode_id: str, interface: Interface) -> ModeSubModel:
    """Return the contact submodel of the law that the cell asks for."""
    from twin_pressure.nucleation import NucleatedContact

    law = cell.parameters(mode_id).contact.law
    chosen = {
        "creep": CreepingContact,
        "elastic": PressedContact,
        "nucleation": NucleatedContact,
    }.get(law, FlattenedContact)
    return chosen(cell, mode_id, interface)
