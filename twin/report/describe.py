"""All that is worth knowing of a stored run, as plain data."""

from __future__ import annotations

from typing import Any

from twin.catalog.cells import acting_modes
from twin.catalog.entries import stored_cell
from twin.columns import COLUMNS
from twin.errors import TwinError
from twin.report.exports import export_run
from twin.report.severity import warning_margins
from twin.report.view import cell_area
from twin.report.worst_patch import judged_by, patch_stories
from twin.runs.result import RunResult
from twin.status import Status
from twin.store import RunInfo

__all__ = ["acting_in", "describe", "export_run"]

CAPACITY = "capacity_Ah"


def describe(result: RunResult) -> dict[str, Any]:
    """Return the document of ``twin show``."""
    info, rows, events = result.info, result.rows, result.store.events(result.id)
    last = rows[-1] if rows else {}
    return result.to_dict() | {
        "title": info.cell_title,
        "kind": info.cell_kind,
        "family": info.cell_family or None,
        "cell_hash": info.cell_hash,
        "protocol": info.protocol,
        "cycles_requested": info.cycles_requested,
        "last_cycle": info.last_cycle,
        "created": info.created,
        "updated": info.updated,
        "host": info.host,
        "packages": info.packages,
        "acting_modes": acting_in(info),
        "events": events,
        "margins": last.get("margins") or {},
        "warning_margins": warning_margins(info, last.get("margins") or {}),
        "numbers": _numbers(rows, _area(info)),
        "patches": [story.to_dict() for story in patch_stories(result)],
        "judged_by": judged_by(result),
        "resume": _how_to_go_on(info),
    }


def acting_in(info: RunInfo) -> list[str]:
    """Return which of a run's modes act in its cell; all of them where that cannot be told."""
    try:
        return acting_modes(stored_cell(info.cell_spec or {}), info.modes)
    except TwinError:  # a mode, or the cell, is no longer what it was
        return list(info.modes)


def _area(info: RunInfo) -> float:
    return cell_area(info) * 1e4


def _numbers(rows: list[dict[str, Any]], area: float) -> list[dict[str, Any]]:
    complete = [row for row in rows if row.get("complete", True)]
    if not complete:
        return []
    first, last = complete[0], complete[-1]
    numbers = []
    for column in sorted((c for c in COLUMNS.values() if c.told), key=lambda c: c.told):
        stored = [row.get(column.key) for row in (first, last)]
        values = [None if x is None else column.show(x) for x in stored]
        if values == [None, None]:
            continue
        estimated = column.key == CAPACITY and last.get("capacity_estimated")
        end = ", estimated" if estimated else ""
        numbers.append(_ends(f"{column.words}{end}", column.shown, values))
        if column.key == CAPACITY:
            per_area = [None if x is None else x / area for x in values]
            numbers.append(_ends(f"{column.words} per area{end}", "mAh/cm2", per_area))
    return numbers


def _ends(what: str, unit: str, values: list[float | None]) -> dict[str, Any]:
    return {"what": what, "unit": unit, "first": values[0], "last": values[1]}


def _how_to_go_on(info: RunInfo) -> str | None:
    """Return the command that continues a run, if there is one."""
    if info.status_now in (Status.INTERRUPTED, Status.CANCELLED):
        return f"twin resume {info.id}"
    if info.status_now == Status.RUNNING:
        return f"it is being written by process {info.pid}; if that is lost: twin resume {info.id}"
    if info.status_now == Status.RUNNING_ELSEWHERE:
        return f"if it no longer runs on {info.host}: twin resume {info.id}"
    if info.status_now == Status.COMPLETED:
        whole = all(phase.get("cycles") for phase in info.protocol.get("phase", ()))
        return None if whole else f"twin resume {info.id} --cycles {info.cycles_requested + 100}"
    if info.status_now == Status.LEFT_WINDOW:
        return f"run it with another protocol; {info.outcome.get('fix')}"
    if info.status_now == Status.CELL_FAILED:
        before = max(info.last_cycle - 2, 0)
        return f"a what-if: twin resume {info.id} --from-cycle {before} --set KEY=VALUE"
    return f"twin resume {info.id} --from-cycle {info.last_cycle} --rtol 1e-6 --atol 1e-8"
