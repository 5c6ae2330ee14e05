"""Going on with a stored run, or branching from one of its cycles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries, plan_of, split_overrides
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.runs.drive import Drive
from twin.runs.record import (
    cell_record,
    layout_of,
    mode_versions,
    open_store,
    packages,
)
from twin.runs.result import RunResult
from twin.runs.states import StoredBefore, carried_over, layout_of_state
from twin.scenario import shown
from twin.status import Status

if TYPE_CHECKING:
    from twin.engine.plan import Plan
    from twin.engine.run import Progress
    from twin.specs.overrides import Overrides
    from twin.store import RunInfo, Store
    from twin.store.records import Checkpoint


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
    from twin.engine.prepare import prepare
    from twin.engine.settings import RunSettings, known_model
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
    if info.study is not None and not branch:
        raise _is_a_member(opened, info)
    entries = mode_entries()
    spec = cell_from_data(info.cell_spec, entries)
    if for_cell:
        spec = with_overrides(spec, for_cell, entries)
    rules = Protocol.from_data(info.protocol)
    if for_protocol:
        rules = rules.with_parameters(for_protocol)
    chosen = plugin_manager().select(list(info.modes), without, spec.kind)
    old = RunSettings.stored(info.settings)
    way = info.settings.get("cycles", "every")
    missing = info.settings.get("missing_modes", [])
    settings = replace(
        old,
        model=known_model(model or old.model),
        rtol=rtol or old.rtol,
        atol=atol or old.atol,
    )
    plan = plan_of(rules, spec)
    asked = cycles if cycles is not None else info.cycles_requested
    checkpoint = (
        opened.checkpoint(info.id, from_cycle)
        if branch
        else _latest(opened, info, asked if plan.total is None else min(asked, plan.total))
    )
    state = State.from_bytes(checkpoint.data, f"run {info.id}, cycle {checkpoint.cycle}")
    total = _resume_total(info, state.cycle, cycles, branch, plan)
    prepared = prepare(spec, chosen, plan, settings)
    if branch:
        state.y = carried_over(prepared, state.y, layout_of_state(opened, info, checkpoint))
        if changed:  # of the way so far only what is in doubt holds for another cell
            state.course = {k: v for k, v in state.course.items() if k == "tally"}
        run_id = opened.start_run(
            cell=cell_record(spec),
            protocol=rules.to_data(),
            settings=settings.to_dict()
            | {
                "cycles": way,
                "overlays": info.settings.get("overlays", []),
                "overrides": info.settings.get("overrides", {}) | shown(for_cell, for_protocol),
            }
            | ({"missing_modes": missing} if missing else {}),
            modes=mode_versions(chosen),
            packages=packages(),
            cycles_requested=total,
            parent=(info.id, state.cycle),
        )
        own = (state.to_bytes(), layout_of(prepared))
        opened.copy_history(info.id, run_id, state.cycle, own)
        before = StoredBefore(opened, run_id)
        drive = Drive(opened, run_id, prepared, state, way, on_cycle, on_start, before, missing)
        return drive.run(total, began)
    state.y = _as_stored(opened, prepared, state.y, info, checkpoint)
    opened.reopen_run(info.id, total, after=state.cycle, seen=info.updated)
    before = StoredBefore(opened, info.id)
    drive = Drive(opened, info.id, prepared, state, way, on_cycle, on_start, before, missing)
    return drive.run(total, began, info.wall_s)


def _is_a_member(store: Store, info: RunInfo) -> InputError:
    kind = store.study(info.study or "").kind
    return InputError(
        f"run {info.id} is a member of study {info.study}, which would find something else "
        "if the run went on",
        key="run",
        fix=f"go on with the study: twin {kind} {info.cell_name} --study {info.study}; or live "
        f"the member as a run of its own: twin resume {info.id} --from-cycle 0",
    )


def _latest(store: Store, info: RunInfo, total: int) -> Checkpoint:
    """Return the checkpoint to go on from: the latest, unless the run ended there.

    Versions before this one stored a run's last cycle and its end one after the other. Where
    they were killed in between, the last cycle is lived again, and ends as it did.
    """
    latest = store.checkpoint(info.id)
    if info.status != Status.RUNNING or latest.cycle == 0:
        return latest
    died = any(
        e["severity"] == "fatal" and e["cycle"] == latest.cycle for e in store.events(info.id)
    )
    return (
        store.checkpoint(info.id, before=latest.cycle) if died or latest.cycle == total else latest
    )


def _resume_total(info: RunInfo, done: int, cycles: int | None, branch: bool, plan: Plan) -> int:
    total = cycles if cycles is not None else info.cycles_requested
    if plan.total is not None:
        total = min(total, plan.total)
    if not branch and info.status == Status.LEFT_WINDOW:
        raise InputError(
            f"run {info.id} ended: {info.outcome.get('says')}",
            fix=f"run it with another protocol; {info.outcome.get('fix')}",
        )
    if not branch and info.status == Status.CELL_FAILED:
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


def _as_stored(store: Store, prepared: Any, y: Any, info: RunInfo, checkpoint: Checkpoint) -> Any:
    """Return a run's own state, after a look whether the model is still the run's."""
    if y is None:
        return None
    layout = layout_of_state(store, info, checkpoint)
    if info.parent_cycle is not None and checkpoint.cycle <= info.parent_cycle:
        return carried_over(prepared, y, layout)  # the parent's still, in older databases
    if prepared.compiled.layout != layout or layout[-1][2] != len(y):
        raise InputError(
            "the stored state does not fit the model as it is built now (a plugin or PyBaMM "
            "has changed)",
            fix="branch instead: add --from-cycle N; states are then matched by name",
        )
    return y
