"""Error against time of the mesh: ``python -m benchmarks.meshes [--cells …] [--figure FILE]``.

Each cell is solved over some cycles on a fine mesh and on coarser ones, at tight tolerances, so
that what differs is the mesh's doing. A mesh is told by its points across an electrode, across
the separator and the shells of a particle, and by how the shells lie: equal, crowded towards
the surface (``exp`` and its stretch) or at Chebyshev's places. Given are the states, processor
seconds a cycle (the solver's, the least of several), and of the differences the voltage's
(root of mean square, and worst) at equal times since a step began, the capacity's of the last
discharge, the worst of the steps' charges, the heat (what goes in less what comes out, in the
last cycle), and the worst of the steps' ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import twin
from twin import load_protocol, plan_of

import pybamm  # isort: skip

from twin.engine.prepare import prepare
from twin.engine.settings import RunSettings
from twin.model.mesh import CROWDED, EQUAL, MESHES, Mesh

CELLS = ("na-nzsp-nvp", "hc-nzsp-nvp", "nasn-natacl6-nvp")
VOLTAGE, DISCHARGED, CURRENT = "Voltage [V]", "Discharge capacity [A.h]", "Current [A]"
POINTS = 400
"""Of each step, at which voltages are compared."""
TRIED_NOW = "tried"
LEAST_AH = 1e-3
"""Steps that pass less than this share of the largest have no charge to compare."""


@dataclass(frozen=True)
class Chebyshev(Mesh):
    """Shells at Chebyshev's places, crowded at the surface and at the centre."""

    def lying(self) -> dict[str, Any]:
        """Return how the shells of the particles lie."""
        made = pybamm.MeshGenerator(pybamm.Chebyshev1DSubMesh)
        return dict.fromkeys(super().lying(), made)


def name(mesh: Mesh) -> str:
    """Return a mesh in a word."""
    lie = f"exp {mesh.stretch:g}" if mesh.stretch else "equal"
    lie = "chebyshev" if isinstance(mesh, Chebyshev) else lie
    return f"{mesh.electrode}/{mesh.separator}/{mesh.shells} {lie}"


PYBAMMS, OURS = MESHES[EQUAL], MESHES[CROWDED]
FINE = {"dfn": Mesh(36, 36, 50, 1.5), "spm": Mesh(36, 36, 120, 1.5)}
TRIED = (
    PYBAMMS,
    OURS,
    Mesh(12, 12, 18, 0.8),
    Mesh(12, 20, 18, 0.8),
    Mesh(6, 8, 18, 0.8),
    Mesh(12, 3, 18, 0.8),
    Mesh(10, 10, 10),
    Mesh(10, 10, 20),
    Mesh(10, 10, 12, 2.0),
    Chebyshev(12, 12, 18),
    Mesh(16, 16, 24, 1.0),
)
QUICK = (PYBAMMS, OURS)


def solved(
    cell: str, model: Any, mesh: Mesh, cycles: int, repeats: int
) -> tuple[float, int, list[Any]]:
    """Return seconds a cycle, states, and each step's times, voltages, charge and work."""
    MESHES[TRIED_NOW] = mesh
    spec = twin.load_cell(cell)
    modes = twin.plugin_manager().select(None, (), spec.kind)
    plan = plan_of(load_protocol(None, spec), spec)
    prepared = prepare(spec, modes, plan, RunSettings(model, 1e-6, 1e-8, mesh=TRIED_NOW))
    compiled = prepared.compiled
    seen = compiled.observer([VOLTAGE, DISCHARGED, CURRENT])
    took = []
    for _ in range(repeats):
        t, y, results = 0.0, None, []
        began = time.process_time()
        for step in plan.phases[0].steps * cycles:
            index, user = prepared.step_index[step.solved_as], prepared.inputs(step.pressure)
            result = compiled.solve(index, t, y, user)
            results.append((result, compiled.inputs(index, t, user)))
            t, y = float(result.t[-1]), result.y[:, -1].copy()
        took.append((time.process_time() - began) / cycles)
    steps = []
    for result, inputs in results:
        times = np.linspace(result.t[0], result.t[-1], POINTS)
        values = seen(times, result.at(times), inputs)
        charge = float(values[DISCHARGED][-1] - values[DISCHARGED][0])
        work = float(np.trapezoid(values[VOLTAGE] * values[CURRENT], times))
        steps.append((times - times[0], values[VOLTAGE], charge, work))
    return min(took), len(y) if y is not None else 0, steps


def difference(one: Sequence[Any], fine: Sequence[Any], cycles: int) -> dict[str, float]:
    """Return how far one solution is from another, step by step."""
    volts, ends, charges = [], [], []
    most = max(abs(charge) for _, _, charge, _ in fine)
    for (t, v, q, _), (t_fine, v_fine, q_fine, _) in zip(one, fine, strict=True):
        both = np.linspace(0, min(t[-1], t_fine[-1]), POINTS)
        volts.append(np.interp(both, t, v) - np.interp(both, t_fine, v_fine))
        ends.append(abs(t[-1] / t_fine[-1] - 1))
        if abs(q_fine) > LEAST_AH * most:
            charges.append(abs(q / q_fine - 1))
    every = 1e3 * np.concatenate(volts)
    return {
        "mV_rms": float(np.sqrt(np.mean(every**2))),
        "mV_worst": float(np.abs(every).max()),
        "capacity": charges[-1],
        "charge_worst": max(charges),
        "heat": abs(heat(one, cycles) / heat(fine, cycles) - 1),
        "end_worst": max(ends),
    }


def heat(steps: Sequence[Any], cycles: int) -> float:
    """Return what a cell has lost in the last of its cycles, which leaves it as it was [J]."""
    return -float(sum(work for _, _, _, work in steps[-(len(steps) // cycles) :]))


def measure(cell: str, model: str, tried: Sequence[Mesh], cycles: int, repeats: int) -> list[Any]:
    """Return what each mesh costs and how far it is from the fine one."""
    _, _, fine = solved(cell, model, FINE[model], cycles, 1)
    rows = []
    for one in tried:
        seconds, states, steps = solved(cell, model, one, cycles, repeats)
        told = {"mesh": name(one), "states": states, "cpu_s": seconds}
        rows.append(told | difference(steps, fine, cycles))
        print(f"  {cell} {model} {row_text(rows[-1])}", file=sys.stderr, flush=True)
    return rows


def row_text(row: dict[str, Any]) -> str:
    """Return a row for people."""
    return (
        f"{row['mesh']:22}{row['states']:5d} states {1e3 * row['cpu_s']:5.0f} ms "
        f"{row['mV_rms']:5.2f} mV, worst {row['mV_worst']:5.1f}; capacity "
        f"{row['capacity']:.0e}, charge {row['charge_worst']:.0e}, heat {row['heat']:.0e}, "
        f"ends {row['end_worst']:.0e}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the meshes asked for; JSON on stdout."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meshes", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--cells", nargs="+", default=["na-nzsp-nvp"])
    parser.add_argument("--models", nargs="+", choices=("dfn", "spm"), default=["dfn", "spm"])
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="PyBaMM's mesh and the twin's only")
    parser.add_argument("--figure", metavar="FILE", help="draw error against time there")
    asked = parser.parse_args(arguments)
    tried = QUICK if asked.quick else TRIED
    found = {
        f"{cell} {model}": measure(cell, model, tried, asked.cycles, asked.repeats)
        for cell in asked.cells
        for model in asked.models
    }
    if asked.figure:
        draw(found, asked.figure)
    print(json.dumps(found, indent=2))
    return 0


def draw(found: dict[str, list[Any]], file: str) -> None:
    """Draw the voltage's error against the processor's time, a panel for each cell and model."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(found), figsize=(5 * len(found), 4), squeeze=False)
    for ax, (which, rows) in zip(axes[0], found.items(), strict=True):
        for row in rows:
            x, y = 1e3 * row["cpu_s"], row["mV_rms"]
            special = {name(PYBAMMS): ("s", "C3"), name(OURS): ("D", "C0")}
            marker, color = special.get(row["mesh"], ("o", "0.6"))
            ax.plot(x, y, marker=marker, color=color)
            ax.annotate(row["mesh"], (x, y), (4, 3), textcoords="offset points", fontsize=7)
        ax.set_title(which)
        ax.set_yscale("log")
        ax.margins(0.22)
        ax.set_xlabel("processor time of the solver [ms/cycle]")
        ax.set_ylabel("voltage from a fine mesh, rms [mV]")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
