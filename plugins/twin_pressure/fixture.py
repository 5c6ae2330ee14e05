"""What the fixture makes of the stack's volume changes.

``dp = k (dh_a + dh_c + h_v - h_creep)`` [Pa]: ``k = 0`` for a constant force, the spring's
stiffness for a spring, and for a rigid gap the stack's own, ``k = 1/sum(L_i/E_i)``.
Sodium creeping out sideways relaxes a stiff fixture (Norton)::

    d h_creep/dt = h_Na e_0(T) (p/s_0)^n

which at fixed gap gives ``s^(1-n) = s_0^(1-n) + (n-1) A E t``. Free creep: the friction
that holds back a thin layer between rough plates is not in this law.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, ModeSubModel
from twin_pressure.creep import norton_rate

TEMPERATURE = "Volume-averaged cell temperature [K]"
CREEP = "Stack creep thinning [m]"
CHANGE = "Fixture pressure change [Pa]"


class Fixture(ModeSubModel):
    """Pressure change of a fixture; see the module's equations."""

    def __init__(self, cell: CellContext, mode_id: str):
        super().__init__(cell, mode_id)
        self.kind = cell.spec.stack.fixture
        relaxes = cell.parameters(mode_id).stack.creep_relaxation == "norton"
        self.relaxes = relaxes and self.kind != "constant-force"

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the creep thinning where it can relax anything."""
        return {CREEP: self.state(CREEP, scale=1e-6)} if self.relaxes else {}

    def _stiffness(self) -> pybamm.Symbol:
        if self.kind == "spring":
            return self.cell.parameter("stack.stiffness")
        keys = ["anode", "electrolyte"]
        keys += ["cathode"] if self.cell.spec.cathode is not None else ["anode"]
        compliance = sum(
            self.cell.parameter(f"{k}.thickness")
            / self.cell.parameter(f"{k}.material.youngs_modulus")
            for k in keys
        )
        return 1 / compliance

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add the thickness changes up and press them into the fixture."""
        change = sum(variables[i("thickness change [m]")] for i in self.cell.interfaces)
        for i in self.cell.metal_interfaces:
            change = change + variables[i("void height [m]")]
        if self.relaxes:
            change = change - variables[CREEP]
        variables["Stack thickness change [m]"] = change
        if self.kind == "constant-force":
            variables[CHANGE] = pybamm.PrimaryBroadcast(0, "current collector")
        else:
            variables[CHANGE] = self._stiffness() * change
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Thin the sodium by creep."""
        if not self.relaxes:
            return
        T, p = variables[TEMPERATURE], pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        rate = pybamm.Scalar(0)
        for i in self.cell.metal_interfaces:
            height = pybamm.maximum(variables[i("sodium thickness [m]")], 0)
            rate = rate + height * norton_rate(self.cell, i.place, p, T)
        self.rhs = {variables[CREEP]: rate}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing has crept at the start."""
        if self.relaxes:
            self.initial_conditions = {variables[CREEP]: pybamm.Scalar(0)}
