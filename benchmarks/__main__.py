"""Every benchmark in one run: a table on stderr, one JSON document on stdout.

    .venv/bin/python -m benchmarks [--quick] [--only SECTION …] [--lives NAME …] [--out FILE]

Sections: engine (the cycle loop, and a user's script, against plain PyBaMM), meshes (the
default mesh's error and time against PyBaMM's), lives (``twin life`` against ``--exact``),
catalogue (what each cell's life takes), ensembles (one worker and two), scale (calls through
Dask), footprint (memory, database) and startup. ``--quick`` leaves meshes and catalogue out, and
cuts exact lives short. Ratios are of things timed in this run, one after the other; medians of
several. All are judged by the processor's seconds, which hardly feel a machine's other work;
the clock's stand beside them.
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

from benchmarks import catalogue, ensembles, footprint, goals, lives, meshes, scale, startup
from benchmarks.clock import Seconds
from benchmarks.engine_vs_pybamm import compare, script

SECTIONS = (
    "startup", "engine", "meshes", "lives", "catalogue", "footprint", "scale", "ensembles",
)  # fmt: skip
QUICK = [name for name in SECTIONS if name not in ("meshes", "catalogue")]


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="little of everything, once")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=None)
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
    wanted = asked.only or (QUICK if asked.quick else SECTIONS)
    for section in SECTIONS:
        if section in wanted:
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
    cycles, repeats, own = (2, 1, 10) if asked.quick else (20, 5, 20)
    found = {model: compare(model, cycles, repeats, own) for model in ("dfn", "spm")}
    # A script builds PyBaMM's own model once more: in a minute there is time for one.
    for model in ("spm",) if asked.quick else found:
        found[model]["script"] = script(model, 15)
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
        say(f"  {name}: {exact['cycle']} cycles, {ratio['cpu']:.1f} x faster")

    # A process's imports are in both lives; in a minute there is no time to tell how much.
    imported = Seconds(0.0, 0.0) if asked.quick else startup.imports(repeats)
    return lives.measure(chosen, imported, repeats, tell)


def _catalogue(asked: Any) -> dict[str, Any]:
    def tell(one: dict[str, Any]) -> None:
        say(f"  {one['cell']}: {one.get('cpu_s', 0):.2f} s, {one.get('cycle', 'no life')}")

    some = ("na-nzsp-nvp", "na-nps-na") if asked.quick else ()
    return catalogue.measure(some, tell=tell)


def _ensembles(asked: Any) -> dict[str, Any]:
    from twin.model.native import available

    if asked.quick and available():
        return ensembles.measure(6, ("fast",))
    return ensembles.measure(6 if asked.quick else 20)


def _scale(asked: Any) -> dict[str, Any]:
    return scale.measure(2000 if asked.quick else 20_000)


def _footprint(asked: Any) -> dict[str, Any]:
    return footprint.measure(250, 500) if asked.quick else footprint.measure(200, 2000)


def _startup(asked: Any) -> dict[str, Any]:
    return startup.measure(1, ("dfn",)) if asked.quick else startup.measure(5)


_SECTIONS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "startup": _startup,
    "engine": _engine,
    "meshes": _meshes,
    "lives": _lives,
    "catalogue": _catalogue,
    "footprint": _footprint,
    "scale": _scale,
    "ensembles": _ensembles,
}


if __name__ == "__main__":
    sys.exit(main())
