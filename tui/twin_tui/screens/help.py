"""Help: what a screen is for, and its keys."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class HelpScreen(ModalScreen[None]):
    """What a screen is for, and which keys do what.

    Parameters
    ----------
    text : str
        The screen's own words.
    bindings : mapping
        Its active bindings.
    """

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 76; max-width: 96%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    """
    BINDINGS = [Binding("escape,f1,question_mark,q", "dismiss", "Close", id="help.close")]

    def __init__(self, text: str, bindings: Any):
        super().__init__()
        self._text, self._active = text, bindings

    def compose(self) -> ComposeResult:
        """Build the page."""
        text = Text(self._text.strip() + "\n\n")
        seen = set()
        for active in self._active.values():
            binding = active.binding
            if not binding.description or binding.description in seen or binding.system:
                continue
            seen.add(binding.description)
            key = self.app.get_key_display(binding)
            text.append(f"{key:>14}", "bold")
            text.append(f"  {binding.description}")
            text.append(f"  ({binding.id})\n" if binding.id else "\n", "dim")
        text.append(
            "\nKeys can be changed in the [keymap] of bench.toml by the names in brackets. "
            "Everything is in the command palette too (ctrl+p)."
        )
        with VerticalScroll() as scroll:
            scroll.border_title = "Help (Esc closes)"
            yield Static(text)
