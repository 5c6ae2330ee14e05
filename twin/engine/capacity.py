"""What a cell's capacity is in a cycle: measured, or estimated and marked; and its reference.

A cycle with a check-up (:mod:`twin.engine.checkup`) has the capacity that its last one
measured, as the first after a storage finds what the storage left in the cell. In a cycle
without one the capacity is estimated from the state, by the open-circuit capacity ``Q_ocv``
(:mod:`twin.engine.inventory`)::

    C_est = C_m Q_ocv/Q_ocv,m        m: the latest check-up
    C_est = Q_ocv                    where there has been none yet

What is left is told against a reference, like against like. A way of checking has the
reference of its first check-up. A way that comes later than others begins with a cell that
has lost something already: what it measures first is divided by what is left by then::

    C_ref = C_m / (Q_ocv,m/Q_ocv,0)         0: the reference cycle

which is ``C_m`` itself in the reference cycle. So a slow check-up after fast cycles does not
begin anew, and a partial discharge is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twin.engine.checkup import Course, Measured, Taken


@dataclass(frozen=True)
class Capacity:
    """A cycle's capacity.

    Attributes
    ----------
    value : float
        In A.h.
    estimated : bool
        Whether it is an estimate from the state.
    share : float or None
        What is left of the reference; None before the reference cycle.
    way : str
        The way of the check-up it is told by; empty where there has been none.
    first : bool
        Whether it is the first of its kind: a capacity from check-ups, or an estimate.
    """

    value: float
    estimated: bool
    share: float | None = None
    way: str = ""
    first: bool = False


@dataclass
class Memory:
    """What is carried from cycle to cycle to tell the capacity.

    Attributes
    ----------
    course : Course
        How the cell came to be as full as it is.
    references : dict
        By way of checking, the capacity it is compared with [A.h].
    first_at_rest : float or None
        The open-circuit capacity of the reference cycle [A.h].
    latest : Measured or None
        The latest check-up, with ``latest_at_rest``, the open-circuit capacity then [A.h].
    """

    course: Course = field(default_factory=Course)
    references: dict[str, float] = field(default_factory=dict)
    first_at_rest: float | None = None
    latest: Measured | None = None
    latest_at_rest: float = 0.0

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Memory:
        """Read it from plain data; from none, nothing has happened yet."""
        latest = data.get("latest")
        return cls(
            Course.from_data(data.get("course", {})),
            dict(data.get("references", {})),
            data.get("first_at_rest"),
            Measured(**latest) if latest else None,
            data.get("latest_at_rest", 0.0),
        )

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        latest = self.latest
        return {
            "course": self.course.to_data(),
            "references": dict(self.references),
            "first_at_rest": self.first_at_rest,
            "latest": None if latest is None else vars(latest).copy(),
            "latest_at_rest": self.latest_at_rest,
        }

    def follow(
        self, steps: Iterable[Taken], at_rest: float, *, counts: bool, known: float | None = None
    ) -> Capacity:
        """Take a cycle in, and return its capacity.

        Parameters
        ----------
        steps : iterable of Taken
            Its steps.
        at_rest : float
            The open-circuit capacity at its end [A.h].
        counts : bool
            Whether the reference cycle has come.
        known : float, optional
            The reference of cycles of this kind [A.h], from a run stored before check-ups
            were told apart.
        """
        measured = self.course.follow(steps)
        begins = counts and self.first_at_rest is None
        if begins:
            self.first_at_rest = at_rest
        if measured is None:
            return replace(self._estimate(at_rest, counts), first=begins)
        first = counts and not self.references
        self.latest, self.latest_at_rest = measured, at_rest
        share = None
        if counts:
            begun = measured.capacity_Ah / (self._left(at_rest) or 1.0)
            reference = self.references.setdefault(measured.way, begun if known is None else known)
            share = _ratio(measured.capacity_Ah, reference)
        return Capacity(measured.capacity_Ah, False, share, measured.way, first)

    def _estimate(self, at_rest: float, counts: bool) -> Capacity:
        latest = self.latest
        if latest is None or self.latest_at_rest <= 0:
            return Capacity(at_rest, True, self._left(at_rest) if counts else None)
        value = latest.capacity_Ah * at_rest / self.latest_at_rest
        reference = self.references.get(latest.way)
        if reference is not None:
            return Capacity(value, True, _ratio(value, reference), latest.way)
        return Capacity(value, True, self._left(at_rest) if counts else None)

    def _left(self, at_rest: float) -> float:
        """Return the share of the open-circuit capacity that is left."""
        return _ratio(at_rest, self.first_at_rest or 0.0)


def _ratio(value: float, of: float) -> float:
    """Return a share of something; all of it where there was nothing."""
    return value / of if of > 0 else 1.0


def first_capacity(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Return the first capacity of some rows that a check-up measured, or else the first."""
    capacities = [(row["capacity_Ah"], row.get("capacity_estimated", False)) for row in rows]
    measured = [value for value, estimated in capacities if not estimated]
    return next(iter([*measured, *(value for value, _ in capacities)]), None)


def share_left(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return what is left at the end of some rows, of the reference or else of the first."""
    if not rows:
        return None
    told = rows[-1].get("capacity_share")
    if told is not None:
        return float(told)
    first = first_capacity(rows)
    return float(rows[-1]["capacity_Ah"]) / first if first else None
