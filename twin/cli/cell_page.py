"""What ``twin cells show`` prints of a cell."""

from __future__ import annotations

from typing import Any

from twin.api.card import key_numbers
from twin.api.parameters import UNSTATED, parameters
from twin.cli.page import Page
from twin.specs.dump import provenance_counts
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec


def show(sheet: Page, spec: CellSpec) -> None:
    """Put a cell on a page."""
    sheet.line(spec.name, "bold")
    sheet.line(spec.title)
    sheet.line()
    sheet.facts(_facts(spec))
    sheet.heading("Layers")
    sheet.table(("layer", "number", "value", "status"), key_numbers(spec), keep=(0, 3))
    sheet.heading("Where the numbers come from")
    counts = provenance_counts(spec)
    total = sum(counts.values())
    for status, count in sorted(counts.items(), key=lambda item: -item[1]):
        sheet.line(f"{sheet.bar(count / total, 20)} {count:4d} {status}")
    for mode, table in sorted(spec.modes.items()):
        sheet.heading(f"[modes.{mode}]")
        own = [(p.key, p.text, p.status) for p in parameters(table)]
        sheet.table(("parameter", "value", "status"), own)
    if spec.provenance.notes or spec.provenance.valid_for or spec.provenance.references:
        sheet.heading("Provenance")
        sheet.facts(
            [
                ("notes", spec.provenance.notes),
                ("valid for", spec.provenance.valid_for),
                *(("source", text) for text in spec.provenance.references),
            ]
        )


def _facts(spec: CellSpec) -> list[tuple[str, Any]]:
    stack, thermal = spec.stack, spec.thermal
    stiffness = f", {stack.stiffness.text}" if stack.stiffness is not None else ""
    nominal = spec.nominal_capacity
    return [
        ("kind", spec.kind),
        ("family", spec.family),
        ("protocol", spec.protocol),
        ("area", _stated(spec.geometry.area)),
        ("stack", f"{_stated(stack.pressure)}, {stack.fixture}{stiffness}"),
        ("thermal", f"{thermal.model}, ambient {_stated(thermal.ambient)}"),
        ("window", f"{spec.window.lower.text} to {spec.window.upper.text}"),
        ("nominal capacity", nominal and _stated(nominal)),
        ("end of life", _end_of_life(spec)),
    ]


def _end_of_life(spec: CellSpec) -> str:
    end = spec.end_of_life
    capacity = f"capacity below {end.capacity_fraction.text} of its first, "
    return (
        f"{capacity if spec.kind == 'full' else ''}resistance above "
        f"{end.resistance_factor.text} times its first, hotter than {end.maximum_temperature.text}"
    )


def _stated(quantity: Quantity) -> str:
    return f"{quantity.text} ({quantity.status or UNSTATED})"
