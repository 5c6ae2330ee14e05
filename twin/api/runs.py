"""Running a cell, resuming a run, branching a what-if."""

from __future__ import annotations

import importlib.metadata
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.api.cells import as_spec, load_protocol, mode_entries, plan_of, split_overrides
from twin.api.result import RunResult
from twin.errors import InputError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome
    from twin.engine.plan import Plan
    from twin.engine.run import Progress
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import RunInfo, Store

PACKAGES = ("sodium-cell-twin", "pybamm", "pybammsolvers", "casadi", "numpy")


def packages() -> dict[str, str]:
    """Return the versions of what a run's numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def simulate(
    cell: CellSpec | str | Path,
    *,
    cycles: int | None = None,
    protocol: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str = "dfn",
    rtol: float = 1e-4,
    atol: float = 1e-6,
    series_every: int = 10,
    store: str | Store | None = None,
    on_cycle: Callable[[Progress], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> RunResult:
    """Cycle a cell until something kills it or the cycles are done, and store the run.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    cycles : int, optional
        How many cycles; a protocol that ends by itself needs none. 100 by default.
    protocol : str or Path, optional
        The protocol; the cell's own by default.
    overlays, overrides
        As in :func:`load_cell`; overrides of ``protocol.<parameter>`` go to the protocol.
    modes, without : iterable of str
        Failure modes to use (all installed ones that can act on the cell if not given),
        and to leave out. ``modes=[]`` runs the bare cell.
    model : {"dfn", "spm"}
        The full cell's model.
    rtol, atol : float
        The solver's tolerances.
    series_every : int
        Keep the time series of every so many cycles, the first three and the last.
    store : str or Store, optional
        A database URL (``"sqlite://"`` keeps nothing on disk); the default database if
        not given.
    on_cycle : callable, optional
        Called with a :class:`twin.engine.run.Progress` after each cycle.
    on_start : callable, optional
        Called with the run's id once it has one.

    Returns
    -------
    RunResult
        The outcome, the cycles and the series.

    Raises
    ------
    TwinError
        For input that cannot be used; a cell that dies or a solver that gives up is an
        outcome, not an error.
    """
    asked = {
        "cycles": cycles,
        "protocol": protocol,
        "overlays": overlays,
        "overrides": overrides,
        "modes": modes,
        "without": without,
        "model": model,
        "rtol": rtol,
        "atol": atol,
        "series_every": series_every,
        "store": store,
    }
    return start(cell, asked, "every", on_cycle, on_start)


def start(
    cell: CellSpec | str | Path,
    asked: Mapping[str, Any],
    way: str,
    on_cycle: Callable[[Progress], None] | None,
    on_start: Callable[[str], None] | None,
) -> RunResult:
    """Begin a run as :func:`simulate` was asked to, and cycle it one way or the other.

    ``way`` is ``"every"`` (each cycle is simulated) or ``"jump"``; a resumed run goes on
    as it began.
    """
    began = time.perf_counter()
    overlays = asked["overlays"]
    for_cell, for_protocol = split_overrides(asked["overrides"])
    spec = as_spec(cell, overlays=overlays, overrides=for_cell)
    chosen = plugin_manager().select(asked["modes"], asked["without"], spec.kind)

    # After the input is read: PyBaMM takes seconds to import, a typing error should not.
    from twin.engine.checkpoint import State
    from twin.engine.prepare import RunSettings, prepare

    rules = load_protocol(asked["protocol"], spec, for_protocol)
    plan = plan_of(rules, spec)
    total = _total(asked["cycles"], plan)
    settings = RunSettings(
        _model(asked["model"]), asked["rtol"], asked["atol"], asked["series_every"]
    )
    prepared = prepare(spec, chosen, plan, settings)
    opened = open_store(asked["store"])
    run_id = opened.start_run(
        cell=cell_record(spec),
        protocol=rules.to_data(),
        settings=settings.to_dict()
        | {
            "cycles": way,
            "overlays": [str(o) for o in overlays],
            "overrides": shown(for_cell, for_protocol),
        },
        modes=mode_versions(chosen),
        packages=packages(),
        cycles_requested=total,
    )
    state = State(0, 0.0, None)
    opened.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
    drive = Drive(opened, run_id, prepared, state, way, on_cycle, on_start)
    return drive.run(total, began)


def cell_record(spec: CellSpec) -> dict[str, Any]:
    """Return what the store keeps of a cell."""
    from twin.specs.dump import cell_hash, cell_to_data

    return {
        "name": spec.name,
        "kind": spec.kind,
        "family": spec.family or "",
        "title": spec.title,
        "hash": cell_hash(spec),
        "spec": cell_to_data(spec),
    }


def shown(for_cell: Mapping[str, Any], for_protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overrides as they were given, for the record."""
    given = {**for_cell, **{f"protocol.{k}": v for k, v in for_protocol.items()}}
    return {k: v if isinstance(v, str | int | float | bool) else str(v) for k, v in given.items()}


def _model(name: str) -> Any:
    from twin.engine.prepare import MODELS

    if name not in MODELS:
        raise InputError(
            f"there is no model {name!r}", key="model", fix=f"one of {', '.join(MODELS)}"
        )
    return name


def _total(cycles: int | None, plan: Plan) -> int:
    if cycles is not None:
        if cycles < 1:
            raise InputError(
                f"{cycles} cycles cannot be run", key="cycles", fix="ask for at least one"
            )
        return cycles if plan.total is None else min(cycles, plan.total)
    return plan.total if plan.total is not None else 100


def mode_versions(modes: Iterable[Any]) -> dict[str, str]:
    """Return each mode's plugin and its version."""
    versions = {p.name: p.version for p in plugin_manager().plugins}
    return {mode.id: f"{mode.provider} {versions.get(mode.provider, '')}".strip() for mode in modes}


def layout_of(prepared: Any) -> str:
    """Return how to read a built cell's state vector."""
    from twin.model.pybamm_compat import layout_to_text

    return layout_to_text(prepared.compiled.layout)


def open_store(store: str | Store | None, *, lock_timeout_s: float | None = None) -> Store:
    """Return an open store: the one given, a URL's, or the default one.

    Parameters
    ----------
    store : str, Store or None
        What to open.
    lock_timeout_s : float, optional
        How long another process may hold it before that is an error [s].
    """
    from twin.store import Store

    if isinstance(store, Store):
        return store
    how = {} if lock_timeout_s is None else {"lock_timeout_s": lock_timeout_s}
    return Store.open(store, **how)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or SIGTERM) into a question the cycle loop asks.

    A second one interrupts at once; what is stored stays stored either way.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Drive:
    """A run that is ready to go: cycled, watched, and its end stored.

    ``way`` is ``"every"`` or ``"jump"``.
    """

    store: Store
    run_id: str
    prepared: Any
    state: Any
    way: str = "every"
    on_cycle: Callable[[Progress], None] | None = None
    on_start: Callable[[str], None] | None = None

    def run(self, total: int, began: float, wall_before: float = 0.0) -> RunResult:
        """Cycle up to ``total``; ``began`` is when the clock was started."""
        store, run_id, prepared = self.store, self.run_id, self.prepared
        manager = plugin_manager()
        name = prepared.spec.name
        manager.observe("twin_run_started", run=run_id, cell=name, total_cycles=total)
        if self.on_start is not None:
            self.on_start(run_id)
        with _interruptible() as should_stop:
            loop = self._loop()(prepared, store, run_id, self.state, self._teller(), should_stop)
            try:
                outcome = loop.run(total)
            except KeyboardInterrupt:
                self._end(loop.cancelled(inside=True), wall_before - began)
                raise
            self._end(outcome, wall_before - began)
        manager.observe("twin_run_finished", run=run_id, outcome=outcome.to_dict())
        return RunResult(store, run_id)

    def _end(self, outcome: Outcome, clock: float) -> None:
        wall = clock + time.perf_counter()
        self.store.finish_run(
            self.run_id, status=outcome.kind, outcome=outcome.to_dict(), wall_s=wall
        )

    def _loop(self) -> Any:
        if self.way == "jump":
            from twin.lifetime.jump import JumpLoop

            return JumpLoop
        from twin.engine.run import RunLoop

        return RunLoop

    def _teller(self) -> Callable[[Progress], None]:
        manager = plugin_manager()
        watching = manager.has_observers("twin_cycle_finished")

        def tell(progress: Progress) -> None:
            if watching:
                manager.observe("twin_cycle_finished", run=self.run_id, row=dict(progress.row))
            if self.on_cycle is not None:
                self.on_cycle(progress)

        return tell


def resume(
    run: str,
    *,
    from_cycle: int | None = None,
    cycles: int | None = None,
    overrides: Overrides = (),
    without: Iterable[str] = (),
    model: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    store: str | Store | None = None,
    on_cycle: Callable[[Progress], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> RunResult:
    """Continue a run, or branch a what-if from one of its cycles.

    With nothing changed, an interrupted, cancelled or completed run goes on under its own
    id. With ``from_cycle``, ``overrides``, ``without``, ``model`` or tolerances, a new run
    starts from that cycle's state and remembers its parent.

    Parameters
    ----------
    run : str
        The run's id, a unique beginning of it, or ``"last"``.
    from_cycle : int, optional
        Branch after this cycle (0: from the fresh cell).
    cycles : int, optional
        The cycle to reach in all; what the run was asked for by default.
    overrides : mapping or sequence of str
        What to change; ``protocol.<parameter>`` changes the protocol.
    without : iterable of str
        Failure modes to leave out from here on.
    model, rtol, atol
        Another model or tolerances.
    store, on_cycle, on_start
        As in :func:`simulate`.

    Raises
    ------
    InputError
        If there is nothing to continue, with what to ask for instead.
    """
    from twin.engine.checkpoint import State
    from twin.engine.prepare import RunSettings, prepare
    from twin.specs.dump import cell_from_data, with_overrides
    from twin.specs.protocol import Protocol

    began = time.perf_counter()
    opened = open_store(store)
    info = opened.run(run)
    assert info.cell_spec is not None  # Store.run reads it
    for_cell, for_protocol = split_overrides(overrides)
    without = list(without)
    changed = bool(for_cell or for_protocol or without or model or rtol or atol)
    branch = changed or from_cycle is not None
    entries = mode_entries()
    spec = cell_from_data(info.cell_spec, entries)
    if for_cell:
        spec = with_overrides(spec, for_cell, entries)
    rules = Protocol.from_data(info.protocol)
    if for_protocol:
        rules = rules.with_parameters(for_protocol)
    chosen = plugin_manager().select(list(info.modes), without, spec.kind)
    old = {k: info.settings[k] for k in ("model", "rtol", "atol", "series_every")}
    way = info.settings.get("cycles", "every")
    settings = RunSettings(
        _model(model or old["model"]),
        rtol or old["rtol"],
        atol or old["atol"],
        old["series_every"],
    )
    plan = plan_of(rules, spec)
    checkpoint = opened.checkpoint(info.id, from_cycle)
    state = State.from_bytes(checkpoint.data)
    total = _resume_total(info, state.cycle, cycles, branch, plan)
    prepared = prepare(spec, chosen, plan, settings)
    layout = opened.checkpoint(info.id, 0).layout
    if branch:
        state.y = _carry_over(prepared, state.y, layout)
        run_id = opened.start_run(
            cell=cell_record(spec),
            protocol=rules.to_data(),
            settings=settings.to_dict()
            | {
                "cycles": way,
                "overlays": info.settings.get("overlays", []),
                "overrides": info.settings.get("overrides", {}) | shown(for_cell, for_protocol),
            },
            modes=mode_versions(chosen),
            packages=packages(),
            cycles_requested=total,
            parent=(info.id, state.cycle),
        )
        opened.copy_history(info.id, run_id, state.cycle)
        drive = Drive(opened, run_id, prepared, state, way, on_cycle, on_start)
        return drive.run(total, began)
    _checklayout_of(prepared, layout)
    opened.reopen_run(info.id, total)
    drive = Drive(opened, info.id, prepared, state, way, on_cycle, on_start)
    return drive.run(total, began, info.wall_s)


def _resume_total(info: RunInfo, done: int, cycles: int | None, branch: bool, plan: Plan) -> int:
    total = cycles if cycles is not None else info.cycles_requested
    if plan.total is not None:
        total = min(total, plan.total)
    if not branch and info.status == "cell-failed":
        outcome = info.outcome
        raise InputError(
            f"run {info.id} ended: the cell died in cycle {outcome.get('cycle')} "
            f"({outcome.get('mode')}: {outcome.get('criterion')})",
            fix=f"branch before that: twin resume {info.id} --from-cycle N --set KEY=VALUE",
        )
    if total <= done:
        raise InputError(
            f"run {info.id} has finished {done} cycles and is asked for {total}",
            key="cycles",
            fix=f"ask for more: twin resume {info.id} --cycles {done + 100}",
        )
    return total


def _carry_over(prepared: Any, y: Any, layout: str) -> Any:
    """Fit a stored state into the model at hand; new states start fresh."""
    import json

    from twin.model.pybamm_compat import remap_state

    if y is None:
        return None
    fresh = prepared.compiled.initial_state(prepared.inputs(None))
    try:
        state, _, _ = remap_state(y, json.loads(layout), prepared.compiled.layout, fresh)
    except ValueError as error:
        raise InputError(
            f"the stored state does not fit this model: {error}",
            fix="branch with the same --model as the stored run, or from cycle 0",
        ) from None
    return state


def _checklayout_of(prepared: Any, layout: str) -> None:
    if layout_of(prepared) != layout:
        raise InputError(
            "the stored state does not fit the model as it is built now (a plugin or PyBaMM "
            "has changed)",
            fix="branch instead: add --from-cycle N; states are then matched by name",
        )


def load_run(run: str, *, store: str | Store | None = None) -> RunResult:
    """Return a stored run by its id, a unique beginning of it, or ``"last"``.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    opened = open_store(store)
    return RunResult(opened, opened.run(run).id)
