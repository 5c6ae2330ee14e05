"""The electrolyte between two metals: a single-ion conductor, or a binary one in 1-D."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT
from twin.model.core import TEMPERATURE, CoreSubModel, scalar, spread
from twin.modes.context import CellContext
from twin.modes.ports import Port

CONCENTRATION = "Separator electrolyte concentration [mol.m-3]"


class _Separator(CoreSubModel):
    """What both kinds of separator share: conductivity and resistance."""

    def __init__(self, cell: CellContext, param: Any):
        super().__init__(cell, "separator")
        self._twin_param = param

    def _efficiency(self, variables: dict[str, Any]) -> Any:
        factor = variables[Port.CONDUCTIVITY_FACTOR.at("separator").variable]
        return self.cell.separator_efficiency() * factor

    def _resistance(self, variables: dict[str, Any], c_av: Any, c_a: Any, c_c: Any) -> None:
        efficiency = self._efficiency(variables)
        kappa = self._twin_param.kappa_e(c_av, variables[TEMPERATURE])
        resistance = scalar(self._twin_param.s.L / (kappa * efficiency))
        variables["Separator resistance [Ohm.m2]"] = resistance
        variables["Electrolyte resistance [Ohm.m2]"] = resistance
        variables["Anode electrolyte concentration [mol.m-3]"] = c_a
        variables["Cathode electrolyte concentration [mol.m-3]"] = c_c
        variables["X-averaged electrolyte concentration [mol.m-3]"] = c_av


class SingleIonSeparator(_Separator):
    """A single-ion conductor: ``phi`` drops by ``i L/kappa``; no concentration state."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Set the ohmic drop."""
        c = scalar(self._twin_param.c_e_init)
        self._resistance(variables, c, c, c)
        current = variables[CELL_CURRENT]
        variables["Electrolyte potential drop [V]"] = (
            current * variables["Separator resistance [Ohm.m2]"]
        )
        return variables


class BinarySeparator(_Separator):
    """A binary electrolyte in one dimension: PyBaMM's concentrated-solution equations.

    ``eps dc/dt = div(B D grad c) - i grad(t+)/F`` with the metal's flux ``(1 - t+) i/F``
    at both faces, and ``dphi/dx = chi R T/(F c) dc/dx - i/(B kappa)``. In the steady
    state the limiting current is ``2 F B D c_0/((1 - t+) L)``.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the concentration."""
        c = pybamm.Variable(
            CONCENTRATION,
            domain="separator",
            auxiliary_domains={"secondary": "current collector"},
            scale=self._twin_param.c_e_init,
            bounds=(0, pybamm.Scalar(float("inf"))),
        )
        return {CONCENTRATION: c}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Integrate the potential across the separator."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        c_a = pybamm.boundary_value(c, "left")
        c_c = pybamm.boundary_value(c, "right")
        self._resistance(variables, pybamm.x_average(c), c_a, c_c)
        T = pybamm.PrimaryBroadcast(variables[TEMPERATURE], "separator")
        current = pybamm.PrimaryBroadcast(variables[CELL_CURRENT], "separator")
        efficiency = spread(self._efficiency(variables), "separator")
        ohmic = current / (param.kappa_e(c, T) * efficiency)
        # chi is evaluated at the mean composition for the Nernst part, which is then
        # exact in ln c; PyBaMM's SPMe does the same.
        T_s = variables[TEMPERATURE]
        chi = param.chi(pybamm.x_average(c), T_s)
        diffusion = chi * param.R * T_s / param.F * pybamm.log(c_c / c_a)
        variables["Electrolyte diffusion potential [V]"] = diffusion
        variables["Electrolyte potential drop [V]"] = (
            pybamm.x_average(ohmic) * param.s.L - diffusion
        )
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Conserve the salt."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        T = pybamm.PrimaryBroadcast(variables[TEMPERATURE], "separator")
        current = pybamm.PrimaryBroadcast(variables[CELL_CURRENT], "separator")
        efficiency = spread(self._efficiency(variables), "separator")
        fraction = self.cell.parameter("electrolyte.electrolyte_fraction")
        diffusion = -efficiency * param.D_e(c, T) * pybamm.grad(c)
        migration = param.t_plus(c, T) * current / param.F
        self.rhs = {c: -pybamm.div(diffusion + migration) / fraction}

    def set_boundary_conditions(self, variables: dict[str, Any]) -> None:
        """``-B D dc/dx = (1 - t+) i/F`` at both faces."""
        param = self._twin_param
        c = variables[CONCENTRATION]
        T = variables[TEMPERATURE]
        efficiency = self._efficiency(variables)
        current = variables[CELL_CURRENT]
        t_plus = param.t_plus(c, pybamm.PrimaryBroadcast(T, "separator"))
        sides = {}
        for side in ("left", "right"):
            c_side = pybamm.boundary_value(c, side)
            # Taken to the face as the migration flux is, so that no salt is made there.
            flux = (1 - pybamm.boundary_value(t_plus, side)) * current / param.F
            sides[side] = (-flux / (efficiency * param.D_e(c_side, T)), "Neumann")
        self.boundary_conditions = {c: sides}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start uniform."""
        self.initial_conditions = {variables[CONCENTRATION]: self._twin_param.c_e_init}

    def add_events_from(self, variables: dict[str, Any]) -> None:
        """Stop when the salt is used up at one face.

        At the faces themselves: the nearest cell's centre still holds salt when the
        kinetics, which see the face, have none.
        """
        c_a = variables["Anode electrolyte concentration [mol.m-3]"]
        c_c = variables["Cathode electrolyte concentration [mol.m-3]"]
        self.events = [
            pybamm.Event(
                "Zero electrolyte concentration cut-off",
                pybamm.minimum(c_a, c_c) / 1000 - 0.002,
            )
        ]
