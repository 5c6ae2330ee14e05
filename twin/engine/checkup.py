"""Which discharge of a protocol is a check-up: from full to empty, and how it was done.

A capacity is the charge of one discharge that begins with a full cell and ends at the lower
voltage limit. Full is a cell whose charge has ended at the upper limit; what follows on a
charge that ended by time, or on a discharge that was broken off, measures the protocol, not the
cell. Discharges that follow on each other, with rests between or none, are one. Charge
and discharge may stand in different cycles: what has happened since the cell was full is
carried from cycle to cycle.

Two check-ups compare where the same charging and the same discharging steps led to
them, at the same temperatures and pressures, whatever phase they stand in and whatever
rests are between: their ``way``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twin.engine.plan import PlanStep

Limit = Literal["upper", "lower"]
AT_LIMIT = 1e-3
"""How near to a limit, as a share of the window, a voltage counts as there: far above what
the solver is off by where it stops (1e-6), far below what matters to a capacity."""


@dataclass(frozen=True)
class Taken:
    """A step that was taken, or skipped as its limit was behind it at once.

    ``charge_Ah`` and ``discharge_Ah`` are what it passed each way, ``reached`` the limit it
    ended at, if any. A skipped step passed nothing and has ``meant`` to charge or discharge.
    """

    step: PlanStep
    charge_Ah: float = 0.0
    discharge_Ah: float = 0.0
    reached: Limit | None = None
    meant: str = ""

    @property
    def charges(self) -> bool:
        """Whether it filled the cell."""
        return self.charge_Ah > self.discharge_Ah or self.meant == "charge"

    @property
    def discharges(self) -> bool:
        """Whether it emptied the cell."""
        return self.discharge_Ah > self.charge_Ah or self.meant == "discharge"


@dataclass(frozen=True)
class Measured:
    """The capacity that a check-up measured [A.h], and the way it was measured."""

    capacity_Ah: float
    way: str


@dataclass
class Course:
    """How the cell came to be as full as it is.

    Attributes
    ----------
    since_full_Ah : float or None
        What has been discharged since it was full; None if it has not been, or was
        charged again since.
    charging, discharging : list of str
        The steps of the latest charge, and of the discharge since.
    """

    since_full_Ah: float | None = None
    charging: list[str] = field(default_factory=list)
    discharging: list[str] = field(default_factory=list)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Course:
        """Read it from plain data; from none, it is not known."""
        return cls(
            data.get("since_full_Ah"),
            list(data.get("charging", ())),
            list(data.get("discharging", ())),
        )

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "since_full_Ah": self.since_full_Ah,
            "charging": list(self.charging),
            "discharging": list(self.discharging),
        }

    def follow(self, steps: Iterable[Taken]) -> Measured | None:
        """Go through the steps of a cycle; return its last check-up, if it has one."""
        measured: Measured | None = None
        for taken in steps:
            if taken.charges:
                self._charge(taken)
            elif taken.discharges:
                measured = self._discharge(taken) or measured
        return measured

    def _charge(self, taken: Taken) -> None:
        if self.discharging:
            self.since_full_Ah, self.charging, self.discharging = None, [], []
        _note(self.charging, taken.step)
        if taken.reached == "upper":
            self.since_full_Ah = 0.0

    def _discharge(self, taken: Taken) -> Measured | None:
        _note(self.discharging, taken.step)
        if self.since_full_Ah is None:
            return None
        self.since_full_Ah += taken.discharge_Ah
        return Measured(self.since_full_Ah, self._way) if taken.reached == "lower" else None

    @property
    def _way(self) -> str:
        words = repr((self.charging, self.discharging))
        return hashlib.sha256(words.encode()).hexdigest()[:12]


def _note(steps: list[str], step: PlanStep) -> None:
    """Add a step's words once: a train of pulses is as long as the cell is good."""
    words = repr((step.do, step.temperature, step.pressure))
    if words not in steps:
        steps.append(words)
