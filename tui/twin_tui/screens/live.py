"""Live: every run of this session, and one of them in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.widgets import RichLog, Static

import twin
from twin.formats import bar, short
from twin_tui.runs.job import Job, margins
from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.pictures import gauge
from twin_tui.widgets.table import Table

OTHERS, LEAST = 70, 20
"""What a row takes beside what is run, and the least room for that [columns]."""
CHARTS = ("voltage", "capacity", "current", "resistance")
STATE_WORDS = (
    "conducting fraction",
    "interphase thickness",
    "interphase resistance",
    "flaw",
    "filament",
    "crack",
    "void fraction",
    "delaminated fraction",
    "sodium thickness",
)
_UNITS = {"m": ("µm", 1e6), "Ohm.m2": ("Ω cm²", 1e4), "Pa": ("MPa", 1e-6)}


class LiveScreen(BenchScreen):
    """Runs as they go."""

    KEY: ClassVar[str] = "live"
    HELP: ClassVar[str] = """
Live: the runs started here, each in a process of its own. The list shows state, progress
and time left; the arrow keys choose the run that is shown in full: voltage and current of
the latest stored cycle, capacity and resistance over cycles, a gauge for every criterion
(1 for the fresh cell, 0 at failure; ↓ falling, → steady, ↑ recovering), contact, pressure,
temperature, interphase and flaws, and what has happened, in words.

Pause takes effect after the cycle a run is in, Stop after the step; what is finished is
kept. On a small screen one chart is shown at a time: V changes it."""
    CSS = """
    LiveScreen #jobs { height: auto; max-height: 4; }
    LiveScreen.-high #jobs { max-height: 7; }
    LiveScreen #left { width: 40; }
    LiveScreen.-wide #left { width: 60; }
    LiveScreen #gauges { height: auto; max-height: 60%; }
    LiveScreen #gauge { text-wrap: nowrap; text-overflow: ellipsis; }
    LiveScreen #state { height: 1fr; }
    LiveScreen #charts { grid-size: 1 1; width: 1fr; height: 1fr; }
    LiveScreen.-wide.-high #charts { grid-size: 2 2; }
    LiveScreen Chart { display: none; border: round $primary-darken-1; }
    LiveScreen Chart.chosen { display: block; }
    LiveScreen.-wide.-high Chart { display: block; }
    LiveScreen #log { height: 3; padding: 0 1; background: $panel; }
    LiveScreen.-high #log { height: 7; }
    """
    BINDINGS = [
        Binding("p", "pause", "Pause/go on", id="run.pause"),
        Binding("s", "stop", "Stop", id="run.stop"),
        Binding("v", "chart", "Next chart", id="live.chart"),
        Binding("enter", "open", "Its page", id="live.open", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.job: Job | None = None
        self._logged = (0, 0)
        self._seen = -1
        self._chart = 0

    def body(self) -> ComposeResult:
        """Yield list, gauges, charts and log."""
        yield Table(id="jobs")
        with Horizontal():
            with Vertical(id="left"):
                with VerticalScroll(id="gauges", classes="pane") as gauges:
                    gauges.border_title = "Margins (1 fresh, 0 failed)"
                    gauges.can_focus = False
                    yield Static("start a run on the Scenario screen (2)", id="gauge")
                with VerticalScroll(id="state", classes="pane") as state:
                    state.border_title = "State of the cell"
                    yield Static(id="numbers")
            with Grid(id="charts"):
                for name in CHARTS:
                    yield Chart("no cycle yet", id=name)
        yield RichLog(id="log", wrap=True, max_lines=300, markup=False)

    def on_mount(self) -> None:
        """Set the table up."""
        super().on_mount()
        table = self.query_one("#jobs", Table)
        what = max(self.app.size.width - OTHERS, LEAST)
        table.set_columns(run=8, done=10, what=what, progress=None)
        table.focus()
        self.query_one(f"#{CHARTS[0]}").add_class("chosen")
        self.jobs_changed()

    def resumed(self) -> None:
        """Show what went on meanwhile."""
        self.jobs_changed()

    def jobs_changed(self) -> None:
        """Show what is new about the runs."""
        # News may come before the screen is there.
        table = next(iter(self.query("#jobs").results(Table)), None)
        if table is None or not table.ready:
            return
        for job in self.bench.desk.runs:
            key = str(job.number)
            cells = (job.id, f"{bar(job.share, 5)}{job.share:5.0%}", job.label, job.progress())
            new = key not in table.rows
            table.put(key, cells)
            if new:
                table.move_cursor(row=table.row_count - 1)
                self.job = job
                self._seen = -1
        if self.job is not None and self.job.changes != self._seen:
            self._seen = self.job.changes
            self._show(self.job)

    @on(Table.RowHighlighted, "#jobs")
    def _chosen(self, event: Table.RowHighlighted) -> None:
        if event.row_key.value is None:
            return
        self.job = self.bench.desk.jobs[int(event.row_key.value) - 1]
        self._seen = self.job.changes
        self._show(self.job)

    def _show(self, job: Job) -> None:
        self.refresh_bindings()
        width = self.query_one("#gauges").content_size.width or 36
        found = margins(job.rows)
        lines = [
            gauge(name, margin, trend, width, warns=name in job.warns)
            for name, margin, trend in found
        ]
        none = "no cycle was finished" if job.over else "no cycle is finished yet"
        waiting = Text(f"{job.progress()}: {none}")
        self.query_one("#gauge", Static).update(Text("\n").join(lines) if lines else waiting)
        try:
            state = state_of(job)
        except Exception as error:  # a row of a plugin's mode may hold anything
            state = Text(f"cannot be shown: {type(error).__name__}: {error}")
        self.query_one("#numbers", Static).update(state)
        self._log(job)
        for name in CHARTS:
            chart = self.query_one(f"#{name}", Chart)
            if chart.display:
                self._draw(chart, name, job)

    def _draw(self, chart: Chart, name: str, job: Job) -> None:
        if name in ("voltage", "current"):
            chart.show_panel(latest_panel(job, name)) if job.series else chart.say("no series yet")
        elif job.rows:
            # A thread draws it: what it looks at must not change meanwhile.
            still: Any = replace(job, rows=list(job.rows))
            chart.show_made(lambda: panel_of(still, name))
        else:
            chart.say("no cycle yet")

    def _log(self, job: Job) -> None:
        log = self.query_one("#log", RichLog)
        number, done = self._logged
        if number != job.number or done > len(job.log):
            log.clear()
            done = 0
        for line in job.log[done:]:
            log.write(line)
        self._logged = (job.number, len(job.log))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        going = self.job is not None and not self.job.over
        page = self.job is not None and self.job.run is not None
        acts = {"pause": going, "stop": going, "open": page, "chart": self._one_chart}
        return acts.get(action, True)

    @property
    def _one_chart(self) -> bool:
        """Whether there is room for one chart only."""
        shown = [chart for chart in self.query(Chart) if chart.display]
        return len(shown) < 2

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if self.job is None or self.job.over:
            self.notify("there is no run to pause")
        elif self.job.state in ("paused", "pausing"):
            self.bench.desk.go_on(self.job)
        else:
            self.bench.desk.pause(self.job)

    def action_stop(self) -> None:
        """Stop the run; what is finished is kept."""
        if self.job is None or self.job.over:
            self.notify("there is no run to stop")
            return
        self.bench.desk.stop(self.job)
        self.notify(f"{self.job.id} ends after the step it is in; what is finished is kept")

    def action_chart(self) -> None:
        """Show the next chart."""
        self.query_one(f"#{CHARTS[self._chart]}").remove_class("chosen")
        self._chart = (self._chart + 1) % len(CHARTS)
        self.query_one(f"#{CHARTS[self._chart]}").add_class("chosen")
        if self.job is not None:
            self.call_after_refresh(self._show, self.job)

    def action_open(self) -> None:
        """Open the page of the run."""
        if self.job is None or self.job.run is None:
            self.notify("the run has no page yet")
            return
        from twin_tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.job.run))


def panel_of(job: Any, name: str) -> Any:
    """Return capacity (of a symmetric cell: polarisation) or resistance as a panel."""
    from twin.report.pictures import panels

    symmetric = job.info.cell_kind != "full"
    return panels(job, "polarisation" if symmetric and name == "capacity" else name)[0]


def latest_panel(job: Job, name: str) -> Any:
    """Return voltage or current of the latest stored cycle as a panel."""
    from twin.report.pictures import Line, Panel

    assert job.series is not None
    unit, factor = {"voltage": ("V", 1.0), "current": ("mA", 1e3)}[name]
    y = [factor * value for value in job.series[name]]
    return Panel(
        name,
        f"{name.capitalize()} in cycle {job.series['cycle']}",
        "Time (h)",
        f"{name.capitalize()} ({unit})",
        (Line(name, job.series["time_h"], y),),
        span=0.01,
        include=(0.0,) if name == "current" else (),  # a level current is no noise about itself
    )


def state_of(job: Job) -> Text:
    """Return the latest values of what ages, in words; faces in patches as strips."""
    from twin.report.face import face_strips

    if not job.rows:
        return Text("")
    row, first = job.rows[-1], job.rows[0]
    ohms = twin.COLUMNS["resistance_Ohm_m2"]
    text = Text()

    def line(name: str, value: str, before: str = "") -> None:
        text.append(f"{name}: ")
        text.append(value, "bold")
        text.append(f"  (first {before})\n" if before and before != value else "\n", "dim")

    line("cycle", str(row["cycle"]))
    line("cell", job.health())
    line(
        "resistance",
        f"{short(ohms.show(row[ohms.key]))} Ω cm²",
        short(ohms.show(first[ohms.key])),
    )
    ends = (twin.COLUMNS[f"pressure_{end}_Pa"] for end in ("min", "max"))
    low, high = (short(column.show(row[column.key])) for column in ends)
    line("pressure", f"{low} MPa" if low == high else f"{low} to {high} MPa")
    warmest = twin.COLUMNS["temperature_max_K"]
    line("temperature", f"{warmest.show(row[warmest.key]):.1f} °C")
    for name, strip in face_strips(row):
        text.append(f"{name}: ")
        text.append(f"▕{strip}▏\n", "bold")
    for key, value in row.items():
        if "(patch " in key or not any(word in key for word in STATE_WORDS) or "(worst)" in key:
            continue
        if not isinstance(value, int | float):
            continue
        name, _, unit = key.rstrip("]").partition(" [")
        shown, factor = _UNITS.get(unit, (unit, 1.0))
        before = first.get(key)
        was = short(before * factor) if isinstance(before, int | float) else ""
        line(name.lower(), f"{short(value * factor)} {shown}".strip(), f"{was} {shown}".strip())
    return text
