"""Start: how the lab stands, and one key to each of the commonest questions."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from twin import Status
from twin.formats import ago, bar
from twin_tui.screens.base import NAMES, BenchScreen
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.marks import cause, mark

AGAIN_S = 5.0
"""How often the database is looked at, for what other terminals do [s]."""
QUESTIONS = (
    ("k", "scenario", "Which mode kills this cell, and in which cycle?"),
    ("f", "forecast", "How sure is that? Many such cells, each a little different"),
    ("m", "map", "What if I press harder, or charge faster?"),
    ("l", "cells", "Look at a published cell, or make one of mine"),
    ("r", "results", "What did we run, and how did it end?"),
    ("d", "modes", "What can kill a cell, and is all well here?"),
)


class StartScreen(BenchScreen):
    """The first screen."""

    KEY: ClassVar[str] = "start"
    HELP: ClassVar[str] = """
The lab: what is running (here or in another terminal), the last runs, and what cells died
of so far (members of studies are not counted). The keys on the left lead to the screen that
answers the question; below them, where there is room, is a figure of the last run. A run's page
opens from the Results (4)."""
    CSS = """
    StartScreen #left, StartScreen #stand { width: 1fr; }
    StartScreen #ask { height: auto; }
    StartScreen #lab { text-wrap: nowrap; text-overflow: ellipsis; }
    StartScreen #last { display: none; border: round $primary-darken-1;
        border-title-color: $text-accent; }
    StartScreen.-wide.-high #last { display: block; }
    StartScreen.-wide.-high #last.-empty { display: none; }
    StartScreen.-narrow Horizontal { layout: vertical; }
    StartScreen.-narrow #left { width: 100%; height: auto; }
    StartScreen.-narrow #stand { width: 100%; height: 1fr; }
    """
    BINDINGS = [
        Binding(key, f"app.go('{screen}')", words, show=False, id=f"start.{screen}")
        for key, screen, words in QUESTIONS
    ]

    def body(self) -> ComposeResult:
        """Yield the questions and the state of the lab."""
        with Horizontal():
            with Vertical(id="left"):
                with VerticalScroll(id="ask", classes="pane") as ask:
                    ask.border_title = "Ask the twin"
                    ask.can_focus = False
                    yield Static(questions(), id="questions")
                yield Chart(id="last")
            with VerticalScroll(id="stand", classes="pane") as stand:
                stand.border_title = "The lab"
                yield Static("reading the database …", id="lab")

    def on_mount(self) -> None:
        """Look at the database now, and again while the screen is shown."""
        super().on_mount()
        self._charted: tuple[Any, ...] = ()
        self.set_interval(AGAIN_S, self._look_again)
        self.call_after_refresh(self.resumed)

    def resumed(self) -> None:
        """Look at the database."""
        self.ask(self.bench.twin.lab, self._show, "lab")

    def tasks_changed(self) -> None:
        """Look again: a run has begun, or is over."""
        self.resumed()

    def _look_again(self) -> None:
        if self.is_current:
            self.resumed()

    def _show(self, lab: Any) -> None:
        width = max(self.query_one("#lab").content_size.width, 30)
        self.query_one("#lab", Static).update(draw_lab(lab, width))
        self._chart(next((run for run in lab.last if run.cycles), None))

    def _chart(self, run: Any) -> None:
        """Draw the last run that has a cycle, if it is another one or has gone on."""
        state = (run.id, run.cycles) if run is not None else ()
        chart = self.query_one("#last", Chart)
        chart.set_class(run is None, "-empty")
        if run is not None and state != self._charted:
            self._charted = state
            chart.border_title = f"Last run: {run.id}, {run.cell_name}"
            chart.show_made(lambda: self.bench.twin.chief_panels(run.id)[0])


def questions() -> Table:
    """Return the questions with their keys; what does not fit goes on below the words."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for key, screen, words in QUESTIONS:
        asked = Text(f"{words} ").append(f"({NAMES[screen]})", "dim")
        table.add_row(Text(f" {key} ", "reverse"), asked)
    return table


def draw_lab(lab: Any, width: int) -> Text:
    """Draw how the lab stands."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if not lab.runs:
        return Text("no runs yet: k starts the first one, and so does `twin run CELL`")
    text.append("Running\n", "bold")
    for run in lab.going:
        text.append(f" ▶ {run.id}  {run.cell_name}  {run.cycles}/{run.cycles_requested}\n")
    if not lab.going:
        text.append(" nothing\n", "dim")
    text.append("\nLast runs\n", "bold")
    for run in lab.last:
        text.append(f" {mark(run.status_now)[0]} {run.id}  {run.cell_name}")
        text.append(f"  {cause(run)}" if cause(run) else "")
        text.append(f"  {ago(run.created)}\n", "dim")
    text.append(f"\nWhat {lab.runs} {'run' if lab.runs == 1 else 'runs'} came to\n", "bold")
    counts = [*lab.deaths.items(), *([("alive", lab.alive)] if lab.alive else [])]
    most, room = max((n for _, n in counts), default=1), max(width - 24, 8)
    for name, count in counts:
        text.append(f" {name:14.14} {bar(count / most, room)} {count}\n")
    if lab.studies:
        text.append("\nLast studies\n", "bold")
    for study in lab.studies:
        # Whoever lives it may be gone: all that is known is that it is not finished.
        state = "unfinished" if study.status == Status.RUNNING else study.status
        text.append(f" {study.id}  {study.kind} of {study.cell_name}, {state}")
        text.append(f"  {ago(study.created)}\n", "dim")
    return text
