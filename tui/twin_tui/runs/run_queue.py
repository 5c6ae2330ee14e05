"""The run_queue that hands out runs: a queue, so many at once, each in a process of its own.

A thread listens to each process and passes on what it hears; tasks are touched on the event
loop only. The processes outlive the bench if they are let: nothing here ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Any

from twin_tui.runs.scenario import Scenario
from twin_tui.runs.study import StudyTask
from twin_tui.runs.task import Task


class WorkerProcess:
    """A process that does one run, ready or getting ready."""

    def __init__(self) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in close)
        self.process = subprocess.Popen(
            # -P: what lies in the folder where the bench was started is not imported.
            [sys.executable, "-P", "-m", "twin_tui.runs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # A terminal that hangs up, or Ctrl-C in it, does not reach the runs.
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYBAMM_DISABLE_TELEMETRY": "true"},
        )

    def tell(self, do: str, **more: Any) -> None:
        """Tell it something; one that has ended hears nothing."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
            self.process.stdin.flush()

    def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Pass on all it tells until it ends (in a thread)."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # What was being said when it was killed is no news.
            with contextlib.suppress(json.JSONDecodeError):
                hear(json.loads(line))
        code = self.process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        hear({"says": "ended", "code": code, "last": lines[-1] if lines else "it said nothing"})
        self._errors.close()

    def leave(self) -> None:
        """Turn away: a run goes on by itself, a worker without one ends."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        # Not ours to wait for any more; Python would warn of a child still running.
        if self.process.returncode is None:
            self.process.returncode = 0


class RunQueue:
    """Runs asked for, and those that go.

    Parameters
    ----------
    store : str or None
        The database's URL, None for the default one.
    at_once : int
        How many runs go at the same time.
    changed : callable
        Called with a task when something about it has changed.
    """

    def __init__(self, store: str | None, at_once: int, changed: Callable[[Task], None]):
        self.store, self.at_once, self._changed = store, at_once, changed
        self.tasks: list[Task] = []
        self.processes: dict[int, WorkerProcess] = {}
        self._spare: WorkerProcess | None = None
        self._closed = False

    @property
    def runs(self) -> list[Task]:
        """The runs among the tasks."""
        return [task for task in self.tasks if not isinstance(task, StudyTask)]

    def studies(self, kind: str) -> list[StudyTask]:
        """Return the studies of a kind among the tasks."""
        return [task for task in self.tasks if isinstance(task, StudyTask) and task.kind == kind]

    @property
    def busy(self) -> list[Task]:
        """Tasks that are not over."""
        return [task for task in self.tasks if not task.over]

    def submit(self, scenario: Scenario) -> Task:
        """Queue a run of a scenario."""
        return self._queue(scenario.label, "run", scenario.arguments(), scenario.cycles)

    def submit_resume(self, run: str, label: str, **arguments: Any) -> Task:
        """Queue the continuation of a run, or a branch of it."""
        return self._queue(label, "resume", {"run": run, **arguments}, arguments.get("cycles") or 0)

    def submit_study(
        self, kind: str, label: str, arguments: dict[str, Any], total: int
    ) -> StudyTask:
        """Queue a forecast, a map or a track."""
        task = StudyTask(len(self.tasks) + 1, label, kind, arguments, total)
        task.study = arguments.get("study")
        self._take(task)
        return task

    def _queue(self, label: str, kind: str, arguments: dict[str, Any], total: int) -> Task:
        task = Task(len(self.tasks) + 1, label, kind, arguments, total)
        self._take(task)
        return task

    def _take(self, task: Task) -> None:
        self.tasks.append(task)
        self._next()
        self._changed(task)

    def warm(self) -> None:
        """Have one worker ready, with the slow imports done, for the next run."""
        if self._spare is None and not self._closed:
            self._spare = WorkerProcess()

    def _next(self) -> None:
        going = sum(not task.over and task.state != "waiting" for task in self.tasks)
        waiting = [task for task in self.tasks if task.state == "waiting"]
        for task in waiting[: max(self.at_once - going, 0)]:
            self._begin(task)

    def _begin(self, task: Task) -> None:
        task.state = "starting"
        worker, self._spare = self._spare, None
        if worker is None or worker.process.poll() is not None:
            try:
                worker = WorkerProcess()
            except OSError as error:
                task.hear(_failed(f"no process could be started: {error}", "free some memory"))
                return
        self.processes[task.number] = worker
        worker.tell("start", kind=task.kind, store=self.store, arguments=task.arguments)
        loop = asyncio.get_running_loop()

        def hear(news: dict[str, Any]) -> None:
            # The loop may be gone: the bench was left, and the run goes on.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hear, task, news)

        threading.Thread(target=worker.listen, args=(hear,), daemon=True).start()

    def _hear(self, task: Task, news: dict[str, Any]) -> None:
        if self._closed:
            return
        if news["says"] == "ended":
            self.processes.pop(task.number).leave()
            if not task.over:
                how = f"its process ended ({news['code']}): {news['last']}"
                fix = "what was finished is kept: " if task.run or task.study else "try again"
                fix += f"resume run {task.run}" if task.run else ""
                fix += f"go on with study {task.study}" if task.study else ""
                task.hear(_failed(how, fix))
            self._next()
        else:
            task.hear(news)
        self._changed(task)

    def pause(self, task: Task) -> None:
        """Let a run rest after the cycle it is in."""
        if task.state == "running" and task.number in self.processes:
            self.processes[task.number].tell("pause")
            task.state = "pausing"
            self._changed(task)

    def go_on(self, task: Task) -> None:
        """Let a paused run go on."""
        if task.state in ("paused", "pausing") and task.number in self.processes:
            self.processes[task.number].tell("go")
            task.state = "running"
            self._changed(task)

    def stop(self, task: Task) -> None:
        """End a run after the step it is in; what is finished is kept."""
        if task.state == "waiting":
            task.hear(_failed("taken off the queue", None))
        elif not task.over:
            task.state = "stopping"
            if task.number in self.processes:
                self.processes[task.number].tell("stop")
        self._changed(task)

    def close(self, *, stop: bool) -> None:
        """Leave: end the runs after their step, or let them go on by themselves."""
        if self._closed:
            return
        for task in self.busy:
            if stop:
                self.stop(task)
            elif task.state in ("paused", "pausing"):
                self.go_on(task)
        self._closed = True
        for worker in [*self.processes.values(), self._spare]:
            if worker is not None:
                worker.leave()
        self._spare = None


def _failed(message: str, fix: str | None) -> dict[str, Any]:
    return {"says": "failed", "problems": [{"message": message, "fix": fix}]}
