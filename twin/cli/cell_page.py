"""What ``twin cells show`` prints of a cell."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from twin import acting_modes, derived, drivers, known_sensitivity, said_of_sample
from twin.catalog.card import key_numbers
from twin.catalog.entries import cell_numbers, known_share
from twin.catalog.parameters import UNSTATED, parameters
from twin.cli.formats import percent, short
from twin.cli.page import Page
from twin.specs.balance import capacity_ratio, ratio_warning
from twin.specs.cracking import cracking_warnings
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
    sheet.line(f"{percent(known_share(counts), 0)} of {total} are measured, fitted or exact")
    sensitivity = known_sensitivity(spec)
    if sensitivity is not None:
        show_evidence(sheet, sensitivity)
    else:
        sheet.line(f"what its life hangs on: twin cells evidence {spec.name}", "dim")
    for place, numbers in groupby(cell_numbers(spec), key=lambda n: _table_of(n.key)):
        if place not in spec.modes:
            sheet.heading(f"[{place}]" if place else "The cell itself")
            for number in numbers:
                _sourced(sheet, _short(number.key), number.text, number.status, number.source)
    for mode, table in sorted(spec.modes.items()):
        sheet.heading(f"[modes.{mode}]")
        for p in parameters(table):
            _sourced(sheet, p.key, p.text, p.status, p.source)
    if spec.provenance.notes or spec.provenance.valid_for or spec.provenance.references:
        sheet.heading("Provenance")
        sheet.facts(
            [
                ("notes", spec.provenance.notes),
                ("valid for", spec.provenance.valid_for),
                *(("source", text) for text in spec.provenance.references),
            ]
        )


def show_evidence(sheet: Page, sensitivity: dict[str, Any]) -> None:
    """Say which numbers that nobody measured drive the answer."""
    sheet.heading("What its life hangs on")
    driving = drivers(sensitivity)
    life = sensitivity["life_cycles"]
    if life is None:
        about = (
            f"Nothing wears it out in {sensitivity['cycles']} cycles of {sensitivity['protocol']}"
        )
    else:
        end = f", then {sensitivity['died_of']}" if sensitivity["died_of"] else ""
        about = f"{life:.0f} cycles of {sensitivity['protocol']}{end}"
    sheet.line(
        f"{about}. Of the assumed or unverified numbers {len(driving)} drive it, "
        f"{len(sensitivity['numbers']) - len(driving)} hardly do, "
        f"{sensitivity['idle']} are not used by its model, "
        f"{sensitivity['left_out']} could not be varied"
    )
    rows = [(n["key"], n["value"], n["status"], _power(n, life)) for n in driving[:SHOWN]]
    if rows:
        sheet.line("Warning: a number that was not measured drives the answer:", "bold")
        sheet.line("the life goes as that number to this power.")
        sheet.table(("number", "value", "status", "power"), rows, keep=(1, 2, 3), right=(3,))
    if len(driving) > SHOWN:
        sheet.line(f"and {len(driving) - SHOWN} more; all with --json", "dim")
    if sensitivity.get("sample"):
        sheet.line(f"How sure: {said_of_sample(sensitivity['sample'])}")


def _power(number: dict[str, Any], life: float | None) -> str:
    if number["exponent"] is not None:
        return f"{number['exponent']:+.2f}"
    return "ends it" if life is None else "no end"


SHOWN = 12
"""So many driving numbers are shown."""


def _table_of(key: str) -> str:
    """Return the table a number stands in; the mode's id for a mode's."""
    first, _, rest = key.partition(".")
    if first == "modes":
        return rest.partition(".")[0]
    if first == "interfaces":
        return ".".join(key.split(".")[:2])
    return first if rest else ""


def _short(key: str) -> str:
    """Return a number's key without the table it stands in."""
    for place in ("interfaces.anode.", "interfaces.cathode.", *(f"{p}." for p in PLACES)):
        key = key.removeprefix(place)
    return key


def _sourced(sheet: Page, key: str, text: str, status: str | None, source: str | None) -> None:
    """Put a number on the page, and where it is from below it."""
    sheet.line(f"{key} = {text} ({status or UNSTATED})")
    if source:
        sheet.line(source, "dim", indent=4)


PLACES = (
    "geometry", "anode", "electrolyte", "cathode", "stack", "thermal", "window", "end_of_life",
)  # fmt: skip


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
        *derived_facts(spec),
        ("N/P", _room(spec)),
        *(("particles", text) for text in cracking_warnings(spec)),
        ("modes that act", ", ".join(acting_modes(spec)) or "none"),
        ("end of life", _end_of_life(spec)),
    ]


def derived_facts(spec: CellSpec) -> list[tuple[str, Any]]:
    """Return what follows from the numbers: capacity, current at 1C, energy of the stack."""
    facts = derived(spec)
    capacity = f"{short(facts.nominal_mAh_cm2)} mAh/cm2 nominal"
    if facts.rest_mAh_cm2 is not None and facts.mean_voltage_V is not None:
        capacity += f", {short(facts.rest_mAh_cm2)} at rest at {short(facts.mean_voltage_V)} V"
    per = [
        f"{short(facts.thickness_um)} um",
        "" if facts.Wh_kg is None else f"{short(facts.Wh_kg)} Wh/kg",
        "" if facts.Wh_L is None else f"{short(facts.Wh_L)} Wh/L",
    ]
    stack = ", ".join(part for part in per if part)
    if facts.Wh_L is not None:
        stack += " (layers alone, at rest)"
    if facts.without_density:
        stack += f"; no Wh/kg: no density of the {', '.join(facts.without_density)}"
    return [
        ("capacity", capacity),
        ("current at 1C", f"{short(facts.current_1C_mA_cm2)} mA/cm2"),
        ("layers", stack),
    ]


def _room(spec: CellSpec) -> str | None:
    """Return the sites of a host anode for each sodium, and whether they are enough."""
    ratio = capacity_ratio(spec)
    return None if ratio is None else ratio_warning(spec) or f"{ratio:.2f}"


def _end_of_life(spec: CellSpec) -> str:
    end = spec.end_of_life
    limits = []
    if spec.kind == "full":
        limits.append(f"capacity below {end.capacity_fraction.text} of its first")
        limits.append(f"energy efficiency below {end.energy_efficiency.text}")
    if end.resistance_factor is not None:
        limits.append(f"resistance above {end.resistance_factor.text} times its first")
    return ", ".join([*limits, f"hotter than {end.maximum_temperature.text}"])


def _stated(quantity: Quantity) -> str:
    return f"{quantity.text} ({quantity.status or UNSTATED})"
