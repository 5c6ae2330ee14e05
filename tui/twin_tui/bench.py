"""What the screens may ask of the application: the settings, the twin, the runs, the state.

The screens know this class and not :class:`twin_tui.app.Bench`, which knows the screens.
"""

from __future__ import annotations

from textual.app import App

from twin import TwinError
from twin_tui.library import Twin
from twin_tui.runs.run_queue import RunQueue
from twin_tui.runs.scenario import Scenario
from twin_tui.runs.task import Task
from twin_tui.settings import Settings, State


class BenchApp(App[None]):
    """The bench without its screens.

    Parameters
    ----------
    url : str or None
        The database; the default one for None.
    settings, state : Settings, State
        Those of the user's files.
    warm : bool
        Whether to have a worker ready before it is needed.
    """

    def __init__(self, url: str | None, settings: Settings, state: State, *, warm: bool):
        self.state = state
        super().__init__()
        self.settings = settings
        self.twin = Twin(url, settings.cells_folder)
        self.run_queue = RunQueue(url, settings.runs_at_once, self.task_changed)
        self.marked: list[str] = []
        self._warm = warm

    def task_changed(self, task: Task) -> None:
        """Hear that a run or a study has gone on."""

    def warm(self) -> None:
        """Have a worker ready: a run will be started soon."""
        if self._warm:
            self.run_queue.warm()

    def action_go(self, name: str) -> None:
        """Go to a screen, by its key in the bar; pages on top of the present one are left."""
        while getattr(self.screen, "KEY", None) == "":
            self.pop_screen()
        self.state.screen = name
        self.keep_state()  # a terminal can hang up at any time
        self.switch_mode(name)

    def scenario(self) -> Scenario | None:
        """Return the scenario at hand: the Scenario screen's, else one of the chosen cell."""
        if self.state.scenario is None and self.state.cell is not None:
            every = self.settings.series_every
            self.state.scenario = Scenario(cell=self.state.cell, series_every=every)
        return self.state.scenario

    def start(self, scenario: Scenario) -> Task:
        """Queue a run of a scenario."""
        self.state.scenario = scenario
        return self.run_queue.submit(scenario)

    def keep_state(self) -> None:
        """Keep where the user is, for the next time."""
        self.state.theme = self.theme
        try:
            self.state.write()
        except TwinError as error:
            self.log.warning(f"the state could not be kept: {error}")
