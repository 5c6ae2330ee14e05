"""Base of the PyBaMM submodels that failure modes bring."""

from __future__ import annotations

import pybamm

from twin.modes.context import CellContext, Interface
from twin.modes.face import ON, Face


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
        """Return this mode's own parameter at ``key`` (relative to ``[modes.<id>]``).

        Of a metal face in patches it is one value a patch, where the cell lets it vary there.
        """
        full = f"modes.{self.mode_id}.{key}"
        parameter = self.cell.parameter(full)
        return parameter if self.face is None else parameter * self.face.factor(full)

    @property
    def face(self) -> Face | None:
        """The patches of this submodel's interface, where it has any."""
        interface = getattr(self, "interface", None)
        return None if interface is None else self.cell.faces.get(interface.place)

    @property
    def area(self) -> pybamm.Symbol:
        """The area this stands for [m2]: the cell's, or each patch's own."""
        area = self.cell.parameter("geometry.area")
        return area if self.face is None else area * self.face.shares

    def state(self, name: str, scale: pybamm.Symbol | float = 1) -> pybamm.Variable:
        """Return a new state of the cell, or of each patch of this submodel's metal face.

        ``scale`` is its typical size, for the solver.
        """
        if self.face is not None:  # its mean over the face has the plain name
            return self.face.state(name + ON, scale)
        return pybamm.Variable(name, domain="current collector", scale=scale)

    @property
    def _composite(self) -> str:
        return "negative electrode" if self.interface.place == "anode" else "positive electrode"

    def local_state(self, name: str, scale: pybamm.Symbol | float = 1) -> pybamm.Variable:
        """Return a new state of every place in this interface's composite.

        In a model that does not resolve the composite it is one scalar.
        """
        if not self.cell.resolved:
            return self.state(name, scale)
        return pybamm.Variable(
            name,
            domain=self._composite,
            auxiliary_domains={"secondary": "current collector"},
            scale=scale,
        )

    def scalar(self, symbol: pybamm.Symbol | float) -> pybamm.Symbol:
        """Return a number or a parameter as a scalar of the cell, or of each patch."""
        if self.face is not None:
            return self.face.everywhere(symbol)
        symbol = pybamm.convert_to_symbol(symbol)
        return symbol if symbol.domain else pybamm.PrimaryBroadcast(symbol, "current collector")

    def local(self, symbol: pybamm.Symbol | float) -> pybamm.Symbol:
        """Return a scalar at every place of this interface's composite."""
        symbol = self.scalar(symbol)
        if not self.cell.resolved or symbol.domain == [self._composite]:
            return symbol
        return pybamm.PrimaryBroadcast(symbol, self._composite)

    def mean(self, symbol: pybamm.Symbol) -> pybamm.Symbol:
        """Return the mean of a local quantity over this interface's composite."""
        return pybamm.x_average(symbol) if symbol.domain == [self._composite] else symbol

    def at_separator(self, symbol: pybamm.Symbol) -> pybamm.Symbol:
        """Return a local quantity at the composite's face to the separator."""
        if symbol.domain != [self._composite]:
            return symbol
        return pybamm.boundary_value(symbol, "right" if self.interface.place == "anode" else "left")

    def least(self, symbol: pybamm.Symbol) -> pybamm.Symbol:
        """Return the least of a local quantity in this interface's composite."""
        if symbol.domain != [self._composite]:
            return symbol
        return pybamm.min(symbol)


def arrhenius(
    activation_energy: pybamm.Symbol | float,
    T: pybamm.Symbol | float,
    T_ref: pybamm.Symbol | float,
) -> pybamm.Symbol:
    """Return ``exp(-E_a/R * (1/T - 1/T_ref))``; ``E_a`` in J/mol, temperatures in K."""
    return pybamm.exp(-activation_energy / pybamm.constants.R * (1 / T - 1 / T_ref))
