"""What the rows of a run say of its capacity."""

from __future__ import annotations

from twin.engine.capacity import first_capacity, share_left

__all__ = ["first_capacity", "share_left"]
