"""A cell on the bench: driven by hand, leg by leg, from wherever the last leg left it.

The cycle loop of a run follows a protocol and ends at the first death. An experiment
decides after each leg what comes next, and may let a criterion be met without stopping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pybamm

from twin.engine import criteria, leaving
from twin.engine.criteria import EVENT, Watched
from twin.engine.prepare import build_model
from twin.engine.solver_fallbacks import FallbacksExhausted, solve_with_fallbacks
from twin.errors import ModelError, SolverGaveUpError
from twin.model.mesh import DEFAULT
from twin.model.parameters import APPLIED_PRESSURE, build_values
from twin.model.pybamm_compat import CompiledCell, FailureAtStart, SolverSettings
from twin.model.tables import Beyond, keep_worst
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.specs.schema import CellSpec
from twin.specs.steps import Step

VOLTAGE, CURRENT = "Voltage [V]", "Current [A]"
# A day, as PyBaMM's own default; every leg says its own duration.
_SPAN = 86400.0
_FAR = 1e9


@dataclass(frozen=True)
class Stop:
    """What ended a leg early.

    ``watched`` is the criterion that was met; ``limit`` names one of PyBaMM's own events;
    ``solver`` is the solver's message where it could not go on.
    """

    watched: Watched | None = None
    limit: str = ""
    solver: str = ""

    @property
    def label(self) -> str:
        """The stop in a few words."""
        if self.watched is not None:
            return self.watched.label
        return self.limit or f"the solver stopped: {self.solver}"


@dataclass(frozen=True)
class Leg:
    """One solved leg: ``leg["Voltage [V]"]`` over ``leg.t`` [s, since the bench was reset]."""

    t: np.ndarray
    values: Mapping[str, np.ndarray]
    stop: Stop | None = None

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def first(self, name: str) -> float:
        """Return a variable at the leg's start."""
        return float(self.values[name][0])

    def last(self, name: str) -> float:
        """Return a variable at the leg's end."""
        return float(self.values[name][-1])


class ExperimentBench:
    """A cell that is built once and driven leg by leg.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes to build in.
    names : sequence of str
        The variables each leg holds, besides voltage and current.
    model, options, var_pts
        As for any PyBaMM model of the twin.
    mesh : str
        Where a full cell's points lie (:data:`twin.model.mesh.MESHES`).
    harmless : callable, optional
        Says of a criterion whether it may be met without ending a leg.
    window : bool
        Whether PyBaMM's voltage limits end a leg.
    hold : float, optional
        A voltage [V] that the bench will be asked to hold.
    rtol, atol : float
        The solver's tolerances.
    free : mapping, optional
        Numbers that stay inputs, by their PyBaMM names, with their values.

    Raises
    ------
    ModelError
        If the cell cannot be built.
    """

    def __init__(
        self,
        spec: CellSpec,
        modes: Iterable[FailureMode] = (),
        *,
        names: Sequence[str] = (),
        model: str = "dfn",
        options: dict[str, Any] | None = None,
        var_pts: Mapping[str, int] | None = None,
        mesh: str = DEFAULT,
        harmless: Callable[[Watched], bool] = lambda item: False,
        window: bool = True,
        hold: float | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-6,
        free: Mapping[str, float] | None = None,
    ):
        self.spec = spec
        self.modes = sorted(modes, key=lambda mode: mode.id)
        built = build_model(spec, self.modes, model, options, mesh)
        self.model = built
        self.var_pts = None if var_pts is None else {**built.default_var_pts, **var_pts}
        self.cell: CellContext = built.cell
        self.assembly = built.assembly
        gathered = criteria.gather(self.cell, self.modes)
        known = [
            criteria.as_judged(w, built)
            for w in gathered
            if w.criterion.variable in built.variables
        ]
        fatal = [w for w in known if not harmless(w)]
        criteria.add_events(built, fatal)
        self.watched = known
        values = build_values(spec)
        values.update(dict.fromkeys((APPLIED_PRESSURE, *(free or {})), "[input]"))
        if not window:
            values["Lower voltage cut-off [V]"] = -_FAR
            values["Upper voltage cut-off [V]"] = _FAR
        self._area = spec.geometry.area.si
        self._settings = SolverSettings(rtol, atol)
        amps = self._area
        steps = [pybamm.step.current(sign * amps, duration=_SPAN) for sign in (1, -1)]
        steps.append(pybamm.step.rest(duration=_SPAN))
        if hold is not None:
            steps.append(pybamm.step.voltage(hold, duration=_SPAN))
        self._given = {APPLIED_PRESSURE: spec.stack.pressure.si, **(free or {})}
        try:
            self.compiled = CompiledCell(
                built, values, list(map(Step.of, steps)), self._settings, self._given, self.var_pts
            )
        except (KeyError, pybamm.ModelError, pybamm.DiscretisationError, pybamm.ShapeError) as e:
            raise ModelError(
                f"the model of {spec.name} cannot be built: {e}",
                fix="check the newest mode with `twin plugins doctor`, or leave it out "
                "with --without",
            ) from e
        wanted = [VOLTAGE, CURRENT, *names, *(w.criterion.variable for w in known)]
        self._observer = self.compiled.observer(list(dict.fromkeys(wanted)))
        self._tables = self.compiled.table_watch(self._observer.names)
        self.outside: dict[str, Beyond] = {}
        self.t, self.y = 0.0, None

    t: float
    y: np.ndarray | None
    outside: dict[str, Beyond]
    """The tables left since it was built, or emptied by hand; each where it went farthest."""

    @property
    def variables(self) -> set[str]:
        """The names each leg holds."""
        return set(self._observer.names)

    def reset(
        self, *, pressure: float | None = None, free: Mapping[str, float] | None = None
    ) -> None:
        """Take a fresh cell, perhaps under another stack pressure [Pa], or with other numbers."""
        self.t, self.y = 0.0, None
        self._given.update(free or {})
        if pressure is not None:
            self._given[APPLIED_PRESSURE] = pressure

    def place(self, y: np.ndarray, t: float = 0.0) -> None:
        """Take the cell in a state of this model."""
        self.t, self.y = t, y

    def drive(self, density: float, seconds: float) -> Leg:
        """Pass a current density [A.m-2]; positive strips the anode, 0 is a rest."""
        if density == 0:
            return self._leg(2, None, seconds)
        return self._leg(0 if density > 0 else 1, density * self._area, seconds)

    def hold(self, voltage: float, seconds: float) -> Leg:
        """Hold a voltage [V]."""
        return self._leg(3, voltage, seconds)

    def now(self) -> dict[str, float]:
        """Return every observed variable in the state the cell is in."""
        y = self.y if self.y is not None else self.compiled.initial_state(self._given)
        inputs = self.compiled.inputs(2, self.t, self._given)
        values = self._observer(np.array([self.t]), y.reshape(-1, 1), inputs)
        return {name: float(value[0]) for name, value in values.items()}

    def _leg(self, index: int, target: float | None, seconds: float) -> Leg:
        inputs = self.compiled.inputs(index, self.t, self._given, target)
        try:
            result, _ = solve_with_fallbacks(
                self.compiled,
                self._settings,
                index,
                self.t,
                self.y,
                self._given,
                duration=seconds,
                target=target,
            )
        except FailureAtStart as dead:
            return self._nothing(inputs, self._named(str(dead)))
        except FallbacksExhausted as error:
            return self._nothing(inputs, Stop(solver=error.message))
        values = self._observer(result.t, result.y, inputs)
        for left in self._tables(result.t, result.y, inputs).values():
            keep_worst(self.outside, left)
        self.t, self.y = float(result.t[-1]), result.y[:, -1].copy()
        done = result.termination == "final time"
        return Leg(result.t, values, None if done else self._named(result.termination))

    def _nothing(self, inputs: Mapping[str, float], stop: Stop) -> Leg:
        """A leg that could not begin: the state it would have begun from."""
        y = self.y if self.y is not None else self.compiled.initial_state(self._given)
        t = np.array([self.t])
        return Leg(t, self._observer(t, y.reshape(-1, 1), inputs), stop)

    def _named(self, event: str) -> Stop:
        label = event.removeprefix(EVENT)
        for item in self.watched:
            if event.startswith(EVENT) and item.label == label:
                return Stop(watched=item)
        return Stop(limit=event)


def left_tables(*outside: Mapping[str, Beyond]) -> list[str]:
    """Say which tables were left, a sentence each where it went farthest, in order of name."""
    worst: dict[str, Beyond] = {}
    for left in (left for tables in outside for left in tables.values()):
        keep_worst(worst, left)
    return [leaving.told(worst[label]) for label in sorted(worst)]


def unbroken(leg: Leg, doing: str) -> Leg:
    """Return a leg that must not have ended early.

    Raises
    ------
    ModelError
        If the cell died in it.
    SolverGaveUpError
        If the solver could not go on.
    """
    if leg.stop is None:
        return leg
    if leg.stop.solver:
        raise SolverGaveUpError(
            f"the solver could not go on while {doing}: {leg.stop.solver}",
            fix="leave the newest mode out with --without, or tell the plugin's author",
        )
    raise ModelError(
        f"the cell died while {doing}: {leg.stop.label}",
        fix="leave that mode out with --without, or start from an earlier state",
    )
