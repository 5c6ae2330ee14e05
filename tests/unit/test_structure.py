"""The house's own rules: dependencies point one way, and the checks named to newcomers exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGES = [
    Path(p).name for p in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
]


def test_the_import_contracts_are_kept(tmp_path):
    """``lint-imports``, as CONTRIBUTING names it, with a cache of its own."""
    code = "import sys; from importlinter.cli import lint_imports_command as c; c(sys.argv[1:])"
    options = ["--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *options], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    contracts = len(PYPROJECT["tool"]["importlinter"]["contracts"])
    assert f"Contracts: {contracts} kept, 0 broken." in done.stdout


def imports_inside(folder):
    """Map each module of a package to those of its own that it names, types included."""
    names = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in folder.rglob("*.py")
    }
    found = {}
    for name, path in names.items():
        used = found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    used.add(whole if whole in names else node.module)
        # The package's own front lists everybody's names; nobody depends on it in turn.
        found[name] = used & set(names) - {name, folder.name}
    return found


@pytest.mark.parametrize("folder", ["twin", "tui/twin_tui"])
def test_no_module_needs_itself(folder):
    """No circle, nor one that only the type checker sees."""
    list(TopologicalSorter(imports_inside(ROOT / folder)).static_order())


def private_names(path):
    """Yield what a file reaches for that is private to something it did not define."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    own = {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    own |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    own |= {
        n.target.id
        for n in nodes
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr, re.IGNORECASE):
            of = ast.unparse(node.value)
            if of not in ("self", "cls", "super()") and node.attr not in own:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {of}.{node.attr}"


def test_what_pybamm_keeps_private_is_used_in_one_file():
    compat = ROOT / "twin" / "model" / "pybamm_compat.py"
    files = [*(ROOT / "twin").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    assert len(list(private_names(compat))) > 5  # the test sees what it looks for
    assert [found for file in sorted(set(files) - {compat}) for found in private_names(file)] == []


def test_every_package_is_under_contract_and_typed():
    """A package that is shipped is one the contracts and mypy look at."""
    linter = PYPROJECT["tool"]["importlinter"]
    assert set(linter["root_packages"]) == set(PACKAGES)
    assert set(PYPROJECT["tool"]["mypy"]["packages"]) == set(PACKAGES)
    forbidden = {c["name"]: c for c in linter["contracts"] if c["type"] == "forbidden"}
    plugins = set(PACKAGES) - {"twin"}
    assert plugins <= set(
        forbidden["The engine knows no plugin and no screen"]["forbidden_modules"]
    )
    assert plugins <= set(forbidden["Plugins import only the public API"]["source_modules"])


@pytest.mark.parametrize("package", sorted(set(PACKAGES) - {"twin"}))
def test_every_package_is_found_by_its_entry_point(package):
    points = PYPROJECT["project"]["entry-points"]["twin.plugins"].values()
    assert package in {module.partition(".")[0] for module in points}


def test_ci_runs_what_the_readme_says_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    lines = [line for line in script if line and not line.startswith("#")]
    safety, folder, command = lines
    assert safety == "set -euo pipefail" and folder.startswith("cd ")
    assert script[0] == "#!/usr/bin/env bash" and (ROOT / ".ci" / "run").stat().st_mode & 0o111
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert f"{command}\n" in blocks


def test_the_readme_has_two_lines_that_set_up_and_run():
    lines = [x for x in README.splitlines() if x.startswith("python3 -m venv .venv && ")]
    assert len(lines) == 2
    assert lines[0].endswith(".venv/bin/twin life na-nps-na --cycles 1000")
    assert "pytest" in lines[1]


def test_links_between_the_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path) if path else page
            assert linked.exists(), f"{page.name}: {target}"
            if anchor:
                heads = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}
                assert anchor in slugs, f"{page.name}: {target}"


def test_the_changelog_and_the_version_agree():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    released = re.findall(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert not released or released[0] == PYPROJECT["project"]["version"]


def test_constants_of_nature_are_written_once():
    folders = ("twin", "plugins", "tui", "cell_specs", "benchmarks", "examples", "tests")
    files = sorted(path for name in folders for path in (ROOT / name).rglob("*.py"))
    written = re.compile(r"96485\.33\d*|8\.3144" r"\d+")
    found = [p for p in files if written.search(p.read_text(encoding="utf-8"))]
    assert found == [ROOT / "twin" / "constants.py"]


def test_they_are_those_of_pybamm():
    import pybamm

    from twin.constants import FARADAY, GAS_CONSTANT

    # Eleven digits of it once made a voltage differ by 1e-11 from the model's.
    assert pytest.approx(pybamm.constants.F.value, rel=1e-15) == FARADAY
    assert pybamm.constants.R.value == GAS_CONSTANT
