"""Growth of one interphase under mixed control.

The layer of thickness ``L`` [m] grows where the electrolyte is beyond its stability
limit by the drive ``w`` [V]::

    dL/dt = s(w) / (1/k_r + L/k_p)

    k_r = k_r0 exp(alpha F (w - w_ref)/RT) exp(-E_r/R (1/T - 1/T_ref))     reaction
    k_p = k_p0 max(w, 0)/w_ref             exp(-E_p/R (1/T - 1/T_ref))     Wagner transport
    w   = U_red - phi_a  (anode),   phi_c - U_ox  (cathode)
    s   = 1/(1 + exp(-F w/RT))             nothing reacts inside the stability window

``k_p = Omega sigma_amb w_ref/(z F)`` with the ambipolar conductivity of the layer. At
constant potential ``L(t) = -k_p/k_r + sqrt((L_0 + k_p/k_r)^2 + 2 k_p t)``: parabolic
when transport limits, linear when the reaction does (the mixed-conducting class).

The layer adds ``R = L/(sigma_s(T) A_i theta)`` [Ohm.m2] per cell area, ``A_i`` being the
interface's own area per cell area and ``theta`` the conducting fraction: where contact
is lost nothing grows. It takes ``i = z F theta A_i (dL/dt)/Omega`` [A.m-2], a reduction
at the anode (sodium is consumed) and an oxidation at the cathode.

References: C. Wagner, Z. Phys. Chem. B 21 (1933) 25; S. Wenzel et al., Solid State
Ionics 278 (2015) 98 (interface classes).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel, arrhenius
from twin_interphase.parameters import table_of

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Beyond this many RT the reaction is never what limits; the cap keeps a solver's trial
# step from overflowing the exponential.
_MAX_EXPONENT = 60


class _Side(ModeSubModel):
    """What the layer and its growth share: the interface's own parameter table."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.side = table_of(interface)
        self.kind = getattr(cell.parameters(mode_id), self.side).kind

    def _own(self, name: str) -> pybamm.Parameter:
        return self.p(f"{self.side}.{name}")

    def _activated(self, energy: str, T: Any) -> pybamm.Symbol:
        return arrhenius(self._own(energy), T, self._own("reference_temperature"))


class InterphaseLayer(_Side):
    """The layer itself: its thickness, and the resistance it adds.

    Apart from its growth, because the kinetics need the resistance before there is a
    potential for the growth to follow.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the thickness; a stable interface keeps its native layer."""
        name = self.interface("interphase thickness [m]")
        start = self._own("initial_thickness")
        if self.kind == "stable":
            return {name: pybamm.PrimaryBroadcast(start, "current collector")}
        return {name: self.state(name, scale=start)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``R = L/(sigma_s A_i theta)``."""
        i, T = self.interface, variables[TEMPERATURE]
        theta = pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        area = variables[i("particle area per cell area")] if i.kind == "porous" else 1
        sigma = self._own("conductivity") * self._activated("conductivity_activation_energy", T)
        thickness = variables[i("interphase thickness [m]")]
        variables[i("interphase resistance [Ohm.m2]")] = thickness / (sigma * area * theta)
        return variables

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from the native layer."""
        if self.kind != "stable":
            thickness = variables[self.interface("interphase thickness [m]")]
            self.initial_conditions = {thickness: self._own("initial_thickness")}


class InterphaseGrowthRate(_Side):
    """How fast the layer grows, and the current that costs."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.oxidised = interface.place == "cathode" and interface.kind == "porous"

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Growth rate and side-reaction current."""
        i = self.interface
        rate = self._rate(variables)
        theta = pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        area = variables[i("particle area per cell area")] if i.kind == "porous" else 1
        charge = self._own("electrons") * pybamm.constants.F / self._own("molar_volume")
        sign = 1 if self.oxidised else -1
        variables[i("interphase growth rate [m.s-1]")] = rate
        variables[i("interphase current density [A.m-2]")] = sign * charge * area * theta * rate
        return variables

    def _rate(self, variables: dict[str, Any]) -> pybamm.Symbol:
        if self.kind == "stable":
            return pybamm.PrimaryBroadcast(0, "current collector")
        T = variables[TEMPERATURE]
        thickness = variables[self.interface("interphase thickness [m]")]
        potential = variables[self.interface("potential vs sodium [V]")]
        limit, reference = self._own("stability_limit"), self._own("reference_drive")
        drive = potential - limit if self.oxidised else limit - potential
        F_RT = pybamm.constants.F / (pybamm.constants.R * T)
        exponent = self._own("transfer_coefficient") * F_RT * (drive - reference)
        k_r = (
            self._own("rate_constant")
            * self._activated("rate_activation_energy", T)
            * pybamm.exp(pybamm.minimum(exponent, _MAX_EXPONENT))
        )
        switch = 1 / (1 + pybamm.exp(pybamm.minimum(-F_RT * drive, _MAX_EXPONENT)))
        if self.kind == "mixed-conducting":
            return switch * k_r
        k_p = (
            self._own("parabolic_constant")
            * self._activated("parabolic_activation_energy", T)
            * pybamm.maximum(drive, 0)
            / reference
        )
        # k_r k_p/(k_p + k_r L) is 1/(1/k_r + L/k_p) without dividing by a vanishing rate.
        return switch * k_r * k_p / (k_p + k_r * thickness + 1e-60)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``dL/dt``."""
        if self.kind != "stable":
            i = self.interface
            thickness = variables[i("interphase thickness [m]")]
            self.rhs = {thickness: variables[i("interphase growth rate [m.s-1]")]}
