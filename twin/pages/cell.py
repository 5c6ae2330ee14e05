"""What a page says of a cell: how it is built, cycled, and what it rests on."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from twin.catalog.card import key_numbers, warnings
from twin.catalog.cells import acting_modes
from twin.catalog.entries import cell_numbers, cell_toml, known_share, numbers_by_status
from twin.catalog.parameters import UNSTATED, parameters
from twin.errors import TwinError
from twin.formats import percent, typeset
from twin.modes.manager import plugin_manager
from twin.pages.blocks import Block, Code, Facts, Figure, Items, Section, Table, Text
from twin.pages.drawing import cell_drawing
from twin.specs.dump import to_toml

if TYPE_CHECKING:
    from twin.specs.protocol import Protocol
    from twin.specs.protocol_text import ResolvedStep
    from twin.specs.schema import CellSpec

NUMBER_COLUMNS = ("parameter", "value", "status", "spread", "source")
_STATUS_ORDER = ("measured", "exact", "fitted", "unverified", "assumed")


def cell_section(spec: CellSpec) -> Section:
    """Return the cell: drawn to scale, and the numbers that make it what it is."""
    stack, thermal = spec.stack, spec.thermal
    facts = [
        ("cell", f"{spec.name}: {spec.title}"),
        ("area", typeset(spec.geometry.area.text)),
        ("stack pressure", f"{typeset(stack.pressure.text)}, {stack.fixture}"),
        ("temperature", f"{typeset(thermal.ambient.text)}, {thermal.model}"),
        ("voltage window", f"{spec.window.lower.text} to {spec.window.upper.text}"),
    ]
    drawing = Figure(
        "cell-drawing",
        cell_drawing(spec),
        "The layers to scale, under the pressure of the stack. The area is not to scale.",
    )
    rows = [
        (layer, what, text if what == "material" else typeset(text), status)
        for layer, what, text, status in key_numbers(spec)
    ]
    blocks: list[Block] = [
        drawing,
        Facts(facts),
        Table(("layer", "number", "value", "status"), rows),
    ]
    warned = warnings(spec)
    if warned:
        blocks += [Text("To be wary of:"), Items(warned)]
    return Section("cell", "The cell", blocks)


def protocol_section(protocol: Protocol, spec: CellSpec, cycles: int) -> Section:
    """Return what the cell goes through: the steps with this cell's own numbers in them."""
    blocks: list[Block] = [
        Facts(
            [
                ("protocol", f"{protocol.name}: {protocol.title}"),
                ("cycles", f"{cycles} asked for"),
                *((name, typeset(str(value))) for name, value in protocol.parameters.items()),
            ]
        )
    ]
    for phase in protocol.resolve(spec).phases:
        count = "until the run ends" if phase.cycles is None else f"{phase.cycles} times"
        steps = [f"{step.text}{_surroundings(step)}" for step in phase.steps]
        blocks += [Text(f"Phase “{phase.name}”, {count}:"), Items(steps, numbered=True)]
    return Section("protocol", "What it goes through", blocks)


def _surroundings(step: ResolvedStep) -> str:
    said = [typeset(q.text) for q in (step.temperature, step.pressure) if q is not None]
    return f" at {', '.join(said)}" if said else ""


def modes_section(modes: Mapping[str, str], spec: CellSpec) -> Section:
    """Return the failure modes: which act, by which plugin, and the papers they rest on."""
    known = plugin_manager().modes
    try:
        at_work = set(acting_modes(spec, [mode for mode in modes if mode in known]))
    except TwinError:
        at_work = set(modes)
    rows = [
        (
            mode,
            known[mode].title if mode in known else "no longer installed",
            "acts" if mode in at_work else "nothing to do in this cell",
            version,
        )
        for mode, version in sorted(modes.items())
    ]
    return Section(
        "modes",
        "Failure modes",
        [Table(("mode", "what it is", "in this cell", "plugin and version"), rows, cards=True)]
        if rows
        else [Text("None: the bare cell was cycled.")],
    )


def sources_section(spec: CellSpec) -> Section:
    """Return every number with its value, unit, status and source."""
    counts = numbers_by_status(spec)
    total = sum(counts.values())
    ordered = sorted(
        counts.items(),
        key=lambda item: (
            _STATUS_ORDER.index(item[0]) if item[0] in _STATUS_ORDER else len(_STATUS_ORDER),
            item[0],
        ),
    )
    shares = ", ".join(f"{count} {status}" for status, count in ordered)
    own = {mode: dict.fromkeys(p.key for p in parameters(t)) for mode, t in spec.modes.items()}
    rows = [
        (n.key, typeset(n.text), n.status or UNSTATED, n.spread or "", _source(n.source, n.note))
        for n in cell_numbers(spec)
    ]
    choices = [
        (f"modes.{mode}.{p.key}", typeset(p.text), p.status, "", p.source or "")
        for mode, table in sorted(spec.modes.items())
        for p in parameters(table)
        if p.status == "choice" and p.key in own[mode]
    ]
    about = (
        f"{total} numbers: {shares}. {percent(known_share(counts), 0)} are measured, fitted or "
        "exact. “Measured” means that the source was read; “unverified” that it is recalled; "
        "“assumed” that nobody has measured it for this cell."
    )
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in sorted([*rows, *choices], key=lambda row: _table_of(row[0])):
        groups.setdefault(_table_of(row[0]), []).append(row)
    tables = [
        Table(NUMBER_COLUMNS, numbers, caption=f"[{key}]", cards=True)
        for key, numbers in groups.items()
    ]
    return Section("numbers", "Every number", [Text(about), *tables])


def _table_of(key: str) -> str:
    """Return the table that a number stands in."""
    parts = key.split(".")
    deep = 2 if parts[0] in ("modes", "interfaces") else 1
    return ".".join(parts[: min(deep, len(parts) - 1)]) or "the cell itself"


def _source(source: str | None, note: str | None) -> str:
    return "; ".join(part for part in (source, note) if part)


def citations_section(spec: CellSpec, modes: Mapping[str, str], model: str) -> Section:
    """Return what to cite: the software, the modes' papers, and the sources of the numbers."""
    text = resources.files("twin.pages").joinpath("software.toml").read_text(encoding="utf-8")
    chosen = model if spec.kind == "full" else ""
    software = [
        entry["text"]
        for entry in tomllib.loads(text)["software"]
        if chosen in entry.get("models", [chosen])
    ]
    known = plugin_manager().modes
    papers = [
        (mode, paper) for mode in sorted(modes) if mode in known for paper in known[mode].references
    ]
    sources = Counter(n.source for n in cell_numbers(spec) if n.source)
    for reference in spec.provenance.references:
        sources.setdefault(reference, 0)
    blocks: list[Block] = [Text("Software:"), Items(software)]
    if papers:
        blocks += [
            Text("The failure modes:"),
            Items([f"{paper} ({mode})" for mode, paper in papers]),
        ]
    if sources:
        listed = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
        blocks += [
            Text("Sources of the numbers:"),
            Items([f"{source} ({_count(count)})" if count else source for source, count in listed]),
        ]
    return Section("citations", "Cite", blocks)


def _count(count: int) -> str:
    return f"{count} number{'' if count == 1 else 's'}"


def files_blocks(spec: CellSpec, protocol: Protocol) -> Iterator[Block]:
    """Yield the cell and the protocol as files that stand on their own."""
    yield Code(cell_toml(spec), f"The cell as a file: {spec.name}.toml", folded=True)
    yield Code(
        protocol_toml(protocol), f"The protocol as a file: {protocol.name}.toml", folded=True
    )


def protocol_toml(protocol: Protocol) -> str:
    """Return a protocol as the text of one TOML file, named after it."""
    data: dict[str, Any] = protocol.to_data()
    return to_toml({key: value for key, value in data.items() if key != "name"})
