from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from twin.modes.mode import Criterion, FailureMode


@pytest.fixture(scope="session")
def plating_limit() -> Callable[..., FailureMode]:
    """``plating_limit(30.0)``: a stranger's mode that fails a face plated at 30 A.m-2.

    With ``local=True`` the current per area in contact counts, so that lost contact helps.
    """

    def make(
        density: float, *, local: bool = False, severity: Any = "fatal", mode_id: str = "stranger"
    ) -> FailureMode:
        class Stranger(FailureMode):
            id = mode_id
            title = "Too much plating"

            def criteria(self, cell: Any) -> list[Criterion]:
                what = "local current density [A.m-2]" if local else "current density [A.m-2]"
                return [
                    Criterion(
                        what=f"{i.place} plated too hard",
                        variable=i(what),
                        threshold=-density,
                        direction="below",
                        fresh=0.0,
                        severity=severity,
                        says="too much at once",
                    )
                    for i in cell.interfaces
                ]

        return Stranger()

    return make
