"""``twin runs`` and ``twin show``: what is in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin import Status
from twin.cli.command import command
from twin.cli.options import LeaveOneOut, RunId
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.store import RunInfo

STATUSES = tuple(status.value for status in Status)


def add_commands(app: typer.Typer) -> None:
    """Add ``twin runs`` and ``twin show``."""
    command(app, "runs")(list_runs)
    command(app, "show")(show_run)
    command(app, "note")(note_run)


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
    study: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="Only members of this study.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="T", help="Only runs with this tag.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="The members of studies too (`twin studies`).")
    ] = False,
) -> None:
    """List the runs in the store, newest first.

    Members of studies are left out: --all lists them too, and `twin studies` the studies.
    """
    _check_status(status)
    if study is not None:
        study = session.store.study(study).id
    alone = study is None and not every
    # A tag is known only here: it is cut here too.
    most = limit if tag is None else None
    infos = session.store.runs(cell=cell, status=status, limit=most, study=study, alone=alone)
    if tag is not None:
        infos = [run for run in infos if tag in run.settings.get("tags", ())][:limit]

    def page(sheet: Page) -> None:
        if not infos:
            chosen = " of this kind" if cell or status else " yet: start one with `twin run CELL`"
            sheet.line(f"no runs{chosen}")
            return
        columns = ("run", "cell, changed", "status", "cycle", "cause", "ago")
        sheet.table(columns, map(_row, infos), keep=(0, 2, 3, 5))
        if len(infos) == limit:
            sheet.line(f"the newest {limit}; more with --limit", "dim")

    session.finish([_listed(run) for run in infos], page)


def note_run(
    session: Session,
    run: RunId,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The note; '' takes it away.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="T", help="Add a tag (repeatable).")
    ] = None,
    untag: Annotated[
        list[str] | None, typer.Option("--untag", metavar="T", help="Take a tag away.")
    ] = None,
) -> None:
    """Write a note or tags on a run; without any, show them."""
    info = session.store.run(run)
    tags = list(info.settings.get("tags", ()))
    changed = [t for t in dict.fromkeys([*tags, *(tag or ())]) if t and t not in (untag or ())]
    if text is not None or changed != tags:
        session.store.annotate_run(info.id, note=text, tags=changed)
        info = session.store.run(info.id)
    tags = list(info.settings.get("tags", ()))
    document = {"run": info.id, "note": info.settings.get("note"), "tags": tags}

    def page(sheet: Page) -> None:
        sheet.facts(
            [
                ("run", info.id),
                ("note", document["note"] or "none"),
                ("tags", ", ".join(tags) or "none"),
            ]
        )

    session.finish(document, page)


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
        "overlays": list(run.settings.get("overlays", ())),
        "overrides": dict(run.settings.get("overrides", {})),
        "note": run.settings.get("note"),
        "tags": list(run.settings.get("tags", ())),
        "wall_s": run.wall_s,
        "created": run.created,
        "updated": run.updated,
        "damaged": {damage.column: damage.why for damage in run.damage},
    }


def _row(run: RunInfo) -> tuple[Any, ...]:
    from rich.text import Text

    from twin.cli.formats import ago
    from twin.cli.run_page import STYLES

    outcome = run.outcome or {}
    cause = f"{outcome.get('mode')}: {outcome['criterion']}" if outcome.get("criterion") else ""
    cause = "; ".join(f"{d.column}: {d.why}" for d in run.damage) or cause
    status = Text(run.status_now, style=STYLES.get(run.status_now, ""))
    cycles = f"{run.cycles}/{run.cycles_requested}"
    settings = run.settings
    tags = " ".join(f"#{tag}" for tag in settings.get("tags", ()))
    below = [text for text in (_changed(run), settings.get("note"), tags) if text]
    cell = "\n  ".join([run.cell_name, *below])
    return run.id, cell, status, cycles, cause, ago(run.created)


def _changed(run: RunInfo) -> str:
    """Return what a run changed of its cell and protocol, in a line."""
    overlays = [f"with {name}" for name in run.settings.get("overlays", ())]
    overrides = run.settings.get("overrides", {})
    changed = (f"{key.rpartition('.')[2]} {value}" for key, value in overrides.items())
    return ", ".join([*overlays, *changed])


def show_run(session: Session, run: RunId, leave_one_out: LeaveOneOut = None) -> None:
    """Show a run: how it ended, why, and what was near."""
    import twin
    from twin.cli.run_page import show
    from twin.cli.running import leave_out, outlook
    from twin.report.describe import describe

    result = twin.load_run(run, store=session.store)
    if leave_one_out:
        result = leave_out(session, result)
    document = describe(result) | outlook(session, result)
    session.finish(document, lambda sheet: show(sheet, result, document))
