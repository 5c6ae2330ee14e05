"""Extreme but valid cells: each life ends in something that has a name."""

from __future__ import annotations

import random
import sys
import time

import pytest

import twin
from twin.errors import InputError, TwinError
from twin.status import Status

CELLS, CYCLES, SECONDS = 500, 50, 6 * 3600
EXTREMES = {
    "stack.pressure": ("0.001 MPa", "0.1 MPa", "50 MPa", "1000 MPa"),
    "thermal.ambient": ("-40 degC", "0 degC", "60 degC", "90 degC"),
    "electrolyte.thickness": ("1 um", "10 um", "2 mm"),
    "cathode.thickness": ("2 um", "400 um"),
    "geometry.area": ("1e-4 cm^2", "1e4 cm^2"),
    "interfaces.anode.exchange_current": ("1e-3 A/m^2", "1e5 A/m^2"),
    "interfaces.anode.resistance": ("0 ohm*cm^2", "5000 ohm*cm^2"),
    "anode.thickness": ("10 nm", "5 mm"),
    "protocol.rate": ("C/200", "20C"),
}


@pytest.mark.timeout(2 * SECONDS)
def test_extreme_cells(times, figure):
    chance, began = random.Random(99), time.monotonic()
    names, kinds, untyped, refused, tried = list(twin.list_cells()), {}, [], 0, 0
    wanted = times(CELLS)
    while tried < wanted:
        cell = chance.choice(names)
        keys = chance.sample(sorted(EXTREMES), chance.choice([1, 2, 3]))
        changes = {key: chance.choice(EXTREMES[key]) for key in keys}
        model = chance.choice(["spm", "spm", "dfn"])
        repro = f"twin run {cell} --model {model} --cycles {CYCLES} " + " ".join(
            f"--set {key}='{value}'" for key, value in changes.items()
        )
        try:
            found = twin.simulate(
                cell, cycles=CYCLES, overrides=changes, model=model, store="sqlite://"
            )
        except InputError:
            refused += 1  # no such key in this cell, or out of its range: not a valid cell
            assert refused < 50 * wanted
            continue
        except TwinError as error:
            kinds[type(error).__name__] = kinds.get(type(error).__name__, 0) + 1
        except Exception as error:
            untyped.append(f"{repro}\n    {error!r}")
        else:
            kind: Status = found.outcome.kind
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == "solver-gave-up":
                says = f"{repro}\n    cycle {found.outcome.cycle}: {found.outcome.numerics}"
                print(says, file=sys.stderr, flush=True)
        tried += 1
        assert time.monotonic() - began < SECONDS, f"after {tried} cells"
    figure(cells=tried, refused_as_no_cell=refused, ends=kinds, untyped=len(untyped))
    assert len(untyped) <= 0.01 * tried, "\n".join(untyped)
