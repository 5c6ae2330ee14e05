"""Several runs side by side: a row of numbers each, and panels with a line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from twin.columns import COLUMNS
from twin.report.panel import Line, Panel
from twin.report.panels import BELOW
from twin.report.view import CM2_PER_M2, RunView, cell_area
from twin.status import Status

_OHMS = COLUMNS["resistance_Ohm_m2"]


def compared(label: str, run: RunView) -> dict[str, Any]:
    """Return what a comparison says of a run, as plain data.

    Capacities are per area [mA.h.cm-2], resistances [Ohm.cm2]; ``limiting`` is the mode
    that killed the cell, or is nearest to.
    """
    outcome, rows = run.outcome, _finished(run)
    per_area = 1e3 / (cell_area(run.info) * CM2_PER_M2)
    capacity = [per_area * c for c in _column(rows, "capacity_Ah")]
    resistance = [_OHMS.show(r) for r in _column(rows, _OHMS.key)]
    nearest = outcome.runner_up if outcome is not None else None
    dead = outcome if outcome is not None and outcome.kind == Status.CELL_FAILED else None
    return {
        "label": label,
        "run": run.id,
        "cell": run.info.cell_name,
        "kind": outcome.kind if outcome is not None else run.info.status_now,
        "cycle": outcome.cycle if outcome is not None else run.info.last_cycle,
        "time_h": outcome.time_h if outcome is not None else None,
        "limiting": dead.mode if dead else nearest.mode if nearest else None,
        "criterion": dead.criterion if dead else nearest.criterion if nearest else None,
        "margin": 0.0 if dead else nearest.margin if nearest else None,
        "capacity_mAh_cm2": _ends(capacity),
        "capacity_estimated": bool(rows and rows[-1].get("capacity_estimated", False)),
        "resistance_Ohm_cm2": _ends(resistance),
    }


def comparison_panels(runs: Mapping[str, RunView]) -> list[Panel]:
    """Return capacity and resistance over cycles, and the smallest margin, a line a run.

    Panels without a line (the capacity of symmetric cells) are left out.
    """
    tables = {label: (_finished(run), cell_area(run.info)) for label, run in runs.items()}
    capacity = {
        label: [(row["cycle"], 1e3 * row["capacity_Ah"] / (CM2_PER_M2 * area)) for row in rows]
        for label, (rows, area) in tables.items()
        if runs[label].info.cell_kind == "full"
    }
    resistance = {
        label: [
            (row["cycle"], _OHMS.show(row[_OHMS.key]))
            for row in rows
            if _is_number(row.get(_OHMS.key))
        ]
        for label, (rows, _) in tables.items()
    }
    margin = {
        label: [(row["cycle"], row["min_margin"]) for row in rows if _is_number(row["min_margin"])]
        for label, (rows, _) in tables.items()
    }
    panels = [
        _panel("capacity", "Discharge capacity", "Capacity (mAh/cm²)", capacity, (0.0, None)),
        _panel(
            "resistance", "Area-specific resistance", "Resistance (Ω cm²)", resistance, (0.0, None)
        ),
        _panel("margins", "Smallest margin to failure", "Smallest margin", margin, (BELOW, 1.1)),
    ]
    return [panel for panel in panels if panel.lines]


def _panel(
    key: str,
    title: str,
    y_label: str,
    points: Mapping[str, Sequence[tuple[float, float]]],
    y_range: tuple[float | None, float | None] = (None, None),
) -> Panel:
    lines = tuple(
        Line(label, [x for x, _ in pairs], [y for _, y in pairs])
        for label, pairs in points.items()
        if pairs
    )
    values = [y for line in lines for y in line.y if y > 0]
    log = key == "resistance" and bool(values) and max(values) > 30 * min(values)
    return Panel(
        key, title, "Cycle", y_label, lines, log=log, y_range=y_range, span=0.02, labelled=True
    )


def _finished(run: RunView) -> list[dict[str, Any]]:
    return [row for row in run.rows if row.get("complete", True)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _column(rows: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [row[key] for row in rows if _is_number(row.get(key))]


def _ends(values: Sequence[float]) -> list[float] | None:
    return [values[0], values[-1]] if values else None
