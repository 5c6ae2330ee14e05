"""Critical currents, measured on a cell's twin as a laboratory measures them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from twin.errors import InputError
from twin.experiments.arguments import OnShare, quantity, symmetric, to_measure
from twin.modes.manager import plugin_manager
from twin.scenario import Scenario

if TYPE_CHECKING:
    from twin.catalog.asked import StairsAsked
    from twin.experiments.ccd import CriticalCurrents
    from twin.experiments.staircase import Staircase
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec


@dataclass(frozen=True)
class SweepPoint:
    """One point of a sweep: the values it is at, the cell, and what was found."""

    at: dict[str, str]
    spec: CellSpec
    currents: CriticalCurrents


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
    cell: CellSpec | Scenario | str | Path,
    *,
    direction: str = "alternating",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
    **stairs: Unpack[StairsAsked],
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
    return point.currents


def ccd_sweep(
    cell: CellSpec | Scenario | str | Path,
    *,
    sweep: Sequence[str] = (),
    direction: str = "alternating",
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Iterable[str] | None = None,
    without: Iterable[str] = (),
    on_progress: OnShare = lambda share, text: None,
    **stairs: Unpack[StairsAsked],
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
    wanted = to_measure(cell, overlays, overrides, modes, without)
    specs = [_at(wanted, point) for point in points]
    for spec in specs:
        symmetric(spec, "critical currents")
    chosen = plugin_manager().select(wanted.modes, wanted.without, specs[0].kind)

    from twin.experiments.ccd import CriticalCurrentTest

    swept: list[SweepPoint] = []
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
        swept.append(SweepPoint(at, spec, result))
        on_progress((number + 1) / len(points), label)
    return swept


def _at(wanted: Scenario, point: dict[str, str]) -> CellSpec:
    """Return the cell at one point of a sweep."""
    from twin.specs.dump import with_values
    from twin.specs.schema import CellSpec

    if isinstance(wanted.cell, CellSpec):
        spec, _ = wanted.cell_and_modes()
        return with_values(spec, point) if point else spec
    return Scenario.of(wanted, overrides=point).cell_and_modes()[0]


def _but_for_pressure(spec: CellSpec) -> str:
    import json

    from twin.specs.dump import cell_to_data

    data = cell_to_data(spec)
    data["stack"] = {k: v for k, v in data["stack"].items() if k != "pressure"}
    return json.dumps(data, sort_keys=True)
