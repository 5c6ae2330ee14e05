"""Titration: the particles' diffusivity comes back where the method holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

import twin
from twin.errors import InputError
from twin.experiments.gitt import apparent_diffusivity, root_slope

# A sloping voltage and fast kinetics: the potential follows the surface alone.
FAST = {
    "cathode.initial_stoichiometry": 0.98,
    "interfaces.cathode.exchange_current": "1000 A/m^2",
    "cathode.material.open_circuit_potential": {
        "law": "plateau",
        "plateau": "3.4 V",
        "width": "25 mV",
        "slope": "0.6 V",
    },
}


@pytest.mark.parametrize("diffusivity", [3e-16, 2e-15])
def test_the_particles_diffusivity_comes_back(diffusivity):
    given = FAST | {"cathode.material.diffusivity": f"{diffusivity} m^2/s"}
    found = twin.gitt("na-nzsp-nvp", points=5, modes=[], overrides=given)
    assert len(found.points) == 5
    for point in found.points:
        assert point.own == pytest.approx(diffusivity, rel=1e-12)
        assert point.diffusivity == pytest.approx(diffusivity, rel=0.03)
    assert found.notes == []


def test_the_potential_at_rest_is_the_open_circuit_potential():
    found = twin.gitt("na-nzsp-nvp", points=5, modes=[], overrides=FAST)
    for point in found.points:
        # At rest before the pulse, whose middle the filling is given in.
        s = point.stoichiometry
        U = 3.4 + 0.025 * math.log((1 - s) / s) + 0.6 * (0.5 - s)
        assert point.potential == pytest.approx(U, abs=2e-4)
    fillings = [point.stoichiometry for point in found.points]
    assert fillings == sorted(fillings, reverse=True)  # a full cathode is emptied


def test_a_long_pulse_is_told():
    # R^2/D is 833 s.
    found = twin.gitt("na-nzsp-nvp", points=3, pulse="10 minutes", modes=[], overrides=FAST)
    assert any("no longer sees a half space" in note for note in found.notes)
    # What is found is no diffusivity any more, but how long the pulse was.
    assert np.median([p.diffusivity / p.own for p in found.points]) > 1.2


@pytest.mark.slow
def test_an_anode_of_particles_can_be_titrated():
    found = twin.gitt("na-ion-chayambuka2022", electrode="anode", points=2, modes=[])
    assert found.place == "anode" and len(found.points) == 2
    assert all(0 < p.potential < 1.4 and p.voltage > 2 for p in found.points)
    assert found.points[0].potential < found.points[1].potential  # full, and emptied


def test_the_closed_form_of_a_half_space():
    # c_s - c_0 = 2 j sqrt(t/(pi D)) at the surface, 3 j tau/R in the mean.
    D, R, tau, slope_of_U = 3e-16, 5e-7, 4.0, -0.7
    surface = slope_of_U * 2 * math.sqrt(1 / (math.pi * D))
    step = slope_of_U * 3 * tau / R
    assert apparent_diffusivity(R, tau, step, surface) == pytest.approx(D, rel=1e-12)


def test_the_slope_leaves_ohmic_drop_and_curvature_aside():
    t = np.linspace(0, 9, 50)
    E = 3.4 - 0.05 + 2e-3 * np.sqrt(t) + 7e-4 * t
    E[0] = 3.4  # before the current
    assert root_slope(t, E, 9.0) == pytest.approx(2e-3, rel=1e-9)


@pytest.mark.parametrize(
    ("cell", "given", "key"),
    [
        ("na-base-na", {}, "electrode"),
        ("na-nzsp-nvp", {"electrode": "anode"}, "electrode"),
        ("na-nzsp-nvp", {"electrode": "middle"}, "electrode"),
        ("na-nzsp-nvp", {"points": 0}, "points"),
        ("na-nzsp-nvp", {"direction": "up"}, "direction"),
        ("na-nzsp-nvp", {"current": "1 V"}, "current"),
    ],
)
def test_what_cannot_be_titrated_is_said(cell, given, key):
    with pytest.raises(InputError) as error:
        twin.gitt(cell, **given)
    assert error.value.problem.key == key and error.value.problem.fix
