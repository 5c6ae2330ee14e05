"""One unit of work, one transaction: repeated where others undid it, explained where it fails."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from twin.errors import StoreError
from twin.store.faults import RAISED, Fault, explained, fault_of, place, store_error
from twin.store.session import reading, writing

T = TypeVar("T")

# After these nothing of the transaction is in the database, so it can be repeated.
_UNDONE = frozenset({Fault.LOCKED, Fault.CONFLICT})
# After these it may be there: only work that can tell may be repeated.
_IN_DOUBT = frozenset({Fault.LOST, Fault.UNREACHABLE})
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0


def read(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Return what ``work`` reads, all of it from one state of the database.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    with explained(engine.url), reading(engine) as connection:
        return work(connection)


def write(
    engine: Engine,
    work: Callable[[Connection], T],
    *,
    timeout_s: float,
    idempotent: bool = False,
    duplicate: tuple[str, str] | None = None,
) -> T:
    """Do ``work`` and commit it; where others undid it, again until the time is up.

    Parameters
    ----------
    engine : Engine
        The database.
    work : callable
        Takes the connection. It may be called more than once.
    timeout_s : float
        How long to keep trying [s].
    idempotent : bool
        Whether ``work`` does no harm when an earlier try was committed after all (a
        connection lost at the commit leaves that open); then it is repeated there too.
    duplicate : tuple of str, optional
        Message and fix for when a key is there already.

    Raises
    ------
    StoreError
        If it could not be done; then nothing of it is in the database.
    """
    deadline = time.monotonic() + timeout_s
    repeatable = _UNDONE | _IN_DOUBT if idempotent else _UNDONE
    pause = _FIRST_PAUSE_S
    while True:
        try:
            with writing(engine) as connection:
                return work(connection)
        except RAISED as error:
            fault = fault_of(error)
            if fault is Fault.DUPLICATE and duplicate is not None:
                message, fix = duplicate
                raise StoreError(message, file=place(engine.url), fix=fix) from None
            if fault not in repeatable or time.monotonic() + pause > deadline:
                raise store_error(error, engine.url) from None
        # Uneven pauses, so that two processes do not meet again and again.
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, _LONGEST_PAUSE_S)
