"""Corroding current collectors, as a failure mode of the sodium-cell twin."""

from pathlib import Path

from twin import hookimpl


@hookimpl
def twin_failure_modes():
    """Bring the corrosion mode."""
    from twin_corrosion.mode import CollectorCorrosion

    return [CollectorCorrosion()]


@hookimpl
def twin_cell_specs():
    """Bring an overlay for cells that were assembled in humid air."""
    return [Path(__file__).parent]
