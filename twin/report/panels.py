"""What there is to see of a run, panel by panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twin.columns import COLUMNS
from twin.errors import InputError
from twin.formats import typeset
from twin.report.panel import Line, Mark, Panel
from twin.report.severity import warning_criteria
from twin.report.view import CM2_PER_M2, RunView, cell_area, ending
from twin.status import Status

SHOWN_CYCLES = 5
SHOWN_MARGINS = (3, 6)
"""At least and at most so many margins."""
FULL_MARGIN = 0.98
"""Margins that never fall below this are only shown to make up the least number."""
LOG_SPAN = 30.0
"""A resistance that grows by more than this goes on a logarithmic axis."""
EFFICIENCIES = (98.0, 100.5)
"""Coulombic efficiencies [%] that the axis shows in any case: a tenth of a percent is no drama."""
BELOW = -0.25
"""Margins are drawn down to here; a warning that is long past says where it is."""
LEAST_RATES, RATE_STEP = 3, 0.05
"""So many rates make a rate test; two that differ by less than this share are one."""
NO_CYCLE = "the run has no finished cycle"
NEGLIGIBLE = 0.01
"""Parts of the resistance below this share of it are left out."""


@dataclass
class _Rows:
    """The rows of a run, and what every panel over cycles needs of them."""

    run: RunView
    area: float
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def finished(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row.get("complete", True)]

    @property
    def death(self) -> int | None:
        outcome = self.run.outcome
        return outcome.cycle if outcome is not None and outcome.kind == Status.CELL_FAILED else None

    def only(self, key: str, value: bool = True) -> _Rows:
        """Return the rows that have a mark, or those that do not."""
        rows = [row for row in self.rows if bool(row.get(key, False)) is value]
        return _Rows(self.run, self.area, rows)

    def column(self, label: str, key: str) -> Line | None:
        """Return a column of :data:`twin.columns.COLUMNS` over cycles, as people read it."""
        return self.line(label, key, COLUMNS[key].factor)

    def line(
        self, label: str, key: str, factor: float = 1.0, *, finished: bool = False
    ) -> Line | None:
        """Return a column over cycles; None where no cycle has it."""
        rows = self.finished if finished else self.rows
        points = [(row["cycle"], factor * row[key]) for row in rows if _is_number(row.get(key))]
        return Line(label, *_columns(points)) if points else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [p[0] for p in points], [p[1] for p in points]


def _present(*lines: Line | None) -> tuple[Line, ...]:
    return tuple(line for line in lines if line is not None)


def voltage(data: _Rows) -> Panel:
    """Voltage of a few cycles: over capacity, or over time where a cell has none to lose."""
    import numpy as np

    full = data.run.info.cell_kind == "full"
    lines: list[Line] = []
    marks: tuple[Mark, ...] = ()
    series = list(data.run.iter_series(_sample(data)))
    for index, (cycle, table) in enumerate(series):
        t, v = table["Time [s]"], table["Voltage [V]"]
        if full:
            x, y = _half_cycles(table, np)
            x = x * 1e3 / (data.area * CM2_PER_M2)
        else:
            x, y = (t - t[0]) / 3600, v
        rank = index / (len(series) - 1) if len(series) > 1 else 0.0
        lines.append(Line(f"cycle {cycle}", x.tolist(), y.tolist(), rank))
        if cycle == data.death and len(x):
            marks = _end_of_life(data, float(x[-1]), float(y[-1]), lines)
    return Panel(
        "voltage",
        "Voltage",
        "Capacity (mAh/cm²)" if full else "Time in the cycle (h)",
        "Voltage (V)",
        tuple(lines),
        missing="no time series is stored: run with --series-every 10",
        marks=marks,
    )


def _end_of_life(data: _Rows, x: float, y: float, lines: list[Line]) -> tuple[Mark, ...]:
    """Mark where a dead cell's last curve ends; a hard short takes the voltage to nought there.

    A filament that has crossed carries the whole current at next to no voltage. The run ends as it
    crosses, so the fall itself is not simulated, and the mark says so.
    """
    outcome = data.run.outcome
    if outcome is None:
        return ()
    if "hard short" in str(outcome.criterion):
        lines.append(Line("hard short: 0 V (not simulated)", [x, x], [y, 0.0]))
        return (Mark(x, 0.0, ""),)
    return (Mark(x, y, str(outcome.criterion)),)


def _sample(data: _Rows) -> list[int]:
    """Return a few cycles whose series should be stored: first, last and between."""
    every = int(data.run.info.settings.get("series_every", 1))
    numbers = [int(row["cycle"]) for row in data.rows]
    if not numbers or every == 0:
        return []
    last = numbers[-1]
    stored = [n for n in numbers if n <= 3 or n == last or n % every == 0]
    if len(stored) <= SHOWN_CYCLES:
        return stored
    step = (len(stored) - 1) / (SHOWN_CYCLES - 1)
    return [stored[round(i * step)] for i in range(SHOWN_CYCLES)]


def _half_cycles(table: dict[str, Any], np: Any) -> tuple[Any, Any]:
    """Return the charge passed since the current last turned [A.h], and the voltage.

    Rests are left out; a gap (nan) parts charge from discharge.
    """
    current, counter = table["Current [A]"], table["Discharge capacity [A.h]"]
    active = np.abs(current) > 1e-6 * max(float(np.abs(current).max()), 1e-30)
    sign = np.sign(current)[active]
    q, v = counter[active], table["Voltage [V]"][active]
    if not len(sign):
        return np.empty(0), np.empty(0)
    turns = np.flatnonzero(np.diff(sign)) + 1
    xs, ys = [], []
    for part_q, part_v in zip(np.split(q, turns), np.split(v, turns), strict=True):
        xs += [np.abs(part_q - part_q[0]), [np.nan]]
        ys += [part_v, [np.nan]]
    return np.concatenate(xs[:-1]), np.concatenate(ys[:-1])


def capacity(data: _Rows) -> Panel:
    """Capacity over cycles: of full discharges, and as estimated where there was none."""
    factor = 1e3 / (data.area * CM2_PER_M2)
    parts = {False: data.only("capacity_estimated", False), True: data.only("capacity_estimated")}
    return Panel(
        "capacity",
        "Capacity",
        "Cycle",
        "Capacity (mAh/cm²)",
        _present(
            parts[False].line("discharge", "capacity_Ah", factor, finished=True),
            parts[True].line("estimated", "capacity_Ah", factor, finished=True),
        ),
        span=0.1,
        death=data.death,
    )


def efficiency(data: _Rows) -> Panel:
    """Coulombic efficiency over cycles."""
    return Panel(
        "efficiency",
        "Coulombic efficiency",
        "Cycle",
        "Coulombic efficiency (%)",
        _present(data.line("efficiency", "coulombic_efficiency", 100.0, finished=True)),
        include=EFFICIENCIES,
        death=data.death,
    )


def polarisation(data: _Rows) -> Panel:
    """How far charge and discharge lie apart; of a symmetric cell the largest voltage.

    Of a full cell the polarisation of a cycle is the mean voltage of its charge less that of its
    discharge, each an energy over a charge::

        eta = W_charge/Q_charge - W_discharge/Q_discharge

    It is twice the mean overvoltage where both go at one rate.
    """
    full = data.run.info.cell_kind == "full"
    of = _hysteresis if full else _largest_voltage
    rows = data.finished if full else data.rows
    points = [(row["cycle"], 1e3 * v) for row in rows if (v := of(row)) is not None]
    return Panel(
        "polarisation",
        "Polarisation: mean voltage of charge less that of discharge" if full else "Polarisation",
        "Cycle",
        "Polarisation (mV)" if full else "Largest voltage (mV)",
        (Line("polarisation", *_columns(points)),) if points else (),
        y_range=(0.0, None),
        death=data.death,
        missing="no cycle was both charged and discharged" if full else NO_CYCLE,
    )


def _hysteresis(row: Mapping[str, Any]) -> float | None:
    parts = [row.get(f"{way}_{unit}") for way in ("charge", "discharge") for unit in ("Wh", "Ah")]
    if not all(_is_number(part) for part in parts):
        return None
    up, charged, down, discharged = (float(part) for part in parts if part is not None)
    if min(charged, discharged) <= NEGLIGIBLE * max(charged, discharged):
        return None
    return up / charged - down / discharged


def _largest_voltage(row: Mapping[str, Any]) -> float | None:
    low, high = row.get("voltage_min_V"), row.get("voltage_max_V")
    if not _is_number(low) or not _is_number(high):
        return None
    assert low is not None and high is not None
    return float(max(abs(low), abs(high)))


def rate(data: _Rows) -> Panel:
    """Capacity against the rate, where a protocol discharges at three rates or more.

    One point for each phase of the protocol: the mean of its finished cycles, over the mean current
    of its discharges, which is charge over time.
    """
    per_area = 1.0 / (data.area * CM2_PER_M2)
    lines: dict[str, list[tuple[float, float]]] = {}
    phases: dict[str, list[dict[str, Any]]] = {}
    for row in data.finished:
        if _is_number(row.get("capacity_Ah")) and not row.get("capacity_estimated"):
            phases.setdefault(str(row.get("phase", "")), []).append(row)
    rates = _discharge_currents(data) if len(phases) >= LEAST_RATES else {}
    for rows in phases.values():
        currents = [rates[row["cycle"]] for row in rows if row["cycle"] in rates]
        if not currents:
            continue
        place = 1e3 * per_area * sum(currents) / len(currents)
        height = 1e3 * per_area * sum(row["capacity_Ah"] for row in rows) / len(rows)
        known = [x for points in lines.values() for x, _ in points]
        again = any(abs(x - place) < RATE_STEP * place for x in known)
        lines.setdefault("once more" if again else "discharge", []).append((place, height))
    shown = {label: sorted(points) for label, points in lines.items()}
    enough = len(shown.get("discharge", ())) >= LEAST_RATES
    return Panel(
        "rate",
        "Capacity against the rate",
        "Discharge current (mA/cm²)",
        "Capacity (mAh/cm²)",
        tuple(
            Line(label, *_columns(points), dots=label != "discharge")
            for label, points in shown.items()
        )
        if enough
        else (),
        y_range=(0.0, None),
        log_x=True,
        marked=True,
        missing="it was not discharged at three rates with the series of a cycle of each stored",
    )


def _discharge_currents(data: _Rows) -> dict[int, float]:
    """Return the mean current of the discharge of each cycle whose series is stored [A]."""
    import numpy as np

    currents = {}
    for cycle, table in data.run.iter_series():
        current, t = table["Current [A]"], table["Time [s]"]
        steps = np.diff(t)
        flows = np.minimum(current[:-1], current[1:]) > 1e-6 * max(float(current.max()), 1e-30)
        if flows.any() and steps[flows].sum() > 0:
            means = (current[:-1] + current[1:]) / 2
            currents[cycle] = float((means * steps)[flows].sum() / steps[flows].sum())
    return currents


def resistance(data: _Rows) -> Panel:
    """Area-specific resistance at the end of each cycle, and its parts."""
    lines = _present(
        data.column("whole cell, mean", "resistance_Ohm_m2"),
        data.line("electrolyte", "Electrolyte resistance [Ohm.m2]", CM2_PER_M2),
        *(
            data.line(f"{side.lower()} {words}", f"{side} {what} [Ohm.m2]", CM2_PER_M2)
            for side in ("Anode", "Cathode")
            for words, what in (
                ("layers", "series resistance"),
                ("charge transfer", "charge-transfer resistance"),
            )
        ),
    )
    most = max((max(line.y) for line in lines), default=0.0)
    lines = tuple(line for line in lines if max(line.y) > NEGLIGIBLE * most)
    log = any(min(line.y) > 0 and max(line.y) > LOG_SPAN * min(line.y) for line in lines[:1])
    return Panel(
        "resistance",
        "Area-specific resistance",
        "Cycle",
        "Resistance (Ω cm²)",
        lines,
        log=log,
        y_range=(None, None) if log else (0.0, None),
        death=data.death,
    )


def contact(data: _Rows) -> Panel:
    """The share of each interface that conducts."""
    lines = _present(
        *(data.line(side.lower(), f"{side} conducting fraction") for side in ("Anode", "Cathode"))
    )
    return Panel(
        "contact",
        "Conducting share of the interfaces",
        "Cycle",
        "Conducting share",
        lines,
        y_range=(0.0, 1.05),
        death=data.death,
    )


def pressure(data: _Rows) -> Panel:
    """Stack pressure over cycles."""
    return Panel(
        "pressure",
        "Stack pressure",
        "Cycle",
        "Stack pressure (MPa)",
        _present(
            data.column("highest", "pressure_max_Pa"),
            data.column("lowest", "pressure_min_Pa"),
        ),
        y_range=(0.0, None),
        death=data.death,
    )


def margins(data: _Rows) -> Panel:
    """The margin of each criterion, those nearest to failure first.

    A criterion that is judged once and passed (in the first cycle, say) is left out.
    """
    judged = [(row["cycle"], row.get("margins") or {}) for row in data.rows]
    lines = []
    for name in dict.fromkeys(name for _, of_cycle in judged for name in of_cycle):
        points = [(cycle, m[name]) for cycle, m in judged if _is_number(m.get(name))]
        # A cycle that was cut short is not judged by what only whole cycles show.
        recent = points and points[-1][0] >= data.rows[-min(2, len(data.rows))]["cycle"]
        if points and (recent or points[-1][1] <= 0):
            lines.append(Line(name, *_columns(points)))
    warn = warning_criteria(data.run.info)
    lines = [
        replace(line, label=f"{line.label} (warns)") if line.label in warn else line
        for line in lines
    ]
    lines.sort(key=lambda line: min(line.y))
    least, most = SHOWN_MARGINS
    falling = sum(min(line.y) < FULL_MARGIN for line in lines)
    lines = lines[: min(max(falling, least), most)]
    low = min((min(line.y) for line in lines), default=0.0)
    return Panel(
        "margins",
        "Margins (1 for the fresh cell, 0 at failure)",
        "Cycle",
        "Margin (1 fresh, 0 failed)",
        tuple(lines),
        y_range=(max(min(low, -0.05), BELOW), 1.1),
        death=data.death,
    )


PANELS: dict[str, Callable[[_Rows], Panel]] = {
    "voltage": voltage,
    "capacity": capacity,
    "efficiency": efficiency,
    "polarisation": polarisation,
    "rate": rate,
    "resistance": resistance,
    "contact": contact,
    "pressure": pressure,
    "margins": margins,
}
SUMMARIES = {
    "full": ("voltage", "capacity", "efficiency", "resistance", "contact", "margins"),
    "rate test": ("voltage", "capacity", "rate", "resistance", "contact", "margins"),
    "symmetric": ("voltage", "polarisation", "resistance", "contact", "margins"),
}
SUMMARY = "summary"
COUPLING = "coupling"
GROUPS = (SUMMARY, COUPLING)


def _of_modes(data: _Rows) -> list[Panel]:
    """One panel for each mode of the run: the variable it shows itself by."""
    from twin.modes.manager import plugin_manager

    known = plugin_manager().modes
    panels_made = []
    for mode_id in data.run.info.modes:
        shows = known[mode_id].shows if mode_id in known else ""
        if not shows:
            continue
        words, _, unit = shows.removesuffix("]").partition(" [")
        names = {side: shows.replace("{interface}", side) for side in ("Anode", "Cathode")}
        lines = [data.line(side.lower(), name) for side, name in names.items()]
        if "{interface}" not in shows:
            lines = [data.line(words.split()[0].lower(), shows)]
        title = words.removeprefix("{interface} ")
        panels_made.append(_scaled(mode_id, title[:1].upper() + title[1:], unit, lines, data.death))
    return panels_made


def _scaled(
    key: str, title: str, unit: str, lines: Sequence[Line | None], death: int | None
) -> Panel:
    """Return a panel whose axis, if it is a length, is in a unit that fits."""
    shown = _present(*lines)
    largest = max((abs(y) for line in shown for y in line.y), default=0.0)
    if unit == "m":
        factor, unit = (1e9, "nm") if largest < 1e-6 else (1e6, "µm")
        shown = tuple(Line(line.label, line.x, [factor * y for y in line.y]) for line in shown)
    unit = typeset(unit)
    return Panel(
        key,
        title,
        "Cycle",
        f"{title} ({unit})" if unit else title,
        shown,
        y_range=(None, None) if largest else (0.0, None),  # what is not there is not below nought
        span=0.05,
        death=death,
    )


def title_of(run: RunView) -> str:
    """Return the title above the panels of a run: the cell, the run, how it ended."""
    return f"{run.info.cell_name}, run {run.id}: {ending(run)}"


def panels(run: RunView, what: str = SUMMARY) -> list[Panel]:
    """Return what there is to see of a run.

    Parameters
    ----------
    run : RunView
        The run.
    what : str
        ``"summary"`` for the panels of its kind of cell that have something to show;
        ``"coupling"`` for contact and pressure beside what each mode shows itself by; or
        the name of one panel.

    Raises
    ------
    InputError
        If there is no such panel, or the run has nothing to show in it.
    """
    if what not in GROUPS and what not in PANELS:
        raise InputError(
            f"there is no plot {what!r}",
            key="what",
            fix=f"one of {', '.join((*GROUPS, *PANELS))}",
        )
    data = _Rows(run, cell_area(run.info), run.rows)
    kind = "rate test" if what == SUMMARY and rate(data).lines else run.info.cell_kind
    names = {SUMMARY: SUMMARIES[kind], COUPLING: ("contact", "pressure")}
    panels_made = [PANELS[name](data) for name in names.get(what, (what,))]
    if what == COUPLING:
        panels_made += _of_modes(data)
    shown = [panel for panel in panels_made if panel.lines]
    if not shown:
        raise InputError(
            f"run {run.id} has nothing to show: {panels_made[-1].missing}",
            key="what",
            fix=f"cycle it further: twin resume {run.id}"
            if what in GROUPS
            else f"another plot: --what {' | '.join((*GROUPS, *PANELS))}",
        )
    return shown
