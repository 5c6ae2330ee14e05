"""Every cell of the library in its first cycles: what a lab would see, or a reason."""

from __future__ import annotations

import pytest

import twin

pytestmark = pytest.mark.slow

# Capacity per gram of active material [mAh/g], published or theoretical, from low to high.
PER_GRAM = {
    "nvp": (70, 118),
    "nvpf": (90, 130),
    "nvopf": (100, 131),
    "nacro2": (80, 125),
    "nicl2": (250, 310),
    "sulfur-molten": (250, 560),
    "sulfur": (400, 1680),
    "nani05mn05o2": (90, 160),
    "p2-nnmt": (60, 110),
    "na2fep2o7": (70, 97),
    "tis2": (90, 240),
    "fes2": (200, 900),
}
# Below the range: tin takes up sodium for good in the first charge, and a layer on it more.
PER_GRAM_WHY = {
    "sn-nps-nyzc-nco": "68 % of 117 mAh/g come back; 62 published (Deysher 2022)",
    "sn-nyzc-nco": "56 % of 117 mAh/g come back; 12 published (Deysher 2022: missed)",
}
# First resistance of a cell [ohm cm2].
RESISTANCE = (1, 1000)
RESISTANCE_WHY = {
    "na-ion-chayambuka2022": "its parameter set's kinetics at a full anode",
    "nasn-nps-tis2": "80 mg of Na3PS4 of 0.2 mS/cm: 1000 ohm cm2 (Hayashi 2012)",
    "sn-nyzc-nco": "0.5 mm of Na2.25Y0.25Zr0.75Cl6 of 0.063 mS/cm (Deysher 2022)",
}
# What ends a cell before its second cycle is over, and why that is so.
EARLY = {
    "na-nzsp2-na-unpressed": "as assembled, 660 ohm cm2: Uchida 2019",
    "alfoil-nbh-nasn": "missed: the assumed 10 ohm cm2 over a fifth of the face drive a filament; "
    "with a hundredth of them (tried) it lives, and gives back 64 %; whatever the seed (tried)",
    "alfoil-nbh-nco": "missed (tens of cycles published): as the half cell; from a seed of 30 nm "
    "it lives, and has lost its capacity in cycle 4 (tried)",
    "cu-nzsp-nasn": "missed: a second plating at a face stripped bare; lives where half is "
    "stripped, or from a flaw of 3 um (both tried); a seed of 30 nm changes nothing (tried)",
    "al-nbh-nasn": "missed: a second plating at a face stripped bare starts on 2 % of it, at "
    "0.36 V; lives where half is stripped, or from a seed of 30 nm, at 20 mV (both tried)",
}


@pytest.mark.parametrize("name", twin.list_cells())
def test_first_cycles_are_those_of_a_lab(name):
    spec = twin.load_cell(name)
    how = {} if spec.kind == "symmetric" else {"model": "spm"}
    run = twin.simulate(name, cycles=2, store="sqlite://", series_every=0, **how)
    assert run.outcome.kind in ("completed", "cell-failed")  # no solver gives up
    assert (run.outcome.kind == "cell-failed") == (name in EARLY), run.outcome.says
    if not run.rows:
        return
    first = run.rows[0]
    low, high = RESISTANCE
    ohms = 1e4 * first["resistance_Ohm_m2"]
    assert low < ohms < high or name in RESISTANCE_WHY
    pressures = [first[key] for key in first if key.startswith("Stack pressure [Pa]")]
    assert all(-1e3 <= p < 3e8 for p in pressures)
    if spec.kind == "symmetric" or name in EARLY:
        return
    if "discharge-first" not in spec.protocol:
        assert first["coulombic_efficiency"] <= 1 + 1e-4
    cathode = spec.cathode
    material = cathode.material.name
    if material in PER_GRAM:
        grams = cathode.material.density.si * cathode.active_fraction.si * cathode.thickness.si
        found = first["capacity_Ah"] / (grams * spec.geometry.area.si)  # A.h/kg
        low, high = PER_GRAM[material]
        assert found < high
        assert (found > low) == (name not in PER_GRAM_WHY), found
