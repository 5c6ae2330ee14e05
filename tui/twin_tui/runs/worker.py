"""A process that does one run or study and tells of it, a JSON document a line.

It is told ``{"do": "start", …}``, ``pause``, ``go`` and ``stop`` on its standard input, and
tells ``ready``, ``started``, ``cycles``, ``series``, ``events``, ``finished`` and ``failed``
on its standard output. When the bench goes away, it goes on to the end: what it does is in the
store.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any, TextIO

from twin_tui.runs.studying import Studying

STUDIES = ("forecast", "attribute", "map", "track")
TELL_EVERY_S = 0.25
SERIES_EVERY_S = 1.0
MOST_ROWS = 12
"""At most so many rows are told at once: curves need no more."""
MOST_POINTS = 400


class Worker:
    """One run, and the talk about it.

    Parameters
    ----------
    ears, mouth : text streams
        Where commands come from, where news goes.
    """

    def __init__(self, ears: Iterable[str], mouth: TextIO):
        self._ears, self._mouth = ears, mouth
        self._task: dict[str, Any] | None = None
        self._told = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._stopping = False
        self._rows: list[dict[str, Any]] = []
        self._last_told = self._last_series = 0.0
        self._events_told = 0
        self._store: Any = None
        self._run: str | None = None

    def tell(self, says: str, **more: Any) -> None:
        """Tell the bench something; one that has gone away needs no telling."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._mouth.write(json.dumps({"says": says, **more}, default=str) + "\n")
            self._mouth.flush()

    def serve(self) -> None:
        """Get ready, wait for a task, do it."""
        threading.Thread(target=self._listen, daemon=True).start()
        import twin

        _ = twin.plugin_manager().modes
        import pybamm  # noqa: F401  (the slow import, before there is anything to do)

        self.tell("ready")
        while not self._told.wait(0.5):
            pass
        if self._task is not None:
            self._do(self._task)

    def _listen(self) -> None:
        for line in self._ears:
            command = json.loads(line)
            if command["do"] == "start":
                self._task = command
                self._told.set()
            elif command["do"] == "pause":
                self._going.clear()
            elif command["do"] == "go":
                self._going.set()
            elif command["do"] == "stop":
                self._stopping = True
                self._going.set()
                self._told.set()
                # As Ctrl-C does: the run ends after the step it is in, and is kept.
                _thread.interrupt_main()
        # The bench has gone: nobody can say "go" any more.
        self._told.set()
        self._going.set()

    def _do(self, task: dict[str, Any]) -> None:
        import twin

        try:
            self._store = twin.open_store(task["store"])
            if task["kind"] in STUDIES:
                getattr(Studying(self.tell), task["kind"])(self._store, task["arguments"])
                return
            hooks: dict[str, Any] = {
                "store": self._store,
                "on_start": self._started,
                "on_cycle": self._cycle,
            }
            work: Any = {"run": twin.simulate, "resume": twin.resume}[task["kind"]]
            result = work(**task["arguments"], **hooks)
        except twin.TwinError as error:
            problems = [
                {"message": p.message, "key": p.key, "file": p.file, "fix": p.fix}
                for p in error.problems
            ]
            self.tell("failed", problems=problems)
        except KeyboardInterrupt:
            if task["kind"] in STUDIES:
                self.tell("stopped")
            else:
                self.tell("failed", problems=[{"message": "stopped before its first cycle"}])
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            self.tell("failed", problems=[{"message": said, "fix": "see the bench's log"}])
            raise
        else:
            self._flush()
            self._tell_series(result.info.last_cycle)
            self._tell_events()
            self.tell("finished", outcome=result.info.outcome, wall_s=result.info.wall_s)

    def _started(self, run: str) -> None:
        from twin.report.severity import warning_criteria

        self._run = run
        info = self._store.run(run)
        self.tell(
            "started",
            run=run,
            cell=info.cell_name,
            kind=info.cell_kind,
            area=info.cell_spec["geometry"]["area"],
            total=info.cycles_requested,
            done=info.last_cycle,
            warns=sorted(warning_criteria(info)),
        )
        self._rows = list(self._store.cycles(run)) if info.last_cycle else []
        if self._rows:
            step = max(1, len(self._rows) // 200)
            self.tell("cycles", rows=self._rows[::step], rate=0.0, eta_s=None)
            self._rows = []

    def _cycle(self, progress: Any) -> None:
        self._rows.append(dict(progress.row))
        now = time.monotonic()
        if now - self._last_told >= TELL_EVERY_S or not self._going.is_set():
            self._last_told = now
            self._flush(rate=progress.rate, eta_s=progress.eta_s, total=progress.total)
        if now - self._last_series >= SERIES_EVERY_S and self._tell_series(progress.cycle):
            self._last_series = now
        if not self._going.is_set():
            self._tell_events()
            self.tell("paused", cycle=progress.cycle)
            self._going.wait()
            if not self._stopping:
                self.tell("going")

    def _flush(self, **more: Any) -> None:
        step = max(1, -(-len(self._rows) // MOST_ROWS))
        rows = self._rows[::-1][::step][::-1]
        self._rows = []
        if rows:
            self.tell("cycles", rows=rows, **more)

    def _tell_series(self, cycle: int) -> bool:
        """Tell voltage and current of a cycle, if its series is stored."""
        import twin

        result = twin.load_run(str(self._run), store=self._store)
        for number, table in result.iter_series([cycle]):
            t = table["Time [s]"]
            step = max(1, len(t) // MOST_POINTS)
            self.tell(
                "series",
                cycle=number,
                time_h=((t - t[0]) / 3600)[::step].tolist(),
                voltage=table["Voltage [V]"][::step].tolist(),
                current=table["Current [A]"][::step].tolist(),
            )
            self._tell_events()
            return True
        return False

    def _tell_events(self) -> None:
        events = self._store.events(self._run)
        for event in events[self._events_told :]:
            told = {key: event[key] for key in ("cycle", "severity", "mode")}
            self.tell("event", **told, text=event["says"])
        self._events_told = len(events)


def main() -> None:
    """Be a worker."""
    # Whatever a library or a plugin prints must not get into the talk.
    mouth = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(5)  # the bench answers first
    Worker(sys.stdin, mouth).serve()


if __name__ == "__main__":
    main()
