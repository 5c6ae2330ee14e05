"""The flaw a filament starts from: the weakest of an interface, by Weibull's statistics.

The strength of an interface is that of its worst flaw, ``S ~ l^(-1/2)``. Over cells it
follows Weibull's law with the modulus ``m``, and a larger area holds a worse flaw::

    P(S < s) = 1 - exp[-ln 2 (A/A_0) (s/s_0)^m]

so that ``S/s_0`` has the median ``(A/A_0)^(-1/m)`` and the flaw the length::

    l_0 = l_med (A/A_0)^(2/m) / s^2

``l_med`` is the median flaw of the area ``A_0``; ``s`` is how strong this cell's worst flaw
is against the median (1, with the spread ``weibull m``). A flaw is never longer than a
given share of the layer. Where the critical current goes with ``l^(-3/2)``, it has the
modulus ``m/3`` and falls with the area as ``A^(-3/m)``.

Reference: W. Weibull, J. Appl. Mech. 18 (1951) 293 (recalled); Lowack, arXiv 2603.20113
(abstract: the 3/2 power and its smaller modulus).
"""

from __future__ import annotations

from typing import Any

from twin import CellContext


def flaw_length(median: Any, area: Any, reference_area: Any, modulus: Any, strength: Any) -> Any:
    """Return ``l_0`` [m]; takes numbers and PyBaMM symbols."""
    return median * (area / reference_area) ** (2 / modulus) / strength**2


def starting_length(cell: CellContext, mode_id: str) -> float:
    """Return the length [m] a cell's filaments start with, as a number."""
    flaw = cell.parameters(mode_id).flaw
    length = flaw_length(
        flaw.length.si,
        cell.quantity("geometry.area").si,
        flaw.reference_area.si,
        flaw.weibull_modulus.si,
        flaw.strength.si,
    )
    longest = flaw.thickness_share.si * cell.quantity("electrolyte.thickness").si
    return float(min(length, longest))
