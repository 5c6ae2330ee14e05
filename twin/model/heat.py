"""A full cell's heat balance with what PyBaMM does not know of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT, SHORT_CURRENT
from twin.model.core import scalar
from twin.model.particle import diffusivity_factor
from twin.model.sizes import heat_of_the_spread
from twin.modes.ports import Port


class PortedLumped(pybamm.thermal.Lumped):
    """PyBaMM's lumped heat balance plus the heat of the interfaces and the ports.

    ``C dT/dt = Q_PyBaMM + [i^2 (R_a + R_c) + G V^2 + sum of heat sources] A/V_cell - cooling``.

    Two of PyBaMM's own terms are mended. In a DFN at a metal it has the electrolyte's ohmic heat
    layer by layer, with the current between separator and composite from one layer's conductivity
    and the gradient across both: no current that flows (2 to 7 % of a cell's heat, the more the
    finer the mesh). Here it is ``-int i_e dphi_e/dx`` over both layers at once, with the current of
    the balance of charge. And the heat of mixing inside particles has their effective diffusivity
    (:class:`twin.model.particle.PortedDiffusion`, at the places in ``ported``). Where particles
    have a spread of sizes (the places in ``sized``), what the classes' means leave out is added.
    """

    def __init__(
        self,
        param: Any,
        options: Any,
        x_average: bool,
        ported: Collection[str] = (),
        sized: Collection[str] = (),
    ):
        super().__init__(param, options, x_average)
        self.ported, self.sized = ported, sized

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Add up the heat PyBaMM does not know of [W.m-2]."""
        port = variables[Port.HEAT_SOURCE.at().variable]
        current = variables[CELL_CURRENT]
        series = (
            variables["Anode series resistance [Ohm.m2]"]
            + variables["Cathode series resistance [Ohm.m2]"]
        )
        short = variables[SHORT_CURRENT]
        voltage = variables["Voltage [V]"]
        variables["Additional heating [W.m-2]"] = scalar(
            port
            + current**2 * series
            + short * voltage
            + self._missing_ohmic_heat(variables)
            + sum(heat_of_the_spread(self.param, place, variables) for place in self.sized)
        )
        value: dict[str, Any] = super().get_coupled_variables(variables)
        return value

    def _missing_ohmic_heat(self, variables: dict[str, Any]) -> Any:
        """Return what PyBaMM's layers lack of the electrolyte's ohmic heat [W.m-2]."""
        current = variables["Electrolyte current density [A.m-2]"]
        planar = self.options.electrode_types["negative"] == "planar"
        if not planar or isinstance(current, pybamm.Concatenation):
            return pybamm.Scalar(0)
        layers = self._get_i_e_for_half_cell_thermal(variables).orphans
        names = ("Separator", "Positive")
        heat = sum(
            _dissipated(i, variables[f"{name} electrolyte potential [V]"])
            for i, name in zip(layers, names, strict=True)
        )
        return _dissipated(current, variables["Electrolyte potential [V]"]) - heat

    def _heat_of_mixing(self, variables: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return PyBaMM's heat of mixing of each layer, with the effective diffusivities."""
        negative, separator, positive = super()._heat_of_mixing(variables)
        if self.options["heat of mixing"] == "true":
            if "anode" in self.ported:
                negative = negative * variables[diffusivity_factor("anode")]
            if "cathode" in self.ported:
                positive = positive * variables[diffusivity_factor("cathode")]
        return negative, separator, positive

    def set_rhs(self, variables: dict[str, Any]) -> None:
        """Add the extra heat to PyBaMM's balance."""
        super().set_rhs(variables)
        extra = pybamm.yz_average(variables["Additional heating [W.m-2]"]) * self.param.A_cc
        capacity = variables["Volume-averaged effective heat capacity [J.K-1.m-3]"]
        volume = variables["Cell thermal volume [m3]"]
        (T,) = self.rhs
        self.rhs[T] = self.rhs[T] + extra / volume / capacity


def _dissipated(current: Any, potential: Any) -> Any:
    """Return ``-int i dphi/dx`` over the layers a current flows in [W.m-2]."""
    density = -pybamm.inner(current, pybamm.grad(potential))
    return pybamm.Integral(
        density, pybamm.SpatialVariable("x", domain=density.domain, coord_sys="cartesian")
    )
