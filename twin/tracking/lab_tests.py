"""Tests that a laboratory can do: what each reads, and how long it takes (``lab_tests.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from twin.tracking.observables import Observable

CYCLE_S = Observable("cycle time", "time of a cycle", "s", ("t_end_s",), ("t_start_s",))
CURRENT = Observable("largest current", "largest current of a cycle", "A", ("current_max_A",))


@dataclass(frozen=True)
class LabTest:
    """One test.

    Attributes
    ----------
    id, words : str
        Its name, and what is done.
    hours : float
        What it takes [h].
    reads : tuple of Observable
        What it reads.
    cap : float
        What is read goes up to so many times the largest current of the cycle; 0 for no end.
    later : float
        It is done so much later, as a share of the cycles so far.
    """

    id: str
    words: str
    hours: float
    reads: tuple[Observable, ...]
    cap: float = 0.0
    later: float = 0.0


@cache
def lab_tests() -> dict[str, LabTest]:
    """Return every test by its name."""
    text = resources.files(__package__).joinpath("lab_tests.toml").read_text("utf-8")
    return {name: _test(name, of) for name, of in tomllib.loads(text).items()}


def _test(name: str, of: dict[str, Any]) -> LabTest:
    reads = tuple(
        Observable(
            f"{name} {number}",
            of["words"],
            "",
            tuple(one["columns"]),
            tuple(one.get("less", ())),
            noise=float(one["noise"]["value"]),
        )
        for number, one in enumerate(of["reads"], start=1)
    )
    numbers = {key: float(of[key]["value"]) for key in ("cap", "later") if key in of}
    return LabTest(name, of["words"], float(of["hours"]["value"]), reads, **numbers)


def lab_observables() -> list[Observable]:
    """Return what has to be read of lives so that tests can be scored."""
    return [CYCLE_S, CURRENT, *(of for test in lab_tests().values() for of in test.reads)]
