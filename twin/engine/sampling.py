"""At which times a solved step is looked at.

A solver that follows a smooth state can cross a whole plateau and its knee in one step,
while the voltage, a steep function of that state, has a corner inside it. So the solver's
points are refined until straight lines between them hold the energy::

    |V(mid) - (V_left + V_right)/2| (t_right - t_left) < tol <|V|> T

interval by interval, in rounds: each interval that fails is halved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    """A step's times, current [A] and voltage [V], refined.

    ``charge_Wh`` and ``discharge_Wh`` are the energies taken up while the current charges and
    given while it discharges, as charges are counted; in a symmetric cell, which takes energy
    both ways, what each half cycle dissipates.
    """

    t: np.ndarray
    charge_Wh: float
    discharge_Wh: float
    current: np.ndarray
    voltage: np.ndarray

    def thinned(self) -> np.ndarray:
        """Return the indices of the points to store: as few as hold the integrals to 1e-4.

        Those of the voltage's size, the current's and the power's, each a share of itself.
        """
        volts, amps = np.abs(self.voltage), np.abs(self.current)
        limit = POINTS_PER_STEP
        if len(self.t) <= limit:
            return thin(len(self.t), limit)
        curves = np.array([volts, amps, volts * amps])
        whole = np.trapezoid(curves, self.t)
        while True:
            keep = thin(len(self.t), limit)
            if len(keep) == len(self.t):
                return keep
            parts = np.trapezoid(curves[:, keep], self.t[keep])
            if (np.abs(parts - whole) <= HELD * whole).all():
                return keep
            limit *= 2


def thin(n: int, limit: int) -> np.ndarray:
    """Return the indices of at most ``limit`` points out of ``n``, both ends among them."""
    if n <= limit:
        return np.arange(n)
    # More than one apart, so that no two come to the same.
    return np.linspace(0, n - 1, limit).round().astype(int)


Power = Callable[[np.ndarray | None], Iterable[np.ndarray]]
"""Current [A] and voltage [V] at some times of a step; at the solver's own points for None."""


def sample(result: StepResult, power: Power, dissipates: bool = False) -> Sampled:
    """Refine a step's points until its energy is told well; a rest has none to tell.

    Parameters
    ----------
    result : StepResult
        The solved step.
    power : Power
        Its current and voltage.
    dissipates : bool
        Whether the cell stores nothing, so that it takes energy in both directions.
    """
    t = result.t
    current, voltage = power(None)
    if current.any():
        t, current, voltage = _refined(t, power, current, voltage)
    both_ways = np.array([np.minimum(current, 0) * voltage, np.maximum(current, 0) * voltage])
    charge, discharge = np.trapezoid(both_ways, t).tolist()
    return Sampled(
        t,
        charge_Wh=-charge / 3600,
        discharge_Wh=(-1 if dissipates else 1) * discharge / 3600,
        current=current,
        voltage=voltage,
    )


def _refined(
    t: np.ndarray, power: Power, current: np.ndarray, voltage: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, current and voltage with what the refinement has put between."""
    blocks = [(t, current, voltage)]
    span, number, total = t[-1] - t[0], len(voltage), np.abs(voltage).sum()
    # The intervals that are still open, by their ends: (t, V) left and right.
    t0, t1, v0, v1 = t[:-1], t[1:], voltage[:-1], voltage[1:]
    for _ in range(ROUNDS):
        if len(t0) == 0 or number + len(t0) > MOST_POINTS:
            break
        h = t1 - t0
        middle = t0 + h / 2
        current, voltage = power(middle)
        blocks.append((middle, current, voltage))
        allowed = TOLERANCE * max(float(total / number), 1e-12) * span
        wrong = np.abs(voltage - (v0 + v1) / 2) * h > allowed
        number, total = number + len(middle), total + np.abs(voltage).sum()
        at, v = middle[wrong], voltage[wrong]
        t0, t1 = np.concatenate((t0[wrong], at)), np.concatenate((at, t1[wrong]))
        v0, v1 = np.concatenate((v0[wrong], v)), np.concatenate((v, v1[wrong]))
    every = [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
    order = np.argsort(every[0], kind="stable")
    t, current, voltage = (whole[order] for whole in every)
    return t, current, voltage


def at_period(start: float, end: float, period: float) -> np.ndarray:
    """Return the times from ``start`` to ``end`` in steps of ``period``, and the end [s]."""
    whole = int(np.floor((end - start) / period - _SAME))
    return np.append(start + period * np.arange(max(whole, 0) + 1), end)
