"""Charge and sodium with every installed mode at work: what is gone is somewhere."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import FailureMode, ModeSubModel, Port

F = twin.FARADAY
HOUR = 3600.0
# Warm, so that the interphases take a visible share; a thin reserve, so that it counts.
CELL = {"thermal.ambient": "60 degC", "cathode.initial_stoichiometry": 0.1}
STEPS = [(3.0, 2 * HOUR), (0.0, 2 * HOUR), (-2.0, 2 * HOUR), (0.0, HOUR)]


class Counters(ModeSubModel):
    """Integrals [C.m-2] of what flows, as states of the model: no quadrature error."""

    def flows(self):
        places = [i.place for i in self.cell.interfaces]
        return {
            "cell": "Current collector current density [A.m-2]",
            "short": "Internal short current density [A.m-2]",
            **{place: Port.PARASITIC_CURRENT.at(place).variable for place in places},
        }

    def get_fundamental_variables(self):
        return {f"Counted {name}": self.state(f"Counted {name}", 1e3) for name in self.flows()}

    def set_rhs(self, variables):
        for name, flow in self.flows().items():
            state, value = variables[f"Counted {name}"], variables[flow]
            if not value.domain:
                value = pybamm.PrimaryBroadcast(value, "current collector")
            self.rhs[state] = value

    def set_initial_conditions(self, variables):
        for name in self.flows():
            self.initial_conditions[variables[f"Counted {name}"]] = pybamm.Scalar(0)


class Counting(FailureMode):
    id = "counting"
    title = "Counts charge"

    def submodels(self, cell):
        return {"counters": Counters(cell, self.id)}


def all_modes(spec):
    return [*twin.plugin_manager().select(None, (), spec.kind), Counting()]


def host(spec):
    """What the cathode's host can hold per cell area [C.m-2]."""
    cathode = spec.cathode
    volume = cathode.active_fraction.si * cathode.thickness.si
    volume *= twin.CellContext(spec).utilisation_now("cathode")
    return F * cathode.material.maximum_concentration.si * volume


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_sodium_and_charge_of_a_full_cell(make_cell, run, model):
    spec = make_cell("na-nzsp-nvp", CELL)
    seen = run(spec, STEPS, all_modes(spec), model=model, rtol=1e-8, atol=1e-10)
    passed = sum(i * seconds for i, seconds in STEPS)
    scale = sum(abs(i) * seconds for i, seconds in STEPS)
    counted = {name: seen[f"Counted {name}"] for name in ("cell", "short", "anode", "cathode")}

    # Through the cell goes what is drawn and what leaks.
    assert counted["cell"][-1] == pytest.approx(passed + counted["short"][-1], abs=1e-6 * scale)

    # The anode gives up what passes, and what its own side reaction takes (a reduction).
    sodium = seen["Anode sodium [C.m-2]"]
    given = counted["cell"] - counted["anode"]
    assert np.abs(sodium[0] - sodium - given).max() <= 1e-6 * scale
    assert counted["anode"][-1] < 0  # something is taken at all

    # The host takes up what passes and what the catholyte's oxidation releases; what is
    # cut off from it keeps its sodium.
    active = seen[Port.ACTIVE_FRACTION.at("cathode").variable]
    inside = host(spec) * seen["Cathode stoichiometry"]
    cut_off = np.concatenate([[0], np.cumsum(-np.diff(active) * (inside[1:] + inside[:-1]) / 2)])
    taken = counted["cell"] + counted["cathode"]
    found = inside * active + cut_off - inside[0] * active[0]
    assert np.abs(found - taken).max() <= 1e-6 * scale


@pytest.mark.parametrize("cell", ["na-nzsp-na", "na-base-na"])
def test_sodium_and_charge_of_a_symmetric_cell(make_cell, run, cell):
    spec = make_cell(cell, {"thermal.ambient": "60 degC"})
    seen = run(spec, STEPS, all_modes(spec), rtol=1e-8, atol=1e-10)
    scale = sum(abs(i) * seconds for i, seconds in STEPS)
    through = seen["Counted cell"]
    for sign, place in ((1, "anode"), (-1, "cathode")):
        sodium = seen[f"{place.capitalize()} sodium [C.m-2]"]
        given = sign * through - seen[f"Counted {place}"]
        assert np.abs(sodium[0] - sodium - given).max() <= 1e-6 * scale


@pytest.mark.parametrize("model", ["dfn", "spm"])
def test_the_interphase_holds_what_its_reaction_took(make_cell, run, model):
    # Faraday: the charge of the side reaction is the layer's growth, at both electrodes.
    spec = make_cell("na-nzsp-nvp", CELL)
    only = [twin.plugin_manager().modes["interphase"], Counting()]
    seen = run(spec, STEPS, only, model=model, rtol=1e-8, atol=1e-10)
    for sign, place in ((-1, "anode"), (1, "cathode")):
        own = getattr(spec.modes["interphase"], place)
        area = 1.0
        if place == "cathode":
            area = seen["Cathode particle area per cell area"][0]
        layer = seen[f"{place.capitalize()} interphase thickness [m]"]
        charge = own.electrons.si * F / own.molar_volume.si * area * (layer - layer[0])
        counted = sign * seen[f"Counted {place}"]
        assert charge[-1] > 0
        assert np.abs(charge - counted).max() <= 1e-6 * counted[-1]
