"""What a cell's life hangs on: one-at-a-time sensitivity to the numbers nobody measured."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import plan_of
from twin.errors import InputError, TwinError
from twin.scenario import Scenario
from twin.studies.base import base_of, modes_of, study_design
from twin.studies.ends import at_ends
from twin.studies.sensitivity_kept import keep
from twin.studies.trial_lives import life_cycles, trial_lives
from twin.studies.turning import turned, worth_trying

if TYPE_CHECKING:
    import numpy as np

    from twin.specs.overrides import Overrides
    from twin.specs.quantity import Quantity
    from twin.specs.schema import CellSpec

DOUBTFUL = ("assumed", "unverified", None)
"""Statuses that rest on nothing that was read; None is unstated."""
STEP = 1.2
"""A number is raised by this factor: far above a jump's error, near enough to be linear."""
DRIVES = 0.2
"""A number drives the answer if life follows it with at least this exponent."""
MODEL = "spm"


@dataclass(frozen=True)
class Step:
    """A doubtful number and the value it is put to."""

    key: str
    quantity: Quantity
    factor: float

    @property
    def label(self) -> str:
        """What the life is called."""
        return self.key

    def value(self, u: np.ndarray) -> np.ndarray:
        """Return the value tried, wherever on (0, 1)."""
        return 0 * u + self.factor * self.quantity.si

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""
        return f"{value!r} {self.quantity.unit}".strip()

    @property
    def change(self) -> dict[str, Any]:
        """The override that takes the step."""
        return {self.key: self.text(self.factor * self.quantity.si)}


def sensitivity(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int = 1000,
    protocol: str | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Return how a cell's life follows each of its doubtful numbers, and remember it.

    Each number that is assumed, unverified or unstated is raised by a fifth, alone, and
    the cell's life is followed anew (SPM, all modes, by cycle jump):
    ``exponent = ln(life'/life)/ln(1.2)``. What cannot be raised (a share of 1) is lowered.
    It says what life hangs on near the values given, nothing of numbers acting together.
    Numbers at zero and limits are left out and counted; so are those that the cell's own
    model has no use for (:mod:`twin.engine.unused_parameters`), which cannot matter.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    cycles : int
        The horizon: a cell that lives longer is extrapolated (:func:`life_cycles`).
    protocol : str, optional
        The protocol; the cell's own by default.
    overlays, overrides
        As in :func:`twin.load_cell`.
    progress : callable, optional
        Told the share done and what is being done.

    Returns
    -------
    dict
        ``life_cycles`` (None if nothing wears the cell out), ``died_of``, ``cycles``,
        ``protocol``, ``step``, ``left_out``, ``idle``, ``wall_s`` and ``numbers``:
        ``[{key, value, status, life_cycles, exponent, died_of}, …]``, the strongest first;
        ``exponent`` is None where one of the two lives has no end. ``turns`` are the numbers
        that turn the verdict at either end of their spread (:mod:`twin.studies.turning`):
        ``[{key, status, low, high}, …]``, both ends ``{value, life_cycles, died_of}``. ``ends``
        are the lives where no data decide (:func:`twin.verdict_ends`).

    Raises
    ------
    InputError
        If the cell's life cannot be judged.
    """
    from twin.specs.dump import iter_quantities

    if cycles < 3:
        raise InputError(
            "a life cannot be judged by so few cycles", key="cycles", fix="use 3 or more"
        )
    began = time.perf_counter()
    wanted = Scenario.of(cell, overlays=overlays, overrides=overrides, protocol=protocol)
    spec, _ = wanted.cell_and_modes()
    if progress is not None:
        progress(0.0, f"which of its numbers {spec.name} uses")
    design = study_design(Scenario.of(wanted, model=MODEL), cycles)
    doubtful = [(k, q) for k, q in iter_quantities(spec) if q.status in DOUBTFUL]
    steps = [s for k, q in doubtful if (s := _step(spec, k, q)) is not None]
    unused, free, rebuilt = _sorted_out(design, steps)
    design |= {"inputs": [s.key for s in free], "rebuilt": [s.key for s in rebuilt]}
    lives = trial_lives(design, [*free, *rebuilt], len(free), progress)
    base, died = next(lives)
    if math.isnan(base):
        raise InputError(
            f"the life of {spec.name} cannot be judged: the solver could not go on",
            fix=f"see where: twin life {shlex.quote(spec.name)} --model {MODEL}",
        )
    numbers = [
        _number(step, base, life, of)
        for step, (life, of) in zip([*free, *rebuilt], lives, strict=True)
        if not math.isnan(life)
    ]
    numbers.sort(key=lambda n: -math.inf if n["exponent"] is None else -abs(n["exponent"]))
    document = {
        "cell": spec.name,
        "protocol": protocol or spec.protocol,
        "cycles": cycles,
        "step": STEP,
        "life_cycles": _finite(base),
        "died_of": died,
        "left_out": len(doubtful) - len(unused) - len(numbers),
        "idle": len(unused),
        "numbers": numbers,
        "turns": _turns(design, numbers, dict(doubtful), {s.key for s in free}),
        "ends": at_ends(design),
    }
    document["wall_s"] = time.perf_counter() - began
    keep(spec, document)
    return document


def drivers(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the doubtful numbers that life hangs on."""
    return [n for n in document["numbers"] if n["exponent"] is None or abs(n["exponent"]) >= DRIVES]


def _turns(
    design: Mapping[str, Any],
    numbers: Sequence[Mapping[str, Any]],
    quantities: Mapping[str, Quantity],
    free: Collection[str],
) -> list[dict[str, Any]]:
    """Return the numbers that turn the verdict, lived at both ends of their spread."""
    ends = sorted(worth_trying(numbers, quantities), key=lambda end: end.key not in free)
    if not ends:
        return []
    lives = trial_lives(design, ends, sum(end.key in free for end in ends), None)
    next(lives)  # the cell as it is
    return turned(ends, lives)


def _number(step: Step, base: float, life: float, died: str | None) -> dict[str, Any]:
    if math.isinf(base) and math.isinf(life):
        exponent: float | None = 0.0
    elif math.isfinite(base) and math.isfinite(life):
        exponent = math.log(life / base) / math.log(step.factor)
    else:
        exponent = None
    return {
        "key": step.key,
        "value": step.quantity.text,
        "status": step.quantity.status or "unstated",
        "life_cycles": _finite(life),
        "exponent": exponent,
        "died_of": died,
    }


def _finite(life: float) -> float | None:
    return life if math.isfinite(life) else None


def _step(spec: CellSpec, key: str, quantity: Quantity) -> Step | None:
    """Return the step to try with a number, None if it cannot be varied."""
    from twin.specs.dump import with_values

    if not quantity.si or quantity.unit == "K" or _a_limit(key):
        return None
    for factor in (STEP, 1 / STEP):
        step = Step(key, quantity, factor)
        try:
            with_values(spec, step.change)
        except TwinError:
            continue  # a share beyond 1, say
        return step
    return None


def _sorted_out(
    design: Mapping[str, Any], steps: Sequence[Step]
) -> tuple[list[Step], list[Step], list[Step]]:
    """Return the numbers that cannot matter, the inputs of one build, and the others."""
    from twin.engine.simulator import split
    from twin.engine.unused_parameters import unused_numbers
    from twin.specs.dump import with_values
    from twin.specs.protocol import Protocol

    spec, modes = base_of(design), modes_of(design)
    rules = Protocol.from_data(design["protocol"])

    made: dict[Any, Any] = {}

    def changed(texts: Mapping[str, Any]) -> Any:
        # Each is asked for more than once, and takes longer to make than to look at.
        key = tuple(texts.items())
        if key not in made:
            made[key] = with_values(spec, texts)
        return made[key]

    unused = unused_numbers(
        spec, modes, design["model"], steps, changed, lambda s: plan_of(rules, s)
    )
    rest = [step for step in steps if step not in unused]
    return unused, *split(spec, modes, design["model"], rest, changed)


def _a_limit(key: str) -> bool:
    """Whether a number is a limit set by whoever asks, no property of the cell."""
    return key.startswith(("window.", "end_of_life.")) or key.endswith("_limit")


__all__ = ["drivers", "life_cycles", "sensitivity"]
