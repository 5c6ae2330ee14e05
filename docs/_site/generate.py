"""The pages of the site that the code writes: the start, each failure mode, commands, Python.

MkDocs calls the two functions below (``hooks`` in mkdocs.yml). A mode's page has what
:func:`twin.describe_mode` says of it and a figure of a short run with it alone.
"""

from __future__ import annotations

import inspect
import io
import itertools
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

import twin

ROOT = Path(__file__).parents[2]
CELLS = ("na-nzsp-nvp", "na-nzsp-na", "hc-nzsp-nvp", "sn-nbh-nco")
"""A mode is shown in the first of these that it acts in."""
CYCLES = 8
TABLES = ".wy-table-responsive table td, .wy-table-responsive table th { white-space: normal; }\n"
"""Long words wrap in a table instead of leaving the page."""
TABLE = ROOT / "docs" / "_site" / "validation.json"
"""What ``twin validate --save`` wrote when it was last run whole."""
_OUTSIDE = re.compile(r"\[([^\]]*)\]\(((?:\.\./|LICENSE|CHANGELOG|CONTRIBUTING)[^)]*)\)")

_ROLE = re.compile(r":\w+:`~?([^`]*)`")
_FENCE = re.compile(r"^```(\w+)[ ].*$", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that the code writes."""
    written: dict[str, str | bytes] = {
        "index.md": start(),
        "tables.css": TABLES,
        "modes/index.md": modes_index(),
        "reference/commands.md": commands(),
        "reference/specs.md": specs(),
        "reference/python.md": python(),
    }
    written |= cases()
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
    if "/" in about["page"].file.src_uri:  # of a folder inside: up from it is still inside
        return text
    return _OUTSIDE.sub(lambda match: f"`{match[2].removeprefix('../')}`", text)


def cases() -> dict[str, str | bytes]:
    """Return the page of the published cases and its pictures, from the table as last run."""
    from twin.report.figures import plot_panels
    from twin.validation.line import Line
    from twin.validation.loader import case_names, load_case
    from twin.validation.pictures import case_picture, parity_panels

    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    lines = [Line.from_dict(row) for row in rows]
    within = sum(line.status == "within" for line in lines if line.role == "compared")
    compared = sum(line.role == "compared" for line in lines)
    written: dict[str, str | bytes] = {
        "cases/parity.svg": _svg(plot_panels(parity_panels(lines), "")),
    }
    parts = [
        "# The published cases, one by one",
        "",
        f"{within} of {compared} compared numbers are within their tolerance. The table is that of",
        "`twin validate --save docs/_site/validation.json`, run before a release; the pictures are",
        "drawn from it as `twin validate --figures DIR` draws them. How cases are written and",
        "judged: [Validation](validation.md).",
        "",
        "## All numbers with two sides",
        "",
        "![Simulated against measured, by quantity](cases/parity.svg)",
        "",
    ]
    for name, group in itertools.groupby(lines, lambda line: line.case):
        own, case = list(group), load_case(name)
        written[f"cases/{name}.svg"] = _svg(case_picture(own))
        parts += [f"## {name}", "", f"{case.title}. {case.set_up}", ""]
        parts += [f"![Measured and simulated: {name}](cases/{name}.svg)", ""]
        parts += [f"Class {case.test}; cell `{own[0].cell}`. Source: {case.source}", ""]
        parts += [f"Calibrated: {text}\n" for text in own[0].calibrated]
        for line in own:
            if line.why:
                state = "tested" if line.tested else "not tested"
                parts += [f"- {line.says}: {line.why} ({state})"]
        parts += [""]
    left = [name for name in case_names() if f"cases/{name}.svg" not in written]
    if left:
        parts += ["## Not in the table yet", "", f"`{'`, `'.join(left)}`", ""]
    return written | {"cases.md": "\n".join(parts)}


def _svg(figure: Any) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()


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
            return _svg(plot_panels(panels(run, "coupling"), ""))
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


def specs() -> str:
    """Return every key of a cell's file: what it wants, its default, what it means."""
    from twin.specs import schema

    parts = [
        "# Every key of a cell",
        "",
        "Written from the models that read the files; a failure mode's own keys are on",
        "[its page](../modes/index.md). What an editor completes by: `twin cells schema`. How a",
        "cell is written: [Cells](../cells.md).",
        "",
    ]
    for heading, model in (
        ("The file", schema.CellSpec),
        ("[geometry]", schema.Geometry),
        ("[anode], [cathode] of metal", schema.MetalElectrode),
        ("[anode], [cathode] of particles", schema.PorousElectrode),
        ("[anode.mixing], [cathode.mixing]", schema.Mixing),
        ("[electrolyte]", schema.Separator),
        ("[interfaces.anode], [interfaces.cathode]", schema.InterfaceSpec),
        ("[stack]", schema.Stack),
        ("[thermal]", schema.Thermal),
        ("[window]", schema.Window),
        ("[end_of_life]", schema.EndOfLife),
        ("[correlations.NAME]", schema.Correlation),
        ("A material of metal", schema.Metal),
        ("A material that takes sodium up", schema.Intercalation),
        ("An electrolyte", schema.Electrolyte),
        ("[provenance]", schema.Provenance),
    ):
        parts += [f"## {heading}", "", *_keys(model), ""]
    return "\n".join(parts)


def _keys(model: Any) -> list[str]:
    from twin.specs import schema
    from twin.specs.jsonschema import field_docs
    from twin.specs.keys import expected, fields_of

    docs = field_docs(model)
    rows = ["| key | takes | if not given | |", "|---|---|---|---|"]
    for key, field in fields_of(model).items():
        if key == "name":  # the file's
            continue
        takes, _ = expected(field)
        if model is not schema.CellSpec and key in ("material", "electrolyte", "metal"):
            takes = "a material's name, or a table"
        said = docs.get(key) or docs.get(key + "_version", "")
        plain = _ROLE.sub(r"`\1`", said)
        cells = (f"`{key}`", _cell(takes), _cell(_default(field)), _cell(plain))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _default(field: Any) -> str:
    if field.is_required():
        return "it is required"
    given = field.get_default(call_default_factory=False)
    if isinstance(given, dict) and "value" in given:
        note = f" ({given['note']})" if given.get("note") else ""
        return f"{given['value']}{note}"
    return (
        "-"
        if given is None or given == () or not isinstance(given, str | int | float)
        else str(given)
    )


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
