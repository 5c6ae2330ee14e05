"""A death lived again with a mode left out: what the life would have been without it.

A run blames the mode that its contributions make the costliest, or whose criterion was met
(:mod:`twin.engine.blame`). Leaving the mode out asks the same by another way: the cell is lived
once more without it, by cycle jump, with the same numbers, protocol, model and horizon. What the
mode gains or costs is then a difference of two lives,

    gain = n(without the mode) - n(as it was)   [cycles],

with ``n`` the cycle of the death, or the horizon for a cell that outlives it; of two deaths in one
cycle, hours. The two agree where leaving out the blamed mode gains something, and nothing else
gains more. What was lived is kept with the run, and not lived twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twin.engine.outcome import is_death
from twin.engine.tolerances import LIFE_ATOL, LIFE_RTOL
from twin.errors import InputError, TwinError
from twin.formats import short
from twin.runs.drive import Drive
from twin.runs.record import cell_record, layout_of, mode_versions, open_store, packages
from twin.runs.states import as_it_was
from twin.status import Status
from twin.studies.runner import MEMORY

if TYPE_CHECKING:
    from twin.engine.run import Progress
    from twin.store import RunInfo, Store

AFFORDABLE_CYCLES = 60
"""Of a life that nobody has asked for so many cycles are simulated: a few seconds. Cycles and not
seconds, so that what is told does not hang on the machine."""
SHORTEST = 50
"""Lives are followed for so many cycles at the least, however few the run was asked for."""
SAME_TIME = 1e-3
"""Deaths in one cycle whose times differ by less of the time lived are one and the same."""
NOTHING = (0, 0.0)
"""A gain of none: cycles, and hours."""
KEPT = "left_out"
"""What a run's settings call it."""


class _TooLongError(Exception):
    """A life takes more cycles than it may."""


def leave_one_out(
    run: str,
    *,
    modes: Sequence[str] | None = None,
    at_most: int | None = None,
    store: str | Store | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Live a dead cell again, once without each of its modes, and keep it with the run.

    Parameters
    ----------
    run : str
        The run's id, a unique beginning of it, or ``"last"``. It has to be the death of a cell
        that began fresh.
    modes : sequence of str, optional
        What to leave out, one at a time; by default every mode that acts, the blamed one first.
    at_most : int, optional
        How many cycles of each life may be simulated; what would take more is left unknown. As
        many as it takes by default.
    store : str or Store, optional
        The database the run is in.
    progress : callable, optional
        Told the share done and which mode is left out.

    Returns
    -------
    dict
        ``run``, ``blamed``, ``cycle`` (of the death), ``horizon``, ``agree`` (None where that
        is not known) and ``lives``: by mode ``{cycle, time_h, died_of, gain_cycles, gain_h, kind,
        known}``. ``died_of`` is None for a life that outlasts the horizon, ``gain_cycles`` where
        the end is not known, ``gain_h`` where the cycle of the end is another.

    Raises
    ------
    InputError
        If there is nothing to leave out: no death, none of a mode, a branch of another run.
    TwinError
        If the database cannot be written.
    """
    opened = open_store(store)
    info = opened.run(run)
    _check(info, modes)
    document = kept_of(info) or _begun(info)
    wanted = list(modes) if modes is not None else _every(info)
    for number, mode in enumerate(wanted):
        if mode in document["lives"]:
            continue
        if progress is not None:
            progress(number / len(wanted), f"without {mode}")
        life = _life_without(info, mode, document["horizon"], at_most)
        if life is None:
            break
        document["lives"][mode] = life
        opened.annotate_run(info.id, left_out=document)
    return _told(info, document)


def left_out_of(info: RunInfo) -> dict[str, Any] | None:
    """Return what is kept of a run's lives with a mode left out; None where nothing is."""
    kept = kept_of(info)
    return _told(info, kept) if kept and kept["lives"] else None


def kept_of(info: RunInfo) -> dict[str, Any] | None:
    """Return what is kept with a run, if it is of the end that the run has now."""
    kept = info.settings.get(KEPT)
    begun = _begun(info)
    if not isinstance(kept, dict) or not isinstance(kept.get("lives"), dict):
        return None
    if any(kept.get(name) != begun[name] for name in ("blamed", "cycle", "horizon")):
        return None
    lives = {m: life for m, life in kept["lives"].items() if _is_life(life)}
    return begun | {"lives": lives}


def _is_life(life: Any) -> bool:
    return isinstance(life, dict) and isinstance(life.get("cycle"), int) and "known" in life


def _begun(info: RunInfo) -> dict[str, Any]:
    outcome = info.outcome
    return {
        "blamed": outcome.get("mode"),
        "cycle": outcome.get("cycle"),
        "time_h": outcome.get("time_h"),
        "horizon": max(info.cycles_requested, SHORTEST),
        "lives": {},
    }


def _every(info: RunInfo) -> list[str]:
    """Return the modes that acted, the blamed one first."""
    blamed = info.outcome["mode"]
    acted = [m for m in info.outcome.get("evidence") or info.modes if m in info.modes]
    return [blamed, *(m for m in acted if m != blamed)]


def can_be_left_out(info: RunInfo) -> bool:
    """Return whether a run is the death of a cell that began fresh, put down to a failure mode."""
    try:
        _check(info, None)
    except InputError:
        return False
    return True


def _check(info: RunInfo, modes: Sequence[str] | None) -> None:
    why, fix = "", "leave modes out of a run that a failure mode ended: twin runs"
    if not is_death(info.outcome):
        why = f"run {info.id} is not the death of a cell"
    elif info.parent_run:
        why = f"run {info.id} is a branch: it did not begin fresh"
        fix = f"ask it of the run that it came from, {info.parent_run}"
    elif info.outcome.get("mode") not in info.modes:
        why = f"no failure mode is blamed for the end of run {info.id}"
    if why:
        raise InputError(why, key="run", fix=fix)
    for mode in modes or ():
        if mode not in info.modes:
            raise InputError(
                f"{mode!r} is no failure mode of run {info.id}",
                key="modes",
                fix=f"choose from {', '.join(info.modes)}",
            )


def _life_without(
    info: RunInfo, mode: str, horizon: int, at_most: int | None
) -> dict[str, Any] | None:
    """Return how the cell ends without a mode; None if that takes too long."""
    try:
        outcome = _lived(info, mode, horizon, at_most)
    except _TooLongError:
        return None
    except TwinError as error:  # another mode cannot do without it, say
        outcome = {"kind": Status.SOLVER_GAVE_UP, "says": str(error.problem)}
    kind = str(outcome["kind"])
    if kind == Status.CANCELLED:
        raise KeyboardInterrupt
    died = is_death(outcome)
    return {
        "kind": kind,
        "cycle": int(outcome.get("cycle") or 0),
        "time_h": outcome.get("time_h"),
        "known": died or kind == Status.COMPLETED,
        "died_of": f"{outcome['mode']}: {outcome['criterion']}" if died else None,
    }


def _lived(info: RunInfo, mode: str, horizon: int, at_most: int | None) -> Mapping[str, Any]:
    """Live a run's cell without a mode, by cycle jump and in memory."""
    from twin.engine.checkpoint import State

    def in_time(told: Progress) -> None:
        if at_most is not None and told.row["cycles_simulated"] > at_most:
            raise _TooLongError

    began = time.perf_counter()
    others = [m for m in info.modes if m != mode]
    prepared = as_it_was(info, others, _as_a_life)
    with open_store(MEMORY) as memory:
        alone = memory.start_run(
            cell=cell_record(prepared.spec),
            protocol=info.protocol,
            settings=prepared.settings.to_dict() | {"cycles": "jump"},
            modes=mode_versions(prepared.modes),
            packages=packages(),
            cycles_requested=horizon,
        )
        state = State(0, 0.0, None)
        memory.commit_initial(alone, state.to_bytes(), layout_of(prepared))
        Drive(memory, alone, prepared, state, "jump", in_time).run(horizon, began)
        return memory.run(alone).outcome


def _as_a_life(settings: Any) -> Any:
    """Return how a run was solved, no coarser than lives by cycle jump are."""
    rtol, atol = min(settings.rtol, LIFE_RTOL), min(settings.atol, LIFE_ATOL)
    return replace(settings, rtol=rtol, atol=atol, series_every=0)


def _told(info: RunInfo, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known, with what each mode gains and whether the two ways agree."""
    own = int(kept["cycle"] or 0)
    lives = {}
    for mode, life in kept["lives"].items():
        gain = life["cycle"] - own if life["known"] else None
        hours = _hours(kept.get("time_h"), life.get("time_h")) if gain == 0 else None
        lives[mode] = {**life, "gain_cycles": gain, "gain_h": hours}
    told = {**kept, "run": info.id, "lives": lives}
    return told | {"agree": _agree(told["blamed"], lives)}


def _hours(then: float | None, now: float | None) -> float:
    """Return by how much later a death is [h]; nothing where it is the same or not known."""
    if then is None or now is None or abs(now - then) <= SAME_TIME * abs(then):
        return 0.0
    return now - then


def _gain(life: Mapping[str, Any]) -> tuple[int, float] | None:
    """Return what leaving a mode out gains: cycles, and hours where it gains no cycle."""
    cycles = life["gain_cycles"]
    return None if cycles is None else (cycles, life["gain_h"] or 0.0)


def _agree(blamed: str, lives: Mapping[str, Mapping[str, Any]]) -> bool | None:
    """Return whether leaving out the blamed mode gains something, and nothing else gains more."""
    own = _gain(lives[blamed]) if blamed in lives else None
    if own is None:
        return None
    others = [_gain(life) for mode, life in lives.items() if mode != blamed]
    return own > NOTHING and all(gain is None or gain <= own for gain in others)


def said_of_left_out(told: Mapping[str, Any] | None) -> list[str]:
    """Say the life without each mode, the longest first, and whether it bears the blame out."""
    if not told:
        return []
    lives, blamed = told["lives"], told["blamed"]
    idle = [m for m, life in lives.items() if m != blamed and _gain(life) == NOTHING]
    others = [m for m in lives if m != blamed and m not in idle]
    # What is not known comes last.
    others.sort(key=lambda m: _gain(lives[m]) or (-math.inf, 0.0))
    shown = [m for m in (blamed, *reversed(others)) if m in lives]
    said = [f"without {mode}: {_said(lives[mode])}" for mode in shown]
    if idle:
        said.append(f"without {_or(idle)}: no later")
    if told["agree"] is False:
        said.append(_disagreement(told))
    elif told["agree"] and len(lives) > 1:
        said.append(f"nothing else that is left out gains more than {blamed}")
    return said


def _or(modes: Sequence[str]) -> str:
    return ", ".join(modes[:-1]) + f" or {modes[-1]}" if len(modes) > 1 else modes[0]


def _said(life: Mapping[str, Any]) -> str:
    gain = _gain(life)
    if gain is None:
        return "not known: the solver could not follow it"
    if life["died_of"] is None:
        return f"lives more than {life['cycle']} cycles"
    when, (cycles, hours) = f"dies in cycle {life['cycle']} of {life['died_of']}", gain
    if cycles:
        return f"{when} ({cycles:+d} cycles)"
    return f"{when} ({short(abs(hours))} h {_which(hours)})" if hours else f"{when}, no later"


def _which(hours: float) -> str:
    return "later" if hours > 0 else "sooner"


def _disagreement(told: Mapping[str, Any]) -> str:
    blamed, lives = told["blamed"], told["lives"]
    gains = {m: gain for m, life in lives.items() if (gain := _gain(life)) is not None}
    most = max(gains, key=lambda mode: gains[mode])
    found = f"out {most} gains more" if gains[most] > gains[blamed] else "it out gains nothing"
    return f"{blamed} is blamed for what it took, but leaving {found}: the two disagree"


__all__ = ["can_be_left_out", "leave_one_out", "left_out_of", "said_of_left_out"]
