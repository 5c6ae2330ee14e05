"""How near a binary electrolyte is to running out of salt.

With a transference number below one the anion piles up at one face and thins out at the
other. Between two metals the profile is a straight line in the end, and reaches zero at::

    j_lim = 2 F D_eff c_0 / ((1 - t+) L)

which is also what the separator alone could bear in a full cell. ``D`` and ``t+`` are
taken at the mean concentration ``c_0``, ``D_eff = B D`` with the layer's transport
efficiency. Above ``j_lim`` the salt lasts only for Sand's time: the share ``j/j_lim`` is a
warning, the salt at the poorer face is what kills.

Reference: J.-N. Chazalviel, Phys. Rev. A 42 (1990) 7355 (recalled).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, ModeSubModel, Port

TEMPERATURE = "Volume-averaged cell temperature [K]"


class SaltDepletion(ModeSubModel):
    """Limiting current of the separator, and the least salt at any face."""

    def __init__(self, cell: CellContext, mode_id: str):
        super().__init__(cell, mode_id)
        self._cell_parameters = pybamm.LithiumIonParameters()

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Compare the current with the limit, the poorer face with the mean."""
        param, T = self._cell_parameters, variables[TEMPERATURE]
        c_0 = pybamm.PrimaryBroadcast(param.c_e_init, "current collector")
        factor = variables[Port.CONDUCTIVITY_FACTOR.at("separator").variable]
        efficiency = self.cell.separator_efficiency() * factor
        anions = 1 - param.t_plus(c_0, T)
        thickness = self.cell.parameter("electrolyte.thickness")
        limit = 2 * param.F * efficiency * param.D_e(c_0, T) * c_0 / (anions * thickness)
        current = pybamm.AbsoluteValue(variables["Anode current density [A.m-2]"])
        variables["Limiting current density [A.m-2]"] = limit
        variables["Limiting current share"] = current / limit
        least = pybamm.minimum(*self._faces(variables))
        variables["Salt depletion margin"] = least / param.c_e_init
        return variables

    def _faces(self, variables: dict[str, Any]) -> tuple[Any, Any]:
        """Return the concentrations at the two ends of the electrolyte [mol.m-3]."""
        if self.cell.kind == "symmetric":
            what = "electrolyte concentration [mol.m-3]"
            return variables[f"Anode {what}"], variables[f"Cathode {what}"]
        metal = self.cell.interfaces[0].kind == "metal"
        first = variables[
            f"{'Separator' if metal else 'Negative'} electrolyte concentration [mol.m-3]"
        ]
        last = variables["Positive electrolyte concentration [mol.m-3]"]
        return pybamm.boundary_value(first, "left"), pybamm.boundary_value(last, "right")
