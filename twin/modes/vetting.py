"""What can be wrong with a plugin, and what to do about it: one function for each part.

Each returns ``(message, fix)``, or None where all is well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from twin.modes.hookspecs import PROJECT

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode

Finding = tuple[str, str]
TWIN = "sodium-cell-twin"
"""The twin's own distribution."""
_ID = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


class UnusableHookError(Exception):
    """A hook implementation that would never be called as its author means it."""

    def __init__(self, message: str, fix: str):
        super().__init__(message)
        self.fix = fix


def refuse_unusable_hooks(plugin: Any, manager: pluggy.PluginManager) -> None:
    """Raise if a registered plugin implements a hook the twin does not have, or wraps one.

    Raises
    ------
    UnusableHookError
        Naming the hook, with the one that was probably meant.
    """
    from twin.specs.complaint import did_you_mean

    known = [name for name in vars(manager.hook) if getattr(manager.hook, name).has_spec()]
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            if all(i.optionalhook for i in caller.get_hookimpls()):
                continue
            raise UnusableHookError(
                f"the twin has no hook {caller.name!r}",
                did_you_mean(caller.name, known, f"the hooks are {', '.join(sorted(known))}"),
            )
        for implementation in caller.get_hookimpls():
            if implementation.plugin is plugin and (
                implementation.wrapper or implementation.hookwrapper
            ):
                raise UnusableHookError(
                    f"{caller.name} is a hook wrapper; each plugin is called on its own",
                    "implement the hook without wrapper=True",
                )


def hook_problem(plugin: Any, manager: pluggy.PluginManager) -> Finding | None:
    """Say so if a loaded plugin implements nothing."""
    if manager.get_hookcallers(plugin):
        return None
    forgotten = sorted(
        n for n in dir(plugin) if n.startswith(f"{PROJECT}_") and callable_at(plugin, n)
    )
    if forgotten:
        return (
            f"{', '.join(forgotten)} is not marked as a hook, so it is never called",
            "put @twin.hookimpl above it",
        )
    return (
        "implements none of the twin's hooks",
        "check what its entry point in the group twin.plugins names; see docs/hooks.md",
    )


def callable_at(plugin: Any, name: str) -> bool:
    """Return whether an attribute can be called."""
    return callable(getattr(plugin, name, None))


def requirement_problem(entry: Any) -> Finding | None:
    """Say so if a plugin's distribution asks for another version of the twin."""
    dist = getattr(entry, "dist", None)
    if dist is None or dist.name == TWIN:
        return None
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    import twin

    for text in getattr(dist, "requires", None) or ():
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            return f"its metadata asks for {text!r}, which is no requirement", "rebuild the plugin"
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        if canonicalize_name(wanted.name) == TWIN and not wanted.specifier.contains(
            twin.__version__, prereleases=True
        ):
            return (
                f"asks for {TWIN}{wanted.specifier}; installed is {twin.__version__}",
                f"pip install '{wanted}', or another version of {dist.name}",
            )
    return None


def mode_problem(
    mode: Any, taken: Mapping[str, FailureMode], plugin: str, reserved: Collection[str] = ()
) -> Finding | None:
    """Say so if an object that a plugin returns cannot be used as a failure mode.

    ``taken`` are the modes that are there already, ``reserved`` the ids of the twin's own,
    which a plugin of others cannot take even where those are missing.
    """
    from twin.modes.mode import FailureMode

    if isinstance(mode, type) and issubclass(mode, FailureMode):
        return f"{mode.__name__} is a class, not a failure mode", f"return {mode.__name__}()"
    if not isinstance(mode, FailureMode):
        return f"{mode!r} is no FailureMode", "subclass twin.FailureMode"
    kind = type(mode).__name__
    if not isinstance(mode.id, str) or not _ID.fullmatch(mode.id):
        return (
            f"mode {kind} has the id {mode.id!r}; expected a short name in lower case",
            f'set id = "…" in {kind}: letters, digits, - and _',
        )
    if mode.id in reserved_ids():
        return f"the id {mode.id!r} is the cell's own", f"give {kind} another id"
    if mode.id in reserved:
        return f"the id {mode.id!r} is the twin's own mode's", f"give {kind} another id"
    if mode.id in taken:
        return (
            f"mode {mode.id!r} is already provided by {taken[mode.id].provider!r}",
            f"uninstall one of the two, or give {kind} another id",
        )
    return defaults_problem(mode, plugin)


def reserved_ids() -> set[str]:
    """Return the ids that no mode may have, as they are tables of a cell."""
    # A mode's parameters are named after its id, as a cell's are after its tables: a
    # mode "stack" with a parameter "pressure" would overwrite the stack pressure.
    from twin.specs.keys import fields_of
    from twin.specs.schema import CellSpec

    return {"core", *fields_of(CellSpec)}


def defaults_problem(mode: FailureMode, plugin: str) -> Finding | None:
    """Say so if a mode's default parameters cannot be read or do not fit its own model."""
    from twin.errors import Problem
    from twin.specs.explain import validated
    from twin.specs.tree import Origin, Rank, plant

    file = f"{mode.defaults_file} of mode {mode.id!r}"
    try:
        table = mode.defaults()
        if not isinstance(table, dict):
            raise TypeError(f"defaults() returned {type(table).__name__}, expected a dict")
        problems: list[Problem] = []
        # Ranked as a cell's file would be: its author is who reads this.
        validated(mode.Parameters, plant(table, Origin(plugin, "", Rank.CELL)), problems)
    except (Exception, SystemExit) as error:  # defaults() and Parameters are its own code
        message = getattr(error, "problem", None)
        says = message.message if message is not None else f"{type(error).__name__}: {error}"
        return f"{file} cannot be read: {says}", f"correct {file}, or override defaults()"
    if not problems:
        return None
    says = "; ".join(f"{p.key}: {p.message}" if p.key else p.message for p in problems[:5])
    more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
    fix = problems[0].fix or "correct the value"
    return f"{file} does not fit its Parameters: {says}{more}", f"in {file}: {fix}"


def spec_directory_problem(path: Any) -> Finding | None:
    """Say so if a directory of cell specs is not there, or holds none."""
    from twin.specs.library import KINDS

    if not isinstance(path, str | Path):
        return f"twin_cell_specs: {path!r} is no path", "return a list of pathlib.Path"
    folder = Path(path)
    if not folder.is_absolute():
        return (
            f"twin_cell_specs: {path} is relative, so it depends on where the twin is started",
            "return Path(__file__).parent / …",
        )
    if not folder.is_dir():
        return f"the directory of cell specs {folder} is not there", "reinstall the plugin"
    if not any((folder / kind).is_dir() for kind in KINDS):
        return (
            f"the directory of cell specs {folder} holds none of {', '.join(KINDS)}",
            "check that the plugin's wheel contains its TOML files",
        )
    return None


def study_problem(kind: Any, taken: Collection[str]) -> Finding | None:
    """Say so if an object that a plugin returns cannot be used as a kind of study."""
    return _part_problem(kind, taken, "StudyKind", "kind of study", "study", ("result", "go_on"))


def reader_problem(reader: Any, taken: Collection[str]) -> Finding | None:
    """Say so if an object that a plugin returns cannot be used as a reader of files."""
    return _part_problem(reader, taken, "Reader", "reader", "reader", ("signature", "read"))


def _part_problem(
    part: Any, taken: Collection[str], made_by: str, what: str, short: str, calls: tuple[str, ...]
) -> Finding | None:
    name = getattr(part, "id", None)
    if not isinstance(name, str) or not _ID.fullmatch(name):
        return f"{part!r} is no {what}", f'return twin.{made_by}("name", …), in lower case'
    lacking = [call for call in calls if not callable_at(part, call)]
    if lacking:
        return f"the {short} {name!r} has no {lacking[0]}", f"return a twin.{made_by}"
    if name in taken:
        return f"there is a {what} {name!r} already", "give it an id of its own"
    return None
