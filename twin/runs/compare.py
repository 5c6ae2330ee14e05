"""The same protocol over many cells or overlays, or stored runs, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.catalog.cells import list_cells
from twin.errors import InputError
from twin.runs.record import open_store
from twin.runs.simulate import load_run, simulate

if TYPE_CHECKING:
    from twin.catalog.asked import SettingsOfRun
    from twin.runs.result import RunResult
    from twin.store import Store

PLUS = "+"
"""Joins a cell to the overlays laid over it: ``na-nzsp-na+sbf3-interlayer``."""


def split_item(item: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the cell and the overlays that an item names; None for a run.

    An item is a cell's name or TOML file, ``CELL+OVERLAY+…``, or a stored run's id. A
    run's id has no plus and is no cell's name.
    """
    cell, *overlays = item.split(PLUS)
    named = cell in list_cells() or cell.endswith(".toml") or "/" in cell
    if not named and not overlays and not Path(cell).is_file():
        return None
    return cell, tuple(overlays)


def compare(
    items: Sequence[str],
    *,
    store: str | Store | None = None,
    overlays: Sequence[str] = (),
    progress: Callable[[float, str], None] | None = None,
    alone: bool = False,
    **settings: Unpack[SettingsOfRun],
) -> dict[str, RunResult]:
    """Return a run for each item: the stored one, or one made now.

    Parameters
    ----------
    items : sequence of str
        Cells, cells with overlays (``CELL+OVERLAY``), or runs.
    store : str or Store, optional
        Where runs are read from and kept.
    overlays : sequence of str
        Overlays laid over every cell, before its own.
    progress : callable, optional
        Told the share done and what is being done.
    alone : bool
        Whether one item is enough, as it is compared to something else.
    **settings
        Passed to :func:`twin.simulate`: cycles, protocol, overrides, modes, without, model.

    Raises
    ------
    InputError
        For fewer than two items, or one twice.
    TwinError
        If a cell, an overlay or a run is not there; before anything is run.
    """
    if len(set(items)) < max(1 if alone else 2, len(items)):
        twice = sorted({item for item in items if items.count(item) > 1})
        raise InputError(
            f"{', '.join(twice)} is named twice" if twice else "one alone cannot be compared",
            key="items",
            fix="name two or more: cells, CELL+OVERLAY, or runs",
        )
    opened = open_store(store)
    parts = {item: split_item(item) for item in items}
    results = {item: load_run(item, store=opened) for item, part in parts.items() if part is None}
    _check_cells(parts, overlays, settings.get("overrides", ()))
    wanted = [(item, part) for item, part in parts.items() if part is not None]
    for index, (item, (cell, own)) in enumerate(wanted):

        def tell(state: Any, item: str = item, index: int = index) -> None:
            if progress is not None:
                done = state.cycle / max(state.total or 1, 1)
                progress((index + min(done, 1.0)) / len(wanted), f"{item}, cycle {state.cycle}")

        results[item] = simulate(
            cell, overlays=(*overlays, *own), store=opened, on_cycle=tell, **settings
        )
    return {item: results[item] for item in items}


def _check_cells(parts: dict[str, Any], overlays: Sequence[str], overrides: Any) -> None:
    """Load every cell once, so that a mistake in the last is known before the first runs."""
    from twin.catalog.cells import load_cell, split_overrides

    for part in parts.values():
        if part is not None:
            for_cell, _ = split_overrides(overrides)
            load_cell(part[0], overlays=(*overlays, *part[1]), overrides=for_cell)
