"""Open-circuit curves of plateaus, of numbers or of symbols; the laws are told in ``laws.py``.

With the steep ends ``e(s) = width ln((1-s)/s) + rise exp(-s/w) - fall exp(-(1-s)/w)``::

    plateau    U(s) = plateau + slope (1/2 - s) + e(s) + step (1 - tanh((s - step_at)/step_width))/2
    plateaus   U(s) = e(s) + sum_j [at_j - drops_j (s - s_(j-1))/shares_j] (g_(j-1) - g_j)
               g_j  = (1 + tanh((s - s_j)/step_width))/2,   g_0 = 1, g_n = 0

``s`` is the filling, ``s_j`` the sum of the first ``j`` shares; potentials in V.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Read = Callable[[str], Any]
"""Returns what stands for the number at one of a law's keys."""
CURVES = ("plateau", "plateaus")


def potential(law: Any, read: Read, s: Any, xp: Any = np) -> Any:
    """Return ``U(s)`` of a law that is one of :data:`CURVES` [V].

    Parameters
    ----------
    law : one of the law models of :func:`twin.specs.laws.laws`
        The law.
    read : callable
        Returns what stands for the number at one of its keys.
    s : number or symbol
        The filling, above 0 and below 1.
    xp : module
        NumPy for numbers, PyBaMM for its symbols.
    """
    end = read("end_width")
    U = read("width") * xp.log((1 - s) / s)
    U = U + read("rise") * xp.exp(-s / end) - read("fall") * xp.exp(-(1 - s) / end)
    if law.law == "plateaus":
        return U + _steps(law.pieces(), read("step_width"), s, xp)
    U = U + read("plateau") + read("slope") * (0.5 - s)
    if law.step is None:
        return U
    past = xp.tanh((s - read("step_at")) / read("step_width"))
    return U + read("step") * (1 - past) / 2


def _steps(
    pieces: tuple[tuple[float, float, float, float], ...], wide: Any, s: Any, xp: Any
) -> Any:
    total, before = 0.0, 1.0
    for begin, end, at, fall in pieces:
        past = 0.0 if end == pieces[-1][1] else (1 + xp.tanh((s - end) / wide)) / 2
        total = total + (at - fall * (s - begin) / (end - begin)) * (before - past)
        before = past
    return total
