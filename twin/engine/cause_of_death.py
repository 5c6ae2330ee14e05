"""From the end of the last cycle to a cause of death."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from twin.columns import PRESSURE, VOLTAGE
from twin.engine.blame import (
    MAIN_PART,
    Found,
    answerable,
    heating,
    plain,
    responsible,
    window_share,
)
from twin.engine.criteria import CAPACITY, CORE, INEFFICIENT, RESISTANCE, STILLBORN, Watched
from twin.engine.cycler import CycleEnd
from twin.engine.finite import NoNumber
from twin.engine.outcome import Outcome, Standing
from twin.engine.prepare import Prepared
from twin.formats import short
from twin.model.names import TEMPERATURE
from twin.modes.mode import Criterion
from twin.status import Status
from twin.ties import first_best

# What PyBaMM's own events mean for a cell.
_LIMITS = {
    "Minimum voltage [V]": "the voltage collapsed a volt below its lower limit",
    "Maximum voltage [V]": "the voltage ran a volt above its upper limit",
    "Zero electrolyte concentration cut-off": "the salt was used up at one electrode",
    "Zero electrolyte concentration cut-off at the metal": "the salt was used up at the metal",
}
BEYOND = 1.05
"""A voltage that is so many times its limit was beyond it as the step began."""
# Below this margin a criterion counts as reached when the solver stops.
_NEAR = 0.1


def standings(watched: Iterable[Watched], row: Mapping[str, Any]) -> list[Standing]:
    """Return where each criterion stood at its worst in a cycle."""
    standings = []
    for item in watched:
        value = row.get(f"{item.criterion.variable} (worst)")
        if value is not None and not math.isnan(value):
            standings.append(item.standing(float(value)))
    return standings


def nearest(
    standings: Iterable[Standing], not_this: tuple[str, str] | None = None
) -> Standing | None:
    """Return the standing with the least margin, leaving one (mode, criterion) out.

    Warnings do not kill, so they do not count. Of two equally near, as the two sides of a
    cell of equal electrodes can be, it is the first.
    """
    rest = [
        s
        for s in standings
        if s.severity == "fatal" and (s.mode, s.criterion) != not_this and not math.isnan(s.margin)
    ]
    return first_best(rest, lambda s: -s.margin) if rest else None


def judge(
    prepared: Prepared,
    end: CycleEnd,
    cycle: int,
    row: Mapping[str, Any],
    of_cycle: list[Standing],
    evidence: Mapping[str, Found],
) -> Outcome | None:
    """Return the outcome if the cell died or the solver gave up; None if it goes on.

    Parameters
    ----------
    prepared : Prepared
        The cell.
    end : CycleEnd
        How the cycle ended.
    cycle : int
        Its number.
    row : mapping
        Its row (of what was solved).
    of_cycle : list of Standing
        The core's criteria on the whole cycle; empty if it was not finished.
    evidence : mapping
        What each mode cost.
    """
    row = at_start(prepared.watched, row, end)
    inside = standings(prepared.watched, row)
    everything = inside + of_cycle
    where: dict[str, Any] = {
        "cycle": cycle,
        "time_h": end.t / 3600,
        "temperature_K": row.get(TEMPERATURE),
        "pressure_Pa": row.get(PRESSURE),
        "evidence": plain(evidence, prepared),
    }
    if end.reason == "criterion" and end.watched is not None:
        return _died_of_criterion(prepared, end, end.watched, row, everything, evidence, where)
    if end.reason == "limit":
        return _ran_into_limit(prepared, end, row, everything, evidence, where)
    if end.reason == "solver":
        return _gave_up(prepared, end, everything, evidence, where)
    dead = nearest([s for s in of_cycle if s.margin <= 0])
    if dead is None:
        return None
    mode = responsible(evidence, prepared, _loss(prepared, dead, row))
    return Outcome(
        kind=Status.CELL_FAILED,
        mode=mode,
        criterion=dead.criterion,
        variable=dead.variable,
        value=dead.value,
        threshold=dead.threshold,
        runner_up=_runner_up(everything, dead.mode, dead.criterion),
        says=_core_words(dead, mode, evidence, row, prepared),
        **where,
    )


def at_start(
    watched: Iterable[Watched], row: Mapping[str, Any], end: CycleEnd
) -> Mapping[str, Any]:
    """Return a row with what held as a step could not begin, where that ended the cycle.

    The row tells of the steps before, at their temperature and under their pressure.
    """
    if not end.start:
        return row
    row_at_start = {**row, **end.start}
    for item in watched:
        name = item.criterion.variable
        if name in end.start:
            worst = f"{name} (worst)"
            values = [end.start[name], row.get(worst, end.start[name])]
            row_at_start[worst] = item.worst(values)
    return row_at_start


def _loss(prepared: Prepared, dead: Standing, row: Mapping[str, Any]) -> float:
    """Return what a death by the core's criteria on a cycle took, as a share of the discharge."""
    if dead.criterion in (CAPACITY, STILLBORN, INEFFICIENT):
        return 1 - dead.value
    if dead.criterion != RESISTANCE or dead.value <= 0:
        return 1.0
    risen = row["resistance_Ohm_m2"] * (1 - 1 / dead.value)
    density = row["current_max_A"] / prepared.spec.geometry.area.si
    return window_share(risen * density, prepared)


def _who_heats(
    prepared: Prepared,
    end: CycleEnd,
    limit: float,
    row: Mapping[str, Any],
    evidence: Mapping[str, Found],
) -> str:
    """Return the mode that made most of the way to a temperature [K]; the core if none did.

    Of the way from the cell's own surroundings an oven may have gone a part; the rest is the
    cell's heat, of which a mode has the share of its polarisation in all of it.
    """
    own = prepared.spec.thermal.ambient.si
    steps = [step for step in prepared.plan.unique_steps if step.do == end.step]
    oven = max((own if s.temperature is None else s.temperature for s in steps), default=own)
    heats_itself = prepared.spec.thermal.model != "isothermal"
    part = (limit - oven) / (limit - own) if heats_itself and limit > max(own, oven) else 0.0
    if part <= 0:
        return CORE
    density = row.get("current_max_A", 0.0) / prepared.spec.geometry.area.si
    volts = row.get("resistance_Ohm_m2", 0.0) * density
    heat = window_share(volts, prepared) or 1.0
    return responsible(heating(evidence), prepared, heat / part, MAIN_PART)


def _runner_up(standings: list[Standing], mode: str, criterion: str) -> Standing | None:
    """The criterion nearest to failure besides the one met and the core's share of it."""
    return nearest(standings, (mode, criterion))


def _core_words(
    dead: Standing,
    mode: str,
    evidence: Mapping[str, Found],
    row: Mapping[str, Any],
    prepared: Prepared,
) -> str:
    by = ", as estimated from its sites and sodium" if row.get("capacity_estimated") else ""
    what = {
        CAPACITY: f"the capacity fell to {dead.value:.1%} of its first{by}",
        STILLBORN: (
            f"the cell gives {dead.value:.1%} of the nominal capacity{by}: check the voltage "
            f"window, the resistances and the rate{_of_the_window(prepared, row)}"
        ),
        INEFFICIENT: f"the cell gave back {dead.value:.1%} of the energy it was charged with",
        RESISTANCE: f"the resistance rose to {dead.value:.2f} times its first",
    }.get(dead.criterion, dead.criterion)
    said = evidence[mode].says if mode in evidence else ""
    return f"{what}; {mode} cost most ({said})" if said else what


def _of_the_window(prepared: Prepared, row: Mapping[str, Any]) -> str:
    """Say what a cell's resistance takes of its window at its current, ``j R``; "" if not known."""
    resistance, amps = row.get("resistance_Ohm_m2"), row.get("current_max_A")
    if not resistance or not amps or not math.isfinite(resistance):
        return ""
    density = amps / prepared.spec.geometry.area.si
    window = prepared.spec.window
    return (
        f" (at {short(density / 10)} mA/cm2 its {short(resistance * 1e4)} ohm cm2 take "
        f"{short(resistance * density)} V of a window of "
        f"{short(window.upper.si - window.lower.si)} V)"
    )


def _beyond(c: Criterion, value: float | None) -> str:
    """Say how far beyond a limit a cell was at once, where that is much."""
    if value is None or not c.threshold or value / c.threshold < BEYOND:
        return ""
    return f": {short(value / c.threshold, 2)} times as far as it may go"


def _died_of_criterion(
    prepared: Prepared,
    end: CycleEnd,
    item: Watched,
    row: Mapping[str, Any],
    standings: list[Standing],
    evidence: Mapping[str, Found],
    where: dict[str, Any],
) -> Outcome:
    c = item.criterion
    mode = answerable(item, prepared, evidence)
    if mode == CORE:
        if c.variable == VOLTAGE:
            mode = responsible(evidence, prepared, window_share(abs(c.threshold), prepared))
        else:
            mode = _who_heats(prepared, end, c.threshold, row, evidence)
    value = row.get(f"{c.variable} (worst)")
    return Outcome(
        kind=Status.CELL_FAILED,
        mode=mode,
        criterion=c.what,
        variable=c.variable,
        value=value,
        threshold=c.threshold,
        runner_up=_runner_up(standings, item.mode, c.what),
        says=c.says + (_beyond(c, value) if c.variable == VOLTAGE else ""),
        **where,
    )


def _ran_into_limit(
    prepared: Prepared,
    end: CycleEnd,
    row: Mapping[str, Any],
    standings: list[Standing],
    evidence: Mapping[str, Found],
    where: dict[str, Any],
) -> Outcome:
    """One of PyBaMM's own limits ended a step: say which mode drove the cell there, if one did."""
    words = _LIMITS.get(end.message, f"the cell reached a physical limit: {end.message}")
    close = nearest(s for s in standings if s.mode != CORE)
    if close is not None and close.margin < _NEAR:
        return Outcome(
            kind=Status.CELL_FAILED,
            mode=close.mode,
            criterion=close.criterion,
            variable=close.variable,
            value=close.value,
            threshold=close.threshold,
            runner_up=_runner_up(standings, close.mode, close.criterion),
            says=f"{words} with {max(close.margin, 0):.0%} of the margin of "
            f"{close.mode}: {close.criterion} left",
            **where,
        )
    passed = nearest(s for s in standings if s.margin <= 0)
    beyond = (
        []
        if passed is None
        else [w for w in prepared.watched if (w.mode, w.criterion.what) == (CORE, passed.criterion)]
    )
    if beyond:
        # Both limits lay behind the cell as the step began, and this one is the nearer.
        return _died_of_criterion(prepared, end, beyond[0], row, standings, evidence, where)
    left = _left(prepared, end.message, row)
    loss = 1.0 if left is None else window_share(abs(left[0] - left[1]), prepared)
    mode = responsible(evidence, prepared, loss, MAIN_PART)
    # A symmetric cell is cycled by charge: the window there is a limit on its polarisation.
    protocol = prepared.cell.kind == "full" and end.unguarded
    if left is not None and protocol and mode == CORE:
        return _left_window(prepared, end, left, nearest(standings), where)
    return Outcome(
        kind=Status.CELL_FAILED,
        mode=mode,
        criterion=end.message,
        runner_up=nearest(standings),
        says=words,
        **where,
    )


def _left(prepared: Prepared, event: str, row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the voltage at which a cell was outside its window, and the limit it passed [V]."""
    window = prepared.spec.window
    limits = {"Minimum voltage [V]": window.lower.si, "Maximum voltage [V]": window.upper.si}
    if event not in limits or row.get(VOLTAGE) is None:
        return None
    return float(row[VOLTAGE]), limits[event]


def _left_window(
    prepared: Prepared,
    end: CycleEnd,
    left: tuple[float, float],
    runner_up: Standing | None,
    where: dict[str, Any],
) -> Outcome:
    """Nothing in the protocol stopped a step at the window, and no mode drove the cell there."""
    voltage, limit = left
    side, name = ("below", "lower") if voltage < limit else ("above", "upper")
    return Outcome(
        kind=Status.LEFT_WINDOW,
        criterion="voltage window left",
        variable=VOLTAGE,
        value=voltage,
        threshold=limit,
        runner_up=runner_up,
        says=f"the step {end.step!r} took the cell to {voltage:.3g} V, {side} its {limit:g} V: "
        "nothing in the protocol stops it there, and no failure mode had a part in it",
        fix=f'let the step end at the window: "{end.step} or until {{{name}}}"',
        **where,
    )


def _way_on(prepared: Prepared) -> str:
    """What to try after the numerics gave up."""
    now = prepared.settings
    rtol, atol = (now.rtol / 100, now.atol / 100) if now.rtol > 1e-6 else (1e-4, 1e-6)
    other = "leave a mode out with --without MODE"
    if prepared.spec.kind == "full" and now.model != "spm":
        other = "with --model spm"
    return f"resume with other tolerances (--rtol {rtol:g} --atol {atol:g}), or {other}"


def no_number(culprit: NoNumber, where: Mapping[str, Any], message: str = "") -> Outcome:
    """Return the end of a run in which something of a mode is no number any more."""
    return Outcome(
        kind=Status.SOLVER_GAVE_UP,
        says=f"the failure mode {culprit.mode!r} has no number to go on with: {culprit.what} is "
        f"not finite in cycle {where['cycle']}",
        fix=f"check its parameters; or leave it out with --without {culprit.mode}, and tell its "
        "author",
        numerics={
            "message": message,
            "physical_limit_reached": False,
            "no_number": {"mode": culprit.mode, "what": culprit.what},
        },
        **where,
    )


def _gave_up(
    prepared: Prepared,
    end: CycleEnd,
    standings: list[Standing],
    evidence: Mapping[str, Found],
    where: dict[str, Any],
) -> Outcome:
    close = nearest(standings)
    physical = close is not None and close.margin < _NEAR
    if end.no_number is not None and not physical:
        return no_number(end.no_number, where, end.message)
    runner_up = close
    if physical and close is not None:
        runner_up = _runner_up(standings, close.mode, close.criterion)
        says = (
            f"the solver stopped where the cell was all but dead: {close.mode}: {close.criterion} "
            f"had {max(close.margin, 0):.0%} of its margin left"
        )
        fix = f"treat it as death by {close.mode}, or relax its threshold to see further"
    else:
        says = "the solver stopped though no criterion was near: the numerics gave up, not the cell"
        fix = _way_on(prepared)
    return Outcome(
        kind=Status.SOLVER_GAVE_UP,
        mode=close.mode if physical and close is not None else None,
        criterion=close.criterion if physical and close is not None else None,
        variable=close.variable if close else None,
        value=close.value if close else None,
        threshold=close.threshold if close else None,
        runner_up=runner_up,
        says=says,
        fix=fix,
        numerics={
            "message": end.message,
            "physical_limit_reached": physical,
            "tried": list(end.tried),
        },
        **where,
    )
