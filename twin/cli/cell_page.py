"""What ``twin cells show`` prints of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twin.cli.page import Page
from twin.cli.parameters import UNSTATED, parameters
from twin.specs.dump import provenance_counts
from twin.specs.quantity import Quantity
from twin.specs.schema import CellSpec

# Of the many numbers of a layer, those that make the cell what it is.
_LAYERS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "anode",
        "anode",
        (
            ("thickness", "thickness"),
            ("active_fraction", "active fraction"),
            ("particle_radius", "particle radius"),
            ("initial_stoichiometry", "initial stoichiometry"),
            ("material.maximum_concentration", "maximum concentration"),
            ("material.diffusivity", "diffusivity"),
            ("material.yield_strength", "yield strength"),
        ),
    ),
    (
        "electrolyte",
        "electrolyte",
        (
            ("thickness", "thickness"),
            ("material.conductivity", "conductivity"),
            ("material.transference_number", "transference number"),
            ("material.fracture_toughness", "fracture toughness"),
            ("material.electronic_conductivity", "electronic conductivity"),
        ),
    ),
    (
        "cathode",
        "cathode",
        (
            ("thickness", "thickness"),
            ("active_fraction", "active fraction"),
            ("electrolyte_fraction", "electrolyte fraction"),
            ("particle_radius", "particle radius"),
            ("initial_stoichiometry", "initial stoichiometry"),
            ("material.maximum_concentration", "maximum concentration"),
            ("material.diffusivity", "diffusivity"),
        ),
    ),
    (
        "interfaces.anode",
        "anode interface",
        (("exchange_current", "exchange current"), ("resistance", "resistance")),
    ),
    (
        "interfaces.cathode",
        "cathode interface",
        (("exchange_current", "exchange current"), ("resistance", "resistance")),
    ),
)


def show(sheet: Page, spec: CellSpec) -> None:
    """Put a cell on a page."""
    sheet.line(spec.name, "bold")
    sheet.line(spec.title)
    sheet.line()
    sheet.facts(_facts(spec))
    sheet.heading("Layers")
    rows = [row for place, title, keys in _LAYERS for row in _layer(spec, place, title, keys)]
    sheet.table(("layer", "number", "value", "status"), rows, keep=(0, 3))
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


def _layer(
    spec: CellSpec, place: str, title: str, keys: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str, str, str]]:
    node: Any = spec
    for part in place.split("."):
        node = getattr(node, part, None)
    if node is None:
        return
    material = getattr(node, "material", None)
    if material is not None:
        yield title, "material", f"{material.name}: {material.title}", ""
        title = ""
    for key, label in keys:
        value = node
        for part in key.split("."):
            value = getattr(value, part, None)
        if value is None:
            continue
        text, status = _value(value)
        yield title, label, text, status or UNSTATED
        title = ""


def _value(value: Any) -> tuple[str, str | None]:
    """Return a quantity, or a law in a few words, and its status."""
    if isinstance(value, Quantity):
        return value.text, value.status
    law = value.law
    fields = {name: getattr(value, name) for name in type(value).model_fields}
    quantities = {name: q for name, q in fields.items() if isinstance(q, Quantity)}
    status = value.status or next((q.status for q in quantities.values() if q.status), None)
    if law == "constant":
        return quantities["value"].text, status
    if law == "arrhenius":
        energy = quantities["activation_energy"].text
        at = quantities["reference_temperature"].text
        return f"{quantities['reference'].text} at {at}, {energy}", status
    return f"{law} law", status
