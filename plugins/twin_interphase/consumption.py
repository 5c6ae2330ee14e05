"""What the interphase is made of: electrolyte, and active material of the cathode.

With ``W`` [m] the volume of interphase grown per cell area (growth.py)::

    separator   e = 1 - sum over its metal faces of kappa_e W/(eps_e t)
    composite   e = 1 - kappa_e W/(eps_e L)
    host        f = 1 - kappa_s W/(u eps_s L)

of the electrolyte (``e``) and of the active material (``f``) are left. The separator is that
much shorter, so its conductance is ``1/e``-fold: the interphase in its place has its own
resistance. The composite's electrolyte thins out, its conductivity is ``e^b``-fold with the
composite's own tortuosity exponent; of mixed powders it is ``K(e)/K(1)``-fold, which comes to
nothing at their threshold. ``u`` is the share of the host that is used. As the particles' area
goes with ``f``, a layer grown by ``G`` leaves ``f = exp(-3 kappa_s G/R)``: ``df/dt = -kappa_L f
dG/dt`` with ``kappa_L = 3 kappa_s/R``.

A composite anode's electrolyte has no port; its share is not followed.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_interphase.parameters import table_of
from twin_interphase.side import SideSubModel

# Below this share the layer conducts no worse: far beyond any limit a criterion may set.
_LEAST = 1e-3


class ElectrolyteConsumption(ModeSubModel):
    """The electrolyte left in one layer, and what that makes of its conductivity."""

    def __init__(self, cell: CellContext, mode_id: str, layer: str, interfaces: list[Interface]):
        super().__init__(cell, mode_id)
        self.layer = layer
        self.interfaces = interfaces
        self.key = "electrolyte" if layer == "separator" else layer

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Take the interphase's share off the layer."""
        used: Any = 0
        for i in self.interfaces:
            share = self.p(f"{table_of(i)}.electrolyte_consumed")
            used = used + share * variables[i("interphase grown [m]")]
        volume = self.cell.parameter(f"{self.key}.electrolyte_fraction") * self.cell.parameter(
            f"{self.key}.thickness"
        )
        left = 1 - used / volume
        bounded = pybamm.maximum(left, _LEAST)
        if self.layer == "separator":
            factor = 1 / bounded
        else:
            whole = self.cell.electrolyte_efficiency("cathode")
            factor = self.cell.electrolyte_efficiency("cathode", bounded) / whole
        variables[f"{self.layer.capitalize()} electrolyte left"] = left
        variables[f"{self.layer.capitalize()} electrolyte consumption factor"] = factor
        return variables


class ActiveConsumption(SideSubModel):
    """The active material the interphase leaves of a cathode."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``f = 1 - kappa_s W/(u eps_s L)``."""
        i = self.interface
        solid = (
            self.cell.parameter(f"{i.place}.active_fraction")
            * self.cell.utilisation(i.place)
            * self.cell.parameter(f"{i.place}.thickness")
        )
        used = self.own("active_consumed") * variables[i("interphase grown [m]")]
        variables[i("unconsumed active fraction")] = pybamm.maximum(1 - used / solid, _LEAST)
        return variables
