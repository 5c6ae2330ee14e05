"""The one unit registry, and the only place where text becomes a number with a unit."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from twin import conversions

if TYPE_CHECKING:
    import pint

# A number, then units made of letters, digits, powers and products: nothing else
# is handed to the unit parser, so a hostile string can neither hang nor run.
_QUANTITY = re.compile(
    r"^\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?|[-+]?inf)\s*"
    r"(?P<unit>(?:1\s*)?/?\s*[(A-Za-zµμΩ°%][A-Za-zµμΩ°%0-9\s*/.^()·²³⁻¹⁴⁵-]*)?\s*$"
)
_MAX_LENGTH = 80
# Names, each with at most one small power, joined by * / and brackets. A power of a
# power ("m^9^9^9") would keep the unit parser computing for hours.
_DIGIT = r"-?\d(?:\.\d{1,3})?"
_POWER = rf"(?:\s*(?:\^|\*\*)\s*(?:{_DIGIT}|\(\s*{_DIGIT}(?:/\d)?\s*\))(?![\d.]))"
_UNIT = re.compile(
    rf"(?:\s*(?:[A-Za-z]+(?![A-Za-z]){_POWER}?|\){_POWER}?|\(|\*(?!\*)|/|1(?![\d.])))*\s*"
)
_PLAIN_POWER = re.compile(r"(?<=[A-Za-z])([2-4])(?![\w.^(]|\*\*)")
# As papers and PyBaMM write it: "S cm-1", "A.m-2".
_MINUS_POWER = re.compile(r"(?<=[A-Za-z])-(\d)(?![\w.^(]|\*\*)")
_JOINED = re.compile(r"(?<=[A-Za-z0-9)])(?:\s+|\.)(?=[A-Za-z(])")
_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?![\d,])")
_SUPERSCRIPTS = str.maketrans("²³¹⁴⁵⁻", "23145-")


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the process-wide unit registry (built on first use)."""
    import pint  # half a second, spent only when the first quantity is read

    ureg: pint.UnitRegistry[Any] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, cache_folder=None
    )
    pint.set_application_registry(ureg)
    return ureg


class UnitError(ValueError):
    """Text that is not a quantity, or has the wrong dimension; perhaps with a ``fix``."""

    def __init__(self, message: str, fix: str | None = None):
        super().__init__(message)
        self.fix = fix


def _clean_unit(unit: str) -> str:
    unit = unit.strip().replace("µ", "u").replace("μ", "u").replace("Ω", "ohm")
    unit = unit.replace("°C", "degC").replace("°", "deg").replace("·", "*").replace("%", "percent")
    unit = re.sub(r"([²³¹⁴⁵⁻]+)", lambda m: "^" + m.group(1).translate(_SUPERSCRIPTS), unit)
    unit = re.sub(r"\bOhm\b", "ohm", unit)
    # Products by a space or a dot, before a slash only: "J/mol K" means two things.
    head, slash, tail = unit.partition("/")
    unit = _JOINED.sub("*", head) + slash + tail
    unit = _MINUS_POWER.sub(r"^-\1", unit)
    # As the field writes it, and as every table here shows it: "mA/cm2".
    unit = _PLAIN_POWER.sub(r"^\1", unit)
    return f"1{unit}" if unit.startswith("/") else unit


@lru_cache(maxsize=4096)
def to_si(text: str, unit: str) -> float:
    """Read ``text`` (a number and a unit) and return its value in ``unit``.

    Parameters
    ----------
    text : str
        For example ``"50 um"``, ``"5 mS/cm"``, ``"25 degC"``; a bare number is read
        as dimensionless.
    unit : str
        The unit wanted, for example ``"m"``; ``""`` for dimensionless.

    Raises
    ------
    UnitError
        If the text is not a quantity or its dimension differs from ``unit``'s.
    """
    number, written = _read(text)
    known = conversions.known(written, unit, number)
    return _converted(number, written, unit, text) if known is None else known


def is_in(text: str, unit: str) -> bool:
    """Return whether :func:`to_si` can read ``text`` in ``unit``."""
    try:
        if not conversions.known_to_differ(_read(text)[1], unit):
            to_si(text, unit)
            return True
    except UnitError:
        pass
    return False


def _read(text: str) -> tuple[float, str]:
    """Return the number and the unit of a quantity as it is written."""
    if len(text) > _MAX_LENGTH:
        raise UnitError(f"too long for a quantity ({len(text)} characters)")
    match = _QUANTITY.match(text.replace("\N{MINUS SIGN}", "-"))
    if match is None:
        point = text.strip().replace(",", ".") if _COMMA.match(text) else ""
        hint = f'write a decimal point: "{point}"' if point else None
        raise UnitError(f"{text!r} is not a number with a unit", hint)
    number = float(match["number"])
    written = _clean_unit(match["unit"] or "")
    if not _UNIT.fullmatch(written):
        raise UnitError(f"{text!r}: {written!r} is not a unit I know")
    return number, written


def _converted(number: float, written: str, unit: str, text: str) -> float:
    """Return a number of one unit in another, as pint has it."""
    factor = _unit(written, text)
    wanted = _unit(unit, unit)
    if unit == "J/mol" and factor.dimensionality == _unit("J", "J").dimensionality:
        # An activation energy written per particle: 1 eV is 96.485 kJ/mol.
        factor = factor * registry().Unit("avogadro_constant")
    if factor.dimensionality != wanted.dimensionality:
        conversions.remember_to_differ(written, unit)
        if not written:
            raise UnitError(f"{text!r} has no unit; expected a quantity in {unit}")
        celsius = unit == "K" and written in ("C", "deg", "degree")
        raise UnitError(
            f"{text!r} is a {_dimension_name(factor)}; expected a quantity in {unit or 'no unit'}",
            f'write "{number:g} degC"' if celsius else None,
        )

    def convert(x: float) -> float:
        return float(registry().Quantity(x, factor).to(wanted).magnitude)

    try:
        value = convert(number)
    except Exception as error:  # logarithmic units have no plain factor, and pint's own errors
        raise UnitError(f"{text!r}: {written!r} cannot be read as {unit or 'a number'}") from error
    conversions.remember(written, unit, number, value, convert)
    return value


@lru_cache(maxsize=1024)
def _unit(written: str, text: str) -> pint.Unit:
    try:
        unit = registry().Unit(written) if written else registry().Unit("")
        _ = unit.dimensionality  # which a logarithmic unit inside a compound has not
    except Exception as error:  # pint raises many kinds; all mean "not a unit"
        raise UnitError(f"{text!r}: {written!r} is not a unit I know") from error
    return unit


def _dimension_name(unit: pint.Unit) -> str:
    dimension = str(unit.dimensionality).replace("[", "").replace("]", "")
    known = {
        "length": "length",
        "time": "time",
        "temperature": "temperature",
        "mass / length / time ** 2": "pressure",
        "length ** 2": "area",
        "current": "current",
        "current / length ** 2": "current density",
        "length ** 2 * mass / current / time ** 3": "voltage",
        "dimensionless": "number without a unit",
    }
    return known.get(dimension, f"quantity of dimension {dimension}")


_TOKEN = re.compile(r"[A-Za-z]+|[*/()]|\^-?[\d.]+")


@lru_cache(maxsize=1024)
def pybamm_unit(unit: str) -> str:
    """Write a unit PyBaMM's way: ``"J/(kg*K)"`` becomes ``"J.kg-1.K-1"``, ``""`` stays empty."""
    parts: list[str] = []
    signs = [1]  # the sign the powers have inside each open bracket
    sign = 1
    tokens = _TOKEN.findall(unit)
    for token, after in zip(tokens, [*tokens[1:], ""], strict=bool(tokens)):
        if token in "*/":
            sign = signs[-1] if token == "*" else -signs[-1]
        elif token == "(":
            signs.append(sign)
        elif token == ")":
            signs.pop()
        elif token[0] != "^":
            power = sign * float(after[1:] if after.startswith("^") else 1)
            name = {"ohm": "Ohm", "hour": "h"}.get(token, token)
            parts.append(name if power == 1 else f"{name}{power:g}")
    return ".".join(parts)
