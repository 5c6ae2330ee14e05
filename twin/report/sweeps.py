"""The figure of a sweep: life, what is left, and resistance over one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.formats import typeset
from twin.report.panel import Line, Panel
from twin.report.view import CM2_PER_M2

DECADES = 30.0
"""Lives that lie further apart than this factor go on a logarithmic axis."""


def sweep_title(document: Mapping[str, Any]) -> str:
    """Return the title above a sweep's figure."""
    return f"{document['cell']}: lives of up to {document['cycles']} cycles"


def sweep_panels(document: Mapping[str, Any]) -> list[Panel]:
    """Return the life over the axis, with a mark for each way to end, and what goes with it.

    Capacity left and resistance are those of the last finished cycle: at the death, or at the
    horizon.
    """
    axis, points = document["axis"], document["points"]
    unit = typeset(axis["shown"] or "")
    x_label = f"{axis['words']} ({unit})" if unit else str(axis["words"])
    x = [float(p["x"]) for p in points]
    lives = [float(p["cycles"]) for p in points]
    ends: dict[str, list[int]] = {}
    for number, point in enumerate(points):
        ends.setdefault(_end(point, document["cycles"]), []).append(number)
    marks = tuple(
        Line(label, [x[n] for n in which], [lives[n] for n in which], dots=True)
        for label, which in ends.items()
    )
    log = min(lives, default=1.0) > 0 and max(lives) > DECADES * min(lives)
    common: dict[str, Any] = {"log_x": bool(axis["log"]), "missing": "no life is known"}
    panels = [
        Panel(
            "life",
            "Life",
            x_label,
            f"Life (cycles, followed to {document['cycles']})",
            (Line("life", x, lives), *marks) if lives else (),
            log=log,
            y_range=(None, None) if log else (0.0, None),
            **common,
        )
    ]
    left = [(float(p["x"]), 100 * p["capacity_left"]) for p in points if p["capacity_left"]]
    if left:
        line = Line("at the end", [a for a, _ in left], [b for _, b in left])
        panels.append(
            Panel(
                "capacity",
                "Capacity left at the end",
                x_label,
                "Capacity left at the end (%)",
                (line,),
                include=(80.0, 100.0),
                marked=True,
                **common,
            )
        )
    known = [p for p in points if p["resistance_Ohm_m2"]]
    lines = tuple(
        Line(
            label,
            [float(p["x"]) for p in known],
            [CM2_PER_M2 * p["resistance_Ohm_m2"][place] for p in known],
        )
        for place, label in ((0, "first cycle"), (1, "last cycle"))
    )
    if known:
        panels.append(
            Panel(
                "resistance",
                "Area-specific resistance",
                x_label,
                "Resistance (Ω cm²)",
                lines,
                y_range=(0.0, None),
                marked=True,
                **common,
            )
        )
    return panels


def _end(point: Mapping[str, Any], horizon: int) -> str:
    """Return how a life ended, in words."""
    if point["state"] == "dead":
        return str(point["mode"] or "core")
    if point["state"] == "alive":
        return f"lives {horizon} cycles"
    return "not known further"
