"""Attribution, a tab of a run's page: what each mode cost, once every subset has been lived."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static, TabPane

from twin_tui.runs.study import StudyTask
from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.attribution import draw_attribution


class AttributionPane(TabPane):
    """The attribution of one run's cell, protocol and modes: stored, going, or to be started.

    Parameters
    ----------
    run : str
        The run's id.
    """

    DEFAULT_CSS = """
    AttributionPane #attribution { padding: 0 1; }
    """

    def __init__(self, run: str, **more: Any):
        super().__init__("Attribution", **more)
        self._label = f"attribution of {run}"
        self._result: Any = None
        self._found: dict[str, Any] | None = None
        self._asked_again = False

    def compose(self) -> ComposeResult:
        """Build the tab."""
        with VerticalScroll():
            yield Static("reading the studies …", id="attribution")

    @property
    def page(self) -> BenchScreen:
        """The run's page."""
        screen = self.screen
        assert isinstance(screen, BenchScreen)
        return screen

    @property
    def shown_task(self) -> StudyTask | None:
        """The attribution of this run that was last started here."""
        tasks = [
            j for j in self.page.bench.run_queue.studies("attribute") if j.label == self._label
        ]
        return tasks[-1] if tasks else None

    def show(self, result: Any) -> None:
        """Show what is stored of a run's attribution."""
        self._result = result
        self._ask()

    def _ask(self) -> None:
        twin, result = self.page.bench.twin, self._result
        self.page.ask(lambda: twin.attribution(result), self._answered, "attribution")

    def _answered(self, document: dict[str, Any] | None) -> None:
        self._found = document
        self.look()

    def look(self) -> None:
        """Show how it stands."""
        task, says = self.shown_task, self.query_one("#attribution", Static)
        if task is not None and task.state == "finished" and self._found is None:
            if not self._asked_again:
                self._asked_again = True
                self._ask()
        elif task is not None and task.state != "finished":
            again = "\n\nA goes on with it" if task.over else "\n\nA stops it; what is done is kept"
            says.update(Text(f"{task.progress()}{again}\n\n" + "\n".join(task.log[-8:])))
        elif self._found is not None:
            says.update(draw_attribution(self._found, self.page.size.width - 4))
        else:
            lives = 2 ** len(self.page.bench.twin.acting(self._result.info))
            says.update(
                f"No attribution of this cell with this protocol is stored.\n\nA starts one: "
                f"{lives} lives, one with every subset of its modes."
            )

    def start_or_stop(self) -> None:
        """Start the attribution, go on with one that was stopped, or stop the one that goes."""
        task, twin, result = self.shown_task, self.page.bench.twin, self._result
        if task is not None and not task.over:
            self.page.bench.run_queue.stop(task)
        elif self._found is None:
            self.page.ask(lambda: twin.attribution_of(result), self._start, "start")

    def _start(self, arguments: dict[str, Any]) -> None:
        task, total = self.shown_task, 2 ** len(arguments["modes"])
        if task is not None and task.study is not None:
            arguments["study"] = task.study
        self._asked_again = False
        self.page.bench.run_queue.submit_study("attribute", self._label, arguments, total)
