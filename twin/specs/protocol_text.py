"""From a protocol's steps to the text PyBaMM reads: placeholders, currents, checks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from twin.errors import Problem
from twin.specs.complaint import Complaint, did_you_mean, near_miss, one_of
from twin.specs.drive import Drive
from twin.specs.protocol_limits import contradiction, too_much
from twin.specs.quantity import Quantity
from twin.specs.steps import Step, drive_name, ends_of, known_step, state_of_charge
from twin.units import UnitError, is_in, to_si

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec

RESERVED = ("lower", "upper")
"""The placeholders that come from the cell."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_QUANTITY_LIKE = re.compile(r"\s*[-+]?(\d|\.\d)[\d.]*([eE][-+]?\d+)?\s*[A-Za-zµμΩ°%]")
# A value after "at" or "until", up to the next word of the step.
_ELECTRIC = re.compile(r"(?P<before> (?:at|until) )(?P<value>\S.*?)(?= for | or | until |\s*$)")
_PYBAMMS = re.compile(r"(?:C/)?[\d.]+(?:e[-+]?\d+)? ?(?:C|m?A|m?V|m?W|Ohm)?")
_REST = re.compile(r"Rest for ([\d.]+) ?[A-Za-z]+")
_VERBS = ("Charge", "Discharge", "Rest", "Hold")
_EXAMPLE = 'write it like "Charge at C/5 until 3.8 V" or "Rest for 10 minutes"'
Sort = Literal["current density", "time", "quantity", "number", "text"]


@dataclass(frozen=True)
class ResolvedStep:
    """One step for one cell: PyBaMM's text, and the conditions that hold during it.

    ``temperature`` and ``pressure`` are the step's own or else the phase's; ``None``
    where neither says anything, so that the cell's hold. ``place`` is the step's among those
    of its phase, counted from 0, and ``drive`` the drive cycle it goes through, if any.
    """

    text: str
    temperature: Quantity | None = None
    pressure: Quantity | None = None
    period: Quantity | None = None
    place: int = 0
    drive: Drive | None = None


@dataclass(frozen=True)
class ResolvedPhase:
    """The steps of one cycle, and how many cycles; ``None`` goes on until the end."""

    name: str
    cycles: int | None
    steps: tuple[ResolvedStep, ...]


@dataclass(frozen=True)
class ResolvedProtocol:
    """A protocol for one cell."""

    name: str
    phases: tuple[ResolvedPhase, ...]

    @property
    def total_cycles(self) -> int | None:
        """The number of cycles of all phases, ``None`` if the last one has no end."""
        counts = [phase.cycles for phase in self.phases]
        return None if counts[-1] is None else sum(count or 0 for count in counts)


def sort_of(value: Any) -> Sort:
    """Return what kind of thing a protocol's parameter is."""
    if not isinstance(value, str):
        return "number"
    for unit, sort in (("A/m^2", "current density"), ("s", "time")):
        if is_in(value, unit):
            return sort  # type: ignore[return-value]
    return "quantity" if _QUANTITY_LIKE.match(value) else "text"


def with_parameters_of(text: str, parameters: Mapping[str, Any]) -> str:
    """Return a step's text with those placeholders filled that are parameters, as written."""

    def own(match: re.Match[str]) -> str:
        return str(parameters.get(match[1].strip(), match[0]))

    return _PLACEHOLDER.sub(own, text)


def check_parameter(value: str | int | float) -> None:
    """Raise a complaint if a parameter's value cannot stand in a step."""
    if isinstance(value, str):
        bad = "{" in value or "}" in value or not value.strip() or not value.isprintable()
        finite = True
    else:
        bad, finite = False, isinstance(value, int) or math.isfinite(value)
    if bad or not finite:
        raise Complaint(
            f"{value!r} cannot stand in a step",
            fix='write it like "0.5 mA/cm^2", "C/5" or "10 minutes"',
        )


def plain(number: float) -> str:
    """Write a number to twelve digits without an exponent, which PyBaMM may not read."""
    return f"{Decimal(f'{number:.12g}'):f}"


def render(value: str | int | float, area: float) -> str:
    """Return a parameter's value as PyBaMM reads it.

    A current density ``j`` becomes the current ``j A`` through ``area`` [m^2]; a time
    becomes seconds; anything else stays as it was written.
    """
    sort = sort_of(value)
    if sort == "current density":
        return f"{plain(to_si(str(value), 'A/m^2') * area)} A"
    if sort == "time":
        return f"{plain(to_si(str(value), 's'))} seconds"
    return str(value)


def in_amperes(text: str, area: float) -> str:
    """Return a step's text with its electric values as PyBaMM reads them.

    A current in any unit becomes A, and a current density ``j`` the current ``j A`` through
    ``area`` [m^2]; so do voltages and powers, V and W. What PyBaMM reads by itself stays as
    it was written.
    """

    def in_si(match: re.Match[str]) -> str:
        value = match["value"]
        if _PYBAMMS.fullmatch(value):
            return match[0]
        for unit, base, factor in (
            ("A/m^2", "A", area),
            ("A", "A", 1),
            ("V", "V", 1),
            ("W", "W", 1),
        ):
            try:
                return f"{match['before']}{plain(to_si(value, unit) * factor)} {base}"
            except UnitError:
                continue
        return match[0]

    return _ELECTRIC.sub(in_si, text)


def no_rest(text: str) -> bool:
    """Return whether a step is a rest of no length, which is no step at all."""
    match = _REST.fullmatch(text)
    return match is not None and float(match[1]) == 0


def nothing_left(phase: str, file: str, where: str) -> Problem:
    """Return what is wrong with a phase whose steps are all rests of no length."""
    return Problem(
        f"phase {phase!r} has nothing but rests of no length",
        file,
        where,
        "give its rests a length, or leave the phase out",
    )


def filled(
    do: str,
    period: float | None,
    drive: Drive | None,
    values: dict[str, str],
    spec: CellSpec,
    file: str,
    where: str,
    problems: list[Problem],
) -> str | None:
    """Return a step's text with its placeholders filled and PyBaMM's consent, or None.

    ``do`` is the step as written, ``period`` the time between its stored points [s]. What is
    wrong is added to ``problems``.
    """
    unknown = [name for name in _PLACEHOLDER.findall(do) if name.strip() not in values]
    for name in unknown:
        problems.append(
            Problem(
                f"{do!r}: there is no {{{name}}}; known: {one_of(values)}",
                file,
                where,
                did_you_mean(name, values, f"add {name} to [parameters], or use a known one"),
            )
        )
    if unknown:
        return None
    text = _PLACEHOLDER.sub(lambda match: values[match[1].strip()], do)
    if "{" in text or "}" in text:
        problems.append(
            Problem(
                f"{do!r}: a brace has no partner",
                file,
                where,
                "write a placeholder like {upper}",
            )
        )
        return None
    written = "" if text == do else f" (from {do!r})"
    try:
        text = _sided(text, drive, spec)
    except Complaint as wrong:
        problems.append(Problem(f"{text!r}{written}: {wrong.message}", file, where, wrong.fix))
        return None
    if no_rest(text):
        return text
    written = "" if text == do else f" (from {do!r})"
    read, unreadable = _read(text, drive)
    if read is None:
        says = f"PyBaMM cannot read {text!r}{written}: {unreadable}"
        problems.append(Problem(says, file, where, _fix(text)))
        return None
    against = contradiction(read, text, spec) or too_much(read, period)
    if against is not None:
        problems.append(Problem(f"{text!r}{written}: {against[0]}", file, where, against[1]))
        return None
    return text


def _sided(text: str, drive: Drive | None, spec: CellSpec) -> str:
    """Return a step's text with its values as PyBaMM reads them, and sides for its limits.

    A drive cycle charges and discharges, so that a limit of it has to say from which side it
    is come to: the cell's own voltages do, and a state of charge does by the mean.
    """
    if drive is None:
        return in_amperes(text, spec.geometry.area.si)
    name = drive_name(text) or ""
    rest = text.partition(name)[2]
    head, ends = ends_of(in_amperes(rest, spec.geometry.area.si))
    return f"Drive {name}{head}" + "".join(
        f"{' or' if head or n else ''} until {_side(end, drive, spec)}"
        for n, end in enumerate(ends)
    )


def _side(end: str, drive: Drive, spec: CellSpec) -> str:
    if end[:1] in ("<", ">"):
        return end
    window = {f"{plain(spec.window.lower.si)} V": "<", f"{plain(spec.window.upper.si)} V": ">"}
    if state_of_charge(end) is not None and drive.mean():
        return f"{'<' if drive.mean() > 0 else '>'} {end}"
    if end in window:
        return f"{window[end]} {end}"
    raise Complaint(
        f"a drive cycle may come to {end} from both sides",
        fix=f'write "until < {end}" where it ends as it falls to it, or "until > {end}"',
    )


def _read(text: str, drive: Drive | None = None) -> tuple[Step | None, str]:
    """Return a step as PyBaMM reads it; or None, and what PyBaMM has against it."""
    if drive is None and drive_name(text) is not None:
        return None, "its drive cycle was not read"
    try:
        step = known_step(text, drive=drive)
    except Exception as error:  # PyBaMM raises many kinds; all mean "not a step"
        says = str(error).partition(" For example:")[0].strip().rstrip(".")
        short = isinstance(error, ValueError) and len(says) < 160
        return None, says if short else "it is not a step"
    for number in (step.value, step.duration):
        if number is not None and not math.isfinite(number):
            return None, "a number in it is not finite"
    if step.duration <= 0:
        return None, "it takes no time"
    return step, ""


def _fix(text: str) -> str:
    first = text.split(" ", 1)[0]
    near = near_miss(first, _VERBS)
    if near is not None and near != first:
        return f"did you mean {near!r}?"
    return _EXAMPLE
