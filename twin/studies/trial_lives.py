"""Lives of a cell with one thing changed at a time, lived in memory and not kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from twin.studies.base import base_of, modes_of
from twin.studies.life_record import Lived
from twin.studies.registry import Going
from twin.studies.runner import MEMORY, Lives, Variant

BEYOND = 100.0
"""A margin that would last so many horizons is taken not to run out."""


class Trial(Protocol):
    """What is changed for a life: its name, and the values by key."""

    @property
    def label(self) -> str:
        """What the life is called."""

    @property
    def change(self) -> Mapping[str, Any]:
        """The values, as a cell file would give them."""


def life_cycles(
    rows: Sequence[Mapping[str, Any]],
    lived: Lived,
    fatal: Collection[str],
    horizon: int,
) -> float:
    """Return a life [cycles], not whole: to the death, or to when a margin would run out.

    A cell that lives is extrapolated: with margin ``m_1`` after cycle ``n_1`` (the second) and
    ``m_N`` after the last, life is ``N + m_N (N - n_1)/(m_1 - m_N)``, the least of all
    ``fatal`` criteria (``"mode: what"``) that decline. Infinite where none does, or where
    it would take more than a hundred horizons.

    Parameters
    ----------
    rows : sequence of mapping
        Its simulated cycles, in order.
    lived : Lived
        How it ended.
    fatal : collection of str
        The criteria that end a life.
    horizon : int
        How many cycles it was followed for.
    """
    from twin.search.projected import projected_life

    if lived.dead:
        return projected_life(rows, True, lived.cycles)
    whole = [row for row in rows if row.get("complete", True)]
    if not lived.known or len(whole) < 3:
        return math.nan
    first, last = whole[1], whole[-1]
    span = last["cycle"] - first["cycle"]
    lives = [
        last["cycle"] + left * span / (first["margins"][name] - left)
        for name, left in last["margins"].items()
        if name in fatal and first["margins"].get(name, 0.0) - left > 1e-9
    ]
    life = min(lives, default=math.inf)
    return life if life < BEYOND * horizon else math.inf


def trial_lives(
    design: Mapping[str, Any],
    steps: Sequence[Trial],
    free: int,
    progress: Callable[[float, str], None] | None,
    first: bool = True,
) -> Iterator[tuple[float, str | None]]:
    """Yield the life of the cell as it is, and after each step; and what ended it.

    Parameters
    ----------
    design : mapping
        The study's design.
    steps : sequence of Trial
        What is changed, those that share the first build at the beginning.
    free : int
        How many those are.
    progress : callable, optional
        Told the share done and what is being lived.
    first : bool
        Whether the cell as it is comes first.
    """
    from twin.store import Store

    store = Store.open(MEMORY)
    try:
        study = store.start_study(kind="evidence", cell_name=design["cell_name"], design=design)
        fatal = _fatal(design)
        with Lives(store, study, design, Going(workers=1)) as lives:
            pace = Pace(free, len(steps) - free)
            for number, step in enumerate(((None,) if first else ()) + tuple(steps)):
                if progress is not None and step is not None:
                    progress(pace.share() if number else 0.0, step.label)
                variant = Variant(step.label, step.change) if step else Variant("as it is")
                with pace:
                    (lived,) = lives.live([variant])
                rows = store.cycles(lived.run)
                yield life_cycles(rows, lived, fatal, design["cycles"]), _cause(lived)
                store.delete_run(lived.run)
    finally:
        store.close()


def _cause(lived: Lived) -> str | None:
    return f"{lived.mode}: {lived.criterion}" if lived.dead else None


def _fatal(design: Mapping[str, Any]) -> set[str]:
    """Return the names of the criteria that end a life."""
    from twin.engine import criteria
    from twin.modes.context import CellContext

    watched = criteria.gather(CellContext(base_of(design)), modes_of(design))
    every_cycle = {f"{criteria.CORE}: {what}" for what in criteria.OF_CYCLES}
    return every_cycle | {w.label for w in watched if w.criterion.severity == "fatal"}


class Pace:
    """How far a table of lives is, when some of them need a build of their own.

    A life with a build takes ``w`` times one without, as the first one shows, which has
    to be built, beside the later ones.
    """

    def __init__(self, free: int, built: int):
        self.left = [free, built + 1]
        self.spent: list[list[float]] = [[], []]
        self._began = 0.0

    def __enter__(self) -> Pace:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *gone: object) -> None:
        # The first needs a build, then come those that do not, then those that do.
        kind = 1 if not self.spent[1] or not self.left[0] else 0
        self.spent[kind].append(time.perf_counter() - self._began)
        self.left[kind] -= 1

    def share(self) -> float:
        """Return the share of the work that is done."""
        done = sum(map(sum, self.spent))
        means = [sum(one) / len(one) if one else math.nan for one in self.spent]
        means[0] = means[1] if math.isnan(means[0]) else means[0]
        todo = sum(n * mean for n, mean in zip(self.left, means, strict=True))
        return done / (done + todo) if done + todo > 0 else 1.0
