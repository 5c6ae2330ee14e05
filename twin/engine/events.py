"""What is noted of a run besides its rows: warnings, each given once, and the death."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twin.engine import leaving
from twin.engine.criteria import CORE, RISING
from twin.engine.outcome import Outcome, Standing
from twin.engine.prepare import Prepared
from twin.modes.mode import FailureMode

Event = dict[str, Any]


def warnings(
    prepared: Prepared,
    row: Mapping[str, Any],
    standings: Iterable[Standing],
    timed_out: Iterable[str],
    given: list[str],
) -> list[Event]:
    """Return the warnings a cycle gives that have not been given before.

    Parameters
    ----------
    prepared : Prepared
        The cell.
    row : mapping
        The cycle's row.
    standings : iterable of Standing
        Where its criteria stood.
    timed_out : iterable of str
        Steps that ran into PyBaMM's longest duration without reaching their limit.
    given : list of str
        Labels of the warnings given so far; new ones are added.
    """
    candidates = [
        *_criteria(prepared, standings),
        *_validity(prepared, row),
        *(_timeout(step) for step in timed_out),
        *(_skipped(step) for step in row.get("skipped_steps", ())),
        *leaving.events(row),
    ]
    new = []
    for event in candidates:
        label = f"{event['mode']}: {event['criterion']}"
        if label not in given:
            given.append(label)
            new.append(event | {"severity": "warning", "t_s": row["t_end_s"]})
    return new


def death(outcome: Outcome, t: float) -> Event:
    """Return the event that records how a run ended."""
    return {
        "t_s": t,
        "mode": outcome.mode,
        "criterion": outcome.criterion or outcome.kind,
        "severity": "fatal",
        "variable": outcome.variable or "",
        "value": outcome.value,
        "threshold": outcome.threshold,
        "says": outcome.says,
    }


def _criteria(prepared: Prepared, standings: Iterable[Standing]) -> Iterable[Event]:
    said = {
        (w.mode, w.criterion.what): w.criterion.says
        for w in prepared.watched
        if w.criterion.severity == "warning"
    }
    factor = prepared.spec.end_of_life.resistance_warning.text
    said[CORE, RISING] = f"the resistance is more than {factor} times its first"
    for s in standings:
        if s.margin <= 0 and (s.mode, s.criterion) in said:
            yield {
                "mode": s.mode,
                "criterion": s.criterion,
                "variable": s.variable,
                "value": s.value,
                "threshold": s.threshold,
                "says": said[s.mode, s.criterion],
            }


def _validity(prepared: Prepared, row: Mapping[str, Any]) -> Iterable[Event]:
    area = prepared.spec.geometry.area.si
    current = row["current_max_A"] / area
    ranges = (
        ("temperature", "K", row["temperature_min_K"], row["temperature_max_K"]),
        ("pressure", "Pa", row["pressure_min_Pa"], row["pressure_max_Pa"]),
        ("current_density", "A.m-2", current, current),
    )
    for mode in prepared.acting:
        for name, unit, low, high in ranges:
            beyond = _beyond(mode, name, low, high)
            if beyond is not None:
                value, limit = beyond
                what = name.replace("_", " ")
                yield {
                    "mode": mode.id,
                    "criterion": f"{what} outside the mode's validity",
                    "variable": f"{what} [{unit}]",
                    "value": value,
                    "threshold": limit,
                    "says": f"{mode.title} is trusted for: {mode.validity.says or what}; "
                    f"the {what} was {value:.4g} {unit}, the limit is {limit:.4g}",
                }


def _beyond(mode: FailureMode, name: str, low: float, high: float) -> tuple[float, float] | None:
    least, most = getattr(mode.validity, name)
    if least is not None and low < least:
        return low, least
    if most is not None and high > most:
        return high, most
    return None


def _skipped(step: str) -> Event:
    return {
        "mode": "core",
        "criterion": f"skipped: {step}",
        "variable": "",
        "value": None,
        "threshold": None,
        "says": f"the step {step!r} was skipped: what ends it held as it was to begin",
    }


def _timeout(step: str) -> Event:
    return {
        "mode": "core",
        "criterion": f"timed out: {step}",
        "variable": "",
        "value": None,
        "threshold": None,
        "says": f"the step {step!r} ran for its longest duration without reaching its limit",
    }
