"""What tests of models and modes share: a cell, a run, and a mode that pins a port.

Fixtures that return a function, so that a test says in one line which cell it takes and
what it does to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import twin
from twin.modes.mode import FailureMode
from twin.modes.ports import PortAt
from twin.specs.schema import CellSpec

Step = tuple[float, float] | Any


@dataclass(frozen=True)
class Observed:
    """A solved model: ``observed[name]`` is a variable at the solver's own times."""

    solution: Any
    model: Any

    @property
    def t(self) -> np.ndarray:
        return np.asarray(self.solution.t)

    @property
    def termination(self) -> str:
        return str(self.solution.termination)

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self.solution[name].entries)

    def at(self, name: str, t: Any) -> Any:
        return self.solution[name](t)

    def end(self, name: str) -> float:
        return float(self[name][-1])


@pytest.fixture(scope="session")
def make_cell() -> Callable[..., CellSpec]:
    """``make_cell(name, {"stack.pressure": "10 MPa"})``: a library cell, changed."""

    def make(name: str, overrides: Mapping[str, Any] | None = None, *overlays: str) -> CellSpec:
        return twin.load_cell(name, overlays=overlays, overrides=dict(overrides or {}))

    return make


@pytest.fixture(scope="session")
def build() -> Callable[..., Any]:
    """``build(spec, modes)``: the PyBaMM model; modes by id, or the objects themselves."""

    def make(
        spec: CellSpec,
        modes: Iterable[str | FailureMode] = (),
        model: str = "dfn",
        options: dict[str, Any] | None = None,
    ) -> Any:
        from twin.engine.prepare import build_model

        known = twin.plugin_manager().modes
        chosen = [known[m] if isinstance(m, str) else m for m in modes]
        return build_model(spec, chosen, model, options)

    return make


@pytest.fixture(scope="session")
def run(build: Callable[..., Any]) -> Callable[..., Observed]:
    """``run(spec, [(i, seconds), …], modes=…)``: solve steps at tight tolerances.

    A step is a current density [A.m-2] and a time [s] (positive: discharge, strips the
    anode), or a PyBaMM step or experiment string. ``model`` may be a built model, ``kind``
    another class of solver.
    """

    def solve(
        spec: CellSpec,
        steps: Iterable[Step],
        modes: Iterable[str | FailureMode] = (),
        *,
        model: Any = "dfn",
        options: dict[str, Any] | None = None,
        values: Any = None,
        var_pts: dict[str, int] | None = None,
        start: Any = None,
        rtol: float = 1e-7,
        atol: float = 1e-9,
        kind: Any = None,
        **solver: Any,
    ) -> Observed:
        import pybamm

        from twin.model.pybamm_solver import ScalarIDAKLUSolver

        area = spec.geometry.area.si
        built = build(spec, modes, model, options) if isinstance(model, str) else model
        cycle = [
            pybamm.step.current(s[0] * area, duration=s[1]) if isinstance(s, tuple) else s
            for s in steps
        ]
        simulation = pybamm.Simulation(
            built,
            parameter_values=twin.parameter_values(spec) if values is None else values,
            experiment=pybamm.Experiment([tuple(cycle)]),
            experiment_model_mode="unified",
            solver=(kind or ScalarIDAKLUSolver)(rtol=rtol, atol=atol, options=solver or None),
            var_pts=var_pts,
        )
        return Observed(simulation.solve(calc_esoh=False, starting_solution=start), built)

    return solve


@pytest.fixture(scope="session")
def pin() -> Callable[..., FailureMode]:
    """``pin({Port.SHORT_CONDUCTANCE.at(): 0.5})``: a mode that holds ports at values.

    A value is a number, or a function of the model's variables that returns an
    expression.
    """

    def make(ports: Mapping[PortAt, Any], mode_id: str = "pinned") -> FailureMode:
        import pybamm

        from twin.modes.submodel import ModeSubModel

        names = {at: f"{mode_id.capitalize()} {at}" for at in ports}

        class Submodel(ModeSubModel):
            def get_coupled_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
                for at, value in ports.items():
                    symbol = value(variables) if callable(value) else pybamm.Scalar(value)
                    if not symbol.domain:
                        symbol = pybamm.PrimaryBroadcast(symbol, "current collector")
                    variables[names[at]] = symbol
                return variables

        class Pinned(FailureMode):
            id = mode_id
            title = "Ports held at values"
            writes = tuple({at.port for at in ports})

            def submodels(self, cell: Any) -> dict[str, Any]:
                return {"pins": Submodel(cell, mode_id)}

            def contributions(self, cell: Any) -> dict[PortAt, str]:
                return dict(names)

        return Pinned()

    return make
