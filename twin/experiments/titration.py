"""Transference numbers and galvanostatic titrations, measured on a cell's twin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import InputError
from twin.experiments.arguments import OnShare, quantity, symmetric, to_measure

if TYPE_CHECKING:
    from twin.experiments.gitt import Gitt
    from twin.experiments.transference import Transference
    from twin.scenario import Scenario
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec

MOST_VOLTS = 0.0100001
"""The largest step a transference number is measured with [V]: 10 mV."""


def transference(
    cell: CellSpec | Scenario | str | Path,
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
    wanted = to_measure(cell, overlays, overrides, modes, without)
    spec, chosen = wanted.cell_and_modes()
    symmetric(spec, "transference numbers")

    from twin.experiments.transference import measure_transference

    return measure_transference(spec, chosen, voltage=step, hold=seconds, on_progress=on_progress)


def gitt(
    cell: CellSpec | Scenario | str | Path,
    *,
    electrode: str = "cathode",
    points: int = 20,
    current: str | float | None = None,
    pulse: str | float | None = None,
    rest: str | float | None = None,
    direction: str | None = None,
    model: str | None = None,
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
    wanted = to_measure(cell, overlays, overrides, modes, without, model)
    spec, chosen = wanted.cell_and_modes()

    from twin.experiments.gitt import measure_gitt, titration

    charge = None if direction is None else direction == "charge"
    plan = titration(spec, electrode, points=points, charge=charge, **given)
    return measure_gitt(
        spec,
        chosen,
        electrode,  # type: ignore[arg-type]
        plan,
        model=wanted.model or "spm",
        on_progress=on_progress,
    )
