"""Material laws as they stand in TOML: constant, Arrhenius, VTF, table, plateaus, PyBaMM."""

# mypy: disable-error-code="valid-type"
# Field types are made by Q(unit) and laws(unit), which mypy cannot follow.
from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from twin.specs.complaint import Complaint, did_you_mean, one_of
from twin.specs.naming import LAWS
from twin.specs.quantity import Q, Status
from twin.specs.ranges import celsius_complaint
from twin.specs.smoothing import LEAST_SMOOTHING, MOST_SMOOTHING
from twin.units import UnitError, to_si


class Frozen(BaseModel):
    """Base of every spec model: immutable, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        protected_namespaces=(),
        # A default may be written as it would stand in TOML: Q("m") = "50 nm".
        validate_default=True,
        # Validators are built when the first cell is read, not when a module is imported.
        defer_build=True,
    )


class _Sourced(Frozen):
    source: str | None = None
    status: Status | None = None
    note: str | None = None


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
REMARKS = frozenset({"source", "status", "note"})
"""The keys of a law that say where its numbers come from."""
BESIDE = frozenset({"scale", "smoothing"})
"""The keys of a law that change nothing of where its own numbers come from."""
NOT_QUANTITIES = frozenset(
    {
        "law", "form", "x", "y", "unit", "over", "set", "parameter", "at", "shares", "drops",
        "smoothing",
    }
)  # fmt: skip
"""The keys of a law that are neither remarks nor quantities."""


def _assumed(value: Any, note: str) -> Any:
    return {"value": value, "status": "assumed", "note": note}


_T_REF: Any = _assumed("298.15 K", "25 degC unless given")


Over = Literal["stoichiometry", "temperature", "concentration"]


def laws(
    unit: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    le: float | None = None,
    over: tuple[Over, ...] = ("stoichiometry", "temperature", "concentration"),
) -> Any:
    """Return the field type of a law whose value has ``unit``.

    Accepts a plain quantity (a constant) or a table with ``law = "constant" |
    "arrhenius" | "vtf" | "table" | "plateau" | "plateaus" | "pybamm"``. The equations:

    - ``arrhenius``: ``y(T) = reference * (T_ref/T)**m * exp(-E_a/R * (1/T - 1/T_ref))``
      with ``m = 1`` for ``form = "sigma-T"`` (a conductivity, where ``sigma*T`` is
      activated) and ``m = 0`` for ``form = "plain"``;
    - ``vtf``: ``y(T) = A * T**-0.5 * exp(-B/(T - T_0))``;
    - ``table``: linear interpolation of ``y``, given in ``unit``, over ``x``: the
      stoichiometry [-] unless ``over`` says ``temperature`` [K] or ``concentration``
      [mol/m^3]; with an optional activation energy; beyond its first and last point the
      end values hold; with ``smoothing``, a share of the table's span, its corners are rounded
      (:mod:`twin.specs.smoothing`), which the solver takes in its stride;
    - ``plateau``: ``U(s) = plateau + width * ln((1-s)/s) + slope * (1/2 - s)
      + rise * exp(-s/end_width) - fall * exp(-(1-s)/end_width)``, a two-phase electrode
      smoothed over ``width``, with the steep ends of one that is all but empty or full;
      with ``step``, ``step_at`` and ``step_width``, a second plateau stands above the
      first: ``+ step * (1 - tanh((s - step_at)/step_width)) / 2``;
    - ``plateaus``: several of them, each beginning ``at`` a potential, over a share of the
      filling, and falling by ``drops`` on its way (at ``s_j``, the sum of the first ``j``
      shares): ``U(s) = sum_j [at_j - drops_j (s - s_(j-1))/shares_j] (g_(j-1) - g_j)`` with
      ``g_j = (1 + tanh((s - s_j)/step_width))/2``, ``g_0 = 1`` and ``g_n = 0``, and the
      ``width`` and steep ends of a plateau;
    - ``pybamm``: the entry ``parameter`` of the PyBaMM parameter set ``set``, its tables
      perhaps with ``smoothing``.

    A ``scale`` multiplies a table or a ``pybamm`` law as a whole: what a calibration finds.

    Parameters
    ----------
    unit : str
        The SI unit of the law's value.
    gt, ge, le : float, optional
        Bounds on the SI value, of a constant, a reference value or a table's points.
    over : tuple of str
        What a table may be over: what the law's place in the model knows.
    """
    allowed = over
    quantity = Q(unit, gt=gt, ge=ge, le=le)
    # A law whose points have a unit of their own names it in its body.
    positive, end, flat = Q(unit, gt=0), Q(unit, ge=0), _assumed(f"0 {unit}", "no steep end")

    class Constant(_Sourced):
        law: Literal["constant"] = "constant"
        value: quantity

    class Arrhenius(_Sourced):
        law: Literal["arrhenius"]
        reference: quantity
        activation_energy: Q("J/mol")
        reference_temperature: Q("K", gt=0) = _T_REF
        form: Literal["plain", "sigma-T"] = "plain"

    class Vtf(_Sourced):
        law: Literal["vtf"]
        prefactor: Q(f"{unit}*K^0.5".lstrip("*"), gt=0)
        pseudo_activation: Q("K", gt=0)
        ideal_glass_temperature: Q("K", ge=0)

    class Table(_Sourced):
        law: Literal["table"]
        x: tuple[Number, ...]
        y: tuple[Number, ...]
        unit: str
        over: Over = "stoichiometry"
        activation_energy: Q("J/mol") | None = None
        reference_temperature: Q("K", gt=0) = _T_REF
        smoothing: Number | None = None
        scale: Q("", gt=0) | None = None

        @model_validator(mode="after")
        def _consistent(self) -> Table:
            check_over(self.over, allowed)
            check_smoothing(self.smoothing)
            check_points(self.x, self.y, self.over)
            for y in self.values():
                if (gt is not None and not y > gt) or (ge is not None and not y >= ge):
                    least = f"above {gt:g}" if gt is not None else f"at least {ge:g}"
                    raise Complaint(
                        f"a point of y is {y:g} {unit}; expected {least}".rstrip(),
                        fix="correct the points, or their unit",
                        keys=("y",),
                    )
                if le is not None and not y <= le:
                    raise Complaint(
                        f"a point of y is {y:g} {unit}; expected at most {le:g}",
                        fix="correct the points, or their unit",
                        keys=("y",),
                    )
            return self

        def values(self) -> tuple[float, ...]:
            """Return ``y`` in SI units."""
            factor = si_factor(self.unit, unit, "y")
            return tuple(factor * y for y in self.y)

    class Plateau(_Sourced):
        law: Literal["plateau"]
        plateau: quantity
        width: positive
        slope: Q(unit)
        rise: end = flat
        fall: end = flat
        end_width: Q("", gt=0) = _assumed(0.01, "without effect where rise and fall are 0")
        step: Q(unit) | None = None
        step_at: Q("", ge=0, le=1) | None = None
        step_width: Q("", gt=0) | None = None

        @model_validator(mode="after")
        def _whole_step(self) -> Plateau:
            names = ("step", "step_at", "step_width")
            lacking = [name for name in names if getattr(self, name) is None]
            if 0 < len(lacking) < len(names):
                raise Complaint(
                    f"a second plateau needs {one_of(names)}; missing: {one_of(lacking)}",
                    fix="give all three, or none",
                    keys=(next(name for name in names if name not in lacking),),
                    missing=lacking[0],
                )
            return self

    class Plateaus(_Sourced):
        law: Literal["plateaus"]
        shares: tuple[Number, ...]
        at: tuple[Number, ...]
        drops: tuple[Number, ...] = ()
        unit: str
        step_width: Q("", gt=0)
        width: positive
        rise: end = flat
        fall: end = flat
        end_width: Q("", gt=0) = _assumed(0.01, "without effect where rise and fall are 0")

        @model_validator(mode="after")
        def _consistent(self) -> Plateaus:
            check_plateaus(self.shares, self.at, self.drops)
            si_factor(self.unit, unit, "at")
            return self

        def pieces(self) -> tuple[tuple[float, float, float, float], ...]:
            """Return each plateau's begin and end in filling, and its begin and fall in SI."""
            factor = si_factor(self.unit, unit, "at")
            falls = self.drops or (0.0,) * len(self.at)
            ends = (0.0, *accumulate(self.shares))
            return tuple(
                (*span, factor * at, factor * fall)
                for span, at, fall in zip(pairwise(ends), self.at, falls, strict=True)
            )

    class FromPyBaMM(_Sourced):
        law: Literal["pybamm"]
        set: str
        parameter: str
        smoothing: Number | None = None
        scale: Q("", gt=0) | None = None

        @model_validator(mode="after")
        def _consistent(self) -> FromPyBaMM:
            check_smoothing(self.smoothing)
            return self

    variants: tuple[type[_Sourced], ...]
    variants = (Constant, Arrhenius, Vtf, Table, Plateau, Plateaus, FromPyBaMM)
    union: Any = None
    for name, model in zip(LAWS, variants, strict=True):
        tagged = Annotated[model, Tag(f"law:{name}")]
        union = tagged if union is None else union | tagged
    return Annotated[union, Discriminator(_tag), BeforeValidator(_as_table), LawSchema(quantity)]


def si_factor(given: str, unit: str, what: str) -> float:
    """Return the SI value of one ``given``; raise a complaint if it is no ``unit``."""
    try:
        return to_si(f"1 {given}" if given else "1", unit)
    except UnitError as error:
        raise Complaint(
            str(error), fix=f'give the unit of {what}, e.g. unit = "{unit}"', keys=("unit",)
        ) from None


def check_plateaus(
    shares: tuple[float, ...], at: tuple[float, ...], drops: tuple[float, ...]
) -> None:
    """Check the numbers of a curve of several plateaus.

    Raises
    ------
    Complaint
        If there is not one of each for every plateau, the shares are not positive or do not
        add up to 1, or the curve rises anywhere.
    """
    for name, given in (("at", at), ("drops", drops)):
        if (given and len(given) != len(shares)) or not shares:
            raise Complaint(
                f"there are {len(shares)} shares and {len(given)} of {name}",
                fix=f"give one of {name} for each share",
                keys=(name, "shares"),
            )
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise Complaint(
            f"the shares add up to {sum(shares):g}; each must be above 0, and all together 1",
            fix="correct the shares of the filling",
            keys=("shares",),
        )
    falls = drops or (0.0,) * len(at)
    ends = [a - fall for a, fall in zip(at, falls, strict=True)]
    if min(falls) < 0 or any(b > end + 1e-9 for end, b in zip(ends, at[1:], strict=False)):
        raise Complaint(
            "the potential must fall as the host fills: from plateau to plateau, and on each",
            fix="sort the plateaus from the highest potential to the lowest, with drops >= 0",
            keys=("at", "drops"),
        )


def check_smoothing(width: float | None) -> None:
    """Raise if the width over which a table's corners are rounded cannot be computed with."""
    if width is not None and not LEAST_SMOOTHING <= width <= MOST_SMOOTHING:
        raise Complaint(
            f"smoothing is a share of the table's span; {width:g} is not between "
            f"{LEAST_SMOOTHING:g} and {MOST_SMOOTHING:g}",
            fix="write it like smoothing = 0.01",
            keys=("smoothing",),
        )


def check_over(over: str, allowed: tuple[str, ...]) -> None:
    """Raise if a table is over something that its place in the cell does not know."""
    if over not in allowed:
        raise Complaint(
            f"a table here is over {one_of(allowed)}, not {over}",
            fix=f'say over = "{allowed[0]}", with x to match',
            keys=("over", "x"),
        )


def check_points(x: tuple[float, ...], y: tuple[float, ...], over: str) -> None:
    """Check the points of a table law.

    Raises
    ------
    Complaint
        If ``x`` and ``y`` differ in length, ``x`` does not rise, or lies outside what
        the table is ``over``.
    """
    if len(x) != len(y):
        raise Complaint(
            f"x has {len(x)} points and y has {len(y)}",
            fix="give one y for each x",
            keys=("y", "x"),
        )
    if len(x) < 2:
        raise Complaint("a table needs at least two points", fix="add points", keys=("x",))
    if any(b <= a for a, b in pairwise(x)):
        raise Complaint("x must rise from point to point", fix="sort the points by x", keys=("x",))
    top = 1.0 if over == "stoichiometry" else float("inf")
    if x[0] < 0 or x[-1] > top:
        raise Complaint(
            f"x runs from {x[0]:g} to {x[-1]:g}; {over} runs from 0"
            + (" to 1" if over == "stoichiometry" else " up"),
            fix="correct x, or say with `over` what it is",
            keys=("x",),
        )
    celsius = celsius_complaint(x, over)
    if celsius is not None:
        raise celsius


def _as_table(raw: Any) -> Any:
    if isinstance(raw, BaseModel):
        return raw
    if not isinstance(raw, dict) or "law" not in raw:
        # Setting "….value" to a quantity with a source gives a constant law's own form.
        if isinstance(raw, dict) and isinstance(raw.get("value"), dict):
            return {"law": "constant", **raw}
        return {"law": "constant", "value": raw}
    if raw["law"] not in LAWS:
        known = ", ".join(LAWS)
        raise Complaint(
            f"law {raw['law']!r} is none of {known}",
            fix=did_you_mean(str(raw["law"]), LAWS, f"use one of {known}"),
            keys=("law",),
        )
    return raw


def _tag(value: Any) -> str:
    return f"law:{value['law'] if isinstance(value, dict) else value.law}"


class LawSchema:
    """Tells editors that a law may also be written as a plain quantity."""

    def __init__(self, quantity: Any):
        self.quantity = quantity

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        from pydantic import TypeAdapter

        plain = TypeAdapter(self.quantity).json_schema()
        return {"anyOf": [plain, handler(core_schema)]}
