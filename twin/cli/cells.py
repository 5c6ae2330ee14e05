"""``twin cells``: list the cells, show one, check a file, print the schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.command import command, group
from twin.cli.options import CellName, Overlays, Overrides
from twin.cli.session import Session, as_json, write

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.specs.schema import CellSpec

SCHEMAS = ("cell", "overlay", "protocol")


def add_commands(app: typer.Typer) -> None:
    """Add ``twin cells`` and its subcommands."""
    cells = group(app, "cells", list_cells)
    command(cells, "show")(show_cell)
    command(cells, "check")(check_cell)
    command(cells, "schema")(print_schema)


def list_cells(session: Session) -> None:
    """List the cells; show one, check a file, print a schema."""
    from twin import api

    found = [api.cell_entry(name) for name in api.list_cells()]
    broken = [entry for entry in found if "problem" in entry]

    def page(sheet: Page) -> None:
        rows = [(e["name"], e["kind"], e["family"] or "-", e["title"]) for e in found if e["kind"]]
        sheet.table(("cell", "kind", "family", "title"), rows)
        for entry in broken:
            sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")
            sheet.line(f"see `twin cells check {entry['name']}`", indent=4)

    session.finish(found, page)


def show_cell(
    session: Session,
    cell: CellName,
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Show a cell, its modes and where its numbers come from."""
    from twin import api
    from twin.specs.dump import cell_hash, cell_to_data, provenance_counts

    spec = api.load_cell(cell, overlays=overlays or (), overrides=overrides or ())
    document = cell_to_data(spec) | {
        "hash": cell_hash(spec),
        "numbers_by_status": provenance_counts(spec),
        "quantities": {p.key: p.to_dict() for p in api.cell_numbers(spec)},
    }
    session.finish(document, lambda sheet: _show(sheet, spec))


def _show(sheet: Page, spec: CellSpec) -> None:
    from twin.cli.cell_page import show

    show(sheet, spec)


def check_cell(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or a cell's name.")],
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Check a cell file; every problem comes with a fix."""
    from twin import api
    from twin.specs.dump import provenance_counts

    # A file without a suffix is not mistaken for a name, nor a mistyped name for a file.
    named = file in api.list_cells() or not Path(file).is_file()
    path: str | Path = file if named else Path(file)
    spec = api.load_cell(path, overlays=overlays or (), overrides=overrides or ())
    counts = provenance_counts(spec)
    total = sum(counts.values())
    document = {
        "file": file,
        "ok": True,
        "name": spec.name,
        "kind": spec.kind,
        "numbers": total,
        "numbers_by_status": counts,
        "modes": sorted(spec.modes),
    }

    def page(sheet: Page) -> None:
        shares = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
        sheet.line(f"{file}: ok: a {spec.kind} cell with {total} numbers ({shares})")

    session.finish(document, page)


def print_schema(
    session: Session,
    of: Annotated[str, typer.Argument(metavar="KIND", help="cell, overlay or protocol.")] = "cell",
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from twin import api
    from twin.errors import InputError
    from twin.specs import jsonschema

    if of not in SCHEMAS:
        raise InputError(
            f"there is no schema of {of!r}", key="schema", fix=f"one of {', '.join(SCHEMAS)}"
        )
    if of == "protocol":
        schema = jsonschema.protocol_schema()
    elif of == "overlay":
        schema = jsonschema.overlay_schema(api.mode_entries())
    else:
        schema = jsonschema.cell_schema(api.mode_entries())
    write(session.out, as_json(schema, session.out))
