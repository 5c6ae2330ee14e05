"""Smooth switches that are exactly off and exactly on outside a narrow ramp."""

from __future__ import annotations

from typing import Any

import pybamm


def ramp(x: Any) -> pybamm.Symbol:
    """Return 0 for ``x <= 0``, 1 for ``x >= 1``, ``x^2 (3 - 2x)`` between."""
    inside = pybamm.minimum(pybamm.maximum(x, 0), 1)
    return inside * inside * (3 - 2 * inside)
