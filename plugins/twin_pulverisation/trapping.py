"""Grains of an alloy that lose contact as they are stripped, and the sodium that stays in them.

A grain that is stripped shrinks (Na15Sn4 holds five times the volume of its tin). With the
filling ``x`` of what is connected and the largest it ever had, ``M``, the strain of a strip
is told by ``u = 1 - x/M``. The share ``a`` that is connected falls with it::

    du    = -dx/M   while sodium leaves,       m = int du       full strips so far
    -da/a = 2 u l(m) du
    l(m)  = v [V exp(-m/n_1)/g(n_1) + l_2 exp((1 - m)/n_0)/g(n_0) + l_inf] + (1 - v) l_open
    g(n)  = int_0^1 2 u exp(-u/n) du = 2 n^2 (1 - (1 + 1/n) exp(-1/n))
    V     = <l_1 - l_2 exp(1/n_0) - l_inf>,      v = min(1, 2 <1 - x_0/x_open>)

so that a full strip, of all that was filled, gives back ``exp(-l)`` of it, ``l = l_1`` in the
first and ``l_2 exp(-(n - 2)/n_0) + l_inf`` in the n-th: the map is exact, whatever way the
current takes. A shallow strip of a large anode costs the square of its depth: a fifth of it a
fifth of that per charge. An anode assembled with its sodium (``x_0 > x_open``) is a powder
that was opened before, and has sodium to spare: ``v = 0``, and it loses ``l_open`` a strip.

A grain that is cut off keeps what it had at the top of the charge, ``M``: it parts before the
others have drawn on it. So ``(M - x) (-da)`` of its sites' charge is taken from what is
connected, beside the host's own reaction, into a store (*trapped beside*), and ``x (-da)`` goes
with the host into the store of what is cut off. Together they hold ``M (-da)``.

Limits: one share for all grains; what pulverisation does to the contact of those that are left,
and to the stack, is left out. The lost host and its sodium do not come back.

Reference: efficiencies of Sn | Na4(B12H12)(B10H10) cells: L. Duchene, thesis 2019,
10.13097/archive-ouverte/unige:126129; G. Deysher et al., ACS Appl. Mater. Interfaces 14 (2022)
47706 (who see pulverised tin).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel, Port
from twin_pulverisation.names import BESIDE, CURRENT, LARGEST, SHARE, STATE, STRIPS

_SOME = 1e-3
"""Less than this filling is no charge: nothing strips from it."""
_MOST = 0.9


def strip_weight(n: Any) -> Any:
    """Return ``g(n)``, what a decay over ``n`` strips leaves of the first one."""
    return 2 * n**2 * (1 - (1 + 1 / n) * pybamm.exp(-1 / n))


class TrappedSodium(ModeSubModel):
    """The connected share of one alloy, and what is trapped beside; see the equations."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the states."""
        i = self.interface
        scales = {STATE: 1e-2, STRIPS: 1, LARGEST: 1}
        variables = {i(name): self.state(i(name), scale) for name, scale in scales.items()}
        # A hundredth of what it holds is much of it.
        beside = self.state(i(BESIDE), 0.01 * self.cell.sites(i.place))
        return variables | {
            i(BESIDE): beside,
            i(SHARE): pybamm.exp(-variables[i(STATE)]),
            i("pulverised fraction"): 1 - pybamm.exp(-variables[i(STATE)]),
        }

    def _loss(self, m: Any) -> pybamm.Symbol:
        """Return ``l(m)``."""
        first, n0 = self.p("first_strip"), self.p("early_cycles")
        early = self.p("early_loss") * pybamm.exp(1 / n0)
        lasting = self.p("lasting_loss")
        start = self.cell.parameter(f"{self.interface.place}.initial_stoichiometry")
        new = pybamm.minimum(2 * pybamm.maximum(1 - start / self.p("opened_at"), 0), 1)
        virgin = pybamm.maximum(self.p("first_loss") - early - lasting, 0)
        opening = virgin * pybamm.exp(-m / first) / strip_weight(first)
        opening = opening + early * pybamm.exp(-m / n0) / strip_weight(n0)
        return new * (opening + lasting) + (1 - new) * self.p("opened_loss")

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """How fast the grains are stripped and lost, and what that takes from the others."""
        i = self.interface
        x = variables[i("stoichiometry")]
        largest = pybamm.maximum(variables[i(LARGEST)], _SOME)
        depth = pybamm.minimum(pybamm.maximum(1 - x / largest, 0), 1)
        lost = 2 * depth * self._loss(variables[i(STRIPS)])
        taken = pybamm.minimum(depth * lost, _MOST)
        stripped = variables[i("current density [A.m-2]")] - self.mean(
            variables[Port.PLATING_CURRENT.at(i.place).variable]
        )
        host = self.cell.sites(i.place) * variables[i("active material fraction")]
        charge = pybamm.maximum(host, 1e-8) * largest
        # K a (-dx) = j dt + K a (M - x) (-da/a): of what strips the grains, part fills those
        # that are cut off.
        rate = pybamm.maximum(stripped, 0) / (charge * (1 - taken))
        variables[i("stripping rate [s-1]")] = self.scalar(rate)
        variables[i("pulverising rate [s-1]")] = self.scalar(lost * rate)
        variables[i(CURRENT)] = self.scalar(-charge * taken * rate)
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Strip, lose, trap; remember the largest filling."""
        i = self.interface
        above = pybamm.maximum(variables[i("stoichiometry")] - variables[i(LARGEST)], 0)
        self.rhs = {
            variables[i(STATE)]: variables[i("pulverising rate [s-1]")],
            variables[i(STRIPS)]: variables[i("stripping rate [s-1]")],
            variables[i(LARGEST)]: above / self.p("filling_lag"),
            variables[i(BESIDE)]: -variables[i(CURRENT)],
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """As assembled, whole."""
        start = self.cell.parameter(f"{self.interface.place}.initial_stoichiometry")
        for name in (STATE, STRIPS, BESIDE):
            self.initial_conditions[variables[self.interface(name)]] = pybamm.Scalar(0)
        self.initial_conditions[variables[self.interface(LARGEST)]] = start
