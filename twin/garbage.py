"""Python's garbage collector, kept out of the way of what stays to the end.

PyBaMM and what it stands on are half a million objects that live as long as the process.
A full collection looks at each of them (a fifth of a second), a few times during the imports
and at the end, where the process only wants to leave.
"""

from __future__ import annotations

import atexit
import gc

THRESHOLDS = (10_000, 10, 50)
"""When the three generations are collected; Python's own are 700, 10 and 10."""


def collect_rarely() -> None:
    """Make this process collect its oldest objects rarely, and not at its end.

    For a process that is the twin's own, like the command line or a worker; not for a
    library's user.
    """
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.freeze)
