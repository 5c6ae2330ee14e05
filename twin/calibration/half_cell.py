"""Open-circuit laws of the electrodes from measured half-cell potentials.

A half-cell curve is the potential of one electrode against sodium while a small charge ``q`` is
passed on discharge from the charged cell on. With the electrode's sites
``Q = F c_max eps_s L A/3600``::

    cathode  x = x_0 + q/Q        anode  x = x_0 - q/Q

The potential falls as a host fills: the measured points are made monotone (isotonic
regression), thinned to the corners of a broken line within 2 mV, carried on with the slope of
their ends to ``x`` = 0 and 1, and the corners rounded (:mod:`twin.specs.smoothing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.calibration.data import Curve
from twin.calibration.method import number_of
from twin.errors import InputError
from twin.model.parameters import used_capacity
from twin.specs.schema import CellSpec, PorousElectrode

TOLERANCE_V = number_of("half_cell", "tolerance")
SMOOTHING = number_of("half_cell", "smoothing")
_ENDS = (number_of("half_cell", "end"), 1 - number_of("half_cell", "end"))
_END_SHARE = number_of("half_cell", "end_share")
"""The slope of an end is that of so much of the curve."""
_STEEPEST = number_of("half_cell", "steepest")
"""An end is carried on by at most so much [V a filling]."""


@dataclass(frozen=True)
class HalfCell:
    """An open-circuit law made of a half-cell curve.

    Attributes
    ----------
    place : {"anode", "cathode"}
        The electrode.
    name, id : str
        The curve's file, and its SHA-256.
    x, y : ndarray
        The points of the table: filling, potential [V].
    rms : float
        Of the measured points about it [V].
    span : tuple of float
        The fillings that were measured.
    """

    place: str
    name: str
    id: str
    x: np.ndarray
    y: np.ndarray
    rms: float
    span: tuple[float, float]

    def law(self) -> dict[str, Any]:
        """Return the law as it stands in a cell's file."""
        low, high = self.span
        return {
            "law": "table",
            "x": [float(f"{v:.6g}") for v in self.x],
            "y": [float(f"{v:.6g}") for v in self.y],
            "unit": "V",
            "smoothing": SMOOTHING,
            "status": "fitted",
            "source": f"half-cell curve {self.name}, SHA-256 {self.id[:16]}",
            "note": f"measured from x = {low:.3f} to {high:.3f}, carried on beyond; "
            f"rms {1e3 * self.rms:.1f} mV",
        }


def half_cell(spec: CellSpec, place: str, curve: Curve) -> HalfCell:
    """Return an electrode's open-circuit law from its half-cell curve.

    Raises
    ------
    InputError
        If the electrode is none that fills, or the curve asks for more sites than it has.
    """
    electrode = getattr(spec, place, None)
    if not isinstance(electrode, PorousElectrode):
        raise InputError(
            f"{spec.name} has no {place} that takes sodium up", key="half-cell",
            fix="give the half-cell curve of a composite electrode, as cathode=FILE",
        )  # fmt: skip
    sites = used_capacity(spec, electrode)
    sign = 1.0 if place == "cathode" else -1.0
    x = electrode.initial_stoichiometry.si + sign * curve.charge / sites
    # A digitised point may lie a little beyond the ends.
    slack = 0.03
    if np.min(x) < -slack or np.max(x) > 1 + slack:
        raise InputError(
            f"{curve.name} takes the {place} to a filling of {np.min(x):.3f} to {np.max(x):.3f}",
            key="half-cell",
            fix=f"correct {place}.initial_stoichiometry, active_fraction or thickness; it has "
            f"{1e3 * sites:.3g} mA.h",
        )
    keep = (x > _ENDS[0]) & (x < _ENDS[1])
    x, y = x[keep], curve.voltage[keep]
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    told = np.interp(x, *(table := _table(x, y)))
    rms = float(np.sqrt(np.mean((told - y) ** 2)))
    return HalfCell(place, curve.name, curve.id, *table, rms, (float(x[0]), float(x[-1])))


def _table(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.optimize import isotonic_regression

    falling = np.asarray(isotonic_regression(y, increasing=False).x)
    x, first = np.unique(x, return_index=True)
    falling = falling[first]
    kept = _corners(x, falling, TOLERANCE_V)
    xs, ys = x[kept], falling[kept]
    return _carried_on(xs, ys)


def _corners(x: np.ndarray, y: np.ndarray, tolerance: float) -> list[int]:
    """Return the points of a broken line that is nowhere farther than ``tolerance`` away."""
    kept, stack = {0, len(x) - 1}, [(0, len(x) - 1)]
    while stack:
        a, b = stack.pop()
        if b - a < 2:
            continue
        line = y[a] + (y[b] - y[a]) * (x[a : b + 1] - x[a]) / (x[b] - x[a])
        off = np.abs(y[a : b + 1] - line)
        k = int(np.argmax(off))
        if off[k] > tolerance:
            kept.add(a + k)
            stack += [(a, a + k), (a + k, b)]
    return sorted(kept)


def _carried_on(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    near = _END_SHARE * (x[-1] - x[0])
    low, high = _ENDS
    if x[0] > low:
        inner = float(np.interp(x[0] + near, x, y))
        slope = max((inner - y[0]) / near, -_STEEPEST)
        x, y = np.append(low, x), np.append(y[0] - slope * (x[0] - low), y)
    if x[-1] < high:
        inner = float(np.interp(x[-1] - near, x, y))
        slope = max((y[-1] - inner) / near, -_STEEPEST)
        x, y = np.append(x, high), np.append(y, y[-1] + slope * (high - x[-1]))
    return x, y
