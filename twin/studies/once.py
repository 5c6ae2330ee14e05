"""Each member of a study is lived once, by whichever process comes to it first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from twin.errors import NotFoundError
from twin.interrupts import raise_if_asked
from twin.status import Status

if TYPE_CHECKING:
    from twin.store import RunInfo, Store

T = TypeVar("T")
OnWait = Callable[[str], None]

RUNNING = Status.RUNNING
"""The kind of end of a member that another process is living."""
_PAUSE_S = 0.5


def theirs(member: int | str, run: RunInfo) -> dict[str, Any]:
    """Return what is told of a member that is another's: done, or being lived."""
    kind = run.status if run.status_now != RUNNING else RUNNING
    by = f"process {run.pid} on {run.host}"
    return {"member": member, "run": run.id, "kind": kind, "wall_s": run.wall_s, "by": by}


def lived_once(
    store: Store,
    todo: Sequence[T],
    name: Callable[[T], str],
    live: Callable[[Sequence[T]], Iterator[dict[str, Any]]],
    on_wait: OnWait | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield how each member ended, whoever lived it.

    First all that nobody lives are lived; then those that others are living are waited
    for. One whose process is gone is lived here after all.

    Parameters
    ----------
    store : Store
        Where they are.
    todo : sequence
        The members.
    name : callable
        A member's name in the study.
    live : callable
        Lives members and yields what came of each; its ``kind`` is :data:`RUNNING` where
        another process has it.
    on_wait : callable, optional
        Told what is waited for.
    """
    left = list(todo)
    while left:
        others = {}
        for done in live(left):
            if done["kind"] == RUNNING:
                others[str(done["member"])] = done
            else:
                yield done
        left = [item for item in left if name(item) in others]
        if left:
            _wait(store, list(others.values()), on_wait)


def _wait(store: Store, others: Sequence[dict[str, Any]], on_wait: OnWait | None) -> None:
    """Return once one of the members is no longer being lived."""
    if on_wait is not None:
        by = ", ".join(sorted({done["by"] for done in others}))
        members = "a member" if len(others) == 1 else f"{len(others)} members"
        on_wait(f"waiting for {members} of the study that {by} is living")
    while all(_still_lived(store, done["run"]) for done in others):
        raise_if_asked()
        time.sleep(_PAUSE_S)


def _still_lived(store: Store, run: str) -> bool:
    try:
        return store.run(run).status_now == RUNNING
    except NotFoundError:  # given up, and begun anew by another process
        return False
