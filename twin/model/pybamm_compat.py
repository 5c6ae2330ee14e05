"""Every touch of PyBaMM from inside, in one file: what it marks as private is used here only.

PyBaMM's ``Simulation`` runs a whole experiment in one call. The twin runs one step at a
time on the same built model, so that each cycle can be judged, stored and resumed.
Written against PyBaMM 26.10; when that changes, this file is what has to follow.
"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.model.layout import layout_of
from twin.model.observer import Observer
from twin.model.stepping import BeginsBeyond, SolveFailed, SolverFunctions, Stepper
from twin.model.tables import TableWatch
from twin.specs.steps import Step

if TYPE_CHECKING:
    import pybamm
    from scipy.sparse import csc_matrix

    from twin.model.rosenbrock import RosenbrockStepper
else:
    from twin.later import pybamm

EXPERIMENT_TAG = "[experiment]"
EVERY = slice(None)
"""All states."""
_DRIVE = "Interpolant 'Drive Cycle'"


@dataclass(frozen=True)
class StepResult:
    """One solved step.

    Attributes
    ----------
    t : ndarray, shape (n,)
        Times since the start of the run [s].
    y : ndarray, shape (states, n)
        State vectors.
    termination : str
        ``"final time"`` or the name of the event that ended the step; the step's own
        limits share one name, which carries :data:`EXPERIMENT_TAG`.
    yp : ndarray, shape (states, n), or None
        Time derivatives of the states, if the solver returns them.
    corners : ndarray
        The times at which a drive cycle turns [s]: ``yp`` there is that from before.
    """

    t: np.ndarray
    y: np.ndarray
    termination: str
    yp: np.ndarray | None = None
    corners: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def smooth(self) -> bool:
        """Whether there are points to look between, and no corner among them."""
        return len(self.t) > 1 and not len(self.corners)

    def at(self, t: np.ndarray, states: np.ndarray | slice = EVERY) -> np.ndarray:
        """Return (some of) the states, shape (states, m), at times between the solver's points.

        Between two points the states follow the cubic Hermite polynomial of their values
        and derivatives, as the solver's own output does; without derivatives, a line. After
        a corner it is the parabola of the values and the derivative at the other end. At a
        solver's point they are the solver's.
        """
        if len(self.t) == 1:
            return np.repeat(self.y[states], len(t), axis=1)
        left = np.clip(np.searchsorted(self.t, t, side="right") - 1, 0, len(self.t) - 2)
        h = self.t[left + 1] - self.t[left]
        x = (t - self.t[left]) / h
        # One row a time from here on: that is how the solver's numbers lie in memory.
        rows = self.y[states].T
        if self.yp is None:
            return _weighed((1 - x, rows[left]), (x, rows[left + 1]))
        slopes = self.yp[states].T
        b, c, d = x * x * (3 - 2 * x), x * (1 - x) ** 2 * h, x * x * (x - 1) * h
        if len(self.corners):
            turned = np.isin(self.t[left], self.corners)
            # A parabola has no slope of its own at the left: Hermite's weights with that put in.
            b = np.where(turned, x * (2 - x), b)
            c = np.where(turned, 0.0, c)
            d = np.where(turned, x * (x - 1) * h, d)
        return _weighed(
            (1 - b, rows[left]), (b, rows[left + 1]), (c, slopes[left]), (d, slopes[left + 1])
        )


def _weighed(*parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the sum of rows times their weights, transposed."""
    total: np.ndarray = parts[0][1] * parts[0][0][:, None]
    for weight, rows in parts[1:]:
        total += rows * weight[:, None]
    return total.T


class StepInfeasible(Exception):
    """The step's own limit is already passed at its start."""


class StepFailed(Exception):
    """The solver could not go on; the message is the solver's."""


class FailureAtStart(Exception):
    """A failure criterion (its event's name) already holds at the step's start."""


@contextlib.contextmanager
def of_any_size() -> Iterator[None]:
    """Let states be as large as the cell makes them.

    PyBaMM logs an error for each state above 1e5, whatever its unit: a cell of more than
    1e5 A.h, at every step. What is wrong with a solution is judged here by what it says.
    """
    before = pybamm.settings.max_y_value
    pybamm.settings.max_y_value = np.inf
    try:
        yield
    finally:
        pybamm.settings.max_y_value = before


class CompiledCell:
    """A cell model built once for a set of steps, solved many times.

    Parameters
    ----------
    model : pybamm.BaseModel
        The cell.
    parameter_values : pybamm.ParameterValues
        Its parameters; entries that are ``"[input]"`` are given to each solve.
    steps : sequence of Step
        Every step that will be asked for; solved by their index here.
    settings : SolverSettings
        How they are solved; others, with other tolerances, share the built model.
    inputs : mapping
        A value for each input parameter, to build with.

    Attributes
    ----------
    steps : list of Step
        The steps.
    layout : list
        Name, start and stop of each state in the state vector (:func:`layout_of`).
    functions : SolverFunctions
        What the integrator asks of the model.
    solver_seconds : float
        The time that solving has taken so far [s].
    """

    def __init__(
        self,
        model: pybamm.BaseModel,
        parameter_values: pybamm.ParameterValues,
        steps: Sequence[Step],
        settings: SolverSettings,
        inputs: Mapping[str, float],
        var_pts: Mapping[str, int] | None = None,
    ):
        solver = settings.make()
        simulation = pybamm.Simulation(
            model,
            parameter_values=parameter_values,
            experiment=pybamm.Experiment([tuple(step.pybamms for step in steps)]),
            experiment_model_mode="unified",
            solver=solver,
            var_pts=dict(var_pts) if var_pts else None,
        )
        simulation.build_for_experiment(inputs=dict(inputs))
        built = simulation._built_experiment_model
        # PyBaMM asks of every step whether it is longer than a drive cycle of another one.
        built.events = [e for e in built.events if _DRIVE not in e.name]
        self._build: Callable[[], pybamm.Simulation] = lambda: simulation
        self.steps = list(steps)
        self._names = (pybamm.Simulation._STEP_VALUE_INPUT, pybamm.Simulation._START_TIME_INPUT)
        self._step_inputs = self._worked_out(simulation.experiment.steps)
        self.layout = layout_of(built)
        self.functions = _solver_functions(solver, built, self.inputs(0, 0.0, inputs))
        self._start(settings, solver.options)

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        steps: Sequence[Step],
        settings: SolverSettings,
        build: Callable[[], CompiledCell],
    ) -> CompiledCell:
        """Return the built cell that :meth:`to_data` wrote.

        ``build`` builds it after all, if somebody asks for the model itself: to say what is no
        number in it, for gradients, or for other currents than it was built with.
        """
        made = cls.__new__(cls)
        made._build = lambda: build()._simulation
        made.steps = list(steps)
        target, start = data["names"]
        made._names = (target, start)
        made._step_inputs = [dict(given) for given in data["step_inputs"]]
        made.layout = [(name, start, stop) for name, start, stop in data["layout"]]
        made.functions = SolverFunctions(**data["functions"])
        made._start(settings, data["options"])
        return made

    def to_data(self) -> dict[str, Any]:
        """Return all that solving takes as plain data."""
        return {
            "step_inputs": self._step_inputs,
            "layout": self.layout,
            "functions": self.functions.to_data(),
            "options": self._options,
            "names": self._names,
        }

    def _start(self, settings: SolverSettings, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._default_stepper: Stepper | RosenbrockStepper = self._stepper_of(settings)
        self._steppers: dict[Any, Stepper] = {}
        self.solver_seconds = 0.0

    @cached_property
    def _simulation(self) -> pybamm.Simulation:
        return self._build()

    @property
    def model(self) -> pybamm.BaseModel:
        """The discretised model."""
        return self._simulation._built_experiment_model

    @property
    def differential(self) -> int:
        """How many of the states, the first ones, have a rate."""
        return self.functions.differential

    @property
    def target_name(self) -> str:
        """The input that is what a step holds: its current, say."""
        name: str = self._names[0]
        return name

    def with_steps(self, steps: Sequence[Step]) -> CompiledCell:
        """Return the same built cell for steps that differ from its own in their currents.

        The unified model reads the current of a step as an input; what ends a step is built
        in, so the steps must be of the same kinds in the same order, and of the same signs.
        """
        other = copy.copy(self)
        other.steps = list(steps)
        made = pybamm.Experiment([tuple(step.pybamms for step in steps)]).steps
        other._step_inputs = other._worked_out(made)
        return other

    def _worked_out(self, steps: Iterable[pybamm.step.BaseStep]) -> list[dict[str, float]]:
        """Return the inputs that each step brings; PyBaMM works them out from expressions."""
        simulation = self._simulation
        return [
            {
                name: float(value)
                for name, value in simulation._build_experiment_step_inputs(
                    {}, step, 0.0, place, include_temperature=True
                ).items()
            }
            for step, place in zip(steps, simulation._experiment_step_indices, strict=False)
        ]

    def follow(self, by: Callable[[Stepper], RosenbrockStepper]) -> None:
        """Follow steps by another integrator, which is given the usual one to fall back to."""
        if isinstance(self._default_stepper, Stepper):
            self._default_stepper = by(self._default_stepper)

    @property
    def followed_by_code(self) -> bool:
        """Whether another integrator follows the steps (:meth:`follow`)."""
        return not isinstance(self._default_stepper, Stepper)

    def _stepper_of(self, settings: SolverSettings) -> Stepper:
        options = {**self._options, **settings.options}
        return Stepper(self.functions, settings.rtol, settings.atol, options)

    def _stepper(self, settings: SolverSettings | None) -> Stepper | RosenbrockStepper:
        if settings is None:
            return self._default_stepper
        if settings not in self._steppers:
            self._steppers[settings] = self._stepper_of(settings)
        return self._steppers[settings]

    def forget_solvers(self) -> None:
        """Drop the fallbacks' extra solvers and what they hold in memory."""
        self._steppers.clear()

    def inputs(
        self, index: int, t: float, user: Mapping[str, float], target: float | None = None
    ) -> dict[str, float]:
        """Return all inputs of a step that starts at time ``t`` [s], perhaps to another target."""
        target_name, start = self._names
        inputs = {**user, **self._step_inputs[index], start: t}
        if target is not None:
            inputs[target_name] = target
        return inputs

    def constant_current(self, index: int) -> float | None:
        """Return the current that a step holds [A]; None if it holds none, or something else."""
        step = self.steps[index].pybamms
        if not isinstance(step, pybamm.step.BaseStepExplicit):
            return None
        current: float | None = step.control_target_value(self._simulation._parameter_values)
        return current

    def solve(
        self,
        index: int,
        t: float,
        y: np.ndarray | None,
        user: Mapping[str, float],
        *,
        duration: float | None = None,
        target: float | None = None,
        settings: SolverSettings | None = None,
    ) -> StepResult:
        """Solve one step from a state.

        Parameters
        ----------
        index : int
            Which step.
        t : float
            Time since the start of the run [s].
        y : ndarray or None
            The state; the model's initial conditions if None.
        user : mapping
            Values of the model's own inputs.
        duration : float, optional
            Longest time to solve for [s]; the step's own by default.
        target : float, optional
            The current [A] or voltage [V] to hold; the step's own by default. Another
            value of the same sign needs no new build.
        settings : SolverSettings, optional
            Other tolerances than the default.

        Raises
        ------
        StepInfeasible, FailureAtStart, StepFailed
            The step cannot begin, the cell is dead already, the solver gives up.
        """
        step, stepper = self.steps[index], self._stepper(settings)
        p = self.functions.values(self.inputs(index, t, user, target))
        span = step.duration if duration is None else duration
        t_eval, t_interp = (t + times for times in _times(step, span))
        stops = t_eval.copy()
        if t:  # as PyBaMM does: no time stands at a step's end and at the next one's start
            after = np.nextafter(t, np.inf)
            t_eval[0] = after
            t_interp[t_interp == t] = after
        began = time.perf_counter()
        try:
            y = self.functions.start(p) if y is None else y.reshape(-1)
            stepped = stepper(t_eval, t_interp, y, p)
        except BeginsBeyond as error:
            beyond = [name for name in error.names if EXPERIMENT_TAG not in name]
            failed = FailureAtStart(beyond[0]) if beyond else StepInfeasible(str(error))
            raise failed from None
        except SolveFailed as error:
            raise StepFailed(str(error)) from None
        finally:
            self.solver_seconds += time.perf_counter() - began
        if not np.all(np.isfinite(stepped.y[-1])):
            raise StepFailed("the solution is not finite")
        corners = stepped.t[np.isin(stepped.t, stops)] if step.drive else np.empty(0)
        slopes = None if stepped.yp is None else stepped.yp.T
        return StepResult(stepped.t, stepped.y.T, stepped.event or "final time", slopes, corners)

    def initial_state(self, user: Mapping[str, float]) -> np.ndarray:
        """Return the model's initial conditions as a state vector."""
        return self.functions.start(self.functions.values(self.inputs(0, 0.0, user)))

    def aim(self, index: int) -> tuple[str, list[float]]:
        """Return whether a step is to charge or discharge (or neither), and its voltages [V].

        The voltages are the one it holds, if it holds one, and those that end it.
        """
        step = self.steps[index]
        return step.direction, step.voltages

    def observer(self, names: Sequence[str]) -> Observer:
        """Return a function that evaluates scalar variables at many states at once."""
        return Observer(self.model, names, self.inputs(0, 0.0, self._zero_inputs()))

    def table_watch(self, names: Sequence[str]) -> TableWatch:
        """Return a function that finds how far states went beyond the tables of the laws."""
        return TableWatch(self.model, names, self.inputs(0, 0.0, self._zero_inputs()))

    def _zero_inputs(self) -> dict[str, float]:
        return {p.name: 0.0 for p in self.model.input_parameters}


def _times(step: Step, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where a step stops, and where it is looked at besides, from its start [s].

    A drive cycle stops wherever it turns. Nothing is asked for between: the integrator's own
    steps are.
    """
    if step.drive is None:
        return np.array([0.0, span]), np.empty(0)
    turns = np.asarray(step.pybamms.value.x[0], dtype=float)
    turns = turns[turns <= span]
    return (turns if turns[-1] == span else np.append(turns, span)), np.empty(0)


def _solver_functions(
    solver: pybamm.IDAKLUSolver, model: pybamm.BaseModel, inputs: Mapping[str, float]
) -> SolverFunctions:
    """Return what the integrator asks of a built model.

    After PyBaMM's set-up before that of IDAKLU, which would make functions to be dropped.
    """
    from twin.model.pybamm_solver import functions_of

    names = sorted(p.name for p in model.input_parameters)
    super(pybamm.IDAKLUSolver, solver).set_up(model, {name: inputs[name] for name in names})
    ends = [e.name for e in model.events if e.event_type == pybamm.EventType.TERMINATION]
    return SolverFunctions.of(
        functions_of(model), names, ends, model.len_rhs, model.len_rhs_and_alg
    )


# The solver gives up where so many steps do not bring it so far [s].
_NO_PROGRESS = (1000, 1e-3)


@dataclass(frozen=True)
class SolverSettings:
    """Tolerances and limits of one way to solve."""

    rtol: float = 1e-4
    atol: float = 1e-6
    dt_max: float = 0.0
    dt_init: float = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """Those options of IDA that are not PyBaMM's own."""
        return {
            "dt_max": self.dt_max,
            "dt_init": self.dt_init,
            "max_num_steps": 50_000,
            # It counts between two outputs only: steps that lead nowhere end here.
            "num_steps_no_progress": _NO_PROGRESS[0],
            "t_no_progress": _NO_PROGRESS[1],
        }

    def make(self) -> pybamm.IDAKLUSolver:
        """Return a PyBaMM solver with these settings."""
        from twin.model.pybamm_solver import ScalarIDAKLUSolver

        return ScalarIDAKLUSolver(rtol=self.rtol, atol=self.atol, options=self.options)


@dataclass(frozen=True)
class Linearised:
    """A discretised model about a state: ``(i omega M - J) x = b``, read off by ``outputs``.

    ``minus_slope`` is ``-J``; ``outputs @ x`` is the voltage and the current.
    """

    layout: list[tuple[str, int, int]]
    mass: csc_matrix
    minus_slope: csc_matrix
    push: np.ndarray
    outputs: csc_matrix


class Linearisation:
    """PyBaMM's linearisation of a model for its impedance, discretised once.

    Parameters
    ----------
    model, values, var_pts
        The model, its parameters (some may be inputs), and the mesh.
    inputs : mapping
        Values of the inputs, by PyBaMM's names.
    """

    def __init__(
        self,
        model: pybamm.BaseModel,
        values: pybamm.ParameterValues,
        var_pts: Mapping[str, int] | None = None,
        inputs: Mapping[str, float] | None = None,
    ):
        mesh = dict(var_pts) if var_pts else None
        self._simulation: Any = pybamm.EISSimulation(model, parameter_values=values, var_pts=mesh)
        self._simulation.build()
        self._built = self._simulation._built_model
        self._start = self._built.concatenated_initial_conditions
        own = {parameter.name for parameter in self._built.input_parameters}
        # PyBaMM takes inputs by their order: it is the same each time.
        self._names = sorted(own & set(inputs or ()))
        self.layout = layout_of(self._built)

    def about(
        self,
        state: Callable[[list[tuple[str, int, int]], np.ndarray], np.ndarray],
        inputs: Mapping[str, float] | None = None,
    ) -> Linearised:
        """Return the linear system about a state of ours.

        PyBaMM linearises about the initial conditions: the state is put in their place.
        ``state(layout, fresh)`` returns it, given the states' places and their initial values.
        """
        given = {name: float((inputs or {})[name]) for name in self._names}
        fresh = np.asarray(self._start.evaluate(0, inputs=given), dtype=float).reshape(-1)
        placed = pybamm.Vector(state(self.layout, fresh).reshape(-1, 1))
        self._built.concatenated_initial_conditions = placed
        mass, minus_slope, push = self._simulation._build_matrix_problem(given)
        outputs = self._simulation._output_jacobian
        return Linearised(self.layout, mass, minus_slope, push, outputs)


def last_sensitivities(solution: pybamm.Solution) -> np.ndarray:
    """Return ``dy/dx`` of a solution's last step, [times x states, inputs]; to be changed there."""
    sensitivities: np.ndarray = solution._all_sensitivities["all"][-1]
    return sensitivities
