"""The Typer application: the twin's own commands, and those that plugins bring."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Annotated, Any

import typer

from twin.cli import (
    attribution,
    calibrating,
    cells,
    comparing,
    critical_currents,
    databases,
    designs,
    exports,
    forecasts,
    impedance,
    improving,
    library,
    lives,
    maps,
    measuring,
    modes,
    plots,
    plugins,
    protocols,
    reporting,
    reproducing,
    running,
    runs,
    study_list,
    sweeps,
    titration,
    tracking,
    transference,
    validating,
)
from twin.cli.options import Common, Db, Json, Quiet, Verbose

log = logging.getLogger("twin.cli")


# In the order of `twin --help`.
_GROUPS = (
    cells,
    library,
    modes,
    protocols,
    running,
    lives,
    forecasts,
    attribution,
    maps,
    sweeps,
    designs,
    improving,
    runs,
    reporting,
    reproducing,
    study_list,
    comparing,
    plots,
    exports,
    critical_currents,
    impedance,
    transference,
    titration,
    validating,
    measuring,
    calibrating,
    tracking,
    plugins,
    databases,
)


def core_app() -> typer.Typer:
    """Return an application with the twin's own commands."""
    # Plain help: rich's takes three times as long to appear, and pipes badly.
    app = typer.Typer(rich_markup_mode=None)
    app.callback(invoke_without_command=True)(_root)
    for module in _GROUPS:
        module.add_commands(app)
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
    json: Json = False,
    db: Db = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither recall built cells nor keep them.")
    ] = False,
) -> None:
    """A digital twin of a solid-state sodium cell that knows how it will die.

    Start with `twin cells`, then `twin run CELL`, then `twin show last`.
    """
    from twin import __version__

    context.obj = Common(json, db, verbose, quiet)
    if no_cache:  # for the workers too, which are processes of their own
        os.environ["TWIN_CACHE"] = "off"
    if version:
        typer.echo(f'{{"version": "{__version__}"}}' if json else f"twin {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


_KINDS = ("registered_commands", "registered_groups")


@lru_cache(maxsize=1)
def _own(app: Callable[[], typer.Typer]) -> tuple[typer.Typer, frozenset[str]]:
    """Return an application, and the names of its commands."""
    made = app()
    return made, frozenset(str(info.name) for kind in _KINDS for info in getattr(made, kind))


@cache
def _built_once(app: Callable[[], typer.Typer], only: str | None) -> Any:
    """Return an application's commands, or one of them alone."""
    # Reading every command's signature takes longer than most commands do.
    made = copy.copy(_own(app)[0])
    if only is not None:
        for kind in _KINDS:
            setattr(made, kind, [info for info in getattr(made, kind) if info.name == only])
    return typer.main.get_command(made)


def root_command(words: Sequence[str] = ()) -> Any:
    """Return the command line, plugins' commands included.

    A plugin can add commands but not replace the twin's; a command that Typer cannot
    read is left out, and nothing else is.

    Parameters
    ----------
    words : sequence of str
        What is to be read. Where the first is one of the twin's own commands, the others of
        them are left out.
    """
    from twin import plugin_manager

    own = _own(core_app)[1]
    root: Any = copy.copy(_built_once(core_app, words[0] if own.intersection(words[:1]) else None))
    root.commands = dict(root.commands)
    extra = typer.Typer()
    plugin_manager().add_commands(extra)
    for kind in _KINDS:
        for info in getattr(extra, kind):
            for name, commands in _built(kind, info).items():
                if name in own or name in root.commands:
                    log.warning("a plugin's command `twin %s` was skipped: the name is taken", name)
                else:
                    root.add_command(commands, name)
    return root


def _built(kind: str, info: Any) -> dict[str, Any]:
    """Return one command or group of a plugin by its name; nothing if it is broken."""
    alone = typer.Typer(rich_markup_mode=None)
    alone.callback()(lambda: None)
    getattr(alone, kind).append(info)
    try:
        return dict(typer.main.get_command(alone).commands)  # type: ignore[attr-defined]
    except Exception as error:
        log.warning("a plugin's command was skipped: %s: %s", type(error).__name__, error)
        return {}
