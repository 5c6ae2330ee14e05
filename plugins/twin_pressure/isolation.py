"""Sodium that stripping cuts off: thin plated metal loses contact in patches, and leaves islands.

Sodium plated on a bare collector is stripped to nothing. Where the metal cannot follow as fast as
it is taken, contact shrinks with the charge ``Q`` that is left, ``theta ~ Q^s``, and a share
``omega`` of the columns that lose contact stays behind, dead::

    dq_dead = -omega Q d(ln theta) = omega s (j dt + dq_dead)   on stripping
    s     = s_0 <1 - j_cap/j_loc>_+
    omega = exp(-h_left/h_lat),   h_left = <h_0 - V_m q_lost/F>_+

so that a full strip gives back the share ``1 - omega s`` of what was plated, whatever its
amount. ``j_cap`` is what the interface can refill (``refill.py``), ``j_loc`` the local current
density over the contact; ``h_left`` is the sodium that cycling never strips: metal spreads along
itself over ``h_lat``, so a foil thicker than that leaves no islands. Molten sodium leaves none.

**The first plating** on a collector leaves some of its sodium there for good (``first``): in pores,
on islands beside the face, under films. It is a share ``omega_1`` of the most that was ever
plated, so that the first efficiency is ``1 - omega_1`` whatever was plated, and later cycles of
no more than that lose nothing by it::

    dq_1/dt = <omega_1 (q + q_1) - q_1>_+/tau,    q the sodium plated and connected

with ``tau`` short against a charge. It is dead sodium like the other.

Dead sodium is lost to the electrode; the cell's balance takes it as a side reaction that takes
sodium. It is followed where the electrode is assembled as a bare collector, with less than a
continuous film (``isolation.law = "auto"``), or where it is asked for (``"on"``).

Measured: first efficiencies of 64 % on foil and 93 % on pressed powder, the same for 1, 3 and
7 mAh/cm2; alike at 10, 15 and 20 MPa, less at 5 (G. Deysher et al., Nat. Energy 2024,
10.1038/s41560-024-01569-9, preprint).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel
from twin_pressure.interfaces import CURRENT, DEAD, FIRST
from twin_pressure.refill import REFILL

SHARE = "isolated share of stripping"


class Isolation(ModeSubModel):
    """The dead sodium of one interface; see the module's equations."""

    @property
    def first(self) -> Any:
        """The table of the first plating's store, if there is one."""
        return self.cell.parameters(self.mode_id).isolation.first

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the dead sodium, a state [C.m-2]; 0.1 mAh/cm2 is much of it."""
        names = [DEAD, FIRST] if self.first is not None else [DEAD]
        return {self.interface(n): self.state(self.interface(n), scale=3600.0) for n in names}

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``-j omega s/(1 - omega s)``: a current that takes sodium."""
        i = self.interface
        key = self.cell.electrode_key(i.place)
        volume = self.cell.parameter(f"{key}.material.molar_volume") / pybamm.constants.F
        start = self.cell.parameter(self.cell.thickness_key(i.place))
        left = pybamm.maximum(start - volume * variables[i("sodium lost [C.m-2]")], 0)
        behind = pybamm.exp(-left / self.p("isolation.lateral_length"))
        local = pybamm.maximum(variables[i("local current density [A.m-2]")], 0)
        # At rest nothing is stripped: the floor only keeps the quotient finite.
        short_of = pybamm.maximum(local - variables[i(REFILL)], 0) / (local + 1e-12)
        solid = 1 - variables[i("liquid fraction")]
        share = self.p("isolation.share") * behind * solid * short_of
        stripping = pybamm.maximum(variables[i("current density [A.m-2]")], 0)
        variables[i(SHARE)] = share
        taken = share / (1 - share) * stripping
        if self.first is not None:
            taken = taken + self._pace(variables, solid)
        variables[i(CURRENT)] = -taken
        return variables

    def _pace(self, variables: dict[str, Any], solid: Any) -> Any:
        """Return ``dq_1/dt``: what the first plating leaves follows the most that was plated."""
        i, left = self.interface, variables[self.interface(FIRST)]
        key = self.cell.electrode_key(i.place)
        foil = self.cell.parameter(self.cell.thickness_key(i.place)) * pybamm.constants.F
        foil = foil / self.cell.parameter(f"{key}.material.molar_volume")
        plated = pybamm.maximum(variables[i("sodium [C.m-2]")] - foil + left, 0)
        beyond = pybamm.maximum(self.p("isolation.first.share") * plated - left, 0)
        self._first_rate = solid * beyond / self.p("isolation.first.lag")
        return self._first_rate

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """What is cut off stays."""
        i = self.interface
        self.rhs = {variables[i(DEAD)]: -variables[i(CURRENT)]}
        if self.first is not None:
            self.rhs[variables[i(FIRST)]] = self._first_rate

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing is dead at the start."""
        names = [DEAD, FIRST] if self.first is not None else [DEAD]
        self.initial_conditions = {
            variables[self.interface(name)]: pybamm.Scalar(0) for name in names
        }
