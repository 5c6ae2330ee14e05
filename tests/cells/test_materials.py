"""The materials of the library: each reads, says where its numbers are from, and is not absurd."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin.errors import Problem
from twin.specs import curves
from twin.specs.dump import iter_quantities
from twin.specs.explain import validated
from twin.specs.materials import Materials
from twin.specs.schema import Electrolyte, Intercalation, Metal
from twin.specs.tree import Origin, Rank

MODELS = {"metal": Metal, "intercalation": Intercalation, "electrolyte": Electrolyte}


def read(name: str) -> Metal | Intercalation | Electrolyte:
    problems: list[Problem] = []
    node = Materials(twin.library(), problems).load(name, Origin("test", "", Rank.CELL))
    assert node is not None and not problems, problems
    material = validated(MODELS[node.text("kind")], node, problems)
    assert material is not None, problems
    return material


NAMES = twin.library().names("materials")
MATERIALS = {name: read(name) for name in NAMES}
ELECTROLYTES = [name for name, m in MATERIALS.items() if m.kind == "electrolyte"]
HOSTS = [name for name, m in MATERIALS.items() if m.kind == "intercalation"]

REVIEW = {
    "polymer": {"peo-natfsi", "pvdf-mof"},
    "gel": {"tep-gel"},
    "beta-alumina": {"base-poly", "base-cu"},
    "nasicon": {"nzsp", "nzsp-3.4", "nzsp-sb", "nzsp-sc", "nhsp"},
    "sulfide": {"na3ps4", "na3sbs4", "na3sbs4-w", "na3sbs4-he"},
    "halide": {"na2zrcl6", "naalcl4-o"},
    "hydride": {"nbh", "ncbb"},
    "mixed-anion": {"na2s-zrcl4", "tacl5-na2co3"},
    "composite": {"peo-pan", "peo-lm", "peo-cumof"},
}
"""Section 3 of the review: the families and the members it names."""


@pytest.mark.parametrize("family", REVIEW)
def test_every_family_of_the_review_has_its_members(family):
    found = {name for name in ELECTROLYTES if MATERIALS[name].family == family}
    assert REVIEW[family] <= found


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        # S/cm as the review quotes them at room temperature.
        ("pvdf-mof", 2.59e-4),
        ("tep-gel", 1.24e-3),
        ("base-cu", 1.2e-3),
        ("nzsp-sb", 5.1e-4),
        ("na3sbs4-w", 3.2e-2),
        ("na3sbs4-he", 6.3e-3),
        ("na2s-zrcl4", 4.89e-4),
        ("tacl5-na2co3", 1.11e-3),
        ("peo-cumof", 1.03e-4),
        # and as read elsewhere
        ("nbh-pressed", 1.8e-3),
        ("ncbb", 4e-3),
        ("nyzc", 6.6e-5),
        ("peo-il-zn-nzsp", 1.48e-4),
    ],
)
def test_conductivity_is_the_published_one(make_cell, name, quoted):
    assert conductivity(make_cell, name, 298.15) == pytest.approx(100 * quoted, rel=0.02)


def conductivity(make_cell, name: str, T: float) -> float:
    values = twin.parameter_values(make_cell("na-nzsp-na", {"electrolyte.material": name}))
    return evaluate(values, "Electrolyte conductivity [S.m-1]", 1000.0, T)


def evaluate(values, name, *arguments):
    entry = values[name]
    symbol = entry(*(pybamm.Scalar(a) for a in arguments)) if callable(entry) else entry
    return float(np.squeeze(values.evaluate(pybamm.convert_to_symbol(symbol))))


@pytest.mark.parametrize(("name", "T", "quoted"), [
    ("nbh", 293.15, 9e-4),  # Duchene 2017
    ("base-poly", 573.15, 0.24),  # reviews
    ("peo-natfsi", 343.15, 1.0e-3),  # J. Power Sources 248, 695
    ("peo-nzto", 353.15, 1.0e-3),  # Wu 2020
    ("o-nbh", 263.15, 3e-4),  # Oh 2025
    ("o-nbh", 303.15, 4.6e-3),  # Oh 2025
])  # fmt: skip
def test_conductivity_holds_away_from_room_temperature(make_cell, name, T, quoted):
    assert conductivity(make_cell, name, T) == pytest.approx(100 * quoted, rel=0.05)


def test_a_closo_borate_is_activated_less_when_hot(make_cell):
    def energy(low: float, high: float) -> float:
        """E_a of sigma T between two temperatures, in eV."""
        s = [conductivity(make_cell, "nbh", T) * T for T in (low, high)]
        return 8.617333e-5 * np.log(s[1] / s[0]) / (1 / low - 1 / high)

    assert energy(228.15, 238.15) == pytest.approx(0.7, rel=0.05)
    assert energy(368.15, 378.15) == pytest.approx(0.4, rel=0.07)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_says_where_it_is_from(name):
    material = MATERIALS[name]
    bare = [key for key, q in iter_quantities(material) if not (q.status and (q.source or q.note))]
    assert not bare
    assert material.title and material.family
    assert material.provenance.valid_for


@pytest.mark.parametrize("name", NAMES)
def test_what_is_measured_names_a_source(name):
    for key, q in iter_quantities(MATERIALS[name]):
        if q.status == "measured":
            assert q.source, key
            for word in ("estimate", "recalled", "assumed", "guess"):
                assert not q.source.startswith(word), (key, q.source)


@pytest.mark.parametrize("name", HOSTS)
def test_a_fuller_host_has_a_lower_potential(make_cell, name):
    # No host but the cell's own need come up to the cell's lower limit.
    swapped = {"cathode.material": name, "cathode.initial_stoichiometry": 0.98}
    values = twin.parameter_values(make_cell("na-nzsp-nvp", swapped))
    filling = np.linspace(0.22, 0.985, 80)
    potential = [evaluate(values, "Positive electrode OCP [V]", s) for s in filling]
    # Tables and fits may waver by a few millivolts; a hundredth of filling never gains 5.
    assert np.all(np.diff(potential) < 5e-3)
    assert 0 <= potential[-1] < potential[0] < 4.6


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_an_electrolyte_is_one(name):
    material = MATERIALS[name]
    if material.family == "liquid":
        return
    assert material.electronic_conductivity.si < 1e-4
    assert material.reduction_limit.si < material.oxidation_limit.si
    assert material.fracture_toughness.si > 0 and material.youngs_modulus.si > 0


def test_anodes_and_cathodes_of_the_issue_are_there():
    metals = {name for name, m in MATERIALS.items() if m.kind == "metal"}
    assert metals >= {
        "sodium", "sodium-molten", "na-k", "na-in", "na3sb-naf", "sodium-on-cu",
        "sodium-on-al-foil", "sodium-on-al-powder",
    }  # fmt: skip
    assert set(HOSTS) >= {
        "nvp", "nvpf", "na2fep2o7", "nani05mn05o2", "nacro2", "p2-nnmt", "sulfur", "fes2",
        "hard-carbon", "na15sn4",
    }  # fmt: skip
    for name in ("sulfur", "fes2"):
        assert MATERIALS[name].provenance.notes.startswith("Limits: ")


@pytest.mark.parametrize("name", HOSTS)
def test_a_hosts_potential_falls_as_it_fills(name):
    """At 25 degC and where molten hosts run; those of PyBaMM's sets stand as they are there."""
    law, entropy = MATERIALS[name].open_circuit_potential, MATERIALS[name].entropic_change
    if law.law not in curves.CURVES:
        assert law.law == "pybamm"
        return
    x = np.linspace(0.005, 0.995, 2001)
    U = curves.potential(law, lambda key: getattr(law, key).si, x)
    slope = 0 * x
    if entropy.law == "table":
        slope = np.interp(x, entropy.x, entropy.values())
    for warmer in (0.0, 305.0 if MATERIALS[name].family == "molten" else 60.0):
        assert (np.diff(U + warmer * slope) < 0).all()
