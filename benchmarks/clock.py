"""Wall and processor seconds, here and of whole processes."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Seconds:
    """What something took: by the clock, and of the processors.

    On a machine that does other things too, the clock tells what the user waits and the
    processors what the work costs; a ratio of the latter hardly feels the neighbours.
    """

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> tuple[Any, Seconds]:
    """Do some work in this process, and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return done, Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def timed_process(
    arguments: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> tuple[str, Seconds]:
    """Run a program to its end; return what it wrote, and what it and its children took."""
    out = folder / "stdout"
    began = time.perf_counter()
    with out.open("w+") as sink:
        process = subprocess.Popen(
            arguments,
            stdout=sink,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        sink.seek(0)
        text = sink.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
    return text, Seconds(wall, used.ru_utime + used.ru_stime)


@contextmanager
def timed_family() -> Iterator[Callable[[], Seconds]]:
    """Yield what tells how long it is since, for this process and all that it has started."""
    wall, cpu = time.perf_counter(), _family_cpu_s()
    yield lambda: Seconds(time.perf_counter() - wall, _family_cpu_s() - cpu)


def _family_cpu_s() -> float:
    """Return the processor seconds of this process, of its children, and of those that ended."""
    import psutil

    own, ended = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = own + ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it has ended since, and is waited for next time
        spent += used.user + used.system + used.children_user + used.children_system
    return spent


def twin_command(*words: str) -> list[str]:
    """Return how to start the command line of the Python that runs the benchmark."""
    return [str(Path(sys.executable).with_name("twin")), *words]


def median(taken: Iterable[Seconds]) -> Seconds:
    """Return the median of each."""
    taken = list(taken)
    return Seconds(
        statistics.median(s.wall for s in taken), statistics.median(s.cpu for s in taken)
    )
