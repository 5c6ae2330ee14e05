"""What a case file holds: virtual cells, what is seen of them, what was measured."""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit), which mypy cannot follow.
from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.engine.tolerances import ATOL, RTOL
from twin.specs.complaint import Complaint, did_you_mean, one_of
from twin.specs.laws import Frozen
from twin.specs.quantity import Q
from twin.specs.schema import Provenance
from twin.units import UnitError, to_si
from twin.validation.tolerance import Tolerance, parse_tolerance
from twin.validation.vocabulary import OF_OTHERS, OVER, WORDS

Scalar = str | int | float


class Stairs(Frozen):
    """A staircase of currents, as ``twin ccd`` climbs it."""

    start: Q("A/m^2", gt=0)
    step: Q("A/m^2", gt=0)
    maximum: Q("A/m^2", gt=0)
    half_cycle: Q("s", gt=0)
    rest: Q("s", ge=0) = "0 s"
    way: Literal["alternating", "one-way", "fresh"] = "alternating"
    """Each face stripped and plated in turn; the anode stripped only; or that with a fresh
    cell at each current."""


class Vary(Frozen):
    """A sweep of one key: at given values, or between two for an edge."""

    key: str
    values: tuple[Scalar, ...] = ()
    between: tuple[Scalar, Scalar] | None = None
    unit: str = ""
    """The unit that slopes and edges are told in."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.values) == (self.between is not None):
            raise Complaint("a sweep needs either values or between", fix="give one of the two")
        if self.values and len(self.values) < 2:
            raise Complaint("a sweep needs two values at least", fix="add one", keys=("values",))
        return self


class Run(Frozen):
    """One virtual cell and what is done to it."""

    like: str | None = None
    """Another run that this one is like; what is given here goes before."""
    cell: str | None = None
    overlays: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    """The failure modes at work; none if not given."""
    model: Literal["dfn", "spm"] = "dfn"
    cycles: int | None = Field(default=None, ge=1, strict=True)
    exact: bool = False
    """Simulate every cycle of a long run, instead of jumping over those that are alike."""
    protocol: str | None = None
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    phase: tuple[dict[str, Any], ...] = ()
    """Phases as in a protocol file, instead of the name of one."""
    staircase: Stairs | None = None
    beyond_death: bool = False
    """Follow the cell past the limits that somebody set (:mod:`twin.validation.beyond`)."""
    patch: dict[str, Any] = Field(default_factory=dict)
    """Tables laid over the cell, as in an overlay."""
    vary: Vary | None = None
    rtol: float = Field(default=RTOL, gt=0, lt=1)
    atol: float = Field(default=ATOL, gt=0, lt=1)


class Observable(Frozen):
    """What is looked at: one word of the vocabulary with what it needs."""

    take: str
    run: str | None = None
    variable: str | None = None
    at: str = "end"
    """``start``, ``end``, ``max``, ``min``, or a time since the start."""
    cycle: int | None = Field(default=None, ge=1, strict=True)
    first: int | Literal["max"] = 1
    """The cycle that a retention is of; ``max``: the best until then."""
    face: Literal["anode", "cathode"] | None = None
    branch: Literal["charge", "discharge"] = "discharge"
    file: str | None = None
    """A curve's CSV table beside the case: charge since the branch's start, voltage [V]."""
    points: tuple[tuple[float, float], ...] = ()
    """The same in the case itself."""
    points_unit: str = "mA*hour"
    """The unit of the charge in ``points``, of the whole cell."""
    per: Literal["cell", "area", "mass"] = "cell"
    share: float | None = None
    of: tuple[str, ...] = ()
    over: str | None = None
    """What is made of a sweep's values."""
    unit: str = ""

    @field_validator("first", mode="before")
    @classmethod
    def _a_cycle(cls, first: object) -> object:
        if first != "max" and (type(first) is not int or first < 1):
            raise Complaint(f"{first!r} is no cycle", fix='count from 1, or write "max"')
        return first

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.take not in WORDS:
            raise Complaint(
                f"{self.take!r} is nothing that can be looked at; known: {one_of(WORDS)}",
                fix=did_you_mean(self.take, WORDS, "use one of these"),
                keys=("take",),
            )
        if self.over is not None and self.over not in OVER:
            raise Complaint(
                f"{self.over!r} cannot be made of a sweep; known: {one_of(OVER)}",
                fix=did_you_mean(self.over, OVER, "use one of these"),
                keys=("over",),
            )
        word = WORDS[self.take]
        for name in word.needs:
            if name == "points" and self.file is not None:
                continue  # the loader reads them
            if getattr(self, name) in (None, ()):
                raise Complaint(f"{self.take!r} needs {name}", fix=f"add {name} = …", missing=name)
        if self.at not in ("start", "end", "max", "min"):
            _time(self.at)
        own = {"take", "unit", *word.needs, *word.may}
        own |= set() if self.take in OF_OTHERS else {"run", "over"}
        for name in sorted(self.model_fields_set - own):
            raise Complaint(f"{self.take!r} has no {name}", fix="remove it", keys=(name,))
        return self


def _time(text: str) -> None:
    try:
        to_si(text, "s")
    except UnitError as error:
        fix = 'write start, end, max, min, or a time like "20 hours"'
        raise Complaint(str(error), fix=fix, keys=("at",)) from None


class Calibration(Frozen):
    """One parameter that is set so that one observable comes out as measured."""

    key: str
    on: str
    target: float
    between: tuple[Scalar, Scalar]
    scale: Literal["log", "linear"] = "log"
    runs: tuple[str, ...] = ()
    """The runs whose cells it changes; all if not given."""


class Row(Frozen):
    """One line of the table: an observable beside what was measured."""

    see: str
    says: str
    measured: Scalar | None = None
    tolerance: str | None = None
    predict: bool = False
    """The measured value is kept back: the twin's prediction stands alone."""
    spread: dict[str, tuple[Scalar, Scalar]] = Field(default_factory=dict)
    """Keys (or ``calibrate.N``, its target) with the ends of their ranges."""
    why: str = ""
    """Why it is missed, written after seeing it."""
    why_tested: bool | None = None
    """Whether a run without the cause has borne the reason out; not, if not given."""

    @field_validator("tolerance")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            parse_tolerance(text)
        return text

    @property
    def tested(self) -> bool | None:
        """Whether the reason is tested; ``None`` where there is none."""
        return bool(self.why_tested) if self.why else None

    @property
    def two_sided(self) -> bool:
        """Whether a number is compared with a number that may be missed either way."""
        band = self.band
        if band is None or band.sort not in ("relative", "absolute", "factor", "loss", "range"):
            return False
        return not isinstance(self.measured, str) and self.measured is not None

    @property
    def _wants_number(self) -> bool:
        band = self.band
        return band is not None and band.needs_measured and band.sort != "exact"

    @property
    def band(self) -> Tolerance | None:
        """The tolerance, read."""
        return None if self.tolerance is None else parse_tolerance(self.tolerance)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.why_tested is not None and not self.why:
            raise Complaint("there is no why to be tested", fix="add why", keys=("why_tested",))
        if self.predict:
            for name in ("measured", "tolerance"):
                if getattr(self, name) is not None:
                    raise Complaint(
                        f"a row that is to be predicted holds no {name}",
                        fix=f"remove {name}, or predict",
                        keys=(name,),
                    )
        elif self.tolerance is None:
            raise Complaint(
                "says no tolerance", fix='add tolerance = "+-10 %"', missing="tolerance"
            )
        elif self.measured is None and parse_tolerance(self.tolerance).needs_measured:
            raise Complaint("says nothing measured", fix="add measured = …", missing="measured")
        elif isinstance(self.measured, str) and self._wants_number:
            raise Complaint(
                f"{self.measured!r} is no number, which {self.tolerance!r} is about",
                fix="give a number in the observable's unit",
                keys=("measured",),
            )
        return self


class Case(Frozen):
    """A published cell: what was done, what was measured, and how the twin repeats it."""

    name: str
    title: str
    test: Literal["Q", "C", "T"] = Field(alias="class")
    """Q: inputs reported, predict. C: calibrate on one number, predict the rest. T: a
    trend or an order."""
    source: str
    set_up: str
    missing: str = ""
    """What the source does not say, so that it had to be assumed."""
    run: dict[str, Run] = Field(min_length=1)
    see: dict[str, Observable] = Field(min_length=1)
    calibrate: tuple[Calibration, ...] = Field(default=(), max_length=2)
    row: tuple[Row, ...] = Field(min_length=1)
    quick: bool = False
    """Whether it takes a second or two, so that it is run with the everyday tests."""
    provenance: Provenance = Field(default_factory=Provenance)
