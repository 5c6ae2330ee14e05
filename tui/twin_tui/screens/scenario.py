"""Scenario: what to run, what that changes, what is wrong with it, how long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from twin import TwinError, files
from twin_tui.runs.scenario import Scenario, parse_overrides
from twin_tui.screens.base import BenchScreen
from twin_tui.screens.dialogs import Fill
from twin_tui.widgets.picks import Picks
from twin_tui.widgets.preview import draw_preview


class ScenarioScreen(BenchScreen):
    """A form on the left; on the right, what it means."""

    KEY: ClassVar[str] = "scenario"
    HELP: ClassVar[str] = """
Scenario: what to run. Choose a cell, overlays, a protocol, the failure modes and the model,
and write overrides one a line, as `stack.pressure = 10 MPa`; `protocol.current_density = …`
changes the protocol. Tab goes from field to field.

The right side shows what differs from the bare cell, what is wrong, how long it should
take, and the command that does the same in a shell. Start as many as you like: they queue."""
    CSS = """
    ScenarioScreen #form { width: 36; }
    ScenarioScreen.-wide #form { width: 56; }
    ScenarioScreen #preview { width: 1fr; }
    ScenarioScreen Select { height: auto; }
    ScenarioScreen TextArea { height: 5; border: none; padding: 0; background: $boost; }
    ScenarioScreen Label { text-style: bold; margin-top: 1; }
    ScenarioScreen.-low Label { margin-top: 0; }
    ScenarioScreen #buttons { height: auto; margin-top: 1; }
    ScenarioScreen Button { margin-right: 1; min-width: 9; }
    """
    BINDINGS = [
        Binding("f5,ctrl+r", "start", "Start", key_display="F5", id="scenario.start"),
        Binding("f6,ctrl+s", "save", "Save", key_display="F6", id="scenario.save"),
        Binding("f7,ctrl+o", "open", "Open", key_display="F7", id="scenario.open"),
        Binding("f8", "copy", "Copy command", key_display="F8", id="scenario.copy"),
        Binding("escape", "unfocus", "Leave the field", show=False, id="scenario.leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.choices: dict[str, list[Any]] | None = None
        self.preview: Any = None
        self._filling = self._is_wrong = False

    def body(self) -> ComposeResult:
        """Yield the form and the preview."""
        with Horizontal():
            with VerticalScroll(id="form", classes="pane") as form:
                form.border_title = "Scenario"
                yield Label("Cell")
                yield Select([], id="cell", prompt="choose a cell", compact=True)
                yield Label("Cycles, model, series every")
                with Horizontal(id="counts"):
                    yield Input("100", id="cycles", type="integer")
                    yield Select(
                        [("dfn", "dfn"), ("spm", "spm")],
                        value="dfn",
                        allow_blank=False,
                        id="model",
                        compact=True,
                    )
                    yield Input("10", id="every", type="integer")
                yield Label("Overrides (KEY = VALUE)")
                yield TextArea(id="overrides", show_line_numbers=False, tab_behavior="focus")
                yield Label("Protocol")
                yield Select([], id="protocol", prompt="the cell's own", compact=True)
                yield Label("Overlays (Space chooses)")
                yield Picks(id="overlays")
                yield Label("Failure modes")
                yield Picks(id="modes")
            with VerticalScroll(id="preview", classes="pane") as preview:
                preview.border_title = "What it means"
                yield Static("reading the library …", id="says")
                with Horizontal(id="buttons"):
                    yield Button("Start (F5)", id="start", variant="primary", compact=True)
                    yield Button("Save (F6)", id="save", compact=True)

    def on_mount(self) -> None:
        """Ask what there is to choose from."""
        super().on_mount()
        self.styles_of_counts()
        self.ask(self.bench.twin.choices, self._chosen_from, "choices")
        self.bench.warm()

    def styles_of_counts(self) -> None:
        """Put the three small fields on one line."""
        box = self.query_one("#counts")
        box.styles.height = 1
        for name in ("#cycles", "#model", "#every"):
            self.query_one(name).styles.width = "1fr"

    def resumed(self) -> None:
        """Show the scenario at hand (another screen may have changed it)."""
        if self.choices is not None:
            self.ask(self.bench.twin.cells, self._cells_again, "cells")

    def _cells_again(self, cells: list[str]) -> None:
        assert self.choices is not None
        self.choices["cells"] = cells
        self._fill(self.bench.state.scenario)

    def _chosen_from(self, choices: dict[str, list[Any]]) -> None:
        self.choices = choices
        self._fill(self.bench.state.scenario)
        # In view already; Textual would scroll by a layout that is not done yet.
        self.query_one("#cell").focus(scroll_visible=False)

    def _fill(self, scenario: Scenario | None) -> None:
        """Put a scenario into the form."""
        assert self.choices is not None
        self._filling = True
        cells = self.choices["cells"]
        if scenario is None:
            cell = self.bench.state.cell or (cells[0] if cells else "")
            every = self.bench.settings.series_every
            scenario = Scenario(cell=cell, series_every=every)
        with self.prevent(Select.Changed, Input.Changed, TextArea.Changed):
            names = cells if scenario.cell in cells else [scenario.cell, *cells]
            cell_box = self.query_one("#cell", Select)
            cell_box.set_options((Path(n).stem if "/" in n else n, n) for n in names)
            cell_box.value = scenario.cell
            protocols = self.query_one("#protocol", Select)
            known = [p["name"] for p in self.choices["protocols"]]
            if scenario.protocol is not None and scenario.protocol not in known:
                known.append(scenario.protocol)
            protocols.set_options((name, name) for name in known)
            if scenario.protocol is not None:
                protocols.value = scenario.protocol
            names = [o["name"] for o in self.choices["overlays"]]
            names += [o for o in scenario.overlays if o not in names]
            self.query_one("#overlays", Picks).set_names(names, scenario.overlays)
            modes = [mode["id"] for mode in self.choices["modes"]]
            acting = [mode for mode in modes if mode not in scenario.without]
            self.query_one("#modes", Picks).set_names(modes, acting)
            self.query_one("#cycles", Input).value = str(scenario.cycles)
            self.query_one("#every", Input).value = str(scenario.series_every)
            self.query_one("#model", Select).value = scenario.model
            lines = [f"{key} = {value}" for key, value in scenario.overrides.items()]
            self.query_one("#overrides", TextArea).text = "\n".join(lines)
        self._filling = False
        self._look()

    def read(self) -> Scenario:
        """Return the scenario that the form holds.

        Raises
        ------
        TwinError, ValidationError
            If it is none.
        """
        assert self.choices is not None
        cell, protocol = (self.query_one(name, Select).value for name in ("#cell", "#protocol"))
        acting = self.query_one("#modes", Picks).picked
        return Scenario(
            cell="" if cell is Select.NULL else str(cell),
            protocol=None if protocol is Select.NULL else str(protocol),
            overlays=list(self.query_one("#overlays", Picks).picked),
            without=[m["id"] for m in self.choices["modes"] if m["id"] not in acting],
            overrides=parse_overrides(self.query_one("#overrides", TextArea).text),
            model=self.query_one("#model", Select).value,
            cycles=self.query_one("#cycles", Input).value,
            series_every=self.query_one("#every", Input).value,
        )

    @on(Select.Changed)
    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Picks.Changed)
    def _changed(self) -> None:
        if not self._filling and self.choices is not None:
            self._look()

    def _look(self) -> None:
        try:
            scenario = self.read()
        except ValidationError as error:
            first = error.errors()[0]
            self._wrong(f"{first['loc'][0]}: {first['msg']}")
        except TwinError as error:
            self._wrong(str(error))
        else:
            self.bench.state.scenario, self._is_wrong = scenario, False
            self.ask(lambda: self.bench.twin.preview(scenario), self._show, "preview")

    def _wrong(self, text: str) -> None:
        self.preview, self._is_wrong = None, True
        self.query_one("#start", Button).disabled = True
        self.query_one("#says", Static).update(Text(f"✗ {text}", "red"))

    def _show(self, preview: Any) -> None:
        self.preview = preview
        self.query_one("#start", Button).disabled = bool(preview.problems)
        self.query_one("#says", Static).update(draw_preview(preview))

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        """Start the run, or queue it behind those that go."""
        if self.choices is None:
            self.notify("still reading the library", severity="warning")
            return
        if self._is_wrong or (self.preview is not None and self.preview.problems):
            self.notify("there is something wrong: see the right side", severity="error")
            return
        # Not checked to the end yet? Then the run itself says what is wrong.
        job = self.bench.start(self.read())
        busy = len(self.bench.desk.busy)
        where = "waits in the queue" if job.state == "waiting" else "starts"
        self.notify(f"{job.label} {where} ({busy} in all): 3 shows it live", markup=False)
        self.redraw_bar()

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        """Save the scenario as TOML."""
        if self.preview is None:
            return
        name = f"{Path(self.preview.scenario.cell).stem}-scenario"
        folder = str(self.bench.settings.scenarios_folder)
        self.app.push_screen(
            Fill("Save the scenario", [("name", f"In {folder}", name)]), self._save
        )

    def _save(self, answer: dict[str, str] | None) -> None:
        if answer is None or self.preview is None:
            return
        name, text = answer["name"].strip(), self.preview.scenario.to_toml()
        if not name or name != Path(name).name:
            self.notify(f"{name!r} is no name of a file", severity="error", markup=False)
            return
        path = self.bench.settings.scenarios_folder / f"{name.removesuffix('.toml')}.toml"
        try:
            files.write_text(path, text, parents=True)
        except TwinError as error:
            self.tell_error(error)
            return
        self.notify(f"saved: {path}", markup=False)

    def action_open(self) -> None:
        """Open a saved scenario."""
        folder = self.bench.settings.scenarios_folder
        saved = sorted(folder.glob("*.toml")) if folder.is_dir() else []
        names = ", ".join(path.stem for path in saved) or "none yet"
        first = saved[0].stem if saved else ""
        self.app.push_screen(
            Fill(
                "Open a scenario", [("name", "Name, or path of a file", first)], f"saved: {names}"
            ),
            self._open,
        )

    def _open(self, answer: dict[str, str] | None) -> None:
        if answer is None:
            return
        path = Path(answer["name"]).expanduser()
        if not path.suffix:
            path = self.bench.settings.scenarios_folder / f"{answer['name']}.toml"
        try:
            self._fill(Scenario.read(path))
        except TwinError as error:
            self.tell_error(error)

    def action_copy(self) -> None:
        """Copy the command that does the same."""
        if self.preview is not None:
            self.app.copy_to_clipboard(self.preview.scenario.command)
            self.notify("copied: " + self.preview.scenario.command, markup=False)

    def action_unfocus(self) -> None:
        """Leave the field, so that the keys at the foot work."""
        self.set_focus(None)
