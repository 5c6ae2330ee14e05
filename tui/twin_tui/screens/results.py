"""Results: every stored run, to filter, sort, mark for a comparison, and open."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from twin.formats import ago, duration
from twin_tui.screens.base import WATCH_EVERY_S, BenchScreen
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.marks import cause, mark
from twin_tui.widgets.table import Table

COLUMNS = ("", "run", "cell", "status", "cycles", "cause", "took", "ago", "changes")
MOST_MARKED = 6
BESIDE = ("chief", "margins")
"""The charts of the chosen run."""


class ResultsScreen(BenchScreen):
    """The table of all runs."""

    KEY: ClassVar[str] = "results"
    HELP: ClassVar[str] = """
Results: every run in the database, newest first. The filter narrows the table to rows that
have all its words in run, cell, status, cause, overrides or overlays. O, or a click on a
heading, sorts by the next column. Members of forecasts are shown if the filter names their
study (Enter on the Forecast screen does that).

Enter opens a run's page. Space marks runs (two to six), C compares them. From 160 columns on
the chosen run is drawn beside the table."""
    CSS = """
    ResultsScreen #filter { margin: 0 1; }
    ResultsScreen #count { height: 1; padding: 0 1; }
    ResultsScreen #table { width: 1fr; }
    ResultsScreen #beside { width: 64; display: none; }
    ResultsScreen.-vast #beside { display: block; }
    ResultsScreen #beside Chart { border: round $primary-darken-1; }
    """
    BINDINGS = [
        Binding("enter", "open", "Open", id="results.open", priority=False),
        Binding("space", "mark", "Mark", id="results.mark"),
        Binding("c", "compare", "Compare marked", id="results.compare"),
        Binding("o", "sort", "Sort", id="results.sort"),
        Binding("slash", "filter", "Filter", key_display="/", id="results.filter"),
        Binding("r", "reload", "Reload", id="results.reload"),
        Binding("escape", "table", "Back to the table", show=False, id="results.table"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Any] = []
        self._order = 7
        self._reverse = False
        self._charted: tuple[Any, ...] = ()

    def body(self) -> ComposeResult:
        """Yield filter, table and count."""
        yield Input(
            self.bench.state.filter, placeholder="/ filter: run, cell, status …", id="filter"
        )
        with Horizontal():
            yield Table(id="table")
            with Vertical(id="beside"):
                for name in BESIDE:
                    yield Chart(id=name)
        yield Static("reading the database …", id="count")

    def on_mount(self) -> None:
        """Read the runs."""
        super().on_mount()
        table = self.query_one("#table", Table)
        table.set_columns(*COLUMNS)
        table.focus()
        self.action_reload()
        self.set_interval(WATCH_EVERY_S, self._watch)

    def _watch(self) -> None:
        """Look again at what others write."""
        if self.is_current:
            self.ask(lambda: self.bench.twin.runs(), self._show_news, "runs")

    def _show_news(self, runs: list[Any]) -> None:
        if _stand(runs) != _stand(self.runs):
            self._show(runs)

    def resumed(self) -> None:
        """Read the runs again: others may have been added, and another filter set."""
        self.query_one("#filter", Input).value = self.bench.state.filter
        self.action_reload()

    def action_reload(self) -> None:
        """Read the runs again."""
        self.ask(lambda: self.bench.twin.runs(), self._show, "runs")

    def _show(self, runs: list[Any]) -> None:
        self.runs = runs
        self._fill()

    def _fill(self) -> None:
        table = self.query_one("#table", Table)
        wanted = self.query_one("#filter", Input).value.lower().split()
        # Hundreds of members would bury the other runs: they are shown when their study is named.
        pool = [run for run in self.runs if run.study is None or run.study in wanted]
        shown = [run for run in pool if all(word in searched(run) for word in wanted)]
        shown.sort(key=lambda run: _sort_key(run, self._order), reverse=self._reverse)
        marked = self.bench.marked
        table.show({run.id: ("●" if run.id in marked else " ", *_row(run)) for run in shown})
        marks = f", {len(marked)} marked" if marked else ""
        order = f"sorted by {COLUMNS[self._order]}{' (downwards)' if self._reverse else ''}"
        none = "no runs yet: start one on the Scenario screen (2)"
        text = f"{len(shown)} of {len(pool)} runs, {order}{marks}" if self.runs else none
        if len(pool) < len(self.runs):
            text += f"; {len(self.runs) - len(pool)} members of studies hidden"
        self.query_one("#count", Static).update(text)

        self._look()
        self.refresh_bindings()

    @on(Table.RowHighlighted, "#table")
    def _look(self) -> None:
        """Draw the chosen run beside the table, where there is room, once it has gone on."""
        run = next((run for run in self.runs if run.id == self._current()), None)
        state = (run.id, run.cycles) if run is not None else ()
        if not self.has_class("-vast") or state == self._charted:
            return
        self._charted = state
        if run is None:
            self._draw_beside(state, [])
        else:
            self.ask(
                lambda: self.bench.twin.chief_panels(run.id) if run.cycles else [],
                lambda panels: self._draw_beside(state, panels),
                "beside",
            )

    def _draw_beside(self, state: tuple[Any, ...], panels: list[Any]) -> None:
        if state == self._charted:
            for number, name in enumerate(BESIDE):
                chart = self.query_one(f"#{name}", Chart)
                if number < len(panels):
                    chart.show_panel(panels[number])
                else:
                    chart.say("" if not state or panels else "no cycle is finished")

    def on_resize(self) -> None:
        """Draw the chosen run where there is room now."""
        self.call_after_refresh(self._look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        acts = {"compare": len(self.bench.marked) > 1}
        acts |= dict.fromkeys(("open", "mark"), bool(self.runs))
        return acts.get(action, True)

    def _current(self) -> str | None:
        return self.query_one("#table", Table).chosen

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self.bench.state.filter = event.value
        self._fill()

    @on(Input.Submitted, "#filter")
    def action_table(self) -> None:
        """Go to the table."""
        self.query_one("#table").focus()

    @on(Table.HeaderSelected)
    def _header(self, event: Table.HeaderSelected) -> None:
        self._sort_by(event.column_index)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort_by(self._order % (len(COLUMNS) - 1) + 1, again=False)

    def _sort_by(self, column: int, *, again: bool = True) -> None:
        self._reverse = not self._reverse if again and column == self._order else False
        self._order = max(column, 1)
        self._fill()

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#filter").focus()

    def action_mark(self) -> None:
        """Mark the run for a comparison, or unmark it."""
        run = self._current()
        if run is None:
            return
        marked = self.bench.marked
        if run in marked:
            marked.remove(run)
        elif len(marked) >= MOST_MARKED:
            self.notify(f"{MOST_MARKED} are marked already: unmark one first", severity="warning")
            return
        else:
            marked.append(run)
        self._fill()
        self.query_one("#table", Table).action_cursor_down()

    def action_compare(self) -> None:
        """Compare the marked runs."""
        if len(self.bench.marked) < 2:
            self.notify("mark two to six runs with Space first", severity="warning")
            return
        self.bench.action_go("compare")

    @on(Table.RowSelected)
    def action_open(self) -> None:
        """Open the page of the run."""
        run = self._current()
        if run is not None:
            from twin_tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(run))


def _row(run: Any) -> tuple[str, ...]:
    return (
        run.id,
        run.cell_name,
        mark(run.status_now),
        f"{run.cycles}/{run.cycles_requested}",
        cause(run),
        duration(run.wall_s) if run.wall_s else "",
        ago(run.created),
        ", ".join(changes(run)),
    )


def _sort_key(run: Any, column: int) -> Any:
    if column == 4:
        return -run.cycles
    if column == 6:
        return -run.wall_s
    return -run.created.timestamp() if column in (0, 7) else _row(run)[column - 1]


def searched(run: Any) -> str:
    """Return the text that the filter looks through."""
    return " ".join([*_row(run), run.status_now, run.study or ""]).lower()


def changes(run: Any) -> list[str]:
    """Return what a run changed of its cell, and where it branched from."""
    settings = run.settings
    changes = [*settings.get("overlays", ())]
    changes += [f"{key}={value}" for key, value in settings.get("overrides", {}).items()]
    return [*changes, *([f"from {run.parent_run}@{run.parent_cycle}"] if run.parent_run else [])]


def _stand(runs: list[Any]) -> list[tuple[str, str, int]]:
    """Return what of runs changes while others write them."""
    return [(run.id, str(run.status_now), run.cycles) for run in runs]
