"""What a run does, cycle by cycle: a resolved protocol as the engine sees it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from twin.specs.drive import Drive

_CURRENT = re.compile(r"^(Charge|Discharge) at (?:[\d.]+(?P<unit> m?A)|C/[\d.]+|[\d.]+C)(?= )")


@dataclass(frozen=True)
class PlanStep:
    """One step: a PyBaMM Experiment string and its surroundings.

    Temperature in K and pressure in Pa; None means the cell's own. ``period`` is the
    spacing of stored points [s], None for as many as the step's course asks for. ``place`` is
    the step's in its phase, counted from 0, and ``drive`` the drive cycle it goes through,
    whose name its words say.
    """

    do: str
    temperature: float | None = None
    pressure: float | None = None
    period: float | None = None
    # What runs stored earlier compare their cycles by has neither.
    place: int = field(default=0, repr=False)
    drive: Drive | None = field(default=None, repr=False)

    @property
    def solved_as(self) -> tuple[str, float | None]:
        """What makes two steps the same to the solver.

        Pressure is an input of the model; the period is for what is stored of the solution.
        """
        return (self.do, self.temperature)

    @property
    def but_for_current(self) -> tuple[str, float | None]:
        """The same for all currents of one sign: they differ in a number the solver is given.

        A drive cycle is built in, number for number.
        """
        do = _CURRENT.sub(lambda m: f"{m[1]} at {'A' if m['unit'] else 'C'}", self.do)
        return (do if self.drive is None else f"{do} {self.drive.digest}", self.temperature)


@dataclass(frozen=True)
class PlanPhase:
    """Cycles that do the same steps; ``cycles`` None means until the end."""

    name: str
    cycles: int | None
    steps: tuple[PlanStep, ...]

    @property
    def fingerprint(self) -> str:
        """A short name for what the cycles do: cycles of one kind are comparable."""
        drives = [step.drive.digest for step in self.steps if step.drive is not None]
        words = f"{self.steps!r}{drives or ''}"
        return hashlib.sha256(words.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Plan:
    """The phases of a run, in order."""

    phases: tuple[PlanPhase, ...]

    def phase(self, cycle: int) -> PlanPhase | None:
        """Return the phase of a cycle (counted from 1); None after the last."""
        for phase in self.phases:
            if phase.cycles is None or cycle <= phase.cycles:
                return phase
            cycle -= phase.cycles
        return None

    @property
    def total(self) -> int | None:
        """How many cycles the plan has; None if its last phase goes on."""
        counts = [phase.cycles for phase in self.phases]
        return None if None in counts else sum(c for c in counts if c is not None)

    @property
    def unique_steps(self) -> list[PlanStep]:
        """Every step once, in order of first use."""
        steps: dict[tuple[str, float | None], PlanStep] = {}
        for phase in self.phases:
            for step in phase.steps:
                steps.setdefault(step.solved_as, step)
        return list(steps.values())

    @property
    def but_for_currents(self) -> tuple[object, ...]:
        """What two plans share that one built model can do, each at its own currents."""
        order = {step.solved_as: number for number, step in enumerate(self.unique_steps)}
        return tuple(
            (phase.name, phase.cycles, order[step.solved_as], step.but_for_current, step.pressure)
            for phase in self.phases
            for step in phase.steps
        )
