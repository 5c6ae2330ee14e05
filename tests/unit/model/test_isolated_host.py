"""Host that is cut off keeps the sodium it left with, and brings it back."""

from __future__ import annotations

import numpy as np
import pybamm
import pytest

import twin
from twin import FailureMode, ModeSubModel, Port
from twin.model.core import scalar

HOUR = 3600.0
TIGHT = {"spm": (1e-10, 1e-12), "dfn": (1e-9, 1e-9)}


class Share(ModeSubModel):
    """An active share that falls for two hours, stays, and rises again.

    Its charge, counted as a state, is what the connected host has taken up.
    """

    def get_fundamental_variables(self):
        return {"Share": self.state("Share"), "Taken": self.state("Taken", 1e3)}

    def set_rhs(self, variables):
        t = pybamm.t / HOUR
        self.rhs = {
            variables["Share"]: scalar(-0.2 / HOUR * (t < 2) + 0.1 / HOUR * (t > 3) * (t < 6)),
            variables["Taken"]: scalar(variables["Current collector current density [A.m-2]"]),
        }

    def set_initial_conditions(self, variables):
        self.initial_conditions = {
            variables["Share"]: pybamm.Scalar(1),
            variables["Taken"]: pybamm.Scalar(0),
        }


class Halving(FailureMode):
    id = "halving"
    title = "Cuts off and brings back"
    writes = (Port.ACTIVE_FRACTION,)

    def submodels(self, cell):
        return {"share": Share(cell, self.id)}

    def contributions(self, cell):
        return {Port.ACTIVE_FRACTION.at("cathode"): "Share"}


STEPS = [(-2.0, 2 * HOUR), (0.0, HOUR), (-1.0, HOUR), (1.0, 2 * HOUR)]


@pytest.fixture(scope="module")
def cut(make_cell, run):
    """The cell, and its run with a share that falls and rises."""

    def solve(model):
        spec = make_cell("na-nzsp-nvp")
        tolerances = dict(zip(("rtol", "atol"), TIGHT[model], strict=True))
        return spec, run(spec, STEPS, [Halving()], model=model, **tolerances)

    return solve


@pytest.mark.parametrize("model", ["spm", "dfn"])
def test_sodium_is_kept_and_given_back(cut, model):
    spec, seen = cut(model)
    cathode = spec.cathode
    sites = twin.FARADAY * cathode.material.maximum_concentration.si
    sites *= cathode.active_fraction.si * cathode.thickness.si
    sites *= twin.CellContext(spec).utilisation_now("cathode")
    share, x = seen["Share"], seen["Cathode stoichiometry"]
    held = seen["Cathode isolated host sodium"]
    total = sites * (share * x + held)
    moved = np.abs(np.diff(seen["Taken"])).sum()
    # A discharge fills the cathode.
    assert np.abs(total - total[0] - seen["Taken"]).max() <= 1e-8 * moved
    assert share.min() < 0.7
    assert seen["Cathode isolated host share"] == pytest.approx(1 - share, abs=1e-9)


def test_what_comes_back_is_as_full_as_it_left(cut):
    # It left while the cell was charged from nearly full, so it is fuller than what stayed:
    # brought back, it fills the rest.
    _, seen = cut("spm")
    t = seen.t / HOUR
    share, held = seen["Cathode isolated host share"], seen["Cathode isolated host sodium"]
    away = (t > 2.05) & (t < 3)
    filling = held[away] / share[away]
    x = seen["Cathode stoichiometry"]
    assert np.ptp(filling) < 1e-6
    assert x[away].mean() + 0.1 < filling.mean() < x[0]
    # Half of it is back after an hour and a half, with half of the sodium.
    late = t > 5.99
    assert held[late][-1] / share[late][-1] == pytest.approx(filling.mean(), rel=1e-6)
    assert share[late][-1] == pytest.approx(0.1, abs=1e-3)


def test_nothing_is_cut_off_without_a_mode(make_cell):
    model = twin.build_model(make_cell("na-nzsp-nvp"), modes=[])
    assert not [name for name in model.variables if "isolated" in name]
