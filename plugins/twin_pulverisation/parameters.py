"""The TOML table ``[modes.pulverisation]``."""

# mypy: disable-error-code="valid-type"
from __future__ import annotations

from twin import CellContext, Interface, ModeParameters, Q


class Parameters(ModeParameters):
    """Pulverisation of an alloy anode. Hard carbon, and sodium itself, have none.

    Every loss is ``-ln`` of the coulombic efficiency of a full strip, of all that was filled.
    """

    first_loss: Q("", ge=0)
    """Of the first strip of an anode assembled without sodium, l_1; all that it loses."""
    early_loss: Q("", ge=0)
    """Of the second strip beyond ``lasting_loss``, l_2."""
    early_cycles: Q("", gt=0)
    """Strips over which that falls to 1/e, n_0."""
    lasting_loss: Q("", ge=0)
    """Of every strip of an anode assembled without sodium, l_inf."""
    opened_at: Q("", gt=0, le=1)
    """Filling at assembly from which on an anode was opened before."""
    opened_loss: Q("", ge=0)
    """Of every strip of such an anode, l_open."""
    first_strip: Q("", gt=0, le=0.2)
    """Strips over which the first loss dies away: short, for nearly all of it to fall into one."""
    filling_lag: Q("s", gt=0)
    """Time in which the largest filling follows the filling."""


def alloys(cell: CellContext) -> tuple[Interface, ...]:
    """Return the interfaces with an alloy: a composite anode whose material is of that family."""
    return tuple(
        i
        for i in cell.interfaces
        if i.kind == "porous"
        and i.place == "anode"
        and cell.electrode(i.place).material.family == "alloy"
    )
