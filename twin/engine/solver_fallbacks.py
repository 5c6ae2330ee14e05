"""What is tried, in order, when the solver cannot go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.model.pybamm_compat import CompiledCell, SolverSettings, StepFailed, StepResult


@dataclass(frozen=True)
class Fallback:
    """One attempt: other tolerances, a step limit, or a nudged algebraic state."""

    says: str
    change: Callable[[SolverSettings, float], SolverSettings]
    fresh_algebraic: bool = False
    raised: bool = False


# Tolerances first (a stiff knee wants tighter ones, a noisy one looser), then short
# steps, then a new starting guess for what is not integrated in time.
FALLBACKS: tuple[Fallback, ...] = (
    Fallback(
        "tolerances ten times tighter", lambda s, d: replace(s, rtol=s.rtol / 10, atol=s.atol / 10)
    ),
    Fallback(
        "tolerances ten times looser", lambda s, d: replace(s, rtol=s.rtol * 10, atol=s.atol * 10)
    ),
    Fallback(
        "time steps of at most 1/200 of the step",
        lambda s, d: replace(s, dt_max=d / 200, dt_init=1e-6),
    ),
    Fallback(
        "a fresh guess for the algebraic states",
        lambda s, d: replace(s, dt_init=1e-6),
        fresh_algebraic=True,
    ),
    # At many C the potentials lie volts from where they are at rest, and Newton's method does
    # not find them in one go.
    Fallback("the current raised in steps", lambda s, d: replace(s, dt_init=1e-6), raised=True),
)
_SHARES = (1e-3, 1e-2, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Of the current, one after the other."""
_MOMENT_S = 1e-6
"""How long each is held: the potentials follow, and nothing else moves [s]."""


class FallbacksExhausted(Exception):
    """Every rung failed; carries the first message and what was tried."""

    def __init__(self, message: str, tried: list[str]):
        self.message = message
        self.tried = tried
        super().__init__(message)


def solve_with_fallbacks(
    cell: CompiledCell,
    base: SolverSettings,
    index: int,
    t: float,
    y: np.ndarray | None,
    user: Mapping[str, float],
    *,
    duration: float | None = None,
    target: float | None = None,
) -> tuple[StepResult, list[str]]:
    """Solve a step, with as many fallbacks as it needs.

    ``duration`` and ``target`` stand in for the step's own, as in
    :meth:`CompiledCell.solve`.

    Returns
    -------
    result, tried : StepResult, list of str
        The solved step, and which rungs it took (empty if none).

    Raises
    ------
    FallbacksExhausted
        If no rung helps.
    StepInfeasible, FailureAtStart
        As from :meth:`CompiledCell.solve`.
    """
    how: dict[str, Any] = {"duration": duration, "target": target}
    # What the step does of itself is asked for as before.
    how = {name: value for name, value in how.items() if value is not None}
    try:
        return cell.solve(index, t, y, user, **how), []
    except StepFailed as error:
        message = str(error)
    tried: list[str] = []
    span = float(cell.steps[index].duration) if duration is None else duration
    try:
        for rung in FALLBACKS:
            tried.append(rung.says)
            settings = rung.change(base, span)
            try:
                start = _with_fresh_algebraic(cell, y, user) if rung.fresh_algebraic else y
                if rung.raised:
                    start = _raised(cell, index, t, y, user, settings, target)
                return cell.solve(index, t, start, user, settings=settings, **how), tried
            except StepFailed:
                continue
    finally:
        cell.forget_solvers()
    raise FallbacksExhausted(message, tried)


def _raised(
    cell: CompiledCell,
    index: int,
    t: float,
    y: np.ndarray | None,
    user: Mapping[str, float],
    settings: SolverSettings,
    target: float | None,
) -> np.ndarray:
    """Return a state with the potentials at nearly all of a step's current, come to in steps.

    Raises
    ------
    StepFailed
        If what the step holds is no constant current, or a share of it cannot be solved.
    StepInfeasible, FailureAtStart
        If a share of the current is too much already.
    """
    whole = cell.constant_current(index)
    if whole and target is not None:
        whole = target
    if not whole:
        raise StepFailed("the step holds no constant current")
    start = cell.initial_state(user) if y is None else y.copy()
    for share in _SHARES:
        held = cell.solve(
            index, t, start, user, duration=_MOMENT_S, target=share * whole, settings=settings
        )
        start[cell.differential :] = held.y[cell.differential :, -1]
    return start


def _with_fresh_algebraic(
    cell: CompiledCell, y: np.ndarray | None, user: Mapping[str, float]
) -> np.ndarray | None:
    if y is None:
        return None
    fresh = y.copy()
    fresh[cell.differential :] = cell.initial_state(user)[cell.differential :]
    return fresh
