"""Edit a copy of a cell: every number by its key, checked as it is typed, saved as TOML."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from twin import SpecError
from twin_tui.screens.base import BenchScreen
from twin_tui.screens.dialogs import Fill
from twin_tui.widgets.pictures import status_mark
from twin_tui.widgets.table import Table


class EditScreen(BenchScreen):
    """The numbers of one cell.

    Parameters
    ----------
    cell : str
        The cell whose copy is edited.
    """

    HELP: ClassVar[str] = """
Edit a copy of a cell. Filter the numbers, choose one, press Enter and type a new value
with its unit: 10 MPa, 0.3 eV, 60 degC. It is checked as you type, against the unit, the
physical bounds and the rest of the cell; what is wrong, and the fix, stand beside it.
Changed numbers are marked * and, once saved, carry the status "assumed, set by hand":
correct that in the file if you have a source. Delete takes a change back."""
    CSS = """
    EditScreen #editor { height: 7; }
    EditScreen #filter { margin: 0 1; }
    """
    BINDINGS = [
        Binding("escape", "back", "Back", id="edit.back"),
        Binding("ctrl+s,f6", "save", "Save as TOML", key_display="F6", id="edit.save"),
        Binding("delete", "undo", "Take back", id="edit.undo"),
        Binding("slash", "filter", "Filter", key_display="/", id="edit.filter"),
    ]

    def __init__(self, cell: str):
        super().__init__()
        self.cell = cell
        self.numbers: dict[str, Any] = {}
        self.changes: dict[str, str] = {}
        self.wrong: dict[str, Any] = {}
        self.key: str | None = None

    def body(self) -> ComposeResult:
        """Yield filter, table and editor."""
        yield Input(placeholder="/ filter the numbers, e.g. stack or interphase", id="filter")
        yield Table(id="table")
        with Vertical(id="editor", classes="pane") as editor:
            editor.border_title = f"A copy of {self.cell.rpartition('/')[2]}"
            yield Static("choose a number", id="about", markup=False)
            yield Input(id="value", disabled=True)
            yield Static(id="problem", markup=False)

    def on_mount(self) -> None:
        """Read the cell."""
        super().on_mount()
        table = self.query_one("#table", Table)
        table.set_columns("", "number", "value", "status", "source")
        table.focus()
        self.ask(lambda: self.bench.twin.numbers(self.cell), self._show, "numbers")

    def _show(self, numbers: list[Any]) -> None:
        self.numbers = {number.key: number for number in numbers}
        self._fill()

    def _mark(self, key: str) -> str:
        return "✗" if key in self.wrong else "*" if key in self.changes else " "

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        words = self.query_one("#filter", Input).value.lower().split()
        self.query_one("#table", Table).show(
            {
                key: self._row(key)
                for key, n in self.numbers.items()
                if all(word in f"{key} {n.status}".lower() for word in words)
            }
        )

    def _row(self, key: str) -> tuple[str, ...]:
        n = self.numbers[key]
        status = "* by hand" if key in self.changes else status_mark(n.status)
        return self._mark(key), key, self.changes.get(key, n.text), status, n.source or "-"

    @on(Input.Submitted, "#filter")
    def _to_table(self) -> None:
        self.query_one("#table").focus()

    @on(Table.RowHighlighted, "#table")
    def _chosen(self, event: Table.RowHighlighted) -> None:
        key = event.row_key.value
        if key is None or key == self.key:
            return
        self.key = key
        self._about()
        value = self.query_one("#value", Input)
        with self.prevent(Input.Changed):
            value.value = self.changes.get(key, self.numbers[key].text)
        value.disabled = False

    def _about(self) -> None:
        assert self.key is not None
        n = self.numbers[self.key]
        unit = n.unit or "a number without a unit"
        was = f"was {n.text} ({n.status or 'unstated'})"
        self.query_one("#about", Static).update(f"{n.key} [{unit}]  {was}")
        self._problem()

    def _problem(self) -> None:
        says = self.query_one("#problem", Static)
        here = self.wrong.get(self.key or "")
        if here is not None:
            says.update(Text(f"✗ {here.message}\n  fix: {here.fix}", "red"))
        elif self.wrong:
            key, problem = next(iter(self.wrong.items()))
            says.update(Text(f"✗ {key}: {problem.message}", "red"))
        elif self.key in self.changes:
            says.update(Text(f"✓ fits; {len(self.changes)} changed in all", "green"))
        else:
            says.update("Enter: edit it")

    @on(Table.RowSelected, "#table")
    def _edit(self) -> None:
        self.query_one("#value").focus()

    @on(Input.Changed, "#value")
    def _typed(self, event: Input.Changed) -> None:
        if self.key is None:
            return
        if event.value.strip() == self.numbers[self.key].text:
            self.changes.pop(self.key, None)
        else:
            self.changes[self.key] = event.value.strip()
        self._check()

    @on(Input.Submitted, "#value")
    def _done(self) -> None:
        self.query_one("#table").focus()

    def _check(self) -> None:
        changes = dict(self.changes)

        def check() -> dict[str, Any]:
            try:
                self.bench.twin.changed_cell(self.cell, changes)
            except SpecError as error:
                return {blamed(p.key, changes): p for p in error.problems}
            return {}

        self.ask(check, self._checked, "check")

    def _checked(self, wrong: dict[str, Any]) -> None:
        self.wrong = wrong
        table = self.query_one("#table", Table)
        for key in table.keys:
            table.put(key, self._row(key))
        self._problem()

    def action_undo(self) -> None:
        """Take a change back."""
        if self.key is not None and self.key in self.changes:
            self.query_one("#value", Input).value = self.numbers[self.key].text

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#filter").focus()

    def action_back(self) -> None:
        """Leave the field, then the screen."""
        if isinstance(self.focused, Input):
            self.query_one("#table").focus()
        else:
            self.dismiss(None)

    def action_save(self) -> None:
        """Save the copy as a TOML file."""
        if self.wrong or not self.changes:
            self.notify(
                "correct what is marked ✗ first" if self.wrong else "nothing is changed yet",
                severity="warning",
            )
            return
        name = f"{self.cell.rpartition('/')[2].removesuffix('.toml')}-copy"
        what = ", ".join(f"{k} = {v}" for k, v in self.changes.items())
        fields = [("name", "Name", name), ("title", "Title", f"{name}: {what}"[:120])]
        remark = f"in {self.bench.twin.own_cells}"
        self.app.push_screen(Fill("Save the cell", fields, remark), self._save)

    def _save(self, answer: dict[str, str] | None) -> None:
        if answer is None:
            return

        def save() -> str:
            changes = dict(self.changes)
            path = self.bench.twin.save_cell(self.cell, changes, answer["name"], answer["title"])
            return str(path)

        self.ask(save, self._saved, "save")

    def _saved(self, path: str) -> None:
        self.notify(f"saved: {path}", markup=False)
        self.dismiss(path)


def blamed(key: str | None, changes: dict[str, str]) -> str:
    """Return the changed key that a problem is about, or the problem's own key."""
    for changed in changes:
        if key is not None and (
            key == changed or key.startswith(f"{changed}.") or changed.startswith(f"{key}.")
        ):
            return changed
    return key or "the cell"
