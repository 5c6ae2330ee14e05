"""A mode tried in a cell: a step solved, a model built, what its contributions cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from twin.specs.schema import CellSpec

RESISTANCE = "Area-specific resistance [Ohm.m2]"


class Account:
    """What a run's modes contributed from its first stored point to its last."""

    def __init__(self, model: Any, spec: CellSpec, run: Any):
        from functools import partial

        from twin.engine.costs import Costs, takers
        from twin.engine.inventory import OpenCircuit
        from twin.engine.taken import Taken
        from twin.model.parameters import nominal_capacity

        self.spec, self.cell = spec, model.cell
        self.contributors = model.assembly.contributors
        self.open_circuit = OpenCircuit(spec)
        self.nominal = nominal_capacity(spec)
        chunks = [dict(columns) for _, columns in run.iter_series()]
        self.first = {name: float(values[0]) for name, values in chunks[0].items()}
        self.last = {name: float(values[-1]) for name, values in chunks[-1].items()}
        taken = Taken()
        for columns in chunks:
            each = {name: [values] for name, values in columns.items()}
            taken = taken.and_cycle(each, takers(self.contributors))
        self.costs = partial(Costs, self, self.first, self.last, taken)

    def resistance(self, mode: str) -> float:
        """Return what a mode adds to the cell's small-signal resistance [Ohm.m2]."""
        small = 1e-6  # A/m2; a shift of potential is no resistance, and falls out
        one, two = (self.costs(j).of(mode).polarisation for j in (small, 2 * small))
        return (two - one) / small

    def risen(self) -> float:
        """Return how much the cell's resistance has risen [Ohm.m2]."""
        return self.last[RESISTANCE] - self.first[RESISTANCE]

    def held(self) -> float:
        """Return how much the cell's capacity at rest has risen [A.h]."""
        if self.cell.kind != "full":
            return 0.0
        return self.open_circuit.capacity(self.last) - self.open_circuit.capacity(self.first)


class Solved:
    """One constant-current step of a model."""

    def __init__(self, model: Any, spec: CellSpec, current_density: float, duration: float):
        import numpy as np
        import pybamm

        import twin

        values = twin.parameter_values(spec)
        values["Current function [A]"] = current_density * spec.geometry.area.si
        # An input, as in an experiment: PyBaMM averages a conductivity from cell to cell of
        # the mesh in another way where it is a constant, and a mode would seem to change it.
        values["Ambient temperature [K]"] = "[input]"
        self.inputs = {"Ambient temperature [K]": spec.thermal.ambient.si}
        self.solver = pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-9)
        simulation = pybamm.Simulation(model, parameter_values=values, solver=self.solver)
        with _quiet():
            self.solution = simulation.solve([0, duration], inputs=self.inputs, calc_esoh=False)
        self.built = simulation.built_model
        self.t: np.ndarray = np.asarray(self.solution.t)
        self.y: np.ndarray = np.asarray(self.solution.y)

    def voltage(self, t: np.ndarray) -> np.ndarray:
        """Return the voltage at times [V]."""
        values: np.ndarray = self.solution["Voltage [V]"](t)
        return values


def inputs_of(spec: CellSpec, names: Iterable[str]) -> dict[str, float]:
    """Return the values of a cell's parameters, by name."""
    import twin

    values = twin.parameter_values(spec)
    return {name: float(values[name]) for name in names}


def built(model: Any, spec: CellSpec, free: Iterable[str]) -> Any:
    """Return a model discretised, with some parameters left as inputs."""
    import pybamm

    import twin

    values = twin.parameter_values(spec)
    inputs = inputs_of(spec, free)
    values.update(dict.fromkeys(inputs, "[input]"))
    simulation = pybamm.Simulation(model, parameter_values=values)
    simulation.build(inputs=inputs)
    return simulation.built_model


def restarted(whole: Solved, middle: float) -> np.ndarray:
    """Solve from the state at ``middle``, given as bare numbers; return the last state."""
    import numpy as np
    import pybamm

    with _quiet():
        given = {"inputs": whole.inputs, "save": False}
        first = whole.solver.step(pybamm.EmptySolution(), whole.built, middle, **given)
        state = np.asarray(first.y)[:, -1:]
        stored = pybamm.Solution(
            np.array([middle]), state, whole.built, whole.inputs, termination="final time"
        )
        rest = float(whole.t[-1]) - middle
        second = whole.solver.step(stored, whole.built, rest, **given)
    last: np.ndarray = np.asarray(second.y)[:, -1]
    return last


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyBaMM's remarks on extrapolated tables out of the test report."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
