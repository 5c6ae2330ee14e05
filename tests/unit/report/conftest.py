from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import twin
from twin.engine.outcome import Outcome

AREA_CM2 = 2.0


def row(cycle: int, **changed: Any) -> dict[str, Any]:
    """A cycle's row as the store gives it back, with the values a report reads."""
    ageing = 0.9**cycle
    values = {
        "cycle": cycle,
        "complete": True,
        "capacity_Ah": 1e-3 * ageing,
        "charge_Ah": 1.01e-3 * ageing,
        "discharge_Ah": 1e-3 * ageing,
        "charge_Wh": 3.5 * 1.01e-3 * ageing,
        "discharge_Wh": 3.3 * 1e-3 * ageing,
        "coulombic_efficiency": 0.99,
        "voltage_min_V": -0.02 / ageing,
        "voltage_max_V": 0.01,
        "pressure_min_Pa": 5e6,
        "pressure_max_Pa": 6e6,
        "resistance_Ohm_m2": 0.01 / ageing,
        "Electrolyte resistance [Ohm.m2]": 0.004,
        "Anode series resistance [Ohm.m2]": 0.003 / ageing,
        "Cathode series resistance [Ohm.m2]": 1e-7,
        "Anode charge-transfer resistance [Ohm.m2]": 0.002,
        "Anode conducting fraction": ageing,
        "Cathode conducting fraction": 1.0,
        "margins": {"core: too hot": 1.0, "pressure: anode contact lost": ageing - 0.5},
    }
    return values | changed


def series(cycle: int) -> dict[str, Any]:
    """Half an hour of charge, a rest, half an hour of discharge at 1 mA."""
    t = np.array([0.0, 900.0, 1800.0, 1800.0, 2400.0, 2400.0, 3300.0, 4200.0])
    current = np.array([-1.0, -1.0, -1.0, 0.0, 0.0, 1.0, 1.0, 1.0]) * 1e-3
    charge = np.array([0.0, -0.25, -0.5, -0.5, -0.5, -0.5, -0.25, 0.0]) * 1e-3
    voltage = np.array([3.0, 3.5, 4.0, 3.9, 3.8, 3.6, 3.0, 2.5])
    return {
        "Time [s]": t + 4200 * (cycle - 1),
        "Step": np.array([0.0, 0, 0, 1, 1, 2, 2, 2]),
        "Current [A]": current,
        "Voltage [V]": voltage,
        "Discharge capacity [A.h]": charge,
        "Throughput capacity [A.h]": np.array([0, 0.25, 0.5, 0.5, 0.5, 0.5, 0.75, 1]) * 1e-3
        + 1e-3 * (cycle - 1),
        "Volume-averaged cell temperature [K]": np.full(8, 298.15),
        "Stack pressure [Pa]": np.full(8, 5e6),
    }


class FakeRun:
    """A run whose rows and series a test writes itself."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        *,
        kind: str = "full",
        outcome: Outcome | None = None,
        with_series: Iterable[int] | None = None,
        every: int = 1,
        modes: Iterable[str] = (),
    ):
        self.id = "abcdefgh"
        self.rows = rows
        self.outcome = outcome
        stored = [r["cycle"] for r in rows] if with_series is None else with_series
        self._series = {cycle: series(cycle) for cycle in stored}
        self.info = SimpleNamespace(
            cell_name="a-cell",
            cell_title="A cell",
            cell_kind=kind,
            cell_spec={"geometry": {"area": {"value": f"{AREA_CM2} cm^2"}}},
            settings={"series_every": every},
            modes=dict.fromkeys(modes, ""),
            status_now="running",
            last_cycle=rows[-1]["cycle"] if rows else 0,
            packages={},
            outcome={},
        )

    def iter_series(self, cycles: Iterable[int] | None = None) -> Iterator[tuple[int, Any]]:
        wanted = self._series if cycles is None else sorted(set(cycles) & set(self._series))
        for cycle in wanted:
            yield cycle, self._series[cycle]


@pytest.fixture
def fake() -> Callable[..., FakeRun]:
    """``fake(3, kind="symmetric")`` or ``fake([row, …])``: a run that was never solved."""

    def make(rows: int | list[dict[str, Any]], **how: Any) -> FakeRun:
        given = [row(n) for n in range(1, rows + 1)] if isinstance(rows, int) else rows
        return FakeRun(given, **how)

    return make


@pytest.fixture
def a_row() -> Callable[..., dict[str, Any]]:
    return row


@pytest.fixture(scope="session")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[twin.RunResult]:
    """A symmetric cell that loses contact halfway through its second cycle."""
    url = f"sqlite:///{tmp_path_factory.mktemp('report')}/runs.db"
    result = twin.simulate(
        "na-base-na",
        cycles=5,
        overrides={"stack.pressure": "0.2 MPa", "modes.pressure.contact_limit": 0.3},
        modes=["interphase", "pressure"],
        store=url,
    )
    yield result
    result.store.close()
