"""Every benchmark in one run: a table on stderr, one JSON document on stdout.

    .venv/bin/python -m benchmarks [--quick] [--only SECTION …] [--lives NAME …] [--out FILE]

Sections: engine (the cycle loop, and a user's script, against plain PyBaMM), meshes (the
default mesh's error and time against PyBaMM's), lives (``twin life`` against
``--exact``), ensembles (one worker and two), footprint (memory, database) and startup.
Ratios are of things timed in this run, one after the other; medians of several. On a
machine with other work the clock's ratios wander; those of processor seconds, which are
given too, hardly do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import ensembles, footprint, goals, lives, meshes, startup
from benchmarks.engine_vs_pybamm import compare, script

SECTIONS = ("engine", "meshes", "lives", "ensembles", "footprint", "startup")


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="little of everything, once")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--lives", nargs="+", choices=list(lives.LIVES), default=None)
    parser.add_argument("--out", metavar="FILE", help="write the document there too")
    asked = parser.parse_args(arguments)
    # Unless a section says otherwise every cell is built, as it is the first time.
    os.environ["TWIN_CACHE"] = "off"
    document: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg(),
        },
        "versions": {name: version(name) for name in ("sodium-cell-twin", "pybamm", "numpy")},
        "quick": asked.quick,
    }
    for section in SECTIONS:
        if section in asked.only:
            say(f"{section} …")
            document[section] = _SECTIONS[section](asked)
    document["machine"]["load_after"] = os.getloadavg()
    document["goals"] = [line.to_dict() for line in goals.lines(document)]
    say(goals.table(document))
    text = json.dumps(document, indent=2)
    if asked.out:
        Path(asked.out).write_text(text + "\n")
    print(text)
    return 0


def say(text: str) -> None:
    """Tell a person."""
    print(text, file=sys.stderr, flush=True)


def _engine(asked: Any) -> dict[str, Any]:
    cycles, repeats = (2, 1) if asked.quick else (20, 5)
    found = {model: compare(model, cycles, repeats) for model in ("dfn", "spm")}
    # A script builds PyBaMM's own model once more: in a minute there is time for one.
    for model in ("spm",) if asked.quick else found:
        found[model]["script"] = script(model, 3 if asked.quick else 15)
    return found


def _meshes(asked: Any) -> dict[str, Any]:
    cycles, repeats = (1, 1) if asked.quick else (3, 3)
    return {
        model: meshes.measure("na-nzsp-nvp", model, meshes.QUICK, cycles, repeats)
        for model in (("spm",) if asked.quick else ("dfn", "spm"))
    }


def _lives(asked: Any) -> dict[str, Any]:
    chosen = lives.QUICK if asked.quick else lives.LIVES
    if asked.lives:
        chosen = {name: lives.LIVES[name] for name in asked.lives}
    repeats = 1 if asked.quick else 3

    def tell(name: str, found: dict[str, Any]) -> None:
        exact, ratio = found["exact"], found["ratio"]
        say(f"  {name}: {exact['cycle']} cycles, {ratio['wall']:.1f} x faster by the clock")

    return lives.measure(chosen, startup.imports(repeats), repeats, tell)


def _ensembles(asked: Any) -> dict[str, Any]:
    # As many as somebody who forecasts takes: the workers' start is a part of it. Once, as
    # that takes minutes. A few short lives tell that it works, and nothing of two workers.
    return ensembles.measure(2, 100) if asked.quick else ensembles.measure(200)


def _footprint(asked: Any) -> dict[str, Any]:
    return footprint.measure(10, 30) if asked.quick else footprint.measure(200, 2000)


def _startup(asked: Any) -> dict[str, Any]:
    return startup.measure(1 if asked.quick else 5)


_SECTIONS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "engine": _engine,
    "meshes": _meshes,
    "lives": _lives,
    "ensembles": _ensembles,
    "footprint": _footprint,
    "startup": _startup,
}


if __name__ == "__main__":
    sys.exit(main())
