"""The pages of the site that the code writes: the start, each failure mode, commands, Python.

MkDocs calls the two functions below (``hooks`` in mkdocs.yml). A mode's page has what
:func:`twin.describe_mode` says of it and a figure of a short run with it alone.
"""

from __future__ import annotations

import inspect
import io
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

import twin

ROOT = Path(__file__).parents[2]
CELLS = ("na-nzsp-nvp", "na-nzsp-na", "hc-nzsp-nvp", "sn-nbh-nco")
"""A mode is shown in the first of these that it acts in."""
CYCLES = 8
_OUTSIDE = re.compile(r"\[([^\]]*)\]\(((?:\.\./|LICENSE|CHANGELOG|CONTRIBUTING)[^)]*)\)")

_FENCE = re.compile(r"^```(\w+)[ ].*$", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that the code writes."""
    written: dict[str, str | bytes] = {
        "index.md": start(),
        "modes/index.md": modes_index(),
        "reference/commands.md": commands(),
        "reference/python.md": python(),
    }
    for mode in twin.plugin_manager().modes:
        picture = drawn(mode)
        if picture is not None:
            written[f"modes/{mode}.svg"] = picture
        written[f"modes/{mode}.md"] = mode_page(mode, picture is not None)
    for name, content in written.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **about: Any) -> str:
    """Name what lies outside the documentation without a link, and a block's language alone.

    What else stands behind the language says how the tests run the block.
    """
    text = _FENCE.sub(r"```\1", markdown)
    return _OUTSIDE.sub(lambda match: f"`{match[2].removeprefix('../')}`", text)


def start() -> str:
    """Return the README, its links leading inside the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\]\(docs/", "](", text)


def modes_index() -> str:
    """Return the list of failure modes."""
    rows = [
        f"| [{mode.id}]({mode.id}.md) | {mode.title} | {', '.join(mode.kinds)} |"
        for mode in twin.plugin_manager().modes.values()
    ]
    return "\n".join(["# The failure modes", "", "| mode | what it is | cells |", "|---|---|---|",
                      *rows, ""])  # fmt: skip


def mode_page(mode: str, picture: bool) -> str:
    """Return what is known of a failure mode: equations, limits, numbers, papers."""
    about = twin.describe_mode(mode)
    ranges = about["validity"]
    parts = [f"# {about['title']}", "", f"`{mode}`, of the plugin `{about['plugin']}`.", ""]
    parts += [about["description"], ""]
    if picture:
        parts += [f"![{about['title']} in a short run]({mode}.svg)", "",
                  f"What it shows itself by, in {CYCLES} cycles with this mode alone, beside "
                  "contact and pressure.", ""]  # fmt: skip
    for name, text in about["equations"].items():
        parts += [f"## Equations: {name}", "", "```text", text, "```", ""]
    parts += ["## Limits", "", ranges["says"] or "None are stated.", ""]
    parts += ["| | from | to |", "|---|---|---|"]
    parts += [
        f"| {key} | {_end(ranges[key][0])} | {_end(ranges[key][1])} |"
        for key in ("temperature_K", "pressure_Pa", "current_density_A_m2")
    ]
    parts += [
        "",
        "## Numbers",
        "",
        "| parameter | default | status | source |",
        "|---|---|---|---|",
    ]
    parts += [
        f"| `{p['key']}` | {_cell(p['text'])} | {p['status']} | {_cell(p['source'] or '')} |"
        for p in about["parameters"]
    ]
    parts += ["", "## Papers", "", *(f"- {text}" for text in about["references"]), ""]
    return "\n".join(parts)


def _end(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def drawn(mode: str) -> bytes | None:
    """Return the figure of a short run with the mode alone; None where it acts in no cell here."""
    from twin.report.figures import plot_panels
    from twin.report.panels import panels

    for cell in CELLS:
        spec = twin.load_cell(cell)
        kinds = twin.plugin_manager().modes[mode].kinds
        if spec.kind not in kinds or mode not in twin.acting_modes(spec):
            continue
        with twin.open_store("sqlite://") as store:
            run = twin.simulate(spec, cycles=CYCLES, modes=[mode], model="spm", store=store)
            picture = io.BytesIO()
            plot_panels(panels(run, "coupling"), "").savefig(
                picture, format="svg", metadata={"Date": None}
            )
        return picture.getvalue()
    return None


def commands() -> str:
    """Return the help of every command."""
    from twin.cli.app import root_command

    parts = ["# Commands", ""]
    root = root_command()
    for name, command in root.commands.items():
        parts += _command(("twin", name), command)
    return "\n".join(parts)


def _command(path: tuple[str, ...], command: Any) -> list[str]:
    context = command.make_context(path[-1], ["--help"], resilient_parsing=True)
    context.info_name = " ".join(path)
    found = [f"## {' '.join(path)}", "", "```text", command.get_help(context), "```", ""]
    for name, below in getattr(command, "commands", {}).items():
        found += _command((*path, name), below)
    return found


def python() -> str:
    """Return the signature and docstring of every public name."""
    parts = ["# Python", "", "Every public name of `twin`.", ""]
    for name in sorted(twin.__all__, key=str.lower):
        value = getattr(twin, name)
        if not callable(value):
            continue
        try:
            signature = str(inspect.signature(value))
        except (TypeError, ValueError):
            signature = ""
        doc = inspect.getdoc(value) or ""
        parts += [f"## twin.{name}", "", "```text", f"{name}{signature}", "", doc, "```", ""]
    return "\n".join(parts)
