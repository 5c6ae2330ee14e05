"""Members of a forecast, on one worker and on two, usual and fast: what each costs.

A few members are lived first, so that all workers have started and have the build; then as many
as are counted. Both are the same members whoever lives them. So a member's processor seconds
are told apart from the workers' start, and what two workers make of them does not hang on the
machine's other work::

    efficiency = (processor seconds on one worker) / (processor seconds on two)

with scheduler and client among the second. ``n`` members on two free cores then take
``(start + n * member) / 2`` of two workers' processor seconds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.clock import Seconds, timed_family

CELL = "na-nzsp-nvp"
CYCLES = 1000
FIRST = 4
"""So many members are lived before those that are counted: of two, one worker might have both."""


def measure(members: int, ways: Sequence[str] = ("usual", "fast")) -> dict[str, Any]:
    """Live so many members in the usual way, and by machine code where ``llvmlite`` is there."""
    from twin.model.native import available

    found = {}
    for way in ways if available() else ["usual"]:
        found[way] = _both(members, fast=way == "fast")
    if len(found) > 1:
        pairs = list(zip(found["usual"]["lives"], found["fast"]["lives"], strict=True))
        found["fast"]["same_fate"] = sum(one[1] == two[1] for one, two in pairs) / len(pairs)
        found["fast"]["worst_life"] = max(abs(two[0] / one[0] - 1) for one, two in pairs)
    return found


def drawn(members: int, *, fast: bool = False) -> dict[str, Any]:
    """Return the design of a forecast."""
    from twin.scenario import Scenario
    from twin.studies import ensemble
    from twin.studies.forecast import DEFAULTS

    asked = DEFAULTS | {"seed": 1, "settle": None, "samples": members, "cycles": CYCLES}
    subject = ensemble.subject(Scenario.of(CELL, cycles=CYCLES, model=asked["model"]), asked)
    return ensemble.design(subject, asked | {"fast": fast})


def _both(members: int, *, fast: bool) -> dict[str, Any]:
    """Live the members in this process, and in two of their own."""
    design = drawn(FIRST + members, fast=fast)
    start, each, lives = {}, {}, {}
    with (
        tempfile.TemporaryDirectory() as kept,
        patch.dict(os.environ, {"TWIN_CACHE": kept}),  # a forecast's workers recall the build
    ):
        for workers in (1, 2):
            start[workers], each[workers], lives[workers] = _lived(design, workers, members)
    return {
        "cell": CELL,
        "members": members,
        "cycles": CYCLES,
        "start": {str(n): vars(s) for n, s in start.items()},
        "all": {str(n): vars(s) for n, s in each.items()},
        "member_cpu_s": each[1].cpu / members,
        "efficiency": each[1].cpu / each[2].cpu,
        "ratio": each[1].wall / each[2].wall,
        "same_lives": lives[1] == lives[2],
        "lives": lives[1],
    }


def _way(life: Any) -> str | None:
    return f"{life.mode}: {life.criterion}" if life.mode else None


def _lived(
    design: dict[str, Any], workers: int, members: int
) -> tuple[Seconds, Seconds, list[tuple[int, str | None]]]:
    """Return what the first members took with the workers' start, what the others, and ends."""
    from twin.store import Store
    from twin.studies import ensemble
    from twin.studies.registry import Going
    from twin.studies.runner import Lives, workers_for

    every = ensemble.variants(design)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'forecast.db'}"
        with Store.open(url) as store, timed_family() as clock:
            study = store.start_study(kind="forecast", cell_name=CELL, design=design)
            with (
                workers_for(store, workers, None) as hands,
                Lives(store, study, design, Going(1), hands) as lives,
            ):
                first = lives.live(every[:FIRST])
                start = clock()
                others = lives.live(every[FIRST : FIRST + members])
                rest = clock()
    ends = [(life.cycles, _way(life)) for life in (*first, *others)]
    return start, Seconds(rest.wall - start.wall, rest.cpu - start.cpu), ends
