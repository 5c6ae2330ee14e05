"""Numbers and times as people read them: :mod:`twin.formats`, which screens use too."""

from __future__ import annotations

from twin.formats import ago, bar, duration, margin_text, moment, percent, short

__all__ = ["ago", "bar", "duration", "margin_text", "moment", "percent", "short"]
