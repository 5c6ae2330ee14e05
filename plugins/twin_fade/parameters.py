"""The TOML table ``[modes.fade]``, and which of its families a cathode belongs to."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from typing import Literal

from twin import CellContext, ModeParameters, Q

FAMILIES = {
    "polyanion": "polyanion",
    "layered oxide": "layered",
    "conversion": "conversion",
    "molten": "none",
}
"""The table of each ``family`` that a cathode's material names; others follow ``other``."""


class Family(ModeParameters):
    """What cathodes of one kind lose."""

    loss: Q("", ge=0)
    """-ln of the active material left after ``reference_cycles`` full cycles at the reference
    temperature."""
    calendar_loss: Q("", ge=0)
    """The same after a year without any, at the reference temperature."""


class Parameters(ModeParameters):
    """Fade of a composite cathode by cycles and time. A metal electrode has none."""

    family: Literal["auto", "polyanion", "layered", "conversion", "other", "none"]
    """Whose numbers count; by the cathode material's own ``family`` if ``auto``. With
    ``none`` nothing fades."""
    polyanion: Family
    layered: Family
    conversion: Family
    other: Family
    """What has no rows of its own."""
    this_cell: Q("", ge=0)
    """Loss of this cell over that of its family: what one cell differs from the next by."""
    exponent: Q("", gt=0, le=1)
    """Power of the cycle number that the loss goes with, b."""
    reference_cycles: Q("", gt=0)
    """Cycle number that a family's ``loss`` is told at, N_0."""
    activation_energy: Q("J/mol", ge=0)
    """Of the loss's power 1/b (at b = 1/2: twice that of the loss), E."""
    reference_temperature: Q("K", gt=0)
    transfer: Q("", ge=0, le=1)
    """How fast damage grows above the host's ``upper_limit``, alpha."""
    most_of_a_cycle: Q("", gt=0, lt=1)
    """Share of the host that one full cycle beyond that limit takes at most."""
    healthy_margin: Q("V", gt=0)
    """Distance from that limit that counts as whole."""


def family_of(cell: CellContext, mode_id: str) -> str | None:
    """Return whose numbers a cell's cathode follows; None where nothing fades.

    Only a composite fades, and none whose material is ``molten``.
    """
    cathode = cell.electrode("cathode")
    if cathode.kind != "porous":
        return None
    own = cell.parameters(mode_id).family
    if own == "auto":
        own = FAMILIES.get(cathode.material.family or "", "other")
    return None if own == "none" else str(own)
