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
from twin.formats import typeset
from twin_tui.runs import conditions
from twin_tui.runs.scenario import Scenario, parse_overrides
from twin_tui.screens.base import BenchScreen
from twin_tui.screens.dialogs import Fill, Pick
from twin_tui.widgets.picks import Picks
from twin_tui.widgets.preview import draw_preview

MOST_MATCHES = 3


class ScenarioScreen(BenchScreen):
    """A form on the left; on the right, what it means."""

    KEY: ClassVar[str] = "scenario"
    HELP: ClassVar[str] = """
Scenario: what to run. Choose a cell, overlays, a protocol, the failure modes and the model,
and write overrides one a line, as `stack.pressure = 10 MPa`; `protocol.current_density = …`
changes the protocol. As you type, the keys that have these letters are listed with their
present values; F2 takes the first. Rate, temperature, pressure and the electrolyte's
thickness have fields of their own, a bare number with their usual unit. Tab goes on.

The right side shows what differs from the bare cell, what is wrong, how long it should
take, and the command that does the same in a shell. F5 starts it and shows it live; start as
many as you like: they queue."""
    CSS = """
    ScenarioScreen #form { width: 36; }
    ScenarioScreen.-wide #form { width: 56; }
    ScenarioScreen #preview { width: 1fr; }
    ScenarioScreen Select { height: auto; }
    ScenarioScreen #conditions { height: 1; }
    ScenarioScreen #conditions Input { width: 1fr; margin-right: 1; }
    ScenarioScreen #matching { height: auto; color: $text-muted; text-wrap: nowrap;
        text-overflow: ellipsis; }
    ScenarioScreen TextArea { height: 5; border: none; padding: 0; background: $panel; }
    ScenarioScreen TextArea:focus { background: $primary-muted; }
    ScenarioScreen Label { text-style: bold; margin-top: 1; }
    ScenarioScreen.-low Label { margin-top: 0; }
    ScenarioScreen #buttons { height: auto; margin-top: 1; }
    ScenarioScreen Button { margin-right: 1; min-width: 9; }
    """
    BINDINGS = [
        Binding("f2", "complete", "Take the key", key_display="F2", id="scenario.complete"),
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
        self.keys: dict[str, str] = {}
        self._keys_of: tuple[str, str | None] | None = None
        self._matches: list[str] = []
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
                yield Label("Rate, °C, MPa, electrolyte µm")
                with Horizontal(id="conditions"):
                    for field in conditions.FIELDS:
                        yield Input(id=field, disabled=True)
                yield Label("Overrides (KEY = VALUE)")
                yield TextArea(id="overrides", show_line_numbers=False, tab_behavior="focus")
                yield Static(id="matching")
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
            self.query_one(name).styles.margin = (0, 1, 0, 0)

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
            self._fill_overrides(scenario.overrides)
        self._filling = False
        self._look()

    def _fill_overrides(self, overrides: dict[str, str]) -> None:
        """Put overrides into the fields that hold them, the others into the lines."""
        fields, rest = conditions.taken_out(overrides, self.keys)
        for field in conditions.FIELDS:
            self.query_one(f"#{field}", Input).value = fields.get(field, "")
        lines = [f"{key} = {value}" for key, value in rest.items()]
        self.query_one("#overrides", TextArea).text = "\n".join(lines)

    def _overrides(self) -> dict[str, str]:
        overrides = parse_overrides(self.query_one("#overrides", TextArea).text)
        for field in conditions.FIELDS:
            box = self.query_one(f"#{field}", Input)
            value = conditions.with_unit(field, box.value, box.placeholder)
            if value:
                overrides |= dict.fromkeys(conditions.keys_of(field, self.keys), value)
        return overrides

    def _ask_keys(self, cell: str, protocol: str | None) -> None:
        """Ask what can be overridden, once for a cell and a protocol."""
        if self._keys_of != (cell, protocol):
            self._keys_of = (cell, protocol)
            self.ask(lambda: self.bench.twin.keys(cell, protocol), self._keys_known, "keys")

    def _keys_known(self, keys: dict[str, str]) -> None:
        try:
            before = self._overrides()
        except TwinError:  # a line is being written
            before = None
        self.keys = keys
        with self.prevent(Input.Changed, TextArea.Changed):
            for field in conditions.FIELDS:
                now = {keys[key] for key in conditions.keys_of(field, keys)}
                box = self.query_one(f"#{field}", Input)
                only = typeset(now.pop()) if len(now) == 1 else ""
                box.placeholder = only or ("several" if now else "none")
                box.disabled = not conditions.keys_of(field, keys)
            if before is not None:
                self._fill_overrides(before)

    @on(TextArea.SelectionChanged, "#overrides")
    @on(TextArea.Changed, "#overrides")
    def _typed(self) -> None:
        """List the keys that have what stands before the cursor."""
        box = self.query_one("#overrides", TextArea)
        line = box.document.get_line(box.cursor_location[0])
        typed = "" if "=" in line or not box.has_focus else line
        self._matches = conditions.matching(typed, self.keys, MOST_MATCHES)
        shown = "\n".join(f"{key} = {self.keys[key]}" for key in self._matches)
        self.query_one("#matching", Static).update(Text(shown))
        self.refresh_bindings()

    def action_complete(self) -> None:
        """Write the first of the keys listed."""
        if self._matches:
            box = self.query_one("#overrides", TextArea)
            row = box.cursor_location[0]
            end = (row, len(box.document.get_line(row)))
            box.replace(f"{self._matches[0]} = ", (row, 0), end)
            box.move_cursor((row, len(self._matches[0]) + 3))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only the keys that act."""
        acts = {"complete": bool(self._matches), "save": self.preview is not None}
        acts["copy"] = acts["save"]
        return acts.get(action, True)

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
            overrides=self._overrides(),
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
            self._ask_keys(scenario.cell, scenario.protocol)
            self.ask(lambda: self.bench.twin.preview(scenario), self._show, "preview")

    def _wrong(self, text: str) -> None:
        self.preview, self._is_wrong = None, True
        self.query_one("#start", Button).disabled = True
        self.refresh_bindings()
        self.query_one("#says", Static).update(Text(f"✗ {text}", "red"))

    def _show(self, preview: Any) -> None:
        self.preview = preview
        self.query_one("#start", Button).disabled = bool(preview.problems)
        self.refresh_bindings()
        says = self.query_one("#says", Static)
        says.update(draw_preview(preview, says.content_size.width or 76))

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
        task = self.bench.start(self.read())
        where = "waits in the queue" if task.state == "waiting" else "starts"
        self.notify(f"{task.label} {where}", markup=False)
        self.bench.action_go("live")

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
        self.ask(lambda: self.bench.twin.saved_scenarios(folder), self._choose, "saved")

    def _choose(self, saved: list[tuple[str, str]]) -> None:
        self.app.push_screen(Pick("Open a scenario", saved, "Or the path of a file"), self._open)

    def _open(self, answer: str | None) -> None:
        if answer is None:
            return
        try:
            self._fill(Scenario.read(Path(answer).expanduser()))
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
