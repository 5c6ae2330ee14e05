"""What a mode reads of another that may not be at work is decided by the assembly."""

from __future__ import annotations

from itertools import permutations

import pybamm
import pytest

import twin
from twin import FailureMode, ModeSubModel
from twin.engine.prepare import build_model
from twin.errors import PluginError
from twin.modes.manager import plugin_manager

READ = "{interface} fatigue"


class Sets(ModeSubModel):
    """Sets the variable that others may read, from one that comes late."""

    def get_coupled_variables(self, variables):
        variables["Anode fatigue"] = 3 * variables["Area-specific resistance [Ohm.m2]"]
        return variables


class Reads(ModeSubModel):
    def get_coupled_variables(self, variables):
        variables[f"{self.mode_id} felt"] = 2 * variables["Anode fatigue"]
        return variables


def reader(name, neutral=0.5):
    class Reader(FailureMode):
        id = name
        optional_reads = {READ: neutral}

        def submodels(self, cell):
            return {"reads": Reads(cell, self.id)}

    return Reader()


def setter(name, declared=True):
    class Setter(FailureMode):
        id = name

        def submodels(self, cell):
            return {"sets": Sets(cell, self.id)}

        def provides(self, cell):
            return ["Anode fatigue"] if declared else []

    return Setter()


@pytest.fixture(scope="module")
def spec():
    return twin.load_cell("na-nzsp-na")


def felt(spec, *modes):
    built = build_model(spec, modes)
    return {m.id: built.variables[f"{m.id} felt"] for m in modes if m.optional_reads}


def test_without_the_other_mode_the_neutral_value_is_read(spec):
    assert felt(spec, reader("b"))["b"] == pybamm.Scalar(1.0)


def test_with_it_its_variable_is_read_whatever_the_order(spec):
    found = []
    for a, b, c in permutations("abc"):
        both = felt(spec, setter(a), reader(b), reader(c))
        found += [symbol.id for symbol in both.values()]
    assert len(set(found)) == 1
    assert felt(spec, setter("a"), reader("b"))["b"] != pybamm.Scalar(1.0)


@pytest.mark.parametrize("name", ["a", "z"])  # before and after the reader
def test_a_mode_that_does_not_say_what_it_sets_is_refused(spec, name):
    with pytest.raises(PluginError, match="'Anode fatigue', which m reads") as caught:
        build_model(spec, [setter(name, declared=False), reader("m")])
    assert "provides" in caught.value.problem.fix


def test_readers_agree_on_what_stands_for_it(spec):
    with pytest.raises(PluginError, match=r"'n' takes 2 for .* and 'm' takes 0.5"):
        build_model(spec, [reader("m"), reader("n", 2.0)])


def test_what_modes_provide_is_in_the_model():
    spec = twin.load_cell("na-nzsp-nvp")
    modes = plugin_manager().select(None, (), "full")
    built = build_model(spec, modes)
    for mode in modes:
        assert set(mode.provides(built.cell)) <= set(built.variables), mode.id
    assert set(built.assembly.readers) >= {"Anode void fraction", "Cathode delaminated fraction"}
    # At the sodium there are voids, in the composite there are none; the reverse holds of bonds.
    assert "Anode void fraction" not in built.assembly.absent
    assert built.variables["Cathode void fraction"] == pybamm.Scalar(0.0)


def test_a_built_model_cites_what_its_modes_rest_on(spec, monkeypatch):
    cited = []
    monkeypatch.setattr(pybamm.citations, "register", cited.append)
    chosen = plugin_manager().select(["pressure"], (), spec.kind)
    build_model(spec, chosen)
    assert chosen[0].references
    for number, reference in enumerate(chosen[0].references, start=1):
        entry = f"@misc{{twin-pressure-{number}, title = {{{{{reference}}}}}}}"
        assert cited.count(entry) == 1
    assert not any("twin-dendrite" in entry for entry in cited)
