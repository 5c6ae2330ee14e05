"""What runs, lives and studies may be asked for, as typed keywords.

The functions that people call take these with ``**asked: Unpack[…]``, so that a wrong keyword
or a wrong type is seen by the type checker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from twin.specs.overrides import Overrides


class CellChanges(TypedDict, total=False):
    """What is laid over a cell."""

    overlays: Sequence[str | Path]
    overrides: Overrides


class LivesAsked(CellChanges, total=False):
    """How the lives of a study are lived."""

    protocol: str | Path | None
    modes: Iterable[str] | None
    without: Iterable[str]
    model: str | None
    rtol: float | None
    atol: float | None


class LifeAsked(LivesAsked, total=False):
    """How a life is followed."""

    cycles: int | None
    series_every: int


class StairsAsked(TypedDict, total=False):
    """The staircase of currents."""

    start: str | float
    step: str | float
    maximum: str | float
    half_cycle: str | float | None
    areal_capacity: str | float | None
    rest: str | float
    repeats: int


class GoingAsked(TypedDict, total=False):
    """What a forecast that goes on may be asked for besides."""

    samples: int | None
    settle: float | None
    scheduler: str | None


class SettingsOfRun(TypedDict, total=False):
    """How each run of a comparison is run."""

    cycles: int | None
    protocol: str | Path | None
    overrides: Overrides
    modes: Iterable[str] | None
    without: Iterable[str]
    model: str
    rtol: float
    atol: float
    series_every: int
