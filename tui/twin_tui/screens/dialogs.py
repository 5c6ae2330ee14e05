"""Small questions on top of a screen: yes or no, one of several, a few words."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

_CSS = """
    align: center middle;
    & > Vertical {
        width: 68; max-width: 96%; height: auto; border: round $primary;
        background: $surface; padding: 0 1;
    }
    & Horizontal { height: auto; }
    & Button { margin-right: 1; min-width: 8; }
    & Label { margin-top: 1; }
"""


class Choose(ModalScreen[str | None]):
    """One of several answers, each a button and a first letter.

    Parameters
    ----------
    question : str
        What is asked.
    answers : sequence of (key, words)
        ``("stop", "Stop them")``; Escape answers None.
    """

    DEFAULT_CSS = f"Choose {{ {_CSS} }}"
    BINDINGS = [Binding("escape", "dismiss(None)", "Back", id="dialog.back")]

    def __init__(self, question: str, answers: Sequence[tuple[str, str]]):
        super().__init__()
        self._question, self._answers = question, answers

    def compose(self) -> ComposeResult:
        """Build the question."""
        with Vertical():
            yield Static(self._question, markup=False)
            with Horizontal():
                for number, (key, words) in enumerate(self._answers):
                    kind = "primary" if number == 0 else "default"
                    yield Button(words, id=key, variant=kind, compact=True)  # type: ignore[arg-type]

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)


class Fill(ModalScreen[dict[str, str] | None]):
    """A few lines to fill in.

    Parameters
    ----------
    title : str
        What for.
    fields : sequence of (key, label, value)
        The lines, filled in already as far as can be.
    remark : str
        A sentence below them.
    """

    DEFAULT_CSS = f"Fill {{ {_CSS} }}"
    BINDINGS = [Binding("escape", "dismiss(None)", "Back", id="dialog.back")]

    def __init__(self, title: str, fields: Sequence[tuple[str, str, str]], remark: str = ""):
        super().__init__()
        self._title, self._fields, self._remark = title, fields, remark

    def compose(self) -> ComposeResult:
        """Build the form."""
        with Vertical() as box:
            box.border_title = self._title
            for key, label, value in self._fields:
                yield Label(label, markup=False)
                yield Input(value, id=key, compact=True)
            if self._remark:
                yield Label(self._remark, markup=False)
            with Horizontal():
                yield Button("OK", id="ok", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._finish()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "ok":
            self._finish()
        else:
            self.dismiss(None)

    def _finish(self) -> None:
        self.dismiss({key: self.query_one(f"#{key}", Input).value for key, _, _ in self._fields})
