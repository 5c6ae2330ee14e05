"""``twin studies``: forecasts, attributions, maps and designs that are in the store."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.store import StudyInfo

_PAGES = {
    "forecast": "twin.cli.forecasts",
    "attribute": "twin.cli.attribution",
    "map": "twin.cli.maps",
    "design": "twin.cli.designs",
}
"""The module that shows a study of a kind, by its ``show_study``."""

StudyRef = Annotated[
    str, typer.Argument(metavar="ID", help="An id from `twin studies`, or 'last'.")
]


def add_commands(app: typer.Typer) -> None:
    """Add ``twin studies`` and its subcommands."""
    studies = group(app, "studies", list_studies)
    command(studies, "show")(show_study)
    command(studies, "remove")(remove_study)


def list_studies(
    session: Session,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="K", help="forecast, attribute, map, sweep, design or track."
        ),
    ] = None,
    cell: Annotated[
        str | None, typer.Option("--cell", metavar="NAME", help="Only studies of this cell.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")
    ] = 20,
) -> None:
    """List the studies in the store; show one again, remove one."""
    import twin
    from twin.errors import InputError

    kinds = twin.study_kinds()
    if kind is not None and kind not in kinds:
        raise InputError(
            f"there is no kind of study {kind!r}", key="kind", fix=f"one of {', '.join(kinds)}"
        )
    every = session.store.studies(kind=kind)
    infos = [study for study in every if cell in (None, study.cell_name)][:limit]

    def page(sheet: Page) -> None:
        if not infos:
            sheet.line("no studies yet: start one with `twin forecast CELL`")
            return
        columns = ("study", "kind", "cell", "status", "lives", "came to", "ago")
        sheet.table(columns, map(_row, infos), keep=(0, 1, 3, 6), right=(4,))
        sheet.line("see one again: twin studies show ID", "dim")

    session.finish([_listed(study) for study in infos], page)


def _listed(study: StudyInfo) -> dict[str, Any]:
    return {
        "study": study.id,
        "kind": study.kind,
        "cell": study.cell_name,
        "status": study.status,
        "members": dict(study.members),
        "created": study.created,
        "came_to": _came_to(study),
        "damaged": {damage.column: damage.why for damage in study.damage},
    }


def _row(study: StudyInfo) -> tuple[Any, ...]:
    from twin.cli.formats import ago

    lives = sum(study.members.values())
    return (
        study.id, study.kind, study.cell_name, study.status, lives, _came_to(study),
        ago(study.created),
    )  # fmt: skip


def _came_to(study: StudyInfo) -> str:
    """Return what came of a study, in a few words; nothing where that is not kept."""
    from twin.cli.formats import short

    kept = study.summary or {}
    if study.kind == "forecast" and kept.get("samples"):
        median = kept.get("median_life")
        beyond = f"more than {kept.get('cycles')}"
        return f"median {beyond if median is None else short(median)} cycles"
    if study.kind == "attribute" and kept.get("by_mode"):
        most = max(kept["by_mode"], key=lambda mode: kept["by_mode"][mode])
        return f"most by {most}"
    return ""


def _whole_id(session: Session, ref: str) -> str:
    """Return the id of a study: one, a unique beginning of it, or 'last'."""
    from twin.errors import NotFoundError

    ids = [study.id for study in session.store.studies()]
    if ref == "last" and ids:
        return ids[0]
    near = [own for own in ids if own.startswith(ref)]
    if ref in ids or len(near) != 1:
        if ref in ids:
            return ref
        raise NotFoundError(
            f"there is no study {ref!r}"
            if not near
            else f"{len(near)} studies begin with {ref!r}: {', '.join(near[:5])}",
            fix="see `twin studies`",
        )
    return near[0]


def show_study(session: Session, study: StudyRef) -> None:
    """Show a study again, as its command did."""
    import twin
    from twin.errors import InputError

    whole = _whole_id(session, study)
    study_document = twin.load_study(whole, store=session.store)
    document = study_document.to_dict()
    kind = session.store.study(whole).kind
    if "study" not in document:
        raise InputError(
            f"study {whole} has not come to an end",
            fix=f"go on with it: twin {kind} CELL --study {whole}",
        )

    def page(sheet: Page) -> None:
        if kind in _PAGES:
            import_module(_PAGES[kind]).show_study(sheet, document)
        else:
            sheet.line(f"study {document['study']} is of a plugin: see --json")

    session.finish(document, page)


def remove_study(session: Session, study: StudyRef) -> None:
    """Remove a study with all its runs."""
    whole = _whole_id(session, study)
    runs = session.store.delete_study(whole)
    document = {"removed": whole, "runs": runs}
    session.finish(document, lambda sheet: sheet.line(f"removed study {whole} and {runs} runs"))
