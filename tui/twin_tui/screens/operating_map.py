"""Map: what kills a cell first, and when, over two quantities; a cursor reads it off."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from twin import Status, TwinError
from twin_tui.screens.dialogs import Fill
from twin_tui.screens.studies import StudyScreen, study_css, whole
from twin_tui.widgets.map_words import draw_legend, draw_point, map_of
from twin_tui.widgets.operating_map import OperatingMap
from twin_tui.widgets.table import Table

CYCLES, REFINE, MOST = 200, 2, 200
X, Y = "stack.pressure=0.5..15 MPa", "current=0.1..2 mA/cm^2"


class MapScreen(StudyScreen):
    """Safe operating maps: those that go and those in the database."""

    KEY: ClassVar[str] = "map"
    KIND: ClassVar[str] = "map"
    PARTS: ClassVar[str] = "points"
    NONE: ClassVar[str] = (
        "No map yet.\n\nN starts one of what the Scenario screen (2) holds: over two "
        "quantities, each point is a whole life, and points are added where the cause of "
        "death changes."
    )
    HELP: ClassVar[str] = """
Map: the safe operating map of a cell over two quantities. Letters are lives that were
simulated, with the cycle of death beside them where there is room; the colour round them
(small letters, where there is no colour) is what the nearest life says: its mode, the darker
the sooner. A dot is a cell that lives to the end.

Tab goes to the map; the arrow keys (or a click) move the cursor from point to point, and
what it stands on is read off on the left: the values, the mode and criterion that kill
first, the cycle, and the run, whose page Enter opens. New takes cell, overlays, overrides,
protocol and modes of the Scenario screen and asks for the axes. Stop keeps the points that
are done; Go on does the rest."""
    CSS = (
        study_css("MapScreen")
        + """
    MapScreen #right { width: 1fr; }
    MapScreen #legend { height: auto; max-height: 4; padding: 0 1; }
    """
    )
    BINDINGS = [Binding("enter", "open", "Its run", id="map.open")]

    def right(self) -> ComposeResult:
        """Yield the map and its legend."""
        with Vertical(id="right", classes="pane") as pane:
            pane.border_title = "Map"
            yield OperatingMap(id="map")
            yield Static(id="legend")

    def on_mount(self) -> None:
        """Have a worker ready."""
        self.bench.warm()

    def read(self, study: str) -> dict[str, Any]:
        """Return the view of a stored map."""
        return self.bench.twin.map(study)

    def show(self, view: dict[str, Any]) -> None:
        """Show a map."""
        self.view = view
        shown = map_of(view)
        self.query_one("#map", OperatingMap).show_map(shown)
        legend = self.query_one("#legend", Static)
        width = legend.content_size.width or 40
        legend.update(draw_legend(shown, width, colour=not self.app.no_color))
        self._tell_point()

    def say(self, text: str) -> None:
        """Show words in place of a map."""
        super().say(text)
        self.query_one("#map", OperatingMap).show_map(None)
        self.query_one("#legend", Static).update("")

    def action_new(self) -> None:
        """Start a map of the scenario at hand."""
        scenario = self.bench.scenario()
        if scenario is None:
            self.notify("choose a cell first (1)", severity="warning")
            return
        fields = [
            ("x", "Across: KEY=LOW..HIGH UNIT, perhaps ,log and ,POINTS", X),
            ("y", "Upwards (current, protocol.PARAMETER or a key)", Y),
            ("cycles", "Up to cycle", str(CYCLES)),
            ("refine", "Times a square is cut in four where its corners disagree", str(REFINE)),
            ("workers", "Processes (empty: one a core)", ""),
        ]
        remark = "The rest is as on the Scenario screen (2)."
        self.app.push_screen(Fill(f"Map: {scenario.label}", fields, remark), self._new)

    def _new(self, answer: dict[str, str] | None) -> None:
        scenario = self.bench.scenario()
        if answer is None or scenario is None:
            return
        kept = ("cell", "overlays", "protocol", "without", "overrides")
        arguments = {key: scenario.arguments()[key] for key in kept}
        try:
            arguments["cycles"] = whole(answer["cycles"], "cycles")
            arguments["refine"] = whole(answer["refine"], "refine", 0)
            if answer["workers"].strip():
                arguments["workers"] = whole(answer["workers"], "workers")
        except TwinError as error:
            self.tell_error(error)
            return
        arguments |= {"x": answer["x"].strip(), "y": answer["y"].strip()}
        self.start(scenario.label, arguments, 0)

    def action_go_on(self) -> None:
        """Go on with the chosen map where it was stopped."""
        study = self.stored_study()
        if study is None:
            return
        if self.shown_task is not None and not self.shown_task.over:
            self.notify("it goes already")
        elif self.stored[study].status == Status.COMPLETED:
            self.notify("this map is finished: N starts another one")
        else:
            cell = self.stored[study].cell_name
            self.start(cell, {"cell": cell, "study": study}, 0)

    def action_export(self) -> None:
        """Write the figure and the document of the chosen map."""
        study = self.stored_study()
        if study is not None:
            folder = Path(self.bench.settings.exports_folder)
            self.ask(lambda: self.bench.twin.export_map(study, folder), self.exported, "export")

    @on(OperatingMap.Moved)
    def _tell_point(self) -> None:
        shown = self.query_one("#map", OperatingMap)
        if shown.map is None or self.view is None:
            return
        task = self.shown_task
        progress = task.progress() if task is not None and not task.over else ""
        text = Text(f"{self.view['cell']}\n", "bold")
        text.append(f"{progress}\n" if progress else "")
        text.append(f"{len(shown.map.points)} points, to cycle {shown.map.horizon}\n\n")
        if shown.point is not None:
            text.append(draw_point(shown.map, shown.point))
        for note in self.view["notes"]:
            text.append(f"\n! {note}", "yellow")
        self.query_one("#says", Static).update(text)

    def action_open(self) -> None:
        """Open the page of the run under the cursor."""
        point = self.query_one("#map", OperatingMap).point
        if point is None or point.run is None:
            self.notify("there is no run here")
            return
        from twin_tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(point.run))

    @on(Table.RowSelected, "#studies")
    def _to_map(self) -> None:
        self.query_one("#map").focus()
