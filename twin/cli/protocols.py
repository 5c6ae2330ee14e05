"""``twin protocols``: the cycling protocols in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.specs.protocol import Protocol


def add_commands(app: typer.Typer) -> None:
    """Add ``twin protocols`` and ``twin protocols show``."""
    protocols = group(app, "protocols", list_protocols)
    command(protocols, "show")(show_protocol)


def list_protocols(session: Session) -> None:
    """List the cycling protocols; show one."""
    import twin

    entries = [twin.protocol_entry(name) for name in twin.library().names("protocols")]

    def page(sheet: Page) -> None:
        good = [entry for entry in entries if "problem" not in entry]
        rows = [(e["name"], ", ".join(e["kinds"]), e["cycles"] or "any", e["title"]) for e in good]
        sheet.table(("protocol", "for", "cycles", "title"), rows, right=(2,))
        for entry in entries:
            if "problem" in entry:
                sheet.line(f"{entry['name']} cannot be used: {entry['problem']}")

    session.finish(entries, page)


def _load(name: str) -> Protocol:
    import twin
    from twin.specs.protocol import load_protocol

    return load_protocol(name, library=twin.library())


def show_protocol(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name, or a TOML file.")],
) -> None:
    """Show a protocol: its parameters and its steps."""
    protocol = _load(name)
    document = protocol.to_data() | {"cycles": protocol.total_cycles}
    session.finish(document, lambda sheet: _show(sheet, protocol))


def _show(sheet: Page, protocol: Protocol) -> None:
    sheet.line(f"{protocol.name}: {protocol.title}", "bold")
    sheet.line()
    cycles = protocol.total_cycles
    sheet.facts(
        [
            ("for", ", ".join(protocol.kinds) + " cells"),
            ("cycles", cycles if cycles is not None else "as many as are asked for"),
            ("notes", protocol.provenance.notes),
        ]
    )
    if protocol.parameters:
        sheet.heading("Parameters (change them with --set protocol.NAME=VALUE)")
        sheet.facts((name, value) for name, value in protocol.parameters.items())
    for phase in protocol.phases:
        plural = "" if phase.cycles == 1 else "s"
        count = f"{phase.cycles} cycle{plural}" if phase.cycles else "until the run ends"
        sheet.heading(f"Phase {phase.name!r}, {count}{_surroundings(phase)}")
        for number, step in enumerate(phase.steps, 1):
            sheet.line(f"{number}. {step.do}{_surroundings(step)}", indent=2)
    if protocol.drives:
        sheet.heading("Drive cycles")
        sheet.facts((name, drive.says) for name, drive in protocol.drives.items())


def _surroundings(part: Any) -> str:
    said = [q.text for q in (part.temperature, part.pressure) if q is not None]
    return f" at {', '.join(said)}" if said else ""
