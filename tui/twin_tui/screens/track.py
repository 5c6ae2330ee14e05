"""Track: measured cells, each followed by its check-ups."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid
from textual.widgets import Static

from twin import TwinError
from twin_tui.screens.dialogs import Fill
from twin_tui.screens.studies import StudyScreen, study_css, whole
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.track import draw_track, left_of


class TrackScreen(StudyScreen):
    """The measured cells that are tracked."""

    KEY: ClassVar[str] = "track"
    KIND: ClassVar[str] = "track"
    CHARTS: ClassVar[tuple[str, ...]] = ("health", "narrowing", "modes")
    PARTS: ClassVar[str] = "new lives"
    NONE: ClassVar[str] = (
        "No measured cell is tracked yet.\n\nN tracks one: it asks for a table of check-ups "
        "(cycle, capacity, resistance), cyclers' files or measured data. The lives it is compared "
        "with are those of the cell of the Scenario screen (2)."
    )
    HELP: ClassVar[str] = """
Track: measured cells, each compared with a library of lives at its check-ups. New takes the cell,
overlays, overrides, protocol and modes of the Scenario screen and asks for the check-ups: a CSV
with cycle, capacity and resistance, cyclers' files, or measured data by their ids, separated by
spaces. The library is drawn once and kept; a track with further check-ups finds it again.

The table: health, what the cell dies of, how long it still lives (median, 50 and 90 %), the
smallest margins. The charts: capacity measured and expected; the cycle of death as it was
expected at each check-up, narrowing; what the cell dies of. On a small screen one chart is shown
at a time: V changes it. A cell that no life is like is "outside the model"."""
    CSS = (
        study_css("TrackScreen")
        + """
    TrackScreen #charts { grid-size: 1 1; width: 1fr; height: 1fr; }
    TrackScreen.-tall #charts { grid-size: 1 3; }
    TrackScreen Chart { display: none; border: round $primary-darken-1; }
    TrackScreen Chart.chosen { display: block; }
    TrackScreen.-tall Chart { display: block; }
    """
    )
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high"), (50, "-tall")]
    BINDINGS = [Binding("v", "chart", "Next chart", id="track.chart")]

    def __init__(self) -> None:
        super().__init__()

    def right(self) -> ComposeResult:
        """Yield the charts."""
        with Grid(id="charts"):
            for name in self.CHARTS:
                yield Chart("", id=name)

    def on_mount(self) -> None:
        """Choose the first chart."""
        self.query_one(f"#{self.CHARTS[0]}").add_class("chosen")

    def read(self, study: str) -> dict[str, Any]:
        """Return the view of a stored track."""
        return self.bench.twin.track(study)

    def _stands(self, study: Any) -> str:
        if study.status != "completed":
            return "… unfinished: G goes on"
        return left_of(study.summary)

    def show(self, view: dict[str, Any]) -> None:
        """Show a track."""
        self.view = view
        width = self.query_one("#says").content_size.width or 30
        self.query_one("#says", Static).update(draw_track(view, width))
        self.draw_charts()

    def say(self, text: str) -> None:
        """Show words in place of a track."""
        super().say(text)
        for name in self.CHARTS:
            self.query_one(f"#{name}", Chart).say("")

    def draw_charts(self) -> None:
        """Draw them."""
        view = self.view
        if view is None:
            return
        from twin.report.tracking import track_panels

        for name, panel in zip(self.CHARTS, track_panels(view), strict=True):
            chart = self.query_one(f"#{name}", Chart)
            if panel.lines:
                chart.show_panel(panel)
            else:
                chart.say(panel.missing)

    def action_new(self) -> None:
        """Track a cell of the scenario at hand."""
        scenario = self.bench.scenario()
        if scenario is None:
            self.notify("choose a cell first (1)", severity="warning")
            return
        fields = [
            ("data", "Check-ups (files, ids)", ""),
            ("lives", "Lives (empty: 300)", ""),
            ("cycles", "Up to cycle (empty: 3000)", ""),
            ("refresh", "New lives around it", "0"),
        ]
        remark = "The library of lives is of the Scenario screen's cell (2), found or drawn."
        self.app.push_screen(Fill(f"Track: {scenario.label}", fields, remark), self._new)

    def _new(self, answer: dict[str, str] | None) -> None:
        scenario = self.bench.scenario()
        if answer is None or scenario is None:
            return
        kept = ("cell", "overlays", "protocol", "without", "overrides")
        arguments: dict[str, Any] = {key: scenario.arguments()[key] for key in kept}
        arguments["data"] = answer["data"].split()
        if not arguments["data"]:
            self.notify("name a table of check-ups, or measured data", severity="warning")
            return
        try:
            arguments["refresh"] = whole(answer["refresh"] or "0", "refresh", 0)
            for key in ("lives", "cycles"):
                if answer[key].strip():
                    arguments[key] = whole(answer[key], key)
        except TwinError as error:
            self.tell_error(error)
            return
        self.start(scenario.label, arguments, arguments.get("lives", 300))

    def action_go_on(self) -> None:
        """Go on with a track that was interrupted while new lives were drawn."""
        study = self.stored_study()
        if study is None:
            return
        if self.stored[study].status == "completed":
            self.notify("it is finished; N tracks the cell with further check-ups")
            return
        self.start(self.stored[study].cell_name, {"study": study}, 1)

    def action_export(self) -> None:
        """Write the figure and the document of the chosen track."""
        study = self.stored_study()
        if study is not None:
            folder = Path(self.bench.settings.exports_folder)
            self.ask(lambda: self.bench.twin.export_track(study, folder), self.exported, "export")
