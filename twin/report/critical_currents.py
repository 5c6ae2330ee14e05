"""Figures of critical currents: one ramp, or limits over what was swept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.experiments.ccd import CriticalCurrents
from twin.experiments.sweep import shown
from twin.formats import short, typeset
from twin.report.panel import Line, Panel

MILLI = 0.1  # A.m-2 to mA.cm-2


def ramp_panels(currents: CriticalCurrents) -> list[Panel]:
    """Return the plain ramp: polarisation, and the contact of the stripped face."""
    x = [MILLI * level.density for level in currents.levels]
    volts = [1e3 * level.polarisation for level in currents.levels]
    contact = [level.contact for level in currents.levels]
    limits = tuple(
        (MILLI * limit.current, f"{kind} {short(MILLI * limit.current)}")
        for kind, limit in (("stripping", currents.stripping), ("plating", currents.plating))
        if limit.current is not None
    )
    beyond = [
        f"{kind} beyond {MILLI * limit.at_least:.3g}"
        for kind, limit in (("stripping", currents.stripping), ("plating", currents.plating))
        if limit.current is None
    ]
    x_label = "; ".join(["Current (mA/cm²)", *beyond])
    return [
        Panel(
            "polarisation",
            "Polarisation",
            x_label,
            "Polarisation (mV)",
            (Line("voltage", x, volts),),
            y_range=(0.0, None),
            marked=len(x) <= 30,
            verticals=limits,
        ),
        Panel(
            "contact",
            "Contact of the stripped face",
            x_label,
            "Contact of the stripped face",
            (Line("contact", x, contact),),
            y_range=(0.0, None),
            marked=len(x) <= 30,
            verticals=limits,
        ),
    ]


def sweep_panels(points: Sequence[Any]) -> list[Panel]:
    """Return the limits over the first swept key: stripping and its onset, and plating.

    ``points`` are those of :func:`twin.ccd_sweep`; one line for each combination of the
    other keys.
    """
    key = next(iter(points[0].at))
    groups: dict[str, list[Any]] = {}
    for point in points:
        rest = {k: v for k, v in point.at.items() if k != key}
        groups.setdefault(", ".join(rest.values()), []).append(point)
    unit = typeset(shown(points[0].spec, key)[1] or "")
    words = key.rpartition(".")[2].replace("_", " ")
    x_label = f"{words.capitalize()} ({unit})" if unit else f"{words.capitalize()} (in order)"
    stripping: list[Line] = []
    plating: list[Line] = []
    for label, group in groups.items():
        x = _places(group, key)
        for title, lines, kind in (
            ("carried", stripping, "stripping"),
            ("carried", plating, "plating"),
        ):
            limits = [getattr(point.currents, kind) for point in group]
            y = [MILLI * limit.at_least for limit in limits]
            open_end = any(limit.current is None for limit in limits)
            name = ", ".join(part for part in (label, title) if part) or kind
            lines.append(Line(f"{name} (at least)" if open_end else name, x, y))
        for title, lines, kind in (
            ("voids begin", stripping, "onset"),
            ("warns", plating, "plating_onset"),
        ):
            onset = [(a, getattr(p.currents, kind)) for a, p in zip(x, group, strict=True)]
            known = [(a, MILLI * b) for a, b in onset if b is not None]
            if known:
                name = ", ".join(part for part in (label, title) if part)
                lines.append(Line(name, [a for a, _ in known], [b for _, b in known]))
    return [
        Panel(
            kind,
            title,
            x_label,
            f"{title} (mA/cm²)",
            tuple(lines),
            y_range=(0.0, None),
            marked=True,
        )
        for kind, title, lines in (
            ("stripping", "Critical stripping current", stripping),
            ("plating", "Critical plating current", plating),
        )
    ]


def _places(group: Sequence[Any], key: str) -> list[float]:
    """Return where the points stand: by their number, or in order where they have none."""
    values = [shown(point.spec, key)[0] for point in group]
    if any(value is None for value in values):
        return [float(n) for n in range(1, len(group) + 1)]
    return [float(value) for value in values if value is not None]
