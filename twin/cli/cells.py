"""``twin cells``: list the cells, show one, check a file, print the schemas."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli import completing
from twin.cli.command import command, group
from twin.cli.options import CellName, Overlays, Overrides, Protocol
from twin.cli.saving import save_json
from twin.cli.session import Session, as_json, write
from twin.files import check_target

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.specs.schema import CellSpec

SCHEMAS = ("cell", "overlay", "protocol")
SORTS = {
    "name": "name", "family": "family", "anode": "anode", "known": "known",
    "capacity": "nominal_mAh_cm2", "thickness": "thickness_um",
    "temperature": "ambient_degC", "pressure": "pressure_MPa", "energy": "Wh_L",
}  # fmt: skip
"""What cells can be sorted by, and where an entry has it."""


def add_commands(app: typer.Typer) -> None:
    """Add ``twin cells`` and its subcommands."""
    cells = group(app, "cells", list_cells)
    command(cells, "show")(show_cell)
    command(cells, "evidence")(weigh_cell)
    command(cells, "check")(check_cell)
    command(cells, "new")(new_cell)
    command(cells, "copy")(copy_cell)
    command(cells, "import")(import_bpx)
    command(cells, "export")(export_bpx)
    command(cells, "schema")(print_schema)


def list_cells(
    session: Session,
    family: Annotated[
        str | None, typer.Option("--family", metavar="F", help="Only this electrolyte family.")
    ] = None,
    anode: Annotated[
        str | None, typer.Option("--anode", metavar="TEXT", help="Only anodes named like this.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="full|symmetric", help="Only this kind.")
    ] = None,
    known: Annotated[
        float,
        typer.Option(
            "--known", metavar="PERCENT", min=0, max=100, help="At least so much known data."
        ),
    ] = 0,
    sort: Annotated[
        str, typer.Option("--sort", metavar="KEY", help=f"{', '.join(SORTS)}.")
    ] = "name",
    energy: Annotated[
        bool, typer.Option("--energy", help="The layers' energy at rest too: some seconds.")
    ] = False,
) -> None:
    """List the cells; show one, check a file, print a schema."""
    import twin
    from twin.cli.formats import percent, short
    from twin.errors import InputError

    if sort not in SORTS:
        raise InputError(
            f"cells cannot be sorted by {sort!r}", key="sort", fix=f"one of {', '.join(SORTS)}"
        )
    every = [twin.cell_entry(name) for name in twin.list_cells()]
    _check_words(every, family=family, kind=kind)
    broken = [e for e in every if "problem" in e and not (family or anode or kind or known)]
    entries = [
        e
        for e in every
        if "problem" not in e
        and family in (None, e["family"])
        and kind in (None, e["kind"])
        and (anode or "").lower() in e["anode"].lower()
        and 100 * e["known"] >= known
    ]
    energy = energy or sort == "energy"
    if energy:
        _add_energy(session, entries)
    where = SORTS[sort]
    words = sort in ("name", "family", "anode")
    least = "" if words else 0.0
    # What a cell does not have, as a symmetric one's energy, comes last.
    entries.sort(
        key=lambda e: (
            e[where] is None,
            -e["known"] if sort == "known" else e[where] or least,
            e["name"],
        )
    )

    def page(sheet: Page) -> None:
        columns: tuple[str, ...] = ("cell", "mAh/cm2", "um", "degC", "MPa", "known")
        columns += ("Wh/L", "Wh/kg") if energy else ()
        rows = [
            (
                f"{e['name']}\n  {e['title']}",
                short(e["nominal_mAh_cm2"], 3),
                short(e["thickness_um"], 4),
                short(e["ambient_degC"]),
                short(e["pressure_MPa"]),
                percent(e["known"], 0),
                *((short(e["Wh_L"]), short(e["Wh_kg"])) if energy else ()),
            )
            for e in entries
        ]
        numbers = range(1, len(columns))
        sheet.table(columns, rows, keep=numbers, right=numbers)
        for entry in broken:
            sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")
            sheet.line(f"see `twin cells check {entry['name']}`", indent=4)
        sheet.line()
        said = "energy of the layers alone, at rest" if energy else "energy: --energy"
        sheet.line(
            f"{len(entries)} cells; known: measured, fitted or exact numbers; um: of all layers; "
            f"{said}; N/P: twin cells show CELL",
            "dim",
        )

    session.finish(sorted(entries + broken, key=lambda e: e["name"]) if broken else entries, page)


def _add_energy(session: Session, entries: list[dict[str, Any]]) -> None:
    """Work out the energy at rest of the layers of each cell."""
    import twin
    from twin.cli.ticker import Ticker

    with Ticker(session, f"{len(entries)} cells") as ticker:
        for done, entry in enumerate(entries, start=1):
            facts = twin.derived(twin.load_cell(entry["name"]))
            entry |= {"Wh_L": facts.Wh_L, "Wh_kg": facts.Wh_kg}
            ticker(done / len(entries), entry["name"])


def _check_words(entries: list[dict[str, Any]], **given: str | None) -> None:
    """Raise if a filter names what no cell has."""
    from twin.errors import InputError
    from twin.specs.complaint import did_you_mean, one_of

    for key, word in given.items():
        words = {entry[key] for entry in entries if entry[key]}
        if word is not None and word not in words:
            raise InputError(
                f"no cell has the {key} {word!r}; there are: {one_of(words)}",
                key=key,
                fix=did_you_mean(word, words, f"use one of these, or leave --{key} out"),
            )


def show_cell(
    session: Session,
    cell: CellName,
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Show a cell, its modes and where its numbers come from."""
    import twin
    from twin.specs.dump import cell_hash, cell_to_data, provenance_counts

    spec = twin.load_cell(cell, overlays=overlays or (), overrides=overrides or ())
    document = cell_to_data(spec) | {
        "hash": cell_hash(spec),
        "numbers_by_status": provenance_counts(spec),
        "quantities": {p.key: p.to_dict() for p in twin.cell_numbers(spec)},
        "acting_modes": twin.acting_modes(spec),
        "evidence": twin.known_sensitivity(spec),
        "derived": twin.derived(spec).to_dict(),
    }
    session.finish(document, lambda sheet: _show(sheet, spec))


def _show(sheet: Page, spec: CellSpec) -> None:
    from twin.cli.cell_page import show

    show(sheet, spec)


def weigh_cell(
    session: Session,
    cell: CellName,
    protocol: Protocol = None,
    cycles: Annotated[
        int, typer.Option("--cycles", metavar="N", min=3, help="The horizon of a life.")
    ] = 1000,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Save it too, to ship it with the cell."),
    ] = None,
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Find which assumed numbers a cell's life hangs on, and keep it.

    ``twin cells show`` shows it from then on.

    Every assumed, unverified or unstated number that the cell's model uses is raised by a
    fifth, alone, and the cell's life is followed anew: some hundred lives by cycle jump,
    in a few minutes. Then a few such cells are drawn from the spreads of its numbers, as
    ``twin forecast`` draws them, and lived: the band that ``twin run`` and ``twin life`` give
    of their verdict.
    """
    import twin
    from twin.cli.cell_page import show_evidence
    from twin.cli.ticker import Ticker

    if save is not None:
        check_target(save, key="save")
    with Ticker(session, cell) as ticker:
        asked: dict[str, Any] = {
            "cycles": cycles,
            "protocol": protocol,
            "overlays": overlays or (),
            "overrides": overrides or (),
        }
        sensitivity = twin.sensitivity(cell, **asked, progress=ticker)
    with Ticker(session, f"{cell}, drawn") as ticker:
        sensitivity["sample"] = twin.sampled_lives(cell, **asked, progress=ticker)
    if save is not None:
        save_json(session, save, sensitivity)
    session.finish(sensitivity, lambda sheet: show_evidence(sheet, sensitivity))


def new_cell(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The TOML file to write.")],
    kind: Annotated[
        str, typer.Option("--kind", metavar="full|symmetric", help="The kind of cell.")
    ] = "full",
) -> None:
    """Write the smallest cell that runs, to begin with."""
    import twin
    from twin.errors import InputError

    if kind not in twin.SMALLEST:
        raise InputError(
            f"there is no kind of cell {kind!r}",
            key="kind",
            fix=f"one of {', '.join(twin.SMALLEST)}",
        )
    _write_new(session, file, twin.SMALLEST[kind])


def copy_cell(
    session: Session,
    cell: CellName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The TOML file to write.")],
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Write a cell as one TOML file, changed or not."""
    import twin

    spec = twin.load_cell(cell, overlays=overlays or (), overrides=overrides or ())
    _write_new(session, file, twin.cell_toml(spec))


def import_bpx(
    session: Session,
    bpx: Annotated[Path, typer.Argument(metavar="BPX", help="A BPX file (JSON).")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The TOML file to write.")],
) -> None:
    """Write the cell of a BPX file as a TOML file.

    What the file does not say is told line by line; its failure modes are the plugins' defaults.
    """
    import twin

    imported = twin.cell_from_bpx(bpx)
    _write_new(session, file, imported.text, imported.remarks)


def export_bpx(
    session: Session,
    cell: CellName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The BPX file (JSON) to write.")],
    overlays: Overlays = None,
    overrides: Overrides = None,
) -> None:
    """Write a cell as a BPX file, as far as BPX goes.

    A full cell of two porous electrodes; what BPX cannot say of it is told line by line.
    """
    import json

    import twin

    spec = twin.load_cell(cell, overlays=overlays or (), overrides=overrides or ())
    document = twin.bpx_of_cell(spec)
    text = json.dumps(document.document, indent=1, ensure_ascii=False) + "\n"
    _write_new(session, file, text, document.remarks, check=False)


def _write_new(
    session: Session, file: Path, text: str, remarks: tuple[str, ...] = (), check: bool = True
) -> None:
    """Write a file that is not there yet."""
    from twin import files
    from twin.errors import InputError

    if file.exists():
        raise InputError(f"{file} is there already", key="file", fix="choose another name")
    files.write_text(file, text, key="file")
    document = {"file": str(file)} | ({"remarks": list(remarks)} if remarks else {})

    def page(sheet: Page) -> None:
        for remark in remarks:
            sheet.line(f"note: {remark}")
        more = f"; twin cells check {shlex.quote(str(file))}" if check else ""
        sheet.line(f"written: {file}{more}")

    session.finish(document, page)


def check_cell(
    session: Session,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A TOML file of a cell, scenario, overlay or protocol, or a cell's name.",
            autocompletion=completing.cells,
        ),
    ],
    overlays: Overlays = None,
    overrides: Overrides = None,
    build: Annotated[
        bool,
        typer.Option("--build", help="Build its model too, and tell its fresh resistance."),
    ] = False,
) -> None:
    """Check a file; every problem comes with a fix."""
    import twin
    from twin.catalog.card import design_warnings
    from twin.specs.dump import provenance_counts

    # A file without a suffix is not mistaken for a name, nor a mistyped name for a file.
    named = file in twin.list_cells() or not Path(file).is_file()
    path: str | Path = file if named else Path(file)
    kind = "cell" if named else twin.kind_of_file(path)
    if kind in ("overlay", "protocol"):
        return _check_part(session, file, kind)
    asked = twin.Scenario.of(path, overlays=overlays or (), overrides=overrides or ())
    resolved = asked.resolve()
    if kind == "scenario" or build:
        _ = resolved.plan  # whether the protocol fits the cell
    spec = resolved.spec
    counts = provenance_counts(spec)
    total = sum(counts.values())
    warnings = design_warnings(spec)
    document = {
        "file": file,
        "ok": True,
        "is": kind,
        "name": spec.name,
        "kind": spec.kind,
        "numbers": total,
        "numbers_by_status": counts,
        "modes": twin.acting_modes(spec),
        "warnings": warnings,
        "derived": twin.derived(spec).to_dict(),
        "fresh_resistance_ohm_cm2": 1e4 * twin.fresh_resistance(asked) if build else None,
    }

    def page(sheet: Page) -> None:
        from twin.cli.cell_page import derived_facts
        from twin.cli.formats import short

        shares = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
        what = f"a scenario of {spec.name}, " if kind == "scenario" else ""
        sheet.line(f"{file}: ok: {what}a {spec.kind} cell with {total} numbers ({shares})")
        facts = derived_facts(spec)
        fresh = document["fresh_resistance_ohm_cm2"]
        if isinstance(fresh, float):
            facts.append(("fresh resistance", f"{short(fresh)} ohm cm2"))
        sheet.facts(facts)
        for warning in warnings:
            sheet.line(f"warning: {warning}")

    session.finish(document, page)
    return None


def _check_part(session: Session, file: str, kind: str) -> None:
    """Check a file that is laid over a cell, or that cycles one."""
    import twin
    from twin.specs.protocol import load_protocol

    if kind == "overlay":
        title = twin.describe_overlay(Path(file))["title"]
    else:
        title = load_protocol(Path(file), library=twin.library()).title
    document = {"file": file, "ok": True, "is": kind, "title": title}
    article = "an" if kind == "overlay" else "a"
    session.finish(document, lambda sheet: sheet.line(f"{file}: ok: {article} {kind}: {title}"))


def print_schema(
    session: Session,
    of: Annotated[str, typer.Argument(metavar="KIND", help="cell, overlay or protocol.")] = "cell",
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    import twin
    from twin.errors import InputError
    from twin.specs import jsonschema

    if of not in SCHEMAS:
        raise InputError(
            f"there is no schema of {of!r}", key="schema", fix=f"one of {', '.join(SCHEMAS)}"
        )
    if of == "protocol":
        schema = jsonschema.protocol_schema()
    elif of == "overlay":
        schema = jsonschema.overlay_schema(twin.mode_entries())
    else:
        schema = jsonschema.cell_schema(twin.mode_entries())
    if of != "protocol":
        schema = jsonschema.naming_materials(schema, twin.library().names("materials"))
    write(session.out, as_json(schema, session.out))
