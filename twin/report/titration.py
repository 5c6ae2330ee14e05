"""Figures of a titration: potential at rest, and apparent diffusivity, over filling."""

from __future__ import annotations

from twin.experiments.gitt import Gitt
from twin.report.panel import Line, Panel


def titration_panels(titration: Gitt) -> list[Panel]:
    """Return open-circuit potential and diffusivity, found and given."""
    points = titration.points
    x = [p.stoichiometry for p in points]
    return [
        Panel(
            "ocv",
            "Potential at rest",
            "Stoichiometry",
            "Potential vs sodium (V)",
            (Line("at rest", x, [p.potential for p in points]),),
            marked=True,
        ),
        Panel(
            "diffusivity",
            "Diffusivity",
            "Stoichiometry",
            "Diffusivity (m²/s)",
            (
                Line("the cell's own", x, [p.own for p in points]),
                Line("apparent", x, [p.diffusivity for p in points], dots=True),
            ),
            log=True,
        ),
    ]
