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
from twin_pressure.interfaces import CURRENT, DEAD
from twin_pressure.refill import REFILL

SHARE = "isolated share of stripping"


class Isolation(ModeSubModel):
    """The dead sodium of one interface; see the module's equations."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define the dead sodium, a state [C.m-2]; 0.1 mAh/cm2 is much of it."""
        name = self.interface(DEAD)
        return {name: self.state(name, scale=3600.0)}

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
        variables[i(CURRENT)] = -share / (1 - share) * stripping
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """What is cut off stays."""
        i = self.interface
        self.rhs = {variables[i(DEAD)]: -variables[i(CURRENT)]}

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Nothing is dead at the start."""
        self.initial_conditions = {variables[self.interface(DEAD)]: pybamm.Scalar(0)}
