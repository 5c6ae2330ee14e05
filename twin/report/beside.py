"""Measured points beside a run: laid over its voltage, and the difference between the two.

Both are taken leg by leg: a leg is the part of a cycle in which the current flows one way, and
its voltage is compared over the charge that passed since the leg began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.columns import CURRENT, VOLTAGE
from twin.errors import InputError
from twin.measured.measured import needs_cycling
from twin.measured.quantities import CYCLE, TIME
from twin.report.panel import Line, Panel
from twin.report.view import CM2_PER_M2, RunView, cell_area

if TYPE_CHECKING:
    from twin.measured.measured import Measured

MOST_POINTS = 500
"""So many points of a leg are drawn."""
KEPT_POINTS = 5000
"""So many points of a leg are kept to be compared."""
GRID = 400
"""At so many equal steps of charge the voltages are compared."""
AT_REST = 1e-3
SHORTEST = 0.05
"""A leg that passes less than this share of the longest is a pulse or a top-up, and is left out."""


@dataclass(frozen=True)
class Leg:
    """One way of the current in one cycle.

    Attributes
    ----------
    cycle : int
        The cycle.
    kind : {"charge", "discharge"}
        Which way.
    charge : array
        The charge passed since the leg began [A.h], rising.
    voltage : array
        The voltage [V].
    """

    cycle: int
    kind: str
    charge: np.ndarray
    voltage: np.ndarray

    @property
    def passed(self) -> float:
        """The charge of the whole leg [A.h]."""
        return float(self.charge[-1])


def legs(
    time: np.ndarray, current: np.ndarray, voltage: np.ndarray, cycle: int, largest: float
) -> list[Leg]:
    """Return the legs of one cycle.

    Parameters
    ----------
    time, current, voltage : array
        Its rows: [s], [A] (+ on discharge), [V].
    cycle : int
        Its number.
    largest : float
        The largest current of all cycles [A], by which rest is told.
    """
    way = np.where(np.abs(current) > AT_REST * largest, np.sign(current), 0)
    flows = np.flatnonzero(way)
    legs_made = []
    # A rest or a pause inside a charge parts no leg; a turn of the current does.
    for part in np.split(flows, np.flatnonzero(np.diff(way[flows]) != 0) + 1):
        if len(part) < 3:
            continue
        t, i = time[part], np.abs(current[part])
        inside = np.diff(part) == 1
        steps = np.where(inside, np.diff(t) * (i[1:] + i[:-1]) / 2, 0.0)
        charge = np.append(0.0, np.cumsum(steps)) / 3600
        if charge[-1] > 0:
            kind = "discharge" if way[part[0]] > 0 else "charge"
            legs_made.append(Leg(cycle, kind, charge, voltage[part]))
    return legs_made


def legs_of_run(run: RunView, cycles: Sequence[int] | None = None) -> list[Leg]:
    """Return the legs of a run's stored cycles.

    Raises
    ------
    InputError
        If none of them is stored.
    """
    series = list(run.iter_series(cycles))
    if not series:
        raise InputError(
            f"run {run.id} has no time series stored to lay data over",
            key="data",
            fix="run it again with --series-every 1",
        )
    largest = max(float(np.abs(table["Current [A]"]).max()) for _, table in series)
    return _long(
        [
            leg
            for cycle, table in series
            for leg in legs(
                table["Time [s]"], table["Current [A]"], table["Voltage [V]"], cycle, largest
            )
        ]
    )


def legs_of_data(measured: Measured) -> list[Leg]:
    """Return the legs of measured data, cycle by cycle, each of at most some thousand points.

    Raises
    ------
    InputError
        If no current flows in them.
    """
    needs_cycling(measured)
    largest = max(float(np.abs(chunk[CURRENT]).max()) for chunk in measured.chunks())
    legs_made = [
        _thinned(leg, KEPT_POINTS)
        for cycle, (t, i, v) in _cycles_of(measured)
        for leg in legs(t, i, v, cycle, largest)
    ]
    if not legs_made:
        raise InputError(
            "no current flows in these data",
            file=measured.name,
            key="data",
            fix="give a measurement with charges or discharges",
        )
    return _long(legs_made)


def _cycles_of(measured: Measured) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each cycle's time, current and voltage; no more than one cycle is held."""
    held: list[np.ndarray] = []
    number = 0
    for chunk in measured.chunks():
        rows = np.vstack([chunk[TIME], chunk[CURRENT], chunk[VOLTAGE]])
        bounds = np.flatnonzero(np.diff(chunk[CYCLE])) + 1
        cycles = chunk[CYCLE][np.append(0, bounds)]
        for cycle, part in zip(cycles, np.split(rows, bounds, axis=1), strict=True):
            if held and int(cycle) != number:
                yield number, np.concatenate(held, axis=1)
                held = []
            number = int(cycle)
            held.append(part)
    if held:
        yield number, np.concatenate(held, axis=1)


def _thinned(leg: Leg, most: int) -> Leg:
    """Return a leg with at most about so many of its points, the last one among them."""
    step = len(leg.charge) // most + 1
    keep = np.unique(np.append(np.arange(0, len(leg.charge), step), len(leg.charge) - 1))
    return replace(leg, charge=leg.charge[keep], voltage=leg.voltage[keep])


def _long(legs: list[Leg]) -> list[Leg]:
    longest = max((leg.passed for leg in legs), default=0.0)
    return [leg for leg in legs if leg.passed >= SHORTEST * longest]


@dataclass(frozen=True)
class Difference:
    """What one leg of a run and one of the data differ by.

    Attributes
    ----------
    kind : {"charge", "discharge"}
        Which way the current flows.
    cycle, data_cycle : int
        The cycle of the run, and of the data.
    rms_mV, largest_mV : float
        The root mean square and the largest difference of the voltages, over the charge that
        both pass, at equal steps of it.
    capacity_Ah, data_capacity_Ah : float
        The charge of either leg.
    shared : float
        The share of the data's charge over which the voltages were compared.
    """

    kind: str
    cycle: int
    data_cycle: int
    rms_mV: float
    largest_mV: float
    capacity_Ah: float
    data_capacity_Ah: float
    shared: float


def differences_to(
    run: RunView, measured: Measured, *, cycle: int | None = None, data_cycle: int | None = None
) -> list[Difference]:
    """Return what a run and measured data differ by, for charge and discharge.

    Parameters
    ----------
    run : RunView
        The run; its series must be stored.
    measured : Measured
        The data.
    cycle, data_cycle : int, optional
        Which cycle of either; the first that has such a leg by default.

    Raises
    ------
    InputError
        If the two have no leg in common.
    """
    of_run = legs_of_run(run, None if cycle is None else [cycle])
    of_data = legs_of_data(measured)
    if data_cycle is not None:
        of_data = [leg for leg in of_data if leg.cycle == data_cycle]
    differences = []
    for kind in ("discharge", "charge"):
        mine = next((leg for leg in of_run if leg.kind == kind), None)
        theirs = next((leg for leg in of_data if leg.kind == kind), None)
        if mine is not None and theirs is not None:
            differences.append(_difference(mine, theirs))
    if not differences:
        raise InputError(
            "the run and the data have no charge or discharge in common",
            file=measured.name,
            key="data",
            fix="name cycles that have: --data-cycle N (`twin measured show` lists them)",
        )
    return differences


def _difference(mine: Leg, theirs: Leg) -> Difference:
    end = min(mine.passed, theirs.passed)
    grid = np.linspace(0.0, end, GRID)
    apart = 1e3 * (_at(mine, grid) - _at(theirs, grid))
    return Difference(
        mine.kind,
        mine.cycle,
        theirs.cycle,
        float(np.sqrt(np.mean(apart**2))),
        float(np.abs(apart).max()),
        mine.passed,
        theirs.passed,
        end / theirs.passed,
    )


def _at(leg: Leg, charge: np.ndarray) -> np.ndarray:
    value: np.ndarray = np.interp(charge, leg.charge, leg.voltage)
    return value


def data_lines(run: RunView, measured: Measured, data_cycle: int | None = None) -> tuple[Line, ...]:
    """Return measured points as dots for a run's voltage panel: first and last cycle, or one."""
    full = run.info.cell_kind == "full"
    scale = 1e3 / (cell_area(run.info) * CM2_PER_M2)
    legs_made = legs_of_data(measured) if full else _whole_cycles(measured)
    cycles = sorted({leg.cycle for leg in legs_made})
    shown = [c for c in dict.fromkeys((cycles[0], cycles[-1])) if data_cycle in (None, c)]
    if data_cycle is not None and data_cycle in cycles:
        shown = [data_cycle]
    if not shown:
        raise InputError(
            f"the data have no cycle {data_cycle}",
            file=measured.name,
            key="data_cycle",
            fix=f"one of {cycles[0]} to {cycles[-1]}",
        )
    lines = []
    for cycle in shown:
        x: list[float] = []
        y: list[float] = []
        for leg in (leg for leg in legs_made if leg.cycle == cycle):
            thin = _thinned(leg, MOST_POINTS)
            x += (thin.charge * (scale if full else 1.0)).tolist()
            y += thin.voltage.tolist()
        lines.append(Line(f"measured, cycle {cycle}", x, y, dots=True))
    return tuple(lines)


def _whole_cycles(measured: Measured) -> list[Leg]:
    """Return each cycle whole, over its hours: a symmetric cell has no charge to lose."""
    needs_cycling(measured)
    return [
        _thinned(Leg(cycle, "", (t - t[0]) / 3600, v), KEPT_POINTS)
        for cycle, (t, _, v) in _cycles_of(measured)
    ]


def with_data(
    shown: Sequence[Panel], run: RunView, measured: Measured, data_cycle: int | None = None
) -> list[Panel]:
    """Return panels with the measured points laid over the voltage.

    Raises
    ------
    InputError
        If there is no voltage among them.
    """
    if not any(panel.key == "voltage" for panel in shown):
        raise InputError(
            "measured points are laid over the voltage, which is not shown",
            key="data",
            fix="--what voltage",
        )
    lines = data_lines(run, measured, data_cycle)
    return [
        Panel(**{**vars(panel), "lines": (*panel.lines, *lines)})
        if panel.key == "voltage"
        else panel
        for panel in shown
    ]


def as_data(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return differences as plain data."""
    return [vars(difference) for difference in differences]


def comparison_panels_with(
    runs: Mapping[str, RunView], measured: Measured, data_cycle: int | None = None
) -> list[Panel]:
    """Return the voltage of the first discharge of each run, a line each, and of the data.

    Absolute charge on the axis: runs and data are of cells of one size.
    """
    theirs = [leg for leg in legs_of_data(measured) if data_cycle in (None, leg.cycle)]
    lines = []
    for label, run in runs.items():
        mine = next((leg for leg in legs_of_run(run) if leg.kind == "discharge"), None)
        if mine is not None:
            lines.append(Line(label, (1e3 * mine.charge).tolist(), mine.voltage.tolist()))
    data = next((leg for leg in theirs if leg.kind == "discharge"), None)
    if data is None or not lines:
        return []
    thin = _thinned(data, MOST_POINTS)
    x, y = (1e3 * thin.charge).tolist(), thin.voltage.tolist()
    lines.append(Line("measured", x, y, dots=True))
    return [Panel("voltage", "Voltage of a discharge", "Charge (mAh)", "Voltage (V)", tuple(lines))]
