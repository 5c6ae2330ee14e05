"""What the numbers are meant to reach, and a table of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.lives import LONG


@dataclass(frozen=True)
class Line:
    """One line of the table: what, how much, against what."""

    what: str
    value: float
    goal: float
    at_least: bool
    unit: str = ""
    remark: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return bool(self.value >= self.goal if self.at_least else self.value <= self.goal)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "what": self.what,
            "value": float(self.value),
            "goal": self.goal,
            "at_least": self.at_least,
            "unit": self.unit,
            "met": self.met,
        }


def lines(document: Mapping[str, Any]) -> Iterator[Line]:
    """Yield every goal that the document has a number for."""
    for model, found in document.get("engine", {}).items():
        yield Line(f"engine / PyBaMM, {model}", found["ratio"], 1.0, True, "x")
        if "script" in found:
            script = found["script"]
            remark = f"cpu {script['twin_cpu_s']:.2f} s, {script['cycles']} cycles"
            yield Line(f"script / PyBaMM, {model}", script["ratio"], 1.0, True, "x", remark)
        around = 100 * (1 - found["solver_share_of_loop"])
        yield Line(f"around the solver, {model}", around, 15.0, False, "%")
    for model, (pybamms, own) in document.get("meshes", {}).items():
        yield from _mesh(model, pybamms, own)
    for name, found in document.get("lives", {}).items():
        yield from _life(name, found)
    ensembles = document.get("ensembles")
    if ensembles and ensembles["members"] >= 2 * 2:  # fewer are lived in one process
        yield Line("two workers / one", ensembles["ratio"], 1.8, True, "x")
        thousand = 1000 * ensembles["member_s"]["2"] / 2 + ensembles["first_member_after_s"]["2"]
        yield Line("forecast of a thousand", thousand, 60.0, False, "s", "on two workers")
    footprint = document.get("footprint")
    if footprint:
        growth = footprint["growth_MiB_per_1000_cycles"]
        yield Line("memory per 1000 cycles", growth, 5.0, False, "MiB")
        yield Line("a cycle's row", footprint["row_B_per_cycle"] / 1e3, 3.0, False, "kB")
    startup = document.get("startup")
    if startup:
        for name, goal in (("help", 0.4), ("first_cycle", 6.0), ("first_cycle_again", 1.0)):
            cpu = f"cpu {startup[name]['cpu_s']:.2f} s"
            yield Line(name.replace("_", " "), startup[name]["wall_s"], goal, False, "s", cpu)


def _mesh(model: str, pybamms: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Line]:
    share = own["cpu_s"] / pybamms["cpu_s"]
    goal = 0.4 if model == "dfn" else 0.5
    yield Line(f"mesh / PyBaMM's, {model}", share, goal, False, "x", f"{own['states']} states")
    remark = f"PyBaMM's {pybamms['mV_rms']:.2f}"
    yield Line("  voltage, rms", own["mV_rms"], 0.38, False, "mV", remark)
    yield Line("  capacity", 100 * own["capacity"], 0.01, False, "%")
    yield Line("  heat", 100 * own["heat"], 0.2, False, "%")
    yield Line("  a step's end", 100 * own["end_worst"], 0.3, False, "%")


def _life(name: str, found: Mapping[str, Any]) -> Iterator[Line]:
    exact, ratio = found["exact"], found["ratio"]
    goal = 5.0 if exact["cycle"] < LONG else 30.0
    remark = f"loop {ratio['loop']:.1f}, cycles {ratio['cycles']:.0f}"
    yield Line(f"life/exact, {name}", ratio["wall"], goal, True, "x", remark)
    error = 100 * found["worst_capacity_error"]
    yield Line("  worst capacity error", error, 0.5, False, "%")
    allowed = max(2.0, 0.01 * exact["cycle"])
    off = float(found["death_error_cycles"])
    way = (exact["way"] or "lives").rpartition(": ")[2]
    yield Line("  death", off, allowed, False, "cyc", f"{way} {exact['cycle']}")


def table(document: Mapping[str, Any]) -> str:
    """Return the table, 80 columns wide."""
    rows = [f"{'':26}{'found':>9} {'goal':>9}      "]
    for line in lines(document):
        sign = ">=" if line.at_least else "<="
        goal = f"{sign} {line.goal:g}"
        word = "met" if line.met else "MISSED"
        row = f"{line.what:26}{line.value:9.3g} {goal:>9} {line.unit:4}{word:7}{line.remark}"
        rows.append(row.rstrip()[:80])
    return "\n".join(rows)
