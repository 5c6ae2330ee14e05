"""Wheels of the twin and of a stranger's plugin, built once, and ways to run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The stranger's own tests, which run where the stranger's plugin is installed.
collect_ignore = ["third_party"]

ROOT = Path(__file__).parents[2]
THIRD_PARTY = Path(__file__).parent / "third_party"

# One cycle of a symmetric cell on every installed mode, and where everything came from; then
# one more with each overlay that is named.
ONE_CYCLE = """
import json, sys
import twin

runs = [
    twin.simulate("na-nzsp-na", cycles=1, overlays=overlays, store="sqlite://")
    for overlays in ([], *([name] for name in sys.argv[1:]))
]
manager = twin.plugin_manager()
import twin_cells, twin_pressure
for run in runs: print(json.dumps({
    "version": twin.__version__,
    "from": [m.__file__ for m in (twin, twin_pressure, twin_cells)],
    "modes": sorted(manager.modes),
    "problems": [str(p) for p in manager.doctor(twin.library())],
    "plugins": {p.name: p.distribution for p in manager.plugins},
    "outcome": run.outcome.kind,
    "row": run.rows[0],
    "ran": run.info.modes,
}))
"""


def checked(command: list[Any], **kwargs: Any) -> str:
    """Run a command, away from PYTHONPATH; its output is shown where it fails."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=1200, env=env, **kwargs
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def python(*arguments: Any) -> list[Any]:
    return [sys.executable, *arguments]


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this checkout, and the wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    checked(python("-m", "build", "--no-isolation", "--outdir", out, ROOT))
    return out


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (found,) = distributions.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sdist(distributions: Path) -> Path:
    (found,) = distributions.glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def plugin_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the stranger's plugin."""
    out = tmp_path_factory.mktemp("plugin")
    checked(python("-m", "build", "--no-isolation", "--wheel", "--outdir", out, THIRD_PARTY))
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def isolated() -> Callable[..., list[Any]]:
    """``isolated(folder, code)``: a command that sees ``folder`` before all else.

    ``-I`` hides the checkout and PYTHONPATH, ``-S`` keeps ``.pth`` files, and with them an
    editable install, from being read; the other packages are found as folders.
    """
    others = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]

    def command(folder: Path, code: str, *arguments: Any, pth: bool = False) -> list[Any]:
        site = f"import site; site.addsitedir({str(folder)!r})\n" if pth else ""
        head = f"import sys\nsys.path[:0] = [{str(folder)!r}]\nsys.path += {others!r}\n{site}"
        return python("-I", "-S", "-c", head + code, *arguments)

    return command


@pytest.fixture(scope="session")
def installed(wheel: Path, plugin_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both wheels installed and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    alone = ["--quiet", "--no-deps", "--no-index", "--target", folder]
    checked(python("-m", "pip", "install", *alone, wheel, plugin_wheel))
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def one_cycle() -> Callable[[list[Any]], dict[str, Any]]:
    """``one_cycle(command)``: run a command that prints the report of one cycle."""

    def run(command: list[Any], **kwargs: Any) -> dict[str, Any]:
        return json.loads(checked(command, **kwargs).splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def strangers_cycles(isolated, installed, tmp_path_factory) -> list[dict[str, Any]]:
    """The reports of one cycle with the stranger's mode, and of one with its overlay too."""
    folder = tmp_path_factory.mktemp("cycles")
    said = checked(isolated(installed, ONE_CYCLE, "humid-assembly"), cwd=folder)
    return [json.loads(line) for line in said.splitlines()[-2:]]


@pytest.fixture(scope="session")
def cycle_code() -> str:
    return ONE_CYCLE


@pytest.fixture(scope="session")
def run_command() -> Callable[..., str]:
    return checked
