"""A run as it stands in the store: outcome, cycles, series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from twin.api.stored import outcome_of, series_table
from twin.errors import StoreError
from twin.store.damage import Damage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from twin.engine.outcome import Outcome
    from twin.store import RunInfo, Store


class RunResult:
    """A run in the store: its outcome, its cycles, its series.

    Nothing is held in memory; each property reads the store.
    """

    def __init__(self, store: Store, run_id: str):
        self.store = store
        self.id = run_id

    def __repr__(self) -> str:
        info = self.info
        return f"<RunResult {self.id}: {info.cell_name}, {info.cycles} cycles, {info.status_now}>"

    @property
    def info(self) -> RunInfo:
        """Everything the store knows of the run, without its cycles."""
        return self.store.run(self.id)

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        return outcome_of(self.id, self.info.outcome)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One flat dict a cycle, in order."""
        return self.store.cycles(self.id)

    @property
    def cycles(self) -> pd.DataFrame:
        """One row a cycle, indexed by the cycle's number."""
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
        import numpy as np
        import xarray as xr

        tables = list(self.iter_series())
        if not tables:
            return xr.Dataset()
        names = list(dict.fromkeys(n for _, table in tables for n in table))
        data = {}
        for name in names:
            parts = [
                table.get(name, np.full(len(table["Time [s]"]), np.nan)) for _, table in tables
            ]
            data[name] = ("point", np.concatenate(parts))
        number = [np.full(len(table["Time [s]"]), cycle) for cycle, table in tables]
        dataset = xr.Dataset(data, coords={"cycle": ("point", np.concatenate(number))})
        return dataset.set_coords(["Time [s]", "Step"])

    def iter_series(
        self, cycles: Iterable[int] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield ``(cycle, {variable: array})`` for the cycles whose series are stored.

        Those that are damaged are left out.
        """
        wanted = None if cycles is None else list(cycles)
        for cycle, data in self.store.series(self.id, wanted):
            of = f"run {self.id}, cycle {cycle}"
            try:
                found = series_table(of, data)
            except StoreError as error:
                self.store.leave_out(self.id, [Damage(of, "series", error.problem.message)])
            else:
                yield cycle, found

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
            "outcome": info.outcome or None,
            "parent": [info.parent_run, info.parent_cycle] if info.parent_run else None,
            "modes": info.modes,
            "settings": info.settings,
            "damaged": [str(found) for found in self.store.damage.get(self.id, ())],
        }
