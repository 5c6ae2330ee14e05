"""Running a cell, and finding its run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import as_spec, load_protocol, plan_of, split_overrides
from twin.engine.tolerances import ATOL, RTOL
from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.runs.drive import Drive, known_model
from twin.runs.record import (
    cell_record,
    layout_of,
    mode_versions,
    open_store,
    packages,
    shown,
)
from twin.runs.result import RunResult

if TYPE_CHECKING:
    from twin.engine.plan import Plan
    from twin.engine.run import Progress
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store


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
    rtol: float = RTOL,
    atol: float = ATOL,
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
    manager = plugin_manager()
    chosen = manager.select(asked["modes"], asked["without"], spec.kind)
    missing = manager.lacking(asked["modes"], asked["without"])

    # After the input is read: PyBaMM takes seconds to import, a typing error should not.
    from twin.engine.checkpoint import State
    from twin.engine.prepare import RunSettings, prepare

    rules = load_protocol(asked["protocol"], spec, for_protocol)
    plan = plan_of(rules, spec)
    total = _total(asked["cycles"], plan)
    settings = RunSettings(
        known_model(asked["model"]), asked["rtol"], asked["atol"], asked["series_every"]
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
        }
        | ({"missing_modes": missing} if missing else {}),
        modes=mode_versions(chosen),
        packages=packages(),
        cycles_requested=total,
    )
    state = State(0, 0.0, None)
    opened.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
    drive = Drive(opened, run_id, prepared, state, way, on_cycle, on_start, None, missing)
    return drive.run(total, began)


def _total(cycles: int | None, plan: Plan) -> int:
    if cycles is not None:
        if cycles < 1:
            raise InputError(
                f"{cycles} cycles cannot be run", key="cycles", fix="ask for at least one"
            )
        return cycles if plan.total is None else min(cycles, plan.total)
    return plan.total if plan.total is not None else 100


def load_run(run: str, *, store: str | Store | None = None) -> RunResult:
    """Return a stored run by its id, a unique beginning of it, or ``"last"``.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    opened = open_store(store)
    return RunResult(opened, opened.run(run).id)
