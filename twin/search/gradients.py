"""Gradients of a short life's projection, by the solver's own sensitivities.

A few cycles are solved with their forward sensitivities ``dy/dx`` (IDAS, through PyBaMM's
IDAKLU solver), carried from step to step. Each fatal criterion's margin ``m(n)``, at the
step of a cycle where it is least, is projected to zero::

    ln n* = ln( n_1 + (n_K - n_1) m_1/(m_1 - m_K) ),

and the least over the criteria is what is climbed; ``d ln n*/dx`` follows from ``dm/dx``.
The core's criterion on the resistance is among them; that on the capacity is not, because
here no capacity can be lost.

This holds where a change of ``x`` moves no switch: steps must end on time (their sensitivity
to the moment of a voltage limit is not followed), and ``x`` must be an input of the built
model or the current of its steps. A current step's target is ``v = s j``: sensitivities to
it are handed from one step to the next by the ratio of their targets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pybamm

from twin.columns import AGED_RESISTANCE as RESISTANCE_VARIABLE
from twin.engine.criteria import RESISTANCE, Watched
from twin.engine.prepare import Prepared
from twin.model.observer import SlopeObserver
from twin.model.pybamm_compat import last_sensitivities, of_any_size
from twin.ties import MARGIN, first_best

Margins = dict[str, tuple[float, np.ndarray]]
CYCLES = 4
# A margin that falls less than this in the cycles solved is taken not to fall.
_STILL = 1e-7
_TINY = 1e-300


class NotSmooth(Exception):
    """There is no gradient here; the message says why."""


@dataclass(frozen=True)
class Slope:
    """A projection and its gradient: ``score`` is ``ln n*``, ``by`` names the criterion."""

    score: float
    gradient: np.ndarray
    by: str


def check_smooth(prepared: Prepared) -> None:
    """Raise where a cycle's steps switch at moments that depend on what is varied.

    Raises
    ------
    NotSmooth
        With the step at fault.
    """
    for phase in prepared.plan.phases[:1]:
        for step in phase.steps:
            index = prepared.step_index[step.solved_as]
            made = prepared.compiled.steps[index]
            if made.ends or made.uses_default_duration:
                raise NotSmooth(
                    f"the step {step.do!r} ends on a limit, whose moment the solver's "
                    "sensitivities do not follow"
                )
    if len(prepared.plan.phases) > 1:
        raise NotSmooth("the protocol has more than one phase")


class Slopes:
    """Projects the life of a built cell, with the gradient in some numbers.

    Parameters
    ----------
    prepared : Prepared
        The built cell; its model is left set up for sensitivities.
    names : sequence of str or None
        The input that each number is; None for the current of the steps.
    rtol : float
        The solver's relative tolerance.

    Raises
    ------
    NotSmooth
        If a step switches at a moment that depends on what is varied.
    """

    def __init__(self, prepared: Prepared, names: Sequence[str | None], rtol: float = 1e-6):
        check_smooth(prepared)
        compiled = prepared.compiled
        self._target = compiled.target_name
        self._names = list(names)
        self._inputs = [self._target if name is None else name for name in names]
        self._columns = sorted(self._inputs)
        self._solver = pybamm.IDAKLUSolver(rtol=rtol, atol=1e-2 * rtol)
        watched = [w for w in prepared.watched if w.criterion.severity == "fatal"]
        variables = [w.criterion.variable for w in watched]
        self._observer = SlopeObserver(
            compiled.model,
            list(dict.fromkeys([*variables, RESISTANCE_VARIABLE])),
            compiled.inputs(0, 0.0, prepared.inputs(None)),
            self._columns,
        )

    def __call__(self, prepared: Prepared, values: Sequence[float]) -> Slope:
        """Return the projected life and its gradient.

        Parameters
        ----------
        prepared : Prepared
            The built cell, at these numbers (:meth:`Prepared.at`).
        values : sequence of float
            The numbers; of a current, any that its targets are in proportion to.

        Raises
        ------
        NotSmooth
            If the cell dies within the cycles solved, or a step cannot be solved.
        """
        watched = [w for w in prepared.watched if w.criterion.severity == "fatal"]
        reader = _Reader(prepared, self._names, values, watched)
        try:
            first, last = self._solved(prepared, reader)
        except pybamm.SolverError as error:
            raise NotSmooth(f"the solver stopped: {str(error).splitlines()[0]}") from None
        return reader.projected(first, last)

    def _solved(self, prepared: Prepared, reader: _Reader) -> list[Margins]:
        """Return the margins, with their gradients, of the first and the last cycle."""
        compiled, t, before = prepared.compiled, 0.0, 0.0
        column = self._columns.index(self._target) if self._target in self._columns else None
        solution: Any = pybamm.EmptySolution(t=0.0)
        margins = []
        for cycle in range(CYCLES):
            seen: list[Margins] = []
            for step in prepared.plan.phases[0].steps:
                index = prepared.step_index[step.solved_as]
                given = compiled.inputs(index, t, prepared.inputs(step.pressure))
                if column is not None:
                    now = given[self._target]
                    if now == 0:
                        raise NotSmooth("a rest has no current to vary")
                    if before:
                        _rescale(solution, column, before / now)
                    before = now
                made = compiled.steps[index]
                t_eval, t_interp = made.pybamms.setup_timestepping(self._solver, made.duration)
                with of_any_size():
                    solution = self._solver.step(
                        solution, compiled.model, made.duration, t_eval, t_interp=t_interp,
                        save=False, inputs=given, calculate_sensitivities=self._columns,
                    )  # fmt: skip
                if solution.termination != "final time":
                    raise NotSmooth(
                        f"the cell does not live {CYCLES} cycles: {solution.termination}"
                    )
                t = float(solution.t[-1])
                if cycle in (0, CYCLES - 1):
                    seen.append(self._read(solution, t, given, reader))
            if seen:
                margins.append(reader.worst(seen))
        return margins

    def _read(
        self, solution: Any, t: float, given: Mapping[str, float], reader: _Reader
    ) -> Margins:
        y = np.asarray(solution.all_ys[-1])[:, -1]
        every = last_sensitivities(solution)
        by_input = self._observer(t, y, given, every[-len(y) :])
        order = [self._columns.index(name) for name in self._inputs]
        targets = [given[name] for name in self._inputs]
        return {
            name: (value, reader.scaled(slopes[order], targets))
            for name, (value, slopes) in by_input.items()
        }


def _rescale(solution: Any, column: int, ratio: float) -> None:
    """Turn the sensitivities to one step's target into those to the next one's."""
    every = last_sensitivities(solution)
    every[:, column] *= ratio


@dataclass
class _Reader:
    """Reads margins and their gradients off a solution's end."""

    prepared: Prepared
    names: Sequence[str | None]
    values: Sequence[float]
    watched: list[Watched]

    def scaled(self, slopes: np.ndarray, targets: Sequence[float]) -> np.ndarray:
        """Turn slopes in the inputs into slopes in what is varied."""
        factors = [
            target / x if name is None else 1.0
            for name, target, x in zip(self.names, targets, self.values, strict=True)
        ]
        value: np.ndarray = slopes * np.array(factors)
        return value

    def worst(self, seen: list[Margins]) -> Margins:
        """Return each criterion's least margin in a cycle, and the mean resistance."""
        worst_margins: Margins = {}
        for item in self.watched:
            every = [self._margin(item, *at[item.criterion.variable]) for at in seen]
            worst_margins[item.label] = first_best(every, lambda pair: -pair[0])
        ohms = [at[RESISTANCE_VARIABLE] for at in seen]
        mean = sum(value for value, _ in ohms) / len(ohms)
        worst_margins[RESISTANCE] = (mean, np.mean([s for _, s in ohms], axis=0))
        return worst_margins

    @staticmethod
    def _margin(item: Watched, x: float, dx: np.ndarray) -> tuple[float, np.ndarray]:
        c = item.criterion
        threshold, fresh = c.threshold, c.fresh
        if c.scale == "log":
            x, dx = math.log(max(x, _TINY)), dx / max(x, _TINY)
            threshold, fresh = math.log(max(threshold, _TINY)), math.log(max(fresh, _TINY))
        return (threshold - x) / (threshold - fresh), -dx / (threshold - fresh)

    def projected(self, first: Margins, last: Margins) -> Slope:
        """Project each criterion to zero, and return the nearest.

        Capacity and energy fall as the resistance rises: it is projected to where it kills,
        or where it warns if it does not.
        """
        first, last = dict(first), dict(last)
        r1, dr1 = first.pop(RESISTANCE)
        rk, drk = last.pop(RESISTANCE)
        end = self.prepared.spec.end_of_life
        limit = (end.resistance_factor or end.resistance_warning).si
        first[RESISTANCE] = (1.0, np.zeros_like(dr1))
        last[RESISTANCE] = (
            (limit - rk / r1) / (limit - 1),
            -(drk - rk / r1 * dr1) / r1 / (limit - 1),
        )
        nearest: Slope | None = None
        for name, (m1, dm1) in first.items():
            mk, dmk = last[name]
            fall = m1 - mk
            if fall <= _STILL:
                continue
            more = (CYCLES - 1) / fall
            life = 1 + more * m1
            change = more * (dm1 - m1 / fall * (dm1 - dmk))
            if nearest is None or math.log(life) < nearest.score - MARGIN:
                nearest = Slope(math.log(life), change / life, name)
        if nearest is None:  # a plain where the cell does not age: nothing to climb
            still = math.log(1 + (CYCLES - 1) / _STILL)
            return Slope(still, np.zeros(len(self.values)), "")
        return nearest
