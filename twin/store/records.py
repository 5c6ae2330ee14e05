"""What the store hands back: plain, frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from twin.status import Status
from twin.store.damage import Damage

QUIET_AFTER = timedelta(minutes=10)
"""A run of another host that has written nothing for so long may no longer be running."""


@dataclass(frozen=True)
class Checkpoint:
    """The state at the end of a cycle; ``layout`` says how to read ``data``.

    ``layout_cycle`` is the cycle whose checkpoint brought that layout: this one's, or an
    earlier one that those after it are read by.
    """

    cycle: int
    data: bytes
    layout: str
    layout_cycle: int


@dataclass(frozen=True)
class RunInfo:
    """Everything the store knows of a run, without its cycles.

    Attributes
    ----------
    id : str
        The run's id.
    cell_name, cell_hash, cell_kind, cell_family, cell_title : str
        The cell.
    cell_spec : dict or None
        The cell's whole spec; None in listings (:meth:`Store.runs`), where it is not read.
    protocol, settings, modes, packages : dict
        What was run, how, with which failure modes and which package versions.
    seed : int or None
        The seed of whatever is random in it.
    parent_run : str or None
        The run this one branched from (None too once that one is deleted).
    parent_cycle : int or None
        The cycle it branched at.
    study, member : str or None
        The study it belongs to, and its name there.
    status : Status
        As stored: running, or how it ended.
    status_now : Status
        The same, but interrupted when the writing process is gone, and running elsewhere
        when it ran on another host and has long been quiet.
    outcome : dict
        The cause of death, empty while running.
    cycles_requested, cycles, last_cycle : int
        Asked for; finished; the number of the last stored one, which a cell may have died
        in (0 when there is none).
    created, updated : datetime
        In UTC.
    wall_s : float
        Time spent computing [s].
    host : str
        Where it was written from.
    pid : int
        By which process.
    damage : tuple of Damage
        What of it cannot be read (neutral values stand there); only listings have any.
        ``status_now`` is then "damaged".
    """

    id: str
    cell_name: str
    cell_hash: str
    cell_kind: str
    cell_family: str
    cell_title: str
    cell_spec: dict[str, Any] | None
    protocol: dict[str, Any]
    settings: dict[str, Any]
    modes: dict[str, Any]
    packages: dict[str, Any]
    seed: int | None
    parent_run: str | None
    parent_cycle: int | None
    study: str | None
    member: str | None
    status: Status
    status_now: Status
    outcome: dict[str, Any]
    cycles_requested: int
    cycles: int
    last_cycle: int
    created: datetime
    updated: datetime
    wall_s: float
    host: str
    pid: int
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True)
class StudyInfo:
    """A study: many runs with one question.

    ``members`` counts its runs by their stored status; only listings
    (:meth:`Store.studies`) have it, and they leave the design out. ``damage`` is what of a
    listed one cannot be read; its ``status`` is then "damaged".
    """

    id: str
    kind: str
    cell_name: str
    status: Status
    design: dict[str, Any]
    summary: dict[str, Any]
    created: datetime
    members: Mapping[str, int] = field(default_factory=dict)
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True)
class MeasurementInfo:
    """A file of measured data, everything of it but its rows.

    Attributes
    ----------
    id : str
        The SHA-256 of the file.
    name, source : str
        The file's name, and where it was.
    cell_name : str
        The cell it was measured on, as the user calls it; empty if not said.
    kind : str
        ``"cycling"`` or ``"impedance"``.
    rows : int
        How many rows or points.
    created : datetime
        When it was taken in, in UTC.
    meta : dict
        How it was read, what was repaired, what was found.
    damage : tuple of Damage
        What of a listed one cannot be read.
    """

    id: str
    name: str
    source: str
    cell_name: str
    kind: str
    rows: int
    created: datetime
    meta: dict[str, Any]
    damage: tuple[Damage, ...] = ()

    @property
    def short(self) -> str:
        """The beginning of its id, as it is shown."""
        return self.id[:10]
