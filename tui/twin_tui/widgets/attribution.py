"""An attribution in words and bars: what each failure mode cost, and what two cost together."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from twin.formats import bar, short

# Key, words, unit, factor to it.
LOSSES = (
    ("capacity_Ah", "Capacity lost", "mAh", 1e3),
    ("resistance_Ohm_m2", "Resistance gained", "Ω cm²", 1e4),
    ("life_cycles", "Life lost", "cycles", 1.0),
)
STRONGEST = 3


def draw_attribution(document: dict[str, Any], width: int) -> Text:
    """Draw the document of ``twin attribute``.

    Parameters
    ----------
    document : dict
        The study's summary.
    width : int
        Columns there are.
    """
    text = Text()
    life, cycles = document["life"], document["cycles"]
    text.append(f"study {document['study']}, {document['cell']}: ", "bold")
    text.append(f"dies in cycle {life}\n" if life else f"lives beyond {cycles} cycles\n", "bold")
    text.append(f"Losses in cycle {document['compared_in_cycle']}, split over the modes by ")
    text.append(f"Shapley's values of {len(document['coalitions'])} lives\n")
    for note in document["notes"]:
        text.append(f"! {note}\n", "yellow")
    for key, words, unit, factor in LOSSES:
        _shares(text, document["losses"][key]["all"], words, unit, factor, width)
    return text


def _shares(
    text: Text, loss: dict[str, Any], words: str, unit: str, factor: float, width: int
) -> None:
    total = loss["total"]
    text.append(f"\n{words}: {short(factor * total)} {unit}\n", "bold")
    # Bars are shares of the largest part, for a mode can also win what others lose.
    most = max((abs(value) for value in loss["by_mode"].values()), default=0.0)
    cells = 24 if width >= 76 else 10
    for mode, value in sorted(loss["by_mode"].items(), key=lambda item: -item[1]):
        length = bar(abs(value) / most, cells) if most else " " * cells
        sign = "-" if value < 0 else " "
        text.append(f" {mode:<14}{short(factor * value):>9} {unit:<6} {sign}{length}\n")
    pairs = sorted(loss["interactions"], key=lambda pair: -abs(pair["value"]))
    for pair in pairs[:STRONGEST]:
        value = pair["value"]
        if most and abs(value) > 0.01 * most:
            kind = "more" if value > 0 else "less"
            amount = f"{short(factor * abs(value))} {unit}"
            text.append(f"   {' and '.join(pair['modes'])} together: {amount} {kind}\n", "dim")
