"""Mixed powders in the model: PyBaMM's own parameters, in the DFN and the SPMe, and their sums."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin.catalog.card import warnings
from twin.errors import SpecError
from twin.modes.context import CellContext
from twin.specs import percolation

CELL = "na-nzsp-nvp"
HALF = {"cathode.initial_stoichiometry": 0.5}


def packing(spec) -> tuple[float, float, float]:
    """``psi``, ``eps`` and ``lambda`` of a cell's cathode: what the two leave is pores."""
    c = spec.cathode
    phi, active = c.electrolyte_fraction.si, c.active_fraction.si
    return phi / (phi + active), 1 - phi - active, c.mixing.size_ratio.si


@pytest.mark.parametrize("model", ["dfn", "spm"])
@pytest.mark.parametrize("share", [0.35, 0.2])
def test_the_electrolyte_conducts_as_the_law_says(make_cell, run, limit, model, share):
    spec = make_cell(CELL, HALF | {"cathode.electrolyte_fraction": share})
    seen = run(spec, [(-1.0, 60.0)], model=model)
    psi, eps, ratio = packing(spec)
    K, u = percolation.efficiency(psi, eps, ratio), percolation.reached(psi, eps, ratio)
    found = seen.end("X-averaged positive electrolyte transport efficiency")
    limit("E26 K of mixed powders", found, K, 1e-9)
    limit("E26 u of mixed powders", seen.end("Cathode utilisation"), u, 1e-12)
    area = 3 * 0.5 * u / 0.5e-6 * 60e-6
    limit("E26 a L of what is used", seen.end("Cathode particle area per cell area"), area, 1e-9)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_what_is_used_takes_all_of_the_charge(make_cell, run, limit, model):
    """``dx = j t/(F c u eps L)``: the share that is not reached holds its sodium."""
    spec = make_cell(CELL, HALF | {"cathode.mixing.utilisation": 0.6})
    seen = run(spec, [(-1.0, 3600.0)], model=model)
    moved = seen["Cathode stoichiometry"]
    exact = -3600.0 / (twin.FARADAY * 13870 * 0.6 * 0.5 * 60e-6)
    limit("E26 dx of what is used", moved[-1] - moved[0], exact, 1e-6)


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_plain_pybamm_has_the_law_from_the_parameters_alone(make_cell, model):
    spec = make_cell(CELL, HALF)
    plain = {"dfn": pybamm.lithium_ion.DFN, "spm": pybamm.lithium_ion.SPMe}[model]
    values = twin.parameter_values(spec)
    # A single-ion conductor has no salt to diffuse; PyBaMM asks for its diffusivity.
    values.update({"Electrolyte diffusivity [m2.s-1]": 1e-10}, check_already_exists=False)
    simulation = pybamm.Simulation(
        plain({"working electrode": "positive"}), parameter_values=values, C_rate=-0.2
    )
    solution = simulation.solve([0, 60])
    psi, eps, ratio = packing(spec)
    efficiency = solution["X-averaged positive electrolyte transport efficiency"].entries[0]
    assert efficiency == pytest.approx(percolation.efficiency(psi, eps, ratio), rel=1e-9)


def test_without_carbon_the_active_material_carries_the_electrons(make_cell, run, limit):
    spec = make_cell(CELL, HALF | {"cathode.mixing.carbon": False})
    seen = run(spec, [(-1.0, 60.0)])
    psi, eps, ratio = packing(spec)
    K = percolation.efficiency(1 - psi, eps, 1 / ratio)
    found = seen.end("X-averaged positive electrode transport efficiency")
    limit("E26 K of the electrons", found, K, 1e-9)
    u = percolation.reached(psi, eps, ratio, carbon=False)
    assert seen.end("Cathode utilisation") == pytest.approx(u, rel=1e-12)


def test_a_continuous_network_is_bruggemans(make_cell, run):
    for change in ({"cathode.mixing.network": "continuous"}, {}):
        name = CELL if change else "na-base-nvp"
        spec = make_cell(name, HALF | change)
        seen = run(spec, [(-1.0, 60.0)])
        efficiency = seen.end("X-averaged positive electrolyte transport efficiency")
        assert efficiency == pytest.approx(0.35**2, rel=1e-12)
        assert seen.end("Cathode utilisation") == 1


def test_a_known_utilisation_stands_in_the_laws_place(make_cell):
    """Never times the law's: agglomerates hold what percolation loses."""
    for share in (0.35, 0.18):
        given = {"cathode.mixing.utilisation": 0.7, "cathode.electrolyte_fraction": share}
        cell = CellContext(make_cell(CELL, given))
        assert cell.utilisation_now("cathode") == 0.7


def test_less_electrolyte_is_less_capacity_in_a_run():
    """Bruggeman's cell kept its 1.10 mAh/cm2 at every share; u and K take it to nothing."""

    def capacity(share: float) -> float:
        run = twin.simulate(
            CELL, cycles=1, model="spm", modes=[], store="sqlite://", series_every=0,
            overrides={"cathode.electrolyte_fraction": share},
        )  # fmt: skip
        return run.rows[0]["capacity_Ah"] * 1e3 / 1.131 if run.rows else 0.0

    found = [capacity(share) for share in (0.35, 0.20, 0.15, 0.05)]
    assert found[0] == pytest.approx(1.09, abs=0.01)
    assert found == sorted(found, reverse=True)
    assert found[1] < 0.86 * found[0] and found[2] < 0.45 * found[0] and found[3] == 0


def test_the_open_circuit_capacity_counts_what_is_used(make_cell):
    from twin.engine.inventory import OpenCircuit

    state = {"Cathode stoichiometry": 0.5, "Anode sodium thickness [m]": 50e-6}
    whole, part = (
        OpenCircuit(make_cell(CELL, {"cathode.mixing.utilisation": u})).capacity(state)
        for u in (1.0, 0.6)
    )
    assert part == pytest.approx(0.6 * whole, rel=1e-3)


def test_nothing_is_infinite_below_the_threshold(make_cell):
    spec = make_cell(CELL, {"cathode.electrolyte_fraction": 0.05})
    cell = CellContext(spec)
    values = twin.parameter_values(spec)
    K = float(values.evaluate(cell.electrolyte_efficiency("cathode")))
    assert K == percolation.LEAST_EFFICIENCY
    assert cell.utilisation_now("cathode") == percolation.LEAST_SHARE
    assert any("no path of electrolyte spans the cathode" in text for text in warnings(spec))
    assert not any("no path" in text for text in warnings(make_cell(CELL)))


def test_names_move_the_law_as_set_does(make_cell):
    base, other = make_cell(CELL), make_cell(CELL, {"cathode.mixing.size_ratio": 1.3})
    values = twin.parameter_values(base)
    values["Cathode mixing size ratio"] = 1.3
    for name in ("Positive electrode active material volume fraction",
                 "Positive electrode Bruggeman coefficient (electrolyte)"):  # fmt: skip
        both = (values, twin.parameter_values(other))
        one, two = (float(np.squeeze(v.evaluate(v[name]))) for v in both)
        assert one == pytest.approx(two, rel=1e-14)


def test_pores_active_material_and_electrolyte_fill_at_most_all():
    with pytest.raises(SpecError) as raised:
        twin.load_cell(CELL, overrides={"cathode.mixing.porosity": 0.2})
    (problem,) = raised.value.problems
    assert problem.key == "cathode.mixing.porosity" and "1.05" in problem.message
