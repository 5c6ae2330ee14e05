"""Critical currents of a symmetric cell: of stripping and of plating, apart.

A staircase of currents is climbed until the cell fails. Which face failed, and whether it
was being stripped or plated, says which of the two limits was met. The other one is met
behind it, and takes a ramp of its own:

- the *stripping* limit, where the cell failed at a plated face: the same ramp without the
  mode that failed it;
- the *plating* limit, where the cell failed at a stripped face (or plated a face that had
  lost contact to stripping before): one half cycle at each current, each with a fresh
  cell, so that the plated face has never been stripped. Nothing that happens at the
  stripped face, nor the cell's voltage, ends it: a reference electrode would see the same.

No mode is known by name here: a criterion belongs to the interface its variable is named
after.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from twin.engine.criteria import CORE, Watched
from twin.errors import SolverGaveUpError
from twin.experiments.bench import VOLTAGE, ExperimentBench, left_tables
from twin.experiments.staircase import (
    CONTACT_LOST,
    Level,
    Ramp,
    Staircase,
    Way,
    climb_staircase,
    contact,
)
from twin.model.tables import Beyond, keep_worst
from twin.modes.context import CellContext, Interface
from twin.modes.mode import FailureMode
from twin.specs.balance import metal_charge
from twin.specs.schema import CellSpec, MetalElectrode

Process = Literal["stripping", "plating"]
# Nearer than this to failure, a criterion is what a collapsing voltage is put down to.
_NEAR = 0.1

OnProgress = Callable[[float, str], None]


@dataclass(frozen=True)
class Limit:
    """Where stripping or plating fails.

    Attributes
    ----------
    current : float or None
        The highest current carried through a whole level [A.m-2]; None where the ramp
        ended before anything failed.
    at_least : float
        The same, whether anything failed or not.
    failed_at : float or None
        The current that failed [A.m-2].
    mode, criterion : str
        What failed; empty where nothing did.
    place : str
        The face that failed, ``"anode"`` or ``"cathode"``.
    step : int
        The level of the staircase, counted from 1.
    time : float
        When, since the start of that ramp [s].
    says : str
        A sentence for the user.
    ramp : str
        Which ramp it was found in.
    """

    current: float | None
    at_least: float = 0.0
    failed_at: float | None = None
    mode: str = ""
    criterion: str = ""
    place: str = ""
    step: int = 0
    time: float = 0.0
    says: str = ""
    ramp: str = ""


@dataclass(frozen=True)
class Warned:
    """A criterion that ends nothing, and the lowest current at which it was met [A.m-2]."""

    current: float
    mode: str
    criterion: str
    place: str
    process: Process | None
    says: str


@dataclass(frozen=True)
class CriticalCurrents:
    """The critical currents of one cell.

    Attributes
    ----------
    stripping, plating : Limit
        The two limits.
    cell : Limit
        What the plain ramp ended with, as in the laboratory.
    process : str or None
        Which of the two ended it.
    onset : float or None
        The lowest current at which a stripped face lost contact within a half cycle
        [A.m-2]: voids begin to grow.
    warnings : list of Warned
        What was met on the way without ending anything, each where it was first.
    levels : list of Level
        The plain ramp, level by level.
    staircase : Staircase
        What was asked for.
    notes : list of str
        What has to be known to read the numbers.
    wall_s : float
        What it took [s].
    """

    stripping: Limit
    plating: Limit
    cell: Limit
    process: Process | None
    onset: float | None
    warnings: list[Warned]
    levels: list[Level]
    staircase: Staircase
    notes: list[str]
    wall_s: float

    @property
    def plating_onset(self) -> float | None:
        """The lowest current at which a criterion of a plated face warned; None if none did."""
        currents = [w.current for w in self.warnings if w.process == "plating"]
        return min(currents, default=None)


@dataclass(frozen=True)
class Verdict:
    """Who failed at the end of a ramp, and in which process."""

    process: Process
    mode: str
    criterion: str
    place: str
    says: str


def place_of(item: Watched, cell: CellContext) -> Interface | None:
    """Return the interface a criterion watches; None if it watches the whole cell."""
    for interface in cell.interfaces:
        if item.criterion.variable.startswith(f"{interface.prefix} "):
            return interface
    for interface in cell.interfaces:
        if item.criterion.what.startswith(interface.place):
            return interface
    return None


def verdict(ramp: Ramp, bench: ExperimentBench) -> Verdict:
    """Return which face failed and whether it was being stripped or plated.

    A criterion of one interface speaks for itself. Where the whole cell's voltage,
    temperature or salt ended the ramp, the criterion of an interface that was all but met
    is blamed; without one, the face that cost most voltage.
    """
    assert ramp.stop is not None and ramp.last is not None
    item, last = ramp.stop.watched, ramp.last
    place = None if item is None else place_of(item, bench.cell)
    if place is None:
        near = _nearest(bench, last.last)
        if near is not None:
            place, culprit = place_of(near, bench.cell), near
            if item is None or item.mode == CORE:
                item = culprit
    if place is None:
        cost = [i("reaction overpotential [V]") for i in bench.cell.interfaces]
        volts = [abs(last.last(name)) if name in last.values else 0.0 for name in cost]
        place = bench.cell.interfaces[0 if volts[0] >= volts[1] else 1]
    stripped = (place.place == "anode") == (ramp.sign > 0)
    says = item.criterion.says if item is not None else ramp.stop.label
    return Verdict(
        "stripping" if stripped else "plating",
        item.mode if item is not None else CORE,
        item.criterion.what if item is not None else ramp.stop.label,
        place.place,
        says,
    )


def warnings(ramp: Ramp, cell: CellContext) -> list[Warned]:
    """Return the criteria that warned in a ramp, each at its lowest current."""
    by_criterion: dict[str, Warned] = {}
    for level in ramp.levels:
        for item, sign in level.warned:
            place = place_of(item, cell)
            process: Process | None = None
            if place is not None:
                process = "stripping" if (place.place == "anode") == (sign > 0) else "plating"
            c = item.criterion
            warned = Warned(
                level.density, item.mode, c.what, place.place if place else "", process, c.says
            )
            by_criterion.setdefault(item.label, warned)
    return list(by_criterion.values())


def _nearest(bench: ExperimentBench, value: Callable[[str], float]) -> Watched | None:
    """The criterion of one interface that is nearest to failure, if it is near."""
    known = [
        (w.criterion.margin(value(w.criterion.variable)), n, w)
        for n, w in enumerate(bench.watched)
        if w.criterion.severity == "fatal" and place_of(w, bench.cell) is not None
    ]
    near = [candidate for candidate in known if candidate[0] < _NEAR]
    return min(near)[2] if near else None


class CriticalCurrentTest:
    """Finds the critical currents of a cell; a cell pressed otherwise needs no new build.

    Parameters
    ----------
    spec : CellSpec
        The cell.
    modes : iterable of FailureMode
        The failure modes.
    staircase : Staircase
        The currents to climb.
    way : {"alternating", "one-way"}
        How the plain ramp goes.
    """

    def __init__(
        self, spec: CellSpec, modes: Iterable[FailureMode], staircase: Staircase, way: Way
    ):
        self.spec, self.modes = spec, list(modes)
        self.staircase, self.way = staircase, way
        self._benches: dict[tuple[bool, tuple[str, ...]], ExperimentBench] = {}
        self._outside: dict[str, Beyond] = {}

    def _bench(self, *, free: bool = False, without: tuple[str, ...] = ()) -> ExperimentBench:
        key = (free, without)
        if key not in self._benches:
            context = CellContext(self.spec)
            anode, cathode = context.interfaces
            names = [
                contact(anode),
                contact(cathode),
                *(i("reaction overpotential [V]") for i in context.interfaces),
            ]

            def harmless(item: Watched) -> bool:
                at_stripped = place_of(item, context) == anode
                return free and (at_stripped or item.criterion.variable == VOLTAGE)

            self._benches[key] = ExperimentBench(
                self.spec,
                [m for m in self.modes if m.id not in without],
                names=names,
                harmless=harmless,
                window=not free,
            )
        return self._benches[key]

    def run(
        self, pressure: float | None = None, on_progress: OnProgress = lambda share, text: None
    ) -> CriticalCurrents:
        """Climb the ramps, and say where stripping and plating fail.

        Parameters
        ----------
        pressure : float, optional
            Stack pressure [Pa] instead of the cell's own.
        on_progress : callable
            Called with the share of the present ramp and what it is.

        Raises
        ------
        SolverGaveUpError
            If the solver stops where no criterion is near.
        """
        began = time.perf_counter()
        notes: list[str] = []
        self._outside = {}
        bench = self._bench()
        ramp = self._climb(bench, self.way, pressure, on_progress, "ramp")
        levels, onset = ramp.levels, ramp.onset
        cell, seen = self._judge(ramp, bench, "the plain ramp")
        warned = {(w.mode, w.criterion): w for w in warnings(ramp, bench.cell)}
        limits: dict[Process, Limit] = {}
        if seen is None:
            limits = {"stripping": cell, "plating": cell}
        elif seen.process == "stripping" or not _worn(ramp):
            limits[seen.process] = cell
        else:
            notes.append(
                "the cell failed on plating, at a face that stripping had robbed of contact: its "
                "plating limit is that of a face never stripped"
            )
        if "stripping" not in limits:
            limits["stripping"], onset = self._stripping(cell.mode, pressure, on_progress, notes)
        if "plating" not in limits:
            limits["plating"], seen_there = self._plating(pressure, on_progress, notes)
            # Of a plated face this ramp knows best: none of its faces was stripped before.
            warned = {k: w for k, w in warned.items() if w.process != "plating"}
            warned |= {(w.mode, w.criterion): w for w in seen_there if w.process == "plating"}
        return CriticalCurrents(
            limits["stripping"],
            limits["plating"],
            cell,
            None if seen is None else seen.process,
            onset,
            list(warned.values()),
            levels,
            self.staircase,
            [*notes, *left_tables(self._outside)],
            time.perf_counter() - began,
        )

    def _climb(
        self,
        bench: ExperimentBench,
        way: Way,
        pressure: float | None,
        on_progress: OnProgress,
        text: str,
    ) -> Ramp:
        bench.outside = {}
        bench.reset(pressure=self.spec.stack.pressure.si if pressure is None else pressure)
        anode = self.spec.anode
        assert isinstance(anode, MetalElectrode)  # of a symmetric cell
        sodium = metal_charge(anode.material, anode.thickness.si)
        ramp = climb_staircase(
            bench,
            self.staircase,
            way,
            sodium=sodium,
            on_level=lambda share: on_progress(share, text),
        )
        for left in bench.outside.values():
            keep_worst(self._outside, left)
        return ramp

    def _judge(self, ramp: Ramp, bench: ExperimentBench, name: str) -> tuple[Limit, Verdict | None]:
        if ramp.stop is None:
            end = "where a half cycle would use up the sodium" if ramp.out_of_sodium else "its end"
            says = f"nothing failed up to {ramp.carried / 10:.4g} mA/cm2, {end}"
            limit = Limit(
                None, ramp.carried, says=says, ramp=name, step=ramp.number, time=ramp.time
            )
            return limit, None
        seen = verdict(ramp, bench)
        if ramp.stop.solver and seen.mode == CORE:
            raise SolverGaveUpError(
                f"the solver stopped at {ramp.density / 10:.4g} mA/cm2, where no criterion was "
                f"near: {ramp.stop.solver}",
                fix="take another --step, or leave the newest mode out with --without",
            )
        limit = Limit(
            ramp.carried,
            ramp.carried,
            ramp.density,
            seen.mode,
            seen.criterion,
            seen.place,
            ramp.number,
            ramp.time,
            seen.says,
            name,
        )
        return limit, seen

    def _stripping(
        self, first: str, pressure: float | None, on_progress: OnProgress, notes: list[str]
    ) -> tuple[Limit, float | None]:
        """The stripping limit behind a failure on plating."""
        without: tuple[str, ...] = ()
        mode = first
        while True:
            if mode in without or mode == CORE:
                return Limit(None, says="plating fails first, whatever is left out"), None
            without = (*without, mode)
            name = f"a second ramp without {' and '.join(without)}"
            bench = self._bench(without=without)
            ramp = self._climb(bench, self.way, pressure, on_progress, "stripping")
            limit, seen = self._judge(ramp, bench, name)
            if seen is None or seen.process == "stripping":
                notes.append(f"the stripping limit is from {name}: plating fails first")
                return limit, ramp.onset
            mode = seen.mode

    def _plating(
        self, pressure: float | None, on_progress: OnProgress, notes: list[str]
    ) -> tuple[Limit, list[Warned]]:
        """The plating limit of a face never stripped, whatever becomes of the other face."""
        name = "a ramp with a fresh cell at each current"
        bench = self._bench(free=True)
        ramp = self._climb(bench, "fresh", pressure, on_progress, "plating")
        limit, _ = self._judge(ramp, bench, name)
        notes.append(
            f"the plating limit is from {name}; neither the stripped face nor the voltage ends it"
        )
        return limit, warnings(ramp, bench.cell)


def _worn(ramp: Ramp) -> bool:
    """Whether the face that was plated last had lost contact to stripping before."""
    return any(level.lost > CONTACT_LOST for level in ramp.levels)


def as_data(currents: CriticalCurrents) -> dict[str, Any]:
    """Return critical currents as the JSON that scripts read, in mA/cm2 and hours."""

    def milli(density: float | None) -> float | None:
        return None if density is None else density / 10

    def limit(one: Limit) -> dict[str, Any]:
        return {
            "current_mA_cm2": milli(one.current),
            "at_least_mA_cm2": milli(one.at_least),
            "failed_at_mA_cm2": milli(one.failed_at),
            "mode": one.mode or None,
            "criterion": one.criterion or None,
            "place": one.place or None,
            "step": one.step,
            "time_h": one.time / 3600,
            "says": one.says,
            "ramp": one.ramp,
        }

    return {
        "critical_stripping_current_mA_cm2": milli(currents.stripping.current),
        "critical_plating_current_mA_cm2": milli(currents.plating.current),
        "limited_by": currents.cell.mode or None,
        "limiting_process": currents.process,
        "stripping_onset_mA_cm2": milli(currents.onset),
        "plating_onset_mA_cm2": milli(currents.plating_onset),
        "stripping": limit(currents.stripping),
        "plating": limit(currents.plating),
        "cell": limit(currents.cell),
        "warnings": [
            {
                "current_mA_cm2": milli(w.current),
                "mode": w.mode,
                "criterion": w.criterion,
                "place": w.place or None,
                "process": w.process,
                "says": w.says,
            }
            for w in currents.warnings
        ],
        "ramp": [
            {
                "current_mA_cm2": level.density / 10,
                "polarisation_V": level.polarisation,
                "stripped_contact": level.contact,
            }
            for level in currents.levels
        ],
        "staircase": {
            "start_mA_cm2": currents.staircase.start / 10,
            "step_mA_cm2": currents.staircase.step / 10,
            "maximum_mA_cm2": currents.staircase.maximum / 10,
            "half_cycle_s": currents.staircase.half_cycle or None,
            "areal_capacity_mAh_cm2": currents.staircase.charge / 36000 or None,
            "rest_s": currents.staircase.rest,
            "cycles_per_step": currents.staircase.repeats,
        },
        "notes": currents.notes,
        "wall_s": currents.wall_s,
    }
