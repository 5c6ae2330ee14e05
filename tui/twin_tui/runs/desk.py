"""The desk that hands out runs: a queue, so many at once, each in a process of its own.

A thread listens to each process and passes on what it hears; jobs are touched on the event
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

from twin_tui.runs.job import Job
from twin_tui.runs.scenario import Scenario
from twin_tui.runs.study import StudyJob


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


class Desk:
    """Runs asked for, and those that go.

    Parameters
    ----------
    store : str or None
        The database's URL, None for the default one.
    at_once : int
        How many runs go at the same time.
    changed : callable
        Called with a job when something about it has changed.
    """

    def __init__(self, store: str | None, at_once: int, changed: Callable[[Job], None]):
        self.store, self.at_once, self._changed = store, at_once, changed
        self.jobs: list[Job] = []
        self.processes: dict[int, WorkerProcess] = {}
        self._spare: WorkerProcess | None = None
        self._closed = False

    @property
    def runs(self) -> list[Job]:
        """The runs among the jobs."""
        return [job for job in self.jobs if not isinstance(job, StudyJob)]

    def studies(self, kind: str) -> list[StudyJob]:
        """Return the studies of a kind among the jobs."""
        return [job for job in self.jobs if isinstance(job, StudyJob) and job.kind == kind]

    @property
    def busy(self) -> list[Job]:
        """Jobs that are not over."""
        return [job for job in self.jobs if not job.over]

    def submit(self, scenario: Scenario) -> Job:
        """Queue a run of a scenario."""
        return self._queue(scenario.label, "run", scenario.arguments(), scenario.cycles)

    def submit_resume(self, run: str, label: str, **arguments: Any) -> Job:
        """Queue the continuation of a run, or a branch of it."""
        return self._queue(label, "resume", {"run": run, **arguments}, arguments.get("cycles") or 0)

    def submit_study(
        self, kind: str, label: str, arguments: dict[str, Any], total: int
    ) -> StudyJob:
        """Queue a forecast, a map or a track."""
        job = StudyJob(len(self.jobs) + 1, label, kind, arguments, total)
        job.study = arguments.get("study")
        self._take(job)
        return job

    def _queue(self, label: str, kind: str, arguments: dict[str, Any], total: int) -> Job:
        job = Job(len(self.jobs) + 1, label, kind, arguments, total)
        self._take(job)
        return job

    def _take(self, job: Job) -> None:
        self.jobs.append(job)
        self._next()
        self._changed(job)

    def warm(self) -> None:
        """Have one worker ready, with the slow imports done, for the next run."""
        if self._spare is None and not self._closed:
            self._spare = WorkerProcess()

    def _next(self) -> None:
        going = sum(not job.over and job.state != "waiting" for job in self.jobs)
        waiting = [job for job in self.jobs if job.state == "waiting"]
        for job in waiting[: max(self.at_once - going, 0)]:
            self._begin(job)

    def _begin(self, job: Job) -> None:
        job.state = "starting"
        worker, self._spare = self._spare, None
        if worker is None or worker.process.poll() is not None:
            try:
                worker = WorkerProcess()
            except OSError as error:
                job.hear(_failed(f"no process could be started: {error}", "free some memory"))
                return
        self.processes[job.number] = worker
        worker.tell("start", kind=job.kind, store=self.store, arguments=job.arguments)
        loop = asyncio.get_running_loop()

        def hear(news: dict[str, Any]) -> None:
            # The loop may be gone: the bench was left, and the run goes on.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hear, job, news)

        threading.Thread(target=worker.listen, args=(hear,), daemon=True).start()

    def _hear(self, job: Job, news: dict[str, Any]) -> None:
        if self._closed:
            return
        if news["says"] == "ended":
            self.processes.pop(job.number).leave()
            if not job.over:
                how = f"its process ended ({news['code']}): {news['last']}"
                fix = "what was finished is kept: " if job.run or job.study else "try again"
                fix += f"resume run {job.run}" if job.run else ""
                fix += f"go on with study {job.study}" if job.study else ""
                job.hear(_failed(how, fix))
            self._next()
        else:
            job.hear(news)
        self._changed(job)

    def pause(self, job: Job) -> None:
        """Let a run rest after the cycle it is in."""
        if job.state == "running" and job.number in self.processes:
            self.processes[job.number].tell("pause")
            job.state = "pausing"
            self._changed(job)

    def go_on(self, job: Job) -> None:
        """Let a paused run go on."""
        if job.state in ("paused", "pausing") and job.number in self.processes:
            self.processes[job.number].tell("go")
            job.state = "running"
            self._changed(job)

    def stop(self, job: Job) -> None:
        """End a run after the step it is in; what is finished is kept."""
        if job.state == "waiting":
            job.hear(_failed("taken off the queue", None))
        elif not job.over:
            job.state = "stopping"
            if job.number in self.processes:
                self.processes[job.number].tell("stop")
        self._changed(job)

    def close(self, *, stop: bool) -> None:
        """Leave: end the runs after their step, or let them go on by themselves."""
        if self._closed:
            return
        for job in self.busy:
            if stop:
                self.stop(job)
            elif job.state in ("paused", "pausing"):
                self.go_on(job)
        self._closed = True
        for worker in [*self.processes.values(), self._spare]:
            if worker is not None:
                worker.leave()
        self._spare = None


def _failed(message: str, fix: str | None) -> dict[str, Any]:
    return {"says": "failed", "problems": [{"message": message, "fix": fix}]}
