"""What the screens ask of the twin: plain questions, answered off the event loop.

Each method may take a while; screens call them in threads. Heavy imports happen here.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import twin
from twin import PROTOCOL, Status, files, is_death
from twin_tui.runs.scenario import Scenario

MOST_SHOWN = 5
PATIENCE_S = 3.0
"""How long the screens wait for a database that another process holds [s]."""


@dataclass
class Card:
    """A cell as its card shows it."""

    spec: Any
    layers: list[Any]
    numbers: list[tuple[str, str, str, str]]
    warnings: list[str]
    by_status: dict[str, int]


@dataclass
class Preview:
    """A scenario before it is run: what it changes, what is wrong with it, how long it takes."""

    scenario: Scenario
    differences: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[Any] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    protocol: str = ""
    steps: list[str] = field(default_factory=list)
    currents: list[str] = field(default_factory=list)
    estimate: str = ""


@dataclass
class Lab:
    """How the lab stands.

    ``last`` and ``going`` are runs, newest first; ``deaths`` counts dead cells by the mode
    held responsible, ``alive`` those that lived; ``runs`` is how many there are.
    """

    last: list[Any]
    going: list[Any]
    deaths: dict[str, int]
    alive: int
    runs: int
    studies: list[Any]


class Twin:
    """The twin, as far as the bench needs it.

    Parameters
    ----------
    url : str or None
        The database; the default one for None.
    own_cells : Path
        The folder of the user's own cells.
    """

    def __init__(self, url: str | None, own_cells: Path):
        self.url, self.own_cells = url, own_cells
        self._lock = threading.Lock()
        self._store: Any = None

    @property
    def store(self) -> Any:
        """The database, opened once."""
        with self._lock:
            if self._store is None:
                self._store = twin.open_store(self.url, lock_timeout_s=PATIENCE_S)
            return self._store

    def close(self) -> None:
        """Close the database."""
        if self._store is not None:
            self._store.close()

    def cells(self) -> list[str]:
        """Return the names of the library's cells and the paths of the user's own."""
        own = sorted(map(str, self.own_cells.glob("*.toml"))) if self.own_cells.is_dir() else []
        return [*twin.list_cells(), *own]

    def headings(self) -> list[dict[str, Any]]:
        """Return what the files of the cells say of themselves, unchecked."""
        return [{**twin.cell_heading(name), "ref": name} for name in self.cells()]

    def entries(self, names: list[str]) -> list[dict[str, Any]]:
        """Return what is to be listed of some cells."""
        return [twin.cell_entry(name) | {"ref": name} for name in names]

    def card(self, cell: str) -> Card:
        """Return a cell's card."""
        from twin.catalog import card

        spec = twin.load_cell(cell)
        return Card(
            spec,
            card.layers(spec),
            card.key_numbers(spec),
            card.warnings(spec),
            twin.numbers_by_status(spec),
        )

    def keys(self, cell: str, protocol: str | None) -> dict[str, str]:
        """Return what of a cell and its protocol can be overridden, with what it is now."""
        asked = twin.Scenario.of(cell=cell, protocol=protocol).resolve()
        texts = {number.key: number.text for number in twin.cell_numbers(asked.spec)}
        rules = asked.rules.parameters
        return texts | {f"{PROTOCOL}{key}": str(value) for key, value in rules.items()}

    def saved_scenarios(self, folder: Path) -> list[tuple[str, str]]:
        """Return the files of a folder that hold scenarios, each with a few words on it."""
        scenarios = []
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                words = Scenario.read(path).label
            except twin.TwinError as error:
                words = f"cannot be read: {error.problems[0].message}"
            scenarios.append((str(path), words))
        return scenarios

    def numbers(self, cell: str) -> list[Any]:
        """Return every number of a cell."""
        return twin.cell_numbers(twin.load_cell(cell))

    def changed_cell(self, cell: str, changes: dict[str, str]) -> Any:
        """Return a cell with some of its numbers changed by hand (SpecError if it cannot be)."""
        overrides = {
            key: {"value": _number_or_text(text), "status": "assumed", "source": "set by hand"}
            for key, text in changes.items()
        }
        return twin.load_cell(cell, overrides=overrides)

    def save_cell(self, cell: str, changes: dict[str, str], name: str, title: str) -> Path:
        """Write a changed copy of a cell as TOML and return its file."""
        spec = self.changed_cell(cell, changes).model_copy(update={"title": title})
        if not name or name != Path(name).name or name.startswith("."):
            raise twin.InputError(f"{name!r} is no name of a file", fix="write it like my-cell")
        path = self.own_cells / f"{name.removesuffix('.toml')}.toml"
        if path.exists() or path.stem in twin.list_cells():
            raise twin.InputError(
                f"there is a cell {path.stem!r} already", fix="choose another name"
            )
        files.write_text(path, twin.cell_toml(spec), parents=True)
        return path

    def choices(self) -> dict[str, list[Any]]:
        """Return what a scenario can be made of."""
        library = twin.library()
        return {
            "cells": self.cells(),
            "overlays": [twin.overlay_entry(name) for name in library.names("overlays")],
            "protocols": [twin.protocol_entry(name) for name in library.names("protocols")],
            "modes": [twin.mode_entry(mode) for mode in twin.plugin_manager().modes.values()],
        }

    def preview(self, scenario: Scenario) -> Preview:
        """Return what a scenario would do, without running it."""
        preview = Preview(scenario)
        try:
            asked = scenario.asked.resolve()
            base = twin.load_cell(scenario.cell)
            preview.differences = twin.differences(base, asked.spec)
            preview.modes = twin.acting_modes(asked.spec, without=scenario.without)
            preview.protocol = f"{asked.rules.name}: {asked.rules.title}"
            preview.steps = [step.do for phase in asked.plan.phases for step in phase.steps]
            preview.currents = twin.currents_in_words(asked.plan, asked.spec)
            preview.estimate = self.estimate(asked.spec.name, scenario.model, scenario.cycles)
        except twin.TwinError as error:
            preview.problems = list(error.problems)
        return preview

    def estimate(self, cell: str, model: str, cycles: int) -> str:
        """Return how long a run may take, by the stored runs of the same cell and model."""
        from twin.formats import duration

        runs = [
            run.wall_s / run.cycles
            for run in self.store.runs(cell=cell, limit=500)
            # A cycle of a life by jumps costs far less than one that is simulated.
            if run.cycles and run.wall_s and run.settings.get("cycles") != "jump"
            if run.settings.get("model") == model and run.study is None
        ]
        if not runs:
            return "unknown: no run of this cell and model is stored yet"
        runs.sort()
        middle = runs[len(runs) // 2]
        plural = "" if len(runs) == 1 else "s"
        return f"about {duration(middle * cycles)} (by {len(runs)} stored run{plural})"

    def lab(self) -> Lab:
        """Return how the lab stands: what goes on, what was done last, what cells died of."""
        runs = [run for run in self.store.runs(limit=2000) if run.study is None]
        deaths = Counter(str(r.outcome.get("mode")) for r in runs if is_death(r.outcome))
        going = [run for run in runs if run.status_now == Status.RUNNING]
        return Lab(
            runs[:MOST_SHOWN],
            going[:MOST_SHOWN],
            dict(sorted(deaths.items(), key=lambda item: (-item[1], item[0]))),
            sum(run.status_now == Status.COMPLETED for run in runs),
            len(runs),
            self.store.studies(limit=MOST_SHOWN),
        )

    def runs(self) -> list[Any]:
        """Return the stored runs, newest first."""
        runs: list[Any] = self.store.runs(limit=2000)
        return runs

    def studies(self, kind: str) -> list[Any]:
        """Return the stored studies of a kind, newest first."""
        studies: list[Any] = self.store.studies(kind=kind, limit=200)
        return studies

    def forecast(self, study: str) -> dict[str, Any]:
        """Return what is to be shown of a stored forecast."""
        from twin_tui.runs.views import forecast_view

        return forecast_view(twin.load_forecast(study, store=self.store))

    def export_forecast(self, study: str, folder: Path) -> list[Path]:
        """Write a forecast's figure and document into a folder."""
        forecast = twin.load_forecast(study, store=self.store)
        return self._written(forecast, f"forecast-{study}", folder)

    @staticmethod
    def _written(drawable: Any, name: str, folder: Path) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        figure, document = (folder / f"{name}{end}" for end in (".png", ".json"))
        drawable.plot(figure)
        files.write_text(document, json.dumps(drawable.to_dict(), indent=1))
        return [figure, document]

    def track(self, study: str) -> dict[str, Any]:
        """Return what is to be shown of a stored track."""
        document = twin.load_track(study, store=self.store).to_dict()
        if not document:
            raise twin.InputError("the track is not finished", fix="let it go on (G)")
        return document

    def export_track(self, study: str, folder: Path) -> list[Path]:
        """Write a track's figure and document into a folder."""
        track = twin.load_track(study, store=self.store)
        return self._written(track, f"track-{study}", folder)

    def map(self, study: str) -> dict[str, Any]:
        """Return a stored map, as far as it is done."""
        return twin.map_so_far(study, store=self.store)

    def export_map(self, study: str, folder: Path) -> list[Path]:
        """Write a map's figure and document into a folder."""
        operating_map = twin.load_map(study, store=self.store)
        if not operating_map.points:
            raise twin.InputError("the map is not finished", fix="let it go on first (G)")
        return self._written(operating_map, f"map-{study}", folder)

    @staticmethod
    def acting(info: Any) -> list[str]:
        """Return which of a run's modes act in its cell."""
        from twin.report.describe import acting_in

        modes: list[str] = acting_in(info)
        return modes

    def attribution(self, result: Any) -> dict[str, Any] | None:
        """Return the newest attribution of just the cell, protocol and modes of a run."""
        info = result.info
        idle = set(info.modes) - set(self.acting(info))
        for study in self.store.studies(kind="attribute"):
            if study.status != Status.COMPLETED or study.cell_name != info.cell_name:
                continue
            design = self.store.study(study.id).design
            same = design["cell"] == info.cell_spec and design["protocol"] == info.protocol
            if same and set(design["modes"]) - idle == set(info.modes) - idle:
                return dict(study.summary)
        return None

    def attribution_of(self, result: Any) -> dict[str, Any]:
        """Return what :func:`twin.attribute` is called with for the cell of a run.

        Raises
        ------
        InputError
            If the run's cell or protocol is no longer where it was.
        """
        info = result.info
        by_name = {Path(cell).stem if "/" in cell else cell: cell for cell in self.cells()}
        protocol = info.protocol.get("name")
        if info.cell_name not in by_name or protocol not in twin.library().names("protocols"):
            missing = info.cell_name if info.cell_name not in by_name else protocol
            raise twin.InputError(
                f"{missing} is not in the library", fix="run `twin attribute` with its file"
            )
        return {
            "cell": by_name[info.cell_name],
            "protocol": protocol,
            "overlays": list(info.settings.get("overlays", ())),
            "overrides": dict(info.settings.get("overrides", {})),
            "modes": self.acting(info),
            "cycles": info.cycles_requested,
        }

    def run(self, run: str) -> tuple[Any, dict[str, Any]]:
        """Return a stored run and all that is worth knowing of it."""
        from twin.report.describe import describe

        result = twin.load_run(run, store=self.store)
        info = result.info
        known = {
            "turns": twin.turning_number(info),
            "beside": twin.verdict_facts(result),
        }
        return result, describe(result) | known

    def chief_panels(self, run: str) -> list[Any]:
        """Return what is looked at first of a stored run: capacity or polarisation, and margins."""
        from twin.report.pictures import panels

        result = twin.load_run(run, store=self.store)
        chief = "capacity" if result.info.cell_kind == "full" else "polarisation"
        drawn: list[Any] = []
        for name in (chief, "margins"):
            with suppress(twin.InputError):
                drawn += panels(result, name)
        if not drawn:
            raise twin.InputError("the run has no finished cycle to draw")
        return drawn

    def provenance(self, result: Any) -> list[Any]:
        """Return every number of the cell that a run was made with."""
        return twin.cell_numbers(twin.stored_cell(result.info.cell_spec))

    def differences(self, results: list[Any]) -> list[tuple[str, ...]]:
        """Return the parameters, settings and protocols in which runs differ."""
        from twin.catalog import entries as catalog

        tables = []
        for result in results:
            info = result.info
            table = catalog.flat(info.cell_spec)
            table |= {f"protocol.{k}": v for k, v in catalog.flat(info.protocol).items()}
            table |= {"protocol": str(info.protocol.get("name")), "modes": ", ".join(info.modes)}
            table |= {"model": str(info.settings.get("model"))}
            tables.append(table)
        return catalog.table_differences(*tables)

    def export(self, run: str, to: str, folder: Path) -> list[Any]:
        """Write a run's files into a folder."""
        from twin.report.describe import export_run

        folder.mkdir(parents=True, exist_ok=True)
        written: list[Any] = export_run(twin.load_run(run, store=self.store), to, folder)
        return written

    def with_data(self, result: Any, panels: list[Any], ref: str) -> list[Any]:
        """Return a run's panels with measured data, stored or a file's, over the voltage."""
        from twin.report.beside import with_data

        return with_data(panels, result, twin.measured_or_file(ref, store=self.store))

    def modes(self) -> list[str]:
        """Return the names of the failure modes."""
        return list(twin.plugin_manager().modes)

    def health(self, scheduler: str = "") -> dict[str, Any]:
        """Return whether all is well, and what is known of the scheduler of forecasts."""
        from twin.catalog.health import describe_scheduler, health

        report = health(self.url)
        says, problems = describe_scheduler(scheduler)
        return report | {"scheduler": says, "problems": [*report["problems"], *problems]}

    def mode(self, mode: str) -> dict[str, Any]:
        """Return all about a failure mode."""
        return twin.describe_mode(mode)


def _number_or_text(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
