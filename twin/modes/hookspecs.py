"""The hooks a plugin may implement. Each is documented in docs/hooks.md and tested."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import typer

    from twin import Reader, StudyKind
    from twin.modes.mode import FailureMode

PROJECT = "twin"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def twin_failure_modes() -> Iterable[FailureMode]:
    """Return the failure modes this plugin brings.

    Called once, when the plugin manager first needs modes. Import PyBaMM inside the
    modes' methods, not at the top of the module: listing plugins must stay quick.

    Returns
    -------
    iterable of FailureMode
        Each with an ``id`` no other plugin uses; a second mode of the same id is
        reported and skipped.
    """
    return ()


@hookspec
def twin_cell_specs() -> Iterable[Path]:
    """Return directories of TOML specs this plugin brings.

    Called once, when the library of cells is first looked at.

    Returns
    -------
    iterable of Path
        Directories that hold any of ``cells/``, ``materials/``, ``overlays/`` and
        ``protocols/``. A name that two directories define is reported.
    """
    return ()


@hookspec
def twin_studies() -> Iterable[StudyKind]:
    """Return the kinds of study this plugin brings.

    Called once, when a study is first looked at. Import what a study needs inside its
    functions.

    Returns
    -------
    iterable of StudyKind
        Each with an ``id`` no other kind has; a second kind of the same id is reported and
        skipped.
    """
    return ()


@hookspec
def twin_readers() -> Iterable[Reader]:
    """Return the readers of measured files this plugin brings.

    Called when a file is imported. Import what a reader needs inside its functions.

    Returns
    -------
    iterable of Reader
        Each with an ``id`` no other reader has; they are tried before the twin's own, on
        files whose content their ``signature`` knows. A second reader of the same id is
        reported and skipped.
    """
    return ()


@hookspec
def twin_commands(app: typer.Typer) -> None:
    """Add commands to the ``twin`` command line.

    Called at every start of the command line, so import inside the commands.

    Parameters
    ----------
    app : typer.Typer
        The application to register commands on.
    """


@hookspec
def twin_run_started(run: str, cell: str, total_cycles: int) -> None:
    """Observe that a run has started.

    Called before the first cycle is solved. What an observer raises is logged with
    the plugin's name and does not touch the run.

    Parameters
    ----------
    run : str
        The run's id.
    cell : str
        The cell's name.
    total_cycles : int
        The number of cycles asked for.
    """


@hookspec
def twin_cycle_finished(run: str, row: dict[str, Any]) -> None:
    """Observe that a cycle has been solved and stored.

    Called after the cycle's transaction has been committed.

    Parameters
    ----------
    run : str
        The run's id.
    row : dict
        The cycle's summary row.
    """


@hookspec
def twin_run_finished(run: str, outcome: dict[str, Any]) -> None:
    """Observe that a run has ended, in whatever way.

    Called after the outcome has been stored.

    Parameters
    ----------
    run : str
        The run's id.
    outcome : dict
        The typed outcome as plain data: ``kind``, ``mode``, ``criterion`` and so on.
    """
