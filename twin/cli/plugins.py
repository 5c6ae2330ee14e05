"""``twin plugins``: what is installed, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from twin.cli import faults
from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page


def add_commands(app: typer.Typer) -> None:
    """Add ``twin plugins`` and ``twin plugins doctor``."""
    plugins = group(app, "plugins", list_plugins)
    command(plugins, "doctor")(doctor)


def list_plugins(session: Session) -> None:
    """List the plugins; `doctor` says what is wrong with them."""
    from twin.catalog.health import plugins_found

    plugins = plugins_found()

    def page(sheet: Page) -> None:
        rows = [
            (p["name"], p["distribution"], p["version"], ", ".join(p["modes"]) or "-", _state(p))
            for p in plugins
        ]
        sheet.table(("plugin", "package", "version", "modes", "state"), rows)

    session.finish(plugins, page)


def _state(plugin: dict[str, Any]) -> str:
    return "ok" if plugin["problem"] is None else f"broken: {plugin['problem']}"


def doctor(session: Session) -> int:
    """Check plugins, cells and the database; exit code 2 if something is broken."""
    from twin.catalog.health import health

    report = health(session.common.db)
    problems, remarks, cells = report.pop("problems"), report.pop("remarks"), report["cells"]
    document = {
        "ok": not problems,
        **report,
        "remarks": faults.as_data(remarks) if remarks else [],
        "problems": faults.as_data(problems) if problems else [],
    }

    def page(sheet: Page) -> None:
        sheet.facts(
            [
                ("python", document["python"]),
                *document["packages"].items(),
                (
                    "plugins",
                    ", ".join(p["name"] for p in document["plugins"] if p["problem"] is None),
                ),
                ("modes", ", ".join(mode for p in document["plugins"] for mode in p["modes"])),
                ("cells", ", ".join(cells)),
                ("database", document["database"]),
            ]
        )
        sheet.line()
        for remark in remarks:
            sheet.line(f"note: {remark}")
        for problem in problems:
            sheet.line(f"broken: {problem}", "red")
        sheet.line(f"{len(problems)} broken" if problems else "all is well")

    session.finish(document, page)
    return faults.BAD_INPUT if problems else faults.DONE
