"""Every hook is documented, typed, described for plugin authors, and tested."""

from __future__ import annotations

import inspect
import re
import typing
from pathlib import Path

import pytest

from twin.modes import hookspecs
from twin.modes.manager import PluginManager

ROOT = Path(__file__).parents[3]
HOOKS = {
    name: spec
    for name, spec in vars(hookspecs).items()
    if inspect.isfunction(spec) and hasattr(spec, f"{hookspecs.PROJECT}_spec")
}


def signature(spec) -> str:
    """``name(argument, …)``, as the documentation's headings write it."""
    return f"{spec.__name__}({', '.join(inspect.signature(spec).parameters)})"


def test_the_hooks_are_these():
    assert set(HOOKS) == {
        "twin_failure_modes",
        "twin_cell_specs",
        "twin_studies",
        "twin_readers",
        "twin_commands",
        "twin_run_started",
        "twin_cycle_finished",
        "twin_run_finished",
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_the_docstring_says_when_and_what(hook):
    doc = inspect.getdoc(HOOKS[hook]) or ""
    summary, *body = doc.split("\n\n")
    assert summary.endswith(".") and "\n" not in summary
    assert any(paragraph.startswith("Called ") for paragraph in body), "says not when"
    for name in inspect.signature(HOOKS[hook]).parameters:
        assert re.search(rf"^{name} : \S+", doc, re.MULTILINE), f"{name} is not described"
    returns = inspect.signature(HOOKS[hook]).return_annotation
    assert ("Returns\n-------" in doc) == (returns not in ("None", None))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_argument_and_result_is_typed(hook):
    from twin import Reader, StudyKind
    from twin.modes.mode import FailureMode

    names = {"FailureMode": FailureMode, "StudyKind": StudyKind, "Reader": Reader}
    names["typer"] = __import__("typer")
    hints = typing.get_type_hints(HOOKS[hook], localns=names)
    assert set(hints) == {*inspect.signature(HOOKS[hook]).parameters, "return"}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_spec_itself_does_nothing(hook):
    parameters = inspect.signature(HOOKS[hook]).parameters
    assert HOOKS[hook](**dict.fromkeys(parameters)) in (None, ())


@pytest.mark.parametrize("hook", HOOKS)
def test_the_documentation_has_a_section_with_its_signature_and_an_example(hook):
    text = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    heading = f"## `{signature(HOOKS[hook])}`"
    assert text.count(f"\n{heading}\n") == 1, f"docs/hooks.md lacks the heading {heading}"
    section = text.split(f"\n{heading}\n")[1].split("\n## ")[0]
    assert f"def {hook}(" in section, "no example"
    assert "**Called**" in section and "**Returns**" in section
    for name in inspect.signature(HOOKS[hook]).parameters:
        assert f"`{name}`" in section


def test_the_documentation_has_no_hook_too_many():
    text = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## `(\w+)\(", text, re.MULTILINE)) == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_it_is_implemented_in_some_test(hook):
    here = Path(__file__)
    implemented = re.compile(rf'def {hook}\(|"{hook}": hookimpl')
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if p != here]
    conftests = list((ROOT / "tests").rglob("conftest.py"))
    assert any(implemented.search(p.read_text(encoding="utf-8")) for p in tests + conftests)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_manager_calls_it(hook, manager):
    """Whatever the manager offers must reach the hook: none is a dead letter."""
    called = []
    implementation = hookspecs.hookimpl(lambda self: called.append(hook))
    loaded: PluginManager = manager(one=type("One", (), {hook: implementation})())
    arguments = dict.fromkeys(inspect.signature(HOOKS[hook]).parameters)
    if hook == "twin_failure_modes":
        assert loaded.modes == {}
    elif hook == "twin_cell_specs":
        assert loaded.spec_directories == []
    elif hook == "twin_studies":
        assert loaded.studies() == []
    elif hook == "twin_readers":
        assert loaded.readers() == []
    elif hook == "twin_commands":
        loaded.add_commands(None)
    else:
        loaded.observe(hook, **arguments)
    assert called == [hook]
