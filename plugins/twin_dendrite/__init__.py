"""Dendrites: sodium filaments that crack their way through the electrolyte and short it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the dendrite mode."""
    from twin_dendrite.mode import Dendrite

    return [Dendrite()]
