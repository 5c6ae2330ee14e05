"""A mode whose own code is wrong is named, and its run refused; nothing of it goes unnoticed."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import pybamm
import pytest

import twin
from twin import Criterion, FailureMode, ModeSubModel, Port, SlowState
from twin.catalog.cells import load_protocol, plan_of
from twin.catalog.entries import describe_mode
from twin.catalog.health import idle_ports
from twin.cli.main import main
from twin.engine.prepare import prepare
from twin.engine.settings import RunSettings
from twin.errors import ModelError, PluginError
from twin.modes.mode import package_files
from twin.store import Store

SOUND = {"what": "worn", "variable": "Wear", "threshold": 1.0, "direction": "above",
         "fresh": 0.0, "says": "it is worn out"}  # fmt: skip


class Wear(ModeSubModel):
    """One state that grows by a millionth a second."""

    def get_fundamental_variables(self):
        return {"Wear": self.state("Wear")}

    def get_coupled_variables(self, variables):
        variables["Wear resistance [Ohm.m2]"] = self.scalar(0.0)
        return variables

    def set_rhs(self, variables):
        self.rhs = {variables["Wear"]: pybamm.Scalar(1e-6)}

    def set_initial_conditions(self, variables):
        self.initial_conditions = {variables["Wear"]: pybamm.Scalar(0)}


def wear(submodel: Any = Wear, **changed: Any) -> FailureMode:
    """A sound mode, with some of its methods changed."""
    body = {
        "id": "wear",
        "title": "Wear",
        "writes": (Port.INTERFACE_RESISTANCE,),
        "submodels": lambda self, cell: {"wear": submodel(cell, "wear")},
        "contributions": lambda self, cell: {
            Port.INTERFACE_RESISTANCE.at("anode"): "Wear resistance [Ohm.m2]"
        },
        "criteria": lambda self, cell: [Criterion(**SOUND)],
        "outputs": lambda self, cell: ["Wear"],
        "slow_states": lambda self, cell: [SlowState("Wear")],
    }
    return type("Worn", (FailureMode,), body | changed)()


@pytest.fixture(scope="module")
def ready():
    spec = twin.load_cell("na-nzsp-na")
    plan = plan_of(load_protocol(None, spec, {}), spec)
    return lambda mode: prepare(spec, [mode], plan, RunSettings())


def refused(ready, mode) -> str:
    with pytest.raises(PluginError) as caught:
        ready(mode)
    (problem,) = caught.value.problems
    assert "'wear'" in problem.message and problem.key == "modes.wear"
    assert "--without wear" in problem.fix and caught.value.exit_code == 2
    return problem.message


def test_the_sound_one_is_taken(ready):
    found = ready(wear())
    assert [w.label for w in found.watched if w.mode == "wear"] == ["wear: worn"]
    assert "Wear" in found.recorder.observer.names


def raising(error: BaseException):
    def method(self, *given):
        raise error

    return method


ERRORS = [
    ZeroDivisionError("by hand"),
    SystemExit(3),
    KeyError("x"),
    MemoryError(),
    RecursionError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("part", ["submodels", "contributions", "criteria", "outputs",
                                  "slow_states", "provides"])  # fmt: skip
def test_what_a_method_raises_is_put_down_to_its_mode(ready, part, error):
    says = refused(ready, wear(**{part: raising(error)}))
    assert part in says and type(error).__name__ in says


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("part", ["get_fundamental_variables", "set_rhs", "set_initial_conditions",
                                  "set_algebraic", "add_events_from"])  # fmt: skip
def test_what_its_equations_raise_is_too(ready, part, error):
    broken = type("Broken", (Wear,), {part: raising(error)})
    says = refused(ready, wear(broken))
    assert part in says and type(error).__name__ in says


def test_coupled_variables_too_but_for_those_that_come_later(ready):
    broken = type("Broken", (Wear,), {"get_coupled_variables": raising(SystemExit(0))})
    assert "SystemExit" in refused(ready, wear(broken))
    waits = type("Waits", (Wear,), {"get_coupled_variables": raising(KeyError("Warp"))})
    with pytest.raises(ModelError, match="mode wear: wear waits for 'Warp'"):
        ready(wear(waits))


def test_ctrl_c_in_it_is_obeyed(ready):
    with pytest.raises(KeyboardInterrupt):
        ready(wear(criteria=raising(KeyboardInterrupt())))


def criterion(**changed):
    return lambda self, cell: [Criterion(**SOUND | changed)]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"variable": "Waer"}, "no variable 'Waer'"),
        ({"threshold": float("nan")}, "threshold of 'worn' is nan"),
        ({"threshold": float("inf")}, "threshold of 'worn' is inf"),
        ({"fresh": float("nan")}, "fresh of 'worn' is nan"),
        ({"fresh": 2.0}, "not on the sound side"),
        ({"fresh": 1.0}, "not on the sound side"),
        ({"direction": "below"}, "not on the sound side"),
        ({"direction": "over"}, "direction of 'worn' is 'over', not above or below"),
        ({"severity": "deadly"}, "severity of 'worn'"),
        ({"scale": "log", "fresh": -1.0}, "log scale"),
        ({"what": ""}, "has no name"),
        ({"threshold": "1 m"}, "no finite number"),
    ],
)
def test_a_criterion_that_could_not_kill_is_refused(ready, changed, says):
    assert says in refused(ready, wear(criteria=criterion(**changed)))


def test_a_misspelt_variable_is_told_the_one_meant(ready):
    with pytest.raises(PluginError) as caught:
        ready(wear(criteria=criterion(variable="Waer")))
    assert "did you mean 'Wear'?" in caught.value.problem.fix


def test_two_criteria_of_one_name(ready):
    twice = lambda self, cell: [Criterion(**SOUND), Criterion(**SOUND | {"threshold": 2.0})]  # noqa: E731
    assert "two criteria are called 'worn'" in refused(ready, wear(criteria=twice))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"criteria": lambda self, cell: ["worn"]}, "'worn' is no Criterion"),
        ({"criteria": lambda self, cell: None}, "TypeError"),
        ({"outputs": lambda self, cell: ["Tear"]}, "outputs: the model has no variable 'Tear'"),
        ({"outputs": lambda self, cell: "Tear"}, "outputs: the model has no variable 'Tear'"),
        ({"outputs": lambda self, cell: [7]}, "7 is no name"),
        ({"slow_states": lambda self, cell: [SlowState("Tear")]}, "no state integrated in time"),
        ({"slow_states": lambda self, cell: [SlowState("Voltage [V]")]}, "slow_states"),
        ({"slow_states": lambda self, cell: [SlowState("Wear", "square")]}, "no SlowState"),
        ({"contributions": lambda self, cell: {"anode": "Wear"}}, "no port"),
        ({"submodels": lambda self, cell: {"wear": 1}}, "no submodel"),
        ({"writes": ()}, "does not declare it in `writes`"),
    ],
)
def test_what_no_run_could_use_is_refused(ready, changed, says):
    assert says in refused(ready, wear(**changed))


@pytest.mark.parametrize(
    "name", ["Voltage [V]", "Current [A]", "Anode contact fraction", "Stack pressure [Pa]"]
)
@pytest.mark.parametrize("method", ["get_fundamental_variables", "get_coupled_variables"])
def test_a_mode_that_overwrites_the_cells_own_variable_is_refused(ready, name, method):
    def overwrite(self, variables=None):
        found = getattr(Wear, method)(self, *(() if variables is None else (variables,)))
        found[name] = self.scalar(1.0)
        return found

    broken = type("Broken", (Wear,), {method: overwrite})
    assert f"overwrites {name!r}" in refused(ready, wear(broken))


def nan_rate(self, variables):
    self.rhs = {variables["Wear"]: pybamm.Scalar(float("nan"))}


def nan_start(self, variables):
    self.initial_conditions = {variables["Wear"]: pybamm.Scalar(float("inf"))}


def nan_resistance(self, variables):
    variables["Wear resistance [Ohm.m2]"] = pybamm.log(variables["Wear"] - 1)
    return variables


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"set_rhs": nan_rate}, "the equation of 'Wear'"),
        ({"set_initial_conditions": nan_start}, "the equation of 'Wear'"),
        ({"get_coupled_variables": nan_resistance}, "'Wear resistance [Ohm.m2]'"),
    ],
)
def test_what_is_no_number_in_its_equations_is_put_down_to_it(ready, changed, where):
    says = refused(ready, wear(type("Broken", (Wear,), changed)))
    assert f"{where} is not a finite number" in says


def later_rate(self, variables):
    # Grows as before until it is worn by 3.6e-3: an hour.
    rate = 1e-6 + 1e-9 * pybamm.sqrt(3.6e-3 - variables["Wear"])
    self.rhs = {variables["Wear"]: rate}


def rooted_rate(self, variables):
    # A number, nought, where it starts; its slope there is none, and beside it there is no root.
    self.rhs = {variables["Wear"]: 1e-3 * pybamm.sqrt(variables["Wear"])}


def later_output(self, variables):
    variables["Wear resistance [Ohm.m2]"] = self.scalar(0.0)
    variables["Roughness"] = pybamm.sqrt(3.6e-2 - variables["Wear"])
    return variables


@pytest.mark.parametrize(
    ("changed", "more", "cycle", "what"),
    [
        ({"set_rhs": later_rate}, {}, 1, "the equation of 'Wear'"),
        (
            {"set_rhs": rooted_rate},
            {},
            1,
            "the slope of the equation of 'Wear' (a root or a power of nought?)",
        ),
        (
            {"get_coupled_variables": later_output},
            {"outputs": lambda self, cell: ["Roughness"]},
            6,
            "'Roughness'",
        ),
    ],
    ids=["rate", "root", "output"],
)
def test_what_is_no_number_later_in_a_run_is_put_down_to_it(
    monkeypatch, changed, more, cycle, what
):
    # Half cycles of an hour: the square roots have no value from 1 h and from 10 h on.
    spec = twin.load_cell("na-nzsp-na")
    chosen = [wear(type("Broken", (Wear,), changed), **more)]
    others = [m for m in twin.plugin_manager().select(None, (), spec.kind) if m.id == "pressure"]
    monkeypatch.setattr(
        type(twin.plugin_manager()), "select", lambda *a, **k: sorted([*others, *chosen], key=id)
    )
    found = twin.simulate(spec, cycles=8, store="sqlite://")
    told = found.outcome
    assert told.kind == "solver-gave-up" and told.cycle == cycle
    assert told.numerics["no_number"] == {"mode": "wear", "what": what}
    assert f"'wear' has no number to go on with: {what}" in told.says
    assert "--without wear" in told.fix


def test_it_is_the_mode_it_comes_from_that_is_named_not_one_it_spread_to():
    spec = twin.load_cell("na-nzsp-na")
    plan = plan_of(load_protocol(None, spec, {}), spec)
    broken = wear(type("Broken", (Wear,), {"get_coupled_variables": nan_resistance}))
    others = twin.plugin_manager().select(None, (), spec.kind)
    with pytest.raises(PluginError) as caught:
        prepare(spec, [*others, broken], plan, RunSettings())
    assert caught.value.problem.key == "modes.wear"


def test_a_port_that_is_declared_and_never_written_is_told_by_the_doctor():
    cells = [twin.load_cell("na-nzsp-na")]
    assert idle_ports([wear()], cells) == []
    more = wear(writes=(Port.INTERFACE_RESISTANCE, Port.HEAT_SOURCE))
    (problem,) = idle_ports([more], cells)
    assert "'wear' declares heat source in `writes`" in problem.message
    assert (
        "ZeroDivisionError"
        in idle_ports([wear(contributions=raising(ZeroDivisionError()))], cells)[0].message
    )


def test_a_run_without_one_of_the_twins_own_modes_says_so(monkeypatch):
    missing = lambda self, without=(): [m for m in ("dendrite",) if m not in without]  # noqa: E731
    monkeypatch.setattr(type(twin.plugin_manager()), "missing", missing)
    how = {"cycles": 1, "store": "sqlite://"}
    found = twin.simulate("na-nzsp-na", **how)
    assert found.outcome.missing_modes == ["dendrite"]
    assert "without dendrite, which could not be loaded" in found.outcome.says
    more = twin.resume(found.id, cycles=2, store=found.store).outcome
    assert more.missing_modes == ["dendrite"] and more.cycle == 2
    assert twin.simulate("na-nzsp-na", without=["dendrite"], **how).outcome.missing_modes == []


@pytest.mark.parametrize(
    "words", [("forecast", "--samples", "2"), ("attribute",)], ids=["forecast", "attribute"]
)
def test_a_study_without_one_of_the_twins_own_modes_says_so_and_its_members_do(
    monkeypatch, tmp_path, words, capsys
):
    missing = lambda self, without=(): [m for m in ("dendrite",) if m not in without]  # noqa: E731
    monkeypatch.setattr(type(twin.plugin_manager()), "missing", missing)
    url, most = f"sqlite:///{tmp_path}/runs.db", ["--cycles", "2", "--workers", "1"]
    leave = [m for m in twin.plugin_manager().modes if m not in ("dendrite", "pressure")]
    only = [word for mode in leave for word in ("--without", mode)]
    kind, *more = words
    assert main([kind, "na-nzsp-na", *more, *most, *only, "--db", url, "-q"]) == 0
    with Store.open(url) as store:
        runs = store.runs()
        assert len(runs) >= 2
        for run in runs:
            assert run.outcome["missing_modes"] == ["dendrite"]
            assert "without dendrite, which could not be loaded" in run.outcome["says"]
        (study,) = store.studies()
        assert store.study(study.id).summary["missing_modes"] == ["dendrite"]
    told = "note +without dendrite, which could not be loaded"
    assert re.search(told, capsys.readouterr().out)
    assert main(["studies", "show", study.id, "--db", url]) == 0
    assert re.search(told, capsys.readouterr().out)


DIES = {"cycles": 50, "modes": ["pressure"], "overrides": {"stack.pressure": "0.2 MPa"}}


@pytest.mark.parametrize(
    "diagnose",
    [
        raising(RuntimeError("by hand")),
        raising(SystemExit(0)),
        raising(AttributeError("x")),
        lambda self, run, cell: None,
        lambda self, run, cell: twin.Evidence(polarisation=float("nan")),
    ],
    ids=["raises", "exits", "misspells", "nothing", "nan"],
)
def test_a_diagnosis_that_fails_hides_no_death(monkeypatch, diagnose):
    sound = twin.simulate("na-base-na", store="sqlite://", **DIES)
    monkeypatch.setattr(type(twin.plugin_manager().modes["pressure"]), "diagnose", diagnose)
    found = twin.simulate("na-base-na", store="sqlite://", **DIES)
    assert found.info.status == "cell-failed"
    told, true = found.outcome, sound.outcome
    assert (told.cycle, told.mode, told.criterion) == (true.cycle, true.mode, true.criterion)
    assert told.evidence["pressure"]["says"].startswith("no evidence: ")
    # What it cost is known from its contributions.
    assert told.evidence["pressure"]["weight"] == true.evidence["pressure"]["weight"] > 0.01
    assert found.rows[-1]["cycle"] == true.cycle


def test_a_mode_made_in_a_notebook_is_shown_and_has_no_files(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_notebook", ModuleType("a_notebook"))  # it has no spec
    made = wear(__module__="a_notebook")
    assert package_files(made) is None and made.defaults() == {} and made.ends(None) == []
    monkeypatch.setitem(twin.plugin_manager().modes, "wear", made)
    assert describe_mode("wear")["equations"] == {}
