"""A stored run lived again from what the store has of it, and held against what it was.

What a run was asked is stored whole: the cell number by number, the protocol, the failure modes,
the model and its tolerances. It is run again from that, in memory, and the original is not
touched. A branch starts from the state that it branched with, so its parent is not needed.

Two numbers :math:`a` (stored) and :math:`b` (now) of a column are the same where

.. math:: |a - b| \\le K \\, \\epsilon_r \\, \\max_n |a_n| + K \\, \\epsilon_a

with the run's relative and absolute tolerances :math:`\\epsilon_r` and :math:`\\epsilon_a` (the
latter times the column's largest value where that is below one), and :math:`K` =
``steps_of_error``: a solver bounds the error of a step, and those of a cycle's steps add up.
Nothing smaller than ``rounding`` of the largest number of the same unit is looked at (both in
``reproduce.toml``). With the same versions on the same kind of processor two runs agree to the
last bit, which is said too.
"""

from __future__ import annotations

import math
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from twin.errors import InputError
from twin.modes.manager import plugin_manager
from twin.runs.drive import Drive
from twin.runs.record import cell_record, layout_of, mode_versions, open_store, packages
from twin.runs.states import StoredBefore, as_it_was, carried_over, layout_of_state
from twin.runs.stored import outcome_of

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome
    from twin.engine.run import Progress
    from twin.store import RunInfo, Store

MEMORY = "sqlite://"
_UNIT = re.compile(r"\[([^\]]*)\]|_([A-Z][A-Za-z]*)$")
_ENDS = ("kind", "mode", "criterion", "cycle")
"""What of an end is compared as it stands; its numbers are compared as numbers."""
_LEFT_OUT = frozenset({"cycle", "wall_s"})
"""What counts the rows, or is about the computer."""
SAME, WITHIN, DIFFERS = "identical", "within tolerance", "differs"


@cache
def _numbers() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("reproduce.toml").read_text("utf-8")
    return tomllib.loads(text)


def number_of(name: str) -> float:
    """Return a number of ``reproduce.toml``."""
    return float(_numbers()["same"][name]["value"])


@dataclass(frozen=True)
class Difference:
    """One thing that is not what it was.

    Attributes
    ----------
    cycle : int or None
        The cycle where it is largest; None for the end of the run.
    what : str
        The column, or what of the end.
    stored, now : float, int, str or None
        What is stored, and what came out.
    allowed : float or None
        By how much numbers may differ; None for what is no number.
    """

    cycle: int | None
    what: str
    stored: float | int | str | None
    now: float | int | str | None
    allowed: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Reproduction:
    """What came of running a stored run again.

    Attributes
    ----------
    run, cell : str
        The run and its cell.
    verdict : {"identical", "within tolerance", "differs"}
        All in all.
    cycles : int
        How many cycles were compared.
    numbers : int
        How many numbers were compared.
    largest : float
        The largest difference, as a share of what is allowed (0: none; 1: just allowed).
    largest_at : tuple of int and str, or None
        The cycle and the column where that is.
    differences : tuple of Difference
        What differs by more than is allowed, the earliest cycle first; one for each column.
    stored_outcome, outcome : dict
        How the stored run ended, and how it ended now.
    versions : dict
        ``{package: (then, now)}`` for every package and plugin whose version is another.
    wall_s : float
        The time it took [s].
    """

    run: str
    cell: str
    verdict: str
    cycles: int
    numbers: int
    largest: float
    largest_at: tuple[int, str] | None
    differences: tuple[Difference, ...]
    stored_outcome: dict[str, Any]
    outcome: dict[str, Any]
    versions: dict[str, tuple[str, str]]
    wall_s: float

    @property
    def same(self) -> bool:
        """Whether nothing differs by more than is allowed."""
        return self.verdict != DIFFERS

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin reproduce --json`` prints."""
        return vars(self) | {
            "same": self.same,
            "differences": [difference.to_dict() for difference in self.differences],
        }


def reproduce(
    run: str,
    *,
    store: str | Store | None = None,
    on_cycle: Callable[[Progress], None] | None = None,
    on_start: Callable[[str], None] | None = None,
) -> Reproduction:
    """Run a stored run again from what the store has of it, and compare.

    Parameters
    ----------
    run : str
        The run's id, a unique beginning of it, or ``"last"``.
    store : str or Store, optional
        The database it is in; nothing is written there.
    on_cycle : callable, optional
        Called with a :class:`twin.Progress` after each cycle.
    on_start : callable, optional
        Called with the id that the new run has in memory.

    Raises
    ------
    InputError
        If no cycle of it is stored, so that there is nothing to compare.
    SpecError, PluginError
        If it needs a failure mode that is not installed.
    KeyboardInterrupt
        If it is interrupted; nothing is left behind.
    """
    began = time.perf_counter()
    opened = open_store(store)
    info = opened.run(run)
    stored = [row for row in opened.cycles(info.id) if row["cycle"] > (info.parent_cycle or 0)]
    if not stored:
        raise InputError(
            f"run {info.id} has no cycle of its own to compare with",
            key="run",
            fix="choose another of `twin runs`",
        )
    with open_store(MEMORY) as memory:
        again = _lived_again(opened, info, memory, on_cycle, on_start, began)
        rows = {row["cycle"]: row for row in memory.cycles(again.id)}
        ended = memory.run(again.id)
    if ended.status == "cancelled":  # a part of it would be no comparison
        raise KeyboardInterrupt
    ends = outcome_of(info.id, info.outcome), outcome_of(again.id, ended.outcome)
    return _compared(info, stored, rows, ends, time.perf_counter() - began)


def _lived_again(
    store: Store,
    info: RunInfo,
    memory: Store,
    on_cycle: Callable[[Progress], None] | None,
    on_start: Callable[[str], None] | None,
    began: float,
) -> Any:
    """Return the run as it is lived now, in memory."""
    from twin.engine.checkpoint import State

    prepared = as_it_was(info)
    if info.settings.get("fast"):
        from twin.engine.compiled import speed_up

        speed_up(prepared)
    run_id = memory.start_run(
        cell=cell_record(prepared.spec),
        protocol=info.protocol,
        settings=info.settings,
        modes=mode_versions(prepared.modes),
        packages=packages(),
        cycles_requested=info.cycles_requested,
    )
    state, before = State(0, 0.0, None), None
    if info.parent_cycle:
        checkpoint = store.checkpoint(info.id, info.parent_cycle)
        state = State.from_bytes(checkpoint.data, f"run {info.id}, cycle {checkpoint.cycle}")
        state.y = carried_over(prepared, state.y, layout_of_state(store, info, checkpoint))
        before = StoredBefore(store, info.id)
    memory.commit_initial(run_id, state.to_bytes(), layout_of(prepared))
    way = info.settings.get("cycles", "every")
    missing = info.settings.get("missing_modes", ())
    drive = Drive(memory, run_id, prepared, state, way, on_cycle, on_start, before, missing)
    over = info.status in ("completed", "cell-failed", "left-window", "solver-gave-up")
    # A jump's length depends on how far there is to go, so a life is asked what it was asked.
    total = info.cycles_requested if over or way == "jump" else info.last_cycle
    return drive.run(total, began)


def _compared(
    info: RunInfo,
    stored: Sequence[Mapping[str, Any]],
    rows: Mapping[int, Mapping[str, Any]],
    ends: tuple[Outcome | None, Outcome | None],
    wall_s: float,
) -> Reproduction:
    differences = []
    count, largest, at = 0, 0.0, None
    exact = True
    for name, allowed, pairs in _columns(stored, rows, info.settings):
        worst: tuple[float, Difference] | None = None
        for cycle, then, now in pairs:
            count += 1
            if then == now:
                continue
            exact = False
            share = _share(then, now, allowed)
            if share > largest:
                largest, at = share, (cycle, name)
            if share > 1 and worst is None:  # the first cycle in which it shows
                worst = share, Difference(cycle, name, then, now, allowed)
        if worst is not None:
            differences.append(worst[1])
    differences.sort(key=lambda d: (d.cycle or 0, d.what))
    lacking = [row["cycle"] for row in stored if row["cycle"] not in rows]
    if lacking:
        last = max(rows, default=0)
        differences.append(Difference(None, "last cycle", stored[-1]["cycle"], last))
    differences += _end_differences(info, *ends)
    verdict = DIFFERS if differences else SAME if exact else WITHIN
    before, after = (end.to_dict() if end is not None else {} for end in ends)
    return Reproduction(
        info.id,
        info.cell_name,
        verdict,
        len(stored) - len(lacking),
        count,
        largest,
        at,
        tuple(differences),
        before,
        after,
        _versions(info),
        wall_s,
    )


def _columns(
    stored: Sequence[Mapping[str, Any]],
    rows: Mapping[int, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> Iterator[tuple[str, float, list[tuple[int, float | None, float | None]]]]:
    """Yield each column of numbers: its name, what may differ, and its pairs by cycle."""
    columns: dict[str, list[tuple[int, float | None, float | None]]] = {}
    for row in stored:
        if row["cycle"] not in rows:
            continue
        then, now = _flat(row), _flat(rows[row["cycle"]])
        for name in then | now:
            columns.setdefault(name, []).append((row["cycle"], then.get(name), now.get(name)))
    scales = {name: _largest(pairs) for name, pairs in columns.items()}
    of_unit: dict[str, float] = {}
    for name, scale in scales.items():
        of_unit[_unit(name)] = max(scale, of_unit.get(_unit(name), 0.0))
    for name, pairs in columns.items():
        least = number_of("rounding") * of_unit[_unit(name)]
        yield (
            name,
            max(number_of("steps_of_error") * _tolerance(settings, scales[name]), least),
            pairs,
        )


def _flat(row: Mapping[str, Any]) -> dict[str, float]:
    """Return a row's numbers by name; margins as ``margin of <mode>: <what>``."""
    named = dict(row) | {f"margin of {name}": m for name, m in (row.get("margins") or {}).items()}
    return {
        name: float(value)
        for name, value in named.items()
        if name not in _LEFT_OUT and isinstance(value, int | float) and not math.isnan(value)
    }


def _largest(pairs: Sequence[tuple[int, float | None, float | None]]) -> float:
    known = [abs(then) for _, then, _ in pairs if then is not None and math.isfinite(then)]
    return max(known, default=0.0)


def _unit(name: str) -> str:
    """Return what a column is counted in: the unit of its name, or what its key ends in."""
    if name.startswith("margin of "):
        return "margin"
    match = _UNIT.search(name)
    return (match[1] or match[2]) if match else ""


def _tolerance(settings: Mapping[str, Any], scale: float) -> float:
    return float(settings["rtol"]) * scale + float(settings["atol"]) * min(scale, 1.0)


def _share(then: float | None, now: float | None, allowed: float) -> float:
    if then is None or now is None or not (math.isfinite(then) and math.isfinite(now)):
        return math.inf
    return abs(then - now) / allowed if allowed > 0 else math.inf


def _end_differences(
    info: RunInfo, then: Outcome | None, now: Outcome | None
) -> Iterator[Difference]:
    """Yield what of the run's end is another; one that was cut short has no end to compare."""
    if then is None or then.kind == "cancelled":
        return
    for name in _ENDS:
        before, after = getattr(then, name), getattr(now, name, None)
        if before != after:
            yield Difference(None, f"{name} of the end", before, after)


def _versions(info: RunInfo) -> dict[str, tuple[str, str]]:
    """Return the packages and modes whose versions are not what they were."""
    current = packages() | mode_versions(plugin_manager().modes.values())
    stored = info.packages | info.modes
    return {
        name: (str(version), current.get(name, "not installed"))
        for name, version in stored.items()
        if current.get(name) != version
    }


__all__ = ["Difference", "Reproduction", "reproduce"]
