"""A plain symmetric cell with the pressure mode, solved at tight tolerances."""

from __future__ import annotations

import pytest

TIGHT = {"rtol": 1e-10, "atol": 1e-12}
MODE = ("pressure",)
H_0 = 2e-6  # m

# Round numbers, a perfect contact and no refilling: each test brings back what it is about.
PLAIN = {
    "electrolyte.material.conductivity": "0.1 S/m",
    "interfaces.anode.exchange_current": "40 A/m^2",
    "interfaces.anode.resistance": "0 ohm*m^2",
    "anode.thickness": "5 mm",
    "window.lower": "-1e5 V",
    "window.upper": "1e5 V",
    "stack.pressure": "5 MPa",
    # As assembled: never pressed harder.
    "stack.pressed_at": "0 Pa",
    "modes.pressure.contact.law": "plastic",
    "modes.pressure.contact.hardness": "1 Pa",
    "modes.pressure.contact.dwell": "0 s",
    "modes.pressure.contact.spot_spacing": "5 um",
    "interfaces.anode.contains": [],
    "modes.pressure.voids.reference_height": f"{H_0} m",
    "modes.pressure.voids.healed_fraction": 1.0,
    "modes.pressure.voids.refill_current": "0 A/m^2",
    "modes.pressure.voids.refill_per_pressure": "0 A/(m^2*Pa)",
    "modes.pressure.voids.shut_height": "1e-15 m",
    "modes.pressure.voids.switch_current": "1e-9 A/m^2",
    "modes.pressure.voids.creep_closure": "off",
    "modes.pressure.stack.creep_relaxation": "off",
}


@pytest.fixture(scope="module")
def stack(make_cell, run):
    """Solve a plain symmetric cell with the pressure mode, changed as a test wants it."""

    def solve(steps, overrides=None, more=(), **solver):
        spec = make_cell("na-nzsp-na", PLAIN | dict(overrides or {}))
        return run(spec, steps, [*MODE, *more], **(TIGHT | solver))

    return solve
