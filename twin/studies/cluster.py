"""Work for many processes: a local Dask cluster, or one that runs already."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from twin import garbage, interrupts
from twin.errors import InputError

_QUIET = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
}
"""Nothing is told over HTTP, which has no door. Each of the others wakes a worker from the life
it follows; together they cost a twelfth."""


_GRACE_S = 0.2
"""What a worker that is not waited for has left [s]."""
_AHEAD, _AHEAD_OF_SEVERAL = 4, 2
"""So many tasks a thread of the workers the scheduler has at once, of one call and of several: no
thread waits for the next one, and the scheduler does not hold all of a large study."""
_FEWEST = 16
"""So many it has while nobody knows of workers."""
_TASKS_PER_S = 100
"""Of so many tasks a second a scheduler is half busy: where calls are shorter, several are one."""
_ROUNDS = 4
"""A task has no more of the calls that are left than its share of so many rounds of all threads."""
_MOST = 32
"""So many calls a task has at most: what waits at the scheduler is held there, and here."""
_LOOK_S = 2.0
"""How often it is asked how many workers there are [s]."""


def get_ready() -> None:
    """Import what a life needs; what a local worker does first.

    From then on it says nothing: what goes wrong in a call comes back with the call, and
    the rest is a worker that misses its scheduler when both are being closed.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    garbage.collect_rarely()
    for name in ("twin.engine.prepare", "twin.lifetime.jump", "twin.store"):
        importlib.import_module(name)


class Workers:
    """Worker processes that stay between one batch of calls and the next.

    Parameters
    ----------
    count : int
        How many local processes to start, one thread each.
    scheduler : str, optional
        The address of a scheduler (``tcp://host:8786``) to use instead.

    Raises
    ------
    InputError
        If the scheduler does not answer.
    """

    def __init__(self, count: int, scheduler: str | None = None):
        import dask

        # Read once, on import, by this process and by the ones it starts. What goes wrong
        # in a call comes back with it; the rest is workers that miss their scheduler when
        # both are being closed.
        dask.config.set({"logging.distributed": "critical" if scheduler is None else "warning"})
        dask.config.set(_QUIET)
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.WARNING)
        self._cluster: Any = None
        self._client: Any = None
        self._given: list[str] = []
        self._threads, self._looked = 0, -_LOOK_S
        if scheduler is None:
            try:
                with interrupts.put_off():
                    self._start(count)
            except BaseException:
                self.close(at_once=True)
                raise
            return
        try:
            self._client = Client(scheduler, timeout=15)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler answers at {scheduler} ({error})",
                key="scheduler",
                fix="start one (dask scheduler) and give its tcp:// address",
            ) from None

    def _start(self, count: int) -> None:
        from distributed import Client, LocalCluster, Security

        # A port on this machine is open to all who use it, and a scheduler runs what it is
        # given: both sides show a certificate that only this cluster's processes have.
        guarded = Security.temporary()
        self._cluster = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            # Dask serves HTTP whatever it is told: with nothing behind it, on this machine alone,
            # on a port that is free and not on its 8787, with a warning where two studies run.
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            protocol="tls://",
            security=guarded,
        )
        self._client = Client(self._cluster, security=guarded)
        # They get ready while this process still prepares what they will do.
        self._ready = [
            self._client.submit(get_ready, workers=[address], pure=False)
            for address in self._client.scheduler_info()["workers"]
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(at_once=error is not None)

    def close(self, *, at_once: bool = False) -> None:
        """End the connection, and the processes that were started for it.

        Parameters
        ----------
        at_once : bool
            Do not wait for what they are doing; else they have four seconds.
        """
        if self._cluster is not None and at_once:
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            self._cluster.sync(self._kill)
        if self._client is not None:
            if self._cluster is None:  # it goes on without us
                for name in self._given:
                    with contextlib.suppress(OSError, ValueError, TimeoutError):
                        self._client.unregister_worker_plugin(name)
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    async def _kill(self) -> None:
        nannies = self._cluster.workers.values()
        await asyncio.gather(*(n.close(timeout=_GRACE_S) for n in nannies), return_exceptions=True)

    def give(self, name: str, what: Mapping[str, Any]) -> None:
        """Give each worker, those that come later too, what many calls need.

        They find it under its name in :data:`twin.studies.given.GIVEN`.
        """
        from twin.studies.given import Given

        if name not in self._given:
            self._client.register_plugin(Given(name, what), name=name)
            self._given.append(name)

    def each(
        self,
        function: Callable[..., Any],
        calls: Iterable[tuple[Any, ...]],
        total: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Call an importable function with each of some arguments, in any order.

        Yields which call ended, and its result; the exception where it ended in one, or
        where its worker died. Calls are made as workers get to them, and forgotten
        when they have ended. Where calls are short, and it is known how many there are,
        several are one task of the scheduler's; one that goes wrong, and all of a task that
        was lost with its worker, are made again, each alone.

        Parameters
        ----------
        function : callable
            What is called.
        calls : iterable of tuple
            Its arguments.
        total : int, optional
            How many calls there are.
        """
        from distributed import as_completed

        tasks: dict[Any, list[_Call]] = {}
        ended, rest = as_completed(), _Rest(calls, total)

        def go_on() -> None:
            threads = self._threads_now()
            ahead = _AHEAD_OF_SEVERAL if rest.several else _AHEAD
            room = max(ahead * threads, _FEWEST) - len(tasks)
            for task in itertools.islice(iter(lambda: rest.task(threads), []), max(room, 0)):
                # Not pure: the same call is another life's work, and results are small.
                arguments = [call for _, call in task]
                future = self._client.submit(_several, function, arguments, pure=False, retries=1)
                tasks[future] = task
                ended.add(future)

        go_on()
        for future in ended:
            interrupts.raise_if_asked()
            error, task = future.exception(), tasks.pop(future)
            if error is None:
                results, seconds = future.result()
                rest.took(seconds, len(results))
                rest.again(task[len(results) :])
                done = zip(task[: len(results)], results, strict=True)
                yield from ((number, result) for (number, _), result in done)
            elif len(task) == 1:
                yield task[0][0], error
            else:
                rest.again(task, alone=True)
            go_on()

    def _threads_now(self) -> int:
        """Return how many threads the workers have."""
        if time.monotonic() - self._looked >= _LOOK_S:
            self._looked = time.monotonic()
            self._threads = sum(self._client.nthreads().values())
        return self._threads


_Call = tuple[int, tuple[Any, ...]]
"""A call's number and its arguments."""


class _Rest:
    """The calls that have not been handed over, and how many of them make a task.

    A task is to take ``threads/100`` seconds, so that all threads end a hundred tasks a second
    together: ``n = (threads/100)/s`` of calls of ``s`` seconds, no more than a quarter of
    each thread's share of what is left.
    """

    def __init__(self, calls: Iterable[tuple[Any, ...]], total: int | None):
        self._calls = enumerate(calls)
        self._left = total or 0
        self._again: list[list[_Call]] = []
        self._seconds: float | None = None
        self.several = False

    def task(self, threads: int) -> list[_Call]:
        """Return the calls of the next task; none if all have been handed over."""
        if self._again:
            return self._again.pop()
        size = 1
        if self._left and self._seconds is not None and threads:
            wanted = threads / _TASKS_PER_S / max(self._seconds, 1e-6)
            size = max(int(min(wanted, self._left / (_ROUNDS * threads), _MOST)), 1)
        self.several = size > 1
        task = list(itertools.islice(self._calls, size))
        self._left = max(self._left - len(task), 0)
        return task

    def took(self, seconds: float, calls: int) -> None:
        """Note what some calls took [s]; the last ones count most."""
        if calls:
            each = seconds / calls
            old = each if self._seconds is None else self._seconds
            self._seconds = 0.8 * old + 0.2 * each

    def again(self, calls: list[_Call], *, alone: bool = False) -> None:
        """Take calls back: the first, which went wrong, alone; the others too if asked."""
        first = len(calls) if alone else 1
        self._again += [[call] for call in calls[:first]]
        if calls[first:]:
            self._again.append(calls[first:])


def _several(function: Callable[..., Any], calls: list[tuple[Any, ...]]) -> tuple[list[Any], float]:
    """Make some calls, one after the other, up to one that goes wrong.

    Returns their results, and what they took [s]. One call alone may raise.
    """
    began, results = time.perf_counter(), []
    for arguments in calls:
        try:
            results.append(function(*arguments))
        except Exception:
            if len(calls) == 1:
                raise
            break
    return results, time.perf_counter() - began
