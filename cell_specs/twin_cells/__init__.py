"""The cells, materials, protocols and overlays that come with the twin, as a plugin."""

from __future__ import annotations

from pathlib import Path

from twin.modes.hookspecs import hookimpl


@hookimpl
def twin_cell_specs() -> list[Path]:
    """Return the directory that holds this package's TOML specs."""
    return [Path(__file__).parent]
