"""What the numbers are meant to reach, and a table of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

THOUSANDTH = 0.12
"""Of a thousand members a minute on two cores: what one may take [s]."""
CORES, LIFE_S = 1000, 1.2
"""So many cores that live a member in so long [s] ask for their quotient of calls a second."""
OF_A_FORECAST = 200
"""Members of the forecast that tells what two workers save with their start."""


@dataclass(frozen=True)
class Line:
    """One line of the table: what, how much, against what."""

    what: str
    value: float
    goal: float | None
    at_least: bool
    unit: str = ""
    remark: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
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
    if "catalogue" in document:
        yield from _catalogue(document["catalogue"])
    for way, found in document.get("ensembles", {}).items():
        yield from _forecast(way, found)
        if "same_fate" in found:
            yield Line("  the same fate", 100 * found["same_fate"], 100.0, True, "%")
            worst = 100 * found["worst_life"]
            yield Line("  worst life", worst, 2.0, False, "%", "against the usual way")
    if "scale" in document:
        yield _scale(document["scale"])
    footprint = document.get("footprint")
    if footprint:
        growth = footprint["growth_MiB_per_1000_cycles"]
        yield Line("memory per 1000 cycles", growth, 5.0, False, "MiB")
        yield Line("a cycle's row", footprint["row_B_per_cycle"] / 1e3, 3.0, False, "kB")
    startup = document.get("startup")
    if startup:
        for name, goal in (("help", 0.4), ("first_cycle", 6.0), ("first_cycle_again", 1.0)):
            clock = f"clock {startup[name]['wall_s']:.1f} s"
            yield Line(name.replace("_", " "), startup[name]["cpu_s"], goal, False, "s", clock)


def _mesh(model: str, pybamms: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Line]:
    share = own["cpu_s"] / pybamms["cpu_s"]
    goal = 0.4 if model == "dfn" else 0.5
    yield Line(f"mesh / PyBaMM's, {model}", share, goal, False, "x", f"{own['states']} states")
    remark = f"PyBaMM's {pybamms['mV_rms']:.2f}"
    yield Line("  voltage, rms", own["mV_rms"], 0.38, False, "mV", remark)
    yield Line("  capacity", 100 * own["capacity"], 0.01, False, "%")
    yield Line("  heat", 100 * own["heat"], 0.2, False, "%")
    yield Line("  a step's end", 100 * own["end_worst"], 0.3, False, "%")


def _forecast(way: str, found: Mapping[str, Any]) -> Iterator[Line]:
    yield Line(f"a member, {way}", found["member_cpu_s"], THOUSANDTH, False, "s")
    lives = "same lives" if found["same_lives"] else "OTHER LIVES"
    yield Line("  two workers' efficiency", found["efficiency"], 0.9, True, "", lives)
    one, two = (found["all"][workers]["wall"] for workers in ("1", "2"))
    clock = f"clock, no start {one / two:.2f}"
    ratio = _on_free_cores(found, 1, OF_A_FORECAST) / _on_free_cores(found, 2, OF_A_FORECAST)
    yield Line("  two workers / one", ratio, 1.8, True, "x", clock)
    thousand = _on_free_cores(found, 2, 1000)
    yield Line("  a thousand", thousand, 60.0, False, "s", "two free cores")


def _on_free_cores(found: Mapping[str, Any], workers: int, members: int) -> float:
    """Return how long a forecast takes where each worker has a core [s]."""
    start, every = (found[what][str(workers)]["cpu"] for what in ("start", "all"))
    return float(start + members * every / found["members"]) / workers


def _scale(found: Mapping[str, Any]) -> Line:
    per_s = 1000 / found["cpu_ms_per_member"]["client"]
    clock = f"clock {found['members_per_s']:.0f}"
    return Line("calls a second, Dask", per_s, CORES / LIFE_S, True, "", clock)


def _catalogue(found: Mapping[str, Any]) -> Iterator[Line]:
    lived = sum("cpu_s" in one for one in found["lives"])
    remark = f"{lived} cells, {found['cycles']} cycles"
    yield Line("a life, mean", found["mean_cpu_s"], None, False, "s", remark)
    worst = found["worst"]
    remark = f"{worst['cell']}, {worst['cycles_simulated']} simulated"
    yield Line("  worst", worst["cpu_s"], None, False, "s", remark)


def _life(name: str, found: Mapping[str, Any]) -> Iterator[Line]:
    exact, ratio = found["exact"], found["ratio"]
    remark = f"built {ratio['first_cpu']:.1f}, cycles {ratio['cycles']:.0f}"
    yield Line(f"life/exact, {name}", ratio["cpu"], found["goal"], True, "x", remark)
    error = 100 * found["worst_capacity_error"]
    yield Line("  worst capacity error", error, 0.5, False, "%")
    if found["death_error_cycles"] is not None:
        allowed = max(2.0, 0.01 * exact["cycle"])
        off = float(found["death_error_cycles"])
        way = (exact["way"] or "lives").rpartition(": ")[2]
        yield Line("  death", off, allowed, False, "cyc", f"{way} {exact['cycle']}")


def table(document: Mapping[str, Any]) -> str:
    """Return the table, 80 columns wide."""
    rows = [f"{'':26}{'found':>9} {'goal':>9}      "]
    for line in lines(document):
        sign = ">=" if line.at_least else "<="
        goal = "" if line.goal is None else f"{sign} {line.goal:g}"
        word = {True: "met", False: "MISSED", None: ""}[line.met]
        row = f"{line.what:26}{line.value:9.3g} {goal:>9} {line.unit:4}{word:7}{line.remark}"
        rows.append(row.rstrip()[:80])
    return "\n".join(rows)
