"""Small questions on top of a screen: yes or no, one of several, a few words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

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


class Pick(ModalScreen[str | None]):
    """One of a list of files, or one that is typed.

    Parameters
    ----------
    title : str
        What for.
    files : sequence of (path, words)
        What there is to choose from.
    other : str
        What the line below the list is for.
    """

    DEFAULT_CSS = f"""
    Pick {{ {_CSS} }}
    Pick OptionList {{ height: auto; max-height: 12; border: none; padding: 0; }}
    """
    BINDINGS = [Binding("escape", "dismiss(None)", "Back", id="dialog.back")]

    def __init__(self, title: str, files: Sequence[tuple[str, str]], other: str):
        super().__init__()
        self._title, self._files, self._other = title, files, other

    def compose(self) -> ComposeResult:
        """Build the list and the line."""
        with Vertical() as box:
            box.border_title = self._title
            if self._files:
                yield OptionList(
                    *(
                        Option(f"{Path(path).stem}: {words}", id=path)
                        for path, words in self._files
                    ),
                    markup=False,
                )
            else:
                yield Static("none is saved yet")
            yield Label(self._other, markup=False)
            yield Input(id="other", compact=True)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


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
