"""What the commands that make studies share: options, and how they tell of their progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from twin.cli.experiments import check_figure
from twin.cli.formats import duration, short
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page

_EVERY_S = 5.0

StudyModel = Annotated[
    str | None,
    typer.Option("--model", metavar="spm|dfn", help="The full cell's model [default: spm]."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Local processes [default: one a core]."),
]
StudyId = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="ID",
        help="Go on with this study: CELL and all options given must be its own.",
    ),
]
Figure = Annotated[
    str | None, typer.Option("--figure", metavar="FILE", help="A .png, .svg or .pdf to write.")
]


@dataclass(frozen=True)
class Lived:
    """How a study's lives are lived, and where its figure goes."""

    model: StudyModel = None
    workers: Workers = None
    study: StudyId = None
    figure: Figure = None

    def given(
        self, session: Session, what: str = "lives", heard: str = "on_life"
    ) -> dict[str, Any]:
        """Return it as the studies take it, with what is told of their progress.

        ``what`` is counted; the study calls ``heard`` for each that is done.

        Raises
        ------
        InputError
            If no figure can be saved under the name: before the work, not after it.
        """
        check_figure(self.figure)
        teller = Teller(session, what)
        return {
            "model": self.model,
            "workers": self.workers,
            "study": self.study,
            "store": session.store,
            heard: teller,
            "on_start": teller.started,
            "on_wait": session.say,
        }


class Done(Protocol):
    """What is told after each life."""

    @property
    def done(self) -> int:
        """How many are done."""

    @property
    def total(self) -> int:
        """Of how many."""


class Teller:
    """Tells how many lives of a study are done, now and then.

    Parameters
    ----------
    session : Session
        The command's session.
    what : str
        What is counted, in the plural.
    """

    def __init__(self, session: Session, what: str = "lives"):
        self._session, self._what = session, what
        self._last = time.monotonic()
        self._first: tuple[float, int] | None = None

    def started(self, study: str) -> None:
        """Tell the study's id, so that one that is interrupted can go on."""
        self._session.say(f"study {study} (if it is interrupted: --study {study})")

    def __call__(self, progress: Done) -> None:
        """Tell of a finished life, if it is time to."""
        now = time.monotonic()
        if self._first is None:  # what came before it was starting the workers
            self._first = now, progress.done
        if self._session.quiet or now - self._last < _EVERY_S:
            return
        self._last = now
        began, before = self._first
        pace = ""
        if progress.done > before and now > began:
            rate = (progress.done - before) / (now - began)
            left = duration((progress.total - progress.done) / rate)
            pace = f", {short(rate, 2)}/s, {left} left"
        self._session.say(f"{progress.done}/{progress.total} {self._what}{pace}")


class Result(Protocol):
    """What a study comes to."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""

    def plot(self, target: Path) -> Any:
        """Draw it into a file."""


def finish(
    session: Session,
    result: Result,
    figure: str | None,
    page: Callable[[Page, dict[str, Any]], None],
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write the figure, if one is wanted, and the document or its page."""
    document = result.to_dict() | dict(more or {})
    if figure is not None:
        result.plot(Path(figure))
        document["figure"] = figure
    session.finish(document, lambda sheet: page(sheet, document))
