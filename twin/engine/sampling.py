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
# A period's last moment this near to the end (as a share of the period) is the end.
_SAME = 1e-6


@dataclass(frozen=True)
class Sampled:
    """A step's times, states, current [A] and voltage [V], refined.

    ``charge_Wh`` and ``discharge_Wh`` are the energies taken up and given by then.
    """

    t: np.ndarray
    y: np.ndarray
    charge_Wh: float
    discharge_Wh: float


def sample(result: StepResult, power: Callable[[np.ndarray, np.ndarray], tuple]) -> Sampled:
    """Refine a step's points until its energy is told well.

    Parameters
    ----------
    result : StepResult
        The solved step.
    power : callable
        ``power(t, y)`` returns current [A] and voltage [V] at those times and states.
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
    watts = current * voltage
    return Sampled(
        t,
        y,
        charge_Wh=-float(np.trapezoid(np.minimum(watts, 0), t)) / 3600,
        discharge_Wh=float(np.trapezoid(np.maximum(watts, 0), t)) / 3600,
    )


def at_period(start: float, end: float, period: float) -> np.ndarray:
    """Return the times from ``start`` to ``end`` in steps of ``period``, and the end [s]."""
    whole = int(np.floor((end - start) / period - _SAME))
    return np.append(start + period * np.arange(max(whole, 0) + 1), end)
