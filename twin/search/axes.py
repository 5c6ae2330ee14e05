"""Ranges that maps and designs vary a number over: ``stack.pressure=0.5..15 MPa,log,9``.

A key is one of the cell (``stack.pressure``) or a parameter of the protocol
(``protocol.rate``); ``current`` stands for the one that the cell is charged and
discharged at. A place ``u`` of (0, 1) on the range is a value::

    x = a + (b - a) u            or, on a logarithmic one,    x = a (b/a)^u
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.specs.complaint import one_of
from twin.specs.display import shown_unit
from twin.specs.naming import find
from twin.specs.overrides import PROTOCOL
from twin.specs.protocol import Protocol
from twin.specs.protocol_text import sort_of
from twin.specs.quantity import Quantity
from twin.units import UnitError, to_si

CURRENT = "current"
_DRIVEN = re.compile(r"^(?:Charge|Discharge) at \{(\w+)\}")
_NUMBER = re.compile(r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*(.*)$")
_RATE = re.compile(r"^\s*(?:C\s*/\s*(?P<by>\d+\.?\d*|\.\d+)|(?P<times>\d+\.?\d*|\.\d+)\s*C)\s*$")
# Over so many times its lower end, a range is taken to be logarithmic.
_WIDE = 20.0
_MOST = 65


@dataclass(frozen=True)
class Axis:
    """A number that varies.

    Attributes
    ----------
    key : str
        Its dotted key, with ``protocol.`` before a parameter of the protocol.
    unit : str
        What ``low`` and ``high`` are in: an SI unit, or ``"C"`` for a C-rate.
    low, high : float
        The ends of the range.
    log : bool
        Whether its places are even in the logarithm.
    count : int
        How many places a first grid has.
    """

    key: str
    unit: str
    low: float
    high: float
    log: bool = False
    count: int = 5

    def value(self, u: Any) -> Any:
        """Return the values at places of (0, 1)."""
        u = np.asarray(u, dtype=float)
        if self.log:
            return self.low * (self.high / self.low) ** u
        return self.low + (self.high - self.low) * u

    def place(self, value: float) -> float:
        """Return the place of a value."""
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)

    def text(self, value: float) -> str | float:
        """Return a value as a cell or a protocol would give it."""
        value = float(f"{float(value):.12g}")
        if self.unit == "C":
            return f"{value:.12f}".rstrip("0").rstrip(".") + "C"
        return f"{value!r} {self.unit}" if self.unit else value

    def shown(self, value: float) -> float:
        """Return a value in the unit that people read."""
        _, factor, offset = shown_unit(self.unit)
        return float(factor * value + offset)

    @property
    def shown_unit(self) -> str:
        """The unit that people read."""
        return shown_unit(self.unit)[0]

    @property
    def words(self) -> str:
        """The key in words: ``Stack pressure``."""
        if self.key.startswith(PROTOCOL):
            text = self.key.removeprefix(PROTOCOL)
        else:
            text = self.key.removeprefix("modes.")
        text = text.replace(".", " ").replace("_", " ")
        if self.unit == "K" and "temperature" not in text:
            text += " temperature"
        if self.unit == "C":
            text = "C-rate" if text == "rate" else text
        return text[:1].upper() + text[1:]

    def to_dict(self) -> dict[str, Any]:
        """Return the axis as plain data."""
        return {
            "key": self.key,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "log": self.log,
            "count": self.count,
        }


def axis_from(data: Mapping[str, Any]) -> Axis:
    """Return the axis that :meth:`Axis.to_dict` wrote."""
    return Axis(**data)


def parse_axis(text: str, spec: Any, rules: Protocol, option: str = "x") -> Axis:
    """Read ``KEY=LOW..HIGH UNIT``, perhaps with ``,log`` or ``,linear`` and ``,COUNT``.

    Parameters
    ----------
    text : str
        What was given.
    spec : CellSpec
        The cell.
    rules : Protocol
        The protocol.
    option : str
        The option it was given with, for the message.

    Raises
    ------
    InputError
        If it cannot be used, with a fix.
    """
    example = f'write it like --{option} "stack.pressure=0.5..15 MPa"'
    key, equals, rest = text.partition("=")
    span, *more = [part.strip() for part in rest.split(",")]
    low_text, dots, high_text = span.partition("..")
    if not equals or not dots:
        raise InputError(
            f"{text!r} is no range; expected KEY=LOW..HIGH UNIT", key=option, fix=example
        )
    key, unit = _resolved(key.strip(), spec, rules, option)
    if unit == "rate":
        unit = "C" if _RATE.match(high_text) else "A/m^2"
    if unit == "A/m^2":
        example = f'write it like --{option} "{CURRENT}=0.1..2.5 mA/cm^2"'
    low, high = _ends(low_text, high_text, unit, option, example)
    if not low < high:
        raise InputError(
            f"{span!r} does not rise from its lower end to its upper one",
            key=option,
            fix="give the lower value first",
        )
    log, count = low > 0 and high / low >= _WIDE, 5
    for word in more:
        if word in ("log", "linear"):
            log = word == "log"
        elif word.isdigit() and 2 <= int(word) <= _MOST:
            count = int(word)
        else:
            raise InputError(
                f"{word!r} is neither log, linear, nor a number of points from 2 to {_MOST}",
                key=option,
                fix=f'{example[:-1]},log,9"',
            )
    if log and low <= 0:
        raise InputError(
            f"a logarithmic range cannot begin at {low_text.strip()}",
            key=option,
            fix="begin above zero, or add ,linear",
        )
    return Axis(key, unit, low, high, log, count)


def rate_of(text: str) -> float | None:
    """Return the C-rate that a text means (``C/5``, ``0.2C``); None if it means none."""
    match = _RATE.match(text)
    if match is None:
        return None
    return 1 / float(match["by"]) if match["by"] else float(match["times"])


def current_parameter(rules: Protocol) -> str:
    """Return the protocol's parameter that the cell is charged and discharged at.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    names = dict.fromkeys(
        match[1]
        for phase in rules.phases
        for step in phase.steps
        if (match := _DRIVEN.match(step.do)) is not None
    )
    if len(names) == 1:
        value: str = next(iter(names))
        return value
    if not names:
        raise InputError(
            f"protocol {rules.name!r} has no parameter for its current",
            key=CURRENT,
            fix="choose another protocol; `twin protocols show NAME` lists the parameters",
        )
    raise InputError(
        f"protocol {rules.name!r} has more than one current: {one_of(names)}",
        key=CURRENT,
        fix=f"name the one you mean: {PROTOCOL}{next(iter(names))}",
    )


def _resolved(key: str, spec: Any, rules: Protocol, option: str) -> tuple[str, str]:
    """Return the whole key, and its unit (``"rate"`` for a current in A/m^2 or in C)."""
    if key == CURRENT:
        key = PROTOCOL + current_parameter(rules)
    if key.startswith(PROTOCOL):
        name = key.removeprefix(PROTOCOL)
        if name not in rules.parameters:
            raise InputError(
                f"protocol {rules.name!r} has no parameter {name!r}",
                key=option,
                fix=f"one of {one_of(rules.parameters)}",
            )
        value = rules.parameters[name]
        sort = sort_of(value)
        if sort == "current density" or (isinstance(value, str) and _RATE.match(value)):
            return key, "rate" if sort != "current density" else "A/m^2"
        if sort == "time":
            return key, "s"
        if sort == "number":
            return key, ""
        raise InputError(
            f"{key} is {value!r}, which is neither a current, a time nor a number",
            key=option,
            fix="vary another parameter",
        )
    try:
        quantity: Any = find(spec, key)
    except KeyError:
        quantity = None
    if not isinstance(quantity, Quantity):
        raise InputError(
            f"{key!r} is no quantity of {spec.name} and no current",
            key=option,
            fix=f"take a key of `twin cells show {spec.name}`, {CURRENT}, or {PROTOCOL}PARAMETER",
        )
    return key, quantity.unit


def _ends(low: str, high: str, unit: str, option: str, example: str) -> tuple[float, float]:
    if unit == "C":
        first, last = rate_of(low) or rate_of(f"{low}C"), rate_of(high)
        if first is None or last is None:
            raise InputError(
                f"{low}..{high} are no C-rates", key=option, fix='write it like "current=C/10..1C"'
            )
        return first, last
    written = _NUMBER.match(high)
    own = _NUMBER.match(low)
    if own is not None and not own[1] and written is not None:
        low = f"{low} {written[1]}"
    try:
        return to_si(low, unit), to_si(high, unit)
    except UnitError as error:
        raise InputError(str(error), key=option, fix=example) from None
