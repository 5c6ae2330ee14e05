from __future__ import annotations

import inspect
import re
from typing import get_args

import pytest
import typer

import twin
from twin.cli.app import core_app, root_command
from twin.modes.hookspecs import hookimpl
from twin.modes.manager import PluginManager


class Entry:
    """An entry point that loads a given object."""

    dist = None

    def __init__(self, name, plugin):
        self.name = name
        self.plugin = plugin
        self.module = self.value = name

    def load(self):
        return self.plugin


@pytest.fixture
def install(monkeypatch):
    """``install(function)``: a plugin whose ``twin_commands`` is the function."""

    def use(*functions):
        class Plugin:
            def __init__(self, add):
                self.add = add

            @hookimpl
            def twin_commands(self, app):
                self.add(app)

        entries = [Entry(f"p{n}", Plugin(f)) for n, f in enumerate(functions)]
        manager = PluginManager(entries)
        monkeypatch.setattr(twin, "plugin_manager", lambda: manager)

    return use


def adding(name, says):
    def add(app):
        @app.command(name)
        def do() -> None:
            """A plugin's own command."""
            typer.echo(says)

    return add


def test_a_plugin_adds_a_command(install, cli):
    install(adding("hello", "from the plugin"))
    assert cli("hello").out == "from the plugin\n"
    assert "hello" in cli("--help").out


def test_a_plugin_adds_a_group(install, cli):
    def add(app):
        group = typer.Typer()
        group.command("one")(lambda: typer.echo("one"))
        group.command("two")(lambda: typer.echo("two"))
        app.add_typer(group, name="many")

    install(add)
    assert cli("many", "two").out == "two\n"


def test_a_plugin_cannot_replace_a_command_of_the_twin(install, cli, empty):
    install(adding("runs", "mine"))
    said = cli("runs", "--db", empty)
    assert "mine" not in said.out and "no runs yet" in said.out
    assert "`twin runs` was skipped" in said.err


def test_the_first_of_two_plugins_with_the_same_command_keeps_it(install, cli):
    install(adding("same", "first"), adding("same", "second"))
    said = cli("same")
    assert said.out == "first\n" and "skipped" in said.err


def test_a_plugin_that_raises_takes_nobody_down(install, cli):
    def broken(app):
        raise RuntimeError("no")

    install(broken, adding("hello", "still here"))
    said = cli("hello")
    assert said.code == 0 and said.out == "still here\n"
    assert "p0" in said.err


def test_a_command_typer_cannot_read_is_left_out(install, cli):
    def odd(app):
        def do(x: NoSuchType) -> None:  # noqa: F821
            """Take what no command line can give."""

        app.command("odd")(do)

    install(odd, adding("hello", "still here"))
    said = cli("hello")
    assert said.out == "still here\n" and "skipped" in said.err
    assert cli("odd").code == 2


def test_warnings_about_plugins_are_not_shown_with_quiet(install, cli):
    install(adding("runs", "mine"))
    assert cli("--quiet", "--version").err == ""


def callbacks(app):
    yield from (info.callback for info in app.registered_commands)
    for group in app.registered_groups:
        yield from callbacks(group.typer_instance)


def test_every_whole_number_option_has_an_upper_bound():
    bounds = {}
    for callback in callbacks(core_app()):
        for name, option in inspect.signature(callback).parameters.items():
            if "int" in re.findall(r"\w+", str(get_args(option.annotation)[:1])):
                (info,) = option.annotation.__metadata__
                bounds[f"{callback.__name__} {name}"] = info.max
    assert len(bounds) > 25
    assert [name for name, most in bounds.items() if most is None] == []
    assert max(bounds.values()) <= 2**63 - 1


@pytest.mark.parametrize(
    "words",
    [
        ("runs", "--limit"),
        ("forecast", "na-nzsp-na", "--samples"),
        ("forecast", "na-nzsp-na", "--before"),
        ("forecast", "na-nzsp-na", "--seed"),
        ("map", "na-nzsp-na", "--cycles"),
        ("resume", "last", "--from-cycle"),
        ("run", "na-nzsp-na", "--cycles"),
    ],
)
@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 5000])
def test_a_number_beyond_its_bound_is_refused(cli, empty, words, number):
    said = cli(*words, number, "--db", empty)
    assert said.code == 2 and words[-1] in said.err and "bug" not in said.err


def test_what_is_added_to_one_command_line_is_not_in_the_next():
    first = root_command()
    first.add_command(first.commands["cells"], "cells-again")
    assert "cells-again" not in root_command().commands
    assert {"cells", "run", "show"} <= set(root_command().commands)


def test_one_of_the_commands_is_read_alone_and_is_the_same():
    whole = root_command()
    alone = root_command(["run", "--nosuch"])
    assert "run" in alone.commands and "show" not in alone.commands
    for read in (whole, alone):
        assert "tui" in read.commands  # a plugin's
    said = [
        [(p.name, p.opts, p.default) for p in read.commands["run"].params]
        for read in (whole, alone)
    ]
    assert said[0] == said[1]


@pytest.mark.parametrize("words", [[], ["nosuch"], ["tui"], ["--db", "run"], ["--help"]])
def test_what_is_none_of_them_is_read_with_all(words):
    assert set(root_command(words).commands) == set(root_command().commands)


def test_a_plugin_cannot_take_a_name_that_is_not_read(monkeypatch):
    def add(app):
        app.command("show")(lambda: None)

    monkeypatch.setattr(twin.plugin_manager(), "add_commands", add)
    assert "show" not in root_command(["run"]).commands
