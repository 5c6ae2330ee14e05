"""``twin modes``: the failure modes that plugins bring."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin modes`` and ``twin modes show``."""
    modes = group(app, "modes", list_modes)
    command(modes, "show")(show_mode)


def list_modes(session: Session) -> None:
    """List the failure modes; show one."""
    from twin.modes.manager import plugin_manager

    found = [_about(mode) for mode in plugin_manager().modes.values()]

    def page(sheet: Page) -> None:
        rows = [(m["id"], m["title"], m["plugin"], ", ".join(m["kinds"])) for m in found]
        sheet.table(("mode", "title", "plugin", "acts on"), rows)

    session.finish(found, page)


def show_mode(
    session: Session,
    mode: Annotated[str, typer.Argument(metavar="ID", help="A mode from `twin modes`.")],
) -> None:
    """Show a failure mode: what it reads and writes, its parameters, where it holds."""
    from dataclasses import asdict

    from twin.cli.parameters import parameters
    from twin.modes.manager import plugin_manager
    from twin.specs.jsonschema import field_docs

    manager = plugin_manager()
    manager.select([mode], kind=getattr(manager.modes.get(mode), "kinds", ("full",))[0])
    chosen = manager.modes[mode]
    defaults = chosen.Parameters.model_validate(chosen.defaults())
    document = _about(chosen) | {
        "description": _description(chosen),
        "parameters": [asdict(p) for p in parameters(defaults)],
        "explanations": field_docs(chosen.Parameters),
    }
    session.finish(document, lambda sheet: _show(sheet, document))


def _about(mode: Any) -> dict[str, Any]:
    ranges = mode.validity
    return {
        "id": mode.id,
        "title": mode.title,
        "plugin": mode.provider,
        "kinds": list(mode.kinds),
        "reads": list(mode.reads),
        "writes": [port.title for port in mode.writes],
        "references": list(mode.references),
        "validity": {
            "temperature_K": list(ranges.temperature),
            "pressure_Pa": list(ranges.pressure),
            "current_density_A_m2": list(ranges.current_density),
            "says": ranges.says,
        },
    }


def _description(mode: Any) -> str:
    """Return the mode's docstring as plain text."""
    text = inspect.cleandoc(type(mode).__doc__ or "")
    return text.replace("``", "`")


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
