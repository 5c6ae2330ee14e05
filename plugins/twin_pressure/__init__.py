"""Stack pressure: roughness contact, voids in sodium, the fixture, creep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin import hookimpl

if TYPE_CHECKING:
    from twin import FailureMode


@hookimpl
def twin_failure_modes() -> list[FailureMode]:
    """Bring the stack-pressure mode."""
    from twin_pressure.mode import StackPressure

    return [StackPressure()]
