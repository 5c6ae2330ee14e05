"""One line of the table of ``twin validate``: a measured value and what the twin says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from twin.validation.tolerance import Value

WITHIN, MISSED, PREDICTED = "within", "missed", "predicted"


@dataclass
class Curve:
    """A measured curve and the simulated one: voltage [V] over charge, in ``unit``."""

    unit: str
    measured_x: list[float]
    measured_y: list[float]
    simulated_x: list[float]
    simulated_y: list[float]


@dataclass
class Line:
    """One line of the table.

    Attributes
    ----------
    status : str
        ``within``, ``missed``, or ``predicted`` where the measured value is kept back.
    role : str
        ``calibrated`` if the observable is one that a parameter was set on,
        ``uncalibrated`` where it could not be set, else ``compared`` or ``predicted``.
    tested : bool, optional
        Whether a run has borne out the reason in ``why``; ``None`` without a reason.
    two_sided : bool
        Whether a number is set beside a number, not a bound, an order or a word.
    quantity : str
        What it is a number of (:func:`twin.validation.parity.quantity_of`).
    curve : Curve, optional
        Both curves, where the number is a misfit of one.
    """

    case: str
    cell: str
    says: str
    measured: Value | None
    simulated: Value | None
    unit: str
    tolerance: str | None
    status: str
    calibrated: list[str]
    source: str
    ratio: float | None = None
    role: str = "compared"
    test: str = ""
    why: str = ""
    tested: bool | None = None
    two_sided: bool = False
    quantity: str = ""
    low: float | None = None
    high: float | None = None
    wall_s: float = 0.0
    curve: Curve | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Line:
        """Return the line that :meth:`to_dict` wrote; saved tables are drawn so.

        A whole number may have lost its point on the way through a file.
        """
        known = {**data, "test": data.get("class", "")}
        for name in ("measured", "simulated"):
            if isinstance(known.get(name), int):
                known[name] = float(known[name])
        if known.get("curve") is not None:
            known["curve"] = Curve(**known["curve"])
        return cls(
            **{field.name: known[field.name] for field in fields(cls) if field.name in known}
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the line as ``twin validate --json`` prints it."""
        data = asdict(self)
        data["class"] = data.pop("test")
        if self.status == PREDICTED:
            data["predicted"] = data["simulated"]
        return data
