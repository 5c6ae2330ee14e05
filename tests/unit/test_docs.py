"""Every code block of the documentation is run, loaded or parsed, as its reader would.

A block's info string says how: ``python`` blocks of a page are one script; ``python PATH``
and ``toml PATH`` stand for a file of the example plugin, word for word; ``toml cell NAME``,
``toml material NAME``, ``toml overlay NAME on CELL, …``, ``toml protocol NAME on CELL, …``,
``toml scenario NAME`` and ``toml patch CELL`` are loaded; the ``twin`` commands of ``console`` and
``sh`` are parsed by the command line itself. ``text`` is only read.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

import twin

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "tests" / "packaging" / "third_party"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
LANGUAGES = {"python", "toml", "console", "sh", "text"}
_BLOCK = re.compile(r"^```(\S+)[ ]*(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}: {self.language} {self.info}".strip()


BLOCKS = [
    Block(page, *match.groups())
    for page in PAGES
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8"))
]


def blocks(language: str, starts: str = "") -> list[Block]:
    return [b for b in BLOCKS if b.language == language and b.info.startswith(starts)]


def with_info(found: list[Block]):
    return pytest.mark.parametrize("block", found, ids=str)


def test_every_fence_is_read_here():
    for page in PAGES:
        fences = len(re.findall(r"^```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert fences == 2 * len([b for b in BLOCKS if b.page == page]), page.name
    assert {b.language for b in BLOCKS} <= LANGUAGES


# ------------------------------------------------------------------ the example plugin


@with_info([b for b in BLOCKS if re.fullmatch(r"[\w./-]+\.(py|toml)", b.info)])
def test_a_file_of_the_example_plugin_is_shown_as_it_is(block):
    assert block.text == (PLUGIN / block.info).read_text(encoding="utf-8")


def test_the_walk_through_shows_the_whole_plugin():
    shown = {b.info for b in BLOCKS if b.page.name == "writing-a-mode.md"}
    files = {
        p.relative_to(PLUGIN).as_posix() for p in PLUGIN.rglob("*") if p.suffix in (".py", ".toml")
    }
    assert files <= shown


def test_the_example_plugin_imports_only_the_public_api():
    for path in (PLUGIN / "twin_corrosion").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        imports = re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE)
        assert set(imports) <= {"twin", "pathlib", "twin_corrosion.mode", "twin_corrosion.film"}


@pytest.fixture(scope="session")
def example_plugin(tmp_path_factory) -> str:
    """A PYTHONPATH on which the example plugin counts as installed."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = tmp_path_factory.mktemp("site")
    info = site / f"twin_corrosion-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["twin.plugins"]
    lines = [f"{name} = {module}" for name, module in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[twin.plugins]", *lines, ""]))
    return os.pathsep.join([str(site), str(PLUGIN), *os.environ.get("PYTHONPATH", "").split(":")])


# ------------------------------------------------------------------------------ python

FIRST_PAGES = ("README.md", "python.md", "writing-a-mode.md", "calibration.md", "tracking.md")
"""Those whose Python is run each time; that of the others with the long tests."""


@pytest.mark.parametrize(
    "page",
    [
        page if page.name in FIRST_PAGES else pytest.param(page, marks=pytest.mark.slow)
        for page in sorted({b.page for b in blocks("python") if not b.info})
    ],
    ids=lambda page: page.name,
)
def test_the_python_of_a_page_runs_as_one_script(page, example_plugin, tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n".join(b.text for b in blocks("python") if b.page == page and not b.info))
    for kind in ("cells", "overlays"):
        (tmp_path / kind).mkdir()
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=240,
        env={
            **os.environ,
            "PYTHONPATH": example_plugin,
            "TWIN_DATABASE_URL": f"sqlite:///{tmp_path}/runs.db",
        },
    )
    assert done.returncode == 0, done.stderr
    assert "was skipped" not in done.stderr


# -------------------------------------------------------------------------------- toml


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The cells, materials, overlays and protocols of all pages, as files."""
    folder = tmp_path_factory.mktemp("docs")
    for block in blocks("toml"):
        kind, _, rest = block.info.partition(" ")
        name = rest.partition(" on ")[0]
        if kind in ("cell", "material", "overlay", "protocol"):
            (folder / f"{kind}s").mkdir(exist_ok=True)
            (folder / f"{kind}s" / f"{name}.toml").write_text(block.text)
    return folder


def cell(library: Path, name: str, **changes):
    own = library / "cells" / f"{name}.toml"
    return twin.load_cell(own if own.exists() else name, **changes)


def users(block: Block) -> list[str]:
    return block.info.partition(" on ")[2].split(", ")


def test_every_toml_block_is_of_a_kind_tested_here():
    kinds = {b.info.partition(" ")[0] for b in blocks("toml") if not b.info.endswith(".toml")}
    assert kinds <= {
        *("case", "cell", "material", "overlay", "protocol", "patch", "pyproject", "scenario")
    }


@with_info(blocks("toml", "cell "))
def test_a_cell_loads(block, library):
    spec = cell(library, block.info.split()[1])
    assert spec.title == tomllib.loads(block.text)["title"]


@with_info(blocks("toml", "material "))
def test_a_material_is_used_by_some_cell_of_the_page(block, library):
    name = block.info.split()[1]
    cells = [b.info.split()[1] for b in blocks("toml", "cell ") if f'"{name}"' in b.text]
    assert cells
    for user in cells:
        assert cell(library, user).electrolyte.material.name == name


@with_info(blocks("toml", "overlay "))
def test_an_overlay_fits_the_cells_it_names(block, library):
    path = library / "overlays" / f"{block.info.split()[1]}.toml"
    for name in users(block):
        assert cell(library, name, overlays=[path]) != cell(library, name)


@with_info(blocks("toml", "patch "))
def test_a_patch_fits_the_cell_it_names(block, library, tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.chdir(tmp_path)  # where the files stand that a patch names
    Image.linear_gradient("L").save("face.png")
    cell(library, block.info.split()[1], overrides=tomllib.loads(block.text))


@with_info(blocks("toml", "protocol "))
def test_a_protocol_resolves_on_the_cells_it_names(block, library):
    path = library / "protocols" / f"{block.info.split()[1]}.toml"
    for name in users(block):
        spec = twin.load_cell(name)
        assert twin.load_protocol(path, spec).resolve(spec).phases[0].steps


@with_info(blocks("toml", "scenario "))
def test_a_scenario_is_read_and_fits(block, tmp_path):
    path = tmp_path / f"{block.info.split()[1]}.toml"
    path.write_text(block.text, encoding="utf-8")
    assert twin.Scenario.load(path).resolve().plan.phases


@with_info(blocks("toml", "case"))
def test_a_published_case_is_read(block, tmp_path):
    from twin.validation.loader import load_case

    path = tmp_path / "a-case.toml"
    path.write_text(block.text, encoding="utf-8")
    assert load_case(path).row


@with_info(blocks("toml", "pyproject"))
def test_a_piece_of_pyproject_names_the_right_group(block):
    from twin.modes.manager import ENTRY_POINT_GROUP

    assert ENTRY_POINT_GROUP in tomllib.loads(block.text)["project"]["entry-points"]


# --------------------------------------------------------------------- the command line


def commands() -> list[tuple[str, str]]:
    """Every ``twin`` command line in a block, and where it stands."""
    found = []
    for block in [*blocks("console"), *blocks("sh")]:
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in line.removeprefix("$ ").split("&&"):
                words = shlex.split(part.partition(" > ")[0], comments=True)
                if words and words[0].rpartition("/")[2] == "twin":
                    found.append((str(block), shlex.join(words[1:])))
    return list(dict.fromkeys(found))


def mentions() -> list[tuple[str, str]]:
    """Every ```twin …``` inside a sentence: maybe without its arguments."""
    found = [
        (page.name, " ".join(text.split()))
        for page in PAGES
        for text in re.findall(r"`twin ([^`<]*)`", page.read_text(encoding="utf-8"))
    ]
    return list(dict.fromkeys(found))


@pytest.fixture(scope="session")
def parser():
    """The command line with nothing behind its commands."""
    from twin.cli.app import root_command

    def disarm(command):
        command.callback = lambda **parsed: None
        for below in getattr(command, "commands", {}).values():
            disarm(below)

    root = deepcopy(root_command())  # whose commands the process shares
    disarm(root)
    return root


@pytest.mark.parametrize(("where", "line"), commands())
def test_a_command_line_is_one_the_twin_understands(parser, where, line):
    parser.main(args=shlex.split(line), prog_name="twin", standalone_mode=False)


@pytest.mark.parametrize("line", ["runn x", "run", "run x --cycels 3", "cells schema x y z"])
def test_a_command_line_that_is_wrong_would_be_noticed(parser, line):
    with pytest.raises(Exception, match=r"(?i)command|option|argument|parameter"):
        parser.main(args=shlex.split(line), prog_name="twin", standalone_mode=False)


@pytest.mark.parametrize(("where", "line"), mentions())
def test_a_command_that_is_mentioned_exists(parser, where, line):
    command = parser
    for word in line.split():
        if word.startswith("-") or not hasattr(command, "commands"):
            break
        assert word in command.commands, f"{where}: there is no `twin {line}`"
        command = command.commands[word]


@pytest.mark.slow
def test_the_ten_minutes_go_as_they_are_written(tmp_path, monkeypatch, capsys):
    """Every command of the page, in its order, in an empty folder with a database of its own."""
    from twin.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWIN_DATABASE_URL", f"sqlite:///{tmp_path}/runs.db")
    lines = [
        line.removeprefix("$ ")
        for block in blocks("console")
        if block.page.name == "start.md"
        for line in block.text.splitlines()
    ]
    assert len(lines) >= 10
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
    shown = capsys.readouterr().out
    assert "completed" in shown and "died of" in shown and "identical" in shown
    assert (tmp_path / "my-cell.html").stat().st_size > 50_000


# --------------------------------------------------------------------- the variables' page

VARIABLES = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([^`]+)` \| ([12]) \|", re.MULTILINE)
SYMMETRIC, FULL, HARD_CARBON = "na-nzsp-na", "na-nzsp-nvp", "na-ion-chayambuka2022"
TIN = "sn-nbh-nco"

OPTIONS = {
    "modes.pressure.voids.refill": "vacancy-diffusion",
    "modes.pressure.extrusion.pellet": "pressed",
    "modes.pressure.stack.creep_relaxation": "constrained",
}
FULL_OPTIONS = {"modes.interphase.cathode.active_consumed": 0.1}


def names_for(pattern: str, cell_name: str) -> list[str]:
    """The variables a name with ``{interface}``, ``{metal}`` or ``{composite}`` stands for."""
    context = twin.CellContext(twin.load_cell(cell_name))
    for word, kinds in (
        ("{interface}", {"metal", "porous"}),
        ("{metal}", {"metal"}),
        ("{composite}", {"porous"}),
    ):
        if word in pattern:
            places = [i for i in context.interfaces if i.kind in kinds]
            return [pattern.replace(word, i.prefix) for i in places]
    return [pattern]


CORE_PART, MODES_PART = VARIABLES.split("## Of the modes that come with the twin")


def listed(part: str) -> list[str]:
    return re.findall(r"^\| `([A-Z{][^`]*)` \|", part, re.MULTILINE)


@pytest.fixture(scope="session")
def built():
    cells = (SYMMETRIC, FULL, HARD_CARBON, TIN)
    found = {name: set(twin.build_model(name).variables.keys()) for name in cells}
    # What a mode has only where its options ask for it.
    for name, options in ((SYMMETRIC, OPTIONS), (FULL, FULL_OPTIONS)):
        optional = twin.load_cell(name, overrides=options)
        found[name] |= set(twin.build_model(optional).variables.keys())
    return found


@pytest.mark.parametrize("cell_name", [SYMMETRIC, FULL, HARD_CARBON])
def test_every_variable_of_the_core_is_there(built, cell_name):
    patterns = listed(CORE_PART)
    assert len(patterns) > 30
    missing = [
        name
        for pattern in patterns
        for name in names_for(pattern, cell_name)
        if name not in built[cell_name]
    ]
    assert missing == []


@pytest.mark.parametrize("pattern", listed(MODES_PART))
def test_every_variable_of_a_mode_is_there_where_the_mode_acts(built, pattern):
    assert any(
        names and set(names) <= built[cell_name]
        for cell_name in built
        for names in [names_for(pattern, cell_name)]
    )


def test_the_page_speaks_of_every_mode():
    for mode in twin.plugin_manager().modes:
        assert re.search(rf"^\| .* \| {mode}\b", MODES_PART, re.MULTILINE), mode


def test_the_page_names_every_port():
    from twin.modes.ports import Port

    for port in Port:
        assert f"Port.{port.name}" in VARIABLES
        for place in port.places:
            named = port.at(place).variable
            pattern = re.sub(r"^(Anode|Cathode) ", "{interface} ", named)
            assert f"`{named}`" in VARIABLES or f"`{pattern}`" in VARIABLES


def loops(cell_name: str, port_at, variable: str) -> bool:
    """Whether a contribution that reads a variable closes a loop."""
    import pybamm

    from twin.engine.prepare import build_model

    class Probe(twin.ModeSubModel):
        def get_coupled_variables(self, variables):
            read = variables[variable]
            if not read.domain:
                read = pybamm.PrimaryBroadcast(read, "current collector")
            variables["Probe"] = 0 * read + port_at.port.neutral
            return variables

    class Mode(twin.FailureMode):
        id = "probe"
        writes = (port_at.port,)

        def submodels(self, cell):
            return {"probe": Probe(cell, self.id)}

        def contributions(self, cell):
            return {port_at: "Probe"}

    try:
        build_model(twin.load_cell(cell_name), [Mode()])
    except twin.TwinError:
        return True
    return False


@pytest.mark.parametrize(("pattern", "level"), _ROW.findall(VARIABLES))
def test_the_level_of_a_variable_is_what_the_model_says(pattern, level):
    from twin.modes.ports import Port

    cell_name = FULL if "{composite}" in pattern else SYMMETRIC
    variable = names_for(pattern, cell_name)[0]
    place = "cathode" if "{composite}" in pattern else "anode"
    contact, resistance = (
        loops(cell_name, port.at(place), variable)
        for port in (Port.CONTACT_FRACTION, Port.INTERFACE_RESISTANCE)
    )
    if level == "1":  # usable by one port at least, for it may be made of the other
        assert not (contact and resistance)
    else:
        assert contact
