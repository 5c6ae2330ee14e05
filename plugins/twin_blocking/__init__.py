"""Blocking: what stands in the way of the ions inside the electrolyte and at its faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the blocking mode."""
    from twin_blocking.mode import Blocking

    return [Blocking()]
