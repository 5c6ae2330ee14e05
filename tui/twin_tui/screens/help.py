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
    HelpScreen Static { padding-right: 1; }
    """
    BINDINGS = [Binding("escape,f1,question_mark,q", "dismiss", "Close", id="help.close")]

    def __init__(self, text: str, bindings: Any):
        super().__init__()
        self._text, self._active = text, bindings
        self._seen: set[str] = set()

    def compose(self) -> ComposeResult:
        """Build the page."""
        # Paragraphs are wrapped to the room there is, not as they were written.
        paragraphs = [" ".join(part.split()) for part in self._text.strip().split("\n\n")]
        text = Text("\n\n".join(paragraphs) + "\n\nKeys\n")
        bindings = [active.binding for active in self._active.values()]
        own = [b for b in bindings if b.id]
        for binding in [*own, *(b for b in bindings if not b.id)]:
            self._tell(text, binding)
        text.append(
            "\nKeys can be changed in the [keymap] of bench.toml by the names in brackets. "
            "Everything is in the command palette too (ctrl+p)."
        )
        with VerticalScroll() as scroll:
            scroll.border_title = "Help (Esc closes)"
            yield Static(text)

    def _tell(self, text: Text, binding: Binding) -> None:
        """Add a line on a key, once however many keys do the same."""
        if not binding.description or binding.description in self._seen or binding.system:
            return
        self._seen.add(binding.description)
        text.append(f"{self.app.get_key_display(binding):>14}", "bold")
        text.append(f"  {binding.description}")
        text.append(f"  ({binding.id})\n" if binding.id else "\n", "dim")
