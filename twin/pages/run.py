"""The page of a run: what was asked, what came out and why, what it hangs on, how to redo it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import load_cell
from twin.catalog.entries import stored_cell
from twin.errors import TwinError
from twin.formats import duration, margin_text, moment, short, typeset
from twin.pages.blocks import Block, Code, Facts, Figure, Figures, Section, Sheet, Table, Text
from twin.pages.cell import (
    cell_section,
    citations_section,
    files_blocks,
    modes_section,
    protocol_section,
    sources_section,
)
from twin.pages.svg import inline
from twin.pages.weight import hangs_section
from twin.report.describe import describe
from twin.report.ending import outcome_facts
from twin.report.figures import plot_panels
from twin.report.panels import FULL_MARGIN, panels
from twin.report.view import ending
from twin.specs.dump import cell_hash
from twin.specs.protocol import Protocol
from twin.studies.verdict import verdict_facts

if TYPE_CHECKING:
    from twin.engine.outcome import Outcome
    from twin.report.panel import Panel
    from twin.runs.result import RunResult
    from twin.specs.schema import CellSpec
    from twin.store import RunInfo

TONES = {"cell-failed": "dead", "completed": "alive"}


_LEAST = 0.001
"""Below this a table of mV and mAh says no more."""


def run_sheet(result: RunResult) -> Sheet:
    """Return the page of a stored run.

    Raises
    ------
    TwinError
        If its cell or its protocol cannot be read any more.
    """
    from twin.pages.studies import studies_of

    info, outcome = result.info, result.outcome
    spec = stored_cell(info.cell_spec or {})
    protocol = Protocol.from_data(info.protocol)
    sections = [
        _verdict_section(result, outcome),
        cell_section(spec),
        protocol_section(protocol, spec, info.cycles_requested),
        _figures_section(result),
        *studies_of(result),
        hangs_section(info, spec),
        modes_section(info.modes, spec),
        _redo_section(info, spec, protocol),
        sources_section(spec),
        citations_section(spec, info.modes, str(info.settings.get("model"))),
    ]
    answer = ending(result)
    return Sheet(
        title=f"{info.cell_name}, run {result.id}",
        question=question(info, spec, protocol),
        answer=f"It {answer}." if outcome is not None and outcome.dead else f"{_first(answer)}.",
        tone=TONES.get(outcome.kind if outcome is not None else "", "unknown"),
        facts=Facts([*verdict(outcome), *verdict_facts(result)]),
        sections=[section for section in sections if section.blocks],
    )


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def question(info: RunInfo, spec: CellSpec, protocol: Protocol) -> str:
    """Return what a run asks, in a sentence."""
    name = protocol.title or protocol.name
    changes = changed(info)
    with_them = f", with {', '.join(changes)}" if changes else ""
    warm, pressed = (_held(q.text) for q in (spec.thermal.ambient, spec.stack.pressure))
    return (
        f"How long does {spec.title} live under {name} at {warm} and {pressed}{with_them}, "
        "and what does it die of?"
    )


def _held(text: str) -> str:
    """Return a number and its unit, which no line break parts."""
    return typeset(text).replace(" ", "\N{NO-BREAK SPACE}")


def changed(info: RunInfo) -> list[str]:
    """Return the overlays and overrides of a run, in words."""
    overlays = [str(name) for name in info.settings.get("overlays", ())]
    overrides = info.settings.get("overrides", {})
    return overlays + [f"{key} = {typeset(str(value))}" for key, value in overrides.items()]


def verdict(outcome: Outcome | None) -> list[tuple[str, str]]:
    """Return what an outcome says, as facts."""
    if outcome is None:
        return [("so far", "the run has not ended")]
    return [(label, typeset(text)) for label, text in outcome_facts(outcome)]


def _verdict_section(result: RunResult, outcome: Outcome | None) -> Section:
    """Return the evidence: first and last cycle, margins, costs, events."""
    document = describe(result)
    blocks: list[Block] = []
    numbers = document["numbers"]
    if numbers:
        rows = [
            (_first(n["what"]), short(n["first"], 4), short(n["last"], 4), typeset(n["unit"]))
            for n in numbers
        ]
        blocks.append(
            Table(
                ("", "first", "last", "unit"),
                rows,
                frozenset({1, 2}),
                "The first and the last finished cycle",
            )
        )
    blocks += _margins(document)
    if outcome is not None and outcome.evidence:
        rows = [
            (
                mode,
                _thousandths(e["polarisation_V"]),
                _thousandths(e["capacity_Ah"]),
                typeset(str(e["says"])),
            )
            for mode, e in outcome.evidence.items()
        ]
        blocks.append(
            Table(
                ("mode", "mV", "mAh", "evidence"),
                rows,
                frozenset({1, 2}),
                "What each mode cost since the reference cycle",
                cards=True,
            )
        )
    if document["events"]:
        events = [
            (
                str(e["cycle"]),
                e["severity"],
                f"{e['mode']}: {e['criterion']}" if e["mode"] else str(e["criterion"]),
                typeset(str(e["says"])),
            )
            for e in document["events"]
        ]
        columns = ("cycle", "severity", "criterion", "what happened")
        blocks.append(Table(columns, events, frozenset({0}), "Events", cards=True))
    return Section("evidence", "The evidence", blocks)


def _thousandths(value: float) -> str:
    """Return mV or mAh; what is next to nothing is not told by its exponent."""
    shown = 1e3 * value
    return f"< {_LEAST:g}" if 0 < abs(shown) < _LEAST else short(shown)


def _margins(document: Mapping[str, Any]) -> list[Block]:
    """Return the margins that have moved, the nearest to failure first, and name the others."""
    warned = set(document["warning_margins"])
    ordered = sorted(document["margins"].items(), key=lambda item: (item[1], item[0]))
    moved = [(name, margin) for name, margin in ordered if margin < FULL_MARGIN]
    rest = [name for name, margin in ordered if margin >= FULL_MARGIN]
    if not ordered:
        return []
    rows = [
        (f"{name} (a warning, no death)" if name in warned else name, margin_text(margin))
        for name, margin in moved
    ]
    when = f"Margins in cycle {document['last_cycle']}: 1 for the fresh cell, 0 at failure"
    blocks: list[Block] = [Table(("criterion", "margin"), rows, frozenset({1}), when)]
    if rest:
        blocks.append(Text(f"Above {FULL_MARGIN}: {'; '.join(rest)}."))
    return blocks


def _figures_section(result: RunResult) -> Section:
    """Return every panel of the run's kind as a figure of its own."""
    try:
        shown: Sequence[Panel] = panels(result)
    except TwinError:
        return Section("figures", "Figures", [])
    drawn = [
        Figure(
            f"figure-{panel.key}",
            inline(plot_panels([panel], ""), f"figure-{panel.key}", _alt(panel)),
            f"{panel.title}.",
        )
        for panel in shown
    ]
    return Section("figures", "Figures", [Figures(drawn)])


def _alt(panel: Panel) -> str:
    lines = ", ".join(line.label for line in panel.lines)
    return f"{panel.title}: {panel.y_label} over {panel.x_label} ({lines})"


def _redo_section(info: RunInfo, spec: CellSpec, protocol: Protocol) -> Section:
    """Return how the run was made, and how anybody makes it again."""
    settings, parent = info.settings, None
    if info.parent_run:
        parent = f"branched from run {info.parent_run} after cycle {info.parent_cycle}"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(info.packages.items()))
    way = "by cycle jumps" if settings.get("cycles") == "jump" else "every cycle"
    facts = [
        ("run", info.id),
        ("cell hash", info.cell_hash),
        ("changed", "; ".join(changed(info))),
        ("parent", parent or ""),
        ("model", f"{settings.get('model')}, {way}" if spec.kind == "full" else way),
        ("tolerances", f"rtol {short(settings.get('rtol'))}, atol {short(settings.get('atol'))}"),
        ("versions", versions),
        ("run on", f"{moment(info.created)}, in {duration(info.wall_s)}"),
    ]
    blocks: list[Block] = [
        Facts([pair for pair in facts if pair[1]]),
        Code(f"twin reproduce {info.id}", "With the database that it is stored in, to compare:"),
    ]
    if not info.parent_run:
        short_way = _from_library(info, spec)
        if short_way:
            blocks.append(Code(short_way, "With the library that the twin comes with:"))
        blocks.append(
            Code(
                _command(info, f"{spec.name}.toml", f"{protocol.name}.toml"),
                "With the two files below, anywhere:",
            )
        )
    blocks += files_blocks(spec, protocol)
    return Section("redo", "Do it again", blocks)


def _from_library(info: RunInfo, spec: CellSpec) -> str:
    """Return the short command, where it still gives this very cell and protocol."""
    from twin.catalog.cells import load_protocol
    from twin.specs.overrides import split_overrides

    overlays = [str(name) for name in info.settings.get("overlays", ())]
    overrides = {str(k): v for k, v in info.settings.get("overrides", {}).items()}
    name = str(info.protocol.get("name"))
    try:
        for_cell, for_protocol = split_overrides(overrides)
        own = load_cell(info.cell_name, overlays=overlays, overrides=for_cell)
        rules = load_protocol(name, own, for_protocol)
    except TwinError:
        return ""
    if cell_hash(own) != info.cell_hash or rules.to_data() != info.protocol:
        return ""
    more = [word for overlay in overlays for word in ("--with", overlay)]
    more += [word for key, value in overrides.items() for word in ("--set", f"{key}={value}")]
    return _command(info, info.cell_name, name, more)


def _command(info: RunInfo, cell: str, protocol: str, more: Sequence[str] = ()) -> str:
    settings = info.settings
    jump = settings.get("cycles") == "jump"
    words = ["twin", "life" if jump else "run", cell, "--protocol", protocol, *more]
    words += ["--cycles", str(info.cycles_requested), "--modes", ",".join(info.modes) or "none"]
    if info.cell_kind == "full":
        words += ["--model", str(settings.get("model"))]
    words += ["--rtol", str(settings.get("rtol")), "--atol", str(settings.get("atol"))]
    return shlex.join(words)
