"""One number, one name: every parameter of a cell moves all of the model, as ``--set`` does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm
import pytest

import twin
from twin.catalog.cells import mode_entries
from twin.engine.model_print import model_print
from twin.errors import TwinError
from twin.modes.manager import plugin_manager
from twin.specs.dump import with_overrides
from twin.specs.naming import find, parameter_name, walk_quantities

FULL, SYMMETRIC = "na-nzsp-nvp", "na-base-na"
NAMED = ["electrolyte.thickness", "cathode.thickness", "cathode.active_fraction",
         "cathode.particle_radius", "geometry.area", "thermal.ambient", "window.upper",
         "electrolyte.material.conductivity.reference", "stack.pressure"]  # fmt: skip
PLACES = ((0.4, 310.0), (0.4,), (900.0, 500.0, 310.0), (900.0, 500.0, 1000.0, 310.0))
"""Where a function parameter is looked at: the first that has as many arguments as it takes."""


def name_of(spec: Any, key: str) -> str:
    """The parameter that drives a key: PyBaMM's own for the ambient temperature."""
    ambient = key == "thermal.ambient"
    return "Ambient temperature [K]" if ambient else parameter_name(key, find(spec, key).unit)


def moved(spec: Any, key: str) -> Any:
    """The cell with one number a hundredth larger, or smaller where it may not be larger."""
    quantity = find(spec, key)
    for new in (quantity.si * 1.01 or 0.013, quantity.si * 0.99):
        try:
            return with_overrides(spec, {key: f"{new!r} {quantity.unit}".strip()}, mode_entries())
        except TwinError:
            continue
    return None


def seen(values: pybamm.ParameterValues, name: str) -> float:
    """A parameter's value, a function's at some place."""
    entry = values[name]
    if callable(entry) and not isinstance(entry, pybamm.Symbol):
        entry = called(entry)
    return float(np.squeeze(values.evaluate(pybamm.convert_to_symbol(entry))))


def called(function: Any) -> Any:
    for place in PLACES:
        try:
            return function(*map(pybamm.Scalar, place))
        except (TypeError, ValueError):
            continue
    raise AssertionError(f"{function} takes none of these")


def disagree(spec: Any, other: Any, key: str) -> list[str]:
    """The parameters that are not the same whether a key is set or its parameter changed."""
    reset, changed = twin.parameter_values(other), twin.parameter_values(spec)
    changed[name_of(spec, key)] = reset[name_of(spec, key)]
    return [
        name
        for name in reset.keys()  # noqa: SIM118 - ParameterValues is no mapping
        if seen(reset, name) != pytest.approx(seen(changed, name), rel=1e-12, abs=0)
    ]


@pytest.mark.parametrize("key", NAMED)
def test_a_parameter_moves_every_other_that_hangs_on_it(make_cell, key):
    spec = make_cell(FULL)
    assert disagree(spec, moved(spec, key), key) == []


@pytest.mark.parametrize("key", ["electrolyte.thickness", "cathode.thickness"])
def test_a_plain_script_sees_what_set_sees(make_cell, key):
    """The voltage after ten minutes at C/5 moves with the one name, by as much as with --set."""
    spec = make_cell(FULL)
    other = moved(spec, key)

    def voltage(cell: Any, **changes: float) -> float:
        values = twin.parameter_values(cell)
        values.update({name_of(spec, key): changes["to"]} if changes else {})
        model = twin.build_model(spec, modes=[], model="spm")
        simulation = pybamm.Simulation(model, parameter_values=values, C_rate=-0.2)
        return float(simulation.solve([0, 600])["Voltage [V]"].entries[-1])

    by_set, by_name = voltage(other), voltage(spec, to=find(other, key).si)
    assert by_name == pytest.approx(by_set, rel=1e-9)
    assert abs(by_set - voltage(spec)) > 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("cell", [FULL, SYMMETRIC])
def test_no_name_does_nothing_or_half(make_cell, cell):
    """Every number: the parameter set, and the equations the twin builds, agree."""
    spec = make_cell(cell)
    modes = plugin_manager().select(None, (), spec.kind)
    plain = model_print(spec, modes, "spm")[0]
    wrong: dict[str, Any] = {}
    tried = 0
    for key, _ in walk_quantities(spec):
        other = moved(spec, key)
        if other is None:  # bound to another number
            continue
        tried += 1
        names = disagree(spec, other, key)
        if names or model_print(other, modes, "spm")[0][0] != plain[0]:
            wrong[key] = names or "the equations"
    assert tried > 100
    assert wrong == {}
