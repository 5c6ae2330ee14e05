"""What drives one filament, and how fast it grows.

The current is crowded into what conducts of the interface, ``theta``, and towards the
edges of voids (``phi`` is the pressure mode's void fraction where that is there, nought
where it is not); only plating counts::

    j_n     = max(-i, 0)/theta (1 + s_e phi)
    eta_tip = (2RT/F) asinh(j_n/(2 j_0)) + chi_f theta j_n R_i + kappa j_n l/sigma_SE

``R_i`` is what stands in series at the interface per cell area, ``sigma_SE`` what the
electrolyte conducts now. With the mechanics of ``fracture.py`` and ``k = K_I/K_c``::

    dl/dt = 0                                           k <= k_th
    dl/dt = 1/(1/v_f + 1/(v_0 k^n))                     k_th < k < 1   (Charles)
    dl/dt = v_f = (V_m/F) j_n E*/(4 p_net)              k >= 1

Slow growth, too, needs sodium to follow: without current nothing grows. Each law fades
into the next over a hundredth of ``k``, on the safe side of its limit: below ``k_th`` the
rate is nought exactly. Sodium plated inside the electrolyte by leaking electrons may add
to it (an option)::

    dl/dt += b (V_m/F) max(sigma_e - sigma_crit, 0) |V|/t_SE

A filament that has crossed grows no further.

References: R. J. Charles, J. Appl. Phys. 29 (1958) 1549 (recalled); F. Han et al., Nat.
Energy 4 (2019) 187 (abstract), for nucleation by electronic conduction; its rate law is
this project's own.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_dendrite import fracture
from twin_dendrite.critical import critical_current
from twin_dendrite.short import CROSSING
from twin_dendrite.switches import ramp

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Width of the switches at K_th and K_c, as a share of K.
_WIDTH = 0.01
# A crack opened by less than this is not open; keeps the filling speed finite at rest.
_LEAST_PRESSURE = 1.0  # Pa
_LEAST_CONTACT = 1e-8


class FilamentGrowth(ModeSubModel):
    """Drive and growth of one filament; see the module's equations."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        own = cell.parameters(mode_id)
        self.corroding = own.fracture.toughness == "current-dependent"
        self.burns = own.short.law == "burns-out"
        material = "electrolyte.material.electronic_conductivity"
        self.nucleates = own.leak.nucleation != "off" and cell.has(material)

    def _electrolyte(self, name: str) -> pybamm.Parameter:
        return self.cell.parameter(f"electrolyte.material.{name}")

    @property
    def _molar_volume(self) -> pybamm.Parameter:
        key = self.cell.electrode_key(self.interface.place)
        return self.cell.parameter(f"{key}.material.molar_volume")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Tip current, overpotential, stress intensity, growth rate, critical current."""
        i = self.interface
        length = variables[i("filament length [m]")]
        current = variables[i("current density [A.m-2]")]
        theta = pybamm.maximum(variables[i("conducting fraction")], _LEAST_CONTACT)
        j_0 = variables[i("reference exchange current density [A.m-2]")]
        thermal = 2 * pybamm.constants.R * variables[TEMPERATURE] / pybamm.constants.F
        stack = pybamm.maximum(variables["Stack pressure [Pa]"], 0)
        ohmic = self._ohmic(variables, theta, length)
        bulk = self._nucleation(variables)

        crowding = 1 / theta
        voids = i("void fraction")
        if voids in variables:
            edge = self.p("drive.edge_factor")
            crowding = crowding * (1 + edge * pybamm.maximum(variables[voids], 0))
        j = pybamm.maximum(-current, 0) * crowding
        eta = thermal * pybamm.arcsinh(j / (2 * j_0)) + ohmic * j
        tension = self.p("fracture.loading_factor") * stack
        compression = self.p("fracture.in_plane_compression") - tension
        share, V_m = self.p("drive.pressure_share"), self._molar_volume
        most = fracture.held_pressure(self._electrolyte("youngs_modulus"))
        pressure = fracture.filament_pressure(eta, V_m, share, most)
        net = pressure - compression
        Y = self.p("fracture.geometry_factor")
        K = fracture.stress_intensity(Y, net, length)
        k = K / self._toughness(j)
        eta_c = fracture.critical_overpotential(
            self._electrolyte("fracture_toughness"), Y, length, V_m, share, compression, most
        )
        lost, half = self._lost_to_current(length, V_m, share, Y)
        critical = critical_current(eta_c, thermal, j_0, ohmic, lost, half) / crowding

        variables[i("tip current density [A.m-2]")] = j
        variables[i("tip overpotential [V]")] = eta
        variables[i("filament pressure [Pa]")] = pressure
        variables[i("stress intensity [Pa.m0.5]")] = K
        variables[i("stress intensity share")] = k
        variables[i("critical plating current density [A.m-2]")] = critical
        variables[i("filament growth rate [m.s-1]")] = self._speed(j, net, k) + bulk
        return variables

    def _ohmic(self, variables: dict[str, Any], theta: Any, length: Any) -> Any:
        """Return the ohmic part of the tip overpotential per tip current [Ohm.m2]."""
        thickness = self.cell.parameter("electrolyte.thickness")
        resistivity = variables["Separator resistance [Ohm.m2]"] / thickness
        film = variables[self.interface("series resistance [Ohm.m2]")]
        detour = self.p("drive.detour_factor") * length * resistivity
        return self.p("drive.film_share") * theta * film + detour

    def _toughness(self, j: Any) -> Any:
        K_Ic = self._electrolyte("fracture_toughness")
        if not self.corroding:
            return K_Ic
        limit, half = self.p("fracture.corroded_share"), self.p("fracture.corrosion_current")
        return fracture.toughness(K_Ic, j, limit, half)

    def _lost_to_current(self, length: Any, V_m: Any, share: Any, Y: Any) -> tuple[Any, Any]:
        """Return the overpotential that a large current takes off the critical one, and
        the current that takes half of it.
        """
        if not self.corroding:
            return pybamm.Scalar(0), pybamm.Scalar(1)
        K_Ic = self._electrolyte("fracture_toughness")
        most = fracture.critical_overpotential(K_Ic, Y, length, V_m, share, 0)
        limit, half = self.p("fracture.corroded_share"), self.p("fracture.corrosion_current")
        return most * (1 - limit), half

    def _speed(self, j: Any, net: Any, k: Any) -> Any:
        """Return the growth rate [m.s-1] by the crack's own law."""
        elastic = (self._electrolyte(name) for name in ("youngs_modulus", "poisson_ratio"))
        fed = fracture.filling_speed(
            j,
            pybamm.maximum(net, _LEAST_PRESSURE),
            fracture.plane_modulus(*elastic),
            self._molar_volume,
        )
        below = pybamm.minimum(pybamm.maximum(k, 0), 1)
        slow = self.p("fracture.subcritical_speed") * below ** self.p(
            "fracture.subcritical_exponent"
        )
        slow = slow * fed / (slow + fed + 1e-60)
        grows = ramp((k / self.p("fracture.threshold_share") - 1) / _WIDTH)
        runs = ramp((k - 1) / _WIDTH + 1)
        return grows * slow * (1 - runs) + runs * fed

    def _nucleation(self, variables: dict[str, Any]) -> Any:
        if not self.nucleates:
            return 0
        sigma = self._electrolyte("electronic_conductivity")
        excess = pybamm.maximum(sigma - self.p("leak.critical_conductivity"), 0)
        field = pybamm.AbsoluteValue(variables["Voltage [V]"]) / self.cell.parameter(
            "electrolyte.thickness"
        )
        volume = self._molar_volume / pybamm.constants.F
        return self.p("leak.nucleation_factor") * volume * excess * field

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """``dy/dt = (dl/dt)/l``, until it has crossed; less what burns off."""
        i = self.interface
        y = variables[i("filament state")]
        grown = variables[i("filament growth rate [m.s-1]")] / variables[i("filament length [m]")]
        # On from one crossing's width beyond the far side to two: events at one are reached.
        rate = grown * (1 - ramp(y / CROSSING - 1))
        if self.burns:
            sound = 1 - variables[i("bridge burning")]
            rate = rate * sound - variables[i("filament burning rate [s-1]")]
        self.rhs = {y: rate}
