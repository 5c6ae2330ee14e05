"""Design: the pressure, temperature and current at which a cell lives longest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from twin.errors import InputError
from twin.runs.record import keep_summary, open_store
from twin.scenario import Scenario
from twin.studies.asked import given, same
from twin.studies.base import base_of, gone_on_with, study_design
from twin.studies.life_record import LifeDone
from twin.studies.optimiser import Designer, climbed
from twin.studies.ranges import check_ends, inputs_of
from twin.studies.registry import Going, KeptResult, StudyKind, kept_design
from twin.studies.runner import Lives

if TYPE_CHECKING:
    from twin.catalog.asked import LivesAsked
    from twin.specs.schema import CellSpec
    from twin.store import Store

KIND = "design"
DEFAULTS: dict[str, Any] = {
    "maximise": "life",
    "cycles": 500,
    "samples": 0,
    "seed": 0,
    "most": 60,
}
"""What a new design is asked for where nothing is said."""
OBJECTIVES = ("life",)
MOST_AXES = 4


class Design(KeptResult):
    """A design; the lives behind it are a study in the store."""

    @property
    def optimum(self) -> dict[str, Any]:
        """The best values by key, as ``--set`` takes them."""
        return {key: value["text"] for key, value in self._document["optimum"].items()}

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw every life over each number varied; save the figure if a path is given."""
        from twin.report.designs import plot_design

        return plot_design(self.to_dict(), path)


def design(
    cell: CellSpec | Scenario | str | Path,
    *,
    vary: Sequence[str] = (),
    limits: Sequence[str] = (),
    maximise: str | None = None,
    cycles: int | None = None,
    samples: int | None = None,
    seed: int | None = None,
    most: int | None = None,
    workers: int | None = None,
    study: str | None = None,
    store: str | Store | None = None,
    on_life: Callable[[LifeDone], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    **asked: Unpack[LivesAsked],
) -> Design:
    """Find the values of some numbers at which a cell lives longest, under limits.

    By gradients (the solver's sensitivities) where the model is smooth and they agree with
    the lives' own differences, by search where not; the result says which, and why.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    vary : sequence of str
        The ranges: ``["stack.pressure=1..20 MPa", "current=C/10..1C"]``.
    limits : sequence of str
        What has to be kept: ``["cycle_time<=12 hours", "energy>=3 mW*hour"]``; of the first
        cycle (``capacity``, ``energy``, ``efficiency``, ``cycle_time``, ``resistance``), or
        the highest of the life (``temperature``, ``pressure``).
    maximise : {"life"}
        The cycles to death.
    cycles : int
        The horizon, 500 by default; beyond it a life is projected from its nearest margin.
    samples : int
        With so many samples of the cell's spreads, the median life is maximised; with
        none (the default), the life of the cell as it is written.
    seed : int
        Of the samples; 0 by default.
    most : int
        About so many places are tried; 60 by default.
    workers, study, store, on_life, on_start, on_wait
        As in :func:`twin.attribute`.
    **asked
        ``protocol``, ``overlays``, ``overrides``, ``modes``, ``without``, ``model``
        (``"spm"`` by default), ``rtol`` and ``atol`` of :func:`twin.simulate`.

    Raises
    ------
    InputError
        For input that cannot be used.
    """
    opened = open_store(store)
    options = {"maximise": maximise, "samples": samples, "seed": seed, "most": most}
    if study is None:
        wanted = Scenario.of(cell, cycles=cycles, **asked)
        all_of_it = DEFAULTS | given({**options, "cycles": wanted.cycles})
        design = _design(wanted, vary, limits, **all_of_it)
        study = opened.start_study(kind=KIND, cell_name=design["cell_name"], design=design)
    else:
        design = gone_on_with(opened, study, KIND, cell, {**asked, "cycles": cycles})
        _check_same(study, design, vary, limits, options)
    return _go_on(opened, study, design, Going(workers, on_life, on_start, on_wait))


def _go_on(store: Store, study: str, design: dict[str, Any], going: Going) -> Design:
    began = time.perf_counter()
    with Lives(store, study, design, going) as lives:
        designer = Designer(store, design, lives)
        way, why = climbed(designer)
        document = designer.document(way, why)
    document |= {"study": study, "wall_s": time.perf_counter() - began}
    keep_summary(store, study, document)
    return Design(store, study)


STUDY = StudyKind(
    KIND, "the values at which a cell lives longest", Design, _go_on, design, defaults=DEFAULTS
)


def load_design(study: str, *, store: str | Store | None = None) -> Design:
    """Return a stored design by its study's id."""
    opened = open_store(store)
    kept_design(opened, study, KIND)
    return Design(opened, study)


def _check_same(
    study: str,
    design: Mapping[str, Any],
    vary: Sequence[str],
    limits: Sequence[str],
    options: Mapping[str, Any],
) -> None:
    """Refuse ranges, limits and numbers that are not those the design was begun with."""
    from twin.search.axes import parse_axis
    from twin.specs.protocol import Protocol

    if vary:
        spec, rules = base_of(design), Protocol.from_data(design["protocol"])
        axes = [parse_axis(text, spec, rules, "vary").to_dict() for text in vary]
        same(study, "vary", axes, design["vary"], ", ".join(vary))
    if limits:
        same(study, "limit", list(limits), design["limits"], ", ".join(limits))
    for name, value in given(options).items():
        same(study, name, value, design[name])


def _design(
    wanted: Scenario, vary: Sequence[str], limits: Sequence[str], maximise: str, cycles: int,
    samples: int, seed: int, most: int,
) -> dict[str, Any]:  # fmt: skip
    from twin.search.axes import parse_axis
    from twin.search.constraints import parse_limit
    from twin.specs.protocol import Protocol

    if maximise not in OBJECTIVES:
        raise InputError(
            f"{maximise!r} cannot be maximised", key="maximise", fix=f"one of {OBJECTIVES[0]}"
        )
    if not 1 <= len(vary) <= MOST_AXES:
        raise InputError(
            f"{len(vary)} numbers to vary",
            key="vary",
            fix=f'give 1 to {MOST_AXES}, like --vary "stack.pressure=1..20 MPa"',
        )
    if samples < 0 or most < 8:
        raise InputError(
            f"{samples} samples at {most} places make no search",
            key="samples" if samples < 0 else "most",
            fix="leave it out",
        )
    design = study_design(wanted, cycles)
    rules = Protocol.from_data(design["protocol"])
    axes = [parse_axis(text, base_of(design), rules, "vary") for text in vary]
    if len({axis.key for axis in axes}) < len(axes):
        raise InputError("a number is varied twice", key="vary", fix="give each key once")
    check_ends(axes, design)
    for text in limits:
        parse_limit(text)
    design |= {"vary": [axis.to_dict() for axis in axes], "limits": list(limits)}
    design |= {"maximise": maximise, "most": most, "samples": samples, "seed": seed}
    design |= {"members": _members(design, axes, samples, seed)}
    return design | inputs_of(axes, design, list((design["members"] or [{}])[0]))


def _members(
    design: Mapping[str, Any], axes: Sequence[Any], samples: int, seed: int
) -> list[dict[str, Any]]:
    """Return the samples of what is uncertain and not varied; the same at every place."""
    from twin.uncertainty.spreads import points, uncertain

    if not samples:
        return []
    varied = {axis.key for axis in axes}
    items = [i for i in uncertain(base_of(design), design["modes"]) if i.key not in varied]
    if not items:
        raise InputError(
            "nothing but what is varied has a spread", key="samples", fix="leave --samples out"
        )
    cube = points(samples, len(items), seed)
    columns = [item.value(cube[:, n]) for n, item in enumerate(items)]
    return [
        {i.key: i.text(float(column[m])) for i, column in zip(items, columns, strict=True)}
        for m in range(samples)
    ]
