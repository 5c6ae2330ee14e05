"""Whether a built cell's equations are numbers, and whose they are if not.

Where a cell starts, what is no number refuses the mode it comes from. Later it ends the run: the
solver cannot go on, or a variable of the mode is nothing that a criterion could judge.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import PluginError
from twin.model.pybamm_compat import (
    CompiledCell,
    FailureAtStart,
    StepFailed,
    StepInfeasible,
    StepResult,
)
from twin.modes import brought
from twin.modes.mode import FailureMode

_HALVINGS, _SECONDS = 12, 20.0
"""How near to the moment it looks for what is no number, and for how long at most."""
_AHEAD = 8
_NUDGE = 1e-9
"""By how much states are moved, in their scales, to look beside them."""
_MOMENT = 1e-9
"""The least part of a step that is tried."""


@dataclass(frozen=True)
class NoNumber:
    """The mode that something that is no number comes from, and what it is."""

    mode: str
    what: str


@dataclass(frozen=True)
class Owners:
    """Which mode has brought which variable and which state, by their names."""

    variables: Mapping[str, str]
    states: Mapping[str, str]

    @classmethod
    def of(cls, model: Any, modes: Iterable[FailureMode]) -> Owners:
        """Return those of a model, before it is built."""
        variables: dict[str, str] = {}
        states: dict[str, str] = {}
        for mode in modes:
            variables |= dict.fromkeys(brought.own_variables(model, mode.id), mode.id)
            states |= dict.fromkeys(brought.own_states(model, mode.id), mode.id)
        return cls(variables, states)

    def seen(
        self, compiled: CompiledCell, columns: Mapping[str, Iterable[np.ndarray]]
    ) -> NoNumber | None:
        """Return what is no number (NaN) among the stored variables of a cycle, if anything is."""
        own = {name: [*parts] for name, parts in columns.items() if name in self.variables}
        # All at once first: as good as always there is nothing to find.
        if (
            not own
            or not np.isnan(np.concatenate([p for all_ in own.values() for p in all_])).any()
        ):
            return None
        culprits = [
            (_size(compiled.model.get_processed_variable(name)), name)
            for name, parts in own.items()
            if any(np.isnan(part).any() for part in parts)
        ]
        _, name = min(culprits)
        return NoNumber(self.variables[name], repr(name))

    def inside(
        self,
        compiled: CompiledCell,
        index: int,
        t: float,
        y: np.ndarray | None,
        user: Mapping[str, float],
    ) -> NoNumber | None:
        """Return what is no number in the equations where the solver gave up, if it is a mode's.

        The step is solved as far as it goes, by halves; from there the states are followed
        along their slopes until something is no number, and last looked at a little beside where
        they are. The shortest of the expressions says where it comes from.

        Parameters
        ----------
        compiled, index, t, y, user
            The step that could not be solved, as in :meth:`CompiledCell.solve`.
        """
        if not self.states and not self.variables:
            return None
        inputs = compiled.inputs(index, t, user)
        start = compiled.initial_state(user) if y is None else y
        culprit = self._at(compiled, t, start, inputs)
        if culprit is not None:
            return culprit
        known, left = _as_far_as_it_goes(compiled, index, t, y, user)
        if known is None:
            return self._beside(compiled, t, start, inputs)
        if known.yp is None:
            return None
        for power in range(-_AHEAD, 3):
            ahead = left * 4.0**power
            there = known.y[:, -1] + ahead * known.yp[:, -1]
            culprit = self._at(compiled, float(known.t[-1]) + ahead, there, inputs)
            if culprit is not None:
                return culprit
        return self._beside(compiled, float(known.t[-1]), known.y[:, -1], inputs)

    def _beside(
        self, compiled: CompiledCell, t: float, y: np.ndarray, inputs: Mapping[str, float]
    ) -> NoNumber | None:
        """Return the mode whose equation is a number just here, and none a little beside it.

        So is a root of nought, or a power of it below one: Newton's method needs the slope, which
        is infinite there, and steps to where there is no root.
        """
        for way in (-1.0, 1.0):
            culprit = self._at(compiled, t, y + way * _NUDGE * np.maximum(np.abs(y), 1.0), inputs)
            if culprit is not None:
                what = f"the slope of {culprit.what} (a root or a power of nought?)"
                return NoNumber(culprit.mode, what)
        return None

    def _at(
        self, compiled: CompiledCell, t: float, y: np.ndarray, inputs: Mapping[str, float]
    ) -> NoNumber | None:
        wrong = _wrong_equations(compiled.model, inputs, t, y.reshape(-1, 1))
        culprits = [(size, name) for name, size in wrong]
        if not culprits:
            return None
        _, name = min(culprits)
        mode = self.states.get(name)
        return None if mode is None else NoNumber(mode, f"the equation of {name!r}")


def _as_far_as_it_goes(
    compiled: CompiledCell,
    index: int,
    t: float,
    y: np.ndarray | None,
    user: Mapping[str, float],
) -> tuple[StepResult | None, float]:
    """Return the longest part of a step that can be solved, and how much longer is too long [s]."""
    low, high, known = 0.0, float(compiled.steps[index].duration), None
    until = time.monotonic() + _SECONDS
    # A moment first: what cannot begin at all is none of this.
    for n in range(_HALVINGS + 1):
        middle = (low + high) / 2 if n else _MOMENT * high
        try:
            known = compiled.solve(index, t, y, user, duration=middle)
            low = middle
        except StepFailed:
            if known is None and n == 0:
                break
            high = middle
        except (StepInfeasible, FailureAtStart):
            break
        if time.monotonic() > until:
            break
    return known, high - low


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
    culprits: list[tuple[int, str, str]] = []
    wrong_states = dict(_wrong_equations(compiled.model, inputs))
    for mode in modes:
        own = brought.own_variables(model, mode.id)
        states = brought.own_states(model, mode.id)
        for name, size in wrong_states.items():
            if name in states:
                culprits.append((size, mode.id, f"the equation of {name!r}"))
        for name in own:
            if not np.isfinite(seen.get(name, 0.0)):
                size = _size(compiled.model.get_processed_variable(name))
                culprits.append((size, mode.id, repr(name)))
    if culprits:
        _, mode_id, what = min(culprits)
        raise _refused(mode_id, what)


def _refused(mode_id: str, what: str) -> PluginError:
    return brought.refused(
        mode_id, f"{what} is not a finite number as the cell starts", fix="check its parameters"
    )


def _wrong_equations(
    built: Any, inputs: Mapping[str, float], t: float = 0.0, y: np.ndarray | None = None
) -> Iterator[tuple[str, int]]:
    """Yield the states whose rate or residual is no number (at the start), and its length."""
    given, starts = dict(inputs), y is None
    if y is None:
        y = built.concatenated_initial_conditions.evaluate(0, inputs=given)
    with np.errstate(all="ignore"):
        for kind in ("rhs", "algebraic"):
            whole = getattr(built, f"concatenated_{kind}").evaluate(t, y, inputs=given)
            if np.isfinite(whole).all():
                continue
            for variable, symbol in getattr(built, kind).items():
                if not np.isfinite(symbol.evaluate(t, y, inputs=given)).all():
                    yield variable.name, _size(symbol)
        for variable, symbol in built.initial_conditions.items() if starts else ():
            if not np.isfinite(symbol.evaluate(0, inputs=given)).all():
                yield variable.name, 0


def _size(symbol: Any) -> int:
    return sum(1 for _ in symbol.pre_order())
