"""A run's page: how it ended and why, figures, events, parameters; and what to do next."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Select, Static, TabbedContent, TabPane

from twin import Status, TwinError
from twin_tui.runs.scenario import parse_overrides
from twin_tui.screens.attribution import AttributionPane
from twin_tui.screens.base import WATCH_EVERY_S, BenchScreen
from twin_tui.screens.dialogs import Choose, Fill
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.outcome import draw_outcome
from twin_tui.widgets.pictures import status_mark
from twin_tui.widgets.table import Table

BESIDE = ("chief", "margins")
"""The charts beside the outcome, from 160 columns on."""
GOING = (Status.RUNNING, Status.RUNNING_ELSEWHERE)


class RunScreen(BenchScreen):
    """One stored run.

    Parameters
    ----------
    run : str
        Its id.
    """

    HELP: ClassVar[str] = """
A run's page. Outcome: what it died of, where and when, the evidence for each mode, what
came second, and the margins. Figures: ] shows the next one, m lays measured data over the
voltage. Attribution: what each failure
mode cost, by lives with every subset of them; "Attribute" lives them, and stops that when
pressed again (what is done is kept). Events: what happened, in words. Parameters: every
number of the cell as it was run, with its source.

Resume goes on where the run stopped. Branch starts a what-if from a cycle of it, with
other parameters. Export writes files for other programs."""
    CSS = """
    RunScreen TabPane { padding: 0; }
    RunScreen #outcome { padding: 0 1; }
    RunScreen #says { width: 1fr; }
    RunScreen #beside { width: 84; display: none; }
    RunScreen.-vast #beside { display: block; }
    RunScreen #beside Chart { border: round $primary-darken-1; }
    RunScreen #figure-box { height: 1fr; }
    RunScreen #which { width: 32; height: auto; margin-left: 1; }
    """
    BINDINGS = [
        Binding("escape,backspace", "back", "Back", id="run.back"),
        Binding("e", "export", "Export", id="run.export"),
        Binding("r", "resume", "Resume", id="run.resume"),
        Binding("b", "branch", "Branch", id="run.branch"),
        Binding("a", "attribute", "Attribute", id="run.attribute"),
        Binding("m", "measured", "Measured", show=False, id="run.measured"),
        Binding("right_square_bracket", "figure(1)", "Figure", key_display="]", id="run.next"),
        Binding("left_square_bracket", "figure(-1)", "Last figure", show=False, id="run.previous"),
    ]

    def __init__(self, run: str):
        super().__init__()
        self.run_id = run
        self.result: Any = None
        self.document: dict[str, Any] = {}
        self.panels: list[Any] = []
        self._own_panels: list[Any] = []

    def body(self) -> ComposeResult:
        """Yield the tabs."""
        with TabbedContent(id="tabs"):
            with TabPane("Outcome", id="t-outcome"), Horizontal():
                with VerticalScroll(id="says"):
                    yield Static("reading the run …", id="outcome")
                with Vertical(id="beside"):
                    for name in BESIDE:
                        yield Chart(id=name)
            with TabPane("Figures", id="t-figures"), Vertical(id="figure-box"):
                yield Select([], id="which", prompt="figure", compact=True)
                yield Chart("nothing to draw", id="figure")
            yield AttributionPane(self.run_id, id="t-attribution")
            with TabPane("Events", id="t-events"):
                yield Table(id="events")
            with TabPane("Parameters", id="t-parameters"):
                yield Input(placeholder="filter the parameters", id="filter")
                yield Table(id="parameters")

    def on_mount(self) -> None:
        """Read the run."""
        super().on_mount()
        self.query_one("#parameters", Table).set_columns("parameter", "value", "status", "source")
        self.query_one("#events", Table).set_columns("cycle", "severity", "what")
        self.ask(lambda: self.bench.twin.run(self.run_id), self._show, "run")
        self.set_interval(WATCH_EVERY_S, self._watch)

    def _watch(self) -> None:
        """Look again at a run that is being written, here or in another terminal."""
        going = self.document.get("status") in GOING
        if self.is_current and going:
            self.ask(lambda: self.bench.twin.run(self.run_id), self._show_news, "run")

    def _show_news(self, data: tuple[Any, dict[str, Any]]) -> None:
        stands = [(d.get("status"), d.get("last_cycle")) for d in (self.document, data[1])]
        if stands[0] != stands[1]:
            self._show(data)

    def _show(self, data: tuple[Any, dict[str, Any]]) -> None:
        self.result, self.document = data
        width = self.query_one("#tabs").content_size.width - 4
        room = self.query_one("#outcome").content_size.width - 2 or width
        self.query_one("#outcome", Static).update(draw_outcome(self.document, room))
        self._tell_events(width)
        self.query_one(AttributionPane).show(self.result)
        self.ask(self._draw_panels, self._drawn, "panels")
        self.ask(lambda: self.bench.twin.provenance(self.result), self._numbered, "numbers")

    def _tell_events(self, width: int) -> None:
        rows = {}
        for number, event in enumerate(self.document["events"]):
            mode = f"{event['mode']}: " if event["mode"] else ""
            says = textwrap.fill(mode + event["says"], max(width - 20, 20))
            rows[str(number)] = (str(event["cycle"]), event["severity"], says)
        self.query_one("#events", Table).show(rows)

    def _draw_panels(self) -> list[Any]:
        from twin.report.pictures import PANELS, panels

        drawn = []
        for name in PANELS:
            try:
                drawn += panels(self.result, name)
            except TwinError:
                continue
        return drawn

    def _drawn(self, panels: list[Any]) -> None:
        self._own_panels = panels
        self._paneled(panels)
        keys = {panel.key: panel for panel in panels}
        chief = keys.get("capacity") or keys.get("polarisation")
        for name, panel in zip(BESIDE, (chief, keys.get("margins")), strict=True):
            chart = self.query_one(f"#{name}", Chart)
            if panel is not None:
                chart.show_panel(panel)

    def _paneled(self, panels: list[Any]) -> None:
        self.panels = panels
        box = self.query_one("#which", Select)
        chosen = box.value
        box.set_options((panel.title.partition(" (")[0], i) for i, panel in enumerate(panels))
        if panels:
            box.value = chosen if isinstance(chosen, int) and chosen < len(panels) else 0

    @on(Select.Changed, "#which")
    def _figure_chosen(self, event: Select.Changed) -> None:
        if isinstance(event.value, int):
            self.query_one("#figure", Chart).show_panel(self.panels[event.value])

    def action_figure(self, step: int) -> None:
        """Show the next figure; the one there is, if they are not shown yet."""
        if self.panels:
            tabs = self.query_one("#tabs", TabbedContent)
            step = step if tabs.active == "t-figures" else 0
            tabs.active = "t-figures"
            box = self.query_one("#which", Select)
            now = box.value if isinstance(box.value, int) else 0
            box.value = (now + step) % len(self.panels)

    def action_measured(self) -> None:
        """Lay measured data over the voltage."""
        if self._own_panels:
            self.app.push_screen(
                Fill(
                    "Lay measured data over the voltage",
                    [("data", "A cycler's file, or a measurement", "last")],
                    "`twin measured` lists what was imported.",
                ),
                self._measured,
            )

    def _measured(self, answer: dict[str, str] | None) -> None:
        if answer is not None:
            self.ask(
                lambda: self.bench.twin.with_data(self.result, self._own_panels, answer["data"]),
                self._overlaid,
                "measured",
            )

    def _overlaid(self, panels: list[Any]) -> None:
        self._paneled(panels)
        self.query_one("#tabs", TabbedContent).active = "t-figures"
        voltage = next(i for i, panel in enumerate(panels) if panel.key == "voltage")
        box = self.query_one("#which", Select)
        box.value = voltage
        self.query_one("#figure", Chart).show_panel(panels[voltage])

    def _numbered(self, numbers: list[Any]) -> None:
        self._numbers = numbers
        self._fill("")

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        self.query_one("#parameters", Table).show(
            {
                n.key: (n.key, n.text, status_mark(n.status), n.source or "-")
                for n in self._numbers
                if wanted.lower() in f"{n.key} {n.status} {n.source}".lower()
            }
        )

    def tasks_changed(self) -> None:
        """Show how the attribution stands."""
        if self.result is not None:
            for pane in self.query(AttributionPane):  # none while the page is put up or down
                pane.look()

    def action_attribute(self) -> None:
        """Start the attribution of the run's cell, or stop it."""
        if self.result is not None:
            self.query_one("#tabs", TabbedContent).active = "t-attribution"
            self.query_one(AttributionPane).start_or_stop()

    def action_back(self) -> None:
        """Go back to where one came from."""
        self.app.pop_screen()

    def action_export(self) -> None:
        """Write files for other programs."""
        answers = [(to, to) for to in ("parquet", "csv", "netcdf", "bdf")]
        folder = self.bench.settings.exports_folder
        self.app.push_screen(
            Choose(f"Export run {self.run_id} into {folder} as:", answers), self._export
        )

    def _export(self, to: str | None) -> None:
        if to is not None:
            folder = Path(self.bench.settings.exports_folder)
            self.ask(
                lambda: self.bench.twin.export(self.run_id, to, folder), self._exported, "export"
            )

    def _exported(self, written: list[Any]) -> None:
        self.notify(
            "\n".join(f"{w.path} ({w.holds})" for w in written), title="Written", markup=False
        )

    def action_resume(self) -> None:
        """Go on where the run stopped."""
        if not self.document:
            return
        asked = self.document["cycles_requested"]
        done = self.document["status"] == Status.COMPLETED
        self.app.push_screen(
            Fill(
                f"Resume run {self.run_id}",
                [("cycles", "Up to cycle", str(asked + 100 if done else asked))],
                "A cell that died cannot go on: branch from an earlier cycle.",
            ),
            self._resume,
        )

    def _resume(self, answer: dict[str, str] | None) -> None:
        if answer is None:
            return
        cycles = _whole(answer["cycles"])
        if cycles is None:
            self.notify(f"{answer['cycles']!r} is no number of cycles", severity="error")
            return
        self.bench.run_queue.submit_resume(self.run_id, f"resumed {self.run_id}", cycles=cycles)
        self.bench.action_go("live")

    def action_branch(self) -> None:
        """Start a what-if from one of its cycles."""
        if not self.document:
            return
        before = max(self.document["last_cycle"] - 2, 0)
        self.app.push_screen(
            Fill(
                f"Branch from run {self.run_id}",
                [
                    ("from", "After cycle (0: the fresh cell)", str(before)),
                    ("cycles", "Up to cycle", str(self.document["cycles_requested"])),
                    ("set", "Change (KEY = VALUE; several parted by ;)", "stack.pressure = 10 MPa"),
                ],
                "The new run remembers where it came from.",
            ),
            self._branch,
        )

    def _branch(self, answer: dict[str, str] | None) -> None:
        if answer is None:
            return
        cycles, start = _whole(answer["cycles"]), _whole(answer["from"])
        try:
            overrides = parse_overrides(answer["set"].replace(";", "\n"))
        except TwinError as error:
            self.tell_error(error)
            return
        if cycles is None or start is None:
            self.notify("cycles are whole numbers", severity="error")
            return
        changes = ", ".join(f"{k.rpartition('.')[2]}={v}" for k, v in overrides.items())
        self.bench.run_queue.submit_resume(
            self.run_id,
            f"{self.run_id}@{start} {changes}",
            from_cycle=start,
            cycles=cycles,
            overrides=overrides,
        )
        self.bench.action_go("live")


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
