"""``twin runs`` and ``twin show``: what is in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command
from twin.cli.options import RunId
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.api import RunResult
    from twin.cli.page import Page
    from twin.store import RunInfo

ZERO_CELSIUS = 273.15
STATUSES = (
    "completed",
    "cell-failed",
    "solver-gave-up",
    "cancelled",
    "running",
    "interrupted",
    "running elsewhere?",
)
# What is worth comparing between the first and the last cycle: key, words, unit, factor.
_NUMBERS = (
    ("capacity_Ah", "capacity", "mAh", 1e3),
    ("areal_capacity", "capacity per area", "mAh/cm2", 1.0),
    ("coulombic_efficiency", "coulombic efficiency", "%", 100.0),
    ("resistance_Ohm_m2", "area-specific resistance", "ohm cm2", 1e4),
    ("voltage_min_V", "lowest voltage", "V", 1.0),
    ("voltage_max_V", "highest voltage", "V", 1.0),
    ("pressure_min_Pa", "lowest stack pressure", "MPa", 1e-6),
    ("pressure_max_Pa", "highest stack pressure", "MPa", 1e-6),
    ("temperature_max_degC", "highest temperature", "degC", 1.0),
)


def add_commands(app: typer.Typer) -> None:
    """Add ``twin runs`` and ``twin show``."""
    command(app, "runs")(list_runs)
    command(app, "show")(show_run)


def list_runs(
    session: Session,
    cell: Annotated[
        str | None, typer.Option("--cell", metavar="NAME", help="Only runs of this cell.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="S", help="Only runs of this status.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")
    ] = 20,
) -> None:
    """List the runs in the store, newest first."""
    _check_status(status)
    found = session.store.runs(cell=cell, status=status, limit=limit)

    def page(sheet: Page) -> None:
        if not found:
            chosen = " of this kind" if cell or status else " yet: start one with `twin run CELL`"
            sheet.line(f"no runs{chosen}")
            return
        sheet.table(("run", "cell", "status", "cycle", "cause", "ago"), map(_row, found))
        if len(found) == limit:
            sheet.line(f"the newest {limit}; more with --limit", "dim")

    session.finish([_listed(run) for run in found], page)


def _check_status(status: str | None) -> None:
    if status is None or status in STATUSES:
        return
    from difflib import get_close_matches

    from twin.errors import InputError

    near = get_close_matches(status, STATUSES, 1)
    raise InputError(
        f"{status!r} is no status of a run",
        key="status",
        fix=f"did you mean {near[0]!r}?" if near else f"one of {', '.join(STATUSES)}",
    )


def _listed(run: RunInfo) -> dict[str, Any]:
    outcome = run.outcome or {}
    return {
        "run": run.id,
        "cell": run.cell_name,
        "kind": run.cell_kind,
        "status": run.status_now,
        "cycles": run.cycles,
        "cycles_requested": run.cycles_requested,
        "mode": outcome.get("mode"),
        "criterion": outcome.get("criterion"),
        "protocol": run.protocol.get("name"),
        "parent": [run.parent_run, run.parent_cycle] if run.parent_run else None,
        "study": run.study,
        "wall_s": run.wall_s,
        "created": run.created,
        "updated": run.updated,
    }


def _row(run: RunInfo) -> tuple[Any, ...]:
    from rich.text import Text

    from twin.cli.formats import ago
    from twin.cli.run_page import STYLES

    outcome = run.outcome or {}
    cause = f"{outcome['mode']}: {outcome['criterion']}" if outcome.get("criterion") else ""
    status = Text(run.status_now, style=STYLES.get(run.status_now, ""))
    cycles = f"{run.cycles}/{run.cycles_requested}"
    return run.id, run.cell_name, status, cycles, cause, ago(run.created)


def show_run(session: Session, run: RunId) -> None:
    """Show a run: how it ended, why, and what was near."""
    from twin import api
    from twin.cli.run_page import show

    result = api.load_run(run, store=session.store)
    document = describe(result)
    session.finish(document, lambda sheet: show(sheet, result, document))


def describe(result: RunResult) -> dict[str, Any]:
    """Return the document of ``twin show``."""
    info, rows = result.info, result.rows
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
        "events": result.store.events(result.id),
        "margins": last.get("margins") or {},
        "numbers": _numbers(rows, _area(info)),
        "resume": _how_to_go_on(info),
    }


def _area(info: RunInfo) -> float:
    from twin.report.view import cell_area

    return cell_area(info) * 1e4


def _numbers(rows: list[dict[str, Any]], area: float) -> list[dict[str, Any]]:
    complete = [row for row in rows if row.get("complete", True)]
    if not complete:
        return []
    first, last = (
        row
        | {
            "areal_capacity": row["capacity_Ah"] * 1e3 / area,
            "temperature_max_degC": row["temperature_max_K"] - ZERO_CELSIUS,
        }
        for row in (complete[0], complete[-1])
    )
    found = []
    for key, words, unit, factor in _NUMBERS:
        values = [None if r.get(key) is None else factor * r[key] for r in (first, last)]
        if values != [None, None]:
            found.append({"what": words, "unit": unit, "first": values[0], "last": values[1]})
    return found


def _how_to_go_on(info: RunInfo) -> str | None:
    """Return the command that continues a run, if there is one."""
    if info.status_now in ("interrupted", "cancelled"):
        return f"twin resume {info.id}"
    if info.status_now == "running":
        return f"it is being written by process {info.pid}; if that is lost: twin resume {info.id}"
    if info.status_now == "running elsewhere?":
        return f"if it no longer runs on {info.host}: twin resume {info.id}"
    if info.status_now == "completed":
        whole = all(phase.get("cycles") for phase in info.protocol.get("phase", ()))
        return None if whole else f"twin resume {info.id} --cycles {info.cycles_requested + 100}"
    if info.status_now == "cell-failed":
        before = max(info.last_cycle - 2, 0)
        return f"a what-if: twin resume {info.id} --from-cycle {before} --set KEY=VALUE"
    return f"twin resume {info.id} --from-cycle {info.last_cycle} --rtol 1e-6 --atol 1e-8"
