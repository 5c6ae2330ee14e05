"""Running a cell, and finding its run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.engine.tolerances import ATOL, RTOL
from twin.runs.drive import Drive
from twin.runs.record import cell_record, layout_of, mode_versions, open_store, packages
from twin.runs.result import RunResult
from twin.scenario import Scenario
from twin.specs.library import is_path

if TYPE_CHECKING:
    from twin.engine.run import Progress
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store

CYCLES = 100
"""How many cycles there are where neither the caller nor the protocol says."""
DEFAULTS: dict[str, Any] = {"model": "dfn", "rtol": RTOL, "atol": ATOL, "series_every": 10}
"""What a run is asked for by default."""


def simulate(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int | None = None,
    protocol: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    model: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    series_every: int | None = None,
    store: str | Store | None = None,
    on_cycle: Callable[[Progress], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> RunResult:
    """Cycle a cell until something kills it or the cycles are done, and store the run.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
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
        The full cell's model; the DFN by default.
    rtol, atol : float
        The solver's tolerances; 1e-5 and 1e-7 by default.
    series_every : int
        Keep the time series of every so many cycles (10 by default), the first three and
        the last; 0 keeps none.
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
    asked = Scenario.of(
        cell,
        cycles=cycles,
        protocol=protocol,
        overlays=overlays,
        overrides=overrides,
        modes=modes,
        without=without,
        model=model,
        rtol=rtol,
        atol=atol,
        series_every=series_every,
    )
    return start(asked, "every", store, on_cycle, on_start)


def start(
    asked: Scenario,
    way: str,
    store: str | Store | None,
    on_cycle: Callable[[Progress], None] | None,
    on_start: Callable[[str], None] | None,
) -> RunResult:
    """Begin a run as :func:`simulate` was asked to, and cycle it one way or the other.

    ``way`` is ``"every"`` (each cycle is simulated) or ``"jump"``; a resumed run goes on
    as it began.
    """
    began = time.perf_counter()
    asked = asked.filled(DEFAULTS)
    resolved = asked.resolve()
    plan = resolved.plan
    unsaid = plan.total if plan.total is not None else CYCLES
    total = resolved.cycles(unsaid if asked.cycles is None else asked.cycles)

    # After the input is read: PyBaMM takes seconds to import, a typing error should not.
    from twin.engine.checkpoint import State
    from twin.engine.prepare import prepare
    from twin.engine.settings import RunSettings

    settings = RunSettings(asked.model, asked.rtol, asked.atol, asked.series_every)  # type: ignore[arg-type]
    prepared = prepare(resolved.spec, resolved.modes, plan, settings)
    opened = open_store(store)
    run_id = opened.start_run(
        cell=cell_record(resolved.spec),
        protocol=resolved.rules.to_data(),
        settings=settings.to_dict()
        | {
            "cycles": way,
            "overlays": [str(o) for o in asked.overlays],
            "overrides": resolved.overrides,
            "named": _named(asked),
        }
        | ({"missing_modes": resolved.missing} if resolved.missing else {}),
        modes=mode_versions(resolved.modes),
        packages=packages(),
        cycles_requested=total,
    )
    state = State(0, 0.0, None)
    opened.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
    drive = Drive(opened, run_id, prepared, state, way, on_cycle, on_start, None, resolved.missing)
    return drive.run(total, began)


def _named(asked: Scenario) -> dict[str, Any]:
    """Return what a command names to ask of the same again, beside overlays and overrides."""
    named: dict[str, Any] = {}
    if isinstance(asked.cell, str | Path) and is_path(asked.cell):
        named["cell"] = str(asked.cell)
    if asked.protocol is not None:
        named["protocol"] = str(asked.protocol)
    if asked.modes is not None:
        named["modes"] = list(asked.modes)
    if asked.without:
        named["without"] = list(asked.without)
    return named


def load_run(run: str, *, store: str | Store | None = None) -> RunResult:
    """Return a stored run by its id, a unique beginning of it, or ``"last"``.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    opened = open_store(store)
    return RunResult(opened, opened.run(run).id)
