"""IDA with KLU, asked for one step at a time: a built model's functions, and who calls them.

PyBaMM's solver builds a ``Solution`` for each step, checks its inputs' names and walks through
the events' expressions: for a single-particle model that takes as long as the integration.
Here the same C++ integrator gets the same functions and the same numbers, and hands back
arrays. The functions are CasADi's and can be written as text (``twin.model.kept``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import casadi
import numpy as np
from pybammsolvers import idaklu

from twin.model.batch import Batch, dense

FUNCTIONS = (
    "rhs_algebraic",
    "jac_times_cjmass",
    "jac_rhs_algebraic_action",
    "mass_action",
    "rootfn",
    "alg_res",
    "alg_jac",
    "rates",
    "initial",
)
"""``rhs_algebraic(t, y, p)``, its Jacobian less ``c M``, ``J v``, ``M v``, the events, the
algebraic part and its Jacobian; then what a step starts from: ``dy/dt`` and the first state."""
_DIFFERENTIAL, _ALGEBRAIC = 1, 0
_FOUND_ROOT = 2


class SolveFailed(Exception):
    """The integrator gave up; the message is its own."""


class BeginsBeyond(Exception):
    """Events hold as the step begins: ``names``."""

    def __init__(self, names: list[str]):
        self.names = names
        super().__init__(", ".join(names))


@dataclass(frozen=True)
class SolverFunctions:
    """All that the integrator asks of a model.

    Attributes
    ----------
    texts : mapping
        CasADi's own text of each of :data:`FUNCTIONS`.
    inputs : sequence of str
        The names of ``p``, in order.
    events : sequence of str
        The names of the events, in order.
    differential, states : int
        How many of the states have a rate, and how many there are.
    """

    texts: Mapping[str, str]
    inputs: Sequence[str]
    events: Sequence[str]
    differential: int
    states: int

    @classmethod
    def of(
        cls,
        functions: Mapping[str, casadi.Function],
        inputs: Sequence[str],
        events: Sequence[str],
        differential: int,
        states: int,
    ) -> SolverFunctions:
        """Return those of CasADi's functions."""
        texts = {name: functions[name].serialize() for name in FUNCTIONS}
        return cls(texts, list(inputs), list(events), int(differential), int(states))

    def to_data(self) -> dict[str, Any]:
        """Return them as plain data, from which ``SolverFunctions(**data)`` makes them again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def function(self, name: str) -> casadi.Function:
        """Return a function that can be called from Python."""
        return casadi.Function.deserialize(self.texts[name])

    @cached_property
    def rates(self) -> Batch:
        """``dy/dt`` of the differential states."""
        return Batch(dense(self.function("rates")), 1)

    @cached_property
    def initial(self) -> Batch:
        """The state that the model begins in."""
        return Batch(dense(self.function("initial")), 1)

    @cached_property
    def margins(self) -> Batch:
        """The events, each above zero until it happens."""
        return Batch(dense(self.function("rootfn")), 1)

    def values(self, given: Mapping[str, float]) -> np.ndarray:
        """Return ``p``."""
        return np.array([float(given[name]) for name in self.inputs])

    def start(self, p: np.ndarray) -> np.ndarray:
        """Return the state that the model begins in, shape (states,)."""
        return self.initial(np.zeros(1), np.zeros((self.states, 1)), p)[:, 0]


@dataclass(frozen=True)
class Stepped:
    """One call of the integrator: times, states and slopes, one row a time; what ended it."""

    t: np.ndarray
    y: np.ndarray
    yp: np.ndarray | None
    event: str | None


class Stepper:
    """The integrator at one pair of tolerances.

    Parameters
    ----------
    model : SolverFunctions
        What it integrates.
    rtol, atol : float
        Its tolerances.
    options : mapping
        PyBaMM's options of IDA and of the linear solver.
    """

    def __init__(
        self, model: SolverFunctions, rtol: float, atol: float, options: Mapping[str, Any]
    ):
        self._model = model
        made = {name: idaklu.generate_function(model.texts[name]) for name in FUNCTIONS[:7]}
        pattern = model.function("jac_times_cjmass").sparsity_out(0)
        ids = np.full(model.states, _ALGEBRAIC, dtype=np.float64)
        ids[: model.differential] = _DIFFERENTIAL
        nothing = idaklu.generate_function(casadi.Function("sens", [], []).serialize())
        self._group = idaklu.create_casadi_solver_group(
            number_of_states=model.states,
            number_of_parameters=0,
            rhs_alg=made["rhs_algebraic"],
            jac_times_cjmass=made["jac_times_cjmass"],
            jac_times_cjmass_colptrs=np.array(pattern.colind(), dtype=np.int64),
            jac_times_cjmass_rowvals=np.array(pattern.row(), dtype=np.int64),
            jac_times_cjmass_nnz=pattern.nnz(),
            jac_bandwidth_lower=pattern.bw_lower(),
            jac_bandwidth_upper=pattern.bw_upper(),
            jac_action=made["jac_rhs_algebraic_action"],
            mass_action=made["mass_action"],
            sens=nothing,
            events=made["rootfn"],
            number_of_events=len(model.events),
            rhs_alg_id=ids,
            atol=np.full(model.states, atol),
            rtol=rtol,
            inputs=len(model.inputs),
            var_fcns=[],
            dvar_dy_fcns=[],
            dvar_dp_fcns=[],
            options=dict(options),
            alg_res=made["alg_res"],
            alg_jac=made["alg_jac"],
        )

    def __call__(
        self, t_eval: np.ndarray, t_interp: np.ndarray, y: np.ndarray, p: np.ndarray
    ) -> Stepped:
        """Integrate from a state.

        Parameters
        ----------
        t_eval : ndarray
            From where to where [s]; it stops and starts again at each time between.
        t_interp : ndarray
            Where the states are wanted [s]; at the integrator's own steps if empty.
        y : ndarray, shape (states,)
            The state at the start.
        p : ndarray
            The inputs (:meth:`SolverFunctions.values`).

        Raises
        ------
        BeginsBeyond
            If an event holds at the start already.
        SolveFailed
            If the integrator gives up.
        """
        model = self._model
        slope = np.zeros(model.states)
        if model.differential:
            slope[: model.differential] = model.rates(t_eval[:1], y[:, None], p)[:, 0]
        try:
            (solution,) = self._group.solve(
                t_eval, t_interp, y[None, :], slope[None, :], p[None, :]
            )
        except ValueError as error:
            raise SolveFailed(str(error)) from None
        if solution.flag < 0:
            raise SolveFailed(idaklu.sundials_error_message(solution.flag))
        t = np.asarray(solution.t)
        states = np.asarray(solution.y).reshape(len(t), model.states)
        slopes = np.asarray(solution.yp)
        event = None
        if solution.flag == _FOUND_ROOT:
            event = self._event(t, states[-1], p, t_eval)
        rows = slopes.reshape(states.shape) if slopes.size == states.size else None
        return Stepped(t, states, rows, event)

    def _event(self, t: np.ndarray, y: np.ndarray, p: np.ndarray, t_eval: np.ndarray) -> str:
        """Return the event that ended a step: the one nearest to zero there."""
        model = self._model
        if len(t) == 1:
            margins = model.margins(t_eval[:1], y[:, None], p)[:, 0]
            beyond = np.flatnonzero(margins <= 0)
            if margins.min() <= 0:
                raise BeginsBeyond([model.events[int(i)] for i in beyond])
        margins = model.margins(t[-1:], y[:, None], p)[:, 0]
        return model.events[int(np.nanargmin(np.abs(margins)))]
