"""What a life makes of each mode's numbers at a tenth and at ten times.

A law is to be distrusted where such a number changes nothing, or where a cell comes out that no
laboratory would believe. Runs in some five minutes; with a cell, cycles and keys in seconds::

    .venv/bin/python examples/ten_times.py
    .venv/bin/python examples/ten_times.py na-nzsp-nvp 1000 modes.fade.polyanion.loss
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import twin
from twin.specs.naming import find

FACTORS = (0.1, 1.0, 10.0)
CELLS: dict[tuple[str, int], tuple[str, ...]] = {
    ("na-nzsp-nvp", 1000): (
        "modes.blocking.separator.resistance_ratio",
        "modes.blocking.separator.field_ageing_rate",
        "modes.blocking.cathode.resistance_ratio",
        "modes.delamination.anode.fatigue_factor",
        "modes.delamination.cathode.fatigue_strain",
        "modes.delamination.cathode.fracture_energy",
        "modes.delamination.cathode.gap_contact",
        "modes.delamination.cathode.isolated_share",
        "modes.dendrite.flaw.length",
        "modes.dendrite.short.neck_conductance",
        "modes.fade.polyanion.loss",
        "modes.interphase.anode.rate_constant",
        "modes.interphase.anode.parabolic_constant",
        "modes.interphase.anode.limiting_resistance",
        "modes.interphase.cathode.rate_constant",
        "modes.interphase.cathode.parabolic_constant",
        "modes.interphase.cathode.conductivity",
        "modes.pressure.contact.hardness",
        "modes.pressure.voids.reference_height",
        "modes.pressure.voids.refill_per_pressure",
        "stack.pressure",
    ),
    ("hc-nzsp-nvp", 100): ("modes.plating.exchange_current", "modes.plating.dead_share"),
    ("sn-nbh-nco", 50): (
        "modes.pulverisation.first_loss",
        "modes.pulverisation.early_loss",
        "modes.pulverisation.early_cycles",
        "modes.pulverisation.lasting_loss",
    ),
}

ALWAYS: dict[str, dict[str, Any]] = {
    "hc-nzsp-nvp": {"protocol.rate": "C/2"},  # slower charged its host stays above sodium
    "sn-nbh-nco": {"end_of_life.capacity_fraction": 0.1},  # as published, below 80 % too
}


def times(spec: Any, key: str, factor: float) -> Any:
    """Return a number of a cell, times a factor, as an override."""
    number, _, unit = find(spec, key).text.partition(" ")
    value = f"{float(number) * factor:.6g}"
    return f"{value} {unit}" if unit else float(value)


def lived(cell: str, cycles: int, overrides: dict[str, Any]) -> str:
    """Return how a life went, and what a laboratory would not believe of it."""
    changed = ALWAYS.get(cell, {}) | overrides
    try:
        life = twin.life(cell, cycles=cycles, model="spm", overrides=changed, store="sqlite://")
    except twin.TwinError as error:
        return f"refused: {str(error).splitlines()[0]}"
    rows, died = life.rows, life.outcome
    assert died is not None  # it has ended
    told = (
        "nothing lived"
        if not rows
        else faded(rows, twin.load_cell(cell, overrides=overrides).geometry.area.si)
    )
    if died.kind != "completed":
        told += f", dead in {died.cycle} ({died.mode}: {died.criterion})"
    return "; ".join([told, *strange(rows)])


def faded(rows: list[dict[str, Any]], area: float) -> str:
    """Return first and last capacity and resistance: what is lost at once shows in the first."""
    first, last = (0.1 * float(row["capacity_Ah"]) / area for row in (rows[0], rows[-1]))
    fresh, old = (1e4 * float(row["resistance_Ohm_m2"]) for row in (rows[0], rows[-1]))
    return f"{first:.3f} -> {last:.3f} mAh/cm2, {fresh:.0f} -> {old:.0f} ohm cm2"


def strange(rows: list[dict[str, Any]]) -> list[str]:
    """Return what cannot be: more out than in, resistances below nothing."""
    found = []
    efficiencies = [row["coulombic_efficiency"] for row in rows if row["coulombic_efficiency"]]
    if efficiencies and max(efficiencies) > 1 + 1e-4:
        found.append(f"EFFICIENCY {100 * max(efficiencies):.2f} %")
    ohms = [row["resistance_Ohm_m2"] for row in rows if row.get("resistance_Ohm_m2") is not None]
    if ohms and min(ohms) <= 0:
        found.append(f"RESISTANCE {1e4 * min(ohms):.3g} ohm cm2")
    return found


def main(cell: str = "", cycles: int = 100, keys: Iterable[str] = ()) -> None:
    """Print a line a number: as it is, at a tenth, at ten times."""
    for (name, many), of_cell in ({(cell, cycles): keys} if cell else CELLS).items():
        spec = twin.load_cell(name)
        print(f"{name}, {many} cycles, as it is: {lived(name, many, {})}", flush=True)
        for key in of_cell:
            ends = [
                lived(name, many, {key: times(spec, key, f)}) for f in (FACTORS[0], FACTORS[-1])
            ]
            print(
                f"  {key} = {find(spec, key).text}: a tenth {ends[0]} | ten times {ends[1]}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:]:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    else:
        main()
