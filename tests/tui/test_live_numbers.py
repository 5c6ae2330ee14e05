"""What Live says of a cell in numbers: each in the unit that stands beside it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from twin_tui.runs.task import Task
from twin_tui.screens.live import latest_panel, state_of


def row(cycle: int, **changed: float) -> dict[str, float]:
    found = {
        "cycle": cycle,
        "capacity_Ah": 2.5e-3,
        "capacity_share": 0.875,
        "resistance_Ohm_m2": 0.0042,
        "pressure_min_Pa": 2e6,
        "pressure_max_Pa": 5e6,
        "temperature_max_K": 298.15,
        "voltage_min_V": -0.03,
        "voltage_max_V": 0.02,
        "Anode interphase thickness [m]": 2.5e-7,
        "Anode interphase resistance [Ohm.m2]": 0.0031,
        "Anode void fraction": 0.25,
        "Anode void fraction (worst)": 0.5,
        "Stack pressure [Pa]": 5e6,
    }
    return found | changed


class Seen(SimpleNamespace):
    """What a task shows, of rows that a test writes itself."""

    health = Task.health


def seen(kind: str = "full", **more: object) -> Seen:
    return Seen(rows=[row(1, resistance_Ohm_m2=0.002), row(7)],
                info=SimpleNamespace(cell_kind=kind), **more)  # fmt: skip


def test_how_a_cell_is_in_a_few_words():
    assert seen().health() == "2.5 mAh (87.5 %)"
    assert seen("symmetric").health() == "30 mV"
    estimated = seen()
    estimated.rows[-1]["capacity_estimated"] = True
    assert estimated.health().endswith(" est.")


def test_its_state_has_the_fields_units():
    lines = dict(line.split(": ", 1) for line in state_of(seen()).plain.splitlines())
    assert lines["cycle"] == "7" and lines["cell"] == "2.5 mAh (87.5 %)"
    assert lines["resistance"] == "42 Ω cm²  (first 20)"
    assert lines["pressure"] == "2 to 5 MPa" and lines["temperature"] == "25.0 °C"
    assert lines["anode interphase thickness"] == "0.25 µm"
    assert lines["anode interphase resistance"] == "31 Ω cm²"
    assert lines["anode void fraction"] == "0.25"


@pytest.mark.parametrize(
    ("name", "unit", "values"), [("voltage", "V", [3.0, 2.5]), ("current", "mA", [-1.5, 2.0])]
)
def test_the_latest_cycle_is_drawn_in_the_unit_of_its_axis(name, unit, values):
    series = {"cycle": 7, "time_h": [0.0, 1.0], "voltage": [3.0, 2.5], "current": [-1.5e-3, 2e-3]}
    panel = latest_panel(seen(series=series), name)
    assert panel.y_label.endswith(f"({unit})") and panel.x_label == "Time (h)"
    (line,) = panel.lines
    assert list(line.x) == [0.0, 1.0] and list(line.y) == pytest.approx(values)
