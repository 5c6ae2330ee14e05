"""How far a face's patches are from its mean current in a cycle: what a row keeps of it.

A row's own numbers are those of the cycle's end, which may be a rest, or plate what a patch was
stripped of. The largest of ``|j_k|/|i|`` over the cycle says which patch carried what others left,
where ``i`` is the face's mean; only points with at least half of the cycle's largest ``|i|`` count.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.modes.face import CROWDING, HIGHEST, LOWEST

CURRENT = "current density [A.m-2]"
_SIDES = ("Anode", "Cathode")
_COUNTS = 0.5


def of_crowding(name: str) -> bool:
    """Return whether :func:`crowding` asks for the series of a variable."""
    return name.startswith(tuple(f"{side} {CURRENT}" for side in _SIDES))


def crowding(table: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the columns ``"Anode current over the mean (patch 3)"`` of a cycle's series.

    One for each patch that is stored, and one for the highest; nothing for a face that is not
    divided, or through which no current went.
    """
    factors: dict[str, float] = {}
    for side in _SIDES:
        name = f"{side} {CURRENT}"
        if name not in table or name + HIGHEST not in table:
            continue
        mean = np.abs(table[name])
        counted = mean >= _COUNTS * mean.max()
        if not mean.max() > 0:
            continue
        ends = np.maximum(np.abs(table[name + HIGHEST]), np.abs(table[name + LOWEST]))
        own = {HIGHEST: ends} | {
            key.removeprefix(name): np.abs(values)
            for key, values in table.items()
            if key.startswith(f"{name} (patch ")
        }
        factors |= {
            f"{side} {CROWDING}{end}": float((values[counted] / mean[counted]).max())
            for end, values in own.items()
        }
    return factors
