"""A life as a number that an optimiser can climb: not whole cycles, and beyond the horizon.

``m`` is the margin nearest to failure (1 new, 0 dead), ``n`` the cycle number:

- met by a whole cycle (capacity, resistance): where the line between the last two known
  margins crosses zero;
- met inside a cycle: the share of that cycle's time that had passed;
- alive at the horizon ``H``: where the margin would be zero if it went on falling as it
  did on the mean since the first cycle ``n_1``, ``H + (H - n_1) m_H / (m_1 - m_H)``.

The three meet continuously; their slopes need not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

# A margin that does not fall would make a life infinite.
_MOST = 1e3


def projected_life(rows: Sequence[Mapping[str, Any]], dead: bool, cycle: int) -> float:
    """Return a life in cycles.

    Parameters
    ----------
    rows : sequence of mapping
        Its simulated cycles, in order, the one it died in among them if it was stored.
    dead : bool
        Whether it died.
    cycle : int
        The cycle it died in, or the last one.
    """
    if dead:
        return _death(rows, cycle)
    if not rows:
        return float(cycle)
    last, first = rows[-1], rows[0]
    name = last.get("min_margin_name")
    span = cycle - first["cycle"]
    margins = [row.get("margins", {}).get(name) for row in (first, last)]
    if name is None or None in margins or span <= 0 or not all(map(math.isfinite, margins)):
        return float(cycle)
    fallen = margins[0] - margins[1]
    beyond = _MOST if fallen <= margins[1] / _MOST else margins[1] / fallen
    return float(cycle + span * max(beyond, 0.0))


def _death(rows: Sequence[Mapping[str, Any]], cycle: int) -> float:
    last = rows[-1] if rows and rows[-1]["cycle"] == cycle else None
    before = [row for row in rows if row["cycle"] < cycle]
    if last is None or not before:
        return cycle - 0.5
    if last.get("complete", True):
        crossings = []
        for name, margin in last.get("margins", {}).items():
            earlier = before[-1].get("margins", {}).get(name)
            if margin is not None and margin <= 0 and earlier is not None and earlier > 0:
                start = before[-1]["cycle"]
                crossings.append(start + (cycle - start) * earlier / (earlier - margin))
        return float(min(crossings, default=cycle))
    whole = before[-1]["t_end_s"] - before[-1]["t_start_s"]
    passed = last["t_end_s"] - last["t_start_s"]
    return cycle - 1 + min(max(passed / whole, 0.0), 1.0) if whole > 0 else cycle - 0.5
