"""What the wheel and the sdist hold: all of the twin, and nothing else."""

from __future__ import annotations

import tarfile
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import EntryPoints
from pathlib import PurePosixPath

import pytest

import twin

KINDS = {".css", ".csv", ".html", ".json", ".py", ".toml", ".txt", ".typed"}


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(n) for n in archive.namelist()]


@pytest.fixture(scope="module")
def pyproject(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def packages(pyproject):
    return pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def metadata(wheel, names):
    (path,) = [n for n in names if n.name == "METADATA"]
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(str(path)).decode())


def in_checkout(root, packages):
    """Every file of the packages as it should stand in the wheel."""
    return {
        PurePosixPath(root.joinpath(package).name, path.relative_to(root / package).as_posix())
        for package in packages
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_nothing_generic_lands_in_site_packages(names):
    tops = {n.parts[0] for n in names}
    info = {t for t in tops if t.endswith(".dist-info")}
    assert len(info) == 1 and next(iter(info)).startswith("sodium_cell_twin-")
    assert all(t == "twin" or t.startswith("twin_") for t in tops - info)
    assert {"twin", "twin_cells", "twin_interphase", "twin_pressure"} <= tops


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(names, root, packages):
    inside = {n for n in names if not n.parts[0].endswith(".dist-info")}
    assert inside == in_checkout(root, packages)
    assert {n.suffix for n in inside} == KINDS


def test_every_package_of_the_checkout_is_shipped(root, packages):
    there = {
        p.parent.relative_to(root).as_posix()
        for folder in ("plugins", "cell_specs", "tui")
        for p in (root / folder).glob("twin_*/__init__.py")
    }
    assert there | {"twin"} == set(packages)


@pytest.mark.parametrize(
    "needed",
    [
        "twin/py.typed",
        "twin/store/migrations/env.py",
        "twin/store/migrations/versions/r0001_first_tables.py",
        "twin_interphase/defaults.toml",
        "twin_pressure/defaults.toml",
        "twin_cells/cells/na-nzsp-nvp.toml",
        "twin_cells/materials/sodium.toml",
        "twin_cells/overlays/warm-60C.toml",
        "twin_cells/protocols/cc-cv.toml",
    ],
)
def test_what_is_no_module_is_shipped_too(names, needed):
    assert PurePosixPath(needed) in names


def test_the_licence_goes_along(names, wheel, root):
    (path,) = [n for n in names if n.parts[-2:] == ("licenses", "LICENSE")]
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(str(path)).decode() == (root / "LICENSE").read_text(encoding="utf-8")


def test_the_metadata(metadata, pyproject):
    assert metadata["Name"] == "sodium-cell-twin"
    assert metadata["Version"] == twin.__version__ == pyproject["project"]["version"]
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "twin life na-" in metadata.get_payload()


def test_the_entry_points(wheel, names, pyproject):
    (path,) = [n for n in names if n.name == "entry_points.txt"]
    with zipfile.ZipFile(wheel) as archive:
        found = EntryPoints._from_text_for(archive.read(str(path)).decode(), None)
    project = pyproject["project"]
    wanted = {("console_scripts", k, v) for k, v in project["scripts"].items()}
    for group, points in project["entry-points"].items():
        wanted |= {(group, k, v) for k, v in points.items()}
    assert {(e.group, e.name, e.value) for e in found} == wanted


def test_the_sdist_holds_what_a_maintainer_needs(sdist, root, packages):
    with tarfile.open(sdist) as archive:
        members = [m for m in archive.getmembers() if m.isfile()]
    inside = {PurePosixPath(*PurePosixPath(m.name).parts[1:]) for m in members}
    top = {n.parts[0] for n in inside}
    assert {"twin", "plugins", "cell_specs", "tests", "docs", "examples", "benchmarks"} <= top
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml"} <= top
    for package in packages:
        shipped = {n for n in inside if n.is_relative_to(package)}
        assert {n.suffix for n in shipped} <= KINDS
        assert len(shipped) == len(in_checkout(root, [package]))
    # Scratch of this machine stays here: the sdist has no dot-folders but CI's.
    assert {t for t in top if t.startswith(".")} <= {".gitignore", ".ci", ".pre-commit-config.yaml"}
    assert not [n for n in inside if n.suffix in (".pyc", ".db", ".whl")]
