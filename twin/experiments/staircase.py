"""A staircase of currents, climbed on a bench until something ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from twin.engine.criteria import Watched
from twin.errors import InputError
from twin.experiments.bench import ExperimentBench, Leg, Stop
from twin.modes.context import Interface

Way = Literal["alternating", "one-way", "fresh"]
MOST_LEVELS = 2000
# A stripped face that loses this share of its contact within one half cycle grows voids:
# far above what a solver's tolerance or a yielding fixture does to a healthy one.
CONTACT_LOST = 0.01

OnLeg = Callable[[float], None]


@dataclass(frozen=True)
class Staircase:
    """Currents from ``start`` by ``step`` to ``maximum`` [A.m-2], each for a half cycle.

    Attributes
    ----------
    half_cycle : float
        Length of each half cycle [s]; nought where ``charge`` sets it.
    charge : float
        Charge of each half cycle [C.m-2], if it is that which is kept the same.
    rest : float
        Rest after each half cycle [s].
    repeats : int
        Cycles at each current.
    """

    start: float
    step: float
    maximum: float
    half_cycle: float
    charge: float = 0.0
    rest: float = 0.0
    repeats: int = 1

    @property
    def levels(self) -> list[float]:
        """The currents, in order [A.m-2].

        Raises
        ------
        InputError
            If there are none, or far too many.
        """
        if self.maximum < self.start:
            raise InputError(
                "the staircase ends below its start",
                key="maximum",
                fix="raise --max or lower --start",
            )
        count = int((self.maximum - self.start) / self.step * (1 + 1e-12) + 1e-9) + 1
        if count > MOST_LEVELS:
            raise InputError(
                f"the staircase has {count} steps", key="step", fix="take larger steps"
            )
        return [self.start + n * self.step for n in range(count)]

    def seconds(self, density: float) -> float:
        """Return how long a half cycle at a current lasts [s]."""
        return self.charge / density if self.charge > 0 else self.half_cycle


@dataclass(frozen=True)
class Level:
    """One current of the ramp: what it cost, and what the contact did.

    ``polarisation`` is the largest voltage of the level [V], ``contact`` the least
    conducting fraction at a face that was being stripped, ``lost`` the largest share of
    its contact such a face lost within one half cycle; ``warned`` holds the criteria met
    that end nothing, each with the direction of the current then.
    """

    density: float
    polarisation: float
    contact: float
    lost: float
    warned: tuple[tuple[Watched, int], ...] = ()


@dataclass
class Ramp:
    """A staircase as far as it was climbed.

    Attributes
    ----------
    levels : list of Level
        The currents, the one that ended it included.
    stop : Stop or None
        What ended it; None if it reached the top.
    sign : int
        The direction of the current then, or last before it: 1 strips the anode.
    density : float
        The current that ended it [A.m-2].
    carried : float
        The highest current carried through a whole level [A.m-2]; nought for none.
    time : float
        When it ended [s].
    last : Leg or None
        The leg that ended it.
    out_of_sodium : bool
        Whether it ended because a half cycle of the next level would strip an electrode bare.
    """

    way: Way
    levels: list[Level] = field(default_factory=list)
    stop: Stop | None = None
    sign: int = 1
    density: float = 0.0
    carried: float = 0.0
    time: float = 0.0
    last: Leg | None = None
    out_of_sodium: bool = False

    @property
    def number(self) -> int:
        """The number of the last level, counted from 1."""
        return len(self.levels)

    @property
    def onset(self) -> float | None:
        """The lowest current at which a stripped face loses contact; None if none does."""
        densities = [level.density for level in self.levels if level.lost > CONTACT_LOST]
        return min(densities, default=None)


def contact(interface: Interface) -> str:
    """Return the variable that says how much of an interface conducts."""
    return interface("conducting fraction")


def climb_staircase(
    bench: ExperimentBench,
    stairs: Staircase,
    way: Way,
    *,
    sodium: float = float("inf"),
    on_level: OnLeg = lambda done: None,
) -> Ramp:
    """Climb a staircase on a bench until a leg ends early or the top is reached.

    Parameters
    ----------
    bench : ExperimentBench
        A fresh cell.
    stairs : Staircase
        The currents.
    way : {"alternating", "one-way", "fresh"}
        Strip and plate each face in turn; always strip the anode and plate the other; or
        do that once at each current, each time with a fresh cell.
    sodium : float
        Charge that can be stripped from an electrode at most [C.m-2].
    on_level : callable
        Called after each level with the share of the staircase climbed.
    """
    ramp = Ramp(way)
    levels = stairs.levels
    signs = (1, -1) if way == "alternating" else (1,)
    for number, density in enumerate(levels, 1):
        if density * stairs.seconds(density) > sodium:
            ramp.out_of_sodium = True
            return ramp
        if way == "fresh":
            bench.reset()
        legs: list[tuple[int, Leg]] = []
        for sign in signs * stairs.repeats:
            for current in (sign * density, 0.0):
                seconds = stairs.rest if current == 0 else stairs.seconds(density)
                if seconds <= 0:
                    continue
                leg = bench.drive(current, seconds)
                legs.append((sign if current else 0, leg))
                if leg.stop is not None:
                    ramp.stop, ramp.sign, ramp.last = leg.stop, sign, leg
                    break
            if ramp.stop is not None:
                break
        ramp.levels.append(_level(bench, density, legs))
        ramp.density, ramp.time = density, bench.t
        if ramp.stop is not None:
            return ramp
        ramp.carried = density
        on_level(number / len(levels))
    return ramp


def _level(bench: ExperimentBench, density: float, legs: list[tuple[int, Leg]]) -> Level:
    anode, cathode = bench.cell.interfaces
    contacts, lost = [1.0], [0.0]
    harmless = [w for w in bench.watched if w.criterion.severity == "warning"]
    warned: dict[str, tuple[Watched, int]] = {}
    for sign, leg in legs:
        if sign == 0:
            continue
        theta = leg[contact(anode if sign > 0 else cathode)]
        contacts.append(float(theta.min()))
        lost.append(float(1 - theta[-1] / max(theta[0], 1e-12)))
        for item in harmless:
            if item.standing(item.worst(leg[item.criterion.variable].tolist())).margin <= 0:
                warned.setdefault(item.label, (item, sign))
    volts = max(float(np.abs(leg["Voltage [V]"]).max()) for _, leg in legs)
    return Level(density, volts, min(contacts), max(lost), tuple(warned.values()))
