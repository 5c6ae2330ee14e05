"""``twin overlays``, ``twin materials``, ``twin keys``: what to lay over, take and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command, group
from twin.cli.options import CellName, OverlayName, Overlays
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add the three."""
    overlays = group(app, "overlays", list_overlays)
    command(overlays, "show")(show_overlay)
    materials = group(app, "materials", list_materials)
    command(materials, "show")(show_material)
    command(app, "keys")(list_keys)


def list_overlays(
    session: Session,
    cell: Annotated[
        str | None,
        typer.Option("--cell", metavar="CELL", help="Only those that fit this cell."),
    ] = None,
) -> None:
    """List the overlays; show one."""
    import twin

    names = twin.library().names("overlays") if cell is None else twin.overlays_for(cell)
    found = [twin.overlay_entry(name) for name in names]

    def page(sheet: Page) -> None:
        good = [entry for entry in found if "problem" not in entry]
        rows = [(e["name"], ", ".join(e["kinds"]), e["title"]) for e in good]
        sheet.table(("overlay", "for", "title"), rows)
        for entry in found:
            if "problem" in entry:
                sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")
        sheet.line()
        sheet.line("lay one over a cell: twin run CELL --with OVERLAY", "dim")

    session.finish(found, page)


def show_overlay(session: Session, name: OverlayName) -> None:
    """Show an overlay: what it changes, and what it needs of a cell."""
    import twin

    found = twin.describe_overlay(name)

    def page(sheet: Page) -> None:
        sheet.line(f"{found['name']}: {found['title']}", "bold")
        sheet.line()
        sheet.facts(
            [
                ("for", ", ".join(found["kinds"]) + " cells"),
                *(("needs", f"{key} = {value}") for key, value in found["requires"].items()),
                ("because", found["because"]),
            ]
        )
        sheet.heading("What it changes")
        for key, value in found["changes"].items():
            sheet.line(f"{key} = {value}")

    session.finish(found, page)


def list_materials(session: Session) -> None:
    """List the materials; show one."""
    import twin

    found = [twin.material_entry(name) for name in twin.library().names("materials")]

    def page(sheet: Page) -> None:
        good = [entry for entry in found if "problem" not in entry]
        rows = [(e["name"], e["kind"], e["family"] or "-", e["title"]) for e in good]
        sheet.table(("material", "kind", "family", "title"), rows, keep=(0, 1))
        for entry in found:
            if "problem" in entry:
                sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")

    session.finish(found, page)


def show_material(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `twin materials`.")],
) -> None:
    """Show a material: every number it gives."""
    import twin

    found = twin.material_entry(name, whole=True)

    def page(sheet: Page) -> None:
        sheet.line(f"{found['name']}: {found['title']}", "bold")
        sheet.line()
        sheet.facts([("kind", found["kind"]), ("family", found["family"])])
        sheet.heading("What it gives")
        for key, value in found["numbers"].items():
            sheet.line(f"{key} = {value}")

    session.finish(found, page)


def list_keys(
    session: Session,
    cell: CellName,
    pattern: Annotated[
        str, typer.Argument(metavar="TEXT", help="Only keys with this in them.")
    ] = "",
    overlays: Overlays = None,
) -> None:
    """List what --set can change in a cell.

    The parameters of the cell's own protocol are among them.
    """
    import twin

    asked = twin.Scenario.of(cell, overlays=overlays or ()).resolve()
    found = twin.cell_keys(asked.spec, asked.rules)
    found = [entry for entry in found if pattern.lower() in entry["key"].lower()]
    if not found:
        from twin.errors import NotFoundError

        raise NotFoundError(
            f"no key of {cell} has {pattern!r} in it", fix="leave the text out to see all"
        )

    def page(sheet: Page) -> None:
        rows: list[tuple[Any, ...]] = [(e["key"], e["value"], e["status"] or "-") for e in found]
        sheet.table(("key", "value", "status"), rows, keep=())
        sheet.line()
        sheet.line(f'change one: --set "{found[0]["key"]}={found[0]["value"]}"', "dim")

    session.finish(found, page)
