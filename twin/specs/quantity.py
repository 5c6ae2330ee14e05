"""A number with its unit, its spread and where it was read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from twin.specs.complaint import Complaint, did_you_mean
from twin.units import UnitError, to_si

Status = Literal["measured", "fitted", "unverified", "assumed", "exact"]
STATUSES: tuple[str, ...] = ("measured", "fitted", "unverified", "assumed", "exact")
SpreadKind = Literal["aleatory", "epistemic"]
SPREAD_KINDS: tuple[str, ...] = ("aleatory", "epistemic")


@dataclass(frozen=True)
class Quantity:
    """A value in SI units that remembers how it was written and where it comes from.

    Attributes
    ----------
    si : float
        The value in ``unit``.
    unit : str
        The SI unit the value is kept in (``""`` for dimensionless).
    text : str
        The value as it was written, e.g. ``"50 um"``.
    spread : str or None
        How uncertain it is, e.g. ``"lognormal 0.3"`` or ``"weibull 10"``.
    spread_kind : str or None
        What the spread is of: ``"aleatory"``, one cell differs from the next, or
        ``"epistemic"``, nobody knows the number better; ``None`` counts as epistemic.
    source : str or None
        Where the number was read.
    status : str or None
        ``measured``, ``fitted``, ``unverified``, ``assumed`` or ``exact``; ``None``
        where the file does not say.
    note : str or None
        A remark for the reader.
    """

    si: float
    unit: str
    text: str
    spread: str | None = None
    source: str | None = None
    status: Status | None = None
    note: str | None = None
    spread_kind: SpreadKind | None = None

    def __float__(self) -> float:
        return self.si

    def __str__(self) -> str:
        return self.text


QUANTITY_KEYS = frozenset({"value", "spread", "spread_kind", "source", "status", "note"})
_SHAPES = {"normal", "lognormal", "uniform", "weibull"}


def parse_quantity(raw: Any, unit: str, word: str | None = None) -> Quantity:
    """Read a quantity from TOML: text, a number (only if dimensionless), or a table.

    A ``word`` may stand for the number, which is ``nan`` until the whole cell is known.

    Raises
    ------
    Complaint
        A ``ValueError`` with a message that says what was expected, and a fix.
    """
    if isinstance(raw, Quantity):
        if raw.unit != unit:
            raise Complaint(f"{raw.text} is kept in {raw.unit!r}; expected {unit!r}")
        return raw
    if not isinstance(raw, dict):
        si, text = _number(raw, unit, word)
        return Quantity(si=si, unit=unit, text=text)
    for key in sorted(set(raw) - QUANTITY_KEYS):
        known = ", ".join(sorted(QUANTITY_KEYS))
        raise Complaint(
            f"unknown key {key!r} in a quantity; known: {known}",
            fix=did_you_mean(key, QUANTITY_KEYS, f"remove it, or use one of {known}"),
            keys=(key,),
        )
    if "value" not in raw:
        raise Complaint(
            "a quantity given as a table needs 'value'",
            fix=f'add value = "{example(unit)}"',
            missing="value",
        )
    extra = {key: raw[key] for key in QUANTITY_KEYS - {"value"} if key in raw}
    for key, value in extra.items():
        if not isinstance(value, str):
            raise Complaint(f"{key!r} of a quantity must be text", fix="quote it", keys=(key,))
    for key, choices in (("status", STATUSES), ("spread_kind", SPREAD_KINDS)):
        if key in extra and extra[key] not in choices:
            raise Complaint(
                f"{key} {extra[key]!r} is none of {', '.join(choices)}",
                fix=did_you_mean(extra[key], choices, f"use one of {', '.join(choices)}"),
                keys=(key,),
            )
    if "spread" in extra:
        _check_spread(extra["spread"])
    elif "spread_kind" in extra:
        raise Complaint(
            "a 'spread_kind' without a 'spread' says nothing",
            fix='add spread = "lognormal 0.3", say, or remove spread_kind',
            keys=("spread_kind",),
        )
    si, text = _number(raw["value"], unit, word)
    return Quantity(si=si, unit=unit, text=text, **extra)


_EXAMPLES = {
    "m": "50 um",
    "m^2": "1 cm^2",
    "Pa": "5 MPa",
    "K": "60 degC",
    "V": "3.4 V",
    "s": "10 s",
    "S/m": "1 mS/cm",
    "m^2/s": "1e-14 m^2/s",
    "A/m^2": "1 mA/cm^2",
    "ohm*m^2": "10 ohm*cm^2",
    "J/mol": "0.3 eV",
    "A*hour": "1 mAh",
    "kg/m^3": "2.9 g/cm^3",
    "m^3/mol": "23.7 cm^3/mol",
    "Pa*m^0.5": "1 MPa*m^0.5",
    "": "0.5",
}


def example(unit: str) -> str:
    """Return how a quantity kept in ``unit`` might be written."""
    return _EXAMPLES.get(unit, f"1 {unit}")


def _number(raw: Any, unit: str, word: str | None = None) -> tuple[float, str]:
    if word is not None and raw == word:
        return math.nan, word
    wanted = f"a quantity in {unit}" if unit else "a number without a unit"
    fix = f'write it like "{example(unit)}"' if unit else f"write it like {example(unit)}"
    if isinstance(raw, bool):
        raise Complaint(f"expected {wanted}, got true/false", fix=fix)
    try:
        if isinstance(raw, int | float):
            if unit and math.isfinite(raw):
                raise Complaint(f"{raw!r} has no unit; expected {wanted}", fix=fix)
            si, text = float(raw), repr(raw)
        elif isinstance(raw, str):
            si, text = to_si(raw, unit), raw.strip()
        else:
            raise Complaint(f"expected {wanted}, got {toml_type(raw)}", fix=fix)
    except UnitError as error:
        raise Complaint(str(error), fix=error.fix or fix) from None
    except OverflowError:
        raise Complaint("the number is too large", fix=fix) from None
    if math.isnan(si):
        raise Complaint(f"nan is not a number; expected {wanted}", fix=fix)
    return si, text


def toml_type(raw: Any) -> str:
    """Return what a TOML value is, in words: ``"text"``, ``"a table"`` and so on."""
    for kind, name in (
        (bool, "true/false"),
        (int | float, "a number"),
        (str, "text"),
        (dict, "a table"),
        (list | tuple, "a list"),
        (type(None), "nothing"),
    ):
        if isinstance(raw, kind):
            return name
    return "a date or time"


def _check_spread(spread: str) -> None:
    known = ", ".join(sorted(_SHAPES))
    fix = "write 'normal SD', 'lognormal SIGMA', 'weibull MODULUS' or 'uniform LOW HIGH'"

    def complaint(says: str) -> Complaint:
        return Complaint(f"spread {spread!r}: {says}", fix=fix, keys=("spread",))

    words = spread.split()
    if not words or words[0] not in _SHAPES:
        raise complaint(f"expected one of {known} and its width")
    try:
        numbers = [float(word.rstrip("%")) for word in words[1:]]
    except ValueError:
        raise complaint("the width is not a number") from None
    if len(numbers) != (2 if words[0] == "uniform" else 1):
        raise complaint("expected one number, or two for 'uniform'")
    if not all(math.isfinite(number) for number in numbers):
        raise complaint("the width must be finite")
    if words[0] == "uniform" and not numbers[0] < numbers[1]:
        raise complaint("the low end is not below the high end")
    if words[0] != "uniform" and not numbers[0] > 0:
        raise complaint("the width must be above zero")


def Q(
    unit: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    inf: bool = False,
    word: str | None = None,
) -> Any:
    """Return the field type of a quantity kept in ``unit`` within physical bounds.

    Parameters
    ----------
    unit : str
        The SI unit, e.g. ``"m"``, ``"S/m"``, ``"m^2/s"``; ``""`` for dimensionless.
    gt, ge, lt, le : float, optional
        Bounds on the SI value.
    inf : bool
        Whether infinity is a sensible value (a perfectly stiff fixture, say).
    word : str, optional
        A word that may stand for the number, which the whole cell then gives.
    """

    def read(raw: Any) -> Quantity:
        quantity = parse_quantity(raw, unit, word)
        if quantity.text == word:
            return quantity
        value, shown = quantity.si, f" {unit}" if unit else ""
        if math.isinf(value) and not inf:
            raise Complaint(
                f"{quantity.text} is not finite", fix=f'write it like "{example(unit)}"'
            )
        for bound, holds, says, fix in (
            (gt, gt is None or value > gt, "is not above", "more than"),
            (ge, ge is None or value >= ge, "is below", "at least"),
            (lt, lt is None or value < lt, "is not below", "less than"),
            (le, le is None or value <= le, "is above", "at most"),
        ):
            if not holds:
                limit = f"{bound:g}{shown}"
                raise Complaint(f"{quantity.text} {says} {limit}", fix=f"give {fix} {limit}")
        return quantity

    plain: dict[str, Any] = {"type": "string", "description": f"a quantity in {unit or 'no unit'}"}
    if not unit:
        plain = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    table = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": plain,
            "spread": {"type": "string"},
            "spread_kind": {"enum": list(SPREAD_KINDS)},
            "source": {"type": "string"},
            "note": {"type": "string"},
            "status": {"enum": list(STATUSES)},
        },
    }
    return Annotated[
        Quantity,
        BeforeValidator(read),
        PlainSerializer(dump_quantity, return_type=Any),
        WithJsonSchema({"anyOf": [plain, table], "x-unit": unit}),
        QuantityUnit(unit),
    ]


@dataclass(frozen=True)
class QuantityUnit:
    """Marks a field as a quantity and says the unit it is kept in."""

    unit: str


def dump_quantity(quantity: Quantity) -> Any:
    """Write a quantity back as it would stand in TOML."""
    extra = {
        key: getattr(quantity, key)
        for key in ("spread", "spread_kind", "source", "status", "note")
        if getattr(quantity, key) is not None
    }
    return {"value": _plain(quantity), **extra} if extra else _plain(quantity)


def _plain(quantity: Quantity) -> Any:
    """Return a bare number where reading it back gives the same quantity, else the text."""
    if not quantity.unit and math.isfinite(quantity.si):
        for kind in (int, float):
            try:
                number = kind(quantity.text)
            except ValueError:
                continue
            if repr(number) == quantity.text:
                return number
    return quantity.text
