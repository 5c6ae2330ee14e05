"""Detours inside particles that lose contact: two classes, not one of the mean contact."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin import CellContext, Port
from twin.specs import percolation as law
from twin.specs.naming import find

CELL = "na-nzsp-nvp"
HOUR = 3600.0
CONTACT = {"cathode.mixing.contact": 0.35, "cathode.mixing.network": "mixed powders"}
KEY = "modes.delamination.cathode."
PORT = Port.SOLID_DIFFUSIVITY_FACTOR.at("cathode")
SOLVED = {"model": "spm", "rtol": 1e-8, "atol": 1e-11}


def parted(share, rest=0.2):
    """A cathode of which a share has parted, whose gaps stand open (nothing presses)."""
    return CONTACT | {
        KEY + "initial_damage": share,
        KEY + "gap_contact": rest,
        KEY + "fatigue_strain": 10.0,
        KEY + "fracture_energy": "1e6 J/m^2",
        "stack.pressure": "0 MPa",
        "cathode.initial_stoichiometry": 0.5,
        KEY + "stress_free_stoichiometry": 1.0,
    }


def detour(spec, theta):
    electrode = spec.cathode
    return float(law.diffusion_detour(electrode, theta, lambda key: find(electrode, key).si))


@pytest.fixture
def factor(make_cell, run):
    def find(share, rest=0.2):
        spec = make_cell(CELL, parted(share, rest))
        seen = run(spec, [(0.0, HOUR)], ["delamination"], **SOLVED)
        return spec, seen.end(PORT.variable), seen.end("Cathode gap contact fraction")

    return find


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_parted_and_whole_particles_are_two_classes(factor, limit, share):
    spec, found, gap = factor(share)
    assert gap == pytest.approx(0.2, abs=0.02)
    whole, open_ = detour(spec, 0.35), detour(spec, 0.35 * gap)
    exact = whole / ((1 - share) * whole + share * open_)
    limit("E33 two classes of contact", found, exact, 1e-6)
    # f of the mean contact would be too kind.
    mean = whole / detour(spec, 0.35 * (1 - share * (1 - gap)))
    assert mean > found * (1.1 if share < 0.8 else 1.02)


def test_whole_and_wholly_parted_are_one_class(factor, limit):
    spec, found, _ = factor(0.0)
    limit("E33 none parted", found, 1.0, 1e-9)
    spec, found, gap = factor(1 - 1e-9)
    limit("E33 all parted", found, detour(spec, 0.35) / detour(spec, 0.35 * gap), 1e-6)


def test_without_a_contact_as_assembled_there_are_none():
    context = CellContext(twin.load_cell(CELL))
    for mode in ("delamination", "interphase"):
        found = twin.plugin_manager().modes[mode].contributions(context)
        assert PORT not in found
    assert not any(
        getattr(spec.cathode.mixing, "contact", None)
        for spec in map(twin.load_cell, twin.list_cells())
        if spec.cathode is not None and spec.cathode.kind == "porous"
    )


def test_a_layer_that_takes_contact_makes_detours_too(make_cell, run, limit):
    own = "modes.interphase.cathode."
    layer = {own + "contact_thickness": "20 nm", own + "first_layer.charge": "20 C/m^2",
             own + "first_layer.time": "1 hour", own + "stability_limit": "1 V",
             "cathode.initial_stoichiometry": 0.5}  # fmt: skip
    spec = make_cell(CELL, CONTACT | layer)
    seen = run(spec, [(0.0, 5 * HOUR)], ["interphase"], **SOLVED)
    left = seen["Cathode interphase contact fraction"]
    assert left[-1] < 0.9
    exact = [detour(spec, 0.35) / detour(spec, 0.35 * share) for share in left]
    limit("E33 detours under a layer", seen[PORT.variable], np.array(exact), 1e-6)
