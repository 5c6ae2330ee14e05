"""The critical-current lines of a map whose second axis is a current.

On a symmetric cell they are measured along x, as ``twin ccd`` does: a staircase of currents
with the half cycles of the map's protocol. On a full cell those that a mode computes are
drawn: variables called "… critical plating current density [A.m-2]" or
"… critical stripping current density [A.m-2]", as they are after the first cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twin.errors import TwinError
from twin.studies.base import base_of

_NAMED = (
    " critical plating current density [A.m-2]",
    " critical stripping current density [A.m-2]",
)
_STEPS = 24
# The staircase goes a little beyond the map, so that a line leaves it, not ends in it.
_BEYOND = 1.25
_KINDS = (
    ("stripping", "critical stripping current"),
    ("plating", "critical plating current"),
)


def critical_lines(
    design: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    on_progress: Callable[[float, str], None],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the lines, in the units of the axes, and what has to be said of them.

    Parameters
    ----------
    design : mapping
        The map's design.
    points : sequence of mapping
        Its points.
    rows : mapping
        Their runs' cycles, by run.
    on_progress : callable
        Told the share done.
    """
    from twin.search.axes import axis_from
    from twin.specs.overrides import PROTOCOL

    x, y = (axis_from(design["axes"][name]) for name in ("x", "y"))
    if y.unit not in ("A/m^2", "C"):
        return [], []
    spec = base_of(design)
    if spec.kind == "symmetric" and y.unit == "A/m^2" and not x.key.startswith(PROTOCOL):
        return _measured(design, spec, x, y, on_progress)
    return _computed(spec, y, points, rows), []


def _measured(
    design: Mapping[str, Any], spec: Any, x: Any, y: Any, on_progress: Callable[[float, str], None]
) -> tuple[list[dict[str, Any]], list[str]]:
    from twin.experiments.critical_currents import ccd_sweep
    from twin.experiments.sweep import MOST_POINTS

    values = [x.text(x.value(i / (x.count - 1))) for i in range(min(x.count, MOST_POINTS))]
    step = _BEYOND * y.high / _STEPS
    stairs: dict[str, Any] = {"start": step, "step": step, "maximum": _BEYOND * y.high}
    half = _half_cycle(design, spec)
    if half is not None:
        stairs["half_cycle"] = half
    try:
        swept = ccd_sweep(
            spec,
            sweep=[f"{x.key}={','.join(map(str, values))}"],
            modes=design["modes"],
            on_progress=on_progress,
            rest=0.0,
            **stairs,
        )
    except TwinError as error:
        return [], [f"the critical currents could not be found: {error.problem.message}"]
    lines = []
    for kind, name in _KINDS:
        at = []
        for place, point in zip(_places(x), swept, strict=True):
            limit = getattr(point.currents, kind)
            # The limit lies between the last current that was carried and the first that failed.
            if limit.failed_at is not None:
                at.append([place, y.shown((limit.at_least + limit.failed_at) / 2)])
        if at:
            lines.append({"kind": kind, "name": name, "points": at, "by": "twin ccd"})
    onset = [
        [place, y.shown(point.currents.onset)]
        for place, point in zip(_places(x), swept, strict=True)
        if point.currents.onset is not None
    ]
    if onset:
        lines.append({"kind": "onset", "name": "voids begin", "points": onset, "by": "twin ccd"})
    return lines, []


def _places(x: Any) -> list[float]:
    return [x.shown(float(x.value(i / (x.count - 1)))) for i in range(x.count)]


def _half_cycle(design: Mapping[str, Any], spec: Any) -> float | None:
    """Return how long the protocol's first step takes [s]; None if it does not end on time."""
    from twin.catalog.cells import plan_of
    from twin.specs.protocol import Protocol
    from twin.specs.steps import known_step

    first = plan_of(Protocol.from_data(design["protocol"]), spec).phases[0].steps[0]
    step = known_step(first.do, drive=first.drive)
    return None if step.uses_default_duration else float(step.duration)


def _computed(
    spec: Any,
    y: Any,
    points: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[dict[str, Any]]:
    """Return the lines that modes compute, from the map's row of lowest current.

    Elsewhere, or where the first cycle was the last, what was computed is that of a cell
    which this current has changed already.
    """
    from twin.model.parameters import nominal_capacity

    scale = 1.0
    if y.unit == "C":
        scale = spec.geometry.area.si / nominal_capacity(spec)
    lowest = min((point["y"] for point in points), default=0.0)
    by_line: dict[str, list[list[float]]] = {}
    for point in sorted(points, key=lambda p: p["x"]):
        cycles = rows.get(point["run"]) or [{}]
        if point["y"] > lowest or not cycles[0].get("complete", False):
            continue
        for name, value in cycles[0].items():
            if name.endswith(_NAMED) and isinstance(value, int | float) and value > 0:
                by_line.setdefault(name, []).append([point["x"], y.shown(scale * value)])
    lines = []
    for name, at in sorted(by_line.items()):
        if len(at) > 1:
            kind = "plating" if name.endswith(_NAMED[0]) else "stripping"
            words = name.partition(" current density")[0]
            text = f"{words} current, after one cycle"
            lines.append({"kind": kind, "name": text, "points": at, "by": name})
    return lines
