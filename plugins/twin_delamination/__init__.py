"""Delamination: bonds between electrode and electrolyte lost to misfit strain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the delamination mode."""
    from twin_delamination.mode import Delamination

    return [Delamination()]
