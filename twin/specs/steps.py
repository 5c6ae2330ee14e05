"""A step's words as a step of PyBaMM: its own strings, drive cycles, and ends at a state of charge.

PyBaMM reads ``"Charge at C/5 for 1 hour or until 3.9 V"``. Beyond that, a step may end at one
of several limits, among them a state of charge (``until 80 % SOC``), and ``Drive NAME`` goes
through a drive cycle (:mod:`twin.specs.drive`).

What PyBaMM reads in words is remembered between processes (:mod:`twin.remembered`), so that a
cell that was built once is cycled without PyBaMM; a drive cycle is read each time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from twin import shelf
from twin.remembered import Remembered
from twin.specs.drive import MOST_POINTS, Drive

if TYPE_CHECKING:
    import pybamm

_ROUNDING = 1e-12
STATE_OF_CHARGE = "State of charge"
"""The variable: 1 at a full cell, lower by one for each nominal capacity drawn from it."""
_UNTIL = re.compile(r"(?: or)? until ")
_OR = re.compile(r" or (?=[<>]?\s*[\d{.])")
_SOC = re.compile(
    r"(?P<sign>[<>]?)\s*(?P<percent>-?[\d.]+(?:[eE][-+]?\d+)?)\s*%\s*SOC", re.IGNORECASE
)
DRIVE = re.compile(r"Drive (?P<name>.+?)(?P<rest>(?: for | or until | until ).*)?")


def drive_name(text: str) -> str | None:
    """Return the name of the drive cycle that a step goes through; None if it does not."""
    match = DRIVE.fullmatch(text)
    return None if match is None else match["name"].strip()


def ends_of(text: str) -> tuple[str, list[str]]:
    """Return a step's words without its limits, and the limits."""
    head, *ends = _UNTIL.split(text)
    return head, [end.strip() for part in ends for end in _OR.split(part)]


def state_of_charge(end: str) -> tuple[str, float] | None:
    """Return the sign and the share of a limit like ``"< 80 % SOC"``; None if it is no such."""
    match = _SOC.fullmatch(end.strip())
    return None if match is None else (match["sign"], float(match["percent"]) / 100)


@dataclass(frozen=True)
class End:
    """A limit that ends a step.

    Attributes
    ----------
    sort : str
        The name of PyBaMM's class, ``"VoltageTermination"`` or another.
    value : float
        Where the step ends [V, A or 1].
    side : str or None
        On which side of a state of charge it ends, ``"<"`` or ``">"``; None if nothing tells.
    """

    sort: str
    value: float
    side: str | None = None


@dataclass(frozen=True)
class Step:
    """What a step does, as PyBaMM has read it.

    Attributes
    ----------
    text : str
        Its words.
    sort : str
        The name of PyBaMM's class: ``"Current"``, ``"CRate"``, ``"Power"``, ``"Voltage"``.
    value : float or None
        What it holds, in PyBaMM's unit of it; None for a drive cycle.
    duration : float
        How long it takes at most [s].
    uses_default_duration : bool
        Whether its words leave that open.
    direction : str
        ``"charge"``, ``"discharge"``, ``"rest"`` or nothing.
    ends : tuple of End
        What ends it before.
    temperature : float or None
        Ambient temperature during the step [K].
    drive : Drive or None
        The drive cycle that it goes through.
    """

    text: str
    sort: str
    value: float | None
    duration: float
    uses_default_duration: bool
    direction: str
    ends: tuple[End, ...] = ()
    temperature: float | None = None
    drive: Drive | None = None

    @property
    def voltages(self) -> list[float]:
        """The voltages that it holds or ends at [V]."""
        voltages = [end.value for end in self.ends if end.sort == _VOLTAGE_ENDS]
        if self.sort == _HOLDS and self.value is not None:
            voltages.append(float(self.value))
        return voltages

    @property
    def shares(self) -> list[End]:
        """Its limits on the state of charge."""
        return [end for end in self.ends if end.sort == _SHARE_ENDS]

    @cached_property
    def pybamms(self) -> pybamm.step.BaseStep:
        """PyBaMM's own step."""
        return read_step(self.text, temperature=self.temperature, drive=self.drive)

    @classmethod
    def of(cls, made: pybamm.step.BaseStep) -> Step:
        """Return what a step of PyBaMM's does."""
        value = made.value if isinstance(made.value, int | float) else None
        ends = tuple(
            End(type(end).__name__, float(end.value), end.side(made) if _is_share(end) else None)
            for end in made.termination
        )
        step = cls(
            str(made), type(made).__name__, value, made.duration, bool(made.uses_default_duration),
            str(made.direction or "").lower(), ends, made.temperature,
        )  # fmt: skip
        step.__dict__["pybamms"] = made
        return step


_HOLDS, _VOLTAGE_ENDS, _SHARE_ENDS = "Voltage", "VoltageTermination", "StateOfCharge"


def known_step(text: str, *, temperature: float | None = None, drive: Drive | None = None) -> Step:
    """Return what a step does, without PyBaMM where its words have been read before.

    Parameters and errors are those of :func:`read_step`.
    """
    facts = None if drive is not None else _remembered.get(text)
    if facts is not None:
        sort, value, duration, default, direction, ends = facts
        limits = tuple(End(*end) for end in ends)
        return Step(text, sort, value, duration, default, direction, limits, temperature)
    made = read_step(text, temperature=temperature, drive=drive)
    read = Step.of(made)
    step = Step(
        text, read.sort, read.value, read.duration, read.uses_default_duration, read.direction,
        read.ends, temperature, drive,
    )  # fmt: skip
    step.__dict__["pybamms"] = made
    if drive is None and step.value is not None:
        ends = [[end.sort, end.value, end.side] for end in step.ends]
        facts = [step.sort, step.value, step.duration, step.uses_default_duration, step.direction]
        _remembered.put(text, [*facts, ends])
    return step


def _is_read(value: Any) -> bool:
    match value:
        case [str(), int() | float(), int() | float(), bool(), str(), [*ends]]:
            return all(map(_is_end, ends))
    return False


def _is_end(value: Any) -> bool:
    match value:
        case [str(), float(), None | "<" | ">"]:
            return True
    return False


def _read_with() -> str | None:
    """Return the name that steps are kept under; None if nothing is to be."""
    if shelf.folder() is None:
        return None
    try:
        with_ = {"pybamm": version("pybamm"), **shelf.sources({"steps": __file__})}
    except PackageNotFoundError:
        return None
    return shelf.digest_of({"steps": with_})


_remembered = Remembered("steps", _read_with, _is_read)


def read_step(
    text: str, *, temperature: float | None = None, drive: Drive | None = None
) -> pybamm.step.BaseStep:
    """Return a step as PyBaMM has it.

    Parameters
    ----------
    text : str
        Its words, placeholders filled.
    temperature : float, optional
        Ambient temperature during the step [K].
    drive : Drive, optional
        The drive cycle that it goes through.

    Raises
    ------
    ValueError
        If it is no step; PyBaMM raises other kinds too.
    """
    import pybamm

    head, ends = ends_of(text)
    shares = [state for end in ends if (state := state_of_charge(end)) is not None]
    plain = [end for end in ends if state_of_charge(end) is None]
    if drive is None and not shares and len(plain) < 2:
        return pybamm.step.string(text, temperature=temperature)
    limits = [*plain, *(_termination()(share, sign or None) for sign, share in shares)]
    more = {"termination": limits, "temperature": temperature, "description": text}
    if drive is not None:
        return _driven(head, drive, more)
    like = pybamm.step.string(head if " for " in head else f"{head} until {(plain or ['1 A'])[0]}")
    duration = None if like.uses_default_duration else like.input_duration
    return type(like)(like.input_value, duration=duration, **more)


def _driven(head: str, drive: Drive, more: dict[str, Any]) -> pybamm.step.BaseStep:
    import numpy as np
    import pybamm

    _, _, span = head.partition(" for ")
    # PyBaMM reads the time of a step in its own words.
    duration = pybamm.step.string(f"Rest for {span}").duration if span else drive.times[-1]
    make = {"current": pybamm.step.current, "power": pybamm.step.power}.get(
        drive.sort, pybamm.step.c_rate
    )
    return make(np.array(_course(drive, duration)), duration=float(duration), **more)


def _course(drive: Drive, duration: float) -> list[tuple[float, float]]:
    """Return the points of a drive cycle gone through for a time [s], again where that is longer.

    The next round begins one spacing after the end of the one before. Points on a straight
    line between two others are left out: the solver stops at each. The last value is held
    beyond the end, where PyBaMM looks.
    """
    t, v = drive.times, drive.values
    lap = t[-1] + t[1]
    rounds = 1 + max(math.ceil((duration - t[-1]) / lap), 0)
    if rounds * len(t) > MOST_POINTS:
        raise ValueError(f"{rounds} rounds of {len(t)} points are more than {MOST_POINTS} points")
    points = [(n * lap + a, b) for n in range(rounds) for a, b in zip(t, v, strict=True)]
    points.append((2 * points[-1][0], v[-1]))
    kept = points[:1]
    for (at, value), (after, then) in pairwise(points[1:]):
        (before, was) = kept[-1]
        straight = was + (then - was) * (at - before) / (after - before)
        if abs(straight - value) > _ROUNDING * max(abs(was), abs(value), abs(then)):
            kept.append((at, value))
    return [*kept, points[-1]]


@cache
def _termination() -> Any:
    """Return PyBaMM's kind of limit for a state of charge, once PyBaMM is there."""
    import pybamm

    class StateOfCharge(pybamm.step.BaseTermination):
        """Ends a step at a state of charge, from the side that its direction comes from."""

        def side(self, step: Any) -> str | None:
            """Return on which side of the limit the step ends; None if nothing tells."""
            return self.operator or {"charge": ">", "discharge": "<"}.get(step.direction)

        def get_event_name(self, step: Any) -> str:
            return f"{STATE_OF_CHARGE} {self.side(step)} {self.value:g} [experiment]"

        def get_event_expression(self, variables: Any, step: Any) -> Any:
            sign = -1 if self.side(step) == ">" else 1
            return sign * (variables[STATE_OF_CHARGE] - self.value)

    return StateOfCharge


def _is_share(end: Any) -> bool:
    return isinstance(end, _termination())
