"""A small stored database with fixed runs, and a bench on it that is driven by a pilot."""

from __future__ import annotations

import asyncio
import io
import queue
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from twin_tui.app import Bench
from twin_tui.settings import Settings, State

import twin
from twin.specs.dump import cell_hash, cell_to_data
from twin.store import Store

WAIT_S = 150.0  # a hang, however busy the machine is


def row(cycle: int, pressure: float) -> dict[str, Any]:
    """One cycle of a cell that loses a tenth of its charge with every cycle."""
    ageing = 0.9**cycle
    return {
        "cycle": cycle,
        "complete": True,
        "t_start_s": 4200.0 * (cycle - 1),
        "t_end_s": 4200.0 * cycle,
        "capacity_Ah": 1e-3 * ageing,
        "charge_Ah": 1e-3 * ageing,
        "discharge_Ah": 1e-3 * ageing,
        "coulombic_efficiency": 0.99,
        "voltage_min_V": 2.5,
        "voltage_max_V": 4.0,
        "current_max_A": 1e-3,
        "temperature_min_K": 298.15,
        "temperature_max_K": 298.15,
        "pressure_min_Pa": pressure,
        "pressure_max_Pa": 1.2 * pressure,
        "resistance_Ohm_m2": 0.01 / ageing,
        "Electrolyte resistance [Ohm.m2]": 0.004,
        "Anode series resistance [Ohm.m2]": 0.003 / ageing,
        "Anode conducting fraction": ageing,
        "Cathode conducting fraction": 1.0,
        "Anode interphase thickness [m]": 1e-8 / ageing,
        "margins": {"core: too hot": 1.0, "pressure: anode contact lost": ageing - 0.5},
        "min_margin": ageing - 0.5,
        "min_margin_name": "pressure: anode contact lost",
    }


def parquet(cycle: int) -> tuple[bytes, int]:
    t = np.array([0.0, 900.0, 1800.0, 2400.0, 3300.0, 4200.0])
    table = {
        "Time [s]": t + 4200.0 * (cycle - 1),
        "Step": np.array([0.0, 0.0, 0.0, 1.0, 2.0, 2.0]),
        "Current [A]": np.array([-1.0, -1.0, -1.0, 0.0, 1.0, 1.0]) * 1e-3,
        "Voltage [V]": np.array([3.0, 3.5, 4.0, 3.9, 3.0, 2.5]),
        "Discharge capacity [A.h]": np.array([0.0, -0.25, -0.5, -0.5, -0.25, 0.0]) * 1e-3,
        "Throughput capacity [A.h]": np.array([0.0, 0.25, 0.5, 0.5, 0.75, 1.0]) * 1e-3,
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue(), len(t)


DEATH = {
    "kind": "cell-failed",
    "mode": "pressure",
    "criterion": "anode contact lost",
    "cycle": 7,
    "time_h": 8.2,
    "temperature_K": 298.15,
    "pressure_Pa": 2e5,
    "variable": "Anode touching fraction",
    "value": 0.05,
    "threshold": 0.05,
    "says": "voids have taken the contact from the anode",
    "fix": "",
    "runner_up": {
        "mode": "interphase",
        "criterion": "anode interphase resistance",
        "margin": 0.4,
        "variable": "Anode interphase resistance [Ohm.m2]",
        "value": 0.003,
        "threshold": 0.005,
        "severity": "fatal",
    },
    "evidence": {
        "pressure": {"polarisation_V": 0.12, "capacity_Ah": 2e-4, "says": "voids took the contact"},
        "interphase": {"polarisation_V": 0.02, "capacity_Ah": 1e-5, "says": "the layers grew"},
    },
    "numerics": {},
}
ALIVE = {"kind": "completed", "cycle": 5, "time_h": 5.8, "says": "the cell lives after 5 cycles"}


def add_run(
    store: Store,
    pressure: str,
    cycles: int,
    outcome: dict[str, Any],
    study: str | None = None,
    member: int | str = 0,
) -> str:
    spec = twin.load_cell("na-nzsp-nvp", overrides={"stack.pressure": pressure})
    run = store.start_run(
        cell={
            "name": spec.name,
            "kind": spec.kind,
            "family": spec.family or "",
            "title": spec.title,
            "hash": cell_hash(spec),
            "spec": cell_to_data(spec),
        },
        protocol={"name": "cc-cv", "title": "CC-CV", "phase": [{"name": "a", "steps": []}]},
        settings={
            "model": "spm",
            "rtol": 1e-4,
            "atol": 1e-6,
            "series_every": 1,
            "overrides": {"stack.pressure": pressure},
            **({"member": member} if study else {}),
        },
        study=study,
        modes={"interphase": "interphase 1", "pressure": "pressure 1"},
        packages={"sodium-cell-twin": "0.1.0"},
        cycles_requested=cycles,
    )
    store.commit_initial(run, b"", "[]")
    for number in range(1, cycles + 1):
        data, rows = parquet(number)
        last = number == cycles and outcome["kind"] == "cell-failed"
        event = {
            "mode": "pressure",
            "criterion": "anode contact lost",
            "severity": "fatal",
            "variable": "Anode touching fraction",
            "says": "voids have taken the contact from the anode",
            "t_s": 4200.0 * number,
        }
        values = row(number, float(pressure.split()[0]) * 1e6)
        store.commit_cycle(
            run, number, values, series=data, series_rows=rows, events=[event] if last else ()
        )
    store.finish_run(run, status=outcome["kind"], outcome=outcome, wall_s=2.0)
    return run


MEMBERS = (  # cycles, mode and criterion of death
    (2, "dendrite", "anode hard short"),
    (3, "dendrite", "anode hard short"),
    (4, "pressure", "anode contact lost"),
    (6, "pressure", "anode contact lost"),
    (8, None, None),
    (8, None, None),
    (1, "solver", None),
)


def add_forecast(store: Store) -> str:
    """Seven members of eight: two shorts, two without contact, two alive, one unsolved."""
    pressures = [0.1, 0.2, 1.0, 2.0, 4.0, 8.0, 6.0, 3.0]
    study = store.start_study(
        kind="forecast",
        cell_name="na-nzsp-nvp",
        design={
            "cell_name": "na-nzsp-nvp",
            "cell": cell_to_data(twin.load_cell("na-nzsp-nvp")),
            "cycles": 8,
            "model": "spm",
            "modes": ["dendrite", "pressure"],
            "keys": ["stack.pressure"],
            "values": [[1e6 * p] for p in pressures],
            "seed": 7,
            "method": "sobol",
            "inputs": ["stack.pressure"],
            "rebuilt": [],
        },
    )
    for member, (cycles, mode, criterion) in enumerate(MEMBERS):
        kind = "cell-failed" if criterion else "solver-gave-up" if mode else "completed"
        outcome = {"kind": kind, "mode": mode, "criterion": criterion, "cycle": cycles}
        outcome |= {"says": "a member", "numerics": {}}
        add_run(store, f"{pressures[member]} MPa", cycles, DEATH | outcome, study, member)
    return study


CORNERS = (  # column, row, pressure, cycles, mode and criterion of death
    (0, 0, "0.5 MPa", 8, None, None),
    (0, 1, "0.5 MPa", 2, "pressure", "anode contact lost"),
    (1, 1, "8 MPa", 3, "dendrite", "anode hard short"),
)


def add_map(store: Store) -> str:
    """Three of a map's four corners: one lives, one loses contact, one is shorted."""
    axis = {"log": False, "count": 2}
    study = store.start_study(
        kind="map",
        cell_name="na-nzsp-nvp",
        design={
            "cell_name": "na-nzsp-nvp",
            "cycles": 8,
            "modes": ["dendrite", "pressure"],
            "levels": 0,
            "axes": {
                "x": axis | {"key": "stack.pressure", "unit": "Pa", "low": 5e5, "high": 8e6},
                "y": axis | {"key": "protocol.rate", "unit": "A/m^2", "low": 1.0, "high": 20.0},
            },
        },
    )
    for column, row_, pressure, cycles, mode, criterion in CORNERS:
        outcome = {"kind": "cell-failed" if mode else "completed", "mode": mode}
        outcome |= {"criterion": criterion, "cycle": cycles}
        add_run(store, pressure, cycles, DEATH | outcome, study, f"{column}, {row_}")
    return study


def split(total: float, pressure: float, together: float) -> dict[str, Any]:
    return {
        "total": total,
        "by_mode": {"interphase": total - pressure, "pressure": pressure},
        "residual": 0.0,
        "interactions": [{"modes": ["interphase", "pressure"], "value": together}],
    }


def add_attribution(store: Store, of: str) -> str:
    """What the modes of a stored run cost it, as ``twin attribute`` writes it."""
    info = store.run(of)
    study = store.start_study(
        kind="attribute",
        cell_name=info.cell_name,
        design={"cell": info.cell_spec, "protocol": info.protocol, "modes": list(info.modes)},
    )
    document = {
        "study": study,
        "cell": info.cell_name,
        "cycles": 100,
        "compared_in_cycle": 6,
        "life": 7,
        "coalitions": [{}, {}, {}, {}],
        "notes": ["without any of them the cell outlives 100 cycles"],
        "losses": {
            "capacity_Ah": {"all": split(4e-4, 3e-4, 1e-4)},
            "resistance_Ohm_m2": {"all": split(0.01, -0.002, 0.0)},
            "life_cycles": {"all": split(93.0, 80.0, -5.0)},
        },
    }
    store.finish_study(study, status="completed", summary=document)
    return study


@pytest.fixture
def attribute() -> Callable[[str, str], str]:
    """``attribute(url, run)`` stores what the modes of a run cost it, as a worker would."""

    def add(url: str, run: str) -> str:
        with Store.open(url) as store:
            return add_attribution(store, run)

    return add


@pytest.fixture(scope="session")
def stored(tmp_path_factory) -> SimpleNamespace:
    """A database with a run that lives and one that died, the same but for the pressure."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'runs.db'}"
    when = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch, Store.open(url) as store:
        members = (f"member-{n}" for n in range(len(MEMBERS)))
        points = (f"point-{n}" for n in range(len(CORNERS)))
        runs = ("aaaaaaaa", "bbbbbbbb")
        ids = iter((*runs, "ffffffff", *members, "tttttttt", "mmmmmmmm", *points))
        patch.setattr("twin.store.runs.new_id", lambda: next(ids))
        patch.setattr("twin.store.studies.new_id", lambda: next(ids))
        patch.setattr("twin.store.runs.now", lambda: when)
        dead = add_run(store, "0.2 MPa", 7, DEATH)
        alive = add_run(store, "5 MPa", 5, ALIVE)
        forecast = add_forecast(store)
        add_attribution(store, dead)
        add_map(store)
    return SimpleNamespace(url=url, dead=dead, alive=alive, forecast=forecast)


@pytest.fixture
def cycle_rows() -> Callable[[int], list[dict[str, Any]]]:
    """``cycle_rows(6)``: the rows of a run's first cycles."""
    return lambda count: [row(number, 2e5) for number in range(1, count + 1)]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """The bench's own folder, empty."""
    monkeypatch.setenv("TWIN_TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def settings(home, tmp_path) -> Settings:
    return Settings(exports_folder=tmp_path / "exports")


@pytest.fixture
def bench(home, settings, stored) -> Callable[..., Bench]:
    """``bench(screen="results")``: a bench on the stored database."""

    def make(url: str | None = None, **state: Any) -> Bench:
        here = State(**{"screen": "cells", **state})
        return Bench(url or stored.url, settings, here, warm=False)

    return make


class Pilot:
    """A driver of a bench that waits for what it wants to see."""

    def __init__(self, app: Bench, pilot: Any):
        self.app, self._pilot = app, pilot

    @property
    def screen(self) -> Any:
        return self.app.screen

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._pilot.press(key)
        await self._pilot.pause()

    async def click(self, selector: str) -> None:
        await self._pilot.click(selector)
        await self._pilot.pause()

    async def resize(self, columns: int, rows: int) -> None:
        await self._pilot.resize_terminal(columns, rows)

    async def pause(self, seconds: float | None = None) -> None:
        await self._pilot.pause(seconds)

    async def until(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds; fail with what was waited for."""
        limit = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < limit, f"{what}: not seen; {self.said()}\n{self.text()}"
            await self._pilot.pause(0.1)

    async def settle(self) -> str:
        """Wait until nobody is at work and nothing more is drawn; return what is on the screen.

        A pause ends when every widget has handled what was in its queue; what that leads to
        (a layout, a drawing in a thread) shows in the next one.
        """
        limit = time.monotonic() + WAIT_S
        last, same = "", 0
        while same < 3:
            assert time.monotonic() < limit, f"the screen does not come to rest\n{last}"
            await self._pilot.pause(0.02)
            working = any(not worker.is_finished for worker in self.app.workers)
            now = self.text()
            last, same = now, same + 1 if now == last and not working else 0
        return "\n".join(line.rstrip() for line in last.splitlines())

    async def sees(self, *words: str) -> None:
        """Wait until all the words are on the screen."""
        await self.until(lambda: all(w in self.text() for w in words), f"{words} on the screen")

    async def hears(self, words: str) -> None:
        """Wait for a message with these words."""
        await self.until(lambda: words in self.said(), f"the message {words!r}")

    def said(self) -> str:
        return "\n".join(note.message for note in self.app._notifications)

    def text(self) -> str:
        """What is on the screen, as text."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@pytest.fixture
def drive() -> Callable[..., None]:
    """``drive(app, flow)``: run ``async def flow(pilot)`` against a bench."""

    def run(
        app: Bench, flow: Callable[[Pilot], Awaitable[None]], size: tuple[int, int] = (100, 40)
    ) -> None:
        async def main() -> None:
            async with app.run_test(size=size) as pilot:
                await flow(Pilot(app, pilot))

        asyncio.run(main())

    return run


class Puppet:
    """A worker that does nothing but say what a test wants it to say."""

    def __init__(self) -> None:
        self.process = SimpleNamespace(poll=lambda: None, pid=0)
        self.told: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def tell(self, do: str, **more: Any) -> None:
        self.told.append({"do": do, **more})

    def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        while (news := self._news.get()) is not None:
            hear(news)

    def says(self, says: str, **more: Any) -> None:
        self._news.put({"says": says, **more})

    def ends(self, code: int = 0, last: str = "it said nothing") -> None:
        self.says("ended", code=code, last=last)
        self.leave()

    def leave(self) -> None:
        self._news.put(None)


@pytest.fixture
def puppets(monkeypatch) -> list[Puppet]:
    """The workers that the bench has started, newest last: puppets, no processes."""
    started: list[Puppet] = []

    def start() -> Puppet:
        started.append(Puppet())
        return started[-1]

    monkeypatch.setattr("twin_tui.runs.run_queue.WorkerProcess", start)
    return started


CELLS = ("na-base-na", "na-base-nvp", "na-nzsp-na", "na-nzsp-nvp")


@pytest.fixture(autouse=True)
def _few_cells() -> Iterator[None]:
    """Only a few of the library's cells are listed: reading all of them takes seconds."""
    with pytest.MonkeyPatch.context() as patch:  # nothing that a cell is built of
        for module in ("twin.list_cells", "twin.catalog.health.list_cells"):
            patch.setattr(module, lambda: list(CELLS))
        yield


@pytest.fixture(autouse=True, scope="session")
def _library_is_warm() -> None:
    """Read the library once, so that no flow waits for imports."""
    twin.load_cell("na-nzsp-nvp")
