"""Forecast: an ensemble of lives, started, watched, stopped and gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid
from textual.widgets import Static

from twin import TwinError
from twin_tui.screens.dialogs import Fill
from twin_tui.screens.studies import StudyScreen, study_css, whole
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.forecast import draw_forecast, incidence_panel, lives_panel
from twin_tui.widgets.table import Table

CYCLES, MEMBERS, MODEL = 1000, 100, "spm"


class ForecastScreen(StudyScreen):
    """Forecasts: those that go and those in the database."""

    KEY: ClassVar[str] = "forecast"
    KIND: ClassVar[str] = "forecast"
    CHARTS: ClassVar[tuple[str, ...]] = ("lives", "incidence")
    NONE: ClassVar[str] = (
        "No forecast yet.\n\nN starts one of what the Scenario screen (2) holds: every number "
        "of the cell that has a spread is sampled, and each member is a whole life."
    )
    HELP: ClassVar[str] = """
Forecast: many lives of one cell whose numbers are uncertain. New takes the cell, overlays,
overrides, protocol and modes of the Scenario screen and asks how many members and cycles.
The list shows the forecasts of the database with members done, those without a result, and
time left. Stop keeps the members that are done; Go on lives the rest, or adds members.

The table: the median life, when 5 and 95 % are dead, the probability of a short, what the
members died of, and which numbers the life hangs on. The charts: the capacity of those alive
(median, middle half, 90 %) and what has killed how many by when. On a small screen one chart
is shown at a time: V changes it. Enter lists the members on the Results screen."""
    CSS = (
        study_css("ForecastScreen")
        + """
    ForecastScreen #charts { grid-size: 1 1; width: 1fr; height: 1fr; }
    ForecastScreen.-wide #charts { grid-size: 2 1; }
    ForecastScreen.-high #charts { grid-size: 1 2; }
    ForecastScreen Chart { display: none; border: round $primary-darken-1; }
    ForecastScreen Chart.chosen { display: block; }
    ForecastScreen.-wide Chart { display: block; }
    ForecastScreen.-high Chart { display: block; }
    """
    )
    BINDINGS = [
        Binding("v", "chart", "Next chart", id="forecast.chart"),
        Binding("enter", "members", "Its members", id="forecast.members"),
    ]

    def __init__(self) -> None:
        super().__init__()

    def right(self) -> ComposeResult:
        """Yield the charts."""
        with Grid(id="charts"):
            for name in self.CHARTS:
                yield Chart("", id=name)

    def on_mount(self) -> None:
        """Choose the first chart, and have a worker ready."""
        self.query_one(f"#{self.CHARTS[0]}").add_class("chosen")
        self.bench.warm()

    def read(self, study: str) -> dict[str, Any]:
        """Return the view of a stored forecast."""
        return self.bench.twin.forecast(study)

    def show(self, view: dict[str, Any]) -> None:
        """Show a forecast."""
        self.view = view
        task = self.shown_task
        progress = task.progress() if task is not None and not task.over else ""
        width = self.query_one("#says").content_size.width or 30
        self.query_one("#says", Static).update(draw_forecast(view, progress, width))
        self.draw_charts()

    def say(self, text: str) -> None:
        """Show words in place of a forecast."""
        super().say(text)
        for name in self.CHARTS:
            self.query_one(f"#{name}", Chart).say("")

    def draw_charts(self) -> None:
        """Draw them."""
        view = self.view
        if view is None:
            return
        lives, incidence = (self.query_one(f"#{name}", Chart) for name in self.CHARTS)
        lives.show_made(lambda: lives_panel(view))
        if view["incidence"]:
            incidence.show_made(lambda: incidence_panel(view))
        else:
            incidence.say("nobody has died yet")

    def action_new(self) -> None:
        """Start a forecast of the scenario at hand."""
        scenario = self.bench.scenario()
        if scenario is None:
            self.notify("choose a cell first (1)", severity="warning")
            return
        fields = [
            ("samples", "Members", str(MEMBERS)),
            ("cycles", "Up to cycle", str(CYCLES)),
            ("model", "Model (spm or dfn)", MODEL),
            *self._asks_for_places(),
            ("seed", "Seed (empty: drawn)", ""),
        ]
        remark = f"The rest is as on the Scenario screen (2).{self._where}"
        self.app.push_screen(Fill(f"Forecast: {scenario.label}", fields, remark), self._new)

    def _new(self, answer: dict[str, str] | None) -> None:
        scenario = self.bench.scenario()
        if answer is None or scenario is None:
            return
        kept = ("cell", "overlays", "protocol", "without", "overrides")
        arguments = {key: scenario.arguments()[key] for key in kept}
        try:
            arguments |= {key: whole(answer[key], key) for key in ("cycles", "samples")}
            arguments |= self._places(answer)
            if answer["seed"].strip():
                arguments["seed"] = whole(answer["seed"], "seed", 0)
        except TwinError as error:
            self.tell_error(error)
            return
        arguments["model"] = answer["model"].strip() or MODEL
        self.start(scenario.label, arguments, arguments["samples"])

    @property
    def _where(self) -> str:
        scheduler = self.bench.settings.scheduler
        return f"\nMembers live on {scheduler}." if scheduler else ""

    def _asks_for_places(self) -> list[tuple[str, str, str]]:
        """Return the field for local processes; a scheduler of the settings has its own."""
        field = ("workers", "Processes (empty: one a core)", "")
        return [] if self.bench.settings.scheduler else [field]

    def _places(self, answer: dict[str, str]) -> dict[str, Any]:
        """Return where members live: local processes, or the scheduler of the settings."""
        if self.bench.settings.scheduler:
            return {"scheduler": self.bench.settings.scheduler}
        workers = answer["workers"]
        return {"workers": whole(workers, "workers")} if workers.strip() else {}

    def action_go_on(self) -> None:
        """Go on with the chosen forecast, perhaps with more members."""
        study = self.stored_study()
        if study is None:
            return
        if self.shown_task is not None and not self.shown_task.over:
            self.notify("it goes already")
            return
        asked = self.view["asked"] if self.view else MEMBERS
        done = self.view is not None and self.view["samples"] >= asked
        fields = [
            ("samples", "Members in all", str(2 * asked if done else asked)),
            *self._asks_for_places(),
        ]
        remark = f"Members that are done are kept; all else is as it was.{self._where}"
        self.app.push_screen(
            Fill(f"Go on with forecast {study}", fields, remark),
            lambda answer: self._go_on(study, answer),
        )

    def _go_on(self, study: str, answer: dict[str, str] | None) -> None:
        if answer is None:
            return
        cell = self.stored[study].cell_name
        try:
            samples = whole(answer["samples"], "samples")
            arguments = {"cell": cell, "study": study, "samples": samples}
            arguments |= self._places(answer)
        except TwinError as error:
            self.tell_error(error)
            return
        self.start(cell, arguments, samples)

    @on(Table.RowSelected, "#studies")
    def action_members(self) -> None:
        """List the members on the Results screen."""
        study = self.stored_study()
        if study is not None:
            self.bench.state.filter = study
            self.bench.action_go("results")

    def action_export(self) -> None:
        """Write the figure and the document of the chosen forecast."""
        study = self.stored_study()
        if study is not None:
            folder = Path(self.bench.settings.exports_folder)
            self.ask(
                lambda: self.bench.twin.export_forecast(study, folder), self.exported, "export"
            )
