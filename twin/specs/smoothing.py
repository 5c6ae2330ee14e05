"""Tables whose corners are rounded: a closed form that has every derivative.

A table is a broken line, flat beyond its ends: with the rises ``m_k`` between its points,
``m_0 = m_n = 0``, it is ``y_1 + sum_k (m_k - m_(k-1)) max(x - x_k, 0)``. Its mean over a logistic
distribution of width ``w`` about each ``x`` takes ``w ln(1 + exp(z/w))`` for ``max(z, 0)``::

    y(x) = y_1 + sum_k (m_k - m_(k-1)) w ln(1 + exp((x - x_k)/w))

A mean is never beyond the points, keeps a table that rises or falls as it is, and moves a
corner by ``ln 2 w |m_k - m_(k-1)|`` at most. Far outside the end values hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

LEAST_SMOOTHING, MOST_SMOOTHING = 0.001, 0.2
"""Of the table's span: below, nothing is smooth; above, little is left of the table."""


def smoothed(
    x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray, width: float, at: Any
) -> Any:
    """Return a smoothed table's value.

    Parameters
    ----------
    x, y : sequence of float or ndarray
        Its points, ``x`` rising.
    width : float
        ``w`` as a share of the span of ``x``.
    at : float or ndarray
        Where.
    """
    points, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    span = float(points[-1] - points[0])
    w = width * span
    slopes = np.concatenate([[0.0], np.diff(values) / np.diff(points), [0.0]])
    steps = np.logaddexp(0.0, (np.asarray(at, dtype=float)[..., None] - points) / w)
    value = values[0] + w * (steps @ np.diff(slopes))
    return value if value.ndim else float(value)
