"""How well a tracked cell's remaining life is known: lives of a library left out in turn.

    .venv/bin/python -m benchmarks.tracking [--case NAME] [--lives N] [--plain] [--db URL]

Each life that died is taken for a measured cell: it is read at a few check-ups until 20 % of its
life, with noise, and tracked against all others. Told are the median error of the remaining life,
the coverage of the 90 % band, how often the mode is right, the same for lives of another
structure than the library's, for the straight extrapolation of what was measured, and what the
first choice of ``twin advise`` removes of the variance, against a test at random. Libraries are
drawn where the database has none: minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import twin
from twin.scenario import Scenario
from twin.store import Store
from twin.studies.registry import Going
from twin.tracking.advising import removed, scored
from twin.tracking.checkups import CheckUp, Reading
from twin.tracking.drawing import drawn_library
from twin.tracking.kept import library_in
from twin.tracking.lab_tests import lab_tests
from twin.tracking.library import Library
from twin.tracking.method import posterior_method
from twin.tracking.observables import Observable, observables
from twin.tracking.posterior import Method
from twin.tracking.steps import mode_shares, quantiles, step_at

SHARE, CHECKUPS, SEED = 0.2, 8, 1
"""Check-ups until this share of a life, so many, with noise of this seed."""
OTHER_SEED = 17
"""Of lives of another structure."""
FIRST = 5
"""Lives whose last check-up comes before this cycle tell nothing of tracking."""


@dataclass(frozen=True)
class Case:
    """A cell whose lives are left out in turn.

    Each of ``others`` is laid over it, and ``other_model`` taken, for lives of another structure.
    """

    cell: str
    cycles: int
    reads: tuple[str, ...]
    lives: int
    overrides: dict[str, Any] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    other_model: str = "spm"
    of_others: int = 64


CASES = {
    "symmetric": Case(
        "na-nzsp-na",
        1500,
        ("resistance",),
        384,
        {"modes.interphase.anode.kind": "insulating", "end_of_life.resistance_factor": 3},
        {
            "growth by the time": {
                "modes.interphase.anode.kind": "mixed-conducting",
                "modes.interphase.anode.rate_constant": "1e-14 m/s",
            },
            "growth that ends": {
                "modes.interphase.anode.kind": "self-limiting",
                "modes.interphase.anode.limiting_thickness": "200 nm",
                "modes.interphase.anode.limiting_resistance": "0.03 ohm*m^2",
            },
        },
    ),
    "held-out": Case("na-nps-na", 1500, ("resistance",), 128, {"end_of_life.resistance_factor": 3}),
    "full": Case(
        "na-nzsp-nvp", 3000, ("capacity", "resistance"), 256, {}, {"the DFN": {}}, "dfn", 40
    ),
}


@dataclass(frozen=True)
class Told:
    """What tracking said of one life."""

    truth: float
    median: float
    low: float
    high: float
    mode_right: bool
    outside: bool
    naive: float


def library(
    store: Store, case: Case, count: int, other: str | None = None, seed: int = SEED
) -> Library:
    """Return a case's library, or lives of another structure; drawn where they are not stored."""
    sets = case.overrides | (case.others[other] if other else {})
    wanted = Scenario.of(
        case.cell,
        overrides=twin.with_ignorance(case.cell, overrides=sets),
        cycles=case.cycles,
        model=case.other_model if other else "spm",
    )
    going = Going(on_life=lambda done: say(f"  {done.done}/{done.total} lives") if not
                  done.done % 20 else None)  # fmt: skip
    study = drawn_library(store, wanted, count, seed, None, going)
    return library_in(store, {"library": study})


def measured(
    source: Library, case: Case, noise: dict[str, float]
) -> Iterator[tuple[int, list[CheckUp]]]:
    """Yield each life that died, with its check-ups until a share of its life."""
    chance = np.random.default_rng(SEED)
    for i in range(len(source)):
        last = round(SHARE * source.ends[i])
        if not source.dead[i] or last < FIRST:
            continue
        cycles = np.unique(np.round(np.linspace(1, math.sqrt(last), CHECKUPS) ** 2).astype(int))
        logs = {
            key: source.at(key, cycles)[i] + noise[key] * chance.standard_normal(len(cycles))
            for key in case.reads
        }
        if all(np.isfinite(values).all() for values in logs.values()):
            yield (
                i,
                [
                    CheckUp(int(n), {k: Reading(float(np.exp(v[j]))) for k, v in logs.items()})
                    for j, n in enumerate(cycles)
                ],
            )


def left_out(
    table: Library, source: Library, case: Case, resistance: float, method: Method, exact: bool
) -> list[Told]:
    """Track each life of a source against a library, without itself if it is one of it.

    ``exact`` leaves the offset and the drift out: the truth is then one of the model's own.
    """
    noise = {"resistance": resistance, "capacity": observables()["capacity"].noise}
    none = {"offset": 0.0, "drift": 0.0} if exact else {}
    known = {
        key: replace(of, noise=noise.get(key, of.noise), **none)
        for key, of in observables().items()
    }
    found = []
    for i, checkups in measured(source, case, noise):
        lives = table.chosen(np.arange(len(table)) != i) if source is table else table
        step = step_at(lives, checkups, method=method, known=known)
        last = checkups[-1].cycle
        truth = float(source.ends[i] - last)
        naive = extrapolated(checkups, case)
        if step.posterior is None:
            found.append(Told(truth, math.nan, math.nan, math.nan, False, True, naive))
            continue
        q = quantiles(np.exp(step.posterior.log_remaining), step.posterior.weights)
        mode = next(iter(mode_shares(step)), "")
        right = mode == source.modes[i]
        found.append(Told(truth, q["median"], q["p05"], q["p95"], right, step.outside, naive))
    return found


def extrapolated(checkups: Sequence[CheckUp], case: Case) -> float:
    """Return the remaining life by a straight line through what was measured, to its limit.

    The resistance to its factor, or the capacity to 80 % (the sooner): least squares over the
    cycles. Infinite where it does not get worse.
    """
    last = checkups[-1].cycle
    limits = {"resistance": 3.0, "capacity": 0.8}
    n = np.array([c.cycle for c in checkups], dtype=float)
    found = [math.inf]
    for key in case.reads:
        y = np.array([c.readings[key].value for c in checkups])
        slope, start = np.polyfit(n, y / y[0], 1)
        worse = slope > 0 if limits[key] > 1 else slope < 0
        if worse:
            found.append(max((limits[key] - start) / slope - last, 1.0))
    return min(found)


def summary(found: Sequence[Told]) -> dict[str, float]:
    """Return the figures of some lives."""
    known = [one for one in found if math.isfinite(one.median)]
    error = np.array([abs(one.median - one.truth) / one.truth for one in known])
    naive = np.array([min(abs(one.naive - one.truth) / one.truth, 100.0) for one in found])
    inside = [one.low <= one.truth <= one.high for one in known]
    covered = [one.outside or one.low <= one.truth <= one.high for one in found]
    return {
        "lives": len(found),
        "median_error": float(np.median(error)),
        "coverage": float(np.mean(inside)),
        "covered_or_outside": float(np.mean(covered)),
        "mode_right": float(np.mean([one.mode_right for one in known])),
        "outside": float(np.mean([one.outside for one in found])),
        "band_over_median": float(np.median([(o.high - o.low) / o.median for o in known])),
        "extrapolated_error": float(np.median(naive)),
        "times_better": float(np.median(naive) / np.median(error)),
    }


def advised(table: Library, case: Case, method: Method, most: int) -> dict[str, float]:
    """Return what the first choice of ``twin advise`` removed per hour, and what a random one did.

    Of each life left out its own readings of the tests are drawn, and the variance before and after
    is compared: what was removed, not what was expected to be.
    """
    noise = {key: observables()[key].noise for key in case.reads}
    chance = np.random.default_rng(SEED)
    first, chosen_at_random, told = [], [], []
    for number, (i, checkups) in enumerate(measured(table, case, noise)):
        if number >= most:
            break
        lives = table.chosen(np.arange(len(table)) != i)
        before, scores = scored(lives, checkups, method=method)
        if before.posterior is None:
            continue
        gains: dict[str, float] = {}
        expected: dict[str, float] = {}
        for score in scores:
            if score.why:
                continue
            after = after_test(table, lives, i, checkups, score.test.id, chance, method)
            if after is not None:
                gains[score.test.id] = removed(before, after) / score.hours
                expected[score.test.id] = score.share / score.hours
        best = next((s.test.id for s in scores if s.test.id in gains and s.share > 0), None)
        if gains:
            # Where nothing tells anything no test is done.
            first.append(gains[best] if best else 0.0)
            chosen_at_random.append(float(np.mean(list(gains.values()))))
            told.append((expected.get(best or "", 0.0), float(np.mean(list(expected.values())))))
    a, b = float(np.mean(first)), float(np.mean(chosen_at_random))
    c, d = (float(np.mean([pair[i] for pair in told])) for i in (0, 1))
    gained = np.array(first) - np.array(chosen_at_random)
    return {
        "lives": len(first),
        "difference": float(gained.mean()),
        "difference_error": float(gained.std(ddof=1) / math.sqrt(len(gained))),
        "first_share_error": float(np.std(first, ddof=1) / math.sqrt(len(first))),
        "first_share_per_hour": a,
        "random_share_per_hour": b,
        "times": a / b if b > 0 else math.inf,
        "expected_first_share_per_hour": c,
        "expected_random_share_per_hour": d,
        "expected_times": c / d if d > 0 else math.inf,
    }


def after_test(
    table: Library,
    lives: Library,
    cell: int,
    checkups: list[CheckUp],
    test: str,
    chance: np.random.Generator,
    method: Method,
) -> Any:
    """Return what is known after a test that gave what the cell's own life gives, with noise."""
    from twin.tracking.advising import later_cycle

    of = lab_tests()[test]
    at = later_cycle(of, checkups[-1].cycle)
    reads = {}
    for one in of.reads:
        log = table.at(one.key, [at])[cell, 0] if one.key in table.curves else math.nan
        if math.isfinite(log):
            key = as_checkup(one) if of.later else one.key
            reads[key] = Reading(float(np.exp(log + one.noise * chance.standard_normal())))
    if not reads or table.ends[cell] <= at:
        return None
    known = dict(observables()) | {one.key: one for one in of.reads}
    if at == checkups[-1].cycle:
        last = checkups[-1]
        more = [*checkups[:-1], CheckUp(at, {**last.readings, **reads})]
    else:
        more = [*checkups, CheckUp(at, reads)]
    step = step_at(lives, more, method=method, known=known)
    return step if step.posterior is not None else None


def as_checkup(one: Observable) -> str:
    """Return the kind of reading of check-ups that a later check-up's is: the next of its own."""
    return next((k for k, of in observables().items() if of.columns == one.columns), one.key)


def measure(
    store: Store, name: str, lives: int | None, draws: int, plain: bool = False
) -> dict[str, Any]:
    """Return the figures of one case."""
    case = CASES[name]
    table = library(store, case, lives or case.lives)
    ends = {mode or "alive": table.modes.count(mode) for mode in sorted(set(table.modes))}
    say(f"{name}: {len(table)} lives of {case.cell}: {ends}")
    method = replace(posterior_method(), draws=draws)
    found: dict[str, Any] = {"cell": case.cell, "lives": len(table), "ends": ends}
    for noise in (0.005, 0.02):
        for exact in (True, False):
            key = f"noise {noise:g}, {'no discrepancy' if exact else 'discrepancy as shipped'}"
            found[key] = summary(left_out(table, table, case, noise, method, exact))
            say(f"  {key}: {line(found[key])}")
    for other in () if plain else case.others:
        source = library(store, case, case.of_others, other, seed=OTHER_SEED)
        for noise in (0.005, 0.02):
            key = f"another structure ({other}), noise {noise:g}"
            found[key] = summary(left_out(table, source, case, noise, method, False))
            say(f"  {key}: {line(found[key])}")
    found["advise"] = advised(table, case, method, 60)
    say(f"  advise: {found['advise']}")
    return found


def line(found: dict[str, float]) -> str:
    """Return figures in a line."""
    return (
        f"{found['lives']} lives, error {100 * found['median_error']:.1f} %, "
        f"band holds {100 * found['coverage']:.0f} %, or outside "
        f"{100 * found['covered_or_outside']:.0f} % (outside {100 * found['outside']:.0f} %), mode "
        f"right {100 * found['mode_right']:.0f} %; extrapolated "
        f"{100 * found['extrapolated_error']:.0f} %, {found['times_better']:.1f} times better"
    )


def say(text: str) -> None:
    """Tell a person."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the cases asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--lives", type=int, default=None, help="of a library")
    parser.add_argument("--draws", type=int, default=8, help="readings a life (16 as shipped)")
    parser.add_argument("--plain", action="store_true", help="no lives of another structure")
    parser.add_argument("--db", default="sqlite:///tracking.db", help="where lives are kept")
    parser.add_argument("--out", metavar="FILE", help="write the document there too")
    asked = parser.parse_args(arguments)
    with Store.open(asked.db) as store:
        document = {
            name: measure(store, name, asked.lives, asked.draws, asked.plain) for name in asked.case
        }
    text = json.dumps(document, indent=2)
    if asked.out:
        Path(asked.out).write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
