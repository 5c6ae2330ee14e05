"""A run that is ready to go: cycled, watched, interrupted, and its end stored."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.interrupts import asked_to_stop
from twin.modes.manager import plugin_manager
from twin.runs.result import RunResult

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome
    from twin.engine.run import Before, Progress, RunLoop
    from twin.store import Store


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or SIGTERM) into a question the cycle loop asks.

    A second one interrupts at once; what is stored stays stored either way.
    """
    asked = threading.Event()
    if asked_to_stop():  # while this was being set up, and lost on the way
        asked.set()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Drive:
    """A run that is ready to go: cycled, watched, and its end stored.

    ``way`` is ``"every"`` or ``"jump"``; ``before`` is what a run that goes on has
    stored, and ``missing`` the twin's own modes that it had to begin without.
    """

    store: Store
    run_id: str
    prepared: Any
    state: Any
    way: str = "every"
    on_cycle: Callable[[Progress], None] | None = None
    on_start: Callable[[str], None] | None = None
    before: Before | None = None
    missing: Sequence[str] = ()

    def run(self, total: int, began: float, wall_before: float = 0.0) -> RunResult:
        """Cycle up to ``total``; ``began`` is when the clock was started."""
        store, run_id, prepared = self.store, self.run_id, self.prepared
        manager = plugin_manager()
        name = prepared.spec.name
        manager.observe("twin_run_started", run=run_id, cell=name, total_cycles=total)
        if self.on_start is not None:
            self.on_start(run_id)
        with _interruptible() as should_stop:
            loop = self._loop()(
                prepared,
                store,
                run_id,
                self.state,
                on_cycle=self._teller(),
                should_stop=should_stop,
                spent=lambda: wall_before - began + time.perf_counter(),
                before=self.before,
                missing=self.missing,
            )
            try:
                outcome = loop.run(total)
            except KeyboardInterrupt:
                self._end(loop, loop.cancelled(inside=True))
                raise
            self._end(loop, outcome)
        manager.observe("twin_run_finished", run=run_id, outcome=outcome.to_dict())
        return RunResult(store, run_id)

    def _end(self, loop: RunLoop, outcome: Outcome) -> None:
        """Store an end that came after the last cycle was stored, not with it."""
        if loop.stored_end is None:
            self.store.finish_run(
                self.run_id, status=outcome.kind, outcome=outcome.to_dict(), wall_s=loop.spent()
            )

    def _loop(self) -> Any:
        if self.way == "jump":
            from twin.lifetime.jump import JumpLoop

            return JumpLoop
        from twin.engine.run import RunLoop

        return RunLoop

    def _teller(self) -> Callable[[Progress], None]:
        manager = plugin_manager()
        watching = manager.has_observers("twin_cycle_finished")

        def tell(progress: Progress) -> None:
            if watching:
                manager.observe("twin_cycle_finished", run=self.run_id, row=dict(progress.row))
            if self.on_cycle is not None:
                self.on_cycle(progress)

        return tell
