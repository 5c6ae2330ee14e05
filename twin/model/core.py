"""The core's own PyBaMM submodels: gathered ports, stack pressure, sodium, ASR."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.laws import law_expression
from twin.model.names import RESISTANCE as RESISTANCE
from twin.model.names import TEMPERATURE as TEMPERATURE
from twin.model.parameters import APPLIED_PRESSURE
from twin.model.referred import referred, referred_name
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port, PortAt

# What does not touch at all still divides.
LEAST_CONTACT = 1e-8


def scalar(symbol: Any) -> pybamm.Symbol:
    """Return a symbol on the current collector, where every scalar state lives."""
    symbol = pybamm.convert_to_symbol(symbol)
    return symbol if symbol.domain else pybamm.PrimaryBroadcast(symbol, "current collector")


def spread(symbol: Any, domain: str) -> pybamm.Symbol:
    """Broadcast a scalar over a layer."""
    return pybamm.PrimaryBroadcast(scalar(symbol), domain)


def _alike(one: pybamm.Symbol, other: pybamm.Symbol) -> tuple[pybamm.Symbol, pybamm.Symbol]:
    """Broadcast a scalar of two symbols to the layer that the other one is resolved in."""
    one, other = scalar(one), scalar(other)
    layers = [s.domain for s in (one, other) if s.domain != ["current collector"]]
    if not layers:
        return one, other
    at = [
        s if s.domain == layers[0] else pybamm.PrimaryBroadcast(s, layers[0]) for s in (one, other)
    ]
    return at[0], at[1]


class CoreSubModel(pybamm.BaseSubModel):
    """A submodel of the core, which knows its cell."""

    def __init__(self, cell: CellContext, name: str):
        super().__init__(None, name=name)
        self.cell = cell


class Absent(CoreSubModel):
    """What stands for a variable of modes that are not at work, where another mode reads it."""

    def __init__(self, cell: CellContext, variable: str, neutral: float):
        super().__init__(cell, f"without {variable}")
        self.variable, self.value = variable, pybamm.Scalar(neutral)

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Say what it is without them."""
        return {self.variable: self.value}


class PortGather(CoreSubModel):
    """Gathers one port from its contributions, in the order of the modes' ids.

    Product ports: ``prod_i x_i``; sum ports: ``sum_i x_i``; neutral without any.
    """

    def __init__(self, cell: CellContext, port: PortAt, contributions: list[str]):
        super().__init__(cell, f"port {port}")
        self.port = port
        self.contributions = contributions

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Combine the contributions."""
        total: pybamm.Symbol = pybamm.Scalar(self.port.port.neutral)
        for index, name in enumerate(self.contributions):
            value = variables[name]
            if index and value.domain != total.domain:
                value, total = _alike(value, total)
            if index == 0:
                total = value
            elif self.port.port.combine == "product":
                total = total * value
            else:
                total = total + value
        variables[self.port.variable] = scalar(total)
        return variables


class StackPressure(CoreSubModel):
    """``p = p_applied + sum of the stack pressure changes`` [Pa]."""

    def __init__(self, cell: CellContext):
        super().__init__(cell, "stack pressure")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add up the pressure."""
        change = variables[Port.STACK_PRESSURE.at().variable]
        variables["Stack pressure [Pa]"] = pybamm.Parameter(APPLIED_PRESSURE) + change
        return variables


class InterfaceResistance(CoreSubModel):
    """What stands in series at an interface besides charge transfer [Ohm.m2].

    ``R_i = R_i0(T)/theta + sum of the contributions``, per geometric area: the pristine
    resistance is one of the contact, so it carries the local current ``j/theta``, as the
    charge transfer does.
    """

    def __init__(self, cell: CellContext, interface: Interface):
        super().__init__(cell, f"{interface.place} interface resistance")
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the pristine resistance of what conducts to the gathered port."""
        T, interface = variables[TEMPERATURE], self.interface
        spec, key = interface_spec(self.cell, interface)
        pristine = law_expression(spec.resistance, f"{key}.resistance", T=T)
        if interface.place in self.cell.faces:
            pristine = pristine * self.cell.faces[interface.place].factor(f"{key}.resistance")
        variables[interface("pristine resistance [Ohm.m2]")] = scalar(pristine)
        port = variables[Port.INTERFACE_RESISTANCE.at(interface.place).variable]
        contact = pybamm.maximum(variables[interface("conducting fraction")], LEAST_CONTACT)
        variables[interface("series resistance [Ohm.m2]")] = scalar(pristine / contact + port)
        return variables


def interface_spec(cell: CellContext, interface: Interface) -> tuple[Any, str]:
    """Return an interface's table and its key; a symmetric cell may give only one."""
    key = cell.interface_key(interface.place)
    return getattr(cell.spec.interfaces, key.rpartition(".")[2]), key


class SodiumInventory(CoreSubModel):
    """The sodium at each metal electrode, and how much of the interface it covers.

    ``q = q_0 - s (3600 Q/A + q_short) - q_lost`` with ``Q`` the discharged capacity,
    ``q_short`` what has leaked through an internal short, ``s`` = 1 at the anode and -1 at
    the counter electrode; ``h = V_m q / F``. Sodium shorter than a continuous film covers
    ``1 - exp(-(h + h_s)/h_c)`` of the interface: the seed ``h_s``, a few atoms deep, is
    where the plating of a bare collector starts. Stripping may use it up (``h`` to
    ``-h_s``); plating finds it again. What side reactions take is integrated only where a
    mode brings them, so that the bare model has no state PyBaMM's does not have.
    """

    def __init__(self, cell: CellContext, interface: Interface, losses: bool):
        super().__init__(cell, f"{interface.place} sodium")
        self.interface = interface
        self.losses = losses
        self.sign = 1 if interface.place == "anode" else -1

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the sodium lost, where anything can take it."""
        if not self.losses:
            return {}
        key = self.cell.electrode_key(self.interface.place)
        floor = self.cell.parameter(f"{key}.continuity_thickness")
        # A continuous film's worth keeps the scale above zero in an anode-free cell.
        scale = self._initial_charge() + self._charge_of(floor)
        name = self.interface("sodium lost [C.m-2]")
        return {name: pybamm.Variable(name, domain="current collector", scale=scale)}

    def _initial_charge(self) -> pybamm.Symbol:
        key = self.cell.thickness_key(self.interface.place)
        return self._charge_of(self.cell.parameter(key))

    def _charge_of(self, thickness: pybamm.Symbol) -> pybamm.Symbol:
        key = self.cell.electrode_key(self.interface.place)
        molar_volume = self.cell.parameter(f"{key}.material.molar_volume")
        return pybamm.constants.F * thickness / molar_volume

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Balance the sodium."""
        i = self.interface
        key = self.cell.electrode_key(i.place)
        passed = variables["Discharge capacity [A.h]"] * 3600 / cell_area()
        passed = passed + variables["Internal short charge [C.m-2]"]
        lost = variables[i("sodium lost [C.m-2]")] if self.losses else pybamm.Scalar(0)
        left = self._initial_charge() - self.sign * passed - lost
        molar_volume = self.cell.parameter(f"{key}.material.molar_volume")
        height = scalar(left * molar_volume / pybamm.constants.F)
        floor = self.cell.parameter(f"{key}.continuity_thickness")
        seed = self.cell.parameter(f"{key}.seed_thickness")
        stripped = self.sign * variables["Current collector current density [A.m-2]"] > 0
        film = pybamm.maximum(height, -seed * stripped) + seed
        start = self.cell.parameter(self.cell.thickness_key(i.place))
        if not self.losses:
            variables[i("sodium lost [C.m-2]")] = scalar(0)
        variables[i("sodium [C.m-2]")] = scalar(left)
        variables[i("sodium thickness [m]")] = height
        variables[i("thickness change [m]")] = height - start
        variables[i("sodium coverage")] = 1 - pybamm.exp(-film / floor)
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``dq_lost/dt = -i_parasitic`` (a reduction takes sodium)."""
        if self.losses:
            i = self.interface
            parasitic = variables[Port.PARASITIC_CURRENT.at(i.place).variable]
            self.rhs = {variables[i("sodium lost [C.m-2]")]: -parasitic}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing is lost at the start."""
        if self.losses:
            lost = variables[self.interface("sodium lost [C.m-2]")]
            self.initial_conditions = {lost: pybamm.Scalar(0)}


def cell_area() -> pybamm.Symbol:
    """Return the geometric area [m2] as PyBaMM's parameters give it."""
    return pybamm.Parameter("Electrode height [m]") * pybamm.Parameter("Electrode width [m]")


class InterfaceContact(CoreSubModel):
    """The share of each interface that conducts: gathered contact times sodium coverage.

    In a face with a map of lost contact, times the share of each patch that can touch.
    """

    def __init__(self, cell: CellContext, interface: Interface):
        super().__init__(cell, f"{interface.place} contact")
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Multiply contact and coverage."""
        i = self.interface
        contact = variables[Port.CONTACT_FRACTION.at(i.place).variable]
        if i.kind == "metal":
            contact = contact * variables[i("sodium coverage")]
        face = self.cell.faces.get(i.place)
        if face is not None:
            contact = contact * face.sound
        variables[i("conducting fraction")] = scalar(contact)
        return variables


class AreaResistance(CoreSubModel):
    """Small-signal resistance of the cell as a measure of its health [Ohm.m2].

    ``R = t_s/sigma_s + sum_i [R_i + R T/(F j_0i a_i theta_i)]`` with ``a = 1`` at a
    metal and ``a L`` at a composite, whose exchange current is taken at half filling:
    the number moves with ageing and temperature, not with the state of charge. The
    ohmic share of a composite is ``L/(3 sigma_eff)``. What has aged of it, whatever the
    temperature is now, is the same at the cell's own (:mod:`twin.model.referred`).
    """

    def __init__(self, cell: CellContext):
        super().__init__(cell, "area resistance")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the parts up; each is stored as a variable of its own."""
        T = variables[TEMPERATURE]
        total = variables["Electrolyte resistance [Ohm.m2]"]
        for interface in self.cell.interfaces:
            transfer = self._charge_transfer(interface, T, variables)
            variables[interface("charge-transfer resistance [Ohm.m2]")] = scalar(transfer)
            total = total + transfer + variables[interface("series resistance [Ohm.m2]")]
        variables[RESISTANCE] = scalar(total)
        variables[referred_name(RESISTANCE)] = referred(variables[RESISTANCE], self.cell)
        return variables

    def _charge_transfer(
        self, interface: Interface, T: Any, variables: dict[str, Any]
    ) -> pybamm.Symbol:
        contact = pybamm.maximum(variables[interface("conducting fraction")], LEAST_CONTACT)
        thermal = pybamm.constants.R * T / pybamm.constants.F
        j0 = variables[interface("reference exchange current density [A.m-2]")]
        return thermal / (j0 * contact)


def gather_ports(
    cell: CellContext, contributions: dict[PortAt, list[str]]
) -> dict[str, pybamm.BaseSubModel]:
    """Return one gathering submodel for each port of the cell, contributed to or not."""
    submodels: dict[str, pybamm.BaseSubModel] = {}
    for port in Port:
        for place in port.places:
            at = port.at(place)
            submodels[f"port {at}"] = PortGather(cell, at, contributions.get(at, []))
    return submodels
