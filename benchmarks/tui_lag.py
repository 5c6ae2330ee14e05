"""How late the bench's event loop is while two runs go, and how soon its first screen stands.

Run it: ``python benchmarks/tui_lag.py [SECONDS]``. The bench is driven without a terminal, at
140x40 on the Live screen, which redraws as it goes. On a busy machine the lag is also that of
the other programs; how long the event loop's own thread computed between two ticks is not.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

BEGAN = time.perf_counter()
TICK_S = 0.01


async def measure(seconds: float, folder: Path) -> None:
    from twin_tui.app import Bench
    from twin_tui.runs.scenario import Scenario
    from twin_tui.settings import Settings, State

    app = Bench(f"sqlite:///{folder / 'runs.db'}", Settings(), State(screen="live"))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        print(
            f"first screen after {time.perf_counter() - BEGAN:.2f} s, of which computing "
            f"{time.process_time():.2f} s (imports included)"
        )
        # Without what kills it the cell lives on, and news comes as fast as it ever does.
        for _ in range(2):
            app.start(
                Scenario(cell="na-nzsp-na", cycles=100_000, without=["pressure", "interphase"])
            )
        while not all(task.cycle for task in app.run_queue.tasks):
            assert not any(task.over for task in app.run_queue.tasks), [
                task.log for task in app.run_queue.tasks
            ]
            await asyncio.sleep(0.1)
        late, worked = [], []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            before, computed = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_S)
            late.append(1e3 * (time.perf_counter() - before - TICK_S))
            worked.append(1e3 * (time.thread_time() - computed))
        assert not any(task.over for task in app.run_queue.tasks), [
            task.log for task in app.run_queue.tasks
        ]
        cycles = [task.cycle for task in app.run_queue.tasks]
        late.sort()
        print(
            f"lag over {seconds:.0f} s with runs at cycles {cycles}: median "
            f"{statistics.median(late):.1f} ms, 99 % {late[int(0.99 * len(late))]:.1f} ms, "
            f"worst {late[-1]:.1f} ms; its own thread computed for at most {max(worked):.1f} ms at "
            f"a time; load {os.getloadavg()[0]:.1f}"
        )
        app.run_queue.close(stop=True)


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        os.environ["TWIN_TUI_HOME"] = place
        asyncio.run(measure(length, Path(place)))
