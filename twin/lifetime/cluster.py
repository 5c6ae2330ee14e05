"""Work for many processes: a local Dask cluster, or one that runs already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from twin.errors import InputError

Each = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], Iterator[tuple[int, Any]]]
"""Calls a function with each of some arguments; yields which call ended, and its result.

A call that ended in an exception, or whose worker died, yields the exception."""


@contextmanager
def pool(workers: int, scheduler: str | None = None) -> Iterator[Each]:
    """Open workers; what they have built they keep until the end.

    Parameters
    ----------
    workers : int
        How many local processes to start, one thread each.
    scheduler : str, optional
        The address of a scheduler (``tcp://host:8786``) to use instead.

    Raises
    ------
    InputError
        If the scheduler does not answer.
    """
    from distributed import Client, LocalCluster, as_completed

    cluster = None
    if scheduler is None:
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        )
        client = Client(cluster)
    else:
        try:
            client = Client(scheduler, timeout=15)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler answers at {scheduler} ({error})",
                key="scheduler",
                fix="start one (dask scheduler) and give its tcp:// address",
            ) from None

    def each(
        function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        # Not pure: the same call is another life's work, and results are small.
        futures = {
            client.submit(function, *call, pure=False, retries=1): number
            for number, call in enumerate(calls)
        }
        for future in as_completed(list(futures)):
            error = future.exception()
            yield futures[future], future.result() if error is None else error

    try:
        yield each
    finally:
        client.close()
        if cluster is not None:
            cluster.close()
