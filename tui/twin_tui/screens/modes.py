"""Modes and health: what the failure modes are, what is broken, where runs are kept."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.pictures import status_mark


class ModesScreen(BenchScreen):
    """The failure modes and the state of the installation."""

    KEY: ClassVar[str] = "modes"
    HELP: ClassVar[str] = """
Modes: each failure mode with its equations in words, the range it is trusted in, what it
reads and writes, its parameters with their status, and its references. Health, at the top:
plugins, packages, the database, and everything that is broken with what to do about it."""
    CSS = """
    ModesScreen #left { width: 26; }
    ModesScreen #list { height: 1fr; border: none; width: 26; padding: 0 1; }
    ModesScreen #page { width: 1fr; }
    """
    BINDINGS = [Binding("r", "reload", "Look again", id="modes.reload")]

    def __init__(self) -> None:
        super().__init__()
        self._health: dict[str, Any] | None = None

    def body(self) -> ComposeResult:
        """Yield list and page."""
        with Horizontal():
            yield OptionList(Option("health", id="health"), id="list", markup=False)
            with VerticalScroll(id="page", classes="pane"):
                yield Static("looking …", id="text")

    def on_mount(self) -> None:
        """Look at the installation."""
        super().on_mount()
        self.query_one("#list").focus()
        self.action_reload()

    def action_reload(self) -> None:
        """Look at the installation again."""
        self.ask(self.bench.twin.modes, self._listed, "modes")
        scheduler = self.bench.settings.scheduler
        self.ask(lambda: self.bench.twin.health(scheduler), self._found, "health")

    def _listed(self, modes: list[str]) -> None:
        """List the modes at once: looking at every cell takes a while."""
        if self._health is None:
            options = self.query_one("#list", OptionList)
            options.add_options(Option(f"  {mode}", id=mode) for mode in modes)
            self.query_one("#text", Static).update("looking at every cell and plugin …")

    def _found(self, health: dict[str, Any]) -> None:
        self._health = health
        options = self.query_one("#list", OptionList)
        at = options.highlighted_option
        options.clear_options()
        mark = f"✗ health: {len(health['problems'])} broken" if health["problems"] else "✓ health"
        options.add_option(Option(mark, id="health"))
        for plugin in health["plugins"]:
            for mode in plugin["modes"]:
                options.add_option(Option(f"  {mode}", id=mode))
            if plugin["problem"]:
                options.add_option(
                    Option(f"✗ {plugin['name']} (broken)", id="health:" + plugin["name"])
                )
        if at is not None and at.id not in (None, "health"):
            options.highlighted = options.get_option_index(at.id)
        else:
            options.highlighted = 0
            self._show_health()

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        chosen = event.option.id or "health"
        if chosen.startswith("health"):
            self._show_health()
        else:
            self.ask(lambda: self.bench.twin.mode(chosen), self._show_mode, "mode")

    def _show_health(self) -> None:
        if self._health is not None:
            self.query_one("#page").border_title = "Health"
            self.query_one("#text", Static).update(draw_health(self._health))

    def _show_mode(self, mode: dict[str, Any]) -> None:
        self.query_one("#page").border_title = mode["title"]
        self.query_one("#text", Static).update(draw_mode(mode))
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)


def draw_health(health: dict[str, Any]) -> Text:
    """Draw the state of the installation."""
    text = Text()
    for problem in health["problems"]:
        text.append(f"✗ {problem}\n", "bold red")
    text.append("" if health["problems"] else "✓ all is well\n", "bold green")
    text.append("\nPlugins\n", "bold")
    for plugin in health["plugins"]:
        state = f"✗ {plugin['problem']}" if plugin["problem"] else "✓"
        modes = ", ".join(plugin["modes"])
        text.append(f" {state} {plugin['name']} ({plugin['distribution']} {plugin['version']})")
        text.append(f": {modes}\n" if modes else "\n")
    text.append("\nDatabase\n", "bold")
    text.append(f" {health['database'] or 'cannot be used'}\n")
    text.append("\nScheduler of forecasts\n", "bold")
    text.append(f" {health['scheduler']}\n")
    text.append("\nPackages\n", "bold")
    for name, version in {"python": health["python"], **health["packages"]}.items():
        text.append(f" {name} {version}\n")
    text.append(f"\nCells that load: {len(health['cells'])}\n")
    return text


def draw_mode(mode: dict[str, Any]) -> Text:
    """Draw all about a failure mode."""
    text = Text()
    text.append(f"{mode['id']}", "bold")
    text.append(f" ({mode['plugin']}), acts on {', '.join(mode['kinds'])} cells\n\n")
    text.append(f"{mode['description']}\n")
    for module, equations in mode["equations"].items():
        text.append(f"\nEquations: {module}\n", "bold")
        text.append(f"{equations}\n")
    valid = mode["validity"]
    text.append("\nTrusted for\n", "bold")
    text.append(f" {valid['says'] or 'it does not say'}\n")
    for key, unit, factor in (
        ("temperature_K", "K", 1.0),
        ("pressure_Pa", "MPa", 1e-6),
        ("current_density_A_m2", "mA/cm²", 0.1),
    ):
        low, high = (None if end is None else f"{factor * end:g}" for end in valid[key])
        if low or high:
            text.append(f" {key.partition('_')[0]}: {low or '…'} to {high or '…'} {unit}\n")
    for title, key in (("Writes", "writes"), ("Reads", "reads")):
        text.append(f"\n{title}\n", "bold")
        text.append("".join(f" {line}\n" for line in mode[key]) or " nothing\n")
    text.append(f"\nParameters: [modes.{mode['id']}] of a cell\n", "bold")
    for p in mode["parameters"]:
        text.append(f" {p['key']} = {p['text']}")
        text.append(f"  {status_mark(p['status'])}\n", "dim")
        says = mode["explanations"].get(p["key"].partition(".")[0])
        if says:
            text.append(f"   {says}\n", "dim")
    if mode["references"]:
        text.append("\nReferences\n", "bold")
        text.append("".join(f" {line}\n" for line in mode["references"]))
    return text
