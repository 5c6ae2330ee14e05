"""What pressure does to the electrodes' potentials.

Sodium takes the volume ``v`` per mole in an electrode: ``V_m`` in the metal, ``(dV/V)/c_max`` in
a host whose volume changes by ``dV/V`` from empty to full. Under the pressure ``p`` taking it up
costs ``v p`` more, so the equilibrium potential falls::

    U -> U - v p/F

0.246 mV per MPa at sodium. A full cell's open-circuit voltage rises by
``(V_m - v_cathode) p/F`` where both see the pressure: at 200 MPa 49.2 mV against a host that does
not swell, 36.8 mV against Na3V2(PO4)3 (6.0 cm3/mol). In a symmetric cell it cancels. What the
fixture's work is takes no part in the heat.

Reference: the thermodynamics of a stressed electrode, F. Larche, J. W. Cahn,
Acta Metall. 21 (1973) 1051 (recalled).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import ModeSubModel


class StressPotential(ModeSubModel):
    """``-v p/F`` of one electrode."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Shift the equilibrium potential."""
        i = self.interface
        key = f"{self.cell.electrode_key(i.place)}.material"
        if i.kind == "metal":
            volume = self.cell.parameter(f"{key}.molar_volume")
        else:
            swelling = self.cell.parameter(f"{key}.volume_change")
            volume = swelling / self.cell.parameter(f"{key}.maximum_concentration")
        shift = -volume * variables["Stack pressure [Pa]"] / pybamm.constants.F
        variables[i("stress potential [V]")] = shift
        return variables
