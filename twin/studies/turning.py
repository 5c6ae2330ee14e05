"""Which unsourced number turns a cell's verdict: its lives at both ends of what is known of it.

A number that is assumed or unverified and has a spread is put to the 5th and to the 95th
percentile of it, alone. It turns the verdict where the two lives end otherwise: one cell dies
within the horizon and the other lives, or they die of different things. The finding belongs to
what a life hangs on (:mod:`twin.studies.sensitivity`), is kept with it, and is said on the second
line of every outcome of that very cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.studies.sensitivity_kept import known_of_hash, lived_as
from twin.uncertainty.spreads import Uncertain

if TYPE_CHECKING:
    from twin.specs.quantity import Quantity
    from twin.store.records import RunInfo

ENDS = (0.05, 0.95)
"""The percentiles of its spread that a number is put to."""
_LEAST = 0.01
MOST = 8
"""So many numbers are tried: those that the life hangs on most, by spread and exponent."""


@dataclass(frozen=True)
class End:
    """A number and the end of its spread that it is put to; a step of a sensitivity."""

    key: str
    quantity: Quantity
    u: float

    @property
    def label(self) -> str:
        """What the life is called; the two ends of a number are two lives."""
        return f"{self.key} at {self.u:g}"

    @property
    def setting(self) -> Any:
        """The value, as a cell file would give it."""
        number = Uncertain(self.key, self.quantity)
        # Six digits: the last bits of a quantile are no part of what is known.
        value = float(f"{float(number.value(np.array([self.u]))[0]):.6g}")
        return number.text(value)

    @property
    def change(self) -> dict[str, Any]:
        """The override that puts it there."""
        return {self.key: self.setting}


def worth_trying(
    numbers: Sequence[Mapping[str, Any]], quantities: Mapping[str, Quantity]
) -> list[End]:
    """Return both ends of the doubtful numbers with a spread that a life may turn on."""
    spread = [n for n in numbers if quantities[n["key"]].spread]
    spread.sort(key=lambda n: (-_reach(n, quantities[n["key"]]), n["key"]))
    return [End(n["key"], quantities[n["key"]], u) for n in spread[:MOST] for u in ENDS]


def _reach(number: Mapping[str, Any], quantity: Quantity) -> float:
    """Return by how much the life's logarithm would move over the spread, were it linear."""
    low, high = (float(v) for v in Uncertain(number["key"], quantity).value(np.array(ENDS)))
    if number["exponent"] is None:
        return math.inf
    wide = math.log(high / low) if low > 0 and high > 0 else 1.0
    # Where a fifth more changes nothing the ends may; the widest are tried first.
    return float(f"{(abs(number['exponent']) + _LEAST) * abs(wide):.6g}")


def turned(ends: Sequence[End], lives: Iterable[tuple[float, str | None]]) -> list[dict[str, Any]]:
    """Return the numbers that turn the verdict, each with its two lives.

    ``lives`` are those of ``ends``, in order: cycles, and what ended them within the horizon.
    """
    tried = [
        {
            "value": str(end.setting),
            "life_cycles": life if math.isfinite(life) else None,
            "died_of": died,
        }
        for end, (life, died) in zip(ends, lives, strict=True)
    ]
    numbers = []
    for end, low, high in zip(ends[::2], tried[::2], tried[1::2], strict=True):
        if low["died_of"] != high["died_of"]:
            status = end.quantity.status or "unstated"
            numbers.append({"key": end.key, "status": status, "low": low, "high": high})
    return numbers


def said(number: Mapping[str, Any] | None) -> str:
    """Say which number turns the verdict, and how; nothing where none does."""
    turns = (number or {}).get("turns") or []
    if not number or not turns:
        return ""
    first, horizon = turns[0], number["cycles"]
    lives = " and ".join(_life(first[end], horizon) for end in ("low", "high"))
    more = f"; {len(turns) - 1} more do (twin cells evidence)" if len(turns) > 1 else ""
    return f"{first['key']} ({first['status']}) turns this verdict: {lives}{more}"


def turning_number(info: RunInfo) -> str:
    """Say the same of a stored run, where it is known of its very cell and protocol."""
    sensitivity = known_of_hash(info.cell_name, info.cell_hash)
    return said(sensitivity) if sensitivity and lived_as(sensitivity, info) else ""


def _life(end: Mapping[str, Any], horizon: int) -> str:
    if end["died_of"] is None:
        return f"more than {horizon} cycles at {end['value']}"
    return f"{end['life_cycles']:.0f} cycles at {end['value']} ({end['died_of']})"
