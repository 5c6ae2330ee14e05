from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Annotated

import pytest
import typer

from twin.cli import app as app_module
from twin.cli import command as module
from twin.cli.main import main
from twin.errors import InputError, Problem, SolverGaveUpError, SpecError, StoreError


@pytest.fixture
def doing(monkeypatch, cli):
    """``doing(function, "--json")``: run a command ``twin do`` that is the function."""

    def run(function, *words):
        def core():
            app = typer.Typer(rich_markup_mode=None)
            app.callback()(app_module._root)
            module.command(app, "do")(function)
            return app

        monkeypatch.setattr(app_module, "core_app", core)
        return cli("do", *words)

    return run


def raising(error):
    def function(session: module.Session) -> None:
        """Fail."""
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("no"), 2),
        (StoreError("no"), 2),
        (SolverGaveUpError("no"), 3),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(2, "No such file", "x.toml"), 2),
        (PermissionError(13, "Permission denied", "x.toml"), 2),
        (OSError(28, "No space left on device", "x.toml"), 1),
        (ValueError("no"), 1),
        (RecursionError("no"), 1),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(doing, error, code):
    for words in ((), ("--json",)):
        said = doing(raising(error), *words)
        assert said.code == code
        assert "Traceback" not in said.err + said.out
        assert said.err.startswith("error: ")
        if words:
            document = said.json["error"]
            assert document["message"] in said.err
            assert set(document) == {"message", "file", "key", "fix", "line", "problems"}
        else:
            assert said.out == ""


def test_an_error_says_where_and_what_to_do_in_both_forms(doing):
    error = InputError("too thin", file="a.toml", key="anode.thickness", fix="make it thicker")
    text, document = doing(raising(error)), doing(raising(error), "--json").json["error"]
    assert text.err == "error: a.toml: anode.thickness: too thin\n    fix: make it thicker\n"
    assert (document["file"], document["key"]) == ("a.toml", "anode.thickness")
    assert (document["message"], document["fix"]) == ("too thin", "make it thicker")


def test_all_problems_of_a_file_are_told(doing):
    error = SpecError([Problem(f"problem {n}", "a.toml", f"k{n}", "fix it") for n in range(3)])
    assert [p["key"] for p in doing(raising(error), "--json").json["error"]["problems"]] == [
        "k0",
        "k1",
        "k2",
    ]
    text = doing(raising(error)).err
    assert text.count("error: ") == 3 and "3 problems" in text


def test_a_bug_is_called_one_in_a_line_and_shown_whole_with_verbose(doing):
    said = doing(raising(KeyError("unexpected")))
    assert "this is a bug: KeyError" in said.err and "--verbose" in said.err
    assert len(said.err.splitlines()) == 2
    said = doing(raising(KeyError("unexpected")), "--verbose", "--json")
    assert "Traceback" in said.err
    assert "KeyError" in said.json["error"]["message"]


def test_what_a_library_prints_does_not_reach_stdout(doing):
    def function(session: module.Session) -> None:
        """Print."""
        print("a stray remark")
        session.finish({"a": 1}, lambda page: page.line("the result"))

    assert doing(function, "--json").json == {"a": 1}
    said = doing(function)
    assert said.out == "the result\n" and "a stray remark" in said.err


def test_warnings_are_kept_off_the_screen_unless_asked_for(doing):
    def function(session: module.Session) -> None:
        """Warn."""
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            import logging

            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.warn("extrapolating", UserWarning, stacklevel=1)
        session.finish({}, lambda page: None)

    assert doing(function).err == ""
    assert "extrapolating" in doing(function, "--verbose").err


def test_the_exit_code_is_what_the_function_returns(doing):
    def function(session: module.Session) -> int:
        """Give up."""
        session.finish({}, lambda page: None)
        return 3

    assert doing(function).code == 3


def test_common_options_hold_wherever_they_stand(monkeypatch, cli):
    seen = []

    def default(session: module.Session) -> None:
        """Look."""
        seen.append(session.common)

    def inner(
        session: module.Session,
        name: Annotated[str, typer.Argument()],
        size: Annotated[int, typer.Option()] = 3,
    ) -> None:
        """Look closer."""
        seen.append((session.common, name, size))

    def core():
        app = typer.Typer(rich_markup_mode=None)
        app.callback()(app_module._root)
        group = module.group(app, "things", default)
        module.command(group, "show")(inner)
        return app

    monkeypatch.setattr(app_module, "core_app", core)
    cli("--json", "things", "--db", "a.db")
    cli("things", "--json", "list", "--db", "a.db")
    cli("--db", "a.db", "things", "show", "x", "--size", "5", "--json")
    assert all(common.json and common.db == "a.db" for common in (seen[0], seen[1], seen[2][0]))
    assert seen[2][1:] == ("x", 5)
    assert len(seen) == 3  # a group with a subcommand does not do its own thing as well


@pytest.mark.parametrize(
    "words",
    [["nosuch"], ["run"], ["runs", "--limit", "x"], ["runs", "--limit", "0"], ["run", "--nosuch"]],
)
def test_a_mistake_on_the_command_line_is_bad_input(cli, words):
    said = cli(*words)
    assert said.code == 2 and said.out == "" and "--help" in said.err
    said = cli(*words, "--json")
    assert said.code == 2 and said.json["error"]["message"]


def test_json_after_a_double_dash_is_an_argument(cli):
    said = cli("run", "--", "--json")
    assert said.code == 2 and said.out == ""


def test_version_and_help(cli):
    import twin

    assert cli("--version").out == f"twin {twin.__version__}\n"
    assert cli("--version", "--json").json == {"version": twin.__version__}
    assert cli().out == cli("--help").out
    assert cli().code == cli("--help").code == 0


def test_help_fits_80_columns(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for words in (
        [],
        ["run"],
        ["resume"],
        ["plot"],
        ["export"],
        ["cells"],
        ["db"],
        ["measured"],
    ):
        lines = cli(*words, "--help").out.splitlines()
        assert max(map(len, lines)) <= 80
        assert "..." not in "".join(lines).replace("[ARGS]...", "")  # no help cut off


def test_text_that_the_terminal_cannot_show_is_no_error(cli):
    said = cli("cells", "check", "nosuch\udcff.toml")
    assert said.code == 2 and "nosuch" in said.err


def test_sundials_is_quiet_unless_asked(monkeypatch, cli):
    names = ("SUNLOGGER_ERROR_FILENAME", "SUNLOGGER_WARNING_FILENAME")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    cli("--version", "--verbose")
    assert not any(name in os.environ for name in names)
    cli("--version")
    assert all(os.environ[name] == os.devnull for name in names)
    for name in names:
        monkeypatch.setenv(name, "mine.log")
    cli("--version")
    assert all(os.environ[name] == "mine.log" for name in names)


def test_streams_closed_from_outside_are_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["--version"]) == 0
    assert main(["nosuch"]) == 2


def test_json_errors_are_one_document(cli):
    said = cli("show", "x", "--json", "--db", "mysql://nosuch")
    assert said.code == 2
    assert "mysql" in json.loads(said.out)["error"]["message"]
