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
from twin_tui.runs.task import Task, margins
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
    LiveScreen #tasks { height: auto; max-height: 4; }
    LiveScreen.-high #tasks { max-height: 7; }
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
        self.shown_task: Task | None = None
        self._logged = (0, 0)
        self._seen = -1
        self._chart = 0

    def body(self) -> ComposeResult:
        """Yield list, gauges, charts and log."""
        yield Table(id="tasks")
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
        table = self.query_one("#tasks", Table)
        what = max(self.app.size.width - OTHERS, LEAST)
        table.set_columns(run=8, done=10, what=what, progress=None)
        table.focus()
        self.query_one(f"#{CHARTS[0]}").add_class("chosen")
        self.tasks_changed()

    def resumed(self) -> None:
        """Show what went on meanwhile."""
        self.tasks_changed()

    def tasks_changed(self) -> None:
        """Show what is new about the runs."""
        # News may come before the screen is there.
        table = next(iter(self.query("#tasks").results(Table)), None)
        if table is None or not table.ready:
            return
        for task in self.bench.run_queue.runs:
            key = str(task.number)
            cells = (task.id, f"{bar(task.share, 5)}{task.share:5.0%}", task.label, task.progress())
            new = key not in table.rows
            table.put(key, cells)
            if new:
                table.move_cursor(row=table.row_count - 1)
                self.shown_task = task
                self._seen = -1
        if self.shown_task is not None and self.shown_task.changes != self._seen:
            self._seen = self.shown_task.changes
            self._show(self.shown_task)

    @on(Table.RowHighlighted, "#tasks")
    def _chosen(self, event: Table.RowHighlighted) -> None:
        if event.row_key.value is None:
            return
        self.shown_task = self.bench.run_queue.tasks[int(event.row_key.value) - 1]
        self._seen = self.shown_task.changes
        self._show(self.shown_task)

    def _show(self, task: Task) -> None:
        self.refresh_bindings()
        width = self.query_one("#gauge").content_size.width or 36
        margins_now = margins(task.rows)
        lines = [
            gauge(name, margin, trend, width, warns=name in task.warns)
            for name, margin, trend in margins_now
        ]
        none = "no cycle was finished" if task.over else "no cycle is finished yet"
        waiting = Text(f"{task.progress()}: {none}")
        self.query_one("#gauge", Static).update(Text("\n").join(lines) if lines else waiting)
        try:
            state = state_of(task)
        except Exception as error:  # a row of a plugin's mode may hold anything
            state = Text(f"cannot be shown: {type(error).__name__}: {error}")
        self.query_one("#numbers", Static).update(state)
        self._log(task)
        for name in CHARTS:
            chart = self.query_one(f"#{name}", Chart)
            if chart.display:
                self._draw(chart, name, task)

    def _draw(self, chart: Chart, name: str, task: Task) -> None:
        if name in ("voltage", "current"):
            chart.show_panel(latest_panel(task, name)) if task.series else chart.say(
                "no series yet"
            )
        elif task.rows:
            # A thread draws it: what it looks at must not change meanwhile.
            still: Any = replace(task, rows=list(task.rows))
            chart.show_made(lambda: panel_of(still, name))
        else:
            chart.say("no cycle yet")

    def _log(self, task: Task) -> None:
        log = self.query_one("#log", RichLog)
        number, done = self._logged
        if number != task.number or done > len(task.log):
            log.clear()
            done = 0
        for line in task.log[done:]:
            log.write(line)
        self._logged = (task.number, len(task.log))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        going = self.shown_task is not None and not self.shown_task.over
        page = self.shown_task is not None and self.shown_task.run is not None
        acts = {"pause": going, "stop": going, "open": page, "chart": self._one_chart}
        return acts.get(action, True)

    @property
    def _one_chart(self) -> bool:
        """Whether there is room for one chart only."""
        shown = [chart for chart in self.query(Chart) if chart.display]
        return len(shown) < 2

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if self.shown_task is None or self.shown_task.over:
            self.notify("there is no run to pause")
        elif self.shown_task.state in ("paused", "pausing"):
            self.bench.run_queue.go_on(self.shown_task)
        else:
            self.bench.run_queue.pause(self.shown_task)

    def action_stop(self) -> None:
        """Stop the run; what is finished is kept."""
        if self.shown_task is None or self.shown_task.over:
            self.notify("there is no run to stop")
            return
        self.bench.run_queue.stop(self.shown_task)
        self.notify(f"{self.shown_task.id} ends after the step it is in; what is finished is kept")

    def action_chart(self) -> None:
        """Show the next chart."""
        self.query_one(f"#{CHARTS[self._chart]}").remove_class("chosen")
        self._chart = (self._chart + 1) % len(CHARTS)
        self.query_one(f"#{CHARTS[self._chart]}").add_class("chosen")
        if self.shown_task is not None:
            self.call_after_refresh(self._show, self.shown_task)

    def action_open(self) -> None:
        """Open the page of the run."""
        if self.shown_task is None or self.shown_task.run is None:
            self.notify("the run has no page yet")
            return
        from twin_tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.shown_task.run))


def panel_of(task: Any, name: str) -> Any:
    """Return capacity (of a symmetric cell: polarisation) or resistance as a panel."""
    from twin.report.pictures import panels

    symmetric = task.info.cell_kind != "full"
    return panels(task, "polarisation" if symmetric and name == "capacity" else name)[0]


def latest_panel(task: Task, name: str) -> Any:
    """Return voltage or current of the latest stored cycle as a panel."""
    from twin.report.pictures import Line, Panel

    assert task.series is not None
    unit, factor = {"voltage": ("V", 1.0), "current": ("mA", 1e3)}[name]
    y = [factor * value for value in task.series[name]]
    return Panel(
        name,
        f"{name.capitalize()} in cycle {task.series['cycle']}",
        "Time (h)",
        f"{name.capitalize()} ({unit})",
        (Line(name, task.series["time_h"], y),),
        span=0.01,
        include=(0.0,) if name == "current" else (),  # a level current is no noise about itself
    )


def state_of(task: Task) -> Text:
    """Return the latest values of what ages, in words; faces in patches as strips."""
    from twin.report.face import face_strips

    if not task.rows:
        return Text("")
    row, first = task.rows[-1], task.rows[0]
    ohms = twin.COLUMNS["resistance_Ohm_m2"]
    text = Text()

    def line(name: str, value: str, before: str = "") -> None:
        text.append(f"{name}: ")
        text.append(value, "bold")
        text.append(f"  (first {before})\n" if before and before != value else "\n", "dim")

    line("cycle", str(row["cycle"]))
    line("cell", task.health())
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
