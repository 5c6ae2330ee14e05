"""The sphere in a shell against the linear system, its limits, and figures given for real pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twin_delamination.mechanics import inclusion_modulus
from twin_delamination.shell import (
    Shell,
    bulk_modulus,
    pressure_in_a_die,
    shear_modulus,
    yield_traction,
)

GPA, MPA = 1e9, 1e6
NU = 0.3
MODULI = st.floats(1e6, 1e12)
RATIOS = st.floats(0.0, 0.48)
SHARES = st.floats(0.02, 0.9)
SHELLS = st.builds(Shell, MODULI, RATIOS, MODULI, RATIOS, SHARES)


def lame(shell, misfit, pressure=0.0, bonded=True):
    """Solve ``u = a r`` inside and ``u = b r + c/r^2`` outside; return traction and gap over R.

    At r = 1 the tractions agree and the displacements differ by the misfit; at the shell's
    outer face the radial stress is ``-pressure``. Unbonded, the cavity is free.
    """
    K_p = bulk_modulus(shell.E_particle, shell.nu_particle)
    K_m = bulk_modulus(shell.E_matrix, shell.nu_matrix)
    G_m = shear_modulus(shell.E_matrix, shell.nu_matrix)
    f = shell.fraction  # (1/r_out)^3
    outer = [0, 3 * K_m, -4 * G_m * f]
    radial = [0, 3 * K_m, -4 * G_m]
    inside = [3 * K_p, 0, 0]
    if bonded:
        rows = [np.subtract(inside, radial), [1, -1, -1], outer]
        a, b, c = np.linalg.solve(rows, [0, -misfit, -pressure])
    else:
        a, b, c = np.linalg.solve([inside, radial, outer], [0, 0, -pressure])
    return 3 * K_p * a, (b + c) - (a + misfit)


@given(shell=SHELLS, misfit=st.floats(-0.05, -1e-6), share=st.floats(0, 2))
def test_shell_is_the_linear_system(shell, misfit, share):
    pulled, _ = lame(shell, misfit)
    assert shell.traction(misfit) == pytest.approx(pulled, rel=1e-6)
    pressure = share * shell.closing_pressure(-misfit)
    pressed, _ = lame(shell, misfit, pressure)
    left = shell.traction(misfit) - shell.pressure_factor * pressure
    assert left == pytest.approx(pressed, rel=1e-6, abs=1e-6 * pulled)
    # A crack all round leaves a gap, which the pressure closes.
    _, gap = lame(shell, misfit, shell.closing_pressure(-misfit), bonded=False)
    assert abs(gap) < 1e-6 * -misfit
    assert lame(shell, misfit, bonded=False)[1] == pytest.approx(-misfit, rel=1e-6)
    assert shell.closing_pressure(-misfit) * shell.pressure_factor == pytest.approx(
        shell.traction(misfit), rel=1e-9
    )


@given(shell=SHELLS, misfit=st.floats(-0.05, -1e-6), radius=st.floats(1e-8, 1e-4))
def test_energy_set_free_is_the_work_of_the_misfit(shell, misfit, radius):
    # Grown slowly, the misfit does the work int sigma d(eps) R on each area of the bond.
    steps = np.linspace(0, misfit, 2001)
    work = np.trapezoid(shell.traction(steps), -steps) * radius
    assert shell.release_rate(shell.traction(misfit), radius) == pytest.approx(work, rel=1e-6)
    critical = shell.critical_radius(shell.traction(misfit), 1.0)
    assert shell.release_rate(shell.traction(misfit), critical) == pytest.approx(1.0, rel=1e-9)


@given(E_p=MODULI, nu_p=RATIOS, E_m=MODULI, nu_m=RATIOS)
def test_one_particle_in_an_endless_matrix(E_p, nu_p, E_m, nu_m):
    shell = Shell(E_p, nu_p, E_m, nu_m, 1e-12)
    G, K = shear_modulus(E_m, nu_m), bulk_modulus(E_p, nu_p)
    assert shell.constraint == pytest.approx(4 * G / (4 * G + 3 * K), rel=1e-9)
    assert 1 / shell.compliance == pytest.approx(inclusion_modulus(E_m, nu_m, E_p, nu_p), rel=1e-9)


# Table of section 2.1: host, matrix, swelling; chi at f -> 0 and at 0.5, MPa, MPa, um at 1 J/m2.
GIVEN = {
    "NVP in NBH": (90, 10, 0.3, 0.083, 0.064, 0.025, 159, 132, 0.46),
    "NVP in Na3PS4": (90, 18, 0.3, 0.083, 0.110, 0.045, 280, 237, 0.26),
    "NVP in a halide": (90, 25, 0.3, 0.083, 0.146, 0.061, 382, 329, 0.19),
    "NVP in NZSP": (90, 80, 0.26, 0.083, 0.36, 0.17, 1056, 997, 0.07),
    "NVP in NaAlCl2.5O0.75": (90, 3.2, 0.3, 0.083, 0.021, 0.008, 52, 42, 1.4),
    "NVOPF in it": (100, 3.2, 0.3, 0.03, None, None, 19, 15, 10.7),
    "NaCrO2 in NBH": (150, 10, 0.3, 0.003, 0.039, 0.015, 5.8, 4.8, 345),
    "2 % in Na3PS4": (70, 18, 0.3, 0.02, 0.137, 0.057, 67, 57, 4.5),
}


@pytest.mark.parametrize("pair", GIVEN)
def test_given_figures(pair):
    E_p, E_m, nu_m, beta, thin, half, sigma, closes, critical = GIVEN[pair]
    pairs = {f: Shell(E_p * GPA, NU, E_m * GPA, nu_m, f) for f in (1e-9, 0.5)}
    shell, shrunk = pairs[0.5], beta / 3
    found = [
        (thin, pairs[1e-9].constraint),
        (half, shell.constraint),
        (sigma, shell.traction(-shrunk) / MPA),
        (closes, shell.closing_pressure(shrunk) / MPA),
        (critical, shell.critical_radius(shell.traction(-shrunk), 1.0) / 1e-6),
    ]
    for printed, value in found:
        if printed is None:
            continue
        digits = len(str(printed).partition(".")[2])
        assert abs(value - printed) <= 0.51 * 10**-digits, (printed, value)
    assert 1.0 < shell.pressure_factor < 1.27


def test_yield_caps_the_traction():
    assert yield_traction(150 * MPA, 0.5) / MPA == pytest.approx(69, abs=0.5)
    assert yield_traction(300 * MPA, 0.5) / MPA == pytest.approx(139, abs=0.5)
    nps, halide = (Shell(90 * GPA, NU, E * GPA, NU, 0.5) for E in (18, 25))
    radii = [
        1e6 * shell.critical_radius(yield_traction(s * MPA, 0.5), 1.0)
        for shell in (nps, halide)
        for s in (150, 300)
    ]
    assert sorted(radii) == pytest.approx([1.0, 1.4, 4.2, 5.8], abs=0.06)


@pytest.mark.parametrize("pressure", [1e5, 7e7, 2e8])
def test_pressure_in_a_die(pressure):
    # Elastic: 0.62 at nu = 0.3. A weak solid is pressed evenly, a fluid (nu = 1/2) too.
    assert pressure_in_a_die(pressure, 0.3) / pressure == pytest.approx(1.3 / 2.1, rel=1e-12)
    assert pressure_in_a_die(pressure, 0.3, 1.0) == pytest.approx(pressure, rel=1e-4)
    assert pressure_in_a_die(pressure, 0.5) == pytest.approx(pressure, rel=1e-12)


def test_what_comes_out_without_a_fit():
    # X13: NaCrO2 in NBH closes at 4.8 MPa (2.4 to 7.1 for 5 to 15 GPa): 3 MPa below, 70 above.
    closes = [
        Shell(150 * GPA, NU, E * GPA, NU, 0.5).closing_pressure(0.001) / MPA for E in (5, 10, 15)
    ]
    assert closes == pytest.approx([2.4, 4.8, 7.1], abs=0.06)
    # X17: at 200 MPa NVP is held, wherever between elastic and yielded the die is.
    held = pressure_in_a_die(200 * MPA, NU), pressure_in_a_die(200 * MPA, NU, 0.0)
    assert [p / MPA for p in held] == pytest.approx([124, 200], abs=0.5)
    assert min(held) > yield_traction(150 * MPA, 0.5)
    # Na2FeP2O7 outlives NVP in a ceramic: seventeen times less energy; in a sulfide that
    # yields, the ratio is 1.1 and the range of strain has to tell them apart.
    ratio = [
        Shell(90 * GPA, NU, E * GPA, nu, 0.5).release_rate(a, 1.0)
        / Shell(70 * GPA, NU, E * GPA, nu, 0.5).release_rate(b, 1.0)
        for E, nu, a, b in (
            (80, 0.26, *_tractions(80, 0.26)),
            (18, 0.3, *(min(s, yield_traction(150 * MPA, 0.5)) for s in _tractions(18, 0.3))),
        )
    ]
    assert ratio[0] == pytest.approx(17, rel=0.15)
    assert ratio[1] == pytest.approx(1.1, abs=0.1)
    # Bucci 2017, 15 GPa, 7.5 %: 4 J/m2 at 1.5 um; it rises with E and falls with f.
    bucci = Shell(150 * GPA, NU, 15 * GPA, NU, 0.5)
    assert bucci.release_rate(bucci.traction(-0.025), 1.5e-6) == pytest.approx(4.0, rel=0.05)
    radii = []
    for f in (0.3, 0.7):
        shell = Shell(150 * GPA, NU, 15 * GPA, NU, f)
        radii.append(1e6 * shell.critical_radius(shell.traction(-0.025), 4.0))
    assert radii == pytest.approx([1.0, 2.7], abs=0.1)
    stiff = Shell(150 * GPA, NU, 100 * GPA, NU, 0.5)
    assert stiff.release_rate(stiff.traction(-0.025), 1.5e-6) > 4.0


def _tractions(E, nu):
    pairs = ((90, 0.083), (70, 0.02))
    return [Shell(E_p * GPA, NU, E * GPA, nu, 0.5).traction(-beta / 3) for E_p, beta in pairs]
