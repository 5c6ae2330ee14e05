"""The built wheels at work, away from the checkout, with a stranger's plugin beside them."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

FILM = "collector film resistance [Ohm.m2]"
# The plugin's own defaults, and what its overlay makes of them, in SI units.
NATIVE, RATE, HUMID_RATE = 0.1e-4, 0.01e-4 / 3600, 0.1e-4 / 3600


def check(report, folder, rate=RATE):
    """One cycle of the symmetric cell with the stranger's mode, as computed by hand."""
    assert report["problems"] == []
    assert all(Path(f).is_relative_to(folder) for f in report["from"]), report["from"]
    assert report["plugins"]["corrosion"] == "twin-corrosion"
    assert report["plugins"]["pressure"] == "sodium-cell-twin"
    assert {"corrosion", "interphase", "pressure"} <= set(report["modes"])
    assert report["ran"]["corrosion"] == "corrosion 0.3.0"
    assert report["outcome"] == "completed"
    row = report["row"]
    for side in ("Anode", "Cathode"):
        film = NATIVE + rate * row["t_end_s"]
        assert row[f"{side} {FILM}"] == pytest.approx(film, rel=1e-6)
        # The port takes the film in with the other modes' contributions.
        others = ("interphase resistance [Ohm.m2]", "constriction resistance [Ohm.m2]")
        total = film + sum(row[f"{side} {name}"] for name in others)
        assert row[f"{side} interface resistance [Ohm.m2]"] == pytest.approx(total, rel=1e-9)
    margin = row["margins"]["corrosion: anode collector corroded"]
    assert margin == pytest.approx((0.05 - film) / (0.05 - NATIVE), rel=1e-6)


def test_one_cycle_with_a_strangers_mode(strangers_cycles, installed):
    check(strangers_cycles[0], installed)


def test_one_cycle_with_a_strangers_overlay(strangers_cycles, installed):
    check(strangers_cycles[1], installed, HUMID_RATE)


def test_the_command_line_lists_the_strangers_mode(isolated, installed, run_command, tmp_path):
    code = "from twin.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    modes = json.loads(run_command(isolated(installed, code, "modes", "--json"), cwd=tmp_path))
    assert "corrosion" in json.dumps(modes) and "interphase" in json.dumps(modes)
    plugins = run_command(isolated(installed, code, "plugins", "--json"), cwd=tmp_path)
    assert "twin-corrosion" in plugins


@pytest.mark.slow
def test_the_strangers_own_tests_pass(isolated, installed, root, run_command, tmp_path):
    shutil.copytree(root / "tests" / "packaging" / "third_party" / "tests", tmp_path / "tests")
    code = "import pytest\nsys.exit(pytest.main(sys.argv[1:]))"
    arguments = ["-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path / "tests"]
    said = run_command(isolated(installed, code, *arguments), cwd=tmp_path)
    assert " passed" in said and "skipped" not in said


def test_without_the_plugin_the_mode_is_gone(
    isolated, wheel, one_cycle, cycle_code, run_command, tmp_path
):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    report = one_cycle(isolated(tmp_path / "site", cycle_code), cwd=tmp_path)
    assert "corrosion" not in report["modes"] and report["outcome"] == "completed"
    assert f"Anode {FILM}" not in report["row"]


def test_a_broken_stranger_hurts_no_one_else(isolated, installed, one_cycle, cycle_code, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    (site / "twin_corrosion" / "defaults.toml").write_text('rate = "fast"\n')
    report = one_cycle(isolated(site, cycle_code), cwd=tmp_path)
    assert report["outcome"] == "completed" and "corrosion" not in report["modes"]
    (problem,) = report["problems"]
    assert "plugin corrosion" in problem and "'fast'" in problem


def test_an_editable_install_points_at_the_checkout(
    isolated, one_cycle, cycle_code, root, run_command, tmp_path
):
    """What ``pip install -e`` puts into site-packages: a path hook, and the entry points."""
    pytest.importorskip("editables")
    build = "import hatchling.build as b, sys; print(b.build_editable(sys.argv[1]))"
    name = run_command([sys.executable, "-c", build, tmp_path], cwd=root).split()[-1]
    with zipfile.ZipFile(tmp_path / name) as archive:
        archive.extractall(tmp_path / "site")
        stems = {n.partition("/")[0] for n in archive.namelist()}
    # No copy of a package: an edit in the checkout is what runs.
    assert not [s for s in stems if s == "twin" or s.startswith("twin_")]
    command = isolated(tmp_path / "site", cycle_code, pth=True)
    report = one_cycle(command, cwd=tmp_path)
    assert [Path(f).is_relative_to(root) for f in report["from"]] == [True] * 3
    assert {"cells", "interphase", "pressure"} <= set(report["plugins"])
    assert report["problems"] == [] and report["outcome"] == "completed"


@pytest.mark.slow
def test_a_clean_environment_with_everything_from_the_index(
    wheel, plugin_wheel, one_cycle, cycle_code, run_command, tmp_path
):
    run_command([sys.executable, "-m", "venv", tmp_path / "venv"])
    own = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    # The plugin is asked for by itself: what it requires brings the twin.
    find = ["--find-links", wheel.parent, plugin_wheel]
    run_command([own / "python", "-m", "pip", "install", "--quiet", *find], cwd=tmp_path)
    script = tmp_path / "one_cycle.py"
    script.write_text(cycle_code)
    report = one_cycle([own / "python", script], cwd=tmp_path)
    check(report, tmp_path / "venv")
    listed = run_command([own / "twin", "modes", "--json"], cwd=tmp_path)
    assert "corrosion" in listed
    run_command([own / "python", "-m", "pip", "check"], cwd=tmp_path)
