"""The library's cell that is nearest to what a row wants, and the parts of others laid over it."""

from __future__ import annotations

from typing import Any

from twin.outcomes.entries import Entry, class_of_material, index
from twin.outcomes.recognise import NotMapped
from twin.outcomes.wanted import Wanted


def composed(want: Wanted, kind: str) -> tuple[Entry, dict[str, Any], list[str]]:
    """Return the nearest cell, the parts of others that are laid over it, and notes on them.

    Raises
    ------
    NotMapped
        If no cell of the library has the cathode.
    """
    from twin.specs.dump import cell_to_data

    cells = [e for e in index() if e.spec.kind == kind and e.spec.family != "liquid"]
    base = max(cells, key=lambda e: (_likeness(e, want), -len(e.name)))
    patch: dict[str, Any] = {}
    notes = [f"nearest: {base.name}"]
    of = base.spec
    if of.electrolyte.material.name != want.electrolyte:
        patch |= _layer_of(want, base, kind)
        notes.append(f"electrolyte {want.electrolyte} for {of.electrolyte.material.name}")
    if want.cathode is not None and base.cathode != want.cathode:
        givers = [e for e in cells if e.cathode == want.cathode]
        if not givers:
            raise NotMapped(f"no cell of the library has a cathode of {want.cathode}")
        giver = max(givers, key=lambda e: (_likeness(e, want), -len(e.name)))
        data = cell_to_data(giver.spec)
        own = dict(data["cathode"])
        own.pop("electrolyte", None)
        patch |= {"cathode": own, "window": data["window"]}
        if giver.spec.protocol is not None:
            patch["protocol"] = giver.spec.protocol
        notes.append(f"cathode of {giver.name}")
    if want.catholyte is not None and (base.catholyte != want.catholyte or "cathode" in patch):
        patch["cathode.electrolyte"] = want.catholyte
        notes.append(f"catholyte {want.catholyte}")
    return base, patch, notes


def _layer_of(want: Wanted, base: Entry, kind: str) -> dict[str, Any]:
    """Return the separator laid over a cell; of another class, as thick as where it is used."""
    from twin.specs.dump import cell_to_data

    patch: dict[str, Any] = {"electrolyte.material": want.electrolyte}
    users = [e for e in index() if e.spec.electrolyte.material.name == want.electrolyte]
    if class_of_material(base.spec.electrolyte.material.name) != want.electrolyte_class and users:
        alike = [e for e in users if e.spec.kind == kind] or users
        user = max(alike, key=lambda e: (_likeness(e, want), -len(e.name)))
        patch["electrolyte.thickness"] = cell_to_data(user.spec)["electrolyte"]["thickness"]
    return patch


def _likeness(entry: Entry, want: Wanted) -> float:
    """Return how near a cell is: its electrolyte and anode first, as what is laid over least."""
    spec = entry.spec
    kind, name = class_of_material(spec.electrolyte.material.name), spec.electrolyte.material.name
    score = 3.0 * (name == want.electrolyte) + 6.0 * (kind == want.electrolyte_class)
    score += 2.0 * (spec.anode.material.name == want.anode)
    score += 8.0 * ((spec.anode.kind == "metal") == want.metal) + 8.0 * (entry.tin == want.tin)
    score += 5.0 * (entry.cathode == want.cathode) + 1.0 * (entry.catholyte == want.catholyte)
    if spec.thermal.ambient.si > 363.0:  # molten sodium is another cell
        score -= 8.0
    value: float = score
    return value
