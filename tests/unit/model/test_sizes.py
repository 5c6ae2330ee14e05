"""A spread of particle sizes: its limits, what is conserved, how classes share a current."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from tests.unit.model.test_heat import CELL as HEATED
from tests.unit.model.test_heat import balance
from twin.catalog.cells import as_spec
from twin.constants import FARADAY
from twin.model import sizes
from twin.specs.dump import with_values

CELL = "na-nzsp-nvp"
SLOW = {"cathode.initial_stoichiometry": 0.1, "cathode.material.diffusivity": "1e-15 m^2/s"}
STEPS = [(10.0, 1800.0), (0.0, 600.0)]
ALGEBRAIC = {"surface form": "algebraic"}
TOLERANCES = {"rtol": 1e-8, "atol": 1e-10}
POINTS = {"x_n": 5, "x_s": 5, "x_p": 5, "r_n": 10, "r_p": 10}
J = "X-averaged positive electrode interfacial current density distribution [A.m-2]"

SLOPING = {
    "cathode.material.open_circuit_potential": {
        "law": "plateau", "plateau": "3.4 V", "width": "25 mV", "slope": "0.6 V",
    }
}  # fmt: skip
SURFACE = "X-averaged positive particle surface concentration distribution [mol.m-3]"


def simulated(make_cell, run, spread, model="spm", steps=STEPS, **changes):
    own = SLOW | changes | ({} if spread is None else {"cathode.size_spread": spread})
    options = ALGEBRAIC if model == "spm" else None
    points = POINTS | {"R_p": sizes.CLASSES}
    spec = make_cell(CELL, own)
    return run(spec, steps, model=model, options=options, var_pts=points, **TOLERANCES)


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_no_spread_is_one_size(make_cell, run, limit, model):
    t = np.linspace(1, 2399, 40)
    one = simulated(make_cell, run, None, model).at("Voltage [V]", t)
    classes = simulated(make_cell, run, 0.0, model).at("Voltage [V]", t)
    limit(f"no spread of sizes, {model}", classes, one, 1e-6)


def test_the_mean_radius_is_the_cells_whatever_the_spread(make_cell, run):
    seen = simulated(make_cell, run, 0.6, steps=[(1.0, 10.0)])
    nodes, weights = np.polynomial.hermite_e.hermegauss(sizes.CLASSES)
    share = weights / weights.sum()
    ratio = seen["Positive particle sizes"][:, 0]
    assert share @ ratio == pytest.approx(1, rel=1e-12)
    assert np.log(ratio[-1] / ratio[0]) == pytest.approx(0.6 * (nodes[-1] - nodes[0]))


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_what_flows_is_what_fills_the_particles(make_cell, run, limit, model):
    spec = make_cell(CELL, SLOW)
    seen = simulated(make_cell, run, 0.5, model)
    filling = seen["Cathode stoichiometry"]
    host = spec.cathode
    sites = FARADAY * host.material.maximum_concentration.si * (
        host.active_fraction.si * host.thickness.si
    )  # fmt: skip
    used = float(seen["Cathode utilisation"].reshape(-1)[0])
    limit(f"charge in classes of sizes, {model}",
          (filling[-1] - filling[0]) * sites * used, 10.0 * 1800, 1e-6)  # fmt: skip


def test_slowly_filled_classes_take_a_current_as_their_radius(make_cell, run, limit):
    """All fill alike then: ``j_k 3/R_k`` is the same, so ``j_k/j = R_k/R``."""
    fast = {
        "cathode.material.diffusivity": "1e-12 m^2/s",
        "interfaces.cathode.exchange_current": {"law": "constant", "value": "5 A/m^2"},
    } | SLOPING
    seen = simulated(make_cell, run, 0.5, steps=[(0.5, 7200.0)], **fast)
    j = seen[J][:, -1]
    ratio = seen["Positive particle sizes"][:, 0]
    weights = np.polynomial.hermite_e.hermegauss(sizes.CLASSES)[1]
    limit("slow filling of size classes", j / (j @ weights / weights.sum()), ratio, 2e-3)


def test_large_particles_lag_behind_and_catch_up_at_rest(make_cell, run):
    seen = simulated(make_cell, run, 0.5)
    end = np.searchsorted(seen.t, 1800.0) - 1
    c = seen[SURFACE]
    assert c[0, end] > c[-1, end]  # the smallest is fullest
    j = seen[J]
    assert abs(j[:, -1]).max() > 0 and j[0, -1] * j[-1, -1] < 0  # they exchange sodium at rest
    assert np.ptp(c[:, -1]) < np.ptp(c[:, end])


def test_more_classes_change_less(make_cell, run, monkeypatch):
    t = np.linspace(1, 2399, 40)

    def voltage(classes):
        monkeypatch.setattr(sizes, "CLASSES", classes)
        seen = simulated(make_cell, run, 0.8, **{"cathode.material.diffusivity": "2e-17 m^2/s"})
        return seen.at("Voltage [V]", t)

    exact = voltage(11)
    coarse, fine = (float(np.abs(voltage(n) - exact).max()) for n in (3, 7))
    assert fine < 0.5 * coarse and coarse < 0.05


def test_the_heat_of_unlike_classes_closes_the_balance_of_energy(make_cell, run, limit):
    """Slow reaction, fast diffusion: the classes differ, and mixing makes no heat."""
    changes = (
        HEATED
        | {
            "cathode.material.diffusivity": "1e-11 m^2/s",
            "interfaces.cathode.exchange_current": {"law": "constant", "value": "0.002 A/m^2"},
            "cathode.size_spread": 0.8,
        }
        | SLOPING
    )
    spec, points = make_cell(CELL, changes), POINTS | {"R_p": sizes.CLASSES}
    steps = [(5.0, 1800.0), (0.0, 40 * 3600.0)]
    seen = run(spec, steps, model="spm", var_pts=points, rtol=1e-7, atol=1e-9)
    assert np.ptp(seen[SURFACE][:, -1]) < 1e-3 * np.max(seen[SURFACE])
    heat, expected, _ = balance(spec, seen, steps)
    limit("heat of size classes", heat, expected, 1e-3)


def test_an_impedance_feels_the_classes_at_low_frequency_only():
    spec = as_spec(CELL)
    classes = with_values(spec, {"cathode.size_spread": 0.5})
    one, many = (twin.eis(s, low="1 mHz", high="10 kHz", per_decade=1, model="spm")
                 for s in (spec, classes))  # fmt: skip
    assert many.z[0] == pytest.approx(one.z[0], rel=1e-4)
    assert abs(many.z[-1] - one.z[-1]) > 1e-3 * abs(one.z[-1])
