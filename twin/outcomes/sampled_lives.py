"""A band for a verdict, quickly: a few cells of the kind, drawn as a forecast draws them, lived.

A life does not follow its numbers in a straight line: below some refill voids outrun it, with a
longer flaw the first cycle kills. Slopes at the values given see none of that, so a verdict's
band is that of lives. The least and the greatest of ``n`` independent ones hold the next with
probability ``(n - 1)/(n + 1)``: 0.88 for the 16 that are drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import plan_of
from twin.outcomes.ignorance import with_ignorance
from twin.scenario import Scenario
from twin.specs.protocol import Protocol
from twin.studies import ensemble
from twin.studies.base import base_of, modes_of
from twin.studies.forecast import DEFAULTS
from twin.studies.sensitivity import DOUBTFUL, STEP, Step
from twin.studies.sensitivity_kept import SAMPLES_FOLDER, keep
from twin.studies.trial_lives import trial_lives

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.specs.schema import CellSpec

MEMBERS = 16
"""A power of two, which a Sobol sequence spreads evenly."""
SEED = 1
"""Of the draw; so that the same cell has the same band everywhere."""


@dataclass(frozen=True)
class Drawn:
    """One cell of the kind: a trial life's label, and its numbers."""

    label: str
    change: Mapping[str, Any]


def sampled_lives(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int | None = None,
    members: int = MEMBERS,
    progress: Callable[[float, str], None] | None = None,
    **asked: Any,
) -> dict[str, Any]:
    """Live a few cells of a kind, drawn from the spreads of its numbers, and remember it.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    cycles : int
        How far each is followed; 1000 by default.
    members : int
        How many are drawn.
    progress : callable, optional
        Told the share done and what is being lived.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model`` (``"spm"``
        by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Returns
    -------
    dict
        ``lives``: ``[{life_cycles, died_of}, …]``, the shortest first; ``died_of`` is None for
        one that outlives ``cycles``. ``lost``: how many could not be followed.
        ``drawn`` and ``assumed``: how many of the numbers drawn the cell's model uses, and how
        many of these are assumed, unverified or unstated.

    Raises
    ------
    InputError
        For input that cannot be used; and if nothing in the cell has a spread.
    """
    wanted = Scenario.of(cell, **{"cycles": cycles, **asked}).filled(DEFAULTS)
    own = wanted.resolve()
    spread = with_ignorance(wanted.cell, wanted.overlays, wanted.overrides)
    sample = {name: getattr(wanted, name) for name in ("cycles", "model", "rtol", "atol")}
    sample |= {"samples": members, "seed": SEED, "method": DEFAULTS["method"], "settle": None}
    if progress is not None:
        progress(0.0, "what is drawn")
    design = ensemble.design(ensemble.subject(replace(wanted, overrides=spread), sample), sample)
    cells = [Drawn(f"cell {one.name}", dict(one.changes)) for one in ensemble.variants(design)]
    lives = list(trial_lives(design, cells, len(cells), progress, first=False))
    known = sorted((died is None, life, died) for life, died in lives if not math.isnan(life))
    drawn = _used(design)
    document = {
        "lives": [
            {"life_cycles": life if died else None, "died_of": died} for _, life, died in known
        ],
        "lost": len(lives) - len(known),
        "drawn": len(drawn),
        "assumed": sum(status in DOUBTFUL for status in drawn.values()),
        **{key: design[key] for key in ("protocol", "modes", "cycles")},
    }
    keep(own.spec, document, SAMPLES_FOLDER)
    return document


def _used(design: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the statuses, by key, of the numbers drawn that the cell's model looks at."""
    from twin.engine.unused_parameters import unused_numbers
    from twin.specs.dump import with_values

    spec, rules = base_of(design), Protocol.from_data(design["protocol"])
    _, items = ensemble.spec_of(design)
    steps: Sequence[Step] = [Step(item.key, item.quantity, STEP) for item in items]
    unused = unused_numbers(
        spec,
        modes_of(design),
        design["model"],
        steps,
        lambda texts: with_values(spec, texts),
        lambda one: plan_of(rules, one),
    )
    return {step.key: step.quantity.status for step in steps if step not in unused}


__all__ = ["sampled_lives"]
