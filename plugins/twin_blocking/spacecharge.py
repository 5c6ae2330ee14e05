"""The depletion layer an electrolyte forms against an electrode (Mott and Schottky).

Carriers of density ``n`` are missing over the width ``w`` under the potential ``psi_0``::

    w = sqrt(2 eps psi_0/(e n)),    Y = e psi_0/(k_B T)
    sigma(x) = sigma_b exp(-Y (1 - x/w)^2)
    R_scl = int_0^w dx/sigma = (w/sigma_b) F(Y),    F(Y) = (sqrt(pi)/2) erfi(sqrt(Y))/sqrt(Y)
    C_scl = eps/w

``F`` is 1 at ``Y = 0`` and ``e^Y/(2Y)`` for large ``Y``. As ``w`` goes with ``sqrt(psi_0)``,
no potential means no resistance, exactly. The bulk's own ``w/sigma_b``, counted in the
separator too, is not taken off: a millionth of it. The resistance is that of the contact
there is: per cell area ``R_scl/(A_i theta)``, like the interphase's.

Cycling may age the layer: ``psi_0`` rises with the charge passed either way per area,
``psi_0 = psi_00 + c q``, up to a volt.

PyBaMM has no erfi. ``F(Y) = int_0^1 exp(Y u^2) du`` is the integral above; by Gauss's
quadrature it is a sum of positive exponentials, good to 1e-12 for ``Y`` up to 60.

References: J. Maier, Prog. Solid State Chem. 23 (1995) 171; J. Fleig et al. (recalled);
N. J. J. de Klerk, M. Wagemaker, ACS Appl. Energy Mater. 1 (2018) 5609 (abstract: negligible
unless the layer is wholly depleted).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm

from twin import CellContext, Interface, ModeSubModel
from twin_blocking.conductivity import total_conductivity

TEMPERATURE = "Volume-averaged cell temperature [K]"
_VACUUM_PERMITTIVITY = 8.8541878128e-12  # F/m, CODATA 2018
_NODES = 40
# No layer is thinner than an atom; keeps the capacitance finite where there is no layer.
_THINNEST = 1e-10
# A layer of more potential than this blocks whatever it is; the quadrature is good to here.
_HIGHEST = 1.0  # V
# Keeps the slope of the width finite where a layer begins at nought.
_FAINT = 1e-12  # V


def barrier_factor(Y: Any) -> Any:
    """Return ``F(Y) = (sqrt(pi)/2) erfi(sqrt(Y))/sqrt(Y)`` of a number or a PyBaMM symbol."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    exp = pybamm.exp if isinstance(Y, pybamm.Symbol) else np.exp
    total: Any = 0
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        total = total + float(weight) * exp(float(node**2) * Y)
    return total


class SpaceChargeLayer(ModeSubModel):
    """The layer at one interface: width, resistance, capacitance."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface, electrolyte: str):
        super().__init__(cell, mode_id, interface)
        self.electrolyte = electrolyte
        self.side = "anode" if interface.kind == "metal" else interface.place
        inside = interface.kind == "porous" and interface.place == "cathode"
        self.layer = "cathode" if inside else "separator"
        table = getattr(cell.parameters(mode_id).space_charge, self.side)
        self.ages = table.potential_rise.si > 0

    def _own(self, name: str) -> pybamm.Parameter:
        return self.p(f"space_charge.{self.side}.{name}")

    def _potential(self, variables: dict[str, Any]) -> Any:
        """Return ``psi_0``, aged by the charge passed where that counts."""
        fresh = self._own("potential")
        if not self.ages:
            return fresh
        passed = variables["Throughput capacity [A.h]"] * 3600
        per_area = passed / self.cell.parameter("geometry.area")
        aged = fresh + self._own("potential_rise") * per_area
        return pybamm.minimum(aged + _FAINT, _HIGHEST)

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Integrate the layer's resistance."""
        i, T = self.interface, variables[TEMPERATURE]
        charge = pybamm.constants.q_e
        permittivity = self._own("relative_permittivity") * _VACUUM_PERMITTIVITY
        potential = self._potential(variables)
        width = (2 * permittivity * potential / (charge * self._own("carrier_density"))) ** 0.5
        Y = charge * potential / (pybamm.constants.k_b * T)
        # The grains' conductivity: the material's with the boundaries taken out.
        grains = 1 + self.p(f"{self.layer}.resistance_ratio")
        sigma = total_conductivity(self.cell, self.electrolyte, T) * grains
        theta = pybamm.maximum(variables[i("conducting fraction")], 1e-8)
        area = variables[i("particle area per cell area")] if i.kind == "porous" else 1
        resistance = width / sigma * barrier_factor(Y) / (area * theta)
        capacitance = permittivity / pybamm.maximum(width, _THINNEST) * area * theta
        variables[i("space-charge resistance [Ohm.m2]")] = resistance
        variables[i("space-charge capacitance [F.m-2]")] = capacitance
        variables[i("space-charge width [m]")] = self.scalar(width)
        return variables
