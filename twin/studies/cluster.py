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
_AHEAD = 4
"""So many calls a thread of the workers the scheduler has at once: none of them waits for the
next call, and the scheduler does not hold all of a large study."""
_FEWEST = 16
"""So many it has while nobody knows of workers."""
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
        self._room, self._looked = _FEWEST, -_LOOK_S
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
            dashboard_address=None,
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
        self, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Call an importable function with each of some arguments, in any order.

        Yields which call ended, and its result; the exception where it ended in one, or
        where its worker died. Calls are made as workers get to them, and forgotten
        when they have ended.
        """
        from distributed import as_completed

        numbers: dict[Any, int] = {}
        ended, left = as_completed(), enumerate(calls)

        def go_on() -> None:
            for number, call in itertools.islice(left, max(self._places() - len(numbers), 0)):
                # Not pure: the same call is another life's work, and results are small.
                future = self._client.submit(function, *call, pure=False, retries=1)
                numbers[future] = number
                ended.add(future)

        go_on()
        for future in ended:
            interrupts.raise_if_asked()
            error = future.exception()
            result = future.result() if error is None else error
            number = numbers.pop(future)
            yield number, result
            go_on()

    def _places(self) -> int:
        """Return how many calls the scheduler is to have at once."""
        if time.monotonic() - self._looked >= _LOOK_S:
            self._looked = time.monotonic()
            threads = sum(self._client.nthreads().values())
            self._room = max(_AHEAD * threads, _FEWEST)
        return self._room
