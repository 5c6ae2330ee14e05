"""The states of one metal interface's filament: how long it is, and how full.

``y = ln(l/t_SE)``, in which the run through the electrolyte is smooth and crossing it is
``y = 0``: it starts from the interface's flaw (``flaws.py``) and never falls. The filling
``k = K/K_Ic`` starts from nought (``fracture.py``): the flaw is empty.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel
from twin_dendrite.flaws import flaw_length


class Filament(ModeSubModel):
    """One filament's states."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define ``y``, ``k`` and the length."""
        i = self.interface
        y = self.state(i("filament state"))
        thickness = self.cell.parameter("electrolyte.thickness")
        return {
            i("filament state"): y,
            i("filament filling"): self.state(i("filament filling")),
            i("filament length [m]"): thickness * pybamm.exp(y),
        }

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """Start from the flaw, cut off at its share of the thickness, and empty."""
        length = flaw_length(
            self.p("flaw.length"),
            self.area,
            self.p("flaw.reference_area"),
            self.p("flaw.weibull_modulus"),
            self.p("flaw.strength"),
        )
        share = length / self.cell.parameter("electrolyte.thickness")
        start = pybamm.log(pybamm.minimum(share, self.p("flaw.thickness_share")))
        self.initial_conditions = {
            variables[self.interface("filament state")]: start,
            variables[self.interface("filament filling")]: pybamm.Scalar(0),
        }
