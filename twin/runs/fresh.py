"""What a cell is before its first cycle."""

from __future__ import annotations

from pathlib import Path

from twin.engine.prepare import prepare
from twin.engine.settings import RunSettings
from twin.model.names import RESISTANCE
from twin.scenario import Scenario
from twin.specs.schema import CellSpec


def fresh_resistance(cell: CellSpec | Scenario | str | Path) -> float:
    """Return the small-signal resistance of a cell as assembled, its modes at work [Ohm.m2].

    Raises
    ------
    TwinError
        If the cell cannot be read, or its model not be built.
    """
    resolved = Scenario.of(cell).resolve()
    ready = prepare(resolved.spec, resolved.modes, resolved.plan, RunSettings(model="spm"))
    fresh = ready.recorder.values_at(ready.compiled, 0, 0.0, None, ready.inputs(None))
    return fresh[RESISTANCE]
