"""A cell's card: the numbers that make it what it is, its layers, what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twin.catalog.parameters import UNSTATED
from twin.modes.acting import acting
from twin.modes.context import CellContext
from twin.modes.manager import plugin_manager
from twin.specs import percolation
from twin.specs.balance import ratio_warning
from twin.specs.cracking import cracking_warnings
from twin.specs.dump import provenance_counts
from twin.specs.naming import find
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
            ("mixing.size_ratio", "size ratio"),
            ("mixing.utilisation", "utilisation"),
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


def key_numbers(spec: CellSpec) -> list[tuple[str, str, str, str]]:
    """Return rows of layer, number, value as written and status; a layer is named once."""
    return [row for place, title, keys in _LAYERS for row in _layer(spec, place, title, keys)]


@dataclass(frozen=True)
class Layer:
    """One layer of a cell: what it is, of what, and how thick it is [m]."""

    name: str
    material: str
    thickness: float


def layers(spec: CellSpec) -> list[Layer]:
    """Return a cell's layers in their order; a symmetric cell ends in its anode again."""
    parts = [("anode", spec.anode), ("electrolyte", spec.electrolyte), ("cathode", spec.cathode)]
    if spec.kind == "symmetric":
        parts[2] = ("counter electrode", spec.anode)
    return [
        Layer(name, part.material.title, part.thickness.si)
        for name, part in parts
        if part is not None
    ]


def warnings(spec: CellSpec) -> list[str]:
    """Return what to be wary of before a cell is believed, in words.

    How much of it rests on numbers nobody measured, whether a host anode has room for the
    sodium, and which failure modes would act outside the range they are trusted in.
    """
    warned = []
    counts = provenance_counts(spec)
    total, sure = sum(counts.values()), sum(counts.get(s, 0) for s in ("measured", "exact"))
    if total and sure < total:
        warned.append(f"{total - sure} of {total} numbers are not measured")
    warned += [text for place in ("anode", "cathode") for text in _cut_off(spec, place)]
    warned += design_warnings(spec)
    ambient, pressure = spec.thermal.ambient, spec.stack.pressure
    for mode in acting(plugin_manager().select(kind=spec.kind), CellContext(spec)):
        for what, quantity, (low, high) in (
            ("temperature", ambient, mode.validity.temperature),
            ("pressure", pressure, mode.validity.pressure),
        ):
            below = low is not None and quantity.si < low
            if below or (high is not None and quantity.si > high):
                limit = low if below else high
                warned.append(
                    f"{mode.id} is not trusted {'below' if below else 'above'} a {what} of "
                    f"{limit:g} {quantity.unit}; the cell has {quantity.text}"
                )
    return warned


def design_warnings(spec: CellSpec, *, certain: bool = False) -> list[str]:
    """Return what is wrong with how a cell is dimensioned: its N/P, the size of its particles.

    With ``certain`` only what is sure to be wrong.
    """
    tight = ratio_warning(spec)
    return [*([] if tight is None else [tight]), *cracking_warnings(spec, certain=certain)]


def _cut_off(spec: CellSpec, place: str) -> Iterator[str]:
    """Yield that a composite's electrolyte does not span it, where that is so."""
    electrode = getattr(spec, place)
    if not percolation.is_packed(electrode):
        return

    def read(key: str) -> float:
        return float(find(electrode, key).si)

    if percolation.electrolyte_efficiency(electrode, read) <= percolation.LEAST_EFFICIENCY:
        yield (
            f"no path of electrolyte spans the {place}: its electrolyte_fraction of "
            f"{electrode.electrolyte_fraction.text} is below what mixed powders need; it "
            f"conducts {percolation.LEAST_EFFICIENCY:g} of what the bulk does"
        )


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
