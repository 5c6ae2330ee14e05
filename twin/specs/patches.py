"""A face in patches: how many, how large each is, and what differs from one to the next.

The patches of a face share one potential, not one current. What varies over the face follows a
rank ``u`` in (0, 1), the same for all quantities that vary: a patch of rank 0.1 is among the
tenth of the face with the least of each. With ``z`` the normal score of ``u``, a quantity of the
median ``m`` is in a patch::

    lognormal s     x = m exp(s z)              (s < 0: largest where the rank is lowest)
    weibull k       x = m (ln(1/(1-u)) / ln 2)^(1/k)

Kinds of patches: ``strata`` cut the ranks at ``(n/N)^1.5``, finer towards the low end, and each
stands for its share of the face by its weakest place (no seed, smooth in every number);
``random`` draws ``N`` patches of one size from a seed; ``map`` takes the factors of a measured
face as they are.
"""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit), which mypy cannot follow.
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from twin.specs.complaint import Complaint
from twin.specs.laws import Frozen, Number
from twin.specs.quantity import Q

MOST = 128
"""So many patches a face at most: 512 took nine minutes to build."""
_POWER = 1.5


def _assumed(value: Any, note: str) -> Any:
    return Field(default={"value": value, "status": "assumed", "note": note})


def _dotted(table: Any) -> Any:
    """Return a table of dotted keys, which may be given as tables in tables."""
    if not isinstance(table, Mapping):
        return table
    found: dict[str, Any] = {}
    for key, value in table.items():
        inner = _dotted(value)
        if isinstance(inner, Mapping):
            found |= {f"{key}.{below}": text for below, text in inner.items()}
        else:
            found[key] = value
    return found


class Patches(Frozen):
    """The patches of one metal face; without them, or with one, it is taken by its mean."""

    count: Annotated[int, Field(strict=True, ge=1, le=MOST)] = 10
    """How many."""
    kind: Literal["strata", "random", "map"] = "strata"
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    """Of ``random`` patches."""
    vary: Annotated[dict[str, str], BeforeValidator(_dotted)] = Field(default_factory=dict)
    """What varies over the face: keys of the cell with ``"lognormal s"`` or ``"weibull k"``, e.g.
    ``"modes.pressure.voids.refill_current" = "lognormal 0.3"``."""
    factors: tuple[Annotated[Number, Field(gt=0)], ...] = ()
    """Of a ``map``: each patch's value over the median, for every key of ``vary``."""
    weights: tuple[Annotated[Number, Field(gt=0)], ...] = ()
    """Of a ``map``: each patch's area, in any unit; equal if not given."""
    separator_share: Q("", ge=0, le=1) = _assumed(
        0.0, "one potential at the face; 1 gives each patch a column of electrolyte of its own"
    )
    """How much of the separator's resistance carries a patch's own current, not the mean."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for key, text in self.vary.items():
            _law(key, text)
        if self.kind == "map":
            if len(self.factors) != self.count:
                raise Complaint(
                    f"{self.count} patches and {len(self.factors)} factors",
                    fix="give one factor a patch",
                    keys=("factors",),
                )
            if self.weights and len(self.weights) != self.count:
                raise Complaint(
                    f"{self.count} patches and {len(self.weights)} weights",
                    fix="give one weight a patch, or none",
                    keys=("weights",),
                )
        elif self.factors or self.weights:
            raise Complaint(
                f"factors and weights are a map's, not of {self.kind}",
                fix='write kind = "map", or leave them out',
                keys=("factors",) if self.factors else ("weights",),
            )
        return self


def _law(key: str, text: str) -> tuple[str, float]:
    words = text.split()
    try:
        kind, number = words[0], float(words[1])
    except (IndexError, ValueError):
        kind, number = "", math.nan
    fine = len(words) == 2 and math.isfinite(number)
    if kind == "lognormal" and fine and abs(number) <= 5:
        return kind, number
    if kind == "weibull" and fine and 0.5 <= number <= 1000:
        return kind, number
    raise Complaint(
        f"{text!r} is no spread over a face",
        fix='write "lognormal 0.3" (up to 5), or "weibull 10" (0.5 to 1000)',
        keys=(f"vary.{key}",),
    )


@dataclass(frozen=True)
class Divided:
    """A face divided: each patch's share of it, and its rank.

    ``weights`` add up to 1; ``ranks`` are in (0, 1).
    """

    patches: Patches
    weights: tuple[float, ...]
    ranks: tuple[float, ...]

    @property
    def edges(self) -> list[float]:
        """Where the patches' shares end, from 0 to 1."""
        found = [0.0]
        for weight in self.weights[:-1]:
            found.append(found[-1] + weight)
        return [*found, 1.0]

    def factors(self, key: str) -> list[float] | None:
        """Return a quantity's value over its median in each patch; None if it is one for all."""
        text = self.patches.vary.get(key)
        if text is None:
            return None
        if self.patches.kind == "map":
            return list(self.patches.factors)
        from scipy.stats import norm

        kind, number = _law(key, text)
        if kind == "lognormal":
            return [math.exp(number * float(norm.ppf(u))) for u in self.ranks]
        return [(math.log(1 / (1 - u)) / math.log(2)) ** (1 / number) for u in self.ranks]


def divided(patches: Patches) -> Divided:
    """Return a face's patches with their shares and ranks."""
    n = patches.count
    if patches.kind == "strata":
        edges = [(k / n) ** _POWER for k in range(n + 1)]
        weights = [high - low for low, high in pairwise(edges)]
        # Of what a face bears, max x (1 - F(x)), the weakest of each stratum leaves an error of
        # the second order; the middle one of the first.
        ranks = [edges[1] / 2, *edges[1:-1]]
        return Divided(patches, tuple(weights), tuple(ranks))
    if patches.kind == "random":
        import numpy as np

        drawn = np.sort(np.random.Generator(np.random.PCG64(patches.seed)).random(n))
        clipped = np.clip(drawn, 1e-9, 1 - 1e-9)
        return Divided(patches, (1 / n,) * n, tuple(float(u) for u in clipped))
    areas = patches.weights or (1.0,) * n
    return Divided(patches, tuple(a / math.fsum(areas) for a in areas), (0.5,) * n)
