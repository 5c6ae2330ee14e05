"""Tolerances as they stand in a case's table, and what they let pass.

======================  ===================================================
``"+-15 %"``            within 15 % of the measured value
``"+-0.01"``            within 0.01 of it, in its own unit
``"x/ 1.5"``            within a factor of 1.5 of it, either way
``"loss x/ 1.5"``        the loss, 100 % less the value, within a factor of it
``">= 0.95"``           at least; ``"> 0"`` more than
``"<= 70"``             at most; ``"< 1"`` less than
``"1 .. 10"``           between the two
``"exact"``             the same word, or the same number to 1e-9
``"A and B"``           what both let pass
======================  ===================================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from twin.specs.complaint import Complaint

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_FORMS = {
    "relative": re.compile(rf"(?:\+-|±)\s*{_NUMBER}\s*%"),
    "absolute": re.compile(rf"(?:\+-|±)\s*{_NUMBER}"),
    "factor": re.compile(rf"(?:x/|×÷|×/÷)\s*{_NUMBER}"),
    "loss": re.compile(rf"loss\s*(?:x/|×÷|×/÷)\s*{_NUMBER}"),
    "bound": re.compile(rf"(>=|<=|>|<)\s*{_NUMBER}"),
    "range": re.compile(rf"{_NUMBER}\s*\.\.\s*{_NUMBER}"),
    "exact": re.compile(r"exact"),
}
_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda x, y: x >= y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    "<": lambda x, y: x < y,
}

Value = float | str


@dataclass(frozen=True)
class Tolerance:
    """A tolerance: how it was written, what sort it is, its numbers."""

    text: str
    sort: str
    numbers: tuple[str, ...]
    also: Tolerance | None = None
    """Another that has to let it pass too."""

    @property
    def needs_measured(self) -> bool:
        """Whether it is about a measured value (and not a bound of its own)."""
        own = self.sort in ("relative", "absolute", "factor", "loss", "exact")
        return own or (self.also is not None and self.also.needs_measured)

    def interval(self, measured: Value | None) -> tuple[float, float]:
        """Return the ends of the numbers that pass; infinite where it sets none."""
        low, high = self._interval(measured)
        if self.also is not None:
            least, most = self.also.interval(measured)
            low, high = max(low, least), min(high, most)
        return low, high

    def _interval(self, measured: Value | None) -> tuple[float, float]:
        if self.sort == "bound":
            limit = float(self.numbers[1])
            return (limit, math.inf) if self.numbers[0].startswith(">") else (-math.inf, limit)
        if self.sort == "range":
            low, high = map(float, self.numbers)
            return low, high
        if not isinstance(measured, float):
            return -math.inf, math.inf
        if self.sort == "exact":
            return measured, measured
        number = float(self.numbers[0])
        if self.sort in ("relative", "absolute"):
            half = number if self.sort == "absolute" else number / 100 * abs(measured)
            return measured - half, measured + half
        if self.sort == "loss":
            return 100 - number * (100 - measured), 100 - (100 - measured) / number
        ends = sorted((measured / number, measured * number))
        return ends[0], ends[1]

    def allows(self, simulated: Value, measured: Value | None) -> bool:
        """Return whether a simulated value passes."""
        others = self.also is None or self.also.allows(simulated, measured)
        return others and self._allows(simulated, measured)

    def _allows(self, simulated: Value, measured: Value | None) -> bool:
        if self.sort == "exact" and (isinstance(simulated, str) or isinstance(measured, str)):
            return simulated == measured
        if isinstance(simulated, str):
            return False
        if not math.isfinite(simulated):
            return False
        if self.sort == "bound":
            return _BOUNDS[self.numbers[0]](simulated, float(self.numbers[1]))
        if self.sort == "range":
            low, high = map(float, self.numbers)
            return low <= simulated <= high
        if not isinstance(measured, float):
            return False
        if self.sort == "relative":
            return abs(simulated - measured) <= float(self.numbers[0]) / 100 * abs(measured)
        if self.sort == "absolute":
            return abs(simulated - measured) <= float(self.numbers[0])
        if self.sort in ("factor", "loss"):
            if self.sort == "loss":
                simulated, measured = 100 - simulated, 100 - measured
            ratio = simulated / measured if measured else math.inf
            return 1 / float(self.numbers[0]) <= ratio <= float(self.numbers[0])
        return abs(simulated - measured) <= 1e-9 * max(abs(measured), 1.0)


def parse_tolerance(text: str) -> Tolerance:
    """Read a tolerance.

    Raises
    ------
    Complaint
        If the text is none of the forms above.
    """
    first, _, rest = text.partition(" and ")
    for sort, form in _FORMS.items():
        match = form.fullmatch(first.strip())
        if match is not None:
            also = parse_tolerance(rest) if rest else None
            return Tolerance(text.strip(), sort, match.groups(), also)
    raise Complaint(
        f"{text!r} is no tolerance",
        fix='write it like "+-15 %", "+-0.01", "x/ 1.5", ">= 0.95", "1 .. 10" or "exact"',
    )
