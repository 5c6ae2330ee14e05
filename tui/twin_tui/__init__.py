"""The terminal lab bench: pick a cell, build a scenario, watch it live and die, compare, decide."""

from __future__ import annotations

from typing import Any

from twin import hookimpl


@hookimpl
def twin_commands(app: Any) -> None:
    """Add ``twin tui``."""
    # Typer is there when the command line asks; Textual waits until the bench is opened.
    from twin_tui.command import tui

    app.command("tui")(tui)
