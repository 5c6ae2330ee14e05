"""What a filament that has crossed does, and the electrons that cross without one.

A filament conducts from its crossing on, in full a hundredth beyond it; ``N_f`` of them
of the section ``A_f`` in a cell of area ``A``::

    G_f = N_f A_f sigma_Na/(t_SE A)          G_e = sigma_e/t_SE          [S.m-2]

Both lead current past the electrodes, ``j_sh = (sum G_f c + G_e) V``: self-discharge, and
heat ``G V^2``, which the cell's own balances count from the conductance.

With ``law = "holds"`` the contact is ``c = S(y/w)``: a hard short. With ``"burns-out"`` a
bridge closes (``c``) within the fuse time ``tau`` once the filament has crossed, and burns
(``b``) once its Joule heat ``A G_f c V^2/N_f`` exceeds the fuse's; while it burns the
filament withdraws until the share ``f`` of the thickness is bare, then cools::

    dc/dt = [ S_x (1 - b)(1 - c) - b c ]/tau
    db/dt = [ S_hot (1 - b) - S_bare b ]/tau
    d ln l/dt = - b (1 - S_bare) (-ln(1 - f))/tau
    dn/dt =     b (1 - S_bare)/tau                      n counts soft shorts

What burns off is dead sodium, lost to the electrode as ``(F/V_m) N_f A_f/A`` times the
length. ``S_x``, ``S_hot``, ``S_bare`` are smooth switches at ``l = t_SE``, at the fuse's
power and at ``l = (1 - f) t_SE``.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import FARADAY, CellContext, Interface, ModeSubModel
from twin_dendrite.switches import ramp

CROSSING = 0.01
"""Width of the crossing, in ln(length)."""
# Share of the fuse's power over which burning sets in.
_HEATING = 0.05
TOTAL = "Dendrite short conductance [S.m-2]"
LEAK = "Electronic leak conductance [S.m-2]"


class _Crossed(ModeSubModel):
    """What a filament's contact and its fuse share: how well a whole bridge conducts."""

    def _section(self) -> pybamm.Symbol:
        """Return the filaments' section per cell area."""
        area = self.cell.parameter("geometry.area")
        return self.p("short.filaments") * self.p("short.cross_section") / area

    def _whole(self) -> pybamm.Symbol:
        """Return ``G_f`` [S.m-2]."""
        key = f"{self.cell.electrode_key(self.interface.place)}.material.conductivity"
        thickness = self.cell.parameter("electrolyte.thickness")
        return self._section() * self.cell.parameter(key) / thickness


class Contact(_Crossed):
    """A bridge that holds."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``G_f S(y/w)``."""
        i = self.interface
        closure = ramp(variables[i("filament state")] / CROSSING)
        variables[i("filament conductance [S.m-2]")] = self._whole() * closure
        return variables


class Fuse(_Crossed):
    """A bridge that closes, conducts and burns."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.names = [interface(what) for what in ("bridge closure", "bridge burning")]
        self.names.append(interface("soft shorts"))

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define closure, burning and the count."""
        found: dict[str, Any] = {name: self.state(name) for name in self.names}
        closure = found[self.interface("bridge closure")]
        found[self.interface("filament conductance [S.m-2]")] = self._whole() * closure
        return found

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """How fast it burns off, and the sodium that dies with it."""
        i = self.interface
        length = variables[i("filament length [m]")]
        key = f"{self.cell.electrode_key(i.place)}.material.molar_volume"
        charge = FARADAY / self.cell.parameter(key) * self._section()
        bare = self._bare(variables[i("filament state")])
        burning = variables[i("bridge burning")] * (1 - bare) / self.p("short.fuse_time")
        rate = burning * self._withdrawn
        variables[i("soft short rate [s-1]")] = burning
        variables[i("filament burning rate [s-1]")] = rate
        variables[i("dead sodium current density [A.m-2]")] = -charge * length * rate
        return variables

    @property
    def _withdrawn(self) -> pybamm.Symbol:
        """How far a soft short takes the filament back, in ln(length)."""
        return -pybamm.log(1 - self.p("short.burnt_share"))

    def _bare(self, y: Any) -> pybamm.Symbol:
        return 1 - ramp((y + self._withdrawn) / CROSSING)

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Close, burn and count."""
        i, tau = self.interface, self.p("short.fuse_time")
        c, b, n = (variables[name] for name in self.names)
        y = variables[i("filament state")]
        heat = (
            variables[i("filament conductance [S.m-2]")]
            * self.cell.parameter("geometry.area")
            / self.p("short.filaments")
            * variables["Voltage [V]"] ** 2
        )
        hot = ramp((heat / self.p("short.fuse_power") - 1) / _HEATING)
        touching = ramp(y / CROSSING)
        self.rhs = {
            c: (touching * (1 - b) * (1 - c) - b * c) / tau,
            b: (hot * (1 - b) - self._bare(y) * b) / tau,
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
