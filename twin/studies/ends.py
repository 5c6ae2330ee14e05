"""A verdict at both ends of what no data decide.

Some numbers of a mode's law are known together only: either of two sets gives what has been
measured, and a life may hang on which it is. A mode names such sets in its ``ends.toml``
(:meth:`twin.FailureMode.ends`). A cell whose numbers are one of them has its verdict given at
the others too; one that was given numbers of its own there has a single verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.scenario import Scenario
from twin.studies.base import base_of, modes_of, study_design
from twin.studies.sensitivity_kept import ENDS_FOLDER, keep, kept, known_of_hash, lived_as
from twin.studies.trial_lives import trial_lives

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode
    from twin.specs.schema import CellSpec
    from twin.store.records import RunInfo

_SAME = 1e-9
"""Relative difference under which two values are one."""


@dataclass(frozen=True)
class OtherEnd:
    """A set of numbers that a cell might have instead of its own.

    Attributes
    ----------
    mode : str
        The mode whose numbers they are.
    change : mapping
        Their values by key, as a cell file would give them.
    """

    mode: str
    change: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What the life is called."""
        prefix = f"modes.{self.mode}."
        pairs = ((key.removeprefix(prefix), value) for key, value in self.change.items())
        return ", ".join(
            f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in pairs
        )


def other_ends(spec: CellSpec, modes: Iterable[FailureMode]) -> list[OtherEnd]:
    """Return the ends that a cell is not at, of every mode at one of whose ends it is."""
    from twin.modes.context import CellContext

    far_ends = []
    for mode in modes:
        ends = [_full(mode.id, end) for end in mode.ends(CellContext(spec))]
        others = [end for end in ends if not _is_at(spec, end)]
        if len(others) < len(ends):
            far_ends += [OtherEnd(mode.id, end) for end in others]
    return far_ends


def _full(mode: str, end: Mapping[str, Any]) -> dict[str, Any]:
    return {f"modes.{mode}.{key}": value for key, value in end.items()}


def _is_at(spec: CellSpec, end: Mapping[str, Any]) -> bool:
    from twin.specs.naming import find
    from twin.specs.quantity import parse_quantity

    for key, value in end.items():
        own = find(spec, key)
        there = parse_quantity(value, own.unit).si
        if not math.isclose(own.si, there, rel_tol=_SAME):
            return False
    return True


def verdict_ends(
    cell: CellSpec | Scenario | str | Path,
    *,
    cycles: int | None = None,
    progress: Callable[[float, str], None] | None = None,
    **asked: Any,
) -> list[dict[str, Any]]:
    """Live a cell at the other ends of what no data decide, and remember it.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    cycles : int
        The horizon; 2000 by default.
    progress : callable, optional
        Told the share done and what is being lived.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model`` (``"spm"``
        by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Returns
    -------
    list of dict
        ``{mode, values, life_cycles, died_of}`` for each; empty where there is no other end.
        ``values`` are its numbers by key; ``life_cycles`` is extrapolated where the cell lives,
        and None where nothing wears it out; ``died_of`` is None for a cell that lives.

    Raises
    ------
    InputError
        For input that cannot be used.
    """
    design = study_design(Scenario.of(cell, cycles=cycles, **asked).filled({"cycles": 2000}), None)
    verdicts = at_ends(design, progress)
    if verdicts:
        about = {key: design[key] for key in ("protocol", "modes", "cycles")}
        keep(base_of(design), {"ends": verdicts, **about}, ENDS_FOLDER)
    return verdicts


def at_ends(
    design: Mapping[str, Any], progress: Callable[[float, str], None] | None = None
) -> list[dict[str, Any]]:
    """Return the lives of a study's cell at the other ends."""
    ends = other_ends(base_of(design), modes_of(design))
    if not ends:
        return []
    lives = trial_lives(design, ends, 0, progress, first=False)
    return [
        {
            "mode": end.mode,
            "values": dict(end.change),
            "life_cycles": life if math.isfinite(life) else None,
            "died_of": died,
        }
        for end, (life, died) in zip(ends, lives, strict=True)
    ]


def said_of_ends(ends: Sequence[Mapping[str, Any]], horizon: int) -> list[str]:
    """Say each of the lives in a sentence."""
    numbers = (OtherEnd(end["mode"], end["values"]).label for end in ends)
    return [f"{n}: {_said(end, horizon)}" for n, end in zip(numbers, ends, strict=True)]


def _said(end: Mapping[str, Any], horizon: int) -> str:
    """Say how a life ended that may outlast the horizon."""
    if end["died_of"] is None:
        return f"more than {horizon} cycles"
    life = end["life_cycles"]
    when = "in the first cycle" if life < 1 else f"{life:.0f} cycles"
    return f"{when} ({end['died_of']})"


def ends_of_run(info: RunInfo) -> list[str]:
    """Say the verdicts at the other ends of a stored run, where they are known of its cell."""
    own = kept(info.cell_hash, ENDS_FOLDER) or {}
    shipped = known_of_hash(info.cell_name, info.cell_hash) or {}
    for ends in (own, shipped):
        if ends and lived_as(ends, info):
            return said_of_ends(ends.get("ends", ()), ends["cycles"])
    return []


__all__ = ["ends_of_run", "other_ends", "said_of_ends", "verdict_ends"]
