"""A composite's impedance against Newman's transmission line, and what no cell may break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import twin
from twin.experiments.circuit import Fit
from twin.experiments.eis import Frequencies, ImpedanceBench
from twin.specs import percolation

# Slow particles and a reaction of its own time scale: what is left of the cathode is film,
# double layer and charge transfer.
PLAIN = {
    "cathode.material.diffusivity": "1e-8 m^2/s",
    "cathode.initial_stoichiometry": 0.5,
    "interfaces.cathode.exchange_current": "0.5 A/m^2",
    "interfaces.cathode.film_capacitance": "0.02 F/m^2",
}
MESH = {"x_n": 20, "x_s": 20, "x_p": 320, "r_n": 20, "r_p": 10}


def two_rails(z, r_e, r_s):
    """Newman and Thomas-Alyea: the electrolyte ends at one side, the collector at the other."""
    n = np.sqrt((r_e + r_s) / z)
    inside = (2 + (r_e / r_s + r_s / r_e) * np.cosh(n)) / (n * np.sinh(n))
    return r_e * r_s / (r_e + r_s) * (1 + inside)


def cathode(spec, f, film, theta=1.0):
    """The composite's interface per cell area: film, then reaction beside double layer."""
    c, i = spec.cathode, spec.interfaces.cathode
    L = c.thickness.si
    area = 3 * c.active_fraction.si / c.particle_radius.si * L
    area *= twin.CellContext(spec).utilisation_now("cathode")
    omega = 2j * np.pi * f
    transfer = twin.GAS_CONSTANT * spec.thermal.ambient.si / twin.FARADAY / (0.5 * area)
    z = 1 / (omega * i.double_layer_capacitance.si * area + 1 / transfer)
    if film:
        z = z + film / (1 + omega * film * i.film_capacitance.si)
    return z


def rails(spec):
    c = spec.cathode
    kappa = spec.electrolyte.material.conductivity.reference.si
    phi, active = c.electrolyte_fraction.si, c.active_fraction.si
    K = percolation.efficiency(phi / (phi + active), 1 - phi - active, c.mixing.size_ratio.si)
    r_e = c.thickness.si / (kappa * K)
    sigma = c.material.conductivity.value.si
    # Whatever is no electrolyte conducts electrons, as PyBaMM has it.
    r_s = c.thickness.si / (
        sigma * (1 - c.electrolyte_fraction.si) ** c.electronic_tortuosity_exponent.si
    )
    return r_e, r_s


@pytest.mark.parametrize("film", [0.0, 5e-4, 50e-4])
def test_a_composites_film_is_in_a_transmission_line(make_cell, film):
    spec = make_cell("na-nzsp-nvp", PLAIN | {"interfaces.cathode.resistance": f"{film} ohm*m^2"})
    bench = ImpedanceBench(spec, [], var_pts=MESH)
    found = bench.measure(Frequencies(low=10.0, high=5e3, per_decade=4))
    # Newman's line beside what stands in series: layer, metal, and its film.
    seen, f = found.variables, found.frequency
    omega = 2j * np.pi * f
    a = spec.interfaces.anode
    layer, transfer = (
        seen["Separator resistance [Ohm.m2]"],
        seen["Anode charge-transfer resistance [Ohm.m2]"],
    )
    skin = seen["Anode series resistance [Ohm.m2]"]
    others = (
        layer
        + transfer / (1 + omega * transfer * a.double_layer_capacitance.si)
        + skin / (1 + omega * skin * a.film_capacitance.si)
    )
    line = two_rails(cathode(spec, f, film), *rails(spec))
    assert found.z - others == pytest.approx(line, rel=5e-3)


@pytest.mark.parametrize(
    ("thermal", "model"),
    [
        pytest.param("lumped", "dfn", marks=pytest.mark.slow),
        ("isothermal", "spm"),
        pytest.param("isothermal", "dfn", marks=pytest.mark.slow),
        pytest.param("lumped", "spm", marks=pytest.mark.slow),
    ],
)
def test_a_films_resistance_comes_back_at_low_frequency_whatever_the_model(thermal, model):
    """Where all is slow, a film is a resistance: ``R`` more, as in a run."""
    # A good conductor throughout the composite: along a poor one a film is more than itself.
    given_ = {
        "thermal.model": thermal,
        "cathode.initial_stoichiometry": 0.5,
        "cathode.mixing.network": "continuous",
    }
    low = {}
    for film in (0.5, 50.0):
        over = given_ | {"interfaces.cathode.resistance": f"{film} ohm*cm^2"}
        found = twin.eis("na-nzsp-nvp", model=model, overrides=over, low="10 Hz", high="1 GHz")
        assert found.z.real.min() > 0
        low[film] = found.z[np.argmin(abs(found.frequency - 100))]
    assert 1e4 * (low[50.0] - low[0.5]).real == pytest.approx(49.5, rel=0.05)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    film=st.floats(-2, 3),
    kappa=st.floats(-2, 2),
    capacitance=st.floats(-1, 2),
    place=st.sampled_from(["anode", "cathode"]),
)
@pytest.mark.slow
def test_any_cell_dissipates_and_is_causal(film, kappa, capacitance, place):
    """Re Z > 0, and the sum of arcs that Re Z alone determines gives Im Z (Kramers-Kronig).

    A causal, stable and linear impedance is a sum of relaxations and a capacity (Boukamp's
    linear test): fitted to the real part, it must give the imaginary part too.
    """
    over = {
        f"interfaces.{place}.resistance": f"{10**film} ohm*cm^2",
        f"interfaces.{place}.film_capacitance": f"{10**capacitance} uF/cm^2",
        "electrolyte.material.conductivity": f"{10**kappa} mS/cm",
    }
    found = twin.eis("hc-nzsp-nvp", overrides=over, low="1 Hz", per_decade=8)
    assert (found.z.real > 0).all() and (found.z.imag < 0).all()
    assert kramers_kronig(found.frequency, found.z) < 2e-3


def kramers_kronig(f, z):
    """The largest misfit over the modulus of a sum of relaxations, positive or not."""
    omega = 2 * np.pi * f
    taus = np.logspace(np.log10(1 / omega.max()) - 1, np.log10(1 / omega.min()) + 1, 7 * 12)
    table = np.column_stack(
        [np.ones(len(f), complex), 1 / (1j * omega), *(1 / (1 + 1j * omega * t) for t in taus)]
    )
    table, target = table / abs(z)[:, None], z / abs(z)
    both = np.vstack([table.real, table.imag])
    x, *_ = np.linalg.lstsq(both, np.concatenate([target.real, target.imag]), rcond=1e-9)
    return abs(table @ x - target).max()


def test_what_breaks_causality_is_seen():
    f = np.logspace(4, -1, 41)
    z = 1 + 1 / (1 + 2j * np.pi * f * 1e-2)
    assert kramers_kronig(f, z) < 1e-6
    assert kramers_kronig(f, z.conj()) > 0.1
    assert kramers_kronig(f, np.abs(z) + 0j) > 0.05


# ------------------------------------------------------------ fits that miss


@pytest.mark.parametrize("film", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_films_cell_gives_its_conductivity(film):
    over = {"interfaces.cathode.resistance": f"{film} ohm*cm^2"}
    found = twin.eis("na-nzsp-nvp", overrides=over)
    assert found.z.real.min() > 0
    assert found.refusal is None
    assert found.fitted_conductivity == pytest.approx(found.conductivity, rel=0.01)


def test_no_bulk_arc_in_range_is_said():
    found = twin.eis("hc-nzsp-nvp", high="100 kHz", low="1 Hz")
    assert found.fitted_conductivity is None
    assert found.refusal is not None and found.refusal.kind == "no-bulk-arc"
    assert "1e+05 Hz" in found.refusal.says and found.refusal.fix


def test_a_circuit_far_from_the_data_is_refused():
    from twin.experiments.judgement import judge

    refused = judge(Fit((), None, 0.05), 0.5, 0.5, 1e9, None)
    assert refused is not None and refused.kind == "poor-fit"
