"""The library of lives a cell is tracked against: drawn once, stored, and read as tables.

It is a forecast in the store (:mod:`twin.studies.forecast`): lives of the cell's declared spreads
and, where asked, of what nobody has measured of it. One whose cell, protocol, modes, model,
tolerances, horizon and seed agree is used again, and gone on with where it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.engine.capacity import first_capacity
from twin.errors import InputError
from twin.lifetime.interpolation import along
from twin.status import LIVED
from twin.studies.life_record import Lived, lived_of
from twin.tracking.observables import Observable

if TYPE_CHECKING:
    from twin.store import Store

POINTS = 160
"""At so many cycles from the first to the horizon, evenly over their logarithm, is a life held."""
CORE = "core"
FEWEST = 30
"""A library of fewer lives tells nothing."""


@dataclass(frozen=True)
class Library:
    """Lives as arrays.

    Attributes
    ----------
    study : tuple of str
        The studies they are members of.
    names : list of (str, str)
        Study and member of each life.
    ends : ndarray, shape (lives,)
        The cycle each died in, or the last one it is known to have lived.
    dead : ndarray of bool
        Whether it died then; else it is censored.
    modes, ways : list of str
        What it died of: the mode, and ``"mode: criterion"``; empty for survivors.
    grid : ndarray, shape (points,)
        Cycles.
    curves : dict
        By observable, its natural logarithm on the grid, shape (lives, points); NaN beyond
        what is known of a life.
    margins : dict
        By criterion, its margin on the grid.
    weights : ndarray, shape (lives,)
        Of each before any check-up; they add up to one.
    values : ndarray, shape (lives, numbers)
        What was drawn of the ``keys``.
    horizon : int
        Lives were followed so far.
    first : dict
        By observable, the natural logarithm of the fresh cell's value, shape (lives,).
    """

    study: tuple[str, ...]
    names: list[tuple[str, str]]
    ends: np.ndarray
    dead: np.ndarray
    modes: list[str]
    ways: list[str]
    grid: np.ndarray
    curves: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]
    weights: np.ndarray
    keys: list[str]
    values: np.ndarray
    horizon: int
    first: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.ends)

    def at(self, key: str, cycles: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the logarithm of an observable at some cycles, shape (lives, cycles)."""
        return on_grid(self.grid, self.curves[key], cycles)

    def each_at(self, key: str, lives: np.ndarray, cycles: np.ndarray) -> np.ndarray:
        """Return the logarithm of an observable of some lives, at cycles of their own.

        Parameters
        ----------
        key : str
            The observable.
        lives : ndarray, shape (rows,)
            The life of each row.
        cycles : ndarray, shape (rows, cycles)
            The cycles of each row.
        """
        return each_on_grid(self.grid, self.curves[key], lives, cycles)

    def lasting(self) -> Library:
        """Return the same lives, each held beyond its end as it was then."""

        def held(tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {key: _held_on(table) for key, table in tables.items()}

        return replace(self, curves=held(self.curves), margins=held(self.margins))

    def margins_at(self, cycle: float) -> dict[str, np.ndarray]:
        """Return every criterion's margin in a cycle, each of shape (lives,)."""
        return {k: on_grid(self.grid, m, [cycle])[:, 0] for k, m in self.margins.items()}

    def alive(self, cycle: float) -> np.ndarray:
        """Return which lives are known to have outlived a cycle."""
        value: np.ndarray = np.where(self.dead, self.ends > cycle, self.ends >= cycle)
        return value

    def chosen(self, which: np.ndarray) -> Library:
        """Return some of the lives, their weights made to add up to one again."""
        index = np.flatnonzero(which) if which.dtype == bool else np.asarray(which)
        weights = self.weights[index]
        return Library(
            self.study,
            [self.names[i] for i in index],
            self.ends[index],
            self.dead[index],
            [self.modes[i] for i in index],
            [self.ways[i] for i in index],
            self.grid,
            {k: c[index] for k, c in self.curves.items()},
            {k: m[index] for k, m in self.margins.items()},
            weights / weights.sum(),
            self.keys,
            self.values[index],
            self.horizon,
            {k: f[index] for k, f in self.first.items()},
        )


def on_grid(
    grid: np.ndarray, table: np.ndarray, cycles: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Interpolate rows of a table between the cycles of a grid, over their logarithm."""
    n = np.log(np.clip(np.asarray(cycles, dtype=float), grid[0], grid[-1]))
    x = np.log(grid)
    right = np.clip(np.searchsorted(x, n), 1, len(x) - 1)
    share = (n - x[right - 1]) / (x[right] - x[right - 1])
    low, high = table[:, right - 1], table[:, right]
    value: np.ndarray = np.where(
        share <= 0, low, np.where(share >= 1, high, low + share * (high - low))
    )
    return value


def _held_on(table: np.ndarray) -> np.ndarray:
    known = np.isfinite(table)
    last = np.maximum.accumulate(np.where(known, np.arange(table.shape[1]), 0), axis=1)
    value: np.ndarray = np.take_along_axis(table, last, axis=1)
    return value


def each_on_grid(
    grid: np.ndarray, table: np.ndarray, lives: np.ndarray, cycles: np.ndarray
) -> np.ndarray:
    """Interpolate rows of a table at cycles of their own (:meth:`Library.each_at`)."""
    x, n = np.log(grid), np.log(np.clip(cycles, grid[0], grid[-1]))
    right = np.clip(np.searchsorted(x, n), 1, len(x) - 1)
    share = (n - x[right - 1]) / (x[right] - x[right - 1])
    low, high = table[lives[:, None], right - 1], table[lives[:, None], right]
    value: np.ndarray = np.where(
        share <= 0, low, np.where(share >= 1, high, low + share * (high - low))
    )
    return value


def grid_to(horizon: int, points: int = POINTS) -> np.ndarray:
    """Return whole cycles from the first to the horizon, evenly over their logarithm."""
    return np.unique(np.round(np.geomspace(1, max(horizon, 2), points)))


@dataclass(frozen=True)
class Life:
    """One life as it is read from the store or made up in a test.

    Attributes
    ----------
    name : (str, str)
        Its study, and its name there.
    end : int
        The cycle it died in, or the last one known.
    dead : bool
        Whether it died then.
    mode, criterion : str
        What it died of; empty for a survivor.
    cycles : ndarray
        The cycles that are known.
    curves, margins : mapping
        Observables, and margins by criterion, at those cycles.
    values : sequence of float
        What was drawn.
    weight : float
        Its weight before any check-up.
    """

    name: tuple[str, str]
    end: int
    dead: bool
    mode: str
    criterion: str
    cycles: np.ndarray
    curves: Mapping[str, np.ndarray]
    margins: Mapping[str, np.ndarray]
    values: Sequence[float] = ()
    weight: float = 1.0


def library_of(
    lives: Sequence[Life], horizon: int, keys: Sequence[str] = (), study: Sequence[str] = ()
) -> Library:
    """Return lives as arrays on one grid of cycles.

    Raises
    ------
    InputError
        If they are too few.
    """
    if len(lives) < FEWEST:
        raise InputError(
            f"the library has {len(lives)} lives, which is too few to track a cell by",
            key="lives",
            fix=f"ask for 300 (at least {FEWEST}): --lives 300",
        )
    grid = grid_to(horizon)
    weights = np.array([life.weight for life in lives], dtype=float)
    curves = sorted({k for life in lives for k in life.curves})
    margins = sorted({k for life in lives for k in life.margins})
    held = np.array([_resampled(life, curves, margins, grid) for life in lives])
    logs = {k: np.log(held[:, :, i]) for i, k in enumerate(curves)}
    return Library(
        tuple(study),
        [life.name for life in lives],
        np.array([life.end for life in lives], dtype=float),
        np.array([life.dead for life in lives], dtype=bool),
        [life.mode for life in lives],
        [f"{life.mode}: {life.criterion}" if life.mode else "" for life in lives],
        grid,
        logs,
        {k: held[:, :, len(curves) + i] for i, k in enumerate(margins)},
        weights / weights.sum(),
        list(keys),
        np.array([list(life.values) for life in lives], dtype=float).reshape(len(lives), -1),
        int(horizon),
        {k: c[:, 0] for k, c in logs.items()},
    )


def _resampled(
    life: Life, curves: Sequence[str], margins: Sequence[str], grid: np.ndarray
) -> np.ndarray:
    """Return a life's values on the grid, shape (points, columns); NaN outside what is known."""
    nothing = np.full(len(life.cycles), np.nan)
    columns = [life.curves.get(name, nothing) for name in curves]
    columns += [life.margins.get(name, nothing) for name in margins]
    table = np.array(columns, dtype=float).T
    resampled = np.full((len(grid), len(columns)), np.nan)
    if not len(life.cycles):
        return resampled
    known = np.isfinite(table)
    # Most columns are known in the same cycles, and are interpolated together.
    for pattern in np.unique(known.T, axis=0):
        which = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        if not pattern.any():
            continue
        here, values = life.cycles[pattern], table[np.ix_(pattern, which)]
        if len(here) > 1:
            resampled[:, which] = along(here, values, grid)
        else:
            resampled[np.ix_(grid == here[0], which)] = values[0]
        # What a life was in its last known cycle it is up to its end, a cycle or two later.
        late = (grid > here[-1]) & (grid <= min(life.end, here[-1] + _LATE))
        resampled[np.ix_(late, which)] = values[-1]
    return resampled


_LATE = 3


def read_lives(
    store: Store,
    study: str,
    wanted: Iterable[Observable],
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> list[Life]:
    """Read the lives of a stored study.

    What could not be followed at all is left out; a life that was lost on the way is censored.
    """
    asked = list(wanted)
    design = store.study(study).design
    values = design.get("values") or []
    runs = [run for run in store.runs(study=study) if run.status in LIVED]
    lived = sorted((lived_of(run) for run in runs), key=lambda one: int(one.name))
    lives = []
    for number, one in enumerate(lived, start=1):
        if one.state != "failed":
            row = values[int(one.name)] if int(one.name) < len(values) else []
            weight = design.get("weights", {}).get(str(one.name), 1.0)
            lives.append(_life(store, study, one, asked, row, float(weight)))
        if number % 50 == 0:
            on_progress(number / len(lived), f"{number} of {len(lived)} lives read")
    return lives


def _life(
    store: Store,
    study: str,
    lived: Lived,
    wanted: Sequence[Observable],
    values: Sequence[float],
    weight: float,
) -> Life:
    rows = [r for r in store.cycles(lived.run) if r.get("complete", True)]
    criteria = sorted({name for row in rows for name in row.get("margins") or {}})
    cycles = np.array([row["cycle"] for row in rows], dtype=float)
    curves = {of.key: np.array([of.of(row) for row in rows], dtype=float) for of in wanted}
    first = first_capacity(rows)
    if first and "capacity" in curves:  # an estimated capacity is told as the share it is
        shares = [row.get("capacity_share") or row["capacity_Ah"] / first for row in rows]
        curves["capacity"] = first * np.array(shares, dtype=float)
    return Life(
        (study, str(lived.name)),
        lived.cycles if lived.known else lived.finished,
        lived.dead,
        (lived.mode or CORE) if lived.dead else "",
        (lived.criterion or "") if lived.dead else "",
        cycles,
        curves,
        {name: np.array([_margin(row, name) for row in rows], dtype=float) for name in criteria},
        values,
        weight,
    )


def _margin(row: Mapping[str, Any], name: str) -> float:
    value = (row.get("margins") or {}).get(name)
    return float("nan") if value is None else float(value)
