"""How lives of a study end, in the words of a run's status."""

from __future__ import annotations

from twin.engine.outcome import UNTOLD

FINISHED = ("completed", "cell-failed", *UNTOLD)
"""The ends after which a member of a study is not begun again."""

__all__ = ["FINISHED", "UNTOLD"]
