"""Compare: two to six runs, their curves in one figure, what differs, how they ended."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static, TabbedContent, TabPane

from twin.formats import short
from twin_tui.screens.base import BenchScreen
from twin_tui.widgets.chart import Chart
from twin_tui.widgets.table import Table

CURVES = ("capacity", "resistance", "contact", "margins", "efficiency", "polarisation", "pressure")


class CompareScreen(BenchScreen):
    """Runs side by side."""

    KEY: ClassVar[str] = "compare"
    HELP: ClassVar[str] = """
Compare: the runs marked on the Results screen (two to six). Curves: one quantity of all of
them in one figure, each line with a mark of its own; ] shows the next quantity. Differences: the
parameters in which they differ. Outcomes: how each ended."""
    CSS = """
    CompareScreen TabPane { padding: 0; }
    CompareScreen #none { padding: 1; height: auto; }
    """
    BINDINGS = [
        Binding(
            "right_square_bracket", "curve(1)", "Next curve", key_display="]", id="compare.next"
        ),
        Binding(
            "left_square_bracket", "curve(-1)", "Last curve", show=False, id="compare.previous"
        ),
        Binding("x", "clear", "Unmark all", id="compare.clear"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panels: list[Any] = []
        self._shown: list[str] = []
        self._curve = 0

    def body(self) -> ComposeResult:
        """Yield the tabs."""
        yield Static("mark two to six runs with Space on the Results screen (4)", id="none")
        with TabbedContent(id="tabs"):
            with TabPane("Curves", id="t-curves"):
                yield Chart("", id="curve")
            with TabPane("Differences", id="t-differences"):
                yield Table(id="differences")
            with TabPane("Outcomes", id="t-outcomes"):
                yield Table(id="outcomes")

    def on_mount(self) -> None:
        """Read the marked runs."""
        super().on_mount()
        self.resumed()

    def resumed(self) -> None:
        """Read the marked runs, if they are others than before."""
        marked = list(self.bench.marked)
        self.query_one("#none").display = len(marked) < 2
        self.query_one("#tabs").display = len(marked) >= 2
        if len(marked) >= 2 and marked != self._shown:
            self._shown = marked
            self.ask(lambda: self._read(marked), self._show, "compare")

    def _read(self, runs: list[str]) -> dict[str, Any]:
        from twin.report.pictures import overlaid

        infos = [self.bench.twin.run(run) for run in runs]
        results = [result for result, _ in infos]
        return {
            "panels": [p for p in (overlaid(results, what) for what in CURVES) if p is not None],
            "differences": self.bench.twin.differences(results),
            "documents": [document for _, document in infos],
        }

    def _show(self, data: dict[str, Any]) -> None:
        self.panels, self._curve = data["panels"], 0
        self.action_curve(0)
        none = [("none", *("" for _ in self._shown))]
        for name, heading, rows in (
            ("differences", "parameter", data["differences"] or none),
            ("outcomes", "", outcome_rows(data["documents"])),
        ):
            table = self.query_one(f"#{name}", Table)
            table.set_columns(heading, *self._shown)
            table.show({row[0]: row for row in rows})

    def action_curve(self, step: int) -> None:
        """Show the next quantity."""
        if self.panels:
            self._curve = (self._curve + step) % len(self.panels)
            self.query_one("#curve", Chart).show_panel(self.panels[self._curve])

    def action_clear(self) -> None:
        """Unmark all runs."""
        self.bench.marked.clear()
        self._shown = []
        self.resumed()


def outcome_rows(documents: list[dict[str, Any]]) -> list[list[str]]:
    """Return how each run ended, a row for each question."""
    outcomes = [document.get("outcome") or {} for document in documents]
    rows = [
        ["cell", *(d["cell"] for d in documents)],
        ["end", *(o.get("kind", d["status"]) for o, d in zip(outcomes, documents, strict=True))],
        ["cause", *(o.get("mode") or "-" for o in outcomes)],
        ["criterion", *(o.get("criterion") or "-" for o in outcomes)],
        [
            "cycle",
            *(
                str(o.get("cycle", d["last_cycle"]))
                for o, d in zip(outcomes, documents, strict=True)
            ),
        ],
        ["hours", *(short(o.get("time_h")) for o in outcomes)],
        [
            "second",
            *((o.get("runner_up") or {}).get("criterion", "-") for o in outcomes),
        ],
    ]
    names = dict.fromkeys(n["what"] for d in documents for n in d["numbers"])
    for name in names:
        row = [name]
        for document in documents:
            number = next((n for n in document["numbers"] if n["what"] == name), None)
            ends = (short(number["first"]), short(number["last"])) if number else ("-", "-")
            row.append(f"{ends[0]} → {ends[1]} {number['unit']}" if number else "-")
        rows.append(row)
    return rows
