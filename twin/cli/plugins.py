"""``twin plugins``: what is installed, and what is wrong with it."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import typer

from twin.cli import faults
from twin.cli.command import command, group
from twin.cli.session import Session

if TYPE_CHECKING:
    from twin.cli.page import Page
    from twin.errors import Problem


def add_commands(app: typer.Typer) -> None:
    """Add ``twin plugins`` and ``twin plugins doctor``."""
    plugins = group(app, "plugins", list_plugins)
    command(plugins, "doctor")(doctor)


def list_plugins(session: Session) -> None:
    """List the plugins; `doctor` says what is wrong with them."""
    found = _found()

    def page(sheet: Page) -> None:
        rows = [
            (p["name"], p["distribution"], p["version"], ", ".join(p["modes"]) or "-", _state(p))
            for p in found
        ]
        sheet.table(("plugin", "package", "version", "modes", "state"), rows)

    session.finish(found, page)


def _state(plugin: dict[str, Any]) -> str:
    return "ok" if plugin["problem"] is None else f"broken: {plugin['problem']}"


def _found() -> list[dict[str, Any]]:
    from twin import api
    from twin.modes.manager import plugin_manager

    manager = plugin_manager()
    # Asking for everything a plugin brings makes it show what is broken.
    _ = manager.modes, api.library()
    return [
        {
            "name": p.name,
            "distribution": p.distribution,
            "version": p.version,
            "modes": list(p.modes),
            "problem": p.problem,
        }
        for p in manager.plugins
    ]


def doctor(session: Session) -> int:
    """Check plugins, cells and the database; exit code 2 if something is broken."""
    from twin import api
    from twin.modes.manager import plugin_manager

    found = _found()
    cells, broken = _cells()
    database, unusable = _database(session)
    problems = [*plugin_manager().doctor(api.library()), *broken, *unusable]
    document = {
        "ok": not problems,
        "python": platform.python_version(),
        "packages": _packages(),
        "plugins": found,
        "cells": cells,
        "database": database,
        "problems": faults.as_data(problems) if problems else [],
    }

    def page(sheet: Page) -> None:
        sheet.facts(
            [
                ("python", document["python"]),
                *_packages().items(),
                ("plugins", ", ".join(p["name"] for p in found if p["problem"] is None)),
                ("modes", ", ".join(mode for p in found for mode in p["modes"])),
                ("cells", ", ".join(cells)),
                ("database", database),
            ]
        )
        sheet.line()
        for problem in problems:
            sheet.line(f"broken: {problem}", "red")
        sheet.line(f"{len(problems)} broken" if problems else "all is well")

    session.finish(document, page)
    return faults.BAD_INPUT if problems else faults.DONE


def _cells() -> tuple[list[str], list[Problem]]:
    """Return the cells that load, and what is wrong with the others."""
    from twin import api
    from twin.errors import TwinError

    good: list[str] = []
    problems: list[Problem] = []
    for name in api.list_cells():
        try:
            api.load_cell(name)
        except TwinError as error:
            problems += error.problems
        else:
            good.append(name)
    return good, problems


def _database(session: Session) -> tuple[str | None, list[Problem]]:
    from twin.cli.databases import described
    from twin.errors import TwinError

    try:
        found = described(session.common.db)
    except TwinError as error:
        return None, list(error.problems)
    return f"{found['url']} ({found['state']})", []


def _packages() -> dict[str, str]:
    import importlib.metadata

    wanted = ("sodium-cell-twin", "pybamm", "pybammsolvers", "casadi", "numpy", "sqlmodel")
    installed = {}
    for name in wanted:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return installed
