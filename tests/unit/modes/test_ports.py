"""Ports: where each exists, what its variable is called, how it is combined."""

from __future__ import annotations

import pytest

from twin.modes.ports import Port, PortAt

PLACES = ("anode", "cathode", "separator", "cell")
# The variable names are public: scripts, stored runs and other plugins go by them.
VARIABLES = {
    "Anode contact fraction",
    "Cathode contact fraction",
    "Anode interface resistance [Ohm.m2]",
    "Cathode interface resistance [Ohm.m2]",
    "Anode parasitic current density [A.m-2]",
    "Cathode parasitic current density [A.m-2]",
    "Anode plating current density [A.m-2]",
    "Cathode plating current density [A.m-2]",
    "Separator electrolyte conductivity factor",
    "Cathode electrolyte conductivity factor",
    "Internal short conductance [S.m-2]",
    "Anode equilibrium potential shift [V]",
    "Cathode equilibrium potential shift [V]",
    "Anode active material fraction",
    "Cathode active material fraction",
    "Anode solid diffusivity factor",
    "Cathode solid diffusivity factor",
    "Stack pressure change [Pa]",
    "Heat source [W.m-2]",
}


def test_the_variables_of_all_ports():
    assert {str(port.at(place)) for port in Port for place in port.places} == VARIABLES


@pytest.mark.parametrize("port", Port, ids=lambda p: p.name)
@pytest.mark.parametrize("place", PLACES)
def test_a_port_exists_only_at_its_places(port, place):
    if place in port.places:
        assert port.at(place) == PortAt(port, place)
    else:
        with pytest.raises(ValueError, match=f"{port.title} exists at .* not at {place}") as said:
            port.at(place)
        assert all(p in str(said.value) for p in port.places)


def test_a_port_of_an_interface_must_say_which():
    with pytest.raises(ValueError, match="not at cell"):
        Port.CONTACT_FRACTION.at()
    assert Port.STACK_PRESSURE.at() == Port.STACK_PRESSURE.at("cell")


@pytest.mark.parametrize("port", Port, ids=lambda p: p.name)
def test_the_neutral_value_changes_nothing(port):
    combine = {"product": lambda a, b: a * b, "sum": lambda a, b: a + b}[port.combine]
    assert combine(0.37, port.neutral) == 0.37


@pytest.mark.parametrize("port", Port, ids=lambda p: p.name)
def test_an_unmodified_cell_gathers_the_neutral_value(port):
    """The core's gathering submodel, with nothing contributed and with two contributions."""
    import pybamm

    import twin
    from twin.model.core import PortGather

    cell = twin.CellContext(twin.load_cell("na-nzsp-na"))
    at = port.at(port.places[0])

    def gathered(**values):
        variables = {name: pybamm.Scalar(v) for name, v in values.items()}
        found = PortGather(cell, at, list(values)).get_coupled_variables(variables)
        symbol = found[at.variable]
        assert symbol.domain == ["current collector"]
        return symbol.orphans[0].evaluate()

    assert gathered() == port.neutral
    assert gathered(x=0.5) == 0.5
    assert gathered(x=0.5, y=0.25) == (0.125 if port.combine == "product" else 0.75)


def test_ports_at_two_places_are_two_keys():
    both = {Port.CONTACT_FRACTION.at("anode"): "a", Port.CONTACT_FRACTION.at("cathode"): "c"}
    assert len(both) == 2 and both[Port.CONTACT_FRACTION.at("cathode")] == "c"
