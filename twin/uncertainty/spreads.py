"""From spreads in a cell to samples of its numbers.

A quantity's value is its median; ``u`` is a point of (0, 1) and ``z`` its normal score::

    normal SD       x = m + SD z
    lognormal s     x = m exp(s z)
    weibull k       x = m (ln(1/(1-u)) / ln 2)^(1/k)
    uniform a b     x = a + (b - a) u

The points are a scrambled Sobol sequence, which can be lengthened without changing what
has been drawn, or a Latin hypercube, which cannot; both come from the stored seed alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.specs.naming import walk_quantities
from twin.specs.quantity import Quantity

METHODS = ("sobol", "lhs")
# Neither end of a distribution: an infinite draw is no draw.
_EDGE = 1e-9


@dataclass(frozen=True)
class Uncertain:
    """A quantity with a spread, under its dotted key."""

    key: str
    quantity: Quantity

    @property
    def aleatory(self) -> bool:
        """Whether one cell differs from the next in it (rather than nobody knowing it)."""
        return self.quantity.spread_kind == "aleatory"

    def value(self, u: np.ndarray) -> np.ndarray:
        """Return the values at points ``u`` of (0, 1), in the quantity's SI unit."""
        assert self.quantity.spread is not None
        kind, *words = self.quantity.spread.split()
        numbers = [float(word.rstrip("%")) * (0.01 if "%" in word else 1) for word in words]
        median, u = self.quantity.si, np.clip(u, _EDGE, 1 - _EDGE)
        from scipy.special import ndtri  # a tenth of a second: no run that draws nothing waits

        if kind == "normal":
            value: np.ndarray = median + numbers[0] * ndtri(u)
            return value
        if kind == "lognormal":
            value = median * np.exp(numbers[0] * ndtri(u))
            return value
        if kind == "weibull":
            value = median * (np.log(1 / (1 - u)) / np.log(2)) ** (1 / numbers[0])
            return value
        return numbers[0] + (numbers[1] - numbers[0]) * u

    def text(self, value: float) -> Any:
        """Return a value as a cell file would give it."""
        unit = self.quantity.unit
        return f"{float(value)!r} {unit}" if unit else float(value)


def uncertain(spec: Any, modes: Iterable[str]) -> list[Uncertain]:
    """Return what is uncertain in a cell: every quantity with a spread.

    Raises
    ------
    InputError
        If nothing is: then there is nothing to forecast.
    """
    chosen = tuple(f"modes.{mode}." for mode in modes)
    numbers = [
        Uncertain(key, q)
        for key, q in walk_quantities(spec)
        if q.spread and (not key.startswith("modes.") or key.startswith(chosen))
    ]
    if not numbers:
        raise InputError(
            f"nothing in {spec.name} has a spread, so every member would be the same",
            fix='give one: value = "5 MPa", spread = "normal 2e5" (docs/cells.md)',
        )
    return sorted(numbers, key=lambda item: item.key)


def points(count: int, dimensions: int, seed: int, method: str = "sobol") -> np.ndarray:
    """Return the first ``count`` points of the unit cube for a seed."""
    if method not in METHODS:
        raise InputError(
            f"there is no sampling {method!r}", key="method", fix=f"one of {', '.join(METHODS)}"
        )
    from scipy.stats import qmc  # as long to import as all that a run needs of SciPy

    if method == "lhs":
        value: np.ndarray = qmc.LatinHypercube(dimensions, rng=seed).random(count)
        return value
    power = int(np.ceil(np.log2(max(count, 2))))
    value = qmc.Sobol(dimensions, rng=seed).random_base2(power)[:count]
    return value
