"""Critical currents of four electrolytes, beside what is published.

Three panels: against the stack pressure, the temperature and the time of a half cycle, each with
the other two as in the cell's file (25 degC) and 30 minutes. A line is what ends the staircase,
whichever comes first: contact that stripping takes, a filament, the voltage. Nothing here is fitted
on what it is compared with but the two marked "fitted". Two more panels: the charge that one-way
plating takes to short (filaments alone, no limit of current from above), and what a face of NZSP
resists at 0.25 MPa after it was pressed harder. Takes five minutes::

    .venv/bin/python examples/critical_currents.py [FIGURE]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import twin
from twin.report.figures import plot_panels
from twin.report.panel import Line, Panel

CELLS = {
    "NZSP": "na-nzsp-na",
    "beta''-alumina": "na-base-na",
    "Na3PS4": "na-nps-na",
    "NCBB": "na-ncbb-na",
}
MA_CM2 = 10.0  # A/m2 in a mA/cm2
STAIRS = {"start": "0.1 mA/cm^2", "step": "0.1 mA/cm^2", "maximum": "10 mA/cm^2"}
SWEPT = {
    "pressure": ("stack pressure [MPa]", "stack.pressure", "MPa", (0.5, 1, 2, 5, 10, 15)),
    "temperature": ("temperature [degC]", "thermal.ambient", "degC", (0, 25, 40, 60, 80)),
    "half cycle": ("half cycle [h]", "half_cycle", "hours", (0.1, 0.25, 0.5, 1.0, 2.0)),
}
MEASURED = {
    "pressure": (
        ("beta''-alumina, Spencer Jolly 2020 (fitted)", 9.0, 2.5),
        ("NCBB, Brighi 2022 (fitted)", 1.0, 1.0),
        ("NCBB bare, ramp at 0.28 mAh/cm2, Brighi 2022", 1.5, 0.1),
    ),
    "temperature": (
        ("Campbell 2025, one maker", 25.0, 1.0),
        ("Campbell 2025, another", 25.0, 3.1),
    ),
    "half cycle": (("Na5SmSi4O12, Sun 2023 (0.15 mAh/cm2)", 0.107, 1.4),),
}


def critical(cell: str, key: str, values: list[str]) -> list[float]:
    """Return the critical currents of a cell [mA.cm-2]; the staircase's last where none is met."""
    if key == "half_cycle":
        found = [twin.ccd(cell, half_cycle=value, **STAIRS) for value in values]
    else:
        found = [
            p.currents for p in twin.ccd_sweep(cell, sweep=[f"{key}={','.join(values)}"], **STAIRS)
        ]
    return [(f.cell.current or f.levels[-1].current) / MA_CM2 for f in found]


def rows(cell: str, steps: str, mode: str, **overrides: str) -> dict:
    """Return the only cycle of a symmetric cell put through one step with one mode at work."""
    with tempfile.TemporaryDirectory() as folder:
        protocol = Path(folder) / "one-step.toml"
        protocol.write_text(
            'schema = 1\ntitle = "One step"\nkinds = ["symmetric"]\n'
            f'[[phase]]\nname = "only"\ncycles = 1\nsteps = ["{steps}"]\n'
        )
        run = twin.simulate(
            cell, cycles=1, protocol=protocol, modes=[mode], store="sqlite://", overrides=overrides
        )
    return run.rows[0] | {"shorted": run.outcome.kind == "cell-failed"}


def charge_to_short() -> Panel:
    """Plate one way, at each current, until a filament has crossed."""
    currents, lines = (3, 6, 10, 30, 100, 300), []
    free = {"anode.thickness": "5 mm", "window.lower": "-1e3 V", "window.upper": "1e3 V"}
    for title, cell in CELLS.items():
        found = [
            rows(cell, f"Discharge at {j} mA/cm^2 for 20 hours", "dendrite", **free)
            for j in currents
        ]
        area = twin.load_cell(cell).geometry.area.si * 1e4
        points = [
            (j, 1e3 * row["discharge_Ah"] / area)
            for j, row in zip(currents, found, strict=True)
            if row["shorted"]
        ]
        print(f"charge to short, {title}: " + ", ".join(f"{j:g}: {q:.3g}" for j, q in points))
        if points:
            lines.append(Line(title, [j for j, _ in points], [q for _, q in points]))
    lines.append(
        Line("beta''-alumina 1 mm, Brennan: 0.10-0.14", [10.0, 10.0], [0.10, 0.14], dots=True)
    )
    return Panel("short", "charge to short", "plating current [mA/cm2]", "charge [mAh/cm2]",
                 tuple(lines), log=True, log_x=True, marked=True)  # fmt: skip


def pressing_history() -> Panel:
    """Press a face, let it down to 0.25 MPa, and read its resistance [ohm cm2]."""
    pressed, found = (0.25, 1.0, 5.0, 10.0, 20.0, 30.0), []
    for p in pressed:
        history = {"stack.pressure": "0.25 MPa", "stack.pressed_at": f"{p:g} MPa"}
        row = rows("na-nzsp-na", "Rest for 1 minute", "pressure", **history)
        kinds = ("series", "charge-transfer")
        found.append(1e4 * sum(row[f"Anode {kind} resistance [Ohm.m2]"] for kind in kinds))
    print("pressed: " + ", ".join(f"{p:g}: {r:.4g}" for p, r in zip(pressed, found, strict=True)))
    lines = (
        Line("NZSP", list(pressed), found),
        Line("Uchida 2019 (fitted)", [0.25, 30.0], [660.0, 14.0], dots=True),
    )
    return Panel("history", "after pressing", "pressed at [MPa]", "at 0.25 MPa [ohm cm2]",
                 lines, log=True, log_x=True, marked=True)  # fmt: skip


def main(figure: str = "critical_currents.png") -> None:
    """Climb a staircase at every point, and draw the panels."""
    panels = []
    for name, (label, key, unit, points) in SWEPT.items():
        lines = []
        for title, cell in CELLS.items():
            y = critical(cell, key, [f"{x:g} {unit}" for x in points])
            lines.append(Line(title, list(points), y))
            print(
                f"{name}, {title}: "
                + ", ".join(f"{a:g}: {b:.2g}" for a, b in zip(points, y, strict=True))
            )
        lines += [Line(label_, [x], [y], dots=True) for label_, x, y in MEASURED[name]]
        panels.append(
            Panel(name, f"against {name}", label, "critical current [mA/cm2]", tuple(lines),
                  log=True, log_x=name != "temperature", marked=True)
        )  # fmt: skip
    panels += [charge_to_short(), pressing_history()]
    plot_panels(panels, "Critical currents of sodium symmetric cells", figure)
    print(f"drawn: {figure}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
