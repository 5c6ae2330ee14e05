"""What a life by jumps cost, and what it leaves in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass
class ErrorBudget:
    """Cycles simulated, errors estimated, and where it slowed.

    Each jump's correction moved its slow states by a ``share`` of what they changed, and
    the capacity and the margins changed by what the slow states did: the same share of
    their change is in doubt from then on. The composites' sodium may be some cycles early
    or late, which tells little as long as nothing changes, and much where the capacity falls.

    Attributes
    ----------
    simulated : int
        Cycles solved, those of jumps taken back among them.
    capacity_error, worst_error : float
        Estimated so far, and the largest of any row, as shares of the capacity.
    late : float
        The cycles by which the sodium may be early or late.
    margin_errors : dict
        By criterion.
    slowed : list
        First cycle, last cycle and why.
    """

    simulated: int = 0
    capacity_error: float = 0.0
    worst_error: float = 0.0
    late: float = 0.0
    margin_errors: dict[str, float] = field(default_factory=dict)
    slowed: list[list[Any]] = field(default_factory=list)

    @classmethod
    def of_row(cls, row: Row) -> ErrorBudget:
        """Return what the last row of a life says of it, where nothing else is known."""
        error = float(row.get("estimated_capacity_error") or 0.0)
        simulated = int(row.get("cycles_simulated") or 0)
        return cls(simulated, capacity_error=error, worst_error=error)

    def slow(self, first: int, last: int, why: str) -> None:
        """Note why the cycles from ``first`` to ``last`` were not jumped further."""
        if self.slowed and self.slowed[-1][2] == why and self.slowed[-1][1] >= first - 1:
            self.slowed[-1][1] = last
        else:
            self.slowed.append([first, last, why])

    def jumped(self, share: float, late: float, before: Row, after: Row) -> None:
        """Add what a jump between two simulated cycles leaves in doubt."""
        self.late += late
        if before["capacity_Ah"] > 0:
            change = abs(after["capacity_Ah"] - before["capacity_Ah"])
            self.capacity_error += share * change / before["capacity_Ah"]
        for name, margin in after["margins"].items():
            change = abs(margin - before["margins"].get(name, margin))
            self.margin_errors[name] = self.margin_errors.get(name, 0.0) + share * change

    def error_of(self, rows: Sequence[Row]) -> float:
        """Return the capacity's error in the last of some simulated cycles, as a share of it.

        Parameters
        ----------
        rows : sequence of mapping
            The last simulated cycles; the capacity's pace is that between the last two, and
            a cycle cut short by a death has none.
        """
        cut_short = not rows[-1].get("complete", True)
        if len(rows) < 2 or cut_short or rows[-2]["capacity_Ah"] <= 0:
            return self.capacity_error
        before, after = rows[-2:]
        change = abs(after["capacity_Ah"] / before["capacity_Ah"] - 1)
        pace = change / (after["cycle"] - before["cycle"])
        value: float = max(self.capacity_error, self.late * pace)
        return value

    def told(self, error: float | None) -> None:
        """Note the error that a row is told with, if there is such a row."""
        if error is not None:
            self.worst_error = max(self.worst_error, error)

    def death_error(self, criterion: str, rows: Sequence[Row]) -> float:
        """Return by how many cycles a death may come too early or too late.

        Parameters
        ----------
        criterion : str
            The margin that came to nothing, ``"mode: what"``.
        rows : sequence of mapping
            The last simulated cycles; the margin's pace is that between the last two.
        """
        error = self.margin_errors.get(criterion, 0.0)
        if not error or len(rows) < 2:
            return self.late
        before, after = rows[-2:]
        fall = before["margins"].get(criterion, 0.0) - after["margins"].get(criterion, 0.0)
        cycles = after["cycle"] - before["cycle"]
        return max(self.late, error * cycles / fall) if fall > 0 else self.late
