"""Putting the rows of a measured file in order, block by block, and telling what was done.

Nothing is repaired silently: each kind of repair is counted, and told in a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.measured.quantities import CYCLE, NEEDED, STEP, TIME
from twin.measured.recording import Chunk

WINDOW = 16
"""Rows that stand at most so far from their place are put there."""
HELD = 512
"""So many of the last rows wait for those that follow."""
GAP_S, GAP_INTERVALS = 3600.0, 50.0
"""A gap is longer than an hour and than so many of the usual intervals."""
LARGEST = {VOLTAGE: 1e4, CURRENT: 1e6, TIME: 1e12}
"""Beyond these a number is no reading of a cell."""
MOST_COUNT = 2**31
_LOOKS, _COPIED = 1000, 32


@dataclass
class Repaired:
    """What was repaired so far."""

    not_finite: int = 0
    beyond: int = 0
    duplicates: int = 0
    sorted_rows: int = 0
    restarts: int = 0
    set_back: int = 0
    hours_back: int = 0
    gaps: int = 0
    longest_gap_s: float = 0.0
    lost: dict[str, int] = field(default_factory=dict)

    def lines(self, step_clock: bool = False) -> list[str]:
        """Return what is to be told, one line each."""
        told = []
        if self.not_finite:
            told.append(
                f"{_rows(self.not_finite)} without a finite time, current or voltage: left out"
            )
        if self.beyond:
            told.append(f"{_rows(self.beyond)} with numbers that no cell shows: left out")
        if self.duplicates:
            told.append(f"{_rows(self.duplicates)} twice or more: once is kept")
        if self.sorted_rows:
            told.append(
                f"time ran backwards at {self.sorted_rows} "
                f"{'place' if self.sorted_rows == 1 else 'places'}: the rows were sorted"
            )
        if self.restarts:
            whose = "the step's clock began" if step_clock else "the clock began"
            times = "once" if self.restarts == 1 else f"{self.restarts} times"
            told.append(f"{whose} anew {times}: the times go on from there")
        if self.set_back:
            told.append(
                f"the clock was set back {_times(self.set_back)}"
                + (f" ({self.hours_back} by an hour: summer time)" if self.hours_back else "")
                + ": the times go on at the usual interval"
            )
        if self.gaps:
            told.append(
                f"{self.gaps} {'gap' if self.gaps == 1 else 'gaps'} without rows, the longest of "
                f"{self.longest_gap_s / 3600:.3g} h: nothing was filled in"
            )
        for name, count in self.lost.items():
            told.append(f"{name.partition(' [')[0].lower()} is missing in {_rows(count)}")
        return told


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


class Repairs:
    """Repairs the chunks of one recording.

    Parameters
    ----------
    step_clock : bool
        Whether the time is known to begin anew with each step.
    curve : bool
        Whether it is no clock at all, so that rows can only be out of order.
    """

    def __init__(self, step_clock: bool = False, curve: bool = False):
        self.done = Repaired()
        self.step_clock, self.curve = step_clock, curve
        self._offset = 0.0
        self._interval = 0.0
        self._last_raw: float | None = None  # the clock's last reading, before any offset
        self._last_time = -np.inf
        self._last_step: float | None = None
        self._held: Chunk | None = None
        self._looked = 0

    def __call__(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks in order, their times never falling."""
        for chunk in chunks:
            yield from self._take(chunk)
        if self._held is not None and len(self._held[TIME]):
            yield self._tell_gaps(self._held)
        self._held = None

    def _take(self, chunk: Chunk) -> Iterator[Chunk]:
        chunk = self._finite(chunk)
        if not len(chunk[TIME]):
            return
        chunk = {**chunk, TIME: self._unwound(chunk)}
        if self._held is not None:
            chunk = _joined(self._held, chunk)
        chunk = self._unique(self._sorted(chunk))
        ready, self._held = _cut(chunk, max(len(chunk[TIME]) - HELD, 0))
        if len(ready[TIME]):
            yield self._tell_gaps(ready)

    def _finite(self, chunk: Chunk) -> Chunk:
        good = np.ones(len(chunk[TIME]), dtype=bool)
        for name in NEEDED:
            good &= np.isfinite(chunk[name])
        self.done.not_finite += int((~good).sum())
        within = good.copy()
        for name, most in LARGEST.items():
            with np.errstate(invalid="ignore"):
                within &= ~(np.abs(chunk[name]) > most)
        self.done.beyond += int((good & ~within).sum())
        chunk = dict(chunk)
        for name in (CYCLE, STEP):
            if name in chunk:
                with np.errstate(invalid="ignore"):
                    odd = ~(np.abs(chunk[name]) < MOST_COUNT)
                chunk[name] = np.where(odd, np.nan, chunk[name])
        return chunk if within.all() else {n: v[within] for n, v in chunk.items()}

    def _unwound(self, chunk: Chunk) -> np.ndarray:
        """Return the times with the offsets of every clock that began anew or was set back."""
        raw = chunk[TIME]
        before = raw[0] if self._last_raw is None else self._last_raw
        steps = np.diff(raw, prepend=before)
        forward = steps[steps > 0]
        if len(forward):
            self._interval = float(np.median(forward[:100_000]))
        step = chunk.get(STEP)
        offsets = np.zeros(len(raw))
        shift = self._offset
        for index in np.flatnonzero(steps < 0).tolist():
            kind = "order" if self.curve else self._kind(raw, index, before, step)
            if self._repeats(chunk, index) or kind == "order":
                continue
            last = before if index == 0 else raw[index - 1]
            change = last - raw[index]
            if kind == "restart":
                self.done.restarts += 1
                # A clock of a step starts where the step before ended.
                change += raw[index] or (0.0 if self.step_clock else self._interval)
            else:
                self.done.set_back += 1
                self.done.hours_back += abs(change - 3600) < max(2 * self._interval, 120)
                change += self._interval
            offsets[index] += change
        shifts = shift + np.cumsum(offsets)
        self._offset, self._last_raw = float(shifts[-1]), float(raw[-1])
        self._last_step = None if step is None else float(step[-1])
        return raw + shifts

    def _kind(self, raw: np.ndarray, index: int, before: float, step: np.ndarray | None) -> str:
        """Return what a clock that goes back has done: restart, order or set back."""
        last = before if index == 0 else float(raw[index - 1])
        after = raw[index + 1 : index + WINDOW]
        soon = bool(len(after)) and bool((after >= last).any())
        if abs(last - raw[index] - 3600) <= 2 * self._interval:
            return "back"
        near_zero = raw[index] <= max(2 * self._interval, 1e-9) or raw[index] <= 0.01 * last
        new_step = False
        if step is not None:
            earlier = self._last_step if index == 0 else step[index - 1]
            new_step = earlier is not None and step[index] != earlier
        if near_zero and (new_step or not (len(after) and after[0] >= last)):
            return "restart"
        return "order" if soon else "back"

    def _repeats(self, chunk: Chunk, index: int) -> bool:
        """Return whether the rows from here on are a copy of earlier ones of the chunk."""
        self._looked += 1
        if self._looked > _LOOKS:
            return False
        raw = chunk[TIME]
        for first in np.flatnonzero(raw[:index] == raw[index])[-1:]:
            size = min(_COPIED, index - first, len(raw) - index)
            before, here = slice(first, first + size), slice(index, index + size)
            same = all((chunk[n][before] == chunk[n][here]).all() for n in NEEDED)
            # Rest after rest may look alike; a copy has the same noise.
            if same and np.ptp(chunk[VOLTAGE][here]) > 0:
                return True
        return False

    def _sorted(self, chunk: Chunk) -> Chunk:
        time = chunk[TIME]
        back = np.diff(time) < 0
        if not back.any():
            return chunk
        self.done.sorted_rows += int(back.sum())
        order = np.argsort(time, kind="stable")
        return {name: values[order] for name, values in chunk.items()}

    def _unique(self, chunk: Chunk) -> Chunk:
        """Leave out rows of which time, current and voltage are those of the row before."""
        same = np.ones(max(len(chunk[TIME]) - 1, 0), dtype=bool)
        for name in NEEDED:
            same &= np.diff(chunk[name]) == 0
        if not same.any():
            return chunk
        self.done.duplicates += int(same.sum())
        keep = np.append(True, ~same)
        return {name: values[keep] for name, values in chunk.items()}

    def _tell_gaps(self, chunk: Chunk) -> Chunk:
        time = chunk[TIME]
        start = time[0] if np.isinf(self._last_time) else self._last_time
        steps = np.diff(time, prepend=start)
        most = max(GAP_S, GAP_INTERVALS * self._interval)
        long = steps > most
        if long.any():
            self.done.gaps += int(long.sum())
            self.done.longest_gap_s = max(self.done.longest_gap_s, float(steps[long].max()))
        self._last_time = float(time[-1])
        for name, values in chunk.items():
            if name not in NEEDED:
                lost = int(np.isnan(values).sum())
                if 0 < lost < len(values):
                    self.done.lost[name] = self.done.lost.get(name, 0) + lost
        return chunk


def _joined(first: Chunk, second: Chunk) -> Chunk:
    return {name: np.concatenate([first[name], second[name]]) for name in second}


def _cut(chunk: Chunk, at: int) -> tuple[Chunk, Chunk]:
    return (
        {name: values[:at] for name, values in chunk.items()},
        {name: values[at:] for name, values in chunk.items()},
    )
