"""The law of fade: active material that goes with the root of the cycles.

With ``y = -ln`` of the share of the host that is left, the state ``Y = y^(1/b)`` grows at a
steady pace, so that cycles at different temperatures add up and a jump over many of them is
exact::

    dY/dt = (y_N^(1/b)/N_0 dN/dt + y_h^(1/b)/year) A X
    A     = exp(-E/R (1/T - 1/T_0)),      X = exp(alpha F <U - U_x>_+/RT)
    dN/dt = |i|/(2 Q_0 a)
    y     = (Y + d)^b - d^b,   d = 1e-8        active share exp(-y)

``y_N`` is what ``N_0`` full cycles cost, ``y_h`` what a year costs, ``Q_0`` the charge that the
host's sites hold and ``a`` the share of them still active: a full cycle fills and empties what
is left. For ``b = 1/2`` this is ``y^2 = y_0^2 + k_N^2 N + k_h^2 t`` with ``k_N = y_N/sqrt(N_0)``.
``d`` keeps the rate of a new cell finite. Above the host's own upper limit ``U_x`` (where its
material gives one: structure that does not come back) the pace rises, at most to a share
``most_of_a_cycle`` of the host in one full cycle, or in an hour.

Limits: empirical, for what no mechanism explains. Within one cell the loss goes with the power
0.43-0.50 of the cycles; no power is proven (prior 0.3-0.7), and a dependence on hours was not
found. What is lost keeps the sodium it holds (a store of the ledger).
"""

from __future__ import annotations

import math
from typing import Any

import pybamm

from twin import FARADAY, GAS_CONSTANT, CellContext, Interface, ModeSubModel, Port, arrhenius

TEMPERATURE = "Volume-averaged cell temperature [K]"
POTENTIAL = "potential vs sodium [V]"
STATE, EXPONENT = "fade state", "fade exponent"
ACTIVE = "unfaded active fraction"
# The state of a cell that is one part in ten thousand worse than new.
_NEW = 1e-8
_HOUR, _YEAR = 3600, 365.25 * 86400
# Beyond, the cap on a cycle's loss holds anyway.
_MOST = 50


def expected_loss(own: Any, family: str, cycles: float, years: float, temperature: float) -> float:
    """Return y = -ln of the host left after full cycles and years, all at one temperature [K].

    The closed form of the law inside the window, for who applies it to what a cell without
    the mode has left.

    Parameters
    ----------
    own : Parameters
        The cell's table ``[modes.fade]``.
    family : str
        One of its families.
    """
    power = 1 / own.exponent.si
    table, this = getattr(own, family), own.this_cell.si
    state = (this * table.loss.si) ** power * cycles / own.reference_cycles.si
    state += (this * table.calendar_loss.si) ** power * years
    warmth = 1 / temperature - 1 / own.reference_temperature.si
    state *= math.exp(-own.activation_energy.si / GAS_CONSTANT * warmth)
    return float((state + _NEW) ** own.exponent.si - _NEW**own.exponent.si)


class Fade(ModeSubModel):
    """The host that is lost inside its window; see the module's equations."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface, family: str):
        super().__init__(cell, mode_id, interface)
        self.family = family

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the state, and what is left."""
        i, b = self.interface, self.p("exponent")
        state = self.state(i(STATE), scale=1e-4)
        y = (pybamm.maximum(state, 0) + _NEW) ** b - _NEW**b
        return {
            i(STATE): state,
            i(EXPONENT): y,
            i(ACTIVE): pybamm.exp(-y),
            i("faded fraction"): 1 - pybamm.exp(-y),
        }

    def _grown(self, what: str) -> pybamm.Symbol:
        """Return ``y^(1/b)`` of one of the family's losses."""
        return (self.p("this_cell") * self.p(f"{self.family}.{what}")) ** (1 / self.p("exponent"))

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Count cycles and time at the pace of temperature and potential."""
        i, T = self.interface, variables[TEMPERATURE]
        sites = self.cell.sites(i.place)
        active = variables[Port.ACTIVE_FRACTION.at(i.place).variable]
        current = pybamm.AbsoluteValue(variables[i("current density [A.m-2]")])
        cycles = current / (2 * sites * pybamm.maximum(active, 1e-8))
        pace = arrhenius(self.p("activation_energy"), T, self.p("reference_temperature"))
        per_cycle = self._grown("loss") / self.p("reference_cycles") * pace
        per_second = self._grown("calendar_loss") / _YEAR * pace
        if self.cell.has(f"{i.place}.material.upper_limit"):
            limit = self.cell.parameter(f"{i.place}.material.upper_limit")
            above = pybamm.maximum(variables[i(POTENTIAL)] - limit, 0)
            drive = self.p("transfer") * FARADAY * above / (GAS_CONSTANT * T)
            faster = pybamm.exp(pybamm.minimum(drive, _MOST))
            most = (-pybamm.log(1 - self.p("most_of_a_cycle"))) ** (1 / self.p("exponent"))
            per_cycle = pybamm.minimum(per_cycle * faster, most)
            per_second = pybamm.minimum(per_second * faster, most / _HOUR)
        self.rhs = {variables[i(STATE)]: per_cycle * cycles + per_second}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """A new cell is whole."""
        self.initial_conditions = {variables[self.interface(STATE)]: pybamm.Scalar(0)}
