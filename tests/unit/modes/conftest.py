"""Fake entry points: an object with a name, a ``load()`` and, maybe, a distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from twin.modes.hookspecs import hookimpl
from twin.modes.manager import PluginManager
from twin.modes.mode import FailureMode


@dataclass
class FakeEntry:
    """An entry point as ``importlib.metadata`` would give it."""

    name: str
    loads: Any
    dist: Any = None

    def load(self) -> Any:
        if isinstance(self.loads, BaseException):
            raise self.loads
        return self.loads


class ModePlugin:
    """A plugin that brings what it is given."""

    def __init__(self, *modes: Any):
        self.brings = modes

    @hookimpl
    def twin_failure_modes(self) -> Any:
        return list(self.brings)


def make_mode(mode_id: Any, **attributes: Any) -> FailureMode:
    """A mode of that id; its defaults are none, as its parameters are."""
    body = {"id": mode_id, "defaults": lambda self: {}, **attributes}
    return type(f"Mode{mode_id}".title().replace("-", ""), (FailureMode,), body)()


@pytest.fixture(scope="session")
def distribution() -> Callable[..., Any]:
    def make(name: str = "strangers", version: str = "1.2", requires: Any = None) -> Any:
        return SimpleNamespace(name=name, version=version, requires=requires)

    return make


@pytest.fixture(scope="session")
def entry() -> Callable[..., FakeEntry]:
    return FakeEntry


@pytest.fixture(scope="session")
def mode() -> Callable[..., FailureMode]:
    return make_mode


@pytest.fixture(scope="session")
def brings() -> type[ModePlugin]:
    return ModePlugin


@pytest.fixture(scope="session")
def manager() -> Callable[..., PluginManager]:
    """``manager(one=plugin, other=ImportError("no"))``: loaded from fake entry points."""

    def make(*entries: FakeEntry, **plugins: Any) -> PluginManager:
        named = [FakeEntry(name, plugin) for name, plugin in plugins.items()]
        return PluginManager([*entries, *named])

    return make


@pytest.fixture(scope="session")
def info() -> Callable[[PluginManager, str], Any]:
    def find(manager: PluginManager, name: str) -> Any:
        found = [i for i in manager.plugins if i.name == name]
        assert len(found) == 1
        return found[0]

    return find
