"""The impedance of a cell, fresh or after any cycle of a stored run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import InputError, StoreError
from twin.experiments.arguments import quantity, to_measure
from twin.model.mesh import EQUAL
from twin.modes.manager import plugin_manager

MOST_PER_DECADE = 100
"""So many frequencies a decade at most: each is a linear system to solve."""
LOWEST, HIGHEST = 1e-9, 1e15
"""Within these frequencies [Hz]: a period of 30 years, and light."""

if TYPE_CHECKING:
    from twin.experiments.eis import Frequencies, Impedance, StoredState
    from twin.scenario import Scenario
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import RunInfo, Store


def frequencies(low: str | float, high: str | float | None, per_decade: int) -> Frequencies:
    """Return the frequencies of an impedance; see :func:`eis`."""
    from twin.experiments.eis import Frequencies

    first = quantity("low", low, "Hz")
    last = None if high is None else quantity("high", high, "Hz")
    if not 1 <= per_decade <= MOST_PER_DECADE:
        raise InputError(
            f"{per_decade} points a decade",
            key="per_decade",
            fix=f"give 5 to {MOST_PER_DECADE}; 10 show every arc",
        )
    for key, value in (("low", first), ("high", last)):
        if value is not None and not LOWEST <= value <= HIGHEST:
            raise InputError(
                f"{value:.3g} Hz is no frequency of an impedance",
                key=key,
                fix=f"give {LOWEST:g} to {HIGHEST:g} Hz",
            )
    if last is not None and last < 10 * first:
        raise InputError(
            f"from {low} to {high} is less than a decade",
            key="high",
            fix="raise --to, or leave it out: the range then ends beyond the fastest arc",
        )
    return Frequencies(first, last, per_decade)


def eis(
    cell: CellSpec | Scenario | str | Path | None = None,
    *,
    run: str | None = None,
    cycle: int | None = None,
    low: str | float = "10 mHz",
    high: str | float | None = None,
    per_decade: int = 10,
    rest: str | float | None = None,
    model: str | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    store: str | Store | None = None,
) -> Impedance:
    """Measure the impedance of a fresh cell, or of a stored run after one of its cycles.

    Parameters
    ----------
    cell : CellSpec, str or Path
        A fresh cell; with ``run`` it may be left out.
    run, cycle : str, int
        A stored run, and the cycle after which to measure it (the last by default).
    low, high : str
        Lowest and highest frequency, ``"10 mHz"``; without ``high`` the range ends beyond
        the fastest arc, where no instrument reaches.
    per_decade : int
        Points a decade.
    rest : str
        Rest before the measurement: a second for a fresh cell, an hour for a stored one.
    model : {"dfn", "spm"}
        A fresh full cell's model; a stored run keeps its own.
    overlays, overrides, modes, without
        As in :func:`simulate`. A stored run has its own modes; ``overrides`` and
        ``without`` change it.
    store : str or Store, optional
        Where the run is.

    Returns
    -------
    Impedance
        Frequencies, impedance per area, and the fitted circuit.

    Raises
    ------
    TwinError
        For input that cannot be used, a run whose aged state is not kept, a cell that is not
        at rest.
    """
    chosen = frequencies(low, high, per_decade)
    if run is None:
        if cell is None:
            raise InputError("there is no cell to measure", key="cell", fix="name one, or a --run")
        if cycle is not None:
            raise InputError(
                f"cycle {cycle} of what run?", key="cycle", fix="name it: --run RUN --cycle N"
            )
        wanted = to_measure(cell, overlays, overrides, modes, without, model)
        spec, selected = wanted.cell_and_modes()
        model, state, after = wanted.model or "dfn", None, None
    else:
        if modes is not None or any(overlays):
            raise InputError(
                "a stored run has its modes and overlays already",
                key="run",
                fix="change it with --set and --without, or measure a fresh cell",
            )
        spec, selected, model, state, after = _stored(run, cycle, cell, overrides, without, store)
    seconds = quantity("rest", rest or ("1 s" if state is None else "1 hour"), "s")

    from twin.experiments.eis import measure_impedance

    impedance = measure_impedance(
        spec, selected, model=model, frequencies=chosen, rest=seconds, state=state
    )
    return replace(impedance, cycle=after)


def _stored(
    run: str,
    cycle: int | None,
    cell: Any,
    overrides: Overrides,
    without: Iterable[str],
    store: str | Store | None,
) -> tuple[CellSpec, list[Any], str, StoredState | None, int]:
    """Return a stored run's cell, modes, model, its state after a cycle, and which cycle."""
    from twin.catalog.cells import mode_entries
    from twin.engine.checkpoint import State
    from twin.experiments.eis import StoredState
    from twin.runs.record import open_store
    from twin.runs.states import layout_of_state
    from twin.specs.dump import cell_from_data, with_overrides

    opened = open_store(store)
    info = opened.run(run)
    if cell is not None and str(cell) != info.cell_name:
        raise InputError(
            f"run {info.id} is of {info.cell_name}, not of {cell}",
            key="run",
            fix=f"leave the cell out, or name {info.cell_name}",
        )
    assert info.cell_spec is not None  # Store.run reads it
    entries = mode_entries()
    spec = cell_from_data(info.cell_spec, entries)
    if overrides:
        spec = with_overrides(spec, overrides, entries)
    selected = plugin_manager().select(list(info.modes), without, spec.kind)
    checkpoint = opened.checkpoint(info.id, cycle)
    state = State.from_bytes(checkpoint.data, f"run {info.id}, cycle {checkpoint.cycle}")
    if state.y is None and cycle is None and info.last_cycle > 0:
        raise _not_kept(info)
    stored = None
    if state.y is not None:  # after cycle 0 there is none: the cell is fresh
        layout = layout_of_state(opened, info, checkpoint)
        if max((stop for _, _, stop in layout), default=0) != len(state.y):
            raise StoreError(
                "the checkpoint's layout is damaged (it does not fit its state)",
                key=f"run {info.id}, cycle {checkpoint.cycle}",
                fix="take another cycle: --cycle N",
            )
        stored = StoredState(state.y, layout, state.t, info.settings.get("mesh", EQUAL))
    return spec, selected, info.settings["model"], stored, state.cycle


def _not_kept(info: RunInfo) -> InputError:
    """Say that a run's rows are stored and its states are not, and how to get them."""
    member = "it is a member of a study, which keeps rows only"
    given = [f'--set {key}="{value}"' for key, value in info.settings.get("overrides", {}).items()]
    return InputError(
        f"the state of run {info.id} after cycle {info.last_cycle} is not kept"
        + (f": {member}" if info.study is not None else ""),
        key="run",
        fix="follow it by itself, then measure that run: "
        + " ".join(["twin life", info.cell_name, *given, f"--cycles {info.last_cycle}"])
        + "; --cycle 0 is the fresh cell",
    )
