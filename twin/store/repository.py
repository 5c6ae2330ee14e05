"""The store: one object through which runs are written and read.

Every method is one transaction. What the database driver raises comes out as a
StoreError that says what to do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine

from twin.store import history, measurements, migrate, runs, studies, transactions
from twin.store.archives import engine_to_open
from twin.store.plain import integer
from twin.store.reader import StoreReader
from twin.store.records import RunInfo
from twin.store.session import LOCK_TIMEOUT_S, default_url

T = TypeVar("T")


class Store(StoreReader):
    """A database of runs. Open it with :meth:`open`; it may be shared between threads.

    Parameters
    ----------
    engine : Engine
        From :func:`twin.store.session.engine_for`.
    lock_timeout_s : float
        How long to keep trying while others hold the database [s].
    """

    def __init__(self, engine: Engine, *, lock_timeout_s: float = LOCK_TIMEOUT_S):
        super().__init__(engine)
        self._lock_timeout_s = lock_timeout_s

    @classmethod
    def open(cls, url: str | None = None, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Self:
        """Open a database; create it, or bring an older one up to date, where needed.

        One that cannot be written (an archive) can be read.

        Parameters
        ----------
        url : str, optional
            ``sqlite:///FILE``, a path, or ``postgresql://…``; else ``TWIN_DATABASE_URL``,
            else a file in the user's data folder.
        lock_timeout_s : float
            How long to wait for other writers [s].

        Raises
        ------
        StoreError
            If it cannot be opened, is newer than this program or is not the twin's.
        """
        engine = engine_to_open(url or default_url(), lock_timeout_s=lock_timeout_s)
        try:
            migrate.prepare(engine, lock_timeout_s=lock_timeout_s)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, lock_timeout_s=lock_timeout_s)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start_run(
        self,
        *,
        cell: Mapping[str, Any],
        protocol: Mapping[str, Any],
        settings: Mapping[str, Any],
        modes: Mapping[str, Any],
        packages: Mapping[str, Any],
        cycles_requested: int,
        seed: int | None = None,
        parent: tuple[str, int] | None = None,
        study: str | None = None,
    ) -> str:
        """Record that this process starts a run, and return the run's id.

        Parameters
        ----------
        cell : mapping
            ``name``, ``kind``, ``family``, ``title``, ``hash`` and ``spec``; stored once
            for all runs of the same hash.
        protocol, settings, modes, packages : mapping
            What is run, how, with which failure modes and package versions.
        cycles_requested : int
            How many cycles are wanted.
        seed : int, optional
            The seed of whatever is random (at most 63 bits).
        parent : tuple of str and int, optional
            The run and cycle this one branches from.
        study : str, optional
            The study it belongs to.

        Raises
        ------
        NotFoundError
            If the parent or the study is not in the database.
        StoreError
            If it cannot be written.
        """
        run_id = self._write(
            lambda connection: runs.start(
                connection,
                cell=cell,
                protocol=protocol,
                settings=settings,
                modes=modes,
                packages=packages,
                cycles_requested=cycles_requested,
                seed=seed,
                parent=parent,
                study=study,
            )
        )
        assert run_id is not None  # only a member can be there already
        return run_id

    def start_member(
        self,
        study: str,
        member: str,
        *,
        living: Collection[str] = (),
        over: bool = False,
        **given: Any,
    ) -> str | RunInfo:
        """Start the run of a study's member, unless the study has it: each is lived once.

        What an interruption left of the member is deleted first.

        Parameters
        ----------
        study, member : str
            The study, and the member's name there.
        living : collection of str
            The runs that this process is living; another one of its own was given up.
        over : bool
            Whether whoever is living it is known to have come to an end.
        **given
            As for :meth:`start_run`.

        Returns
        -------
        str or RunInfo
            The id of the run that was started; or the run that has been lived already, or
            that another process is living (``status_now`` tells which).

        Raises
        ------
        NotFoundError
            If there is no such study.
        StoreError
            If it cannot be written.
        """
        return self._write(
            lambda connection: runs.claim(connection, study, member, living, over, given)
        )

    def commit_initial(self, run_id: str, checkpoint: bytes, layout: str) -> None:
        """Store the state before the first cycle, as the checkpoint of cycle 0.

        Raises
        ------
        StoreError
            If it is there already, or cannot be written.
        """

        def work(connection: Connection) -> None:
            runs.touch(connection, run_id)
            history.write_checkpoint(connection, run_id, 0, checkpoint, layout)

        self._write(work, duplicate=_written_twice(run_id, 0))

    def commit_cycle(
        self,
        run_id: str,
        number: int,
        row: Mapping[str, Any],
        *,
        series: bytes | None = None,
        series_rows: int = 0,
        checkpoint: bytes | None = None,
        layout: str = "",
        events: Sequence[Mapping[str, Any]] = (),
        jumped: Sequence[Mapping[str, Any]] = (),
        ending: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a cycle: all that is given, or nothing of it.

        Repeats what a conflict or a lost connection undid; never stores a cycle twice.

        Parameters
        ----------
        run_id : str
            The run.
        number : int
            The cycle, from 1.
        row : mapping
            Its summary. The keys of :data:`twin.store.tables.CYCLE_COLUMNS` have columns of
            their own; all others are kept too.
        series : bytes, optional
            Its time series, as a Parquet file.
        series_rows : int
            The number of rows in it.
        checkpoint : bytes, optional
            The state at its end.
        layout : str
            How to read the state; empty if it is read like the one stored before it.
        events : sequence of mapping
            Criteria crossed: ``mode``, ``criterion``, ``severity``, ``variable``, ``says``,
            ``t_s``, ``value``, ``threshold``.
        jumped : sequence of mapping
            Rows of cycles before it that are stored with it, as those that were interpolated;
            each with its ``cycle``.
        ending : mapping, optional
            How the run ended with this cycle: ``status``, ``outcome`` and ``wall_s``, as for
            :meth:`finish_run`.

        Raises
        ------
        StoreError
            If another process has stored this cycle, or it cannot be written.
        NotFoundError
            If the run has been deleted.
        """
        stored = history.cycle_row(run_id, number, row)
        rows = integer(series_rows, "series_rows")
        crossed = [history.event_values(run_id, number, event) for event in events]
        between = [history.cycle_row(run_id, row["cycle"], row) for row in jumped]

        tries = itertools.count()

        def work(connection: Connection) -> None:
            if next(tries) and history.is_stored(connection, stored):
                return  # the connection broke after the commit, not before
            runs.touch(connection, run_id)
            history.write_rows(connection, between)
            history.write_cycle(
                connection,
                stored,
                series=series,
                series_rows=rows,
                checkpoint=checkpoint,
                layout=layout,
                events=crossed,
            )
            if ending is not None:
                runs.finish(connection, run_id, **ending)

        self._write(
            work,
            idempotent=True,
            duplicate=_written_twice(run_id, number),
        )

    def finish_run(
        self, run_id: str, *, status: str, outcome: Mapping[str, Any], wall_s: float
    ) -> None:
        """Record how a run ended.

        Parameters
        ----------
        run_id : str
            The run.
        status : {"completed", "cell-failed", "left-window", "solver-gave-up", "cancelled"}
            The kind of end.
        outcome : mapping
            The cause of death.
        wall_s : float
            All the time spent computing, that before a resumption included [s].

        Raises
        ------
        StoreError
            If ``status`` is none of these, or it cannot be written.
        """
        self._write(lambda connection: runs.finish(connection, run_id, status, outcome, wall_s))

    def reopen_run(
        self,
        run_id: str,
        cycles_requested: int,
        *,
        after: int | None = None,
        seen: datetime | None = None,
    ) -> None:
        """Make this process continue a run, up to ``cycles_requested`` cycles in all.

        Parameters
        ----------
        run_id : str
            The run.
        cycles_requested : int
            How far it is to go.
        after : int, optional
            The cycle whose state it goes on from; what is stored of later ones is deleted.
        seen : datetime, optional
            When it was last written, as far as the caller knows (:attr:`RunInfo.updated`).

        Raises
        ------
        StoreError
            If its process is still alive on this host, or it was written since ``seen``.
        NotFoundError
            If there is no such run.
        """
        self._write(
            lambda connection: runs.reopen(connection, run_id, cycles_requested, after, seen)
        )

    def copy_history(
        self,
        from_run: str,
        to_run: str,
        up_to_cycle: int,
        state: tuple[bytes, str] | None = None,
    ) -> None:
        """Give a branch its parent's cycles, series, checkpoints and events up to a cycle.

        Parameters
        ----------
        from_run, to_run : str
            The parent and the branch.
        up_to_cycle : int
            The last cycle the two have in common.
        state : tuple of bytes and str, optional
            The state that the branch begins with, and its layout, where it is not the one
            its parent left.

        Raises
        ------
        StoreError
            If the branch has any of these already, or they cannot be written.
        """

        def work(connection: Connection) -> None:
            runs.touch(connection, to_run)
            last = integer(up_to_cycle, "up_to_cycle")
            history.copy(connection, from_run, to_run, last, state)

        self._write(
            work,
            duplicate=(
                f"run {to_run} has cycles of its own already",
                "copy a history only into a run that has just been started",
            ),
        )

    def annotate_run(
        self,
        run_id: str,
        *,
        note: str | None = None,
        tags: Sequence[str] | None = None,
        left_out: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a run's note, its tags, and its lives with a mode left out.

        What is None stays, what is empty goes.

        Raises
        ------
        NotFoundError
            If there is no such run.
        """
        beside = {
            "note": note,
            "tags": None if tags is None else list(tags),
            "left_out": left_out,
        }
        self._write(lambda connection: runs.annotate(connection, run_id, beside))

    def delete_run(self, run_id: str) -> None:
        """Delete a run with everything it left behind.

        Raises
        ------
        StoreError
            If a living process of this host is writing it.
        NotFoundError
            If there is no such run.
        """
        self._write(lambda connection: runs.remove(connection, run_id))

    def delete_study(self, study_id: str) -> int:
        """Delete a study with all its runs, and return how many those were.

        Raises
        ------
        StoreError
            If a living process of this host is writing one of them; nothing is deleted then.
        NotFoundError
            If there is no such study.
        """
        return self._write(lambda connection: studies.remove(connection, study_id))

    def start_study(self, *, kind: str, cell_name: str, design: Mapping[str, Any]) -> str:
        """Record a study (an ensemble, a map …) and return its id, for ``start_run``."""
        return self._write(lambda connection: studies.start(connection, kind, cell_name, design))

    def change_study(
        self, study_id: str, changed: Callable[[dict[str, Any]], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Change the design of a study that goes on, and return it.

        Parameters
        ----------
        study_id : str
            The study.
        changed : callable
            Takes the design as it is stored, and returns what it is to be; nobody else
            changes it in between.

        Raises
        ------
        NotFoundError
            If there is no such study.
        """
        return self._write(lambda connection: studies.change(connection, study_id, changed))

    def finish_study(self, study_id: str, *, status: str, summary: Mapping[str, Any]) -> None:
        """Record how a study ended and what came of it (NotFoundError if there is none)."""
        self._write(lambda connection: studies.finish(connection, study_id, status, summary))

    def add_measurement(
        self,
        measurement: str,
        *,
        name: str,
        cell_name: str,
        source: str,
        kind: str,
        rows: int,
        meta: Mapping[str, Any],
        pieces: Callable[[], Iterable[tuple[int, bytes]]],
        replace: bool = False,
    ) -> bool:
        """Store measured data, all of it or nothing; False if the same file is there already.

        Parameters
        ----------
        measurement : str
            The SHA-256 of the file.
        name, source : str
            The file's name, and where it was.
        cell_name : str
            The cell it was measured on.
        kind : {"cycling", "impedance"}
            What it is.
        rows : int
            How many rows it has.
        meta : mapping
            How it was read and what was found in it.
        pieces : callable
            Returns its rows: the number of them and the bytes of a Parquet file, a piece at a
            time. It may be called more than once.
        replace : bool
            Whether what is there of the same file is replaced.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        values = {"name": name, "cell_name": cell_name, "source": source, "kind": kind}
        values |= {"rows": rows, "meta": meta}  # type: ignore[dict-item]
        return self._write(
            lambda connection: measurements.add(connection, measurement, values, pieces(), replace),
            idempotent=True,
            duplicate=(
                "another process is storing the same file",
                "look at what it stored: twin measured",
            ),
        )

    def delete_measurement(self, measurement: str) -> None:
        """Delete a measurement by its whole id, with its rows."""
        self._write(lambda connection: measurements.remove(connection, measurement))

    def _write(self, work: Callable[[Connection], T], **how: Any) -> T:
        return transactions.write(self.engine, work, timeout_s=self._lock_timeout_s, **how)


def _written_twice(run_id: str, cycle: int) -> tuple[str, str]:
    return (
        f"cycle {cycle} of run {run_id} is stored already: another process is writing this run",
        "end one of the two, then `twin resume` the run",
    )
