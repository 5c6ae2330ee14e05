"""One life of a study, as it is known when it is over: the record that every study reads.

A life is

- *dead*: the cell failed, or the solver stopped at a physical limit (its margin was all but
  gone), which is a death that was hard to follow;
- *alive*: it reached the horizon;
- *censored*: the numerics gave up elsewhere, the protocol left the voltage window, or an
  error ended it: it lived through the cycles it had finished, and more is not known;
- *failed*: not even one finished cycle is known.

Forecasts, maps, attributions and designs all go by :attr:`Lived.state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from twin.engine.outcome import is_death
from twin.status import Status

if TYPE_CHECKING:
    from twin.store import RunInfo

LifeState = Literal["dead", "alive", "censored", "failed"]


@dataclass(frozen=True)
class Lived:
    """How a life of a study ended.

    Attributes
    ----------
    name : int or str
        Its number or its name in the study.
    run : str
        Its run's id.
    kind : str
        The run's status.
    cycles : int
        The cycle it died or was lost in; the last one if it lives.
    finished : int
        How many cycles it is known to have outlived.
    mode, criterion : str or None
        What is held responsible for a death; None for a life without one.
    wall_s : float or None
        What it took.
    outcome : mapping
        The run's outcome.
    """

    name: int | str
    run: str
    kind: str
    cycles: int
    finished: int
    mode: str | None
    criterion: str | None
    wall_s: float | None
    outcome: Mapping[str, Any]

    @property
    def state(self) -> LifeState:
        """What is known of the life's end: the one rule that all studies share."""
        if is_death({**self.outcome, "kind": self.kind}):
            return "dead"
        if self.kind == Status.COMPLETED:
            return "alive"
        return "censored" if self.finished else "failed"

    @property
    def dead(self) -> bool:
        """Whether the cell died."""
        return self.state == "dead"

    @property
    def known(self) -> bool:
        """Whether its end is known: a death, or the horizon reached."""
        return self.state in ("dead", "alive")


@dataclass(frozen=True)
class LifeDone:
    """What an onlooker is told after each life: ``total`` may grow while a study refines."""

    study: str
    done: int
    total: int
    lived: Lived

    @property
    def run(self) -> str:
        """The id of the life's run."""
        return self.lived.run


def lived_of(run: RunInfo) -> Lived:
    """Return the record of a stored life that is over."""
    outcome = run.outcome
    ended = run.status != Status.COMPLETED
    cycle = int(outcome.get("cycle") or 0)
    # The cycle that an end names is the one that was not finished.
    finished = cycle - ended if cycle else run.last_cycle
    return Lived(
        name=run.settings["member"],
        run=run.id,
        kind=run.status,
        cycles=cycle or finished,
        finished=finished,
        mode=outcome.get("mode") if ended else None,
        criterion=outcome.get("criterion") if ended else None,
        wall_s=run.wall_s,
        outcome=outcome,
    )
