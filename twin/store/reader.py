"""Reading the store: runs, their cycles and what belongs to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from twin.store import history, measurements, migrate, runs, size, studies, transactions
from twin.store.damage import Damage
from twin.store.records import Checkpoint, MeasurementInfo, RunInfo, StudyInfo
from twin.store.session import shown

T = TypeVar("T")
log = logging.getLogger("twin.store")

_SERIES_BATCH = 16


class StoreReader:
    """The reading half of :class:`twin.store.Store`. Every method is one transaction.

    Parameters
    ----------
    engine : Engine
        From :func:`twin.store.session.engine_for`.
    """

    def __init__(self, engine: Engine):
        self.engine = engine
        self.damage: dict[str, list[Damage]] = {}
        """What was left out of what has been read, by the run or study it belongs to."""
        self.looked_at: set[str] = set()
        """The runs and studies that have been asked for."""

    @property
    def url(self) -> str:
        """The database's URL, without its password."""
        return shown(self.engine.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def run(self, ref: str) -> RunInfo:
        """Return a run by its id, a unique beginning of it, or ``"last"``.

        Raises
        ------
        NotFoundError
            If there is none or more than one; the fix names near ones.
        """
        info = self._read(lambda connection: runs.find(connection, ref))
        self.looked_at.add(info.id)
        return info

    def stamp(self, run_id: str) -> tuple[str, datetime]:
        """Return a run's stored status and when it was last written: the shortest look.

        Raises
        ------
        NotFoundError
            If there is no such run.
        """
        return self._read(lambda connection: runs.stamp(connection, run_id))

    def runs(
        self,
        *,
        cell: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        study: str | None = None,
        alone: bool = False,
    ) -> list[RunInfo]:
        """Return runs, newest first, without their cells' specs.

        Parameters
        ----------
        cell : str, optional
            Only runs of the cell of this name.
        status : str, optional
            Only runs whose :attr:`RunInfo.status_now` is this.
        limit : int, optional
            At most so many.
        study : str, optional
            Only the members of this study; those that are damaged are left out.
        alone : bool
            Only runs that are no member of a study.
        """
        infos = self._read(
            lambda connection: runs.listing(
                connection, cell=cell, status=status, limit=limit, study=study, alone=alone
            )
        )
        if study is None:
            return infos
        for run in infos:
            self.leave_out(study, run.damage)
        return [run for run in infos if not run.damage]

    def cycles(self, run_id: str, cycles: Collection[int] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a run in order: ``cycle``, the columns, then all other values.

        Rows that are damaged are left out.

        Parameters
        ----------
        run_id : str
            The run.
        cycles : collection of int, optional
            Only these; all by default.
        """
        rows, damage = self._read(
            lambda connection: history.read_cycles(connection, run_id, cycles)
        )
        self.leave_out(run_id, damage)
        return rows

    def series(
        self, run_id: str, cycles: Collection[int] | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Yield cycle and Parquet bytes of the stored series, in order, a few at a time.

        No transaction is open between two chunks, so a slow reader holds nobody up. Those
        that are damaged are left out.

        Parameters
        ----------
        run_id : str
            The run.
        cycles : collection of int, optional
            Only these; those without a series are passed over.
        """
        stored = self._read(lambda connection: history.series_cycles(connection, run_id))
        wanted = stored if cycles is None else sorted(set(stored) & set(cycles))
        for start in range(0, len(wanted), _SERIES_BATCH):
            batch = wanted[start : start + _SERIES_BATCH]
            read = partial(history.read_series, run_id=run_id, cycles=batch)
            chunks, damage = self._read(read)
            self.leave_out(run_id, damage)
            yield from chunks

    def checkpoint(
        self, run_id: str, cycle: int | None = None, *, before: int | None = None
    ) -> Checkpoint:
        """Return the state at the end of a cycle, or the latest there is (before a cycle).

        Raises
        ------
        NotFoundError
            If it is not stored; the message says which are.
        StoreError
            If it is damaged.
        """
        return self._read(
            lambda connection: history.read_checkpoint(connection, run_id, cycle, before)
        )

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return the failure events of a run, in the order they happened.

        Those that are damaged are left out.
        """
        events, damage = self._read(lambda connection: history.read_events(connection, run_id))
        self.leave_out(run_id, damage)
        return events

    def study(self, study_id: str) -> StudyInfo:
        """Return a study by its id (NotFoundError if there is none)."""
        info = self._read(lambda connection: studies.find(connection, study_id))
        self.looked_at.add(info.id)
        return info

    def studies(self, *, kind: str | None = None, limit: int | None = None) -> list[StudyInfo]:
        """Return studies, newest first, with their members counted but without their designs.

        Parameters
        ----------
        kind : str, optional
            Only studies of this kind, as ``"forecast"``.
        limit : int, optional
            At most so many.
        """
        return self._read(lambda connection: studies.listing(connection, kind=kind, limit=limit))

    def measurement(self, ref: str) -> MeasurementInfo:
        """Return a measurement by its id, a beginning of it, its file's name or ``"last"``.

        Raises
        ------
        NotFoundError
            If there is none or more than one.
        StoreError
            If it is damaged.
        """
        return self._read(lambda connection: measurements.find(connection, ref))

    def measurements(
        self, *, cell: str | None = None, limit: int | None = None
    ) -> list[MeasurementInfo]:
        """Return measurements, newest first.

        Parameters
        ----------
        cell : str, optional
            Only those of this cell.
        limit : int, optional
            At most so many.
        """
        return self._read(
            lambda connection: measurements.listing(connection, cell=cell, limit=limit)
        )

    def measurement_chunks(self, measurement: str) -> Iterator[bytes]:
        """Yield the Parquet bytes of a measurement's rows, in order, one chunk at a time.

        Raises
        ------
        StoreError
            If one is missing or damaged.
        """
        count = self._read(lambda connection: measurements.count_chunks(connection, measurement))
        for number in range(count):
            read = partial(measurements.read_chunk, measurement=measurement, number=number)
            yield self._read(read)

    def info(self) -> dict[str, Any]:
        """Return URL (without password), backend, revision, sizes in bytes and row counts."""
        revision = migrate.head_revision()
        return self._read(lambda connection: size.describe(connection, self.engine.url, revision))

    def leave_out(self, of: str, damage: Iterable[Damage]) -> None:
        """Note what is left out of what is read of a run or a study, and warn of it once."""
        known = self.damage.setdefault(of, [])
        for lost in damage:
            if lost not in known:
                known.append(lost)
                log.warning("%s; it is left out", lost)

    def _read(self, work: Callable[[Connection], T]) -> T:
        return transactions.read(self.engine, work)
