"""What is carried from stage to stage of a calibration."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twin.calibration.data import Curve
from twin.calibration.fit import Record
from twin.calibration.forward import Forward
from twin.calibration.parameters import FreeNumber
from twin.calibration.spectra import Sweep
from twin.specs.schema import CellSpec

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode


Progress = Callable[[float, str], None]


@dataclass
class Work:
    """What is carried from stage to stage."""

    spec: CellSpec
    items: list[FreeNumber]
    curves: list[Curve]
    sweeps: list[Sweep]
    modes: Sequence[FailureMode]
    progress: Progress
    solves: dict[str, int] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    share: float = 0.0

    @property
    def thinned(self) -> list[Record]:
        """What the fit meets: curves, slow ones first, then spectra."""
        return [*(c.thinned for c in self.curves), *(w.thinned for w in self.sweeps)]

    @contextmanager
    def stage(self, name: str, until: float) -> Iterator[None]:
        """Count the processor's seconds of a stage, and tell when it is done."""
        self.progress(self.share, name)
        began = time.process_time()
        yield
        self.cpu_s[name] = self.cpu_s.get(name, 0.0) + time.process_time() - began
        self.share = until
        self.progress(until, name)

    def count(self, name: str, forward: Forward, before: tuple[int, int] = (0, 0)) -> None:
        """Note how often a model was solved, and how many spectra were worked out."""
        self.solves[name] = self.solves.get(name, 0) + forward.solves - before[0]
        if self.sweeps:
            spectra = self.solves.get("spectra", 0)
            self.solves["spectra"] = spectra + forward.sweeps - before[1]
