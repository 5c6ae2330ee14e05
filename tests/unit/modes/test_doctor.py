"""``twin plugins doctor``: every finding says which plugin, what is wrong, what to do."""

from __future__ import annotations

import pytest

from twin.modes.hookspecs import hookimpl
from twin.modes.mode import ModeParameters
from twin.specs.library import Library
from twin.specs.quantity import Q


class Rust(ModeParameters):
    """Parameters of a mode that exists for these tests."""

    rate: Q("m/s", ge=0)  # type: ignore[valid-type]
    exponent: Q("", gt=0) = 0.5  # type: ignore[valid-type]


def specs(*directories):
    return type("Specs", (), {"twin_cell_specs": hookimpl(lambda self: list(directories))})()


def test_a_healthy_plugin_gives_no_finding(manager, brings, mode, tmp_path):
    (tmp_path / "cells").mkdir()
    rust = mode("rust", Parameters=Rust, defaults=lambda self: {"rate": "1 nm/s"})
    loaded = manager(rust=brings(rust), specs=specs(tmp_path))
    assert loaded.doctor(Library(loaded.spec_directories)) == []


@pytest.mark.parametrize(
    ("defaults", "says", "fix"),
    [
        ({}, "rate: is missing", "add rate"),
        ({"rate": "1 nm"}, "rate: '1 nm' is a length", "write it like"),
        ({"rate": "-1 nm/s"}, "below 0", "at least 0"),
        ({"rate": 1e-9}, "has no unit", "write it like"),
        ({"rate": "1 nm/s", "rat": 1}, "unknown key 'rat'", "did you mean rate?"),
        ([], "expected a dict", "override defaults()"),
    ],
)
def test_defaults_that_do_not_fit_are_found_and_hurt_no_one_else(
    manager, brings, mode, defaults, says, fix
):
    rust = mode("rust", Parameters=Rust, defaults=lambda self: defaults)
    loaded = manager(rusty=brings(rust), good=brings(mode("a")))
    (finding,) = loaded.doctor()
    assert finding.file == "plugin rusty"
    assert "'rust'" in finding.message and says in finding.message
    assert fix in finding.fix
    # Its parameters stand in no cell's table, so every other mode still runs.
    assert list(loaded.modes) == ["a"]


def test_defaults_that_cannot_be_read(manager, brings, mode, tmp_path, monkeypatch):
    package = tmp_path / "twin_rotten"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "defaults.toml").write_text("rate = = 1")
    monkeypatch.syspath_prepend(tmp_path)
    from twin.modes.mode import FailureMode

    rotten = type("Rotten", (FailureMode,), {"id": "rotten", "__module__": "twin_rotten.mode"})()
    (finding,) = manager(one=brings(rotten)).doctor()
    assert "defaults.toml" in finding.message and "not TOML" in finding.message


def test_broken_plugins_and_duplicates_are_findings(manager, brings, mode, entry):
    loaded = manager(
        entry("same", brings(mode("a"))),
        entry("same", brings(mode("b"))),
        broken=ImportError("no module named 'numpyy'"),
    )
    found = {(p.file, p.message.partition(":")[0]) for p in loaded.doctor()}
    assert found == {("plugin same", "skipped"), ("plugin broken", "skipped")}
    assert all(p.fix for p in loaded.doctor())


def test_asking_twice_gives_the_same_findings_once(manager, brings, mode):
    loaded = manager(one=brings(mode("a"), mode("a"), mode("a")))
    first = loaded.doctor()
    assert len(first) == 1 and loaded.doctor() == first


@pytest.mark.parametrize(
    ("requires", "problem"),
    [
        (["sodium-cell-twin>=99"], "asks for sodium-cell-twin>=99"),
        (["Sodium_Cell.Twin<0.0.1"], "asks for sodium-cell-twin<0.0.1"),
        (["sodium-cell-twin>>1"], "which is no requirement"),
        (["sodium-cell-twin", "numpy>=99"], None),
        (["sodium-cell-twin>=99; extra == 'later'"], None),
        (None, None),
    ],
)
def test_a_plugin_for_another_version_of_the_twin(
    manager, brings, mode, entry, distribution, requires, problem
):
    loaded = manager(entry("old", brings(mode("a")), distribution(requires=requires)))
    assert list(loaded.modes) == ["a"]  # it may work all the same
    found = loaded.doctor()
    assert [problem in p.message for p in found] == ([True] if problem else [])


@pytest.mark.parametrize("kind", ["missing", "empty", "relative", "a number"])
def test_spec_directories_that_bring_nothing(manager, tmp_path, kind):
    (tmp_path / "empty").mkdir()
    given, says = {
        "missing": (tmp_path / "nowhere", "is not there"),
        "empty": (tmp_path / "empty", "holds none of"),
        "relative": ("cells", "relative"),
        "a number": (7, "no path"),
    }[kind]
    good = tmp_path / "good"
    (good / "materials").mkdir(parents=True)
    loaded = manager(one=specs(given, good))
    assert loaded.spec_directories == [good]
    (finding,) = loaded.doctor(Library(loaded.spec_directories))
    assert finding.file == "plugin one" and says in finding.message


def test_a_cell_defined_by_two_plugins_is_a_finding(manager, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "cells").mkdir(parents=True)
        (tmp_path / name / "cells" / "mine.toml").write_text("schema = 1\n")
    loaded = manager(one=specs(tmp_path / "one"), two=specs(tmp_path / "two"))
    (finding,) = loaded.doctor(Library(loaded.spec_directories))
    assert "'mine' is already defined" in finding.message and "rename" in finding.fix


def test_commands_that_fail_are_findings(manager):
    plugin = type("Commands", (), {"twin_commands": hookimpl(lambda self, app: app.nothing())})()
    loaded = manager(cli=plugin)
    loaded.add_commands(object())
    (finding,) = loaded.doctor()
    assert "twin_commands: AttributeError" in finding.message
