"""Whether all is well: plugins, cells, packages and the database."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import library, list_cells, load_cell
from twin.errors import Problem, TwinError
from twin.modes.manager import plugin_manager

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode
    from twin.specs.schema import CellSpec

_PACKAGES = ("sodium-cell-twin", "pybamm", "pybammsolvers", "casadi", "numpy", "sqlmodel")


def health(url: str | None = None) -> dict[str, Any]:
    """Return everything that ``twin plugins doctor`` knows; ``problems`` is empty if all is well.

    ``remarks`` are what may be meant, and may be a mistake.

    Parameters
    ----------
    url : str, optional
        The database; the default one if not given. It is looked at, never changed.
    """
    plugins = plugins_found()
    good, broken = _cells()
    database, unusable = _database(url)
    idle = idle_ports(plugin_manager().modes.values(), good)
    problems = [*plugin_manager().doctor(library()), *broken, *unusable]
    return {
        "python": platform.python_version(),
        "packages": _packages(),
        "plugins": plugins,
        "cells": [spec.name for spec in good],
        "database": database,
        "remarks": idle,
        "problems": problems,
    }


def plugins_found() -> list[dict[str, Any]]:
    """Return each plugin with its package, its modes, and what is wrong with it if anything."""
    manager = plugin_manager()
    # Asking for everything a plugin brings makes it show what is broken.
    _ = manager.modes, library()
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


def idle_ports(modes: Iterable[FailureMode], cells: Iterable[CellSpec]) -> list[Problem]:
    """Return a remark on each mode that declares ports that it writes in none of some cells.

    They may be written under other parameters, or be a mistake. Of a mode whose own code
    raises that is told.
    """
    from twin.modes import brought
    from twin.modes.context import CellContext

    contexts = [CellContext(spec) for spec in cells]
    problems: list[Problem] = []
    for mode in modes:
        fits = [cell for cell in contexts if cell.kind in mode.kinds]
        try:
            written = {at.port for cell in fits for at in brought.contributions(mode, cell)}
        except TwinError as error:
            problems += error.problems
            continue
        idle = [port.title for port in mode.writes if port not in written]
        if idle and fits:
            problems.append(
                Problem(
                    f"the failure mode {mode.id!r} declares {', '.join(idle)} in `writes`, and "
                    f"writes nothing there in any of {len(fits)} cells",
                    f"plugin {mode.provider}",
                    fix="if no parameter makes it, return it from `contributions`, or take it "
                    "out of `writes`",
                )
            )
    return problems


def _cells() -> tuple[list[CellSpec], list[Problem]]:
    """Return the cells that load, and what is wrong with the others."""
    good: list[CellSpec] = []
    problems: list[Problem] = []
    for name in list_cells():
        try:
            good.append(load_cell(name))
        except TwinError as error:
            problems += error.problems
    return good, problems


def _database(url: str | None) -> tuple[str | None, list[Problem]]:
    try:
        described = describe_database(url)
    except TwinError as error:
        return None, list(error.problems)
    return f"{described['url']} ({described['state']})", []


def _packages() -> dict[str, str]:
    installed = {}
    for name in _PACKAGES:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def describe_database(url: str | None) -> dict[str, Any]:
    """Return what can be said of a database without changing it."""
    from twin.store import Store, migrate
    from twin.store.session import default_url, parse_url, shown

    given = url or default_url()
    revision, head = migrate.current_revision(given), migrate.head_revision()
    about = {"url": shown(parse_url(given)), "revision": revision, "newest_revision": head}
    if revision is None:
        return about | {"state": "empty: the first run creates it"}
    if revision != head:
        return about | {"state": "older than this program: twin db upgrade"}
    with Store.open(given) as store:
        return about | {"state": "up to date"} | store.info()


def describe_scheduler(address: str = "", timeout_s: float = 5.0) -> tuple[str, list[Problem]]:
    """Return what can be said of where ensembles are lived, and what is wrong with it.

    Parameters
    ----------
    address : str
        A Dask scheduler's, as ``tcp://host:8786``; empty for processes of this machine.
    timeout_s : float
        How long to wait for its answer [s].
    """
    import os

    if not address:
        return f"none: {os.cpu_count()} processes of this machine", []
    from distributed import Client

    try:
        with Client(address, timeout=timeout_s, set_as_default=False) as client:
            workers = client.scheduler_info()["workers"]
    except (OSError, ValueError, TimeoutError) as error:
        problem = Problem(
            f"no Dask scheduler answers at {address} ({type(error).__name__})",
            key="scheduler",
            fix="start one (dask scheduler), or take `scheduler` out of the settings",
        )
        return f"{address}: no answer", [problem]
    threads = sum(worker["nthreads"] for worker in workers.values())
    return f"{address}: {len(workers)} workers, {threads} threads", []
