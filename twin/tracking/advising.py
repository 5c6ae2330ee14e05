"""``twin advise``: which test tells most of the remaining life, per hour in the laboratory.

A test that reads ``o`` with noise leaves of the remaining life ``x`` the variance ``E[Var(x|o)]``,
whatever it will read; it removes ``Var(E[x|o])`` (H. Raiffa, R. Schlaifer, Applied Statistical
Decision Theory, 1961). The regression ``E[x|o]`` is made on draws of the track's posterior, each
with the readings that its life would give (M. Strong, J. E. Oakley, A. Brennan, P. Breeze, Med.
Decis. Making 35 (2015) 570), so that no new life is needed. ``x`` is the remaining life up to the
horizon: beyond, nobody followed a life.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import InputError
from twin.runs.record import open_store
from twin.tracking.clocks import Clocks
from twin.tracking.lab_tests import CURRENT, CYCLE_S, LabTest, lab_tests
from twin.tracking.library import Library
from twin.tracking.regression import explained
from twin.tracking.steps import Step, step_at
from twin.tracking.weights import normal_points

if TYPE_CHECKING:
    from twin.catalog.asked import CellChanges
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.tracking.checkups import CheckUp


@dataclass(frozen=True)
class Score:
    """What a test is worth.

    Attributes
    ----------
    test : LabTest
        The test.
    hours : float
        What it takes, cycles before it included.
    share : float
        Of the variance of the remaining life, expected to be removed.
    per_hour : float
        The variance removed per hour [cycles2/h].
    why : str
        Why it cannot be scored; empty where it can.
    """

    test: LabTest
    hours: float
    share: float
    per_hour: float
    why: str = ""


def advise(
    cell: CellSpec | str | Path,
    *,
    track: str | None = None,
    store: str | Store | None = None,
) -> dict[str, Any]:
    """Rank tests of a tracked cell by what they are expected to tell, per hour.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    track : str, optional
        The track; the newest of the cell by default.
    store : str or Store, optional
        The database.

    Returns
    -------
    dict
        The document that ``twin advise --json`` prints.

    Raises
    ------
    InputError
        If the cell is not tracked, or the track is of another cell.
    """
    from twin.catalog.cells import as_spec
    from twin.tracking.onward import check_cell
    from twin.tracking.track import KIND, Track, load_track

    opened = open_store(store)
    changes: CellChanges = {}
    name = as_spec(cell, **changes).name
    if track is None:
        newest = next((s for s in opened.studies(kind=KIND) if s.cell_name == name), None)
        if newest is None:
            raise InputError(
                f"{name} is not tracked yet",
                key="cell",
                fix=f"twin track {shlex.quote(name)} --data check-ups.csv",
            )
        track = newest.id
    tracked: Track = load_track(track, store=opened)
    check_cell(tracked, cell)
    table, checkups = tracked.library, tracked.checkups
    step, scores = scored(table, checkups, known=tracked.known)
    if step.posterior is None:
        raise InputError(
            "the cell outlived every life of its library: nothing can be told of tests",
            key="from",
            fix="track it against lives that are followed further: --cycles N",
        )
    x = restricted(step)
    variance = _variance(x, step.posterior.weights)
    return {
        "track": tracked.id,
        "cell": name,
        "cycle": step.cycle,
        "outside": step.outside,
        "deviation": float(np.sqrt(variance)),
        "first": next((s.test.id for s in scores if not s.why and s.share > 0), None),
        "tests": [_told(s, variance) for s in scores],
    }


def _told(score: Score, variance: float) -> dict[str, Any]:
    left = (1 - score.share) * variance
    return {
        "test": score.test.id,
        "words": score.test.words,
        "scorable": not score.why,
        "why": score.why or None,
        "hours": score.hours,
        "share": score.share,
        "deviation_after": float(np.sqrt(left)),
        "per_hour": score.per_hour,
    }


def restricted(step: Step) -> np.ndarray:
    """Return draws of the remaining life up to the horizon [cycles]."""
    assert step.posterior is not None
    most = max(step.library.horizon - step.cycle, 1)
    value: np.ndarray = np.minimum(np.exp(step.posterior.log_remaining), most)
    return value


def scored(table: Library, checkups: list[CheckUp], **how: Any) -> tuple[Step, list[Score]]:
    """Return what is known of a cell, and what each test is worth, the best first.

    Parameters
    ----------
    table : Library
        The lives.
    checkups : list of CheckUp
        Those of the cell.
    **how
        ``method`` and ``known`` of :func:`twin.tracking.steps.step_at`.
    """
    cycle = checkups[-1].cycle if checkups else 1

    def more(alive: Library, on: Clocks) -> dict[str, np.ndarray]:
        readings: dict[str, np.ndarray] = {}
        for test in lab_tests().values():
            readings |= readings_at(alive, on, test, cycle)
        return readings

    step = step_at(table, checkups, more=more, **how)
    if step.posterior is None:
        return step, []
    scores = [_score(test, step, table) for test in lab_tests().values()]
    return step, sorted(scores, key=lambda s: (bool(s.why), -round(s.per_hour, 9), s.hours))


def readings_at(table: Library, on: Clocks, test: LabTest, cycle: int) -> dict[str, np.ndarray]:
    """Return what a test would read of lives on clocks (logarithms), by the reading's name."""
    at = later_cycle(test, cycle)
    if test.later:  # laws may change from each check-up on: a later one does not tell what comes
        on = replace(on, onward=on.exponents)
    readings = {}
    for of in test.reads:
        if of.key not in table.curves:
            continue
        values = table.each_at(of.key, on.lives, on.read_at(np.array([at])))[:, 0]
        if test.later:  # of a life that is over by then, its death is what is read
            last = _last_known(table.curves[of.key])[on.lives]
            values = np.where(on.ends(table.ends) > at, values, last)
            # Against now: between lives levels differ by what the check-ups left open.
            values = values - table.each_at(of.key, on.lives, on.now[:, None])[:, 0]
        if test.cap:
            values = np.minimum(values, _cap(table, test, at)[on.lives])
        readings[f"reads {of.key}"] = values
    return readings


def later_cycle(test: LabTest, cycle: int) -> int:
    """Return the cycle in which a test is done."""
    return cycle + int(np.ceil(test.later * cycle)) if test.later else cycle


def _cap(table: Library, test: LabTest, cycle: int) -> np.ndarray:
    """Return the logarithm of the largest current density that a ramp goes to."""
    if CURRENT.key not in table.curves:
        return np.full(len(table), np.inf)
    value: np.ndarray = np.log(test.cap) + table.at(CURRENT.key, [cycle])[:, 0]
    return value


def _last_known(curves: np.ndarray) -> np.ndarray:
    known = np.isfinite(curves)
    last = curves.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    value: np.ndarray = curves[np.arange(len(curves)), last]
    return value


def _score(test: LabTest, step: Step, table: Library) -> Score:
    assert step.posterior is not None
    posterior, w = step.posterior, step.posterior.weights
    hours = test.hours + cycling_hours(step, table, test)
    names = [f"reads {of.key}" for of in test.reads]
    missing = [of for of in test.reads if not _held(posterior.targets.get(f"reads {of.key}"))]
    if len(missing) == len(test.reads):
        columns = ", ".join(missing[0].columns)
        return Score(test, hours, 0.0, 0.0, f"the library holds no {columns}")
    reads = [(of, posterior.targets[n]) for of, n in zip(test.reads, names, strict=True)
             if of not in missing]  # fmt: skip
    x = restricted(step)
    score = normal_points(len(x), len(reads))
    o = np.array([v + of.noise * score[:, i] for i, (of, v) in enumerate(reads)]).T
    share = explained(o, x, w, posterior.effective)
    return Score(test, hours, share, share * _variance(x, w) / hours)


def _held(values: np.ndarray | None) -> bool:
    return values is not None and bool(np.isfinite(values).all())


def cycling_hours(step: Step, table: Library, test: LabTest) -> float:
    """Return how long the cycles before a later test take [h]."""
    if not test.later or CYCLE_S.key not in step.library.curves:
        return 0.0
    assert step.posterior is not None
    each = np.exp(step.library.at(CYCLE_S.key, [max(step.cycle, 1)])[:, 0]) / 3600
    ok = np.isfinite(each)
    w = step.posterior.life_weights[ok]
    if not ok.any() or w.sum() <= 0:
        return 0.0
    return float((later_cycle(test, step.cycle) - step.cycle) * (w @ each[ok]) / w.sum())


def _variance(x: np.ndarray, w: np.ndarray) -> float:
    mean = w @ x / w.sum()
    return float(w @ (x - mean) ** 2 / w.sum())


def removed(before: Step, after: Step) -> float:
    """Return the share of the variance of the remaining life that a reading removed.

    Negative where it is less sure afterwards.
    """
    assert before.posterior is not None and after.posterior is not None
    was = _variance(restricted(before), before.posterior.weights)
    return 1 - _variance(restricted(after), after.posterior.weights) / was if was > 0 else 0.0
