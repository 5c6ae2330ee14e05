"""How far two-sided numbers are off, quantity by quantity.

A bound, an order or a word is met or not; a number set beside a number has an error. Shares in
per cent (retentions, efficiencies) are told in points, exponents and energies as the difference,
all else as the factor between the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from twin.validation.vocabulary import OF_A_STAIRCASE, OF_OTHERS

if TYPE_CHECKING:
    from twin.validation.line import Line
    from twin.validation.schema import Case, Observable

RETENTION, EFFICIENCY = "capacity retention", "coulombic efficiency"
EXPONENT, RATIO, OTHER = "exponents, energies", "ratios", "other"
_POINTS = (RETENTION, EFFICIENCY)
_OF_WORDS = {
    "retention": RETENTION,
    "efficiency": EFFICIENCY,
    "capacity": "capacity",
    "hours": "life",
    "cycles": "life",
    "interface-resistance": "resistance",
    "polarisation": "voltage",
    "curve": "voltage",
}
_OF_UNITS = {
    "Ohm": "resistance",
    "A.h": "capacity",
    "Pa": "pressure, stress",
    "V": "voltage",
    "A.m-2": "critical current",
}


@dataclass(frozen=True)
class Parity:
    """The errors of one quantity's two-sided numbers.

    Attributes
    ----------
    quantity : str
        What they are of.
    numbers, within : int
        How many there are, and how many are within their tolerance.
    error : float
        The median error; infinite where half of them have no number or are nought.
    unit : str
        ``points``, ``factor`` (1 is no error), or empty: the difference.
    measured, simulated, passed : tuple
        The numbers in their own units, and whether each is within; without a number: NaN.
    """

    quantity: str
    numbers: int
    within: int
    error: float
    unit: str
    measured: tuple[float, ...]
    simulated: tuple[float, ...]
    passed: tuple[bool, ...]

    @property
    def logarithmic(self) -> bool:
        """Whether it spans decades: what is told as a factor."""
        return self.unit == "factor"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def quantity_of(case: Case, name: str) -> str:
    """Return what an observable is a number of."""
    seen = case.see[name]
    if seen.take in OF_OTHERS:
        parts = {quantity_of(case, other) for other in seen.of}
        one = seen.take in ("sum", "difference") and len(parts) == 1
        return parts.pop() if one else RATIO
    if seen.over in ("exponent", "arrhenius", "slope", "r2"):
        return EXPONENT
    if seen.over == "span" or seen.take == "ratio":
        return RATIO
    if seen.over == "edge":
        run = case.run[seen.run or next(iter(case.run))]
        swept = run.vary.unit if run.vary is not None else ""
        return "pressure, stress" if swept.endswith("Pa") else OTHER
    return _of_a_run(seen)


def _of_a_run(seen: Observable) -> str:
    if seen.take in OF_A_STAIRCASE:
        return OTHER if seen.take == "bend" else "critical current"
    if seen.take in _OF_WORDS:
        return _OF_WORDS[seen.take]
    unit = str(seen.variable or "").rpartition("[")[2].rstrip("]")
    return next((said for part, said in _OF_UNITS.items() if unit.split(".m2")[0] == part), OTHER)


def parity(lines: Iterable[Line]) -> list[Parity]:
    """Return the errors by quantity, of compared numbers with two sides; most numbers first."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line.two_sided and line.role == "compared":
            groups.setdefault(line.quantity, []).append(line)
    parities = [_parity(quantity, group) for quantity, group in groups.items()]
    return sorted(parities, key=lambda of: (-of.numbers, of.quantity))


def _parity(quantity: str, lines: list[Line]) -> Parity:
    unit = "points" if quantity in _POINTS else "" if quantity == EXPONENT else "factor"
    measured = tuple(float(line.measured or 0.0) for line in lines)
    simulated = tuple(
        line.simulated if isinstance(line.simulated, float) else math.nan for line in lines
    )
    pairs = zip(measured, simulated, strict=True)
    passed = tuple(line.status == "within" for line in lines)
    error = median(_error(m, s, unit) for m, s in pairs)
    return Parity(quantity, len(lines), sum(passed), error, unit, measured, simulated, passed)


def _error(measured: float, simulated: float, unit: str) -> float:
    if not math.isfinite(simulated):
        return math.inf
    if unit != "factor":
        return abs(simulated - measured)
    if measured * simulated <= 0:
        return 1.0 if measured == simulated else math.inf
    return math.exp(abs(math.log(simulated / measured)))


__all__ = ["Parity", "parity", "quantity_of"]
