"""A full cell's heat balance with what PyBaMM does not know of."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT, SHORT_CURRENT
from twin.model.core import scalar
from twin.modes.ports import Port


class PortedLumped(pybamm.thermal.Lumped):
    """PyBaMM's lumped heat balance plus the heat of the interfaces and the ports.

    ``C dT/dt = Q_PyBaMM + [i^2 (R_a + R_c) + G V^2 + sum of heat sources] A/V_cell - cooling``.
    """

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add up the heat PyBaMM does not know of [W.m-2]."""
        port = variables[Port.HEAT_SOURCE.at().variable]
        current = variables[CELL_CURRENT]
        series = (
            variables["Anode series resistance [Ohm.m2]"]
            + variables["Cathode series resistance [Ohm.m2]"]
        )
        short = variables[SHORT_CURRENT]
        voltage = variables["Voltage [V]"]
        variables["Additional heating [W.m-2]"] = scalar(
            port + current**2 * series + short * voltage
        )
        return super().get_coupled_variables(variables)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Add the extra heat to PyBaMM's balance."""
        super().set_rhs(variables)
        extra = pybamm.yz_average(variables["Additional heating [W.m-2]"]) * self.param.A_cc
        capacity = variables["Volume-averaged effective heat capacity [J.K-1.m-3]"]
        volume = variables["Cell thermal volume [m3]"]
        (T,) = self.rhs
        self.rhs[T] = self.rhs[T] + extra / volume / capacity
