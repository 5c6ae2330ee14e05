"""How a cycle stands against what a cell was like before it aged."""

from __future__ import annotations

from dataclasses import dataclass

from twin.engine.capacity import Capacity


@dataclass(frozen=True)
class Aged:
    """How a cycle stands against its references.

    Attributes
    ----------
    capacity : Capacity or None
        Of a full cell.
    resistance : float or None
        The resistance over its reference; None before the reference cycle.
    energy_efficiency : float or None
        What a full cell gave back of the energy put in; None where too little passed.
    """

    capacity: Capacity | None = None
    resistance: float | None = None
    energy_efficiency: float | None = None
