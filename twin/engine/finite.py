"""Whether a built cell's equations are numbers where it starts, and whose they are if not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from twin.errors import PluginError
from twin.model.pybamm_compat import CompiledCell
from twin.modes import brought
from twin.modes.mode import FailureMode


def refuse_what_is_no_number(
    model: Any,
    compiled: CompiledCell,
    modes: Iterable[FailureMode],
    seen: Mapping[str, float],
    inputs: Mapping[str, float],
) -> None:
    """Refuse the mode in whose equations a number is missing as the cell starts.

    What is no number spreads to all that reads it. The mode is named whose expression is the
    shortest: those that it has spread to contain it.

    Parameters
    ----------
    model : pybamm.BaseModel
        The model, with its modes' submodels.
    compiled : CompiledCell
        The same, built.
    modes : iterable of FailureMode
        The modes at work.
    seen : mapping
        The stored variables in the initial state.
    inputs : mapping
        The inputs of the first step.

    Raises
    ------
    PluginError
        Naming the mode and the variable.
    """
    found: list[tuple[int, str, str]] = []
    wrong_states = dict(_wrong_equations(compiled.model, inputs))
    for mode in modes:
        own = brought.own_variables(model, mode.id)
        states = brought.own_states(model, mode.id)
        for name, size in wrong_states.items():
            if name in states:
                found.append((size, mode.id, f"the equation of {name!r}"))
        for name in own:
            if not np.isfinite(seen.get(name, 0.0)):
                size = _size(compiled.model.get_processed_variable(name))
                found.append((size, mode.id, repr(name)))
    if found:
        _, mode_id, what = min(found)
        raise _refused(mode_id, what)


def _refused(mode_id: str, what: str) -> PluginError:
    return brought.refused(
        mode_id, f"{what} is not a finite number as the cell starts", fix="check its parameters"
    )


def _wrong_equations(built: Any, inputs: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    """Yield the states whose rate or residual is no number at the start, and its length."""
    given = dict(inputs)
    y = built.concatenated_initial_conditions.evaluate(0, inputs=given)
    with np.errstate(all="ignore"):
        for kind in ("rhs", "algebraic"):
            whole = getattr(built, f"concatenated_{kind}").evaluate(0, y, inputs=given)
            if np.isfinite(whole).all():
                continue
            for variable, symbol in getattr(built, kind).items():
                if not np.isfinite(symbol.evaluate(0, y, inputs=given)).all():
                    yield variable.name, _size(symbol)
        for variable, symbol in built.initial_conditions.items():
            if not np.isfinite(symbol.evaluate(0, inputs=given)).all():
                yield variable.name, 0


def _size(symbol: Any) -> int:
    return sum(1 for _ in symbol.pre_order())
