"""Work for many processes: a local Dask cluster, or one that runs already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twin.errors import InputError


def each_as_done(
    function: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    workers: int,
    scheduler: str | None = None,
) -> Iterator[Any]:
    """Call a function with each of some arguments on workers; yield results as they come.

    Parameters
    ----------
    function : callable
        Importable by the workers.
    calls : sequence of tuple
        Its arguments, call by call.
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

    if scheduler is None:
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        )
        client = Client(cluster)
    else:
        cluster = None
        try:
            client = Client(scheduler, timeout=15)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler answers at {scheduler} ({error})",
                key="scheduler",
                fix="start one (dask scheduler) and give its tcp:// address",
            ) from None
    try:
        # Not pure: the same call is another life's work, and results are small.
        futures = [client.submit(function, *call, pure=False, retries=1) for call in calls]
        for future in as_completed(futures):
            yield future.result()
    finally:
        client.close()
        if cluster is not None:
            cluster.close()
