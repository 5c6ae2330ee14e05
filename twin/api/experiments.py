"""Virtual experiments: what a laboratory measures on a cell, measured on its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.api.cells import as_spec, load_cell
from twin.errors import InputError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.experiments.ccd import CriticalCurrents
    from twin.experiments.eis import Frequencies, Impedance, StoredState
    from twin.experiments.gitt import Gitt
    from twin.experiments.staircase import Staircase
    from twin.experiments.transference import Transference
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store

OnShare = Callable[[float, str], None]
"""Told the share of the work done and, in a few words, what is being done."""
MOST_VOLTS = 0.0100001
"""The largest step a transference number is measured with [V]: 10 mV."""


@dataclass(frozen=True)
class SweepPoint:
    """One point of a sweep: the values it is at, the cell, and what was found."""

    at: dict[str, str]
    spec: CellSpec
    found: CriticalCurrents


def quantity(name: str, text: str | float, unit: str, *, least: float = 0.0) -> float:
    """Return an argument such as ``"0.5 mA/cm^2"`` in SI units; it must exceed ``least``.

    A number is taken to be in SI units already.

    Raises
    ------
    InputError
        If it is no such quantity, or too small.
    """
    from twin.specs.quantity import example
    from twin.units import UnitError, to_si

    try:
        value = to_si(text, unit) if isinstance(text, str) else float(text)
    except UnitError as error:
        raise InputError(str(error), key=name, fix=f'give it like "{example(unit)}"') from None
    if not least < value < float("inf"):
        raise InputError(
            f"{text} is too small" if value <= least else f"{text} is not finite",
            key=name,
            fix=f'give more than {least:g}, like "{example(unit)}"',
        )
    return value


def staircase(
    *,
    start: str | float = "0.1 mA/cm^2",
    step: str | float = "0.1 mA/cm^2",
    maximum: str | float = "10 mA/cm^2",
    half_cycle: str | float | None = None,
    areal_capacity: str | float | None = None,
    rest: str | float = "5 minutes",
    repeats: int = 1,
) -> Staircase:
    """Return a staircase of currents; see :func:`ccd` for its parameters."""
    from twin.experiments.staircase import Staircase

    if half_cycle is not None and areal_capacity is not None:
        raise InputError(
            "a half cycle is set by its time or by its areal capacity, not by both",
            key="areal_capacity",
            fix="leave one of the two out",
        )
    if repeats < 1:
        raise InputError(f"{repeats} cycles a step", key="repeats", fix="give at least 1")
    charge = 0.0
    if areal_capacity is not None:
        charge = quantity("areal_capacity", areal_capacity, "C/m^2")
    return Staircase(
        start=quantity("start", start, "A/m^2"),
        step=quantity("step", step, "A/m^2"),
        maximum=quantity("maximum", maximum, "A/m^2"),
        half_cycle=0.0 if charge else quantity("half_cycle", half_cycle or "30 minutes", "s"),
        charge=charge,
        rest=quantity("rest", rest, "s", least=-1e-9),
        repeats=repeats,
    )


def ccd(
    cell: CellSpec | str | Path,
    *,
    direction: str = "alternating",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
    **stairs: Any,
) -> CriticalCurrents:
    """Find the critical currents of a symmetric cell, of stripping and of plating apart.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    direction : {"alternating", "one-way"}
        Strip and plate each face in turn, or always strip the anode.
    overlays, overrides, modes, without
        As in :func:`simulate`.
    on_progress : callable
        Called with the share of the work done, and what is being done.
    start, step, maximum : str
        The staircase: ``"0.1 mA/cm^2"`` by ``"0.1 mA/cm^2"`` to ``"10 mA/cm^2"``.
    half_cycle, areal_capacity : str
        How long each half cycle is: a time (``"30 minutes"``), or a charge per area.
    rest : str
        Rest after each half cycle, ``"5 minutes"``.
    repeats : int
        Cycles at each current.

    Returns
    -------
    CriticalCurrents
        The two limits, what ended the plain ramp, and the ramp.

    Raises
    ------
    InputError
        If the cell is not a symmetric one, or an argument cannot be used.
    SolverGaveUpError
        If the solver stops where no criterion is near.
    """
    (point,) = ccd_sweep(
        cell,
        direction=direction,
        overlays=overlays,
        overrides=overrides,
        modes=modes,
        without=without,
        on_progress=on_progress,
        **stairs,
    )
    return point.found


def ccd_sweep(
    cell: CellSpec | str | Path,
    *,
    sweep: Sequence[str] = (),
    direction: str = "alternating",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
    **stairs: Any,
) -> list[SweepPoint]:
    """Find the critical currents at every combination of swept values.

    Parameters
    ----------
    sweep : sequence of str
        ``["stack.pressure=1 MPa,5 MPa", "thermal.ambient=25 degC,60 degC"]``. Points that
        differ in stack pressure alone share one built model.
    cell, direction, overlays, overrides, modes, without, on_progress
        As in :func:`ccd`, with its staircase.
    """
    from twin.experiments.sweep import combinations, described, parse_sweeps

    if direction not in ("alternating", "one-way"):
        raise InputError(
            f"there is no direction {direction!r}", key="direction", fix="alternating or one-way"
        )
    stairs_to_climb = staircase(**stairs)
    _ = stairs_to_climb.levels  # a staircase that leads nowhere is told before anything is built
    points = combinations(parse_sweeps(sweep))
    specs = [_at(cell, point, overlays, overrides) for point in points]
    for spec in specs:
        symmetric(spec, "critical currents")
    chosen = plugin_manager().select(modes, without, specs[0].kind)

    from twin.experiments.ccd import CriticalCurrentTest

    found: list[SweepPoint] = []
    tests: dict[str, CriticalCurrentTest] = {}
    for number, (at, spec) in enumerate(zip(points, specs, strict=True)):
        key = _but_for_pressure(spec)
        if key not in tests:
            tests[key] = CriticalCurrentTest(spec, chosen, stairs_to_climb, direction)  # type: ignore[arg-type]
        label = described(at)

        def tell(share: float, text: str, done: int = number, label: str = label) -> None:
            said = f"{label}: {text}" if label else text
            on_progress((done + share) / len(points), said)

        result = tests[key].run(spec.stack.pressure.si, tell)
        found.append(SweepPoint(at, spec, result))
        on_progress((number + 1) / len(points), label)
    return found


def _at(
    cell: CellSpec | str | Path,
    point: dict[str, str],
    overlays: Sequence[str | Path],
    overrides: Overrides,
) -> CellSpec:
    """Return the cell at one point of a sweep."""
    from twin.specs.overrides import parse_overrides
    from twin.specs.schema import CellSpec

    if isinstance(cell, CellSpec):
        spec = as_spec(cell, overlays=overlays, overrides=overrides)
        if not point:
            return spec
        from twin.api.cells import mode_entries
        from twin.specs.dump import with_overrides

        return with_overrides(spec, point, mode_entries())
    if not point:
        return load_cell(cell, overlays=overlays, overrides=overrides)
    problems: list[Any] = []
    given = dict(parse_overrides(overrides, problems))
    if problems:
        from twin.errors import SpecError

        raise SpecError(problems)
    return load_cell(cell, overlays=overlays, overrides=given | point)


def _but_for_pressure(spec: CellSpec) -> str:
    import json

    from twin.specs.dump import cell_to_data

    data = cell_to_data(spec)
    data["stack"] = {k: v for k, v in data["stack"].items() if k != "pressure"}
    return json.dumps(data, sort_keys=True)


def symmetric(spec: CellSpec, what: str) -> None:
    """Raise if a cell is not a symmetric one."""
    if spec.kind != "symmetric":
        raise InputError(
            f"{spec.name} is a {spec.kind} cell; {what} are measured on a symmetric one",
            key="kind",
            fix="take a symmetric cell with the same electrolyte: `twin cells` lists them",
        )


def frequencies(low: str | float, high: str | float | None, per_decade: int) -> Frequencies:
    """Return the frequencies of an impedance; see :func:`eis`."""
    from twin.experiments.eis import Frequencies

    first = quantity("low", low, "Hz")
    last = None if high is None else quantity("high", high, "Hz")
    if per_decade < 1:
        raise InputError(f"{per_decade} points a decade", key="per_decade", fix="give 5 or more")
    if last is not None and last < 10 * first:
        raise InputError(
            f"from {low} to {high} is less than a decade",
            key="high",
            fix="raise --to, or leave it out: the range then ends beyond the fastest arc",
        )
    return Frequencies(first, last, per_decade)


def eis(
    cell: CellSpec | str | Path | None = None,
    *,
    run: str | None = None,
    cycle: int | None = None,
    low: str | float = "10 mHz",
    high: str | float | None = None,
    per_decade: int = 10,
    rest: str | float | None = None,
    model: str = "dfn",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    store: str | Store | None = None,
) -> Impedance:
    """Measure the impedance of a fresh cell, or of a stored run after one of its cycles.

    Parameters
    ----------
    cell : CellSpec, str or Path
        A fresh cell; with ``run`` it may be left out.
    run, cycle : str, int
        A stored run, and the cycle after which to measure it (the last by default).
    low, high : str
        Lowest and highest frequency, ``"10 mHz"``; without ``high`` the range ends beyond
        the fastest arc, where no instrument reaches.
    per_decade : int
        Points a decade.
    rest : str
        Rest before the measurement: a second for a fresh cell, an hour for a stored one.
    model : {"dfn", "spm"}
        A fresh full cell's model; a stored run keeps its own.
    overlays, overrides, modes, without
        As in :func:`simulate`. A stored run has its own modes; ``overrides`` and
        ``without`` change it.
    store : str or Store, optional
        Where the run is.

    Returns
    -------
    Impedance
        Frequencies, impedance per area, and the fitted circuit.
    """
    chosen = frequencies(low, high, per_decade)
    if run is None:
        if cell is None:
            raise InputError("there is no cell to measure", key="cell", fix="name one, or a --run")
        if cycle is not None:
            raise InputError(
                f"cycle {cycle} of what run?", key="cycle", fix="name it: --run RUN --cycle N"
            )
        spec = as_spec(cell, overlays=overlays, overrides=overrides)
        selected = plugin_manager().select(modes, without, spec.kind)
        state = None
    else:
        if modes is not None or any(overlays):
            raise InputError(
                "a stored run has its modes and overlays already",
                key="run",
                fix="change it with --set and --without, or measure a fresh cell",
            )
        spec, selected, model, state = _stored(run, cycle, cell, overrides, without, store)
    seconds = quantity("rest", rest or ("1 s" if state is None else "1 hour"), "s")

    from twin.experiments.eis import measure_impedance

    return measure_impedance(
        spec, selected, model=model, frequencies=chosen, rest=seconds, state=state
    )


def transference(
    cell: CellSpec | str | Path,
    *,
    voltage: str | float = "10 mV",
    hold: str | float | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
) -> Transference:
    """Measure the transference number of a symmetric cell's electrolyte.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    voltage : str
        The step, at most ``"10 mV"``: beyond it the cell does not answer linearly.
    hold : str, optional
        How long it is held; until the current is steady by default.
    overlays, overrides, modes, without
        As in :func:`simulate`.
    on_progress : callable
        As in :func:`ccd`.

    Returns
    -------
    Transference
        ``t_plus``, Bruce and Vincent's ratio, and what both were found from.
    """
    step = quantity("voltage", voltage, "V")
    if step > MOST_VOLTS:
        raise InputError(
            f"a step of {voltage} is no small one",
            key="voltage",
            fix="take at most 10 mV: the cell answers linearly there",
        )
    seconds = None if hold is None else quantity("hold", hold, "s")
    spec = as_spec(cell, overlays=overlays, overrides=overrides)
    symmetric(spec, "transference numbers")
    chosen = plugin_manager().select(modes, without, spec.kind)

    from twin.experiments.transference import measure_transference

    return measure_transference(spec, chosen, voltage=step, hold=seconds, on_progress=on_progress)


def gitt(
    cell: CellSpec | str | Path,
    *,
    electrode: str = "cathode",
    points: int = 20,
    current: str | float | None = None,
    pulse: str | float | None = None,
    rest: str | float | None = None,
    direction: str | None = None,
    model: str = "spm",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
) -> Gitt:
    """Titrate an electrode of a full cell: open-circuit points and apparent diffusivities.

    Parameters
    ----------
    cell : CellSpec, str or Path
        The cell.
    electrode : {"cathode", "anode"}
        Which electrode; a composite of particles.
    points : int
        Pulses over the nominal capacity.
    current : str, optional
        Current density of the pulses; C/20 by default.
    pulse, rest : str, optional
        Their lengths; a hundredth and a half of the particles' ``R^2/D`` by default.
    direction : {"charge", "discharge"}, optional
        Which way; towards the emptier side of a full electrode by default.
    model : {"spm", "dfn"}
        The cell's model.
    overlays, overrides, modes, without
        As in :func:`simulate`.
    on_progress : callable
        As in :func:`ccd`.

    Returns
    -------
    Gitt
        The points, each with its filling, potential at rest and apparent diffusivity.
    """
    if points < 1:
        raise InputError(f"{points} points", key="points", fix="give at least 1")
    if direction not in (None, "charge", "discharge"):
        raise InputError(
            f"there is no direction {direction!r}", key="direction", fix="charge or discharge"
        )
    given = {
        "density": None if current is None else quantity("current", current, "A/m^2"),
        "pulse": None if pulse is None else quantity("pulse", pulse, "s"),
        "rest": None if rest is None else quantity("rest", rest, "s"),
    }
    spec = as_spec(cell, overlays=overlays, overrides=overrides)
    chosen = plugin_manager().select(modes, without, spec.kind)

    from twin.experiments.gitt import measure_gitt, titration

    charge = None if direction is None else direction == "charge"
    plan = titration(spec, electrode, points=points, charge=charge, **given)
    return measure_gitt(
        spec,
        chosen,
        electrode,  # type: ignore[arg-type]
        plan,
        model=model,
        on_progress=on_progress,
    )


def _stored(
    run: str,
    cycle: int | None,
    cell: Any,
    overrides: Overrides,
    without: Iterable[str],
    store: str | Store | None,
) -> tuple[CellSpec, list[Any], str, StoredState | None]:
    """Return a stored run's cell, modes, model, and its state after a cycle."""
    import json

    from twin.api.cells import mode_entries
    from twin.api.runs import open_store
    from twin.engine.checkpoint import State
    from twin.experiments.eis import StoredState
    from twin.specs.dump import cell_from_data, with_overrides

    opened = open_store(store)
    info = opened.run(run)
    if cell is not None and str(cell) != info.cell_name:
        raise InputError(
            f"run {info.id} is of {info.cell_name}, not of {cell}",
            key="run",
            fix=f"leave the cell out, or name {info.cell_name}",
        )
    assert info.cell_spec is not None  # Store.run reads it
    entries = mode_entries()
    spec = cell_from_data(info.cell_spec, entries)
    if overrides:
        spec = with_overrides(spec, overrides, entries)
    selected = plugin_manager().select(list(info.modes), without, spec.kind)
    state = State.from_bytes(opened.checkpoint(info.id, cycle).data)
    found = None
    if state.y is not None:  # after cycle 0 there is none: the cell is fresh
        layout = json.loads(opened.checkpoint(info.id, 0).layout)
        found = StoredState(state.y, layout, state.t)
    return spec, selected, info.settings["model"], found
