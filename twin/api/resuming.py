"""Going on with a stored run, or branching from one of its cycles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from twin.api.cells import mode_entries, plan_of, split_overrides
from twin.api.driving import Drive, known_model
from twin.api.recording import (
    cell_record,
    layout_of,
    mode_versions,
    open_store,
    packages,
    shown,
)
from twin.api.result import RunResult
from twin.errors import InputError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.engine.plan import Plan
    from twin.engine.run import Progress
    from twin.specs.overrides import Overrides
    from twin.store import RunInfo, Store


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
        known_model(model or old["model"]),
        rtol or old["rtol"],
        atol or old["atol"],
        old["series_every"],
    )
    plan = plan_of(rules, spec)
    checkpoint = opened.checkpoint(info.id, from_cycle)
    state = State.from_bytes(checkpoint.data, f"run {info.id}, cycle {checkpoint.cycle}")
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
    _check_layout(prepared, layout)
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


def _check_layout(prepared: Any, layout: str) -> None:
    if layout_of(prepared) != layout:
        raise InputError(
            "the stored state does not fit the model as it is built now (a plugin or PyBaMM "
            "has changed)",
            fix="branch instead: add --from-cycle N; states are then matched by name",
        )
