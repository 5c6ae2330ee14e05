"""A run's outcome in words: how it ended, why, what was near, how it was run."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from rich.text import Text

from twin import Status
from twin.formats import bar, duration, moment, short, typeset

MARKS = {
    Status.COMPLETED: ("✓ alive", "bold green"),
    Status.CELL_FAILED: ("✖ died", "bold red"),
    Status.CANCELLED: ("■ stopped", "bold yellow"),
    Status.LEFT_WINDOW: ("? the protocol left the window", "bold yellow"),
    Status.SOLVER_GAVE_UP: ("? the solver gave up", "bold yellow"),
}


def draw_outcome(document: dict[str, Any], width: int = 76) -> Text:
    """Draw the document of a run in so many columns.

    Its ``turns`` says which unsourced number turns the verdict, its ``beside`` what else is told
    of it (:func:`twin.verdict_facts`).
    """
    text = Text()
    outcome = document.get("outcome") or {}
    kind = outcome.get("kind", document["status"])
    words, style = MARKS.get(kind, (kind, "bold yellow"))
    text.append(f"{document['run']}  {document['cell']}  ", "bold")
    text.append(f"{words}\n", style)
    if document.get("turns"):
        text.append(f"{document['turns']}\n", "bold")
    _cause(text, outcome, kind)
    for label, words in document.get("beside", ()):
        text.append(f"{label}: ", "bold")
        text.append(f"{words}\n")
    _evidence(text, outcome.get("evidence") or {}, width)
    _numbers(text, document)
    _settings(text, document)
    return text


_WHEN: tuple[tuple[str, Callable[[float], str]], ...] = (
    ("time_h", lambda v: f"after {short(v)} h"),
    ("temperature_K", lambda v: f"{v - 273.15:.1f} °C"),
    ("pressure_Pa", lambda v: f"{short(v / 1e6)} MPa"),
)


def _cause(text: Text, outcome: dict[str, Any], kind: str) -> None:
    if outcome.get("criterion"):
        of = f"of {outcome['mode']}: " if outcome.get("mode") else ""
        text.append(f"{of}{outcome['criterion']}", "bold")
        when = [f"cycle {outcome['cycle']}"]
        for key, words in _WHEN:
            if outcome.get(key) is not None:
                when.append(words(outcome[key]))
        text.append(f", {', '.join(when)}\n")
    if outcome.get("says"):
        text.append(f"{outcome['says']}\n")
    if outcome.get("variable") and kind in (Status.CELL_FAILED, Status.LEFT_WINDOW):
        text.append(f"reached: {_against(outcome)}\n")
    near = outcome.get("runner_up")
    if near:
        text.append("runner-up: " if kind != Status.COMPLETED else "nearest to failure: ", "bold")
        text.append(f"{near['mode']}: {near['criterion']}, margin {near['margin']:.2f} ")
        text.append(f"({_against(near)})\n")
    if outcome.get("fix"):
        text.append(f"fix: {outcome['fix']}\n")


def _against(claim: dict[str, Any]) -> str:
    """Return a variable's value and its limit, with the unit behind the numbers."""
    name, _, unit = str(claim["variable"]).removesuffix("]").partition(" [")
    value, limit = short(claim["value"]), short(claim["threshold"])
    return typeset(f"{name} = {value} {unit}".rstrip() + f", limit {limit} {unit}".rstrip())


def _evidence(text: Text, evidence: dict[str, Any], width: int) -> None:
    if not evidence:
        return
    text.append("\nEvidence: what each mode cost\n", "bold")
    for mode, told in evidence.items():
        volts, charge = short(1e3 * told["polarisation_V"]), short(1e3 * told["capacity_Ah"])
        text.append(f" {mode:<13}{volts:>9} mV {charge:>9} mAh")
        # Beside the numbers where it fits, else below them.
        says = textwrap.wrap(told["says"], max(width - 6, 20))
        if len(says) == 1 and len(says[0]) + 40 <= width:
            text.append(f"  {says[0]}\n")
        else:
            text.append("".join(f"\n    {line}" for line in says) + "\n", "dim")


def _numbers(text: Text, document: dict[str, Any]) -> None:
    if document["numbers"]:
        text.append("\nFirst and last cycle\n", "bold")
    for n in document["numbers"]:
        first, last = short(n["first"], 4), short(n["last"], 4)
        text.append(f" {n['what']:<26}{first:>9} → {last:>9} {typeset(n['unit'])}\n")
    warn = set(document.get("warning_margins", ()))
    for title, warns in (("at the end (1 fresh, 0 failed)", False), ("to warnings", True)):
        chosen = [(m, name) for name, m in document["margins"].items() if (name in warn) == warns]
        if chosen:
            text.append(f"\nMargins {title}\n", "bold")
        for margin, name in sorted(chosen):
            value = f"{margin:6.2f}" if margin > 0 else " warns" if warns else "failed"
            text.append(f" {bar(margin, 12)} {value}  {name}\n")


def _settings(text: Text, document: dict[str, Any]) -> None:
    settings, parent = document["settings"], document.get("parent")
    changes = list(settings.get("overlays", ()))
    changes += [
        f"{key} = {typeset(str(value))}" for key, value in settings.get("overrides", {}).items()
    ]
    facts = (
        ("cycles", f"{document['cycles']} of {document['cycles_requested']}"),
        ("protocol", document["protocol"].get("name")),
        ("model", f"{settings.get('model')}, rtol {short(settings.get('rtol'))}"),
        ("modes", ", ".join(document["modes"]) or "none"),
        ("changed", "; ".join(changes)),
        ("parent", f"{parent[0]} after cycle {parent[1]}" if parent else ""),
        ("started", f"{moment(document['created'])}, took {duration(document['wall_s'])}"),
        ("packages", ", ".join(f"{k} {v}" for k, v in document["packages"].items())),
    )
    text.append("\nHow it was run\n", "bold")
    for name, value in facts:
        if value:
            text.append(f" {name}: {value}\n")
