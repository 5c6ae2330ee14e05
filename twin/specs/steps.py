"""A step's words as a step of PyBaMM: its own strings, drive cycles, and ends at a state of charge.

PyBaMM reads ``"Charge at C/5 for 1 hour or until 3.9 V"``. Beyond that, a step may end at one
of several limits, among them a state of charge (``until 80 % SOC``), and ``Drive NAME`` goes
through a drive cycle (:mod:`twin.specs.drive`).
"""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

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


def shares_of(step: Any) -> list[Any]:
    """Return a step's limits on the state of charge."""
    return [end for end in step.termination if isinstance(end, _termination())]
