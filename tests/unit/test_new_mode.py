"""The package that ``twin modes new`` writes is ready: it is found, and its own tests pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import twin
from twin.errors import InputError

NAME = "grain-sliding"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The folder of a new mode, with what an installation would leave beside it."""
    home = tmp_path_factory.mktemp("new")
    return installed(twin.new_mode(NAME, home)[0].parent)


def installed(root):
    """Lay beside a package what an installation would leave, and return its folder."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = root / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["twin.plugins"]
    lines = [f"{name} = {module}" for name, module in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[twin.plugins]", *lines, ""]))
    return root


def run(package, *words):
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        cwd=package,
        timeout=280,
        env={**os.environ, "PYTHONPATH": str(package), "TWIN_DATABASE_URL": "sqlite://"},
    )


def test_every_placeholder_is_filled_and_the_names_are_the_modes(package):
    for path in package.rglob("*"):
        if path.suffix in (".py", ".toml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert "$" not in text and "corrosion" not in text.lower(), path
    assert (package / "twin_grain_sliding" / "mode.py").is_file()
    assert "class GrainSliding(FailureMode)" in (
        package / "twin_grain_sliding" / "mode.py"
    ).read_text(encoding="utf-8")


def test_the_twin_finds_it(package):
    said = run(package, "twin", "modes", "show", "grain_sliding")
    assert said.returncode == 0 and "Grain sliding" in said.stdout and said.stderr == ""


@pytest.mark.slow
def test_all_its_tests_pass(package):
    done = run(package, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["", "Dendrite", "a--b", "1st", "a b", "../up", "a_"])
def test_what_is_no_name_is_refused(name, tmp_path):
    with pytest.raises(InputError, match="cannot be the name"):
        twin.new_mode(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_and_a_folder_that_is_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="already"):
        twin.new_mode("dendrite", tmp_path)
    twin.new_mode(NAME, tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(InputError, match="is there already"):
        twin.new_mode(NAME, tmp_path)
    assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stack", "table of every cell"),
        ("core", "table of every cell"),
        ("tui", "package twin_tui is installed"),
        ("cells", "package twin_cells is installed"),
        ("true", "called True, which is taken"),
        ("none", "called None, which is taken"),
        ("failure-mode", "called FailureMode, which is taken"),
        ("parameters", "called Parameters, which is taken"),
        ("q", "called Q, which is taken"),
    ],
)
def test_a_name_that_could_not_work_is_refused_and_nothing_written(name, says, tmp_path):
    with pytest.raises(InputError, match=says):
        twin.new_mode(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_too_long_for_a_file_is_no_bug(tmp_path, capsys, monkeypatch):
    from twin.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["modes", "new", "a" * 300]) == 2
    assert "too long" in capsys.readouterr().err


# ------------------------------------------------- the tutorial that turns it into another

PAGE = Path(__file__).parents[2] / "docs" / "particle-cracking.md"
_MADE = re.compile(r"^```(?:python|toml) made (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """What a reader of the page has in the end."""
    home = tmp_path_factory.mktemp("tutorial")
    root = installed(twin.new_mode("cracking", home)[0].parent)
    for name, text in _MADE.findall(PAGE.read_text(encoding="utf-8")):
        assert (root / name).is_file(), name  # it only changes what is there
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_the_tutorials_mode_is_found(tutorial):
    said = run(tutorial, "twin", "modes", "show", "cracking")
    assert said.returncode == 0 and "Cracking cathode particles" in said.stdout
    assert said.stderr == ""


@pytest.mark.slow
def test_the_tutorials_tests_pass(tutorial):
    done = run(tutorial, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
