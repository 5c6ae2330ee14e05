"""What the fixture makes of the stack's volume changes.

``dp = k (dh_a + dh_c + h_v - h_creep)`` [Pa]: ``k = 0`` for a constant force, the spring's
stiffness for a spring, and for a rigid gap the stack's own, ``k = 1/sum(L_i/E_i)``. The
energy stored is ``1/2 k dh^2`` [J.m-2] above the applied pressure's work.

Sodium creeping out sideways relaxes a stiff fixture. Freely (``norton``)::

    d h_creep/dt = h_Na e_0(T) (p/s_0)^n

which at fixed gap gives ``s^(1-n) = s_0^(1-n) + (n-1) A E t``. Between rough plates
(``constrained``) each layer thins by its own creep strain ``e`` and spreads at constant
volume, ``h = h_Na exp(-e)`` and ``R = R_0 exp(e/2)``, against the friction of
``squeeze.py``::

    de/dt = e_0(T) (p exp(-e)/(Q(R/h) s_0))^n,    h_creep = h_Na (1 - exp(-e))

where ``p`` is the load over the cell's area, and the sodium beyond that area bears its
share. Both laws hold in compression; a constant force thins the layer without relaxing.
An alloy that flows (one whose material has a creep law) is squeezed out like the metal,
``h_Na`` being its electrode's thickness. By default (``auto``) whatever creeps does so,
constrained, wherever the gap is not free; under a constant force nothing would come of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_pressure.creep import creep_exponent, norton_rate
from twin_pressure.interfaces import creeping
from twin_pressure.melting import TEMPERATURE
from twin_pressure.squeeze import constraint_factor

CREEP = "Stack creep thinning [m]"
CHANGE = "Fixture pressure change [Pa]"
THICKNESS = "Stack thickness change [m]"
ENERGY = "Fixture elastic energy [J.m-2]"


class Fixture(ModeSubModel):
    """Pressure change of a fixture; see the module's equations."""

    def __init__(self, cell: CellContext, mode_id: str):
        super().__init__(cell, mode_id)
        self.kind = cell.spec.stack.fixture

    def _stiffness(self) -> pybamm.Symbol:
        if self.kind == "spring":
            return self.cell.parameter("stack.stiffness")
        layers = [("electrolyte.thickness", "electrolyte")]
        for i in self.cell.interfaces:
            layers.append((self.cell.thickness_key(i.place), self.cell.electrode_key(i.place)))
        compliance = sum(
            self.cell.parameter(thickness) / self.cell.parameter(f"{key}.material.youngs_modulus")
            for thickness, key in layers
        )
        return 1 / compliance

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the thickness changes up and press them into the fixture."""
        change = sum(variables[i("thickness change [m]")] for i in self.cell.interfaces)
        for i in self.cell.metal_interfaces:
            change = change + variables[i("void height [m]")]
        change = change - variables[CREEP]
        if self.kind == "constant-force":
            pressure = pybamm.PrimaryBroadcast(0, "current collector")
        else:
            pressure = self._stiffness() * change
        variables[THICKNESS] = change
        variables[CHANGE] = pressure
        variables[ENERGY] = pressure * change / 2
        return variables


class NoCreep(ModeSubModel):
    """A stack whose sodium stays where it is."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Nothing creeps out."""
        return {CREEP: pybamm.PrimaryBroadcast(0, "current collector")}


class FreeCreep(ModeSubModel):
    """Sodium creeping out freely, both layers together, at small strain."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the thinning."""
        return {CREEP: self.state(CREEP, scale=1e-6)}

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Thin the sodium by creep."""
        T, p = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        rate = pybamm.Scalar(0)
        for i in self.cell.metal_interfaces:
            height = pybamm.maximum(variables[i("sodium thickness [m]")], 0)
            rate = rate + height * norton_rate(self, i.place, p, T)
        self.rhs = {variables[CREEP]: rate}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing has crept at the start."""
        self.initial_conditions = {variables[CREEP]: pybamm.Scalar(0)}


class ConstrainedCreep(ModeSubModel):
    """Metal squeezed out against friction, each layer by its own strain."""

    @property
    def _layers(self) -> tuple[Interface, ...]:
        return creeping(self.cell, self.mode_id)

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define each layer's creep strain."""
        names = [i("creep strain") for i in self._layers]
        # A stiff fixture turns a strain of 1e-6 into kilopascals.
        return {name: self.state(name, scale=1e-3) for name in names}

    def _height(self, i: Interface, variables: dict[str, Any]) -> pybamm.Symbol:
        if i.kind == "porous":
            return self.cell.parameter(self.cell.thickness_key(i.place))
        return pybamm.maximum(variables[i("sodium thickness [m]")], 0)

    def _seed(self, i: Interface) -> Any:
        """Return a seed's worth of sodium, which keeps R/h finite in an anode-free cell."""
        if i.kind == "porous":
            return 0
        return self.cell.parameter(f"{self.cell.electrode_key(i.place)}.seed_thickness")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Thinning of the layers, and what friction multiplies their strength by."""
        thinning: Any = pybamm.Scalar(0)
        factors = {}
        radius = (self.cell.parameter("geometry.area") / np.pi) ** 0.5
        for i in self._layers:
            strain, height = variables[i("creep strain")], self._height(i, variables)
            thinning = thinning + height * (1 - pybamm.exp(-strain))
            slenderness = radius / (height + self._seed(i)) * pybamm.exp(1.5 * strain)
            n = creep_exponent(self.cell, i.place)
            factors[i("constraint factor")] = constraint_factor(
                n, slenderness, self.p("stack.friction")
            )
        variables.update(factors)
        variables[CREEP] = thinning
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``de/dt`` of each layer."""
        T, p = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        for i in self._layers:
            strain = variables[i("creep strain")]
            stress = p * pybamm.exp(-strain) / variables[i("constraint factor")]
            self.rhs[strain] = norton_rate(self, i.place, stress, T)

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing has crept at the start."""
        for i in self._layers:
            self.initial_conditions[variables[i("creep strain")]] = pybamm.Scalar(0)


def creep_submodel(cell: CellContext, mode_id: str) -> ModeSubModel:
    """Return the creep of the stack that the cell asks for."""
    if creeping(cell, mode_id):
        return ConstrainedCreep(cell, mode_id)
    law = cell.parameters(mode_id).stack.creep_relaxation
    # Free creep is counted only where it can relax something.
    free = cell.metal_interfaces and cell.spec.stack.fixture != "constant-force"
    return FreeCreep(cell, mode_id) if free and law == "norton" else NoCreep(cell, mode_id)
