"""Base of the PyBaMM submodels that failure modes bring."""

from __future__ import annotations

from typing import Any

import pybamm

from twin.modes.context import CellContext, Interface


class ModeSubModel(pybamm.BaseSubModel):
    """A PyBaMM submodel that knows its cell and reads its mode's parameters.

    Override any of PyBaMM's ``get_fundamental_variables``, ``get_coupled_variables``,
    ``set_rhs``, ``set_algebraic``, ``set_initial_conditions`` and ``add_events_from``.

    Parameters
    ----------
    cell : CellContext
        The cell the mode acts on.
    mode_id : str
        The mode's id.
    interface : Interface, optional
        The interface this submodel describes, if it describes one.
    """

    interface: Interface
    """The interface it describes; only there if one was given."""

    def __init__(self, cell: CellContext, mode_id: str, interface: Interface | None = None):
        super().__init__(None, name=f"{mode_id} {interface.place if interface else ''}".strip())
        self.cell = cell
        self.mode_id = mode_id
        if interface is not None:
            self.interface = interface

    def p(self, key: str) -> pybamm.Parameter:
        """Return this mode's own parameter at ``key`` (relative to ``[modes.<id>]``)."""
        return self.cell.parameter(f"modes.{self.mode_id}.{key}")

    def state(self, name: str, scale: Any = 1) -> pybamm.Variable:
        """Return a new scalar state. ``scale`` is its typical size, for the solver."""
        return pybamm.Variable(name, domain="current collector", scale=scale)


def arrhenius(activation_energy: Any, T: Any, T_ref: Any) -> pybamm.Symbol:
    """Return ``exp(-E_a/R * (1/T - 1/T_ref))``; ``E_a`` in J/mol, temperatures in K."""
    return pybamm.exp(-activation_energy / pybamm.constants.R * (1 / T - 1 / T_ref))
