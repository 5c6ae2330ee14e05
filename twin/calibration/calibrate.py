"""From a cell and measured curves to its numbers, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.calibration.data import Curve
from twin.calibration.draws import covariance_of, drawn_members, profiles_of
from twin.calibration.errors import estimated_errors, sharper_weights
from twin.calibration.esmda import prior_ensemble
from twin.calibration.fit import Record
from twin.calibration.given import Given, half_cells_of, must_be_in_window, record_of
from twin.calibration.identify import laplace, what_is_told
from twin.calibration.method import number_of
from twin.calibration.ready import readying
from twin.calibration.result import Calibration, Score, SpectrumScore
from twin.calibration.scores import said, said_of_sweeps, scored
from twin.calibration.spectra import Sweep, must_be_reachable
from twin.calibration.stages import fitted_in_stages, free_of, sharpened
from twin.calibration.work import Progress, Work
from twin.engine.settings import known_model
from twin.errors import InputError
from twin.model.parameters import nominal_capacity
from twin.scenario import Scenario
from twin.specs.dump import with_values
from twin.specs.schema import CellSpec

if TYPE_CHECKING:
    from twin.specs.overrides import Overrides
    from twin.store import Store


MOST_STARTS = int(number_of("fit", "starts"))
MEMBERS = int(number_of("posterior", "members"))
FEW_MEMBERS = int(number_of("posterior", "few"))
"""For each number, so many members at least: chance correlations narrow what they tell."""
SHARPER = number_of("fit", "sharper")
"""The fit goes on with weights of the estimated error where they are so much larger."""


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
    every = [record_of(given, nominal, store) for given in data]
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
    kept_back = [record_of(given, nominal, store) for given in hold]
    for record in (*own, *sweeps, *kept_back):
        if isinstance(record, Sweep):
            must_be_reachable(spec, record)
        else:
            must_be_in_window(spec, record)
    work = Work(spec, [], own, sweeps, at_work, on_progress or (lambda share, text: None))
    made = half_cells_of(work, half_cells or {}, nominal, store)
    readied = readying(work.spec)
    work.spec = with_values(work.spec, readied) if readied else work.spec
    work.items = free_of(work, free, fixed)
    z, forward, fitted = fitted_in_stages(
        work, known, at_rest=not made and not free, starts=starts, seed=seed
    )
    with work.stage("posterior", 0.7):
        R, errors = estimated_errors(work, fitted)
        sharp = sharper_weights(work, errors)
        if np.max(sharp) > SHARPER:
            fitted = sharpened(work, forward, fitted, sharp)
            z = fitted.z
            R, errors = estimated_errors(work, fitted)
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
            small, ensemble = drawn_members(work, known, forward, fitted, R, members, seed)
            kept = [k for k, one in enumerate(told) if one.says == "not told"]
            ensemble[:, kept] = prior_ensemble(members, len(z), seed)[:, kept]
            covariance = covariance_of(ensemble, len(z))
            told = what_is_told(work.items, z, covariance)
    with work.stage("profiles", 0.97):
        profiles = profiles_of(work, small, z, fitted, R, covariance, told)
    with work.stage("scores", 1.0):
        shown: list[tuple[Record, bool]] = [(c, False) for c in own]
        shown += [*((w, False) for w in sweeps), *((r, True) for r in kept_back)]
        told_of = [scored(work, r, h, forward, small, z, ensemble, errors) for r, h in shown]
    scores = [one for one in told_of if isinstance(one, Score)]
    of_spectra = [one for one in told_of if isinstance(one, SpectrumScore)]
    work.notes += said(work, told)
    work.notes += said_of_sweeps([one.sweep for one in of_spectra])
    if 0 < members < FEW_MEMBERS * len(z):
        work.notes.append(
            f"{members} members are few for {len(z)} numbers: their spreads come out too narrow."
        )
    return Calibration(
        spec.name, known, work.items, z, covariance, ensemble, told, profiles, errors.V, errors.K,
        scores, made, readied, work.solves, work.cpu_s, seed, work.notes, of_spectra, errors.Z,
        work.costs,
    )  # fmt: skip


def changes_of(calibration: Calibration) -> dict[str, Any]:
    """Return the best fit as overrides of the cell, by key."""
    return {item.key: item.text(item.x(float(z)))
            for item, z in zip(calibration.items, calibration.z, strict=True)}  # fmt: skip
