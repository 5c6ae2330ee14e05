"""Pulverisation: sodium trapped in the grains of an alloy anode that lose their contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the pulverisation mode."""
    from twin_pulverisation.mode import Pulverisation

    return [Pulverisation()]
