"""What a filament that has crossed does, and the electrons that cross without one.

A filament conducts from its crossing on, in full a hundredth beyond it; ``N_f`` of them
with the conductance ``G_n`` of the neck in a cell of area ``A``::

    G_f = N_f G_n/A          G_e = sigma_e/t_SE          [S.m-2]

Both lead current past the electrodes, ``j_sh = (sum G_f c + G_e) V``: self-discharge, and
heat ``G V^2``, which the cell's own balances count from the conductance.

With ``law = "holds"`` the contact is ``c = S(y/w)``: a hard short. With ``"burns-out"`` a
critical filament closes its bridge (``c``) within the fuse time ``tau`` once it has
crossed. A metallic neck melts at a voltage of its own, whatever its size (Kohlrausch; no
heat lost sideways, ``L`` Lorenz's number)::

    U_m = 2 sqrt(L (T_m^2 - T^2))            68.9 mV at 25 degC for sodium

The bridge burns (``b``) if the cell that it shunts in full keeps more than that; with the
cell's resistance ``R`` and the voltage ``V`` at the contact reached ::

    U = V (1 + c G_f R)/(1 + G_f R)  [= V_oc/(1 + G_f R)]  > U_m

so a bridge burns out (a soft short) for ``G_f < (V_oc/U_m - 1)/R``, and a better one is a hard
short; molten metal never burns. Burning, the crack loses the share ``f`` of its sodium
and stays as long as it is, then cools::

    dc/dt = [ W (1 - b)(1 - c) - (b + 1 - W) c ]/tau,   W = 1 - (1 - S_x S_k)(1 - S_m)
    db/dt = [ S_hot S_c (1 - b) - b (1 - S_b (1 - S_bare)) ]/tau
    d ln k/dt = - b (1 - S_bare) (-ln(1 - f))/tau
    dn/dt =     b (1 - S_bare)/tau                      n counts soft shorts

The next short needs ``f`` times the crack's charge alone: soft shorts recur. What burns off
is dead sodium, lost to the electrode as ``V/v`` of each filament. A bridge that has met
(``S_m``, down to a filling of 0.94) closes, one half closed catches fire (``S_c``), and a
fire once lit (``S_b``) burns until it is bare: each is one event, at whatever pace the
crack refills. ``S_x``, ``S_k``,
``S_hot``, ``S_bare`` are smooth switches at ``l = t_SE``, at a filling of 0.98, at ``U_m``
and at the share ``1 - f`` of that filling.

Reference: F. Kohlrausch, Ann. Phys. 306 (1900) 132; R. Holm, Electric Contacts (1967) (both
recalled).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_dendrite import fracture
from twin_dendrite.drive import TEMPERATURE, Flank
from twin_dendrite.switches import ramp

CROSSING = 0.01
"""Width of the crossing, in ln(length)."""
# Keeps the switch finite where the metal is molten [V].
_LEAST_VOLTAGE = 1e-6
# Share of the melting voltage over which burning sets in.
_HEATING = 0.05
# Fillings between which a filament that has crossed comes to touch.
_TOUCHES, _TOUCHED = 0.96, 0.98
# Closure from which a hot bridge catches fire; and from where closing, and burning, go on
# by themselves.
_LIT, _CATCHES = 0.4, 0.05
# Filling at which a bridge that has met parts again.
_PARTS = 0.94
# Width of the switches at which it parts and is bare, in filling.
_BARE = 0.01
TOTAL = "Dendrite short conductance [S.m-2]"
LEAK = "Electronic leak conductance [S.m-2]"


class Contact(Flank):
    """A bridge that holds."""

    def _number(self) -> pybamm.Symbol:
        """Return the filaments per cell area [m-2]."""
        return self.p("short.filaments") / self.cell.parameter("geometry.area")

    def _whole(self) -> pybamm.Symbol:
        """Return ``G_f`` [S.m-2], of the cell's area."""
        return self._number() * self.p("short.neck_conductance")

    def _own_share(self) -> pybamm.Symbol:
        """Return the cell's area over this face's, or each patch's: each has its own filaments."""
        return self.cell.parameter("geometry.area") / self.area

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``G_f S(y/w)``."""
        i = self.interface
        closure = ramp(variables[i("filament state")] / CROSSING)
        variables[i("filament conductance [S.m-2]")] = self._whole() * closure * self._own_share()
        return variables


class Fuse(Contact):
    """A bridge that closes, conducts and burns."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.names = [interface(what) for what in ("bridge closure", "bridge burning")]
        self.names.append(interface("soft shorts"))

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define closure, burning and the count."""
        variables: dict[str, Any] = {name: self.state(name) for name in self.names}
        closure = variables[self.interface("bridge closure")]
        conductance = self._whole() * closure * self._own_share()
        variables[self.interface("filament conductance [S.m-2]")] = conductance
        return variables

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """How fast it burns off, and the sodium that dies with it."""
        i = self.interface
        k, length = variables[i("filament filling")], variables[i("filament length [m]")]
        B = fracture.critical_volume_factor(self.electrolyte("fracture_toughness"), self.modulus)
        charge = k * B * length**2.5 / self.specific_volume
        bare = self._bare(k)
        burning = variables[i("bridge burning")] * (1 - bare) / self.p("short.fuse_time")
        rate = burning * -pybamm.log(1 - self.p("short.burnt_share"))
        variables[i("soft short rate [s-1]")] = burning
        variables[i("filament burning rate [s-1]")] = rate
        dead = self._number() * self._own_share() * charge * rate
        variables[i("dead sodium current density [A.m-2]")] = -dead
        return variables

    def _bare(self, k: Any) -> pybamm.Symbol:
        left = _TOUCHED * (1 - self.p("short.burnt_share"))
        return 1 - ramp((k - left) / _BARE)

    def _melting_voltage(self, T: Any) -> pybamm.Symbol:
        """Return ``U_m`` [V], nought above the melting point."""
        gap = self.metal("melting_temperature") ** 2 - T**2
        return 2 * (self.p("short.lorenz_number") * pybamm.maximum(gap, 0)) ** 0.5

    def _hot(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return 1 where the neck melts in the voltage that a whole bridge leaves."""
        T, c = variables[TEMPERATURE], variables[self.interface("bridge closure")]
        if not self.cell.has(f"{self._metal_key}.melting_temperature"):
            return pybamm.Scalar(0)
        shunt = self._whole() * variables["Area-specific resistance [Ohm.m2]"]
        left = pybamm.AbsoluteValue(variables["Voltage [V]"]) * (1 + c * shunt) / (1 + shunt)
        U_m = self._melting_voltage(T)
        above = left - U_m
        return ramp(above / (_HEATING * U_m + _LEAST_VOLTAGE)) * (1 - self._melted(T))

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Close, burn and count."""
        i, tau = self.interface, self.p("short.fuse_time")
        c, b, n = (variables[name] for name in self.names)
        k = variables[i("filament filling")]
        touching = ramp(variables[i("filament state")] / CROSSING)
        touching = touching * ramp((k - _TOUCHES) / (_TOUCHED - _TOUCHES))
        holds = ramp((c - _CATCHES) / (2 * _CATCHES)) * ramp((k - _PARTS) / _BARE)
        meets = 1 - (1 - touching) * (1 - holds)
        lights = ramp((c - _LIT) / _LIT)
        cools = 1 - ramp((b - _CATCHES) / (2 * _CATCHES)) * (1 - self._bare(k))
        self.rhs = {
            c: (meets * (1 - b) * (1 - c) - (b + 1 - meets) * c) / tau,
            b: (self._hot(variables) * lights * (1 - b) - cools * b) / tau,
            n: variables[i("soft short rate [s-1]")],
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Open, cold and new."""
        self.initial_conditions = {variables[name]: pybamm.Scalar(0) for name in self.names}


class ShortConductance(ModeSubModel):
    """Everything that leads current past the electrodes."""

    def __init__(self, cell: CellContext, mode_id: str, metals: tuple[Interface, ...], leaks: bool):
        super().__init__(cell, mode_id)
        self.metals = metals
        self.leaks = leaks

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add filaments and leak up."""
        total = sum((variables[i("filament conductance [S.m-2]")] for i in self.metals), 0)
        leak: Any = pybamm.Scalar(0)
        if self.leaks:
            sigma = self.cell.parameter("electrolyte.material.electronic_conductivity")
            leak = sigma / self.cell.parameter("electrolyte.thickness")
        leak = pybamm.PrimaryBroadcast(leak, "current collector")
        variables[LEAK] = leak
        variables[TOTAL] = leak + total
        return variables
