"""From a cell, its modes and a plan to something that can be cycled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from twin import shelf
from twin.engine import criteria, kept
from twin.engine.criteria import Watched
from twin.engine.finite import Owners, refuse_what_is_no_number
from twin.engine.inventory import OpenCircuit
from twin.engine.plan import Plan, PlanStep
from twin.engine.recorder import Recorder, recorded_names
from twin.engine.settings import RunSettings
from twin.errors import ModelError
from twin.model.citations import cite, cite_if_asked_for
from twin.model.mesh import DEFAULT, MESHES
from twin.model.names import FULL
from twin.model.parameters import APPLIED_PRESSURE, build_values, built_in
from twin.model.pybamm_compat import CompiledCell, SolverSettings
from twin.modes import brought
from twin.modes.acting import acting
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.modes.ports import Port, PortAt
from twin.specs.schema import CellSpec
from twin.specs.steps import STATE_OF_CHARGE, Step, known_step

if TYPE_CHECKING:
    import pybamm
else:
    from twin.later import pybamm

log = logging.getLogger("twin.cache")
_OF_ANOTHER_FORM = (KeyError, TypeError, ValueError, RuntimeError)


def build_model(
    spec: CellSpec,
    modes: Iterable[FailureMode] = (),
    model: str = "dfn",
    options: dict[str, Any] | None = None,
    mesh: str = DEFAULT,
) -> Any:
    """Return the PyBaMM model of a cell with failure modes built in.

    Raises
    ------
    ModelError
        If the modes cannot be assembled: a variable nobody has, or a loop of ports.
    """
    from twin.model import patches
    from twin.model.full_cell import SolidStateSodiumDFN, SolidStateSodiumSPM
    from twin.model.symmetric_cell import SodiumSymmetricCell

    kinds: dict[str, Any] = {"dfn": SolidStateSodiumDFN, "spm": SolidStateSodiumSPM}
    if model not in kinds:
        raise ModelError(
            f"there is no model {model!r}", key="model", fix=f"one of {', '.join(kinds)}"
        )
    build: Any = SodiumSymmetricCell if spec.kind == "symmetric" else kinds[model]
    try:
        built = build(spec, modes, options, build=False)
    except pybamm.OptionError as error:
        raise ModelError(
            f"PyBaMM refuses these options: {error}", fix="leave them out, or correct them"
        ) from error
    built.mesh = MESHES[mesh]
    try:
        built.build_model()
    except pybamm.ModelError as error:
        raise _cannot_assemble(built, error) from error
    built.assembly.check(built)
    patches.refuse_unused(built.cell, built.assembly.modes)
    brought.refuse_unknown_names(built.assembly.modes, built.cell, built)
    cite(built.assembly.modes)
    return built


def _cannot_assemble(model: Any, error: Exception) -> ModelError:
    """Name the modes and ports that wait for each other, or for a variable nobody has."""
    from twin.model.assembly import waiting

    stuck = waiting(model)
    ours = [line for line in stuck if line.startswith(("mode ", "port "))]
    return ModelError(
        "the model cannot be assembled: " + "; ".join(ours or stuck or [str(error)]),
        fix="either nobody provides a variable (check its spelling), or these wait for each "
        "other, a loop of ports: let a contribution depend on states, not on what the port "
        "feeds, or leave a mode out with --without",
    )


@dataclass
class Prepared:
    """A cell built once, ready to be cycled many times."""

    spec: CellSpec
    cell: CellContext
    modes: list[FailureMode]
    plan: Plan
    settings: RunSettings
    compiled: CompiledCell
    recorder: Recorder
    watched: list[Watched]
    step_index: dict[Any, int] = field(default_factory=dict)
    free: Mapping[str, float] = field(default_factory=dict)
    """Values of the parameters left free, by their PyBaMM names."""
    owners: Owners = field(default_factory=lambda: Owners({}, {}))
    """Which mode has brought what."""
    contributors: Mapping[PortAt, Mapping[str, str]] = field(default_factory=dict)
    """By port and mode, the variable that is contributed."""

    def to_data(self) -> dict[str, Any]:
        """Return what was made of the model as plain data, to be recalled without building."""
        return {
            "compiled": self.compiled.to_data(),
            "recorder": self.recorder.to_data(),
            "watched": [
                (w.label, w.criterion.variable, w.criterion.at_ambient) for w in self.watched
            ],
            "free": list(self.free),
            "variables": dict(self.owners.variables),
            "states": dict(self.owners.states),
            "contributors": [
                (at.port.name, at.place, mode, variable)
                for at, by_mode in self.contributors.items()
                for mode, variable in by_mode.items()
            ],
        }

    @cached_property
    def open_circuit(self) -> OpenCircuit:
        """What tells a full cell's open-circuit capacity from its state."""
        return OpenCircuit(self.spec)

    @cached_property
    def acting(self) -> list[FailureMode]:
        """The modes that have anything to do in this cell."""
        return acting(self.modes, self.cell)

    @property
    def solver_settings(self) -> SolverSettings:
        """The tolerances before any fallback."""
        return SolverSettings(self.settings.rtol, self.settings.atol)

    def inputs(self, pressure: float | None) -> dict[str, float]:
        """Return the model's own inputs for a step at a stack pressure [Pa]."""
        applied = self.spec.stack.pressure.si if pressure is None else pressure
        return {**self.free, **self._full, APPLIED_PRESSURE: applied}

    @cached_property
    def _full(self) -> dict[str, float]:
        """What the state of charge is counted from, where a step ends at one."""
        return full_state(self.open_circuit) if _by_charge(self.compiled.steps) else {}

    def at(self, spec: CellSpec, free: Mapping[str, float], plan: Plan | None = None) -> Prepared:
        """Return the same built cell with other values of what was left free.

        ``spec`` may differ from the one it was built for in those and in the stack
        pressure only; ``twin.validation.bench`` shows how to make sure of it. ``plan`` may
        differ in the currents of its steps only (:attr:`Plan.but_for_currents`).
        """
        cell = CellContext(spec)
        other = replace(self, spec=spec, cell=cell, free={**self.free, **free})
        # What counts as fresh, and so what a margin is measured by, is the cell's own.
        own = {item.label: item for item in criteria.gather(cell, self.modes)}
        other.watched = [as_built(own[item.label], item) for item in self.watched]
        if plan is None or plan == self.plan:
            return other
        steps = plan.unique_steps
        other.plan = plan
        other.compiled = self.compiled.with_steps(_made(steps, spec))
        other.step_index = {step.solved_as: number for number, step in enumerate(steps)}
        return other


def prepare(
    spec: CellSpec,
    modes: Iterable[FailureMode],
    plan: Plan,
    settings: RunSettings,
    *,
    free: Mapping[str, float] | None = None,
    also: Iterable[str] = (),
) -> Prepared:
    """Build and compile a cell for a plan.

    Parameters
    ----------
    spec, modes, plan, settings
        The cell, what may happen to it, what is done to it, and how it is solved.
    free : mapping, optional
        Parameters (by their PyBaMM names) that stay inputs, with their values, so that
        they can be changed without building again (:meth:`Prepared.at`). Those that the
        build hangs on (:func:`twin.model.parameters.built_in`) stay numbers all the same.
    also : iterable of str
        Variables to record besides the usual ones.

    Raises
    ------
    ModelError
        If it cannot be built.
    """
    modes = sorted(modes, key=lambda mode: mode.id)
    also = list(also)

    def build() -> Prepared:
        return _built(spec, modes, plan, settings, free or {}, also)

    name = kept.name_of(spec, modes, plan, settings, sorted(free or ()), also)
    data = None if name is None else shelf.recall(name)
    if data is not None:
        try:
            return _recalled(data, build, spec, modes, plan, settings, free or {})
        except _OF_ANOTHER_FORM as error:
            log.info("a built cell that was kept cannot be read: %r", error)
    made = build()
    if name is not None:
        shelf.keep(name, made.to_data())
    return made


def _recalled(
    data: Mapping[str, Any],
    build: Callable[[], Prepared],
    spec: CellSpec,
    modes: list[FailureMode],
    plan: Plan,
    settings: RunSettings,
    free: Mapping[str, float],
) -> Prepared:
    """Return the cell that :meth:`Prepared.to_data` wrote; its model is built if asked for."""
    cite_if_asked_for(modes)
    single = spec.kind == "full" and settings.model == "spm"
    cell = CellContext(spec, resolved=not single)
    own = {item.label: item for item in criteria.gather(cell, modes)}
    watched = [
        replace(own[label], criterion=replace(own[label].criterion, variable=v, at_ambient=flag))
        for label, v, flag in data["watched"]
    ]
    steps = plan.unique_steps
    compiled = CompiledCell.from_data(
        data["compiled"],
        _made(steps, spec),
        SolverSettings(settings.rtol, settings.atol),
        lambda: build().compiled,
    )
    recorder = Recorder.from_data(data["recorder"], watched, cell.kind == "symmetric")
    index = {step.solved_as: number for number, step in enumerate(steps)}
    owners = Owners(data["variables"], data["states"])
    left = {name: free[name] for name in data["free"]}
    contributors: dict[PortAt, dict[str, str]] = {}
    for port, place, mode, variable in data["contributors"]:
        contributors.setdefault(PortAt(Port[port], place), {})[mode] = variable
    return Prepared(
        spec,
        cell,
        modes,
        plan,
        settings,
        compiled,
        recorder,
        watched,
        index,
        left,
        owners,
        contributors,
    )


def _built(
    spec: CellSpec,
    modes: list[FailureMode],
    plan: Plan,
    settings: RunSettings,
    free: Mapping[str, float],
    also: list[str],
) -> Prepared:
    """Build a cell as PyBaMM does."""
    from twin.model import patches
    from twin.model.state_of_charge import add_state_of_charge

    model = build_model(spec, modes, settings.model, mesh=settings.mesh)
    cell: CellContext = model.cell
    watched = criteria.add_events(model, criteria.gather(cell, modes))
    of_patches: list[str] = []
    if cell.faces:
        plain = recorded_names(cell, modes, watched, model.assembly.contributors)
        of_patches = patches.kept(model, cell, modes, plain)
    values = build_values(spec)
    fixed = built_in(spec, model.default_geometry) if free else set()
    free = {name: value for name, value in free.items() if name not in fixed}
    values.update(dict.fromkeys((APPLIED_PRESSURE, *free), "[input]"))
    steps = plan.unique_steps
    inputs = {APPLIED_PRESSURE: spec.stack.pressure.si, **free}
    made = _made(steps, spec)
    if _by_charge(made):
        add_state_of_charge(model)
        inputs |= full_state(OpenCircuit(spec))
        also = [*also, STATE_OF_CHARGE]
    compiled = _compile(
        model,
        values,
        made,
        SolverSettings(settings.rtol, settings.atol),
        spec,
        inputs,
    )
    names = recorded_names(cell, modes, watched, model.assembly.contributors)
    every = list(dict.fromkeys([*names, *of_patches, *also]))
    recorder = Recorder(compiled, every, watched, dissipates=cell.kind == "symmetric")
    start = recorder.values_at(compiled, 0, 0.0, None, inputs)
    refuse_what_is_no_number(model, compiled, modes, start, compiled.inputs(0, 0.0, inputs))
    index = {step.solved_as: number for number, step in enumerate(steps)}
    owners = Owners.of(model, modes)
    contributors = model.assembly.contributors
    return Prepared(
        spec, cell, modes, plan, settings, compiled, recorder, watched, index, free, owners,
        contributors,
    )  # fmt: skip


def as_built(own: Watched, built: Watched) -> Watched:
    """Return a cell's own criterion, on the variable that the built model is judged by."""
    judged = replace(own.criterion, variable=built.criterion.variable, at_ambient=False)
    return replace(own, criterion=judged)


def _by_charge(steps: Iterable[Step]) -> bool:
    """Return whether one of the steps ends at a state of charge."""
    return any(step.shares for step in steps)


def full_state(cell: OpenCircuit) -> dict[str, float]:
    """Return the input that a cell's state of charge is counted from."""
    return {FULL: cell.full_filling()}


def _made(steps: Iterable[PlanStep], spec: CellSpec) -> list[Step]:
    """Return what the steps of a plan do.

    PyBaMM names a step by its arguments as it is made, and an experiment takes two steps of one
    name for the same step: so the temperature is given with the words.
    """
    ambient = spec.thermal.ambient.si
    return [known_step(s.do, temperature=s.temperature or ambient, drive=s.drive) for s in steps]


def _compile(
    model: Any,
    values: Any,
    steps: list[Step],
    solver: SolverSettings,
    spec: CellSpec,
    inputs: Mapping[str, float],
) -> CompiledCell:
    try:
        return CompiledCell(model, values, steps, solver, inputs)
    except (KeyError, pybamm.ModelError, pybamm.DiscretisationError, pybamm.ShapeError) as error:
        raise ModelError(
            f"the model of {spec.name} cannot be built: {error}",
            fix="check the newest mode with `twin plugins doctor`, or leave it out with --without",
        ) from error
