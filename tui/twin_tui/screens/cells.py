"""Cells: browse and search the library by family, look at a card, edit a copy."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option, OptionDoesNotExist

from twin.formats import typeset
from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.pictures import layer_drawing, status_mark

SOME = 12


class CellsScreen(BenchScreen):
    """The library of cells."""

    KEY: ClassVar[str] = "cells"
    HELP: ClassVar[str] = """
Cells: the library, by family. Type into the search line to narrow it (name, title and
family count); the card on the right shows the layers to scale, the key numbers with how
surely they are known (● measured, ◐ fitted, ○ unverified, ◌ assumed), and warnings.

Enter or "Use" takes the cell to the Scenario screen. "Edit" opens a copy, checks every
change as you type, and saves it as a TOML file of yours, which is then listed here."""
    CSS = """
    CellsScreen #left { width: 34; }
    CellsScreen.-wide #left { width: 46; }
    CellsScreen #search { margin: 0 1; }
    CellsScreen OptionList { height: 1fr; border: none; padding: 0 1; }
    CellsScreen #card { width: 1fr; }
    """
    BINDINGS = [
        Binding("u", "use", "Use", id="cells.use"),
        Binding("e", "edit", "Edit a copy", id="cells.edit"),
        Binding("slash", "search", "Search", key_display="/", id="cells.search"),
        Binding("escape", "list", "Back to the list", show=False, id="cells.list"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []
        self.current: str | None = None
        self._shown: Any = None
        self._undescribed: list[str] = []

    def body(self) -> ComposeResult:
        """Yield the list and the card."""
        with Horizontal():
            with Vertical(id="left", classes="pane") as left:
                left.border_title = "Library"
                yield Input(placeholder="/ search", id="search")
                yield OptionList(id="list", markup=False)
            with VerticalScroll(id="card", classes="pane") as card:
                card.border_title = "Card"
                yield Static("reading the library …", id="facts")

    def on_mount(self) -> None:
        """List the cells by what their files say; whether they can be used follows."""
        super().on_mount()
        self.query_one("#list").focus()
        self.current = self.bench.state.cell
        self.call_after_refresh(self.reload)  # the screen comes first

    def reload(self) -> None:
        """Read the library anew."""
        self.ask(self.bench.twin.headings, self._named, "names")

    def _named(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries
        names = self._undescribed = [entry["ref"] for entry in entries]
        self._fill()
        if self._shown is not None or not names:
            self._describe_rest()

    def _describe_rest(self) -> None:
        """Read the cells themselves, once the first card is there."""
        names, self._undescribed = self._undescribed, []
        self._describe(names)

    def _describe(self, names: list[str]) -> None:
        """Read cells, a few at a time (it takes a while): the broken ones are marked."""
        some, rest = names[:SOME], names[SOME:]

        def titled(entries: list[dict[str, Any]]) -> None:
            self._mark_broken({e["ref"]: e["problem"] for e in entries if e.get("problem")})
            if rest:
                self._describe(rest)

        if some:
            self.ask(lambda: self.bench.twin.entries(some), titled, "entries")

    def _mark_broken(self, problems: dict[str, str]) -> None:
        """Mark cells that cannot be used; nothing in the list moves."""
        options = self.query_one("#list", OptionList)
        for entry in self.entries:
            if entry["ref"] in problems:
                entry["problem"] = problems[entry["ref"]]
                with suppress(OptionDoesNotExist):  # not among those searched for
                    options.replace_option_prompt(entry["ref"], self._label(entry))

    def _fill(self) -> None:
        wanted = self.query_one("#search", Input).value.lower().split()
        options = self.query_one("#list", OptionList)
        families: dict[str, list[dict[str, Any]]] = {}
        for entry in self.entries:
            own = "/" in entry["ref"] or "\\" in entry["ref"]
            text = " ".join(str(entry.get(k) or "") for k in ("name", "family", "title", "kind"))
            if all(word in text.lower() for word in wanted):
                family = entry.get("family") or "other"
                families.setdefault("your own" if own else family, []).append(entry)
        options.clear_options()
        place = None
        for family, entries in sorted(families.items()):
            options.add_option(Option(Text(family, style="bold"), disabled=True))
            for entry in entries:
                if entry["ref"] == self.current:
                    place = options.option_count
                options.add_option(Option(self._label(entry), id=entry["ref"]))
        if options.option_count:
            options.highlighted = 1 if place is None else place
        else:
            self.query_one("#facts", Static).update("no cell has all these words")

    @staticmethod
    def _label(entry: dict[str, Any]) -> Text:
        text = Text("  " + entry["name"].rpartition("/")[2], no_wrap=True, overflow="ellipsis")
        if entry.get("problem"):
            text.append(" ✗ broken", "red")
        elif entry.get("kind") == "symmetric":
            text.append(" symmetric", "dim")
        return text

    @on(Input.Changed, "#search")
    def _searched(self) -> None:
        self._fill()

    @on(Input.Submitted, "#search")
    def _search_done(self) -> None:
        self.query_one("#list").focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        cell = event.option.id
        if cell is None or (cell == self.current and self._shown is not None):
            return
        self.current = self.bench.state.cell = cell
        self.set_timer(0.05, lambda: self._look(cell))

    def _look(self, cell: str) -> None:
        if cell == self.current:
            self.ask(lambda: self._card(cell), self._show, "card")

    def _card(self, cell: str) -> Any:
        from twin import TwinError

        try:
            return self.bench.twin.card(cell)
        except TwinError as error:
            return error

    def _show(self, card: Any) -> None:
        self._shown = card
        if self._undescribed:
            self._describe_rest()
        facts = self.query_one("#facts", Static)
        if isinstance(card, Exception):
            problems = "\n".join(str(problem) for problem in card.problems)  # type: ignore[attr-defined]
            facts.update(Text(f"✗ This cell cannot be used:\n\n{problems}"))
            return
        width = max(self.query_one("#card").content_size.width - 4, 24)
        facts.update(draw_card(card, width))
        self.query_one("#card", VerticalScroll).scroll_home(animate=False)

    def on_resize(self) -> None:
        """Draw the layers for the new width."""
        if self._shown is not None:
            self.call_after_refresh(self._show, self._shown)

    def action_search(self) -> None:
        """Go to the search line."""
        self.query_one("#search").focus()

    def action_list(self) -> None:
        """Go back to the list."""
        self.query_one("#list").focus()

    @on(OptionList.OptionSelected)
    def action_use(self) -> None:
        """Take the cell to the Scenario screen."""
        if self.current is None:
            return
        from twin_tui.runs.scenario import Scenario

        kept = self.bench.state.scenario
        if kept is None or kept.cell != self.current:
            every = self.bench.settings.series_every
            self.bench.state.scenario = Scenario(cell=self.current, series_every=every)
        self.bench.action_go("scenario")

    def action_edit(self) -> None:
        """Edit a copy of the cell."""
        if self.current is None or isinstance(self._shown, Exception):
            return
        from twin_tui.screens.edit import EditScreen

        self.app.push_screen(EditScreen(self.current), self._edited)

    def _edited(self, path: str | None) -> None:
        if path is not None:
            self.current = self.bench.state.cell = path
            self.reload()


def draw_card(card: Any, width: int) -> Group:
    """Draw a cell's card."""
    spec = card.spec
    parts: list[Any] = [Text(spec.title, "bold")]
    stack = f"{typeset(spec.stack.pressure.text)}, {spec.stack.fixture}"
    parts.append(
        Text(
            f"{spec.kind} cell, {spec.family or 'no family'}; {stack}; "
            f"{typeset(spec.thermal.ambient.text)}; "
            f"{spec.window.lower.text} to {spec.window.upper.text}\n"
        )
    )
    parts.append(layer_drawing(card.layers, width))
    for warning in card.warnings:
        parts.append(Text(f"! {warning}", "yellow"))
    parts.append(Text())
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for layer, number, value, status in card.numbers:
        if layer:
            table.add_row(Text(layer, "bold"), "", "")
        table.add_row(f"  {number}", typeset(value), status_mark(status) if status else "")
    if width < 60:
        parts.append(_narrow(card.numbers))
    else:
        parts.append(table)
    counts = ", ".join(f"{n} {s}" for s, n in sorted(card.by_status.items(), key=lambda x: -x[1]))
    parts.append(Text(f"\nnumbers: {counts}"))
    if spec.provenance.notes:
        parts.append(Text(f"\n{spec.provenance.notes}", "dim"))
    return Group(*parts)


def _narrow(numbers: list[tuple[str, str, str, str]]) -> Text:
    text = Text()
    for layer, number, value, status in numbers:
        if layer:
            text.append(f"{layer}\n", "bold")
        text.append(f" {number}: {typeset(value)}")
        text.append(f" {status_mark(status)}\n" if status else "\n", "dim")
    return text
