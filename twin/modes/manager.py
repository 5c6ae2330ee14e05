"""Finding plugins, loading them one by one, and holding the modes they bring."""

from __future__ import annotations

import copy
import importlib.metadata
import logging
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from twin.errors import NotFoundError, PluginError, Problem
from twin.modes import hookspecs
from twin.modes.hookspecs import PROJECT

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode
    from twin.specs.library import Library

ENTRY_POINT_GROUP = "twin.plugins"
NO_MODES = frozenset({"cells", "tui"})
"""The entry points of the twin itself that bring no failure mode."""
_GATHERED = ("twin_failure_modes", "twin_cell_specs", "twin_studies", "twin_readers")
log = logging.getLogger("twin.plugins")


@dataclass(frozen=True)
class PluginInfo:
    """One plugin as it was found: its name, where it comes from, what went wrong."""

    name: str
    distribution: str
    version: str
    modes: tuple[str, ...] = ()
    problem: str | None = None


@dataclass
class PluginManager:
    """Loads plugins, never letting a broken one take the others down.

    Parameters
    ----------
    entry_points : iterable, optional
        The entry points to load; by default those of the group ``twin.plugins``.

    Attributes
    ----------
    plugins : list of PluginInfo
        Every plugin found, working or not. ``modes`` of each is filled in when the
        failure modes are first asked for.
    problems : list of Problem
        What has gone wrong so far, each with the plugin (as ``file``) and a fix.
    """

    entry_points: Iterable[Any] | None = None
    plugins: list[PluginInfo] = field(default_factory=list, init=False)
    problems: list[Problem] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._pm = pluggy.PluginManager(PROJECT)
        self._pm.add_hookspecs(hookspecs)
        self._modes: dict[str, FailureMode] | None = None
        self._refused: dict[str, str] = {}
        self.reserved: frozenset[str] = frozenset()
        self._spec_dirs: list[Path] | None = None
        entry_points = (
            importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
            if self.entry_points is None
            else self.entry_points
        )
        # Each is asked once: its distribution reads a file to answer.
        installed = [(entry, _distribution(entry)) for entry in entry_points]
        self.reserved = frozenset(entry.name for entry, by in installed if _is_own(by))
        # The twin's own first: nobody takes their names. By distribution too, so that which
        # of two namesakes is kept never depends on the order of sys.path.
        for entry, by in sorted(installed, key=lambda e: (not _is_own(e[1]), e[0].name, e[1][0])):
            self._load(entry, by)

    def _load(self, entry: Any, by: tuple[str, str]) -> None:
        from twin.modes.vetting import hook_problem, requirement_problem

        info = PluginInfo(entry.name, *by)
        self.plugins.append(info)
        foreign = entry.name in self.reserved and not _is_own(by)
        if foreign or self._pm.has_plugin(entry.name):
            message = f"skipped: another plugin is already called {entry.name!r}"
            if foreign:
                message = f"skipped: the name {entry.name!r} is the twin's own"
            fix = f"rename the entry point in {info.distribution or 'its distribution'}"
            self._note(len(self.plugins) - 1, message, fix)
            return
        try:
            with redirect_stdout(sys.stderr):  # stdout is for results alone
                self._add(entry.load(), entry.name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an import may raise anything, SystemExit too
            message = f"skipped: {type(error).__name__}: {error}"
            fix = f"mend, upgrade or uninstall {info.distribution or entry.name}"
            self._note(len(self.plugins) - 1, message, getattr(error, "fix", fix))
            return
        plugin = self._pm.get_plugin(entry.name)
        for problem in (hook_problem(plugin, self._pm), requirement_problem(entry)):
            if problem is not None:
                self._note(len(self.plugins) - 1, *problem)

    def _add(self, plugin: Any, name: str) -> None:
        """Register a plugin wholly or not at all."""
        from twin.modes.vetting import refuse_unusable_hooks

        try:
            self._pm.register(plugin, name=name)
            refuse_unusable_hooks(plugin, self._pm)
        except Exception:
            if self._pm.has_plugin(name):
                self._pm.unregister(name=name)
            raise

    def register(self, plugin: Any, name: str) -> None:
        """Register a plugin object by hand (for tests and notebooks).

        Raises
        ------
        PluginError
            If it cannot be registered, or the name is taken.
        """
        try:
            self._add(plugin, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(f"plugin {name!r} cannot be registered: {error}") from error
        self.plugins.append(PluginInfo(name, "", ""))
        self._modes = self._spec_dirs = None

    def _note(self, index: int, message: str, fix: str) -> None:
        """Note a problem of one plugin, once however often it comes up."""
        info = self.plugins[index]
        problem = Problem(message, f"plugin {info.name}", fix=fix)
        if problem in self.problems:
            return
        self.problems.append(problem)
        log.warning("plugin %s: %s", info.name, message)
        joined = f"{info.problem}; {message}" if info.problem else message
        self.plugins[index] = replace(info, problem=joined)

    def _index(self, name: str) -> int:
        # The first of a name is the one that was loaded; later ones were skipped.
        return next(i for i, info in enumerate(self.plugins) if info.name == name)

    def _mark(self, name: str, message: str, fix: str = "tell the plugin's author") -> None:
        self._note(self._index(name), message, fix)

    def _each(
        self, hook: str, given: Mapping[str, Any], *, copied: bool = False
    ) -> Iterator[tuple[str, list[Any]]]:
        """Call one hook of each plugin on its own, so that one that raises is skipped.

        Yields each plugin's name with what it returned: as a list, since a generator
        raises only when it is read; empty where the hook is not asked for anything.
        """
        caller = getattr(self._pm.hook, hook)

        def rank(implementation: Any) -> tuple[bool, str]:
            return not self.is_own(implementation.plugin_name), implementation.plugin_name

        for implementation in sorted(caller.get_hookimpls(), key=rank):
            arguments = {name: given[name] for name in implementation.argnames}
            try:
                arguments = copy.deepcopy(arguments) if copied else arguments
                with redirect_stdout(sys.stderr):
                    returned = implementation.function(**arguments)
                    items = _as_list(returned) if hook in _GATHERED else []
            except (Exception, SystemExit) as error:
                self._mark(implementation.plugin_name, f"{hook}: {type(error).__name__}: {error}")
            else:
                yield implementation.plugin_name, items

    @property
    def modes(self) -> dict[str, FailureMode]:
        """The failure modes by id, in the order of their ids.

        A mode that no run could use (no proper id, an id already taken, defaults that
        do not fit its own parameters) is reported and left out.
        """
        if self._modes is None:
            self._refused = {}
            self._modes = dict(sorted(self._gather_modes().items()))
        return self._modes

    def _gather_modes(self) -> dict[str, FailureMode]:
        from twin.modes.vetting import mode_problem

        modes: dict[str, FailureMode] = {}
        for plugin, brought_by in self._each("twin_failure_modes", {}):
            names: list[str] = []
            for mode in brought_by:
                problem = mode_problem(mode, modes, plugin, self._not_for(plugin))
                if problem is None:
                    mode.provider = plugin
                    modes[mode.id] = mode
                    names.append(mode.id)
                else:
                    self._mark(plugin, *problem)
                    mode_id = getattr(mode, "id", "")
                    if mode_id not in modes:
                        self._refused[str(mode_id)] = problem[0]
            index = self._index(plugin)
            self.plugins[index] = replace(self.plugins[index], modes=tuple(names))
        return modes

    def is_own(self, plugin: str) -> bool:
        """Return whether a plugin by this name is one of the twin's own."""
        return plugin in self.reserved

    def _not_for(self, plugin: str) -> frozenset[str]:
        """Return the ids of modes that a plugin may not take."""
        return frozenset() if self.is_own(plugin) else self.reserved

    def missing(self, without: Iterable[str] = ()) -> list[str]:
        """Return which of the twin's own modes are not there, as they could not be loaded.

        A run of all modes goes on without them, and says so in its outcome.
        """
        left_out = {*NO_MODES, *_names(without)}
        return sorted(self.reserved - set(self.modes) - left_out)

    def lacking(self, only: Iterable[str] | None, without: Iterable[str]) -> list[str]:
        """Return :meth:`missing`, of what is asked for as in :meth:`select`: none by name."""
        return self.missing(without) if only is None else []

    def select(
        self, only: Iterable[str] | None = None, without: Iterable[str] = (), kind: str = "full"
    ) -> list[FailureMode]:
        """Return the modes to use, in the order of their ids.

        Parameters
        ----------
        only : iterable of str, optional
            Use exactly these; all that can act on the cell's kind if not given.
        without : iterable of str
            Leave these out.
        kind : str
            The cell's kind.

        Raises
        ------
        NotFoundError
            If a name is no mode.
        PluginError
            If a mode asked for by name cannot act on this kind of cell.
        """
        left_out = _names(without)
        wanted = None if only is None else _names(only)
        for name in [*(wanted or ()), *left_out]:
            if name not in self.modes:
                raise self._no_such_mode(name)
        if wanted is None:
            return [m for m in self.modes.values() if m.id not in left_out and kind in m.kinds]
        chosen = [m for m in self.modes.values() if m.id in wanted and m.id not in left_out]
        for mode in chosen:
            if kind not in mode.kinds:
                raise PluginError(
                    f"mode {mode.id!r} acts on {', '.join(mode.kinds)} cells, not on a {kind} one",
                    key="modes",
                    fix=f"leave it out: --without {mode.id}",
                )
        return chosen

    def _no_such_mode(self, name: str) -> NotFoundError:
        from twin.specs.complaint import did_you_mean, one_of

        if name in self._refused:
            message = f"the failure mode {name!r} is installed but cannot be used: "
            return NotFoundError(
                message + self._refused[name], key="modes", fix="see `twin plugins doctor`"
            )
        installed = f"installed: {one_of(self.modes)}; see `twin plugins`"
        return NotFoundError(
            f"there is no failure mode {name!r}",
            key="modes",
            fix=did_you_mean(name, self.modes, installed),
        )

    @property
    def spec_directories(self) -> list[Path]:
        """The directories of cell specs that plugins bring; one that is missing is reported."""
        from twin.modes.vetting import spec_directory_problem

        if self._spec_dirs is None:
            self._spec_dirs = []
            for plugin, paths in self._each("twin_cell_specs", {}):
                for path in paths:
                    problem = spec_directory_problem(path)
                    if problem is None:
                        self._spec_dirs.append(Path(path))
                    else:
                        self._mark(plugin, *problem)
        return self._spec_dirs

    def studies(self, taken: Collection[str] = ()) -> list[Any]:
        """Return the kinds of study that plugins bring; one that cannot be used is reported.

        Parameters
        ----------
        taken : collection of str
            The ids that the core's own kinds have.
        """
        from twin.modes.vetting import study_problem

        return self._named("twin_studies", taken, study_problem)

    def readers(self, taken: Collection[str] = ()) -> list[Any]:
        """Return the readers that plugins bring; one that cannot be used is reported.

        Parameters
        ----------
        taken : collection of str
            The ids that the core's own readers have.
        """
        from twin.modes.vetting import reader_problem

        return self._named("twin_readers", taken, reader_problem)

    def _named(
        self, hook: str, taken: Collection[str], problem_of: Callable[..., Any]
    ) -> list[Any]:
        """Return what plugins bring through a hook, each under an id of its own."""
        by_name: dict[str, Any] = {}
        for plugin, brought in self._each(hook, {}):
            for item in brought:
                problem = problem_of(item, {*taken, *by_name})
                if problem is None:
                    by_name[item.id] = item
                else:
                    self._mark(plugin, *problem)
        return list(by_name.values())

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands to the command line."""
        for _ in self._each("twin_commands", {"app": app}):
            pass

    def observe(self, hook: str, **kwargs: Any) -> None:
        """Tell observers; what one raises is logged, not obeyed.

        Each gets its own copy of the data, so that an observer can change nothing.
        """
        for _ in self._each(hook, kwargs, copied=True):
            pass

    def has_observers(self, hook: str) -> bool:
        """Return whether any plugin listens to a hook."""
        return bool(getattr(self._pm.hook, hook).get_hookimpls())

    def doctor(self, library: Library | None = None) -> list[Problem]:
        """Return everything wrong with the installed plugins, each with what to do.

        Parameters
        ----------
        library : Library, optional
            The library of cells, whose own problems (a name defined twice) are added.

        Returns
        -------
        list of Problem
            ``file`` names the plugin or the file; empty if all is well.
        """
        _ = self.modes, self.spec_directories
        problems = [*self.problems, *(library.problems if library is not None else ())]
        return list(dict.fromkeys(problems))


def _is_own(by: tuple[str, str]) -> bool:
    from twin.modes.vetting import TWIN

    return by[0] == TWIN


def _distribution(entry: Any) -> tuple[str, str]:
    """Return the name and version of what an entry point is installed with."""
    dist = getattr(entry, "dist", None)
    return (dist.name, dist.version) if dist is not None else ("", "")


def _as_list(returned: Any) -> list[Any]:
    if returned is None:
        return []
    if isinstance(returned, str | bytes | dict):
        raise TypeError(f"returned {type(returned).__name__}, expected a list")
    return list(returned)


def _names(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


@lru_cache(maxsize=1)
def plugin_manager() -> PluginManager:
    """Return the process's plugin manager, made from the installed entry points."""
    return PluginManager()
