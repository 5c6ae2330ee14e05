"""Fade: active material of the cathode lost inside its window, by no mechanism that is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the fade mode."""
    from twin_fade.mode import CathodeFade

    return [CathodeFade()]
