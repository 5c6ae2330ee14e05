"""What a symmetric cell needs beside its electrolyte: current, heat, two faces, a voltage."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT
from twin.model.core import TEMPERATURE, CoreSubModel, interface_spec, scalar
from twin.model.laws import law_expression
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port


class CellCurrent(CoreSubModel):
    """The cell's current density on the current collector."""

    def __init__(self, cell: CellContext):
        super().__init__(cell, "cell current")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Broadcast the current density."""
        variables[CELL_CURRENT] = scalar(variables["Total current density [A.m-2]"])
        return variables


class CellTemperature(CoreSubModel):
    """Ambient temperature, or a lumped balance ``C dT/dt = q - h (T - T_amb)`` [per m2].

    ``q = -i V_terminal + G V^2 + ports``: between two electrodes of the same metal all
    electrical work becomes heat (``V`` is negative at positive current).
    """

    def __init__(self, cell: CellContext, options: Any, param: Any):
        super().__init__(cell, "temperature")
        self.lumped = options["thermal"] == "lumped"
        self._twin_param = param

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the temperature."""
        ambient = pybamm.PrimaryBroadcast(
            pybamm.Parameter("Ambient temperature [K]"), "current collector"
        )
        T = pybamm.Variable(TEMPERATURE, domain="current collector", scale=300)
        T = T if self.lumped else ambient
        return {
            TEMPERATURE: T,
            "X-averaged cell temperature [K]": T,
            "Ambient temperature [K]": ambient,
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Balance the heat."""
        if not self.lumped:
            return
        T = variables[TEMPERATURE]
        capacity = self.cell.parameter("thermal.heat_capacity")
        transfer = self.cell.parameter("thermal.heat_transfer")
        external = variables["Current [A]"] / self._twin_param.A_cc
        work = -external * variables["Voltage [V]"]
        port = variables[Port.HEAT_SOURCE.at().variable]
        heat = scalar(work) + port
        variables["Additional heating [W.m-2]"] = heat
        self.rhs = {T: (heat - transfer * (T - variables["Ambient temperature [K]"])) / capacity}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at the initial temperature."""
        if self.lumped:
            start = pybamm.Parameter("Initial temperature [K]")
            self.initial_conditions = {variables[TEMPERATURE]: start}


class MetalKinetics(CoreSubModel):
    """Butler–Volmer at one metal face, with a double layer for impedance.

    ``eta = (2RT/F) asinh(i/(2 j_0 theta))``, ``j_0 = j_ref(T) (c/c_0)^1/2``; with the
    double layer ``C deta/dt = i - 2 j_0 theta sinh(F eta/2RT)``. ``i`` is positive where
    the face is stripped.
    """

    def __init__(self, cell: CellContext, interface: Interface, param: Any, double_layer: bool):
        super().__init__(cell, f"{interface.place} interface")
        self.interface = interface
        self.double_layer = double_layer
        self.sign = 1 if interface.place == "anode" else -1
        self._twin_param = param

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the overpotential where it is a state."""
        if not self.double_layer:
            return {}
        name = self.interface("reaction overpotential [V]")
        return {name: pybamm.Variable(name, domain="current collector", scale=0.1)}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Invert Butler–Volmer and name the interface's variables."""
        i, param = self.interface, self._twin_param
        T = variables[TEMPERATURE]
        spec, key = interface_spec(self.cell, i)
        c = variables[i("electrolyte concentration [mol.m-3]")]
        j0 = scalar(law_expression(spec.exchange_current, f"{key}.exchange_current", T=T))
        j0_c = j0 * (c / param.c_e_init) ** 0.5
        current = self.sign * variables[CELL_CURRENT]
        fraction = pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        # Small enough that a face without sodium takes the voltage out of any window.
        reacting = pybamm.maximum(variables[i("conducting fraction")], 1e-30)
        variables[i("reference exchange current density [A.m-2]")] = j0
        variables[i("exchange current density [A.m-2]")] = j0_c
        variables[i("current density [A.m-2]")] = current
        variables[i("local current density [A.m-2]")] = current / fraction
        if not self.double_layer:
            variables[i("reaction overpotential [V]")] = (
                2 * param.R * T / param.F * pybamm.arcsinh2(current, 2 * j0_c * reacting)
            )
        variables[i("potential vs sodium [V]")] = variables[i("reaction overpotential [V]")]
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Charge the double layer."""
        if not self.double_layer:
            return
        i, param = self.interface, self._twin_param
        T = variables[TEMPERATURE]
        eta = variables[i("reaction overpotential [V]")]
        fraction = variables[i("conducting fraction")]
        j0 = variables[i("exchange current density [A.m-2]")]
        faradaic = 2 * j0 * fraction * pybamm.sinh(param.F * eta / (2 * param.R * T))
        capacity = (param.n if i.place == "anode" else param.p).C_dl(T)
        self.rhs = {eta: (variables[i("current density [A.m-2]")] - faradaic) / capacity}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start at rest."""
        if self.double_layer:
            eta = variables[self.interface("reaction overpotential [V]")]
            self.initial_conditions = {eta: pybamm.Scalar(0)}


def series_drop(cell: CellContext, interface: Interface, variables: dict[str, Any]) -> Any:
    """Return ``i R + dU`` of a face, or its patches' drop; ``i`` is positive where it strips."""
    if interface.place in cell.faces:
        return variables[interface("face series drop [V]")]
    sign = 1 if interface.place == "anode" else -1
    return (
        sign * variables[CELL_CURRENT] * variables[interface("series resistance [Ohm.m2]")]
        + variables[Port.EQUILIBRIUM_POTENTIAL.at(interface.place).variable]
    )


class TerminalVoltage(CoreSubModel):
    """``V = -(eta_a + dU_a - eta_c - dU_c + i (R_a + R_c) + drop across the electrolyte)``.

    ``eta_c`` is the overpotential of the plated face in its own sign (negative there).
    """

    def __init__(self, cell: CellContext, options: Any):
        super().__init__(cell, "terminal voltage")
        self._twin_options = options

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the drops up."""
        drop = (
            variables["Anode reaction overpotential [V]"]
            - variables["Cathode reaction overpotential [V]"]
            + self._series(variables)
            + variables["Electrolyte potential drop [V]"]
        )
        # A terminal quantity has no domain: PyBaMM's experiment steps compare it
        # with numbers.
        voltage = pybamm.yz_average(-drop)
        variables["Voltage expression [V]"] = voltage
        variables["Voltage [V]"] = voltage
        variables["Battery voltage [V]"] = voltage
        return variables

    def _series(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return what the two faces lose besides their overpotentials."""
        if not self.cell.faces:
            series = (
                variables["Anode series resistance [Ohm.m2]"]
                + variables["Cathode series resistance [Ohm.m2]"]
            )
            return (
                variables[CELL_CURRENT] * series
                + variables[Port.EQUILIBRIUM_POTENTIAL.at("anode").variable]
                - variables[Port.EQUILIBRIUM_POTENTIAL.at("cathode").variable]
            )
        anode, cathode = (series_drop(self.cell, i, variables) for i in self.cell.interfaces)
        return anode - cathode
