"""Building a cell: errors that name the mode at fault, and notices worth giving."""

from __future__ import annotations

import pybamm
import pytest

import twin
from twin.engine.prepare import build_model
from twin.engine.settings import RunSettings
from twin.errors import ModelError, PluginError


class _Writes(twin.ModeSubModel):
    reads = ""

    def get_coupled_variables(self, variables):
        variables["My contribution"] = variables[self.reads] * 0 + 1
        return variables


class Looping(twin.FailureMode):
    """Contributes a contact that depends on the overpotential it changes."""

    id = "looping"
    writes = (twin.Port.CONTACT_FRACTION,)
    reads_from = "Anode reaction overpotential [V]"

    def submodels(self, cell):
        submodel = _Writes(cell, self.id)
        submodel.reads = self.reads_from
        return {"contact": submodel}

    def contributions(self, cell):
        return {twin.Port.CONTACT_FRACTION.at("anode"): "My contribution"}


class Misspelt(Looping):
    id = "misspelt"
    reads_from = "Anode reaction overpotental [V]"


class Undeclared(Looping):
    id = "undeclared"
    writes = ()


@pytest.fixture(params=["na-nzsp-nvp", "na-nzsp-na"])
def spec(request):
    return twin.load_cell(request.param)


@pytest.mark.parametrize("mode", [Looping(), Misspelt()])
def test_a_loop_or_a_missing_variable_names_the_mode(spec, mode):
    with pytest.raises(ModelError) as caught:
        build_model(spec, [mode])
    message = str(caught.value)
    assert f"mode {mode.id}: contact waits for '{mode.reads_from}'" in message
    assert "port Anode contact fraction waits for 'My contribution'" in message
    assert "loop" in caught.value.problem.fix


def test_a_port_must_be_declared(spec):
    with pytest.raises(PluginError) as caught:
        build_model(spec, [Undeclared()])
    assert "Port.CONTACT_FRACTION" in caught.value.problem.fix


def test_an_unknown_model_or_option_is_refused_in_words(spec):
    with pytest.raises(ModelError, match="no model 'p2d'"):
        build_model(spec, model="p2d")
    with pytest.raises(ModelError, match="PyBaMM refuses"):
        build_model(spec, options={"thermal": "volcanic"})


def test_leaving_a_modes_validity_is_said_once(tmp_path):
    run = twin.simulate(
        "na-base-na",
        cycles=3,
        overrides={"stack.pressure": "80 MPa"},
        store=f"sqlite:///{tmp_path}/r.db",
    )
    given = [e for e in run.store.events(run.id) if e["severity"] == "warning"]
    assert [(e["mode"], e["criterion"]) for e in given] == [
        ("pressure", "pressure outside the mode's validity")
    ]
    assert given[0]["value"] == pytest.approx(80e6) and given[0]["threshold"] == 70e6


def test_the_model_serves_a_plain_pybamm_script():
    spec = twin.load_cell("na-nzsp-nvp")
    model = twin.build_model(spec, modes=[], model="spm")
    # It begins discharged: charge it.
    values = twin.parameter_values(spec)
    simulation = pybamm.Simulation(model, parameter_values=values, C_rate=-0.5)
    solution = simulation.solve([0, 600])
    assert solution["Voltage [V]"].entries[-1] > 3


@pytest.mark.parametrize(
    ("every", "kept"), [(10, {1, 2, 3, 10, 20, 25}), (1, set(range(1, 26))), (0, set())]
)
def test_which_cycles_keep_their_series(every, kept):
    settings = RunSettings(series_every=every)
    assert {n for n in range(1, 26) if settings.keeps_series(n, last=n == 25)} == kept
