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
    entries = [twin.overlay_entry(name) for name in names]

    def page(sheet: Page) -> None:
        good = [entry for entry in entries if "problem" not in entry]
        rows = [(e["name"], ", ".join(e["kinds"]), e["title"]) for e in good]
        sheet.table(("overlay", "for", "title"), rows)
        for entry in entries:
            if "problem" in entry:
                sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")
        sheet.line()
        sheet.line("lay one over a cell: twin run CELL --with OVERLAY", "dim")

    session.finish(entries, page)


def show_overlay(session: Session, name: OverlayName) -> None:
    """Show an overlay: what it changes, and what it needs of a cell."""
    import twin

    overlay = twin.describe_overlay(name)

    def page(sheet: Page) -> None:
        sheet.line(f"{overlay['name']}: {overlay['title']}", "bold")
        sheet.line()
        sheet.facts(
            [
                ("for", ", ".join(overlay["kinds"]) + " cells"),
                *(("needs", f"{key} = {value}") for key, value in overlay["requires"].items()),
                ("because", overlay["because"]),
            ]
        )
        sheet.heading("What it changes")
        for key, value in overlay["changes"].items():
            sheet.line(f"{key} = {value}")

    session.finish(overlay, page)


def list_materials(session: Session) -> None:
    """List the materials; show one."""
    import twin

    entries = [twin.material_entry(name) for name in twin.library().names("materials")]

    def page(sheet: Page) -> None:
        good = [entry for entry in entries if "problem" not in entry]
        rows = [(e["name"], e["kind"], e["family"] or "-", e["title"]) for e in good]
        sheet.table(("material", "kind", "family", "title"), rows, keep=(0, 1))
        for entry in entries:
            if "problem" in entry:
                sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")

    session.finish(entries, page)


def show_material(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `twin materials`.")],
) -> None:
    """Show a material: every number it gives."""
    import twin

    material = twin.material_entry(name, whole=True)

    def page(sheet: Page) -> None:
        sheet.line(f"{material['name']}: {material['title']}", "bold")
        sheet.line()
        sheet.facts([("kind", material["kind"]), ("family", material["family"])])
        sheet.heading("What it gives")
        for key, value in material["numbers"].items():
            sheet.line(f"{key} = {value}")

    session.finish(material, page)


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
    entries = twin.cell_keys(asked.spec, asked.rules)
    entries = [entry for entry in entries if pattern.lower() in entry["key"].lower()]
    if not entries:
        from twin.errors import NotFoundError

        raise NotFoundError(
            f"no key of {cell} has {pattern!r} in it", fix="leave the text out to see all"
        )

    def page(sheet: Page) -> None:
        rows: list[tuple[Any, ...]] = [(e["key"], e["value"], e["status"] or "-") for e in entries]
        sheet.table(("key", "value", "status"), rows, keep=())
        sheet.line()
        sheet.line(f'change one: --set "{entries[0]["key"]}={entries[0]["value"]}"', "dim")

    session.finish(entries, page)
