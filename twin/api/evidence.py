"""What a cell's life hangs on: one-at-a-time sensitivity to the numbers nobody measured."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.api.cells import as_spec, mode_entries
from twin.errors import InputError, TwinError

if TYPE_CHECKING:
    from twin.api.result import RunResult
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec

DOUBTFUL = ("assumed", "unverified", None)
"""Statuses that rest on nothing that was read; None is unstated."""
STEP = 1.2
"""A number is raised by this factor: far above the solver's noise, near enough to be linear."""
DRIVES = 0.2
"""A number drives the answer if life follows it with at least this exponent."""


def life_hours(run: RunResult, fatal: Collection[str]) -> float:
    """Return a run's life [h]: when it died, or when the nearest margin would run out.

    A cell that lives is extrapolated: with margin ``m_1`` after the first cycle (at ``t_1``)
    and ``m_N`` after the last, life is ``t_N + m_N (t_N - t_1)/(m_1 - m_N)``, the least of
    all ``fatal`` criteria (``"mode: what"``) that decline. Infinite where none does.
    """
    outcome = run.outcome
    if outcome is not None and outcome.kind == "cell-failed" and outcome.time_h is not None:
        return outcome.time_h
    rows = [row for row in run.rows if row.get("complete", True)]
    if len(rows) < 3:
        return math.nan
    first, last = rows[1], rows[-1]
    span = (last["t_end_s"] - first["t_end_s"]) / 3600
    now = last["t_end_s"] / 3600
    lives = [
        now + left * span / (first["margins"][name] - left)
        for name, left in last["margins"].items()
        if name in fatal and first["margins"].get(name, 0.0) - left > 1e-9
    ]
    return min(lives, default=math.inf)


def sensitivity(
    cell: CellSpec | str | Path,
    *,
    cycles: int = 10,
    protocol: str | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Return how a cell's life follows each of its doubtful numbers, and remember it.

    Each number that is assumed, unverified or unstated is raised by a fifth, alone, and
    the cell is cycled anew (SPM, all modes): ``exponent = ln(life'/life)/ln(1.2)``. It says
    what life hangs on near the values given, nothing of numbers acting together. Numbers
    at zero, limits of temperature and what cannot be raised are left out and counted.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    cycles : int
        How many cycles a life is judged by (:func:`life_hours`); three at least.
    protocol : str, optional
        The protocol; the cell's own by default.
    overlays, overrides
        As in :func:`twin.load_cell`.
    progress : callable, optional
        Told the share done and what is being done.

    Returns
    -------
    dict
        ``life_h``, ``cycles``, ``protocol``, ``step``, ``left_out`` and ``numbers``:
        ``[{key, value, status, life_h, exponent}, …]``, the strongest first.

    Raises
    ------
    InputError
        If the cell's life cannot be judged.
    """
    from twin.specs.dump import iter_quantities, with_overrides

    if cycles < 3:
        raise InputError(
            "a life cannot be judged by so few cycles", key="cycles", fix="use 3 or more"
        )
    spec = as_spec(cell, overlays=overlays, overrides=overrides)
    base = _life(spec, cycles, protocol)
    if not math.isfinite(base):
        raise InputError(
            f"the life of {spec.name} cannot be judged: in {cycles} cycles nothing declines",
            key="cycles",
            fix="give it more cycles, or a protocol that wears it",
        )
    doubtful = [(k, q) for k, q in iter_quantities(spec) if q.status in DOUBTFUL]
    usable = [(k, q) for k, q in doubtful if q.si and q.unit != "K" and not _a_limit(k)]
    numbers: list[dict[str, Any]] = []
    failed = 0
    for index, (key, quantity) in enumerate(usable):
        if progress is not None:
            progress((index + 0.5) / len(usable), key)
        raised = f"{STEP * quantity.si!r} {quantity.unit}".strip()
        try:
            changed = with_overrides(spec, {key: raised}, mode_entries())
            life = _life(changed, cycles, protocol)
        except TwinError:
            life = math.nan  # a share beyond 1, or a cell that can no longer be run
        if math.isnan(life):
            failed += 1
            continue
        exponent = math.log(life / base) / math.log(STEP) if math.isfinite(life) else None
        numbers.append(
            {
                "key": key,
                "value": quantity.text,
                "status": quantity.status or "unstated",
                "life_h": life if math.isfinite(life) else None,
                "exponent": exponent,
            }
        )
    numbers.sort(key=lambda n: -math.inf if n["exponent"] is None else -abs(n["exponent"]))
    found = {
        "cell": spec.name,
        "protocol": protocol or spec.protocol,
        "cycles": cycles,
        "step": STEP,
        "life_h": base,
        "left_out": len(doubtful) - len(usable) + failed,
        "numbers": numbers,
    }
    file = _file(spec)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found), encoding="utf-8")
    return found


def known_sensitivity(spec: CellSpec) -> dict[str, Any] | None:
    """Return what :func:`sensitivity` found for this very cell and these versions, if it did."""
    try:
        found = json.loads(_file(spec).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "numbers" in found else None


def drivers(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the doubtful numbers that life hangs on."""
    return [n for n in found["numbers"] if n["exponent"] is None or abs(n["exponent"]) >= DRIVES]


def _life(spec: CellSpec, cycles: int, protocol: str | None) -> float:
    from twin.api.runs import simulate

    fatal: set[str] = set()

    def note(state: Any) -> None:
        fatal.update(f"{s.mode}: {s.criterion}" for s in state.standings if s.severity == "fatal")

    run = simulate(
        spec,
        cycles=cycles,
        protocol=protocol,
        model="spm",
        series_every=0,
        store="sqlite://",
        on_cycle=note,
    )
    try:
        return life_hours(run, fatal)
    finally:
        run.store.close()


def _a_limit(key: str) -> bool:
    """Whether a number is a limit set by whoever asks, no property of the cell."""
    return key.startswith(("window.", "end_of_life.")) or key.endswith("_limit")


def _file(spec: CellSpec) -> Path:
    """Return where a cell's sensitivity is kept: by the cell's hash and the versions at work."""
    import platformdirs

    from twin.api.recording import mode_versions, packages
    from twin.modes.manager import plugin_manager
    from twin.specs.dump import cell_hash

    versions = packages() | mode_versions(plugin_manager().modes.values())
    text = json.dumps([cell_hash(spec), versions], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    folder = platformdirs.user_cache_dir("sodium-cell-twin", appauthor=False)
    return Path(folder) / "evidence" / f"{name}.json"
