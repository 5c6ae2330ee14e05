"""The external circuit, with and without an internal short beside the cell."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.core import CoreSubModel
from twin.model.names import SHORT_CHARGE
from twin.modes.context import CellContext
from twin.modes.ports import Port

CELL_CURRENT = "Current collector current density [A.m-2]"
SHORT_CURRENT = "Internal short current density [A.m-2]"


class ShortedCircuit(pybamm.external_circuit.ExplicitCurrentControl):
    """External circuit of a cell that leaks: ``i_cell = I/A + G V``.

    ``i_short = G V`` is an algebraic state [A.m-2], because the voltage is known only
    once the cell's current is. Its charge is counted beside the external one's: it, too,
    moves sodium from one electrode to the other, and a charger moves it back.
    """

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Split the cell's current into the external one and the short."""
        variables = super().get_fundamental_variables()
        short = pybamm.Variable(SHORT_CURRENT, scale=self.param.I_typ)
        variables[SHORT_CURRENT] = short
        variables[SHORT_CHARGE] = pybamm.Variable(SHORT_CHARGE, scale=3600 * self.param.I_typ)
        variables["Total current density [A.m-2]"] = (
            variables["Total current density [A.m-2]"] + short
        )
        value: dict[str, Any] = variables
        return value

    def set_algebraic(self, variables: dict[str, Any]) -> None:
        """``0 = i_short - G V``."""
        conductance = variables[Port.SHORT_CONDUCTANCE.at().variable]
        short = variables[SHORT_CURRENT]
        self.algebraic = {
            short: (short - pybamm.yz_average(conductance) * variables["Voltage [V]"])
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Count the charge that has leaked."""
        self.rhs = {variables[SHORT_CHARGE]: variables[SHORT_CURRENT]}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from no short."""
        self.initial_conditions = {
            variables[SHORT_CURRENT]: pybamm.Scalar(0),
            variables[SHORT_CHARGE]: pybamm.Scalar(0),
        }


class NoShort(CoreSubModel):
    """A cell in which no mode can short: the short current is nought."""

    def __init__(self, cell: CellContext):
        super().__init__(cell, "no internal short")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Set the short current to zero."""
        return {SHORT_CURRENT: pybamm.Scalar(0), SHORT_CHARGE: pybamm.Scalar(0)}
