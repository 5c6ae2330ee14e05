"""What a reader makes of a file, and what a reader is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from twin.measured.source import Source

Chunk = dict[str, np.ndarray]
"""Columns of equal length by their names (:mod:`twin.measured.quantities`), in SI units."""

Positive = Literal["charge", "discharge", ""]
"""What a positive current is in a file; empty where that is not known."""


@dataclass(frozen=True)
class Asked:
    """What the user says of a file that it does not say itself.

    Attributes
    ----------
    columns : str
        Its headings, separated by commas, if it has none or wrong ones.
    positive : {"charge", "discharge", ""}
        What a positive current is.
    time_unit : str
        The unit of its time.
    timezone : str
        The zone of its dates, as ``"Europe/Berlin"``.
    current : float
        The constant current [A], + on discharge, of a curve of charge and voltage.
    reader : str
        The one reader to be used.
    """

    columns: str = ""
    positive: Positive = ""
    time_unit: str = ""
    timezone: str = ""
    current: float = 0.0
    reader: str = ""

    def __bool__(self) -> bool:
        return self != Asked()


@dataclass
class Recording:
    """What a reader gives: chunks of columns, in the order of the file.

    Attributes
    ----------
    chunks : iterator of dict
        See :data:`Chunk`. Time, current and voltage, or frequency and both parts of the
        impedance, must be among them; what a row does not have is NaN.
    positive : {"charge", "discharge", ""}
        What a positive current is, by the format's convention.
    remarks : list of str
        What was repaired or guessed; may grow while the chunks are read.
    about : dict
        What else the file says: who wrote it, when it began.
    assumed : set of str
        The columns whose unit the file does not say.
    step_clock : bool
        Whether its time is known to begin anew with each step.
    """

    chunks: Iterator[Chunk]
    positive: Positive = ""
    remarks: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    assumed: set[str] = field(default_factory=set)
    step_clock: bool = False


@dataclass(frozen=True)
class Reader:
    """One way to read measured files, as a plugin brings it.

    Attributes
    ----------
    id : str
        A short name, e.g. ``"maccor"``.
    title : str
        In words.
    signature : callable
        Takes a :class:`~twin.measured.source.Source`; whether its content (never its name)
        looks like such a file.
    read : callable
        Takes the source and what the user said (:class:`Asked`), and returns a
        :class:`Recording`. It raises what it likes on a file that is none of its own.
    needs : str
        The package that it needs and the twin does not install.
    """

    id: str
    title: str
    signature: Callable[[Source], bool]
    read: Callable[[Source, Asked], Recording]
    needs: str = ""


def chunk_of(columns: Mapping[str, Any]) -> Chunk:
    """Return columns as arrays of doubles."""
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}
