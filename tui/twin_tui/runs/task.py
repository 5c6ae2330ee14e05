"""A run as the bench sees it: waiting, going, paused, finished; its latest numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from twin import Status, share_left
from twin.formats import duration, percent, short

MOST_ROWS = 400
MOST_LOG = 300
OVER = ("finished", "failed", "stopped")
_ENDED = (None, Status.COMPLETED, Status.CELL_FAILED)
"""What a run that is done came to; None where nobody says."""


@dataclass
class Task:
    """One run that was asked for.

    It can be shown in the panels of a stored run: it has their ``id``, ``info``, ``rows``,
    ``outcome`` and ``iter_series``.
    """

    number: int
    label: str
    kind: str
    arguments: dict[str, Any]
    total: int
    state: str = "waiting"
    run: str | None = None
    study: str | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    series: dict[str, Any] | None = None
    rate: float = 0.0
    eta_s: float | None = None
    log: list[str] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)
    info: Any = None
    warns: frozenset[str] = frozenset()
    changes: int = 0
    told: bool = False
    outcome: None = None

    @property
    def id(self) -> str:
        """The run's id, or its place in the queue."""
        return self.run or f"#{self.number}"

    @property
    def cycle(self) -> int:
        """The last finished cycle."""
        return int(self.rows[-1]["cycle"]) if self.rows else 0

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in OVER

    @property
    def share(self) -> float:
        """How much of it is done: all of it where it came to its end, not where it was stopped."""
        if self.state == "finished" and self.final.get("kind") in _ENDED:
            return 1.0
        return min(self.cycle / self.total, 1.0) if self.total else 0.0

    def iter_series(
        self, cycles: Iterable[int] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield nothing: the latest series is in ``series``."""
        yield from ()

    def say(self, text: str) -> None:
        """Add a line to the event log."""
        self.log.append(text)
        del self.log[:-MOST_LOG]

    @property
    def last_words(self) -> str:
        """What was said last, with its fix if it is one."""
        lines = self.log[-2 if self.log[-1].startswith("  fix:") else -1 :]
        return "\n".join(line.strip() for line in lines)

    def hear(self, news: dict[str, Any]) -> None:
        """Take in what the worker tells."""
        self.changes += 1
        getattr(self, f"_hear_{news.pop('says')}", lambda **_: None)(**news)

    def _hear_started(
        self,
        run: str,
        cell: str,
        kind: str,
        area: Any,
        total: int,
        done: int,
        warns: Sequence[str] = (),
    ) -> None:
        self.run, self.total, self.warns = run, total, frozenset(warns)
        if self.state == "starting":
            self.state = "running"
        self.info = SimpleNamespace(
            cell_name=cell, cell_kind=kind, cell_spec={"geometry": {"area": area}}, settings={}
        )
        begun = f"goes on after cycle {done}" if done else "has started"
        self.say(f"run {run} of {cell} {begun}, up to cycle {total}")

    def _hear_cycles(
        self, rows: list[dict[str, Any]], rate: float = 0.0, eta_s: float | None = None, **_: Any
    ) -> None:
        first = not self.rows
        self.rows += [row for row in rows if row["cycle"] > self.cycle]
        while len(self.rows) > MOST_ROWS:
            # Every other one goes, but never the latest.
            self.rows = self.rows[::-1][::2][::-1]
        if rate:
            self.rate, self.eta_s = rate, eta_s
        if first and self.rows:
            self.say(f"cycle {self.cycle}: {self.health()}")

    def _hear_series(self, **series: Any) -> None:
        self.series = series

    def _hear_event(self, cycle: int, severity: str, mode: str | None, text: str) -> None:
        mark = {"fatal": "✖ DIED", "warning": "! warning"}.get(severity, severity)
        self.say(f"{mark}, cycle {cycle}: {f'{mode}: ' if mode else ''}{text}")

    def _hear_paused(self, cycle: int) -> None:
        self.state = "paused"
        self.say(f"paused after cycle {cycle}")

    def _hear_going(self) -> None:
        self.state = "running"
        self.say("goes on")

    def _hear_finished(self, outcome: dict[str, Any], wall_s: float) -> None:
        self.state, self.final, self.eta_s = "finished", outcome, None
        self.say(f"{outcome['kind']}: {outcome['says']} (took {duration(wall_s)})")

    def _hear_failed(self, problems: list[dict[str, Any]]) -> None:
        self.state = "failed"
        self.eta_s = None
        for problem in problems:
            where = ": ".join(str(problem[k]) for k in ("file", "key") if problem.get(k))
            self.say(f"failed: {f'{where}: ' if where else ''}{problem['message']}")
            if problem.get("fix"):
                self.say(f"  fix: {problem['fix']}")

    def health(self) -> str:
        """Return how the cell is, in a few words."""
        if not self.rows:
            return ""
        row = self.rows[-1]
        if self.info.cell_kind == "full":
            left = share_left(self.rows)
            kept = "" if left is None else f" ({percent(left)})"
            mark = " est." if row.get("capacity_estimated") else ""
            return f"{short(1e3 * row['capacity_Ah'])} mAh{kept}{mark}"
        volts = max(abs(row["voltage_min_V"]), abs(row["voltage_max_V"]))
        return f"{short(1e3 * volts)} mV"

    def progress(self) -> str:
        """Return state, cycles and time left in words."""
        if self.state == "finished":
            kind, cycle = self.final.get("kind", "finished"), self.final.get("cycle", self.cycle)
            if kind == "cell-failed":
                return f"died of {self.final['mode']} in cycle {cycle}"
            return f"{kind}, cycle {cycle}"
        left = f", {duration(self.eta_s)} left" if self.eta_s and self.state == "running" else ""
        return f"{self.state} {self.cycle}/{self.total}{left}"


def margins(rows: list[dict[str, Any]], span: int = 12) -> list[tuple[str, float, str]]:
    """Return criterion, margin and trend (``↓``, ``→`` or ``↑``), nearest to failure first."""
    if not rows:
        return []
    last, before = (
        rows[-1].get("margins") or {},
        rows[max(len(rows) - span, 0)].get("margins") or {},
    )
    margins = []
    for name, margin in last.items():
        if isinstance(margin, int | float) and margin == margin:
            change = margin - before.get(name, margin)
            margins.append(
                (name, margin, "→" if abs(change) < 1e-3 else "↓" if change < 0 else "↑")
            )
    return sorted(margins, key=lambda item: item[1])
