"""What the screens of studies share: the list of them, and to start, stop and go on with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from twin import LIVED, Status
from twin.formats import ago
from twin_tui.runs.study import StudyTask
from twin_tui.screens.base import WATCH_EVERY_S, BenchScreen
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.table import Table


def study_css(screen: str) -> str:
    """Return the layout of a study's screen (a screen's rules hold for its own class only)."""
    return f"""
    {screen} #studies {{ height: auto; max-height: 4; }}
    {screen}.-high #studies {{ max-height: 8; }}
    {screen} #left {{ width: 34; }}
    {screen}.-wide #left {{ width: 50; }}
    {screen}.-none #left {{ width: 1fr; }}
    {screen}.-none #charts {{ display: none; }}
    """


class StudyScreen(BenchScreen):
    """The studies of one kind, those of this session and all others of the database."""

    KIND: ClassVar[str] = ""
    PARTS: ClassVar[str] = "members"
    NONE: ClassVar[str] = ""
    CHARTS: ClassVar[tuple[str, ...]] = ()
    """The charts beside the summary, by their ids; a small screen shows one of them."""
    BINDINGS = [
        Binding("n", "new", "New", id="study.new"),
        Binding("s", "stop", "Stop", id="study.stop"),
        Binding("g", "go_on", "Go on", id="study.go"),
        Binding("e", "export", "Export", id="study.export"),
        Binding("r", "reload", "Reload", show=False, id="study.reload"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, Any] = {}
        self.current: str | None = None
        self.view: dict[str, Any] | None = None
        self._shown: tuple[Any, ...] = ()
        self._chart = 0

    def right(self) -> ComposeResult:
        """Yield what stands beside the summary."""
        yield from ()

    def body(self) -> ComposeResult:
        """Yield list, summary and the rest."""
        yield Table(id="studies")
        with Horizontal():
            with VerticalScroll(id="left", classes="pane") as left:
                left.border_title = "Summary"
                yield Static(self.NONE, id="says")
            yield from self.right()

    def on_mount(self) -> None:
        """Set the table up and read the studies."""
        table = self.query_one("#studies", Table)
        table.set_columns(study=8, cell=16, progress=None, ago=6)
        table.focus()
        self.action_reload()
        self.set_interval(WATCH_EVERY_S, self._watch)

    def resumed(self) -> None:
        """Read the studies again: others may have been added."""
        if self.query("#studies"):
            self.action_reload()

    def action_reload(self) -> None:
        """Read the studies again."""
        self.ask(lambda: self.bench.twin.studies(self.KIND), self._listed, "studies")

    def _watch(self) -> None:
        """Look again at what others write, while there is such a thing."""
        going = any(study.status == Status.RUNNING for study in self.stored.values())
        if self.is_current and going:
            self.action_reload()

    def _listed(self, studies: list[Any]) -> None:
        self.stored = {study.id: study for study in studies}
        self.tasks_changed()

    @property
    def shown_task(self) -> StudyTask | None:
        """The chosen study as it goes in this session, the latest time it was started."""
        tasks = [j for j in self.bench.run_queue.studies(self.KIND) if j.id == self.current]
        return tasks[-1] if tasks else None

    def _rows(self) -> dict[str, tuple[str, str, str, str]]:
        """Return what the table shows, newest first."""
        tasks = {task.id: task for task in self.bench.run_queue.studies(self.KIND)}
        rows = {}
        for key, task in reversed(tasks.items()):
            if key not in self.stored:
                rows[key] = (key, task.label, task.progress(), "now")
        for key, study in self.stored.items():
            own = tasks.get(key)
            says = own.progress() if own else self._stands(study)
            rows[key] = (key, study.cell_name, says, ago(study.created))
        return rows

    def _stands(self, study: Any) -> str:
        done = sum(study.members.get(status, 0) for status in LIVED)
        if study.status == Status.COMPLETED:
            return f"✓ finished, {done} {self.PARTS}"
        return f"… unfinished, {done} {self.PARTS} done: G goes on"

    def tasks_changed(self) -> None:
        """Show what is new about the studies."""
        # News may come before the screen is there.
        table = next(iter(self.query("#studies").results(Table)), None)
        if table is None or not table.ready:
            return
        rows = self._rows()
        self.set_class(not rows, "-none")
        if list(rows) != table.keys:
            self._refill(table, rows)
        else:
            for key, cells in rows.items():
                table.put(key, cells)
        self._look()

    def _refill(self, table: Table, rows: dict[str, tuple[str, str, str, str]]) -> None:
        if self.current is not None and self.current not in rows:
            # What was "#3" has got its id.
            task = next(
                (
                    j
                    for j in self.bench.run_queue.studies(self.KIND)
                    if f"#{j.number}" == self.current
                ),
                None,
            )
            self.current = task.id if task is not None and task.id in rows else None
        at = self.current or next(iter(rows), None)
        with self.prevent(Table.RowHighlighted):
            table.show(rows, at)
        self.current = at

    @on(Table.RowHighlighted, "#studies")
    def _chosen(self, event: Table.RowHighlighted) -> None:
        if event.row_key.value is not None and event.row_key.value != self.current:
            self.current = event.row_key.value
            self._look()

    def _look(self) -> None:
        """Show the chosen study, if there is something new about it."""
        self.refresh_bindings()
        key, task = self.current, self.shown_task
        if key is None:
            return
        study = self.stored.get(key)
        if task is not None and task.view is not None:
            mark: tuple[Any, ...] = (key, task.changes)
            if mark != self._shown:
                self._shown = mark
                self.show(task.view)
            return
        done = sum(study.members.values()) if study else 0
        mark = (key, "stored", done, study.status if study else "", task and task.changes)
        if mark == self._shown:
            return
        self._shown = mark
        if study is None or (task is not None and not task.over):
            self.view = None
            lines = task.log[-8:] if task is not None else []
            self.say("\n".join([task.progress() if task else "", "", *lines]))
        else:
            self.say("reading the study …")
            self.ask(lambda: self.read(key), lambda view: self._read(key, view), "view")

    def on_resize(self) -> None:
        """Show it for the new width."""
        self.refresh_bindings()
        if self.view is not None:
            self.call_after_refresh(self.show, self.view)

    def action_chart(self) -> None:
        """Show the next chart."""
        self.query_one(f"#{self.CHARTS[self._chart]}").remove_class("chosen")
        self._chart = (self._chart + 1) % len(self.CHARTS)
        self.query_one(f"#{self.CHARTS[self._chart]}").add_class("chosen")
        self.call_after_refresh(self.draw_charts)

    def draw_charts(self) -> None:
        """Draw the charts that are shown."""

    def _read(self, key: str, view: dict[str, Any]) -> None:
        if key == self.current:
            self.show(view)

    def read(self, study: str) -> dict[str, Any]:
        """Return the view of a stored study (in a thread)."""
        raise NotImplementedError

    def show(self, view: dict[str, Any]) -> None:
        """Show the view of a study."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show words in place of a study."""
        self.query_one("#says", Static).update(Text(text))

    def start(self, label: str, arguments: dict[str, Any], total: int) -> None:
        """Queue a study and show it."""
        task = self.bench.run_queue.submit_study(self.KIND, label, arguments, total)
        self.current = task.id
        self._shown = ()
        self.tasks_changed()
        self.redraw_bar()

    def action_stop(self) -> None:
        """Stop the study; what is done is kept."""
        task = self.shown_task
        if task is None or task.over:
            self.notify("this study does not run in this bench")
            return
        self.bench.run_queue.stop(task)
        self.notify(f"{task.id} is being stopped; what is done is kept, and G goes on")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        task = self.shown_task
        going, stored = task is not None and not task.over, self.current in self.stored
        acts = {"stop": going, "go_on": stored and not going, "export": stored}
        acts["members"] = stored
        # Where all charts are shown, or none, there is no next one.
        acts["chart"] = sum(bool(chart.display) for chart in self.query(Chart)) == 1
        acts["chart"] &= self.current is not None
        return acts.get(action, True)

    def exported(self, files: list[Path]) -> None:
        """Tell which files were written."""
        self.notify("\n".join(map(str, files)), title="Written", markup=False)

    def stored_study(self) -> str | None:
        """Return the chosen study's id if it is in the database; tell if there is none."""
        if self.current in self.stored:
            return self.current
        self.notify("choose a study that is in the database first", severity="warning")
        return None


def whole(text: str, key: str, least: int = 1) -> int:
    """Read a whole number that somebody typed.

    Raises
    ------
    InputError
        If it is none.
    """
    from twin import InputError

    if not text.strip().isdigit() or int(text) < least:
        raise InputError(f"{text!r} is no whole number from {least}", key=key, fix="write digits")
    return int(text)
