"""At which times a solved step is looked at.

A solver that follows a smooth state can cross a whole plateau and its knee in one step,
while the voltage, a steep function of that state, has a corner inside it. So the solver's
points are refined until straight lines between them hold the energy::

    |V(mid) - (V_left + V_right)/2| (t_right - t_left) < tol <|V|> T

interval by interval, in rounds: each interval that fails is halved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.model.pybamm_compat import StepResult

# What an interval may be wrong by, as a share of the step's whole energy.
TOLERANCE = 1e-6
ROUNDS = 12
MOST_POINTS = 2000
POINTS_PER_STEP = 60
"""How many of them are stored, unless it takes more to hold a step's integrals to ``HELD``."""
HELD = 1e-4
# A period's last moment this near to the end (as a share of the period) is the end.
_SAME = 1e-6


@dataclass(frozen=True)
class Sampled:
    """A step's times, states, current [A] and voltage [V], refined.

    ``charge_Wh`` and ``discharge_Wh`` are the energies taken up while the current charges and
    given while it discharges, as charges are counted; in a symmetric cell, which takes energy
    both ways, what each half cycle dissipates.
    """

    t: np.ndarray
    y: np.ndarray
    charge_Wh: float
    discharge_Wh: float
    current: np.ndarray
    voltage: np.ndarray

    def thinned(self) -> np.ndarray:
        """Return the indices of the points to store: as few as hold the integrals to 1e-4.

        Those of the voltage's size, the current's and the power's, each a share of itself.
        """
        curves = [np.abs(self.voltage), np.abs(self.current), np.abs(self.voltage * self.current)]
        whole = [float(np.trapezoid(curve, self.t)) for curve in curves]
        limit = POINTS_PER_STEP
        while True:
            keep = thin(len(self.t), limit)
            parts = [float(np.trapezoid(curve[keep], self.t[keep])) for curve in curves]
            held = (abs(a - b) <= HELD * b for a, b in zip(parts, whole, strict=True))
            if len(keep) == len(self.t) or all(held):
                return keep
            limit *= 2


def thin(n: int, limit: int) -> np.ndarray:
    """Return the indices of at most ``limit`` points out of ``n``, both ends among them."""
    if n <= limit:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, limit).round().astype(int))


def sample(
    result: StepResult,
    power: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    dissipates: bool = False,
) -> Sampled:
    """Refine a step's points until its energy is told well.

    Parameters
    ----------
    result : StepResult
        The solved step.
    power : callable
        ``power(t, y)`` returns current [A] and voltage [V] at those times and states.
    dissipates : bool
        Whether the cell stores nothing, so that it takes energy in both directions.
    """
    t, y = result.t, result.y
    current, voltage = power(t, y)
    open_ = np.ones(max(len(t) - 1, 0), dtype=bool)
    for _ in range(ROUNDS):
        left = np.flatnonzero(open_)
        if len(left) == 0 or len(t) + len(left) > MOST_POINTS:
            break
        h = t[left + 1] - t[left]
        middle = t[left] + h / 2
        states = result.at(middle)
        i_mid, v_mid = power(middle, states)
        bend = np.abs(v_mid - (voltage[left] + voltage[left + 1]) / 2)
        allowed = TOLERANCE * max(float(np.abs(voltage).mean()), 1e-12) * (t[-1] - t[0])
        wrong = bend * h > allowed
        t = np.insert(t, left + 1, middle)
        y = np.insert(y, left + 1, states, axis=1)
        current, voltage = np.insert(current, left + 1, i_mid), np.insert(voltage, left + 1, v_mid)
        open_ = np.zeros(len(t) - 1, dtype=bool)
        for offset in (0, 1):
            open_[left[wrong] + np.searchsorted(left, left[wrong]) + offset] = True
    return Sampled(
        t,
        y,
        charge_Wh=-float(np.trapezoid(np.minimum(current, 0) * voltage, t)) / 3600,
        discharge_Wh=(-1 if dissipates else 1)
        * float(np.trapezoid(np.maximum(current, 0) * voltage, t))
        / 3600,
        current=current,
        voltage=voltage,
    )


def at_period(start: float, end: float, period: float) -> np.ndarray:
    """Return the times from ``start`` to ``end`` in steps of ``period``, and the end [s]."""
    whole = int(np.floor((end - start) / period - _SAME))
    return np.append(start + period * np.arange(max(whole, 0) + 1), end)
