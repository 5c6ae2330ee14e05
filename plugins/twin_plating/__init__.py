"""Sodium plating on a host: metal where the anode's potential falls below sodium's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the plating mode."""
    from twin_plating.mode import HostPlating

    return [HostPlating()]
