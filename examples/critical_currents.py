"""Critical currents of four electrolytes, beside what is published.

Three panels: against the stack pressure, the temperature and the time of a half cycle, each with
the other two as in the cell's file (25 degC) and 30 minutes. A line is what ends the staircase,
whichever comes first: contact that stripping takes, a filament, the voltage. Nothing here is fitted
on what it is compared with but the two marked "fitted". Takes two to three minutes::

    .venv/bin/python examples/critical_currents.py [FIGURE]
"""

from __future__ import annotations

import sys

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
            p.found for p in twin.ccd_sweep(cell, sweep=[f"{key}={','.join(values)}"], **STAIRS)
        ]
    return [(f.cell.current or f.levels[-1].current) / MA_CM2 for f in found]


def main(figure: str = "critical_currents.png") -> None:
    """Climb a staircase at every point, and draw the three panels."""
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
    plot_panels(panels, "Critical currents of sodium symmetric cells", figure)
    print(f"drawn: {figure}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
