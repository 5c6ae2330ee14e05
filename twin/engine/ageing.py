"""What a run remembers to tell how a cell has aged, and what it says of each cycle.

The resistance is compared at the cell's own temperature (:mod:`twin.model.referred`), so all
cycles compare that press the cell alike. Under another pressure contact is another, and
comes back with it: the first cycle there has the ratio of the one before, and its resistance
over that ratio is what later ones are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.engine import capacity
from twin.engine.aged import Aged
from twin.engine.plan import PlanPhase
from twin.engine.prepare import Prepared
from twin.engine.recorder import CycleRecord
from twin.engine.taken import Taken

OHMS = "resistance_Ohm_m2"
_BALANCED = 0.2
"""Of the larger charge: where the two differ by more, the energies are those of other fillings,
and what is lost for good is judged as capacity."""


@dataclass
class Resistance:
    """What a cycle's resistance is compared with.

    ``references`` are by pressures [Ohm.m2], ``ratio`` is that of the last cycle.
    """

    references: dict[str, float] = field(default_factory=dict)
    ratio: float = 1.0

    def follow(self, value: float, key: str, known: float | None) -> float:
        """Take a cycle in, and return its resistance over its reference.

        ``known`` is the reference of a run stored before pressures were told apart.
        """
        reference = value / self.ratio if known is None else known
        reference = self.references.setdefault(key, reference)
        self.ratio = value / reference if reference > 0 else 1.0
        return self.ratio


@dataclass
class Ageing:
    """What is carried from cycle to cycle to tell how a cell has aged."""

    capacity: capacity.Memory = field(default_factory=capacity.Memory)
    resistance: Resistance = field(default_factory=Resistance)
    taken: Taken = field(default_factory=Taken)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Ageing:
        """Read it from plain data; from none, nothing has happened yet."""
        return cls(
            capacity.Memory.from_data(data.get("capacity", {})),
            Resistance(**data.get("resistance", {})),
            Taken.from_data(data.get("taken", {})),
        )

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        ohms = self.resistance
        return {
            "capacity": self.capacity.to_data(),
            "resistance": {"references": dict(ohms.references), "ratio": ohms.ratio},
            "taken": self.taken.to_data(),
        }

    def follow(
        self,
        prepared: Prepared,
        phase: PlanPhase,
        record: CycleRecord,
        row: dict[str, Any],
        known: Mapping[str, float],
    ) -> Aged:
        """Take a cycle in; say in its row what its capacity is, and return how it stands.

        Parameters
        ----------
        prepared, phase, record
            The cell, what the cycle was to do, and what was done.
        row : dict
            The cycle's row: capacity, whether it is estimated, and the share left go in.
        known : mapping
            What cycles of these steps are compared with, from a run stored before
            check-ups were told apart.
        """
        counts = row["complete"] and record.number >= prepared.spec.end_of_life.reference_cycle
        aged = None
        if prepared.cell.kind == "full":
            at_rest = prepared.open_circuit.capacity(row)
            aged = self.capacity.follow(
                record.taken, at_rest, counts=counts, known=known.get("capacity_Ah")
            )
            row["capacity_Ah"] = aged.value
            row["open_circuit_capacity_Ah"] = at_rest
            row["capacity_share"] = aged.share
        row["capacity_estimated"] = aged is not None and aged.estimated
        if not counts:
            return Aged(aged)
        ratio = self.resistance.follow(row[OHMS], _pressures(phase), known.get(OHMS))
        return Aged(aged, ratio, _energy_efficiency(row) if aged is not None else None)


def _energy_efficiency(row: Mapping[str, Any]) -> float | None:
    """Return the energy out over the energy in, of a cycle that ends about where it began."""
    charges, energies = (
        (row["discharge_Ah"], row["charge_Ah"]),
        (row["discharge_Wh"], row["charge_Wh"]),
    )
    if row["coulombic_efficiency"] is None or abs(charges[0] - charges[1]) > _BALANCED * max(
        charges
    ):
        return None
    return float(energies[0] / energies[1])


def _pressures(phase: PlanPhase) -> str:
    """Return the pressures a phase presses its cell with, in order, as a key."""
    return repr(list(dict.fromkeys(step.pressure for step in phase.steps)))
