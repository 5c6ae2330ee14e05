"""What the data themselves say of the sign of the current and of the unit of time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.measured.quantities import CHARGED, DISCHARGED, STATE, STEP_TIME, TIME
from twin.measured.recording import Chunk

SURE = 0.3
"""Of the voltage's changes, weighted by current, so much must agree to tell the sign."""
SMALLEST_SWING_V = 2e-3
"""A voltage that moves less is a meter's noise, and tells nothing."""
STATES = 0.9
BOTH = 0.9


@dataclass
class Evidence:
    """Gathers, chunk by chunk, what tells the sign of the current and the unit of time.

    A current that charges a cell raises its voltage: at once, by the cell's resistance, and
    while it flows, by the open-circuit voltage. Both are weighed by the current, so that noise
    at rest says nothing.
    """

    jumps: float = 0.0
    jumps_size: float = 0.0
    drift: float = 0.0
    drift_size: float = 0.0
    swing_V: float = 0.0
    most: float = 0.0
    least: float = 0.0
    by_state: dict[int, list[float]] = field(
        default_factory=lambda: {1: [0.0, 0.0], -1: [0.0, 0.0]}
    )
    passed_Ah: float = 0.0
    counted_Ah: float = 0.0
    step_time_s: float = 0.0
    time_s: float = 0.0
    rows: int = 0
    _last: Chunk = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Take a chunk in."""
        self.rows += len(chunk[TIME])
        if self._last:
            chunk = {
                name: np.concatenate([self._last[name], values])
                for name, values in chunk.items()
                if name in self._last
            }
        time, current, voltage = chunk[TIME], chunk[CURRENT], chunk[VOLTAGE]
        self.most = max(self.most, float(current.max()))
        self.least = min(self.least, float(current.min()))
        change, rise = np.diff(current), np.diff(voltage)
        middle = (current[1:] + current[:-1]) / 2
        # A jump of the current by a tenth of itself or more; below, it flows on.
        jump = np.abs(change) > 0.1 * np.maximum(np.abs(current[1:]), np.abs(current[:-1]))
        product = rise * change
        if jump.any():
            self.swing_V = max(self.swing_V, float(np.abs(rise[jump]).max()))
        self.jumps += float(product[jump].sum())
        self.jumps_size += float(np.abs(product[jump]).sum())
        self._drifts(time, middle, rise, ~jump)
        self._states(chunk)
        self._times(chunk)
        self._last = {name: values[-1:] for name, values in chunk.items()}

    def _drifts(
        self, time: np.ndarray, middle: np.ndarray, rise: np.ndarray, flows: np.ndarray
    ) -> None:
        """Add the voltage's change over each stretch in which the current flows on one way."""
        if not len(middle):
            return
        sign = np.where(flows, np.sign(middle), 0.0)
        starts = np.append(0, np.flatnonzero(np.diff(sign)) + 1)
        # Long stretches are cut, as a cell turns round within the noise of none.
        starts = np.unique(np.append(starts, np.arange(0, len(sign), 5000)))
        net = np.add.reduceat(np.where(sign != 0, rise, 0.0), starts)
        weight = np.add.reduceat(np.where(sign != 0, middle, 0.0), starts) / np.diff(
            np.append(starts, len(sign))
        )
        if (weight != 0).any():
            self.swing_V = max(self.swing_V, float(np.abs(net[weight != 0]).max()))
        self.drift += float((net * weight).sum())
        self.drift_size += float(np.abs(net * weight).sum())

    def _states(self, chunk: Chunk) -> None:
        if STATE not in chunk:
            return
        for state, sums in self.by_state.items():
            current = chunk[CURRENT][chunk[STATE] == state]
            sums[0] += float(current.sum())
            sums[1] += float(np.abs(current).sum())

    def _times(self, chunk: Chunk) -> None:
        time = chunk[TIME]
        step = np.diff(time)
        if CHARGED in chunk and DISCHARGED in chunk:
            flow = np.abs(chunk[CURRENT][1:] + chunk[CURRENT][:-1]) / 2
            self.passed_Ah += float((flow * step).sum()) / 3600
            for name in (CHARGED, DISCHARGED):
                # A counter that falls begins anew; a rounded one rises now and then only.
                change = np.diff(np.abs(chunk[name]))
                self.counted_Ah += float(change[change > 0].sum())
        if STEP_TIME in chunk:
            own = np.diff(chunk[STEP_TIME])
            both = (own > 0) & (step > 0)
            self.step_time_s += float(own[both].sum())
            self.time_s += float(step[both].sum())

    @property
    def sign(self) -> float:
        """From 1 (a positive current raises the voltage) to -1; 0 where nothing tells."""
        weights = [
            (value / size, size)
            for value, size in ((self.jumps, self.jumps_size), (self.drift, self.drift_size))
            if size > 0
        ]
        if not weights or self.swing_V < SMALLEST_SWING_V:
            return 0.0
        return sum(share for share, _ in weights) / len(weights)

    @property
    def two_ways(self) -> bool:
        """Whether the voltage both rises and falls as the current does, and while it flows."""
        pairs = ((self.drift, self.drift_size), (self.jumps, self.jumps_size))
        return all(size > 0 and abs(total) < BOTH * size for total, size in pairs)

    @property
    def has_current(self) -> bool:
        """Whether any current flowed."""
        return self.most > 0 or self.least < 0

    @property
    def one_signed(self) -> bool:
        """Whether no current has the other sign."""
        return self.has_current and (self.least >= 0 or self.most <= 0)

    def state_sign(self, state: int) -> int:
        """Return the sign of the current where the file says charge (-1) or discharge (1)."""
        total, size = self.by_state[state]
        if not size or abs(total) < STATES * size:
            return 0
        return 1 if total > 0 else -1

    @property
    def charge_ratio(self) -> float | None:
        """The charge by the file's own counters over that of its current and time."""
        known = self.counted_Ah > 0 and self.passed_Ah > 0
        return self.counted_Ah / self.passed_Ah if known else None

    @property
    def clock_ratio(self) -> float | None:
        """The time by the file's clock of the step over that of its clock of the test."""
        known = self.step_time_s > 0 and self.time_s > 0
        return self.step_time_s / self.time_s if known else None


def scale_of(ratio: float | None, scales: tuple[float, ...]) -> float:
    """Return which of some factors a ratio is, within a quarter; 1 if none."""
    return next((s for s in scales if ratio is not None and 0.8 < ratio / s < 1.25), 1.0)
