"""A list of which any number can be picked; a mark tells picked from not, not a colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import on
from textual.binding import Binding
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Picks(OptionList):
    """Names with ``[x]`` or ``[ ]`` before them; Space, Enter or a click changes one."""

    DEFAULT_CSS = """
    Picks { height: auto; max-height: 9; border: none; padding: 0; background: transparent; }
    Picks:focus { border: none; background-tint: $foreground 5%; }
    """
    BINDINGS = [Binding("space", "select", "Pick", show=False, id="picks.pick")]

    class Changed(Message):
        """Something was picked or put back."""

    def __init__(self, **more: Any):
        super().__init__(markup=False, **more)
        self.picked: list[str] = []
        self.names: list[str] = []

    def set_names(self, names: Iterable[str], picked: Iterable[str]) -> None:
        """Show other names, some of them picked."""
        self.names = list(names)
        self.picked = [name for name in picked if name in self.names]
        at = self.highlighted
        self.clear_options()
        self.add_options(Option(self._label(name), id=name) for name in self.names)
        if self.names:
            self.highlighted = min(at or 0, len(self.names) - 1)

    def _label(self, name: str) -> str:
        return f"[{'x' if name in self.picked else ' '}] {name}"

    @on(OptionList.OptionSelected)
    def _toggled(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        name = str(event.option.id)
        if name in self.picked:
            self.picked.remove(name)
        else:
            self.picked.append(name)
        self.replace_option_prompt(name, self._label(name))
        self.post_message(self.Changed())
