"""How one filament fills and grows, from its drive (``drive.py``).

The states are ``k = V/(B l^(5/2))``, with ``B`` of the sound electrolyte, and ``ln l``. What the
crack takes in, over what a critical one holds, is::

    N = (dV/dt)/(B l^(5/2))        its loss fades from k = 0.01 to 0: V >= 0

Below the critical filling it only fills (**initiation**: the steady pressure ``p = eta_tip/v``
reaches ``p_c``); once critical all it takes in is length, at ``K = K_c`` (**propagation**)::

    dk/dt     = N - g N_+ - (5/2) k r
    d ln l/dt = (2/5) g N_+/k + r

``g`` rises from 0 to 1 over the last half per cent of ``k/m``, where ``m = K_c(j)/K_Ic``
(1 but for the option in ``fracture.py``). ``r`` gathers what else lengthens it: the excess
of a crack whose toughness falls under it, and slow growth (Charles; an option)::

    r = (2/5) <k/m - 1>/tau + (v_0/l) (k/m)^n         k_th < k/m < 1

Slow growth needs sodium too: ``k`` falls as the crack lengthens. Below ``k_th`` it is
nought exactly. Sodium plated inside the electrolyte by leaking electrons may add to
the length (an option), and brings its own filling::

    dl/dt += b (V_m/F) max(sigma_e - sigma_crit, 0) |V|/t_SE

Stripping empties the crack, and so does rest; the length stays. A filament that has
crossed grows no further. Charge to short: ``Q_s`` of ``fracture.py`` at any current far
above the one that initiates; a half cycle of less charge than the crack's own volume
arrests it.

References: fracture.py; R. J. Charles, J. Appl. Phys. 29 (1958) 1549 (recalled); F. Han et
al., Nat. Energy 4 (2019) 187 (abstract), for nucleation by electronic conduction; its rate
law is this project's own.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface
from twin_dendrite import fracture
from twin_dendrite.critical import critical_current
from twin_dendrite.drive import TEMPERATURE, Drive, Flank
from twin_dendrite.short import CROSSING
from twin_dendrite.switches import ramp

RUNS = 0.995
"""Share of K_c from which a filament runs: in full at K_c."""
# Filling below which a loss fades, to end at an empty crack.
_EMPTY = 0.01
# Width of the switch at K_th, as a share of K.
_WIDTH = 0.01
# Time in which a crack that its toughness has left behind is critical again [s].
_CATCHES_UP = 1.0


class FilamentGrowth(Flank):
    """Filling and growth of one filament; see the module's equations."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        own = cell.parameters(mode_id)
        self.corroding = own.fracture.toughness == "current-dependent"
        self.creeping = own.fracture.subcritical == "charles"
        self.burns = own.short.law == "burns-out"
        material = "electrolyte.material.electronic_conductivity"
        self.nucleates = own.leak.nucleation != "off" and cell.has(material)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Drive, pressure, stress intensity, what it takes in, growth, critical current."""
        i, T = self.interface, variables[TEMPERATURE]
        length, k = variables[i("filament length [m]")], variables[i("filament filling")]
        v, drive = self.specific_volume, self.drive(variables, length)
        K_Ic, beyond = self.electrolyte("fracture_toughness"), self.beyond(variables)
        p_Ic = fracture.critical_pressure(K_Ic, length)
        opened = k * p_Ic
        pressure = opened - beyond
        lost = self.outflow(opened, pressure, length, T)
        taken = (drive.eta - v * pressure) / drive.resistance - lost
        B = fracture.critical_volume_factor(K_Ic, self.modulus)
        N = v * self.p("drive.inflow_factor") * taken / (B * length**0.5)
        if i.kind != "metal":  # what is not there fills nothing
            present = variables[i("face plated fraction")]
            N = present * pybamm.maximum(N, 0) + pybamm.minimum(N, 0)
        left = self._toughness_left(pybamm.maximum(drive.j, 0))
        share = k / left
        g = ramp((share - RUNS) / (1 - RUNS))
        running = g * pybamm.maximum(N, 0)
        slow = self._slow(share, length) + 0.4 * pybamm.maximum(share - 1, 0) / _CATCHES_UP
        grown = 0.4 * running / pybamm.maximum(k, _EMPTY) + slow
        bulk = self._nucleation(variables)

        variables[i("tip current density [A.m-2]")] = pybamm.maximum(drive.j, 0)
        variables[i("tip overpotential [V]")] = drive.eta
        variables[i("filament pressure [Pa]")] = pressure
        variables[i("stress intensity share")] = share
        variables[i("stress intensity [Pa.m0.5]")] = k * K_Ic
        variables[i("steady stress intensity share")] = (drive.eta / v + beyond) / (p_Ic * left)
        variables[i("filament inflow [s-1]")] = N
        variables[i("filament slow growth [s-1]")] = slow
        variables[i("filament running rate [s-1]")] = running
        variables[i("filament growth rate [m.s-1]")] = grown * length + bulk
        variables[i("critical plating current density [A.m-2]")] = self._critical(
            drive, p_Ic, beyond, length, T
        )
        return variables

    def _critical(self, drive: Drive, p_Ic: Any, beyond: Any, length: Any, T: Any) -> Any:
        """Return the cell's plating current at which the filament comes to run [A.m-2]."""
        v = self.specific_volume
        limit, half = pybamm.Scalar(1), pybamm.Scalar(1)
        if self.corroding:
            limit, half = self.p("fracture.corroded_share"), self.p("fracture.corrosion_current")
        lost = self.outflow(p_Ic, p_Ic - beyond, length, T)
        at_contact = critical_current(
            v * (p_Ic - beyond),
            drive.thermal,
            drive.exchange,
            drive.ohmic,
            v * p_Ic * (1 - limit),
            half,
            lost,
            drive.flank,
        )
        return at_contact / drive.crowding

    def _toughness_left(self, j: Any) -> Any:
        if not self.corroding:
            return pybamm.Scalar(1)
        limit, half = self.p("fracture.corroded_share"), self.p("fracture.corrosion_current")
        return fracture.toughness_left(j, limit, half)

    def _slow(self, share: Any, length: Any) -> Any:
        """Return the rate of slow growth, in ln(length) [s-1]."""
        if not self.creeping:
            return pybamm.Scalar(0)
        below = pybamm.minimum(pybamm.maximum(share, 0), 1)
        speed = self.p("fracture.subcritical_speed") * below ** self.p(
            "fracture.subcritical_exponent"
        )
        grows = ramp((share / self.p("fracture.threshold_share") - 1) / _WIDTH)
        return grows * speed / length

    def _nucleation(self, variables: dict[str, Any]) -> Any:
        if not self.nucleates:
            return pybamm.Scalar(0)
        sigma = self.electrolyte("electronic_conductivity")
        excess = pybamm.maximum(sigma - self.p("leak.critical_conductivity"), 0)
        field = pybamm.AbsoluteValue(variables["Voltage [V]"]) / self.cell.parameter(
            "electrolyte.thickness"
        )
        return self.p("leak.nucleation_factor") * self.specific_volume * excess * field

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Fill, run, and burn out, until it has crossed."""
        i = self.interface
        y, k = variables[i("filament state")], variables[i("filament filling")]
        grown = variables[i("filament growth rate [m.s-1]")] / variables[i("filament length [m]")]
        # On from one crossing's width beyond the far side to two: events at one are reached.
        way = 1 - ramp(y / CROSSING - 1)
        N = variables[i("filament inflow [s-1]")]
        loss = pybamm.minimum(N, 0) * ramp(k / _EMPTY)
        burnt: Any = pybamm.Scalar(0)
        if self.burns:
            # What has bridged is emptied by burning alone.
            loss = loss * (1 - variables[i("bridge closure")])
            burnt = variables[i("filament burning rate [s-1]")] * k
        filled = pybamm.maximum(N, 0) - variables[i("filament running rate [s-1]")] + loss
        thinned = 2.5 * k * variables[i("filament slow growth [s-1]")] * way
        self.rhs = {y: grown * way, k: filled - thinned - burnt}
