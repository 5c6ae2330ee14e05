"""Staircases of currents: what ``twin ccd`` finds, and the shape of the voltage."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from twin.errors import InputError
from twin.experiments.bench import ExperimentBench
from twin.experiments.ccd import CriticalCurrents, CriticalCurrentTest
from twin.experiments.staircase import Ramp, Staircase, climb_staircase, contact
from twin.modes.context import CellContext
from twin.modes.mode import FailureMode
from twin.specs.schema import CellSpec
from twin.validation.schema import Observable, Stairs
from twin.validation.tolerance import Value

# Unless a case says otherwise, a knee is where the voltage is this far off Ohm's line.
_KNEE_SHARE = 0.05


class StairData:
    """A staircase climbed by one cell, as far as it is asked about.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes.
    stairs : Stairs
        What is climbed.
    """

    def __init__(self, spec: CellSpec, modes: Iterable[FailureMode], stairs: Stairs):
        self.spec, self.modes, self.way = spec, list(modes), stairs.way
        self.staircase = Staircase(
            stairs.start.si,
            stairs.step.si,
            stairs.maximum.si,
            stairs.half_cycle.si,
            rest=stairs.rest.si,
        )

    @cached_property
    def currents(self) -> CriticalCurrents:
        """The critical currents, of stripping and of plating apart."""
        if self.way == "fresh":
            raise InputError(
                "critical currents need an alternating or a one-way staircase",
                key="staircase.way",
                fix='say way = "alternating"',
            )
        return CriticalCurrentTest(self.spec, self.modes, self.staircase, self.way).run()

    @cached_property
    def ramp(self) -> Ramp:
        """The plain ramp alone."""
        names = [contact(interface) for interface in CellContext(self.spec).interfaces]
        bench = ExperimentBench(self.spec, self.modes, names=names)
        return climb_staircase(bench, self.staircase, self.way)

    @property
    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """Current densities and largest voltages of the levels that were finished."""
        done = [level for level in self.ramp.levels if level.density <= self.ramp.carried]
        if len(done) < 3:
            raise InputError("fewer than three currents were borne", key="staircase")
        j = np.array([level.density for level in done])
        return j, np.array([level.polarisation for level in done])


def read_stairs(seen: Observable, data: StairData) -> Value:
    """Return what an observable reads off a staircase, in SI units.

    Raises
    ------
    InputError
        If nothing failed up to its top.
    """
    if seen.take in ("knee", "bend"):
        return _knee(seen, data) if seen.take == "knee" else _bend(data)
    if seen.take == "onset":
        return _known(data.ramp.onset, seen, data)
    if seen.take == "critical-current":
        return _known(data.ramp.carried if data.ramp.stop is not None else None, seen, data)
    currents = data.currents
    if seen.take == "process":
        return currents.process or "nothing"
    limit = currents.stripping if seen.take == "critical-stripping" else currents.plating
    return _known(limit.current, seen, data)


def _known(current: float | None, seen: Observable, data: StairData) -> float:
    if current is None:
        top = data.staircase.maximum / 10
        raise InputError(
            f"nothing failed up to {top:.4g} mA/cm2", key=seen.take, fix="raise the staircase"
        )
    return current


def _knee(seen: Observable, data: StairData) -> float:
    j, V = data.line
    excess = V / j / (V[0] / j[0]) - 1 - (seen.share or _KNEE_SHARE)
    beyond = np.flatnonzero(excess > 0)
    if not len(beyond):
        raise InputError("the voltage follows Ohm's line to the top", key="staircase")
    k = int(beyond[0])
    return float(np.interp(0.0, excess[k - 1 : k + 1], j[k - 1 : k + 1])) if k else float(j[0])


def _bend(data: StairData) -> float:
    j, V = data.line
    return float(((V[-1] - V[-2]) / (j[-1] - j[-2])) / ((V[1] - V[0]) / (j[1] - j[0])))
