"""The progress of a run on stderr: one updating line, or a plain one now and then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twin.cli.formats import bar, duration, percent, short
from twin.cli.live_line import LiveLine
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.engine.outcome import Standing
    from twin.engine.run import Progress

NEAREST = 3


class Watcher(LiveLine):
    """Tells the user how a run is getting on.

    Attributes
    ----------
    run : str or None
        The run's id once it has one.
    """

    def __init__(self, session: Session, what: str):
        super().__init__(session, what)
        self.run: str | None = None

    def started(self, run: str) -> None:
        """Note the run's id and tell it, so that a run that is killed can be resumed."""
        self.run = run
        self.session.say(f"run {run} (if it is interrupted: twin resume {run})")

    def cycle(self, progress: Progress) -> None:
        """Show a finished cycle, if it is time to."""
        self.tell(
            lambda width, encoding: live_line(progress, width - 3, encoding),
            lambda: plain_line(progress),
            last=progress.cycle >= progress.total,
        )


def plain_line(progress: Progress) -> str:
    """Return the progress for a log file."""
    margins = ", ".join(f"{s.mode}: {s.criterion} {s.margin:.2f}" for s in nearest(progress))
    parts = [f"cycle {progress.cycle}/{progress.total}", state(progress), margins, speed(progress)]
    return "; ".join(part for part in parts if part)


def live_line(progress: Progress, width: int, encoding: str = "utf-8") -> str:
    """Return the progress for a terminal of a width: names are cut until all fits."""
    head = f"{progress.cycle}/{progress.total} {state(progress)} {speed(progress)}"
    close = nearest(progress)
    if not close:
        return head[:width]
    long = [f"{s.mode}: {s.criterion}" for s in close]
    brief = [s.criterion for s in close]
    for names, cells in ((long, 6), (brief, 6), (brief, 4)):
        line = _line(head, names, close, cells, encoding)
        if len(line) <= width:
            return line
    room = width - len(_line(head, [""] * len(close), close, 3, encoding))
    dots = "…" if encoding.lower().startswith("utf") else "."
    return _line(head, _cut(brief, room, dots), close, 3, encoding)[:width]


def _line(head: str, names: list[str], close: list[Standing], cells: int, encoding: str) -> str:
    gauges = [
        f"{bar(s.margin, cells, encoding)} {name}" for name, s in zip(names, close, strict=True)
    ]
    return "  ".join([head, *gauges])


def _cut(names: list[str], room: int, dots: str) -> list[str]:
    """Cut names to a length in all; what a short one does not need goes to the others."""
    allowed = {}
    for left, index in zip(
        range(len(names), 0, -1),
        sorted(range(len(names)), key=lambda i: len(names[i])),
        strict=True,
    ):
        allowed[index] = max(min(len(names[index]), room // left), 1)
        room -= allowed[index]
    return [
        name if len(name) <= allowed[i] else name[: allowed[i] - 1] + dots
        for i, name in enumerate(names)
    ]


def nearest(progress: Progress) -> list[Standing]:
    """Return the criteria nearest to failure."""
    finite = [s for s in progress.standings if not math.isnan(s.margin)]
    return sorted(finite, key=lambda s: s.margin)[:NEAREST]


def state(progress: Progress) -> str:
    """Return how the cell is: its capacity, or its polarisation if it has none to lose."""
    row: Any = progress.row
    for s in progress.standings:
        if s.variable == "capacity share":
            return percent(s.value) + (" est." if row.get("capacity_estimated") else "")
    if "core: polarised (positive)" in row.get("margins", {}):
        return f"{1000 * max(abs(row['voltage_min_V']), abs(row['voltage_max_V'])):.0f} mV"
    return f"{1000 * row['capacity_Ah']:.3g} mAh"


def speed(progress: Progress) -> str:
    """Return cycles per second (or seconds per cycle) and the time left."""
    rate = progress.rate
    pace = f"{short(rate, 2)}/s" if rate >= 1 or rate <= 0 else f"{short(1 / rate, 2)} s each"
    left = f"{progress.eta_s:.0f} s" if progress.eta_s < 60 else duration(progress.eta_s)
    return f"{pace} {left} left"
