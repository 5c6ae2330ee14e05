"""A full cell's sodium-metal anode: PyBaMM's electrode with a film in series."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.model.circuit import CELL_CURRENT
from twin.model.core import CoreSubModel, scalar
from twin.modes.context import CellContext, Interface
from twin.modes.ports import Port


class _Lossy:
    """What the face takes off on the electrolyte side: ``i_cell R_anode + dU``, or its patches'."""

    on_patches = False

    def lost(self, variables: dict[str, Any]) -> pybamm.Symbol:
        """Return the drop [V]."""
        if self.on_patches:
            return variables["Anode face series drop [V]"]
        return (
            variables[CELL_CURRENT] * variables["Anode series resistance [Ohm.m2]"]
            + variables[Port.EQUILIBRIUM_POTENTIAL.at("anode").variable]
        )


class MetalExplicit(_Lossy, pybamm.electrode.ohm.LithiumMetalExplicit):
    """PyBaMM's metal electrode with ``i R`` taken off on the electrolyte side."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``phi_e = phi_s - delta_phi - i_cell R_anode - dU``."""
        drop = self.lost(variables)
        variables = super().get_coupled_variables(variables)
        variables["Lithium metal interface electrolyte potential [V]"] = (
            variables["Lithium metal interface electrolyte potential [V]"] - drop
        )
        return variables


class MetalSurfaceForm(_Lossy, pybamm.electrode.ohm.LithiumMetalSurfaceForm):
    """The same with a double layer (``"surface form"``), as impedance needs it."""

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """``phi_e = phi_s - delta_phi - i_cell R_anode - dU``."""
        drop = self.lost(variables)
        variables = super().get_coupled_variables(variables)
        variables["Lithium metal interface electrolyte potential [V]"] = (
            variables["Lithium metal interface electrolyte potential [V]"] - drop
        )
        return variables


class MetalInterface(CoreSubModel):
    """The twin's names for what happens at a sodium-metal anode, and the separator's.

    ``j_local = i/theta``; the potential against sodium is the overpotential itself.
    """

    def __init__(self, cell: CellContext, interface: Interface):
        super().__init__(cell, f"{interface.place} interface")
        self.interface = interface

    def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Name current, overpotential and potential."""
        i = self.interface
        current = variables[CELL_CURRENT]
        eta = scalar(variables["Lithium metal interface reaction overpotential [V]"])
        variables[i("current density [A.m-2]")] = scalar(current)
        variables[i("local current density [A.m-2]")] = current / pybamm.maximum(
            variables[i("conducting fraction")], 1e-8
        )
        variables[i("reaction overpotential [V]")] = eta
        variables[i("potential vs sodium [V]")] = eta
        variables[i("reference exchange current density [A.m-2]")] = scalar(
            variables["Lithium metal interface exchange current density [A.m-2]"]
        )
        return variables
