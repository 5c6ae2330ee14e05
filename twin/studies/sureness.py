"""How far a run's verdict carries: the forecast of the same cell, and what its numbers rest on."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.catalog.entries import flat, known_share, stored_cell
from twin.errors import TwinError
from twin.specs.dump import iter_quantities, provenance_counts
from twin.studies.sensitivity_kept import known_of_hash, lived_as
from twin.studies.turning import ENDS
from twin.uncertainty.spreads import Uncertain

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.store.records import RunInfo

_Z = 1.6448536269514722
"""How many standard deviations from the middle :data:`ENDS` are."""
LOOKED_AT = 20
"""So many of the newest forecasts of a cell are looked through."""


def how_sure(info: RunInfo, store: Store) -> list[str]:
    """Say how far a run's answer carries, in a sentence or two.

    The band of lives is that of the newest forecast in the store of the very cell, protocol and
    failure modes; where there is none, a local one from slopes that are kept, or the command that
    makes it. Then how many of the cell's numbers nobody has measured. Empty for a run that has
    come to no verdict.
    """
    if info.outcome.get("kind") not in ("completed", "cell-failed"):
        return []
    try:
        spec = stored_cell(info.cell_spec or {})
    except TwinError:  # a mode, or the cell, is no longer what it was
        return []
    return [f"{_band(info, spec, store)}; {_known(spec)}"]


def _known(spec: CellSpec) -> str:
    counts = provenance_counts(spec)
    total = sum(counts.values())
    doubtful = round(total * (1 - known_share(counts)))
    return f"{doubtful} of its {total} numbers are assumed or unverified"


def _band(info: RunInfo, spec: CellSpec, store: Store) -> str:
    found = forecast_of(info, store)
    if found is None:
        local = local_band(info, spec)
        if local is None:
            return f"not known: {forecast_command(info)}"
        low, high = (f"{life:.0f}" if life >= 1 else "less than 1" for life in local)
        return (
            f"{low} to {high} cycles in 90 %, by the slope in each number alone; "
            f"better: {forecast_command(info)}"
        )
    members, horizon = found["samples"], found["cycles"]
    said = " to ".join(_life(found.get(key), horizon) for key in ("p05", "p95"))
    median = _life(found.get("median_life"), horizon)
    return f"forecast of {members} such cells: median {median} cycles, 5 to 95 % {said}"


def asked_again(info: RunInfo, command: str) -> str:
    """Return the command line that asks something else of a run's cell, changed as it was."""
    given = [part for name in info.settings.get("overlays", ()) for part in ("--with", str(name))]
    for key, value in info.settings.get("overrides", {}).items():
        given += ["--set", f"{key}={value}"]
    return shlex.join(["twin", command, info.cell_name, *given])


def forecast_command(info: RunInfo) -> str:
    """Return the command that forecasts a run's cell."""
    return asked_again(info, "forecast")


def local_band(info: RunInfo, spec: CellSpec) -> tuple[float, float] | None:
    """Return the 5th and the 95th percentile of a life, from the slopes kept of its very cell.

    With the exponents ``e_i`` of the life in its doubtful numbers (:func:`twin.sensitivity`) and
    their 5th and 95th percentiles ``a_i``, ``b_i``, taken as independent and lognormal ::

        s_i = ln(b_i/a_i)/(2 z),   s^2 = sum (e_i s_i)^2,   L exp(-z s) .. L exp(z s)

    with ``z`` = 1.645. Only near the values given, and where none of them changes what the cell
    dies of. None where the slopes are not known, or no number with a spread has one.
    """
    found = known_of_hash(info.cell_name, info.cell_hash)
    if not found or not lived_as(found, info) or not found.get("life_cycles"):
        return None
    quantities = dict(iter_quantities(spec))
    variance = 0.0
    for number in found["numbers"]:
        quantity = quantities.get(number["key"])
        if quantity is None or not quantity.spread or number["exponent"] is None:
            continue
        low, high = (float(v) for v in Uncertain(number["key"], quantity).value(np.array(ENDS)))
        if 0 < low < high:
            variance += (number["exponent"] * math.log(high / low) / (2 * _Z)) ** 2
    if variance == 0:
        return None
    wide = math.exp(_Z * math.sqrt(variance))
    return found["life_cycles"] / wide, found["life_cycles"] * wide


def _life(cycles: float | None, horizon: int) -> str:
    """Return a quantile of lives; those beyond the horizon are not known."""
    return f"more than {horizon}" if cycles is None or cycles > horizon else f"{cycles:.0f}"


def forecast_of(info: RunInfo, store: Store) -> Mapping[str, Any] | None:
    """Return what came of the newest forecast of a run's very cell, protocol and modes."""
    same = [s for s in store.studies(kind="forecast") if s.cell_name == info.cell_name]
    for study in same[:LOOKED_AT]:
        whole = store.study(study.id)
        summary = whole.summary or {}
        if summary.get("median_life") is None and summary.get("survive") is None:
            continue
        if _is_of(whole.design, info):
            return summary
    return None


def _is_of(design: Mapping[str, Any], info: RunInfo) -> bool:
    if design.get("protocol") != info.protocol or set(design.get("modes", ())) != set(info.modes):
        return False
    return _values(design.get("cell")) == _values(info.cell_spec)


def _values(cell: Any) -> dict[str, str]:
    """Return a cell's numbers without their spreads: a forecast may have drawn with more."""
    return {
        k: text for k, text in flat(cell).items() if not k.endswith((".spread", ".spread_kind"))
    }
