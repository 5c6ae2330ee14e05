"""The most that each whole-number option may ask for: what can be computed, held and stored."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from typer.models import ParameterInfo

CYCLES = 1_000_000
"""At some hundred bytes a row, as many as a database should hold of one run."""
LIVES = 100_000
"""A study's members are drawn at once and kept with it."""
PROCESSES = 1024
SEED = 2**63 - 1
"""The largest whole number that a database stores."""
OTHERS = 1_000_000

MOST = {
    "cycles": CYCLES,
    "from_cycle": CYCLES,
    "cycle": CYCLES,
    "before": CYCLES,
    "series_every": CYCLES,
    "samples": LIVES,
    "most": LIVES,
    "workers": PROCESSES,
    "jobs": PROCESSES,
    "points": 10_000,
    "repeats": 10_000,
    "seed": SEED,
}
"""By the name of the parameter; any other may be up to ``OTHERS``."""


def bound(name: str, annotation: Any) -> None:
    """Give a whole-number option its upper bound, unless it has one."""
    wanted, *about = get_args(annotation)
    info = next((item for item in about if isinstance(item, ParameterInfo)), None)
    if info is not None and _is_whole_number(wanted) and info.max is None:
        info.max = MOST.get(name, OTHERS)


def _is_whole_number(wanted: Any) -> bool:
    parts = get_args(wanted) if get_origin(wanted) is not list else ()
    return wanted is int or any(part is int or get_args(part) == (int,) for part in parts)
