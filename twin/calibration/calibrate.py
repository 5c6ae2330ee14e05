"""From a cell and measured curves to its numbers, stage by stage."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.calibration import fit as fitting
from twin.calibration.bands import bands
from twin.calibration.data import Curve, curve_of
from twin.calibration.discrepancy import Discrepancy, blocks, by_state, estimate
from twin.calibration.esmda import LINEAR_FIRST, esmda, prior_ensemble
from twin.calibration.fit import Answer, Fitted, Problem, Record, fit, steepness, weights
from twin.calibration.forward import GAVE_UP, Forward, Simulated, free_ones
from twin.calibration.half_cell import HalfCell, half_cell
from twin.calibration.identify import Profile, Told, laplace, what_is_told
from twin.calibration.method import number_of
from twin.calibration.parameters import FreeNumber, candidates, chosen
from twin.calibration.ready import readying
from twin.calibration.result import Calibration, Score, SpectrumScore
from twin.calibration.spectra import SIGMA_Z, Sweep, Swept, must_be_reachable, part_of, sweep_of
from twin.calibration.windows import windows
from twin.engine.settings import ModelName, known_model
from twin.errors import InputError, SolverGaveUpError
from twin.measured.measured import Measured, measured_or_file
from twin.model.parameters import nominal_capacity
from twin.scenario import Scenario
from twin.specs.dump import with_values
from twin.specs.schema import CellSpec, PorousElectrode

if TYPE_CHECKING:
    from twin.modes.mode import FailureMode
    from twin.specs.overrides import Overrides
    from twin.store import Store

MOST_SOLVES = int(number_of("fit", "solves"))
"""No new Jacobian is begun that would need more."""
TRIALS = int(number_of("fit", "trials"))
"""Residuals between two Jacobians."""
ROUNDS = int(number_of("fit", "rounds"))
"""Jacobians of the last fit, if the solves allow so many."""
DRAWN_IN = number_of("fit", "drawn_in")
MOST_STARTS = int(number_of("fit", "starts"))
MEMBERS = int(number_of("posterior", "members"))
FEW_MEMBERS = int(number_of("posterior", "few"))
"""For each number, so many members at least: chance correlations narrow what they tell."""
HELD_MEMBERS = int(number_of("posterior", "held"))
"""Of them, those that the full model itself tells of a curve that was kept back."""
SHARPER = number_of("fit", "sharper")
"""The fit goes on with weights of the estimated error where they are so much larger."""
_CYCLES = re.compile(r"(?P<ref>.+):(?P<first>\d+)(?:-(?P<last>\d+))?")
_LEAST_K = number_of("discrepancy", "least_temperature")
_LEAST_Z = number_of("discrepancy", "least_impedance")

Progress = Callable[[float, str], None]
Given = str | Path | Measured


@dataclass
class _Work:
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


def calibrate(
    cell: Scenario | CellSpec | str | Path,
    data: Sequence[Given],
    *,
    hold: Sequence[Given] = (),
    half_cells: Mapping[str, Given] | None = None,
    free: Sequence[str] = (),
    fixed: Sequence[str] = (),
    model: str = "dfn",
    members: int = MEMBERS,
    seed: int = 0,
    starts: int = 1,
    overlays: Sequence[str | Path] = (),
    overrides: Overrides = (),
    modes: Sequence[str] = (),
    store: Store | None = None,
    on_progress: Progress | None = None,
) -> Calibration:
    """Fit a full cell's numbers to measured curves.

    Parameters
    ----------
    cell : Scenario, CellSpec, str or Path
        The cell as it is believed to be; its own spreads are the priors.
    data : sequence
        Measured curves to fit: measurements, their names, or files; ``"NAME:1"`` or ``"NAME:1-3"``
        takes those cycles only. An impedance spectrum among them is met too; ``"NAME@50%"`` was
        taken after half of the nominal capacity was discharged since the cell's own start.
    hold : sequence
        Curves and spectra to score, which the fit never sees.
    half_cells : mapping, optional
        Half-cell curves by electrode.
    free, fixed : sequence of str
        Keys of the numbers to fit (all that may be, if none are named), and of those not to.
    model : {"dfn", "spm"}
        The model that has the last word; the fit begins with ``"spm"``.
    members : int
        Of the posterior's ensemble; 0 leaves it at the Gauss-Newton posterior.
    seed : int
        Of the ensemble, and of the starts.
    starts : int
        From so many places the single-particle fit begins: the cell's own numbers, and draws
        from their priors. The best goes on.
    overlays, overrides
        Laid over the cell.
    modes : sequence of str
        Failure modes at work in the model; none by default, as the curves are a fresh cell's.
    store : Store, optional
        Where measurements are.
    on_progress : callable, optional
        Told the share done and what is being done.

    Raises
    ------
    InputError
        If the data, the cell or what is asked for cannot be used.
    SolverGaveUpError
        If the model cannot be solved at the cell's own numbers.
    """
    known = known_model(model)
    if members < 0 or 0 < members < 10:
        raise InputError(
            f"{members} members are too few", key="members", fix="ask for 10 or more, or for 0"
        )
    if not 1 <= starts <= MOST_STARTS:
        raise InputError(
            f"{starts} starts", key="starts", fix=f"ask for 1 to {MOST_STARTS}; 5 find most others"
        )
    scenario = Scenario.of(cell, overlays=tuple(overlays), overrides=overrides, modes=tuple(modes))
    spec, at_work = scenario.cell_and_modes()
    if spec.kind != "full":
        raise InputError(
            f"{spec.name} is a {spec.kind} cell, whose curves tell no open-circuit law",
            key="cell", fix="calibrate a full cell",
        )  # fmt: skip
    if not data:
        raise InputError("there is nothing to fit", key="data", fix="name a measured curve")
    nominal = nominal_capacity(spec)
    every = [_record(given, nominal, store) for given in data]
    own = [record for record in every if isinstance(record, Curve)]
    sweeps = [record for record in every if isinstance(record, Sweep)]
    if not own:
        raise InputError(
            "a spectrum alone tells neither charge nor open circuit", key="data",
            fix="give a discharge curve beside it",
        )  # fmt: skip
    # The order in which files are named says nothing: slow curves first, as they are fitted.
    own.sort(key=lambda curve: (curve.rate, curve.id, curve.pieces[0].start, len(curve.t)))
    sweeps.sort(key=lambda sweep: (sweep.after, sweep.id))
    kept_back = [_record(given, nominal, store) for given in hold]
    for record in (*own, *sweeps, *kept_back):
        if isinstance(record, Sweep):
            must_be_reachable(spec, record)
        else:
            _in_window(spec, record)
    work = _Work(spec, [], own, sweeps, at_work, on_progress or (lambda share, text: None))
    made = _half_cells(work, half_cells or {}, nominal, store)
    readied = readying(work.spec)
    work.spec = with_values(work.spec, readied) if readied else work.spec
    work.items = _free(work, free, fixed)
    z, forward, fitted = _fitted(
        work, known, at_rest=not made and not free, starts=starts, seed=seed
    )
    with work.stage("posterior", 0.7):
        R, errors = _errors(work, fitted)
        sharp = _sharper(work, errors)
        if np.max(sharp) > SHARPER:
            fitted = _again(work, forward, fitted, sharp)
            z = fitted.z
            R, errors = _errors(work, fitted)
        covariance = laplace(fitted.jacobian, R)
        told = what_is_told(work.items, z, covariance)
    if all(item.says == "not told" for item in told):
        raise InputError(
            "the data tell none of the free numbers: the posterior is as wide as the prior",
            key="data", fix="give a longer or faster curve, or free other numbers with --free",
        )  # fmt: skip
    small = forward
    ensemble = np.zeros((0, len(z)))
    if members:
        with work.stage("posterior", 0.95):
            small, ensemble = _drawn(work, known, forward, fitted, R, members, seed)
            kept = [k for k, one in enumerate(told) if one.says == "not told"]
            ensemble[:, kept] = prior_ensemble(members, len(z), seed)[:, kept]
            covariance = _covariance(ensemble, len(z))
            told = what_is_told(work.items, z, covariance)
    with work.stage("profiles", 0.97):
        profiles = _profiles(work, small, z, fitted, R, covariance, told)
    with work.stage("scores", 1.0):
        shown: list[tuple[Record, bool]] = [(c, False) for c in own]
        shown += [*((w, False) for w in sweeps), *((r, True) for r in kept_back)]
        told_of = [_scored(work, r, h, forward, small, z, ensemble, errors) for r, h in shown]
    scores = [one for one in told_of if isinstance(one, Score)]
    of_spectra = [one for one in told_of if isinstance(one, SpectrumScore)]
    work.notes += _said(work, told)
    work.notes += _of_sweeps([one.sweep for one in of_spectra])
    if 0 < members < FEW_MEMBERS * len(z):
        work.notes.append(
            f"{members} members are few for {len(z)} numbers: their spreads come out too narrow."
        )
    return Calibration(
        spec.name, known, work.items, z, covariance, ensemble, told, profiles, errors.V, errors.K,
        scores, made, readied, work.solves, work.cpu_s, seed, work.notes, of_spectra, errors.Z,
        work.costs,
    )  # fmt: skip


# ------------------------------------------------------------------------------- what is given


def _record(given: Given, nominal: float, store: Store | None) -> Record:
    """Return what is given as a curve, or as a spectrum if that is what it holds."""
    ref, after = (given, 0.0) if isinstance(given, Measured) else part_of(str(given))
    if not isinstance(ref, Measured) and Path(str(given)).expanduser().is_file():
        ref, after = str(given), 0.0
    if not isinstance(ref, Measured):
        parted = _CYCLES.fullmatch(str(ref))
        if parted and not Path(str(ref)).expanduser().is_file():
            return _curve(given, nominal, store)
        ref = _read(str(ref), store)
    if ref.info.kind == "impedance":
        return sweep_of(ref, after)
    if "@" in str(given) and not isinstance(given, Measured) and after:
        raise InputError(
            f"{given} is no spectrum: a curve has no @", key="data", fix="leave the @ out"
        )
    return _curve(ref, nominal, store)


def _curve(given: Given, nominal: float, store: Store | None, *, half: bool = False) -> Curve:
    cycles: list[int] | None = None
    if isinstance(given, Measured):
        measured = given
    else:
        ref = str(given)
        parted = _CYCLES.fullmatch(ref)
        if parted and not Path(ref).expanduser().is_file():
            ref = parted["ref"]
            first = int(parted["first"])
            cycles = list(range(first, int(parted["last"] or first) + 1))
            if not cycles:
                raise InputError(
                    f"{given} names no cycle", key="data", fix="write the lower number first"
                )
        measured = _read(ref, store)
    return curve_of(measured, nominal, cycles=cycles, half_cell=half)


def _read(ref: str, store: Store | None) -> Measured:
    from twin.measured.measured import import_file

    if store is None:
        return import_file(ref)
    return measured_or_file(ref, store=store)


def _in_window(spec: CellSpec, curve: Curve) -> None:
    """Refuse a curve that lies beyond the cell's voltage window."""
    low, high = float(np.min(curve.voltage)), float(np.max(curve.voltage))
    slack = window_slack(spec)
    if low < spec.window.lower.si - slack or high > spec.window.upper.si + slack:
        raise InputError(
            f"{curve.name} runs from {low:.3f} to {high:.3f} V, and {spec.name} from "
            f"{spec.window.lower.text} to {spec.window.upper.text}",
            key="data",
            fix="correct window.lower or window.upper, or take the cell that was measured",
        )


def window_slack(spec: CellSpec) -> float:
    """Return how far beyond its window a cell's curve may lie [V]."""
    return 0.05 * float(spec.window.upper.si - spec.window.lower.si)


def _half_cells(
    work: _Work, given: Mapping[str, Given], nominal: float, store: Store | None
) -> list[HalfCell]:
    made = []
    for place in sorted(given):
        if place not in ("anode", "cathode"):
            raise InputError(
                f"{place!r} is no electrode",
                key="half-cell",
                fix="write anode=FILE or cathode=FILE",
            )
        half = half_cell(work.spec, place, _curve(given[place], nominal, store, half=True))
        made.append(half)
    if made:
        laws = {f"{h.place}.material.open_circuit_potential": h.law() for h in made}
        work.spec = with_values(work.spec, laws)
    return made


def _free(work: _Work, free: Sequence[str], fixed: Sequence[str]) -> list[FreeNumber]:
    """Return the free numbers that the built model can be given."""
    area = work.spec.geometry.area.si
    densest = max(abs(p.current) for c in work.curves for p in c.pieces) / area
    heat = any(c.temperature is not None for c in work.curves)
    every = candidates(work.spec, densest, heat=heat, spectra=bool(work.sweeps))
    items = chosen(work.spec, every, free)
    unknown = [key for key in fixed if key not in {i.key for i in items}]
    if unknown:
        chosen(work.spec, every, unknown)  # it may not exist at all
    items = [item for item in items if item.key not in set(fixed)]
    if items:
        kept = free_ones(work.spec, items, "spm", work.modes)
        stuck = [item for item in items if item not in kept]
        if stuck and free:
            raise InputError(
                f"{stuck[0].key} cannot be fitted: the model is built with its number",
                key="free",
                fix="leave it out; a particle's size acts through diffusivity.scale and "
                "exchange_current, a thickness through active_fraction",
            )
        items = kept
    if not items:
        raise InputError(
            f"{work.spec.name} has no number left to fit", key="free",
            fix="name some with --free, or take back a --fix",
        )  # fmt: skip
    return items


# ---------------------------------------------------------------------------------- the stages


def _fitted(
    work: _Work, model: ModelName, *, at_rest: bool, starts: int, seed: int
) -> tuple[np.ndarray, Forward, Fitted]:
    """Fit in stages: the slowest curve alone, all of them with the SPMe, then the DFN."""
    records, curves = work.thinned, [c.thinned for c in work.curves]
    every = list(range(len(work.items)))
    with work.stage("single particles", 0.25):
        small = Forward(work.spec, work.items, "spm", work.modes)
        _must_solve(work, small, curves[0])
        begun = [np.zeros(len(every)), *_drawn_starts(work, starts - 1, seed)]
        # A start is judged by where it ends; one alone that goes on in the DFN need not end here.
        to_its_end = model == "spm" or starts > 1
        tried = [_from_start(work, small, begun[0], at_rest, to_its_end)]
        own = small.solves
        work.count("spm", small)
        if starts > 1:
            tried += [_from_start(work, small, z, at_rest, to_its_end) for z in begun[1:]]
            work.count("starts", small, (own, 0))
            work.costs = [float(one.cost) for one in tried]
        best = int(np.argmin([one.cost for one in tried]))
        fitted = tried[best]
        if starts > 1:
            work.notes.append(
                f"{starts} starts: the cell's own ended at a cost of {tried[0].cost:.4g}, the best"
                f", number {best + 1}, at {fitted.cost:.4g}."
            )
    if model == "spm":
        return fitted.z, small, fitted
    with work.stage("full model", 0.6):
        whole = Forward(work.spec, work.items, model, work.modes)
        _must_solve(work, whole, curves[0])
        problem = Problem(whole, records, every, fitted.z)
        fitted = fit(
            problem, fitted.z, rounds=4, jacobian=fitted.jacobian, first=4, evaluations=TRIALS,
            most=MOST_SOLVES - (own if starts == 1 else 0),
        )  # fmt: skip
        work.count("dfn", whole)
    for curve, told in zip(curves, fitted.told, strict=False):
        if isinstance(told, Simulated) and told.ended:
            work.notes.append(
                f"{curve.name}: the fit ends at {told.ended_at / curve.charge[-1]:.0%} of its "
                f"charge ({told.ended})."
            )
    return fitted.z, whole, fitted


def _from_start(
    work: _Work, small: Forward, z: np.ndarray, at_rest: bool, to_its_end: bool
) -> Fitted:
    """Return the single-particle fit from a start: open circuit, slowest curve, all of them."""
    records, curves = work.thinned, [c.thinned for c in work.curves]
    every, most = list(range(len(work.items))), small.solves + MOST_SOLVES
    slow = min(curves, key=lambda c: c.rate)
    if at_rest:
        z = windows(work.spec, work.items, slow, z)
    if len(records) > 1:
        z = fit(Problem(small, [slow], every, z), z, rounds=1, evaluations=TRIALS).z
    fitted = fit(
        Problem(small, records, every, z), z, rounds=1, evaluations=TRIALS, most=most
    )  # fmt: skip
    if not to_its_end:
        return fitted
    return fit(
        Problem(small, records, every, fitted.z), fitted.z, rounds=ROUNDS,
        jacobian=fitted.jacobian, first=TRIALS, evaluations=TRIALS, most=most,
    )  # fmt: skip


def _drawn_starts(work: _Work, count: int, seed: int) -> list[np.ndarray]:
    """Return starts drawn from the priors, drawn in towards their middles."""
    if count < 1:
        return []
    low, high = np.array([item.z_bounds for item in work.items]).T
    drawn = np.random.default_rng([seed, 2]).standard_normal((count, len(work.items)))
    return list(np.clip(DRAWN_IN * drawn, low, high))


def _must_solve(work: _Work, forward: Forward, curve: Curve) -> None:
    told = forward([item.middle for item in forward.free], curve)
    if told.ended.startswith(GAVE_UP) and told.ended_at <= 0:
        raise SolverGaveUpError(
            f"{work.spec.name} cannot be solved at its own numbers: {told.ended}",
            fix="see whether `twin run` solves it, and check the current of the data",
        )


# ------------------------------------------------------------------------------- the posterior


@dataclass(frozen=True)
class _Errors:
    """The model's own error: of the voltage, of the temperature, and of an impedance's share."""

    V: Discrepancy
    K: Discrepancy | None
    Z: Discrepancy | None

    def covariance(self, record: Record) -> list[np.ndarray]:
        """Return the covariances of a record's parts: voltage and temperature, or Re and Im."""
        if isinstance(record, Sweep):
            assert self.Z is not None
            return [self.Z.covariance(record.s)] * 2
        parts = [self.V.covariance(record.s, _error_scale(self.V, record))]
        if record.temperature is not None and self.K is not None:
            parts.append(self.K.covariance(record.s))
        return parts


def _sharper(work: _Work, errors: _Errors) -> np.ndarray:
    """Return by how much each value weighs more than was expected beforehand.

    A curve's points are worth ``m = (tau^2 + sigma^2) 1^T R^-1 1`` independent ones.
    """

    def worth(d: Discrepancy, s: np.ndarray, expected: float) -> float:
        R = d.covariance(s)
        m = d.total**2 * float(np.sum(np.linalg.solve(R, np.ones(len(R)))))
        return min(m, len(R)) / min(expected, len(R))

    curves = [c.thinned for c in work.curves]
    of_curves = [worth(errors.V, c.s, fitting.INDEPENDENT) for c in curves]
    volts = float(np.sqrt(np.mean(of_curves)) * fitting.SIGMA_V / errors.V.total)
    sharp = np.full(sum(len(fitting.measured([c])) for c in curves), volts)
    sweeps = [w.thinned for w in work.sweeps]
    if not sweeps or errors.Z is None:
        return sharp
    of_sweeps = [worth(errors.Z, w.s, w.independent / 2) for w in sweeps]
    ohms = float(np.sqrt(np.mean(of_sweeps)) * SIGMA_Z / errors.Z.total)
    # Spectra weigh no less than was expected: what is wrong with them is in their own error.
    return np.append(sharp, np.full(sum(len(w.values) for w in sweeps), max(ohms, 1.0)))


def _again(work: _Work, forward: Forward, fitted: Fitted, sharp: np.ndarray) -> Fitted:
    """Go on with the fit with sharper weights, so that the prior pulls no more than it should."""
    before, n = (forward.solves, forward.sweeps), len(work.items)
    problem = Problem(forward, work.thinned, range(n), fitted.z, sharp=sharp)
    own = problem.weights[:, None] * fitted.jacobian
    refined = fit(problem, fitted.z, rounds=1, jacobian=own, first=2 * TRIALS)
    refined.jacobian = refined.jacobian / sharp[:, None]
    work.count(forward.model, forward, before)
    return refined


def _errors(work: _Work, fitted: Fitted) -> tuple[np.ndarray, _Errors]:
    """Return the covariance of the model's error at the fitted points, and what it is of.

    The fit's Jacobian becomes that of the plain voltages, temperatures and shares of ``|Z|``.
    """
    records, curves = work.thinned, [c.thinned for c in work.curves]
    fitted.jacobian = fitted.jacobian / weights(records)[:, None]
    gap = fitting.measured(records) - fitting.simulated(records, fitted.told)
    gap = gap + fitted.jacobian @ fitted.z
    kinds = _kinds(records)
    J, s = fitted.jacobian, [c.s for c in curves]
    steep = [steepness(c) for c in curves]
    volt, warmth, share = (kinds == kind for kind in ("V", "K", "Z"))
    volts = estimate(gap[volt], J[volt], s, steep)
    rates = [c.rates for c in curves]
    volts = by_state(volts, gap[volt], J[volt], s, steep, rates)
    kelvin = ohms = None
    if np.any(warmth):
        warm = [c for c in curves if c.temperature is not None]
        flat = [np.ones(len(c.t)) for c in warm]
        kelvin = estimate(gap[warmth], J[warmth], [c.s for c in warm], flat, least=_LEAST_K)
    if np.any(share):
        along = [part for w in work.sweeps for part in [w.thinned.s] * 2]
        flat = [np.ones(len(part)) for part in along]
        ohms = estimate(gap[share], J[share], along, flat, least=_LEAST_Z)
    errors = _Errors(volts, kelvin, ohms)
    return blocks([part for record in records for part in errors.covariance(record)]), errors


def _error_scale(discrepancy: Discrepancy, curve: Curve) -> np.ndarray:
    """Return ``h``: how much larger the model's error is at a curve's points."""
    value: np.ndarray = steepness(curve) * discrepancy.factors(curve.rates)
    return value


def _kinds(records: Sequence[Record]) -> np.ndarray:
    """Return of each fitted value whether it is a voltage, a temperature or a share of ``|Z|``."""
    kinds = []
    for record in records:
        if isinstance(record, Sweep):
            kinds += ["Z"] * len(record.values)
            continue
        kinds += ["V"] * len(record.t)
        if record.temperature is not None:
            kinds += ["K"] * len(record.t)
    return np.array(kinds)


def _drawn(
    work: _Work,
    model: ModelName,
    forward: Forward,
    fitted: Fitted,
    R: np.ndarray,
    members: int,
    seed: int,
) -> tuple[Forward, np.ndarray]:
    """Draw the posterior by ES-MDA, with the SPMe and what the full model adds at the fit."""
    curves = work.thinned
    small = forward
    if model != "spm":
        small = Forward(work.spec, work.items, "spm", work.modes)
    data = fitting.measured(curves)
    at_fit = fitting.simulated(curves, fitted.told)

    def plain(z: np.ndarray) -> np.ndarray:
        x = [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]
        return fitting.simulated(curves, [small(x, c) for c in curves])

    before = small.solves, small.sweeps
    offset = 0.0 if small is forward else at_fit - plain(fitted.z)
    bounds = np.array([item.z_bounds for item in work.items]).T
    total, done = members * len(LINEAR_FIRST), 0
    begin = work.share

    def told() -> None:
        nonlocal done
        done += 1
        work.progress(begin + (0.95 - begin) * done / total, f"posterior, {done} of {total}")

    z0 = np.clip(prior_ensemble(members, len(work.items), seed), *bounds)
    z, _ = esmda(
        lambda z: plain(z) + offset, data, R, z0, seed, inflation=LINEAR_FIRST,
        first=lambda z: at_fit + fitted.jacobian @ (z - fitted.z),
        bounds=(bounds[0], bounds[1]), on_member=told,
    )  # fmt: skip
    work.count("posterior", small, before)
    return small, z


def _covariance(ensemble: np.ndarray, n: int) -> np.ndarray:
    value = np.cov(ensemble.T).reshape(n, n)
    # A number that every member has at its bound still has a width.
    return value + 1e-8 * np.eye(n)


def _profiles(
    work: _Work,
    forward: Forward,
    z: np.ndarray,
    fitted: Fitted,
    R: np.ndarray,
    covariance: np.ndarray,
    told: Sequence[Told],
) -> list[Profile]:
    """Return the profiles of the two numbers that are told worst, by Gauss-Newton.

    With one number held at ``z_k + d`` the others follow ``C_jk/C_kk d``; the cost there is
    solved for, not extrapolated.
    """
    curves = work.thinned
    half = np.linalg.cholesky(R)
    data = fitting.measured(curves)
    C = laplace(fitted.jacobian, R)
    bounds = np.array([item.z_bounds for item in work.items]).T
    before = forward.solves, forward.sweeps
    x0 = [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]
    own = fitting.simulated(curves, [forward(x0, c) for c in curves])
    offset = fitting.simulated(curves, fitted.told) - own

    def cost(at: np.ndarray) -> float:
        x = [item.x(float(v)) for item, v in zip(work.items, at, strict=True)]
        gap = data - offset - fitting.simulated(curves, [forward(x, c) for c in curves])
        white = np.linalg.solve(half, gap)
        return float(white @ white + at @ at)

    least = cost(z)
    profiles = []
    worst = sorted(range(len(told)), key=lambda k: (-told[k].share, told[k].key))[:2]
    for k in worst:
        width = float(np.sqrt(C[k, k]))
        at, costs = [], []
        for d in (-2.0, -1.0, 0.0, 1.0, 2.0):
            moved = np.clip(z + C[:, k] / C[k, k] * d * width, bounds[0], bounds[1])
            at.append(work.items[k].x(float(moved[k])))
            costs.append(0.0 if d == 0 else cost(moved) - least)
        profiles.append(Profile(work.items[k].key, tuple(at), tuple(costs)))
    work.count("profiles", forward, before)
    return profiles


# ----------------------------------------------------------------------------------- the scores


def _scored(
    work: _Work,
    record: Record,
    held: bool,
    forward: Forward,
    small: Forward,
    z: np.ndarray,
    ensemble: np.ndarray,
    errors: _Errors,
) -> Score | SpectrumScore:
    def x(z: np.ndarray) -> list[float]:
        return [item.x(float(v)) for item, v in zip(work.items, z, strict=True)]

    best: Answer = forward(x(z), record)
    # What the fit never saw is told by the full model itself, with fewer members.
    apart = small is not forward and held
    teller = forward if apart else small
    beside = best if teller is forward else teller(x(z), record)
    members = ensemble[:HELD_MEMBERS] if apart else ensemble
    told = [teller(x(member), record) for member in members]
    if isinstance(record, Sweep):
        assert isinstance(best, Swept) and isinstance(beside, Swept)
        ohms = [one.impedance for one in told if isinstance(one, Swept)]
        return _scored_spectrum(record, held, best, beside, ohms, errors.Z)
    assert isinstance(best, Simulated) and isinstance(beside, Simulated)
    if not told:
        return Score(record, held, best.voltage, best.temperature, best.ended)
    curves = [one for one in told if isinstance(one, Simulated)]
    volts = np.array([t.voltage for t in curves]) + best.voltage - beside.voltage
    low, high = bands(volts, errors.V.total * _error_scale(errors.V, record))
    low_K = high_K = None
    if record.temperature is not None and errors.K is not None:
        kelvin = np.array([t.temperature for t in curves]) + best.temperature - beside.temperature
        low_K, high_K = bands(kelvin, np.full(len(record.t), errors.K.total))
    return Score(record, held, best.voltage, best.temperature, best.ended, low, high, low_K, high_K)


def _scored_spectrum(
    sweep: Sweep,
    held: bool,
    best: Swept,
    beside: Swept,
    told: Sequence[np.ndarray],
    error: Discrepancy | None,
) -> SpectrumScore:
    """Return a spectrum's score; no band where no spectrum was fitted: its error is unknown."""
    if not told or error is None:
        return SpectrumScore(sweep, held, best.impedance, best.ended)
    shares = np.array([sweep.shares(z + best.impedance - beside.impedance) for z in told])
    low, high = bands(shares, np.full(shares.shape[1], error.total))
    return SpectrumScore(sweep, held, best.impedance, best.ended, low, high)


def _said(work: _Work, told: Sequence[Told]) -> list[str]:
    """Return in words what bounds were hit and what is not told."""
    notes = [f"{one.key} ended at its {one.bound} bound." for one in told if one.bound]
    lacking = [one.key for one in told if one.says == "not told"]
    if lacking:
        notes.append(f"Not told by the data, kept at the prior's width: {', '.join(lacking)}.")
    for one in told:
        if one.together and one.key < one.together:
            notes.append(f"{one.key} is told only together with {one.together}.")
    if any(isinstance(getattr(work.spec, p), PorousElectrode) for p in ("anode", "cathode")):
        notes.append("A particle's size is not fitted apart: D/R^2 and i_0/R are what curves tell.")
    return notes


def _of_sweeps(sweeps: Sequence[Sweep]) -> list[str]:
    """Return in words what was done to spectra."""
    notes = []
    for sweep in sweeps:
        if sweep.left_out:
            notes.append(f"{sweep.name}: {sweep.left_out} inductive points left out.")
        if sweep.verdict != "sound":
            notes.append(f"{sweep.name} is {sweep.verdict} by its Kramers-Kronig test.")
    return notes


def changes_of(calibration: Calibration) -> dict[str, Any]:
    """Return the best fit as overrides of the cell, by key."""
    return {item.key: item.text(item.x(float(z)))
            for item, z in zip(calibration.items, calibration.z, strict=True)}  # fmt: skip
