"""How far a run's verdict carries: the forecast of the same cell, and what its numbers rest on."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.catalog.entries import flat, known_share, stored_cell
from twin.errors import TwinError
from twin.specs.dump import provenance_counts
from twin.studies.sensitivity_kept import known_sample, lived_as

if TYPE_CHECKING:
    from twin.specs.schema import CellSpec
    from twin.store import Store
    from twin.store.records import RunInfo

FEWEST = 8
"""Lives drawn are told as a band where there are so many."""
LOOKED_AT = 20
"""So many of the newest forecasts of a cell are looked through."""


def how_sure(info: RunInfo, store: Store) -> list[str]:
    """Say how far a run's answer carries, in a sentence or two.

    The band of lives is that of the newest forecast in the store of the very cell, protocol and
    failure modes; where there is none, that of a few lives drawn and kept
    (:mod:`twin.outcomes.sampled_lives`), or the command that makes a forecast. Then how much of it
    rests on numbers nobody has measured. Empty for a run that has come to no verdict.
    """
    if info.outcome.get("kind") not in ("completed", "cell-failed"):
        return []
    try:
        spec = stored_cell(info.cell_spec or {})
    except TwinError:  # a mode, or the cell, is no longer what it was
        return []
    return [_band(info, spec, store)]


def _known(spec: CellSpec) -> str:
    counts = provenance_counts(spec)
    total = sum(counts.values())
    doubtful = round(total * (1 - known_share(counts)))
    return f"{doubtful} of its {total} numbers are assumed or unverified"


def _band(info: RunInfo, spec: CellSpec, store: Store) -> str:
    forecast = forecast_of(info, store)
    if forecast is None:
        sample = sample_of(info)
        if sample is None:
            return f"not known: {forecast_command(info)}; {_known(spec)}"
        return f"{said_of_sample(sample)}; better: {forecast_command(info)}"
    members, horizon = forecast["samples"], forecast["cycles"]
    said = " to ".join(_life(forecast.get(key), horizon) for key in ("p05", "p95"))
    median = _life(forecast.get("median_life"), horizon)
    return (
        f"forecast of {members} such cells: median {median} cycles, 5 to 95 % {said}; "
        f"{_known(spec)}"
    )


def sample_of(info: RunInfo) -> Mapping[str, Any] | None:
    """Return the lives drawn of a run's very cell, protocol and modes, if they are known."""
    sample = known_sample(info.cell_name, info.cell_hash)
    if sample is None or len(sample["lives"]) < FEWEST or not lived_as(sample, info):
        return None
    return sample


def asked_again(info: RunInfo, command: str) -> str:
    """Return the command line that asks something else of a run's cell, changed as it was."""
    named = info.settings.get("named")
    named = named if isinstance(named, dict) else {}
    given = [part for name in info.settings.get("overlays", ()) for part in ("--with", str(name))]
    for key, value in info.settings.get("overrides", {}).items():
        given += ["--set", f"{key}={value}"]
    if "protocol" in named:
        given += ["--protocol", named["protocol"]]
    if "modes" in named:
        given += ["--modes", ",".join(named["modes"]) or "none"]
    if "without" in named:
        given += ["--without", ",".join(named["without"])]
    return shlex.join(["twin", command, named.get("cell", info.cell_name), *given])


def forecast_command(info: RunInfo) -> str:
    """Return the command that forecasts a run's cell."""
    return asked_again(info, "forecast")


def said_of_sample(sample: Mapping[str, Any]) -> str:
    """Say the least and the greatest of lives drawn, and how likely they hold the next."""
    lives, horizon = sample["lives"], sample["cycles"]
    count, lost = len(lives), sample["lost"]
    low, middle, high = (
        _life(lives[at]["life_cycles"], horizon) for at in (0, (count - 1) // 2, count - 1)
    )
    ways = Counter(str(one["died_of"]).partition(":")[0] for one in lives if one["died_of"])
    left = count - sum(ways.values())
    fates = [f"middle {middle}"] if ways else []
    fates += [f"{number} die of {mode}" for mode, number in ways.most_common()]
    fates += [f"{left} live"] if left else []
    fates += [f"{lost} more could not be followed"] if lost else []
    band = f"{low} to {high}" if ways else low
    return (
        f"{band} cycles in {100 * (count - 1) / (count + 1):.0f} % ({count} such cells lived: "
        f"{', '.join(fates)}), {sample['assumed']} of the {sample['drawn']} numbers drawn are "
        "assumed or unverified"
    )


def _life(cycles: float | None, horizon: int) -> str:
    """Return a quantile of lives; those beyond the horizon are not known."""
    if cycles is None or cycles > horizon:
        return f"more than {horizon}"
    return f"{cycles:.0f}" if cycles >= 1 else "less than 1"


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
    # Numbers that something learned stands for are compared as the cell itself has them.
    own: Mapping[str, str] = design.get("instead", {})
    return {**_values(design.get("cell")), **own} == _values(info.cell_spec)


def _values(cell: Any) -> dict[str, str]:
    """Return a cell's numbers without their spreads: a forecast may have drawn with more."""
    return {
        k: text for k, text in flat(cell).items() if not k.endswith((".spread", ".spread_kind"))
    }
