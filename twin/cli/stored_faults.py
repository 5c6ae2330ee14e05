"""Errors that damaged content of a database has led to: told as that, not as bugs."""

from __future__ import annotations

import logging

from twin.cli.session import Session
from twin.errors import SpecError, TwinError

log = logging.getLogger("twin.cli")


def stored_fault(error: BaseException, session: Session) -> BaseException:
    """Return what is damaged of the runs a command looked at, if that explains an error.

    An error that was raised on purpose is kept, except one about the numbers of a cell: those
    of a stored cell nobody can correct in a file.
    """
    explained = isinstance(error, TwinError) and not isinstance(error, SpecError)
    if explained or not isinstance(error, Exception) or not session.has_looked:
        return error
    from twin import damages

    log.debug("looking for damage after %s: %s", type(error).__name__, error)
    try:
        return next(iter(damages(session.store, sorted(session.store.looked_at))), error)
    except Exception:  # whatever is wrong is not known better
        return error
