"""A cell that was never measured, and its table as the export of each kind of cycler.

Its numbers are those of a cell with a linear open-circuit voltage and one resistance, so that
what a reader makes of a file can be compared with what was put into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.measured.importing import imported
from twin.measured.readers import readers
from twin.measured.recording import Asked

OHMS, CAPACITY_AH = 0.05, 1.0
START = datetime(2024, 10, 26, 22, 0, 0, tzinfo=UTC)


@dataclass
class Truth:
    """What was "measured": current + on discharge, SI units."""

    t: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    temperature: np.ndarray
    cycle: np.ndarray
    step: np.ndarray
    step_time: np.ndarray
    charged: np.ndarray
    discharged: np.ndarray

    def __len__(self) -> int:
        return len(self.t)

    def take(self, index: Any) -> Truth:
        return Truth(**{name: values[index] for name, values in vars(self).items()})


def make_truth(interval: float = 20.0) -> Truth:
    """Two cycles of rest, charge, rest, a pulse, rest and discharge; a row every 20 s."""
    plan = [(0.0, 600), (-1.0, 1800), (0.0, 600), (2.0, 60), (0.0, 600), (1.0, 1680)] * 2
    rows: list[tuple[float, ...]] = []
    t, passed, charged, discharged = 0.0, 0.3 * CAPACITY_AH, 0.0, 0.0
    rng = np.random.default_rng(7)
    for number, (current, seconds) in enumerate(plan):
        times = np.arange(0.0, seconds + 1e-9, interval if seconds > 100 else interval / 10)
        for since in times:
            moved = current * since / 3600
            voltage = 3.0 + 0.8 * (passed - moved) / CAPACITY_AH - OHMS * current
            voltage += rng.normal(0, 1e-5)
            warm = 298.15 + 0.5 * abs(current) + 0.01 * np.sin(t / 300)
            rows.append((
                t + since, current, round(voltage, 5), round(warm, 3), number // 6 + 1,
                number % 6 + 1, since, charged + max(-moved, 0), discharged + max(moved, 0),
            ))  # fmt: skip
        moved = current * seconds / 3600
        passed -= moved
        charged, discharged = charged + max(-moved, 0), discharged + max(moved, 0)
        t += seconds + interval / 10
    return Truth(*np.array(rows).T)


@dataclass
class Family:
    """How a kind of cycler writes a table: headings, and how each field is made of the truth."""

    name: str
    columns: dict[str, Callable[[Truth, int], Any]]
    delimiter: str = ","
    preamble: str = ""
    positive: str = "charge"
    time: str = ""  # the heading of the time
    dates: str = ""  # the heading of a date, if it has one
    has_counters: bool = True
    ending: str = "\n"
    encoding: str = "utf-8"
    changed: dict[str, Callable[[Truth, int], Any]] = field(default_factory=dict)

    @property
    def headings(self) -> str:
        return self.delimiter.join(self.columns)

    def rows(self, truth: Truth) -> list[str]:
        columns = {**self.columns, **self.changed}
        return [
            self.delimiter.join(str(make(truth, i)) for make in columns.values())
            for i in range(len(truth))
        ]

    def text(self, truth: Truth) -> str:
        return self.preamble + self.ending.join([self.headings, *self.rows(truth), ""])

    def without(self, *names: str) -> Family:
        kept = {k: v for k, v in self.columns.items() if k not in names}
        return replace(self, columns=kept)


def clock(seconds: float, days: str = "") -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    minutes, s = divmod(int(whole), 60)
    hours, m = divmod(minutes, 60)
    if not days:
        return f"{hours:02d}:{m:02d}:{s:02d}.{rest:03d}"
    day, h = divmod(hours, 24)
    return f"{day}{days}{h:02d}:{m:02d}:{s:02d}.{rest:03d}"


def date(truth: Truth, i: int, form: str = "%Y-%m-%d %H:%M:%S.%f") -> str:
    return (START + timedelta(seconds=float(truth.t[i]))).strftime(form)


def state(truth: Truth, i: int, words: tuple[str, str, str]) -> str:
    return words[int(np.sign(truth.current[i])) + 1]


_F = "{:.6f}".format
_T = "{:.3f}".format
T = lambda t, i: _T(t.t[i])  # noqa: E731
V = lambda t, i: _F(t.voltage[i])  # noqa: E731
I = lambda t, i: _F(-t.current[i] + 0.0)  # noqa: E731, E741
CYC = lambda t, i: int(t.cycle[i])  # noqa: E731
STEP = lambda t, i: int(t.step[i])  # noqa: E731
TC = lambda t, i: _T(t.temperature[i] - 273.15)  # noqa: E731
QC = lambda t, i: _F(t.charged[i])  # noqa: E731
QD = lambda t, i: _F(t.discharged[i])  # noqa: E731

FAMILIES = {
    family.name: family
    for family in (
        Family(
            "bdf",
            {
                "Test Time / s": T,
                "Voltage / V": V,
                "Current / A": I,
                "Cycle Count / 1": CYC,
                "Step Index / 1": STEP,
                "Temperature T1 / degC": TC,
                "Charging Capacity / Ah": QC,
                "Discharging Capacity / Ah": QD,
            },
            time="Test Time / s",
        ),
        Family(
            "basytec",
            {
                "~Time[s]": T,
                "DataSet": lambda t, i: i + 1,
                "t-Step[s]": lambda t, i: _T(t.step_time[i]),
                "Line": STEP,
                "Command": lambda t, i: state(t, i, ("Charge", "Pause", "Discharge")),
                "U[V]": V,
                "I[A]": I,
                "T1[°C]": TC,
                "Cyc-Count": CYC,
            },
            "\t",
            "~Resultfile from Basytec Battery Test System\n~\n~Testplan: plan.pln\n~\n",
            time="~Time[s]",
        ),
        Family(
            "novonix",
            {
                "Date and Time": lambda t, i: date(t, i, "%Y-%m-%d %H:%M:%S"),
                "Cycle Number": CYC,
                "Step Type": STEP,
                "Run Time (h)": lambda t, i: f"{t.t[i] / 3600:.9f}",
                "Step Time (h)": lambda t, i: f"{t.step_time[i] / 3600:.9f}",
                "Current (A)": I,
                "Potential (V)": V,
                "Temperature (°C)": TC,
                "Step Number": STEP,
            },
            ",",
            '[Summary]\nNovonix UHPC data file\nNovonix\n[End Summary]\n[Protocol]\n{"a":1,"b":2}\n'
            "[End Protocol]\n[Data]\n",
            time="Run Time (h)",
            dates="Date and Time",
        ),
        Family(
            "biologic",
            {
                "mode": lambda t, i: 1,
                "Ns": STEP,
                "time/s": T,
                "Ecell/V": V,
                "I/mA": lambda t, i: _F(-1e3 * t.current[i] + 0.0),
                "Temperature/°C": TC,
                "cycle number": CYC,
                "Q charge/mA.h": lambda t, i: _F(1e3 * t.charged[i]),
                "Q discharge/mA.h": lambda t, i: _F(1e3 * t.discharged[i]),
            },
            "\t",
            "EC-Lab ASCII FILE\nNb header lines : 3\n",
            time="time/s",
            ending="\r\n",
            encoding="cp1252",
        ),
        Family(
            "maccor",
            {
                "Rec#": lambda t, i: i + 1,
                "Cyc#": CYC,
                "Step": STEP,
                "Test (Sec)": T,
                "Step (Sec)": lambda t, i: _T(t.step_time[i]),
                "Amps": lambda t, i: _F(abs(t.current[i])),
                "Volts": V,
                "State": lambda t, i: state(t, i, ("C", "R", "D")),
                "Temp 1": TC,
            },
            "\t",
            "Today's Date\t01/02/2024\tDate of Test:\t01/01/2024\n",
            time="Test (Sec)",
        ),
        Family(
            "arbin",
            {
                "Data_Point": lambda t, i: i + 1,
                "Date_Time": lambda t, i: date(t, i, "%m/%d/%Y %H:%M:%S.%f"),
                "Test_Time(s)": T,
                "Step_Time(s)": lambda t, i: _T(t.step_time[i]),
                "Step_Index": STEP,
                "Cycle_Index": CYC,
                "Current(A)": I,
                "Voltage(V)": V,
                "Charge_Capacity(Ah)": QC,
                "Discharge_Capacity(Ah)": QD,
                "Aux_Temperature_1(C)": TC,
            },
            time="Test_Time(s)",
            dates="Date_Time",
        ),
        Family(
            "neware",
            {
                "DataPoint": lambda t, i: i + 1,
                "Cycle Index": CYC,
                "Step Index": STEP,
                "Step Type": lambda t, i: state(t, i, ("CC Chg", "Rest", "CC DChg")),
                "Total Time": lambda t, i: clock(t.t[i]),
                "Time": lambda t, i: clock(t.step_time[i]),
                "Current(mA)": lambda t, i: _F(-1e3 * t.current[i] + 0.0),
                "Voltage(V)": V,
                "Chg. Cap.(mAh)": lambda t, i: _F(1e3 * t.charged[i]),
                "DChg. Cap.(mAh)": lambda t, i: _F(1e3 * t.discharged[i]),
                "T1(℃)": TC,
            },
            time="Total Time",
        ),
        Family(
            "landt",
            {
                "channel_index": lambda t, i: 3,
                "cycle_index": CYC,
                "step_index": STEP,
                "date_time_iso_string": lambda t, i: date(t, i, "%Y-%m-%dT%H:%M:%S.%f+00:00"),
                "TestTime_s": T,
                "step_time_s": lambda t, i: _T(t.step_time[i]),
                "current_a": I,
                "voltage_v": V,
            },
            time="TestTime_s",
            dates="date_time_iso_string",
        ),
        Family(
            "pec",
            {
                "Test": lambda t, i: 1,
                "Step Time (Seconds)": lambda t, i: _T(t.step_time[i]),
                "Total Time (Seconds)": T,
                "Cycle": CYC,
                "Step": STEP,
                "Voltage (mV)": lambda t, i: _T(1e3 * t.voltage[i]),
                "Current (mA)": lambda t, i: _T(-1e3 * t.current[i] + 0.0),
                "Temperature (°C)": TC,
            },
            ",",
            "Test:,1\nCell:,7\n",
            time="Total Time (Seconds)",
        ),
        Family(
            "text",
            {"time [s]": T, "current [A]": I, "voltage [V]": V},
            ";",
            time="time [s]",
            has_counters=False,
        ),
    )
}


@pytest.fixture(scope="session")
def truth() -> Truth:
    return make_truth()


@pytest.fixture(scope="session")
def families() -> dict[str, Family]:
    return FAMILIES


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(text)``: a file of it; its name says nothing."""

    def make(content: str | bytes, name: str = "file.dat", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return make


@dataclass
class Got:
    """What was read of a file: its rows in memory, and what was said."""

    found: Any
    table: dict[str, np.ndarray]

    @property
    def told(self) -> str:
        return "\n".join(self.found.table.told)

    @property
    def doubts(self) -> str:
        return "\n".join(self.found.table.doubts)


@pytest.fixture(scope="session")
def read() -> Callable[..., Got]:
    """``read(path)``: a file as the twin's own readers read it."""

    def take(path: Path, **asked: Any) -> Got:
        with imported(path, Asked(**asked), readers()) as found:
            parts = list(found.table.chunks())
            table = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
            return Got(found, table)

    return take


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """``same(got, truth)``: rows, units and signs are those of the truth."""

    def compare(got: Got, truth: Truth, *, within_s: float = 2e-3, shifted: bool = False) -> None:
        time = got.table["Time [s]"]
        assert len(time) == len(truth)
        offset = truth.t[0] - time[0] if shifted else 0.0
        assert np.abs(time + offset - truth.t).max() <= within_s
        assert np.abs(got.table["Current [A]"] - truth.current).max() < 2e-6
        assert np.abs(got.table["Voltage [V]"] - truth.voltage).max() < 2e-6
        if "Temperature [K]" in got.table:
            assert np.abs(got.table["Temperature [K]"] - truth.temperature).max() < 2e-3

    return compare
