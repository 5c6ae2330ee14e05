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
from twin_tui.runs.study import StudyJob
from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.table import Table

WATCH_EVERY_S = 5.0


def study_css(screen: str) -> str:
    """Return the layout of a study's screen (a screen's rules hold for its own class only)."""
    return f"""
    {screen} #studies {{ height: auto; max-height: 4; }}
    {screen}.-high #studies {{ max-height: 8; }}
    {screen} #left {{ width: 34; }}
    {screen}.-wide #left {{ width: 50; }}
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
        self.jobs_changed()

    @property
    def job(self) -> StudyJob | None:
        """The chosen study as it goes in this session, the latest time it was started."""
        jobs = [j for j in self.bench.desk.studies(self.KIND) if j.id == self.current]
        return jobs[-1] if jobs else None

    def _rows(self) -> dict[str, tuple[str, str, str, str]]:
        """Return what the table shows, newest first."""
        jobs = {job.id: job for job in self.bench.desk.studies(self.KIND)}
        rows = {}
        for key, job in reversed(jobs.items()):
            if key not in self.stored:
                rows[key] = (key, job.label, job.progress(), "now")
        for key, study in self.stored.items():
            own = jobs.get(key)
            says = own.progress() if own else self._stands(study)
            rows[key] = (key, study.cell_name, says, ago(study.created))
        return rows

    def _stands(self, study: Any) -> str:
        done = sum(study.members.get(status, 0) for status in LIVED)
        if study.status == Status.COMPLETED:
            return f"✓ finished, {done} {self.PARTS}"
        return f"… unfinished, {done} {self.PARTS} done: G goes on"

    def jobs_changed(self) -> None:
        """Show what is new about the studies."""
        # News may come before the screen is there.
        table = next(iter(self.query("#studies").results(Table)), None)
        if table is None or not table.ready:
            return
        rows = self._rows()
        if list(rows) != table.keys:
            self._refill(table, rows)
        else:
            for key, cells in rows.items():
                table.put(key, cells)
        self._look()

    def _refill(self, table: Table, rows: dict[str, tuple[str, str, str, str]]) -> None:
        if self.current is not None and self.current not in rows:
            # What was "#3" has got its id.
            job = next(
                (j for j in self.bench.desk.studies(self.KIND) if f"#{j.number}" == self.current),
                None,
            )
            self.current = job.id if job is not None and job.id in rows else None
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
        key, job = self.current, self.job
        if key is None:
            return
        study = self.stored.get(key)
        if job is not None and job.view is not None:
            mark: tuple[Any, ...] = (key, job.changes)
            if mark != self._shown:
                self._shown = mark
                self.show(job.view)
            return
        done = sum(study.members.values()) if study else 0
        mark = (key, "stored", done, study.status if study else "", job and job.changes)
        if mark == self._shown:
            return
        self._shown = mark
        if study is None or (job is not None and not job.over):
            self.view = None
            lines = job.log[-8:] if job is not None else []
            self.say("\n".join([job.progress() if job else "", "", *lines]))
        else:
            self.say("reading the study …")
            self.ask(lambda: self.read(key), lambda view: self._read(key, view), "view")

    def on_resize(self) -> None:
        """Show it for the new width."""
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
        job = self.bench.desk.submit_study(self.KIND, label, arguments, total)
        self.current = job.id
        self._shown = ()
        self.jobs_changed()
        self.redraw_bar()

    def action_stop(self) -> None:
        """Stop the study; what is done is kept."""
        job = self.job
        if job is None or job.over:
            self.notify("this study does not run in this bench")
            return
        self.bench.desk.stop(job)
        self.notify(f"{job.id} is being stopped; what is done is kept, and G goes on")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        job = self.job
        going, stored = job is not None and not job.over, self.current in self.stored
        acts = {"stop": going, "go_on": stored and not going, "export": stored}
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
