"""Coverage that is set when plated sodium nucleates, and hardly changes after.

Sodium plated on a bare collector grows from nuclei. How much of the interface they come
to cover follows from how many there are, which the early current decides; pressure hardly
moves it. With ``h`` the sodium per area (the seed of a bare collector included) and ``w``
how far nucleation has come, the islands' share ``theta`` is the mean of
``theta_n(j)`` over the early growth::

    w = 1 - exp(-h/h_n),    h_n = V_m q_n/F
    d theta/dt = (theta_n(j) - theta) (dw/dt)/w     on plating, else 0
    theta_n(j) = 1 - exp(-j/j_n)

Nuclei in number proportional to the current, each sheltering the same area, cover
``1 - exp(-j/j_n)`` (Avrami's overlap). At constant current, from ``w_0`` and ``theta_0``,
``theta = theta_n + (theta_0 - theta_n) w_0/w``: a plateau after about ``q_n``. A foil is
far past it (``w`` = 1) and keeps its full contact; an interface that is stripped bare
(``w`` small) nucleates anew. No pressure stands in the law.

References: Ortmann et al., Adv. Energy Mater. 2023, 2302729 (coverage rises with
current, hardly with pressure; an own arc at 0.1 and 0.2 mA/cm2 only); M. Avrami,
J. Chem. Phys. 7 (1939) 1103.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel
from twin_pressure.melting import toward_wetted


class NucleatedContact(ModeSubModel):
    """Contact of one interface as nucleation left it; see the module's equations."""

    @property
    def _fraction(self) -> str:
        return self.interface("pressed contact fraction")

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the islands' share, a state."""
        first = self.interface("first contact fraction")
        return {
            self._fraction: self.state(self._fraction),
            first: self.scalar(1),
        }

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Average ``theta_n`` over the early growth."""
        i = self.interface
        key = self.cell.electrode_key(i.place)
        volume = self.cell.parameter(f"{key}.material.molar_volume") / pybamm.constants.F
        theta = variables[self._fraction]
        plating = pybamm.maximum(-variables[i("current density [A.m-2]")], 0)
        nucleated = 1 - pybamm.exp(-plating / self.p("nucleation.current"))
        seed = self.cell.parameter(f"{key}.seed_thickness")
        depth = volume * self.p("nucleation.charge")
        height = pybamm.maximum(variables[i("sodium thickness [m]")], 0) + seed
        left = pybamm.exp(-height / depth)
        growing = volume * plating / depth * left / (1 - left)
        rate = (nucleated - theta) * growing
        self.rhs = {theta: rate + toward_wetted(self, variables, theta)}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """The foil, or the seed on a bare collector, touches everywhere."""
        self.initial_conditions = {variables[self._fraction]: pybamm.Scalar(1)}
