"""What an outcome says, as facts: a label and words each, for a terminal or a page."""

from __future__ import annotations

from twin.constants import ZERO_CELSIUS
from twin.engine.outcome import Outcome
from twin.formats import short
from twin.status import UNTOLD, Status

DIED_OF = "died of"


def outcome_facts(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what an outcome says, in the order in which it is told; nothing empty.

    What the cell died of and when, why, the value that met its limit, the mode's own words on
    a death in the first cycle, what came second, and what is to be done about it.
    """
    dead = outcome.kind == Status.CELL_FAILED
    facts: list[tuple[str, str | None]] = []
    if dead:
        facts += [(DIED_OF, f"{outcome.mode}: {outcome.criterion}"), ("when", _when(outcome))]
    elif outcome.kind in UNTOLD:
        facts.append(("stopped", _when(outcome)))
    facts.append(("because" if dead or outcome.kind in UNTOLD else "outcome", outcome.says))
    if outcome.variable and outcome.kind != Status.COMPLETED:
        value = f"{outcome.variable} = {short(outcome.value)}"
        facts.append(("reached", f"{value}, limit {short(outcome.threshold)}"))
    if dead and outcome.cycle <= 1:
        # What it lacks from the start: the mode's own words have the number.
        facts.append(("evidence", outcome.evidence.get(outcome.mode or "", {}).get("says")))
    near = outcome.runner_up
    if near is not None:
        label = "nearest" if outcome.kind == Status.COMPLETED else "runner-up"
        values = f"{near.variable} = {short(near.value)}, limit {short(near.threshold)}"
        facts.append((label, f"{near.mode}: {near.criterion}, margin {near.margin:.2f} ({values})"))
    facts.append(("solver", outcome.numerics.get("message")))
    facts.append(("tried", "; ".join(outcome.numerics.get("tried") or ())))
    facts.append(("fix", outcome.fix))
    return [(label, str(text)) for label, text in facts if text]


def _when(outcome: Outcome) -> str:
    parts = [f"cycle {outcome.cycle}"]
    if outcome.time_h is not None:
        parts.append(f"after {short(outcome.time_h)} h")
    if outcome.temperature_K is not None:
        parts.append(f"at {outcome.temperature_K - ZERO_CELSIUS:.1f} degC")
    if outcome.pressure_Pa is not None:
        parts.append(f"under {short(outcome.pressure_Pa / 1e6)} MPa")
    return ", ".join(parts)
