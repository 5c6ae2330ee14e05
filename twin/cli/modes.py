"""``twin modes``: the failure modes that plugins bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

import twin
from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin modes``, ``twin modes show`` and ``twin modes new``."""
    modes = group(app, "modes", list_modes)
    command(modes, "show")(show_mode)
    command(modes, "new")(new_mode)


def list_modes(session: Session) -> None:
    """List the failure modes; show one."""
    entries = [twin.mode_entry(mode) for mode in twin.plugin_manager().modes.values()]

    def page(sheet: Page) -> None:
        rows = [(m["id"], m["title"], m["plugin"], ", ".join(m["kinds"])) for m in entries]
        sheet.table(("mode", "title", "plugin", "acts on"), rows)

    session.finish(entries, page)


def show_mode(
    session: Session,
    mode: Annotated[str, typer.Argument(metavar="ID", help="A mode from `twin modes`.")],
) -> None:
    """Show a failure mode: what it reads and writes, its parameters, where it holds."""
    document = twin.describe_mode(mode)
    session.finish(document, lambda sheet: _show(sheet, document))


def new_mode(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the mode, as cathode-cracking.")],
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FOLDER", help="Where twin-NAME is made [default: here]."),
    ] = None,
) -> None:
    """Write a package for a failure mode of your own.

    It installs, and its tests (the twin's checks of any mode, and a closed form) pass, before
    you change a line; its README says where your equation goes.
    """
    written = twin.new_mode(name, out)
    root = written[0].parent

    def page(sheet: Page) -> None:
        sheet.line(f"written: {root}, {len(written)} files")
        sheet.line(f"next: cd {root} && pip install -e '.[test]' && python -m pytest")

    session.finish({"folder": str(root), "files": [str(path) for path in written]}, page)


def _show(sheet: Page, mode: dict[str, Any]) -> None:
    sheet.line(f"{mode['id']}: {mode['title']}", "bold")
    sheet.line(mode["description"])
    sheet.line()
    valid = mode["validity"]
    sheet.facts(
        [
            ("plugin", mode["plugin"]),
            ("acts on", ", ".join(mode["kinds"]) + " cells"),
            ("writes", "\n".join(mode["writes"])),
            ("reads", "\n".join(mode["reads"])),
            ("temperature", _range(valid["temperature_K"], "K")),
            ("pressure", _range(valid["pressure_Pa"], "MPa", 1e-6)),
            ("current density", _range(valid["current_density_A_m2"], "mA/cm2", 0.1)),
            ("holds for", valid["says"]),
        ]
    )
    sheet.heading(f"Parameters: the table [modes.{mode['id']}] of a cell, and their defaults")
    rows = [(p["key"], p["text"], p["spread"] or "", p["status"]) for p in mode["parameters"]]
    sheet.table(("parameter", "default", "spread", "status"), rows)
    if mode["references"]:
        sheet.heading("References")
        for reference in mode["references"]:
            sheet.line(reference, indent=2)


def _range(ends: list[float | None], unit: str, scale: float = 1.0) -> str:
    low, high = (None if end is None else f"{end * scale:g}" for end in ends)
    if low is None and high is None:
        return ""
    if low is None:
        return f"up to {high} {unit}"
    return f"from {low} {unit}" if high is None else f"{low} to {high} {unit}"
