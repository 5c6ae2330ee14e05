"""The current of a step in the two ways in which it is spoken of."""

from __future__ import annotations

from twin.engine.plan import Plan
from twin.model.parameters import nominal_capacity
from twin.specs.schema import CellSpec
from twin.specs.steps import known_step


def currents_in_words(plan: Plan, spec: CellSpec) -> list[str]:
    """Return the current of each step of a plan, phase by phase: ``0.2C, 0.21 mA/cm²``.

    With I [A] over the cell's area A [m^2] and the nominal capacity Q [A.h], the current
    density is I/A and the C-rate I/Q. A step without a current of its own (a rest, a hold)
    has an empty text; so has a drive cycle. A symmetric cell has no C-rate.
    """
    area, full = spec.geometry.area.si, spec.kind == "full"
    capacity = nominal_capacity(spec) if full else 0.0
    words = []
    for phase in plan.phases:
        for step in phase.steps:
            current = None if step.drive is not None else _amperes(step.do, capacity)
            if current is None:
                words.append("")
                continue
            dense = f"{current / area / 10:.3g} mA/cm²"
            words.append(f"{current / capacity:.3g}C, {dense}" if full else dense)
    return words


def _amperes(do: str, capacity: float) -> float | None:
    """Return the size of a step's current [A]; None for a step that sets none."""
    read = known_step(do)
    if read.value is None:
        return None
    if read.sort == "CRate":
        return abs(read.value) * capacity
    return (abs(read.value) or None) if read.sort == "Current" else None
