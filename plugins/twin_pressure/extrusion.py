"""Sodium pressed through the pores of a cold-pressed pellet: a short without current.

Above an onset ``p_on`` sodium enters the widest channels between the grains, of radius
``a``, and creeps on through them as a power-law fluid in a pipe, whose wall shear stress
at depth ``l`` is ``(p - p_on) a/(2 l)``. With the von Mises equivalents of Norton's
``de/dt = A s^n`` its mean speed is::

    dl/dt = (a/(n + 3)) 3^((n+1)/2) A [(p - p_on) a/(2 (l + a))]^n

(one radius is added at the mouth, where the flow has still to form). The state
``g = (1 + l/a)^(n+1) - 1`` grows evenly::

    dg/dt = ((n + 1)/(n + 3)) 3^((n+1)/2) A(T) [<p - p_on>_+/2]^n

so that at constant pressure ``l ~ (p - p_on)^(n/(n+1)) t^(1/(n+1))``: pressure and the
pellet's thickness decide, time hardly. The pellet shorts where ``l`` reaches its thickness.
A sintered electrolyte has no open pores, and none of this (``pellet = "dense"``).

References: W. L. Wilkinson, Non-Newtonian Fluids (1960) (power-law flow in a pipe);
shorts of pressed hydroborate pellets: Brighi, Murgia, Cerny, Adv. Mater. Interfaces 9
(2022) 2101254.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel
from twin_pressure.creep import creep_exponent, norton_rate
from twin_pressure.melting import TEMPERATURE

DEPTH = "extrusion depth [m]"
STATE = "extrusion state"


class Extrusion(ModeSubModel):
    """Intrusion of one electrode's sodium into the pellet; see the module's equations."""

    def _power(self) -> pybamm.Symbol:
        return creep_exponent(self.cell, self.interface.place) + 1

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define ``g``, whose size is that of a short, and the depth."""
        i, radius = self.interface, self.p("extrusion.channel_radius")
        through = 1 + self.cell.parameter("electrolyte.thickness") / radius
        g = self.state(i(STATE), scale=through ** self._power())
        depth = radius * ((1 + pybamm.maximum(g, 0)) ** (1 / self._power()) - 1)
        return {i(STATE): g, i(DEPTH): depth}

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Creep on under the pressure above onset."""
        i, T = self.interface, variables[TEMPERATURE]
        over = pybamm.maximum(variables["Stack pressure [Pa]"] - self.p("extrusion.onset"), 0)
        rate = norton_rate(self, i.place, over / 2, T)
        n = self._power() - 1
        self.rhs = {variables[i(STATE)]: (n + 1) / (n + 3) * 3 ** ((n + 1) / 2) * rate}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing has entered at the start."""
        self.initial_conditions = {variables[self.interface(STATE)]: pybamm.Scalar(0)}
