"""Which numbers of a cell its model never looks at.

A cell carries numbers that its own model has no use for: the density of a cathode whose
capacity is not asked for by mass, the constants of a contact law that is not chosen, a
composite anode's where the anode is a metal. To change one of them and cycle the cell
anew is time lost. A number is unused if

- no parameter whose value follows it stands in the model, once all functions have been
  put in, in its geometry, or in what the cell is judged by;
- the equations, the criteria and the plan that the twin makes of the cell in Python are
  the same with it and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pybamm

from twin.engine import criteria
from twin.engine.model_print import alike, model_print, numbers
from twin.engine.prepare import build_model
from twin.engine.simulator import Changed, Item
from twin.errors import TwinError
from twin.model.names import RESISTANCE
from twin.model.parameters import APPLIED_PRESSURE, parameter_values, symbols_of

_MIDDLE = np.array([0.5])


def unused_numbers(
    spec: Any,
    modes: Sequence[Any],
    model: str,
    items: Sequence[Item],
    changed: Changed,
    plan_of: Callable[[Any], Any],
) -> list[Item]:
    """Return the numbers that cannot change how a cell behaves.

    Parameters
    ----------
    spec, modes, model
        The cell, the failure modes at work, and which model of it.
    items : sequence
        The numbers in question, each with another value to try.
    changed : callable
        Returns the cell with some keys changed.
    plan_of : callable
        Returns the plan a cell is cycled by.
    """
    used = used_parameters(spec, modes, model)
    before, plan = numbers(spec), plan_of(spec)
    plain = model_print(spec, modes, model)

    def with_all(some: Iterable[Item]) -> Any:
        return changed({i.key: i.text(float(i.value(_MIDDLE)[0])) for i in some})

    def unseen(item: Item) -> bool:
        try:
            after = numbers(with_all([item]))
        except TwinError:
            return False
        names = before.keys() | after.keys()
        return not any(name in used and before.get(name) != after.get(name) for name in names)

    def same(some: Sequence[Item]) -> bool:
        try:
            other = with_all(some)
        except TwinError:
            return False
        every = set(before) | set(numbers(other))
        return plan_of(other) == plan and alike(plain, model_print(other, modes, model), every)

    def halves(some: list[Item]) -> list[Item]:
        if not some or same(some):
            return some
        if len(some) == 1:
            return []
        middle = len(some) // 2
        return halves(some[:middle]) + halves(some[middle:])

    return halves([item for item in items if unseen(item)])


def used_parameters(spec: Any, modes: Sequence[Any], model: str) -> set[str]:
    """Return the names of the numbers that a cell's model and its geometry hold.

    Every number of the cell is made an input, PyBaMM puts the functions in, and the
    inputs left in the equations are those that count.
    """
    built = build_model(spec, modes, model)
    watched = [item.criterion.variable for item in criteria.gather(built.cell, modes)]
    judged = [built.variables[name] for name in (*watched, RESISTANCE) if name in built.variables]
    values = parameter_values(spec)
    values.update(dict.fromkeys(numbers(spec), "[input]"))
    done = values.process_model(built, inplace=False)
    expressions = [
        *done.rhs.values(),
        *done.algebraic.values(),
        *done.initial_conditions.values(),
        *(event.expression for event in done.events),
        *(values.process_symbol(symbol) for symbol in judged),
        *(side for sides in done.boundary_conditions.values() for side, _ in sides.values()),
    ]
    kinds = (pybamm.InputParameter, pybamm.Parameter)
    names = {APPLIED_PRESSURE}
    geometry = [values.process_symbol(s) for s in symbols_of(built.default_geometry)]
    for expression in [*expressions, *geometry]:
        names |= {node.name for node in expression.pre_order() if isinstance(node, kinds)}
    return names
