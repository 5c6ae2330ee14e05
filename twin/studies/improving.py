"""What would help a cell: lives with one thing changed, the changes an engineer can make.

Each change is lived as far as the cell's own life and some, by cycle jump, and the gain is what
it adds to the life. Tried are the handles of a cell (how hard it is pressed, how warm it is kept,
how thick its layers are, where charging ends), the protocol's current, and every overlay of the
library that may be laid over the cell. Handles are moved one at a time, by a step that a
laboratory would try (:data:`HANDLES`).
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.catalog.cells import library
from twin.errors import InputError, TwinError
from twin.scenario import Scenario
from twin.specs.overrides import PROTOCOL
from twin.studies.sureness import asked_again

if TYPE_CHECKING:
    from twin.runs.life import LifeResult
    from twin.specs.schema import CellSpec
    from twin.store.records import RunInfo

HANDLES: tuple[tuple[str, float, float], ...] = (
    ("stack.pressure", 2.0, 0.0),
    ("stack.pressure", 0.5, 0.0),
    ("thermal.ambient", 1.0, 20.0),
    ("electrolyte.thickness", 2.0, 0.0),
    ("anode.thickness", 2.0, 0.0),
    ("cathode.particle_radius", 0.5, 0.0),
    ("window.upper", 1.0, -0.1),
)
"""A number of the cell, the factor it is put to, and what is added to it (K or degC; V)."""
CURRENTS = ("current_density", "rate", "charge_rate", "discharge_rate")
"""What protocols call their currents: halved."""
MOST = 24
"""So many changes are tried by default; the handles first, then overlays by name."""
SHORTEST, FURTHER = 50, 3.0
"""A change is followed for so many lives of the cell, and for so many cycles at the least."""


@dataclass(frozen=True)
class Change:
    """One change of a scenario: an override, or an overlay."""

    key: str = ""
    value: str = ""
    overlay: str = ""

    @property
    def says(self) -> str:
        """What is changed."""
        return f"with {self.overlay}" if self.overlay else f"{self.key} = {self.value}"

    @property
    def options(self) -> list[str]:
        """The same as options of a command."""
        return ["--with", self.overlay] if self.overlay else ["--set", f"{self.key}={self.value}"]

    def laid_over(self, wanted: Scenario) -> Scenario:
        """Return the scenario with it."""
        if self.overlay:
            return Scenario.of(wanted, overlays=[self.overlay])
        return Scenario.of(wanted, overrides={self.key: self.value})


def changes(wanted: Scenario) -> list[Change]:
    """Return the changes that can be made to a scenario, in the order they are tried in."""
    resolved = wanted.resolve()
    tried = [*_slower(resolved.rules.parameters), *_handles(resolved.spec), *_overlays(wanted)]
    return [change for change in tried if _differs(change, wanted, resolved.spec)]


def _handles(spec: CellSpec) -> Iterable[Change]:
    from twin.specs.naming import find
    from twin.specs.quantity import Quantity

    for key, factor, more in HANDLES:
        try:
            quantity = find(spec, key)
        except KeyError:
            continue
        if isinstance(quantity, Quantity) and quantity.si > 0:
            yield Change(key, moved(quantity.text, factor, more))


def moved(text: str, factor: float, more: float) -> str:
    """Return a number with its unit, as a cell gives it, multiplied and added to."""
    number, _, unit = text.partition(" ")
    return f"{float(f'{factor * float(number) + more:.6g}'):g} {unit}".strip()


def _slower(parameters: Any) -> Iterable[Change]:
    for name in CURRENTS:
        if name in parameters:
            half = halved(str(parameters[name]))
            if half:
                yield Change(f"{PROTOCOL}{name}", half)


def halved(text: str) -> str:
    """Return half of a rate (``"C/5"``, ``"2C"``) or of a number with its unit; "" of another."""
    per = re.fullmatch(r"\s*C\s*/\s*([0-9.]+)\s*", text)
    if per:
        return f"C/{2 * float(per[1]):g}"
    number = re.fullmatch(r"\s*([0-9.eE+-]*[0-9.])\s*(.*)", text)
    if not number:
        return "C/2" if text.strip() == "C" else ""
    try:
        return f"{float(number[1]) / 2:g} {number[2]}".strip()
    except ValueError:
        return ""


def _overlays(wanted: Scenario) -> Iterable[Change]:
    laid = {str(name) for name in wanted.overlays}
    yield from (Change(overlay=n) for n in library().names("overlays") if n not in laid)


def _differs(change: Change, wanted: Scenario, spec: CellSpec) -> bool:
    """Return whether a change fits the cell and makes it, or what is done to it, another."""
    from twin.specs.dump import cell_hash

    try:
        other = change.laid_over(wanted).resolve()
        _ = other.plan
    except TwinError:
        return False
    return change.key.startswith(PROTOCOL) or cell_hash(other.spec) != cell_hash(spec)


def improvements(
    cell: CellSpec | Scenario | str | Path,
    *,
    most: int = MOST,
    progress: Callable[[float, str], None] | None = None,
    **asked: Any,
) -> dict[str, Any]:
    """Try what would make a cell live longer, one change at a time.

    Parameters
    ----------
    cell : CellSpec, Scenario, str or Path
        The cell; or a scenario or its file, which what else is given is laid over.
    most : int
        At most so many changes are tried.
    progress : callable, optional
        Told the share done and what is being lived.
    **asked
        ``cycles`` (2000 by default), ``protocol``, ``overlays``, ``overrides``, ``modes``,
        ``without``, ``model`` (``"spm"`` by default), ``rtol`` and ``atol`` of
        :func:`twin.life`.

    Returns
    -------
    dict
        ``cell``, ``life_cycles``, ``died_of``, ``cycles`` (how far changes are followed),
        ``left_out`` (changes beyond ``most``) and ``changes``: ``[{change, options, life_cycles,
        died_of, gain_cycles}, …]``, the largest gain first; ``died_of`` is None and the life at
        least what is told where the cell lives as long as it is followed.

    Raises
    ------
    InputError
        If the cell itself cannot be followed, or does not die within the cycles asked for.
    """
    if most < 1:
        raise InputError(f"{most} changes are none", key="most", fix="try 1 or more")
    wanted = Scenario.of(cell, **asked).filled({"model": "spm", "cycles": 2000})
    if progress is not None:
        progress(0.0, "the cell as it is")
    own = _live(wanted)
    outcome = own.outcome
    name = own.info.cell_name
    if outcome is None or not outcome.dead:
        raise InputError(
            f"{name} does not die in {wanted.cycles} cycles: {outcome.says if outcome else ''}",
            key="cycles",
            fix="follow it further with --cycles N, or be content",
        )
    life = _lived(own)
    horizon = min(max(math.ceil(FURTHER * life), SHORTEST), max(wanted.cycles or 0, SHORTEST))
    every = changes(wanted)
    tried = []
    for number, change in enumerate(every[:most], 1):
        if progress is not None:
            progress(number / (min(len(every), most) + 1), change.says)
        gained = _tried(change, replace(wanted, cycles=horizon), life)
        if gained is not None:
            tried.append(gained)
    tried.sort(key=lambda one: (-one["gain_cycles"], one["change"]))
    return {
        "cell": name,
        "life_cycles": life,
        "died_of": f"{outcome.mode}: {outcome.criterion}",
        "cycles": horizon,
        "left_out": max(len(every) - most, 0),
        "changes": tried,
    }


def _live(wanted: Scenario) -> LifeResult:
    from twin.runs.life import life

    return life(wanted, store="sqlite://")


def _lived(result: LifeResult) -> int:
    """Return how many cycles were finished."""
    return sum(bool(row.get("complete", True)) for row in result.rows)


def _tried(change: Change, wanted: Scenario, life: int) -> dict[str, Any] | None:
    """Return what a change does to the life; None where it cannot be followed."""
    try:
        result = _live(change.laid_over(wanted))
    except TwinError:
        return None
    outcome = result.outcome
    if outcome is None or not (outcome.dead or outcome.kind == "completed"):
        return None
    cycles = _lived(result)
    return {
        "change": change.says,
        "options": change.options,
        "life_cycles": cycles,
        "died_of": f"{outcome.mode}: {outcome.criterion}" if outcome.dead else None,
        "gain_cycles": cycles - life,
    }


def what_helps(info: RunInfo) -> str | None:
    """Return the command that tries what would let a run's dead cell live longer."""
    if info.outcome.get("kind") != "cell-failed":
        return None
    return asked_again(info, "improve")


def command_of(cell: str, options: Sequence[str]) -> str:
    """Return the command that lives a cell with a change, as a shell takes it."""
    return shlex.join(["twin", "life", cell, *options])
