"""The desk that hands out runs: a queue, so many at once, each in a process of its own.

Everything here happens on the event loop and waits for nothing: the work is done elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from twin_tui.runs.job import Job
from twin_tui.runs.scenario import Scenario

_LINE_LIMIT = 16 * 1024 * 1024


class _Process:
    """A worker process, ready or getting ready."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Any):
        self.process, self.errors = process, errors

    @classmethod
    async def start(cls) -> _Process:
        errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "twin_tui.runs.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=_LINE_LIMIT,
            # A terminal that hangs up, or Ctrl-C in it, does not reach the runs.
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYBAMM_DISABLE_TELEMETRY": "true"},
        )
        return cls(process, errors)

    def tell(self, do: str, **more: Any) -> None:
        stdin = self.process.stdin
        if stdin is not None and not stdin.is_closing():
            with contextlib.suppress(OSError):
                stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")

    def last_words(self) -> str:
        """Return the last line on its standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.errors.close()


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
        self._processes: dict[int, _Process] = {}
        self._spare: _Process | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._warming = False

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

    def _queue(self, label: str, kind: str, arguments: dict[str, Any], total: int) -> Job:
        job = Job(len(self.jobs) + 1, label, kind, arguments, total)
        self.jobs.append(job)
        self._next()
        return job

    def warm(self) -> None:
        """Have one worker ready, with the slow imports done, for the next run."""
        if self._spare is None and not self._warming:
            self._warming = True
            self._keep(self._warm())

    async def _warm(self) -> None:
        try:
            self._spare = await _Process.start()
        finally:
            self._warming = False

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _next(self) -> None:
        going = [job for job in self.jobs if job.state not in ("waiting", "finished", "failed")]
        for job in [j for j in self.jobs if j.state == "waiting"][
            : max(self.at_once - len(going), 0)
        ]:
            job.state = "starting"
            self._keep(self._run(job))

    async def _run(self, job: Job) -> None:
        try:
            process, self._spare = self._spare, None
            if process is None or process.process.returncode is not None:
                process = await _Process.start()
            self._processes[job.number] = process
            process.tell("start", kind=job.kind, store=self.store, arguments=job.arguments)
            if job.state == "stopping":
                process.tell("stop")
            await self._listen(job, process)
        except Exception as error:
            job.hear(
                {"says": "failed", "problems": [{"message": f"{type(error).__name__}: {error}"}]}
            )
        finally:
            gone = self._processes.pop(job.number, None)
            if gone is not None:
                gone.close()
            self._changed(job)
            self._next()

    async def _listen(self, job: Job, process: _Process) -> None:
        assert process.process.stdout is not None
        async for line in process.process.stdout:
            job.hear(json.loads(line))
            self._changed(job)
        code = await process.process.wait()
        if not job.over:
            how = f"its process ended ({code}): {process.last_words()}"
            fix = f"what was finished is kept: resume run {job.run}" if job.run else "try it again"
            job.hear({"says": "failed", "problems": [{"message": how, "fix": fix}]})

    def pause(self, job: Job) -> None:
        """Let a run rest after the cycle it is in."""
        if job.state == "running" and job.number in self._processes:
            self._processes[job.number].tell("pause")
            job.state = "pausing"
            self._changed(job)

    def go_on(self, job: Job) -> None:
        """Let a paused run go on."""
        if job.state in ("paused", "pausing") and job.number in self._processes:
            self._processes[job.number].tell("go")
            job.state = "running"
            self._changed(job)

    def stop(self, job: Job) -> None:
        """End a run after the step it is in; what is finished is kept."""
        if job.state == "waiting":
            job.hear({"says": "failed", "problems": [{"message": "taken off the queue"}]})
        elif not job.over:
            job.state = "stopping"
            if job.number in self._processes:
                self._processes[job.number].tell("stop")
        self._changed(job)

    def close(self, *, stop: bool) -> None:
        """Leave: end the runs after their step, or let them go on by themselves."""
        for job in self.busy:
            if stop:
                self.stop(job)
            elif job.state in ("paused", "pausing"):
                self.go_on(job)
        for process in [*self._processes.values(), self._spare]:
            if process is not None and process.process.stdin is not None:
                process.process.stdin.close()
        self._spare = None
