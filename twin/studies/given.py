"""What all calls of a study have in common, given to each worker once.

A study's design without its sample is some 50 kB: sent with each call, a hundred thousand of
them would hold 5 GB in the scheduler. Workers that join later are given it as they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed import Worker, WorkerPlugin

GIVEN: dict[str, Mapping[str, Any]] = {}
"""What this worker has been given, by name."""


class Given(WorkerPlugin):
    """Puts something into :data:`GIVEN` of every worker, those that come later too."""

    def __init__(self, name: str, what: Mapping[str, Any]):
        self.name, self.what = name, what

    def setup(self, worker: Worker) -> None:
        """Take it, as the worker starts or hears of it."""
        GIVEN[self.name] = self.what

    def teardown(self, worker: Worker) -> None:
        """Forget it."""
        GIVEN.pop(self.name, None)
