"""Critical stripping currents of beta''-alumina: a face taken by its mean, and in patches.

A fresh face is stripped once, one way, at a constant current, until a capacity has passed or a
twentieth of its contact is left. The critical current is the highest that keeps more (to 0.3 %).
Nobody has measured how far a face of sodium differs from place to place: the spread of the refill
current over it, lognormal 0.3 and 0.1, is assumed here, in this study alone. Ten minutes::

    .venv/bin/python examples/critical_stripping.py [FIGURE]

Panels: critical current against pressure, beside the published line; against the capacity that is
stripped; contact left below the critical current; contact lost above it; random faces by their
number of patches; and strata, by theirs.
"""

from __future__ import annotations

import logging
import math
import statistics
import sys
from collections.abc import Sequence

import numpy as np
import pybamm

import twin
from twin.model.parameters import APPLIED_PRESSURE
from twin.report.figures import plot_panels
from twin.report.panel import Line, Panel

CELL = "na-base-na"
REFILL = ("modes.pressure.voids.refill_current", "modes.pressure.voids.refill_per_pressure")
MA_CM2, MAH_CM2, MPA = 10.0, 36e3, 1e6
LEFT = 0.05  # of the contact: what counts as lost
LONG = 20.0  # mAh/cm2
SEEDS = 20
KEPT = "Anode kept contact fraction"
BORNE = {0.1: 0.806, 0.3: 0.623}  # of the median, by fibres: max x (1 - F(x))


class Face:
    """The cell with its stripped face divided in some way, built once."""

    def __init__(self, spread: float = 0.0, count: int = 24, kind: str = "strata", seed: int = 0):
        given = {"count": count, "kind": kind, "seed": seed}
        divided = {"interfaces.anode.patches": given | {
            "vary": dict.fromkeys(REFILL, f"lognormal {spread}")
        }}  # fmt: skip
        overrides = {"anode.thickness": "2 mm"} | (divided if spread else {})
        self.spec = twin.load_cell(CELL, overrides=overrides)
        model = twin.build_model(self.spec, modes=["pressure"])
        values = twin.parameter_values(self.spec)
        inputs = dict.fromkeys(("Current function [A]", APPLIED_PRESSURE), "[input]")
        values.update(inputs, check_already_exists=False)
        model.events = [pybamm.Event("contact lost", model.variables[KEPT] - LEFT)]
        solver = pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-9)
        self._made = pybamm.Simulation(model, parameter_values=values, solver=solver)

    def strip(self, current: float, pressure: float, capacity: float) -> pybamm.Solution | None:
        """Strip at a current [mA.cm-2]; None where nothing is left at once."""
        inputs = {
            "Current function [A]": current * MA_CM2 * self.spec.geometry.area.si,
            APPLIED_PRESSURE: pressure * MPA,
        }
        end = capacity * MAH_CM2 / (current * MA_CM2)
        try:
            return self._made.solve(np.linspace(0, end, 200), inputs=inputs)
        except pybamm.SolverError:
            return None

    def keeps(self, current: float, pressure: float, capacity: float) -> bool:
        """Return whether contact is kept through a strip."""
        found = self.strip(current, pressure, capacity)
        return found is not None and found.termination == "final time"

    def critical(self, pressure: float, capacity: float = LONG) -> float:
        """Return the critical stripping current [mA.cm-2]."""
        low, high = 0.3 * self.median(pressure), 40 * self.median(pressure)
        if self.keeps(high, pressure, capacity):
            return math.nan
        while high / low > 1.003:
            middle = math.sqrt(low * high)
            kept = self.keeps(middle, pressure, capacity)
            low, high = (middle, high) if kept else (low, middle)
        return math.sqrt(low * high)

    def median(self, pressure: float) -> float:
        """Return the cell's own refill current [mA.cm-2]."""
        voids = self.spec.modes["pressure"].voids
        return (voids.refill_current.si + voids.refill_per_pressure.si * pressure * MPA) / MA_CM2


def told(what: str, x: Sequence[float], y: Sequence[float]) -> None:
    """Print a line of the study."""
    print(f"{what}: " + ", ".join(f"{a:g}: {b:.4g}" for a, b in zip(x, y, strict=True)), flush=True)


def against_pressure(faces: dict[str, Face]) -> Panel:
    """Strip 20 mAh/cm2 at each pressure."""
    pressures, lines = [1.0, 3.0, 5.0, 9.0, 13.0], []
    for title, face in faces.items():
        y = [face.critical(p) for p in pressures]
        told(f"pressure, {title}", pressures, y)
        lines.append(Line(title, pressures, y))
        if "0.3" in title:  # what a measured current says of the median
            raised = [v / BORNE[0.3] for v in y]
            lines.append(Line(f"{title}, median raised by 1/0.62", pressures, raised))
    published = [2.5 * p / 9 for p in pressures]
    lines.append(Line("Spencer Jolly 2020: linear, 2.5 at 9 MPa", pressures, published, dots=True))
    return Panel("pressure", "20 mAh/cm2 stripped", "stack pressure [MPa]",
                 "critical current [mA/cm2]", tuple(lines), marked=True)  # fmt: skip


def against_capacity(faces: dict[str, Face]) -> Panel:
    """Strip less, and more, at 5 MPa."""
    capacities, lines = [0.25, 0.5, 1.0, 2.0, 5.0, 20.0, 80.0], []
    for title, face in faces.items():
        y = [face.critical(5.0, q) for q in capacities]
        told(f"capacity, {title}", capacities, y)
        lines.append(Line(title, capacities, y))
    return Panel("capacity", "at 5 MPa", "capacity stripped [mAh/cm2]",
                 "critical current [mA/cm2]", tuple(lines), log_x=True, marked=True)  # fmt: skip


def contact_below(faces: dict[str, Face]) -> Panel:
    """Return the contact left after 20 mAh/cm2, up to the critical current."""
    lines = []
    for title, face in faces.items():
        most = face.critical(5.0)
        x = [share * most for share in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)]
        y = []
        for current in x:
            found = face.strip(current, 5.0, LONG)
            y.append(float(found[KEPT].entries[-1]) if found else math.nan)
        told(f"left, {title}", x, y)
        lines.append(Line(title, [v / most for v in x], y))
    return Panel("below", "below the critical current, 5 MPa", "current / critical current",
                 "contact left", tuple(lines), marked=True)  # fmt: skip


def voltage_above(faces: dict[str, Face]) -> Panel:
    """Strip 5 % above the critical current, and follow what the face costs."""
    lines = []
    for title, face in faces.items():
        current = 1.05 * face.critical(5.0)
        found = face.strip(current, 5.0, 10 * LONG)
        if found is None:
            continue
        passed = found.t * current / 3600
        u = 1 / found[KEPT].entries
        late = u > 2
        # Stripping from an open patch: u grows as exp(v q/h_0), by the charge q that passes.
        rate = float(np.polyfit(passed[late], np.log(u[late]), 1)[0])
        print(f"above, {title}: ln(1/contact) by {rate:.3g} a mAh/cm2, dead at {passed[-1]:.3g}")
        lines.append(Line(title, list(passed), list(u)))
    return Panel("above", "5 % above it, 5 MPa", "capacity stripped [mAh/cm2]",
                 "1 / contact", tuple(lines), log=True)  # fmt: skip


def random_faces(strata: float) -> Panel:
    """Draw twenty faces of each number of patches."""
    counts, lines = [4, 8, 16, 32], []
    drawn: dict[str, list[float]] = {"mean of 20": [], "lowest": [], "highest": []}
    for count in counts:
        found = [Face(0.3, count, "random", seed).critical(5.0) for seed in range(SEEDS)]
        mean, deviation = statistics.fmean(found), statistics.stdev(found)
        print(f"random, {count}: {mean:.4g} +- {deviation:.3g}, {min(found):.4g} to "
              f"{max(found):.4g}", flush=True)  # fmt: skip
        drawn["mean of 20"].append(mean)
        drawn["lowest"].append(min(found))
        drawn["highest"].append(max(found))
    lines = [Line(title, counts, y) for title, y in drawn.items()]
    lines.append(Line("24 strata", counts, [strata] * len(counts)))
    return Panel("random", "random patches, lognormal 0.3, 5 MPa", "patches",
                 "critical current [mA/cm2]", tuple(lines), marked=True)  # fmt: skip


def strata() -> Panel:
    """Strip faces of more and more strata."""
    counts, lines = [2, 4, 6, 8, 12, 24, 48], []
    for spread in (0.1, 0.3):
        y = [Face(spread, count).critical(5.0) for count in counts]
        told(f"strata, {spread}", counts, y)
        lines.append(Line(f"lognormal {spread}", counts, [v / y[-1] for v in y]))
    return Panel("strata", "strata, 5 MPa", "strata", "critical current / that of 48",
                 tuple(lines), marked=True)  # fmt: skip


def main(figure: str = "critical_stripping.png") -> None:
    """Make the study, print its numbers, and draw it."""
    logging.disable(logging.ERROR)  # PyBaMM tells of a face that runs away
    faces = {"mean": Face(), "lognormal 0.1": Face(0.1), "lognormal 0.3": Face(0.3)}
    panels = [
        against_pressure(faces),
        against_capacity(faces),
        contact_below(faces),
        voltage_above(faces),
        random_faces(faces["lognormal 0.3"].critical(5.0)),
        strata(),
    ]
    plot_panels(panels, "Stripping a face of sodium on beta''-alumina", figure)
    print(f"drawn: {figure}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
