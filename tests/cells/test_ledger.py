"""Sodium in every cell of the library: what leaves one store is in another, with all modes."""

from __future__ import annotations

import numpy as np
import pytest
from twin_interphase.parameters import table_of

import twin
from twin import FARADAY, CellContext, Port
from twin.specs.balance import nominal_per_area

HOUR = 3600.0
GROWN = "interphase grown [m]"
# One of each kind of anode and of cathode: those that always run.
FEW = ("na-nzsp-nvp", "sn-nps-nyzc-nco", "na-nzsp-na")
# Stores that must not be empty there, so that leaving one out is seen.
FILLED = {
    "sn-nps-nyzc-nco": ("host cut off", "trapped beside", "layer"),
    "hc-nzsp-nvp": ("plated", "dead plated", "layer"),
    "alfoil-nbh-nasn": ("dead",),
    "na-nzsp-nvp": ("metal", "host cut off", "layer"),
    "na-nzsp-na": ("metal", "layer"),
}
FAST = {"hc-nzsp-nvp": 2.0, "alfoil-nbh-nasn": 1.0}  # hours of a full charge; else ten
CELLS = [
    pytest.param(name, marks=() if name in FEW else pytest.mark.slow) for name in twin.list_cells()
]


def layer(spec, interface, seen):
    """What an interphase has taken, by its volume [C.m-2]."""
    own = getattr(spec.modes["interphase"], table_of(interface))
    return own.electrons.si * FARADAY / own.molar_volume.si * seen[interface(GROWN)]


def stores(spec, seen, interface):
    """The sodium at one electrode [C.m-2], store by store; a catholyte's counts as owed.

    No cell of the library has filaments that burn off (``short.law``): what dies with them
    is in no store here, and would show.
    """
    place, cell = interface.place, CellContext(spec)
    name = place.capitalize()
    grown = layer(spec, interface, seen)
    found = {}
    if interface.kind == "metal":
        found["metal"] = seen[f"{name} sodium [C.m-2]"]
    else:
        sites = cell.host_sites(place)
        active = seen[Port.ACTIVE_FRACTION.at(place).variable]
        found["host"] = sites * active * seen[f"{name} stoichiometry"]
        if f"{name} isolated host sodium" in seen.model.variables:
            found["host cut off"] = sites * seen[f"{name} isolated host sodium"]
    found["layer"] = -grown if interface.kind == "porous" and place == "cathode" else grown
    for what in ("dead", "plated", "dead plated"):
        key = f"{name} {what} sodium [C.m-2]"
        if key in seen.model.variables:
            found[what] = seen[key]
    beside = f"{name} sodium trapped beside [C.m-2]"
    if beside in seen.model.variables:
        found["trapped beside"] = seen[beside]
    return found


@pytest.mark.parametrize("name", CELLS)
def test_stores_add_up(name, run, limit):
    spec = twin.load_cell(name)
    cell = CellContext(spec)
    modes = twin.plugin_manager().select(None, (), spec.kind)
    seen = run(spec, steps(spec), modes, model="spm", rtol=1e-9, atol=1e-11)
    assert len(seen.t) > 10
    passed = 3600 / spec.geometry.area.si
    passed *= np.abs(np.diff(seen["Discharge capacity [A.h]"])).sum()
    total, most = 0, {}
    for interface in cell.interfaces:
        for store, held in stores(spec, seen, interface).items():
            total = total + held
            most[store] = max(most.get(store, 0), np.abs(held - held[0]).max())
    assert all(most[store] > 1e-6 * passed for store in FILLED.get(name, ())), most
    limit("ledger of every cell", np.abs(total - total[0]).max(), 0.0, 1e-8, of=passed)


def steps(spec):
    """Charge, rest, discharge, rest; the other way round where there is nothing to charge."""
    if spec.kind == "symmetric":
        return [(1.0, HOUR), (0.0, HOUR), (-1.0, HOUR)]
    full = FAST.get(spec.name, 10.0) * HOUR
    i = nominal_per_area(spec) / full
    sign = 1 if "discharge-first" in spec.protocol else -1
    share, back = (0.9, 0.8) if spec.name in FAST else (0.4, 0.38)
    return [(sign * i, share * full), (0.0, HOUR), (-sign * i, back * full), (0.0, HOUR)]
