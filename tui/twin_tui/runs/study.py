"""A study as the bench sees it: how many of its parts are done, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.formats import duration, percent, short
from twin_tui.runs.task import Task

UNKNOWN = ("censored", "failed")
"""The states of a life whose end nobody knows."""


@dataclass
class StudyTask(Task):
    """A forecast or a map that was asked for; its parts are members or points."""

    done: int = 0
    failed: int = 0
    view: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """The study's id, or its place in the queue."""
        return self.study or f"#{self.number}"

    @property
    def cycle(self) -> int:
        """How many parts are done."""
        return self.done

    def _hear_study(self, study: str) -> None:
        self.study = study
        if self.state == "starting":
            self.state = "running"
        self.say(f"study {study} has started")

    def _hear_part(
        self,
        done: int,
        total: int,
        rate: float,
        eta_s: float,
        run: str | None = None,
        kind: str = "",
        state: str = "",
        wall_s: float | None = None,
    ) -> None:
        self.done, self.total, self.rate, self.eta_s = done, total, rate, eta_s
        if state in UNKNOWN:
            self.failed += 1
        how = f": {kind}, took {duration(wall_s)}" if kind else ""
        self.say(f"{done} of {total}, run {run}{how}")

    def _hear_view(self, view: dict[str, Any]) -> None:
        self.view = view

    def _hear_note(self, share: float, text: str) -> None:
        self.eta_s = None
        self.say(f"{text} ({percent(share, 0)})")

    def _hear_studied(self, wall_s: float) -> None:
        self.state, self.eta_s = "finished", None
        self.say(f"finished (took {duration(wall_s)})")

    def _hear_stopped(self) -> None:
        self.state, self.eta_s = "stopped", None
        self.say(f"stopped; what is done is kept, and study {self.study} can go on")

    def progress(self) -> str:
        """Return state, parts and time left in words."""
        failed = f", {self.failed} without a result" if self.failed else ""
        if self.state == "finished":
            return f"finished, {self.done}{failed}"
        left = ""
        if self.state == "running" and self.eta_s:
            left = f", {short(60 * self.rate, 2)}/min, {duration(self.eta_s)} left"
        return f"{self.state} {self.done}/{self.total}{failed}{left}"
