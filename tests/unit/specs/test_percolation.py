"""Percolation of mixed powders: exact limits, signs, and what comes out without a fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.specs import percolation as law

PRESSED = 0.15  # porosity


def within(found: float, told: str) -> None:
    """As near as the number of digits that are told."""
    digits = len(told.partition(".")[2])
    assert found == pytest.approx(float(told), abs=0.51 * 10**-digits), (found, told)


def test_threshold_and_share_at_ten_contacts():
    within(law.threshold(10.0), "0.2238")
    within(law.spanning(0.3, 10.0), "0.876")


def test_lattices_thresholds():
    """Simple cubic, body-centred and face-centred sites: 0.312, 0.246, 0.199."""
    for Z, exact in ((6.0, 0.312), (8.0, 0.246), (12.0, 0.199)):
        assert law.threshold(Z) == pytest.approx(exact, rel=0.06)


def test_half_and_half():
    Z = law.contacts(PRESSED)
    within(Z, "9.62")
    within(law.volume_threshold(Z, 1.0), "0.230")
    K = law.efficiency(0.5, PRESSED, 1.0)
    within(K, "0.119")
    within(0.5 * (1 - PRESSED) / K, "3.6")


@pytest.mark.parametrize(("ratio", "psi_c"), [(0.3, "0.082"), (0.5, "0.130"), (2.0, "0.373")])
def test_small_electrolyte_spans_sooner(ratio, psi_c):
    within(law.volume_threshold(law.contacts(PRESSED), ratio), psi_c)


def test_all_electrolyte_conducts_as_the_bulk():
    assert law.efficiency(1.0, 0.0, 1.0) == pytest.approx(1, abs=1e-15)
    assert law.efficiency(1 - 1e-9, 0.0, 1.0) == pytest.approx(1, abs=1e-8)


def test_alike_particles_belong_as_they_span():
    for psi in (0.25, 0.3, 0.5, 0.9):
        Z = law.contacts(PRESSED)
        u = law.reached(psi, PRESSED, 1.0)
        assert u == pytest.approx(law.spanning(psi, Z), rel=1e-14)


@given(st.floats(0.01, 0.99), st.floats(0.0, 0.35), st.floats(0.3, 2.0))
def test_signs_and_bounds(psi, eps, ratio):
    Z = law.contacts(eps)
    psi_c = law.volume_threshold(Z, ratio)
    K, u = law.efficiency(psi, eps, ratio), law.reached(psi, eps, ratio)
    assert 0 <= K <= 1 and 0 <= u <= 1
    if psi <= psi_c * (1 - 1e-12):
        assert K == 0 and u == 0
    if psi > psi_c + 1e-6:
        assert K > 0 and u > 0
        assert law.efficiency(psi, eps, ratio * 1.01) < K  # larger electrolyte particles
        assert law.efficiency(min(psi * 1.01, 1), eps, ratio) > K
    assert law.volume_threshold(law.contacts(eps + 0.005), ratio) > psi_c  # looser: later
    assert law.reached(psi, eps, ratio, carbon=False) <= u


def test_looser_than_touching_changes_no_contact():
    assert law.contacts(0.36) == law.contacts(0.5) == 6


def test_a_thin_layer_needs_a_path_to_one_face_only():
    Z = law.contacts(PRESSED)
    S_c = law.threshold(Z)
    assert law.spanning(S_c - 0.02, Z) == 0 < law.spanning(S_c - 0.02, Z, thin=1)
    # s = w ln(1 + exp(x/w)): ln 2 of w at the threshold, x far above it.
    s = 0.02 * np.log(2) / (1 - S_c)
    assert law.spanning(S_c, Z, thin=1) == pytest.approx((1 - (1 - s) ** (1.25 * Z)) ** 0.41)
    assert law.spanning(0.9, Z, thin=1) == pytest.approx(law.spanning(0.9, Z), rel=1e-12)


# ------------------------------------------------- what comes out without a fit


def test_carbon_free_particles_of_three_sizes_come_in_their_order():
    """(a) NCM622/Li3PS4 70:30, electrolyte of 3 um: only the smallest is "virtually full"."""
    share = {
        eps: [
            float(law.spanning(1 - law.surface_share(0.52, 3 / d), law.contacts(eps)))
            for d in (4.0, 8.3, 15.6)
        ]
        for eps in (0.25, 0.15, 0.10)
    }
    for small, middle, large in share.values():
        assert small > 0.96 and 0.29 < middle < 0.66 and large == 0
    assert share[0.15] == pytest.approx([0.98, 0.58, 0], abs=0.015)
    # Little electrolyte: the electrons lack, not the ions.
    assert law.reached(0.52, PRESSED, 3 / 15.6) > 0.99
    assert law.reached(0.52, PRESSED, 3 / 15.6, carbon=False) == 0


def test_with_carbon_larger_active_particles_are_used_better():
    """(b)"""
    u = [law.reached(0.25, PRESSED, 1 / size) for size in (0.8, 1.0, 1.5, 2.0)]
    assert u == sorted(u) and u[-1] - u[0] > 0.3


def test_an_inert_filler_takes_the_conductivity_to_a_hundredth():
    """(c)"""
    within(law.efficiency(0.3, PRESSED, 1.0), "0.011")


@pytest.mark.parametrize(
    ("psi", "detour"),
    [(0.79, 1.53), (0.51, 3.46), (0.44, 4.91), (0.61, 1.53**2), (0.34, 3.46**2), (0.30, 4.91**2)],
)
def test_published_tortuosities_of_catholytes_are_those_of_likely_shares(psi, detour):
    """1.53, 3.46, 4.91 of three catholytes (Oh 2025), read as ``tau^2`` or as ``tau``."""
    found = psi * (1 - PRESSED) / law.efficiency(psi, PRESSED, 1.0)
    assert found == pytest.approx(detour, rel=0.02)  # the shares have two digits


@pytest.mark.parametrize(
    ("ratio", "used", "conducts"),
    [
        (1.0, ("0.95", "0.00", "0.00", "0.00"), ("0.033", "0.000", "0.000", "0.000")),
        (0.3, ("1.00", "1.00", "0.97", "0.00"), ("0.094", "0.022", "0.0009", "0.000")),
    ],
)
def test_without_electrolyte_there_is_no_capacity(ratio, used, conducts):
    """(d) electrolyte 0.35, 0.20, 0.10, 0.05 of the volume of the two, with carbon."""
    for psi, u, K in zip((0.35, 0.20, 0.10, 0.05), used, conducts, strict=True):
        within(law.reached(psi, 0.1, ratio), u)
        within(law.efficiency(psi, 0.1, ratio), K)
