"""Voids at a stripped sodium interface.

``h_v`` [m] is the void volume per area and ``phi = 1 - exp(-h_v/h_0)`` the share of the
interface it covers. The state is ``y = h_v/h_0 = ln u`` with ``u = 1/(1 - phi)``, in
which the runaway is smooth::

    stripping   dy/dt = (V_m/(F h_0)) [ j - j_cap exp(-y) ]
    plating     dy/dt = -(V_m/(F h_0)) xi j (1 - exp(-y))

with ``j_cap`` from the closure (``refill.py``). Closed forms at constant ``j_cap``, with
``r = j_cap/j`` and ``s = V_m j t/(F h_0)``: stripping ``u = r + (u_0 - r) e^s``, plating
``u - 1 = (u_0 - 1) e^{-xi s}``. For ``j < j_cap`` a void below ``phi* = 1 - j/j_cap``
heals, one above it runs away. An interface without voids stays without as long as
``j <= j_cap``: refilling fades out as ``h_v`` reaches a few atomic layers. At rest voids
refill; under plating, refilling by vacancy flow fades out over a small switching
current. Where vacancies need a barrier to make voids, ``j_cap`` of growth and of
healing differ, and between the two nothing happens to a void.

Optionally voids also close by creep of the sodium around them (Wilkinson and Ashby)::

    dh_v/dt = -h_v (3/2) e(p_e) (1 - phi)/(1 - phi^(1/n))^n (3/(2n))^n,  p_e = p + 2 gamma/h_0

In molten sodium none of this happens: voids fill within the closing time, and the melt
touches as it wets (``melting.py``).

References: T. Krauskopf et al., ACS Appl. Mater. Interfaces 11 (2019) 14463; D. S.
Wilkinson, M. F. Ashby, Acta Metall. 23 (1975) 1277.
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_pressure.creep import creep_exponent, norton_rate
from twin_pressure.melting import TEMPERATURE
from twin_pressure.refill import HEALING, REFILL

GROWTH = "void growth current density [A.m-2]"


class Voids(ModeSubModel):
    """The voids at one sodium interface, and the contact they leave."""

    def get_fundamental_variables(self) -> dict[str, Any]:
        """Define ``y = h_v/h_0`` and what follows from it alone."""
        i = self.interface
        y = self.state(i("void state"))
        return {
            i("void state"): y,
            i("void height [m]"): y * self.p("voids.reference_height"),
            i("unvoided fraction"): pybamm.exp(-y),
            i("void fraction"): 1 - pybamm.exp(-y),
        }

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Contact of the unvoided, pressed area, or of the melt."""
        i = self.interface
        liquid = variables[i("liquid fraction")]
        solid = variables[i("unvoided fraction")] * variables[i("pressed contact fraction")]
        wetted = variables[i("wetted fraction")]
        touching = (1 - liquid) * solid + liquid * wetted
        variables[i("touching fraction")] = touching
        variables[i("kept contact fraction")] = touching / variables[i("first contact fraction")]
        return variables


class VoidGrowth(ModeSubModel):
    """How voids grow and close; apart from them, because it needs the kinetics."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface):
        super().__init__(cell, mode_id, interface)
        self.creep_closure = cell.parameters(mode_id).voids.creep_closure != "off"

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Vacancies that stripping makes and the metal does not take."""
        i = self.interface
        j = variables[i("current density [A.m-2]")]
        stripping, plating = pybamm.maximum(j, 0), pybamm.maximum(-j, 0)
        y, open_share = variables[i("void state")], variables[i("unvoided fraction")]
        flowing = pybamm.exp(-plating / self.p("voids.switch_current"))
        growing = pybamm.maximum(stripping - variables[i(REFILL)] * open_share, 0)
        healing = pybamm.minimum(stripping - variables[i(HEALING)] * open_share * flowing, 0)
        shut = self.p("voids.shut_height") / self.p("voids.reference_height")
        left_to_fill = 1 - pybamm.exp(-pybamm.maximum(y, 0) / shut)
        solid = 1 - variables[i("liquid fraction")]
        variables[i(GROWTH)] = solid * (growing + healing * left_to_fill)
        return variables

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Grow on stripping, close on plating, at rest, by creep, and on melting."""
        i = self.interface
        y = variables[i("void state")]
        plating = pybamm.maximum(-variables[i("current density [A.m-2]")], 0)
        liquid = variables[i("liquid fraction")]
        healed = self.p("voids.healed_fraction") * plating * variables[i("void fraction")]
        net = variables[i(GROWTH)] - (1 - liquid) * healed
        key = self.cell.electrode_key(i.place)
        volume = self.cell.parameter(f"{key}.material.molar_volume") / pybamm.constants.F
        rate = volume / self.p("voids.reference_height") * net
        rate = rate - liquid * y / self.p("melting.closing_time")
        if self.creep_closure:
            rate = rate - y * self._creep_rate(variables)
        self.rhs = {y: rate}

    def _creep_rate(self, variables: dict[str, Any]) -> pybamm.Symbol:
        place = self.interface.place
        key = f"{self.cell.electrode_key(place)}.material.surface_energy"
        n = creep_exponent(self.cell, place)
        capillary = 2 * self.cell.parameter(key) / self.p("voids.reference_height")
        pressure = pybamm.maximum(variables["Stack pressure [Pa]"], 0) + capillary
        rate = norton_rate(self, place, pressure, variables[TEMPERATURE])
        phi = pybamm.maximum(variables[self.interface("void fraction")], 0)
        # A void share below 1e-9 closes at the dilute limit; the floor keeps the slope
        # of phi^(1/n) finite.
        shape = (1 - phi) / (1 - (phi + 1e-9) ** (1 / n)) ** n
        return 1.5 * rate * shape * (1.5 / n) ** n

    def set_initial_conditions(self, variables: dict[str, Any]) -> None:
        """A fresh interface has no voids."""
        self.initial_conditions = {variables[self.interface("void state")]: pybamm.Scalar(0)}
