"""A run as it stands in the store: outcome, cycles, series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from twin.errors import NotFoundError, StoreError
from twin.runs.stored import outcome_of, series_table
from twin.status import Status
from twin.store.damage import Damage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from twin.engine.outcome import Outcome
    from twin.store import RunInfo, Store

T = TypeVar("T")

_READERS = 4
"""How many chunks of a series are read at once."""


class RunResult:
    """A run in the store: its outcome, its cycles, its series.

    What has been read is kept until something is written to the run: each property takes
    a short look at when that was, and one that goes on is seen to go on. What is returned
    is shared; do not change it. ``run["Voltage [V]"]`` is a stored variable over time.
    """

    def __init__(self, store: Store, run_id: str):
        self.store = store
        self.id = run_id
        self._kept: dict[str, Any] = {}
        self._stamp: Any = None

    def __repr__(self) -> str:
        info = self.info
        return f"<RunResult {self.id}: {info.cell_name}, {info.cycles} cycles, {info.status_now}>"

    @property
    def info(self) -> RunInfo:
        """Everything the store knows of the run, without its cycles."""
        # Whether a run that has not ended is still being written changes with time.
        return self._once(
            "info", lambda: self.store.run(self.id), lambda i: i.status != Status.RUNNING
        )

    def _once(
        self, name: str, read: Callable[[], T], lasts: Callable[[T], bool] = lambda value: True
    ) -> T:
        """Return what was read before, unless the run has been written to since."""
        stamp = self.store.stamp(self.id)
        if stamp != self._stamp:
            self._stamp, self._kept = stamp, {}
        if name not in self._kept:
            value = read()
            if not lasts(value):
                return value
            self._kept[name] = value
        kept: T = self._kept[name]
        return kept

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        return outcome_of(self.id, self.info.outcome)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One flat dict a cycle, in order."""
        return self._once("rows", lambda: self.store.cycles(self.id))

    @property
    def cycles(self) -> pd.DataFrame:
        """One row a cycle, indexed by the cycle's number."""
        return self._once("cycles", self._frame).copy()

    def _frame(self) -> pd.DataFrame:
        import pandas as pd

        from twin.store.tables import CYCLE_COLUMNS

        rows = [{k: v for k, v in row.items() if k != "margins"} for row in self.rows]
        frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["cycle", *CYCLE_COLUMNS])
        return frame.set_index("cycle")

    @property
    def series(self) -> xr.Dataset:
        """The stored time series: every variable over a point index, with ``cycle``.

        Coordinates along ``point``: ``cycle``, ``Time [s]`` and ``Step``.
        """
        return self._once("series", self._dataset).copy()

    def __getitem__(self, name: str) -> xr.DataArray:
        """Return a variable of the stored time series, e.g. ``run["Voltage [V]"]``.

        Raises
        ------
        NotFoundError
            If it is not stored; the fix names near ones.
        """
        series = self.series
        if name not in series.variables:
            from twin.specs.complaint import did_you_mean

            names = [str(known) for known in series.variables]
            raise NotFoundError(
                f"run {self.id} has no stored variable {name!r}",
                key=name,
                fix=did_you_mean(name, names, "run.series lists what is stored"),
            )
        return series[name]

    def plot(self, path: str | Path | None = None, what: str = "summary") -> Figure:
        """Draw the run, and save the figure if a path is given (``.png``, ``.svg``, ``.pdf``).

        A notebook shows what is returned. ``what`` is a panel of ``twin plot --what``.

        Raises
        ------
        InputError
            If there is nothing of the kind to show, or the file's format is not known.
        """
        import twin

        return twin.plot_run(self, path, what)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how it ended, and the first and last cycle."""
        import twin

        return twin.run_html(self)

    def _dataset(self) -> xr.Dataset:
        import numpy as np
        import xarray as xr

        # Arrow reads outside of Python's lock, so a few chunks are read at once.
        with ThreadPoolExecutor(max_workers=_READERS) as pool:
            tables = list(self._sound(pool.map(self._table, self.store.series(self.id))))
        if not tables:
            return xr.Dataset()
        lengths = [len(table["Time [s]"]) for _, table in tables]
        names = list(dict.fromkeys(n for _, table in tables for n in table))
        data = {name: ("point", _joined(name, tables, lengths)) for name in names}
        number = np.repeat([cycle for cycle, _ in tables], lengths)
        dataset = xr.Dataset(data, coords={"cycle": ("point", number)})
        return dataset.set_coords(["Time [s]", "Step"])

    def iter_series(
        self, cycles: Iterable[int] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield ``(cycle, {variable: array})`` for the cycles whose series are stored.

        Those that are damaged are left out.
        """
        wanted = None if cycles is None else list(cycles)
        read = map(self._table, self.store.series(self.id, wanted))
        yield from self._sound(read)

    def _table(self, chunk: tuple[int, bytes]) -> tuple[int, dict[str, Any] | Damage]:
        """Return a chunk's cycle, and its columns as arrays or what is wrong with it."""
        cycle, data = chunk
        of = f"run {self.id}, cycle {cycle}"
        try:
            return cycle, series_table(of, data)
        except StoreError as error:
            return cycle, Damage(of, "series", error.problem.message)

    def _sound(
        self, read: Iterable[tuple[int, dict[str, Any] | Damage]]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the chunks that can be read, and note the others."""
        for cycle, row in read:
            if isinstance(row, Damage):
                self.store.leave_out(self.id, [row])
            else:
                yield cycle, row

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``twin run --json`` prints."""
        info = self.info
        complete = [row for row in self.rows if row.get("complete", True)]
        return {
            "run": self.id,
            "cell": info.cell_name,
            "status": info.status_now,
            "cycles": len(complete),
            "wall_s": info.wall_s,
            "capacity_Ah": [row["capacity_Ah"] for row in complete],
            "capacity_estimated": [row.get("capacity_estimated", False) for row in complete],
            "outcome": info.outcome or None,
            "parent": [info.parent_run, info.parent_cycle] if info.parent_run else None,
            "modes": info.modes,
            "settings": info.settings,
            "damaged": [str(damage) for damage in self.store.damage.get(self.id, ())],
        }


def _joined(name: str, tables: list[tuple[int, dict[str, Any]]], lengths: list[int]) -> Any:
    """Return a variable over all chunks, NaN in those that lack it."""
    import numpy as np

    parts = [table.get(name) for _, table in tables]
    return np.concatenate(
        [np.full(n, np.nan) if part is None else part
         for part, n in zip(parts, lengths, strict=True)]
    )  # fmt: skip
