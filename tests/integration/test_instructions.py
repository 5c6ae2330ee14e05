"""What the stored series says of every instruction of every shipped protocol.

The instructions are read here from the resolved protocol's own words, by no reader of
PyBaMM's or of the twin's: current, duration, limits, temperature, pressure, period. One
cycle of each phase holds them all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.catalog.cells import load_cell, load_protocol
from twin.model.parameters import nominal_capacity

PROTOCOLS = Path(twin.__file__).parents[1] / "cell_specs" / "twin_cells" / "protocols"
FULL = ("na-nzsp-nvp", "hc-nzsp-nvp", "na-gel-nvp", "na-ion-chayambuka2022")
SYMMETRIC = ("na-nzsp-na", "na-peo-na", "nak-nzsp-nak")
CURRENT, VOLTAGE, TIME = "Current [A]", "Voltage [V]", "Time [s]"
TEMPERATURE, PRESSURE = "Volume-averaged cell temperature [K]", "Stack pressure [Pa]"
NET = "Discharge capacity [A.h]"
TEXT = re.compile(
    r"(?P<verb>Charge|Discharge|Hold|Rest)(?: at (?P<at>[^ ]+(?: [AV])?))?"
    r"(?: for (?P<time>[\d.]+) (?P<unit>second|minute|hour)s?)?(?:(?: or)? until (?P<until>.+))?"
)
SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


@dataclass(frozen=True)
class Asked:
    """One instruction: current [A] or voltage [V], how long [s], until which V or A."""

    text: str
    current: float | None
    voltage: float | None
    seconds: float | None
    until_V: float | None
    until_A: float | None
    temperature: float
    pressure: float
    period: float | None


def asked(step, spec) -> Asked:
    """Read an instruction from its words."""
    found = TEXT.fullmatch(step.text)
    assert found is not None, step.text

    def amps(words):
        if words.endswith("C"):
            return float(words[:-1]) * nominal_capacity(spec)
        if words.startswith("C/"):
            return nominal_capacity(spec) / float(words[2:])
        return float(words.removesuffix(" A")) if words.endswith(" A") else None

    def volts(words):
        return float(words.removesuffix(" V")) if words.endswith(" V") else None

    sign = {"Charge": -1, "Discharge": 1, "Rest": 0}.get(found["verb"])
    current = None if sign is None else sign * (amps(found["at"]) if found["at"] else 0)
    until = found["until"] or ""
    return Asked(
        step.text,
        current,
        volts(found["at"]) if sign is None else None,
        float(found["time"]) * SECONDS[found["unit"]] if found["time"] else None,
        volts(until),
        amps(until) if until else None,
        (step.temperature or spec.thermal.ambient).si,
        (step.pressure or spec.stack.pressure).si,
        step.period.si if step.period else None,
    )


def one_of_each(name: str, folder: Path) -> Path:
    """Return a shipped protocol whose phases last one cycle each.

    Holds are stored often: a current that falls as the root of time is summed up to 1e-4.
    """
    text = (PROTOCOLS / f"{name}.toml").read_text()
    text = re.sub(r"^cycles\s*=\s*\d+", "cycles = 1", text, flags=re.MULTILINE)
    text = re.sub(r'"(Hold [^"]*)"', r'{ do = "\1", period = "0.2 s" }', text)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def check(cell: str, path: Path, **how) -> int:
    """Run a protocol, check every step stored of it, and return how many there were."""
    spec = load_cell(cell)
    rules = load_protocol(path, spec).resolve(spec)
    run = twin.simulate(
        cell, protocol=path, cycles=len(rules.phases), series_every=1, store="sqlite://", **how
    )
    outcome, seen = run.outcome, 0
    assert outcome.kind in ("completed", "cell-failed"), outcome.says
    rows = {row["cycle"]: row for row in run.rows}
    for cycle, table in run.iter_series():
        row = rows[cycle]
        steps = [asked(step, spec) for step in rules.phases[cycle - 1].steps]
        places = sorted(set(table["Step"].astype(int)))
        skipped = list(row.get("skipped_steps", ()))
        upto = len(steps) if row["complete"] else places[-1] + 1
        assert [steps[k].text for k in range(upto) if k not in places] == skipped[:upto]
        for k in places:
            part = {n: v[table["Step"] == k] for n, v in table.items()}
            cut = not row["complete"] and k == places[-1]
            one(steps[k], part, spec, cut)
            seen += 1
        charge = sum(np.diff(table[NET][table["Step"] == k][[0, -1]])[0] for k in places)
        assert row["discharge_Ah"] - row["charge_Ah"] == pytest.approx(charge, abs=1e-12)
    assert seen > 0
    if outcome.kind == "completed":
        assert sum(len(p.steps) for p in rules.phases) == seen + sum(
            len(row.get("skipped_steps", ())) for row in rows.values()
        )
    return seen


def one(want: Asked, got: dict, spec, cut: bool) -> None:
    """Check one step's series against its instruction."""
    t, current, voltage = got[TIME], got[CURRENT], got[VOLTAGE]
    elapsed, says = t[-1] - t[0], f"{want.text!r} at {want.temperature:.2f} K"
    if spec.thermal.model == "isothermal":
        assert got[TEMPERATURE] == pytest.approx(want.temperature, abs=1e-9), says
    applied = got[PRESSURE] - got.get("Stack pressure change [Pa]", 0.0)
    assert applied == pytest.approx(want.pressure, rel=1e-9), says
    charge = got[NET][-1] - got[NET][0]
    if want.current is not None:
        assert current == pytest.approx(want.current, rel=1e-6, abs=1e-15), says
        assert charge == pytest.approx(want.current * elapsed / 3600, rel=1e-4, abs=1e-15), says
    else:
        assert voltage == pytest.approx(want.voltage, abs=1e-4), says
        assert charge == pytest.approx(passed(t, current) / 3600, rel=1e-4, abs=1e-12), says
    if want.period is not None:
        assert np.diff(t)[:-1] == pytest.approx(want.period), says
        assert 0 < t[-1] - t[-2] <= want.period * (1 + 1e-6), says
    if cut:
        return
    reached = want.until_V is not None and abs(voltage[-1] - want.until_V) < 1e-4
    reached |= (
        want.until_A is not None and abs(abs(current[-1]) - want.until_A) < 1e-4 * want.until_A
    )
    if want.seconds is not None:
        on_time = elapsed == pytest.approx(want.seconds, rel=1e-9)
        assert on_time or (reached and elapsed < want.seconds), says
    else:
        assert reached, says
    if want.until_V is not None and want.current:
        beyond = np.sign(want.current) * (want.until_V - voltage)
        assert beyond.max() < 1e-4, says


def passed(t, current) -> float:
    """Return the charge of a decaying current [C]: exponential between stored points."""
    a, b = current[:-1], current[1:]
    same = np.isclose(a, b, rtol=1e-9) | (a * b <= 0)
    ratio = np.where(same, 1.0, a / np.where(b == 0, 1.0, b))
    mean = np.where(same, (a + b) / 2, (a - b) / np.where(same, 1.0, np.log(np.abs(ratio))))
    return float(np.sum(mean * np.diff(t)))


def shipped(kind: str) -> list[str]:
    """Return the shipped protocols for a kind of cell."""
    names = sorted(path.stem for path in PROTOCOLS.glob("*.toml"))
    cell = load_cell({"full": FULL, "symmetric": SYMMETRIC}[kind][0])
    return [n for n in names if kind in load_protocol(n, cell).kinds]


ALL = [(cell, name) for cell in FULL for name in shipped("full")] + [
    (cell, name) for cell in SYMMETRIC for name in shipped("symmetric")
]


@pytest.mark.parametrize(
    ("cell", "name"), [("na-nzsp-nvp", "temperature-cycling"), ("na-nzsp-na", "pressure-steps")]
)
def test_two_protocols_are_run_as_they_are_written(cell, name, tmp_path):
    assert check(cell, one_of_each(name, tmp_path), model="spm", modes=[]) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("modes", [[], None], ids=["no mode", "all modes"])
@pytest.mark.parametrize(("cell", "name"), ALL)
def test_every_instruction_is_run_as_it_is_written(cell, name, modes, tmp_path):
    check(cell, one_of_each(name, tmp_path), model="spm", modes=modes)
