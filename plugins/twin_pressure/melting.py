"""Molten sodium: voids and creep end, wetting begins.

The liquid share switches over a narrow range around the melting point::

    f = 1/2 [1 + tanh((T - T_m)/w)]

and what touches is ``theta = (1 - f) theta_solid + f theta_wet``. A melt that wets
(contact angle ``a`` up to 90 degrees) fills every valley of a rough face; one that does
not is pressed into those wider than Washburn's ``r_c = -2 gamma cos(a)/p``. Of valleys
whose widths are spread exponentially about ``r_0``, that is the share::

    theta_wet = exp(-2 gamma <-cos a>_+ /(p r_0))
    cos a = cos a_m (T_w - T)/(T_w - T_m)

with ``a_m`` the angle at the melting point and ``T_w`` the temperature above which
sodium wets. Voids fill, and a contact that is a state comes to ``theta_wet``, in the
closing time; the contact stays when the metal freezes again.

References: E. W. Washburn, Phys. Rev. 17 (1921) 273; wetting of beta''-alumina below
270-300 degC insufficient: Ionics (2017), doi:10.1007/s11581-017-2017-x (abstract).
"""

from __future__ import annotations

from typing import Any

import pybamm

from twin import Location, ModeSubModel

TEMPERATURE = "Volume-averaged cell temperature [K]"
# Without any pressure a melt that does not wet touches nowhere; the floor [Pa] keeps
# that limit a number.
_NO_PRESSURE = 1.0


def liquid_share(submodel: ModeSubModel, place: Location, T: Any) -> pybamm.Symbol:
    """Return the molten share of the metal at ``place``; 0 if its melting is not known."""
    cell = submodel.cell
    key = f"{cell.electrode_key(place)}.material.melting_temperature"
    if not cell.has(key):
        return pybamm.Scalar(0)
    return (1 + pybamm.tanh((T - cell.parameter(key)) / submodel.p("melting.width"))) / 2


class Wetting(ModeSubModel):
    """Liquid share and wetted fraction at one sodium interface."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``theta_wet`` from pressure and temperature."""
        i, T = self.interface, variables[TEMPERATURE]
        pressure = pybamm.maximum(variables["Stack pressure [Pa]"], _NO_PRESSURE)
        wetted: Any = pybamm.Scalar(1)
        key = f"{self.cell.electrode_key(i.place)}.material.melting_temperature"
        if self.cell.has(key):
            T_m, T_w = self.cell.parameter(key), self.p("melting.wetting_temperature")
            cosine = pybamm.cos(self.p("melting.contact_angle")) * (T_w - T) / (T_w - T_m)
            threshold = 2 * self.p("melting.surface_tension") / self.p("melting.valley_width")
            wetted = pybamm.exp(-threshold * pybamm.maximum(-cosine, 0) / pressure)
        variables[i("liquid fraction")] = _scalar(liquid_share(self, i.place, T))
        variables[i("wetted fraction")] = _scalar(wetted)
        return variables


def toward_wetted(
    submodel: ModeSubModel, variables: dict[str, Any], fraction: Any
) -> pybamm.Symbol:
    """Return ``f (theta_wet - theta)/tau`` [s-1], for a contact that is a state."""
    i = submodel.interface
    missing = variables[i("wetted fraction")] - fraction
    return variables[i("liquid fraction")] * missing / submodel.p("melting.closing_time")


def _scalar(symbol: Any) -> pybamm.Symbol:
    return symbol if symbol.domain else pybamm.PrimaryBroadcast(symbol, "current collector")
