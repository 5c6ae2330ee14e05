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
face as they are, or reads them from a file (:mod:`twin.specs.face_reading`). To a map what varies
follows by a power ``p`` of its factor ``x``::

    map p           x_k = m x^p         (1 if not given; -1: largest where the factor is least)
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
from twin.specs.face_map import FaceMap
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
    dotted: dict[str, Any] = {}
    for key, value in table.items():
        inner = _dotted(value)
        if isinstance(inner, Mapping):
            dotted |= {f"{key}.{below}": text for below, text in inner.items()}
        else:
            dotted[key] = value
    return dotted


class Patches(Frozen):
    """The patches of one metal face; without them, or with one, it is taken by its mean."""

    count: Annotated[int, Field(strict=True, ge=1, le=MOST)] = 10
    """How many; of a map from a file, how many at most."""
    kind: Literal["strata", "random", "map"] = "strata"
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    """Of ``random`` patches."""
    vary: Annotated[dict[str, str], BeforeValidator(_dotted)] = Field(default_factory=dict)
    """What varies over the face: keys of the cell with ``"lognormal s"``, ``"weibull k"`` or, of a
    ``map``, ``"map"`` (``"map -1"``: by the inverse of its factors), e.g.
    ``"modes.pressure.voids.refill_current" = "lognormal 0.3"``."""
    factors: tuple[Annotated[Number, Field(gt=0)], ...] = ()
    """Of a ``map``: each patch's value over the median, for every key of ``vary``."""
    weights: tuple[Annotated[Number, Field(gt=0)], ...] = ()
    """Of a ``map``: each patch's area, in any unit; equal if not given."""
    map: FaceMap | None = None
    """Of a ``map``: the file of a measured face, in place of ``factors`` and ``weights``."""
    exchange: Literal["none", "electrolyte"] = "none"
    """Whether the patches of a map from a file share current through the electrolyte between
    them, by Laplace's equation in the pellet; ``separator_share`` has no say then."""
    separator_share: Q("", ge=0, le=1) = _assumed(
        0.0, "one potential at the face; 1 gives each patch a column of electrolyte of its own"
    )
    """How much of the separator's resistance carries a patch's own current, not the mean."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for key, text in self.vary.items():
            _law(key, text, self.kind == "map")
        if self.kind != "map":
            self._check_no_map()
        elif self.map is not None:
            self._check_file(self.map)
        else:
            self._check_factors()
        if self.exchange != "none" and self.map is None:
            raise Complaint(
                "only patches of a map from a file have neighbours",
                fix='write exchange = "none", or give a map with its file',
                keys=("exchange",),
            )
        if self.exchange != "none" and self.separator_share.si > 0:
            raise Complaint(
                "what share of the separator is a patch's own follows from the exchange",
                fix="leave separator_share or exchange out",
                keys=("separator_share", "exchange"),
            )
        return self

    def _check_no_map(self) -> None:
        given = [key for key in ("factors", "weights", "map") if getattr(self, key)]
        if given:
            raise Complaint(
                f"{' and '.join(given)}: a map's, not of {self.kind}",
                fix='write kind = "map", or leave them out',
                keys=(given[0],),
            )

    def _check_factors(self) -> None:
        if len(self.factors) != self.count:
            raise Complaint(
                f"{self.count} patches and {len(self.factors)} factors",
                fix="give one factor a patch, or a map with its file",
                keys=("factors",),
            )
        if self.weights and len(self.weights) != self.count:
            raise Complaint(
                f"{self.count} patches and {len(self.weights)} weights",
                fix="give one weight a patch, or none",
                keys=("weights",),
            )

    def _check_file(self, file: FaceMap) -> None:
        if self.factors or self.weights:
            raise Complaint(
                "factors and weights are in the map's file",
                fix="leave out the file, or factors and weights",
                keys=("factors",) if self.factors else ("weights",),
            )
        if len(file.blocks) != self.count or self.count < 2:
            raise Complaint(
                f"{self.count} patches, and a map in {len(file.blocks)} blocks",
                fix="give count (2 or more) where the file is named, so that it is read anew",
                keys=("count",),
            )
        if file.means == "lost contact" and self.vary:
            raise Complaint(
                "a map of lost contact has no factors for what varies",
                fix='take vary out, or write means = "factor"',
                keys=("vary",),
            )
        if file.means == "factor" and not self.vary:
            raise Complaint(
                "nothing varies by the map",
                fix='name a number in vary, with "map"',
                keys=("map",),
            )


def _law(key: str, text: str, of_map: bool) -> tuple[str, float]:
    words = text.split()
    if of_map and words == ["map"]:
        return "map", 1.0
    try:
        kind, number = words[0], float(words[1])
    except (IndexError, ValueError):
        kind, number = "", math.nan
    fine = len(words) == 2 and math.isfinite(number)
    if of_map:
        if kind == "map" and fine and abs(number) <= 5:
            return kind, number
        raise Complaint(
            f"{text!r} is not how a number follows a map",
            fix='write "map", or "map -1" for its inverse (up to 5)',
            keys=(f"vary.{key}",),
        )
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
        places = [0.0]
        for weight in self.weights[:-1]:
            places.append(places[-1] + weight)
        return [*places, 1.0]

    @property
    def sound(self) -> tuple[float, ...] | None:
        """Each patch's share that can touch, by a map of lost contact; None without one."""
        file = self.patches.map
        if file is None or file.means != "lost contact":
            return None
        return tuple(1 - lost for lost in file.values)

    def factors(self, key: str) -> list[float] | None:
        """Return a quantity's value over its median in each patch; None if it is one for all."""
        text = self.patches.vary.get(key)
        if text is None:
            return None
        kind, number = _law(key, text, self.patches.kind == "map")
        if kind == "map":
            own = self.patches
            return [x**number for x in (own.map.values if own.map else own.factors)]
        from scipy.special import ndtri

        if kind == "lognormal":
            return [math.exp(number * float(ndtri(u))) for u in self.ranks]
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
    areas = patches.map.weights if patches.map else patches.weights or (1.0,) * n
    return Divided(patches, tuple(a / math.fsum(areas) for a in areas), (0.5,) * n)
