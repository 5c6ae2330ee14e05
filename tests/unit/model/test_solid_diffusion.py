"""Detours inside particles: the law's limits, and that it acts on the diffusivity alone."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.errors import ModelError
from twin.modes.ports import Port
from twin.specs import percolation as law

CELL = "na-nzsp-nvp"
PORT = Port.SOLID_DIFFUSIVITY_FACTOR.at("cathode")
HALF = {
    "cathode.initial_stoichiometry": 0.5,
    "cathode.material.open_circuit_potential": {"law": "plateau", "plateau": "3.4 V",
                                                "width": "25 mV", "slope": "0.6 V"},
}  # fmt: skip
FLUX = 5.0  # A/m2
HOUR = 3600.0


@pytest.mark.parametrize("N", [1, 2, 6, 100])
def test_full_contact_is_no_detour(N):
    assert law.detour(1.0, N) == 1
    assert law.detour(0.1, 1e12) == pytest.approx(1, abs=1e-4)
    assert law.detour(0.1, N) > law.detour(0.2, N) > 1 and law.detour(0.1, N + 1) < law.detour(
        0.1, N
    )


@pytest.mark.parametrize(
    ("N", "theta", "solved", "within"),
    [
        (1, 0.01, 88.3, 0.15), (1, 0.1, 24.0, 0.15), (1, 0.3, 9.7, 0.15),
        (2, 0.01, 59.0, 0.15), (2, 0.1, 15.0, 0.15), (2, 0.3, 5.75, 0.15),
        (6, 0.13, 7.9, 0.01), (12, 0.13, 5.9, 0.01),
    ],
)  # fmt: skip
def test_solved_spheres(N, theta, solved, within):
    assert law.detour(theta, N) == pytest.approx(solved, rel=within)


def test_patches_of_alike_particles_are_their_contacts_with_the_other_sort():
    assert law.patches(0.5, 0.15, 1.0) == pytest.approx(law.contacts(0.15) * 0.5)


def profile(seen, model: str) -> float:
    """Surface less mean filling of a particle in the middle of the layer, at the end."""
    surface = seen["X-averaged positive particle surface concentration [mol.m-3]"][..., -1]
    mean = seen["Average positive particle concentration [mol.m-3]"][..., -1]
    return float(np.mean(surface) - np.mean(mean)) / 13870


@pytest.mark.parametrize("model", ["dfn", "spm"])
@pytest.mark.parametrize("factor", [1.0, 0.25])
def test_the_profile_grows_as_the_diffusivity_falls(make_cell, run, pin, limit, model, factor):
    """``c_surf - c_mean = j R/(5 F D)`` once it is settled; the charge that passes is the same."""
    spec = make_cell(CELL, HALF | {"cathode.material.diffusivity": "3e-15 m^2/s"})
    bare = run(spec, [(-FLUX, HOUR)], model=model)
    slow = run(spec, [(-FLUX, HOUR)], [pin({PORT: factor})], model=model)
    exact = profile(bare, model) / factor
    limit("E27 c_s - c with the port", profile(slow, model), exact, 1e-6)
    moved = slow["Cathode stoichiometry"][-1] - bare["Cathode stoichiometry"][-1]
    assert moved == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_in_closed_form(make_cell, run, pin, limit, model):
    spec = make_cell(CELL, HALF | {"cathode.material.diffusivity": "3e-15 m^2/s"})
    seen = run(spec, [(-FLUX, HOUR)], [pin({PORT: 0.5})], model=model)
    R, D = 0.5e-6, 0.5 * 3e-15
    area = seen.end("Cathode particle area per cell area")
    exact = -FLUX / area * R / (5 * twin.FARADAY * D) / 13870
    limit("E27 c_s - c = j R/5FD", profile(seen, model), exact, 5e-3)


@pytest.mark.parametrize(
    ("T", "filled"), [(0.1, 0.4686), (0.2, 0.6774), (0.5, 0.8667), (1.0, 0.9333)]
)
def test_how_full_a_particle_is_when_its_surface_is(make_cell, run, limit, T, filled):
    """At constant current ``1 - 1/(15 T)``, ``T = 3600 D/(R^2 C)``; solved where T is short."""
    if T >= 0.2:
        assert filled == pytest.approx(1 - 1 / (15 * T), abs=1.5e-2 if T == 0.2 else 6e-5)
    low, high = 0.1, 0.9  # between these fillings, so that no potential runs away
    spec = make_cell(CELL, HALF | {"cathode.initial_stoichiometry": low})
    c = spec.cathode
    pace = 3e-16 / (c.particle_radius.si**2 * T) * (high - low)  # dx/dt
    current = pace * twin.CellContext(spec).host_sites("cathode")
    seconds = round(filled * (high - low) / pace)
    mesh = {"x_n": 20, "x_s": 20, "x_p": 20, "r_n": 20, "r_p": 100}
    seen = run(spec, [(current, seconds)], model="spm", var_pts=mesh)
    surface = seen["X-averaged positive particle surface concentration [mol.m-3]"][..., -1]
    limit(f"E27 filled at the surface, T {T}", float(np.mean(surface)) / 13870, high, 1e-3)


def test_a_neutral_port_is_the_bare_cell(make_cell, run, pin):
    spec = make_cell(CELL, HALF)
    bare, pinned = (run(spec, [(-2.0, HOUR)], m) for m in ((), [pin({PORT: 1.0})]))
    assert pinned.end("Voltage [V]") == pytest.approx(bare.end("Voltage [V]"), abs=1e-9)


def test_contact_as_assembled_is_the_detour_and_leaves_the_kinetics(make_cell, run, pin):
    spec = make_cell(CELL, HALF)
    touched = make_cell(CELL, HALF | {"cathode.mixing.contact": 0.35})
    c = spec.cathode
    phi, active = c.electrolyte_fraction.si, c.active_fraction.si
    N = law.patches(phi / (phi + active), 1 - phi - active, 1.0)
    alike = run(spec, [(-2.0, HOUR)], [pin({PORT: 1 / law.detour(0.35, N)})])
    seen = run(touched, [(-2.0, HOUR)])
    assert seen.end("Voltage [V]") == pytest.approx(alike.end("Voltage [V]"), abs=1e-8)
    now = [s["Cathode charge-transfer resistance [Ohm.m2]"][0] for s in (seen, alike)]
    assert now[0] == pytest.approx(now[1], rel=1e-12)


def test_a_network_that_is_continuous_has_no_patches(make_cell, run):
    given = HALF | {"cathode.mixing.network": "continuous"}
    whole, part = (
        run(make_cell(CELL, given | more), [(-2.0, HOUR)])
        for more in ({}, {"cathode.mixing.contact": 0.35})
    )
    assert part.end("Voltage [V]") == pytest.approx(whole.end("Voltage [V]"), abs=1e-9)


def test_without_a_profile_it_is_refused(make_cell, build):
    spec = make_cell(CELL, {"cathode.mixing.contact": 0.35})
    with pytest.raises(ModelError, match="concentration profile"):
        build(spec, (), "dfn", {"particle": "uniform profile"})
