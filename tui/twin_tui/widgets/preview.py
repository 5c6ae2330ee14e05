"""What a scenario means, in words: what differs, what is wrong, steps, modes, time, command."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from twin import PROTOCOL


def draw_preview(preview: Any, width: int = 76) -> Text:
    """Draw what a scenario means, in so many columns."""
    text = Text()
    for problem in preview.problems:
        where = f"{problem.key}: " if problem.key else ""
        text.append(f"✗ {where}{problem.message}\n", "bold red")
        if problem.fix:
            text.append(f"  fix: {problem.fix}\n")
    text.append("Differs from the cell\n", "bold")
    for key, before, after in preview.differences:
        text.append(f" ≠ {key}: ")
        text.append(before, "strike dim")
        text.append(" → ")
        text.append(f"{after}\n", "bold reverse")
    for key, value in preview.scenario.overrides.items():
        if key.startswith(PROTOCOL):
            text.append(f" ≠ {key} → ")
            text.append(f"{value}\n", "bold reverse")
    for mode in preview.scenario.without:
        text.append(f" ≠ without the mode {mode}\n", "bold")
    if not preview.differences and not preview.scenario.without:
        text.append(" in nothing\n", "dim")
    if not preview.problems:
        text.append("\nProtocol\n", "bold")
        text.append(f" {preview.protocol}\n")
        currents = preview.currents or [""] * len(preview.steps)
        for number, (step, current) in enumerate(zip(preview.steps[:6], currents, strict=False), 1):
            text.append(f"  {number}. {step}", "dim")
            # Where both do not stand in a line, the current is below its step.
            long = len(f"  {number}. {step}  ({current})") > width
            gap = "\n     " if long else "  "
            text.append(f"{gap}({current})\n" if current else "\n")
        if len(preview.steps) > 6:
            text.append(f"  … and {len(preview.steps) - 6} more steps\n", "dim")
        text.append("\nModes that act: ", "bold")
        text.append(", ".join(preview.modes) or "none")
        text.append("\nTime to run: ", "bold")
        text.append(preview.estimate)
    text.append("\n\nThe same in a shell (F8 copies)\n", "bold")
    text.append(f" {preview.scenario.command}")
    return text
