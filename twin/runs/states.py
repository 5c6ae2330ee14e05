"""The stored states of a run, and what they are read by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import mode_entries, plan_of
from twin.errors import InputError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.engine.settings import RunSettings
    from twin.store import RunInfo, Store
    from twin.store.records import Checkpoint

Layout = list[tuple[str, int, int]]


class StoredBefore:
    """What is stored of a run's cycles so far (see :class:`twin.engine.run.Before`)."""

    def __init__(self, store: Store, run_id: str):
        self.store, self.run_id = store, run_id

    def row(self, cycle: int) -> dict[str, Any]:
        """Return a cycle's row."""
        (row,) = self.store.cycles(self.run_id, [cycle])
        return row

    def state(self, cycle: int) -> Any:
        """Return the state vector at a cycle's end."""
        from twin.engine.checkpoint import State

        return State.from_bytes(self.store.checkpoint(self.run_id, cycle).data).y


def carried_over(prepared: Any, y: Any, layout: Layout) -> Any:
    """Fit a stored state into the model at hand; new states start fresh.

    Raises
    ------
    InputError
        If the two have a state of another shape.
    """
    from twin.model.layout import remap_state

    if y is None:
        return None
    fresh = prepared.compiled.initial_state(prepared.inputs(None))
    try:
        state, _, _ = remap_state(y, layout, prepared.compiled.layout, fresh)
    except ValueError as error:
        raise InputError(
            f"the stored state does not fit this model: {error}",
            fix="branch with the same --model as the stored run, or from cycle 0",
        ) from None
    return state


def layout_of_state(store: Store, info: RunInfo, checkpoint: Checkpoint) -> Layout:
    """Return how a stored state is to be read.

    Each checkpoint is read by its own layout, or by that of the one before it. In databases
    of earlier versions only cycle 0 has one, which in a branch is its parent's: what the
    branch lived itself is then read by the branch's own model, built again, and what its
    parent lived as the parent's.
    """
    from twin.model.layout import layout_from_text

    branched, cycle = info.parent_cycle, checkpoint.cycle
    if branched is not None and checkpoint.layout_cycle < cycle:
        if checkpoint.layout_cycle <= branched < cycle:
            return list(as_it_was(info).compiled.layout)
        if cycle <= branched and info.parent_run is not None:
            parent = store.run(info.parent_run)
            return layout_of_state(store, parent, store.checkpoint(parent.id, cycle))
    return layout_from_text(checkpoint.layout)


def as_it_was(
    info: RunInfo,
    modes: Sequence[str] | None = None,
    solved: Callable[[RunSettings], RunSettings] | None = None,
) -> Any:
    """Build a stored run's cell as the run had it.

    Parameters
    ----------
    info : RunInfo
        The run.
    modes : sequence of str, optional
        Only these of its failure modes.
    solved : callable, optional
        What becomes of its settings.
    """
    from twin.engine.prepare import prepare
    from twin.engine.settings import RunSettings
    from twin.specs.dump import cell_from_data
    from twin.specs.protocol import Protocol

    assert info.cell_spec is not None  # Store.run reads it
    spec = cell_from_data(info.cell_spec, mode_entries())
    chosen = list(info.modes if modes is None else modes)
    plan = plan_of(Protocol.from_data(info.protocol), spec)
    settings = RunSettings.stored(info.settings)
    if solved is not None:
        settings = solved(settings)
    return prepare(spec, plugin_manager().select(chosen, (), spec.kind), plan, settings)
