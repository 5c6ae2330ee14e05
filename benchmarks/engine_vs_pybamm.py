"""The cycle loop against plain PyBaMM on the same model, experiment and tolerances.

One command, JSON on stdout::

    .venv/bin/python -m benchmarks.engine_vs_pybamm [--cycles 20] [--repeats 3]
        [--memory 50 500]

For each model it times, in turns, (a) ``pybamm.Simulation.solve`` on an experiment of so
many cycles and (b) the twin's loop with every cycle stored in an SQLite file, both built
beforehand, and gives the median cycles per processor second of each and their ratio. With
``--memory`` it also gives the peak memory [MiB] of each after so many cycles, every figure
from a process of its own, on the bare cell, which no mode kills on the way.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import twin
from benchmarks.clock import timed

import pybamm  # isort: skip

from twin import load_protocol, plan_of
from twin.engine.checkpoint import State
from twin.engine.prepare import build_model, prepare
from twin.engine.run import RunLoop
from twin.engine.settings import RunSettings
from twin.engine.tolerances import ATOL, RTOL
from twin.model.parameters import parameter_values
from twin.store import Store

CELL = "na-nzsp-nvp"


def plain(model_name: str, spec, modes, steps, cycles: int) -> float:
    """Return the processor seconds PyBaMM's own Simulation takes, built beforehand."""
    simulation = pybamm.Simulation(
        build_model(spec, modes, model_name),
        parameter_values=parameter_values(spec),
        experiment=pybamm.Experiment([tuple(steps)] * cycles),
        experiment_model_mode="unified",
        solver=pybamm.IDAKLUSolver(rtol=RTOL, atol=ATOL),
    )
    simulation.build_for_experiment()
    return timed(simulation.solve)[1].cpu


def ours(model_name: str, spec, modes, plan, cycles: int, url: str) -> tuple[float, float]:
    """Return the processor seconds of the twin's loop, and the solver's share of the clock's."""
    prepared = prepare(spec, modes, plan, RunSettings(model_name, RTOL, ATOL))
    with Store.open(url) as store:
        cell = {"name": spec.name, "kind": spec.kind, "family": "", "title": "", "hash": "b"}
        run_id = store.start_run(
            cell=cell | {"spec": {}},
            protocol={},
            settings={},
            modes={},
            packages={},
            cycles_requested=cycles,
        )
        loop = RunLoop(prepared, store, run_id, State(0, 0.0, None))
        outcome, took = timed(lambda: loop.run(cycles))
    return took.cpu, outcome.numerics["solver_s"] / took.wall


def compare(model_name: str, cycles: int, repeats: int, own: int | None = None) -> dict[str, float]:
    """Return the medians of both and their ratio; the twin may be given ``own`` cycles."""
    own = own or cycles
    spec = twin.load_cell(CELL)
    modes = twin.plugin_manager().select(None, (), spec.kind)
    plan = plan_of(load_protocol(None, spec), spec)
    steps = [step.do for step in plan.phases[0].steps]
    theirs, mine, shares = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(repeats):
            theirs.append(cycles / plain(model_name, spec, modes, steps, cycles))
            url = f"sqlite:///{Path(folder) / f'{turn}.db'}"
            seconds, share = ours(model_name, spec, modes, plan, own, url)
            mine.append(own / seconds)
            shares.append(share)
    return {
        "pybamm_cycles_per_s": statistics.median(theirs),
        "twin_cycles_per_s": statistics.median(mine),
        "ratio": statistics.median(m / t for m, t in zip(mine, theirs, strict=True)),
        "solver_share_of_loop": statistics.median(shares),
    }


def script(model_name: str, cycles: int) -> dict[str, float]:
    """Return what a user's whole script costs, build included, both ways [s of processor]."""
    spec = twin.load_cell(CELL)
    modes = twin.plugin_manager().select(None, (), spec.kind)
    plan = plan_of(load_protocol(None, spec), spec)
    steps = [step.do for step in plan.phases[0].steps]
    twin.simulate(CELL, cycles=1, model=model_name, store="sqlite://")  # what is loaded once

    def theirs() -> None:
        simulation = pybamm.Simulation(
            build_model(spec, modes, model_name),
            parameter_values=parameter_values(spec),
            experiment=pybamm.Experiment([tuple(steps)] * cycles),
            experiment_model_mode="unified",
            solver=pybamm.IDAKLUSolver(rtol=RTOL, atol=ATOL),
        )
        simulation.solve()

    def mine() -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'script.db'}"
            twin.simulate(CELL, cycles=cycles, model=model_name, store=url)

    spent = {name: timed(work)[1].cpu for name, work in (("pybamm", theirs), ("twin", mine))}
    return {
        "cycles": cycles,
        "pybamm_cpu_s": spent["pybamm"],
        "twin_cpu_s": spent["twin"],
        "ratio": spent["pybamm"] / spent["twin"],
    }


def use(engine: str, model_name: str, cycles: int) -> None:
    """Run one engine once, on a cell that outlives the cycles."""
    spec = twin.load_cell(CELL)
    plan = plan_of(load_protocol(None, spec), spec)
    if engine == "twin":
        with tempfile.TemporaryDirectory() as folder:
            ours(model_name, spec, [], plan, cycles, f"sqlite:///{Path(folder) / 'm.db'}")
    else:
        plain(model_name, spec, [], [step.do for step in plan.phases[0].steps], cycles)


def own_peak() -> float:
    """Return this process's own peak resident memory [MiB]."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux ru_maxrss starts at what the parent process held
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def peak_memory(engine: str, model_name: str, cycles: int) -> float:
    """Return the peak resident memory of one run in a process of its own [MiB]."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.engine_vs_pybamm",
        "--use",
        engine,
        model_name,
        str(cycles),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison and print it as one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["dfn", "spm"], choices=["dfn", "spm"])
    parser.add_argument("--memory", type=int, nargs="*", default=[], metavar="CYCLES")
    parser.add_argument("--use", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.use:
        engine, model_name, cycles = asked.use
        use(engine, model_name, int(cycles))
        print(own_peak())
        return 0
    document = {
        "cell": CELL,
        "cycles": asked.cycles,
        "models": {m: compare(m, asked.cycles, asked.repeats) for m in asked.models},
        "peak_memory_MiB": {
            m: {
                engine: {n: peak_memory(engine, m, n) for n in asked.memory}
                for engine in ("pybamm", "twin")
            }
            for m in asked.models
        },
    }
    json.dump(document, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
