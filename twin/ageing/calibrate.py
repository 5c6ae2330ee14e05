"""From a cell and its check-ups to the constants of its ageing, a jumped life for each trial."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.ageing.fit import AgeingFit, fit_ageing, held_after
from twin.ageing.series import Series
from twin.calibration.forward import free_ones
from twin.calibration.method import number_of
from twin.calibration.overlay import FORMAT, number_entry, put
from twin.calibration.parameters import FreeNumber, chosen
from twin.catalog.cells import plan_of
from twin.engine.capacity import first_capacity
from twin.engine.checkpoint import State
from twin.engine.settings import RunSettings, known_model
from twin.engine.simulator import Simulator
from twin.errors import InputError
from twin.files import write_text
from twin.lifetime.jump import JumpLoop
from twin.lifetime.kept_rows import KeptRows
from twin.runs.life import DEFAULTS
from twin.scenario import Scenario
from twin.specs.dump import to_toml, with_values
from twin.specs.naming import walk_quantities
from twin.tracking.checkups import CheckUp, read_checkups
from twin.tracking.observables import Observable, observables

if TYPE_CHECKING:
    from twin.specs.overrides import Overrides
    from twin.specs.schema import CellSpec
    from twin.store import Store

Progress = Callable[[float, str], None]
_NAMED = 8


@dataclass(frozen=True)
class AgeingScore:
    """Readings of one kind beside what is expected of them.

    Attributes
    ----------
    series : Series
        The readings.
    mean, sd : ndarray
        What is expected of their logarithms, and its standard deviation.
    """

    series: Series
    mean: np.ndarray
    sd: np.ndarray

    def rms(self, held: bool) -> float | None:
        """Return the root mean square error of the logarithm; None without such readings."""
        these = self.series.held == held
        if not np.any(these):
            return None
        return float(np.sqrt(np.mean((self.series.log - self.mean)[these] ** 2)))

    def coverage(self, held: bool) -> float | None:
        """Return the share of readings in the band that should hold 90 %."""
        these = self.series.held == held
        if not np.any(these):
            return None
        within = np.abs(self.series.log - self.mean) <= 1.645 * self.sd
        return float(np.mean(within[these]))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        one = self.series
        return {
            "reading": one.of.key,
            "cycles": [int(c) for c in one.cycles],
            "measured": np.exp(one.log).tolist(),
            "expected": np.exp(self.mean).tolist(),
            "low": np.exp(self.mean - 1.645 * self.sd).tolist(),
            "high": np.exp(self.mean + 1.645 * self.sd).tolist(),
            "share": one.share,
            "held": [bool(h) for h in one.held],
            "rms_fitted": self.rms(False),
            "rms_held": self.rms(True),
            "coverage_held": self.coverage(True),
        }


@dataclass(frozen=True)
class AgeingCalibration:
    """The constants of a cell's ageing, and what the check-ups leave open.

    Attributes
    ----------
    cell : str
        Its name.
    items : list of FreeNumber
        What was free.
    found : AgeingFit
        What the readings tell.
    scores : list of AgeingScore
        The readings, kind by kind.
    data : list of tuple of str
        Each file's name and SHA-256.
    cpu_s : float
        The processor's seconds.
    notes : list of str
        What should be known.
    """

    cell: str
    items: list[FreeNumber]
    found: AgeingFit
    scores: list[AgeingScore]
    data: list[tuple[str, str]]
    cpu_s: float
    notes: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, float]:
        """The fit by key, in SI units."""
        return {i.key: i.x(float(z)) for i, z in zip(self.items, self.found.z, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        sd = np.sqrt(np.diag(self.found.covariance))
        numbers = [
            {
                "key": item.key, "value": item.x(float(z)), "unit": item.quantity.unit,
                "prior": item.middle, "spread": item.spread(float(s)),
                "share_of_prior": told.share, "says": told.says, "bound": told.bound or None,
                "together": told.together or None,
            }
            for item, z, s, told in zip(self.items, self.found.z, sd, self.found.told, strict=True)
        ]  # fmt: skip
        return {
            "cell": self.cell, "numbers": numbers,
            "readings": [score.to_dict() for score in self.scores],
            "errors": self.found.errors,
            "covariance": self.found.covariance.tolist(), "lives": self.found.lives,
            "cpu_s": round(self.cpu_s, 2), "notes": list(self.notes),
        }  # fmt: skip


def calibrate_ageing(
    cell: Scenario | CellSpec | str | Path,
    data: Sequence[str | Path],
    *,
    free: Sequence[str],
    until: int | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Sequence[str] | None = None,
    protocol: str | Path | None = None,
    model: str = "spm",
    store: Store | None = None,
    on_progress: Progress | None = None,
) -> AgeingCalibration:
    """Fit constants of a cell's failure modes to its check-ups.

    Parameters
    ----------
    cell : Scenario, CellSpec, str or Path
        The cell; its numbers' spreads are the priors. Lay what a calibration of its curves found
        over it first.
    data : sequence of str
        Tables of check-ups, cyclers' files of many cycles, spectra as ``NAME@CYCLE``
        (:func:`twin.tracking.checkups.read_checkups`).
    free : sequence of str
        Keys of the numbers to fit, as ``"modes.fade.this_cell"``.
    until : int, optional
        Check-ups after this cycle are kept back, and scored.
    overlays, overrides, modes, protocol, model
        As for :func:`twin.life`.
    store : Store, optional
        Where measurements are.
    on_progress : callable, optional
        Told the share done and what is being done.

    Raises
    ------
    InputError
        If the data, the cell or what is asked for cannot be used.
    """
    began = time.process_time()
    asked = Scenario.of(
        cell, overlays=tuple(overlays), overrides=overrides, modes=modes, protocol=protocol
    ).resolve()
    spec = asked.spec
    items = _items(spec, free)
    sources = [str(path) for path in data]
    if not sources:
        raise InputError("there are no check-ups", key="ageing", fix="name a table of check-ups")
    checkups, notes = read_checkups(sources, area_m2=spec.geometry.area.si, store=store)
    series = held_after(_series(checkups), until)
    fitted = {int(c) for s in series for c in s.cycles[~s.held]}
    fewest = int(number_of("ageing", "fewest"))
    if len(fitted) < fewest:
        raise InputError(
            f"{len(fitted)} check-ups are left to fit", key="until",
            fix=f"give {fewest} or more, or raise --until",
        )  # fmt: skip
    last = int(max(s.cycles[-1] for s in series))
    settings = RunSettings(known_model(model), DEFAULTS["rtol"], DEFAULTS["atol"], 0)
    free_keys = [i.key for i in free_ones(spec, items, known_model(model), asked.modes)]
    simulator = Simulator(spec, asked.modes, settings, free_keys)
    lives = 0

    def predict(z: np.ndarray) -> list[np.ndarray]:
        nonlocal lives
        lives += 1
        if on_progress is not None:
            on_progress(1 - 0.8**lives, f"life {lives}")
        changes = {i.key: i.text(i.x(float(v))) for i, v in zip(items, z, strict=True)}
        changed, kept = with_values(spec, changes), KeptRows()
        prepared = simulator.at(changed, plan_of(asked.rules, changed))
        start = State(0, 0.0, None)
        JumpLoop(prepared, kept, f"life {lives}", start, keeps_checkpoints=False).run(last)
        rows = [row for row in kept.rows if row.get("complete", True)]
        return [_read(rows, one) for one in series]

    solution = fit_ageing(predict, series, items)
    scores = [AgeingScore(*parts) for parts in zip(series, solution.mean, solution.sd, strict=True)]
    notes += [f"{one.key} ended at its {one.bound} bound." for one in solution.told if one.bound]
    for one in solution.told:
        if one.together and one.key < one.together:
            notes.append(f"{one.key} is told only together with {one.together}.")
    if on_progress is not None:
        on_progress(1.0, "done")
    hashes = [(Path(name).name, _sha(name)) for name in sources]
    spent = time.process_time() - began
    return AgeingCalibration(spec.name, items, solution, scores, hashes, spent, notes)


def _items(spec: CellSpec, free: Sequence[str]) -> list[FreeNumber]:
    if not free:
        own = [k for k, q in walk_quantities(spec) if k.startswith("modes.") and q.spread]
        raise InputError(
            "no constant of its ageing is named", key="free",
            fix="name one or a few with --free: " + ", ".join(own[:_NAMED]),
        )  # fmt: skip
    return chosen(spec, (), free)


def _sha(name: str) -> str:
    path = Path(name).expanduser()
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _series(checkups: Sequence[CheckUp]) -> list[Series]:
    """Return the readings kind by kind, shares apart from those with a unit."""
    made = []
    for key, of in observables().items():
        for share in (False, True):
            own = [(c.cycle, c.readings[key].value) for c in checkups
                   if key in c.readings and c.readings[key].share == share]  # fmt: skip
            if own:
                cycles, values = np.array(own, dtype=float).T
                made.append(Series(of, cycles, np.log(values), share, np.zeros(len(own), bool)))
    return made


def _read(rows: Sequence[dict[str, Any]], series: Series) -> np.ndarray:
    """Return the logarithms that a life has at the cycles of some readings.

    After its end they fall as the cycle number grows: a fit sees how much too early it was.
    """
    cycles = np.array([row["cycle"] for row in rows], dtype=float)
    values = _values(rows, series.of)
    good = np.isfinite(values) & (values > 0)
    if not np.any(good):
        raise InputError(
            f"the life has no {series.of.words} to compare with", key="ageing",
            fix="leave that column out, or let a mode at work that has it",
        )  # fmt: skip
    cycles, log = cycles[good], np.log(values[good])
    if series.share:
        log = log - log[0]
    told: np.ndarray = np.interp(series.cycles, cycles, log)
    late = series.cycles > cycles[-1]
    sign = -1.0 if series.of.key == "capacity" else 1.0
    told[late] += sign * np.log(series.cycles[late] / cycles[-1])
    return told


def _values(rows: Sequence[dict[str, Any]], of: Observable) -> np.ndarray:
    values = np.array([of.of(row) for row in rows], dtype=float)
    first = first_capacity(rows)
    if of.key == "capacity" and first:
        shares = [row.get("capacity_share") or row["capacity_Ah"] / first for row in rows]
        values = first * np.array(shares, dtype=float)
    return values


def ageing_overlay(calibration: AgeingCalibration) -> dict[str, Any]:
    """Return the constants as the plain data of an overlay's file."""
    source = "twin calibrate: " + ", ".join(f"{n} (SHA-256 {h[:16]})" for n, h in calibration.data)
    sd = np.sqrt(np.diag(calibration.found.covariance))
    patch: dict[str, Any] = {}
    for item, z, s, told in zip(
        calibration.items, calibration.found.z, sd, calibration.found.told, strict=True
    ):
        put(patch, item.key, number_entry(item, float(z), float(s), told, source))
    return {
        "schema": 1,
        "title": f"{calibration.cell}, its ageing calibrated",
        "patch": patch,
        "calibration": {
            "format": FORMAT,
            "cell": calibration.cell,
            "readings": {
                key: {name: float(f"{value:.4g}") for name, value in errors.items()}
                for key, errors in calibration.found.errors.items()
            },
        },
        "provenance": {
            "references": [f"{name}, SHA-256 {sha}" for name, sha in calibration.data],
            "notes": " ".join(calibration.notes),
        },
    }


def save_ageing(calibration: AgeingCalibration, path: str | Path) -> None:
    """Write the constants as an overlay's file.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    write_text(path, to_toml(ageing_overlay(calibration)), key="out")
