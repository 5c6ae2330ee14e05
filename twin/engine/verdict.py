"""From the end of the last cycle to a cause of death."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from twin.engine.criteria import CORE, Watched
from twin.engine.cycler import CycleEnd
from twin.engine.outcome import Outcome, Standing
from twin.engine.prepare import Prepared
from twin.engine.recorder import PRESSURE
from twin.model.core import TEMPERATURE
from twin.model.parameters import nominal_capacity
from twin.modes.mode import Evidence, RunRecord

# What PyBaMM's own events mean for a cell.
_LIMITS = {
    "Minimum voltage [V]": "the voltage collapsed a volt below its lower limit",
    "Maximum voltage [V]": "the voltage ran a volt above its upper limit",
    "Zero electrolyte concentration cut-off": "the salt was used up at one electrode",
    "Zero electrolyte concentration cut-off at the metal": "the salt was used up at the metal",
}
# Below this margin a criterion counts as reached when the solver stops.
_NEAR = 0.1


def standings(watched: Iterable[Watched], row: Mapping[str, Any]) -> list[Standing]:
    """Return where each criterion stood at its worst in a cycle."""
    found = []
    for item in watched:
        value = row.get(f"{item.criterion.variable} (worst)")
        if value is not None and not math.isnan(value):
            found.append(item.standing(float(value)))
    return found


def nearest(found: Iterable[Standing], not_this: tuple[str, str] | None = None) -> Standing | None:
    """Return the standing with the least margin, leaving one (mode, criterion) out.

    Warnings do not kill, so they do not count.
    """
    rest = [
        s
        for s in found
        if s.severity == "fatal" and (s.mode, s.criterion) != not_this and not math.isnan(s.margin)
    ]
    return min(rest, key=lambda s: s.margin, default=None)


def gather_evidence(
    prepared: Prepared, first: Mapping[str, float], last: Mapping[str, float], current: float
) -> dict[str, Evidence]:
    """Ask every mode what it cost between the reference cycle and now."""
    spec = prepared.spec
    record = RunRecord(
        first=first,
        last=last,
        current_density=current,
        temperature=float(last.get(TEMPERATURE, spec.thermal.ambient.si)),
        area=spec.geometry.area.si,
        nominal_capacity=nominal_capacity(spec),
    )
    found = {}
    for mode in prepared.modes:
        try:
            found[mode.id] = mode.diagnose(record, prepared.cell)
        except (KeyError, ValueError, ZeroDivisionError, ArithmeticError) as error:
            found[mode.id] = Evidence(says=f"no evidence: {type(error).__name__}: {error}")
    return found


def weight(evidence: Evidence, prepared: Prepared) -> float:
    """Return a mode's cost on one scale.

    Polarisation as a share of the voltage window plus capacity as a share of the
    nominal: both shorten the discharge that the criteria look at.
    """
    window = prepared.spec.window.upper.si - prepared.spec.window.lower.si
    return evidence.polarisation / window + evidence.capacity / nominal_capacity(prepared.spec)


def responsible(evidence: Mapping[str, Evidence], prepared: Prepared) -> str:
    """Return the mode that cost most; the core if none cost anything."""
    costs = {mode: weight(e, prepared) for mode, e in evidence.items()}
    if not costs or max(costs.values()) <= 0:
        return CORE
    return max(costs, key=lambda mode: costs[mode])


def _plain(evidence: Mapping[str, Evidence], prepared: Prepared) -> dict[str, dict[str, Any]]:
    return {
        mode: {
            "polarisation_V": e.polarisation,
            "capacity_Ah": e.capacity,
            "weight": weight(e, prepared),
            "says": e.says,
        }
        for mode, e in evidence.items()
    }


def judge(
    prepared: Prepared,
    end: CycleEnd,
    cycle: int,
    row: Mapping[str, Any],
    of_cycle: list[Standing],
    evidence: Mapping[str, Evidence],
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
    inside = standings(prepared.watched, row)
    everything = inside + of_cycle
    where: dict[str, Any] = {
        "cycle": cycle,
        "time_h": end.t / 3600,
        "temperature_K": row.get(TEMPERATURE),
        "pressure_Pa": row.get(PRESSURE),
        "evidence": _plain(evidence, prepared),
    }
    if end.reason == "criterion" and end.watched is not None:
        return _died_of_criterion(prepared, end.watched, row, everything, evidence, where)
    if end.reason == "limit":
        return _died_of_limit(prepared, end.message, everything, evidence, where)
    if end.reason == "solver":
        return _gave_up(prepared, end, everything, evidence, where)
    dead = nearest([s for s in of_cycle if s.margin <= 0])
    if dead is None:
        return None
    mode = responsible(evidence, prepared)
    return Outcome(
        kind="cell-failed",
        mode=mode,
        criterion=dead.criterion,
        variable=dead.variable,
        value=dead.value,
        threshold=dead.threshold,
        runner_up=_runner_up(everything, dead.mode, dead.criterion),
        says=_core_words(dead, mode, evidence),
        **where,
    )


def _runner_up(found: list[Standing], mode: str, criterion: str) -> Standing | None:
    """The criterion nearest to failure besides the one met and the core's share of it."""
    return nearest(found, (mode, criterion))


def _core_words(dead: Standing, mode: str, evidence: Mapping[str, Evidence]) -> str:
    what = {
        "capacity lost": f"the capacity fell to {dead.value:.1%} of its first",
        "no capacity from the start": (
            f"the first cycle gave {dead.value:.1%} of the nominal capacity: check the voltage "
            "window, the resistances and the rate"
        ),
        "resistance risen": f"the resistance rose to {dead.value:.2f} times its first",
    }.get(dead.criterion, dead.criterion)
    said = evidence[mode].says if mode in evidence else ""
    return f"{what}; {mode} cost most ({said})" if said else what


def _died_of_criterion(
    prepared: Prepared,
    item: Watched,
    row: Mapping[str, Any],
    found: list[Standing],
    evidence: Mapping[str, Evidence],
    where: dict[str, Any],
) -> Outcome:
    c = item.criterion
    mode = item.mode if item.mode != CORE else responsible(evidence, prepared)
    return Outcome(
        kind="cell-failed",
        mode=mode,
        criterion=c.what,
        variable=c.variable,
        value=row.get(f"{c.variable} (worst)"),
        threshold=c.threshold,
        runner_up=_runner_up(found, item.mode, c.what),
        says=c.says,
        **where,
    )


def _died_of_limit(
    prepared: Prepared,
    event: str,
    found: list[Standing],
    evidence: Mapping[str, Evidence],
    where: dict[str, Any],
) -> Outcome:
    """One of PyBaMM's own limits ended a step: say which mode drove the cell there."""
    words = _LIMITS.get(event, f"the cell reached a physical limit: {event}")
    close = nearest(s for s in found if s.mode != CORE)
    if close is None or close.margin >= _NEAR:
        return Outcome(
            kind="cell-failed",
            mode=responsible(evidence, prepared),
            criterion=event,
            runner_up=nearest(found),
            says=words,
            **where,
        )
    return Outcome(
        kind="cell-failed",
        mode=close.mode,
        criterion=close.criterion,
        variable=close.variable,
        value=close.value,
        threshold=close.threshold,
        runner_up=_runner_up(found, close.mode, close.criterion),
        says=f"{words} with {max(close.margin, 0):.0%} of the margin of "
        f"{close.mode}: {close.criterion} left",
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


def _gave_up(
    prepared: Prepared,
    end: CycleEnd,
    found: list[Standing],
    evidence: Mapping[str, Evidence],
    where: dict[str, Any],
) -> Outcome:
    close = nearest(found)
    physical = close is not None and close.margin < _NEAR
    runner_up = close
    if physical and close is not None:
        runner_up = _runner_up(found, close.mode, close.criterion)
        says = (
            f"the solver stopped where the cell was all but dead: {close.mode}: {close.criterion} "
            f"had {max(close.margin, 0):.0%} of its margin left"
        )
        fix = f"treat it as death by {close.mode}, or relax its threshold to see further"
    else:
        says = "the solver stopped though no criterion was near: the numerics gave up, not the cell"
        fix = _way_on(prepared)
    return Outcome(
        kind="solver-gave-up",
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
