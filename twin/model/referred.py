"""A variable as it would be at the cell's own temperature, whatever the cell is at now.

A resistance has two parts: what the cell has become, and how cold it is. Conduction and
charge transfer are activated, ``R = R_0(states) exp(E/R (1/T - 1/T_0))``: a swing to
-20 degC multiplies a resistance of 0.6 eV by sixty and takes that back when it ends. What has
aged is ``R_0``. So a limit on a resistance looks at the variable's own expression with the
temperature replaced by ``thermal.ambient``, the one the cell is made to work at and its
limits are given for::

    R_ref = R(states, T -> T_ambient)

which is the resistance itself wherever the cell is at its ambient temperature. States stay
as they are: growth that is faster in the heat, or a contact that froze, is ageing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm


if TYPE_CHECKING:
    from twin.modes.context import CellContext

_LEAVES = ("Ambient temperature [K]", "Volume-averaged cell temperature [K]")
"""What every temperature of a model is made of: the surroundings', and the heat balance's."""


def referred_name(variable: str) -> str:
    """Return the name of a variable at the cell's own temperature.

    ``"Area-specific resistance [Ohm.m2]"`` becomes
    ``"Area-specific resistance at ambient [Ohm.m2]"``.
    """
    words, bracket, unit = variable.partition(" [")
    return f"{words} at ambient{bracket}{unit}"


def referred(symbol: pybamm.Symbol, cell: CellContext) -> pybamm.Symbol:
    """Return an expression with every temperature in it replaced by the cell's own."""
    own = cell.parameter("thermal.ambient")
    done: dict[pybamm.Symbol, pybamm.Symbol] = {}

    def replaced(node: pybamm.Symbol) -> pybamm.Symbol:
        if node not in done:
            done[node] = _own(node, own) if _is_temperature(node) else _rebuilt(node, replaced)
        return done[node]

    return replaced(symbol)


def _is_temperature(node: pybamm.Symbol) -> bool:
    kinds = (pybamm.Parameter, pybamm.FunctionParameter, pybamm.Variable)
    return isinstance(node, kinds) and node.name in _LEAVES


def _own(node: pybamm.Symbol, own: pybamm.Symbol) -> pybamm.Symbol:
    """Return the cell's own temperature in the place, and so on the domain, of another."""
    return pybamm.PrimaryBroadcast(own, node.domain) if node.domain else own


def _rebuilt(
    node: pybamm.Symbol, replaced: Callable[[pybamm.Symbol], pybamm.Symbol]
) -> pybamm.Symbol:
    children = [replaced(child) for child in node.children]
    if all(new is old for new, old in zip(children, node.children, strict=True)):
        return node
    return node.create_copy(new_children=children)
